//! Trees to values. Nothing stops at the first problem: it is noted, and the rest is read on.

mod autoscaling;
mod capacity;
mod check;
mod checks;
mod deploy;
mod dist;
mod expression;
mod free;
mod hosts;
mod load;
mod machine;
mod orchestrator;
mod parameters;
mod placement;
mod refresh;
mod scaler;
mod scenario;
mod service;
pub(crate) mod units;

use std::cell::RefCell;
use std::ops::{Range, RangeInclusive};

use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::time::Duration;
use seatrial_sim::model::HourlyPrice;
use seatrial_sim::traffic::Rate;

pub(crate) use check::criteria;
pub(crate) use dist::{Samples, parse as parse_dist};
pub use free::{FREE_POOL, FREE_SLOTS, Part};
pub use orchestrator::FREE;
pub(crate) use scenario::{Decoded, scenario};
pub(crate) use units::{quoted, shortened};

use crate::catalogue::YearMonth;
use crate::report::Problem;
use crate::tree::{Entry, Node, Table, Value};
use units::Wrong;

/// What reading needs besides the tree: where problems go, and where sample files are.
pub(crate) struct Context<'a> {
    pub problems: RefCell<Vec<Problem>>,
    pub samples: &'a Samples,
}

impl<'a> Context<'a> {
    /// No problems yet.
    pub fn new(samples: &'a Samples) -> Self {
        Self { problems: RefCell::default(), samples }
    }

    /// Whether no problem was found so far.
    pub fn is_clean(&self) -> bool {
        self.problems.borrow().is_empty()
    }

    /// Notes a problem.
    pub fn note(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }
}

/// A value to be read, and its path. Each reading gives nothing after it has noted what is wrong.
#[derive(Clone)]
pub(crate) struct Item<'a> {
    pub node: &'a Node,
    pub path: String,
    pub context: &'a Context<'a>,
}

impl<'a> Item<'a> {
    /// Notes what is wrong with this value, and gives nothing.
    pub fn wrong<T>(&self, message: impl Into<String>, help: impl Into<Option<String>>) -> Option<T> {
        self.context.note(Problem::new(self.node.span.clone(), &self.path, message, help.into()));
        None
    }

    /// Notes that something else is needed, and gives nothing.
    fn wrong_kind<T>(&self, expected: &str) -> Option<T> {
        self.wrong(format!("{}, where {expected} is needed", self.node.value.kind()), None)
    }

    fn checked<T>(&self, result: Result<T, Wrong>) -> Option<T> {
        result.map_or_else(|wrong| self.wrong(wrong.message, wrong.help), Some)
    }

