//! Packing: how many hosts some tasks need, first fit, without simulating their placement.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::fact::{GroupId, ServiceId};
use crate::model::{Class, ClassId, HostGroup, Model, Resources, Service};

/// Hosts and what is left on them. Those with the same room left are counted together, so that the cost depends on neither
/// the hosts nor the tasks.
#[derive(Clone, Debug, Default)]
pub struct Packing {
    alike: Vec<Alike>,
    /// By label, where its hosts were at first. Later they are there or further on.
    places: Vec<usize>,
    /// What an attempt has changed so far, if there is one.
    attempt: Option<Vec<Change>>,
}

/// A host is never asked whether a constraint allows more tasks on it.
const MOST_TASKS: u32 = 1_000;

/// What a host has to offer to tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its group's hosts in its zone.
    pub class: ClassId,
    /// Its group.
    pub group: GroupId,
    /// What tasks may still reserve.
    pub free: Resources,
    /// Host ports that nobody can have.
    pub ports: BTreeSet<u16>,
    /// What it offered when it was empty.
    pub total: Resources,
    /// Tasks on it of services for which their number counts: one a host, or a constraint of their own.
    pub tasks: BTreeMap<ServiceId, u32>,
}

/// Hosts of one group that may be launched, one by one, each into the zone that has fewest.
#[derive(Clone, Debug)]
pub struct NewHosts {
    /// What one of them offers, in the group's first zone.
    pub empty: Offer,
    /// The group's zones in order, and how many of its hosts are in each.
    pub zones: Vec<(ClassId, u32)>,
    /// At most so many come.
    pub most: u32,
    /// So many have come.
    pub launched: u32,
}

#[derive(Clone, Debug)]
struct Alike {
    hosts: u32,
    offer: Offer,
    /// What tells them from others that were added.
    label: Option<usize>,
    /// They have been given tasks.
    used: bool,
}

/// So many from a place on have come for those that were there before.
#[derive(Clone, Debug)]
struct Change {
    at: usize,
    come: usize,
    before: Vec<Alike>,
}

impl Packing {
    /// So many empty hosts of each group, given to the group's zones in turn.
    pub fn new(model: &Model, hosts: impl Fn(GroupId) -> u32) -> Self {
        let mut packing = Self::default();
        let mut turns = vec![0; model.host_groups.len()];
        for (class, id) in model.classes().iter().zip((0..).map(ClassId)) {
            let group = &model.host_groups[class.group.index()];
            let turn = &mut turns[class.group.index()];
            let zones = group.zones.len() as u32;
            let here = (hosts(class.group) + zones - 1 - *turn) / zones;
            *turn += 1;
            packing.add(id, class, group, here);
        }
        packing
    }

    /// Adds empty hosts.
    pub fn add(&mut self, id: ClassId, class: &Class, group: &HostGroup, hosts: u32) {
        if hosts > 0 {
            let offer = Offer::empty(id, class.group, class.capacity, &group.reserved_ports);
            self.alike.push(Alike { hosts, offer, label: None, used: false });
        }
    }

    /// Adds hosts that are alike. The label, a small number, tells them from others.
    pub fn add_labelled(&mut self, hosts: u32, offer: Offer, label: usize) {
        self.places.resize(self.places.len().max(label + 1), 0);
        self.places[label] = self.alike.len();
        self.alike.push(Alike { hosts, offer, label: Some(label), used: false });
    }

    /// Gives tasks of one service to the hosts in order; the number that is left over.
    pub fn place(&mut self, id: ServiceId, service: &Service, tasks: u32) -> u32 {
        let mut left = tasks;
        let mut i = 0;
        while left > 0 && i < self.alike.len() {
            let hosts = &self.alike[i];
            let room = if hosts.hosts > 0 { hosts.offer.room(id, service) } else { 0 };
            if room == 0 {
                i += 1;
                continue;
            }
            // The full ones, the one that gets the rest, and those that stay as they are.
            let full = hosts.hosts.min(left / room);
            left -= full * room;
            let rest = if full < hosts.hosts { std::mem::take(&mut left) } else { 0 };
            let parts = [(full, room), (u32::from(rest > 0), rest), (hosts.hosts - full - u32::from(rest > 0), 0)];
            let part = |(number, tasks)| hosts.filled(number, id, service, tasks);
            let parts = parts.into_iter().filter(|(number, _)| *number > 0).map(part).collect();
            i = self.replace(i, parts) + 1;
        }
        left
    }

