//! The model: what is simulated, complete and checked. Scenario files become one of these; nothing here is optional
//! because it was not written down, and no input error is left inside.

use std::cmp::Reverse;

use crate::deploy::Rolling;
use crate::engine::dist::Dist;
use crate::engine::fact::{GroupId, ServiceId};
use crate::engine::time::{Duration, Time};
use crate::placement::Policy;

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
}

impl Model {
    /// The groups that add hosts for a deploy: of those that its service may run on.
    pub fn adding_for(&self, deploy: &Deploy) -> impl Iterator<Item = (GroupId, &PreDeploy)> + use<'_> {
        let only = self.services[deploy.service.index()].host_group;
        let groups = self.host_groups.iter().zip((0..).map(GroupId));
        let usable = groups.filter(move |(_, id)| only.is_none_or(|only| only == *id));
        usable.filter_map(|(group, id)| group.pre_deploy.as_ref().map(|pre| (id, pre)))
    }

    /// The services in the order in which to find room for all: those with the least choice first, and of them the
    /// largest.
    pub fn packing_order(&self) -> Vec<ServiceId> {
        let mut order: Vec<_> = (0..self.services.len()).map(|i| ServiceId(i as u32)).collect();
        order.sort_by_key(|id| {
            let service = &self.services[id.index()];
            let Resources { cpu, memory_mib } = service.demand.resources;
            (service.host_group.is_none(), service.demand.host_port.is_none(), Reverse((memory_mib, cpu)))
        });
        order
    }
}

/// Hosts that are alike.
#[derive(Clone, Debug, PartialEq)]
pub struct HostGroup {
    /// Unique among groups; hosts are named after it: `m5-0`, `m5-1`, ...
    pub name: String,
    /// Hosts from the start to the end.
    pub hosts: u32,
    /// Zones, given to the hosts in turn. At least one.
    pub zones: Vec<String>,
    /// What one host offers to tasks (as registered, below nominal memory).
    pub capacity: Resources,
    /// Host ports that no task can have.
    pub reserved_ports: Vec<u16>,
    /// Price of one host.
    pub price: HourlyPrice,
    /// How a host's life becomes a bill.
    pub billing: Billing,
    /// The agent on each host.
    pub agent: Agent,
    /// Hosts added for each deploy and removed after it.
    pub pre_deploy: Option<PreDeploy>,
}

/// Cpu and memory, of a host or of a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resources {
    /// Cpu units; 1,024 are one vCPU.
    pub cpu: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
}

impl Resources {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { cpu: self.cpu + other.cpu, memory_mib: self.memory_mib + other.memory_mib }
    }

    /// What is left; none where either is not enough.
    pub fn minus(self, other: Self) -> Option<Self> {
        let cpu = self.cpu.checked_sub(other.cpu)?;
        Some(Self { cpu, memory_mib: self.memory_mib.checked_sub(other.memory_mib)? })
    }
}

/// Whole micro-dollars an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct HourlyPrice(pub u64);

/// How a host's life becomes a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Billing {
    /// By the second, and a minimum a launch. EC2 Linux since 2017-10-02: 60 s.
    PerSecond {
        /// A shorter life costs as much as this one.
        minimum: Duration,
    },
    /// By the started hour of each launch. EC2 before 2017-10-02.
    PerStartedHour,
}

/// The agent on each host: how it hears, how it starts and how it stops tasks.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    /// How commands reach it.
    pub contact: Contact,
    /// Whether a start waits for stops on the same host.
    pub start_rule: StartRule,
    /// From the receipt of a start to the pull: network interface, machine.
    pub provisioning: Dist,
    /// Whether image pulls on one host take turns.
    pub pulls: PullOrder,
    /// Bytes a second of compressed image that one pull brings in and unpacks.
    pub pull_bytes_per_s: u64,
    /// The registry round trip that even a cached image costs.
    pub image_check: Dist,
    /// From RUNNING on the host to RUNNING in the control plane.
    pub report: Dist,
    /// From a container's exit to STOPPED in the control plane.
    pub stop_tail: Dist,
}

/// How commands reach an agent.
#[derive(Clone, Debug, PartialEq)]
pub enum Contact {
    /// Over an open connection, after a latency. What ECS does.
    Push {
        /// From the command to its receipt.
        latency: Dist,
    },
    /// At the agent's next look, each at its own phase. The what-if of 2015.
    Poll {
        /// From one look to the next; above zero.
        interval: Duration,
    },
}

/// Whether a start waits for stops on the same host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartRule {
    /// A task starts when the resources it reserves are free on the host, in order of arrival: ECS agents since 1.73.
    WhenResourcesFree,
    /// A task waits until every task that was told to stop earlier on the host is gone: ECS agents before 1.73.
    AfterEarlierStops,
}

