//! The service scheduler: it looks at a service on its beat, registers, stops, deregisters, and does what the mover of its
//! rollout's step asks for.
//!
//! A look that would find nothing is not simulated: whatever gives it something to do [`wake`](Scheduler::wake)s it, and
//! it looks at its next beat.

use crate::cluster::{Cluster, FIRST_VERSION, NewTask, TaskName, TaskState, VersionTasks};
use crate::control::agents::Agents;
use crate::control::balancer;
use crate::control::beat::Beat;
use crate::control::rollout::{Mode, Progress, Rolled, Stepped};
use crate::control::slot_book::SlotBook;
use crate::control::tokens::Tokens;
use crate::control::trouble::Trouble;
use crate::deploy::{
    Completion, Detector, Mover, OnUnhealthy, Plan, Reap, Side, Size, SlotKey, SlotOp, Slots, Step, VictimOrder, View,
    victims,
};
use crate::engine::ctx::Ctx;
use crate::engine::dist::Dist;
use crate::engine::draws::{Draws, Entity, Stream};
use crate::engine::event::Event;
use crate::engine::fact::{DeployId, Fact, FactId, HostId, ServiceId, TaskId, Why};
use crate::engine::time::{Duration, Time};
use crate::model::{ControlLoop, Deploy, Deregistration, Model, Service, Version};
use crate::placement::search::{self, Request};
use crate::placement::{Policy, Shortage};

/// The scheduler of one service.
#[derive(Debug)]
pub(crate) struct Scheduler<'m> {
    pub(super) id: ServiceId,
    pub(super) service: &'m Service,
    pub(super) control: &'m ControlLoop,
    pub(super) draws: Draws,
    entity: Entity,
    /// Tasks wanted.
    pub(super) desired: u32,
    /// The version wanted.
    pub(super) target: u16,
    /// The newest version; the one that runs at the start is 1.
    newest: u16,
    /// The version of the last deploy that ended well, and the one before it.
    pub(super) stable: u16,
    before: u16,
    /// Deploys requested so far.
    requests: u16,
    pub(super) rollout: Option<Progress<'m>>,
    /// How failed deploys ended.
    pub(super) fates: Vec<Fate>,
    pub(super) trouble: Trouble,
    book: SlotBook,
    /// What keeps the service as it is while nothing is rolled out.
    steady: Step,
    /// Until when the old tasks of the last deploy stay.
    pub(super) retained_until: Option<Time>,
    beat: Beat,
    /// When it asks the balancer for draining targets.
    target_polls: Beat,
    /// When it looks next. An event for another time is stale.
    pub(super) next: Option<Time>,
    /// Looks are simulated one by one, to show that computing them changes nothing.
    explicit_looks: bool,
    /// Running tasks to register.
    to_register: Vec<TaskId>,
    /// Tasks chosen to stop at an earlier look, to deregister.
    to_deregister: Vec<TaskId>,
    /// Drained tasks to stop.
    to_stop: Vec<TaskId>,
    tokens: Option<Tokens>,
    /// The last task that was to start fitted nowhere.
    pub(super) starved: bool,
    rate_reached: bool,
    /// The next time at which the failure policy looks at the clock.
    pub(super) deadline: Option<Time>,
    /// The last fact that gave starts a chance.
    room: FactId,
    /// The last fact that gave stops a chance.
    surplus: FactId,
    /// The last fact of all.
    pub(super) latest: FactId,
}

/// How a deploy failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fate {
    pub deploy: DeployId,
    pub after: Duration,
    pub why: Why,
    pub then: Then,
}

/// What became of a failed deploy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    Paused,
    Stopped,
    RollingBack,
    RolledBack(Duration),
}

/// A deploy that has ended, and the fact that says so.
pub(crate) type Ended = Option<(DeployId, FactId)>;

/// What a fact gives a scheduler a chance to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chance {
    /// Start tasks: there is room, or fewer of them.
    Room,
    /// Stop tasks: more of them are healthy.
    Surplus,
    /// Something else.
    Other,
}

