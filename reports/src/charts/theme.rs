//! How all charts look: colours that colour-blind readers tell apart (Okabe and Ito, 2008), and sizes of text.

use plotters::style::RGBColor;

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

/// From little to much, in even steps of lightness that colour-blind readers see too (cividis, from its light end).
pub(super) const RAMP: [RGBColor; 6] = [
    RGBColor(0xff, 0xea, 0x46),
    RGBColor(0xcb, 0xba, 0x69),
    RGBColor(0x95, 0x8f, 0x78),
    RGBColor(0x66, 0x69, 0x70),
    RGBColor(0x31, 0x44, 0x6b),
    RGBColor(0x00, 0x20, 0x4d),
];
/// Text on the light half of the ramp.
pub(super) const ON_LIGHT: RGBColor = RGBColor(0x1a, 0x1a, 0x1a);
/// Text on its dark half.
pub(super) const ON_DARK: RGBColor = RGBColor(0xff, 0xff, 0xff);
