//! Every fact of one run as JSON lines: what happened when, to whom, and because of which fact.

use seatrial_sim::engine::fact::{Fact, FactId, HostId, ServiceId, TaskId};
use seatrial_sim::measure::trace::{Record, Trace};
use seatrial_sim::model::Model;
use serde::Serialize;

use crate::wording;

/// One line a fact, in order; `because` is the `id` of the fact that made it happen, null where nothing did.
#[expect(clippy::missing_panics_doc, reason = "names and numbers can always be written into memory as JSON")]
pub fn render(model: &Model, trace: &Trace) -> String {
    let hosts = trace.host_names(model);
    let ids = (0..).map(FactId::from_index);
    let lines = trace.records.iter().zip(ids).map(|(record, id)| {
        let because = Some(record.because.index()).filter(|_| record.because != id);
        let line = Line { id: id.index(), happening: Happening::new(model, &hosts, record), because };
        serde_json::to_string(&line).expect("names and numbers only, into memory") + "\n"
    });
    lines.collect()
}

/// What happened when and to whom, a line of JSON a fact, without its number and its cause: what two runs are compared by.
#[expect(clippy::missing_panics_doc, reason = "names and numbers can always be written into memory as JSON")]
pub fn happenings(model: &Model, trace: &Trace) -> Vec<String> {
    let hosts = trace.host_names(model);
    let line = |record| serde_json::to_string(&Happening::new(model, &hosts, record));
    trace.records.iter().map(|record| line(record).expect("names and numbers only, into memory")).collect()
}

/// One line.
#[derive(Serialize)]
struct Line<'a> {
    id: u32,
    #[serde(flatten)]
    happening: Happening<'a>,
    because: Option<u32>,
}

/// What happened when and to whom; the fields that say nothing of a fact are left out.
#[derive(Default, Serialize)]
struct Happening<'a> {
    at_s: f64,
    fact: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deploy: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hosts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    for_deploy: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ran: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    desired: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight_percent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shortage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    used_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests_per_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    under_way: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    loss: Option<&'static str>,
}

