//! The laws of the cluster, recounted from its tasks.

use super::{Cluster, HostLife, TaskState};
use crate::engine::fact::{HostId, ServiceId};
use crate::model::{Resources, SlotRelease};
use crate::placement::index::HostIndex;

impl Cluster {
    /// Recounts everything that is kept as a count. Costs as much as the cluster is large.
    ///
    /// # Panics
    /// When a kept count is not the recounted one.
    pub fn check(&self) {
        let mut reserved = vec![Resources::default(); self.hosts.len()];
        let mut on_host = vec![0; self.hosts.len()];
        for task in self.tasks.iter().filter(|task| task.state != TaskState::Stopped) {
            let host = task.host.index();
            let there = matches!(self.hosts[host].life, HostLife::Ready | HostLife::Draining | HostLife::Lost);
            assert!(there, "a task is on a host that is not there");
            on_host[host] += 1;
            let released = task.state == TaskState::Stopping && self.slot_release == SlotRelease::Stopping;
            if task.state != TaskState::Lost && !released {
                reserved[host] = reserved[host].plus(self.terms[task.name.service.index()].demand.resources);
            }
        }
        for (i, host) in self.hosts.iter().enumerate() {
            let capacity =
                if host.of_one_task { host.free.plus(reserved[i]) } else { self.classes[host.class.index()].capacity };
            assert_eq!(host.free.plus(reserved[i]), capacity, "used and free are the capacity of host {i}");
            assert_eq!(host.tasks, on_host[i], "tasks on host {i}");
        }
        for (i, service) in self.services.iter().enumerate() {
            self.check_service(ServiceId(i as u32));
            assert_eq!(service.by_host.iter().sum::<u32>(), service.alive, "by host");
            assert_eq!(service.by_zone.iter().sum::<u32>(), service.alive, "by zone");
            assert_eq!(service.by_class.iter().sum::<u32>(), service.alive, "by class");
        }
    }

    fn check_service(&self, id: ServiceId) {
        let service = &self.services[id.index()];
        let tasks = || self.tasks.iter().filter(|task| task.name.service == id);
        let count = |alive: &dyn Fn(TaskState) -> bool| tasks().filter(|task| alive(task.state)).count() as u32;
        assert_eq!(service.alive, count(&|state| state != TaskState::Stopped), "alive tasks of {id:?}");
        for (version, counts) in service.versions.iter().enumerate() {
            let wanted = || tasks().filter(|task| usize::from(task.name.version) == version && !task.chosen);
            assert_eq!(counts.wanted as usize, wanted().count(), "wanted tasks of version {version}");
            assert_eq!(counts.tasks.len(), counts.wanted as usize, "the list of wanted tasks");
            let healthy = wanted().filter(|task| task.state == TaskState::InService).count();
            assert_eq!(counts.healthy as usize, healthy, "healthy tasks of version {version}");
            let available = wanted().filter(|task| task.is_available()).count();
            assert_eq!(counts.available as usize, available, "available tasks of version {version}");
            let leaving = || wanted().filter(|task| task.leaving);
            assert_eq!(counts.leaving as usize, leaving().count(), "leaving tasks of version {version}");
            let leaving = leaving().filter(|task| task.is_available()).count();
            assert_eq!(counts.leaving_available as usize, leaving, "available tasks that leave");
            let drains = |host: usize| self.hosts[host].life == HostLife::Draining;
            assert!(wanted().all(|task| task.leaving || !drains(task.host.index())), "all on draining hosts leave");
            let rested = wanted().filter(|task| task.rested).count();
            assert_eq!(counts.rested as usize, rested, "rested tasks of version {version}");
        }
        if let Some(kept) = &service.index {
            let mut recounted = HostIndex::default();
            for host in (0..self.hosts.len()).map(|i| HostId(i as u32)) {
                recounted.update(host, self.look(host, id), &self.terms[id.index()], &self.classes);
            }
            assert_eq!(*kept, recounted, "hosts by their look to {id:?}");
        }
    }
}
