//! Marathon on Mesos: an application's tasks replaced as its upgrade strategy allows, started where offers come in.
//!
//! Left out: that a wave of tasks waits for the same offers, of which each takes five at most; resident tasks, which keep their
//! host; that a task which does not run within 300 s is killed; readiness checks.

use super::settings::{BILLING, DEREGISTRATION, PLACEMENTS, PULLS, SLOT_RELEASE};
use super::{Orchestrator, Strategy};
use crate::deploy::{
    Amount, Bound, Completion, Gate, GateLevel, Mover, Pool, Reap, Rollout, Round, VictimOrder, ZeroRule, strategies,
};
use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::model::LaunchRate;
use crate::parameters::{Parameters, Value};

/// Marathon on Mesos.
pub fn marathon() -> Orchestrator {
    Orchestrator {
        name: "marathon",
        title: "Marathon on Mesos",
        parameters: parameters(),
        strategies: vec![Strategy::new("rolling", upgrade_strategy(), rolling)],
    }
}

fn upgrade_strategy() -> Parameters {
    Parameters::none()
        .with(
            "minimum_health_capacity",
            Value::Permille(1_000),
            "MARATHON UpgradeStrategy.scala: 1.0 (0.5 for resident tasks)",
        )
        .with(
            "maximum_over_capacity",
            Value::Permille(1_000),
            "MARATHON UpgradeStrategy.scala: 1.0 (0 for resident tasks)",
        )
}

/// `computeRestartStrategy`: of n, ceil(n x minimum) stay healthy and trunc(n (1 + over)) may exist; one more where that comes to
/// the same. An old task counts until it is terminal, and the deployment waits for that. It never fails by itself.
fn rolling(from: &Parameters) -> Rollout {
    let share = |permille| Bound { amount: Amount::Permille(permille), round: Round::Down };
    let mover = Mover::Pool(Pool {
        surge: share(from.permille("maximum_over_capacity")),
        unavailable: share(1_000 - from.permille("minimum_health_capacity")),
        zero: ZeroRule::OneExtra,
        terminating_in_cap: true,
        reap: Reap::Never,
        window: None,
        victims: VictimOrder::Newest,
    });
    Rollout {
        // Healthy by its own checks; without any, RUNNING is enough. What a load balancer thinks of it nobody asks.
        gate: Gate { level: GateLevel::Ready, min_for: Duration::ZERO, deadline: None },
        completion: Completion::OldStopped,
        ..strategies::rolling(mover)
    }
}

