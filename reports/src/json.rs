//! The comparison as JSON, for programs: the keys are a promise, kept until `schema_version` changes.

use seatrial_sim::measure::attribution::Parts;
use seatrial_sim::measure::users::Percentiles;
use seatrial_sim::traffic::{Loss, Quantile};
use serde::Serialize;

use crate::rounding::to_micros;
use crate::statistics::{
    Comparison, DeploySeconds, Difference, Interval, PairedQuantile, QuantileInterval, UserStatistics,
    VariantStatistics,
};

/// The comparison as pretty-printed JSON that ends with a newline. What is not known, and what there is not, is `null`; nothing is left out but
/// the first variant's `difference`.
#[expect(clippy::missing_panics_doc, reason = "strings and numbers can always be written as JSON")]
pub fn render(comparison: &Comparison) -> String {
    let mut text = serde_json::to_string_pretty(&Document::new(comparison)).expect("strings and numbers only");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    question: &'a str,
    variants: Vec<Variant<'a>>,
}

#[derive(Serialize)]
struct Variant<'a> {
    name: &'a str,
    seeds: usize,
    finished: f64,
    deploy_s: Deploy,
    lowest_healthy_percent: f64,
    extra_replica_s: f64,
    short_replica_s: f64,
    peak_tasks: u32,
    spare_usd_per_month: f64,
    usd_per_deploy: Option<f64>,
    surge_usd_per_deploy: Option<f64>,
    bill_usd: f64,
    usd_per_month: f64,
    usd_per_month_per_minute_saved: Option<f64>,
    parts_usd: Bill,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<Against>,
    users: Option<Felt>,
    blocked: &'a [String],
}

/// How long deploys take, with intervals; seconds.
#[derive(Serialize)]
pub(crate) struct Deploy {
    mean: Option<f64>,
    mean_interval: Option<Ends>,
    p50: Option<f64>,
    p50_interval: Option<Ends>,
    p95: Option<f64>,
    p95_interval: Option<Ends>,
    min: Option<f64>,
    max: Option<f64>,
}

/// The ends of a 95 % confidence interval; one beyond the horizon is `null`.
#[derive(Serialize)]
struct Ends {
    low: Option<f64>,
    high: Option<f64>,
}

#[derive(Serialize)]
struct Bill {
    needed: f64,
    spare: f64,
    surge: f64,
    stranded: f64,
    booting: f64,
    draining: f64,
    gone: f64,
    warm: f64,
}

#[derive(Serialize)]
struct Felt {
    offered: f64,
    served: f64,
    failed: f64,
    failed_percent: f64,
    failed_by: Failed,
    waiting: f64,
    shortfall: f64,
    shortfall_percent: f64,
    waited_request_s: f64,
    latency_s: Latency,
    below_floor_s: f64,
    scaling_actions: f64,
    scaling_reversals: f64,
}

#[derive(Serialize)]
struct Failed {
    cut: f64,
    hung: f64,
    refused: f64,
    no_target: f64,
    timed_out: f64,
    errors: f64,
}

/// What is saturated has no number, and neither has what nobody was served.
#[derive(Serialize)]
struct Latency {
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
}

#[derive(Serialize)]
struct Against {
    deploy_s: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    unpaired_interval: Option<Ends>,
    pairing_factor: Option<f64>,
    p50: Option<f64>,
    p50_interval: Option<Ends>,
    p95: Option<f64>,
    p95_interval: Option<Ends>,
    usd_per_month: Option<f64>,
    usd_per_month_interval: Option<Ends>,
}

impl<'a> Document<'a> {
    fn new(comparison: &'a Comparison) -> Self {
        let variants = comparison.variants.iter().enumerate();
        Self {
            schema_version: 1,
            question: &comparison.question,
            variants: variants.map(|(index, statistics)| Variant::new(statistics, index == 0)).collect(),
        }
    }
}

