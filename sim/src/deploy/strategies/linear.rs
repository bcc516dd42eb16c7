//! Linear: a full new group, and the traffic moves to it in equal steps.

use super::canary;
use crate::deploy::{Hold, Rollout};

/// Steps of so many tenths of a percent, with a wait after each but the last.
pub fn linear(step_permille: u32, bake: Hold) -> Rollout {
    let shares: Vec<_> = (1..1_000).map(|k| k * step_permille.max(1)).take_while(|&share| share < 1_000).collect();
    canary(&shares, &[bake], true)
}
