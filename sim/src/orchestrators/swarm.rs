//! Docker Swarm mode: workers that replace one slot of a service after another.
//!
//! Left out: that a task whose health check ends it has failed before RUNNING, however long that took (here it counts within
//! `monitor` only), that a rollback pauses when it fails too, and that hosts where a service failed often come last.

use super::settings::{BILLING, DEREGISTRATION, HOST_DRAIN, PLACEMENTS, PULLS, SLOT_RELEASE};
use super::{Orchestrator, Strategy};
use crate::deploy::{
    Act, Bound, Detector, FailurePolicy, Gate, GateLevel, Hold, Mover, OnUnhealthy, RollBack, Rollout, SlotOp, Slots,
    Step,
};
use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::parameters::{Parameters, Value};

/// Words of the knob `order`.
const ORDERS: &[&str] = &["stop-first", "start-first"];
/// Words of the knob `failure_action`.
const FAILURE_ACTIONS: &[&str] = &["pause", "continue", "rollback"];

/// Docker Swarm mode.
pub fn swarm() -> Orchestrator {
    Orchestrator {
        name: "swarm",
        title: "Docker Swarm mode",
        parameters: parameters(),
        strategies: vec![Strategy::new("rolling", update_config(), rolling)],
    }
}

fn update_config() -> Parameters {
    Parameters::none()
        .with("parallelism", 1, "SWARMKIT api/defaults/service.go: 1; 0 is all")
        .with("delay", Duration::ZERO, "SWARMKIT api/defaults/service.go: 0")
        .with("order", Value::Word("stop-first", ORDERS), "SWARMKIT api/defaults/service.go: stop-first")
        .with("failure_action", Value::Word("pause", FAILURE_ACTIONS), "SWARMKIT api/defaults/service.go: pause")
        .with("monitor", Duration::from_secs(5), "SWARMKIT api/defaults/service.go: 5 s (30 s in older ones)")
        .with("max_failure_ratio", Value::Permille(0), "SWARMKIT api/defaults/service.go: 0")
        .with(
            "handover_timeout",
            Duration::from_secs(60),
            "SWARMKIT restart.go: a start waits 1 min for the old task at most",
        )
}

fn rolling(from: &Parameters) -> Rollout {
    let delay = from.span("delay");
    let mover = Mover::Slots(Slots {
        op: if from.word("order") == "start-first" { SlotOp::StartStop } else { SlotOp::StopStart },
        delay,
        stop_timeout: Some(from.span("handover_timeout")),
        on_unhealthy: OnUnhealthy::Ignore,
        ..Slots::at_once(Bound::tasks(from.count("parallelism")))
    });
    // updater.go: a worker waits after its last slot too, and then failures are watched for one period more.
    let watch = Hold::For(delay + from.span("monitor"));
    let detector =
        Detector::TasksDie { within: from.span("monitor"), most_permille: from.permille("max_failure_ratio") };
    Rollout {
        // RUNNING comes after the health check of the image, where there is one.
        gate: Gate { level: GateLevel::Ready, min_for: Duration::ZERO, deadline: None },
        failure: match from.word("failure_action") {
            "rollback" => FailurePolicy::any([detector], Act::RollBack(RollBack::Reverse)),
            // Failures are not watched at all.
            "continue" => FailurePolicy::NONE,
            _ => FailurePolicy::any([detector], Act::Pause),
        },
        ..Rollout::new(vec![Step::all(mover).holding(watch)])
    }
}

