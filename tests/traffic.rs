//! What users feel, against formulas and measurements: hung and crashed targets, draining, overload, conservation.

mod support;

use seatrial_sim::cluster::TaskState;
use seatrial_sim::deploy::{Act, Bound, Detector, FailurePolicy, Hold, RollBack, Rollout, Size, Step, strategies};
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::fact::{Fact, ServiceId};
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::model::{
    Backoff, Deploy, Fault, HealthCheck, InPlace, Leaving, Load, LoadBalancer, Mishap, Model, Probe, Scaling,
    ScheduledSize, TaskFault, Version, WarmUp,
};
use seatrial_sim::orchestrators::load_balancers::{ALB, CLASSIC};
use seatrial_sim::orchestrators::{by_name, ecs};
use seatrial_sim::traffic::{Loss, Quantile};
use support::users::{load, steps};
use support::{Played, at_s, plain, play, secs};

const HOUR: Duration = Duration::from_secs(3_600);

/// `tasks` tasks behind a balancer that nobody touches, for half an hour.
fn service(tasks: u32, balancer: LoadBalancer, load: Load) -> Model {
    let mut model = plain(tasks, tasks, 2);
    model.deploys.clear();
    model.horizon = secs(1_800);
    model.services[0].load_balancer = Some(balancer);
    model.services[0].load = Some(load);
    model
}

fn checked(interval: u64, timeout: u64, unhealthy_checks: u32) -> LoadBalancer {
    let registration = Dist::fixed_millis(2_000);
    LoadBalancer { interval: secs(interval), timeout: secs(timeout), unhealthy_checks, registration, ..ALB }
}

fn fault(what: Mishap, s: u64) -> TaskFault {
    TaskFault { service: ServiceId(0), at: at_s(s), what, tasks: 1 }
}

fn first(played: &Played, is: impl Fn(Fact) -> bool) -> Option<Time> {
    played.facts(|at, fact| is(fact).then_some(at)).first().copied()
}

/// Requests that failed in one way.
fn lost(played: &Played, way: Loss, end: Time) -> f64 {
    let (mut total, mut since, mut rate) = (0.0, Time::ZERO, 0.0);
    for record in &played.trace.records {
        match record.fact {
            Fact::LosingChanged { loss, rate: now, .. } if loss == way => {
                total += rate * record.at.since(since).as_secs_f64();
                (since, rate) = (record.at, now.as_per_s());
            }
            Fact::RequestsLost { loss, nanos, .. } if loss == way => total += nanos as f64 / 1e9,
            _ => {}
        }
    }
    total + rate * end.since(since).as_secs_f64()
}

/// A hung target: U(0, I) + u T + (u - 1) I; a crashed one, which refuses connections: U(0, I) + (u - 1) I. Support, and a
/// mean of (u - 1/2) I + u T over 1,000 seeds within 0.3 s (five standard errors where an interval is 5 or 10 s).
#[test]
fn an_ailing_target_is_found_after_its_checks() {
    for (what, interval, timeout, unhealthy, low, high, mean) in [
        (Mishap::Hangs, 5, 3, 2, 11.0, 16.0, 13.5),
        (Mishap::Hangs, 10, 5, 2, 20.0, 30.0, 25.0),
        (Mishap::Hangs, 30, 5, 3, 75.0, 105.0, 90.0),
        (Mishap::Crashes, 5, 3, 2, 5.0, 10.0, 7.5),
    ] {
        let mut model = service(2, checked(interval, timeout, unhealthy), load(50.0, 100.0));
        // Nobody deregisters a crashed target before it is found.
        model.control.rotation_end = Dist::Fixed(HOUR);
        model.task_faults = vec![fault(what, 120)];
        let found: Vec<_> = (1..=1_000)
            .map(|seed| {
                let played = play(&model, seed);
                let found = first(&played, |fact| matches!(fact, Fact::TargetUnhealthy { .. }));
                found.expect("it is found").since(at_s(120)).as_secs_f64()
            })
            .collect();
        assert!(found.iter().all(|s| (low..=high).contains(s)), "{what:?} ({interval}, {timeout}, {unhealthy})");
        let average = found.iter().sum::<f64>() / found.len() as f64;
        assert!((average - mean).abs() < 0.3, "{what:?} ({interval}, {timeout}, {unhealthy}): {average}");
        let near = |end: f64| found.iter().any(|s| (s - end).abs() < 0.02 * (high - low));
        assert!(near(low) && near(high), "the whole support is met");
    }
}