impl<'m> Scheduler<'m> {
    pub fn new(model: &'m Model, id: ServiceId, draws: Draws, explicit_looks: bool) -> Self {
        let service = &model.services[id.index()];
        let entity = Entity::named(&service.name);
        let none = FactId::from_index(0);
        let poll = model.control.target_poll;
        let phase = Dist::Uniform { low: Duration::ZERO, high: poll };
        let phase = draws.span(&phase, Stream::TargetPollPhase, entity);
        Self {
            id,
            service,
            control: &model.control,
            draws,
            entity,
            desired: service.desired,
            target: FIRST_VERSION,
            newest: FIRST_VERSION,
            stable: FIRST_VERSION,
            before: FIRST_VERSION,
            requests: 0,
            rollout: None,
            fates: vec![],
            trouble: Trouble::default(),
            book: SlotBook::default(),
            steady: steady(service),
            retained_until: None,
            beat: Beat::new(Time::ZERO, Duration::ZERO, Duration::ZERO, entity),
            target_polls: Beat::new(Time::ZERO + phase, poll, Duration::ZERO, entity),
            next: None,
            explicit_looks,
            to_register: vec![],
            to_deregister: vec![],
            to_stop: vec![],
            tokens: model.control.launch_rate.map(Tokens::full),
            starved: false,
            rate_reached: false,
            deadline: None,
            room: none,
            surplus: none,
            latest: none,
        }
    }

    /// Looks at the service: everything the control plane does about it happens here. Returns the deploy that ended.
    pub fn review(&mut self, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) -> Ended {
        if self.next != Some(ctx.now) {
            return None;
        }
        self.next = None;
        if self.is_idle(cluster) {
            return None;
        }
        if cluster.services[self.id.index()].index.is_none() {
            cluster.open_index(self.id);
        }
        self.register_running(cluster, ctx);
        for task in std::mem::take(&mut self.to_stop) {
            let because = cluster.tasks[task.index()].last;
            issue_stop(task, because, cluster, agents, ctx);
        }
        for task in std::mem::take(&mut self.to_deregister) {
            let because = cluster.tasks[task.index()].last;
            self.deregister(task, because, cluster, ctx);
        }
        let mut ended = self.act_on_trouble(cluster, ctx);
        let mut goes_on = true;
        while goes_on && ended.is_none() {
            let acted = self.move_tasks(cluster, agents, ctx);
            let stepped;
            (stepped, ended) = self.take_steps(cluster, ctx);
            goes_on = (acted || stepped) && self.control.settles;
            if stepped && !goes_on {
                let next = self.next_beat(ctx.now, ctx);
                self.look_at(next, ctx);
            }
        }
        self.look_again(ended.is_some(), cluster, ctx);
        ended
    }

    /// What is left to do after a look: a later one, or nothing. What follows the end of a deploy is for the next one.
    fn look_again(&mut self, ended: bool, cluster: &mut Cluster, ctx: &mut Ctx) {
        if self.is_idle(cluster) {
            cluster.services[self.id.index()].index = None;
            cluster.starved.remove(&self.id);
            self.next = None;
            return;
        }
        let after = self.plan(cluster);
        let starts_wait = self.starved || self.rate_reached || self.trouble.waits(ctx.now);
        let asks = after.stop_new + after.stop_old() > 0 || (after.start > 0 && !starts_wait);
        debug_assert!(
            !asks || ended || !self.acts_at_once() || self.next.is_some(),
            "a plan made twice without a change asks for nothing new: {after:?}"
        );
        if asks || !self.to_deregister.is_empty() || self.explicit_looks {
            let next = self.next_beat(ctx.now, ctx);
            self.look_at(next, ctx);
        }
        if after.start > 0
            && !self.starved
            && let Some(until) = self.trouble.not_before
            && ctx.now < until
            && until < Time::NEVER
        {
            let next = self.next_beat(until, ctx);
            self.look_at(next, ctx);
        }
        if after.is_empty() {
            self.tell_if_bounds_block(cluster, ctx);
        }
    }

    /// Whether one pass of starts and stops does all that the mover asks for: stops make no room under its cap.
    fn acts_at_once(&self) -> bool {
        match self.step().mover {
            Mover::Pool(pool) => self.control.settles || (pool.terminating_in_cap && pool.reap != Reap::Never),
            Mover::Slots(_) => self.control.settles,
        }
    }

    /// A deploy is requested: the wanted version changes and the loop begins anew. Returns the deploy that it supersedes.
    pub fn request(&mut self, id: DeployId, deploy: &Deploy, cluster: &mut Cluster, ctx: &mut Ctx) -> Ended {
        self.requests += 1;
        let under_way = self.rollout.as_ref().is_some_and(|rollout| rollout.mode != Mode::Back);
        let versions = &mut cluster.services[self.id.index()].versions;
        self.target = match deploy.version {
            Version::New(fault) => {
                self.newest += 1;
                versions.resize(usize::from(self.newest) + 1, VersionTasks::default());
                versions[usize::from(self.newest)].fault = fault;
                self.newest
            }
            Version::Previous if under_way => self.stable,
            Version::Previous => self.before,
        };
        let version = self.target;
        let requested = ctx.tell_first(Fact::DeployRequested { deploy: id, service: self.id, version });
        let superseded =
            self.rollout.take().filter(|rollout| rollout.mode != Mode::Frozen || !self.has_fate(rollout.deploy));
        let superseded = superseded.map(|Progress { deploy, .. }| {
            (deploy, ctx.tell_because(Fact::DeploySuperseded { deploy, service: self.id }, requested))
        });
        let request = self.draw_name();
        let program = std::borrow::Cow::Borrowed(&self.service.rollout.program[..]);
        let first = self.draws.span(&self.control.first_review, Stream::FirstReview, request);
        self.beat = Beat::new(ctx.now + first, self.control.tick, self.control.tick_jitter, request);
        self.retained_until = None;
        (self.room, self.surplus, self.latest) = (requested, requested, requested);
        self.begin(Progress::new(id, program, Mode::Forward, request, ctx.now), cluster, ctx);
        self.next = None;
        let next = self.next_beat(ctx.now, ctx);
        self.look_at(next, ctx);
        superseded
    }

