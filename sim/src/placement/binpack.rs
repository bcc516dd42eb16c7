//! Binpack: the host with least free memory that still fits, then least free cpu (ecs.md 1.4).

use super::{HostView, Placement, Score};

pub(super) struct Binpack;

impl Placement for Binpack {
    fn score(&self, host: &HostView) -> Score {
        (host.free.memory_mib, host.free.cpu)
    }
}
