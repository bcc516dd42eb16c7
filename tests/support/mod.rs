//! Small models without variance, and runs of them with every fact kept.

#![allow(dead_code, reason = "each test file uses its own part")]

pub mod any_rollout;
pub mod law;
pub mod money;
pub mod random;
pub mod rollouts;
pub mod systems;
pub mod users;

use seatrial_sim::deploy::{Completion, Limits, Mover, Rollout, Step, strategies};
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::fact::{Fact, ServiceId};
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::measure::summary::{Summary, SummaryObserver};
use seatrial_sim::measure::trace::Trace;
use seatrial_sim::model::{
    Agent, Backoff, Contact, ControlLoop, Demand, Deploy, Deregistration, Eligible, FirstCheck, HostDrain, HostGroup,
    HourlyPrice, LoadBalancer, Model, PullOrder, Resources, Restart, Service, SlotRelease, StartRule, Version,
};
use seatrial_sim::orchestrators::{ecs, load_balancers};
use seatrial_sim::parameters::Value;
use seatrial_sim::placement::Policy;
use seatrial_sim::{Outcome, run};

pub const fn secs(s: u64) -> Duration {
    Duration::from_secs(s)
}

pub const fn at_s(s: u64) -> Time {
    Time::from_millis(s * 1_000)
}

/// A model in which nothing takes time unless a test says so: `desired` tasks of 1 cpu unit and 1 MiB, `hosts` hosts with
/// room for `slots` tasks each, one deploy after a minute, minimum 100 % and maximum 200 %.
pub fn plain(desired: u32, hosts: u32, slots: u32) -> Model {
    Model {
        horizon: secs(86_400),
        control: ControlLoop {
            tick: Duration::ZERO,
            tick_jitter: Duration::ZERO,
            latency: Duration::ZERO,
            settles: false,
            first_review: Dist::ZERO,
            healthy_after: Dist::ZERO,
            deregistration: Deregistration::SameReview,
            target_poll: Duration::ZERO,
            slot_release: SlotRelease::Stopped,
            launch_rate: None,
            replaces_unhealthy_targets: false,
            unhealthy_poll: Duration::ZERO,
            replaces_before_stop: false,
            health_report: Dist::ZERO,
            rotation_end: Dist::ZERO,
            stop_call: Dist::ZERO,
            stop_call_reaction: Dist::ZERO,
            pull_ahead: false,
            restart: Restart { in_place: None, replace: Some(Backoff::constant(secs(0))), backs_off_unless_ran: false },
            host_drain: HostDrain::AsRollout,
            loss_detection: Dist::ZERO,
        },
        host_groups: vec![group("m5", hosts, slots)],
        services: vec![service("web", desired)],
        deploys: vec![deploy(0, 60)],
        scalings: vec![],
        task_faults: vec![],
        registry_bytes_per_s: None,
    }
}

/// A deploy of a good new version of the `service`-th service, `s` seconds after the start.
pub const fn deploy(service: u32, s: u64) -> Deploy {
    Deploy { service: ServiceId(service), at: at_s(s), version: Version::New(None) }
}

pub fn group(name: &str, hosts: u32, slots: u32) -> HostGroup {
    let agent = Agent {
        contact: Contact::Push { latency: Dist::ZERO },
        start_rule: StartRule::WhenResourcesFree,
        provisioning: Dist::ZERO,
        pulls: PullOrder::Parallel,
        pull_bytes_per_s: 1_000_000,
        image_check: Dist::ZERO,
        report: Dist::ZERO,
        stop_tail: Dist::ZERO,
        host_bytes_per_s: None,
        image_cleanup: None,
    };
    let fixed = HostGroup::fixed(name, hosts, Resources::new(slots, slots), agent);
    HostGroup { price: HourlyPrice(100_000), ..fixed }
}

/// The classes that hold, by class.
pub fn only(classes: &[bool]) -> Eligible {
    Eligible(Some(classes.to_vec()))
}

pub fn service(name: &str, desired: u32) -> Service {
    let demand = Demand { resources: Resources::new(1, 1), ..Demand::default() };
    let (rollout, placement) = (percent(100, 200), Policy::Spread);
    Service { stop_timeout: secs(30), rollout, placement, ..Service::plain(name, desired, demand) }
}

/// A load balancer that finds a target healthy after `health` and lets it go after `drain`.
pub fn balancer(health: Duration, drain: Duration) -> LoadBalancer {
    LoadBalancer {
        registration: Dist::ZERO,
        first_check: FirstCheck::AtOnce,
        interval: health,
        initial_checks: 2,
        deregistration_delay: drain,
        ..load_balancers::ALB
    }
}

/// ECS rolling with these percentages.
pub fn percent(minimum_healthy_percent: u32, maximum_percent: u32) -> Rollout {
    let mut rolling = ecs::today().strategy("rolling").expect("ECS rolls").clone();
    for (name, percent) in [("minimum_healthy_percent", minimum_healthy_percent), ("maximum_percent", maximum_percent)]
    {
        rolling.parameters = rolling.parameters.with(name, Value::Permille(percent * 10), "a test");
    }
    rolling.rollout()
}

/// One new task, then one old task less, as ECS did before 2015-12.
pub fn one_at_a_time() -> Rollout {
    Rollout { completion: Completion::OldStopped, ..strategies::one_at_a_time() }
}

/// The floor and the cap of a pool that carries out a rollout's only step.
pub fn limits(rollout: &Rollout, desired: u32) -> Limits {
    match rollout.program[..] {
        [Step { mover: Mover::Pool(pool), .. }] => pool.limits(desired),
        _ => panic!("not a single step of a pool"),
    }
}

/// One run with everything that can be said of it.
pub struct Played {
    pub trace: Trace,
    pub summary: Summary,
    pub outcome: Outcome,
}

pub fn play(model: &Model, seed: u64) -> Played {
    let mut observers = (Trace::default(), SummaryObserver::new(model));
    let outcome = run(model, seed, &mut observers);
    let (trace, summary) = observers;
    Played { trace, summary: summary.finish(&outcome), outcome }
}

impl Played {
    pub fn deploy_s(&self) -> f64 {
        self.summary.deploy_s.unwrap_or_else(|| panic!("the deploy did not end: {:?}", self.outcome.blocked))
    }

    pub fn blocked(&self) -> &str {
        assert_eq!(self.summary.deploy_s, None, "the deploy ended");
        self.outcome.blocked.first().expect("an unfinished deploy says what it waits for")
    }

    /// Every fact that `choose` makes something of, in order.
    pub fn facts<T>(&self, choose: impl Fn(Time, Fact) -> Option<T>) -> Vec<T> {
        self.trace.records.iter().filter_map(|record| choose(record.at, record.fact)).collect()
    }

    /// (old, new) tasks in use over time, without repetition: old ones in service, new ones created.
    pub fn old_and_new(&self) -> Vec<(i64, i64)> {
        let counts = self.trace.task_counts(ServiceId(0));
        let new_at = |time| counts.starting.at(time) + counts.new_in_service.at(time);
        let mut states: Vec<_> =
            self.trace.records.iter().map(|record| (counts.old_in_service.at(record.at), new_at(record.at))).collect();
        states.dedup();
        states
    }
}
