//! What users' requests meet: which tasks they are sent to, who of them answers, and how load balancers and health checks
//! find out.
//!
//! A check that passes changes nothing, so only those of ailing targets are simulated.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::{Change, Cluster, TaskState};
use crate::control::balancer;
use crate::engine::ctx::Ctx;
use crate::engine::draws::{Draws, Entity, Stream};
use crate::engine::event::{Checker, Event};
use crate::engine::fact::{Fact, ServiceId, TaskId};
use crate::engine::time::{Duration, Time};
use crate::model::{Fault, Load, LoadBalancer, Model, Probe, Service};
use crate::traffic::fluid::{CohortId, Condition, Flows, Fluid, Kind};
use crate::traffic::{Loss, Piece, Rate, Requests, in_flight, last_ends, longest};

/// Requests on their way, and the targets that they are sent to. Only services with a load or with faults are watched.
#[derive(Debug)]
pub(crate) struct Traffic<'m> {
    model: &'m Model,
    draws: Draws,
    services: Vec<Option<Users<'m>>>,
    targets: BTreeMap<TaskId, Target>,
    /// Services whose flows are to be worked out anew.
    dirty: BTreeSet<ServiceId>,
}

/// The users of one service.
#[derive(Debug)]
struct Users<'m> {
    service: &'m Service,
    entity: Entity,
    fluid: Fluid,
    flows: Flows,
    spread: Vec<(Rate, Rate)>,
    /// What a full member has got and served from which time on, and the version that the split was about then.
    history: Vec<(Time, Option<u16>, [Rate; 2])>,
    /// What began longer ago is not under way any more.
    memory: Duration,
    /// When the flows change by themselves. An event for another time is stale.
    next: Option<Time>,
    /// Requests go to every registered target, because none is healthy.
    fails_open: bool,
    /// Targets that their balancer, or whoever sends requests, takes for healthy.
    healthy: u32,
    /// The last time that the first of them came.
    was_empty: Option<Time>,
    running: u32,
    /// Task-milliseconds of running.
    ran_ms: u128,
    /// Targets to which requests are sent.
    open: u32,
    /// Target-milliseconds of being sent requests.
    open_ms: u128,
    since: Time,
}

/// A task as requests meet it.
#[derive(Debug)]
struct Target {
    service: ServiceId,
    entity: Entity,
    cohort: CohortId,
    kind: Kind,
    standing: Standing,
    /// Since when, and until when, requests that it serves are sent to it.
    opened: Option<Time>,
    closed: Option<Time>,
    /// Since when it has been getting warm, if it has been in service, and whether its share grew with that.
    warms_since: Option<Time>,
    starts_slowly: bool,
    /// Its container runs.
    runs: bool,
    /// Its draining, or its stop, ends when nothing is under way any more.
    ending: Ending,
    /// By [`Checker`], the checks of an ailing target.
    checks: [Option<Checks>; 2],
    /// How often its checks have begun.
    ailments: u64,
}

/// What the balancer, or whoever sends requests, thinks of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
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
enum Ending {
    /// Nothing: as many are under way as are to be expected.
    Timer,
    /// None is under way any more.
    Empty,
    /// One is at least.
    NotEmpty,
}

/// The checks of an ailing target.
#[derive(Clone, Copy, Debug)]
struct Checks {
    /// What the checker thinks.
    well: bool,
    failures: u32,
    passes: u32,
    /// Whether the one that is under way fails.
    fails: bool,
}

/// What a checker has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub task: TaskId,
    pub by: Checker,
    pub well: bool,
}

/// What has been since the start, for those who take means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    pub at: Time,
    pub offered: Requests,
    /// Worked on, with errors too.
    pub worked: Requests,
    /// Task-milliseconds of running, and of being sent requests.
    pub ran_ms: u128,
    pub open_ms: u128,
}

/// A warm-up is a ramp of so many steps, each with the mean of its part.
const RAMP_STEPS: u64 = 10;

impl<'m> Traffic<'m> {
    pub fn new(model: &'m Model, draws: Draws) -> Self {
        let users = model.services.iter().zip((0..).map(ServiceId));
        let users = users.map(|(service, id)| model.is_watched(id).then(|| Users::new(service)));
        Self { model, draws, services: users.collect(), targets: BTreeMap::new(), dirty: BTreeSet::new() }
    }

    /// The first requests.
    pub fn open(&mut self, cluster: &mut Cluster, ctx: &mut Ctx) {
        for id in (0..self.services.len()).map(|i| ServiceId(i as u32)) {
            if let Some(users) = &self.services[id.index()]
                && users.service.load.is_some()
            {
                self.load_steps(id, 0, ctx);
            }
        }
        self.react(cluster, ctx);
    }

