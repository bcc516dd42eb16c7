//! Small models without variance, and runs of them with every fact kept.

#![allow(dead_code, reason = "each test file uses its own part")]

pub mod money;
pub mod random;

use seatrial_sim::deploy::Rolling;
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::fact::{Fact, ServiceId};
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::measure::summary::{Summary, SummaryObserver};
use seatrial_sim::measure::trace::Trace;
use seatrial_sim::model::{
    Agent, Billing, Cached, Contact, ControlLoop, Demand, Deploy, Deregistration, FirstCheck, HostGroup, HourlyPrice,
    Image, LoadBalancer, Model, PullOrder, Resources, Service, SlotRelease, StartRule,
};
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
            first_review: Dist::ZERO,
            healthy_after: Duration::ZERO,
            deregistration: Deregistration::SameReview,
            target_poll: Duration::ZERO,
            slot_release: SlotRelease::Stopped,
            launch_rate: None,
        },
        host_groups: vec![group("m5", hosts, slots)],
        services: vec![service("web", desired)],
        deploys: vec![Deploy { service: ServiceId(0), at: at_s(60) }],
    }
}

pub fn group(name: &str, hosts: u32, slots: u32) -> HostGroup {
    HostGroup {
        name: name.into(),
        hosts,
        zones: vec!["a".into()],
        capacity: Resources { cpu: slots, memory_mib: slots },
        reserved_ports: vec![],
        price: HourlyPrice(100_000),
        billing: Billing::PerSecond { minimum: secs(60) },
        agent: Agent {
            contact: Contact::Push { latency: Dist::ZERO },
            start_rule: StartRule::WhenResourcesFree,
            provisioning: Dist::ZERO,
            pulls: PullOrder::Parallel,
            pull_bytes_per_s: 1_000_000,
            image_check: Dist::ZERO,
            report: Dist::ZERO,
            stop_tail: Dist::ZERO,
        },
        pre_deploy: None,
    }
}

pub fn service(name: &str, desired: u32) -> Service {
    Service {
        name: name.into(),
        desired,
        demand: Demand { resources: Resources { cpu: 1, memory_mib: 1 }, host_port: None },
        host_group: None,
        image: Image { bytes: 0, shared_bytes: 0, cached: Cached::All },
        startup: Dist::ZERO,
        load_balancer: None,
        exit: Dist::ZERO,
        stop_timeout: secs(30),
        rolling: percent(100, 200),
        placement: Policy::Spread,
    }
}

/// A load balancer that finds a target healthy after `health` and lets it go after `drain`.
pub fn balancer(health: Duration, drain: Duration) -> LoadBalancer {
    LoadBalancer {
        registration: Dist::Fixed(health),
        first_check: FirstCheck::AtOnce,
        interval: secs(30),
        initial_checks: 1,
        deregistration_delay: drain,
        in_flight: None,
    }
}

pub const fn percent(minimum_healthy_percent: u32, maximum_percent: u32) -> Rolling {
    Rolling::Percent { minimum_healthy_percent, maximum_percent }
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
