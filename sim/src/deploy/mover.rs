//! What a mover sees of a service and what it asks for. There are two: [`Pool`] counts, [`Slots`] has identities.

use super::pool::Pool;
use super::slots::Slots;

/// Moves a service from its old versions to the new one: a pure function from what it sees to what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mover {
    /// New and old tasks are two counts under a floor and a cap.
    Pool(Pool),
    /// Every task has a slot, and the new one of a slot follows the old one.
    Slots(Slots),
}

/// What a mover sees of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Tasks wanted.
    pub desired: u32,
    /// The version that is rolled out.
    pub new: Side,
    /// All the others.
    pub old: Side,
    /// New tasks that passed the gate and whose delay after it is over.
    pub rested: u32,
    /// Slots whose new task failed, until one passes the gate.
    pub failed: u32,
    /// Of those, slots with another new task that is on its way.
    pub repairs: u32,
    /// New tasks that failed and that nobody ever replaces: so many fewer there shall be.
    pub lost: u32,
    /// New tasks that are late for their gate.
    pub unhealthy: u32,
    /// Tasks chosen to stop that are not gone.
    pub terminating: u32,
    /// Of those, tasks that the mover no longer waits for.
    pub overdue: u32,
    /// New tasks beside the ones to move, for example those of a canary group: floor and cap rise by as many.
    pub aside: u32,
}

/// One side of a rollout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// How many there shall be.
    pub target: u32,
    /// How many there are, those chosen to stop left out.
    pub wanted: u32,
    /// Of those, available: they passed the gate.
    pub available: u32,
}

/// What a mover asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// New tasks to start.
    pub start: u32,
    /// New tasks to stop, because there are too many.
    pub stop_new: u32,
    /// Old tasks to stop that are not available.
    pub stop_unavailable: u32,
    /// Old tasks to stop that are available.
    pub stop_available: u32,
}

impl Mover {
    /// What to do next. Called again without a change it asks for nothing new, because what it asked for is in the counts
    /// by then.
    pub fn plan(&self, view: &View) -> Plan {
        match self {
            Self::Pool(pool) => pool.plan(view),
            Self::Slots(slots) => slots.plan(view),
        }
    }

    /// Tasks that it keeps in service of `desired` ones: slots without a floor keep those that no worker is at.
    pub fn floor(&self, desired: u32) -> u32 {
        match self {
            Self::Pool(pool) => pool.limits(desired).floor,
            Self::Slots(slots) => {
                slots.floor.map_or_else(|| desired.saturating_sub(slots.workers(desired)), |floor| floor.of(desired))
            }
        }
    }
}

impl View {
    /// Available tasks of any version.
    pub const fn available(&self) -> u32 {
        self.new.available + self.old.available
    }
}

impl Side {
    /// Tasks that are not available.
    pub const fn unavailable(&self) -> u32 {
        self.wanted - self.available
    }

    /// How many are too many.
    pub const fn surplus(&self) -> u32 {
        self.wanted.saturating_sub(self.target)
    }
}