/// While one of N targets hangs, its share of the requests fails: rate x detection / N.
#[test]
fn a_hung_target_fails_its_share() {
    for (tasks, rate) in [(2, 50.0), (5, 103.0)] {
        let mut model = service(tasks, checked(5, 3, 2), load(rate, 200.0));
        model.task_faults = vec![fault(Mishap::Hangs, 120)];
        for seed in 1..20 {
            let played = play(&model, seed);
            let found = first(&played, |fact| matches!(fact, Fact::TargetUnhealthy { .. })).expect("it is found");
            let expected = rate * found.since(at_s(120)).as_secs_f64() / f64::from(tasks);
            let failed = lost(&played, Loss::Hung, at_s(1_800));
            assert!((failed - expected).abs() < 1e-3, "{failed} of {expected}");
        }
    }
}

/// The time in flight of a request that is cut when a drain of D ends, exponential with mean 1 / mu: its share is exp(-mu D).
/// One of two targets of 50/s together has 25 / mu under way when it is deregistered; a fixed time of 20 s leaves nothing
/// after 30 s, and 15 of 20 after 5 s.
#[test]
fn what_a_drain_leaves_is_cut() {
    let exponential = |mean| Dist::Exponential { mean: secs(mean) };
    for (request_time, mean, drain, share) in [
        (exponential(20), 20.0, 30, (-1.5_f64).exp()),
        (exponential(20), 20.0, 5, (-0.25_f64).exp()),
        (exponential(2), 2.0, 30, (-15.0_f64).exp()),
        (exponential(300), 300.0, 60, (-0.2_f64).exp()),
        (Dist::Fixed(secs(20)), 20.0, 30, 0.0),
        (Dist::Fixed(secs(20)), 20.0, 5, 0.75),
        (exponential(20), 20.0, 0, 1.0),
    ] {
        let balancer = LoadBalancer { deregistration_delay: secs(drain), ..checked(5, 3, 2) };
        let load = Load { request_time: request_time.clone(), ..load(50.0, 100.0) };
        let mut model = service(2, balancer, load);
        model.horizon = secs(20_000);
        model.task_faults = vec![fault(Mishap::Stopped, 10_000)];
        let played = play(&model, 1);
        let failed = lost(&played, Loss::Cut, at_s(20_000));
        // What is still under way when the exit, at once here, comes after the drain is gone with the target.
        let expected = 25.0 * mean * share;
        assert!(
            (failed - expected).abs() < 1e-3 * (1.0 + expected),
            "{request_time:?}, {drain} s: {failed} of {expected}"
        );
    }
}

/// Classic waits only for what is under way, and no longer than its timeout: with requests of 20 s that is at most 20 s, and
/// with none it is over at once.
#[test]
fn a_classic_balancer_lets_go_when_the_last_request_ends() {
    let classic = LoadBalancer { deregistration_delay: secs(300), registration: Dist::ZERO, ..CLASSIC };
    for (rate, low, high) in [(50.0, 19.5, 20.0), (0.0, 0.0, 0.0), (0.1, 0.0, 20.0)] {
        let load = Load { request_time: Dist::Fixed(secs(20)), ..load(rate, 100.0) };
        let mut model = service(2, classic.clone(), load);
        model.task_faults = vec![fault(Mishap::Stopped, 600)];
        for seed in 1..50 {
            let played = play(&model, seed);
            let gone = first(&played, |fact| matches!(fact, Fact::TargetGone { .. })).expect("it drains");
            let took = gone.since(at_s(600)).as_secs_f64();
            assert!((low..=high).contains(&took), "{rate}/s: {took}");
            assert!(lost(&played, Loss::Cut, at_s(1_800)) < 0.2, "nothing is cut");
        }
    }
}

