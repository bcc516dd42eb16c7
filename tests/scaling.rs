//! Scalers of host groups in whole runs: how long new hosts take, when spare ones go, and what is never seen.

mod support;

use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::fact::{Fact, ServiceId};
use seatrial_sim::engine::time::Time;
use seatrial_sim::measure::trace::Trace;
use seatrial_sim::model::{Cached, Image, Leaving, Model, PreDeploy, Resources, Scaling};
use seatrial_sim::run;
use seatrial_sim::scaling::{
    CapacityProvider, ClusterAutoscaler, Headroom, Karpenter, ReservationAlarms, Scaler, Spare,
};
use support::{at_s, plain, play, secs};

/// When hosts were launched and when they ended, those of the start left out.
fn hosts(model: &Model) -> (Vec<Time>, Vec<Time>) {
    let mut trace = Trace::default();
    run(model, 1, &mut trace);
    let times = |of: fn(&Fact) -> bool| {
        trace.records.iter().filter(|record| of(&record.fact)).map(|record| record.at).collect::<Vec<_>>()
    };
    let launched = times(|fact| matches!(fact, Fact::HostLaunched { .. }));
    let later = launched.into_iter().filter(|at| *at > Time::ZERO).collect();
    (later, times(|fact| matches!(fact, Fact::HostTerminated { .. })))
}

/// One task a host, hosts that boot for a minute, no deploy.
fn scaled(tasks: u32, scaler: Scaler) -> Model {
    let mut model = plain(tasks, tasks, 1);
    model.host_groups[0].scaler = scaler;
    model.host_groups[0].boot = Dist::Fixed(secs(60));
    model.horizon = secs(10_000);
    model.deploys.clear();
    model
}

/// Other numbers of tasks at some times.
fn with_sizes(mut model: Model, sizes: &[(u64, u32)]) -> Model {
    let scaling = |&(s, desired): &(u64, u32)| Scaling { service: ServiceId(0), at: at_s(s), desired };
    model.scalings = sizes.iter().map(scaling).collect();
    model
}

fn within(times: &[Time], from: u64, to: u64) {
    assert!(times.iter().all(|at| (at_s(from)..=at_s(to)).contains(at)), "{from} to {to} s: {times:?}");
}

/// Two tasks more at 600 s: M = 4 of N = 2 is 200 %. It is measured within 60 s, and the alarm takes 60 s more.
#[test]
fn a_capacity_provider_takes_a_measurement_and_an_alarm() {
    let model = with_sizes(scaled(2, Scaler::CapacityProvider(CapacityProvider::default())), &[(600, 4)]);
    let (launched, ended) = hosts(&model);
    assert_eq!((launched.len(), ended.len()), (2, 0));
    within(&launched, 660, 720);
}

/// A second wave, 100 s after the first one: its hosts come when those of the first are 300 s old, not before.
#[test]
fn the_second_wave_waits_for_the_warm_up() {
    let sizes = [(600, 4), (700, 6)];
    let model = with_sizes(scaled(2, Scaler::CapacityProvider(CapacityProvider::default())), &sizes);
    let (launched, _) = hosts(&model);
    assert_eq!(launched.len(), 4);
    within(&launched[..2], 660, 720);
    let since_first = launched[2].since(launched[1]);
    assert!(since_first >= secs(300) && since_first <= secs(300 + 120), "{since_first}");
}

/// Two tasks fewer at 3,000 s: two of four hosts are empty, and go after 15 measurements of a minute each.
#[test]
fn empty_hosts_go_after_a_quarter_of_an_hour() {
    let model = with_sizes(scaled(4, Scaler::CapacityProvider(CapacityProvider::default())), &[(3_000, 2)]);
    let (launched, ended) = hosts(&model);
    assert_eq!((launched.len(), ended.len()), (0, 2));
    within(&ended, 3_000 + 14 * 60, 3_000 + 20 * 60);
}

/// Four hosts come half an hour before a deploy, by hand. Nobody needs them, so the capacity provider has taken them away
/// again when it begins.
#[test]
fn hosts_that_come_too_early_are_gone_before_the_deploy() {
    let mut model = scaled(4, Scaler::CapacityProvider(CapacityProvider::default()));
    model.deploys.push(support::deploy(0, 3_000));
    model.host_groups[0].pre_deploy = Some(PreDeploy { hosts: 4, lead: secs(1_800), keep: secs(60) });
    let (launched, ended) = hosts(&model);
    assert_eq!(launched[..4], [at_s(1_200); 4]);
    assert!(ended.iter().filter(|at| **at < at_s(3_000)).count() == 4, "{ended:?}");
}

