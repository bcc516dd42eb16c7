//! Where a task goes: policies score one host each, and the search over hosts is written once.

mod binpack;
pub mod expression;
mod first_fit;
mod host_set;
pub(crate) mod index;
mod kubernetes;
mod least_tasks;
mod nomad;
mod random;
mod random_offers;
pub(crate) mod search;
mod shuffle;
mod spread;
mod swarm;

use std::fmt;

use crate::engine::draws::{Draws, Entity, Stream};
use crate::model::Resources;
use kubernetes::Skew;
use search::Fitting;

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
    /// What kube-scheduler's default plugins score highest.
    Kubernetes,
    /// The fullest of a few hosts, with a penalty for tasks of the service.
    Nomad,
    /// The host with fewest tasks of the service, then with fewest of all.
    Swarm,
    /// The host with fewest tasks of all services.
    LeastTasks,
    /// The first of the offers in random order.
    RandomOffers,
}

/// Every policy by the name that scenarios use.
pub const ALL: [(&str, Policy); 9] = [
    ("binpack", Policy::Binpack),
    ("first-fit", Policy::FirstFit),
    ("kubernetes", Policy::Kubernetes),
    ("least-tasks", Policy::LeastTasks),
    ("nomad", Policy::Nomad),
    ("random", Policy::Random),
    ("random-offers", Policy::RandomOffers),
    ("spread", Policy::Spread),
    ("swarm", Policy::Swarm),
];

/// What a policy sees of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HostView {
    /// What it offers to tasks when it is empty.
    pub capacity: Resources,
    /// What is free on it.
    pub free: Resources,
    pub zone: u16,
    /// Tasks of the service on it.
    pub tasks: u32,
    /// Tasks of the service in its zone.
    pub zone_tasks: u32,
    /// Tasks of all services on it; 0 for a policy that does not count them.
    pub all_tasks: u32,
}

/// What a policy knows beside the host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    /// What the task reserves.
    pub demand: Resources,
    /// Tasks wanted of its service.
    pub desired: u32,
    /// What it has found out about the hosts that fit.
    pub skew: Skew,
}

/// How good a host is; the lowest is best.
pub(crate) type Score = (u32, u32);

/// Which of the hosts that fit a policy takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The best, and the lowest host id among equals.
    Best,
    /// Any of the best, equally likely.
    AnyBest,
    /// The best of a few in random order, the earliest among equals. The few are the logarithm of the number of hosts to
    /// the base 2, but at least 2; up to 3 that are no better than `poor` are passed over while there are others.
    BestOfFew { poor: Score },
    /// The next in a random order of a few, which `tasks` tasks in a row share.
    NextOfFew { few: u32, tasks: u32 },
}

/// A policy scores a host from what it sees, without memory, clock or randomness.
pub(crate) trait Placement {
    /// How good a host that fits is.
    fn score(&self, host: &HostView, scene: &Scene) -> Score;

    /// Which of the hosts it takes, by their scores.
    fn choice(&self) -> Choice {
        Choice::Best
    }

    /// What it has to find out about all hosts that fit before it scores one.
    fn survey(&self, _fitting: &Fitting) -> Skew {
        Skew::default()
    }

    /// Whether it counts the tasks of all services; fewer hosts look alike then.
    fn counts_all_tasks(&self) -> bool {
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
            Self::Kubernetes => &kubernetes::Kubernetes,
            Self::Nomad => &nomad::Nomad,
            Self::Swarm => &swarm::Swarm,
            Self::LeastTasks => &least_tasks::LeastTasks,
            Self::RandomOffers => &random_offers::RandomOffers,
        }
    }

    /// Whether it counts the tasks of all services.
    pub(crate) fn counts_all_tasks(self) -> bool {
        self.placement().counts_all_tasks()
    }

    /// Even bits for the choice of a host for `task`, the `ordinal`-th of its service; 0 where nothing is drawn.
    pub(crate) fn lot(self, draws: Draws, task: Entity, service: &str, ordinal: u32) -> u64 {
        match self.placement().choice() {
            Choice::Best => 0,
            Choice::AnyBest | Choice::BestOfFew { .. } => draws.bits(Stream::Lot, task),
            Choice::NextOfFew { tasks, .. } => {
                draws.bits(Stream::Order, Entity::named(service).child((ordinal / tasks).into()))
            }
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
