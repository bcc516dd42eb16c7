//! Charts as SVG and PNG files, on light paper and on dark: deploy durations, extra against short, the bill, and cost against
//! duration by variant; tasks, demand and replicas over time; a deploy in depth, by host, by what it waited for, and by what
//! each setting would change; how long deploys take over the axes of a sweep.

use std::fmt;
use std::path::{Path, PathBuf};

use seatrial_scenarios::results::Results;
use seatrial_sim::measure::critical_path::Kind;

use crate::explain::tornado::Tornado;
use crate::statistics::Comparison;
use crate::sweep::SweepTable;

pub use demand::DemandSeries;
pub use gantt::Gantt;
pub use replicas::ReplicaSeries;
pub use tasks::TaskSeries;

use picture::Picture;

mod axis;
mod badges;
mod demand;
mod durations;
mod extra_short;
mod frontier;
mod gantt;
mod heat_map;
mod list;
mod money;
mod over_time;
mod picture;
mod replicas;
mod tasks;
mod theme;
mod tornado;
mod waterfall;

#[cfg(test)]
mod gallery;

/// A chart: shapes with a title, a description for those who do not see it, and texts to point at.
pub struct Chart(Picture);

impl Chart {
    /// Writes the chart to a file.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save(&self, path: &Path, format: Format, theme: Theme) -> Result<(), ChartError> {
        self.0.save(path, format, theme)
    }

    /// The chart as the text of an SVG file: it has the role of an image, a title and a description, and what can be pointed at
    /// has titles of its own (`rect.hover`).
    ///
    /// # Errors
    ///
    /// The chart cannot be drawn.
    pub fn svg(&self, theme: Theme) -> Result<String, ChartError> {
        self.0.svg(theme).map_err(|reason| ChartError { path: None, reason })
    }
}

/// How the deploy durations of each variant are distributed over the seeds.
pub fn durations(results: &Results) -> Chart {
    Chart(durations::picture(results))
}

/// How each variant splits what starting and stopping takes: task-time above the desired count, and below it.
pub fn extra_short(comparison: &Comparison) -> Chart {
    Chart(extra_short::picture(comparison))
}

/// What each variant's bill of a month is for.
pub fn money(comparison: &Comparison) -> Chart {
    Chart(money::picture(comparison))
}

/// The tasks of one run over time: healthy, draining and starting, against the desired count.
pub fn tasks(series: &TaskSeries) -> Chart {
    Chart(tasks::picture(series))
}

/// What users ask over one run against what the tasks can serve, and what fails.
pub fn demand(series: &DemandSeries) -> Chart {
    Chart(demand::picture(series))
}

/// The tasks desired and in service over one run, and the hosts below them.
pub fn replicas(series: &ReplicaSeries) -> Chart {
    Chart(replicas::picture(series))
}

/// What each variant costs against how long its deploys take, and which no other variant beats in both.
pub fn frontier(comparison: &Comparison) -> Chart {
    Chart(frontier::picture(comparison))
}

/// One deploy in depth: each task a bar on its host, with its phases, over time.
pub fn gantt(gantt: &Gantt) -> Chart {
    Chart(gantt::picture(gantt))
}

/// What was waited for one after another, each kind with its seconds, and the sum.
pub fn waterfall(title: &str, parts: &[(Kind, f64)]) -> Chart {
    Chart(waterfall::picture(title, parts))
}

/// What each setting would save of a deploy's time and of the bill; the first 20.
pub fn tornado(tornado: &Tornado) -> Chart {
    Chart(tornado::picture(tornado))
}

/// How long the deploys of a sweep's grid take: the p95 of each cell as a colour.
pub fn heat_map(table: &SweepTable) -> Chart {
    Chart(heat_map::picture(table))
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

/// Which paper a chart is drawn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Dark on white.
    Light,
    /// Light on nearly black.
    Dark,
}

impl Theme {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Light, Self::Dark];

    /// What the names of files end with, before the extension: nothing for the light theme.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Light => "",
            Self::Dark => "-dark",
        }
    }
}

/// A chart that could not be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartError {
    /// The file, where there is one.
    pub path: Option<PathBuf>,
    /// Why.
    pub reason: String,
}

impl fmt::Display for ChartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}: cannot write the chart: {}", path.display(), self.reason),
            None => write!(f, "cannot draw the chart: {}", self.reason),
        }
    }
}

impl std::error::Error for ChartError {}
