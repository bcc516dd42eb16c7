//! Tables: heads, rows, and by what each cell is sorted.

use maud::{Markup, html};
use serde::{Deserialize, Serialize};

use super::sort_key::sort_key;

/// A table as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Table {
    caption: String,
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    /// What the numbers assume.
    note: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Column {
    head: String,
    /// Whether it holds words, which align to the left.
    is_text: bool,
}

impl Table {
    /// Of heads, rows, and which of the columns hold words.
    pub(super) fn new<T: AsRef<str>>(
        caption: &str,
        header: &[T],
        rows: Vec<Vec<String>>,
        is_text: &dyn Fn(usize) -> bool,
    ) -> Self {
        let column =
            |(index, head): (usize, &T)| Column { head: head.as_ref().replace('\n', " "), is_text: is_text(index) };
        let mut caption = caption.to_string();
        caption[..1].make_ascii_uppercase();
        Self { caption, columns: header.iter().enumerate().map(column).collect(), rows, note: None }
    }

    /// With a line below it.
    pub(super) fn with_note(self, note: &str) -> Self {
        Self { note: Some(note.into()), ..self }
    }
}

/// A table that scrolls by itself where the page is narrow, and that the script makes sortable.
pub(super) fn table(table: &Table) -> Markup {
    html! {
        div.scroll role="group" aria-label=(table.caption) tabindex="0" {
            table.sortable {
                caption { (table.caption) }
                thead {
                    tr { @for column in &table.columns { th.text[column.is_text] scope="col" { (column.head) } } }
                }
                tbody { @for row in &table.rows { (self::row(row, &table.columns)) } }
            }
        }
        @if let Some(note) = &table.note { p.note { (note) } }
    }
}

/// The name of what the row is about, and its cells.
fn row(cells: &[String], columns: &[Column]) -> Markup {
    html! {
        tr {
            @for (index, (cell, column)) in cells.iter().zip(columns).enumerate() {
                @if index == 0 {
                    th.text scope="row" { (cell) }
                } @else {
                    td.text[column.is_text].faster[is(cell, "faster")].slower[is(cell, "slower")] data-sort=[sort_key(cell)] {
                        (cell)
                    }
                }
            }
        }
    }
}

/// Whether a difference ends with this verdict.
fn is(cell: &str, verdict: &str) -> bool {
    cell.strip_suffix(verdict).is_some_and(|rest| rest.ends_with("  "))
}

/// What a table cannot say in a cell.
pub(super) fn notes(notes: &[String]) -> Markup {
    html! {
        @if !notes.is_empty() { ul.note { @for note in notes { li { (note) } } } }
    }
}
