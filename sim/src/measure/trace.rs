//! Every fact of one run, kept; and what a service's tasks were doing over time.

use super::series::Series;
use crate::cluster::TaskState;
use crate::engine::fact::{Fact, FactId, HostId, Observer, ServiceId};
use crate::engine::time::Time;
use crate::model::Model;

/// Every fact of one run, in order; a fact's id is its position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The facts.
    pub records: Vec<Record>,
}

/// One fact, its time and its cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// When.
    pub at: Time,
    /// What.
    pub fact: Fact,
    /// The fact that made it happen; its own id where nothing did.
    pub because: FactId,
}

/// How many tasks of one service did what over time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskCounts {
    /// Created and not in service yet, of any version.
    pub starting: Series,
    /// In service, of versions before the last one requested.
    pub old_in_service: Series,
    /// In service, of the last version requested.
    pub new_in_service: Series,
    /// Out of service and not stopped, of any version: on their way out, or unhealthy.
    pub draining: Series,
    /// When deploys of the service were requested.
    pub requested: Vec<Time>,
    /// When they ended.
    pub completed: Vec<Time>,
}

impl Trace {
    /// Names of the hosts by id: the group's name and the host's ordinal in it, `m5-0`.
    pub fn host_names(&self, model: &Model) -> Vec<String> {
        let mut launched = vec![0; model.host_groups.len()];
        let groups = self.records.iter().filter_map(|record| match record.fact {
            Fact::HostLaunched { group, .. } | Fact::MachineLaunched { group, .. } => Some(group),
            _ => None,
        });
        let names = groups.map(|group| {
            let ordinal = &mut launched[group.index()];
            *ordinal += 1;
            format!("{}-{}", model.host_groups[group.index()].name, *ordinal - 1)
        });
        names.collect()
    }

    /// By task, the host that it was placed on.
    pub fn hosts_of_tasks(&self) -> Vec<HostId> {
        let mut hosts = vec![];
        for record in &self.records {
            if let Fact::TaskMoved { task, host, .. } = record.fact
                && task.index() == hosts.len()
            {
                hosts.push(host);
            }
        }
        hosts
    }

    /// What the tasks of a service were doing over time.
    pub fn task_counts(&self, service: ServiceId) -> TaskCounts {
        let mut counts = TaskCounts::default();
        let mut kinds = vec![];
        let versions = self.records.iter().filter_map(|record| match record.fact {
            Fact::DeployRequested { service: of, version, .. } if of == service => Some(version),
            _ => None,
        });
        let newest = versions.rfold(None, |last, version| last.or(Some(version))).unwrap_or(2);
        for record in &self.records {
            match record.fact {
                Fact::TaskMoved { task, service: of, version, to, .. } => {
                    kinds.resize(kinds.len().max(task.index() + 1), None);
                    if of == service {
                        let was: Option<(TaskState, u16)> = kinds[task.index()];
                        // A task that goes back from service is unhealthy, and not on its way in.
                        let back = was.is_some_and(|(state, _)| state == TaskState::InService)
                            && matches!(to, TaskState::Running | TaskState::Registering);
                        let shown = if back { TaskState::Draining } else { to };
                        let kind = (to != TaskState::Stopped).then_some((shown, version));
                        kinds[task.index()] = kind;
                        for (kind, delta) in [(was, -1), (kind, 1)] {
                            if let Some((state, version)) = kind {
                                counts.of(state, version == newest).change(record.at, delta);
                            }
                        }
                    }
                }
                Fact::DeployRequested { service: of, .. } if of == service => counts.requested.push(record.at),
                Fact::DeployCompleted { service: of, .. } if of == service => counts.completed.push(record.at),
                _ => {}
            }
        }
        counts
    }
}

impl TaskCounts {
    fn of(&mut self, state: TaskState, newest: bool) -> &mut Series {
        match state {
            TaskState::InService if newest => &mut self.new_in_service,
            TaskState::InService => &mut self.old_in_service,
            early if early < TaskState::InService => &mut self.starting,
            _ => &mut self.draining,
        }
    }
}

impl Observer for Trace {
    fn observe(&mut self, at: Time, id: FactId, fact: Fact, because: FactId) {
        assert_eq!(id.index() as usize, self.records.len(), "facts are numbered in order");
        self.records.push(Record { at, fact, because });
    }
}
