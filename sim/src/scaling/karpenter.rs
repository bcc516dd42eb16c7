//! Karpenter: hosts for a batch of waiting pods at once, and away with those that the others can stand in for.
//!
//! The sources' keys (KARPENTER) are those of `docs/sources.md`. All hosts of a group are alike, so there is no cheaper
//! one to put in the place of another: consolidation only takes hosts away, and the choice of instance types is left
//! out. So are drift, expiry and disruption budgets by time; and new hosts are filled first fit, where Karpenter gives
//! each pod to the new one that has fewest.

use std::collections::BTreeSet;

use super::room::{Room, Tasks, place, tasks_on};
use super::settled::Settled;
use super::{Decision, GroupView, Memory};
use crate::engine::fact::HostId;
use crate::engine::time::{Duration, Time};
use crate::model::Service;
use crate::placement::packing::Packing;

/// Gathers waiting tasks for a moment and then asks for the hosts that all of them need, first fit, the largest first.
/// Once a period it looks for hosts that can go: all empty ones, or several others whose tasks fit elsewhere, or one.
/// It takes them away if that is still so a while later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Karpenter {
    /// A batch is complete when no task has begun to wait for so long (`BATCH_IDLE_DURATION`).
    pub batch_idle: Duration,
    /// A batch is complete after so long at most (`BATCH_MAX_DURATION`).
    pub batch_max: Duration,
    /// From one look for hosts that can go to the next; above zero.
    pub period: Duration,
    /// No task has come to a host or left it for so long before the host can go (`consolidateAfter`).
    pub consolidate_after: Duration,
    /// So many tenths of a percent of the hosts, rounded up, may be on their way out (`budgets`); up to 1,000.
    pub budget_permille: u32,
    /// From the choice of hosts to their end, if they can still go then.
    pub validation: Duration,
    /// Most hosts with tasks that go together; at least 2, or they go one by one.
    pub most_together: u32,
}

impl Default for Karpenter {
    fn default() -> Self {
        Self {
            // KARPENTER pkg/operator/options/options.go.
            batch_idle: Duration::from_secs(1),
            batch_max: Duration::from_secs(10),
            // KARPENTER pkg/controllers/disruption/controller.go: pollingPeriod.
            period: Duration::from_secs(10),
            // KARPENTER pkg/apis/v1/nodepool.go.
            consolidate_after: Duration::ZERO,
            budget_permille: 100,
            // KARPENTER pkg/controllers/disruption/consolidation.go: consolidationTTL.
            validation: Duration::from_secs(15),
            // KARPENTER pkg/controllers/disruption/multinodeconsolidation.go.
            most_together: 100,
        }
    }
}

/// Waiting tasks that are being gathered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// When the first ones began to wait.
    pub opened: Time,
    /// When the last ones did.
    pub last: Time,
}

/// Hosts that are to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Which.
    pub hosts: Vec<HostId>,
    /// Whether they go because they are empty.
    pub empty: bool,
    /// When, if they can still go then.
    pub at: Time,
}

impl Karpenter {
    /// Tasks have begun to wait; when to look after them.
    pub(super) fn gather(&self, now: Time, memory: &mut Memory) -> Time {
        let batch = memory.batch.get_or_insert(Batch { opened: now, last: now });
        batch.last = now;
        self.completes(*batch)
    }

    fn completes(&self, batch: Batch) -> Time {
        (batch.last + self.batch_idle).min(batch.opened + self.batch_max)
    }

    /// How many hosts it wants, and which ones leave.
    pub(super) fn look(&self, view: &GroupView, memory: &mut Memory) -> Decision {
        let due = memory.round.is_none_or(|round| round <= view.now);
        // Tasks that still wait are looked after again and again (KARPENTER pkg/controllers/provisioning/controller.go:
        // 10 s).
        let new = if memory.batch.map_or(due, |batch| self.completes(batch) <= view.now) {
            memory.batch = None;
            provision(view)
        } else {
            0
        };
        let leave = self.disrupt(view, memory);
        let gone = leave.len() as u32;
        let wanted = if new > 0 { view.size() + new - gone } else { view.without(gone) };
        let round = memory.proposal.as_ref().map(|proposal| proposal.at).or(memory.round);
        let batch = memory.batch.map(|batch| self.completes(batch));
        let again = round.into_iter().chain(batch).min();
        Decision { leave, again, ..memory.asked(view, wanted) }
    }

