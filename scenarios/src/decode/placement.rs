//! `placement` and `constraint`: a policy by its name, a chain of strategies, a score of one's own, or a program; where tasks
//! may run.

use seatrial_sim::engine::time::Duration;
use seatrial_sim::model::{Eligible, Resource};
use seatrial_sim::placement::expression::Variable;
use seatrial_sim::placement::{self, Constraint, Custom, Link, PARTS, Policy, Spread};

use super::expression::{self, Classes, Scope};
use super::{Item, quoted, suggestion};
use crate::program::Spec;
use crate::report::Problem;
use crate::tree::{Node, Value};

/// `"spread"`, `["spread(zone)", "binpack(memory)"]`, `{ score = "..", with = { .. } }`, or `{ program = ["..", ".."] }`.
pub(super) fn policy(item: &Item, classes: &Classes) -> Option<Policy> {
    match &item.node.value {
        Value::List(links) if links.is_empty() => item.wrong("no strategy", CHAIN_HELP.to_string()),
        Value::List(links) if links.len() > PARTS => {
            item.wrong(format!("{} strategies", links.len()), format!("a chain has at most {PARTS}"))
        }
        Value::List(_) => {
            let links: Vec<Option<Link>> = item.list()?.iter().map(|item| link(item, classes)).collect();
            links.into_iter().collect::<Option<Vec<_>>>().map(Policy::Chain)
        }
        Value::Table(_) if is_program(item.node) => program(item),
        Value::Table(_) => custom(item, classes).map(|custom| Policy::Custom(Box::new(custom))),
        _ => match item.string()? {
            text if text.contains('(') => link(item, classes).map(|link| Policy::Chain(vec![link])),
            _ => item.choice(placement::ALL),
        },
    }
}

const CHAIN_HELP: &str = "write [\"spread(zone)\", \"binpack(memory)\"]";

/// `spread(host)`, `spread(zone)`, `spread(rack)`, `binpack(cpu)`, `worst-fit(memory)`, `random`.
fn link(item: &Item, classes: &Classes) -> Option<Link> {
    let text = item.string()?.trim();
    if text == "random" {
        return Some(Link::Random);
    }
    let Some((name, field)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) else {
        let help = "write spread(zone), spread(host), binpack(cpu), worst-fit(memory) or random".to_string();
        return item.wrong(format!("{} is no strategy", quoted(text)), help);
    };
    let resource = || {
        let names = Resource::ALL.map(|(name, _)| name);
        let found = Resource::ALL.into_iter().find(|(name, _)| *name == field.trim());
        found
            .map(|(_, resource)| resource)
            .or_else(|| item.wrong(format!("there is no resource {}", quoted(field)), suggestion(field.trim(), &names)))
    };
    match name.trim() {
        "spread" => spread(item, field.trim(), classes).map(Link::Spread),
        "binpack" => resource().map(Link::Binpack),
        "worst-fit" => resource().map(Link::WorstFit),
        name => item.wrong(
            format!("there is no strategy {}", quoted(name)),
            suggestion(name, &["spread", "binpack", "worst-fit", "random"]),
        ),
    }
}

fn spread(item: &Item, field: &str, classes: &Classes) -> Option<Spread> {
    match field {
        "host" => return Some(Spread::Host),
        "zone" => return Some(Spread::Zone),
        _ => {}
    }
    let Some((_, values)) = classes.attributes.iter().find(|(name, _)| name == field) else {
        let names: Vec<&str> = classes.attributes.iter().map(|(name, _)| name.as_str()).chain(["host"]).collect();
        return item.wrong(format!("no host has an attribute {}", quoted(field)), suggestion(field, &names));
    };
    // Hosts without the attribute are alike.
    let number = |value: &Option<String>| values.iter().position(|other| other == value).unwrap_or_default() as u16;
    Some(Spread::Attribute(values.iter().map(number).collect()))
}

fn custom(item: &Item, classes: &Classes) -> Option<Custom> {
    let mut fields = item.fields()?;
    let written = fields.get("score");
    let parameters = fields.get("with").map_or(Some(vec![]), |item| numbers(&item));
    fields.close();
    let Some(written) = written else {
        let help = "write { score = \"free_memory - 100 * tasks\" }, or { program = [\"python3\", \"policy.py\"] }";
        return item.wrong("score is missing", help.to_string());
    };
    let text = written.string()?;
    let parameters = parameters?;
    for (name, _) in &parameters {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "_.".contains(c);
        if !text.split(|c: char| !is_part(c)).any(|word| word == name) {
            return item.wrong(format!("the score does not use {}", quoted(name)), None);
        }
    }
    let scope = Scope { classes, parameters: &parameters };
    let number = expression::number(text, &scope).map_err(|wrong| wrong.note(&written)).ok()?;
    Some(Custom { score: number, text: text.into() })
}

