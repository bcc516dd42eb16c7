//! What the tests of scalers share: a group of hosts that does what its scaler asks for, with no more around it than
//! that.

use std::fmt;

use proptest::prelude::*;

use super::{Decision, GroupHost, GroupView, Memory, Pending, Scaler};
use crate::engine::fact::{GroupId, HostId, ServiceId};
use crate::engine::time::{Duration, Time};
use crate::model::{ClassId, Demand, Resources, Service};

/// A group of hosts. They come at once or after a time, waiting tasks go to the first ready host with room, and hosts
/// that leave do so at once, with their tasks waiting again.
#[derive(Clone)]
pub(super) struct World {
    pub scaler: Scaler,
    pub memory: Memory,
    pub now: Time,
    pub wanted: u32,
    pub min: u32,
    pub max: u32,
    pub capacity: Resources,
    pub classes: Vec<ClassId>,
    pub boot: Duration,
    pub hosts: Vec<GroupHost>,
    pub services: Vec<Service>,
    pub pending: Vec<Pending>,
    pub launched: u32,
}

impl World {
    /// No host and no service, at 1,000 s; hosts have 100 of cpu and of memory.
    pub fn new(scaler: Scaler) -> Self {
        Self {
            scaler,
            memory: Memory::default(),
            now: Time::from_millis(1_000_000),
            wanted: 0,
            min: 0,
            max: 10_000,
            capacity: Resources::new(100, 100),
            classes: vec![ClassId(0)],
            boot: Duration::ZERO,
            hosts: vec![],
            services: vec![],
            pending: vec![],
            launched: 0,
        }
    }

    /// With a service whose tasks need so much cpu and memory.
    pub fn with_service(mut self, cpu: u32, memory_mib: u32) -> Self {
        let number = self.services.len();
        let demand = Demand { resources: Resources::new(cpu, memory_mib), ..Demand::default() };
        self.services.push(Service::plain(&format!("s{number}"), 1, demand));
        self
    }

    /// With so many more hosts that have been ready for long, each with so many tasks of the services in order.
    pub fn with_hosts(mut self, hosts: u32, tasks: &[u32]) -> Self {
        for _ in 0..hosts {
            self.launch();
            let host = self.hosts.last_mut().expect("it has been launched");
            (host.launched, host.changed, host.ready) = (Time::ZERO, Time::ZERO, true);
            for (&number, i) in tasks.iter().zip(0..) {
                put(host, ServiceId(i), number, &self.services);
            }
        }
        self.wanted += hosts;
        self
    }

    /// With so many tasks of a service that have been waiting for long.
    pub fn with_pending(mut self, service: u32, tasks: u32) -> Self {
        self.pending.push(Pending { service: ServiceId(service), tasks, since: Time::ZERO });
        self
    }

    /// So many tasks of a service begin to wait; when the scaler looks because of that.
    pub fn wait(&mut self, service: u32, tasks: u32) -> Option<Time> {
        self.pending.push(Pending { service: ServiceId(service), tasks, since: self.now });
        self.scaler.look_for_pending(self.now, &mut self.memory)
    }

