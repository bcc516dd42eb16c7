//! Differences between two variants on the same seeds: of means by Student's t, of quantiles by the paired bootstrap.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::means::{Interval, mean, mean_interval, unpaired_interval};
use super::quantiles::{QuantileInterval, rank, ranks};

/// How much more a number is in a variant than in the first one, on the mean over seeds that both have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Mean of (this variant - the first), in the unit of the number.
    pub mean: f64,
    /// The 95 % confidence interval of that mean from the differences of the pairs; absent when it rests on one pair.
    pub interval: Option<Interval>,
    /// The interval that the same runs would give if their seeds had nothing to do with each other.
    pub unpaired_interval: Option<Interval>,
    /// The first variant's mean on the same seeds: what percentages are of.
    pub first: f64,
    /// How many seeds have the number in both.
    pub pairs: usize,
}

/// What a difference amounts to at 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The whole interval is below zero.
    Less,
    /// The whole interval is above zero.
    More,
    /// The interval contains zero.
    NoDifference,
    /// One pair alone says nothing about noise.
    OneSeed,
}

impl Difference {
    /// Pairs two samples, one value a seed, the same seeds in the same order. A seed that has no value in one of them is left
    /// out; absent where none is left.
    pub fn between(this: &[Option<f64>], first: &[Option<f64>]) -> Option<Self> {
        let both = this.iter().zip(first).filter_map(|(this, first)| Some(((*this)?, (*first)?)));
        let (this, first): (Vec<f64>, Vec<f64>) = both.unzip();
        let differences: Vec<f64> = this.iter().zip(&first).map(|(this, first)| this - first).collect();
        Some(Self {
            mean: mean(&differences)?,
            interval: mean_interval(&differences),
            unpaired_interval: unpaired_interval(&this, &first),
            first: mean(&first)?,
            pairs: differences.len(),
        })
    }

    /// So much of the number as percent of the first variant's mean; absent when that is zero.
    pub fn percent(&self, value: f64) -> Option<f64> {
        (self.first > 0.0).then(|| 100.0 * value / self.first)
    }

    /// What the difference amounts to.
    pub fn verdict(&self) -> Verdict {
        match self.interval {
            None => Verdict::OneSeed,
            Some(Interval { high, .. }) if high < 0.0 => Verdict::Less,
            Some(Interval { low, .. }) if low > 0.0 => Verdict::More,
            Some(_) => Verdict::NoDifference,
        }
    }

    /// How many times narrower the interval is because of the pairs: what common random numbers bought. Its square is how many
    /// times more seeds it would take without them. Absent where every pair differs by the same, so that the interval has no
    /// width but that of rounding.
    pub fn pairing_factor(&self) -> Option<f64> {
        const ROUNDING: f64 = 1e-12;
        let (paired, unpaired) = (self.interval?.half_width(), self.unpaired_interval?.half_width());
        (paired > ROUNDING * (self.first.abs() + self.mean.abs())).then(|| unpaired / paired)
    }
}

/// How much longer a quantile of a variant's deploys is than the first one's, on the same seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedQuantile {
    /// Which quantile: 50 is the median.
    pub percent: u32,
    /// The quantile of this variant less that of the first, in seconds; absent when one of them falls on an unfinished run.
    pub difference_s: Option<f64>,
    /// Its 95 % confidence interval, in seconds; absent where there are too few seeds for one of the quantile itself.
    pub interval: Option<QuantileInterval>,
}

impl PairedQuantile {
    /// Compares two samples, one value a seed, the same seeds in the same order; absent values are unfinished runs.
    pub fn between(this: &[Option<f64>], first: &[Option<f64>], percent: u32) -> Self {
        let [paired] = paired_quantiles(&[this], first, [percent])[0];
        paired
    }
}

