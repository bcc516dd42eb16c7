//! Red-black: a full new group, then the old one is disabled, kept for a while, and scaled down.

use crate::deploy::{Hold, Rollout, Size, Step};

/// For each share (tenths of a percent, rising, all at last) the new group grows to it, and then the old one loses as much
/// traffic; `stage` is what the system takes for either. The old group waits before it goes.
pub fn red_black(shares: &[u32], stage: &Hold, before_scale_down: Vec<Hold>) -> Rollout {
    let partly = shares.iter().copied().filter(|&permille| permille < 1_000);
    let mut program: Vec<_> = partly
        .chain([1_000])
        .flat_map(|permille| {
            let grown = Step::beside(Size::share(permille)).holding(stage.clone());
            let disabled = Step::beside(Size::share(permille)).weighing(permille).holding(stage.clone());
            [grown, disabled]
        })
        .collect();
    program.last_mut().expect("the last share is all").holds.extend(before_scale_down);
    program.push(Step::remove_old());
    Rollout::new(program)
}
