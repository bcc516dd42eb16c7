//! Running a scenario: every variant with the same seeds, on all threads, the same rows whatever their number.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use seatrial_sim::measure::summary::{Summary, SummaryObserver};
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
pub(crate) fn play(model: &Model, seed: u64) -> Summary {
    let mut observer = SummaryObserver::new(model);
    let outcome = seatrial_sim::run(model, seed, &mut observer);
    observer.finish(&outcome)
}

/// So many threads, or one a core.
///
/// # Panics
/// When the system gives no threads.
pub fn pool(threads: Option<usize>) -> ThreadPool {
    const MOST_THREADS: usize = 1_024;
    let threads = threads.map_or(0, |threads| threads.clamp(1, MOST_THREADS));
    ThreadPoolBuilder::new().num_threads(threads).build().expect("the system gives threads")
}

fn run_with(
    scenario: &Scenario,
    options: &RunOptions,
    progress: &(dyn Fn(u64, u64) + Sync),
    cancelled: &AtomicBool,
    play: &(dyn Fn(&Model, u64) -> Summary + Sync),
) -> Results {
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
    let cells: Vec<Option<Summary>> =
        pool(options.threads).install(|| (0..seeds * variants).into_par_iter().map(cell).collect());

    let mut rows: Vec<Vec<Row>> = vec![Vec::with_capacity(seeds); variants];
    let mut cells = cells.into_iter();
    for position in 0..seeds {
        let summaries: Vec<Option<Summary>> = cells.by_ref().take(variants).collect();
        let Some(summaries) = summaries.into_iter().collect::<Option<Vec<Summary>>>() else { continue };
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use seatrial_sim::measure::attribution::Parts;

    use super::*;

    fn scenario() -> Scenario {
        let text = "question = \"?\"\n[run]\nseeds = 20\nseed = 5\n[[host_group]]\nname = \"g\"\nhosts = 1\ncpu = 1\n\
                    memory = \"1MiB\"\n[[service]]\nname = \"s\"\ndesired = 1\nmemory = \"1MiB\"\n[[deploy]]\n\
                    service = \"s\"\n[[variant]]\nname = \"one\"\n[[variant]]\nname = \"two\"\n\
                    set = { \"host_group.g.hosts\" = 2 }\n";
        Scenario::parse("runner", text, Path::new("")).unwrap()
    }

    /// Tells by its result which model and seed it was given.
    fn told(model: &Model, seed: u64) -> Summary {
        Summary {
            deploy_s: Some(seed as f64),
            blocked: Vec::new(),
            lowest_healthy_percent: 0.0,
            extra_replica_s: 0.0,
            short_replica_s: 0.0,
            peak_tasks: model.host_groups[0].hosts,
            spare_usd_per_month: 0.0,
            usd_per_deploy: 0.0,
            bill_usd: 0.0,
            usd_per_month: 0.0,
            parts_usd: Parts::default(),
            deploys: 0,
            users: None,
            below_floor_s: 0.0,
            scaling_actions: 0,
            scaling_reversals: 0,
        }
    }

    #[test]
    fn every_variant_has_the_same_seeds_in_order_whatever_the_threads() {
        let scenario = scenario();
        for threads in [1, 2, 8] {
            let options = RunOptions { threads: Some(threads), ..RunOptions::default() };
            let heard = AtomicU64::new(0);
            let progress = |done, total| {
                assert!((1..=total).contains(&done) && total == 40);
                heard.fetch_add(1, Ordering::Relaxed);
            };
            let results = run_with(&scenario, &options, &progress, &AtomicBool::new(false), &told);
            assert_eq!(heard.into_inner(), 40);
            for (position, variant) in scenario.variants.iter().enumerate() {
                let rows = (5..25).map(|seed| Row { seed, summary: told(&variant.model, seed) }).collect();
                assert_eq!(results.variants[position], VariantResults { name: variant.name.clone(), rows });
            }
        }
    }

    #[test]
    fn a_run_plays_the_model() {
        let options = RunOptions { seeds: Some(3), ..RunOptions::default() };
        let results = run(&scenario(), &options, &|_, _| (), &AtomicBool::new(false));
        let ended =
            |variant: usize| results.variants[variant].rows.iter().filter(|row| row.summary.deploy_s.is_some()).count();
        assert_eq!((ended(0), ended(1)), (0, 3), "one host has no room for a second task, two have");
    }

    #[test]
    fn options_override_the_seeds_of_the_scenario() {
        let options = RunOptions { seeds: Some(2), first_seed: Some(100), threads: Some(1) };
        let results = run_with(&scenario(), &options, &|_, _| (), &AtomicBool::new(false), &told);
        let seeds: Vec<u64> = results.variants[1].rows.iter().map(|row| row.seed).collect();
        assert_eq!(seeds, [100, 101]);
    }

    #[test]
    fn a_cancelled_run_keeps_the_seeds_that_every_variant_completed() {
        let cancelled = AtomicBool::new(false);
        let stop_after_seven = |done, _| cancelled.store(done >= 7, Ordering::Relaxed);
        let options = RunOptions { threads: Some(1), ..RunOptions::default() };
        let results = run_with(&scenario(), &options, &stop_after_seven, &cancelled, &told);
        let seeds = |variant: usize| results.variants[variant].rows.iter().map(|row| row.seed).collect::<Vec<_>>();
        assert_eq!((seeds(0), seeds(1)), (vec![5, 6, 7], vec![5, 6, 7]));
    }
}
