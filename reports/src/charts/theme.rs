//! How all charts look: colours that colour-blind readers tell apart (Okabe and Ito, 2008), and sizes of text.

use plotters::style::{RGBAColor, RGBColor};

use super::Theme;

/// Text, axes, and what everything is measured against.
pub(super) const BLACK: RGBColor = RGBColor(0x1a, 0x1a, 0x1a);
/// Text of the second rank.
pub(super) const GREY: RGBColor = RGBColor(0x59, 0x59, 0x59);
/// Lines that help the eye.
pub(super) const GRID: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);
/// The ground of every second row.
pub(super) const BAND: RGBColor = RGBColor(0xf5, 0xf5, 0xf5);
/// A shade over a stretch of time.
pub(super) const SHADE: RGBColor = RGBColor(0xe4, 0xe4, 0xe4);
/// The paper.
pub(super) const WHITE: RGBColor = RGBColor(0xff, 0xff, 0xff);

/// Okabe and Ito's blue.
pub(super) const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xb2);
/// Their vermillion.
pub(super) const VERMILLION: RGBColor = RGBColor(0xd5, 0x5e, 0x00);
/// Their sky blue.
pub(super) const SKY: RGBColor = RGBColor(0x56, 0xb4, 0xe9);
/// Their bluish green.
pub(super) const GREEN: RGBColor = RGBColor(0x00, 0x9e, 0x73);
/// Their yellow.
pub(super) const YELLOW: RGBColor = RGBColor(0xf0, 0xe4, 0x42);

/// Their orange.
pub(super) const ORANGE: RGBColor = RGBColor(0xe6, 0x9f, 0x00);
/// Their reddish purple.
pub(super) const PURPLE: RGBColor = RGBColor(0xcc, 0x79, 0xa7);

/// The width of a chart.
pub(super) const WIDTH: f64 = 1000.0;
/// Empty space around it.
pub(super) const MARGIN: f64 = 24.0;

/// The size of a title.
pub(super) const TITLE: f64 = 21.0;
/// The size of everything else.
pub(super) const BODY: f64 = 15.0;
/// The distance between two lines of body text.
pub(super) const LINE: f64 = 19.0;

/// What each colour is on dark paper. Light and dark change places; data colours are as far from the paper as before.
const DARK: [(RGBColor, RGBColor); 13] = [
    (BLACK, RGBColor(0xee, 0xee, 0xee)),
    (GREY, RGBColor(0xb0, 0xb0, 0xb0)),
    (GRID, RGBColor(0x40, 0x40, 0x40)),
    (BAND, RGBColor(0x24, 0x24, 0x24)),
    (SHADE, RGBColor(0x33, 0x33, 0x33)),
    (WHITE, RGBColor(0x1a, 0x1a, 0x1a)),
    (BLUE, RGBColor(0x4f, 0x9d, 0xe0)),
    (VERMILLION, RGBColor(0xf0, 0x7f, 0x35)),
    (SKY, RGBColor(0x8f, 0xcf, 0xf5)),
    (GREEN, RGBColor(0x1f, 0xb8, 0x8b)),
    (YELLOW, RGBColor(0xf0, 0xe4, 0x42)),
    (ORANGE, RGBColor(0xe6, 0x9f, 0x00)),
    (PURPLE, RGBColor(0xcc, 0x79, 0xa7)),
];

/// A colour, named for light paper, on the paper of `theme`; its opacity stays.
pub(super) fn on_paper(theme: Theme, colour: RGBAColor) -> RGBAColor {
    let RGBAColor(r, g, b, opacity) = colour;
    let dark = || DARK.iter().find(|(light, _)| *light == RGBColor(r, g, b)).map(|(_, dark)| *dark);
    match theme {
        Theme::Light => colour,
        Theme::Dark => dark().map_or(colour, |RGBColor(r, g, b)| RGBAColor(r, g, b, opacity)),
    }
}
