//! Scenario files: read, checked, varied and run.

pub mod catalogue;
mod changes;
pub mod criteria;
mod decode;
mod digest;
pub mod explain;
mod file;
pub mod measures;
mod overrides;
mod program;
mod report;
pub mod results;
mod room;
mod runner;
mod shell;
pub mod sweep;
mod tree;
mod variants;
mod vary;
mod written;

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use seatrial_sim::model::Model;

pub use decode::{FREE, FREE_POOL, FREE_SLOTS, Part, seconds, suggestion_of_all};
pub use digest::hexadecimal;
pub use program::ProgramFailure;
pub use report::{Problem, Report};
pub use runner::{RunOptions, pool, run};
pub use shell::shell_word;
pub use vary::Setting;
pub use written::written;

use criteria::Criterion;
use decode::{Decoded, Samples};
use program::Programs;
use sweep::Axis;
use tree::Value;
use variants::{Named, Resolved};
use vary::Source;

/// A question about a system, with every variant complete and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// The file's name as the user gave it.
    pub name: String,
    /// The question.
    pub question: String,
    /// The system in one line: `ECS rolling, 5 x web on 6 hosts`.
    pub system: String,
    /// The orchestrators of the variants, each once, in their order.
    pub orchestrators: Vec<&'static str>,
    /// What the file says, as it was read.
    pub text: String,
    /// How many seeds each variant is run with.
    pub seeds: u32,
    /// The first of them; the others follow by one.
    pub first_seed: u64,
    /// What is compared, in the order of the file; at least one.
    pub variants: Vec<Variant>,
    /// What a sweep varies, where the file says so.
    pub axes: Vec<Axis>,
    /// What a check demands of the variants, in the order of the file.
    pub criteria: Vec<Criterion>,
    /// What they were read from.
    source: Source,
}

/// One of the systems that a scenario compares.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Unique in its scenario; `base` where the file has no variants.
    pub name: String,
    /// The system.
    pub model: Model,
    /// The name of its orchestrator.
    orchestrator: &'static str,
    /// By service, the name of its strategy.
    strategies: Vec<&'static str>,
}

impl Variant {
    fn new(name: String, Decoded { model, orchestrator, strategies, .. }: Decoded) -> Self {
        Self { name, model, orchestrator, strategies }
    }
}

impl Scenario {
    /// The scenario in a file; `-` is the standard input. What it names is beside it.
    pub fn load(path: &Path) -> Result<Self, Report> {
        let (name, text) = if path == Path::new("-") {
            ("standard input".into(), file::text(io::stdin().lock()))
        } else {
            (path.display().to_string(), file::read(path))
        };
        let text =
            text.map_err(|file::Unreadable { line, message, help }| Report::unreadable(&name, line, message, help))?;
        Self::parse(&name, &text, path.parent().unwrap_or(Path::new("")))
    }

    /// The scenario in a text. Problems are reported under `name`; files that it names are relative to `base_dir`.
    pub fn parse(name: &str, text: &str, base_dir: &Path) -> Result<Self, Report> {
        let report = |problems| Report::new(name, text, problems);
        let root = tree::parse(text).map_err(report)?;
        if matches!(&root.value, Value::Table(table) if table.entries.is_empty()) {
            let help = "a scenario has a question, and at least one host group, service and deploy".to_string();
            return Err(Report::unreadable(name, 0, "an empty scenario".into(), Some(help)));
        }
        let programs = Programs::of(name, base_dir);
        let samples = Samples::new(base_dir, programs.clone());
        let Resolved { base, variants, changes, axes, criteria } =
            variants::resolve(&root, text, &samples).map_err(report)?;
        let scenario = Self {
            name: name.into(),
            system: system(&base, &variants),
            orchestrators: orchestrators(&variants),
            text: text.into(),
            question: base.question,
            seeds: base.seeds,
            first_seed: base.first_seed,
            variants: variants.into_iter().map(|(name, decoded)| Variant::new(name, decoded)).collect(),
            axes,
            criteria,
            source: Source { root, changes, base_dir: base_dir.into(), programs },
        };
        let problems = sweep::check_axes(&scenario);
        if problems.is_empty() { Ok(scenario) } else { Err(report(problems)) }
    }
}

/// The systems in one line.
fn system(base: &Decoded, variants: &[Named]) -> String {
    const NAMED: usize = 3;
    let model = &base.model;
    let mut services: Vec<String> =
        model.services.iter().take(NAMED).map(|service| format!("{} x {}", service.desired, service.name)).collect();
    if model.services.len() > NAMED {
        services.push(format!("{} more services", model.services.len() - NAMED));
    }
    let hosts: u32 = model.host_groups.iter().map(|group| group.hosts).sum();
    let plural = if hosts == 1 { "" } else { "s" };
    let systems: BTreeSet<&str> = variants.iter().map(|(_, decoded)| decoded.orchestrator).collect();
    let systems = if systems.len() > 1 { format!("{} systems", systems.len()) } else { with_strategy(base) };
    format!("{systems}, {} on {hosts} host{plural}", services.join(", "))
}

/// Each orchestrator once, in the order of the variants.
fn orchestrators(variants: &[Named]) -> Vec<&'static str> {
    let mut seen = BTreeSet::new();
    let names = variants.iter().map(|(_, decoded)| decoded.orchestrator);
    names.filter(|name| seen.insert(*name)).collect()
}

/// A system's name, and its strategy where all services have the same: `ECS 2015 one at a time`.
fn with_strategy(decoded: &Decoded) -> String {
    const LONGEST_ABBREVIATION: usize = 3;
    let (first, rest) = decoded.orchestrator.split_once('-').unwrap_or((decoded.orchestrator, ""));
    let capitals = if first.len() <= LONGEST_ABBREVIATION { first.len() } else { 1 };
    let first = first[..capitals].to_uppercase() + &first[capitals..];
    let one = decoded.strategies.iter().all(|strategy| *strategy == decoded.strategies[0]);
    let strategy = if one { decoded.strategies[0] } else { "" };
    let words = [first.as_str(), rest, strategy].map(|words| words.replace('-', " "));
    words.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" ")
}
