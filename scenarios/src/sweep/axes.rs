//! Axes: which values of a scenario a sweep tries, from the command line and from `[[axis]]` tables.

use std::collections::BTreeSet;
use std::str::FromStr;

use seatrial_sim::parameters;

use crate::decode::units::duration;
use crate::decode::{Item, quoted};
use crate::report::Problem;
use crate::tree::{Node, Table, Value};
use crate::written;

/// The values that one place in a scenario is to have, one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Where they go, as in a variant's `set`: `host_group.m5.hosts`.
    pub path: String,
    /// As [`Setting::value`](crate::Setting) is written; at least one, none twice.
    pub values: Vec<String>,
}

/// No axis has more values.
const MOST_VALUES: usize = 100_000;

impl FromStr for Axis {
    type Err = String;

    /// Reads `PATH=VALUES`: values and ranges with commas between them, `6..12`, `30s..300s:30s`, `30s,60s`. A comma within
    /// brackets or quotes belongs to a value.
    fn from_str(text: &str) -> Result<Self, String> {
        let Some((path, values)) = text.split_once('=') else {
            return Err("write PATH=VALUES: host_group.m5.hosts=6..12".into());
        };
        Self::new(path.trim(), read_values(values)?)
    }
}

impl Axis {
    fn new(path: &str, values: Vec<String>) -> Result<Self, String> {
        if path.is_empty() || path.split('.').any(str::is_empty) {
            return Err(format!(
                "{} is not a path: write keys and names with dots between them, host_group.m5.hosts",
                quoted(path)
            ));
        }
        if values.is_empty() {
            return Err(format!("{path} has no values"));
        }
        if values.len() > MOST_VALUES {
            return Err(format!("{path} has {} values, at most {MOST_VALUES} are possible", values.len()));
        }
        let mut seen = BTreeSet::new();
        match values.iter().find(|value| !seen.insert(value.as_str())) {
            Some(twice) => Err(format!("{path} has the value {} twice", quoted(twice))),
            None => Ok(Self { path: path.into(), values }),
        }
    }

    /// Whether setting one of the two would undo the other.
    fn overlaps(&self, other: &Self) -> bool {
        let within =
            |inner: &Self, outer: &Self| inner.path.strip_prefix(&outer.path).is_some_and(|rest| rest.starts_with('.'));
        self.path == other.path || within(self, other) || within(other, self)
    }
}

/// The axes of a file, of which those that are also given have the given values, and behind them the others that are given.
///
/// # Errors
/// Names two axes of which one is set by the other, or that are given twice.
pub(crate) fn combined(of_file: &[Axis], given: &[Axis]) -> Result<Vec<Axis>, String> {
    let replaced = of_file.iter().map(|axis| given.iter().find(|other| other.path == axis.path).unwrap_or(axis));
    let added = given.iter().filter(|axis| of_file.iter().all(|other| other.path != axis.path));
    let all: Vec<Axis> = replaced.chain(added).cloned().collect();
    for (index, axis) in given.iter().enumerate() {
        if given[..index].iter().any(|other| other.path == axis.path) {
            return Err(format!("there are two axes of {}", axis.path));
        }
    }
    for (index, axis) in all.iter().enumerate() {
        if let Some(other) = all[..index].iter().find(|other| axis.overlaps(other)) {
            return Err(format!("the axis of {} sets what the axis of {} sets as well", axis.path, other.path));
        }
    }
    Ok(all)
}

/// The axes of a file; what is wrong with them is noted.
pub(crate) fn of_file(item: &Item) -> Vec<Axis> {
    let mut found: Vec<Axis> = Vec::new();
    for item in item.elements("path") {
        let Some(axis) = one_of_file(&item) else { continue };
        match found.iter().find(|other| axis.overlaps(other)) {
            Some(other) if other.path == axis.path => {
                item.wrong::<()>("there are two axes of this path", None);
            }
            Some(other) => {
                item.wrong::<()>(format!("it sets what the axis of {} sets as well", other.path), None);
            }
            None => found.push(axis),
        }
    }
    found
}

