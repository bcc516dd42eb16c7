//! A task and its life.

use crate::engine::draws::Entity;
use crate::engine::fact::{FactId, HostId, ServiceId};
use crate::engine::time::Time;

/// Where a task is in its life. The order is the order of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskState {
    /// Created and placed; its host's agent does not know of it yet, or sets up its network interface.
    Provisioning,
    /// Its agent knows of it and holds it until earlier stops on the host let it start.
    Pending,
    /// Its image is being checked or pulled.
    Pulling,
    /// Its container ended by itself and waits on its host to be started again.
    BackingOff,
    /// Its container is starting.
    Starting,
    /// It runs, and nobody uses it yet.
    Running,
    /// It is registered with its load balancer and has not passed the health checks.
    Registering,
    /// Healthy: it serves, and it counts against the minimum.
    InService,
    /// Deregistered; the balancer waits for its requests.
    Draining,
    /// Out of the balancer, as the control plane knows, and not told to stop yet.
    Drained,
    /// Told to stop: SIGTERM was sent, or is on its way to the agent.
    Stopping,
    /// Gone with its host, and the control plane does not know yet.
    Lost,
    /// Gone, and the control plane knows.
    Stopped,
}

impl TaskState {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Provisioning => "provisioning",
            Self::Pending => "pending",
            Self::Pulling => "pulling",
            Self::BackingOff => "backing off",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Registering => "registering",
            Self::InService => "in service",
            Self::Draining => "draining",
            Self::Drained => "drained",
            Self::Stopping => "stopping",
            Self::Lost => "lost",
            Self::Stopped => "stopped",
        }
    }

    /// Whether a task in this state may enter `next`.
    pub(crate) fn leads_to(self, next: Self) -> bool {
        use TaskState::{
            BackingOff, Drained, Draining, InService, Lost, Pending, Provisioning, Pulling, Registering, Running,
            Starting, Stopped, Stopping,
        };
        if next == Lost {
            return self < Lost;
        }
        match self {
            Provisioning => matches!(next, Pending | Pulling | Stopping),
            Pending => matches!(next, Pulling | Stopping),
            Pulling => matches!(next, Starting | BackingOff | Stopping | Stopped),
            BackingOff => matches!(next, Pulling | Starting | Stopping),
            Starting => matches!(next, Running | BackingOff | Stopping | Stopped),
            Running => matches!(next, Registering | InService | BackingOff | Stopping | Stopped),
            Registering => matches!(next, InService | Draining | BackingOff | Stopping | Stopped),
            // Back where it came from when a check finds it unhealthy.
            InService => matches!(next, Running | Registering | Draining | BackingOff | Stopping | Stopped),
            Draining => next == Drained,
            Drained => next == Stopping,
            Stopping | Lost => next == Stopped,
            Stopped => false,
        }
    }
}

/// One task.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "what is or is not, each without the others")]
pub(crate) struct Task {
    pub name: TaskName,
    /// What its draws are keyed by.
    pub entity: Entity,
    pub host: HostId,
    pub state: TaskState,
    /// Its slot, where the mover has slots.
    pub slot: u32,
    /// The scheduler has decided to stop it, or it has failed.
    pub chosen: bool,
    /// Since when it is available to the movers: when it passed the gate.
    pub available_since: Option<Time>,
    /// The delay after its gate is over.
    pub rested: bool,
    /// It is to be replaced: its host drains, or it is unhealthy.
    pub leaving: bool,
    /// It takes requests and checks, and answers none.
    pub hung: bool,
    /// A checker found it unhealthy, and has not changed its mind.
    pub unhealthy: bool,
    /// When it last came into service.
    pub serves_since: Option<Time>,
    /// When it passes its health checks, if that is known. An event for another time is stale.
    pub passes_at: Option<Time>,
    /// When it passes the gate, or has rested, if that is known.
    pub gate_at: Option<Time>,
    /// Since when it runs, and whether it ever did.
    pub runs_since: Option<Time>,
    /// How often in a row its container ended by itself and was started again.
    pub restarts: u32,
    pub container: Container,
    /// Which of its host's stops its own is.
    pub stop_number: u32,
    /// The last fact about it.
    pub last: FactId,
    /// Its place in [`VersionTasks::tasks`](super::VersionTasks::tasks).
    pub place_among_wanted: u32,
}

/// What there is of a task on its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    /// Nothing: its stop has nothing to wait for.
    NotBegun,
    /// It has begun, and the host holds its resources.
    Begun,
    /// Its container has ended by itself and is not started again yet; the host still holds its resources.
    Ended,
}

/// Which task of which service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TaskName {
    pub service: ServiceId,
    pub version: u16,
}

impl Task {
    /// Whether it has passed the gate.
    pub const fn is_available(&self) -> bool {
        self.available_since.is_some()
    }

    pub const fn new(name: TaskName, entity: Entity, host: HostId, state: TaskState, last: FactId) -> Self {
        Self {
            name,
            entity,
            host,
            state,
            slot: 0,
            chosen: false,
            available_since: None,
            rested: false,
            leaving: false,
            hung: false,
            unhealthy: false,
            serves_since: None,
            passes_at: None,
            gate_at: None,
            runs_since: None,
            restarts: 0,
            container: Container::NotBegun,
            stop_number: 0,
            last,
            place_among_wanted: 0,
        }
    }
}
