//! The whole file: the question, what runs, and the checks across values.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::model::{BaseImage, Deploy, Eligible, HostGroup, Model, Scaling, Service};
use seatrial_sim::orchestrators::ecs;
use seatrial_sim::placement::Constraint;

use super::expression::Classes;
use super::hosts::Attributes;
use super::orchestrator::Chosen;
use super::{Context, Fields, Item, deploy, hosts, orchestrator, placement, quoted, service, span_of, suggestion};
use crate::catalogue::Catalogue;
use crate::report::Problem;
use crate::room;
use crate::tree::{Node, Value};

/// What a tree says, variants aside.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decoded {
    pub question: String,
    /// The system's name.
    pub orchestrator: &'static str,
    /// The name of each service's strategy.
    pub strategies: Vec<&'static str>,
    pub seeds: u32,
    pub first_seed: u64,
    pub model: Model,
}

/// A tree's meaning, if the context is clean afterwards.
pub(crate) fn scenario(root: &Node, context: &Context) -> Option<Decoded> {
    let root = Item { node: root, path: String::new(), context };
    let mut fields = root.fields()?;
    let question = fields.need("question", |item| item.words());
    let system = fields.or("orchestrator", ecs::today(), |item| orchestrator::orchestrator(&item));
    let settings = system.settings();
    let strategy = fields.or("strategy", Chosen::default_of(&system), |item| orchestrator::strategy(&item, &system));
    let placement = fields.get("placement");
    let registry_bytes_per_s = fields.maybe("registry_throughput", |item| item.rate());
    let run = fields.or("run", Run::DEFAULT, |item| Run::read(&item));
    let own = fields.maybe("catalogue", |item| context.samples.catalogue(&item));
    let catalogue = own.map_or_else(|| Catalogue::built_in().clone(), |own| own.with(Catalogue::built_in()));
    let prices = fields.maybe("prices", |item| item.month());

    let group_items = elements(&mut fields, "host_group", "name");
    let groups = Names::of("host group", "name", &group_items);
    let service_items = elements(&mut fields, "service", "name");
    let services = Names::of("service", "name", &service_items);
    let deploy_items = elements(&mut fields, "deploy", "service");
    let scale_items = fields.get("scale").map(|item| item.elements("service")).unwrap_or_default();
    // They are read elsewhere.
    fields.get("variant");
    fields.close();

    let reserved_ports = reserved_ports(system.name);
    let defaults = hosts::Defaults { settings: &settings, reserved_ports, catalogue: &catalogue, prices };
    let read_groups: Option<Vec<_>> = all(&group_items, |item| hosts::host_group(item, &defaults));
    let (host_groups, attributes): (Vec<HostGroup>, Vec<_>) =
        read_groups.clone().unwrap_or_default().into_iter().unzip();
    let classes = classes(&host_groups, &attributes);
    let places = Places { groups, host_groups: &host_groups, classes, bases: RefCell::default() };
    let placement = placement.and_then(|item| placement::policy(&item, &places.classes));
    let placement = placement.unwrap_or_else(|| settings.placement.clone());
    let defaults = service::Defaults { system: &system, settings: &settings, strategy, placement };
    let read_services: Option<Vec<(Service, &str)>> =
        all(&service_items, |item| service::service(item, &places, &defaults));
    let deploys: Option<Vec<Deploy>> = all(&deploy_items, |item| deploy::deploy(item, &services));
    let scalings: Option<Vec<Scaling>> = all(&scale_items, |item| deploy::scale(item, &services));

    read_groups?;
    let (read_services, strategies) = read_services?.into_iter().unzip();
    let mut model = Model {
        horizon: run.horizon,
        control: settings.control,
        host_groups,
        services: read_services,
        deploys: deploys?,
        scalings: scalings?,
        registry_bytes_per_s,
    };
    // Values that are wrong alone would be found wrong together, too.
    if context.is_clean() {
        deploy::check_times(&model.deploys, |deploy| (deploy.service, deploy.at), &deploy_items, &model, "deploy");
        deploy::check_times(&model.scalings, |change| (change.service, change.at), &scale_items, &model, "change");
        deploy::check_rollbacks(&model, &deploy_items);
        check_leads(&model, &group_items);
        check_refreshes(&model, &group_items);
        check_ports(&model, &service_items);
    }
    if context.is_clean() {
        check_size(&model, &group_items, &service_items);
    }
    if context.is_clean() {
        check_room(&model, &service_items);
    }
    // Where two are at once, they stay in the order of the file.
    model.deploys.sort_by_key(|deploy| deploy.at);
    model.scalings.sort_by_key(|change| change.at);
    let Run { seeds, first_seed, .. } = run;
    Some(Decoded { question: question?, orchestrator: system.name, strategies, seeds, first_seed, model })
}

/// What the agents of ECS keep for themselves, or what every host does: SSH.
fn reserved_ports(system: &str) -> &'static [u16] {
    if system.starts_with("ecs") { &ecs::RESERVED_PORTS } else { &[22] }
}

