//! The service scheduler: it looks at a service on its beat, registers, stops, deregisters, and does what the mover of its
//! rollout's step asks for.
//!
//! A look that would find nothing is not simulated: whatever gives it something to do [`wake`](Scheduler::wake)s it, and
//! it looks at its next beat.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::cluster::{Cluster, FIRST_VERSION, TaskState, VersionTasks};
use crate::control::agents::Agents;
use crate::control::beat::Beat;
use crate::control::moves::issue_stop;
use crate::control::rollout::{Mode, Progress, Rolled, Stepped};
use crate::control::slot_book::SlotBook;
use crate::control::step::steady;
use crate::control::tokens::Tokens;
use crate::control::trouble::Trouble;
use crate::deploy::{Completion, Detector, Mover, Reap, Step, View};
use crate::engine::ctx::Ctx;
use crate::engine::dist::Dist;
use crate::engine::draws::{Draws, Entity, Stream};
use crate::engine::event::Event;
use crate::engine::fact::{DeployId, Fact, FactId, GroupId, ServiceId, TaskId, Why};
use crate::engine::time::{Duration, Time};
use crate::model::{ControlLoop, Deploy, Model, Service, Version};
use crate::placement::Shortage;
use crate::scaling::Pending;

/// The scheduler of one service.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "five things that are or are not, and do not depend on one another")]
pub(crate) struct Scheduler<'m> {
    pub(super) id: ServiceId,
    pub(super) service: &'m Service,
    pub(super) control: &'m ControlLoop,
    pub(super) draws: Draws,
    pub(super) entity: Entity,
    /// Tasks wanted.
    pub(super) desired: u32,
    /// The version wanted.
    pub(super) target: u16,
    /// The newest version; the one that runs at the start is 1.
    pub(super) newest: u16,
    /// The version of the last deploy that ended well, and the one before it.
    pub(super) stable: u16,
    pub(super) before: u16,
    /// Deploys requested so far.
    pub(super) requests: u16,
    pub(super) rollout: Option<Progress<'m>>,
    /// How failed deploys ended.
    pub(super) fates: Vec<Fate>,
    pub(super) trouble: Trouble,
    pub(super) book: SlotBook,
    /// What keeps the service as it is while nothing is rolled out.
    pub(super) steady: Step,
    /// Until when the old tasks of the last deploy stay.
    pub(super) retained_until: Option<Time>,
    pub(super) beat: Beat,
    /// When it asks the balancer for draining targets.
    pub(super) target_polls: Beat,
    /// When it asks the balancer for unhealthy targets.
    pub(super) health_polls: Beat,
    /// When it looks next. An event for another time is stale.
    pub(super) next: Option<Time>,
    /// Looks are simulated one by one, to show that computing them changes nothing.
    pub(super) explicit_looks: bool,
    /// Running tasks to register.
    pub(super) to_register: Vec<TaskId>,
    /// Tasks chosen to stop at an earlier look, to deregister.
    pub(super) to_deregister: Vec<TaskId>,
    /// Drained tasks to stop.
    pub(super) to_stop: Vec<TaskId>,
    pub(super) tokens: Option<Tokens>,
    /// The last task that was to start fitted nowhere.
    pub(super) starved: bool,
    /// The tasks that wait for room.
    pub waiting: Option<Pending>,
    /// The group whose machines its tasks get, one each.
    pub(super) machines: Option<GroupId>,
    /// Some of its tasks are to be replaced: they are on hosts that drain, or unhealthy.
    pub(super) moving: bool,
    /// The unhealthy ones that stay until others are healthy.
    pub(super) unwell: BTreeSet<TaskId>,
    /// Until when it does not know of the last of those others.
    pub(super) unseen_until: Option<Time>,
    /// Single tasks were replaced, and it has not been said that it is as it should be again.
    pub(super) unsteady: bool,
    /// The version that the requests are split between and the others, and its share in tenths of a percent.
    pub split: Option<(u16, u16)>,
    /// The fact that the launch rate's tokens are used up, while they are.
    pub(super) limited_by: Option<FactId>,
    /// The next time at which the failure policy looks at the clock.
    pub(super) deadline: Option<Time>,
    /// The last fact that gave starts a chance.
    pub(super) room: FactId,
    /// The last fact that gave stops a chance.
    pub(super) surplus: FactId,
    /// The last fact of all.
    pub(super) latest: FactId,
}

/// How a deploy failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fate {
    pub deploy: DeployId,
    pub after: Duration,
    pub why: Why,
    /// What was missing where a new task fitted nowhere.
    pub shortage: Option<Shortage>,
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
    /// Either.
    Both,
    /// Something else.
    Other,
}

