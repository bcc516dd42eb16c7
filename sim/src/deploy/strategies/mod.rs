//! Strategies by name: one file each, from what they leave open to a rollout. Systems fill them in, and scenarios combine them
//! with any orchestrator that offers them.

mod additional_batch;
pub mod all_at_once;
mod blue_green;
mod canary;
mod immutable;
mod instance_refresh;
mod linear;
mod one_at_a_time;
mod recreate;
mod red_black;
mod rolling;

pub use additional_batch::additional_batch;
pub use all_at_once::all_at_once;
pub use blue_green::blue_green;
pub use canary::canary;
pub use immutable::immutable;
pub use instance_refresh::instance_refresh;
pub use linear::linear;
pub use one_at_a_time::one_at_a_time;
pub use recreate::recreate;
pub use red_black::red_black;
pub use rolling::rolling;
