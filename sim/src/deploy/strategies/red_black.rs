//! Red-black: a full new group, then the old one is disabled, kept for a while, and scaled down.

use crate::deploy::{Hold, Rollout, Size, Step};

/// For each share (tenths of a percent, rising, all at last) the new group grows to it, and then the old one loses as much
/// traffic; `stage` is what the system takes for either. The old group waits before it goes.
pub fn red_black(shares: &[u32], stage: &Hold, before_scale_down: Vec<Hold>) -> Rollout {
    let grown = |permille| Step::beside(Size::share(permille)).holding(stage.clone());
    let disabled = |permille: u32| grown(permille).weighing(permille);
    let mut last = disabled(1_000);
    last.holds.extend(before_scale_down);
    let partly = shares.iter().copied().filter(|&permille| permille < 1_000);
    let partly = partly.flat_map(|permille| [grown(permille), disabled(permille)]);
    Rollout::new(partly.chain([grown(1_000), last, Step::remove_old()]).collect())
}
