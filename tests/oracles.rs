//! Durations worked out by hand: models without variance, the arithmetic in the comment.

mod support;

use seatrial_sim::cluster::TaskState;
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::fact::{DeployId, Fact, ServiceId};
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::measure::critical_path::{CriticalPath, Kind};
use seatrial_sim::model::{Demand, PreDeploy, SlotRelease};
use seatrial_sim::placement::Policy;

use support::{Played, at_s, balancer, deploy, one_at_a_time, percent, plain, play, secs, service};

/// The deploy waits for these kinds of things so long, in seconds, and for nothing else.
fn assert_waits(played: &Played, waits: &[(Kind, u64)], why: &str) {
    let path = CriticalPath::of(&played.trace, DeployId(0)).expect("it completes");
    let found: Vec<(Kind, Duration)> =
        Kind::ALL.into_iter().zip(path.by_kind()).filter(|(_, s)| !s.is_zero()).collect();
    let by_hand: Vec<(Kind, Duration)> = waits.iter().map(|(kind, s)| (*kind, secs(*s))).collect();
    assert_eq!(found, by_hand, "{why}");
    let total: u64 = waits.iter().map(|(_, s)| s).sum();
    assert!((played.deploy_s() - total as f64).abs() < 1e-9, "{why}: {} s, by hand {total} s", played.deploy_s());
}

/// Two at a time: three rounds of health and drain, because the slot is free when the drain ends.
/// 3 x (150 + 300) = 1,350 s and 3 x (10 + 5) = 45 s.
#[test]
fn six_tasks_with_room_for_eight_go_two_by_two() {
    for (health, drain, total) in [(150, 300, 1_350), (10, 5, 45)] {
        let mut model = plain(6, 1, 8);
        model.services[0].load_balancer = Some(balancer(secs(health), secs(drain)));
        let played = play(&model, 1);
        let expected = [(6, 0), (6, 2), (4, 2), (4, 4), (2, 4), (2, 6), (0, 6)];
        assert_eq!(played.old_and_new(), expected);
        assert_waits(&played, &[(Kind::HealthCheck, 3 * health), (Kind::Drain, 3 * drain)], "three rounds");
        assert_eq!(3 * (health + drain), total);
        assert_eq!(played.summary.peak_tasks, 8);
        assert!((played.summary.lowest_healthy_percent - 100.0).abs() < 1e-9);
    }
}

/// One cycle of 60 s moves as many tasks as hosts are spare: 5 spare, one cycle; 1 spare, five.
#[test]
fn five_tasks_one_to_a_host_take_a_cycle_for_each_spare_host() {
    for (hosts, cycles) in [(10, 1), (6, 5)] {
        let mut model = plain(5, hosts, 1);
        model.services[0].startup = Dist::Fixed(secs(40));
        model.services[0].exit = Dist::Fixed(secs(20));
        assert_waits(
            &play(&model, 1),
            &[(Kind::Start, 40 * cycles), (Kind::Stop, 20 * cycles)],
            &format!("{hosts} hosts"),
        );
    }
}

/// 99 rounds of 40 + 20 s with room for one; one round with the hosts doubled first (terraform issue 11253).
#[test]
fn ninety_nine_tasks_with_room_for_one_take_ninety_nine_rounds() {
    let mut model = plain(99, 100, 1);
    model.services[0].startup = Dist::Fixed(secs(40));
    model.services[0].exit = Dist::Fixed(secs(20));
    assert_waits(&play(&model, 1), &[(Kind::Start, 99 * 40), (Kind::Stop, 99 * 20)], "one spare host");
    model.host_groups[0].hosts = 99;
    model.host_groups[0].boot = Dist::Fixed(secs(60));
    model.host_groups[0].pre_deploy = Some(PreDeploy { hosts: 99, lead: secs(120), keep: secs(0) });
    model.deploys[0].at = at_s(600);
    assert_waits(&play(&model, 1), &[(Kind::Start, 40), (Kind::Stop, 20)], "99 hosts launched before it");
}

/// Stop first: minimum 0 %, maximum 100 %: stop 20 s, then start 40 s, all at once; nobody is served meanwhile.
#[test]
fn a_fixed_port_task_on_its_only_host_is_down_while_it_is_replaced() {
    let mut model = plain(1, 1, 2);
    model.services[0].demand = Demand { host_port: Some(80), ..model.services[0].demand };
    model.services[0].rollout = percent(0, 100);
    model.services[0].load_balancer = Some(balancer(secs(10), secs(300)));
    model.services[0].startup = Dist::Fixed(secs(40));
    model.services[0].exit = Dist::Fixed(secs(20));
    let played = play(&model, 1);
    // Drain 300 s, exit 20 s, start 40 s, health 10 s; short from the deregistration on.
    let waits = [(Kind::Start, 40), (Kind::HealthCheck, 10), (Kind::Drain, 300), (Kind::Stop, 20)];
    assert_waits(&played, &waits, "one after the other");
    assert!((played.summary.short_replica_s - 370.0).abs() < 1e-9);
    assert!((played.summary.lowest_healthy_percent).abs() < 1e-9);
}

