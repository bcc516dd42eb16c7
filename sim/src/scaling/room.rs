//! What room there is on a group's hosts, and which tasks want it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{GroupHost, GroupView};
use crate::engine::fact::ServiceId;
use crate::model::Service;
use crate::placement::packing::{NewHosts, Offer, Packing};

/// So many tasks of each service, in the order in which they are packed.
pub(super) type Tasks = Vec<(ServiceId, u32)>;

/// The hosts of a group by what is on them: what can be said of one can be said of all that are alike.
#[derive(Debug)]
pub(super) struct Room<'a> {
    view: &'a GroupView<'a>,
    /// One host of each kind, and how many there are.
    kinds: Vec<(&'a GroupHost, u32)>,
    /// By position of a host, its kind.
    kind_of: Vec<usize>,
}

impl<'a> Room<'a> {
    /// Of all hosts, those on their way too.
    pub fn of(view: &'a GroupView<'a>) -> Self {
        let mut room = Self { view, kinds: vec![], kind_of: Vec::with_capacity(view.hosts.len()) };
        let mut known = BTreeMap::new();
        for host in view.hosts {
            let looks = |host: &'a GroupHost| (host.ready, host.class, host.free, host.tasks.as_slice());
            // Neighbours are often alike.
            let last = room.kind_of.last().copied().filter(|&kind| looks(room.kinds[kind].0) == looks(host));
            let kind = last.unwrap_or_else(|| {
                *known.entry(looks(host)).or_insert_with(|| {
                    room.kinds.push((host, 0));
                    room.kinds.len() - 1
                })
            });
            room.kinds[kind].1 += 1;
            room.kind_of.push(kind);
        }
        room
    }

    /// The kind of a host by its position; hosts of a packing have it as their label.
    pub fn kind_of(&self, host: usize) -> usize {
        self.kind_of[host]
    }

    /// Whether hosts of a kind take tasks.
    pub fn is_ready(&self, kind: usize) -> bool {
        self.kinds[kind].0.ready
    }

    /// The hosts with what is left on them: first those with tasks, then the empty ones, then those on their way.
    pub fn packing(&self) -> Packing {
        let mut packing = Packing::default();
        let mut order: Vec<_> = (0..self.kinds.len()).collect();
        order.sort_by_key(|&kind| (!self.kinds[kind].0.ready, self.kinds[kind].0.tasks.is_empty(), kind));
        for kind in order {
            let (host, hosts) = self.kinds[kind];
            let mut offer = Offer::empty(host.class, self.view.group, host.free, &[]);
            offer.total = self.view.capacity;
            for &(id, tasks) in &host.tasks {
                offer.hold(id, &self.view.services[id.index()], tasks);
            }
            packing.add_labelled(hosts, offer, kind);
        }
        packing
    }

    /// Empty hosts that have not been given any task, those on their way too.
    pub fn idle(&self, packing: &Packing) -> u32 {
        let empty = (0..self.kinds.len()).filter(|&kind| self.kinds[kind].0.tasks.is_empty());
        empty.map(|kind| packing.untouched(kind)).sum()
    }

    /// By position, the hosts that have not been given any task: of each kind the last ones.
    pub fn untouched(&self, packing: &Packing) -> Vec<bool> {
        let mut left: Vec<_> = (0..self.kinds.len()).map(|kind| packing.untouched(kind)).collect();
        let mut untouched = vec![false; self.kind_of.len()];
        for (host, &kind) in self.kind_of.iter().enumerate().rev() {
            untouched[host] = left[kind] > 0;
            left[kind] = left[kind].saturating_sub(1);
        }
        untouched
    }
}

impl GroupView<'_> {
    /// The waiting tasks that an empty host of the group has room for, the largest first by what is given.
    pub(super) fn waiting<K: Ord>(&self, size: impl Fn(&Service) -> K) -> Tasks {
        let fits = |id: ServiceId| {
            let reserved =
                self.services[id.index()].demand.host_port.is_some_and(|port| self.reserved_ports.contains(&port));
            !reserved && self.room_for(id) > 0
        };
        let waiting = self.pending.iter().map(|pending| (pending.service, pending.tasks));
        self.largest_first(waiting.filter(|&(id, tasks)| tasks > 0 && fits(id)).collect(), size)
    }

    /// How many tasks of a service an empty host of the group has room for, in the zone that suits them best.
    pub(super) fn room_for(&self, id: ServiceId) -> u32 {
        let service = &self.services[id.index()];
        let offer = |&class: &_| Offer::empty(class, self.group, self.capacity, &[]);
        self.classes.iter().map(|class| offer(class).room(id, service)).max().unwrap_or(0)
    }

    /// Tasks with the largest first by what is given, and by service among equals.
    pub(super) fn largest_first<K: Ord>(&self, mut tasks: Tasks, size: impl Fn(&Service) -> K) -> Tasks {
        tasks.sort_by_key(|(id, _)| (Reverse(size(&self.services[id.index()])), *id));
        tasks
    }

    /// The hosts that the group launches if more are wanted, up to so many.
    pub(super) fn new_hosts(&self, most: u32) -> NewHosts {
        let in_zone = |class| self.hosts.iter().filter(|host| host.class == class).count() as u32;
        // Tasks that want a reserved port do not come here.
        let empty = Offer::empty(self.classes[0], self.group, self.capacity, &[]);
        NewHosts {
            empty,
            zones: self.classes.iter().map(|&class| (class, in_zone(class))).collect(),
            most,
            launched: 0,
        }
    }
}

/// The tasks on some hosts, by service.
pub(super) fn tasks_on<'a>(hosts: impl IntoIterator<Item = &'a GroupHost>) -> Tasks {
    let mut tasks = BTreeMap::new();
    for &(id, number) in hosts.into_iter().flat_map(|host| &host.tasks) {
        *tasks.entry(id).or_insert(0) += number;
    }
    tasks.into_iter().collect()
}

/// Gives tasks to hosts; those that are left over.
pub(super) fn place(packing: &mut Packing, tasks: &[(ServiceId, u32)], services: &[Service]) -> Tasks {
    let left = tasks.iter().map(|&(id, tasks)| (id, packing.place(id, &services[id.index()], tasks)));
    left.filter(|(_, left)| *left > 0).collect()
}
