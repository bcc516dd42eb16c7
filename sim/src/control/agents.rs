//! The agents: how commands reach a host, and how tasks start and stop on it.

use std::collections::VecDeque;

use crate::cluster::{Change, Cluster, Container, Host, HostLife, TaskName, TaskState};
use crate::control::beat::Beat;
use crate::control::images::{Images, Pull};
use crate::engine::ctx::Ctx;
use crate::engine::draws::{Draws, Entity, Stream};
use crate::engine::event::Event;
use crate::engine::fact::{Fact, FactId, GroupId, HostId, ServiceId, TaskId};
use crate::engine::time::{Duration, Time};
use crate::model::{Agent, Contact, Fault, Model, Resources, Service, StartRule};

/// Every host's agent.
#[derive(Debug)]
pub(crate) struct Agents<'m> {
    model: &'m Model,
    draws: Draws,
    hosts: Vec<AgentHost>,
    /// What the hosts hold.
    pub images: Images<'m>,
    /// Polls are simulated one by one, to show that computing them changes nothing.
    explicit_polls: bool,
}

/// What an agent knows.
#[derive(Debug)]
struct AgentHost {
    group: GroupId,
    /// When it polls, where it does.
    polls: Option<Beat>,
    /// Messages arrive in the order of sending.
    last_delivery: Time,
    /// Commands that wait for a poll that is simulated.
    mailbox: Vec<(Event, FactId)>,
    /// What the containers on it leave free.
    free: Resources,
    /// Tasks that may not start yet, each with the number of stops that came before it.
    waiting: VecDeque<(TaskId, u32)>,
    stops_received: u32,
    /// The numbers of the stops whose task has not ended.
    stops_under_way: Vec<u32>,
}

impl<'m> Agents<'m> {
    pub fn new(model: &'m Model, draws: Draws, explicit_polls: bool) -> Self {
        Self { model, draws, hosts: vec![], images: Images::new(model, draws), explicit_polls }
    }

    /// An agent begins on a host that has just been added; `since_start` where the host is there from the start, with
    /// the images that such hosts hold.
    pub fn begin(
        &mut self,
        host: HostId,
        group: GroupId,
        free: Resources,
        entity: Entity,
        since_start: bool,
        ctx: &mut Ctx,
    ) {
        let settings = &self.model.host_groups[group.index()];
        let mut polls = match settings.agent.contact {
            Contact::Push { .. } => None,
            Contact::Poll { interval } => {
                let phase = self.draws.bits(Stream::PollPhase, entity) % interval.as_millis();
                Some(Beat::new(ctx.now + Duration::from_millis(phase), interval, Duration::ZERO, entity))
            }
        };
        if self.explicit_polls
            && let Some(polls) = &mut polls
        {
            ctx.schedule(polls.next(ctx.now, self.draws), Event::Poll(host), ctx.cause);
        }
        assert_eq!(host.index(), self.hosts.len(), "one agent a host");
        self.hosts.push(AgentHost {
            group,
            polls,
            last_delivery: ctx.now,
            mailbox: vec![],
            free,
            waiting: VecDeque::new(),
            stops_received: 0,
            stops_under_way: vec![],
        });
        self.images.begin(group, entity, since_start, ctx.now);
    }

    /// Launches a machine for a service's next task, with an agent and nothing on it; in the zone with fewest of its tasks.
    pub fn launch_machine(
        &mut self,
        group: GroupId,
        service: ServiceId,
        task: Entity,
        because: FactId,
        cluster: &mut Cluster,
        ctx: &mut Ctx,
    ) -> HostId {
        let host = HostId(cluster.hosts.len() as u32);
        let last = ctx.tell_because(Fact::MachineLaunched { host, group, service }, because);
        let Service { demand, eligible, .. } = &self.model.services[service.index()];
        let by_class = &cluster.services[service.index()].by_class;
        let usable = self.model.classes_of(group).filter(|class| eligible.allows(*class));
        let class = usable.min_by_key(|class| by_class[class.index()]).expect("the service may use the group");
        let entity = task.child(0);
        cluster.add_host(Host {
            class,
            entity,
            life: HostLife::Ready,
            last,
            launched: ctx.now,
            changed: ctx.now,
            free: demand.resources,
            ports: vec![],
            tasks: 0,
            of_one_task: true,
        });
        self.begin(host, group, demand.resources, entity, false, ctx);
        host
    }

