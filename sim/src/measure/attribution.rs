//! Where every dollar goes: each billed millisecond of a host is needed, or idle for one reason.

use super::money::{Money, Tariff};
use super::needs::Needs;
use crate::cluster::TaskState;
use crate::engine::fact::{Fact, GroupId, HostId, ServiceId, TaskId};
use crate::engine::time::Time;
use crate::model::{HourlyPrice, Model, Resources, Service, SlotRelease};

/// A bill in parts that add up to it. `T` is [`Money`], exactly, or US dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts<T> {
    /// Ready hosts that the desired tasks need when they are packed first fit, and machines up to the desired count.
    pub needed: T,
    /// Of the ready hosts that no task needs, as many as have room for whole hosts full of tasks: what stands by.
    pub spare: T,
    /// Ready hosts that the tasks beyond the desired count need, and machines beyond it: what a deploy takes.
    pub surge: T,
    /// The rest of the ready hosts: what is free on them is in pieces that fit no task, or is taken by tasks that would fit
    /// elsewhere.
    pub stranded: T,
    /// From a host's launch until it takes tasks.
    pub booting: T,
    /// From the drain of a host to its end.
    pub draining: T,
    /// What is billed beyond the end of a host, or of the run: the rest of a second or an hour that has begun, and of the
    /// minimum.
    pub gone: T,
    /// Stopped hosts of warm pools.
    pub warm: T,
}

/// Follows the hosts and the tasks of a run, and divides the bill.
#[derive(Clone, Debug)]
pub struct Attribution<'m> {
    model: &'m Model,
    hosts: Vec<Host>,
    /// By task, whether it still takes its place on its host.
    placed: Vec<bool>,
    meter: Meter<'m>,
    /// What ended lives have cost but for their time as a ready host.
    lives: Parts<Money>,
    has_machines: bool,
}

#[derive(Clone, Debug)]
struct Host {
    group: GroupId,
    life: Life,
    /// Since when it is billed.
    billed: Time,
    free: Resources,
    /// Its tasks that are not stopped, by service.
    tasks: Vec<(ServiceId, u32)>,
    /// How many more tasks fit.
    room: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Booting,
    Ready,
    /// Since when.
    Draining(Time),
    Gone,
    /// A machine for one task of a service, and whether it is billed yet.
    Machine(ServiceId, bool),
}

/// What is summed up over time. It looks only when time has passed and something that matters has changed.
#[derive(Clone, Debug)]
struct Meter<'m> {
    model: &'m Model,
    needs: Needs<'m>,
    groups: Vec<Group<'m>>,
    services: Vec<Tasks<'m>>,
    /// Until when it has summed up.
    since: Time,
    /// Desired counts or ready hosts have changed.
    needed_changed: bool,
    /// Or tasks beyond the desired count have.
    surge_changed: bool,
}

/// The ready hosts of one group: how many there are now, and their bill so far.
#[derive(Clone, Debug)]
struct Group<'m> {
    tariff: Tariff<'m>,
    ready: u32,
    needed: u32,
    surge: u32,
    /// Tasks that fit on the ready hosts.
    room: u64,
    per_host: u32,
    /// Stopped hosts of its warm pool.
    warm: u32,
    bill: Money,
    for_needed: Money,
    for_surge: Money,
    /// Of hosts that stand by, times `per_host`: divided once, at the end.
    for_spare: Money,
    for_warm: Money,
}

/// The tasks of one service.
#[derive(Clone, Debug)]
struct Tasks<'m> {
    desired: u32,
    /// Tasks on ready hosts.
    there: u32,
    /// Tasks that hosts were last counted for.
    counted: u32,
    /// What its machines cost, where its tasks have one each.
    tariff: Option<Tariff<'m>>,
    /// Machines that are billed.
    machines: u32,
    for_needed: Money,
    for_surge: Money,
}

impl<'m> Attribution<'m> {
    /// Nothing launched yet.
    pub fn new(model: &'m Model) -> Self {
        let has_machines = model.host_groups.iter().any(|group| group.per_task.is_some());
        Self { model, hosts: vec![], placed: vec![], meter: Meter::new(model), lives: Parts::default(), has_machines }
    }

