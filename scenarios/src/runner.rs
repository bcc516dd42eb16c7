//! Running a scenario: every variant with the same seeds, on all threads, the same rows whatever their number.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use seatrial_sim::measure::summary::Summary;
use seatrial_sim::model::Model;

use crate::Scenario;
use crate::results::{Results, Row, VariantResults};

/// What the command line may change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// How many seeds, if not the scenario's number.
    pub seeds: Option<u32>,
    /// The first seed, if not the scenario's.
    pub first_seed: Option<u64>,
    /// How many threads, if not one a core.
    pub threads: Option<usize>,
}

/// Plays every variant with every seed. `progress` hears how many runs of all are done, from any thread. When
/// `cancelled` becomes true, the runs under way are the last, and the results have the seeds that every variant completed.
///
/// # Panics
/// When the system gives no threads.
pub fn run(
    scenario: &Scenario,
    options: &RunOptions,
    progress: &(dyn Fn(u64, u64) + Sync),
    cancelled: &AtomicBool,
) -> Results {
    run_with(scenario, options, progress, cancelled, &play)
}

/// One variant with one seed.
fn play(model: &Model, seed: u64) -> Summary {
    not_simulated_yet(model, seed)
}

/// Stands in until the model has a run loop and a summary of it.
fn not_simulated_yet(_model: &Model, _seed: u64) -> Summary {
    Summary {
        deploy_s: None,
        blocked: vec!["not simulated yet".into()],
        lowest_healthy_percent: 0.0,
        extra_replica_s: 0.0,
        short_replica_s: 0.0,
        peak_tasks: 0,
        spare_usd_per_month: 0.0,
        usd_per_deploy: 0.0,
    }
}

fn run_with(
    scenario: &Scenario,
    options: &RunOptions,
    progress: &(dyn Fn(u64, u64) + Sync),
    cancelled: &AtomicBool,
    play: &(dyn Fn(&Model, u64) -> Summary + Sync),
) -> Results {
    const MOST_THREADS: usize = 1_024;
    let seeds = options.seeds.unwrap_or(scenario.seeds) as usize;
    let first_seed = options.first_seed.unwrap_or(scenario.first_seed);
    let variants = scenario.variants.len();
    let seed_of = |position: usize| first_seed.wrapping_add(position as u64);
    let total = (seeds * variants) as u64;
    let done = AtomicU64::new(0);

    // Neighbours are the variants of one seed, so that a cancelled run has few seeds that only some variants completed.
    let cell = |position: usize| {
        if cancelled.load(Ordering::Relaxed) {
            return None;
        }
        let summary = play(&scenario.variants[position % variants].model, seed_of(position / variants));
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
        Some(summary)
    };
    let threads = options.threads.map_or(0, |threads| threads.clamp(1, MOST_THREADS));
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("the system gives threads");
    let cells: Vec<Option<Summary>> = pool.install(|| (0..seeds * variants).into_par_iter().map(cell).collect());

    let mut rows: Vec<Vec<Row>> = vec![Vec::with_capacity(seeds); variants];
    for (position, summaries) in cells.chunks(variants).enumerate() {
        let Some(summaries) = summaries.iter().cloned().collect::<Option<Vec<Summary>>>() else { continue };
        for (rows, summary) in rows.iter_mut().zip(summaries) {
            rows.push(Row { seed: seed_of(position), summary });
        }
    }
    let named =
        scenario.variants.iter().zip(rows).map(|(variant, rows)| VariantResults { name: variant.name.clone(), rows });
    let horizon_s = scenario.variants.iter().map(|variant| variant.model.horizon.as_secs_f64()).fold(0.0, f64::max);
    Results {
        scenario: scenario.name.clone(),
        question: scenario.question.clone(),
        system: scenario.system.clone(),
        horizon_s,
        variants: named.collect(),
    }
}
