//! What users felt over a run: worked out by hand, and what always holds.

mod support;

use proptest::prelude::*;
use seatrial_sim::Outcome;
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::fact::{Fact, FactId, Observer, ServiceId};
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::measure::summary::{Summary, SummaryObserver};
use seatrial_sim::measure::users::Users;
use seatrial_sim::model::{Load, Mishap, Model, TaskFault, WarmUp};
use seatrial_sim::orchestrators::by_name;
use seatrial_sim::traffic::{Arrivals, Loss, Quantile, Rate, Requests};
use support::users::steps;
use support::{Played, at_s, balancer, deploy, percent, plain, play, secs};

/// A load whose requests wait up to 10 s.
fn load(rate: f64, capacity: f64) -> Load {
    Load { timeout: secs(10), ..support::users::load(rate, capacity) }
}

/// One task that nobody touches, for so long.
fn one_task(load: Load, horizon_s: u64) -> Model {
    let mut model = plain(1, 1, 2);
    model.deploys.clear();
    model.horizon = secs(horizon_s);
    model.services[0].load = Some(load);
    model
}

fn users(played: &Played) -> Users {
    played.summary.users.expect("a service has a load")
}

fn requests(n: u32) -> Requests {
    Requests::from_nanos(i128::from(n) * 1_000_000_000)
}

fn failed(users: &Users, loss: Loss) -> Requests {
    users.failed[loss as usize]
}

fn near(value: f64, expected: f64, error: f64) -> bool {
    (value - expected).abs() <= error
}

/// Demand 10/s, capacity 5/s, 60 s, a timeout of 10 s. 5 x 60 = 300 are served and as many are short. What waits grows by 5/s to
/// what is served in 10 s, 50, and stays; then 5/s fail for 50 s: 250. They wait 10 s x 50 / 2 + 50 s x 50 = 2,750 s.
#[test]
fn twice_what_can_be_served() {
    let users = users(&play(&one_task(load(10.0, 5.0), 60), 1));
    assert_eq!((users.offered, users.served, users.waiting), (requests(600), requests(300), requests(50)));
    assert_eq!((failed(&users, Loss::TimedOut), users.failed_in_all()), (requests(250), requests(250)));
    assert_eq!((users.shortfall, users.shortfall_percent()), (requests(300), 50.0));
    assert!(near(users.waited_request_s, 2_750.0, 1e-9), "{}", users.waited_request_s);
    assert_eq!([users.latency.p50, users.latency.p99], [Quantile::Saturated; 2]);
}

/// A peak of 10/s for 8 s at 5/s builds a backlog of 40, which the 3/s that 2/s leave free take 40 / 3 s to serve. It is a
/// triangle of (8 + 40 / 3) s x 40 / 2 = 426.67 request-seconds, and nobody fails.
#[test]
fn a_peak_is_served_late() {
    let arrivals = steps(&[(0, 2.0), (100, 10.0), (108, 2.0)]);
    let users = users(&play(&one_task(Load { arrivals, ..load(0.0, 5.0) }, 200), 1));
    assert_eq!((users.failed_in_all(), users.waiting), (Requests::ZERO, Requests::ZERO));
    assert_eq!((users.offered, users.served), (requests(464), requests(464)));
    assert_eq!(users.shortfall, requests(40));
    assert!(near(users.waited_request_s, 1_280.0 / 3.0, 0.1), "{}", users.waited_request_s);
    // 80 in 8 s and 5 x 40 / 3 behind them, of 464: 31 % meet a backlog.
    assert_ne!(users.latency.p50, Quantile::Saturated);
    assert_eq!([users.latency.p95, users.latency.p99], [Quantile::Saturated; 2]);
}

