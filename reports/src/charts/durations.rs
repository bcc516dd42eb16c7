//! Deploy durations by variant: every run a dot, with the middle half, the median and the 95th percentile.

use plotters::style::{Color, RGBColor};
use seatrial_scenarios::results::{Results, VariantResults};

use super::axis::{self, Axis};
use super::picture::{Align, Picture, name_lines, width};
use super::theme::{self, BODY, LINE, MARGIN, WIDTH};
use crate::statistics::{Comparison, Durations, VariantStatistics};
use crate::wording;

/// The height of a row.
const ROW: f64 = 62.0;
/// The widest that names may be; longer ones wrap.
const NAME_ROOM: f64 = 240.0;
/// Room for each of the two quantiles at the right.
const NUMBER_ROOM: f64 = 90.0;
/// The most dots of a row: more say nothing and make files large.
const MOST_DOTS: usize = 400;

/// The chart of all variants, one row each in their order.
pub(super) fn picture(results: &Results) -> Picture {
    let comparison = Comparison::new(results);
    let mut picture = Picture::default();
    let y = picture.heading(&wording::headline(&comparison), &wording::setting(&comparison));
    let top = y + 44.0;
    let bottom = top + ROW * results.variants.len() as f64;
    picture.height = bottom + 72.0;
    picture.description = described(&comparison);
    let most_runs = results.variants.iter().map(|v| Durations::new(&v.rows).finished.len()).max().unwrap_or_default();
    legend(&mut picture, top - 24.0, most_runs);

    let names: Vec<Vec<String>> = results.variants.iter().map(|variant| name_lines(&variant.name, NAME_ROOM)).collect();
    let widest = names.iter().flatten().map(|line| width(line, BODY, false)).fold(40.0, f64::max);
    let scale = Scale::new(results, (MARGIN + widest + 24.0, WIDTH - MARGIN - 2.0 * NUMBER_ROOM - 16.0));
    let rows: Vec<Row> = (0..names.len()).map(|index| Row { index, top: top + index as f64 * ROW }).collect();
    for (row, name) in rows.iter().zip(&names) {
        row.name(&mut picture, name);
    }
    scale.draw(&mut picture, top, bottom);
    for (row, (variant, statistics)) in rows.iter().zip(results.variants.iter().zip(&comparison.variants)) {
        row.runs(&mut picture, variant, &scale);
        row.numbers(&mut picture, statistics, &comparison, &scale);
        row.hover(&mut picture, &Durations::new(&variant.rows), statistics, &scale);
    }
    picture
}

/// The medians and 95th percentiles of the first variants, in words.
fn described(comparison: &Comparison) -> String {
    let quantiles = comparison.variants.iter().map(|variant| {
        let [p50, p95] =
            [variant.deploy_s.p50, variant.deploy_s.p95].map(|s| wording::deploy(variant, s, comparison.horizon_s));
        format!("{} {p50} and {p95}", variant.name)
    });
    format!("Deploy durations by variant, median and 95th percentile: {}.", wording::first_of(quantiles))
}

/// What dots, boxes and marks mean, and what the numbers at the right are.
fn legend(picture: &mut Picture, y: f64, most_runs: usize) {
    let mut x = MARGIN;
    let mut entry = |picture: &mut Picture, text: &str, mark: &dyn Fn(&mut Picture, f64)| {
        mark(picture, x);
        picture.text(text, (x + 26.0, y), Align::Start, theme::GREY);
        x += 26.0 + width(text, BODY, false) + 28.0;
    };
    let dot = if most_runs > MOST_DOTS { format!("a run ({MOST_DOTS} of {most_runs} shown)") } else { "a run".into() };
    entry(picture, &dot, &|p, x| p.dot((x + 10.0, y), 3.0, theme::BLUE.mix(0.6)));
    entry(picture, "middle half of the runs", &|p, x| {
        p.rectangle((x, y - 7.0), (x + 18.0, y + 7.0), theme::SKY.mix(0.5));
        p.frame((x, y - 7.0), (x + 18.0, y + 7.0), theme::BLUE);
    });
    entry(picture, "median (p50)", &|p, x| p.line(vec![(x + 10.0, y - 8.0), (x + 10.0, y + 8.0)], theme::BLACK, 3.0));
    entry(picture, "p95", &|p, x| p.diamond((x + 10.0, y), 6.0, theme::VERMILLION));
    picture.text("p50", (WIDTH - MARGIN - NUMBER_ROOM, y), Align::End, theme::GREY);
    picture.text("p95", (WIDTH - MARGIN, y), Align::End, theme::GREY);
}

