//! `seatrial list instances` and `list fargate`: types of hosts, sizes of tasks, and their prices.

use seatrial_scenarios::catalogue::{
    Allocatable, Arch, Catalogue, DatedPrice, Estimate, FARGATE_PRICES, FARGATE_SIZES, FargatePrice, FargateSize,
    Instance, SPOT_PERMILLE, YearMonth, dollars, fargate_price, spot, written_price,
};
use seatrial_sim::model::HourlyPrice;
use serde_json::{Value, json};

use super::{Body, Line, Listing, Section, overview, table, unknown};
use crate::run::Failure;

/// Every type in a line.
pub fn all_instances(catalogue: &Catalogue) -> Listing {
    let head = ["instance", "vCPU", "MiB", "ECS registers", "awsvpc tasks", "GPU", "arch", "$/h", "in"];
    let row = |instance: &Instance| {
        let DatedPrice { date, price } = instance.dated_price_at(None);
        vec![
            instance.name.clone(),
            instance.vcpu.to_string(),
            instance.memory_mib.to_string(),
            format!(
                "{}{}",
                instance.registered_memory_mib,
                if instance.registered_estimate.is_some() { " (E)" } else { "" }
            ),
            tasks(instance),
            if instance.gpus == 0 { "-".into() } else { instance.gpus.to_string() },
            instance.arch.map_or("-", Arch::name).into(),
            dollars(price),
            month(date),
        ]
    };
    let instances = catalogue.instances();
    Listing {
        body: overview(&head, instances.iter().map(row)),
        json: json!({"instances": instances.iter().map(object).collect::<Vec<_>>()}),
    }
}

/// Some types with all their prices, as lines of a host group.
pub fn some_instances(catalogue: &Catalogue, names: &[String]) -> Result<Listing, Failure> {
    let found = |name: &String| {
        let instance = catalogue.instances().iter().find(|instance| instance.name == *name);
        instance.ok_or_else(|| unknown("instance type", name, &catalogue.names()))
    };
    let instances = names.iter().map(found).collect::<Result<Vec<_>, _>>()?;
    Ok(Listing {
        body: Body::Sections(instances.iter().map(|instance| section(instance)).collect()),
        json: json!({"instances": instances.into_iter().map(object).collect::<Vec<_>>()}),
    })
}

fn section(instance: &Instance) -> Section {
    let line = |name, default, meaning, source| Line { name, default, meaning, source };
    let quoted = |text: &str| format!("\"{text}\"");
    let DatedPrice { date, price } = instance.dated_price_at(None);
    let earlier = instance.prices.iter().rev().skip(1).map(|DatedPrice { date, price }| {
        let price = written_price(*price);
        format!("; {price} in {}", month(*date))
    });
    let priced = format!("us-east-1, Linux, on demand, in {}{}", month(date), earlier.collect::<String>());
    let percent = |permille: u32| f64::from(permille) / 10.0;
    let less = instance.registered_estimate.map(|Estimate { held_permille, least_permille, most_permille }| {
        let (held, least, most) = (percent(held_permille), percent(least_permille), percent(most_permille));
        format!(": {held} % less, range {least} to {most} %")
    });
    let registered = format!("what ECS registers of {} MiB{}", instance.memory_mib, less.unwrap_or_default());
    let source = if instance.registered_estimate.is_some() { "E" } else { "DG, REG" };
    Section {
        title: title(instance),
        header: "[[host_group]]".into(),
        parameters: vec![
            line("instance", quoted(&instance.name), "stands for the lines below".into(), ""),
            line("cpu", instance.cpu_units().to_string(), "1,024 units a vCPU".into(), "DG"),
            line("memory", quoted(&format!("{}MiB", instance.registered_memory_mib)), registered, source),
            line("price", quoted(&written_price(price)), priced, "PRICE"),
        ],
    }
}

fn title(instance: &Instance) -> String {
    let mut parts = vec![format!("{}: {} vCPU, {} MiB", instance.name, instance.vcpu, instance.memory_mib)];
    if instance.gpus > 0 {
        parts.push(format!("{} GPU", instance.gpus));
    }
    parts.extend(instance.arch.map(|arch| arch.name().into()));
    if instance.interfaces.is_some() {
        parts.push(format!("awsvpc tasks: {}", tasks(instance)));
    }
    if let Some(Allocatable { cpu_millis, memory_mib, max_pods }) = instance.kubernetes {
        parts.push(format!("{max_pods} pods with {cpu_millis}m and {memory_mib} MiB"));
    }
    parts.join(", ")
}

