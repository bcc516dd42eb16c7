//! The service scheduler: it looks at a service on its beat, registers, stops, deregisters, starts and completes.
//!
//! A look that would find nothing is not simulated: whatever gives it something to do [`wake`](Scheduler::wake)s it, and
//! it looks at its next beat.

use crate::cluster::{Cluster, NewTask, TaskName, TaskState, VersionTasks};
use crate::control::agents::Agents;
use crate::control::balancer;
use crate::control::beat::Beat;
use crate::control::tokens::Tokens;
use crate::deploy::pool::{self, PoolPlan, PoolView};
use crate::deploy::{Bounds, victims};
use crate::engine::ctx::Ctx;
use crate::engine::dist::Dist;
use crate::engine::draws::{Draws, Entity, Stream};
use crate::engine::event::Event;
use crate::engine::fact::{DeployId, Fact, FactId, HostId, ServiceId, TaskId};
use crate::engine::time::{Duration, Time};
use crate::model::{ControlLoop, Deregistration, Model, Service};
use crate::placement::search::{self, Request};
use crate::placement::{Policy, Shortage};

/// The scheduler of one service.
#[derive(Debug)]
pub(crate) struct Scheduler<'m> {
    id: ServiceId,
    service: &'m Service,
    control: &'m ControlLoop,
    draws: Draws,
    entity: Entity,
    bounds: Bounds,
    /// The version wanted; the one that runs at the start is 1.
    version: u16,
    rollout: Option<Rollout>,
    beat: Beat,
    /// When it asks the balancer for draining targets.
    target_polls: Beat,
    /// When it looks next. An event for another time is stale.
    next: Option<Time>,
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
    starved: bool,
    rate_reached: bool,
    /// The last fact that gave starts a chance.
    room: FactId,
    /// The last fact that gave stops a chance.
    surplus: FactId,
    /// The last fact of all.
    latest: FactId,
}

