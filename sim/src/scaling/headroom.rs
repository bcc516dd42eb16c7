//! Headroom: some hosts more than the tasks need, so that a deploy or a burst finds room at once.

use super::room::{Room, Tasks, tasks_on};
use super::{Decision, GroupView};
use crate::engine::time::Duration;
use crate::model::Service;
use crate::placement::packing::Packing;

/// Keeps spare hosts beyond those that the tasks need: those on hosts and those that wait, packed first fit on empty
/// hosts.
///
/// Tasks are seldom packed that well. So waiting tasks get new hosts wherever they do not fit on the hosts as they are.
/// Fewer are wanted only where no task waits and no host comes or leaves: in the middle of a deploy tasks are in two
/// places or in none, and a host that has been asked for would be sent back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headroom {
    /// How many hosts are spare.
    pub spare: Spare,
    /// From one look to the next; above zero. It also looks at once when tasks begin to wait.
    pub period: Duration,
}

/// How many hosts are spare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spare {
    /// So many.
    Hosts(u32),
    /// So many tenths of a percent of the hosts that are needed, rounded up.
    Permille(u32),
}

impl Headroom {
    /// So many spare hosts, looked after every minute.
    pub const fn new(spare: Spare) -> Self {
        // E: the period of the metrics that such scripts read (range 10 s to 5 min).
        Self { spare, period: Duration::from_secs(60) }
    }

    /// How many hosts it wants.
    pub(super) fn look(&self, view: &GroupView) -> Decision {
        let waiting = view.waiting(size);
        let needed = packed(view);
        let hosts = needed.saturating_add(self.spare.of(needed));
        let hosts = hosts.max(if waiting.is_empty() { 0 } else { occupied(view, &waiting) });
        let quiet = waiting.is_empty() && view.leaving.is_empty() && view.hosts.iter().all(|host| host.ready);
        Decision::want(if quiet && hosts < view.wanted { view.shrunk_to(hosts) } else { view.grown_to(hosts) })
    }
}

impl Spare {
    /// Spare hosts where so many are needed.
    fn of(self, needed: u32) -> u32 {
        match self {
            Self::Hosts(hosts) => hosts,
            Self::Permille(permille) => {
                let spare = (u64::from(needed) * u64::from(permille)).div_ceil(1_000);
                u32::try_from(spare).unwrap_or(u32::MAX)
            }
        }
    }
}

/// What is packed first: what has the least choice, and of that the largest.
fn size(service: &Service) -> (bool, bool, u32, u32, u32) {
    let demand = service.demand;
    let restricted = service.eligible.0.is_some();
    (restricted, demand.host_port.is_some(), demand.resources.gpus, demand.resources.memory_mib, demand.resources.cpu)
}

/// Empty hosts that all tasks need, those that wait too.
fn packed(view: &GroupView) -> u32 {
    let mut tasks = tasks_on(view.hosts);
    for (id, waiting) in view.waiting(size) {
        match tasks.iter_mut().find(|(other, _)| *other == id) {
            Some((_, tasks)) => *tasks += waiting,
            None => tasks.push((id, waiting)),
        }
    }
    let mut hosts = view.new_hosts(view.most());
    hosts.zones.iter_mut().for_each(|(_, hosts)| *hosts = 0);
    let mut packing = Packing::default();
    for (id, tasks) in view.largest_first(tasks, size) {
        packing.place_or_launch(&mut hosts, id, &view.services[id.index()], tasks);
    }
    hosts.launched
}

