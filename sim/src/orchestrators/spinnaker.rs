//! Spinnaker: new server groups beside old ones. A task stands for an instance, and its provisioning for the machine's boot.
//!
//! Left out: that a group left behind is destroyed by a later deploy (`maxRemainingAsgs`), that the waits look every 60 s after
//! half an hour, and the pipeline around the deploy.

use super::asg::instances;
use super::{Orchestrator, Strategy};
use crate::deploy::{Act, Completion, Detector, FailurePolicy, Hold, RollBack, Rollout, Size, Step, strategies};
use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::parameters::{Parameters, Value};

/// Spinnaker on EC2.
pub fn spinnaker() -> Orchestrator {
    Orchestrator {
        name: "spinnaker",
        title: "Spinnaker on EC2",
        parameters: instances()
            .with(
                "tick",
                Duration::from_secs(10),
                "ORCA AbstractInstancesCheckTask.groovy: it looks for healthy instances every 10 s",
            )
            .with(
                "first_review",
                Dist::uniform_millis(2_000, 10_000),
                "E: a task of the first stage (range 1 to 30 s)",
            ),
        strategies: vec![
            Strategy::new(
                "red-black",
                kept(stages()).with("rollback", false, "DECK redblack.strategy.ts: false"),
                |from| {
                    let back = from.flag("rollback").then_some(RollBack::DropNew { after: Duration::ZERO });
                    red_black(&[], back, from)
                },
            ),
            Strategy::new(
                "rolling-red-black",
                kept(stages()).with(
                    "weights",
                    Value::Shares(vec![500]),
                    "E: targetPercentages have no default, and ORCA appends 100; 50 (range any)",
                ),
                |from| red_black(&from.shares("weights"), None, from),
            ),
            Strategy::new("highlander", stages(), |from| {
                let up = Step::beside(Size::ALL).holding(stage(from));
                Rollout {
                    failure: failure(None, from),
                    completion: Completion::OldStopped,
                    ..Rollout::new(vec![up, Step::remove_old()])
                }
            }),
        ],
    }
}

fn stages() -> Parameters {
    Parameters::none()
        .with(
            "stage",
            Dist::uniform_millis(10_000, 60_000),
            "E: ORCA's tasks look every 2, 5 and 10 s, several a stage (range 10 to 60 s)",
        )
        .with(
            "progress_deadline",
            Duration::from_secs(7_200),
            "ORCA AbstractInstancesCheckTask.groovy: 2 h for instances to be healthy",
        )
}

fn kept(parameters: Parameters) -> Parameters {
    parameters
        .with("pause", Dist::ZERO, "ORCA StageData: delayBeforeDisableSec, 0")
        .with(
            "bake_time",
            Duration::ZERO,
            "ORCA StageData: delayBeforeScaleDownSec, 0; only where the old group goes at the end (scale_down_delay 0)",
        )
        .with(
            "scale_down_delay",
            Duration::from_secs(3_600),
            "ORCA StageData: scaleDown, false: a disabled group stays. E: 1 h (range 0, with scaleDown, to weeks)",
        )
}

fn stage(from: &Parameters) -> Hold {
    Hold::Until(from.random("stage"))
}

/// The old group is disabled once the new one is up, and stays or is scaled down.
fn red_black(shares: &[u32], back: Option<RollBack>, from: &Parameters) -> Rollout {
    let retain = from.span("scale_down_delay");
    let before_scale_down =
        if retain.is_zero() { vec![Hold::For(from.span("bake_time")), stage(from)] } else { vec![] };
    let mut rollout = strategies::red_black(shares, &stage(from), before_scale_down);
    let pause = Hold::Until(from.random("pause"));
    let grown = rollout.program.iter_mut().filter(|step| step.old == Size::Keep && step.weight.is_none());
    grown.for_each(|step| step.holds.push(pause.clone()));
    if !retain.is_zero() {
        // The step that removes the old group.
        rollout.program.pop();
    }
    Rollout { failure: failure(back, from), retain, ..rollout }
}

/// A stage that takes too long fails the pipeline where it is, unless it is told to enable the old group again.
fn failure(back: Option<RollBack>, from: &Parameters) -> FailurePolicy {
    let late = from.span_above_zero("progress_deadline").map(Detector::NoProgress);
    FailurePolicy::any(late, back.map_or(Act::Stop, Act::RollBack))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `RollingRedBlackStrategy`: 100 is appended where it is not the last percentage.
    #[test]
    fn the_last_percentage_is_all() {
        for weights in [vec![250, 500], vec![250, 500, 1_000]] {
            let spinnaker = spinnaker();
            let strategy = spinnaker.strategy("rolling-red-black").expect("it is offered");
            let from = strategy.parameters.clone().with("weights", Value::Shares(weights), "test");
            let rollout = (strategy.build)(&from);
            let weights: Vec<_> = rollout.program.iter().filter_map(|step| step.weight).collect();
            assert_eq!(weights, [250, 500, 1_000]);
            // Each is a resize and a disable; the old group stays.
            assert_eq!(rollout.program.len(), 6);
        }
    }
}
