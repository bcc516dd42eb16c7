//! Checks of scenarios against what they demand and against a baseline: what came of them, in formats for people and for CI.

pub mod baseline;
pub mod change;
#[cfg(test)]
mod examples;
mod findings;
pub mod github;
pub mod gitlab;
mod headline;
pub mod json;
pub mod junit;
pub mod kept;
pub mod markdown;
#[cfg(test)]
mod tests;
pub mod text;
pub mod verdict;
mod wording;

use change::Change;
use verdict::{Case, Verdict};

/// What came of a check.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// One for each scenario, in the order of the question.
    pub scenarios: Vec<Checked>,
    /// Whether what is undecided fails.
    pub strict: bool,
    /// Whether any change fails.
    pub exact: bool,
    /// The command that gives it again.
    pub command: String,
}

/// What came of the check of one scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// The scenario file's name as the user gave it.
    pub file: String,
    /// Its question.
    pub question: String,
    /// How many seeds each variant was played with.
    pub seeds: usize,
    /// How many variants there are.
    pub variants: usize,
    /// The demands, in the order of the file and of the variants.
    pub cases: Vec<Case>,
    /// What it was compared with; absent without a baseline.
    pub against: Option<Against>,
}

/// A baseline, and what is different from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Against {
    /// What it is: a file, or another build.
    pub name: String,
    /// The version of Seatrial that it is of.
    pub version: String,
    /// Whether the scenario file says the same as then.
    pub same_file: bool,
    /// Whether the seeds are the same, so that what changed is known; otherwise there are no changes to tell.
    pub same_seeds: bool,
    /// What is different, in the order of the variants.
    pub changes: Vec<Change>,
    /// Variants of the baseline that the scenario does not have any more.
    pub gone: Vec<String>,
}

/// How many demands there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those that hold.
    pub passed: usize,
    /// Those that do not.
    pub failed: usize,
    /// Those that so many seeds do not tell of.
    pub undecided: usize,
}

impl Check {
    /// Whether it holds: no demand fails, none is undecided where that fails, and nothing changed where that fails.
    pub fn passes(&self) -> bool {
        self.scenarios.iter().all(|checked| self.passes_with(checked))
    }

    /// Whether one of the scenarios does.
    pub fn passes_with(&self, checked: &Checked) -> bool {
        let is_fine = |case: &Case| !self.fails(case.verdict);
        checked.cases.iter().all(is_fine) && !(self.exact && checked.is_changed())
    }

    /// Whether a verdict fails the check.
    pub fn fails(&self, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Pass => false,
            Verdict::Fail => true,
            Verdict::Undecided => self.strict,
        }
    }

    /// How many demands there are of each kind, in all scenarios.
    pub fn tally(&self) -> Tally {
        let tallies = self.scenarios.iter().map(Checked::tally);
        tallies.fold(Tally::default(), |sum, one| Tally {
            passed: sum.passed + one.passed,
            failed: sum.failed + one.failed,
            undecided: sum.undecided + one.undecided,
        })
    }
}

impl Checked {
    /// Whether anything is different from the baseline.
    pub fn is_changed(&self) -> bool {
        self.against.as_ref().is_some_and(|against| !against.changes.is_empty() || !against.gone.is_empty())
    }

    /// How many demands there are of each kind.
    pub fn tally(&self) -> Tally {
        let count = |verdict| self.cases.iter().filter(|case| case.verdict == verdict).count();
        Tally { passed: count(Verdict::Pass), failed: count(Verdict::Fail), undecided: count(Verdict::Undecided) }
    }

    /// What is different in a variant.
    pub fn change(&self, variant: &str) -> Option<&Change> {
        self.against.as_ref()?.changes.iter().find(|change| change.variant == variant)
    }
}
