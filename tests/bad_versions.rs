//! Bad versions under every system: what becomes of the deploy by default, and with the knobs that each system has against them.
//! The keys of the sources are those of `docs/sources.md`.

mod support;

use Expected::{Blocked, Down, Ended, Failed, Paused, RolledBack, Stalled, Undocumented};
use Kind::{AtOnce, Later, Unwell};
use seatrial_sim::cluster::TaskState;
use seatrial_sim::deploy::Rollout;
use seatrial_sim::engine::fact::{Fact, ServiceId, TaskId};
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::model::{Fault, Model, Version};
use seatrial_sim::orchestrators::{Orchestrator, by_name};
use seatrial_sim::parameters::Value;
use support::law::latencies_and_surplus_s;
use support::systems::{after_s, every_strategy};
use support::{Played, play, secs, systems};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// No check ever passes.
    Unwell,
    /// It crashes before it runs.
    AtOnce,
    /// It crashes 30 s after its container's creation.
    Later,
    /// It passes every check and serves errors; an alarm would ring after a minute.
    Errors,
}

/// What becomes of a deploy of ten tasks. The new tasks are the most at once, the old ones those in service at the end, and the
/// seconds are those from the request on, to which waits and looks add a few minutes at most.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Expected {
    /// It ends well, with the bad version in place.
    Ended,
    /// It goes on trying.
    Blocked { new: usize, old: i64 },
    /// It is said to make no progress, and goes on trying.
    Stalled { new: usize, old: i64, s: u64 },
    /// Every task was replaced once, the deploy ends as if all were well, and those that crashed stay down.
    Down,
    /// It pauses.
    Paused { new: usize, old: i64 },
    /// It fails and stays as it is.
    Failed { new: usize, old: i64, s: u64 },
    /// It fails, and the version before is whole again.
    RolledBack { s: u64 },
    /// The sources do not say: it does not hang, and obeys the conservation law.
    Undocumented,
}

/// Looks, boots and drains before a clock begins or after it.
const SLACK_S: f64 = 200.0;

