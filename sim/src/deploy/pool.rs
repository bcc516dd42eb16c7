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
