//! What only shows when values are taken together.

use std::collections::BTreeMap;

use seatrial_sim::engine::fact::ServiceId;
use seatrial_sim::engine::time::Time;
use seatrial_sim::model::{HostGroup, Model, Resource, Service};

use super::{Item, span_of};
use crate::catalogue::check_size;
use crate::report::Problem;
use crate::room;

/// Hosts cannot be added before the start.
pub(super) fn leads(model: &Model, items: &[Item]) {
    let Some(first) = model.deploys.iter().map(|deploy| deploy.at.since(Time::ZERO)).min() else { return };
    for (group, item) in model.host_groups.iter().zip(items) {
        if let Some(pre_deploy) = &group.pre_deploy
            && pre_deploy.lead > first
        {
            let span = item.node.get("pre_deploy").map_or(item.node.span.clone(), |node| span_of(node, "lead"));
            let message = format!("{} before the first deploy is before the start", pre_deploy.lead);
            let help = format!("the first deploy is at {first}");
            item.context.note(Problem::new(span, &format!("{}.pre_deploy.lead", item.path), message, Some(help)));
        }
    }
}

/// A refresh that never begins is a mistake.
pub(super) fn refreshes(model: &Model, items: &[Item]) {
    for (group, item) in model.host_groups.iter().zip(items) {
        // The last one begins last.
        if let Some(refresh) = group.refreshes.last()
            && refresh.at.since(Time::ZERO) >= model.horizon
        {
            let message = format!("{} is not before the horizon, {}", refresh.at.since(Time::ZERO), model.horizon);
            let path = format!("{}.refresh", item.path);
            item.context.note(Problem::new(span_of(item.node, "refresh"), &path, message, None));
        }
    }
}

/// No host gives away its reserved ports.
pub(super) fn ports(model: &Model, items: &[Item]) {
    for (service, item) in model.services.iter().zip(items) {
        let Some(port) = service.demand.host_port else { continue };
        let reserved = room::groups_of(model, service).find(|group| group.reserved_ports.contains(&port));
        if let Some(group) = reserved {
            let message = format!("port {port} is reserved on the hosts of {}", group.name);
            let path = format!("{}.host_port", item.path);
            item.context.note(Problem::new(span_of(item.node, "host_port"), &path, message, None));
        }
    }
}

/// A model that fits in the memory of a common machine: some 200 bytes a task and a host, 4 for each pair of a service and
/// a host.
pub(super) fn size(model: &Model, groups: &[Item], services: &[Item]) {
    const MOST: u64 = 1_000_000;
    const MOST_PAIRS: u64 = 100_000_000;
    let added = |group: &HostGroup| {
        let refreshed = u64::from(group.hosts) * group.refreshes.len() as u64;
        let scheduled = group.schedule.iter().map(|size| u64::from(size.hosts)).max().unwrap_or(0);
        group.pre_deploy.as_ref().map_or(0, |pre| u64::from(pre.hosts)) * model.deploys.len() as u64
            + scheduled
            + refreshed
    };
    let hosts: u64 = model.host_groups.iter().map(|group| u64::from(group.hosts) + added(group)).sum();
    let most = |(service, id): (&Service, u32)| {
        let later = model.scalings.iter().filter(|change| change.service.0 == id).map(|change| change.desired);
        let scaled = service
            .autoscaling
            .iter()
            .flat_map(|scaling| scaling.schedule.iter().map(|bounds| bounds.max).chain([scaling.max]));
        u64::from(later.chain(scaled).fold(service.desired, u32::max))
    };
    let tasks: u64 = model.services.iter().zip(0..).map(most).sum();
    let pairs = hosts * model.services.len() as u64;
    let too_many = |item: Option<&Item>, message: String| item.and_then(|item| item.wrong::<()>(message, None));
    if hosts > MOST {
        too_many(groups.last(), format!("{hosts} hosts in all, and at most {MOST} can be simulated"));
    } else if pairs > MOST_PAIRS {
        too_many(services.last(), format!("{hosts} hosts for {} services are too many to simulate", services.len()));
    }
    if tasks > MOST {
        too_many(services.last(), format!("{tasks} tasks in all, and at most {MOST} can be simulated"));
    }
}

/// A service runs on hosts or on machines of its own, and those have certain sizes.
pub(super) fn machines(model: &Model, items: &[Item]) {
    for ((service, id), item) in model.services.iter().zip((0..).map(ServiceId)).zip(items) {
        let kinds: Vec<bool> = room::groups_of(model, service).map(|group| group.per_task.is_some()).collect();
        let demand = service.demand.resources;
        if kinds.is_empty() {
            item.wrong::<()>("there is no host that its constraint allows", None);
        } else if kinds.contains(&true) && kinds.contains(&false) {
            let help = "name its host_group; hosts and Fargate are not mixed in one service".to_string();
            item.wrong::<()>("it may run on hosts and on Fargate", help);
        } else if model.machines_of(id).is_some()
            && let Err(why) = check_size(demand.cpu, demand.memory_mib)
        {
            item.wrong::<()>(why, None);
        }
    }
}

/// The running version must be there before anything is deployed.
pub(super) fn room(model: &Model, items: &[Item]) {
    let homeless: BTreeMap<usize, u32> = room::homeless(model).into_iter().collect();
    for ((service, id), item) in model.services.iter().zip((0..).map(ServiceId)).zip(items) {
        if model.machines_of(id).is_some() {
            continue;
        }
        let demand = service.demand.resources;
        if !room::groups_of(model, service).any(|group| demand.fits_in(group.capacity)) {
            let message = format!("a task ({}) is larger than any host that it may run on", amounts(service));
            item.wrong::<()>(message, None);
        } else if let Some(tasks) = homeless.get(&id.index()) {
            let message = format!("{tasks} of {} tasks do not fit on the hosts of the start", service.desired);
            let help = "a service runs before it is deployed: add hosts, or lower what its tasks reserve".to_string();
            item.wrong::<()>(message, help);
        }
    }
}

/// `1024 cpu units, 3072 MiB, 1 GPUs`.
fn amounts(service: &Service) -> String {
    let resources = service.demand.resources;
    let units = [
        (Resource::Cpu, "cpu units"),
        (Resource::Memory, "MiB"),
        (Resource::Gpus, "GPUs"),
        (Resource::Interfaces, "interfaces"),
        (Resource::Disk, "MiB of disk"),
    ];
    let always = [Resource::Cpu, Resource::Memory];
    let there = units.iter().filter(|(resource, _)| always.contains(resource) || resources.get(*resource) > 0);
    let texts: Vec<_> = there.map(|(resource, unit)| format!("{} {unit}", resources.get(*resource))).collect();
    texts.join(", ")
}
