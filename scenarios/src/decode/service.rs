//! `[[service]]`: its tasks, their image and their load balancer.

use seatrial_sim::engine::time::Duration;
use seatrial_sim::model::{
    Cached, Demand, Eligible, FirstCheck, HealthCheck, Image, LoadBalancer, Probe, Resources, Service,
};
use seatrial_sim::orchestrators::{Orchestrator, Settings, load_balancers};
use seatrial_sim::placement::Policy;

use super::autoscaling::autoscaling;
use super::hosts::MOST_CPU;
use super::load::load;
use super::orchestrator::{Chosen, strategy};
use super::placement::policy;
use super::scenario::Places;
use super::{Fields, Item};
use crate::tree::Value;

/// What a service has where it says nothing else.
pub(super) struct Defaults<'a> {
    pub system: &'a Orchestrator,
    pub settings: &'a Settings,
    pub strategy: Chosen,
    pub placement: Policy,
}

/// One service of a run up to the horizon, and the name of its strategy.
pub(super) fn service(
    item: &Item,
    places: &Places,
    defaults: &Defaults,
    horizon: Duration,
) -> Option<(Service, &'static str)> {
    let settings = defaults.settings;
    let mut fields = item.fields()?;
    let name = fields.need("name", |item| item.name());
    let desired = fields.need("desired", |item| item.count("tasks", 100_000));
    let cpu = fields.get("cpu").map_or(Some(0), |item| item.integer(0..=MOST_CPU));
    let memory_mib = fields.need("memory", |item| item.memory_mib());
    let reservation = fields.maybe("memory_reservation", |item| {
        let reserved = item.memory_mib()?;
        if memory_mib.is_some_and(|limit| reserved > limit) {
            return item.wrong("more than the memory, which is the hard limit", None);
        }
        Some(reserved)
    });
    let gpus = fields.or("gpus", 0, |item| item.integer(0..=1_000));
    let disk_mib = fields.or("disk", 0, |item| item.memory_mib());
    let own_interface =
        fields.or("network_mode", false, |item| item.choice([("bridge", false), ("host", false), ("awsvpc", true)]));
    let distinct_host = fields.or("distinct_host", false, |item| item.boolean());
    let host_port = fields.or("host_port", None, |item| match item.node.as_str() {
        Some(_) => item.choice([("dynamic", None)]),
        None => item.integer(1..=u16::MAX).map(Some),
    });
    let eligible = fields.or("host_group", Eligible::ANY, |item| places.of_group(&item));
    let image = fields
        .or("image", Image { bytes: 0, shared_bytes: 0, cached: Cached::All, base: None }, |item| image(&item, places));
    let startup = fields.or("startup", settings.startup.clone(), |item| item.dist());
    let health_check = fields.or("health_check", None, |item| own_check(&item, &settings.health_check));
    let pre_stop = fields.or("pre_stop", settings.pre_stop, |item| item.duration());
    let exit = fields.or("exit", settings.exit.clone(), |item| item.dist());
    let stop_timeout = fields.or("stop_timeout", settings.stop_timeout, |item| item.duration());
    let load_balancer = fields.maybe("load_balancer", |item| load_balancer(&item));
    let health_check_grace = fields.or("health_check_grace", Duration::ZERO, |item| item.duration());
    let load_item = fields.get("load");
    let load = load_item.as_ref().and_then(|item| load(item, cpu, horizon));
    let strategy = fields.or("strategy", defaults.strategy.clone(), |item| strategy(&item, defaults.system));
    let placement = fields.or("placement", defaults.placement.clone(), |item| policy(&item, &places.classes));
    let (allowed, constraint) = fields.or("constraint", (Eligible::ANY, None), |item| places.constraint(&item));
    let autoscaling = fields.maybe("autoscaling", |item| {
        let scaling = autoscaling(&item, desired)?;
        if !scaling.policies.is_empty() && load_item.is_none() {
            let help = "give the service a load; a schedule alone needs none".to_string();
            return item.wrong("there is nothing for it to measure", help);
        }
        Some(scaling)
    });
    fields.close();
    // With an interface of its own a task's port is nobody else's.
    let host_port = host_port.filter(|_| !own_interface);
    let resources = Resources {
        gpus,
        interfaces: u32::from(own_interface || settings.pods),
        disk_mib,
        // DG task_definition_parameters: the reservation is what placement counts, where there is one.
        ..Resources::new(cpu?, reservation.or(memory_mib)?)
    };
    let service = Service {
        name: name?,
        desired: desired?,
        demand: Demand { resources, host_port, distinct_host },
        eligible: eligible.and(&allowed),
        constraint,
        image,
        startup,
        health_check,
        load_balancer,
        health_check_grace,
        pre_stop,
        exit,
        stop_timeout,
        rollout: strategy.rollout,
        placement,
        load,
        autoscaling,
    };
    Some((service, strategy.name))
}

