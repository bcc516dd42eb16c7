//! From one row a seed to what can be said about a variant, and about its difference from the first one.

use std::collections::BTreeMap;

use seatrial_scenarios::results::{Results, Row, VariantResults};
use seatrial_sim::measure::attribution::Parts;
use seatrial_sim::measure::users::{Percentiles, Users};
use seatrial_sim::traffic::{Loss, Quantile};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// What the results of one scenario say, variant by variant.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The scenario file's name as the user gave it.
    pub scenario: String,
    /// The question, from the file.
    pub question: String,
    /// One line about the system.
    pub system: String,
    /// How long each run was simulated at most, in seconds: unfinished deploys take longer than this.
    pub horizon_s: f64,
    /// One entry a variant, in the order of the results. The first is what the others are compared with.
    pub variants: Vec<VariantStatistics>,
}

/// What the rows of one variant say.
#[derive(Clone, Debug, PartialEq)]
pub struct VariantStatistics {
    /// The variant's name.
    pub name: String,
    /// How many seeds it was run with.
    pub seeds: usize,
    /// How many of those runs finished their deploys, or had none.
    pub finished: usize,
    /// Deploy duration over the seeds; nothing of it is known where there is no deploy.
    pub deploy_s: DeploySeconds,
    /// The lowest share of the desired tasks in service that any seed saw; percent.
    pub lowest_healthy_percent: f64,
    /// Mean task-seconds above the desired count.
    pub extra_replica_s: f64,
    /// Mean task-seconds below the desired count.
    pub short_replica_s: f64,
    /// The most tasks at once that any seed saw.
    pub peak_tasks: u32,
    /// Mean price of the standing spare hosts for a month.
    pub spare_usd_per_month: f64,
    /// Mean bill of the hosts launched for a deploy.
    pub usd_per_deploy: f64,
    /// Mean bill of a run.
    pub bill_usd: f64,
    /// Mean bill of a run for a month.
    pub usd_per_month: f64,
    /// Mean parts of the bill of a run.
    pub parts_usd: Parts<f64>,
    /// Mean price of what comes, goes or is held beyond the desired tasks, for each deploy.
    pub surge_usd_per_deploy: f64,
    /// The most deploys that any seed's run had.
    pub deploys: u32,
    /// What each minute that the median deploy is shorter than the first variant's adds to the bill of a month; absent where
    /// none is saved, and where a run of either did not finish.
    pub usd_per_month_per_minute_saved: Option<f64>,
    /// The paired difference from the first variant; absent for the first, and where no seed finished in both.
    pub difference: Option<Difference>,
    /// What users felt; absent where no service has a load.
    pub users: Option<UserStatistics>,
    /// What unfinished deploys wait for: each message once, the most common first, ties by alphabet.
    pub blocked: Vec<String>,
}

/// What users felt in the runs of one variant: means over the seeds, and medians of latencies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UserStatistics {
    /// Requests that arrived.
    pub offered: f64,
    /// Requests that were served.
    pub served: f64,
    /// Requests that failed, by [`Loss::ALL`].
    pub failed: [f64; 6],
    /// Requests that waited at the end.
    pub waiting: f64,
    /// Requests that arrived beyond what the tasks could serve at that moment.
    pub shortfall: f64,
    /// The time that requests waited for their task at a backlog; request-seconds.
    pub waited_request_s: f64,
    /// For each percentile of a run's latencies, the median over the seeds.
    pub latency: Percentiles,
    /// How long services had fewer tasks in service than their rollouts keep; seconds.
    pub below_floor_s: f64,
    /// How often scalers of services asked for another number of tasks.
    pub scaling_actions: f64,
    /// Of those, how often for fewer after more, or for more after fewer.
    pub scaling_reversals: f64,
}

