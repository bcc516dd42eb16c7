//! Extra against short: how each variant splits what starting and stopping takes between money and risk.

use plotters::style::RGBColor;

use super::axis::{self, Axis};
use super::badges::{self, Badges, Spot};
use super::list::{Entry, GUTTER, List};
use super::picture::{Align, Picture, Point, width};
use super::theme::{self, BODY, LINE, MARGIN, WIDTH};
use crate::statistics::{Comparison, VariantStatistics};
use crate::wording;

/// How thick the line of the least sum is.
const LEAST_STROKE: f64 = 3.0;
/// Room for the numbers of the vertical axis.
const NUMBER_ROOM: f64 = 48.0;
/// The widest and highest plot that has the variants beside it, and that has them below it.
const BESIDE: (f64, f64) = (480.0, 480.0);
const BELOW: (f64, f64) = (WIDTH - 2.0 * MARGIN - NUMBER_ROOM, 450.0);
/// The highest list that may stand beside the plot.
const HIGHEST_BESIDE: f64 = 620.0;
/// From this factor between the two axes on, each has its own scale.
const DIFFERENT: f64 = 4.0;
/// A variant is far if its extra or its short is more than this many times the least sum, and more than half of all variants
/// have. The axes break before the far ones if those would make them more than this many times as long.
const FAR: f64 = 4.0;
/// The highest plot with broken axes, if the variants are below it.
const HIGHEST_BROKEN: f64 = 620.0;
/// The gap between the end of an axis and what is beyond it, and the distance between two places there.
const BREAK: f64 = 14.0;
const STEP: f64 = 27.0;
/// The most places beyond an axis.
const MOST_PLACES: usize = 12;

/// The chart of all variants, a point each: the mean over its seeds.
pub(super) fn picture(comparison: &Comparison) -> Picture {
    let mut picture = Picture::default();
    let y = picture.heading(&wording::headline(comparison), &wording::setting(comparison));
    let left = MARGIN + NUMBER_ROOM;
    let beside = list(comparison, WIDTH - MARGIN - left - BESIDE.0 - GUTTER, 1);
    let ranges = Ranges::new(comparison);
    let is_broken = ranges.are_broken();
    let is_large = ranges.beyond.iter().flat_map(Beyond::room).all(|room| room <= BESIDE.0 / 3.0);
    let is_beside = ranges.extra <= 2.0 * ranges.short && beside.height() <= HIGHEST_BESIDE && is_large;
    let size = if is_beside { BESIDE } else { (BELOW.0, if is_broken { HIGHEST_BROKEN } else { BELOW.1 }) };
    let rows = if is_broken { 3.0 } else { 2.0 };
    picture.description = described(comparison);
    let plot = Plot::new(ranges, size, (left, y + rows * (LINE + 3.0) + 48.0));
    let parts = plot.parts(comparison);
    legend(&mut picture, comparison, &parts, plot.ranges.least_s, y + 8.0);
    plot.draw(&mut picture);
    for Part { spots, inside } in &parts {
        Badges::place(spots, *inside, &|at| plot.beyond_the_least(at)).draw(&mut picture, spots);
        for spot in spots {
            let texts = spot.entries.iter().map(|&(number, _)| told(comparison, number));
            spot.hover(&mut picture, &wording::first_of(texts));
        }
    }

    let below_plot = plot.bottom() + 72.0;
    if is_beside {
        beside.draw(&mut picture, (left + BESIDE.0 + GUTTER, plot.outer_top() - 19.0));
        picture.height = below_plot.max(plot.outer_top() + beside.height());
    } else {
        let below = list(comparison, (WIDTH - 2.0 * MARGIN - GUTTER) / 2.0, 2);
        below.draw(&mut picture, (MARGIN, below_plot + 8.0));
        picture.height = below_plot + 27.0 + below.height();
    }
    picture
}

/// Extra and short of the first variants, in words.
fn described(comparison: &Comparison) -> String {
    let splits = (1..).zip(&comparison.variants).map(|(number, _)| told(comparison, number));
    format!("Task-time above and below the desired count by variant: {}.", wording::first_of(splits))
}

