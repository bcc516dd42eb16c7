//! The whole file: the question, what runs, and the checks across values.

use std::cell::RefCell;
use std::collections::BTreeSet;

use seatrial_sim::engine::time::Duration;
use seatrial_sim::model::{BaseImage, Deploy, Eligible, HostGroup, Model, Scaling, Service, TaskFault};
use seatrial_sim::orchestrators::ecs;
use seatrial_sim::placement::Constraint;

use super::expression::Classes;
use super::hosts::Attributes;
use super::orchestrator::Chosen;
use super::{
    Context, Fields, Item, checks, deploy, hosts, orchestrator, placement, quoted, service, span_of, suggestion,
};
use crate::catalogue::Catalogue;
use crate::report::Problem;
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
    let deploy_items = fields.get("deploy").map(|item| item.elements("service")).unwrap_or_default();
    let scale_items = fields.get("scale").map(|item| item.elements("service")).unwrap_or_default();
    let fault_items = fields.get("fault").map(|item| item.elements("service")).unwrap_or_default();
    // They are read elsewhere.
    fields.get("variant");
    fields.get("axis");
    fields.get("check");
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
        all(&service_items, |item| service::service(item, &places, &defaults, run.horizon));
    let deploys: Option<Vec<Deploy>> = all(&deploy_items, |item| deploy::deploy(item, &services));
    let scalings: Option<Vec<Scaling>> = all(&scale_items, |item| deploy::scale(item, &services));
    let task_faults: Option<Vec<TaskFault>> = all(&fault_items, |item| deploy::task_fault(item, &services));

    read_groups?;
    let (read_services, strategies) = read_services?.into_iter().unzip();
    let mut model = Model {
        horizon: run.horizon,
        control: settings.control,
        host_groups,
        services: read_services,
        deploys: deploys?,
        scalings: scalings?,
        task_faults: task_faults?,
        registry_bytes_per_s,
    };
    let users = |item: &Item| ["load", "autoscaling"].iter().any(|key| item.node.get(key).is_some());
    let happens = model.deploys.len() + model.scalings.len() + model.task_faults.len();
    if happens == 0 && !service_items.iter().any(users) {
        let help = "write a [[deploy]], a [[scale]] or a [[fault]], or give a service a load";
        root.wrong::<()>("nothing happens in it", help.to_string());
    }
    // Values that are wrong alone would be found wrong together, too.
    if context.is_clean() {
        deploy::check_times(&model.deploys, |deploy| (deploy.service, deploy.at), &deploy_items, &model, "deploy");
        deploy::check_times(&model.scalings, |change| (change.service, change.at), &scale_items, &model, "change");
        deploy::check_times(&model.task_faults, |fault| (fault.service, fault.at), &fault_items, &model, "fault");
        deploy::check_rollbacks(&model, &deploy_items);
        checks::leads(&model, &group_items);
        checks::refreshes(&model, &group_items);
        checks::ports(&model, &service_items);
        checks::machines(&model, &service_items);
    }
    if context.is_clean() {
        checks::size(&model, &group_items, &service_items);
    }
    if context.is_clean() {
        checks::room(&model, &service_items);
    }
    // Where two are at once, they stay in the order of the file.
    model.deploys.sort_by_key(|deploy| deploy.at);
    model.scalings.sort_by_key(|change| change.at);
    model.task_faults.sort_by_key(|fault| fault.at);
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
