//! Quantiles and how sure they are, where some values are known only to be longer than all others: unfinished runs.

use seatrial_scenarios::results::Row;
use statrs::distribution::{Binomial, Discrete};

/// How sure an interval is.
pub(super) const CONFIDENCE: f64 = 0.95;

/// A 95 % confidence interval of a quantile, or of what is made of quantiles. An end is absent where it falls on an unfinished
/// run: it is beyond the horizon, and nobody knows where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QuantileInterval {
    /// Its lower end.
    pub low: Option<f64>,
    /// Its upper end.
    pub high: Option<f64>,
}

/// The 95 % confidence interval of the `percent` % quantile of what `values` are a sample of, whatever its distribution. Absent
/// values are unfinished runs, longer than all others. There is none where so few values cannot give one: fewer than 6 for
/// the median, than 59 for the 95 % quantile.
///
/// Its ends are order statistics. Of n values a binomial number (n, `percent` %) lies below the quantile, so it is between the
/// l-th and the u-th smallest with the probability of l, l + 1, .., u - 1. The likeliest of these make the narrowest ranks that
/// reach 95 %.
pub fn quantile_interval(values: &[Option<f64>], percent: u32) -> Option<QuantileInterval> {
    Durations::of(values.iter().copied()).interval(percent as usize)
}

/// The smallest value that at least `percent` % of all do not exceed. Absent values are longer than all others, and so is a
/// quantile that falls on one.
pub fn quantile(values: &[Option<f64>], percent: u32) -> Option<f64> {
    Durations::of(values.iter().copied()).percentile(percent as usize)
}

/// The durations of one variant, sorted, with the unfinished runs counted behind them.
pub(crate) struct Durations {
    /// Those that finished, shortest first.
    pub(crate) finished: Vec<f64>,
    /// How many runs there were, finished or not.
    runs: usize,
}

impl Durations {
    /// Sorts the durations of `rows`.
    pub(crate) fn new(rows: &[Row]) -> Self {
        Self::of(rows.iter().map(|row| row.summary.deploy_s))
    }

    pub(super) fn of(values: impl ExactSizeIterator<Item = Option<f64>>) -> Self {
        let runs = values.len();
        let mut finished: Vec<f64> = values.flatten().collect();
        finished.sort_by(f64::total_cmp);
        Self { finished, runs }
    }

    /// The smallest duration that at least `percent` % of all runs do not exceed. It is a duration that some run had; absent
    /// when that run did not finish.
    pub(crate) fn percentile(&self, percent: usize) -> Option<f64> {
        self.finished.get(rank(self.runs, percent) - 1).copied()
    }

    /// The 95 % confidence interval of that.
    pub(super) fn interval(&self, percent: usize) -> Option<QuantileInterval> {
        let (low, high) = ranks(self.runs, percent)?;
        let ranked = |rank: usize| self.finished.get(rank - 1).copied();
        Some(QuantileInterval { low: ranked(low), high: ranked(high) })
    }

    /// All of them, where every run finished.
    pub(super) fn all(&self) -> Option<&[f64]> {
        (self.finished.len() == self.runs).then_some(&self.finished)
    }
}

/// Which of `runs` values, counted from the smallest and from one, is the quantile: the ceil(percent x runs / 100)-th.
pub(super) fn rank(runs: usize, percent: usize) -> usize {
    (runs * percent).div_ceil(100).max(1)
}

