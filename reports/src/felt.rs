//! What users feel: requests that fail, capacity that is short, latencies, and tasks below the floor, variant by variant.

use seatrial_sim::traffic::Loss;

use crate::statistics::{Comparison, UserStatistics, VariantStatistics};
use crate::wording;

/// A cause of less than this share of the failed requests is not named.
const LEAST_CAUSE: f64 = 0.1;

/// The third table of a comparison, as text for every format that shows one.
pub(crate) struct Felt {
    /// What the numbers are.
    pub(crate) title: &'static str,
    /// The column heads, each in a few short lines.
    pub(crate) header: Vec<&'static str>,
    /// A row a variant, in their order.
    pub(crate) rows: Vec<Vec<String>>,
}

/// The column that says in words why requests fail.
pub(crate) const CAUSES: usize = 3;

impl Felt {
    /// Which columns hold text; the others hold numbers and align to the right.
    pub(crate) const fn is_text(column: usize) -> bool {
        matches!(column, 0 | CAUSES)
    }

    /// The table; none where no variant has a load. Without a scaler that acts there is no column for it.
    pub(crate) fn new(comparison: &Comparison) -> Option<Self> {
        let users = || comparison.variants.iter().filter_map(|variant| variant.users);
        users().next()?;
        let is_scaled = users().any(|users| users.scaling_actions > 0.0);
        let mut header = vec![
            "variant",
            "failed\nrequests",
            "of all",
            "mostly",
            "shortfall",
            "p50\nlatency",
            "p95\nlatency",
            "p99\nlatency",
            "below\nthe floor",
        ];
        if is_scaled {
            header.push("scaled,\nreversed");
        }
        let row = |variant: &VariantStatistics| {
            let name = wording::plain(&variant.name);
            let Some(users) = &variant.users else {
                return std::iter::once(name).chain(vec!["-".into(); header.len() - 1]).collect();
            };
            let mut row = vec![
                name,
                wording::count(users.failed_in_all()),
                wording::small_percent(users.percent(users.failed_in_all())),
                causes(users),
                wording::small_percent(users.percent(users.shortfall)),
                wording::latency(users.latency.p50),
                wording::latency(users.latency.p95),
                wording::latency(users.latency.p99),
                wording::task_time(users.below_floor_s),
            ];
            if is_scaled {
                row.push([users.scaling_actions, users.scaling_reversals].map(wording::count).join(", "));
            }
            row
        };
        let rows = comparison.variants.iter().map(row).collect();
        Some(Self { title: "what users feel, mean over the seeds of a run, latencies their median:", header, rows })
    }
}

/// The two largest causes, the larger one first, unless they are small beside the rest.
fn causes(users: &UserStatistics) -> String {
    let all = users.failed_in_all();
    let mut causes: Vec<(Loss, f64)> = Loss::ALL.into_iter().zip(users.failed).collect();
    causes.retain(|(_, requests)| *requests > 0.0 && *requests >= LEAST_CAUSE * all);
    causes.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    causes.truncate(2);
    let named: Vec<&str> = causes.into_iter().map(|(loss, _)| wording::cause(loss)).collect();
    if named.is_empty() { "-".into() } else { named.join(", ") }
}

#[cfg(test)]
mod tests {
    use seatrial_sim::traffic::Quantile;

    use super::*;
    use crate::examples::{results, users, variant, with_users};

    #[test]
    fn without_a_load_there_is_nothing_to_feel() {
        assert!(Felt::new(&Comparison::new(&results(vec![variant("a", &[Some(1.0)])]))).is_none());
        assert!(Felt::new(&Comparison::new(&results(vec![]))).is_none());
    }

    /// Two seeds, 100 and 300 of 100,000 requests: 200 are 0.2 %. Scalers act in the second variant alone.
    #[test]
    fn rows_are_means_over_seeds() {
        let mut calm = with_users("calm", &[(Loss::TimedOut, 90), (Loss::Cut, 10)]);
        let mut other = with_users("calm", &[(Loss::TimedOut, 40), (Loss::Hung, 240), (Loss::Errors, 20)]);
        other.rows[0].summary.below_floor_s = 60.0;
        calm.rows.extend(other.rows);
        let felt = Felt::new(&Comparison::new(&results(vec![calm.clone(), variant("idle", &[Some(1.0)])]))).unwrap();
        assert_eq!(felt.header.len(), 9);
        assert_eq!(
            felt.rows[0],
            ["calm", "200", "0.2 %", "hung task, timed out", "0.5 %", "20ms", "80ms", "230ms", "30.0s"]
        );
        assert_eq!(felt.rows[1][1..], ["-"; 8]);
        let mut scaled = with_users("scaled", &[]);
        (scaled.rows[0].summary.scaling_actions, scaled.rows[0].summary.scaling_reversals) = (12, 3);
        let latency = &mut scaled.rows[0].summary.users.as_mut().unwrap().latency;
        latency.p99 = Quantile::Saturated;
        let felt = Felt::new(&Comparison::new(&results(vec![calm, scaled]))).unwrap();
        assert_eq!(felt.rows[1][1..4], ["0", "0 %", "-"]);
        assert_eq!(felt.rows[1][7..], ["saturated", "0s", "12, 3"]);
        assert_eq!(felt.rows[0][9], "0, 0");
        assert_eq!(users(&[]).failed_in_all().nanos(), 0);
    }
}
