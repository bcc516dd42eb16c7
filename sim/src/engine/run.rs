//! The run loop: one `match` that reads as the wiring of the whole model.

use super::ctx::Ctx;
use super::draws::{Draws, Entity};
use super::event::Event;
use super::fact::{DeployId, Fact, FactId, HostId, Observer, ServiceId, TaskId};
use super::queue::EventQueue;
use super::time::Time;
use crate::cluster::{Cluster, NewTask, TaskName, TaskState, VersionTasks};
use crate::control::agents::Agents;
use crate::control::autoscalers::Autoscalers;
use crate::control::host_groups::HostGroups;
use crate::control::moves::find_host;
use crate::control::scheduler::{Chance, Scheduler};
use crate::control::traffic::Traffic;
use crate::model::{Mishap, Model};
use crate::placement::Failure;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What each unfinished deploy waits for, in words; empty when all ended.
    pub blocked: Vec<String>,
    /// Facts told.
    pub facts: u32,
    /// Why the run is not whole, where a service asks for its hosts and was given none that does.
    pub failure: Option<Failure>,
}

/// Plays one model with one seed. The same two always give the same facts, in the same order.
pub fn run(model: &Model, seed: u64, observer: &mut dyn Observer) -> Outcome {
    World::new(model, seed, Looking::Computed).play(observer)
}

/// [`run`] with every tick and every poll simulated, also those that find nothing. Slow; it shows that leaving them out
/// changes no fact.
#[doc(hidden)]
pub fn run_explicitly(model: &Model, seed: u64, observer: &mut dyn Observer) -> Outcome {
    World::new(model, seed, Looking::Explicit).play(observer)
}

/// Whether looks that find nothing are simulated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Looking {
    Computed,
    Explicit,
}

struct World<'m> {
    model: &'m Model,
    draws: Draws,
    cluster: Cluster,
    schedulers: Vec<Scheduler<'m>>,
    agents: Agents<'m>,
    host_groups: HostGroups<'m>,
    traffic: Traffic<'m>,
    autoscalers: Autoscalers<'m>,
    /// The services whose requests are looked at.
    watched: Vec<ServiceId>,
    /// What kept tasks from running at the start.
    not_running: Vec<String>,
}

/// More events than this in one instant are a loop that does not end.
const MOST_EVENTS_AN_INSTANT: u32 = 10_000_000;

impl<'m> World<'m> {
    fn new(model: &'m Model, seed: u64, looking: Looking) -> Self {
        let draws = Draws::new(seed);
        let explicit = looking == Looking::Explicit;
        let services = (0..model.services.len()).map(|i| ServiceId(i as u32));
        Self {
            model,
            draws,
            cluster: Cluster::new(model),
            schedulers: services.clone().map(|id| Scheduler::new(model, id, draws, explicit)).collect(),
            agents: Agents::new(model, draws, explicit),
            host_groups: HostGroups::new(model, draws),
            traffic: Traffic::new(model, draws),
            autoscalers: Autoscalers::new(model),
            watched: services.filter(|id| model.is_watched(*id)).collect(),
            not_running: vec![],
        }
    }

    fn play(mut self, observer: &mut dyn Observer) -> Outcome {
        let mut queue = EventQueue::default();
        let (mut facts, mut events) = (0, 0_u64);
        self.open(&mut Ctx::new(Time::ZERO, FactId::from_index(0), &mut queue, observer, &mut facts));
        let end = Time::ZERO + self.model.horizon;
        let (mut instant, mut in_instant) = (Time::ZERO, 0);
        while let Some((now, (event, cause))) = queue.pop()
            && now <= end
            && self.not_running.is_empty()
            && self.cluster.failure.is_none()
        {
            in_instant = if now == instant { in_instant + 1 } else { 0 };
            instant = now;
            assert!(in_instant < MOST_EVENTS_AN_INSTANT, "the model does not leave {now}: {event:?}");
            self.handle(event, &mut Ctx::new(now, cause, &mut queue, observer, &mut facts));
            events += 1;
            if cfg!(debug_assertions) && self.check_is_due(events) {
                self.cluster.check();
            }
        }
        let failure = self.cluster.failure.take();
        Outcome { blocked: self.blocked(), facts, failure }
    }

