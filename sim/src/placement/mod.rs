//! Where a task goes: policies score one host each, and the search over hosts is written once.

mod binpack;
mod chain;
mod custom;
pub mod expression;
mod first_fit;
mod host_set;
pub(crate) mod index;
mod kubernetes;
mod least_tasks;
mod nomad;
pub mod packing;
mod random;
mod random_offers;
mod scan;
pub(crate) mod search;
mod shuffle;
mod spread;
mod swarm;
pub mod trial;

use std::fmt;

use crate::engine::draws::{Draws, Entity, Stream};
use crate::model::{Class, ClassId, Resource, Resources};
pub use chain::{Link, Spread};
pub use custom::{Constraint, Custom};
use expression::Undefined;
use index::Look;
use kubernetes::Skew;
use search::Fitting;

/// A placement policy.
#[derive(Clone, Debug, PartialEq)]
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
    /// Strategies in order: each chooses among the hosts that those before it find equally good (ECS `placementStrategy`).
    Chain(Vec<Link>),
    /// The highest score that a scenario wrote itself.
    Custom(Box<Custom>),
}

/// Every policy that has a name alone, by the name that scenarios use.
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
    pub class: ClassId,
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

impl HostView {
    /// What hosts of one look are like, with the tasks of the service by zone.
    pub(crate) fn of(look: &Look, classes: &[Class], by_zone: &[u32]) -> Self {
        let Class { zone, capacity, .. } = classes[look.class.index()];
        Self {
            class: look.class,
            capacity,
            free: look.free,
            zone,
            tasks: look.tasks,
            zone_tasks: by_zone.get(usize::from(zone)).copied().unwrap_or(0),
            all_tasks: look.all_tasks,
        }
    }
}

/// What a policy knows beside the host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene<'a> {
    /// What the task reserves.
    pub demand: Resources,
    /// Tasks wanted of its service.
    pub desired: u32,
    /// By class, tasks of the service; no entry is none.
    pub by_class: &'a [u32],
    /// What it has found out about the hosts that fit.
    pub skew: Skew,
}

/// Parts of a score: as many as a chain has links at most (BC `placementStrategy`).
pub const PARTS: usize = 5;

/// How good a host is, the most important part first; the lowest is best.
pub(crate) type Score = [u32; PARTS];

/// Whether the order of hosts of one class changes with the tasks of the service on other hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// It does not: what is counted by zone or class is the same for all of them.
    WithinClassStays,
    /// It does, or the policy draws.
    Changing,
}

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

    /// Whether its order of hosts within a class stays.
    fn order(&self) -> Order {
        Order::WithinClassStays
    }
}

impl Policy {
    fn placement(&self) -> &dyn Placement {
        match self {
            Self::Spread => &spread::Spread,
            Self::Binpack => &binpack::Binpack,
            Self::Random => &random::Random,
            Self::Kubernetes => &kubernetes::Kubernetes,
            Self::Nomad => &nomad::Nomad,
            Self::Swarm => &swarm::Swarm,
            Self::LeastTasks => &least_tasks::LeastTasks,
            Self::RandomOffers => &random_offers::RandomOffers,
            Self::Chain(links) => links,
            // One's own score is asked for by itself; the rest of it is as with the plainest policy.
            Self::FirstFit | Self::Custom(_) => &first_fit::FirstFit,
        }
    }

    /// How good a host that fits is.
    ///
    /// # Errors
    /// Where a score that a scenario wrote cannot be worked out.
    pub(crate) fn score(&self, host: &HostView, scene: &Scene) -> Result<Score, Undefined> {
        match self {
            Self::Custom(custom) => custom.score(host, scene.demand, scene.desired),
            _ => Ok(self.placement().score(host, scene)),
        }
    }

    pub(crate) fn order(&self) -> Order {
        match self {
            Self::Custom(custom) => custom.order(),
            _ => self.placement().order(),
        }
    }

    pub(crate) fn choice(&self) -> Choice {
        self.placement().choice()
    }

    pub(crate) fn survey(&self, fitting: &Fitting) -> Skew {
        self.placement().survey(fitting)
    }

    /// Whether it counts the tasks of all services.
    pub(crate) fn counts_all_tasks(&self) -> bool {
        match self {
            Self::Custom(custom) => custom.counts_all_tasks(),
            _ => self.placement().counts_all_tasks(),
        }
    }

    /// Even bits for the choice of a host for `task`, the `ordinal`-th of its service; 0 where nothing is drawn.
    pub(crate) fn lot(&self, draws: Draws, task: Entity, service: &str, ordinal: u32) -> u64 {
        match self.choice() {
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
    /// Of those, hosts with too little of each resource free, in the order of [`Resource::ALL`].
    pub resources: [u32; 5],
    /// Hosts where the port that the task needs is taken.
    pub port: u32,
    /// Hosts that have a task of the service already, which may have one only.
    pub distinct: u32,
    /// Hosts that the service's own constraint excludes.
    pub constraint: u32,
    /// Hosts whose score or constraint cannot be worked out.
    pub undefined: u32,
}

impl Shortage {
    /// Whether there is nothing that any host is short of.
    pub fn is_none(&self) -> bool {
        *self == Self { hosts: self.hosts, ..Self::default() }
    }

    /// Hosts with too little of one resource free.
    pub const fn of(&self, resource: Resource) -> u32 {
        self.resources[resource as usize]
    }

    fn add(&mut self, other: &Self) {
        self.combine(other, |a, b| a + b);
    }

    fn subtract(&mut self, other: &Self) {
        self.combine(other, |a, b| a - b);
    }

    fn combine(&mut self, other: &Self, f: impl Fn(u32, u32) -> u32) {
        self.hosts = f(self.hosts, other.hosts);
        self.resources = std::array::from_fn(|i| f(self.resources[i], other.resources[i]));
        self.port = f(self.port, other.port);
        self.distinct = f(self.distinct, other.distinct);
        self.constraint = f(self.constraint, other.constraint);
        self.undefined = f(self.undefined, other.undefined);
    }
}

/// `memory on 6 of 6 hosts, cpu on 2 of 6 hosts`.
impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.hosts == 0 {
            return f.write_str("there is no host to run on");
        }
        let resource = |resource| self.of(resource);
        let short = [
            ("a port already in use", self.port),
            ("a task of the service already", self.distinct),
            ("memory", resource(Resource::Memory)),
            ("cpu", resource(Resource::Cpu)),
            ("GPUs", resource(Resource::Gpus)),
            ("network interfaces", resource(Resource::Interfaces)),
            ("disk", resource(Resource::Disk)),
            ("the constraint", self.constraint),
            ("a score or constraint that cannot be worked out", self.undefined),
        ];
        let short = short.iter().filter(|(_, hosts)| *hosts > 0);
        let texts: Vec<_> = short.map(|(what, hosts)| format!("{what} on {hosts} of {} hosts", self.hosts)).collect();
        f.write_str(&texts.join(", "))
    }
}
