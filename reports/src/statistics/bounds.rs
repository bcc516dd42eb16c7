//! Bounds at any level of confidence, and how much one sample exceeds another: what a check decides by.
//!
//! Each bound is one-sided: the truth is beyond it with the chance `beyond`. Infinite ends are not known.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use statrs::distribution::{Beta, Binomial, ContinuousCDF, DiscreteCDF};

use super::means::{Interval, mean_bounds, unpaired_bounds};
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
/// resamples that ten are beyond each end, and they are the same each time. Of fewer than [`fewest`] values nothing is known.
pub(crate) fn of_quantile_excess(
    this: &[Option<f64>],
    other: &[Option<f64>],
    percent: u32,
    pairing: Pairing,
    beyond: f64,
) -> Interval {
    const TAIL: u32 = 10;
    const SEED: u64 = 0;
    if this.len().min(other.len()) < fewest(percent) {
        return UNKNOWN;
    }
    #[expect(clippy::cast_sign_loss, reason = "a chance is above zero")]
    let resamples = (f64::from(TAIL) / beyond).ceil() as usize - 1;
    let samples = [this, other].map(|sample| Descending::new(sample, percent));
    let mut random = Xoshiro256PlusPlus::seed_from_u64(SEED);
    let mut times = [vec![0; this.len()], vec![0; other.len()]];
    let mut excesses = Vec::with_capacity(resamples);
    for _ in 0..resamples {
        resample(&mut times[0], &mut random);
        let times_of_other = match pairing {
            Pairing::SameSeeds => &times[0],
            Pairing::Unrelated => {
                resample(&mut times[1], &mut random);
                &times[1]
            }
        };
        let (this, other) = (samples[0].quantile(&times[0]), samples[1].quantile(times_of_other));
        // Nothing is longer than a run that does not end.
        excesses.push(if other == f64::INFINITY { f64::NEG_INFINITY } else { this - other });
    }
    let tail = TAIL as usize;
    let last = excesses.len() - tail;
    let (_, low, _) = excesses.select_nth_unstable_by(tail - 1, f64::total_cmp);
    let low = *low;
    let (_, high, _) = excesses.select_nth_unstable_by(last, f64::total_cmp);
    Interval { low, high: *high }
}

/// The fewest values of which a quantile is compared: 59 for the 95 % quantile. Fewer are all on one side of it in more than 5 % of
/// samples.
pub(crate) fn fewest(percent: u32) -> usize {
    let larger = f64::from(percent.max(100 - percent)) / 100.0;
    let (mut values, mut all_on_one_side) = (0, 1.0);
    while all_on_one_side > 0.05 {
        (values, all_on_one_side) = (values + 1, all_on_one_side * larger);
    }
    values
}

/// A sample from the longest value to the shortest, and where each was. Quantiles that are compared are near its beginning.
struct Descending {
    values: Vec<(usize, f64)>,
    /// Which value is the quantile, from the longest on, counted from one.
    place: u32,
}

impl Descending {
    fn new(sample: &[Option<f64>], percent: u32) -> Self {
        let mut values: Vec<_> = sample.iter().map(|value| value.unwrap_or(f64::INFINITY)).enumerate().collect();
        values.sort_by(|a, b| b.1.total_cmp(&a.1));
        let place = (sample.len() + 1 - rank(sample.len(), percent as usize)) as u32;
        Self { values, place }
    }

    /// The quantile where each value is there so many times, as many as there are in all.
    fn quantile(&self, times: &[u32]) -> f64 {
        let mut count = 0;
        let found = self.values.iter().find(|(position, _)| {
            count += times[*position];
            count >= self.place
        });
        found.map_or(f64::NAN, |(_, value)| *value)
    }
}

