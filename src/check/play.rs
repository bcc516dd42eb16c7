//! Playing scenarios, and what a baseline keeps of that.

use std::sync::atomic::AtomicBool;

use rayon::prelude::*;
use seatrial_reports::check::baseline::{Entry, digest};
use seatrial_reports::check::kept::{FEW, Few, Kept};
use seatrial_scenarios::explain::{longest, trace};
use seatrial_scenarios::results::{Results, VariantResults};
use seatrial_scenarios::{ProgramFailure, RunOptions, Scenario, Variant, pool};

use crate::cli;
use crate::run::progress_bar;

/// Seeds to play, behind those that were played before.
pub struct Batch {
    /// The first one of all.
    pub first_seed: u64,
    /// How many were played before.
    pub before: u32,
    /// How many to play.
    pub seeds: u32,
}

/// Every variant with these seeds.
pub fn play(
    scenario: &Scenario,
    Batch { first_seed, before, seeds }: Batch,
    arguments: &cli::Check,
    interrupted: &AtomicBool,
) -> Result<Results, ProgramFailure> {
    let options = RunOptions {
        seeds: Some(seeds),
        first_seed: Some(first_seed.wrapping_add(before.into())),
        threads: arguments.threads.map(|threads| threads as usize),
    };
    let [done, runs] = [before, before + seeds].map(|n| u64::from(n) * scenario.variants.len() as u64);
    let bar = progress_bar(arguments.quiet, runs, &scenario.name);
    let results = seatrial_scenarios::run(scenario, &options, &|more, _| bar.set_position(done + more), interrupted);
    bar.finish_and_clear();
    results
}

/// What a baseline keeps of a scenario's results.
pub fn entry_of(
    scenario: &Scenario,
    results: &Results,
    first_seed: u64,
    threads: Option<u32>,
) -> Result<Entry, ProgramFailure> {
    let seeds = results.variants[0].rows.len() as u32;
    let few = |variant: &Variant| -> Result<Few, ProgramFailure> {
        let run = |seed| {
            let trace = trace(variant, seed)?;
            let path = longest(&variant.model, &trace);
            Ok((trace, path))
        };
        let seeds = (0..FEW.min(seeds)).map(|position| first_seed.wrapping_add(position.into()));
        let runs: Vec<_> = seeds.map(run).collect::<Result<_, ProgramFailure>>()?;
        Ok(Few::of(&variant.model, &runs))
    };
    let kept = |(variant, results): (&Variant, &VariantResults)| -> Result<_, ProgramFailure> {
        Ok((variant.name.clone(), Kept::new(variant.digest(), &results.rows, few(variant)?)))
    };
    let both = scenario.variants.par_iter().zip(&results.variants);
    let variants: Result<_, ProgramFailure> =
        pool(threads.map(|threads| threads as usize)).install(|| both.map(kept).collect());
    Ok(Entry {
        version: env!("CARGO_PKG_VERSION").into(),
        scenario: digest(&scenario.text),
        first_seed,
        seeds,
        variants: variants?,
    })
}