    /// What a scaler sees.
    pub fn view(&self) -> GroupView<'_> {
        GroupView {
            now: self.now,
            group: GroupId(0),
            wanted: self.wanted,
            min: self.min,
            max: self.max,
            capacity: self.capacity,
            reserved_ports: &[],
            classes: &self.classes,
            hosts: &self.hosts,
            leaving: &[],
            services: &self.services,
            pending: &self.pending,
        }
    }

    /// What the scaler asks for.
    pub fn look(&mut self) -> Decision {
        let mut memory = std::mem::take(&mut self.memory);
        let decision = self.scaler.look(&self.view(), &mut memory);
        self.memory = memory;
        decision
    }

    /// The scaler looks, and what it asks for is done: hosts are launched, and leave when they are named or when they
    /// are empty and too many. What it asked for.
    pub fn act(&mut self) -> Decision {
        let decision = self.look();
        self.wanted = decision.wanted;
        for leaving in &decision.leave {
            let at = self.hosts.iter().position(|host| host.host == *leaving).expect("hosts that leave are there");
            for (service, tasks) in self.hosts.remove(at).tasks {
                self.pending.push(Pending { service, tasks, since: self.now });
            }
        }
        while self.hosts.len() < self.wanted as usize {
            self.launch();
        }
        while self.hosts.len() > self.wanted as usize
            && let Some(empty) = self.hosts.iter().rposition(|host| host.tasks.is_empty())
        {
            self.hosts.remove(empty);
        }
        decision
    }

    /// Time passes: hosts boot, and waiting tasks are placed.
    pub fn pass(&mut self, span: Duration) {
        self.now = self.now + span;
        for host in self.hosts.iter_mut().filter(|host| !host.ready && host.launched + self.boot <= self.now) {
            (host.ready, host.changed) = (true, self.now);
        }
        for pending in &mut self.pending {
            let Service { demand, eligible, .. } = &self.services[pending.service.index()];
            for host in self.hosts.iter_mut().filter(|host| host.ready && eligible.allows(host.class)) {
                let has_one = host.tasks.iter().any(|(other, _)| *other == pending.service);
                let most = if demand.distinct_host { u32::from(!has_one) } else { u32::MAX };
                let tasks = host.free.room_for(demand.resources).min(pending.tasks).min(most);
                if tasks > 0 {
                    put(host, pending.service, tasks, &self.services);
                    host.changed = self.now;
                    pending.tasks -= tasks;
                }
            }
        }
        self.pending.retain(|pending| pending.tasks > 0);
    }

    /// So many tasks of a service stop, those on the hosts that came last first.
    pub fn stop(&mut self, service: u32, tasks: u32) {
        let id = ServiceId(service);
        let need = self.services[id.index()].demand.resources;
        let mut left = tasks;
        for host in self.hosts.iter_mut().rev() {
            let Some(on) = host.tasks.iter_mut().find(|(of, _)| *of == id) else { continue };
            let stops = left.min(on.1);
            on.1 -= stops;
            left -= stops;
            if stops > 0 {
                host.free = host.free.plus(need.times(stops));
                host.changed = self.now;
            }
            host.tasks.retain(|(_, tasks)| *tasks > 0);
        }
    }

    /// The scaler looks and is obeyed, a period passes, and so on so many times; how many hosts are there after each
    /// look.
    pub fn periods(&mut self, looks: usize) -> Vec<usize> {
        let period = self.scaler.period().expect("it looks");
        let looks = (0..looks).map(|_| {
            self.act();
            let hosts = self.hosts.len();
            self.pass(period);
            hosts
        });
        looks.collect()
    }

    /// The scaler looks when it wants to and is obeyed, until so many seconds have passed; the seconds after which
    /// there were other numbers of hosts, and how many.
    pub fn follow(&mut self, seconds: u64) -> Vec<(u64, usize)> {
        let period = self.scaler.period().expect("it looks");
        let (begin, end) = (self.now, self.now + Duration::from_secs(seconds));
        let mut changes = vec![];
        while self.now <= end {
            let before = self.hosts.len();
            let again = self.act().again.unwrap_or(Time::NEVER);
            if self.hosts.len() != before {
                changes.push((self.now.since(begin).as_millis() / 1_000, self.hosts.len()));
            }
            self.pass(again.min(self.now + period).since(self.now));
        }
        changes
    }

    fn launch(&mut self) {
        let in_zone = |class: &&ClassId| self.hosts.iter().filter(|host| host.class == **class).count();
        let class = *self.classes.iter().min_by_key(in_zone).expect("a group has a zone");
        self.hosts.push(GroupHost {
            host: HostId(self.launched),
            class,
            launched: self.now,
            ready: false,
            changed: self.now,
            free: self.capacity,
            tasks: vec![],
        });
        self.launched += 1;
    }
}

/// What differs from world to world.
impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { now, wanted, min, max, capacity, hosts, pending, memory, .. } = self;
        let demands: Vec<_> = self.services.iter().map(|service| service.demand).collect();
        write!(f, "{now}: {wanted} of {min} to {max}, {capacity:?}, {hosts:#?}, {demands:?}, {pending:?}, {memory:?}")
    }
}

fn put(host: &mut GroupHost, id: ServiceId, tasks: u32, services: &[Service]) {
    if tasks > 0 {
        host.free = host.free.minus(services[id.index()].demand.resources.times(tasks)).expect("there is room");
        match host.tasks.iter_mut().find(|(of, _)| *of == id) {
            Some((_, number)) => *number += tasks,
            None => host.tasks.push((id, tasks)),
        }
        host.tasks.sort_unstable();
    }
}

/// What is random about a group: sizes of two services, tasks on each host, whether it is ready, tasks that wait,
/// bounds, and whether tasks of the second service may not share a host.
pub(super) type Random = (Vec<u32>, Vec<([u32; 2], bool)>, [u32; 2], (u32, u32), bool);

/// Small random groups. Sizes of tasks divide each other and those of hosts, so first fit, the largest first, is the
/// best that can be done; otherwise one task more may need one host less, as is known of it.
pub(super) fn groups() -> impl Strategy<Value = Random> {
    let sizes = prop::collection::vec(prop::sample::select(vec![10_u32, 20, 40]), 2);
    let host = ([0..3_u32, 0..3_u32], prop::bool::weighted(0.8));
    let bounds = (0..4_u32, 0..12_u32);
    (sizes, prop::collection::vec(host, 0..6), [0..5_u32, 0..5_u32], bounds, any::<bool>())
}

