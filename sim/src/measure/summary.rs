//! One run in one row: how long, how healthy, how much extra, how much money, what users felt, and what blocked.

use super::attribution::{Attribution, Parts};
use super::costs::{Costs, HOURS_A_MONTH, spare_per_month};
use super::money::Money;
use super::users::{UserMeter, Users};
use crate::cluster::TaskState;
use crate::deploy::Rollout;
use crate::engine::fact::{Fact, FactId, Observer, ServiceId};
use crate::engine::run::Outcome;
use crate::engine::time::{Duration, Time};
use crate::model::Model;

/// One run in one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// From the request to the completion of the run's longest deploy, in seconds; absent when one did not end, and where
    /// there is none. A deploy that a later one superseded does not count.
    pub deploy_s: Option<f64>,
    /// What each unfinished deploy waits for, in words, and what keeps a run from its start; empty when all ended.
    pub blocked: Vec<String>,
    /// The lowest share of the desired tasks that was in service, over services with a deploy, from its request on; in a
    /// run without a deploy over all services, from the start on, and so are the next three. Percent.
    pub lowest_healthy_percent: f64,
    /// Task-seconds reserved above the desired count, from the first request on.
    pub extra_replica_s: f64,
    /// Task-seconds in service below the desired count, from the first request on.
    pub short_replica_s: f64,
    /// The most tasks that were not stopped at once, summed over services with a deploy.
    pub peak_tasks: u32,
    /// Price of 730 hours of the hosts that the desired tasks do not need; US dollars.
    pub spare_usd_per_month: f64,
    /// Bill of the hosts that were launched for deploys, for each deploy that launches some; US dollars.
    pub usd_per_deploy: f64,
    /// Bill of the run until the horizon; US dollars.
    pub bill_usd: f64,
    /// The same for 730 hours; US dollars.
    pub usd_per_month: f64,
    /// What the bill was for; US dollars.
    pub parts_usd: Parts<f64>,
    /// How many deploys were requested.
    pub deploys: u32,
    /// What users felt; absent where no service has a load.
    pub users: Option<Users>,
    /// How long fewer tasks were in service than the rollout keeps of the desired ones, from the start on; seconds, summed
    /// over services with a deploy or a load.
    pub below_floor_s: f64,
    /// How often scalers of services asked for another number of tasks.
    pub scaling_actions: u32,
    /// Of those, how often for fewer after more, or for more after fewer.
    pub scaling_reversals: u32,
}

impl Summary {
    /// Whether there is no deploy in the run. One that could not even begin may have had some.
    pub const fn is_without_deploy(&self) -> bool {
        self.deploys == 0 && self.blocked.is_empty()
    }

    /// Whether nothing is left unfinished: every deploy ended, or there was none.
    pub const fn is_finished(&self) -> bool {
        self.deploy_s.is_some() || self.is_without_deploy()
    }

    /// What of the bill was for hosts and machines that come, go or are held beyond the desired tasks, for each deploy; US
    /// dollars. None without a deploy.
    pub fn surge_usd_per_deploy(&self) -> f64 {
        let Parts { surge, booting, draining, .. } = self.parts_usd;
        if self.deploys == 0 { 0.0 } else { (surge + booting + draining) / f64::from(self.deploys) }
    }
}

/// Watches a run and sums it up.
#[derive(Clone, Debug)]
pub struct SummaryObserver<'m> {
    model: &'m Model,
    services: Vec<Watched<'m>>,
    /// By task, where it is.
    tasks: Vec<TaskState>,
    /// By deploy, when it was requested and when it ended.
    deploys: Vec<(Option<Time>, Option<Time>)>,
    superseded: Vec<bool>,
    costs: Costs<'m>,
    attribution: Attribution<'m>,
    users: UserMeter<'m>,
}

/// The tasks of one service, summed up as they change: most of it from its first deploy's request on, or from the start where
/// no service has a deploy.
#[derive(Clone, Debug, Default)]
struct Watched<'m> {
    /// What says how many tasks are to stay in service, where somebody minds.
    rollout: Option<&'m Rollout>,
    /// Whether that is so by now.
    counts: bool,
    /// Since when the counts are as they are.
    since: Time,
    desired: i64,
    reserved: i64,
    in_service: i64,
    /// Task-milliseconds. A million tasks for a century are far below the largest number.
    extra: i64,
    short: i64,
    /// The lowest share in service: so many of so many desired.
    lowest: (i64, i64),
    peak: i64,
    /// Tasks that the rollout keeps in service.
    floor: i64,
    /// Milliseconds with fewer than that.
    below_floor: i64,
    scaling_actions: u32,
    scaling_reversals: u32,
    /// Whether the last of them asked for more.
    scaled_up: Option<bool>,
}