/// Which of `runs` values, counted from the smallest and from one, are the ends of a quantile's interval.
pub(super) fn ranks(runs: usize, percent: usize) -> Option<(usize, usize)> {
    let below = Binomial::new(percent as f64 / 100.0, runs as u64).ok()?;
    let chance = |count: usize| below.pmf(count as u64);
    let last = runs.checked_sub(1)?;
    // The probabilities rise to one top and fall, so that the likeliest counts are neighbours. None and all of the values
    // have no end beyond them.
    let top = (((runs + 1) * percent) / 100).clamp(1, last.max(1));
    let (mut low, mut high, mut sum) = (top, top, chance(top));
    while sum < CONFIDENCE {
        let (shorter, longer) = ((low > 1).then(|| chance(low - 1)), (high < last).then(|| chance(high + 1)));
        match (shorter, longer) {
            (None, None) => return None,
            (Some(shorter), longer) if longer.is_none_or(|longer| shorter > longer) => {
                (low, sum) = (low - 1, sum + shorter);
            }
            (_, longer) => (high, sum) = (high + 1, sum + longer.unwrap_or_default()),
        }
    }
    (high <= last).then_some((low, high + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::examples::variant;
    use crate::statistics::coverage::covered;

    /// The probability that the quantile lies between these ranks: of l, .., u - 1 values below it, by the textbook's
    /// n! / (k! (n - k)!) p^k (1 - p)^(n - k), one term from the one before.
    fn chance(n: usize, percent: usize, (low, high): (usize, usize)) -> f64 {
        let p = percent as f64 / 100.0;
        let mut term = (1.0 - p).powf(n as f64);
        let mut sum = 0.0;
        for count in 0..high {
            if count >= low {
                sum += term;
            }
            term *= (n - count) as f64 / (count + 1) as f64 * p / (1.0 - p);
        }
        sum
    }

    #[test]
    fn the_ends_are_the_narrowest_ranks_that_reach_95_percent() {
        for n in (1..=80).chain([100, 150, 200]) {
            for percent in [5, 25, 50, 90, 95] {
                let pairs = (1..=n).flat_map(|low| (low + 1..=n).map(move |high| (low, high)));
                let narrowest =
                    pairs.filter(|&ends| chance(n, percent, ends) >= 0.95).map(|(low, high)| high - low).min();
                let found = ranks(n, percent);
                assert_eq!(found.map(|(low, high)| high - low), narrowest, "{n} values, {percent} %");
                assert!(found.is_none_or(|ends| chance(n, percent, ends) >= 0.95), "{n} values, {percent} %");
            }
        }
    }

    /// Of n values all are above or all below the median with 2 / 2^n: 1 - 2 / 32 = 93.8 %, 1 - 2 / 64 = 96.9 %. All are below
    /// the 95 % quantile with 0.95^n: 0.95^58 = 5.1 %, 0.95^59 = 4.8 %.
    #[test]
    fn too_few_values_have_no_interval() {
        assert_eq!([0, 1, 5, 6].map(|n| ranks(n, 50)), [None, None, None, Some((1, 6))]);
        assert!(ranks(58, 95).is_none());
        assert_eq!(ranks(59, 95).unwrap().1, 59);
        assert_eq!(quantile_interval(&[Some(1.0); 5], 50), None);
        assert_eq!(quantile_interval(&[], 95), None);
    }

    /// Tables of the sign test: of 10 values the 2nd and the 9th bound the median with 1 - 2 x 11 / 1024 = 97.9 %, and the 2nd
    /// and the 8th with 1 - (11 + 56) / 1024 = 93.5 %, which is too little.
    #[test]
    fn the_median_of_ten_is_between_the_second_and_the_ninth() {
        assert_eq!(ranks(10, 50), Some((2, 9)));
        let values: Vec<_> = (1..=10).rev().map(|i| Some(f64::from(i))).collect();
        assert_eq!(quantile_interval(&values, 50), Some(QuantileInterval { low: Some(2.0), high: Some(9.0) }));
    }

    #[test]
    fn an_end_on_an_unfinished_run_is_beyond_the_horizon() {
        // (finished of 10, ends of the median's interval), durations 1, 2, 3, ..
        let table = [
            (10, Some(2.0), Some(9.0)),
            (9, Some(2.0), Some(9.0)),
            (8, Some(2.0), None),
            (2, Some(2.0), None),
            (1, None, None),
        ];
        for (finished, low, high) in table {
            let values: Vec<_> = (1..=10).map(|i| (i <= finished).then_some(f64::from(i))).collect();
            assert_eq!(quantile_interval(&values, 50), Some(QuantileInterval { low, high }), "{finished} of 10");
        }
    }

    /// Exponential values: the median is ln 2, the 95 % quantile ln 20. How often the intervals of 200 values cover them is known
    /// from the binomial; the share of 1,000 samples has a standard deviation of 0.7 %.
    #[test]
    fn intervals_of_quantiles_cover_the_quantile_in_95_of_100_samples() {
        for (percent, truth) in [(50, 2_f64.ln()), (95, 20_f64.ln())] {
            let exact = chance(200, percent as usize, ranks(200, percent as usize).unwrap());
            let share = covered(|random| {
                let values: Vec<_> = (0..200).map(|_| Some(random.exponential())).collect();
                let QuantileInterval { low, high } = quantile_interval(&values, percent)?;
                Some(low? <= truth && truth <= high?)
            });
            assert!(
                (0.93..=0.97).contains(&share) && (share - exact).abs() < 0.021,
                "{percent} %: {share}, by hand {exact}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_quantile_covers_its_share_and_nothing_shorter_does(
            durations in prop::collection::vec(prop::option::weighted(0.8, 0.0..1e4), 1..60),
            percent in 1..=100_u32,
        ) {
            let covered = |limit: f64| durations.iter().filter(|s| s.is_some_and(|s| s <= limit)).count();
            let needed = durations.len() * percent as usize;
            match quantile(&durations, percent) {
                Some(quantile) => {
                    prop_assert!(100 * covered(quantile) >= needed);
                    prop_assert!(100 * covered(quantile - 1e-9) < needed);
                }
                None => prop_assert!(100 * covered(f64::MAX) < needed),
            }
            prop_assert_eq!(
                Durations::new(&variant("v", &durations).rows).percentile(percent as usize),
                quantile(&durations, percent)
            );
        }

        /// Unfinished runs never make an end shorter, and the quantile of the sample is within its own interval.
        #[test]
        fn an_interval_holds_its_quantile_and_grows_with_what_is_unfinished(
            durations in prop::collection::vec(0.0..1e4, 60..120),
            (stopped, percent) in (0..200_usize, prop::sample::select(vec![50_u32, 95])),
        ) {
            let all: Vec<_> = durations.iter().copied().map(Some).collect();
            let whole = quantile_interval(&all, percent).unwrap();
            let estimate = quantile(&all, percent);
            prop_assert!(whole.low <= estimate && estimate <= whole.high);
            let mut fewer = all;
            if let Some(value) = fewer.get_mut(stopped) {
                *value = None;
            }
            let censored = quantile_interval(&fewer, percent).unwrap();
            let end = |end: Option<f64>| end.unwrap_or(f64::INFINITY);
            prop_assert!(end(censored.low) >= end(whole.low) && end(censored.high) >= end(whole.high));
        }
    }
}
