//! Sweeps: a scenario's variants over all combinations of some values, or a sample of them. Every cell is checked before
//! anything runs, and has the same seeds.

mod axes;
mod design;

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::digest::{digest, hexadecimal};
use crate::report::{Problem, Report};
use crate::results::Row;
use crate::runner::{FirstFailure, crew, play, pool};
use crate::{RunOptions, Scenario, Setting, Variant};

pub use axes::Axis;
pub(crate) use axes::of_file as axes_of_file;
pub use design::Design;

/// What a sweep is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepOptions {
    /// Axes beside those of the scenario. Where both have a path the scenario's gives way.
    pub axes: Vec<Axis>,
    /// The only variant, if not all.
    pub variant: Option<String>,
    /// Which combinations.
    pub design: Design,
    /// Leaves out the cells that are no scenario, which is an error otherwise.
    pub skip_invalid: bool,
    /// Seeds and threads.
    pub run: RunOptions,
}

/// A sweep whose cells are all known to be good.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// What is swept.
    pub scenario: Scenario,
    /// What is varied; at least one.
    pub axes: Vec<Axis>,
    /// Which combinations.
    pub design: Design,
    /// All cells: variant by variant, each in the design's order.
    pub cells: Vec<Cell>,
    /// How many seeds each cell is run with.
    pub seeds: u32,
    /// The first of them; the others follow by one.
    pub first_seed: u64,
    /// How many cells were left out because they are no scenario, and why the first of them is not.
    pub skipped: (usize, Option<String>),
    /// SHA-256 of all models, in hexadecimal digits: the same for the same cells whatever the files are called.
    pub fingerprint: String,
    /// How long the longest run is simulated at most; seconds.
    pub horizon_s: f64,
    threads: Option<usize>,
}

/// One combination of values in one variant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The position of the variant in the scenario.
    pub variant: u32,
    /// By axis, the position of the value.
    pub values: Vec<u32>,
}

/// No sweep has more cells.
const MOST_CELLS: usize = 100_000;
/// Runs that are handed over together.
const BATCH: u32 = 50;

impl Sweep {
    /// Checks every cell.
    ///
    /// # Errors
    /// Axes that cannot be together, too many cells, and the first few cells that are no scenario.
    ///
    /// # Panics
    /// When the scenario has no variant of the name, or the system gives no threads.
    pub fn new(scenario: Scenario, options: &SweepOptions) -> Result<Self, Report> {
        let refused = |path: &str, message: String, help: &str| {
            Report::without_places(&scenario.name, vec![Problem::new(0..0, path, message, Some(help.into()))])
        };
        let axes = axes::combined(&scenario.axes, &options.axes)
            .map_err(|message| refused("", message, "leave one of them out"))?;
        if axes.is_empty() {
            let help = "write --axis host_group.m5.hosts=6..12, or an [[axis]] in the file";
            return Err(refused("", "nothing to sweep: there is no axis".into(), help));
        }
        let chosen = |name: &str| options.variant.as_ref().is_none_or(|only| only == name);
        let variants: Vec<u32> = (0..)
            .zip(&scenario.variants)
            .filter(|(_, variant)| chosen(&variant.name))
            .map(|(index, _)| index)
            .collect();
        assert!(!variants.is_empty(), "the caller names a variant of the scenario");
        let lengths: Vec<usize> = axes.iter().map(|axis| axis.values.len()).collect();
        let count = options.design.count(&lengths).and_then(|count| count.checked_mul(variants.len()));
        let count = count.filter(|count| *count <= MOST_CELLS).ok_or_else(|| {
            let found = count.map_or("too many".into(), |count| count.to_string());
            let message = format!("{found} cells, where at most {MOST_CELLS} are possible");
            refused("", message, "widen a step, leave out an axis, or take a sample: --latin-hypercube 1000")
        })?;
        let design = options.design.cells(&lengths);
        let mut seen = BTreeSet::new();
        let mut cells = Vec::with_capacity(count);
        for variant in variants {
            cells.extend(design.iter().map(|values| Cell { variant, values: values.clone() }));
        }
        cells.retain(|cell| seen.insert(cell.clone()));
        drop(seen);
        let mut sweep = Self {
            axes,
            design: options.design,
            seeds: options.run.seeds.unwrap_or(scenario.seeds),
            first_seed: options.run.first_seed.unwrap_or(scenario.first_seed),
            skipped: (0, None),
            fingerprint: String::new(),
            horizon_s: 0.0,
            threads: options.run.threads,
            scenario,
            cells,
        };
        sweep.check(options.skip_invalid)?;
        Ok(sweep)
    }

