//! Hosts and the tasks on them, with one writer for the life of a task: [`Cluster::advance`].

mod check;
mod task;

use std::collections::BTreeSet;

use crate::engine::ctx::Ctx;
use crate::engine::draws::Entity;
use crate::engine::fact::{Fact, FactId, GroupId, HostId, ServiceId, TaskId};
use crate::engine::time::Time;
use crate::model::{Class, ClassId, Fault, Model, Resources, SlotRelease};
use crate::placement::Failure;
use crate::placement::asked::{ClassNames, class_names};
use crate::placement::index::{HostIndex, Look, Terms};

pub use task::TaskState;
pub(crate) use task::{Container, Task, TaskName};

/// The version that runs at the start.
pub(crate) const FIRST_VERSION: u16 = 1;

/// The hosts, the tasks, and what placement and the movers count of them.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub hosts: Vec<Host>,
    pub tasks: Vec<Task>,
    pub services: Vec<ServiceTasks>,
    /// By service, what it asks of a host.
    pub terms: Vec<Terms>,
    /// What hosts of one group and zone have in common.
    pub classes: Vec<Class>,
    /// By class, what its hosts are called; nothing where nobody is asked for hosts.
    pub class_names: Vec<ClassNames>,
    /// Whoever was asked for a host gave none: the run is over.
    pub failure: Option<Failure>,
    slot_release: SlotRelease,
    /// Services whose last placement failed; any room that comes wakes them.
    pub starved: BTreeSet<ServiceId>,
    /// The fact that made room on a host during this event, if one did.
    pub room_came: Option<FactId>,
    /// More tasks than before have been found to fit nowhere during this event.
    pub waits_began: bool,
    /// Hosts that have gone during this event.
    pub hosts_gone: Vec<HostId>,
    /// By service, whether what happens to its tasks is noted.
    pub watched: Vec<bool>,
    /// What has happened to tasks of such services during this event.
    pub changes: Vec<Change>,
}

/// What has happened to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is in another state; `from` is absent where it has just been created.
    Moved { task: TaskId, from: Option<TaskState>, to: TaskState },
    /// It has got SIGTERM.
    Closing(TaskId),
    /// Its container has ended.
    Ended(TaskId),
}

/// A task to create.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewTask {
    pub name: TaskName,
    pub entity: Entity,
    pub slot: u32,
    pub host: HostId,
    pub state: TaskState,
}

/// A host as placement knows it.
#[derive(Debug)]
pub(crate) struct Host {
    pub class: ClassId,
    pub entity: Entity,
    pub life: HostLife,
    /// The last fact about its life.
    pub last: FactId,
    /// When it was launched, and when a task last came or went or its life changed.
    pub launched: Time,
    pub changed: Time,
    /// What tasks may still reserve.
    pub free: Resources,
    /// Fixed ports that nobody can have now: the agent's and the tasks'.
    pub ports: Vec<u16>,
    /// Tasks on it that are not stopped.
    pub tasks: u32,
    /// It is a machine for one task, and goes with it.
    pub of_one_task: bool,
}

/// Where a host is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostLife {
    Booting,
    Ready,
    /// It takes no more tasks, and those that it has are to be moved.
    Draining,
    /// It is gone, and the control plane does not know yet.
    Lost,
    Gone,
}

/// The tasks of one service, counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServiceTasks {
    /// Counts by version, from version 0, which never exists.
    pub versions: Vec<VersionTasks>,
    /// Tasks that are not stopped.
    pub alive: u32,
    /// By zone, tasks that are not stopped.
    pub by_zone: Vec<u32>,
    /// By class of hosts, tasks that are not stopped.
    pub by_class: Vec<u32>,
    /// By host, tasks that are not stopped.
    pub by_host: Vec<u32>,
    /// Its hosts by what they look like to it, kept while it places tasks.
    pub index: Option<HostIndex>,
}

