//! Why a deploy takes as long as it does, and what would change it.

pub mod json;
pub mod text;
pub mod tornado;
pub mod trace_events;

use std::collections::BTreeMap;

use seatrial_scenarios::explain::Took;
use seatrial_sim::engine::fact::{Fact, ServiceId};
use seatrial_sim::engine::time::Time;
use seatrial_sim::measure::critical_path::{CriticalPath, Kind, Leg};
use seatrial_sim::measure::trace::Trace;
use seatrial_sim::model::Model;

use tornado::Tornado;

/// What the deploys of one variant wait for.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The scenario file's name as the user gave it.
    pub scenario: String,
    /// The question, from the file.
    pub question: String,
    /// The variant.
    pub variant: String,
    /// How long each run was simulated at most, in seconds.
    pub horizon_s: f64,
    /// How many seeds it was run with, and in how many of them the deploys ended.
    pub seeds: usize,
    /// See `seeds`.
    pub finished: usize,
    /// The mean of what each kind was waited for, over the seeds that ended, by [`Kind::ALL`]; seconds. They add up to the mean
    /// duration.
    pub mean_s: [f64; Kind::ALL.len()],
    /// One run in depth; its path is absent where its deploy did not end.
    pub run: Run,
    /// What unfinished deploys wait for, in words.
    pub blocked: Vec<String>,
    /// What would change it.
    pub tornado: Tornado,
}

/// One run in depth.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its seed.
    pub seed: u64,
    /// Why this one.
    pub chosen: Chosen,
    /// Of which service that deploy is.
    pub service: String,
    /// The critical path of its longest deploy.
    pub path: Option<CriticalPath>,
    /// By leg of the path, the word of the fact that ended the wait.
    pub until: Vec<&'static str>,
    /// When a task found no host, in the order of time.
    pub without_room: Vec<WithoutRoom>,
    /// The hosts' names, by id.
    pub hosts: Vec<String>,
}

/// Why a run is the one that is explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// Half of the runs were as long or shorter.
    Median,
    /// The user asked for it.
    Asked,
    /// None ended, and it is the first.
    First,
}

/// A while in which tasks found no host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithoutRoom {
    /// Of which service.
    pub service: String,
    /// From when.
    pub from: Time,
    /// Until a task of the service found one; absent where none did.
    pub until: Option<Time>,
    /// What was missing on how many hosts.
    pub shortage: String,
}

/// What one kind of waiting amounts to in a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wait {
    /// What was waited for.
    pub kind: Kind,
    /// How long; seconds.
    pub seconds: f64,
    /// In how many parts, and the shortest and the longest of them; seconds.
    pub parts: usize,
    /// See `parts`.
    pub shortest_s: f64,
    /// See `parts`.
    pub longest_s: f64,
    /// Its mean over the seeds; seconds.
    pub mean_s: f64,
}

impl Explanation {
    /// The kinds of waiting that there are, in the run or in any, in the order of a deploy's life.
    pub fn waits(&self) -> Vec<Wait> {
        let legs = self.run.path.as_ref().map(|path| path.legs.as_slice()).unwrap_or_default();
        let waits = Kind::ALL.into_iter().zip(self.mean_s).map(|(kind, mean_s)| {
            let spans = legs.iter().filter(|leg| leg.kind == kind).map(|leg| leg.span().as_secs_f64());
            let spans: Vec<f64> = spans.collect();
            let shortest_s = spans.iter().copied().fold(f64::INFINITY, f64::min);
            let longest_s = spans.iter().copied().fold(0.0, f64::max);
            // Whole milliseconds add up exactly.
            let of_kind = legs.iter().filter(|leg| leg.kind == kind);
            let ms: u64 = of_kind.map(|leg: &Leg| leg.span().as_millis()).sum();
            Wait { kind, seconds: ms as f64 / 1e3, parts: spans.len(), shortest_s, longest_s, mean_s }
        });
        waits.filter(|wait| wait.parts > 0 || wait.mean_s > 0.0).collect()
    }
}

/// The mean of each kind over the runs that ended; seconds.
pub fn mean_by_kind(took: &[(u64, Option<Took>)]) -> [f64; Kind::ALL.len()] {
    let ended: Vec<&Took> = took.iter().filter_map(|(_, took)| took.as_ref()).collect();
    let mean = |kind: usize| {
        let ms: u64 = ended.iter().map(|took| took.by_kind[kind].as_millis()).sum();
        ms as f64 / 1e3 / ended.len().max(1) as f64
    };
    std::array::from_fn(mean)
}

/// The seed of the run that half of all do not exceed, or, where that one did not end, half of those that ended; absent where none
/// did.
pub fn median_seed(took: &[(u64, Option<Took>)]) -> Option<u64> {
    let duration = |took: &Took| took.by_kind.iter().map(|span| span.as_millis()).sum::<u64>();
    let mut ended: Vec<(u64, u64)> =
        took.iter().filter_map(|(seed, took)| Some((duration(took.as_ref()?), *seed))).collect();
    ended.sort_unstable();
    let middle = |runs: usize| ended.get(runs.div_ceil(2).checked_sub(1)?);
    middle(took.len()).or_else(|| middle(ended.len())).map(|(_, seed)| *seed)
}

/// When tasks found no host, and until when; where there is a path, while it lasts.
pub fn without_room(model: &Model, trace: &Trace, path: Option<&CriticalPath>) -> Vec<WithoutRoom> {
    use seatrial_sim::cluster::TaskState::Provisioning;
    let mut open: BTreeMap<ServiceId, usize> = BTreeMap::new();
    let mut found: Vec<WithoutRoom> = vec![];
    for record in &trace.records {
        match record.fact {
            Fact::PlacementBlocked { service, shortage } => {
                open.insert(service, found.len());
                let name = model.services[service.index()].name.clone();
                found.push(WithoutRoom { service: name, from: record.at, until: None, shortage: shortage.to_string() });
            }
            Fact::TaskMoved { service, to: Provisioning, .. } => {
                if let Some(position) = open.remove(&service) {
                    found[position].until = Some(record.at);
                }
            }
            _ => {}
        }
    }
    // The same again at once is the same.
    found.dedup_by(|next, before| {
        let goes_on =
            next.service == before.service && next.shortage == before.shortage && before.until == Some(next.from);
        if goes_on {
            before.until = next.until;
        }
        goes_on
    });
    if let Some(path) = path {
        found.retain(|blocked| {
            blocked.from < path.completed && blocked.until.is_none_or(|until| until > path.requested)
        });
    }
    found
}
