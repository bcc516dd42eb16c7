//! Whether a demand holds: decided by bounds that are so wide that noise fails an unchanged scenario in at most 5 % of checks.

use seatrial_scenarios::criteria::{Criterion, Demand};
use seatrial_scenarios::measures::{Measure, Statistic};

use super::kept::Kept;
use crate::statistics::bounds::{self, Pairing, UNKNOWN};
use crate::statistics::{Estimated, Interval, mean};

/// How often noise may fail the check of an unchanged scenario, all its criteria and variants together.
pub const FALSE_ALARMS: f64 = 0.05;

/// What a check says of one demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// So many seeds do not tell.
    Undecided,
}

/// One demand of one variant, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The variant's name.
    pub variant: String,
    /// What was demanded.
    pub criterion: Criterion,
    /// Whether it holds.
    pub verdict: Verdict,
    /// How many of this run's seeds it rests on.
    pub seeds: usize,
    /// The value; absent where it is beyond the horizon.
    pub value: Option<f64>,
    /// The baseline's, where the demand is against it and it has one.
    pub baseline: Option<f64>,
    /// Of a demand against the baseline how much more it is than the baseline's, of another one what it is: bounds in the unit
    /// of the measure, infinite where nothing is known. Absent of what is demanded of every run.
    pub bounds: Option<Interval>,
    /// How sure the bounds are, 0 to 1.
    pub confidence: f64,
    /// What the numbers do not say: why it is undecided, what runs that do not end count as.
    pub remark: Option<String>,
}

/// Which seeds of a check and a baseline there are, and how sure a verdict has to be.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// The chance that noise is beyond a bound.
    pub beyond: f64,
    /// Whether no more seeds follow.
    pub is_last: bool,
    /// How long a run that did not end took at least, in seconds.
    pub horizon_s: f64,
}

/// What is known of a variant in this run and in the baseline.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a> {
    /// This run's.
    pub this: Side<'a>,
    /// The baseline's, where there is one.
    pub baseline: Option<Side<'a>>,
}

/// The numbers of one side.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// What is kept of the variant.
    pub kept: &'a Kept,
    /// The first seed of the numbers.
    pub first_seed: u64,
}

/// Values, the same of a baseline, and what they have in common.
struct Samples {
    this: Vec<Option<f64>>,
    baseline: Vec<Option<f64>>,
    pairing: Pairing,
}

impl Case {
    /// Whether a demand of a variant holds; none where the variant has no such number.
    pub fn decide(criterion: &Criterion, variant: &str, sides: Sides, look: Look) -> Option<Self> {
        let measure = &criterion.measure;
        let numbers = sides.this.kept.numbers(measure)?;
        let case = Self {
            variant: variant.into(),
            criterion: criterion.clone(),
            verdict: Verdict::Undecided,
            seeds: numbers.len(),
            value: value(measure, numbers, look.horizon_s),
            baseline: None,
            bounds: None,
            confidence: 2.0f64.mul_add(-look.beyond, 1.0),
            remark: unfinished(measure, numbers),
        };
        Some(match criterion.demand {
            Demand::MorePercent(percent) => case.against(sides, look, &|value| value * (1.0 + percent / 100.0)),
            Demand::More(amount) => case.against(sides, look, &|value| value + amount),
            Demand::Exactly(amount) => case.of_every_run(numbers, look, |number| (number - amount).abs() <= ROUNDING),
            Demand::AtLeast(amount) if measure.statistic == Statistic::Least => {
                case.of_every_run(numbers, look, |number| number >= amount)
            }
            Demand::AtMost(amount) => case.absolute(numbers, look, (f64::NEG_INFINITY, amount)),
            Demand::AtLeast(amount) => case.absolute(numbers, look, (amount, f64::INFINITY)),
        })
    }

    /// Of every run: one that does otherwise fails it, and it holds when no more seeds follow.
    fn of_every_run(self, numbers: &[Option<f64>], look: Look, holds: impl Fn(f64) -> bool) -> Self {
        let numbers = of_runs(&self.criterion.measure, numbers);
        let verdict = match numbers.iter().all(|number| number.is_some_and(&holds)) {
            true if look.is_last => Verdict::Pass,
            true => Verdict::Undecided,
            false => Verdict::Fail,
        };
        Self { verdict, ..self }
    }

    /// Between two amounts, of which one is infinite.
    fn absolute(self, numbers: &[Option<f64>], look: Look, (least, most): (f64, f64)) -> Self {
        let bounds = match self.criterion.measure.statistic {
            Statistic::Quantile(percent) => {
                let mut finished: Vec<f64> = numbers.iter().copied().flatten().collect();
                finished.sort_by(f64::total_cmp);
                bounds::of_quantile(&finished, numbers.len(), percent, look.beyond)
            }
            Statistic::Unfinished => {
                let unfinished = numbers.iter().filter(|number| number.is_none()).count();
                let Interval { low, high } = bounds::of_share(unfinished, numbers.len(), look.beyond);
                Interval { low: 100.0 * low, high: 100.0 * high }
            }
            Statistic::Mean | Statistic::Least => bounds::of_mean(&censored(numbers, look.horizon_s), look.beyond),
        };
        let numbers = of_runs(&self.criterion.measure, numbers);
        let within = |number: &Option<f64>| number.map_or(most == f64::INFINITY, |n| least <= n && n <= most);
        let verdict = if least <= bounds.low && bounds.high <= most {
            Verdict::Pass
        } else if most < bounds.low || bounds.high < least {
            Verdict::Fail
        } else if look.is_last && numbers.iter().all(within) {
            // No run does otherwise, and there are no more.
            Verdict::Pass
        } else {
            Verdict::Undecided
        };
        Self { verdict, bounds: Some(bounds), ..self }.explained(numbers.len(), look)
    }

