//! Amazon ECS with `CodeDeploy` as its deployment controller: a replacement task set beside the original one, and traffic that
//! moves to it.
//!
//! Left out: the test listener, the single hooks (`promotion` is all of them), and that scaling while it is under way may
//! fail it.

use super::{Orchestrator, Strategy, ecs};
use crate::deploy::{Act, Completion, Detector, FailurePolicy, Hold, RollBack, Rollout, strategies};
use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::parameters::{Parameters, Value};

/// Amazon ECS with `CodeDeploy`.
pub fn codedeploy_ecs() -> Orchestrator {
    Orchestrator {
        name: "codedeploy-ecs",
        title: "Amazon ECS with AWS CodeDeploy, blue/green",
        parameters: ecs::parameters(),
        strategies: vec![
            // CodeDeployDefault.ECSAllAtOnce.
            Strategy::new("blue-green", common(Parameters::none()), |from| {
                shifted(strategies::blue_green(vec![], vec![]), from)
            }),
            Strategy::new("canary", canary_10_percent_5_minutes(), |from| {
                let wait = Hold::For(from.span("step_bake_time"));
                shifted(strategies::canary(&[from.permille("canary_percent")], &[wait], true), from)
            }),
            Strategy::new("linear", linear_10_percent_every_minute(), linear),
        ],
    }
}

fn canary_10_percent_5_minutes() -> Parameters {
    common(Parameters::none())
        .with("canary_percent", Value::Permille(100), "CD deployment-configurations.md: ECSCanary10Percent5Minutes")
        .with(
            "step_bake_time",
            Duration::from_secs(300),
            "CD deployment-configurations.md: ECSCanary10Percent5Minutes (or 15Minutes)",
        )
}

fn linear_10_percent_every_minute() -> Parameters {
    common(Parameters::none())
        .with("step_percent", Value::Permille(100), "CD deployment-configurations.md: ECSLinear10PercentEvery1Minutes")
        .with(
            "step_bake_time",
            Duration::from_secs(60),
            "CD deployment-configurations.md: ECSLinear10PercentEvery1Minutes (or Every3Minutes)",
        )
}

fn common(parameters: Parameters) -> Parameters {
    parameters
        .with(
            "promotion",
            Dist::ZERO,
            "CD deployment-groups-create-ecs.md: rerouted immediately. E: no hooks (range 0 to 1 h each; 5 days to reroute)",
        )
        .with(
            "bake_time",
            Duration::from_secs(3_600),
            "CD deployment-groups-create-ecs.md: the original task set is terminated after 1 h in the console (0 to 2 days)",
        )
        .with("progress_deadline", Duration::from_secs(3_600), "CD limits.md: 60 min for the replacement to be steady")
        .with("alarms", false, "CD: no alarm unless it is added")
        .with("rollback", false, "CD deployments-rollback-and-redeploy.md: automatic where it is turned on")
}

fn linear(from: &Parameters) -> Rollout {
    shifted(strategies::linear(from.permille("step_percent"), Hold::For(from.span("step_bake_time"))), from)
}

/// All new tasks first, then the traffic, then the original task set waits and goes before the deployment has succeeded.
fn shifted(mut rollout: Rollout, from: &Parameters) -> Rollout {
    rollout.program[0].holds.push(Hold::Until(from.random("promotion")));
    let last_shift = rollout.program.len() - 2;
    rollout.program[last_shift].holds.push(Hold::For(from.span("bake_time")));
    let late = from.span_above_zero("progress_deadline").map(Detector::NoProgress);
    let alarm = from.flag("alarms").then_some(Detector::Alarm);
    let back = Act::RollBack(RollBack::DropNew { after: Duration::ZERO });
    Rollout {
        failure: FailurePolicy::any(
            late.into_iter().chain(alarm),
            if from.flag("rollback") { back } else { Act::Stop },
        ),
        completion: Completion::OldStopped,
        ..rollout
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten steps of 10 %, the first at once: nine waits, so 9 min every minute and 27 every third.
    #[test]
    fn ten_percent_at_a_time_takes_nine_waits() {
        for (every, minutes) in [(60, 9), (180, 27)] {
            let from = linear_10_percent_every_minute()
                .with("step_bake_time", Duration::from_secs(every), "test")
                .with("bake_time", Duration::ZERO, "test");
            let rollout = linear(&from);
            let waits = rollout.program.iter().flat_map(|step| &step.holds).map(|hold| match hold {
                Hold::For(span) => span.as_millis(),
                _ => 0,
            });
            assert_eq!(waits.sum::<u64>(), minutes * 60_000);
            let shares: Vec<_> = rollout.program.iter().filter_map(|step| step.weight).collect();
            assert_eq!(shares, [100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000]);
        }
    }
}
