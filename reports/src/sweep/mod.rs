//! Sweeps: rows as files, and cells as tables. [`Aggregate`] turns the rows of a sweep into a [`SweepTable`]; [`table`],
//! [`markdown`], [`json`] and [`csv`] say it.

mod aggregate;
mod best;
mod files;
mod rows;
mod table;

#[cfg(test)]
pub(crate) mod examples;

pub use aggregate::{Aggregate, CellStatistics, MEANS, SweepTable};
pub use files::{csv, json};
pub use rows::Rows;
pub use table::{markdown, table};

/// The ends of the paths that tell them apart: `hosts`, `deregistration_delay`; at least so many keys of each.
pub(crate) fn labels(table: &SweepTable, least: usize) -> Vec<String> {
    let end = |path: &str, keys: usize| {
        let all: Vec<&str> = path.split('.').collect();
        all[all.len().saturating_sub(keys)..].join(".")
    };
    let longest = table.axes.iter().map(|(path, _)| path.split('.').count()).max().unwrap_or_default();
    let ends = |keys: usize| table.axes.iter().map(|(path, _)| end(path, keys)).collect::<Vec<_>>();
    let differ = |ends: &[String]| ends.iter().enumerate().all(|(index, end)| !ends[..index].contains(end));
    (least..=longest).map(ends).find(|ends| differ(ends)).unwrap_or_else(|| ends(longest))
}
