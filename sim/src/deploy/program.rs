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
    /// As many as there are.
    Keep,
    /// A number, or a share of the desired count; at most all.
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
    /// From one measurement to the next; the first comes after one interval.
    pub interval: Duration,
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
            Self::Keep => now,
            Self::Of(bound) => bound.of(desired).min(desired),
            Self::AllBut(kept) => desired.saturating_sub(kept),
            Self::AllAnd(more) => desired + more.of(desired).min(desired),
            Self::Nearest(permille) => nearest(desired, permille, surge > 0),
        }
    }
}

/// Of the counts next to the share, of `desired` tasks or of one more where that is allowed, the one whose share of the whole
/// is nearest; none and all only for 0 and 100 %. Ties go to the smaller whole, then to the larger count.
fn nearest(desired: u32, permille: u32, may_surge: bool) -> u32 {
    if permille == 0 || desired == 0 {
        return 0;
    }
    if permille >= 1_000 {
        return desired;
    }
    let wholes = [desired, desired + 1];
    let wholes = if may_surge { &wholes[..] } else { &wholes[..1] };
    let choices = wholes.iter().flat_map(|&whole| {
        let exact = u64::from(whole) * u64::from(permille);
        [exact.div_ceil(1_000) as u32, (exact / 1_000) as u32].map(|count| (whole, count))
    });
    let partly = choices.filter(|&(whole, count)| count > 0 && count < whole);
    // |count / whole - share|, over the common denominator of all.
    let error = |&(whole, count): &(u32, u32)| {
        let other = u64::from(if whole == desired { desired + 1 } else { desired });
        (u64::from(count) * 1_000).abs_diff(u64::from(permille) * u64::from(whole)) * other
    };
    partly.min_by_key(error).map_or(1, |(_, count)| count)
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
        view.new.target = self.new.of(view.desired, view.new.wanted, surge);
        view.old.target = self.old.of(view.desired, view.old.wanted, surge);
        if let Size::Nearest(_) = self.new {
            view.old.target = view.desired - view.new.target.min(view.desired);
        }
        view.aside = self.aside.of(view.desired, 0, surge);
    }

    /// Whether the counts are reached and every new task is available.
    pub fn is_reached(&self, view: &View) -> bool {
        let reached = view.new.wanted == view.new.target && view.new.available == view.new.target;
        reached && view.old.wanted <= view.old.target && (!self.waits_for_gone || view.terminating == 0)
    }
}
