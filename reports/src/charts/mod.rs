//! Charts as SVG and PNG files: deploy durations, extra against short and the bill by variant; tasks, demand and replicas
//! over time; how long deploys take over the axes of a sweep.

use std::fmt;
use std::path::{Path, PathBuf};

use seatrial_scenarios::results::Results;

use crate::statistics::Comparison;
use crate::sweep::SweepTable;

pub use demand::DemandSeries;
pub use replicas::ReplicaSeries;
pub use tasks::TaskSeries;

mod axis;
mod badges;
mod demand;
mod durations;
mod extra_short;
mod heat_map;
mod money;
mod over_time;
mod picture;
mod replicas;
mod tasks;
mod theme;

#[cfg(test)]
mod gallery;

/// Draws how the deploy durations of each variant are distributed over the seeds.
pub fn durations(results: &Results, path: &Path, format: Format) -> Result<(), ChartError> {
    durations::picture(results).save(path, format)
}

/// Draws how each variant splits what starting and stopping takes: task-time above the desired count, and below it.
pub fn extra_short(comparison: &Comparison, path: &Path, format: Format) -> Result<(), ChartError> {
    extra_short::picture(comparison).save(path, format)
}

/// Draws what each variant's bill of a month is for.
pub fn money(comparison: &Comparison, path: &Path, format: Format) -> Result<(), ChartError> {
    money::picture(comparison).save(path, format)
}

/// Draws the tasks of one run over time: healthy, draining and starting, against the desired count.
pub fn tasks(series: &TaskSeries, path: &Path, format: Format) -> Result<(), ChartError> {
    tasks::picture(series).save(path, format)
}

/// Draws what users ask over one run against what the tasks can serve, and what fails.
pub fn demand(series: &DemandSeries, path: &Path, format: Format) -> Result<(), ChartError> {
    demand::picture(series).save(path, format)
}

/// Draws the tasks desired and in service over one run, and the hosts below them.
pub fn replicas(series: &ReplicaSeries, path: &Path, format: Format) -> Result<(), ChartError> {
    replicas::picture(series).save(path, format)
}

/// Draws how long the deploys of a sweep's grid take: the p95 of each cell as a colour.
pub fn heat_map(table: &SweepTable, path: &Path, format: Format) -> Result<(), ChartError> {
    heat_map::picture(table).save(path, format)
}

/// How a chart is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Scalable, with text as text; the same bytes for the same input.
    Svg,
    /// Pixels, two for each unit so that it stays sharp on dense screens. The path must end in `.png`.
    Png,
}

impl Format {
    /// Every format, for those who write them all.
    pub const ALL: [Self; 2] = [Self::Svg, Self::Png];

    /// How the names of such files end.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
        }
    }
}

/// A chart that could not be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

impl fmt::Display for ChartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: cannot write the chart: {}", self.path.display(), self.reason)
    }
}

impl std::error::Error for ChartError {}
