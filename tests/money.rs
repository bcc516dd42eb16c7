//! Money against timelines by hand: where every second of every host goes. All hosts cost $0.10 an hour; the arithmetic is in
//! host-seconds.

mod support;

use proptest::prelude::*;
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::fact::Fact;
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::measure::attribution::Parts;
use seatrial_sim::measure::money::Money;
use seatrial_sim::measure::summary::Summary;
use seatrial_sim::model::{
    Billing, Eligible, HourlyPrice, Leaving, Model, PerTask, PreDeploy, Resources, Scaling, ScheduledSize, Spot,
    Termination, WarmPool,
};
use seatrial_sim::placement::Policy;
use support::{at_s, group, percent, plain, play, secs, service};

const PER_SECOND: Billing = Billing::PerSecond { minimum: secs(60) };
const PRICE: HourlyPrice = HourlyPrice(100_000);

/// The parts of a run's bill; they add up to it.
fn parts(model: &Model) -> Parts<Money> {
    let played = play(model, 1);
    let parts = support::money::parts(model, &played.trace);
    assert_eq!(played.summary.parts_usd, parts.usd());
    assert!((played.summary.bill_usd - parts.total().usd()).abs() < 1e-12);
    parts
}

/// So many host-seconds at $0.10 an hour in each part.
fn host_seconds(seconds: Parts<u64>) -> Parts<Money> {
    let money = |s| Money::of(PRICE, secs(s));
    let Parts { needed, spare, surge, stranded, booting, draining, gone, warm } = seconds;
    Parts {
        needed: money(needed),
        spare: money(spare),
        surge: money(surge),
        stranded: money(stranded),
        booting: money(booting),
        draining: money(draining),
        gone: money(gone),
        warm: money(warm),
    }
}

/// An hour without deploys.
fn quiet(desired: u32, hosts: u32, slots: u32) -> Model {
    let mut model = plain(desired, hosts, slots);
    model.horizon = secs(3_600);
    model.deploys.clear();
    model
}

/// Two hosts with room for one task each, two tasks, and a third host for the deploy:
///
/// | s | |
/// |---|---|
/// | 480 | the third host is launched |
/// | 540 | it is ready |
/// | 600 | the deploy is requested; its first task starts on the third host |
/// | 640 | it serves: an old one stops |
/// | 660 | that has stopped; the second task starts in its place |
/// | 700 | it serves: the other old one stops |
/// | 720 | that has stopped; the deploy is done |
/// | 840 | the newest host is drained; its task's replacement starts in the free place |
/// | 880 | it serves: the task on the draining host stops |
/// | 900 | that has stopped, and the host goes |
fn one_deploy(billing: Billing) -> Model {
    let mut model = plain(2, 2, 1);
    model.horizon = secs(3_600);
    let group = &mut model.host_groups[0];
    group.billing = billing;
    group.boot = Dist::Fixed(secs(60));
    group.pre_deploy = Some(PreDeploy { hosts: 1, lead: secs(120), keep: secs(120) });
    group.leaving = Leaving::Drained { at_most: None };
    group.termination = Termination::Newest;
    let service = &mut model.services[0];
    service.rollout = percent(100, 150);
    service.startup = Dist::Fixed(secs(40));
    service.exit = Dist::Fixed(secs(20));
    model.deploys[0].at = at_s(600);
    model
}

