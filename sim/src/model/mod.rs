//! The model: what is simulated, complete and checked. Scenario files become one of these; nothing here is optional
//! because it was not written down, and no input error is left inside.

mod agent;
mod control;
mod hosts;
mod load;
mod resources;
mod service;

use std::cmp::Reverse;

use crate::engine::fact::{GroupId, ServiceId};
use crate::engine::time::{Duration, Time};

pub use agent::{Agent, CleanupWhen, Contact, ImageCleanup, PullOrder, StartRule};
pub use control::{Backoff, ControlLoop, Deregistration, HostDrain, InPlace, LaunchRate, Restart, SlotRelease};
pub use hosts::{
    Billing, Class, ClassId, HostGroup, HourlyPrice, Leaving, PerTask, PreDeploy, Refresh, ScheduledSize, Spot,
    Termination, WarmPool,
};
pub use load::{Load, WarmUp};
pub use resources::{Resource, Resources};
pub use service::{BaseImage, Cached, Demand, Eligible, FirstCheck, HealthCheck, Image, LoadBalancer, Probe, Service};

/// Everything that one run needs but its seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// How long to simulate at most. A deploy that has not ended by then counts as unfinished.
    pub horizon: Duration,
    /// The service scheduler's ways.
    pub control: ControlLoop,
    /// The hosts. At least one group.
    pub host_groups: Vec<HostGroup>,
    /// What runs on them. Every service starts with all its tasks of version 1 healthy.
    pub services: Vec<Service>,
    /// What is asked of them, in order of time.
    pub deploys: Vec<Deploy>,
    /// Changes of desired counts, in order of time.
    pub scalings: Vec<Scaling>,
    /// What happens to single tasks, in order of time.
    pub task_faults: Vec<TaskFault>,
    /// Bytes a second that the registry gives to all hosts together; without a limit where absent.
    pub registry_bytes_per_s: Option<u64>,
}

impl Model {
    /// Whether somebody looks at what a service's users feel, or at how its tasks' checks fail.
    pub fn is_watched(&self, service: ServiceId) -> bool {
        let Service { load, autoscaling, .. } = &self.services[service.index()];
        load.is_some() || autoscaling.is_some() || self.task_faults.iter().any(|fault| fault.service == service)
    }

    /// The groups that add hosts for a deploy: of those that its service may run on.
    pub fn adding_for(&self, deploy: &Deploy) -> impl Iterator<Item = (GroupId, &PreDeploy)> + use<'_> {
        let eligible = &self.services[deploy.service.index()].eligible;
        let groups = self.host_groups.iter().zip((0..).map(GroupId));
        let usable = groups.filter(move |(_, id)| self.classes_of(*id).any(|class| eligible.allows(class)));
        usable.filter_map(|(group, id)| group.pre_deploy.as_ref().map(|pre| (id, pre)))
    }

    /// Every zone once, in order of appearance.
    pub fn zones(&self) -> Vec<&str> {
        let mut zones: Vec<&str> = vec![];
        for zone in self.host_groups.iter().flat_map(|group| &group.zones) {
            if !zones.contains(&zone.as_str()) {
                zones.push(zone);
            }
        }
        zones
    }

    /// The classes of hosts: each group's zones, group by group.
    #[expect(clippy::missing_panics_doc, reason = "every zone of a group is among the names of all zones")]
    pub fn classes(&self) -> Vec<Class> {
        let zones = self.zones();
        let groups = self.host_groups.iter().zip((0..).map(GroupId));
        let classes = groups.flat_map(|(group, id)| group.zones.iter().map(move |zone| (id, group.capacity, zone)));
        let classes = classes.map(|(group, capacity, name)| {
            let zone = zones.iter().position(|zone| zone == name).expect("every zone is listed") as u16;
            Class { group, zone, capacity }
        });
        classes.collect()
    }

    /// The classes of one group, in the order of its zones.
    pub fn classes_of(&self, group: GroupId) -> impl Iterator<Item = ClassId> + use<> {
        let before: usize = self.host_groups[..group.index()].iter().map(|group| group.zones.len()).sum();
        let zones = self.host_groups[group.index()].zones.len();
        (before..before + zones).map(|class| ClassId(class as u16))
    }

    /// The group whose machines a service's tasks get, one each, where it may run on nothing else.
    pub fn machines_of(&self, service: ServiceId) -> Option<(GroupId, &HostGroup)> {
        let eligible = &self.services[service.index()].eligible;
        let groups = self.host_groups.iter().zip((0..).map(GroupId));
        let mut usable = groups.filter(|(_, id)| self.classes_of(*id).any(|class| eligible.allows(class)));
        let (group, id) = usable.next().filter(|(group, _)| group.per_task.is_some())?;
        Some((id, group))
    }

    /// The services in the order in which to find room for all: those with the least choice first, and of them the
    /// largest.
    pub fn packing_order(&self) -> Vec<ServiceId> {
        let mut order: Vec<_> = (0..self.services.len()).map(|i| ServiceId(i as u32)).collect();
        order.sort_by_key(|id| {
            let Service { demand, eligible, .. } = &self.services[id.index()];
            let Resources { cpu, memory_mib, gpus, .. } = demand.resources;
            (eligible.0.is_none(), demand.host_port.is_none(), Reverse((gpus, memory_mib, cpu)))
        });
        order
    }
}

/// One deploy of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deploy {
    /// Of which service.
    pub service: ServiceId,
    /// When it is requested.
    pub at: Time,
    /// What it brings.
    pub version: Version,
}

/// What a deploy brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// A version that was not there before, and what is wrong with it.
    New(Option<Fault>),
    /// The one that was there before the last deploy: a rollback by hand.
    Previous,
}

/// What is wrong with a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Its tasks end by themselves so long after their containers' creation; before they run, if that comes first.
    Crashes {
        /// From the container's creation to its end.
        after: Duration,
    },
    /// Its tasks run and pass no health check.
    NeverHealthy,
    /// Its tasks pass every health check and serve errors: measurements fail, and alarms ring.
    Errors {
        /// From the first such task in service to the alarm.
        alarm_after: Duration,
    },
}

/// Something that happens to tasks of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskFault {
    /// Of which service.
    pub service: ServiceId,
    /// When.
    pub at: Time,
    /// What.
    pub what: Mishap,
    /// To how many of those that are in service then; the oldest ones.
    pub tasks: u32,
}

/// What happens to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// It hangs: it takes requests and checks, and answers none.
    Hangs,
    /// It ends by itself.
    Crashes,
    /// Somebody stops it (`StopTask`, `kubectl delete pod`).
    Stopped,
}

/// A change of a service's desired count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scaling {
    /// Of which service.
    pub service: ServiceId,
    /// When.
    pub at: Time,
    /// Tasks wanted from then on.
    pub desired: u32,
}
