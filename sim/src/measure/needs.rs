//! How many hosts of each group some tasks need, and how many more tasks fit on a host.

use crate::engine::fact::{GroupId, ServiceId};
use crate::model::{Class, ClassId, Model, Resources};
use crate::placement::packing::{Offer, Packing};

/// What a model says about room: the same in every instant of a run.
#[derive(Clone, Debug)]
pub(super) struct Needs<'m> {
    model: &'m Model,
    classes: Vec<Class>,
    groups: Vec<Gauge>,
    /// By group, the service that may use nothing else and shares it with nobody, and how many of its tasks fit on a host.
    alone: Vec<Option<(ServiceId, u32)>>,
    /// The services whose tasks are packed together, in the order of packing.
    together: Vec<ServiceId>,
}

/// By what the room on hosts of a group is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gauge {
    /// The service that fits on an empty host the fewest times; none where none fits at all.
    service: Option<ServiceId>,
    /// How often it does.
    pub per_host: u32,
}

impl<'m> Needs<'m> {
    pub fn new(model: &'m Model) -> Self {
        let services = || (0..model.services.len()).map(|i| ServiceId(i as u32));
        let groups = || (0..model.host_groups.len()).map(|i| GroupId(i as u32));
        // Tasks on machines of their own need no host.
        let on_hosts = |id: &ServiceId| model.machines_of(*id).is_none();
        let may_use = |service: ServiceId, group: GroupId| {
            let eligible = &model.services[service.index()].eligible;
            model.host_groups[group.index()].per_task.is_none()
                && model.classes_of(group).any(|class| eligible.allows(class))
        };
        let users = |group: GroupId| services().filter(on_hosts).filter(move |service| may_use(*service, group));
        let sole_user = |group: GroupId| {
            let service = users(group).next().filter(|_| users(group).count() == 1)?;
            let eligible = &model.services[service.index()].eligible;
            let everywhere = model.classes_of(group).all(|class| eligible.allows(class));
            let nowhere_else = groups().all(|other| other == group || !may_use(service, other));
            let per_host = fitting(model, group, service);
            (everywhere && nowhere_else).then_some((service, per_host))
        };
        let gauge = |group: GroupId| {
            let fits = |id: ServiceId| fitting(model, group, id);
            let most_demanding = users(group).filter(|id| fits(*id) > 0).min_by_key(|id| {
                let Resources { cpu, memory_mib, .. } = model.services[id.index()].demand.resources;
                (fits(*id), u32::MAX - memory_mib, u32::MAX - cpu, *id)
            });
            Gauge { service: most_demanding, per_host: most_demanding.map_or(1, fits) }
        };
        let alone: Vec<_> = groups().map(sole_user).collect();
        let shares = |id: &ServiceId| !alone.iter().flatten().any(|(service, _)| service == id);
        Self {
            model,
            classes: model.classes(),
            groups: groups().map(gauge).collect(),
            together: model.packing_order().into_iter().filter(on_hosts).filter(shares).collect(),
            alone,
        }
    }

    pub fn gauge(&self, group: GroupId) -> Gauge {
        self.groups[group.index()]
    }

    /// Hosts of each group that so many tasks of each service need, packed first fit, of so many that are there; a group's hosts
    /// are given to its zones in turn.
    pub fn hosts(&self, ready: impl Fn(GroupId) -> u32, tasks: impl Fn(ServiceId) -> u32) -> Vec<u32> {
        let alone = self.alone.iter().zip((0..).map(GroupId)).map(|(alone, group)| {
            // One service on hosts of its own needs no search.
            let (service, per_host) = (*alone)?;
            Some(if per_host == 0 { 0 } else { tasks(service).div_ceil(per_host).min(ready(group)) })
        });
        if self.together.is_empty() {
            return alone.map(Option::unwrap_or_default).collect();
        }
        let mut packing = Packing::default();
        let (mut group_before, mut turn) = (None, 0);
        for (class, id) in self.classes.iter().zip((0..).map(ClassId)) {
            turn = if group_before == Some(class.group) { turn + 1 } else { 0 };
            group_before = Some(class.group);
            if self.alone[class.group.index()].is_none() {
                let group = &self.model.host_groups[class.group.index()];
                let zones = group.zones.len() as u32;
                packing.add(id, class, group, (ready(class.group) + zones - 1 - turn) / zones);
            }
        }
        for &id in &self.together {
            packing.place(id, &self.model.services[id.index()], tasks(id));
        }
        alone.zip((0..).map(GroupId)).map(|(alone, group)| alone.unwrap_or_else(|| packing.used(group))).collect()
    }
}

impl Gauge {
    /// How many more tasks fit on a host with so much left and so many tasks of each service. A host that no service may use has
    /// room for whatever may come.
    pub fn room(self, model: &Model, free: Resources, tasks: &[(ServiceId, u32)]) -> u32 {
        let Some(id) = self.service else { return 1 };
        let demand = &model.services[id.index()].demand;
        let taken = |&(other, tasks): &(ServiceId, u32)| {
            let port = model.services[other.index()].demand.host_port;
            let apart = demand.distinct_host && other == id || demand.host_port.is_some() && demand.host_port == port;
            tasks > 0 && apart
        };
        // A constraint of the service's own is taken to limit how many of its tasks a host has.
        let limited = model.services[id.index()].constraint.is_some();
        let own = tasks.iter().filter(|(other, _)| limited && *other == id).map(|(_, tasks)| tasks).sum();
        let most = self.per_host.saturating_sub(own);
        if tasks.iter().any(taken) { 0 } else { free.room_for(demand.resources).min(most) }
    }
}

/// How many tasks of a service fit on an empty host of a group.
fn fitting(model: &Model, id: GroupId, service: ServiceId) -> u32 {
    let (group, of) = (&model.host_groups[id.index()], &model.services[service.index()]);
    let empty = |class| Offer::empty(class, id, group.capacity, &group.reserved_ports);
    model.classes_of(id).map(|class| empty(class).room(service, of)).max().unwrap_or(0)
}
