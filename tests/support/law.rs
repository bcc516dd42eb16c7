//! The conservation law: what a deploy holds and lacks is the time that its tasks take to start and to stop.

use seatrial_sim::cluster::TaskState;
use seatrial_sim::engine::fact::{Fact, ServiceId};
use seatrial_sim::engine::time::Time;
use seatrial_sim::measure::series::Series;
use seatrial_sim::model::Model;

use super::Played;

/// The start and stop latencies of all tasks from their service's first request on, plus what was in service beyond the desired
/// count and what was not even reserved of it: task-seconds extra and short by a second path.
pub fn latencies_and_surplus_s(played: &Played, model: &Model) -> f64 {
    let end = Time::ZERO + model.horizon;
    let mut ms = 0;
    for (service, id) in model.services.iter().zip((0..).map(ServiceId)) {
        let counts = played.trace.task_counts(id);
        let Some(&from) = counts.requested.first() else { continue };
        let desired = desired_counts(played, id, service.desired);
        ms += start_and_stop_latencies(played, model, from, id);
        let mut instants: Vec<_> =
            played.trace.records.iter().map(|record| record.at).filter(|at| *at > from).collect();
        instants.dedup();
        instants.insert(0, from);
        instants.push(end);
        for pair in instants.windows(2) {
            let in_service = counts.old_in_service.at(pair[0]) + counts.new_in_service.at(pair[0]);
            let reserved = in_service + counts.starting.at(pair[0]) + counts.draining.at(pair[0]);
            let desired = desired.at(pair[0]);
            let beyond = (in_service - desired).max(0) + (desired - reserved).max(0);
            ms += i128::from(beyond) * i128::from(pair[1].since(pair[0]).as_millis());
        }
    }
    ms as f64 / 1_000.0
}

/// How long a task was not in service while it held resources, task by task, in ms; to the horizon at most.
fn start_and_stop_latencies(played: &Played, model: &Model, from: Time, service: ServiceId) -> i128 {
    let end = Time::ZERO + model.horizon;
    let mut idle_since: Vec<Option<Time>> = vec![];
    let mut total = 0;
    let mut add = |since: Time, to: Time| total += i128::from(to.max(from).since(since.max(from)).as_millis());
    for record in &played.trace.records {
        let Fact::TaskMoved { task, service: of, to, .. } = record.fact else { continue };
        idle_since.resize(idle_since.len().max(task.index() + 1), None);
        if of != service {
            continue;
        }
        let since = &mut idle_since[task.index()];
        match to {
            TaskState::InService | TaskState::Stopped => {
                if let Some(since) = since.take() {
                    add(since, record.at);
                }
            }
            _ => {
                since.get_or_insert(record.at);
            }
        }
    }
    for since in idle_since.into_iter().flatten() {
        add(since, end);
    }
    total
}

/// A service's desired count over time.
pub fn desired_counts(played: &Played, service: ServiceId, at_start: u32) -> Series {
    let mut counts = Series::default();
    counts.change(Time::ZERO, at_start.into());
    for record in &played.trace.records {
        if let Fact::DesiredChanged { service: of, desired } = record.fact
            && of == service
        {
            let now = counts.at(record.at);
            counts.change(record.at, i64::from(desired) - now);
        }
    }
    counts
}
