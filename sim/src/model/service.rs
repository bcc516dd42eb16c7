//! A service: what its tasks need, how they start and stop, and what stands in front of them.

use super::{ClassId, Load, Resources};
use crate::autoscaling::Autoscaling;
use crate::deploy::{Rollout, strategies};
use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::placement::{Constraint, Policy, Shortage};

/// A service: a number of tasks kept running.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Unique among services.
    pub name: String,
    /// Tasks wanted (`desiredCount`).
    pub desired: u32,
    /// What each task reserves.
    pub demand: Demand,
    /// Where its tasks may run.
    pub eligible: Eligible,
    /// Where they may run as hosts are at the moment, as the scenario wrote it.
    pub constraint: Option<Constraint>,
    /// What its hosts pull.
    pub image: Image,
    /// From the container's creation to RUNNING.
    pub startup: Dist,
    /// What finds out whether a running task is well, where it has such a check; it is in service then, or may be registered.
    pub health_check: Option<HealthCheck>,
    /// What registers its tasks and checks their health.
    pub load_balancer: Option<LoadBalancer>,
    /// From RUNNING on, how long the control plane pays no heed to checks that find a task unhealthy
    /// (`healthCheckGracePeriodSeconds`).
    pub health_check_grace: Duration,
    /// From the stop order to SIGTERM (a hook, or a wait for others to learn of it).
    pub pre_stop: Duration,
    /// From SIGTERM to the exit, where the stop timeout leaves that long.
    pub exit: Dist,
    /// From SIGTERM to SIGKILL (`stopTimeout`).
    pub stop_timeout: Duration,
    /// The deploy strategy.
    pub rollout: Rollout,
    /// Where its tasks go.
    pub placement: Policy,
    /// What users ask of it.
    pub load: Option<Load>,
    /// What changes its desired count.
    pub autoscaling: Option<Autoscaling>,
}

impl Service {
    /// A service that may run anywhere and of which nothing takes time: what other services begin from.
    pub fn plain(name: &str, desired: u32, demand: Demand) -> Self {
        Self {
            name: name.into(),
            desired,
            demand,
            eligible: Eligible::ANY,
            constraint: None,
            image: Image { bytes: 0, shared_bytes: 0, cached: Cached::All, base: None },
            startup: Dist::ZERO,
            health_check: None,
            load_balancer: None,
            health_check_grace: Duration::ZERO,
            pre_stop: Duration::ZERO,
            exit: Dist::ZERO,
            stop_timeout: Duration::ZERO,
            rollout: strategies::recreate(),
            placement: Policy::FirstFit,
            load: None,
            autoscaling: None,
        }
    }

    /// What a task of the service is short of, and where that is a score or a constraint that cannot be worked out, which.
    pub(crate) fn short_of(&self, shortage: &Shortage) -> String {
        let score = if let Policy::Custom(custom) = &self.placement { Some(("score", &custom.text)) } else { None };
        let constraint = self.constraint.as_ref().map(|constraint| ("constraint", &constraint.text));
        let written = score.into_iter().chain(constraint).filter(|_| shortage.undefined > 0);
        let texts = written
            .map(|(what, text)| format!("; its {what} is `{text}`: ask before a division whether it is by zero"));
        shortage.to_string() + &texts.collect::<String>()
    }
}

/// What a task reserves on its host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// Cpu and memory.
    pub resources: Resources,
    /// A fixed host port: at most one task a host has it.
    pub host_port: Option<u16>,
    /// At most one task of the service a host (`distinctInstance`, anti-affinity), those of older versions included.
    pub distinct_host: bool,
}

/// The classes of hosts that a service may use: all, or those for which this holds, by class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Eligible(pub Option<Vec<bool>>);

impl Eligible {
    /// Any host.
    pub const ANY: Self = Self(None);

