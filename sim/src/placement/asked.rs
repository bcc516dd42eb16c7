//! A policy that picks a host itself from all that fit: a program beside the simulation, or code of one's own.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::Shortage;
use super::index::{HostIndex, Terms};
use super::search::{Fitting, Request};
use crate::engine::fact::HostId;
use crate::engine::time::Time;
use crate::model::{Model, Resources};
use crate::placement::Policy;

/// Picks a host for a task. What it answers must follow from the decision alone, so that a run is the same each time.
pub trait Chooser: fmt::Debug + Send + Sync {
    /// One of the hosts of the decision.
    ///
    /// # Errors
    /// Why it has none. The run ends with that, and says so in its [`Outcome`](crate::Outcome).
    fn choose(&self, decision: &Decision) -> Result<HostId, Box<dyn Error + Send + Sync>>;
}

/// Whom a service asks. Clones are the same; two that were made apart are not, whatever they answer.
#[derive(Clone, Debug)]
pub struct Asked(Arc<dyn Chooser>);

/// Where a task is to go. A task that fits nowhere is not asked about.
#[derive(Clone, Debug)]
pub struct Decision<'a> {
    /// The run's seed.
    pub seed: u64,
    /// The simulated time.
    pub at: Time,
    /// The service's name.
    pub service: &'a str,
    /// Tasks of the service that have been placed before in this run.
    pub ordinal: u32,
    /// What the task reserves.
    pub demand: Resources,
    /// Tasks wanted of the service.
    pub desired: u32,
    /// 53 even bits for whoever draws: the same for the same task on the same seed, in every variant.
    pub lot: u64,
    /// The hosts that the task fits on, those together that look alike: by group and zone as the model lists them, then by what is
    /// free (cpu, memory, GPUs, interfaces, disk), then by tasks, the least first.
    pub hosts: Vec<Alike<'a>>,
    terms: &'a Terms,
    index: &'a HostIndex,
    request: Request<'a>,
    names: &'a [ClassNames],
}

/// Hosts that look alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alike<'a> {
    /// Their group's name.
    pub group: &'a str,
    /// Their zone's name.
    pub zone: &'a str,
    /// The hosts, the one that was launched first at the front.
    pub ids: Vec<HostId>,
    /// What is free on each, the task not counted.
    pub free: Resources,
    /// What each offers to tasks when it is empty.
    pub total: Resources,
    /// Tasks of the service on each, of all versions, until they have stopped.
    pub tasks: u32,
    /// Tasks of the service in their zone.
    pub zone_tasks: u32,
    /// Tasks of all services on each.
    pub all_tasks: u32,
}

/// Why a run ended before its end: whoever was asked for a host gave none that does.
#[derive(Clone, Debug)]
pub struct Failure(Arc<dyn Error + Send + Sync>);

/// What the hosts of a class are called.
#[derive(Clone, Debug)]
pub(crate) struct ClassNames {
    group: String,
    zone: String,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asking<'a> {
    pub seed: u64,
    pub at: Time,
    pub service: &'a str,
    pub names: &'a [ClassNames],
}

/// Why there is no host for a task.
#[derive(Clone, Debug)]
pub(crate) enum NoHost {
    /// It fits nowhere.
    Short(Shortage),
    /// Whoever was asked gave none.
    Failed(Failure),
}

/// By class, what its hosts are called; nothing where nobody asks.
pub(crate) fn class_names(model: &Model) -> Vec<ClassNames> {
    if !model.services.iter().any(|service| matches!(service.placement, Policy::Asked(_))) {
        return vec![];
    }
    let groups = model.host_groups.iter();
    let names = groups
        .flat_map(|group| group.zones.iter().map(|zone| ClassNames { group: group.name.clone(), zone: zone.clone() }));
    names.collect()
}

impl Asked {
    pub(super) fn new(chooser: Arc<dyn Chooser>) -> Self {
        Self(chooser)
    }

    /// The host that it picks for one task.
    pub(crate) fn place(&self, request: &Request, index: &HostIndex, asking: Asking) -> Result<HostId, NoHost> {
        if index.fitting().len() == 0 {
            return Err(NoHost::Short(index.shortage()));
        }
        let decision = Decision::new(request, index, asking);
        let failed = |error| NoHost::Failed(Failure(Arc::from(error)));
        let host = self.0.choose(&decision).map_err(failed)?;
        decision.check(host).map_err(|refusal| failed(refusal.into()))?;
        Ok(host)
    }
}

impl PartialEq for Asked {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<'a> Decision<'a> {
    fn new(request: &Request<'a>, index: &'a HostIndex, asking: Asking<'a>) -> Self {
        /// Numbers of JSON are exact up to so many bits.
        const LOT_BITS: u32 = 53;
        let Asking { seed, at, service, names } = asking;
        let alike = Fitting::new(request, index).hosts().map(|(view, hosts)| {
            let ClassNames { group, zone } = &names[view.class.index()];
            Alike {
                group,
                zone,
                ids: hosts.iter().collect(),
                free: view.free,
                total: view.capacity,
                tasks: view.tasks,
                zone_tasks: view.zone_tasks,
                all_tasks: view.all_tasks,
            }
        });
        Self {
            seed,
            at,
            service,
            ordinal: request.ordinal,
            demand: request.terms.demand.resources,
            desired: request.terms.desired,
            lot: request.lot >> (u64::BITS - LOT_BITS),
            hosts: alike.collect(),
            terms: request.terms,
            index,
            request: *request,
            names,
        }
    }

    /// Whether the task may go to a host.
    ///
    /// # Errors
    /// Why not: `host 9 (m5, zone a) does not fit: memory`.
    pub fn check(&self, host: HostId) -> Result<(), String> {
        let Some(look) = self.index.look(host) else {
            return Err(format!("there is no host {} that takes tasks of {}", host.0, self.service));
        };
        let shortage = self.terms.shortage_on(look, self.request.classes);
        if shortage.is_none() {
            return Ok(());
        }
        let ClassNames { group, zone } = &self.names[look.class.index()];
        let short: Vec<_> = shortage.short().map(|(what, _)| what).collect();
        Err(format!("host {} ({group}, zone {zone}) does not fit: {}", host.0, short.join(", ")))
    }
}

impl Failure {
    /// What whoever was asked said, or that the host does not do.
    pub fn error(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Those that say the same.
impl PartialEq for Failure {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for Failure {}
