//! `seatrial list`: what there is, with every default, its meaning and its source.

mod instances;

use std::iter::once;
use std::process::ExitCode;

use seatrial_reports::html;
use seatrial_scenarios::catalogue::Catalogue;
use seatrial_scenarios::{FREE, FREE_POOL, FREE_SLOTS, Part, suggestion_of_all, written};
use seatrial_sim::orchestrators::{self, Orchestrator, meaning};
use seatrial_sim::parameters::{Parameter, Parameters, Value as Kind};
use seatrial_sim::placement;
use serde_json::{Value, json};

use crate::Exit;
use crate::cli::{List, ListFormat, Of};
use crate::run::{Failure, print};

/// The widest line, in characters.
const WIDTH: usize = 120;

/// Runs the verb.
pub fn list(arguments: &List) -> Result<ExitCode, Failure> {
    let systems: Vec<Orchestrator> = orchestrators::ALL.into_iter().map(|system| system()).collect();
    let Listing { body, mut json } = match &arguments.of {
        Of::Orchestrators { name: None } => all_systems(&systems),
        Of::Orchestrators { name: Some(name) } => one_system(&systems, name)?,
        Of::Strategies { name: None } => all_strategies(&systems),
        Of::Strategies { name: Some(name) } => one_strategy(&systems, name)?,
        Of::Placements => all_placements(&systems),
        Of::Instances { names } if names.is_empty() => instances::all_instances(Catalogue::built_in()),
        Of::Instances { names } => instances::some_instances(Catalogue::built_in(), names)?,
        Of::Fargate => instances::fargate(),
    };
    json["schema_version"] = 1.into();
    print(&match (arguments.format, body) {
        (ListFormat::Json, _) => format!("{json:#}\n"),
        (ListFormat::Table, Body::Overviews(tables)) => blank_between(tables.iter().map(|rows| columns(rows))),
        (ListFormat::Table, Body::Sections(sections)) => blank_between(sections.iter().map(Section::toml)),
        (ListFormat::Markdown, Body::Overviews(tables)) => {
            blank_between(tables.iter().map(|rows| markdown_table(rows)))
        }
        (ListFormat::Markdown, Body::Sections(sections)) => blank_between(sections.iter().map(Section::markdown)),
    })?;
    Ok(Exit::Answered.into())
}

/// What is printed, for people and for programs.
struct Listing {
    body: Body,
    json: Value,
}

enum Body {
    /// Tables with a line for each; the first line is the head.
    Overviews(Vec<Vec<Vec<String>>>),
    /// One in detail.
    Sections(Vec<Section>),
}

/// Parameters that one table of a scenario holds.
struct Section {
    title: String,
    /// The table's header, and what it has beside the parameters.
    header: String,
    parameters: Vec<Line>,
}

/// One parameter as a scenario file would write its default.
struct Line {
    name: &'static str,
    default: String,
    meaning: String,
    source: &'static str,
}

fn all_systems(systems: &[Orchestrator]) -> Listing {
    let row = |system: &Orchestrator| vec![system.name.into(), system.title.into(), offered(system).join(", ")];
    let object =
        |system: &Orchestrator| json!({"name": system.name, "title": system.title, "strategies": offered(system)});
    Listing {
        body: overview(&["orchestrator", "what it is", "strategies, the default first"], systems.iter().map(row)),
        json: json!({"orchestrators": systems.iter().map(object).collect::<Vec<_>>()}),
    }
}

fn all_strategies(systems: &[Orchestrator]) -> Listing {
    let strategies: Vec<_> = strategies(systems).into_iter().map(|name| (name, offering(systems, name))).collect();
    let row = |(name, offering): &(&str, Vec<&Orchestrator>)| {
        let names: Vec<_> = offering.iter().map(|system| system.name).collect();
        vec![(*name).into(), if *name == FREE { "all: any combination".into() } else { names.join(", ") }]
    };
    let object = |(name, offering): &(&str, Vec<&Orchestrator>)| json!({"name": name, "orchestrators": offering.iter().map(|system| system.name).collect::<Vec<_>>()});
    Listing {
        body: overview(&["strategy", "orchestrators that offer it"], strategies.iter().map(row)),
        json: json!({"strategies": strategies.iter().map(object).collect::<Vec<_>>()}),
    }
}