/// The differences of several samples from the first one in several quantiles, all on the same resamples of the seeds.
///
/// A resample draws as many seeds as there are, with repetition, and takes each seed's runs of both variants: what pairs have in
/// common stays. The interval is what is left of 999 resamples without the 24 least and the 24 greatest differences. In a resample an
/// unfinished run is longer than all that finished; where the quantiles of both variants fall on one, their difference may
/// be anything. The resamples are the same each time.
pub(super) fn paired_quantiles<const N: usize>(
    others: &[&[Option<f64>]],
    first: &[Option<f64>],
    percents: [u32; N],
) -> Vec<[PairedQuantile; N]> {
    const RESAMPLES: usize = 999;
    const SEED: u64 = 0;
    let samples = || others.iter().copied().chain([first]);
    let seeds = samples().map(<[_]>::len).min().unwrap_or_default();
    let samples: Vec<Ordered> = samples().map(|sample| Ordered::new(&sample[..seeds])).collect();
    let ranked = percents.map(|percent| rank(seeds, percent as usize));
    let quantiles = |times: &[u32]| samples.iter().map(|sample| sample.ranked(ranked, times)).collect::<Vec<_>>();
    let differences = |quantiles: &[[Option<f64>; N]]| {
        let (first, others) = quantiles.split_last().expect("the first is among them");
        let of = |other: &[Option<f64>; N]| std::array::from_fn(|i| (other[i], first[i]));
        others.iter().map(of).collect::<Vec<[_; N]>>()
    };

    let mut spread = vec![[(); N].map(|()| Spread::default()); others.len()];
    if percents.iter().any(|&percent| ranks(seeds, percent as usize).is_some()) {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(SEED);
        let mut times = vec![0; seeds];
        for _ in 0..RESAMPLES {
            times.fill(0);
            for _ in 0..seeds {
                times[random.random_range(0..seeds)] += 1;
            }
            for (spread, pairs) in spread.iter_mut().zip(differences(&quantiles(&times))) {
                spread.iter_mut().zip(pairs).for_each(|(spread, (this, first))| spread.add(this, first));
            }
        }
    }
    let whole = differences(&quantiles(&vec![1; seeds]));
    let paired = |(mut spread, pairs): ([Spread; N], [Pair; N])| {
        std::array::from_fn(|i| PairedQuantile {
            percent: percents[i],
            difference_s: pairs[i].0.zip(pairs[i].1).map(|(this, first)| this - first),
            interval: ranks(seeds, percents[i] as usize).map(|_| spread[i].interval()),
        })
    };
    spread.into_iter().zip(whole).map(paired).collect()
}

/// A quantile of a variant, and of the first one; absent on an unfinished run.
type Pair = (Option<f64>, Option<f64>);

/// A sample from the shortest value to the longest, and where each was.
struct Ordered(Vec<(usize, f64)>);

impl Ordered {
    fn new(values: &[Option<f64>]) -> Self {
        let mut values: Vec<_> = values.iter().enumerate().filter_map(|(i, value)| Some((i, (*value)?))).collect();
        values.sort_by(|a, b| a.1.total_cmp(&b.1));
        Self(values)
    }

    /// The values of these ranks, which rise, where each value is there so many times; absent beyond the last.
    fn ranked<const N: usize>(&self, ranks: [usize; N], times: &[u32]) -> [Option<f64>; N] {
        let mut values = self.0.iter();
        let (mut count, mut last) = (0, None);
        ranks.map(|rank| {
            while count < rank {
                let &(position, value) = values.next()?;
                count += times[position] as usize;
                last = Some(value);
            }
            last
        })
    }
}

/// The differences of many resamples, at least and at most.
#[derive(Clone, Default)]
struct Spread {
    least: Vec<f64>,
    most: Vec<f64>,
}

impl Spread {
    fn add(&mut self, this: Option<f64>, first: Option<f64>) {
        let (least, most) = match (this, first) {
            (Some(this), Some(first)) => (this - first, this - first),
            (None, Some(_)) => (f64::INFINITY, f64::INFINITY),
            (Some(_), None) => (f64::NEG_INFINITY, f64::NEG_INFINITY),
            (None, None) => (f64::NEG_INFINITY, f64::INFINITY),
        };
        self.least.push(least);
        self.most.push(most);
    }

