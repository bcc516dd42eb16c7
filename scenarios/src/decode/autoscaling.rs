//! `autoscaling` of a service: its bounds and the policies that change its desired count.

use std::ops::RangeInclusive;

use seatrial_sim::autoscaling::{
    Adjustment, Alarm, AlarmFunction, Autoscaling, Behavior, Change, Current, Hpa, Limit, Metric, Policy,
    ScheduledBounds, Select, Step, StepScaling, TargetTracking,
};
use seatrial_sim::engine::time::{Duration, Time};

use super::{Fields, Item};
use crate::tree::Value;

/// Most tasks of a service.
pub(super) const MOST_TASKS: u32 = 100_000;

/// Most percent of utilization that anything is compared with, and most requests.
const MOST_PERCENT: u32 = 1_000;
const MOST_REQUESTS: u32 = 1_000_000_000;

/// `{ min = 10, max = 60, target-tracking = { cpu = 60 } }`.
pub(super) fn autoscaling(item: &Item, desired: Option<u32>) -> Option<Autoscaling> {
    let mut fields = item.fields()?;
    let bounds = bounds(item, &mut fields);
    let schedule = fields.or("schedule", vec![], |item| schedule(&item));
    let mut policies = Vec::new();
    let mut kind = |key, read: &dyn Fn(&Item) -> Option<Policy>| {
        let read_all = |item: Item| each(&item)?.iter().map(read).collect::<Option<Vec<_>>>();
        fields.get(key).map(|item| policies.extend(read_all(item).unwrap_or_default())).is_some()
    };
    let of_aws = [
        kind("target-tracking", &|item| target_tracking(item).map(Policy::TargetTracking)),
        kind("step", &|item| step(item).map(Policy::Step)),
        kind("alarm", &|item| alarm_function(item).map(Policy::AlarmFunction)),
    ];
    let has_hpa = kind("hpa", &|item| hpa(item).map(Policy::Hpa));
    fields.close();
    let (min, max) = bounds?;
    let autoscaling = Autoscaling { min, max, schedule, policies };
    let hpas = autoscaling.policies.iter().filter(|policy| matches!(policy, Policy::Hpa(_))).count();
    if has_hpa && of_aws.contains(&true) || hpas > 1 {
        return item.wrong("hpa is not alone: two controllers would write the desired count", None);
    }
    let idle = autoscaling.schedule.iter().map(|bounds| bounds.min).chain([min]).min();
    if has_hpa && idle == Some(0) {
        return item.wrong("min is 0, which switches hpa off", "write 1 or more".to_string());
    }
    let start = autoscaling.bounds(Time::ZERO);
    match desired {
        Some(desired) if !start.contains(&desired) => item.wrong(
            format!("{desired} tasks are desired, where min and max allow {} to {}", start.start(), start.end()),
            format!("write desired from {} to {}", start.start(), start.end()),
        ),
        _ => Some(autoscaling),
    }
}

/// A table, or a list of them.
fn each<'a>(item: &Item<'a>) -> Option<Vec<Item<'a>>> {
    match item.node.value {
        Value::List(_) => item.list(),
        _ => Some(vec![item.clone()]),
    }
}

/// `min` and `max`.
fn bounds(item: &Item, fields: &mut Fields) -> Option<(u32, u32)> {
    let min = fields.need("min", |item| item.integer(0..=MOST_TASKS));
    let max = fields.need("max", |item| item.integer(0..=MOST_TASKS));
    match (min?, max?) {
        (min, max) if min > max => item.wrong(format!("min is {min} and max is {max}"), None),
        bounds => Some(bounds),
    }
}

fn schedule(item: &Item) -> Option<Vec<ScheduledBounds>> {
    let read = |item: &Item| {
        let mut fields = item.fields()?;
        let at = fields.need("at", |item| item.duration());
        let bounds = bounds(item, &mut fields);
        fields.close();
        let (min, max) = bounds?;
        Some(ScheduledBounds { at: Time::ZERO + at?, min, max })
    };
    let mut schedule: Vec<ScheduledBounds> = item.list()?.iter().map(read).collect::<Option<_>>()?;
    schedule.sort_by_key(|bounds| bounds.at);
    if let Some(pair) = schedule.windows(2).find(|pair| pair[0].at == pair[1].at) {
        return item.wrong(format!("two of them at {}", pair[0].at.since(Time::ZERO)), "write one of them".to_string());
    }
    Some(schedule)
}