/// Whether image pulls on one host take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullOrder {
    /// One at a time: ECS agents from 2014-12 to 1.14.0 (2017-01).
    Serial,
    /// At once; each pull has its own throughput.
    Parallel,
}

/// Hosts added before each deploy and removed after it.
#[derive(Clone, Debug, PartialEq)]
pub struct PreDeploy {
    /// How many.
    pub hosts: u32,
    /// How long before the deploy's request they are launched.
    pub lead: Duration,
    /// From the launch to the registration.
    pub boot: Dist,
    /// How long after the deploy's end as many empty hosts of the group are terminated.
    pub keep: Duration,
}

/// A service: a number of tasks kept running.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Unique among services.
    pub name: String,
    /// Tasks wanted (`desiredCount`).
    pub desired: u32,
    /// What each task reserves.
    pub demand: Demand,
    /// The only group its tasks may run on; any where absent.
    pub host_group: Option<GroupId>,
    /// What its hosts pull.
    pub image: Image,
    /// From the container's creation to RUNNING.
    pub startup: Dist,
    /// What registers its tasks and checks their health.
    pub load_balancer: Option<LoadBalancer>,
    /// From SIGTERM to the exit, where the stop timeout leaves that long.
    pub exit: Dist,
    /// From SIGTERM to SIGKILL (`stopTimeout`).
    pub stop_timeout: Duration,
    /// The deploy strategy.
    pub rolling: Rolling,
    /// Where its tasks go.
    pub placement: Policy,
}

/// What a task reserves on its host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// Cpu and memory.
    pub resources: Resources,
    /// A fixed host port: at most one task a host has it.
    pub host_port: Option<u16>,
}

/// What a host has to fetch before it can start a task of a new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// Compressed size in bytes; 0 where pulls are left out.
    pub bytes: u64,
    /// Of those, bytes that a host with any version of the image has already.
    pub shared_bytes: u64,
    /// What the hosts of the start hold.
    pub cached: Cached,
}

/// What the hosts of the start hold of an image. Hosts added later hold nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cached {
    /// Nothing.
    Nothing,
    /// The running version: a new one needs its own layers only.
    Running,
    /// Every version that will be deployed.
    All,
}

/// A load balancer in front of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadBalancer {
    /// From the registration call to the first chance of a health check.
    pub registration: Dist,
    /// Where the first check falls.
    pub first_check: FirstCheck,
    /// Health check interval.
    pub interval: Duration,
    /// Checks in a row that a new target must pass; at least 1.
    pub initial_checks: u32,
    /// From deregistration to the end of draining (`deregistration_delay`, Classic: connection draining timeout; 0 is off).
    pub deregistration_delay: Duration,
    /// Where draining ends as soon as the last request does: how long that takes. A fixed timer where absent.
    pub in_flight: Option<Dist>,
}

/// Where a new target's first health check falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstCheck {
    /// As soon as it is registered.
    AtOnce,
    /// Anywhere in the first interval.
    WithinInterval,
}

/// One deploy of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deploy {
    /// Of which service.
    pub service: ServiceId,
    /// When it is requested.
    pub at: Time,
}

/// The ways of the control plane's service scheduler.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlLoop {
    /// From one look at a service to the next; zero looks at once after every change.
    pub tick: Duration,
    /// How far each look may be off its beat, either way; below half a tick.
    pub tick_jitter: Duration,
    /// From a deploy request to the first look.
    pub first_review: Dist,
    /// From RUNNING to healthy where there is no load balancer.
    pub healthy_after: Duration,
    /// When a task that was chosen to stop is deregistered.
    pub deregistration: Deregistration,
    /// How often it asks the load balancer whether draining targets are gone, each service at its own phase; zero hears of
    /// it at once.
    pub target_poll: Duration,
    /// When placement may use a stopping task's cpu and memory again. A fixed host port is free when it has stopped.
    pub slot_release: SlotRelease,
    /// Launches a service may make.
    pub launch_rate: Option<LaunchRate>,
}

/// When a task that was chosen to stop is deregistered from its load balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deregistration {
    /// At the look that chose it (ECS until 2020 at least: traces T5, T6).
    SameReview,
    /// One look later (ECS in 2026: traces T8, T9, T12).
    NextReview,
}

/// When placement may use a stopping task's cpu and memory again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotRelease {
    /// When it is told to stop; the host's agent holds the new task until the old one is gone.
    Stopping,
    /// When it has stopped.
    Stopped,
}

/// A token bucket on launches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaunchRate {
    /// Tokens a minute; above zero.
    pub per_minute: u32,
    /// Tokens that can be saved up; above zero.
    pub burst: u32,
}
