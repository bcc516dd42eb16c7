//! Cluster Autoscaler of Kubernetes: hosts for pods that fit nowhere, and away with hosts that others can stand in for.
//!
//! The sources' keys (CA, E) are those of `docs/sources.md`. Left out: the choice among several groups (the expander),
//! the back-off after hosts that do not come, the 30 s that pods with GPUs wait for more of them, pods that must not be
//! moved, the 5 s from the taint to the drain, and the end of a drain after 10 minutes.

use std::collections::BTreeSet;

use super::room::{Room, place, tasks_on};
use super::settled::Settled;
use super::{Decision, GroupHost, GroupView, Memory};
use crate::engine::fact::HostId;
use crate::engine::time::{Duration, Time};
use crate::model::{Resource, Service};
use crate::placement::packing::Packing;

/// Looks once a period. Tasks that fit neither on the hosts nor on those on their way get new ones, first fit. In a
/// look that asks for none, hosts of which little is reserved and whose tasks fit elsewhere are unneeded, and those
/// that have been so for long without a break are taken away: empty ones first and several at once, others one after
/// the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClusterAutoscaler {
    /// From one look to the next (`--scan-interval`); above zero.
    pub period: Duration,
    /// It waits as long as no waiting task is so old, for more of them may come.
    pub young: Duration,
    /// Most hosts that it asks for in one look (`--max-nodes-per-scaleup`); at least 1.
    pub most_new: u32,
    /// A host may be unneeded with so many tenths of a percent of its cpu and of its memory reserved, of its GPUs where
    /// it has any, or less (`--scale-down-utilization-threshold`); up to 1,000.
    pub utilization_permille: u32,
    /// How long a host is unneeded before it is taken away (`--scale-down-unneeded-time`).
    pub unneeded_time: Duration,
    /// How long after it asked for hosts it takes none away (`--scale-down-delay-after-add`).
    pub delay_after_add: Duration,
    /// How long it does not try again to find room for the tasks of a host (`--unremovable-node-recheck-timeout`).
    pub recheck: Duration,
    /// Most hosts on their way out (`--max-scale-down-parallelism`, `--max-empty-bulk-delete`); at least 1.
    pub at_once: u32,
    /// Of those, most hosts with tasks (`--max-drain-parallelism`).
    pub drains: u32,
}

impl Default for ClusterAutoscaler {
    fn default() -> Self {
        Self {
            // CA config/flags/flags.go, all but `young`.
            period: Duration::from_secs(10),
            // CA core/static_autoscaler.go: unschedulablePodTimeBuffer.
            young: Duration::from_secs(2),
            most_new: 1_000,
            utilization_permille: 500,
            unneeded_time: Duration::from_secs(600),
            delay_after_add: Duration::from_secs(600),
            recheck: Duration::from_secs(300),
            at_once: 10,
            drains: 1,
        }
    }
}

impl ClusterAutoscaler {
    /// How many hosts it wants, and which ones leave.
    pub(super) fn look(&self, view: &GroupView, memory: &mut Memory) -> Decision {
        let oldest = view.pending.iter().map(|pending| pending.since).min();
        let young = oldest.is_some_and(|since| since + self.young > view.now);
        // What the waiting tasks find on the hosts is not free any more.
        let mut found = None;
        let waiting = view.waiting(|service| share_of(view, service));
        if !waiting.is_empty() {
            let room = Room::of(view);
            let mut packing = room.packing();
            let mut new = view.new_hosts(if young { 0 } else { self.most_new.min(view.growth()) });
            for (id, tasks) in waiting {
                packing.place_or_launch(&mut new, id, &view.services[id.index()], tasks);
            }
            if new.launched > 0 {
                return memory.asked(view, view.size() + new.launched);
            }
            found = Some((room, packing));
        }
        self.find_unneeded(view, memory, found);
        let added = memory.grew.is_some_and(|grew| grew + self.delay_after_add > view.now);
        if young || added { Decision::want(view.wanted) } else { self.take_away(view, memory) }
    }

