//! What a mover sees of a service and what it asks for. There are two: [`Pool`] counts, [`Slots`] has identities.

use super::pool::Pool;
use super::slots::Slots;

/// Moves a service from its old versions to the new one: a pure function from what it sees to what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mover {
    /// New and old tasks are two counts under a floor and a cap.
    Pool(Pool),
    /// Every task has a slot, and the new one of a slot follows the old one.
    Slots(Slots),
}

/// What a mover sees of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Tasks wanted.
    pub desired: u32,
    /// The version that is rolled out.
    pub new: Side,
    /// All the others.
    pub old: Side,
    /// New tasks that passed the gate and whose delay after it is over.
    pub rested: u32,
    /// Slots whose new task failed and for which no worker waits any more.
    pub given_up: u32,
    /// Of those, slots with another new task that is on its way.
    pub repairs: u32,
    /// New tasks that are late for their gate.
    pub unhealthy: u32,
    /// Tasks chosen to stop that are not gone.
    pub terminating: u32,
    /// Of those, tasks that the mover no longer waits for.
    pub overdue: u32,
    /// New tasks beside the ones to move, for example those of a canary group: floor and cap rise by as many.
    pub aside: u32,
}

/// One side of a rollout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// How many there shall be.
    pub target: u32,
    /// How many there are, those chosen to stop left out.
    pub wanted: u32,
    /// Of those, available: they passed the gate.
    pub available: u32,
}

/// What a mover asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// New tasks to start.
    pub start: u32,
    /// New tasks to stop, because there are too many.
    pub stop_new: u32,
    /// Old tasks to stop that are not available.
    pub stop_unavailable: u32,
    /// Old tasks to stop that are available.
    pub stop_available: u32,
}

impl Mover {
    /// What to do next. Called again without a change it asks for nothing new, because what it asked for is in the counts
    /// by then.
    pub fn plan(&self, view: &View) -> Plan {
        match self {
            Self::Pool(pool) => pool.plan(view),
            Self::Slots(slots) => slots.plan(view),
        }
    }
}

impl View {
    /// Available tasks of any version.
    pub const fn available(&self) -> u32 {
        self.new.available + self.old.available
    }
}

impl Side {
    /// Tasks that are not available.
    pub const fn unavailable(&self) -> u32 {
        self.wanted - self.available
    }

    /// How many are too many.
    pub const fn surplus(&self) -> u32 {
        self.wanted.saturating_sub(self.target)
    }
}

impl Plan {
    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Stops of old tasks.
    pub const fn stop_old(&self) -> u32 {
        self.stop_unavailable + self.stop_available
    }
}
