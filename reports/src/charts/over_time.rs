//! What charts over the time of a run have in common: steps, panels above one time axis, deploys in the background.

use std::collections::BTreeMap;

use plotters::style::{Color, RGBColor};
use seatrial_sim::engine::fact::{Fact, ServiceId};
use seatrial_sim::measure::trace::Trace;
use seatrial_sim::model::Model;

use super::axis::{self, Axis};
use super::picture::{Align, Picture, Point, width};
use super::theme::{self, BODY, LINE, MARGIN, WIDTH};
use crate::wording;

/// Room for the numbers of the vertical axes.
const NUMBER_ROOM: f64 = 76.0;
/// Above each panel, for what it counts.
pub(super) const HEAD: f64 = 34.0;
/// Below the lowest panel, for the time.
const FOOT: f64 = 72.0;
/// How dark a deploy makes what is behind it; alone on the paper it is `theme::SHADE`.
const SHADE: f64 = 0.12;
/// The least width of what can be pointed at.
pub(super) const COLUMN: f64 = 6.0;
/// What is there can be seen: it is at least this wide and high.
const LEAST_SIZE: f64 = 2.0;

/// A step function: its changes as (time in seconds, value from then on), in the order of time, and zero before the first.
pub(super) type Steps = [(f64, f64)];

/// The time of a run from left to right.
pub(super) struct Clock {
    axis: Axis,
    end_s: f64,
    unit: &'static str,
    unit_s: f64,
}

/// One panel of a chart.
pub(super) struct Panel<'a> {
    clock: &'a Clock,
    values: Axis,
}

/// What a colour means.
pub(super) enum Key {
    /// It fills.
    Area(RGBColor),
    /// It fills half the height.
    Half(RGBColor),
    /// It is a line.
    Line(RGBColor),
}

/// The first service with a load.
pub(super) fn service_with_load(model: &Model) -> Option<ServiceId> {
    (0..).map(ServiceId).zip(&model.services).find(|(_, service)| service.load.is_some()).map(|(id, _)| id)
}

/// When the deploys of a service were requested and when they ended, in seconds; a failed one ends when it is rolled back.
pub(super) fn deploys(trace: &Trace, service: ServiceId) -> Vec<(f64, Option<f64>)> {
    let mut spans = BTreeMap::new();
    for record in &trace.records {
        let at = record.at.as_secs_f64();
        match record.fact {
            Fact::DeployRequested { deploy, service: of, .. } if of == service => {
                spans.insert(deploy.0, (at, None));
            }
            Fact::DeployCompleted { deploy, .. }
            | Fact::DeploySuperseded { deploy, .. }
            | Fact::DeployFailed { deploy, .. }
            | Fact::DeployRolledBack { deploy, .. } => {
                if let Some((_, end)) = spans.get_mut(&deploy.0) {
                    *end = Some(at);
                }
            }
            _ => {}
        }
    }
    spans.into_values().collect()
}

/// From and to in seconds since the request: the deploy and a little around it, within the run, or up to its end where the
/// deploy has none. All of the run without one.
pub(super) fn window(requested_s: Option<f64>, completed_s: Option<f64>, end_s: f64) -> (f64, f64) {
    let Some(requested_s) = requested_s else { return (0.0, end_s.max(1.0)) };
    let start = -requested_s;
    let end = end_s - requested_s;
    let span = completed_s.map_or(end, |completed| completed - requested_s).max(1.0);
    let to = if completed_s.is_some() { end.clamp(span, 1.08 * span) } else { end };
    ((-0.06 * span).max(start), to.max(1.0))
}

/// A time since the request or the start, which may be before it.
pub(super) fn since(seconds: f64) -> String {
    if seconds < 0.0 { format!("-{}", wording::duration(-seconds)) } else { wording::duration(seconds) }
}