/// Whether a table means a program, though it may not name one.
fn is_program(table: &Node) -> bool {
    let has = |key: &&str| table.get(key).is_some();
    has(&"program") || !has(&"score") && ["timeout", "batch"].iter().any(has)
}

/// A program beside the scenario, its time limit and how many decisions it is asked at once.
fn program(item: &Item) -> Option<Policy> {
    const LONGEST: Duration = Duration::from_secs(3_600);
    const MOST: u32 = 1_000;
    let mut fields = item.fields()?;
    let command = fields.need("program", |item| command(&item));
    let timeout = fields.or("timeout", Duration::from_secs(10), |item| {
        let span = item.duration_above_zero()?;
        item.duration_up_to(LONGEST).map(|_| span)
    });
    let batch = fields.or("batch", 1, |item| item.count("decisions", MOST));
    if let Some(score) = fields.get("score") {
        let help = "a program decides by itself: leave one of them out".to_string();
        return score.wrong("a score beside a program", help);
    }
    fields.close();
    let timeout = std::time::Duration::from_millis(timeout.as_millis());
    Some(item.context.samples.programs.policy(Spec { command: command?, timeout, batch }))
}

/// A program and its arguments.
fn command(item: &Item) -> Option<Vec<String>> {
    let help = || "write program = [\"python3\", \"policy.py\"]".to_string();
    let Value::List(words) = &item.node.value else {
        return item.wrong(format!("{}, where a list of words is needed", item.node.value.kind()), help());
    };
    if words.is_empty() {
        return item.wrong("no program", help());
    }
    let words: Option<Vec<String>> = item.list()?.iter().map(|word| word.string().map(String::from)).collect();
    let words = words?;
    if words[0].trim().is_empty() { item.wrong("a program without a name", help()) } else { Some(words) }
}

/// Numbers with names.
fn numbers(item: &Item) -> Option<Vec<(String, f64)>> {
    let Value::Table(table) = &item.node.value else {
        return item.wrong("not a table", "write with = { weight = 2.5 }".to_string());
    };
    let entries = table.entries.iter().map(|entry| {
        let at = Item { node: &entry.node, path: format!("{}.{}", item.path, entry.key), context: item.context };
        match entry.node.value {
            Value::Integer(number) if number.unsigned_abs() < 1 << 53 => Some((entry.key.clone(), number as f64)),
            Value::Float(number) if number.is_finite() => Some((entry.key.clone(), number)),
            Value::Integer(_) | Value::Float(_) => at.wrong("too large, or not a number", None),
            _ => at.wrong(format!("{}, where a number is needed", entry.node.value.kind()), None),
        }
    });
    entries.collect()
}

/// `constraint`: what depends on the group, the zone and attributes decides where tasks may run at all; the rest is asked of
/// each host.
pub(super) fn constraint(item: &Item, classes: &Classes, count: usize) -> Option<(Eligible, Option<Constraint>)> {
    let text = item.string()?;
    let scope = Scope { classes, parameters: &[] };
    let condition = expression::condition(text, &scope).map_err(|wrong| wrong.note(item)).ok()?;
    if condition.uses(Variable::ZoneTasks) {
        return item.wrong("a constraint cannot use zone_tasks", "spread over zones by placement".to_string());
    }
    let variables = placement::expression::ALL.into_iter();
    if variables.into_iter().any(|(_, variable, _)| condition.uses(variable)) {
        return Some((Eligible::ANY, Some(Constraint { holds: condition, text: text.into() })));
    }
    let holds: Option<Vec<bool>> = (0..count as u16).map(|class| condition.holds(&|_| 0.0, class).ok()).collect();
    match holds {
        Some(holds) => Some((Eligible(Some(holds)), None)),
        None => item.wrong("it cannot be worked out", None),
    }
}

impl expression::Wrong {
    /// Notes what is wrong at its place in a text.
    fn note(self, item: &Item) {
        // The text is behind its opening quote, and written as it is where nothing in it is escaped.
        let start = item.node.span.start + 1;
        let exact = item.node.span.len() == item.node.as_str().map_or(0, str::len) + 2;
        let span = if exact { start + self.at.start..start + self.at.end } else { item.node.span.clone() };
        item.context.note(Problem::new(span, &item.path, self.message, self.help));
    }
}
