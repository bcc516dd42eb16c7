//! Whether the tasks of the start fit on the hosts of the start, by first fit of the largest tasks first.

use std::collections::BTreeSet;

use seatrial_sim::engine::fact::ServiceId;
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
    let without_room = |id: ServiceId| {
        let left = place(&model.services[id.index()], &mut alike);
        (left > 0).then_some((id.index(), left))
    };
    model.packing_order().into_iter().filter_map(without_room).collect()
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use seatrial_sim::engine::fact::GroupId;
    use seatrial_sim::model::Demand;

    use super::*;
    use crate::Scenario;

    /// Tasks, cpu, MiB, port and group.
    type Wanted = (u32, u32, u32, Option<u16>, Option<u32>);

    /// Groups are hosts, cpu and MiB.
    fn model(groups: &[(u32, u32, u32)], services: &[Wanted]) -> Model {
        let text = "question = \"?\"\n[[host_group]]\nname = \"g\"\nhosts = 1\ncpu = 1\nmemory = \"1MiB\"\n\
                    [[service]]\nname = \"s\"\ndesired = 1\nmemory = \"1MiB\"\n[[deploy]]\nservice = \"s\"\n";
        let mut model = Scenario::parse("room", text, Path::new("")).unwrap().variants.remove(0).model;
        let (group, service) = (model.host_groups.remove(0), model.services.remove(0));
        let sized =
            |&(hosts, cpu, memory_mib)| HostGroup { hosts, capacity: Resources { cpu, memory_mib }, ..group.clone() };
        model.host_groups = groups.iter().map(sized).collect();
        for &(desired, cpu, memory_mib, host_port, only) in services {
            let mut service = Service { desired, host_group: only.map(GroupId), ..service.clone() };
            service.demand = Demand { resources: Resources { cpu, memory_mib }, host_port };
            model.services.push(service);
        }
        model
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let table = [
            ("as many as memory allows", model(&[(3, 9, 4)], &[(7, 0, 2, None, None)]), vec![(0, 1)]),
            ("as many as cpu allows", model(&[(3, 4, 9)], &[(7, 2, 1, None, None)]), vec![(0, 1)]),
            ("one a host with a fixed port", model(&[(3, 9, 9)], &[(4, 0, 1, Some(80), None)]), vec![(0, 1)]),
            ("no host with a reserved port", model(&[(3, 9, 9)], &[(1, 0, 1, Some(22), None)]), vec![(0, 1)]),
            (
                "two ports share a host",
                model(&[(1, 9, 9)], &[(1, 0, 1, Some(80), None), (1, 0, 1, Some(81), None)]),
                vec![],
            ),
            ("two services do not share a port", model(&[(1, 9, 9)], &[(1, 0, 1, Some(80), None); 2]), vec![(1, 1)]),
            ("the large first", model(&[(2, 9, 4)], &[(4, 0, 1, None, None), (1, 0, 4, None, None)]), vec![]),
            (
                "the rest of a host is used",
                model(&[(2, 9, 5)], &[(3, 0, 2, None, None), (4, 0, 1, None, None)]),
                vec![],
            ),
            ("any group", model(&[(1, 9, 2), (1, 9, 3)], &[(5, 0, 1, None, None)]), vec![]),
            ("only the group that is named", model(&[(1, 9, 9), (1, 9, 2)], &[(3, 0, 1, None, Some(1))]), vec![(0, 1)]),
            (
                "many hosts at once",
                model(&[(100_000, 9, 10)], &[(100_000, 0, 9, None, None), (100_000, 0, 1, None, None)]),
                vec![],
            ),
        ];
        for (case, model, expected) in table {
            assert_eq!(homeless(&model), expected, "{case}");
        }
    }
}
