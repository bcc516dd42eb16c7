//! `[[host_group]]`: hosts that are alike, their price and their agent.

use std::collections::BTreeSet;

use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::time::Duration;
use seatrial_sim::model::{
    Agent, Billing, CleanupWhen, Contact, HostGroup, HourlyPrice, ImageCleanup, PreDeploy, PullOrder, Resources,
    StartRule,
};
use seatrial_sim::orchestrators::Settings;

use super::{Item, quoted};

const MOST_HOSTS: u32 = 100_000;

/// More than any machine has.
pub(super) const MOST_CPU: u32 = 10_000_000;

/// What a group has where it says nothing else.
pub(super) struct Defaults<'a> {
    pub settings: &'a Settings,
    pub reserved_ports: &'a [u16],
}

/// One group.
pub(super) fn host_group(item: &Item, defaults: &Defaults) -> Option<HostGroup> {
    let mut fields = item.fields()?;
    let name = fields.need("name", |item| item.name());
    let hosts = fields.need("hosts", |item| item.count("hosts", MOST_HOSTS));
    let zones = fields.or("zones", vec!["a".into()], |item| zones(&item));
    let cpu = fields.need("cpu", |item| item.count("cpu units", MOST_CPU));
    let memory_mib = fields.need("memory", |item| item.memory_mib());
    let price = fields.or("price", HourlyPrice::default(), |item| item.price());
    let billing = fields.or("billing", defaults.settings.billing, |item| {
        let minimum = Duration::from_secs(60);
        item.choice([("per-second", Billing::PerSecond { minimum }), ("per-hour", Billing::PerStartedHour)])
    });
    let reserved_ports = fields.or("reserved_ports", defaults.reserved_ports.to_vec(), |item| {
        item.list()?.iter().map(|item| item.integer(1..=u16::MAX)).collect()
    });
    let image_disk_bytes = fields.maybe("image_disk", |item| item.size());
    // Without a disk that can fill up, nobody says that images matter.
    let image_cleanup = defaults.settings.image_cleanup.filter(|_| image_disk_bytes.is_some());
    let default_agent = Agent { image_cleanup, ..defaults.settings.agent.clone() };
    let agent = fields.or("agent", default_agent.clone(), |item| {
        agent(&item, &default_agent, defaults.settings.image_cleanup, image_disk_bytes.is_some())
    });
    // E: from the launch on EC2 to the registration, 45 to 60 s (to SSH it is 22 to 26 s; range 45 to 180 s).
    let boot = fields.or("boot", Dist::uniform_millis(45_000, 60_000), |item| item.dist());
    let pre_deploy = fields.maybe("pre_deploy", |item| pre_deploy(&item));
    fields.close();
    let capacity = Resources::new(cpu?, memory_mib?);
    let fixed = HostGroup::fixed(&name?, hosts?, capacity, agent);
    Some(HostGroup { zones, reserved_ports, price, billing, boot, pre_deploy, image_disk_bytes, ..fixed })
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

fn pre_deploy(item: &Item) -> Option<PreDeploy> {
    let mut fields = item.fields()?;
    let hosts = fields.need("hosts", |item| item.count("hosts", MOST_HOSTS));
    let lead = fields.need("lead", |item| item.duration());
    let keep = fields.or("keep", Duration::from_secs(300), |item| item.duration());
    fields.close();
    Some(PreDeploy { hosts: hosts?, lead: lead?, keep })
}
