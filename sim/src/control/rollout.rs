//! A rollout under way: where in its program it is, and what it waits for.

use std::borrow::Cow;

use crate::deploy::{Analysis, Hold, Mover, RollBack, Rollout, Step, View};
use crate::engine::ctx::Ctx;
use crate::engine::draws::{Draws, Entity, Stream};
use crate::engine::event::Event;
use crate::engine::fact::{DeployId, Fact, FactId, ServiceId, Why};
use crate::engine::time::{Duration, Time};

/// A rollout under way.
#[derive(Clone, Debug)]
pub(crate) struct Progress<'m> {
    pub deploy: DeployId,
    pub mode: Mode,
    /// What is said once: that its bounds block it, that it makes no progress.
    pub bounds_told: bool,
    pub stalled: Option<(Why, Duration)>,
    pub requested: Time,
    /// The last time something got on.
    pub got_on: Time,
    /// What the phase that it is in began with.
    pub since: FactId,
    /// The last fact that it told, for what follows from it.
    pub told: Option<FactId>,
    /// The share of the traffic that the new version has got now, in tenths of a percent.
    pub shifted: Option<u16>,
    steps: Cow<'m, [Step]>,
    step: usize,
    phase: Phase,
    /// The last beat of a program that takes its time.
    beat: Option<Time>,
    entity: Entity,
}

/// What a rollout is after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The version that was asked for.
    Forward,
    /// Nothing any more, because it paused or failed.
    Frozen,
    /// The version before, after a failure.
    Back,
}

/// What a step is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Its counts are to be reached.
    Moving,
    /// It is reached, and the program looks at this time.
    Noticing(Time),
    /// The traffic moves until then.
    Shifting(Time),
    /// The hold of this position lasts until then; it fails at its end or not.
    Holding { hold: usize, until: Time, fails: bool },
    /// All steps are done.
    Ended,
}

/// What is rolled out, at one look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rolled<'m> {
    pub view: View,
    pub rollout: &'m Rollout,
    pub service: ServiceId,
    pub version: u16,
    /// Whether the version serves errors, which measurements find.
    pub serves_errors: bool,
    pub draws: Draws,
    /// The last fact.
    pub latest: FactId,
    /// The last fact that may have made the step's counts what they are.
    pub reached_by: FactId,
}

/// What came of a look at the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stepped {
    /// Nothing.
    Waits,
    /// The program has got on.
    Further,
    /// Its last step is done.
    Ended,
    /// A hold failed.
    Failed(Why),
}

impl<'m> Progress<'m> {
    /// At the begin of a rollout.
    pub fn new(deploy: DeployId, steps: Cow<'m, [Step]>, mode: Mode, entity: Entity, since: FactId, now: Time) -> Self {
        Self {
            deploy,
            mode,
            bounds_told: false,
            stalled: None,
            requested: now,
            got_on: now,
            since,
            told: None,
            shifted: None,
            steps,
            step: 0,
            phase: Phase::Moving,
            beat: None,
            entity,
        }
    }

    /// The program that brings the version before back.
    pub fn steps_back(how: RollBack, mover: Mover) -> Vec<Step> {
        match how {
            RollBack::Reverse => vec![Step::all(mover)],
            RollBack::DropNew { after } => {
                let leave = Step::shift(1_000);
                let leave = if after.is_zero() { leave } else { leave.holding(Hold::For(after)) };
                vec![leave, Step::all(Step::FREE)]
            }
        }
    }

    /// The step that is carried out.
    pub fn step(&self) -> &Step {
        &self.steps[self.step.min(self.steps.len() - 1)]
    }

    /// Which step that is, from 0.
    pub const fn step_number(&self) -> usize {
        self.step
    }