    /// The 2.5 % quantile of what they are at least, and the 97.5 % quantile of what they are at most.
    fn interval(&mut self) -> QuantileInterval {
        let tail = (self.least.len() + 1) / 40;
        let (_, low, _) = self.least.select_nth_unstable_by(tail - 1, f64::total_cmp);
        let last = self.most.len() - tail;
        let (_, high, _) = self.most.select_nth_unstable_by(last, f64::total_cmp);
        let known = |end: f64| end.is_finite().then_some(end);
        QuantileInterval { low: known(*low), high: known(*high) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::statistics::coverage::{Random, covered};

    fn known(values: &[f64]) -> Vec<Option<f64>> {
        values.iter().copied().map(Some).collect()
    }

    #[test]
    fn the_interval_is_students_t_over_the_paired_differences() {
        // Differences 1 2 3 4 5: mean 3, s^2 = (4 + 1 + 0 + 1 + 4) / 4 = 2.5, s / sqrt(5) = 0.70711, t(0.975, 4) = 2.77645:
        // half width 1.96324.
        let first = known(&[10.0, 20.0, 30.0, 40.0, 50.0]);
        let second = known(&[11.0, 22.0, 33.0, 44.0, 55.0]);
        let difference = Difference::between(&second, &first).unwrap();
        let interval = difference.interval.unwrap();
        assert_eq!((difference.mean, difference.first, difference.pairs), (3.0, 30.0, 5));
        assert!((interval.low - 1.036_757).abs() < 1e-6, "{interval:?}");
        assert!((interval.high - 4.963_243).abs() < 1e-6, "{interval:?}");
        assert_eq!(difference.verdict(), Verdict::More);
        assert_eq!(difference.percent(difference.mean), Some(10.0));
        // Unpaired: s^2 = 250 and 302.5, of the means 50 and 60.5; freedom 110.5^2 / (50^2 / 4 + 60.5^2 / 4) = 7.9284, where t
        // is between t(0.975, 8) = 2.30600 and t(0.975, 7) = 2.36462; root of 110.5 is 10.5119: 24.24 to 24.86 over 1.96324.
        let factor = difference.pairing_factor().unwrap();
        assert!((12.346..12.662).contains(&factor), "{factor}");
    }

    #[test]
    fn one_pair_has_no_interval_and_equal_differences_have_one_of_no_width() {
        let one = Difference::between(&known(&[8.0]), &known(&[10.0])).unwrap();
        assert_eq!((one.mean, one.interval, one.verdict()), (-2.0, None, Verdict::OneSeed));
        assert_eq!(one.pairing_factor(), None);
        let equal = Difference::between(&known(&[8.0, 18.0]), &known(&[10.0, 20.0])).unwrap();
        assert_eq!(equal.interval, Some(Interval { low: -2.0, high: -2.0 }));
        assert_eq!((equal.verdict(), equal.pairing_factor()), (Verdict::Less, None));
        let same = Difference::between(&known(&[10.0, 20.0]), &known(&[10.0, 20.0])).unwrap();
        assert_eq!((same.verdict(), same.pairing_factor()), (Verdict::NoDifference, None));
        // Differences of 0.1 that binary fractions cannot hold: no width but that of rounding.
        let first: Vec<f64> = (0..9).map(|i| f64::from(i) * 0.7).collect();
        let second: Vec<f64> = first.iter().map(|s| s + 0.1).collect();
        assert_eq!(Difference::between(&known(&second), &known(&first)).unwrap().pairing_factor(), None);
    }

    #[test]
    fn seeds_without_a_value_in_both_are_left_out() {
        let first = [Some(10.0), None, Some(5.0), Some(40.0)];
        let second = [Some(20.0), Some(1.0), None, Some(60.0)];
        // (20 - 10) and (60 - 40).
        let difference = Difference::between(&second, &first).unwrap();
        assert_eq!((difference.mean, difference.first, difference.pairs), (15.0, 25.0, 2));
        assert_eq!(Difference::between(&[Some(1.0), None], &[None, Some(1.0)]), None);
    }

    #[test]
    fn quantiles_of_variants_that_differ_by_the_same_differ_by_it_surely() {
        let first: Vec<_> = (0..100).map(|i| Some(f64::from(i * 37 % 100))).collect();
        let second: Vec<_> = first.iter().map(|s| s.map(|s| s - 4.0)).collect();
        for percent in [50, 95] {
            let paired = PairedQuantile::between(&second, &first, percent);
            let sure = QuantileInterval { low: Some(-4.0), high: Some(-4.0) };
            assert_eq!((paired.percent, paired.difference_s, paired.interval), (percent, Some(-4.0), Some(sure)));
        }
    }

    #[test]
    fn too_few_seeds_have_a_difference_of_quantiles_without_an_interval() {
        let [first, second] = [0.0, 10.0].map(|more| (0..58).map(|i| Some(f64::from(i) + more)).collect::<Vec<_>>());
        let paired = PairedQuantile::between(&second, &first, 95);
        assert_eq!((paired.difference_s, paired.interval), (Some(10.0), None));
        assert!(PairedQuantile::between(&second, &first, 50).interval.is_some());
        assert_eq!(PairedQuantile::between(&[], &[], 50).difference_s, None);
    }

    /// Of 100 runs, 10 seconds each: the more of them do not end, the less is known.
    #[test]
    fn unfinished_runs_are_longer_than_all_others_in_every_resample() {
        let unfinished = |n: usize| (0..100).map(|i| (i >= n).then_some(10.0)).collect::<Vec<_>>();
        let all = unfinished(0);
        let ends = |low, high| Some(QuantileInterval { low, high });
        let table = [
            // (unfinished of this variant, of the first, difference of p95, its interval)
            (0, 0, Some(0.0), ends(Some(0.0), Some(0.0))),
            // p95 is the 95th value: with 5 unfinished it ends in half of the resamples, with 1 in nearly all, with 30 in none.
            (1, 0, Some(0.0), ends(Some(0.0), Some(0.0))),
            (5, 0, Some(0.0), ends(Some(0.0), None)),
            (30, 0, None, ends(None, None)),
            (0, 5, Some(0.0), ends(None, Some(0.0))),
            (30, 30, None, ends(None, None)),
        ];
        for (this, first, difference_s, interval) in table {
            let paired = PairedQuantile::between(&unfinished(this), &unfinished(first), 95);
            assert_eq!((paired.difference_s, paired.interval), (difference_s, interval), "{this} against {first}");
            let median = PairedQuantile::between(&unfinished(this), &all, 50);
            assert_eq!(median.interval, ends(Some(0.0), Some(0.0)));
        }
    }

    /// Two variants that share a slow part: min(A, B) against 2 min(A, C), all exponential with mean 1. A minimum of two is
    /// exponential with mean 1/2: its mean is 0.5, its p-quantile -ln(1 - p) / 2.
    fn pair(random: &mut Random, n: usize) -> [Vec<Option<f64>>; 2] {
        let pairs = (0..n).map(|_| {
            let [a, b, c] = [(); 3].map(|()| random.exponential());
            (Some(a.min(b)), Some(2.0 * a.min(c)))
        });
        let (first, second) = pairs.unzip();
        [first, second]
    }

    #[test]
    fn paired_intervals_of_means_cover_in_95_of_100_samples() {
        let share = covered(|random| {
            let [first, second] = pair(random, 100);
            let interval = Difference::between(&second, &first)?.interval?;
            Some(interval.low <= 0.5 && 0.5 <= interval.high)
        });
        assert!((0.93..=0.97).contains(&share), "{share}");
    }

    #[test]
    fn paired_intervals_of_quantiles_cover_in_95_of_100_samples() {
        for (n, percent, truth) in
            [(100, 50, 2_f64.ln() / 2.0), (100, 95, 20_f64.ln() / 2.0), (400, 95, 20_f64.ln() / 2.0)]
        {
            let share = covered(|random| {
                let [first, second] = pair(random, n);
                let QuantileInterval { low, high } = PairedQuantile::between(&second, &first, percent).interval?;
                Some(low? <= truth && truth <= high?)
            });
            assert!((0.93..=0.97).contains(&share), "{percent} % of {n}: {share}");
        }
    }

    proptest! {
        #[test]
        fn a_difference_turns_round_with_its_variants(
            pairs in prop::collection::vec((prop::option::weighted(0.9, 1.0..1e4), 1.0..1e4), 6..60),
        ) {
            let (a, b): (Vec<_>, Vec<_>) = pairs.into_iter().map(|(a, b)| (a, Some(b))).unzip();
            if let (Some(there), Some(back)) = (Difference::between(&b, &a), Difference::between(&a, &b)) {
                prop_assert!((there.mean + back.mean).abs() < 1e-6);
                if let (Some(there_ends), Some(back_ends)) = (there.interval, back.interval) {
                    prop_assert!((there_ends.low + back_ends.high).abs() < 1e-6);
                    prop_assert!(there_ends.low <= there.mean && there.mean <= there_ends.high);
                }
            }
            let (there, back) = (PairedQuantile::between(&b, &a, 50), PairedQuantile::between(&a, &b, 50));
            prop_assert_eq!(there.difference_s, back.difference_s.map(|s| -s));
            let turned = back.interval.map(|ends| QuantileInterval { low: ends.high.map(|s| -s), high: ends.low.map(|s| -s) });
            prop_assert_eq!(there.interval, turned);
        }
    }
}
