//! Load balancers: when a registered task is healthy, and when a deregistered one is let go.

use crate::engine::draws::{Draws, Entity, Stream};
use crate::engine::time::Duration;
use crate::model::{FirstCheck, LoadBalancer};

/// From a target's registration to the last of the checks that it must pass. Checks that pass change nothing until then, so
/// none is simulated.
pub fn until_healthy(balancer: &LoadBalancer, draws: Draws, target: Entity) -> Duration {
    let phase = match balancer.first_check {
        FirstCheck::AtOnce => 0,
        FirstCheck::WithinInterval => draws.bits(Stream::CheckPhase, target) % (balancer.interval.as_millis() + 1),
    };
    Duration::from_millis(phase) + balancer.interval * u64::from(balancer.initial_checks - 1)
}

/// From a target's registration to the last of the failed checks that make a bad target unhealthy.
pub fn until_unhealthy(balancer: &LoadBalancer, draws: Draws, target: Entity) -> Duration {
    let first = LoadBalancer { initial_checks: 1, ..balancer.clone() };
    until_healthy(&first, draws, target) + balancer.interval * u64::from(balancer.unhealthy_checks - 1)
}

/// From deregistration to the end of draining: the whole delay, or less where the last request ends it.
pub fn until_drained(balancer: &LoadBalancer, draws: Draws, target: Entity) -> Duration {
    let delay = balancer.deregistration_delay;
    balancer.in_flight.as_ref().map_or(delay, |in_flight| draws.span(in_flight, Stream::InFlight, target).min(delay))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::dist::Dist;
    use crate::orchestrators::load_balancers::{ALB, CLASSIC};

    /// First offset + (checks - 1) x interval.
    #[test]
    fn a_new_target_passes_all_its_checks() {
        let table = [(1, 30, 0), (5, 30, 120_000), (10, 6, 54_000)];
        for (initial_checks, interval, ms) in table {
            let balancer = LoadBalancer { initial_checks, interval: Duration::from_secs(interval), ..ALB };
            assert_eq!(until_healthy(&balancer, Draws::new(1), Entity::named("web")), Duration::from_millis(ms));
        }
    }

    /// Classic by default: the first check within 30 s, nine more.
    #[test]
    fn a_classic_balancer_starts_somewhere_in_its_interval() {
        let n = 2_000;
        let spans = (0..n).map(|i| until_healthy(&CLASSIC, Draws::new(1), Entity::named("web").child(i)));
        let spans: Vec<_> = spans.map(Duration::as_secs_f64).collect();
        assert!(spans.iter().all(|s| (270.0..=300.0).contains(s)));
        let mean = spans.iter().sum::<f64>() / n as f64;
        // 15 + 270, and five standard errors of sqrt(900 / 12).
        assert!((mean - 285.0).abs() < 5.0 * (900.0_f64 / 12.0 / n as f64).sqrt(), "{mean}");
    }

    #[test]
    fn draining_is_a_timer_or_ends_with_the_last_request() {
        let drained =
            |balancer: &LoadBalancer| until_drained(balancer, Draws::new(1), Entity::named("web")).as_millis();
        assert_eq!(drained(&ALB), 300_000);
        assert_eq!(drained(&CLASSIC), 0, "connection draining is off by default");
        let ends = |in_flight| LoadBalancer { in_flight: Some(Dist::fixed_millis(in_flight)), ..ALB };
        assert_eq!((drained(&ends(20_000)), drained(&ends(900_000))), (20_000, 300_000));
    }
}