    /// Gives tasks to the hosts, service by service, as long as there is room; whether there was room for all.
    pub fn place_all(&mut self, tasks: &[(ServiceId, u32)], services: &[Service]) -> bool {
        // Most that do not fit do not fit alone either.
        let alone = |&(id, tasks): &(ServiceId, u32)| self.has_room(id, &services[id.index()], tasks);
        tasks.iter().all(alone) && tasks.iter().all(|&(id, tasks)| self.place(id, &services[id.index()], tasks) == 0)
    }

    /// Whether there is room for so many tasks of one service.
    fn has_room(&self, id: ServiceId, service: &Service, tasks: u32) -> bool {
        let mut left = u64::from(tasks);
        self.alike.iter().any(|hosts| {
            left = left.saturating_sub(u64::from(hosts.hosts) * u64::from(hosts.offer.room(id, service)));
            left == 0
        }) || left == 0
    }

    /// Does something to the hosts, and takes it back if it fails; whether it did not. New hosts that it launches stay.
    ///
    /// # Panics
    /// When it makes an attempt itself.
    pub fn attempt(&mut self, act: impl FnOnce(&mut Self) -> bool) -> bool {
        let outer = self.attempt.replace(vec![]);
        assert!(outer.is_none(), "one attempt at a time");
        let done = act(self);
        for Change { at, come, before } in self.attempt.take().into_iter().flatten().rev().filter(|_| !done) {
            self.alike.splice(at..at + come, before);
        }
        done
    }

    /// Whether something could be done to the hosts, which stay as they are.
    pub fn would(&mut self, act: impl FnOnce(&mut Self) -> bool) -> bool {
        let mut would = false;
        self.attempt(|packing| {
            would = act(packing);
            false
        });
        would
    }

    /// Puts some in the place of one; where the first of them is then. Full ones that have become alike are counted
    /// together.
    fn replace(&mut self, at: usize, mut parts: Vec<Alike>) -> usize {
        let mut from = at;
        if at > 0 && self.alike[at - 1].used && self.alike[at - 1].is_like(&parts[0]) {
            from = at - 1;
            parts[0].hosts += self.alike[from].hosts;
        }
        let come = parts.len();
        let before = self.alike.splice(from..=at, parts);
        if let Some(changes) = &mut self.attempt {
            changes.push(Change { at: from, come, before: before.collect() });
        }
        from
    }

    /// Gives tasks of one service to the hosts in order, and then to new ones, as many as it takes; the number that is
    /// left over because they do not fit on an empty host of any zone or because no more hosts may come.
    pub fn place_or_launch(&mut self, new: &mut NewHosts, id: ServiceId, service: &Service, tasks: u32) -> u32 {
        let mut left = self.place(id, service, tasks);
        let empty = |class| Offer { class, ..new.empty.clone() };
        let rooms: Vec<_> = new.zones.iter().map(|&(class, _)| empty(class).room(id, service)).collect();
        if left == 0 || rooms.iter().all(|room| *room == 0) {
            return left;
        }
        // By zone, the hosts that are full and those of a zone where the service may not run; and the one with the
        // rest.
        let mut come = vec![(0, 0); rooms.len()];
        let mut last = None;
        while left > 0
            && let Some(zone) = new.launch()
        {
            let takes = left.min(rooms[zone]);
            left -= takes;
            match takes {
                0 => come[zone].1 += 1,
                _ if takes == rooms[zone] => come[zone].0 += 1,
                _ => last = Some((zone, takes)),
            }
        }
        let full = (0..rooms.len()).map(|zone| (zone, come[zone].0, rooms[zone]));
        let last = last.map(|(zone, tasks)| (zone, 1, tasks));
        let idle = (0..rooms.len()).map(|zone| (zone, come[zone].1, 0));
        for (zone, hosts, tasks) in full.chain(last).chain(idle).filter(|(_, hosts, _)| *hosts > 0) {
            let offer = Offer { class: new.zones[zone].0, ..new.empty.clone() };
            let like = Alike { hosts, offer, label: None, used: false };
            self.alike.push(like.filled(hosts, id, service, tasks));
        }
        left
    }

    /// How many hosts of a label have not been given any task.
    pub fn untouched(&self, label: usize) -> u32 {
        self.find(label).map_or(0, |at| self.alike[at].hosts)
    }

    /// Takes a host of a label away that has not been given any task; whether there was one.
    pub fn take(&mut self, label: usize) -> bool {
        let Some(at) = self.find(label).filter(|&at| self.alike[at].hosts > 0) else { return false };
        let one_less = Alike { hosts: self.alike[at].hosts - 1, ..self.alike[at].clone() };
        self.replace(at, vec![one_less]);
        true
    }

    /// Takes away all hosts but those of the labels for which this holds.
    pub fn keep(&mut self, keep: impl Fn(usize) -> bool) {
        for hosts in self.alike.iter_mut().filter(|hosts| !hosts.label.is_some_and(&keep)) {
            hosts.hosts = 0;
        }
    }