    /// A string.
    pub fn string(&self) -> Option<&'a str> {
        self.node.as_str().or_else(|| self.wrong_kind("a string"))
    }

    /// A string that is not blank.
    pub fn words(&self) -> Option<String> {
        let text = self.string()?;
        if text.trim().is_empty() { self.wrong("empty", None) } else { Some(text.into()) }
    }

    /// A name that paths and reports can use.
    pub fn name(&self) -> Option<String> {
        let text = self.string()?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if (1..=255).contains(&text.len()) && text.chars().all(plain) {
            return Some(text.into());
        }
        self.wrong(
            format!("{} is not a name", quoted(text)),
            "a name has 1 to 255 letters, digits, '-' and '_'".to_string(),
        )
    }

    /// True or false.
    pub fn boolean(&self) -> Option<bool> {
        match self.node.value {
            Value::Boolean(value) => Some(value),
            _ => self.wrong_kind("true or false"),
        }
    }

    /// A whole number in a range.
    pub fn integer<T: TryFrom<i128> + Into<i128> + Copy>(&self, range: RangeInclusive<T>) -> Option<T> {
        let (low, high): (i128, i128) = ((*range.start()).into(), (*range.end()).into());
        match self.node.value {
            Value::Integer(number) if (low..=high).contains(&number) => T::try_from(number).ok(),
            Value::Integer(i128::MAX) => self.wrong("too large", format!("write a whole number from {low} to {high}")),
            Value::Integer(number) => {
                self.wrong(format!("{number} is out of bounds"), format!("write a whole number from {low} to {high}"))
            }
            _ => self.wrong_kind("a whole number"),
        }
    }

    /// A number in a range, whole or not.
    pub fn number(&self, range: RangeInclusive<f64>) -> Option<f64> {
        let number = match self.node.value {
            Value::Integer(i128::MAX) => f64::INFINITY,
            Value::Integer(number) => number as f64,
            Value::Float(number) => number,
            _ => return self.wrong_kind("a number"),
        };
        if range.contains(&number) {
            return Some(number);
        }
        let found = if number == f64::INFINITY { "too large".into() } else { format!("{number} is out of bounds") };
        self.wrong(found, format!("write a number from {} to {}", range.start(), range.end()))
    }

    /// At least one and at most `most` of something.
    pub fn count(&self, what: &str, most: u32) -> Option<u32> {
        if self.node.value == Value::Integer(0) {
            return self.wrong(format!("zero {what}"), format!("write a whole number from 1 to {most}"));
        }
        self.integer(1..=most)
    }

    /// One of a list of words.
    pub fn choice<T>(&self, choices: impl IntoIterator<Item = (&'static str, T)>) -> Option<T> {
        let text = self.string()?;
        let mut names = Vec::new();
        for (name, value) in choices {
            if name == text {
                return Some(value);
            }
            names.push(name);
        }
        self.wrong(format!("there is no {}", quoted(text)), suggestion(text, &names))
    }

    /// A span of time.
    pub fn duration(&self) -> Option<Duration> {
        match &self.node.value {
            Value::String(text) => self.checked(units::duration(text)),
            _ => self.bare_number("a duration").map(|()| Duration::ZERO),
        }
    }

    /// A span of time above zero.
    pub fn duration_above_zero(&self) -> Option<Duration> {
        let span = self.duration()?;
        if span.is_zero() { self.wrong("zero, where time must pass", None) } else { Some(span) }
    }

    /// A span of time up to `most`.
    pub fn duration_up_to(&self, most: Duration) -> Option<Duration> {
        let span = self.duration()?;
        if span <= most { Some(span) } else { self.wrong(format!("{span} is more than {most}"), None) }
    }

    /// A month.
    pub fn month(&self) -> Option<YearMonth> {
        self.string().and_then(|text| self.checked(YearMonth::read(text)))
    }

    /// A distribution of spans.
    pub fn dist(&self) -> Option<Dist> {
        match &self.node.value {
            Value::String(text) => self.checked(dist::parse(text, self.context.samples)),
            _ => self.bare_number("a duration or distribution").map(|()| Dist::ZERO),
        }
    }

    /// Of numbers without a unit, only 0 is a span.
    fn bare_number(&self, expected: &str) -> Option<()> {
        match self.node.value {
            Value::Integer(0) => Some(()),
            Value::Integer(number) if number < 0 => self.wrong(format!("{number} is a negative time"), None),
            Value::Integer(i128::MAX) => self.wrong("too large", None),
            Value::Integer(number) => self.wrong(
                format!("{number} has no unit"),
                format!("write \"{number}s\" for seconds or \"{number}m\" for minutes"),
            ),
            Value::Float(number) => {
                self.wrong(format!("{number} has no unit"), format!("write \"{number}s\" for seconds"))
            }
            _ => self.wrong_kind(expected),
        }
    }

    /// Something that may be `"never"`.
    #[expect(clippy::option_option, reason = "the outer one is whether it was read, the inner one the value")]
    pub fn or_never<T>(&self, read: impl FnOnce(&Self) -> Option<T>) -> Option<Option<T>> {
        if self.node.as_str() == Some("never") { Some(None) } else { read(self).map(Some) }
    }

    /// A size in bytes.
    pub fn size(&self) -> Option<u64> {
        self.string().and_then(|text| self.checked(units::size(text)))
    }

    /// Memory in MiB, above zero.
    pub fn memory_mib(&self) -> Option<u32> {
        self.string().and_then(|text| self.checked(units::memory_mib(text)))
    }

    /// Bytes a second.
    pub fn rate(&self) -> Option<u64> {
        self.string().and_then(|text| self.checked(units::rate(text)))
    }

    /// Requests a second.
    pub fn request_rate(&self) -> Option<Rate> {
        match &self.node.value {
            Value::String(text) => self.checked(units::request_rate(text)),
            Value::Integer(i128::MAX) => self.wrong("too large", None),
            Value::Integer(number) => self.checked(units::request_rate(&number.to_string())),
            Value::Float(number) => self.checked(units::request_rate(&number.to_string())),
            _ => self.wrong_kind("a rate of requests"),
        }
    }

    /// A share in tenths of a percent, written as a number of percent or as `"2.5%"`; the range is in percent.
    pub fn permille(&self, range: RangeInclusive<u32>) -> Option<u32> {
        match &self.node.value {
            Value::Integer(i128::MAX) => self.wrong("too large", percent_help(&range)),
            Value::Integer(number) => self.permille_of(*number as f64, &range),
            Value::Float(number) => self.permille_of(*number, &range),
            Value::String(text) => self.share(text, range),
            _ => self.wrong_kind("a number of percent"),
        }
    }

    /// A share in tenths of a percent from a text, `"2.5%"`.
    pub fn share(&self, text: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let percent = self.checked(units::percent(text))?;
        self.permille_of(percent, &range)
    }

    fn permille_of(&self, percent: f64, range: &RangeInclusive<u32>) -> Option<u32> {
        if !(f64::from(*range.start())..=f64::from(*range.end())).contains(&percent) {
            return self.wrong(format!("{percent}% is out of bounds"), percent_help(range));
        }
        units::permille(percent).or_else(|| self.wrong(format!("{percent}% is not whole tenths of a percent"), None))
    }

    /// Dollars an hour.
    pub fn price(&self) -> Option<HourlyPrice> {
        match &self.node.value {
            Value::String(text) => self.checked(units::price(text)),
            Value::Float(dollars) => self.checked(units::dollars_an_hour(*dollars)),
            Value::Integer(dollars) => self.checked(units::dollars_an_hour(*dollars as f64)),
            _ => self.wrong_kind("a price"),
        }
    }

    /// The elements of a list.
    pub fn list(&self) -> Option<Vec<Self>> {
        let Value::List(list) = &self.node.value else { return self.wrong_kind("a list") };
        let item = |(position, node)| Self { node, path: format!("{}[{position}]", self.path), context: self.context };
        Some(list.iter().enumerate().map(item).collect())
    }

    /// The elements of an array of tables; the path of each has the text under its key `by` where that is known.
    pub fn elements(&self, by: &str) -> Vec<Self> {
        /// More is a mistake, or takes too long to check.
        const MOST: usize = 1_000;
        if let Value::Table(_) = self.node.value {
            self.wrong::<()>("one table, where a list of tables is needed", format!("write [[{}]]", self.path));
            return Vec::new();
        }
        let mut list = self.list().unwrap_or_default();
        if list.len() > MOST {
            self.wrong::<()>(format!("{} of them", list.len()), format!("write at most {MOST}"));
            list.truncate(MOST);
        }
        for item in &mut list {
            if let Some(name) = item.node.get(by).and_then(Node::as_str) {
                item.path = format!("{}.{name}", self.path);
            }
        }
        list
    }

    /// The only one of several readings of this table that found something.
    pub fn one_of<T, const N: usize>(&self, found: [Option<T>; N], help: &str) -> Option<T> {
        let mut found = found.into_iter().flatten();
        match (found.next(), found.next()) {
            (Some(one), None) => Some(one),
            (Some(_), Some(_)) => self.wrong("two of them, where one is needed", help.to_string()),
            // What is in it was said to be wrong.
            (None, _) if !matches!(&self.node.value, Value::Table(table) if table.entries.is_empty()) => None,
            (None, _) => self.wrong("an empty table", help.to_string()),
        }
    }

    /// The keys of a table.
    pub fn fields(&self) -> Option<Fields<'a>> {
        match &self.node.value {
            Value::Table(table) => Some(Fields { item: self.clone(), table, known: Vec::new() }),
            _ => self.wrong_kind("a table"),
        }
    }
}

