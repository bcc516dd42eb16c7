//! What users ask of a service, and what its tasks can do about it.

use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::traffic::{Arrivals, Rate};

/// Requests to a service, and how its tasks serve them.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// How many requests arrive when.
    pub arrivals: Arrivals,
    /// Requests a second that one warm task can serve; above zero.
    pub capacity_per_task: Rate,
    /// Requests that a task works on at once when it is full; at least 1.
    pub concurrency: u32,
    /// How long a request is in flight once a task works on it: from milliseconds to the hours of a websocket.
    pub request_time: Dist,
    /// A request that would wait longer for its task fails (a client's or a load balancer's timeout).
    pub timeout: Duration,
    /// How a new task gets up to its capacity.
    pub warm_up: WarmUp,
    /// Whether a task that gets SIGTERM finishes its requests before it exits, as far as its stop timeout lets it. Otherwise it
    /// exits in its time, whatever is under way.
    pub graceful_shutdown: bool,
}

/// How a new task gets up to its capacity: linearly, from its first request on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WarmUp {
    /// How long that takes; zero where it is warm at once.
    pub span: Duration,
    /// What it begins with, in tenths of a percent of its capacity.
    pub from_permille: u32,
}
