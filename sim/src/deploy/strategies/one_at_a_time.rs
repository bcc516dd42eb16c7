//! One at a time: one new task, then one old task less.

use super::rolling;
use crate::deploy::{Bound, Mover, Pool, Reap, Rollout, VictimOrder, ZeroRule};

/// Room for one task more, and none may be missing. A stopping task holds its place.
pub fn one_at_a_time() -> Rollout {
    rolling(Mover::Pool(Pool {
        surge: Bound::tasks(1),
        unavailable: Bound::tasks(0),
        zero: ZeroRule::Stall,
        terminating_in_cap: true,
        reap: Reap::AtOnce,
        window: None,
        victims: VictimOrder::Balanced,
    }))
}
