//! What a system's parameters say, as the model needs it. A parameter that a system does not have takes no time and changes
//! nothing.

use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::model::{
    Agent, Backoff, Billing, CleanupWhen, Contact, ControlLoop, Deregistration, HealthCheck, HostDrain, ImageCleanup,
    InPlace, Probe, PullOrder, Restart, SlotRelease, StartRule,
};
use crate::parameters::{Parameters, Value};
use crate::placement::{self, Policy};

/// A system's ways and the defaults of what runs under it.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Its service scheduler.
    pub control: ControlLoop,
    /// The agent on its hosts.
    pub agent: Agent,
    /// How its hosts were billed at the time.
    pub billing: Billing,
    /// Its placement.
    pub placement: Policy,
    /// The health check of a service that has one and says nothing else of it.
    pub health_check: HealthCheck,
    /// From a container's creation to RUNNING, where a service says nothing else.
    pub startup: Dist,
    /// From the stop order to SIGTERM.
    pub pre_stop: Duration,
    /// From SIGTERM to the exit, where a service says nothing else.
    pub exit: Dist,
    /// From SIGTERM to SIGKILL.
    pub stop_timeout: Duration,
    /// Whether a host offers what is allocatable of it, to at most so many pods.
    pub pods: bool,
    /// How its agents remove images, where hosts have a disk for them or a scenario asks for it; they do not where absent.
    pub image_cleanup: Option<ImageCleanup>,
}

/// Words of the parameter `deregistration`.
pub const DEREGISTRATION: &[&str] = &["next-review", "same-review", "with-stop"];
/// Words of the parameter `slot_release`.
pub const SLOT_RELEASE: &[&str] = &["stopping", "stopped"];
/// Words of the parameter `host_drain`.
pub const HOST_DRAIN: &[&str] = &["as-rollout", "stop-first"];
/// Words of the parameter `pulls`.
pub const PULLS: &[&str] = &["parallel", "serial"];
/// Words of the parameter `billing`.
pub const BILLING: &[&str] = &["per-second", "per-hour"];

/// Words of the parameter `placement`.
pub const PLACEMENTS: &[&str] = &PLACEMENT_NAMES;

const PLACEMENT_NAMES: [&str; placement::ALL.len()] = {
    let mut names = [""; placement::ALL.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = placement::ALL[i].0;
        i += 1;
    }
    names
};

/// Bytes a second of compressed image where nothing else is said (E: 10 to 60 MB/s).
const THROUGHPUT: u64 = 24_000_000;

impl Settings {
    /// Reads parameters.
    pub fn new(from: &Parameters) -> Self {
        Self {
            control: control(from),
            agent: agent(from),
            billing: match from.word("billing") {
                "per-hour" => Billing::PerStartedHour,
                // EC2 Linux since 2017-10-02.
                _ => Billing::PerSecond { minimum: Duration::from_secs(60) },
            },
            placement: policy(from.word("placement")),
            health_check: HealthCheck {
                passes_after: from.random("check_passes_after"),
                fails_after: from.get("check_fails_after").map(|_| from.random("check_fails_after")),
                probe: from.span_above_zero("check_interval").map(|interval| Probe {
                    interval,
                    timeout: from.span("check_timeout"),
                    unhealthy: from.count("check_unhealthy"),
                    healthy: from.count("check_healthy"),
                }),
            },
            startup: from.random("startup"),
            pre_stop: from.span("pre_stop"),
            exit: from.random("exit"),
            stop_timeout: from.span("stop_timeout"),
            pods: from.flag("pods"),
            image_cleanup: image_cleanup(from),
        }
    }
}

