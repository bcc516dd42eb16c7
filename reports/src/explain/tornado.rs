//! What each setting that a user can turn would save, on the same seeds: seconds and dollars.

use crate::statistics::Interval;

/// What would change a variant's deploys, and by how much; the largest saving of time first.
#[derive(Clone, Debug, PartialEq)]
pub struct Tornado {
    /// The variant.
    pub variant: String,
    /// One entry a setting.
    pub bars: Vec<Bar>,
}

/// One setting, better.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// What is changed, in words: `web: deregistration delay 300 s -> 30 s`.
    pub change: String,
    /// By how much shorter the mean deploy is, in seconds; negative is longer. Absent where no seed finished in both.
    pub saved_s: Option<Estimate>,
    /// By how much the bill of a month is lower, in US dollars; negative is higher.
    pub saved_usd_per_month: Estimate,
}

/// A mean over seeds with its 95 % confidence interval, which is absent where there is one seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// The interval.
    pub interval: Option<Interval>,
}