    /// The wiring: who reacts to what.
    fn handle(&mut self, event: Event, ctx: &mut Ctx) {
        // What was to happen to a task that is gone does not.
        if event.task().is_some_and(|id| self.cluster.tasks[id.index()].state >= TaskState::Lost) {
            return;
        }
        match event {
            Event::LaunchHosts(group) => self.host_groups.add_hosts(group, &mut self.cluster, &mut self.agents, ctx),
            Event::HostRegisters(host) => self.host_groups.register(host, &mut self.cluster, ctx),
            Event::RemoveHosts(group) => {
                self.host_groups.remove_hosts(group, &mut self.cluster, &mut self.agents, ctx);
            }
            Event::ScheduledSize { group, size } => {
                self.host_groups.scheduled_size(group, size, &mut self.cluster, &mut self.agents, ctx);
            }
            Event::RefreshBegins { group, refresh } => {
                self.host_groups.begin_refresh(group, refresh, &mut self.cluster, &mut self.agents, ctx);
            }
            Event::HostWarm(host) => self.host_groups.warm(host, &mut self.cluster, &mut self.agents, ctx),
            Event::RefreshGoesOn(group) => {
                self.host_groups.refresh_goes_on(group, &mut self.cluster, &mut self.agents, ctx);
            }
            Event::RefreshDeadline(group) => {
                self.host_groups.refresh_deadline(group, &mut self.cluster, &mut self.agents, ctx);
            }
            Event::ScalerLooks(group) => {
                let waiting: Vec<_> = self.schedulers.iter().filter_map(|scheduler| scheduler.waiting).collect();
                self.host_groups.look(group, &waiting, &mut self.cluster, &mut self.agents, ctx);
            }
            Event::WarmHostReady(group) => self.host_groups.warmed(group, ctx),
            Event::HostNotice(host) => self.host_groups.notice(host, &mut self.cluster, ctx),
            Event::HostEnds(host) => self.host_groups.ends(host, &mut self.cluster, &mut self.agents, ctx),
            Event::LossFound(host) => self.loss_found(host, ctx),
            Event::RequestDeploy(deploy) => {
                let asked = &self.model.deploys[deploy.index()];
                let scheduler = &mut self.schedulers[asked.service.index()];
                if let Some((superseded, fact)) = scheduler.request(deploy, asked, &mut self.cluster, ctx) {
                    self.host_groups.deploy_ended(superseded, fact, ctx);
                }
            }
            Event::Scale(change) => {
                let change = &self.model.scalings[change as usize];
                self.schedulers[change.service.index()].scale(change.desired, None, ctx);
            }
            Event::StepDue(service) => self.schedulers[service.index()].step_due(ctx),
            Event::RolloutDeadline(service) => self.schedulers[service.index()].rollout_deadline(&self.cluster, ctx),
            Event::Alarm(service) => self.schedulers[service.index()].alarm(&self.cluster, ctx),
            Event::Review(service) => {
                let scheduler = &mut self.schedulers[service.index()];
                if let Some((deploy, fact)) = scheduler.review(&mut self.cluster, &mut self.agents, ctx) {
                    self.host_groups.deploy_ended(deploy, fact, ctx);
                }
            }
            Event::Poll(host) => self.agents.poll(host, ctx),
            Event::StartReceived(task) => self.agents.receive_start(task, &mut self.cluster, ctx),
            Event::Provisioned(task) => self.agents.provisioned(task, &mut self.cluster, ctx),
            Event::PullBegins { host, pull } => self.agents.images.pull_begins(host, pull, ctx),
            Event::PullsMove(host) => self.agents.images.move_pulls(host, ctx),
            Event::CleanImages(host) => self.agents.images.clean(host, ctx),
            Event::PullFailed(task) => self.pull_failed(task, ctx),
            Event::Pulled(task) => self.agents.pulled(task, &mut self.cluster, ctx),
            Event::StopReceived(task) => self.agents.receive_stop(task, &mut self.cluster, ctx),
            Event::Kill(task) => self.agents.kill(task, &mut self.cluster, ctx),
            Event::Exited(task) => self.agents.exited(task, &mut self.cluster, ctx),
            Event::Restarted(task) => self.agents.restarted(task, &mut self.cluster, ctx),
            Event::AutoscalerLooks(service) => self.autoscaler_looks(service, true, ctx),
            Event::BoundsChange(service) => self.autoscaler_looks(service, false, ctx),
            Event::FaultOccurs(fault) => self.fault_occurs(fault, ctx),
            Event::LoadSteps { .. }
            | Event::FlowsChange(_)
            | Event::Warms(_)
            | Event::Sigterm(_)
            | Event::RotationEnds(_)
            | Event::TargetGone(_)
            | Event::CheckSent(..)
            | Event::CheckAnswered(..) => self.move_requests(event, ctx),
            Event::Passed(task) => self.first_checks_pass(task, ctx),
            Event::Started(task)
            | Event::GateDue(task)
            | Event::GateDeadline(task)
            | Event::Crashed(task)
            | Event::FoundUnwell(task)
            | Event::Registered(task)
            | Event::DrainNoticed(task)
            | Event::UnhealthyNoticed(task)
            | Event::StopsByHand(task)
            | Event::HandoverDue(task)
            | Event::StopReported(task) => self.tell_scheduler(event, task, ctx),
        }
        self.follow_up(ctx);
    }

