//! The tasks of one service as its requests meet them: what arrives, waits, is served and is lost, exact between the
//! instants at which something changes.
//!
//! Each task has a queue of its own and gets its share of what arrives (round robin). Tasks that are alike in everything,
//! their queues included, are one *cohort*: a service of a thousand tasks that keep up with their requests is one.

use super::{Rate, Requests};
use crate::engine::time::{Duration, Time};

/// A way in which requests fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Loss {
    /// Under way or waiting at a task when it ended, or when its load balancer let go of it.
    Cut,
    /// Sent to a task that answers nothing.
    Hung,
    /// Sent to a task that is gone or takes no more.
    Refused,
    /// There was no task to send them to.
    NoTarget,
    /// They would have waited too long.
    TimedOut,
    /// Served by a version that answers with errors.
    Errors,
}

impl Loss {
    /// Every way.
    pub const ALL: [Self; 6] = [Self::Cut, Self::Hung, Self::Refused, Self::NoTarget, Self::TimedOut, Self::Errors];
}

/// What a task does with requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// It serves them.
    Serving,
    /// It answers each with an error.
    Erring,
    /// It serves those that it has and refuses new ones.
    Closing,
    /// It takes them and never answers.
    Hung,
    /// It is not there.
    Gone,
}

/// What tasks of one cohort have in common, besides what waits at each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub version: u16,
    pub condition: Condition,
    /// What one can serve as warm as it is.
    pub capacity: Rate,
    /// The share of new requests that one gets, in tenths of a percent of what a full member gets.
    pub weight: u16,
    /// Whether new requests are sent to it.
    pub open: bool,
}

/// Which cohort a task is in. It stays good when cohorts become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CohortId(u32);

/// What flows from one instant to the next change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flows {
    pub offered: Rate,
    /// What the tasks to which requests are sent can serve.
    pub capacity: Rate,
    pub served: Rate,
    /// By [`Loss::ALL`].
    pub lost: [Rate; 6],
    /// What a full member gets and serves: of the versions before a split, and of the one that it is about.
    pub each: [Rate; 2],
}

/// What has come to what since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub offered: Requests,
    pub served: Requests,
    /// What tasks took up, whatever became of it.
    pub worked: Requests,
    /// By [`Loss::ALL`].
    pub lost: [Requests; 6],
}

#[derive(Clone, Debug)]
struct Cohort {
    kind: Kind,
    tasks: u32,
    waiting: Requests,
    arriving: Rate,
    served: Rate,
    lost: Option<(Loss, Rate)>,
    /// For each limit of waiting, whether it is reached.
    over: [bool; 2],
    /// The cohort that it is a part of now.
    joined: Option<CohortId>,
}

/// The tasks of one service and the requests at them.
#[derive(Clone, Debug)]
pub(crate) struct Fluid {
    /// A request that would wait longer fails.
    timeout: Duration,
    /// Waiting times at which somebody wants to know.
    limits: [Option<Duration>; 2],
    cohorts: Vec<Cohort>,
    /// Those that have tasks.
    live: Vec<CohortId>,
    offered: Rate,
    /// A version, and its share of the requests in tenths of a percent.
    split: Option<(u16, u16)>,
    flows: Flows,
    since: Time,
    totals: Totals,
}

impl Fluid {
    pub fn new(timeout: Duration, limits: [Option<Duration>; 2]) -> Self {
        Self {
            timeout,
            limits,
            cohorts: vec![],
            live: vec![],
            offered: Rate::ZERO,
            split: None,
            flows: Flows::default(),
            since: Time::ZERO,
            totals: Totals::default(),
        }
    }

    pub fn offer(&mut self, rate: Rate) {
        self.offered = rate;
    }

    pub const fn split(&self) -> Option<(u16, u16)> {
        self.split
    }

    pub fn set_split(&mut self, split: Option<(u16, u16)>) {
        self.split = split;
    }

    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// What waits at all tasks.
    pub fn waiting(&self) -> Requests {
        self.live.iter().map(|id| self.cohorts[id.0 as usize].waiting).sum()
    }

    /// A task without requests comes.
    pub fn join(&mut self, kind: Kind) -> CohortId {
        self.put(kind, Requests::ZERO)
    }

    /// A task goes, and what waited there is lost.
    pub fn leave(&mut self, id: CohortId) {
        let waited = self.take(id);
        self.totals.lost[Loss::Cut as usize] += waited;
    }

