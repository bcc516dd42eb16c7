//! Nomad: a service job with an `update` block, replaced slot by slot, with canaries if it has any.
//!
//! Left out: an allocation whose task restarts in place is unhealthy for good in Nomad, here only until it is healthy again; a
//! deployment with canaries that fails after the promotion stays as it is in Nomad unless `auto_revert` is set, here the
//! version before comes back.

use super::settings::{BILLING, DEREGISTRATION, HOST_DRAIN, PLACEMENTS, PULLS, SLOT_RELEASE};
use super::{Orchestrator, Strategy};
use crate::deploy::{
    Act, Bound, Detector, FailurePolicy, Gate, GateLevel, Hold, Mover, OnUnhealthy, RollBack, Rollout, Size, Slots,
    Step, strategies,
};
use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::parameters::{Parameters, Value};

/// Nomad.
pub fn nomad() -> Orchestrator {
    let reverted = || {
        update_block(Parameters::none().with("max_parallel", 1, "NOMAD structs.go DefaultUpdateStrategy: 1; 0 is all"))
            .with("rollback", false, "NOMAD structs.go DefaultUpdateStrategy: auto_revert, false")
    };
    Orchestrator {
        name: "nomad",
        title: "Nomad, service jobs",
        parameters: parameters(),
        strategies: vec![
            Strategy::new("rolling", reverted(), |from| {
                let act = if from.flag("rollback") { Act::RollBack(RollBack::Reverse) } else { Act::Stop };
                Rollout {
                    gate: healthy(from),
                    failure: failure(from, act),
                    ..strategies::rolling(Mover::Slots(slots(from)))
                }
            }),
            Strategy::new(
                "canary",
                promoted(update_block(
                    Parameters::none().with("canary", 1, "E: NOMAD has 0, none; one (range 1 to the count)").with(
                        "max_parallel",
                        1,
                        "NOMAD structs.go DefaultUpdateStrategy: 1; 0 is all",
                    ),
                )),
                |from| {
                    let canaries = Step::beside(Size::Of(Bound::tasks(from.count("canary"))));
                    let rest = Step::all(Mover::Slots(slots(from)));
                    with_canaries(from, Rollout::new(vec![canaries.holding(promotion(from)), rest]))
                },
            ),
            Strategy::new("blue-green", promoted(update_block(Parameters::none())), |from| {
                // As many canaries as tasks: at the promotion the old ones go, all of them.
                let green = Step::beside(Size::ALL).holding(promotion(from));
                with_canaries(from, Rollout::new(vec![green, Step::remove_old()]))
            }),
        ],
    }
}

fn update_block(parameters: Parameters) -> Parameters {
    parameters
        .with("min_healthy_time", Duration::from_secs(10), "NOMAD structs.go DefaultUpdateStrategy: 10 s")
        .with("healthy_deadline", Duration::from_secs(300), "NOMAD structs.go DefaultUpdateStrategy: 5 min")
        .with(
            "progress_deadline",
            Duration::from_secs(600),
            "NOMAD structs.go DefaultUpdateStrategy: 10 min; 0 fails with the first late task",
        )
}

fn promoted(parameters: Parameters) -> Parameters {
    parameters.with(
        "promotion",
        Dist::fixed_millis(300_000),
        "E: auto_promote is false, and somebody takes 5 min (range 0, with auto_promote, to hours)",
    )
}

fn promotion(from: &Parameters) -> Hold {
    Hold::Until(from.random("promotion"))
}

/// A deployment that fails before the promotion stops its canaries, and the old tasks are all there (`reconcile_test.go`).
fn with_canaries(from: &Parameters, rollout: Rollout) -> Rollout {
    let act = Act::RollBack(RollBack::DropNew { after: Duration::ZERO });
    Rollout { gate: healthy(from), failure: failure(from, act), ..rollout }
}

/// Stop and start are one plan, and the new allocation waits on its host until the old one is gone (`upstream_allocs`).
fn slots(from: &Parameters) -> Slots {
    let window = Bound::tasks(from.count("max_parallel"));
    Slots { on_unhealthy: OnUnhealthy::BlockAll, ..Slots::at_once(window) }
}

/// Healthy for `min_healthy_time`, at most `healthy_deadline` after the start (`allochealth/tracker.go`).
fn healthy(from: &Parameters) -> Gate {
    Gate {
        level: GateLevel::Ready,
        min_for: from.span("min_healthy_time"),
        deadline: from.span_above_zero("healthy_deadline"),
    }
}

/// Each healthy task puts the deadline off (`deployment_watcher.go`).
fn failure(from: &Parameters, act: Act) -> FailurePolicy {
    let detector = from.span_above_zero("progress_deadline").map_or(Detector::GateDeadline, Detector::NoProgress);
    FailurePolicy::any([detector], act)
}

