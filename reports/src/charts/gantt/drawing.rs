//! The Gantt chart as a picture.

use plotters::style::{Color, RGBColor};

use super::{Bar, Gantt, Ground, Lane, Phase, Whose};
use crate::charts::axis::{self, Axis};
use crate::charts::over_time::{self, Key};
use crate::charts::picture::{Align, Label, Picture, Point, width};
use crate::charts::theme::{self, LINE, MARGIN, WIDTH};
use crate::wording;
use seatrial_sim::measure::critical_path::Kind;

/// What the rows of all lanes share, and the least and the most height of one.
const ROOM: f64 = 640.0;
const ROW: (f64, f64) = (3.0, 24.0);
/// The most room for the names of hosts, and the size and distance of names.
const NAME_ROOM: f64 = 150.0;
const NAME: f64 = 13.0;
const NAME_LINE: f64 = 15.0;
/// The share of a bar's height that old versions and other services have while they serve.
const THIN: f64 = 0.55;
/// The space between two groups of hosts.
const BETWEEN_GROUPS: f64 = 8.0;
/// The size of a version's label, and the least width and height of a bar that has one.
const LABEL: f64 = 12.0;
const LABEL_ROOM: (f64, f64) = (30.0, 11.0);

/// The chart of one deploy.
pub(in crate::charts) fn picture(gantt: &Gantt) -> Picture {
    let mut picture = Picture::default();
    let y = picture.title(&wording::plain(&gantt.title));
    picture.description = described(gantt);
    let top = over_time::legend(&mut picture, &keys(gantt), y + 4.0) + LINE + 42.0;
    let layout = Layout::new(gantt, top);
    layout.lanes(&mut picture, gantt);
    layout.scale(&mut picture);
    over_time::marks(&mut picture, gantt.end, (top, layout.bottom), |s| layout.x(s));
    layout.path(&mut picture, gantt);
    picture.height = layout.bottom + 72.0;
    if gantt.left_out > 0 {
        let text = format!("and {} more hosts, on which fewer tasks changed, or later", gantt.left_out);
        picture.text(text, (MARGIN, picture.height), Align::Start, theme::GREY);
        picture.height += LINE + 8.0;
    }
    picture
}

/// How many tasks of how many hosts, and how long, in words.
fn described(gantt: &Gantt) -> String {
    let of = |whose| gantt.lanes.iter().flat_map(|lane| &lane.bars).filter(|bar| bar.whose == whose).count();
    let end = gantt.end.map_or("it does not end".into(), |(s, how)| format!("it {how} after {}", wording::duration(s)));
    let (new, old) = (of(Whose::New), of(Whose::Old));
    format!("A deploy of {new} new tasks in place of {old} old ones on {} hosts; {end}.", gantt.lanes.len())
}

/// What the colours mean that are there.
fn keys(gantt: &Gantt) -> Vec<(&'static str, Key)> {
    let has = |is: &dyn Fn(Whose, Phase) -> bool| {
        let mut bars = gantt.lanes.iter().flat_map(|lane| &lane.bars);
        bars.any(|bar| bar.phases.iter().any(|(.., phase)| is(bar.whose, *phase)))
    };
    let mut keys = Vec::new();
    for phase in Phase::ALL {
        let words = if phase == Phase::Serves { "in service, new" } else { phase.name() };
        if has(&|whose, of| whose != Whose::Other && of == phase && (phase != Phase::Serves || whose == Whose::New)) {
            keys.push((words, Key::Area(colour(phase))));
        }
        if phase == Phase::Serves && has(&|whose, of| whose == Whose::Old && of == phase) {
            keys.push(("in service, old", Key::Half(theme::OLD)));
        }
    }
    if has(&|whose, _| whose == Whose::Other) {
        keys.push(("another service", Key::Half(theme::SHADE)));
    }
    let mut grounds = gantt.lanes.iter().flat_map(|lane| &lane.ground).map(|(.., ground)| *ground);
    let (boots, drains) = (grounds.clone().any(|g| g == Ground::Booting), grounds.any(|g| g == Ground::Draining));
    if boots {
        keys.push(("host boots", Key::Area(theme::BOOTING)));
    }
    if drains {
        keys.push(("host drains", Key::Area(theme::LEAVING)));
    }
    if !gantt.path.is_empty() {
        keys.push(("critical path", Key::Line(theme::BLACK)));
    }
    keys
}

