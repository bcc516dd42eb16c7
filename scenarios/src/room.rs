//! Whether the tasks of the start fit on the hosts of the start, by first fit of the largest tasks first.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use seatrial_sim::model::{HostGroup, Model, Resources, Service};

/// The groups that a service may run on.
pub(crate) fn groups_of<'a>(model: &'a Model, service: &Service) -> impl Iterator<Item = &'a HostGroup> {
    let only = service.host_group.map(|id| id.0 as usize);
    model
        .host_groups
        .iter()
        .enumerate()
        .filter(move |(id, _)| only.is_none_or(|only| only == *id))
        .map(|(_, group)| group)
}

/// The services with tasks that find no room, and how many.
pub(crate) fn homeless(model: &Model) -> Vec<(usize, u32)> {
    let mut alike: Vec<Alike> = model.host_groups.iter().enumerate().map(|(id, group)| Alike::new(id, group)).collect();
    let mut order: Vec<(usize, &Service)> = model.services.iter().enumerate().collect();
    // Those with the least choice first, and of them the largest.
    order.sort_by_key(|(_, service)| {
        let Resources { cpu, memory_mib } = service.demand.resources;
        (service.host_group.is_none(), service.demand.host_port.is_none(), Reverse((memory_mib, cpu)))
    });
    let without_room = |(id, service): (usize, &Service)| {
        let left = place(service, &mut alike);
        (left > 0).then_some((id, left))
    };
    order.into_iter().filter_map(without_room).collect()
}

/// Hosts with the same room left. Counting them together keeps the cost independent of their number.
#[derive(Clone)]
struct Alike {
    group: usize,
    hosts: u32,
    free: Resources,
    ports: BTreeSet<u16>,
}

impl Alike {
    fn new(id: usize, group: &HostGroup) -> Self {
        let ports = group.reserved_ports.iter().copied().collect();
        Self { group: id, hosts: group.hosts, free: group.capacity, ports }
    }

    /// How many tasks of the service one of these hosts has room for.
    fn room(&self, service: &Service) -> u32 {
        let Resources { cpu, memory_mib } = service.demand.resources;
        if service.host_group.is_some_and(|only| only.0 as usize != self.group) {
            return 0;
        }
        let by_port = match service.demand.host_port {
            Some(port) if self.ports.contains(&port) => 0,
            Some(_) => 1,
            None => u32::MAX,
        };
        let share = |free: u32, need: u32| free.checked_div(need).unwrap_or(u32::MAX);
        by_port.min(share(self.free.cpu, cpu)).min(share(self.free.memory_mib, memory_mib))
    }

    /// The first `hosts` of these after each has taken `tasks` tasks.
    fn filled(&self, hosts: u32, service: &Service, tasks: u32) -> Self {
        let Resources { cpu, memory_mib } = service.demand.resources;
        let free =
            Resources { cpu: self.free.cpu - cpu * tasks, memory_mib: self.free.memory_mib - memory_mib * tasks };
        let mut ports = self.ports.clone();
        ports.extend(service.demand.host_port);
        Self { group: self.group, hosts, free, ports }
    }
}

/// Gives the tasks of one service to hosts in order; the number that is left over.
fn place(service: &Service, alike: &mut Vec<Alike>) -> u32 {
    let mut left = service.desired;
    let mut after = Vec::with_capacity(alike.len() + 2);
    for hosts in alike.drain(..) {
        let room = hosts.room(service);
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
            after.push(if tasks == 0 {
                Alike { hosts: number, ..hosts.clone() }
            } else {
                hosts.filled(number, service, tasks)
            });
        }
    }
    *alike = after;
    left
}
