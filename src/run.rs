//! `seatrial run`: read the scenarios, play them, print and save what they say.

use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressStyle};
use seatrial_reports::charts::{self, Chart, DemandSeries, ReplicaSeries, TaskSeries};
use seatrial_reports::statistics::Comparison;
use seatrial_reports::{csv, facts, json, markdown, table};
use seatrial_scenarios::explain::trace;
use seatrial_scenarios::results::Results;
use seatrial_scenarios::{RunOptions, Scenario, Variant};
use seatrial_sim::measure::summary::Summary;

use crate::Exit;
use crate::chart_files;
use crate::cli::{Format, Output, Run};
use crate::explain;
use crate::report;

/// What goes wrong, as it is said to the user.
pub type Failure = Box<dyn Error>;

/// Runs the verb.
pub fn run(arguments: &Run) -> Result<ExitCode, Failure> {
    let scenarios = load(&arguments.files)?;
    check_arguments(arguments, &scenarios)?;
    let interrupted = interruption()?;
    let mut answered = false;
    for (i, scenario) in scenarios.iter().enumerate() {
        let (results, remark) = play(scenario, arguments, &interrupted)?;
        if results.variants.iter().any(|variant| variant.rows.is_empty()) {
            // Interrupted before one seed was through every variant: there is nothing to print.
            break;
        }
        answered |= has_answer(&results);
        let mut comparison = Comparison::new(&results);
        comparison.remarks.extend(remark);
        answer(&results, &comparison, &arguments.formats, i > 0)?;
        let folder = folder_of(scenario, arguments, scenarios.len());
        if folder.is_some() || arguments.report.is_some() {
            save(scenario, arguments, (&results, &comparison), folder.as_deref(), &interrupted)?;
        }
        if interrupted.load(Ordering::Relaxed) {
            let rows = results.variants[0].rows.len();
            eprintln!("interrupted: these are the {rows} seeds that every variant had completed");
            break;
        }
    }
    if let Some(file) = &arguments.facts {
        write_facts(&scenarios[0], arguments, file)?;
    }
    Ok(match (interrupted.load(Ordering::Relaxed), answered) {
        (true, _) => Exit::Interrupted,
        (false, true) => Exit::Answered,
        (false, false) => Exit::NothingFinished,
    }
    .into())
}

/// Whether a deploy ended, or there was none that could.
fn has_answer(results: &Results) -> bool {
    let mut summaries = results.variants.iter().flat_map(|variant| &variant.rows).map(|row| &row.summary);
    summaries.clone().any(|summary| summary.deploy_s.is_some()) || summaries.all(Summary::is_finished)
}

/// Every scenario, or what is wrong with any of them.
pub fn load(files: &[PathBuf]) -> Result<Vec<Scenario>, Failure> {
    let (scenarios, problems): (Vec<_>, Vec<_>) =
        files.iter().map(|file| Scenario::load(file)).partition(Result::is_ok);
    if problems.is_empty() {
        return Ok(scenarios.into_iter().flatten().collect());
    }
    let texts: Vec<_> = problems.into_iter().filter_map(Result::err).map(|report| report.to_string()).collect();
    Err(texts.join("\n").into())
}

/// What would fail after the work fails before it.
fn check_arguments(arguments: &Run, scenarios: &[Scenario]) -> Result<(), Failure> {
    if scenarios.len() > 1 {
        let alone = |what: &str| Err(format!("error: {what} takes one scenario file, not {}", scenarios.len()).into());
        if arguments.facts.is_some() {
            return alone("--facts");
        }
        if arguments.report.is_some() {
            return alone("--report");
        }
        if arguments.formats.iter().any(|output| output.format == Format::Csv || output.file.is_some()) {
            return alone("--format csv, or a format with a file,");
        }
    }
    let at_most = at_most(arguments);
    if let Some(seeds) = arguments.seeds.filter(|seeds| arguments.until.is_some() && *seeds > at_most) {
        return Err(format!("error: --seeds {seeds} is more than --at-most {at_most}: raise the latter").into());
    }
    let mut stems: Vec<_> = scenarios.iter().map(stem).collect();
    stems.sort_unstable();
    if arguments.out.is_some() && stems.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err("error: two of the scenario files have one name, and --out names its folders after them".into());
    }
    let files = arguments.formats.iter().filter_map(|output| output.file.as_ref());
    check_files(files.chain(&arguments.facts).chain(&arguments.report), arguments.out.as_deref())?;
    if let Some(name) = &arguments.variant {
        find_variant(&scenarios[0], name)?;
    }
    Ok(())
}

