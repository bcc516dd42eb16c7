//! `scaler`: what decides how many hosts a group has, each with the knobs that it has in its own documentation.

use std::ops::RangeInclusive;

use seatrial_sim::engine::time::Duration;
use seatrial_sim::model::Resource;
use seatrial_sim::scaling::{
    CapacityProvider, ClusterAutoscaler, Headroom, Karpenter, ReservationAlarms, Scaler, Spare,
};

use super::hosts::MOST_HOSTS;
use super::{Fields, Item, suggestion};
use crate::report::Problem;
use crate::tree::{Table, Value};

/// The scalers by name.
const NAMES: [&str; 6] =
    ["fixed", "headroom", "capacity-provider", "reservation-alarms", "cluster-autoscaler", "karpenter"];

/// `scaler = "karpenter"`, or `{ capacity-provider = { target = 90 } }`.
pub(super) fn scaler(item: &Item) -> Option<Scaler> {
    let empty = crate::tree::Node { span: item.node.span.clone(), value: Value::Table(Table::default()) };
    let (name, span, knobs) = match &item.node.value {
        Value::String(name) => (name, item.node.span.clone(), &empty),
        Value::Table(table) => match table.entries.as_slice() {
            [entry] => (&entry.key, entry.key_span.clone(), &entry.node),
            entries => return item.wrong(format!("{} scalers, where one is needed", entries.len()), None),
        },
        _ => return item.wrong_kind("a scaler's name, or a table of it,"),
    };
    let knobs = Item { node: knobs, path: format!("{}.{name}", item.path), context: item.context };
    let mut fields = knobs.fields()?;
    let scaler = match name.as_str() {
        "fixed" => Scaler::Fixed,
        "headroom" => Scaler::Headroom(headroom(&mut fields)),
        "capacity-provider" => Scaler::CapacityProvider(capacity_provider(&mut fields)),
        "reservation-alarms" => Scaler::ReservationAlarms(reservation_alarms(&knobs, &mut fields)?),
        "cluster-autoscaler" => Scaler::ClusterAutoscaler(cluster_autoscaler(&mut fields)),
        "karpenter" => Scaler::Karpenter(karpenter(&mut fields)),
        name => {
            let message = format!("there is no scaler {}", super::quoted(name));
            item.context.note(Problem::new(span, &item.path, message, Some(suggestion(name, &NAMES))));
            return None;
        }
    };
    fields.close();
    Some(scaler)
}

fn headroom(fields: &mut Fields) -> Headroom {
    let spare = fields.or("spare", Spare::Hosts(1), |item| match item.node.as_str() {
        Some(_) => item.permille(0..=1_000).map(Spare::Permille),
        None => item.integer(0..=MOST_HOSTS).map(Spare::Hosts),
    });
    Headroom { spare, period: above_zero(fields, "period", Duration::from_secs(60)) }
}

fn capacity_provider(fields: &mut Fields) -> CapacityProvider {
    let usual = CapacityProvider::default();
    CapacityProvider {
        target: count(fields, "target", usual.target, 1..=100),
        min_step: count(fields, "min_step", usual.min_step, 1..=10_000),
        max_step: count(fields, "max_step", usual.max_step, 1..=10_000),
        instance_warmup: span(fields, "instance_warmup", usual.instance_warmup),
        period: above_zero(fields, "period", usual.period),
        alarm_delay: span(fields, "alarm_delay", usual.alarm_delay),
        periods_below: count(fields, "periods_below", usual.periods_below, 1..=1_440),
    }
}

fn reservation_alarms(item: &Item, fields: &mut Fields) -> Option<ReservationAlarms> {
    let alarms = read_alarms(fields);
    match alarms.low_permille {
        Some(low) if low >= alarms.high_permille => {
            item.wrong("low is not below high: hosts would come and go without end", None)
        }
        _ => Some(alarms),
    }
}

fn read_alarms(fields: &mut Fields) -> ReservationAlarms {
    let usual = ReservationAlarms::default();
    ReservationAlarms {
        resource: fields
            .or("resource", usual.resource, |item| item.choice([("memory", Resource::Memory), ("cpu", Resource::Cpu)])),
        high_permille: fields.or("high", usual.high_permille, |item| item.permille(0..=100)),
        low_permille: fields.or("low", usual.low_permille, |item| item.or_never(|item| item.permille(0..=100))),
        periods: count(fields, "periods", usual.periods, 1..=1_440),
        period: above_zero(fields, "period", usual.period),
        step: count(fields, "step", usual.step, 1..=10_000),
        cooldown: span(fields, "cooldown", usual.cooldown),
    }
}

fn cluster_autoscaler(fields: &mut Fields) -> ClusterAutoscaler {
    let usual = ClusterAutoscaler::default();
    ClusterAutoscaler {
        period: above_zero(fields, "scan_interval", usual.period),
        young: span(fields, "young", usual.young),
        most_new: count(fields, "most_new", usual.most_new, 1..=MOST_HOSTS),
        utilization_permille: fields.or("utilization", usual.utilization_permille, |item| item.permille(0..=100)),
        unneeded_time: span(fields, "unneeded_time", usual.unneeded_time),
        delay_after_add: span(fields, "delay_after_add", usual.delay_after_add),
        recheck: span(fields, "recheck", usual.recheck),
        at_once: count(fields, "at_once", usual.at_once, 1..=MOST_HOSTS),
        drains: count(fields, "drains", usual.drains, 0..=MOST_HOSTS),
    }
}

fn karpenter(fields: &mut Fields) -> Karpenter {
    let usual = Karpenter::default();
    Karpenter {
        batch_idle: span(fields, "batch_idle", usual.batch_idle),
        batch_max: span(fields, "batch_max", usual.batch_max),
        period: above_zero(fields, "period", usual.period),
        consolidate_after: span(fields, "consolidate_after", usual.consolidate_after),
        budget_permille: fields.or("budget", usual.budget_permille, |item| item.permille(0..=100)),
        validation: span(fields, "validation", usual.validation),
        most_together: count(fields, "most_together", usual.most_together, 2..=MOST_HOSTS),
    }
}

fn span(fields: &mut Fields, key: &'static str, usual: Duration) -> Duration {
    fields.or(key, usual, |item| item.duration())
}

fn above_zero(fields: &mut Fields, key: &'static str, usual: Duration) -> Duration {
    fields.or(key, usual, |item| item.duration_above_zero())
}

fn count(fields: &mut Fields, key: &'static str, usual: u32, range: RangeInclusive<u32>) -> u32 {
    fields.or(key, usual, |item| item.integer(range))
}
