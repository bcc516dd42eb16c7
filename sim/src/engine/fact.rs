//! Facts: everything that has happened, each with the fact that made it happen. The model's only output.

use std::fmt;

use super::time::Time;
use crate::cluster::TaskState;
use crate::placement::Shortage;
use crate::traffic::{Loss, Rate};

/// The position of a fact in its run, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactId(u32);

/// A host, by its position in the run; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(pub u32);

/// A task, by its position in the run; never reused, so a stale timer cannot hit a new task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub u32);

/// A service, by its position in the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceId(pub u32);

/// A deploy, by its position in the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeployId(pub u32);

/// A host group, by its position in the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u32);

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A host was asked for and is billed from now on.
    HostLaunched {
        /// Which.
        host: HostId,
        /// Of which group.
        group: GroupId,
        /// Whether it came for a deploy and leaves after it.
        for_deploy: bool,
    },
    /// A host registered and takes tasks.
    HostReady {
        /// Which.
        host: HostId,
    },
    /// A host takes no more tasks, and those that it has are moved.
    HostDraining {
        /// Which.
        host: HostId,
    },
    /// The provider announced that it takes a host away (a Spot interruption notice).
    HostNotice {
        /// Which.
        host: HostId,
    },
    /// A host is gone and no longer billed.
    HostTerminated {
        /// Which.
        host: HostId,
    },
    /// The control plane found that a host was gone, and its tasks with it.
    HostLossFound {
        /// Which.
        host: HostId,
    },
    /// A machine for one task was asked for; it is billed from its pull on.
    MachineLaunched {
        /// Which; machines are hosts of one task.
        host: HostId,
        /// Of which group.
        group: GroupId,
        /// For a task of which service.
        service: ServiceId,
    },
    /// So many hosts of a group are wanted from now on.
    HostsWanted {
        /// Of which group.
        group: GroupId,
        /// How many.
        hosts: u32,
    },
    /// All hosts of a group are replaced from now on (`StartInstanceRefresh`).
    RefreshStarted {
        /// Of which group.
        group: GroupId,
    },
    /// A refresh was asked for while another one was under way; nothing comes of it (`InstanceRefreshInProgress`).
    RefreshRefused {
        /// Of which group.
        group: GroupId,
    },
    /// Every host of a group came after its refresh began and is warm, and the old ones are gone.
    RefreshDone {
        /// Of which group.
        group: GroupId,
    },
    /// A refresh got on no more and ended where it was.
    RefreshFailed {
        /// Of which group.
        group: GroupId,
    },
    /// So many stopped hosts of a group's warm pool are prepared now.
    WarmHosts {
        /// Of which group.
        group: GroupId,
        /// How many.
        hosts: u32,
    },
    /// A deploy was requested (`UpdateService`).
    DeployRequested {
        /// Which.
        deploy: DeployId,
        /// Of which service.
        service: ServiceId,
        /// The version that it brings; the running one is 1.
        version: u16,
    },
    /// A task entered a state. The first state of every task is `Provisioning`: it was created and placed.
    TaskMoved {
        /// Which.
        task: TaskId,
        /// Of which service.
        service: ServiceId,
        /// Of which version.
        version: u16,
        /// On which host.
        host: HostId,
        /// The state it entered.
        to: TaskState,
    },
    /// The scheduler decided to stop a task; its deregistration may follow at a later tick.
    StopChosen {
        /// Which.
        task: TaskId,
        /// Of which service.
        service: ServiceId,
    },
    /// A host's agent learned of a task to start.
    StartReceived {
        /// Which.
        task: TaskId,
        /// Of which service.
        service: ServiceId,
    },
    /// A load balancer knows of a target and begins to check it.
    TargetRegistered {
        /// Which task.
        task: TaskId,
        /// Of which service.
        service: ServiceId,
    },
    /// A host's agent learned of a task to stop: SIGTERM follows.
    StopReceived {
        /// Which.
        task: TaskId,
        /// Of which service.
        service: ServiceId,
    },
    /// A task's container ended after it was told to.
    TaskExited {
        /// Which.
        task: TaskId,
        /// Of which service.
        service: ServiceId,
    },
    /// The stop timeout ended before the task did: SIGKILL.
    TaskKilled {
        /// Which.
        task: TaskId,
        /// Of which service.
        service: ServiceId,
    },
    /// A task's container ended by itself, or a check ended it.
    TaskFailed {
        /// Which.
        task: TaskId,
        /// Of which service.
        service: ServiceId,
        /// Whether it had run.
        ran: bool,
    },
    /// An image is there; told where hosts have a disk for images or clean it up.
    ImagePulled {
        /// On which host.
        host: HostId,
        /// Of which service.
        service: ServiceId,
        /// Of which version.
        version: u16,
        /// What images take on the host now, those that are on their way included.
        used_bytes: u64,
    },
    /// An agent removed an image that nothing used.
    ImageRemoved {
        /// From which host.
        host: HostId,
        /// Of which service.
        service: ServiceId,
        /// Of which version.
        version: u16,
        /// What images take on the host now, those that are on their way included.
        used_bytes: u64,
    },
    /// A task's image did not fit on its host's disk: the task fails before it has run.
    DiskFull {
        /// Which host.
        host: HostId,
        /// Which task.
        task: TaskId,
        /// Of which service.
        service: ServiceId,
        /// What images take on the host now, those that are on their way included.
        used_bytes: u64,
    },
    /// A task passed its gate a while after it was in service, or before: it is available to the deploy from now on.
    TaskAvailable {
        /// Which.
        task: TaskId,
        /// Of which service.
        service: ServiceId,
    },
    /// A slot has rested after its new task was available: the next one may follow.
    TaskRested {
        /// The new task.
        task: TaskId,
        /// Of which service.
        service: ServiceId,
    },
    /// A task has not passed its gate in time.
    TaskLate {
        /// Which.
        task: TaskId,
        /// Of which service.
        service: ServiceId,
    },
    /// A task found no host ("was unable to place a task"); said once until a start succeeds.
    PlacementBlocked {
        /// Of which service.
        service: ServiceId,
        /// What is missing on how many hosts.
        shortage: Shortage,
    },
    /// The launch rate's tokens are used up; said once until a start succeeds.
    LaunchRateReached {
        /// Of which service.
        service: ServiceId,
    },
    /// The bounds let nothing start or stop ("unable to stop or start tasks during a deployment because of the service
    /// deployment configuration"); said once in a deploy.
    BoundsBlocked {
        /// Of which service.
        service: ServiceId,
    },
    /// A service's desired count changed.
    DesiredChanged {
        /// Of which service.
        service: ServiceId,
        /// Tasks wanted from now on.
        desired: u32,
    },
    /// The traffic follows a new split.
    TrafficShifted {
        /// Of which service.
        service: ServiceId,
        /// The version that is rolled out.
        version: u16,
        /// Its share, in tenths of a percent.
        permille: u16,
    },
    /// The counts of a step of a deploy's program are reached; its traffic and its holds come now. Not told of programs of one step
    /// that has neither.
    StepReached {
        /// Which deploy.
        deploy: DeployId,
        /// Which step, from 0.
        step: u16,
    },
    /// A step of a deploy's program is done, its holds included. Told of the same programs.
    StepDone {
        /// Which deploy.
        deploy: DeployId,
        /// Which step, from 0.
        step: u16,
    },
    /// A deploy is found to fail, and goes on trying; said once.
    DeployStalled {
        /// Which.
        deploy: DeployId,
        /// Of which service.
        service: ServiceId,
        /// How it was found.
        why: Why,
    },
    /// A deploy paused because it fails; nobody is there to go on with it.
    DeployPaused {
        /// Which.
        deploy: DeployId,
        /// Of which service.
        service: ServiceId,
        /// How it was found.
        why: Why,
    },
    /// A deploy failed and ended. The version before may come back now.
    DeployFailed {
        /// Which.
        deploy: DeployId,
        /// Of which service.
        service: ServiceId,
        /// How it was found.
        why: Why,
    },
    /// After a deploy failed, every task is of the version before and available.
    DeployRolledBack {
        /// Which.
        deploy: DeployId,
        /// Of which service.
        service: ServiceId,
    },
    /// A deploy ended: every task is of its version and available, and the older ones are stopped if it waits for that.
    DeployCompleted {
        /// Which.
        deploy: DeployId,
        /// Of which service.
        service: ServiceId,
    },
    /// A later deploy of the same service took over before this one ended.
    DeploySuperseded {
        /// Which.
        deploy: DeployId,
        /// Of which service.
        service: ServiceId,
    },
    /// So many requests arrive from now on.
    DemandChanged {
        /// At which service.
        service: ServiceId,
        /// How many.
        rate: Rate,
    },
    /// The tasks to which requests are sent can serve so many from now on.
    CapacityChanged {
        /// Of which service.
        service: ServiceId,
        /// How many.
        rate: Rate,
    },
    /// So many requests are served from now on.
    ServedChanged {
        /// By which service.
        service: ServiceId,
        /// How many.
        rate: Rate,
    },
    /// Tasks that are equally busy get so many requests from now on, none of which meets a backlog. What goes to other tasks does.
    SpreadChanged {
        /// Of which service.
        service: ServiceId,
        /// Which of such kinds of tasks.
        kind: u16,
        /// How many requests; zero where there is no such kind any more.
        rate: Rate,
        /// What those tasks can serve.
        capacity: Rate,
    },
    /// So many requests fail in one way from now on.
    LosingChanged {
        /// Of which service.
        service: ServiceId,
        /// In which way.
        loss: Loss,
        /// How many.
        rate: Rate,
    },
    /// Requests failed at once, while they were under way at a task or waited there.
    RequestsLost {
        /// Of which service.
        service: ServiceId,
        /// In which way.
        loss: Loss,
        /// How many, in billionths.
        nanos: u64,
        /// Of those, how many were under way: they are counted as served until then. The others waited.
        under_way: u64,
    },
    /// A task hangs: it takes requests and checks, and answers none.
    TaskHung {
        /// Which.
        task: TaskId,
        /// Of which service.
        service: ServiceId,
    },
    /// A load balancer found a target unhealthy and sends it nothing more, unless all are.
    TargetUnhealthy {
        /// Which task.
        task: TaskId,
        /// Of which service.
        service: ServiceId,
    },
    /// The control plane replaces a task that is unhealthy.
    TaskUnhealthy {
        /// Which.
        task: TaskId,
        /// Of which service.
        service: ServiceId,
    },
    /// A load balancer let go of a target: draining has ended.
    TargetGone {
        /// Which task.
        task: TaskId,
        /// Of which service.
        service: ServiceId,
    },
    /// After tasks were replaced a service is as it should be ("has reached a steady state"). Draining targets do not count.
    SteadyState {
        /// Which service.
        service: ServiceId,
    },
    /// A service's scaler asks for so many tasks.
    Autoscaled {
        /// Of which service.
        service: ServiceId,
        /// How many.
        desired: u32,
    },
}

