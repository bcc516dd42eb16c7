//! Packing: how many hosts some tasks need, first fit, without simulating their placement.

use std::collections::BTreeSet;

use crate::engine::fact::{GroupId, ServiceId};
use crate::model::{Class, ClassId, HostGroup, Model, Resources, Service};

/// Hosts and what is left on them. Those with the same room left are counted together, so that the cost depends on neither
/// the hosts nor the tasks.
#[derive(Clone, Debug, Default)]
pub struct Packing {
    alike: Vec<Alike>,
}

#[derive(Clone, Debug)]
struct Alike {
    class: ClassId,
    group: GroupId,
    hosts: u32,
    free: Resources,
    ports: BTreeSet<u16>,
    /// Services whose one task a host is there.
    distinct: BTreeSet<ServiceId>,
    used: bool,
}

impl Packing {
    /// So many empty hosts of each group, given to the group's zones in turn.
    pub fn new(model: &Model, hosts: impl Fn(GroupId) -> u32) -> Self {
        let mut packing = Self::default();
        let mut turns = vec![0; model.host_groups.len()];
        for (class, id) in model.classes().iter().zip((0..).map(ClassId)) {
            let group = &model.host_groups[class.group.index()];
            let turn = &mut turns[class.group.index()];
            let zones = group.zones.len() as u32;
            let here = (hosts(class.group) + zones - 1 - *turn) / zones;
            *turn += 1;
            packing.add(id, class, group, here);
        }
        packing
    }

    /// Adds empty hosts.
    pub fn add(&mut self, id: ClassId, class: &Class, group: &HostGroup, hosts: u32) {
        if hosts > 0 {
            let ports = group.reserved_ports.iter().copied().collect();
            let (free, distinct) = (class.capacity, BTreeSet::new());
            self.alike.push(Alike { class: id, group: class.group, hosts, free, ports, distinct, used: false });
        }
    }

    /// Gives tasks of one service to the hosts in order; the number that is left over.
    pub fn place(&mut self, id: ServiceId, service: &Service, tasks: u32) -> u32 {
        let mut left = tasks;
        let mut after = Vec::with_capacity(self.alike.len() + 2);
        for hosts in self.alike.drain(..) {
            let room = hosts.room(id, service);
            if left == 0 || room == 0 {
                after.push(hosts);
                continue;
            }
            let full = hosts.hosts.min(left / room);
            left -= full * room;
            let rest = if full < hosts.hosts { left } else { 0 };
            left -= rest;
            let parts = [(full, room), (u32::from(rest > 0), rest), (hosts.hosts - full - u32::from(rest > 0), 0)];
            for (number, tasks) in parts.into_iter().filter(|(number, _)| *number > 0) {
                after.push(hosts.filled(number, id, service, tasks));
            }
        }
        self.alike = after;
        left
    }

    /// Hosts of a group that have tasks.
    pub fn used(&self, group: GroupId) -> u32 {
        self.alike.iter().filter(|hosts| hosts.group == group && hosts.used).map(|hosts| hosts.hosts).sum()
    }
}

impl Alike {
    /// How many tasks of the service one of these hosts has room for.
    fn room(&self, id: ServiceId, service: &Service) -> u32 {
        let demand = &service.demand;
        let one = demand.host_port.is_some() || demand.distinct_host;
        let taken = demand.host_port.is_some_and(|port| self.ports.contains(&port)) || self.distinct.contains(&id);
        if taken || !service.eligible.allows(self.class) {
            return 0;
        }
        self.free.room_for(demand.resources).min(if one { 1 } else { u32::MAX })
    }

    /// The first `hosts` of these after each has taken `tasks` tasks.
    fn filled(&self, hosts: u32, id: ServiceId, service: &Service, tasks: u32) -> Self {
        let mut filled = Self { hosts, ..self.clone() };
        if tasks > 0 {
            filled.free = self.free.less(service.demand.resources.times(tasks));
            filled.ports.extend(service.demand.host_port);
            filled.distinct.extend(service.demand.distinct_host.then_some(id));
            filled.used = true;
        }
        filled
    }
}
