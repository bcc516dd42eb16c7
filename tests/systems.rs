//! Every system, by each of its strategies and with its own control loop, agents, placement and health check: deploys end,
//! obey the laws, keep to the bounds that the system documents, and can be turned round. The keys of the sources are those of
//! `docs/sources.md`.

mod support;

use proptest::prelude::*;
use seatrial_sim::engine::fact::ServiceId;
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::model::{Deploy, Model, Version};
use seatrial_sim::orchestrators::by_name;
use support::law::latencies_and_surplus_s;
use support::rollouts::{Vector, vector};
use support::systems::{Extremes, Kind, every_strategy, extremes, kind, model};
use support::{Played, play};

/// 100 services under each of the strategies.
const CASES: u32 = 100;

/// `CodeDeploy` fails where as many hosts as there are shall stay healthy: one host, half at a time (CD
/// deployment-configurations.md).
fn may_end(system: &str, strategy: &str, kind: &Kind) -> bool {
    (system, strategy, kind.desired) != ("codedeploy", "half-at-a-time", 1)
}

/// In the end there is nothing but the tasks of the version asked for last.
fn only_the_last_version_is_there(played: &Played, model: &Model) -> bool {
    let counts = played.trace.task_counts(ServiceId(0));
    let end = Time::ZERO + model.horizon;
    let others = counts.starting.at(end) + counts.draining.at(end) + counts.old_in_service.at(end);
    counts.new_in_service.at(end) == i64::from(model.services[0].desired) && others == 0
}

fn told_s(played: &Played) -> f64 {
    played.summary.extra_replica_s + played.summary.short_replica_s
}

/// What a system documents for a number of tasks: the fewest available ones, the most that exist and are not told to stop, and the
/// most in all, where it counts those that stop.
#[derive(Clone, Copy)]
struct Documented {
    floor: u32,
    wanted: u32,
    alive: Option<u32>,
}

/// Those that stop count as well.
const fn whole(floor: u32, most: u32) -> Documented {
    Documented { floor, wanted: most, alive: Some(most) }
}

/// Those that stop do not count.
const fn wanted(floor: u32, most: u32) -> Documented {
    Documented { floor, wanted: most, alive: None }
}

const fn up(percent: u32, n: u32) -> u32 {
    (n * percent).div_ceil(100)
}

const fn down(percent: u32, n: u32) -> u32 {
    n * percent / 100
}