fn control(from: &Parameters) -> ControlLoop {
    ControlLoop {
        tick: from.span("tick"),
        tick_jitter: from.span("tick_jitter"),
        latency: from.span("latency"),
        settles: from.flag("settles"),
        first_review: from.random("first_review"),
        healthy_after: from.random("healthy_after"),
        deregistration: match from.word("deregistration") {
            "next-review" => Deregistration::NextReview,
            "same-review" => Deregistration::SameReview,
            _ => Deregistration::WithStop,
        },
        target_poll: from.span("target_poll"),
        slot_release: match from.word("slot_release") {
            "stopping" => SlotRelease::Stopping,
            _ => SlotRelease::Stopped,
        },
        launch_rate: from.rate("launch_rate"),
        replaces_unhealthy_targets: from.flag("replaces_unhealthy_targets"),
        unhealthy_poll: from.span("unhealthy_poll"),
        replaces_before_stop: from.flag("replaces_before_stop"),
        health_report: from.random("health_report"),
        rotation_end: from.random("rotation_end"),
        stop_call: from.random("stop_call"),
        stop_call_reaction: from.random("stop_call_reaction"),
        pull_ahead: from.flag("pull_ahead"),
        restart: Restart {
            in_place: from.get("restart_first").map(|_| InPlace {
                backoff: backoff(
                    from,
                    ["restart_first", "restart_second", "restart_factor", "restart_most"],
                    "restart_reset",
                ),
                attempts: from.get("restart_attempts").map(|_| from.count("restart_attempts")),
            }),
            replace: from.get("replace_first").map(|_| {
                backoff(from, ["replace_first", "replace_second", "replace_factor", "replace_most"], "replace_reset")
            }),
            backs_off_unless_ran: from.flag("replace_at_once_if_it_ran"),
        },
        host_drain: match from.word("host_drain") {
            "stop-first" => HostDrain::StopFirst,
            _ => HostDrain::AsRollout,
        },
        loss_detection: from.random("loss_detection"),
    }
}

/// A back-off without a second step is constant.
fn backoff(from: &Parameters, [first, second, factor, most]: [&str; 4], reset: &str) -> Backoff {
    let constant = Backoff::constant(from.span(first));
    if from.get(second).is_none() {
        return constant;
    }
    Backoff {
        first: from.span(first),
        second: from.span(second),
        factor_permille: from.permille(factor),
        most: from.span(most),
        reset_after: from.span_above_zero(reset),
    }
}

fn agent(from: &Parameters) -> Agent {
    Agent {
        contact: match from.get("poll") {
            Some(Value::Span(interval)) if !interval.is_zero() => Contact::Poll { interval: *interval },
            _ => Contact::Push { latency: from.random("push") },
        },
        start_rule: if from.flag("starts_wait_for_stops") {
            StartRule::AfterEarlierStops
        } else {
            StartRule::WhenResourcesFree
        },
        provisioning: from.random("provisioning"),
        pulls: if from.word("pulls") == "serial" { PullOrder::Serial } else { PullOrder::Parallel },
        pull_bytes_per_s: from.throughput("pull_throughput").unwrap_or(THROUGHPUT),
        image_check: from.random("image_check"),
        report: from.random("report"),
        stop_tail: from.random("stop_tail"),
        host_bytes_per_s: None,
        image_cleanup: None,
    }
}

fn image_cleanup(from: &Parameters) -> Option<ImageCleanup> {
    let every = from.span_above_zero("image_cleanup_every")?;
    let share = |name| from.get(name).map(|_| from.permille(name));
    Some(ImageCleanup {
        every,
        min_age: from.span("image_min_age"),
        at_most: from.get("images_a_cleanup").map(|_| from.count("images_a_cleanup")),
        keep_stopped_for: from.span("keep_stopped"),
        when: match (share("image_cleanup_above"), share("image_cleanup_down_to")) {
            (Some(high), low) => CleanupWhen::AbovePermille { high, low: low.unwrap_or(high).min(high) },
            (None, _) => CleanupWhen::Always,
        },
    })
}

fn policy(name: &str) -> Policy {
    placement::ALL.into_iter().find(|(known, _)| *known == name).map_or(Policy::Spread, |(_, policy)| policy)
}
