//! The tornado: what each setting would save of a deploy's time, and what it does to the bill.

use super::axis::{self, Axis};
use super::picture::{Align, Picture, name_lines, width};
use super::theme::{self, BODY, LINE, MARGIN, WIDTH};
use crate::explain::tornado::{Bar, Tornado};
use crate::statistics::Difference;
use crate::wording;

/// The most settings that are drawn.
const MOST: usize = 20;
/// The height of a row whose change has one line, and of its bar.
const ROW: f64 = 32.0;
const BAR: f64 = 18.0;
/// The widest that changes may be; longer ones wrap, on three lines at most.
const NAME_ROOM: f64 = 340.0;
/// The space between columns.
const GAP: f64 = 18.0;
/// Money less than half a cent is none, and so is time less than half a millisecond.
const LEAST_USD: f64 = 0.005;
const LEAST_S: f64 = 0.0005;

/// The chart of the first settings, the largest saving at the top.
pub(super) fn picture(tornado: &Tornado) -> Picture {
    let mut picture = Picture::default();
    let y = picture.title(&wording::plain(&format!("What each setting would change: {}", tornado.variant)));
    let rows: Vec<Row> = tornado.bars.iter().take(MOST).map(Row::new).collect();
    picture.description = described(tornado);
    if rows.is_empty() {
        picture.text("there is no setting to change", (MARGIN, y + 14.0), Align::Start, theme::BLACK);
        picture.height = y + 50.0;
        return picture;
    }
    let top = y + LINE + 14.0;
    let widest = |texts: &mut dyn Iterator<Item = &String>| texts.map(|t| width(t, BODY, false)).fold(40.0, f64::max);
    let names = widest(&mut rows.iter().flat_map(|row| &row.name));
    let times = widest(&mut rows.iter().map(|row| &row.time));
    let money = widest(&mut rows.iter().map(|row| &row.money)).max(width("$/month", BODY, false));
    let place = (MARGIN + names + GAP, WIDTH - MARGIN - money - times - 2.0 * GAP);
    let scale = Scale::new(&rows, place);
    let ends = (WIDTH - MARGIN - money - GAP, WIDTH - MARGIN);
    picture.text("a deploy", (ends.0, top - 16.0), Align::End, theme::GREY);
    picture.text("a month", (ends.1, top - 16.0), Align::End, theme::GREY);

    let bottom = top + rows.iter().map(Row::height).sum::<f64>();
    scale.draw(&mut picture, top, bottom);
    let mut y = top;
    for row in &rows {
        row.draw(&mut picture, y, &scale, ends);
        y += row.height();
    }
    picture.line(vec![(scale.at(0.0), top), (scale.at(0.0), bottom)], theme::GREY, 1.0);
    picture.height = bottom + 72.0;
    if tornado.bars.len() > MOST {
        let more = format!("and {} more, which save less", tornado.bars.len() - MOST);
        picture.text(more, (MARGIN, bottom + 72.0), Align::Start, theme::GREY);
        picture.height += LINE + 8.0;
    }
    picture
}

/// The largest savings in words.
fn described(tornado: &Tornado) -> String {
    let bars = tornado.bars.iter().map(|bar| {
        let row = Row::new(bar);
        format!("{}: {} a deploy, {} a month", bar.change, row.time, row.money)
    });
    format!("What would change of {}: {}.", tornado.variant, wording::first_of(bars))
}

/// The seconds that are saved, to the right, and that it costs, to the left.
struct Scale {
    axis: Axis,
    unit: &'static str,
    unit_s: f64,
}

impl Scale {
    /// As far as bars and intervals reach, zero included.
    fn new(rows: &[Row], place: (f64, f64)) -> Self {
        let ends = || rows.iter().filter_map(|row| row.bar.saved_s).flat_map(ends_of);
        let (least, most) = (ends().fold(0.0, f64::min), ends().fold(0.0, f64::max));
        let (unit, unit_s) = axis::unit(most.max(-least));
        let reach = (most - least).max(1.0);
        let from = if least < 0.0 { least - 0.03 * reach } else { 0.0 };
        let to = most.max(from + reach) + 0.03 * reach;
        let marks = ((place.1 - place.0) / 90.0).max(2.0);
        Self { axis: Axis::linear(from / unit_s, to / unit_s, place, marks), unit, unit_s }
    }

    fn at(&self, seconds: f64) -> f64 {
        self.axis.at(seconds / self.unit_s)
    }

    /// The grid, the marks' numbers and the title.
    fn draw(&self, picture: &mut Picture, top: f64, bottom: f64) {
        for &tick in &self.axis.ticks {
            let x = self.axis.at(tick);
            picture.line(vec![(x, top), (x, bottom + 5.0)], theme::GRID, 1.0);
            picture.text(axis::number(tick), (x, bottom + 18.0), Align::Middle, theme::GREY);
        }
        let middle = f64::midpoint(self.axis.place.0, self.axis.place.1);
        let text = format!("{} saved a deploy (95 % CI)", self.unit);
        picture.text(text, (middle, bottom + 44.0), Align::Middle, theme::BLACK);
    }
}

/// One setting.
struct Row<'a> {
    bar: &'a Bar,
    name: Vec<String>,
    time: String,
    money: String,
}

