//! Hosts and the tasks on them.

/// Where a task is in its life. The order is the order of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskState {
    /// Created and placed; its host's agent does not know of it yet, or sets up its network interface.
    Provisioning,
    /// Its agent knows of it and holds it until earlier stops on the host let it start.
    Pending,
    /// Its image is being checked or pulled.
    Pulling,
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
    /// Out of the balancer, and not told to stop yet.
    Drained,
    /// Told to stop: SIGTERM was sent, or is on its way to the agent.
    Stopping,
    /// Gone, and the control plane knows.
    Stopped,
}
