//! Distributions of spans: what a delay may be, before a seed says what it is.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

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

/// Formulas, in seconds. They are of the distribution itself, before draws are rounded to milliseconds.
///
/// Logarithms and exponentials are `libm`'s, so that results are the same on every machine.
impl Dist {
    /// The mean, in seconds.
    pub fn mean_s(&self) -> f64 {
        match self {
            Self::Fixed(span) => span.as_secs_f64(),
            Self::Uniform { low, high } => f64::midpoint(low.as_secs_f64(), high.as_secs_f64()),
            Self::Exponential { mean } => mean.as_secs_f64(),
            Self::LogNormal { median, sigma } => median.as_secs_f64() * libm::exp(sigma * sigma / 2.0),
            Self::Empirical(spans) => spans.iter().map(|span| span.as_secs_f64()).sum::<f64>() / spans.len() as f64,
        }
    }

    /// The squared coefficient of variation: the variance over the square of the mean; 0 where the mean is 0.
    pub fn scv(&self) -> f64 {
        let mean = self.mean_s();
        if mean == 0.0 {
            return 0.0;
        }
        let relative = |span: Duration| span.as_secs_f64() / mean;
        match self {
            Self::Fixed(_) => 0.0,
            Self::Uniform { low, high } => square(relative(*high) - relative(*low)) / 12.0,
            Self::Exponential { .. } => 1.0,
            Self::LogNormal { sigma, .. } => libm::expm1(sigma * sigma),
            Self::Empirical(spans) => {
                spans.iter().map(|span| square(relative(*span) - 1.0)).sum::<f64>() / spans.len() as f64
            }
        }
    }

    /// The span, in seconds, that a share `p` of all spans does not exceed; infinite where `p` is 1 and there is no longest.
    pub fn quantile_s(&self, p: f64) -> f64 {
        match self {
            Self::Fixed(span) => span.as_secs_f64(),
            Self::Uniform { low, high } => low.as_secs_f64() + p * (high.as_secs_f64() - low.as_secs_f64()),
            Self::Exponential { mean } if mean.is_zero() => 0.0,
            Self::Exponential { mean } => -mean.as_secs_f64() * libm::log1p(-p),
            // Zero times the infinite normal quantiles at 0 and 1 would be undefined.
            Self::LogNormal { median, sigma } if median.is_zero() || *sigma == 0.0 => median.as_secs_f64(),
            Self::LogNormal { median, sigma } => median.as_secs_f64() * libm::exp(sigma * normal_quantile(p)),
            Self::Empirical(spans) => {
                let mut spans = spans.clone();
                let last = spans.len() - 1;
                // The product of a decimal share and a count may be just above the whole number that is meant.
                let rank = (p * spans.len() as f64 - 1e-9).ceil().max(1.0);
                #[expect(clippy::cast_sign_loss, reason = "the rank is at least 1")]
                let (_, span, _) = spans.select_nth_unstable((rank as usize - 1).min(last));
                span.as_secs_f64()
            }
        }
    }

    /// What is left of a span beyond `x` on average, in seconds: the mean of max(S - x, 0), which is the integral of
    /// P(S > t) from `x` on. At zero it is the mean.
    pub fn beyond_s(&self, x: Duration) -> f64 {
        let left = |span: Duration| Duration::from_millis(span.as_millis().saturating_sub(x.as_millis())).as_secs_f64();
        match self {
            Self::Fixed(span) => left(*span),
            Self::Uniform { high, .. } if x >= *high => 0.0,
            Self::Uniform { low, .. } if x <= *low => self.mean_s() - x.as_secs_f64(),
            Self::Uniform { low, high } => square(left(*high)) / (2.0 * (high.as_secs_f64() - low.as_secs_f64())),
            Self::Exponential { mean } if mean.is_zero() => 0.0,
            Self::Exponential { mean } => mean.as_secs_f64() * libm::exp(-x.as_secs_f64() / mean.as_secs_f64()),
            Self::LogNormal { .. } if x.is_zero() => self.mean_s(),
            Self::LogNormal { median, sigma } if median.is_zero() || *sigma == 0.0 => left(*median),
            Self::LogNormal { median, sigma } => {
                let z = libm::log(median.as_secs_f64() / x.as_secs_f64()) / sigma;
                let beyond = self.mean_s() * normal_cdf(z + sigma) - x.as_secs_f64() * normal_cdf(z);
                // Far out the two products are equal but for rounding.
                beyond.max(0.0)
            }
            Self::Empirical(spans) => spans.iter().map(|span| left(*span)).sum::<f64>() / spans.len() as f64,
        }
    }
}

fn square(x: f64) -> f64 {
    x * x
}

/// The share of the standard normal distribution below `z`, exact to rounding in both tails.
fn normal_cdf(z: f64) -> f64 {
    libm::erfc(-z * FRAC_1_SQRT_2) / 2.0
}

