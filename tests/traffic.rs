//! What users feel, against formulas and measurements: hung and crashed targets, draining, overload, conservation.

mod support;

use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::fact::{Fact, ServiceId};
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::model::{Load, LoadBalancer, Mishap, Model, TaskFault, WarmUp};
use seatrial_sim::orchestrators::load_balancers::{ALB, CLASSIC};
use seatrial_sim::traffic::{Arrivals, Loss, Rate};
use support::{Played, at_s, plain, play, secs};

const HOUR: Duration = Duration::from_secs(3_600);

/// `rate` a second at tasks of `capacity` a second each, whose requests take no time.
fn load(rate: f64, capacity: f64) -> Load {
    Load {
        arrivals: Arrivals::constant(Rate::per_s(rate)),
        capacity_per_task: Rate::per_s(capacity),
        concurrency: 1,
        request_time: Dist::ZERO,
        timeout: secs(60),
        warm_up: WarmUp::default(),
    }
}

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
    slow.arrivals = Arrivals::new(vec![(Time::ZERO, Rate::per_s(50.0)), (at_s(60), Rate::per_s(103.0))], 0.0);
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