/// Files that cannot be written, and those that would be written twice, are known before the work.
pub fn check_files<'a>(files: impl Iterator<Item = &'a PathBuf>, folder: Option<&Path>) -> Result<(), Failure> {
    let mut files: Vec<_> = files.collect();
    files.sort_unstable();
    if let Some(pair) = files.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("error: {} is to be written twice", pair[0].display()).into());
    }
    for file in files {
        // Opened and left as it is.
        fs::OpenOptions::new().append(true).create(true).open(file).map_err(|error| cannot_write(file, &error))?;
    }
    if let Some(folder) = folder {
        fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
    }
    Ok(())
}

/// Becomes true when the user interrupts; a second time ends the program at once.
pub fn interruption() -> Result<Arc<AtomicBool>, Failure> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(Exit::Interrupted as i32);
        }
    })?;
    Ok(interrupted)
}

/// The most seeds that `--until` may take.
fn at_most(arguments: &Run) -> u32 {
    const AT_MOST: u32 = 10_000;
    arguments.at_most.unwrap_or(AT_MOST)
}

/// Every variant with every seed, and what there is to say of how many those were.
fn play(scenario: &Scenario, arguments: &Run, interrupted: &AtomicBool) -> Result<(Results, Option<String>), Failure> {
    let seeds = arguments.seeds.unwrap_or(scenario.seeds);
    let Some(until) = &arguments.until else { return Ok((batch(scenario, arguments, 0, seeds, interrupted)?, None)) };
    let more = |before, seeds| batch(scenario, arguments, before, seeds, interrupted);
    let (results, remark) = until.play((seeds, at_most(arguments)), more, interrupted)?;
    Ok((results, Some(remark)))
}

/// Every variant with so many seeds, behind those that were played `before`.
fn batch(
    scenario: &Scenario,
    arguments: &Run,
    before: u32,
    seeds: u32,
    interrupted: &AtomicBool,
) -> Result<Results, Failure> {
    let options = RunOptions {
        seeds: Some(seeds),
        first_seed: Some(first_seed(scenario, arguments).wrapping_add(before.into())),
        threads: arguments.threads.map(|threads| threads as usize),
    };
    let [done_before, runs] = [before, before + seeds].map(|n| u64::from(n) * scenario.variants.len() as u64);
    let bar = progress_bar(arguments.quiet, runs, &scenario.name);
    let progress = |done, _| bar.set_position(done_before + done);
    let results = seatrial_scenarios::run(scenario, &options, &progress, interrupted);
    bar.finish_and_clear();
    Ok(results?)
}

/// How many runs of a scenario are done, and how much time is left: on the standard error, and only where that is a terminal.
pub fn progress_bar(quiet: bool, runs: u64, scenario: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} [{bar:40}] {pos} of {len} runs, {eta} left");
    let style = style.expect("the template is well formed").progress_chars("=> ");
    let bar = if quiet { ProgressBar::hidden() } else { ProgressBar::new(runs) };
    bar.with_style(style).with_prefix(scenario.to_string())
}

/// Prints the results, or writes them where a format names a file.
fn answer(results: &Results, comparison: &Comparison, outputs: &[Output], another: bool) -> Result<(), Failure> {
    let mut is_printed = another;
    for Output { format, file } in outputs {
        let text = match format {
            Format::Table => table::render(comparison),
            Format::Json => json::render(comparison),
            Format::Csv => csv::render(results),
            Format::Markdown => markdown::render(comparison),
            Format::Jsonl => csv::json_lines(results),
        };
        if let Some(file) = file {
            write(file, text.as_bytes())?;
        } else {
            let apart = if is_printed && !matches!(format, Format::Json | Format::Jsonl) { "\n" } else { "" };
            print(&format!("{apart}{text}"))?;
            is_printed = true;
        }
    }
    Ok(())
}

/// Where `--out` puts a scenario's files.
fn folder_of(scenario: &Scenario, arguments: &Run, scenarios: usize) -> Option<PathBuf> {
    let folder = arguments.out.clone()?;
    Some(if scenarios > 1 { folder.join(stem(scenario)) } else { folder })
}

/// The scenario file's name without its folder and its end.
fn stem(scenario: &Scenario) -> &OsStr {
    Path::new(&scenario.name).file_stem().unwrap_or("scenario".as_ref())
}

/// Rows, statistics and charts in a folder, and the report.
fn save(
    scenario: &Scenario,
    arguments: &Run,
    (results, comparison): (&Results, &Comparison),
    folder: Option<&Path>,
    interrupted: &AtomicBool,
) -> Result<(), Failure> {
    let charts = draw(scenario, arguments, (results, comparison), interrupted)?;
    let page = report::page(scenario, results, comparison);
    if let Some(folder) = folder {
        fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
        write(&folder.join("results.csv"), csv::render(results).as_bytes())?;
        write(&folder.join("results.json"), json::render(comparison).as_bytes())?;
        write(&folder.join(report::PAGE), page.to_json().as_bytes())?;
        chart_files::write(folder, "run", &charts)?;
    }
    if let Some(file) = &arguments.report {
        write(file, report::html(&page, &charts)?.as_bytes())?;
    }
    Ok(())
}