impl Fact {
    /// The task that it is about, if it is about one.
    pub const fn task(self) -> Option<TaskId> {
        match self {
            Self::TaskMoved { task, .. }
            | Self::StopChosen { task, .. }
            | Self::StartReceived { task, .. }
            | Self::TargetRegistered { task, .. }
            | Self::StopReceived { task, .. }
            | Self::TaskExited { task, .. }
            | Self::TaskKilled { task, .. }
            | Self::TaskFailed { task, .. }
            | Self::DiskFull { task, .. }
            | Self::TaskAvailable { task, .. }
            | Self::TaskRested { task, .. }
            | Self::TaskLate { task, .. }
            | Self::TaskHung { task, .. }
            | Self::TargetUnhealthy { task, .. }
            | Self::TaskUnhealthy { task, .. }
            | Self::TargetGone { task, .. } => Some(task),
            _ => None,
        }
    }

    /// The service that it is about, if it is about one.
    pub const fn service(self) -> Option<ServiceId> {
        match self {
            Self::MachineLaunched { service, .. }
            | Self::DeployRequested { service, .. }
            | Self::TaskMoved { service, .. }
            | Self::StopChosen { service, .. }
            | Self::StartReceived { service, .. }
            | Self::TargetRegistered { service, .. }
            | Self::StopReceived { service, .. }
            | Self::TaskExited { service, .. }
            | Self::TaskKilled { service, .. }
            | Self::TaskFailed { service, .. }
            | Self::ImagePulled { service, .. }
            | Self::ImageRemoved { service, .. }
            | Self::DiskFull { service, .. }
            | Self::TaskAvailable { service, .. }
            | Self::TaskRested { service, .. }
            | Self::TaskLate { service, .. }
            | Self::PlacementBlocked { service, .. }
            | Self::LaunchRateReached { service }
            | Self::BoundsBlocked { service }
            | Self::DesiredChanged { service, .. }
            | Self::TrafficShifted { service, .. }
            | Self::DeployStalled { service, .. }
            | Self::DeployPaused { service, .. }
            | Self::DeployFailed { service, .. }
            | Self::DeployRolledBack { service, .. }
            | Self::DeployCompleted { service, .. }
            | Self::DeploySuperseded { service, .. }
            | Self::DemandChanged { service, .. }
            | Self::CapacityChanged { service, .. }
            | Self::ServedChanged { service, .. }
            | Self::SpreadChanged { service, .. }
            | Self::LosingChanged { service, .. }
            | Self::RequestsLost { service, .. }
            | Self::TaskHung { service, .. }
            | Self::TargetUnhealthy { service, .. }
            | Self::TaskUnhealthy { service, .. }
            | Self::TargetGone { service, .. }
            | Self::SteadyState { service }
            | Self::Autoscaled { service, .. } => Some(service),
            _ => None,
        }
    }

