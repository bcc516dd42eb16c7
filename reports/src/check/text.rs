//! A check for a terminal: a line a scenario, what does not hold and why, and what changed.

use super::change::Change;
use super::findings::reasons;
use super::kept::FEW;
use super::verdict::{Case, Verdict};
use super::wording::{cause, closing, counted, measured, moved, parting, summary, word};
use super::{Against, Check, Checked};
use crate::table::wrapped;
use crate::wording::plain;

/// The check as plain text. Demands that hold are counted, and listed where `verbose`; so are all changes.
pub fn render(check: &Check, verbose: bool) -> String {
    let scenarios = check.scenarios.iter().map(|checked| of_scenario(checked, verbose));
    let mut lines: Vec<String> = scenarios.flatten().collect();
    lines.push(wrapped(&closing(check), ""));
    lines.join("\n") + "\n"
}

fn of_scenario(checked: &Checked, verbose: bool) -> Vec<String> {
    let mut lines = vec![wrapped(&plain(&format!("{}: {}", checked.file, summary(checked))), "")];
    for case in checked.cases.iter().filter(|case| verbose || case.verdict != Verdict::Pass) {
        lines.extend(of_case(checked, case));
    }
    if let Some(against) = &checked.against {
        lines.extend(of_changes(checked, against, verbose));
    }
    lines.push(String::new());
    lines
}

fn of_case(checked: &Checked, case: &Case) -> Vec<String> {
    let said = format!("{}  \"{}\": {}", word(case.verdict), case.variant, measured(case));
    let mut lines = vec![wrapped(&plain(&said), "  ")];
    if case.verdict != Verdict::Pass {
        lines.extend(reasons(checked, case).iter().map(|reason| wrapped(reason, "        ")));
    }
    lines
}

/// The first changes, or all.
fn of_changes(checked: &Checked, against: &Against, verbose: bool) -> Vec<String> {
    const SHOWN: usize = 3;
    let name = plain(&against.name);
    if !against.same_seeds {
        return vec![format!("  other seeds than those of {name}: what changed is not known")];
    }
    let gone = against.gone.iter().map(|variant| format!("  \"{}\" of {name} is not there any more", plain(variant)));
    let mut lines: Vec<String> = gone.collect();
    if against.changes.is_empty() {
        if against.gone.is_empty() {
            let (seeds, few) = (checked.seeds, FEW.min(checked.seeds as u32));
            let same = format!("the same numbers with {}, the same facts with {few}", counted(seeds, "seed", "seeds"));
            lines.push(format!("  nothing changed since {name}: {same}"));
        }
        return lines;
    }
    let of = counted(checked.variants, "variant", "variants");
    lines.push(format!("  changed since {name}: {} of {of}", against.changes.len()));
    let shown = if verbose { against.changes.len() } else { SHOWN };
    // What does not hold comes first.
    let fails = |change: &Change| {
        checked.cases.iter().any(|case| case.variant == change.variant && case.verdict == Verdict::Fail)
    };
    let (failing, others): (Vec<&Change>, Vec<&Change>) = against.changes.iter().partition(|change| fails(change));
    for change in failing.into_iter().chain(others).take(shown) {
        lines.extend(of_change(change, against));
    }
    let more = against.changes.len().saturating_sub(shown);
    if more > 0 {
        lines.push(format!("    and {more} more (--verbose)"));
    }
    lines
}

fn of_change(change: &Change, against: &Against) -> Vec<String> {
    const BELOW: &str = "      ";
    let mut lines = vec![wrapped(&plain(&format!("\"{}\": {}", change.variant, cause(change, against))), "    ")];
    lines.extend(change.parting.iter().map(|at| wrapped(&parting(at), BELOW)));
    lines.extend(change.moved.iter().map(|number| wrapped(&moved(number), BELOW)));
    if change.moved.is_empty() {
        lines.push(format!("{BELOW}no number moved"));
    }
    lines
}
