//! Estimates of what can be asked of one variant: a value over the seeds and its 95 % interval.

use seatrial_scenarios::measures::{Measure, Statistic};

use super::means::{mean, mean_interval};
use super::quantiles::{Durations, QuantileInterval};

/// An estimate from the numbers of all seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimated {
    /// The value; absent of a mean where a run did not finish, and of a quantile that falls on an unfinished run.
    pub value: Option<f64>,
    /// Its 95 % confidence interval; absent where there are too few runs, of a mean where a run did not finish, and of what
    /// is not estimated: a least number, a share of runs.
    pub interval: Option<QuantileInterval>,
}

impl Estimated {
    /// What a measure is, from the number of each seed, absent where its run did not finish.
    pub fn of(measure: &Measure, numbers: &[Option<f64>]) -> Self {
        let sorted = Durations::of(numbers.iter().copied());
        match measure.statistic {
            Statistic::Mean => {
                let interval = sorted.all().and_then(mean_interval);
                let interval = interval.map(|ends| QuantileInterval { low: Some(ends.low), high: Some(ends.high) });
                Self { value: sorted.all().and_then(mean), interval }
            }
            Statistic::Quantile(percent) => {
                Self { value: sorted.percentile(percent as usize), interval: sorted.interval(percent as usize) }
            }
            Statistic::Unfinished => {
                let unfinished = numbers.len() - sorted.finished.len();
                let share = (!numbers.is_empty()).then(|| 100.0 * unfinished as f64 / numbers.len() as f64);
                Self { value: share, interval: None }
            }
            Statistic::Least => Self { value: sorted.finished.first().copied(), interval: None },
        }
    }

    /// Half of the interval's width: the number behind `+-`. Absent where there is no interval, or an end of it is beyond the
    /// horizon.
    pub fn half_width(&self) -> Option<f64> {
        let QuantileInterval { low, high } = self.interval?;
        Some((high? - low?) / 2.0)
    }

    /// Whether no number of further seeds gives an interval: a mean has none with an unfinished run, and a quantile may surely
    /// be beyond the horizon.
    pub fn is_beyond_reach(&self, measure: &Measure, numbers: &[Option<f64>]) -> bool {
        match measure.statistic {
            Statistic::Quantile(_) => self.interval.is_some_and(|ends| ends.low.is_none()),
            _ => numbers.contains(&None),
        }
    }
}

#[cfg(test)]
mod tests {
    use seatrial_scenarios::results::Row;
    use seatrial_sim::traffic::Loss;

    use super::*;
    use crate::examples::{users, variant, without_deploy};

    fn estimated(name: &str, rows: &[Row]) -> Option<Estimated> {
        let measure = Measure::named(name).unwrap();
        measure.column.numbers(rows).map(|numbers| Estimated::of(&measure, &numbers))
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
        let bill = estimated("cost_per_month", &five).unwrap();
        assert_eq!((bill.value, bill.half_width()), (Some(584.0), Some(0.0)));
    }

    #[test]
    fn what_does_not_finish_has_no_mean_and_what_is_not_there_has_no_estimate() {
        let unfinished = variant("v", &[Some(1.0), None]).rows;
        assert_eq!(estimated("deploy_mean", &unfinished), Some(Estimated { value: None, interval: None }));
        assert_eq!(estimated("deploy_p50", &unfinished).unwrap().value, Some(1.0));
        assert_eq!(estimated("unfinished", &unfinished).unwrap().value, Some(50.0));
        let calm = without_deploy(variant("calm", &[None, None])).rows;
        for name in ["deploy_mean", "deploy_p95", "unfinished", "cost_per_deploy", "failed_requests"] {
            assert_eq!(estimated(name, &calm), None, "{name}");
        }
        let mut felt = calm;
        felt.iter_mut().zip([3, 5]).for_each(|(row, n)| row.summary.users = Some(users(&[(Loss::Cut, n)])));
        assert_eq!(estimated("failed_requests", &felt).unwrap().value, Some(4.0));
    }
}