    /// Takes over a task that ran before the start.
    pub fn adopt(&mut self, id: TaskId, cluster: &mut Cluster) {
        let task = &mut cluster.tasks[id.index()];
        task.container = Container::Begun;
        self.images.adopt(id, task.host, task.name);
        self.hosts[task.host.index()].take(self.model.services[task.name.service.index()].demand.resources);
    }

    /// Tells a host's agent to start a task.
    pub fn start(&mut self, id: TaskId, cluster: &Cluster, ctx: &mut Ctx) {
        self.send(Event::StartReceived(id), Stream::Push, id, cluster, ctx);
    }

    /// Tells a host's agent to stop a task.
    pub fn stop(&mut self, id: TaskId, cluster: &Cluster, ctx: &mut Ctx) {
        self.send(Event::StopReceived(id), Stream::PushStop, id, cluster, ctx);
    }

    fn send(&mut self, command: Event, stream: Stream, id: TaskId, cluster: &Cluster, ctx: &mut Ctx) {
        let task = &cluster.tasks[id.index()];
        let host = &mut self.hosts[task.host.index()];
        let at = match (&self.model.host_groups[host.group.index()].agent.contact, &mut host.polls) {
            (Contact::Push { latency }, _) => ctx.now + self.draws.span(latency, stream, task.entity),
            (Contact::Poll { .. }, Some(_)) if self.explicit_polls => return host.mailbox.push((command, task.last)),
            // A poll of this very instant has been before the command.
            (Contact::Poll { .. }, polls) => {
                let polls = polls.as_mut().expect("an agent that polls has a beat");
                polls.next(ctx.now + Duration::from_millis(1), self.draws)
            }
        };
        host.last_delivery = host.last_delivery.max(at);
        ctx.schedule(host.last_delivery, command, task.last);
    }

    /// A simulated poll: what waits in the mailbox is there now.
    pub fn poll(&mut self, id: HostId, ctx: &mut Ctx) {
        let host = &mut self.hosts[id.index()];
        for (command, because) in host.mailbox.drain(..) {
            ctx.schedule(ctx.now, command, because);
        }
        let polls = host.polls.as_mut().expect("only agents that poll have polls");
        let next = polls.next(ctx.now + Duration::from_millis(1), self.draws);
        ctx.schedule(next, Event::Poll(id), ctx.cause);
    }

    /// The agent learns of a task to start.
    pub fn receive_start(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let task = &mut cluster.tasks[id.index()];
        ctx.cause = ctx.tell(Fact::StartReceived { task: id, service: task.name.service });
        if task.state == TaskState::Provisioning {
            task.last = ctx.cause;
        }
        let provisioning = self.draws.span(&self.agent(task.host).provisioning, Stream::Provisioning, task.entity);
        if provisioning.is_zero() {
            self.provisioned(id, cluster, ctx);
        } else {
            ctx.schedule(ctx.now + provisioning, Event::Provisioned(id), ctx.cause);
        }
    }

    /// The task may start as soon as the host lets it.
    pub fn provisioned(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let task = &cluster.tasks[id.index()];
        if task.state != TaskState::Provisioning {
            return;
        }
        let host = &mut self.hosts[task.host.index()];
        host.waiting.push_back((id, host.stops_received));
        let on = task.host;
        self.start_waiting(on, cluster, ctx);
        if cluster.tasks[id.index()].state == TaskState::Provisioning {
            cluster.advance(id, TaskState::Pending, ctx.cause, ctx);
        }
    }

    /// The image is there: the container is created.
    pub fn pulled(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        if cluster.tasks[id.index()].state == TaskState::Pulling {
            self.create_container(id, cluster, ctx);
        }
    }