    /// The hosts that leave now. Proposes some where it is time to.
    fn disrupt(&self, view: &GroupView, memory: &mut Memory) -> Vec<HostId> {
        if memory.proposal.is_none() && memory.round.is_none_or(|round| round <= view.now) {
            if let Some(proposal) = self.propose(view, memory) {
                memory.proposal = Some(proposal);
            } else {
                memory.round = Some(view.now + self.period);
            }
        }
        let Some(proposal) = memory.proposal.take_if(|proposal| proposal.at <= view.now) else { return vec![] };
        let leave = Scene::of(self, view).still(&proposal);
        // Where some go it looks on at once (KARPENTER pkg/controllers/disruption/controller.go).
        memory.round = Some(if leave.is_empty() { view.now + self.period } else { view.now });
        leave
    }

    fn propose(&self, view: &GroupView, memory: &mut Memory) -> Option<Proposal> {
        if memory.settled.is_some_and(|settled| settled.still_holds(view)) {
            return None;
        }
        let mut scene = Scene::of(self, view);
        let proposal = scene.empty_hosts().or_else(|| scene.several()).or_else(|| scene.single());
        let all = scene.candidates.len() == view.hosts.iter().filter(|host| host.ready).count();
        let settled = proposal.is_none() && all && scene.budget > 0;
        memory.settled = settled.then(|| Settled::of(view)).flatten();
        let (hosts, empty) = proposal?;
        let hosts = hosts.into_iter().map(|host| view.hosts[host].host).collect();
        Some(Proposal { hosts, empty, at: view.now + self.validation })
    }
}

/// How many new hosts the waiting tasks need.
fn provision(view: &GroupView) -> u32 {
    let waiting = view.waiting(size);
    if waiting.is_empty() {
        return 0;
    }
    let mut packing = Room::of(view).packing();
    let mut new = view.new_hosts(view.growth());
    for (id, tasks) in waiting {
        packing.place_or_launch(&mut new, id, &view.services[id.index()], tasks);
    }
    new.launched
}

/// What there is to choose from when hosts are to go. Hosts are named by their positions.
struct Scene<'a> {
    karpenter: &'a Karpenter,
    view: &'a GroupView<'a>,
    room: Room<'a>,
    /// What is left on ready hosts when the tasks that wait or move have been placed.
    packing: Packing,
    /// There is no room for all of those.
    crowded: bool,
    /// Hosts that can go if their tasks fit elsewhere: nobody waits for room on them.
    candidates: BTreeSet<usize>,
    /// Most hosts that may go now.
    budget: u32,
}

impl<'a> Scene<'a> {
    fn of(karpenter: &'a Karpenter, view: &'a GroupView<'a>) -> Self {
        let room = Room::of(view);
        let mut packing = room.packing();
        let crowded = !place(&mut packing, &view.waiting(size), view.services).is_empty();
        packing.keep(|kind| room.is_ready(kind));
        // Those that have moved already are counted twice: that is the safer way.
        let moving = view.largest_first(tasks_on(view.leaving), size);
        let crowded = crowded || !place(&mut packing, &moving, view.services).is_empty();
        let untouched = room.untouched(&packing);
        let rests = |host: usize| view.now.since(view.hosts[host].changed) < karpenter.consolidate_after;
        let candidates =
            (0..view.hosts.len()).filter(|&host| untouched[host] && view.hosts[host].ready && !rests(host));
        let candidates = candidates.collect();
        // KARPENTER pkg/controllers/disruption/helpers.go: BuildDisruptionBudgetMapping.
        let ready = view.hosts.iter().filter(|host| host.ready).count() + view.leaving.len();
        let may_leave = (ready as u64 * u64::from(karpenter.budget_permille)).div_ceil(1_000) as u32;
        let budget = may_leave.saturating_sub(view.leaving.len() as u32).min(view.surplus());
        Self { karpenter, view, room, packing, crowded, candidates, budget }
    }

    /// All empty hosts, as many as may go.
    fn empty_hosts(&self) -> Option<(Vec<usize>, bool)> {
        let empty = self.candidates.iter().copied().filter(|&host| self.view.hosts[host].tasks.is_empty());
        let empty: Vec<_> = empty.take(self.budget as usize).collect();
        (!empty.is_empty()).then_some((empty, true))
    }

