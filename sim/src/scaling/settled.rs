//! Whether a group is still as it was when there was nothing more to find out about it, so that a look need not try.

use super::GroupView;
use crate::engine::time::Time;

/// A group in which nobody waits and nobody leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// When it was looked at.
    pub at: Time,
    /// Its hosts.
    pub hosts: usize,
    /// What is free on them of each resource. It may grow before a task is gone.
    pub free: [u64; 5],
}

impl Settled {
    /// Takes note of a group; none where tasks wait or hosts leave.
    pub(super) fn of(view: &GroupView) -> Option<Self> {
        let free = view.hosts.iter().fold([0; 5], |sum: [u64; 5], host| {
            let free = host.free.amounts();
            std::array::from_fn(|i| sum[i] + u64::from(free[i]))
        });
        let quiet = view.pending.is_empty() && view.leaving.is_empty();
        quiet.then_some(Self { at: view.now, hosts: view.hosts.len(), free })
    }

    /// Whether the group is still like that: every host that comes, gets ready, or whose tasks come or go says so.
    pub(super) fn still_holds(&self, view: &GroupView) -> bool {
        view.hosts.iter().all(|host| host.changed < self.at)
            && Self::of(view).is_some_and(|now| (now.hosts, now.free) == (self.hosts, self.free))
    }
}
