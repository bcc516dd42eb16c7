//! First fit: hosts are all as good, so the lowest id that fits wins.

use super::{HostView, Order, PARTS, Placement, Scene, Score};

#[derive(Debug)]
pub(super) struct FirstFit;

impl Placement for FirstFit {
    fn score(&self, _: &HostView, _: &Scene) -> Score {
        [0; PARTS]
    }

    fn counts_all_tasks(&self) -> bool {
        false
    }

    fn order(&self) -> Order {
        Order::WithinClassStays
    }
}