    /// Most of those that go first whose tasks fit on the others, by halving; two at least.
    fn several(&mut self) -> Option<(Vec<usize>, bool)> {
        let mut order = self.in_order();
        order.truncate(self.budget.min(self.karpenter.most_together) as usize);
        let (mut fit, mut do_not) = (1, order.len() + 1);
        while fit + 1 < do_not {
            let middle = usize::midpoint(fit, do_not);
            if self.fit_elsewhere(&order[..middle]) {
                fit = middle;
            } else {
                do_not = middle;
            }
        }
        order.truncate(fit);
        (fit > 1).then_some((order, false))
    }

    /// The first one whose tasks fit on the others.
    fn single(&mut self) -> Option<(Vec<usize>, bool)> {
        let mut hopeless = BTreeSet::new();
        let order = if self.budget > 0 { self.in_order() } else { vec![] };
        let fits = |host: &usize| {
            let kind = self.room.kind_of(*host);
            !hopeless.contains(&kind) && (self.fit_elsewhere(&[*host]) || !hopeless.insert(kind))
        };
        order.into_iter().find(fits).map(|host| (vec![host], false))
    }

    /// The hosts with tasks, those with fewest first.
    fn in_order(&self) -> Vec<usize> {
        let tasks = |host: usize| self.view.hosts[host].tasks.iter().map(|(_, tasks)| tasks).sum::<u32>();
        let mut order: Vec<_> = self.candidates.iter().copied().filter(|&host| tasks(host) > 0).collect();
        order.sort_by_key(|&host| (tasks(host), host));
        order
    }

    /// Whether the tasks of these hosts fit on the others.
    fn fit_elsewhere(&mut self, hosts: &[usize]) -> bool {
        let tasks: Tasks = tasks_on(hosts.iter().map(|&host| &self.view.hosts[host]));
        let tasks = self.view.largest_first(tasks, size);
        let room = &self.room;
        let fit = |others: &mut Packing| {
            hosts.iter().all(|&host| others.take(room.kind_of(host))) && others.place_all(&tasks, self.view.services)
        };
        !self.crowded && self.packing.would(fit)
    }

    /// Those of a proposal that can still go: of empty hosts each by itself, of others all or none.
    fn still(&mut self, proposal: &Proposal) -> Vec<HostId> {
        let position = |host: &HostId| {
            let found = self.view.hosts.binary_search_by_key(host, |on| on.host).ok();
            found.filter(|host| self.candidates.contains(host))
        };
        let mut hosts: Vec<_> = proposal.hosts.iter().filter_map(position).collect();
        if proposal.empty {
            hosts.retain(|&host| self.view.hosts[host].tasks.is_empty());
            hosts.truncate(self.budget as usize);
        } else if hosts.len() < proposal.hosts.len()
            || hosts.len() > self.budget as usize
            || !self.fit_elsewhere(&hosts)
        {
            hosts.clear();
        }
        hosts.into_iter().map(|host| self.view.hosts[host].host).collect()
    }
}

