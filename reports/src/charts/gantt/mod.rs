//! One deploy in depth: hosts as lanes, each task a bar on its host, with its phases.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use seatrial_sim::cluster::TaskState;
use seatrial_sim::engine::fact::{DeployId, Fact, GroupId, HostId, ServiceId};
use seatrial_sim::engine::time::Time;
use seatrial_sim::measure::critical_path::{CriticalPath, Kind};
use seatrial_sim::measure::trace::Trace;
use seatrial_sim::model::Model;

use super::over_time;

pub(super) use drawing::picture;

mod drawing;

/// The most hosts and the most rows of tasks that are drawn.
const MOST_LANES: usize = 250;
const MOST_ROWS: usize = 1000;

/// What the hosts and tasks of one run did during one deploy. Times are seconds since its request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gantt {
    /// What the chart is about: the service, and scenario, variant, seed.
    pub(super) title: String,
    /// From shortly before the request to shortly after the end, or to the end of the run.
    pub(super) window: (f64, f64),
    /// When the deploy ended, and how; absent where it did not.
    pub(super) end: Option<(f64, &'static str)>,
    /// Hosts, by group.
    pub(super) lanes: Vec<Lane>,
    /// How many hosts are left out because there are too many.
    pub(super) left_out: usize,
    /// The critical path from the request to the end.
    pub(super) path: Vec<Step>,
}

/// One host.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Lane {
    /// `m5-3`.
    pub(super) name: String,
    /// The group's position.
    pub(super) group: u32,
    /// What the host does from when to when.
    pub(super) ground: Vec<(f64, f64, Ground)>,
    /// Its tasks, by row and time.
    pub(super) bars: Vec<Bar>,
    /// How many rows they need.
    pub(super) rows: usize,
    host: Option<HostId>,
    /// How often a task of the deployed service changed its state here, and when first.
    changes: (usize, f64),
}

/// What a host does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    /// It was launched and takes no tasks yet.
    Booting,
    /// It takes tasks.
    Ready,
    /// It takes no more tasks.
    Draining,
}

/// One task.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bar {
    /// The task's position in the run.
    pub(super) task: u32,
    /// `web v2`.
    pub(super) name: String,
    /// The number of its version.
    pub(super) version: u16,
    /// Whose it is.
    pub(super) whose: Whose,
    /// The row of its lane.
    pub(super) row: usize,
    /// What it does from when to when, without gaps.
    pub(super) phases: Vec<(f64, f64, Phase)>,
}

/// Whose a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// Of the version that is deployed.
    New,
    /// Of another version of the same service.
    Old,
    /// Of another service.
    Other,
}

/// What a task does. The order is that of its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Placed, and its agent has not begun, or begins again.
    Waits,
    /// Its image is pulled.
    Pulls,
    /// Its container starts.
    Starts,
    /// It runs, and its health checks have not passed.
    Checks,
    /// It is in service.
    Serves,
    /// It is deregistered, and its requests end.
    Drains,
    /// It is told to stop, or is gone and not missed yet.
    Stops,
}

/// A part of the critical path: one wait, and where it is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) kind: Kind,
    /// The lane, and the row in it where it is a task that is waited for; absent where it is no host's wait.
    pub(super) place: Option<(usize, Option<usize>)>,
}