    /// Against the baseline's, of which so much is allowed.
    fn against(self, sides: Sides, look: Look, allowed: &dyn Fn(f64) -> f64) -> Self {
        let measure = self.criterion.measure;
        let Some(Samples { this, baseline, pairing }) = Samples::of(&measure, sides) else {
            let remark = format!("the baseline has no {}: write it anew with --update", measure.name);
            return Self { remark: Some(remark), ..self };
        };
        let was = value(&measure, &baseline, look.horizon_s);
        let [this, baseline] = [this, baseline].map(|numbers| of_runs(&measure, &numbers));
        let limits: Vec<Option<f64>> = baseline.iter().map(|number| number.map(allowed)).collect();
        let excess = match measure.statistic {
            Statistic::Quantile(percent) => bounds::of_quantile_excess(&this, &limits, percent, pairing, look.beyond),
            _ => {
                let [this, limits] = [&this, &limits].map(|numbers| censored(numbers, look.horizon_s));
                bounds::of_mean_excess(&this, &limits, pairing, look.beyond)
            }
        };
        let slack = was.map_or(0.0, |was| ROUNDING * was.abs().max(1.0));
        let within = |(this, limit): (&Option<f64>, &Option<f64>)| match (this, limit) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(this), Some(limit)) => *this <= limit + slack,
        };
        let verdict = if excess.high <= slack {
            Verdict::Pass
        } else if excess.low > slack {
            Verdict::Fail
        } else if look.is_last && pairing == Pairing::SameSeeds && this.iter().zip(&limits).all(within) {
            // No seed is worse than it may be.
            Verdict::Pass
        } else {
            Verdict::Undecided
        };
        let more = was.map_or(0.0, |was| allowed(was) - was);
        let bounds =
            if excess == UNKNOWN { excess } else { Interval { low: excess.low + more, high: excess.high + more } };
        let seeds = this.len();
        Self { verdict, seeds, baseline: was, bounds: Some(bounds), ..self }.explained(seeds.min(baseline.len()), look)
    }

    /// Says why it is undecided, where the numbers do not.
    fn explained(mut self, seeds: usize, look: Look) -> Self {
        if let (Verdict::Undecided, Statistic::Quantile(percent)) = (self.verdict, self.criterion.measure.statistic)
            && !bounds::is_enough(seeds, percent, look.beyond)
        {
            let fewest = bounds::fewest(percent, look.beyond);
            self.remark = Some(format!("{seeds} seeds are too few to be sure of it: it takes {fewest}"));
        }
        self
    }

    /// How much more the value is than the baseline's, in its unit.
    pub fn difference(&self) -> Option<f64> {
        Some(self.value? - self.baseline?)
    }
}

/// Sums of decimal fractions are off by less.
const ROUNDING: f64 = 1e-9;

impl Samples {
    /// The numbers of both sides: of the same seeds where there are some, and otherwise all.
    fn of(measure: &Measure, sides: Sides) -> Option<Self> {
        let baseline = sides.baseline?;
        let (this, other) = (sides.this.kept.numbers(measure)?, baseline.kept.numbers(measure)?);
        let first = sides.this.first_seed.max(baseline.first_seed);
        let from = |numbers: &[Option<f64>], side: Side| {
            let skipped = usize::try_from(first - side.first_seed).unwrap_or(usize::MAX).min(numbers.len());
            numbers[skipped..].to_vec()
        };
        let (mut common, mut of_other) = (from(this, sides.this), from(other, baseline));
        let both = common.len().min(of_other.len());
        if both == 0 {
            return Some(Self { this: this.into(), baseline: other.into(), pairing: Pairing::Unrelated });
        }
        common.truncate(both);
        of_other.truncate(both);
        Some(Self { this: common, baseline: of_other, pairing: Pairing::SameSeeds })
    }
}

/// What runs that did not end count as in a mean.
fn censored(numbers: &[Option<f64>], horizon_s: f64) -> Vec<f64> {
    numbers.iter().map(|number| number.unwrap_or(horizon_s)).collect()
}

/// The number of each run: of a share of unfinished runs 100 for one that did not finish, and 0.
fn of_runs(measure: &Measure, numbers: &[Option<f64>]) -> Vec<Option<f64>> {
    let is_share = measure.statistic == Statistic::Unfinished;
    let number = |number: &Option<f64>| match number {
        Some(_) if is_share => Some(0.0),
        None if is_share => Some(100.0),
        number => *number,
    };
    numbers.iter().map(number).collect()
}

/// The estimate, or of a mean with runs that did not end the least that it may be.
fn value(measure: &Measure, numbers: &[Option<f64>], horizon_s: f64) -> Option<f64> {
    match Estimated::of(measure, numbers).value {
        None if measure.statistic == Statistic::Mean => mean(&censored(numbers, horizon_s)),
        estimated => estimated,
    }
}

fn unfinished(measure: &Measure, numbers: &[Option<f64>]) -> Option<String> {
    let count = numbers.iter().filter(|number| number.is_none()).count();
    let counts = measure.statistic == Statistic::Mean && count > 0;
    counts.then(|| format!("{count} of {} runs did not end: each counts as the horizon", numbers.len()))
}