    /// Where the hosts of a label are that have not been given any task.
    fn find(&self, label: usize) -> Option<usize> {
        let found = |at: &usize| self.alike[*at].label == Some(label) && !self.alike[*at].used;
        (self.places[label]..self.alike.len()).find(found)
    }

    /// Hosts of a group that have tasks.
    pub fn used(&self, group: GroupId) -> u32 {
        self.alike.iter().filter(|hosts| hosts.offer.group == group && hosts.used).map(|hosts| hosts.hosts).sum()
    }
}

impl Offer {
    /// What a host offers that is empty.
    pub fn empty(class: ClassId, group: GroupId, capacity: Resources, reserved_ports: &[u16]) -> Self {
        Self {
            class,
            group,
            free: capacity,
            total: capacity,
            ports: reserved_ports.iter().copied().collect(),
            tasks: BTreeMap::new(),
        }
    }

    /// How many tasks of the service there is room for.
    pub fn room(&self, id: ServiceId, service: &Service) -> u32 {
        let demand = &service.demand;
        let one = demand.host_port.is_some() || demand.distinct_host;
        let here = self.tasks.get(&id).copied().unwrap_or(0);
        let port_taken = demand.host_port.is_some_and(|port| self.ports.contains(&port));
        if port_taken
            || (demand.distinct_host && here > 0)
            || !demand.resources.fits_in(self.free)
            || !service.eligible.allows(self.class)
        {
            return 0;
        }
        let room = self.free.room_for(demand.resources).min(if one { 1 } else { u32::MAX });
        let Some(constraint) = &service.constraint else { return room };
        // Of tasks of other services the constraint sees none here.
        let holds = |more: &u32| {
            let free = self.free.less(demand.resources.times(*more));
            constraint.allows(self.class, self.total, free, demand.resources, here + more, service.desired)
        };
        (0..room.min(MOST_TASKS)).take_while(holds).count() as u32
    }

    /// So many tasks of the service have its port, and count where their number counts.
    pub fn hold(&mut self, id: ServiceId, service: &Service, tasks: u32) {
        self.ports.extend(service.demand.host_port);
        if service.demand.distinct_host || service.constraint.is_some() {
            *self.tasks.entry(id).or_default() += tasks;
        }
    }
}

impl NewHosts {
    /// One more host, in the zone that has fewest and is the first of these, by its position; none where no more may
    /// come.
    fn launch(&mut self) -> Option<usize> {
        let more = self.launched < self.most;
        let zone = (0..self.zones.len()).min_by_key(|&zone| self.zones[zone].1).filter(|_| more)?;
        self.zones[zone].1 += 1;
        self.launched += 1;
        Some(zone)
    }
}

impl Alike {
    /// So many of these after each has taken `tasks` tasks.
    fn filled(&self, hosts: u32, id: ServiceId, service: &Service, tasks: u32) -> Self {
        let mut filled = Self { hosts, ..self.clone() };
        if tasks > 0 {
            filled.offer.free = filled.offer.free.less(service.demand.resources.times(tasks));
            filled.offer.hold(id, service, tasks);
            filled.used = true;
        }
        filled
    }

    /// Whether the same can be said of both, but for how many they are.
    fn is_like(&self, other: &Self) -> bool {
        self.used == other.used && self.label == other.label && self.offer == other.offer
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Demand, Eligible};

    /// What is done to the hosts.
    #[derive(Clone, Copy, Debug)]
    enum Deed {
        /// Tasks of a service are placed.
        Place(u32, u32),
        /// A host of a label is taken away.
        Take(usize),
        /// Both; taken back if a task finds no room, or always.
        Attempt(usize, u32, u32, bool),
    }

    /// Hosts one by one: offer, label, and whether they have been given tasks.
    #[derive(Clone, Debug, PartialEq)]
    struct OneByOne(Vec<(Offer, usize, bool)>);

    impl OneByOne {
        fn place(&mut self, id: ServiceId, service: &Service, tasks: u32) -> u32 {
            let mut left = tasks;
            for (offer, _, used) in &mut self.0 {
                while left > 0 && offer.room(id, service) > 0 {
                    offer.free = offer.free.less(service.demand.resources);
                    offer.hold(id, service, 1);
                    (left, *used) = (left - 1, true);
                }
            }
            left
        }

        fn take(&mut self, label: usize) -> bool {
            let found = self.0.iter().position(|(_, of, used)| *of == label && !used);
            found.map(|at| self.0.remove(at)).is_some()
        }

        fn untouched(&self, label: usize) -> u32 {
            self.0.iter().filter(|(_, of, used)| *of == label && !used).count() as u32
        }
    }

