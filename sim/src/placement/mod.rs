//! Where a task goes: policies score one host each, the search over hosts is written once.

mod binpack;
mod first_fit;
mod random;
mod spread;

use crate::model::{Demand, Resources};

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

/// Why a task fits nowhere: on how many hosts each resource is short. One host may be short of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shortage {
    /// Hosts that the service may run on.
    pub hosts: u32,
    /// Of those, hosts with too little cpu free.
    pub cpu: u32,
    /// Hosts with too little memory free.
    pub memory: u32,
    /// Hosts whose port the task needs is taken.
    pub port: u32,
}