/// A world of a random group; hosts have 80 of cpu and of memory.
pub(super) fn world(scaler: Scaler, (sizes, hosts, pending, (min, more), distinct): &Random) -> World {
    let mut world = World::new(scaler).with_service(sizes[0], sizes[0]).with_service(sizes[1], sizes[1]);
    world.capacity = Resources::new(80, 80);
    world.services[1].demand.distinct_host = *distinct;
    for &(tasks, ready) in hosts {
        world = world.with_hosts(1, &[]);
        let host = world.hosts.last_mut().expect("it has been added");
        host.ready = ready;
        for (id, tasks) in (0..).map(ServiceId).zip(tasks).filter(|_| ready) {
            let most = if *distinct && id.index() == 1 { 1 } else { u32::MAX };
            let room = host.free.room_for(world.services[id.index()].demand.resources);
            put(host, id, tasks.min(room).min(most), &world.services);
        }
    }
    for (&tasks, service) in pending.iter().zip(0..) {
        if tasks > 0 {
            world = world.with_pending(service, tasks);
        }
    }
    (world.min, world.max) = ((*min).min(world.wanted), world.wanted.max(*min) + more);
    world
}

/// What holds for every scaler at each of so many looks at a random group.
pub(super) fn holds_for(scaler: &Scaler, random: &Random, looks: u32) -> Result<(), TestCaseError> {
    let mut world = world(scaler.clone(), random);
    let period = scaler.period().expect("it looks");
    for _ in 0..looks {
        let before = world.clone();
        let decision = world.act();
        prop_assert!((world.min..=world.max).contains(&decision.wanted), "{decision:?} of {before:?}");
        check_leaving(&before, &decision)?;
        world.pass(period);
    }
    Ok(())
}

/// A second look at the same group, but for the hosts that come, asks for no more hosts. Where hosts leave it is another
/// group: their tasks wait too, and first fit may need more room for all together than for one after the other.
pub(super) fn asks_once(scaler: &Scaler, random: &Random) -> Result<(), TestCaseError> {
    let mut world = world(scaler.clone(), random);
    let before = world.clone();
    let first = world.act();
    let second = world.look();
    let same = first.leave.is_empty();
    prop_assert!(!same || second.wanted <= first.wanted, "{second:?} after {first:?} of {before:?}");
    Ok(())
}

/// The tasks of hosts that leave find room on the ready ones that stay: somebody finds it by trying everything.
fn check_leaving(world: &World, decision: &Decision) -> Result<(), TestCaseError> {
    let leaves = |host: &&GroupHost| decision.leave.contains(&host.host);
    let (gone, stay): (Vec<_>, Vec<_>) = world.hosts.iter().partition(leaves);
    prop_assert_eq!(gone.len(), decision.leave.len());
    prop_assert!(gone.iter().all(|host| host.ready), "hosts on their way do not leave");
    let tasks = gone.iter().flat_map(|host| &host.tasks).flat_map(|&(id, tasks)| (0..tasks).map(move |_| id));
    let tasks: Vec<_> = tasks.collect();
    let hosts: Vec<_> = stay.into_iter().filter(|host| host.ready).cloned().collect();
    prop_assert!(find_room(&tasks, &hosts, &world.services), "{decision:?} of {world:?}");
    Ok(())
}

fn find_room(tasks: &[ServiceId], hosts: &[GroupHost], services: &[Service]) -> bool {
    let Some((&id, others)) = tasks.split_first() else { return true };
    let demand = services[id.index()].demand;
    (0..hosts.len()).any(|on| {
        let alone = !demand.distinct_host || hosts[on].tasks.iter().all(|(other, _)| *other != id);
        alone && demand.resources.fits_in(hosts[on].free) && {
            let mut hosts = hosts.to_vec();
            put(&mut hosts[on], id, 1, services);
            find_room(others, &hosts, services)
        }
    })
}

/// A scaler decides the same look by look if it does not remember the groups about which there was nothing to find out.
pub(super) fn no_look_that_is_spared_finds_anything(scaler: &Scaler, random: &Random) -> Result<(), TestCaseError> {
    let decisions = |forgets: bool| {
        let mut world = world(scaler.clone(), random);
        let looks = (0..20).map(|look| {
            // Something changes now and then.
            if look % 6 == 5 {
                world.stop(0, 1);
            }
            if forgets {
                world.memory.settled = None;
            }
            let decision = world.act();
            world.pass(Duration::from_secs(5));
            decision
        });
        looks.collect::<Vec<_>>()
    };
    prop_assert_eq!(decisions(false), decisions(true));
    Ok(())
}

/// Tasks whose sizes divide each other fill hosts, all but the last.
pub(super) fn hosts_are_filled(scaler: &Scaler, (sizes, _, pending, _, _): &Random) -> Result<(), TestCaseError> {
    let random = (sizes.clone(), vec![], *pending, (0, 1_000), false);
    let wanted = world(scaler.clone(), &random).look().wanted;
    let reserved = sizes[0] * pending[0] + sizes[1] * pending[1];
    prop_assert_eq!(wanted, reserved.div_ceil(80));
    Ok(())
}

/// One more waiting task of either service never makes a scaler ask for fewer at its first look.
pub(super) fn more_never_asks_for_fewer(scaler: &Scaler, random: &Random) -> Result<(), TestCaseError> {
    let asked = |random: &Random| world(scaler.clone(), random).look().wanted;
    for service in 0..2 {
        let mut more = random.clone();
        more.2[service] += 1;
        let (few, many) = (asked(random), asked(&more));
        prop_assert!(few <= many, "{few}, with one more of {service} {many}");
    }
    Ok(())
}