fn parameters() -> Parameters {
    Parameters::none()
        .with("tick", Duration::ZERO, "NOMAD: evaluations are made by changes")
        .with(
            "latency",
            Duration::from_millis(250),
            "NOMAD deployment_watcher.go: evaluations of one deployment are gathered for 250 ms",
        )
        .with("settles", true, "NOMAD reconcile_cluster.go: one plan does all that the limit allows")
        .with("first_review", Dist::uniform_millis(10, 200), "E: an evaluation and its plan (range 10 to 500 ms)")
        .with(
            "healthy_after",
            Dist::uniform_millis(0, 500),
            "NOMAD allochealth/tracker.go: checks are looked at every 500 ms",
        )
        .with(
            "deregistration",
            Value::Word("with-stop", DEREGISTRATION),
            "NOMAD: taken out of Consul, then killed after shutdown_delay, 0",
        )
        .with(
            "slot_release",
            Value::Word("stopped", SLOT_RELEASE),
            "NOMAD: an allocation counts until its client says that it is terminal",
        )
        .with(
            "replaces_unhealthy_targets",
            false,
            "NOMAD: a check that fails restarts nothing unless check_restart says so",
        )
        .with("check_passes_after", Dist::uniform_millis(0, 10_000), "E: a Consul check every 10 s (range 1 to 30 s)")
        .with("restart_first", Duration::from_secs(15), "NOMAD structs.go: restart delay of service jobs, 15 s")
        .with("restart_attempts", 2, "NOMAD structs.go: 2 in 30 min, mode fail. E: any 2 here")
        .with("replace_first", Duration::from_secs(30), "NOMAD structs.go: reschedule delay of service jobs, 30 s")
        .with("replace_second", Duration::from_secs(60), "NOMAD structs.go: exponential")
        .with("replace_factor", Value::Permille(2_000), "NOMAD structs.go: exponential")
        .with("replace_most", Duration::from_secs(3_600), "NOMAD structs.go: 1 h at most")
        .with("push", Dist::uniform_millis(50, 500), "E: a plan and a client's blocking query (range 20 ms to 1 s)")
        .with("provisioning", Dist::ZERO, "E: none with host networks (range 0 to 2 s with bridge networks)")
        .with("pulls", Value::Word("parallel", PULLS), "E: the Docker driver takes turns for the same image only")
        .with("pull_throughput", Value::Throughput(24_000_000), "E: 200 MB take 5 to 10 s cold (range 10 to 60 MB/s)")
        .with(
            "image_check",
            Dist::ZERO,
            "E: no registry is asked for an image with a tag that is there (range 0 to 2 s)",
        )
        .with("startup", Dist::fixed_millis(1_000), "E: create and start of a container (range 0.5 to 2 s)")
        .with("report", Dist::uniform_millis(0, 200), "NOMAD client.go: states are sent in batches of 200 ms")
        .with("pre_stop", Duration::ZERO, "NOMAD structs.go: shutdown_delay, 0")
        .with("exit", Dist::fixed_millis(1_000), "E: an application that handles SIGTERM (range 0 to 30 s)")
        .with("stop_timeout", Duration::from_secs(5), "NOMAD structs.go: kill_timeout, 5 s")
        .with(
            "stop_tail",
            Dist::uniform_millis(100, 500),
            "E: a batch of 200 ms and the task's hooks (range 0.1 to 2 s)",
        )
        .with(
            "host_drain",
            Value::Word("stop-first", HOST_DRAIN),
            "NOMAD: a drain stops an allocation and places another in one plan. Left out: `migrate`'s one at a time",
        )
        .with(
            "loss_detection",
            Dist::uniform_millis(10_000, 20_000),
            "NOMAD config.go: a heartbeat of 10 s (more in large clusters) and 10 s of grace, somewhere in the first",
        )
        .with("placement", Value::Word("nomad", PLACEMENTS), "NOMAD rank.go: bin packing and anti-affinity")
        .with("billing", Value::Word("per-second", BILLING), "EC2 Linux since 2017-10-02: 60 s at least")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::{Side, View};

    /// Rows of `reconcile_test.go`, count 10: the limit is `max_parallel` less what is not healthy yet, and 0 is none.
    #[test]
    fn destructive_updates_of_ten() {
        let updates = |max_parallel: u32, new: u32, healthy: u32| {
            let from = nomad().strategies[0].parameters.clone().with("max_parallel", max_parallel, "test");
            let view = View {
                desired: 10,
                new: Side { target: 10, wanted: new, available: healthy },
                old: Side { target: 0, wanted: 10 - new, available: 10 - new },
                rested: healthy,
                ..View::default()
            };
            slots(&from).plan(&view).stop_old()
        };
        assert_eq!(updates(4, 0, 0), 4, "RollingUpgrade_Destructive");
        assert_eq!(updates(0, 0, 0), 10, "DestructiveMaxParallel");
        for healthy in 0..=4 {
            assert_eq!(updates(4, 4, healthy), healthy, "DeploymentLimit_HealthAccounting");
        }
    }
}