/// The keys of a table, read one by one. A key that nobody has read is unknown.
pub(crate) struct Fields<'a> {
    item: Item<'a>,
    table: &'a Table,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The value of a key that may be absent.
    pub fn get(&mut self, key: &'static str) -> Option<Item<'a>> {
        self.known.push(key);
        let entry = self.table.get(key)?;
        let path = if self.item.path.is_empty() { key.into() } else { format!("{}.{key}", self.item.path) };
        Some(Item { node: &entry.node, path, context: self.item.context })
    }

    /// Reads a key that must be there.
    pub fn need<T>(&mut self, key: &'static str, read: impl FnOnce(Item<'a>) -> Option<T>) -> Option<T> {
        match self.get(key) {
            Some(item) => read(item),
            None => self.item.wrong(format!("{key} is missing"), None),
        }
    }

    /// Reads a key that may be absent.
    pub fn maybe<T>(&mut self, key: &'static str, read: impl FnOnce(Item<'a>) -> Option<T>) -> Option<T> {
        self.get(key).and_then(read)
    }

    /// Reads a key that has a default, which also stands in for a value that is wrong.
    pub fn or<T>(&mut self, key: &'static str, default: T, read: impl FnOnce(Item<'a>) -> Option<T>) -> T {
        self.get(key).and_then(read).unwrap_or(default)
    }

    /// Notes the keys that are unknown, after all known ones were read.
    pub fn close(self) {
        for entry in self.unknown() {
            let help = match nearest(&entry.key, self.known.iter().copied()) {
                Some(name) => format!("did you mean '{name}'?"),
                None => suggestion(&entry.key, &self.known),
            };
            self.note(entry, format!("unknown key {}", quoted(&entry.key)), help);
        }
    }

    /// Notes the parameters that their owner does not have, after all others were read.
    pub fn close_of(self, owner: &str) {
        for entry in self.unknown() {
            let message = format!("{owner} has no parameter {}", quoted(&entry.key));
            self.note(entry, message, suggestion_of_all(&entry.key, &self.known));
        }
    }

    fn unknown(&self) -> impl Iterator<Item = &'a Entry> {
        self.table.entries.iter().filter(|entry| !self.known.contains(&entry.key.as_str()))
    }

    fn note(&self, entry: &Entry, message: String, help: String) {
        self.item.context.note(Problem::new(entry.key_span.clone(), &self.item.path, message, Some(help)));
    }
}

