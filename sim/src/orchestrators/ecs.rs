//! Amazon ECS with its own deployment controller, in three eras.
//!
//! The sources' keys (DG, AG, T1, E, ...) are those of `docs/sources.md`.

use super::settings::{BILLING, DEREGISTRATION, HOST_DRAIN, PLACEMENTS, PULLS, SLOT_RELEASE};
use super::{Orchestrator, Strategy};
use crate::deploy::{
    Act, Amount, Bound, Completion, Detector, FailurePolicy, Hold, Mover, Pool, Reap, RollBack, Rollout, Round,
    VictimOrder, ZeroRule, strategies,
};
use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::model::LaunchRate;
use crate::parameters::{Parameters, Value};

/// ECS on EC2 as of 2026.
pub fn today() -> Orchestrator {
    Orchestrator {
        name: "ecs",
        title: "Amazon ECS on EC2, 2026",
        parameters: parameters(),
        strategies: vec![
            Strategy::new(
                "rolling",
                failing(percentages()).with(
                    "alarm_bake_time",
                    Duration::from_secs(120),
                    "E: BC DeploymentAlarms: \"computed from the alarm configuration\"; period x periods and 1 min (range 1 to 30 min)",
                ),
                rolling,
            ),
            Strategy::new(
                "blue-green",
                failing(Parameters::none()).with(
                    "bake_time",
                    Duration::from_secs(900),
                    BAKE,
                ),
                |from| native(strategies::blue_green(vec![], vec![Hold::For(from.span("bake_time"))]), from),
            ),
            Strategy::new(
                "linear",
                failing(Parameters::none())
                    .with("step_percent", Value::Permille(100), "BC LinearConfiguration: 10.0 (3 to 100)")
                    .with("step_bake_time", Duration::from_secs(360), "BC LinearConfiguration: 6 min (0 to 1,440)")
                    .with("bake_time", Duration::from_secs(900), BAKE),
                |from| {
                    let bake = Hold::For(from.span("step_bake_time"));
                    native(strategies::linear(from.permille("step_percent"), bake), from)
                },
            ),
            Strategy::new(
                "canary",
                failing(Parameters::none())
                    .with("canary_percent", Value::Permille(50), "BC CanaryConfiguration: 5.0 (0.1 to 100)")
                    .with("step_bake_time", Duration::from_secs(600), "BC CanaryConfiguration: 10 min (0 to 1,440)")
                    .with("bake_time", Duration::from_secs(900), BAKE),
                |from| {
                    let bake = Hold::For(from.span("step_bake_time"));
                    native(strategies::canary(&[from.permille("canary_percent")], &[bake], true), from)
                },
            ),
        ],
    }
}

/// ECS as its console set services up in 2018.
pub fn console_2018() -> Orchestrator {
    let minimum = "DG of 2018-01, create-service: the console's default";
    Orchestrator {
        name: "ecs-2018",
        title: "Amazon ECS on EC2, as its console set services up in 2018",
        parameters: parameters()
            .with(
                "healthy_after",
                Dist::ZERO,
                "DG of 2018-01: healthy when it runs; the 40 s were documented in 2020-04",
            )
            .with(
                "deregistration",
                Value::Word("same-review", DEREGISTRATION),
                "T5, T6 (2017, 2020): deregistration is logged first, \"has stopped\" after the drain",
            )
            .with("starts_wait_for_stops", true, "AG v1.50.0 task_manager.go: a start waits for all earlier stops")
            .with("replace_most", Duration::from_secs(900), "DG service-throttle-logic: 15 min until 2023")
            .with("replaces_before_stop", false, "DG of 2018-01: an unhealthy task is stopped, and then replaced")
            // BC: containers had no health checks of their own.
            .without("check_passes_after")
            .without("check_fails_after")
            .without("check_interval")
            .without("check_timeout")
            .without("check_unhealthy")
            .without("check_healthy")
            .without("health_report"),
        strategies: vec![Strategy::new(
            "rolling",
            percentages().with("minimum_healthy_percent", Value::Permille(500), minimum),
            rolling,
        )],
    }
}

