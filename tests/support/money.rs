//! The bill by a second path: from the hosts over time instead of the life of each host, and its parts recounted after every
//! fact from all that is there.

use proptest::prelude::*;
use seatrial_sim::cluster::TaskState;
use seatrial_sim::engine::fact::{Fact, GroupId, HostId, ServiceId, TaskId};
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::measure::attribution::{Attribution, Parts};
use seatrial_sim::measure::costs::Costs;
use seatrial_sim::measure::money::Money;
use seatrial_sim::measure::series::Series;
use seatrial_sim::measure::trace::Trace;
use seatrial_sim::model::{Billing, HostGroup, HourlyPrice, Model, SlotRelease};
use seatrial_sim::placement::packing::Packing;

/// The parts of a run's bill, which they add up to.
pub fn parts(model: &Model, trace: &Trace) -> Parts<Money> {
    let (mut costs, mut attribution) = (Costs::new(model), Attribution::new(model));
    for record in &trace.records {
        costs.observe(record.at, record.fact);
        attribution.observe(record.at, record.fact);
    }
    let parts = attribution.parts();
    assert_eq!(parts.total(), costs.total(), "{parts:?}");
    parts
}

/// Compares the bill of every host's life with the integral of the hosts over time, and its parts with plain recounts.
pub fn check(model: &Model, trace: &Trace) -> Result<(), TestCaseError> {
    let parts = parts(model, trace);
    let lives = lives(model, trace);
    let (mut ready, mut booting, mut draining, mut gone) = (Money::ZERO, Money::ZERO, Money::ZERO, Money::ZERO);
    for life in &lives {
        let Some(from) = life.from else { continue };
        let (served, leaves) = (life.ready.unwrap_or(life.to), life.drains.unwrap_or(life.to));
        let paid = |until| life.paid(model, from, until);
        booting += paid(served);
        ready += paid(leaves) - paid(served);
        draining += paid(life.to) - paid(leaves);
        gone += life.paid(model, from, from + life.billed(model)) - paid(life.to);
    }
    prop_assert_eq!(parts.booting, booting);
    prop_assert_eq!(parts.draining, draining);
    prop_assert_eq!(parts.gone, gone);
    prop_assert_eq!(parts.needed + parts.spare + parts.surge + parts.stranded, ready);
    if model.host_groups.iter().all(|group| group.price_changes.is_empty()) {
        let [needed, spare, surge, warm] = recounted(model, trace);
        prop_assert_eq!(parts.needed, needed, "needed");
        prop_assert_eq!(parts.spare, spare, "spare");
        prop_assert_eq!(parts.surge, surge, "surge");
        prop_assert_eq!(parts.warm, warm, "warm");
        // The same without a look at any single life but for what it is rounded by.
        let mut hosts = vec![Series::default(); model.host_groups.len()];
        let mut bill = 0.0;
        for life in lives.iter().filter(|life| life.machine_of.is_none()) {
            let from = life.from.expect("a host is billed from its launch on");
            hosts[life.group.index()].change(Time::ZERO, 0);
            let rounding_s = life.billed(model).as_secs_f64() - life.to.since(from).as_secs_f64();
            bill += rounding_s / 3_600.0 * model.host_groups[life.group.index()].price.0 as f64 / 1e6;
        }
        for record in &trace.records {
            match record.fact {
                Fact::HostLaunched { group, .. } => hosts[group.index()].change(record.at, 1),
                Fact::HostTerminated { host } if lives[host.index()].machine_of.is_none() => {
                    hosts[lives[host.index()].group.index()].change(record.at, -1);
                }
                _ => {}
            }
        }
        for (hosts, group) in hosts.iter().zip(&model.host_groups) {
            let hours = hosts.integral(Time::ZERO, Time::ZERO + model.horizon, |hosts| hosts) as f64 / 3.6e6;
            bill += hours * group.price.0 as f64 / 1e6;
        }
        if model.host_groups.iter().all(|group| group.per_task.is_none()) {
            let total = (parts.total() - parts.warm).usd();
            prop_assert!((total - bill).abs() <= 1e-9 * bill.max(1.0), "{total} and {bill}");
        }
    }
    Ok(())
}

/// What the trace says of a host, to the horizon at most.
struct Life {
    group: GroupId,
    machine_of: Option<ServiceId>,
    /// Since when it is billed.
    from: Option<Time>,
    ready: Option<Time>,
    drains: Option<Time>,
    to: Time,
}

