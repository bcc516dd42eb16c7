//! `seatrial check`: play the scenarios until every demand is decided, and say what came of them.

mod against;
mod command;
mod decide;
mod play;
mod store;
mod summary;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use seatrial_reports::check::{Check, github, gitlab, json, junit, markdown, text};
use seatrial_scenarios::Scenario;

use crate::Exit;
use crate::cli::{self, CheckFormat};
use crate::run::{Failure, check_files, interruption, load, print, write};
use decide::Checking;
use store::Store;

/// What a scenario is called that has no file.
const STANDARD_INPUT: &str = "standard input";

/// Runs the verb.
pub fn check(arguments: &cli::Check) -> Result<ExitCode, Failure> {
    let files = scenario_files(arguments);
    if files.is_empty() {
        return Err("error: there is no scenario among the files, only the baseline".into());
    }
    let scenarios = load(&files)?;
    if arguments.update {
        let store = Store::open(arguments.baseline.as_deref().expect("clap wants a baseline to update"))?;
        return store.update(&scenarios, arguments);
    }
    let files = arguments.formats.iter().filter_map(|output| output.file.as_ref());
    check_files(files.chain(&summary::file(arguments)), None)?;
    let interrupted = interruption()?;
    let baseline = match (&arguments.baseline, &arguments.against) {
        (Some(file), _) => Some(Store::existing(file)?),
        (None, Some(build)) => match against::played_by(build, arguments)? {
            Ok(store) => Some(store),
            Err(exit) => return Ok(exit.into()),
        },
        (None, None) => None,
    };
    check_demands(&scenarios, arguments, baseline.as_ref())?;
    let mut checked = vec![];
    for scenario in &scenarios {
        checked.extend(Checking::new(scenario, arguments, baseline.as_ref(), &interrupted).decide()?);
        if interrupted.load(Ordering::Relaxed) {
            let (done, all) = (checked.len(), scenarios.len());
            eprintln!("interrupted after {done} of {all} scenarios: there is no verdict");
            return Ok(Exit::Interrupted.into());
        }
    }
    let (strict, exact, command) = (arguments.strict, arguments.exact, command::of(arguments));
    let check = Check { scenarios: checked, strict, exact, command };
    answer(&check, arguments)?;
    Ok(if check.passes() { Exit::Answered } else { Exit::No }.into())
}

/// The files that are scenarios, each once: a baseline that lies among them is none.
fn scenario_files(arguments: &cli::Check) -> Vec<PathBuf> {
    let whole = |file: &Path| file.canonicalize().unwrap_or_else(|_| file.to_path_buf());
    let baseline = arguments.baseline.as_deref().map(whole);
    let mut seen = BTreeSet::new();
    let files = arguments.files.iter().filter(|file| Some(whole(file)) != baseline && seen.insert(whole(file)));
    files.cloned().collect()
}

/// What would fail after the work fails before it: every scenario has something to be checked by, and something to compare
/// with.
fn check_demands(scenarios: &[Scenario], arguments: &cli::Check, baseline: Option<&Store>) -> Result<(), Failure> {
    let mut problems = vec![];
    let mut wrong = |message: String, help: &str| problems.push(format!("error: {message}\n  = help: {help}"));
    if arguments.exact && baseline.is_none() {
        wrong(
            "--exact compares, and there is nothing to compare with".into(),
            "name a --baseline, or a build with --against",
        );
    }
    for scenario in scenarios {
        let name = &scenario.name;
        if scenario.criteria.is_empty() && !arguments.exact {
            let help =
                "write for example: [check] deploy_p95 = \"max +10%\"; or ask with --exact whether anything changed";
            wrong(format!("{name}: nothing is demanded: [check] is missing or empty"), help);
        }
        let Some(store) = baseline else {
            if let Some(criterion) = scenario.criteria.iter().find(|criterion| criterion.demand.is_relative()) {
                let (line, written) = (criterion.line, criterion.written());
                wrong(
                    format!("{name}:{line}: {written} is against a baseline, and there is none"),
                    "write one with --baseline FILE --update, and name it with --baseline FILE",
                );
            }
            continue;
        };
        let Some(entry) = store.entry(scenario) else {
            let help = match name.as_str() {
                STANDARD_INPUT => "a baseline keeps scenarios by their files: name one",
                _ => "add it with --update",
            };
            wrong(format!("{name} is not in {}", store.name), help);
            continue;
        };
        if arguments.exact && arguments.seed.is_some_and(|seed| seed != entry.first_seed) {
            let message = format!("{name}: --exact compares the same seeds, and those of {} begin with", store.name);
            wrong(format!("{message} {}", entry.first_seed), "leave --seed out");
        }
        let missing = scenario.variants.iter().filter(|variant| !entry.variants.contains_key(&variant.name));
        let missing: Vec<String> = missing.map(|variant| format!("'{}'", variant.name)).collect();
        if !missing.is_empty() {
            wrong(
                format!("{name}: {} has no variant {}", store.name, missing.join(", ")),
                "write it anew with --update, which takes what is there now as the baseline",
            );
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
}

/// Prints what came of it, or writes it where a format names a file; and appends it to the summary of a step.
fn answer(check: &Check, arguments: &cli::Check) -> Result<(), Failure> {
    for output in &arguments.formats {
        let written = match output.format {
            CheckFormat::Text => text::render(check, arguments.verbose),
            CheckFormat::Json => json::render(check),
            CheckFormat::Junit => junit::render(check),
            CheckFormat::Github => github::render(check),
            CheckFormat::Gitlab => gitlab::render(check),
            CheckFormat::Markdown => markdown::render(check),
        };
        match &output.file {
            Some(file) => write(file, written.as_bytes())?,
            None => print(&written)?,
        }
    }
    match summary::file(arguments) {
        Some(file) => summary::append(check, &file),
        None => Ok(()),
    }
}
