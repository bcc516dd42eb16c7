//! Closed forms that any correct simulator satisfies, each by the formula in its comment.

mod support;

use proptest::prelude::*;
use seatrial_sim::cluster::TaskState;
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::fact::Fact;
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::measure::costs::Costs;
use seatrial_sim::measure::money::Money;
use seatrial_sim::model::{
    Billing, Cached, Contact, HourlyPrice, Image, LaunchRate, Model, PreDeploy, PullOrder, Resources, ScheduledSize,
    SlotRelease, StartRule,
};
use support::{at_s, balancer, deploy, one_at_a_time, percent, plain, play, secs, service};

fn assert_close(actual: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((actual - expected).abs() <= tolerance, "{what}: {actual}, by formula {expected} +- {tolerance}");
}

fn mean_and_variance(sample: &[f64]) -> (f64, f64) {
    let n = sample.len() as f64;
    let mean = sample.iter().sum::<f64>() / n;
    (mean, sample.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0))
}

/// An agent that polls every P hears of a task after U(0, P): mean P / 2, variance P^2 / 12. Of n hosts the last
/// hears after n P / (n + 1) on the mean.
#[test]
fn polling_costs_half_an_interval_on_the_mean() {
    let (interval, hosts) = (30.0, 4);
    let mut model = plain(hosts, 2 * hosts, 1);
    model.host_groups[0].agent.contact = Contact::Poll { interval: secs(30) };
    let (mut delays, mut last) = (vec![], vec![]);
    for seed in 0..3_000 {
        let received = play(&model, seed).facts(|at, fact| match fact {
            Fact::TaskMoved { version: 2, to: TaskState::Pulling, .. } => Some(at.since(at_s(60)).as_secs_f64()),
            _ => None,
        });
        assert_eq!(received.len(), hosts as usize);
        last.push(received.iter().copied().fold(0.0, f64::max));
        delays.extend(received);
    }
    let (mean, variance) = mean_and_variance(&delays);
    let n = delays.len() as f64;
    // Five standard errors; that of a uniform's variance is P^2 / sqrt(180 n).
    assert_close(mean, interval / 2.0, 5.0 * interval / (12.0 * n).sqrt(), "mean");
    assert_close(variance, interval * interval / 12.0, 5.0 * interval * interval / (180.0 * n).sqrt(), "variance");
    // The maximum of 4 has the variance n P^2 / ((n + 1)^2 (n + 2)).
    let (mean, _) = mean_and_variance(&last);
    let sd = interval * (4.0_f64 / (25.0 * 6.0)).sqrt();
    assert_close(mean, interval * 4.0 / 5.0, 5.0 * sd / 3_000_f64.sqrt(), "mean of the last");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Slots freed after the stop: total = ceil(N / B) (S + H + D + stop), B = min(cap - N, free slots).
    #[test]
    fn rolling_takes_as_many_cycles_as_batches(
        n in 1..40_u32, spare in 1..20_u32, maximum in 100..300_u32,
        (start, health, drain, stop) in (0..100_u64, 0..200_u64, 0..400_u64, 0..30_u64),
    ) {
        let mut model = plain(n, 1, n + spare);
        let service = &mut model.services[0];
        service.rollout = percent(100, maximum);
        service.startup = Dist::Fixed(secs(start));
        service.exit = Dist::Fixed(secs(stop));
        service.load_balancer = Some(balancer(secs(health), secs(drain)));
        let batch = spare.min(n * maximum / 100 - n);
        let took = play(&model, 1).summary.deploy_s;
        let cycles = n.checked_div(batch).map(|_| n.div_ceil(batch));
        prop_assert_eq!(took, cycles.map(|cycles| f64::from(cycles) * (start + health + drain + stop) as f64));
    }

    /// Stop first (cap = N): each round stops N - floor, waits for them, and starts as many.
    #[test]
    fn stop_first_takes_as_many_cycles_as_it_may_drop(n in 1..40_u32, minimum in 0..100_u32, start in 0..100_u64, stop in 0..30_u64) {
        let mut model = plain(n, 1, n);
        let service = &mut model.services[0];
        service.rollout = percent(minimum, 100);
        service.startup = Dist::Fixed(secs(start));
        service.exit = Dist::Fixed(secs(stop));
        let drop = n - (n * minimum).div_ceil(100);
        let cycles = n.checked_div(drop).map(|_| n.div_ceil(drop));
        let took = play(&model, 1).summary.deploy_s;
        prop_assert_eq!(took, cycles.map(|cycles| f64::from(cycles) * (start + stop) as f64));
    }

    /// All spans doubled doubles the result.
    #[test]
    fn doubled_spans_double_the_deploy(n in 1..20_u32, slots in 1..20_u32, spans in proptest::array::uniform5(0..60_u64)) {
        let scaled = |factor: u64| {
            let [start, health, drain, stop, tick] = spans.map(|s| secs(s * factor));
            let mut model = plain(n, 1, n + slots);
            model.control.tick = tick;
            let service = &mut model.services[0];
            (service.startup, service.exit) = (Dist::Fixed(start), Dist::Fixed(stop));
            service.stop_timeout = secs(30 * factor);
            service.load_balancer = Some(balancer(health, drain));
            play(&model, 1).deploy_s()
        };
        prop_assert!((scaled(2) - 2.0 * scaled(1)).abs() < 1e-9);
    }

    /// Slots for one more of identical tasks never delay a deploy.
    #[test]
    fn one_more_slot_never_delays(n in 1..20_u32, spare in 1..10_u32, startup in 1..60_u64, seed in 0..100_u64) {
        let with = |spare| {
            let mut model = plain(n, 1, n + spare);
            model.services[0].startup = Dist::Fixed(secs(startup));
            model.services[0].exit = Dist::Fixed(secs(5));
            play(&model, seed).deploy_s()
        };
        prop_assert!(with(spare + 1) <= with(spare));
    }
}

