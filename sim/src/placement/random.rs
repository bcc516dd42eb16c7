//! Random: any host that fits, equally likely.

use super::{Choice, HostView, Order, PARTS, Placement, Scene, Score};

#[derive(Debug)]
pub(super) struct Random;

impl Placement for Random {
    fn score(&self, _: &HostView, _: &Scene) -> Score {
        [0; PARTS]
    }

    fn choice(&self) -> Choice {
        Choice::AnyBest
    }

    fn counts_all_tasks(&self) -> bool {
        false
    }

    fn order(&self) -> Order {
        Order::WithinClassStays
    }
}