fn percent_help(range: &RangeInclusive<u32>) -> String {
    format!("write percent from {} to {}", range.start(), range.end())
}

/// The name that was meant, if one is near enough to be a slip of the fingers.
pub(crate) fn nearest<'n>(text: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    const LONGEST: usize = 100;
    if text.len() > LONGEST {
        return None;
    }
    let distance = |name: &'n str| (strsim::damerau_levenshtein(text, name), name);
    let (distance, name) = names.into_iter().map(distance).min()?;
    let slips = (name.len().max(text.len()) / 3).max(1);
    (distance <= slips && distance < name.len()).then_some(name)
}

/// The name that was meant, and those that there are.
pub(crate) fn suggestion(text: &str, names: &[&str]) -> String {
    const LISTED: usize = 20;
    let listed: Vec<String> = names.iter().take(LISTED).map(|name| shortened(name)).collect();
    let more = if names.len() > LISTED { ", .." } else { "" };
    format!("{}there are: {}{more}", did_you_mean(text, names), listed.join(", "))
}

/// The seconds of a duration as scenario files write it: `500ms`, `1h30m`; none of what is not one.
pub fn seconds(text: &str) -> Option<f64> {
    units::duration(text).ok().map(Duration::as_secs_f64)
}

/// The name that was meant, and all those that there are.
pub fn suggestion_of_all(text: &str, names: &[&str]) -> String {
    let all = if names.is_empty() { "none".into() } else { names.join(", ") };
    format!("{}there are: {all}", did_you_mean(text, names))
}

fn did_you_mean(text: &str, names: &[&str]) -> String {
    nearest(text, names.iter().copied()).map(|name| format!("did you mean '{name}'? ")).unwrap_or_default()
}

/// The place of a key's value, for problems that several values have together.
pub(crate) fn span_of(node: &Node, key: &str) -> Range<usize> {
    node.get(key).unwrap_or(node).span.clone()
}
