//! TOML as a tree whose values know their place in the file. Variants override it before it means anything.

use std::ops::Range;
use std::panic::resume_unwind;
use std::thread;

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use crate::report::Problem;

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub span: Range<usize>,
    pub value: Value,
}

/// A TOML value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    String(String),
    Integer(i128),
    Float(f64),
    Boolean(bool),
    DateOrTime,
    List(Vec<Node>),
    Table(Table),
}

/// Keys and values in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Table {
    pub entries: Vec<Entry>,
    /// Whether it is written as `{ .. }`.
    pub inline: bool,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub key: String,
    pub key_span: Range<usize>,
    pub node: Node,
}

impl Value {
    /// What it is, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::String(_) => "a string",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::DateOrTime => "a date or time",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

impl Node {
    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The elements, if it is a list.
    pub fn as_list(&self) -> Option<&[Self]> {
        match &self.value {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// The value under a key, if this is a table that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Table(table) => table.get(key).map(|entry| &entry.node),
            _ => None,
        }
    }
}

impl Table {
    /// The entry of this key.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The entry of this key.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.key == key)
    }
}

/// The tree of a whole file, or the errors of its syntax.
pub(crate) fn parse(text: &str) -> Result<Node, Vec<Problem>> {
    // The parser allows 80 levels of 80 dotted keys each and calls itself for every one: more than a small stack holds.
    const STACK_BYTES: usize = 64 * 1024 * 1024;
    thread::scope(|scope| {
        let parser = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, || parse_here(text));
        parser.expect("the system gives a thread").join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

fn parse_here(text: &str) -> Result<Node, Vec<Problem>> {
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut problems = first_of_each_run(text, errors);
    let root = Reader { text }.table(root.into_inner(), &mut problems, 0);
    if problems.is_empty() { Ok(Node { span: 0..0, value: Value::Table(root) }) } else { Err(problems) }
}

/// Errors line after line are most often consequences of the first, as after a bracket that is not closed.
fn first_of_each_run(text: &str, mut errors: Vec<Error>) -> Vec<Problem> {
    let place = |error: &Error| error.span().unwrap_or(0..0);
    errors.sort_by_key(|error| place(error).start);
    let mut problems = Vec::new();
    let mut last = None;
    for error in errors {
        let span = place(&error);
        let follows = last.is_some_and(|last: usize| {
            let between = text.get(last..span.start).unwrap_or_default();
            let lines =
                between.split_once('\n').and_then(|(_, rest)| rest.rsplit_once('\n')).map_or("", |(lines, _)| lines);
            lines.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#'))
        });
        last = Some(span.start);
        if !follows {
            problems.push(Problem::new(span, "", format!("not TOML: {}", error.message()), None));
        }
    }
    problems
}

struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    /// No scenario needs more levels.
    const DEEPEST: usize = 32;

    fn table(&self, table: DeTable<'_>, problems: &mut Vec<Problem>, depth: usize) -> Table {
        let mut entries: Vec<Entry> = table
            .into_iter()
            .map(|(key, value)| Entry {
                key_span: key.span(),
                key: key.into_inner().into_owned(),
                node: self.node(value, problems, depth + 1),
            })
            .collect();
        entries.sort_by_key(|entry| entry.key_span.start);
        Table { entries, inline: false }
    }

    fn node(&self, value: Spanned<DeValue<'_>>, problems: &mut Vec<Problem>, depth: usize) -> Node {
        let span = value.span();
        if depth > Self::DEEPEST {
            let message = format!("more than {} levels deep", Self::DEEPEST);
            problems.push(Problem::new(span.clone(), "", message, None));
            return Node { span, value: Value::Boolean(false) };
        }
        let value = match value.into_inner() {
            DeValue::String(text) => Value::String(text.into_owned()),
            // What no i128 holds is out of every range, too.
            DeValue::Integer(digits) => {
                Value::Integer(i128::from_str_radix(digits.as_str(), digits.radix()).unwrap_or(i128::MAX))
            }
            DeValue::Float(digits) => Value::Float(digits.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(value) => Value::Boolean(value),
            DeValue::Datetime(_) => Value::DateOrTime,
            DeValue::Array(list) => {
                Value::List(list.into_iter().map(|value| self.node(value, problems, depth + 1)).collect())
            }
            DeValue::Table(table) => {
                let inline = self.text.as_bytes().get(span.start) == Some(&b'{');
                Value::Table(Table { inline, ..self.table(table, problems, depth) })
            }
        };
        Node { span, value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_place_and_tables_their_way_of_writing() {
        let text = "a.b = 1\nc = { d = [\"x\"] }\n[[e]]\nf = 0x1_0\n";
        let root = parse(text).unwrap();
        let at = |node: &Node| &text[node.span.clone()];
        let b = root.get("a").and_then(|a| a.get("b")).unwrap();
        assert_eq!((at(b), &b.value), ("1", &Value::Integer(1)));
        assert!(matches!(&root.get("a").unwrap().value, Value::Table(table) if !table.inline));
        assert!(matches!(&root.get("c").unwrap().value, Value::Table(table) if table.inline));
        let Value::List(list) = &root.get("e").unwrap().value else { panic!("a list") };
        assert_eq!((at(&list[0]), list[0].get("f").map(|f| &f.value)), ("[[e]]", Some(&Value::Integer(16))));
    }

    #[test]
    fn separate_errors_are_reported_and_consequences_are_not() {
        let table = [
            ("a = \nb = 1\nc = \n", vec![4, 15]),
            ("a = [1,\nb = 1\n\n# c\nc = 1\n", vec![8]),
            ("a = 1\na = 2\n", vec![6]),
        ];
        for (text, starts) in table {
            let found: Vec<usize> =
                parse(text).unwrap_err().into_iter().filter_map(|problem| Some(problem.span?.start)).collect();
            assert_eq!(found, starts, "{text:?}");
        }
    }
}