    /// Takes note of what changes who needs a host.
    ///
    /// # Panics
    /// When the facts are not those of one run, in order.
    pub fn observe(&mut self, at: Time, fact: Fact) {
        match fact {
            Fact::TaskMoved { task, service, host, to, .. } => self.task_moved(at, task, service, host, to),
            Fact::DesiredChanged { service, desired } => {
                self.pass(at);
                self.meter.services[service.index()].desired = desired;
                self.meter.needed_changed = true;
            }
            Fact::HostLaunched { host, group, .. } => self.add(host, group, Life::Booting, at),
            Fact::MachineLaunched { host, group, service } => self.add(host, group, Life::Machine(service, false), at),
            Fact::HostReady { host } => self.begin_ready(at, host),
            Fact::HostDraining { host } => {
                self.end_ready(at, host);
                self.hosts[host.index()].life = Life::Draining(at);
            }
            Fact::HostTerminated { host } => self.terminated(at, host),
            Fact::WarmHosts { group, hosts } => {
                self.pass(at);
                self.meter.groups[group.index()].warm = hosts;
            }
            _ => {}
        }
    }

    /// The parts of the bill until the horizon.
    pub fn parts(&self) -> Parts<Money> {
        let end = Time::ZERO + self.model.horizon;
        let mut meter = self.meter.clone();
        meter.pass(end, &self.hosts);
        let mut parts = self.lives;
        for host in &self.hosts {
            self.close(host, end, &mut parts);
        }
        for group in &meter.groups {
            let spare = group.for_spare / u64::from(group.per_host);
            parts.needed += group.for_needed;
            parts.surge += group.for_surge;
            parts.spare += spare;
            parts.stranded += group.bill - group.for_needed - group.for_surge - spare;
            parts.warm += group.for_warm;
        }
        for service in &meter.services {
            parts.needed += service.for_needed;
            parts.surge += service.for_surge;
        }
        parts
    }

    fn add(&mut self, id: HostId, group: GroupId, life: Life, at: Time) {
        assert_eq!(id.index(), self.hosts.len(), "hosts are told of in order");
        let free = self.model.host_groups[group.index()].capacity;
        self.hosts.push(Host { group, life, billed: at, free, tasks: vec![], room: 0 });
    }

    fn begin_ready(&mut self, at: Time, host: HostId) {
        self.pass(at);
        let on = &mut self.hosts[host.index()];
        on.life = Life::Ready;
        on.room = self.meter.needs.gauge(on.group).room(self.model, on.free, &on.tasks);
        let group = &mut self.meter.groups[on.group.index()];
        self.lives.booting += group.tariff.paid(on.billed, at);
        group.ready += 1;
        group.room += u64::from(on.room);
        self.meter.needed_changed = true;
    }

    /// A host is not ready any more, if it was.
    fn end_ready(&mut self, at: Time, host: HostId) {
        if self.hosts[host.index()].life == Life::Ready {
            self.pass(at);
            let on = &self.hosts[host.index()];
            let group = &mut self.meter.groups[on.group.index()];
            group.ready -= 1;
            group.room -= u64::from(on.room);
            for &(service, tasks) in &on.tasks {
                self.meter.services[service.index()].there -= tasks;
            }
            self.meter.needed_changed = true;
        }
    }

    fn terminated(&mut self, at: Time, host: HostId) {
        self.end_ready(at, host);
        if let Life::Machine(service, true) = self.hosts[host.index()].life {
            self.pass(at);
            self.meter.services[service.index()].machines -= 1;
        }
        let mut lives = self.lives;
        self.close(&self.hosts[host.index()], at, &mut lives);
        self.lives = lives;
        self.hosts[host.index()].life = Life::Gone;
    }

    /// The end of a host's life, or of the run.
    fn close(&self, host: &Host, at: Time, parts: &mut Parts<Money>) {
        let of_hosts = self.meter.groups[host.group.index()].tariff;
        let tariff = match host.life {
            Life::Gone | Life::Machine(_, false) => return,
            Life::Machine(service, true) => self.meter.services[service.index()].tariff.unwrap_or(of_hosts),
            Life::Booting | Life::Ready | Life::Draining(_) => of_hosts,
        };
        let paid = tariff.paid(host.billed, at);
        match host.life {
            Life::Booting => parts.booting += paid,
            Life::Draining(since) => parts.draining += paid - tariff.paid(host.billed, since),
            _ => {}
        }
        parts.gone += tariff.bill(host.billed, at) - paid;
    }

