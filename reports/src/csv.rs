//! Every row as CSV, for spreadsheets and notebooks: one line a variant and seed.

use std::error::Error;

use seatrial_scenarios::results::{Results, Row, VariantResults};
use seatrial_sim::measure::users::{Percentiles, Users};
use seatrial_sim::traffic::{Loss, Quantile, Requests};
use serde::{Deserialize, Serialize};

use crate::rounding::to_micros;

/// All rows under a header line. An unfinished deploy has an empty `deploy_s`, a run without a deploy nothing of deploys, one
/// without a load nothing about requests, and a saturated latency is `inf`.
#[expect(clippy::missing_panics_doc, reason = "strings and numbers can always be written into memory as CSV")]
pub fn render(results: &Results) -> String {
    lines(&results.variants).expect("strings and numbers only, into memory")
}

fn lines(variants: &[VariantResults]) -> Result<String, Box<dyn Error>> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    if variants.iter().any(|variant| !variant.rows.is_empty()) {
        writer.write_record(std::iter::once("variant".to_string()).chain(columns()))?;
    }
    for variant in variants {
        for row in &variant.rows {
            writer.serialize((&variant.name, RunLine::new(row)))?;
        }
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// The same rows as JSON lines; what is empty or saturated there is `null` here.
#[expect(clippy::missing_panics_doc, reason = "strings and numbers can always be written as JSON")]
pub fn json_lines(results: &Results) -> String {
    #[derive(Serialize)]
    struct Line<'a> {
        variant: &'a str,
        #[serde(flatten)]
        run: RunLine,
    }
    let rows = results.variants.iter().flat_map(|variant| variant.rows.iter().map(move |row| (&variant.name, row)));
    let line = |(variant, row): (&String, &Row)| {
        let line = Line { variant, run: RunLine::new(row) };
        serde_json::to_string(&line).expect("strings and numbers only") + "\n"
    };
    rows.map(line).collect()
}

/// The names of a line's columns.
pub(crate) fn columns() -> Vec<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = writer.serialize(RunLine::default()).ok().and_then(|()| writer.into_inner().ok());
    let text = written.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    text.lines().next().unwrap_or_default().split(',').map(String::from).collect()
}

impl RunLine {
    /// What is written of a run.
    pub fn new(row: &Row) -> Self {
        Self {
            seed: row.seed,
            finished: row.summary.is_finished(),
            deploy_s: row.summary.deploy_s.map(to_micros),
            lowest_healthy_percent: to_micros(row.summary.lowest_healthy_percent),
            extra_replica_s: to_micros(row.summary.extra_replica_s),
            short_replica_s: to_micros(row.summary.short_replica_s),
            peak_tasks: row.summary.peak_tasks,
            spare_usd_per_month: to_micros(row.summary.spare_usd_per_month),
            usd_per_deploy: per_deploy(row, row.summary.usd_per_deploy),
            surge_usd_per_deploy: per_deploy(row, row.summary.surge_usd_per_deploy()),
            bill_usd: to_micros(row.summary.bill_usd),
            usd_per_month: to_micros(row.summary.usd_per_month),
            needed_usd: to_micros(row.summary.parts_usd.needed),
            spare_usd: to_micros(row.summary.parts_usd.spare),
            surge_usd: to_micros(row.summary.parts_usd.surge),
            stranded_usd: to_micros(row.summary.parts_usd.stranded),
            booting_usd: to_micros(row.summary.parts_usd.booting),
            draining_usd: to_micros(row.summary.parts_usd.draining),
            gone_usd: to_micros(row.summary.parts_usd.gone),
            warm_usd: to_micros(row.summary.parts_usd.warm),
            offered_requests: felt(row, |users| users.offered),
            served_requests: felt(row, |users| users.served),
            waiting_requests: felt(row, |users| users.waiting),
            failed_requests: felt(row, Users::failed_in_all),
            cut_requests: failed(row, Loss::Cut),
            hung_requests: failed(row, Loss::Hung),
            refused_requests: failed(row, Loss::Refused),
            no_target_requests: failed(row, Loss::NoTarget),
            timed_out_requests: failed(row, Loss::TimedOut),
            error_requests: failed(row, Loss::Errors),
            shortfall_requests: felt(row, |users| users.shortfall),
            waited_request_s: row.summary.users.map(|users| to_micros(users.waited_request_s)),
            latency_p50_s: latency(row, |latency| latency.p50),
            latency_p95_s: latency(row, |latency| latency.p95),
            latency_p99_s: latency(row, |latency| latency.p99),
            below_floor_s: to_micros(row.summary.below_floor_s),
            scaling_actions: row.summary.scaling_actions,
            scaling_reversals: row.summary.scaling_reversals,
            blocked: row.summary.blocked.join("; "),
        }
    }
}

fn per_deploy(row: &Row, usd: f64) -> Option<f64> {
    (!row.summary.is_without_deploy()).then(|| to_micros(usd))
}

fn felt(row: &Row, requests: impl Fn(&Users) -> Requests) -> Option<f64> {
    row.summary.users.map(|users| to_micros(requests(&users).as_f64()))
}