    /// The back-off of a container that ended by itself is over.
    pub fn restarted(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let task = &mut cluster.tasks[id.index()];
        if task.state == TaskState::BackingOff {
            task.container = Container::Begun;
            if self.images.has(id, task.host, task.name) {
                self.create_container(id, cluster, ctx);
            } else {
                self.pull(id, cluster, ctx);
            }
        }
    }

    /// Creates a task's container, which runs in a while, unless its version is one that ends before.
    fn create_container(&self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let task = &cluster.tasks[id.index()];
        let (name, host) = (task.name, task.host);
        let entity = if task.restarts == 0 { task.entity } else { task.entity.child(task.restarts.into()) };
        let startup = &self.model.services[name.service.index()].startup;
        let starts = self.draws.span(startup, Stream::Startup, entity);
        let runs = starts + self.draws.span(&self.agent(host).report, Stream::Report, entity);
        let fault = cluster.services[name.service.index()].versions[usize::from(name.version)].fault;
        let fact = cluster.advance(id, TaskState::Starting, ctx.cause, ctx);
        // A crash always takes time, or a loop of them would never end.
        let ends = fault.and_then(|fault| match fault {
            Fault::Crashes { after } => Some(after.max(Duration::from_millis(1))),
            _ => None,
        });
        if ends.is_none_or(|ends| ends >= starts) {
            ctx.schedule(ctx.now + runs, Event::Started(id), fact);
        }
        if let Some(ends) = ends {
            let ends = if ends < starts { ends } else { ends.max(runs) };
            ctx.schedule(ctx.now + ends, Event::Crashed(id), fact);
        }
    }

    /// There is no room for the image of a task: whether the task is still there to fail.
    pub fn pull_failed(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) -> bool {
        let task = &mut cluster.tasks[id.index()];
        if task.state != TaskState::Pulling {
            return false;
        }
        let (host, service) = (task.host, task.name.service);
        task.last = ctx.tell(Fact::DiskFull { host, task: id, service, used_bytes: self.images.used_bytes(host) });
        ctx.cause = task.last;
        true
    }

    /// A failed task is gone from its host.
    pub fn lost(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let task = &cluster.tasks[id.index()];
        self.images.release(id, task.host, task.name, ctx);
        let host = &mut self.hosts[task.host.index()];
        host.free = host.free.plus(self.model.services[task.name.service.index()].demand.resources);
        let on = task.host;
        self.start_waiting(on, cluster, ctx);
    }

    /// The agent learns of a task to stop: SIGTERM after whatever comes before it, and SIGKILL when the stop timeout ends
    /// first. Of a container that has ended there is nothing to stop.
    pub fn receive_stop(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let task = &mut cluster.tasks[id.index()];
        let host = &mut self.hosts[task.host.index()];
        host.stops_received += 1;
        task.last = ctx.tell(Fact::StopReceived { task: id, service: task.name.service });
        ctx.cause = task.last;
        if task.container == Container::NotBegun {
            host.waiting.retain(|&(waiting, _)| waiting != id);
            self.report_stop(id, cluster, ctx);
            return;
        }
        host.stops_under_way.push(host.stops_received);
        cluster.tasks[id.index()].stop_number = host.stops_received;
        let task = &cluster.tasks[id.index()];
        if task.container == Container::Ended {
            self.exited(id, cluster, ctx);
            return;
        }
        let service = &self.model.services[task.name.service.index()];
        let exit = self.draws.span(&service.exit, Stream::Exit, task.entity);
        let terminated = ctx.now + service.pre_stop;
        // Nobody is there to handle SIGTERM where a task hangs; one that finishes its requests is told when it has.
        let finishes = service.load.as_ref().is_some_and(|load| load.graceful_shutdown) && task.runs_since.is_some();
        let is_killed = exit > service.stop_timeout || task.hung || finishes;
        let of_service = task.name.service;
        if service.pre_stop.is_zero() {
            cluster.note(of_service, Change::Closing(id));
        } else if cluster.watched[of_service.index()] {
            ctx.schedule(terminated, Event::Sigterm(id), ctx.cause);
        }
        if is_killed {
            ctx.schedule(terminated + service.stop_timeout, Event::Kill(id), ctx.cause);
        } else {
            ctx.schedule(terminated + exit, Event::Exited(id), ctx.cause);
        }
    }