/// One batch: S + H + D + stop whatever N.
#[test]
fn with_room_for_all_the_number_of_tasks_does_not_matter() {
    for n in [1, 10, 100, 1_000] {
        let mut model = plain(n, 1, 2 * n);
        model.services[0].startup = Dist::Fixed(secs(8));
        model.services[0].load_balancer = Some(balancer(secs(2), secs(300)));
        model.services[0].exit = Dist::Fixed(secs(1));
        assert_close(play(&model, 1).deploy_s(), 311.0, 1e-9, &format!("{n} tasks"));
    }
}

/// On a tick of q each stage ends at the next multiple of q. Without a balancer, 1.28 s to RUNNING are one tick, and
/// 31.08 s to STOPPED after an ignored SIGTERM are four: 5 x 10.1 = 50.5 s a task (trace T1: 50.5 s).
#[test]
fn stages_end_at_the_next_tick() {
    let mut model = plain(4, 1, 5);
    model.control.tick = Duration::from_millis(10_100);
    let agent = &mut model.host_groups[0].agent;
    agent.contact = Contact::Push { latency: Dist::fixed_millis(80) };
    agent.report = Dist::fixed_millis(200);
    agent.stop_tail = Dist::fixed_millis(1_000);
    let service = &mut model.services[0];
    service.rollout = one_at_a_time();
    service.startup = Dist::fixed_millis(1_000);
    service.exit = Dist::Fixed(secs(99));
    assert_close(play(&model, 1).deploy_s(), 4.0 * 50.5, 1e-9, "four tasks");
}

/// Token bucket: N launches take (N - burst) / rate: 3,500 at one a second after 10 take 3,490 s.
#[test]
fn the_launch_rate_bounds_a_large_deploy() {
    let mut model = plain(3_500, 1, 7_000);
    model.control.launch_rate = Some(LaunchRate { per_minute: 60, burst: 10 });
    assert_close(play(&model, 1).deploy_s(), 3_490.0, 1e-9, "3,500 tasks");
    let limits = play(&model, 1).facts(|_, fact| matches!(fact, Fact::LaunchRateReached { .. }).then_some(()));
    assert_eq!(limits.len(), 1, "said once");
}

