//! What users felt in the runs of one variant.

use seatrial_scenarios::results::Row;
use seatrial_sim::measure::users::{Percentiles, Users};
use seatrial_sim::traffic::{Loss, Quantile};

use super::means::mean;

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

impl UserStatistics {
    /// What the users of some runs felt; absent unless all of them had any.
    pub(super) fn of(rows: &[Row]) -> Option<Self> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