    /// The stop timeout is over.
    pub fn kill(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        if cluster.tasks[id.index()].container == Container::Ended {
            // It had finished before.
            return;
        }
        let service = cluster.tasks[id.index()].name.service;
        ctx.cause = ctx.tell(Fact::TaskKilled { task: id, service });
        self.exited(id, cluster, ctx);
    }

    /// The container has ended: its place on the host is free.
    pub fn exited(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let service = cluster.tasks[id.index()].name.service;
        cluster.note(service, Change::Ended(id));
        let task = &mut cluster.tasks[id.index()];
        task.container = Container::Ended;
        task.last = ctx.tell(Fact::TaskExited { task: id, service });
        ctx.cause = task.last;
        self.images.release(id, task.host, task.name, ctx);
        let host = &mut self.hosts[task.host.index()];
        host.free = host.free.plus(self.model.services[task.name.service.index()].demand.resources);
        host.stops_under_way.retain(|&number| number != task.stop_number);
        let on = task.host;
        self.report_stop(id, cluster, ctx);
        self.start_waiting(on, cluster, ctx);
    }

    fn report_stop(&self, id: TaskId, cluster: &Cluster, ctx: &mut Ctx) {
        let task = &cluster.tasks[id.index()];
        let tail = self.draws.span(&self.agent(task.host).stop_tail, Stream::StopTail, task.entity);
        ctx.schedule(ctx.now + tail, Event::StopReported(id), task.last);
    }

    /// Starts the tasks at the head of the queue that the host lets start; the first that must wait holds up the rest.
    fn start_waiting(&mut self, on: HostId, cluster: &mut Cluster, ctx: &mut Ctx) {
        while let Some(&(id, stops_before)) = self.hosts[on.index()].waiting.front() {
            if cluster.tasks[id.index()].state == TaskState::Stopping {
                // Its stop is on the way.
                self.hosts[on.index()].waiting.pop_front();
                continue;
            }
            let host = &self.hosts[on.index()];
            let demand = self.model.services[cluster.tasks[id.index()].name.service.index()].demand.resources;
            let may_start = match self.agent(on).start_rule {
                StartRule::WhenResourcesFree => host.free.minus(demand).is_some(),
                StartRule::AfterEarlierStops => host.stops_under_way.iter().all(|&number| number > stops_before),
            };
            if !may_start {
                return;
            }
            self.hosts[on.index()].waiting.pop_front();
            self.hosts[on.index()].take(demand);
            self.pull(id, cluster, ctx);
        }
    }

    fn pull(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let task = &mut cluster.tasks[id.index()];
        task.container = Container::Begun;
        let (name, entity, on, waited) = (task.name, task.entity, task.host, task.state == TaskState::Pending);
        // A task that waited was let go by what happened now; one that did not by its own start.
        let because = if waited { ctx.cause } else { task.last };
        let fact = cluster.advance(id, TaskState::Pulling, because, ctx);
        let check = self.draws.span(&self.agent(on).image_check, Stream::ImageCheck, entity);
        self.images.pull(on, Pull::new(Some(id), name, check, fact), ctx);
    }

    /// Pulls the image of a task that is to come, while the one before it stops.
    pub fn pull_ahead(&mut self, on: HostId, name: TaskName, entity: Entity, because: FactId, ctx: &mut Ctx) {
        let check = self.draws.span(&self.agent(on).image_check, Stream::ImageCheck, entity);
        self.images.pull(on, Pull::new(None, name, check, because), ctx);
    }

    fn agent(&self, host: HostId) -> &'m Agent {
        &self.model.host_groups[self.hosts[host.index()].group.index()].agent
    }
}

impl AgentHost {
    /// Takes a task's resources on the host.
    fn take(&mut self, demand: Resources) {
        self.free = self.free.minus(demand).expect("the start rule made sure of the room");
    }
}