/// Three services on one host: serial pulls of 10 s take turns, so the last starts after 30 s, parallel ones after 10.
/// Of an image that the host holds a version of, only the layers of its own: 4 of 10 MB, 4 s.
#[test]
fn pulls_take_turns_where_the_agent_is_old() {
    let pulls = |order, cached| {
        let mut model = plain(1, 1, 6);
        model.host_groups[0].agent.pulls = order;
        model.services = ["web", "api", "cron"].map(|name| service(name, 1)).to_vec();
        for service in &mut model.services {
            service.image = Image { bytes: 10_000_000, shared_bytes: 6_000_000, cached, base: None };
        }
        model.deploys = (0..3).map(|id| deploy(id, 60)).collect();
        play(&model, 1).deploy_s()
    };
    assert_close(pulls(PullOrder::Serial, Cached::Nothing), 30.0, 1e-9, "serial");
    assert_close(pulls(PullOrder::Parallel, Cached::Nothing), 10.0, 1e-9, "parallel");
    assert_close(pulls(PullOrder::Serial, Cached::Running), 12.0, 1e-9, "serial, shared layers");
    assert_close(pulls(PullOrder::Parallel, Cached::All), 0.0, 1e-9, "there already");
}

/// Stop first on one host, one task after the other: old agents hold the start until every earlier stop has ended, and
/// placement gives the slot away when the stop is issued. Exit 20 s and start 40 s are in a row either way; but with room
/// beside it, a new agent starts at once: max(20, 40) of each pair overlap.
#[test]
fn old_agents_hold_starts_behind_stops() {
    let took = |rule, slots| {
        let mut model = plain(2, 1, slots);
        model.host_groups[0].agent.start_rule = rule;
        model.control.slot_release = SlotRelease::Stopping;
        model.services[0].rollout = percent(50, 150);
        model.services[0].startup = Dist::Fixed(secs(40));
        model.services[0].exit = Dist::Fixed(secs(20));
        play(&model, 1).deploy_s()
    };
    // Full host (2 slots). 0 s: stop one. Its slot is given away at once, the agent starts when it has gone at 20 s; at
    // 60 s the new one is healthy: stop the other one, start its successor 20 s later: healthy at 120 s.
    for rule in [StartRule::WhenResourcesFree, StartRule::AfterEarlierStops] {
        assert_close(took(rule, 2), 120.0, 1e-9, &format!("{rule:?}, full"));
    }
    // One slot spare: at 0 s one starts and one stops. A new agent has it healthy at 40 s; then the cap of 3 (1 new, 1
    // old, the second new one since 20 s) has let the second start at 20 s: healthy at 60 s, and at 40 s the last old one
    // is stopped and gone at 60 s.
    assert_close(took(StartRule::WhenResourcesFree, 3), 60.0, 1e-9, "new agent, one slot spare");
    // An old agent hears of the start first, so it begins at once too; the second start comes at 20 s, when the first
    // stop has ended.
    assert_close(took(StartRule::AfterEarlierStops, 3), 60.0, 1e-9, "old agent, one slot spare");
}

/// Pre-1.73 on a busy host: a start that comes while another service's task is stopping waits for it, though there is
/// room; since 1.73 it does not.
#[test]
fn a_long_stop_freezes_the_starts_of_an_old_agent() {
    let took = |rule| {
        let mut model = plain(1, 1, 8);
        model.host_groups[0].agent.start_rule = rule;
        let mut slow = service("slow", 1);
        slow.exit = Dist::Fixed(secs(25));
        model.services.push(slow);
        model.deploys = vec![deploy(1, 60), deploy(0, 70)];
        let ends = play(&model, 1).facts(|at, fact| match fact {
            Fact::DeployCompleted { service, .. } if service.0 == 0 => Some(at),
            _ => None,
        });
        ends[0]
    };
    // The slow task is told to stop at 60 s and is gone at 85 s.
    assert_eq!(took(StartRule::AfterEarlierStops), at_s(85));
    assert_eq!(took(StartRule::WhenResourcesFree), at_s(70));
}

