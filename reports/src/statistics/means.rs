//! Means and how sure they are: intervals by Student's t, of one sample and of two that have nothing to do with each other.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// An interval that covers what it is of in 95 of 100 cases, in the unit of what it is of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Interval {
    /// `middle` +- `half`.
    const fn around(middle: f64, half: f64) -> Self {
        Self { low: middle - half, high: middle + half }
    }

    /// Half of its width: the number behind `+-`.
    pub const fn half_width(self) -> f64 {
        (self.high - self.low) / 2.0
    }
}

/// The 95 % confidence interval of a mean by Student's t: mean +- t(0.975, n - 1) x s / sqrt(n). A single value has none.
/// Of differences between pairs it is the paired interval.
pub fn mean_interval(values: &[f64]) -> Option<Interval> {
    mean_bounds(values, BEYOND)
}

/// An interval of a mean that the truth is below with the chance `beyond`, and above with the same.
pub(super) fn mean_bounds(values: &[f64], beyond: f64) -> Option<Interval> {
    let Moments { mean, of_mean, freedom } = Moments::of(values)?;
    Some(Interval::around(mean, t(freedom, beyond)? * of_mean.sqrt()))
}

/// The 95 % confidence interval of mean(`this`) - mean(`other`) for samples that are independent of each other and may differ
/// in their variances (Welch). A single value has none.
pub fn unpaired_interval(this: &[f64], other: &[f64]) -> Option<Interval> {
    unpaired_bounds(this, other, BEYOND)
}

/// An interval of that difference that the truth is below with the chance `beyond`, and above with the same.
pub(super) fn unpaired_bounds(this: &[f64], other: &[f64], beyond: f64) -> Option<Interval> {
    let (this, other) = (Moments::of(this)?, Moments::of(other)?);
    let (difference, variance) = (this.mean - other.mean, this.of_mean + other.of_mean);
    if variance <= 0.0 {
        return Some(Interval::around(difference, 0.0));
    }
    // Welch and Satterthwaite: as many degrees of freedom as a chi square of that mean and variance has.
    let freedom = variance.powi(2) / (this.of_mean.powi(2) / this.freedom + other.of_mean.powi(2) / other.freedom);
    Some(Interval::around(difference, t(freedom, beyond)? * variance.sqrt()))
}

/// The arithmetic mean; absent of nothing.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// What an interval of a mean is made from.
struct Moments {
    mean: f64,
    /// The variance of the mean: s^2 / n.
    of_mean: f64,
    /// Degrees of freedom: n - 1.
    freedom: f64,
}

impl Moments {
    /// Absent of fewer than two values.
    fn of(values: &[f64]) -> Option<Self> {
        let mean = mean(values)?;
        let freedom = values.len() as f64 - 1.0;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / freedom;
        (freedom > 0.0).then_some(Self { mean, of_mean: variance / values.len() as f64, freedom })
    }
}

/// Of a 95 % confidence interval, the chance that the truth is beyond one of its ends.
const BEYOND: f64 = 0.025;

