//! A check as GitHub-flavoured Markdown, for a comment on a pull request and for the summary of a step.

use super::findings::{self, About, Finding};
use super::headline::headline;
use super::verdict::Case;
use super::wording::{counted, sides, summary, tallied, whole, word};
use super::{Check, Checked};
use crate::markdown::{cell, code, code_cell, folded, longest_run, longest_that_fits, table_of_cells, text};
use crate::wording::plain;

/// The verdict with what the change does, a table of what is not met or undecided, and folded up all demands, what changed, and
/// the command that gives it again. It always fits into a comment: what is too much is left out, and that is said.
pub fn render(check: &Check) -> String {
    let counts = |checked: &Checked| checked.cases.len() + findings::changes(checked).count();
    let all = check.scenarios.iter().map(counts).sum::<usize>().max(check.scenarios.len());
    longest_that_fits(all, &|shown| of_first(check, shown))
}

/// All of it with no more than so many rows in a table and items in a list.
fn of_first(check: &Check, shown: usize) -> String {
    let first = match headline(check) {
        Some(headline) => format!("**{}**: {headline}", whole(check)),
        None => format!("**{}**", whole(check)),
    };
    let mut parts = vec![first, text(&tallied(check))];
    parts.extend(open(check, shown));
    parts.extend(demands(check, shown));
    parts.extend(changes(check, shown));
    parts.push(folded("the command that gives it again", &block(&check.command)));
    parts.join("\n\n") + "\n"
}

/// What is not met or undecided, the worst first.
fn open(check: &Check, shown: usize) -> Option<String> {
    let findings = findings::all(check);
    let open: Vec<_> = findings.iter().filter_map(Finding::demand).collect();
    let mut reasons: Vec<String> = vec![];
    for (checked, case) in open.iter().take(shown) {
        for reason in remark(case).into_iter().chain(waiting(checked, case)) {
            // What deploys of a variant wait for is said once.
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
    }
    let table = table(&open, shown)?;
    Some(if reasons.is_empty() { table } else { table + "\n\n" + &list(reasons, shown) })
}

/// What the numbers of a demand do not say.
fn remark(case: &Case) -> Option<String> {
    let remark = case.remark.as_ref()?;
    Some(format!("{} of {}: {}", text(case.criterion.measure.name), code(&case.variant), text(&plain(remark))))
}

/// What the deploys of a variant wait for that take too long.
fn waiting(checked: &Checked, case: &Case) -> Option<String> {
    Some(format!("{}: {}", code(&case.variant), text(&findings::waiting(checked, case)?)))
}

/// All demands.
fn demands<'a>(check: &'a Check, shown: usize) -> Option<String> {
    let of = |checked: &'a Checked| checked.cases.iter().map(move |case| (checked, case));
    let all: Vec<_> = check.scenarios.iter().flat_map(of).collect();
    let table = table(&all, shown)?;
    let scenarios = check
        .scenarios
        .iter()
        .map(|checked| format!("{}: {}", code(&findings::place(&checked.file)), text(&summary(checked))));
    let title = format!("all {}", counted(all.len(), "criterion", "criteria"));
    Some(folded(&title, &format!("{table}\n\n{}", list(scenarios.collect(), shown))))
}

/// Demands as a table; none where there are none.
fn table(demands: &[(&Checked, &Case)], shown: usize) -> Option<String> {
    if demands.is_empty() {
        return None;
    }
    let row = |(checked, case): &(&Checked, &Case)| {
        let (is, against) = sides(case);
        let (was, by) = against.map_or((None, None), |(was, by)| (Some(was), by));
        let [was, by] = [was, by].map(|side| side.unwrap_or_else(|| "-".into()));
        let place = format!("{}:{}", findings::place(&checked.file), case.criterion.line);
        let [variant, written, place] = [&case.variant, &case.criterion.written(), &place].map(|text| code_cell(text));
        vec![word(case.verdict).into(), variant, written, cell(&is), cell(&was), cell(&by), place]
    };
    let rows: Vec<_> = demands.iter().take(shown).map(row).collect();
    let header = ["", "variant", "criterion", "is", "baseline", "difference", "where"];
    let table = table_of_cells(&header, &rows, &|column| !(3..5).contains(&column));
    let (shown, all) = (rows.len(), demands.len());
    let cut = format!("\n\nOnly {shown} of {all} fit into a comment; JSON has all of them.");
    Some(if shown < all { table + &cut } else { table })
}