/// One request at a time, exponential with a mean of 100 ms: what an M/M/1 station takes is exponential with a rate of
/// 10 - 6 = 4 a second. A service that has less to do takes less time, and one that nobody asks takes none: the longest
/// counts.
#[test]
fn latencies_are_those_of_the_station() {
    let request_time = Dist::Exponential { mean: Duration::from_millis(100) };
    let mut model = plain(1, 3, 2);
    model.deploys.clear();
    model.horizon = secs(600);
    model.services = [1.0, 6.0, 0.0]
        .map(|rate| {
            let mut service = model.services[0].clone();
            service.name = format!("{rate}/s");
            service.load = Some(Load { request_time: request_time.clone(), ..load(rate, 10.0) });
            service
        })
        .into();
    let latency = users(&play(&model, 1)).latency;
    for (quantile, q) in [(latency.p50, 0.5_f64), (latency.p95, 0.95), (latency.p99, 0.99)] {
        let expected = -(1.0 - q).ln() / 4.0;
        assert!(matches!(quantile, Quantile::Seconds(s) if near(s, expected, 1e-6)), "{quantile:?} {expected}");
    }
    model.services.retain(|service| service.name == "0/s");
    assert_eq!(users(&play(&model, 1)).latency.p50, Quantile::None);
}

/// A task of two hangs: 5/s go there for the rest of the run and fail, and what the other one gets makes nobody wait for
/// long: 5/s of 8/s as before, in 1/8 s each. Of them 5/8 wait at all, for an exponential time of 1/6 s on the mean.
#[test]
fn who_is_sent_to_a_hung_task_keeps_nobody_waiting() {
    let mut model = one_task(load(10.0, 8.0), 160);
    model.services[0].desired = 2;
    model.task_faults = vec![TaskFault { service: ServiceId(0), at: at_s(60), what: Mishap::Hangs, tasks: 1 }];
    let users = users(&play(&model, 1));
    assert_eq!((failed(&users, Loss::Hung), users.served), (requests(500), requests(1_100)));
    let p99 = (62.5_f64).ln() / 6.0;
    assert!(matches!(users.latency.p99, Quantile::Seconds(s) if near(s, p99, 1e-6)), "{:?} {p99}", users.latency);
    assert!(near(users.waited_request_s, 0.0, 0.0));
    // 10/s at the 8/s that the other one can serve, for 100 s.
    assert_eq!(users.shortfall, requests(200));
}

/// 20/s in flight for 3 s each are 60 under way when the only task crashes: they were counted as served, and are not. The
/// next task comes 30 s later, and 600 find none. Nobody waits.
#[test]
fn what_was_cut_under_way_was_not_served() {
    let request_time = Dist::Fixed(secs(3));
    let mut model = one_task(Load { concurrency: 90, request_time, ..load(20.0, 30.0) }, 200);
    model.services[0].startup = Dist::Fixed(secs(30));
    model.task_faults = vec![TaskFault { service: ServiceId(0), at: at_s(100), what: Mishap::Crashes, tasks: 1 }];
    let played = play(&model, 1);
    let users = users(&played);
    assert!(near(failed(&users, Loss::Cut).as_f64(), 60.0, 1e-6), "{users:?}");
    assert_eq!((failed(&users, Loss::NoTarget), users.waiting), (requests(600), Requests::ZERO));
    assert_eq!(users.served, requests(3_400) - failed(&users, Loss::Cut));
    // A minimum of 100 % of one task.
    assert!(near(played.summary.below_floor_s, 30.0, 1e-9), "{}", played.summary.below_floor_s);
}

/// Where a backlog is cut with what is under way, both are told apart: 10/s at 5/s for 4 s leave 20 waiting, and the 5/s of
/// the last 2 s are under way.
#[test]
fn what_waits_and_what_is_under_way_are_cut_together() {
    let load = Load { concurrency: 10, request_time: Dist::Fixed(secs(2)), ..load(10.0, 5.0) };
    let mut model = one_task(load, 4);
    model.task_faults = vec![TaskFault { service: ServiceId(0), at: at_s(4), what: Mishap::Crashes, tasks: 1 }];
    let played = play(&model, 1);
    let cut = played.facts(|_, fact| match fact {
        Fact::RequestsLost { loss: Loss::Cut, nanos, under_way, .. } => Some((nanos, under_way)),
        _ => None,
    });
    assert_eq!(cut, [(30_000_000_000, 10_000_000_000)]);
    let users = users(&played);
    assert_eq!((users.served, users.waiting), (requests(10), Requests::ZERO));
}

