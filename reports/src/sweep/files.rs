//! The cells of a sweep for programs: as JSON, whose keys are a promise until `schema_version` changes, and as CSV.

use ::csv::WriterBuilder;
use serde::{Serialize, Serializer};

use super::best::Best;
use super::{CellStatistics, MEANS, SweepTable};
use crate::json::Deploy;
use crate::rounding::to_micros;
use crate::settings;
use crate::statistics::DeploySeconds;

/// The sweep as pretty-printed JSON that ends with a newline. What is not known, and what there is not, is `null`.
#[expect(clippy::missing_panics_doc, reason = "strings and numbers can always be written as JSON")]
pub fn json(table: &SweepTable) -> String {
    serde_json::to_string_pretty(&Document::new(table)).expect("strings and numbers only") + "\n"
}

/// A line a cell under a header line. What is not known is empty; a saturated latency is `inf`.
#[expect(clippy::missing_panics_doc, reason = "strings and numbers can always be written into memory as CSV")]
pub fn csv(table: &SweepTable) -> String {
    let best = Best::of(table);
    let mut writer = WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    let paths = table.axes.iter().map(|(path, _)| path.as_str());
    let before = ["runs", "finished", "deploy_mean_s", "deploy_p50_s", "deploy_p95_s", "deploy_min_s", "deploy_max_s"];
    let more = ["lowest_healthy_percent", "peak_tasks"];
    let after = ["latency_p50_s", "latency_p95_s", "latency_p99_s", "best", "blocked"];
    let header = ["variant"].into_iter().chain(paths).chain(before).chain(more).chain(MEANS).chain(after);
    let write = || -> Result<Vec<u8>, ::csv::Error> {
        writer.write_record(header)?;
        for (index, cell) in table.cells.iter().enumerate() {
            let values: Vec<&str> = written(table, cell).map(|(_, value)| value).collect();
            let DeploySeconds { mean, p50, p95, min, max, .. } = cell.deploy_s;
            let deploy = [mean, p50, p95, min, max].map(|seconds| seconds.map(to_micros));
            let lowest = to_micros(cell.lowest_healthy_percent);
            let means: Vec<Option<f64>> = cell.means.iter().map(|mean| mean.map(to_micros)).collect();
            let latency_s = cell.latency_s.map(|seconds| seconds.map(to_micros));
            let numbers = (cell.runs, finished(cell), deploy, lowest, cell.peak_tasks, means, latency_s);
            writer.serialize((&cell.variant, values, numbers, best.words(index).join(" "), cell.blocked.join("; ")))?;
        }
        writer.flush()?;
        Ok(writer.get_ref().clone())
    };
    let bytes = write().expect("strings and numbers only, into memory");
    String::from_utf8(bytes).expect("texts are texts")
}

/// The share of the runs that finished.
fn finished(cell: &CellStatistics) -> f64 {
    if cell.runs == 0 { 0.0 } else { to_micros(cell.finished as f64 / cell.runs as f64) }
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    question: &'a str,
    seeds: u32,
    axes: Vec<Axis<'a>>,
    skipped_cells: usize,
    /// Positions in `cells`.
    fastest: Option<usize>,
    cheapest: Option<usize>,
    frontier: Vec<usize>,
    cells: Vec<Cell<'a>>,
}

#[derive(Serialize)]
struct Axis<'a> {
    path: &'a str,
    values: &'a [String],
}

#[derive(Serialize)]
struct Cell<'a> {
    variant: &'a str,
    settings: Ordered<'a, serde_json::Value>,
    runs: usize,
    finished: f64,
    deploy_s: Deploy,
    lowest_healthy_percent: f64,
    peak_tasks: u32,
    #[serde(flatten)]
    means: Ordered<'a, Option<f64>>,
    latency_s: Latency,
    blocked: &'a [String],
}

/// What is saturated has no number.
#[derive(Serialize)]
struct Latency {
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
}

/// Keys and values in their order.
struct Ordered<'a, T>(Vec<(&'a str, T)>);

impl<T: Serialize> Serialize for Ordered<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// A cell's values by path, as they were written.
fn written<'a>(table: &'a SweepTable, cell: &CellStatistics) -> impl Iterator<Item = (&'a str, &'a str)> {
    let values = table.axes.iter().zip(&cell.values);
    values.map(|((path, values), value)| (path.as_str(), values[*value as usize].as_str()))
}

