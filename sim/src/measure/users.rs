//! What the users of the services felt: how many of their requests were served, failed or waited, and how long they took.

use std::cmp::Ordering;

use crate::engine::fact::{Fact, ServiceId};
use crate::engine::time::{Duration, Time};
use crate::model::{Load, Model};
use crate::traffic::{Latency, Loss, Quantile, Rate, Requests, ResponseTime, Station};

/// What the users of all services with a load felt over a run. Every request that was offered is served, fails or waits:
/// `offered` = `served` + all of `failed` + `waiting`, to the last billionth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Users {
    /// Requests that arrived.
    pub offered: Requests,
    /// Requests that a task took up and that did not fail. Those that are still under way when the run ends are among them;
    /// those that were cut while they were under way are not.
    pub served: Requests,
    /// Requests that failed, by [`Loss::ALL`].
    pub failed: [Requests; 6],
    /// Requests that wait for their task when the run ends.
    pub waiting: Requests,
    /// Requests that arrived beyond what the tasks to which they are sent could serve at that moment. Some of them are
    /// served later, and some fail.
    pub shortfall: Requests,
    /// The time that requests waited for their task at a backlog, those that failed included; request-seconds.
    pub waited_request_s: f64,
    /// How long requests took that were served.
    pub latency: Percentiles,
}

/// How long requests took, of the service with the longest in each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Percentiles {
    /// What half of them do not exceed.
    pub p50: Quantile,
    /// What 95 % of them do not exceed.
    pub p95: Quantile,
    /// What 99 % of them do not exceed.
    pub p99: Quantile,
}

/// Watches the requests of a run, exactly: rates are constant between facts.
#[derive(Clone, Debug)]
pub struct UserMeter<'m> {
    /// By service, where it has a load.
    services: Vec<Option<Flow<'m>>>,
    end: Time,
}

/// The requests of one service.
#[derive(Clone, Debug)]
struct Flow<'m> {
    load: &'m Load,
    /// Since when the rates are as they are.
    since: Time,
    demand: Rate,
    capacity: Rate,
    /// What arrives at tasks where nobody waits, and what those can serve, by kind.
    spread: Vec<(Rate, Rate)>,
    serving: Rate,
    losing: [Rate; 6],
    offered: Requests,
    served: Requests,
    failed: [Requests; 6],
    waiting: Requests,
    shortfall: Requests,
    /// Twice the integral of what waits, in billionths of a request times milliseconds.
    twice_waited: i128,
    latency: Latency,
}

impl Users {
    /// Requests that failed, in whatever way.
    pub fn failed_in_all(&self) -> Requests {
        self.failed.into_iter().sum()
    }

    /// The shortfall in percent of what was offered; 0 where nothing was.
    pub fn shortfall_percent(&self) -> f64 {
        let offered = self.offered.as_f64();
        if offered > 0.0 { 100.0 * self.shortfall.as_f64() / offered } else { 0.0 }
    }

    fn plus(self, other: Self) -> Self {
        let mut failed = self.failed;
        failed.iter_mut().zip(other.failed).for_each(|(sum, more)| *sum += more);
        Self {
            offered: self.offered + other.offered,
            served: self.served + other.served,
            failed,
            waiting: self.waiting + other.waiting,
            shortfall: self.shortfall + other.shortfall,
            waited_request_s: self.waited_request_s + other.waited_request_s,
            latency: self.latency.longest(other.latency),
        }
    }
}

impl Percentiles {
    fn longest(self, other: Self) -> Self {
        let longer = |a: Quantile, b: Quantile| if a.compare(b) == Ordering::Less { b } else { a };
        Self { p50: longer(self.p50, other.p50), p95: longer(self.p95, other.p95), p99: longer(self.p99, other.p99) }
    }
}

impl<'m> UserMeter<'m> {
    /// Nothing offered yet.
    pub fn new(model: &'m Model) -> Self {
        let services = model.services.iter().map(|service| service.load.as_ref().map(Flow::new)).collect();
        Self { services, end: Time::ZERO + model.horizon }
    }