    /// What the draws of the last request are keyed by.
    pub(super) fn draw_name(&self) -> Entity {
        self.entity.child(u64::from(self.requests) + 1)
    }

    fn has_fate(&self, deploy: DeployId) -> bool {
        self.fates.iter().any(|fate| fate.deploy == deploy && fate.then != Then::Paused)
    }

    /// Begins a rollout to the version wanted.
    pub(super) fn begin(&mut self, progress: Progress<'m>, cluster: &Cluster, ctx: &mut Ctx) {
        self.rollout = Some(progress);
        let tasks = &cluster.services[self.id.index()];
        let to_replace = tasks.wanted() - tasks.versions[usize::from(self.target)].wanted;
        self.trouble = Trouble::none(to_replace);
        self.book.forgive();
        self.open_book(cluster);
        self.watch_the_clock(ctx);
    }

    fn open_book(&mut self, cluster: &Cluster) {
        if let Mover::Slots(slots) = self.step().mover {
            let before = std::mem::take(&mut self.book);
            let tasks = &cluster.services[self.id.index()];
            self.book = before.reopened(SlotBook::open(&slots, self.target, tasks, cluster));
        }
    }

    /// The desired count changes.
    pub fn scale(&mut self, desired: u32, ctx: &mut Ctx) {
        self.desired = desired;
        let fact = ctx.tell_first(Fact::DesiredChanged { service: self.id, desired });
        (self.room, self.surplus, self.latest) = (fact, fact, fact);
        let next = self.next_beat(ctx.now + self.control.latency, ctx);
        self.look_at(next, ctx);
    }

    /// Something has happened that the next look may act on.
    pub fn wake(&mut self, chance: Chance, fact: FactId, cluster: &Cluster, ctx: &mut Ctx) {
        match chance {
            Chance::Room => self.room = fact,
            Chance::Surplus => self.surplus = fact,
            Chance::Other => {}
        }
        self.latest = fact;
        if !self.explicit_looks && !self.is_idle(cluster) {
            let next = self.next_beat(ctx.now + self.control.latency, ctx);
            self.look_at(next, ctx);
        }
    }

    /// A step's traffic has moved or its hold has ended, or the old tasks need not stay any longer.
    pub fn step_due(&mut self, cluster: &Cluster, ctx: &mut Ctx) {
        self.wake(Chance::Other, ctx.cause, cluster, ctx);
    }

    /// A task runs, as the control plane knows now. Without a load balancer it is in service in a while.
    pub fn task_runs(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        if cluster.tasks[id.index()].state != TaskState::Starting {
            return;
        }
        let fact = cluster.advance(id, TaskState::Running, ctx.cause, ctx);
        cluster.tasks[id.index()].runs_since = Some(ctx.now);
        let health = self.own_health(id, cluster, fact, ctx);
        if self.service.load_balancer.is_some() {
            self.to_register.push(id);
            self.wake(Chance::Other, fact, cluster, ctx);
        } else if let Some(at) = health {
            cluster.tasks[id.index()].passes_at = Some(at);
            ctx.schedule(at, Event::Passed(id), fact);
        }
        self.reach(id, Reached::Running { healthy_at: health }, fact, cluster, ctx);
    }

    /// A task has passed what makes it healthy.
    pub fn task_passes(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let task = &mut cluster.tasks[id.index()];
        if task.passes_at == Some(ctx.now) && matches!(task.state, TaskState::Running | TaskState::Registering) {
            task.passes_at = None;
            let fact = cluster.advance(id, TaskState::InService, ctx.cause, ctx);
            self.watch_for_alarm(id, cluster, fact, ctx);
            self.reach(id, Reached::InService, fact, cluster, ctx);
        }
    }