    /// Takes note of the hosts that the others can stand in for (CA core/scaledown/planner/planner.go).
    fn find_unneeded(&self, view: &GroupView, memory: &mut Memory, found: Option<(Room, Packing)>) {
        let tried = memory.unremovable.len();
        memory.unremovable.retain(|(_, until)| *until > view.now);
        if memory.unremovable.len() == tried && memory.settled.is_some_and(|settled| settled.still_holds(view)) {
            return;
        }
        let [empty, before, others] = self.candidates(view, memory);
        let limit = self.limit(memory.unneeded.len());
        let used = [before, others].concat();
        let mut unneeded = if found.is_none() && used.is_empty() {
            empty.into_iter().take(limit).collect()
        } else {
            let found = found.unwrap_or_else(|| {
                let room = Room::of(view);
                let packing = room.packing();
                (room, packing)
            });
            self.stood_in_for(view, memory, found, empty, used, limit)
        };
        unneeded.sort_unstable();
        let unneeded = unneeded.into_iter().map(|host| {
            let host = view.hosts[host].host;
            (host, noted(&memory.unneeded, host).unwrap_or(view.now))
        });
        memory.unneeded = unneeded.collect();
        // There may be more than it takes note of in one look.
        let found = memory.unneeded.len();
        let all = found < limit || self.limit(found) == limit;
        memory.settled = all.then(|| Settled::of(view)).flatten();
    }

    /// Of the candidates by position, empty ones and others, those that the other hosts can stand in for all together,
    /// up to a limit. What is left on the hosts is given.
    fn stood_in_for(
        &self,
        view: &GroupView,
        memory: &mut Memory,
        (room, mut packing): (Room, Packing),
        mut empty: Vec<usize>,
        used: Vec<usize>,
        limit: usize,
    ) -> Vec<usize> {
        let untouched = room.untouched(&packing);
        empty.retain(|&host| untouched[host]);
        empty.truncate(limit);
        // No task goes to a host that may leave, nor to one that is not there yet.
        for &host in &empty {
            assert!(packing.take(room.kind_of(host)), "it is untouched");
        }
        packing.keep(|kind| room.is_ready(kind));
        // Tasks on hosts that leave want room too. Those that have moved already are counted twice: that is the safer
        // way.
        let moving = view.largest_first(tasks_on(view.leaving), |service| share_of(view, service));
        place(&mut packing, &moving, view.services);
        let mut unneeded = empty;
        let mut hopeless = BTreeSet::new();
        for host in used {
            if unneeded.len() == limit {
                break;
            }
            let kind = room.kind_of(host);
            // One that got tasks of others is needed.
            if packing.untouched(kind) == 0 {
                continue;
            }
            let tasks = view.hosts[host].tasks.clone();
            let tasks = view.largest_first(tasks, |service| share_of(view, service));
            let stand_in = |others: &mut Packing| others.take(kind) && others.place_all(&tasks, view.services);
            if !hopeless.contains(&kind) && packing.attempt(stand_in) {
                unneeded.push(host);
            } else {
                // There is only less room for those that are alike.
                hopeless.insert(kind);
                memory.unremovable.push((view.hosts[host].host, view.now + self.recheck));
            }
        }
        memory.unremovable.sort_unstable();
        unneeded
    }

    /// By position, the hosts that may be unneeded: the empty ones, those that were so at the last look, and the others
    /// (CA processors/scaledowncandidates).
    fn candidates(&self, view: &GroupView, memory: &Memory) -> [Vec<usize>; 3] {
        let mut candidates = [vec![], vec![], vec![]];
        for (i, host) in view.hosts.iter().enumerate().filter(|(_, host)| host.ready) {
            if host.tasks.is_empty() {
                candidates[0].push(i);
            } else if self.is_low(view, host) && noted(&memory.unremovable, host.host).is_none() {
                candidates[if noted(&memory.unneeded, host.host).is_some() { 1 } else { 2 }].push(i);
            }
        }
        // In the order in which they were found, so that the same look at the same group finds the same.
        candidates[1].sort_by_key(|&i| (noted(&memory.unneeded, view.hosts[i].host), i));
        candidates
    }

    /// Whether little enough of a host is reserved: at the threshold or below (CA
    /// core/scaledown/eligibility/eligibility.go, as of pull request 8975).
    fn is_low(&self, view: &GroupView, host: &GroupHost) -> bool {
        let low = |resource| {
            let there = view.capacity.get(resource);
            let reserved = there - host.free.get(resource).min(there);
            u64::from(reserved) * 1_000 <= u64::from(there) * u64::from(self.utilization_permille)
        };
        if view.capacity.gpus > 0 { low(Resource::Gpus) } else { low(Resource::Cpu) && low(Resource::Memory) }
    }

