//! How long deploys take over two axes of a sweep: the p95 of each cell as a colour, and in words where there is room.

use plotters::style::Color;

use super::axis::{self, Axis};
use super::picture::{Align, Label, Picture, width, wrapped};
use super::theme::{self, BODY, LINE, MARGIN, WIDTH};
use crate::sweep::{CellStatistics, SweepTable, labels};
use crate::wording;

/// The height of a row, where there are few; of all rows together, where there are many; and of the thinnest.
const ROW: f64 = 32.0;
const ROWS: f64 = 1_280.0;
const THIN: f64 = 3.0;
/// The widest cell.
const CELL: f64 = 200.0;
/// The widest that the values beside the rows, and those below the columns, may be.
const NAME_ROOM: f64 = 240.0;
/// The scale.
const SCALE: f64 = 360.0;
/// A logarithmic scale where the longest is so many times the shortest.
const FAR: f64 = 20.0;

/// The chart of all variants: the axis with the most values to the right, the next one down; of any others the first value.
pub(super) fn picture(table: &SweepTable) -> Picture {
    let mut picture = Picture::default();
    picture.description = described(table);
    let plan = Plan::new(table);
    let headline = wording::headline_of(&table.scenario, &table.question);
    let mut y = picture.heading(&headline, &plan.subtitle(table));
    let panels = plan.panels(table);
    let drawn = || panels.iter().flat_map(|panel| &panel.rows).flat_map(|(_, cells)| cells).flatten();
    let known: Vec<f64> = drawn().filter_map(|cell| cell.deploy_s.p95).collect();
    let scale = Scale::new(&known);
    let is_over = drawn().any(|cell| cell.has_deploys && cell.deploy_s.p95.is_none());
    y = scale.legend(&mut picture, y + 12.0, is_over.then(|| wording::quantile(None, table.horizon_s)));
    let names = panels.iter().flat_map(|panel| &panel.rows).map(|(name, _)| width(name, BODY, false));
    let left = MARGIN + names.fold(0.0, f64::max) + 12.0;
    for panel in &panels {
        y = plan.draw(&mut picture, panel, table, &scale, (left, y));
    }
    picture.height = y + MARGIN - 8.0;
    picture
}

/// The cells with the shortest and the longest deploys, in words.
fn described(table: &SweepTable) -> String {
    let mut known: Vec<_> = table.cells.iter().filter_map(|cell| Some((cell.deploy_s.p95?, cell))).collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    let said = |what: &str, found: Option<&(f64, &CellStatistics)>| {
        found.map(|(p95, cell)| format!(" {what}: {} with {}.", wording::duration(*p95), named(cell, table)))
    };
    let ends = said("Shortest", known.first()).into_iter().chain(said("Longest", known.last()));
    format!("The 95th percentile of deploy durations in {} cells.{}", table.cells.len(), ends.collect::<String>())
}

/// A cell's variant and its values.
fn named(cell: &CellStatistics, table: &SweepTable) -> String {
    let value =
        |((path, values), value): (&(String, Vec<String>), &u32)| format!(", {path} = {}", values[*value as usize]);
    let values: String = table.axes.iter().zip(&cell.values).map(value).collect();
    wording::plain(&format!("{}{values}", cell.variant))
}

/// Which axes go where.
struct Plan {
    /// The axis to the right, and the one down; none where there is one axis, and then rows are variants.
    across: Option<usize>,
    down: Option<usize>,
    labels: Vec<String>,
    variants: Vec<String>,
}

/// The cells of a variant, or of all of them where there is one axis.
struct Panel<'t> {
    title: Option<String>,
    /// The name of each row, and its cells; none where one is missing.
    rows: Vec<(String, Vec<Option<&'t CellStatistics>>)>,
}