impl<'a> Happening<'a> {
    fn new(model: &'a Model, hosts: &'a [String], record: &Record) -> Self {
        let named = |service: ServiceId| Some(model.services[service.index()].name.as_str());
        let host_name = |host: HostId| Some(hosts[host.index()].as_str());
        let line = Self { at_s: record.at.as_secs_f64(), fact: word(record.fact), ..Self::default() };
        match record.fact {
            Fact::HostLaunched { host, for_deploy, .. } => {
                Self { host: host_name(host), for_deploy: Some(for_deploy), ..line }
            }
            Fact::HostReady { host }
            | Fact::HostDraining { host }
            | Fact::HostNotice { host }
            | Fact::HostTerminated { host }
            | Fact::HostLossFound { host } => Self { host: host_name(host), ..line },
            Fact::MachineLaunched { host, service, .. } => {
                Self { host: host_name(host), service: named(service), ..line }
            }
            Fact::HostsWanted { group, hosts } | Fact::WarmHosts { group, hosts } => {
                Self { group: Some(&model.host_groups[group.index()].name), hosts: Some(hosts), ..line }
            }
            Fact::RefreshStarted { group }
            | Fact::RefreshRefused { group }
            | Fact::RefreshDone { group }
            | Fact::RefreshFailed { group } => Self { group: Some(&model.host_groups[group.index()].name), ..line },
            Fact::DeployRequested { deploy, service, version } => {
                Self { deploy: Some(deploy.0), service: named(service), version: Some(version), ..line }
            }
            Fact::DeployCompleted { deploy, service }
            | Fact::DeploySuperseded { deploy, service }
            | Fact::DeployRolledBack { deploy, service } => {
                Self { deploy: Some(deploy.0), service: named(service), ..line }
            }
            Fact::DeployStalled { deploy, service, why }
            | Fact::DeployPaused { deploy, service, why }
            | Fact::DeployFailed { deploy, service, why } => {
                Self { deploy: Some(deploy.0), service: named(service), why: Some(why.to_string()), ..line }
            }
            Fact::StepReached { deploy, step } | Fact::StepDone { deploy, step } => {
                Self { deploy: Some(deploy.0), step: Some(step), ..line }
            }
            Fact::TrafficShifted { service, version, permille } => Self {
                service: named(service),
                version: Some(version),
                weight_percent: Some(f64::from(permille) / 10.0),
                ..line
            },
            Fact::DesiredChanged { service, desired } | Fact::Autoscaled { service, desired } => {
                Self { service: named(service), desired: Some(desired), ..line }
            }
            Fact::TaskMoved { task: TaskId(task), service, version, host, .. } => Self {
                task: Some(task),
                service: named(service),
                version: Some(version),
                host: host_name(host),
                ..line
            },
            Fact::StopChosen { task, service }
            | Fact::StartReceived { task, service }
            | Fact::TargetRegistered { task, service }
            | Fact::StopReceived { task, service }
            | Fact::TaskExited { task, service }
            | Fact::TaskRested { task, service }
            | Fact::TaskKilled { task, service }
            | Fact::TaskAvailable { task, service }
            | Fact::TaskHung { task, service }
            | Fact::TaskUnhealthy { task, service }
            | Fact::TargetUnhealthy { task, service }
            | Fact::TargetGone { task, service }
            | Fact::TaskLate { task, service } => Self { task: Some(task.0), service: named(service), ..line },
            Fact::TaskFailed { task, service, ran } => {
                Self { task: Some(task.0), service: named(service), ran: Some(ran), ..line }
            }
            Fact::ImagePulled { host, service, version, used_bytes }
            | Fact::ImageRemoved { host, service, version, used_bytes } => Self {
                host: host_name(host),
                service: named(service),
                version: Some(version),
                used_bytes: Some(used_bytes),
                ..line
            },
            Fact::DiskFull { host, task, service, used_bytes } => Self {
                host: host_name(host),
                task: Some(task.0),
                service: named(service),
                used_bytes: Some(used_bytes),
                ..line
            },
            Fact::PlacementBlocked { service, shortage } => {
                Self { service: named(service), shortage: Some(shortage.to_string()), ..line }
            }
            Fact::LaunchRateReached { service } | Fact::BoundsBlocked { service } | Fact::SteadyState { service } => {
                Self { service: named(service), ..line }
            }
            Fact::DemandChanged { .. }
            | Fact::CapacityChanged { .. }
            | Fact::ServedChanged { .. }
            | Fact::SpreadChanged { .. }
            | Fact::LosingChanged { .. }
            | Fact::RequestsLost { .. } => line.of_requests(model, record.fact),
        }
    }

    /// What is said of requests.
    fn of_requests(self, model: &'a Model, fact: Fact) -> Self {
        let named = |service: ServiceId| Some(model.services[service.index()].name.as_str());
        match fact {
            Fact::DemandChanged { service, rate }
            | Fact::CapacityChanged { service, rate }
            | Fact::ServedChanged { service, rate }
            | Fact::SpreadChanged { service, rate, .. } => {
                Self { service: named(service), requests_per_s: Some(rate.as_per_s()), ..self }
            }
            Fact::LosingChanged { service, loss, rate } => Self {
                service: named(service),
                requests_per_s: Some(rate.as_per_s()),
                loss: Some(wording::loss(loss)),
                ..self
            },
            Fact::RequestsLost { service, loss, nanos, under_way } => Self {
                service: named(service),
                requests: Some(nanos as f64 / 1e9),
                under_way: Some(under_way as f64 / 1e9),
                loss: Some(wording::loss(loss)),
                ..self
            },
            _ => self,
        }
    }
}

