//! One scenario: further seeds until every demand is decided, and what changed.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use seatrial_reports::check::baseline::{Entry, digest};
use seatrial_reports::check::change::Change;
use seatrial_reports::check::kept::{FEW, Few, Kept};
use seatrial_reports::check::verdict::{Case, FALSE_ALARMS, Look, Side, Sides, Verdict};
use seatrial_reports::check::{Against, Checked};
use seatrial_scenarios::results::Results;
use seatrial_scenarios::{ProgramFailure, Scenario, pool};

use super::play::{Batch, entry_of, play};
use super::store::Store;
use crate::cli;
use crate::run::Failure;

/// The check of one scenario.
pub struct Checking<'a> {
    scenario: &'a Scenario,
    arguments: &'a cli::Check,
    store: Option<&'a Store>,
    entry: Option<&'a Entry>,
    interrupted: &'a AtomicBool,
    first_seed: u64,
}

impl<'a> Checking<'a> {
    /// The check against what a baseline says of the scenario, if there is one.
    pub fn new(
        scenario: &'a Scenario,
        arguments: &'a cli::Check,
        store: Option<&'a Store>,
        interrupted: &'a AtomicBool,
    ) -> Self {
        let entry = store.and_then(|store| store.entry(scenario));
        let first_seed = arguments.seed.or(entry.map(|entry| entry.first_seed)).unwrap_or(scenario.first_seed);
        Self { scenario, arguments, store, entry, interrupted, first_seed }
    }

    /// Plays further seeds until every demand is decided; nothing where the user interrupts.
    pub fn decide(&self) -> Result<Option<Checked>, Failure> {
        let looks = looks(self.most_seeds());
        let mut results: Option<Results> = None;
        let mut played = 0;
        for (position, &(seeds, share)) in looks.iter().enumerate() {
            let batch = Batch { first_seed: self.first_seed, before: played, seeds: seeds - played };
            let more = play(self.scenario, batch, self.arguments, self.interrupted)?;
            if self.interrupted.load(Ordering::Relaxed) {
                return Ok(None);
            }
            played = seeds;
            match &mut results {
                Some(results) => results.append(more),
                None => results = Some(more),
            }
            let results = results.as_ref().expect("a batch was played");
            let is_last = position + 1 == looks.len();
            let cases = self.cases(results, share, is_last)?;
            if is_last || cases.iter().all(|case| case.verdict != Verdict::Undecided) {
                return Ok(Some(self.told(results, cases)?));
            }
        }
        unreachable!("the last look is the last")
    }

    /// How many seeds are played at most.
    fn most_seeds(&self) -> u32 {
        let usual = self.entry.map_or(self.scenario.seeds, |entry| entry.seeds);
        // Where only changes are asked for, few seeds tell.
        let usual = if self.scenario.criteria.is_empty() { usual.min(FEW) } else { usual };
        let asked = self.arguments.seeds.unwrap_or(usual);
        // Seeds that the baseline does not have compare with nothing.
        let all_relative = self.scenario.criteria.iter().all(|criterion| criterion.demand.is_relative());
        match self.entry {
            Some(entry) if all_relative && entry.first_seed == self.first_seed => asked.min(entry.seeds),
            _ => asked,
        }
    }

    /// The verdicts on so many seeds, which may spend a share of what false alarms are allowed.
    fn cases(&self, results: &Results, share: f64, is_last: bool) -> Result<Vec<Case>, Failure> {
        let kept: Vec<Kept> =
            results.variants.iter().map(|variant| Kept::new(String::new(), &variant.rows, Few::default())).collect();
        let of = |name: &str| self.scenario.variants.iter().position(|variant| variant.name == name);
        let mut asked = vec![];
        for criterion in &self.scenario.criteria {
            let variants = criterion.variants.iter().filter_map(|name| Some((name, &kept[of(name)?])));
            let having: Vec<_> = variants.filter(|(_, kept)| kept.numbers(&criterion.measure).is_some()).collect();
            if having.is_empty() {
                let (name, line, measure) = (&self.scenario.name, criterion.line, criterion.measure.name);
                let help =
                    "failed requests need a service with a load; durations and prices of deploys need a [[deploy]]";
                return Err(format!("error: {name}:{line}: no variant has {measure}\n  = help: {help}").into());
            }
            asked.extend(having.into_iter().map(|(name, kept)| (criterion, name, kept)));
        }
        let look = Look { beyond: FALSE_ALARMS / asked.len() as f64 * share, is_last, horizon_s: results.horizon_s };
        let decided = |&(criterion, name, kept): &(_, &String, _)| {
            let baseline = self.entry.and_then(|entry| Some((entry.variants.get(name)?, entry.first_seed)));
            let baseline = baseline.map(|(kept, first_seed)| Side { kept, first_seed });
            Case::decide(criterion, name, Sides { this: Side { kept, first_seed: self.first_seed }, baseline }, look)
        };
        let threads = self.arguments.threads.map(|threads| threads as usize);
        Ok(pool(threads).install(|| asked.par_iter().filter_map(decided).collect()))
    }

    /// What came of it, and what changed.
    fn told(&self, results: &Results, mut cases: Vec<Case>) -> Result<Checked, ProgramFailure> {
        for case in cases.iter_mut().filter(|case| case.verdict == Verdict::Fail && case.is_of_deploys()) {
            let rows = results.variants.iter().filter(|variant| variant.name == case.variant).flat_map(|v| &v.rows);
            case.remark = case.remark.take().or(rows.flat_map(|row| &row.summary.blocked).next().cloned());
        }
        let against = |(store, entry): (&Store, &Entry)| {
            let same_seeds = entry.first_seed == self.first_seed;
            Ok(Against {
                name: store.name.clone(),
                version: entry.version.clone(),
                same_file: entry.scenario == digest(&self.scenario.text),
                same_seeds,
                changes: if same_seeds { self.changes(results, entry)? } else { vec![] },
                gone: entry
                    .variants
                    .keys()
                    .filter(|name| !self.scenario.variants.iter().any(|variant| variant.name == **name))
                    .cloned()
                    .collect(),
            })
        };
        let against = self.store.zip(self.entry).map(against).transpose()?;
        Ok(Checked {
            file: self.scenario.name.clone(),
            question: self.scenario.question.clone(),
            seeds: results.variants[0].rows.len(),
            variants: results.variants.len(),
            cases,
            against,
        })
    }

    fn changes(&self, results: &Results, entry: &Entry) -> Result<Vec<Change>, ProgramFailure> {
        let this = entry_of(self.scenario, results, self.first_seed, self.arguments.threads)?;
        let changes = self.scenario.variants.iter().filter_map(|variant| {
            let name = &variant.name;
            Change::between(name, this.variants.get(name)?, entry.variants.get(name)?, self.first_seed)
        });
        Ok(changes.collect())
    }
}

/// When to look, and which share of the false alarms each look may spend: at half of the seeds, where these may tell of a p95,
/// and at all of them.
fn looks(most: u32) -> Vec<(u32, f64)> {
    const WORTH_A_LOOK: u32 = 59;
    if most / 2 < WORTH_A_LOOK { vec![(most, 1.0)] } else { vec![(most / 2, 0.25), (most, 0.75)] }
}
