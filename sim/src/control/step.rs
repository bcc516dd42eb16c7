//! What a service's scheduler is at: the step that is carried out, what its mover sees, and what that asks for.

use crate::cluster::Cluster;
use crate::control::rollout::Mode;
use crate::control::scheduler::{Scheduler, Then};
use crate::deploy::{Mover, Plan, Side, Size, SlotOp, Slots, Step, View};
use crate::model::Service;

impl Scheduler<'_> {
    /// The step that is carried out, or what keeps the service as it is.
    pub(super) fn step(&self) -> &Step {
        const RETAINING: &Step = &Step::beside(Size::ALL);
        match &self.rollout {
            Some(rollout) => rollout.step(),
            None if self.retained_until.is_some() => RETAINING,
            None if self.moving => self.moving_step(),
            None => &self.steady,
        }
    }

    /// What moves tasks from hosts that drain: the last step of the service's rollout, within its bounds.
    pub(super) fn moving_step(&self) -> &Step {
        self.service.rollout.program.last().expect("a program has steps")
    }

    pub(super) fn slots(&self) -> Option<Slots> {
        match self.step().mover {
            Mover::Slots(slots) => Some(slots),
            Mover::Pool(_) => None,
        }
    }

    pub(super) fn slot_op(&self) -> Option<SlotOp> {
        self.slots().map(|slots| slots.op)
    }

    pub(super) fn view(&self, cluster: &Cluster) -> View {
        let tasks = &cluster.services[self.id.index()];
        let new = &tasks.versions[usize::from(self.target)];
        let (wanted, available) = (tasks.wanted(), tasks.available());
        let failed = self.book.failed.len() as u32;
        let lost = self.trouble.lost();
        // In a pool those that are on hosts that drain are as good as old.
        let (leaving, ready) = if self.slots().is_some() { (0, 0) } else { (new.leaving, new.leaving_available) };
        let (here, ready) = (new.wanted - leaving, new.available - ready);
        let mut view = View {
            desired: self.desired,
            new: Side { target: 0, wanted: here, available: ready },
            old: Side { target: 0, wanted: wanted - here, available: available - ready },
            rested: new.rested.min(ready),
            failed,
            repairs: failed.saturating_sub(self.trouble.owed),
            lost,
            unhealthy: self.trouble.late.len() as u32 + failed,
            terminating: tasks.alive - wanted,
            overdue: self.book.overdue.len() as u32,
            aside: 0,
        };
        self.step().aim(&mut view);
        view
    }

    pub(super) fn plan(&self, cluster: &Cluster) -> Plan {
        match &self.rollout {
            Some(rollout) if rollout.mode == Mode::Frozen => {
                // The tasks of a paused rollout that die are still replaced.
                let paused = self.fates.last().is_some_and(|fate| fate.then == Then::Paused);
                let start = if paused && self.slots().is_some() { self.trouble.owed } else { 0 };
                Plan { start, ..Plan::default() }
            }
            _ => {
                let view = self.view(cluster);
                let plan = self.step().mover.plan(&view);
                if self.unwell.is_empty() { plan } else { self.keep_unwell(plan, &view, cluster) }
            }
        }
    }
}

/// What keeps a service as its rollout's last step leaves it.
pub(super) fn steady(service: &Service) -> Step {
    let last = service.rollout.program.last().expect("a program has steps");
    let mover = if let Mover::Pool(_) = last.mover { Step::FREE } else { last.mover };
    match (last.new, last.old) {
        (Size::Keep, _) | (_, Size::Keep) => Step::all(mover),
        (new, old) => Step::new(new, old, mover),
    }
}