/// Hosts that have tasks when those that wait have been placed where there is room, and on new hosts.
fn occupied(view: &GroupView, waiting: &Tasks) -> u32 {
    let room = Room::of(view);
    let mut packing = room.packing();
    let mut new = view.new_hosts(view.growth());
    for &(id, tasks) in waiting {
        packing.place_or_launch(&mut new, id, &view.services[id.index()], tasks);
    }
    view.hosts.len() as u32 - room.idle(&packing) + new.launched
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::support::{World, asks_once, groups, holds_for, hosts_are_filled, more_never_asks_for_fewer};
    use super::*;
    use crate::engine::time::Time;
    use crate::scaling::Scaler;

    fn keeping(spare: Spare) -> Scaler {
        Scaler::Headroom(Headroom::new(spare))
    }

    /// Hosts have room for ten tasks.
    fn world(spare: Spare, hosts: u32, tasks_each: u32) -> World {
        World::new(keeping(spare)).with_service(10, 10).with_hosts(hosts, &[tasks_each])
    }

    /// Needed is ceil(tasks / 10): what is on hosts and what waits.
    #[test]
    fn so_many_hosts_more_than_the_tasks_need() {
        let table = [
            // 4 x 10 = 40 tasks: 4 + 2.
            ("two spare", world(Spare::Hosts(2), 4, 10), 6),
            // 4 x 5 = 20 tasks: 2 + 1 of the 4 that there are.
            ("packed well enough", world(Spare::Hosts(1), 4, 5), 3),
            // 40 + 25 = 65 tasks: 7 + 1.
            ("what waits counts", world(Spare::Hosts(1), 4, 10).with_pending(0, 25), 8),
            // 250 permille of 40 / 10 = 4 is 1; of 5 it is 1.25, which is 2.
            ("a quarter of four", world(Spare::Permille(250), 4, 10), 5),
            ("a quarter of five", world(Spare::Permille(250), 5, 10), 7),
            ("no task, no share", world(Spare::Permille(250), 3, 0), 0),
            ("no task, one host", world(Spare::Hosts(1), 3, 0), 1),
        ];
        for (case, mut world, wanted) in table {
            assert_eq!(world.look(), Decision::want(wanted), "{case}");
        }
    }

    #[test]
    fn the_bounds_hold() {
        let mut world = world(Spare::Hosts(3), 4, 10);
        world.max = 5;
        assert_eq!(world.look().wanted, 5);
        world.stop(0, 40);
        world.min = 4;
        assert_eq!(world.look().wanted, 4);
    }

    /// Five hosts with 60 of 100 each: 15 tasks of 20 would fit on three hosts, but one of 60 that waits fits on none
    /// of the five as they are.
    #[test]
    fn what_fits_nowhere_gets_a_host_however_well_the_rest_could_be_packed() {
        let mut world = World::new(keeping(Spare::Hosts(0))).with_service(20, 20).with_service(60, 60);
        world = world.with_hosts(5, &[3]).with_pending(1, 1);
        assert_eq!(world.act().wanted, 6);
        // The host that comes is not too many while the task still waits for it.
        assert_eq!(world.look().wanted, 6);
    }

    /// The four hosts could be three.
    #[test]
    fn fewer_are_wanted_only_where_nobody_waits_comes_or_leaves() {
        let world = world(Spare::Hosts(1), 4, 5);
        assert_eq!(world.clone().look().wanted, 3);
        assert_eq!(world.clone().with_pending(0, 1).look().wanted, 4);
        let mut comes = world.clone();
        comes.hosts[3].ready = false;
        assert_eq!(comes.look().wanted, 4);
        let view = GroupView { leaving: &world.hosts[..1], ..world.view() };
        assert_eq!(Headroom::new(Spare::Hosts(1)).look(&view).wanted, 4);
    }

    #[test]
    fn it_looks_at_once_when_tasks_wait() {
        let mut world = world(Spare::Hosts(1), 1, 10);
        world.now = Time::from_millis(7);
        assert_eq!(world.wait(0, 1), Some(Time::from_millis(7)));
    }

    /// Two hosts in zones a and b; the services may run in b alone, which is the second zone in turn.
    #[test]
    fn hosts_come_in_turn_until_enough_are_in_the_zone_that_will_do() {
        use crate::model::{ClassId, Eligible};
        let mut world = World::new(keeping(Spare::Hosts(0))).with_service(100, 100);
        world.classes = vec![ClassId(0), ClassId(1)];
        world.services[0].eligible = Eligible(Some(vec![false, true]));
        world = world.with_pending(0, 2);
        // a, b, a, b.
        assert_eq!(world.look().wanted, 4);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn laws(random in groups(), spare in 0..3_u32) {
            for spare in [Spare::Hosts(spare), Spare::Permille(spare * 300)] {
                holds_for(&keeping(spare), &random, 3)?;
                asks_once(&keeping(spare), &random)?;
                more_never_asks_for_fewer(&keeping(spare), &random)?;
            }            hosts_are_filled(&keeping(Spare::Hosts(0)), &random)?;

        }

        /// With nobody spare, so many hosts are wanted as alike tasks fill.
        #[test]
        fn alike_tasks_fill_hosts(tasks in 0..2_000_u32, size in 1..=100_u32) {
            let mut world = World::new(keeping(Spare::Hosts(0))).with_service(size, 1).with_pending(0, tasks);
            prop_assert_eq!(world.look().wanted, tasks.div_ceil(100 / size));
        }
    }
}