/// The `z` that a share `p` of the standard normal distribution is below; infinite at 0 and 1.
fn normal_quantile(p: f64) -> f64 {
    if p > 0.5 {
        return -normal_quantile(1.0 - p);
    }
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    // Abramowitz and Stegun 26.2.23 is within 0.00045; each step of Newton then squares the error.
    let t = (-2.0 * libm::log(p)).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let mut z = above / below - t;
    for _ in 0..3 {
        let density = libm::exp(-z * z / 2.0) / TAU.sqrt();
        z -= (normal_cdf(z) - p) / density;
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::draws::{Draws, Entity, Stream};

    /// One of each kind, and those that have a kind's parameters at their ends.
    fn kinds() -> Vec<Dist> {
        let s = Duration::from_secs;
        vec![
            Dist::ZERO,
            Dist::Fixed(s(3)),
            Dist::Uniform { low: s(2), high: s(8) },
            Dist::Uniform { low: s(4), high: s(4) },
            Dist::Exponential { mean: s(5) },
            Dist::Exponential { mean: Duration::ZERO },
            Dist::LogNormal { median: s(8), sigma: 0.7 },
            Dist::LogNormal { median: s(8), sigma: 0.0 },
            Dist::LogNormal { median: Duration::ZERO, sigma: 1.0 },
            Dist::Empirical(vec![s(9), s(1), s(3), s(3)]),
        ]
    }

    /// The mean of a function of a span, by the midpoint rule over the quantiles.
    fn mean_of(dist: &Dist, f: impl Fn(f64) -> f64) -> f64 {
        let n = 40_000;
        (0..n).map(|i| f(dist.quantile_s((f64::from(i) + 0.5) / f64::from(n)))).sum::<f64>() / f64::from(n)
    }

    #[test]
    fn the_moments_are_those_of_the_quantiles() {
        for dist in kinds() {
            let mean = mean_of(&dist, |s| s);
            assert!((dist.mean_s() - mean).abs() <= 1e-3 * mean, "{dist:?}: {} {mean}", dist.mean_s());
            let variance = mean_of(&dist, |s| square(s - mean));
            assert!((dist.scv() * mean * mean - variance).abs() <= 5e-3 * variance + 1e-12, "{dist:?}: {variance}");
        }
    }

    #[test]
    fn what_is_left_beyond_a_span_is_the_integral_over_the_quantiles() {
        for dist in kinds() {
            for ms in [0, 500, 2_000, 2_500, 3_000, 5_000, 7_999, 8_000, 12_000, 40_000] {
                let x = Duration::from_millis(ms);
                let integral = mean_of(&dist, |s| (s - x.as_secs_f64()).max(0.0));
                let formula = dist.beyond_s(x);
                assert!((formula - integral).abs() <= 1e-3 * dist.mean_s(), "{dist:?} {ms}: {formula} {integral}");
            }
        }
    }

    #[test]
    fn beyond_zero_is_the_mean_and_far_out_is_nothing() {
        for dist in kinds() {
            assert!((dist.beyond_s(Duration::ZERO) - dist.mean_s()).abs() <= 1e-12, "{dist:?}");
            let far = dist.beyond_s(Duration::from_secs(1_000_000));
            assert!((0.0..1e-12).contains(&far), "{dist:?}: {far}");
        }
    }

    /// The tables of the standard normal distribution, through the logarithm.
    #[test]
    fn normal_quantiles_are_those_of_the_tables() {
        let dist = Dist::LogNormal { median: Duration::from_secs(1), sigma: 1.0 };
        let table = [(0.5, 0.0), (0.841_345, 1.0), (0.9, 1.281_552), (0.975, 1.959_964), (0.999, 3.090_232)];
        for (p, z) in table {
            assert!((dist.quantile_s(p).ln() - z).abs() < 5e-6, "{p}");
            assert!((dist.quantile_s(1.0 - p).ln() + z).abs() < 5e-6, "1 - {p}");
        }
        assert!(dist.quantile_s(0.0).abs() < 1e-300 && dist.quantile_s(1.0).is_infinite());
    }

    #[test]
    fn the_normal_quantile_inverts_the_normal_cdf_also_far_out() {
        for exponent in 1..=300 {
            let p = libm::exp10(f64::from(-exponent));
            let back = normal_cdf(normal_quantile(p));
            assert!((back / p - 1.0).abs() < 1e-11, "{p}: {back}");
        }
    }

    #[test]
    fn measured_spans_are_their_own_quantiles() {
        let spans = (1..=100).rev().map(Duration::from_secs).collect();
        let dist = Dist::Empirical(spans);
        for rank in 1..=100 {
            let p = f64::from(rank) / 100.0;
            assert!((dist.quantile_s(p) - f64::from(rank)).abs() < 1e-12, "{p}");
        }
        assert!((dist.quantile_s(0.0) - 1.0).abs() < 1e-12);
    }

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