/// What a phase is drawn in: as what is waited for in it, where it is a wait.
const fn colour(phase: Phase) -> RGBColor {
    match phase {
        Phase::Waits => theme::of_kind(Kind::ControlLoop),
        Phase::Pulls => theme::of_kind(Kind::Pull),
        Phase::Starts => theme::of_kind(Kind::Start),
        Phase::Checks => theme::of_kind(Kind::HealthCheck),
        Phase::Serves => theme::GREEN,
        Phase::Drains => theme::of_kind(Kind::Drain),
        Phase::Stops => theme::of_kind(Kind::Stop),
    }
}

/// Where everything is.
struct Layout {
    time: Axis,
    window: (f64, f64),
    unit: &'static str,
    unit_s: f64,
    top: f64,
    bottom: f64,
    /// The height of a row of tasks, with the gap below.
    row: f64,
    gap: f64,
    /// The top of each lane.
    tops: Vec<f64>,
    /// What the names of hosts are, as far as there is room.
    names: Vec<String>,
}

impl Layout {
    fn new(gantt: &Gantt, top: f64) -> Self {
        let rows: usize = gantt.lanes.iter().map(|lane| lane.rows).sum();
        // Whole units: bars of one height look alike.
        let row = (ROOM / rows.max(1) as f64).floor().clamp(ROW.0, ROW.1);
        let gap = if row < 8.0 { 1.0 } else { 3.0 };
        let mut tops = Vec::new();
        let mut next = top;
        for (index, lane) in gantt.lanes.iter().enumerate() {
            if index > 0 && gantt.lanes[index - 1].group != lane.group {
                next += BETWEEN_GROUPS;
            }
            tops.push(next);
            next += lane.rows as f64 * row + gap;
        }
        let names: Vec<String> = gantt.lanes.iter().map(|lane| short(&wording::plain(&lane.name))).collect();
        let widest = names.iter().map(|name| width(name, NAME, false)).fold(30.0, f64::max);
        let (from, to) = gantt.window;
        let (unit, unit_s) = axis::unit(to - from);
        let time = Axis::linear(from / unit_s, to / unit_s, (MARGIN + widest + 10.0, WIDTH - MARGIN), 9.0);
        Self { time, window: gantt.window, unit, unit_s, top, bottom: next.max(top + 20.0), row, gap, tops, names }
    }

    fn x(&self, seconds: f64) -> f64 {
        self.time.at(seconds / self.unit_s)
    }

    /// The top and the bottom of the bars in a row of a lane.
    fn row(&self, lane: usize, row: usize) -> (f64, f64) {
        let top = self.tops[lane] + row as f64 * self.row;
        (top, top + self.row - self.gap)
    }

    /// The hosts, their tasks and their names.
    fn lanes(&self, picture: &mut Picture, gantt: &Gantt) {
        let mut named_until = f64::NEG_INFINITY;
        for (index, lane) in gantt.lanes.iter().enumerate() {
            let (top, bottom) = (self.tops[index], self.row(index, lane.rows - 1).1);
            let middle = f64::midpoint(top, bottom);
            if middle - NAME_LINE / 2.0 >= named_until {
                let (text, colour) = (self.names[index].clone(), theme::BLACK.to_rgba());
                let at = (self.time.place.0 - 8.0, middle);
                picture.label(Label { text, at, align: Align::End, size: NAME, bold: false, colour });
                named_until = middle + NAME_LINE / 2.0;
            }
            self.ground(picture, lane, (top, bottom));
            for bar in &lane.bars {
                self.bar(picture, index, bar);
                self.hover(picture, index, lane, bar);
            }
        }
    }

    /// What the host does, behind its tasks.
    fn ground(&self, picture: &mut Picture, lane: &Lane, (top, bottom): (f64, f64)) {
        for &(from, to, ground) in &lane.ground {
            let (from_x, to_x) = (self.x(from), self.x(to));
            let (colour, words) = match ground {
                Ground::Ready => (theme::BAND, None),
                Ground::Booting => (theme::BOOTING, Some("boots")),
                Ground::Draining => (theme::LEAVING, Some("drains")),
            };
            picture.rectangle((from_x, top), (to_x, bottom), colour);
            if let Some(words) = words {
                let text = format!("{} {words}, {}", lane.name, self.when(from, to));
                picture.hover((from_x, top), (to_x, bottom), text);
            }
        }
    }

