//! Results as tables, files and charts.
//!
//! [`Comparison`](statistics::Comparison) turns the rows of a run into statistics; [`table`], [`markdown`] and [`json`] say
//! it, [`csv`] keeps every row, [`sweep`] sums up the cells of a sweep, [`facts`] every fact of one run, [`charts`] draw, and
//! [`html`] puts all of it on one page. Everything here is a function of its input: the same results give
//! the same bytes.

pub mod charts;
pub mod check;
pub mod csv;
pub mod explain;
pub mod facts;
pub mod html;
pub mod json;
pub mod markdown;
pub mod statistics;
pub mod sweep;
pub mod table;

mod answer;
mod bill;
mod cells;
mod felt;
mod notes;
mod rounding;
mod settings;
mod wording;

#[cfg(test)]
mod examples;