/// Deploy durations over seeds, in seconds. An unfinished run counts as infinitely long: it is never averaged away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeploySeconds {
    /// The mean; absent unless every run finished.
    pub mean: Option<f64>,
    /// The median; absent when it falls on an unfinished run.
    pub p50: Option<f64>,
    /// The 95th percentile; absent when it falls on an unfinished run.
    pub p95: Option<f64>,
    /// The shortest; absent when no run finished.
    pub min: Option<f64>,
    /// The longest; absent unless every run finished.
    pub max: Option<f64>,
}

/// How much longer a variant's deploys take than the first one's, seed by seed, over the seeds that finished in both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Mean of (this variant - the first), in seconds; negative is faster.
    pub deploy_s: f64,
    /// The 95 % confidence interval of that mean; absent when it rests on one pair.
    pub interval: Option<Interval>,
    /// The first variant's mean duration on the same seeds, in seconds: what percentages are of.
    pub first_s: f64,
    /// How many seeds finished in both.
    pub pairs: usize,
}

/// A confidence interval, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// What a difference amounts to at 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The whole interval is below zero.
    Faster,
    /// The whole interval is above zero.
    Slower,
    /// The interval contains zero.
    NoDifference,
    /// One pair alone says nothing about noise.
    OneSeed,
}

impl Comparison {
    /// Summarises each variant and compares it with the first.
    pub fn new(results: &Results) -> Self {
        let first = results.variants.first();
        let first_alone = first.map(VariantStatistics::alone);
        let compare = |(index, variant): (usize, &VariantResults)| {
            let alone = VariantStatistics::alone(variant);
            VariantStatistics {
                difference: first.filter(|_| index > 0).and_then(|first| Difference::between(variant, first)),
                usd_per_month_per_minute_saved: first_alone.as_ref().and_then(|first| alone.price_of_a_minute(first)),
                ..alone
            }
        };
        Self {
            scenario: results.scenario.clone(),
            question: results.question.clone(),
            system: results.system.clone(),
            horizon_s: results.horizon_s,
            variants: results.variants.iter().enumerate().map(compare).collect(),
        }
    }
}

impl Comparison {
    /// Whether any variant has deploys.
    pub fn has_deploys(&self) -> bool {
        self.variants.iter().any(VariantStatistics::has_deploys)
    }
}

impl VariantStatistics {
    /// One variant's statistics, without a comparison.
    fn alone(variant: &VariantResults) -> Self {
        let rows = &variant.rows;
        let durations = Durations::new(rows);
        let mean_of = |value: fn(&Row) -> f64| mean(&rows.iter().map(value).collect::<Vec<_>>()).unwrap_or_default();
        Self {
            name: variant.name.clone(),
            seeds: rows.len(),
            finished: rows.iter().filter(|row| row.summary.is_finished()).count(),
            deploy_s: DeploySeconds {
                mean: durations.mean(),
                p50: durations.percentile(50),
                p95: durations.percentile(95),
                min: durations.finished.first().copied(),
                max: durations.percentile(100),
            },
            lowest_healthy_percent: rows.iter().map(|r| r.summary.lowest_healthy_percent).fold(f64::INFINITY, f64::min),
            extra_replica_s: mean_of(|r| r.summary.extra_replica_s),
            short_replica_s: mean_of(|r| r.summary.short_replica_s),
            peak_tasks: rows.iter().map(|r| r.summary.peak_tasks).max().unwrap_or_default(),
            spare_usd_per_month: mean_of(|r| r.summary.spare_usd_per_month),
            usd_per_deploy: mean_of(|r| r.summary.usd_per_deploy),
            bill_usd: mean_of(|r| r.summary.bill_usd),
            usd_per_month: mean_of(|r| r.summary.usd_per_month),
            parts_usd: Parts {
                needed: mean_of(|r| r.summary.parts_usd.needed),
                spare: mean_of(|r| r.summary.parts_usd.spare),
                surge: mean_of(|r| r.summary.parts_usd.surge),
                stranded: mean_of(|r| r.summary.parts_usd.stranded),
                booting: mean_of(|r| r.summary.parts_usd.booting),
                draining: mean_of(|r| r.summary.parts_usd.draining),
                gone: mean_of(|r| r.summary.parts_usd.gone),
                warm: mean_of(|r| r.summary.parts_usd.warm),
            },
            surge_usd_per_deploy: mean_of(|r| r.summary.surge_usd_per_deploy()),
            deploys: rows.iter().map(|r| r.summary.deploys).max().unwrap_or_default(),
            usd_per_month_per_minute_saved: None,
            difference: None,
            users: UserStatistics::of(rows),
            blocked: most_common_first(rows.iter().flat_map(|r| &r.summary.blocked)),
        }
    }