    /// The next step of a service's load begins.
    pub fn load_steps(&mut self, id: ServiceId, step: u32, ctx: &mut Ctx) {
        let draws = self.draws;
        let users = self.users(id);
        let load = users.service.load.as_ref().expect("only services with a load have steps of it");
        users.fluid.advance(ctx.now);
        users.fluid.offer(load.arrivals.rate(step as usize, draws, users.entity));
        if let Some((at, _)) = load.arrivals.steps().get(step as usize + 1) {
            ctx.schedule(*at, Event::LoadSteps { service: id, step: step + 1 }, ctx.cause);
        }
        self.dirty.insert(id);
    }

    /// The flows of a service change by themselves.
    pub fn flows_change(&mut self, id: ServiceId, ctx: &Ctx) {
        let users = self.users(id);
        if users.next == Some(ctx.now) {
            users.next = None;
            self.dirty.insert(id);
        }
    }

    /// The share of a version changes.
    pub fn split(&mut self, id: ServiceId, split: Option<(u16, u16)>, ctx: &Ctx) {
        if let Some(users) = &mut self.services[id.index()]
            && users.fluid.split() != split
        {
            users.advance(ctx.now);
            users.fluid.set_split(split);
            self.dirty.insert(id);
        }
    }

    /// Takes note of what has happened to tasks in this instant, and works out what flows from now on.
    pub fn react(&mut self, cluster: &mut Cluster, ctx: &mut Ctx) {
        for change in std::mem::take(&mut cluster.changes) {
            match change {
                Change::Moved { task, from, to } => self.task_moved(task, from, to, cluster, ctx),
                Change::Closing(task) => self.sigterm(task, ctx),
                Change::Ended(task) => self.container_ended(task, Condition::Gone, ctx),
            }
        }
        while let Some(id) = self.dirty.pop_first() {
            self.flow(id, ctx);
        }
    }

    fn task_moved(&mut self, id: TaskId, from: Option<TaskState>, to: TaskState, cluster: &Cluster, ctx: &mut Ctx) {
        let service = cluster.tasks[id.index()].name.service;
        match to {
            TaskState::Running | TaskState::Registering if from == Some(TaskState::InService) => {
                self.set_standing(id, Standing::Registered, ctx);
            }
            TaskState::Running => self.begin(id, cluster, ctx),
            TaskState::Registering => self.set_standing(id, Standing::Registered, ctx),
            TaskState::InService => {
                if from.is_none() {
                    self.begin(id, cluster, ctx);
                }
                self.warm_up(id, from.is_none(), ctx);
                self.set_standing(id, Standing::Healthy, ctx);
                self.believe(id);
            }
            TaskState::Draining => self.drain(id, ctx),
            TaskState::Stopping => self.stops(id, ctx),
            TaskState::BackingOff | TaskState::Lost | TaskState::Stopped => {
                let unanswered = to == TaskState::Lost;
                self.container_ended(id, if unanswered { Condition::Hung } else { Condition::Gone }, ctx);
                self.stops(id, ctx);
                if to == TaskState::Stopped {
                    self.forget_if_out(id, ctx);
                }
            }
            _ => {}
        }
        self.dirty.insert(service);
    }