impl<'a> Variant<'a> {
    fn new(statistics: &'a VariantStatistics, is_first: bool) -> Self {
        let per_deploy = |usd| statistics.has_deploys().then(|| to_micros(usd));
        Self {
            name: &statistics.name,
            seeds: statistics.seeds,
            finished: to_micros(statistics.finished_share()),
            deploy_s: Deploy::new(&statistics.deploy_s),
            lowest_healthy_percent: to_micros(statistics.lowest_healthy_percent),
            extra_replica_s: to_micros(statistics.extra_replica_s),
            short_replica_s: to_micros(statistics.short_replica_s),
            peak_tasks: statistics.peak_tasks,
            spare_usd_per_month: to_micros(statistics.spare_usd_per_month),
            usd_per_deploy: per_deploy(statistics.usd_per_deploy),
            surge_usd_per_deploy: per_deploy(statistics.surge_usd_per_deploy),
            bill_usd: to_micros(statistics.bill_usd),
            usd_per_month: to_micros(statistics.usd_per_month),
            usd_per_month_per_minute_saved: statistics.usd_per_month_per_minute_saved.map(to_micros),
            parts_usd: Bill::new(statistics.parts_usd),
            difference: (!is_first).then(|| Against::new(statistics)),
            users: statistics.users.as_ref().map(Felt::new),
            blocked: &statistics.blocked,
        }
    }
}

impl Deploy {
    pub(crate) fn new(deploy_s: &DeploySeconds) -> Self {
        Self {
            mean: deploy_s.mean.map(to_micros),
            mean_interval: deploy_s.mean_interval.map(Ends::from),
            p50: deploy_s.p50.map(to_micros),
            p50_interval: deploy_s.p50_interval.map(Ends::from),
            p95: deploy_s.p95.map(to_micros),
            p95_interval: deploy_s.p95_interval.map(Ends::from),
            min: deploy_s.min.map(to_micros),
            max: deploy_s.max.map(to_micros),
        }
    }
}

impl Bill {
    fn new(parts: Parts<f64>) -> Self {
        Self {
            needed: to_micros(parts.needed),
            spare: to_micros(parts.spare),
            surge: to_micros(parts.surge),
            stranded: to_micros(parts.stranded),
            booting: to_micros(parts.booting),
            draining: to_micros(parts.draining),
            gone: to_micros(parts.gone),
            warm: to_micros(parts.warm),
        }
    }
}

impl Felt {
    fn new(users: &UserStatistics) -> Self {
        let failed = |loss: Loss| to_micros(users.failed[loss as usize]);
        Self {
            offered: to_micros(users.offered),
            served: to_micros(users.served),
            failed: to_micros(users.failed_in_all()),
            failed_percent: to_micros(users.percent(users.failed_in_all())),
            failed_by: Failed {
                cut: failed(Loss::Cut),
                hung: failed(Loss::Hung),
                refused: failed(Loss::Refused),
                no_target: failed(Loss::NoTarget),
                timed_out: failed(Loss::TimedOut),
                errors: failed(Loss::Errors),
            },
            waiting: to_micros(users.waiting),
            shortfall: to_micros(users.shortfall),
            shortfall_percent: to_micros(users.percent(users.shortfall)),
            waited_request_s: to_micros(users.waited_request_s),
            latency_s: Latency::new(users.latency),
            below_floor_s: to_micros(users.below_floor_s),
            scaling_actions: to_micros(users.scaling_actions),
            scaling_reversals: to_micros(users.scaling_reversals),
        }
    }
}

impl Latency {
    fn new(Percentiles { p50, p95, p99 }: Percentiles) -> Self {
        let number = |quantile| match quantile {
            Quantile::Seconds(s) => Some(to_micros(s)),
            Quantile::None | Quantile::Saturated => None,
        };
        Self { p50: number(p50), p95: number(p95), p99: number(p99) }
    }
}

