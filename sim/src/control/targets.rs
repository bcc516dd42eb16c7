//! The targets that requests are sent to: how a task becomes one, warms up, drains and goes, and what is cut then.

use crate::cluster::{Cluster, TaskState};
use crate::control::balancer;
use crate::control::checks::Checks;
use crate::control::traffic::{Traffic, tell_lost};
use crate::engine::ctx::Ctx;
use crate::engine::draws::{Entity, Stream};
use crate::engine::event::{Checker, Event};
use crate::engine::fact::{FactId, ServiceId, TaskId};
use crate::engine::time::{Duration, Time};
use crate::model::{Fault, Service};
use crate::traffic::fluid::{CohortId, Condition, Kind};
use crate::traffic::{Loss, Rate, Requests, in_flight};

/// A task as requests meet it.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) service: ServiceId,
    pub(super) entity: Entity,
    pub(super) cohort: CohortId,
    pub(super) kind: Kind,
    pub(super) standing: Standing,
    /// Since when, and until when, requests that it serves are sent to it.
    pub(super) opened: Option<Time>,
    pub(super) closed: Option<Time>,
    /// When nobody sends it requests any more, if that is known. An event for another time is stale.
    pub(super) leaves_at: Option<Time>,
    /// Since when it has been getting warm, if it has been in service, and whether its share grew with that.
    pub(super) warms_since: Option<Time>,
    pub(super) starts_slowly: bool,
    /// When it is next a step warmer. An event for another time is stale.
    pub(super) warmer_at: Option<Time>,
    /// Its container runs.
    pub(super) runs: bool,
    /// What is known of its requests when its draining, or its stop, ends.
    pub(super) ending: Ending,
    /// By [`Checker`], the checks of an ailing target.
    pub(super) checks: [Option<Checks>; 2],
    /// How often its checks have begun.
    pub(super) ailments: u64,
}

/// What the balancer, or whoever sends requests, thinks of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Known and not healthy.
    Registered,
    Healthy,
    /// On its way out, and requests are still sent to it.
    Leaving,
    /// No request is sent to it any more.
    Out,
}

/// What is known of the requests at a target when it is let go of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Nothing: as many are under way as are to be expected.
    Timer,
    /// None is under way any more.
    Empty,
    /// One is at least.
    NotEmpty,
}

/// A warm-up is a ramp of so many steps, each with the mean of its part.
const RAMP_STEPS: u64 = 10;

