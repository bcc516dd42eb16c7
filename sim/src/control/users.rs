//! The users of one service: what flows between them and its tasks, and what its tasks were sent before.

use crate::control::checks::probe;
use crate::control::targets::{Ending, Target};
use crate::engine::draws::{Draws, Entity, Stream};
use crate::engine::event::Checker;
use crate::engine::time::{Duration, Time};
use crate::model::{Load, Service};
use crate::traffic::fluid::{Flows, Fluid};
use crate::traffic::{Piece, Rate, last_ends, longest};

/// The users of one service.
#[derive(Debug)]
pub(super) struct Users<'m> {
    pub(super) service: &'m Service,
    pub(super) entity: Entity,
    pub(super) fluid: Fluid,
    pub(super) flows: Flows,
    pub(super) spread: Vec<(Rate, Rate)>,
    /// What a full member has got and served from which time on, and the version that the split was about then.
    pub(super) history: Vec<(Time, Option<u16>, [Rate; 2])>,
    /// What began longer ago is not under way any more.
    pub(super) memory: Duration,
    /// When the flows change by themselves. An event for another time is stale.
    pub(super) next: Option<Time>,
    /// Requests go to every registered target, because none is healthy.
    pub(super) fails_open: bool,
    /// Targets that their balancer, or whoever sends requests, takes for healthy.
    pub(super) healthy: u32,
    /// The last time that the first of them came.
    pub(super) was_empty: Option<Time>,
    pub(super) running: u32,
    /// Task-milliseconds of running.
    pub(super) ran_ms: u128,
    /// Targets to which requests are sent.
    pub(super) open: u32,
    /// Target-milliseconds of being sent requests.
    pub(super) open_ms: u128,
    pub(super) since: Time,
}

impl<'m> Users<'m> {
    pub(super) fn new(service: &'m Service) -> Self {
        let timeout = service.load.as_ref().map_or(Duration::ZERO, |load: &Load| load.timeout);
        let limits = Checker::ALL.map(|by| probe(service, by).map(|probe| probe.timeout));
        Self {
            service,
            entity: Entity::named(&service.name),
            fluid: Fluid::new(timeout, limits),
            flows: Flows::default(),
            spread: vec![],
            history: vec![],
            memory: service.load.as_ref().map_or(Duration::ZERO, |load| longest(&load.request_time)),
            next: None,
            fails_open: false,
            healthy: 0,
            was_empty: None,
            running: 0,
            ran_ms: 0,
            open: 0,
            open_ms: 0,
            since: Time::ZERO,
        }
    }

    /// How long what is under way and waits at a target takes, at most so long, and what is left then.
    pub(super) fn until_idle(
        &self,
        target: &Target,
        load: &Load,
        most: Duration,
        draws: Draws,
        now: Time,
    ) -> (Duration, Ending) {
        let lot = draws.bits(Stream::InFlight, target.entity) as f64 / u64::MAX as f64;
        let last = last_ends(&self.pieces(target, now), &load.request_time, now, most, lot);
        let waits = self.fluid.wait(target.cohort);
        let ending = if last < most { Ending::Empty } else { Ending::NotEmpty };
        ((last + waits).min(most), if waits.is_zero() { ending } else { Ending::Timer })
    }

    pub(super) fn advance(&mut self, now: Time) {
        let ms = u128::from(now.since(self.since).as_millis());
        self.since = now;
        self.ran_ms += ms * u128::from(self.running);
        self.open_ms += ms * u128::from(self.open);
        self.fluid.advance(now);
    }

    /// Takes note of what a full member gets and serves from now on.
    pub(super) fn note(&mut self, now: Time) {
        let Some(load) = &self.service.load else { return };
        let each = self.flows.each.map(|rate| rate.min(load.capacity_per_task));
        let split = self.fluid.split().map(|(version, _)| version);
        match self.history.last_mut() {
            Some((_, last_split, last)) if *last == each && *last_split == split => {}
            Some((at, last_split, last)) if *at == now => (*last_split, *last) = (split, each),
            _ => self.history.push((now, split, each)),
        }
    }

    /// What a target has served since requests were sent to it, piece by piece.
    pub(super) fn pieces(&self, target: &Target, now: Time) -> Vec<Piece> {
        let Some(opened) = target.opened else { return vec![] };
        let until = target.closed.unwrap_or(now);
        let from = opened.max(now - self.memory);
        let first = self.history.partition_point(|(at, ..)| *at <= from).saturating_sub(1);
        let ends = self.history.iter().skip(first + 1).map(|(at, ..)| *at).chain([Time::NEVER]);
        let pieces = self.history[first.min(self.history.len())..].iter().zip(ends);
        let pieces = pieces.map(|(&(began, split, each), to)| {
            let side = usize::from(split == Some(target.kind.version));
            let rate = each[side].share(target.kind.weight.into(), 1_000).min(target.kind.capacity);
            Piece { from: began.max(from), to: to.min(until), rate }
        });
        pieces.filter(|piece| piece.from < piece.to).collect()
    }
}