/// One deploy of a run.
struct Deploy {
    service: ServiceId,
    version: u16,
    requested: Time,
    end: Option<(Time, &'static str)>,
}

/// One task as the facts tell it.
struct TaskLife {
    service: ServiceId,
    version: u16,
    host: HostId,
    moves: Vec<(Time, TaskState)>,
}

/// One host as the facts tell it.
struct HostLife {
    group: GroupId,
    /// What it did from when on; nothing once it is gone.
    grounds: Vec<(Time, Option<Ground>)>,
}

impl Gantt {
    /// A deploy of one run, the longest one unless `deploy` says which, with the path if it is that deploy's; none where the
    /// run has no such deploy.
    pub fn of_run(
        model: &Model,
        trace: &Trace,
        deploy: Option<DeployId>,
        title: &str,
        path: Option<&CriticalPath>,
    ) -> Option<Self> {
        let deploys = deploys(trace);
        let horizon = Time::from_millis(model.horizon.as_millis());
        let length = |deploy: &Deploy| deploy.end.map_or(horizon, |(at, _)| at).since(deploy.requested).as_millis();
        let (id, deploy) = match deploy {
            Some(id) => (id.0, deploys.get(&id.0)?),
            None => deploys.iter().map(|(id, deploy)| (*id, deploy)).max_by_key(|(id, d)| (length(d), Reverse(*id)))?,
        };
        let requested_s = deploy.requested.as_secs_f64();
        let end_s = deploy.end.map(|(at, _)| at.as_secs_f64());
        let window = over_time::window(Some(requested_s), end_s, horizon.as_secs_f64());
        let names = trace.host_names(model);
        let lanes = lanes(model, trace, deploy, window, &names);
        let (lanes, left_out) = with_most_changes(lanes);
        let path = path.filter(|path| path.deploy.0 == id).map_or(vec![], |path| steps(path, &lanes, window));
        Some(Self {
            title: format!("Deploy of {}: {title}", model.services[deploy.service.index()].name),
            window,
            end: deploy.end.map(|(at, how)| (at.as_secs_f64() - requested_s, how)),
            lanes,
            left_out,
            path,
        })
    }
}

/// The deploys of a run by their position.
fn deploys(trace: &Trace) -> BTreeMap<u32, Deploy> {
    let mut deploys = BTreeMap::new();
    for record in &trace.records {
        let mut ends = |deploy: DeployId, how| {
            if let Some(deploy) = deploys.get_mut(&deploy.0) {
                let Deploy { end, .. } = deploy;
                *end = Some((record.at, how));
            }
        };
        match record.fact {
            Fact::DeployRequested { deploy, service, version } => {
                deploys.insert(deploy.0, Deploy { service, version, requested: record.at, end: None });
            }
            Fact::DeployCompleted { deploy, .. } => ends(deploy, "completed"),
            Fact::DeploySuperseded { deploy, .. } => ends(deploy, "superseded"),
            Fact::DeployFailed { deploy, .. } => ends(deploy, "failed"),
            Fact::DeployRolledBack { deploy, .. } => ends(deploy, "rolled back"),
            _ => {}
        }
    }
    deploys
}

/// Every host that was there in the window, by group, with its tasks.
fn lanes(model: &Model, trace: &Trace, deploy: &Deploy, window: (f64, f64), names: &[String]) -> Vec<Lane> {
    let since = |at: Time| at.as_secs_f64() - deploy.requested.as_secs_f64();
    let (hosts, tasks) = lives(trace);
    let mut lanes: Vec<Lane> = hosts
        .iter()
        .zip(names)
        .zip(0..)
        .map(|((host, name), id)| Lane {
            name: name.clone(),
            group: host.group.0,
            ground: within(host.grounds.iter().map(|(at, ground)| (since(*at), *ground)), window),
            host: Some(HostId(id)),
            changes: (0, f64::INFINITY),
            ..Lane::default()
        })
        .collect();
    for (task, position) in tasks.iter().zip(0..) {
        let Some(TaskLife { service, version, host, moves }) = task else { continue };
        let phases = within(moves.iter().map(|&(at, state)| (since(at), Phase::of(state))), window);
        let Some(lane) = lanes.get_mut(host.index()).filter(|_| !phases.is_empty()) else { continue };
        let whose = match (*service == deploy.service, *version == deploy.version) {
            (true, true) => Whose::New,
            (true, false) => Whose::Old,
            (false, _) => Whose::Other,
        };
        if whose != Whose::Other {
            for at in moves.iter().map(|(at, _)| since(*at)).filter(|at| (0.0..=window.1).contains(at)) {
                lane.changes = (lane.changes.0 + 1, lane.changes.1.min(at));
            }
        }
        let name = format!("{} v{version}", model.services[service.index()].name);
        lane.bars.push(Bar { task: position, name, version: *version, whose, row: 0, phases });
    }
    lanes.retain(|lane| !lane.ground.is_empty());
    lanes.sort_by_key(|lane| lane.group);
    lanes.iter_mut().for_each(Lane::pack);
    lanes
}

/// The lives of all hosts and tasks by their positions.
fn lives(trace: &Trace) -> (Vec<HostLife>, Vec<Option<TaskLife>>) {
    let mut hosts: Vec<HostLife> = Vec::new();
    let mut tasks: Vec<Option<TaskLife>> = Vec::new();
    for record in &trace.records {
        let mut turns = |host: HostId, ground| {
            if let Some(host) = hosts.get_mut(host.index()) {
                host.grounds.push((record.at, ground));
            }
        };
        match record.fact {
            Fact::HostReady { host } => turns(host, Some(Ground::Ready)),
            Fact::HostDraining { host } => turns(host, Some(Ground::Draining)),
            Fact::HostTerminated { host } => turns(host, None),
            Fact::HostLaunched { group, .. } => {
                hosts.push(HostLife { group, grounds: vec![(record.at, Some(Ground::Booting))] });
            }
            // A machine for one task has no start of its own to wait for.
            Fact::MachineLaunched { group, .. } => {
                hosts.push(HostLife { group, grounds: vec![(record.at, Some(Ground::Ready))] });
            }
            Fact::TaskMoved { task, service, version, host, to } => {
                tasks.resize_with(tasks.len().max(task.index() + 1), || None);
                let life = tasks[task.index()].get_or_insert(TaskLife { service, version, host, moves: vec![] });
                life.moves.push((record.at, to));
            }
            _ => {}
        }
    }
    (hosts, tasks)
}

/// What something is from when to when within the window, where it is anything, with neighbours that are alike put together.
fn within<T: Copy + PartialEq>(
    changes: impl Iterator<Item = (f64, Option<T>)>,
    (from, to): (f64, f64),
) -> Vec<(f64, f64, T)> {
    let mut changes = changes.peekable();
    let mut spans: Vec<(f64, f64, T)> = Vec::new();
    while let Some((at, what)) = changes.next() {
        let end = changes.peek().map_or(f64::INFINITY, |(at, _)| *at);
        let (start, end) = (at.max(from), end.min(to));
        let Some(what) = what.filter(|_| start < end) else { continue };
        match spans.last_mut() {
            Some((_, last, before)) if *before == what && *last >= start => *last = end,
            _ => spans.push((start, end, what)),
        }
    }
    spans
}

/// The hosts on which most tasks changed, the earlier ones of those with as many, in the order in which they were; and how many
/// others there are.
fn with_most_changes(lanes: Vec<Lane>) -> (Vec<Lane>, usize) {
    let mut order: Vec<usize> = (0..lanes.len()).collect();
    order.sort_by(|&a, &b| {
        let ((many, first), (than_many, than_first)) = (lanes[a].changes, lanes[b].changes);
        than_many.cmp(&many).then(first.total_cmp(&than_first)).then(a.cmp(&b))
    });
    let mut rows = 0;
    let mut shown = vec![false; lanes.len()];
    for (rank, lane) in order.into_iter().enumerate() {
        rows += lanes[lane].rows;
        if rank > 0 && (rank >= MOST_LANES || rows > MOST_ROWS) {
            break;
        }
        shown[lane] = true;
    }
    let left_out = shown.iter().filter(|shown| !**shown).count();
    (lanes.into_iter().zip(shown).filter(|(_, shown)| *shown).map(|(lane, _)| lane).collect(), left_out)
}

/// The path's waits, each where its host and task are drawn.
fn steps(path: &CriticalPath, lanes: &[Lane], window: (f64, f64)) -> Vec<Step> {
    let since = |at: Time| at.as_secs_f64() - path.requested.as_secs_f64();
    let step = |leg: &seatrial_sim::measure::critical_path::Leg| {
        let of_task = leg.task.and_then(|task| {
            lanes.iter().enumerate().find_map(|(index, lane)| {
                let bar = lane.bars.iter().find(|bar| bar.task == task.0)?;
                Some((index, Some(bar.row)))
            })
        });
        let of_host = || {
            let host = leg.host?;
            lanes.iter().position(|lane| lane.host == Some(host)).map(|index| (index, None))
        };
        Step { from: since(leg.from), to: since(leg.to), kind: leg.kind, place: of_task.or_else(of_host) }
    };
    // A path that a caller made up may be longer than its deploy.
    path.legs.iter().map(step).filter(|step| window.0 <= step.from && step.to <= window.1).collect()
}

impl Lane {
    /// Gives each task the first row that is free when it comes: no fewer rows would do.
    fn pack(&mut self) {
        self.bars.sort_by(|a, b| a.from().total_cmp(&b.from()).then(a.task.cmp(&b.task)));
        let mut free_from: Vec<f64> = Vec::new();
        for bar in &mut self.bars {
            let (from, to) = (bar.from(), bar.to());
            bar.row = free_from.iter().position(|&free| free <= from).unwrap_or_else(|| {
                free_from.push(0.0);
                free_from.len() - 1
            });
            free_from[bar.row] = to;
        }
        self.rows = free_from.len().max(1);
    }
}

impl Bar {
    fn from(&self) -> f64 {
        self.phases.first().map_or(0.0, |(from, ..)| *from)
    }

