//! Docker Compose: `up` makes every changed container anew, all at once.
//!
//! Left out: that `up --pull` pulls before it stops anything (here the pull begins with the stop), that later versions create
//! the new containers before they stop the old ones, and `depends_on`.

use super::docker::{STARTED, engine};
use super::settings::PLACEMENTS;
use super::{Orchestrator, Strategy};
use crate::deploy::{Rollout, strategies};
use crate::engine::time::Duration;
use crate::parameters::{Parameters, Value};

/// Docker Compose.
pub fn compose() -> Orchestrator {
    Orchestrator {
        name: "compose",
        title: "Docker Compose",
        parameters: engine()
            .with(
                "stop_timeout",
                Duration::from_secs(10),
                "COMPOSE const.py: DEFAULT_TIMEOUT, 10 s; version 2 leaves it to the engine, 10 s as well",
            )
            .with("placement", Value::Word("first-fit", PLACEMENTS), "COMPOSE: it has one host"),
        strategies: vec![Strategy::new("all-at-once", Parameters::none(), |_| Rollout {
            gate: STARTED,
            ..strategies::all_at_once()
        })],
    }
}
