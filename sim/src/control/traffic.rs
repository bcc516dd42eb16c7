//! What users' requests meet: what flows through each service, and what changes it. How tasks are targets is in
//! `targets`, how they are checked in `checks`.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::{Change, Cluster, TaskState};
use crate::control::targets::{Standing, Target};
use crate::control::users::Users;
use crate::engine::ctx::Ctx;
use crate::engine::draws::Draws;
use crate::engine::event::Event;
use crate::engine::fact::{Fact, ServiceId, TaskId};
use crate::engine::time::Time;
use crate::model::Model;
use crate::traffic::fluid::{Condition, Flows};
use crate::traffic::{Loss, Rate, Requests};

/// Requests on their way, and the targets that they are sent to. Only services with a load or with faults are watched.
#[derive(Debug)]
pub(crate) struct Traffic<'m> {
    pub(super) model: &'m Model,
    pub(super) draws: Draws,
    pub(super) services: Vec<Option<Users<'m>>>,
    pub(super) targets: BTreeMap<TaskId, Target>,
    /// Services whose flows are to be worked out anew.
    pub(super) dirty: BTreeSet<ServiceId>,
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
            TaskState::Draining => self.drain(id, cluster.tasks[id.index()].last, ctx),
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
        let moves_at = next.filter(|_| users.next != next);
        users.next = next;
        tell(id, before, flows, shed, ctx);
        if let Some(at) = moves_at {
            ctx.schedule(at, Event::FlowsChange(id), ctx.cause);
        }
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

    pub(super) fn users(&mut self, id: ServiceId) -> &mut Users<'m> {
        self.services[id.index()].as_mut().expect("only watched services have traffic")
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
pub(super) fn tell_lost(service: ServiceId, loss: Loss, mut gone: Requests, mut under_way: Requests, ctx: &mut Ctx) {
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
        // Users come by themselves, and what follows is because of them.
        ctx.cause = ctx.tell_first(Fact::DemandChanged { service, rate: flows.offered });
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
