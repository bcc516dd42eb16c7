//! Parameters: named values with a source each. Systems and strategies are made of them, scenario files override them by
//! name, and `seatrial list` prints them.

use crate::deploy::{Amount, Bound, Round};
use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::model::LaunchRate;

/// A named value and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The name that scenario files use. What it means is in [`meaning`](crate::orchestrators::meaning).
    pub name: &'static str,
    /// The default, or what overrides it.
    pub value: Value,
    /// Where the default comes from, in the keys of `docs/sources.md`; an estimate is marked E and has its range.
    pub source: &'static str,
}

/// A value, of a kind that scenario files can write.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A span of time.
    Span(Duration),
    /// A random span of time.
    Random(Dist),
    /// A number.
    Count(u32),
    /// A share in tenths of a percent.
    Permille(u32),
    /// A number of tasks, or a share of the desired count with the rounding of the system.
    Bound(Bound),
    /// Yes or no.
    Flag(bool),
    /// One of some words.
    Word(&'static str, &'static [&'static str]),
    /// Shares in tenths of a percent, rising.
    Shares(Vec<u32>),
    /// A token bucket; unlimited where absent.
    Rate(Option<LaunchRate>),
    /// Bytes a second.
    Throughput(u64),
}

/// Parameters by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters(pub Vec<Parameter>);

impl Parameters {
    /// None yet.
    pub const fn none() -> Self {
        Self(vec![])
    }

    /// With another one, in place of one of the same name.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>, source: &'static str) -> Self {
        let parameter = Parameter { name, value: value.into(), source };
        match self.0.iter_mut().find(|known| known.name == name) {
            Some(known) => *known = parameter,
            None => self.0.push(parameter),
        }
        self
    }

    /// Without one that a similar system has.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|parameter| parameter.name != name);
        self
    }

    /// Every name, in order.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|parameter| parameter.name).collect()
    }

    /// The value of a name, if there is one.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|parameter| parameter.name == name).map(|parameter| &parameter.value)
    }

    /// A span; zero where there is no such parameter.
    pub fn span(&self, name: &str) -> Duration {
        match self.get(name) {
            Some(Value::Span(span)) => *span,
            None => Duration::ZERO,
            Some(other) => wrong_kind(name, other),
        }
    }

    /// A span that 0 takes away.
    pub fn span_above_zero(&self, name: &str) -> Option<Duration> {
        Some(self.span(name)).filter(|span| !span.is_zero())
    }

    /// A random span; zero where there is no such parameter.
    pub fn random(&self, name: &str) -> Dist {
        match self.get(name) {
            Some(Value::Random(dist)) => dist.clone(),
            None => Dist::ZERO,
            Some(other) => wrong_kind(name, other),
        }
    }

    /// A number; 0 where there is no such parameter.
    pub fn count(&self, name: &str) -> u32 {
        match self.get(name) {
            Some(Value::Count(count)) => *count,
            None => 0,
            Some(other) => wrong_kind(name, other),
        }
    }

    /// A share in tenths of a percent; 0 where there is no such parameter.
    pub fn permille(&self, name: &str) -> u32 {
        match self.get(name) {
            Some(Value::Permille(permille)) => *permille,
            None => 0,
            Some(other) => wrong_kind(name, other),
        }
    }

    /// A bound; no task where there is no such parameter.
    pub fn bound(&self, name: &str) -> Bound {
        match self.get(name) {
            Some(Value::Bound(bound)) => *bound,
            None => Bound::tasks(0),
            Some(other) => wrong_kind(name, other),
        }
    }

    /// Yes or no; no where there is no such parameter.
    pub fn flag(&self, name: &str) -> bool {
        match self.get(name) {
            Some(Value::Flag(flag)) => *flag,
            None => false,
            Some(other) => wrong_kind(name, other),
        }
    }

    /// A word; empty where there is no such parameter.
    pub fn word(&self, name: &str) -> &'static str {
        match self.get(name) {
            Some(Value::Word(word, _)) => word,
            None => "",
            Some(other) => wrong_kind(name, other),
        }
    }

    /// Shares; none where there is no such parameter.
    pub fn shares(&self, name: &str) -> Vec<u32> {
        match self.get(name) {
            Some(Value::Shares(shares)) => shares.clone(),
            None => vec![],
            Some(other) => wrong_kind(name, other),
        }
    }

    /// A rate; unlimited where there is no such parameter.
    pub fn rate(&self, name: &str) -> Option<LaunchRate> {
        match self.get(name) {
            Some(Value::Rate(rate)) => *rate,
            None => None,
            Some(other) => wrong_kind(name, other),
        }
    }

    /// Bytes a second.
    pub fn throughput(&self, name: &str) -> Option<u64> {
        match self.get(name) {
            Some(Value::Throughput(bytes)) => Some(*bytes),
            None => None,
            Some(other) => wrong_kind(name, other),
        }
    }
}

fn wrong_kind(name: &str, value: &Value) -> ! {
    panic!("{name} is not a {value:?}")
}

impl Value {
    /// A share that rounds up.
    pub const fn percent_up(percent: u32) -> Self {
        Self::Bound(Bound::percent(percent, Round::Up))
    }

    /// A share that rounds down.
    pub const fn percent_down(percent: u32) -> Self {
        Self::Bound(Bound::percent(percent, Round::Down))
    }

    /// A number of tasks; shares in its place round up.
    pub const fn tasks_up(tasks: u32) -> Self {
        Self::Bound(Bound { amount: Amount::Tasks(tasks), round: Round::Up })
    }

    /// A number of tasks; shares in its place round down.
    pub const fn tasks_down(tasks: u32) -> Self {
        Self::Bound(Bound::tasks(tasks))
    }
}

impl From<Duration> for Value {
    fn from(span: Duration) -> Self {
        Self::Span(span)
    }
}

impl From<Dist> for Value {
    fn from(dist: Dist) -> Self {
        Self::Random(dist)
    }
}

impl From<u32> for Value {
    fn from(count: u32) -> Self {
        Self::Count(count)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<LaunchRate> for Value {
    fn from(rate: LaunchRate) -> Self {
        Self::Rate(Some(rate))
    }
}
