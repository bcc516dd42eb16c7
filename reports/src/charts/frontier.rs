//! Cost against duration: a numbered point for each variant, and the frontier of those that no other beats in both.

use plotters::style::RGBColor;

use super::axis::{self, Axis};
use super::badges::{self, Badges};
use super::list::{Entry, GUTTER, List};
use super::picture::{Align, Picture, Point, width};
use super::theme::{self, BODY, MARGIN, WIDTH};
use crate::bill;
use crate::statistics::{Comparison, VariantStatistics};
use crate::wording;

/// Room for the numbers of the vertical axis.
const NUMBER_ROOM: f64 = 66.0;
/// The width and height of a plot with the variants beside it, and with them below it.
const BESIDE: (f64, f64) = (470.0, 450.0);
const BELOW: (f64, f64) = (WIDTH - 2.0 * MARGIN - NUMBER_ROOM, 430.0);
/// The highest list that may stand beside the plot.
const HIGHEST_BESIDE: f64 = 600.0;
/// From this factor between the largest and the smallest on, an axis is logarithmic.
const WIDE: f64 = 30.0;

/// The chart of all variants: the 95th percentile of the deploys, and the bill of a month.
pub(super) fn picture(comparison: &Comparison) -> Picture {
    let mut picture = Picture::default();
    let y = picture.heading(&wording::headline(comparison), &wording::setting(comparison));
    let points: Vec<Option<Point>> = comparison.variants.iter().map(point).collect();
    let frontier = frontier(&points);
    picture.description = described(comparison, &frontier);
    let left = MARGIN + NUMBER_ROOM;
    let beside = list(comparison, &points, &frontier, WIDTH - MARGIN - left - BESIDE.0 - GUTTER, 1);
    let is_beside = beside.height() <= HIGHEST_BESIDE;
    let size = if is_beside { BESIDE } else { BELOW };
    legend(&mut picture, &points, y + 8.0);
    let top = y + 70.0;
    let bottom = top + size.1;
    if points.iter().any(Option::is_some) {
        Plot::new(&points, (left, left + size.0), (bottom, top)).draw(&mut picture, comparison, &points, &frontier);
    } else {
        let text = "no variant's p95 is within the time that was simulated";
        picture.frame((left, top), (left + size.0, bottom), theme::GRID);
        let middle = (left + size.0 / 2.0, top + size.1 / 2.0);
        picture.text(text, middle, Align::Middle, theme::VERMILLION);
    }
    let below_plot = bottom + 72.0;
    if is_beside {
        beside.draw(&mut picture, (left + BESIDE.0 + GUTTER, top - 19.0));
        picture.height = below_plot.max(top + beside.height());
    } else {
        let below = list(comparison, &points, &frontier, (WIDTH - 2.0 * MARGIN - GUTTER) / 2.0, 2);
        below.draw(&mut picture, (MARGIN, below_plot + 8.0));
        picture.height = below_plot + 27.0 + below.height();
    }
    picture
}

/// The 95th percentile in seconds, and the dollars of a month; none where that percentile falls on a run that does not end.
/// Both are rounded to what is shown, so that noise of the last digit makes no variant better.
fn point(variant: &VariantStatistics) -> Option<Point> {
    let p95 = variant.deploy_s.p95?;
    Some(((p95 * 1e3).round() / 1e3, (variant.usd_per_month * 100.0).round() / 100.0))
}

/// Which points no other one beats: as fast and cheaper, or as cheap and faster.
fn frontier(points: &[Option<Point>]) -> Vec<bool> {
    let beats = |(x, y): Point, (than_x, than_y): Point| x <= than_x && y <= than_y && (x < than_x || y < than_y);
    let is_best = |point: Point| !points.iter().flatten().any(|&other| beats(other, point));
    points.iter().map(|point| point.is_some_and(is_best)).collect()
}

/// The best ones in words.
fn described(comparison: &Comparison, frontier: &[bool]) -> String {
    let best = comparison.variants.iter().zip(frontier).filter(|(_, is_best)| **is_best);
    let best = best.map(|(variant, _)| told(comparison, variant));
    format!("Bill against deploy duration; what no other variant beats in both: {}.", wording::first_of(best))
}