/// A variant by its number, with both its times.
fn told(comparison: &Comparison, number: u32) -> String {
    let variant = &comparison.variants[number as usize - 1];
    let [extra, short] = [variant.extra_replica_s, variant.short_replica_s].map(wording::task_time);
    format!("{}: extra {extra}, short {short}", variant.name)
}

/// The least sum of the variants that always finish a deploy: an unfinished one has not yet started and stopped all, and
/// where nothing is deployed, nothing has to.
fn least_sum(comparison: &Comparison) -> Option<f64> {
    let finished = comparison.variants.iter().filter(|variant| variant.has_deploys() && variant.always_finishes());
    finished.map(|variant| variant.extra_replica_s + variant.short_replica_s).min_by(f64::total_cmp)
}

/// What a variant is drawn in.
fn colour(variant: &VariantStatistics) -> RGBColor {
    if variant.always_finishes() { theme::BLUE } else { theme::VERMILLION }
}

/// What points and lines mean, in two lines, and in a third what is beyond the axes.
fn legend(picture: &mut Picture, comparison: &Comparison, parts: &[Part], least_s: Option<f64>, y: f64) {
    let mut x = MARGIN;
    let mut entry = |picture: &mut Picture, y: f64, text: &str, mark: &dyn Fn(&mut Picture, f64)| {
        mark(picture, x);
        picture.text(text, (x + 30.0, y), Align::Start, theme::GREY);
        x += 30.0 + width(text, BODY, false) + 28.0;
    };
    entry(picture, y, "a variant, the mean of its runs", &|p, x| badges::dot(p, (x + 11.0, y), false, theme::BLUE));
    if parts.iter().flat_map(|part| &part.spots).any(|spot| spot.entries.len() > 1) {
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
        entry(picture, &text, theme::BLACK, LEAST_STROKE);
    }
    entry(picture, "equal sums, as read on the axes", theme::GRID, 1.0);
    if parts.len() > 1 {
        let y = y + LINE + 3.0;
        badges::arrow(picture, (MARGIN + 5.0, y), (1.0, 0.0), theme::BLUE);
        badges::dot(picture, (MARGIN + 5.0, y), false, theme::BLUE);
        picture.text("beyond the axis, in order, not to scale", (MARGIN + 30.0, y), Align::Start, theme::GREY);
    }
}

/// How far the axes reach, in seconds.
struct Ranges {
    extra: f64,
    short: f64,
    least_s: Option<f64>,
    /// What is beyond the one and the other.
    beyond: [Beyond; 2],
}

impl Ranges {
    /// Far enough for every point that is not far, and for the whole line of the least sum.
    fn new(comparison: &Comparison) -> Self {
        let least_s = least_sum(comparison).filter(|&sum| sum > 0.0);
        let points: Vec<Point> =
            comparison.variants.iter().map(|variant| (variant.extra_replica_s, variant.short_replica_s)).collect();
        let near = nearest_reach(&points, least_s);
        let reach = |of: fn(&Point) -> f64| {
            let near = points.iter().filter(|point| near.is_none_or(|near| point.0.max(point.1) <= near));
            near.map(of).fold(least_s.unwrap_or_default(), f64::max) * 1.08
        };
        let (extra, short) = (reach(|point| point.0), reach(|point| point.1));
        // Broken axes are to one scale.
        let (extra, short) = if near.is_some() {
            (extra.max(short), short.max(extra / DIFFERENT))
        } else {
            let or_largest = |reach: f64| if reach > 0.0 { reach } else { extra.max(short).max(1.0) };
            (or_largest(extra), or_largest(short))
        };
        let beyond =
            [Beyond::new(points.iter().map(|point| point.0), extra), Beyond::new(points.iter().map(|p| p.1), short)];
        Self { extra, short, least_s, beyond }
    }

    fn are_broken(&self) -> bool {
        self.beyond.iter().any(|beyond| beyond.places > 0)
    }
}