/// Two tasks of 25/s and 103/s offered from 60 s on: the wait reaches the check's 3 s after 3 x 50 / 53 = 2.83 s, and two
/// checks in a row fail 11 to 16 s later. What waits longer than a request may is lost.
#[test]
fn overload_fails_checks_and_makes_it_worse_for_the_rest() {
    let mut slow = load(0.0, 25.0);
    slow.arrivals = steps(&[(0, 50.0), (60, 103.0)]);
    let mut model = service(2, checked(5, 3, 2), slow);
    model.control.replaces_unhealthy_targets = true;
    model.services[0].startup = Dist::Fixed(secs(30));
    let mut firsts = vec![];
    for seed in 1..=300 {
        let played = play(&model, seed);
        let unhealthy = played.facts(|at, fact| matches!(fact, Fact::TargetUnhealthy { .. }).then_some(at));
        firsts.push(unhealthy[0].since(at_s(60)).as_secs_f64());
        assert!(unhealthy.len() > 10, "the storm goes on: {} in half an hour", unhealthy.len());
        // Two tasks that nobody replaced would fail 53 of 103 a second.
        let failed: f64 = Loss::ALL.iter().map(|way| lost(&played, *way, at_s(1_800))).sum();
        assert!(failed > 1.2 * 53.0 * 1_740.0, "{failed}");
    }
    assert!(firsts.iter().all(|s| (13.83..=18.84).contains(s)), "{firsts:?}");
}

/// Where every target is unhealthy the balancer sends requests to all of them.
#[test]
fn a_balancer_with_no_healthy_target_fails_open() {
    let mut model = service(1, checked(5, 3, 2), load(50.0, 100.0));
    model.task_faults = vec![fault(Mishap::Hangs, 120)];
    let played = play(&model, 1);
    let failed = lost(&played, Loss::Hung, at_s(1_800));
    assert!((failed - 50.0 * 1_680.0).abs() < 1e-3, "{failed}");
    assert!(lost(&played, Loss::NoTarget, at_s(1_800)).abs() < 1e-9);
}

/// A crashed task's requests are refused until its balancer finds it or its control plane takes it out: 25/s for 4 s.
#[test]
fn requests_to_a_crashed_task_are_refused() {
    let mut model = service(2, checked(30, 5, 2), load(50.0, 100.0));
    model.services[0].startup = Dist::Fixed(secs(60));
    model.control.rotation_end = Dist::Fixed(secs(4));
    model.task_faults = vec![fault(Mishap::Crashes, 120)];
    let played = play(&model, 1);
    let failed = lost(&played, Loss::Refused, at_s(1_800));
    assert!((failed - 100.0).abs() < 1e-3, "{failed}");
}

/// Without a balancer a stopped task gets requests until whoever sends them knows: from SIGTERM on they are refused, unless a
/// hook holds it back for longer.
#[test]
fn requests_come_until_the_endpoint_is_gone() {
    for (pre_stop, refused) in [(0, 50.0), (1, 25.0), (2, 0.0), (5, 0.0)] {
        let mut model = service(2, ALB, load(50.0, 100.0));
        model.services[0].load_balancer = None;
        model.services[0].startup = Dist::Fixed(secs(60));
        model.services[0].pre_stop = secs(pre_stop);
        model.services[0].exit = Dist::Fixed(secs(10));
        model.control.rotation_end = Dist::Fixed(secs(2));
        model.task_faults = vec![fault(Mishap::Stopped, 120)];
        let played = play(&model, 1);
        let failed = lost(&played, Loss::Refused, at_s(1_800));
        assert!((failed - refused).abs() < 1e-3, "{pre_stop} s: {failed}");
    }
}

