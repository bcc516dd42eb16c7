//! Binpack: the host with least free memory that still fits, then least free cpu (DG task-placement-strategies).

use super::{HostView, Order, Placement, Scene, Score};

#[derive(Debug)]
pub(super) struct Binpack;

impl Placement for Binpack {
    fn score(&self, host: &HostView, _: &Scene) -> Score {
        [host.free.memory_mib, host.free.cpu, 0, 0, 0]
    }

    fn counts_all_tasks(&self) -> bool {
        false
    }

    fn order(&self) -> Order {
        Order::WithinClassStays
    }
}
