//! Host groups: how many hosts they want, how hosts come, drain and go.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::cluster::{Cluster, Host, HostLife};
use crate::control::agents::Agents;
use crate::control::refresh::{Next, Refreshing};
use crate::engine::ctx::Ctx;
use crate::engine::draws::{Draws, Entity, Stream};
use crate::engine::event::Event;
use crate::engine::fact::{DeployId, Fact, FactId, GroupId, HostId, ServiceId};
use crate::engine::time::{Duration, Time};
use crate::model::{ClassId, HostGroup, Leaving, Model, Service, Termination};
use crate::scaling::{Decision, GroupHost, GroupView, Memory, Pending};

/// Launches and terminates hosts.
#[derive(Debug)]
pub(crate) struct HostGroups<'m> {
    model: &'m Model,
    draws: Draws,
    groups: Vec<Group<'m>>,
    /// Services with tasks on hosts that have begun to drain during this event.
    pub to_move: BTreeSet<ServiceId>,
}

/// What a group knows.
#[derive(Clone, Debug, Default)]
struct Group<'m> {
    /// Hosts launched so far.
    launched: u32,
    /// Hosts wanted (`DesiredCapacity`).
    wanted: u32,
    /// Of those, hosts that came for deploys and have not been given up.
    for_deploys: u32,
    /// Prepared hosts that are stopped.
    warm: u32,
    memory: Memory,
    /// When its scaler looks next. An event for another time is stale.
    next_look: Option<Time>,
    /// Hosts that are there or on their way, and are not leaving.
    here: BTreeSet<HostId>,
    /// How many of those are in each of its zones.
    by_zone: Vec<u32>,
    /// Hosts that leave as soon as they are empty: they do not count as there any more.
    leaving: BTreeSet<HostId>,
    /// The replacement of all its hosts, while it is under way. It says then what comes and goes.
    refreshing: Option<Refreshing<'m>>,
}

impl Group<'_> {
    /// Whoever asks for fewer takes the hosts first that came for deploys: those are not removed a second time.
    fn give_up_to(&mut self, wanted: u32) {
        self.for_deploys = self.for_deploys.saturating_sub(self.wanted.saturating_sub(wanted));
    }
}

impl<'m> HostGroups<'m> {
    pub fn new(model: &'m Model, draws: Draws) -> Self {
        let group = |group: &HostGroup| Group {
            wanted: group.hosts,
            warm: group.warm_pool.as_ref().map_or(0, |pool| pool.hosts),
            by_zone: vec![0; group.zones.len()],
            ..Group::default()
        };
        Self { model, draws, groups: model.host_groups.iter().map(group).collect(), to_move: BTreeSet::new() }
    }

    /// The hosts of the start are there, and what is planned is scheduled.
    pub fn open(&mut self, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        for (group, id) in self.model.host_groups.iter().zip((0..).map(GroupId)) {
            for _ in 0..if group.per_task.is_some() { 0 } else { group.hosts } {
                let host = self.launch(
                    id,
                    Coming { for_deploy: false, with_images: true, because: None },
                    cluster,
                    agents,
                    ctx,
                );
                self.register(host, cluster, ctx);
            }
            if let Some(pool) = &group.warm_pool {
                ctx.tell_first(Fact::WarmHosts { group: id, hosts: pool.hosts });
            }
            for (size, i) in group.schedule.iter().zip(0..) {
                ctx.schedule(size.at, Event::ScheduledSize { group: id, size: i }, ctx.cause);
            }
            for (refresh, i) in group.refreshes.iter().zip(0..) {
                ctx.schedule(refresh.at, Event::RefreshBegins { group: id, refresh: i }, ctx.cause);
            }
            if let Some(period) = group.scaler.period() {
                // The phase of its looks is anywhere in the period.
                let phase =
                    self.draws.bits(Stream::ScalerPhase, Entity::named(&group.name)) % period.as_millis().max(1);
                self.look_at(id, Time::ZERO + Duration::from_millis(phase), ctx.cause, ctx);
            }
        }
        for deploy in &self.model.deploys {
            for (group, pre) in self.model.adding_for(deploy) {
                ctx.schedule(deploy.at - pre.lead, Event::LaunchHosts(group), ctx.cause);
            }
        }
    }

    /// A group adds hosts for a deploy.
    pub fn add_hosts(&mut self, id: GroupId, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        let Some(pre) = &self.model.host_groups[id.index()].pre_deploy else { return };
        let group = &mut self.groups[id.index()];
        group.for_deploys += pre.hosts;
        let wanted = group.wanted + pre.hosts;
        self.want(id, wanted, true, cluster, agents, ctx);
    }