/// Two hosts are needed for the hour: 7,200 s. The third boots for 60 s, stands by from 540 s to 600 s and from 720 s to
/// 840 s: 180 s; three tasks are there from 600 s to 720 s: 120 s; it drains for 60 s. By the second 420 s are billed of it;
/// by the started hour 3,180 s more.
#[test]
fn a_deploy_with_a_host_of_its_own() {
    let ready = Parts { needed: 7_200, booting: 60, spare: 180, surge: 120, draining: 60, ..Parts::default() };
    assert_eq!(parts(&one_deploy(PER_SECOND)), host_seconds(ready));
    let by_hour = Parts { gone: 3_180, ..ready };
    assert_eq!(parts(&one_deploy(Billing::PerStartedHour)), host_seconds(by_hour));
    // 7,620 s at $0.10 an hour; a month has 730 such hours.
    let summary = play(&one_deploy(PER_SECOND), 1).summary;
    assert!((summary.bill_usd - 0.211_667).abs() < 1e-6, "{}", summary.bill_usd);
    assert!((summary.usd_per_month - 154.516_667).abs() < 1e-6, "{}", summary.usd_per_month);
    // Surge, booting and draining: 120 + 60 + 60 s.
    let of_deploy = summary.surge_usd_per_deploy();
    assert_eq!(summary.deploys, 1);
    assert!((of_deploy - 0.1 * 240.0 / 3_600.0).abs() < 1e-12, "{of_deploy}");
    let twice = Summary { deploys: 2, ..summary.clone() };
    assert!((twice.surge_usd_per_deploy() - of_deploy / 2.0).abs() < 1e-12, "half of it for each of two");
    let none = Summary { deploys: 0, ..summary }.surge_usd_per_deploy();
    assert!(none.abs() < 1e-12, "no deploy pays for nothing");
}

/// By the second, twice the price from 630 s on: what was for s seconds from then on counts twice.
#[test]
fn a_price_changes_in_the_middle_of_a_deploy() {
    let mut model = one_deploy(PER_SECOND);
    model.host_groups[0].price_changes = vec![(at_s(630), HourlyPrice(200_000))];
    let expected = Parts {
        // 2 x 630 and 2 x 2 x 2,970.
        needed: 13_140,
        booting: 60,
        // 540 to 600 s; twice 720 to 840 s.
        spare: 300,
        // 600 to 630 s; twice 630 to 720 s.
        surge: 210,
        draining: 120,
        ..Parts::default()
    };
    assert_eq!(parts(&model), host_seconds(expected));
}

/// By the started hour, twice the price from 300 s on: the hour of the first two hosts began before, that of the third after.
/// While all three are ready, from 540 s to 840 s, one costs 4/3 on the mean.
#[test]
fn an_hour_that_has_begun_keeps_its_price() {
    let mut model = one_deploy(Billing::PerStartedHour);
    model.host_groups[0].price_changes = vec![(at_s(300), HourlyPrice(200_000))];
    let expected = Parts {
        // 2 x (3,600 - 300) and 2 x 300 x 4/3.
        needed: 7_400,
        booting: 120,
        spare: 180 * 4 / 3,
        surge: 120 * 4 / 3,
        draining: 120,
        gone: 2 * 3_180,
        ..Parts::default()
    };
    assert_eq!(parts(&model), host_seconds(expected));
}

/// A host is launched at 100 s and given up at 110.5 s, before it has booted. With the minimum 60 s are billed: 49.5 s for
/// nothing; without it 11 s; by the started hour 3,600 s.
#[test]
fn a_short_life_is_billed_as_a_longer_one() {
    let at_least = |minimum| Billing::PerSecond { minimum: secs(minimum) };
    for (billing, billed_ms) in
        [(at_least(60), 60_000), (at_least(0), 11_000), (Billing::PerStartedHour, 3_600_000_u64)]
    {
        let mut model = quiet(2, 2, 1);
        let group = &mut model.host_groups[0];
        group.billing = billing;
        group.boot = Dist::Fixed(secs(30));
        let given_up = at_s(110) + Duration::from_millis(500);
        group.schedule = vec![ScheduledSize { at: at_s(100), hosts: 3 }, ScheduledSize { at: given_up, hosts: 2 }];
        let ms = |ms| Money::of(PRICE, Duration::from_millis(ms));
        let expected =
            Parts { needed: ms(7_200_000), booting: ms(10_500), gone: ms(billed_ms - 10_500), ..Parts::default() };
        assert_eq!(parts(&model), expected, "{billing:?}");
    }
}