/// ECS before minimum and maximum percent (2015-12-21).
pub fn before_2015_12() -> Orchestrator {
    Orchestrator {
        name: "ecs-2015",
        title: "Amazon ECS on EC2 before minimum and maximum percent (2015-12-21)",
        parameters: console_2018()
            .parameters
            .with("first_review", Dist::uniform_millis(2_900, 6_000), "T3, T4: 2.9 to 6 s in idle services of 2015")
            .with(
                "launch_rate",
                LaunchRate { per_minute: 1_200, burst: 100 },
                "DG service_limits of 2018: 20 tasks a second, burst 100; the quota for a service came later",
            )
            .with(
                "image_cleanup_every",
                Duration::ZERO,
                "AG CHANGELOG: images are cleaned up since v1.13.0 (2016-09-28)",
            )
            .with("pulls", Value::Word("serial", PULLS), "AG: serial from 2014-12 to v1.14.0 (2017-01-17)")
            .with("billing", Value::Word("per-hour", BILLING), "EC2: by the started hour until 2017-10-02"),
        strategies: vec![
            Strategy::new("one-at-a-time", Parameters::none(), |_| Rollout {
                completion: Completion::OldStopped,
                ..strategies::one_at_a_time()
            }),
            Strategy::new("rolling", percentages(), rolling),
        ],
    }
}

const BAKE: &str = "E: BC DeploymentConfiguration.bakeTimeInMinutes has no default; 15 min (range 0 to 1,440 min)";

/// Minimum and maximum percent. They replaced one at a time on 2015-12-21.
fn percentages() -> Parameters {
    let source = "DG service_definition_parameters: default of the API and the command line for replica services";
    Parameters::none().with("minimum_healthy_percent", Value::Permille(1_000), source).with(
        "maximum_percent",
        Value::Permille(2_000),
        source,
    )
}

/// The circuit breaker and alarms.
fn failing(parameters: Parameters) -> Parameters {
    parameters
        .with("circuit_breaker", false, "BC DeploymentCircuitBreaker: off unless enabled")
        .with("circuit_breaker_percent", Value::Permille(500), "BC ThresholdConfiguration: BOUNDED_PERCENT, 50")
        .with("circuit_breaker_least", 3, "BC ServiceDeploymentCircuitBreaker: 3 (10 until 2023-06 at least, DG)")
        .with("circuit_breaker_most", 200, "BC ServiceDeploymentCircuitBreaker: 200")
        .with("alarms", false, "BC DeploymentAlarms: off unless enabled")
        .with("rollback", false, "BC DeploymentCircuitBreaker.rollback: off unless enabled")
}

fn failure(from: &Parameters, back: RollBack) -> FailurePolicy {
    let breaker = Detector::InARow {
        share: Bound { amount: Amount::Permille(from.permille("circuit_breaker_percent")), round: Round::Up },
        least: from.count("circuit_breaker_least"),
        most: from.count("circuit_breaker_most"),
    };
    let detectors = [(from.flag("circuit_breaker"), breaker), (from.flag("alarms"), Detector::Alarm)];
    let act = if from.flag("rollback") { Act::RollBack(back) } else { Act::Stop };
    FailurePolicy::any(detectors.into_iter().filter(|(on, _)| *on).map(|(_, detector)| detector), act)
}

/// Minimum p % healthy: of N, N - ceil(N p / 100) may be missing; maximum p %: floor(N p / 100) - N may be extra (BC
/// `DeploymentConfiguration`). Stopping tasks count for the maximum (DG, T6).
fn rolling(from: &Parameters) -> Rollout {
    let share = |permille| Bound { amount: Amount::Permille(permille), round: Round::Down };
    let mover = Mover::Pool(Pool {
        surge: share(from.permille("maximum_percent") - 1_000),
        unavailable: share(1_000 - from.permille("minimum_healthy_percent")),
        // DG service-event-messages: "was unable to stop or start tasks during a deployment".
        zero: ZeroRule::Stall,
        terminating_in_cap: true,
        // DG service_definition_parameters: the minimum counts healthy tasks; others serve nobody.
        reap: Reap::AtOnce,
        window: None,
        victims: VictimOrder::Balanced,
    });
    let mut rollout = strategies::rolling(mover);
    if from.flag("alarms") {
        rollout.program[0].holds.push(Hold::For(from.span("alarm_bake_time")));
    }
    // T1, T6: steady when the old tasks have stopped.
    Rollout { failure: failure(from, RollBack::Reverse), completion: Completion::OldStopped, ..rollout }
}