/// `path`, and either `values` or `from`, `to` and `step`.
fn one_of_file(item: &Item) -> Option<Axis> {
    let mut fields = item.fields()?;
    let path = fields.need("path", |item| item.words());
    let listed = fields.maybe("values", |item| item.list().map(|list| list.iter().map(value).collect::<Vec<_>>()));
    let [from, to, step] = ["from", "to", "step"].map(|key| fields.maybe(key, |item| value(&item)));
    let has = |key| item.node.get(key).is_some();
    let is_range = has("from") && has("to");
    let is_mixed = has("values") && ["from", "to", "step"].into_iter().any(has);
    fields.close();
    let path = path?;
    if is_mixed || !(has("values") || is_range) {
        let help = "write values = [6, 8, 12], or from = 6, to = 12 and a step".to_string();
        return item.wrong("either values, or from and to", help);
    }
    let values = match listed {
        Some(values) => values.into_iter().collect::<Option<_>>()?,
        None if has("values") || (has("step") && step.is_none()) => return None,
        None => match range(&from?, &to?, step.as_deref()) {
            Ok(values) => values,
            Err(message) => return item.wrong(message, None),
        },
    };
    match Axis::new(&path, values) {
        Ok(axis) => Some(axis),
        Err(message) => item.wrong(message, None),
    }
}

/// A value as a setting is written: a text without its quotes, where it is read as the same text.
fn value(item: &Item) -> Option<String> {
    let text = match item.node.as_str() {
        Some(text) if crate::vary::value(text).as_str() == Some(text) && text.trim() == text => Some(text.into()),
        _ => toml_of(item.node).map(|value| value.to_string()),
    };
    text.or_else(|| item.wrong(format!("{}, which no value is", item.node.value.kind()), None))
}

fn toml_of(node: &Node) -> Option<toml::Value> {
    Some(match &node.value {
        Value::String(text) => toml::Value::String(text.clone()),
        Value::Integer(number) => toml::Value::Integer(i64::try_from(*number).ok()?),
        Value::Float(number) => toml::Value::Float(*number),
        Value::Boolean(value) => toml::Value::Boolean(*value),
        Value::DateOrTime => return None,
        Value::List(list) => toml::Value::Array(list.iter().map(toml_of).collect::<Option<_>>()?),
        Value::Table(Table { entries, .. }) => {
            let entry = |entry: &crate::tree::Entry| Some((entry.key.clone(), toml_of(&entry.node)?));
            toml::Value::Table(entries.iter().map(entry).collect::<Option<_>>()?)
        }
    })
}

/// The problem of an axis of a file, at its place.
pub(crate) fn problem_of(root: &Node, path: &str, message: String, help: Option<String>) -> Problem {
    let list = root.get("axis").map(|node| &node.value);
    let tables = if let Some(Value::List(list)) = list { list.as_slice() } else { &[] };
    let written = tables.iter().filter_map(|table| table.get("path")).find(|node| node.as_str() == Some(path));
    Problem::new(written.map_or(0..0, |node| node.span.clone()), &format!("axis.{path}"), message, help)
}

/// Values and ranges with commas between them.
fn read_values(text: &str) -> Result<Vec<String>, String> {
    let mut values = Vec::new();
    for item in split(text)? {
        match item.split_once("..") {
            _ if item.is_empty() => return Err(format!("a value is missing in {}", quoted(text))),
            Some((from, rest)) if from.starts_with(|c: char| c.is_ascii_digit()) => {
                let (to, step) = rest.split_once(':').map_or((rest, None), |(to, step)| (to, Some(step)));
                values.extend(range(from, to, step)?);
            }
            _ => values.push(item.into()),
        }
    }
    Ok(values)
}

