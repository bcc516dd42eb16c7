//! Hosts that come and go: drained, lost, taken away, prepared, asked for at times; and machines for one task.

mod support;

use proptest::prelude::*;
use seatrial_sim::cluster::TaskState;
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::fact::{Fact, ServiceId};
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::measure::trace::Trace;
use seatrial_sim::model::{
    Cached, HostDrain, HourlyPrice, Image, Leaving, Model, PerTask, Resources, ScheduledSize, Spot, Termination,
    WarmPool,
};
use seatrial_sim::run;
use support::{at_s, deploy, percent, plain, play, secs};

/// Four tasks on three hosts with room for two; at 600 s two hosts are wanted. Tasks take 40 s to start and 20 s to stop.
fn shrinking(leaving: Leaving) -> Model {
    let mut model = plain(4, 3, 2);
    model.services[0].startup = Dist::Fixed(secs(40));
    model.services[0].exit = Dist::Fixed(secs(20));
    model.host_groups[0].leaving = leaving;
    model.host_groups[0].schedule = vec![ScheduledSize { at: at_s(600), hosts: 2 }];
    model.host_groups[0].termination = Termination::Newest;
    model.deploys.clear();
    model
}

/// When hosts ended, and how many tasks were in service over time.
fn hosts_and_tasks(model: &Model) -> (Vec<Time>, Vec<(Time, i64)>) {
    let mut trace = Trace::default();
    run(model, 1, &mut trace);
    let ended = trace.records.iter().filter(|record| matches!(record.fact, Fact::HostTerminated { .. }));
    let counts = trace.task_counts(ServiceId(0));
    let mut in_service = counts.old_in_service.points().to_vec();
    in_service.extend(counts.new_in_service.points());
    (ended.map(|record| record.at).collect(), in_service)
}

/// The newest host has one task of four, and the two others have room for one more. With a minimum of 100 % its successor
/// runs at 640 s and it is gone at 660 s; with 0 % and at most 100 % it is gone at 620 s and its successor runs at 660 s;
/// with 100 % and 100 % it stays.
#[test]
fn a_draining_host_is_emptied_within_the_bounds() {
    let drained = Leaving::Drained { at_most: None };
    let with = |minimum, maximum| {
        let mut model = shrinking(drained);
        model.services[0].rollout = percent(minimum, maximum);
        hosts_and_tasks(&model)
    };
    let steps = |tasks: &[(u64, i64)]| tasks.iter().map(|(s, n)| (at_s(*s), *n)).collect::<Vec<_>>();
    assert_eq!(with(100, 200), (vec![at_s(660)], steps(&[(0, 4), (640, 4)])));
    assert_eq!(with(0, 100), (vec![at_s(620)], steps(&[(0, 4), (600, 3), (660, 4)])));
    assert_eq!(with(100, 100), (vec![], steps(&[(0, 4)])));
    // Evicted: stopped and started at once, whatever the bounds are.
    let mut evicted = shrinking(drained);
    evicted.control.host_drain = HostDrain::StopFirst;
    assert_eq!(hosts_and_tasks(&evicted), (vec![at_s(620)], steps(&[(0, 4), (600, 3), (640, 4)])));
}

/// With 100 % and 100 % the task stays, and after a quarter of an hour the host goes all the same; a minute later that is
/// found, and 40 s after that its successor runs.
#[test]
fn a_host_that_has_to_go_takes_its_tasks_along() {
    let mut model = shrinking(Leaving::Drained { at_most: Some(secs(900)) });
    model.services[0].rollout = percent(100, 100);
    model.control.loss_detection = Dist::Fixed(secs(60));
    let (ended, tasks) = hosts_and_tasks(&model);
    assert_eq!(ended, [at_s(1_500)]);
    assert_eq!(tasks, [(at_s(0), 4), (at_s(1_500), 3), (at_s(1_600), 4)]);
    // An Auto Scaling group that knows nothing of tasks does that at once.
    let mut model = shrinking(Leaving::AtOnce);
    model.control.loss_detection = Dist::Fixed(secs(60));
    let (ended, tasks) = hosts_and_tasks(&model);
    assert_eq!((ended, tasks), (vec![at_s(600)], vec![(at_s(0), 4), (at_s(600), 3), (at_s(700), 4)]));
}