/// The axis of durations that all rows share.
struct Scale {
    axis: Axis,
    unit_s: f64,
    title: String,
}

impl Scale {
    /// From zero to the longest finished run, or logarithmic where the longest takes more than 20 times the shortest.
    fn new(results: &Results, place: (f64, f64)) -> Self {
        let finished = || results.variants.iter().flat_map(|v| &v.rows).filter_map(|row| row.summary.deploy_s);
        let min = finished().fold(f64::INFINITY, f64::min);
        let max = finished().max_by(f64::total_cmp).unwrap_or(results.horizon_s).max(1.0);
        let (unit, unit_s) = axis::unit(max);
        if min > 0.0 && max / min > 20.0 && min.is_finite() {
            let axis = Axis::logarithmic(min / unit_s, max / unit_s, place);
            Self { axis, unit_s, title: format!("deploy duration, {unit} (logarithmic)") }
        } else {
            let axis = Axis::from_zero(max / unit_s, place, 7.0);
            Self { axis, unit_s, title: format!("deploy duration, {unit}") }
        }
    }

    /// Where a duration is on the paper.
    fn at(&self, seconds: f64) -> f64 {
        self.axis.at(seconds / self.unit_s)
    }

    /// The middle of the axis on the paper.
    fn middle(&self) -> f64 {
        f64::midpoint(self.axis.place.0, self.axis.place.1)
    }

    /// The grid, the marks' numbers and the title.
    fn draw(&self, picture: &mut Picture, top: f64, bottom: f64) {
        for &tick in &self.axis.ticks {
            let x = self.axis.at(tick);
            picture.line(vec![(x, top), (x, bottom + 5.0)], theme::GRID, 1.0);
            picture.text(axis::number(tick), (x, bottom + 18.0), Align::Middle, theme::GREY);
        }
        let (from, to) = self.axis.place;
        picture.line(vec![(from, bottom), (to, bottom)], theme::GREY, 1.0);
        picture.text(&self.title, (self.middle(), bottom + 44.0), Align::Middle, theme::BLACK);
    }
}

/// Where one variant's row is.
struct Row {
    index: usize,
    top: f64,
}

impl Row {
    /// The colour behind it: every second row is shaded.
    fn ground(&self) -> RGBColor {
        if self.index.is_multiple_of(2) { theme::BAND } else { theme::WHITE }
    }

    fn middle(&self) -> f64 {
        self.top + ROW / 2.0
    }

    /// The shade, and the lines of the name centred in the row as one block.
    fn name(&self, picture: &mut Picture, lines: &[String]) {
        picture.rectangle((MARGIN - 8.0, self.top), (WIDTH - MARGIN + 8.0, self.top + ROW), self.ground());
        for (index, line) in lines.iter().enumerate() {
            let y = self.middle() + (index as f64 - (lines.len() as f64 - 1.0) / 2.0) * (LINE - 1.0);
            picture.text(line, (MARGIN, y), Align::Start, theme::BLACK);
        }
    }