/// `health_check`: the system's, or one with other times; `false` is none.
#[expect(clippy::option_option, reason = "the outer one is whether it was read, the inner one the value")]
fn own_check(item: &Item, default: &HealthCheck) -> Option<Option<HealthCheck>> {
    if let Value::Boolean(there) = item.node.value {
        return Some(there.then(|| default.clone()));
    }
    let mut fields = item.fields()?;
    let passes_after = fields.or("passes_after", default.passes_after.clone(), |item| item.dist());
    let fails_after = fields.or("fails_after", default.fails_after.clone(), |item| item.or_never(Item::dist));
    let probe = probe(&mut fields, default.probe);
    fields.close();
    Some(Some(HealthCheck { passes_after, fails_after, probe }))
}

/// How a task that was well before is found: as the system does it, with other times, or with those of ECS where the system
/// has no such check.
fn probe(fields: &mut Fields, default: Option<Probe>) -> Option<Probe> {
    /// BC `HealthCheck`.
    const CONTAINER: Probe =
        Probe { interval: Duration::from_secs(30), timeout: Duration::from_secs(5), unhealthy: 3, healthy: 1 };
    let usual = default.unwrap_or(CONTAINER);
    let probe = Probe {
        interval: fields.or("interval", usual.interval, |item| item.duration_above_zero()),
        timeout: fields.or("timeout", usual.timeout, |item| item.duration_above_zero()),
        unhealthy: fields.or("unhealthy", usual.unhealthy, |item| item.count("checks", 100)),
        healthy: fields.or("healthy", usual.healthy, |item| item.count("checks", 100)),
    };
    default.is_some().then_some(probe).or_else(|| (probe != usual).then_some(probe))
}

fn image(item: &Item, places: &Places) -> Option<Image> {
    let mut fields = item.fields()?;
    let bytes = fields.need("size", |item| item.size());
    let shared = fields.get("shared_layers");
    let shared_bytes = shared.as_ref().map_or(Some(0), Item::size);
    let base = fields.get("base");
    let base_image = match &base {
        Some(item) => places.base_image(item).map(Some),
        None => Some(None),
    };
    let cached = fields.or("cached", Cached::Running, |item| {
        item.choice([("running", Cached::Running), ("nothing", Cached::Nothing), ("all", Cached::All)])
    });
    fields.close();
    let image = Image { bytes: bytes?, shared_bytes: shared_bytes?, cached, base: base_image? };
    match shared {
        Some(item) if image.shared_bytes > image.bytes => item.wrong("more than the size of the image", None),
        _ if image.base_bytes() > image.bytes => {
            base.unwrap_or(item.clone()).wrong("more than the size of the image", None)
        }
        _ => Some(image),
    }
}

fn load_balancer(item: &Item) -> Option<LoadBalancer> {
    let mut fields = item.fields()?;
    // Any kind's defaults stand in where the kind is wrong, so that the other keys are read all the same.
    let kind = fields.need("kind", |item| item.choice(load_balancers::ALL));
    let kind = kind.unwrap_or(load_balancers::ALB);
    let hour = Duration::from_secs(3_600);
    let deregistration_delay =
        fields.or("deregistration_delay", kind.deregistration_delay, |item| item.duration_up_to(hour));
    let in_flight = fields.or("drain", kind.in_flight.clone(), |item| match item.node.as_str() {
        Some("timer") => Some(None),
        _ => item.dist().map(Some),
    });
    let slow_start = fields.or("slow_start", kind.slow_start, |item| {
        if kind != load_balancers::ALB {
            return item.wrong("only an alb has a slow start", "leave it out, or write kind = \"alb\"".to_string());
        }
        item.duration_up_to(hour)
    });
    let deregistration_lag = fields.or("deregistration_lag", kind.deregistration_lag.clone(), |item| item.dist());
    let balancer = LoadBalancer { deregistration_delay, in_flight, slow_start, deregistration_lag, ..kind };
    let balancer = match fields.get("health_check") {
        Some(item) => health_check(&item, balancer)?,
        None => balancer,
    };
    fields.close();
    Some(balancer)
}

fn health_check(item: &Item, default: LoadBalancer) -> Option<LoadBalancer> {
    let mut fields = item.fields()?;
    let interval = fields.or("interval", default.interval, |item| {
        item.duration_above_zero()?;
        item.duration_up_to(Duration::from_secs(300))
    });
    let initial_checks = fields.or("initial_checks", default.initial_checks, |item| item.count("checks", 10));
    let timeout = fields.or("timeout", default.timeout, |item| {
        item.duration_above_zero()?;
        let timeout = item.duration_up_to(Duration::from_secs(120))?;
        if timeout > interval {
            let help = format!("write at most the interval, {interval}");
            return item.wrong(format!("{timeout} is longer than the interval"), help);
        }
        Some(timeout)
    });
    let healthy_checks = fields.or("healthy", default.healthy_checks, |item| item.count("checks", 10));
    let unhealthy_checks = fields.or("unhealthy", default.unhealthy_checks, |item| item.count("checks", 10));
    let registration = fields.or("registration", default.registration.clone(), |item| item.dist());
    let first_check = fields.or("first_check", default.first_check, |item| {
        item.choice([("at-once", FirstCheck::AtOnce), ("within-interval", FirstCheck::WithinInterval)])
    });
    fields.close();
    Some(LoadBalancer {
        interval,
        timeout,
        initial_checks,
        unhealthy_checks,
        healthy_checks,
        registration,
        first_check,
        ..default
    })
}