impl Plan {
    fn new(table: &SweepTable) -> Self {
        let mut order: Vec<usize> = (0..table.axes.len()).collect();
        order.sort_by_key(|axis| std::cmp::Reverse(table.axes[*axis].1.len()));
        let mut variants: Vec<String> = Vec::new();
        for cell in &table.cells {
            if variants.last() != Some(&cell.variant) {
                variants.push(cell.variant.clone());
            }
        }
        Self { across: order.first().copied(), down: order.get(1).copied(), labels: labels(table, 2), variants }
    }

    /// The system, and at which values of the axes that are not drawn.
    fn subtitle(&self, table: &SweepTable) -> String {
        let others = (0..table.axes.len()).filter(|axis| ![self.across, self.down].contains(&Some(*axis)));
        let fixed: Vec<String> =
            others.map(|axis| format!("{} = {}", self.labels[axis], table.axes[axis].1[0])).collect();
        let at = if fixed.is_empty() { String::new() } else { format!("; at {}", fixed.join(", ")) };
        wording::plain(&format!("{}, {} seeds{at}", table.system, table.seeds))
    }

    fn panels<'t>(&self, table: &'t SweepTable) -> Vec<Panel<'t>> {
        let values = |axis: Option<usize>| axis.map_or(1, |axis| table.axes[axis].1.len());
        let columns = values(self.across);
        let is_one = self.variants.len() == 1;
        let rows = |variant: &str| -> Vec<(String, Vec<Option<&'t CellStatistics>>)> {
            let mut rows: Vec<_> = (0..values(self.down))
                .map(|row| (self.down.map_or("", |axis| table.axes[axis].1[row].as_str()), vec![None; columns]))
                .map(|(name, cells)| (shortened(name, NAME_ROOM), cells))
                .collect();
            let own = table.cells.iter().filter(|cell| cell.variant == variant);
            for cell in own.filter(|cell| self.is_drawn(cell)) {
                let at = |axis: Option<usize>| axis.map_or(0, |axis| cell.values[axis] as usize);
                rows[at(self.down)].1[at(self.across)] = Some(cell);
            }
            rows
        };
        if self.down.is_some() {
            let panel =
                |variant: &String| Panel { title: (!is_one).then(|| wording::plain(variant)), rows: rows(variant) };
            return self.variants.iter().map(panel).collect();
        }
        let row = |variant: &String| {
            let name = if is_one { String::new() } else { shortened(variant, NAME_ROOM) };
            rows(variant).into_iter().map(move |(_, cells)| (name.clone(), cells))
        };
        vec![Panel { title: None, rows: self.variants.iter().flat_map(row).collect() }]
    }

    fn is_drawn(&self, cell: &CellStatistics) -> bool {
        let others =
            cell.values.iter().enumerate().filter(|(axis, _)| ![self.across, self.down].contains(&Some(*axis)));
        others.into_iter().all(|(_, value)| *value == 0)
    }

    /// One panel from `y` on; where the next one goes.
    fn draw(
        &self,
        picture: &mut Picture,
        panel: &Panel,
        table: &SweepTable,
        scale: &Scale,
        (left, mut y): (f64, f64),
    ) -> f64 {
        if let Some(title) = &panel.title {
            for text in wrapped(title, WIDTH - 2.0 * MARGIN, BODY, true) {
                let label = Label {
                    text,
                    at: (MARGIN, y),
                    align: Align::Start,
                    size: BODY,
                    bold: true,
                    colour: theme::BLACK.to_rgba(),
                };
                picture.label(label);
                y += LINE;
            }
            y += 4.0;
        }
        if let Some(axis) = self.down {
            picture.text(shortened(&self.labels[axis], 900.0), (MARGIN, y), Align::Start, theme::BLACK);
            y += LINE;
        }
        let columns = self.across.map_or(1, |axis| table.axes[axis].1.len());
        let wide = ((WIDTH - MARGIN - left) / columns as f64).min(CELL);
        let high = (ROWS / panel.rows.len() as f64).clamp(THIN, ROW);
        let x = |column: usize| left + wide * column as f64;
        let mut free = f64::NEG_INFINITY;
        for (row, (name, cells)) in panel.rows.iter().enumerate() {
            let (top, bottom) = (y + high * row as f64, y + high * (row + 1) as f64);
            let middle = f64::midpoint(top, bottom);
            if middle >= free {
                picture.text(name, (left - 10.0, middle), Align::End, theme::BLACK);
                free = middle + LINE;
            }
            for (column, cell) in cells.iter().enumerate() {
                scale.cell(picture, *cell, table, [x(column), top, x(column + 1), bottom]);
            }
        }
        y += high * panel.rows.len() as f64 + 16.0;
        let Some(axis) = self.across else { return y };
        let mut free = MARGIN;
        for (column, value) in table.axes[axis].1.iter().enumerate() {
            let text = shortened(value, NAME_ROOM.min((wide - 8.0).max(80.0)));
            let (middle, half) = (x(column) + wide / 2.0, width(&text, BODY, false) / 2.0);
            if middle - half >= free && middle + half <= WIDTH - 4.0 {
                picture.text(text, (middle, y), Align::Middle, theme::BLACK);
                free = middle + half + 10.0;
            }
        }
        y += LINE + 4.0;
        let label = shortened(&self.labels[axis], 900.0);
        let half = width(&label, BODY, false) / 2.0;
        let middle = f64::midpoint(left, x(columns)).clamp(MARGIN + half, WIDTH - MARGIN - half);
        picture.text(label, (middle, y), Align::Middle, theme::BLACK);
        y + LINE + 14.0
    }
}

