//! Extra against short: how each variant splits what starting and stopping takes between money and risk.

use plotters::style::RGBColor;

use super::axis::{self, Axis};
use super::badges::{self, Badges, Spot};
use super::picture::{Align, Picture, Point, name_lines, width, wrapped};
use super::theme::{self, BODY, LINE, MARGIN, WIDTH};
use crate::statistics::{Comparison, VariantStatistics};
use crate::wording;

/// Room for the numbers of the vertical axis.
const NUMBER_ROOM: f64 = 48.0;
/// The widest and highest plot that has the variants beside it, and that has them below it.
const BESIDE: (f64, f64) = (480.0, 480.0);
const BELOW: (f64, f64) = (WIDTH - 2.0 * MARGIN - NUMBER_ROOM, 450.0);
/// The space between the plot and the variants beside it, and between two columns of them.
const GUTTER: f64 = 36.0;
/// The highest list that may stand beside the plot.
const HIGHEST_BESIDE: f64 = 620.0;
/// From this factor between the two axes on, each has its own scale.
const DIFFERENT: f64 = 4.0;
/// Room for each of the two numbers of a variant.
const DURATION_ROOM: f64 = 76.0;

/// The chart of all variants, a point each: the mean over its seeds.
pub(super) fn picture(comparison: &Comparison) -> Picture {
    let mut picture = Picture::default();
    let mut y = picture.title(&wording::headline(comparison));
    for line in wrapped(&wording::setting(comparison), WIDTH - 2.0 * MARGIN, BODY, false) {
        picture.text(line, (MARGIN, y), Align::Start, theme::GREY);
        y += LINE;
    }
    let left = MARGIN + NUMBER_ROOM;
    let beside = List::new(comparison, WIDTH - MARGIN - left - BESIDE.0 - GUTTER, 1);
    let ranges = Ranges::new(comparison);
    let is_beside = ranges.extra <= 2.0 * ranges.short && beside.height() <= HIGHEST_BESIDE;
    let plot = Plot::new(ranges, if is_beside { BESIDE } else { BELOW }, (left, y + 2.0 * LINE + 54.0));
    let spots = plot.spots(comparison);
    legend(&mut picture, comparison, &spots, plot.least_s, y + 8.0);
    plot.draw(&mut picture);
    Badges::place(&spots, plot.inside(), &|at| plot.beyond_the_least(at)).draw(&mut picture, &spots);

    let below_plot = plot.bottom() + 72.0;
    if is_beside {
        beside.draw(&mut picture, (left + BESIDE.0 + GUTTER, plot.top() - 19.0));
        picture.height = below_plot.max(plot.top() + beside.height());
    } else {
        let list = List::new(comparison, (WIDTH - 2.0 * MARGIN - GUTTER) / 2.0, 2);
        list.draw(&mut picture, (MARGIN, below_plot + 8.0));
        picture.height = below_plot + 27.0 + list.height();
    }
    picture
}

/// The least sum of the variants that always finish: an unfinished deploy has not yet started and stopped all.
fn least_sum(comparison: &Comparison) -> Option<f64> {
    let finished = comparison.variants.iter().filter(|variant| variant.always_finishes());
    finished.map(|variant| variant.extra_replica_s + variant.short_replica_s).min_by(f64::total_cmp)
}

/// What a variant is drawn in.
fn colour(variant: &VariantStatistics) -> RGBColor {
    if variant.always_finishes() { theme::BLUE } else { theme::VERMILLION }
}

/// What points and lines mean, in two lines.
fn legend(picture: &mut Picture, comparison: &Comparison, spots: &[Spot], least_s: Option<f64>, y: f64) {
    let mut x = MARGIN;
    let mut entry = |picture: &mut Picture, y: f64, text: &str, mark: &dyn Fn(&mut Picture, f64)| {
        mark(picture, x);
        picture.text(text, (x + 30.0, y), Align::Start, theme::GREY);
        x += 30.0 + width(text, BODY, false) + 28.0;
    };
    entry(picture, y, "a variant, the mean of its runs", &|p, x| badges::dot(p, (x + 11.0, y), false, theme::BLUE));
    if spots.iter().any(|spot| spot.entries.len() > 1) {
        entry(picture, y, "several, near one spot", &|p, x| badges::dot(p, (x + 11.0, y), true, theme::BLUE));
    }
    if comparison.variants.iter().any(|variant| !variant.always_finishes()) {
        let text = format!("with unfinished runs, counted to {}", wording::duration(comparison.horizon_s));
        entry(picture, y, &text, &|p, x| badges::dot(p, (x + 11.0, y), false, theme::VERMILLION));
    }
    x = MARGIN;
    let y = y + LINE + 3.0;
    let mut entry = |picture: &mut Picture, text: &str, colour: RGBColor, stroke: f64| {
        picture.line(vec![(x + 3.0, y - 7.0), (x + 19.0, y + 7.0)], colour, stroke);
        picture.text(text, (x + 30.0, y), Align::Start, theme::GREY);
        x += 30.0 + width(text, BODY, false) + 28.0;
    };
    if let Some(least) = least_s {
        let text = format!(
            "extra + short = {}, the least here: start and stop latency, where nothing waits",
            wording::duration(least)
        );
        entry(picture, &text, theme::BLACK, 2.0);
    }
    entry(picture, "equal sums, as read on the axes", theme::GRID, 1.0);
}

