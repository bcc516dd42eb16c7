//! The comparison as GitHub-flavoured Markdown, for a comment on a pull request.

use crate::answer::answer;
use crate::bill::Bill;
use crate::cells::Cells;
use crate::felt::Felt;
use crate::notes::notes;
use crate::statistics::Comparison;
use crate::wording::{self, plain};

/// The longest comment, in characters: GitHub takes 65,536, and who posts it may add a line of its own.
const LONGEST: usize = 65_000;
/// The longest that a cell, and any other text, may be, in characters.
const LONGEST_CELL: usize = 120;
const LONGEST_TEXT: usize = 1_000;

/// The answer, a table with the terminal's columns, and folded up where the money goes, what users feel and what else there is to
/// know. It always fits into a comment: where there are too many variants, the last ones are left out, and that is said.
pub fn render(comparison: &Comparison) -> String {
    longest_that_fits(comparison.variants.len(), &|shown| of_first(comparison, shown))
}

/// The text with all of so many things, or with as many of them as fit into a comment.
pub(crate) fn longest_that_fits(all: usize, of_first: &dyn Fn(usize) -> String) -> String {
    let fits = |text: &String| text.chars().count() <= LONGEST;
    let whole = of_first(all);
    if fits(&whole) {
        return whole;
    }
    let (mut most, mut too_many) = (0, all);
    while too_many - most > 1 {
        let tried = usize::midpoint(most, too_many);
        if fits(&of_first(tried)) { most = tried } else { too_many = tried }
    }
    of_first(most)
}

/// All of it with the first variants alone in the tables, and as many notes.
fn of_first(comparison: &Comparison, shown: usize) -> String {
    let cells = Cells::new(comparison);
    let mut parts = vec![
        format!("**{}**", text(&wording::headline(comparison))),
        text(&wording::setting(comparison)),
        text(&answer(comparison)),
        table_of(&cells.header, &cells.rows[..shown], &|column| cells.is_text(column)),
    ];
    let all = comparison.variants.len();
    if shown < all {
        parts.push(format!("Only {shown} of {all} variants fit into a comment; JSON and CSV have all of them."));
    }
    if let Some(bill) = Bill::new(comparison) {
        let table = table_of(&bill.header, &bill.rows[..shown], &|column| column == 0);
        parts.push(folded(&bill.title, &format!("{table}\n\n- {}", text(&bill.note))));
    }
    if let Some(felt) = Felt::new(comparison) {
        parts.push(folded(felt.title, &table_of(&felt.header, &felt.rows[..shown], &Felt::is_text)));
    }
    let notes = notes(comparison);
    if !notes.is_empty() {
        let left_out = if shown < all { notes.len().saturating_sub(shown) } else { 0 };
        let mut lines: Vec<String> =
            notes.iter().take(notes.len() - left_out).map(|note| format!("- {}", text(note))).collect();
        if left_out > 0 {
            lines.push(format!("- and {left_out} more"));
        }
        parts.push(folded("notes", &lines.join("\n")));
    }
    parts.join("\n\n") + "\n"
}

/// What is shown when its title is clicked. The title is plain words: Markdown is not read beside the tags.
pub(crate) fn folded(title: &str, what: &str) -> String {
    format!("<details><summary>{}</summary>\n\n{what}\n\n</details>", title.trim_end_matches(':'))
}

/// A sentence as Markdown, of a length that fits.
pub(crate) fn text(text: &str) -> String {
    escaped(&cut(text, LONGEST_TEXT))
}

/// At most so many characters of a text, with dots where some are left out.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most { text.into() } else { text.chars().take(most - 3).chain("...".chars()).collect() }
}

/// A table: its head, the alignment of its columns, and its rows.
pub(crate) fn table_of<T: AsRef<str>>(header: &[T], rows: &[Vec<String>], is_text: &dyn Fn(usize) -> bool) -> String {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|text| cell(text)).collect()).collect();
    table_of_cells(header, &rows, is_text)
}

/// A table of cells that are Markdown.
pub(crate) fn table_of_cells<T: AsRef<str>>(
    header: &[T],
    rows: &[Vec<String>],
    is_text: &dyn Fn(usize) -> bool,
) -> String {
    let head: Vec<String> = header.iter().map(|head| escaped(&head.as_ref().replace('\n', " "))).collect();
    let rule: Vec<&str> = (0..header.len()).map(|column| if is_text(column) { "---" } else { "---:" }).collect();
    let mut lines = vec![line(&head), line(&rule)];
    lines.extend(rows.iter().map(|row| line(row)));
    lines.join("\n")
}

/// A text as a cell, of a length that fits.
pub(crate) fn cell(text: &str) -> String {
    escaped(&cut(text, LONGEST_CELL))
}

