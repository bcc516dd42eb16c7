//! Spread: zones with fewest tasks of the service, then hosts with fewest (the default of ECS services, DG task-placement).

use super::{HostView, Order, Placement, Scene, Score};

#[derive(Debug)]
pub(super) struct Spread;

impl Placement for Spread {
    fn score(&self, host: &HostView, _: &Scene) -> Score {
        [host.zone_tasks, host.tasks, 0, 0, 0]
    }

    fn counts_all_tasks(&self) -> bool {
        false
    }

    fn order(&self) -> Order {
        Order::WithinClassStays
    }
}