    /// Whether there are deploys to speak of: some were requested, or a run could not even begin.
    pub fn has_deploys(&self) -> bool {
        self.deploys > 0 || self.finished < self.seeds
    }

    /// Whether every seed finished.
    pub fn always_finishes(&self) -> bool {
        self.seeds > 0 && self.finished == self.seeds
    }

    /// The mean parts of the bill by name, each for 730 hours as the bill for a month is; US dollars.
    pub fn parts_usd_per_month(&self) -> [(&'static str, f64); 8] {
        let runs_a_month = if self.bill_usd > 0.0 { self.usd_per_month / self.bill_usd } else { 0.0 };
        self.parts_usd.named().map(|(name, usd)| (name, usd * runs_a_month))
    }

    /// The difference of the bills of a month over the minutes that the median deploy saves.
    fn price_of_a_minute(&self, first: &Self) -> Option<f64> {
        let minutes = (first.deploy_s.p50? - self.deploy_s.p50?) / 60.0;
        let is_known = self.always_finishes() && first.always_finishes() && minutes > 0.0;
        is_known.then(|| (self.usd_per_month - first.usd_per_month) / minutes)
    }

    /// The share of the seeds that finished, 0 to 1.
    pub fn finished_share(&self) -> f64 {
        if self.seeds == 0 { 0.0 } else { self.finished as f64 / self.seeds as f64 }
    }
}

impl UserStatistics {
    /// What the users of some runs felt; absent unless all of them had any.
    fn of(rows: &[Row]) -> Option<Self> {
        let users: Vec<&Users> = rows.iter().map(|row| row.summary.users.as_ref()).collect::<Option<_>>()?;
        let mean_of = |value: &dyn Fn(&Users) -> f64| mean(&users.iter().map(|u| value(u)).collect::<Vec<_>>());
        let of_rows = |value: fn(&Row) -> f64| mean(&rows.iter().map(value).collect::<Vec<_>>());
        let median_of = |quantile: fn(&Percentiles) -> Quantile| median(users.iter().map(|u| quantile(&u.latency)));
        Some(Self {
            offered: mean_of(&|u| u.offered.as_f64())?,
            served: mean_of(&|u| u.served.as_f64())?,
            failed: Loss::ALL.map(|loss| mean_of(&|u| u.failed[loss as usize].as_f64()).unwrap_or_default()),
            waiting: mean_of(&|u| u.waiting.as_f64())?,
            shortfall: mean_of(&|u| u.shortfall.as_f64())?,
            waited_request_s: mean_of(&|u| u.waited_request_s)?,
            latency: Percentiles {
                p50: median_of(|latency| latency.p50),
                p95: median_of(|latency| latency.p95),
                p99: median_of(|latency| latency.p99),
            },
            below_floor_s: of_rows(|row| row.summary.below_floor_s)?,
            scaling_actions: of_rows(|row| f64::from(row.summary.scaling_actions))?,
            scaling_reversals: of_rows(|row| f64::from(row.summary.scaling_reversals))?,
        })
    }

    /// Requests that failed, in whatever way.
    pub fn failed_in_all(&self) -> f64 {
        self.failed.iter().sum()
    }

