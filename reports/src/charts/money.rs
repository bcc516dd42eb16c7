//! Where the money goes: the bill of a month of each variant as a bar, in the parts that it was for.

use plotters::style::RGBColor;

use super::axis::{self, Axis};
use super::picture::{Align, Picture, width, wrapped};
use super::theme::{self, BODY, LINE, MARGIN, WIDTH};
use crate::bill;
use crate::statistics::{Comparison, VariantStatistics};
use crate::wording;

/// The height of a row whose name has one line, and of its bar.
const ROW: f64 = 34.0;
const BAR: f64 = 20.0;
/// The widest that names may be; longer ones wrap, and make their row higher.
const NAME_ROOM: f64 = 260.0;
/// Parts that are narrower than this have no line between them and the next: it would hide them.
const NARROW: f64 = 5.0;
/// What the axis counts, from the largest bill on down to which it does.
const UNITS: [(f64, &str, f64); 3] = [(1e7, "million $", 1e6), (1e4, "thousand $", 1e3), (0.0, "$", 1.0)];

/// The chart of all variants, one row each in their order.
pub(super) fn picture(comparison: &Comparison) -> Picture {
    let mut picture = Picture::default();
    let y = picture.heading(&wording::headline(comparison), &wording::setting(comparison));
    let most = comparison.variants.iter().map(|variant| variant.usd_per_month).fold(0.0, f64::max);
    picture.description = described(comparison, most);
    if most < bill::LEAST_USD {
        picture.text("no host of these runs costs anything", (MARGIN, y + 24.0), Align::Start, theme::BLACK);
        picture.height = y + 60.0;
        return picture;
    }
    let shown = bill::parts_that_cost(comparison);
    let top = legend(&mut picture, &shown, y + 20.0) + 22.0;

    let rows = rows(comparison, top, most);
    let bottom = rows.last().map_or(top, |row| row.bottom);
    let widest = |texts: &mut dyn Iterator<Item = &String>| texts.map(|t| width(t, BODY, false)).fold(40.0, f64::max);
    let names = widest(&mut rows.iter().flat_map(|row| &row.name));
    let totals = widest(&mut rows.iter().map(|row| &row.total));
    let (_, unit, unit_usd) = UNITS.into_iter().find(|(from, ..)| most >= *from).unwrap_or(UNITS[2]);
    let axis = Axis::linear(0.0, most / unit_usd, (MARGIN + names + 20.0, WIDTH - MARGIN - totals - 10.0), 7.0);
    for row in &rows {
        row.name(&mut picture);
    }
    for &tick in &axis.ticks {
        let x = axis.at(tick);
        picture.line(vec![(x, top), (x, bottom + 5.0)], theme::GRID, 1.0);
        picture.text(axis::number(tick), (x, bottom + 18.0), Align::Middle, theme::GREY);
    }
    for row in &rows {
        row.bar(&mut picture, &shown, |usd| axis.at(usd / unit_usd));
    }
    picture.line(vec![(axis.place.0, top), (axis.place.0, bottom)], theme::GREY, 1.0);
    let middle = f64::midpoint(axis.place.0, axis.place.1);
    picture.text(format!("bill, {unit}/month (730 h)"), (middle, bottom + 44.0), Align::Middle, theme::BLACK);
    picture.text(bill::assumption(comparison), (middle, bottom + 66.0), Align::Middle, theme::GREY);
    picture.height = bottom + 92.0;
    picture
}

/// The bills of the first variants, in words.
fn described(comparison: &Comparison, most: f64) -> String {
    let bills = comparison
        .variants
        .iter()
        .map(|variant| format!("{} ${}", variant.name, wording::grouped(&bill::amount(variant.usd_per_month, most))));
    format!("The bill of a month by variant and by what it is for: {}.", wording::first_of(bills))
}

