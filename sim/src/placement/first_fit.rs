//! First fit: hosts are all as good, so the lowest id that fits wins.

use super::{HostView, PARTS, Placement, Scene, Score};

pub(super) struct FirstFit;

impl Placement for FirstFit {
    fn score(&self, _: &HostView, _: &Scene) -> Score {
        [0; PARTS]
    }
}