/// Three hosts for ten minutes at $0.10 an hour: per second 3 x 600 / 3600 x 0.10 = $0.05; per started hour $0.30.
#[test]
fn hosts_for_a_deploy_cost_their_time() {
    let model = |billing| {
        let mut model = plain(3, 3, 1);
        model.host_groups[0].billing = billing;
        // Launched 3 min before the request, ready after 1 min; the deploy takes 4 min; they leave 3 min after it.
        model.host_groups[0].boot = Dist::Fixed(secs(60));
        model.host_groups[0].pre_deploy = Some(PreDeploy { hosts: 3, lead: secs(180), keep: secs(180) });
        model.services[0].startup = Dist::Fixed(secs(200));
        model.services[0].exit = Dist::Fixed(secs(40));
        model.services[0].stop_timeout = secs(60);
        model.deploys[0].at = at_s(600);
        model
    };
    let cost = |model: &Model| play(model, 1).summary.usd_per_deploy;
    assert_close(cost(&model(Billing::PerSecond { minimum: secs(60) })), 0.05, 1e-6, "per second");
    assert_close(cost(&model(Billing::PerStartedHour)), 0.30, 1e-6, "per started hour");
    let hourly = model(Billing::PerStartedHour);
    let played = play(&hourly, 1);
    let gone = played.facts(|at, fact| matches!(fact, Fact::HostTerminated { .. }).then_some(at));
    assert_eq!(gone, [at_s(600 + 240 + 180); 3]);
    // The whole bill of the run: three hosts of the day, and the three.
    let mut costs = Costs::new(&hourly);
    for record in &played.trace.records {
        costs.observe(record.at, record.fact);
    }
    // The hosts that left were those that had become empty: three of the first six, whichever. Each of them lived 1,020 s
    // or 600 s, a started hour; the three that stayed live 24 h, those of the deploy since 420 s: 24 started hours.
    assert_eq!(costs.total(), Money::of(HourlyPrice(100_000), secs((3 * 24 + 3) * 3_600)));
}

/// Four hosts went long before four others came for the deploy: those are not what ended them. Launched 300 s before the
/// request at 1,800 s, the deploy takes 60 s, they leave 300 s after it: 660 s x 4 at $3.60 an hour are $2.64.
#[test]
fn hosts_that_went_before_do_not_make_a_deploy_cheaper() {
    let mut model = plain(4, 8, 1);
    model.host_groups[0].price = HourlyPrice(3_600_000);
    model.host_groups[0].schedule = vec![ScheduledSize { at: at_s(600), hosts: 4 }];
    model.host_groups[0].pre_deploy = Some(PreDeploy { hosts: 4, lead: secs(300), keep: secs(300) });
    model.services[0].startup = Dist::Fixed(secs(40));
    model.services[0].exit = Dist::Fixed(secs(20));
    model.deploys[0].at = at_s(1_800);
    assert_close(play(&model, 1).summary.usd_per_deploy, 2.64, 1e-6, "four hosts for eleven minutes");
}

/// hosts = ceil(N / k), k = min(floor(cpu / c), floor(memory / m), 1 with a fixed port): the others are spare.
#[test]
fn spare_hosts_are_those_beyond_the_packing() {
    let spare_hosts = |tasks, hosts, capacity: (u32, u32), demand: (u32, u32), port| {
        let mut model = plain(tasks, hosts, 1);
        model.host_groups[0].capacity = Resources::new(capacity.0, capacity.1);
        model.host_groups[0].price = HourlyPrice(1_000_000);
        model.services[0].demand.resources = Resources::new(demand.0, demand.1);
        model.services[0].demand.host_port = port;
        play(&model, 1).summary.spare_usd_per_month / 730.0
    };
    let table = [
        // 5 tasks, one a host by its port: 6 - 5.
        (5, 6, (2_048, 7_680), (128, 128), Some(80), 1.0),
        // k = min(4, 3) = 3: 10 - ceil(10 / 3) = 6.
        (10, 10, (4_096, 3_000), (1_024, 1_000), None, 6.0),
        // m4.large registers 7,985 MiB, so of tasks with 4,096 MiB one fits: 4 - 4.
        (4, 4, (2_048, 7_985), (256, 4_096), None, 0.0),
    ];
    for (tasks, hosts, capacity, demand, port, spare) in table {
        assert_close(spare_hosts(tasks, hosts, capacity, demand, port), spare, 1e-9, &format!("{tasks} on {hosts}"));
    }
}

