//! Observers: what a run amounts to, computed from its facts and the model's input alone.

pub mod attribution;
pub mod costs;
pub mod critical_path;
pub mod money;
mod needs;
pub mod series;
pub mod summary;
pub mod trace;
pub mod users;