    /// Takes note of what changes the flow of requests.
    ///
    /// # Panics
    /// In builds with debug assertions, when more requests are served and fail than were offered.
    pub fn observe(&mut self, at: Time, fact: Fact) {
        match fact {
            Fact::DemandChanged { service, rate } => self.change(at, service, |flow| flow.demand = rate),
            Fact::CapacityChanged { service, rate } => self.change(at, service, |flow| flow.capacity = rate),
            Fact::SpreadChanged { service, kind, rate, capacity } => {
                self.change(at, service, |flow| {
                    let kind = usize::from(kind);
                    flow.spread.resize(flow.spread.len().max(kind + 1), (Rate::ZERO, Rate::ZERO));
                    flow.spread[kind] = (rate, capacity);
                });
            }
            Fact::ServedChanged { service, rate } => self.change(at, service, |flow| flow.serving = rate),
            Fact::LosingChanged { service, loss, rate } => {
                self.change(at, service, |flow| flow.losing[loss as usize] = rate);
            }
            Fact::RequestsLost { service, loss, nanos, under_way } => {
                self.change(at, service, |flow| flow.lose(loss, nanos, under_way));
            }
            _ => {}
        }
    }

    /// What was felt until the horizon; absent where no service has a load.
    pub fn users(&self) -> Option<Users> {
        let flows = self.services.iter().flatten().cloned();
        let users = flows.map(|mut flow| {
            flow.pass(self.end);
            flow.users()
        });
        users.reduce(Users::plus)
    }

    fn change(&mut self, at: Time, service: ServiceId, change: impl FnOnce(&mut Flow)) {
        if let Some(flow) = &mut self.services[service.index()] {
            flow.pass(at);
            change(flow);
        }
    }
}

impl<'m> Flow<'m> {
    fn new(load: &'m Load) -> Self {
        Self {
            load,
            since: Time::ZERO,
            demand: Rate::ZERO,
            capacity: Rate::ZERO,
            spread: vec![],
            serving: Rate::ZERO,
            losing: [Rate::ZERO; 6],
            offered: Requests::ZERO,
            served: Requests::ZERO,
            failed: [Requests::ZERO; 6],
            waiting: Requests::ZERO,
            shortfall: Requests::ZERO,
            twice_waited: 0,
            latency: Latency::new(),
        }
    }

    /// Adds up what has flowed since the last change.
    fn pass(&mut self, at: Time) {
        let span = at.since(self.since);
        if span.is_zero() {
            return;
        }
        self.since = at;
        let waited = self.waiting;
        let (offered, served) = (self.demand.over(span), self.serving.over(span));
        self.offered += offered;
        self.served += served;
        self.waiting += offered - served;
        for (failed, rate) in self.failed.iter_mut().zip(self.losing) {
            *failed += rate.over(span);
            self.waiting -= rate.over(span);
        }
        self.shortfall += self.demand.less(self.capacity).over(span);
        // Between two changes what waits grows or shrinks evenly.
        self.twice_waited += (waited + self.waiting).nanos() * i128::from(span.as_millis());
        self.time(served, span);
        self.check();
    }

    /// Counts requests by the utilization that they met.
    fn time(&mut self, served: Requests, span: Duration) {
        let mut at_once = Requests::ZERO;
        for (rate, capacity) in self.spread.iter().filter(|(rate, _)| !rate.is_zero()) {
            at_once += rate.over(span);
            self.latency.stable(rate.over(span).as_f64(), rate.as_per_s() / capacity.as_per_s());
        }
        if served > at_once {
            self.latency.saturated((served - at_once).as_f64());
        }
    }

    /// Requests fail at once; of them `under_way` have been counted as served, and the others waited.
    fn lose(&mut self, loss: Loss, nanos: u64, under_way: u64) {
        let [nanos, under_way] = [nanos, under_way].map(|nanos| Requests::from_nanos(nanos.into()));
        self.failed[loss as usize] += nanos;
        self.served -= under_way;
        self.waiting -= nanos - under_way;
        self.check();
    }

    fn check(&self) {
        debug_assert!(self.waiting >= Requests::ZERO, "no more is served and fails than was offered");
        debug_assert_eq!(
            self.offered,
            self.served + self.waiting + self.failed.into_iter().sum(),
            "no request comes from nowhere or goes there"
        );
    }

    fn users(&self) -> Users {
        let Load { concurrency, capacity_per_task, request_time, .. } = self.load;
        // A full task has so many requests at once and gets through with so many a second: what each of them keeps it busy
        // need not be how long it is under way.
        let mean_s = f64::from(*concurrency) / capacity_per_task.as_per_s();
        let station = Station { servers: *concurrency, mean_s, scv: request_time.scv() };
        let of = ResponseTime::new(station, request_time);
        let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|q| self.latency.quantile(q, &of));
        Users {
            offered: self.offered,
            served: self.served,
            failed: self.failed,
            waiting: self.waiting,
            shortfall: self.shortfall,
            waited_request_s: self.twice_waited as f64 / 2e12,
            latency: Percentiles { p50, p95, p99 },
        }
    }
}