/// A version that answers with errors fails the share of the requests that is sent to it: 10 % of 50/s from the shift until
/// its tasks get no more.
#[test]
fn a_bad_canary_fails_its_share() {
    let mut model = service(10, ALB, load(50.0, 100.0));
    let hold = vec![Hold::For(secs(300))];
    model.services[0].rollout = strategies::canary(&[100], &hold, false);
    model.services[0].rollout.failure =
        FailurePolicy::any([Detector::Alarm], Act::RollBack(RollBack::DropNew { after: secs(10) }));
    let fault = Some(Fault::Errors { alarm_after: secs(120) });
    model.deploys = vec![Deploy { service: ServiceId(0), at: at_s(60), version: Version::New(fault) }];
    let played = play(&model, 1);
    let shifts = played.facts(|at, fact| match fact {
        Fact::TrafficShifted { permille, .. } => Some((at, permille)),
        _ => None,
    });
    let [(shifted, 100), (dropped, 0), ..] = shifts[..] else { panic!("{shifts:?}") };
    let expected = 5.0 * dropped.since(shifted).as_secs_f64();
    let failed = lost(&played, Loss::Errors, at_s(1_800));
    assert!(expected > 300.0 && (failed - expected).abs() < 1e-3, "{failed} of {expected}");
    let others = [Loss::Cut, Loss::Refused, Loss::NoTarget, Loss::TimedOut];
    assert!(others.iter().all(|way| lost(&played, *way, at_s(1_800)) < 1e-3));
}

/// What new tasks can serve grows linearly: over the warm-up they miss half of it, less the share that they begin with.
#[test]
fn warming_tasks_miss_half_of_their_capacity() {
    for (from_permille, missing) in [(0, 0.5), (200, 0.4), (1_000, 0.0)] {
        let warm_up = WarmUp { span: secs(60), from_permille };
        let mut model = service(4, checked(5, 3, 2), Load { warm_up, ..load(1.0, 100.0) });
        model.scalings = vec![Scaling { service: ServiceId(0), at: at_s(600), desired: 8 }];
        model.host_groups[0].hosts = 8;
        let played = play(&model, 1);
        let (mut capacity, mut since, mut rate) = (0.0, Time::ZERO, 0.0);
        let joined = first(&played, |fact| matches!(fact, Fact::DesiredChanged { .. })).expect("it scales");
        let changes = played.facts(|at, fact| match fact {
            Fact::CapacityChanged { rate, .. } => Some((at, rate.as_per_s())),
            _ => None,
        });
        for (at, next) in changes.into_iter().chain([(at_s(900), 0.0)]) {
            capacity += rate * at.since(since).as_secs_f64();
            (since, rate) = (at, next);
        }
        let healthy = played.facts(|at, fact| {
            let in_service = matches!(fact, Fact::TaskMoved { to: TaskState::InService, .. });
            (in_service && at > joined).then_some(at)
        })[0];
        let whole = 400.0 * 900.0 + 400.0 * at_s(900).since(healthy).as_secs_f64();
        assert!((whole - capacity - missing * 400.0 * 60.0).abs() < 1.0, "{from_permille}: {whole} less {capacity}");
    }
}