    /// What happens to requests, and to the checks of targets.
    fn move_requests(&mut self, event: Event, ctx: &mut Ctx) {
        match event {
            Event::LoadSteps { service, step } => self.traffic.load_steps(service, step, ctx),
            Event::FlowsChange(service) => self.traffic.flows_change(service, ctx),
            Event::Warms(task) => self.traffic.warms(task, ctx),
            Event::Sigterm(task) => self.traffic.sigterm(task, ctx),
            Event::RotationEnds(task) => self.traffic.rotation_ends(task, &self.cluster, ctx),
            Event::TargetGone(id) => {
                let cut = self.traffic.target_gone(id, ctx);
                let task = &mut self.cluster.tasks[id.index()];
                let service = task.name.service;
                if cut || task.state == TaskState::Draining {
                    task.last = ctx.tell(Fact::TargetGone { task: id, service });
                    ctx.cause = task.last;
                }
                self.schedulers[service.index()].target_gone(id, &self.cluster, ctx);
            }
            Event::CheckSent(task, by) => self.traffic.check_sent(task, by, ctx),
            Event::CheckAnswered(task, by) => {
                if let Some(verdict) = self.traffic.check_answered(task, by, ctx) {
                    let service = self.cluster.tasks[task.index()].name.service;
                    let scheduler = &mut self.schedulers[service.index()];
                    scheduler.verdict(verdict, &mut self.cluster, &mut self.agents, ctx);
                }
            }
            _ => unreachable!("{event:?} is not about requests"),
        }
    }

    /// A new target passes its checks, unless it is too busy for them by then.
    fn first_checks_pass(&mut self, id: TaskId, ctx: &mut Ctx) {
        let Some(later) = self.traffic.fails_first_check(id, ctx) else {
            self.tell_scheduler(Event::Passed(id), id, ctx);
            return;
        };
        let task = &mut self.cluster.tasks[id.index()];
        if task.passes_at == Some(ctx.now) {
            task.passes_at = Some(ctx.now + later);
            ctx.schedule(ctx.now + later, Event::Passed(id), ctx.cause);
        }
    }

    /// What happens to a task is for its service's scheduler.
    fn tell_scheduler(&mut self, event: Event, task: TaskId, ctx: &mut Ctx) {
        let Self { cluster, agents, schedulers, .. } = self;
        let scheduler = &mut schedulers[cluster.tasks[task.index()].name.service.index()];
        match event {
            Event::Started(_) => scheduler.task_runs(task, cluster, ctx),
            Event::Registered(_) => scheduler.target_registered(task, cluster, ctx),
            Event::Passed(_) => scheduler.task_passes(task, cluster, ctx),
            Event::GateDue(_) => scheduler.gate_due(task, cluster, ctx),
            Event::GateDeadline(_) => scheduler.gate_deadline(task, cluster, ctx),
            Event::Crashed(_) => scheduler.task_fails(task, cluster, agents, ctx),
            Event::FoundUnwell(_) => scheduler.found_unwell(task, cluster, agents, ctx),
            Event::DrainNoticed(_) => scheduler.task_drained(task, cluster, ctx),
            Event::UnhealthyNoticed(_) => scheduler.unhealthy_noticed(task, cluster, agents, ctx),
            Event::StopsByHand(_) => scheduler.stops_by_hand(task, cluster, agents, ctx),
            Event::HandoverDue(_) => scheduler.handover_due(task, cluster, ctx),
            Event::StopReported(_) => scheduler.task_stopped(task, cluster, ctx),
            _ => unreachable!("{event:?} is not for a scheduler"),
        }
    }

    /// What an event makes others do in the same instant.
    fn follow_up(&mut self, ctx: &mut Ctx) {
        for service in std::mem::take(&mut self.host_groups.to_move) {
            self.schedulers[service.index()].move_away(ctx.cause, &self.cluster, ctx);
        }
        if std::mem::take(&mut self.cluster.waits_began) {
            self.host_groups.tasks_wait(ctx.cause, ctx);
        }
        // Room that anybody's task or a new host left wakes the services whose last task fitted nowhere.
        if let Some(fact) = self.cluster.room_came.take() {
            self.host_groups.let_leave(fact, &mut self.cluster, &mut self.agents, ctx);
            for &service in &self.cluster.starved {
                self.schedulers[service.index()].wake(Chance::Room, fact, &self.cluster, ctx);
            }
        }
        for host in std::mem::take(&mut self.cluster.hosts_gone) {
            self.agents.images.forget(host, ctx);
        }
        for &service in &self.watched {
            self.traffic.split(service, self.schedulers[service.index()].split, ctx);
        }
        self.traffic.react(&mut self.cluster, ctx);
    }

