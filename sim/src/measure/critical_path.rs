//! The critical path of a deploy: from "completed" back to the request, by what was waited for.

use super::trace::{Record, Trace};
use crate::cluster::TaskState;
use crate::engine::fact::{DeployId, Fact, FactId, HostId, ServiceId, TaskId};
use crate::engine::time::{Duration, Time};

/// Why a deploy took as long as it did: the chain of causes from its request to its end, without a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CriticalPath {
    /// Which deploy.
    pub deploy: DeployId,
    /// Of which service.
    pub service: ServiceId,
    /// When it was requested.
    pub requested: Time,
    /// When it completed.
    pub completed: Time,
    /// From the request to the end, in order; each begins where the one before ends, and none is empty.
    pub legs: Vec<Leg>,
}

/// A part of the path: one wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// What was waited for.
    pub kind: Kind,
    /// From when.
    pub from: Time,
    /// Until when.
    pub to: Time,
    /// The fact that ended the wait.
    pub fact: FactId,
    /// The task that was waited for, if it was one.
    pub task: Option<TaskId>,
    /// The host on which, or for which, it was waited.
    pub host: Option<HostId>,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A control loop's next look, or its agent's.
    ControlLoop,
    /// Hosts with room: a scaler that finds out, an order for hosts that is not carried out yet.
    Capacity,
    /// What others do: another service's deploy, a change of the desired count, users.
    Headroom,
    /// A host's start.
    Boot,
    /// An image.
    Pull,
    /// A container's start.
    Start,
    /// The load balancer's, or the service discovery's, knowing of a task.
    Register,
    /// Health checks that have to pass, and times that a task has to stay well.
    HealthCheck,
    /// Requests under way at a target that goes.
    Drain,
    /// A container's end.
    Stop,
    /// A step's hold: bake times, pauses, canary intervals.
    Hold,
    /// A limit on how many may be launched a second.
    RateLimit,
}

impl Kind {
    /// All of them, in the order of a deploy's life.
    pub const ALL: [Self; 12] = [
        Self::ControlLoop,
        Self::Capacity,
        Self::Headroom,
        Self::Boot,
        Self::Pull,
        Self::Start,
        Self::Register,
        Self::HealthCheck,
        Self::Drain,
        Self::Stop,
        Self::Hold,
        Self::RateLimit,
    ];

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ControlLoop => "control loop",
            Self::Capacity => "capacity",
            Self::Headroom => "headroom",
            Self::Boot => "boot",
            Self::Pull => "pull",
            Self::Start => "start",
            Self::Register => "register",
            Self::HealthCheck => "health check",
            Self::Drain => "drain",
            Self::Stop => "stop",
            Self::Hold => "hold",
            Self::RateLimit => "rate limit",
        }
    }

    /// What was waited for between a fact and the one before it.
    fn between(before: Option<Fact>, fact: Fact) -> Self {
        match (before, fact) {
            // Nothing that happened in the deploy made it happen: somebody else, or a schedule.
            (_, Fact::HostReady { .. }) => Self::Boot,
            (
                _,
                Fact::HostLaunched { .. }
                | Fact::MachineLaunched { .. }
                | Fact::HostsWanted { .. }
                | Fact::HostDraining { .. }
                | Fact::HostNotice { .. }
                | Fact::HostTerminated { .. }
                | Fact::HostLossFound { .. }
                | Fact::WarmHosts { .. }
                | Fact::RefreshStarted { .. }
                | Fact::RefreshDone { .. }
                | Fact::RefreshFailed { .. },
            ) => Self::Capacity,
            (None, _)
            | (
                _,
                Fact::DesiredChanged { .. }
                | Fact::Autoscaled { .. }
                | Fact::DemandChanged { .. }
                | Fact::TaskHung { .. },
            ) => Self::Headroom,
            (Some(Fact::LaunchRateReached { .. }), _) => Self::RateLimit,
            (Some(before), Fact::TaskMoved { to, .. }) => Self::until(before, to),
            (_, Fact::TaskExited { .. } | Fact::TaskKilled { .. }) => Self::Stop,
            (_, Fact::ImagePulled { .. } | Fact::ImageRemoved { .. } | Fact::DiskFull { .. }) => Self::Pull,
            (_, Fact::TaskFailed { .. }) => Self::Start,
            (_, Fact::TargetRegistered { .. }) => Self::Register,
            (_, Fact::TargetGone { .. }) => Self::Drain,
            (
                _,
                Fact::TaskAvailable { .. }
                | Fact::TaskLate { .. }
                | Fact::TargetUnhealthy { .. }
                | Fact::TaskUnhealthy { .. },
            ) => Self::HealthCheck,
            (_, Fact::TaskRested { .. } | Fact::TrafficShifted { .. } | Fact::StepDone { .. }) => Self::Hold,
            _ => Self::ControlLoop,
        }
    }

    /// What was waited for until a task entered a state.
    fn until(before: Fact, to: TaskState) -> Self {
        let of_state = |state| matches!(before, Fact::TaskMoved { to, .. } if to == state);
        match to {
            // Nobody replaces a failed task before its back-off is over.
            TaskState::Provisioning if matches!(before, Fact::TaskFailed { .. }) => Self::Hold,
            // A task that is late to go is not waited for any longer.
            TaskState::Provisioning if matches!(before, Fact::StopChosen { .. }) => Self::Stop,
            TaskState::Provisioning
            | TaskState::Registering
            | TaskState::Draining
            | TaskState::Drained
            | TaskState::Stopping => Self::ControlLoop,
            TaskState::Starting if of_state(TaskState::BackingOff) => Self::Hold,
            TaskState::Starting => Self::Pull,
            TaskState::Running if of_state(TaskState::InService) => Self::HealthCheck,
            TaskState::Pending | TaskState::Pulling | TaskState::BackingOff | TaskState::Running => Self::Start,
            TaskState::InService => Self::HealthCheck,
            TaskState::Stopped => Self::Stop,
            TaskState::Lost => Self::Capacity,
        }
    }
}

