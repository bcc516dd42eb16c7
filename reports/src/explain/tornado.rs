//! What each setting that a user can turn would save, on the same seeds: seconds and dollars.

use seatrial_scenarios::Setting;
use seatrial_scenarios::explain::Knob;
use seatrial_scenarios::results::{Results, Row};

use crate::statistics::{Interval, mean, mean_interval};

/// What would change a variant's deploys, and by how much.
#[derive(Clone, Debug, PartialEq)]
pub struct Tornado {
    /// The variant.
    pub variant: String,
    /// One entry a setting: those that let more runs end first, then those that save most time.
    pub bars: Vec<Bar>,
}

/// One setting, better.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// What is changed, in words: `web: deregistration delay 300 s -> 30 s`.
    pub change: String,
    /// The same as a variant would set it.
    pub settings: Vec<Setting>,
    /// By how much shorter the mean deploy is, in seconds; negative is longer. Absent where no seed finished in both.
    pub saved_s: Option<Estimate>,
    /// By how much the bill of a month is lower, in US dollars; negative is higher.
    pub saved_usd_per_month: Estimate,
    /// In how many more runs the deploys end.
    pub more_finished: i64,
}

/// A mean over seeds with its 95 % confidence interval, which is absent where there is one seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// The interval.
    pub interval: Option<Interval>,
}

impl Tornado {
    /// What the results of a variant as it is, and then of one for each knob, say.
    ///
    /// # Panics
    /// When there are not as many variants.
    pub fn new(results: &Results, knobs: &[Knob]) -> Self {
        let [base, turned @ ..] = results.variants.as_slice() else { panic!("the variant as it is comes first") };
        assert_eq!(turned.len(), knobs.len(), "one variant for each knob");
        let ends = |rows: &[Row]| rows.iter().map(|row| i64::from(row.summary.is_finished())).sum::<i64>();
        let mut bars: Vec<Bar> = turned
            .iter()
            .zip(knobs)
            .map(|(variant, knob)| {
                let pairs = || base.rows.iter().zip(&variant.rows).map(|(was, is)| (&was.summary, &is.summary));
                let seconds: Vec<f64> = pairs().filter_map(|(was, is)| Some(was.deploy_s? - is.deploy_s?)).collect();
                let dollars: Vec<f64> = pairs().map(|(was, is)| was.usd_per_month - is.usd_per_month).collect();
                Bar {
                    change: knob.change.clone(),
                    settings: knob.settings.clone(),
                    saved_s: Estimate::of(&seconds),
                    saved_usd_per_month: Estimate::of(&dollars).expect("every run has a bill"),
                    more_finished: ends(&variant.rows) - ends(&base.rows),
                }
            })
            .collect();
        let saved = |bar: &Bar| bar.saved_s.map_or(f64::NEG_INFINITY, |saved| saved.mean);
        bars.sort_by(|a, b| b.more_finished.cmp(&a.more_finished).then(saved(b).total_cmp(&saved(a))));
        Self { variant: base.name.clone(), bars }
    }
}

impl Bar {
    /// Whether it changes neither when deploys end nor whether they do.
    pub fn changes_nothing(&self) -> bool {
        let is_none = |saved: Estimate| saved.interval.map_or(saved.mean == 0.0, |i| i.low <= 0.0 && i.high >= 0.0);
        self.more_finished == 0 && self.saved_s.is_none_or(is_none)
    }
}

impl Estimate {
    /// Of so many seeds; absent where there is none.
    fn of(values: &[f64]) -> Option<Self> {
        Some(Self { mean: mean(values)?, interval: mean_interval(values) })
    }
}
