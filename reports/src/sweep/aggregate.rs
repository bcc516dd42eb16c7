//! From rows to cells: what is known of a cell once all its runs are there. Only cells under way hold anything for each run,
//! and sums are of whole millionths, so that neither the order of the rows nor a file between them changes a digit.

use std::collections::BTreeMap;

use seatrial_scenarios::sweep::{Cell, Sweep};

use crate::csv::RunLine;
use crate::statistics::{DeploySeconds, mean_interval, quantile, quantile_interval};

/// What the cells of a sweep say, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepTable {
    /// The scenario file's name as the user gave it.
    pub scenario: String,
    /// The question, from the file.
    pub question: String,
    /// One line about the system.
    pub system: String,
    /// How long each run was simulated at most, in seconds.
    pub horizon_s: f64,
    /// How many seeds each cell was run with.
    pub seeds: u32,
    /// Path and values of each axis.
    pub axes: Vec<(String, Vec<String>)>,
    /// Whether the cells are all combinations, and not a sample of them.
    pub is_grid: bool,
    /// How many cells were left out because they are no scenario, and why the first of them is not.
    pub skipped: (usize, Option<String>),
    /// One entry a cell.
    pub cells: Vec<CellStatistics>,
}

/// What the runs of one cell say.
#[derive(Clone, Debug, PartialEq)]
pub struct CellStatistics {
    /// The variant's name.
    pub variant: String,
    /// By axis, the position of the value.
    pub values: Vec<u32>,
    /// How many runs there were.
    pub runs: usize,
    /// How many of them finished their deploys, or had none.
    pub finished: usize,
    /// Whether there are deploys to speak of.
    pub has_deploys: bool,
    /// Deploy duration over the seeds.
    pub deploy_s: DeploySeconds,
    /// The lowest share of the desired tasks in service that any seed saw; percent.
    pub lowest_healthy_percent: f64,
    /// The most tasks at once that any seed saw.
    pub peak_tasks: u32,
    /// The mean of each of [`MEANS`]; absent where a run has none.
    pub means: [Option<f64>; MEANS.len()],
    /// The medians of the runs' latency percentiles 50, 95 and 99, in seconds; infinite where they are saturated.
    pub latency_s: [Option<f64>; 3],
    /// What unfinished deploys wait for, the most common first.
    pub blocked: Vec<String>,
}

/// The columns of a row of which a cell has the mean.
pub const MEANS: [&str; 30] = [
    "extra_replica_s",
    "short_replica_s",
    "spare_usd_per_month",
    "usd_per_deploy",
    "surge_usd_per_deploy",
    "bill_usd",
    "usd_per_month",
    "needed_usd",
    "spare_usd",
    "surge_usd",
    "stranded_usd",
    "booting_usd",
    "draining_usd",
    "gone_usd",
    "warm_usd",
    "offered_requests",
    "served_requests",
    "waiting_requests",
    "failed_requests",
    "cut_requests",
    "hung_requests",
    "refused_requests",
    "no_target_requests",
    "timed_out_requests",
    "error_requests",
    "shortfall_requests",
    "waited_request_s",
    "below_floor_s",
    "scaling_actions",
    "scaling_reversals",
];

/// In the order of [`MEANS`].
fn numbers(line: &RunLine) -> [Option<f64>; MEANS.len()] {
    [
        Some(line.extra_replica_s),
        Some(line.short_replica_s),
        Some(line.spare_usd_per_month),
        line.usd_per_deploy,
        line.surge_usd_per_deploy,
        Some(line.bill_usd),
        Some(line.usd_per_month),
        Some(line.needed_usd),
        Some(line.spare_usd),
        Some(line.surge_usd),
        Some(line.stranded_usd),
        Some(line.booting_usd),
        Some(line.draining_usd),
        Some(line.gone_usd),
        Some(line.warm_usd),
        line.offered_requests,
        line.served_requests,
        line.waiting_requests,
        line.failed_requests,
        line.cut_requests,
        line.hung_requests,
        line.refused_requests,
        line.no_target_requests,
        line.timed_out_requests,
        line.error_requests,
        line.shortfall_requests,
        line.waited_request_s,
        Some(line.below_floor_s),
        Some(f64::from(line.scaling_actions)),
        Some(f64::from(line.scaling_reversals)),
    ]
}

impl CellStatistics {
    /// The mean of one of [`MEANS`].
    ///
    /// # Panics
    /// When it is not one of them.
    pub fn mean(&self, name: &str) -> Option<f64> {
        self.means[MEANS.iter().position(|known| *known == name).expect("the name of a mean")]
    }
}

impl SweepTable {
    /// Whether any cell has deploys.
    pub fn has_deploys(&self) -> bool {
        self.cells.iter().any(|cell| cell.has_deploys)
    }

    /// Whether any service has a load.
    pub fn has_users(&self) -> bool {
        self.cells.iter().any(|cell| cell.mean("failed_requests").is_some())
    }
}

