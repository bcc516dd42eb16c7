//! Google Container Engine in 2015: replication controllers, and `kubectl rolling-update` that moves one pod a minute from one
//! to the other.
//!
//! Left out: bills by the minute (10 at least), a crash or a change of the count between two looks, which a replication
//! controller sees at once, and that kubectl before 1.1 (2015-11) does not wait until a new pod is ready (K8S 15557).

use super::{Orchestrator, Strategy, kubernetes};
use crate::deploy::{Act, Detector, FailurePolicy, Mover, Rollout, strategies};
use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::parameters::{Parameters, Value};

/// Google Container Engine of 2015.
pub fn gke_2015() -> Orchestrator {
    Orchestrator {
        name: "gke-2015",
        title: "Google Container Engine, 2015: kubectl rolling-update",
        parameters: kubernetes::parameters()
            .with(
                "tick",
                Duration::from_secs(72),
                "K8S kubectl rolling_updater.go, scale.go: 60 s and four polls that wait 3 s first (none in later ones)",
            )
            .with("latency", Duration::ZERO, "K8S rolling_updater.go: it looks once a period, whatever happens")
            .with("settles", true, "K8S rolling_updater.go: what has gone down makes room for the next at once")
            .with("first_review", Dist::fixed_millis(3_000), "K8S kubectl scale.go: a poll waits 3 s first"),
        strategies: vec![Strategy::new(
            "rolling-update",
            Parameters::none()
                .with("max_surge", Value::tasks_up(1), "K8S kubectl cmd/rollingupdate.go: 1")
                .with("max_unavailable", Value::tasks_down(0), "K8S kubectl cmd/rollingupdate.go: 0")
                .with("timeout", Duration::from_secs(300), "K8S kubectl cmd/rollingupdate.go: 5 min without progress"),
            |from| Rollout {
                    gate: kubernetes::ready(from),
                    failure: FailurePolicy::any([Detector::NoProgress(from.span("timeout"))], Act::Stop),
                    ..strategies::rolling(Mover::Pool(kubernetes::pool(from)))
            },
        )],
    }
}
