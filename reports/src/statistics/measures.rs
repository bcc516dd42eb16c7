//! What can be estimated of one variant, by name: each with its unit, its value over the seeds and its 95 % interval.

use seatrial_scenarios::results::Row;

use super::means::{mean, mean_interval};
use super::quantiles::{Durations, QuantileInterval};

/// Something that is estimated from the rows of one variant.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// Its name, made of the names in JSON and CSV: `deploy_p95`, `usd_per_month`.
    pub name: &'static str,
    /// What it is a number of.
    pub unit: Unit,
    statistic: Statistic,
    of: fn(&Row) -> Number,
}

/// What a number is a number of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds, or task-seconds.
    Seconds,
    /// US dollars.
    Usd,
    /// Requests.
    Requests,
}

/// What is said of the numbers of all seeds.
#[derive(Clone, Copy, Debug)]
enum Statistic {
    Mean,
    /// In percent.
    Quantile(usize),
}

/// The number of one run.
enum Number {
    Known(f64),
    /// It did not finish: longer than all others.
    Unfinished,
    /// It has no such number: no deploy, no users.
    Absent,
}

/// An estimate from the rows of one variant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimated {
    /// The value; absent of a mean where a run did not finish, and of a quantile that falls on an unfinished run.
    pub value: Option<f64>,
    /// Its 95 % confidence interval; absent where there are too few runs, and of a mean where a run did not finish.
    pub interval: Option<QuantileInterval>,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::deploy("deploy_mean", Statistic::Mean),
        Self::deploy("deploy_p50", Statistic::Quantile(50)),
        Self::deploy("deploy_p95", Statistic::Quantile(95)),
        Self::mean("usd_per_month", Unit::Usd, |row| Number::Known(row.summary.usd_per_month)),
        Self::mean("spare_usd_per_month", Unit::Usd, |row| Number::Known(row.summary.spare_usd_per_month)),
        Self::mean("usd_per_deploy", Unit::Usd, |row| per_deploy(row, row.summary.usd_per_deploy)),
        Self::mean("surge_usd_per_deploy", Unit::Usd, |row| per_deploy(row, row.summary.surge_usd_per_deploy())),
        Self::mean("extra_replica_s", Unit::Seconds, |row| Number::Known(row.summary.extra_replica_s)),
        Self::mean("short_replica_s", Unit::Seconds, |row| Number::Known(row.summary.short_replica_s)),
        Self::mean("below_floor_s", Unit::Seconds, |row| Number::Known(row.summary.below_floor_s)),
        Self::mean("failed_requests", Unit::Requests, |row| {
            row.summary.users.map_or(Number::Absent, |users| Number::Known(users.failed_in_all().as_f64()))
        }),
    ];

    const fn deploy(name: &'static str, statistic: Statistic) -> Self {
        let of = |row: &Row| match row.summary.deploy_s {
            Some(deploy_s) => Number::Known(deploy_s),
            None if row.summary.is_without_deploy() => Number::Absent,
            None => Number::Unfinished,
        };
        Self { name, unit: Unit::Seconds, statistic, of }
    }

    const fn mean(name: &'static str, unit: Unit, of: fn(&Row) -> Number) -> Self {
        Self { name, unit, statistic: Statistic::Mean, of }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.name == name)
    }

    /// The number of each seed, absent where its run did not finish; none where the runs have no such number.
    pub fn numbers(&self, rows: &[Row]) -> Option<Vec<Option<f64>>> {
        let number = |row| match (self.of)(row) {
            Number::Known(number) => Some(Some(number)),
            Number::Unfinished => Some(None),
            Number::Absent => None,
        };
        rows.iter().map(number).collect()
    }

    /// Whether no number of further seeds gives an interval: a mean has none with an unfinished run, and a quantile may surely be
    /// beyond the horizon.
    pub fn is_beyond_reach(&self, rows: &[Row]) -> bool {
        let is_unfinished = || rows.iter().any(|row| matches!((self.of)(row), Number::Unfinished));
        match self.statistic {
            Statistic::Mean => is_unfinished(),
            Statistic::Quantile(_) => {
                self.estimate(rows).and_then(|estimated| estimated.interval).is_some_and(|ends| ends.low.is_none())
            }
        }
    }

    /// The estimate; none where the runs have no such number.
    pub fn estimate(&self, rows: &[Row]) -> Option<Estimated> {
        let numbers = self.numbers(rows)?;
        let sorted = Durations::of(numbers.into_iter());
        Some(match self.statistic {
            Statistic::Mean => {
                let interval = sorted.all().and_then(mean_interval);
                let interval = interval.map(|ends| QuantileInterval { low: Some(ends.low), high: Some(ends.high) });
                Estimated { value: sorted.all().and_then(mean), interval }
            }
            Statistic::Quantile(percent) => {
                Estimated { value: sorted.percentile(percent), interval: sorted.interval(percent) }
            }
        })
    }
}

