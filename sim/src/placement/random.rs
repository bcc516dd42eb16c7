//! Random: any host that fits, equally likely.

use super::{Choice, HostView, PARTS, Placement, Scene, Score};

pub(super) struct Random;

impl Placement for Random {
    fn score(&self, _: &HostView, _: &Scene) -> Score {
        [0; PARTS]
    }

    fn choice(&self) -> Choice {
        Choice::AnyBest
    }
}
