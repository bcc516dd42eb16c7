//! The bill: what hosts, machines for one task and warm pools cost, from their launches and terminations.

use super::money::{Money, Tariff};
use super::series::Series;
use crate::cluster::TaskState;
use crate::engine::fact::{Fact, GroupId, HostId, ServiceId};
use crate::engine::time::{Duration, Time};
use crate::model::Model;
use crate::placement::packing::Packing;

/// Hours of a month, as cloud price lists count them (24 x 365 / 12).
pub const HOURS_A_MONTH: u64 = 730;

/// The life of every host, for the bill.
#[derive(Clone, Debug)]
pub struct Costs<'m> {
    model: &'m Model,
    hosts: Vec<HostLife>,
    /// By group, the stopped hosts of its warm pool.
    warm: Vec<Series>,
    has_machines: bool,
}

#[derive(Clone, Copy, Debug)]
struct HostLife {
    group: GroupId,
    for_deploy: bool,
    /// For a task of which service, where it is a machine for one.
    machine_of: Option<ServiceId>,
    /// Since when it is billed: a host from its launch, a machine from the pull.
    billed: Option<Time>,
    terminated: Option<Time>,
}

impl<'m> Costs<'m> {
    /// Nothing launched yet.
    pub fn new(model: &'m Model) -> Self {
        let has_machines = model.host_groups.iter().any(|group| group.per_task.is_some());
        Self { model, hosts: vec![], warm: vec![Series::default(); model.host_groups.len()], has_machines }
    }

    /// Takes note of launches, the beginnings of machines, terminations and warm pools.
    ///
    /// # Panics
    /// When the facts are not those of one run, in order.
    pub fn observe(&mut self, at: Time, fact: Fact) {
        match fact {
            Fact::HostLaunched { host, group, for_deploy } => {
                let billed = Some(at);
                self.add(host, HostLife { group, for_deploy, machine_of: None, billed, terminated: None });
            }
            Fact::MachineLaunched { host, group, service } => {
                let machine_of = Some(service);
                self.add(host, HostLife { group, for_deploy: false, machine_of, billed: None, terminated: None });
            }
            Fact::TaskMoved { host, to: TaskState::Pulling | TaskState::InService, .. } if self.has_machines => {
                self.hosts[host.index()].billed.get_or_insert(at);
            }
            Fact::HostTerminated { host } => self.hosts[host.index()].terminated = Some(at),
            Fact::WarmHosts { group, hosts } => {
                let warm = &mut self.warm[group.index()];
                let before = warm.points().last().map_or(0, |(_, hosts)| *hosts);
                warm.change(at, i64::from(hosts) - before);
            }
            _ => {}
        }
    }

    /// The whole bill: of every host from its launch to its end, or to the horizon, of every machine from its task's pull on,
    /// and of the warm pools.
    pub fn total(&self) -> Money {
        let lives = self.hosts.iter().filter_map(|host| Some(self.life(host, host.billed?, host.terminated)));
        lives.sum::<Money>() + self.warm_pools()
    }

    /// The bill of the hosts that were launched for deploys: of each group, the first launch lasts until the first termination,
    /// and so on, whichever host it was that left. One that nobody left for lasts to the horizon.
    pub fn for_deploys(&self) -> Money {
        let groups = (0..self.model.host_groups.len()).map(|i| GroupId(i as u32));
        let bills = groups.map(|group| {
            let of_group = || self.hosts.iter().filter(move |host| host.group == group);
            let launches = of_group().filter(|host| host.for_deploy).filter_map(|host| Some((host, host.billed?)));
            let mut ends: Vec<_> = of_group().filter_map(|host| host.terminated).collect();
            ends.sort();
            let mut ends = ends.into_iter();
            // What ended before a launch did not end it.
            launches.map(|(host, from)| self.life(host, from, ends.find(|end| *end > from))).sum::<Money>()
        });
        bills.sum()
    }

    fn add(&mut self, id: HostId, host: HostLife) {
        assert_eq!(id.index(), self.hosts.len(), "hosts are told of in order");
        self.hosts.push(host);
    }

    fn life(&self, host: &HostLife, from: Time, to: Option<Time>) -> Money {
        let group = &self.model.host_groups[host.group.index()];
        let of_machine = host.machine_of.map(|service| &self.model.services[service.index()]);
        let tariff = of_machine.and_then(|service| Tariff::of_machines(group, service));
        tariff.unwrap_or(Tariff::of_hosts(group)).bill(from, to.unwrap_or(Time::ZERO + self.model.horizon))
    }

    fn warm_pools(&self) -> Money {
        let pools = self.model.host_groups.iter().zip(&self.warm);
        let pools = pools.filter_map(|(group, hosts)| Some((group.warm_pool.as_ref()?.price, hosts)));
        let bill = |(price, hosts): (_, &Series)| {
            let pieces = hosts.pieces(Time::ZERO, Time::ZERO + self.model.horizon);
            pieces.map(|(hosts, ms)| Money::of(price, Duration::from_millis(ms)) * hosts.unsigned_abs()).sum::<Money>()
        };
        pools.map(bill).sum()
    }
}

/// The price of a month of the hosts that the desired tasks do not need, in micro-dollars: those of the start that stay
/// empty when the tasks are packed first fit, those with the least choice and the largest first. For identical tasks that is
/// the exact minimum, ceil(tasks / tasks a host).
pub fn spare_per_month(model: &Model) -> u64 {
    let hosts = |id: GroupId| {
        let group = &model.host_groups[id.index()];
        if group.per_task.is_some() { 0 } else { group.hosts }
    };
    let mut packing = Packing::new(model, hosts);
    for id in model.packing_order() {
        let service = &model.services[id.index()];
        packing.place(id, service, service.desired);
    }
    let groups = model.host_groups.iter().zip((0..).map(GroupId));
    groups.map(|(group, id)| u64::from(hosts(id) - packing.used(id)) * group.price.0 * HOURS_A_MONTH).sum()
}
