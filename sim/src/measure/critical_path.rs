//! The critical path of a deploy: from "completed" back to the request, by what was waited for.

use crate::engine::fact::{DeployId, FactId, HostId, ServiceId, TaskId};
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
    /// The deploy's bounds: others have to come or go first.
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
}

impl Leg {
    /// How long it was.
    pub fn span(&self) -> Duration {
        self.to.since(self.from)
    }
}

impl CriticalPath {
    /// How long each kind was waited for, by [`Kind::ALL`]; they add up to the deploy's duration.
    pub fn by_kind(&self) -> [Duration; 12] {
        Kind::ALL.map(|kind| {
            let legs = self.legs.iter().filter(|leg| leg.kind == kind);
            legs.fold(Duration::ZERO, |sum, leg| sum + leg.span())
        })
    }
}