    /// The host that it names, if it names one.
    pub const fn host(self) -> Option<HostId> {
        match self {
            Self::HostLaunched { host, .. }
            | Self::HostReady { host }
            | Self::HostDraining { host }
            | Self::HostNotice { host }
            | Self::HostTerminated { host }
            | Self::HostLossFound { host }
            | Self::MachineLaunched { host, .. }
            | Self::TaskMoved { host, .. }
            | Self::ImagePulled { host, .. }
            | Self::ImageRemoved { host, .. }
            | Self::DiskFull { host, .. } => Some(host),
            _ => None,
        }
    }
}

/// How a failure was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Too many new tasks died soon.
    TasksDied,
    /// Too many new tasks failed in a row.
    FailuresInARow,
    /// A new task was late for its gate.
    Late,
    /// Nothing got on for too long.
    NoProgress,
    /// It took too long.
    TookTooLong,
    /// Measurements failed.
    Analysis,
    /// An alarm rang.
    Alarm,
}

/// In words, as the end of a sentence.
impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TasksDied => "too many new tasks died",
            Self::FailuresInARow => "too many tasks failed in a row",
            Self::Late => "a new task was not healthy in time",
            Self::NoProgress => "nothing got on for too long",
            Self::TookTooLong => "it took too long",
            Self::Analysis => "its analysis failed",
            Self::Alarm => "an alarm rang",
        })
    }
}

