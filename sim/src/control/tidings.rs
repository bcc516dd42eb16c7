//! What a service's scheduler hears of its tasks' lives: that they run, are registered and healthy, pass their gates, are drained
//! and stopped.

use crate::cluster::{Cluster, TaskState};
use crate::control::balancer;
use crate::control::scheduler::{Chance, Reached, Scheduler};
use crate::deploy::{Mover, SlotOp};
use crate::engine::ctx::Ctx;
use crate::engine::event::Event;
use crate::engine::fact::{Fact, FactId, TaskId};
use crate::engine::time::Duration;

impl Scheduler<'_> {
    /// A task runs, as the control plane knows now. Without a load balancer it is in service in a while.
    pub fn task_runs(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        if cluster.tasks[id.index()].state != TaskState::Starting {
            return;
        }
        let fact = cluster.advance(id, TaskState::Running, ctx.cause, ctx);
        cluster.tasks[id.index()].runs_since = Some(ctx.now);
        self.trouble.one_ran |= cluster.tasks[id.index()].name.version == self.target;
        let health = self.own_health(id, cluster, fact, ctx);
        if self.service.load_balancer.is_some() {
            self.to_register.push(id);
            self.wake(Chance::Other, fact, cluster, ctx);
        } else if let Some(at) = health {
            cluster.tasks[id.index()].passes_at = Some(at);
            ctx.schedule(at, Event::Passed(id), fact);
        }
        self.reach(id, Reached::Running { healthy_at: health }, fact, cluster, ctx);
    }

    /// A task has passed what makes it healthy.
    pub fn task_passes(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let task = &mut cluster.tasks[id.index()];
        if task.passes_at == Some(ctx.now) && matches!(task.state, TaskState::Running | TaskState::Registering) {
            task.passes_at = None;
            let fact = cluster.advance(id, TaskState::InService, ctx.cause, ctx);
            self.watch_for_alarm(id, cluster, fact, ctx);
            self.reach(id, Reached::InService, fact, cluster, ctx);
        }
    }

    /// The balancer knows of a target: it is healthy in a while, or found to be bad.
    pub fn target_registered(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let task = &cluster.tasks[id.index()];
        if task.state != TaskState::Registering {
            return;
        }
        let (entity, runs_since) = (task.entity, task.runs_since);
        let load_balancer = self.service.load_balancer.as_ref().expect("only tasks of services with one register");
        let fact = ctx.tell(Fact::TargetRegistered { task: id, service: self.id });
        if !self.is_never_healthy(id, cluster) {
            let at = ctx.now + balancer::until_healthy(load_balancer, self.draws, entity);
            cluster.tasks[id.index()].passes_at = Some(at);
            ctx.schedule(at, Event::Passed(id), fact);
        } else if self.control.replaces_unhealthy_targets {
            let heeded = runs_since.map_or(ctx.now, |since| since + self.service.health_check_grace);
            let at = heeded.max(ctx.now + balancer::until_unhealthy(load_balancer, self.draws, entity));
            cluster.tasks[id.index()].passes_at = Some(at);
            ctx.schedule(at, Event::FoundUnwell(id), fact);
        }
    }

    /// The balancer has let go of a task, as the control plane knows now.
    pub fn task_drained(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let fact = cluster.advance(id, TaskState::Drained, ctx.cause, ctx);
        self.to_stop.push(id);
        self.wake(Chance::Other, fact, cluster, ctx);
    }

    /// A task has stopped, as the control plane knows now.
    pub fn task_stopped(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let fact = cluster.advance(id, TaskState::Stopped, ctx.cause, ctx);
        if !self.book.overdue.remove(&id) && self.slot_op() == Some(SlotOp::StopStart) {
            let task = &cluster.tasks[id.index()];
            let failed = task.name.version == self.target && self.book.failed.contains(&task.slot);
            self.book.vacate(id, failed, cluster);
        }
        self.wake(Chance::Room, fact, cluster, ctx);
    }

    /// The mover no longer waits for a task to be gone.
    pub fn handover_due(&mut self, id: TaskId, cluster: &Cluster, ctx: &mut Ctx) {
        if cluster.tasks[id.index()].state != TaskState::Stopped && self.slot_op() == Some(SlotOp::StopStart) {
            self.book.overdue.insert(id);
            self.book.vacate(id, false, cluster);
            self.wake(Chance::Room, ctx.cause, cluster, ctx);
        }
    }

    /// A task passed its gate.
    pub(super) fn pass(&mut self, id: TaskId, fact: FactId, cluster: &mut Cluster, ctx: &mut Ctx) {
        cluster.gain(id, ctx.now);
        let task = &cluster.tasks[id.index()];
        if task.name.version == self.target {
            self.trouble.passed(id);
            self.book.passed(id, cluster);
        }
        self.get_on(ctx.now);
        self.see_later(ctx);
        let delay = self.slots().map_or(Duration::ZERO, |slots| slots.delay);
        if delay.is_zero() {
            cluster.rest(id);
        } else {
            cluster.tasks[id.index()].gate_at = Some(ctx.now + delay);
            ctx.schedule(ctx.now + delay, Event::GateDue(id), fact);
        }
        self.wake(self.chance_after_one(), fact, cluster, ctx);
    }

    /// What one more available task lets the mover do: where so many at once may be on their way, the next one may start.
    fn chance_after_one(&self) -> Chance {
        match self.step().mover {
            Mover::Pool(pool) if pool.window.is_none() => Chance::Surplus,
            Mover::Pool(_) | Mover::Slots(_) => Chance::Both,
        }
    }

    /// A task passes its gate, or has rested after it.
    pub fn gate_due(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let task = &mut cluster.tasks[id.index()];
        if task.gate_at != Some(ctx.now) {
            return;
        }
        task.gate_at = None;
        if task.is_available() {
            cluster.rest(id);
            let fact = ctx.tell(Fact::TaskRested { task: id, service: self.id });
            self.wake(self.chance_after_one(), fact, cluster, ctx);
        } else {
            let fact = ctx.tell(Fact::TaskAvailable { task: id, service: self.id });
            self.pass(id, fact, cluster, ctx);
        }
    }

    /// A failed task's place is empty, and somebody else has to take it.
    pub(super) fn replace(&mut self, id: TaskId, cluster: &Cluster) {
        if self.slots().is_some() {
            self.book.failed.insert(cluster.tasks[id.index()].slot);
            self.book.vacate(id, true, cluster);
        }
    }

    /// A slot's new task is down and comes back by itself.
    pub(super) fn falter(&mut self, id: TaskId, cluster: &Cluster) {
        if self.slots().is_some() {
            self.book.failed.insert(cluster.tasks[id.index()].slot);
        }
    }
}