/// A variant with both its values.
fn told(comparison: &Comparison, variant: &VariantStatistics) -> String {
    let p95 = wording::deploy(variant, variant.deploy_s.p95, comparison.horizon_s);
    format!("{}: p95 {p95}, ${} a month", variant.name, wording::cents(variant.usd_per_month))
}

fn colour(is_plotted: bool, is_best: bool) -> RGBColor {
    match (is_plotted, is_best) {
        (false, _) => theme::VERMILLION,
        (true, true) => theme::BLUE,
        (true, false) => theme::GREY,
    }
}

/// What points and the line mean.
fn legend(picture: &mut Picture, points: &[Option<Point>], y: f64) {
    let mut x = MARGIN;
    let mut entry = |picture: &mut Picture, text: &str, mark: &dyn Fn(&mut Picture, f64)| {
        mark(picture, x);
        picture.text(text, (x + 30.0, y), Align::Start, theme::GREY);
        x += 30.0 + width(text, BODY, false) + 28.0;
    };
    entry(picture, "the frontier: what is faster costs more", &|p, x| {
        p.line(vec![(x, y), (x + 22.0, y)], theme::BLUE, 2.0);
        badges::dot(p, (x + 11.0, y), false, theme::BLUE);
    });
    if points.iter().flatten().count() > 1 {
        entry(picture, "another variant is as fast and cheaper, or as cheap and faster", &|p, x| {
            badges::dot(p, (x + 11.0, y), false, theme::GREY);
        });
    }
}

/// The variants by number, each with both its values; those that are not plotted say why.
fn list(comparison: &Comparison, points: &[Option<Point>], frontier: &[bool], column: f64, columns: usize) -> List {
    let most = comparison.variants.iter().map(|variant| variant.usd_per_month).fold(0.0, f64::max);
    let entries = comparison.variants.iter().zip(points.iter().zip(frontier)).map(|(variant, (point, &is_best))| {
        let why = || if variant.has_deploys() { "not plotted: does not finish" } else { "not plotted: no deploy" };
        let usd = wording::grouped(&bill::amount(variant.usd_per_month, most));
        Entry {
            name: variant.name.clone(),
            colour: colour(point.is_some(), is_best),
            values: [wording::deploy(variant, variant.deploy_s.p95, comparison.horizon_s), usd],
            note: point.is_none().then(|| why().to_string()),
        }
    });
    List::new(["p95", "$/month"], entries, column, columns)
}

/// The two axes.
struct Plot {
    duration: Axis,
    cost: Axis,
    titles: [String; 2],
    unit_s: f64,
}

impl Plot {
    fn new(points: &[Option<Point>], across: Point, up: Point) -> Self {
        let longest = points.iter().flatten().map(|point| point.0).fold(0.0, f64::max);
        let (unit, unit_s) = axis::unit(longest);
        let (duration, logarithmic) = axis_of(points.iter().flatten().map(|point| point.0 / unit_s), across);
        let of_duration = format!("p95 of the deploy duration, {unit}{logarithmic}");
        let (cost, logarithmic) = axis_of(points.iter().flatten().map(|point| point.1), up);
        let of_cost = format!("bill, $/month (730 h){logarithmic}");
        Self { duration, cost, titles: [of_duration, of_cost], unit_s }
    }

    fn at(&self, (seconds, usd): Point) -> Point {
        (self.duration.at(seconds / self.unit_s), self.cost.at(usd))
    }

