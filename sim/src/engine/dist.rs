//! Distributions of spans: what a delay may be, before a seed says what it is.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, Exp, LogNormal};

use super::time::Duration;

/// A random span of time. Every draw is rounded to a whole millisecond where it is made.
#[derive(Clone, Debug, PartialEq)]
pub enum Dist {
    /// Always the same.
    Fixed(Duration),
    /// Any span from `low` to `high`, equally likely.
    Uniform {
        /// Shortest span.
        low: Duration,
        /// Longest span; at least `low`.
        high: Duration,
    },
    /// Memoryless with the given mean.
    Exponential {
        /// Mean span.
        mean: Duration,
    },
    /// Log-normal: `median * exp(sigma * N(0, 1))`.
    LogNormal {
        /// Half of the draws are below it.
        median: Duration,
        /// Standard deviation of the logarithm; from 0 (fixed) to about 3.
        sigma: f64,
    },
    /// One of the measured spans, equally likely. Never empty.
    Empirical(Vec<Duration>),
}

impl Dist {
    /// No time at all.
    pub const ZERO: Self = Self::Fixed(Duration::ZERO);

    /// The uniform distribution over milliseconds, for tables of defaults.
    pub const fn uniform_millis(low: u64, high: u64) -> Self {
        Self::Uniform { low: Duration::from_millis(low), high: Duration::from_millis(high) }
    }

    /// Always `ms` milliseconds.
    pub const fn fixed_millis(ms: u64) -> Self {
        Self::Fixed(Duration::from_millis(ms))
    }

    /// One span.
    ///
    /// # Panics
    /// When the parameters are outside their ranges: whoever built the distribution checks them.
    pub fn sample<R: Rng>(&self, rng: &mut R) -> Duration {
        match self {
            Self::Fixed(span) => *span,
            Self::Uniform { low, high } => Duration::from_millis(rng.random_range(low.as_millis()..=high.as_millis())),
            Self::Exponential { mean } if mean.is_zero() => Duration::ZERO,
            Self::Exponential { mean } => {
                let exp = Exp::new(1.0 / mean.as_secs_f64()).expect("a mean above zero");
                Duration::from_secs_f64(exp.sample(rng))
            }
            Self::LogNormal { median, sigma } => {
                let factor = LogNormal::new(0.0, *sigma).expect("a finite sigma of at least zero");
                Duration::from_secs_f64(median.as_secs_f64() * factor.sample(rng))
            }
            Self::Empirical(spans) => spans[rng.random_range(0..spans.len())],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::draws::{Draws, Entity, Stream};

    fn mean_and_sd(dist: &Dist) -> (f64, f64) {
        let draws = Draws::new(7);
        let n = 100_000_u64;
        let sample: Vec<f64> =
            (0..n).map(|i| draws.span(dist, Stream::Startup, Entity::named("test").child(i)).as_secs_f64()).collect();
        let mean = sample.iter().sum::<f64>() / n as f64;
        (mean, (sample.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64).sqrt())
    }

    /// Means and standard deviations from the textbook formulas, within five standard errors.
    #[test]
    fn draws_have_the_mean_and_deviation_of_their_formula() {
        let s = Duration::from_secs;
        let sigma: f64 = 0.3;
        let log_mean = 8.0 * (sigma * sigma / 2.0).exp();
        let table = [
            (Dist::Fixed(s(3)), 3.0, 0.0),
            (Dist::Uniform { low: s(2), high: s(8) }, 5.0, 6.0 / 12.0_f64.sqrt()),
            (Dist::Exponential { mean: s(5) }, 5.0, 5.0),
            (Dist::LogNormal { median: s(8), sigma }, log_mean, log_mean * ((sigma * sigma).exp() - 1.0).sqrt()),
            (Dist::Empirical(vec![s(1), s(3)]), 2.0, 1.0),
        ];
        for (dist, mean, sd) in table {
            let (m, d) = mean_and_sd(&dist);
            assert!((m - mean).abs() <= 5.0 * sd / 100_000_f64.sqrt() + 1e-9, "{dist:?}: mean {m}, expected {mean}");
            assert!((d - sd).abs() <= 0.02 * sd + 1e-6, "{dist:?}: deviation {d}, expected {sd}");
        }
    }

    #[test]
    fn a_span_of_zero_scale_is_zero() {
        for dist in [
            Dist::ZERO,
            Dist::Exponential { mean: Duration::ZERO },
            Dist::LogNormal { median: Duration::ZERO, sigma: 1.0 },
        ] {
            assert_eq!(mean_and_sd(&dist), (0.0, 0.0));
        }
    }
}