impl Against {
    fn new(statistics: &VariantStatistics) -> Self {
        let VariantStatistics { difference, usd_per_month_difference, .. } = statistics;
        let interval = difference.and_then(|difference| difference.interval);
        let [p50, p95] = statistics.quantile_differences.map_or([None; 2], |differences| differences.map(Some));
        let quantile = |of: Option<PairedQuantile>| of?.difference_s.map(to_micros);
        let quantile_interval = |of: Option<PairedQuantile>| of?.interval.map(Ends::from);
        Self {
            deploy_s: difference.map(|difference| to_micros(difference.mean)),
            low: interval.map(|interval| to_micros(interval.low)),
            high: interval.map(|interval| to_micros(interval.high)),
            unpaired_interval: difference.and_then(|difference| difference.unpaired_interval).map(Ends::from),
            pairing_factor: difference.as_ref().and_then(Difference::pairing_factor).map(to_micros),
            p50: quantile(p50),
            p50_interval: quantile_interval(p50),
            p95: quantile(p95),
            p95_interval: quantile_interval(p95),
            usd_per_month: usd_per_month_difference.map(|difference| to_micros(difference.mean)),
            usd_per_month_interval: usd_per_month_difference.and_then(|difference| difference.interval).map(Ends::from),
        }
    }
}

impl From<Interval> for Ends {
    fn from(Interval { low, high }: Interval) -> Self {
        Self { low: Some(to_micros(low)), high: Some(to_micros(high)) }
    }
}

