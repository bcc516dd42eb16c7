//! Services under a system's own settings, on a small cluster with ample room.

use proptest::prelude::*;
use seatrial_sim::cluster::TaskState;
use seatrial_sim::deploy::{GateLevel, Rollout};
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::fact::{Fact, TaskId};
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::model::{LoadBalancer, Model};
use seatrial_sim::orchestrators::{ALL, Orchestrator, load_balancers};

use super::{Played, group, plain, secs};

/// What a service has of its own.
#[derive(Clone, Debug)]
pub struct Kind {
    pub desired: u32,
    /// From the container's creation to RUNNING and from SIGTERM to the exit, where it is not as the system has it.
    pub startup: Option<Dist>,
    pub exit: Option<Dist>,
    pub load_balancer: Option<LoadBalancer>,
    pub health_check: bool,
}

impl Kind {
    /// So many tasks that start and exit as the system has it, and that nobody checks.
    pub const fn plain(desired: u32) -> Self {
        Self { desired, startup: None, exit: None, load_balancer: None, health_check: false }
    }

    /// With the system's own health check.
    pub fn checked(self) -> Self {
        Self { health_check: true, ..self }
    }

    /// Behind an Application Load Balancer with a short drain.
    pub fn balanced(self) -> Self {
        Self { load_balancer: Some(balancer(30)), ..self }
    }
}

/// 1 to 12 tasks with random spans, with and without a load balancer and a health check.
pub fn kind() -> impl Strategy<Value = Kind> {
    let spans = |most: u64| (0..most, 0..most).prop_map(|(a, b)| Dist::uniform_millis(a.min(b), a.max(b)));
    (1..=12_u32, spans(60_000), spans(40_000), proptest::option::of(0..90_u64), any::<bool>()).prop_map(
        |(desired, startup, exit, drain, health_check)| Kind {
            desired,
            startup: Some(startup),
            exit: Some(exit),
            load_balancer: drain.map(balancer),
            health_check,
        },
    )
}

fn balancer(drain_s: u64) -> LoadBalancer {
    LoadBalancer { deregistration_delay: secs(drain_s), ..load_balancers::ALB }
}

/// One service under a system's control loop, agents, placement and health check; six hosts in two zones with room for all its
/// tasks each, and a deploy after a minute.
pub fn model(system: &Orchestrator, rollout: Rollout, kind: &Kind) -> Model {
    let settings = system.settings();
    let mut model = plain(kind.desired, 6, 1);
    model.control = settings.control;
    model.host_groups = vec![group("m5", 6, 8 * kind.desired)];
    let group = &mut model.host_groups[0];
    group.zones = vec!["a".into(), "b".into()];
    (group.agent, group.billing) = (settings.agent, settings.billing);
    let service = &mut model.services[0];
    service.startup = kind.startup.clone().unwrap_or(settings.startup);
    service.exit = kind.exit.clone().unwrap_or(settings.exit);
    (service.pre_stop, service.stop_timeout) = (settings.pre_stop, settings.stop_timeout);
    service.health_check = kind.health_check.then_some(settings.health_check);
    service.load_balancer.clone_from(&kind.load_balancer);
    service.placement = settings.placement;
    service.rollout = rollout;
    model
}

/// Every system with the name and the rollout of each of its strategies.
pub fn every_strategy() -> Vec<(Orchestrator, &'static str, Rollout)> {
    let rollouts = |system: Orchestrator| {
        let strategies: Vec<_> = system.strategies.iter().map(|strategy| (strategy.name, strategy.rollout())).collect();
        strategies.into_iter().map(move |(name, rollout)| (system.clone(), name, rollout))
    };
    ALL.into_iter().flat_map(|system| rollouts(system())).collect()
}

/// The fewest available tasks that nobody has chosen to stop, the most of them that exist (available or not), and the most that
/// hold resources, from the request on. For deploys to one version whose tasks all pass their gate in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extremes {
    pub available: usize,
    pub wanted: usize,
    pub alive: usize,
}

pub fn extremes(played: &Played, model: &Model) -> Extremes {
    let service = &model.services[0];
    let gate = service.rollout.gate;
    // A task that passes its gate in the instant in which it reaches its level is not said to be available.
    let told = played.facts(|_, fact| match fact {
        Fact::TaskAvailable { task, .. } => Some(task),
        _ => None,
    });
    let passes_at = match gate.level {
        GateLevel::Created => TaskState::Provisioning,
        GateLevel::Running => TaskState::Running,
        GateLevel::Ready if service.load_balancer.is_some() => TaskState::Running,
        GateLevel::Ready | GateLevel::InService => TaskState::InService,
    };
    let mut tasks: Vec<One> = vec![];
    let mut extremes: Option<Extremes> = None;
    let mut requested = false;
    let mut instant = Time::ZERO;
    for record in &played.trace.records {
        if record.at > instant && requested {
            widen(&mut extremes, &tasks);
        }
        instant = record.at;
        match record.fact {
            Fact::TaskMoved { task, to, .. } => {
                if task.index() == tasks.len() {
                    tasks.push(One { alive: true, available: to == TaskState::InService, chosen: false });
                }
                let one = &mut tasks[task.index()];
                one.available |= to == passes_at && gate.min_for.is_zero() && !told.contains(&task);
                one.alive = to != TaskState::Stopped;
            }
            Fact::TaskAvailable { task: TaskId(task), .. } => tasks[task as usize].available = true,
            Fact::StopChosen { task: TaskId(task), .. } => tasks[task as usize].chosen = true,
            Fact::DeployRequested { .. } => requested = true,
            _ => {}
        }
    }
    widen(&mut extremes, &tasks);
    extremes.expect("a deploy was requested")
}

/// One task, for counting.
struct One {
    alive: bool,
    available: bool,
    chosen: bool,
}

fn widen(extremes: &mut Option<Extremes>, tasks: &[One]) {
    let count = |which: fn(&One) -> bool| tasks.iter().filter(|one| which(one)).count();
    let now = Extremes {
        available: count(|one| one.alive && one.available && !one.chosen),
        wanted: count(|one| one.alive && !one.chosen),
        alive: count(|one| one.alive),
    };
    let before = extremes.unwrap_or(now);
    *extremes = Some(Extremes {
        available: before.available.min(now.available),
        wanted: before.wanted.max(now.wanted),
        alive: before.alive.max(now.alive),
    });
}

/// Seconds from the request of a model's first deploy to `at`.
pub fn after_s(model: &Model, at: Time) -> f64 {
    let since: Duration = at.since(model.deploys[0].at);
    since.as_secs_f64()
}