fn lives(model: &Model, trace: &Trace) -> Vec<Life> {
    let mut lives: Vec<Life> = vec![];
    let to = Time::ZERO + model.horizon;
    for record in &trace.records {
        let at = Some(record.at);
        match record.fact {
            Fact::HostLaunched { group, .. } => {
                lives.push(Life { group, machine_of: None, from: at, ready: None, drains: None, to });
            }
            Fact::MachineLaunched { group, service, .. } => {
                lives.push(Life { group, machine_of: Some(service), from: None, ready: None, drains: None, to });
            }
            Fact::HostReady { host } => lives[host.index()].ready = at,
            Fact::HostDraining { host } => lives[host.index()].drains = at,
            Fact::HostTerminated { host } => lives[host.index()].to = record.at,
            Fact::TaskMoved { host, to: TaskState::Pulling | TaskState::InService, .. } => {
                let life = &mut lives[host.index()];
                if life.from.is_none() {
                    (life.from, life.ready) = (at, at);
                }
            }
            _ => {}
        }
    }
    lives
}

impl Life {
    /// The time that is billed.
    fn billed(&self, model: &Model) -> Duration {
        let life = self.to.since(self.from.expect("it is billed"));
        match model.host_groups[self.group.index()].billing {
            Billing::PerSecond { minimum } => whole(life.max(minimum), 1_000),
            Billing::PerStartedHour => whole(life.max(Duration::from_millis(1)), 3_600_000),
        }
    }

    /// Second by second or hour by hour, each at the price of its beginning.
    fn paid(&self, model: &Model, from: Time, until: Time) -> Money {
        let group = &model.host_groups[self.group.index()];
        if let (Some(service), Some(per_task)) = (self.machine_of, group.per_task) {
            return Money::of(per_task.price(model.services[service.index()].demand.resources), until.since(from));
        }
        if group.price_changes.is_empty() {
            return Money::of(group.price, until.since(from));
        }
        let unit = if group.billing == Billing::PerStartedHour { 3_600_000 } else { 1_000 };
        let (mut paid, mut begins) = (Money::ZERO, from);
        while begins < until {
            let ends = begins + Duration::from_millis(unit);
            paid += Money::of(price_at(group, begins), until.min(ends).since(begins));
            begins = ends;
        }
        paid
    }
}

fn price_at(group: &HostGroup, at: Time) -> HourlyPrice {
    group.price_changes.iter().rev().find(|(from, _)| *from <= at).map_or(group.price, |(_, price)| *price)
}

fn whole(span: Duration, unit: u64) -> Duration {
    Duration::from_millis(span.as_millis().div_ceil(unit) * unit)
}