/// The tasks of one version of a service.
#[derive(Clone, Debug, Default)]
pub(crate) struct VersionTasks {
    /// Tasks created so far: the next one's ordinal.
    pub created: u32,
    /// Neither chosen to stop nor stopped.
    pub wanted: u32,
    /// Of those, in service.
    pub healthy: u32,
    /// Of the wanted ones, those that passed the gate.
    pub available: u32,
    /// Of those, the ones whose delay after it is over.
    pub rested: u32,
    /// Of the wanted ones, those that are to be replaced: on hosts that drain, or unhealthy.
    pub leaving: u32,
    /// Of those, the ones that passed the gate.
    pub leaving_available: u32,
    /// What is wrong with the version.
    pub fault: Option<Fault>,
    /// The tasks that are neither chosen to stop nor stopped, in no order.
    pub tasks: Vec<TaskId>,
}

impl Cluster {
    pub fn new(model: &Model) -> Self {
        let classes = model.classes();
        let none = ServiceTasks {
            by_zone: vec![0; model.zones().len()],
            by_class: vec![0; classes.len()],
            ..ServiceTasks::default()
        };
        Self {
            hosts: vec![],
            tasks: vec![],
            services: model.services.iter().map(|_| none.clone()).collect(),
            terms: model.services.iter().map(Terms::of).collect(),
            classes,
            class_names: class_names(model),
            failure: None,
            slot_release: model.control.slot_release,
            starved: BTreeSet::new(),
            room_came: None,
            waits_began: false,
            hosts_gone: vec![],
            watched: (0..model.services.len()).map(|i| model.is_watched(ServiceId(i as u32))).collect(),
            changes: vec![],
        }
    }

    /// Moves a task to its next state: the only place where a task's life goes on. `because` is the fact that moved it.
    ///
    /// # Panics
    /// When a task cannot go from where it is to `to`.
    pub fn advance(&mut self, id: TaskId, to: TaskState, because: FactId, ctx: &mut Ctx) -> FactId {
        let task = &mut self.tasks[id.index()];
        let (from, TaskName { service, version, .. }, host) = (task.state, task.name, task.host);
        assert!(from.leads_to(to), "{id:?} cannot go from {from:?} to {to:?}");
        let wanted = !task.chosen;
        task.state = to;
        let counts = &mut self.services[service.index()].versions[usize::from(version)];
        counts.healthy += u32::from(to == TaskState::InService && wanted);
        counts.healthy -= u32::from(from == TaskState::InService && wanted);
        let fact = ctx.tell_because(Fact::TaskMoved { task: id, service, version, host, to }, because);
        task.last = fact;
        if to == TaskState::InService {
            task.serves_since = Some(ctx.now);
        }
        self.note(service, Change::Moved { task: id, from: Some(from), to });
        match to {
            TaskState::Stopping if self.slot_release == SlotRelease::Stopping => self.release_resources(id),
            TaskState::Lost | TaskState::Stopped => {
                // One that ended by itself was not told to stop; one that is lost is released then.
                let released = from == TaskState::Stopping && self.slot_release == SlotRelease::Stopping;
                if !released && from != TaskState::Lost {
                    self.release_resources(id);
                }
                if to == TaskState::Lost {
                    return fact;
                }
                self.leave_host(id, ctx.now);
                if self.hosts[host.index()].of_one_task {
                    self.set_host_life(host, HostLife::Gone, Fact::HostTerminated { host }, fact, ctx);
                }
            }
            _ => return fact,
        }
        self.room_came = Some(fact);
        fact
    }

