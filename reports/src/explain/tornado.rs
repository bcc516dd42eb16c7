//! What each setting that a user can turn would save, on the same seeds: seconds and dollars.

use seatrial_scenarios::Setting;
use seatrial_scenarios::explain::Knob;
use seatrial_scenarios::results::{Results, Row};

use crate::statistics::{Difference, Verdict};

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
    pub saved_s: Option<Difference>,
    /// By how much the bill of a month is lower, in US dollars; negative is higher.
    pub saved_usd_per_month: Difference,
    /// By how much fewer requests fail in a run; negative is more. Absent where no service has a load.
    pub saved_failures: Option<Difference>,
    /// In how many more runs the deploys end.
    pub more_finished: i64,
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
                let seconds =
                    [base, variant].map(|of| of.rows.iter().map(|row| row.summary.deploy_s).collect::<Vec<_>>());
                let bills = [base, variant]
                    .map(|of| of.rows.iter().map(|row| Some(row.summary.usd_per_month)).collect::<Vec<_>>());
                let failures = [base, variant].map(|of| {
                    let failed = of.rows.iter().map(|row| Some(row.summary.users?.failed_in_all().as_f64()));
                    failed.collect::<Vec<_>>()
                });
                Bar {
                    saved_failures: Difference::between(&failures[0], &failures[1]),
                    change: knob.change.clone(),
                    settings: knob.settings.clone(),
                    saved_s: Difference::between(&seconds[0], &seconds[1]),
                    saved_usd_per_month: Difference::between(&bills[0], &bills[1]).expect("every run has a bill"),
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
    /// Whether it changes neither when deploys end, nor whether they do, nor the bill, nor the requests that fail.
    pub fn changes_nothing(&self) -> bool {
        let saved = [self.saved_s, Some(self.saved_usd_per_month), self.saved_failures];
        self.more_finished == 0 && !saved.into_iter().flatten().any(|saved| differs(&saved))
    }
}

/// Whether a difference is more than chance: its interval has zero outside; of one seed, whether there is any.
pub(crate) fn differs(saved: &Difference) -> bool {
    match saved.verdict() {
        Verdict::Less | Verdict::More => true,
        Verdict::NoDifference => false,
        Verdict::OneSeed => saved.mean != 0.0,
    }
}