    /// Looks whether the step is done, and takes the program on. At most one phase passes.
    pub fn advance(&mut self, of: &Rolled, ctx: &mut Ctx) -> Stepped {
        let Rolled { view, rollout, service, version, serves_errors, draws, latest, reached_by } = *of;
        let entity = self.entity.child(self.step as u64);
        let wait = |until: Time, ctx: &mut Ctx| {
            if until > ctx.now {
                ctx.schedule(until, Event::StepDue(service), latest);
            }
        };
        match self.phase {
            Phase::Moving if self.step().is_reached(&view) => {
                let at = self.next_beat(rollout.pace, ctx.now);
                self.phase = Phase::Noticing(at);
                self.since = reached_by;
                wait(at, ctx);
                Stepped::Further
            }
            Phase::Noticing(at) if at <= ctx.now => {
                self.beat = Some(ctx.now);
                if self.says_more_than_its_end() {
                    self.tell(Fact::StepReached { deploy: self.deploy, step: self.step as u16 }, ctx);
                }
                let shift =
                    self.step().weight.map_or(Duration::ZERO, |_| draws.span(&rollout.shift, Stream::Shift, entity));
                self.phase = Phase::Shifting(ctx.now + shift);
                wait(ctx.now + shift, ctx);
                Stepped::Further
            }
            Phase::Shifting(until) if until <= ctx.now => {
                if let Some(permille) = self.step().weight {
                    let permille = permille as u16;
                    self.shifted = Some(permille);
                    self.tell(Fact::TrafficShifted { service, version, permille }, ctx);
                }
                self.hold(0, serves_errors, draws, ctx.now);
                self.wait_for_hold(service, latest, ctx)
            }
            Phase::Holding { hold, until, fails: true } if until <= ctx.now => {
                // Where nobody cares it goes on.
                self.phase = Phase::Holding { hold, until, fails: false };
                Stepped::Failed(Why::Analysis)
            }
            Phase::Holding { hold, until, .. } if until <= ctx.now => {
                self.hold(hold + 1, serves_errors, draws, ctx.now);
                self.wait_for_hold(service, latest, ctx)
            }
            _ => Stepped::Waits,
        }
    }

    /// Begins a hold; after the last one the step is done.
    fn hold(&mut self, hold: usize, serves_errors: bool, draws: Draws, now: Time) {
        let entity = self.entity.child(self.step as u64).child(hold as u64);
        let (span, fails) = match self.step().holds.get(hold) {
            None => {
                self.phase = Phase::Ended;
                return;
            }
            Some(Hold::For(span)) => (*span, false),
            Some(Hold::Until(dist)) => (draws.span(dist, Stream::Hold, entity), false),
            Some(Hold::Analysis(Analysis { interval, at_once, count, failure_limit })) => {
                // A bad version fails every measurement; one above the limit ends the analysis.
                let fails = serves_errors && failure_limit < count;
                let made = if fails { failure_limit + 1 } else { *count };
                (*interval * u64::from(made - u32::from(*at_once)), fails)
            }
        };
        self.phase = Phase::Holding { hold, until: now + span, fails };
    }

    fn wait_for_hold(&mut self, service: ServiceId, latest: FactId, ctx: &mut Ctx) -> Stepped {
        match self.phase {
            Phase::Holding { until, .. } if until > ctx.now => ctx.schedule(until, Event::StepDue(service), latest),
            Phase::Ended => {
                if self.says_more_than_its_end() && self.mode != Mode::Back {
                    let step = self.step as u16;
                    self.tell(Fact::StepDone { deploy: self.deploy, step }, ctx);
                }
                if self.step + 1 == self.steps.len() {
                    return Stepped::Ended;
                }
                self.step += 1;
                self.phase = Phase::Moving;
            }
            _ => {}
        }
        Stepped::Further
    }

    /// Tells what has followed from the phase before.
    fn tell(&mut self, fact: Fact, ctx: &mut Ctx) {
        self.since = ctx.tell_because(fact, self.since);
        self.told = Some(self.since);
    }

    /// Whether a step is more than the end of the deploy.
    fn says_more_than_its_end(&self) -> bool {
        self.steps.len() > 1 || self.step().weight.is_some() || !self.step().holds.is_empty()
    }

    /// Where in the program it is, in words: nothing where there is one step.
    pub fn place(&self) -> String {
        if self.steps.len() > 1 { format!("at step {} of {}", self.step + 1, self.steps.len()) } else { String::new() }
    }

    /// Whether all steps are done.
    pub fn has_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// Whether it waits for time to pass and for nothing else.
    pub fn holds(&self) -> bool {
        !matches!(self.phase, Phase::Moving | Phase::Ended)
    }

    /// When a program looks next: at once, or at the next of its beats, each of which takes one step.
    fn next_beat(&self, pace: Duration, now: Time) -> Time {
        if pace.is_zero() {
            return now;
        }
        let beats = now.since(self.requested).as_millis().div_ceil(pace.as_millis());
        let at = self.requested + pace * beats;
        if self.beat.is_some_and(|beat| at <= beat) { at + pace } else { at }
    }
}