fn target_tracking(item: &Item) -> Option<TargetTracking> {
    let mut fields = item.fields()?;
    let cpu = fields.get("cpu").map(|item| percent(&item).map(|target| (Metric::Utilization, target)));
    let requests = fields.get("requests_per_target");
    let requests = requests
        .map(|item| item.count("requests", MOST_REQUESTS).map(|target| (Metric::RequestsPerTarget, f64::from(target))));
    let help = "write cpu = 60 or requests_per_target = 1000";
    let target = match (cpu, requests) {
        (Some(target), None) | (None, Some(target)) => target,
        (None, None) => item.wrong("no target", help.to_string()),
        (Some(_), Some(_)) => item.wrong("two targets, where one policy has one", help.to_string()),
    };
    let (metric, target) = target.unwrap_or((Metric::Utilization, 100.0));
    let usual = TargetTracking::of(metric, target);
    let tracking = TargetTracking {
        low: fields.or("low", usual.low, |item| item.permille(1..=100).map(of_permille)),
        period: whole_seconds(&mut fields, "period", usual.period, 1),
        delay: whole_seconds(&mut fields, "delay", usual.delay, 0),
        periods_above: periods(&mut fields, "periods_above", usual.periods_above),
        periods_below: periods(&mut fields, "periods_below", usual.periods_below),
        scale_out_cooldown: span(&mut fields, "scale_out_cooldown", usual.scale_out_cooldown),
        scale_in_cooldown: span(&mut fields, "scale_in_cooldown", usual.scale_in_cooldown),
        disable_scale_in: fields.or("disable_scale_in", usual.disable_scale_in, |item| item.boolean()),
        ..usual
    };
    fields.close();
    Some(tracking)
}

fn step(item: &Item) -> Option<StepScaling> {
    let usual = StepScaling::default();
    let mut fields = item.fields()?;
    let metric = fields.or("metric", usual.metric, |item| {
        item.choice([("cpu", Metric::Utilization), ("requests_per_target", Metric::RequestsPerTarget)])
    });
    let magnitude = fields.get("min_magnitude");
    let min_magnitude = magnitude.as_ref().and_then(|item| item.count("tasks", MOST_TASKS));
    let percent = Adjustment::Percent { min_magnitude: min_magnitude.unwrap_or(1) };
    let adjustment = fields.or("adjustment", usual.adjustment, |item| {
        item.choice([("change", Adjustment::Change), ("percent", percent), ("exact", Adjustment::Exact)])
    });
    if let Some(magnitude) = magnitude.filter(|_| adjustment != percent) {
        magnitude.wrong::<()>("only a change in percent has a minimum", "write adjustment = \"percent\"".to_string());
    }
    let [high, low] = ["high", "low"].map(|key| fields.get(key));
    let scaling = StepScaling {
        metric,
        high: high.as_ref().and_then(|item| alarm(item, metric)),
        low: low.as_ref().and_then(|item| alarm(item, metric)),
        adjustment,
        period: whole_seconds(&mut fields, "period", usual.period, 1),
        delay: whole_seconds(&mut fields, "delay", usual.delay, 0),
        cooldown: span(&mut fields, "cooldown", usual.cooldown),
    };
    fields.close();
    if high.is_none() && low.is_none() {
        return item.wrong("no alarm", "write high = { threshold = 75, steps = [{ change = 2 }] }".to_string());
    }
    match (&scaling.high, &scaling.low) {
        (Some(high), Some(low)) if low.threshold > high.threshold => {
            item.wrong("low is above high: tasks would come and go without end", None)
        }
        _ => Some(scaling),
    }
}

fn alarm(item: &Item, metric: Metric) -> Option<Alarm> {
    let mut fields = item.fields()?;
    let threshold = fields.need("threshold", |item| match metric {
        Metric::Utilization => percent(&item),
        Metric::RequestsPerTarget => item.integer(0..=MOST_REQUESTS).map(f64::from),
    });
    let periods = periods(&mut fields, "periods", 1);
    let steps = fields.need("steps", |item| {
        let steps: Vec<Step> = item.list()?.iter().map(one_step).collect::<Option<_>>()?;
        if steps.is_empty() {
            return item.wrong("no steps", "write [{ change = 2 }]".to_string());
        }
        let ends = |step: &Step| (step.from.unwrap_or(f64::NEG_INFINITY), step.to.unwrap_or(f64::INFINITY));
        let mut ranges: Vec<(f64, f64)> = steps.iter().map(ends).collect();
        ranges.sort_by(|one, other| one.0.total_cmp(&other.0));
        let overlap = ranges.windows(2).any(|pair| pair[1].0 < pair[0].1);
        if overlap { item.wrong("two steps overlap", None) } else { Some(steps) }
    });
    fields.close();
    Some(Alarm { threshold: threshold?, periods, steps: steps? })
}

fn one_step(item: &Item) -> Option<Step> {
    const FAR: i32 = 1_000_000_000;
    let mut fields = item.fields()?;
    let [from, to] = ["from", "to"].map(|key| fields.maybe(key, |item| item.integer(-FAR..=FAR)).map(f64::from));
    let change = fields.need("change", |item| item.integer(-1_000_000..=1_000_000));
    fields.close();
    match (from, to) {
        (Some(from), Some(to)) if from >= to => item.wrong(format!("from {from} is not below to {to}"), None),
        _ => Some(Step { from, to, change: change? }),
    }
}

