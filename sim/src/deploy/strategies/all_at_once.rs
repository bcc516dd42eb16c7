//! All at once: every task is replaced in its place at the same time.

use crate::deploy::{Bound, Mover, Rollout, SlotKey, Slots, Step};

/// A window of all slots.
pub fn all_at_once() -> Rollout {
    Rollout::new(vec![Step::all(Mover::Slots(in_place(Bound::tasks(0))))])
}

/// Slots that are redeployed on their own hosts, so many at once.
pub const fn in_place(window: Bound) -> Slots {
    Slots { key: SlotKey::Host, ..Slots::at_once(window) }
}
