//! The agent on each host.

use crate::engine::dist::Dist;
use crate::engine::time::Duration;

/// The agent on each host: how it hears, how it starts and how it stops tasks.
#[derive(Clone, Debug, PartialEq)]
pub struct Agent {
    /// How commands reach it.
    pub contact: Contact,
    /// Whether a start waits for stops on the same host.
    pub start_rule: StartRule,
    /// From the receipt of a start to the pull: network interface, machine.
    pub provisioning: Dist,
    /// Whether image pulls on one host take turns.
    pub pulls: PullOrder,
    /// Bytes a second of compressed image that one pull brings in and unpacks.
    pub pull_bytes_per_s: u64,
    /// The registry round trip that even a cached image costs.
    pub image_check: Dist,
    /// From RUNNING on the host to RUNNING in the control plane.
    pub report: Dist,
    /// From a container's exit to STOPPED in the control plane.
    pub stop_tail: Dist,
}

/// How commands reach an agent.
#[derive(Clone, Debug, PartialEq)]
pub enum Contact {
    /// Over an open connection, after a latency. What ECS does.
    Push {
        /// From the command to its receipt.
        latency: Dist,
    },
    /// At the agent's next look, each at its own phase. The what-if of 2015.
    Poll {
        /// From one look to the next; above zero.
        interval: Duration,
    },
}

/// Whether a start waits for stops on the same host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartRule {
    /// A task starts when the resources it reserves are free on the host, in order of arrival: ECS agents since 1.73.
    WhenResourcesFree,
    /// A task waits until every task that was told to stop earlier on the host is gone: ECS agents before 1.73.
    AfterEarlierStops,
}

/// Whether image pulls on one host take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullOrder {
    /// One at a time: ECS agents from 2014-12 to 1.14.0 (2017-01).
    Serial,
    /// At once; each pull has its own throughput.
    Parallel,
}
