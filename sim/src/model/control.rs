//! The ways of the control plane: its loop, restarts and back-off, launch rates.

use crate::engine::dist::Dist;
use crate::engine::time::Duration;

/// The ways of the control plane's service scheduler.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "ways that a system has or has not, each without the others")]
pub struct ControlLoop {
    /// From one look at a service to the next; zero looks after every change.
    pub tick: Duration,
    /// How far each look may be off its beat, either way; below half a tick.
    pub tick_jitter: Duration,
    /// From a change to the chance of a look: how long a watch takes, and how long changes are gathered.
    pub latency: Duration,
    /// Whether a look goes on until there is nothing left to do. Otherwise it starts and stops once.
    pub settles: bool,
    /// From a deploy request to the first look.
    pub first_review: Dist,
    /// From RUNNING to in service where there is neither a load balancer nor a health check.
    pub healthy_after: Dist,
    /// When a task that was chosen to stop is deregistered.
    pub deregistration: Deregistration,
    /// How often it asks the load balancer whether draining targets are gone, each service at its own phase; zero hears of
    /// it at once.
    pub target_poll: Duration,
    /// When placement may use a stopping task's cpu and memory again. A fixed host port is free when it has stopped.
    pub slot_release: SlotRelease,
    /// Launches a service may make.
    pub launch_rate: Option<LaunchRate>,
    /// Whether it replaces tasks that their load balancer finds unhealthy.
    pub replaces_unhealthy_targets: bool,
    /// How often it asks load balancers for targets that they have found unhealthy, each service at its own phase; zero hears
    /// of them at once.
    pub unhealthy_poll: Duration,
    /// Whether a task that was healthy and is not any more stays until another one is, as far as the bounds of its rollout
    /// let more tasks exist. Otherwise it is stopped, and then replaced.
    pub replaces_before_stop: bool,
    /// From the verdict of a task's own check to the control plane's knowing it.
    pub health_report: Dist,
    /// From a task's leaving service, by its stop or by its end, until nothing new is sent to it where no load balancer is
    /// asked first or finds it out before.
    pub rotation_end: Dist,
    /// From a call that stops one task to its deregistration.
    pub stop_call: Dist,
    /// From there to the look that replaces it.
    pub stop_call_reaction: Dist,
    /// Whether a new task's image is pulled while the old task of its slot stops.
    pub pull_ahead: bool,
    /// What becomes of tasks that end by themselves.
    pub restart: Restart,
    /// How tasks leave a host that is being drained.
    pub host_drain: HostDrain,
    /// From the loss of a host to the control plane's knowing that its tasks are gone.
    pub loss_detection: Dist,
}

/// How tasks leave a host that is being drained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostDrain {
    /// They are replaced as a deploy replaces tasks, within the bounds of its rollout (ECS: DRAINING). A rollout of slots
    /// stops them and starts others in their places.
    AsRollout,
    /// They are stopped at once and started elsewhere (an eviction where no budget holds it back).
    StopFirst,
}

/// What becomes of a task that ends by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Restart {
    /// Its container is started again on its host.
    pub in_place: Option<InPlace>,
    /// Another task takes its place; none does where absent.
    pub replace: Option<Backoff>,
    /// Whether only tasks that never ran count for the back-off of replacements; the others are replaced at once.
    pub backs_off_unless_ran: bool,
}

/// Restarts of a container on its host.
#[derive(Clone, Debug, PartialEq)]
pub struct InPlace {
    /// How long each waits.
    pub backoff: Backoff,
    /// How many there are at most, before the task counts as failed; without end where absent.
    pub attempts: Option<u32>,
}

/// How long restart after restart waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first one.
    pub first: Duration,
    /// The second one.
    pub second: Duration,
    /// What each further one is of the one before, in tenths of a percent.
    pub factor_permille: u32,
    /// At most.
    pub most: Duration,
    /// A task that ran for so long begins anew; never where absent.
    pub reset_after: Option<Duration>,
}

impl Backoff {
    /// All but the first take so long at least, or a task that ends at once would be started again without end.
    const LEAST: Duration = Duration::from_millis(100);

    /// The same each time.
    pub const fn constant(span: Duration) -> Self {
        Self { first: span, second: span, factor_permille: 1_000, most: span, reset_after: None }
    }

    /// How long the `n`-th restart in a row waits, from 1.
    pub fn delay(&self, n: u32) -> Duration {
        let mut delay = if n <= 1 { self.first } else { self.second };
        for _ in 2..n {
            if delay >= self.most {
                break;
            }
            delay = Duration::from_millis(delay.as_millis() * u64::from(self.factor_permille) / 1_000);
        }
        let delay = delay.min(self.most);
        if n > 1 { delay.max(Self::LEAST) } else { delay }
    }
}

/// When a task that was chosen to stop is deregistered from its load balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deregistration {
    /// At the look that chose it (ECS until 2020 at least: traces T5, T6).
    SameReview,
    /// One look later (ECS in 2026: traces T8, T9, T12).
    NextReview,
    /// Together with its stop, which does not wait for the end of draining (Kubernetes and most others).
    WithStop,
}

/// When placement may use a stopping task's cpu and memory again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotRelease {
    /// When it is told to stop; the host's agent holds the new task until the old one is gone.
    Stopping,
    /// When it has stopped.
    Stopped,
}

/// A token bucket on launches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaunchRate {
    /// Tokens a minute; above zero.
    pub per_minute: u32,
    /// Tokens that can be saved up; above zero.
    pub burst: u32,
}
