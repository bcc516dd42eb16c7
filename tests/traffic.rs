//! What users feel, against formulas and measurements: hung and crashed targets, draining, overload, conservation.

mod support;

use seatrial_sim::cluster::TaskState;
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::fact::{Fact, ServiceId};
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::model::{FirstCheck, Load, LoadBalancer, Mishap, Model, TaskFault, WarmUp};
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