/// What a part is drawn in. Neighbours differ in lightness, so that greys tell them apart as well.
fn colour(part: &str) -> RGBColor {
    match part {
        "needed" => theme::BLUE,
        "spare" => theme::SKY,
        "surge" => theme::VERMILLION,
        "stranded" => theme::YELLOW,
        "booting" => theme::GREEN,
        "draining" => theme::ORANGE,
        "gone" => theme::GREY,
        _ => theme::PURPLE,
    }
}

/// The parts in the order of the bars, on as many lines as they need; where the last line is.
fn legend(picture: &mut Picture, shown: &[&str], mut y: f64) -> f64 {
    let mut x = MARGIN;
    for part in shown {
        let room = 26.0 + width(part, BODY, false);
        if x + room > WIDTH - MARGIN {
            (x, y) = (MARGIN, y + LINE + 3.0);
        }
        picture.rectangle((x, y - 7.0), (x + 18.0, y + 7.0), colour(part));
        picture.text(*part, (x + 26.0, y), Align::Start, theme::GREY);
        x += room + 24.0;
    }
    y
}

/// One variant's row.
struct Row<'a> {
    variant: &'a VariantStatistics,
    ground: RGBColor,
    top: f64,
    bottom: f64,
    name: Vec<String>,
    total: String,
}

/// The rows from `top` on, each as high as its name needs.
fn rows(comparison: &Comparison, top: f64, most: f64) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    let mut next = top;
    for (index, variant) in comparison.variants.iter().enumerate() {
        let name = wrapped(&wording::plain(&variant.name), NAME_ROOM, BODY, false);
        let (top, bottom) = (next, next + ROW.max(name.len() as f64 * (LINE - 1.0) + 14.0));
        let ground = if index.is_multiple_of(2) { theme::BAND } else { theme::WHITE };
        let total = format!("${}", wording::grouped(&bill::amount(variant.usd_per_month, most)));
        rows.push(Row { variant, ground, top, bottom, name, total });
        next = bottom;
    }
    rows
}

impl Row<'_> {
    fn middle(&self) -> f64 {
        f64::midpoint(self.top, self.bottom)
    }

    /// The shade, and the lines of the name centred in the row as one block.
    fn name(&self, picture: &mut Picture) {
        picture.rectangle((MARGIN - 8.0, self.top), (WIDTH - MARGIN + 8.0, self.bottom), self.ground);
        for (index, line) in self.name.iter().enumerate() {
            let y = self.middle() + (index as f64 - (self.name.len() as f64 - 1.0) / 2.0) * (LINE - 1.0);
            picture.text(line, (MARGIN, y), Align::Start, theme::BLACK);
        }
    }

    /// The parts one after another, and the total behind them.
    fn bar(&self, picture: &mut Picture, shown: &[&str], x: impl Fn(f64) -> f64) {
        let (over, under) = (self.middle() - BAR / 2.0, self.middle() + BAR / 2.0);
        let mut sum = 0.0;
        let mut last_width = 0.0;
        for (part, usd) in self.variant.parts_usd_per_month() {
            let (from, to) = (x(sum), x(sum + usd));
            if to > from && shown.contains(&part) {
                picture.rectangle((from, over), (to, under), colour(part));
                let share = wording::small_percent(100.0 * usd / self.variant.usd_per_month);
                let text = format!("{}: {part} ${} a month, {share}", self.variant.name, wording::cents(usd));
                picture.hover((from, over), (to, under), text);
                if last_width >= NARROW && to - from >= NARROW {
                    picture.line(vec![(from, over), (from, under)], theme::WHITE, 1.0);
                }
                last_width = to - from;
            }
            sum += usd;
        }
        let end = x(sum) + 8.0;
        // The grid stops behind the number.
        let (half, room) = (LINE / 2.0 - 1.0, width(&self.total, BODY, false) + 4.0);
        picture.rectangle((end - 3.0, self.middle() - half), (end + room, self.middle() + half), self.ground);
        picture.text(&self.total, (end, self.middle()), Align::Start, theme::BLACK);
    }
}