    fn to(&self) -> f64 {
        self.phases.last().map_or(0.0, |(_, to, _)| *to)
    }
}

impl Phase {
    /// All of them.
    pub(super) const ALL: [Self; 7] =
        [Self::Waits, Self::Pulls, Self::Starts, Self::Checks, Self::Serves, Self::Drains, Self::Stops];

    /// What a task in this state does; nothing when it has stopped.
    fn of(state: TaskState) -> Option<Self> {
        Some(match state {
            TaskState::Provisioning | TaskState::Pending | TaskState::BackingOff => Self::Waits,
            TaskState::Pulling => Self::Pulls,
            TaskState::Starting => Self::Starts,
            TaskState::Running | TaskState::Registering => Self::Checks,
            TaskState::InService => Self::Serves,
            TaskState::Draining | TaskState::Drained => Self::Drains,
            TaskState::Stopping | TaskState::Lost => Self::Stops,
            TaskState::Stopped => return None,
        })
    }

    /// In words.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Waits => "pending",
            Self::Pulls => "pulling",
            Self::Starts => "starting",
            Self::Checks => "waits for health",
            Self::Serves => "in service",
            Self::Drains => "draining",
            Self::Stops => "stopping",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bar(task: u32, from: f64, to: f64) -> Bar {
        let phases = vec![(from, to, Phase::Serves)];
        Bar { task, name: "web v1".into(), version: 1, whose: Whose::Old, row: 0, phases }
    }