    /// Of three services one has a port, and one may have one task a host.
    fn services(sizes: &[u32]) -> Vec<Service> {
        let service = |(i, size): (usize, &u32)| {
            let resources = Resources::new(*size, 1);
            let demand = Demand { resources, host_port: (i == 1).then_some(80), distinct_host: i == 2 };
            let eligible = Eligible(if i == 0 { None } else { Some(vec![true, i == 1]) });
            Service { eligible, ..Service::plain(&format!("s{i}"), 1, demand) }
        };
        sizes.iter().enumerate().map(service).collect()
    }

    fn offer(class: u16, cpu: u32) -> Offer {
        Offer::empty(ClassId(class), GroupId(0), Resources::new(cpu, 7), &[22])
    }

    /// Four hosts of 10 in zones a and b, where two wait already: a, b, a, b.
    #[test]
    fn new_hosts_come_in_the_zones_in_turn() {
        let large = services(&[11]).remove(0);
        let services = services(&[4, 4, 4]);
        let zones = vec![(ClassId(0), 1), (ClassId(1), 1)];
        let mut new = NewHosts { empty: offer(0, 10), zones, most: 4, launched: 0 };
        let mut packing = Packing::default();
        // 2 a host: full, full, and one with 1, which has room for one more of the next.
        assert_eq!(packing.place_or_launch(&mut new, ServiceId(0), &services[0], 5), 0);
        assert_eq!((new.launched, &new.zones), (3, &vec![(ClassId(0), 3), (ClassId(1), 2)]));
        assert_eq!(packing.place(ServiceId(0), &services[0], 2), 1);
        // The third service may run in the first zone alone, and the fourth host comes in the other one.
        assert_eq!(packing.place_or_launch(&mut new, ServiceId(2), &services[2], 1), 1);
        assert_eq!(new.launched, 4);
        // One with a port, which may run in either.
        assert_eq!(packing.place_or_launch(&mut new, ServiceId(1), &services[1], 2), 1);
        assert_eq!(packing.used(GroupId(0)), 4);
        // None comes for what would not fit.
        let mut new = NewHosts { most: 9, launched: 0, ..new };
        assert_eq!((packing.place_or_launch(&mut new, ServiceId(0), &large, 3), new.launched), (3, 0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        /// Hosts that are alike are counted together, and what becomes of them is what would become of them one by one.
        #[test]
        fn counted_together_is_as_good_as_one_by_one(
            sizes in prop::collection::vec(0..5_u32, 3),
            hosts in prop::collection::vec((0..5_u32, 0..2_u16, 0..10_u32), 0..5),
            deeds in prop::collection::vec(
                (0..3_u32, 0..12_u32, 0..5_usize, 0..4_u32).prop_map(|(service, tasks, label, kind)| match kind {
                    0 => Deed::Place(service, tasks),
                    1 => Deed::Take(label),
                    _ => Deed::Attempt(label, service, tasks, kind == 2),
                }),
                0..12,
            ),
        ) {
            let services = services(&sizes);
            let (mut packing, mut one_by_one) = (Packing::default(), OneByOne(vec![]));
            for (label, &(number, class, cpu)) in hosts.iter().enumerate() {
                packing.add_labelled(number, offer(class, cpu), label);
                one_by_one.0.extend((0..number).map(|_| (offer(class, cpu), label, false)));
            }
            let service = |id: u32| (ServiceId(id), &services[id as usize]);
            for deed in deeds {
                match deed {
                    Deed::Place(id, tasks) => {
                        let (id, service) = service(id);
                        prop_assert_eq!(packing.place(id, service, tasks), one_by_one.place(id, service, tasks));
                    }
                    Deed::Take(label) if label < hosts.len() => {
                        prop_assert_eq!(packing.take(label), one_by_one.take(label));
                    }
                    Deed::Attempt(label, id, tasks, stays) if label < hosts.len() => {
                        let all = [(ServiceId(id), tasks), (ServiceId((id + 1) % 3), tasks / 2)];
                        let act = |packing: &mut Packing| packing.take(label) && packing.place_all(&all, &services);
                        let done = if stays { packing.attempt(act) } else { packing.would(act) };
                        let mut after = one_by_one.clone();
                        let would = after.take(label)
                            && all.iter().all(|&(id, tasks)| after.place(id, &services[id.index()], tasks) == 0);
                        prop_assert_eq!(done, would);
                        if stays && would {
                            one_by_one = after;
                        }
                    }
                    _ => {}
                }
                for label in 0..hosts.len() {
                    prop_assert_eq!(packing.untouched(label), one_by_one.untouched(label));
                }
            }
        }
    }
}