const TABLE: &[(&str, &str, Kind, Expected, &str)] = &[
    ("ecs", "rolling", Unwell, Blocked { new: 10, old: 10 }, "DG: it retries for ever without the circuit breaker"),
    ("ecs", "rolling", AtOnce, Blocked { new: 10, old: 10 }, "DG: as above"),
    ("ecs", "rolling", Later, Ended, "ALB: one check is passed at once; DG service-throttle-logic: then each tick"),
    ("ecs", "blue-green", Unwell, Blocked { new: 10, old: 10 }, "DG: as rolling; no traffic has moved"),
    ("ecs", "blue-green", AtOnce, Blocked { new: 10, old: 10 }, "DG: as rolling; no traffic has moved"),
    ("ecs", "blue-green", Later, Undocumented, "a group that comes and goes while it bakes"),
    ("ecs", "linear", Unwell, Blocked { new: 10, old: 10 }, "DG: as rolling; no traffic has moved"),
    ("ecs", "linear", AtOnce, Blocked { new: 10, old: 10 }, "DG: as rolling; no traffic has moved"),
    ("ecs", "linear", Later, Undocumented, "a group that comes and goes while the traffic moves"),
    ("ecs", "canary", Unwell, Blocked { new: 10, old: 10 }, "DG: as rolling; no traffic has moved"),
    ("ecs", "canary", AtOnce, Blocked { new: 10, old: 10 }, "DG: as rolling; no traffic has moved"),
    ("ecs", "canary", Later, Undocumented, "a group that comes and goes while the traffic moves"),
    ("ecs-2018", "rolling", Unwell, Blocked { new: 10, old: 5 }, "DG of 2018-01: no circuit breaker; minimum 50 %"),
    ("ecs-2018", "rolling", AtOnce, Blocked { new: 10, old: 5 }, "DG of 2018-01: no circuit breaker; minimum 50 %"),
    ("ecs-2018", "rolling", Later, Ended, "as ecs"),
    ("ecs-2015", "one-at-a-time", Unwell, Blocked { new: 1, old: 10 }, "BC15 UpdateService: spawn one, stop one"),
    ("ecs-2015", "one-at-a-time", AtOnce, Blocked { new: 1, old: 10 }, "BC15 UpdateService: spawn one, stop one"),
    ("ecs-2015", "one-at-a-time", Later, Undocumented, "each task licenses a stop before it crashes"),
    ("ecs-2015", "rolling", Unwell, Blocked { new: 10, old: 10 }, "DG: no circuit breaker until 2020"),
    ("ecs-2015", "rolling", AtOnce, Blocked { new: 10, old: 10 }, "DG: no circuit breaker until 2020"),
    ("ecs-2015", "rolling", Later, Ended, "as ecs"),
    (
        "codedeploy-ecs",
        "blue-green",
        Unwell,
        Failed { new: 10, old: 10, s: 3_600 },
        "CD limits.md: 60 min to be steady",
    ),
    (
        "codedeploy-ecs",
        "blue-green",
        AtOnce,
        Failed { new: 10, old: 10, s: 3_600 },
        "CD limits.md: 60 min to be steady",
    ),
    ("codedeploy-ecs", "blue-green", Later, Undocumented, "as ecs"),
    ("codedeploy-ecs", "canary", Unwell, Failed { new: 10, old: 10, s: 3_600 }, "CD limits.md: 60 min to be steady"),
    ("codedeploy-ecs", "canary", AtOnce, Failed { new: 10, old: 10, s: 3_600 }, "CD limits.md: 60 min to be steady"),
    ("codedeploy-ecs", "canary", Later, Undocumented, "as ecs"),
    ("codedeploy-ecs", "linear", Unwell, Failed { new: 10, old: 10, s: 3_600 }, "CD limits.md: 60 min to be steady"),
    ("codedeploy-ecs", "linear", AtOnce, Failed { new: 10, old: 10, s: 3_600 }, "CD limits.md: 60 min to be steady"),
    ("codedeploy-ecs", "linear", Later, Undocumented, "as ecs"),
    (
        "kubernetes",
        "rolling",
        Unwell,
        Stalled { new: 5, old: 8, s: 600 },
        "K8S progress.go: a condition at 600 s, no more",
    ),
    (
        "kubernetes",
        "rolling",
        AtOnce,
        Stalled { new: 5, old: 8, s: 600 },
        "K8S progress.go: a condition at 600 s, no more",
    ),
    ("kubernetes", "rolling", Later, Ended, "K8S pod/util.go: ready once is available, minReadySeconds 0"),
    ("kubernetes", "recreate", Unwell, Stalled { new: 10, old: 0, s: 600 }, "K8S recreate.go: nothing comes back"),
    ("kubernetes", "recreate", AtOnce, Stalled { new: 10, old: 0, s: 600 }, "K8S recreate.go: nothing comes back"),
    ("kubernetes", "recreate", Later, Ended, "K8S pod/util.go: ready once is available, minReadySeconds 0"),
    ("kubernetes-statefulset", "rolling", Unwell, Blocked { new: 1, old: 9 }, "K8S stateful_set_control.go: for ever"),
    ("kubernetes-statefulset", "rolling", AtOnce, Blocked { new: 1, old: 9 }, "K8S stateful_set_control.go: for ever"),
    ("kubernetes-statefulset", "rolling", Later, Undocumented, "it blocks while a pod is down, and goes on after it"),
    (
        "kubernetes-daemonset",
        "rolling",
        Unwell,
        Blocked { new: 1, old: 9 },
        "K8S daemon/update.go: 1 may be unavailable",
    ),
    (
        "kubernetes-daemonset",
        "rolling",
        AtOnce,
        Blocked { new: 1, old: 9 },
        "K8S daemon/update.go: 1 may be unavailable",
    ),
    ("kubernetes-daemonset", "rolling", Later, Undocumented, "it blocks while a pod is down, and goes on after it"),
    ("gke-2015", "rolling-update", Unwell, Failed { new: 1, old: 10, s: 300 }, "K8S cmd/rollingupdate.go: 300 s"),
    ("gke-2015", "rolling-update", AtOnce, Failed { new: 1, old: 10, s: 300 }, "K8S cmd/rollingupdate.go: 300 s"),
    ("gke-2015", "rolling-update", Later, Undocumented, "a pod that is ready now and then is progress"),
    (
        "argo-rollouts",
        "canary",
        Unwell,
        Stalled { new: 2, old: 8, s: 600 },
        "ARGO: a mark at 600 s; no analysis, no abort",
    ),
    (
        "argo-rollouts",
        "canary",
        AtOnce,
        Stalled { new: 2, old: 8, s: 600 },
        "ARGO: a mark at 600 s; no analysis, no abort",
    ),
    ("argo-rollouts", "canary", Later, Undocumented, "as a Deployment, step by step"),
    ("argo-rollouts", "blue-green", Unwell, Stalled { new: 10, old: 10, s: 600 }, "ARGO: no switch before it is there"),
    ("argo-rollouts", "blue-green", AtOnce, Stalled { new: 10, old: 10, s: 600 }, "ARGO: no switch before it is there"),
    ("argo-rollouts", "blue-green", Later, Undocumented, "ready once is enough for the switch"),
    ("flagger", "canary", Unwell, RolledBack { s: 600 }, "FLAGGER: progressDeadlineSeconds 600; weight 0, canary 0"),
    ("flagger", "canary", AtOnce, RolledBack { s: 600 }, "FLAGGER: progressDeadlineSeconds 600; weight 0, canary 0"),
    ("flagger", "canary", Later, Undocumented, "its metrics see no crash of their own"),
    (
        "flagger",
        "blue-green",
        Unwell,
        RolledBack { s: 600 },
        "FLAGGER: progressDeadlineSeconds 600; weight 0, canary 0",
    ),
    (
        "flagger",
        "blue-green",
        AtOnce,
        RolledBack { s: 600 },
        "FLAGGER: progressDeadlineSeconds 600; weight 0, canary 0",
    ),
    ("flagger", "blue-green", Later, Undocumented, "its metrics see no crash of their own"),
    (
        "swarm",
        "rolling",
        Unwell,
        Paused { new: 1, old: 9 },
        "SWARMKIT updater.go: pause; the first of ten is above 0 %",
    ),
    (
        "swarm",
        "rolling",
        AtOnce,
        Paused { new: 1, old: 9 },
        "SWARMKIT updater.go: pause; the first of ten is above 0 %",
    ),
    ("swarm", "rolling", Later, Paused { new: 1, old: 9 }, "MOBY health.go: it dies before the first probe is over"),
    (
        "nomad",
        "rolling",
        Unwell,
        Failed { new: 1, old: 9, s: 600 },
        "NOMAD deployment_watcher.go: 10 min; it blocks all",
    ),
    (
        "nomad",
        "rolling",
        AtOnce,
        Failed { new: 1, old: 9, s: 600 },
        "NOMAD deployment_watcher.go: 10 min; it blocks all",
    ),
    ("nomad", "rolling", Later, Undocumented, "healthy for 10 s before it crashes"),
    ("nomad", "canary", Unwell, RolledBack { s: 600 }, "NOMAD reconcile_test.go: the canaries are stopped"),
    ("nomad", "canary", AtOnce, RolledBack { s: 600 }, "NOMAD reconcile_test.go: the canaries are stopped"),
    ("nomad", "canary", Later, Undocumented, "healthy for 10 s before it crashes"),
    ("nomad", "blue-green", Unwell, RolledBack { s: 600 }, "NOMAD reconcile_test.go: the canaries are stopped"),
    ("nomad", "blue-green", AtOnce, RolledBack { s: 600 }, "NOMAD reconcile_test.go: the canaries are stopped"),
    ("nomad", "blue-green", Later, Undocumented, "healthy for 10 s before it crashes"),
    (
        "marathon",
        "rolling",
        Unwell,
        Blocked { new: 10, old: 10 },
        "MARATHON TaskReplaceActor: killed, relaunched, for ever",
    ),
    ("marathon", "rolling", AtOnce, Blocked { new: 10, old: 10 }, "MARATHON TaskReplaceActor: relaunched, for ever"),
    ("marathon", "rolling", Later, Undocumented, "some pass their first check before they crash, each licenses a kill"),
    ("fleet", "rolling", Unwell, Ended, "FLEET: active is all there is to know"),
    ("fleet", "rolling", AtOnce, Down, "FLEET: no gate, and systemd's Restart is no"),
    ("fleet", "rolling", Later, Down, "FLEET: no gate, and systemd's Restart is no"),
    ("fleet", "blue-green", Unwell, Ended, "FLEET: active is all there is to know"),
    ("fleet", "blue-green", AtOnce, Undocumented, "somebody looks"),
    ("fleet", "blue-green", Later, Undocumented, "somebody looks"),
    ("rancher", "in-service", Unwell, Blocked { new: 1, old: 9 }, "CATTLE waitForHealthyState: no timeout"),
    ("rancher", "in-service", AtOnce, Blocked { new: 1, old: 9 }, "CATTLE waitForHealthyState: no timeout"),
    ("rancher", "in-service", Later, Undocumented, "healthy before it crashes"),
    ("rancher", "to-service", Unwell, Blocked { new: 2, old: 10 }, "CATTLE doToServiceUpgrade: no timeout"),
    ("rancher", "to-service", AtOnce, Blocked { new: 2, old: 10 }, "CATTLE doToServiceUpgrade: no timeout"),
    ("rancher", "to-service", Later, Undocumented, "healthy before it crashes"),
    ("compose", "all-at-once", Unwell, Ended, "COMPOSE convergence.go: no health gate"),
    ("compose", "all-at-once", AtOnce, Down, "COMPOSE convergence.go: no health gate; no restart policy"),
    ("compose", "all-at-once", Later, Ended, "COMPOSE convergence.go: all have started by then"),
    ("docker", "one-at-a-time", Unwell, Ended, "MOBY: docker run asks for no health"),
    ("docker", "one-at-a-time", AtOnce, Down, "MOBY: no restart policy"),
    ("docker", "one-at-a-time", Later, Down, "MOBY: no restart policy"),
    ("spinnaker", "red-black", Unwell, Failed { new: 10, old: 10, s: 7_200 }, "ORCA AbstractInstancesCheckTask: 2 h"),
    ("spinnaker", "red-black", AtOnce, Failed { new: 10, old: 10, s: 7_200 }, "ORCA AbstractInstancesCheckTask: 2 h"),
    ("spinnaker", "red-black", Later, Undocumented, "healthy now and then"),
    ("spinnaker", "rolling-red-black", Unwell, Failed { new: 5, old: 10, s: 7_200 }, "ORCA: 2 h, at the first half"),
    ("spinnaker", "rolling-red-black", AtOnce, Failed { new: 5, old: 10, s: 7_200 }, "ORCA: 2 h, at the first half"),
    ("spinnaker", "rolling-red-black", Later, Undocumented, "healthy now and then"),
    ("spinnaker", "highlander", Unwell, Failed { new: 10, old: 10, s: 7_200 }, "ORCA: 2 h; none is destroyed before"),
    ("spinnaker", "highlander", AtOnce, Failed { new: 10, old: 10, s: 7_200 }, "ORCA: 2 h; none is destroyed before"),
    ("spinnaker", "highlander", Later, Undocumented, "healthy now and then"),
    (
        "asgard",
        "rolling-push",
        Unwell,
        Blocked { new: 1, old: 9 },
        "ASGARD RollingPushOperation: it waits for the instance",
    ),
    (
        "asgard",
        "rolling-push",
        AtOnce,
        Blocked { new: 1, old: 9 },
        "ASGARD RollingPushOperation: it waits for the instance",
    ),
    (
        "asgard",
        "rolling-push",
        Later,
        Blocked { new: 1, old: 9 },
        "ASGARD RollingPushOperation: it waits for the instance",
    ),
    ("asg", "rolling", Unwell, Failed { new: 1, old: 9, s: 3_600 }, "ASG asg-instance-refresh.md: stuck for 1 h"),
    ("asg", "rolling", AtOnce, Failed { new: 1, old: 9, s: 3_600 }, "ASG asg-instance-refresh.md: stuck for 1 h"),
    ("asg", "rolling", Later, Failed { new: 1, old: 9, s: 3_600 }, "ASG: it never gets through its warm-up"),
    (
        "beanstalk",
        "all-at-once",
        Unwell,
        Failed { new: 10, old: 0, s: 840 },
        "EB command-options-general.md: 600 + 240 s",
    ),
    (
        "beanstalk",
        "all-at-once",
        AtOnce,
        Failed { new: 10, old: 0, s: 840 },
        "EB command-options-general.md: 600 + 240 s",
    ),
    ("beanstalk", "all-at-once", Later, Failed { new: 10, old: 0, s: 840 }, "EB: never healthy for 2 min"),
    ("beanstalk", "rolling", Unwell, Failed { new: 3, old: 7, s: 840 }, "EB rolling-version-deploy.md: a mixed fleet"),
    ("beanstalk", "rolling", AtOnce, Failed { new: 3, old: 7, s: 840 }, "EB rolling-version-deploy.md: a mixed fleet"),
    ("beanstalk", "rolling", Later, Failed { new: 3, old: 7, s: 840 }, "EB: never healthy for 2 min"),
    (
        "beanstalk",
        "rolling-with-additional-batch",
        Unwell,
        Failed { new: 3, old: 10, s: 840 },
        "EB: the batch is stuck",
    ),
    (
        "beanstalk",
        "rolling-with-additional-batch",
        AtOnce,
        Failed { new: 3, old: 10, s: 840 },
        "EB: the batch is stuck",
    ),
    ("beanstalk", "rolling-with-additional-batch", Later, Failed { new: 3, old: 10, s: 840 }, "EB: the batch is stuck"),
    ("beanstalk", "immutable", Unwell, RolledBack { s: 840 }, "EB updates-immutable.md: the new group is terminated"),
    ("beanstalk", "immutable", AtOnce, RolledBack { s: 840 }, "EB updates-immutable.md: the new group is terminated"),
    ("beanstalk", "immutable", Later, RolledBack { s: 840 }, "EB updates-immutable.md: the new group is terminated"),
    ("beanstalk", "traffic-splitting", Unwell, RolledBack { s: 840 }, "EB rolling-version-deploy.md: it is terminated"),
    ("beanstalk", "traffic-splitting", AtOnce, RolledBack { s: 840 }, "EB rolling-version-deploy.md: it is terminated"),
    ("beanstalk", "traffic-splitting", Later, RolledBack { s: 840 }, "EB rolling-version-deploy.md: it is terminated"),
    ("codedeploy", "one-at-a-time", Unwell, Failed { new: 1, old: 9, s: 3_600 }, "CD: AllowTraffic waits for 1 h"),
    ("codedeploy", "one-at-a-time", AtOnce, Failed { new: 1, old: 9, s: 0 }, "CD instances-health.md: at the minimum"),
    ("codedeploy", "one-at-a-time", Later, Undocumented, "its scripts have succeeded by then"),
    ("codedeploy", "half-at-a-time", Unwell, Failed { new: 5, old: 5, s: 3_600 }, "CD: AllowTraffic waits for 1 h"),
    ("codedeploy", "half-at-a-time", AtOnce, Failed { new: 5, old: 5, s: 0 }, "CD instances-health.md: at the minimum"),
    ("codedeploy", "half-at-a-time", Later, Undocumented, "its scripts have succeeded by then"),
    ("codedeploy", "all-at-once", Unwell, Failed { new: 10, old: 0, s: 3_600 }, "CD: AllowTraffic waits for 1 h"),
    (
        "codedeploy",
        "all-at-once",
        AtOnce,
        Failed { new: 10, old: 0, s: 0 },
        "CD deployment-configurations.md: not one ok",
    ),
    ("codedeploy", "all-at-once", Later, Undocumented, "its scripts have succeeded by then"),
];