    /// A deploy has ended or was superseded: the hosts that came for it leave in a while.
    pub fn deploy_ended(&self, deploy: DeployId, because: FactId, ctx: &mut Ctx) {
        for (group, pre) in self.model.adding_for(&self.model.deploys[deploy.index()]) {
            ctx.schedule(ctx.now + pre.keep, Event::RemoveHosts(group), because);
        }
    }

    /// As many hosts of a group as came for a deploy leave, but for those that a scaler has taken away before.
    pub fn remove_hosts(&mut self, id: GroupId, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        let Some(pre) = &self.model.host_groups[id.index()].pre_deploy else { return };
        let group = &mut self.groups[id.index()];
        let fewer = pre.hosts.min(group.for_deploys);
        group.for_deploys -= fewer;
        let wanted = group.wanted - fewer;
        self.want(id, wanted, false, cluster, agents, ctx);
    }

    /// A size that was asked for at this time.
    pub fn scheduled_size(
        &mut self,
        id: GroupId,
        size: u32,
        cluster: &mut Cluster,
        agents: &mut Agents,
        ctx: &mut Ctx,
    ) {
        let wanted = self.model.host_groups[id.index()].schedule[size as usize].hosts;
        self.groups[id.index()].give_up_to(wanted);
        self.want(id, wanted, false, cluster, agents, ctx);
    }

    /// All hosts of a group are to be replaced.
    pub fn begin_refresh(
        &mut self,
        id: GroupId,
        refresh: u32,
        cluster: &mut Cluster,
        agents: &mut Agents,
        ctx: &mut Ctx,
    ) {
        let settings = &self.model.host_groups[id.index()].refreshes[refresh as usize];
        let group = &mut self.groups[id.index()];
        if group.refreshing.is_some() {
            ctx.tell(Fact::RefreshRefused { group: id });
            return;
        }
        let fact = ctx.tell(Fact::RefreshStarted { group: id });
        let refreshing = group.refreshing.insert(Refreshing::new(settings, cluster, ctx.now));
        ctx.schedule(refreshing.next_deadline(), Event::RefreshDeadline(id), fact);
        self.settle(id, false, fact, cluster, agents, ctx);
    }

    /// A host counts as available to the refresh of its group, if there still is one.
    pub fn warm(&mut self, host: HostId, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        let id = cluster.group_of(host);
        if let Some(refreshing) = &mut self.groups[id.index()].refreshing {
            refreshing.warmed(host);
            self.settle(id, false, ctx.cause, cluster, agents, ctx);
        }
    }

    /// The delay of a checkpoint is over.
    pub fn refresh_goes_on(&mut self, id: GroupId, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        let refreshing = &mut self.groups[id.index()].refreshing;
        if refreshing.as_mut().is_some_and(|refreshing| refreshing.goes_on(ctx.now)) {
            self.settle(id, false, ctx.cause, cluster, agents, ctx);
        }
    }

    /// A refresh fails where it is, if nothing has got on for too long.
    pub fn refresh_deadline(&mut self, id: GroupId, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        let Some(refreshing) = &mut self.groups[id.index()].refreshing else { return };
        if refreshing.is_stale(ctx.now) {
            return;
        }
        if !refreshing.is_stuck(ctx.now) {
            ctx.schedule(refreshing.next_deadline(), Event::RefreshDeadline(id), ctx.cause);
            return;
        }
        self.groups[id.index()].refreshing = None;
        let fact = ctx.tell(Fact::RefreshFailed { group: id });
        self.settle(id, false, fact, cluster, agents, ctx);
    }

    /// Tasks have begun to wait for room.
    pub fn tasks_wait(&mut self, because: FactId, ctx: &mut Ctx) {
        for (group, id) in self.model.host_groups.iter().zip((0..).map(GroupId)) {
            if let Some(at) = group.scaler.look_for_pending(ctx.now, &mut self.groups[id.index()].memory) {
                self.look_at(id, at, because, ctx);
            }
        }
    }

