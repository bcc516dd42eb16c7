//! Whether the tasks of the start fit on the hosts of the start, by first fit of the largest tasks first.

use seatrial_sim::engine::fact::{GroupId, ServiceId};
use seatrial_sim::model::{HostGroup, Model, Service};
use seatrial_sim::placement::packing::Packing;

/// The groups that a service may run on.
pub(crate) fn groups_of<'a>(model: &'a Model, service: &Service) -> impl Iterator<Item = &'a HostGroup> {
    let groups = model.host_groups.iter().zip((0..).map(GroupId));
    groups.filter(|(_, id)| model.classes_of(*id).any(|class| service.eligible.allows(class))).map(|(group, _)| group)
}

/// The services with tasks that find no room, and how many.
pub(crate) fn homeless(model: &Model) -> Vec<(usize, u32)> {
    let mut packing = Packing::new(model, |group| model.host_groups[group.index()].hosts);
    let without_room = |id: ServiceId| {
        let service = &model.services[id.index()];
        let tasks = if model.machines_of(id).is_some() { 0 } else { service.desired };
        let left = packing.place(id, service, tasks);
        (left > 0).then_some((id.index(), left))
    };
    model.packing_order().into_iter().filter_map(without_room).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use seatrial_sim::model::{Demand, Eligible, Resources};

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
            |&(hosts, cpu, memory_mib)| HostGroup { hosts, capacity: Resources::new(cpu, memory_mib), ..group.clone() };
        model.host_groups = groups.iter().map(sized).collect();
        for &(desired, cpu, memory_mib, host_port, only) in services {
            let eligible = only.map(|only| (0..model.host_groups.len() as u32).map(|group| group == only).collect());
            let mut service = Service { desired, eligible: Eligible(eligible), ..service.clone() };
            service.demand = Demand { resources: Resources::new(cpu, memory_mib), host_port, ..Demand::default() };
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
