//! The slots mover: every task has a slot, and workers replace one slot each, old and new in a fixed order.

use super::bound::Bound;
use super::mover::{Plan, View};
use crate::engine::time::Duration;

/// Replaces slot by slot. Redeploying in place, on the task's own host, is [`SlotOp::StopStart`] with [`SlotKey::Host`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    /// Slots at once, of the desired count; 0 is all of them.
    pub window: Bound,
    /// What is done to a slot.
    pub op: SlotOp,
    /// Whether a batch of slots begins only when the one before has ended.
    pub barrier: bool,
    /// From a slot's end to the next one's begin.
    pub delay: Duration,
    /// How long a new task waits for its old one to be gone; forever where absent.
    pub stop_timeout: Option<Duration>,
    /// Which slots come first.
    pub order: SlotOrder,
    /// What of a slot its new task keeps.
    pub key: SlotKey,
    /// Available tasks below which no stop goes, where the system has such a floor.
    pub floor: Option<Bound>,
    /// What a new task that fails or does not pass its gate does to the rest.
    pub on_unhealthy: OnUnhealthy,
}

/// What is done to a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotOp {
    /// Stop the old task, wait until it is gone, start the new one, wait for its gate.
    StopStart,
    /// Start the new task, wait for its gate, stop the old one, and do not wait until it is gone.
    StartStop,
    /// Stop the old task and start the new one together, and wait for the gate.
    Overlap,
}

/// Which slots come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotOrder {
    /// The lowest slot.
    Ascending,
    /// The highest slot (`StatefulSet`).
    Descending,
}

/// What of a slot its new task keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotKey {
    /// Only its number: it may go to any host.
    Any,
    /// The host.
    Host,
}

/// What a new task that fails or does not pass its gate does to the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnUnhealthy {
    /// Its worker goes on with the next slot (Swarm).
    Ignore,
    /// Its worker waits for it, forever if need be (`StatefulSet`, Rancher).
    Wait,
    /// No further slot begins while it is unhealthy (Nomad).
    BlockAll,
}

impl Slots {
    /// So many slots at once, stop first, without further ado.
    pub const fn at_once(window: Bound) -> Self {
        Self {
            window,
            op: SlotOp::StopStart,
            barrier: false,
            delay: Duration::ZERO,
            stop_timeout: None,
            order: SlotOrder::Ascending,
            key: SlotKey::Any,
            floor: None,
            on_unhealthy: OnUnhealthy::Wait,
        }
    }

    /// Slots at once.
    pub fn workers(&self, desired: u32) -> u32 {
        match self.window.of(desired) {
            0 => desired.max(1),
            window => window,
        }
    }