/// What is needed, spare, surge and warm, counted anew between any two facts from everything that is there. Prices are fixed.
fn recounted(model: &Model, trace: &Trace) -> [Money; 4] {
    let ids = || (0..model.services.len()).map(|i| ServiceId(i as u32));
    let mut desired: Vec<_> = model.services.iter().map(|service| service.desired).collect();
    let mut hosts: Vec<(GroupId, bool)> = vec![];
    // By task: where and of what it is, and where it is in its life.
    let mut tasks: Vec<(HostId, ServiceId, TaskState)> = vec![];
    let mut billed_machines = vec![];
    let mut warm = vec![0; model.host_groups.len()];
    let [mut needed, mut surge, mut for_warm] = [Money::ZERO; 3];
    let mut spare_by_group = vec![Money::ZERO; model.host_groups.len()];
    let end = Time::ZERO + model.horizon;
    for (position, record) in trace.records.iter().enumerate() {
        match record.fact {
            Fact::HostLaunched { group, .. } | Fact::MachineLaunched { group, .. } => hosts.push((group, false)),
            Fact::HostReady { host } => hosts[host.index()].1 = true,
            Fact::HostDraining { host } => hosts[host.index()].1 = false,
            Fact::HostTerminated { host } => {
                hosts[host.index()].1 = false;
                billed_machines.retain(|(machine, _)| *machine != host);
            }
            Fact::WarmHosts { group, hosts } => warm[group.index()] = hosts,
            Fact::DesiredChanged { service, desired: changed } => desired[service.index()] = changed,
            Fact::TaskMoved { task: TaskId(task), service, host, to, .. } => {
                if task as usize == tasks.len() {
                    tasks.push((host, service, to));
                }
                tasks[task as usize].2 = to;
                let is_machine = model.host_groups[hosts[host.index()].0.index()].per_task.is_some();
                let begins = matches!(to, TaskState::Pulling | TaskState::InService);
                if is_machine && begins && !billed_machines.contains(&(host, service)) {
                    billed_machines.push((host, service));
                }
            }
            _ => {}
        }
        let next = trace.records.get(position + 1).map_or(end, |record| record.at);
        let span = next.since(record.at);
        if span.is_zero() {
            continue;
        }
        let ready = |group: GroupId| hosts.iter().filter(|host| **host == (group, true)).count() as u32;
        let there = |service: ServiceId| {
            let on_ready = |&&(host, of, state): &&(HostId, ServiceId, TaskState)| {
                of == service && state != TaskState::Stopped && hosts[host.index()].1
            };
            tasks.iter().filter(on_ready).count() as u32
        };
        let pack = |wanted: &dyn Fn(ServiceId) -> u32| {
            let mut packing = Packing::new(model, ready);
            for id in model.packing_order().into_iter().filter(|id| model.machines_of(*id).is_none()) {
                packing.place(id, &model.services[id.index()], wanted(id));
            }
            packing
        };
        let for_desired = pack(&|id| desired[id.index()]);
        let for_all = pack(&|id| desired[id.index()].max(there(id)));
        for (group, id) in model.host_groups.iter().zip((0..).map(GroupId)) {
            let for_needed = for_desired.used(id);
            let for_surge = for_all.used(id).saturating_sub(for_needed);
            let rest = u64::from(ready(id) - for_needed - for_surge);
            let each = Money::of(group.price, span);
            needed += each * u64::from(for_needed);
            surge += each * u64::from(for_surge);
            let (room, per_host) = room(model, id, &hosts, &tasks);
            // In parts of a host's room, as the most demanding service has it.
            spare_by_group[id.index()] += each * room.min(rest * per_host);
            if let Some(pool) = &group.warm_pool {
                for_warm += Money::of(pool.price, span) * u64::from(warm[id.index()]);
            }
        }
        for id in ids() {
            let Some((_, group)) = model.machines_of(id) else { continue };
            let price = group.per_task.expect("machines").price(model.services[id.index()].demand.resources);
            let machines = billed_machines.iter().filter(|(_, service)| *service == id).count() as u64;
            let wanted = machines.min(desired[id.index()].into());
            needed += Money::of(price, span) * wanted;
            surge += Money::of(price, span) * (machines - wanted);
        }
    }
    let groups = (0..).map(GroupId).zip(spare_by_group);
    let spare = groups.map(|(id, parts)| parts / room(model, id, &[], &[]).1).sum();
    [needed, spare, surge, for_warm]
}

/// How many tasks of the group's most demanding service fit on its ready hosts, and on an empty one.
fn room(
    model: &Model,
    group: GroupId,
    hosts: &[(GroupId, bool)],
    tasks: &[(HostId, ServiceId, TaskState)],
) -> (u64, u64) {
    let settings = &model.host_groups[group.index()];
    let most_demanding = model.services.iter().zip((0..).map(ServiceId)).filter_map(|(service, id)| {
        let demand = service.demand;
        let usable = model.classes_of(group).any(|class| service.eligible.allows(class));
        let one = demand.host_port.is_some() || demand.distinct_host;
        let per_host = settings.capacity.room_for(demand.resources).min(if one { 1 } else { u32::MAX });
        let open = demand.host_port.is_none_or(|port| !settings.reserved_ports.contains(&port));
        let size = (u32::MAX - demand.resources.memory_mib, u32::MAX - demand.resources.cpu);
        let fits = usable && open && per_host > 0 && settings.per_task.is_none() && model.machines_of(id).is_none();
        fits.then_some((per_host, size, id))
    });
    let ready = hosts.iter().zip((0..).map(HostId)).filter(|(host, _)| **host == (group, true));
    let Some((per_host, _, id)) = most_demanding.min() else { return (ready.count() as u64, 1) };
    let demand = model.services[id.index()].demand;
    let room = ready.map(|(_, host)| {
        let mut free = settings.capacity;
        for &(_, of, state) in tasks.iter().filter(|(on, ..)| *on == host) {
            let other = model.services[of.index()].demand;
            let released = state == TaskState::Stopping && model.control.slot_release == SlotRelease::Stopping;
            if state != TaskState::Stopped && !released {
                free = free.minus(other.resources).expect("tasks fit");
            }
            let same_port = demand.host_port.is_some() && demand.host_port == other.host_port;
            if state != TaskState::Stopped && (same_port || demand.distinct_host && of == id) {
                return 0;
            }
        }
        u64::from(free.room_for(demand.resources).min(per_host))
    });
    (room.sum(), per_host.into())
}