/// The fact in one word.
pub fn word(fact: Fact) -> &'static str {
    use seatrial_sim::cluster::TaskState::{
        BackingOff, Drained, Draining, InService, Lost, Pending, Provisioning, Pulling, Registering, Running, Starting,
        Stopped, Stopping,
    };
    match fact {
        Fact::HostLaunched { .. } => "host_launched",
        Fact::HostReady { .. } => "host_ready",
        Fact::HostDraining { .. } => "host_draining",
        Fact::HostNotice { .. } => "host_notice",
        Fact::HostTerminated { .. } => "host_terminated",
        Fact::HostLossFound { .. } => "host_loss_found",
        Fact::MachineLaunched { .. } => "machine_launched",
        Fact::HostsWanted { .. } => "hosts_wanted",
        Fact::WarmHosts { .. } => "warm_hosts",
        Fact::RefreshStarted { .. } => "refresh_started",
        Fact::RefreshRefused { .. } => "refresh_refused",
        Fact::RefreshDone { .. } => "refresh_done",
        Fact::RefreshFailed { .. } => "refresh_failed",
        Fact::DeployRequested { .. } => "deploy_requested",
        Fact::DeployCompleted { .. } => "deploy_completed",
        Fact::DeploySuperseded { .. } => "deploy_superseded",
        Fact::DeployStalled { .. } => "deploy_stalled",
        Fact::DeployPaused { .. } => "deploy_paused",
        Fact::DeployFailed { .. } => "deploy_failed",
        Fact::DeployRolledBack { .. } => "deploy_rolled_back",
        Fact::StepReached { .. } => "step_reached",
        Fact::StepDone { .. } => "step_done",
        Fact::TrafficShifted { .. } => "traffic_shifted",
        Fact::DesiredChanged { .. } => "desired_changed",
        Fact::StopChosen { .. } => "stop_chosen",
        Fact::StartReceived { .. } => "start_received",
        Fact::TargetRegistered { .. } => "target_registered",
        Fact::StopReceived { .. } => "stop_received",
        Fact::TaskExited { .. } => "task_exited",
        Fact::TaskRested { .. } => "task_rested",
        Fact::TaskKilled { .. } => "task_killed",
        Fact::TaskFailed { .. } => "task_failed",
        Fact::ImagePulled { .. } => "image_pulled",
        Fact::ImageRemoved { .. } => "image_removed",
        Fact::DiskFull { .. } => "disk_full",
        Fact::TaskAvailable { .. } => "task_available",
        Fact::TaskLate { .. } => "task_late",
        Fact::PlacementBlocked { .. } => "placement_blocked",
        Fact::LaunchRateReached { .. } => "launch_rate_reached",
        Fact::BoundsBlocked { .. } => "bounds_blocked",
        Fact::DemandChanged { .. } => "demand_changed",
        Fact::CapacityChanged { .. } => "capacity_changed",
        Fact::ServedChanged { .. } => "served_changed",
        Fact::SpreadChanged { .. } => "spread_changed",
        Fact::LosingChanged { .. } => "losing_changed",
        Fact::RequestsLost { .. } => "requests_lost",
        Fact::TaskHung { .. } => "task_hung",
        Fact::TaskUnhealthy { .. } => "task_unhealthy",
        Fact::TargetUnhealthy { .. } => "target_unhealthy",
        Fact::TargetGone { .. } => "target_gone",
        Fact::SteadyState { .. } => "steady_state",
        Fact::Autoscaled { .. } => "autoscaled",
        Fact::TaskMoved { to, .. } => match to {
            Provisioning => "task_provisioning",
            Pending => "task_pending",
            Pulling => "task_pulling",
            BackingOff => "task_backing_off",
            Starting => "task_starting",
            Running => "task_running",
            Registering => "task_registering",
            InService => "task_in_service",
            Draining => "task_draining",
            Drained => "task_drained",
            Stopping => "task_stopping",
            Lost => "task_lost",
            Stopped => "task_stopped",
        },
    }
}