    fn draw(&self, picture: &mut Picture, comparison: &Comparison, points: &[Option<Point>], frontier: &[bool]) {
        let ((left, right), (bottom, top)) = (self.duration.place, self.cost.place);
        for &tick in &self.duration.ticks {
            let x = self.duration.at(tick);
            picture.line(vec![(x, top), (x, bottom + 5.0)], theme::GRID, 1.0);
            picture.text(axis::number(tick), (x, bottom + 18.0), Align::Middle, theme::GREY);
        }
        for &tick in &self.cost.ticks {
            let y = self.cost.at(tick);
            picture.line(vec![(left, y), (right, y)], theme::GRID, 1.0);
            picture.text(wording::grouped(&axis::number(tick)), (left - 10.0, y), Align::End, theme::GREY);
        }
        picture.line(vec![(left, top), (left, bottom), (right, bottom)], theme::GREY, 1.0);
        let [duration, cost] = &self.titles;
        picture.text(duration, (f64::midpoint(left, right), bottom + 44.0), Align::Middle, theme::BLACK);
        picture.text(cost, (MARGIN, top - 19.0), Align::Start, theme::BLACK);

        let best: Vec<Point> =
            points.iter().zip(frontier).filter_map(|(point, best)| point.filter(|_| *best)).collect();
        picture.line(self.steps(best), theme::BLUE, 2.0);
        let mut spots = Vec::new();
        for ((point, &is_best), number) in points.iter().zip(frontier).zip(1..) {
            if let Some(point) = point {
                badges::join(&mut spots, self.at(*point), number, colour(true, is_best), None);
            }
        }
        let inside = [left + 3.0, top, right, bottom - 3.0];
        Badges::place(&spots, inside, &|_| f64::INFINITY).draw(picture, &spots);
        for spot in &spots {
            let told = |&(number, _): &(u32, RGBColor)| told(comparison, &comparison.variants[number as usize - 1]);
            spot.hover(picture, &wording::first_of(spot.entries.iter().map(told)));
        }
    }

    /// The frontier as a line of steps: whatever is above and to the right of it is beaten.
    fn steps(&self, mut best: Vec<Point>) -> Vec<Point> {
        best.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
        let mut line: Vec<Point> = Vec::new();
        for point in best {
            let (x, y) = self.at(point);
            let above = line.last().map_or(self.cost.place.1, |last| last.1);
            line.extend([(x, above), (x, y)]);
        }
        line.extend(line.last().map(|last| (self.duration.place.1, last.1)));
        line
    }
}

/// An axis around the values, and what to add to its title: logarithmic where they differ by a large factor, from zero where
/// that is not far.
fn axis_of(values: impl Iterator<Item = f64> + Clone, place: Point) -> (Axis, &'static str) {
    let (min, max) = (values.clone().fold(f64::INFINITY, f64::min), values.fold(0.0, f64::max));
    if min > 0.0 && max > WIDE * min {
        return (Axis::logarithmic(min * 0.9, max * 1.1, place), " (logarithmic)");
    }
    let room = if max > min { 0.15 * (max - min) } else { (0.15 * max).max(0.1) };
    let from = if min < 0.5 * max { 0.0 } else { (min - room).max(0.0) };
    (Axis::linear(from, max + room, place, 6.0), "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_on_the_frontier_is_beaten() {
        let points = [(10.0, 5.0), (20.0, 3.0), (20.0, 4.0), (30.0, 3.0), (40.0, 1.0), (10.0, 5.0)].map(Some);
        // The third costs more than the second and is no faster, the fourth is slower and no cheaper.
        assert_eq!(frontier(&points), [true, true, false, false, true, true]);
        assert_eq!(frontier(&[None, Some((1.0, 1.0))]), [false, true]);
    }

    #[test]
    fn axes_begin_at_zero_unless_that_is_far() {
        let ends = |values: &[f64]| {
            let (axis, title) = axis_of(values.iter().copied(), (0.0, 100.0));
            (axis.at(values[0]).round() as i64, title)
        };
        assert_eq!(ends(&[0.0, 100.0]).0, 0, "zero is at the start");
        // 90 to 100 with 15 % of 10 on either side: 88.5 to 101.5, and 90 is 1.5 / 13 = 11.5 % along.
        assert_eq!(ends(&[90.0, 100.0]), (12, ""));
        assert_eq!(ends(&[1.0, 31.0]).1, " (logarithmic)");
    }

    proptest! {
        /// A point is either on the frontier, or a point of the frontier beats it.
        #[test]
        fn the_frontier_beats_all_others(raw in prop::collection::vec((0_u8..20, 0_u8..20), 1..40)) {
            let points: Vec<_> = raw.iter().map(|&(x, y)| Some((f64::from(x), f64::from(y)))).collect();
            let best = frontier(&points);
            for (&(x, y), &is_best) in raw.iter().zip(&best) {
                let beaten = raw.iter().zip(&best).any(|(&(a, b), &on)| on && a <= x && b <= y && (a, b) != (x, y));
                prop_assert_ne!(is_best, beaten);
            }
        }
    }
}
