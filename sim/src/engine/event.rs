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
    /// A deploy is requested.
    RequestDeploy(DeployId),
    /// The service scheduler looks at a service.
    Review(ServiceId),
    /// An agent polls. Only where polls are simulated one by one.
    Poll(HostId),
    /// The agent learns of a task to start.
    StartReceived(TaskId),
    /// The task's network interface or machine is there.
    Provisioned(TaskId),
    /// The task's image is there.
    Pulled(TaskId),
    /// The task's container runs and the control plane knows.
    Started(TaskId),
    /// The task is healthy.
    Passed(TaskId),
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
}
