//! A refresh of a host group that is under way: what it sees of the hosts, and what it wants next. The group acts on it.

use std::collections::BTreeSet;

use crate::cluster::{Cluster, HostLife};
use crate::deploy::{Amount, Bound, Plan, Pool, Round, Side, View};
use crate::engine::fact::HostId;
use crate::engine::time::Time;
use crate::model::Refresh;

/// A refresh that is under way: a rollout whose tasks are the group's hosts.
#[derive(Clone, Debug)]
pub(super) struct Refreshing<'m> {
    settings: &'m Refresh,
    pool: Pool,
    /// Hosts from this one on came after it began.
    first_new: HostId,
    /// New hosts whose warm-up is over.
    warm: BTreeSet<HostId>,
    /// Checkpoints that are behind it.
    passed: usize,
    /// It is at a checkpoint until then.
    holds_until: Option<Time>,
    /// What it saw last: the new hosts, the old ones, and those that leave.
    seen: (Side, Side, u32),
    /// Since when nothing has got on; later than now while a warm-up or a checkpoint takes its time.
    still_since: Time,
    /// When it is looked next whether it still gets on. An event for another time is stale.
    deadline: Time,
}

/// What a refresh wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Hosts come and go.
    Act(Plan),
    /// A checkpoint is reached, and holds until then.
    Hold(Time),
    /// Nothing until something happens.
    Wait,
    /// All hosts are replaced.
    End,
}

impl<'m> Refreshing<'m> {
    /// One that begins now: all hosts launched so far are old.
    pub fn new(settings: &'m Refresh, cluster: &Cluster, now: Time) -> Self {
        Self {
            settings,
            pool: settings.pool(),
            first_new: HostId(cluster.hosts.len() as u32),
            warm: BTreeSet::new(),
            passed: 0,
            holds_until: None,
            seen: <(Side, Side, u32)>::default(),
            still_since: now,
            deadline: now,
        }
    }

    /// What it wants next of a group that wants so many hosts, has some `here` and lets others go. Asked again after that is
    /// done it wants nothing more, because what it asked for is in the counts by then.
    pub fn next(
        &mut self,
        wanted: u32,
        here: &BTreeSet<HostId>,
        leaving: &BTreeSet<HostId>,
        cluster: &Cluster,
        now: Time,
    ) -> Next {
        let checkpoint = self.settings.checkpoints.get(self.passed).map(|&permille| {
            // At least such a share of the hosts must be new (asg-adding-checkpoints-instance-refresh.md).
            Bound { amount: Amount::Permille(permille), round: Round::Up }.of(wanted)
        });
        let replaced = checkpoint.unwrap_or(wanted);
        let View { new, old, terminating, .. } = self.view(wanted, here, leaving, cluster);
        if self.seen != (new, old, terminating) {
            self.seen = (new, old, terminating);
            self.still_since = self.still_since.max(now);
        }
        let reached = new.available >= replaced && old.wanted <= wanted - replaced;
        if reached && self.holds_until.is_none() {
            if checkpoint.is_some() {
                let until = now + self.settings.checkpoint_delay;
                (self.holds_until, self.still_since) = (Some(until), until);
                return Next::Hold(until);
            }
            if !here.iter().chain(leaving).any(|&host| !self.is_new(host)) {
                return Next::End;
            }
        }
        // What is missing comes as new hosts, also where it is not yet their turn, and those that are there stay.
        let target = replaced.max(wanted.saturating_sub(old.wanted)).max(new.wanted.min(wanted));
        let view = View {
            desired: wanted,
            new: Side { target, ..new },
            old: Side { target: wanted - target, ..old },
            terminating,
            ..View::default()
        };
        let plan = self.pool.plan(&view);
        if plan.is_empty() { Next::Wait } else { Next::Act(plan) }
    }

    /// The hosts that may go of one kind: new or old ones, available or not. Those that have been given notice go anyway.
    pub fn candidates(&self, new: bool, available: bool, here: &BTreeSet<HostId>, cluster: &Cluster) -> Vec<HostId> {
        let stays = |host: HostId| cluster.hosts[host.index()].life != HostLife::Draining;
        let alike = |host: HostId| self.is_new(host) == new && self.is_available(host, cluster) == available;
        here.iter().copied().filter(|&host| stays(host) && alike(host)).collect()
    }

    /// A host has registered. Returns when it counts as available: an old one at once, because the warm-up is the time that
    /// a replacement takes.
    pub fn registered(&mut self, host: HostId, now: Time) -> Time {
        let warm = if self.is_new(host) { now + self.settings.warmup } else { now };
        self.still_since = self.still_since.max(warm);
        warm
    }

    /// A host that has registered counts as available from now on.
    pub fn warmed(&mut self, host: HostId) {
        if self.is_new(host) {
            self.warm.insert(host);
        }
    }

    /// Leaves the checkpoint that holds until now, if one does.
    pub fn goes_on(&mut self, now: Time) -> bool {
        let over = self.holds_until == Some(now);
        if over {
            self.holds_until = None;
            self.passed += 1;
        }
        over
    }

    /// Whether nothing has got on for too long; an event at the deadline asks.
    pub fn is_stuck(&self, now: Time) -> bool {
        now >= self.still_since + Refresh::STUCK_AFTER
    }

    /// Whether an event at the deadline is for another one.
    pub fn is_stale(&self, now: Time) -> bool {
        self.deadline != now
    }

    /// The next deadline.
    pub fn next_deadline(&mut self) -> Time {
        self.deadline = self.still_since + Refresh::STUCK_AFTER;
        self.deadline
    }

    fn view(&self, wanted: u32, here: &BTreeSet<HostId>, leaving: &BTreeSet<HostId>, cluster: &Cluster) -> View {
        let mut view = View { desired: wanted, terminating: leaving.len() as u32, ..View::default() };
        for &host in here {
            if cluster.hosts[host.index()].life == HostLife::Draining {
                view.terminating += 1;
                continue;
            }
            let side = if self.is_new(host) { &mut view.new } else { &mut view.old };
            side.wanted += 1;
            side.available += u32::from(self.is_available(host, cluster));
        }
        view
    }

    fn is_new(&self, host: HostId) -> bool {
        host >= self.first_new
    }

    fn is_available(&self, host: HostId, cluster: &Cluster) -> bool {
        cluster.hosts[host.index()].life == HostLife::Ready && (!self.is_new(host) || self.warm.contains(&host))
    }
}
