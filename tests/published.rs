//! What the published tests of real systems find at the end of a rollout, in runs.

mod support;

use std::collections::BTreeSet;

use proptest::prelude::*;
use seatrial_sim::cluster::TaskState;
use seatrial_sim::deploy::Rollout;
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::fact::{DeployId, Fact, ServiceId};
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::model::{Backoff, Fault, Model, Restart, Scaling, Version};
use seatrial_sim::orchestrators::by_name;
use seatrial_sim::parameters::Value;
use support::rollouts::model;
use support::{Played, at_s, deploy, play, secs};

/// A system's strategy with these knobs.
fn rollout(system: &str, strategy: &str, knobs: &[(&'static str, Value)]) -> Rollout {
    let system = by_name(system).expect("it is known");
    let mut strategy = system.strategy(strategy).expect("it is offered").clone();
    for (name, value) in knobs {
        strategy.parameters = strategy.parameters.with(name, value.clone(), "a test");
    }
    strategy.rollout()
}

fn swarm(knobs: &[(&'static str, Value)]) -> Rollout {
    rollout("swarm", "rolling", knobs)
}

/// As the default of SWARMKIT: failed tasks are replaced after 5 s.
fn replacing(mut model: Model) -> Model {
    model.control.restart =
        Restart { in_place: None, replace: Some(Backoff::constant(secs(5))), backs_off_unless_ran: false };
    model.horizon = secs(3_000);
    model
}

/// Version 2 is bad: its tasks take 1 s to start and end by themselves after `after_ms`.
fn crashing(n: u32, after_ms: u64, rollout: Rollout) -> Model {
    let mut model = replacing(model(n, 1, 1, rollout));
    model.deploys[0].version = Version::New(Some(Fault::Crashes { after: Duration::from_millis(after_ms) }));
    model
}

/// Of a version, tasks that were ever there, and those that nobody chose to stop and that did not end.
fn tasks(played: &Played, version: u16) -> (usize, usize) {
    let there = played.facts(|_, fact| match fact {
        Fact::TaskMoved { task, version: of, .. } if of == version => Some(task),
        _ => None,
    });
    let gone = played.facts(|_, fact| match fact {
        Fact::StopChosen { task, .. } | Fact::TaskMoved { task, to: TaskState::Stopped, .. } => Some(task),
        _ => None,
    });
    let (there, gone): (BTreeSet<_>, BTreeSet<_>) = (there.into_iter().collect(), gone.into_iter().collect());
    (there.len(), there.difference(&gone).count())
}

/// From the request to the last new task in service, in ms.
fn took_ms(played: &Played) -> u64 {
    let ready = played.facts(|at, fact| match fact {
        Fact::TaskMoved { version: 2, to: TaskState::InService, .. } => Some(at),
        _ => None,
    });
    ready.last().expect("new tasks come").since(at_s(60)).as_millis()
}

/// When the first fact that `is` chooses was told.
fn first(played: &Played, is: impl Fn(Fact) -> bool) -> Option<Time> {
    played.facts(|at, fact| is(fact).then_some(at)).first().copied()
}

const PAUSE: Value = Value::Word("pause", &[]);
const CONTINUE: Value = Value::Word("continue", &[]);
const ROLL_BACK: Value = Value::Word("rollback", &[]);

/// SWARMKIT `updater_test.go`, `TestUpdater`: 3 replicas, and after each update 3 of the new version.
#[test]
fn swarm_updates_all() {
    let start_first = ("order", Value::Word("start-first", &[]));
    let (one, delay) = (("parallelism", Value::Count(1)), ("delay", Value::Span(Duration::from_millis(10))));
    let table = [
        (vec![("parallelism", Value::Count(0))], 2_000),
        (vec![one.clone()], 6_000),
        (vec![one.clone(), delay.clone()], 6_020),
        (vec![one, delay, start_first], 3_020),
    ];
    for (knobs, ms) in table {
        let played = play(&model(3, 1, 1, swarm(&knobs)), 1);
        assert_eq!((tasks(&played, 1).1, tasks(&played, 2)), (0, (3, 3)), "{knobs:?}");
        assert_eq!(took_ms(&played), ms, "{knobs:?}");
    }
}

/// SWARMKIT `updater_test.go`, `TestUpdaterTaskTimeout`: old tasks that do not stop hold a new one up for 100 ms each.
#[test]
fn swarm_does_not_wait_forever_for_old_tasks() {
    let timeout = ("handover_timeout", Value::Span(Duration::from_millis(100)));
    let played = play(&Model { horizon: secs(3_000), ..model(3, 1, 3_600, swarm(&[timeout])) }, 1);
    assert_eq!(tasks(&played, 2), (3, 3));
    assert_eq!(took_ms(&played), 3_300);
}

/// SWARMKIT `updater_test.go`, `TestUpdaterOrder`: start first, and old tasks that never stop; 3 of them and 3 new ones run.
#[test]
fn swarm_leaves_old_tasks_behind() {
    let order = ("order", Value::Word("start-first", &[]));
    let played = play(&Model { horizon: secs(3_000), ..model(3, 1, 3_600, swarm(&[order])) }, 1);
    assert_eq!((tasks(&played, 1).1, tasks(&played, 2)), (0, (3, 3)));
    assert_eq!(played.summary.peak_tasks, 6);
}

/// SWARMKIT `updater_test.go`, `TestUpdaterFailureAction`: 3 replicas, one at a time, half a second apart, each new task fails. Pause: 2 old ones and 1
/// slot of the new version, of which nothing changes any more but that its task is replaced; continue: 3 slots of it; roll back:
/// 3 old ones. However soon they fail, before they run or while they are watched.
#[test]
fn swarm_acts_on_failures() {
    for after_ms in [0, 999, 1_000, 1_400] {
        let half_a_second = || Value::Span(Duration::from_millis(500));
        let bad = |action| {
            let knobs = [("failure_action", action), ("monitor", half_a_second()), ("delay", half_a_second())];
            crashing(3, after_ms, swarm(&knobs))
        };
        let new_there = |played: &Played| {
            let counts = played.trace.task_counts(ServiceId(0));
            played.trace.records.iter().map(|r| counts.new_in_service.at(r.at) + counts.starting.at(r.at)).max()
        };

        let played = play(&bad(PAUSE), 1);
        let paused = first(&played, |fact| matches!(fact, Fact::DeployPaused { .. })).expect("it pauses");
        let stops = played.facts(|at, fact| matches!(fact, Fact::StopChosen { .. }).then_some(at));
        assert!(stops.len() == 1 && stops[0] < paused, "{after_ms} ms");
        assert_eq!((tasks(&played, 1).1, new_there(&played)), (2, Some(1)), "{after_ms} ms");
        assert!(tasks(&played, 2).0 > 400, "one every 5 to 7 s for 2,940 s");

        let played = play(&bad(CONTINUE), 1);
        assert_eq!((tasks(&played, 1).1, new_there(&played)), (0, Some(3)), "{after_ms} ms");
        assert_eq!(first(&played, |fact| matches!(fact, Fact::DeployPaused { .. } | Fact::DeployFailed { .. })), None);

        let played = play(&bad(ROLL_BACK), 1);
        assert_eq!((tasks(&played, 1), tasks(&played, 2)), ((4, 3), (1, 0)), "{after_ms} ms");
        assert!(first(&played, |fact| matches!(fact, Fact::DeployRolledBack { .. })).is_some());

        // The next version after a pause goes to all slots.
        let mut model = bad(PAUSE);
        model.deploys.push(deploy(0, 600));
        let played = play(&model, 1);
        assert_eq!((tasks(&played, 1).1, tasks(&played, 2).1, tasks(&played, 3)), (0, 0, (3, 3)), "{after_ms} ms");
    }
}

/// SWARMKIT `updater.go`, and `TestUpdaterRollback` of its replicated orchestrator (4 replicas, ratio 0.4: 1 of 4 is tolerated, 2 of 4
/// are not; restart condition none): replicas, the most that may fail in tenths of a percent, and how many of them that is.
/// The test's own tasks fail by turns, which no version does here.
#[test]
fn swarm_tolerates_a_share_of_failures() {
    for (replicas, most, tolerated) in
        [(3, 0, 0), (4, 400, 1), (4, 500, 2), (4, 249, 0), (4, 250, 1), (10, 400, 4), (4, 1_000, 4)]
    {
        let knobs = [("failure_action", ROLL_BACK), ("max_failure_ratio", Value::Permille(most))];
        let mut model = crashing(replicas, 500, swarm(&knobs));
        model.control.restart.replace = None;
        let played = play(&model, 1);
        let failures = played.facts(|at, fact| matches!(fact, Fact::TaskFailed { .. }).then_some(at));
        let Some(acted) = first(&played, |fact| matches!(fact, Fact::DeployFailed { .. })) else {
            assert_eq!((failures.len(), tolerated), (4, 4), "{replicas} at {most}");
            continue;
        };
        let before = failures.iter().filter(|at| **at < acted).count();
        assert!(
            before <= tolerated && failures.len() > tolerated,
            "{replicas} at {most}: {before}, then {}",
            failures.len()
        );
        assert_eq!(failures.last(), Some(&acted), "{replicas} at {most}");
        assert_eq!((tasks(&played, 1).1, tasks(&played, 2).1), (replicas as usize, 0), "{replicas} at {most}");
    }
}

/// Nomad's rolling update of a version that is never healthy: the progress deadline fails it after 10 min.
fn nomad(n: u32, max_parallel: u32, crash_ms: u64) -> Model {
    let mut model = crashing(n, crash_ms, rollout("nomad", "rolling", &[("max_parallel", Value::Count(max_parallel))]));
    model.control.restart.replace = Some(Backoff::constant(secs(30)));
    model
}

/// NOMAD `reconcile_test.go`, `PausedOrFailedDeployment_NoMorePlacements`, `FailedDeployment_NewJob` and
/// `PausedOrFailedDeployment_NoMoreCanaries`: after a failed deployment a higher count places nothing, the next version goes to all,
/// and canaries that were not promoted are stopped.
#[test]
fn nomad_after_a_failed_deployment() {
    let mut scaled = nomad(10, 4, 500);
    scaled.scalings = vec![Scaling { service: ServiceId(0), at: at_s(1_000), desired: 15 }];
    let played = play(&scaled, 1);
    assert_eq!((tasks(&played, 1).1, tasks(&played, 2).1), (6, 0));

    let mut next = nomad(10, 4, 500);
    next.deploys.push(deploy(0, 1_000));
    let played = play(&next, 1);
    assert_eq!((tasks(&played, 1).1, tasks(&played, 3)), (0, (10, 10)));
    assert!(first(&played, |fact| matches!(fact, Fact::DeployCompleted { deploy: DeployId(1), .. })).is_some());

    let canary = rollout("nomad", "canary", &[("canary", Value::Count(2)), ("max_parallel", Value::Count(2))]);
    let played = play(&Model { deploys: nomad(10, 2, 500).deploys, ..replacing(model(10, 1, 1, canary)) }, 1);
    assert_eq!((tasks(&played, 1), tasks(&played, 2).1), ((10, 10), 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// NOMAD `reconcile_test.go`, `PausedOrFailedDeployment_NoMorePlacements` and `..._NoMoreDestructiveUpdates`: no more old ones go
    /// than the limit, and after the failure neither a stop nor a start follows.
    #[test]
    fn nomad_stops_with_the_deployment(
        n in 1..12_u32, max_parallel in 0..5_u32, crash_ms in 0..9_000_u64, (start, stop) in (0..20_u64, 0..20_u64),
    ) {
        let mut model = nomad(n, max_parallel, crash_ms);
        model.services[0].startup = Dist::Fixed(secs(start));
        model.services[0].exit = Dist::Fixed(secs(stop));
        let played = play(&model, 1);
        let failed = first(&played, |fact| matches!(fact, Fact::DeployFailed { .. })).expect("nothing gets on");
        let limit = if max_parallel == 0 { n } else { max_parallel.min(n) };
        prop_assert_eq!(tasks(&played, 1).1, (n - limit) as usize);
        let later = played.facts(|at, fact| match fact {
            Fact::TaskMoved { to: TaskState::Provisioning, .. } | Fact::StopChosen { .. } if at > failed => Some(fact),
            _ => None,
        });
        prop_assert_eq!(later, vec![]);
    }

    /// SWARMKIT `updater.go`: when tasks fail before they run, each worker has one slot when the first failure pauses it, and those stay.
    #[test]
    fn swarm_pauses_with_its_workers(n in 1..12_u32, parallelism in 0..5_u32, crash_ms in 0..1_000_u64) {
        let knobs = [("parallelism", Value::Count(parallelism)), ("failure_action", PAUSE)];
        let played = play(&crashing(n, crash_ms, swarm(&knobs)), 1);
        let paused = first(&played, |fact| matches!(fact, Fact::DeployPaused { .. }));
        prop_assert!(paused.is_some());
        let workers = if parallelism == 0 { n } else { parallelism.min(n) };
        prop_assert_eq!(tasks(&played, 1), (n as usize, (n - workers) as usize));
    }
}
