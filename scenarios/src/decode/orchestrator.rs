//! `orchestrator`, `strategy` and `placement`: whose ways, from a system's parameters and what overrides them.

use seatrial_sim::deploy::Rollout;
use seatrial_sim::engine::time::Duration;
use seatrial_sim::orchestrators::{self, Orchestrator, ecs};
use seatrial_sim::parameters::{Parameters, Value as Kind};

use super::{Item, free, parameters, quoted, suggestion_of_all};
use crate::report::Problem;
use crate::tree::Value;

/// `orchestrator = "ecs"`, or a table with a name and overrides.
pub(super) fn orchestrator(item: &Item) -> Option<Orchestrator> {
    if item.node.as_str().is_some() {
        return by_name(item);
    }
    let mut fields = item.fields()?;
    let mut system = fields.or("name", ecs::today(), |item| by_name(&item));
    parameters::read(&mut fields, &mut system.parameters);
    fields.close_of(system.name);
    fit_jitter(item, &mut system.parameters);
    Some(system)
}

fn by_name(item: &Item) -> Option<Orchestrator> {
    let name = item.string()?;
    orchestrators::by_name(name).or_else(|| {
        let names: Vec<_> = orchestrators::ALL.into_iter().map(|system| system().name).collect();
        item.wrong(format!("there is no {}", quoted(name)), suggestion_of_all(name, &names))
    })
}

/// The default jitter gives way to a tick that is too short for it; one that is written has to fit.
fn fit_jitter(item: &Item, parameters: &mut Parameters) {
    let (tick, jitter) = (parameters.span("tick"), parameters.span("tick_jitter"));
    if jitter.is_zero() || jitter * 2 < tick {
        return;
    }
    if let Some(node) = item.node.get("tick_jitter") {
        let (path, help) = (format!("{}.tick_jitter", item.path), format!("the tick is {tick}"));
        item.context.note(Problem::new(node.span.clone(), &path, "not below half a tick", Some(help)));
    } else if let Some(parameter) = parameters.0.iter_mut().find(|parameter| parameter.name == "tick_jitter") {
        parameter.value = Kind::Span(Duration::ZERO);
    }
}

/// A strategy with its knobs turned.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    pub name: &'static str,
    pub rollout: Rollout,
}

impl Chosen {
    /// What a system does where nothing is said.
    pub fn default_of(system: &Orchestrator) -> Self {
        let strategy = system.default_strategy();
        Self { name: strategy.name, rollout: strategy.rollout() }
    }
}

/// The strategy that every system offers: any combination of what strategies are made of.
pub const FREE: &str = "free";

/// `strategy = "rolling"`, or `{ rolling = { .. } }` with overrides; one that the system offers.
pub(super) fn strategy(item: &Item, system: &Orchestrator) -> Option<Chosen> {
    let (name, name_span, knobs) = match &item.node.value {
        Value::String(name) => (name, &item.node.span, None),
        Value::Table(table) => match table.entries.as_slice() {
            [entry] => {
                let path = format!("{}.{}", item.path, entry.key);
                (&entry.key, &entry.key_span, Some(Item { node: &entry.node, path, context: item.context }))
            }
            entries => {
                let message = format!("{} strategies, where one is needed", entries.len());
                return item.wrong(message, "replace it as a whole: strategy = { .. }".to_string());
            }
        },
        _ => return item.wrong_kind("a strategy's name, or a table of it,"),
    };
    if name == FREE {
        let rollout = knobs.map_or_else(|| Some(free::default()), |item| free::free(&item))?;
        return Some(Chosen { name: FREE, rollout });
    }
    let Some(strategy) = system.strategy(name) else {
        let offered: Vec<_> = system.strategies.iter().map(|strategy| strategy.name).chain([FREE]).collect();
        let message = format!("{} offers no strategy {}", system.name, quoted(name));
        let help = suggestion_of_all(name, &offered);
        item.context.note(Problem::new(name_span.clone(), &item.path, message, Some(help)));
        return None;
    };
    let mut strategy = strategy.clone();
    if let Some(item) = knobs {
        let mut fields = item.fields()?;
        parameters::read(&mut fields, &mut strategy.parameters);
        fields.close_of(&format!("the strategy {} of {}", strategy.name, system.name));
    }
    Some(Chosen { name: strategy.name, rollout: strategy.rollout() })
}
