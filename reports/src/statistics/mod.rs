//! From one row a seed to what can be said about a variant, and about its difference from the first one.

pub(crate) mod bounds;
mod means;
mod measures;
mod paired;
mod quantiles;
mod users;

#[cfg(test)]
pub(crate) mod coverage;

use std::collections::BTreeMap;

use seatrial_scenarios::results::{Results, Row, VariantResults};
use seatrial_sim::measure::attribution::Parts;

pub use means::{Interval, mean, mean_interval, unpaired_interval};
pub use measures::Estimated;
pub use paired::{Difference, PairedQuantile, Verdict};
pub(crate) use quantiles::Durations;
pub use quantiles::{QuantileInterval, quantile, quantile_interval};
pub use users::UserStatistics;

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
    /// What else there is to say below the table: sentences without an end mark.
    pub remarks: Vec<String>,
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
    /// How much longer deploys are than the first variant's, seed by seed, over the seeds that finished in both; seconds.
    /// Absent for the first, and where no seed finished in both.
    pub difference: Option<Difference>,
    /// How much longer the median and the 95th percentile are than the first variant's; absent for the first, and where one of
    /// them has no deploys.
    pub quantile_differences: Option<[PairedQuantile; 2]>,
    /// How much higher the bill of a month is than the first variant's, seed by seed; US dollars. Absent for the first.
    pub usd_per_month_difference: Option<Difference>,
    /// What users felt; absent where no service has a load.
    pub users: Option<UserStatistics>,
    /// What unfinished deploys wait for: each message once, the most common first, ties by alphabet.
    pub blocked: Vec<String>,
}

/// Deploy durations over seeds, in seconds. An unfinished run counts as infinitely long: it is never averaged away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeploySeconds {
    /// The mean; absent unless every run finished.
    pub mean: Option<f64>,
    /// Its 95 % confidence interval; absent where the mean is, and where it rests on one run.
    pub mean_interval: Option<Interval>,
    /// The median; absent when it falls on an unfinished run.
    pub p50: Option<f64>,
    /// Its 95 % confidence interval; absent of fewer than 6 runs.
    pub p50_interval: Option<QuantileInterval>,
    /// The 95th percentile; absent when it falls on an unfinished run.
    pub p95: Option<f64>,
    /// Its 95 % confidence interval; absent of fewer than 59 runs.
    pub p95_interval: Option<QuantileInterval>,
    /// The shortest; absent when no run finished.
    pub min: Option<f64>,
    /// The longest; absent unless every run finished.
    pub max: Option<f64>,
}

impl Comparison {
    /// Summarises each variant and compares it with the first.
    pub fn new(results: &Results) -> Self {
        let mut variants: Vec<_> = results.variants.iter().map(VariantStatistics::alone).collect();
        if let ([first, others @ ..], [first_rows, other_rows @ ..]) = (variants.as_mut_slice(), &results.variants[..])
        {
            for (variant, rows) in others.iter_mut().zip(other_rows) {
                variant.usd_per_month_per_minute_saved = variant.price_of_a_minute(first);
                variant.difference = Difference::between(&deploys(rows), &deploys(first_rows));
                variant.usd_per_month_difference = Difference::between(&bills(rows), &bills(first_rows));
            }
            let mut deploying: Vec<_> = others.iter_mut().zip(other_rows).collect();
            deploying.retain(|(variant, _)| first.has_deploys() && variant.has_deploys());
            let samples: Vec<_> = deploying.iter().map(|(_, rows)| deploys(rows)).collect();
            let samples: Vec<&[Option<f64>]> = samples.iter().map(Vec::as_slice).collect();
            let differences = paired::paired_quantiles(&samples, &deploys(first_rows), [50, 95]);
            for ((variant, _), differences) in deploying.into_iter().zip(differences) {
                variant.quantile_differences = Some(differences);
            }
        }
        Self {
            scenario: results.scenario.clone(),
            question: results.question.clone(),
            system: results.system.clone(),
            horizon_s: results.horizon_s,
            variants,
            remarks: vec![],
        }
    }

    /// Whether any variant has deploys.
    pub fn has_deploys(&self) -> bool {
        self.variants.iter().any(VariantStatistics::has_deploys)
    }
}

/// The deploy of each seed in seconds; absent where it did not end.
fn deploys(variant: &VariantResults) -> Vec<Option<f64>> {
    variant.rows.iter().map(|row| row.summary.deploy_s).collect()
}

/// The bill of a month with each seed.
fn bills(variant: &VariantResults) -> Vec<Option<f64>> {
    variant.rows.iter().map(|row| Some(row.summary.usd_per_month)).collect()
}

impl VariantStatistics {
    /// One variant's statistics, without a comparison.
    fn alone(variant: &VariantResults) -> Self {
        let rows = &variant.rows;
        let durations = Durations::new(rows);
        let has_deploys = rows.iter().any(|row| !row.summary.is_without_deploy());
        let mean_of = |value: fn(&Row) -> f64| mean(&rows.iter().map(value).collect::<Vec<_>>()).unwrap_or_default();
        Self {
            name: variant.name.clone(),
            seeds: rows.len(),
            finished: rows.iter().filter(|row| row.summary.is_finished()).count(),
            deploy_s: DeploySeconds {
                mean: durations.all().and_then(mean),
                mean_interval: durations.all().and_then(mean_interval),
                p50: durations.percentile(50),
                p50_interval: durations.interval(50).filter(|_| has_deploys),
                p95: durations.percentile(95),
                p95_interval: durations.interval(95).filter(|_| has_deploys),
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
            quantile_differences: None,
            usd_per_month_difference: None,
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
    use super::*;
    use crate::examples::{results, row, variant, without_deploy};

    /// The second variant's statistics where the first takes `first` and the second `second` seconds.
    fn compared(first: &[Option<f64>], second: &[Option<f64>]) -> VariantStatistics {
        Comparison::new(&results(vec![variant("first", first), variant("second", second)])).variants.remove(1)
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
        assert_eq!((difference.mean, difference.first, difference.pairs), (15.0, 25.0, 2));
        assert_eq!((statistics.finished, statistics.finished_share()), (3, 0.75));
        assert_eq!(compared(&[Some(1.0), None], &[None, Some(1.0)]).difference, None);
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
    fn the_most_common_reason_comes_first_and_ties_go_by_alphabet() {
        let messages = ["ports", "memory", "cpu", "ports", "cpu"].map(String::from);
        assert_eq!(most_common_first(messages.iter()), ["cpu", "ports", "memory"]);
    }
}