/// How far the extra and the short of those that are not far reach, if the axes break.
fn nearest_reach(points: &[Point], least_s: Option<f64>) -> Option<f64> {
    let mut reaches: Vec<f64> = points.iter().map(|(extra, short)| extra.max(*short)).collect();
    reaches.sort_by(f64::total_cmp);
    let half = *reaches.get(reaches.len().div_ceil(2).checked_sub(1)?)?;
    let limit = half.max(FAR * least_s.unwrap_or_default());
    let near = reaches.iter().copied().filter(|&reach| reach <= limit).fold(0.0, f64::max);
    (near > 0.0 && reaches.last()? > &(FAR * near.max(least_s.unwrap_or_default()))).then_some(near)
}

/// The two axes.
struct Plot {
    extra: Axis,
    short: Axis,
    /// The values at their ends.
    to: Point,
    unit: &'static str,
    unit_s: f64,
    ranges: Ranges,
}

/// A part of the plot: its points, and left, top, right and bottom of where their badges may be.
struct Part {
    spots: Vec<Spot>,
    inside: [f64; 4],
}

impl Plot {
    /// Both axes to one scale, so that equal sums are diagonals, unless one is many times as long as the other.
    fn new(ranges: Ranges, (widest, highest): (f64, f64), (left, top): Point) -> Self {
        let (mut extra, short) = (ranges.extra, ranges.short);
        let ([right_strip, _], [_, top_strip]) = (ranges.beyond[0].room(), ranges.beyond[1].room());
        let (widest, highest) = (widest - right_strip, highest - top_strip);
        let longest = extra.max(short);
        let (unit, unit_s) = axis::unit(longest / 1.08);
        let one_scale = longest <= DIFFERENT * extra.min(short);
        let (mut width, mut height) = (widest, 0.7 * highest);
        if one_scale {
            let scale = (widest / extra).min(highest / short);
            if ranges.are_broken() {
                width = extra * scale;
            } else {
                extra = widest / scale;
            }
            height = short * scale;
        }
        let longest = extra.max(short);
        let axis = |range: f64, place| {
            let marks = if one_scale { 9.0 * range / longest } else { 6.0 };
            Axis::linear(0.0, range / unit_s, place, marks)
        };
        let top = top + top_strip;
        let bottom = top + height;
        Self {
            extra: axis(extra, (left, left + width)),
            short: axis(short, (bottom, top)),
            to: (extra / unit_s, short / unit_s),
            unit,
            unit_s,
            ranges,
        }
    }

    fn top(&self) -> f64 {
        self.short.place.1
    }

    fn bottom(&self) -> f64 {
        self.short.place.0
    }

    /// The top of what is beyond the vertical axis.
    fn outer_top(&self) -> f64 {
        self.top() - self.ranges.beyond[1].room()[1]
    }

    /// The right of what is beyond the horizontal axis.
    fn outer_right(&self) -> f64 {
        self.extra.place.1 + self.ranges.beyond[0].room()[0]
    }

    /// How far beyond the line of the least sum a place is, in either direction, as a share of that sum.
    fn beyond_the_least(&self, at: Point) -> f64 {
        let Some(least) = self.ranges.least_s else { return f64::INFINITY };
        let extra = self.to.0 * (at.0 - self.extra.place.0) / (self.extra.place.1 - self.extra.place.0);
        let short = self.to.1 * (at.1 - self.bottom()) / (self.top() - self.bottom());
        (extra + short) * self.unit_s / least - 1.0
    }

