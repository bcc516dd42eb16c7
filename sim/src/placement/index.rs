//! Hosts grouped by what they look like to one service, so that the cost of a placement does not grow with the hosts.

use std::collections::BTreeMap;

use super::host_set::HostSet;
use crate::engine::fact::{GroupId, HostId};
use crate::model::Resources;

/// Everything of a host that decides whether a task fits and how good the host is. Hosts with one look are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Look {
    pub group: GroupId,
    pub zone: u16,
    pub free: Resources,
    /// The service's fixed port is taken.
    pub port_taken: bool,
    /// Tasks of the service on it.
    pub tasks: u32,
    /// Tasks of all services on it, where the service's policy counts them; otherwise 0, so that hosts stay alike.
    pub all_tasks: u32,
}

/// Hosts by look.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct HostIndex {
    groups: BTreeMap<Look, HostSet>,
}

impl HostIndex {
    /// Adds a host under its look.
    pub fn insert(&mut self, look: &Look, host: HostId) {
        self.groups.entry(*look).or_default().insert(host);
    }

    /// Takes a host away from under its look.
    pub fn remove(&mut self, look: &Look, host: HostId) {
        let hosts = self.groups.get_mut(look).expect("the host was inserted under this look");
        hosts.remove(host);
        if hosts.len() == 0 {
            self.groups.remove(look);
        }
    }

    /// The groups, none of them empty.
    pub fn groups(&self) -> impl Iterator<Item = (&Look, &HostSet)> + Clone {
        self.groups.iter()
    }
}