/// With a slow start a new target's share grows linearly, and the others get the rest: of 100/s at 2 targets and a third one, which
/// is cold, 5 % of a share is 100 x 0.05 / 2.05 at first.
#[test]
fn a_slow_start_spares_a_new_target() {
    let balancer = LoadBalancer { slow_start: secs(100), registration: Dist::ZERO, ..checked(5, 3, 2) };
    let mut model = service(2, balancer, load(100.0, 100.0));
    // The third one is bad: what it gets fails.
    model.deploys = vec![Deploy {
        service: ServiceId(0),
        at: at_s(600),
        version: Version::New(Some(Fault::Errors { alarm_after: secs(10_000) })),
    }];
    let one = Step::beside(Size::Of(Bound::tasks(1))).holding(Hold::For(secs(600)));
    model.services[0].rollout = Rollout::new(vec![one, Step::all(Step::FREE)]);
    let played = play(&model, 1);
    let rates = played.facts(|_, fact| match fact {
        Fact::LosingChanged { loss: Loss::Errors, rate, .. } => Some(rate.as_per_s()),
        _ => None,
    });
    let weights = (0..10).map(|step| 0.05 + 0.1 * f64::from(step)).chain([1.0]);
    for (rate, weight) in rates.iter().zip(weights) {
        assert!((rate - 100.0 * weight / (2.0 + weight)).abs() < 0.001, "{rates:?}");
    }
    assert!(rates.len() >= 11, "{rates:?}");
}

/// Without a balancer ECS finds a hung task by its container's check: U(0, 30) + 3 x 5 + 2 x 30 s, told every 20 s.
#[test]
fn a_container_check_finds_a_hung_task_and_tells_it_later() {
    let ecs = ecs::today().settings();
    let mut model = service(2, ALB, load(50.0, 100.0));
    model.services[0].load_balancer = None;
    model.services[0].health_check = Some(ecs.health_check);
    model.control = ecs.control;
    model.task_faults = vec![fault(Mishap::Hangs, 120)];
    let mut found = vec![];
    for seed in 1..=500 {
        let played = play(&model, seed);
        let noticed = first(&played, |fact| matches!(fact, Fact::TaskUnhealthy { .. })).expect("it is found");
        found.push(noticed.since(at_s(120)).as_secs_f64());
        // Then it is replaced, the new one first.
        let events = played.facts(|at, fact| match fact {
            Fact::TaskMoved { to: TaskState::Provisioning, .. } if at > Time::ZERO => Some("start"),
            Fact::TaskMoved { to: TaskState::InService, .. } if at > Time::ZERO => Some("healthy"),
            Fact::StopChosen { .. } => Some("stop"),
            _ => None,
        });
        assert_eq!(events, ["start", "healthy", "stop"]);
    }
    assert!(found.iter().all(|s| (75.0..=125.0).contains(s)), "{found:?}");
    let mean = found.iter().sum::<f64>() / found.len() as f64;
    // sqrt(900 / 12 + 400 / 12) / sqrt(500) is 0.47.
    assert!((mean - 100.0).abs() < 5.0 * 0.47, "{mean}");
}

/// A pod that hangs is not ready after three probes of 1 s, 10 s apart, and gets nothing more; nobody replaces it.
#[test]
fn a_pod_that_is_not_ready_gets_no_requests() {
    let kubernetes = by_name("kubernetes").expect("it is known").settings();
    let mut model = service(2, ALB, load(50.0, 100.0));
    model.services[0].load_balancer = None;
    model.services[0].health_check = Some(kubernetes.health_check);
    model.control = kubernetes.control;
    model.task_faults = vec![fault(Mishap::Hangs, 120)];
    for seed in 1..100 {
        let played = play(&model, seed);
        let failed = lost(&played, Loss::Hung, at_s(1_800));
        assert!((25.0 * 23.0..=25.0 * 33.0).contains(&failed), "{failed}");
        assert_eq!(played.facts(|_, fact| matches!(fact, Fact::StopChosen { .. }).then_some(())), []);
    }
}

