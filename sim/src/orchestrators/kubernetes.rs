//! Kubernetes: a `Deployment`, whose new and old pods are two counts between `maxUnavailable` and `maxSurge`.
//!
//! The sources' keys (K8S, E, ...) are those of `docs/sources.md`. Left out: the way of a new endpoint to the proxies (0.1 to
//! 2 s), slow-start batches of creations, the scheduler's own back-off, and that a pre-stop hook uses up the grace period.

use super::settings::{BILLING, DEREGISTRATION, HOST_DRAIN, PLACEMENTS, PULLS, SLOT_RELEASE};
use super::{Orchestrator, Strategy};
use crate::deploy::{
    Act, Bound, Detector, FailurePolicy, Gate, GateLevel, Mover, Pool, Reap, Rollout, VictimOrder, ZeroRule, strategies,
};
use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::model::LaunchRate;
use crate::parameters::{Parameters, Value};

/// A `Deployment` of Kubernetes.
pub fn deployment() -> Orchestrator {
    Orchestrator {
        name: "kubernetes",
        title: "Kubernetes, Deployment",
        parameters: parameters(),
        strategies: vec![
            Strategy::new("rolling", deadline(min_ready(bounds())), |from| Rollout {
                gate: ready(from),
                failure: marking(from),
                ..strategies::rolling(Mover::Pool(pool(from)))
            }),
            Strategy::new("recreate", deadline(min_ready(Parameters::none())), |from| Rollout {
                gate: ready(from),
                failure: marking(from),
                ..strategies::recreate()
            }),
        ],
    }
}

/// The two bounds of a rolling update.
pub(super) fn bounds() -> Parameters {
    let source = "K8S apis/apps/v1/defaults.go: 25 %";
    Parameters::none().with("max_surge", Value::percent_up(25), source).with(
        "max_unavailable",
        Value::percent_down(25),
        source,
    )
}

pub(super) fn min_ready(parameters: Parameters) -> Parameters {
    parameters.with("min_ready", Duration::ZERO, "K8S api apps/v1: minReadySeconds, 0")
}

pub(super) fn deadline(parameters: Parameters) -> Parameters {
    parameters.with(
        "progress_deadline",
        Duration::from_secs(600),
        "K8S apis/apps/v1/defaults.go: progressDeadlineSeconds, 600",
    )
}

/// Bounds as `deployment_util.go` resolves them: the surge rounds up, what may be unavailable rounds down, and where both are
/// nothing one may be unavailable. Terminating pods count for neither (`replica_set.go`).
pub(super) fn pool(from: &Parameters) -> Pool {
    Pool {
        surge: from.bound("max_surge"),
        unavailable: from.bound("max_unavailable"),
        zero: ZeroRule::OneUnavailable,
        terminating_in_cap: false,
        reap: Reap::WithinRoom,
        window: None,
        victims: VictimOrder::MostOnHost,
    }
}

/// A pod is available when it has been ready for `minReadySeconds` (`pod/util.go`).
pub(super) fn ready(from: &Parameters) -> Gate {
    Gate { level: GateLevel::Ready, min_for: from.span("min_ready"), deadline: None }
}

/// The progress deadline sets a condition and nothing else (`progress.go`).
fn marking(from: &Parameters) -> FailurePolicy {
    match from.span_above_zero("progress_deadline") {
        Some(span) => FailurePolicy::any([Detector::NoProgress(span)], Act::Report),
        None => FailurePolicy::NONE,
    }
}

/// A number of pods where Kubernetes refuses 0: 1 in its place.
pub(super) fn at_least_one(bound: Bound) -> Bound {
    // What is nothing of so many is nothing of any number.
    if bound.of(1_000_000) == 0 { Bound::tasks(1) } else { bound }
}

