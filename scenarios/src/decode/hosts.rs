//! `[[host_group]]`: hosts that are alike, their price and their agent.

use std::collections::BTreeSet;

use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::time::Duration;
use seatrial_sim::model::{
    Agent, Billing, CleanupWhen, Contact, HostGroup, ImageCleanup, LaunchRate, Leaving, PullOrder, Resources,
    StartRule, Termination,
};
use seatrial_sim::orchestrators::Settings;
use seatrial_sim::scaling::Scaler;

use super::machine::{Machine, fargate, machine};
use super::{Item, capacity, parameters, quoted, refresh, scaler};
use crate::catalogue::{Catalogue, YearMonth};
use crate::tree::{Node, Value};

pub(super) const MOST_HOSTS: u32 = 100_000;

/// More than any machine has.
pub(super) const MOST_CPU: u32 = 10_000_000;

/// What a group has where it says nothing else.
pub(super) struct Defaults<'a> {
    pub settings: &'a Settings,
    pub reserved_ports: &'a [u16],
    pub catalogue: &'a Catalogue,
    /// The month of the prices; the newest where absent.
    pub prices: Option<YearMonth>,
}

/// One group, and what its hosts are besides: names and values.
pub(super) fn host_group(item: &Item, defaults: &Defaults) -> Option<(HostGroup, Attributes)> {
    let mut fields = item.fields()?;
    let name = fields.need("name", |item| item.name());
    let per_task = fields.or("fargate", None, |item| fargate(&item, defaults));
    let attributes = fields.or("attributes", vec![], |item| attributes(&item));
    let zones = fields.or("zones", vec!["a".into()], |item| zones(&item));
    let image_disk_bytes = fields.maybe("image_disk", |item| item.size()).filter(|_| per_task.is_none());
    // Without a disk that can fill up, nobody says that images matter.
    let image_cleanup = defaults.settings.image_cleanup.filter(|_| image_disk_bytes.is_some());
    let usual = if per_task.is_some() { fargate_agent(defaults) } else { defaults.settings.agent.clone() };
    let default_agent = Agent { image_cleanup, ..usual };
    let agent = fields.or("agent", default_agent.clone(), |item| {
        agent(&item, &default_agent, defaults.settings.image_cleanup, image_disk_bytes.is_some())
    });
    if let Some(per_task) = per_task {
        let minimum = Duration::from_secs(60);
        // DG throttling: 500 launches a minute and service. E: a burst of one tick (range 1 to 500).
        let launch_rate = LaunchRate { per_minute: 500, burst: 84 };
        let launch_rate =
            fields.or("launch_rate", Some(launch_rate), |item| parameters::launch_rate(&item, Some(launch_rate)));
        fields.close_of("a group on Fargate");
        let fixed = HostGroup::fixed(&name?, 0, Resources::NONE, agent);
        let (per_task, billing) = (Some(per_task), Billing::PerSecond { minimum });
        return Some((HostGroup { zones, billing, per_task, launch_rate, ..fixed }, attributes));
    }
    // None at the start where something brings some.
    let brought = ["scaler", "schedule"].iter().any(|key| item.node.get(key).is_some());
    let hosts = fields
        .need("hosts", |item| if brought { item.integer(0..=MOST_HOSTS) } else { item.count("hosts", MOST_HOSTS) });
    let billing = fields.or("billing", defaults.settings.billing, |item| {
        let minimum = Duration::from_secs(60);
        item.choice([("per-second", Billing::PerSecond { minimum }), ("per-hour", Billing::PerStartedHour)])
    });
    let machine = machine(&mut fields, item, defaults);
    let type_name = item.node.get("instance").and_then(Node::as_str).map(|name| ("instance".to_string(), name.into()));
    let reserved_ports = fields.or("reserved_ports", defaults.reserved_ports.to_vec(), |item| {
        item.list()?.iter().map(|item| item.integer(1..=u16::MAX)).collect()
    });
    // E: from the launch on EC2 to the registration, 45 to 60 s (to SSH it is 22 to 26 s; range 45 to 180 s).
    let boot = fields.or("boot", Dist::uniform_millis(45_000, 60_000), |item| item.dist());
    let min = fields.or("min", 0, |item| item.integer(0..=MOST_HOSTS));
    let max = fields.or("max", u32::MAX, |item| item.integer(0..=MOST_HOSTS));
    let scaler = fields.or("scaler", Scaler::Fixed, |item| scaler::scaler(&item));
    let leaving = fields.or("leaving", Leaving::WhenEmpty, |item| capacity::leaving(&item));
    let termination = fields.or("termination", Termination::Default, |item| item.choice(capacity::TERMINATION));
    let warm_pool = fields.maybe("warm_pool", |item| capacity::warm_pool(&item));
    let schedule = fields.or("schedule", vec![], |item| capacity::schedule(&item));
    let refreshes = fields.or("refresh", vec![], |item| refresh::refreshes(&item));
    let spot = fields.maybe("spot", |item| capacity::spot(&item));
    let pre_deploy = fields.maybe("pre_deploy", |item| capacity::pre_deploy(&item));
    fields.close();
    if min > max {
        return item.wrong(format!("min is {min} and max is {max}"), None);
    }
    // Auto Scaling refuses a desired capacity outside of its bounds.
    let outside = |hosts: u32| !(min..=max).contains(&hosts);
    if let Some(hosts) = hosts.into_iter().chain(schedule.iter().map(|size| size.hosts)).find(|hosts| outside(*hosts)) {
        let most = if max == u32::MAX { "without end".to_string() } else { max.to_string() };
        return item.wrong(format!("{hosts} hosts, where min and max allow {min} to {most}"), None);
    }
    let Machine { capacity, price } = machine?;
    let fixed = HostGroup::fixed(&name?, hosts?, capacity, agent);
    let group = HostGroup {
        min,
        max,
        zones,
        reserved_ports,
        price,
        billing,
        boot,
        scaler,
        leaving,
        termination,
        warm_pool,
        schedule,
        refreshes,
        spot,
        pre_deploy,
        image_disk_bytes,
        ..fixed
    };
    Some((group, attributes.into_iter().chain(type_name).collect()))
}

