//! Events: everything that can happen later, small and `Copy`.

use super::fact::{DeployId, GroupId, HostId, ServiceId, TaskId};

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A group launches hosts for a deploy.
    LaunchHosts(GroupId),
    /// A host registers.
    HostRegisters(HostId),
    /// Hosts that came for a deploy leave their group.
    RemoveHosts(GroupId),
    /// A group's size is set; the position of the size in the group.
    ScheduledSize { group: GroupId, size: u32 },
    /// A group's hosts are to be replaced; the position of the refresh in the group.
    RefreshBegins { group: GroupId, refresh: u32 },
    /// A host's warm-up is over, for a refresh of its group.
    HostWarm(HostId),
    /// The delay of a checkpoint is over.
    RefreshGoesOn(GroupId),
    /// A refresh may have made no progress for too long.
    RefreshDeadline(GroupId),
    /// A group's scaler looks.
    ScalerLooks(GroupId),
    /// A stopped host of a warm pool is prepared.
    WarmHostReady(GroupId),
    /// The provider announces that it takes a host away.
    HostNotice(HostId),
    /// A host ends, with whatever is on it.
    HostEnds(HostId),
    /// The control plane finds that a host is gone.
    LossFound(HostId),
    /// A deploy is requested.
    RequestDeploy(DeployId),
    /// A service's desired count changes; the position of the change in the model.
    Scale(u32),
    /// The service scheduler looks at a service.
    Review(ServiceId),
    /// A rollout's traffic has moved, or its hold has ended.
    StepDue(ServiceId),
    /// A rollout has made no progress for too long, or has taken too long.
    RolloutDeadline(ServiceId),
    /// An alarm that watches a service rings.
    Alarm(ServiceId),
    /// An agent polls. Only where polls are simulated one by one.
    Poll(HostId),
    /// The agent learns of a task to start.
    StartReceived(TaskId),
    /// The task's network interface or machine is there.
    Provisioned(TaskId),
    /// The registry has answered a pull: its bytes begin to flow, if it needs any.
    PullBegins { host: HostId, pull: u32 },
    /// Pulls share their throughput anew, those on one host or on all hosts; some may have ended.
    PullsMove(Option<HostId>),
    /// An agent looks for images that nothing uses.
    CleanImages(HostId),
    /// The task's image does not fit on its host.
    PullFailed(TaskId),
    /// The task's image is there.
    Pulled(TaskId),
    /// The task's container runs and the control plane knows.
    Started(TaskId),
    /// The balancer knows of the target.
    Registered(TaskId),
    /// The task is healthy.
    Passed(TaskId),
    /// The task passes the gate, or has rested after it.
    GateDue(TaskId),
    /// The task is late for its gate, if it has not passed.
    GateDeadline(TaskId),
    /// The task's container ends by itself.
    Crashed(TaskId),
    /// The task's container is started again.
    Restarted(TaskId),
    /// A check finds the task unwell.
    FoundUnwell(TaskId),
    /// The mover no longer waits for the task to be gone.
    HandoverDue(TaskId),
    /// The control plane notices that the balancer has let go of the task.
    DrainNoticed(TaskId),
    /// The agent learns of a task to stop: SIGTERM.
    StopReceived(TaskId),
    /// The stop timeout ends: SIGKILL.
    Kill(TaskId),
    /// The task's container has ended.
    Exited(TaskId),
    /// The control plane learns that the task has stopped.
    StopReported(TaskId),
    /// A step of a service's load begins; its position.
    LoadSteps { service: ServiceId, step: u32 },
    /// What flows through a service changes by itself.
    FlowsChange(ServiceId),
    /// A service's scaler looks.
    AutoscalerLooks(ServiceId),
    /// The bounds of a service's scaler change.
    BoundsChange(ServiceId),
    /// Something happens to tasks; the position of the fault in the model.
    FaultOccurs(u32),
    /// A task gets warmer, or a larger share of the requests.
    Warms(TaskId),
    /// The task gets SIGTERM after whatever was done before it.
    Sigterm(TaskId),
    /// Nobody sends requests to a target any more.
    RotationEnds(TaskId),
    /// The load balancer lets go of a target.
    TargetGone(TaskId),
    /// A check of an ailing target begins.
    CheckSent(TaskId, Checker),
    /// A check of an ailing target is answered, or is not in time.
    CheckAnswered(TaskId, Checker),
    /// The control plane learns that a task is unhealthy.
    UnhealthyNoticed(TaskId),
    /// A task that was stopped by hand is deregistered, or told to stop.
    StopsByHand(TaskId),
}

/// Who checks the health of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checker {
    /// Its load balancer.
    Balancer,
    /// Its runtime or its orchestrator.
    Own,
}

impl Checker {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Balancer, Self::Own];
}

impl Event {
    /// The task that it is about, if it is about one.
    pub const fn task(self) -> Option<TaskId> {
        match self {
            Self::StartReceived(id)
            | Self::Provisioned(id)
            | Self::PullFailed(id)
            | Self::Pulled(id)
            | Self::Started(id)
            | Self::Registered(id)
            | Self::Passed(id)
            | Self::GateDue(id)
            | Self::GateDeadline(id)
            | Self::Crashed(id)
            | Self::Restarted(id)
            | Self::FoundUnwell(id)
            | Self::HandoverDue(id)
            | Self::DrainNoticed(id)
            | Self::StopReceived(id)
            | Self::Kill(id)
            | Self::Exited(id)
            | Self::StopReported(id)
            | Self::Sigterm(id)
            | Self::UnhealthyNoticed(id)
            | Self::StopsByHand(id) => Some(id),
            _ => None,
        }
    }
}
