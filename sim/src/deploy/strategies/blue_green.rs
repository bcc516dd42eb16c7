//! Blue-green: a full new group beside the old one, one switch of the traffic, and the old group waits behind it.

use crate::deploy::{Hold, Rollout, Size, Step};

/// All new beside all old; `before` the switch, and `after` it with the old ones still there.
pub fn blue_green(before: Vec<Hold>, after: Vec<Hold>) -> Rollout {
    let green = Step { holds: before, ..Step::beside(Size::ALL) };
    let switch = Step { holds: after, ..Step::shift(1_000) };
    Rollout::new(vec![green, switch, Step::remove_old()])
}
