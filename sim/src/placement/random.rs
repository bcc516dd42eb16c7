//! Random: any host that fits, equally likely.

use super::{HostView, Placement, Score};

pub(super) struct Random;

impl Placement for Random {
    fn score(&self, _host: &HostView) -> Score {
        (0, 0)
    }

    fn draws(&self) -> bool {
        true
    }
}
