//! Variants: each is the base with overrides, read as a whole; what an override breaks is shown at the override.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::criteria::Criterion;
use crate::decode::{self, Context, Decoded, Item, Samples, quoted, scenario};
use crate::overrides::{Override, overrides};
use crate::report::Problem;
use crate::sweep::{self, Axis};
use crate::tree::{Node, Value};

/// The variant of a file that has none.
const BASE: &str = "base";

/// A variant's name and what it is with its overrides.
pub(crate) type Named = (String, Decoded);

/// The base and its variants, what each of them changes, what a sweep varies, and what is demanded.
pub(crate) struct Resolved {
    pub base: Decoded,
    pub variants: Vec<Named>,
    pub changes: Vec<Vec<Override>>,
    pub axes: Vec<Axis>,
    pub criteria: Vec<Criterion>,
}

/// The base and its variants, or everything that is wrong with them.
pub(crate) fn resolve(root: &Node, text: &str, samples: &Samples) -> Result<Resolved, Vec<Problem>> {
    let context = Context::new(samples);
    let base = scenario(root, &context);
    let written = root.get("variant").map(|node| Item { node, path: "variant".into(), context: &context });
    let base_is_clean = context.is_clean();
    let axes = root.get("axis").map(|node| Item { node, path: "axis".into(), context: &context });
    let axes = axes.map(|item| sweep::axes_of_file(&item)).unwrap_or_default();
    let changes: Vec<Change> = written.map(|item| changes(&item)).unwrap_or_default();
    let criteria = root.get("check").map(|node| {
        let names: Vec<String> = changes.iter().map(|change| change.name.clone()).collect();
        let names = if names.is_empty() { vec![BASE.into()] } else { names };
        let line = |at: usize| text[..at].matches('\n').count() + 1;
        decode::criteria(&Item { node, path: "check".into(), context: &context }, &names, &line)
    });
    let mut problems = context.problems.into_inner();

    let place = |problem: &Problem| (problem.span.clone().map(|span| (span.start, span.end)), problem.message.clone());
    let known: BTreeSet<_> = problems.iter().map(place).collect();

    let mut variants = Vec::new();
    for change in &changes {
        let (decoded, found) = change.decode(root, samples);
        variants.extend(decoded.map(|decoded| (change.name.clone(), decoded)));
        let new = found.into_iter().filter(|problem| !known.contains(&place(problem)));
        // While the base has problems, it may be the cause of those that no override has written.
        problems.extend(new.filter_map(|problem| change.blame(problem, base_is_clean)));
    }
    match base {
        Some(base) if problems.is_empty() => {
            let mut changes: Vec<_> = changes.into_iter().map(|change| change.overrides).collect();
            if variants.is_empty() {
                variants.push((BASE.into(), base.clone()));
                changes.push(Vec::new());
            }
            Ok(Resolved { base, variants, changes, axes, criteria: criteria.unwrap_or_default() })
        }
        _ => Err(problems),
    }
}

/// What a variant is.
struct Change {
    name: String,
    span: Range<usize>,
    overrides: Vec<Override>,
}

impl Change {
    fn decode(&self, root: &Node, samples: &Samples) -> (Option<Decoded>, Vec<Problem>) {
        let context = Context::new(samples);
        let mut root = root.clone();
        for change in &self.overrides {
            if let Err(problem) = change.apply(&mut root) {
                context.note(problem);
            }
        }
        let decoded = scenario(&root, &context);
        (decoded, context.problems.into_inner())
    }

    fn changes(&self, key: &str) -> bool {
        self.overrides.iter().any(|change| change.path[0] == key)
    }

    /// The problem at the place that caused it.
    fn blame(&self, problem: Problem, base_is_clean: bool) -> Option<Problem> {
        let written_here =
            problem.span.as_ref().is_some_and(|span| self.overrides.iter().any(|change| change.covers(span)));
        if written_here {
            return Some(problem);
        }
        let message = format!("{} (in the variant {})", problem.message, quoted(&self.name));
        // The system is another one, and the strategy is the file's still.
        if self.changes("orchestrator") && is_of_a_strategy(&problem.path) {
            let there_are = problem.help.unwrap_or_default();
            let help = Some(format!("give the variant a strategy of its own; {there_are}"));
            return base_is_clean.then_some(Problem { message, help, ..problem });
        }
        let span = match self.overrides.as_slice() {
            [only] => only.path_span.clone(),
            _ => self.span.clone(),
        };
        base_is_clean.then_some(Problem { span: Some(span), message, ..problem })
    }
}

fn is_of_a_strategy(path: &str) -> bool {
    matches!(path.split('.').collect::<Vec<_>>()[..], ["strategy", ..] | ["service", _, "strategy", ..])
}

/// Reads what each `[[variant]]` changes.
fn changes(item: &Item) -> Vec<Change> {
    let mut seen = BTreeSet::new();
    item.elements("name")
        .iter()
        .filter_map(|item| {
            let mut fields = item.fields()?;
            let name = fields.need("name", |item| {
                let name = item.words()?;
                if seen.insert(name.clone()) {
                    Some(name)
                } else {
                    item.wrong(format!("two variants are named {}", quoted(&name)), None)
                }
            });
            let short = ["orchestrator", "strategy", "placement"].map(|key| {
                fields.get(key).map(|item| Override {
                    path: vec![key.into()],
                    path_span: item.node.span.clone(),
                    node: item.node.clone(),
                })
            });
            let set = fields.maybe("set", |item| match &item.node.value {
                Value::Table(table) => Some(overrides(table)),
                _ => item.wrong(format!("{}, where a table is needed", item.node.value.kind()), None),
            });
            fields.close();
            let overrides: Vec<Override> = short.into_iter().flatten().chain(set.unwrap_or_default()).collect();
            let mut paths = BTreeSet::new();
            for change in overrides.iter().filter(|change| !paths.insert(change.path.clone())) {
                let path = change.path.join(".");
                item.context.note(Problem::new(change.path_span.clone(), &path, "set twice in one variant", None));
            }
            let span = item.node.get("name").unwrap_or(item.node).span.clone();
            Some(Change { name: name.unwrap_or_default(), span, overrides })
        })
        .collect()
}