    /// Most hosts that it takes note of where there were so many before: it cannot take away more in time (CA
    /// planner.go: unneededNodesLimit).
    fn limit(&self, before: usize) -> usize {
        let looks = self.unneeded_time.max(self.period).as_millis() / self.period.as_millis().max(1);
        let at_once = u64::from(self.at_once);
        (before as u64 + 2 * at_once).min(at_once * (looks + 1)) as usize
    }

    /// Those that have been unneeded for long leave, as many as may at once (CA core/scaledown/budgets/budgets.go).
    fn take_away(&self, view: &GroupView, memory: &mut Memory) -> Decision {
        let leaving = view.leaving.len() as u32;
        let at_once = self.at_once.saturating_sub(leaving).min(view.surplus());
        let long = |(_, since): &&(HostId, Time)| *since + self.unneeded_time <= view.now;
        let position = |host| view.hosts.binary_search_by_key(&host, |on| on.host).expect("unneeded hosts are there");
        let long = memory.unneeded.iter().filter(long).map(|(host, _)| *host);
        let (empty, used): (Vec<_>, Vec<_>) = long.partition(|host| view.hosts[position(*host)].tasks.is_empty());
        let mut leave: Vec<_> = empty.into_iter().take(at_once as usize).collect();
        let drains = self.drains.saturating_sub(leaving).min(at_once - leave.len() as u32);
        leave.extend(used.into_iter().take(drains as usize));
        memory.unneeded.retain(|(host, _)| !leave.contains(host));
        let decision = memory.asked(view, view.without(leave.len() as u32));
        Decision { leave, ..decision }
    }
}

/// When something was noted of a host, or until when.
fn noted(hosts: &[(HostId, Time)], host: HostId) -> Option<Time> {
    hosts.binary_search_by_key(&host, |(host, _)| *host).ok().map(|i| hosts[i].1)
}

