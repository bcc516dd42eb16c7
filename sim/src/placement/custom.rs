//! A score and a constraint that a scenario wrote itself: the first way to try a scheduler policy without compiling one.

use super::expression::{Condition, Number, Undefined, Variable};
use super::{HostView, Order, PARTS, Score};
use crate::model::{ClassId, Resources};

/// A score that a scenario wrote; the highest is best.
#[derive(Clone, Debug, PartialEq)]
pub struct Custom {
    /// How good a host is.
    pub score: Number,
    /// As it was written, for messages.
    pub text: String,
}

/// A condition that a scenario wrote; a task goes only where it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// Where a task may go.
    pub holds: Condition,
    /// As it was written, for messages.
    pub text: String,
}

impl Custom {
    pub(super) fn score(&self, host: &HostView, demand: Resources, desired: u32) -> Result<Score, Undefined> {
        let value = self.score.value(&|variable| read(variable, host, demand, desired), host.class.0)?;
        // The order of floating-point numbers as that of whole ones, turned round: the lowest score is best.
        let bits = value.to_bits();
        let rising = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
        let mut score = [0; PARTS];
        (score[0], score[1]) = ((!rising >> 32) as u32, !rising as u32);
        Ok(score)
    }

    pub(super) fn order(&self) -> Order {
        if self.score.uses(Variable::ZoneTasks) { Order::Changing } else { Order::WithinClassStays }
    }

    pub(super) fn counts_all_tasks(&self) -> bool {
        self.score.uses(Variable::AllTasks)
    }
}

impl Constraint {
    pub(super) fn holds(&self, host: &HostView, demand: Resources, desired: u32) -> Result<bool, Undefined> {
        self.holds.holds(&|variable| read(variable, host, demand, desired), host.class.0)
    }

    pub(super) fn counts_all_tasks(&self) -> bool {
        self.holds.uses(Variable::AllTasks)
    }

    /// Whether one more task may go to a host with so much free and so many tasks of its service, and no others.
    pub(super) fn allows(
        &self,
        class: ClassId,
        capacity: Resources,
        free: Resources,
        demand: Resources,
        tasks: u32,
        desired: u32,
    ) -> bool {
        let host = HostView { class, capacity, free, zone: 0, tasks, zone_tasks: 0, all_tasks: tasks };
        self.holds(&host, demand, desired) == Ok(true)
    }
}

/// What a variable is on a host.
fn read(variable: Variable, host: &HostView, demand: Resources, desired: u32) -> f64 {
    let HostView { free, capacity, .. } = host;
    f64::from(match variable {
        Variable::FreeCpu => free.cpu,
        Variable::FreeMemory => free.memory_mib,
        Variable::FreeGpus => free.gpus,
        Variable::FreeInterfaces => free.interfaces,
        Variable::FreeDisk => free.disk_mib,
        Variable::TotalCpu => capacity.cpu,
        Variable::TotalMemory => capacity.memory_mib,
        Variable::TotalGpus => capacity.gpus,
        Variable::TotalInterfaces => capacity.interfaces,
        Variable::TotalDisk => capacity.disk_mib,
        Variable::TaskCpu => demand.cpu,
        Variable::TaskMemory => demand.memory_mib,
        Variable::TaskGpus => demand.gpus,
        Variable::TaskInterfaces => demand.interfaces,
        Variable::TaskDisk => demand.disk_mib,
        Variable::Tasks => host.tasks,
        Variable::AllTasks => host.all_tasks,
        Variable::ZoneTasks => host.zone_tasks,
        Variable::Desired => desired,
    })
}