/// A name or a piece of a file as Markdown, of a length that fits: nothing in it is markup, and nobody is mentioned by it.
pub(crate) fn code(text: &str) -> String {
    let text = cut(&plain(text), LONGEST_CELL);
    let fence = "`".repeat(longest_run(&text) + 1);
    // One space on each side is taken away again.
    let space = if text.is_empty() || text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// The same as a cell.
pub(crate) fn code_cell(text: &str) -> String {
    // Readers do not agree on how many backslashes that is.
    if text.contains(r"\|") { cell(&plain(text)) } else { code(text).replace('|', r"\|") }
}

/// How many backticks there are in a row, at most.
pub(crate) fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// One line of a table.
fn line<T: AsRef<str>>(cells: &[T]) -> String {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    format!("| {} |", cells.join(" | "))
}

/// Text that Markdown shows as it is: no markup, no table cell, no HTML, no formula between dollars.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if r"\|`*_<>&$~#[]".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use seatrial_sim::traffic::Loss;

    use super::*;
    use crate::examples::{comparison, results, with_users, without_deploy};

    #[test]
    fn the_table_holds_what_the_terminals_holds_and_nothing_breaks_it() {
        let golden = r#"**web.toml: one spare host or five?**

ECS rolling, 5 tasks on 6 x m5.large, 200 seeds

"double the hosts" is 4.8 times faster than "one spare host": it saves 3m 20s a deploy (95 % CI 3m 19s to 3m 21s) for \$280.32 a month more, which is \$84.18 a month for each minute saved.

| variant | p50 | p95 | mean against the first (95 % CI) | spare \$/month | \$/deploy | lowest healthy | extra tasks x time | short tasks x time |
| --- | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: |
| one spare host | 4m 12s | 4m 29s | - | 70.08 | 0.00 | 100 % | 12.5s | 0s |
| double the hosts | 52.0s | 55.6s | -79.4 % \[-79.8, -78.9\]  faster | 350.40 | 0.00 | 100 % | 12.5s | 0s |
| short drain | 1m 41s | \> 3h 00m | -60.3 % \[-60.4, -60.2\]  fewer end | 70.08 | 0.00 | 100 % | 12.5s | 0s |
| full \| hosts | \> 3h 00m | \> 3h 00m | no seed finished in both | 70.08 | 0.00 | 100 % | 12.5s | 0s |

<details><summary>where the money goes, $/month (730 h)</summary>

| variant | bill | needed | spare | surge | stranded | booting | draining | gone |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| one spare host | 584.00 | 467.20 | 73.00 | 19.47 | 14.60 | 4.87 | 2.43 | 2.43 |
| double the hosts | 864.32 | 467.20 | 353.32 | 19.47 | 14.60 | 4.87 | 2.43 | 2.43 |
| short drain | 584.00 | 467.20 | 73.00 | 19.47 | 14.60 | 4.87 | 2.43 | 2.43 |
| full \| hosts | 584.00 | 467.20 | 73.00 | 19.47 | 14.60 | 4.87 | 2.43 | 2.43 |

- as if every 3h 00m were like this one, with 1 deploy in each

</details>

<details><summary>notes</summary>

- "short drain": 15 of 200 runs took \> 3h 00m (7.5 % unfinished): 1 task does not fit: memory on 6 of 6 hosts
- "full \| hosts" ended in none of 200 runs: 1 task does not fit: memory on 6 of 6 hosts
- "short drain" is compared with "one spare host" on the 185 of 200 seeds that finished in both
- extra and short of an unfinished run count until 3h 00m
- the same seeds for all variants make the intervals of the differences 1.3 to 6.1 times narrower

</details>
"#;
        assert_eq!(render(&comparison()), golden);
    }

    #[test]
    fn what_users_feel_is_a_table_of_its_own() {
        let text = render(&Comparison::new(&results(vec![with_users("a", &[(Loss::NoTarget, 1_234)])])));
        let golden = "\
<details><summary>what users feel, mean over the seeds of a run, latencies their median</summary>

| variant | failed requests | of all | mostly | shortfall | p50 latency | p95 latency | p99 latency | below the floor |
| --- | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: |
| a | 1,234 | 1.2 % | no target | 0.5 % | 20ms | 80ms | 230ms | 0s |

</details>
";
        assert!(text.contains(golden), "{text}");
    }

    #[test]
    fn where_nothing_is_deployed_nothing_is_said_of_deploys() {
        let text = render(&Comparison::new(&results(vec![without_deploy(with_users("a", &[]))])));
        let golden = "\
| variant | spare \\$/month | lowest healthy | extra tasks x time | short tasks x time |
| --- | ---: | ---: | ---: | ---: |
| a | 70.08 | 100 % | 12.5s | 0s |

<details><summary>where the money goes";
        assert!(text.contains(golden), "{text}");
        let answer = "seed\n\n\"a\" fails no request; the p95 latency is 80ms, the shortfall 0.5 %.\n\n| variant";
        assert!(text.contains(answer), "{text}");
    }

    /// 300 variants with names of 100 characters that are all markup, each blocked and each with users.
    #[test]
    fn it_always_fits_into_a_comment_and_says_what_it_leaves_out() {
        let many = |n: usize, name: &dyn Fn(usize) -> String| {
            let one = |i| {
                let mut variant = with_users(&name(i), &[(Loss::NoTarget, 1_234)]);
                if i > 0 {
                    variant.rows[0].summary.deploy_s = None;
                    variant.rows[0].summary.blocked.push("a reason".into());
                }
                variant
            };
            render(&Comparison::new(&results((0..n).map(one).collect())))
        };
        let rows = |text: &str| text.lines().filter(|line| line.starts_with("| v")).count();
        let few = many(30, &|i| format!("v{i}"));
        assert!(rows(&few) == 3 * 31 && !few.contains("fit into a comment"), "three tables and their heads: {few}");
        for tail in ["|*".repeat(50), "<".repeat(100_000)] {
            let text = many(300, &|i| format!("v{i} {tail}"));
            assert!((50_000..65_536).contains(&text.chars().count()), "{}", text.chars().count());
            let shown = (rows(&text) - 3) / 3;
            let said = format!("Only {shown} of 300 variants fit into a comment");
            assert!(shown > 15 && text.contains(&said) && text.ends_with("\n\n</details>\n"), "{shown}: {text}");
            assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
            assert!(text.contains("- and "), "{text}");
        }
    }

    #[test]
    fn markup_in_names_is_shown_as_it_is() {
        assert_eq!(escaped("a|b <i> `c` $1 [d](e)"), r"a\|b \<i\> \`c\` \$1 \[d\](e)");
    }
}
