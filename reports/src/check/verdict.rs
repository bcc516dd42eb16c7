//! Whether a demand holds: decided by bounds that are so wide that noise fails an unchanged scenario in at most 5 % of checks.

use seatrial_scenarios::criteria::{Criterion, Demand};
use seatrial_scenarios::measures::{Measure, Statistic};

use super::kept::Kept;
use crate::statistics::bounds::{self, Pairing};
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
    /// What the numbers do not say: why it is undecided, what runs that do not end count as, what blocks them.
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

impl Look {
    /// Whether bounds tell something. Where all numbers are equal they have no width, and know nothing of rare others: then no
    /// seed that there is may be left out.
    fn is_told_by(&self, bounds: Interval) -> bool {
        let (width, size) = (bounds.high - bounds.low, bounds.low.abs().max(bounds.high.abs()));
        self.is_last || width > ROUNDING * size.max(1.0)
    }
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
            Demand::Exactly(amount) => {
                case.of_every_run((numbers, sides.this.first_seed), look, |number| (number - amount).abs() <= ROUNDING)
            }
            Demand::AtLeast(amount) if measure.statistic == Statistic::Least => {
                case.of_every_run((numbers, sides.this.first_seed), look, |number| number >= amount)
            }
            Demand::AtMost(amount) => case.absolute(numbers, look, (f64::NEG_INFINITY, amount)),
            Demand::AtLeast(amount) => case.absolute(numbers, look, (amount, f64::INFINITY)),
        })
    }

    /// Of every run: one that does otherwise fails it, and it holds when no more seeds follow.
    fn of_every_run(
        self,
        (numbers, first_seed): (&[Option<f64>], u64),
        look: Look,
        holds: impl Fn(f64) -> bool,
    ) -> Self {
        let numbers = of_runs(&self.criterion.measure, numbers);
        let broken = |number: &Option<f64>| !number.is_some_and(&holds);
        let Some(first) = numbers.iter().position(broken) else {
            let verdict = if look.is_last { Verdict::Pass } else { Verdict::Undecided };
            return Self { verdict, ..self };
        };
        let (count, seed) = (numbers.iter().filter(|number| broken(number)).count(), first_seed + first as u64);
        let remark = format!("so in {count} of {} runs, the first of them with the seed {seed}", numbers.len());
        Self { verdict: Verdict::Fail, remark: Some(remark), ..self }
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
        let tells = look.is_told_by(bounds);
        let verdict = if tells && least <= bounds.low && bounds.high <= most {
            Verdict::Pass
        } else if tells && (most < bounds.low || bounds.high < least) {
            Verdict::Fail
        } else if look.is_last && numbers.iter().all(within) {
            // No run does otherwise, and there are no more.
            Verdict::Pass
        } else {
            Verdict::Undecided
        };
        Self { verdict, bounds: Some(bounds), ..self }.explained(numbers.len())
    }

    /// Against the baseline's, of which so much is allowed.
    fn against(self, sides: Sides, look: Look, allowed: &dyn Fn(f64) -> f64) -> Self {
        let measure = self.criterion.measure;
        let Some(Samples { this, baseline, pairing }) = Samples::of(&measure, sides) else {
            let remark = format!("the baseline has no {}: write it anew with --update", measure.name);
            return Self { remark: Some(remark), ..self };
        };
        let [is, was] = [&this, &baseline].map(|numbers| value(&measure, numbers, look.horizon_s));
        let [this, baseline] = [this, baseline].map(|numbers| of_runs(&measure, &numbers));
        let limits: Vec<Option<f64>> = baseline.iter().map(|number| number.map(allowed)).collect();
        let excess_over = |other: &[Option<f64>]| {
            if let Statistic::Quantile(percent) = measure.statistic {
                bounds::of_quantile_excess(&this, other, percent, pairing, look.beyond)
            } else {
                let [this, other] = [&this[..], other].map(|numbers| censored(numbers, look.horizon_s));
                bounds::of_mean_excess(&this, &other, pairing, look.beyond)
            }
        };
        let excess = excess_over(&limits);
        let slack = was.map_or(0.0, |was| ROUNDING * was.abs().max(1.0));
        let within = |(this, limit): (&Option<f64>, &Option<f64>)| match (this, limit) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(this), Some(limit)) => *this <= limit + slack,
        };
        let tells = look.is_told_by(excess);
        let verdict = if tells && excess.high <= slack {
            Verdict::Pass
        } else if tells && excess.low > slack {
            Verdict::Fail
        } else if look.is_last && pairing == Pairing::SameSeeds && this.iter().zip(&limits).all(within) {
            // No seed is worse than it may be.
            Verdict::Pass
        } else {
            Verdict::Undecided
        };
        let bounds = Some(excess_over(&baseline));
        let seeds = this.len();
        Self { verdict, seeds, value: is, baseline: was, bounds, ..self }.explained(seeds.min(baseline.len()))
    }

    /// Says why it is undecided, and what would tell.
    fn explained(mut self, seeds: usize) -> Self {
        if self.verdict == Verdict::Undecided {
            let are = if seeds == 1 { "1 seed is".into() } else { format!("{seeds} seeds are") };
            let fewest = match self.criterion.measure.statistic {
                Statistic::Quantile(percent) => bounds::fewest(percent),
                _ => 2,
            };
            let more = if self.criterion.demand.is_relative() {
                "--update --seeds N keeps more"
            } else {
                "--seeds N plays more"
            };
            let why = if seeds < fewest { format!("it takes {fewest}") } else { "it may be either".into() };
            let remark = format!("{are} too few: {why} ({more})");
            self.remark = Some(self.remark.map_or_else(|| remark.clone(), |other| format!("{other}; {remark}")));
        }
        self
    }

    /// Whether it is about how long deploys take, or whether they end.
    pub fn is_of_deploys(&self) -> bool {
        self.criterion.measure.column.name == "deploy_s"
    }

    /// How much more the value is than the baseline's, in its unit.
    pub fn difference(&self) -> Option<f64> {
        Some(self.value? - self.baseline?)
    }
}