#[test]
fn without_a_load_there_are_no_users() {
    assert_eq!(play(&plain(2, 2, 2), 1).summary.users, None);
}

/// Four tasks of which half may be missing, restarted in place after 20 s. Two crash: the floor is kept. Three crash: it is
/// not, for 20 s. The deploy replaces two and two.
#[test]
fn below_the_floor_is_below_what_the_rollout_keeps() {
    for (crashes, below_s) in [(2, 0.0), (3, 20.0)] {
        let mut model = plain(4, 4, 2);
        model.services[0].rollout = percent(50, 100);
        model.services[0].startup = Dist::Fixed(secs(20));
        model.task_faults =
            vec![TaskFault { service: ServiceId(0), at: at_s(1_000), what: Mishap::Crashes, tasks: crashes }];
        let below = play(&model, 1).summary.below_floor_s;
        // After several crashes at once the scheduler looks 0.1 s later.
        assert!(near(below, below_s, 0.11), "{crashes}: {below}");
        // Nobody minds a service that is neither deployed nor used.
        model.deploys.clear();
        assert!(near(play(&model, 1).summary.below_floor_s, 0.0, 0.0));
    }
}

/// Pools have the floor of their bounds, slots the one that they have or what their window leaves.
#[test]
fn every_mover_has_a_floor() {
    let floor = |system: &str, strategy: &str| {
        let system = by_name(system).expect("it is known");
        system.strategy(strategy).expect("it is offered").rollout().floor(10)
    };
    assert_eq!(percent(75, 200).floor(10), 8);
    assert_eq!([floor("kubernetes", "rolling"), floor("kubernetes", "recreate")], [8, 0]);
    assert_eq!(floor("swarm", "rolling"), 9);
}

/// Two tasks, and no deploy: one crashes at 100 s and its successor serves 20 s later. Its record tells of a run without a deploy
/// from the start on: half of the tasks at worst, 20 s short, and nothing unfinished.
#[test]
fn a_run_without_a_deploy_is_measured_from_the_start() {
    let mut model = one_task(load(1.0, 5.0), 600);
    (model.services[0].desired, model.services[0].startup) = (2, Dist::Fixed(secs(20)));
    model.task_faults = vec![TaskFault { service: ServiceId(0), at: at_s(100), what: Mishap::Crashes, tasks: 1 }];
    let Summary { deploy_s, lowest_healthy_percent, extra_replica_s, short_replica_s, peak_tasks, .. } =
        play(&model, 1).summary;
    assert_eq!((deploy_s, peak_tasks), (None, 2));
    assert!(near(lowest_healthy_percent, 50.0, 1e-9) && near(short_replica_s, 20.0, 1e-9), "{short_replica_s}");
    assert!(near(extra_replica_s, 0.0, 1e-9), "{extra_replica_s}");
    let finished = |model: &Model| (play(model, 1).summary.is_finished(), play(model, 1).summary.is_without_deploy());
    assert_eq!(finished(&model), (true, true));
    // Where it deploys, that has to end, and has no room to.
    model.deploys = vec![deploy(0, 60)];
    assert_eq!(finished(&model), (false, false));
    model.host_groups[0].hosts = 2;
    assert_eq!(finished(&model), (true, false));
    // Five tasks have no room: the run cannot begin, and nobody is served.
    (model.services[0].desired, model.deploys) = (5, vec![]);
    assert_eq!(finished(&model), (false, false));
    let Summary { lowest_healthy_percent, short_replica_s, .. } = play(&model, 1).summary;
    assert!(near(lowest_healthy_percent, 0.0, 1e-9) && near(short_replica_s, 0.0, 1e-9));
}

