//! Carries out what a mover asks for: which tasks start where, which stop, and how a stop begins.

use crate::cluster::{Cluster, FIRST_VERSION, NewTask, Task, TaskName, TaskState};
use crate::control::agents::Agents;
use crate::control::balancer;
use crate::control::scheduler::{Chance, Reached, Scheduler};
use crate::deploy::{Mover, Plan, SlotKey, SlotOp, Slots, VictimOrder, victims};
use crate::engine::ctx::Ctx;
use crate::engine::draws::{Draws, Entity};
use crate::engine::event::Event;
use crate::engine::fact::{Fact, FactId, HostId, ServiceId, TaskId};
use crate::engine::time::Time;
use crate::model::{Deregistration, HostDrain, Service};
use crate::placement::asked::{Asking, NoHost};
use crate::placement::index::HostIndex;
use crate::placement::search::{self, Request};
use crate::placement::{Policy, Shortage};
use crate::scaling::Pending;

impl Scheduler<'_> {
    /// Starts and stops what the mover asks for; whether anything was done.
    pub(super) fn move_tasks(&mut self, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) -> bool {
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
        if stopped > 0 {
            // What it does next without news follows from what it has done.
            self.surplus = self.room;
        }
        started + stopped > 0
    }

    /// Starts up to `n` tasks, as many as the launch rate, the back-off and the hosts allow.
    fn start_tasks(&mut self, n: u32, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) -> u32 {
        cluster.starved.remove(&self.id);
        let n = match (self.trouble.waits(ctx.now), self.slots()) {
            (false, _) => n,
            // The mover does not count those that nobody replaces.
            (true, Some(_)) => n.saturating_sub(self.trouble.owed - self.trouble.lost()),
            (true, None) => 0,
        };
        let allowed = self.tokens.as_mut().map_or(n, |tokens| tokens.available(ctx.now).min(n));
        let mut started = 0;
        self.starved &= n > 0;
        if self.starved {
            // This look itself may have made the room.
            self.room = cluster.room_came.map_or(self.room, |came| came.max(self.room));
        }
        let waited = self.waiting.take();
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
                    let tasks = n - started;
                    cluster.waits_began |= waited.is_none_or(|waited| waited.tasks < tasks);
                    let since = waited.map_or(ctx.now, |waited| waited.since);
                    self.waiting = Some(Pending { service: self.id, tasks, since });
                    break;
                }
            }
        }
        if started > 0
            && let (Mover::Pool(pool), Some(_)) = (self.step().mover, &self.rollout)
        {
            let view = self.view(cluster);
            let counted = if pool.terminating_in_cap { view.terminating } else { 0 };
            let cap = pool.limits(self.desired).cap.saturating_add(view.aside);
            assert!(view.new.wanted + view.old.wanted + counted <= cap, "no start goes above the cap");
        }
        let limited = started == allowed && allowed < n;
        if let Some(tokens) = &mut self.tokens {
            tokens.take(started);
            if limited {
                let next = tokens.next();
                let next = self.next_beat(next, ctx);
                self.look_at(next, ctx);
            }
        }
        self.limited_by = limited.then(|| {
            let told = self.limited_by;
            told.unwrap_or_else(|| ctx.tell_because(Fact::LaunchRateReached { service: self.id }, self.room))
        });
        started
    }

    /// Starts the next task, in the place that its slot gives it if it has one.
    fn start_next(&mut self, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) -> Result<(), Shortage> {
        let Some(slots) = self.slots() else {
            let host = self.find_room(cluster, agents, ctx)?;
            let slot = cluster.services[self.id.index()].versions[usize::from(self.target)].created;
            self.start_task(host, slot, cluster, agents, ctx);
            self.trouble.owed = self.trouble.owed.saturating_sub(1);
            return Ok(());
        };
        let place = self.book.next_to_start(slots.op == SlotOp::StartStop, self.trouble.waits(ctx.now), cluster);
        let ahead = place.and_then(|place| self.book.pulled_ahead.remove(&place.slot));
        let host = match (place, slots.key) {
            // Where its host has left the cluster, the slot goes elsewhere.
            (Some(place), SlotKey::Host) if cluster.look(place.host, self.id).is_some() => {
                self.fits_on(place.host, cluster)
            }
            _ => match ahead.map(|host| self.fits_on(host, cluster)) {
                Some(Ok(host)) => Ok(host),
                _ => self.find_room(cluster, agents, ctx),
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

    fn find_host(&self, cluster: &mut Cluster, now: Time) -> Result<HostId, Shortage> {
        find_host(self.id, self.service, (self.next_task(cluster), now), cluster, self.draws)
    }

    /// Why the next task fits nowhere, if that is so; whoever is asked for hosts is not asked.
    pub(super) fn shortage(&self, cluster: &Cluster) -> Option<Shortage> {
        let (request, index) = request(self.id, self.service, self.next_task(cluster), cluster, self.draws);
        search::place(&request, index).err()
    }

    /// A host that is there, or a machine of its own for a service whose tasks get one.
    fn find_room(&self, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) -> Result<HostId, Shortage> {
        match self.machines {
            Some(group) => Ok(agents.launch_machine(group, self.id, self.next_task(cluster), self.room, cluster, ctx)),
            None => self.find_host(cluster, ctx.now),
        }
    }

    fn fits_on(&self, host: HostId, cluster: &Cluster) -> Result<HostId, Shortage> {
        let shortage =
            cluster.look(host, self.id).map(|look| cluster.terms[self.id.index()].shortage_on(&look, &cluster.classes));
        match shortage {
            Some(shortage) if shortage.is_none() => Ok(host),
            shortage => Err(shortage.unwrap_or_default()),
        }
    }

    fn start_task(&mut self, host: HostId, slot: u32, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        let name = TaskName { service: self.id, version: self.target };
        let entity = self.next_task(cluster);
        let born = NewTask { name, entity, slot, host, state: TaskState::Provisioning };
        let because = self.limited_by.unwrap_or(self.room);
        let id = cluster.create(born, Some(because), ctx);
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
            let old = [&old[..], &[self.target]].concat();
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
    /// available, those that are not, or those first. Of the version wanted, those on hosts that drain are old, where old
    /// ones are meant (`available` is said).
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
                let of_kind = version.tasks.iter().filter(|id| {
                    let task = &cluster.tasks[id.index()];
                    let old = task.name.version != self.target || task.leaving;
                    task.is_available() == kind && old == available.is_some()
                });
                let candidates: Vec<_> = of_kind
                    .map(|id| {
                        let host = cluster.tasks[id.index()].host.index();
                        victims::Candidate { task: id.0, host, zone: cluster.zone_of(host) }
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
        // One that is not wanted any more may make room for another under the cap.
        self.room = chosen;
        let task = &cluster.tasks[id.index()];
        let registered = self.service.load_balancer.is_some() && task.state >= TaskState::Registering;
        let is_lost = task.state == TaskState::Lost;
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
            // It is gone, and that will be found.
            _ if is_lost => {}
            (false, _) | (true, Deregistration::WithStop) => issue_stop(id, chosen, cluster, agents, ctx),
            (true, Deregistration::SameReview) => self.deregister(id, chosen, cluster, ctx),
            (true, Deregistration::NextReview) => self.to_deregister.push(id),
        }
    }

    /// Tasks are on hosts that drain: the next look moves them.
    pub fn move_away(&mut self, because: FactId, cluster: &Cluster, ctx: &mut Ctx) {
        self.moving = true;
        (self.room, self.surplus) = (because, because);
        self.wake(Chance::Other, because, cluster, ctx);
    }

    /// Stops the tasks on hosts that drain, where they are not replaced like old tasks of a pool.
    pub(super) fn stop_leaving(&mut self, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        if self.slots().is_none() && self.control.host_drain == HostDrain::AsRollout {
            return;
        }
        let versions = cluster.services[self.id.index()].versions.iter();
        let mut leaving: Vec<_> = versions.flat_map(|version| version.tasks.iter().copied()).collect();
        leaving.retain(|id| cluster.tasks[id.index()].leaving);
        leaving.sort_unstable();
        for id in leaving {
            let of_target = cluster.tasks[id.index()].name.version == self.target;
            self.stop_task(id, self.surplus, cluster, agents, ctx);
            if of_target {
                self.trouble.owe();
                self.falter(id, cluster);
            }
        }
    }

    /// A task is gone with its host, as the control plane knows now.
    pub fn task_lost(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let task = &cluster.tasks[id.index()];
        if task.chosen {
            self.task_stopped(id, cluster, ctx);
            return;
        }
        let of_target = task.name.version == self.target;
        cluster.give_up(id);
        let fact = cluster.advance(id, TaskState::Stopped, ctx.cause, ctx);
        if of_target {
            self.trouble.owe();
            self.replace(id, cluster);
        } else if self.slots().is_some() {
            self.book.vacate(id, false, cluster);
        }
        self.wake(Chance::Room, fact, cluster, ctx);
    }

    /// Pulls the image of a slot's next task while the one before it stops, where there is a host for it already.
    fn pull_ahead(&mut self, old: TaskId, slots: Slots, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        if !self.control.pull_ahead || slots.op != SlotOp::StopStart {
            return;
        }
        let Task { host, slot, last, .. } = cluster.tasks[old.index()];
        // Between looks of a service at rest nobody knows where the next task will go.
        let knows = cluster.services[self.id.index()].index.is_some();
        let host = match slots.key {
            SlotKey::Host => Some(host),
            SlotKey::Any if knows => self.find_host(cluster, ctx.now).ok(),
            SlotKey::Any => None,
        };
        if let Some(host) = host {
            let name = TaskName { service: self.id, version: self.target };
            agents.pull_ahead(host, name, self.next_task(cluster), last, ctx);
            self.book.pulled_ahead.insert(slot, host);
        }
    }

    pub(super) fn deregister(&mut self, id: TaskId, because: FactId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let load_balancer = self.service.load_balancer.as_ref().expect("only registered tasks are deregistered");
        let drained = balancer::until_drained(load_balancer, self.draws, cluster.tasks[id.index()].entity);
        let fact = cluster.advance(id, TaskState::Draining, because, ctx);
        // Of a service that is watched, what is under way says when draining ends.
        if !cluster.watched[self.id.index()] {
            ctx.schedule(ctx.now + drained, Event::TargetGone(id), fact);
        }
    }
}

/// Tells a task's agent to stop it.
pub(super) fn issue_stop(id: TaskId, because: FactId, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
    cluster.advance(id, TaskState::Stopping, because, ctx);
    agents.stop(id, cluster, ctx);
}

/// The host for a service's next task. Where whoever is asked for it fails, the run ends with that.
pub(crate) fn find_host(
    id: ServiceId,
    service: &Service,
    (task, now): (Entity, Time),
    cluster: &mut Cluster,
    draws: Draws,
) -> Result<HostId, Shortage> {
    let (request, index) = request(id, service, task, cluster, draws);
    let Policy::Asked(asked) = &service.placement else {
        return search::place(&request, index);
    };
    if cluster.failure.is_some() {
        return Err(index.shortage());
    }
    let asking = Asking { seed: draws.seed(), at: now, service: &service.name, names: &cluster.class_names };
    match asked.place(&request, index, asking) {
        Ok(host) => Ok(host),
        Err(NoHost::Short(shortage)) => Err(shortage),
        Err(NoHost::Failed(failure)) => {
            cluster.failure = Some(failure);
            Err(Shortage::default())
        }
    }
}

/// What a service's next task asks for, and of which hosts.
fn request<'a>(
    id: ServiceId,
    service: &Service,
    task: Entity,
    cluster: &'a Cluster,
    draws: Draws,
) -> (Request<'a>, &'a HostIndex) {
    let tasks = &cluster.services[id.index()];
    let ordinal = tasks.versions.iter().map(|version| version.created).sum();
    let request = Request {
        terms: &cluster.terms[id.index()],
        classes: &cluster.classes,
        by_zone: &tasks.by_zone,
        by_class: &tasks.by_class,
        ordinal,
        lot: service.placement.lot(draws, task, &service.name, ordinal),
    };
    (request, tasks.index.as_ref().expect("a service that places tasks has an index"))
}
