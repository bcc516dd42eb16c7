//! Where a task goes: policies score one host each, and the search over hosts is written once.

mod binpack;
mod first_fit;
mod host_set;
pub(crate) mod index;
mod random;
pub(crate) mod search;
mod spread;

use std::fmt;

use crate::model::Resources;

/// A placement policy by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Zones with fewest tasks of the service, then hosts with fewest.
    Spread,
    /// The host with least free memory that still fits.
    Binpack,
    /// Any host that fits, equally likely.
    Random,
    /// The first host that fits.
    FirstFit,
}

/// Every policy by the name that scenarios use.
pub const ALL: [(&str, Policy); 4] = [
    ("binpack", Policy::Binpack),
    ("first-fit", Policy::FirstFit),
    ("random", Policy::Random),
    ("spread", Policy::Spread),
];

/// What a policy sees of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HostView {
    /// What is free on it.
    pub free: Resources,
    /// Tasks of the service on it.
    pub tasks: u32,
    /// Tasks of the service in its zone.
    pub zone_tasks: u32,
}

/// How good a host is; the lowest is best, and the lowest host id among equals.
pub(crate) type Score = (u32, u32);

/// A policy scores a host from what it sees, without memory, clock or randomness.
pub(crate) trait Placement {
    /// How good a host that fits is.
    fn score(&self, host: &HostView) -> Score;

    /// Whether any host that fits will do, so that the search draws one.
    fn draws(&self) -> bool {
        false
    }
}

impl Policy {
    fn placement(self) -> &'static dyn Placement {
        match self {
            Self::Spread => &spread::Spread,
            Self::Binpack => &binpack::Binpack,
            Self::Random => &random::Random,
            Self::FirstFit => &first_fit::FirstFit,
        }
    }
}

/// Why a task fits nowhere: on how many hosts each resource is short. One host may be short of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shortage {
    /// Hosts that the service may run on.
    pub hosts: u32,
    /// Of those, hosts with too little cpu free.
    pub cpu: u32,
    /// Hosts with too little memory free.
    pub memory: u32,
    /// Hosts where the port that the task needs is taken.
    pub port: u32,
}

/// `memory on 6 of 6 hosts, cpu on 2 of 6 hosts`.
impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.hosts == 0 {
            return f.write_str("there is no host to run on");
        }
        let short = [("a port already in use", self.port), ("memory", self.memory), ("cpu", self.cpu)];
        let short = short.iter().filter(|(_, hosts)| *hosts > 0);
        let texts: Vec<_> = short.map(|(what, hosts)| format!("{what} on {hosts} of {} hosts", self.hosts)).collect();
        f.write_str(&texts.join(", "))
    }
}
