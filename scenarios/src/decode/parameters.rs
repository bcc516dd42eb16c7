//! Parameters of systems and strategies, read by the kind of their values, whichever system has them.

use std::ops::RangeInclusive;

use seatrial_sim::deploy::{Amount, Bound};
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::model::LaunchRate;
use seatrial_sim::orchestrators::{Range, meaning};
use seatrial_sim::parameters::{Parameter, Parameters, Value};

use super::{Fields, Item};

/// More tasks than a service may have are never meant.
pub(super) const MOST_TASKS: u32 = 100_000;
/// More percent of the desired tasks are never meant.
pub(super) const MOST_PERCENT: u32 = 1_000;

/// Overrides the parameters that the table names.
pub(super) fn read(fields: &mut Fields, parameters: &mut Parameters) {
    for parameter in &mut parameters.0 {
        if let Some(value) = fields.maybe(parameter.name, |item| value(&item, parameter)) {
            parameter.value = value;
        }
    }
}

/// A value of the parameter's kind and in its range.
fn value(item: &Item, parameter: &Parameter) -> Option<Value> {
    let range = meaning(parameter.name).map_or(Range::Any, |meaning| meaning.range);
    match &parameter.value {
        Value::Span(_) if range == Range::AboveZero => item.duration_above_zero().map(Value::Span),
        Value::Span(_) => item.duration().map(Value::Span),
        Value::Random(_) => match item.dist()? {
            Dist::ZERO if range == Range::AboveZero => item.wrong("zero, where time must pass", None),
            dist => Some(Value::Random(dist)),
        },
        Value::Count(_) => item.integer(counts(range)).map(Value::Count),
        Value::Permille(_) => item.permille(percents(range)).map(Value::Permille),
        Value::Bound(Bound { round, .. }) => {
            let amount = amount(item, range)?;
            Some(Value::Bound(Bound { amount, round: *round }))
        }
        Value::Flag(_) => item.boolean().map(Value::Flag),
        Value::Word(_, words) => {
            item.choice(words.iter().map(|word| (*word, *word))).map(|word| Value::Word(word, words))
        }
        Value::Shares(_) => {
            let high = if let Range::Percent(_, high) = range { high } else { 100 };
            rising_shares(item, high).map(Value::Shares)
        }
        Value::Rate(default) => launch_rate(item, *default).map(Value::Rate),
        Value::Throughput(_) => item.rate().map(Value::Throughput),
    }
}

fn counts(range: Range) -> RangeInclusive<u32> {
    match range {
        Range::Count(low, high) => low..=high,
        _ => 0..=MOST_TASKS,
    }
}

fn percents(range: Range) -> RangeInclusive<u32> {
    match range {
        Range::Percent(low, high) => low..=high,
        _ => 0..=MOST_PERCENT,
    }
}

/// A number of tasks, or a share of them.
fn amount(item: &Item, range: Range) -> Option<Amount> {
    match item.node.as_str() {
        Some(_) => item.permille(percents(range)).map(Amount::Permille),
        None => item.integer(counts(range)).map(Amount::Tasks),
    }
}

/// Shares that rise, to so many percent at most.
pub(super) fn rising_shares(item: &Item, high: u32) -> Option<Vec<u32>> {
    let shares: Vec<u32> = item.list()?.iter().map(|item| item.permille(0..=high)).collect::<Option<_>>()?;
    if shares.is_sorted_by(|a, b| a < b) {
        return Some(shares);
    }
    item.wrong("shares that do not rise", "each is larger than the one before it: [10, 50, 100]".to_string())
}

#[expect(clippy::option_option, reason = "the outer one is whether it was read, the inner one the value")]
pub(super) fn launch_rate(item: &Item, default: Option<LaunchRate>) -> Option<Option<LaunchRate>> {
    const MOST: u32 = 1_000_000;
    if item.node.as_str().is_some() {
        return item.choice([("unlimited", None)]);
    }
    let mut fields = item.fields()?;
    let per_minute = fields.maybe("per_minute", |item| item.count("launches", MOST));
    let burst = fields.maybe("burst", |item| item.count("launches", MOST));
    fields.close();
    let or_default = |given: Option<u32>, default: Option<u32>, key: &str| {
        given.or(default).or_else(|| item.wrong(format!("{key} is missing"), None))
    };
    Some(Some(LaunchRate {
        per_minute: or_default(per_minute, default.map(|rate| rate.per_minute), "per_minute")?,
        burst: or_default(burst, default.map(|rate| rate.burst), "burst")?,
    }))
}
