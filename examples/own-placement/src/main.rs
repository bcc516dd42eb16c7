//! A placement policy of one's own, run over a scenario beside the scenario's own: `cargo run -p own-placement -- FILE`.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use seatrial_reports::statistics::Comparison;
use seatrial_reports::table;
use seatrial_scenarios::{RunOptions, Scenario, run};
use seatrial_sim::placement::{HostView, Placement, Policy, Scene, Score};

/// Leaves the largest hole: most free memory after the task, in thousandths of the host; of equals the fewest tasks of the service.
#[derive(Debug)]
struct LargestHole;

impl Placement for LargestHole {
    fn score(&self, host: &HostView, scene: &Scene) -> Score {
        let left = host.free.memory_mib - scene.demand.memory_mib;
        let permille = u64::from(left) * 1_000 / u64::from(host.capacity.memory_mib.max(1));
        // The lowest score is best.
        [1_000 - permille as u32, host.tasks, 0, 0, 0]
    }

    fn counts_all_tasks(&self) -> bool {
        false
    }
}

fn main() -> ExitCode {
    let file = std::env::args().nth(1).unwrap_or("scenarios/library/zones-and-placement.toml".into());
    match answer(&file, None) {
        Ok(table) => {
            print!("{table}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The first variant of a scenario, and the same with our policy for every service.
fn answer(file: &str, seeds: Option<u32>) -> Result<String, Box<dyn Error>> {
    let mut scenario = Scenario::load(Path::new(file))?;
    scenario.variants.truncate(1);
    let mut ours = scenario.variants[0].clone();
    ours.name = "largest hole".into();
    let policy = Policy::own(LargestHole);
    ours.model.services.iter_mut().for_each(|service| service.placement = policy.clone());
    scenario.variants.push(ours);
    let options = RunOptions { seeds, ..RunOptions::default() };
    let results = run(&scenario, &options, &|_, _| (), &AtomicBool::new(false))?;
    Ok(table::render(&Comparison::new(&results)))
}

#[cfg(test)]
mod tests {
    use seatrial_sim::model::{ClassId, Resources};

    use super::*;

    /// A task of 1 GiB leaves 5 of 8 GiB, 625 thousandths, or 2 of 4, which are 500.
    #[test]
    fn the_largest_hole_is_best() {
        let host = |free, total| {
            let (free, capacity) = (Resources::new(0, free), Resources::new(0, total));
            HostView { class: ClassId(0), capacity, free, zone: 0, tasks: 2, zone_tasks: 2, all_tasks: 0 }
        };
        let scene = Scene::new(Resources::new(0, 1_024), 4, &[]);
        let scores =
            [host(6 * 1_024, 8 * 1_024), host(3 * 1_024, 4 * 1_024)].map(|host| LargestHole.score(&host, &scene));
        assert_eq!(scores, [[375, 2, 0, 0, 0], [500, 2, 0, 0, 0]]);
    }

    #[test]
    fn the_table_has_both_policies() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/library/zones-and-placement.toml");
        let table = answer(file, Some(5)).unwrap();
        assert!(table.contains("largest hole") && table.contains("5 seeds"), "{table}");
    }
}
