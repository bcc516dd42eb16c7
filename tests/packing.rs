//! What fits where: hosts for identical tasks, published fits, and what registered memory leaves.

mod support;

use proptest::prelude::*;
use seatrial_sim::engine::fact::{GroupId, HostId, ServiceId};
use seatrial_sim::model::{ClassId, HostGroup, Model, Resource, Resources};
use seatrial_sim::placement::expression::{Binary, Comparison, Condition, ConditionTree, Number, NumberTree, Variable};
use seatrial_sim::placement::packing::Packing;
use seatrial_sim::placement::trial::Trial;
use seatrial_sim::placement::{ALL, Constraint, Custom, Link, Policy};
use support::plain;

const WEB: ServiceId = ServiceId(0);

/// How many tasks find room on the hosts of a model.
fn placed(model: &Model) -> u32 {
    let mut trial = Trial::new(model, WEB);
    (0..100_000).take_while(|lot| trial.place(*lot).is_ok()).count() as u32
}

fn model(hosts: u32, capacity: Resources, demand: Resources) -> Model {
    let mut model = plain(1, hosts, 1);
    model.host_groups[0].capacity = capacity;
    model.services[0].demand.resources = demand;
    model
}

/// Four hosts, of 10 cpu and 5 GB twice and of 13 and 4 twice, with (6, 2), (6, 2), (7, 1) and (9, 1) on them: (4, 3), (4, 3),
/// (6, 3) and (4, 3) stay free. First fit: (2, 2) on the first, which has (2, 1) then; (3, 1) on the second; (1, 1) on the
/// first. Best fit: of the three with 4 cpu free the first; (3, 1) on the second, which has (1, 2) then, less than the first
/// with 2. Worst fit: the third with 6 cpu free, which has 4 then as all have; so the first, and then the second.
#[test]
fn first_best_and_worst_fit_of_three_tasks() {
    let table = [
        (Policy::FirstFit, [0, 1, 0]),
        (Policy::Chain(vec![Link::Binpack(Resource::Cpu)]), [0, 1, 1]),
        (Policy::Chain(vec![Link::WorstFit(Resource::Cpu)]), [2, 0, 1]),
    ];
    for (policy, hosts) in table {
        let mut model = plain(1, 0, 1);
        model.services[0].placement = policy.clone();
        let mut trial = Trial::new(&model, WEB);
        for (capacity, used) in [((10, 5), (6, 2)), ((10, 5), (6, 2)), ((13, 4), (7, 1)), ((13, 4), (9, 1))] {
            let host = trial.add(ClassId(0), Resources::new(capacity.0, capacity.1));
            trial.take(host, Resources::new(used.0, used.1));
        }
        let placed = [(2, 2), (3, 1), (1, 1)].map(|(cpu, memory)| {
            trial.demand(Resources::new(cpu, memory));
            trial.place(0).unwrap()
        });
        assert_eq!(placed, hosts.map(HostId), "{policy:?}");
    }
}

/// 2 vCPU are 2,000 thousandths: 13 pods of 150 a host (and 40 of 100 MiB in 4 GiB), 52 on four hosts; after six of them 46 more.
#[test]
fn four_hosts_hold_fifty_two_pods() {
    let model = |hosts| model(hosts, Resources::new(2_000, 4_096), Resources::new(150, 100));
    assert_eq!([1, 4].map(|hosts| placed(&model(hosts))), [13, 52]);
    let mut trial = Trial::new(&model(4), WEB);
    assert!((0..6).all(|lot| trial.place(lot).is_ok()));
    assert_eq!((6..100).take_while(|lot| trial.place(*lot).is_ok()).count(), 46);
}

/// m4.large registers 7,985 MiB: one task of 4,096 MiB fits, not two; of 3,992 MiB two do.
#[test]
fn two_tasks_of_half_the_nominal_memory_do_not_fit() {
    let registered = Resources::new(2_048, 7_985);
    let tasks = |memory| placed(&model(1, registered, Resources::new(256, memory)));
    assert_eq!([4_096, 3_993, 3_992].map(tasks), [1, 1, 2]);
}

/// A host with two interfaces for tasks holds two, with trunking ten; a GPU each; one a host with a fixed port or where each
/// has a host of its own.
#[test]
fn interfaces_gpus_ports_and_hosts_of_their_own_limit_tasks() {
    let capacity = Resources { interfaces: 2, gpus: 4, disk_mib: 100, ..Resources::new(10_000, 10_000) };
    let table = [
        (Resources { interfaces: 1, ..Resources::new(1, 1) }, 2),
        (Resources { gpus: 1, ..Resources::new(1, 1) }, 4),
        (Resources { disk_mib: 30, ..Resources::new(1, 1) }, 3),
    ];
    for (demand, tasks) in table {
        assert_eq!(placed(&model(1, capacity, demand)), tasks, "{demand:?}");
        assert_eq!(placed(&model(3, capacity, demand)), 3 * tasks, "{demand:?}");
    }
    let mut port = model(3, capacity, Resources::new(1, 1));
    port.services[0].demand.host_port = Some(80);
    assert_eq!(placed(&port), 3);
    let mut distinct = model(3, capacity, Resources::new(1, 1));
    distinct.services[0].demand.distinct_host = true;
    assert_eq!(placed(&distinct), 3);
}

