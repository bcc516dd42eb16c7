//! Who is who where a mover has slots: whose turn is next, and which places are empty.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::cluster::{Cluster, ServiceTasks};
use crate::deploy::{SlotOrder, Slots};
use crate::engine::fact::{HostId, TaskId};

/// The slots of one rollout. The mover says how many; this says which.
#[derive(Debug, Default)]
pub(crate) struct SlotBook {
    /// Old tasks whose slots have not begun, in their order.
    waiting: VecDeque<TaskId>,
    /// Old tasks whose slots' new tasks have passed the gate.
    followed: VecDeque<TaskId>,
    /// Old tasks beside which a new one has started.
    partnered: Vec<TaskId>,
    /// Slots without a task.
    empty: VecDeque<Place>,
    /// Slots whose new task failed, until one passes.
    pub failed: BTreeSet<u32>,
    /// Stopped tasks that the mover no longer waits for, and are not gone.
    pub overdue: BTreeSet<TaskId>,
    /// By slot, the host to which the image of its next task was pulled ahead.
    pub pulled_ahead: BTreeMap<u32, HostId>,
}

/// A slot, and the host where its task was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub slot: u32,
    pub host: HostId,
    /// Its new task failed: the next one may have to wait, or never come.
    pub failed: bool,
}

impl SlotBook {
    /// The slots of a rollout to `target`: every other version's task waits for its turn, those that are not available
    /// first, then the oldest version, then by slot.
    pub fn open(slots: &Slots, target: u16, tasks: &ServiceTasks, cluster: &Cluster) -> Self {
        let old = tasks.versions.iter().enumerate().filter(|(version, _)| *version != usize::from(target));
        let mut waiting: Vec<_> = old.flat_map(|(_, version)| version.tasks.iter().copied()).collect();
        waiting.sort_by_key(|id| {
            let task = &cluster.tasks[id.index()];
            let slot = match slots.order {
                SlotOrder::Ascending => i64::from(task.slot),
                SlotOrder::Descending => -i64::from(task.slot),
            };
            (task.is_available(), task.name.version, slot)
        });
        Self { waiting: waiting.into(), ..Self::default() }
    }

    /// The slots of the next rollout or step: what is empty stays so.
    pub fn reopened(self, next: Self) -> Self {
        Self { empty: self.empty, overdue: self.overdue, ..next }
    }

    /// Another version comes: whatever failed is no concern of its.
    pub fn forgive(&mut self) {
        self.empty.iter_mut().for_each(|place| place.failed = false);
    }

    /// The old task that goes next: one whose successor has passed, or else one whose slot has not begun.
    pub fn next_to_stop(&mut self, cluster: &Cluster) -> Option<TaskId> {
        let wanted = |id: &TaskId| !cluster.tasks[id.index()].chosen;
        let followed = std::iter::from_fn(|| self.followed.pop_front()).find(wanted);
        followed.or_else(|| std::iter::from_fn(|| self.waiting.pop_front()).find(wanted)).or_else(|| {
            let partner = self.partnered.iter().position(wanted)?;
            Some(self.partnered.remove(partner))
        })
    }

    /// The place of the next new task: an empty slot, or with `beside` that of the old task whose slot begins now. Where
    /// replacements wait, slots whose new task failed do not come into question.
    pub fn next_to_start(&mut self, beside: bool, waits: bool, cluster: &Cluster) -> Option<Place> {
        if let Some(next) = self.empty.iter().position(|place| !(waits && place.failed)) {
            return self.empty.remove(next);
        }
        if !beside {
            return None;
        }
        let old = std::iter::from_fn(|| self.waiting.pop_front()).find(|id| !cluster.tasks[id.index()].chosen)?;
        self.partnered.push(old);
        Some(Self::place_of(old, cluster))
    }

    /// A place that found no room after all.
    pub fn put_back(&mut self, place: Place) {
        self.empty.push_front(place);
    }

    /// A task's place is empty, because it failed or else because it was told to stop.
    pub fn vacate(&mut self, id: TaskId, failed: bool, cluster: &Cluster) {
        self.empty.push_back(Place { failed, ..Self::place_of(id, cluster) });
    }

    /// A new task has passed: its slot is well, and the old task beside it may go.
    pub fn passed(&mut self, id: TaskId, cluster: &Cluster) {
        let slot = cluster.tasks[id.index()].slot;
        self.failed.remove(&slot);
        if let Some(i) = self.partnered.iter().position(|old| cluster.tasks[old.index()].slot == slot) {
            self.followed.push_back(self.partnered.remove(i));
        }
    }

    fn place_of(id: TaskId, cluster: &Cluster) -> Place {
        let task = &cluster.tasks[id.index()];
        Place { slot: task.slot, host: task.host, failed: false }
    }
}
