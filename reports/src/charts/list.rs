//! Variants by number beside or below a plot, each with its name and two values, in columns.

use plotters::style::RGBColor;

use super::badges;
use super::picture::{Align, Picture, Point, name_lines};
use super::theme::{self, LINE, MARGIN};

/// The space between a plot and the variants beside it, and between two columns of them.
pub(super) const GUTTER: f64 = 36.0;
/// Room for each of the two values of a variant.
const VALUE_ROOM: f64 = 76.0;

/// A numbered list.
pub(super) struct List {
    heads: [&'static str; 2],
    entries: Vec<(Entry, Vec<String>)>,
    column: f64,
    columns: usize,
}

/// One variant; its number is its position from 1.
pub(super) struct Entry {
    /// Its name, which may wrap.
    pub(super) name: String,
    /// The colour of its badge.
    pub(super) colour: RGBColor,
    /// What stands below the heads.
    pub(super) values: [String; 2],
    /// What is wrong with it.
    pub(super) note: Option<String>,
}

impl List {
    /// A list in so many columns of this width, with what its values are.
    pub(super) fn new(
        heads: [&'static str; 2],
        entries: impl Iterator<Item = Entry>,
        column: f64,
        columns: usize,
    ) -> Self {
        let room = column - badges::CELL - 10.0 - 2.0 * VALUE_ROOM;
        let with_lines = |entry: Entry| {
            let lines = name_lines(&entry.name, room);
            (entry, lines)
        };
        Self { heads, entries: entries.map(with_lines).collect(), column, columns }
    }

    /// How high an entry is.
    fn step((entry, lines): &(Entry, Vec<String>)) -> f64 {
        (lines.len().max(1) + usize::from(entry.note.is_some())) as f64 * (LINE - 1.0) + 6.0
    }

    /// The entries, column by column.
    fn chunks(&self) -> impl Iterator<Item = &[(Entry, Vec<String>)]> {
        self.entries.chunks(self.entries.len().div_ceil(self.columns).max(1))
    }

    /// How high the longest column is, without its head.
    pub(super) fn height(&self) -> f64 {
        let heights = self.chunks().map(|entries| entries.iter().map(Self::step).sum());
        heights.fold(0.0, f64::max) + MARGIN
    }

    /// Draws it with its left there and its heads at that height.
    pub(super) fn draw(&self, picture: &mut Picture, (left, head): Point) {
        let mut number = 0_u32;
        for (index, entries) in self.chunks().enumerate() {
            let left = left + index as f64 * (self.column + GUTTER);
            let ends = [left + self.column - VALUE_ROOM, left + self.column];
            for (text, end) in self.heads.into_iter().zip(ends) {
                picture.text(text, (end, head), Align::End, theme::GREY);
            }
            let mut y = head + LINE + 3.0;
            for row @ (entry, lines) in entries {
                number += 1;
                badges::badge(picture, (left + badges::CELL / 2.0, y), number, entry.colour);
                let x = left + badges::CELL + 8.0;
                for (line, row) in lines.iter().zip(0_u32..) {
                    picture.text(line, (x, y + f64::from(row) * (LINE - 1.0)), Align::Start, theme::BLACK);
                }
                for (value, end) in entry.values.iter().zip(ends) {
                    picture.text(value, (end, y), Align::End, theme::BLACK);
                }
                if let Some(note) = &entry.note {
                    let y = y + lines.len() as f64 * (LINE - 1.0);
                    picture.text(note, (x, y), Align::Start, theme::VERMILLION);
                }
                y += Self::step(row);
            }
        }
    }
}
