//! How many hosts a group wants: one file a policy, each a pure function of what it sees and of what it remembers.

use crate::engine::fact::{HostId, ServiceId};
use crate::engine::time::{Duration, Time};
use crate::model::{Resources, Service};

/// What decides how many hosts a group has.
#[derive(Clone, Debug, PartialEq)]
pub enum Scaler {
    /// Nothing does: as many as were asked for.
    Fixed,
}

/// What a scaler sees of its group.
#[derive(Clone, Copy, Debug)]
pub struct GroupView<'a> {
    /// When it looks.
    pub now: Time,
    /// Hosts wanted so far (`DesiredCapacity`).
    pub wanted: u32,
    /// Fewest that it may ask for.
    pub min: u32,
    /// Most that it may ask for.
    pub max: u32,
    /// What an empty host offers to tasks.
    pub capacity: Resources,
    /// The hosts that are there or on their way and are not leaving, in order of launch.
    pub hosts: &'a [GroupHost],
    /// Every service.
    pub services: &'a [Service],
    /// Tasks that fit nowhere and may run on hosts of this group.
    pub pending: &'a [Pending],
}

/// A host as its group's scaler sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupHost {
    /// Which.
    pub host: HostId,
    /// Since when it has been on its way.
    pub launched: Time,
    /// Whether it takes tasks.
    pub ready: bool,
    /// When a task last came or went, or the host registered.
    pub changed: Time,
    /// What tasks may still reserve on it.
    pub free: Resources,
    /// The tasks on it that are not stopped, by service; no entry has none.
    pub tasks: Vec<(ServiceId, u32)>,
}

/// Tasks of one service that it wants to start and that fit nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Of which service.
    pub service: ServiceId,
    /// How many.
    pub tasks: u32,
    /// Since when some of them have been waiting.
    pub since: Time,
}

/// What a scaler asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// Hosts wanted from now on, within the bounds; the group launches what is missing, and what is too much leaves by the
    /// group's own rules.
    pub wanted: u32,
    /// Hosts that leave, chosen by the scaler itself; `wanted` does not count them any more.
    pub leave: Vec<HostId>,
}

/// What a scaler remembers from look to look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Looks in a row above the upper threshold.
    pub above: u32,
    /// Looks in a row below the lower one.
    pub below: u32,
    /// When it last asked for more.
    pub grew: Option<Time>,
    /// When it last asked for fewer.
    pub shrank: Option<Time>,
    /// Hosts that it could do without, since when.
    pub unneeded: Vec<(HostId, Time)>,
    /// Since when tasks have been waiting in the batch that is being gathered.
    pub batch: Option<Time>,
}

impl Scaler {
    /// How often it looks; never where absent.
    pub fn period(&self) -> Option<Duration> {
        match self {
            Self::Fixed => None,
        }
    }

    /// When it looks because tasks have just begun to wait; at its next regular look where absent.
    pub fn look_for_pending(&self, _now: Time, _memory: &mut Memory) -> Option<Time> {
        match self {
            Self::Fixed => None,
        }
    }

    /// How many hosts it wants.
    pub fn look(&self, view: &GroupView, _memory: &mut Memory) -> Decision {
        match self {
            Self::Fixed => Decision { wanted: view.wanted, leave: vec![] },
        }
    }
}