impl<'a> Row<'a> {
    fn new(bar: &'a Bar) -> Self {
        let time = match bar.saved_s {
            _ if bar.more_finished > 0 => format!("{} more runs end", bar.more_finished),
            _ if bar.more_finished < 0 => format!("{} fewer runs end", -bar.more_finished),
            Some(saved) if changes(saved, LEAST_S) => said(saved.mean, &wording::duration(saved.mean.abs())),
            Some(_) => "no difference".into(),
            None => "never finished".into(),
        };
        let saved = bar.saved_usd_per_month;
        let money = if changes(saved, LEAST_USD) {
            said(saved.mean, &format!("${}", wording::cents(saved.mean.abs())))
        } else {
            "$0".into()
        };
        Self { bar, name: name_lines(&bar.change, NAME_ROOM), time, money }
    }

    fn height(&self) -> f64 {
        ROW.max(self.name.len() as f64 * (LINE - 1.0) + 10.0)
    }

    /// Whether it makes deploys shorter or longer.
    fn changes(&self) -> bool {
        self.bar.saved_s.is_some_and(|saved| changes(saved, LEAST_S))
    }

    fn draw(&self, picture: &mut Picture, top: f64, scale: &Scale, ends: (f64, f64)) {
        let middle = top + self.height() / 2.0;
        let text_colour = if self.changes() { theme::BLACK } else { theme::GREY };
        for (index, line) in self.name.iter().enumerate() {
            let y = middle + (index as f64 - (self.name.len() as f64 - 1.0) / 2.0) * (LINE - 1.0);
            picture.text(line, (MARGIN, y), Align::Start, text_colour);
        }
        picture.text(&self.time, (ends.0, middle), Align::End, text_colour);
        picture.text(&self.money, (ends.1, middle), Align::End, text_colour);
        let Some(saved) = self.bar.saved_s else { return };
        let zero = scale.at(0.0);
        let colour = if saved.mean > 0.0 { theme::BLUE } else { theme::VERMILLION };
        if self.changes() {
            let (over, under) = (middle - BAR / 2.0, middle + BAR / 2.0);
            picture.rectangle((scale.at(saved.mean.min(0.0)), over), (scale.at(saved.mean.max(0.0)), under), colour);
        }
        let [low, high] = ends_of(saved);
        let (left, right) = (scale.at(low), scale.at(high));
        // An interval that is narrower than its own line says nothing.
        if right - left > 3.0 {
            let colour = if self.changes() { theme::BLACK } else { theme::GREY };
            picture.line(vec![(left, middle), (right, middle)], colour, 2.0);
            for x in [left, right] {
                picture.line(vec![(x, middle - 5.0), (x, middle + 5.0)], colour, 2.0);
            }
        }
        let interval = saved.interval.map_or(String::new(), |interval| {
            format!(" (95 % CI {} s to {} s)", wording::signed(interval.low), wording::signed(interval.high))
        });
        let text = format!("{}: {}{interval}, {} a month", self.bar.change, self.time, self.money);
        let (from, to) = (left.min(zero), right.max(zero));
        picture.hover((from, middle - BAR / 2.0), (to, middle + BAR / 2.0), text);
    }
}

/// In which direction something changes.
fn said(saved: f64, amount: &str) -> String {
    if saved > 0.0 { format!("saves {amount}") } else { format!("costs {amount}") }
}

/// Whether there is a difference: the whole interval, or the one value, is on one side of zero.
fn changes(saved: Difference, least: f64) -> bool {
    let [low, high] = ends_of(saved);
    saved.mean.abs() >= least && (low > 0.0 || high < 0.0)
}

/// The ends of the interval, or the mean twice.
fn ends_of(saved: Difference) -> [f64; 2] {
    saved.interval.map_or([saved.mean; 2], |interval| [interval.low, interval.high])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::Interval;

    fn bar(mean: f64, interval: Option<(f64, f64)>, usd: f64) -> Bar {
        let interval = interval.map(|(low, high)| Interval { low, high });
        let saved = |mean| Difference { mean, interval, unpaired_interval: None, first: 0.0, pairs: 9 };
        Bar {
            change: "x".into(),
            settings: vec![],
            saved_failures: None,
            saved_s: Some(saved(mean)),
            saved_usd_per_month: Difference { interval: None, ..saved(usd) },
            more_finished: 0,
        }
    }

    #[test]
    fn only_what_is_on_one_side_of_zero_saves_or_costs() {
        let table = [
            (bar(125.0, Some((120.0, 130.0)), 0.0), "saves 2m 05s", "$0"),
            (bar(-125.0, Some((-130.0, -120.0)), 70.08), "costs 2m 05s", "saves $70.08"),
            (bar(3.0, Some((-1.0, 7.0)), -35.04), "no difference", "costs $35.04"),
            (bar(0.0, Some((0.0, 0.0)), 0.004), "no difference", "$0"),
            (bar(1.0, None, -0.004), "saves 1.0s", "$0"),
            (Bar { saved_s: None, ..bar(0.0, None, 5.0) }, "never finished", "saves $5.00"),
            (Bar { saved_s: None, more_finished: 40, ..bar(0.0, None, 5.0) }, "40 more runs end", "saves $5.00"),
        ];
        for (bar, time, money) in table {
            let row = Row::new(&bar);
            assert_eq!((row.time.as_str(), row.money.as_str()), (time, money));
        }
    }
}