/// Hosts with tasks are protected: none of three is empty, so none goes; a fourth, empty one does.
#[test]
fn protected_hosts_leave_when_they_are_empty() {
    assert_eq!(hosts_and_tasks(&shrinking(Leaving::WhenEmpty)).0, []);
    let mut model = shrinking(Leaving::WhenEmpty);
    model.host_groups[0].hosts = 5;
    model.host_groups[0].schedule[0].hosts = 1;
    assert_eq!(hosts_and_tasks(&model).0, [at_s(600)], "four of five hosts have a task each");
}

/// The provider gives notice an hour after a host registered and takes it two minutes later. Drained from the notice on, its
/// tasks are somewhere else after 40 s. Otherwise they serve until it ends, are missed for 10 s, and back after 40 s more.
/// Another host is launched as soon as one has ended, and the notices of both hosts come together.
#[test]
fn hosts_that_the_provider_takes_give_notice() {
    let model = |drains| {
        let mut model = plain(2, 1, 2);
        let spot = Spot { interrupted_after: Dist::Fixed(secs(3_600)), notice: secs(120), drains };
        model.host_groups[0].spot = Some(spot);
        model.host_groups.push(support::group("on-demand", 1, 2));
        model.services[0].startup = Dist::Fixed(secs(40));
        model.services[0].placement = seatrial_sim::placement::Policy::FirstFit;
        model.control.loss_detection = Dist::Fixed(secs(10));
        model.horizon = secs(4_000);
        model.deploys.clear();
        model
    };
    let (ended, tasks) = hosts_and_tasks(&model(true));
    assert_eq!((ended, tasks), (vec![at_s(3_720)], vec![(at_s(0), 2), (at_s(3_640), 2)]));
    let (ended, tasks) = hosts_and_tasks(&model(false));
    assert_eq!((ended, tasks), (vec![at_s(3_720)], vec![(at_s(0), 2), (at_s(3_720), 0), (at_s(3_770), 2)]));
    let launched = play(&model(true), 1).facts(|at, fact| matches!(fact, Fact::HostLaunched { .. }).then_some(at));
    assert_eq!(launched, [at_s(0), at_s(0), at_s(3_720)]);
}

/// Two more hosts: one comes from the pool after 20 s, the other boots for 300 s. The pool is full again when another has
/// booted: 600 + 300 s.
#[test]
fn a_warm_pool_gives_what_it_has() {
    let mut model = plain(1, 1, 2);
    model.host_groups[0].boot = Dist::Fixed(secs(300));
    model.host_groups[0].warm_pool =
        Some(WarmPool { hosts: 1, start: Dist::Fixed(secs(20)), holds_images: true, price: HourlyPrice(0) });
    model.host_groups[0].schedule = vec![ScheduledSize { at: at_s(600), hosts: 3 }];
    model.deploys.clear();
    let played = play(&model, 1);
    let ready = played.facts(|at, fact| matches!(fact, Fact::HostReady { .. }).then_some(at));
    assert_eq!(ready, [at_s(0), at_s(620), at_s(900)]);
    let warm = played.facts(|at, fact| match fact {
        Fact::WarmHosts { hosts, .. } => Some((at, hosts)),
        _ => None,
    });
    assert_eq!(warm, [(at_s(0), 1), (at_s(600), 0), (at_s(900), 1)]);
}

/// Every task has a machine of its own: 12 s to come, 10 s for 10 MB at 1 MB a second, though others have pulled it before,
/// 2 s to start. All four at once, at the request: nothing waits for room. Then the old ones stop: 5 s and a tail of 13 s.
#[test]
fn machines_for_one_task_come_with_it_and_hold_no_image() {
    let mut model = plain(4, 0, 0);
    let group = &mut model.host_groups[0];
    group.per_task = Some(PerTask { vcpu: HourlyPrice(40_480), gib: HourlyPrice(4_445) });
    group.agent.provisioning = Dist::Fixed(secs(12));
    group.agent.stop_tail = Dist::Fixed(secs(13));
    let service = &mut model.services[0];
    service.demand.resources = Resources::new(256, 512);
    service.image = Image { bytes: 10_000_000, shared_bytes: 9_000_000, cached: Cached::All, base: None };
    service.startup = Dist::Fixed(secs(2));
    service.exit = Dist::Fixed(secs(5));
    let played = play(&model, 1);
    assert_eq!(played.summary.deploy_s, Some(12.0 + 10.0 + 2.0 + 5.0 + 13.0));
    let gone = played.facts(|at, fact| matches!(fact, Fact::HostTerminated { .. }).then_some(at));
    assert_eq!(gone, [at_s(60 + 24 + 18); 4]);
    let launched = played.facts(|at, fact| matches!(fact, Fact::MachineLaunched { .. }).then_some(at));
    assert_eq!(launched, [[at_s(0); 4], [at_s(60); 4]].concat());
}