pub(super) fn parameters() -> Parameters {
    Parameters::none()
        .with("tick", Duration::ZERO, "K8S: controllers watch")
        .with("latency", Duration::from_millis(50), "E: one watch and one sync (range 10 to 100 ms)")
        .with("settles", true, "K8S rolling.go: each sync scales once, and its own write brings the next sync")
        .with("first_review", Dist::uniform_millis(10, 100), "E: as latency (range 10 to 100 ms)")
        .with("healthy_after", Dist::ZERO, "K8S pod/util.go: without a readiness probe a running container is ready")
        .with(
            "deregistration",
            Value::Word("with-stop", DEREGISTRATION),
            "K8S: the endpoint goes while the kubelet stops the pod",
        )
        .with(
            "slot_release",
            Value::Word("stopped", SLOT_RELEASE),
            "K8S: the scheduler counts a pod until it is deleted, after its containers and volumes",
        )
        .with(
            "launch_rate",
            LaunchRate { per_minute: 1_200, burst: 30 },
            "E: the controller manager's client, 20 a second, burst 30 (range 20 to 500 a second)",
        )
        .with("replaces_unhealthy_targets", false, "K8S: a load balancer's verdict takes traffic away and no pod")
        .with(
            "check_passes_after",
            Dist::uniform_millis(0, 10_000),
            "K8S prober/worker.go: a readiness probe every 10 s, one success. E: at any phase (aligned: 0 to 10 s later)",
        )
        .with("check_interval", Duration::from_secs(10), "K8S SetDefaults_Probe: every 10 s")
        .with("check_timeout", Duration::from_secs(1), "K8S SetDefaults_Probe: 1 s")
        .with("check_unhealthy", 3, "K8S SetDefaults_Probe: 3 in a row")
        .with("check_healthy", 1, "K8S SetDefaults_Probe: one pass")
        .with(
            "rotation_end",
            Dist::uniform_millis(100, 2_000),
            "E: an endpoint's removal reaches the proxies, whose minimum is 1 s (K8S; range 0.1 to 2 s)",
        )
        .with("restart_first", Duration::ZERO, "K8S kuberuntime_manager.go: the first restart is immediate")
        .with("restart_second", Duration::from_secs(10), "K8S kubelet.go: backOffPeriod, 10 s")
        .with("restart_factor", Value::Permille(2_000), "K8S kubelet.go: doubling")
        .with("restart_most", Duration::from_secs(300), "K8S kubelet.go: MaxContainerBackOff, 300 s")
        .with("restart_reset", Duration::from_secs(600), "K8S kuberuntime_manager.go: twice the maximum")
        .with("replace_first", Duration::ZERO, "K8S replica_set.go: a pod that is lost is replaced at once")
        .with("push", Dist::uniform_millis(50, 300), "E: API, scheduler, kubelet, 10 to 100 ms each (range 30 to 500 ms)")
        .with("provisioning", Dist::uniform_millis(500, 2_000), "E: sandbox and network of a pod (range 0.5 to 2 s)")
        .with("pulls", Value::Word("serial", PULLS), "K8S kubelet config defaults.go: serializeImagePulls, true")
        .with("pull_throughput", Value::Throughput(24_000_000), "E: 200 MB take 5 to 10 s cold (range 10 to 60 MB/s)")
        .with("image_check", Dist::ZERO, "E: IfNotPresent asks no registry for an image that is there (range 0 to 2 s)")
        .with("startup", Dist::fixed_millis(1_000), "E: create and start of a container (range 0.5 to 2 s)")
        .with("report", Dist::uniform_millis(0, 1_000), "K8S kubelet.go: containers are listed every 1 s, told at once")
        .with("pre_stop", Duration::ZERO, "K8S: no hook unless one is given")
        .with("exit", Dist::fixed_millis(1_000), "E: an application that handles SIGTERM (range 0 to 30 s)")
        .with("stop_timeout", Duration::from_secs(30), "K8S api core/v1: terminationGracePeriodSeconds, 30")
        .with(
            "stop_tail",
            Dist::uniform_millis(500, 2_000),
            "E: a listing of containers every 1 s, volumes, deletion (range 0.5 to 5 s)",
        )
        .with("pods", true, "K8S: node allocatable, and a place for each pod (`maxPods`)")
        .with("image_cleanup_every", Duration::from_secs(300), "K8S kubelet.go: ImageGCPeriod, 5 min")
        .with("image_min_age", Duration::from_secs(120), "K8S kubelet config defaults.go: imageMinimumGCAge, 2 min")
        .with("image_cleanup_above", Value::Permille(850), "K8S kubelet config defaults.go: imageGCHighThresholdPercent, 85")
        .with("image_cleanup_down_to", Value::Permille(800), "K8S kubelet config defaults.go: imageGCLowThresholdPercent, 80")
        .with(
            "host_drain",
            Value::Word("stop-first", HOST_DRAIN),
            "K8S kubectl drain.go: evicted all at once, where no disruption budget holds them back",
        )
        .with(
            "loss_detection",
            Dist::fixed_millis(340_000),
            "K8S: 40 s without a lease and a toleration of 300 s until its pods are deleted",
        )
        .with("placement", Value::Word("kubernetes", PLACEMENTS), "K8S default_plugins.go: the default scores")
        .with("billing", Value::Word("per-second", BILLING), "EC2 Linux since 2017-10-02: 60 s at least")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::Limits;

    /// 25 % of 10 is 3 up and 2 down; 0 and 0 come to one unavailable (`rolling_test.go`, deployment of 10: 10 to 9).
    #[test]
    fn bounds_of_ten_pods() {
        let limits = |from| pool(&from).limits(10);
        assert_eq!(limits(bounds()), Limits { floor: 8, cap: 13 });
        let none = Value::tasks_up(0);
        let closed = bounds().with("max_surge", none.clone(), "test").with("max_unavailable", none, "test");
        assert_eq!(limits(closed), Limits { floor: 9, cap: 10 });
    }
}