    /// A task becomes one of another kind, and keeps what waits there.
    pub fn turn(&mut self, id: CohortId, kind: Kind) -> CohortId {
        let waited = self.take(id);
        self.put(kind, waited)
    }

    /// What waits at one task of a cohort is lost: how much that is.
    pub fn drop_waiting(&mut self, id: &mut CohortId, loss: Loss) -> Requests {
        let kind = self.cohort(*id).kind;
        let waited = self.take(*id);
        self.totals.lost[loss as usize] += waited;
        *id = self.join(kind);
        waited
    }

    /// Of what was counted as served, so much was still under way and is lost.
    pub fn cut(&mut self, requests: Requests, loss: Loss) {
        self.totals.served -= requests;
        self.totals.lost[loss as usize] += requests;
    }

    /// How long a request that arrives now waits at a task of a cohort.
    pub fn wait(&self, id: CohortId) -> Duration {
        let cohort = self.cohort(id);
        if cohort.over.iter().zip(self.limits).any(|(over, limit)| *over && limit == Some(self.timeout)) {
            return self.timeout;
        }
        match cohort.capacity() {
            Rate::ZERO if cohort.waiting == Requests::ZERO => Duration::ZERO,
            Rate::ZERO => self.timeout,
            capacity => {
                let ms = cohort.waiting.nanos() / i128::from(capacity.micros());
                Duration::from_millis(u64::try_from(ms).unwrap_or(u64::MAX))
            }
        }
    }

    /// Whether the two are one by now.
    pub fn is_same(&self, one: CohortId, other: CohortId) -> bool {
        self.find(one) == self.find(other)
    }

    /// Lets time pass: everything has flowed as it did since the last change.
    pub fn advance(&mut self, now: Time) {
        let span = now.since(self.since);
        self.since = now;
        if span.is_zero() {
            return;
        }
        for id in &self.live {
            let cohort = &mut self.cohorts[id.0 as usize];
            cohort.waiting += cohort.arriving.over(span);
            cohort.waiting -= cohort.served.over(span);
            if let Some((_, rate)) = cohort.lost {
                cohort.waiting -= rate.over(span);
            }
            assert!(cohort.waiting >= Requests::ZERO, "no more is served than is there");
        }
        self.totals.offered += self.flows.offered.over(span);
        self.totals.served += self.flows.served.over(span);
        self.totals.worked += (self.flows.served + self.flows.lost[Loss::Errors as usize]).over(span);
        for (total, rate) in self.totals.lost.iter_mut().zip(self.flows.lost) {
            *total += rate.over(span);
        }
        self.assert_conservation();
    }

    /// Every request that was offered is served, waits, or is lost.
    fn assert_conservation(&self) {
        let Totals { offered, served, lost, .. } = self.totals;
        let lost: Requests = lost.into_iter().sum();
        assert_eq!(offered, served + self.waiting() + lost, "no request comes from nowhere or goes there");
    }

    /// What arrives at tasks where nobody waits, and what those can serve, for each kind of tasks that is as busy as no other.
    pub fn spread(&self) -> Vec<(Rate, Rate)> {
        let mut spread: Vec<(Rate, Rate)> = vec![];
        for id in &self.live {
            let cohort = &self.cohorts[id.0 as usize];
            let (rate, capacity) = (cohort.arriving, cohort.capacity());
            let at_once = cohort.waiting == Requests::ZERO && rate <= capacity && !rate.is_zero();
            if !at_once || cohort.kind.condition != Condition::Serving {
                continue;
            }
            // Rates of shares are rounded.
            let as_busy = |(other, can): &&mut (Rate, Rate)| {
                let difference = rate.as_per_s() * can.as_per_s() - other.as_per_s() * capacity.as_per_s();
                difference.abs() <= 1e-6 * capacity.as_per_s() * can.as_per_s()
            };
            match spread.iter_mut().find(as_busy) {
                Some((other, can)) => (*other, *can) = (*other + rate, *can + capacity),
                None => spread.push((rate, capacity)),
            }
        }
        spread
    }

