//! The comparison as JSON, for programs: the keys are a promise, kept until `schema_version` changes.

use seatrial_sim::measure::attribution::Parts;
use serde::Serialize;

use crate::rounding::to_micros;
use crate::statistics::{Comparison, DeploySeconds, Difference, VariantStatistics};

/// The comparison as pretty-printed JSON that ends with a newline. What is not known is `null`; nothing is left out but
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
    usd_per_deploy: f64,
    surge_usd_per_deploy: f64,
    bill_usd: f64,
    usd_per_month: f64,
    usd_per_month_per_minute_saved: Option<f64>,
    parts_usd: Bill,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<Against>,
    blocked: &'a [String],
}

#[derive(Serialize)]
struct Deploy {
    mean: Option<f64>,
    p50: Option<f64>,
    p95: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
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
struct Against {
    deploy_s: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
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
            usd_per_deploy: to_micros(statistics.usd_per_deploy),
            surge_usd_per_deploy: to_micros(statistics.surge_usd_per_deploy),
            bill_usd: to_micros(statistics.bill_usd),
            usd_per_month: to_micros(statistics.usd_per_month),
            usd_per_month_per_minute_saved: statistics.usd_per_month_per_minute_saved.map(to_micros),
            parts_usd: Bill::new(statistics.parts_usd),
            difference: (!is_first).then(|| Against::new(statistics.difference.as_ref())),
            blocked: &statistics.blocked,
        }
    }
}

impl Deploy {
    fn new(deploy_s: &DeploySeconds) -> Self {
        Self {
            mean: deploy_s.mean.map(to_micros),
            p50: deploy_s.p50.map(to_micros),
            p95: deploy_s.p95.map(to_micros),
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

impl Against {
    fn new(difference: Option<&Difference>) -> Self {
        let interval = difference.and_then(|difference| difference.interval);
        Self {
            deploy_s: difference.map(|difference| to_micros(difference.deploy_s)),
            low: interval.map(|interval| to_micros(interval.low)),
            high: interval.map(|interval| to_micros(interval.high)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::{results, variant};

    #[test]
    fn the_document_has_exactly_the_promised_keys() {
        let first = variant("first", &[Some(10.0), Some(20.0)]);
        let second = variant("second", &[Some(8.0), None]);
        let golden = r#"{
  "schema_version": 1,
  "question": "one spare host or five?",
  "variants": [
    {
      "name": "first",
      "seeds": 2,
      "finished": 1.0,
      "deploy_s": {
        "mean": 15.0,
        "p50": 10.0,
        "p95": 20.0,
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
      "blocked": []
    },
    {
      "name": "second",
      "seeds": 2,
      "finished": 0.5,
      "deploy_s": {
        "mean": null,
        "p50": 8.0,
        "p95": null,
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
        "high": null
      },
      "blocked": [
        "1 task does not fit: memory on 6 of 6 hosts"
      ]
    }
  ]
}
"#;
        assert_eq!(render(&Comparison::new(&results(vec![first, second]))), golden);
    }
}
