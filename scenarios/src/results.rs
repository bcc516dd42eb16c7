//! What running a scenario gives: one row for each variant and seed.

use seatrial_sim::measure::summary::Summary;

/// The answer to one scenario's question, before statistics.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    /// The scenario file's name as the user gave it.
    pub scenario: String,
    /// The question, from the file.
    pub question: String,
    /// One line about the system: orchestrator, services, hosts.
    pub system: String,
    /// How long each run was simulated at most, in seconds.
    pub horizon_s: f64,
    /// One entry a variant, in the order of the file. The first is what the others are compared with.
    pub variants: Vec<VariantResults>,
}

/// The rows of one variant.
#[derive(Clone, Debug, PartialEq)]
pub struct VariantResults {
    /// The variant's name; unique in its file.
    pub name: String,
    /// One row a seed; the seeds are the same, in the same order, for every variant.
    pub rows: Vec<Row>,
}

/// One run.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The seed.
    pub seed: u64,
    /// What the run amounts to.
    pub summary: Summary,
}

impl Results {
    /// Adds the rows of further seeds of the same scenario.
    pub fn append(&mut self, more: Self) {
        for (variant, more) in self.variants.iter_mut().zip(more.variants) {
            debug_assert_eq!(variant.name, more.name, "the same variants in the same order");
            variant.rows.extend(more.rows);
        }
    }
}
