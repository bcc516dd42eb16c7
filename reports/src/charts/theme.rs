//! How all charts look: colours that colour-blind readers tell apart (after Okabe and Ito, 2008, and so dark, or on dark paper
//! so light, that they stand out from it), and sizes of text.

use plotters::style::{RGBAColor, RGBColor};
use seatrial_sim::measure::critical_path::Kind;

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
/// The ground of a host that starts, and of one that leaves.
pub(super) const BOOTING: RGBColor = RGBColor(0xf1, 0xdd, 0xec);
pub(super) const LEAVING: RGBColor = RGBColor(0xf6, 0xdc, 0xc9);
/// The paper.
pub(super) const WHITE: RGBColor = RGBColor(0xff, 0xff, 0xff);

/// What is written on data colours, on either paper.
pub(super) const INK: RGBColor = RGBColor(0x11, 0x11, 0x11);

/// Blue.
pub(super) const BLUE: RGBColor = RGBColor(0x00, 0x71, 0xb1);
/// Vermillion.
pub(super) const VERMILLION: RGBColor = RGBColor(0xb8, 0x45, 0x00);
/// Sky blue.
pub(super) const SKY: RGBColor = RGBColor(0x27, 0x9c, 0xdb);
/// Bluish green.
pub(super) const GREEN: RGBColor = RGBColor(0x1e, 0x9c, 0x68);
/// Yellow.
pub(super) const YELLOW: RGBColor = RGBColor(0xa1, 0x96, 0x00);
/// Orange.
pub(super) const ORANGE: RGBColor = RGBColor(0xbd, 0x8a, 0x40);
/// Reddish purple.
pub(super) const PURPLE: RGBColor = RGBColor(0xc6, 0x7b, 0xb3);
/// What was there before, and what others do.
pub(super) const OLD: RGBColor = RGBColor(0x8c, 0x8c, 0x8c);

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
const RAMP: [RGBColor; 6] = [
    RGBColor(0xff, 0xea, 0x46),
    RGBColor(0xcb, 0xba, 0x69),
    RGBColor(0x95, 0x8f, 0x78),
    RGBColor(0x66, 0x69, 0x70),
    RGBColor(0x31, 0x44, 0x6b),
    RGBColor(0x00, 0x20, 0x4d),
];
/// A colour of the ramp on any paper, from 0 for little to 1 for much.
#[expect(clippy::cast_sign_loss, reason = "neither a share nor a mix of colours is negative")]
pub(super) fn ramp(share: f64) -> RGBColor {
    let at = (share.clamp(0.0, 1.0) * f64::from(SHADES)).round() / f64::from(SHADES) * (RAMP.len() - 1) as f64;
    let below = (at.floor() as usize).min(RAMP.len() - 2);
    let (from, to, part) = (RAMP[below], RAMP[below + 1], at - below as f64);
    let mix = |a: u8, b: u8| (f64::from(a) + part * (f64::from(b) - f64::from(a))).round() as u8;
    RGBColor(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}
/// How many steps the ramp has.
const SHADES: u8 = 200;
/// Text on its dark half, on any paper; `INK` is for its light half.
pub(super) const ON_DARK: RGBColor = RGBColor(0xfe, 0xfe, 0xfe);

/// What each colour is on dark paper.
const DARK: [(RGBColor, RGBColor); 18] = [
    (BLACK, RGBColor(0xee, 0xee, 0xee)),
    (GREY, RGBColor(0xb8, 0xb8, 0xb8)),
    (GRID, RGBColor(0x40, 0x40, 0x40)),
    (BAND, RGBColor(0x22, 0x22, 0x22)),
    (SHADE, RGBColor(0x33, 0x33, 0x33)),
    (BOOTING, RGBColor(0x45, 0x2c, 0x3d)),
    (LEAVING, RGBColor(0x4a, 0x2c, 0x14)),
    (WHITE, RGBColor(0x1a, 0x1a, 0x1a)),
    (INK, INK),
    (BLUE, RGBColor(0x38, 0x8a, 0xcc)),
    (VERMILLION, RGBColor(0xe0, 0x66, 0x0a)),
    (SKY, RGBColor(0x55, 0xb4, 0xe9)),
    (GREEN, RGBColor(0x28, 0xa2, 0x6e)),
    (YELLOW, RGBColor(0xf0, 0xe4, 0x41)),
    (ORANGE, RGBColor(0xea, 0xa6, 0x18)),
    (PURPLE, RGBColor(0xcc, 0x7c, 0xb0)),
    (OLD, RGBColor(0x80, 0x80, 0x80)),
    (ON_DARK, ON_DARK),
];

/// What a kind of waiting is drawn in: alike where it is the same thing that one waits for.
pub(super) const fn of_kind(kind: Kind) -> RGBColor {
    match kind {
        Kind::ControlLoop | Kind::RateLimit => GREY,
        Kind::Capacity | Kind::Boot => PURPLE,
        Kind::Headroom | Kind::Hold => GREEN,
        Kind::Pull => ORANGE,
        Kind::Start => YELLOW,
        Kind::Register => SKY,
        Kind::HealthCheck => BLUE,
        Kind::Drain => VERMILLION,
        Kind::Stop => BLACK,
    }
}

/// A colour, named for light paper, on the paper of `theme`; its opacity stays.
pub(super) fn on_paper(theme: Theme, colour: RGBAColor) -> RGBAColor {
    let RGBAColor(r, g, b, opacity) = colour;
    let dark = || DARK.iter().find(|(light, _)| *light == RGBColor(r, g, b)).map(|(_, dark)| *dark);
    match theme {
        Theme::Light => colour,
        Theme::Dark => dark().map_or(colour, |RGBColor(r, g, b)| RGBAColor(r, g, b, opacity)),
    }
}

/// Whether a colour is one of those above, whatever its opacity.
#[cfg(test)]
pub(super) fn is_named(RGBAColor(r, g, b, _): RGBAColor) -> bool {
    let shades = (0..=SHADES).map(|shade| ramp(f64::from(shade) / f64::from(SHADES)));
    DARK.iter().map(|(light, _)| *light).chain(shades).any(|named| named == RGBColor(r, g, b))
}

#[cfg(test)]
mod tests {
    use plotters::style::Color;

    use super::*;

    const DATA: [RGBColor; 9] = [GREY, OLD, BLUE, VERMILLION, SKY, GREEN, YELLOW, ORANGE, PURPLE];

    fn on(theme: Theme, colour: RGBColor) -> [f64; 3] {
        let RGBAColor(r, g, b, _) = on_paper(theme, colour.to_rgba());
        [r, g, b].map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        })
    }

    /// The contrast ratio of WCAG 2: (L1 + 0.05) / (L2 + 0.05), L the relative luminance.
    fn contrast(theme: Theme, a: RGBColor, b: RGBColor) -> f64 {
        let luminance = |colour| {
            let [r, g, b] = on(theme, colour);
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn the_formula_is_that_of_wcag() {
        let of = |a, b| contrast(Theme::Light, a, b);
        assert!((of(RGBColor(0, 0, 0), WHITE) - 21.0).abs() < 1e-9, "black on white is 21:1");
        assert!((of(RGBColor(0x76, 0x76, 0x76), WHITE) - 4.54).abs() < 0.005, "the lightest grey for text is #767676");
    }

    #[test]
    fn data_stands_out_from_the_paper_three_to_one_and_text_four_and_a_half() {
        for theme in Theme::ALL {
            for colour in DATA {
                assert!(contrast(theme, colour, WHITE) >= 3.0, "{theme:?}, {colour:?} on paper");
            }
            for text in [BLACK, GREY, VERMILLION] {
                for ground in [WHITE, BAND] {
                    assert!(contrast(theme, text, ground) >= 4.5, "{theme:?}, {text:?} on {ground:?}");
                }
            }
            for badge in [BLUE, VERMILLION, GREY] {
                assert!(contrast(theme, WHITE, badge) >= 4.5, "{theme:?}, a number on {badge:?}");
            }
            for bar in [GREEN, OLD] {
                assert!(contrast(theme, INK, bar) >= 4.5, "{theme:?}, a version on {bar:?}");
            }
        }
    }

    /// The distance in CIE Lab, seen with all cones, and as Machado, Oliveira and Fernandes (2009) simulate protanopia and
    /// deuteranopia. Okabe and Ito's own colours are 17 apart; a distance of 2 can just be seen.
    #[test]
    fn colour_blind_readers_tell_data_apart() {
        const SEEN: [[[f64; 3]; 3]; 3] = [
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
            [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
        ];
        let times = |matrix: [[f64; 3]; 3], v: [f64; 3]| {
            matrix.map(|row| row.iter().zip(v).map(|(a, b)| a * b).sum::<f64>().clamp(0.0, 1.0))
        };
        let lab = |rgb: [f64; 3]| {
            let xyz = times([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], rgb);
            let root = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
            let [x, y, z] = [root(xyz[0] / 0.950_47), root(xyz[1]), root(xyz[2] / 1.088_83)];
            [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
        };
        for theme in Theme::ALL {
            for (index, &a) in DATA.iter().enumerate() {
                for &b in &DATA[index + 1..] {
                    for eye in SEEN {
                        let [a_lab, b_lab] = [a, b].map(|colour| lab(times(eye, on(theme, colour))));
                        let apart = a_lab.iter().zip(b_lab).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
                        assert!(apart >= 14.5, "{theme:?}: {a:?} and {b:?} are {apart:.1} apart");
                    }
                }
            }
        }
    }
}
