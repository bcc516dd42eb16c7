//! Red-black: a full new group, then the old one is disabled, kept for a while, and scaled down.

use crate::deploy::{Hold, Rollout, Size, Step};

/// For each share (tenths of a percent, rising) the new group grows to it and the old one loses as much traffic; `stage` is what
/// the system takes between stages. The old group waits before it goes.
pub fn red_black(shares: &[u32], stage: &Hold, before_scale_down: Vec<Hold>) -> Rollout {
    let step = |permille| Step::beside(Size::share(permille)).weighing(permille).holding(stage.clone());
    let mut last = step(1_000);
    last.holds.extend(before_scale_down);
    let partly = shares.iter().copied().filter(|&permille| permille < 1_000).map(step);
    Rollout::new(partly.chain([last, Step::remove_old()]).collect())
}
