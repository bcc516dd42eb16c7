//! `seatrial explain`: one variant's deploys in depth, and what would change them.

use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use seatrial_reports::charts::{self, Chart, Gantt};
use seatrial_reports::explain::tornado::Tornado;
use seatrial_reports::explain::{self as reports, Chosen, Explanation, Run, json, text, trace_events};
use seatrial_reports::facts::word;
use seatrial_reports::statistics::Comparison;
use seatrial_scenarios::explain::{longest, paths, trace};
use seatrial_scenarios::{ProgramFailure, RunOptions, Scenario, Variant};

use crate::Exit;
use crate::chart_files;
use crate::cli::{Explain, ExplainFormat, ExplainOutput};
use crate::run::{Failure, check_files, find_variant, interruption, load, print, progress_bar, write};

/// Which runs are to be explained.
pub struct Asked {
    /// The seeds that means and savings are taken over.
    pub options: RunOptions,
    /// The seed of the run in depth, if not that of the median.
    pub seed: Option<u64>,
    /// Whether there is no progress bar.
    pub quiet: bool,
}

/// Runs the verb.
pub fn explain(arguments: &Explain) -> Result<ExitCode, Failure> {
    let scenarios = load(std::slice::from_ref(&arguments.file))?;
    let scenario = &scenarios[0];
    let variant = match &arguments.variant {
        Some(name) => find_variant(scenario, name)?,
        None => &scenario.variants[0],
    };
    if variant.model.deploys.is_empty() {
        let message =
            format!("error: {}: there is no deploy to explain: a [[deploy]] says of which service", scenario.name);
        return Err(message.into());
    }
    check_files(arguments.formats.iter().filter_map(|output| output.file.as_ref()), arguments.out.as_deref())?;
    let interrupted = interruption()?;
    let asked = Asked {
        options: RunOptions {
            seeds: arguments.seeds,
            first_seed: None,
            threads: arguments.threads.map(|threads| threads as usize),
        },
        seed: arguments.seed,
        quiet: arguments.quiet,
    };
    let Some(explanation) = find_out(scenario, variant, &asked, &interrupted)? else {
        return Ok(Exit::Interrupted.into());
    };
    for (i, ExplainOutput { format, file }) in arguments.formats.iter().enumerate() {
        let written = match format {
            ExplainFormat::Text => text::render(&explanation),
            ExplainFormat::Json => json::render(&explanation),
            ExplainFormat::TraceEvent => {
                let trace = trace(variant, explanation.run.seed)?;
                trace_events::render(&variant.model, &trace, explanation.run.path.as_ref())
            }
        };
        match file {
            Some(file) => write(file, written.as_bytes())?,
            None if i > 0 && *format == ExplainFormat::Text => print(&format!("\n{written}"))?,
            None => print(&written)?,
        }
    }
    if let Some(folder) = &arguments.out {
        save(variant, &explanation, folder)?;
    }
    let ended = explanation.run.path.is_some();
    Ok(if ended { Exit::Answered } else { Exit::NothingFinished }.into())
}

/// The charts, and the explanation as JSON.
fn save(variant: &Variant, explanation: &Explanation, folder: &Path) -> Result<(), Failure> {
    write(&folder.join("explain.json"), json::render(explanation).as_bytes())?;
    chart_files::write(folder, "explain", &charts_of(variant, explanation)?)
}

/// The run by host and task, what it waited for, and what each setting would save.
pub fn charts_of(variant: &Variant, explanation: &Explanation) -> Result<Vec<(String, Chart)>, ProgramFailure> {
    let facts = trace(variant, explanation.run.seed)?;
    let title = format!("{}, seed {}", variant.name, explanation.run.seed);
    let path = explanation.run.path.as_ref();
    let gantt = Gantt::of_run(&variant.model, &facts, path.map(|path| path.deploy), &title, path);
    let mut drawn: Vec<(String, Chart)> =
        gantt.map(|gantt| ("gantt".into(), charts::gantt(&gantt))).into_iter().collect();
    if path.is_some() {
        let waits: Vec<_> = explanation.waits().iter().map(|wait| (wait.kind, wait.seconds)).collect();
        drawn.push(("waterfall".into(), charts::waterfall(&title, &waits)));
    }
    drawn.push(("tornado".into(), charts::tornado(&explanation.tornado)));
    Ok(drawn)
}

/// Everything about the variant; nothing where the user interrupts.
pub fn find_out(
    scenario: &Scenario,
    variant: &Variant,
    asked: &Asked,
    interrupted: &AtomicBool,
) -> Result<Option<Explanation>, ProgramFailure> {
    let options = &asked.options;
    let (what_if, knobs) = scenario.what_if(variant);
    let seeds = options.seeds.unwrap_or(scenario.seeds);
    let runs = u64::from(seeds) * (what_if.variants.len() as u64 + 1);
    let bar = progress_bar(asked.quiet, runs, &scenario.name);
    let took = paths(variant, scenario, options, &|done| bar.set_position(done), interrupted)?;
    let progress = |done, _| bar.set_position(u64::from(seeds) + done);
    let results = seatrial_scenarios::run(&what_if, options, &progress, interrupted)?;
    bar.finish_and_clear();
    if interrupted.load(Ordering::Relaxed) {
        return Ok(None);
    }
    let median = reports::median_seed(&took);
    let (seed, chosen) = match (asked.seed, median) {
        (Some(seed), _) => (seed, Chosen::Asked),
        (None, Some(seed)) => (seed, Chosen::Median),
        (None, None) => (options.first_seed.unwrap_or(scenario.first_seed), Chosen::First),
    };
    let facts = trace(variant, seed)?;
    let path = longest(&variant.model, &facts);
    let service = path.as_ref().map_or(variant.model.deploys[0].service, |path| path.service);
    let until = path
        .iter()
        .flat_map(|path| &path.legs)
        .map(|leg| word(facts.records[leg.fact.index() as usize].fact))
        .collect();
    Ok(Some(Explanation {
        scenario: scenario.name.clone(),
        question: scenario.question.clone(),
        variant: variant.name.clone(),
        horizon_s: variant.model.horizon.as_secs_f64(),
        seeds: took.len(),
        finished: took.iter().filter(|(_, took)| took.is_some()).count(),
        mean_s: reports::mean_by_kind(&took),
        run: Run {
            seed,
            chosen,
            without_room: reports::without_room(&variant.model, &facts, path.as_ref()),
            path,
            service: variant.model.services[service.index()].name.clone(),
            until,
            hosts: facts.host_names(&variant.model),
        },
        blocked: Comparison::new(&results).variants[0].blocked.clone(),
        tornado: Tornado::new(&results, &knobs),
    }))
}