/// Three hosts of 10, a task of 6 and two of 5. Spread they leave 4, 5 and 5 free, where none of 6 fits, and two hosts would
/// hold them all: a host is stranded. Packed they leave a host empty, which is spare.
#[test]
fn what_fits_no_task_is_stranded() {
    for (placement, spare, stranded) in [(Policy::Spread, 0, 3_600), (Policy::Binpack, 3_600, 0)] {
        let mut model = quiet(1, 3, 10);
        model.services.push(service("small", 2));
        for (service, size) in model.services.iter_mut().zip([6, 5]) {
            service.demand.resources = Resources::new(size, size);
            service.placement = placement.clone();
        }
        let expected = Parts { needed: 7_200, spare, stranded, ..Parts::default() };
        assert_eq!(parts(&model), host_seconds(expected), "{placement:?}");
    }
}

/// Three hosts of 10 with a task of 3 each: one host would hold them. Of a service of 4, which fits twice on an empty host, one
/// more task fits on each: room for one host and a half.
#[test]
fn spare_is_counted_in_hosts_full_of_tasks() {
    let mut model = quiet(3, 3, 10);
    model.services.push(service("large", 0));
    for (service, size) in model.services.iter_mut().zip([3, 4]) {
        service.demand.resources = Resources::new(size, size);
    }
    let expected = Parts { needed: 3_600, spare: 5_400, stranded: 1_800, ..Parts::default() };
    assert_eq!(parts(&model), host_seconds(expected));
}

/// An empty host stands by. So does one that no service may use.
#[test]
fn an_empty_host_is_spare() {
    let mut model = quiet(2, 3, 1);
    assert_eq!(parts(&model), host_seconds(Parts { needed: 7_200, spare: 3_600, ..Parts::default() }));
    model.host_groups.push(group("idle", 2, 1));
    model.services[0].eligible = support::only(&[true, false]);
    assert_eq!(parts(&model), host_seconds(Parts { needed: 7_200, spare: 10_800, ..Parts::default() }));
}

/// A fixed port: each task has a host of its own, though ten would fit on one.
#[test]
fn a_port_takes_a_whole_host() {
    let mut model = quiet(2, 3, 10);
    model.services[0].demand.host_port = Some(80);
    assert_eq!(parts(&model), host_seconds(Parts { needed: 7_200, spare: 3_600, ..Parts::default() }));
}

/// Both tasks stop before the new ones start: for 10 s the hosts are empty, and needed all the same.
#[test]
fn what_desired_tasks_need_is_needed_while_they_are_missing() {
    let mut model = plain(2, 2, 1);
    model.horizon = secs(3_600);
    model.services[0].rollout = percent(0, 100);
    model.services[0].exit = Dist::Fixed(secs(10));
    model.services[0].startup = Dist::Fixed(secs(50));
    assert_eq!(parts(&model), host_seconds(Parts { needed: 7_200, ..Parts::default() }));
    // From four tasks to one at 600 s, on four hosts: three are needed no more.
    let mut model = quiet(4, 4, 1);
    model.scalings = vec![Scaling { service: support::deploy(0, 0).service, at: at_s(600), desired: 1 }];
    let expected = Parts { needed: 4 * 600 + 3_000, spare: 3 * 3_000, ..Parts::default() };
    assert_eq!(parts(&model), host_seconds(expected));
}

/// Six and five tasks on hosts with room for four: 11 / 4 = 3 of the 4 hosts are needed. Of a deploy of the first service at
/// 60 s five tasks start in the free places: 16 are there. At 160 s they serve, five old ones stop at once and the sixth new
/// one starts: 12 tasks, as many as three hosts hold.
#[test]
fn two_services_share_their_hosts() {
    let mut model = quiet(6, 4, 4);
    model.services.push(service("api", 5));
    assert_eq!(parts(&model), host_seconds(Parts { needed: 3 * 3_600, spare: 3_600, ..Parts::default() }));
    model.deploys = vec![support::deploy(0, 60)];
    model.services[0].startup = Dist::Fixed(secs(100));
    let expected = Parts { needed: 3 * 3_600, spare: 3_500, surge: 100, ..Parts::default() };
    assert_eq!(parts(&model), host_seconds(expected));
}