/// The charts of a run, each with the name of its files: of all variants together, of the first one in depth, and of each over
/// time.
fn draw(
    scenario: &Scenario,
    arguments: &Run,
    (results, comparison): (&Results, &Comparison),
    interrupted: &AtomicBool,
) -> Result<Vec<(String, Chart)>, Failure> {
    let mut drawn = vec![];
    if comparison.has_deploys() {
        drawn.push(("durations".to_string(), charts::durations(results)));
        if comparison.variants.len() > 1 {
            drawn.push(("frontier".into(), charts::frontier(comparison)));
        }
    }
    drawn.extend(in_depth(scenario, arguments, results, interrupted)?);
    drawn.push(("extra-short".into(), charts::extra_short(comparison)));
    drawn.push(("money".into(), charts::money(comparison)));
    let seed = first_seed(scenario, arguments);
    for (variant, number) in scenario.variants.iter().zip(1..) {
        let name = file_name(&variant.name);
        let (trace, title) = (trace(variant, seed)?, format!("{}, seed {seed}", variant.name));
        let of_run = [
            ("tasks", Some(charts::tasks(&TaskSeries::of_run(&variant.model, &trace, &title)))),
            ("demand", DemandSeries::of_run(&variant.model, &trace, &title).as_ref().map(charts::demand)),
            ("replicas", ReplicaSeries::of_run(&variant.model, &trace, &title).as_ref().map(charts::replicas)),
        ];
        let of_run = of_run.into_iter().filter_map(|(what, chart)| Some((format!("{what}-{number}-{name}"), chart?)));
        drawn.extend(of_run);
    }
    Ok(drawn)
}

/// The first variant in depth, where it has a deploy and nobody has interrupted.
fn in_depth(
    scenario: &Scenario,
    arguments: &Run,
    results: &Results,
    interrupted: &AtomicBool,
) -> Result<Vec<(String, Chart)>, Failure> {
    let variant = &scenario.variants[0];
    if variant.model.deploys.is_empty() {
        return Ok(vec![]);
    }
    let options = RunOptions {
        seeds: Some(results.variants[0].rows.len() as u32),
        first_seed: Some(first_seed(scenario, arguments)),
        threads: arguments.threads.map(|threads| threads as usize),
    };
    let asked = explain::Asked { options, seed: None, quiet: arguments.quiet };
    let found = explain::find_out(scenario, variant, &asked, interrupted)?;
    Ok(found.map(|explanation| explain::charts_of(variant, &explanation)).transpose()?.unwrap_or_default())
}

fn write_facts(scenario: &Scenario, arguments: &Run, file: &Path) -> Result<(), Failure> {
    let variant = match &arguments.variant {
        Some(name) => find_variant(scenario, name)?,
        None => &scenario.variants[0],
    };
    let lines = facts::render(&variant.model, &trace(variant, first_seed(scenario, arguments))?);
    write(file, lines.as_bytes())
}

/// The variant of that name.
pub fn find_variant<'a>(scenario: &'a Scenario, name: &str) -> Result<&'a Variant, Failure> {
    scenario.variants.iter().find(|variant| variant.name == name).ok_or_else(|| {
        let names: Vec<_> = scenario.variants.iter().map(|variant| format!("'{}'", variant.name)).collect();
        format!("error: {} has no variant '{name}' (there are: {})", scenario.name, names.join(", ")).into()
    })
}

fn first_seed(scenario: &Scenario, arguments: &Run) -> u64 {
    arguments.seed.unwrap_or(scenario.first_seed)
}

/// A variant's name as a part of a file's: letters, digits and dashes.
fn file_name(name: &str) -> String {
    let dashed: String = name.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let words: Vec<_> = dashed.split('-').filter(|word| !word.is_empty()).collect();
    words.join("-").chars().take(60).collect()
}

/// Writes a file, or says why not.
pub fn write(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(file, bytes).map_err(|error| cannot_write(file, &error))
}

/// That a file or folder cannot be written, and why.
pub fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    format!("error: cannot write {}: {error}", path.display()).into()
}

/// Prints on the standard output; a reader that has gone away is not an error.
pub fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(format!("error: cannot print: {error}").into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_become_file_names() {
        let table = [("short drain (30 s)", "short-drain-30-s"), ("../../etc", "etc"), ("\u{fc}", "\u{fc}"), ("?", "")];
        for (name, file) in table {
            assert_eq!(file_name(name), file);
        }
    }
}
