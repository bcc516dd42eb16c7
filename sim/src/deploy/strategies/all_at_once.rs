//! All at once: every task is replaced in its place at the same time.

use crate::deploy::Mover;
use crate::deploy::{Bound, OnUnhealthy, Rollout, SlotKey, SlotOp, SlotOrder, Slots, Step};

/// A window of all slots.
pub fn all_at_once() -> Rollout {
    Rollout::new(vec![Step::all(Mover::Slots(in_place(Bound::tasks(0))))])
}

/// Slots that are redeployed on their own hosts, so many at once.
pub const fn in_place(window: Bound) -> Slots {
    Slots {
        window,
        op: SlotOp::StopStart,
        barrier: false,
        delay: crate::engine::time::Duration::ZERO,
        stop_timeout: None,
        order: SlotOrder::Ascending,
        key: SlotKey::Host,
        floor: None,
        on_unhealthy: OnUnhealthy::Wait,
    }
}
