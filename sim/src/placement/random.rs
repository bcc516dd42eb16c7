//! Random: any host that fits, equally likely.

use super::{Choice, HostView, Placement, Scene, Score};

pub(super) struct Random;

impl Placement for Random {
    fn score(&self, _: &HostView, _: &Scene) -> Score {
        (0, 0)
    }

    fn choice(&self) -> Choice {
        Choice::AnyBest
    }
}