/// A deploy under way.
#[derive(Clone, Copy, Debug)]
struct Rollout {
    deploy: DeployId,
    bounds_told: bool,
}

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
            bounds: service.rolling.bounds(service.desired),
            version: 1,
            rollout: None,
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
            room: none,
            surplus: none,
            latest: none,
        }
    }

    /// Looks at the service: everything the control plane does about it happens here. Returns the deploy that ended, and
    /// the fact that says so.
    pub fn review(&mut self, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) -> Option<(DeployId, FactId)> {
        if self.next != Some(ctx.now) {
            return None;
        }
        self.next = None;
        self.rollout?;
        self.register_running(cluster, ctx);
        for task in std::mem::take(&mut self.to_stop) {
            let because = cluster.tasks[task.index()].last;
            issue_stop(task, because, cluster, agents, ctx);
        }
        for task in std::mem::take(&mut self.to_deregister) {
            let because = cluster.tasks[task.index()].last;
            self.deregister(task, because, cluster, ctx);
        }
        let plan = self.plan(cluster);
        self.start_tasks(plan.start, cluster, agents, ctx);
        self.stop_tasks(plan, cluster, agents, ctx);
        let after = self.plan(cluster);
        debug_assert!(
            after.stop_healthy + after.stop_unhealthy == 0 && (after.start == 0 || self.starved || self.rate_reached),
            "a plan made twice without a change asks for nothing new: {after:?}"
        );
        if !self.to_deregister.is_empty() || self.explicit_looks {
            let next = self.next_beat(ctx.now, ctx);
            self.look_at(next, ctx);
        }
        let ended = self.complete(cluster, ctx);
        if ended.is_none() && after.start == 0 {
            self.tell_if_bounds_block(cluster, ctx);
        }
        ended
    }

    /// A deploy is requested: the wanted version changes and the loop begins anew. Returns the deploy that it supersedes,
    /// and the fact that says so.
    pub fn request(&mut self, deploy: DeployId, cluster: &mut Cluster, ctx: &mut Ctx) -> Option<(DeployId, FactId)> {
        self.version += 1;
        let fact = Fact::DeployRequested { deploy, service: self.id, version: self.version };
        let requested = ctx.tell_first(fact);
        let superseded = self.rollout.map(|Rollout { deploy, .. }| {
            (deploy, ctx.tell_because(Fact::DeploySuperseded { deploy, service: self.id }, requested))
        });
        self.rollout = Some(Rollout { deploy, bounds_told: false });
        let first =
            self.draws.span(&self.control.first_review, Stream::FirstReview, self.entity.child(self.version.into()));
        let beats = self.entity.child(self.version.into());
        self.beat = Beat::new(ctx.now + first, self.control.tick, self.control.tick_jitter, beats);
        self.next = None;
        cluster.open_index(self.id);
        cluster.services[self.id.index()].versions.resize(usize::from(self.version) + 1, VersionTasks::default());
        (self.room, self.surplus, self.latest) = (requested, requested, requested);
        let next = self.next_beat(ctx.now, ctx);
        self.look_at(next, ctx);
        superseded
    }

    /// Something has happened that the next look may act on.
    pub fn wake(&mut self, chance: Chance, fact: FactId, ctx: &mut Ctx) {
        match chance {
            Chance::Room => self.room = fact,
            Chance::Surplus => self.surplus = fact,
            Chance::Other => {}
        }
        self.latest = fact;
        if self.rollout.is_some() && !self.explicit_looks {
            let next = self.next_beat(ctx.now, ctx);
            self.look_at(next, ctx);
        }
    }

    /// A task runs, as the control plane knows now. Without a load balancer it is healthy in a while.
    pub fn task_runs(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        if cluster.tasks[id.index()].state != TaskState::Starting {
            return;
        }
        let fact = cluster.advance(id, TaskState::Running, ctx.cause, ctx);
        if self.service.load_balancer.is_some() {
            self.to_register.push(id);
            self.wake(Chance::Other, fact, ctx);
        } else {
            ctx.schedule(ctx.now + self.control.healthy_after, Event::Passed(id), fact);
        }
    }

    /// A task has passed what makes it healthy.
    pub fn task_passes(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        if matches!(cluster.tasks[id.index()].state, TaskState::Running | TaskState::Registering) {
            let fact = cluster.advance(id, TaskState::InService, ctx.cause, ctx);
            self.wake(Chance::Surplus, fact, ctx);
        }
    }

    /// The balancer has let go of a task, as the control plane knows now.
    pub fn task_drained(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let fact = cluster.advance(id, TaskState::Drained, ctx.cause, ctx);
        self.to_stop.push(id);
        self.wake(Chance::Other, fact, ctx);
    }

    /// A task has stopped, as the control plane knows now.
    pub fn task_stopped(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let fact = cluster.advance(id, TaskState::Stopped, ctx.cause, ctx);
        self.wake(Chance::Room, fact, ctx);
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
            ctx.schedule(ctx.now + healthy, Event::Passed(id), fact);
        }
    }

    fn view(&self, cluster: &Cluster) -> PoolView {
        let tasks = &cluster.services[self.id.index()];
        let new = &tasks.versions[usize::from(self.version)];
        let healthy = tasks.healthy();
        let old_healthy = healthy - new.healthy;
        PoolView {
            desired: self.service.desired,
            bounds: self.bounds,
            new: new.wanted,
            alive: tasks.alive,
            healthy,
            old_healthy,
            old_unhealthy: tasks.wanted() - new.wanted - old_healthy,
        }
    }

    fn plan(&self, cluster: &Cluster) -> PoolPlan {
        pool::plan(&self.view(cluster))
    }

    /// Starts up to `n` tasks, as many as the launch rate and the hosts allow.
    fn start_tasks(&mut self, n: u32, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        cluster.starved.remove(&self.id);
        let allowed = self.tokens.as_mut().map_or(n, |tokens| tokens.available(ctx.now).min(n));
        let mut started = 0;
        self.starved &= n > 0;
        while started < allowed {
            match self.find_host(cluster) {
                Ok(host) => {
                    self.start_task(host, cluster, agents, ctx);
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
    }

    fn find_host(&self, cluster: &Cluster) -> Result<HostId, Shortage> {
        find_host(self.id, self.service, self.service.placement, self.next_task(cluster), cluster, self.draws)
    }

    fn start_task(&mut self, host: HostId, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        let name = TaskName { service: self.id, version: self.version };
        let entity = self.next_task(cluster);
        let id = cluster.create(NewTask { name, entity, host, state: TaskState::Provisioning }, Some(self.room), ctx);
        assert!(cluster.services[self.id.index()].alive <= self.bounds.max_total, "no start goes above the cap");
        agents.start(id, cluster, ctx);
    }

    /// What the next task of the wanted version is called.
    fn next_task(&self, cluster: &Cluster) -> Entity {
        let created = cluster.services[self.id.index()].versions[usize::from(self.version)].created;
        self.entity.child(self.version.into()).child(created.into())
    }

    fn stop_tasks(&mut self, plan: PoolPlan, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        let tasks = &cluster.services[self.id.index()];
        let mut stops = vec![];
        for (n, healthy) in [(plan.stop_unhealthy, false), (plan.stop_healthy, true)] {
            if n == 0 {
                continue;
            }
            let old = tasks.versions[..usize::from(self.version)].iter().flat_map(|version| &version.tasks);
            let of_kind = old.filter(|id| (cluster.tasks[id.index()].state == TaskState::InService) == healthy);
            let candidates: Vec<_> = of_kind
                .map(|id| {
                    let host = cluster.tasks[id.index()].host.index();
                    victims::Candidate { task: id.0, host, zone: cluster.hosts[host].zone.into() }
                })
                .collect();
            stops.extend(victims::choose(n, &candidates, &tasks.by_zone, &tasks.by_host));
        }
        for id in stops.into_iter().map(TaskId) {
            let was_healthy = cluster.tasks[id.index()].state == TaskState::InService;
            let chosen = cluster.choose_to_stop(id, self.surplus, ctx);
            let healthy = cluster.services[self.id.index()].healthy();
            assert!(!was_healthy || healthy >= self.bounds.min_healthy, "no stop goes below the floor");
            let registered =
                self.service.load_balancer.is_some() && cluster.tasks[id.index()].state >= TaskState::Registering;
            match (registered, self.control.deregistration) {
                (false, _) => issue_stop(id, chosen, cluster, agents, ctx),
                (true, Deregistration::SameReview) => self.deregister(id, chosen, cluster, ctx),
                (true, Deregistration::NextReview) => self.to_deregister.push(id),
            }
        }
    }

    fn deregister(&mut self, id: TaskId, because: FactId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let load_balancer = self.service.load_balancer.as_ref().expect("only registered tasks are deregistered");
        let drained = balancer::until_drained(load_balancer, self.draws, cluster.tasks[id.index()].entity);
        let fact = cluster.advance(id, TaskState::Draining, because, ctx);
        let noticed = self.target_polls.next(ctx.now + drained, self.draws);
        ctx.schedule(noticed, Event::DrainNoticed(id), fact);
    }

    fn complete(&mut self, cluster: &mut Cluster, ctx: &mut Ctx) -> Option<(DeployId, FactId)> {
        let Rollout { deploy, .. } = self.rollout?;
        let tasks = &mut cluster.services[self.id.index()];
        let done = tasks.alive == self.service.desired
            && tasks.versions[usize::from(self.version)].healthy == self.service.desired;
        if !done {
            return None;
        }
        tasks.index = None;
        self.rollout = None;
        self.next = None;
        let fact = ctx.tell_because(Fact::DeployCompleted { deploy, service: self.id }, self.latest);
        Some((deploy, fact))
    }

    /// Nothing is under way and the plan asks for nothing: only the bounds can be in the way.
    fn tell_if_bounds_block(&mut self, cluster: &Cluster, ctx: &mut Ctx) {
        let settled = self.settled(cluster);
        if let Some(rollout) = &mut self.rollout
            && settled
            && !rollout.bounds_told
        {
            rollout.bounds_told = true;
            ctx.tell_because(Fact::BoundsBlocked { service: self.id }, self.latest);
        }
    }

    /// Whether every task is healthy and none is on its way up or down.
    fn settled(&self, cluster: &Cluster) -> bool {
        let tasks = &cluster.services[self.id.index()];
        tasks.alive == tasks.healthy()
    }

    /// The first beat from `time` on; of this instant only if its turn is still to come.
    fn next_beat(&mut self, time: Time, ctx: &Ctx) -> Time {
        let over = time == ctx.now && ctx.look_is_over(self.id) && !self.control.tick.is_zero();
        self.beat.next(if over { time + Duration::from_millis(1) } else { time }, self.draws)
    }

    fn look_at(&mut self, at: Time, ctx: &mut Ctx) {
        if self.next.is_none_or(|next| at < next) {
            self.next = Some(at);
            ctx.schedule_review(at, self.id, self.latest);
        }
    }

    /// What an unfinished deploy waits for, in words.
    pub fn waits_for(&self, cluster: &Cluster, horizon: Duration) -> Option<String> {
        self.rollout?;
        let (name, desired) = (&self.service.name, self.service.desired);
        let tasks = &cluster.services[self.id.index()];
        let new = &tasks.versions[usize::from(self.version)];
        let Bounds { min_healthy, max_total } = self.bounds;
        let settled = self.settled(cluster);
        let mut reasons = vec![];
        if !settled || self.next.is_some() {
            let going = tasks.alive - tasks.healthy();
            reasons.push(format!(
                "still going after {horizon}: {} of {desired} new tasks are healthy, {going} of its tasks are starting or \
                 stopping",
                new.healthy
            ));
        } else if !self.starved {
            reasons.push(format!(
                "its bounds let nothing start or stop: at least {min_healthy} of {desired} stay healthy and at most \
                 {max_total} may exist"
            ));
        }
        if self.starved
            && let Err(shortage) = self.find_host(cluster)
        {
            reasons.push(format!("{} of {desired} new tasks fit nowhere: {shortage}", desired - new.wanted));
            if settled {
                reasons.push(format!("no old task may stop, because at least {min_healthy} of {desired} stay healthy"));
            }
        }
        Some(format!("{name}: {}", reasons.join("; ")))
    }
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
