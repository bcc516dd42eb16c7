//! Overrides: what a variant changes in the tree of the base, by path.

use std::ops::Range;

use crate::decode::{quoted, suggestion};
use crate::report::Problem;
use crate::tree::{Entry, Node, Table, Value};

/// One value and where it goes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Override {
    pub path: Vec<String>,
    /// Where the path is written; values that it makes anew are said to be there.
    pub path_span: Range<usize>,
    pub node: Node,
}

impl Override {
    /// From where the path starts to where the value ends, or either alone where they are apart.
    pub fn covers(&self, span: &Range<usize>) -> bool {
        [&self.path_span, &self.node.span].into_iter().any(|own| own.start <= span.start && span.end <= own.end)
    }

    /// Puts the value into the tree.
    pub fn apply(&self, root: &mut Node) -> Result<(), Problem> {
        /// More keys lead nowhere.
        const LONGEST: usize = 8;
        let fixed = |key: &str, reason: &str| Err(self.wrong(format!("{key} is the same for all variants"), reason));
        match self.path.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [key @ ("question" | "variant" | "axis" | "check"), ..] => fixed(key, "it stands outside of them"),
            ["run", key @ ("seeds" | "seed")] => fixed(key, "they are compared seed by seed"),
            _ if self.path.len() > LONGEST => {
                Err(self.wrong(format!("a path of {} keys", self.path.len()), "no value is that deep"))
            }
            _ => self.put(root, 0),
        }
    }

    /// Goes on from `depth` keys down the path.
    fn put(&self, node: &mut Node, depth: usize) -> Result<(), Problem> {
        let Some(key) = self.path.get(depth) else {
            *node = self.node.clone();
            return Ok(());
        };
        if let Some(entry) = self.lengthened(node, depth) {
            node.value = Value::Table(Table { entries: vec![entry], inline: true });
        }
        let parent = self.path[..depth].join(".");
        match &mut node.value {
            Value::Table(table) => {
                if let Some(entry) = table.get_mut(key) {
                    if depth + 1 == self.path.len() {
                        entry.key_span = self.path_span.clone();
                    }
                    return self.put(&mut entry.node, depth + 1);
                }
                let mut made = Node { span: self.path_span.clone(), value: Value::Table(Table::default()) };
                self.put(&mut made, depth + 1)?;
                table.entries.push(Entry { key: key.clone(), key_span: self.path_span.clone(), node: made });
                Ok(())
            }
            Value::List(list) if depth == 1 => {
                let by = if ["deploy", "scale", "fault"].contains(&parent.as_str()) { "service" } else { "name" };
                let mut elements = list.iter_mut().filter(|node| node.get(by).and_then(Node::as_str) == Some(key));
                match (elements.next(), elements.next()) {
                    (Some(element), None) => self.put(element, depth + 1),
                    // That names are unique is checked where they are read.
                    (Some(element), Some(_)) if by == "name" => self.put(element, depth + 1),
                    (Some(_), Some(_)) => Err(self.wrong(
                        format!("more than one {parent} has the {by} {}", quoted(key)),
                        &format!("replace the whole list: {parent} = [..]"),
                    )),
                    (None, _) => {
                        let names: Vec<&str> = list.iter().filter_map(|node| node.get(by)?.as_str()).collect();
                        Err(self.wrong(format!("no {parent} has the {by} {}", quoted(key)), &suggestion(key, &names)))
                    }
                }
            }
            other => Err(self.wrong(
                format!("{parent} is {}: there is no {} in it", other.kind(), quoted(key)),
                &format!("replace it as a whole: \"{parent}\" = .."),
            )),
        }
    }

    /// `orchestrator = "ecs"` is short for `{ name = "ecs" }`, and `strategy = "rolling"` for `{ rolling = { } }`.
    fn lengthened(&self, node: &Node, depth: usize) -> Option<Entry> {
        let (text, span) = (node.as_str()?, node.span.clone());
        match self.path[..depth].iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["orchestrator"] => Some(Entry { key: "name".into(), key_span: span, node: node.clone() }),
            ["strategy"] | ["service", _, "strategy"] => {
                let node = Node { span: span.clone(), value: Value::Table(Table::default()) };
                Some(Entry { key: text.into(), key_span: span, node })
            }
            _ => None,
        }
    }

    fn wrong(&self, message: String, help: &str) -> Problem {
        Problem::new(self.path_span.clone(), &self.path.join("."), message, Some(help.into()))
    }
}

/// The overrides of a `set` table. Keys are paths (`"host_group.m5.hosts" = 10`), or tables that lead there.
pub(crate) fn overrides(set: &Table) -> Vec<Override> {
    let mut found = Vec::new();
    collect(set, &[], &mut found);
    found
}

fn collect(table: &Table, above: &[String], found: &mut Vec<Override>) {
    for entry in &table.entries {
        let path: Vec<String> = above.iter().cloned().chain(entry.key.split('.').map(String::from)).collect();
        match &entry.node.value {
            Value::Table(inner) if !inner.inline || is_container(&path) => collect(inner, &path, found),
            _ => found.push(Override { path, path_span: entry.key_span.clone(), node: entry.node.clone() }),
        }
    }
}

/// Whether a table at this path leads on to values rather than being one.
fn is_container(path: &[String]) -> bool {
    match path {
        [root] => ["run", "host_group", "service", "deploy", "scale", "fault"].contains(&root.as_str()),
        [root, _] => ["host_group", "service", "deploy", "scale", "fault"].contains(&root.as_str()),
        _ => false,
    }
}
