//! The search: which of the hosts that fit, by a policy's score. Written once for all policies.

use super::index::{HostIndex, Look};
use super::{HostView, Policy, Shortage};
use crate::engine::fact::{GroupId, HostId};
use crate::model::Demand;

/// What is to be placed, and what the service's tasks look like already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub demand: Demand,
    /// The only group that will do.
    pub host_group: Option<GroupId>,
    /// By zone, tasks of the service.
    pub by_zone: &'a [u32],
    /// Even bits for a policy that draws.
    pub lot: u64,
}

/// The best host for one task: the lowest score, and the lowest id among equals.
///
/// # Errors
/// When the task fits nowhere, what is short on how many hosts.
pub(crate) fn place(policy: Policy, request: &Request, hosts: &HostIndex) -> Result<HostId, Shortage> {
    let policy = policy.placement();
    let mut shortage = Shortage::default();
    let mut best = None;
    let mut fitting = 0;
    let usable = |look: &Look| request.host_group.is_none_or(|group| group == look.group);
    for (look, hosts) in hosts.groups().filter(|(look, _)| usable(look)) {
        if !fits(request, look, hosts.len(), &mut shortage) {
            continue;
        }
        fitting += u64::from(hosts.len());
        let view = HostView { free: look.free, tasks: look.tasks, zone_tasks: request.by_zone[usize::from(look.zone)] };
        let lowest = hosts.nth(0).expect("no group is empty");
        let candidate = (policy.score(&view), lowest);
        if best.is_none_or(|best| candidate < best) {
            best = Some(candidate);
        }
    }
    let (_, best) = best.ok_or(shortage)?;
    if !policy.draws() {
        return Ok(best);
    }
    let mut lot = (request.lot % fitting) as u32;
    for (look, hosts) in hosts.groups().filter(|(look, _)| usable(look)) {
        if fits(request, look, 0, &mut shortage) {
            if let Some(host) = hosts.nth(lot) {
                return Ok(host);
            }
            lot -= hosts.len();
        }
    }
    unreachable!("the lot is below the number of fitting hosts")
}

/// Whether a task fits on one host of this look.
///
/// # Errors
/// When it does not, what is short.
pub(crate) fn fits_look(demand: &Demand, look: &Look) -> Result<(), Shortage> {
    let mut shortage = Shortage::default();
    let request = Request { demand: *demand, host_group: None, by_zone: &[], lot: 0 };
    if fits(&request, look, 1, &mut shortage) { Ok(()) } else { Err(shortage) }
}

/// Whether the task fits on hosts of this look; where it does not, counts them by what is short.
fn fits(request: &Request, look: &Look, hosts: u32, shortage: &mut Shortage) -> bool {
    let cpu = request.demand.resources.cpu > look.free.cpu;
    let memory = request.demand.resources.memory_mib > look.free.memory_mib;
    shortage.hosts += hosts;
    shortage.cpu += if cpu { hosts } else { 0 };
    shortage.memory += if memory { hosts } else { 0 };
    shortage.port += if look.port_taken { hosts } else { 0 };
    !(cpu || memory || look.port_taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Resources;
    use crate::placement::ALL;

    fn look(zone: u16, cpu: u32, memory_mib: u32, port_taken: bool, tasks: u32) -> Look {
        Look { group: GroupId(0), zone, free: Resources { cpu, memory_mib }, port_taken, tasks }
    }

    fn index(looks: &[Look]) -> HostIndex {
        let mut index = HostIndex::default();
        for (i, look) in looks.iter().enumerate() {
            index.insert(look, HostId(i as u32));
        }
        index
    }

    fn request(by_zone: &[u32]) -> Request<'_> {
        let demand = Demand { resources: Resources { cpu: 100, memory_mib: 100 }, host_port: Some(80) };
        Request { demand, host_group: None, by_zone, lot: 0 }
    }

    #[test]
    fn each_policy_has_its_own_favourite() {
        let hosts = index(&[
            look(0, 50, 900, false, 0),
            look(0, 500, 500, false, 2),
            look(1, 900, 900, false, 1),
            look(1, 200, 200, false, 1),
            look(1, 300, 300, true, 0),
        ]);
        let by_zone = [2, 2];
        let table = [(Policy::FirstFit, 1), (Policy::Binpack, 3), (Policy::Spread, 2)];
        for (policy, host) in table {
            assert_eq!(place(policy, &request(&by_zone), &hosts), Ok(HostId(host)), "{policy:?}");
        }
        assert_eq!(place(Policy::Spread, &request(&[2, 3]), &hosts), Ok(HostId(1)), "zones come before hosts");
        let drawn: Vec<_> =
            (0..3).map(|lot| place(Policy::Random, &Request { lot, ..request(&by_zone) }, &hosts)).collect();
        let mut hosts: Vec<_> = drawn.into_iter().map(Result::unwrap).collect();
        hosts.sort();
        assert_eq!(hosts, [HostId(1), HostId(2), HostId(3)], "three lots reach the three hosts that fit");
    }

    #[test]
    fn a_task_that_fits_nowhere_says_what_is_short() {
        let hosts = index(&[look(0, 50, 50, false, 1), look(0, 900, 50, false, 0), look(0, 900, 900, true, 0)]);
        let shortage = place(Policy::Spread, &request(&[0]), &hosts).unwrap_err();
        assert_eq!(shortage, Shortage { hosts: 3, cpu: 1, memory: 2, port: 1 });
        assert_eq!(
            shortage.to_string(),
            "a port already in use on 1 of 3 hosts, memory on 2 of 3 hosts, cpu on 1 of 3 hosts"
        );
        assert_eq!(
            place(Policy::Spread, &request(&[0]), &index(&[])).unwrap_err().to_string(),
            "there is no host to run on"
        );
    }

    proptest! {
        /// The plain form beside it: filter all hosts and take the minimum.
        #[test]
        fn groups_find_what_a_scan_finds(
            looks in proptest::collection::vec((0..3_u16, 0..4_u32, 0..4_u32, any::<bool>(), 0..3_u32), 0..60),
            by_zone in proptest::array::uniform3(0..5_u32),
        ) {
            let looks: Vec<_> = looks.into_iter().map(|(z, c, m, p, t)| look(z, c * 60, m * 60, p, t)).collect();
            for (_, policy) in ALL {
                let request = request(&by_zone);
                let fitting = looks.iter().zip(0..).filter(|(look, _)| fits(&request, look, 0, &mut Shortage::default()));
                let scored = fitting.map(|(look, id)| {
                    let zone_tasks = by_zone[usize::from(look.zone)];
                    (policy.placement().score(&HostView { free: look.free, tasks: look.tasks, zone_tasks }), HostId(id))
                });
                let scored: Vec<_> = scored.collect();
                let found = place(policy, &request, &index(&looks));
                if policy.placement().draws() {
                    prop_assert_eq!(found.is_ok(), !scored.is_empty());
                    prop_assert!(found.is_err() || scored.iter().any(|(_, host)| Ok(*host) == found));
                } else {
                    prop_assert_eq!(found.ok(), scored.into_iter().min().map(|(_, host)| host));
                }
            }
        }
    }
}
