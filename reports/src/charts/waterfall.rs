//! What a deploy waited for, as a waterfall: each kind's bar starts where the one before ends.

use seatrial_sim::measure::critical_path::Kind;

use super::axis::{self, Axis};
use super::picture::{Align, Picture, width};
use super::theme::{self, BODY, MARGIN, WIDTH};
use crate::wording;

/// The height of a row, and of its bar.
const ROW: f64 = 32.0;
const BAR: f64 = 20.0;
/// Room for the seconds and for the percents at the right.
const SECONDS_ROOM: f64 = 90.0;
const PERCENT_ROOM: f64 = 70.0;

/// The chart: kinds that were not waited for are left out, and the last row is the sum.
pub(super) fn picture(title: &str, parts: &[(Kind, f64)]) -> Picture {
    let mut picture = Picture::default();
    let y = picture.title(&wording::plain(title));
    let parts: Vec<(Kind, f64)> = parts.iter().copied().filter(|(_, seconds)| *seconds > 0.0).collect();
    let total: f64 = parts.iter().map(|(_, seconds)| seconds).sum();
    picture.description = described(&parts, total);
    if parts.is_empty() {
        picture.text("nothing was waited for", (MARGIN, y + 14.0), Align::Start, theme::BLACK);
        picture.height = y + 50.0;
        return picture;
    }
    let top = y + 8.0;
    let bottom = top + ROW * (parts.len() as f64 + 1.0);
    let names = parts.iter().map(|(kind, _)| width(kind.name(), BODY, false)).fold(40.0, f64::max);
    let (unit, unit_s) = axis::unit(total);
    let place = (MARGIN + names + 20.0, WIDTH - MARGIN - SECONDS_ROOM - PERCENT_ROOM - 10.0);
    let axis = Axis::linear(0.0, total / unit_s, place, 7.0);
    let x = |seconds: f64| axis.at(seconds / unit_s);
    for &tick in &axis.ticks {
        let x = axis.at(tick);
        picture.line(vec![(x, top), (x, bottom + 5.0)], theme::GRID, 1.0);
        picture.text(axis::number(tick), (x, bottom + 18.0), Align::Middle, theme::GREY);
    }
    picture.line(vec![(place.0, top), (place.0, bottom)], theme::GREY, 1.0);
    picture.text(
        format!("{unit}, added up by kind"),
        (f64::midpoint(place.0, place.1), bottom + 44.0),
        Align::Middle,
        theme::BLACK,
    );
    let mut from = 0.0;
    let rows = parts.iter().map(|&(kind, seconds)| (kind.name(), seconds, theme::of_kind(kind)));
    for (index, (name, seconds, colour)) in rows.chain([("in all", total, theme::GREY)]).enumerate() {
        let is_total = index == parts.len();
        let middle = top + ROW * (index as f64 + 0.5);
        let (over, under) = (middle - BAR / 2.0, middle + BAR / 2.0);
        let (left, right) = if is_total { (x(0.0), x(total)) } else { (x(from), x(from + seconds)) };
        if is_total {
            picture.line(vec![(MARGIN, over - 6.0), (WIDTH - MARGIN, over - 6.0)], theme::GREY, 1.0);
            picture.frame((left, over), (right, under), colour);
        } else {
            // What is there can be seen.
            picture.rectangle((left, over), (right.max(left + 2.0), under), colour);
            picture.line(vec![(right, under), (right, under + ROW - BAR)], theme::GREY, 1.0);
            from += seconds;
        }
        picture.text(name, (MARGIN, middle), Align::Start, theme::BLACK);
        let (said, percent) = (wording::duration(seconds), wording::small_percent(100.0 * seconds / total));
        picture.text(&said, (WIDTH - MARGIN - PERCENT_ROOM, middle), Align::End, theme::BLACK);
        picture.text(&percent, (WIDTH - MARGIN, middle), Align::End, theme::GREY);
        picture.hover((left, over), (right, under), format!("{name}: {said}, {percent}"));
    }
    picture.height = bottom + 72.0;
    picture
}

/// What took how long, in words.
fn described(parts: &[(Kind, f64)], total: f64) -> String {
    if parts.is_empty() {
        return "Nothing was waited for.".into();
    }
    let kinds = parts.iter().map(|(kind, seconds)| format!("{} {}", kind.name(), wording::duration(*seconds)));
    format!("What was waited for in {}: {}.", wording::duration(total), kinds.collect::<Vec<_>>().join(", "))
}
