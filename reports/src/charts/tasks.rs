//! The tasks of one run over time: what is healthy, what is on its way in or out, and what was desired.

use plotters::style::RGBColor;
use seatrial_sim::engine::fact::{Fact, ServiceId};
use seatrial_sim::engine::time::Time;
use seatrial_sim::measure::series::Series;
use seatrial_sim::measure::trace::Trace;
use seatrial_sim::model::{Model, Service};

use super::axis::{self, Axis};
use super::over_time;
use super::picture::{Align, Picture, width};
use super::theme::{self, BODY, LINE, MARGIN, WIDTH};
use crate::wording;

/// How the tasks of one service went through one deploy, or through a run without any. Each quantity is a step function: its changes as
/// (time in seconds, value from then on), in the order of time, and zero before the first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskSeries {
    /// What the chart is about: scenario, variant, seed.
    pub title: String,
    /// The desired count.
    pub desired: Vec<(f64, f64)>,
    /// When the run ended, in seconds since the start.
    pub end_s: f64,
    /// When the deploy was requested; absent where there is none.
    pub requested_s: Option<f64>,
    /// When the control plane called it completed; absent when it did not.
    pub completed_s: Option<f64>,
    /// Tasks on their way in: from placement until they are in service.
    pub starting: Vec<(f64, f64)>,
    /// Tasks of the old version in service.
    pub old_healthy: Vec<(f64, f64)>,
    /// Tasks of the new version in service.
    pub new_healthy: Vec<(f64, f64)>,
    /// Tasks on their way out: draining and stopping.
    pub draining: Vec<(f64, f64)>,
}

impl TaskSeries {
    /// One run's tasks, of the service whose deploy is requested first, its last deploy where it has several. Without a
    /// deploy, those of the first service with a load, or of the first one.
    pub fn of_run(model: &Model, trace: &Trace, title: &str) -> Self {
        let deployed = model.deploys.first().map(|deploy| deploy.service);
        let service = deployed.or_else(|| over_time::service_with_load(model)).unwrap_or(ServiceId(0));
        let counts = trace.task_counts(service);
        let Service { name, desired, .. } = &model.services[service.index()];
        let steps =
            |series: &Series| series.points().iter().map(|&(at, tasks)| (at.as_secs_f64(), tasks as f64)).collect();
        let requested = counts.requested.last().copied();
        let later = trace.records.iter().filter_map(|record| match record.fact {
            Fact::DesiredChanged { service: of, desired } if of == service => {
                Some((record.at.as_secs_f64(), f64::from(desired)))
            }
            _ => None,
        });
        Self {
            title: format!("Tasks of {name}: {title}"),
            desired: std::iter::once((0.0, f64::from(*desired))).chain(later).collect(),
            end_s: model.horizon.as_secs_f64(),
            requested_s: requested.map(Time::as_secs_f64),
            completed_s: counts.completed.last().filter(|at| Some(**at) >= requested).map(|at| at.as_secs_f64()),
            starting: steps(&counts.starting),
            old_healthy: steps(&counts.old_in_service),
            new_healthy: steps(&counts.new_in_service),
            draining: steps(&counts.draining),
        }
    }
}

/// The height of the plot itself.
const PLOT: f64 = 340.0;
/// Room for the numbers of the vertical axis.
const NUMBER_ROOM: f64 = 48.0;

