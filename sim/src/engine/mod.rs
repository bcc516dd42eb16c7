//! The machinery of a discrete-event simulation: time, the event queue, keyed draws, facts and the run loop.

pub(crate) mod ctx;
pub mod dist;
pub mod draws;
pub(crate) mod event;
pub mod fact;
pub mod queue;
pub mod run;
pub mod time;
