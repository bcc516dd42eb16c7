//! The run loop.

use super::fact::Observer;
use crate::model::Model;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What each unfinished deploy waits for, in words; empty when all ended.
    pub blocked: Vec<String>,
}

/// Plays one model with one seed. The same two always give the same facts, in the same order.
pub fn run(_model: &Model, _seed: u64, _observer: &mut dyn Observer) -> Outcome {
    unreachable!()
}