    /// The balancer has let go of a task, as the control plane knows now.
    pub fn task_drained(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let fact = cluster.advance(id, TaskState::Drained, ctx.cause, ctx);
        self.to_stop.push(id);
        self.wake(Chance::Other, fact, cluster, ctx);
    }

    /// A task has stopped, as the control plane knows now.
    pub fn task_stopped(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let fact = cluster.advance(id, TaskState::Stopped, ctx.cause, ctx);
        if !self.book.overdue.remove(&id) && self.slot_op() == Some(SlotOp::StopStart) {
            let task = &cluster.tasks[id.index()];
            let failed = task.name.version == self.target && self.book.failed.contains(&task.slot);
            self.book.vacate(id, failed, cluster);
        }
        self.wake(Chance::Room, fact, cluster, ctx);
    }

    /// The mover no longer waits for a task to be gone.
    pub fn handover_due(&mut self, id: TaskId, cluster: &Cluster, ctx: &mut Ctx) {
        if cluster.tasks[id.index()].state != TaskState::Stopped && self.slot_op() == Some(SlotOp::StopStart) {
            self.book.overdue.insert(id);
            self.book.vacate(id, false, cluster);
            self.wake(Chance::Room, ctx.cause, cluster, ctx);
        }
    }

    /// A task passed its gate.
    pub(super) fn pass(&mut self, id: TaskId, fact: FactId, cluster: &mut Cluster, ctx: &mut Ctx) {
        cluster.gain(id, ctx.now);
        let task = &cluster.tasks[id.index()];
        if task.name.version == self.target {
            self.trouble.passed(id);
            self.book.passed(id, cluster);
        }
        self.get_on(ctx.now);
        let delay = self.slots().map_or(Duration::ZERO, |slots| slots.delay);
        if delay.is_zero() {
            cluster.rest(id);
        } else {
            cluster.tasks[id.index()].gate_at = Some(ctx.now + delay);
            ctx.schedule(ctx.now + delay, Event::GateDue(id), fact);
        }
        self.wake(Chance::Surplus, fact, cluster, ctx);
    }

    /// A task passes its gate, or has rested after it.
    pub fn gate_due(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let task = &mut cluster.tasks[id.index()];
        if task.gate_at != Some(ctx.now) {
            return;
        }
        task.gate_at = None;
        if task.is_available() {
            cluster.rest(id);
            self.wake(Chance::Surplus, ctx.cause, cluster, ctx);
        } else {
            let fact = ctx.tell(Fact::TaskAvailable { task: id, service: self.id });
            self.pass(id, fact, cluster, ctx);
        }
    }

    /// A failed task's place is empty, and somebody else has to take it.
    pub(super) fn replace(&mut self, id: TaskId, cluster: &Cluster) {
        if self.slots().is_some() {
            self.book.failed.insert(cluster.tasks[id.index()].slot);
            self.book.vacate(id, true, cluster);
        }
    }

    /// A slot's new task is down and comes back by itself.
    pub(super) fn falter(&mut self, id: TaskId, cluster: &Cluster) {
        if self.slots().is_some() {
            self.book.failed.insert(cluster.tasks[id.index()].slot);
        }
    }

    /// Something got on.
    pub(super) fn get_on(&mut self, now: Time) {
        if let Some(rollout) = &mut self.rollout {
            rollout.got_on = now;
        }
    }

    fn register_running(&mut self, cluster: &mut Cluster, ctx: &mut Ctx) {
        let Some(load_balancer) = &self.service.load_balancer else { return };
        for id in std::mem::take(&mut self.to_register) {
            let task = &cluster.tasks[id.index()];
            // One that a later deploy has chosen to stop since it ran is not registered any more.
            if task.state != TaskState::Running {
                continue;
            }
            let healthy = balancer::until_healthy(load_balancer, self.draws, task.entity);
            let fact = cluster.advance(id, TaskState::Registering, task.last, ctx);
            if self.is_never_healthy(id, cluster) {
                if self.control.replaces_unhealthy_targets {
                    let found = balancer::until_unhealthy(load_balancer, self.draws, cluster.tasks[id.index()].entity);
                    cluster.tasks[id.index()].passes_at = Some(ctx.now + found);
                    ctx.schedule(ctx.now + found, Event::FoundUnwell(id), fact);
                }
                continue;
            }
            cluster.tasks[id.index()].passes_at = Some(ctx.now + healthy);
            ctx.schedule(ctx.now + healthy, Event::Passed(id), fact);
        }
    }

    /// The step that is carried out, or what keeps the service as it is.
    pub(super) fn step(&self) -> &Step {
        const RETAINING: &Step = &Step::beside(Size::ALL);
        match &self.rollout {
            Some(rollout) => rollout.step(),
            None if self.retained_until.is_some() => RETAINING,
            None => &self.steady,
        }
    }

