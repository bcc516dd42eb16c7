//! Images on hosts: what each host holds, and when what it lacks is there.

use crate::cluster::{FIRST_VERSION, TaskName};
use crate::engine::fact::{GroupId, HostId, ServiceId};
use crate::engine::time::{Duration, Time};
use crate::model::{Agent, Cached, Model, PullOrder};

/// What every host holds.
#[derive(Debug)]
pub(crate) struct Images<'m> {
    model: &'m Model,
    hosts: Vec<HostImages>,
}

/// What one host holds.
#[derive(Debug)]
struct HostImages {
    group: GroupId,
    /// It is there from the start, with the images that such hosts hold.
    since_start: bool,
    /// When the last of the pulls that take turns ends.
    pulls_free_at: Time,
    /// What was pulled.
    images: Vec<Held>,
}

/// An image on a host, from the time it is there.
#[derive(Clone, Copy, Debug)]
struct Held {
    service: ServiceId,
    version: u16,
    ready: Time,
}

impl<'m> Images<'m> {
    pub const fn new(model: &'m Model) -> Self {
        Self { model, hosts: vec![] }
    }

    /// The next host; `since_start` where it holds the images that hosts of the start hold.
    pub fn begin(&mut self, group: GroupId, since_start: bool) {
        self.hosts.push(HostImages { group, since_start, pulls_free_at: Time::ZERO, images: vec![] });
    }

    /// When a version's image is on a host, if it is asked for now and the registry takes `check` to answer.
    pub fn pull(&mut self, on: HostId, name: TaskName, check: Duration, now: Time) -> Time {
        let agent = self.agent(on);
        let image = self.model.services[name.service.index()].image;
        let host = &self.hosts[on.index()];
        let begins = if agent.pulls == PullOrder::Serial { now.max(host.pulls_free_at) } else { now };
        let holds = |cached: &[Cached]| host.since_start && cached.contains(&image.cached);
        let mut of_service = host.images.iter().filter(|held| held.service == name.service);
        let there = of_service.clone().find(|held| held.version == name.version).copied();
        let ends = if let Some(held) = there {
            held.ready.max(begins + check)
        } else if holds(&[Cached::All]) || (name.version == FIRST_VERSION && holds(&[Cached::Running])) {
            begins + check
        } else {
            let any_version = holds(&[Cached::Running]) || of_service.next().is_some();
            let shared = if any_version { image.shared_bytes } else { 0 };
            // In u128, so that no size in bytes overflows on its way to milliseconds.
            let ms = u128::from(image.bytes - shared) * 1_000 / u128::from(agent.pull_bytes_per_s);
            begins + check + Duration::from_millis(u64::try_from(ms).unwrap_or(u64::MAX / 4))
        };
        let host = &mut self.hosts[on.index()];
        if there.is_none() {
            host.images.push(Held { service: name.service, version: name.version, ready: ends });
        }
        host.pulls_free_at = host.pulls_free_at.max(ends);
        ends
    }

    fn agent(&self, host: HostId) -> &'m Agent {
        &self.model.host_groups[self.hosts[host.index()].group.index()].agent
    }
}