/// Two tasks of 0.25 vCPU and 0.5 GB: 0.25 x $0.04048 + 0.5 x $0.004445 = $0.0123425 an hour, to the micro-dollar $0.012343.
fn fargate() -> (Model, HourlyPrice) {
    let mut model = plain(2, 0, 0);
    model.horizon = secs(3_600);
    let group = &mut model.host_groups[0];
    group.per_task = Some(PerTask { vcpu: HourlyPrice(40_480), gib: HourlyPrice(4_445) });
    group.agent.provisioning = Dist::Fixed(secs(20));
    let service = &mut model.services[0];
    service.demand.resources = Resources::new(256, 512);
    service.startup = Dist::Fixed(secs(30));
    service.exit = Dist::Fixed(secs(10));
    model.deploys[0].at = at_s(600);
    (model, HourlyPrice(12_343))
}

/// The new tasks' machines are asked for at 600 s and pull at 620 s; at 650 s they serve and the old ones stop, until 660 s. So
/// four machines are billed for 40 s: 80 s of surge.
#[test]
fn machines_for_one_task_are_billed_from_the_pull_on() {
    let (model, price) = fargate();
    let expected =
        Parts { needed: Money::of(price, secs(7_200)), surge: Money::of(price, secs(80)), ..Parts::default() };
    assert_eq!(parts(&model), expected);
    assert!((expected.needed.usd() - 2.0 * 0.012_343).abs() < 1e-12);
}

/// A third task is wanted from 1,000 s to 1,030 s: its machine pulls at 1,020 s; told to stop at 1,030 s it is gone at 1,040 s.
/// It was needed for 10 s and too many for 10 s, and 40 s of the first minute are left.
#[test]
fn a_machine_is_billed_for_a_minute_at_least() {
    let (mut model, price) = fargate();
    model.deploys.clear();
    let scaling = |at, desired| Scaling { service: support::deploy(0, 0).service, at: at_s(at), desired };
    model.scalings = vec![scaling(1_000, 3), scaling(1_030, 2)];
    let money = |s| Money::of(price, secs(s));
    let expected = Parts { needed: money(7_210), surge: money(10), gone: money(40), ..Parts::default() };
    assert_eq!(parts(&model), expected);
}

/// Two stopped hosts at $0.004 an hour. At 600 s one is started, which takes 10 s, and another one is prepared until 900 s:
/// 2 x 600 + 1 x 300 + 2 x 2,700 = 6,900 s.
#[test]
fn stopped_hosts_cost_the_price_of_their_pool() {
    let mut model = quiet(1, 1, 1);
    let group = &mut model.host_groups[0];
    group.boot = Dist::Fixed(secs(300));
    let start = Dist::Fixed(secs(10));
    group.warm_pool = Some(WarmPool { hosts: 2, start, holds_images: false, price: HourlyPrice(4_000) });
    group.schedule = vec![ScheduledSize { at: at_s(600), hosts: 2 }];
    let expected = Parts {
        warm: Money::of(HourlyPrice(4_000), secs(6_900)),
        ..host_seconds(Parts { needed: 3_600, booting: 10, spare: 2_990, ..Parts::default() })
    };
    assert_eq!(parts(&model), expected);
}

