//! Immutable: one new task proves itself, then a full new group comes beside the old one, then the old one goes.

use crate::deploy::{Bound, Rollout, Size, Step};

/// One, all, and the old ones go.
pub fn immutable() -> Rollout {
    Rollout::new(vec![Step::beside(Size::Of(Bound::tasks(1))), Step::beside(Size::ALL), Step::remove_old()])
}