/// Vertical lines where a deploy was requested and where it ended, with words above the plot: after how many seconds, and how.
pub(super) fn marks(
    picture: &mut Picture,
    end: Option<(f64, &str)>,
    (top, bottom): (f64, f64),
    at: impl Fn(f64) -> f64,
) {
    let y = top - 19.0;
    let mut line = |x| picture.line(vec![(x, top - 28.0), (x, bottom)], theme::BLACK, 1.0);
    let requested = at(0.0);
    line(requested);
    if let Some((span, _)) = end {
        line(at(span));
    }
    picture.text("requested", (requested + 6.0, y), Align::Start, theme::BLACK);
    let Some((span, how)) = end else {
        return picture.text("not completed", (WIDTH - MARGIN, y), Align::End, theme::VERMILLION);
    };
    let text = format!("{how} after {}", wording::duration(span));
    let free_from = requested + 6.0 + width("requested", BODY, false) + 18.0;
    let end = (at(span) - 6.0).max(free_from + width(&text, BODY, false));
    picture.text(text, (end, y), Align::End, theme::BLACK);
}

/// What the colours mean, on as many lines as that needs; where the last line is.
pub(super) fn legend(picture: &mut Picture, keys: &[(&str, Key)], mut y: f64) -> f64 {
    let mut x = MARGIN;
    for (name, key) in keys {
        let room = 26.0 + width(name, BODY, false);
        if x + room > WIDTH - MARGIN {
            (x, y) = (MARGIN, y + LINE + 3.0);
        }
        match key {
            Key::Area(colour) => picture.rectangle((x, y - 7.0), (x + 18.0, y + 7.0), *colour),
            Key::Half(colour) => picture.rectangle((x, y - 4.0), (x + 18.0, y + 4.0), *colour),
            Key::Line(colour) => picture.line(vec![(x, y), (x + 18.0, y)], *colour, 3.0),
        }
        picture.text(*name, (x + 26.0, y), Align::Start, theme::GREY);
        x += room + 24.0;
    }
    y
}

/// A step function's value: its last change at or before `time`.
pub(super) fn value_at(steps: &Steps, time: f64) -> f64 {
    let after = steps.partition_point(|&(change, _)| change <= time);
    if after == 0 { 0.0 } else { steps[after - 1].1 }
}

/// The highest value.
pub(super) fn highest(steps: &Steps) -> f64 {
    steps.iter().map(|(_, value)| *value).fold(0.0, f64::max)
}

impl Clock {
    /// From the start to the end of a run.
    pub(super) fn new(end_s: f64) -> Self {
        let end_s = end_s.max(1.0);
        let (unit, unit_s) = axis::unit(end_s);
        Self { axis: Axis::clock(end_s, (MARGIN + NUMBER_ROOM, WIDTH - MARGIN)), end_s, unit, unit_s }
    }

    /// Writes the times below the lowest panel, and answers how high the paper is.
    pub(super) fn draw(&self, picture: &mut Picture, bottom: f64) -> f64 {
        for &tick in &self.axis.ticks {
            let x = self.axis.at(tick);
            picture.line(vec![(x, bottom), (x, bottom + 6.0)], theme::GREY, 1.0);
            picture.text(axis::number(tick / self.unit_s), (x, bottom + 18.0), Align::Middle, theme::GREY);
        }
        let middle = f64::midpoint(self.axis.place.0, self.axis.place.1);
        let text = format!("time since the start, {}", self.unit);
        picture.text(text, (middle, bottom + 44.0), Align::Middle, theme::BLACK);
        bottom + FOOT
    }
}

impl<'a> Panel<'a> {
    /// An empty panel.
    pub(super) const fn new(clock: &'a Clock, values: Axis) -> Self {
        Self { clock, values }
    }

    /// The deploys, the scale, and what it counts: above areas and below lines.
    pub(super) fn scale(&self, picture: &mut Picture, counts: &str, deploys: &[(f64, Option<f64>)]) {
        let ((left, right), (bottom, top)) = (self.clock.axis.place, self.values.place);
        for (from, to) in deploys {
            let (from, to) = (self.clock.axis.at(*from), self.clock.axis.at(to.unwrap_or(self.clock.end_s)));
            picture.rectangle((from, top), (to.max(from + LEAST_SIZE).min(right), bottom), theme::BLACK.mix(SHADE));
        }
        for &tick in &self.values.ticks {
            let y = self.values.at(tick);
            picture.line(vec![(left, y), (right, y)], theme::GRID, 1.0);
            picture.text(wording::grouped(&axis::number(tick)), (left - 10.0, y), Align::End, theme::GREY);
        }
        picture.text(counts, (MARGIN, top - 19.0), Align::Start, theme::BLACK);
        picture.line(vec![(left, top), (left, bottom), (right, bottom)], theme::GREY, 1.0);
    }

