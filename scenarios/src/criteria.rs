//! Criteria: what a scenario's `[check]` table demands of its variants, absolute or against a baseline.

use crate::measures::Measure;

/// One demand: `deploy_p95 = "max +10%"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Criterion {
    /// What it is about.
    pub measure: Measure,
    /// What is demanded of it.
    pub demand: Demand,
    /// The demand as the file says it: `max +10%`.
    pub text: String,
    /// The line in the scenario file, from 1.
    pub line: usize,
    /// The names of the variants that it is demanded of, in the order of the file.
    pub variants: Vec<String>,
}

/// What is demanded of a measure, in its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Demand {
    /// `<= 8m`: no more than so much.
    AtMost(f64),
    /// `>= 50%`: no less than so much.
    AtLeast(f64),
    /// `= 0`: so much in every run.
    Exactly(f64),
    /// `max +10%`: no more than the baseline's and so much of it.
    MorePercent(f64),
    /// `max +$50`: no more than the baseline's and so much.
    More(f64),
}

impl Demand {
    /// Whether it is a demand against the baseline.
    pub const fn is_relative(&self) -> bool {
        matches!(self, Self::MorePercent(_) | Self::More(_))
    }
}

impl Criterion {
    /// The demand as the file says it, with its key: `deploy_p95 = "max +10%"`.
    pub fn written(&self) -> String {
        format!("{} = {}", self.measure.name, toml::Value::from(self.text.as_str()))
    }
}
