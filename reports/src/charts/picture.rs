//! A picture as a list of shapes, drawn by either backend: what a chart consists of can be tested without pixels.

use std::path::Path;
use std::sync::LazyLock;

use plotters::coord::Shift;
use plotters::prelude::{
    BitMapBackend, Circle, Color, DrawingArea, DrawingBackend, FontStyle, IntoDrawingArea, PathElement, Polygon,
    Rectangle, SVGBackend, ShapeStyle, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontDesc, FontFamily, RGBAColor, TextStyle, register_font};

use super::{ChartError, Format, Theme, theme};
use crate::wording;

/// The most lines of a name.
const NAME_LINES: usize = 3;

/// A point: to the right, and down.
pub(super) type Point = (f64, f64);

/// Shapes on paper of the common width; later ones cover earlier ones. Their colours are named for white paper.
#[derive(Default)]
pub(super) struct Picture {
    /// How high the paper is.
    pub(super) height: f64,
    /// What is to be seen, for those who do not see it: a sentence with the numbers that matter.
    pub(super) description: String,
    name: String,
    shapes: Vec<Shape>,
    hovers: Vec<Hover>,
}

/// What a reader is told who points there.
struct Hover {
    from: Point,
    to: Point,
    text: String,
}

enum Shape {
    Area { points: Vec<Point>, colour: RGBAColor },
    Box { from: Point, to: Point, colour: RGBAColor },
    Line { points: Vec<Point>, colour: RGBAColor, width: f64 },
    Dot { at: Point, radius: f64, colour: RGBAColor },
    Label(Label),
}

/// Text, centred on the height of `at`.
#[derive(Clone)]
pub(super) struct Label {
    /// The text, on one line.
    pub(super) text: String,
    /// Where its start, middle or end is.
    pub(super) at: Point,
    /// What of it is there.
    pub(super) align: Align,
    /// The size of its font.
    pub(super) size: f64,
    /// Whether it is bold.
    pub(super) bold: bool,
    /// Its colour.
    pub(super) colour: RGBAColor,
}

/// What part of a text is at its point.
#[derive(Clone, Copy)]
pub(super) enum Align {
    Start,
    Middle,
    End,
}

/// What the backends differ in.
#[derive(Clone, Copy)]
struct Medium {
    /// Pixels for each unit.
    scale: f64,
    /// How much lower text must go to be centred, as a share of its size.
    text_drop: f64,
}

const SVG: Medium = Medium { scale: 1.0, text_drop: 0.0 };
/// The bitmap backend centres the box of a line, which is above the middle of its letters.
const PNG: Medium = Medium { scale: 2.0, text_drop: 0.15 };

impl Picture {
    /// Fills a polygon.
    pub(super) fn area(&mut self, points: Vec<Point>, colour: impl Color) {
        self.shapes.push(Shape::Area { points, colour: colour.to_rgba() });
    }

    /// Fills a rectangle.
    pub(super) fn rectangle(&mut self, from: Point, to: Point, colour: impl Color) {
        self.shapes.push(Shape::Box { from, to, colour: colour.to_rgba() });
    }

    /// Draws a rectangle's outline.
    pub(super) fn frame(&mut self, from: Point, to: Point, colour: impl Color) {
        self.line(vec![from, (to.0, from.1), to, (from.0, to.1), from], colour, 1.0);
    }

    /// Draws a line through the points.
    pub(super) fn line(&mut self, points: Vec<Point>, colour: impl Color, width: f64) {
        self.shapes.push(Shape::Line { points, colour: colour.to_rgba(), width });
    }

    /// Draws a horizontal line of dashes.
    pub(super) fn dashes(&mut self, (from, y): Point, to: f64, colour: impl Color, width: f64) {
        let mut x = from;
        while x < to {
            self.line(vec![(x, y), ((x + 8.0).min(to), y)], colour.to_rgba(), width);
            x += 13.0;
        }
    }

    /// Fills a circle.
    pub(super) fn dot(&mut self, at: Point, radius: f64, colour: impl Color) {
        self.shapes.push(Shape::Dot { at, radius, colour: colour.to_rgba() });
    }

    /// Fills a square that stands on a corner.
    pub(super) fn diamond(&mut self, (x, y): Point, radius: f64, colour: impl Color) {
        self.area(vec![(x - radius, y), (x, y - radius), (x + radius, y), (x, y + radius)], colour);
    }

    /// Writes body text.
    pub(super) fn text(&mut self, text: impl Into<String>, at: Point, align: Align, colour: impl Color) {
        let colour = colour.to_rgba();
        self.label(Label { text: text.into(), at, align, size: theme::BODY, bold: false, colour });
    }

    /// Tells a reader who points into the rectangle; marks that come later are in front. Only SVG files have them.
    pub(super) fn hover(&mut self, from: Point, to: Point, text: impl Into<String>) {
        self.hovers.push(Hover { from, to, text: text.into() });
    }