    /// Creates a task on a host that placement found: in `Provisioning`, or in `InService` where it ran before the start.
    /// `because` is absent where nothing made it.
    pub fn create(&mut self, born: NewTask, because: Option<FactId>, ctx: &mut Ctx) -> TaskId {
        let NewTask { name, entity, slot, host, state } = born;
        let id = TaskId(self.tasks.len() as u32);
        let fact = Fact::TaskMoved { task: id, service: name.service, version: name.version, host, to: state };
        let last = match because {
            Some(because) => ctx.tell_because(fact, because),
            None => ctx.tell_first(fact),
        };
        self.tasks.push(Task::new(name, entity, host, state, last));
        self.note(name.service, Change::Moved { task: id, from: None, to: state });
        let demand = self.terms[name.service.index()].demand;
        let on = &mut self.hosts[host.index()];
        on.free = on.free.minus(demand.resources).expect("placement found room");
        on.ports.extend(demand.host_port);
        on.tasks += 1;
        on.changed = ctx.now;
        self.count_on(host, name.service, |count| *count += 1);
        self.host_changed(host);
        let counts = &mut self.services[name.service.index()].versions[usize::from(name.version)];
        counts.created += 1;
        counts.wanted += 1;
        let ready = state == TaskState::InService;
        counts.healthy += u32::from(ready);
        counts.available += u32::from(ready);
        counts.rested += u32::from(ready);
        let task = &mut self.tasks[id.index()];
        (task.slot, task.available_since, task.rested) = (slot, ready.then_some(ctx.now), ready);
        (task.runs_since, task.serves_since) = (ready.then_some(ctx.now), ready.then_some(ctx.now));
        self.tasks[id.index()].place_among_wanted = counts.tasks.len() as u32;
        counts.tasks.push(id);
        id
    }

    /// Notes what has happened to a task, where somebody wants to know.
    pub fn note(&mut self, service: ServiceId, change: Change) {
        if self.watched[service.index()] {
            self.changes.push(change);
        }
    }

    /// Marks a task as one that the scheduler has decided to stop.
    pub fn choose_to_stop(&mut self, id: TaskId, because: FactId, ctx: &mut Ctx) -> FactId {
        self.give_up(id);
        let service = self.tasks[id.index()].name.service;
        let fact = ctx.tell_because(Fact::StopChosen { task: id, service }, because);
        self.tasks[id.index()].last = fact;
        fact
    }

    /// Marks a task as one that nobody wants any more.
    pub fn give_up(&mut self, id: TaskId) {
        self.lose(id);
        let task = &mut self.tasks[id.index()];
        assert!(!task.chosen, "{id:?} is chosen once");
        task.chosen = true;
        let (name, healthy) = (task.name, task.state == TaskState::InService);
        let leaving = std::mem::take(&mut task.leaving);
        let place = task.place_among_wanted as usize;
        let counts = &mut self.services[name.service.index()].versions[usize::from(name.version)];
        counts.wanted -= 1;
        counts.healthy -= u32::from(healthy);
        counts.leaving -= u32::from(leaving);
        counts.tasks.swap_remove(place);
        if let Some(&moved) = counts.tasks.get(place) {
            self.tasks[moved.index()].place_among_wanted = place as u32;
        }
    }

    /// A wanted task has passed the gate.
    pub fn gain(&mut self, id: TaskId, now: Time) {
        let task = &mut self.tasks[id.index()];
        assert!(!task.is_available() && !task.chosen, "{id:?} passes once");
        task.available_since = Some(now);
        let (name, leaving) = (task.name, task.leaving);
        let counts = &mut self.services[name.service.index()].versions[usize::from(name.version)];
        counts.available += 1;
        counts.leaving_available += u32::from(leaving);
    }

    /// The delay after a wanted task's gate is over.
    pub fn rest(&mut self, id: TaskId) {
        let task = &mut self.tasks[id.index()];
        assert!(task.is_available() && !task.rested, "{id:?} rests once");
        task.rested = true;
        let name = task.name;
        self.services[name.service.index()].versions[usize::from(name.version)].rested += 1;
    }

    /// A wanted task is not available any more, if it was.
    pub fn lose(&mut self, id: TaskId) {
        let task = &mut self.tasks[id.index()];
        let counts = &mut self.services[task.name.service.index()].versions[usize::from(task.name.version)];
        let available = task.available_since.take().is_some();
        counts.available -= u32::from(available);
        counts.leaving_available -= u32::from(available && task.leaving);
        counts.rested -= u32::from(std::mem::take(&mut task.rested));
        task.gate_at = None;
    }