/// A deploy that has no room for a second task asks for a host: the next look of the ten seconds that finds a task waiting for two
/// seconds; then 90 s to boot, 10 s for 10 MB at 1 MB a second, 5 s to start.
#[test]
fn a_surge_that_needs_a_new_host_pays_scan_boot_and_pull() {
    let mut model = scaled(1, Scaler::ClusterAutoscaler(ClusterAutoscaler::default()));
    model.host_groups[0].boot = Dist::Fixed(secs(90));
    model.services[0].image = Image { bytes: 10_000_000, shared_bytes: 9_000_000, cached: Cached::Running, base: None };
    model.services[0].startup = Dist::Fixed(secs(5));
    model.deploys.push(support::deploy(0, 600));
    let played = play(&model, 1);
    let (launched, _) = hosts(&model);
    assert_eq!(launched.len(), 1);
    within(&launched, 602, 612);
    let deploy_s = played.summary.deploy_s.unwrap();
    let after_launch = deploy_s - (launched[0].since(at_s(600))).as_secs_f64();
    assert!((after_launch - 105.0).abs() < 1e-9, "{after_launch}");
}

/// Two groups could serve the three tasks that wait: whichever looks first launches three hosts, and the other one none.
#[test]
fn groups_share_the_tasks_that_wait() {
    let mut model = with_sizes(scaled(1, Scaler::Fixed), &[(600, 4)]);
    for name in ["a", "b"] {
        let mut group = support::group(name, 0, 1);
        group.scaler = Scaler::ClusterAutoscaler(ClusterAutoscaler::default());
        group.boot = Dist::Fixed(secs(60));
        model.host_groups.push(group);
    }
    let (launched, _) = hosts(&model);
    assert_eq!(launched.len(), 3, "{launched:?}");
}

/// Karpenter looks when tasks have waited for a second: launched 1 s after the request.
#[test]
fn karpenter_waits_for_its_batch() {
    let mut model = scaled(1, Scaler::Karpenter(Karpenter::default()));
    model.deploys.push(support::deploy(0, 600));
    assert_eq!(hosts(&model).0, [at_s(601)]);
}

/// After a spike of ten tasks: ten minutes without need and their hosts go; those that stay are the six that are needed.
#[test]
fn hosts_of_a_spike_go_when_it_is_over() {
    let mut model = scaled(6, Scaler::ClusterAutoscaler(ClusterAutoscaler::default()));
    model.host_groups[0].leaving = Leaving::Drained { at_most: None };
    let model = with_sizes(model, &[(1_000, 10), (3_000, 6)]);
    let (launched, ended) = hosts(&model);
    assert_eq!((launched.len(), ended.len()), (4, 4));
    within(&launched, 1_002, 1_012);
    within(&ended, 3_600, 3_700);
}

/// Hosts with 10 MiB and tasks with 6: a third task fits nowhere, and the reservation is 12 of 20, below 75 %. Nothing rings.
/// With a threshold of 50 % it does, a minute later at most.
#[test]
fn reservation_alarms_do_not_see_tasks_that_wait() {
    let with_high = |high_permille| {
        let alarms = ReservationAlarms { high_permille, low_permille: None, ..ReservationAlarms::default() };
        let mut model = with_sizes(scaled(2, Scaler::ReservationAlarms(alarms)), &[(600, 3)]);
        model.host_groups[0].capacity = Resources::new(10, 10);
        model.services[0].demand.resources = Resources::new(1, 6);
        model.horizon = secs(1_000);
        hosts(&model).0
    };
    assert_eq!(with_high(750), []);
    assert!(!with_high(500).is_empty());
}

/// Two spare hosts beyond the four that are needed, from the first look on; six needed, and two more come.
#[test]
fn headroom_keeps_spare_hosts() {
    let model = with_sizes(scaled(4, Scaler::Headroom(Headroom::new(Spare::Hosts(2)))), &[(600, 6)]);
    let (launched, _) = hosts(&model);
    assert_eq!(launched.len(), 4);
    within(&launched[..2], 0, 60);
    within(&launched[2..], 600, 660);
}