    /// Works out what flows from now on: the flows, when they change by themselves, and the cohorts whose waiting time has
    /// reached a limit now.
    pub fn flow(&mut self) -> (Flows, Option<Time>, Vec<CohortId>) {
        self.merge();
        let mut flows = Flows { offered: self.offered, ..Flows::default() };
        flows.lost[Loss::NoTarget as usize] = self.distribute(&mut flows);
        let (mut next, mut reached): (Option<Time>, _) = (None, vec![]);
        for &id in &self.live {
            let cohort = &mut self.cohorts[id.0 as usize];
            let over = cohort.over;
            let (changes, shed) = cohort.settle(self.timeout, self.limits);
            self.totals.lost[Loss::TimedOut as usize] += shed;
            if cohort.over.iter().zip(over).any(|(now, before)| *now && !before) {
                reached.push(id);
            }
            if let Some(span) = changes {
                let at = self.since + span;
                next = Some(next.map_or(at, |next| next.min(at)));
            }
            let takes = matches!(cohort.kind.condition, Condition::Serving | Condition::Erring);
            if cohort.kind.open && takes {
                flows.capacity = flows.capacity + cohort.capacity();
            }
            let served = cohort.served;
            if cohort.kind.condition == Condition::Erring {
                let errors = &mut flows.lost[Loss::Errors as usize];
                *errors = *errors + served;
            } else {
                flows.served = flows.served + served;
            }
            if let Some((loss, rate)) = cohort.lost {
                flows.lost[loss as usize] = flows.lost[loss as usize] + rate;
            }
        }
        self.flows = flows;
        self.assert_conservation();
        (flows, next, reached)
    }

    /// Sends to each open cohort what arrives for it; what is left has nowhere to go.
    fn distribute(&mut self, flows: &mut Flows) -> Rate {
        let split = self.split;
        let side_of = |kind: &Kind| usize::from(split.is_some_and(|(version, _)| version == kind.version));
        let mut weights = [0_u64; 2];
        for id in &self.live {
            let cohort = &self.cohorts[id.0 as usize];
            weights[side_of(&cohort.kind)] += cohort.weight();
        }
        let shared = split.map_or(Rate::ZERO, |(_, permille)| self.offered.share(permille.into(), 1_000));
        // When the last task of the versions before has gone there is nothing to split any more.
        let shared = if split.is_some() && weights[0] == 0 { self.offered } else { shared };
        let mut left = [self.offered.less(shared), shared];
        let (offered, mut open) = (left, weights);
        for (each, (offered, weight)) in flows.each.iter_mut().zip(offered.into_iter().zip(weights)) {
            *each = offered.share(1_000, weight);
        }
        for id in &self.live {
            let cohort = &mut self.cohorts[id.0 as usize];
            let (side, weight) = (side_of(&cohort.kind), cohort.weight());
            // Of what is left, the share of what is left of the weights: nothing is lost to rounding.
            cohort.arriving = left[side].share(weight, open[side]);
            left[side] = left[side].less(cohort.arriving);
            open[side] -= weight;
        }
        left[0] + left[1]
    }

    /// Makes cohorts that are alike one.
    fn merge(&mut self) {
        let mut i = 0;
        while i < self.live.len() {
            let id = self.live[i];
            let Cohort { kind, waiting, tasks, .. } = self.cohorts[id.0 as usize];
            let same = |other: &&CohortId| {
                let other = &self.cohorts[other.0 as usize];
                other.kind == kind && other.waiting == Requests::ZERO
            };
            match self.live[..i].iter().find(same).copied() {
                Some(first) if waiting == Requests::ZERO => {
                    self.cohorts[first.0 as usize].tasks += tasks;
                    let gone = &mut self.cohorts[id.0 as usize];
                    (gone.tasks, gone.joined) = (0, Some(first));
                    self.live.remove(i);
                }
                _ => i += 1,
            }
        }
    }

    fn put(&mut self, kind: Kind, waiting: Requests) -> CohortId {
        let same = |id: &&CohortId| {
            let cohort = &self.cohorts[id.0 as usize];
            cohort.kind == kind && cohort.waiting == Requests::ZERO && waiting == Requests::ZERO
        };
        if let Some(&id) = self.live.iter().find(same) {
            self.cohorts[id.0 as usize].tasks += 1;
            return id;
        }
        let id = CohortId(self.cohorts.len() as u32);
        let (arriving, served) = (Rate::ZERO, Rate::ZERO);
        let (lost, over, joined) = (None, [false; 2], None);
        self.cohorts.push(Cohort { kind, tasks: 1, waiting, arriving, served, lost, over, joined });
        self.live.push(id);
        id
    }