    /// A group's scaler looks.
    pub fn look(
        &mut self,
        id: GroupId,
        pending: &[Pending],
        cluster: &mut Cluster,
        agents: &mut Agents,
        ctx: &mut Ctx,
    ) {
        let settings = &self.model.host_groups[id.index()];
        if self.groups[id.index()].next_look != Some(ctx.now) {
            return;
        }
        self.groups[id.index()].next_look = None;
        let (hosts, leaving) = self.seen_by_scaler(id, cluster);
        let classes: Vec<_> = self.model.classes_of(id).collect();
        let may_come = |waiting: &&Pending| {
            let eligible = &self.model.services[waiting.service.index()].eligible;
            classes.iter().any(|class| eligible.allows(*class))
        };
        let left = |waiting: &Pending| {
            let tasks = waiting.tasks.saturating_sub(self.coming_elsewhere(id, waiting.service, cluster));
            (tasks > 0).then_some(Pending { tasks, ..*waiting })
        };
        let pending: Vec<_> = pending.iter().filter(may_come).filter_map(left).collect();
        let group = &mut self.groups[id.index()];
        let view = GroupView {
            now: ctx.now,
            group: id,
            wanted: group.wanted,
            min: settings.min,
            max: settings.max,
            capacity: settings.capacity,
            reserved_ports: &settings.reserved_ports,
            classes: &classes,
            hosts: &hosts,
            leaving: &leaving,
            services: &self.model.services,
            pending: &pending,
        };
        let Decision { wanted, leave, again } = settings.scaler.look(&view, &mut group.memory);
        let wanted = wanted.clamp(settings.min.min(group.wanted), settings.max.max(group.wanted));
        group.give_up_to(wanted);
        if !leave.is_empty() {
            group.wanted = wanted;
            let fact = ctx.tell_because(Fact::HostsWanted { group: id, hosts: wanted }, ctx.cause);
            for host in leave {
                self.drain(host, None, fact, cluster, ctx);
            }
        }
        self.want(id, wanted, false, cluster, agents, ctx);
        for at in settings.scaler.period().map(|period| ctx.now + period).into_iter().chain(again) {
            self.look_at(id, at, ctx.cause, ctx);
        }
    }

    /// A host takes tasks from now on, unless it has been given up meanwhile.
    pub fn register(&mut self, host: HostId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let on = &cluster.hosts[host.index()];
        if on.life != HostLife::Booting {
            return;
        }
        let (entity, last) = (on.entity, on.last);
        let fact = cluster.set_host_life(host, HostLife::Ready, Fact::HostReady { host }, last, ctx);
        cluster.room_came = Some(fact);
        if let Some(refreshing) = &mut self.groups[cluster.group_of(host).index()].refreshing {
            ctx.schedule(refreshing.registered(host, ctx.now), Event::HostWarm(host), fact);
        }
        if let Some(spot) = &self.model.host_groups[cluster.group_of(host).index()].spot {
            // A host lives for a second at least, or hosts would come and go without end.
            let after =
                self.draws.span(&spot.interrupted_after, Stream::Interruption, entity).max(Duration::from_secs(1));
            ctx.schedule(ctx.now + after, Event::HostNotice(host), fact);
        }
    }

    /// The provider will take a host away.
    pub fn notice(&mut self, host: HostId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let Some(spot) = &self.model.host_groups[cluster.group_of(host).index()].spot else { return };
        if matches!(cluster.hosts[host.index()].life, HostLife::Ready | HostLife::Draining) {
            let fact = ctx.tell(Fact::HostNotice { host });
            if spot.drains {
                self.start_draining(host, fact, cluster, ctx);
            }
            ctx.schedule(ctx.now + spot.notice, Event::HostEnds(host), fact);
        }
    }

    /// A host ends, and its tasks with it. Another one comes where it is missing.
    pub fn ends(&mut self, host: HostId, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        self.end(host, ctx.cause, cluster, ctx);
        let id = cluster.group_of(host);
        self.settle(id, false, ctx.cause, cluster, agents, ctx);
    }

    /// A prepared host is there and stopped.
    pub fn warmed(&mut self, id: GroupId, ctx: &mut Ctx) {
        let group = &mut self.groups[id.index()];
        group.warm += 1;
        ctx.tell(Fact::WarmHosts { group: id, hosts: group.warm });
    }

    /// Tasks have left hosts: those that were to go when they are empty go, and so do others of groups that have too many.
    pub fn let_leave(&mut self, because: FactId, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        for id in (0..self.groups.len()).map(|i| GroupId(i as u32)) {
            let group = &self.groups[id.index()];
            let empty: Vec<_> =
                group.leaving.iter().copied().filter(|host| cluster.hosts[host.index()].tasks == 0).collect();
            let refreshes = group.refreshing.is_some() && !empty.is_empty();
            for host in empty {
                self.end(host, because, cluster, ctx);
            }
            if refreshes || self.model.host_groups[id.index()].leaving == Leaving::WhenEmpty {
                self.settle(id, false, because, cluster, agents, ctx);
            }
        }
    }