/// A score that cannot be worked out places nothing: the run says which, and that nobody is served.
#[test]
fn a_division_by_zero_in_a_score_is_said() {
    let of_tasks = NumberTree::Variable(Variable::Tasks);
    let score = NumberTree::Binary(Binary::Divide, Box::new([NumberTree::Constant(1.0), of_tasks]), 0..9);
    let mut model = model(3, Resources::new(4, 4), Resources::new(1, 1));
    let custom = Custom { score: Number::new(score).unwrap(), text: "1 / tasks".into() };
    model.services[0].placement = Policy::Custom(Box::new(custom));
    let played = support::play(&model, 1);
    let blocked = played.blocked();
    assert!(blocked.contains("cannot be worked out on 3 of 3 hosts") && blocked.contains("`1 / tasks`"), "{blocked}");
    assert!(played.summary.lowest_healthy_percent.abs() < 1e-9, "nobody is served");
}

/// At most two tasks of the service a host, as a constraint of its own: three hosts hold six, and five tasks need three.
#[test]
fn a_constraint_limits_tasks_wherever_room_is_asked_for() {
    let few = ConditionTree::Compare(
        Comparison::Less,
        Box::new([NumberTree::Variable(Variable::Tasks), NumberTree::Constant(2.0)]),
    );
    let mut model = model(3, Resources::new(9, 9), Resources::new(1, 1));
    model.services[0].constraint = Some(Constraint { holds: Condition::new(few).unwrap(), text: "tasks < 2".into() });
    assert_eq!(placed(&model), 6);
    let mut packing = Packing::new(&model, |_| 3);
    assert_eq!(packing.place(WEB, &model.services[0], 5), 0);
    assert_eq!(packing.used(GroupId(0)), 3);
    assert_eq!(packing.place(WEB, &model.services[0], 5), 4);
}

proptest! {
    /// hosts = ceil(tasks / per host), per host = the least over cpu, memory, interfaces, and 1 with a port: whichever policy
    /// places them, that many tasks fit on so many hosts and not one more, and packing says how many hosts they need.
    #[test]
    fn identical_tasks_need_the_hosts_of_the_formula(
        (cpu, memory, interfaces) in (1..9_u32, 1..9_u32, 1..9_u32),
        (hosts, zones, port, tasks) in (1..20_u32, 1..4_usize, prop::bool::weighted(0.2), 0..60_u32),
    ) {
        let capacity = Resources { interfaces, ..Resources::new(17, 23) };
        let demand = Resources { interfaces: 1, ..Resources::new(cpu, memory) };
        let mut model = model(hosts, capacity, demand);
        model.host_groups[0].zones = ["a", "b", "c"][..zones].iter().map(ToString::to_string).collect();
        model.services[0].demand.host_port = port.then_some(80);
        let per_host = (17 / cpu).min(23 / memory).min(interfaces).min(if port { 1 } else { u32::MAX });
        for (name, policy) in ALL {
            model.services[0].placement = policy;
            prop_assert_eq!(placed(&model), hosts * per_host, "{}", name);
        }
        let mut packing = Packing::new(&model, |_| hosts);
        let left = packing.place(WEB, &model.services[0], tasks);
        prop_assert_eq!(left, tasks.saturating_sub(hosts * per_host));
        prop_assert_eq!(packing.used(GroupId(0)), (tasks - left).div_ceil(per_host));
    }

    /// Tasks of two services, one of them with a host each: packing gives a place to each task or says how many have none, and
    /// never to more than the room allows.
    #[test]
    fn packing_never_gives_more_than_there_is(
        small in (1..5_u32, 1..5_u32, 0..40_u32),
        large in (1..9_u32, 1..9_u32, 0..20_u32),
        hosts in 1..12_u32,
        distinct_host in any::<bool>(),
    ) {
        let mut model = model(hosts, Resources::new(12, 12), Resources::new(small.0, small.1));
        let mut other = support::service("large", 1);
        other.demand.resources = Resources::new(large.0, large.1);
        other.demand.distinct_host = distinct_host;
        model.services.push(other);
        let mut packing = Packing::new(&model, |_| hosts);
        let mut used = Resources::NONE;
        for (id, tasks) in [(ServiceId(1), large.2), (WEB, small.2)] {
            let service = &model.services[id.index()];
            let left = packing.place(id, service, tasks);
            if id.0 == 1 && distinct_host {
                prop_assert_eq!(tasks - left, tasks.min(hosts));
            }
            used = used.plus(service.demand.resources.times(tasks - left));
        }
        let HostGroup { capacity, .. } = model.host_groups[0];
        prop_assert!(used.fits_in(capacity.times(packing.used(GroupId(0)))));
    }
}
