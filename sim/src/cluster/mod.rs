//! Hosts and the tasks on them, with one writer for the life of a task: [`Cluster::advance`].

mod check;
mod task;

use std::collections::BTreeSet;

use crate::engine::ctx::Ctx;
use crate::engine::draws::Entity;
use crate::engine::fact::{Fact, FactId, GroupId, HostId, ServiceId, TaskId};
use crate::engine::time::Time;
use crate::model::{Demand, Fault, Model, Resources, SlotRelease};
use crate::placement::index::{HostIndex, Look};

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
    demands: Vec<Demand>,
    /// By service, whether its placement counts the tasks of all services.
    counts_all_tasks: Vec<bool>,
    /// By group, what a host offers to tasks when it is empty.
    pub capacities: Vec<Resources>,
    slot_release: SlotRelease,
    /// Services whose last placement failed; any room that comes wakes them.
    pub starved: BTreeSet<ServiceId>,
    /// The fact that made room on a host during this event, if one did.
    pub room_came: Option<FactId>,
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
    pub group: GroupId,
    /// The zone's position among the names of all zones.
    pub zone: u16,
    pub entity: Entity,
    pub life: HostLife,
    /// The fact of its launch.
    pub launched: FactId,
    /// What tasks may still reserve.
    pub free: Resources,
    /// Fixed ports that nobody can have now: the agent's and the tasks'.
    pub ports: Vec<u16>,
    /// Tasks on it that are not stopped.
    pub tasks: u32,
}

/// Where a host is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostLife {
    Booting,
    Ready,
    Gone,
}

/// The tasks of one service, counted.
#[derive(Debug, Default)]
pub(crate) struct ServiceTasks {
    /// Counts by version, from version 0, which never exists.
    pub versions: Vec<VersionTasks>,
    /// Tasks that are not stopped.
    pub alive: u32,
    /// By zone, tasks that are not stopped.
    pub by_zone: Vec<u32>,
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
    /// What is wrong with the version.
    pub fault: Option<Fault>,
    /// The tasks that are neither chosen to stop nor stopped, in no order.
    pub tasks: Vec<TaskId>,
}

