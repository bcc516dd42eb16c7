//! Why a variant's deploys take as long as they do: their critical paths over many seeds, and what else could be set.

mod knobs;
mod strategy;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rayon::prelude::*;
use seatrial_sim::engine::fact::{DeployId, Fact};
use seatrial_sim::engine::time::Duration;
use seatrial_sim::measure::critical_path::{CriticalPath, Kind};
use seatrial_sim::measure::trace::Trace;
use seatrial_sim::model::Model;

pub use knobs::Knob;

use knobs::knobs;

use crate::runner::{FirstFailure, crew, whole};
use crate::{ProgramFailure, RunOptions, Scenario, Variant};

/// How long the longest deploy of one run took, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Took {
    /// Which deploy.
    pub deploy: DeployId,
    /// How long each kind was waited for, by [`Kind::ALL`]; the sum is the deploy's duration.
    pub by_kind: [Duration; Kind::ALL.len()],
}

/// For each seed, what the longest deploy of a variant's run waited for; absent where one of its deploys did not end. `progress`
/// hears how many runs are done. When `cancelled` becomes true only the seeds of the runs that are done are there.
///
/// # Errors
/// When a program that decides where tasks go fails.
pub fn paths(
    variant: &Variant,
    scenario: &Scenario,
    options: &RunOptions,
    progress: &(dyn Fn(u64) + Sync),
    cancelled: &AtomicBool,
) -> Result<Vec<(u64, Option<Took>)>, ProgramFailure> {
    let first = options.first_seed.unwrap_or(scenario.first_seed);
    let seeds = options.seeds.unwrap_or(scenario.seeds);
    let done = AtomicU64::new(0);
    let failure = FirstFailure::default();
    let one = |position: u32| {
        if cancelled.load(Ordering::Relaxed) || failure.is_there() {
            return None;
        }
        let seed = first.wrapping_add(position.into());
        let facts = trace(variant, seed).map_err(|error| failure.note(error)).ok()?;
        let took = longest(&variant.model, &facts);
        let took = took.map(|path| Took { deploy: path.deploy, by_kind: path.by_kind() });
        progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        Some((seed, took))
    };
    let paths = crew(scenario, options.threads).install(|| (0..seeds).into_par_iter().filter_map(one).collect());
    failure.or(paths)
}

/// Every fact of one run.
///
/// # Errors
/// When a program that decides where tasks go fails.
pub fn trace(variant: &Variant, seed: u64) -> Result<Trace, ProgramFailure> {
    let mut trace = Trace::default();
    let outcome = seatrial_sim::run(&variant.model, seed, &mut trace);
    whole(variant, &outcome).map(|()| trace)
}

/// The critical path of the run's longest deploy; absent where one did not end. Superseded ones do not count.
pub fn longest(model: &Model, trace: &Trace) -> Option<CriticalPath> {
    let is_superseded = |id: &DeployId| {
        let mut facts = trace.records.iter().map(|record| record.fact);
        facts.any(|fact| matches!(fact, Fact::DeploySuperseded { deploy, .. } if deploy == *id))
    };
    let counts = (0..model.deploys.len() as u32).map(DeployId).filter(|deploy| !is_superseded(deploy));
    let paths: Option<Vec<CriticalPath>> = counts.map(|deploy| CriticalPath::of(trace, deploy)).collect();
    // Of deploys that took as long the first one.
    paths?.into_iter().rev().max_by_key(CriticalPath::duration)
}

impl Scenario {
    /// The scenario that asks of one variant what each of its knobs would change: the variant as it is, and then one for each
    /// knob that makes a difference to the model, named by what it changes.
    pub fn what_if(&self, variant: &Variant) -> (Self, Vec<Knob>) {
        let mut variants = vec![variant.clone()];
        let mut turned: Vec<Knob> = vec![];
        for knob in knobs(&variant.model, &strategy::strategies(self, variant)) {
            // What the system or the format has no such value for is no advice.
            let Ok(changed) = self.vary(&variant.name, &knob.settings) else { continue };
            if changed.model != variant.model && turned.iter().all(|before| before.change != knob.change) {
                variants.push(Variant { name: knob.change.clone(), ..changed });
                turned.push(knob);
            }
        }
        (Self { variants, ..self.clone() }, turned)
    }
}