    /// So many requests in percent of those offered; 0 where none were.
    pub fn percent(&self, requests: f64) -> f64 {
        if self.offered > 0.0 { 100.0 * requests / self.offered } else { 0.0 }
    }
}

/// The median of those that there are: the smallest that at least half of them do not exceed.
fn median(quantiles: impl Iterator<Item = Quantile>) -> Quantile {
    let mut known: Vec<Quantile> = quantiles.filter(|quantile| *quantile != Quantile::None).collect();
    known.sort_by(|a, b| a.compare(*b));
    known.get(known.len().div_ceil(2).saturating_sub(1)).copied().unwrap_or(Quantile::None)
}

/// The durations of one variant, sorted, with the unfinished runs counted behind them.
pub(crate) struct Durations {
    /// Those that finished, shortest first.
    pub(crate) finished: Vec<f64>,
    /// How many runs there were, finished or not.
    runs: usize,
}

impl Durations {
    /// Sorts the durations of `rows`.
    pub(crate) fn new(rows: &[Row]) -> Self {
        let mut finished: Vec<f64> = rows.iter().filter_map(|row| row.summary.deploy_s).collect();
        finished.sort_by(f64::total_cmp);
        Self { finished, runs: rows.len() }
    }

    /// The smallest duration that at least `percent` % of all runs do not exceed: the ceil(percent x runs / 100)-th
    /// smallest. It is a duration that some run had; absent when that run did not finish.
    pub(crate) fn percentile(&self, percent: usize) -> Option<f64> {
        let rank = (self.runs * percent).div_ceil(100).max(1);
        self.finished.get(rank - 1).copied()
    }

    /// The mean; absent unless every run finished.
    fn mean(&self) -> Option<f64> {
        if self.finished.len() == self.runs { mean(&self.finished) } else { None }
    }
}

impl Difference {
    /// Pairs the two variants seed by seed. Both have the same seeds in the same order.
    fn between(variant: &VariantResults, first: &VariantResults) -> Option<Self> {
        let finished_in_both = variant.rows.iter().zip(&first.rows).filter_map(|(this, first)| {
            debug_assert_eq!(this.seed, first.seed, "every variant has the same seeds in the same order");
            Some((this.summary.deploy_s? - first.summary.deploy_s?, first.summary.deploy_s?))
        });
        let (differences, firsts): (Vec<f64>, Vec<f64>) = finished_in_both.unzip();
        let deploy_s = mean(&differences)?;
        Some(Self {
            deploy_s,
            interval: interval_of_mean(&differences),
            first_s: mean(&firsts)?,
            pairs: differences.len(),
        })
    }

    /// Seconds of this difference as percent of the first variant's mean; absent when that is zero.
    pub fn percent(&self, seconds: f64) -> Option<f64> {
        (self.first_s > 0.0).then(|| 100.0 * seconds / self.first_s)
    }