    pub(super) fn slots(&self) -> Option<Slots> {
        match self.step().mover {
            Mover::Slots(slots) => Some(slots),
            Mover::Pool(_) => None,
        }
    }

    fn slot_op(&self) -> Option<SlotOp> {
        self.slots().map(|slots| slots.op)
    }

    pub(super) fn view(&self, cluster: &Cluster) -> View {
        let tasks = &cluster.services[self.id.index()];
        let new = &tasks.versions[usize::from(self.target)];
        let (wanted, available) = (tasks.wanted(), tasks.available());
        let failed = self.book.failed.len() as u32;
        let ignores = self.slots().is_some_and(|slots| slots.on_unhealthy == OnUnhealthy::Ignore);
        let mut view = View {
            desired: self.desired,
            new: Side { target: 0, wanted: new.wanted, available: new.available },
            old: Side { target: 0, wanted: wanted - new.wanted, available: available - new.available },
            rested: new.rested,
            given_up: if ignores { failed } else { 0 },
            repairs: if ignores { failed.saturating_sub(self.trouble.owed) } else { 0 },
            unhealthy: self.trouble.late.len() as u32 + failed,
            terminating: tasks.alive - wanted,
            overdue: self.book.overdue.len() as u32,
            aside: 0,
        };
        self.step().aim(&mut view);
        view
    }

    fn plan(&self, cluster: &Cluster) -> Plan {
        match &self.rollout {
            Some(rollout) if rollout.mode == Mode::Frozen => {
                // The tasks of a paused rollout that die are still replaced.
                let paused = self.fates.last().is_some_and(|fate| fate.then == Then::Paused);
                let start = if paused && self.slots().is_some() { self.trouble.owed } else { 0 };
                Plan { start, ..Plan::default() }
            }
            _ => self.step().mover.plan(&self.view(cluster)),
        }
    }

    /// Starts and stops what the mover asks for; whether anything was done.
    fn move_tasks(&mut self, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) -> bool {
        let plan = self.plan(cluster);
        let owed = self.trouble.owed;
        // Where both come together, the stop says where the start goes.
        let (mut stopped, overlap) = (0, self.slot_op() == Some(SlotOp::Overlap));
        if overlap {
            stopped = self.stop_tasks(plan, cluster, agents, ctx);
        }
        let started = self.start_tasks(plan.start, cluster, agents, ctx);
        if !overlap {
            stopped = self.stop_tasks(plan, cluster, agents, ctx);
        }
        // To replace a failed task is no progress.
        if started > owed || stopped > 0 {
            self.get_on(ctx.now);
        }
        started + stopped > 0
    }

    /// Takes the program on as far as this look goes: whether it has come to another step, and the deploy if it ended.
    fn take_steps(&mut self, cluster: &mut Cluster, ctx: &mut Ctx) -> (bool, Ended) {
        if self.retained_until.is_some_and(|until| until <= ctx.now) {
            self.retained_until = None;
            return (true, None);
        }
        let rollout = &self.service.rollout;
        loop {
            let rolled = Rolled {
                view: self.view(cluster),
                rollout,
                service: self.id,
                version: self.target,
                serves_errors: self.serves_errors(cluster),
                draws: self.draws,
                latest: self.latest,
            };
            let Rolled { view, latest, .. } = rolled;
            let Some(progress) = self.rollout.as_mut().filter(|progress| progress.mode != Mode::Frozen) else {
                return (false, None);
            };
            let before = progress.step_number();
            if progress.has_ended() {
                return (false, self.complete(&view, cluster, ctx));
            }
            match progress.advance(&rolled, ctx) {
                Stepped::Waits => return (false, None),
                Stepped::Failed(why) => {
                    if let Some(act) = rollout.failure.act_on(Detector::Analysis) {
                        self.trouble.find(why, act, latest);
                    }
                    return (true, self.act_on_trouble(cluster, ctx));
                }
                Stepped::Ended => return (false, self.complete(&view, cluster, ctx)),
                Stepped::Further if progress.step_number() == before => {}
                Stepped::Further => {
                    progress.got_on = ctx.now;
                    self.open_book(cluster);
                    return (true, None);
                }
            }
        }
    }

