//! Rancher 1.x with Cattle: a service upgraded batch by batch, or rolled over to another service.
//!
//! Left out: that the old containers of an upgrade stay stopped, with their disks, until somebody finishes it or rolls it back.

use super::settings::{BILLING, DEREGISTRATION, HOST_DRAIN, PLACEMENTS, PULLS, SLOT_RELEASE};
use super::{Orchestrator, Strategy};
use crate::deploy::{Bound, Gate, GateLevel, Mover, Rollout, SlotOp, Slots, strategies};
use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::parameters::{Parameters, Value};

/// Words of the knob `order`.
const ORDERS: &[&str] = &["stop-first", "start-first"];

/// Rancher 1.x with Cattle.
pub fn rancher() -> Orchestrator {
    Orchestrator {
        name: "rancher",
        title: "Rancher 1.x with Cattle",
        parameters: parameters(),
        strategies: vec![
            Strategy::new(
                "in-service",
                Parameters::none()
                    .with("batch_size", 1, "CATTLE ServiceUpgradeStrategy.java: 1 (rancher-compose up: 2)")
                    .with(
                        "interval",
                        Duration::from_secs(2),
                        "CATTLE ServiceUpgradeStrategy.java: 2,000 ms (rancher-compose up: 1,000 ms)",
                    )
                    .with(
                        "order",
                        Value::Word("stop-first", ORDERS),
                        "CATTLE InServiceUpgradeStrategy: startFirst, false",
                    ),
                in_service,
            ),
            Strategy::new(
                "to-service",
                Parameters::none().with("batch_size", 2, "CATTLE, rancher-compose upgrade: 2 (API: 1)").with(
                    "interval",
                    Duration::from_secs(2),
                    "CATTLE, rancher-compose upgrade: 2,000 ms",
                ),
                to_service,
            ),
        ],
    }
}

/// Batches that wait for their health, forever if need be, and then for the interval (`doInServiceUpgrade`).
fn batches(from: &Parameters, op: SlotOp) -> Rollout {
    let mover = Mover::Slots(Slots {
        op,
        barrier: true,
        delay: from.span("interval"),
        ..Slots::at_once(Bound::tasks(from.count("batch_size")))
    });
    let healthy = Gate { level: GateLevel::Ready, min_for: Duration::ZERO, deadline: None };
    Rollout { gate: healthy, ..strategies::rolling(mover) }
}

fn in_service(from: &Parameters) -> Rollout {
    batches(from, if from.word("order") == "start-first" { SlotOp::StartStop } else { SlotOp::StopStart })
}

/// `doToServiceUpgrade` does one thing at a time, an interval apart, as long as the new service is healthy: it grows by a batch,
/// then the old one shrinks by one.
fn to_service(from: &Parameters) -> Rollout {
    let rollout = batches(from, SlotOp::StartStop);
    Rollout { gate: Gate { min_for: from.span("interval"), ..rollout.gate }, ..rollout }
}

fn parameters() -> Parameters {
    Parameters::none()
        .with("tick", Duration::from_secs(1), "CATTLE UpgradeManagerImpl.java: it waits in steps of 1 s")
        .with("settles", true, "CATTLE UpgradeManagerImpl.java: a batch at each look")
        .with("first_review", Dist::uniform_millis(0, 1_000), "E: the upgrade's process begins (range 0.1 to 5 s)")
        .with("healthy_after", Dist::ZERO, "CATTLE: without a health check a container that runs is healthy")
        .with(
            "deregistration",
            Value::Word("with-stop", DEREGISTRATION),
            "CATTLE: the load balancers' lists follow the containers' states",
        )
        .with(
            "slot_release",
            Value::Word("stopped", SLOT_RELEASE),
            "CATTLE: cpu and memory of a stopped container are free; its name and disk are not",
        )
        .with("replaces_unhealthy_targets", false, "CATTLE: it knows its own health checks only")
        .with(
            "check_passes_after",
            Dist::uniform_millis(2_000, 4_000),
            "CATTLE docs, health checks: two in a row, 2 s apart (the example's numbers)",
        )
        .with(
            "check_fails_after",
            Dist::fixed_millis(60_000),
            "CATTLE docs, health checks: initializing timeout, 60 s, then it is made anew",
        )
        .with(
            "replace_first",
            Duration::from_secs(1),
            "E: the service is reconciled when a container stops (range 0 to 10 s)",
        )
        .with("push", Dist::uniform_millis(100, 1_000), "E: an event to the host's agent and back (range 0.1 to 5 s)")
        .with("provisioning", Dist::uniform_millis(500, 2_000), "E: the managed network's address (range 0 to 5 s)")
        .with("pulls", Value::Word("parallel", PULLS), "E: as Docker pulls")
        .with("pull_throughput", Value::Throughput(24_000_000), "E: 200 MB take 5 to 10 s cold (range 10 to 60 MB/s)")
        .with(
            "image_check",
            Dist::ZERO,
            "E: no registry is asked for an image that is there, without the pull_image label (range 0 to 2 s)",
        )
        .with("startup", Dist::fixed_millis(1_000), "E: create and start of a container (range 0.5 to 2 s)")
        .with("report", Dist::uniform_millis(100, 1_000), "E: as push (range 0.1 to 5 s)")
        .with("pre_stop", Duration::ZERO, "CATTLE: none")
        .with("exit", Dist::fixed_millis(1_000), "E: an application that handles SIGTERM (range 0 to 30 s)")
        .with("stop_timeout", Duration::from_secs(10), "E: as docker stop, 10 s (range 1 to 60 s)")
        .with("stop_tail", Dist::uniform_millis(100, 1_000), "E: as push (range 0.1 to 5 s)")
        .with(
            "host_drain",
            Value::Word("stop-first", HOST_DRAIN),
            "CATTLE: an evacuated host's containers go elsewhere",
        )
        .with("loss_detection", Dist::fixed_millis(60_000), "E: a ping that fails (range 30 s to 3 min)")
        .with(
            "placement",
            Value::Word("least-tasks", PLACEMENTS),
            "CATTLE: rancher/scheduler sort.go, fewest containers; without it at random",
        )
        .with("billing", Value::Word("per-hour", BILLING), "EC2: by the started hour until 2017-10-02")
}
