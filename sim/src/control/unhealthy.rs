//! Tasks that were healthy and are not any more, and tasks that somebody stops by hand: how a service's scheduler learns of
//! them, and how it replaces them.

use crate::cluster::{Cluster, TaskState};
use crate::control::agents::Agents;
use crate::control::beat::Beat;
use crate::control::checks::Verdict;
use crate::control::moves::issue_stop;
use crate::control::scheduler::{Chance, Reached, Scheduler};
use crate::control::trouble::Failure;
use crate::deploy::{Plan, View};
use crate::engine::ctx::Ctx;
use crate::engine::draws::Stream;
use crate::engine::event::{Checker, Event};
use crate::engine::fact::{Fact, TaskId};
use crate::engine::time::Time;
use crate::model::Deregistration;

impl Scheduler<'_> {
    /// A checker has changed its mind about a task.
    pub fn verdict(&mut self, verdict: Verdict, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        let task = &cluster.tasks[verdict.task.index()];
        if task.state >= TaskState::Stopping || task.chosen {
            return;
        }
        // A load balancer's verdict on a target that it has taken out already is nothing new; that of the task's own check is.
        let is_news = match verdict.by {
            Checker::Balancer => task.state == TaskState::InService,
            Checker::Own => (TaskState::Running..=TaskState::InService).contains(&task.state),
        };
        if verdict.well {
            self.recovers(verdict, cluster, ctx);
        } else if is_news {
            self.turns_unhealthy(verdict.task, verdict.by, cluster, agents, ctx);
        }
    }

    /// A task that has been in service is found unhealthy.
    fn turns_unhealthy(&mut self, id: TaskId, by: Checker, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        if by == Checker::Own {
            if self.ends_unwell() && !self.control.replaces_before_stop {
                self.end_task(id, true, cluster, agents, ctx);
                return;
            }
            let entity = cluster.tasks[id.index()].entity;
            let told = ctx.now + self.draws.span(&self.control.health_report, Stream::HealthReport, entity);
            cluster.tasks[id.index()].unhealthy = true;
            ctx.schedule(told, Event::UnhealthyNoticed(id), ctx.cause);
            return;
        }
        cluster.lose(id);
        cluster.tasks[id.index()].unhealthy = true;
        let fact = cluster.advance(id, TaskState::Registering, ctx.cause, ctx);
        if self.control.replaces_unhealthy_targets {
            let at = self.health_polls.next(ctx.now, self.draws);
            ctx.schedule(at, Event::UnhealthyNoticed(id), fact);
        }
        self.wake(Chance::Other, fact, cluster, ctx);
    }

    /// Whether the check of its tasks ends one that it finds unwell, or has it replaced.
    fn ends_unwell(&self) -> bool {
        self.service.health_check.as_ref().is_some_and(|check| check.fails_after.is_some())
    }

    /// An unhealthy task passes its checks again.
    fn recovers(&mut self, Verdict { task: id, by, .. }: Verdict, cluster: &mut Cluster, ctx: &mut Ctx) {
        let task = &mut cluster.tasks[id.index()];
        // Whom its load balancer has taken out nobody else brings back.
        let is_out = by == Checker::Own && task.state == TaskState::Registering;
        if is_out || !std::mem::take(&mut task.unhealthy) {
            return;
        }
        let last = task.last;
        // It has been waited for since it was found unhealthy.
        let fact = match task.state {
            TaskState::InService => last,
            _ => cluster.advance(id, TaskState::InService, last, ctx),
        };
        self.reach(id, Reached::InService, fact, cluster, ctx);
    }

    /// The control plane learns that a task is unhealthy, if it still is, and replaces it.
    pub fn unhealthy_noticed(&mut self, id: TaskId, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        let task = &cluster.tasks[id.index()];
        if !task.unhealthy || task.chosen || self.unwell.contains(&id) {
            return;
        }
        // Without a balancer nobody else takes it out of service.
        let serves = task.state == TaskState::InService;
        cluster.lose(id);
        if serves && self.service.load_balancer.is_none() {
            ctx.cause = cluster.advance(id, TaskState::Running, ctx.cause, ctx);
            self.wake(Chance::Other, ctx.cause, cluster, ctx);
        }
        let by_balancer = self.service.load_balancer.is_some() && self.control.replaces_unhealthy_targets;
        if !by_balancer && !self.ends_unwell() {
            return;
        }
        let task = &cluster.tasks[id.index()];
        let heeded = task.runs_since.map_or(Time::ZERO, |since| since + self.service.health_check_grace);
        if ctx.now < heeded {
            ctx.schedule(heeded, Event::UnhealthyNoticed(id), ctx.cause);
            return;
        }
        let (version, slot) = (task.name.version, task.slot);
        let of_target = version == self.target;
        let fact = ctx.tell(Fact::TaskUnhealthy { task: id, service: self.id });
        if of_target {
            let policy = &self.service.rollout.failure;
            self.trouble.failed(policy, self.desired, slot, Failure::Unwell, None, fact);
        }
        self.unsteady = true;
        if self.control.replaces_before_stop && self.slots().is_none() && of_target {
            cluster.leave(id);
            self.unwell.insert(id);
            self.move_away(fact, cluster, ctx);
            return;
        }
        if of_target {
            self.trouble.owe();
        }
        self.stop_task(id, fact, cluster, agents, ctx);
        if of_target {
            self.falter(id, cluster);
        }
        self.wake(Chance::Room, fact, cluster, ctx);
    }

    /// Of what the mover asks for, the stops of unhealthy tasks wait until others are healthy in their places, as long as
    /// those others can be started first.
    pub(super) fn keep_unwell(&self, plan: Plan, view: &View, cluster: &Cluster) -> Plan {
        let unwell = self.unwell.iter().filter(|id| !cluster.tasks[id.index()].is_available()).count() as u32;
        let replaced = (view.available() + unwell).saturating_sub(self.desired);
        // The cap leaves no room for another one, and none is on its way. Hosts without room are waited for.
        let nothing_moves = view.new.unavailable() == 0 && view.terminating == 0;
        let blocked = view.new.wanted < view.new.target && plan.start == 0 && nothing_moves;
        let may_go = match (self.unseen_until, blocked) {
            (_, true) => replaced.max(1),
            (Some(_), false) => 0,
            (None, false) => replaced,
        };
        let kept = unwell - unwell.min(may_go);
        Plan { stop_unavailable: plan.stop_unavailable.saturating_sub(kept), ..plan }
    }

    /// A task has become available while unhealthy ones wait for that: the control plane learns of it when it asks the
    /// balancer.
    pub(super) fn see_later(&mut self, ctx: &Ctx) {
        if !self.unwell.is_empty() && !self.control.target_poll.is_zero() && self.service.load_balancer.is_some() {
            self.unseen_until = Some(self.target_polls.next(ctx.now, self.draws));
        }
    }

    /// At a look: what has been seen by now, and which unhealthy tasks are still to be replaced.
    pub(super) fn look_at_unwell(&mut self, cluster: &Cluster, ctx: &Ctx) {
        self.unseen_until = self.unseen_until.filter(|until| ctx.now < *until);
        self.unwell.retain(|id| {
            let task = &cluster.tasks[id.index()];
            !task.chosen && task.state < TaskState::Stopping
        });
    }

    /// Says that the service is as it should be again, if it has become so at an earlier look.
    pub(super) fn tell_steady(&mut self, is_quiet: bool, cluster: &Cluster, ctx: &mut Ctx) {
        if !self.unsteady || self.rollout.is_some() || !self.unwell.is_empty() {
            return;
        }
        let tasks = &cluster.services[self.id.index()];
        if tasks.available() != self.desired || tasks.wanted() != self.desired {
            return;
        }
        if is_quiet || self.control.tick.is_zero() {
            self.unsteady = false;
            self.latest = ctx.tell_because(Fact::SteadyState { service: self.id }, self.latest);
        } else {
            let next = self.next_beat(ctx.now, ctx);
            self.look_at(next, ctx);
        }
    }

    /// Somebody stops a task. It is on its way out at once, and deregistered or told to stop in a while.
    pub fn stop_by_hand(&mut self, id: TaskId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let of_target = cluster.tasks[id.index()].name.version == self.target;
        let chosen = cluster.choose_to_stop(id, ctx.cause, ctx);
        if of_target {
            self.trouble.owe();
            self.falter(id, cluster);
        }
        self.unsteady = true;
        let latency = self.draws.span(&self.control.stop_call, Stream::StopCall, cluster.tasks[id.index()].entity);
        ctx.schedule(ctx.now + latency, Event::StopsByHand(id), chosen);
    }

    /// The call has come through. It makes the scheduler look, as other calls do.
    pub fn stops_by_hand(&mut self, id: TaskId, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        let task = &cluster.tasks[id.index()];
        let (state, entity) = (task.state, task.entity);
        let registered = self.service.load_balancer.is_some() && state >= TaskState::Registering;
        if state >= TaskState::Draining {
            return;
        }
        if registered && self.control.deregistration != Deregistration::WithStop {
            self.deregister(id, ctx.cause, cluster, ctx);
        } else {
            issue_stop(id, ctx.cause, cluster, agents, ctx);
        }
        if !self.control.tick.is_zero() {
            let reaction = self.draws.span(&self.control.stop_call_reaction, Stream::StopCall, entity.child(1));
            self.beat = Beat::new(ctx.now + reaction, self.control.tick, self.control.tick_jitter, entity.child(2));
            self.next = None;
        }
        let fact = cluster.tasks[id.index()].last;
        self.wake(Chance::Room, fact, cluster, ctx);
    }

    /// The load balancer has let go of a target: the control plane notices when it asks.
    pub fn target_gone(&mut self, id: TaskId, cluster: &Cluster, ctx: &mut Ctx) {
        if cluster.tasks[id.index()].state == TaskState::Draining {
            let noticed = self.target_polls.next(ctx.now, self.draws);
            ctx.schedule(noticed, Event::DrainNoticed(id), ctx.cause);
        }
    }
}