/// From durations to colours.
struct Scale {
    /// The shortest and the longest, in seconds; none where no cell has one.
    ends: Option<(f64, f64)>,
    logarithmic: bool,
}

impl Scale {
    fn new(known: &[f64]) -> Self {
        let (low, high) = known.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), s| (low.min(*s), high.max(*s)));
        Self { ends: (!known.is_empty()).then_some((low, high)), logarithmic: low > 0.0 && high > FAR * low }
    }

    /// Where a duration is between the ends, 0 to 1.
    fn share(&self, seconds: f64) -> f64 {
        match self.ends {
            Some((low, high)) if self.logarithmic => (seconds / low).ln() / (high / low).ln(),
            Some((low, high)) if high > low => (seconds - low) / (high - low),
            _ => 0.0,
        }
    }

    /// A cell, with its duration where there is room.
    fn cell(&self, picture: &mut Picture, cell: Option<&CellStatistics>, table: &SweepTable, edges: [f64; 4]) {
        let [left, top, right, bottom] = edges;
        let gap = if right - left > 12.0 && bottom - top > 12.0 { 1.0 } else { 0.0 };
        let (from, to) = ((left + gap, top + gap), (right - gap, bottom - gap));
        let Some(cell) = cell.filter(|cell| cell.has_deploys) else {
            picture.frame(from, to, theme::GRID);
            return;
        };
        let text = wording::quantile(cell.deploy_s.p95, table.horizon_s);
        picture.hover(from, to, format!("{}: p95 {text}", named(cell, table)));
        let share = cell.deploy_s.p95.map(|p95| self.share(p95));
        let ink = match share {
            Some(share) if share >= 0.5 => theme::ON_DARK,
            Some(_) => theme::INK,
            None => theme::BLACK,
        };
        match share {
            Some(share) => picture.rectangle(from, to, theme::ramp(share)),
            None => hatch(picture, from, to),
        }
        let room = width(&text, BODY, false);
        if room + 8.0 <= right - left && bottom - top >= LINE {
            let middle = (f64::midpoint(left, right), f64::midpoint(top, bottom));
            if cell.deploy_s.p95.is_none() {
                let half = (room / 2.0 + 3.0, BODY / 2.0 + 1.0);
                picture.rectangle(
                    (middle.0 - half.0, middle.1 - half.1),
                    (middle.0 + half.0, middle.1 + half.1),
                    theme::WHITE,
                );
            }
            picture.text(text, middle, Align::Middle, ink);
        }
    }

    /// The scale with its marks from `y` on; where the panels begin.
    fn legend(&self, picture: &mut Picture, y: f64, over: Option<String>) -> f64 {
        const STEPS: u32 = 72;
        let top = y + LINE;
        let mut x = MARGIN;
        let mut unit = "";
        if let Some((low, high)) = self.ends {
            let (name, unit_s) = axis::unit(high);
            unit = name;
            let is_one = high - low < 1e-3;
            let marks = if is_one {
                x += 30.0;
                picture.rectangle((MARGIN, top), (x, top + 16.0), theme::ramp(0.0));
                Vec::new()
            } else {
                let step = SCALE / f64::from(STEPS);
                for n in 0..STEPS {
                    let from = MARGIN + step * f64::from(n);
                    picture.rectangle(
                        (from, top),
                        (from + step, top + 16.0),
                        theme::ramp((f64::from(n) + 0.5) / f64::from(STEPS)),
                    );
                }
                x += SCALE;
                let place = (MARGIN, MARGIN + SCALE);
                if self.logarithmic {
                    let all = Axis::logarithmic(low / unit_s, high / unit_s, place).ticks;
                    all.into_iter().filter(|tick| (low..=high).contains(&(tick * unit_s))).collect()
                } else {
                    Axis::linear(low / unit_s, high / unit_s, place, 6.0).ticks
                }
            };
            if is_one {
                picture.text(wording::duration(low), (x + 8.0, top + 8.0), Align::Start, theme::GREY);
                x += 16.0 + width(&wording::duration(low), BODY, false);
            }
            let mut free = f64::NEG_INFINITY;
            for tick in marks {
                let at = MARGIN + SCALE * self.share(tick * unit_s);
                let text = axis::number(tick);
                let half = width(&text, BODY, false) / 2.0;
                picture.line(vec![(at, top + 16.0), (at, top + 21.0)], theme::GREY, 1.0);
                if at - half >= free {
                    picture.text(text, (at, top + 31.0), Align::Middle, theme::GREY);
                    free = at + half + 8.0;
                }
            }
        }
        let scale = if self.logarithmic { " (logarithmic)" } else { "" };
        let of = if unit.is_empty() { String::new() } else { format!(", {unit}{scale}") };
        picture.text(format!("deploy duration, p95{of}"), (MARGIN, y + 2.0), Align::Start, theme::BLACK);
        if let Some(over) = over {
            let x = x + 28.0;
            hatch(picture, (x, top), (x + 30.0, top + 16.0));
            picture.text(over, (x + 38.0, top + 8.0), Align::Start, theme::GREY);
        }
        top + 62.0
    }
}

/// Slanted lines in a frame: longer than any colour says.
fn hatch(picture: &mut Picture, from: (f64, f64), to: (f64, f64)) {
    const APART: f64 = 8.0;
    picture.rectangle(from, to, theme::WHITE);
    let (wide, high) = (to.0 - from.0, to.1 - from.1);
    let mut sum = APART;
    while sum < wide + high {
        // The points of the box with x + y = sum.
        let start = (from.0 + (sum - high).max(0.0), from.1 + sum.min(high));
        let end = (from.0 + sum.min(wide), from.1 + (sum - wide).max(0.0));
        picture.line(vec![start, end], theme::GREY, 1.0);
        sum += APART;
    }
    picture.frame(from, to, theme::GREY);
}

/// As much of a value as there is room for.
fn shortened(text: &str, room: f64) -> String {
    let text = wording::plain(text);
    if width(&text, BODY, false) <= room {
        return text;
    }
    let mut kept = String::new();
    for c in text.chars() {
        if width(&format!("{kept}{c}\u{2026}"), BODY, false) > room {
            break;
        }
        kept.push(c);
    }
    kept + "\u{2026}"
}
