//! Results made up for tests.

use seatrial_scenarios::results::{Results, Row, VariantResults};
use seatrial_sim::measure::attribution::Parts;
use seatrial_sim::measure::summary::Summary;
use seatrial_sim::measure::users::{Percentiles, Users};
use seatrial_sim::traffic::{Loss, Quantile, Requests};

use crate::statistics::Comparison;

/// A comparison with every kind of outcome: a winner that costs more, a few unfinished runs, and nothing but those.
pub(crate) fn comparison() -> Comparison {
    let mut double = variant("double the hosts", &spread(52.0, 0.05, 200));
    for row in &mut double.rows {
        // Four spare hosts more for three hours: 4 x 3 x $0.096 = $1.152, a month 4 x 730 x $0.096 = $280.32.
        row.summary.spare_usd_per_month = 350.4;
        row.summary.parts_usd.spare += 1.152;
        row.summary.bill_usd += 1.152;
        row.summary.usd_per_month += 280.32;
    }
    let mut short = spread(100.0, 0.1, 200);
    short.iter_mut().step_by(14).for_each(|duration| *duration = None);
    let variants = vec![
        variant("one spare host", &spread(252.0, 0.05, 200)),
        double,
        variant("short drain", &short),
        variant("full | hosts", &[None; 200]),
    ];
    Comparison::new(&results(variants))
}

/// Results of a scenario called `web.toml` with a horizon of three hours.
pub(crate) fn results(variants: Vec<VariantResults>) -> Results {
    Results {
        scenario: "web.toml".into(),
        question: "one spare host or five?".into(),
        system: "ECS rolling, 5 tasks on 6 x m5.large".into(),
        horizon_s: 10_800.0,
        variants,
    }
}

/// A variant with one seed for each duration.
pub(crate) fn variant(name: &str, durations: &[Option<f64>]) -> VariantResults {
    let rows = (1..).zip(durations).map(|(seed, &deploy_s)| row(seed, deploy_s)).collect();
    VariantResults { name: name.into(), rows }
}

/// One run; without a duration it is blocked.
pub(crate) fn row(seed: u64, deploy_s: Option<f64>) -> Row {
    let blocked = if deploy_s.is_some() { vec![] } else { vec!["1 task does not fit: memory on 6 of 6 hosts".into()] };
    Row {
        seed,
        summary: Summary {
            deploy_s,
            blocked,
            lowest_healthy_percent: 100.0,
            extra_replica_s: 12.5,
            short_replica_s: 0.0,
            peak_tasks: 6,
            spare_usd_per_month: 70.08,
            usd_per_deploy: 0.0,
            bill_usd: 2.4,
            usd_per_month: 584.0,
            parts_usd: Parts {
                needed: 1.92,
                spare: 0.3,
                surge: 0.08,
                stranded: 0.06,
                booting: 0.02,
                draining: 0.01,
                gone: 0.01,
                warm: 0.0,
            },
            deploys: 1,
            users: None,
            below_floor_s: 0.0,
            scaling_actions: 0,
            scaling_reversals: 0,
        },
    }
}

/// The same without a deploy.
pub(crate) fn without_deploy(mut variant: VariantResults) -> VariantResults {
    for row in &mut variant.rows {
        (row.summary.deploy_s, row.summary.deploys) = (None, 0);
        row.summary.blocked.clear();
    }
    variant
}

/// A variant with one seed whose users felt this.
pub(crate) fn with_users(name: &str, failed: &[(Loss, u32)]) -> VariantResults {
    let mut variant = variant(name, &[Some(100.0)]);
    variant.rows[0].summary.users = Some(users(failed));
    variant
}

/// 100,000 requests, of which so many failed, 50 waited at the end and 500 came beyond the capacity.
pub(crate) fn users(failed: &[(Loss, u32)]) -> Users {
    let requests = |n: u32| Requests::from_nanos(i128::from(n) * 1_000_000_000);
    let mut by_loss = [Requests::ZERO; 6];
    for &(loss, n) in failed {
        by_loss[loss as usize] = requests(n);
    }
    Users {
        offered: requests(100_000),
        served: requests(99_950) - by_loss.into_iter().sum(),
        failed: by_loss,
        waiting: requests(50),
        shortfall: requests(500),
        waited_request_s: 2_750.0,
        latency: Percentiles {
            p50: Quantile::Seconds(0.02),
            p95: Quantile::Seconds(0.08),
            p99: Quantile::Seconds(0.23),
        },
    }
}

/// `n` finished runs around `median` seconds, spread by `width` (0.1 is some ten percent), always the same.
pub(crate) fn spread(median: f64, width: f64, n: u32) -> Vec<Option<f64>> {
    let duration = |i: u32| {
        // Evenly spaced shares in a scrambled order, through the logistic quantile function.
        let share = (f64::from(i) * 0.618_034 + 0.3).fract() * 0.98 + 0.01;
        Some((median * (width * 0.5 * (share / (1.0 - share)).ln()).exp() * 1000.0).round() / 1000.0)
    };
    (0..n).map(duration).collect()
}
