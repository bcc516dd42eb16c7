//! What a check finds that somebody has to look at: demands that are not met, demands that are undecided, and changes.

use seatrial_scenarios::criteria::Demand;

use super::change::Change;
use super::verdict::{Case, Verdict};
use super::wording::{cause, measured, moved, parting, waits};
use super::{Against, Check, Checked};
use crate::wording::plain;

/// One thing to look at.
pub(super) struct Finding<'a> {
    /// The scenario.
    pub checked: &'a Checked,
    /// How much it matters.
    pub level: Level,
    /// What it is about.
    pub about: About<'a>,
}

/// How much a finding matters, from the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// It fails the check.
    Error,
    /// It is not known whether it holds.
    Warning,
    /// It is good to know.
    Notice,
}

/// What a finding is about.
#[derive(Clone, Copy)]
pub(super) enum About<'a> {
    /// A demand.
    Demand(&'a Case),
    /// A variant that plays otherwise.
    Change(&'a Change, &'a Against),
    /// A variant that the scenario does not have any more.
    Gone(&'a str, &'a Against),
}

/// All findings: what fails before what is undecided before what is good to know, the worst first.
pub(super) fn all(check: &Check) -> Vec<Finding<'_>> {
    let mut findings: Vec<_> = check.scenarios.iter().flat_map(|checked| of_scenario(check, checked)).collect();
    // Those that are equally bad stay in the order of the question.
    findings.sort_by(|a, b| a.level.cmp(&b.level).then(b.excess().total_cmp(&a.excess())));
    findings
}

fn of_scenario<'a>(check: &'a Check, checked: &'a Checked) -> impl Iterator<Item = Finding<'a>> {
    let demands = checked.cases.iter().filter(|case| case.verdict != Verdict::Pass).map(move |case| {
        let level = if check.fails(case.verdict) { Level::Error } else { Level::Warning };
        Finding { checked, level, about: About::Demand(case) }
    });
    let level = if check.exact { Level::Error } else { Level::Notice };
    let changes = changes(checked).map(move |about| Finding { checked, level, about });
    demands.chain(changes)
}

/// What is different from the baseline.
pub(super) fn changes(checked: &Checked) -> impl Iterator<Item = About<'_>> {
    checked.against.iter().flat_map(|against| {
        let gone = against.gone.iter().map(move |variant| About::Gone(variant, against));
        against.changes.iter().map(move |change| About::Change(change, against)).chain(gone)
    })
}

/// A scenario's file as CI servers call it: without the folder that the command runs in.
pub(super) fn place(file: &str) -> String {
    let file = plain(file);
    file.strip_prefix("./").map_or(file.clone(), Into::into)
}

/// Why a demand does not hold, as far as that is known: where it is made, what the numbers do not say, what deploys wait for.
pub(super) fn reasons(checked: &Checked, case: &Case) -> Vec<String> {
    let mut reasons = vec![plain(&format!("{}:{}: {}", checked.file, case.criterion.line, case.criterion.written()))];
    reasons.extend(case.remark.as_deref().map(plain));
    reasons.extend(waiting(checked, case));
    reasons
}

/// What deploys wait for that take too long now.
pub(super) fn waiting(checked: &Checked, case: &Case) -> Option<String> {
    let is_too_long = case.verdict == Verdict::Fail && case.is_of_deploys();
    checked.change(&case.variant).filter(|_| is_too_long).and_then(waits)
}

impl About<'_> {
    /// The variant's name, on one line.
    pub fn variant(&self) -> String {
        plain(match self {
            Self::Demand(case) => &case.variant,
            Self::Change(change, _) => &change.variant,
            Self::Gone(variant, _) => variant,
        })
    }

    /// The measure of a demand.
    pub fn measure(&self) -> Option<&'static str> {
        match self {
            Self::Demand(case) => Some(case.criterion.measure.name),
            Self::Change(..) | Self::Gone(..) => None,
        }
    }

    /// The line of the scenario file that it is about: that of the demand, or else the first.
    pub fn line(&self) -> usize {
        match self {
            Self::Demand(case) => case.criterion.line,
            Self::Change(..) | Self::Gone(..) => 1,
        }
    }

    /// What it is, in short: `deploy_p95 of "web" is not met`.
    pub fn title(&self) -> String {
        let variant = self.variant();
        match self {
            Self::Demand(case) => {
                let what = match case.verdict {
                    Verdict::Pass => "is met",
                    Verdict::Fail => "is not met",
                    Verdict::Undecided => "is undecided",
                };
                format!("{} of \"{variant}\" {what}", case.criterion.measure.name)
            }
            Self::Change(..) => format!("\"{variant}\" changed"),
            Self::Gone(..) => format!("\"{variant}\" is not there any more"),
        }
    }

    /// What is known of it, a line each.
    pub fn lines(&self, checked: &Checked) -> Vec<String> {
        match self {
            Self::Demand(case) => {
                let mut lines = vec![measured(case)];
                lines.extend(reasons(checked, case));
                lines
            }
            Self::Change(change, against) => {
                let mut lines = vec![cause(change, against).to_string()];
                lines.extend(change.parting.as_ref().map(parting));
                lines.extend(change.moved.iter().map(moved));
                if change.moved.is_empty() {
                    lines.push("no number moved".into());
                }
                lines
            }
            Self::Gone(_, against) => vec![plain(&format!("{} has it, and the scenario has not", against.name))],
        }
    }
}

impl<'a> Finding<'a> {
    /// The demand that it is about, and its scenario.
    pub fn demand(&self) -> Option<(&'a Checked, &'a Case)> {
        match self.about {
            About::Demand(case) => Some((self.checked, case)),
            About::Change(..) | About::Gone(..) => None,
        }
    }

    /// How bad it is among those of its level.
    fn excess(&self) -> f64 {
        match self.about {
            About::Demand(case) => excess(case),
            About::Change(..) | About::Gone(..) => f64::NEG_INFINITY,
        }
    }
}

/// How far a number is from the one that it is compared with, as a share of that one: a demand against the baseline from the
/// baseline's, another one from what is demanded. Infinite where that is nothing, or the number is beyond the horizon.
pub(super) fn excess(case: &Case) -> f64 {
    let Some(is) = case.value else { return f64::INFINITY };
    let (from, by) = match (case.criterion.demand, case.baseline) {
        (Demand::MorePercent(_) | Demand::More(_), Some(was)) => (was, is - was),
        (Demand::MorePercent(_) | Demand::More(_), None) => return 0.0,
        (Demand::AtMost(amount), _) => (amount, is - amount),
        (Demand::AtLeast(amount), _) => (amount, amount - is),
        (Demand::Exactly(amount), _) => (amount, (is - amount).abs()),
    };
    share(by, from)
}

/// `by` as a share of `of`; of nothing it is infinite.
pub(super) fn share(by: f64, of: f64) -> f64 {
    match by / of {
        share if share.is_nan() => 0.0,
        share => share,
    }
}
