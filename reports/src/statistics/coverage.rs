//! Random samples for tests of how often intervals cover what they are of.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

/// Numbers that are the same in every run of the tests.
pub(crate) struct Random(Xoshiro256PlusPlus);

impl Random {
    /// Other numbers for each seed.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// Uniform from 0 to 1.
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0.random()
    }

    /// Exponential with mean 1: its quantile for a share p is -ln(1 - p).
    pub(crate) fn exponential(&mut self) -> f64 {
        -(1.0 - self.uniform()).ln()
    }
}

/// The share of 1,000 samples whose interval covers the truth, as `covers` says of each; one without an interval does not.
pub(crate) fn covered(covers: impl Fn(&mut Random) -> Option<bool>) -> f64 {
    const SAMPLES: u64 = 1_000;
    let count = (0..SAMPLES).filter(|&seed| covers(&mut Random::seeded(seed)) == Some(true));
    count.count() as f64 / SAMPLES as f64
}