    /// What made a target healthy makes its checkers think so, too.
    fn believe(&mut self, id: TaskId) {
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

    /// A task's container runs.
    fn begin(&mut self, id: TaskId, cluster: &Cluster, ctx: &Ctx) {
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
                warms_since: None,
                starts_slowly: false,
                runs: true,
                ending: Ending::Timer,
                checks,
                ailments: 0,
            },
        );
    }

    /// A task's first request is to come: it begins cold, and with a small share, where the service and its balancer say so.
    fn warm_up(&mut self, id: TaskId, is_warm: bool, ctx: &mut Ctx) {
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
            self.warms(id, ctx);
        }
    }

    /// A warming task is a step warmer, and gets a larger share.
    pub fn warms(&mut self, id: TaskId, ctx: &mut Ctx) {
        let Some(target) = self.targets.get(&id) else { return };
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
        if let Some(next) = next {
            ctx.schedule(since + next, Event::Warms(id), ctx.cause);
        }
        self.turn(id, kind, ctx);
    }

    /// A target becomes one of another kind.
    fn turn(&mut self, id: TaskId, kind: Kind, ctx: &Ctx) {
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

    fn set_standing(&mut self, id: TaskId, standing: Standing, ctx: &Ctx) {
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
    fn drain(&mut self, id: TaskId, ctx: &mut Ctx) {
        let draws = self.draws;
        let Some(target) = self.targets.get(&id) else { return };
        let (service, entity) = (target.service, target.entity);
        let Some(users) = &self.services[service.index()] else { return };
        let balancer = users.service.load_balancer.as_ref().expect("only registered tasks drain");
        let lag = draws.span(&balancer.deregistration_lag, Stream::RotationEnd, entity);
        let was_open = target.kind.open;
        if was_open && !lag.is_zero() {
            self.set_standing(id, Standing::Leaving, ctx);
            ctx.schedule(ctx.now + lag, Event::RotationEnds(id), ctx.cause);
        } else {
            self.set_standing(id, Standing::Out, ctx);
        }
        let (drained, ending) = self.until_drained(id, ctx.now);
        let target = self.targets.get_mut(&id).expect("it is there");
        target.ending = ending;
        ctx.schedule(ctx.now + drained, Event::TargetGone(id), ctx.cause);
    }

    /// From a target's deregistration to the end of draining.
    fn until_drained(&self, id: TaskId, now: Time) -> (Duration, Ending) {
        let target = &self.targets[&id];
        let users = self.services[target.service.index()].as_ref().expect("a target is of a watched service");
        let balancer = users.service.load_balancer.as_ref().expect("only registered tasks drain");
        match (&balancer.in_flight, &users.service.load) {
            (Some(_), Some(load)) => users.until_idle(target, load, balancer.deregistration_delay, self.draws, now),
            _ => (balancer::until_drained(balancer, self.draws, target.entity), Ending::Timer),
        }
    }

    /// The load balancer has let go of a target: what is still under way there is cut. Whether it was there.
    pub fn target_gone(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        if let Some(target) = self.targets.get(&id) {
            let service = target.service;
            self.cut(id, Loss::Cut, ctx);
            self.set_standing(id, Standing::Out, ctx);
            let fact = ctx.tell(Fact::TargetGone { task: id, service });
            cluster.tasks[id.index()].last = fact;
            ctx.cause = fact;
        }
    }

    /// A task is told to stop, or has ended by itself: whoever sends requests learns of it in a while.
    fn stops(&mut self, id: TaskId, ctx: &mut Ctx) {
        let Some(target) = self.targets.get(&id) else { return };
        match target.standing {
            Standing::Healthy => {
                let lag = self.draws.span(&self.model.control.rotation_end, Stream::RotationEnd, target.entity);
                self.set_standing(id, Standing::Leaving, ctx);
                if lag.is_zero() {
                    self.rotation_ends(id, true, ctx);
                } else {
                    ctx.schedule(ctx.now + lag, Event::RotationEnds(id), ctx.cause);
                }
            }
            Standing::Registered => self.set_standing(id, Standing::Out, ctx),
            Standing::Leaving | Standing::Out => {}
        }
    }

    /// Nobody sends requests to a target any more. One whose task is gone is forgotten.
    pub fn rotation_ends(&mut self, id: TaskId, is_there: bool, ctx: &mut Ctx) {
        if self.targets.get(&id).is_some_and(|target| target.standing == Standing::Leaving) {
            self.set_standing(id, Standing::Out, ctx);
            if !is_there {
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
    fn finish(&mut self, id: TaskId, ctx: &mut Ctx) {
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
    fn container_ended(&mut self, id: TaskId, condition: Condition, ctx: &mut Ctx) {
        let Some(target) = self.targets.get_mut(&id).filter(|target| target.runs) else { return };
        target.runs = false;
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
    fn cut(&mut self, id: TaskId, loss: Loss, ctx: &mut Ctx) {
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

    fn forget_if_out(&mut self, id: TaskId, ctx: &Ctx) {
        if self.targets.get(&id).is_some_and(|target| target.standing == Standing::Out) {
            let target = self.targets.remove(&id).expect("it is there");
            let users = self.users(target.service);
            users.advance(ctx.now);
            users.fluid.leave(target.cohort);
            self.dirty.insert(target.service);
        }
    }

    /// Works out what flows from now on, and tells what has changed.
    fn flow(&mut self, id: ServiceId, ctx: &mut Ctx) {
        self.open_or_close(id, ctx);
        let users = self.users(id);
        users.advance(ctx.now);
        let before = users.flows;
        let shed_before = users.fluid.totals().lost[Loss::TimedOut as usize];
        let (flows, next, reached) = users.fluid.flow();
        let shed = users.fluid.totals().lost[Loss::TimedOut as usize] - shed_before;
        users.flows = flows;
        let spread = users.fluid.spread();
        let spread_before = std::mem::replace(&mut users.spread, spread.clone());
        users.note(ctx.now);
        if let Some(at) = next
            && users.next != Some(at)
        {
            ctx.schedule(at, Event::FlowsChange(id), ctx.cause);
        }
        users.next = next;
        tell(id, before, flows, shed, ctx);
        tell_spread(id, &spread_before, &spread, ctx);
        for cohort in reached {
            self.over_limit(id, cohort, ctx);
        }
    }

    /// Where no target is healthy a load balancer sends requests to all that are registered.
    fn open_or_close(&mut self, id: ServiceId, ctx: &Ctx) {
        let users = self.users(id);
        let fails_open = users.healthy == 0 && users.service.load_balancer.is_some();
        if fails_open != users.fails_open {
            users.fails_open = fails_open;
            let registered = |target: &&TaskId| {
                let target = &self.targets[*target];
                target.service == id && target.standing == Standing::Registered
            };
            let registered: Vec<_> = self.targets.keys().filter(registered).copied().collect();
            for task in registered {
                self.set_standing(task, Standing::Registered, ctx);
            }
            self.dirty.remove(&id);
        }
    }

    /// Requests wait so long at the tasks of a cohort that checks fail.
    fn over_limit(&mut self, id: ServiceId, cohort: CohortId, ctx: &mut Ctx) {
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
    fn ail(&mut self, id: TaskId, by: Checker, ctx: &mut Ctx) {
        let draws = self.draws;
        let Some(target) = self.targets.get(&id) else { return };
        let Some(probe) = self.probe(target.service, by) else { return };
        let target = self.targets.get_mut(&id).expect("it is there");
        let checks = &mut target.checks[by as usize];
        if checks.is_none() {
            let well = target.standing != Standing::Registered;
            *checks = Some(Checks { well, failures: 0, passes: 0, fails: false });
            let entity = target.entity.child(by as u64).child(target.ailments);
            target.ailments += 1;
            let phase = draws.bits(Stream::CheckPhase, entity) % (probe.interval.as_millis() + 1);
            ctx.schedule(ctx.now + Duration::from_millis(phase), Event::CheckSent(id, by), ctx.cause);
        }
    }

    /// A check of an ailing target begins.
    pub fn check_sent(&mut self, id: TaskId, by: Checker, ctx: &mut Ctx) {
        let Some(target) = self.targets.get(&id) else { return };
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
            checks.fails = fails;
            ctx.schedule(ctx.now + after, Event::CheckAnswered(id, by), ctx.cause);
        }
    }

    /// A check of an ailing target has been answered, or not in time; what is made of it, if that is something new. The next
    /// one comes an interval later.
    pub fn check_answered(&mut self, id: TaskId, by: Checker, ctx: &mut Ctx) -> Option<Verdict> {
        let target = self.targets.get(&id)?;
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
            ctx.schedule(ctx.now + probe.interval, Event::CheckSent(id, by), ctx.cause);
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

    /// How a service's tasks are checked.
    fn probe(&self, service: ServiceId, by: Checker) -> Option<Probe> {
        probe(&self.model.services[service.index()], by)
    }

    /// What has been since the start.
    pub fn reading(&mut self, id: ServiceId, now: Time) -> Reading {
        let users = self.users(id);
        users.advance(now);
        let totals = users.fluid.totals();
        Reading {
            at: now,
            offered: totals.offered,
            worked: totals.worked,
            ran_ms: users.ran_ms,
            open_ms: users.open_ms,
        }
    }

    fn users(&mut self, id: ServiceId) -> &mut Users<'m> {
        self.services[id.index()].as_mut().expect("only watched services have traffic")
    }
}

/// How a service's tasks are checked.
fn probe(service: &Service, by: Checker) -> Option<Probe> {
    match by {
        Checker::Balancer => service.load_balancer.as_ref().map(LoadBalancer::probe),
        Checker::Own => service.health_check.as_ref().and_then(|check| check.probe),
    }
}

/// Tells what has changed of how busy tasks are.
fn tell_spread(service: ServiceId, before: &[(Rate, Rate)], spread: &[(Rate, Rate)], ctx: &mut Ctx) {
    for kind in 0..before.len().max(spread.len()) {
        let (rate, capacity) = spread.get(kind).copied().unwrap_or_default();
        if before.get(kind).copied().unwrap_or_default() != (rate, capacity) {
            ctx.tell(Fact::SpreadChanged { service, kind: kind as u16, rate, capacity });
        }
    }
}

/// Tells that requests have failed; a fact holds some 18 thousand million of them.
fn tell_lost(service: ServiceId, loss: Loss, mut gone: Requests, mut under_way: Requests, ctx: &mut Ctx) {
    while gone > Requests::ZERO {
        let (nanos, of_them) = (gone.in_fact(), under_way.in_fact());
        ctx.tell(Fact::RequestsLost { service, loss, nanos, under_way: of_them });
        gone -= Requests::from_nanos(nanos.into());
        under_way -= Requests::from_nanos(of_them.into());
    }
}

/// Tells what has changed of the flows.
fn tell(service: ServiceId, before: Flows, flows: Flows, shed: Requests, ctx: &mut Ctx) {
    if before.offered != flows.offered {
        ctx.tell(Fact::DemandChanged { service, rate: flows.offered });
    }
    if before.capacity != flows.capacity {
        ctx.tell(Fact::CapacityChanged { service, rate: flows.capacity });
    }
    if before.served != flows.served {
        ctx.tell(Fact::ServedChanged { service, rate: flows.served });
    }
    for (i, loss) in Loss::ALL.into_iter().enumerate() {
        if before.lost[i] != flows.lost[i] {
            ctx.tell(Fact::LosingChanged { service, loss, rate: flows.lost[i] });
        }
    }
    tell_lost(service, Loss::TimedOut, shed, Requests::ZERO, ctx);
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

impl<'m> Users<'m> {
    fn new(service: &'m Service) -> Self {
        let timeout = service.load.as_ref().map_or(Duration::ZERO, |load: &Load| load.timeout);
        let limits = Checker::ALL.map(|by| probe(service, by).map(|probe| probe.timeout));
        Self {
            service,
            entity: Entity::named(&service.name),
            fluid: Fluid::new(timeout, limits),
            flows: Flows::default(),
            spread: vec![],
            history: vec![],
            memory: service.load.as_ref().map_or(Duration::ZERO, |load| longest(&load.request_time)),
            next: None,
            fails_open: false,
            healthy: 0,
            was_empty: None,
            running: 0,
            ran_ms: 0,
            open: 0,
            open_ms: 0,
            since: Time::ZERO,
        }
    }

    /// How long what is under way and waits at a target takes, at most so long, and what is left then.
    fn until_idle(&self, target: &Target, load: &Load, most: Duration, draws: Draws, now: Time) -> (Duration, Ending) {
        let lot = draws.bits(Stream::InFlight, target.entity) as f64 / u64::MAX as f64;
        let last = last_ends(&self.pieces(target, now), &load.request_time, now, most, lot);
        let waits = self.fluid.wait(target.cohort);
        let ending = if last < most { Ending::Empty } else { Ending::NotEmpty };
        ((last + waits).min(most), if waits.is_zero() { ending } else { Ending::Timer })
    }

    fn advance(&mut self, now: Time) {
        let ms = u128::from(now.since(self.since).as_millis());
        self.since = now;
        self.ran_ms += ms * u128::from(self.running);
        self.open_ms += ms * u128::from(self.open);
        self.fluid.advance(now);
    }

    /// Takes note of what a full member gets and serves from now on.
    fn note(&mut self, now: Time) {
        let Some(load) = &self.service.load else { return };
        let each = self.flows.each.map(|rate| rate.min(load.capacity_per_task));
        let split = self.fluid.split().map(|(version, _)| version);
        match self.history.last_mut() {
            Some((_, last_split, last)) if *last == each && *last_split == split => {}
            Some((at, last_split, last)) if *at == now => (*last_split, *last) = (split, each),
            _ => self.history.push((now, split, each)),
        }
    }

    /// What a target has served since requests were sent to it, piece by piece.
    fn pieces(&self, target: &Target, now: Time) -> Vec<Piece> {
        let Some(opened) = target.opened else { return vec![] };
        let until = target.closed.unwrap_or(now);
        let from = opened.max(now - self.memory);
        let first = self.history.partition_point(|(at, ..)| *at <= from).saturating_sub(1);
        let ends = self.history.iter().skip(first + 1).map(|(at, ..)| *at).chain([Time::NEVER]);
        let pieces = self.history[first.min(self.history.len())..].iter().zip(ends);
        let pieces = pieces.map(|(&(began, split, each), to)| {
            let side = usize::from(split == Some(target.kind.version));
            let rate = each[side].share(target.kind.weight.into(), 1_000).min(target.kind.capacity);
            Piece { from: began.max(from), to: to.min(until), rate }
        });
        pieces.filter(|piece| piece.from < piece.to).collect()
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
