//! Asgard: Netflix's rolling push, which terminates the instances of an Auto Scaling group one after another and lets the group
//! launch new ones. A task stands for an instance.
//!
//! Left out: five attempts to start an instance, the timeouts of each phase (35 to 70 min), and that the newest may go first.

use super::asg::instances;
use super::{Orchestrator, Strategy};
use crate::deploy::{Completion, Gate, Mover, Rollout, Slots, strategies};
use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::parameters::{Parameters, Value};

/// Asgard on EC2.
pub fn asgard() -> Orchestrator {
    let eureka = "ASGARD DiscoveryService: 90 s from the deregistration until clients have noticed";
    Orchestrator {
        name: "asgard",
        title: "Netflix Asgard on EC2, rolling push",
        parameters: instances()
            .with("tick", Duration::from_secs(15), "E: how often a push looks at its instances (range 5 to 30 s)")
            .with("first_review", Dist::uniform_millis(0, 15_000), "E: as tick (range 0 to 60 s)")
            .with("pre_stop", Duration::from_secs(90), eureka),
        strategies: vec![Strategy::new(
            "rolling-push",
            Parameters::none()
                .with(
                    "concurrent_relaunches",
                    Value::tasks_up(1),
                    "E: RollingPushOptions has no default; 1 (range any)",
                )
                .with(
                    "after_boot_wait",
                    Duration::from_secs(30),
                    "E: RollingPushOptions has no default; 30 s (range 0 to 30 min)",
                ),
            rolling_push,
        )],
    }
}

/// `RollingPushOperation`: deregister, wait, terminate; the group launches another; wait until it is in service, and a while
/// longer.
fn rolling_push(from: &Parameters) -> Rollout {
    let relaunches = Mover::Slots(Slots::at_once(from.bound("concurrent_relaunches")));
    Rollout {
        gate: Gate { min_for: from.span("after_boot_wait"), ..Gate::IN_SERVICE },
        completion: Completion::OldStopped,
        ..strategies::rolling(relaunches)
    }
}
