//! How a service gets from one version to the next: a program of steps, a mover that carries each out, a gate that new
//! tasks pass, traffic that follows, and what happens when it fails. Values and pure functions; who acts on them is in
//! `control`.

mod bound;
mod failure;
mod mover;
mod pool;
mod program;
mod slots;
pub mod strategies;
pub(crate) mod victims;

use crate::engine::dist::Dist;
use crate::engine::time::Duration;

pub use bound::{Amount, Bound, Round};
pub use failure::{Act, Detector, FailurePolicy, RollBack};
pub use mover::{Mover, Plan, Side, View};
pub use pool::{Limits, Pool, Reap, ZeroRule};
pub use program::{Analysis, Hold, Size, Step};
pub use slots::{OnUnhealthy, SlotKey, SlotOp, SlotOrder, Slots};
pub use victims::VictimOrder;

/// A deploy strategy, complete.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout {
    /// What is done, in order; at least one step.
    pub program: Vec<Step>,
    /// How often the program looks whether a step is done, and takes one step at a time; zero at once.
    pub pace: Duration,
    /// What makes a new task available to the movers.
    pub gate: Gate,
    /// How long a change of traffic takes to be in force.
    pub shift: Dist,
    /// When it has failed.
    pub failure: FailurePolicy,
    /// How long the old tasks stay after the end, where the program keeps them until then.
    pub retain: Duration,
    /// When it has ended.
    pub completion: Completion,
}

/// What makes a new task available to the movers. A task that serves nobody yet may be available, and one that serves may not
/// be available yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// What it must have reached ...
    pub level: GateLevel,
    /// ... for so long without a break.
    pub min_for: Duration,
    /// How long after its creation it is late; never where absent.
    pub deadline: Option<Duration>,
}

/// What a new task must have reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GateLevel {
    /// It exists.
    Created,
    /// It runs.
    Running,
    /// Its own health check passes.
    Ready,
    /// It is in service: its load balancer, if it has one, finds it healthy.
    InService,
}

/// When a rollout has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion {
    /// When its last step is done.
    LastStep,
    /// When its last step is done and the old tasks are gone.
    OldStopped,
}

impl Gate {
    /// In service, at once.
    pub const IN_SERVICE: Self = Self { level: GateLevel::InService, min_for: Duration::ZERO, deadline: None };
}

impl Rollout {
    /// A program that takes its steps as soon as they are done, new tasks being available when they are in service; nothing is
    /// detected and nothing stays.
    pub const fn new(program: Vec<Step>) -> Self {
        Self {
            program,
            pace: Duration::ZERO,
            gate: Gate::IN_SERVICE,
            shift: Dist::ZERO,
            failure: FailurePolicy::NONE,
            retain: Duration::ZERO,
            completion: Completion::LastStep,
        }
    }

    /// Tasks that its last step keeps in service of `desired` ones.
    pub fn floor(&self, desired: u32) -> u32 {
        self.program.last().map_or(0, |step| step.mover.floor(desired))
    }
}