/// `[run]`.
#[derive(Clone, Copy)]
struct Run {
    seeds: u32,
    first_seed: u64,
    horizon: Duration,
}

impl Run {
    const DEFAULT: Self = Self { seeds: 200, first_seed: 1, horizon: Duration::from_secs(3 * 3_600) };

    fn read(item: &Item) -> Option<Self> {
        let mut fields = item.fields()?;
        let run = Self {
            seeds: fields.or("seeds", Self::DEFAULT.seeds, |item| item.count("seeds", 1_000_000)),
            first_seed: fields.or("seed", Self::DEFAULT.first_seed, |item| item.integer(0..=i64::MAX.unsigned_abs())),
            horizon: fields.or("horizon", Self::DEFAULT.horizon, |item| item.duration_above_zero()),
        };
        fields.close();
        Some(run)
    }
}

/// The elements of an array of tables that must not be empty.
fn elements<'a>(fields: &mut Fields<'a>, key: &'static str, by: &str) -> Vec<Item<'a>> {
    fields
        .need(key, |item| match &item.node.value {
            Value::List(list) if list.is_empty() => item.wrong("none", format!("write at least one [[{key}]]")),
            _ => Some(item.elements(by)),
        })
        .unwrap_or_default()
}

/// Reads every item before it says whether all were good.
fn all<T>(items: &[Item], read: impl Fn(&Item) -> Option<T>) -> Option<Vec<T>> {
    let read: Vec<Option<T>> = items.iter().map(read).collect();
    read.into_iter().collect()
}

/// Where tasks may run.
pub(super) struct Places<'a> {
    groups: Names<'a>,
    /// None where one of them has problems.
    host_groups: &'a [HostGroup],
    /// What is known of the hosts of each group and zone.
    pub classes: Classes,
    /// The base images met so far, and their sizes.
    bases: RefCell<Vec<(String, u64)>>,
}

impl Places<'_> {
    /// The image that another one is built on: the same under one name.
    pub fn base_image(&self, item: &Item) -> Option<BaseImage> {
        let mut fields = item.fields()?;
        let name = fields.need("name", |item| item.name());
        let bytes = fields.need("size", |item| item.size());
        fields.close();
        let (name, bytes) = (name?, bytes?);
        let mut bases = self.bases.borrow_mut();
        let id = bases.iter().position(|(known, _)| *known == name).unwrap_or(bases.len());
        if id == bases.len() {
            bases.push((name, bytes));
        } else if bases[id].1 != bytes {
            return item.wrong(format!("base image {} has another size elsewhere", quoted(&name)), None);
        }
        Some(BaseImage { id: id as u32, bytes })
    }

    /// The hosts of the group that a reference means.
    pub fn of_group(&self, item: &Item) -> Option<Eligible> {
        let only = self.groups.position(item)?;
        let classes =
            self.host_groups.iter().zip(0..).flat_map(|(group, id)| group.zones.iter().map(move |_| id == only));
        Some(Eligible(Some(classes.collect())))
    }

    /// What a constraint says.
    pub fn constraint(&self, item: &Item) -> Option<(Eligible, Option<Constraint>)> {
        let count = self.host_groups.iter().map(|group| group.zones.len()).sum();
        placement::constraint(item, &self.classes, count)
    }
}

/// The attributes of every class: its zone, its group, and what the groups say.
fn classes(groups: &[HostGroup], attributes: &[Attributes]) -> Classes {
    let per_class = |value: &dyn Fn(usize, &str) -> Option<String>| -> Vec<Option<String>> {
        let classes =
            groups.iter().enumerate().flat_map(|(i, group)| group.zones.iter().map(move |zone| value(i, zone)));
        classes.collect()
    };
    let names: BTreeSet<&String> = attributes.iter().flatten().map(|(name, _)| name).collect();
    let of = |name: &str, group: usize| {
        attributes[group].iter().find(|(own, _)| own == name).map(|(_, value)| value.clone())
    };
    let own = names.into_iter().map(|name| (name.clone(), per_class(&|group, _| of(name, group))));
    let zone = ("zone".into(), per_class(&|_, zone| Some(zone.into())));
    let group = ("group".into(), per_class(&|group, _| Some(groups[group].name.clone())));
    Classes { attributes: [zone, group].into_iter().chain(own).collect() }
}

/// The names in an array of tables, by position; also of elements that have problems.
pub(super) struct Names<'a> {
    what: &'static str,
    names: Vec<Option<&'a str>>,
}

impl<'a> Names<'a> {
    /// Notes the names that are there twice.
    fn of(what: &'static str, key: &str, items: &[Item<'a>]) -> Self {
        let names: Vec<Option<&str>> = items.iter().map(|item| item.node.get(key).and_then(Node::as_str)).collect();
        let mut seen = BTreeSet::new();
        for (item, name) in items.iter().zip(&names) {
            if let Some(name) = name
                && !seen.insert(*name)
            {
                let message = format!("two {what}s are named {}", quoted(name));
                item.context.note(Problem::new(span_of(item.node, key), &item.path, message, None));
            }
        }
        Self { what, names }
    }

    /// The position that a reference means.
    pub fn position(&self, item: &Item) -> Option<u32> {
        let wanted = item.string()?;
        if let Some(position) = self.names.iter().position(|name| *name == Some(wanted)) {
            return u32::try_from(position).ok();
        }
        let known: Vec<&str> = self.names.iter().flatten().copied().collect();
        item.wrong(format!("no {} is named {}", self.what, quoted(wanted)), suggestion(wanted, &known))
    }
}

