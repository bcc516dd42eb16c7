//! How a service's scheduler learns that its tasks are well or not: gates, failures, deadlines, alarms, and what the failure
//! policy makes of them.

use std::borrow::Cow;

use crate::cluster::{Cluster, Container, TaskState};
use crate::control::agents::Agents;
use crate::control::rollout::{Mode, Progress};
use crate::control::scheduler::{Chance, Ended, Fate, Reached, Scheduler, Then};
use crate::control::trouble::{Failure, Found};
use crate::deploy::{Act, Detector, GateLevel, Limits, Mover, RollBack};
use crate::engine::ctx::Ctx;
use crate::engine::draws::Stream;
use crate::engine::event::Event;
use crate::engine::fact::{Fact, FactId, TaskId, Why};
use crate::engine::time::Time;
use crate::model::{Fault, Model};

impl Scheduler<'_> {
    /// A task's container ended by itself, or there is no room for its image.
    pub fn task_fails(&mut self, id: TaskId, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        self.end_task(id, false, cluster, agents, ctx);
    }

    /// A task's container has ended, by itself or because a check found it `unwell`.
    pub(super) fn end_task(
        &mut self,
        id: TaskId,
        unwell: bool,
        cluster: &mut Cluster,
        agents: &mut Agents,
        ctx: &mut Ctx,
    ) {
        let task = &cluster.tasks[id.index()];
        let alive = matches!(
            task.state,
            TaskState::Pulling
                | TaskState::Starting
                | TaskState::Running
                | TaskState::Registering
                | TaskState::InService
        );
        if task.chosen || !alive {
            return;
        }
        let ran_for = task.runs_since.map(|since| ctx.now.since(since));
        let well_for = task.available_since.map(|since| ctx.now.since(since));
        let (restarts, version, slot) = (task.restarts, task.name.version, task.slot);
        let fact = ctx.tell(Fact::TaskFailed { task: id, service: self.id, ran: ran_for.is_some() });
        cluster.lose(id);
        let task = &mut cluster.tasks[id.index()];
        (task.passes_at, task.runs_since, task.last) = (None, None, fact);
        // What comes after it begins anew.
        (task.hung, task.unhealthy) = (false, false);
        if version == self.target {
            let how = match (unwell, ran_for) {
                (true, _) => Failure::Unwell,
                (false, Some(_)) => Failure::Ended,
                (false, None) => Failure::NeverRan,
            };
            self.trouble.failed(&self.service.rollout.failure, self.desired, slot, how, well_for, fact);
        }
        let in_place = self.control.restart.in_place.as_ref();
        if let Some(in_place) = in_place.filter(|in_place| in_place.attempts.is_none_or(|most| restarts < most)) {
            let backoff = in_place.backoff;
            let anew = backoff.reset_after.zip(ran_for).is_some_and(|(reset, ran_for)| ran_for >= reset);
            task.restarts = if anew { 1 } else { restarts + 1 };
            task.container = Container::Ended;
            let delay = backoff.delay(task.restarts);
            let waits = cluster.advance(id, TaskState::BackingOff, fact, ctx);
            ctx.schedule(ctx.now + delay, Event::Restarted(id), waits);
            if version == self.target {
                self.falter(id, cluster);
            }
        } else {
            cluster.give_up(id);
            cluster.advance(id, TaskState::Stopped, fact, ctx);
            agents.lost(id, cluster, ctx);
            if version == self.target {
                self.trouble.back_off(&self.control.restart, ran_for, ctx.now);
                self.replace(id, cluster);
            }
        }
        self.wake(Chance::Room, fact, cluster, ctx);
    }

    /// A check finds a task unwell. One that its runtime checks has ended; one that its load balancer checks is stopped.
    pub fn found_unwell(&mut self, id: TaskId, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        let task = &mut cluster.tasks[id.index()];
        if task.chosen || task.passes_at != Some(ctx.now) {
            return;
        }
        task.passes_at = None;
        if self.service.load_balancer.is_none() {
            self.end_task(id, true, cluster, agents, ctx);
            return;
        }
        let (version, slot) = (task.name.version, task.slot);
        let ran_for = task.runs_since.map(|since| ctx.now.since(since));
        let fact = ctx.tell(Fact::TaskFailed { task: id, service: self.id, ran: true });
        if version == self.target {
            let policy = &self.service.rollout.failure;
            self.trouble.failed(policy, self.desired, slot, Failure::Unwell, None, fact);
            self.trouble.back_off(&self.control.restart, ran_for, ctx.now);
        }
        self.stop_task(id, fact, cluster, agents, ctx);
        if version == self.target {
            // With slots its place is empty when it is gone.
            self.falter(id, cluster);
        }
        self.wake(Chance::Room, fact, cluster, ctx);
    }

    /// When a task that runs now passes its own health check, if it ever does; a bad one may be found out.
    pub(super) fn own_health(&self, id: TaskId, cluster: &mut Cluster, fact: FactId, ctx: &mut Ctx) -> Option<Time> {
        let entity = cluster.tasks[id.index()].entity;
        let Some(check) = &self.service.health_check else {
            return Some(ctx.now + self.draws.span(&self.control.healthy_after, Stream::Health, entity));
        };
        if !self.is_never_healthy(id, cluster) {
            return Some(ctx.now + self.draws.span(&check.passes_after, Stream::Health, entity));
        }
        if let Some(fails_after) = &check.fails_after
            && self.service.load_balancer.is_none()
        {
            let at = ctx.now + self.draws.span(fails_after, Stream::Unwell, entity);
            cluster.tasks[id.index()].passes_at = Some(at);
            ctx.schedule(at, Event::FoundUnwell(id), fact);
        }
        None
    }

    pub(super) fn is_never_healthy(&self, id: TaskId, cluster: &Cluster) -> bool {
        self.fault_of(cluster.tasks[id.index()].name.version, cluster) == Some(Fault::NeverHealthy)
    }

    /// Whether the version that is rolled out passes its health checks and serves errors.
    pub(super) fn serves_errors(&self, cluster: &Cluster) -> bool {
        matches!(self.fault_of(self.target, cluster), Some(Fault::Errors { .. }))
    }

    fn fault_of(&self, version: u16, cluster: &Cluster) -> Option<Fault> {
        cluster.services[self.id.index()].versions[usize::from(version)].fault
    }

    /// A task has reached something on its way: it passes the gate, now or in a while, if that is what the gate wants.
    pub(super) fn reach(&mut self, id: TaskId, what: Reached, fact: FactId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let gate = self.service.rollout.gate;
        // Without a load balancer a task is in service as soon as it is ready.
        let wants_service = gate.level == GateLevel::InService
            || (gate.level == GateLevel::Ready && self.service.load_balancer.is_none());
        let from = match what {
            Reached::Created => {
                if let Some(deadline) = gate.deadline {
                    ctx.schedule(ctx.now + deadline, Event::GateDeadline(id), fact);
                }
                (gate.level == GateLevel::Created).then_some(ctx.now)
            }
            Reached::Running { .. } if gate.level == GateLevel::Running => Some(ctx.now),
            Reached::Running { healthy_at } if gate.level == GateLevel::Ready && !wants_service => healthy_at,
            Reached::InService if wants_service => Some(ctx.now),
            _ => None,
        };
        let Some(at) = from.map(|from| from + gate.min_for) else {
            if what == Reached::InService {
                self.wake(Chance::Other, fact, cluster, ctx);
            }
            return;
        };
        let task = &mut cluster.tasks[id.index()];
        if task.chosen || task.is_available() {
            return;
        }
        if at == ctx.now {
            self.pass(id, fact, cluster, ctx);
        } else {
            task.gate_at = Some(at);
            ctx.schedule(at, Event::GateDue(id), fact);
        }
    }

    /// A task that has not passed its gate by now is late.
    pub fn gate_deadline(&mut self, id: TaskId, cluster: &Cluster, ctx: &mut Ctx) {
        let task = &cluster.tasks[id.index()];
        if task.chosen || task.is_available() || task.name.version != self.target {
            return;
        }
        let fact = ctx.tell(Fact::TaskLate { task: id, service: self.id });
        self.trouble.late.insert(id);
        if let Some(act) = self.service.rollout.failure.act_on(Detector::GateDeadline) {
            self.trouble.find(Why::Late, act, fact);
        }
        self.wake(Chance::Other, fact, cluster, ctx);
    }

    /// The first task of a version that serves errors rings an alarm in a while.
    pub(super) fn watch_for_alarm(&mut self, id: TaskId, cluster: &Cluster, fact: FactId, ctx: &mut Ctx) {
        let name = cluster.tasks[id.index()].name;
        let first = cluster.services[self.id.index()].versions[usize::from(name.version)].healthy == 1;
        if let Some(Fault::Errors { alarm_after }) = self.fault_of(name.version, cluster)
            && first
        {
            ctx.schedule(ctx.now + alarm_after, Event::Alarm(self.id), fact);
        }
    }

    /// An alarm rings.
    pub fn alarm(&mut self, cluster: &Cluster, ctx: &mut Ctx) {
        if let Some(act) = self.service.rollout.failure.act_on(Detector::Alarm)
            && self.serves_errors(cluster)
        {
            self.trouble.find(Why::Alarm, act, ctx.cause);
            self.wake(Chance::Other, ctx.cause, cluster, ctx);
        }
    }

    /// Asks to be told when the failure policy has to look at the clock.
    pub(super) fn watch_the_clock(&mut self, ctx: &mut Ctx) {
        let Some(rollout) = self.rollout.as_ref().filter(|rollout| rollout.mode == Mode::Forward) else { return };
        let due = self.service.rollout.failure.0.iter().filter_map(|&(detector, act)| match detector {
            _ if act == Act::Report && rollout.stalled.is_some() => None,
            Detector::NoProgress(span) => Some(rollout.got_on + span),
            Detector::Total(span) => Some(rollout.requested + span),
            _ => None,
        });
        // A look may come late for it.
        if let Some(at) = due.min().map(|at| at.max(ctx.now))
            && self.deadline.is_none_or(|deadline| at < deadline || deadline <= ctx.now)
        {
            self.deadline = Some(at);
            ctx.schedule(at, Event::RolloutDeadline(self.id), self.latest);
        }
    }

    /// The clock that the failure policy watches.
    pub fn rollout_deadline(&mut self, cluster: &Cluster, ctx: &mut Ctx) {
        if self.deadline != Some(ctx.now) {
            return;
        }
        let Some(rollout) = self.rollout.as_ref().filter(|rollout| rollout.mode == Mode::Forward) else { return };
        // A hold is no lack of progress.
        let got_on = if rollout.holds() { ctx.now } else { rollout.got_on };
        let found = self.service.rollout.failure.0.iter().filter_map(|&(detector, act)| match detector {
            _ if act == Act::Report && rollout.stalled.is_some() => None,
            Detector::NoProgress(span) if got_on + span <= ctx.now => Some((Why::NoProgress, act)),
            Detector::Total(span) if rollout.requested + span <= ctx.now => Some((Why::TookTooLong, act)),
            _ => None,
        });
        let found: Vec<_> = found.collect();
        self.get_on(got_on);
        if found.is_empty() {
            self.watch_the_clock(ctx);
            return;
        }
        for (why, act) in found {
            self.trouble.find(why, act, ctx.cause);
        }
        self.wake(Chance::Other, ctx.cause, cluster, ctx);
    }

    /// Does what the failure policy says about what was found.
    pub(super) fn act_on_trouble(&mut self, cluster: &mut Cluster, ctx: &mut Ctx) -> Ended {
        let Found { why, act, because } = self.trouble.found.take()?;
        let mover = self.step().mover;
        let rollout = self.rollout.as_mut().filter(|rollout| rollout.mode == Mode::Forward)?;
        let (deploy, service) = (rollout.deploy, self.id);
        let after = ctx.now.since(rollout.requested);
        let then = match act {
            Act::Report => {
                if rollout.stalled.is_none() {
                    rollout.stalled = Some((why, after));
                    ctx.tell_because(Fact::DeployStalled { deploy, service, why }, because);
                }
                self.watch_the_clock(ctx);
                return None;
            }
            Act::Pause => Then::Paused,
            Act::Stop => Then::Stopped,
            Act::RollBack(_) => Then::RollingBack,
        };
        rollout.mode = Mode::Frozen;
        let shortage = if self.starved { self.shortage(cluster) } else { None };
        self.fates.push(Fate { deploy, after, why, shortage, then });
        if act == Act::Pause {
            self.latest = ctx.tell_because(Fact::DeployPaused { deploy, service, why }, because);
            return None;
        }
        let failed = ctx.tell_because(Fact::DeployFailed { deploy, service, why }, because);
        self.latest = failed;
        let Act::RollBack(how) = act else { return Some((deploy, failed)) };
        if let RollBack::DropNew { .. } = how {
            ctx.tell_because(Fact::TrafficShifted { service, version: self.target, permille: 0 }, failed);
            self.split = Some((self.target, 0));
        }
        (self.room, self.surplus) = (failed, failed);
        self.target = self.stable;
        let steps = Progress::steps_back(how, mover);
        self.begin(
            Progress::new(deploy, Cow::Owned(steps), Mode::Back, self.draw_name(), failed, ctx.now),
            cluster,
            ctx,
        );
        None
    }

    /// What an unfinished deploy waits for, or how it failed, in words.
    pub fn waits_for(&self, cluster: &Cluster, model: &Model) -> Option<String> {
        let name = &self.service.name;
        let fates: Vec<_> = self.fates.iter().map(Fate::in_words).collect();
        if self.rollout.as_ref().is_none_or(|rollout| rollout.mode != Mode::Forward) {
            return (!fates.is_empty()).then(|| format!("{name}: {}", fates.join("; ")));
        }
        let reasons: Vec<_> = fates.into_iter().chain(self.reasons(cluster, model)).collect();
        Some(format!("{name}: {}", reasons.join("; ")))
    }

    fn reasons(&self, cluster: &Cluster, model: &Model) -> Vec<String> {
        let horizon = model.horizon;
        let desired = self.desired;
        let tasks = &cluster.services[self.id.index()];
        let view = self.view(cluster);
        let settled = self.settled(cluster);
        let limits = match self.step().mover {
            Mover::Pool(pool) => Some(pool.limits(desired)),
            Mover::Slots(_) => None,
        };
        let mut reasons = vec![];
        let rollout = self.rollout.as_ref();
        if let Some((why, after)) = rollout.and_then(|rollout| rollout.stalled) {
            reasons.push(format!("found after {after} that {why}"));
        }
        let place = rollout.map(Progress::place).unwrap_or_default();
        let reached = self.step().is_reached(&view);
        if rollout.is_some_and(Progress::holds) {
            reasons.push(format!("still going after {horizon}: it holds {place}"));
        } else if !settled || self.next.is_some() {
            let going = tasks.alive - tasks.available();
            reasons.push(format!(
                "still going after {horizon}: {} of {desired} new tasks are healthy, {going} of its tasks are starting or \
                 stopping",
                view.new.available
            ));
        } else if reached {
            reasons.push(format!("its program ends with {} of {desired} new tasks", view.new.wanted));
        } else if let (false, Some(limits)) = (self.starved, limits) {
            let Limits { floor, cap } = limits;
            reasons.push(format!(
                "its bounds let nothing start or stop: at least {floor} of {desired} stay healthy and at most {cap} may exist"
            ));
        }
        if self.trouble.waits(Time::ZERO + horizon) {
            reasons.push("a failed task waits to be replaced".into());
        }
        if self.starved
            && let Some(shortage) = self.shortage(cluster)
        {
            let missing = view.new.target.saturating_sub(view.new.wanted);
            reasons.push(format!("{missing} of {desired} new tasks fit nowhere: {}", self.service.short_of(&shortage)));
            if let (true, Some(limits)) = (settled, limits)
                && view.old.surplus() > 0
            {
                reasons
                    .push(format!("no old task may stop, because at least {} of {desired} stay healthy", limits.floor));
            } else if settled && view.old.wanted > 0 {
                reasons.push(format!("the old tasks stay {place}"));
            }
        }
        if reasons.is_empty() {
            reasons.push(format!("its mover lets nothing start or stop {place}").trim_end().into());
        }
        reasons
    }
}

impl Fate {
    /// As the end of a sentence.
    fn in_words(&self) -> String {
        let Self { after, why, shortage, then, .. } = self;
        let fits = shortage.map(|shortage| format!("; a new task fits nowhere: {shortage}")).unwrap_or_default();
        let then = match then {
            Then::Paused => return format!("paused after {after}: {why}{fits}"),
            Then::Stopped => "and stays as it is".to_string(),
            Then::RollingBack => "and has not rolled back yet".to_string(),
            Then::RolledBack(took) if took.is_zero() => {
                "and rolled back at once: the version before was whole".to_string()
            }
            Then::RolledBack(took) => format!("and rolled back in {took}"),
        };
        format!("failed after {after} ({why}{fits}) {then}")
    }
}
