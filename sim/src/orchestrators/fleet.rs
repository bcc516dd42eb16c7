//! Fleet and a script: units cannot be changed, so a deploy destroys, submits and starts one after another.
//!
//! Left out: that Fleet looks at no host's cpu and memory, the small units beside each one, and machines
//! that etcd does not see any more.

use super::settings::{BILLING, DEREGISTRATION, HOST_DRAIN, PLACEMENTS, PULLS, SLOT_RELEASE};
use super::{Orchestrator, Strategy};
use crate::deploy::{Bound, Gate, GateLevel, Hold, Mover, OnUnhealthy, Rollout, Size, Slots, Step, strategies};
use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::parameters::{Parameters, Value};

/// Fleet and a script.
pub fn fleet() -> Orchestrator {
    Orchestrator {
        name: "fleet",
        title: "CoreOS Fleet and a script",
        parameters: parameters(),
        strategies: vec![
            Strategy::new(
                "rolling",
                Parameters::none()
                    .with("parallelism", 1, "FLEET issue 960: one unit at a time; E: range 1 to all")
                    .with("delay", Duration::from_secs(5), "FLEET issue 960: sleep 5. E: range 0 to 60 s"),
                rolling,
            ),
            Strategy::new(
                "blue-green",
                Parameters::none().with(
                    "promotion",
                    Dist::fixed_millis(300_000),
                    "E: somebody looks at app-v2@1..N before app-v1 is destroyed, 5 min (range 0 to hours)",
                ),
                |from| {
                    let green = Step::beside(Size::ALL).holding(Hold::Until(from.random("promotion")));
                    Rollout { gate: ACTIVE, ..Rollout::new(vec![green, Step::remove_old()]) }
                },
            ),
        ],
    }
}

/// The unit is active; nobody asks whether it serves.
const ACTIVE: Gate = Gate { level: GateLevel::Running, min_for: Duration::ZERO, deadline: None };

fn rolling(from: &Parameters) -> Rollout {
    let mover = Mover::Slots(Slots {
        barrier: true,
        delay: from.span("delay"),
        on_unhealthy: OnUnhealthy::Ignore,
        ..Slots::at_once(Bound::tasks(from.count("parallelism")))
    });
    Rollout { gate: ACTIVE, ..strategies::rolling(mover) }
}

fn parameters() -> Parameters {
    Parameters::none()
        .with(
            "tick",
            Duration::from_secs(2),
            "FLEET fleetd.go: engine_reconcile_interval, 2 s. E: sooner where an event of etcd comes first (range 0.1 to 2 s)",
        )
        .with("settles", true, "FLEET reconciler.go: all units at each look")
        .with("first_review", Dist::uniform_millis(0, 2_000), "FLEET fleetd.go: the engine's next look")
        .with("healthy_after", Dist::ZERO, "FLEET: a unit that is active is all there is to know")
        .with(
            "deregistration",
            Value::Word("with-stop", DEREGISTRATION),
            "FLEET Documentation: a sidekick unit bound to the unit takes it out of the load balancer",
        )
        .with("slot_release", Value::Word("stopped", SLOT_RELEASE), "FLEET reconcile.go: when the unit is unloaded")
        .with("replaces_unhealthy_targets", false, "FLEET: it knows no health")
        .with(
            "poll",
            Duration::from_secs(5),
            "FLEET agent/reconcile.go: 5 s. E: sooner where an event of etcd comes first (range 0.1 to 5 s)",
        )
        .with("provisioning", Dist::ZERO, "FLEET: none")
        .with("pulls", Value::Word("parallel", PULLS), "E: each unit pulls for itself before it starts")
        .with("pull_throughput", Value::Throughput(24_000_000), "E: 200 MB take 5 to 10 s cold (range 10 to 60 MB/s)")
        .with(
            "image_check",
            Dist::uniform_millis(300, 1_500),
            "FLEET Documentation: ExecStartPre docker pull, each time. E: the registry's answer (range 0.1 to 2 s)",
        )
        .with("startup", Dist::fixed_millis(1_500), "E: docker kill, rm and run (range 0.5 to 5 s)")
        .with("report", Dist::uniform_millis(0, 1_000), "E: the unit's state in etcd (range 0.1 to 5 s)")
        .with("pre_stop", Duration::ZERO, "FLEET: none")
        .with("exit", Dist::fixed_millis(1_000), "E: an application that handles SIGTERM (range 0 to 30 s)")
        .with("stop_timeout", Duration::from_secs(10), "FLEET Documentation: ExecStop docker stop, 10 s")
        .with("stop_tail", Dist::uniform_millis(100, 1_000), "E: the unit's state in etcd (range 0.1 to 5 s)")
        .with("host_drain", Value::Word("stop-first", HOST_DRAIN), "FLEET: units of a machine that leaves go elsewhere")
        .with("loss_detection", Dist::uniform_millis(30_000, 32_000), "FLEET: a lease of 30 s, a look every 2 s")
        .with(
            "placement",
            Value::Word("least-tasks", PLACEMENTS),
            "FLEET scheduler.go: the machine with fewest units, then the lowest id",
        )
        .with("billing", Value::Word("per-hour", BILLING), "EC2: by the started hour until 2017-10-02")
}