    /// What to start and to stop.
    pub fn plan(&self, view: &View) -> Plan {
        let (new, old) = (view.new, view.old);
        let places = view.desired + view.aside;
        // A slot begins with its old task's stop, or with its new task's start; it ends when its new task has passed and
        // rested, or when nobody waits for it any more.
        let begun = match self.op {
            SlotOp::StartStop => new.wanted + view.failed - view.repairs,
            SlotOp::StopStart | SlotOp::Overlap => view.desired.saturating_sub(old.wanted),
        };
        // Slots whose new task failed and for which no worker waits.
        let given_up = if self.on_unhealthy == OnUnhealthy::Ignore { view.failed } else { view.lost };
        let busy = begun.saturating_sub(view.rested.saturating_sub(view.aside) + given_up);
        let blocked = self.on_unhealthy == OnUnhealthy::BlockAll && view.unhealthy > 0;
        let idle =
            if blocked || (self.barrier && busy > 0) { 0 } else { self.workers(view.desired).saturating_sub(busy) };
        // Old tasks whose slots new ones have taken.
        let followed = (old.wanted + new.available).saturating_sub(places);
        let (stop, held) = match self.op {
            SlotOp::StopStart => (followed.max(idle), view.terminating - view.overdue),
            SlotOp::StartStop => (followed, 0),
            SlotOp::Overlap => (followed.max(idle), 0),
        };
        let stop = stop.min(old.surplus());
        let spare = self.floor.map_or(u32::MAX, |floor| view.available().saturating_sub(floor.of(view.desired)));
        let stop_unavailable = stop.min(old.unavailable());
        let stop_available = (stop - stop_unavailable).min(spare);
        let stopped = if self.op == SlotOp::Overlap { stop_unavailable + stop_available } else { 0 };
        // A slot without any task is filled at once, and so is one whose new task failed.
        let empty = places.saturating_sub(old.wanted - stopped + held + new.wanted + view.lost);
        let start = match self.op {
            SlotOp::StartStop => empty.max(idle + (view.failed - view.repairs).saturating_sub(view.lost)),
            SlotOp::StopStart | SlotOp::Overlap => empty,
        };
        let start = start.min(new.target.saturating_sub(new.wanted));
        Plan { start, stop_new: new.surplus(), stop_unavailable, stop_available }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::deploy::mover::tests::{after, bound};
    use crate::deploy::{Rollout, Side, Step};
    use crate::orchestrators::by_name;
    use crate::parameters::Value;

    /// A system's strategy with these knobs.
    fn rollout(system: &str, strategy: &str, knobs: &[(&'static str, Value)]) -> Rollout {
        let system = by_name(system).expect("it is known");
        let strategy = system.strategy(strategy).expect("it is offered");
        let knobs = knobs.iter().cloned();
        (strategy.build)(&knobs.fold(strategy.parameters.clone(), |from, (name, value)| from.with(name, value, "test")))
    }

    /// What a step starts, stops of the old ones and stops of the new ones until it has nothing left to ask for; tasks are
    /// (wanted, healthy).
    fn pass(step: &Step, desired: u32, new: (u32, u32), old: (u32, u32)) -> (u32, u32, u32) {
        let side = |(wanted, available)| Side { target: 0, wanted, available };
        let mut view = View { desired, new: side(new), old: side(old), rested: new.1, ..View::default() };
        let mut all = Plan::default();
        loop {
            step.aim(&mut view);
            let plan = step.mover.plan(&view);
            if plan.is_empty() {
                return (all.start, all.stop_old(), all.stop_new);
            }
            all.start += plan.start;
            all.stop_new += plan.stop_new;
            all.stop_unavailable += plan.stop_unavailable;
            all.stop_available += plan.stop_available;
            view = after(&view, plan);
        }
    }

    /// NOMAD `reconcile_test.go`, `TestReconciler_...` without canaries: `max_parallel` (0 where there is no update block), count, new
    /// and old tasks as (there, healthy); placed, and old ones and new ones stopped. What is there of the job itself is new. A
    /// destructive update is an old one stopped, whose place is filled when it is gone; a stop of an old one is one too.
    /// Left out: updates in place, tasks on draining nodes, which take nothing of the limit, and tasks that are rescheduled.
    #[test]
    fn nomad_rolls() {
        let table = [
            ("Place_NoExisting", 0, 10, (0, 0), (0, 0), (10, 0, 0)),
            ("Place_Existing", 0, 10, (5, 5), (0, 0), (5, 0, 0)),
            ("ScaleDown_Partial", 0, 10, (20, 20), (0, 0), (0, 0, 10)),
            ("ScaleDown_Zero", 0, 0, (20, 20), (0, 0), (0, 0, 20)),
            ("Destructive", 0, 10, (0, 0), (10, 10), (0, 10, 0)),
            ("Destructive_ScaleUp", 0, 15, (0, 0), (10, 10), (5, 10, 0)),
            // 5 updates and 5 stops.
            ("Destructive_ScaleDown", 0, 5, (0, 0), (10, 10), (0, 10, 0)),
            ("CreateDeployment_RollingUpgrade_Destructive", 4, 10, (0, 0), (10, 10), (0, 4, 0)),
            ("CreateDeployment_NewerCreateIndex", 4, 10, (5, 5), (0, 0), (5, 0, 0)),
            ("DontCreateDeployment_NoChanges", 4, 10, (10, 10), (0, 0), (0, 0, 0)),
            // Placements use the limit up.
            ("RollingUpgrade_MissingAllocs", 4, 10, (0, 0), (7, 7), (3, 1, 0)),
            ("DeploymentLimit_HealthAccounting, 0", 4, 10, (4, 0), (6, 6), (0, 0, 0)),
            ("DeploymentLimit_HealthAccounting, 1", 4, 10, (4, 1), (6, 6), (0, 1, 0)),
            ("DeploymentLimit_HealthAccounting, 2", 4, 10, (4, 2), (6, 6), (0, 2, 0)),
            ("DeploymentLimit_HealthAccounting, 3", 4, 10, (4, 3), (6, 6), (0, 3, 0)),
            ("DeploymentLimit_HealthAccounting, 4", 4, 10, (4, 4), (6, 6), (0, 4, 0)),
            ("JobChange_ScaleUp_SecondEval", 4, 30, (20, 0), (10, 10), (0, 0, 0)),
            // The failed version is an old one, and a new one is not held up by it.
            ("FailedDeployment_NewJob", 4, 10, (0, 0), (10, 6), (0, 4, 0)),
            ("CompleteDeployment", 2, 10, (10, 10), (0, 0), (0, 0, 0)),
        ];
        for (name, max_parallel, count, new, old, expected) in table {
            let rolling = rollout("nomad", "rolling", &[("max_parallel", Value::Count(max_parallel))]);
            assert_eq!(pass(&rolling.program[0], count, new, old), expected, "{name}");
        }
    }

    /// NOMAD `reconcile_test.go`, `TestReconciler_...` with canaries, 2 at once: canaries, count, canaries there and old ones, promoted
    /// or not; placed, and old ones stopped. Left out: more canaries than the count (`NewCanaries_CountGreater`, 7 of 3), which
    /// are 3 here.
    #[test]
    fn nomad_has_canaries() {
        let table = [
            ("NewCanaries", 2, 10, 0, 10, false, (2, 0)),
            // The others are scaled up after the promotion, and down at once.
            ("NewCanaries_ScaleUp", 2, 15, 0, 10, false, (2, 0)),
            ("NewCanaries_ScaleDown", 2, 5, 0, 10, false, (2, 5)),
            ("NewCanaries_FillNames", 4, 10, 2, 10, false, (2, 0)),
            // Canaries of an earlier version go.
            ("StopOldCanaries", 2, 10, 0, 12, false, (2, 2)),
            ("LostNode_Canary", 2, 10, 1, 10, false, (1, 0)),
            // 2 stops and 2 updates.
            ("PromoteCanaries_Unblock", 2, 10, 2, 10, true, (0, 4)),
            ("PromoteCanaries_CanariesEqualCount", 2, 2, 2, 2, true, (0, 2)),
        ];
        for (name, canaries, count, new, old, promoted, expected) in table {
            let knobs = [("canary", Value::Count(canaries)), ("max_parallel", Value::Count(2))];
            let canary = rollout("nomad", "canary", &knobs);
            let (placed, stopped, too_many) =
                pass(&canary.program[usize::from(promoted)], count, (new, new), (old, old));
            assert_eq!(((placed, stopped), too_many), (expected, 0), "{name}");
        }
    }

    /// SWARMKIT `updater.go`: as many workers as `parallelism` says, or as there are slots, and each takes the next slot when its
    /// own runs. Ten slots: parallelism, new ones that run, slots under way, and slots that begin.
    #[test]
    fn swarm_has_a_worker_for_each_of_so_many_slots() {
        for (parallelism, done, under_way, begin) in [
            (0, 0, 0, 10),
            (1, 0, 0, 1),
            (1, 0, 1, 0),
            (1, 1, 0, 1),
            (1, 9, 1, 0),
            (3, 0, 0, 3),
            (3, 0, 2, 1),
            (3, 1, 2, 1),
            (3, 3, 0, 3),
            (3, 8, 0, 2),
            (3, 8, 2, 0),
            (20, 0, 0, 10),
        ] {
            for order in ["stop-first", "start-first"] {
                let knobs = [("parallelism", Value::Count(parallelism)), ("order", Value::Word(order, &[]))];
                let step = rollout("swarm", "rolling", &knobs).program.remove(0);
                // Stop first, a slot under way has a new task that does not run yet in place of its old one; start first, beside it.
                let old = if order == "stop-first" { 10 - done - under_way } else { 10 - done };
                let (started, stopped, _) = pass(&step, 10, (done + under_way, done), (old, old));
                let begun = if order == "stop-first" { (0, begin) } else { (begin, 0) };
                assert_eq!(
                    (started, stopped),
                    begun,
                    "{parallelism} at once, {order}: {done} done, {under_way} under way"
                );
            }
        }
    }

    /// CD `instances-health.md` and `deployment-configurations.md`: hosts, minimum, and hosts at once; a share is rounded up.
    #[test]
    fn codedeploy_hosts_at_once() {
        let percent = |percent| Value::percent_up(percent);
        for (hosts, strategy, minimum, at_once) in [
            (10, "all-at-once", Some(percent(95)), 0),
            (10, "all-at-once", Some(Value::tasks_up(9)), 1),
            (10, "all-at-once", Some(Value::tasks_up(8)), 2),
            (10, "all-at-once", Some(Value::tasks_up(0)), 10),
            (10, "all-at-once", Some(percent(85)), 1),
            (9, "all-at-once", Some(Value::tasks_up(6)), 3),
            (9, "all-at-once", Some(percent(40)), 5),
            (9, "half-at-a-time", None, 4),
            (9, "all-at-once", None, 9),
            (2, "one-at-a-time", None, 1),
            (9, "one-at-a-time", None, 1),
            (1, "one-at-a-time", None, 1),
        ] {
            let knobs: Vec<_> = minimum.map(|minimum| ("minimum_healthy_hosts", minimum)).into_iter().collect();
            let step = rollout("codedeploy", strategy, &knobs).program.remove(0);
            assert_eq!(pass(&step, hosts, (0, 0), (hosts, hosts)), (0, at_once, 0), "{strategy} of {hosts}, {knobs:?}");
            if let Some((_, Value::Bound(minimum))) = knobs.first() {
                assert_eq!(hosts - minimum.of(hosts), at_once);
            }
        }
    }

    /// What a slot is at. With the start first the old task is there until the new one rests.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum At {
        Unwell,
        Old,
        Stopping,
        Overdue,
        Empty,
        Starting,
        Late,
        Passed,
        Rested,
        Failed,
        Repaired,
    }

    /// Any state of any number of slots, and a mover.
    fn service() -> impl Strategy<Value = (Slots, Vec<At>)> {
        let op = prop_oneof![Just(SlotOp::StopStart), Just(SlotOp::StartStop), Just(SlotOp::Overlap)];
        let unhealthy = prop_oneof![Just(OnUnhealthy::Ignore), Just(OnUnhealthy::Wait), Just(OnUnhealthy::BlockAll)];
        let slots = (bound(), op, any::<bool>(), proptest::option::of(bound()), unhealthy).prop_map(
            |(window, op, barrier, floor, on_unhealthy)| Slots {
                window,
                op,
                barrier,
                delay: Duration::ZERO,
                stop_timeout: None,
                order: SlotOrder::Ascending,
                key: SlotKey::Any,
                floor,
                on_unhealthy,
            },
        );
        let at = prop_oneof![
            4 => Just(At::Old),
            1 => Just(At::Unwell),
            1 => Just(At::Stopping),
            1 => Just(At::Overdue),
            1 => Just(At::Empty),
            2 => Just(At::Starting),
            1 => Just(At::Late),
            1 => Just(At::Passed),
            4 => Just(At::Rested),
            1 => Just(At::Failed),
            1 => Just(At::Repaired),
        ];
        (slots, proptest::collection::vec(at, 1..20))
    }

    /// How many slots are at one of these.
    fn count(at: &[At], of: &[At]) -> u32 {
        at.iter().filter(|at| of.contains(at)).count() as u32
    }

    fn seen(slots: &Slots, at: &[At]) -> View {
        use At::{Empty, Failed, Late, Old, Overdue, Passed, Repaired, Rested, Starting, Stopping, Unwell};
        let n = at.len() as u32;
        let new = count(at, &[Starting, Late, Passed, Rested, Repaired]);
        let passed = count(at, &[Passed, Rested]);
        let (old, well) = match slots.op {
            SlotOp::StartStop => (n - count(at, &[Empty, Stopping, Overdue, Rested]), n),
            SlotOp::StopStart | SlotOp::Overlap => (count(at, &[Old, Unwell]), count(at, &[Old])),
        };
        let failed = count(at, &[Failed, Repaired]);
        View {
            desired: n,
            new: Side { target: n, wanted: new, available: passed },
            old: Side { target: 0, wanted: old, available: well.min(old - count(at, &[Unwell])) },
            rested: count(at, &[Rested]),
            failed,
            repairs: count(at, &[Repaired]),
            unhealthy: failed + count(at, &[Late]),
            terminating: count(at, &[Stopping, Overdue]),
            overdue: count(at, &[Overdue]),
            ..View::default()
        }
    }

    /// Slots that have begun and have not ended.
    fn under_way(slots: &Slots, at: &[At]) -> u32 {
        use At::{Empty, Failed, Late, Overdue, Passed, Repaired, Starting, Stopping};
        let ignores = slots.on_unhealthy == OnUnhealthy::Ignore;
        let failed = if ignores { 0 } else { count(at, &[Failed, Repaired]) };
        let gone = if slots.op == SlotOp::StartStop { 0 } else { count(at, &[Stopping, Overdue, Empty]) };
        failed + gone + count(at, &[Starting, Late, Passed])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        /// No more slots are under way than there are workers; with a barrier none begins while one is.
        #[test]
        fn a_window_holds_so_many_slots((slots, at) in service()) {
            let view = seen(&slots, &at);
            let plan = slots.plan(&view);
            let under_way = under_way(&slots, &at);
            let workers = if slots.barrier && under_way > 0 { 0 } else { slots.workers(view.desired) };
            let idle = workers.saturating_sub(under_way);
            if slots.op == SlotOp::StartStop {
                // Slots with nobody in them are filled whoever is busy, and those that failed are filled again.
                let vacant = count(&at, &[At::Failed, At::Empty, At::Stopping, At::Overdue]);
                prop_assert!(plan.start <= idle + vacant);
                prop_assert!(plan.stop_old() <= count(&at, &[At::Passed]));
            } else {
                prop_assert!(plan.stop_old() <= idle);
            }
        }

        /// Every slot has one task at most, but for the old one beside a new one (start first), and an old one that is on its way out.
        #[test]
        fn a_slot_is_filled_once((slots, at) in service()) {
            let view = seen(&slots, &at);
            let plan = slots.plan(&view);
            let then = after(&view, plan);
            prop_assert!(then.new.wanted <= view.desired);
            prop_assert_eq!(plan.stop_new, 0);
            match slots.op {
                SlotOp::StopStart if plan.start > 0 => {
                    let stopping = view.terminating - view.overdue;
                    prop_assert!(then.new.wanted + view.old.wanted + stopping <= view.desired);
                }
                SlotOp::Overlap => prop_assert!(plan.start == 0 || then.new.wanted + then.old.wanted <= view.desired),
                _ => {}
            }
        }

        /// Whoever is not available goes first, and no stop of one that is takes the rest below the floor.
        #[test]
        fn slots_stay_above_their_floor((slots, at) in service()) {
            let view = seen(&slots, &at);
            let plan = slots.plan(&view);
            prop_assert!(plan.stop_unavailable <= view.old.unavailable() && plan.stop_available <= view.old.available);
            if plan.stop_available > 0 {
                prop_assert_eq!(plan.stop_unavailable, view.old.unavailable());
                let floor = slots.floor.map_or(0, |floor| floor.of(view.desired));
                prop_assert!(view.available() - plan.stop_available >= floor);
            }
        }

        /// NOMAD `reconcile_cluster.go`: while one is unhealthy no further update begins; what is empty is filled all the same.
        #[test]
        fn an_unhealthy_task_blocks_all((slots, mut at) in service(), which in 0..3_usize) {
            at.push([At::Failed, At::Repaired, At::Late][which]);
            let slots = Slots { on_unhealthy: OnUnhealthy::BlockAll, ..slots };
            let view = seen(&slots, &at);
            let plan = slots.plan(&view);
            if slots.op == SlotOp::StartStop {
                // The old ones of slots that are done.
                prop_assert!(plan.stop_old() <= count(&at, &[At::Passed]));
                prop_assert!(plan.start <= count(&at, &[At::Failed, At::Empty, At::Stopping, At::Overdue]));
            } else {
                prop_assert_eq!(plan.stop_old(), 0);
                let vacant = count(&at, &[At::Failed, At::Empty, At::Overdue]);
                let stopping = if slots.op == SlotOp::Overlap { count(&at, &[At::Stopping]) } else { 0 };
                prop_assert_eq!(plan.start, vacant + stopping);
            }
        }

        /// A plan leaves nothing to ask for.
        #[test]
        fn slots_ask_once((slots, at) in service()) {
            let view = seen(&slots, &at);
            let then = after(&view, slots.plan(&view));
            let next = slots.plan(&then);
            prop_assert!(next.is_empty(), "{:?}", next);
        }
    }
}