/// The systems whose services are behind a load balancer here, because nothing else of theirs finds out about health; the others
/// have their own health check.
const BALANCED: [&str; 9] =
    ["ecs", "ecs-2018", "ecs-2015", "codedeploy-ecs", "spinnaker", "asgard", "asg", "beanstalk", "codedeploy"];

/// Ten tasks of `system` and a bad version of them, for three hours.
fn bad(system: &Orchestrator, rollout: Rollout, kind: Kind) -> Model {
    let service = systems::Kind::plain(10);
    let service = if BALANCED.contains(&system.name) { service.balanced() } else { service.checked() };
    of_kind(systems::model(system, rollout, &service), kind)
}

fn of_kind(mut model: Model, kind: Kind) -> Model {
    model.horizon = secs(10_800);
    model.deploys[0].version = Version::New(Some(match kind {
        Unwell => Fault::NeverHealthy,
        AtOnce => Fault::Crashes { after: Duration::ZERO },
        Later => Fault::Crashes { after: secs(30) },
        Kind::Errors => Fault::Errors { alarm_after: secs(60) },
    }));
    model
}

/// The rollout of a system's strategy with other values of some knobs.
fn rollout(system: &Orchestrator, strategy: &str, knobs: &[(&'static str, Value)]) -> Rollout {
    let strategy = system.strategy(strategy).expect("the system offers it");
    let with = |from: seatrial_sim::parameters::Parameters, (name, value): &(&'static str, Value)| {
        assert!(from.get(name).is_some(), "no knob {name}");
        from.with(name, value.clone(), "a test")
    };
    (strategy.build)(&knobs.iter().fold(strategy.parameters.clone(), with))
}

/// Plays a bad version: it does not hang and obeys the law, and its outcome is the expected one.
fn assert_outcome(name: &str, model: &Model, expected: Expected) {
    for seed in 0..3 {
        let played = play(model, seed);
        // A loop that restarts ten tasks a second for three hours is the most.
        assert!(played.outcome.facts < 400_000, "{name}: {} facts", played.outcome.facts);
        let told = played.summary.extra_replica_s + played.summary.short_replica_s;
        let law = latencies_and_surplus_s(&played, model);
        assert!((told - law).abs() < 0.001, "{name}: {told} and {law}");
        if let Some(outcome) = outcome(&played, model, expected) {
            panic!("{name}, seed {seed}: {outcome}; expected {expected:?}");
        }
    }
}

/// What there was instead of the expected outcome.
fn outcome(played: &Played, model: &Model, expected: Expected) -> Option<String> {
    let counts = played.trace.task_counts(ServiceId(0));
    let end = Time::ZERO + model.horizon;
    let (old, others) = (counts.old_in_service.at(end), counts.starting.at(end) + counts.draining.at(end));
    let serving = counts.new_in_service.at(end);
    let (most_new, created) = new_tasks(played);
    let said = played.facts(|at, fact| {
        let what = match fact {
            Fact::DeployCompleted { .. } => "completed",
            Fact::DeployStalled { .. } => "stalled",
            Fact::DeployPaused { .. } => "paused",
            Fact::DeployFailed { .. } => "failed",
            Fact::DeployRolledBack { .. } => "rolled back",
            _ => return None,
        };
        Some((what, after_s(model, at)))
    });
    let words: Vec<_> = said.iter().map(|(what, _)| *what).collect();
    let in_time = |s: u64| said.first().is_some_and(|(_, at)| (s as f64..=s as f64 + SLACK_S).contains(at));
    let as_expected = match expected {
        Ended => words == ["completed"],
        Blocked { new, old: left } => words.is_empty() && (most_new, old) == (new, left),
        Stalled { new, old: left, s } => words == ["stalled"] && (most_new, old) == (new, left) && in_time(s),
        Down => words == ["completed"] && created == 10 && old + serving + others == 0,
        Paused { new, old: left } => words == ["paused"] && (most_new, old) == (new, left),
        Failed { new, old: left, s } => words == ["failed"] && (most_new, old) == (new, left) && in_time(s),
        RolledBack { s } => words == ["failed", "rolled back"] && in_time(s) && (old, serving + others) == (10, 0),
        Undocumented => true,
    };
    (!as_expected).then(|| {
        format!("{said:?}, {created} created, {most_new} new at once at most, {old} old and {serving} new in service")
    })
}

/// New tasks that were neither stopped nor chosen to stop, the most at once; and all that were created.
fn new_tasks(played: &Played) -> (usize, usize) {
    let mut there: Vec<TaskId> = vec![];
    let (mut most, mut created) = (0, 0);
    for record in &played.trace.records {
        match record.fact {
            Fact::TaskMoved { task, version: 2, to: TaskState::Provisioning, .. } => {
                there.push(task);
                created += 1;
            }
            Fact::TaskMoved { task, to: TaskState::Stopped, .. } | Fact::StopChosen { task, .. } => {
                there.retain(|known| *known != task);
            }
            _ => {}
        }
        most = most.max(there.len());
    }
    (most, created)
}

/// Every system, every strategy, three faults: what the sources say becomes of the deploy.
#[test]
fn bad_versions_end_as_documented() {
    let mut rows = TABLE.iter();
    for (system, strategy, rollout) in every_strategy() {
        let of_strategy = |row: &&(&str, &str, _, _, _)| (row.0, row.1) == (system.name, strategy);
        assert_eq!(TABLE.iter().filter(of_strategy).count(), 3, "{}, {strategy}", system.name);
        for kind in [Unwell, AtOnce, Later] {
            let Some(&(of, by, fault, expected, why)) = rows.next() else {
                panic!("{}, {strategy}: no row", system.name)
            };
            assert_eq!((of, by, fault), (system.name, strategy, kind), "the rows are in the order of the systems");
            let name = format!("{of}, {by}, {kind:?} ({why})");
            assert_outcome(&name, &bad(&system, rollout.clone(), kind), expected);
        }
    }
    assert!(rows.next().is_none());
}

/// The knobs that systems have against bad versions.
#[test]
fn what_is_turned_on_against_bad_versions_works() {
    let on = |names: &[&'static str]| names.iter().map(|name| (*name, Value::Flag(true))).collect::<Vec<_>>();
    let word = |name, word| vec![(name, Value::Word(word, &["continue", "rollback"]))];
    let breaker = || on(&["circuit_breaker"]);
    let back = || on(&["circuit_breaker", "rollback"]);
    let rollback = || on(&["rollback"]);
    let alarms = || on(&["alarms", "rollback"]);
    let analysis = || vec![("analysis_count", Value::Count(5))];
    let table = [
        ("ecs", "rolling", breaker(), Unwell, Failed { new: 10, old: 10, s: 0 }, "BC: FAILED, and no more launches"),
        ("ecs", "rolling", breaker(), AtOnce, Failed { new: 10, old: 10, s: 0 }, "BC: FAILED, and no more launches"),
        ("ecs", "rolling", breaker(), Later, Ended, "BC failedTasks: they ran, and failed no check"),
        ("ecs", "rolling", back(), Unwell, RolledBack { s: 0 }, "BC: the last one that completed"),
        ("ecs", "rolling", back(), AtOnce, RolledBack { s: 0 }, "BC: the last one that completed"),
        ("ecs", "blue-green", back(), Unwell, RolledBack { s: 0 }, "BC: the last one that completed"),
        ("ecs", "canary", back(), AtOnce, RolledBack { s: 0 }, "BC: the last one that completed"),
        ("ecs", "blue-green", alarms(), Kind::Errors, RolledBack { s: 60 }, "BC DeploymentAlarms"),
        ("codedeploy-ecs", "linear", rollback(), Unwell, RolledBack { s: 3_600 }, "CD limits.md: 60 min"),
        ("codedeploy-ecs", "canary", alarms(), Kind::Errors, RolledBack { s: 60 }, "CD: alarms"),
        ("argo-rollouts", "canary", rollback(), Unwell, RolledBack { s: 600 }, "ARGO: progressDeadlineAbort"),
        ("argo-rollouts", "blue-green", rollback(), AtOnce, RolledBack { s: 600 }, "ARGO: progressDeadlineAbort"),
        (
            "argo-rollouts",
            "canary",
            analysis(),
            Kind::Errors,
            RolledBack { s: 0 },
            "ARGO: the first measurement aborts",
        ),
        (
            "argo-rollouts",
            "blue-green",
            analysis(),
            Kind::Errors,
            RolledBack { s: 0 },
            "ARGO: the first measurement aborts",
        ),
        ("flagger", "canary", vec![], Kind::Errors, RolledBack { s: 60 }, "FLAGGER: threshold 1"),
        ("flagger", "blue-green", vec![], Kind::Errors, RolledBack { s: 60 }, "FLAGGER: threshold 1"),
        (
            "swarm",
            "rolling",
            word("failure_action", "continue"),
            Unwell,
            Blocked { new: 10, old: 0 },
            "SWARMKIT: no watch",
        ),
        ("swarm", "rolling", word("failure_action", "rollback"), Unwell, RolledBack { s: 90 }, "SWARMKIT: ROLLBACK"),
        ("swarm", "rolling", word("failure_action", "rollback"), AtOnce, RolledBack { s: 0 }, "SWARMKIT: ROLLBACK"),
        ("nomad", "rolling", rollback(), Unwell, RolledBack { s: 600 }, "NOMAD: auto_revert"),
        ("nomad", "rolling", rollback(), AtOnce, RolledBack { s: 600 }, "NOMAD: auto_revert"),
        ("spinnaker", "red-black", rollback(), Unwell, RolledBack { s: 7_200 }, "ORCA: the old group is enabled"),
        ("asg", "rolling", rollback(), Unwell, RolledBack { s: 3_600 }, "ASG: auto rollback"),
        ("beanstalk", "traffic-splitting", vec![], Kind::Errors, RolledBack { s: 60 }, "EB: its health turns bad"),
        ("codedeploy", "one-at-a-time", rollback(), AtOnce, RolledBack { s: 0 }, "CD: automatic rollback"),
        ("codedeploy", "half-at-a-time", rollback(), Unwell, RolledBack { s: 3_600 }, "CD: automatic rollback"),
    ];
    for (of, by, knobs, kind, expected, why) in table {
        let system = by_name(of).unwrap();
        let model = bad(&system, rollout(&system, by, &knobs), kind);
        assert_outcome(&format!("{of}, {by}, {knobs:?}, {kind:?} ({why})"), &model, expected);
    }
}

/// One task of a system that nobody checks, and a bad version of it.
fn alone(system: &str, strategy: &str, knobs: &[(&'static str, Value)], kind: Kind) -> Model {
    let system = by_name(system).expect("a system");
    of_kind(systems::model(&system, rollout(&system, strategy, knobs), &systems::Kind::plain(1)), kind)
}

/// From each failure to the start of the next task in its place, in seconds.
fn waits_s(played: &Played) -> Vec<f64> {
    let mut waits = vec![];
    let mut failed = None;
    for record in &played.trace.records {
        match record.fact {
            Fact::TaskFailed { .. } => failed = Some(record.at),
            Fact::TaskMoved { to: TaskState::Provisioning, .. } => {
                waits.extend(failed.take().map(|failed| record.at.since(failed).as_secs_f64()));
            }
            _ => {}
        }
    }
    waits
}

/// Each wait is as long as it should be, and at most `late_s` longer.
fn assert_waits(name: &str, waits: &[f64], expected: &[f64], late_s: f64) {
    assert!(waits.len() >= expected.len(), "{name}: {waits:?}");
    for (wait, expected) in waits.iter().zip(expected) {
        assert!(
            (*expected - 0.001..=*expected + late_s + 0.001).contains(wait),
            "{name}: {waits:?}, {expected} expected"
        );
    }
}

/// Swarm 5 s (SWARMKIT restart delay); Marathon 1 s x 1.15 (`BackoffStrategy`); ECS 10 s x 2, to 1,620 s at most, only for tasks
/// that never ran (DG service-throttle-logic), and each start at a look.
#[test]
fn replacements_wait_as_documented() {
    let waits = |system, strategy, kind| waits_s(&play(&alone(system, strategy, &[], kind), 1));
    let ecs = [10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0, 1_280.0, 1_620.0, 1_620.0];
    let tick_s = 10.7;
    assert_waits("ECS", &waits("ecs", "rolling", AtOnce), &ecs, tick_s);
    assert_waits("ECS, after RUNNING", &waits("ecs", "rolling", Later), &[0.0; 100], tick_s);
    assert_waits("Swarm", &waits("swarm", "rolling", AtOnce), &[5.0; 100], 0.02);
    let growth = std::iter::successors(Some(1_000), |ms: &u64| Some((ms * 1_150 / 1_000).min(300_000)));
    let marathon: Vec<_> = growth.take(45).map(|ms| ms as f64 / 1_000.0).collect();
    assert_waits("Marathon", &waits("marathon", "rolling", AtOnce), &marathon, 0.0);
    // NOMAD: a new allocation after 30 s, 60 s, 120 s, each when two restarts on the host have failed.
    let nomad = play(&alone("nomad", "rolling", &[], AtOnce), 1);
    assert_waits("Nomad", &waits_s(&nomad), &[30.0, 60.0, 120.0], 0.3);
}

/// Restarts on the host: Kubernetes at once, then 10 s x 2 to 300 s at most (`kuberuntime_manager.go`); Nomad twice after 15 s
/// (NOMAD structs.go).
#[test]
fn restarts_wait_as_documented() {
    let restarts = |system, strategy| {
        let played = play(&alone(system, strategy, &[], AtOnce), 1);
        let backing_off = played.facts(|at, fact| match fact {
            Fact::TaskMoved { task, to: TaskState::BackingOff, .. } => Some((task, at)),
            _ => None,
        });
        let starting = played.facts(|at, fact| match fact {
            Fact::TaskMoved { task, to: TaskState::Starting, .. } => Some((task, at)),
            _ => None,
        });
        let next = |(task, since)| starting.iter().find(|(of, at)| *of == task && *at >= since).map(|(_, at)| *at);
        let waits = backing_off.into_iter().filter_map(|down| Some(next(down)?.since(down.1).as_secs_f64()));
        waits.collect::<Vec<_>>()
    };
    let kubernetes = [0.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0, 300.0];
    assert_waits("Kubernetes", &restarts("kubernetes", "rolling"), &kubernetes, 0.0);
    assert_waits("Nomad", &restarts("nomad", "rolling"), &[15.0; 6], 0.0);
}

/// The circuit breaker trips with the failure that makes max(3, ceil(D / 2)) in a row; 10 at least until 2023 (DG).
#[test]
fn the_circuit_breaker_counts_failures_in_a_row() {
    let ecs = by_name("ecs").unwrap();
    for (desired, least, failures) in
        [(1, 3, 3), (2, 3, 3), (10, 3, 5), (11, 3, 6), (1, 10, 10), (10, 10, 10), (25, 10, 13)]
    {
        let knobs = [("circuit_breaker", Value::Flag(true)), ("circuit_breaker_least", Value::Count(least))];
        for (kind, service) in
            [(AtOnce, systems::Kind::plain(desired)), (Unwell, systems::Kind::plain(desired).balanced())]
        {
            let model = of_kind(systems::model(&ecs, rollout(&ecs, "rolling", &knobs), &service), kind);
            let records = play(&model, 1).trace.records;
            let failed = records.iter().find(|record| matches!(record.fact, Fact::DeployFailed { .. }));
            let because =
                failed.unwrap_or_else(|| panic!("{desired} tasks: it does not trip")).because.index() as usize;
            let before = records[..=because].iter().filter(|record| matches!(record.fact, Fact::TaskFailed { .. }));
            assert!(matches!(records[because].fact, Fact::TaskFailed { .. }));
            assert_eq!(before.count(), failures, "{desired} tasks, {kind:?}");
        }
    }
}

/// A task that ran and then ends by itself has failed no health check, and the circuit breaker does not count it (BC
/// `Deployment.failedTasks`): ECS restarts it at each look, without end.
#[test]
fn the_circuit_breaker_does_not_see_crashes_after_running() {
    let played = play(&alone("ecs", "rolling", &[("circuit_breaker", Value::Flag(true))], Later), 1);
    assert!(played.facts(|_, fact| matches!(fact, Fact::DeployFailed { .. }).then_some(())).is_empty());
    assert!(waits_s(&played).len() > 200);
}