    /// So many hosts are wanted from now on.
    fn want(
        &mut self,
        id: GroupId,
        wanted: u32,
        for_deploy: bool,
        cluster: &mut Cluster,
        agents: &mut Agents,
        ctx: &mut Ctx,
    ) {
        let mut because = ctx.cause;
        if self.groups[id.index()].wanted != wanted {
            because = ctx.tell_because(Fact::HostsWanted { group: id, hosts: wanted }, because);
            self.groups[id.index()].wanted = wanted;
        }
        self.settle(id, for_deploy, because, cluster, agents, ctx);
    }

    /// Launches what is missing, and lets go what is too much.
    fn settle(
        &mut self,
        id: GroupId,
        for_deploy: bool,
        because: FactId,
        cluster: &mut Cluster,
        agents: &mut Agents,
        ctx: &mut Ctx,
    ) {
        let settings = &self.model.host_groups[id.index()];
        if settings.per_task.is_some() {
            return;
        }
        if self.refresh_goes(id, for_deploy, because, cluster, agents, ctx) {
            return;
        }
        let group = &self.groups[id.index()];
        let wanted = group.wanted as usize;
        for _ in group.here.len()..wanted {
            self.launch_another(id, for_deploy, because, cluster, agents, ctx);
        }
        let here = &self.groups[id.index()].here;
        if here.len() > wanted {
            let (surplus, candidates) = (here.len() - wanted, here.iter().copied().collect());
            self.let_go(id, surplus as u32, candidates, because, cluster, ctx);
        }
    }

    /// Does what a refresh of the group wants now. Returns whether it is still under way: what comes and goes is its to say.
    fn refresh_goes(
        &mut self,
        id: GroupId,
        for_deploy: bool,
        because: FactId,
        cluster: &mut Cluster,
        agents: &mut Agents,
        ctx: &mut Ctx,
    ) -> bool {
        loop {
            let Group { refreshing, here, leaving, wanted, .. } = &mut self.groups[id.index()];
            let Some(refreshing) = refreshing else { return false };
            let plan = match refreshing.next(*wanted, here, leaving, cluster, ctx.now) {
                Next::Act(plan) => plan,
                Next::Hold(until) => {
                    ctx.schedule(until, Event::RefreshGoesOn(id), because);
                    continue;
                }
                Next::Wait => return true,
                Next::End => {
                    self.groups[id.index()].refreshing = None;
                    ctx.tell_because(Fact::RefreshDone { group: id }, because);
                    return false;
                }
            };
            let of = |new, available| refreshing.candidates(new, available, here, cluster);
            let [new_on_the_way, new, unavailable, available] =
                [of(true, false), of(true, true), of(false, false), of(false, true)];
            let gone = self.let_go(id, plan.stop_new, new_on_the_way, because, cluster, ctx);
            let gone = gone
                + self.let_go(id, plan.stop_new - gone, new, because, cluster, ctx)
                + self.let_go(id, plan.stop_unavailable, unavailable, because, cluster, ctx)
                + self.let_go(id, plan.stop_available, available, because, cluster, ctx);
            for _ in 0..plan.start {
                self.launch_another(id, for_deploy, because, cluster, agents, ctx);
            }
            // Hosts that are protected stay, and it waits for them.
            if gone + plan.start == 0 {
                return true;
            }
        }
    }

    /// Lets so many of the candidates go, those that may. Returns how many do.
    fn let_go(
        &mut self,
        id: GroupId,
        hosts: u32,
        mut candidates: Vec<HostId>,
        because: FactId,
        cluster: &mut Cluster,
        ctx: &mut Ctx,
    ) -> u32 {
        let settings = &self.model.host_groups[id.index()];
        candidates.retain(|host| settings.leaving != Leaving::WhenEmpty || cluster.hosts[host.index()].tasks == 0);
        let hosts = hosts.min(candidates.len() as u32);
        for _ in 0..hosts {
            let first = self.first_to_go(id, &candidates, cluster, ctx.now);
            let host = candidates.swap_remove(first);
            match settings.leaving {
                Leaving::Drained { at_most } if cluster.hosts[host.index()].life == HostLife::Ready => {
                    self.drain(host, at_most, because, cluster, ctx);
                }
                _ => self.end(host, because, cluster, ctx),
            }
        }
        hosts
    }