impl Plan {
    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Stops of old tasks.
    pub const fn stop_old(&self) -> u32 {
        self.stop_unavailable + self.stop_available
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::deploy::{Amount, Bound, Limits, Reap, Round, Size, Step, VictimOrder, ZeroRule};

    /// What is seen when a plan has been carried out and nothing has happened since. New tasks that are not available go first, and
    /// what starts takes failed tasks' slots first.
    pub fn after(view: &View, plan: Plan) -> View {
        let mut view = *view;
        let new_left = view.new.wanted - plan.stop_new;
        let owed = view.failed - view.repairs;
        view.new.available = view.new.available.min(new_left);
        view.new.wanted = new_left + plan.start;
        view.rested = view.rested.min(view.new.available);
        view.old.wanted -= plan.stop_old();
        view.old.available -= plan.stop_available;
        view.terminating += plan.stop_new + plan.stop_old();
        view.repairs += plan.start.min(owed);
        view
    }

    pub fn bound() -> impl Strategy<Value = Bound> {
        let amount = prop_oneof![(0..9_u32).prop_map(Amount::Tasks), (0..=1_000_u32).prop_map(Amount::Permille)];
        (amount, prop_oneof![Just(Round::Up), Just(Round::Down)]).prop_map(|(amount, round)| Bound { amount, round })
    }

    fn pool() -> impl Strategy<Value = Pool> {
        let zero = prop_oneof![Just(ZeroRule::Stall), Just(ZeroRule::OneUnavailable), Just(ZeroRule::OneExtra)];
        let reap = prop_oneof![Just(Reap::AtOnce), Just(Reap::WithinRoom), Just(Reap::Never)];
        (bound(), bound(), zero, any::<bool>(), reap, proptest::option::of(1..6_u32)).prop_map(
            |(surge, unavailable, zero, terminating_in_cap, reap, window)| {
                let victims = VictimOrder::Balanced;
                Pool { surge, unavailable, zero, terminating_in_cap, reap, window, victims }
            },
        )
    }

    /// Any counts, also some that no run comes to.
    fn view() -> impl Strategy<Value = View> {
        let side = || {
            (0..30_u32, 0..30_u32, 0..30_u32).prop_map(|(target, wanted, available)| Side {
                target,
                wanted,
                available: available.min(wanted),
            })
        };
        let rest = (0..30_u32, 0..8_u32, prop_oneof![4 => Just(0), 1 => 1..4_u32]);
        (0..30_u32, side(), side(), rest).prop_map(|(desired, new, old, (rested, terminating, aside))| View {
            desired,
            new,
            old,
            rested: rested.min(new.available),
            terminating,
            aside,
            ..View::default()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        /// Nothing starts that nobody wants, above the cap or beyond the window, and nothing stops that shall stay.
        #[test]
        fn a_pool_stays_under_its_cap(pool in pool(), view in view()) {
            let Limits { cap, .. } = pool.limits(view.desired);
            let plan = pool.plan(&view);
            let then = after(&view, plan);
            prop_assert!(plan.start == 0 || then.new.wanted <= view.new.target);
            prop_assert!(plan.start == 0 || plan.stop_new == 0);
            if plan.start > 0 {
                let counted = if pool.terminating_in_cap { view.terminating } else { 0 };
                prop_assert!(view.new.wanted + view.old.wanted + plan.start + counted <= cap + view.aside);
                prop_assert!(pool.window.is_none_or(|window| view.new.unavailable() + plan.start <= window));
            }
            prop_assert!(plan.stop_old() == 0 || then.old.wanted >= view.old.target);
            prop_assert!(then.new.wanted >= view.new.wanted.min(view.new.target));
        }

        /// No stop takes the available tasks below the floor; nor do all stops together, where the targets add up to it.
        #[test]
        fn a_pool_stays_above_its_floor(pool in pool(), view in view()) {
            let floor = pool.limits(view.desired).floor + view.aside;
            let plan = pool.plan(&view);
            prop_assert!(plan.stop_available <= view.old.available && plan.stop_unavailable <= view.old.unavailable());
            if plan.stop_available > 0 {
                prop_assert!(view.available() - plan.stop_available >= floor);
                if view.new.target + view.old.target >= floor {
                    prop_assert!(after(&view, plan).available() >= floor);
                }
            }
        }

        /// A plan leaves nothing to ask for but what its stops have made room for; where a stopping task holds its place, nothing.
        /// Where unavailable tasks go one by one (`Reap::Never`), a stop of one leaves the floor as it is, and the next may follow.
        #[test]
        fn a_pool_asks_once(pool in pool(), at_once in any::<bool>(), view in view()) {
            let pool = Pool { reap: if at_once { Reap::AtOnce } else { Reap::WithinRoom }, ..pool };
            let then = after(&view, pool.plan(&view));
            let next = pool.plan(&then);
            prop_assert_eq!(next.stop_new + next.stop_old(), 0);
            if pool.terminating_in_cap {
                prop_assert!(next.is_empty(), "{:?}", next);
            }
            prop_assert!(pool.plan(&after(&then, next)).is_empty());
        }

        /// A mover that is asked until it has nothing to ask for comes to that, whichever it is; a bound that is not reached then is
        /// one that the next start or stop would break.
        #[test]
        fn a_pool_comes_to_rest_at_its_bounds(pool in pool(), mut view in view()) {
            let most = view.new.target + view.new.wanted + view.old.wanted;
            let mut plans = 0;
            while !pool.plan(&view).is_empty() {
                view = after(&view, pool.plan(&view));
                plans += 1;
                prop_assert!(plans <= most);
            }
            let Limits { floor, cap } = pool.limits(view.desired);
            let counted = if pool.terminating_in_cap { view.terminating } else { 0 };
            let full = view.new.wanted + view.old.wanted + counted >= cap + view.aside;
            let closed = pool.window.is_some_and(|window| view.new.unavailable() >= window);
            prop_assert!(view.new.wanted >= view.new.target || full || closed);
            let all_needed = view.available() <= floor + view.aside;
            prop_assert!(view.old.wanted <= view.old.target || view.old.available == 0 || all_needed);
        }

        /// Before its promotion a canary has as many tasks as it shall have, and the others stay, as many as are desired.
        #[test]
        fn canaries_come_beside_the_others(mut view in view(), canaries in 0..9_u32) {
            let step = Step::beside(Size::Of(Bound::tasks(canaries)));
            let old = view.old.wanted;
            let mut plans = 0;
            loop {
                step.aim(&mut view);
                let plan = step.mover.plan(&view);
                if plan.is_empty() {
                    break;
                }
                prop_assert!(view.new.wanted + plan.start <= canaries.min(view.desired).max(view.new.wanted));
                view = after(&view, plan);
                plans += 1;
            }
            // With far too many old ones the canaries wait until those go.
            prop_assert!(plans <= 2);
            prop_assert_eq!((view.new.wanted, view.old.wanted), (canaries.min(view.desired), old.min(view.desired)));
        }
    }
}
