//! What acts on the cluster: the service scheduler, the agents, the load balancers and the host groups.

pub(crate) mod agents;
pub(crate) mod balancer;
pub(crate) mod beat;
pub(crate) mod host_groups;
pub(crate) mod scheduler;
mod tokens;