    /// Starts up to `n` tasks, as many as the launch rate, the back-off and the hosts allow.
    fn start_tasks(&mut self, n: u32, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) -> u32 {
        cluster.starved.remove(&self.id);
        let n = match (self.trouble.waits(ctx.now), self.slots()) {
            (false, _) => n,
            (true, Some(_)) => n.saturating_sub(self.trouble.owed),
            (true, None) => 0,
        };
        let allowed = self.tokens.as_mut().map_or(n, |tokens| tokens.available(ctx.now).min(n));
        let mut started = 0;
        self.starved &= n > 0;
        while started < allowed {
            match self.start_next(cluster, agents, ctx) {
                Ok(()) => {
                    self.starved = false;
                    started += 1;
                }
                Err(shortage) => {
                    if !self.starved {
                        ctx.tell_because(Fact::PlacementBlocked { service: self.id, shortage }, self.room);
                    }
                    self.starved = true;
                    cluster.starved.insert(self.id);
                    break;
                }
            }
        }
        let limited = started == allowed && allowed < n;
        if let Some(tokens) = &mut self.tokens {
            tokens.take(started);
            if limited {
                let next = tokens.next();
                let next = self.next_beat(next, ctx);
                self.look_at(next, ctx);
                if !self.rate_reached {
                    ctx.tell_because(Fact::LaunchRateReached { service: self.id }, self.room);
                }
            }
        }
        self.rate_reached = limited;
        started
    }

    /// Starts the next task, in the place that its slot gives it if it has one.
    fn start_next(&mut self, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) -> Result<(), Shortage> {
        let Some(slots) = self.slots() else {
            let host = self.find_host(cluster)?;
            let slot = cluster.services[self.id.index()].versions[usize::from(self.target)].created;
            self.start_task(host, slot, cluster, agents, ctx);
            self.trouble.owed = self.trouble.owed.saturating_sub(1);
            return Ok(());
        };
        let waits = self.trouble.waits(ctx.now);
        let place = self.book.next_to_start(slots.op == SlotOp::StartStop, waits, cluster);
        let ahead = place.and_then(|place| self.book.pulled_ahead.remove(&place.slot));
        let host = match (place, slots.key) {
            // Where its host has left the cluster, the slot goes elsewhere.
            (Some(place), SlotKey::Host) if cluster.look(place.host, self.id).is_some() => {
                self.fits_on(place.host, cluster)
            }
            _ => match ahead.map(|host| self.fits_on(host, cluster)) {
                Some(Ok(host)) => Ok(host),
                _ => self.find_host(cluster),
            },
        };
        let host = host.inspect_err(|_| place.into_iter().for_each(|place| self.book.put_back(place)))?;
        let created = cluster.services[self.id.index()].versions[usize::from(self.target)].created;
        self.start_task(host, place.map_or(created, |place| place.slot), cluster, agents, ctx);
        // Any other place is not that of a failed task.
        if place.is_none_or(|place| place.failed) {
            self.trouble.owed = self.trouble.owed.saturating_sub(1);
        }
        Ok(())
    }

    pub(super) fn find_host(&self, cluster: &Cluster) -> Result<HostId, Shortage> {
        find_host(self.id, self.service, self.service.placement, self.next_task(cluster), cluster, self.draws)
    }

    fn fits_on(&self, host: HostId, cluster: &Cluster) -> Result<HostId, Shortage> {
        let look = cluster.look(host, self.id);
        let fits = look.map_or(Err(Shortage::default()), |look| search::fits_on_one(&self.service.demand, &look));
        fits.map(|()| host)
    }

    fn start_task(&mut self, host: HostId, slot: u32, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        let name = TaskName { service: self.id, version: self.target };
        let entity = self.next_task(cluster);
        let born = NewTask { name, entity, slot, host, state: TaskState::Provisioning };
        let id = cluster.create(born, Some(self.room), ctx);
        if let (Mover::Pool(pool), Some(_)) = (self.step().mover, &self.rollout) {
            let view = self.view(cluster);
            let counted = if pool.terminating_in_cap { view.terminating } else { 0 };
            let cap = pool.limits(self.desired).cap.saturating_add(view.aside);
            assert!(view.new.wanted + view.old.wanted + counted <= cap, "no start goes above the cap");
        }
        agents.start(id, cluster, ctx);
        let fact = cluster.tasks[id.index()].last;
        self.reach(id, Reached::Created, fact, cluster, ctx);
    }

    /// What the next task of the wanted version is called.
    fn next_task(&self, cluster: &Cluster) -> Entity {
        let created = cluster.services[self.id.index()].versions[usize::from(self.target)].created;
        self.entity.child(self.target.into()).child(created.into())
    }

