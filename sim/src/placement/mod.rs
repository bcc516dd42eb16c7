//! Where a task goes: policies score one host each, and the search over hosts is written once.

pub(crate) mod asked;
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
mod own;
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
use std::sync::Arc;

use crate::engine::draws::{Draws, Entity, Stream};
use crate::model::{Class, ClassId, Resource, Resources};
pub use asked::{Alike, Asked, Chooser, Decision, Failure};
pub use chain::{Link, Spread};
pub use custom::{Constraint, Custom};
use expression::Undefined;
use index::Look;
use kubernetes::Skew;
pub use own::Own;
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
    /// A policy of one's own, in Rust.
    Own(Own),
    /// What somebody picks from all hosts that fit.
    Asked(Asked),
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

/// What a policy sees of a host that a task fits on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostView {
    /// Its group and zone, by the position in [`Model::classes`](crate::model::Model::classes).
    pub class: ClassId,
    /// What it offers to tasks when it is empty.
    pub capacity: Resources,
    /// What is free on it, the task not counted.
    pub free: Resources,
    /// Its zone, by the position in [`Model::zones`](crate::model::Model::zones).
    pub zone: u16,
    /// Tasks of the service on it, of all versions, until they have stopped.
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
pub struct Scene<'a> {
    /// What the task reserves.
    pub demand: Resources,
    /// Tasks wanted of its service.
    pub desired: u32,
    /// By class, tasks of the service; no entry is none.
    pub by_class: &'a [u32],
    /// What Kubernetes has found out about the hosts that fit.
    pub(crate) skew: Skew,
}

impl<'a> Scene<'a> {
    /// For a task that reserves so much, of a service with so many tasks wanted, and so many there by class.
    pub fn new(demand: Resources, desired: u32, by_class: &'a [u32]) -> Self {
        Self { demand, desired, by_class, skew: Skew::default() }
    }
}

/// Parts of a score: as many as a chain has links at most (BC `placementStrategy`).
pub const PARTS: usize = 5;

/// How good a host is, the most important part first; the lowest is best.
pub type Score = [u32; PARTS];

/// Whether the order of hosts of one class changes with the tasks of the service on other hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// It does not: what is counted by zone or class is the same for all of them. A host's score must then be lower than another's
    /// of its class without tasks elsewhere exactly where it is lower with them.
    WithinClassStays,
    /// It does, or the policy draws.
    Changing,
}

/// Which of the hosts that fit a policy takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The best, and the lowest host id among equals.
    Best,
    /// Any of the best, equally likely.
    AnyBest,
    /// The best of a few in random order, the earliest among equals. The few are the logarithm of the number of hosts to
    /// the base 2, but at least 2; up to 3 that are no better than `poor` are passed over while there are others.
    BestOfFew {
        /// A score that is as bad as this, or worse, is passed over.
        poor: Score,
    },
    /// The next in a random order of a few, which `tasks` tasks in a row share.
    NextOfFew {
        /// How many hosts take turns.
        few: u32,
        /// How many tasks share an order.
        tasks: u32,
    },
}

/// A policy scores a host from what it sees, without memory, clock or randomness: what it answers to the same question is always
/// the same. The search over hosts, by the index or by a plain scan, is Seatrial's.
///
/// ```
/// use seatrial_sim::placement::{HostView, Placement, Policy, Scene, Score};
///
/// /// Most free memory, and of equals the host with fewest tasks of the service.
/// #[derive(Debug)]
/// struct Emptiest;
///
/// impl Placement for Emptiest {
///     fn score(&self, host: &HostView, _: &Scene) -> Score {
///         [u32::MAX - host.free.memory_mib, host.tasks, 0, 0, 0]
///     }
/// }
///
/// // As the placement of any service of a model.
/// let policy = Policy::own(Emptiest);
/// assert_eq!(policy, policy.clone());
/// ```
pub trait Placement: fmt::Debug + Send + Sync {
    /// How good a host that fits is; the lowest is best.
    fn score(&self, host: &HostView, scene: &Scene) -> Score;

    /// Which of the hosts it takes, by their scores.
    fn choice(&self) -> Choice {
        Choice::Best
    }

    /// Whether it counts the tasks of all services. One that does not is faster, and sees none of them.
    fn counts_all_tasks(&self) -> bool {
        true
    }

    /// Whether its order of hosts within a class stays. One that says so, and is right, is faster.
    fn order(&self) -> Order {
        Order::Changing
    }
}

impl Policy {
    /// A policy of one's own.
    pub fn own(placement: impl Placement + 'static) -> Self {
        Self::Own(Own::new(placement))
    }

    /// A policy that picks a host itself from all that fit.
    pub fn asked(chooser: Arc<dyn Chooser>) -> Self {
        Self::Asked(Asked::new(chooser))
    }

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
            Self::Own(own) => own.placement(),
            // A written score is worked out by itself, and whoever is asked is asked elsewhere; the rest of both is as with the
            // plainest policy.
            Self::FirstFit | Self::Custom(_) | Self::Asked(_) => &first_fit::FirstFit,
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
            Self::Asked(_) => Order::Changing,
            _ => self.placement().order(),
        }
    }

    pub(crate) fn choice(&self) -> Choice {
        self.placement().choice()
    }

    /// What it has to find out about all hosts that fit before it scores one.
    pub(crate) fn survey(&self, fitting: &Fitting) -> Skew {
        match self {
            Self::Kubernetes => Skew::of(&fitting.hosts().map(|(view, hosts)| (view, hosts.len()))),
            _ => Skew::default(),
        }
    }

    /// Whether it counts the tasks of all services.
    pub(crate) fn counts_all_tasks(&self) -> bool {
        match self {
            Self::Custom(custom) => custom.counts_all_tasks(),
            Self::Asked(_) => true,
            _ => self.placement().counts_all_tasks(),
        }
    }

    /// Even bits for the choice of a host for `task`, the `ordinal`-th of its service; 0 where nothing is drawn.
    pub(crate) fn lot(&self, draws: Draws, task: Entity, service: &str, ordinal: u32) -> u64 {
        match self.choice() {
            // Whoever is asked may draw.
            Choice::Best if matches!(self, Self::Asked(_)) => draws.bits(Stream::Lot, task),
            Choice::Best => 0,
            Choice::AnyBest | Choice::BestOfFew { .. } => draws.bits(Stream::Lot, task),
            Choice::NextOfFew { tasks, .. } => {
                draws.bits(Stream::Order, Entity::named(service).child((ordinal / tasks.max(1)).into()))
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

    /// What hosts are short of, in words, and how many are.
    pub(crate) fn short(&self) -> impl Iterator<Item = (&'static str, u32)> {
        let short = [
            ("a port already in use", self.port),
            ("a task of the service already", self.distinct),
            ("memory", self.of(Resource::Memory)),
            ("cpu", self.of(Resource::Cpu)),
            ("GPUs", self.of(Resource::Gpus)),
            ("network interfaces", self.of(Resource::Interfaces)),
            ("disk", self.of(Resource::Disk)),
            ("the constraint", self.constraint),
            ("a score or constraint that cannot be worked out", self.undefined),
        ];
        short.into_iter().filter(|(_, hosts)| *hosts > 0)
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
        let short = self.short().map(|(what, hosts)| format!("{what} on {hosts} of {} hosts", self.hosts));
        let texts: Vec<_> = short.collect();
        f.write_str(&texts.join(", "))
    }
}
