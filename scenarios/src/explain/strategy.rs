//! Where a variant's strategies are written, and for how long they make a deploy wait.

use std::path::Path;

use seatrial_sim::engine::dist::Dist;
use seatrial_sim::orchestrators;
use seatrial_sim::parameters::{Parameter, Value};

use crate::decode::{Samples, parse_dist};
use crate::tree::Node;
use crate::{Scenario, Variant};

/// The strategy of a service.
pub(super) struct StrategyAt {
    /// Its path in the file: `strategy.rolling`.
    pub path: String,
    /// Its parameters that are spans, with what they are; deadlines and time-outs are not, which are no waits.
    pub spans: Vec<(&'static str, Dist)>,
}

/// By service, the strategies of a variant.
pub(super) fn strategies(scenario: &Scenario, variant: &Variant) -> Vec<StrategyAt> {
    let root = scenario.tree_of(&variant.name);
    let services = root.get("service").and_then(Node::as_list).unwrap_or_default();
    let system = orchestrators::by_name(variant.orchestrator);
    let one = |(service, name): (&str, &&'static str)| {
        let named = |node: &&Node| node.get("name").and_then(Node::as_str) == Some(service);
        let own = services.iter().find(named).and_then(|node| node.get("strategy"));
        let at = if own.is_some() { format!("service.{service}.strategy") } else { "strategy".into() };
        let written = own.or_else(|| root.get("strategy")).and_then(|node| node.get(name));
        let known = system.iter().flat_map(|system| &system.strategies).find(|strategy| strategy.name == *name);
        let parameters = known.iter().flat_map(|strategy| &strategy.parameters.0);
        StrategyAt {
            path: format!("{at}.{name}"),
            spans: parameters.filter_map(|known| span(known, written)).collect(),
        }
    };
    let names = variant.model.services.iter().map(|service| service.name.as_str());
    names.zip(&variant.strategies).map(one).collect()
}

/// A parameter that is a span, as the file has it or by default.
fn span(known: &Parameter, written: Option<&Node>) -> Option<(&'static str, Dist)> {
    let default = match &known.value {
        Value::Span(span) => Dist::Fixed(*span),
        Value::Random(dist) => dist.clone(),
        _ => return None,
    };
    if ["deadline", "timeout"].iter().any(|end| known.name.contains(end)) {
        return None;
    }
    let dist = match written.and_then(|node| node.get(known.name)) {
        Some(node) => parse_dist(node.as_str()?, &Samples::beside(Path::new(""))).ok()?,
        None => default,
    };
    Some((known.name, dist))
}
