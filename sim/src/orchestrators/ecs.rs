//! Amazon ECS with the rolling update controller, in three eras.
//!
//! The sources' keys (DG, AG, T1, E, ...) are those of `docs/sources.md`.

use crate::deploy::Rolling;
use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::model::{
    Agent, Billing, Contact, ControlLoop, Deregistration, LaunchRate, PullOrder, SlotRelease, StartRule,
};
use crate::placement::Policy;

use super::Orchestrator;

/// ECS on EC2 as of 2026.
pub fn today() -> Orchestrator {
    Orchestrator {
        name: "ecs",
        control: CONTROL,
        agent: AGENT,
        billing: PER_SECOND,
        // DG service_definition_parameters: the API's and the command line's default for replica services.
        rolling: Rolling::Percent { minimum_healthy_percent: 100, maximum_percent: 200 },
        placement: Policy::Spread,
    }
}

/// ECS as its console set services up in 2018.
pub fn console_2018() -> Orchestrator {
    Orchestrator {
        name: "ecs-2018",
        control: ControlLoop {
            // DG of 2018-01: a task without a load balancer counts as healthy when it runs; the 40 s were documented in 2020-04.
            healthy_after: Duration::ZERO,
            // T: 5 and 6 (2017, 2020) log deregistration first and "has stopped" after the drain.
            deregistration: Deregistration::SameReview,
            ..CONTROL
        },
        agent: Agent {
            // AG v1.50.0 task_manager.go: a start waits for all earlier stops of its host.
            start_rule: StartRule::AfterEarlierStops,
            ..AGENT
        },
        billing: PER_SECOND,
        // DG of 2018-01, create-service: the console's default minimum was 50 %, its maximum 200 %.
        rolling: Rolling::Percent { minimum_healthy_percent: 50, maximum_percent: 200 },
        placement: Policy::Spread,
    }
}

/// ECS before minimum and maximum percent (2015-12-21).
pub fn before_2015_12() -> Orchestrator {
    Orchestrator {
        name: "ecs-2015",
        control: ControlLoop {
            // T: 2.9 to 6 s from the request to the first "has started" in idle services of 2015.
            first_review: Dist::uniform_millis(2_900, 6_000),
            // The launch quota was documented in 2022; 20 tasks a second, burst 100, were the limits of 2018 (DG service_limits).
            launch_rate: Some(LaunchRate { per_minute: 1_200, burst: 100 }),
            healthy_after: Duration::ZERO,
            deregistration: Deregistration::SameReview,
            ..CONTROL
        },
        agent: Agent {
            start_rule: StartRule::AfterEarlierStops,
            // AG: serial from 2014-12 to v1.14.0 (2017-01-17).
            pulls: PullOrder::Serial,
            ..AGENT
        },
        // EC2 Linux was billed by the started hour until 2017-10-02.
        billing: Billing::PerStartedHour,
        // Botocore's UpdateService text of 2015-11-23.
        rolling: Rolling::OneAtATime,
        placement: Policy::Spread,
    }
}

const PER_SECOND: Billing = Billing::PerSecond { minimum: Duration::from_secs(60) };

const CONTROL: ControlLoop = ControlLoop {
    // T1 to T12: gaps between service events are multiples of 9.5 to 10.7 s, in 2015 and in 2026.
    tick: Duration::from_millis(10_100),
    // Two looks, each this much off its beat, are 9.5 to 10.7 s apart.
    tick_jitter: Duration::from_millis(300),
    // E: between the 2.9 to 6 s of T3 and T4 and one tick.
    first_review: Dist::uniform_millis(1_000, 10_000),
    // DG, documented 2020-04: without a load balancer a task is healthy 40 s after RUNNING.
    healthy_after: Duration::from_secs(40),
    // T: 8, 9 and 12 (2026): deregistered about 10 s after "has stopped".
    deregistration: Deregistration::NextReview,
    // T6, T8: the stop comes 0 to 10 s and a tick after the end of the deregistration delay (310 s for 300, 39.6 s for 30).
    // E: it asks every 10 s (range 1 to 10 s).
    target_poll: Duration::from_secs(10),
    // AG issue 5138, roadmap 325: placement uses a stopping task's slot "as designed".
    slot_release: SlotRelease::Stopping,
    // DG service-quotas (2022-04): 250 launches a minute for a service on EC2. The burst is an estimate, one tick's share
    // of it (range 1 to 250): 6 starts at once were seen, and no upper bound.
    launch_rate: Some(LaunchRate { per_minute: 250, burst: 42 }),
};

const AGENT: Agent = Agent {
    // T: createdAt to pullStartedAt 66 and 92 ms; a websocket since v0.0.3.
    contact: Contact::Push { latency: Dist::uniform_millis(60, 100) },
    start_rule: StartRule::WhenResourcesFree,
    provisioning: Dist::ZERO,
    pulls: PullOrder::Parallel,
    // E: 200 MB take 5 to 10 s cold on a *.large (60 MB/s compressed, then 80 MB/s unpacked at twice the size); range
    // 10 to 60 MB/s.
    pull_bytes_per_s: 24_000_000,
    // T: createdAt to pullStartedAt of four tasks on EC2 was 0.07, 0.09, 1.26 and 1.55 s.
    image_check: Dist::uniform_millis(0, 2_000),
    // AG: RUNNING is submitted at once, never batched. E: 0.2 s (range 0.1 to 1 s).
    report: Dist::fixed_millis(200),
    // E: 1 s on EC2 with bridge networks; 12.5 s with network interfaces and on Fargate (T8); range 0.25 to 25 s.
    stop_tail: Dist::fixed_millis(1_000),
};

/// T: pullStoppedAt to startedAt on EC2 was 0, 1.0 and 1.2 s.
pub const CONTAINER_START: Dist = Dist::fixed_millis(1_000);

/// `ECS_CONTAINER_STOP_TIMEOUT`, 30 s.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// E: an application that handles SIGTERM; range 0 s to the stop timeout (T8: 0.25 s). One that ignores it takes the
/// whole stop timeout.
pub const EXIT: Dist = Dist::fixed_millis(1_000);

/// AG README: host ports that the agent keeps.
pub const RESERVED_PORTS: [u16; 5] = [22, 2375, 2376, 51678, 51679];
