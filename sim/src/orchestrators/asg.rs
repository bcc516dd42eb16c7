//! EC2 Auto Scaling: an instance refresh. A task stands for an instance, and its provisioning for the machine's boot.
//!
//! Left out: that instances are replaced in sets, each of which is warm before the next begins; standby and protected instances;
//! that unhealthy instances are replaced whenever they are found.

use super::settings::{BILLING, DEREGISTRATION, PLACEMENTS, SLOT_RELEASE};
use super::{Orchestrator, Strategy};
use crate::deploy::{
    Act, Amount, Bound, Completion, Detector, FailurePolicy, Gate, Hold, Mover, RollBack, Rollout, Round, Size, Step,
    strategies,
};
use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::parameters::{Parameters, Value};

/// EC2 Auto Scaling.
pub fn asg() -> Orchestrator {
    Orchestrator {
        name: "asg",
        title: "EC2 Auto Scaling, instance refresh",
        parameters: instances(),
        strategies: vec![Strategy::new("rolling", preferences(), rolling)],
    }
}

fn preferences() -> Parameters {
    Parameters::none()
        .with("minimum_healthy_percent", Value::Permille(900), "ASG RefreshPreferences: MinHealthyPercentage, 90")
        .with(
            "maximum_percent",
            Value::Permille(1_000),
            "ASG RefreshPreferences: MaxHealthyPercentage, 100 without a maintenance policy (100 to 200)",
        )
        .with(
            "warmup",
            Duration::from_secs(300),
            "ASG understand-instance-refresh-default-values.md: the health check's grace, 300 s in the console (API: 0)",
        )
        .with("checkpoints", Value::Shares(vec![]), "ASG understand-instance-refresh-default-values.md: none")
        .with(
            "checkpoint_delay",
            Duration::from_secs(3_600),
            "ASG understand-instance-refresh-default-values.md: 1 h, where there are checkpoints",
        )
        .with("progress_deadline", Duration::from_secs(3_600), "ASG asg-instance-refresh.md: stuck for 1 h, it fails")
        .with("alarms", false, "ASG understand-instance-refresh-default-values.md: no alarm")
        .with("rollback", false, "ASG understand-instance-refresh-default-values.md: auto rollback, off")
}

fn rolling(from: &Parameters) -> Rollout {
    let share = |permille| Bound { amount: Amount::Permille(permille), round: Round::Down };
    let mover = Mover::Pool(strategies::instance_refresh(
        from.permille("minimum_healthy_percent"),
        from.permille("maximum_percent"),
    ));
    let partly = from.shares("checkpoints").into_iter().filter(|&permille| permille < 1_000);
    let mut program: Vec<_> = partly
        .map(|permille| {
            let kept = Size::Of(share(1_000 - permille));
            Step::new(Size::share(permille), kept, mover).holding(Hold::For(from.span("checkpoint_delay")))
        })
        .collect();
    program.push(Step::all(mover));
    let late = from.span_above_zero("progress_deadline").map(Detector::NoProgress);
    let alarm = from.flag("alarms").then_some(Detector::Alarm);
    Rollout {
        gate: Gate { min_for: from.span("warmup"), ..Gate::IN_SERVICE },
        failure: FailurePolicy::any(
            late.into_iter().chain(alarm),
            if from.flag("rollback") { Act::RollBack(RollBack::Reverse) } else { Act::Stop },
        ),
        completion: Completion::OldStopped,
        ..Rollout::new(program)
    }
}

/// Instances of a group, whoever replaces them.
pub(super) fn instances() -> Parameters {
    Parameters::none()
        .with("tick", Duration::from_secs(10), "E: how often a group is looked at (range 5 to 60 s)")
        .with("settles", true, "E: all that the bounds allow at once (range no to yes)")
        .with("first_review", Dist::uniform_millis(0, 10_000), "E: as tick (range 0 to 60 s)")
        .with("healthy_after", Dist::ZERO, "ASG: an instance that runs is healthy, without a load balancer")
        .with(
            "deregistration",
            Value::Word("same-review", DEREGISTRATION),
            "ASG attach-load-balancer-asg.md: deregistered and drained before it is terminated",
        )
        .with(
            "slot_release",
            Value::Word("stopped", SLOT_RELEASE),
            "E: a machine that stops has its own room (range any)",
        )
        .with(
            "replaces_unhealthy_targets",
            false,
            "ASG healthcheck.md: EC2's own checks, unless those of the load balancer are turned on",
        )
        .with("replace_first", Duration::ZERO, "E: at the next look (range 0 to 5 min)")
        .with("push", Dist::uniform_millis(500, 3_000), "E: calls of EC2's API (range 0.1 to 10 s)")
        .with(
            "provisioning",
            Dist::uniform_millis(40_000, 120_000),
            "E: EC2's launch, 30 to 60 s, and the boot (range 30 s to 5 min, with user data)",
        )
        .with("startup", Dist::fixed_millis(10_000), "E: the application's start on the machine (range 1 s to 5 min)")
        .with("report", Dist::fixed_millis(1_000), "E: the instance's state (range 0.1 to 10 s)")
        .with("pre_stop", Duration::ZERO, "ASG: no lifecycle hook unless it is added")
        .with("exit", Dist::uniform_millis(5_000, 30_000), "E: the machine shuts down (range 5 s to 2 min)")
        .with("stop_timeout", Duration::from_secs(120), "E: EC2 turns it off (range 1 to 5 min)")
        .with("stop_tail", Dist::uniform_millis(2_000, 15_000), "E: until it is terminated (range 1 to 60 s)")
        .with("placement", Value::Word("spread", PLACEMENTS), "ASG: instances are spread over the zones")
        .with("billing", Value::Word("per-second", BILLING), "EC2 Linux since 2017-10-02: 60 s at least")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::{Side, View};

    /// Instances replaced at once, by the guide (10 at 90, 100 and 0 %) and by its rounding up of what stays healthy.
    #[test]
    fn replaced_at_once() {
        let table = [
            (10, 900, 1),
            (10, 1_000, 1),
            (10, 0, 10),
            (10, 500, 5),
            (5, 900, 1),
            (3, 500, 1),
            (15, 900, 1),
            (25, 900, 2),
        ];
        for (desired, minimum, at_once) in table {
            let from = preferences().with("minimum_healthy_percent", Value::Permille(minimum), "test");
            let view = View {
                desired,
                new: Side { target: desired, ..Side::default() },
                old: Side { target: 0, wanted: desired, available: desired },
                ..View::default()
            };
            let plan = rolling(&from).program[0].mover.plan(&view);
            assert_eq!((plan.stop_old(), plan.start), (at_once, 0), "{desired} at {minimum}");
        }
    }

    /// With more than 100 % instances are launched before others are terminated: 10 at 100 to 110 %, one.
    #[test]
    fn launched_before_others_are_terminated() {
        let from = preferences().with("minimum_healthy_percent", Value::Permille(1_000), "test");
        let from = from.with("maximum_percent", Value::Permille(1_100), "test");
        let view = View {
            desired: 10,
            new: Side { target: 10, ..Side::default() },
            old: Side { target: 0, wanted: 10, available: 10 },
            ..View::default()
        };
        let plan = rolling(&from).program[0].mover.plan(&view);
        assert_eq!((plan.stop_old(), plan.start), (0, 1));
    }
}