/// How many tasks with an interface of their own have room.
fn tasks(instance: &Instance) -> String {
    match (instance.interfaces, instance.trunk_interfaces) {
        (None, _) => "-".into(),
        (Some(plain), None) => plain.to_string(),
        (Some(plain), Some(trunk)) => format!("{plain}, trunking {trunk}"),
    }
}

fn object(instance: &Instance) -> Value {
    let price = |DatedPrice { date, price }: &DatedPrice| json!({"date": date.map(text), "usd_hour": usd(*price)});
    let kubernetes = instance.kubernetes.map(|Allocatable { cpu_millis, memory_mib, max_pods }| {
        json!({"cpu_millis": cpu_millis, "memory_mib": memory_mib, "max_pods": max_pods})
    });
    json!({
        "name": instance.name,
        "vcpu": instance.vcpu,
        "memory_mib": instance.memory_mib,
        "registered_memory_mib": instance.registered_memory_mib,
        "registered_is_estimate": instance.registered_estimate.is_some(),
        "awsvpc_tasks": instance.interfaces,
        "awsvpc_tasks_trunk": instance.trunk_interfaces,
        "gpus": instance.gpus,
        "arch": instance.arch.map(Arch::name),
        "kubernetes_allocatable": kubernetes,
        "prices": instance.prices.iter().map(price).collect::<Vec<_>>(),
    })
}

/// The sizes of Fargate with what the smallest and the largest of each cpu size cost, and the prices.
pub fn fargate() -> Listing {
    let sizes = FARGATE_SIZES.iter().map(|size| {
        let ends = [size.memory_mib.first(), size.memory_mib.last()].map(|mib| mib.copied().unwrap_or_default());
        let cost = |price: FargatePrice| ends.map(|mib| dollars(price.of(size.cpu, mib))).join(" to ");
        let [amd64, arm64] = [Arch::Amd64, Arch::Arm64].map(|arch| cost(fargate_price(arch, None)));
        vec![size.cpu.to_string(), memory(size), amd64, arm64]
    });
    let row = |arch: Arch, what: &str, since: String, vcpu, gib| {
        vec![arch.name().into(), what.into(), since, dollars(vcpu), dollars(gib)]
    };
    let on_demand = FARGATE_PRICES.iter().map(|price| {
        let since = price.since.map_or("the beginning".into(), text);
        row(price.arch, "on demand", since, price.vcpu, price.gib)
    });
    let on_spot = [Arch::Amd64, Arch::Arm64].map(|arch| {
        let price = fargate_price(arch, None);
        row(arch, "Spot, about (E)", "-".into(), spot(price.vcpu), spot(price.gib))
    });
    Listing {
        body: Body::Overviews(vec![
            table(&["cpu units", "memory in MiB", "$/h amd64", "$/h arm64"], sizes),
            table(&["arch", "price", "since", "$/h a vCPU", "$/h a GiB"], on_demand.chain(on_spot)),
        ]),
        json: json!({
            "sizes": FARGATE_SIZES.iter().map(|FargateSize { cpu, memory_mib }| json!({"cpu": cpu, "memory_mib": memory_mib})).collect::<Vec<_>>(),
            "prices": FARGATE_PRICES.iter().map(|price| json!({
                "arch": price.arch.name(), "since": price.since.map(text),
                "vcpu_usd_hour": usd(price.vcpu), "gib_usd_hour": usd(price.gib),
            })).collect::<Vec<_>>(),
            "spot_share": SPOT_PERMILLE as f64 / 1_000.0,
        }),
    }
}

/// Sizes of memory, in words where they are many.
fn memory(size: &FargateSize) -> String {
    match size.memory_mib {
        [least, second, .., most] if size.memory_mib.len() > 3 => format!("{least} to {most} by {}", second - least),
        few => few.iter().map(u32::to_string).collect::<Vec<_>>().join(", "),
    }
}

fn month(date: Option<YearMonth>) -> String {
    date.map_or("-".into(), text)
}

fn text(month: YearMonth) -> String {
    month.to_string()
}

fn usd(HourlyPrice(micros): HourlyPrice) -> f64 {
    micros as f64 / 1e6
}
