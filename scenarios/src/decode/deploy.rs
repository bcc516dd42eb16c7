//! `[[deploy]]`, `[[scale]]` and `[[fault]]`: what is asked of the services, what happens to them, and when.

use std::collections::BTreeSet;

use seatrial_sim::engine::fact::ServiceId;
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::model::{Deploy, Fault, Mishap, Model, Scaling, TaskFault, Version};

use super::parameters::MOST_TASKS;
use super::scenario::Names;
use super::{Item, span_of};
use crate::report::Problem;

/// `[[deploy]]`.
pub(super) fn deploy(item: &Item, services: &Names) -> Option<Deploy> {
    let mut fields = item.fields()?;
    let service = fields.need("service", |item| services.position(&item));
    let at = fields.or("at", Duration::ZERO, |item| item.duration());
    let rollback = fields.or("rollback", false, |item| item.boolean());
    let fault_item = fields.get("fault");
    let fault = fault_item.as_ref().and_then(fault).flatten();
    fields.close();
    if let (true, Some(_), Some(item)) = (rollback, fault, fault_item) {
        return item.wrong("a fault of a rollback", "what it brings back is as it was".to_string());
    }
    let version = if rollback { Version::Previous } else { Version::New(fault) };
    Some(Deploy { service: ServiceId(service?), at: Time::ZERO + at, version })
}

/// What is wrong with the version.
#[expect(clippy::option_option, reason = "the outer one is whether it was read, the inner one the value")]
fn fault(item: &Item) -> Option<Option<Fault>> {
    if item.node.as_str().is_some() {
        return item.choice([("none", None), ("never-healthy", Some(Fault::NeverHealthy))]);
    }
    let mut fields = item.fields()?;
    let crashes = fields.maybe("crashes_after", |item| item.duration()).map(|after| Fault::Crashes { after });
    let errors = fields.maybe("alarm_after", |item| item.duration()).map(|alarm_after| Fault::Errors { alarm_after });
    fields.close();
    item.one_of([crashes, errors], "write { crashes_after = \"30s\" } or { alarm_after = \"5m\" }").map(Some)
}

/// `[[scale]]`.
pub(super) fn scale(item: &Item, services: &Names) -> Option<Scaling> {
    let mut fields = item.fields()?;
    let service = fields.need("service", |item| services.position(&item));
    let at = fields.need("at", |item| item.duration());
    let desired = fields.need("desired", |item| item.integer(0..=MOST_TASKS));
    fields.close();
    Some(Scaling { service: ServiceId(service?), at: Time::ZERO + at?, desired: desired? })
}

/// `[[fault]]`.
pub(super) fn task_fault(item: &Item, services: &Names) -> Option<TaskFault> {
    let mut fields = item.fields()?;
    let service = fields.need("service", |item| services.position(&item));
    let at = fields.need("at", |item| item.duration());
    let what = fields.need("what", |item| {
        item.choice([("hang", Mishap::Hangs), ("crash", Mishap::Crashes), ("stop", Mishap::Stopped)])
    });
    let tasks = fields.or("tasks", 1, |item| item.count("tasks", MOST_TASKS));
    fields.close();
    Some(TaskFault { service: ServiceId(service?), at: Time::ZERO + at?, what: what?, tasks })
}

/// What is asked of one service follows each other, before the end.
pub(super) fn check_times<T>(
    asked: &[T],
    when: impl Fn(&T) -> (ServiceId, Time),
    items: &[Item],
    model: &Model,
    what: &str,
) {
    let mut seen = BTreeSet::new();
    for (asked, item) in asked.iter().zip(items) {
        let wrong = |message: String| {
            item.context.note(Problem::new(span_of(item.node, "at"), &format!("{}.at", item.path), message, None));
        };
        let at = when(asked).1.since(Time::ZERO);
        if at >= model.horizon {
            wrong(format!("{at} is not before the horizon, {}", model.horizon));
        }
        if !seen.insert(when(asked)) {
            wrong(format!("a second {what} of this service at the same time"));
        }
    }
}

/// A rollback needs something to go back to.
pub(super) fn check_rollbacks(model: &Model, items: &[Item]) {
    for (deploy, item) in model.deploys.iter().zip(items) {
        let comes_before = |other: &&Deploy| other.service == deploy.service && other.at < deploy.at;
        if deploy.version == Version::Previous && !model.deploys.iter().any(|other| comes_before(&other)) {
            let path = format!("{}.rollback", item.path);
            let message = "no deploy of this service comes before it";
            item.context.note(Problem::new(span_of(item.node, "rollback"), &path, message, None));
        }
    }
}