/// Blue/green, linear and canary: the old tasks stay for the bake time and go before the end (BC `BAKE_TIME`, `CLEAN_UP`).
fn native(mut rollout: Rollout, from: &Parameters) -> Rollout {
    let last_shift = rollout.program.len() - 2;
    let holds = &mut rollout.program[last_shift].holds;
    if holds.is_empty() && !from.span("bake_time").is_zero() {
        holds.push(Hold::For(from.span("bake_time")));
    }
    let back = RollBack::DropNew { after: Duration::ZERO };
    Rollout { failure: failure(from, back), completion: Completion::OldStopped, ..rollout }
}

pub(super) fn parameters() -> Parameters {
    agent(health(control()))
}

/// The service scheduler.
fn control() -> Parameters {
    Parameters::none()
        .with(
            "tick",
            Duration::from_millis(10_100),
            "T1 to T12: gaps between service events are multiples of 9.5 to 10.7 s, in 2015 and in 2026",
        )
        .with("tick_jitter", Duration::from_millis(300), "T: two looks, each this much off, are 9.5 to 10.7 s apart")
        .with(
            "first_review",
            Dist::uniform_millis(1_000, 10_000),
            "E: between the 2.9 to 6 s of T3 and T4 and one tick (range 1 to 10 s)",
        )
        .with("healthy_after", Dist::fixed_millis(40_000), "DG, documented 2020-04: 40 s after RUNNING")
        .with(
            "deregistration",
            Value::Word("next-review", DEREGISTRATION),
            "T8, T9, T12 (2026): deregistered about 10 s after \"has stopped\"",
        )
        .with(
            "target_poll",
            Duration::from_secs(10),
            "E: T6 and T8 stop 0 to 10 s and a tick after the delay (310 s for 300, 39.6 s for 30); range 1 to 10 s",
        )
        .with(
            "slot_release",
            Value::Word("stopping", SLOT_RELEASE),
            "AG issue 5138, roadmap 325: placement uses a stopping task's slot \"as designed\"",
        )
        .with(
            "launch_rate",
            LaunchRate { per_minute: 250, burst: 42 },
            "DG service-quotas (2022-04): 250 a minute for a service on EC2. E: burst of one tick (range 1 to 250)",
        )
}

/// How unhealthy tasks are found and replaced, and those that ended or that somebody stops.
fn health(control: Parameters) -> Parameters {
    control
        .with("replaces_unhealthy_targets", true, "DG: a task that fails its load balancer's checks is replaced")
        .with(
            "check_passes_after",
            Dist::uniform_millis(30_000, 50_000),
            "BC HealthCheck: first after 30 s; AG: told every 20 s",
        )
        .with(
            "check_fails_after",
            Dist::uniform_millis(90_000, 110_000),
            "BC HealthCheck: 3 in a row, 30 s; AG: told every 20 s",
        )
        .with("check_interval", Duration::from_secs(30), "BC HealthCheck: every 30 s")
        .with("check_timeout", Duration::from_secs(5), "BC HealthCheck: 5 s")
        .with("check_unhealthy", 3, "BC HealthCheck: 3 in a row")
        .with("check_healthy", 1, "BC HealthCheck: one pass")
        .with(
            "health_report",
            Dist::uniform_millis(0, 20_000),
            "AG agent/stats/engine.go: the health of containers is told every 20 s",
        )
        .with(
            "unhealthy_poll",
            Duration::from_secs(30),
            "E: HC: 9, 12, 13, 32, 36 and 36 s from a target's verdict to its replacement, a look included (range 10 to 30 s)",
        )
        .with(
            "replaces_before_stop",
            true,
            "BC DeploymentConfiguration: a replacement is started first where the maximum percent lets it (T12)",
        )
        .with(
            "rotation_end",
            Dist::uniform_millis(3_000, 11_000),
            "RM 708: 502 for 3 to 5 s after a crash; HC: deregistered 10.9 s after one (n = 1)",
        )
        .with(
            "stop_call",
            Dist::uniform_millis(2_700, 4_700),
            "HC: StopTask to deregistration 3.7 s. E: 1 s off either way",
        )
        .with("stop_call_reaction", Dist::uniform_millis(500, 900), "HC: the replacement is created 0.5 to 0.9 s later")
        .with("replace_first", Duration::from_secs(10), "E: the docs give only the cap; one tick (range 1 s to 1 min)")
        .with("replace_second", Duration::from_secs(20), "E: doubling (range 1 to 3 times)")
        .with(
            "replace_factor",
            Value::Permille(2_000),
            "E: \"incrementally\" in DG service-throttle-logic (range 1 to 3)",
        )
        .with("replace_most", Duration::from_secs(1_620), "DG: 15 min until 2023, 27 min later")
        .with("replace_at_once_if_it_ran", true, "DG service-throttle-logic: a crash after RUNNING is not throttled")
}