/// A host that is lost takes its tasks with it, and their requests are answered by nobody until the balancer finds that out: a
/// half of 50/s for U(0, 5) + 2 x 3 + 5 s, and what was under way, 25/s for 4 s.
#[test]
fn a_lost_host_fails_its_share() {
    let mut model = service(2, checked(5, 3, 2), Load { request_time: Dist::Fixed(secs(4)), ..load(50.0, 100.0) });
    model.services[0].startup = Dist::Fixed(secs(300));
    model.control.loss_detection = Dist::Fixed(HOUR);
    model.control.rotation_end = Dist::Fixed(HOUR);
    model.host_groups[0].leaving = Leaving::AtOnce;
    model.host_groups[0].hosts = 2;
    model.host_groups[0].schedule = vec![ScheduledSize { at: at_s(600), hosts: 1 }];
    for seed in 1..50 {
        let played = play(&model, seed);
        let found = first(&played, |fact| matches!(fact, Fact::TargetUnhealthy { .. })).expect("it is found");
        let expected = 25.0 * found.since(at_s(600)).as_secs_f64();
        let (hung, cut) = (lost(&played, Loss::Hung, at_s(1_800)), lost(&played, Loss::Cut, at_s(1_800)));
        assert!((11.0..=16.0).contains(&found.since(at_s(600)).as_secs_f64()));
        assert!((hung - expected).abs() < 1e-3 && (cut - 100.0).abs() < 1e-3, "{hung} of {expected}, {cut}");
    }
}

/// In its grace period a task may be found unhealthy, and is not replaced before the end.
#[test]
fn a_grace_period_puts_the_replacement_off() {
    let ecs = ecs::today().settings();
    let mut model = service(2, checked(5, 3, 2), load(50.0, 100.0));
    model.control = ecs.control;
    model.services[0].health_check_grace = secs(600);
    model.task_faults = vec![fault(Mishap::Hangs, 120)];
    let played = play(&model, 1);
    let noticed = first(&played, |fact| matches!(fact, Fact::TaskUnhealthy { .. }));
    assert_eq!(noticed, Some(at_s(600)));
    assert!(first(&played, |fact| matches!(fact, Fact::TargetUnhealthy { .. })) < Some(at_s(136)));
}

/// A target that was unhealthy is healthy again after its threshold of checks, an interval apart: of a task that is overloaded from
/// 60 s to 120 s what waits is gone soon after, and four intervals after the first passed check it is back.
#[test]
fn a_target_recovers_after_its_threshold_of_checks() {
    let arrivals = steps(&[(0, 20.0), (60, 60.0), (120, 0.0)]);
    let overloaded = Load { arrivals, timeout: Duration::from_millis(3_500), ..load(0.0, 25.0) };
    let mut model = service(1, checked(5, 3, 2), overloaded);
    model.control.replaces_unhealthy_targets = false;
    for seed in 1..100 {
        let played = play(&model, seed);
        let unhealthy = first(&played, |fact| matches!(fact, Fact::TargetUnhealthy { .. })).expect("it is overloaded");
        let healthy = played.facts(|at, fact| {
            let in_service = matches!(fact, Fact::TaskMoved { to: TaskState::InService, .. });
            (in_service && at > unhealthy).then_some(at)
        })[0];
        // Below 3 s from 120.5 s on; a check that began before may still fail at 123.5 s, and the next one comes 5 s later.
        let after = healthy.since(at_s(120)).as_secs_f64();
        assert!((0.5 + 20.0..=0.5 + 3.0 + 5.0 + 20.0 + 4.0 * 0.1).contains(&after), "{after}");
    }
}

/// A task that finishes its requests before it exits cuts none that its stop timeout leaves time for, and exits when the last one has
/// ended: of 25/s of 20 s each, 19.5 to 20 s after SIGTERM. With a stop timeout of 5 s, 15 of 20 s of them are cut, and all of those of
/// a task that exits at once.
#[test]
fn a_graceful_shutdown_finishes_what_is_under_way() {
    for (graceful_shutdown, stop_timeout, cut, low, high) in
        [(true, 30, 0.0, 19.5, 20.0), (true, 5, 375.0, 5.0, 5.0), (false, 30, 500.0, 0.0, 0.0)]
    {
        let load = Load { request_time: Dist::Fixed(secs(20)), graceful_shutdown, ..load(50.0, 100.0) };
        let mut model = service(2, ALB, load);
        model.services[0].load_balancer = None;
        model.services[0].stop_timeout = secs(stop_timeout);
        model.services[0].startup = Dist::Fixed(secs(60));
        model.task_faults = vec![fault(Mishap::Stopped, 600)];
        for seed in 1..30 {
            let played = play(&model, seed);
            let stopped = first(&played, |fact| matches!(fact, Fact::TaskMoved { to: TaskState::Stopped, .. }));
            let took = stopped.expect("it stops").since(at_s(600)).as_secs_f64();
            assert!((low..=high).contains(&took), "{took}");
            let failed = lost(&played, Loss::Cut, at_s(1_800));
            assert!((failed - cut).abs() < 1e-3, "{failed} of {cut}");
        }
    }
}

