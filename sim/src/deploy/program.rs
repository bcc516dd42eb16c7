//! The program of a rollout: steps that each set how many tasks there shall be of the new version and of the old ones,
//! where the traffic goes, and what is waited for before the next step.

use super::bound::{Amount, Bound, Round};
use super::mover::{Mover, View};
use super::pool::{Pool, Reap, ZeroRule};
use super::victims::VictimOrder;
use crate::engine::dist::Dist;
use crate::engine::time::Duration;

/// One step. It is done when the counts are reached and the new tasks have passed the gate; then the traffic moves, and
/// then the holds follow one after another.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// How many tasks of the new version there shall be.
    pub new: Size,
    /// How many of the older ones.
    pub old: Size,
    /// How the service gets there.
    pub mover: Mover,
    /// New tasks beside those that are moved, as a group of their own: the floor and the cap rise by as many. A rolling
    /// update of one group while another one stays is a rollout nested in the step.
    pub aside: Size,
    /// Whether the step waits until the old tasks are gone.
    pub waits_for_gone: bool,
    /// The share of the traffic that the new version gets after the step, in tenths of a percent; as it was where absent.
    pub weight: Option<u32>,
    /// What is waited for before the next step.
    pub holds: Vec<Hold>,
}

/// How many tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// As many as there are; at most all.
    Keep,
    /// A number, at most all, or a share of the desired count.
    Of(Bound),
    /// All but so many (a partition of a `StatefulSet`).
    AllBut(u32),
    /// All and some more.
    AllAnd(Bound),
    /// The number that comes nearest to a share while the whole may be one task larger where the surge allows it (Argo
    /// Rollouts without a traffic router). In tenths of a percent.
    Nearest(u32),
}

/// What a program waits for.
#[derive(Clone, Debug, PartialEq)]
pub enum Hold {
    /// A time.
    For(Duration),
    /// Somebody, or a system that is not simulated, after a random time.
    Until(Dist),
    /// Measurements of the new version.
    Analysis(Analysis),
}

/// Measurements of the new version, which a bad one fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Analysis {
    /// From one measurement to the next.
    pub interval: Duration,
    /// Whether the first is made at once, and not after an interval.
    pub at_once: bool,
    /// How many are made; at least 1.
    pub count: u32,
    /// Failed ones that are still accepted.
    pub failure_limit: u32,
}

impl Size {
    /// Nothing.
    pub const NONE: Self = Self::Of(Bound::tasks(0));
    /// All desired tasks.
    pub const ALL: Self = Self::Of(Bound::percent(100, Round::Up));

    /// A share in tenths of a percent, rounded up.
    pub const fn share(permille: u32) -> Self {
        Self::Of(Bound { amount: Amount::Permille(permille), round: Round::Up })
    }

    /// How many that is of `desired` tasks where there are `now`, and `surge` may be extra.
    pub fn of(self, desired: u32, now: u32, surge: u32) -> u32 {
        match self {
            Self::Keep => now.min(desired),
            Self::Of(bound @ Bound { amount: Amount::Tasks(_), .. }) => bound.of(desired).min(desired),
            Self::Of(bound) => bound.of(desired),
            Self::AllBut(kept) => desired.saturating_sub(kept),
            Self::AllAnd(more) => desired + more.of(desired).min(desired),
            Self::Nearest(permille) => nearest(desired, permille, surge > 0).0,
        }
    }
}