    /// Which of the candidates goes first; there is one at least.
    fn first_to_go(&self, id: GroupId, candidates: &[HostId], cluster: &Cluster, now: Time) -> usize {
        const HOUR: u64 = 3_600_000;
        let host = |i: usize| &cluster.hosts[candidates[i].index()];
        let first_class = self.first_class(id);
        let in_zone = |i: usize| self.groups[id.index()].by_zone[host(i).class.index() - first_class];
        let to_the_hour = |i: usize| HOUR - now.since(host(i).launched).as_millis() % HOUR;
        let newest = |i: usize| Reverse(candidates[i]);
        let places = 0..candidates.len();
        let first = match self.model.host_groups[id.index()].termination {
            Termination::Default => places.min_by_key(|&i| (Reverse(in_zone(i)), to_the_hour(i), newest(i))),
            Termination::Oldest => places.min_by_key(|&i| candidates[i]),
            Termination::Newest => places.min_by_key(|&i| newest(i)),
            Termination::ClosestToHour => places.min_by_key(|&i| (to_the_hour(i), newest(i))),
        };
        first.expect("there are candidates")
    }

    fn first_class(&self, id: GroupId) -> usize {
        self.model.classes_of(id).next().expect("a group has a zone").index()
    }

    /// A host is no longer counted as there.
    fn leaves(&mut self, host: HostId, cluster: &Cluster) {
        let id = cluster.group_of(host);
        if self.groups[id.index()].here.remove(&host) {
            let zone = cluster.hosts[host.index()].class.index() - self.first_class(id);
            self.groups[id.index()].by_zone[zone] -= 1;
        }
    }

    /// How many tasks of a service there will be room for on hosts of other groups that are on their way.
    fn coming_elsewhere(&self, id: GroupId, service: ServiceId, cluster: &Cluster) -> u32 {
        let others = (0..self.groups.len()).filter(|&other| other != id.index());
        let here = others.flat_map(|other| self.groups[other].here.iter());
        let booting = here.map(|host| &cluster.hosts[host.index()]).filter(|on| on.life == HostLife::Booting);
        let Service { demand, eligible, .. } = &self.model.services[service.index()];
        let one = demand.host_port.is_some() || demand.distinct_host;
        let room = |on: &Host| on.free.room_for(demand.resources).min(if one { 1 } else { u32::MAX });
        booting.filter(|on| eligible.allows(on.class)).map(room).fold(0, u32::saturating_add)
    }

    /// The hosts that a scaler can count on, and those that leave or have been given notice.
    fn seen_by_scaler(&self, id: GroupId, cluster: &Cluster) -> (Vec<GroupHost>, Vec<GroupHost>) {
        let host = |host: HostId| {
            let on = &cluster.hosts[host.index()];
            let services = cluster.services.iter().zip((0..).map(ServiceId));
            let tasks = services.map(|(service, id)| (id, service.by_host[host.index()]));
            GroupHost {
                host,
                class: on.class,
                launched: on.launched,
                ready: on.life == HostLife::Ready,
                changed: on.changed,
                free: on.free,
                tasks: tasks.filter(|(_, tasks)| *tasks > 0).collect(),
            }
        };
        let Group { here, leaving, .. } = &self.groups[id.index()];
        let draining = |host: &HostId| cluster.hosts[host.index()].life == HostLife::Draining;
        let (noticed, stay): (Vec<_>, Vec<_>) = here.iter().copied().partition(draining);
        let leaving = noticed.into_iter().chain(leaving.iter().copied()).map(host).collect();
        (stay.into_iter().map(host).collect(), leaving)
    }

    /// A host leaves: it takes no more tasks, and goes when it is empty, or after a time.
    fn drain(
        &mut self,
        host: HostId,
        at_most: Option<Duration>,
        because: FactId,
        cluster: &mut Cluster,
        ctx: &mut Ctx,
    ) {
        self.leaves(host, cluster);
        self.groups[cluster.group_of(host).index()].leaving.insert(host);
        if cluster.hosts[host.index()].tasks == 0 {
            self.end(host, because, cluster, ctx);
            return;
        }
        let fact = self.start_draining(host, because, cluster, ctx);
        if let Some(at_most) = at_most {
            ctx.schedule(ctx.now + at_most, Event::HostEnds(host), fact);
        }
    }

    fn start_draining(&mut self, host: HostId, because: FactId, cluster: &mut Cluster, ctx: &mut Ctx) -> FactId {
        if cluster.hosts[host.index()].life != HostLife::Ready {
            return because;
        }
        let fact = cluster.set_host_life(host, HostLife::Draining, Fact::HostDraining { host }, because, ctx);
        self.to_move.extend(cluster.doom(host));
        fact
    }