/// What is placed first: what needs most cpu, then most memory (KARPENTER
/// pkg/controllers/provisioning/scheduling/queue.go).
fn size(service: &Service) -> (u32, u32) {
    (service.demand.resources.cpu, service.demand.resources.memory_mib)
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
    use crate::scaling::Scaler;

    fn scaler(karpenter: Karpenter) -> Scaler {
        Scaler::Karpenter(karpenter)
    }

    /// Tasks of a tenth of a host and of six tenths.
    fn world(karpenter: Karpenter) -> World {
        World::new(scaler(karpenter)).with_service(10, 10).with_service(60, 60)
    }

    fn by_default() -> World {
        world(Karpenter::default())
    }

    fn ms(ms: u64) -> Time {
        Time::from_millis(1_000_000 + ms)
    }

    /// Complete 1 s after the last task, and 10 s after the first at the latest.
    #[test]
    fn a_batch_is_complete_when_nobody_comes_any_more_or_after_ten_seconds() {
        let mut world = by_default();
        let mut times = vec![];
        for _ in 0..12 {
            times.push(world.wait(0, 1));
            world.now = world.now + Duration::from_millis(900);
        }
        let expected = (0..=10).map(|i| ms(1_000 + 900 * i)).chain([ms(10_000)]).map(|at| at.min(ms(10_000)));
        assert_eq!(times, expected.map(Some).collect::<Vec<_>>());
    }

    /// Tasks come at 0.0 s and at 0.5 s: a look at 1.0 s is too early. 25 of them need 3 hosts.
    #[test]
    fn the_hosts_for_a_batch_are_asked_for_when_it_is_complete() {
        let mut world = by_default();
        world.wait(0, 13);
        world.now = ms(500);
        world.wait(0, 12);
        world.now = ms(1_000);
        assert_eq!(world.act(), Decision { again: Some(ms(1_500)), ..Decision::want(0) });
        world.now = ms(1_500);
        assert_eq!(world.act().wanted, 3);
        // They boot and have room for 5 tasks more, but not for 6.
        assert_eq!(world.wait(0, 5), Some(ms(2_500)));
        world.now = ms(2_500);
        assert_eq!(world.act().wanted, 3);
        world.wait(0, 1);
        world.now = ms(3_500);
        assert_eq!(world.act().wanted, 4);
    }

    #[test]
    fn tasks_that_still_wait_are_looked_after_again() {
        let mut world = World { max: 1, ..by_default() }.with_pending(0, 20);
        assert_eq!(world.act().wanted, 1);
        world.max = 9;
        world.now = ms(9_999);
        assert_eq!(world.act().wanted, 1);
        world.now = ms(10_000);
        assert_eq!(world.act().wanted, 2);
    }

    /// 30 hosts, 10 of them empty: ceil(30 / 10) = 3 go together, then ceil(27 / 10) = 3, ceil(24 / 10) = 3, and the
    /// last one, each 15 s after they were chosen.
    #[test]
    fn empty_hosts_go_first_within_the_budget() {
        let mut world = by_default().with_hosts(10, &[]).with_hosts(20, &[0, 1]);
        assert_eq!(world.follow(600), [(15, 27), (30, 24), (45, 21), (60, 20)]);
        assert!(world.hosts.iter().all(|host| !host.tasks.is_empty()));
    }

    /// 100 tasks on 20 hosts fit on 10. The budget is 2 down to 12 hosts: 2 go at a time.
    #[test]
    fn several_hosts_go_together_when_the_others_can_stand_in_for_them() {
        let mut world = by_default().with_hosts(20, &[5]);
        assert_eq!(world.follow(600), [(15, 18), (30, 16), (45, 14), (60, 12), (75, 10)]);
        assert!(world.hosts.iter().all(|host| host.tasks == [(ServiceId(0), 10)]));
    }

    /// Of 100 hosts 10 may go, and 100 x 3 tasks fit on 30; the largest number that fits is found by halving. 95 tasks
    /// on 10 hosts fit nowhere else.
    #[test]
    fn the_most_hosts_that_fit_go() {
        let mut world = by_default().with_hosts(100, &[3]);
        assert_eq!(world.follow(15), [(15, 90)]);
        // Room for 4 + 4 + 5 = 13 tasks on those with 6, 6 and 5; the first ones to go have 3, 4, 5 and more: 3 + 4 = 7
        // fit on the others, 3 + 4 + 5 = 12 do not fit on two with 4 each.
        let mut world = world_with_budget(1_000).with_hosts(1, &[6]).with_hosts(1, &[6]).with_hosts(1, &[4]);
        world = world.with_hosts(1, &[3]).with_hosts(1, &[5]);
        world.act();
        let proposal = world.memory.proposal.expect("some can go");
        assert_eq!(proposal.hosts, [HostId(3), HostId(2)]);
    }

    fn world_with_budget(budget_permille: u32) -> World {
        world(Karpenter { budget_permille, ..Karpenter::default() })
    }

    /// Three hosts, so one may go: the first with fewest tasks whose tasks fit elsewhere.
    #[test]
    fn one_host_goes_where_several_cannot() {
        let mut world = by_default().with_hosts(1, &[10]).with_hosts(2, &[5]);
        assert_eq!(world.follow(600), [(15, 2)]);
        assert_eq!(world.hosts.iter().map(|host| host.host.0).collect::<Vec<_>>(), [0, 2]);
        // The one task of the first is too large for the others; five small ones fit.
        let mut world = by_default().with_hosts(1, &[0, 1]).with_hosts(1, &[7]).with_hosts(1, &[5]).with_hosts(1, &[6]);
        world.act();
        assert_eq!(world.memory.proposal.expect("one can go").hosts, [HostId(2)]);
    }

    /// Hosts are chosen at 0 s. At 15 s their tasks do not fit any more, so it looks again at 25 s.
    #[test]
    fn a_choice_that_does_not_hold_any_more_is_given_up() {
        let mut world = by_default().with_hosts(2, &[5]);
        world.act();
        assert_eq!(world.memory.proposal.as_ref().map(|proposal| proposal.at), Some(ms(15_000)));
        let mut world = world.with_pending(0, 1);
        world.pass(Duration::from_secs(15));
        let decision = world.act();
        assert_eq!((decision.leave, decision.again), (vec![], Some(ms(25_000))));
        world.stop(0, 1);
        assert_eq!(world.follow(60), [(25, 1)]);
    }

    #[test]
    fn of_empty_hosts_those_go_that_are_still_empty() {
        let mut world = by_default().with_hosts(2, &[]).with_hosts(18, &[0, 1]);
        world.act();
        let mut world = world.with_pending(1, 1);
        world.pass(Duration::from_secs(15));
        assert_eq!(world.act().leave, [HostId(1)]);
    }

    #[test]
    fn a_host_rests_after_its_last_task_came_or_went() {
        let karpenter = Karpenter { consolidate_after: Duration::from_secs(60), ..Karpenter::default() };
        let mut world = world(karpenter).with_hosts(1, &[1]);
        world.stop(0, 1);
        // 60 s after the stop it is chosen, and 15 s later it goes.
        assert_eq!(world.follow(600), [(75, 0)]);
    }

    #[test]
    fn hosts_on_their_way_out_count_against_the_budget() {
        let mut world = by_default().with_hosts(14, &[]);
        let leaving = world.hosts.split_off(10);
        world.wanted = 10;
        let propose = |leaving: &[_], min| {
            let view = GroupView { min, leaving, ..world.view() };
            let mut memory = Memory::default();
            Karpenter { budget_permille: 400, ..Karpenter::default() }.look(&view, &mut memory);
            memory.proposal.map_or(0, |proposal| proposal.hosts.len())
        };
        // ceil(0.4 x 14) = 6, of which 4 leave; ceil(0.4 x 10) = 4; and the group keeps its fewest.
        assert_eq!((propose(&leaving, 0), propose(&[], 0), propose(&[], 9), propose(&[], 10)), (2, 4, 1, 0));
    }

    #[test]
    fn a_host_that_tasks_wait_for_stays() {
        let mut world = by_default().with_hosts(1, &[]).with_hosts(1, &[0, 1]).with_pending(1, 1);
        world.act();
        assert_eq!(world.memory.proposal, None);
        // And where tasks wait that fit nowhere, nothing with tasks goes.
        let mut world = World { max: 2, ..by_default() }.with_service(80, 80).with_hosts(2, &[3]).with_pending(2, 1);
        assert_eq!(world.act().wanted, 2);
        assert_eq!(world.memory.proposal, None);
        world.pending.clear();
        world.now = ms(10_000);
        world.act();
        assert!(world.memory.proposal.is_some());
    }

    #[test]
    fn tasks_of_hosts_that_leave_have_their_room() {
        let mut world = by_default().with_hosts(3, &[5]);
        let leaving = vec![world.hosts.pop().expect("there are three")];
        world.wanted = 2;
        let mut memory = Memory::default();
        Karpenter { budget_permille: 1_000, ..Karpenter::default() }
            .look(&GroupView { leaving: &leaving, ..world.view() }, &mut memory);
        assert_eq!(memory.proposal, None);
    }

    #[test]
    fn hosts_on_their_way_neither_leave_nor_take_tasks_of_those_that_do() {
        let mut world = by_default().with_hosts(1, &[5]).with_hosts(1, &[]);
        world.boot = Duration::from_secs(2_000);
        world.hosts[1].ready = false;
        assert_eq!(world.follow(600), []);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn laws(random in groups(), budget_permille in 0..=1_000_u32, validation in 0..20_u64, rests in 0..20_u64) {
            let karpenter = Karpenter {
                budget_permille,
                validation: Duration::from_secs(validation),
                consolidate_after: Duration::from_secs(rests),
                ..Karpenter::default()
            };
            holds_for(&scaler(karpenter), &random, 8)?;
            asks_once(&scaler(karpenter), &random)?;
            more_never_asks_for_fewer(&scaler(karpenter), &random)?;
            hosts_are_filled(&scaler(karpenter), &random)?;
            no_look_that_is_spared_finds_anything(&scaler(karpenter), &random)?;
        }
    }
}