    /// Writes the title at the top, over as many lines as it needs, and answers where the next line goes.
    pub(super) fn title(&mut self, title: &str) -> f64 {
        self.name = title.into();
        let colour = theme::BLACK.to_rgba();
        let mut y = theme::MARGIN + 4.0;
        for text in wrapped(title, theme::WIDTH - 2.0 * theme::MARGIN, theme::TITLE, true) {
            let at = (theme::MARGIN, y);
            self.label(Label { text, at, align: Align::Start, size: theme::TITLE, bold: true, colour });
            y += theme::TITLE * 1.3;
        }
        y
    }

    /// Writes the title and, smaller, what it is of, and answers where the next line goes.
    pub(super) fn heading(&mut self, title: &str, of: &str) -> f64 {
        let mut y = self.title(title);
        for line in wrapped(of, theme::WIDTH - 2.0 * theme::MARGIN, theme::BODY, false) {
            self.text(line, (theme::MARGIN, y), Align::Start, theme::GREY);
            y += theme::LINE;
        }
        y
    }

    /// Writes text of any size.
    pub(super) fn label(&mut self, label: Label) {
        if !label.text.is_empty() {
            self.shapes.push(Shape::Label(label));
        }
    }

    /// Writes the picture to a file.
    pub(super) fn save(&self, path: &Path, format: Format, theme: Theme) -> Result<(), ChartError> {
        let written = match format {
            Format::Svg => self.svg(theme).and_then(|svg| std::fs::write(path, svg).map_err(|error| error.to_string())),
            Format::Png => self.draw(BitMapBackend::new(path, self.size(PNG.scale)), PNG, theme),
        };
        written.map_err(|reason| ChartError { path: Some(path.to_owned()), reason })
    }

    /// The picture as the text of an SVG file.
    pub(super) fn svg(&self, theme: Theme) -> Result<String, String> {
        let mut shapes = String::new();
        self.draw(SVGBackend::with_string(&mut shapes, self.size(SVG.scale)), SVG, theme)?;
        let parts = shapes.strip_prefix("<svg ").and_then(|rest| rest.trim_end().strip_suffix("</svg>"));
        let (attributes, shapes) =
            parts.and_then(|rest| rest.split_once(">\n")).ok_or("the SVG has an unknown form")?;
        let (title, description) = (escaped(&self.name), escaped(&self.description));
        let hovers: String = self.hovers.iter().map(Hover::svg).collect();
        Ok(format!(
            "<svg role=\"img\" {attributes}>\n<title>{title}</title>\n<desc>{description}</desc>\n{shapes}{hovers}</svg>\n"
        ))
    }

    #[expect(clippy::cast_sign_loss, reason = "no picture has a negative size")]
    fn size(&self, scale: f64) -> (u32, u32) {
        ((theme::WIDTH * scale) as u32, (self.height * scale) as u32)
    }

    /// Draws all shapes.
    fn draw<B: DrawingBackend>(&self, backend: B, medium: Medium, theme: Theme) -> Result<(), String> {
        LazyLock::force(&FONTS);
        let paper = backend.into_drawing_area();
        let ground = theme::on_paper(theme, theme::WHITE.to_rgba());
        paper.fill(&ground).map_err(|error| error.to_string())?;
        for shape in &self.shapes {
            shape.draw(&paper, medium, theme)?;
        }
        paper.present().map_err(|error| error.to_string())
    }
}

impl Shape {
    #[expect(clippy::cast_sign_loss, reason = "no stroke and no circle has a negative size")]
    fn draw<B: DrawingBackend>(
        &self,
        paper: &DrawingArea<B, Shift>,
        medium: Medium,
        theme: Theme,
    ) -> Result<(), String> {
        let scale = medium.scale;
        let on_paper = |colour: &RGBAColor| theme::on_paper(theme, *colour);
        let pixel = |&(x, y): &Point| ((x * scale).round() as i32, (y * scale).round() as i32);
        let pixels = |points: &[Point]| points.iter().map(pixel).collect::<Vec<_>>();
        let drawn = match self {
            Self::Area { points, colour } => paper.draw(&Polygon::new(pixels(points), on_paper(colour).filled())),
            Self::Box { from, to, colour } => {
                paper.draw(&Rectangle::new([pixel(from), pixel(to)], on_paper(colour).filled()))
            }
            Self::Line { points, colour, width } => {
                let style =
                    ShapeStyle { color: on_paper(colour), filled: false, stroke_width: (width * scale).round() as u32 };
                paper.draw(&PathElement::new(pixels(points), style))
            }
            Self::Dot { at, radius, colour } => {
                paper.draw(&Circle::new(pixel(at), (radius * scale).round() as u32, on_paper(colour).filled()))
            }
            Self::Label(label) => {
                let position = match label.align {
                    Align::Start => HPos::Left,
                    Align::Middle => HPos::Center,
                    Align::End => HPos::Right,
                };
                let colour = on_paper(&label.colour);
                let style = TextStyle::from(font(label.size * scale, label.bold)).color(&colour);
                let style = style.pos(Pos::new(position, VPos::Center));
                let at = (label.at.0, label.at.1 + medium.text_drop * label.size);
                paper.draw(&Text::new(label.text.as_str(), pixel(&at), style))
            }
        };
        drawn.map_err(|error| error.to_string())
    }
}