/// How many new and how many old tasks there are for a share, as `approximateWeightedCanaryStableReplicaCounts` of Argo Rollouts
/// chooses them (`canary.go`): of the share of `desired` rounded up and down, in a whole of `desired` tasks or of one more where
/// that is allowed, the one that comes nearest to the share of the whole. On equal errors the smaller whole, and in it the larger
/// count, is chosen; a share that falls halfway is not rounded down. Only 0 and 100 %, and a task that is alone, may leave a side
/// without any. Where nothing is left to choose (halfway to the last task, without a surge) there is no new one.
fn nearest(desired: u32, permille: u32, may_surge: bool) -> (u32, u32) {
    if desired == 0 {
        return (0, 0);
    }
    let share_of = |whole: u32| u64::from(whole) * u64::from(permille.min(1_000));
    let (up, down) = (share_of(desired).div_ceil(1_000) as u32, (share_of(desired) / 1_000) as u32);
    let all_or_none = permille == 0 || permille >= 1_000 || (desired == 1 && !may_surge);
    let is_halfway = |whole| share_of(whole) % 1_000 == 500;
    let wholes = [(desired, up < desired || all_or_none), (desired + 1, true)];
    let choices = wholes.into_iter().take(1 + usize::from(may_surge)).flat_map(|(whole, up_fits)| {
        let down_fits = !is_halfway(whole) && (down > 0 || all_or_none);
        [up_fits.then_some((up, whole)), down_fits.then_some((down, whole))].into_iter().flatten()
    });
    // |new / whole - share|, over the common denominator of both wholes.
    let error = |&(new, whole): &(u32, u32)| {
        let other = u64::from(if whole == desired { desired + 1 } else { desired });
        (u64::from(new) * 1_000).abs_diff(share_of(whole)) * other
    };
    choices.min_by_key(error).map_or((0, desired), |(new, whole)| (new, whole - new))
}

impl Step {
    /// All tasks of the new version and none of the old ones.
    pub const fn all(mover: Mover) -> Self {
        Self::new(Size::ALL, Size::NONE, mover)
    }

    /// So many new tasks and so many old ones.
    pub const fn new(new: Size, old: Size, mover: Mover) -> Self {
        Self { new, old, mover, aside: Size::NONE, waits_for_gone: false, weight: None, holds: vec![] }
    }

    /// So many new tasks beside the old ones, which stay.
    pub const fn beside(new: Size) -> Self {
        Self::new(new, Size::Keep, Self::FREE)
    }

    /// A change of traffic, with all tasks of both sides there.
    pub const fn shift(permille: u32) -> Self {
        Self::beside(Size::ALL).weighing(permille)
    }

    /// The old tasks go.
    pub const fn remove_old() -> Self {
        Self::all(Self::FREE)
    }

    /// Starts and stops whatever the step says, at once.
    pub const FREE: Mover = Mover::Pool(Pool {
        surge: Bound::percent(1_000, Round::Up),
        unavailable: Bound::percent(100, Round::Up),
        zero: ZeroRule::Stall,
        terminating_in_cap: false,
        reap: Reap::AtOnce,
        window: None,
        victims: VictimOrder::Balanced,
    });

    /// With the traffic moved after it.
    #[must_use]
    pub const fn weighing(mut self, permille: u32) -> Self {
        self.weight = Some(permille);
        self
    }

    /// With something to wait for after it.
    #[must_use]
    pub fn holding(mut self, hold: Hold) -> Self {
        self.holds.push(hold);
        self
    }

    /// Sets the view's targets.
    pub fn aim(&self, view: &mut View) {
        let surge = match self.mover {
            Mover::Pool(pool) => pool.limits(view.desired).cap - view.desired,
            Mover::Slots(_) => 0,
        };
        view.new.target = self.new.of(view.desired, view.new.wanted, surge).saturating_sub(view.lost);
        view.old.target = self.old.of(view.desired, view.old.wanted, surge);
        if let Size::Nearest(permille) = self.new {
            view.old.target = nearest(view.desired, permille, surge > 0).1;
        }
        view.aside = self.aside.of(view.desired, 0, surge);
    }

