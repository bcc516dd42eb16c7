//! Docker alone: a script goes from host to host and puts a new container in the place of the old one.
//!
//! Left out: that the script pulls before it stops anything (here the pull begins with the stop).

use super::settings::{BILLING, DEREGISTRATION, PLACEMENTS, PULLS, SLOT_RELEASE};
use super::{Orchestrator, Strategy};
use crate::deploy::{Bound, Gate, GateLevel, Mover, OnUnhealthy, Rollout, Slots, strategies};
use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::parameters::{Parameters, Value};

/// Docker and a script.
pub fn docker() -> Orchestrator {
    Orchestrator {
        name: "docker",
        title: "Docker and a script over its hosts",
        parameters: engine()
            .with("push", Dist::uniform_millis(500, 2_000), "E: ssh to a host (range 0.1 to 5 s)")
            .with("placement", Value::Word("spread", PLACEMENTS), "E: the script's list of hosts (range any)"),
        strategies: vec![Strategy::new(
            "one-at-a-time",
            Parameters::none().with("parallelism", 1, "E: a loop over the hosts (range 1 to all)").with(
                "delay",
                Duration::ZERO,
                "E: nobody waits (range 0 to 60 s)",
            ),
            one_at_a_time,
        )],
    }
}

/// A container that was started is good enough for `docker run` and for Compose.
pub(super) const STARTED: Gate = Gate { level: GateLevel::Running, min_for: Duration::ZERO, deadline: None };

fn one_at_a_time(from: &Parameters) -> Rollout {
    let window = Bound::tasks(from.count("parallelism"));
    let mover = Mover::Slots(Slots {
        delay: from.span("delay"),
        on_unhealthy: OnUnhealthy::Ignore,
        ..strategies::all_at_once::in_place(window)
    });
    Rollout { gate: STARTED, ..strategies::rolling(mover) }
}

/// Docker's own ways, whoever gives it commands.
pub(super) fn engine() -> Parameters {
    Parameters::none()
        .with("tick", Duration::ZERO, "MOBY: a command returns when it is done")
        .with("latency", Duration::from_millis(10), "E: a call of the engine's API (range 1 to 100 ms)")
        .with("settles", true, "MOBY: a command returns when it is done")
        .with("first_review", Dist::fixed_millis(10), "E: as latency (range 1 to 100 ms)")
        .with("healthy_after", Dist::ZERO, "MOBY: a container without a health check serves when it runs")
        .with("deregistration", Value::Word("with-stop", DEREGISTRATION), "MOBY: it knows no load balancer")
        .with("slot_release", Value::Word("stopped", SLOT_RELEASE), "MOBY: a name and a port are free when they are")
        .with("replaces_unhealthy_targets", false, "MOBY: an unhealthy container is marked so, and stays")
        .with("pull_ahead", true, "E: the image is pulled before its container is made anew (range no to yes)")
        .with("check_passes_after", Dist::fixed_millis(30_000), "MOBY daemon/health.go: the first probe after 30 s")
        .with("check_interval", Duration::from_secs(30), "MOBY daemon/health.go: every 30 s")
        .with("check_timeout", Duration::from_secs(30), "MOBY daemon/health.go: 30 s")
        .with("check_unhealthy", 3, "MOBY daemon/health.go: 3 in a row")
        .with("check_healthy", 1, "MOBY daemon/health.go: one pass")
        .with("push", Dist::uniform_millis(1, 20), "E: a call of the engine's API (range 1 to 100 ms)")
        .with("provisioning", Dist::ZERO, "MOBY: none before the container")
        .with("pulls", Value::Word("parallel", PULLS), "E: as Docker pulls, three layers at once")
        .with("pull_throughput", Value::Throughput(24_000_000), "E: 200 MB take 5 to 10 s cold (range 10 to 60 MB/s)")
        .with("image_check", Dist::uniform_millis(300, 1_500), "E: the registry's answer to a pull (range 0.1 to 2 s)")
        .with("startup", Dist::fixed_millis(1_000), "E: create and start of a container (range 0.5 to 2 s)")
        .with("report", Dist::ZERO, "MOBY: the start returns when the container runs")
        .with("pre_stop", Duration::ZERO, "MOBY: none")
        .with("exit", Dist::fixed_millis(1_000), "E: an application that handles SIGTERM (range 0 to 30 s)")
        .with("stop_timeout", Duration::from_secs(10), "MOBY docker-stop(1): 10 s")
        .with("stop_tail", Dist::fixed_millis(200), "E: the container is removed (range 0.1 to 2 s)")
        .with("billing", Value::Word("per-second", BILLING), "EC2 Linux since 2017-10-02: 60 s at least")
}