/// The chart from shortly before the request until shortly after the completion, or of the whole run.
pub(super) fn picture(series: &TaskSeries) -> Picture {
    let mut picture = Picture::default();
    let y = picture.title(&wording::plain(&series.title));
    let top = y + LINE + 42.0;
    let bottom = top + PLOT;
    picture.height = bottom + 72.0;
    let left = MARGIN + NUMBER_ROOM;
    let right = WIDTH - MARGIN;

    let (from_s, to_s) = over_time::window(series.requested_s, series.completed_s, series.end_s);
    let (unit, unit_s) = axis::unit(to_s - from_s);
    let time = Axis::linear(from_s / unit_s, to_s / unit_s, (left, right), 9.0);
    let layers = layers(series);
    let origin_s = series.requested_s.unwrap_or_default();
    let steps = Steps::new(&layers, origin_s, from_s, to_s);
    let desired = desired(series, origin_s, (from_s, to_s));
    let most_desired = desired.iter().map(|(.., tasks)| *tasks).fold(0.0, f64::max);
    let count = Axis::counts(steps.highest().max(most_desired), (bottom, top), 6.0);
    legend(&mut picture, &layers, &desired, y + 4.0);

    for &tick in &count.ticks {
        picture.line(vec![(left, count.at(tick)), (right, count.at(tick))], theme::GRID, 1.0);
        picture.text(axis::number(tick), (left - 10.0, count.at(tick)), Align::End, theme::GREY);
    }
    for (layer, (_, colour, _)) in layers.iter().enumerate() {
        steps.draw(&mut picture, layer, *colour, |s| time.at(s / unit_s), |n| count.at(n));
    }
    for &(from, to, tasks) in &desired {
        picture.dashes((time.at(from / unit_s), count.at(tasks)), time.at(to / unit_s), theme::BLACK, 2.0);
    }
    for &tick in &time.ticks {
        picture.line(vec![(time.at(tick), bottom), (time.at(tick), bottom + 6.0)], theme::GREY, 1.0);
        picture.text(axis::number(tick), (time.at(tick), bottom + 18.0), Align::Middle, theme::GREY);
    }
    picture.line(vec![(left, top), (left, bottom), (right, bottom)], theme::GREY, 1.0);
    let middle = f64::midpoint(left, right);
    let origin = if series.requested_s.is_some() { "request" } else { "start" };
    picture.text(format!("time since the {origin}, {unit}"), (middle, bottom + 44.0), Align::Middle, theme::BLACK);
    picture.text("tasks", (MARGIN, top - 19.0), Align::Start, theme::BLACK);
    picture.description = described(series);
    steps.hover(&mut picture, &layers, (bottom, top), |s| time.at(s / unit_s));
    if let Some(requested_s) = series.requested_s {
        let completed = series.completed_s.map(|completed| (completed - requested_s, "completed"));
        over_time::marks(&mut picture, completed, (top, bottom), |s| time.at(s / unit_s));
    }
    picture
}

/// How many tasks are desired and how long the deploy takes, in words.
fn described(series: &TaskSeries) -> String {
    let deploy = match (series.requested_s, series.completed_s) {
        (Some(requested), Some(completed)) => {
            format!("during a deploy that completes after {}", wording::duration(completed - requested))
        }
        (Some(_), None) => "during a deploy that does not complete".into(),
        (None, _) => format!("over {}", wording::duration(series.end_s)),
    };
    let desired = series.desired.iter().map(|(_, tasks)| *tasks).fold(0.0, f64::max);
    format!("Tasks by what they do {deploy}; up to {desired} are desired.")
}

type Layer<'a> = (&'a str, RGBColor, &'a [(f64, f64)]);

/// The stack from the bottom up: first what serves, so that its top reads against the desired line.
fn layers(series: &TaskSeries) -> Vec<Layer<'_>> {
    let (new, old) = (series.new_healthy.as_slice(), series.old_healthy.as_slice());
    let healthy: &[Layer] = match series.requested_s {
        Some(_) => &[("new, healthy", theme::GREEN, new), ("old, healthy", theme::SKY, old)],
        None => &[("healthy", theme::SKY, old)],
    };
    [healthy, &[("draining", theme::VERMILLION, &series.draining), ("starting", theme::YELLOW, &series.starting)]]
        .concat()
}

/// What was desired from when to when within the window, in seconds since `origin_s`.
fn desired(series: &TaskSeries, origin_s: f64, (from_s, to_s): (f64, f64)) -> Vec<(f64, f64, f64)> {
    let starts = series.desired.iter().map(|(at, tasks)| ((at - origin_s).max(from_s), *tasks));
    let ends = series.desired.iter().skip(1).map(|(at, _)| (at - origin_s).min(to_s)).chain([to_s]);
    starts.zip(ends).map(|((from, tasks), to)| (from, to, tasks)).filter(|(from, to, _)| from < to).collect()
}

