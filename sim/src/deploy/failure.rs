//! When a rollout has failed, and what becomes of it.

use super::bound::Bound;
use crate::engine::time::Duration;

/// How failure is detected, and what it does: any of the detectors will do, and each has its act.
#[derive(Clone, Debug, PartialEq)]
pub struct FailurePolicy(pub Vec<(Detector, Act)>);

/// How failure is detected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detector {
    /// More than a share of the tasks to replace die before they pass the gate, or within a window after it.
    TasksDie {
        /// From the gate to the end.
        within: Duration,
        /// Tenths of a percent of the tasks to replace; one above it is a failure.
        most_permille: u32,
    },
    /// So many tasks fail in a row (the ECS deployment circuit breaker): a share of the desired count within bounds. Those that
    /// ran and ended by themselves have failed no check and do not count (BC `Deployment.failedTasks`).
    InARow {
        /// A share of the desired count.
        share: Bound,
        /// At least so many.
        least: u32,
        /// At most so many.
        most: u32,
    },
    /// A new task is late for its gate.
    GateDeadline,
    /// Nothing has got on for a time.
    NoProgress(Duration),
    /// The rollout has taken a time.
    Total(Duration),
    /// A measurement of a hold fails too often.
    Analysis,
    /// An alarm that watches the service rings.
    Alarm,
}

/// What failure does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// It is said, and the rollout goes on trying.
    Report,
    /// The rollout pauses until somebody comes; new tasks that die are still replaced.
    Pause,
    /// The rollout ends where it is.
    Stop,
    /// The version before comes back.
    RollBack(RollBack),
}

/// How the version before comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RollBack {
    /// By the step's mover the other way round.
    Reverse,
    /// The traffic goes back at once, and the new tasks go a while after it; what is missing of the old ones is started.
    DropNew {
        /// How long the new tasks stay after the traffic has left them.
        after: Duration,
    },
}

impl FailurePolicy {
    /// Nothing is detected.
    pub const NONE: Self = Self(vec![]);

    /// The same act, whichever detector it is.
    pub fn any(detect: impl IntoIterator<Item = Detector>, act: Act) -> Self {
        Self(detect.into_iter().map(|detector| (detector, act)).collect())
    }

    /// What follows from one detector, if it is there.
    pub fn act_on(&self, detector: Detector) -> Option<Act> {
        self.0.iter().find(|(known, _)| *known == detector).map(|(_, act)| *act)
    }
}

impl Detector {
    /// How many failures in a row the circuit breaker needs.
    ///
    /// ```
    /// use seatrial_sim::deploy::{Bound, Detector, Round};
    ///
    /// // ECS until 2023: 50 %, at least 10 and at most 200 (its guide's examples: 1, 25 and 400 tasks).
    /// let share = Bound::percent(50, Round::Up);
    /// let breaker = Detector::InARow { share, least: 10, most: 200 };
    /// assert_eq!([1, 25, 400].map(|desired| breaker.threshold(desired)), [Some(10), Some(13), Some(200)]);
    /// ```
    pub fn threshold(&self, desired: u32) -> Option<u32> {
        match *self {
            Self::InARow { share, least, most } => Some(share.of(desired).clamp(least, most)),
            _ => None,
        }
    }
}
