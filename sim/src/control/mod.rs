//! What acts on the cluster: the service scheduler, the agents, the load balancers and the host groups.

pub(crate) mod agents;
pub(crate) mod autoscalers;
pub(crate) mod balancer;
pub(crate) mod beat;
mod checks;
mod health;
pub(crate) mod host_groups;
pub(crate) mod images;
pub(crate) mod moves;
mod refresh;
pub(crate) mod rollout;
pub(crate) mod scheduler;
pub(crate) mod slot_book;
mod step;
mod targets;
mod throughput;
mod tidings;
mod tokens;
pub(crate) mod traffic;
pub(crate) mod trouble;
mod unhealthy;
mod users;