    fn task_moved(&mut self, at: Time, task: TaskId, service: ServiceId, host: HostId, to: TaskState) {
        let comes = task.index() == self.placed.len();
        let leaves = match to {
            TaskState::Stopping => self.model.control.slot_release == SlotRelease::Stopping,
            TaskState::Lost | TaskState::Stopped => true,
            _ => false,
        };
        if self.has_machines
            && let Life::Machine(_, billed) = self.hosts[host.index()].life
        {
            if comes {
                self.placed.push(false);
            }
            if !billed && matches!(to, TaskState::Pulling | TaskState::InService) {
                self.pass(at);
                self.meter.services[service.index()].machines += 1;
                let on = &mut self.hosts[host.index()];
                (on.life, on.billed) = (Life::Machine(service, true), at);
            }
            return;
        }
        // Most facts are neither, and a host is not looked at for them.
        if !comes && !leaves {
            return;
        }
        let is_ready = self.hosts[host.index()].life == Life::Ready;
        if is_ready {
            self.pass(at);
        }
        let on = &mut self.hosts[host.index()];
        let demand = self.model.services[service.index()].demand.resources;
        let mut here = 0;
        if comes {
            self.placed.push(true);
            on.free = on.free.less(demand);
            here = 1;
        } else if std::mem::take(&mut self.placed[task.index()]) {
            on.free = on.free.plus(demand);
        }
        if to == TaskState::Stopped {
            here -= 1;
        }
        on.count(service, here);
        if is_ready {
            let room = self.meter.needs.gauge(on.group).room(self.model, on.free, &on.tasks);
            let group = &mut self.meter.groups[on.group.index()];
            group.room = group.room - u64::from(on.room) + u64::from(room);
            on.room = room;
            self.meter.task_counts(service, here);
        }
    }

    fn pass(&mut self, at: Time) {
        self.meter.pass(at, &self.hosts);
    }
}

impl Host {
    /// Counts tasks of a service that came or went.
    fn count(&mut self, service: ServiceId, change: i32) {
        match self.tasks.iter_mut().find(|(of, _)| *of == service) {
            Some((_, tasks)) => *tasks = tasks.checked_add_signed(change).expect("it has come"),
            None => self.tasks.push((service, change.unsigned_abs())),
        }
    }
}

impl<'m> Meter<'m> {
    fn new(model: &'m Model) -> Self {
        let needs = Needs::new(model);
        let group = |(group, id)| Group {
            tariff: Tariff::of_hosts(group),
            ready: 0,
            needed: 0,
            surge: 0,
            room: 0,
            per_host: needs.gauge(id).per_host,
            warm: 0,
            bill: Money::ZERO,
            for_needed: Money::ZERO,
            for_surge: Money::ZERO,
            for_spare: Money::ZERO,
            for_warm: Money::ZERO,
        };
        let groups = model.host_groups.iter().zip((0..).map(GroupId)).map(group).collect();
        let tasks = |(service, id): (&Service, _)| Tasks {
            desired: service.desired,
            there: 0,
            counted: 0,
            tariff: model.machines_of(id).and_then(|(_, group)| Tariff::of_machines(group, service)),
            machines: 0,
            for_needed: Money::ZERO,
            for_surge: Money::ZERO,
        };
        let services = model.services.iter().zip((0..).map(ServiceId)).map(tasks).collect();
        Self { model, needs, groups, services, since: Time::ZERO, needed_changed: true, surge_changed: true }
    }

    /// Tasks of a service came to a ready host or left it.
    fn task_counts(&mut self, service: ServiceId, change: i32) {
        let tasks = &mut self.services[service.index()];
        let before = tasks.there;
        tasks.there = tasks.there.checked_add_signed(change).expect("it has come");
        self.surge_changed |= before.max(tasks.there) > tasks.desired;
    }

