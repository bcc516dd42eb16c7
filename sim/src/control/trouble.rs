//! What goes wrong in a service: failures counted for its failure policy, and how long replacements wait.

use std::collections::BTreeSet;

use crate::deploy::{Act, Detector, FailurePolicy};
use crate::engine::fact::{FactId, TaskId, Why};
use crate::engine::time::{Duration, Time};
use crate::model::Restart;

/// What has gone wrong with the version that is rolled out.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    /// Tasks that failed since one last passed its gate.
    in_a_row: u32,
    /// A task has run.
    pub one_ran: bool,
    /// Slots whose task died before it passed its gate or soon after; of a pool, tasks. Whoever takes a dead task's place counts no
    /// more (SWARMKIT `updater.go`).
    died: BTreeSet<u32>,
    /// Tasks to replace when the rollout began.
    to_replace: u32,
    /// Tasks that are late for their gate.
    pub late: BTreeSet<TaskId>,
    /// What was found and has not been acted on.
    pub found: Option<Found>,
    /// Failures in a row that made replacements wait.
    waits: u32,
    /// Until when replacements wait.
    pub not_before: Option<Time>,
    /// Failed tasks that nobody has replaced yet.
    pub owed: u32,
}

/// How a task failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It ended before it ran.
    NeverRan,
    /// It ran and ended by itself.
    Ended,
    /// A health check found it unwell.
    Unwell,
}

/// What a detector found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub why: Why,
    pub act: Act,
    pub because: FactId,
}

impl Trouble {
    /// Nothing is wrong with a version that is to replace so many tasks.
    pub fn none(to_replace: u32) -> Self {
        Self { to_replace, ..Self::default() }
    }

    /// The task of a slot failed; `well_for` is how long ago it passed its gate, if it did.
    pub fn failed(
        &mut self,
        policy: &FailurePolicy,
        desired: u32,
        slot: u32,
        how: Failure,
        well_for: Option<Duration>,
        fact: FactId,
    ) {
        let counts = match how {
            Failure::NeverRan => !self.one_ran,
            Failure::Ended => false,
            Failure::Unwell => true,
        };
        self.in_a_row += u32::from(counts);
        for &(detector, act) in &policy.0 {
            match detector {
                Detector::TasksDie { within, most_permille } if well_for.is_none_or(|span| span <= within) => {
                    self.died.insert(slot);
                    if self.died.len() as u64 * 1_000 > u64::from(most_permille) * u64::from(self.to_replace) {
                        self.find(Why::TasksDied, act, fact);
                    }
                }
                Detector::InARow { .. }
                    if counts && detector.threshold(desired).is_some_and(|most| self.in_a_row >= most) =>
                {
                    self.find(Why::FailuresInARow, act, fact);
                }
                _ => {}
            }
        }
    }

    /// A failed task is to be replaced: until when that waits.
    pub fn back_off(&mut self, restart: &Restart, ran_for: Option<Duration>, now: Time) {
        self.owed += 1;
        let Some(backoff) = restart.replace else {
            self.not_before = Some(Time::NEVER);
            return;
        };
        if ran_for.is_some() && restart.backs_off_unless_ran {
            return;
        }
        let anew = backoff.reset_after.zip(ran_for).is_some_and(|(reset, ran_for)| ran_for >= reset);
        self.waits = if anew { 1 } else { self.waits + 1 };
        let until = now + backoff.delay(self.waits);
        self.not_before = self.not_before.max(Some(until));
    }

    /// A task that did not fail is to be replaced all the same: its host went.
    pub fn owe(&mut self) {
        self.owed += 1;
    }

    /// A task passed its gate.
    pub fn passed(&mut self, id: TaskId) {
        self.in_a_row = 0;
        self.late.remove(&id);
    }

    /// Something was found that the failure policy looks for.
    pub fn find(&mut self, why: Why, act: Act, because: FactId) {
        let found = Found { why, act, because };
        // What only reports gives way to what does something.
        if self.found.is_none_or(|before| before.act == Act::Report) {
            self.found = Some(found);
        }
    }

    /// Failed tasks that nobody ever replaces.
    pub fn lost(&self) -> u32 {
        if self.not_before == Some(Time::NEVER) { self.owed } else { 0 }
    }

    /// Whether replacements wait.
    pub fn waits(&self, now: Time) -> bool {
        self.not_before.is_some_and(|until| now < until)
    }
}