fn parameters() -> Parameters {
    Parameters::none()
        .with("tick", Duration::ZERO, "MARATHON TaskReplaceActor.scala: it hears of each change")
        .with("latency", Duration::from_millis(100), "E: a status update on its way (range 10 ms to 1 s)")
        .with("settles", true, "MARATHON TaskReplaceActor.scala: all that the bounds allow at once")
        .with("first_review", Dist::fixed_millis(100), "E: as latency (range 10 ms to 1 s)")
        .with("healthy_after", Dist::ZERO, "MARATHON TaskReplaceActor.scala: without a health check RUNNING is enough")
        .with(
            "deregistration",
            Value::Word("with-stop", DEREGISTRATION),
            "MARATHON: tasks are killed at once; load balancers learn of it from its events",
        )
        .with(
            "slot_release",
            Value::Word("stopped", SLOT_RELEASE),
            "MESOS: resources are offered again after the terminal status update",
        )
        .with(
            "launch_rate",
            LaunchRate { per_minute: 200, burst: 100 },
            "MARATHON LaunchTokenConfig: 100 tokens every 30 s",
        )
        .with("replaces_unhealthy_targets", false, "MARATHON: it knows its own health checks only")
        .with(
            "check_passes_after",
            Dist::uniform_millis(0, 60_000),
            "MARATHON HealthCheckActor.scala: all tasks of a version every 60 s, whenever they began to run",
        )
        .with(
            "check_fails_after",
            Dist::uniform_millis(480_000, 540_000),
            "MARATHON HealthCheckActor.scala: 300 s of grace, then the fourth failure in a row, 60 s apart, kills",
        )
        .with("replace_first", Duration::from_secs(1), "MARATHON BackoffStrategy: 1 s")
        .with("replace_second", Duration::from_millis(1_150), "MARATHON BackoffStrategy: factor 1.15")
        .with("replace_factor", Value::Permille(1_150), "MARATHON BackoffStrategy: factor 1.15")
        .with("replace_most", Duration::from_secs(300), "MARATHON BackoffStrategy: maxLaunchDelay, 300 s")
        .with("push", Dist::uniform_millis(20, 200), "E: Marathon, master, agent, executor (range 10 ms to 1 s)")
        .with(
            "provisioning",
            Dist::uniform_millis(0, 6_000),
            "MARATHON ReviveOffersConfig: offers are revived every 5 s at most; MESOS constants.hpp: allocated every 1 s",
        )
        .with("pulls", Value::Word("parallel", PULLS), "E: as Docker pulls, each executor for itself")
        .with("pull_throughput", Value::Throughput(24_000_000), "E: 200 MB take 5 to 10 s cold (range 10 to 60 MB/s)")
        .with(
            "image_check",
            Dist::ZERO,
            "E: no registry is asked for an image that is there, without forcePullImage (range 0 to 2 s)",
        )
        .with("startup", Dist::fixed_millis(1_000), "E: executor and container (range 0.5 to 5 s)")
        .with("report", Dist::uniform_millis(20, 200), "E: a status update by way of the agent (range 10 ms to 1 s)")
        .with("pre_stop", Duration::ZERO, "MARATHON: none")
        .with("exit", Dist::fixed_millis(1_000), "E: an application that handles SIGTERM (range 0 to 30 s)")
        .with("stop_timeout", Duration::from_secs(3), "MESOS command executor: 3 s unless the task has a kill policy")
        .with(
            "stop_tail",
            Dist::uniform_millis(100, 1_100),
            "E: the terminal status update (range 0.1 to 2 s); MESOS executors stay 1 s to send it",
        )
        .with(
            "placement",
            Value::Word("random-offers", PLACEMENTS),
            "MESOS hierarchical.cpp: agents are shuffled; MARATHON takes the first offer that fits",
        )
        .with("billing", Value::Word("per-second", BILLING), "EC2 Linux since 2017-10-02: 60 s at least")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::{Side, View};

    /// The rows of `RestartStrategyTest.scala` for tasks that are not resident: killed at once, and the most that may exist. The
    /// row without any running task is left out: nothing is to be replaced there.
    #[test]
    fn restart_strategies() {
        for (instances, minimum, over, running, killed, most) in [
            (1, 500, 0, 1, 0, 2),
            (2, 500, 0, 2, 1, 2),
            (10, 100, 0, 1, 0, 10),
            (10, 100, 1_000, 10, 9, 20),
            (10, 1_000, 1_000, 10, 0, 20),
        ] {
            let from = upgrade_strategy().with("minimum_health_capacity", Value::Permille(minimum), "test").with(
                "maximum_over_capacity",
                Value::Permille(over),
                "test",
            );
            let Mover::Pool(pool) = rolling(&from).program[0].mover else { panic!("Marathon has a pool") };
            let view = View {
                desired: instances,
                new: Side { target: instances, ..Side::default() },
                old: Side { target: 0, wanted: running, available: running },
                ..View::default()
            };
            assert_eq!(pool.plan(&view).stop_old(), killed, "{instances} at {minimum}/{over}");
            assert_eq!(pool.limits(instances).cap, most, "{instances} at {minimum}/{over}");
        }
    }

    /// `TaskReplaceActorTest.scala`, 3 instances: old tasks left and new ones queued at once.
    #[test]
    fn the_first_moves_of_three() {
        for (minimum, over, left, queued) in [(500, 1_000, 2, 3), (500, 0, 2, 0), (1_000, 0, 3, 1), (1_000, 700, 3, 2)]
        {
            let from = upgrade_strategy().with("minimum_health_capacity", Value::Permille(minimum), "test").with(
                "maximum_over_capacity",
                Value::Permille(over),
                "test",
            );
            let old = Side { target: 0, wanted: 3, available: 3 };
            let view = View { desired: 3, new: Side { target: 3, ..Side::default() }, old, ..View::default() };
            let plan = rolling(&from).program[0].mover.plan(&view);
            // Where nothing may be extra, the first new task comes when the one that is killed has gone.
            assert_eq!((3 - plan.stop_old(), plan.start), (left, queued), "{minimum}/{over}");
        }
    }
}