/// The agent, its host, and what tasks take.
fn agent(rest: Parameters) -> Parameters {
    rest.with(
        "push",
        Dist::uniform_millis(60, 100),
        "T: createdAt to pullStartedAt 66 and 92 ms; a websocket since v0.0.3",
    )
    .with("pull_throughput", Value::Throughput(24_000_000), "E: 200 MB take 5 to 10 s cold (range 10 to 60 MB/s)")
    .with(
        "image_check",
        Dist::uniform_millis(0, 2_000),
        "T: createdAt to pullStartedAt of four tasks on EC2 was 0.07, 0.09, 1.26 and 1.55 s",
    )
    .with("report", Dist::fixed_millis(200), "AG: submitted at once. E: 0.2 s (range 0.1 to 1 s)")
    .with(
        "stop_tail",
        Dist::fixed_millis(1_000),
        "E: 1 s with bridge networks; 12.5 s with network interfaces and on Fargate (T8); range 0.25 to 25 s",
    )
    .with("startup", Dist::fixed_millis(1_000), "T: pullStoppedAt to startedAt on EC2 was 0, 1.0 and 1.2 s")
    .with("exit", Dist::fixed_millis(1_000), "E: an application that handles SIGTERM (T8: 0.25 s; range 0 to 30 s)")
    .with("stop_timeout", Duration::from_secs(30), "AG: ECS_CONTAINER_STOP_TIMEOUT, 30 s")
    .with("starts_wait_for_stops", false, "AG 1.73: a start waits for the resources it reserves, not for stops")
    .with("provisioning", Dist::ZERO, "E: none with bridge networks (range 0 to 8 s with a network interface)")
    .with("pulls", Value::Word("parallel", PULLS), "AG: parallel since v1.14.0 (2017-01-17)")
    .with("image_cleanup_every", Duration::from_secs(1_800), "AG README: ECS_IMAGE_CLEANUP_INTERVAL, 30 min")
    .with("image_min_age", Duration::from_secs(3_600), "AG README: ECS_IMAGE_MINIMUM_CLEANUP_AGE, 1 h")
    .with("images_a_cleanup", 5, "AG README: ECS_NUM_IMAGES_DELETE_PER_CYCLE, 5")
    .with("keep_stopped", Duration::from_secs(10_800), "AG README: ECS_ENGINE_TASK_CLEANUP_WAIT_DURATION, 3 h")
    .with(
        "host_drain",
        Value::Word("as-rollout", HOST_DRAIN),
        "DG container-instance-draining: running tasks are replaced within minimum and maximum percent",
    )
    .with(
        "loss_detection",
        Dist::fixed_millis(60_000),
        "E: no text says when tasks of a terminated instance count as stopped (range 10 s to 2 min)",
    )
    .with("placement", Value::Word("spread", PLACEMENTS), "DG task-placement: the default of services")
    .with("billing", Value::Word("per-second", BILLING), "EC2 Linux since 2017-10-02: 60 s at least")
}

/// AG README: host ports that the agent keeps.
pub const RESERVED_PORTS: [u16; 5] = [22, 2375, 2376, 51678, 51679];