    /// A task's image does not fit on its host: the task fails as one that crashes before it runs.
    fn pull_failed(&mut self, id: TaskId, ctx: &mut Ctx) {
        if self.agents.pull_failed(id, &mut self.cluster, ctx) {
            let service = self.cluster.tasks[id.index()].name.service;
            self.schedulers[service.index()].task_fails(id, &mut self.cluster, &mut self.agents, ctx);
        }
    }

    /// A service's scaler looks.
    fn autoscaler_looks(&mut self, id: ServiceId, regular: bool, ctx: &mut Ctx) {
        let scheduler = &mut self.schedulers[id.index()];
        self.autoscalers.look(id, regular, &mut self.traffic, scheduler, &self.cluster, ctx);
    }

    /// Something happens to the oldest tasks in service.
    fn fault_occurs(&mut self, fault: u32, ctx: &mut Ctx) {
        let fault = &self.model.task_faults[fault as usize];
        let tasks = self.cluster.in_service(fault.service);
        for id in tasks.into_iter().take(fault.tasks as usize) {
            let scheduler = &mut self.schedulers[fault.service.index()];
            match fault.what {
                Mishap::Hangs => {
                    self.cluster.tasks[id.index()].hung = true;
                    ctx.cause = ctx.tell_first(Fact::TaskHung { task: id, service: fault.service });
                    self.traffic.hang(id, ctx);
                }
                Mishap::Crashes => scheduler.task_fails(id, &mut self.cluster, &mut self.agents, ctx),
                Mishap::Stopped => scheduler.stop_by_hand(id, &mut self.cluster, ctx),
            }
        }
    }

    /// The control plane finds that a host is gone, and its tasks with it.
    fn loss_found(&mut self, host: HostId, ctx: &mut Ctx) {
        let fact = ctx.tell(Fact::HostLossFound { host });
        for id in self.cluster.tasks_on(host) {
            let service = self.cluster.tasks[id.index()].name.service;
            self.schedulers[service.index()].task_lost(id, &mut self.cluster, ctx);
        }
        self.cluster.forget_host(host);
        self.cluster.room_came = Some(fact);
    }

    /// Everything is there and every service is at its desired count before the first event.
    fn open(&mut self, ctx: &mut Ctx) {
        self.host_groups.open(&mut self.cluster, &mut self.agents, ctx);
        for id in self.model.packing_order() {
            let service = &self.model.services[id.index()];
            self.cluster.open_index(id);
            self.cluster.services[id.index()].versions.resize(2, VersionTasks::default());
            let name = TaskName { service: id, version: 1 };
            for ordinal in 0..service.desired {
                let entity = Entity::named(&service.name).child(1).child(ordinal.into());
                let machines = self.model.machines_of(id);
                let room = match machines {
                    Some((group, _)) => {
                        let because = ctx.cause;
                        Ok(self.agents.launch_machine(group, id, entity, because, &mut self.cluster, ctx))
                    }
                    None => find_host(id, service, (entity, ctx.now), &mut self.cluster, self.draws),
                };
                match room {
                    Ok(host) => {
                        let born = NewTask { name, entity, slot: ordinal, host, state: TaskState::InService };
                        let task = self.cluster.create(born, None, ctx);
                        self.agents.adopt(task, &mut self.cluster);
                    }
                    Err(shortage) => {
                        let missing = service.desired - ordinal;
                        self.not_running.push(format!(
                            "{}: {missing} of its {} tasks fit nowhere before any deploy: {}",
                            service.name,
                            service.desired,
                            service.short_of(&shortage)
                        ));
                        break;
                    }
                }
            }
            self.cluster.services[id.index()].index = None;
        }
        self.cluster.room_came = None;
        for (deploy, id) in self.model.deploys.iter().zip(0..) {
            ctx.schedule(deploy.at, Event::RequestDeploy(DeployId(id)), ctx.cause);
        }
        for (scaling, id) in self.model.scalings.iter().zip(0..) {
            ctx.schedule(scaling.at, Event::Scale(id), ctx.cause);
        }
        for (fault, id) in self.model.task_faults.iter().zip(0..) {
            ctx.schedule(fault.at, Event::FaultOccurs(id), ctx.cause);
        }
        self.traffic.open(&mut self.cluster, ctx);
        self.autoscalers.open(self.model, self.draws, ctx);
    }

    /// What each unfinished deploy waits for.
    fn blocked(self) -> Vec<String> {
        let waits = self.schedulers.iter().filter_map(|scheduler| scheduler.waits_for(&self.cluster, self.model));
        let waits: Vec<_> = waits.collect();
        self.not_running.into_iter().chain(waits).collect()
    }

    /// Recounting costs as much as the cluster is large: after every event in small ones, now and then in large ones.
    fn check_is_due(&self, events: u64) -> bool {
        self.cluster.tasks.len() + self.cluster.hosts.len() <= 300 || events.is_multiple_of(997)
    }
}
