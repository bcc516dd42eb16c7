//! The systems that Seatrial imitates: one file a system, each a value with a source beside every number.

pub mod ecs;
pub mod load_balancers;

use crate::deploy::Rolling;
use crate::model::{Agent, Billing, ControlLoop};
use crate::placement::Policy;

/// A system's ways and defaults. A scenario may override each of them by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Orchestrator {
    /// The name that scenarios use.
    pub name: &'static str,
    /// Its service scheduler.
    pub control: ControlLoop,
    /// The agent on its hosts.
    pub agent: Agent,
    /// How its hosts were billed at the time.
    pub billing: Billing,
    /// Its default strategy.
    pub rolling: Rolling,
    /// Its default placement.
    pub placement: Policy,
}

/// Every system, in the order of lists.
pub const ALL: [fn() -> Orchestrator; 3] = [ecs::today, ecs::console_2018, ecs::before_2015_12];

/// The system of this name.
pub fn by_name(name: &str) -> Option<Orchestrator> {
    ALL.into_iter().map(|orchestrator| orchestrator()).find(|orchestrator| orchestrator.name == name)
}