/// Names and values that constraints and placement may use.
pub(super) type Attributes = Vec<(String, String)>;

fn attributes(item: &Item) -> Option<Attributes> {
    let Value::Table(table) = &item.node.value else {
        return item.wrong("not a table", "write { rack = \"r1\" }".to_string());
    };
    let entries = table.entries.iter().map(|entry| {
        let path = format!("{}.{}", item.path, entry.key);
        let value = Item { node: &entry.node, path, context: item.context }.words()?;
        if ["zone", "group", "instance"].contains(&entry.key.as_str()) {
            return item.wrong(format!("{} is an attribute of every host already", quoted(&entry.key)), None);
        }
        Some((entry.key.clone(), value))
    });
    entries.collect()
}

/// How tasks come and go on Fargate, where they differ from those on hosts.
fn fargate_agent(defaults: &Defaults) -> Agent {
    Agent {
        // T: created to the start of the pull, 10 to 14 s (17 s in 2019).
        provisioning: Dist::uniform_millis(10_000, 14_000),
        // T: the end of the container to STOPPED, 12.5 to 14.2 s.
        stop_tail: Dist::uniform_millis(12_500, 14_200),
        ..defaults.settings.agent.clone()
    }
}

fn zones(item: &Item) -> Option<Vec<String>> {
    let list = item.list()?;
    if list.is_empty() {
        return item.wrong("no zones", "write at least one: [\"a\"]".to_string());
    }
    let mut seen = BTreeSet::new();
    list.iter()
        .map(|item| {
            let zone = item.words()?;
            if seen.insert(zone.clone()) {
                Some(zone)
            } else {
                item.wrong(format!("zone {} is there twice", quoted(&zone)), None)
            }
        })
        .collect()
}