/// Drawn spans do not depend on the strategy: with more room the same tasks start as fast or slow as with less (common
/// random numbers).
#[test]
fn two_variants_on_one_seed_meet_the_same_slow_task() {
    let starts = |hosts| {
        let mut model = plain(3, hosts, 1);
        model.services[0].startup = Dist::LogNormal { median: secs(8), sigma: 1.0 };
        let played = play(&model, 7);
        let moments = |state| {
            let mut times: Vec<(u32, Time)> = played.facts(|at, fact| match fact {
                Fact::TaskMoved { task, version: 2, to, .. } if to == state => Some((task.0, at)),
                _ => None,
            });
            times.sort();
            times
        };
        let pairs = moments(TaskState::Starting).into_iter().zip(moments(TaskState::Running));
        pairs.map(|((_, from), (_, to))| to.since(from)).collect::<Vec<_>>()
    };
    assert_eq!(starts(4), starts(6));
}

/// What a deploy's hosts cost does not depend on how long is simulated after it: they leave though the deploy was
/// superseded, or was over before they had booted.
#[test]
fn hosts_of_a_deploy_leave_whatever_became_of_it() {
    let base = |boot| {
        let mut model = plain(4, 4, 1);
        model.host_groups[0].boot = Dist::Fixed(secs(boot));
        model.host_groups[0].pre_deploy = Some(PreDeploy { hosts: 4, lead: secs(0), keep: secs(300) });
        model.services[0].startup = Dist::Fixed(secs(100));
        model.deploys[0].at = at_s(600);
        model
    };
    let mut superseded = base(10);
    superseded.deploys.push(deploy(0, 630));
    let mut slow_boot = base(1_800);
    slow_boot.services[0].rollout = percent(0, 100);
    for mut model in [superseded, slow_boot] {
        let short = play(&model, 1);
        assert!(short.summary.deploy_s.is_some());
        model.horizon = secs(864_000);
        let long = play(&model, 1).summary;
        assert_close(long.usd_per_deploy, short.summary.usd_per_deploy, 1e-9, "ten days for one");
        assert!(long.usd_per_deploy > 0.0);
    }
}

/// A deploy that launches no hosts does not make those of another cheaper: 2 hosts for a started hour are $0.20.
#[test]
fn the_price_of_a_deploy_counts_the_deploys_that_launch_hosts() {
    let mut model = plain(2, 2, 1);
    model.host_groups[0].billing = Billing::PerStartedHour;
    model.host_groups[0].boot = Dist::Fixed(secs(10));
    model.host_groups[0].pre_deploy = Some(PreDeploy { hosts: 2, lead: secs(30), keep: secs(60) });
    model.services[0].eligible = support::only(&[true, false]);
    model.host_groups.push(support::group("other", 4, 1));
    let mut side = service("side", 2);
    side.eligible = support::only(&[false, true]);
    model.services.push(side);
    model.deploys.push(deploy(1, 60));
    assert_close(play(&model, 1).summary.usd_per_deploy, 0.20, 1e-9, "two hosts, one deploy of two");
}

/// Group a must hold the small task that may run nowhere else, so the large one needs group b: no host is spare, in
/// whatever order the services are written.
#[test]
fn services_with_less_choice_are_packed_first() {
    for small_first in [true, false] {
        let mut model = plain(1, 1, 4);
        model.host_groups.push(support::group("b", 1, 4));
        model.services[0].demand.resources = Resources::new(4, 4);
        let mut small = service("small", 1);
        small.demand.resources = Resources::new(2, 2);
        small.eligible = support::only(&[true, false]);
        model.services.insert(usize::from(!small_first), small);
        let played = play(&model, 1);
        assert_close(played.summary.spare_usd_per_month, 0.0, 1e-9, "both hosts are needed");
        assert!(!played.outcome.blocked.iter().any(|text| text.contains("before any deploy")), "{:?}", played.outcome);
    }
}

/// A deploy that is requested just before the end is not blocked by anything.
#[test]
fn a_deploy_that_was_not_looked_at_is_still_going() {
    let mut model = plain(2, 1, 8);
    model.control.first_review = Dist::Fixed(secs(5));
    model.horizon = secs(62);
    assert!(play(&model, 1).blocked().contains("still going after 1m 02s"), "{}", play(&model, 1).blocked());
}