/// How far the points reach, in seconds.
#[derive(Clone, Copy)]
struct Ranges {
    extra: f64,
    short: f64,
    least_s: Option<f64>,
}

impl Ranges {
    /// Far enough for every point and for the whole line of the least sum.
    fn new(comparison: &Comparison) -> Self {
        let least_s = least_sum(comparison).filter(|&sum| sum > 0.0);
        let reach = |of: fn(&VariantStatistics) -> f64| {
            comparison.variants.iter().map(of).fold(least_s.unwrap_or_default(), f64::max) * 1.08
        };
        let (extra, short) = (reach(|variant| variant.extra_replica_s), reach(|variant| variant.short_replica_s));
        let or_largest = |reach: f64| if reach > 0.0 { reach } else { extra.max(short).max(1.0) };
        Self { extra: or_largest(extra), short: or_largest(short), least_s }
    }
}

/// The two axes.
struct Plot {
    extra: Axis,
    short: Axis,
    /// The values at their ends.
    to: Point,
    unit: &'static str,
    unit_s: f64,
    least_s: Option<f64>,
}

impl Plot {
    /// Both axes to one scale, so that equal sums are diagonals, unless one is many times as long as the other.
    fn new(ranges: Ranges, (widest, highest): (f64, f64), (left, top): Point) -> Self {
        let Ranges { mut extra, short, least_s } = ranges;
        let longest = extra.max(short);
        let (unit, unit_s) = axis::unit(longest / 1.08);
        let one_scale = longest <= DIFFERENT * extra.min(short);
        let mut height = 0.7 * highest;
        if one_scale {
            let scale = (widest / extra).min(highest / short);
            extra = widest / scale;
            height = short * scale;
        }
        let longest = extra.max(short);
        let axis = |range: f64, place| {
            let marks = if one_scale { 9.0 * range / longest } else { 6.0 };
            Axis::linear(0.0, range / unit_s, place, marks)
        };
        let bottom = top + height;
        Self {
            extra: axis(extra, (left, left + widest)),
            short: axis(short, (bottom, top)),
            to: (extra / unit_s, short / unit_s),
            unit,
            unit_s,
            least_s,
        }
    }

    fn top(&self) -> f64 {
        self.short.place.1
    }

    fn bottom(&self) -> f64 {
        self.short.place.0
    }

    /// Left, top, right and bottom of where badges may be.
    fn inside(&self) -> [f64; 4] {
        let (left, right) = self.extra.place;
        [left + 3.0, self.top(), right, self.bottom() - 3.0]
    }

    /// How far beyond the line of the least sum a place is, in either direction, as a share of that sum.
    fn beyond_the_least(&self, at: Point) -> f64 {
        let Some(least) = self.least_s else { return f64::INFINITY };
        let extra = self.to.0 * (at.0 - self.extra.place.0) / (self.extra.place.1 - self.extra.place.0);
        let short = self.to.1 * (at.1 - self.bottom()) / (self.top() - self.bottom());
        (extra + short) * self.unit_s / least - 1.0
    }

    /// Where the variants are; those that cannot be told apart share a spot.
    fn spots(&self, comparison: &Comparison) -> Vec<Spot> {
        let mut spots = Vec::new();
        for (variant, number) in comparison.variants.iter().zip(1..) {
            let x = self.extra.at(variant.extra_replica_s / self.unit_s);
            let y = self.short.at(variant.short_replica_s / self.unit_s);
            badges::join(&mut spots, (x, y), number, colour(variant));
        }
        spots
    }