/// A network load balancer goes on sending for a while. Of 25/s of 20 s each that begin up to 25 s after the deregistration, those
/// of the last 15 s are under way when the 30 s are over; without that while none is.
#[test]
fn a_lag_of_the_deregistration_sends_more_into_the_drain() {
    for (lag, cut) in [(25, 375.0), (5, 0.0), (0, 0.0)] {
        let drain = secs(30);
        let balancer = LoadBalancer {
            deregistration_delay: drain,
            deregistration_lag: Dist::Fixed(secs(lag)),
            ..checked(5, 3, 2)
        };
        let mut model = service(2, balancer, Load { request_time: Dist::Fixed(secs(20)), ..load(50.0, 100.0) });
        // Nobody takes its share before.
        model.services[0].startup = Dist::Fixed(secs(120));
        model.task_faults = vec![fault(Mishap::Stopped, 600)];
        let failed = lost(&play(&model, 1), Loss::Cut, at_s(1_800));
        assert!((failed - cut).abs() < 1e-3, "{lag} s: {failed} of {cut}");
    }
}

/// An early end of draining cuts as much in the mean as a timer would: of 25/s of exponential 10 s each, 250 x exp(-3) are under way
/// when 30 s are over. (A lot that leaves none, and one that leaves some.)
#[test]
fn an_early_end_cuts_what_a_timer_would_in_the_mean() {
    for (rate, early) in [(50.0, true), (50.0, false), (2.0, true), (2.0, false)] {
        let in_flight = early.then_some(Dist::ZERO);
        let balancer = LoadBalancer { deregistration_delay: secs(30), in_flight, ..checked(5, 3, 2) };
        let request_time = Dist::Exponential { mean: secs(10) };
        let mut model = service(2, balancer, Load { request_time, ..load(rate, 100.0) });
        model.services[0].startup = Dist::Fixed(secs(120));
        model.task_faults = vec![fault(Mishap::Stopped, 600)];
        let seeds = 1_000;
        let cut: f64 = (1..=seeds).map(|seed| lost(&play(&model, seed), Loss::Cut, at_s(1_800))).sum();
        let expected = rate / 2.0 * 10.0 * (-3.0_f64).exp();
        // Of the lots alone, which are yes or no.
        let error = 5.0 * expected.sqrt() / (seeds as f64).sqrt();
        assert!((cut / seeds as f64 - expected).abs() < error, "{rate}/s: {} of {expected}", cut / seeds as f64);
    }
}

/// What waits at a target is worked off while it drains: with 400 at 25/s that takes 16 s, and an early end waits for it.
#[test]
fn an_early_end_waits_for_what_waits() {
    let balancer = LoadBalancer { deregistration_delay: secs(300), in_flight: Some(Dist::ZERO), ..checked(30, 30, 2) };
    let mut model = service(2, balancer, load(0.0, 25.0));
    // 20/s too many for 40 s, at two tasks, and then what they can do.
    model.services[0].load.as_mut().expect("it has one").arrivals = steps(&[(0, 50.0), (540, 70.0), (580, 50.0)]);
    model.services[0].startup = Dist::Fixed(secs(120));
    model.task_faults = vec![fault(Mishap::Stopped, 600)];
    let played = play(&model, 1);
    let gone = first(&played, |fact| matches!(fact, Fact::TargetGone { .. })).expect("it drains");
    assert_eq!(gone, at_s(616));
    assert!(lost(&played, Loss::Cut, at_s(1_800)) < 1e-3);
}