    /// The dots, the box and the marks.
    fn runs(&self, picture: &mut Picture, variant: &VariantResults, scale: &Scale) {
        let durations = Durations::new(&variant.rows);
        let middle = self.middle();
        let half = ROW * 0.26;
        let half_of_runs = durations.percentile(25).zip(durations.percentile(75)).map(|(low, high)| {
            // A box of no width would vanish where all runs take the same time.
            ((scale.at(low) - 1.0, middle - half), (scale.at(high) + 1.0, middle + half))
        });
        if let Some((from, to)) = half_of_runs {
            picture.rectangle(from, to, theme::SKY.mix(0.5));
        }
        for (index, seconds) in sample(&durations.finished).enumerate() {
            // Multiples of the golden ratio spread the dots over the height, the same way every time.
            let share = (0.5 + index as f64 * 0.618_034).fract() - 0.5;
            picture.dot((scale.at(seconds), middle + share * ROW * 0.72), 2.5, theme::BLUE.mix(0.45));
        }
        if let Some((from, to)) = half_of_runs {
            picture.frame(from, to, theme::BLUE);
        }
        if let Some(p50) = durations.percentile(50) {
            let x = scale.at(p50);
            picture.line(vec![(x, middle - half - 4.0), (x, middle + half + 4.0)], theme::BLACK, 3.0);
        }
        if let Some(p95) = durations.percentile(95) {
            picture.diamond((scale.at(p95), middle), 6.0, theme::VERMILLION);
        }
    }

    /// What the row, its box and its marks are.
    fn hover(&self, picture: &mut Picture, durations: &Durations, variant: &VariantStatistics, scale: &Scale) {
        let (Some(&shortest), Some(&longest)) = (durations.finished.first(), durations.finished.last()) else { return };
        let name = &variant.name;
        let mut mark = |from: f64, to: f64, half: f64, text: String| {
            let (from, to) = (scale.at(from), scale.at(to));
            picture.hover((from, self.middle() - half), (to, self.middle() + half), format!("{name}: {text}"));
        };
        let of = |percent| durations.percentile(percent).map(|s| (s, wording::duration(s)));
        let unfinished = match variant.seeds - durations.finished.len() {
            0 => String::new(),
            runs => format!(", {runs} do not end"),
        };
        let [least, most] = [shortest, longest].map(wording::duration);
        mark(shortest, longest, ROW * 0.4, format!("{} runs, {least} to {most}{unfinished}", variant.seeds));
        if let (Some((low, low_text)), Some((high, high_text))) = (of(25), of(75)) {
            mark(low, high, ROW * 0.26, format!("the middle half of the runs takes {low_text} to {high_text}"));
        }
        for (percent, words) in [(50, "median"), (95, "p95")] {
            if let Some((seconds, text)) = of(percent) {
                mark(seconds, seconds, ROW * 0.33, format!("{words} {text}"));
            }
        }
    }

    /// The quantiles and the unfinished share at the right; in place of the dots, that there are none.
    fn numbers(&self, picture: &mut Picture, variant: &VariantStatistics, comparison: &Comparison, scale: &Scale) {
        let horizon_s = comparison.horizon_s;
        let unfinished = variant.finished < variant.seeds;
        let y = if unfinished { self.middle() - LINE / 2.0 } else { self.middle() };
        let quantiles = [(variant.deploy_s.p50, NUMBER_ROOM), (variant.deploy_s.p95, 0.0)];
        for (seconds, from_right) in quantiles {
            let at = (WIDTH - MARGIN - from_right, y);
            picture.text(wording::deploy(variant, seconds, horizon_s), at, Align::End, theme::BLACK);
        }
        if unfinished {
            let text = format!("{} unfinished", wording::unfinished(variant));
            picture.text(text, (WIDTH - MARGIN, y + LINE), Align::End, theme::VERMILLION);
        }
        let why_empty = match (variant.has_deploys(), variant.finished) {
            (false, _) => Some(("no deploy".into(), theme::GREY)),
            (true, 0) => Some((format!("no run finished within {}", wording::duration(horizon_s)), theme::VERMILLION)),
            _ => None,
        };
        if let Some((text, colour)) = why_empty {
            let (x, y, half) = (scale.middle(), self.middle(), width(&text, BODY, false) / 2.0 + 6.0);
            // The grid stops around the words.
            picture.rectangle((x - half, y - LINE / 2.0), (x + half, y + LINE / 2.0), self.ground());
            picture.text(text, (x, y), Align::Middle, colour);
        }
    }
}

/// All durations, or an even choice of them, shortest and longest included, where there are very many.
fn sample(sorted: &[f64]) -> impl Iterator<Item = f64> {
    let dots = sorted.len().min(MOST_DOTS);
    (0..dots).map(move |dot| sorted[dot * (sorted.len() - 1) / (dots - 1).max(1)])
}