    /// The axes, the diagonals, and the line of the least sum.
    fn draw(&self, picture: &mut Picture) {
        let (left, right) = self.extra.place;
        let (bottom, top) = self.short.place;
        let longer = if self.to.0 >= self.to.1 { &self.extra } else { &self.short };
        let step = longer.ticks.get(1).copied().unwrap_or(f64::INFINITY);
        let mut sum = step;
        while sum < self.to.0 + self.to.1 {
            if sum * self.unit_s > self.least_s.unwrap_or_default() {
                self.diagonal(picture, sum, theme::GRID, 1.0);
            }
            sum += step;
        }
        if let Some(least) = self.least_s {
            self.diagonal(picture, least / self.unit_s, theme::BLACK, 2.0);
        }
        for &tick in &self.extra.ticks {
            let x = self.extra.at(tick);
            picture.line(vec![(x, bottom), (x, bottom + 6.0)], theme::GREY, 1.0);
            picture.text(axis::number(tick), (x, bottom + 18.0), Align::Middle, theme::GREY);
        }
        for &tick in &self.short.ticks {
            let y = self.short.at(tick);
            picture.line(vec![(left - 6.0, y), (left, y)], theme::GREY, 1.0);
            picture.text(axis::number(tick), (left - 10.0, y), Align::End, theme::GREY);
        }
        picture.line(vec![(left, top), (left, bottom), (right, bottom)], theme::GREY, 1.0);
        let unit = self.unit;
        let extra = format!("extra: task-{unit} reserved above the desired count");
        picture.text(extra, (f64::midpoint(left, right), bottom + 44.0), Align::Middle, theme::BLACK);
        let short = format!("short: task-{unit} in service below the desired count");
        picture.text(short, (MARGIN, top - 19.0), Align::Start, theme::BLACK);
    }

    /// The part of extra + short = `sum` that is on the plot.
    fn diagonal(&self, picture: &mut Picture, sum: f64, colour: RGBColor, stroke: f64) {
        let high = sum.min(self.to.1);
        let far = sum.min(self.to.0);
        let from = (self.extra.at(sum - high), self.short.at(high));
        let to = (self.extra.at(far), self.short.at(sum - far));
        picture.line(vec![from, to], colour, stroke);
    }
}

/// The variants by number, each with its name and both numbers, in columns.
struct List<'a> {
    entries: Vec<(&'a VariantStatistics, Vec<String>)>,
    column: f64,
    columns: usize,
}

impl<'a> List<'a> {
    fn new(comparison: &'a Comparison, column: f64, columns: usize) -> Self {
        let room = column - badges::CELL - 10.0 - 2.0 * DURATION_ROOM;
        let entries = comparison.variants.iter().map(|variant| (variant, name_lines(&variant.name, room)));
        Self { entries: entries.collect(), column, columns }
    }

    /// How high an entry is.
    fn step((variant, lines): &(&VariantStatistics, Vec<String>)) -> f64 {
        let unfinished = usize::from(!variant.always_finishes());
        (lines.len().max(1) + unfinished) as f64 * (LINE - 1.0) + 6.0
    }

    /// The entries, column by column.
    fn chunks(&self) -> impl Iterator<Item = &[(&'a VariantStatistics, Vec<String>)]> {
        self.entries.chunks(self.entries.len().div_ceil(self.columns).max(1))
    }

    /// How high the longest column is, without its head.
    fn height(&self) -> f64 {
        let heights = self.chunks().map(|entries| entries.iter().map(Self::step).sum());
        heights.fold(0.0, f64::max) + MARGIN
    }

    fn draw(&self, picture: &mut Picture, (left, head): Point) {
        let mut number = 0_u32;
        for (index, entries) in self.chunks().enumerate() {
            let left = left + index as f64 * (self.column + GUTTER);
            let ends = [left + self.column - DURATION_ROOM, left + self.column];
            for (text, end) in ["extra", "short"].into_iter().zip(ends) {
                picture.text(text, (end, head), Align::End, theme::GREY);
            }
            let mut y = head + LINE + 3.0;
            for entry @ (variant, lines) in entries {
                number += 1;
                badges::badge(picture, (left + badges::CELL / 2.0, y), number, colour(variant));
                let x = left + badges::CELL + 8.0;
                for (line, row) in lines.iter().zip(0_u32..) {
                    picture.text(line, (x, y + f64::from(row) * (LINE - 1.0)), Align::Start, theme::BLACK);
                }
                for (seconds, end) in [variant.extra_replica_s, variant.short_replica_s].into_iter().zip(ends) {
                    picture.text(wording::task_time(seconds), (end, y), Align::End, theme::BLACK);
                }
                if !variant.always_finishes() {
                    let text = format!("{} unfinished", wording::unfinished(variant));
                    let y = y + lines.len() as f64 * (LINE - 1.0);
                    picture.text(text, (x, y), Align::Start, theme::VERMILLION);
                }
                y += Self::step(entry);
            }
        }
    }
}
