//! Tasks and hosts over one run: how many tasks are desired, how many are in service, and how many hosts are there for them.

use seatrial_sim::cluster::TaskState;
use seatrial_sim::engine::fact::Fact;
use seatrial_sim::measure::series::Series;
use seatrial_sim::measure::trace::Trace;
use seatrial_sim::model::Model;

use super::axis::Axis;
use super::over_time::{self, Clock, HEAD, Key, Panel};
use super::picture::Picture;
use super::theme;
use crate::wording;

/// The height of the plot of tasks, and of that of hosts.
const TASKS: f64 = 240.0;
const HOSTS: f64 = 130.0;

/// The tasks of one service and all hosts in one run. Each quantity is a step function: its changes as (time in seconds,
/// value from then on), in the order of time, and zero before the first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReplicaSeries {
    /// What the chart is about: scenario, variant, seed.
    pub title: String,
    /// When the run ended, in seconds since the start.
    pub end_s: f64,
    /// Tasks that are wanted.
    pub desired: Vec<(f64, f64)>,
    /// Tasks in service, of any version.
    pub in_service: Vec<(f64, f64)>,
    /// Hosts, from their launch until they are gone.
    pub hosts: Vec<(f64, f64)>,
    /// When deploys were requested and when they ended, in seconds since the start; without an end where they did not.
    pub deploys: Vec<(f64, Option<f64>)>,
}

impl ReplicaSeries {
    /// One run of the first service with a load; none where no service has one.
    pub fn of_run(model: &Model, trace: &Trace, title: &str) -> Option<Self> {
        let service = over_time::service_with_load(model)?;
        let of = &model.services[service.index()];
        let mut desired = vec![(0.0, f64::from(of.desired))];
        let (mut in_service, mut hosts) = (Series::default(), Series::default());
        let mut serves = vec![];
        for record in &trace.records {
            match record.fact {
                Fact::TaskMoved { task, service: of, to, .. } => {
                    serves.resize(serves.len().max(task.index() + 1), false);
                    let is_in = of == service && to == TaskState::InService;
                    let was_in = std::mem::replace(&mut serves[task.index()], is_in);
                    if is_in != was_in {
                        in_service.change(record.at, if is_in { 1 } else { -1 });
                    }
                }
                Fact::DesiredChanged { service: of, desired: to } if of == service => {
                    desired.push((record.at.as_secs_f64(), f64::from(to)));
                }
                Fact::HostLaunched { .. } | Fact::MachineLaunched { .. } => hosts.change(record.at, 1),
                Fact::HostTerminated { .. } => hosts.change(record.at, -1),
                _ => {}
            }
        }
        let steps = |series: &Series| series.points().iter().map(|&(at, n)| (at.as_secs_f64(), n as f64)).collect();
        Some(Self {
            title: format!("Replicas of {}: {title}", of.name),
            end_s: model.horizon.as_secs_f64(),
            desired,
            in_service: steps(&in_service),
            hosts: steps(&hosts),
            deploys: over_time::deploys(trace, service),
        })
    }
}

/// The chart of a whole run.
pub(super) fn picture(series: &ReplicaSeries) -> Picture {
    let mut picture = Picture::default();
    let y = picture.title(&wording::plain(&series.title));
    picture.description = format!(
        "Up to {} tasks desired, up to {} in service, and up to {} hosts over {}.",
        over_time::highest(&series.desired),
        over_time::highest(&series.in_service),
        over_time::highest(&series.hosts),
        wording::duration(series.end_s)
    );
    let mut keys = vec![
        ("tasks desired", Key::Line(theme::BLACK)),
        ("tasks in service", Key::Line(theme::BLUE)),
        ("hosts", Key::Line(theme::ORANGE)),
    ];
    if !series.deploys.is_empty() {
        keys.push(("deploy", Key::Area(theme::SHADE)));
    }
    let top = over_time::legend(&mut picture, &keys, y + 4.0) + HEAD + 10.0;

    let clock = Clock::new(series.end_s);
    let (bottom, most) = (top + TASKS, over_time::highest(&series.desired).max(over_time::highest(&series.in_service)));
    let tasks = Panel::new(&clock, Axis::counts(most, (bottom, top), 5.0));
    tasks.scale(&mut picture, "tasks", &series.deploys);
    // What is desired lies on what is in service, and both are seen.
    tasks.line(&mut picture, &series.in_service, theme::BLUE, 4.0);
    tasks.line(&mut picture, &series.desired, theme::BLACK, 1.5);
    tasks.hover(&mut picture, &[&series.desired, &series.in_service], |tasks| {
        format!("{} tasks desired, {} in service", tasks[0], tasks[1])
    });
    let top = bottom + HEAD + 16.0;
    let bottom = top + HOSTS;
    let counts = Axis::counts(over_time::highest(&series.hosts), (bottom, top), 3.0);
    let hosts = Panel::new(&clock, counts);
    hosts.scale(&mut picture, "hosts, from their launch until they are gone", &series.deploys);
    hosts.line(&mut picture, &series.hosts, theme::ORANGE, 3.0);
    hosts.hover(&mut picture, &[&series.hosts], |hosts| format!("{} hosts", hosts[0]));
    picture.height = clock.draw(&mut picture, bottom);
    picture
}
