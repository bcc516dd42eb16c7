//! Rolling: new tasks take the place of old ones, by a mover and its bounds.

use crate::deploy::{Mover, Rollout, Step};

/// One step: all new, none old.
pub fn rolling(mover: Mover) -> Rollout {
    Rollout::new(vec![Step::all(mover)])
}