/// Sums of decimal fractions are off by less.
const ROUNDING: f64 = 1e-9;

impl Samples {
    /// The numbers of both sides: of the same seeds where they begin with the same, and otherwise all.
    fn of(measure: &Measure, sides: Sides) -> Option<Self> {
        let baseline = sides.baseline?;
        let (this, other) = (sides.this.kept.numbers(measure)?, baseline.kept.numbers(measure)?);
        if sides.this.first_seed != baseline.first_seed {
            return Some(Self { this: this.into(), baseline: other.into(), pairing: Pairing::Unrelated });
        }
        let both = this.len().min(other.len());
        Some(Self { this: this[..both].into(), baseline: other[..both].into(), pairing: Pairing::SameSeeds })
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

#[cfg(test)]
mod tests {
    use seatrial_scenarios::measures::Column;

    use super::*;
    use crate::statistics::coverage::Random;

    const HORIZON_S: f64 = 10_800.0;

    fn kept(column: &str, numbers: Vec<Option<f64>>) -> Kept {
        assert!(Column::ALL.iter().any(|known| known.name == column));
        Kept { columns: [(column.to_string(), numbers)].into(), ..Kept::default() }
    }

    fn criterion(measure: &str, demand: Demand) -> Criterion {
        let measure = Measure::named(measure).unwrap();
        Criterion { measure, demand, text: String::new(), line: 1, variants: vec!["v".into()] }
    }

    /// What so many seeds say at the last look, of demands each of which may fail one in a hundred unchanged scenarios.
    fn decided(measure: &str, demand: Demand, this: &[Option<f64>], baseline: &[Option<f64>]) -> Case {
        let criterion = criterion(measure, demand);
        let [this, baseline] = [this, baseline].map(|numbers| kept(criterion.measure.column.name, numbers.to_vec()));
        let sides = Sides {
            this: Side { kept: &this, first_seed: 1 },
            baseline: Some(Side { kept: &baseline, first_seed: 1 }),
        };
        let look = Look { beyond: 0.01, is_last: true, horizon_s: HORIZON_S };
        Case::decide(&criterion, "v", sides, look).unwrap()
    }

    /// Whether noise fails one of so many variants that did not change, in any of three looks.
    fn false_alarm(random: &mut Random, (seeds, variants): (usize, usize), measure: &str, pairing: Pairing) -> bool {
        let criterion = criterion(measure, Demand::More(0.0));
        (0..variants).any(|_| {
            let mut sample = || (0..seeds).map(|_| Some(random.exponential())).collect::<Vec<_>>();
            let [this, baseline] = [sample(), sample()];
            [(seeds / 4, 0.25), (seeds / 2, 0.25), (seeds, 0.5)].into_iter().any(|(played, share)| {
                let this = kept("deploy_s", this[..played].to_vec());
                let baseline = kept("deploy_s", baseline.clone());
                let first_seed = if pairing == Pairing::SameSeeds { 1 } else { 1_000_000 };
                let sides = Sides {
                    this: Side { kept: &this, first_seed },
                    baseline: Some(Side { kept: &baseline, first_seed: 1 }),
                };
                let look = Look { beyond: FALSE_ALARMS / variants as f64 * share, is_last: false, horizon_s: 1e9 };
                Case::decide(&criterion, "v", sides, look).unwrap().verdict == Verdict::Fail
            })
        })
    }

    /// Of 200 checks at the stated level ten may be false alarms. Eight variants, each of which has other noise than in the
    /// baseline, and none of which may be worse at all.
    #[test]
    fn noise_fails_an_unchanged_scenario_in_one_check_of_twenty_at_most() {
        for measure in ["deploy_mean", "deploy_p95"] {
            for pairing in [Pairing::SameSeeds, Pairing::Unrelated] {
                let alarms = |seed: &u64| false_alarm(&mut Random::seeded(*seed), (100, 8), measure, pairing);
                let count = (0..200).filter(alarms).count();
                assert!(count <= 10, "{measure}, {pairing:?}: {count} of 200");
            }
        }
    }

    fn known(numbers: &[f64]) -> Vec<Option<f64>> {
        numbers.iter().copied().map(Some).collect()
    }

    /// So many values from 100 to 101, in no order.
    fn steady(n: usize) -> Vec<f64> {
        (0..n).map(|i| 100.0 + (i * 37 % n) as f64 / n as f64).collect()
    }

    #[test]
    fn the_same_numbers_on_the_same_seeds_pass_however_few_they_are() {
        for n in [1, 2, 20, 200] {
            let numbers = known(&steady(n));
            for measure in ["deploy_mean", "deploy_p50", "deploy_p95", "unfinished"] {
                let case = decided(measure, Demand::More(0.0), &numbers, &numbers);
                assert_eq!((case.verdict, case.difference()), (Verdict::Pass, Some(0.0)), "{measure} of {n}");
            }
        }
    }

    /// Every seed takes 20 % more: no doubt about 19.9 % and 20.1 %.
    #[test]
    fn what_is_surely_more_than_allowed_fails_and_what_is_surely_less_passes() {
        let baseline = steady(100);
        let this: Vec<f64> = baseline.iter().map(|s| s * 1.2).collect();
        for measure in ["deploy_mean", "deploy_p50", "deploy_p95"] {
            let verdict = |demand| decided(measure, demand, &known(&this), &known(&baseline)).verdict;
            assert_eq!(verdict(Demand::MorePercent(19.9)), Verdict::Fail, "{measure}");
            assert_eq!(verdict(Demand::MorePercent(20.1)), Verdict::Pass, "{measure}");
            // A fifth of 100 to 101 is 20.0 to 20.2.
            assert_eq!(verdict(Demand::More(19.9)), Verdict::Fail, "{measure}");
            assert_eq!(verdict(Demand::More(20.3)), Verdict::Pass, "{measure}");
            assert_eq!(verdict(Demand::MorePercent(-50.0)), Verdict::Fail, "it had to be half as long");
        }
        let faster = decided("deploy_p95", Demand::MorePercent(0.0), &known(&baseline), &known(&this));
        assert_eq!(faster.verdict, Verdict::Pass);
        // 100 to 101 is a sixth less than 120 to 121.2.
        let bounds = faster.bounds.unwrap();
        assert!(bounds.low < -20.0 && -20.3 < bounds.low && bounds.high < -19.9, "{bounds:?}");
    }

    /// Differences of -1 and 3 in turn: a mean of 1 whose bounds are on both sides of what is allowed.
    #[test]
    fn what_may_be_either_is_undecided() {
        let baseline = steady(40);
        let this: Vec<f64> = baseline.iter().enumerate().map(|(i, s)| s + [-1.0, 3.0][i % 2]).collect();
        let verdict = |more| decided("deploy_mean", Demand::More(more), &known(&this), &known(&baseline)).verdict;
        // Half a width is 2.4 x 2 / sqrt(40), 0.8.
        assert_eq!([0.0, 0.5, 1.0, 1.5, 2.0].map(verdict)[1..4], [Verdict::Undecided; 3]);
        assert_eq!([verdict(0.0), verdict(2.0)], [Verdict::Fail, Verdict::Pass]);
    }

    #[test]
    fn a_quantile_of_few_seeds_that_moved_is_undecided_and_says_what_it_takes() {
        let baseline = steady(58);
        let this: Vec<f64> = baseline.iter().map(|s| s * 2.0).collect();
        let case = decided("deploy_p95", Demand::MorePercent(10.0), &known(&this), &known(&baseline));
        assert_eq!(case.verdict, Verdict::Undecided);
        assert_eq!(case.remark.unwrap(), "58 seeds are too few: it takes 59 (--update --seeds N keeps more)");
        assert_eq!(
            decided("deploy_mean", Demand::MorePercent(10.0), &known(&this), &known(&baseline)).verdict,
            Verdict::Fail
        );
    }

    #[test]
    fn what_is_demanded_of_every_run_fails_with_one_and_holds_when_all_were_played() {
        let none = vec![Some(0.0); 50];
        let mut one = none.clone();
        one[17] = Some(1.0);
        let verdict = |numbers: &[_]| decided("failed_requests", Demand::Exactly(0.0), numbers, &[]).verdict;
        assert_eq!([verdict(&none), verdict(&one)], [Verdict::Pass, Verdict::Fail]);
        let broken = decided("failed_requests", Demand::Exactly(0.0), &one, &[]);
        assert_eq!(broken.remark.unwrap(), "so in 1 of 50 runs, the first of them with the seed 18");
        let kept = kept("failed_requests", none);
        let sides = Sides { this: Side { kept: &kept, first_seed: 1 }, baseline: None };
        let look = Look { beyond: 0.01, is_last: false, horizon_s: HORIZON_S };
        let early = Case::decide(&criterion("failed_requests", Demand::Exactly(0.0)), "v", sides, look).unwrap();
        assert_eq!(early.verdict, Verdict::Undecided, "others may follow");
        let healthy = known(&[100.0, 50.0, 100.0]);
        let verdict = |least| decided("lowest_healthy", Demand::AtLeast(least), &healthy, &[]).verdict;
        assert_eq!([verdict(50.0), verdict(50.1)], [Verdict::Pass, Verdict::Fail]);
    }

    #[test]
    fn runs_that_do_not_end_are_longer_than_all_others() {
        let ended = known(&steady(100));
        let mut five = ended.clone();
        let mut ten = ended.clone();
        five[..5].fill(None);
        ten[..10].fill(None);
        let p95 = |this: &[_], baseline: &[_]| decided("deploy_p95", Demand::MorePercent(10.0), this, baseline);
        // With ten unfinished the 95th of 100 is one of them, and surely so in few resamples only.
        assert_eq!((p95(&ten, &ended).verdict, p95(&ten, &ended).value), (Verdict::Undecided, None));
        let none = vec![None; 100];
        assert_eq!(p95(&none, &ended).verdict, Verdict::Fail);
        assert_eq!(p95(&ended, &none).verdict, Verdict::Pass);
        assert_eq!(p95(&none, &none).verdict, Verdict::Pass, "nothing is longer than what does not end");
        let unfinished = |demand| decided("unfinished", demand, &five, &ended);
        assert_eq!(
            (unfinished(Demand::Exactly(0.0)).verdict, unfinished(Demand::Exactly(0.0)).value),
            (Verdict::Fail, Some(5.0))
        );
        assert_eq!(unfinished(Demand::AtMost(20.0)).verdict, Verdict::Pass);
        // 0.5 to 15 % (Clopper and Pearson, 98 %).
        assert_eq!(unfinished(Demand::AtMost(5.0)).verdict, Verdict::Undecided);
        assert_eq!(decided("unfinished", Demand::More(0.0), &none, &ended).verdict, Verdict::Fail);
        // A mean counts the horizon: 0.95 x 100.5 + 0.05 x 10,800.
        let mean = decided("deploy_mean", Demand::MorePercent(10.0), &five, &ended);
        assert!((mean.value.unwrap() - 635.5).abs() < 0.1, "{:?}", mean.value);
        assert!(
            mean.remark.unwrap().starts_with("5 of 100 runs did not end: each counts as the horizon; 100 seeds are")
        );
    }

    #[test]
    fn equal_numbers_say_nothing_of_rare_others_while_more_seeds_follow() {
        let verdict = |demand, is_last| {
            let [this, baseline] = [100, 200].map(|seeds| kept("failed_requests", vec![Some(2.0); seeds]));
            let sides = Sides {
                this: Side { kept: &this, first_seed: 1 },
                baseline: Some(Side { kept: &baseline, first_seed: 1 }),
            };
            let look = Look { beyond: 0.01, is_last, horizon_s: HORIZON_S };
            Case::decide(&criterion("failed_requests", demand), "v", sides, look).unwrap().verdict
        };
        for demand in [Demand::MorePercent(10.0), Demand::AtMost(3.0)] {
            assert_eq!([verdict(demand, false), verdict(demand, true)], [Verdict::Undecided, Verdict::Pass]);
        }
        assert_eq!(verdict(Demand::AtMost(1.0), true), Verdict::Fail);
    }

    #[test]
    fn the_bounds_are_those_of_the_difference_whatever_is_allowed() {
        let numbers = known(&steady(100));
        for allowed in [0.0, 10.0, 1_000.0] {
            for measure in ["deploy_mean", "deploy_p95"] {
                let case = decided(measure, Demand::MorePercent(allowed), &numbers, &numbers);
                assert_eq!(case.bounds, Some(Interval { low: 0.0, high: 0.0 }), "{measure}, {allowed} %");
            }
        }
    }

    #[test]
    fn seeds_that_both_have_are_compared_and_other_seeds_as_samples() {
        // On each seed a second longer; the baseline has 60 seeds, this run 100.
        let of = |more: f64, n: usize| (1..=n).map(|seed| Some((seed * seed % 997) as f64 + more)).collect::<Vec<_>>();
        let (this, baseline) = (kept("deploy_s", of(1.0, 100)), kept("deploy_s", of(0.0, 60)));
        let decided = |first_seed| {
            let sides = Sides {
                this: Side { kept: &this, first_seed },
                baseline: Some(Side { kept: &baseline, first_seed: 1 }),
            };
            let look = Look { beyond: 0.01, is_last: true, horizon_s: HORIZON_S };
            Case::decide(&criterion("deploy_mean", Demand::More(0.5)), "v", sides, look).unwrap()
        };
        let paired = decided(1);
        assert_eq!((paired.verdict, paired.seeds), (Verdict::Fail, 60));
        assert!((paired.difference().unwrap() - 1.0).abs() < 1e-9, "the value is of the seeds that are compared");
        let Interval { low, high } = paired.bounds.unwrap();
        assert!((low - 1.0).abs() < 1e-9 && (high - 1.0).abs() < 1e-9, "{low} to {high}");
        let unrelated = decided(1_000);
        assert_eq!((unrelated.verdict, unrelated.seeds), (Verdict::Undecided, 100));
    }

    #[test]
    fn a_variant_without_the_number_is_not_judged_and_a_baseline_without_it_decides_nothing() {
        let without = Kept::default();
        let with = kept("failed_requests", vec![Some(1.0); 9]);
        let sides = |this, baseline| Sides {
            this: Side { kept: this, first_seed: 1 },
            baseline: Some(Side { kept: baseline, first_seed: 1 }),
        };
        let look = Look { beyond: 0.01, is_last: true, horizon_s: HORIZON_S };
        let criterion = criterion("failed_requests", Demand::MorePercent(10.0));
        assert_eq!(Case::decide(&criterion, "v", sides(&without, &with), look), None);
        let case = Case::decide(&criterion, "v", sides(&with, &without), look).unwrap();
        assert_eq!(case.verdict, Verdict::Undecided);
        assert!(case.remark.unwrap().contains("write it anew with --update"));
    }
}
