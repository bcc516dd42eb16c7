//! Health checks of targets that ail: by their load balancers, and by their runtimes or orchestrators.
//!
//! A check that passes changes nothing, so only those of ailing targets are simulated.

use crate::control::targets::{Standing, Target};
use crate::control::traffic::Traffic;
use crate::engine::ctx::Ctx;
use crate::engine::draws::Stream;
use crate::engine::event::{Checker, Event};
use crate::engine::fact::{Fact, ServiceId, TaskId};
use crate::engine::time::{Duration, Time};
use crate::model::{LoadBalancer, Probe, Service};
use crate::traffic::fluid::{CohortId, Condition};

/// The checks of an ailing target.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checks {
    /// What the checker thinks.
    pub(super) well: bool,
    pub(super) failures: u32,
    pub(super) passes: u32,
    /// Whether the one that is under way fails.
    pub(super) fails: bool,
    /// When the next one begins, or this one is answered. An event for another time is of a task that was restarted since.
    pub(super) due: Time,
}

/// What a checker has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub task: TaskId,
    pub by: Checker,
    pub well: bool,
}

impl Traffic<'_> {
    /// Requests wait so long at the tasks of a cohort that checks fail.
    pub(super) fn over_limit(&mut self, id: ServiceId, cohort: CohortId, ctx: &mut Ctx) {
        let fluid = &self.services[id.index()].as_ref().expect("only watched services have traffic").fluid;
        let wait = fluid.wait(cohort);
        let at = |target: &Target| target.service == id && fluid.is_same(target.cohort, cohort);
        let there: Vec<_> = self.targets.iter().filter(|(_, target)| at(target)).map(|(id, _)| *id).collect();
        for by in Checker::ALL {
            if self.probe(id, by).is_some_and(|probe| probe.timeout <= wait) {
                for &task in &there {
                    self.ail(task, by, ctx);
                }
            }
        }
    }

    /// The checks of a target may fail from now on: they are simulated one by one.
    pub(super) fn ail(&mut self, id: TaskId, by: Checker, ctx: &mut Ctx) {
        let draws = self.draws;
        let Some(target) = self.targets.get(&id) else { return };
        let Some(probe) = self.probe(target.service, by) else { return };
        let target = self.targets.get_mut(&id).expect("it is there");
        let checks = &mut target.checks[by as usize];
        if checks.is_none() {
            let well = target.standing != Standing::Registered;
            let entity = target.entity.child(by as u64).child(target.ailments);
            target.ailments += 1;
            let phase = draws.bits(Stream::CheckPhase, entity) % (probe.interval.as_millis() + 1);
            let due = ctx.now + Duration::from_millis(phase);
            *checks = Some(Checks { well, failures: 0, passes: 0, fails: false, due });
            ctx.schedule(due, Event::CheckSent(id, by), ctx.cause);
        }
    }

    /// A check of an ailing target begins.
    pub fn check_sent(&mut self, id: TaskId, by: Checker, ctx: &mut Ctx) {
        let Some(target) = self.targets.get(&id).filter(|target| target.is_due(by, ctx.now)) else { return };
        let (service, cohort, condition) = (target.service, target.cohort, target.kind.condition);
        let is_checked = match by {
            Checker::Balancer => target.standing != Standing::Out,
            Checker::Own => target.runs,
        };
        let probe = self.probe(service, by).expect("only tasks with a check are checked");
        let users = self.users(service);
        users.advance(ctx.now);
        let wait = users.fluid.wait(cohort);
        let (fails, after) = match condition {
            Condition::Hung => (true, probe.timeout),
            Condition::Gone => (true, Duration::ZERO),
            _ => (wait >= probe.timeout, wait.min(probe.timeout)),
        };
        let target = self.targets.get_mut(&id).expect("it is there");
        if !is_checked {
            target.checks[by as usize] = None;
        } else if let Some(checks) = &mut target.checks[by as usize] {
            (checks.fails, checks.due) = (fails, ctx.now + after);
            ctx.schedule(checks.due, Event::CheckAnswered(id, by), ctx.cause);
        }
    }

    /// A check of an ailing target has been answered, or not in time; what is made of it, if that is something new. The next
    /// one comes an interval later.
    pub fn check_answered(&mut self, id: TaskId, by: Checker, ctx: &mut Ctx) -> Option<Verdict> {
        let target = self.targets.get(&id).filter(|target| target.is_due(by, ctx.now))?;
        let (service, leaves) = (target.service, target.standing == Standing::Leaving);
        let probe = self.probe(service, by)?;
        let target = self.targets.get_mut(&id)?;
        let checks = target.checks[by as usize].as_mut()?;
        if checks.fails {
            (checks.failures, checks.passes) = (checks.failures + 1, 0);
        } else {
            (checks.failures, checks.passes) = (0, checks.passes + 1);
        }
        let was_well = checks.well;
        checks.well = if was_well { checks.failures < probe.unhealthy } else { checks.passes >= probe.healthy };
        let well = checks.well;
        if well && !checks.fails {
            target.checks[by as usize] = None;
        } else {
            checks.due = ctx.now + probe.interval;
            ctx.schedule(checks.due, Event::CheckSent(id, by), ctx.cause);
        }
        if well == was_well {
            return None;
        }
        if by == Checker::Balancer && !well {
            ctx.cause = ctx.tell(Fact::TargetUnhealthy { task: id, service });
            if leaves {
                self.set_standing(id, Standing::Out, ctx);
            }
        }
        Some(Verdict { task: id, by, well })
    }

    /// What made a target healthy makes its checkers think so, too.
    pub(super) fn believe(&mut self, id: TaskId) {
        if let Some(target) = self.targets.get_mut(&id) {
            for checks in target.checks.iter_mut().flatten().filter(|checks| !checks.well) {
                (checks.well, checks.failures, checks.passes) = (true, 0, 0);
            }
        }
    }

    /// Where a new target gets requests because no other is healthy, it may be too busy for the check that it is to pass: when it
    /// has its next chance.
    pub fn fails_first_check(&mut self, id: TaskId, ctx: &Ctx) -> Option<Duration> {
        let target = self.targets.get(&id).filter(|target| target.standing == Standing::Registered)?;
        let (service, cohort, hangs) = (target.service, target.cohort, target.kind.condition == Condition::Hung);
        let probe = self.probe(service, Checker::Balancer)?;
        let users = self.users(service);
        users.advance(ctx.now);
        (hangs || users.fluid.wait(cohort) >= probe.timeout).then(|| probe.timeout + probe.interval)
    }

    /// How a service's tasks are checked.
    fn probe(&self, service: ServiceId, by: Checker) -> Option<Probe> {
        probe(&self.model.services[service.index()], by)
    }
}

impl Target {
    fn is_due(&self, by: Checker, now: Time) -> bool {
        self.checks[by as usize].is_some_and(|checks| checks.due == now)
    }
}

/// How a service's tasks are checked.
pub(super) fn probe(service: &Service, by: Checker) -> Option<Probe> {
    match by {
        Checker::Balancer => service.load_balancer.as_ref().map(LoadBalancer::probe),
        Checker::Own => service.health_check.as_ref().and_then(|check| check.probe),
    }
}
