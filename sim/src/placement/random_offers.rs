//! Random offers: Mesos offers what is left of each agent in random order (MESOS `allocator/mesos/hierarchical.cpp`), and
//! Marathon takes the first offer that fits.
//!
//! Marathon works on 8 offers at once, asks for one task on each in turn, and takes up to 5 tasks from one offer (MARATHON
//! `OfferMatcherManagerConfig`, on a machine of 8 processors or more). So 40 tasks in a row share one order of hosts, and go
//! to the first 8 of it in turn. The order is that of the tasks' numbers, not of the rounds of offers: a round that begins
//! within a 40 goes on with its hosts.

use super::{Choice, HostView, Order, PARTS, Placement, Scene, Score};

/// Offers that Marathon works on at once (`max_parallel_offers`).
const AT_ONCE: u32 = 8;

/// Tasks that it takes from one offer (`max_instances_per_offer`).
const FROM_ONE: u32 = 5;

#[derive(Debug)]
pub(super) struct RandomOffers;

impl Placement for RandomOffers {
    fn score(&self, _: &HostView, _: &Scene) -> Score {
        [0; PARTS]
    }

    fn choice(&self) -> Choice {
        Choice::NextOfFew { few: AT_ONCE, tasks: AT_ONCE * FROM_ONE }
    }

    fn counts_all_tasks(&self) -> bool {
        false
    }

    fn order(&self) -> Order {
        Order::WithinClassStays
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::draws::{Draws, Entity};
    use crate::placement::Policy;

    /// The tasks themselves are other each time, and so are their lots under `random`.
    #[test]
    fn forty_tasks_in_a_row_share_an_order() {
        let lots = |policy: &Policy| {
            let lot = |i| policy.lot(Draws::new(1), Entity::named("web").child(i), "web", i as u32);
            let mut lots: Vec<_> = (0..80).map(lot).collect();
            lots.dedup();
            lots.len()
        };
        assert_eq!((lots(&Policy::RandomOffers), lots(&Policy::Random), lots(&Policy::Spread)), (2, 80, 1));
    }
}
