//! Hosts grouped by what they look like to one service, and in the order of their scores where that order stays: the cost
//! of a placement does not grow with the hosts.

use std::collections::BTreeMap;

use super::host_set::HostSet;
use super::kubernetes::Skew;
use super::{Constraint, HostView, Order, Policy, Scene, Score, Shortage};
use crate::engine::fact::HostId;
use crate::model::{Class, ClassId, Demand, Eligible, Resources, Service};

/// Everything of a host that decides whether a task fits and how good the host is. Hosts with one look are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Look {
    pub class: ClassId,
    pub free: Resources,
    /// The service's fixed port is taken.
    pub port_taken: bool,
    /// Tasks of the service on it.
    pub tasks: u32,
    /// Tasks of all services on it, where the service's policy counts them; otherwise 0, so that hosts stay alike.
    pub all_tasks: u32,
}

/// What a service asks of a host, and how it chooses among those that will do.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub demand: Demand,
    pub eligible: Eligible,
    pub policy: Policy,
    /// What a scenario wrote itself.
    pub constraint: Option<Constraint>,
    /// Tasks wanted of the service.
    pub desired: u32,
}

/// The hosts that a service may use.
#[derive(Clone, Debug, Default)]
pub(crate) struct HostIndex {
    /// Those that a task fits on: by class, and by their score within the class where that stays, or by look. No set is empty.
    groups: BTreeMap<GroupKey, HostSet>,
    /// Those that a task fits on.
    fitting: HostSet,
    /// By host, its look; none where it may not be used.
    looks: Vec<Option<Look>>,
    /// What the others are short of.
    shortage: Shortage,
}

type GroupKey = (ClassId, Score, Look);

impl Terms {
    pub fn of(service: &Service) -> Self {
        let Service { demand, eligible, placement, constraint, desired, .. } = service;
        let (eligible, constraint) = (eligible.clone(), constraint.clone());
        Self { demand: *demand, eligible, policy: placement.clone(), constraint, desired: *desired }
    }

    /// Whether hosts look otherwise when tasks of other services come and go.
    pub fn counts_all_tasks(&self) -> bool {
        self.policy.counts_all_tasks() || self.constraint.as_ref().is_some_and(Constraint::counts_all_tasks)
    }

    /// What hosts of a look are short of, for one task; each is one host.
    pub fn shortage_on(&self, look: &Look, classes: &[Class]) -> Shortage {
        let holds = self.constraint.as_ref().map_or(Ok(true), |constraint| {
            constraint.holds(&HostView::of(look, classes, &[]), self.demand.resources, self.desired)
        });
        let Demand { resources, host_port: _, distinct_host } = self.demand;
        let (need, free) = (resources.amounts(), look.free.amounts());
        Shortage {
            hosts: 1,
            resources: std::array::from_fn(|i| u32::from(need[i] > free[i])),
            port: look.port_taken.into(),
            distinct: u32::from(distinct_host && look.tasks > 0),
            constraint: u32::from(holds == Ok(false)),
            undefined: holds.is_err().into(),
        }
    }
}

impl HostIndex {
    /// A host looks otherwise now; not at all where it may not be used.
    pub fn update(&mut self, host: HostId, look: Option<Look>, terms: &Terms, classes: &[Class]) {
        if self.looks.len() <= host.index() {
            self.looks.resize(host.index() + 1, None);
        }
        let look = look.filter(|look| terms.eligible.allows(look.class));
        let before = std::mem::replace(&mut self.looks[host.index()], look);
        if before == look {
            return;
        }
        if let Some(look) = before {
            self.remove(host, &look, terms, classes);
        }
        if let Some(look) = look {
            self.insert(host, &look, terms, classes);
        }
    }

    fn insert(&mut self, host: HostId, look: &Look, terms: &Terms, classes: &[Class]) {
        let short = terms.shortage_on(look, classes);
        if short.is_none() {
            self.groups.entry(key(look, terms, classes)).or_default().insert(host);
            self.fitting.insert(host);
        }
        self.shortage.add(&short);
    }

    fn remove(&mut self, host: HostId, look: &Look, terms: &Terms, classes: &[Class]) {
        let short = terms.shortage_on(look, classes);
        if short.is_none() {
            let key = key(look, terms, classes);
            let hosts = self.groups.get_mut(&key).expect("the host was inserted under this look");
            hosts.remove(host);
            if hosts.len() == 0 {
                self.groups.remove(&key);
            }
            self.fitting.remove(host);
        }
        self.shortage.subtract(&short);
    }

    /// What a host looks like, where it may be used.
    pub fn look(&self, host: HostId) -> Option<&Look> {
        self.looks.get(host.index()).and_then(Option::as_ref)
    }

    /// The hosts that a task fits on, those together that are alike to the policy, with the look of one of them.
    pub fn groups(&self) -> impl Iterator<Item = (&Look, &HostSet)> + Clone {
        self.groups.values().map(|hosts| (self.look_of_first(hosts), hosts))
    }

    /// The hosts that a task fits on.
    pub const fn fitting(&self) -> &HostSet {
        &self.fitting
    }

    /// Of each class the groups of hosts that a task fits on, best first, for policies whose order stays.
    pub fn classes(&self) -> impl Iterator<Item = impl Iterator<Item = (&Look, &HostSet)>> {
        let mut next = self.groups.first_key_value().map(|(key, _)| key.0);
        std::iter::from_fn(move || {
            let class = next?;
            let after = (ClassId(class.0 + 1), LOWEST, LOWEST_LOOK);
            next = self.groups.range(after..).next().map(|(key, _)| key.0);
            let of_class = self.groups.range((class, LOWEST, LOWEST_LOOK)..after);
            Some(of_class.map(|(_, hosts)| (self.look_of_first(hosts), hosts)))
        })
    }

    fn look_of_first(&self, hosts: &HostSet) -> &Look {
        let first = hosts.first().expect("no set is empty");
        self.look(first).expect("only hosts with a look are in sets")
    }

    /// On how many hosts a task is short of what.
    pub const fn shortage(&self) -> Shortage {
        self.shortage
    }
}

/// Two indexes of the same hosts.
impl PartialEq for HostIndex {
    fn eq(&self, other: &Self) -> bool {
        let known = |index: &Self| index.looks.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let same_looks = self.looks[..known(self)] == other.looks[..known(other)];
        same_looks && self.groups == other.groups && self.fitting == other.fitting && self.shortage == other.shortage
    }
}

const LOWEST: Score = [0; super::PARTS];
const LOWEST_LOOK: Look = Look { class: ClassId(0), free: Resources::NONE, port_taken: false, tasks: 0, all_tasks: 0 };

/// Where the order within a class stays, hosts with one score are alike, and the score is that of a class without tasks;
/// otherwise hosts with one look are.
fn key(look: &Look, terms: &Terms, classes: &[Class]) -> GroupKey {
    match terms.policy.order() {
        Order::Changing => (look.class, LOWEST, *look),
        Order::WithinClassStays => {
            let view = HostView::of(look, classes, &[]);
            let scene =
                Scene { demand: terms.demand.resources, desired: terms.desired, by_class: &[], skew: Skew::default() };
            (look.class, terms.policy.score(&view, &scene).unwrap_or(LOWEST), LOWEST_LOOK)
        }
    }
}
