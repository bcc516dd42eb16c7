//! Placement alone, without simulated time: hosts that take the tasks of one service one after another. For packing
//! questions, and to measure the search against a plain scan.

use super::Shortage;
use super::index::{HostIndex, Look, Terms};
use super::scan::scan;
use super::search::{Request, place};
use crate::engine::fact::{GroupId, HostId, ServiceId};
use crate::model::{Class, ClassId, Model, Resources};

/// The hosts of a model's groups, and tasks of one of its services.
#[derive(Clone, Debug)]
pub struct Trial {
    terms: Terms,
    classes: Vec<Class>,
    looks: Vec<Look>,
    index: HostIndex,
    by_zone: Vec<u32>,
    by_class: Vec<u32>,
    placed: u32,
}

impl Trial {
    /// Every host of every group, empty; each group's zones in turn.
    pub fn new(model: &Model, service: ServiceId) -> Self {
        let classes = model.classes();
        let mut trial = Self {
            terms: Terms::of(&model.services[service.index()]),
            looks: vec![],
            index: HostIndex::default(),
            by_zone: vec![0; model.zones().len()],
            by_class: vec![0; classes.len()],
            placed: 0,
            classes,
        };
        for (group, id) in model.host_groups.iter().zip((0..).map(GroupId)) {
            let of_group: Vec<_> = model.classes_of(id).collect();
            for ordinal in 0..group.hosts as usize {
                trial.add(of_group[ordinal % of_group.len()], group.capacity);
            }
        }
        trial
    }

    /// Adds a host with so much free.
    pub fn add(&mut self, class: ClassId, free: Resources) -> HostId {
        let host = HostId(self.looks.len() as u32);
        self.looks.push(Look { class, free, port_taken: false, tasks: 0, all_tasks: 0 });
        self.update(host);
        host
    }

    /// A task of another service takes resources.
    ///
    /// # Panics
    /// When the host does not have as much.
    pub fn take(&mut self, host: HostId, resources: Resources) {
        let look = &mut self.looks[host.index()];
        look.free = look.free.minus(resources).expect("the host has as much");
        look.all_tasks += u32::from(self.terms.counts_all_tasks());
        self.update(host);
    }

    /// The next task is one that reserves so much.
    pub fn demand(&mut self, resources: Resources) {
        self.terms.demand.resources = resources;
        self.index = HostIndex::default();
        (0..self.looks.len()).for_each(|i| self.update(HostId(i as u32)));
    }

    /// Places a task; `lot` is even bits for a policy that draws.
    ///
    /// # Errors
    /// When it fits nowhere, what is short on how many hosts.
    pub fn place(&mut self, lot: u64) -> Result<HostId, Shortage> {
        let host = place(&self.request(lot), &self.index)?;
        self.change(host, 1);
        self.placed += 1;
        Ok(host)
    }

    /// A task of the service is on a host.
    ///
    /// # Panics
    /// When it has no room there.
    pub fn put(&mut self, host: HostId) {
        let fits = self.terms.demand.resources.fits_in(self.looks[host.index()].free);
        assert!(fits, "there is room for the task");
        self.change(host, 1);
    }

    /// Where the next task would go by a scan over all hosts: the plain form of the search.
    pub fn scan(&self, lot: u64) -> Option<HostId> {
        scan(&self.request(lot), &self.looks)
    }

    /// A task of the service leaves a host.
    ///
    /// # Panics
    /// When there is none on it.
    pub fn remove(&mut self, host: HostId) {
        self.change(host, -1);
    }

    fn change(&mut self, host: HostId, tasks: i32) {
        let look = &mut self.looks[host.index()];
        let demand = self.terms.demand;
        look.free = if tasks > 0 { look.free.less(demand.resources) } else { look.free.plus(demand.resources) };
        look.port_taken = demand.host_port.is_some() && tasks > 0;
        let zone = usize::from(self.classes[look.class.index()].zone);
        let counts_all = self.terms.counts_all_tasks();
        let counts = [
            Some(&mut look.tasks),
            counts_all.then_some(&mut look.all_tasks),
            Some(&mut self.by_zone[zone]),
            Some(&mut self.by_class[look.class.index()]),
        ];
        for count in counts.into_iter().flatten() {
            *count = count.checked_add_signed(tasks).expect("a task is there");
        }
        self.update(host);
    }

    fn update(&mut self, host: HostId) {
        self.index.update(host, Some(self.looks[host.index()]), &self.terms, &self.classes);
    }

    fn request(&self, lot: u64) -> Request<'_> {
        let Self { terms, classes, by_zone, by_class, .. } = self;
        Request { terms, classes, by_zone, by_class, ordinal: self.placed, lot }
    }
}
