//! Bounds at any level of confidence, and how much one sample exceeds another: what a check decides by.
//!
//! Each bound is one-sided: the truth is beyond it with the chance `beyond`. Infinite ends are not known.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use statrs::distribution::{Beta, Binomial, ContinuousCDF, DiscreteCDF};

use super::means::{Interval, mean_bounds, unpaired_bounds};
use super::paired::{Ordered, Spread};
use super::quantiles::rank;

/// Nothing is known.
pub(crate) const UNKNOWN: Interval = Interval { low: f64::NEG_INFINITY, high: f64::INFINITY };

/// What two samples have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pairing {
    /// One value a seed, the same seeds in the same order.
    SameSeeds,
    /// Nothing.
    Unrelated,
}

/// Bounds of a mean, by Student's t.
pub(crate) fn of_mean(values: &[f64], beyond: f64) -> Interval {
    mean_bounds(values, beyond).unwrap_or(UNKNOWN)
}

/// Bounds of a quantile, whatever the distribution is, from the values in order, unfinished runs behind them.
///
/// Of n values a binomial number (n, `percent` %) lies below the quantile. So the l-th smallest is above it with the chance of
/// fewer than l, and the u-th below it with the chance of u or more.
pub(crate) fn of_quantile(finished: &[f64], runs: usize, percent: u32, beyond: f64) -> Interval {
    let Ok(below) = Binomial::new(f64::from(percent) / 100.0, runs as u64) else { return UNKNOWN };
    // The chance of `count` or fewer rises with it.
    let at_most = |count: usize| below.cdf(count as u64);
    let counts: Vec<usize> = (0..runs).collect();
    let low = counts.partition_point(|&count| at_most(count) <= beyond);
    let high = counts.partition_point(|&count| 1.0 - at_most(count) > beyond) + 1;
    let ranked = |rank: usize| match rank.checked_sub(1) {
        None => f64::NEG_INFINITY,
        Some(position) => finished.get(position).copied().unwrap_or(f64::INFINITY),
    };
    Interval { low: ranked(low), high: ranked(high) }
}

/// Bounds of the share that `count` of `all` are a sample of (Clopper and Pearson); 0 to 1.
pub(crate) fn of_share(count: usize, all: usize, beyond: f64) -> Interval {
    let (some, others) = (count as f64, (all - count) as f64);
    let quantile = |a, b, share| Beta::new(a, b).map(|beta| beta.inverse_cdf(share)).ok();
    let low = if count == 0 { Some(0.0) } else { quantile(some, others + 1.0, beyond) };
    let high = if count == all { Some(1.0) } else { quantile(some + 1.0, others, 1.0 - beyond) };
    Interval { low: low.unwrap_or(0.0), high: high.unwrap_or(1.0) }
}

/// Bounds of how much the mean of `this` exceeds that of `other`, by Student's t on the pairs, or Welch's.
pub(crate) fn of_mean_excess(this: &[f64], other: &[f64], pairing: Pairing, beyond: f64) -> Interval {
    match pairing {
        Pairing::SameSeeds => {
            let differences: Vec<f64> = this.iter().zip(other).map(|(this, other)| this - other).collect();
            of_mean(&differences, beyond)
        }
        Pairing::Unrelated => unpaired_bounds(this, other, beyond).unwrap_or(UNKNOWN),
    }
}

/// Bounds of how much the `percent` % quantile of `this` exceeds that of `other`, by the bootstrap; absent values are unfinished
/// runs, longer than all others.
///
/// A resample of pairs takes each seed's runs of both; unrelated samples are resampled each by itself. There are so many
/// resamples that ten are beyond each end, and they are the same each time. Of too few values nothing is known: where all of
/// them may be on one side of the quantile.
pub(crate) fn of_quantile_excess(
    this: &[Option<f64>],
    other: &[Option<f64>],
    percent: u32,
    pairing: Pairing,
    beyond: f64,
) -> Interval {
    const TAIL: f64 = 10.0;
    const SEED: u64 = 0;
    if !is_enough(this.len().min(other.len()), percent, beyond) {
        return UNKNOWN;
    }
    let resamples = (TAIL / beyond).ceil() as usize - 1;
    let samples = [this, other].map(Ordered::new);
    let ranks = [this, other].map(|sample| [rank(sample.len(), percent as usize)]);
    let mut random = Xoshiro256PlusPlus::seed_from_u64(SEED);
    let mut times = [vec![0; this.len()], vec![0; other.len()]];
    let mut spread = Spread::default();
    for _ in 0..resamples {
        match pairing {
            Pairing::SameSeeds => resample(&mut times[0], &mut random),
            Pairing::Unrelated => times.iter_mut().for_each(|times| resample(times, &mut random)),
        }
        let times_of_other = match pairing {
            Pairing::SameSeeds => &times[0],
            Pairing::Unrelated => &times[1],
        };
        let [this] = samples[0].ranked(ranks[0], &times[0]);
        let [other] = samples[1].ranked(ranks[1], times_of_other);
        spread.add(this, other);
    }
    let (low, high) = spread.ends(TAIL as usize);
    Interval { low, high }
}

/// Whether so many values are hardly ever all on one side of the quantile.
pub(crate) fn is_enough(values: usize, percent: u32, beyond: f64) -> bool {
    fewest(percent, beyond) <= values as f64
}

/// The fewest values of which a quantile has bounds on both sides.
pub(crate) fn fewest(percent: u32, beyond: f64) -> f64 {
    let larger = f64::from(percent.max(100 - percent)) / 100.0;
    (beyond.ln() / larger.ln()).ceil()
}

/// How often each of the values is drawn, when as many are drawn as there are, with repetition.
fn resample(times: &mut [u32], random: &mut Xoshiro256PlusPlus) {
    times.fill(0);
    let values = times.len();
    for _ in 0..values {
        times[random.random_range(0..values)] += 1;
    }
}
