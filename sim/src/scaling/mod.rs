//! How many hosts a group wants: one file a policy, each a pure function of what it sees and of what it remembers.

mod capacity_provider;
mod cluster_autoscaler;
mod headroom;
mod karpenter;
mod reservation_alarms;
mod room;
mod settled;
#[cfg(test)]
mod support;

use std::cmp::Ordering;
use std::collections::VecDeque;

use crate::engine::fact::{GroupId, HostId, ServiceId};
use crate::engine::time::{Duration, Time};
use crate::model::{ClassId, Resources, Service};

pub use capacity_provider::{CapacityProvider, Measure};
pub use cluster_autoscaler::ClusterAutoscaler;
pub use headroom::{Headroom, Spare};
pub use karpenter::{Batch, Karpenter, Proposal};
pub use reservation_alarms::ReservationAlarms;
pub use settled::Settled;

/// What decides how many hosts a group has.
#[derive(Clone, Debug, PartialEq)]
pub enum Scaler {
    /// Nothing does: as many as were asked for.
    Fixed,
    /// Some more than the tasks need.
    Headroom(Headroom),
    /// Managed scaling of an ECS capacity provider.
    CapacityProvider(CapacityProvider),
    /// Alarms on what is reserved of the ready hosts.
    ReservationAlarms(ReservationAlarms),
    /// Cluster Autoscaler.
    ClusterAutoscaler(ClusterAutoscaler),
    /// Karpenter.
    Karpenter(Karpenter),
}

/// What a scaler sees of its group.
#[derive(Clone, Copy, Debug)]
pub struct GroupView<'a> {
    /// When it looks.
    pub now: Time,
    /// Which group.
    pub group: GroupId,
    /// Hosts wanted so far (`DesiredCapacity`).
    pub wanted: u32,
    /// Fewest that it may ask for.
    pub min: u32,
    /// Most that it may ask for.
    pub max: u32,
    /// What an empty host offers to tasks.
    pub capacity: Resources,
    /// Host ports that no task can have.
    pub reserved_ports: &'a [u16],
    /// The group's classes in the order of its zones; a new host comes in the one with fewest, the first among equals.
    pub classes: &'a [ClassId],
    /// The hosts that are there or on their way and are not leaving, in order of launch.
    pub hosts: &'a [GroupHost],
    /// The hosts that take no more tasks and go when they are empty.
    pub leaving: &'a [GroupHost],
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
    /// Its group's hosts in its zone.
    pub class: ClassId,
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
    /// When it looks again, where that is before its next regular look.
    pub again: Option<Time>,
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
    /// What it measured and has not acted on yet, in order of time.
    pub measures: VecDeque<Measure>,
    /// Hosts that it could do without, since when, in order of the hosts.
    pub unneeded: Vec<(HostId, Time)>,
    /// Hosts whose tasks fitted nowhere else, and until when it does not try again, in order of the hosts.
    pub unremovable: Vec<(HostId, Time)>,
    /// The batch of waiting tasks that is being gathered.
    pub batch: Option<Batch>,
    /// Hosts that it will take away unless something speaks against it then.
    pub proposal: Option<Proposal>,
    /// When it next looks for hosts to take away.
    pub round: Option<Time>,
    /// The group as it was when there was nothing more to find out about it.
    pub settled: Option<Settled>,
}

impl Scaler {
    /// How often it looks; never where absent.
    pub fn period(&self) -> Option<Duration> {
        match self {
            Self::Fixed => None,
            Self::Headroom(scaler) => Some(scaler.period),
            Self::CapacityProvider(scaler) => Some(scaler.period),
            Self::ReservationAlarms(scaler) => Some(scaler.period),
            Self::ClusterAutoscaler(scaler) => Some(scaler.period),
            Self::Karpenter(scaler) => Some(scaler.period),
        }
    }

    /// When it looks because tasks have just begun to wait; at its next regular look where absent.
    pub fn look_for_pending(&self, now: Time, memory: &mut Memory) -> Option<Time> {
        match self {
            Self::Headroom(_) => Some(now),
            Self::Karpenter(scaler) => Some(scaler.gather(now, memory)),
            Self::Fixed | Self::CapacityProvider(_) | Self::ReservationAlarms(_) | Self::ClusterAutoscaler(_) => None,
        }
    }

    /// How many hosts it wants.
    pub fn look(&self, view: &GroupView, memory: &mut Memory) -> Decision {
        match self {
            Self::Fixed => Decision::want(view.wanted),
            Self::Headroom(scaler) => scaler.look(view),
            Self::CapacityProvider(scaler) => scaler.look(view, memory),
            Self::ReservationAlarms(scaler) => scaler.look(view, memory),
            Self::ClusterAutoscaler(scaler) => scaler.look(view, memory),
            Self::Karpenter(scaler) => scaler.look(view, memory),
        }
    }
}

impl Decision {
    /// So many hosts are wanted, and the group chooses which ones come and go.
    pub const fn want(wanted: u32) -> Self {
        Self { wanted, leave: vec![], again: None }
    }
}

impl Memory {
    /// Asks for so many hosts, and takes note of when.
    fn asked(&mut self, view: &GroupView, wanted: u32) -> Decision {
        match wanted.cmp(&view.wanted) {
            Ordering::Greater => self.grew = Some(view.now),
            Ordering::Less => self.shrank = Some(view.now),
            Ordering::Equal => {}
        }
        Decision::want(wanted)
    }
}

impl GroupView<'_> {
    /// Most hosts that there may be.
    fn most(&self) -> u32 {
        self.max.max(self.wanted)
    }

    /// So many hosts if that is more than are wanted, up to the most; a number beyond it that somebody else asked for
    /// stays.
    fn grown_to(&self, hosts: u32) -> u32 {
        hosts.min(self.most()).max(self.wanted)
    }

    /// So many hosts if that is fewer than are wanted, down to the fewest; a number below it that somebody else asked
    /// for stays.
    fn shrunk_to(&self, hosts: u32) -> u32 {
        hosts.max(self.min).min(self.wanted)
    }

    /// Hosts that are there or are going to be: more than wanted while some that are too many cannot leave yet.
    fn size(&self) -> u32 {
        self.wanted.max(self.hosts.len() as u32)
    }

    /// How many more hosts may be asked for.
    fn growth(&self) -> u32 {
        self.most().saturating_sub(self.size())
    }

    /// How many hosts may be taken away.
    fn surplus(&self) -> u32 {
        (self.hosts.len() as u32).saturating_sub(self.min)
    }

    /// Hosts wanted when these have been taken away: those that were too many do not count.
    fn without(&self, leave: u32) -> u32 {
        self.wanted.min(self.size() - leave)
    }
}
