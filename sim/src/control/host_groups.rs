//! Host groups: the hosts of the start, and those that come for a deploy and leave after it.

use crate::cluster::{Cluster, Host, HostLife};
use crate::control::agents::Agents;
use crate::engine::ctx::Ctx;
use crate::engine::draws::{Draws, Entity, Stream};
use crate::engine::event::Event;
use crate::engine::fact::{DeployId, Fact, FactId, GroupId, HostId};
use crate::model::Model;

/// Launches and terminates hosts.
#[derive(Debug)]
pub(crate) struct HostGroups<'m> {
    model: &'m Model,
    draws: Draws,
    /// Every zone of the model once, in order of appearance.
    zones: Vec<&'m str>,
    /// By group, hosts launched so far.
    launched: Vec<u32>,
    /// By group, hosts that came for deploys that have ended and are still there.
    to_leave: Vec<u32>,
}

impl<'m> HostGroups<'m> {
    pub fn new(model: &'m Model, draws: Draws) -> Self {
        let mut zones: Vec<&str> = vec![];
        for zone in model.host_groups.iter().flat_map(|group| &group.zones) {
            if !zones.contains(&zone.as_str()) {
                zones.push(zone);
            }
        }
        Self {
            model,
            draws,
            zones,
            launched: vec![0; model.host_groups.len()],
            to_leave: vec![0; model.host_groups.len()],
        }
    }

    /// The hosts of the start are there, and those for deploys are planned.
    pub fn open(&mut self, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        for (group, id) in self.model.host_groups.iter().zip(0..) {
            for _ in 0..group.hosts {
                let host = self.launch(GroupId(id), false, cluster, agents, ctx);
                Self::register(host, cluster, ctx);
            }
        }
        for deploy in &self.model.deploys {
            for (group, pre) in self.model.adding_for(deploy) {
                ctx.schedule(deploy.at - pre.lead, Event::LaunchHosts(group), ctx.cause);
            }
        }
    }

    /// Launches the hosts that a group adds for a deploy.
    pub fn add_hosts(&mut self, group: GroupId, cluster: &mut Cluster, agents: &mut Agents, ctx: &mut Ctx) {
        let Some(pre) = &self.model.host_groups[group.index()].pre_deploy else { return };
        for _ in 0..pre.hosts {
            let host = self.launch(group, true, cluster, agents, ctx);
            let boot = self.draws.span(&pre.boot, Stream::Boot, cluster.hosts[host.index()].entity);
            ctx.schedule(ctx.now + boot, Event::HostRegisters(host), cluster.hosts[host.index()].launched);
        }
    }

    /// A host takes tasks from now on.
    pub fn register(host: HostId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let fact = ctx.tell_because(Fact::HostReady { host }, cluster.hosts[host.index()].launched);
        cluster.set_host_life(host, HostLife::Ready);
        cluster.room_came = Some(fact);
    }

    /// A deploy has ended or was superseded: the hosts that came for it leave in a while.
    pub fn deploy_ended(&self, deploy: DeployId, because: FactId, ctx: &mut Ctx) {
        for (group, pre) in self.model.adding_for(&self.model.deploys[deploy.index()]) {
            ctx.schedule(ctx.now + pre.keep, Event::RemoveHosts(group), because);
        }
    }

    /// As many hosts of a group as came for a deploy may leave, as soon as they are empty.
    pub fn remove_hosts(&mut self, group: GroupId, cluster: &mut Cluster, ctx: &mut Ctx) {
        let pre = self.model.host_groups[group.index()].pre_deploy.as_ref();
        self.to_leave[group.index()] += pre.map_or(0, |pre| pre.hosts);
        self.let_leave(cluster, ctx.cause, ctx);
    }

    /// Terminates empty hosts of the groups that have too many, the newest first.
    pub fn let_leave(&mut self, cluster: &mut Cluster, because: FactId, ctx: &mut Ctx) {
        for group in (0..self.to_leave.len()).filter(|&group| self.to_leave[group] > 0).collect::<Vec<_>>() {
            let here = |host: &Host| host.group.index() == group && host.life == HostLife::Ready;
            let ready = cluster.hosts.iter().filter(|host| here(host)).count() as u32;
            let surplus = ready.saturating_sub(self.model.host_groups[group].hosts).min(self.to_leave[group]);
            let empty =
                (0..cluster.hosts.len()).rev().filter(|&i| here(&cluster.hosts[i]) && cluster.hosts[i].tasks == 0);
            let leaving: Vec<_> = empty.take(surplus as usize).map(|i| HostId(i as u32)).collect();
            for host in leaving {
                cluster.set_host_life(host, HostLife::Gone);
                ctx.tell_because(Fact::HostTerminated { host }, because);
                self.to_leave[group] -= 1;
            }
        }
    }

    fn launch(
        &mut self,
        group: GroupId,
        for_deploy: bool,
        cluster: &mut Cluster,
        agents: &mut Agents,
        ctx: &mut Ctx,
    ) -> HostId {
        let settings = &self.model.host_groups[group.index()];
        let ordinal = self.launched[group.index()];
        self.launched[group.index()] += 1;
        let zone = &settings.zones[ordinal as usize % settings.zones.len()];
        let zone = self.zones.iter().position(|name| name == zone).expect("every zone is listed") as u16;
        let entity = Entity::named(&settings.name).child(ordinal.into());
        let host = HostId(cluster.hosts.len() as u32);
        let launched = ctx.tell_first(Fact::HostLaunched { host, group, for_deploy });
        cluster.add_host(Host {
            group,
            zone,
            entity,
            life: HostLife::Booting,
            launched,
            free: settings.capacity,
            ports: settings.reserved_ports.clone(),
            tasks: 0,
        });
        agents.begin(host, group, entity, !for_deploy, ctx);
        host
    }
}
