//! The systems that Seatrial imitates: one file a system, each a value with a source beside every number.

mod argo;
mod asg;
mod asgard;
mod beanstalk;
mod codedeploy;
mod codedeploy_ecs;
mod compose;
mod daemonset;
mod docker;
pub mod ecs;
mod flagger;
mod fleet;
mod gke_2015;
mod glossary;
mod kubernetes;
pub mod load_balancers;
mod marathon;
mod nomad;
mod rancher;
mod settings;
mod spinnaker;
mod statefulset;
mod swarm;

use crate::deploy::Rollout;
use crate::parameters::Parameters;

pub use glossary::{Meaning, Range, meaning};
pub use settings::Settings;

/// A system: its ways as parameters, and the strategies that it offers. A scenario may override each parameter by name.
#[derive(Clone, Debug)]
pub struct Orchestrator {
    /// The name that scenarios use.
    pub name: &'static str,
    /// What it is, and of when.
    pub title: &'static str,
    /// Its control loop, its agents, and what becomes of tasks.
    pub parameters: Parameters,
    /// The strategies that it offers; the first is its default.
    pub strategies: Vec<Strategy>,
}

/// A deploy strategy of a system.
#[derive(Clone, Debug)]
pub struct Strategy {
    /// The name that scenarios use.
    pub name: &'static str,
    /// Its knobs.
    pub parameters: Parameters,
    /// What they make of it.
    pub build: fn(&Parameters) -> Rollout,
}

/// Every system, in the order of lists.
pub const ALL: [fn() -> Orchestrator; 22] = [
    ecs::today,
    ecs::console_2018,
    ecs::before_2015_12,
    codedeploy_ecs::codedeploy_ecs,
    kubernetes::deployment,
    statefulset::statefulset,
    daemonset::daemonset,
    gke_2015::gke_2015,
    argo::argo_rollouts,
    flagger::flagger,
    swarm::swarm,
    nomad::nomad,
    marathon::marathon,
    fleet::fleet,
    rancher::rancher,
    compose::compose,
    docker::docker,
    spinnaker::spinnaker,
    asgard::asgard,
    asg::asg,
    beanstalk::beanstalk,
    codedeploy::codedeploy,
];

/// The system of this name.
pub fn by_name(name: &str) -> Option<Orchestrator> {
    ALL.into_iter().map(|orchestrator| orchestrator()).find(|orchestrator| orchestrator.name == name)
}

impl Orchestrator {
    /// What its parameters say.
    pub fn settings(&self) -> Settings {
        Settings::new(&self.parameters)
    }

    /// Its default strategy.
    ///
    /// # Panics
    /// Never: every system offers one.
    pub fn default_strategy(&self) -> &Strategy {
        self.strategies.first().expect("every system offers a strategy")
    }

    /// Its strategy of this name.
    pub fn strategy(&self, name: &str) -> Option<&Strategy> {
        self.strategies.iter().find(|strategy| strategy.name == name)
    }
}

impl Strategy {
    /// A strategy from its knobs.
    pub const fn new(name: &'static str, parameters: Parameters, build: fn(&Parameters) -> Rollout) -> Self {
        Self { name, parameters, build }
    }

    /// The rollout that its parameters describe.
    pub fn rollout(&self) -> Rollout {
        (self.build)(&self.parameters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number without a source is a rumour, and a name without a meaning a riddle.
    #[test]
    fn every_parameter_has_a_meaning_and_a_source() {
        for system in ALL.map(|system| system()) {
            let _ = system.settings();
            let of_strategies = system.strategies.iter().flat_map(|strategy| &strategy.parameters.0);
            for parameter in system.parameters.0.iter().chain(of_strategies) {
                assert!(meaning(parameter.name).is_some(), "{}: {} has no meaning", system.name, parameter.name);
                assert!(parameter.source.len() > 2, "{}: {} has no source", system.name, parameter.name);
            }
            for strategy in &system.strategies {
                assert!(!strategy.rollout().program.is_empty(), "{}: {} does nothing", system.name, strategy.name);
            }
            let names: std::collections::BTreeSet<_> = system.strategies.iter().map(|strategy| strategy.name).collect();
            assert_eq!(names.len(), system.strategies.len(), "{}: two strategies have one name", system.name);
        }
        let names: std::collections::BTreeSet<_> = ALL.map(|system| system().name).into_iter().collect();
        assert_eq!(names.len(), ALL.len(), "two systems have one name");
    }
}