    /// A host drains: its wanted tasks are to be moved. Returns their services, each once.
    pub fn doom(&mut self, host: HostId) -> BTreeSet<ServiceId> {
        let mut services = BTreeSet::new();
        for id in self.wanted_on(host) {
            self.leave(id);
            services.insert(self.tasks[id.index()].name.service);
        }
        services
    }

    /// A wanted task is to be replaced.
    pub fn leave(&mut self, id: TaskId) {
        let task = &mut self.tasks[id.index()];
        if !std::mem::replace(&mut task.leaving, true) {
            let name = task.name;
            let counts = &mut self.services[name.service.index()].versions[usize::from(name.version)];
            counts.leaving += 1;
            counts.leaving_available += u32::from(task.is_available());
        }
    }

    /// A host is gone with all its tasks, whatever they were doing, as a fact says. Returns the fact.
    pub fn lose_host(&mut self, host: HostId, fact: Fact, because: FactId, ctx: &mut Ctx) -> FactId {
        let fact = self.set_host_life(host, HostLife::Lost, fact, because, ctx);
        for id in self.tasks_on(host) {
            self.lose(id);
            let task = &mut self.tasks[id.index()];
            if std::mem::take(&mut task.leaving) {
                let name = task.name;
                self.services[name.service.index()].versions[usize::from(name.version)].leaving -= 1;
            }
            self.advance(id, TaskState::Lost, fact, ctx);
        }
        fact
    }

    /// A lost host is known to be gone.
    pub fn forget_host(&mut self, host: HostId) {
        let host = &mut self.hosts[host.index()];
        assert!(host.life == HostLife::Lost && host.tasks == 0, "its tasks are known to be gone");
        host.life = HostLife::Gone;
    }

    /// The tasks on a host that are not stopped, in order of their ids.
    pub fn tasks_on(&self, host: HostId) -> Vec<TaskId> {
        let on = |id: &TaskId| {
            let task = &self.tasks[id.index()];
            task.host == host && task.state != TaskState::Stopped
        };
        (0..self.tasks.len()).map(|i| TaskId(i as u32)).filter(on).collect()
    }

    /// A service's tasks in service that are not chosen to stop, in order of their ids.
    pub fn in_service(&self, service: ServiceId) -> Vec<TaskId> {
        let versions = self.services[service.index()].versions.iter();
        let wanted = versions.flat_map(|version| version.tasks.iter().copied());
        let mut serving: Vec<_> = wanted.filter(|id| self.tasks[id.index()].state == TaskState::InService).collect();
        serving.sort_unstable();
        serving
    }

    /// The tasks on a host that are neither chosen to stop nor stopped, in order of their ids.
    pub fn wanted_on(&self, host: HostId) -> Vec<TaskId> {
        let wanted =
            self.services.iter().flat_map(|service| service.versions.iter().flat_map(|version| &version.tasks));
        let mut on: Vec<_> = wanted.copied().filter(|id| self.tasks[id.index()].host == host).collect();
        on.sort_unstable();
        on
    }

    /// Adds a host that has been launched.
    pub fn add_host(&mut self, host: Host) -> HostId {
        let id = HostId(self.hosts.len() as u32);
        for service in &mut self.services {
            service.by_host.push(0);
        }
        self.hosts.push(host);
        id
    }

    /// The group of a host.
    pub fn group_of(&self, host: HostId) -> GroupId {
        self.classes[self.hosts[host.index()].class.index()].group
    }

    /// The zone of a host.
    pub fn zone_of(&self, host: usize) -> usize {
        self.classes[self.hosts[host].class.index()].zone.into()
    }

