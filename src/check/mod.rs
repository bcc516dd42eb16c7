//! `seatrial check`: play the scenarios until every demand is decided, and say what came of them.

mod against;
mod command;
mod store;
mod summary;

use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use seatrial_reports::check::baseline::{Baseline, Entry, digest};
use seatrial_reports::check::change::Change;
use seatrial_reports::check::kept::{FEW, Few, Kept};
use seatrial_reports::check::verdict::{Case, FALSE_ALARMS, Look, Side, Sides, Verdict};
use seatrial_reports::check::{Against, Check, Checked, github, gitlab, json, junit, markdown, text};
use seatrial_scenarios::explain::{longest, trace};
use seatrial_scenarios::results::{Results, VariantResults};
use seatrial_scenarios::{ProgramFailure, RunOptions, Scenario, Variant, pool};

use crate::Exit;
use crate::cli::{self, CheckFormat};
use crate::run::{Failure, check_files, interruption, load, print, progress_bar, write};
use store::Store;

/// Runs the verb.
pub fn check(arguments: &cli::Check) -> Result<ExitCode, Failure> {
    let scenarios = load(&arguments.files)?;
    if arguments.update {
        let store = Store::open(arguments.baseline.as_deref().expect("clap wants a baseline to update"))?;
        return store.update(&scenarios, arguments);
    }
    let files = arguments.formats.iter().filter_map(|output| output.file.as_ref());
    check_files(files.chain(&summary::file(arguments)), None)?;
    let interrupted = interruption()?;
    let baseline = match (&arguments.baseline, &arguments.against) {
        (Some(file), _) => Some(Store::existing(file)?),
        (None, Some(build)) => Some(against::played_by(build, arguments)?),
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
            wrong(format!("{name}: nothing is demanded: there is no [check]"), help);
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
            wrong(format!("{name} is not in {}", store.name), "add it with --update");
            continue;
        };
        if arguments.exact && arguments.seed.is_some_and(|seed| seed != entry.first_seed) {
            let message = format!("{name}: --exact compares the same seeds, and those of {} begin with", store.name);
            wrong(format!("{message} {}", entry.first_seed), "leave --seed out");
        }
        let missing: Vec<String> = scenario.variants.iter().map(|variant| variant.name.clone()).collect();
        let missing: Vec<String> = missing.into_iter().filter(|name| !entry.variants.contains_key(name)).collect();
        if !missing.is_empty() {
            let names = missing.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
            wrong(
                format!("{name}: {} has no variant {names}", store.name),
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

/// The check of one scenario.
struct Checking<'a> {
    scenario: &'a Scenario,
    arguments: &'a cli::Check,
    store: Option<&'a Store>,
    entry: Option<&'a Entry>,
    interrupted: &'a AtomicBool,
    first_seed: u64,
}

impl<'a> Checking<'a> {
    fn new(
        scenario: &'a Scenario,
        arguments: &'a cli::Check,
        store: Option<&'a Store>,
        interrupted: &'a AtomicBool,
    ) -> Self {
        let entry = store.and_then(|store| store.entry(scenario));
        let first_seed = arguments.seed.or(entry.map(|entry| entry.first_seed)).unwrap_or(scenario.first_seed);
        Self { scenario, arguments, store, entry, interrupted, first_seed }
    }

    /// Plays further seeds until every demand is decided; nothing where the user interrupts.
    fn decide(&self) -> Result<Option<Checked>, Failure> {
        let looks = looks(self.most_seeds());
        let mut results: Option<Results> = None;
        let mut played = 0;
        for (position, &(seeds, share)) in looks.iter().enumerate() {
            let batch = Batch { first_seed: self.first_seed, before: played, seeds: seeds - played };
            let more = play(self.scenario, batch, self.arguments, self.interrupted)?;
            if self.interrupted.load(Ordering::Relaxed) {
                return Ok(None);
            }
            played = seeds;
            match &mut results {
                Some(results) => results.append(more),
                None => results = Some(more),
            }
            let results = results.as_ref().expect("a batch was played");
            let is_last = position + 1 == looks.len();
            let cases = self.cases(results, share, is_last)?;
            if is_last || cases.iter().all(|case| case.verdict != Verdict::Undecided) {
                return Ok(Some(self.told(results, cases)?));
            }
        }
        unreachable!("the last look is the last")
    }

    /// How many seeds are played at most.
    fn most_seeds(&self) -> u32 {
        let usual = self.entry.map_or(self.scenario.seeds, |entry| entry.seeds);
        // Where only changes are asked for, few seeds tell.
        let usual = if self.scenario.criteria.is_empty() { usual.min(FEW) } else { usual };
        self.arguments.seeds.unwrap_or(usual)
    }

    /// The verdicts on so many seeds, which may spend a share of what false alarms are allowed.
    fn cases(&self, results: &Results, share: f64, is_last: bool) -> Result<Vec<Case>, Failure> {
        let kept: Vec<Kept> =
            results.variants.iter().map(|variant| Kept::new(String::new(), &variant.rows, Few::default())).collect();
        let of = |name: &str| self.scenario.variants.iter().position(|variant| variant.name == name);
        let mut asked = vec![];
        for criterion in &self.scenario.criteria {
            let variants = criterion.variants.iter().filter_map(|name| Some((name, &kept[of(name)?])));
            let having: Vec<_> = variants.filter(|(_, kept)| kept.numbers(&criterion.measure).is_some()).collect();
            if having.is_empty() {
                let (name, line, measure) = (&self.scenario.name, criterion.line, criterion.measure.name);
                let help =
                    "failed requests need a service with a load; durations and prices of deploys need a [[deploy]]";
                return Err(format!("error: {name}:{line}: no variant has {measure}\n  = help: {help}").into());
            }
            asked.extend(having.into_iter().map(|(name, kept)| (criterion, name, kept)));
        }
        let look = Look { beyond: FALSE_ALARMS / asked.len() as f64 * share, is_last, horizon_s: results.horizon_s };
        let decided = |&(criterion, name, kept): &(_, &String, _)| {
            let baseline = self.entry.and_then(|entry| Some((entry.variants.get(name)?, entry.first_seed)));
            let baseline = baseline.map(|(kept, first_seed)| Side { kept, first_seed });
            Case::decide(criterion, name, Sides { this: Side { kept, first_seed: self.first_seed }, baseline }, look)
        };
        let threads = self.arguments.threads.map(|threads| threads as usize);
        Ok(pool(threads).install(|| asked.par_iter().filter_map(decided).collect()))
    }

    /// What came of it, and what changed.
    fn told(&self, results: &Results, mut cases: Vec<Case>) -> Result<Checked, ProgramFailure> {
        for case in cases.iter_mut().filter(|case| case.verdict == Verdict::Fail && case.is_of_deploys()) {
            let rows = results.variants.iter().filter(|variant| variant.name == case.variant).flat_map(|v| &v.rows);
            case.remark = case.remark.take().or(rows.flat_map(|row| &row.summary.blocked).next().cloned());
        }
        let against = |(store, entry): (&Store, &Entry)| {
            let same_seeds = entry.first_seed == self.first_seed;
            Ok(Against {
                name: store.name.clone(),
                version: entry.version.clone(),
                same_file: entry.scenario == digest(&self.scenario.text),
                same_seeds,
                changes: if same_seeds { self.changes(results, entry)? } else { vec![] },
                gone: entry
                    .variants
                    .keys()
                    .filter(|name| !self.scenario.variants.iter().any(|variant| variant.name == **name))
                    .cloned()
                    .collect(),
            })
        };
        let against = self.store.zip(self.entry).map(against).transpose()?;
        Ok(Checked {
            file: self.scenario.name.clone(),
            question: self.scenario.question.clone(),
            seeds: results.variants[0].rows.len(),
            variants: results.variants.len(),
            cases,
            against,
        })
    }

    fn changes(&self, results: &Results, entry: &Entry) -> Result<Vec<Change>, ProgramFailure> {
        let this = entry_of(self.scenario, results, self.first_seed, self.arguments.threads)?;
        let changes = self.scenario.variants.iter().filter_map(|variant| {
            let name = &variant.name;
            Change::between(name, this.variants.get(name)?, entry.variants.get(name)?, self.first_seed)
        });
        Ok(changes.collect())
    }
}

/// Seeds to play, behind those that were played before.
struct Batch {
    first_seed: u64,
    before: u32,
    seeds: u32,
}

/// Every variant with these seeds.
fn play(
    scenario: &Scenario,
    Batch { first_seed, before, seeds }: Batch,
    arguments: &cli::Check,
    interrupted: &AtomicBool,
) -> Result<Results, ProgramFailure> {
    let options = RunOptions {
        seeds: Some(seeds),
        first_seed: Some(first_seed.wrapping_add(before.into())),
        threads: arguments.threads.map(|threads| threads as usize),
    };
    let [done, runs] = [before, before + seeds].map(|n| u64::from(n) * scenario.variants.len() as u64);
    let bar = progress_bar(arguments.quiet, runs, &scenario.name);
    let results = seatrial_scenarios::run(scenario, &options, &|more, _| bar.set_position(done + more), interrupted);
    bar.finish_and_clear();
    results
}

/// When to look, and which share of the false alarms each look may spend: a few times, so that looking costs little.
fn looks(most: u32) -> Vec<(u32, f64)> {
    const WORTH_WAITING_FOR: u32 = 100;
    if most < WORTH_WAITING_FOR {
        return vec![(most, 1.0)];
    }
    vec![(most / 4, 0.25), (most / 2, 0.25), (most, 0.5)]
}

/// What a baseline keeps of a scenario's results.
fn entry_of(
    scenario: &Scenario,
    results: &Results,
    first_seed: u64,
    threads: Option<u32>,
) -> Result<Entry, ProgramFailure> {
    let seeds = results.variants[0].rows.len() as u32;
    let few = |variant: &Variant| -> Result<Few, ProgramFailure> {
        let run = |seed| {
            let trace = trace(variant, seed)?;
            let path = longest(&variant.model, &trace);
            Ok((trace, path))
        };
        let seeds = (0..FEW.min(seeds)).map(|position| first_seed.wrapping_add(position.into()));
        let runs: Vec<_> = seeds.map(run).collect::<Result<_, ProgramFailure>>()?;
        Ok(Few::of(&variant.model, &runs))
    };
    let kept = |(variant, results): (&Variant, &VariantResults)| -> Result<_, ProgramFailure> {
        Ok((variant.name.clone(), Kept::new(variant.digest(), &results.rows, few(variant)?)))
    };
    let both = scenario.variants.par_iter().zip(&results.variants);
    let variants: Result<_, ProgramFailure> =
        pool(threads.map(|threads| threads as usize)).install(|| both.map(kept).collect());
    Ok(Entry {
        version: env!("CARGO_PKG_VERSION").into(),
        scenario: digest(&scenario.text),
        first_seed,
        seeds,
        variants: variants?,
    })
}

/// The baseline of a text, or what is wrong with it.
fn parse(name: &str, text: &str) -> Result<Baseline, Failure> {
    Baseline::parse(text)
        .map_err(|unusable| format!("error: {name}: {}\n  = help: {}", unusable.message, unusable.help).into())
}

/// A path from a folder to a file, with slashes, where both are there; otherwise the file's as it is.
fn relative(file: &Path, folder: &Path) -> String {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let (Ok(file), Ok(folder)) = (file.canonicalize(), folder.canonicalize()) else {
        return file.display().to_string();
    };
    let common = file.components().zip(folder.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(common).map(|_| "..".to_string());
    let down = file.components().skip(common).map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}
