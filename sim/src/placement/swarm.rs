//! Swarm: the host with fewest tasks of the service, then with fewest of all services (SWARMKIT
//! `manager/scheduler/scheduler.go`). Equals come in the order of a Go map, which is random.
//!
//! Left out: hosts where five tasks of the service have failed lately come last, and `spread` preferences. A task that is
//! being stopped counts until it has stopped; Swarm does not count it from the decision on.

use super::{Choice, HostView, Order, Placement, Scene, Score};

#[derive(Debug)]
pub(super) struct Swarm;

impl Placement for Swarm {
    fn score(&self, host: &HostView, _: &Scene) -> Score {
        [host.tasks, host.all_tasks, 0, 0, 0]
    }

    fn choice(&self) -> Choice {
        Choice::AnyBest
    }

    fn order(&self) -> Order {
        Order::WithinClassStays
    }
}
