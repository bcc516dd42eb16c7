//! AWS Elastic Beanstalk: an application's versions on its instances, in place or on new ones. A task stands for the application
//! on an instance; what new instances take to boot is a knob of the policies that launch some.
//!
//! Left out: that new instances are paid for while they boot, that an additional batch's instances are the ones that go in the
//! end, and environments whose health reporting is basic (`min_healthy_time` 0 is that).

use super::settings::{BILLING, DEREGISTRATION, PLACEMENTS, SLOT_RELEASE};
use super::{Orchestrator, Strategy};
use crate::deploy::{
    Act, Completion, Detector, FailurePolicy, Gate, Hold, Mover, RollBack, Rollout, Size, Slots, Step, strategies,
};
use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::parameters::{Parameters, Value};

/// EB `command-options-general.md`: the service waits so long beyond the command's timeout.
const BEYOND_TIMEOUT: Duration = Duration::from_secs(240);

/// AWS Elastic Beanstalk.
pub fn beanstalk() -> Orchestrator {
    Orchestrator {
        name: "beanstalk",
        title: "AWS Elastic Beanstalk",
        parameters: parameters(),
        strategies: vec![
            Strategy::new("all-at-once", healthy(Parameters::none()), |from| in_place(strategies::all_at_once(), from)),
            Strategy::new("rolling", healthy(batches()), |from| {
                let mover = Slots { barrier: true, ..strategies::all_at_once::in_place(from.bound("batch_size")) };
                in_place(strategies::rolling(Mover::Slots(mover)), from)
            }),
            Strategy::new("rolling-with-additional-batch", booting(healthy(batches())), |from| {
                let rollout = after_boot(strategies::additional_batch(from.bound("batch_size")), from);
                Rollout { completion: Completion::OldStopped, ..in_place(rollout, from) }
            }),
            Strategy::new("immutable", booting(healthy(Parameters::none())), |from| {
                let mut rollout = after_boot(strategies::immutable(), from);
                // After the first instance the others boot.
                rollout.program[1].holds.push(boot(from));
                new_group(rollout, from)
            }),
            Strategy::new(
                "traffic-splitting",
                booting(healthy(Parameters::none()))
                    .with(
                        "canary_percent",
                        Value::Permille(100),
                        "EB command-options-general.md: NewVersionPercent, 10",
                    )
                    .with(
                        "step_bake_time",
                        Duration::from_secs(300),
                        "EB command-options-general.md: EvaluationTime, 5 min",
                    ),
                |from| {
                    let evaluation = Hold::For(from.span("step_bake_time"));
                    let rollout = strategies::canary(&[from.permille("canary_percent")], &[evaluation], true);
                    new_group(after_boot(rollout, from), from)
                },
            ),
        ],
    }
}

fn batches() -> Parameters {
    Parameters::none().with(
        "batch_size",
        Value::percent_up(30),
        "EBCLI requests.py: 30 % (API: 100 %). E: the guide does not say how it is rounded; up (range down to up)",
    )
}

fn healthy(parameters: Parameters) -> Parameters {
    parameters
        .with(
            "min_healthy_time",
            Duration::from_secs(120),
            "EB using-features.rolling-version-deploy.md: 12 checks in a row within 2 min (workers: 18 within 3 min)",
        )
        .with(
            "timeout",
            Duration::from_secs(600),
            "EB command-options-general.md: Timeout, 600 s, and 240 s internally",
        )
}

fn booting(parameters: Parameters) -> Parameters {
    parameters.with(
        "boot",
        Dist::uniform_millis(60_000, 180_000),
        "E: launch, boot and the platform's set-up of an instance (range 40 s to 10 min)",
    )
}

fn boot(from: &Parameters) -> Hold {
    Hold::Until(from.random("boot"))
}

/// Nothing is deployed before the new instances are there.
fn after_boot(mut rollout: Rollout, from: &Parameters) -> Rollout {
    rollout.program.insert(0, Step::beside(Size::Keep).holding(boot(from)));
    rollout
}

/// A batch that is not healthy in time ends the deploy and leaves a mixed fleet.
fn in_place(rollout: Rollout, from: &Parameters) -> Rollout {
    Rollout {
        gate: Gate {
            min_for: from.span("min_healthy_time"),
            deadline: Some(from.span("timeout") + BEYOND_TIMEOUT),
            ..Gate::IN_SERVICE
        },
        failure: FailurePolicy::any([Detector::GateDeadline], Act::Stop),
        ..rollout
    }
}

/// New instances that are not healthy in time are terminated, and the others were not touched; so are those whose health
/// turns bad while the traffic is split.
fn new_group(rollout: Rollout, from: &Parameters) -> Rollout {
    let splits = rollout.program.iter().any(|step| step.weight.is_some());
    let alarm = splits.then_some(Detector::Alarm);
    let failure = FailurePolicy::any(
        [Detector::GateDeadline].into_iter().chain(alarm),
        Act::RollBack(RollBack::DropNew { after: Duration::ZERO }),
    );
    Rollout { failure, completion: Completion::OldStopped, ..in_place(rollout, from) }
}

fn parameters() -> Parameters {
    Parameters::none()
        .with("tick", Duration::from_secs(10), "E: how often an environment is looked at (range 5 to 60 s)")
        .with("settles", true, "E: a batch at each look (range no to yes)")
        .with("first_review", Dist::uniform_millis(0, 10_000), "E: as tick (range 0 to 60 s)")
        .with("healthy_after", Dist::ZERO, "EB: without a load balancer an instance that runs is healthy")
        .with(
            "deregistration",
            Value::Word("same-review", DEREGISTRATION),
            "EB using-features.rolling-version-deploy.md: a batch is detached and drained, then deployed to. \
             E: so is all at once (range no to yes)",
        )
        .with("slot_release", Value::Word("stopped", SLOT_RELEASE), "EB: an instance runs one version at a time")
        .with(
            "replaces_unhealthy_targets",
            false,
            "EB: its group goes by EC2's own checks, unless those of the load balancer are turned on",
        )
        .with("restart_first", Duration::from_secs(1), "E: the platform restarts the process (range 0.1 to 10 s)")
        .with("push", Dist::uniform_millis(1_000, 10_000), "E: a command's way to the host manager (range 0 to 30 s)")
        .with(
            "startup",
            Dist::fixed_millis(30_000),
            "E: the bundle, the platform's hooks and the application's start (range 5 s to 10 min)",
        )
        .with("report", Dist::uniform_millis(1_000, 10_000), "E: health is reported every 10 s (range 1 to 20 s)")
        .with("pre_stop", Duration::ZERO, "EB: none")
        .with("exit", Dist::fixed_millis(1_000), "E: an application that handles SIGTERM (range 0 to 30 s)")
        .with("stop_timeout", Duration::from_secs(10), "E: it depends on the platform (range 5 to 90 s)")
        .with("stop_tail", Dist::ZERO, "E: the next version is deployed by the same command (range 0 to 5 s)")
        .with("placement", Value::Word("spread", PLACEMENTS), "ASG: instances are spread over the zones")
        .with("billing", Value::Word("per-second", BILLING), "EC2 Linux since 2017-10-02: 60 s at least")
}