    fn stop_tasks(&mut self, plan: Plan, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) -> u32 {
        let mut stops = vec![];
        if plan.stop_new > 0 {
            let newest = [self.target];
            stops.extend(self.victims(plan.stop_new, &newest, None, cluster));
        }
        if self.slots().is_some() {
            for _ in 0..plan.stop_old() {
                stops.extend(self.book.next_to_stop(cluster));
            }
        } else if plan.stop_old() > 0 {
            let old: Vec<_> = (FIRST_VERSION..=self.newest).filter(|version| *version != self.target).collect();
            stops.extend(self.victims(plan.stop_unavailable, &old, Some(false), cluster));
            stops.extend(self.victims(plan.stop_available, &old, Some(true), cluster));
        }
        let stopped = stops.len() as u32;
        for id in stops {
            self.stop_task(id, self.surplus, cluster, agents, ctx);
        }
        if plan.stop_available > 0
            && let (Mover::Pool(pool), Some(_)) = (self.step().mover, &self.rollout)
        {
            let view = self.view(cluster);
            assert!(view.available() >= pool.limits(self.desired).floor + view.aside, "no stop goes below the floor");
        }
        stopped
    }

    /// Which tasks of some versions to stop: the oldest version's first, and of each by the mover's order; those that are
    /// available, those that are not, or those first.
    fn victims(&self, n: u32, versions: &[u16], available: Option<bool>, cluster: &Cluster) -> Vec<TaskId> {
        let tasks = &cluster.services[self.id.index()];
        let order = match self.step().mover {
            Mover::Pool(pool) => pool.victims,
            Mover::Slots(_) => VictimOrder::Newest,
        };
        let mut chosen = vec![];
        for kind in [false, true].into_iter().filter(|kind| available.is_none_or(|available| available == *kind)) {
            for version in versions.iter().map(|version| &tasks.versions[usize::from(*version)]) {
                let missing = n - chosen.len() as u32;
                if missing == 0 {
                    return chosen;
                }
                let of_kind = version.tasks.iter().filter(|id| cluster.tasks[id.index()].is_available() == kind);
                let candidates: Vec<_> = of_kind
                    .map(|id| {
                        let host = cluster.tasks[id.index()].host.index();
                        victims::Candidate { task: id.0, host, zone: cluster.hosts[host].zone.into() }
                    })
                    .collect();
                let some = victims::choose(order, missing, &candidates, &tasks.by_zone, &tasks.by_host);
                chosen.extend(some.into_iter().map(TaskId));
            }
        }
        chosen
    }

    /// Decides to stop a task, and begins with it.
    pub(super) fn stop_task(
        &mut self,
        id: TaskId,
        because: FactId,
        cluster: &mut Cluster,
        agents: &mut Agents,
        ctx: &mut Ctx,
    ) {
        let chosen = cluster.choose_to_stop(id, because, ctx);
        let task = &cluster.tasks[id.index()];
        let registered = self.service.load_balancer.is_some() && task.state >= TaskState::Registering;
        if let Some(slots) = self.slots()
            && task.name.version != self.target
        {
            self.pull_ahead(id, slots, cluster, agents, ctx);
            match (slots.op, slots.stop_timeout) {
                (SlotOp::StopStart, Some(span)) => ctx.schedule(ctx.now + span, Event::HandoverDue(id), chosen),
                (SlotOp::Overlap, _) => self.book.vacate(id, false, cluster),
                _ => {}
            }
        }
        match (registered, self.control.deregistration) {
            (false, _) | (true, Deregistration::WithStop) => issue_stop(id, chosen, cluster, agents, ctx),
            (true, Deregistration::SameReview) => self.deregister(id, chosen, cluster, ctx),
            (true, Deregistration::NextReview) => self.to_deregister.push(id),
        }
    }

    /// Pulls the image of a slot's next task while the one before it stops, where there is a host for it already.
    fn pull_ahead(&mut self, old: TaskId, slots: Slots, cluster: &Cluster, agents: &mut Agents, ctx: &Ctx) {
        if !self.control.pull_ahead || slots.op != SlotOp::StopStart {
            return;
        }
        let task = &cluster.tasks[old.index()];
        let host = if slots.key == SlotKey::Host { Ok(task.host) } else { self.find_host(cluster) };
        if let Ok(host) = host {
            let name = TaskName { service: self.id, version: self.target };
            agents.pull_ahead(host, name, self.next_task(cluster), ctx);
            self.book.pulled_ahead.insert(task.slot, host);
        }
    }

    fn deregister(&mut self, id: TaskId, because: FactId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let load_balancer = self.service.load_balancer.as_ref().expect("only registered tasks are deregistered");
        let drained = balancer::until_drained(load_balancer, self.draws, cluster.tasks[id.index()].entity);
        let fact = cluster.advance(id, TaskState::Draining, because, ctx);
        let noticed = self.target_polls.next(ctx.now + drained, self.draws);
        ctx.schedule(noticed, Event::DrainNoticed(id), fact);
    }

