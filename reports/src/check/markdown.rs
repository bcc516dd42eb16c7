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
    let reasons: Vec<String> = open.iter().take(shown).filter_map(|(checked, case)| reason(checked, case)).collect();
    let mut text = table(&open, shown)?;
    if !reasons.is_empty() {
        text += &format!("\n\n{}", reasons.join("\n"));
    }
    Some(text)
}

/// What the table does not say of a demand.
fn reason(checked: &Checked, case: &Case) -> Option<String> {
    // The first is where it is made, which the table says.
    let reasons = findings::reasons(checked, case);
    let more = reasons.get(1..).filter(|more| !more.is_empty())?;
    let of = format!("{} of {}", text(case.criterion.measure.name), code(&case.variant));
    Some(format!("- {of}: {}", text(&more.join("; "))))
}

/// All demands.
fn demands<'a>(check: &'a Check, shown: usize) -> Option<String> {
    let of = |checked: &'a Checked| checked.cases.iter().map(move |case| (checked, case));
    let all: Vec<_> = check.scenarios.iter().flat_map(of).collect();
    let table = table(&all, shown)?;
    let scenarios =
        check.scenarios.iter().map(|checked| format!("{}: {}", code(&checked.file), text(&summary(checked))));
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
        let (was, by) = against.unwrap_or_else(|| ("-".into(), "-".into()));
        let place = format!("{}:{}", checked.file, case.criterion.line);
        let [variant, written, place] = [&case.variant, &case.criterion.written(), &place].map(|text| code_cell(text));
        vec![word(case.verdict).into(), variant, written, cell(&is), cell(&was), cell(&by), place]
    };
    let rows: Vec<_> = demands.iter().take(shown).map(row).collect();
    let header = ["", "variant", "criterion", "is", "baseline", "difference", "where"];
    let mut text = table_of_cells(&header, &rows, &|column| !(3..5).contains(&column));
    if rows.len() < demands.len() {
        let (shown, all) = (rows.len(), demands.len());
        text += &format!("\n\nOnly {shown} of {all} fit into a comment; JSON has all of them.");
    }
    Some(text)
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
    let what = format!("{} of {}: {}", code(&about.variant()), code(&checked.file), text(&first));
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