fn agent(item: &Item, default: &Agent, cleanup: Option<ImageCleanup>, has_disk: bool) -> Option<Agent> {
    let mut fields = item.fields()?;
    let push = fields.get("push");
    let poll = fields.get("poll");
    let contact = match (push, poll) {
        (Some(_), Some(poll)) => poll.wrong("both push and poll", "an agent has one of them".to_string()),
        (Some(push), None) => push.dist().map(|latency| Contact::Push { latency }),
        (None, Some(poll)) => poll.duration_above_zero().map(|interval| Contact::Poll { interval }),
        (None, None) => Some(default.contact.clone()),
    };
    let waits = default.start_rule == StartRule::AfterEarlierStops;
    let starts_wait_for_stops = fields.or("starts_wait_for_stops", waits, |item| item.boolean());
    let agent = Agent {
        contact: contact.unwrap_or_else(|| default.contact.clone()),
        start_rule: if starts_wait_for_stops { StartRule::AfterEarlierStops } else { StartRule::WhenResourcesFree },
        provisioning: fields.or("provisioning", default.provisioning.clone(), |item| item.dist()),
        pulls: fields.or("pulls", default.pulls, |item| {
            item.choice([("parallel", PullOrder::Parallel), ("serial", PullOrder::Serial)])
        }),
        pull_bytes_per_s: fields.or("pull_throughput", default.pull_bytes_per_s, |item| item.rate()),
        host_bytes_per_s: fields.maybe("host_throughput", |item| item.rate()),
        image_cleanup: fields.or("image_cleanup", default.image_cleanup, |item| {
            if item.node.as_str().is_some() {
                return item.choice([("none", None)]);
            }
            image_cleanup(&item, cleanup, has_disk).map(Some)
        }),
        image_check: fields.or("image_check", default.image_check.clone(), |item| item.dist()),
        report: fields.or("report", default.report.clone(), |item| item.dist()),
        stop_tail: fields.or("stop_tail", default.stop_tail.clone(), |item| item.dist()),
    };
    fields.close();
    Some(agent)
}

/// `image_cleanup`: what it does not say is as the orchestrator's agents have it, or as none of them limits it.
fn image_cleanup(item: &Item, default: Option<ImageCleanup>, has_disk: bool) -> Option<ImageCleanup> {
    let mut fields = item.fields()?;
    let every = match default {
        Some(default) => fields.or("every", default.every, |item| item.duration_above_zero()),
        None => fields.need("every", |item| item.duration_above_zero())?,
    };
    let (min_age, keep_stopped_for, at_most) =
        default.map_or((Duration::ZERO, Duration::ZERO, None), |d| (d.min_age, d.keep_stopped_for, d.at_most));
    let min_age = fields.or("min_age", min_age, |item| item.duration());
    let at_most = fields.maybe("at_most", |item| item.count("images", 100_000)).or(at_most);
    let keep_stopped_for = fields.or("keep_stopped_for", keep_stopped_for, |item| item.duration());
    let above = fields.maybe("above", |item| item.permille(0..=100));
    let down_to = fields.maybe("down_to", |item| item.permille(0..=100));
    fields.close();
    let when = match (above, down_to) {
        (None, None) => default.map_or(CleanupWhen::Always, |default| default.when),
        (Some(high), low) => CleanupWhen::AbovePermille { high, low: low.unwrap_or(high) },
        (None, Some(_)) => return item.wrong("down_to without above", "write both, or neither".to_string()),
    };
    match when {
        CleanupWhen::AbovePermille { high, low } if low > high => item.wrong("down_to is above above", None),
        CleanupWhen::AbovePermille { .. } if !has_disk => {
            item.wrong("a share of a disk that has no size", "write image_disk = \"22GiB\" for the group".to_string())
        }
        _ => Some(ImageCleanup { every, min_age, at_most, keep_stopped_for, when }),
    }
}