    /// Ends the deploy whose steps are all done, unless the old tasks must be gone first.
    fn complete(&mut self, view: &View, cluster: &mut Cluster, ctx: &mut Ctx) -> Ended {
        let rollout = self.rollout.as_ref()?;
        let (deploy, back) = (rollout.deploy, rollout.mode == Mode::Back);
        let gone = view.old.wanted == 0 && view.terminating == 0 && view.new.available == view.desired;
        if self.service.rollout.completion == Completion::OldStopped && !gone {
            return None;
        }
        let service = self.id;
        let fact =
            if back { Fact::DeployRolledBack { deploy, service } } else { Fact::DeployCompleted { deploy, service } };
        let fact = ctx.tell_because(fact, self.latest);
        if back {
            let took = ctx.now.since(rollout.requested);
            let fate = self.fates.last_mut().expect("a rollback follows a failure");
            fate.then = Then::RolledBack(took);
        } else {
            (self.before, self.stable) = (self.stable, self.target);
            let retain = self.service.rollout.retain;
            if !retain.is_zero() && view.old.wanted > 0 {
                self.retained_until = Some(ctx.now + retain);
                ctx.schedule(ctx.now + retain, Event::StepDue(service), fact);
            }
        }
        self.rollout = None;
        self.latest = fact;
        let _ = cluster;
        Some((deploy, fact))
    }

    /// Nothing is under way and the plan asks for nothing: only the bounds can be in the way.
    fn tell_if_bounds_block(&mut self, cluster: &Cluster, ctx: &mut Ctx) {
        let settled = self.settled(cluster);
        if let Some(rollout) = &mut self.rollout
            && settled
            && !rollout.bounds_told
            && rollout.mode != Mode::Frozen
            && !rollout.holds()
            && !rollout.has_ended()
        {
            rollout.bounds_told = true;
            ctx.tell_because(Fact::BoundsBlocked { service: self.id }, self.latest);
        }
    }

    /// Whether every task is available and none is on its way up or down.
    pub(super) fn settled(&self, cluster: &Cluster) -> bool {
        let tasks = &cluster.services[self.id.index()];
        tasks.alive == tasks.available()
    }

    /// Whether there is nothing to do until somebody asks for something.
    fn is_idle(&self, cluster: &Cluster) -> bool {
        let reached = || {
            let view = self.view(cluster);
            self.step().is_reached(&view) && view.terminating == 0
        };
        let nothing_waits = self.to_register.is_empty() && self.to_deregister.is_empty() && self.to_stop.is_empty();
        self.rollout.is_none() && self.retained_until.is_none() && nothing_waits && reached()
    }

    /// The first beat from `time` on; of this instant only if its turn is still to come.
    pub(super) fn next_beat(&mut self, time: Time, ctx: &Ctx) -> Time {
        let over = time == ctx.now && ctx.look_is_over(self.id) && !self.control.tick.is_zero();
        self.beat.next(if over { time + Duration::from_millis(1) } else { time }, self.draws)
    }

    pub(super) fn look_at(&mut self, at: Time, ctx: &mut Ctx) {
        if self.next.is_none_or(|next| at < next) {
            self.next = Some(at);
            ctx.schedule_review(at, self.id, self.latest);
        }
    }
}

/// What keeps a service as its rollout's last step leaves it.
fn steady(service: &Service) -> Step {
    let last = service.rollout.program.last().expect("a program has steps");
    let mover = if let Mover::Pool(_) = last.mover { Step::FREE } else { last.mover };
    match (last.new, last.old) {
        (Size::Keep, _) | (_, Size::Keep) => Step::all(mover),
        (new, old) => Step::new(new, old, mover),
    }
}

/// What a task has reached, for its gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reached {
    Created,
    /// It runs, and passes its own health check then if it ever does.
    Running {
        healthy_at: Option<Time>,
    },
    InService,
}

/// Tells a task's agent to stop it.
fn issue_stop(id: TaskId, because: FactId, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
    cluster.advance(id, TaskState::Stopping, because, ctx);
    agents.stop(id, cluster, ctx);
}

/// The host for a service's next task, by a policy.
pub(crate) fn find_host(
    id: ServiceId,
    service: &Service,
    policy: Policy,
    task: Entity,
    cluster: &Cluster,
    draws: Draws,
) -> Result<HostId, Shortage> {
    let tasks = &cluster.services[id.index()];
    let ordinal = tasks.versions.iter().map(|version| version.created).sum();
    let request = Request {
        demand: service.demand,
        desired: service.desired,
        host_group: service.host_group,
        capacities: &cluster.capacities,
        by_zone: &tasks.by_zone,
        ordinal,
        lot: policy.lot(draws, task, &service.name, ordinal),
    };
    search::place(policy, &request, tasks.index.as_ref().expect("a service that places tasks has an index"))
}