    /// A host's life goes on, as a fact says. Returns the fact.
    pub fn set_host_life(&mut self, id: HostId, life: HostLife, fact: Fact, because: FactId, ctx: &mut Ctx) -> FactId {
        assert!(life != HostLife::Gone || self.hosts[id.index()].tasks == 0, "no task is on a host that is gone");
        let host = &mut self.hosts[id.index()];
        let last = ctx.tell_because(fact, because);
        (host.life, host.last, host.changed) = (life, last, ctx.now);
        if matches!(life, HostLife::Lost | HostLife::Gone) {
            self.hosts_gone.push(id);
        }
        self.host_changed(id);
        last
    }

    /// Begins to keep a service's hosts by their look, until its deploy ends.
    pub fn open_index(&mut self, service: ServiceId) {
        let mut index = HostIndex::default();
        for host in (0..self.hosts.len()).map(|i| HostId(i as u32)) {
            index.update(host, self.look(host, service), &self.terms[service.index()], &self.classes);
        }
        self.services[service.index()].index = Some(index);
    }

    /// What a host looks like to a service's placement; none where it takes no tasks.
    pub fn look(&self, host: HostId, service: ServiceId) -> Option<Look> {
        let on = &self.hosts[host.index()];
        let terms = &self.terms[service.index()];
        let port_taken = terms.demand.host_port.is_some_and(|port| on.ports.contains(&port));
        (on.life == HostLife::Ready && !on.of_one_task).then(|| Look {
            class: on.class,
            free: on.free,
            port_taken,
            tasks: self.services[service.index()].by_host[host.index()],
            all_tasks: if terms.counts_all_tasks() { on.tasks } else { 0 },
        })
    }

    /// Frees what a task reserves for placement, but for its port.
    fn release_resources(&mut self, id: TaskId) {
        let task = &self.tasks[id.index()];
        let (host, service) = (task.host, task.name.service);
        let on = &mut self.hosts[host.index()];
        on.free = on.free.plus(self.terms[service.index()].demand.resources);
        self.host_changed(host);
    }

    fn leave_host(&mut self, id: TaskId, now: Time) {
        let task = &self.tasks[id.index()];
        let (host, service) = (task.host, task.name.service);
        let on = &mut self.hosts[host.index()];
        if let Some(port) = self.terms[service.index()].demand.host_port {
            on.ports.retain(|&taken| taken != port);
        }
        on.tasks -= 1;
        on.changed = now;
        self.count_on(host, service, |count| *count -= 1);
        self.host_changed(host);
    }

    /// Counts a task of a service on a host.
    fn count_on(&mut self, host: HostId, service: ServiceId, count: impl Fn(&mut u32)) {
        let class = self.hosts[host.index()].class.index();
        let tasks = &mut self.services[service.index()];
        count(&mut tasks.alive);
        count(&mut tasks.by_class[class]);
        count(&mut tasks.by_zone[usize::from(self.classes[class].zone)]);
        count(&mut tasks.by_host[host.index()]);
    }

    /// Keeps every index of looks true after a host has changed.
    fn host_changed(&mut self, host: HostId) {
        for service in (0..self.services.len()).map(|i| ServiceId(i as u32)) {
            if self.services[service.index()].index.is_some() {
                let look = self.look(host, service);
                if let Some(index) = &mut self.services[service.index()].index {
                    index.update(host, look, &self.terms[service.index()], &self.classes);
                }
            }
        }
    }
}

impl ServiceTasks {
    /// Tasks of any version that passed the gate and are not chosen to stop.
    pub fn available(&self) -> u32 {
        self.versions.iter().map(|version| version.available).sum()
    }

    /// Of the tasks of any version that are neither chosen to stop nor stopped, those on hosts that drain.
    pub fn leaving(&self) -> u32 {
        self.versions.iter().map(|version| version.leaving).sum()
    }

    /// Tasks of any version that are neither chosen to stop nor stopped.
    pub fn wanted(&self) -> u32 {
        self.versions.iter().map(|version| version.wanted).sum()
    }
}