impl Hover {
    /// The least width and height of what can be pointed at.
    const LEAST: f64 = 5.0;

    /// A rectangle that cannot be seen, with its text.
    fn svg(&self) -> String {
        let span = |a: f64, b: f64| {
            let (from, to) = (a.min(b), a.max(b));
            let wider = (Self::LEAST - (to - from)).max(0.0) / 2.0;
            ((from - wider).round(), (to - from + 2.0 * wider).round())
        };
        let ((x, width), (y, height)) = (span(self.from.0, self.to.0), span(self.from.1, self.to.1));
        let place = format!("x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"");
        let text = escaped(&self.text);
        format!("<rect class=\"hover\" {place} fill=\"none\" pointer-events=\"all\"><title>{text}</title></rect>\n")
    }
}

/// `text` as XML writes it, on one line.
fn escaped(text: &str) -> String {
    let plain = wording::plain(text);
    plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The fonts, known to the backend from the first use on: charts look the same on a machine that has none.
static FONTS: LazyLock<()> = LazyLock::new(|| {
    let regular = include_bytes!("../../fonts/DejaVuSans.ttf");
    let bold = include_bytes!("../../fonts/DejaVuSans-Bold.ttf");
    let whole = register_font("sans-serif", FontStyle::Normal, regular).is_ok()
        && register_font("sans-serif", FontStyle::Bold, bold).is_ok();
    assert!(whole, "the fonts in fonts/ are whole");
});

fn font(size: f64, bold: bool) -> FontDesc<'static> {
    FontDesc::new(FontFamily::SansSerif, size, if bold { FontStyle::Bold } else { FontStyle::Normal })
}

/// How wide `text` is.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    LazyLock::force(&FONTS);
    font(size, bold).box_size(text).map_or(0.0, |(width, _)| f64::from(width))
}

/// Breaks `text` into lines of at most `room`: between words, after hyphens and slashes where a word is too wide, and
/// anywhere where even that is.
pub(super) fn wrapped(text: &str, room: f64, size: f64, bold: bool) -> Vec<String> {
    let fits = |line: &str| width(line, size, bold) <= room;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if fits(&format!("{line} {word}")) => *line = format!("{line} {word}"),
            _ if fits(word) => lines.push(word.to_string()),
            _ => {
                let mut line = String::new();
                for part in word.split_inclusive(['-', '_', '/']) {
                    if !line.is_empty() && !fits(&format!("{line}{part}")) {
                        lines.push(std::mem::take(&mut line));
                    }
                    for c in part.chars() {
                        if !line.is_empty() && !fits(&format!("{line}{c}")) {
                            lines.push(std::mem::take(&mut line));
                        }
                        line.push(c);
                    }
                }
                lines.push(line);
            }
        }
    }
    lines
}

/// A variant's name on at most three lines of at most `room`.
pub(super) fn name_lines(name: &str, room: f64) -> Vec<String> {
    let mut lines = wrapped(&wording::plain(name), room, theme::BODY, false);
    if lines.len() > NAME_LINES {
        lines.truncate(NAME_LINES);
        if let Some(last) = lines.last_mut() {
            last.pop();
            last.push('\u{2026}');
        }
    }
    lines
}

#[cfg(test)]
impl Picture {
    /// The SVG text.
    pub(super) fn to_svg(&self) -> String {
        self.svg(Theme::Light).unwrap()
    }

    /// Fails when a shape has a colour that is not named.
    pub(super) fn assert_named(&self) {
        for shape in &self.shapes {
            let (Shape::Area { colour, .. }
            | Shape::Box { colour, .. }
            | Shape::Line { colour, .. }
            | Shape::Dot { colour, .. }
            | Shape::Label(Label { colour, .. })) = shape;
            assert!(theme::is_named(*colour), "{colour:?} has no name");
        }
    }

    /// Fails when a text leaves the paper or two texts touch.
    pub(super) fn assert_readable(&self) {
        let texts: Vec<_> = self.shapes.iter().filter_map(Shape::text_box).collect();
        for (index, (text, [left, top, right, bottom])) in texts.iter().enumerate() {
            let inside = *left >= 0.0 && *top >= 0.0 && *right <= theme::WIDTH && *bottom <= self.height;
            assert!(inside, "cut: {text:?} at {left} {top} {right} {bottom}, height {}", self.height);
            for (other, [l, t, r, b]) in &texts[index + 1..] {
                let apart = right <= l || r <= left || bottom <= t || b <= top;
                assert!(apart, "{text:?} and {other:?} overlap");
            }
        }
    }
}

#[cfg(test)]
impl Shape {
    /// A label's text and its left, top, right and bottom.
    fn text_box(&self) -> Option<(&str, [f64; 4])> {
        let Self::Label(Label { text, at: (x, y), align, size, bold, .. }) = self else { return None };
        let width = width(text, *size, *bold);
        let left = match align {
            Align::Start => *x,
            Align::Middle => x - width / 2.0,
            Align::End => x - width,
        };
        Some((text, [left, y - size / 2.0, left + width, y + size / 2.0]))
    }
}