impl Leg {
    fn new(record: &Record, before: Option<Fact>, from: Time, fact: FactId, hosts: &[HostId]) -> Self {
        let task = record.fact.task();
        let host = record.fact.host().or_else(|| hosts.get(task?.index()).copied());
        Self { kind: Kind::between(before, record.fact), from, to: record.at, fact, task, host }
    }

    /// How long it was.
    pub fn span(&self) -> Duration {
        self.to.since(self.from)
    }
}

impl CriticalPath {
    /// The path of a deploy in the facts of a run; absent where it did not complete.
    pub fn of(trace: &Trace, deploy: DeployId) -> Option<Self> {
        let position = |is_it: &dyn Fn(Fact) -> bool| trace.records.iter().position(|record| is_it(record.fact));
        let ended = position(&|fact| matches!(fact, Fact::DeployCompleted { deploy: of, .. } if of == deploy))?;
        let begun = position(&|fact| matches!(fact, Fact::DeployRequested { deploy: of, .. } if of == deploy))?;
        let Fact::DeployRequested { service, .. } = trace.records[begun].fact else { return None };
        let (requested, completed) = (trace.records[begun].at, trace.records[ended].at);
        let hosts = trace.hosts_of_tasks();
        let mut legs = vec![];
        let mut fact = ended;
        while trace.records[fact].at > requested {
            let record = &trace.records[fact];
            let cause = record.because.index() as usize;
            let before = &trace.records[cause];
            // What nothing caused, or what was caused before the request, could not come earlier.
            let from = if cause == fact { requested } else { before.at.max(requested) };
            if from < record.at {
                let before = (cause != fact).then_some(before.fact);
                let mut leg = Leg::new(record, before, from, FactId::from_index(fact as u32), &hosts);
                // What another service's tasks do is not this deploy's doing.
                if record.fact.service().is_some_and(|of| of != service) {
                    leg.kind = Kind::Headroom;
                }
                legs.push(leg);
            }
            if cause == fact {
                break;
            }
            fact = cause;
        }
        legs.reverse();
        Some(Self { deploy, service, requested, completed, legs })
    }

    /// How long the deploy took.
    pub fn duration(&self) -> Duration {
        self.completed.since(self.requested)
    }

    /// How long each kind was waited for, by [`Kind::ALL`]; they add up to the deploy's duration.
    pub fn by_kind(&self) -> [Duration; 12] {
        Kind::ALL.map(|kind| {
            let legs = self.legs.iter().filter(|leg| leg.kind == kind);
            legs.fold(Duration::ZERO, |sum, leg| sum + leg.span())
        })
    }
}