/// What changed; none where nothing did.
fn changes(check: &Check, shown: usize) -> Option<String> {
    let of = |checked| findings::changes(checked).map(move |about| item(checked, &about));
    let items: Vec<_> = check.scenarios.iter().flat_map(of).collect();
    let title = format!("what changed: {}", counted(items.len(), "variant", "variants"));
    (!items.is_empty()).then(|| folded(&title, &list(items, shown)))
}

/// What changed in a variant: why, where the runs part, and the numbers that moved.
fn item(checked: &Checked, about: &About) -> String {
    let mut lines = about.lines(checked).into_iter();
    let first = lines.next().unwrap_or_default();
    let more = lines.map(|line| format!("\n  - {}", text(&line)));
    let (variant, file) = (code(&about.variant()), code(&findings::place(&checked.file)));
    let what = format!("{variant} of {file}: {}", text(&first));
    more.fold(what, |item, line| item + &line)
}

/// The first items of a list, and how many more there are.
fn list(mut items: Vec<String>, shown: usize) -> String {
    let more = items.len().saturating_sub(shown);
    items.truncate(shown);
    if more > 0 {
        items.push(format!("and {more} more"));
    }
    items.iter().map(|item| format!("- {item}")).collect::<Vec<_>>().join("\n")
}

/// A line to copy.
fn block(line: &str) -> String {
    let fence = "`".repeat((longest_run(line) + 1).max(3));
    format!("{fence}sh\n{}\n{fence}", plain(line))
}

#[cfg(test)]
mod tests {
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

    use super::*;
    use crate::check::examples;
    use crate::check::verdict::Verdict;

    /// What a renderer makes of a text.
    #[derive(Default)]
    struct Rendered {
        /// The cells of each row of each table.
        tables: Vec<Vec<Vec<String>>>,
        /// The tags of HTML.
        html: Vec<String>,
        /// What is neither: links, pictures, emphasis, headings.
        markup: Vec<String>,
        /// The pieces of code.
        code: Vec<String>,
    }