    #[test]
    fn a_task_takes_the_row_of_one_that_has_gone() {
        let mut lane = Lane { bars: vec![bar(0, 0.0, 10.0), bar(1, 5.0, 20.0), bar(2, 10.0, 30.0)], ..Lane::default() };
        lane.pack();
        assert_eq!(lane.bars.iter().map(|bar| bar.row).collect::<Vec<_>>(), [0, 1, 0]);
        assert_eq!(lane.rows, 2);
    }

    #[test]
    fn spans_are_cut_to_the_window_and_alike_ones_are_one() {
        let changes =
            [(-50.0, Some(1)), (5.0, Some(1)), (10.0, Some(2)), (20.0, None), (90.0, Some(3)), (200.0, Some(4))];
        let spans = within(changes.into_iter(), (0.0, 100.0));
        assert_eq!(spans, [(0.0, 10.0, 1), (10.0, 20.0, 2), (90.0, 100.0, 3)]);
    }

    #[test]
    fn the_hosts_with_most_changes_are_shown_in_their_order() {
        let lane = |index: usize| Lane { changes: (index % 300, 1.0), rows: 1, group: index as u32, ..Lane::default() };
        let (shown, left_out) = with_most_changes((0..300).map(lane).collect());
        assert_eq!((shown.len(), left_out), (250, 50));
        assert_eq!(shown[0].group, 50, "the first fifty have the fewest changes");
        assert!(shown.is_sorted_by_key(|lane| lane.group));
        let high = |index: usize| Lane { rows: 11, ..lane(index) };
        // 90 hosts of eleven rows are 990 rows.
        assert_eq!(with_most_changes((0..100).map(high).collect()).1, 10);
    }

    proptest! {
        /// As many rows as tasks are there at once, and no two tasks in one row at one time.
        #[test]
        fn rows_are_as_few_as_possible(spans in prop::collection::vec((0_u8..50, 1_u8..20), 1..60)) {
            let bars: Vec<Bar> = (0..).zip(&spans)
                .map(|(i, &(from, length))| bar(i, f64::from(from), f64::from(from) + f64::from(length)))
                .collect();
            let at_once = |at: f64| bars.iter().filter(|bar| bar.from() <= at && at < bar.to()).count();
            let most = (0..70_u8).map(|at| at_once(f64::from(at))).max().unwrap();
            let mut lane = Lane { bars, ..Lane::default() };
            lane.pack();
            prop_assert_eq!(lane.rows, most);
            for (index, a) in lane.bars.iter().enumerate() {
                for b in &lane.bars[index + 1..] {
                    prop_assert!(a.row != b.row || a.to() <= b.from() || b.to() <= a.from());
                }
            }
        }
    }
}