    /// A task's phases. While it serves, one of the old version is thinner.
    fn bar(&self, picture: &mut Picture, lane: usize, bar: &Bar) {
        let (top, bottom) = self.row(lane, bar.row);
        let middle = f64::midpoint(top, bottom);
        for &(from, to, phase) in &bar.phases {
            let (from, to) = (self.x(from), self.x(to));
            let (colour, half) = match (bar.whose, phase) {
                (Whose::Other, _) => (theme::SHADE, THIN * (bottom - top) / 2.0),
                (Whose::Old, Phase::Serves) => (theme::OLD, THIN * (bottom - top) / 2.0),
                _ => (colour(phase), (bottom - top) / 2.0),
            };
            if to.round() <= from.round() {
                continue;
            }
            picture.rectangle((from, middle - half), (to, middle + half), colour);
            let has_label = bar.whose != Whose::Other && phase == Phase::Serves;
            if has_label && to - from >= LABEL_ROOM.0 && 2.0 * half >= LABEL_ROOM.1 {
                let at = (f64::midpoint(from, to), middle);
                let (text, colour) = (format!("v{}", bar.version), theme::INK.to_rgba());
                picture.label(Label { text, at, align: Align::Middle, size: LABEL, bold: false, colour });
            }
        }
    }

    /// Tells what a task does when.
    fn hover(&self, picture: &mut Picture, index: usize, lane: &Lane, bar: &Bar) {
        let (top, bottom) = self.row(index, bar.row);
        let phases = bar.phases.iter().map(|&(from, to, phase)| format!("{} {}", phase.name(), self.when(from, to)));
        let phases = phases.collect::<Vec<_>>().join(", ");
        let text = format!("{}: {}, task {}: {phases}", lane.name, bar.name, bar.task);
        picture.hover((self.x(bar.from()), top), (self.x(bar.to()), bottom), text);
    }

    /// From when to when, as far as it is within the window.
    fn when(&self, from: f64, to: f64) -> String {
        match (from > self.window.0, to < self.window.1) {
            (true, true) => format!("{} to {}", over_time::since(from), over_time::since(to)),
            (true, false) => format!("from {}", over_time::since(from)),
            (false, true) => format!("until {}", over_time::since(to)),
            (false, false) => "all the time".into(),
        }
    }

    /// The time below the lanes.
    fn scale(&self, picture: &mut Picture) {
        let (left, right) = self.time.place;
        for &tick in &self.time.ticks {
            let x = self.time.at(tick);
            picture.line(vec![(x, self.bottom), (x, self.bottom + 6.0)], theme::GREY, 1.0);
            picture.text(axis::number(tick), (x, self.bottom + 18.0), Align::Middle, theme::GREY);
        }
        picture.line(vec![(left, self.top), (left, self.bottom), (right, self.bottom)], theme::GREY, 1.0);
        let at = (f64::midpoint(left, right), self.bottom + 44.0);
        picture.text(format!("time since the request, {}", self.unit), at, Align::Middle, theme::BLACK);
    }

    /// The critical path: along the row of the task that is waited for, or in the middle of its host's lane; a wait that has
    /// no place goes on where the one before was.
    fn path(&self, picture: &mut Picture, gantt: &Gantt) {
        let y_of = |(lane, row): (usize, Option<usize>)| {
            let (top, bottom) = self.row(lane, row.unwrap_or_default());
            let bottom = if row.is_some() { bottom } else { self.row(lane, gantt.lanes[lane].rows - 1).1 };
            f64::midpoint(top, bottom)
        };
        let first = gantt.path.iter().find_map(|step| step.place);
        let mut y = first.map_or(self.top + 2.0, y_of);
        let mut line: Vec<Point> = Vec::new();
        for step in &gantt.path {
            y = step.place.map_or(y, y_of);
            let (from, to) = (self.x(step.from), self.x(step.to));
            line.extend([(from, y), (to, y)]);
            let (name, span) = (step.kind.name(), wording::duration(step.to - step.from));
            let text = format!("critical path: {name} {span}, {}", self.when(step.from, step.to));
            picture.hover((from, y - 2.0), (to, y + 2.0), text);
        }
        if !line.is_empty() {
            // A rim of paper keeps it apart from bars of its own colour.
            let stroke = if self.row < 10.0 { 1.0 } else { 2.0 };
            picture.line(line.clone(), theme::WHITE, stroke + 2.0);
            picture.line(line, theme::BLACK, stroke);
        }
    }
}

/// A host's name, without its middle where it is too long: the number at its end tells hosts apart.
fn short(name: &str) -> String {
    let (group, number) = name.rsplit_once('-').unwrap_or((name, ""));
    let fits = |text: &str| width(text, NAME, false) <= NAME_ROOM;
    if fits(name) {
        return name.into();
    }
    let kept: Vec<char> = group.chars().collect();
    let shortened = (0..kept.len()).rev().map(|n| format!("{}\u{2026}-{number}", kept[..n].iter().collect::<String>()));
    shortened.into_iter().find(|text| fits(text)).unwrap_or_default()
}
