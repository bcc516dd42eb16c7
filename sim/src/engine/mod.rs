//! The machinery of a discrete-event simulation: time, the event queue, keyed draws, facts and the run loop.

pub mod dist;
pub mod draws;
pub mod fact;
pub mod queue;
pub mod run;
pub mod time;