fn all_placements(systems: &[Orchestrator]) -> Listing {
    let default_of = |policy| -> Vec<&str> {
        systems.iter().filter(|system| system.settings().placement == policy).map(|system| system.name).collect()
    };
    let row = |(name, policy)| vec![String::from(name), default_of(policy).join(", ")];
    let object = |(name, policy)| json!({"name": name, "default_of": default_of(policy)});
    Listing {
        body: overview(&["placement", "default of"], placement::ALL.into_iter().map(row)),
        json: json!({"placements": placement::ALL.into_iter().map(object).collect::<Vec<Value>>()}),
    }
}

fn one_system(systems: &[Orchestrator], name: &str) -> Result<Listing, Failure> {
    let names: Vec<_> = systems.iter().map(|system| system.name).collect();
    let system = systems.iter().find(|system| system.name == name);
    let system = system.ok_or_else(|| unknown("orchestrator", name, &names))?;
    let sections = sections(system);
    let strategies = system.strategies.iter().zip(&sections[1..]);
    let strategies: Vec<_> =
        strategies.map(|(strategy, section)| json!({"name": strategy.name, "parameters": section.json()})).collect();
    let json = json!({
        "name": system.name, "title": system.title, "parameters": sections[0].json(), "strategies": strategies,
    });
    Ok(Listing { body: Body::Sections(sections), json })
}

/// The parameters of a system, and of each strategy that it offers.
fn sections(system: &Orchestrator) -> Vec<Section> {
    let mut sections = vec![Section {
        title: format!("{}: {}", system.name, system.title),
        header: format!("[orchestrator]\nname = \"{}\"", system.name),
        parameters: lines(&system.parameters),
    }];
    sections.extend(system.strategies.iter().enumerate().map(|(position, strategy)| {
        let which = if position == 0 { "the default strategy" } else { "another strategy" };
        section_of(format!("{}, {which}: {}", system.name, strategy.name), strategy.name, lines(&strategy.parameters))
    }));
    sections
}

/// The same of the named systems, for a report.
pub fn parameters_of(names: &[&str]) -> Vec<html::System> {
    let systems = names.iter().filter_map(|name| orchestrators::by_name(name));
    systems.flat_map(|system| sections(&system)).map(Section::for_a_report).collect()
}

fn one_strategy(systems: &[Orchestrator], name: &str) -> Result<Listing, Failure> {
    let names = strategies(systems);
    if !names.contains(&name) {
        return Err(unknown("strategy", name, &names));
    }
    if name == FREE {
        return Ok(free());
    }
    let offering = systems.iter().filter_map(|system| Some((system, system.strategy(name)?)));
    let (sections, objects): (Vec<_>, Vec<_>) = offering
        .map(|(system, strategy)| {
            let title = format!("{}: {}", system.name, system.title);
            let section = section_of(title, strategy.name, lines(&strategy.parameters));
            let object = json!({"name": system.name, "title": system.title, "parameters": section.json()});
            (section, object)
        })
        .unzip();
    Ok(Listing { body: Body::Sections(sections), json: json!({"name": name, "orchestrators": objects}) })
}

/// The parts of a free strategy.
fn free() -> Listing {
    let line = |&Part { name, default, meaning }: &Part| Line {
        name,
        default: default.into(),
        meaning: meaning.into(),
        source: "",
    };
    let section = |title: &str, parts: &[Part]| section_of(title.into(), FREE, parts.iter().map(line).collect());
    let sections = vec![
        section("free: any combination of these, under every orchestrator; see docs/scenario.md", FREE_POOL),
        section("slots in place of the pool", FREE_SLOTS),
    ];
    let json = json!({"name": FREE, "parameters": sections[0].json(), "slots": sections[1].json()});
    Listing { body: Body::Sections(sections), json }
}

fn section_of(title: String, strategy: &str, parameters: Vec<Line>) -> Section {
    Section { title, header: format!("[strategy.{strategy}]"), parameters }
}

fn lines(parameters: &Parameters) -> Vec<Line> {
    let line = |parameter: &Parameter| Line {
        name: parameter.name,
        default: written(&parameter.value),
        meaning: explained(parameter),
        source: parameter.source,
    };
    parameters.0.iter().map(line).collect()
}

/// What a parameter means, and what its default alone does not tell of its values.
fn explained(parameter: &Parameter) -> String {
    let text = meaning(parameter.name).map_or("", |meaning| meaning.text);
    match &parameter.value {
        Kind::Word(_, words) => format!("{text}: {}", words.join(", ")),
        Kind::Permille(_) if !parameter.name.ends_with("percent") => format!("{text}, in percent"),
        Kind::Random(_) => format!("{text}; random"),
        _ => text.into(),
    }
}

