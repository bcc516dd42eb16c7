//! What a host offers and costs: an instance type of a catalogue, what overrides it, or a machine for each task.

use seatrial_sim::model::{HourlyPrice, PerTask, Resources};

use super::hosts::{Defaults, MOST_CPU};
use super::{Fields, Item, suggestion};
use crate::catalogue::{Arch, Instance, fargate_price, spot};
use crate::tree::Value;

/// What a host of a group offers to tasks, and its price.
pub(super) struct Machine {
    pub capacity: Resources,
    pub price: HourlyPrice,
}

/// More than any host has: what is not said to be limited.
const UNLIMITED: u32 = 1_000_000;

/// Reads what one host offers. Nothing where something is missing or wrong.
pub(super) fn machine(fields: &mut Fields, item: &Item, defaults: &Defaults) -> Option<Machine> {
    let instance = fields.maybe("instance", |item| instance(&item, defaults));
    let trunking = fields.or("trunking", false, |item| item.boolean());
    let of_type = instance.as_ref().map(|instance| offered(instance, trunking, defaults.settings.pods));
    let cpu = fields.maybe("cpu", |item| item.count("cpu units", MOST_CPU));
    let memory_mib = fields.maybe("memory", |item| item.memory_mib());
    let mut more = |key: &'static str, from: fn(&Resources) -> u32, none: u32| {
        let default = of_type.as_ref().map_or(none, from);
        fields.or(key, default, |item| item.integer(0..=UNLIMITED))
    };
    let gpus = more("gpus", |offered| offered.gpus, 0);
    let interfaces = more("interfaces", |offered| offered.interfaces, UNLIMITED);
    let disk_mib = fields.or("disk", UNLIMITED, |item| item.memory_mib());
    let reserved = fields.or("system_reserved", Resources::NONE, |item| system_reserved(&item));
    let price = instance.as_ref().map(|instance| instance.price_at(defaults.prices)).unwrap_or_default();
    let price = fields.or("price", price, |item| item.price());
    let missing = |key: &str| {
        // An instance type that is wrong was said to be.
        if item.node.get("instance").is_none() && item.node.get(key).is_none() {
            item.wrong::<()>(format!("{key} is missing"), format!("write {key}, or instance = \"m5.large\""));
        }
    };
    let cpu = cpu.or(of_type.map(|offered| offered.cpu)).or_else(|| {
        missing("cpu");
        None
    });
    let memory_mib = memory_mib.or(of_type.map(|offered| offered.memory_mib)).or_else(|| {
        missing("memory");
        None
    });
    let nominal = Resources { cpu: cpu?, memory_mib: memory_mib?, gpus, interfaces, disk_mib };
    let Some(capacity) = nominal.minus(reserved) else {
        let help = format!("a host has {} cpu units and {} MiB", nominal.cpu, nominal.memory_mib);
        return item.wrong("the system reserves more than there is", help);
    };
    Some(Machine { capacity, price })
}

fn instance(item: &Item, defaults: &Defaults) -> Option<Instance> {
    let name = item.string()?;
    match defaults.catalogue.find(name) {
        Ok(instance) => Some(instance.clone()),
        Err(why) => item.wrong(why, suggestion(name, &defaults.catalogue.names())),
    }
}

/// What an instance type offers: what ECS registers, or what Kubernetes can allocate.
fn offered(instance: &Instance, trunking: bool, pods: bool) -> Resources {
    let interfaces = if trunking { instance.trunk_interfaces.or(instance.interfaces) } else { instance.interfaces };
    let registered = Resources {
        gpus: instance.gpus,
        interfaces: interfaces.unwrap_or(UNLIMITED),
        disk_mib: UNLIMITED,
        ..Resources::new(instance.vcpu * 1_024, instance.registered_memory_mib)
    };
    match instance.kubernetes.filter(|_| pods) {
        // 1,000 thousandths of a core are 1,024 units.
        Some(allocatable) => Resources {
            cpu: allocatable.cpu_millis * 1_024 / 1_000,
            memory_mib: allocatable.memory_mib,
            interfaces: allocatable.max_pods,
            ..registered
        },
        None => registered,
    }
}

fn system_reserved(item: &Item) -> Option<Resources> {
    let mut fields = item.fields()?;
    let cpu = fields.or("cpu", 0, |item| item.integer(0..=MOST_CPU));
    let memory_mib = fields.or("memory", 0, |item| item.memory_mib());
    fields.close();
    Some(Resources::new(cpu, memory_mib))
}

/// `fargate = true`, or a table with what is different: the price of a machine for each task.
#[expect(clippy::option_option, reason = "the outer one is whether it was read, the inner one the value")]
pub(super) fn fargate(item: &Item, defaults: &Defaults) -> Option<Option<PerTask>> {
    let price = |arch: Arch| {
        let price = fargate_price(arch, defaults.prices);
        PerTask { vcpu: price.vcpu, gib: price.gib }
    };
    if let Value::Boolean(there) = item.node.value {
        return Some(there.then(|| price(Arch::Amd64)));
    }
    let mut fields = item.fields()?;
    let arch = fields.or("arch", Arch::Amd64, |item| item.choice([("amd64", Arch::Amd64), ("arm64", Arch::Arm64)]));
    let is_spot = fields.or("spot", false, |item| item.boolean());
    let PerTask { vcpu, gib } = price(arch);
    let [vcpu, gib] = [vcpu, gib].map(|price| if is_spot { spot(price) } else { price });
    let vcpu = fields.or("vcpu_price", vcpu, |item| item.price());
    let gib = fields.or("gib_price", gib, |item| item.price());
    fields.close();
    Some(Some(PerTask { vcpu, gib }))
}
