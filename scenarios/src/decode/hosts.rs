//! `[[host_group]]`: hosts that are alike, their price and their agent.

use std::collections::BTreeSet;

use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::time::Duration;
use seatrial_sim::model::{
    Agent, Billing, Contact, HostGroup, HourlyPrice, PreDeploy, PullOrder, Resources, StartRule,
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
    let agent = fields.or("agent", defaults.settings.agent.clone(), |item| agent(&item, &defaults.settings.agent));
    // E: from the launch on EC2 to the registration, 45 to 60 s (to SSH it is 22 to 26 s; range 45 to 180 s).
    let boot = fields.or("boot", Dist::uniform_millis(45_000, 60_000), |item| item.dist());
    let pre_deploy = fields.maybe("pre_deploy", |item| pre_deploy(&item));
    fields.close();
    let capacity = Resources::new(cpu?, memory_mib?);
    let fixed = HostGroup::fixed(&name?, hosts?, capacity, agent);
    Some(HostGroup { zones, reserved_ports, price, billing, boot, pre_deploy, ..fixed })
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

fn agent(item: &Item, default: &Agent) -> Option<Agent> {
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
        image_check: fields.or("image_check", default.image_check.clone(), |item| item.dist()),
        report: fields.or("report", default.report.clone(), |item| item.dist()),
        stop_tail: fields.or("stop_tail", default.stop_tail.clone(), |item| item.dist()),
    };
    fields.close();
    Some(agent)
}

fn pre_deploy(item: &Item) -> Option<PreDeploy> {
    let mut fields = item.fields()?;
    let hosts = fields.need("hosts", |item| item.count("hosts", MOST_HOSTS));
    let lead = fields.need("lead", |item| item.duration());
    let keep = fields.or("keep", Duration::from_secs(300), |item| item.duration());
    fields.close();
    Some(PreDeploy { hosts: hosts?, lead: lead?, keep })
}