/// Up, up, down, up: four actions, and the last two turn round.
#[test]
fn a_scaler_that_turns_round_is_counted() {
    let model = one_task(load(1.0, 5.0), 600);
    let mut observer = SummaryObserver::new(&model);
    for (s, desired) in [(10, 2), (20, 4), (30, 3), (40, 5)] {
        let id = FactId::from_index(s);
        for fact in [
            Fact::Autoscaled { service: ServiceId(0), desired },
            Fact::DesiredChanged { service: ServiceId(0), desired },
        ] {
            observer.observe(at_s(s.into()), id, fact, id);
        }
    }
    let Summary { scaling_actions, scaling_reversals, .. } =
        observer.finish(&Outcome { blocked: vec![], facts: 8, failure: None });
    assert_eq!((scaling_actions, scaling_reversals), (4, 2));
}

/// The rates of arrivals and departures between facts: from, to, and both in requests a second.
fn flows(played: &Played, end: Time) -> Vec<(f64, f64, [f64; 2])> {
    let (mut since, mut rates, mut flows) = (Time::ZERO, [0.0; 2], vec![]);
    let mut until = |at: Time, rates: [f64; 2]| {
        if at > since {
            flows.push((since.as_secs_f64(), at.as_secs_f64(), rates));
            since = at;
        }
    };
    for record in &played.trace.records {
        until(record.at, rates);
        match record.fact {
            Fact::DemandChanged { rate, .. } => rates[0] = rate.as_per_s(),
            Fact::ServedChanged { rate, .. } => rates[1] = rate.as_per_s(),
            _ => {}
        }
    }
    until(end, rates);
    flows
}

/// When the `n`-th request has come or gone, for pieces of (from, to, rate).
fn when(pieces: &[(f64, f64, f64)], n: f64) -> f64 {
    let mut before = 0.0;
    for (from, to, rate) in pieces {
        let here = rate * (to - from);
        if before + here > n {
            return from + (n - before) / rate;
        }
        before += here;
    }
    panic!("the {n}-th of {before} requests")
}

/// Little's law as a picture: the area between the requests that have come and those that have gone, cut into requests, is
/// the area cut into instants. Each request waits from its own arrival to its own departure.
#[test]
fn the_waits_of_all_requests_are_what_waits_over_time() {
    let arrivals = steps(&[(0, 3.0), (50, 9.0), (60, 4.5), (90, 1.0), (200, 7.25), (205, 0.0), (300, 2.0)]);
    let model = one_task(Load { arrivals, timeout: secs(60), ..load(0.0, 5.0) }, 400);
    let played = play(&model, 1);
    let users = users(&played);
    assert_eq!((users.failed_in_all(), users.waiting), (Requests::ZERO, Requests::ZERO));
    let flows = flows(&played, at_s(400));
    let sides = [0, 1].map(|side| flows.iter().map(|(from, to, rates)| (*from, *to, rates[side])).collect::<Vec<_>>());
    let mut ends = vec![0.0];
    for pieces in &sides {
        let mut sum = 0.0;
        ends.extend(pieces.iter().map(|(from, to, rate)| {
            sum += rate * (to - from);
            sum
        }));
    }
    ends.sort_by(f64::total_cmp);
    // Between two of these both curves are straight, so the middle request waits as long as they do on the mean.
    let waited = ends.windows(2).filter(|pair| pair[1] - pair[0] > 1e-9).map(|pair| {
        let middle = f64::midpoint(pair[0], pair[1]);
        (when(&sides[1], middle) - when(&sides[0], middle)) * (pair[1] - pair[0])
    });
    let waited: f64 = waited.sum();
    assert!(waited > 500.0 && near(waited, users.waited_request_s, 1e-6 * waited), "{waited} {users:?}");
}

