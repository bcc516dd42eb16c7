//! Rolling with an additional batch: one batch of new tasks comes first, so that nobody is missing while the others are
//! redeployed in place, batch by batch; at the end a batch goes.

use super::all_at_once::in_place;
use crate::deploy::{Bound, Mover, Rollout, Size, Slots, Step};

/// The batch beside the others, the others in place, and the surplus goes.
pub fn additional_batch(batch: Bound) -> Rollout {
    let slots = Slots { barrier: true, ..in_place(batch) };
    let others = Step { aside: Size::Of(batch), ..Step::new(Size::AllAnd(batch), Size::NONE, Mover::Slots(slots)) };
    Rollout::new(vec![Step::beside(Size::Of(batch)), others, Step::all(Step::FREE)])
}