    /// A step function as a line. What changes within half a unit of paper is one upright stroke; each stroke is a box,
    /// because thick lines that turn back within their own width have holes.
    pub(super) fn line(&self, picture: &mut Picture, steps: &Steps, colour: RGBColor, width: f64) {
        let half = width / 2.0;
        let mut stroke: Option<(f64, f64, f64)> = None;
        for (from, to, value) in self.pieces(&[steps]) {
            let ((from, y), (to, _)) = (self.at(from, value[0]), self.at(to, value[0]));
            let (x, high, low) = stroke.map_or((from, y, y), |(x, high, low)| (x, y.min(high), y.max(low)));
            if to - x < 0.5 {
                stroke = Some((x, high, low));
                continue;
            }
            if low > high {
                picture.rectangle((x - half, high - half), (x + half, low + half), colour);
            }
            picture.rectangle((x - half, y - half), (to + half, y + half), colour);
            stroke = Some((to, y, y));
        }
    }

    /// A step function as bars, each of which can be seen where it is not zero.
    pub(super) fn bars(&self, picture: &mut Picture, steps: &Steps, colour: RGBColor) {
        for (from, to, value) in self.pieces(&[steps]).filter(|(.., value)| value[0] > 0.0) {
            let ((from, top), (to, base)) = (self.at(from, value[0]), self.at(to, 0.0));
            picture.rectangle((from, top.min(base - LEAST_SIZE)), (to.max(from + LEAST_SIZE), base), colour);
        }
    }

    /// What is between two step functions where the second one is above the first.
    pub(super) fn between(&self, picture: &mut Picture, below: &Steps, above: &Steps, colour: RGBColor) {
        let pieces: Vec<_> = self.pieces(&[below, above]).collect();
        let is_there = |values: &[f64]| values[1] > values[0];
        for stretch in pieces.chunk_by(|a, b| is_there(&a.2) == is_there(&b.2)) {
            if is_there(&stretch[0].2) {
                let there = stretch.iter().flat_map(|(from, to, values)| [(*from, values[1]), (*to, values[1])]);
                let back = stretch.iter().rev().flat_map(|(from, to, values)| [(*to, values[0]), (*from, values[0])]);
                picture.area(there.chain(back).map(|(at, value)| self.at(at, value)).collect(), colour);
            }
        }
    }

    /// Tells what step functions are from when to when, in columns that are wide enough to point at: each one says what is
    /// in its middle.
    pub(super) fn hover(&self, picture: &mut Picture, all: &[&'a Steps], text: impl Fn(&[f64]) -> String) {
        let (bottom, top) = self.values.place;
        let mut column = None;
        for (from, to, _) in self.pieces(all) {
            let start = column.unwrap_or(from);
            let (left, right) = (self.clock.axis.at(start), self.clock.axis.at(to));
            column = (right - left < COLUMN && to < self.clock.end_s).then_some(start);
            if column.is_none() {
                let middle = f64::midpoint(start, to);
                let values: Vec<f64> = all.iter().map(|steps| value_at(steps, middle)).collect();
                let [from, to] = [start, to].map(wording::duration);
                picture.hover((left, top), (right, bottom), format!("{from} to {to}: {}", text(&values)));
            }
        }
    }

    fn at(&self, time: f64, value: f64) -> Point {
        (self.clock.axis.at(time), self.values.at(value))
    }

    /// From and to in seconds, and the values of several step functions in between.
    fn pieces(&self, all: &[&'a Steps]) -> impl Iterator<Item = (f64, f64, Vec<f64>)> + use<'a> {
        let all: Vec<&Steps> = all.to_vec();
        let end_s = self.clock.end_s;
        let changes = all.iter().flat_map(|steps| steps.iter().map(|(time, _)| *time));
        let mut times: Vec<f64> = changes.filter(|&time| 0.0 < time && time < end_s).chain([0.0, end_s]).collect();
        times.sort_by(f64::total_cmp);
        times.dedup();
        let pairs: Vec<(f64, f64)> = times.windows(2).map(|pair| (pair[0], pair[1])).collect();
        pairs.into_iter().map(move |(from, to)| (from, to, all.iter().map(|steps| value_at(steps, from)).collect()))
    }
}