/// Watches a run. Metrics, money, traces and charts are observers; the model knows none of them.
pub trait Observer {
    /// Called once a fact, in order; `because` is the fact that made it happen, and its own `id` where nothing did.
    fn observe(&mut self, at: Time, id: FactId, fact: Fact, because: FactId);
}

impl FactId {
    /// The position from 0.
    pub const fn index(self) -> u32 {
        self.0
    }

    /// The id of the `index`-th fact.
    pub const fn from_index(index: u32) -> Self {
        Self(index)
    }
}

macro_rules! index {
    ($($id:ident),*) => {$(
        impl $id {
            /// The position as an index.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}
index!(HostId, TaskId, ServiceId, DeployId, GroupId);

/// Two observers of one run.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn observe(&mut self, at: Time, id: FactId, fact: Fact, because: FactId) {
        self.0.observe(at, id, fact, because);
        self.1.observe(at, id, fact, because);
    }
}

impl<O: Observer + ?Sized> Observer for &mut O {
    fn observe(&mut self, at: Time, id: FactId, fact: Fact, because: FactId) {
        (**self).observe(at, id, fact, because);
    }
}

/// Watches nothing.
impl Observer for () {
    fn observe(&mut self, _at: Time, _id: FactId, _fact: Fact, _because: FactId) {}
}