impl<'a> Document<'a> {
    fn new(table: &'a SweepTable) -> Self {
        let Best { fastest, cheapest, frontier } = Best::of(table);
        Self {
            schema_version: 1,
            question: &table.question,
            seeds: table.seeds,
            axes: table.axes.iter().map(|(path, values)| Axis { path, values }).collect(),
            skipped_cells: table.skipped.0,
            fastest,
            cheapest,
            frontier,
            cells: table.cells.iter().map(|cell| Cell::new(table, cell)).collect(),
        }
    }
}

impl<'a> Cell<'a> {
    fn new(table: &'a SweepTable, cell: &'a CellStatistics) -> Self {
        let latency = |index: usize| cell.latency_s[index].filter(|seconds: &f64| seconds.is_finite()).map(to_micros);
        Self {
            variant: &cell.variant,
            settings: Ordered(written(table, cell).map(|(path, value)| (path, settings::json(value))).collect()),
            runs: cell.runs,
            finished: finished(cell),
            deploy_s: Deploy::new(&cell.deploy_s),
            lowest_healthy_percent: to_micros(cell.lowest_healthy_percent),
            peak_tasks: cell.peak_tasks,
            means: Ordered(MEANS.into_iter().zip(cell.means.iter().map(|mean| mean.map(to_micros))).collect()),
            latency_s: Latency { p50: latency(0), p95: latency(1), p99: latency(2) },
            blocked: &cell.blocked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::examples::{cell, table, with_failed};

    fn two() -> SweepTable {
        let mut second = cell(&[1, 0], None, 490.56);
        second.blocked = vec!["full".into(), "ports".into()];
        let mut first = with_failed(cell(&[0, 1], Some(252.0), 420.48), 12.0);
        first.latency_s = [Some(0.02), Some(0.1 + 0.2), Some(f64::INFINITY)];
        table(&["host_group.m5.hosts=6..7", "service.web.exit=uniform(1s, 2s),5s"], vec![first, second])
    }

    #[test]
    fn csv_has_a_line_a_cell() {
        let text = csv(&two());
        let lines: Vec<&str> = text.lines().collect();
        let begins =
            "variant,host_group.m5.hosts,service.web.exit,runs,finished,deploy_mean_s,deploy_p50_s,deploy_p95_s,";
        assert!(
            lines[0].starts_with(begins)
                && lines[0].ends_with(",latency_p50_s,latency_p95_s,latency_p99_s,best,blocked")
        );
        assert!(lines[1].starts_with("a,6,5s,200,1.0,126.0,126.0,252.0,"), "{text}");
        assert!(lines[1].ends_with(",0.02,0.3,inf,fastest cheapest frontier,"), "{text}");
        assert!(lines[2].starts_with("a,7,\"uniform(1s, 2s)\",200,0.0,,,,"), "{text}");
        assert!(lines[2].ends_with(",,,,,full; ports"), "{text}");
        let count = |line: &str| {
            ::csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(line.as_bytes())
                .records()
                .next()
                .unwrap()
                .unwrap()
                .len()
        };
        assert_eq!([count(lines[1]), count(lines[2])], [count(lines[0]); 2]);
    }

    #[test]
    fn json_has_all_of_it() {
        let json: serde_json::Value = serde_json::from_str(&json(&two())).unwrap();
        assert_eq!(
            (&json["schema_version"], &json["fastest"], &json["frontier"][0]),
            (&1.into(), &0.into(), &0.into())
        );
        assert_eq!(json["axes"][1]["values"][0], "uniform(1s, 2s)");
        let first = &json["cells"][0];
        assert_eq!((&first["settings"]["host_group.m5.hosts"], &first["deploy_s"]["p95"]), (&6.into(), &252.0.into()));
        assert_eq!((&first["failed_requests"], &first["usd_per_month"]), (&12.0.into(), &420.48.into()));
        assert!(first["latency_s"]["p99"].is_null(), "it is saturated");
        assert!(json["cells"][1]["deploy_s"]["p95"].is_null());
        assert!(MEANS.iter().all(|name| first.get(name).is_some()));
    }
}