fn alarm_function(item: &Item) -> Option<AlarmFunction> {
    let usual = AlarmFunction::default();
    let mut fields = item.fields()?;
    let function = AlarmFunction {
        high: fields.or("high", usual.high, |item| percent(&item)),
        low: fields.or("low", usual.low, |item| item.or_never(percent)),
        periods: periods(&mut fields, "periods", usual.periods),
        period: whole_seconds(&mut fields, "period", usual.period, 1),
        step: fields.or("step", usual.step, |item| item.count("tasks", MOST_TASKS)),
        latency: whole_seconds(&mut fields, "latency", usual.latency, 0),
        cooldown: span(&mut fields, "cooldown", usual.cooldown),
        repeats: fields.or("repeats", usual.repeats, |item| item.boolean()),
    };
    fields.close();
    match function.low {
        Some(low) if low >= function.high => {
            item.wrong("low is not below high: tasks would come and go without end", None)
        }
        _ => Some(function),
    }
}

fn hpa(item: &Item) -> Option<Hpa> {
    let usual = Hpa::default();
    let mut fields = item.fields()?;
    let hpa = Hpa {
        target: fields.or("cpu", usual.target, |item| item.integer(1..=MOST_PERCENT)),
        tolerance: fields.or("tolerance", usual.tolerance, |item| tolerance(&item)),
        period: whole_seconds(&mut fields, "sync", usual.period, 1),
        cpu_initialization: span(&mut fields, "cpu_initialization", usual.cpu_initialization),
        sample_window: span(&mut fields, "sample_window", usual.sample_window),
        current: fields
            .or("current", usual.current, |item| item.choice([("spec", Current::Spec), ("status", Current::Status)])),
        scale_up: fields.maybe("scale_up", |item| behavior(&item, &usual.scale_up)).unwrap_or(usual.scale_up),
        scale_down: fields.maybe("scale_down", |item| behavior(&item, &usual.scale_down)).unwrap_or(usual.scale_down),
    };
    fields.close();
    Some(hpa)
}

fn tolerance(item: &Item) -> Option<f64> {
    match item.node.value {
        Value::Integer(0) => Some(0.0),
        Value::Float(share) if (0.0..1.0).contains(&share) => Some(share),
        Value::Integer(_) | Value::Float(_) => item.wrong("not a share from 0 to 1", "write 0.1".to_string()),
        _ => item.wrong_kind("a share from 0 to 1"),
    }
}

fn behavior(item: &Item, usual: &Behavior) -> Option<Behavior> {
    let mut fields = item.fields()?;
    let hour = Duration::from_secs(3_600);
    let behavior = Behavior {
        stabilization: fields.or("stabilization", usual.stabilization, |item| item.duration_up_to(hour)),
        select: fields.or("select", usual.select, |item| {
            item.choice([("max", Select::Max), ("min", Select::Min), ("disabled", Select::Disabled)])
        }),
        limits: fields.or("policies", usual.limits.clone(), |item| {
            let limits = item.list()?;
            if limits.is_empty() {
                return item.wrong("no policies", "write select = \"disabled\" for no change".to_string());
            }
            limits.iter().map(limit).collect()
        }),
    };
    fields.close();
    Some(behavior)
}

fn limit(item: &Item) -> Option<Limit> {
    let mut fields = item.fields()?;
    let pods = fields.maybe("pods", |item| item.count("pods", MOST_TASKS)).map(Change::Pods);
    let percent = fields.maybe("percent", |item| item.count("percent", 1_000_000)).map(Change::Percent);
    let period = fields.need("period", |item| {
        item.duration_above_zero()?;
        item.duration_up_to(Duration::from_secs(1_800))
    });
    fields.close();
    let change = item.one_of([pods, percent], "write { pods = 4, period = \"15s\" } or with percent")?;
    Some(Limit { change, period: period? })
}

/// A number of percent above zero, to one decimal.
fn percent(item: &Item) -> Option<f64> {
    match item.permille(0..=MOST_PERCENT)? {
        0 => item.wrong("zero percent", None),
        permille => Some(of_permille(permille)),
    }
}

fn of_permille(permille: u32) -> f64 {
    f64::from(permille) / 10.0
}

/// Whole seconds: looks are at their multiples.
fn whole_seconds(fields: &mut Fields, key: &'static str, usual: Duration, least: u64) -> Duration {
    fields.or(key, usual, |item| {
        let span = item.duration()?;
        if span < Duration::from_secs(least) || span.as_millis() % 1_000 != 0 {
            return item.wrong(format!("{span}, where whole seconds from {least} on are needed"), None);
        }
        Some(span)
    })
}

fn span(fields: &mut Fields, key: &'static str, usual: Duration) -> Duration {
    fields.or(key, usual, |item| item.duration())
}

fn periods(fields: &mut Fields, key: &'static str, usual: u32) -> u32 {
    const RANGE: RangeInclusive<u32> = 1..=1_440;
    fields.or(key, usual, |item| item.integer(RANGE))
}
