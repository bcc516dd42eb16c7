//! Recreate: the old tasks go, all of them; when they are gone the new ones come.

use crate::deploy::{Rollout, Size, Step};

/// None old and nobody left; then all new.
pub fn recreate() -> Rollout {
    let stop = Step { waits_for_gone: true, ..Step::new(Size::NONE, Size::NONE, Step::FREE) };
    Rollout::new(vec![stop, Step::all(Step::FREE)])
}