/// A pod that hangs is ended by its own check even where its load balancer has taken it out before.
#[test]
fn a_hung_task_is_ended_by_its_own_check_behind_a_balancer_too() {
    let kubernetes = by_name("kubernetes").expect("it is known").settings();
    let mut model = service(2, checked(5, 2, 2), load(50.0, 100.0));
    model.services[0].health_check =
        Some(HealthCheck { fails_after: Some(Dist::fixed_millis(30_000)), ..kubernetes.health_check });
    model.control = kubernetes.control;
    model.task_faults = vec![fault(Mishap::Hangs, 120)];
    for seed in 1..50 {
        let played = play(&model, seed);
        let ended = first(&played, |fact| matches!(fact, Fact::TaskFailed { .. })).expect("it is ended");
        assert!((23.0..=33.0).contains(&ended.since(at_s(120)).as_secs_f64()), "{ended}");
    }
}

/// Latencies are those of the tasks that requests meet, not of all tasks in the mean.
#[test]
fn a_canary_of_half_the_traffic_makes_its_requests_wait() {
    // 39/s, a half of it at one task of 20/s, the other at ten: 1 / (20 - 19.5) = 2 s in the mean there, exponential.
    let request_time = Dist::Exponential { mean: Duration::from_millis(50) };
    let mut model = service(10, ALB, Load { request_time, ..load(39.0, 20.0) });
    let one = Step { new: Size::Of(Bound::tasks(1)), ..Step::beside(Size::ALL) };
    let one = one.weighing(500).holding(Hold::For(secs(1_000)));
    model.services[0].rollout = Rollout::new(vec![one, Step::all(Step::FREE)]);
    model.deploys = vec![support::deploy(0, 200)];
    model.horizon = secs(1_200);
    let users = play(&model, 1).summary.users.expect("it has a load");
    // Some five sixths of the time a half of them meet that: 41.6 % exceed t by exp(-t / 2), so p95 is 2 ln(0.416 / 0.05) = 4.2 s.
    let Quantile::Seconds(p95) = users.latency.p95 else { panic!("{users:?}") };
    assert!((4.0..4.5).contains(&p95), "{p95}");
    let Quantile::Seconds(p50) = users.latency.p50 else { panic!("{users:?}") };
    assert!(p50 < 0.2, "{p50}");
}

/// A task that is too busy is ended by its own check again and again, and each time it takes three checks of 2 s and two intervals
/// of 5 s at least: what was checked before a restart does not count after it.
#[test]
fn a_restart_begins_with_no_failed_check() {
    let mut model = service(1, ALB, load(300.0, 25.0));
    model.services[0].load_balancer = None;
    let probe = Probe { interval: secs(5), timeout: secs(2), unhealthy: 3, healthy: 1 };
    let ends = Some(Dist::fixed_millis(60_000));
    model.services[0].health_check =
        Some(HealthCheck { passes_after: Dist::ZERO, fails_after: ends, probe: Some(probe) });
    model.control.restart.in_place = Some(InPlace { backoff: Backoff::constant(secs(1)), attempts: None });
    for seed in 1..20 {
        let ended = play(&model, seed).facts(|at, fact| matches!(fact, Fact::TaskFailed { .. }).then_some(at));
        assert!(ended.len() > 50, "{}", ended.len());
        let gaps: Vec<_> = ended.windows(2).map(|pair| pair[1].since(pair[0]).as_secs_f64()).collect();
        assert!(gaps.iter().all(|gap| (1.0 + 16.0..=1.0 + 16.0 + 5.0 + 0.5).contains(gap)), "{gaps:?}");
    }
}
