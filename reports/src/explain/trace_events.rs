//! One run in the trace-event format, which the trace viewers of browsers open (`chrome://tracing`, Perfetto): hosts as
//! processes, tasks as their threads, and the critical path as a process of its own.

use seatrial_sim::cluster::TaskState;
use seatrial_sim::engine::fact::{Fact, HostId};
use seatrial_sim::engine::time::Time;
use seatrial_sim::measure::critical_path::CriticalPath;
use seatrial_sim::measure::trace::Trace;
use seatrial_sim::model::Model;
use serde_json::{Value, json};

use crate::wording;

/// The events as one JSON document that ends with a newline. Times are microseconds from the run's start.
pub fn render(model: &Model, trace: &Trace, path: Option<&CriticalPath>) -> String {
    let hosts = trace.host_names(model);
    let mut events = vec![name("process_name", PATH, 0, "critical path")];
    events.extend(hosts.iter().enumerate().map(|(i, host)| name("process_name", i as u32 + 1, 0, host)));
    for leg in path.iter().flat_map(|path| &path.legs) {
        events.push(span(leg.kind.name(), "critical path", leg.from, leg.to, PATH, 0));
    }
    // By task, since when it is in which state, and where.
    let mut tasks: Vec<Option<(Time, TaskState, HostId)>> = vec![];
    for record in &trace.records {
        let Fact::TaskMoved { task, service, version, host, to } = record.fact else { continue };
        let process = host.0 + 1;
        if task.index() == tasks.len() {
            tasks.push(None);
            let title =
                format!("{} v{version}, task {}", wording::plain(&model.services[service.index()].name), task.0);
            events.push(name("thread_name", process, task.0, &title));
        }
        if let Some((since, state, _)) = tasks[task.index()] {
            events.push(span(state.name(), "task", since, record.at, process, task.0));
        }
        tasks[task.index()] = (to != TaskState::Stopped).then_some((record.at, to, host));
    }
    let end = trace.records.last().map_or(Time::ZERO, |record| record.at);
    for (task, open) in tasks.iter().enumerate() {
        if let Some((since, state, host)) = *open {
            events.push(span(state.name(), "task", since, end, host.0 + 1, task as u32));
        }
    }
    format!("{}\n", json!({ "displayTimeUnit": "ms", "traceEvents": events }))
}

/// The process of the critical path.
const PATH: u32 = 0;

fn name(what: &str, process: u32, thread: u32, name: &str) -> Value {
    json!({ "ph": "M", "name": what, "pid": process, "tid": thread, "args": { "name": name } })
}

fn span(name: &str, category: &str, from: Time, to: Time, process: u32, thread: u32) -> Value {
    let micros = |ms: u64| ms * 1_000;
    let (begin, length) = (micros(from.as_millis()), micros(to.since(from).as_millis()));
    json!({ "ph": "X", "name": name, "cat": category, "ts": begin, "dur": length, "pid": process, "tid": thread })
}
