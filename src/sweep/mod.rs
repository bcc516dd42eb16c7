//! `seatrial sweep`: read the scenario and the axes, play every cell, keep the rows as they come, and say which cells are the
//! best.

mod folder;

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

use seatrial_reports::charts;
use seatrial_reports::csv::RunLine;
use seatrial_reports::sweep::{self as reports, Aggregate, Rows, SweepTable};
use seatrial_scenarios::results::Row;
use seatrial_scenarios::sweep::{Design, Stop, Sweep, SweepOptions};
use seatrial_scenarios::{RunOptions, Scenario};

use crate::Exit;
use crate::chart_files;
use crate::cli::{self, Format, Output};
use crate::run::{Failure, cannot_write, check_files, find_variant, interruption, print, progress_bar, write};

use folder::{Done, Folder};

/// Runs the verb.
pub fn sweep(arguments: &cli::Sweep) -> Result<ExitCode, Failure> {
    check_files(arguments.formats.iter().filter_map(|output| output.file.as_ref()), None)?;
    let scenario = Scenario::load(&arguments.file)?;
    if let Some(name) = &arguments.variant {
        find_variant(&scenario, name)?;
    }
    let sweep = Sweep::new(scenario, &options(arguments))?;
    let rows = Rows::new(&sweep);
    let mut keeper = Keeper { folder: None, lines: lines_file(&arguments.formats)?, aggregate: Aggregate::new(&sweep) };
    let mut done = Done::new(&sweep);
    if let Some(path) = &arguments.out {
        let folder = Folder::open(path, &sweep, &rows, arguments.restart, &mut |cell, position, line| {
            keeper.take(&rows, cell, &[line])?;
            Ok(done.note(cell, position))
        })?;
        keeper.folder = Some(folder);
    }

    let interrupted = interruption()?;
    let runs = sweep.cells.len() as u64 * u64::from(sweep.seeds);
    let bar = progress_bar(arguments.quiet, runs, &sweep.scenario.name);
    bar.set_position(done.count());
    bar.reset_eta();
    let keeper = Mutex::new(keeper);
    let keep = |cell: usize, runs: Vec<Row>| -> Result<(), Stop> {
        let lines: Vec<RunLine> = runs.iter().map(RunLine::new).collect();
        let written = rows.csv(cell, &lines);
        let mut keeper = locked(&keeper);
        if let Some(folder) = &mut keeper.folder {
            folder.append(&written)?;
        }
        keeper.take(&rows, cell, &lines)?;
        bar.inc(lines.len() as u64);
        Ok(())
    };
    let played = sweep.play(&|cell, position| done.has(cell, position), &keep, &interrupted);
    let kept = bar.position();
    bar.finish_and_clear();
    played
        .inspect_err(|_| eprintln!("{}", how_to_go_on(arguments, "stopped", kept, runs)))
        .map_err(|stop| -> Failure { stop })?;
    if interrupted.load(Ordering::Relaxed) {
        eprintln!("{}", how_to_go_on(arguments, "interrupted", kept, runs));
        return Ok(Exit::Interrupted.into());
    }
    let table = keeper.into_inner().unwrap_or_else(PoisonError::into_inner).aggregate.table();
    report(&table, &arguments.formats)?;
    if let Some(folder) = &arguments.out {
        save(&table, folder)?;
    }
    let answered = table.cells.iter().any(|cell| cell.deploy_s.min.is_some()) || !table.has_deploys();
    Ok(if answered { Exit::Answered } else { Exit::NothingFinished }.into())
}

fn options(arguments: &cli::Sweep) -> SweepOptions {
    SweepOptions {
        axes: arguments.axes.clone(),
        variant: arguments.variant.clone(),
        design: arguments
            .latin_hypercube
            .map_or(Design::Grid, |cells| Design::LatinHypercube { cells, seed: arguments.design_seed }),
        skip_invalid: arguments.skip_invalid,
        run: RunOptions {
            seeds: arguments.seeds,
            first_seed: arguments.seed,
            threads: arguments.threads.map(|threads| threads as usize),
        },
    }
}

/// Where rows go.
struct Keeper<'s> {
    folder: Option<Folder>,
    /// The JSON lines.
    lines: Option<Box<dyn Write + Send>>,
    aggregate: Aggregate<'s>,
}

impl Keeper<'_> {
    /// Takes rows that are in the folder, where there is one.
    fn take(&mut self, rows: &Rows, cell: usize, lines: &[RunLine]) -> Result<(), Stop> {
        if let Some(file) = &mut self.lines {
            match file.write_all(rows.json(cell, lines).as_bytes()).and_then(|()| file.flush()) {
                // A reader that has gone away has read enough.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.lines = None,
                Err(error) => return Err(format!("error: cannot write the JSON lines: {error}").into()),
                Ok(()) => {}
            }
        }
        self.aggregate.add(cell, lines);
        Ok(())
    }
}

/// A panic of another thread ends the sweep anyway.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where JSON lines go, if they are asked for.
fn lines_file(outputs: &[Output]) -> Result<Option<Box<dyn Write + Send>>, Failure> {
    let mut wanted = outputs.iter().filter(|output| output.format == Format::Jsonl);
    let Some(Output { file, .. }) = wanted.next() else { return Ok(None) };
    if wanted.next().is_some() {
        return Err("error: --format jsonl is there twice; a sweep writes its runs once".into());
    }
    Ok(Some(match file {
        Some(path) => Box::new(File::create(path).map_err(|error| cannot_write(path, &error))?),
        None => Box::new(io::stdout()),
    }))
}

/// What is said of a sweep that has not come to its end.
fn how_to_go_on(arguments: &cli::Sweep, what: &str, kept: u64, runs: u64) -> String {
    match &arguments.out {
        Some(folder) => {
            let restart = if arguments.restart { " without --restart" } else { "" };
            format!(
                "{what}: {kept} of {runs} runs are in {}; the same command{restart} goes on from there",
                folder.join(folder::ROWS).display()
            )
        }
        None => {
            format!("{what} after {kept} of {runs} runs; with --out DIR they are kept, and the same command goes on")
        }
    }
}

/// Prints the cells, or writes them where a format names a file.
fn report(table: &SweepTable, outputs: &[Output]) -> Result<(), Failure> {
    let mut is_first = true;
    for Output { format, file } in outputs {
        let text = match format {
            Format::Table => reports::table(table),
            Format::Json => reports::json(table),
            Format::Csv => reports::csv(table),
            Format::Markdown => reports::markdown(table),
            // They are written as they come.
            Format::Jsonl => continue,
        };
        if let Some(file) = file {
            write(file, text.as_bytes())?;
        } else {
            let apart = if is_first || *format == Format::Json { "" } else { "\n" };
            print(&format!("{apart}{text}"))?;
            is_first = false;
        }
    }
    Ok(())
}

/// Writes what is known of the cells beside the rows.
fn save(table: &SweepTable, folder: &Path) -> Result<(), Failure> {
    write(&folder.join("cells.json"), reports::json(table).as_bytes())?;
    let is_drawn = table.is_grid && table.has_deploys();
    let drawn: Vec<_> = is_drawn.then(|| ("heat-map".to_string(), charts::heat_map(table))).into_iter().collect();
    chart_files::write(folder, "sweep", &drawn)
}
