//! The defaults of the three load balancers that ECS registers tasks with (`docs/sources.md` has the keys).

use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::model::{FirstCheck, LoadBalancer};

/// Every kind by the name that scenarios use.
pub const ALL: [(&str, LoadBalancer); 3] = [("alb", ALB), ("classic", CLASSIC), ("nlb", NLB)];

/// Application Load Balancer.
pub const ALB: LoadBalancer = LoadBalancer {
    // HC (n = 7): a new target was healthy 1.6 to 2.6 s after its registration, whatever the interval.
    registration: Dist::uniform_millis(1_600, 2_600),
    first_check: FirstCheck::AtOnce,
    // ALB: 30 s (5 to 300).
    interval: Duration::from_secs(30),
    // ALB: a newly registered target must pass one check. The ECS tuning pages imply the healthy threshold (5).
    initial_checks: 1,
    // ALB: 5 s (2 to 120).
    timeout: Duration::from_secs(5),
    // ALB, CLB, NLB: unhealthy threshold 2.
    unhealthy_checks: 2,
    // ALB: healthy threshold 5 (2 to 10), for targets that were unhealthy.
    healthy_checks: 5,
    // ALB: off (0, or 30 to 900 s).
    slow_start: Duration::ZERO,
    deregistration_lag: Dist::ZERO,
    // ALB: 300 s (0 to 3600), shown as draining to the end even when idle, and ECS waits for that.
    deregistration_delay: Duration::from_secs(300),
    in_flight: None,
};

/// Classic Load Balancer.
pub const CLASSIC: LoadBalancer = LoadBalancer {
    // E: propagation (range 1 to 10 s).
    registration: Dist::uniform_millis(1_000, 10_000),
    first_check: FirstCheck::WithinInterval,
    // CLB: 30 s (5 to 300).
    interval: Duration::from_secs(30),
    // CLB: healthy threshold 10 (2 to 10); a new instance needs all of them.
    initial_checks: 10,
    // CLB: 5 s (2 to 60).
    timeout: Duration::from_secs(5),
    // ALB, CLB, NLB: unhealthy threshold 2.
    unhealthy_checks: 2,
    // CLB: healthy threshold 10 (2 to 10).
    healthy_checks: 10,
    slow_start: Duration::ZERO,
    deregistration_lag: Dist::ZERO,
    // CLB: connection draining is off unless it is enabled.
    deregistration_delay: Duration::ZERO,
    // CLB: draining ends with the last request. How long that takes is an estimate: none under way (range 0 s to
    // the draining timeout).
    in_flight: Some(Dist::ZERO),
};

/// Network Load Balancer.
pub const NLB: LoadBalancer = LoadBalancer {
    // E: field reports of 2 to 3 min from registration to healthy, checks included; the guide says "a few minutes".
    registration: Dist::uniform_millis(120_000, 180_000),
    first_check: FirstCheck::AtOnce,
    // NLB: 30 s (5 to 300).
    interval: Duration::from_secs(30),
    // The field reports above include the checks.
    initial_checks: 1,
    // NLB: 10 s for TCP.
    timeout: Duration::from_secs(10),
    // ALB, CLB, NLB: unhealthy threshold 2.
    unhealthy_checks: 2,
    // NLB: healthy threshold 5.
    healthy_checks: 5,
    slow_start: Duration::ZERO,
    // RM 470: new connections come for up to 120 s after deregistration, whatever the delay.
    deregistration_lag: Dist::uniform_millis(0, 120_000),
    // NLB: 300 s (0 to 3600).
    deregistration_delay: Duration::from_secs(300),
    in_flight: None,
};
