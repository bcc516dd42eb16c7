//! What a baseline keeps of one variant: the numbers of each seed, and what happened with the first few.

use std::collections::BTreeMap;

use seatrial_scenarios::hexadecimal;
use seatrial_scenarios::measures::{Column, Measure};
use seatrial_scenarios::results::Row;
use seatrial_sim::measure::critical_path::{CriticalPath, Kind};
use seatrial_sim::measure::trace::Trace;
use seatrial_sim::model::Model;
use sha2::{Digest, Sha256};

use crate::facts::happenings;
use crate::rounding::to_micros;

/// How many seeds' facts are compared: enough to see a change of behaviour, few enough to cost nothing.
pub const FEW: u32 = 3;

/// What is kept of one variant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    /// What its model is (`Variant::digest`).
    pub model: String,
    /// By the name of the column, the number of each seed: absent where its run did not finish. A column that the runs do not
    /// have is not there.
    pub columns: BTreeMap<String, Vec<Option<f64>>>,
    /// What happened with the first few seeds.
    pub few: Few,
}

/// What happened in the runs of the first few seeds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Few {
    /// Of each seed, the digest of all that happened.
    pub digests: Vec<String>,
    /// What happened with the first seed, a line a fact, up to [`Few::MOST`] of them.
    pub happenings: Vec<String>,
    /// By the name of the kind, how long the longest deploy waited for it; seconds, the mean over the few seeds. Empty where one
    /// of them did not finish.
    pub waits_s: BTreeMap<String, f64>,
}

impl Kept {
    /// What is kept of these rows and this digest of the model, and of the first few seeds.
    pub fn new(model: String, rows: &[Row], few: Few) -> Self {
        let columns = Column::ALL.into_iter().filter_map(|column| {
            let numbers = column.numbers(rows)?.into_iter().map(|number| number.map(to_micros)).collect();
            Some((column.name.to_string(), numbers))
        });
        Self { model, columns: columns.collect(), few }
    }

    /// The numbers of a measure, one a seed, absent where its run did not finish.
    pub fn numbers(&self, measure: &Measure) -> Option<&[Option<f64>]> {
        self.columns.get(measure.column.name).map(Vec::as_slice)
    }
}

impl Few {
    /// More facts than this are not kept, and the runs are known to part behind them only.
    pub const MOST: usize = 200;

    /// What these runs told, the path of the longest deploy of each where it ended.
    pub fn of(model: &Model, runs: &[(Trace, Option<CriticalPath>)]) -> Self {
        let mut few = Self::default();
        for (trace, _) in runs {
            let mut lines = happenings(model, trace);
            few.digests.push(digest(&lines));
            if few.digests.len() == 1 {
                lines.truncate(Self::MOST);
                few.happenings = lines;
            }
        }
        let paths: Option<Vec<_>> = runs.iter().map(|(_, path)| path.as_ref().map(CriticalPath::by_kind)).collect();
        for by_kind in paths.iter().flatten() {
            for (kind, span) in Kind::ALL.into_iter().zip(by_kind).filter(|(_, span)| !span.is_zero()) {
                *few.waits_s.entry(kind.name().into()).or_default() += span.as_secs_f64() / runs.len() as f64;
            }
        }
        few.waits_s.values_mut().for_each(|seconds| *seconds = to_micros(*seconds));
        few
    }
}

fn digest(lines: &[String]) -> String {
    let mut hasher = Sha256::new();
    for line in lines {
        hasher.update(line);
        hasher.update("\n");
    }
    hexadecimal(&hasher.finalize()[..8])
}