impl Cluster {
    pub fn new(model: &Model) -> Self {
        Self {
            hosts: vec![],
            tasks: vec![],
            services: model.services.iter().map(|_| ServiceTasks::default()).collect(),
            demands: model.services.iter().map(|service| service.demand).collect(),
            counts_all_tasks: model.services.iter().map(|service| service.placement.counts_all_tasks()).collect(),
            capacities: model.host_groups.iter().map(|group| group.capacity).collect(),
            slot_release: model.control.slot_release,
            starved: BTreeSet::new(),
            room_came: None,
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
        match to {
            TaskState::Stopping if self.slot_release == SlotRelease::Stopping => self.release_resources(id),
            TaskState::Stopped => {
                // One that ended by itself was not told to stop.
                if self.slot_release == SlotRelease::Stopped || from != TaskState::Stopping {
                    self.release_resources(id);
                }
                self.leave_host(id);
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
        self.change_host(host, |cluster| {
            let demand = cluster.demands[name.service.index()];
            let on = &mut cluster.hosts[host.index()];
            on.free = on.free.minus(demand.resources).expect("placement found room");
            on.ports.extend(demand.host_port);
            on.tasks += 1;
            let service = &mut cluster.services[name.service.index()];
            service.alive += 1;
            service.by_zone[usize::from(on.zone)] += 1;
            service.by_host[host.index()] += 1;
        });
        let counts = &mut self.services[name.service.index()].versions[usize::from(name.version)];
        counts.created += 1;
        counts.wanted += 1;
        let ready = state == TaskState::InService;
        counts.healthy += u32::from(ready);
        counts.available += u32::from(ready);
        counts.rested += u32::from(ready);
        let task = &mut self.tasks[id.index()];
        (task.slot, task.available_since, task.rested) = (slot, ready.then_some(ctx.now), ready);
        self.tasks[id.index()].place_among_wanted = counts.tasks.len() as u32;
        counts.tasks.push(id);
        id
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
        let place = task.place_among_wanted as usize;
        let counts = &mut self.services[name.service.index()].versions[usize::from(name.version)];
        counts.wanted -= 1;
        counts.healthy -= u32::from(healthy);
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
        let name = task.name;
        self.services[name.service.index()].versions[usize::from(name.version)].available += 1;
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
        counts.available -= u32::from(task.available_since.take().is_some());
        counts.rested -= u32::from(std::mem::take(&mut task.rested));
        task.gate_at = None;
    }

    /// Adds a host that has been launched.
    pub fn add_host(&mut self, host: Host) -> HostId {
        let id = HostId(self.hosts.len() as u32);
        for service in &mut self.services {
            service.by_host.push(0);
            let zones = service.by_zone.len().max(usize::from(host.zone) + 1);
            service.by_zone.resize(zones, 0);
        }
        self.hosts.push(host);
        id
    }

    /// Lets a host take tasks, or never again.
    pub fn set_host_life(&mut self, id: HostId, life: HostLife) {
        assert!(life != HostLife::Gone || self.hosts[id.index()].tasks == 0, "no task is on a host that is gone");
        self.change_host(id, |cluster| cluster.hosts[id.index()].life = life);
    }

    /// Begins to keep a service's hosts by their look, until its deploy ends.
    pub fn open_index(&mut self, service: ServiceId) {
        let mut index = HostIndex::default();
        for host in (0..self.hosts.len()).map(|i| HostId(i as u32)) {
            if let Some(look) = self.look(host, service) {
                index.insert(&look, host);
            }
        }
        self.services[service.index()].index = Some(index);
    }

    /// What a host looks like to a service's placement; none where it may not be used.
    pub fn look(&self, host: HostId, service: ServiceId) -> Option<Look> {
        let on = &self.hosts[host.index()];
        let port_taken = self.demands[service.index()].host_port.is_some_and(|port| on.ports.contains(&port));
        (on.life == HostLife::Ready).then(|| Look {
            group: on.group,
            zone: on.zone,
            free: on.free,
            port_taken,
            tasks: self.services[service.index()].by_host[host.index()],
            all_tasks: if self.counts_all_tasks[service.index()] { on.tasks } else { 0 },
        })
    }

    /// Frees what a task reserves for placement, but for its port.
    fn release_resources(&mut self, id: TaskId) {
        let task = &self.tasks[id.index()];
        let (host, service) = (task.host, task.name.service);
        self.change_host(host, |cluster| {
            let on = &mut cluster.hosts[host.index()];
            on.free = on.free.plus(cluster.demands[service.index()].resources);
        });
    }

    fn leave_host(&mut self, id: TaskId) {
        let task = &self.tasks[id.index()];
        let (host, service) = (task.host, task.name.service);
        self.change_host(host, |cluster| {
            let on = &mut cluster.hosts[host.index()];
            if let Some(port) = cluster.demands[service.index()].host_port {
                on.ports.retain(|&taken| taken != port);
            }
            on.tasks -= 1;
            let tasks = &mut cluster.services[service.index()];
            tasks.alive -= 1;
            tasks.by_zone[usize::from(on.zone)] -= 1;
            tasks.by_host[host.index()] -= 1;
        });
    }

    /// Changes a host and keeps every index of looks true.
    fn change_host(&mut self, host: HostId, change: impl FnOnce(&mut Self)) {
        self.update_indexes(host, HostIndex::remove);
        change(self);
        self.update_indexes(host, HostIndex::insert);
    }

    fn update_indexes(&mut self, host: HostId, update: fn(&mut HostIndex, &Look, HostId)) {
        for service in (0..self.services.len()).map(|i| ServiceId(i as u32)) {
            if self.services[service.index()].index.is_some()
                && let Some(look) = self.look(host, service)
                && let Some(index) = &mut self.services[service.index()].index
            {
                update(index, &look, host);
            }
        }
    }
}

impl ServiceTasks {
    /// Tasks of any version that passed the gate and are not chosen to stop.
    pub fn available(&self) -> u32 {
        self.versions.iter().map(|version| version.available).sum()
    }

    /// Tasks of any version that are neither chosen to stop nor stopped.
    pub fn wanted(&self) -> u32 {
        self.versions.iter().map(|version| version.wanted).sum()
    }
}
