//! The pool mover: new and old tasks are two counts under a floor and a cap, not pairs.

use super::bound::Bound;
use super::mover::{Plan, View};
use super::victims::VictimOrder;

/// Starts as many new tasks as the cap allows and stops as many old ones as the floor does. A stop is licensed by any
/// available task, not by its own successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Tasks that may exist above the desired count.
    pub surge: Bound,
    /// Tasks that may be unavailable.
    pub unavailable: Bound,
    /// What happens where both come to nothing.
    pub zero: ZeroRule,
    /// Whether a task that is told to stop holds its place under the cap until it is gone.
    pub terminating_in_cap: bool,
    /// How old tasks that are not available go.
    pub reap: Reap,
    /// New tasks that may be on their way at once, where that is limited.
    pub window: Option<u32>,
    /// Which old tasks go first.
    pub victims: VictimOrder,
}

/// What happens where surge and unavailable both come to no task at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZeroRule {
    /// Nothing, forever (ECS).
    Stall,
    /// One may be unavailable (Kubernetes).
    OneUnavailable,
    /// One may be extra (Marathon).
    OneExtra,
}

/// How old tasks that are not available go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reap {
    /// All at once, because they serve nobody (ECS).
    AtOnce,
    /// Before available ones, while the rest stays above the floor, new ones on their way counted as missing (Kubernetes).
    WithinRoom,
    /// As others do: before available ones, each against the floor (Marathon).
    Never,
}

/// A floor and a cap in tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// No stop takes the available tasks below it.
    pub floor: u32,
    /// No start takes the tasks above it.
    pub cap: u32,
}

impl Pool {
    /// The floor and the cap for `desired` tasks. They are worked out anew each time, because the desired count may change.
    pub fn limits(&self, desired: u32) -> Limits {
        let mut surge = self.surge.of(desired);
        let mut unavailable = self.unavailable.of(desired).min(desired);
        if surge == 0 && unavailable == 0 {
            match self.zero {
                ZeroRule::Stall => {}
                ZeroRule::OneUnavailable => unavailable = 1.min(desired),
                ZeroRule::OneExtra => surge = 1,
            }
        }
        Limits { floor: desired - unavailable, cap: desired.saturating_add(surge) }
    }