    /// Takes one task out of its cohort, and with it what waits there.
    fn take(&mut self, id: CohortId) -> Requests {
        let id = self.find(id);
        let cohort = &mut self.cohorts[id.0 as usize];
        let share = Requests::from_nanos(cohort.waiting.nanos() / i128::from(cohort.tasks));
        cohort.waiting -= share;
        cohort.tasks -= 1;
        if cohort.tasks == 0 {
            self.live.retain(|live| *live != id);
        }
        share
    }

    fn cohort(&self, id: CohortId) -> &Cohort {
        &self.cohorts[self.find(id).0 as usize]
    }

    fn find(&self, mut id: CohortId) -> CohortId {
        while let Some(joined) = self.cohorts[id.0 as usize].joined {
            id = joined;
        }
        id
    }
}

impl Cohort {
    fn capacity(&self) -> Rate {
        match self.kind.condition {
            Condition::Serving | Condition::Erring | Condition::Closing => self.kind.capacity.times(self.tasks),
            Condition::Hung | Condition::Gone => Rate::ZERO,
        }
    }

    fn weight(&self) -> u64 {
        if self.kind.open { u64::from(self.kind.weight) * u64::from(self.tasks) } else { 0 }
    }

    /// Works out what is served and lost of what arrives and waits: when that changes by itself, and what is lost at once
    /// because it would wait too long.
    fn settle(&mut self, timeout: Duration, limits: [Option<Duration>; 2]) -> (Option<Duration>, Requests) {
        let arriving = self.arriving;
        let refused = match self.kind.condition {
            Condition::Serving | Condition::Erring => None,
            Condition::Closing | Condition::Gone => Some(Loss::Refused),
            Condition::Hung => Some(Loss::Hung),
        };
        self.lost = refused.map(|loss| (loss, arriving)).filter(|(_, rate)| !rate.is_zero());
        let arriving = if refused.is_some() { Rate::ZERO } else { arriving };
        let capacity = self.capacity();
        let most = capacity.over(timeout);
        let shed = if refused.is_none() && self.waiting > most { self.waiting - most } else { Requests::ZERO };
        self.waiting -= shed;
        let waiting = self.waiting.nanos();
        let (mut full, mut changes) = (false, None);
        if arriving > capacity {
            let growth = i128::from(arriving.micros() - capacity.micros());
            let until_full = (most.nanos() - waiting) / growth;
            full = until_full == 0;
            self.served = capacity;
            if full {
                self.lost = Some((Loss::TimedOut, arriving.less(capacity)));
            } else {
                changes = Some(until_full);
                let until = |limit: Duration| (capacity.over(limit).nanos() - waiting + growth - 1) / growth;
                let soonest = limits.into_iter().flatten().map(until).filter(|ms| *ms > 0).min();
                changes = changes.into_iter().chain(soonest).min();
            }
        } else if waiting > 0 && capacity > Rate::ZERO {
            let decline = i128::from(capacity.micros() - arriving.micros());
            self.served = capacity;
            if decline > 0 {
                let until_empty = waiting / decline;
                // The rest is served within a millisecond.
                if until_empty == 0 {
                    self.served = arriving + Rate::from_micros(u64::try_from(waiting).unwrap_or(u64::MAX));
                }
                changes = Some(until_empty.max(1));
            }
        } else {
            self.served = arriving;
        }
        for (over, limit) in self.over.iter_mut().zip(limits) {
            *over = limit.is_some_and(|limit| {
                let reached = capacity > Rate::ZERO && waiting >= capacity.over(limit).nanos();
                reached || (full && limit <= timeout)
            });
        }
        (changes.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(u64::MAX / 4))), shed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: [Option<Duration>; 2] = [None, None];

    fn ms(ms: u64) -> Time {
        Time::from_millis(ms)
    }

    fn task(capacity: f64) -> Kind {
        Kind { version: 1, condition: Condition::Serving, capacity: Rate::per_s(capacity), weight: 1_000, open: true }
    }

    /// Lets everything happen until `end`; the times at which something changed by itself.
    fn play(fluid: &mut Fluid, end: Time) -> Vec<u64> {
        let mut changes = vec![];
        loop {
            let (_, next, _) = fluid.flow();
            let Some(at) = next.filter(|at| *at <= end) else { break };
            changes.push(at.as_millis());
            fluid.advance(at);
        }
        fluid.advance(end);
        changes
    }

