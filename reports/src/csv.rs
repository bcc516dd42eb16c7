//! Every row as CSV, for spreadsheets and notebooks: one line a variant and seed.

use std::error::Error;

use seatrial_scenarios::results::{Results, VariantResults};
use serde::Serialize;

use crate::rounding::to_micros;

/// All rows under a header line. An unfinished deploy has an empty `deploy_s`.
#[expect(clippy::missing_panics_doc, reason = "strings and numbers can always be written into memory as CSV")]
pub fn render(results: &Results) -> String {
    lines(&results.variants).expect("strings and numbers only, into memory")
}

fn lines(variants: &[VariantResults]) -> Result<String, Box<dyn Error>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for (variant, row) in variants.iter().flat_map(|variant| variant.rows.iter().map(move |row| (variant, row))) {
        writer.serialize(Line {
            variant: &variant.name,
            seed: row.seed,
            finished: row.summary.deploy_s.is_some(),
            deploy_s: row.summary.deploy_s.map(to_micros),
            lowest_healthy_percent: to_micros(row.summary.lowest_healthy_percent),
            extra_replica_s: to_micros(row.summary.extra_replica_s),
            short_replica_s: to_micros(row.summary.short_replica_s),
            peak_tasks: row.summary.peak_tasks,
            spare_usd_per_month: to_micros(row.summary.spare_usd_per_month),
            usd_per_deploy: to_micros(row.summary.usd_per_deploy),
            surge_usd_per_deploy: to_micros(row.summary.surge_usd_per_deploy()),
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
            blocked: row.summary.blocked.join("; "),
        })?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// One line; the fields are the columns.
#[derive(Serialize)]
struct Line<'a> {
    variant: &'a str,
    seed: u64,
    finished: bool,
    deploy_s: Option<f64>,
    lowest_healthy_percent: f64,
    extra_replica_s: f64,
    short_replica_s: f64,
    peak_tasks: u32,
    spare_usd_per_month: f64,
    usd_per_deploy: f64,
    surge_usd_per_deploy: f64,
    bill_usd: f64,
    usd_per_month: f64,
    needed_usd: f64,
    spare_usd: f64,
    surge_usd: f64,
    stranded_usd: f64,
    booting_usd: f64,
    draining_usd: f64,
    gone_usd: f64,
    warm_usd: f64,
    blocked: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::{results, variant};

    /// Surge, booting and draining of one deploy: 0.08 + 0.02 + 0.01 = 0.11.
    #[test]
    fn one_line_a_variant_and_seed() {
        let quoted = variant("a, \"b\"", &[Some(0.1 + 0.2)]);
        let mut blocked = variant("full", &[None]);
        blocked.rows[0].summary.blocked.push("ports".into());
        let golden = "\
variant,seed,finished,deploy_s,lowest_healthy_percent,extra_replica_s,short_replica_s,peak_tasks,spare_usd_per_month,\
usd_per_deploy,surge_usd_per_deploy,bill_usd,usd_per_month,needed_usd,spare_usd,surge_usd,stranded_usd,booting_usd,\
draining_usd,gone_usd,warm_usd,blocked
\"a, \"\"b\"\"\",1,true,0.3,100.0,12.5,0.0,6,70.08,0.0,0.11,2.4,584.0,1.92,0.3,0.08,0.06,0.02,0.01,0.01,0.0,
full,1,false,,100.0,12.5,0.0,6,70.08,0.0,0.11,2.4,584.0,1.92,0.3,0.08,0.06,0.02,0.01,0.01,0.0,1 task does not fit: memory on 6 of 6 hosts; ports
";
        assert_eq!(render(&results(vec![quoted, blocked])), golden);
    }
}