    /// Whether the counts are reached and every new task is available.
    pub fn is_reached(&self, view: &View) -> bool {
        let reached = view.new.wanted == view.new.target && view.new.available == view.new.target;
        reached && view.old.wanted <= view.old.target && (!self.waits_for_gone || view.terminating == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::Side;
    use crate::orchestrators::by_name;
    use crate::parameters::Value;

    /// ARGO `canary_test.go`, `TestApproximateWeightedNewStableReplicaCounts`, all 55 rows: replicas, surge, and for each weight
    /// in percent the tasks of the canary and of the stable version.
    #[test]
    fn the_nearest_counts_to_a_weight() {
        type Rows = &'static [(u32, u32, u32)];
        let table: [(u32, u32, Rows); 10] = [
            (0, 0, &[(0, 0, 0), (50, 0, 0), (100, 0, 0)]),
            (0, 1, &[(0, 0, 0), (50, 0, 0), (100, 0, 0)]),
            (1, 0, &[(0, 0, 1), (1, 0, 1), (49, 0, 1), (50, 1, 0), (99, 1, 0), (100, 1, 0)]),
            (1, 1, &[(0, 0, 1), (1, 1, 1), (49, 1, 1), (50, 1, 1), (99, 1, 1), (100, 1, 0)]),
            (2, 0, &[(0, 0, 2), (1, 1, 1), (50, 1, 1), (99, 1, 1), (100, 2, 0)]),
            (2, 1, &[(0, 0, 2), (1, 1, 2), (50, 1, 1), (99, 2, 1), (100, 2, 0)]),
            (3, 0, &[(10, 1, 2), (25, 1, 2), (33, 1, 2), (34, 1, 2), (49, 1, 2), (50, 2, 1)]),
            (3, 1, &[(10, 1, 3), (25, 1, 3), (33, 1, 2), (34, 1, 2), (49, 2, 2), (50, 2, 2)]),
            (10, 0, &[(1, 1, 9), (14, 1, 9), (15, 2, 8), (16, 2, 8), (99, 9, 1)]),
            (
                10,
                1,
                &[
                    (0, 0, 10),
                    (1, 1, 10),
                    (18, 2, 9),
                    (19, 2, 9),
                    (20, 2, 8),
                    (23, 2, 8),
                    (24, 3, 8),
                    (25, 3, 8),
                    (99, 10, 1),
                    (100, 10, 0),
                ],
            ),
        ];
        let mut rows = 0;
        for (replicas, surge, weights) in table {
            for &(percent, canary, stable) in weights {
                let chosen = nearest(replicas, percent * 10, surge > 0);
                assert_eq!(chosen, (canary, stable), "{replicas} at {percent} %, surge {surge}");
                assert_eq!(Size::Nearest(percent * 10).of(replicas, 0, surge), canary);
                rows += 1;
            }
        }
        assert_eq!(rows, 55);
    }

    /// The same function where its options run out: 75 % of 2 is 1.5, of 10 at 95 % is 9.5. Rounded up that is all, and halfway it is
    /// not rounded down. With a surge 2 of 3 are 67 %, and 10 of 11 are 91 %.
    #[test]
    fn halfway_to_the_last_task() {
        assert_eq!((nearest(2, 750, false), nearest(2, 750, true)), ((0, 2), (2, 1)));
        assert_eq!((nearest(10, 950, false), nearest(10, 950, true)), ((0, 10), (10, 1)));
    }

    /// ARGO `canary_test.go`, `TestCalculateReplicaCountsForCanary`, 26 of its 33 rows without a router: replicas, weight, surge,
    /// unavailable; wanted and available of the stable version and of the canary; and what is wanted of each after one pass.
    /// Left out: two rows with a third version, three that bring stable tasks back, one whose `setCanaryScale` is ignored, and
    /// one (10 and 10 tasks where 11 may be) that takes new tasks away to come under the cap.
    #[test]
    fn one_pass_of_a_canary_without_a_router() {
        let (tasks, percent) = (Value::tasks_up, Value::percent_up);
        let none = || Value::tasks_up(0);
        let table = [
            (10, 100, tasks(3), none(), (7, 8), (6, 3), (7, 6)),
            (10, 20, tasks(2), none(), (10, 10), (0, 0), (10, 2)),
            (10, 20, percent(20), none(), (10, 10), (0, 0), (10, 2)),
            (10, 20, percent(20), none(), (10, 10), (2, 2), (8, 2)),
            (10, 30, tasks(2), none(), (10, 10), (0, 0), (10, 2)),
            (10, 20, none(), tasks(2), (10, 10), (0, 0), (8, 0)),
            (10, 20, none(), Value::percent_down(20), (10, 10), (0, 0), (8, 0)),
            (10, 30, none(), tasks(2), (10, 10), (0, 0), (8, 0)),
            (10, 50, tasks(2), tasks(1), (10, 10), (0, 0), (9, 2)),
            (10, 0, tasks(1), tasks(1), (10, 10), (1, 1), (10, 0)),
            (10, 100, tasks(1), tasks(1), (1, 1), (10, 10), (0, 10)),
            (1, 20, tasks(1), none(), (1, 1), (0, 0), (1, 1)),
            (1, 90, tasks(1), none(), (1, 1), (0, 0), (1, 1)),
            (1, 49, none(), tasks(1), (1, 1), (0, 0), (1, 0)),
            (1, 51, none(), tasks(1), (1, 1), (0, 0), (0, 0)),
            (1, 51, none(), tasks(1), (0, 0), (0, 0), (0, 1)),
            (10, 30, none(), tasks(3), (8, 5), (4, 4), (7, 3)),
            (10, 5, none(), tasks(1), (10, 10), (0, 0), (9, 0)),
            (10, 5, none(), tasks(1), (9, 9), (0, 0), (9, 1)),
            (10, 10, percent(0), Value::percent_down(0), (10, 10), (0, 0), (9, 0)),
            (4, 100, tasks(1), none(), (4, 1), (0, 0), (4, 1)),
            (3, 99, none(), tasks(2), (3, 3), (0, 0), (1, 0)),
            (3, 99, none(), tasks(2), (1, 1), (0, 0), (1, 2)),
            (4, 100, tasks(1), none(), (4, 1), (1, 1), (3, 1)),
            // Promoted fully, from a weight of 1.
            (4, 100, tasks(4), tasks(4), (4, 4), (0, 0), (0, 4)),
            (4, 100, tasks(3), none(), (4, 4), (0, 0), (4, 3)),
        ];
        let argo = by_name("argo-rollouts").expect("it is known");
        for (row, (desired, weight, surge, unavailable, stable, canary, expected)) in table.into_iter().enumerate() {
            let from = argo.default_strategy().parameters.clone().with("max_surge", surge, "test");
            let from = from.with("max_unavailable", unavailable, "test");
            let rollout =
                (argo.default_strategy().build)(&from.with("weights", Value::Shares(vec![weight * 10]), "test"));
            // As the controller has it, no more are available than are wanted.
            let side = |(wanted, available): (u32, u32)| Side { target: 0, wanted, available: available.min(wanted) };
            let mut view = View { desired, new: side(canary), old: side(stable), ..View::default() };
            rollout.program[0].aim(&mut view);
            let plan = rollout.program[0].mover.plan(&view);
            let after = (stable.0 - plan.stop_old(), canary.0 + plan.start - plan.stop_new);
            assert_eq!(after, expected, "row {row}");
        }
    }

    /// K8S `deployment_util_test.go`, `TestDeploymentComplete`: desired, current, updated, available.
    #[test]
    fn complete_is_updated_and_current_and_available() {
        let kubernetes = by_name("kubernetes").expect("it is known").default_strategy().rollout();
        for (desired, current, updated, available, complete) in [
            (5, 5, 5, 4, false),
            (5, 5, 5, 3, false),
            (5, 5, 5, 5, true),
            (5, 5, 4, 5, false),
            (1, 2, 1, 1, false),
            (1, 1, 1, 0, false),
        ] {
            let old = current - updated;
            // Wherever the available ones are.
            for of_old in 0..=old.min(available) {
                let new = Side { target: 0, wanted: updated, available: (available - of_old).min(updated) };
                let old = Side { target: 0, wanted: old, available: of_old };
                let mut view = View { desired, new, old, ..View::default() };
                kubernetes.program[0].aim(&mut view);
                let reached = kubernetes.program[0].is_reached(&view);
                assert_eq!(reached, complete, "{updated} of {desired} updated, {current} there, {available} available");
            }
        }
    }
}