impl From<QuantileInterval> for Ends {
    fn from(QuantileInterval { low, high }: QuantileInterval) -> Self {
        Self { low: low.map(to_micros), high: high.map(to_micros) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::{results, users, variant, without_deploy};

    /// Of 10 and 20 the mean is 15, s / sqrt(2) = 5, t(0.975, 1) = 12.706205: 15 +- 63.531024.
    const GOLDEN: &str = r#"{
  "schema_version": 1,
  "question": "one spare host or five?",
  "variants": [
    {
      "name": "first",
      "seeds": 2,
      "finished": 1.0,
      "deploy_s": {
        "mean": 15.0,
        "mean_interval": {
          "low": -48.531024,
          "high": 78.531024
        },
        "p50": 10.0,
        "p50_interval": null,
        "p95": 20.0,
        "p95_interval": null,
        "min": 10.0,
        "max": 20.0
      },
      "lowest_healthy_percent": 100.0,
      "extra_replica_s": 12.5,
      "short_replica_s": 0.0,
      "peak_tasks": 6,
      "spare_usd_per_month": 70.08,
      "usd_per_deploy": 0.0,
      "surge_usd_per_deploy": 0.11,
      "bill_usd": 2.4,
      "usd_per_month": 584.0,
      "usd_per_month_per_minute_saved": null,
      "parts_usd": {
        "needed": 1.92,
        "spare": 0.3,
        "surge": 0.08,
        "stranded": 0.06,
        "booting": 0.02,
        "draining": 0.01,
        "gone": 0.01,
        "warm": 0.0
      },
      "users": null,
      "blocked": []
    },
    {
      "name": "second",
      "seeds": 2,
      "finished": 0.5,
      "deploy_s": {
        "mean": null,
        "mean_interval": null,
        "p50": 8.0,
        "p50_interval": null,
        "p95": null,
        "p95_interval": null,
        "min": 8.0,
        "max": null
      },
      "lowest_healthy_percent": 100.0,
      "extra_replica_s": 12.5,
      "short_replica_s": 0.0,
      "peak_tasks": 6,
      "spare_usd_per_month": 70.08,
      "usd_per_deploy": 0.0,
      "surge_usd_per_deploy": 0.11,
      "bill_usd": 2.4,
      "usd_per_month": 584.0,
      "usd_per_month_per_minute_saved": null,
      "parts_usd": {
        "needed": 1.92,
        "spare": 0.3,
        "surge": 0.08,
        "stranded": 0.06,
        "booting": 0.02,
        "draining": 0.01,
        "gone": 0.01,
        "warm": 0.0
      },
      "difference": {
        "deploy_s": -2.0,
        "low": null,
        "high": null,
        "unpaired_interval": null,
        "pairing_factor": null,
        "p50": -2.0,
        "p50_interval": null,
        "p95": null,
        "p95_interval": null,
        "usd_per_month": 0.0,
        "usd_per_month_interval": {
          "low": 0.0,
          "high": 0.0
        }
      },
      "users": {
        "offered": 100000.0,
        "served": 99936.5,
        "failed": 13.5,
        "failed_percent": 0.0135,
        "failed_by": {
          "cut": 3.0,
          "hung": 0.0,
          "refused": 0.0,
          "no_target": 0.0,
          "timed_out": 10.5,
          "errors": 0.0
        },
        "waiting": 50.0,
        "shortfall": 500.0,
        "shortfall_percent": 0.5,
        "waited_request_s": 2750.0,
        "latency_s": {
          "p50": 0.02,
          "p95": 0.08,
          "p99": null
        },
        "below_floor_s": 15.0,
        "scaling_actions": 2.5,
        "scaling_reversals": 0.5
      },
      "blocked": [
        "1 task does not fit: memory on 6 of 6 hosts"
      ]
    }
  ]
}
"#;

    #[test]
    fn the_document_has_exactly_the_promised_keys() {
        let first = variant("first", &[Some(10.0), Some(20.0)]);
        let mut second = variant("second", &[Some(8.0), None]);
        for (row, timed_out) in second.rows.iter_mut().zip([20, 1]) {
            let mut felt = users(&[(Loss::Cut, 3), (Loss::TimedOut, timed_out)]);
            felt.latency.p99 = Quantile::Saturated;
            row.summary.users = Some(felt);
        }
        let summary = &mut second.rows[0].summary;
        (summary.below_floor_s, summary.scaling_actions, summary.scaling_reversals) = (30.0, 5, 1);
        assert_eq!(render(&Comparison::new(&results(vec![first, second]))), GOLDEN);
    }

    /// 1 to 100 seconds, and half of that with the last six unfinished: the 95th of a hundred is one of those, the 94th is not.
    #[test]
    fn quantiles_and_differences_have_their_intervals() {
        let first: Vec<_> = (1..=100).map(|i| Some(f64::from(i))).collect();
        let second: Vec<_> = (1..=100).map(|i| (i <= 94).then_some(f64::from(i) / 2.0)).collect();
        let text = render(&Comparison::new(&results(vec![variant("first", &first), variant("second", &second)])));
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let [first, second] = [0, 1].map(|index| &json["variants"][index]["deploy_s"]);
        for key in ["mean_interval", "p50_interval", "p95_interval"] {
            let estimate = first[&key[..key.len() - "_interval".len()]].as_f64();
            assert!(
                first[key]["low"].as_f64() <= estimate && estimate <= first[key]["high"].as_f64(),
                "{key}: {first}"
            );
        }
        assert!(second["p95"].is_null() && second["p95_interval"]["low"].is_number(), "{second}");
        assert!(second["p95_interval"]["high"].is_null() && second["p50_interval"]["high"].is_number(), "{second}");
        let difference = &json["variants"][1]["difference"];
        assert_eq!((&difference["p50"], &difference["p95"]), (&(-25.0).into(), &serde_json::Value::Null));
        assert!(difference["p50_interval"]["high"].as_f64() < Some(0.0), "{difference}");
        assert!(difference["p95_interval"]["high"].is_null(), "{difference}");
        assert!(difference["unpaired_interval"]["low"].is_number());
        assert!(difference["pairing_factor"].as_f64() > Some(1.5), "{difference}");
    }

    #[test]
    fn what_is_said_of_deploys_is_null_without_one() {
        let calm = without_deploy(variant("calm", &[None, None]));
        let text = render(&Comparison::new(&results(vec![calm, variant("deploys", &[Some(1.0), Some(2.0)])])));
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let [calm, deploys] = [0, 1].map(|index| &json["variants"][index]);
        assert_eq!((&calm["finished"], &calm["blocked"]), (&1.0.into(), &serde_json::json!([])));
        for key in ["usd_per_deploy", "surge_usd_per_deploy", "usd_per_month_per_minute_saved"] {
            assert!(calm[key].is_null(), "{key}");
        }
        assert!(calm["deploy_s"].as_object().unwrap().values().all(serde_json::Value::is_null));
        assert!(deploys["difference"]["deploy_s"].is_null(), "there is nothing to compare it with");
        assert_eq!(deploys["usd_per_deploy"], 0.0);
    }
}