/// 700 launches at 500 a minute after a burst of 84: (700 - 84) / 500 min = 73.92 s after the request.
#[test]
fn launches_of_machines_have_a_rate_of_their_own() {
    let mut model = plain(700, 0, 0);
    model.host_groups[0].per_task = Some(PerTask { vcpu: HourlyPrice(0), gib: HourlyPrice(0) });
    model.host_groups[0].launch_rate = Some(seatrial_sim::model::LaunchRate { per_minute: 500, burst: 84 });
    let launched = play(&model, 1).facts(|at, fact| match fact {
        Fact::TaskMoved { version: 2, to: TaskState::Provisioning, .. } => Some(at),
        _ => None,
    });
    assert_eq!(launched.len(), 700);
    assert_eq!(launched.iter().max(), Some(&(at_s(60) + Duration::from_millis(73_920))));
}

/// What a group does with its hosts at some times, and what the provider does.
fn coming_and_going() -> impl Strategy<Value = (Leaving, Vec<ScheduledSize>, Option<Spot>, Option<WarmPool>, bool, u64)>
{
    let leaving = prop_oneof![
        Just(Leaving::WhenEmpty),
        (0..900_u64).prop_map(|s| Leaving::Drained { at_most: (s > 100).then_some(secs(s)) }),
        Just(Leaving::AtOnce),
    ];
    let size = (1..2_000_u64, 0..12_u32).prop_map(|(s, hosts)| ScheduledSize { at: at_s(s), hosts });
    let spot = (600..4_000_u64, 0..200_u64, any::<bool>()).prop_map(|(after, notice, drains)| Spot {
        interrupted_after: Dist::Exponential { mean: secs(after) },
        notice: secs(notice),
        drains,
    });
    let warm = (1..3_u32, 0..60_u64).prop_map(|(hosts, start)| WarmPool {
        hosts,
        start: Dist::Fixed(secs(start)),
        holds_images: true,
        price: HourlyPrice(1),
    });
    let schedule = proptest::collection::vec(size, 0..4);
    let options = (proptest::option::weighted(0.3, spot), proptest::option::weighted(0.3, warm));
    (leaving, schedule, options, any::<bool>(), 0..100_u64).prop_map(
        |(leaving, mut schedule, (spot, warm), evicts, found)| {
            schedule.sort_by_key(|size| size.at);
            (leaving, schedule, spot, warm, evicts, found)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// Whatever the hosts do, under any rollout: the counts stay true (they are recounted after every event), a run repeats
    /// itself, and where enough hosts are there in the end every service has all its tasks, of the version wanted last.
    #[test]
    fn laws_hold_whatever_the_hosts_do(
        mut model in support::any_rollout::model(false),
        going in proptest::collection::vec(coming_and_going(), 2),
        seed in 0..1_000_u64,
    ) {
        model.control.host_drain = if going[0].4 { HostDrain::StopFirst } else { HostDrain::AsRollout };
        model.control.loss_detection = Dist::Fixed(secs(going[0].5));
        model.horizon = secs(4_000);
        for service in &mut model.services {
            service.demand.host_port = None;
        }
        for (group, (leaving, schedule, spot, warm, ..)) in model.host_groups.iter_mut().zip(going) {
            (group.leaving, group.schedule, group.spot, group.warm_pool) = (leaving, schedule, spot, warm);
            group.capacity = Resources::new(1_000, 1_000);
            group.schedule.push(ScheduledSize { at: at_s(2_500), hosts: 3 });
        }
        let played = play(&model, seed);
        let mut again = Trace::default();
        run(&model, seed, &mut again);
        prop_assert_eq!(&played.trace, &again);
        support::money::check(&model, &played.trace)?;
    }
}

/// A deploy that is under way when its hosts drain ends all the same, with all tasks of the new version elsewhere.
#[test]
fn a_deploy_goes_on_while_hosts_drain() {
    let mut model = shrinking(Leaving::Drained { at_most: None });
    model.host_groups[0].hosts = 4;
    model.deploys.push(deploy(0, 590));
    let played = play(&model, 1);
    assert!(played.outcome.blocked.is_empty(), "{:?}", played.outcome.blocked);
    let counts = played.trace.task_counts(ServiceId(0));
    assert_eq!((counts.new_in_service.at(at_s(2_000)), counts.old_in_service.at(at_s(2_000))), (4, 0));
}