fn parameters() -> Parameters {
    Parameters::none()
        .with("tick", Duration::ZERO, "SWARMKIT updater.go: it watches the store")
        .with("latency", Duration::from_millis(10), "E: a watch within one process (range 1 to 100 ms)")
        .with("settles", true, "SWARMKIT updater.go: each worker goes on as soon as it can")
        .with("first_review", Dist::fixed_millis(10), "E: as latency (range 1 to 100 ms)")
        .with("healthy_after", Dist::ZERO, "MOBY executor controller.go: without a health check RUNNING is enough")
        .with(
            "deregistration",
            Value::Word("with-stop", DEREGISTRATION),
            "MOBY executor controller.go: the task leaves its virtual address as part of its shutdown",
        )
        .with(
            "slot_release",
            Value::Word("stopped", SLOT_RELEASE),
            "SWARMKIT scheduler.go: a task counts until its state is past RUNNING",
        )
        .with("pull_ahead", true, "SWARMKIT updater.go: the new task is made READY while the old one shuts down")
        .with("replaces_unhealthy_targets", false, "SWARMKIT: it knows its own health checks only")
        .with("check_passes_after", Dist::fixed_millis(30_000), "MOBY daemon/health.go: the first probe after 30 s")
        .with(
            "check_fails_after",
            Dist::fixed_millis(90_000),
            "MOBY daemon/health.go: 3 in a row, 30 s. E: a failed probe takes no time (range 90 to 180 s)",
        )
        .with("check_interval", Duration::from_secs(30), "MOBY daemon/health.go: every 30 s")
        .with("check_timeout", Duration::from_secs(30), "MOBY daemon/health.go: 30 s")
        .with("check_unhealthy", 3, "MOBY daemon/health.go: 3 in a row")
        .with("check_healthy", 1, "MOBY daemon/health.go: one pass")
        .with(
            "replace_first",
            Duration::from_secs(5),
            "SWARMKIT api/defaults/service.go: restart delay, 5 s, any number",
        )
        .with(
            "push",
            Dist::uniform_millis(50, 150),
            "SWARMKIT scheduler.go: 50 ms without a change (1 s at most); dispatcher.go: batches of 100 ms",
        )
        .with("provisioning", Dist::ZERO, "E: none before the pull (range 0 to 1 s with overlay networks)")
        .with("pulls", Value::Word("parallel", PULLS), "E: as Docker pulls, three layers at once")
        .with("pull_throughput", Value::Throughput(24_000_000), "E: 200 MB take 5 to 10 s cold (range 10 to 60 MB/s)")
        .with(
            "image_check",
            Dist::uniform_millis(300, 1_500),
            "MOBY executor controller.go: a pull is always tried. E: the registry's answer (range 0.1 to 2 s)",
        )
        .with("startup", Dist::fixed_millis(1_000), "E: create and start of a container (range 0.5 to 2 s)")
        .with("report", Dist::uniform_millis(0, 100), "SWARMKIT dispatcher.go: states are written in batches of 100 ms")
        .with(
            "pre_stop",
            Duration::from_secs(2),
            "MOBY executor controller.go: 2 s after leaving the virtual address, for the gossip",
        )
        .with("exit", Dist::fixed_millis(1_000), "E: an application that handles SIGTERM (range 0 to 30 s)")
        .with("stop_timeout", Duration::from_secs(10), "SWARMKIT api/defaults/service.go: stop grace period, 10 s")
        .with("stop_tail", Dist::fixed_millis(300), "E: a batch of states and a watch (range 0.1 to 2 s)")
        .with(
            "host_drain",
            Value::Word("stop-first", HOST_DRAIN),
            "SWARMKIT: tasks on a drained node are shut down and started elsewhere",
        )
        .with("loss_detection", Dist::fixed_millis(20_000), "E: a few missed heartbeats of 5 s (range 15 to 30 s)")
        .with("placement", Value::Word("swarm", PLACEMENTS), "SWARMKIT scheduler.go: fewest tasks of the service first")
        .with("billing", Value::Word("per-second", BILLING), "EC2 Linux since 2017-10-02: 60 s at least")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::{Plan, Side, View};

    /// `updater_test.go`: 3 replicas, parallelism unset is all at once, 1 is one at a time; start-first starts beside.
    #[test]
    fn the_first_slots_of_three() {
        let old = Side { target: 0, wanted: 3, available: 3 };
        let view = View { desired: 3, old, new: Side { target: 3, ..Side::default() }, ..View::default() };
        let first = |parallelism: u32, order| {
            let config = update_config().with("parallelism", parallelism, "test");
            rolling(&config.with("order", Value::Word(order, ORDERS), "test")).program[0].mover.plan(&view)
        };
        assert_eq!(first(1, "stop-first"), Plan { stop_available: 1, ..Plan::default() });
        assert_eq!(first(0, "stop-first"), Plan { stop_available: 3, ..Plan::default() });
        assert_eq!(first(1, "start-first"), Plan { start: 1, ..Plan::default() });
    }
}