/// A system's strategy, its bounds for `n` tasks, and where they are documented.
type Row = (&'static str, &'static str, fn(u32) -> Documented, &'static str);

const BOUNDS: &[Row] = &[
    ("ecs", "rolling", |n| whole(n, 2 * n), "DG service_definition_parameters: 100 and 200 %; two groups otherwise"),
    ("ecs", "blue-green", |n| whole(n, 2 * n), "DG service_definition_parameters: 100 and 200 %; two groups otherwise"),
    ("ecs", "linear", |n| whole(n, 2 * n), "DG service_definition_parameters: 100 and 200 %; two groups otherwise"),
    ("ecs", "canary", |n| whole(n, 2 * n), "DG service_definition_parameters: 100 and 200 %; two groups otherwise"),
    ("ecs-2018", "rolling", |n| whole(up(50, n), 2 * n), "DG of 2018-01, create-service: 50 and 200 %"),
    ("ecs-2015", "one-at-a-time", |n| whole(n, n + 1), "BC15 UpdateService: room for one more"),
    ("ecs-2015", "rolling", |n| whole(n, 2 * n), "DG service_definition_parameters: 100 and 200 %"),
    ("codedeploy-ecs", "blue-green", |n| whole(n, 2 * n), "CD: a replacement task set beside the original one"),
    ("codedeploy-ecs", "canary", |n| whole(n, 2 * n), "CD: a replacement task set beside the original one"),
    ("codedeploy-ecs", "linear", |n| whole(n, 2 * n), "CD: a replacement task set beside the original one"),
    (
        "kubernetes",
        "rolling",
        |n| wanted(n - down(25, n), n + up(25, n)),
        "K8S deployment_util.go, replica_set.go: 25 % up and down",
    ),
    ("kubernetes", "recreate", |n| whole(0, n), "K8S recreate.go: it waits until every old pod is gone"),
    ("kubernetes-statefulset", "rolling", |n| whole(n - 1, n), "K8S stateful_set_control.go: one at a time"),
    ("kubernetes-daemonset", "rolling", |n| whole(n - 1, n), "K8S daemon/update.go: 1 may be unavailable"),
    ("gke-2015", "rolling-update", |n| wanted(n, n + 1), "K8S kubectl rolling_updater.go: surge 1, unavailable 0"),
    ("argo-rollouts", "canary", |n| wanted(n - down(25, n), n + up(25, n)), "ARGO canary.go: as a Deployment"),
    ("argo-rollouts", "blue-green", |n| whole(n, 2 * n), "ARGO bluegreen.go: two groups"),
    ("flagger", "canary", |n| wanted(n, 2 * n + up(25, n)), "FLAGGER scheduler.go: a canary beside a rolling update"),
    (
        "flagger",
        "blue-green",
        |n| wanted(n, 2 * n + up(25, n)),
        "FLAGGER scheduler.go: a canary beside a rolling update",
    ),
    (
        "swarm",
        "rolling",
        |n| whole(n - 1, n),
        "SWARMKIT service.go: 1, stop first; no stop here lasts for the 60 s that a start waits",
    ),
    ("nomad", "rolling", |n| whole(n - 1, n), "NOMAD structs.go: max_parallel 1"),
    (
        "nomad",
        "canary",
        |n| whole(n - 1, n + 1),
        "NOMAD reconcile_cluster.go: a canary is one more, then max_parallel 1",
    ),
    ("nomad", "blue-green", |n| whole(n, 2 * n), "NOMAD reconcile_cluster.go: as many canaries as tasks"),
    ("marathon", "rolling", |n| whole(n, 2 * n), "MARATHON UpgradeStrategy.scala: 1.0 and 1.0"),
    ("fleet", "rolling", |n| whole(n - 1, n), "FLEET issue 960: one unit at a time"),
    ("fleet", "blue-green", |n| whole(n, 2 * n), "FLEET: app-v2@1..N, then app-v1 is destroyed"),
    ("rancher", "in-service", |n| whole(n - 1, n), "CATTLE ServiceUpgradeStrategy.java: 1, stop first"),
    ("rancher", "to-service", |n| wanted(n, n + 2), "CATTLE doToServiceUpgrade: a batch of 2 more"),
    ("compose", "all-at-once", |n| whole(0, n), "COMPOSE convergence.go: all at once"),
    ("docker", "one-at-a-time", |n| whole(n - 1, n), "MOBY: one name, one container"),
    ("spinnaker", "red-black", |n| whole(n, 2 * n), "ORCA strategies: a full new group"),
    ("spinnaker", "rolling-red-black", |n| whole(n, 2 * n), "ORCA strategies: a full new group"),
    ("spinnaker", "highlander", |n| whole(n, 2 * n), "ORCA strategies: a full new group"),
    ("asgard", "rolling-push", |n| whole(n - 1, n), "ASGARD RollingPushOperation: one is terminated at a time"),
    (
        "asg",
        "rolling",
        |n| whole(n - down(10, n).max(1), n),
        "ASG RefreshPreferences: 90 and 100 %, one where that is nothing",
    ),
    ("beanstalk", "all-at-once", |n| whole(0, n), "EB rolling-version-deploy.md"),
    ("beanstalk", "rolling", |n| whole(n - up(30, n), n), "EB rolling-version-deploy.md: batches of 30 %"),
    (
        "beanstalk",
        "rolling-with-additional-batch",
        |n| whole(n, n + up(30, n)),
        "EB rolling-version-deploy.md: one more batch",
    ),
    ("beanstalk", "immutable", |n| whole(n, 2 * n), "EB updates-immutable.md: a full new group"),
    ("beanstalk", "traffic-splitting", |n| whole(n, 2 * n), "EB rolling-version-deploy.md: a full new group"),
    ("codedeploy", "one-at-a-time", |n| whole(n - 1, n), "CD deployment-configurations.md: all but one stay healthy"),
    ("codedeploy", "half-at-a-time", |n| whole(up(50, n), n), "CD deployment-configurations.md: half stay healthy"),
    ("codedeploy", "all-at-once", |n| whole(0, n), "CD deployment-configurations.md: none need stay healthy"),
];

fn documented(system: &str, strategy: &str, n: u32) -> (Documented, &'static str) {
    let row = BOUNDS.iter().find(|row| (row.0, row.1) == (system, strategy));
    let (_, _, bounds, why) = row.unwrap_or_else(|| panic!("{system}, {strategy}: what is documented?"));
    (bounds(n), why)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    /// A good version: the deploy ends, every task is of it, extra and short are the latencies, and the bounds hold.
    #[test]
    fn good_versions_arrive_within_the_documented_bounds(kind in kind(), seed in 0..1_000_u64) {
        for (system, strategy, rollout) in every_strategy() {
            if !may_end(system.name, strategy, &kind) {
                continue;
            }
            let name = format!("{}, {strategy}", system.name);
            let model = model(&system, rollout, &kind);
            let played = play(&model, seed);
            prop_assert!(played.outcome.blocked.is_empty(), "{name}: {:?}", played.outcome.blocked);
            prop_assert!(only_the_last_version_is_there(&played, &model), "{name}");
            let (told, expected) = (told_s(&played), latencies_and_surplus_s(&played, &model));
            prop_assert!((told - expected).abs() < 0.001, "{name}: {told} and {expected}");
            let Extremes { available, wanted, alive } = extremes(&played, &model);
            let (bounds, why) = documented(system.name, strategy, kind.desired);
            prop_assert!(available >= bounds.floor as usize, "{name}: {available} available, at least {} by {why}", bounds.floor);
            prop_assert!(wanted <= bounds.wanted as usize, "{name}: {wanted} wanted, at most {} by {why}", bounds.wanted);
            if let Some(most) = bounds.alive {
                prop_assert!(alive <= most as usize, "{name}: {alive} in all, at most {most} by {why}");
            }
        }
    }

    /// Whenever the version before is asked for, during the deploy or after it, it is what runs in the end.
    #[test]
    fn the_version_before_comes_back(kind in kind(), seed in 0..1_000_u64, after_ms in 1..4_000_000_u64, early in any::<bool>()) {
        let after = Duration::from_millis(if early { after_ms / 20 + 1 } else { after_ms });
        for (system, strategy, rollout) in every_strategy() {
            let name = format!("{}, {strategy}", system.name);
            let mut model = model(&system, rollout, &kind);
            let at = model.deploys[0].at + after;
            model.deploys.push(Deploy { service: ServiceId(0), at, version: Version::Previous });
            let played = play(&model, seed);
            // The first of the two may have failed by then.
            prop_assert!(
                !may_end(system.name, strategy, &kind) || played.outcome.blocked.is_empty(),
                "{name}: {:?}",
                played.outcome.blocked
            );
            prop_assert!(only_the_last_version_is_there(&played, &model), "{name}");
            let (told, expected) = (told_s(&played), latencies_and_surplus_s(&played, &model));
            prop_assert!((told - expected).abs() < 0.001, "{name}: {told} and {expected}");
        }
    }
}

/// Ten tasks, 30 s to start and 30 s to stop, no other latency: the systems' own defaults give the vectors of their controllers.
/// Each row obeys extra + short = 10 x 60 s, plus what two groups hold.
#[test]
fn golden_vectors_of_the_defaults() {
    let table = [
        // W = 10 rounds of 60 s, or ceil(10 / (3 + 2)) of 30 s where those that stop do not count.
        ("kubernetes", "rolling", 60.0, 18, 480.0, 120.0),
        ("kubernetes", "recreate", 60.0, 10, 0.0, 600.0),
        ("kubernetes-statefulset", "rolling", 600.0, 10, 0.0, 600.0),
        ("kubernetes-daemonset", "rolling", 600.0, 10, 0.0, 600.0),
        ("gke-2015", "rolling-update", 300.0, 12, 600.0, 0.0),
        ("swarm", "rolling", 600.0, 10, 0.0, 600.0),
        // Healthy for 10 s: 10 x 60 + 9 x 10.
        ("nomad", "rolling", 690.0, 10, 0.0, 600.0),
        ("marathon", "rolling", 30.0, 20, 600.0, 0.0),
        // 10 x 60 and nine waits: of 2 s, of 5 s.
        ("rancher", "in-service", 618.0, 10, 0.0, 600.0),
        ("fleet", "rolling", 645.0, 10, 0.0, 600.0),
        ("compose", "all-at-once", 60.0, 10, 0.0, 600.0),
        ("docker", "one-at-a-time", 600.0, 10, 0.0, 600.0),
        // All new ones fit under 200 %. With 50 % five old ones stop as well: 10 x 30 + 5 x 30 extra, 5 x 30 short.
        ("ecs", "rolling", 30.0, 20, 600.0, 0.0),
        ("ecs-2018", "rolling", 30.0, 20, 450.0, 150.0),
        ("ecs-2015", "rolling", 30.0, 20, 600.0, 0.0),
        // One more: the first after 30 s, each other one 60 s later.
        ("ecs-2015", "one-at-a-time", 570.0, 11, 600.0, 0.0),
        // Warm for 300 s: 10 x 60 + 9 x 300.
        ("asg", "rolling", 3_300.0, 10, 0.0, 600.0),
        // Healthy for 120 s, batches of 3: 4 x 60 + 3 x 120.
        ("beanstalk", "all-at-once", 60.0, 10, 0.0, 600.0),
        ("beanstalk", "rolling", 600.0, 10, 0.0, 600.0),
        ("codedeploy", "one-at-a-time", 600.0, 10, 0.0, 600.0),
        ("codedeploy", "half-at-a-time", 120.0, 10, 0.0, 600.0),
        ("codedeploy", "all-at-once", 60.0, 10, 0.0, 600.0),
        // Two groups: 600 and 10 for each second that both are held. 15 min to bake; 9 x 6 min and 15; 10 min and 15; 1 h and what is before it.
        ("ecs", "blue-green", 30.0, 20, 9_600.0, 0.0),
        ("ecs", "linear", 30.0, 20, 42_000.0, 0.0),
        ("ecs", "canary", 30.0, 20, 15_600.0, 0.0),
        ("codedeploy-ecs", "blue-green", 30.0, 20, 36_600.0, 0.0),
        ("codedeploy-ecs", "linear", 30.0, 20, 42_000.0, 0.0),
        ("codedeploy-ecs", "canary", 30.0, 20, 39_600.0, 0.0),
        // The old pods stay for 30 s more.
        ("argo-rollouts", "blue-green", 30.0, 20, 900.0, 0.0),
        // Healthy for 10 s, and somebody takes 5 min.
        ("nomad", "blue-green", 30.0, 20, 3_700.0, 0.0),
        ("fleet", "blue-green", 30.0, 20, 3_600.0, 0.0),
    ];
    for (system, strategy, seconds, peak, extra, short) in table {
        let rollout = by_name(system).unwrap().strategy(strategy).unwrap().rollout();
        let played = play(&support::rollouts::model(10, 30, 30, rollout), 1);
        assert_eq!(vector(&played), Vector { seconds, peak, extra, short }, "{system}, {strategy}");
    }
}

/// `CodeDeploy` fails where all hosts shall stay healthy; nothing is touched.
#[test]
fn a_minimum_of_all_hosts_fails() {
    let system = by_name("codedeploy").unwrap();
    let model = model(&system, system.strategy("half-at-a-time").unwrap().rollout(), &Kind::plain(1));
    let played = play(&model, 1);
    assert!(played.blocked().starts_with("web: failed after 1h 00m"), "{}", played.blocked());
    assert_eq!(played.old_and_new(), [(1, 0)]);
}