/// The parts between the commas that are in no brackets and in no quotes.
fn split(text: &str) -> Result<Vec<&str>, String> {
    let (mut parts, mut start, mut open, mut quote) = (Vec::new(), 0, Vec::new(), None);
    for (at, c) in text.char_indices() {
        match (c, quote) {
            (_, Some(mark)) => quote = quote.filter(|_| c != mark),
            ('"' | '\'', None) => quote = Some(c),
            ('(', None) => open.push(')'),
            ('[', None) => open.push(']'),
            ('{', None) => open.push('}'),
            (')' | ']' | '}', None) if open.pop() != Some(c) => {
                return Err(format!("{} has a '{c}' that closes nothing", quoted(text)));
            }
            (',', None) if open.is_empty() => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    if let Some(mark) = quote.or(open.pop()) {
        return Err(format!("{} has no '{mark}' at its end", quoted(text)));
    }
    parts.push(text[start..].trim());
    Ok(parts)
}

/// A decimal number and its unit: `1.5GiB` is 15, 1, `GiB`.
struct Amount<'a> {
    digits: i128,
    decimals: u32,
    unit: &'a str,
}

impl<'a> Amount<'a> {
    fn read(text: &'a str) -> Option<Self> {
        /// Longer numbers are no values of a scenario, and their sums might not fit.
        const LONGEST: usize = 18;
        let text = text.trim();
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
        let all = format!("{whole}{decimals}");
        let is_number = !whole.is_empty() && all.len() <= LONGEST && (!number.contains('.') || !decimals.is_empty());
        let digits = if is_number { all.parse().ok()? } else { return None };
        Some(Self { digits, decimals: decimals.len() as u32, unit: unit.trim() })
    }

    fn with_decimals(&self, decimals: u32) -> i128 {
        self.digits * 10_i128.pow(decimals - self.decimals)
    }
}

/// Every `step`-th value from `from` up to `to`, both included where the steps meet it.
fn range(from: &str, to: &str, step: Option<&str>) -> Result<Vec<String>, String> {
    let text = format!("{}..{}{}", from.trim(), to.trim(), step.map(|step| format!(":{step}")).unwrap_or_default());
    let step_help = || format!("the range {} needs a step: 30s..300s:30s, 0.1..0.9:0.1", quoted(&text));
    if let (Some(from), Some(to)) = (Amount::read(from), Amount::read(to))
        && from.unit == to.unit
    {
        let step = match step.map(Amount::read) {
            None if from.unit.is_empty() && from.decimals + to.decimals == 0 => {
                Amount { digits: 1, decimals: 0, unit: "" }
            }
            None => return Err(step_help()),
            Some(Some(step)) if step.unit == from.unit => step,
            Some(_) => return durations(&text, from_to_step(&text)),
        };
        let decimals = from.decimals.max(to.decimals).max(step.decimals);
        let [first, last, by] = [&from, &to, &step].map(|amount| amount.with_decimals(decimals));
        return Ok(steps(&text, first, last, by)?.map(|value| number(value, decimals) + from.unit).collect());
    }
    if step.is_none() {
        return Err(step_help());
    }
    durations(&text, from_to_step(&text))
}

fn from_to_step(text: &str) -> [&str; 3] {
    let (from, rest) = text.split_once("..").unwrap_or((text, ""));
    let (to, step) = rest.split_once(':').unwrap_or((rest, ""));
    [from, to, step]
}

/// A range whose ends or step have different units of time: `30s..5m:30s`.
fn durations(text: &str, ends: [&str; 3]) -> Result<Vec<String>, String> {
    let spans: Result<Vec<i128>, _> =
        ends.iter().map(|end| duration(end).map(|span| span.as_millis().into())).collect();
    let [first, last, by] = spans.ok().and_then(|spans| <[i128; 3]>::try_from(spans).ok()).ok_or_else(|| {
        format!("{} is not a range: write numbers of one unit, 6..12, 30s..300s:30s, 1GiB..4GiB:1GiB", quoted(text))
    })?;
    let span = |ms: i128| seatrial_sim::engine::time::Duration::from_millis(u64::try_from(ms).unwrap_or_default());
    Ok(steps(text, first, last, by)?.map(|ms| unquoted(&written(&parameters::Value::Span(span(ms))))).collect())
}

fn unquoted(text: &str) -> String {
    text.trim_matches('"').into()
}

fn steps(text: &str, first: i128, last: i128, by: i128) -> Result<impl Iterator<Item = i128>, String> {
    if by == 0 {
        return Err(format!("the range {} has a step of zero", quoted(text)));
    }
    if last < first {
        return Err(format!("the range {} is empty: its end is below its start", quoted(text)));
    }
    let count = (last - first) / by + 1;
    if count > MOST_VALUES as i128 {
        return Err(format!("the range {} has {count} values: widen its step", quoted(text)));
    }
    Ok((0..count).map(move |n| first + n * by))
}

/// A number of so many decimals, without zeros at its end: 15 with one is `1.5`.
fn number(value: i128, decimals: u32) -> String {
    let unit = 10_i128.pow(decimals);
    let fraction = format!("{:0width$}", value % unit, width = decimals as usize);
    let fraction = if decimals == 0 { "" } else { fraction.trim_end_matches('0') };
    if fraction.is_empty() { (value / unit).to_string() } else { format!("{}.{fraction}", value / unit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Result<String, String> {
        text.parse().map(|axis: Axis| axis.values.join(" | "))
    }

    #[test]
    fn values_and_ranges_are_read() {
        let table = [
            ("a.b.c=6..9", "6 | 7 | 8 | 9"),
            ("a.b.c = 6..12:2", "6 | 8 | 10 | 12"),
            ("a=6..11:2", "6 | 8 | 10"),
            ("a=6..6", "6"),
            ("a=30s..120s:30s", "30s | 60s | 90s | 120s"),
            ("a=30s..2m:30s", "30s | 1m | 90s | 2m"),
            ("a=1m..2m:30s", "1m | 90s | 2m"),
            ("a=0.1..0.35:0.1", "0.1 | 0.2 | 0.3"),
            ("a=0..1:0.25", "0 | 0.25 | 0.5 | 0.75 | 1"),
            ("a=25%..100%:25%", "25% | 50% | 75% | 100%"),
            ("a=512MiB..1024MiB:256MiB", "512MiB | 768MiB | 1024MiB"),
            ("a=1..3,7", "1 | 2 | 3 | 7"),
            ("a=30s, 60s,300s", "30s | 60s | 300s"),
            ("a=lognormal(median=8s, sigma=0.3),5s", "lognormal(median=8s, sigma=0.3) | 5s"),
            ("a={ poll = \"5s\", x = [1, 2] }, \"a, b\"", "{ poll = \"5s\", x = [1, 2] } | \"a, b\""),
            ("a=empirical(../file.csv),true", "empirical(../file.csv) | true"),
        ];
        for (text, expected) in table {
            assert_eq!(values(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_axis_says_what_would_do() {
        let table = [
            ("a.b", "PATH=VALUES"),
            ("=1", "not a path"),
            ("a..b=1", "not a path"),
            ("a=", "a value is missing"),
            ("a=1,,2", "a value is missing"),
            ("a=1,2,", "a value is missing"),
            ("a=12..6", "empty: its end is below its start"),
            ("a=6..12:0", "a step of zero"),
            ("a=6..12:", "is not a range"),
            ("a=6..", "needs a step"),
            ("a=6..12:-1", "is not a range"),
            ("a=30s..300s", "needs a step"),
            ("a=0.1..0.9", "needs a step"),
            ("a=1GiB..4MB:1MB", "numbers of one unit"),
            ("a=1..2:1s", "is not a range"),
            ("a=1..nan", "needs a step"),
            ("a=1..nan:1", "is not a range"),
            ("a=0..1000000", "widen its step"),
            ("a=99999999999999999999..999999999999999999999:1", "is not a range"),
            ("a=5s,5s", "'5s' twice"),
            ("a=uniform(1s,2s", "has no ')' at its end"),
            ("a=1),2", "closes nothing"),
            ("a=\"x,2", "has no '\"' at its end"),
        ];
        for (text, said) in table {
            let message = values(text).unwrap_err();
            assert!(message.contains(said), "{text}: {message}");
        }
    }

    #[test]
    fn axes_given_replace_those_of_the_file_and_come_behind_them() {
        let axes = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<Axis>>();
        let all = combined(&axes(&["a=1", "b=2,3"]), &axes(&["c=4", "a=5,6"])).unwrap();
        assert_eq!(all, axes(&["a=5,6", "b=2,3", "c=4"]));
        for (given, said) in [(["a=1", "a=2"], "two axes of a"), (["x.y=1", "x=2"], "sets what the axis of x.y sets")] {
            let message = combined(&axes(&["b=1"]), &axes(&given)).unwrap_err();
            assert!(message.contains(said), "{message}");
        }
        assert!(combined(&axes(&["a.bc=1"]), &axes(&["a.b=1"])).is_ok(), "one word that begins like another");
    }
}