/// What a scenario may choose under a system.
fn offered(system: &Orchestrator) -> Vec<&'static str> {
    system.strategies.iter().map(|strategy| strategy.name).chain([FREE]).collect()
}

/// Every strategy once, in the order of the systems.
fn strategies(systems: &[Orchestrator]) -> Vec<&'static str> {
    let mut names = vec![];
    for name in systems.iter().flat_map(|system| &system.strategies).map(|strategy| strategy.name).chain([FREE]) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn offering<'a>(systems: &'a [Orchestrator], strategy: &str) -> Vec<&'a Orchestrator> {
    systems.iter().filter(|system| offered(system).contains(&strategy)).collect()
}

fn unknown(what: &str, name: &str, names: &[&str]) -> Failure {
    format!("error: there is no {what} '{name}': {}", suggestion_of_all(name, names)).into()
}

fn overview(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Body {
    Body::Overviews(vec![table(head, rows)])
}

fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Vec<Vec<String>> {
    let head = head.iter().map(|cell| (*cell).into()).collect();
    once(head).chain(rows).collect()
}

fn blank_between(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join("\n")
}

/// Columns as wide as their cells, but for what is too wide; such a cell goes on in the next line.
fn columns(rows: &[Vec<String>]) -> String {
    const WIDEST: usize = 46;
    const GAP: usize = 2;
    let last = rows[0].len() - 1;
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0).min(WIDEST);
    let mut widths: Vec<_> = (0..last).map(width).collect();
    widths.push(WIDTH - widths.iter().map(|width| width + GAP).sum::<usize>());
    let mut text = String::new();
    for row in rows {
        let cells: Vec<_> = row.iter().zip(&widths).map(|(cell, width)| wrapped(cell, *width)).collect();
        for i in 0..cells.iter().map(Vec::len).max().unwrap_or(0) {
            let part = |(cell, width): (&Vec<String>, &usize)| {
                format!("{:<1$}", cell.get(i).map_or("", String::as_str), width + GAP)
            };
            let line: String = cells.iter().zip(&widths).map(part).collect();
            text += line.trim_end();
            text += "\n";
        }
    }
    text
}

/// `text` broken between words; a word that is wider stays whole.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.into()),
        }
    }
    lines
}

fn markdown_table(rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule = vec![String::from("---"); rows[0].len()];
    [&rows[0], &rule].into_iter().chain(&rows[1..]).map(|row| line(row)).collect()
}

impl Section {
    /// A part of a scenario, with the meanings and sources as comments beside the values.
    fn toml(&self) -> String {
        const WIDEST: usize = 50;
        let values: Vec<_> = self.parameters.iter().map(|line| format!("{} = {}", line.name, line.default)).collect();
        let width = values.iter().map(|value| value.chars().count()).max().unwrap_or(0).min(WIDEST);
        let mut text = vec![format!("# {}\n\n{}\n", self.title, self.header)];
        for (line, value) in self.parameters.iter().zip(values) {
            let mut comments = wrapped(&line.meaning, WIDTH - width - 3);
            if !line.source.is_empty() {
                comments.extend(wrapped(&format!("({})", line.source), WIDTH - width - 3));
            }
            for (i, comment) in comments.iter().enumerate() {
                let value = if i == 0 { value.as_str() } else { "" };
                text.push(format!("{value:<width$} # {comment}\n"));
            }
        }
        text.concat()
    }

    fn markdown(&self) -> String {
        let head = ["parameter", "default", "meaning", "source"].map(String::from).to_vec();
        let row = |line: &Line| {
            vec![format!("`{}`", line.name), format!("`{}`", line.default), line.meaning.clone(), line.source.into()]
        };
        let rows: Vec<_> = once(head).chain(self.parameters.iter().map(row)).collect();
        format!("### {}\n\n{}", self.title, if rows.len() > 1 { markdown_table(&rows) } else { String::new() })
    }

    fn for_a_report(self) -> html::System {
        let parameter = |line: Line| html::Parameter {
            name: line.name.into(),
            default: line.default,
            meaning: line.meaning,
            source: line.source.into(),
        };
        html::System { title: self.title, parameters: self.parameters.into_iter().map(parameter).collect() }
    }

    fn json(&self) -> Value {
        let object = |line: &Line| json!({"name": line.name, "default": line.default, "meaning": line.meaning, "source": line.source});
        self.parameters.iter().map(object).collect()
    }
}
