//! A `StatefulSet` of Kubernetes: pods with ordinals, replaced from the highest one down, each when the one before is available.
//!
//! Left out: that a pod of a lost host is not replaced until somebody says so.

use super::{Orchestrator, Strategy, kubernetes};
use crate::deploy::{Bound, Mover, Rollout, Size, SlotOrder, Slots, Step, strategies};
use crate::parameters::{Parameters, Value};

/// A `StatefulSet` of Kubernetes.
pub fn statefulset() -> Orchestrator {
    Orchestrator {
        name: "kubernetes-statefulset",
        title: "Kubernetes, StatefulSet",
        parameters: kubernetes::parameters(),
        strategies: vec![Strategy::new(
            "rolling",
            kubernetes::min_ready(Parameters::none().with("partition", 0, "K8S apis/apps/v1/defaults.go: 0").with(
                "max_unavailable",
                Value::tasks_up(1),
                "K8S api apps/v1: 1, a percentage rounds up",
            )),
            |from| {
                let window = kubernetes::at_least_one(from.bound("max_unavailable"));
                // stateful_set_control.go: nothing goes on while a pod is not available.
                let mover = Mover::Slots(Slots { order: SlotOrder::Descending, ..Slots::at_once(window) });
                let rollout = match from.count("partition") {
                    0 => strategies::rolling(mover),
                    kept => Rollout::new(vec![Step::new(Size::AllBut(kept), Size::Of(Bound::tasks(kept)), mover)]),
                };
                Rollout { gate: kubernetes::ready(from), ..rollout }
            },
        )],
    }
}
