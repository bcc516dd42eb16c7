//! Running a scenario: every variant with the same seeds, on all threads, the same rows whatever their number.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use seatrial_sim::Outcome;
use seatrial_sim::measure::summary::{Summary, SummaryObserver};

use crate::program::ProgramFailure;
use crate::results::{Results, Row, VariantResults};
use crate::{Scenario, Variant};

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
/// # Errors
/// When a program that decides where tasks go fails; there are no results then.
///
/// # Panics
/// When the system gives no threads.
pub fn run(
    scenario: &Scenario,
    options: &RunOptions,
    progress: &(dyn Fn(u64, u64) + Sync),
    cancelled: &AtomicBool,
) -> Result<Results, ProgramFailure> {
    run_with(scenario, options, progress, cancelled, &play)
}

/// One variant with one seed.
pub(crate) fn play(variant: &Variant, seed: u64) -> Result<Summary, ProgramFailure> {
    let mut observer = SummaryObserver::new(&variant.model);
    let outcome = seatrial_sim::run(&variant.model, seed, &mut observer);
    whole(variant, &outcome).map(|()| observer.finish(&outcome))
}

/// Whether nothing ended a run before its end.
///
/// # Panics
/// When somebody else than a program was asked for hosts, and gave none.
pub(crate) fn whole(variant: &Variant, outcome: &Outcome) -> Result<(), ProgramFailure> {
    let Some(failure) = &outcome.failure else { return Ok(()) };
    match failure.error().downcast_ref::<ProgramFailure>() {
        Some(failure) => Err(failure.clone().of_variant(&variant.name)),
        None => panic!("{failure}"),
    }
}

/// Threads for the runs of a scenario: so many, or one a core; more where programs take several decisions at once.
pub(crate) fn crew(scenario: &Scenario, threads: Option<usize>) -> ThreadPool {
    let threads = threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, NonZero::get));
    pool(Some(scenario.programs().make_ready(threads)))
}

/// The failure that ends all runs: the first one, but no run that another one ended.
#[derive(Default)]
pub(crate) struct FirstFailure {
    is_there: AtomicBool,
    failure: Mutex<Option<ProgramFailure>>,
}

impl FirstFailure {
    /// Whether there is one.
    pub fn is_there(&self) -> bool {
        self.is_there.load(Ordering::Relaxed)
    }

    /// Notes one.
    pub fn note(&self, failure: ProgramFailure) {
        self.is_there.store(true, Ordering::Relaxed);
        let mut first = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if first.as_ref().is_none_or(ProgramFailure::is_of_another_run) {
            *first = Some(failure);
        }
    }

    /// What came of it.
    pub fn or<T>(self, value: T) -> Result<T, ProgramFailure> {
        self.failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(value), Err)
    }
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
    play: &(dyn Fn(&Variant, u64) -> Result<Summary, ProgramFailure> + Sync),
) -> Result<Results, ProgramFailure> {
    let seeds = options.seeds.unwrap_or(scenario.seeds) as usize;
    let first_seed = options.first_seed.unwrap_or(scenario.first_seed);
    let variants = scenario.variants.len();
    let seed_of = |position: usize| first_seed.wrapping_add(position as u64);
    let total = (seeds * variants) as u64;
    let done = AtomicU64::new(0);
    let failure = FirstFailure::default();

    // Neighbours are the variants of one seed, so that a cancelled run has few seeds that only some variants completed.
    let cell = |position: usize| {
        if cancelled.load(Ordering::Relaxed) || failure.is_there() {
            return None;
        }
        let played = play(&scenario.variants[position % variants], seed_of(position / variants));
        let summary = played.map_err(|error| failure.note(error)).ok()?;
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
        Some(summary)
    };
    let cells: Vec<Option<Summary>> =
        crew(scenario, options.threads).install(|| (0..seeds * variants).into_par_iter().map(cell).collect());
    failure.or(())?;

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
    Ok(Results {
        scenario: scenario.name.clone(),
        question: scenario.question.clone(),
        system: scenario.system.clone(),
        horizon_s,
        variants: named.collect(),
    })
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
    #[expect(clippy::unnecessary_wraps, reason = "a run is played so")]
    fn told(variant: &Variant, seed: u64) -> Result<Summary, ProgramFailure> {
        Ok(Summary {
            deploy_s: Some(seed as f64),
            blocked: Vec::new(),
            lowest_healthy_percent: 0.0,
            extra_replica_s: 0.0,
            short_replica_s: 0.0,
            peak_tasks: variant.model.host_groups[0].hosts,
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
        })
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
            let results = run_with(&scenario, &options, &progress, &AtomicBool::new(false), &told).unwrap();
            assert_eq!(heard.into_inner(), 40);
            for (position, variant) in scenario.variants.iter().enumerate() {
                let rows = (5..25).map(|seed| Row { seed, summary: told(variant, seed).unwrap() }).collect();
                assert_eq!(results.variants[position], VariantResults { name: variant.name.clone(), rows });
            }
        }
    }

    #[test]
    fn a_run_plays_the_model() {
        let options = RunOptions { seeds: Some(3), ..RunOptions::default() };
        let results = run(&scenario(), &options, &|_, _| (), &AtomicBool::new(false)).unwrap();
        let ended =
            |variant: usize| results.variants[variant].rows.iter().filter(|row| row.summary.deploy_s.is_some()).count();
        assert_eq!((ended(0), ended(1)), (0, 3), "one host has no room for a second task, two have");
    }

    #[test]
    fn options_override_the_seeds_of_the_scenario() {
        let options = RunOptions { seeds: Some(2), first_seed: Some(100), threads: Some(1) };
        let results = run_with(&scenario(), &options, &|_, _| (), &AtomicBool::new(false), &told).unwrap();
        let seeds: Vec<u64> = results.variants[1].rows.iter().map(|row| row.seed).collect();
        assert_eq!(seeds, [100, 101]);
    }

    #[test]
    fn a_cancelled_run_keeps_the_seeds_that_every_variant_completed() {
        let cancelled = AtomicBool::new(false);
        let stop_after_seven = |done, _| cancelled.store(done >= 7, Ordering::Relaxed);
        let options = RunOptions { threads: Some(1), ..RunOptions::default() };
        let results = run_with(&scenario(), &options, &stop_after_seven, &cancelled, &told).unwrap();
        let seeds = |variant: usize| results.variants[variant].rows.iter().map(|row| row.seed).collect::<Vec<_>>();
        assert_eq!((seeds(0), seeds(1)), (vec![5, 6, 7], vec![5, 6, 7]));
    }
}