    /// What the difference amounts to.
    pub fn verdict(&self) -> Verdict {
        match self.interval {
            None => Verdict::OneSeed,
            Some(Interval { high, .. }) if high < 0.0 => Verdict::Faster,
            Some(Interval { low, .. }) if low > 0.0 => Verdict::Slower,
            Some(_) => Verdict::NoDifference,
        }
    }
}

/// The 95 % confidence interval of a mean by Student's t: mean +- t(0.975, n - 1) x s / sqrt(n). A single value has none.
pub(crate) fn interval_of_mean(values: &[f64]) -> Option<Interval> {
    let mean = mean(values)?;
    let freedom = values.len() as f64 - 1.0;
    let t = StudentsT::new(0.0, 1.0, freedom).ok()?.inverse_cdf(0.975);
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / freedom;
    let half = t * (variance / values.len() as f64).sqrt();
    Some(Interval { low: mean - half, high: mean + half })
}

/// The arithmetic mean; absent of nothing.
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Each message once: the most common first, ties by alphabet.
fn most_common_first<'a>(messages: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for message in messages {
        *counts.entry(message).or_default() += 1;
    }
    let mut counted: Vec<_> = counts.into_iter().collect();
    counted.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    counted.into_iter().map(|(message, _)| message.clone()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::examples::{results, row, variant, without_deploy};

    /// The second variant's statistics where the first takes `first` and the second `second` seconds.
    fn compared(first: &[Option<f64>], second: &[Option<f64>]) -> VariantStatistics {
        Comparison::new(&results(vec![variant("first", first), variant("second", second)])).variants.remove(1)
    }

    #[test]
    fn the_interval_is_students_t_over_the_paired_differences() {
        // Differences 1 2 3 4 5: mean 3, s^2 = (4 + 1 + 0 + 1 + 4) / 4 = 2.5, s / sqrt(5) = 0.70711, t(0.975, 4) = 2.77645:
        // half width 1.96324.
        let first = [10.0, 20.0, 30.0, 40.0, 50.0].map(Some);
        let second = [11.0, 22.0, 33.0, 44.0, 55.0].map(Some);
        let difference = compared(&first, &second).difference.unwrap();
        let interval = difference.interval.unwrap();
        assert_eq!((difference.deploy_s, difference.first_s, difference.pairs), (3.0, 30.0, 5));
        assert!((interval.low - 1.036_757).abs() < 1e-6, "{interval:?}");
        assert!((interval.high - 4.963_243).abs() < 1e-6, "{interval:?}");
        assert_eq!(difference.verdict(), Verdict::Slower);
        assert_eq!(difference.percent(difference.deploy_s), Some(10.0));
    }

    #[test]
    fn the_t_quantiles_are_those_of_the_textbook() {
        // Two values d and -d: mean 0, s = d sqrt(2), s / sqrt(2) = d, so the half width of (1, -1) is t itself.
        let half = interval_of_mean(&[1.0, -1.0]).unwrap().high;
        assert!((half - 12.706_205).abs() < 1e-4, "{half}");
        for (n, t) in [(10_u32, 2.262_157), (30, 2.045_230), (200, 1.971_957), (1000, 1.962_341)] {
            // n values, half of them 1 and half -1: mean 0, s^2 = n / (n - 1), half width t / sqrt(n - 1).
            let values: Vec<f64> = (0..n).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
            let half = interval_of_mean(&values).unwrap().high;
            assert!((half * f64::from(n - 1).sqrt() - t).abs() < 1e-4, "{n}: {half}");
        }
    }

    #[test]
    fn a_quantile_that_falls_on_an_unfinished_run_is_absent() {
        // (finished of 20, p50, p95, max), durations 1, 2, 3, ..: the 10th and the 19th of 20 decide.
        let table = [
            (20, Some(10.0), Some(19.0), Some(20.0)),
            (19, Some(10.0), Some(19.0), None),
            (18, Some(10.0), None, None),
            (10, Some(10.0), None, None),
            (9, None, None, None),
            (0, None, None, None),
        ];
        for (finished, p50, p95, max) in table {
            let durations: Vec<_> = (1..=20).map(|i| (i <= finished).then_some(f64::from(i))).collect();
            let deploy_s = VariantStatistics::alone(&variant("v", &durations)).deploy_s;
            assert_eq!((deploy_s.p50, deploy_s.p95, deploy_s.max), (p50, p95, max), "{finished} of 20 finished");
            assert_eq!(deploy_s.mean.is_some(), finished == 20, "a mean hides nothing");
            assert_eq!(deploy_s.min, (finished > 0).then_some(1.0));
        }
    }

    #[test]
    fn a_quantile_is_the_smallest_duration_that_covers_its_share() {
        // n, rank of p50, rank of p95: ceil(n / 2), ceil(0.95 n).
        for (n, p50, p95) in
            [(1, 1, 1), (2, 1, 2), (3, 2, 3), (20, 10, 19), (21, 11, 20), (100, 50, 95), (200, 100, 190)]
        {
            let durations: Vec<_> = (1..=n).rev().map(|i| Some(f64::from(i))).collect();
            let deploy_s = VariantStatistics::alone(&variant("v", &durations)).deploy_s;
            assert_eq!((deploy_s.p50, deploy_s.p95), (Some(f64::from(p50)), Some(f64::from(p95))), "{n} runs");
        }
    }

    #[test]
    fn only_seeds_that_finished_in_both_are_compared() {
        // Pairs: (20 - 10) and (60 - 40); the second and third seed are unfinished in one of them.
        let statistics =
            compared(&[Some(10.0), None, Some(5.0), Some(40.0)], &[Some(20.0), Some(1.0), None, Some(60.0)]);
        let difference = statistics.difference.unwrap();
        assert_eq!((difference.deploy_s, difference.first_s, difference.pairs), (15.0, 25.0, 2));
        assert_eq!((statistics.finished, statistics.finished_share()), (3, 0.75));
        assert_eq!(compared(&[Some(1.0), None], &[None, Some(1.0)]).difference, None);
    }

    #[test]
    fn one_pair_has_no_interval_and_equal_differences_have_one_of_no_width() {
        let one = compared(&[Some(10.0)], &[Some(8.0)]).difference.unwrap();
        assert_eq!((one.deploy_s, one.interval, one.verdict()), (-2.0, None, Verdict::OneSeed));
        let equal = compared(&[Some(10.0), Some(20.0)], &[Some(8.0), Some(18.0)]).difference.unwrap();
        assert_eq!(equal.interval, Some(Interval { low: -2.0, high: -2.0 }));
        assert_eq!(equal.verdict(), Verdict::Faster);
        let same = compared(&[Some(10.0), Some(20.0)], &[Some(10.0), Some(20.0)]).difference.unwrap();
        assert_eq!(same.verdict(), Verdict::NoDifference);
    }

    #[test]
    fn the_worst_seed_gives_health_and_peak_and_the_mean_gives_money() {
        let mut rows = vec![row(1, Some(1.0)), row(2, Some(2.0))];
        rows[0].summary.lowest_healthy_percent = 50.0;
        rows[0].summary.usd_per_deploy = 3.0;
        rows[0].summary.extra_replica_s = 10.0;
        rows[1].summary.peak_tasks = 9;
        rows[1].summary.lowest_healthy_percent = 80.0;
        rows[1].summary.usd_per_deploy = 1.0;
        rows[1].summary.extra_replica_s = 30.0;
        let statistics = VariantStatistics::alone(&VariantResults { name: "v".into(), rows });
        assert_eq!((statistics.lowest_healthy_percent, statistics.peak_tasks), (50.0, 9));
        assert_eq!((statistics.usd_per_deploy, statistics.extra_replica_s), (2.0, 20.0));
    }

    /// The price of a minute where two variants take so long, and the second's bill of a month is $584 and so much more.
    fn price_of_a_minute(first: &[Option<f64>], second: &[Option<f64>], more_usd: f64) -> Option<f64> {
        let mut dearer = variant("second", second);
        for row in &mut dearer.rows {
            row.summary.usd_per_month += more_usd;
        }
        let comparison = Comparison::new(&results(vec![variant("first", first), dearer]));
        assert_eq!(
            comparison.variants[0].usd_per_month_per_minute_saved, None,
            "the first saves nothing against itself"
        );
        comparison.variants[1].usd_per_month_per_minute_saved
    }

    #[test]
    fn a_minute_saved_costs_the_difference_of_the_bills_over_the_minutes_between_the_medians() {
        let slow = [300.0, 330.0, 900.0].map(Some);
        let table = [
            // Medians 330 and 180: 2.5 minutes. $31 / 2.5 = $12.40.
            ([100.0, 180.0, 890.0].map(Some), 31.0, Some(12.4)),
            // Cheaper and faster.
            ([100.0, 180.0, 890.0].map(Some), -5.0, Some(-2.0)),
            ([100.0, 180.0, 890.0].map(Some), 0.0, Some(0.0)),
            // Nothing is saved at the median, or less than nothing, or nobody knows.
            ([100.0, 330.0, 890.0].map(Some), 31.0, None),
            ([100.0, 331.0, 890.0].map(Some), 31.0, None),
            ([Some(100.0), Some(180.0), None], 31.0, None),
        ];
        for (fast, more_usd, price) in table {
            assert_eq!(price_of_a_minute(&slow, &fast, more_usd), price, "{fast:?} for {more_usd}");
        }
        assert_eq!(price_of_a_minute(&[Some(900.0), Some(900.0), None], &slow, 31.0), None, "the first is unfinished");
    }

    #[test]
    fn a_run_without_a_deploy_is_finished_and_one_that_cannot_begin_is_not() {
        let calm = VariantStatistics::alone(&without_deploy(variant("calm", &[None, None])));
        assert!(calm.always_finishes() && !calm.has_deploys());
        assert_eq!((calm.finished, calm.deploy_s.p50, calm.deploy_s.mean), (2, None, None));
        let mut full = variant("full", &[None]);
        full.rows[0].summary.deploys = 0;
        let full = VariantStatistics::alone(&full);
        assert!(!full.always_finishes() && full.has_deploys());
    }

    #[test]
    fn a_median_latency_is_that_of_a_seed_and_saturated_is_the_longest() {
        use Quantile::{None, Saturated, Seconds};
        let table = [
            (vec![], None),
            (vec![None, None], None),
            (vec![Seconds(2.0), None, Seconds(1.0)], Seconds(1.0)),
            (vec![Saturated, Seconds(3.0), Seconds(1.0)], Seconds(3.0)),
            (vec![Saturated, Seconds(1.0)], Seconds(1.0)),
            (vec![Saturated, Seconds(1.0), Saturated], Saturated),
        ];
        for (seeds, expected) in table {
            assert_eq!(median(seeds.iter().copied()), expected, "{seeds:?}");
        }
    }

    #[test]
    fn the_most_common_reason_comes_first_and_ties_go_by_alphabet() {
        let messages = ["ports", "memory", "cpu", "ports", "cpu"].map(String::from);
        assert_eq!(most_common_first(messages.iter()), ["cpu", "ports", "memory"]);
    }

    proptest! {
        #[test]
        fn a_quantile_covers_its_share_and_nothing_shorter_does(
            durations in prop::collection::vec(prop::option::weighted(0.8, 0.0..1e4), 1..60),
            percent in 1..=100_usize,
        ) {
            let rows = variant("v", &durations).rows;
            let covered = |limit: f64| rows.iter().filter(|row| row.summary.deploy_s.is_some_and(|s| s <= limit)).count();
            let needed = rows.len() * percent;
            match Durations::new(&rows).percentile(percent) {
                Some(quantile) => {
                    prop_assert!(100 * covered(quantile) >= needed);
                    prop_assert!(100 * covered(quantile - 1e-9) < needed);
                }
                None => prop_assert!(100 * covered(f64::MAX) < needed),
            }
        }

        #[test]
        fn a_difference_turns_round_with_its_variants(
            pairs in prop::collection::vec((1.0..1e4, 1.0..1e4), 2..60),
        ) {
            let (a, b): (Vec<_>, Vec<_>) = pairs.into_iter().map(|(a, b)| (Some(a), Some(b))).unzip();
            let there = compared(&a, &b).difference.unwrap();
            let back = compared(&b, &a).difference.unwrap();
            let (there_ends, back_ends) = (there.interval.unwrap(), back.interval.unwrap());
            prop_assert!((there.deploy_s + back.deploy_s).abs() < 1e-6);
            prop_assert!((there_ends.low + back_ends.high).abs() < 1e-6);
            prop_assert!(there_ends.low <= there.deploy_s && there.deploy_s <= there_ends.high);
        }
    }
}