impl Estimated {
    /// Half of the interval's width: the number behind `+-`. Absent where there is no interval, or an end of it is beyond the
    /// horizon.
    pub fn half_width(&self) -> Option<f64> {
        let QuantileInterval { low, high } = self.interval?;
        Some((high? - low?) / 2.0)
    }
}

/// What a deploy costs, where there is one.
fn per_deploy(row: &Row, usd: f64) -> Number {
    if row.summary.is_without_deploy() { Number::Absent } else { Number::Known(usd) }
}

#[cfg(test)]
mod tests {
    use seatrial_sim::traffic::Loss;

    use super::*;
    use crate::examples::{users, variant, without_deploy};

    fn estimated(name: &str, rows: &[Row]) -> Option<Estimated> {
        Measure::named(name).unwrap().estimate(rows)
    }

    #[test]
    fn each_is_found_by_its_name_and_only_once() {
        for (position, measure) in Measure::ALL.iter().enumerate() {
            assert_eq!(Measure::ALL.iter().position(|other| other.name == measure.name), Some(position));
        }
        assert!(Measure::named("deploy").is_none());
    }

    /// Of 1 to 5 the mean is 3, s / sqrt(5) = 0.70711, t(0.975, 4) = 2.77645.
    #[test]
    fn means_and_quantiles_have_their_intervals() {
        let five = variant("v", &[1.0, 2.0, 3.0, 4.0, 5.0].map(Some)).rows;
        let mean = estimated("deploy_mean", &five).unwrap();
        assert!((mean.value.unwrap() - 3.0).abs() < 1e-9 && (mean.half_width().unwrap() - 1.963_243).abs() < 1e-5);
        assert_eq!(estimated("deploy_p50", &five), Some(Estimated { value: Some(3.0), interval: None }));
        let ten: Vec<_> = (1..=10).map(|i| Some(f64::from(i))).collect();
        let median = estimated("deploy_p50", &variant("v", &ten).rows).unwrap();
        // From the second to the ninth.
        assert_eq!((median.value, median.half_width()), (Some(5.0), Some(3.5)));
        let bill = estimated("usd_per_month", &five).unwrap();
        assert_eq!((bill.value, bill.half_width()), (Some(584.0), Some(0.0)));
    }

    #[test]
    fn what_does_not_finish_has_no_mean_and_what_is_not_there_has_no_estimate() {
        let unfinished = variant("v", &[Some(1.0), None]).rows;
        assert_eq!(estimated("deploy_mean", &unfinished), Some(Estimated { value: None, interval: None }));
        assert_eq!(estimated("deploy_p50", &unfinished).unwrap().value, Some(1.0));
        let calm = without_deploy(variant("calm", &[None, None])).rows;
        for name in ["deploy_mean", "deploy_p95", "usd_per_deploy", "surge_usd_per_deploy", "failed_requests"] {
            assert_eq!(estimated(name, &calm), None, "{name}");
        }
        let mut felt = calm;
        felt.iter_mut().zip([3, 5]).for_each(|(row, n)| row.summary.users = Some(users(&[(Loss::Cut, n)])));
        assert_eq!(estimated("failed_requests", &felt).unwrap().value, Some(4.0));
    }
}
