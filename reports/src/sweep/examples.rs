//! Sweeps made up for tests.

use std::path::Path;

use seatrial_scenarios::sweep::{Axis, Design, Sweep, SweepOptions};
use seatrial_scenarios::{RunOptions, Scenario};

use super::{CellStatistics, MEANS, SweepTable};
use crate::statistics::DeploySeconds;

const FILE: &str = "question = \"?\"\n[run]\nseeds = 2\nseed = 5\n[[host_group]]\nname = \"g\"\nhosts = 3\ncpu = 2\n\
                    memory = \"2MiB\"\n[[service]]\nname = \"s\"\ndesired = 2\nmemory = \"1MiB\"\n[[deploy]]\nservice = \"s\"\n\
                    [[variant]]\nname = 'a, \"b\"'\n";

/// A sweep of a small scenario: two seeds from 5 on.
pub(crate) fn sweep(axes: &[&str]) -> Sweep {
    let scenario = Scenario::parse("web.toml", FILE, Path::new("")).unwrap();
    let run = RunOptions::default();
    let options = SweepOptions { axes: read(axes), variant: None, design: Design::Grid, skip_invalid: false, run };
    Sweep::new(scenario, &options).unwrap()
}

fn read(axes: &[&str]) -> Vec<Axis> {
    axes.iter().map(|text| text.parse().unwrap()).collect()
}

/// A table with these axes.
pub(crate) fn table(axes: &[&str], cells: Vec<CellStatistics>) -> SweepTable {
    SweepTable {
        scenario: "web.toml".into(),
        question: "how many spare hosts?".into(),
        system: "ECS rolling, 5 x web on 6 hosts".into(),
        horizon_s: 10_800.0,
        seeds: 200,
        axes: read(axes).into_iter().map(|axis| (axis.path, axis.values)).collect(),
        is_grid: true,
        skipped: (0, None),
        cells,
    }
}

/// A cell of 200 runs whose p95 is twice the median; without one none of them ended.
pub(crate) fn cell(values: &[u32], p95: Option<f64>, usd_per_month: f64) -> CellStatistics {
    let half = p95.map(|p95| p95 / 2.0);
    let mut means = MEANS.map(|name| (!name.ends_with("requests") && name != "waited_request_s").then_some(0.5));
    for (name, mean) in MEANS.iter().zip(&mut means) {
        match *name {
            "usd_per_month" => *mean = Some(usd_per_month),
            "spare_usd_per_month" => *mean = Some(70.08),
            _ => {}
        }
    }
    CellStatistics {
        variant: "a".into(),
        values: values.to_vec(),
        runs: 200,
        finished: if p95.is_some() { 200 } else { 0 },
        has_deploys: true,
        deploy_s: DeploySeconds {
            mean: half,
            mean_interval: None,
            p50: half,
            p50_interval: None,
            p95,
            p95_interval: None,
            min: half,
            max: p95,
        },
        lowest_healthy_percent: 100.0,
        peak_tasks: 6,
        means,
        latency_s: [None; 3],
        blocked: vec![],
    }
}

/// The same where so many requests fail.
pub(crate) fn with_failed(mut cell: CellStatistics, failed: f64) -> CellStatistics {
    for (name, mean) in MEANS.iter().zip(&mut cell.means) {
        if *name == "failed_requests" {
            *mean = Some(failed);
        }
    }
    cell
}
