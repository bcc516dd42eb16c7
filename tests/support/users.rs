//! Random models whose services have users, checks that fail, faults of single tasks and scalers.

use proptest::prelude::*;
use seatrial_sim::autoscaling::{
    AlarmFunction, Autoscaling, Current, Hpa, Metric, Policy, ScheduledBounds, StepScaling, TargetTracking,
};
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::fact::ServiceId;
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::model::{Load, Mishap, Model, Probe, TaskFault, WarmUp};
use seatrial_sim::traffic::{Arrivals, Rate};

use super::random::span;
use super::{any_rollout, at_s, secs};

/// Longer than most deploys of the random models take.
const HORIZON_S: u64 = 4_000;

/// `rate` a second at tasks of `capacity` a second each, whose requests take no time.
pub fn load(rate: f64, capacity: f64) -> Load {
    Load {
        arrivals: Arrivals::constant(Rate::per_s(rate)),
        capacity_per_task: Rate::per_s(capacity),
        concurrency: 1,
        request_time: Dist::ZERO,
        timeout: secs(60),
        warm_up: WarmUp::default(),
        graceful_shutdown: false,
    }
}

/// So many requests a second from these seconds on.
pub fn steps(steps: &[(u64, f64)]) -> Arrivals {
    Arrivals::new(steps.iter().map(|&(s, rate)| (at_s(s), Rate::per_s(rate))).collect(), 0.0)
}

fn any_load() -> BoxedStrategy<Load> {
    let steps = proptest::collection::btree_map(1..HORIZON_S, 0..200_000_000_u64, 0..6);
    let task = (1_000_000..60_000_000_u64, 1..20_u32, span(), 1..60_000_u64);
    let warm_up = (prop_oneof![Just(0), 0..90_000_u64], 0..1_000_u32, any::<bool>());
    ((0..200_000_000_u64, steps, prop_oneof![Just(0.0), 0.0..0.5]), task, warm_up)
        .prop_map(
            |(
                (first, steps, noise),
                (capacity, concurrency, request_time, timeout),
                (warm, from_permille, graceful_shutdown),
            )| {
                let first = (Time::ZERO, Rate::from_micros(first));
                let steps = steps.into_iter().map(|(s, rate)| (at_s(s), Rate::from_micros(rate)));
                Load {
                    arrivals: Arrivals::new([first].into_iter().chain(steps).collect(), noise),
                    capacity_per_task: Rate::from_micros(capacity),
                    concurrency,
                    request_time,
                    timeout: Duration::from_millis(timeout),
                    warm_up: WarmUp { span: Duration::from_millis(warm), from_permille },
                    graceful_shutdown,
                }
            },
        )
        .boxed()
}

fn autoscaling() -> BoxedStrategy<Autoscaling> {
    let policy = prop_oneof![
        Just(Policy::TargetTracking(TargetTracking::of(Metric::Utilization, 60.0))),
        Just(Policy::TargetTracking(TargetTracking::of(Metric::RequestsPerTarget, 900.0))),
        Just(Policy::Step(StepScaling::default())),
        Just(Policy::AlarmFunction(AlarmFunction::default())),
        Just(Policy::Hpa(Hpa::default())),
        Just(Policy::Hpa(Hpa { current: Current::Status, ..Hpa::default() })),
    ];
    (policy, 1..4_u32, 0..8_u32, proptest::option::of(1..HORIZON_S))
        .prop_map(|(policy, min, more, at)| {
            let scheduled = at.map(|at| ScheduledBounds { at: at_s(at), min: min + 1, max: min + 1 + more });
            Autoscaling { min, max: min + more, schedule: scheduled.into_iter().collect(), policies: vec![policy] }
        })
        .boxed()
}

fn probe() -> BoxedStrategy<Probe> {
    (1..40_u64, 1..10_u64, 1..4_u32, 1..4_u32)
        .prop_map(|(interval, timeout, unhealthy, healthy)| Probe {
            interval: secs(interval),
            timeout: secs(timeout),
            unhealthy,
            healthy,
        })
        .boxed()
}

/// Any rollout and any faults, under the eyes of users.
pub fn model() -> BoxedStrategy<Model> {
    let option = proptest::option::of::<BoxedStrategy<Autoscaling>>;
    let lags = (prop_oneof![Just(0), 0..300_000_u64], span(), prop_oneof![Just(0), 0..120_u64]);
    let service = (any_load(), option(autoscaling()), probe(), lags);
    let what = prop_oneof![Just(Mishap::Hangs), Just(Mishap::Crashes), Just(Mishap::Stopped)];
    let faults = proptest::collection::vec((0..2_usize, 0..HORIZON_S, what, 1..4_u32), 0..4);
    let control = (any::<bool>(), span(), span(), span(), prop_oneof![Just(0), 0..40_u64]);
    (any_rollout::model(true), proptest::collection::vec(service, 2), faults, control)
        .prop_map(|(mut model, services, faults, (before_stop, report, rotation_end, call, poll))| {
            model.horizon = secs(HORIZON_S);
            model.control.replaces_before_stop = before_stop;
            model.control.health_report = report;
            model.control.rotation_end = rotation_end;
            model.control.stop_call = call;
            model.control.unhealthy_poll = secs(poll);
            for (service, (load, autoscaling, probe, (slow_start, lag, grace))) in
                model.services.iter_mut().zip(services)
            {
                service.load = Some(load);
                service.autoscaling = autoscaling.filter(|scaling| scaling.min <= service.desired);
                service.health_check_grace = secs(grace);
                if let Some(check) = &mut service.health_check {
                    check.probe = Some(probe);
                }
                if let Some(balancer) = &mut service.load_balancer {
                    (balancer.timeout, balancer.unhealthy_checks) = (probe.timeout, probe.unhealthy);
                    balancer.healthy_checks = probe.healthy;
                    balancer.slow_start = Duration::from_millis(slow_start);
                    balancer.deregistration_lag = lag;
                }
            }
            let known = model.services.len();
            model.task_faults = faults
                .into_iter()
                .filter(|(service, ..)| *service < known)
                .map(|(service, at, what, tasks)| TaskFault {
                    service: ServiceId(service as u32),
                    at: at_s(at),
                    what,
                    tasks,
                })
                .collect();
            model.task_faults.sort_by_key(|fault| fault.at);
            model
        })
        .boxed()
}