    /// What to start and to stop.
    pub fn plan(&self, view: &View) -> Plan {
        let Limits { floor, cap } = self.limits(view.desired);
        let (floor, cap) = (floor + view.aside, cap.saturating_add(view.aside));
        let (new, old) = (view.new, view.old);
        let terminating = if self.terminating_in_cap { view.terminating } else { 0 };
        let on_the_way = new.unavailable();
        let headroom = cap.saturating_sub(new.wanted + old.wanted + terminating);
        let window = self.window.map_or(u32::MAX, |window| window.saturating_sub(on_the_way));
        let start = new.target.saturating_sub(new.wanted).min(headroom).min(window);

        // New tasks that start now are not available yet, so they change nothing for the floor.
        let spare = view.available().saturating_sub(floor);
        let (stop_unavailable, stop_available) = match self.reap {
            Reap::AtOnce => {
                let reaped = old.unavailable().min(old.surplus());
                (reaped, spare.min(old.available).min(old.surplus() - reaped))
            }
            Reap::WithinRoom => {
                let room = (old.wanted + new.available).saturating_sub(floor);
                let reaped = room.min(old.unavailable()).min(old.surplus());
                (reaped, spare.min(old.available).min(old.surplus() - reaped))
            }
            Reap::Never => {
                let stops = spare.min(old.surplus());
                let unavailable = stops.min(old.unavailable());
                (unavailable, stops - unavailable)
            }
        };
        Plan { start, stop_new: new.surplus(), stop_unavailable, stop_available }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::{Mover, Round, Side, Step};
    use crate::orchestrators::by_name;
    use crate::parameters::Value;

    /// The pool of a system's default strategy with these knobs.
    fn pool_of(system: &str, knobs: [(&'static str, Value); 2]) -> Pool {
        let system = by_name(system).expect("it is known");
        let strategy = system.default_strategy();
        let from =
            knobs.into_iter().fold(strategy.parameters.clone(), |from, (name, value)| from.with(name, value, "test"));
        match (strategy.build)(&from).program[..] {
            [Step { mover: Mover::Pool(pool), .. }] => pool,
            _ => panic!("not a single step of a pool"),
        }
    }

    fn kubernetes(surge: Value, unavailable: Value) -> Pool {
        pool_of("kubernetes", [("max_surge", surge), ("max_unavailable", unavailable)])
    }

    fn tasks(n: u32) -> Value {
        Value::tasks_up(n)
    }

    /// A rollout of all new tasks in place of all old ones: (wanted, available) of each.
    fn rolling(desired: u32, new: (u32, u32), old: (u32, u32)) -> View {
        let side = |target, (wanted, available)| Side { target, wanted, available };
        View { desired, new: side(desired, new), old: side(0, old), ..View::default() }
    }

    /// K8S `rolling_test.go`, `TestDeploymentController_reconcileNewReplicaSet`: desired, surge, old, new, and new ones wanted after.
    #[test]
    fn kubernetes_scales_the_new_set() {
        for (desired, surge, old, new, expected) in
            [(10, 0, 10, 0, 0), (10, 2, 10, 0, 2), (10, 2, 5, 0, 7), (10, 2, 10, 2, 2), (10, 2, 2, 11, 10)]
        {
            let plan = kubernetes(tasks(surge), tasks(0)).plan(&rolling(desired, (new, 0), (old, 0)));
            assert_eq!(new + plan.start - plan.stop_new, expected, "{desired} + {surge}: {old} old, {new} new");
            assert!(plan.start == 0 || plan.stop_new == 0);
        }
    }

    /// K8S `rolling_test.go`, `TestDeploymentController_reconcileOldReplicaSets`, surge 0: what may be unavailable, old and new
    /// tasks as (wanted, available), and old ones wanted after. The test itself compares only whether any go.
    #[test]
    fn kubernetes_scales_the_old_sets() {
        for (unavailable, old, new, expected) in [
            (0, (10, 10), (0, 0), 9),
            (2, (10, 10), (0, 0), 8),
            (2, (10, 8), (0, 0), 8),
            (2, (10, 9), (0, 0), 8),
            // New ones that are not ready free no old ones.
            (2, (8, 8), (2, 0), 8),
        ] {
            let plan = kubernetes(tasks(0), tasks(unavailable)).plan(&rolling(10, new, old));
            assert_eq!(
                old.0 - plan.stop_old(),
                expected,
                "{unavailable} of 10 may be missing: {old:?} old, {new:?} new"
            );
            assert_eq!(plan.stop_unavailable, (old.0 - old.1).min(unavailable), "unavailable ones first");
        }
        // Beyond the table: 8 and 2, one and both of them not ready. 10 - 8 less the 2 on their way leave room for none.
        assert!(kubernetes(tasks(0), tasks(2)).plan(&rolling(10, (2, 0), (8, 7))).is_empty());
    }

    /// K8S `rolling_test.go`, `TestDeploymentController_cleanupUnhealthyReplicas`, 10 old tasks, surge 2: of them ready, how many may
    /// be cleaned up (with 10 tasks there, as many as may be unavailable), and how many are.
    #[test]
    fn kubernetes_cleans_up_unhealthy_tasks_within_its_room() {
        for (ready, most, expected) in [(8, 1, 1), (8, 3, 2), (8, 0, 0), (10, 3, 0)] {
            let plan = kubernetes(tasks(2), tasks(most)).plan(&rolling(10, (0, 0), (10, ready)));
            assert_eq!(plan.stop_unavailable, expected, "{ready} of 10 ready, {most} may go");
        }
    }

    /// K8S `rolling_test.go`, `TestDeploymentController_scaleDownOldReplicaSetsForRollingUpdate`, 10 old tasks, surge 0: what may be
    /// unavailable, how many are ready, and how many ready ones go. Its row with 10 ready tasks of none is left out: no view is so.
    #[test]
    fn kubernetes_scales_ready_tasks_down_to_the_floor() {
        for (unavailable, ready, expected) in [(0, 10, 1), (2, 10, 2), (2, 8, 0), (2, 1, 0)] {
            let plan = kubernetes(tasks(0), tasks(unavailable)).plan(&rolling(10, (0, 0), (10, ready)));
            assert_eq!(plan.stop_available, expected, "{unavailable} of 10 may be missing, {ready} are ready");
        }
    }

    /// K8S `deployment_util_test.go`, `TestResolveFenceposts`: desired, surge, unavailable, and what they come to. What is not given
    /// is 0; one unavailable of none is none here (`MaxUnavailable`). Rows with words that are no shares are left out.
    #[test]
    fn kubernetes_resolves_its_bounds() {
        let (up, down) = (Value::percent_up, Value::percent_down);
        for (desired, surge, unavailable, expected) in [
            (0, up(0), down(0), (0, 1)),
            (10, up(39), down(39), (4, 3)),
            (10, tasks(0), down(39), (0, 3)),
            (10, up(39), tasks(0), (4, 0)),
            (10, tasks(0), tasks(0), (0, 1)),
        ] {
            let limits = kubernetes(surge, unavailable).limits(desired);
            assert_eq!(limits.cap - desired, expected.0, "{expected:?} of {desired}");
            assert_eq!(desired - limits.floor, expected.1.min(desired), "{expected:?} of {desired}");
        }
    }

    /// K8S `deployment_util_test.go`, `TestMaxUnavailable`, surge 1: desired, unavailable, and what that comes to. The row of a
    /// strategy that recreates is left out.
    #[test]
    fn kubernetes_lets_no_more_be_unavailable_than_there_are() {
        let percent = Value::percent_down;
        for (desired, unavailable, expected) in [
            (10, tasks(5), 5),
            (10, tasks(10), 10),
            (5, tasks(10), 5),
            (0, tasks(10), 0),
            (10, percent(50), 5),
            (10, percent(100), 10),
            (5, percent(100), 5),
        ] {
            let floor = kubernetes(tasks(1), unavailable).limits(desired).floor;
            assert_eq!(desired - floor, expected, "of {desired}");
        }
    }

    /// K8S `deployment_util_test.go`, `TestNewRSNewReplicas`, unavailable 1: desired, surge, new, old (5 in all), and new ones wanted
    /// after the starts. A strategy that recreates goes straight to all of them.
    #[test]
    fn kubernetes_sizes_the_new_set() {
        for (desired, surge, new, old, expected) in [(1, 1, 5, 0, 5), (6, 10, 2, 3, 6)] {
            let plan = kubernetes(tasks(surge), tasks(1)).plan(&rolling(desired, (new, 0), (old, 0)));
            assert_eq!(new + plan.start, expected, "{desired} + {surge}: {new} new");
        }
        let recreate = by_name("kubernetes").expect("it is known");
        let recreate = recreate.strategy("recreate").expect("it is offered").rollout();
        let plan = recreate.program[1].mover.plan(&rolling(3, (1, 0), (0, 0)));
        assert_eq!(1 + plan.start, 3);
    }

    fn marathon(minimum: u32, over: u32) -> Pool {
        let (minimum, over) = (Value::Permille(minimum), Value::Permille(over));
        pool_of("marathon", [("minimum_health_capacity", minimum), ("maximum_over_capacity", over)])
    }

    /// MARATHON `RestartStrategyTest.scala`, all rows: instances, minimum health capacity, maximum over capacity, running, killed
    /// at once, and the most that may exist. Where a minimum of all leaves no room, resident tasks, which keep their host, lose
    /// one more, and others may be one more.
    #[test]
    fn marathon_restart_strategies() {
        let others = [
            (1, 500, 0, 1, 0, 2),
            (2, 500, 0, 2, 1, 2),
            (10, 100, 0, 1, 0, 10),
            (10, 100, 1_000, 10, 9, 20),
            (10, 1_000, 1_000, 10, 0, 20),
        ];
        let resident = [
            (1, 500, 0, 1, 1, 1),
            (1, 500, 0, 0, 0, 1),
            (5, 500, 0, 5, 2, 5),
            (5, 1_000, 0, 7, 3, 5),
            (5, 1_000, 0, 3, 0, 5),
            (5, 1_000, 0, 5, 1, 5),
        ];
        let rows = others.map(|row| (ZeroRule::OneExtra, row)).into_iter();
        for (zero, row) in rows.chain(resident.map(|row| (ZeroRule::OneUnavailable, row))) {
            let (instances, minimum, over, running, killed, most) = row;
            let pool = Pool { zero, ..marathon(minimum, over) };
            let plan = pool.plan(&rolling(instances, (0, 0), (running, running)));
            assert_eq!((plan.stop_old(), pool.limits(instances).cap), (killed, most), "{row:?}");
        }
        // One instance of which none runs. Marathon has a cap of 1 then, because nothing has to make room; here the zero rule goes by
        // the desired count alone, the cap is 2, and the same one is started.
        let plan = marathon(500, 0).plan(&rolling(1, (0, 0), (0, 0)));
        assert_eq!((plan.stop_old(), plan.start), (0, 1));
    }

    /// MARATHON `TaskReplaceActorTest.scala`, three instances: minimum and over capacity; old ones left and new ones queued at once, and
    /// after each new one that is healthy (an old one that is killed has gone by then).
    #[test]
    fn marathon_replaces_three() {
        let table = [
            // ceil(1.5) = 2 stay, 6 may be: all new ones at once.
            (500, 1_000, [(2, 3), (1, 3), (0, 3), (0, 3)]),
            (500, 0, [(2, 1), (1, 2), (0, 3), (0, 3)]),
            (1_000, 0, [(3, 1), (2, 2), (1, 3), (0, 3)]),
            (1_000, 700, [(3, 2), (2, 3), (1, 3), (0, 3)]),
        ];
        for (minimum, over, expected) in table {
            let pool = marathon(minimum, over);
            let (mut old, mut new) = (3, 0);
            for (healthy, expected) in (0..).zip(expected) {
                old -= pool.plan(&rolling(3, (new, healthy), (old, old))).stop_old();
                new += pool.plan(&rolling(3, (new, healthy), (old, old))).start;
                assert_eq!((old, new), expected, "{minimum}/{over}, {healthy} healthy");
            }
        }
        // Without a minimum all go at once, two here where five shall be.
        assert_eq!(marathon(0, 1_000).plan(&rolling(5, (0, 0), (2, 2))).stop_old(), 2);
    }

    /// ASG `asg-instance-refresh.md`: what stays healthy is rounded up, one goes even at 100 %, and 0 % is all at once. Desired,
    /// minimum in percent, what stays. The last four rows follow from the rounding.
    #[test]
    fn instance_refresh_rounds_what_stays_up() {
        for (desired, minimum, healthy) in
            [(10, 90, 9), (10, 100, 9), (10, 0, 0), (10, 50, 5), (5, 90, 4), (3, 50, 2), (15, 90, 14), (25, 90, 23)]
        {
            let knobs = [("minimum_healthy_percent", minimum), ("maximum_percent", 100)];
            let pool = pool_of("asg", knobs.map(|(name, percent)| (name, Value::Permille(percent * 10))));
            assert_eq!(pool.limits(desired), Limits { floor: healthy, cap: desired }, "{minimum} % of {desired}");
        }
    }

    /// The zero rules side by side, where both bounds come to nothing: 9 % of 10.
    #[test]
    fn what_no_room_comes_to() {
        let nothing = Bound::percent(9, Round::Down);
        let limits = |zero| {
            let pool = Pool { surge: nothing, unavailable: nothing, zero, ..marathon(1_000, 0) };
            pool.limits(10)
        };
        assert_eq!(limits(ZeroRule::Stall), Limits { floor: 10, cap: 10 });
        assert_eq!(limits(ZeroRule::OneUnavailable), Limits { floor: 9, cap: 10 });
        assert_eq!(limits(ZeroRule::OneExtra), Limits { floor: 10, cap: 11 });
    }
}
