//! A service for tests of policies: its tasks share a load, and what is asked for is there at once.

use super::{Autoscaling, Measured, Memory, Policy, ServiceView, TaskView};
use crate::engine::time::{Duration, Time};

/// A service under a load.
pub struct World {
    pub autoscaling: Autoscaling,
    pub memory: Memory,
    /// When the last look was.
    pub now: Time,
    pub desired: u32,
    /// Tasks that run, where that is not as many as are desired.
    pub running: Option<u32>,
    /// Tasks that are there besides.
    pub surge: u32,
    pub deploying: bool,
    /// What the tasks have to do together, 1 being as much as one of them can.
    pub load: f64,
}

impl World {
    /// So many tasks that have been there for long, with bounds of 1 to 1000.
    pub fn new(policies: Vec<Policy>, desired: u32) -> Self {
        Self {
            autoscaling: Autoscaling { min: 1, max: 1_000, schedule: vec![], policies },
            memory: Memory::default(),
            now: Time::ZERO,
            desired,
            running: None,
            surge: 0,
            deploying: false,
            load: 0.0,
        }
    }

    /// The next look.
    pub fn look(&mut self) -> u32 {
        self.now = self.now + self.autoscaling.period().unwrap_or(Duration::ZERO);
        let tasks = f64::from(self.running.unwrap_or(self.desired));
        let share = (tasks > 0.0).then(|| self.load / tasks);
        self.look_with(Measured { utilization: share.map(|it| it.min(1.0)), requests_per_task: share })
    }

    /// So many looks.
    pub fn looks(&mut self, looks: usize) -> Vec<u32> {
        (0..looks).map(|_| self.look()).collect()
    }

    /// A look of a scheduled action, at this moment.
    pub fn look_at_bounds(&mut self) -> u32 {
        self.look_with(Measured::default())
    }

    fn look_with(&mut self, measured: Measured) -> u32 {
        let running = self.running.unwrap_or(self.desired);
        let ready = Some(Time::ZERO);
        let task = TaskView { runs_since: ready, ready_since: ready, was_ready: false, usage: measured.utilization };
        let view = ServiceView {
            now: self.now,
            desired: self.desired,
            running,
            replicas: running + self.surge,
            deploying: self.deploying,
            measured,
            tasks: &vec![task; running as usize],
        };
        self.desired = self.autoscaling.look(&view, &mut self.memory);
        self.desired
    }
}