    fn rendered(text: &str) -> Rendered {
        let mut rendered = Rendered::default();
        let mut cell: Option<String> = None;
        for event in
            Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_MATH)
        {
            match event {
                Event::Start(Tag::Table(_)) => rendered.tables.push(vec![]),
                Event::Start(Tag::TableHead | Tag::TableRow) => rendered.tables.last_mut().unwrap().push(vec![]),
                Event::Start(Tag::TableCell) => cell = Some(String::new()),
                Event::End(TagEnd::TableCell) => {
                    rendered.tables.last_mut().unwrap().last_mut().unwrap().push(cell.take().unwrap());
                }
                Event::Html(html) | Event::InlineHtml(html) => rendered.html.push(html.trim().into()),
                Event::Start(
                    tag @ (Tag::Link { .. }
                    | Tag::Image { .. }
                    | Tag::Emphasis
                    | Tag::Strikethrough
                    | Tag::Heading { .. }),
                ) => {
                    rendered.markup.push(format!("{tag:?}"));
                }
                Event::InlineMath(text) | Event::DisplayMath(text) => rendered.markup.push(text.into_string()),
                Event::Text(text) => cell = cell.map(|cell| cell + &text),
                Event::Code(text) => {
                    cell = cell.map(|cell| cell + &text);
                    rendered.code.push(text.into_string());
                }
                _ => {}
            }
        }
        rendered
    }

    #[test]
    fn a_comment_says_what_the_change_does_first() {
        let golden = r#"**FAIL**: this change makes deploys of `web` 4m 10s -> 9m 30s (p95), +\$212.00 a month

1 of 2 criteria is not met

|  | variant | criterion | is | baseline | difference | where |
| --- | --- | --- | ---: | ---: | --- | --- |
| FAIL | `web` | `deploy_p95 = "max +10%"` | 9m 30s | 4m 10s | +128.0 % \[+120.1 %, +131.0 %\] (99.9 % CI) | `web.toml:31` |

- `web`: the difference is in: drain +5m 30s, health check -10.0s (mean of the first 3 seeds)

<details><summary>all 2 criteria</summary>

|  | variant | criterion | is | baseline | difference | where |
| --- | --- | --- | ---: | ---: | --- | --- |
| PASS | `web` | `cost_per_month = "max +$300"` | \$763.88 | \$551.88 | +\$212.00 \[+\$212.00, +\$212.00\] (99.9 % CI) | `web.toml:31` |
| FAIL | `web` | `deploy_p95 = "max +10%"` | 9m 30s | 4m 10s | +128.0 % \[+120.1 %, +131.0 %\] (99.9 % CI) | `web.toml:31` |

- `web.toml`: 1 variant, 2 criteria on 200 seeds: 1 met, 1 not met

</details>

<details><summary>what changed: 1 variant</summary>

- `web` of `web.toml`: its settings changed
  - seed 1, at 12m 40s: host m5-3 was chosen for a task of web instead of m5-1
  - deploy\_p95 4m 10s -\> 9m 30s (+5m 20s)
  - cost\_per\_month \$551.88 -\> \$763.88 (+\$212.00 \[+\$212.00, +\$212.00\])

</details>

<details><summary>the command that gives it again</summary>

```sh
seatrial check web.toml --baseline baseline.toml
```

</details>
"#;
        assert_eq!(render(&examples::one_fails()), golden);
    }

    #[test]
    fn the_first_line_is_of_what_matters_most() {
        let table = [
            (examples::all_met(), "**PASS**: nothing changed"),
            (examples::undecided(), "**PASS**"),
            (
                examples::exact(),
                "**FAIL**: this change makes deploys of `web` 4m 10s -> 9m 30s (p95), +\\$212.00 a month",
            ),
            (examples::gone(), "**PASS**: this change takes `old` away"),
            (examples::beyond(), "**FAIL**: this change makes deploys of `web` 4m 10s -> beyond the horizon (p95)"),
            // 99 s more than 10 s: of the demands that are not met the one farthest from 1 s.
            (
                examples::many(100),
                "**FAIL**: this change makes deploys of `variant 99` 4m 10s -> 9m 30s (p95), +\\$212.00 a month",
            ),
        ];
        for (check, line) in table {
            assert_eq!(render(&check).lines().next(), Some(line));
        }
    }

    #[test]
    fn an_absolute_demand_that_is_not_met_without_a_baseline_says_what_is_demanded() {
        let mut check = examples::undecided();
        check.scenarios[0].cases[0].verdict = Verdict::Fail;
        let text = render(&check);
        assert!(text.starts_with("**FAIL**: deploy\\_p95 of `web` is 7m 50s, and `<= 8m` is demanded\n"), "{text}");
    }

    #[test]
    fn a_renderer_finds_the_tables_and_the_folds() {
        for (name, check) in examples::every() {
            let text = render(&check);
            let rendered = rendered(&text);
            let cases: usize = check.scenarios.iter().map(|checked| checked.cases.len()).sum();
            let open = cases - check.tally().passed;
            let rows: Vec<usize> = rendered.tables.iter().map(|rows| rows.len() - 1).collect();
            let expected: Vec<usize> = [open, cases].into_iter().filter(|rows| *rows > 0).collect();
            assert_eq!(rows, expected, "{name}: {text}");
            assert!(rendered.tables.iter().flatten().all(|row| row.len() == 7), "{name}: {text}");
            let [opened, closed] = ["<details><summary>", "</details>"]
                .map(|tag| rendered.html.iter().filter(|html| html.starts_with(tag)).count());
            assert_eq!((opened, opened + closed), (closed, rendered.html.len()), "{name}: {:?}", rendered.html);
            assert_eq!(rendered.markup, Vec::<String>::new(), "{name}: {text}");
        }
    }

    #[test]
    fn names_are_shown_as_they_are() {
        for name in ["a|b", "<b>", "`c` ``d``", "[x](y)", "@you", "$1$", " padded ", "*", "`"] {
            let mut check = examples::one_fails();
            let checked = &mut check.scenarios[0];
            checked.cases[1].variant = name.into();
            checked.against.as_mut().unwrap().changes[0].variant = name.into();
            let rendered = rendered(&render(&check));
            let shown = |table: usize, row: usize| rendered.tables[table][row][1].trim() == name.trim();
            assert!(shown(0, 1) && shown(1, 2), "{name}: {:?}", rendered.tables);
            assert!(rendered.code.iter().filter(|code| *code == name).count() >= 3, "{name}: {:?}", rendered.code);
        }
    }

    #[test]
    fn it_always_fits_into_a_comment_and_says_what_it_leaves_out() {
        let text = render(&examples::many(2_000));
        assert!((50_000..65_536).contains(&text.chars().count()), "{}", text.chars().count());
        let rows = rendered(&text).tables[0].len() - 1;
        assert!(rows > 50 && text.contains(&format!("Only {rows} of 2000 fit into a comment")), "{rows}: {text}");
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
        assert!(text.contains(&format!("- and {} more", 2_000 - rows)), "{text}");
        assert!(!render(&examples::many(20)).contains("fit into a comment"));
    }
}
