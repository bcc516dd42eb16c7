//! Least tasks: the host with fewest tasks of all services, then the lowest id. Fleet's engine (FLEET `engine/scheduler.go`:
//! fewest units, then machine id) and Rancher's scheduler (CATTLE, `rancher/scheduler`: fewest instances).
//!
//! A task that is being stopped counts until it has stopped. Fleet itself reserves nothing: a service on Fleet demands no
//! cpu and no memory.

use super::{HostView, Order, Placement, Scene, Score};

#[derive(Debug)]
pub(super) struct LeastTasks;

impl Placement for LeastTasks {
    fn score(&self, host: &HostView, _: &Scene) -> Score {
        [host.all_tasks, 0, 0, 0, 0]
    }

    fn order(&self) -> Order {
        Order::WithinClassStays
    }
}
