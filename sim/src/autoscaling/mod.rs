//! How many tasks a service wants: one file a policy, each a pure function of what it sees and of what it remembers.

use crate::engine::time::{Duration, Time};

/// What changes a service's desired count.
#[derive(Clone, Debug, PartialEq)]
pub struct Autoscaling {
    /// Fewest tasks that it asks for.
    pub min: u32,
    /// Most tasks that it asks for.
    pub max: u32,
    /// Other bounds from certain times on, in order of time.
    pub schedule: Vec<ScheduledBounds>,
    /// What asks for more or fewer; several ask together.
    pub policies: Vec<Policy>,
}

/// Bounds that hold from a time on (a scheduled action).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScheduledBounds {
    /// From when.
    pub at: Time,
    /// Fewest tasks from then on.
    pub min: u32,
    /// Most tasks from then on.
    pub max: u32,
}

/// One policy.
#[derive(Clone, Debug, PartialEq)]
pub enum Policy {}

/// What a policy sees of its service.
#[derive(Clone, Copy, Debug)]
pub struct ServiceView<'a> {
    /// When it looks.
    pub now: Time,
    /// Tasks wanted so far (`desiredCount`, `spec.replicas`).
    pub desired: u32,
    /// Tasks that run, of any version (`runningCount`).
    pub running: u32,
    /// Tasks that are not told to stop, of any version, those of a surge included (`status.replicas`).
    pub replicas: u32,
    /// Whether a deploy is under way.
    pub deploying: bool,
    /// What was measured of the time since the look before; none where nothing was there to be measured.
    pub measured: Measured,
    /// The tasks that are not told to stop, in order of their ids.
    pub tasks: &'a [TaskView],
}

/// Means over the time since the look before.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// The busy share of the running tasks' capacity: 1 where all are as busy as they can be.
    pub utilization: Option<f64>,
    /// Requests a second for each task in service.
    pub requests_per_task: Option<f64>,
}

/// A task as a policy sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TaskView {
    /// When it began to run, if it runs.
    pub runs_since: Option<Time>,
    /// Since when it is in service, if it is.
    pub ready_since: Option<Time>,
    /// Whether it was in service and is not any more.
    pub was_ready: bool,
    /// What it used of its capacity since the look before, 1 for all of it; none where there is no sample of it.
    pub usage: Option<f64>,
}

/// What the policies of a service remember from look to look.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {}

impl Autoscaling {
    /// How often it looks; never where absent.
    pub fn period(&self) -> Option<Duration> {
        None
    }

    /// How many tasks it wants.
    pub fn look(&self, view: &ServiceView, _memory: &mut Memory) -> u32 {
        view.desired
    }
}
