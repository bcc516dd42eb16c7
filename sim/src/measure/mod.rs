//! Observers: what a run amounts to, computed from its facts alone.

pub mod costs;
pub mod series;
pub mod summary;
pub mod trace;