    /// A host goes. If it has tasks they are gone too, and the control plane finds that out in a while.
    fn end(&mut self, host: HostId, because: FactId, cluster: &mut Cluster, ctx: &mut Ctx) {
        self.leaves(host, cluster);
        self.groups[cluster.group_of(host).index()].leaving.remove(&host);
        let on = &cluster.hosts[host.index()];
        let (entity, fact) = (on.entity, Fact::HostTerminated { host });
        match on.life {
            HostLife::Lost | HostLife::Gone => {}
            _ if on.tasks == 0 => {
                cluster.set_host_life(host, HostLife::Gone, fact, because, ctx);
            }
            _ => {
                let fact = cluster.lose_host(host, fact, because, ctx);
                let found = self.draws.span(&self.model.control.loss_detection, Stream::LossDetection, entity);
                ctx.schedule(ctx.now + found, Event::LossFound(host), fact);
            }
        }
    }

    fn launch_another(
        &mut self,
        id: GroupId,
        for_deploy: bool,
        because: FactId,
        cluster: &mut Cluster,
        agents: &mut Agents,
        ctx: &mut Ctx,
    ) {
        let settings = &self.model.host_groups[id.index()];
        let group = &mut self.groups[id.index()];
        let pool = settings.warm_pool.as_ref().filter(|_| group.warm > 0);
        let boot = pool.map_or(&settings.boot, |pool| &pool.start);
        let with_images = pool.is_some_and(|pool| pool.holds_images);
        if pool.is_some() {
            group.warm -= 1;
            ctx.tell_because(Fact::WarmHosts { group: id, hosts: group.warm }, because);
            // Another one is prepared in its place.
            let prepared = Entity::named(&settings.name).child(group.launched.into()).child(1);
            let prepared = self.draws.span(&settings.boot, Stream::Boot, prepared);
            ctx.schedule(ctx.now + prepared, Event::WarmHostReady(id), because);
        }
        let host = self.launch(id, Coming { for_deploy, with_images, because: Some(because) }, cluster, agents, ctx);
        let on = &cluster.hosts[host.index()];
        let boot = self.draws.span(boot, Stream::Boot, on.entity);
        ctx.schedule(ctx.now + boot, Event::HostRegisters(host), on.last);
    }

    fn launch(
        &mut self,
        id: GroupId,
        coming: Coming,
        cluster: &mut Cluster,
        agents: &mut Agents,
        ctx: &mut Ctx,
    ) -> HostId {
        let settings = &self.model.host_groups[id.index()];
        let ordinal = self.groups[id.index()].launched;
        self.groups[id.index()].launched += 1;
        // The zone with fewest hosts, the first in order among equals.
        let group = &mut self.groups[id.index()];
        let zone = (0..group.by_zone.len()).min_by_key(|&zone| group.by_zone[zone]).expect("a group has a zone");
        group.by_zone[zone] += 1;
        let class = ClassId((self.first_class(id) + zone) as u16);
        let entity = Entity::named(&settings.name).child(ordinal.into());
        let host = HostId(cluster.hosts.len() as u32);
        self.groups[id.index()].here.insert(host);
        let Coming { for_deploy, with_images, because } = coming;
        let fact = Fact::HostLaunched { host, group: id, for_deploy };
        let last = match because {
            Some(because) => ctx.tell_because(fact, because),
            None => ctx.tell_first(fact),
        };
        cluster.add_host(Host {
            class,
            entity,
            life: HostLife::Booting,
            last,
            launched: ctx.now,
            changed: ctx.now,
            free: settings.capacity,
            ports: settings.reserved_ports.clone(),
            tasks: 0,
            of_one_task: false,
        });
        agents.begin(host, id, settings.capacity, entity, with_images, ctx);
        host
    }

    fn look_at(&mut self, id: GroupId, at: Time, because: FactId, ctx: &mut Ctx) {
        let next = &mut self.groups[id.index()].next_look;
        if next.is_none_or(|next| at < next) {
            *next = Some(at);
            ctx.schedule(at, Event::ScalerLooks(id), because);
        }
    }
}

/// How a host comes.
#[derive(Clone, Copy, Debug)]
struct Coming {
    for_deploy: bool,
    /// It holds the images that hosts of the start hold.
    with_images: bool,
    /// The fact that made it come; none at the start.
    because: Option<FactId>,
}
