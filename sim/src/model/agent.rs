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
    /// Bytes a second that all pulls on one host bring in together; each its own where absent.
    pub host_bytes_per_s: Option<u64>,
    /// The registry round trip that even a cached image costs.
    pub image_check: Dist,
    /// From RUNNING on the host to RUNNING in the control plane.
    pub report: Dist,
    /// From a container's exit to STOPPED in the control plane.
    pub stop_tail: Dist,
    /// How it removes images that nothing uses; it never does where absent.
    pub image_cleanup: Option<ImageCleanup>,
}

/// How an agent removes images that nothing uses, those used longest ago first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageCleanup {
    /// From one look to the next, each host at its own phase; above zero.
    pub every: Duration,
    /// An image stays so long after its pull at least.
    pub min_age: Duration,
    /// Images that one look removes at most; as many as it finds where absent.
    pub at_most: Option<u32>,
    /// How long a stopped container is kept, and its image with it.
    pub keep_stopped_for: Duration,
    /// When a look removes anything.
    pub when: CleanupWhen,
}

/// When a look removes images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CleanupWhen {
    /// Whenever there are some that nothing uses.
    Always,
    /// When so much of the host's disk for images is used, in tenths of a percent, and until no more than so much is.
    /// Never on a host whose disk has no size.
    AbovePermille {
        /// From here on.
        high: u32,
        /// Down to here.
        low: u32,
    },
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
