//! Rollouts of one service in a world without other latencies than a task's start and stop.

use seatrial_sim::cluster::TaskState;
use seatrial_sim::deploy::{Bound, Mover, Pool, Reap, Rollout, SlotOp, Slots, VictimOrder, ZeroRule, strategies};
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::fact::Fact;
use seatrial_sim::model::Model;

use super::{Played, at_s, plain, secs};

/// `n` tasks that take `start_s` from the creation to service and `stop_s` from the stop order to the end, room for all, and a
/// control loop that does everything at once.
pub fn model(n: u32, start_s: u64, stop_s: u64, rollout: Rollout) -> Model {
    let mut model = plain(n, 1, 10 * n + 10);
    model.control.settles = true;
    let service = &mut model.services[0];
    service.startup = Dist::Fixed(secs(start_s));
    service.exit = Dist::Fixed(secs(stop_s));
    service.stop_timeout = secs(stop_s);
    service.rollout = rollout;
    model
}

/// A pool as Kubernetes has it.
pub fn kubernetes(surge: Bound, unavailable: Bound) -> Pool {
    Pool {
        surge,
        unavailable,
        zero: ZeroRule::OneUnavailable,
        terminating_in_cap: false,
        reap: Reap::WithinRoom,
        window: None,
        victims: VictimOrder::MostOnHost,
    }
}

/// A pool as ECS has it.
pub fn ecs(surge: Bound, unavailable: Bound) -> Pool {
    Pool { zero: ZeroRule::Stall, terminating_in_cap: true, reap: Reap::AtOnce, ..kubernetes(surge, unavailable) }
}

/// A pool as Marathon has it.
pub fn marathon(surge: Bound, unavailable: Bound) -> Pool {
    Pool { zero: ZeroRule::OneExtra, reap: Reap::Never, ..ecs(surge, unavailable) }
}

/// So many slots at once, without further ado.
pub fn slots(op: SlotOp, window: u32) -> Slots {
    Slots { op, ..Slots::at_once(Bound::tasks(window)) }
}

pub fn pool(pool: Pool) -> Rollout {
    strategies::rolling(Mover::Pool(pool))
}

pub fn by_slots(slots: Slots) -> Rollout {
    strategies::rolling(Mover::Slots(slots))
}

/// From the request to the last of the new tasks in service, the most tasks at once, and task-seconds above and below the
/// desired count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vector {
    pub seconds: f64,
    pub peak: u32,
    pub extra: f64,
    pub short: f64,
}

pub fn vector(played: &Played) -> Vector {
    let ready = played.facts(|at, fact| match fact {
        Fact::TaskMoved { version: 2, to: TaskState::InService, .. } => Some(at),
        _ => None,
    });
    let summary = &played.summary;
    Vector {
        seconds: ready.last().map_or(0.0, |at| at.since(at_s(60)).as_secs_f64()),
        peak: summary.peak_tasks,
        extra: summary.extra_replica_s,
        short: summary.short_replica_s,
    }
}