/// The machines' bill, and nothing for the host that never was.
#[test]
fn a_machine_that_never_pulls_costs_nothing() {
    let (mut model, price) = fargate();
    model.deploys.clear();
    let scaling = |at, desired| Scaling { service: support::deploy(0, 0).service, at: at_s(at), desired };
    // It is given up at 1,010 s, before its machine is there.
    model.scalings = vec![scaling(1_000, 3), scaling(1_010, 2)];
    let played = play(&model, 1);
    let launched = played.facts(|_, fact| matches!(fact, Fact::MachineLaunched { .. }).then_some(()));
    assert_eq!(launched.len(), 3);
    assert_eq!(parts(&model), Parts { needed: Money::of(price, secs(7_200)), ..Parts::default() });
}

/// How hosts come and go in random models: sizes at times, drains, interruptions, warm pools, prices that change.
fn any_money() -> impl Strategy<Value = Model> {
    let times = || proptest::collection::vec((0..4_000_u64, 0..9_u32), 0..4);
    let going = (0..4_u8, any::<bool>(), proptest::option::of((300..3_000_u64, 0..200_u64, any::<bool>())));
    let prices = proptest::option::of(proptest::collection::vec((0..5_000_000_u64, 0..300_000_u64), 1..4));
    let of_group = (times(), going, proptest::option::of((0..4_u32, 0..60_u64)), prices);
    let sizes = ((1..6_u32, 1..6_u32), any::<[bool; 3]>());
    (support::random::model(), proptest::collection::vec(of_group, 2), proptest::collection::vec(sizes, 2), 0..4_u8)
        .prop_map(|(mut model, groups, sizes, machines)| {
            model.horizon = secs(6_000);
            for (group, (times, (leaving, newest, spot), warm, prices)) in model.host_groups.iter_mut().zip(groups) {
                // A size asked for says nothing of the hosts that came for deploys, so a group has one or the other.
                if !times.is_empty() {
                    group.pre_deploy = None;
                }
                group.schedule = times.iter().map(|&(at, hosts)| ScheduledSize { at: at_s(at), hosts }).collect();
                group.schedule.sort_by_key(|size| size.at);
                group.leaving = match leaving {
                    0 => Leaving::WhenEmpty,
                    1 => Leaving::AtOnce,
                    2 => Leaving::Drained { at_most: None },
                    _ => Leaving::Drained { at_most: Some(secs(30)) },
                };
                group.termination = if newest { Termination::Newest } else { Termination::Default };
                group.spot = spot.map(|(after, notice, drains)| Spot {
                    interrupted_after: Dist::Exponential { mean: secs(after) },
                    notice: secs(notice),
                    drains,
                });
                group.warm_pool = warm.map(|(hosts, start)| WarmPool {
                    hosts,
                    start: Dist::Fixed(secs(start)),
                    holds_images: false,
                    price: HourlyPrice(7_001),
                });
                let mut changes = prices.unwrap_or_default();
                changes.sort_unstable();
                group.price_changes =
                    changes.into_iter().map(|(at, price)| (Time::from_millis(at), HourlyPrice(price))).collect();
                group.capacity = Resources::new(group.capacity.cpu * 3, group.capacity.memory_mib * 3);
            }
            for (service, ((cpu, memory), [distinct, ..])) in model.services.iter_mut().zip(sizes) {
                service.demand.resources = Resources::new(cpu.min(3), memory.min(3));
                service.demand.distinct_host = distinct;
            }
            if machines == 0 {
                let mut machines = group("machines", 0, 0);
                machines.per_task = Some(PerTask { vcpu: HourlyPrice(50_000_000), gib: HourlyPrice(5_000_000) });
                model.host_groups.push(machines);
                // The first service has machines, the others the first class of hosts.
                let classes = model.classes().len();
                let only = |class| Eligible(Some((0..classes).map(|other| other == class).collect()));
                for (i, service) in model.services.iter_mut().enumerate() {
                    service.eligible = only(if i == 0 { classes - 1 } else { 0 });
                }
            }
            model
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// What is needed and what is idle are the bill, and each part is what a plain recount finds.
    #[test]
    fn the_parts_are_the_bill(model in any_money(), seed in 0..1_000_u64) {
        support::money::check(&model, &play(&model, seed).trace)?;
    }
}