    /// 100/s at 2 tasks of 25/s with a timeout of 4 s: 200 wait after 4 s, and then 50/s are lost. With 10/s from 10 s on the
    /// backlog is gone 200 / 40 = 5 s later.
    #[test]
    fn a_backlog_grows_to_its_limit_and_goes() {
        let mut fluid = Fluid::new(Duration::from_secs(4), NEVER);
        let first = fluid.join(task(25.0));
        assert_eq!(fluid.join(task(25.0)), first, "tasks that are alike are one cohort");
        fluid.offer(Rate::per_s(100.0));
        assert_eq!(play(&mut fluid, ms(10_000)), [4_000]);
        assert_eq!((fluid.waiting().as_f64(), fluid.wait(first)), (200.0, Duration::from_secs(4)));
        fluid.offer(Rate::per_s(10.0));
        assert_eq!(play(&mut fluid, ms(20_000)).first(), Some(&15_000));
        let Totals { offered, served, lost, .. } = *fluid.totals();
        let lost: Requests = lost.into_iter().sum();
        assert_eq!((offered.as_f64(), served.as_f64(), lost.as_f64()), (1_100.0, 800.0, 300.0));
    }

    /// Three targets of equal weight and 100/s: none of the rate is lost to rounding, whatever the cohorts.
    #[test]
    fn shares_are_the_whole() {
        let mut fluid = Fluid::new(Duration::from_secs(4), NEVER);
        for (i, weight) in [1_000, 150, 333].into_iter().enumerate() {
            fluid.join(Kind { weight, capacity: Rate::per_s(1_000.0 + i as f64), ..task(0.0) });
        }
        fluid.offer(Rate::from_micros(100_000_001));
        let (flows, ..) = fluid.flow();
        assert_eq!((flows.served, flows.lost), (Rate::from_micros(100_000_001), [Rate::ZERO; 6]));
    }

    /// A version's share goes to its tasks alone, and what has no task to go to is lost; when the other versions have gone all goes to
    /// it.
    #[test]
    fn a_split_keeps_versions_apart() {
        let mut fluid = Fluid::new(Duration::from_secs(4), NEVER);
        let old = fluid.join(task(1_000.0));
        fluid.offer(Rate::per_s(100.0));
        fluid.set_split(Some((2, 250)));
        let no_target = |fluid: &mut Fluid| fluid.flow().0.lost[Loss::NoTarget as usize];
        assert_eq!(no_target(&mut fluid), Rate::per_s(25.0));
        fluid.join(Kind { version: 2, condition: Condition::Erring, ..task(1_000.0) });
        let (flows, ..) = fluid.flow();
        assert_eq!((flows.served, flows.lost[Loss::Errors as usize]), (Rate::per_s(75.0), Rate::per_s(25.0)));
        assert_eq!(no_target(&mut fluid), Rate::ZERO);
        fluid.leave(old);
        assert_eq!(fluid.flow().0.lost[Loss::Errors as usize], Rate::per_s(100.0));
    }

    /// 103/s at 2 tasks of 25/s: the wait reaches 3 s after 3 x 50 / 53 = 2.830 s, to the millisecond above.
    #[test]
    fn somebody_hears_of_a_long_wait_in_time() {
        let mut fluid = Fluid::new(Duration::from_secs(60), [Some(Duration::from_secs(3)), None]);
        let cohort = fluid.join(task(25.0));
        fluid.join(task(25.0));
        fluid.offer(Rate::per_s(103.0));
        let (_, next, reached) = fluid.flow();
        assert_eq!((next, reached), (Some(ms(2_831)), vec![]));
        fluid.advance(ms(2_831));
        assert_eq!(fluid.flow().2, [cohort]);
        assert_eq!(fluid.wait(cohort), Duration::from_secs(3));
    }

    /// What waits at a task goes with it: half of 53 x 10.
    #[test]
    fn a_task_that_leaves_loses_what_waits_there() {
        let mut fluid = Fluid::new(Duration::from_secs(60), NEVER);
        let cohort = fluid.join(task(25.0));
        fluid.join(task(25.0));
        fluid.offer(Rate::per_s(103.0));
        play(&mut fluid, ms(10_000));
        fluid.leave(cohort);
        assert_eq!(fluid.totals().lost[Loss::Cut as usize], Requests::from_f64(265.0));
        assert_eq!(fluid.waiting(), Requests::from_f64(265.0));
    }
}