/// How often each of the values is drawn, when as many are drawn as there are, with repetition.
fn resample(times: &mut [u32], random: &mut Xoshiro256PlusPlus) {
    times.fill(0);
    let values = times.len();
    for _ in 0..values {
        times[random.random_range(0..values)] += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::*;
    use crate::statistics::coverage::covered;

    fn known(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().copied().map(Some).collect()
    }

    /// All of 59 values are below the 95 % quantile with 0.95^59, 4.8 %; all but one of six are below the median, or all, with 7 / 64.
    #[test]
    fn bounds_of_a_quantile_are_order_statistics() {
        let values: Vec<f64> = (1..=59).map(f64::from).collect();
        let high = |beyond| of_quantile(&values, 59, 95, beyond).high.total_cmp(&59.0);
        assert_eq!([high(0.05), high(0.048)], [Ordering::Equal, Ordering::Greater]);
        let six: Vec<f64> = (1..=6).map(f64::from).collect();
        assert_eq!(of_quantile(&six, 6, 50, 7.0 / 64.0 + 1e-9), Interval { low: 2.0, high: 5.0 });
        assert_eq!(of_quantile(&six, 6, 50, 7.0 / 64.0 - 1e-9), Interval { low: 1.0, high: 6.0 });
        assert_eq!(of_quantile(&six, 6, 50, 1.0 / 65.0), UNKNOWN);
        // Five more that did not finish: the median of eleven is the sixth.
        let bounds = of_quantile(&six, 11, 50, 0.05);
        assert!(bounds.low.is_finite() && bounds.high == f64::INFINITY, "{bounds:?}");
    }

    /// Clopper and Pearson: of none of 20 the 95 % bound is 1 - 0.05^(1/20); of 5 of 20 the 95 % interval is 8.66 % to 49.10 %.
    #[test]
    fn bounds_of_a_share_are_those_of_the_textbook() {
        let none = of_share(0, 20, 0.05);
        assert!(none.low == 0.0 && (none.high - (1.0 - 0.05_f64.powf(0.05))).abs() < 1e-6, "{none:?}");
        let some = of_share(5, 20, 0.025);
        assert!((some.low - 0.0866).abs() < 1e-4 && (some.high - 0.4910).abs() < 1e-4, "{some:?}");
        assert_eq!(of_share(20, 20, 0.025), Interval { high: 1.0, ..of_share(20, 20, 0.025) });
    }

    /// Differences 1 2 3 4 5: mean 3, s / sqrt(5) = 0.70711, t(0.975, 4) = 2.77645: half a width of 1.96324.
    #[test]
    fn bounds_of_a_mean_excess_are_students() {
        let (this, other) = ([11.0, 22.0, 33.0, 44.0, 55.0], [10.0, 20.0, 30.0, 40.0, 50.0]);
        let paired = of_mean_excess(&this, &other, Pairing::SameSeeds, 0.025);
        assert!((paired.low - 1.036_757).abs() < 1e-5 && (paired.high - 4.963_243).abs() < 1e-5, "{paired:?}");
        let unrelated = of_mean_excess(&this, &other, Pairing::Unrelated, 0.025);
        assert!(unrelated.low < -20.0 && unrelated.high > 20.0, "{unrelated:?}");
        assert_eq!(of_mean_excess(&[1.0], &[2.0], Pairing::SameSeeds, 0.025), UNKNOWN);
    }

    #[test]
    fn an_excess_that_is_the_same_on_every_seed_is_sure() {
        let other: Vec<f64> = (0..100).map(|i| f64::from(i * 37 % 100)).collect();
        let this: Vec<f64> = other.iter().map(|s| s + 4.0).collect();
        let excess =
            |n: usize, pairing| of_quantile_excess(&known(&this[..n]), &known(&other[..n]), 95, pairing, 0.001);
        assert_eq!(excess(100, Pairing::SameSeeds), Interval { low: 4.0, high: 4.0 });
        assert_eq!(excess(58, Pairing::SameSeeds), UNKNOWN);
        let unrelated = excess(100, Pairing::Unrelated);
        assert!(unrelated.low < 4.0 && 4.0 < unrelated.high, "{unrelated:?}");
    }

    /// Of unrelated exponential samples with means 1 and 2 the 95 % quantiles are ln 20 and 2 ln 20.
    #[test]
    fn bounds_of_unrelated_quantiles_are_beyond_the_truth_as_rarely_as_they_say() {
        let truth = 20_f64.ln();
        for n in [100, 200] {
            let share = covered(|random| {
                let mut sample = |mean: f64| (0..n).map(|_| Some(mean * random.exponential())).collect::<Vec<_>>();
                let (this, other) = (sample(2.0), sample(1.0));
                let Interval { low, high } = of_quantile_excess(&this, &other, 95, Pairing::Unrelated, 0.025);
                Some(low <= truth && truth <= high)
            });
            assert!((0.93..=0.985).contains(&share), "{n}: {share}");
        }
    }
}
