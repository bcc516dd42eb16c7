//! `load`: what users ask of a service, and what its tasks can do about it.

mod demand;
mod trace;

use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::time::Duration;
use seatrial_sim::model::{Load, WarmUp};
use seatrial_sim::traffic::Rate;

pub(super) use trace::Trace;

use super::units::{self, MOST_REQUESTS_PER_S};
use super::{Fields, Item};
use crate::tree::Value;

/// No task works on more at once.
const MOST_CONCURRENCY: u32 = 1_000_000;
/// Units of cpu in a vCPU.
const VCPU: f64 = 1_024.0;

const SERVING_HELP: &str = "write capacity_per_task = \"25/s\", cpu_per_request = \"10ms\", or concurrency = 8 with \
                            request_time = \"200ms\"";

/// The load of a service whose tasks have so much cpu, none where that is wrong.
pub(super) fn load(item: &Item, cpu: Option<u32>, horizon: Duration) -> Option<Load> {
    let mut fields = item.fields()?;
    let arrivals = demand::arrivals(item, &mut fields, horizon);
    let serving = serving(item, &mut fields, cpu);
    // ALB: its idle timeout.
    let timeout = fields.or("timeout", Duration::from_secs(60), |item| item.duration_above_zero());
    let warm_up = fields.or("warm_up", WarmUp::default(), |item| warm_up(&item));
    let graceful_shutdown = fields.or("graceful_shutdown", false, |item| item.boolean());
    fields.close();
    let Serving { capacity_per_task, concurrency, request_time } = serving?;
    Some(Load {
        arrivals: arrivals?,
        capacity_per_task,
        concurrency,
        request_time,
        timeout,
        warm_up,
        graceful_shutdown,
    })
}

/// What a task can do. Little's law ties the three together: concurrency = capacity x mean request time.
struct Serving {
    capacity_per_task: Rate,
    concurrency: u32,
    request_time: Dist,
}

fn serving(item: &Item, fields: &mut Fields, cpu: Option<u32>) -> Option<Serving> {
    let capacity = written(fields, "capacity_per_task", capacity_per_task);
    let of_cpu = written(fields, "cpu_per_request", |item| capacity_of_cpu(item, cpu));
    let concurrency = written(fields, "concurrency", |item| item.count("requests", MOST_CONCURRENCY));
    let request_time = written(fields, "request_time", Item::dist);
    let capacity_per_task = match (capacity?, of_cpu?) {
        (Some(_), Some(_)) => {
            return item.wrong("both capacity_per_task and cpu_per_request", "leave one of them out".to_string());
        }
        (capacity, of_cpu) => capacity.or(of_cpu),
    };
    let serving =
        |capacity_per_task, concurrency, request_time| Serving { capacity_per_task, concurrency, request_time };
    match (capacity_per_task, concurrency?, request_time?) {
        (Some(capacity), concurrency, None) => {
            let concurrency = concurrency.unwrap_or(1);
            let mean_s = f64::from(concurrency) / capacity.as_per_s();
            // Spans are whole milliseconds; no request is over before it has begun.
            let mean = Duration::from_secs_f64(mean_s.max(0.001));
            Some(serving(capacity, concurrency, Dist::Exponential { mean }))
        }
        (Some(capacity), None, Some(time)) => {
            let concurrency = (capacity.as_per_s() * time.mean_s()).round().max(1.0);
            if concurrency > f64::from(MOST_CONCURRENCY) {
                let message = format!("{capacity} are {concurrency} requests at once, and at most {MOST_CONCURRENCY}");
                return item.wrong(message, "lower the capacity of a task or the request_time".to_string());
            }
            Some(serving(capacity, whole(concurrency), time))
        }
        (None, Some(concurrency), Some(time)) => {
            let per_s = f64::from(concurrency) / time.mean_s();
            let capacity = derived_capacity(item, per_s, "write a request_time above zero")?;
            Some(serving(capacity, concurrency, time))
        }
        (Some(_), Some(_), Some(_)) => item.wrong(
            "capacity, concurrency and request_time, where two of them give the third",
            "leave out concurrency".to_string(),
        ),
        (None, _, _) => item.wrong("what a task can do is missing", SERVING_HELP.to_string()),
    }
}

/// Reads a key that may be absent, apart from one that is wrong.
#[expect(clippy::option_option, reason = "the outer one is whether it is good, the inner one whether it is there")]
fn written<'a, T>(
    fields: &mut Fields<'a>,
    key: &'static str,
    read: impl FnOnce(&Item<'a>) -> Option<T>,
) -> Option<Option<T>> {
    fields.get(key).map_or(Some(None), |item| read(&item).map(Some))
}

fn capacity_per_task(item: &Item) -> Option<Rate> {
    let rate = item.request_rate()?;
    if rate.is_zero() { item.wrong("zero, where a task must serve something", None) } else { Some(rate) }
}

/// A task's share of a vCPU over what a request takes of it. Parts of a millisecond count.
fn capacity_of_cpu(item: &Item, cpu: Option<u32>) -> Option<Rate> {
    let ms = match &item.node.value {
        Value::String(text) => item.checked(units::milliseconds(text))?,
        _ => item.bare_number("a duration").map(|()| 0.0)?,
    };
    if ms == 0.0 {
        return item.wrong("zero, where time must pass", None);
    }
    match cpu? {
        0 => item
            .wrong("the service's cpu is 0", "write cpu = 256 in the service, or capacity_per_task here".to_string()),
        cpu => derived_capacity(item, f64::from(cpu) / VCPU / (ms / 1_000.0), "write a cpu time that a task can spend"),
    }
}

/// A capacity that comes of other numbers.
fn derived_capacity(item: &Item, per_s: f64, help: &str) -> Option<Rate> {
    let rate = Rate::per_s(per_s);
    if per_s <= MOST_REQUESTS_PER_S && !rate.is_zero() {
        return Some(rate);
    }
    item.wrong(format!("a task would serve {per_s} requests a second"), help.to_string())
}

/// A span, or a table of it.
fn warm_up(item: &Item) -> Option<WarmUp> {
    if !matches!(item.node.value, Value::Table(_)) {
        return item.duration().map(|span| WarmUp { span, from_permille: 0 });
    }
    let mut fields = item.fields()?;
    let span = fields.need("span", |item| item.duration());
    let from_permille = fields.or("from", 0, |item| item.permille(0..=100));
    fields.close();
    Some(WarmUp { span: span?, from_permille })
}

#[expect(clippy::cast_sign_loss, reason = "the caller has checked that it is from 1 up")]
fn whole(number: f64) -> u32 {
    number as u32
}