impl<'m> Watched<'m> {
    fn new(model: &'m Model, id: ServiceId) -> Self {
        let service = &model.services[id.index()];
        let is_minded = service.load.is_some() || model.deploys.iter().any(|deploy| deploy.service == id);
        let rollout = is_minded.then_some(&service.rollout);
        let mut watched = Self { rollout, counts: model.deploys.is_empty(), lowest: (1, 1), ..Self::default() };
        watched.want(service.desired);
        watched
    }

    fn want(&mut self, desired: u32) {
        self.desired = desired.into();
        self.floor = self.rollout.map_or(0, |rollout| rollout.floor(desired).into());
    }

    /// A scaler asks for so many.
    fn scale(&mut self, desired: u32) {
        let up = i64::from(desired) > self.desired;
        self.scaling_actions += 1;
        self.scaling_reversals += u32::from(self.scaled_up.is_some_and(|before| before != up));
        self.scaled_up = Some(up);
    }

    /// Counts what has been since the last change. What lasts no time does not count.
    fn pass(&mut self, at: Time) {
        let span = at.since(self.since).as_millis().cast_signed();
        self.since = at;
        if self.in_service < self.floor {
            self.below_floor += span;
        }
        if !self.counts || span == 0 {
            return;
        }
        self.extra += (self.reserved - self.desired).max(0) * span;
        self.short += (self.desired - self.in_service).max(0) * span;
        self.peak = self.peak.max(self.reserved);
        if self.in_service * self.lowest.1 < self.lowest.0 * self.desired {
            self.lowest = (self.in_service, self.desired);
        }
    }
}

impl<'m> SummaryObserver<'m> {
    /// Watches runs of this model.
    pub fn new(model: &'m Model) -> Self {
        Self {
            model,
            services: (0..model.services.len()).map(|i| Watched::new(model, ServiceId(i as u32))).collect(),
            tasks: vec![],
            deploys: vec![(None, None); model.deploys.len()],
            superseded: vec![false; model.deploys.len()],
            costs: Costs::new(model),
            attribution: Attribution::new(model),
            users: UserMeter::new(model),
        }
    }

    /// What the bill until the horizon was for, exactly.
    ///
    /// # Panics
    /// In builds with debug assertions, when the parts are not the whole.
    pub fn parts(&self) -> Parts<Money> {
        let parts = self.attribution.parts();
        debug_assert_eq!(parts.total(), self.costs.total(), "what is needed and what is idle are the bill");
        parts
    }

    /// Sums the run up.
    ///
    /// # Panics
    /// When the facts were not those of one run, in order.
    pub fn finish(&self, outcome: &Outcome) -> Summary {
        let end = Time::ZERO + self.model.horizon;
        let deploys = self.deploys.iter().zip(&self.superseded).filter(|(_, superseded)| !**superseded);
        let spans = deploys.map(|(&(requested, ended), _)| Some(ended?.since(requested?)));
        let longest = spans.collect::<Option<Vec<_>>>().and_then(|spans| spans.into_iter().max());
        // A run that could not even begin serves nobody.
        let began = match self.deploys.as_slice() {
            [] => outcome.blocked.is_empty(),
            _ => self.services.iter().any(|watched| watched.counts),
        };
        let (mut lowest, mut extra, mut short, mut peak) = (if began { 100.0_f64 } else { 0.0 }, 0, 0, 0);
        let mut services = self.services.clone();
        for watched in &mut services {
            watched.pass(end);
        }
        for watched in services.iter().filter(|watched| began && watched.counts) {
            lowest = lowest.min(100.0 * watched.lowest.0 as f64 / watched.lowest.1 as f64);
            extra += watched.extra;
            short += watched.short;
            peak += u32::try_from(watched.peak).expect("a count of tasks");
        }
        let deploys = self.model.deploys.iter().filter(|deploy| self.model.adding_for(deploy).next().is_some());
        let deploys = deploys.count().max(1) as f64;
        let parts = self.parts();
        let bill_usd = parts.total().usd();
        let hours = self.model.horizon.as_secs_f64() / 3_600.0;
        Summary {
            deploy_s: longest.filter(|_| outcome.blocked.is_empty()).map(Duration::as_secs_f64),
            blocked: outcome.blocked.clone(),
            lowest_healthy_percent: lowest,
            extra_replica_s: extra as f64 / 1_000.0,
            short_replica_s: short as f64 / 1_000.0,
            peak_tasks: peak,
            spare_usd_per_month: spare_per_month(self.model) as f64 / 1e6,
            usd_per_deploy: self.costs.for_deploys().usd() / deploys,
            bill_usd,
            usd_per_month: if hours > 0.0 { bill_usd / hours * HOURS_A_MONTH as f64 } else { 0.0 },
            parts_usd: parts.usd(),
            deploys: self.deploys.iter().filter(|(requested, _)| requested.is_some()).count() as u32,
            users: self.users.users(),
            below_floor_s: services.iter().map(|watched| watched.below_floor).sum::<i64>() as f64 / 1_000.0,
            scaling_actions: services.iter().map(|watched| watched.scaling_actions).sum(),
            scaling_reversals: services.iter().map(|watched| watched.scaling_reversals).sum(),
        }
    }
}