fn failed(row: &Row, loss: Loss) -> Option<f64> {
    felt(row, |users| users.failed[loss as usize])
}

fn latency(row: &Row, of: impl Fn(&Percentiles) -> Quantile) -> Option<f64> {
    match of(&row.summary.users?.latency) {
        Quantile::None => None,
        Quantile::Seconds(s) => Some(to_micros(s)),
        Quantile::Saturated => Some(f64::INFINITY),
    }
}

/// One run as a line; the fields are the columns, in their units.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "their meaning is that of the fields of a summary")]
pub struct RunLine {
    pub seed: u64,
    pub finished: bool,
    pub deploy_s: Option<f64>,
    pub lowest_healthy_percent: f64,
    pub extra_replica_s: f64,
    pub short_replica_s: f64,
    pub peak_tasks: u32,
    pub spare_usd_per_month: f64,
    pub usd_per_deploy: Option<f64>,
    pub surge_usd_per_deploy: Option<f64>,
    pub bill_usd: f64,
    pub usd_per_month: f64,
    pub needed_usd: f64,
    pub spare_usd: f64,
    pub surge_usd: f64,
    pub stranded_usd: f64,
    pub booting_usd: f64,
    pub draining_usd: f64,
    pub gone_usd: f64,
    pub warm_usd: f64,
    pub offered_requests: Option<f64>,
    pub served_requests: Option<f64>,
    pub waiting_requests: Option<f64>,
    pub failed_requests: Option<f64>,
    pub cut_requests: Option<f64>,
    pub hung_requests: Option<f64>,
    pub refused_requests: Option<f64>,
    pub no_target_requests: Option<f64>,
    pub timed_out_requests: Option<f64>,
    pub error_requests: Option<f64>,
    pub shortfall_requests: Option<f64>,
    pub waited_request_s: Option<f64>,
    pub latency_p50_s: Option<f64>,
    pub latency_p95_s: Option<f64>,
    pub latency_p99_s: Option<f64>,
    pub below_floor_s: f64,
    pub scaling_actions: u32,
    pub scaling_reversals: u32,
    pub blocked: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::{results, users, variant, without_deploy};

    /// Surge, booting and draining of one deploy: 0.08 + 0.02 + 0.01 = 0.11.
    #[test]
    fn one_line_a_variant_and_seed() {
        let quoted = variant("a, \"b\"", &[Some(0.1 + 0.2)]);
        let mut blocked = variant("full", &[None]);
        let summary = &mut blocked.rows[0].summary;
        summary.blocked.push("ports".into());
        summary.users = Some(users(&[(Loss::TimedOut, 5)]));
        summary.users.as_mut().unwrap().latency.p99 = Quantile::Saturated;
        (summary.below_floor_s, summary.scaling_actions, summary.scaling_reversals) = (7.5, 3, 1);
        let golden = "\
variant,seed,finished,deploy_s,lowest_healthy_percent,extra_replica_s,short_replica_s,peak_tasks,spare_usd_per_month,\
usd_per_deploy,surge_usd_per_deploy,bill_usd,usd_per_month,needed_usd,spare_usd,surge_usd,stranded_usd,booting_usd,\
draining_usd,gone_usd,warm_usd,offered_requests,served_requests,waiting_requests,failed_requests,cut_requests,\
hung_requests,refused_requests,no_target_requests,timed_out_requests,error_requests,shortfall_requests,waited_request_s,\
latency_p50_s,latency_p95_s,latency_p99_s,below_floor_s,scaling_actions,scaling_reversals,blocked
\"a, \"\"b\"\"\",1,true,0.3,100.0,12.5,0.0,6,70.08,0.0,0.11,2.4,584.0,1.92,0.3,0.08,0.06,0.02,0.01,0.01,0.0,,,,,,,,,,,,,,,,0.0,0,0,
full,1,false,,100.0,12.5,0.0,6,70.08,0.0,0.11,2.4,584.0,1.92,0.3,0.08,0.06,0.02,0.01,0.01,0.0,\
100000.0,99945.0,50.0,5.0,0.0,0.0,0.0,0.0,5.0,0.0,500.0,2750.0,0.02,0.08,inf,7.5,3,1,\
1 task does not fit: memory on 6 of 6 hosts; ports
";
        assert_eq!(render(&results(vec![quoted, blocked])), golden);
    }

    #[test]
    fn json_lines_have_the_same_names() {
        let text = json_lines(&results(vec![variant("a, \"b\"", &[Some(0.1 + 0.2), None])]));
        assert!(
            text.starts_with("{\"variant\":\"a, \\\"b\\\"\",\"seed\":1,\"finished\":true,\"deploy_s\":0.3,"),
            "{text}"
        );
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(lines[1]["deploy_s"].is_null());
        assert!(columns().iter().all(|name| lines[1].get(name).is_some()));
    }

    #[test]
    fn a_run_without_a_deploy_is_finished_and_has_no_numbers_of_deploys() {
        let text = render(&results(vec![without_deploy(variant("calm", &[None]))]));
        let begins = "\ncalm,1,true,,100.0,12.5,0.0,6,70.08,,,2.4,584.0,";
        assert!(text.contains(begins), "{text}");
    }
}