    /// Where the variants are: on the plot, beyond its right, and beyond its top. Those that cannot be told apart share a spot.
    fn parts(&self, comparison: &Comparison) -> Vec<Part> {
        let (left, right) = self.extra.place;
        let (top, bottom) = (self.top(), self.bottom());
        let [beyond_right, beyond_top] = &self.ranges.beyond;
        let mut parts = vec![Part { spots: Vec::new(), inside: [left + 3.0, top, right, bottom - 3.0] }];
        if self.ranges.are_broken() {
            let right_strip = [right + BREAK, self.outer_top(), self.outer_right(), bottom - 3.0];
            let top_strip = [left + 3.0, self.outer_top(), right, top - BREAK];
            parts.extend([right_strip, top_strip].map(|inside| Part { spots: Vec::new(), inside }));
        }
        for (variant, number) in comparison.variants.iter().zip(1..) {
            let (extra, short) = (variant.extra_replica_s, variant.short_replica_s);
            let beyond = (beyond_right.offset(extra), beyond_top.offset(short));
            let x = beyond.0.map_or_else(|| self.extra.at(extra / self.unit_s), |offset| right + offset);
            let y = beyond.1.map_or_else(|| self.short.at(short / self.unit_s), |offset| top - offset);
            let (part, arrow) = match beyond {
                (None, None) => (0, None),
                (Some(_), None) => (1, Some((1.0, 0.0))),
                (Some(_), Some(_)) => (1, Some((0.5_f64.sqrt(), -0.5_f64.sqrt()))),
                (None, Some(_)) => (2, Some((0.0, -1.0))),
            };
            badges::join(&mut parts[part].spots, (x, y), number, colour(variant), arrow);
        }
        parts
    }

