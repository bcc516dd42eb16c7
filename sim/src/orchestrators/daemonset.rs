//! A `DaemonSet` of Kubernetes: one pod a host, replaced on its host.
//!
//! Left out: that there is one pod a host. A scenario has as many tasks as hosts, and placement spreads them.

use super::{Orchestrator, Strategy, kubernetes};
use crate::deploy::{Mover, Rollout, SlotOp, Slots, strategies};
use crate::parameters::{Parameters, Value};

/// A `DaemonSet` of Kubernetes.
pub fn daemonset() -> Orchestrator {
    Orchestrator {
        name: "kubernetes-daemonset",
        title: "Kubernetes, DaemonSet",
        parameters: kubernetes::parameters(),
        strategies: vec![Strategy::new(
            "rolling",
            kubernetes::min_ready(
                Parameters::none()
                    .with(
                        "max_unavailable",
                        Value::tasks_up(1),
                        "K8S apis/apps/v1/defaults.go: 1, a percentage rounds up",
                    )
                    .with("max_surge", Value::tasks_up(0), "K8S apis/apps/v1/defaults.go: 0, a percentage rounds up"),
            ),
            |from| {
                // daemon/update.go: with a surge, new pods come beside old ones, which go when those are available.
                let surge = from.bound("max_surge");
                let (window, op) = if surge == kubernetes::at_least_one(surge) {
                    (surge, SlotOp::StartStop)
                } else {
                    (kubernetes::at_least_one(from.bound("max_unavailable")), SlotOp::StopStart)
                };
                let mover = Mover::Slots(Slots { op, ..strategies::all_at_once::in_place(window) });
                Rollout { gate: kubernetes::ready(from), ..strategies::rolling(mover) }
            },
        )],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The defaults stop one pod at a time; a surge of 30 % of 10 hosts starts 3 beside the old ones.
    #[test]
    fn a_surge_starts_first() {
        let strategy = daemonset().strategies.remove(0);
        let slots = |parameters: &Parameters| match (strategy.build)(parameters).program[0].mover {
            Mover::Slots(slots) => (slots.op, slots.workers(10)),
            Mover::Pool(_) => panic!("a pool"),
        };
        assert_eq!(slots(&strategy.parameters), (SlotOp::StopStart, 1));
        let surging = strategy.parameters.clone().with("max_surge", Value::percent_up(30), "test");
        assert_eq!(slots(&surging), (SlotOp::StartStop, 3));
    }
}
