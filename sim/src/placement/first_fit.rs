//! First fit: hosts are all as good, so the lowest id that fits wins.

use super::{HostView, Placement, Score};

pub(super) struct FirstFit;

impl Placement for FirstFit {
    fn score(&self, _host: &HostView) -> Score {
        (0, 0)
    }
}