    /// The axes, the diagonals, and the line of the least sum.
    fn draw(&self, picture: &mut Picture) {
        let (left, right) = self.extra.place;
        let (bottom, top) = self.short.place;
        let longer = if self.to.0 >= self.to.1 { &self.extra } else { &self.short };
        let step = longer.ticks.get(1).copied().unwrap_or(f64::INFINITY);
        let mut sum = step;
        while sum < self.to.0 + self.to.1 {
            if sum * self.unit_s > self.ranges.least_s.unwrap_or_default() {
                self.diagonal(picture, sum, theme::GRID, 1.0);
            }
            sum += step;
        }
        if let Some(least) = self.ranges.least_s {
            self.diagonal(picture, least / self.unit_s, theme::BLACK, LEAST_STROKE);
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
        self.draw_breaks(picture);
        let unit = self.unit;
        let extra = format!("extra: task-{unit} reserved above the desired count");
        picture.text(extra, (f64::midpoint(left, right), bottom + 44.0), Align::Middle, theme::BLACK);
        let short = format!("short: task-{unit} in service below the desired count");
        picture.text(short, (MARGIN, self.outer_top() - 19.0), Align::Start, theme::BLACK);
    }

    /// The strips beyond the axes, and the breaks between.
    fn draw_breaks(&self, picture: &mut Picture) {
        let (left, right) = self.extra.place;
        let (bottom, top) = self.short.place;
        let (outer_right, outer_top) = (self.outer_right(), self.outer_top());
        if outer_right > right {
            picture.rectangle((right + BREAK, outer_top), (outer_right, bottom), theme::BAND);
            picture.line(vec![(right + BREAK, bottom), (outer_right, bottom)], theme::GREY, 1.0);
            for x in [right, right + BREAK] {
                picture.line(vec![(x - 3.0, bottom + 7.0), (x + 3.0, bottom - 7.0)], theme::GREY, 1.0);
            }
        }
        if outer_top < top {
            picture.rectangle((left, outer_top), (right, top - BREAK), theme::BAND);
            picture.line(vec![(left, outer_top), (left, top - BREAK)], theme::GREY, 1.0);
            for y in [top, top - BREAK] {
                picture.line(vec![(left - 7.0, y + 3.0), (left + 7.0, y - 3.0)], theme::GREY, 1.0);
            }
        }
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

/// The values beyond the end of an axis: each has a place there, in order and not to scale.
struct Beyond {
    /// The values, each once, in order.
    values: Vec<f64>,
    /// How many places they have, one for several if they are many.
    places: usize,
    /// The most badges at a place.
    most: usize,
}

impl Beyond {
    fn new(values: impl Iterator<Item = f64>, end: f64) -> Self {
        let mut all: Vec<f64> = values.filter(|&value| value > end).collect();
        all.sort_by(f64::total_cmp);
        let mut values = all.clone();
        values.dedup();
        let mut beyond = Self { places: values.len().min(MOST_PLACES), values, most: 0 };
        let at = |place| all.iter().filter(|&&value| beyond.place(value) == Some(place)).count();
        beyond.most = (0..beyond.places).map(at).max().unwrap_or_default();
        beyond
    }

    /// Which place a value has.
    fn place(&self, value: f64) -> Option<usize> {
        let first = *self.values.first()?;
        let rank = self.values.partition_point(|&other| other < value);
        (value >= first).then(|| rank * self.places / self.values.len())
    }

    /// How far from the end of the axis a value is drawn.
    fn offset(&self, value: f64) -> Option<f64> {
        self.place(value).map(|place| BREAK + (place as f64 + 0.4) * STEP)
    }

    /// How wide, beyond the horizontal axis, and how high, beyond the vertical one, they are.
    fn room(&self) -> [f64; 2] {
        if self.places == 0 {
            return [0.0; 2];
        }
        badges::room(self.most).map(|badges| BREAK + badges.max(self.places as f64 * STEP + 4.0))
    }
}

/// The variants by number, each with both its times.
fn list(comparison: &Comparison, column: f64, columns: usize) -> List {
    let entries = comparison.variants.iter().map(|variant| {
        let note = || format!("{} unfinished", wording::unfinished(variant));
        Entry {
            name: variant.name.clone(),
            colour: colour(variant),
            values: [variant.extra_replica_s, variant.short_replica_s].map(wording::task_time),
            note: (!variant.always_finishes()).then(note),
        }
    });
    List::new(["extra", "short"], entries, column, columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_near_reach_to_four_times_the_least_sum_or_to_the_middle_variant() {
        let near = |reaches: &[f64], least_s| {
            let points: Vec<Point> = reaches.iter().map(|&reach| (reach / 2.0, reach)).collect();
            nearest_reach(&points, least_s)
        };
        let least = Some(100.0);
        assert_eq!(near(&[100.0, 390.0, 410.0, 9000.0], least), Some(390.0), "410 s are more than four times 100 s");
        assert_eq!(near(&[100.0, 390.0, 1500.0], least), None, "all are within four times 390 s");
        assert_eq!(near(&[100.0, 390.0, 1600.0], least), Some(390.0));
        assert_eq!(near(&[100.0, 700.0, 800.0, 9000.0], least), Some(700.0), "two of four at least are on the plot");
        assert_eq!(
            near(&[50.0, 50.0, 350.0, 401.0], least),
            None,
            "350 s are not far from 100 s, nor are 401 s from those"
        );
        assert_eq!(
            near(&[50.0, 50.0, 401.0], least),
            Some(50.0),
            "the line of 100 s is on the plot, and 401 s are far from it"
        );
        assert_eq!(near(&[10.0, 20.0, 900.0], None), Some(20.0), "nothing finished: there is no line");
        assert_eq!(near(&[0.0, 0.0, 900.0], None), None, "an axis has a length");
        assert_eq!(near(&[], None), None);
    }

    #[test]
    fn what_is_beyond_an_axis_is_in_order_and_the_same_is_in_one_place() {
        let beyond = Beyond::new([50.0, 9000.0, 300.0, 100.0, 9000.0, 700.0].into_iter(), 100.0);
        assert_eq!(
            [50.0, 100.0, 300.0, 700.0, 9000.0].map(|value| beyond.place(value)),
            [None, None, Some(0), Some(1), Some(2)]
        );
        assert_eq!(beyond.most, 2);
        assert!(beyond.offset(9000.0).unwrap() + STEP / 2.0 < beyond.room()[1]);
        let many = Beyond::new((1..=100_u32).map(f64::from), 10.0);
        let places: Vec<usize> = (11..=100_u32).filter_map(|value| many.place(f64::from(value))).collect();
        assert!(places.is_sorted() && places[89] == MOST_PLACES - 1, "many share places, in order");
        assert_eq!(Beyond::new([1.0].into_iter(), 1.0).places, 0);
    }
}