/// What Student's t exceeds with the chance `beyond`.
fn t(freedom: f64, beyond: f64) -> Option<f64> {
    Some(StudentsT::new(0.0, 1.0, freedom).ok()?.inverse_cdf(1.0 - beyond))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::statistics::coverage::{Random, covered};

    #[test]
    fn the_t_quantiles_are_those_of_the_textbook() {
        // Two values d and -d: mean 0, s = d sqrt(2), s / sqrt(2) = d, so the half width of (1, -1) is t itself.
        let half = mean_interval(&[1.0, -1.0]).unwrap().high;
        assert!((half - 12.706_205).abs() < 1e-4, "{half}");
        for (n, t) in [(10_u32, 2.262_157), (30, 2.045_230), (200, 1.971_957), (1000, 1.962_341)] {
            // n values, half of them 1 and half -1: mean 0, s^2 = n / (n - 1), half width t / sqrt(n - 1).
            let values: Vec<f64> = (0..n).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
            let half = mean_interval(&values).unwrap().high;
            assert!((half * f64::from(n - 1).sqrt() - t).abs() < 1e-4, "{n}: {half}");
        }
    }

    #[test]
    fn one_value_has_no_interval_and_equal_ones_have_one_of_no_width() {
        assert_eq!((mean_interval(&[]), mean_interval(&[3.0])), (None, None));
        assert_eq!(unpaired_interval(&[3.0], &[1.0, 2.0]), None);
        assert_eq!(mean_interval(&[3.0; 9]), Some(Interval { low: 3.0, high: 3.0 }));
        assert_eq!(unpaired_interval(&[3.0; 9], &[1.0; 4]), Some(Interval { low: 2.0, high: 2.0 }));
    }

    #[test]
    fn welch_is_as_in_the_textbook() {
        // 1 2 3 4 5: mean 3, s^2 = 2.5, of the mean 0.5. 10 20 30: mean 20, s^2 = 100, of the mean 33.333. Together 33.833,
        // root 5.81664. Freedom: 33.833^2 / (0.5^2 / 4 + 33.333^2 / 2) = 1144.69 / 555.618 = 2.06021. At two degrees t is
        // 4.30265, at three 3.18245; the half width lies between.
        let interval = unpaired_interval(&[10.0, 20.0, 30.0], &[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        assert!((f64::midpoint(interval.low, interval.high) - 17.0).abs() < 1e-9, "{interval:?}");
        let t = interval.half_width() / 5.816_643;
        assert!((4.1..4.302_65).contains(&t), "{t}");
        // Of equal sizes and variances there are 2 (n - 1) degrees: t(0.975, 8) = 2.306004, root of 0.5 + 0.5 is 1.
        let same = unpaired_interval(&[1.0, 2.0, 3.0, 4.0, 5.0], &[5.0, 4.0, 3.0, 2.0, 1.0]).unwrap();
        assert!((same.half_width() - 2.306_004).abs() < 1e-5, "{same:?}");
    }

    /// Sums of uniforms are nearly normal: mean 6 of a dozen. 1,000 samples of 50: the share that covers has a standard
    /// deviation of sqrt(0.95 x 0.05 / 1000) = 0.7 %.
    #[test]
    fn intervals_of_means_cover_the_mean_in_95_of_100_samples() {
        let share = covered(|random| {
            let values: Vec<f64> = (0..50).map(|_| (0..12).map(|_| random.uniform()).sum()).collect();
            let interval = mean_interval(&values)?;
            Some(interval.low <= 6.0 && 6.0 <= interval.high)
        });
        assert!((0.93..=0.97).contains(&share), "{share}");
        // A uniform on 0 to 1, 40 of them, against one on 0 to 4, 60 of them: 0.5 - 2 = -1.5.
        let share = covered(|random: &mut Random| {
            let narrow: Vec<f64> = (0..40).map(|_| random.uniform()).collect();
            let wide: Vec<f64> = (0..60).map(|_| 4.0 * random.uniform()).collect();
            let interval = unpaired_interval(&narrow, &wide)?;
            Some(interval.low <= -1.5 && -1.5 <= interval.high)
        });
        assert!((0.93..=0.97).contains(&share), "{share}");
    }

    proptest! {
        #[test]
        fn an_interval_moves_and_stretches_with_its_values(
            values in prop::collection::vec(-1e3..1e3_f64, 2..40),
            (shift, factor) in (-1e3..1e3_f64, 0.1..10.0_f64),
        ) {
            let changed: Vec<f64> = values.iter().map(|value| value * factor + shift).collect();
            let (before, after) = (mean_interval(&values).unwrap(), mean_interval(&changed).unwrap());
            prop_assert!((before.low * factor + shift - after.low).abs() < 1e-6);
            prop_assert!((before.high * factor + shift - after.high).abs() < 1e-6);
        }
    }
}