/// No start fits under the cap and no stop over the floor, or no host has room.
#[test]
fn deploys_that_can_never_finish_say_which_constraint_blocks() {
    let bounds = "its bounds let nothing start or stop";
    let with_percent = |desired, minimum, maximum| {
        let mut model = plain(desired, 10, 10);
        model.services[0].rollout = percent(minimum, maximum);
        model
    };
    let mut fixed_ports = plain(3, 3, 10);
    fixed_ports.services[0].demand.host_port = Some(8080);
    let full = plain(4, 2, 2);
    let table = [
        (with_percent(1, 50, 100), format!("web: {bounds}: at least 1 of 1 stay healthy and at most 1 may exist")),
        (with_percent(3, 100, 125), format!("web: {bounds}: at least 3 of 3 stay healthy and at most 3 may exist")),
        (with_percent(2, 75, 100), format!("web: {bounds}: at least 2 of 2 stay healthy and at most 2 may exist")),
        (fixed_ports, "web: 3 of 3 new tasks fit nowhere: a port already in use on 3 of 3 hosts; no old task may stop, because at least 3 of 3 stay healthy".into()),
        (full, "web: 4 of 4 new tasks fit nowhere: memory on 2 of 2 hosts, cpu on 2 of 2 hosts; no old task may stop, because at least 4 of 4 stay healthy".into()),
    ];
    for (model, text) in table {
        assert_eq!(play(&model, 1).blocked(), text);
    }
}

/// ECS before 2015-12: spawn one, stop one, 40 + 20 s a task, and it needs room for one more.
#[test]
fn one_at_a_time_moves_one_task_a_cycle_however_much_room_there_is() {
    let mut model = plain(5, 1, 20);
    model.services[0].rollout = one_at_a_time();
    model.services[0].startup = Dist::Fixed(secs(40));
    model.services[0].exit = Dist::Fixed(secs(20));
    assert_waits(&play(&model, 1), &[(Kind::Start, 5 * 40), (Kind::Stop, 5 * 20)], "5 x 60 s");
    model.host_groups[0].capacity = seatrial_sim::model::Resources::new(5, 5);
    assert!(play(&model, 1).blocked().contains("5 of 5 new tasks fit nowhere: memory on 1 of 1 hosts"));
}

/// Five cycles in a row of 40 + 20 s: from "completed" back by causes there is one start and one stop in each cycle, the
/// first start because of the request and every other because of the stop before it.
#[test]
fn the_causes_of_a_serial_deploy_lead_through_every_cycle() {
    let mut model = plain(5, 6, 1);
    model.services[0].startup = Dist::Fixed(secs(40));
    model.services[0].exit = Dist::Fixed(secs(20));
    let records = play(&model, 1).trace.records;
    let mut path = vec![];
    let mut at = records.len() - 1;
    loop {
        path.push((records[at].at.as_secs_f64(), records[at].fact));
        let because = records[at].because.index() as usize;
        if because == at {
            break;
        }
        at = because;
    }
    let moves = |state| {
        let of_state = path.iter().filter(|(_, fact)| matches!(fact, Fact::TaskMoved { to, .. } if *to == state));
        of_state.map(|(at, _)| *at).collect::<Vec<_>>()
    };
    // The request is at 60 s; backwards: stopped at the end of each cycle, in service after its 40 s, placed at its start.
    assert_eq!(moves(TaskState::Stopped), [360.0, 300.0, 240.0, 180.0, 120.0]);
    assert_eq!(moves(TaskState::InService), [340.0, 280.0, 220.0, 160.0, 100.0]);
    assert_eq!(moves(TaskState::Provisioning), [300.0, 240.0, 180.0, 120.0, 60.0]);
    assert!(matches!(path.last(), Some((at, Fact::DeployRequested { .. })) if (at - 60.0).abs() < 1e-9));
}

/// Two services look every 50 ms at the same instants, web before api. At 60 s web finds no room; then api stops its five
/// tasks and gives their slots away. Web's turn of that instant is over, so it starts at 60.05 s and not at 60 s.
#[test]
fn a_look_whose_turn_is_over_waits_for_the_next_beat() {
    let mut model = plain(2, 7, 1);
    model.control.tick = Duration::from_millis(50);
    model.control.slot_release = SlotRelease::Stopping;
    let mut api = service("api", 5);
    api.rollout = percent(0, 100);
    model.services.push(api);
    model.deploys.push(deploy(1, 60));
    let starts = play(&model, 1).facts(|at, fact| match fact {
        Fact::TaskMoved { service: ServiceId(0), to: TaskState::Provisioning, .. } => Some(at),
        _ => None,
    });
    assert_eq!(starts[0], Time::from_millis(60_050));
}

/// Three hosts: web's two large tasks are on host 0, one of api's on each of the others. Of api's two new tasks, fewest of
/// all tasks (2, 1, 1) takes hosts 1 and 2; Swarm looks at api's own first (0, 1, 1) and takes host 0, then one where the
/// others are fewer (3, 1, 1).
#[test]
fn the_tasks_of_other_services_count_where_the_policy_counts_them() {
    for (policy, hosts) in [(Policy::LeastTasks, [&[1][..], &[2]]), (Policy::Swarm, [&[0], &[1, 2]])] {
        let mut model = plain(2, 3, 8);
        model.services[0].demand.resources.memory_mib = 2;
        model.services[0].placement = Policy::FirstFit;
        let mut api = service("api", 2);
        api.placement = policy.clone();
        model.services.push(api);
        model.deploys[0].service = ServiceId(1);
        for seed in 0..20 {
            let taken = play(&model, seed).facts(|_, fact| match fact {
                Fact::TaskMoved { to: TaskState::Provisioning, host, .. } => Some(host.index()),
                _ => None,
            });
            assert_eq!(taken.len(), 2);
            assert!(taken.iter().zip(hosts).all(|(host, any)| any.contains(host)), "{policy:?}: {taken:?}");
        }
    }
}
