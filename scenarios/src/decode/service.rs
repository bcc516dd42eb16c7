//! `[[service]]`: its tasks, their image and their load balancer.

use seatrial_sim::deploy::Rolling;
use seatrial_sim::engine::fact::GroupId;
use seatrial_sim::engine::time::Duration;
use seatrial_sim::model::{Cached, Demand, FirstCheck, Image, LoadBalancer, Resources, Service};
use seatrial_sim::orchestrators::{ecs, load_balancers};
use seatrial_sim::placement::Policy;

use super::Item;
use super::hosts::MOST_CPU;
use super::orchestrator::{policy, strategy};
use super::scenario::Names;

/// What a service has where it says nothing else.
pub(super) struct Defaults {
    pub rolling: Rolling,
    pub placement: Policy,
    /// The percentages of a strategy that leaves them out.
    pub preset: Rolling,
}

/// One service.
pub(super) fn service(item: &Item, groups: &Names, defaults: &Defaults) -> Option<Service> {
    let mut fields = item.fields()?;
    let name = fields.need("name", |item| item.name());
    let desired = fields.need("desired", |item| item.count("tasks", 100_000));
    let cpu = fields.or("cpu", 0, |item| item.integer(0..=MOST_CPU));
    let memory_mib = fields.need("memory", |item| item.memory_mib());
    let host_port = fields.maybe("host_port", |item| item.integer(1..=u16::MAX));
    let host_group = fields.maybe("host_group", |item| groups.position(&item)).map(GroupId);
    let image = fields.or("image", Image { bytes: 0, shared_bytes: 0, cached: Cached::All }, |item| image(&item));
    let startup = fields.or("startup", ecs::CONTAINER_START, |item| item.dist());
    let exit = fields.or("exit", ecs::EXIT, |item| item.dist());
    let stop_timeout = fields.or("stop_timeout", ecs::STOP_TIMEOUT, |item| item.duration());
    let load_balancer = fields.maybe("load_balancer", |item| load_balancer(&item));
    let rolling = fields.or("strategy", defaults.rolling, |item| strategy(&item, defaults.preset));
    let placement = fields.or("placement", defaults.placement, |item| policy(&item));
    fields.close();
    Some(Service {
        name: name?,
        desired: desired?,
        demand: Demand { resources: Resources { cpu, memory_mib: memory_mib? }, host_port },
        host_group,
        image,
        startup,
        load_balancer,
        exit,
        stop_timeout,
        rolling,
        placement,
    })
}

fn image(item: &Item) -> Option<Image> {
    let mut fields = item.fields()?;
    let bytes = fields.need("size", |item| item.size());
    let shared = fields.get("shared_layers");
    let shared_bytes = shared.as_ref().map_or(Some(0), Item::size);
    let cached = fields.or("cached", Cached::Running, |item| {
        item.choice([("running", Cached::Running), ("nothing", Cached::Nothing), ("all", Cached::All)])
    });
    fields.close();
    let image = Image { bytes: bytes?, shared_bytes: shared_bytes?, cached };
    match shared {
        Some(item) if image.shared_bytes > image.bytes => item.wrong("more than the size of the image", None),
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
    let balancer = LoadBalancer { deregistration_delay, in_flight, ..kind };
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
    let registration = fields.or("registration", default.registration.clone(), |item| item.dist());
    let first_check = fields.or("first_check", default.first_check, |item| {
        item.choice([("at-once", FirstCheck::AtOnce), ("within-interval", FirstCheck::WithinInterval)])
    });
    fields.close();
    Some(LoadBalancer { interval, initial_checks, registration, first_check, ..default })
}