/// Takes the rows of a sweep, in any order.
pub struct Aggregate<'s> {
    sweep: &'s Sweep,
    under_way: BTreeMap<usize, Runs>,
    complete: BTreeMap<usize, CellStatistics>,
}

impl<'s> Aggregate<'s> {
    /// Nothing yet.
    pub const fn new(sweep: &'s Sweep) -> Self {
        Self { sweep, under_way: BTreeMap::new(), complete: BTreeMap::new() }
    }

    /// Takes some runs of a cell that were not there before.
    pub fn add(&mut self, cell: usize, lines: &[RunLine]) {
        let runs = self.under_way.entry(cell).or_default();
        for line in lines {
            runs.add(line);
        }
        if runs.count == self.sweep.seeds as usize {
            let runs = self.under_way.remove(&cell).unwrap_or_default();
            self.complete.insert(cell, runs.statistics(self.sweep, &self.sweep.cells[cell]));
        }
    }

    /// What the cells say whose runs are all there.
    pub fn table(self) -> SweepTable {
        let Sweep { scenario, axes, seeds, .. } = self.sweep;
        SweepTable {
            scenario: scenario.name.clone(),
            question: scenario.question.clone(),
            system: scenario.system.clone(),
            horizon_s: self.sweep.horizon_s,
            seeds: *seeds,
            axes: axes.iter().map(|axis| (axis.path.clone(), axis.values.clone())).collect(),
            is_grid: self.sweep.design == seatrial_scenarios::sweep::Design::Grid,
            skipped: self.sweep.skipped.clone(),
            cells: self.complete.into_values().collect(),
        }
    }
}

/// The runs of a cell so far. Times and amounts are whole millionths.
#[derive(Default)]
struct Runs {
    count: usize,
    finished: usize,
    has_deploys: bool,
    durations: Vec<i64>,
    lowest: Option<i128>,
    peak_tasks: u32,
    sums: [i128; MEANS.len()],
    /// How many runs have each number.
    counts: [usize; MEANS.len()],
    latencies: [Vec<f64>; 3],
    blocked: BTreeMap<String, usize>,
}

impl Runs {
    fn add(&mut self, line: &RunLine) {
        self.count += 1;
        self.finished += usize::from(line.finished);
        // Without a deploy there is no price of one; a run that could not even begin is not finished.
        self.has_deploys |= line.usd_per_deploy.is_some() || !line.finished;
        // No run is longer than ten years.
        self.durations.extend(line.deploy_s.map(|seconds| micros(seconds) as i64));
        let lowest = micros(line.lowest_healthy_percent);
        self.lowest = Some(self.lowest.map_or(lowest, |known| known.min(lowest)));
        self.peak_tasks = self.peak_tasks.max(line.peak_tasks);
        for (index, number) in numbers(line).into_iter().enumerate() {
            self.sums[index] += number.map_or(0, micros);
            self.counts[index] += usize::from(number.is_some());
        }
        for (known, new) in self.latencies.iter_mut().zip([line.latency_p50_s, line.latency_p95_s, line.latency_p99_s])
        {
            known.extend(new);
        }
        if !line.blocked.is_empty() {
            *self.blocked.entry(line.blocked.clone()).or_default() += 1;
        }
    }

    fn statistics(mut self, sweep: &Sweep, cell: &Cell) -> CellStatistics {
        self.durations.sort_unstable();
        let all_ended = self.durations.len() == self.count;
        let sum: i128 = self.durations.iter().copied().map(i128::from).sum();
        let mean = |sum: i128, count: usize| sum as f64 / count as f64 / 1e6;
        let mut durations: Vec<Option<f64>> = self.durations.iter().map(|micros| Some(*micros as f64 / 1e6)).collect();
        durations.resize(self.count, None);
        let mut blocked: Vec<_> = self.blocked.iter().collect();
        blocked.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let mut means = [None; MEANS.len()];
        for (index, slot) in means.iter_mut().enumerate() {
            *slot = (self.counts[index] == self.count).then(|| mean(self.sums[index], self.count));
        }
        let (variant, _) = sweep.describe(cell);
        CellStatistics {
            variant: variant.into(),
            values: cell.values.clone(),
            runs: self.count,
            finished: self.finished,
            has_deploys: self.has_deploys,
            deploy_s: DeploySeconds {
                mean: (all_ended && self.count > 0).then(|| mean(sum, self.count)),
                mean_interval: durations.iter().copied().collect::<Option<Vec<f64>>>().and_then(|s| mean_interval(&s)),
                p50: quantile(&durations, 50),
                p50_interval: quantile_interval(&durations, 50).filter(|_| self.has_deploys),
                p95: quantile(&durations, 95),
                p95_interval: quantile_interval(&durations, 95).filter(|_| self.has_deploys),
                min: durations.first().copied().flatten(),
                max: quantile(&durations, 100),
            },
            lowest_healthy_percent: self.lowest.unwrap_or_default() as f64 / 1e6,
            peak_tasks: self.peak_tasks,
            means,
            latency_s: self.latencies.map(median),
            blocked: blocked.into_iter().map(|(message, _)| message.clone()).collect(),
        }
    }
}