    /// The variant's name of a cell, and the values in the order of the axes.
    pub fn describe(&self, cell: &Cell) -> (&str, Vec<&str>) {
        let values = self.axes.iter().zip(&cell.values).map(|(axis, value)| axis.values[*value as usize].as_str());
        (&self.scenario.variants[cell.variant as usize].name, values.collect())
    }

    /// The seed of a position from 0 up to the number of seeds.
    pub const fn seed(&self, position: u32) -> u64 {
        self.first_seed.wrapping_add(position as u64)
    }

    /// Plays every run that is not done yet. Runs of one cell are handed over some at a time, in no certain order and from any
    /// thread. When `cancelled` becomes true, the runs under way are the last, and they are handed over, too.
    ///
    /// # Errors
    /// The first that `keep` has; a cell that is no scenario any more, because a file that it names has changed; and a program
    /// that fails. Whole runs are handed over all the same.
    ///
    /// # Panics
    /// When the system gives no threads.
    pub fn play(
        &self,
        is_done: &(dyn Fn(usize, u32) -> bool + Sync),
        keep: &(dyn Fn(usize, Vec<Row>) -> Result<(), Stop> + Sync),
        cancelled: &AtomicBool,
    ) -> Result<(), Stop> {
        let batches_of_cell = self.seeds.div_ceil(BATCH) as usize;
        let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
        let failure = FirstFailure::default();
        let is_over = || cancelled.load(Ordering::Relaxed) || stopped.load(Ordering::Relaxed) || failure.is_there();
        // Neighbours in time are of one cell, so that few cells are under way at any time.
        let work = || -> Result<(), Stop> {
            let mut variant: Option<(usize, Variant)> = None;
            while !is_over() {
                let batch = next.fetch_add(1, Ordering::Relaxed);
                let cell = batch / batches_of_cell;
                if cell >= self.cells.len() {
                    break;
                }
                let first = (batch % batches_of_cell) as u32 * BATCH;
                let seeds = first..self.seeds.min(first + BATCH);
                let missing: Vec<u32> = seeds.filter(|&position| !is_done(cell, position)).collect();
                if missing.is_empty() {
                    continue;
                }
                let variant = match variant.take() {
                    Some(known) if known.0 == cell => variant.insert(known),
                    _ => variant.insert((cell, self.variant(&self.cells[cell])?)),
                };
                let seeds = missing.into_iter().map(|position| self.seed(position)).take_while(|_| !is_over());
                let rows = seeds.map_while(|seed| {
                    let played = play(&variant.1, seed).map_err(|error| failure.note(error));
                    played.ok().map(|summary| Row { seed, summary })
                });
                let rows: Vec<Row> = rows.collect();
                if !rows.is_empty() {
                    keep(cell, rows)?;
                }
            }
            Ok(())
        };
        let worker = |_: rayon::BroadcastContext<'_>| work().inspect_err(|_| stopped.store(true, Ordering::Relaxed));
        crew(&self.scenario, self.threads).broadcast(worker).into_iter().collect::<Result<(), Stop>>()?;
        failure.or(()).map_err(Stop::from)
    }