/// Any load on any small service, with whatever happens to its tasks.
fn any_model() -> impl Strategy<Value = Model> {
    let arrivals = proptest::collection::vec((1..400_u64, 0..60_000_000_u64), 1..6);
    let request_time = prop_oneof![
        Just(Dist::ZERO),
        (0..30_000_u64).prop_map(Dist::fixed_millis),
        (1..20_000_u64).prop_map(|ms| Dist::Exponential { mean: Duration::from_millis(ms) }),
    ];
    let tasks = (1_000_000..40_000_000_u64, 1..20_u32, request_time, 0..90_u64, 0..60_u64);
    let spans = (0..90_u64, 0..60_u64, proptest::option::of((1..60_u64, 0..120_u64)));
    let mishap = prop_oneof![Just(Mishap::Hangs), Just(Mishap::Crashes), Just(Mishap::Stopped)];
    let faults = proptest::collection::vec((1..900_u64, mishap, 1..4_u32), 0..4);
    (1..5_u32, arrivals, tasks, spans, faults, (0..=100_u32, 100..=200_u32)).prop_map(
        |(desired, arrivals, tasks, (startup, exit, behind), mut faults, (minimum, maximum))| {
            let mut model = plain(desired, desired + 1, 2);
            model.horizon = secs(1_200);
            model.deploys[0].at = at_s(300);
            let mut at = 0;
            let steps = arrivals.into_iter().map(|(span, rate)| {
                let step = (at_s(at), Rate::from_micros(rate));
                at += span;
                step
            });
            let (capacity, concurrency, request_time, timeout, warm_up) = tasks;
            model.services[0].load = Some(Load {
                arrivals: Arrivals::new(steps.collect(), 0.2),
                capacity_per_task: Rate::from_micros(capacity),
                concurrency,
                request_time,
                timeout: secs(timeout),
                warm_up: WarmUp { span: secs(warm_up), from_permille: 200 },
                graceful_shutdown: warm_up > 20,
            });
            model.services[0].startup = Dist::Fixed(secs(startup));
            model.services[0].exit = Dist::Fixed(secs(exit));
            model.services[0].rollout = percent(minimum, maximum);
            model.services[0].load_balancer = behind.map(|(health, drain)| balancer(secs(health), secs(drain)));
            faults.sort_by_key(|(at, ..)| *at);
            model.task_faults = faults
                .into_iter()
                .map(|(at, what, tasks)| TaskFault { service: ServiceId(0), at: at_s(at), what, tasks })
                .collect();
            model
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Every request that was offered is served, fails or waits, and none of it is less than nothing.
    #[test]
    fn no_request_is_lost_sight_of(model in any_model(), seed in 0..100_u64) {
        let users = users(&play(&model, seed));
        prop_assert_eq!(users.offered, users.served + users.waiting + users.failed_in_all());
        let amounts = [users.offered, users.served, users.waiting, users.shortfall].into_iter().chain(users.failed);
        for amount in amounts {
            prop_assert!(amount >= Requests::ZERO, "{:?}", users);
        }
        prop_assert!(users.shortfall <= users.offered && users.waited_request_s >= 0.0);
    }
}

/// A task that is found unhealthy is out of service until it is well again or replaced, and is not counted as one that starts.
#[test]
fn an_unhealthy_task_is_not_a_starting_one() {
    let mut model = one_task(load(1.0, 5.0), 600);
    model.services[0].load_balancer = Some(balancer(secs(2), secs(30)));
    model.task_faults = vec![TaskFault { service: ServiceId(0), at: at_s(100), what: Mishap::Hangs, tasks: 1 }];
    let counts = play(&model, 1).trace.task_counts(ServiceId(0));
    let at = |series: &seatrial_sim::measure::series::Series| series.at(at_s(500));
    let in_service = at(&counts.old_in_service) + at(&counts.new_in_service);
    assert_eq!((at(&counts.starting), at(&counts.draining), in_service), (0, 1, 0));
}