/// The share of a host's cpu and that of its memory together, by which pods are packed, the largest first (CA
/// `estimator/binpacking_estimator.go`), times cpu and memory of a host.
fn share_of(view: &GroupView, service: &Service) -> u128 {
    let (need, there) = (service.demand.resources, view.capacity);
    u128::from(need.cpu) * u128::from(there.memory_mib) + u128::from(need.memory_mib) * u128::from(there.cpu)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::support::{
        World, asks_once, groups, holds_for, hosts_are_filled, more_never_asks_for_fewer,
        no_look_that_is_spared_finds_anything,
    };
    use super::*;
    use crate::engine::fact::ServiceId;
    use crate::model::{ClassId, Eligible, Resources};
    use crate::scaling::Scaler;

    /// Sixty looks, 10 s apart.
    const TEN_MINUTES: usize = 60;

    fn scaler(scaler: ClusterAutoscaler) -> Scaler {
        Scaler::ClusterAutoscaler(scaler)
    }

    /// Tasks of a tenth of a host.
    fn world() -> World {
        World::new(scaler(ClusterAutoscaler::default())).with_service(10, 10)
    }

    /// 30,000 / 30 = 1,000 hosts, which is as many as one look may ask for; while they boot no others are needed.
    #[test]
    fn thirty_thousand_pods_of_a_thirtieth_of_a_host_get_a_thousand_hosts() {
        let mut world = World { capacity: Resources::new(300, 300), ..world() }.with_pending(0, 30_000);
        world.boot = Duration::from_secs(60);
        assert_eq!(world.periods(100), [1_000; 100]);
        assert_eq!(world.pending, []);
        // With fewer a look it takes as many looks.
        let most_new = scaler(ClusterAutoscaler { most_new: 300, ..ClusterAutoscaler::default() });
        let mut world = World { scaler: most_new, hosts: vec![], wanted: 0, memory: Memory::default(), ..world };
        world = world.with_pending(0, 30_000);
        assert_eq!(world.periods(6), [300, 600, 900, 1_000, 1_000, 1_000]);
    }

    /// They have been unneeded for 10 minutes at look 60, if they were found at the first ones: 20 a look. From then on
    /// 10 go a look: 300 in 30 looks.
    #[test]
    fn of_a_thousand_hosts_the_300_empty_ones_go() {
        let mut world = world().with_hosts(300, &[]).with_hosts(700, &[8]);
        let hosts = world.periods(200);
        assert_eq!(hosts[..TEN_MINUTES], [1_000; TEN_MINUTES]);
        let falling: Vec<_> = (1..=30).map(|look| 1_000 - 10 * look).collect();
        assert_eq!(hosts[TEN_MINUTES..TEN_MINUTES + 30], falling);
        assert_eq!(hosts[TEN_MINUTES + 30..], [700; 110]);
        assert!(world.hosts.iter().all(|host| !host.tasks.is_empty()));
    }

    #[test]
    fn the_group_keeps_its_fewest_hosts() {
        let mut world = World { min: 970, ..world() }.with_hosts(300, &[]).with_hosts(700, &[8]);
        assert_eq!(world.periods(200)[199], 970);
    }

    /// Six hosts with 5 of 10 places taken, which is the threshold: their tasks fit on three. One goes at a time; its
    /// tasks go to the second one, and those of the third to the fourth. Of the last two one has been unneeded since
    /// look 62 only.
    #[test]
    fn hosts_with_tasks_go_one_by_one_when_the_others_can_stand_in_for_them() {
        let mut world = world().with_hosts(6, &[5]);
        assert_eq!(world.periods(130), [vec![6; 60], vec![5], vec![4; 61], vec![3; 8]].concat());
        assert!(world.hosts.iter().all(|host| host.tasks == [(ServiceId(0), 10)]));
        // One place more is above the threshold, however well the tasks would fit elsewhere.
        assert_eq!(world_of_six(6).periods(200), [7; 200]);
        assert_eq!(world_of_six(5).periods(200)[199], 6);
    }

    /// One host with some tasks, and six with nothing but room for them that are used too much to go.
    fn world_of_six(tasks: u32) -> World {
        World::new(scaler(ClusterAutoscaler::default()))
            .with_service(10, 10)
            .with_service(60, 10)
            .with_hosts(1, &[tasks])
            .with_hosts(6, &[0, 1])
    }

    /// The one resource of which most is reserved decides: 60 % of the cpu, 10 % of the memory.
    #[test]
    fn the_scarcer_resource_decides() {
        let mut world = World::new(scaler(ClusterAutoscaler::default())).with_service(10, 1).with_hosts(2, &[6]);
        world.capacity = Resources::new(200, 100);
        world.hosts[0].free = Resources::new(140, 94);
        world.hosts[1].free = Resources::new(140, 94);
        assert_eq!(world.clone().periods(100)[99], 1);
        world.capacity = Resources::new(100, 100);
        world.hosts[0].free = Resources::new(40, 94);
        world.hosts[1].free = Resources::new(40, 94);
        assert_eq!(world.periods(100)[99], 2);
    }

    /// A host goes at look 60, but a task comes at look 30 and goes again: from look 31 on it is unneeded for 60 looks.
    #[test]
    fn a_break_begins_the_ten_minutes_anew() {
        let mut world = world().with_hosts(1, &[9]).with_hosts(1, &[]);
        world.periods(30);
        world.stop(0, 1);
        let mut world = world.with_pending(0, 8);
        world.pass(Duration::ZERO);
        assert_eq!(world.hosts[1].tasks, [(ServiceId(0), 6)]);
        world.periods(1);
        world.stop(0, 6);
        assert_eq!(world.periods(61), [vec![2; 60], vec![1]].concat());
    }

    /// An empty host is unneeded from the start. A host comes at look 30 for a task of another zone: nothing goes for
    /// ten minutes, and then the empty one at once.
    #[test]
    fn nothing_goes_for_ten_minutes_after_a_host_was_asked_for() {
        let mut world = world().with_service(60, 60).with_hosts(1, &[5]).with_hosts(1, &[]);
        world.services[1].eligible = Eligible(Some(vec![false, true]));
        world.classes = vec![ClassId(0)];
        world.periods(30);
        world.classes = vec![ClassId(1)];
        world = world.with_pending(1, 1);
        assert_eq!(world.periods(62), [vec![3; 60], vec![2, 2]].concat());
    }

    /// The first task is 1 s old at the first look and 11 s at the second.
    #[test]
    fn tasks_that_are_all_young_wait_for_the_next_look() {
        let mut world = world();
        assert_eq!(world.wait(0, 1), None);
        world.pass(Duration::from_secs(1));
        assert_eq!(world.periods(2), [0, 1]);
    }

    #[test]
    fn room_on_hosts_and_on_those_on_their_way_comes_first() {
        // 10 of 25 tasks on the host that boots, 5 on the ready one, so one host more.
        let mut world = world().with_hosts(1, &[5]).with_pending(0, 25);
        world = world.with_hosts(1, &[]);
        world.hosts[1].ready = false;
        assert_eq!(world.look().wanted, 3);
        world.max = 2;
        assert_eq!(world.look().wanted, 2);
    }

    /// 25 tasks of 10 and 3 of 60: 60 + 4 x 10 on each of three hosts, and 10 + 3 on two more; the large ones first.
    #[test]
    fn what_one_service_leaves_of_a_new_host_another_one_gets() {
        assert_eq!(world().with_service(60, 60).with_pending(0, 25).with_pending(1, 3).look().wanted, 5);
    }

    #[test]
    fn tasks_that_no_new_host_has_room_for_bring_none() {
        let mut world = world().with_service(101, 1).with_pending(1, 5);
        assert_eq!(world.look(), Decision::want(0));
    }

    /// Two half full hosts: the second one gets the tasks of the first, so it is needed, and no verdict is noted on it.
    #[test]
    fn a_host_that_stands_in_for_another_is_needed() {
        let mut world = world().with_hosts(2, &[5]);
        world.act();
        assert_eq!(world.memory.unneeded, [(HostId(0), world.now)]);
        assert_eq!(world.memory.unremovable, []);
    }

    #[test]
    fn hosts_whose_tasks_fit_nowhere_are_not_tried_again_for_five_minutes() {
        let mut world = World::new(scaler(ClusterAutoscaler::default())).with_service(30, 30).with_service(60, 60);
        world = world.with_service(20, 20).with_hosts(1, &[1]).with_hosts(3, &[0, 1, 1]);
        world.act();
        assert_eq!(world.memory.unremovable, [(HostId(0), world.now + Duration::from_secs(300))]);
        // There is room from now on, but nobody looks for it before the five minutes are over.
        world.stop(2, 1);
        world.periods(30);
        assert_eq!(world.memory.unneeded, []);
        world.act();
        assert_eq!(world.memory.unneeded, [(HostId(0), Time::from_millis(1_300_000))]);
        assert_eq!(world.memory.unremovable, []);
    }

    #[test]
    fn tasks_of_hosts_that_leave_have_their_room() {
        let mut world = world().with_hosts(3, &[5]);
        let leaving = vec![world.hosts.pop().expect("there are three")];
        world.wanted = 2;
        let view = GroupView { leaving: &leaving, ..world.view() };
        let mut memory = Memory::default();
        ClusterAutoscaler::default().look(&view, &mut memory);
        assert_eq!(memory.unneeded, []);
    }

    /// Of four hosts with tasks of two services, of which one may have one task a host, some stand in for others; which ones
    /// depends on who is looked at first.
    #[test]
    fn the_same_look_at_the_same_group_finds_the_same() {
        let hosts = [([0, 0], false), ([0, 1], true), ([1, 0], true), ([2, 0], true), ([1, 0], true)];
        let random = (vec![10, 10], hosts.to_vec(), [2, 2], (0, 0), true);
        let autoscaler = ClusterAutoscaler {
            drains: 0,
            utilization_permille: 800,
            unneeded_time: Duration::from_secs(10),
            delay_after_add: Duration::ZERO,
            recheck: Duration::from_secs(20),
            ..ClusterAutoscaler::default()
        };
        no_look_that_is_spared_finds_anything(&scaler(autoscaler), &random).unwrap();
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn laws(random in groups(), drains in 0..3_u32, unneeded in 0..3_u64, delay in 0..3_u64) {
            let span = |looks| Duration::from_secs(10) * looks;
            let autoscaler = ClusterAutoscaler {
                drains,
                utilization_permille: 800,
                unneeded_time: span(unneeded),
                delay_after_add: span(delay),
                recheck: span(2),
                ..ClusterAutoscaler::default()
            };
            holds_for(&scaler(autoscaler), &random, 8)?;
            asks_once(&scaler(autoscaler), &random)?;
            more_never_asks_for_fewer(&scaler(autoscaler), &random)?;
            hosts_are_filled(&scaler(autoscaler), &random)?;
            no_look_that_is_spared_finds_anything(&scaler(autoscaler), &random)?;
        }

    }
}