    fn variant(&self, cell: &Cell) -> Result<Variant, Report> {
        let (variant, values) = self.describe(cell);
        let settings = self.axes.iter().zip(values);
        let settings: Vec<Setting> =
            settings.map(|(axis, value)| Setting { path: axis.path.clone(), value: value.into() }).collect();
        self.scenario.vary(variant, &settings)
    }

    /// Reads every cell once; the models are not kept, because they are larger than what is known of a cell in the end.
    fn check(&mut self, skip_invalid: bool) -> Result<(), Report> {
        let read =
            |cell: &Cell| self.variant(cell).map(|Variant { model, .. }| (digest(&model), model.horizon.as_secs_f64()));
        let found: Vec<_> = pool(self.threads).install(|| self.cells.par_iter().map(read).collect());
        let invalid: Vec<_> =
            self.cells.iter().zip(&found).filter_map(|(cell, found)| Some((cell, found.as_ref().err()?))).collect();
        if !invalid.is_empty() && (!skip_invalid || invalid.len() == self.cells.len()) {
            return Err(self.refused(&invalid));
        }
        self.skipped = (invalid.len(), invalid.first().map(|(cell, report)| self.reason(cell, report).message));
        let mut whole = Sha256::new();
        for (digest, horizon_s) in found.iter().flatten() {
            whole.update(digest);
            self.horizon_s = self.horizon_s.max(*horizon_s);
        }
        self.fingerprint = hexadecimal(&whole.finalize());
        let mut found = found.iter();
        self.cells.retain(|_| found.next().is_some_and(Result::is_ok));
        Ok(())
    }

    /// The first few cells that are no scenario, and how many there are.
    fn refused(&self, invalid: &[(&Cell, &Report)]) -> Report {
        const SHOWN: usize = 3;
        let mut problems: Vec<Problem> =
            invalid.iter().take(SHOWN).map(|(cell, report)| self.reason(cell, report)).collect();
        let (count, all) = (invalid.len(), self.cells.len());
        let help = if count == all { "no cell is a scenario" } else { "--skip-invalid leaves them out" };
        problems.push(Problem::new(0..0, "", format!("{count} of {all} cells cannot be run"), Some(help.into())));
        Report::without_places(&self.scenario.name, problems)
    }

    /// Why a cell is no scenario.
    fn reason(&self, cell: &Cell, report: &Report) -> Problem {
        let (variant, values) = self.describe(cell);
        let mut message = String::new();
        for (axis, value) in self.axes.iter().zip(values) {
            let comma = if message.is_empty() { "" } else { ", " };
            write!(message, "{comma}{} = {value}", axis.path).expect("texts can be written into memory");
        }
        let first = report.problems().first();
        let why = first.map_or("it cannot be read", |problem| problem.message.as_str());
        let message = format!("{why} (in the cell {message} of the variant '{variant}')");
        let path = first.map_or("", |problem| problem.path.as_str());
        Problem::new(0..0, path, message, first.and_then(|problem| problem.help.clone()))
    }
}

/// What ends a sweep before its end.
pub type Stop = Box<dyn Error + Send + Sync>;

/// What is wrong with the axes of a file: those of which no value is one in any variant.
pub(crate) fn check_axes(scenario: &Scenario) -> Vec<Problem> {
    let wrong = |axis: &Axis| {
        let mut first = None;
        for value in &axis.values {
            let setting = Setting { path: axis.path.clone(), value: value.clone() };
            for variant in &scenario.variants {
                match scenario.vary(&variant.name, std::slice::from_ref(&setting)) {
                    Ok(_) => return None,
                    Err(report) => first = first.or(Some((value, report))),
                }
            }
        }
        let (value, report) = first?;
        let problem = report.problems().first()?;
        let message = format!("{} (at {value})", problem.message);
        Some(axes::problem_of(scenario.root(), &axis.path, message, problem.help.clone()))
    };
    scenario.axes.iter().filter_map(wrong).collect()
}

#[cfg(test)]
mod tests;