/// Hosts cannot be added before the start.
fn check_leads(model: &Model, items: &[Item]) {
    let Some(first) = model.deploys.iter().map(|deploy| deploy.at.since(Time::ZERO)).min() else { return };
    for (group, item) in model.host_groups.iter().zip(items) {
        if let Some(pre_deploy) = &group.pre_deploy
            && pre_deploy.lead > first
        {
            let span = item.node.get("pre_deploy").map_or(item.node.span.clone(), |node| span_of(node, "lead"));
            let message = format!("{} before the first deploy is before the start", pre_deploy.lead);
            let help = format!("the first deploy is at {first}");
            item.context.note(Problem::new(span, &format!("{}.pre_deploy.lead", item.path), message, Some(help)));
        }
    }
}

/// A refresh that never begins is a mistake.
fn check_refreshes(model: &Model, items: &[Item]) {
    for (group, item) in model.host_groups.iter().zip(items) {
        // The last one begins last.
        if let Some(refresh) = group.refreshes.last()
            && refresh.at.since(Time::ZERO) >= model.horizon
        {
            let message = format!("{} is not before the horizon, {}", refresh.at.since(Time::ZERO), model.horizon);
            let path = format!("{}.refresh", item.path);
            item.context.note(Problem::new(span_of(item.node, "refresh"), &path, message, None));
        }
    }
}

/// No host gives away its reserved ports.
fn check_ports(model: &Model, items: &[Item]) {
    for (service, item) in model.services.iter().zip(items) {
        let Some(port) = service.demand.host_port else { continue };
        let reserved = room::groups_of(model, service).find(|group| group.reserved_ports.contains(&port));
        if let Some(group) = reserved {
            let message = format!("port {port} is reserved on the hosts of {}", group.name);
            let path = format!("{}.host_port", item.path);
            item.context.note(Problem::new(span_of(item.node, "host_port"), &path, message, None));
        }
    }
}

/// A model that fits in the memory of a common machine: some 200 bytes a task and a host, 4 for each pair of a service and
/// a host.
fn check_size(model: &Model, groups: &[Item], services: &[Item]) {
    const MOST: u64 = 1_000_000;
    const MOST_PAIRS: u64 = 100_000_000;
    let added = |group: &HostGroup| {
        let refreshed = u64::from(group.hosts) * group.refreshes.len() as u64;
        refreshed + group.pre_deploy.as_ref().map_or(0, |pre| u64::from(pre.hosts)) * model.deploys.len() as u64
    };
    let hosts: u64 = model.host_groups.iter().map(|group| u64::from(group.hosts) + added(group)).sum();
    let most = |(service, id): (&Service, u32)| {
        let later = model.scalings.iter().filter(|change| change.service.0 == id).map(|change| change.desired);
        u64::from(later.fold(service.desired, u32::max))
    };
    let tasks: u64 = model.services.iter().zip(0..).map(most).sum();
    let pairs = hosts * model.services.len() as u64;
    let too_many = |item: Option<&Item>, message: String| item.and_then(|item| item.wrong::<()>(message, None));
    if hosts > MOST {
        too_many(groups.last(), format!("{hosts} hosts in all, and at most {MOST} can be simulated"));
    } else if pairs > MOST_PAIRS {
        too_many(services.last(), format!("{hosts} hosts for {} services are too many to simulate", services.len()));
    }
    if tasks > MOST {
        too_many(services.last(), format!("{tasks} tasks in all, and at most {MOST} can be simulated"));
    }
}

/// The running version must be there before anything is deployed.
fn check_room(model: &Model, items: &[Item]) {
    let homeless: BTreeMap<usize, u32> = room::homeless(model).into_iter().collect();
    for (position, (service, item)) in model.services.iter().zip(items).enumerate() {
        let demand = service.demand.resources;
        let fits_one =
            |group: &HostGroup| group.capacity.cpu >= demand.cpu && group.capacity.memory_mib >= demand.memory_mib;
        if !room::groups_of(model, service).any(fits_one) {
            let message = format!(
                "a task ({} cpu units, {} MiB) is larger than any host that it may run on",
                demand.cpu, demand.memory_mib
            );
            item.wrong::<()>(message, None);
        } else if let Some(tasks) = homeless.get(&position) {
            let message = format!("{tasks} of {} tasks do not fit on the hosts of the start", service.desired);
            let help = "a service runs before it is deployed: add hosts, or lower what its tasks reserve".to_string();
            item.wrong::<()>(message, help);
        }
    }
}