impl Traffic<'_> {
    /// A task's container runs.
    pub(super) fn begin(&mut self, id: TaskId, cluster: &Cluster, ctx: &Ctx) {
        let task = &cluster.tasks[id.index()];
        let (service, version) = (task.name.service, task.name.version);
        let fault = cluster.services[service.index()].versions[usize::from(version)].fault;
        let condition = match fault {
            Some(Fault::Errors { .. } | Fault::NeverHealthy) => Condition::Erring,
            _ => Condition::Serving,
        };
        let entity = task.entity;
        let before = self.targets.remove(&id);
        let users = self.users(service);
        users.advance(ctx.now);
        if let Some(gone) = before {
            // Its container was started again before the last one to send it requests had noticed.
            users.open -= u32::from(gone.kind.open);
            users.fluid.leave(gone.cohort);
        }
        users.running += 1;
        let capacity = users.service.load.as_ref().map_or(Rate::ZERO, |load| load.capacity_per_task);
        let kind = Kind { version, condition, capacity, weight: 1_000, open: false };
        let cohort = users.fluid.join(kind);
        let (standing, checks) = (Standing::Out, [None; 2]);
        self.targets.insert(
            id,
            Target {
                service,
                entity,
                cohort,
                kind,
                standing,
                opened: None,
                closed: None,
                leaves_at: None,
                warms_since: None,
                starts_slowly: false,
                warmer_at: None,
                runs: true,
                ending: Ending::Timer,
                checks,
                ailments: 0,
            },
        );
    }

    /// A task's first request is to come: it begins cold, and with a small share, where the service and its balancer say so.
    pub(super) fn warm_up(&mut self, id: TaskId, is_warm: bool, ctx: &mut Ctx) {
        let Some(target) = self.targets.get_mut(&id) else { return };
        if target.warms_since.is_some() {
            // It has been in service before.
            return;
        }
        target.warms_since = Some(ctx.now);
        let service = target.service;
        let users = self.users(service);
        if users.healthy == 0 {
            users.was_empty = Some(ctx.now);
        }
        let first = users.was_empty == Some(ctx.now);
        let target = self.targets.get_mut(&id).expect("it is there");
        // The first targets of an empty group skip the slow start (ALB).
        target.starts_slowly = !first;
        if !is_warm {
            target.warmer_at = Some(ctx.now);
            self.warms(id, ctx);
        }
    }

    /// A warming task is a step warmer, and gets a larger share.
    pub fn warms(&mut self, id: TaskId, ctx: &mut Ctx) {
        let Some(target) = self.targets.get(&id).filter(|target| target.warmer_at == Some(ctx.now)) else { return };
        let Some(since) = target.warms_since else { return };
        let (service, mut kind, slowly) = (target.service, target.kind, target.starts_slowly);
        let users = self.users(service);
        let elapsed = ctx.now.since(since);
        let mut next = None;
        if let Some(load) = &users.service.load {
            let ramp = Ramp::at(elapsed, load.warm_up.span);
            kind.capacity = load.capacity_per_task.share(ramp.millionths_from(load.warm_up.from_permille), 1_000_000);
            next = ramp.next;
        }
        if let Some(balancer) = users.service.load_balancer.as_ref().filter(|_| slowly) {
            let span = balancer.slow_start;
            let ramp = Ramp::at(elapsed, span);
            kind.weight = (ramp.millionths_from(0) / 1_000) as u16;
            next = next.into_iter().chain(ramp.next).min();
        }
        let next = next.map(|next| since + next);
        if let Some(at) = next {
            ctx.schedule(at, Event::Warms(id), ctx.cause);
        }
        self.targets.get_mut(&id).expect("it is there").warmer_at = next;
        self.turn(id, kind, ctx);
    }

    /// A target becomes one of another kind.
    pub(super) fn turn(&mut self, id: TaskId, kind: Kind, ctx: &Ctx) {
        let Some(target) = self.targets.get_mut(&id) else { return };
        if target.kind == kind {
            return;
        }
        let users = self.services[target.service.index()].as_mut().expect("a target is of a watched service");
        users.advance(ctx.now);
        target.cohort = users.fluid.turn(target.cohort, kind);
        target.kind = kind;
        self.dirty.insert(target.service);
    }

    pub(super) fn set_standing(&mut self, id: TaskId, standing: Standing, ctx: &Ctx) {
        let Some(target) = self.targets.get_mut(&id) else { return };
        let users = self.services[target.service.index()].as_mut().expect("a target is of a watched service");
        users.advance(ctx.now);
        users.healthy += u32::from(standing == Standing::Healthy);
        users.healthy -= u32::from(target.standing == Standing::Healthy);
        target.standing = standing;
        let open = match standing {
            Standing::Healthy | Standing::Leaving => true,
            Standing::Registered => users.fails_open,
            Standing::Out => false,
        };
        let kind = Kind { open, ..target.kind };
        match (target.kind.open, open) {
            (false, true) => {
                users.open += 1;
                (target.opened, target.closed) = (Some(ctx.now), None);
            }
            (true, false) => {
                users.open -= 1;
                target.closed = target.closed.or(Some(ctx.now));
            }
            _ => {}
        }
        self.turn(id, kind, ctx);
    }

    /// A task is deregistered: its balancer sends it nothing new, at once or in a while, and waits for what is under way.
    pub(super) fn drain(&mut self, id: TaskId, deregistered: FactId, ctx: &mut Ctx) {
        let draws = self.draws;
        let Some(target) = self.targets.get(&id) else { return };
        let (service, entity) = (target.service, target.entity);
        let Some(users) = &self.services[service.index()] else { return };
        let balancer = users.service.load_balancer.as_ref().expect("only registered tasks drain");
        let lag = draws.span(&balancer.deregistration_lag, Stream::RotationEnd, entity);
        let lag = if target.kind.open { lag } else { Duration::ZERO };
        self.leaves(id, lag, ctx);
        let (drained, ending) = self.until_drained(id, ctx.now);
        let target = self.targets.get_mut(&id).expect("it is there");
        target.ending = ending;
        ctx.schedule(ctx.now + drained, Event::TargetGone(id), deregistered);
    }

    /// From a target's deregistration to the end of draining.
    pub(super) fn until_drained(&self, id: TaskId, now: Time) -> (Duration, Ending) {
        let target = &self.targets[&id];
        let users = self.services[target.service.index()].as_ref().expect("a target is of a watched service");
        let balancer = users.service.load_balancer.as_ref().expect("only registered tasks drain");
        match (&balancer.in_flight, &users.service.load) {
            (Some(_), Some(load)) => users.until_idle(target, load, balancer.deregistration_delay, self.draws, now),
            _ => (balancer::until_drained(balancer, self.draws, target.entity), Ending::Timer),
        }
    }

    /// The load balancer has let go of a target: what is still under way there is cut. Whether it was there.
    pub fn target_gone(&mut self, id: TaskId, ctx: &mut Ctx) -> bool {
        let is_there = self.targets.contains_key(&id);
        if is_there {
            self.cut(id, Loss::Cut, ctx);
            self.set_standing(id, Standing::Out, ctx);
        }
        is_there
    }

    /// A task is told to stop, or has ended by itself: whoever sends requests learns of it in a while.
    pub(super) fn stops(&mut self, id: TaskId, ctx: &mut Ctx) {
        let Some(target) = self.targets.get(&id) else { return };
        match target.standing {
            Standing::Healthy => {
                let lag = self.draws.span(&self.model.control.rotation_end, Stream::RotationEnd, target.entity);
                self.leaves(id, lag, ctx);
            }
            Standing::Registered => self.set_standing(id, Standing::Out, ctx),
            Standing::Leaving | Standing::Out => {}
        }
    }

    /// Nobody sends requests to a target any more in so long.
    fn leaves(&mut self, id: TaskId, lag: Duration, ctx: &mut Ctx) {
        if lag.is_zero() {
            self.set_standing(id, Standing::Out, ctx);
        } else {
            self.set_standing(id, Standing::Leaving, ctx);
            let at = ctx.now + lag;
            self.targets.get_mut(&id).expect("the caller has found it").leaves_at = Some(at);
            ctx.schedule(at, Event::RotationEnds(id), ctx.cause);
        }
    }

    /// Nobody sends requests to a target any more. One whose task is gone is forgotten.
    pub fn rotation_ends(&mut self, id: TaskId, cluster: &Cluster, ctx: &Ctx) {
        let Some(target) = self.targets.get(&id) else { return };
        if target.standing == Standing::Leaving && target.leaves_at == Some(ctx.now) {
            self.set_standing(id, Standing::Out, ctx);
            if cluster.tasks[id.index()].state == TaskState::Stopped {
                self.forget_if_out(id, ctx);
            }
        }
    }

    /// A task gets SIGTERM: it takes nothing new.
    pub fn sigterm(&mut self, id: TaskId, ctx: &mut Ctx) {
        self.finish(id, ctx);
        let Some(target) = self.targets.get_mut(&id) else { return };
        if matches!(target.kind.condition, Condition::Serving | Condition::Erring) {
            target.closed = target.closed.or(Some(ctx.now));
            let kind = Kind { condition: Condition::Closing, ..target.kind };
            self.turn(id, kind, ctx);
        }
    }

    /// A task that finishes its requests before it exits does so when the last of them has ended, if its stop timeout lets it.
    pub(super) fn finish(&mut self, id: TaskId, ctx: &mut Ctx) {
        let draws = self.draws;
        let Some(target) = self.targets.get_mut(&id) else { return };
        let users = self.services[target.service.index()].as_mut().expect("a target is of a watched service");
        users.advance(ctx.now);
        let Service { load: Some(load), exit, stop_timeout, .. } = users.service else { return };
        let answers = !matches!(target.kind.condition, Condition::Hung | Condition::Gone);
        if !load.graceful_shutdown || !answers {
            return;
        }
        let (idle, ending) = users.until_idle(target, load, *stop_timeout, draws, ctx.now);
        target.ending = ending;
        let exits = draws.span(exit, Stream::Exit, target.entity).max(idle);
        if exits < *stop_timeout {
            ctx.schedule(ctx.now + exits, Event::Exited(id), ctx.cause);
        }
    }

    /// A task's container has ended, by itself or because it was told to.
    pub(super) fn container_ended(&mut self, id: TaskId, condition: Condition, ctx: &mut Ctx) {
        let Some(target) = self.targets.get_mut(&id).filter(|target| target.runs) else { return };
        target.runs = false;
        target.checks[Checker::Own as usize] = None;
        let service = target.service;
        let ailing = target.standing != Standing::Out;
        let kind = Kind { condition, ..target.kind };
        let users = self.users(service);
        users.advance(ctx.now);
        users.running -= 1;
        self.cut(id, Loss::Cut, ctx);
        self.turn(id, kind, ctx);
        if ailing {
            self.ail(id, Checker::Balancer, ctx);
        }
    }

    /// A task hangs: it takes requests and answers none.
    pub fn hang(&mut self, id: TaskId, ctx: &mut Ctx) {
        let Some(target) = self.targets.get(&id).filter(|target| target.runs) else { return };
        let kind = Kind { condition: Condition::Hung, ..target.kind };
        self.cut(id, Loss::Hung, ctx);
        self.turn(id, kind, ctx);
        for by in Checker::ALL {
            self.ail(id, by, ctx);
        }
    }

    /// What is under way and waits at a target is lost.
    pub(super) fn cut(&mut self, id: TaskId, loss: Loss, ctx: &mut Ctx) {
        let target = self.targets.get_mut(&id).expect("the caller has found it");
        let users = self.services[target.service.index()].as_mut().expect("a target is of a watched service");
        users.advance(ctx.now);
        let (mut gone, mut under_way) = (Requests::ZERO, Requests::ZERO);
        if let Some(load) = &users.service.load {
            let pieces = users.pieces(target, ctx.now);
            let serves = matches!(target.kind.condition, Condition::Serving | Condition::Closing);
            if serves {
                under_way = target.ending.left_of(in_flight(&pieces, &load.request_time, ctx.now));
            }
            users.fluid.cut(under_way, loss);
            let waited = users.fluid.drop_waiting(&mut target.cohort, loss);
            gone = under_way + waited;
        }
        // What it had is gone and counts no more.
        (target.opened, target.closed) = (None, Some(ctx.now));
        let service = target.service;
        self.dirty.insert(service);
        tell_lost(service, loss, gone, under_way, ctx);
    }

    pub(super) fn forget_if_out(&mut self, id: TaskId, ctx: &Ctx) {
        if self.targets.get(&id).is_some_and(|target| target.standing == Standing::Out) {
            let target = self.targets.remove(&id).expect("it is there");
            let users = self.users(target.service);
            users.advance(ctx.now);
            users.fluid.leave(target.cohort);
            self.dirty.insert(target.service);
        }
    }
}