/// What the colours mean.
fn legend(picture: &mut Picture, layers: &[Layer<'_>], desired: &[(f64, f64, f64)], y: f64) {
    let mut x = MARGIN;
    for (name, colour, _) in layers {
        picture.rectangle((x, y - 7.0), (x + 18.0, y + 7.0), *colour);
        picture.text(*name, (x + 26.0, y), Align::Start, theme::GREY);
        x += 26.0 + width(name, BODY, false) + 28.0;
    }
    picture.dashes((x, y), x + 34.0, theme::BLACK, 2.0);
    let counts = || desired.iter().map(|(.., tasks)| *tasks);
    let (least, most) = (counts().fold(f64::INFINITY, f64::min), counts().fold(0.0, f64::max));
    let from = if least < most { format!("{} to ", axis::number(least)) } else { String::new() };
    let text = format!("desired: {from}{}", axis::number(most));
    picture.text(text, (x + 42.0, y), Align::Start, theme::GREY);
}

/// The stacked layers between their changes.
struct Steps {
    /// Where something changes, in seconds since the request, and the two ends of the window.
    times: Vec<f64>,
    /// For each layer, and then for each time but the last: the height of its top until the next time.
    tops: Vec<Vec<f64>>,
}

impl Steps {
    fn new(layers: &[Layer<'_>], requested_s: f64, from: f64, to: f64) -> Self {
        let changes = layers.iter().flat_map(|(_, _, points)| points.iter().map(|(time, _)| time - requested_s));
        let mut times: Vec<f64> = changes.filter(|&time| from < time && time < to).chain([from, to]).collect();
        times.sort_by(f64::total_cmp);
        times.dedup();
        let mut below = vec![0.0; times.len() - 1];
        let mut tops = Vec::new();
        for (_, _, points) in layers {
            for (top, &time) in below.iter_mut().zip(&times) {
                *top += value_at(points, time + requested_s);
            }
            tops.push(below.clone());
        }
        Self { times, tops }
    }

    /// The highest the stack gets.
    fn highest(&self) -> f64 {
        self.tops.iter().flatten().copied().fold(0.0, f64::max)
    }

    /// Tells what each segment is, in columns wide enough to point at.
    fn hover(&self, picture: &mut Picture, layers: &[Layer<'_>], (bottom, top): (f64, f64), x: impl Fn(f64) -> f64) {
        let mut start = 0;
        for step in 0..self.times.len() - 1 {
            let (left, right) = (x(self.times[start]), x(self.times[step + 1]));
            if right - left < over_time::COLUMN && step + 2 < self.times.len() {
                continue;
            }
            let count = |layer: usize, at: usize| {
                self.tops[layer][at] - if layer == 0 { 0.0 } else { self.tops[layer - 1][at] }
            };
            // A column that holds several steps says the least and the most.
            let range = |layer: usize| {
                let all = || (start..=step).map(|at| count(layer, at));
                let (least, most) = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
                let [low, high] = [least, most].map(axis::number);
                if low == high { low } else { format!("{low} to {high}") }
            };
            let counts = layers.iter().enumerate().map(|(layer, (name, ..))| format!("{name} {}", range(layer)));
            let counts: Vec<String> = counts.collect();
            let [from, to] = [self.times[start], self.times[step + 1]].map(over_time::since);
            picture.hover((left, top), (right, bottom), format!("{from} to {to}, tasks: {}", counts.join(", ")));
            start = step + 1;
        }
    }

    /// One layer, a polygon for each stretch of time in which it is there: its top from left to right, then what is below
    /// it from right to left.
    fn draw(
        &self,
        picture: &mut Picture,
        layer: usize,
        colour: RGBColor,
        x: impl Fn(f64) -> f64,
        y: impl Fn(f64) -> f64,
    ) {
        let top = |step: usize| self.tops[layer][step];
        let below = |step: usize| if layer == 0 { 0.0 } else { self.tops[layer - 1][step] };
        let edge = |step: usize, height: f64| [(x(self.times[step]), y(height)), (x(self.times[step + 1]), y(height))];
        let steps: Vec<usize> = (0..self.times.len() - 1).collect();
        for stretch in steps.chunk_by(|&a, &b| (top(a) > below(a)) == (top(b) > below(b))) {
            if top(stretch[0]) > below(stretch[0]) {
                let above = stretch.iter().flat_map(|&step| edge(step, top(step)));
                let back = stretch.iter().rev().flat_map(|&step| {
                    let [left, right] = edge(step, below(step));
                    [right, left]
                });
                picture.area(above.chain(back).collect(), colour);
            }
        }
    }
}

/// A step function's value: its last change at or before `time`.
fn value_at(points: &[(f64, f64)], time: f64) -> f64 {
    let after = points.partition_point(|&(change, _)| change <= time + 1e-9);
    if after == 0 { 0.0 } else { points[after - 1].1 }
}