/// The smallest that at least half of them do not exceed.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len().div_ceil(2).saturating_sub(1)).copied()
}

/// Rows have six decimals.
fn micros(value: f64) -> i128 {
    (value * 1e6).round() as i128
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use seatrial_scenarios::results::Row;
    use seatrial_sim::traffic::{Loss, Quantile};

    use super::*;
    use crate::examples::{results, row, users, variant};
    use crate::statistics::Comparison;
    use crate::sweep::examples::sweep;

    fn table(rows: &[Row]) -> SweepTable {
        let mut sweep = sweep(&["host_group.g.hosts=2"]);
        sweep.seeds = rows.len() as u32;
        let mut aggregate = Aggregate::new(&sweep);
        for row in rows {
            aggregate.add(0, &[RunLine::new(row)]);
        }
        aggregate.table()
    }

    /// Four runs of 10, 20, 30 s and none: the second is the median, and what no run exceeds is not known.
    #[test]
    fn a_cell_is_what_its_runs_say() {
        let rows = variant("a", &[Some(30.0), None, Some(10.0), Some(20.0)]).rows;
        let cell = &table(&rows).cells[0];
        assert_eq!((cell.runs, cell.finished, cell.has_deploys), (4, 3, true));
        let DeploySeconds { mean, p50, p95, min, max, .. } = cell.deploy_s;
        assert_eq!([mean, p50, p95, min, max], [None, Some(20.0), None, Some(10.0), None]);
        assert_eq!(cell.mean("usd_per_month"), Some(584.0));
        assert_eq!(cell.mean("failed_requests"), None);
        assert_eq!(cell.blocked, ["1 task does not fit: memory on 6 of 6 hosts"]);
    }

    #[test]
    fn users_of_a_cell() {
        let mut rows = variant("a", &[Some(1.0), Some(2.0), Some(3.0)]).rows;
        for (row, failed) in rows.iter_mut().zip([1, 2, 6]) {
            let mut felt = users(&[(Loss::Cut, failed)]);
            felt.latency.p99 = if failed > 1 { Quantile::Saturated } else { Quantile::Seconds(1.0) };
            row.summary.users = Some(felt);
        }
        let cell = &table(&rows).cells[0];
        assert_eq!([cell.mean("failed_requests"), cell.mean("cut_requests")], [Some(3.0), Some(3.0)]);
        assert_eq!(cell.latency_s, [Some(0.02), Some(0.08), Some(f64::INFINITY)]);
    }

    #[test]
    fn a_cell_without_all_of_its_runs_is_not_in_the_table() {
        let sweep = sweep(&["host_group.g.hosts=2..3"]);
        let mut aggregate = Aggregate::new(&sweep);
        aggregate.add(1, &[RunLine::new(&row(5, Some(1.0)))]);
        assert!(aggregate.table().cells.is_empty());
    }

    proptest! {
        /// The statistics of a cell are those of a variant with the same rows, and no order of them changes a bit.
        #[test]
        fn a_cell_is_a_variant(durations in prop::collection::vec(prop::option::of(0_u32..10_000_000), 1..40), turn in 0_usize..40) {
            let seconds: Vec<_> = durations.iter().map(|ms| ms.map(|ms| f64::from(ms) / 1e3)).collect();
            let mut rows = variant("a", &seconds).rows;
            for (index, row) in rows.iter_mut().enumerate() {
                row.summary.bill_usd = 1.0 / (index + 3) as f64;
            }
            let expected = Comparison::new(&results(vec![seatrial_scenarios::results::VariantResults {
                name: "a".into(),
                rows: rows.clone(),
            }])).variants.remove(0);
            let ordered = table(&rows);
            let turn = turn % rows.len();
            rows.rotate_left(turn);
            prop_assert_eq!(&ordered, &table(&rows));
            let cell = &ordered.cells[0];
            prop_assert_eq!(cell.finished, expected.finished);
            let of = |deploy: &DeploySeconds| [deploy.p50, deploy.p95, deploy.min, deploy.max];
            prop_assert_eq!(of(&cell.deploy_s), of(&expected.deploy_s));
            let near = |a: Option<f64>, b: f64| a.is_some_and(|a| (a - b).abs() < 1e-5);
            prop_assert!(near(cell.mean("bill_usd"), expected.bill_usd));
            prop_assert!(cell.deploy_s.mean.is_some() == expected.deploy_s.mean.is_some());
            prop_assert!(expected.deploy_s.mean.is_none_or(|mean| near(cell.deploy_s.mean, mean)));
        }
    }
}