impl Ending {
    /// What is left where so many are to be expected: of a number that is Poisson, the mean of those that are not zero is m / (1 -
    /// exp(-m)).
    fn left_of(self, expected: Requests) -> Requests {
        match self {
            Self::Timer => expected,
            Self::Empty => Requests::ZERO,
            Self::NotEmpty => {
                let mean = expected.as_f64();
                if mean > 0.0 { Requests::from_f64(mean / -libm::expm1(-mean)) } else { expected }
            }
        }
    }
}

/// Where a ramp is.
struct Ramp {
    /// The mean of the step that it is in, in millionths of the whole.
    millionths: u64,
    /// When the next step begins, from the ramp's begin.
    next: Option<Duration>,
}

impl Ramp {
    fn at(elapsed: Duration, span: Duration) -> Self {
        if elapsed >= span {
            return Self { millionths: 1_000_000, next: None };
        }
        let span = span.as_millis();
        let step = (elapsed.as_millis() * RAMP_STEPS + RAMP_STEPS - 1) / span;
        let begins = |step: u64| (step * span).div_ceil(RAMP_STEPS);
        let step = (0..=step).rev().find(|step| begins(*step) <= elapsed.as_millis()).unwrap_or(0);
        let millionths = (2 * step + 1) * 1_000_000 / (2 * RAMP_STEPS);
        Self { millionths, next: Some(Duration::from_millis(begins(step + 1).min(span))) }
    }

    /// A share that begins at `from` tenths of a percent and ends at the whole, in millionths.
    fn millionths_from(&self, from: u32) -> u64 {
        let from = u64::from(from) * 1_000;
        from + (1_000_000 - from) * self.millionths / 1_000_000
    }
}