    /// The classes that both allow.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        match (self.0, &other.0) {
            (None, _) => other.clone(),
            (own, None) => Self(own),
            (Some(own), Some(other)) => Self(Some(own.iter().zip(other).map(|(own, other)| *own && *other).collect())),
        }
    }

    /// Whether hosts of a class will do.
    pub fn allows(&self, class: ClassId) -> bool {
        self.0.as_ref().is_none_or(|classes| classes[class.index()])
    }
}

/// What a host has to fetch before it can start a task of a new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// Compressed size in bytes; 0 where pulls are left out.
    pub bytes: u64,
    /// Of those, bytes that a host with any version of the image has already.
    pub shared_bytes: u64,
    /// What the hosts of the start hold.
    pub cached: Cached,
    /// Of its bytes, those that images of other services begin with too.
    pub base: Option<BaseImage>,
}

/// An image that others are built on. A host with any image on it has it already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaseImage {
    /// Which: images on the same one have the same number.
    pub id: u32,
    /// Its compressed size, the same in all images on it.
    pub bytes: u64,
}

impl Image {
    /// Bytes that any two versions of the image have in common.
    pub fn common_bytes(&self) -> u64 {
        self.shared_bytes.max(self.base_bytes())
    }

    /// Bytes of its base; none where it has no base.
    pub fn base_bytes(&self) -> u64 {
        self.base.map_or(0, |base| base.bytes)
    }
}

/// What the hosts of the start hold of an image. Hosts added later hold nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cached {
    /// Nothing.
    Nothing,
    /// The running version: a new one needs its own layers only.
    Running,
    /// Every version that will be deployed.
    All,
}

/// A check of a task by its runtime or its orchestrator (`healthCheck`, `HEALTHCHECK`, readiness probe).
#[derive(Clone, Debug, PartialEq)]
pub struct HealthCheck {
    /// From RUNNING to the verdict that a good task is well.
    pub passes_after: Dist,
    /// From RUNNING to the verdict that a bad one is not, which ends it; it goes on being unwell where absent.
    pub fails_after: Option<Dist>,
    /// How it finds a task that was well before; it never does where absent.
    pub probe: Option<Probe>,
}

/// How a target is checked again and again. The next check comes an interval after the one before has been answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// From an answer to the next check; above zero.
    pub interval: Duration,
    /// A check that is answered later fails.
    pub timeout: Duration,
    /// Checks in a row that a well target fails before it is unhealthy; at least 1.
    pub unhealthy: u32,
    /// Checks in a row that an unhealthy one passes before it is well again; at least 1.
    pub healthy: u32,
}

/// A load balancer in front of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadBalancer {
    /// From the registration call to the first chance of a health check.
    pub registration: Dist,
    /// Where the first check falls.
    pub first_check: FirstCheck,
    /// Health check interval.
    pub interval: Duration,
    /// A health check that is answered later fails.
    pub timeout: Duration,
    /// Checks in a row that a new target must pass; at least 1.
    pub initial_checks: u32,
    /// Checks in a row that a target fails before it is unhealthy; at least 1.
    pub unhealthy_checks: u32,
    /// Checks in a row that an unhealthy target passes before it is healthy again; at least 1.
    pub healthy_checks: u32,
    /// How long the share of requests of a new target grows, linearly, to what the others get; zero where it is the same at
    /// once.
    pub slow_start: Duration,
    /// From deregistration until nothing new is sent to the target.
    pub deregistration_lag: Dist,
    /// From deregistration to the end of draining (`deregistration_delay`, Classic: connection draining timeout; 0 is off).
    pub deregistration_delay: Duration,
    /// Where draining ends as soon as the last request does: how long that takes. A fixed timer where absent.
    pub in_flight: Option<Dist>,
}

impl LoadBalancer {
    /// How it checks targets that it knows.
    pub const fn probe(&self) -> Probe {
        Probe {
            interval: self.interval,
            timeout: self.timeout,
            unhealthy: self.unhealthy_checks,
            healthy: self.healthy_checks,
        }
    }
}

/// Where a new target's first health check falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstCheck {
    /// As soon as it is registered.
    AtOnce,
    /// Anywhere in the first interval.
    WithinInterval,
}