impl Observer for SummaryObserver<'_> {
    fn observe(&mut self, at: Time, _id: FactId, fact: Fact, _because: FactId) {
        self.costs.observe(at, fact);
        self.attribution.observe(at, fact);
        self.users.observe(at, fact);
        match fact {
            Fact::TaskMoved { task, service, to, .. } => {
                let watched = &mut self.services[service.index()];
                watched.pass(at);
                let was = self.tasks.get(task.index()).copied();
                if was.is_none() {
                    watched.reserved += 1;
                    self.tasks.push(to);
                }
                self.tasks[task.index()] = to;
                if to == TaskState::InService {
                    watched.in_service += 1;
                } else if was == Some(TaskState::InService) {
                    watched.in_service -= 1;
                }
                if to == TaskState::Stopped {
                    watched.reserved -= 1;
                }
            }
            Fact::DeployRequested { deploy, service, .. } => {
                self.deploys[deploy.index()].0 = Some(at);
                let watched = &mut self.services[service.index()];
                watched.pass(at);
                watched.counts = true;
            }
            Fact::DesiredChanged { service, desired } => {
                let watched = &mut self.services[service.index()];
                watched.pass(at);
                watched.want(desired);
            }
            Fact::Autoscaled { service, desired } => self.services[service.index()].scale(desired),
            Fact::DeployCompleted { deploy, .. } => self.deploys[deploy.index()].1 = Some(at),
            Fact::DeploySuperseded { deploy, .. } => self.superseded[deploy.index()] = true,
            Fact::HostLaunched { .. }
            | Fact::HostTerminated { .. }
            | Fact::HostReady { .. }
            | Fact::HostDraining { .. }
            | Fact::HostNotice { .. }
            | Fact::HostLossFound { .. }
            | Fact::MachineLaunched { .. }
            | Fact::HostsWanted { .. }
            | Fact::WarmHosts { .. }
            | Fact::StopChosen { .. }
            | Fact::StartReceived { .. }
            | Fact::TargetRegistered { .. }
            | Fact::StopReceived { .. }
            | Fact::TaskExited { .. }
            | Fact::TaskRested { .. }
            | Fact::StepReached { .. }
            | Fact::TaskKilled { .. }
            | Fact::TaskFailed { .. }
            | Fact::ImagePulled { .. }
            | Fact::ImageRemoved { .. }
            | Fact::DiskFull { .. }
            | Fact::TaskAvailable { .. }
            | Fact::TaskLate { .. }
            | Fact::TrafficShifted { .. }
            | Fact::StepDone { .. }
            | Fact::DeployStalled { .. }
            | Fact::DeployPaused { .. }
            | Fact::DeployFailed { .. }
            | Fact::DeployRolledBack { .. }
            | Fact::PlacementBlocked { .. }
            | Fact::LaunchRateReached { .. }
            | Fact::RefreshStarted { .. }
            | Fact::RefreshRefused { .. }
            | Fact::RefreshDone { .. }
            | Fact::RefreshFailed { .. }
            | Fact::BoundsBlocked { .. }
            | Fact::DemandChanged { .. }
            | Fact::CapacityChanged { .. }
            | Fact::ServedChanged { .. }
            | Fact::SpreadChanged { .. }
            | Fact::LosingChanged { .. }
            | Fact::RequestsLost { .. }
            | Fact::TaskHung { .. }
            | Fact::TargetUnhealthy { .. }
            | Fact::TaskUnhealthy { .. }
            | Fact::TargetGone { .. }
            | Fact::SteadyState { .. } => {}
        }
    }
}