    /// Sums up what has been until `at`.
    fn pass(&mut self, at: Time, hosts: &[Host]) {
        let span = at.since(self.since);
        if span.is_zero() {
            return;
        }
        self.count_hosts();
        let from = std::mem::replace(&mut self.since, at);
        for (group, id) in self.groups.iter_mut().zip((0..).map(GroupId)) {
            if group.ready > 0 {
                let (each, bill) = match group.tariff.price_throughout(from, at) {
                    Some(price) => {
                        let each = Money::of(price, span);
                        (each, each * u64::from(group.ready))
                    }
                    None => group.at_several_prices(id, from, at, hosts),
                };
                let rest = u64::from(group.ready - group.needed - group.surge);
                group.bill += bill;
                group.for_needed += each * u64::from(group.needed);
                group.for_surge += each * u64::from(group.surge);
                group.for_spare += each * group.room.min(rest * u64::from(group.per_host));
            }
            if group.warm > 0 {
                let pool = self.model.host_groups[id.index()].warm_pool.as_ref();
                let price = pool.map_or(HourlyPrice::default(), |pool| pool.price);
                group.for_warm += Money::of(price, span) * u64::from(group.warm);
            }
        }
        for service in self.services.iter_mut().filter(|service| service.machines > 0) {
            let each = service.tariff.map_or(Money::ZERO, |tariff| tariff.paid(from, at));
            let needed = service.machines.min(service.desired);
            service.for_needed += each * u64::from(needed);
            service.for_surge += each * u64::from(service.machines - needed);
        }
    }

    /// Counts the hosts that the tasks need, if that may have changed.
    fn count_hosts(&mut self) {
        if !self.needed_changed && !self.surge_changed {
            return;
        }
        // Where one starts as another one stops there are as many as before.
        let mut differs = self.needed_changed;
        for tasks in &mut self.services {
            let at_all = tasks.desired.max(tasks.there);
            differs |= std::mem::replace(&mut tasks.counted, at_all) != at_all;
        }
        self.surge_changed = false;
        if !differs {
            return;
        }
        let (groups, services) = (&self.groups, &self.services);
        let ready = |id: GroupId| groups[id.index()].ready;
        let desired = |id: ServiceId| services[id.index()].desired;
        let needed = self.needed_changed.then(|| self.needs.hosts(ready, desired));
        let is_above = services.iter().any(|tasks| tasks.there > tasks.desired);
        let at_all = is_above.then(|| self.needs.hosts(ready, |id| services[id.index()].counted));
        for (i, group) in self.groups.iter_mut().enumerate() {
            if let Some(needed) = &needed {
                group.needed = needed[i];
            }
            group.surge = at_all.as_ref().map_or(0, |at_all| at_all[i].saturating_sub(group.needed));
        }
        self.needed_changed = false;
    }
}

impl Group<'_> {
    /// What one ready host costs on the mean, rounded down, and all of them together, where not all pay the same.
    fn at_several_prices(&self, id: GroupId, from: Time, to: Time, hosts: &[Host]) -> (Money, Money) {
        let ready = hosts.iter().filter(|host| host.group == id && host.life == Life::Ready);
        let costs = ready.map(|host| self.tariff.paid(host.billed, to) - self.tariff.paid(host.billed, from));
        let bill: Money = costs.sum();
        (bill / u64::from(self.ready), bill)
    }
}

impl<T> Parts<T> {
    /// Each part by its name, in the order of the fields.
    pub fn named(self) -> [(&'static str, T); 8] {
        let Self { needed, spare, surge, stranded, booting, draining, gone, warm } = self;
        [
            ("needed", needed),
            ("spare", spare),
            ("surge", surge),
            ("stranded", stranded),
            ("booting", booting),
            ("draining", draining),
            ("gone", gone),
            ("warm", warm),
        ]
    }
}

impl Parts<Money> {
    /// The bill.
    pub fn total(self) -> Money {
        self.named().into_iter().map(|(_, part)| part).sum()
    }

    /// In US dollars.
    pub fn usd(self) -> Parts<f64> {
        Parts {
            needed: self.needed.usd(),
            spare: self.spare.usd(),
            surge: self.surge.usd(),
            stranded: self.stranded.usd(),
            booting: self.booting.usd(),
            draining: self.draining.usd(),
            gone: self.gone.usd(),
            warm: self.warm.usd(),
        }
    }
}
