//! The model: what is simulated, complete and checked. Scenario files become one of these; nothing here is optional
//! because it was not written down, and no input error is left inside.

use std::cmp::Reverse;

use crate::deploy::Rollout;
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
    /// Changes of desired counts, in order of time.
    pub scalings: Vec<Scaling>,
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
    /// What finds out whether a running task is well, where it has such a check; it is in service then, or may be registered.
    pub health_check: Option<HealthCheck>,
    /// What registers its tasks and checks their health.
    pub load_balancer: Option<LoadBalancer>,
    /// From the stop order to SIGTERM (a hook, or a wait for others to learn of it).
    pub pre_stop: Duration,
    /// From SIGTERM to the exit, where the stop timeout leaves that long.
    pub exit: Dist,
    /// From SIGTERM to SIGKILL (`stopTimeout`).
    pub stop_timeout: Duration,
    /// The deploy strategy.
    pub rollout: Rollout,
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

/// A check of a task by its runtime or its orchestrator (`healthCheck`, `HEALTHCHECK`, readiness probe).
#[derive(Clone, Debug, PartialEq)]
pub struct HealthCheck {
    /// From RUNNING to the verdict that a good task is well.
    pub passes_after: Dist,
    /// From RUNNING to the verdict that a bad one is not, which ends it; it goes on being unwell where absent.
    pub fails_after: Option<Dist>,
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
    /// Checks in a row that a target fails before it is unhealthy; at least 1.
    pub unhealthy_checks: u32,
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

/// The ways of the control plane's service scheduler.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlLoop {
    /// From one look at a service to the next; zero looks after every change.
    pub tick: Duration,
    /// How far each look may be off its beat, either way; below half a tick.
    pub tick_jitter: Duration,
    /// From a change to the chance of a look: how long a watch takes, and how long changes are gathered.
    pub latency: Duration,
    /// Whether a look goes on until there is nothing left to do. Otherwise it starts and stops once.
    pub settles: bool,
    /// From a deploy request to the first look.
    pub first_review: Dist,
    /// From RUNNING to in service where there is neither a load balancer nor a health check.
    pub healthy_after: Dist,
    /// When a task that was chosen to stop is deregistered.
    pub deregistration: Deregistration,
    /// How often it asks the load balancer whether draining targets are gone, each service at its own phase; zero hears of
    /// it at once.
    pub target_poll: Duration,
    /// When placement may use a stopping task's cpu and memory again. A fixed host port is free when it has stopped.
    pub slot_release: SlotRelease,
    /// Launches a service may make.
    pub launch_rate: Option<LaunchRate>,
    /// Whether it replaces tasks that their load balancer finds unhealthy.
    pub replaces_unhealthy_targets: bool,
    /// Whether a new task's image is pulled while the old task of its slot stops.
    pub pull_ahead: bool,
    /// What becomes of tasks that end by themselves.
    pub restart: Restart,
}

/// What becomes of a task that ends by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Restart {
    /// Its container is started again on its host.
    pub in_place: Option<InPlace>,
    /// Another task takes its place; none does where absent.
    pub replace: Option<Backoff>,
    /// Whether only tasks that never ran count for the back-off of replacements; the others are replaced at once.
    pub backs_off_unless_ran: bool,
}

/// Restarts of a container on its host.
#[derive(Clone, Debug, PartialEq)]
pub struct InPlace {
    /// How long each waits.
    pub backoff: Backoff,
    /// How many there are at most, before the task counts as failed; without end where absent.
    pub attempts: Option<u32>,
}

/// How long restart after restart waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first one.
    pub first: Duration,
    /// The second one.
    pub second: Duration,
    /// What each further one is of the one before, in tenths of a percent.
    pub factor_permille: u32,
    /// At most.
    pub most: Duration,
    /// A task that ran for so long begins anew; never where absent.
    pub reset_after: Option<Duration>,
}

impl Backoff {
    /// All but the first take so long at least, or a task that ends at once would be started again without end.
    const LEAST: Duration = Duration::from_millis(100);

    /// The same each time.
    pub const fn constant(span: Duration) -> Self {
        Self { first: span, second: span, factor_permille: 1_000, most: span, reset_after: None }
    }

    /// How long the `n`-th restart in a row waits, from 1.
    pub fn delay(&self, n: u32) -> Duration {
        let mut delay = if n <= 1 { self.first } else { self.second };
        for _ in 2..n {
            if delay >= self.most {
                break;
            }
            delay = Duration::from_millis(delay.as_millis() * u64::from(self.factor_permille) / 1_000);
        }
        let delay = delay.min(self.most);
        if n > 1 { delay.max(Self::LEAST) } else { delay }
    }
}

/// When a task that was chosen to stop is deregistered from its load balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deregistration {
    /// At the look that chose it (ECS until 2020 at least: traces T5, T6).
    SameReview,
    /// One look later (ECS in 2026: traces T8, T9, T12).
    NextReview,
    /// Together with its stop, which does not wait for the end of draining (Kubernetes and most others).
    WithStop,
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
