//! Seatrial's model: a deterministic discrete-event simulation of deploys on container clusters.
//!
//! [`run`] plays one [`Model`](model::Model) with one seed and tells an [`Observer`](engine::fact::Observer) every
//! [`Fact`](engine::fact::Fact). The crate does no input or output, reads no clock and has no randomness but the seed's.

pub mod autoscaling;
pub mod cluster;
pub mod control;
pub mod deploy;
pub mod engine;
pub mod measure;
pub mod model;
pub mod orchestrators;
pub mod parameters;
pub mod placement;
pub mod scaling;
pub mod traffic;

pub use engine::run::{Outcome, run};
