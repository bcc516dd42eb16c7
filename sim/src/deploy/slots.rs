//! The slots mover: every task has a slot, and workers replace one slot each, old and new in a fixed order.

use super::bound::Bound;
use super::mover::{Plan, View};
use crate::engine::time::Duration;

/// Replaces slot by slot. Redeploying in place, on the task's own host, is [`SlotOp::StopStart`] with [`SlotKey::Host`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    /// Slots at once, of the desired count; 0 is all of them.
    pub window: Bound,
    /// What is done to a slot.
    pub op: SlotOp,
    /// Whether a batch of slots begins only when the one before has ended.
    pub barrier: bool,
    /// From a slot's end to the next one's begin.
    pub delay: Duration,
    /// How long a new task waits for its old one to be gone; forever where absent.
    pub stop_timeout: Option<Duration>,
    /// Which slots come first.
    pub order: SlotOrder,
    /// What of a slot its new task keeps.
    pub key: SlotKey,
    /// Available tasks below which no stop goes, where the system has such a floor.
    pub floor: Option<Bound>,
    /// What a new task that fails or does not pass its gate does to the rest.
    pub on_unhealthy: OnUnhealthy,
}

/// What is done to a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotOp {
    /// Stop the old task, wait until it is gone, start the new one, wait for its gate.
    StopStart,
    /// Start the new task, wait for its gate, stop the old one, and do not wait until it is gone.
    StartStop,
    /// Stop the old task and start the new one together, and wait for the gate.
    Overlap,
}

/// Which slots come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotOrder {
    /// The lowest slot.
    Ascending,
    /// The highest slot (`StatefulSet`).
    Descending,
}

/// What of a slot its new task keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotKey {
    /// Only its number: it may go to any host.
    Any,
    /// The host.
    Host,
}

/// What a new task that fails or does not pass its gate does to the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnUnhealthy {
    /// Its worker goes on with the next slot (Swarm).
    Ignore,
    /// Its worker waits for it, forever if need be (`StatefulSet`, Rancher).
    Wait,
    /// No further slot begins while it is unhealthy (Nomad).
    BlockAll,
}

impl Slots {
    /// Slots at once.
    pub fn workers(&self, desired: u32) -> u32 {
        match self.window.of(desired) {
            0 => desired.max(1),
            window => window,
        }
    }

    /// What to start and to stop.
    pub fn plan(&self, view: &View) -> Plan {
        let (new, old) = (view.new, view.old);
        let places = view.desired + view.aside;
        // A slot begins with its old task's stop, or with its new task's start; it ends when its new task has passed and
        // rested, or when nobody waits for it any more.
        let begun = match self.op {
            SlotOp::StartStop => new.wanted + view.given_up - view.repairs,
            SlotOp::StopStart | SlotOp::Overlap => view.desired.saturating_sub(old.wanted),
        };
        let busy = begun.saturating_sub(view.rested.saturating_sub(view.aside) + view.given_up);
        let blocked = self.on_unhealthy == OnUnhealthy::BlockAll && view.unhealthy > 0;
        let idle =
            if blocked || (self.barrier && busy > 0) { 0 } else { self.workers(view.desired).saturating_sub(busy) };
        // Old tasks whose slots new ones have taken.
        let followed = (old.wanted + new.available).saturating_sub(places);
        let (stop, held) = match self.op {
            SlotOp::StopStart => (followed.max(idle), view.terminating - view.overdue),
            SlotOp::StartStop => (followed, 0),
            SlotOp::Overlap => (followed.max(idle), 0),
        };
        let stop = stop.min(old.surplus());
        let spare = self.floor.map_or(u32::MAX, |floor| view.available().saturating_sub(floor.of(view.desired)));
        let stop_unavailable = stop.min(old.unavailable());
        let stop_available = (stop - stop_unavailable).min(spare);
        let stopped = if self.op == SlotOp::Overlap { stop_unavailable + stop_available } else { 0 };
        // A slot without any task is filled at once, and so is one whose new task failed.
        let empty = places.saturating_sub(old.wanted - stopped + held + new.wanted);
        let start = match self.op {
            SlotOp::StartStop => empty.max(idle + view.given_up - view.repairs),
            SlotOp::StopStart | SlotOp::Overlap => empty,
        };
        let start = start.min(new.target.saturating_sub(new.wanted));
        Plan { start, stop_new: new.surplus(), stop_unavailable, stop_available }
    }
}