impl<'m> Scheduler<'m> {
    pub fn new(model: &'m Model, id: ServiceId, draws: Draws, explicit_looks: bool) -> Self {
        let service = &model.services[id.index()];
        let entity = Entity::named(&service.name);
        let none = FactId::from_index(0);
        let poll = model.control.target_poll;
        // It has been looking since long before the start.
        let control = &model.control;
        let in_tick = draws.bits(Stream::FirstReview, entity).checked_rem(control.tick.as_millis()).unwrap_or(0);
        let first_look = Time::from_millis(in_tick);
        let phase = |poll, of| {
            let phase = Dist::Uniform { low: Duration::ZERO, high: poll };
            Time::ZERO + draws.span(&phase, Stream::TargetPollPhase, of)
        };
        let health_poll = model.control.unhealthy_poll;
        let machines = model.machines_of(id);
        let own_rate = machines.and_then(|(_, group)| group.launch_rate);
        Self {
            id,
            service,
            control,
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
            beat: Beat::new(first_look, control.tick, control.tick_jitter, entity),
            target_polls: Beat::new(phase(poll, entity), poll, Duration::ZERO, entity),
            health_polls: Beat::new(phase(health_poll, entity.child(0)), health_poll, Duration::ZERO, entity),
            next: None,
            explicit_looks,
            to_register: vec![],
            to_deregister: vec![],
            to_stop: vec![],
            tokens: own_rate.or(model.control.launch_rate).map(Tokens::full),
            starved: false,
            waiting: None,
            machines: machines.map(|(id, _)| id),
            moving: false,
            unwell: BTreeSet::new(),
            unseen_until: None,
            unsteady: false,
            split: None,
            limited_by: None,
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
        self.moving = cluster.services[self.id.index()].leaving() > 0;
        if self.is_idle(cluster) {
            return None;
        }
        if cluster.services[self.id.index()].index.is_none() {
            cluster.open_index(self.id);
        }
        self.look_at_unwell(cluster, ctx);
        let is_quiet = self.to_deregister.is_empty();
        self.register_running(cluster, ctx);
        let there = |task: &TaskId, cluster: &Cluster| cluster.tasks[task.index()].state < TaskState::Lost;
        for task in
            std::mem::take(&mut self.to_stop).into_iter().filter(|task| there(task, cluster)).collect::<Vec<_>>()
        {
            let because = cluster.tasks[task.index()].last;
            issue_stop(task, because, cluster, agents, ctx);
        }
        for task in
            std::mem::take(&mut self.to_deregister).into_iter().filter(|task| there(task, cluster)).collect::<Vec<_>>()
        {
            let because = cluster.tasks[task.index()].last;
            self.deregister(task, because, cluster, ctx);
        }
        if self.moving {
            self.stop_leaving(cluster, agents, ctx);
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
        self.tell_steady(is_quiet && self.to_deregister.is_empty(), cluster, ctx);
        self.look_again(ended.is_some(), cluster, ctx);
        ended
    }

    /// What is left to do after a look: a later one, or nothing. What follows the end of a deploy is for the next one.
    fn look_again(&mut self, ended: bool, cluster: &mut Cluster, ctx: &mut Ctx) {
        if self.is_idle(cluster) {
            cluster.services[self.id.index()].index = None;
            cluster.starved.remove(&self.id);
            self.waiting = None;
            self.next = None;
            return;
        }
        let after = self.plan(cluster);
        let starts_wait = self.starved || self.limited_by.is_some() || self.trouble.waits(ctx.now);
        let asks = after.stop_new + after.stop_old() > 0 || (after.start > 0 && !starts_wait);
        debug_assert!(
            !asks || ended || !self.acts_at_once() || self.next.is_some(),
            "a plan made twice without a change asks for nothing new: {after:?}"
        );
        if asks || !self.to_deregister.is_empty() || self.explicit_looks {
            let next = self.next_beat(ctx.now, ctx);
            self.look_at(next, ctx);
        }
        if let Some(until) = self.unseen_until {
            let next = self.next_beat(until, ctx);
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
        let ended = superseded.as_ref().map(|Progress { deploy, .. }| {
            (*deploy, ctx.tell_because(Fact::DeploySuperseded { deploy: *deploy, service: self.id }, requested))
        });
        let request = self.draw_name();
        let program = if let Some(steps) = self.steps_back(deploy.version, superseded.as_ref()) {
            Cow::Owned(steps)
        } else {
            let program = &self.service.rollout.program[..];
            let weighs = program.iter().any(|step| step.weight.is_some());
            self.split = weighs.then_some((self.target, 0));
            Cow::Borrowed(program)
        };
        let first = self.draws.span(&self.control.first_review, Stream::FirstReview, request);
        self.beat = Beat::new(ctx.now + first, self.control.tick, self.control.tick_jitter, request);
        self.retained_until = None;
        (self.room, self.surplus, self.latest) = (requested, requested, requested);
        self.begin(Progress::new(id, program, Mode::Forward, request, requested, ctx.now), cluster, ctx);
        self.next = None;
        let next = self.next_beat(ctx.now, ctx);
        self.look_at(next, ctx);
        ended
    }

    /// What a rollback by hand does while the tasks of the version before are still there: the traffic goes back, if any has
    /// moved, and the step's mover works the other way round. No step is gone through and nothing is held again.
    fn steps_back(&self, version: Version, superseded: Option<&Progress>) -> Option<Vec<Step>> {
        let step = superseded.filter(|rollout| version == Version::Previous && rollout.mode != Mode::Back)?.step();
        let weighs = self.service.rollout.program.iter().any(|step| step.weight.is_some());
        let back = Step::all(step.mover);
        Some(if weighs { vec![Step::shift(1_000), back] } else { vec![back] })
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

    /// Tasks wanted.
    pub const fn desired(&self) -> u32 {
        self.desired
    }

    /// Whether a deploy is under way.
    pub const fn is_deploying(&self) -> bool {
        self.rollout.is_some()
    }

    /// The desired count changes, because of a fact or by itself.
    pub fn scale(&mut self, desired: u32, because: Option<FactId>, ctx: &mut Ctx) {
        self.desired = desired;
        let fact = Fact::DesiredChanged { service: self.id, desired };
        let fact = match because {
            Some(because) => ctx.tell_because(fact, because),
            None => ctx.tell_first(fact),
        };
        (self.room, self.surplus, self.latest) = (fact, fact, fact);
        let next = self.next_beat(ctx.now + self.control.latency, ctx);
        self.look_at(next, ctx);
    }

    /// Something has happened that the next look may act on.
    pub fn wake(&mut self, chance: Chance, fact: FactId, cluster: &Cluster, ctx: &mut Ctx) {
        match chance {
            Chance::Room => self.room = fact,
            Chance::Surplus => self.surplus = fact,
            Chance::Both => (self.room, self.surplus) = (fact, fact),
            Chance::Other => {}
        }
        self.latest = fact;
        if !self.explicit_looks && !self.is_idle(cluster) {
            let next = self.next_beat(ctx.now + self.control.latency, ctx);
            self.look_at(next, ctx);
        }
    }

    /// A step's traffic has moved or its hold has ended, or the old tasks need not stay any longer: a timer of its own, which
    /// waits for no beat.
    pub fn step_due(&mut self, ctx: &mut Ctx) {
        let over = ctx.look_is_over(self.id) && !self.control.tick.is_zero();
        let at = if over { ctx.now + Duration::from_millis(1) } else { ctx.now };
        self.look_at(at, ctx);
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
            let registration = self.draws.span(&load_balancer.registration, Stream::Registration, task.entity);
            let fact = cluster.advance(id, TaskState::Registering, task.last, ctx);
            ctx.schedule(ctx.now + registration, Event::Registered(id), fact);
        }
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
                reached_by: if self.step().waits_for_gone { self.surplus.max(self.room) } else { self.surplus },
            };
            let Rolled { view, latest, .. } = rolled;
            let Some(progress) = self.rollout.as_mut().filter(|progress| progress.mode != Mode::Frozen) else {
                return (false, None);
            };
            let before = progress.step_number();
            if progress.has_ended() {
                return (false, self.complete(&view, ctx));
            }
            let stepped = progress.advance(&rolled, ctx);
            if let Some(permille) = progress.shifted.take() {
                self.split = Some((self.target, permille));
            }
            if let Some(told) = progress.told.take() {
                (self.latest, self.room, self.surplus) = (told, told, told);
            }
            match stepped {
                Stepped::Waits => return (false, None),
                Stepped::Failed(why) => {
                    if let Some(act) = rollout.failure.act_on(Detector::Analysis) {
                        self.trouble.find(why, act, latest);
                    }
                    return (true, self.act_on_trouble(cluster, ctx));
                }
                Stepped::Ended => return (false, self.complete(&view, ctx)),
                Stepped::Further if progress.step_number() == before => {}
                Stepped::Further => {
                    progress.got_on = ctx.now;
                    self.open_book(cluster);
                    if !self.step().is_reached(&self.view(cluster)) {
                        return (true, None);
                    }
                }
            }
        }
    }

    /// Ends the deploy whose steps are all done, unless the old tasks must be gone first.
    fn complete(&mut self, view: &View, ctx: &mut Ctx) -> Ended {
        let rollout = self.rollout.as_ref()?;
        let (deploy, back) = (rollout.deploy, rollout.mode == Mode::Back);
        let gone = self.step().is_reached(view) && view.terminating == 0;
        if self.service.rollout.completion == Completion::OldStopped && !gone {
            return None;
        }
        let service = self.id;
        let fact =
            if back { Fact::DeployRolledBack { deploy, service } } else { Fact::DeployCompleted { deploy, service } };
        let old_are_gone = self.room.max(self.surplus);
        let waits = self.service.rollout.completion == Completion::OldStopped;
        let because = if waits { rollout.since.max(old_are_gone) } else { rollout.since };
        let fact = ctx.tell_because(fact, because);
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
        Some((deploy, fact))
    }

    /// Nothing is under way and the plan asks for nothing: only the bounds can be in the way.
    fn tell_if_bounds_block(&mut self, cluster: &Cluster, ctx: &mut Ctx) {
        let view = self.view(cluster);
        let rests = view.rested < view.new.available || self.trouble.waits(ctx.now);
        let stuck = self.settled(cluster) && !rests && !self.step().is_reached(&view);
        if let Some(rollout) = &mut self.rollout
            && stuck
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
        self.rollout.is_none() && self.retained_until.is_none() && !self.moving && nothing_waits && reached()
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
