//! How many requests arrive when: a rate that is constant between its steps.

use rand_distr::{Distribution, LogNormal};

use super::Rate;
use crate::engine::draws::{Draws, Entity, Stream};
use crate::engine::time::Time;

/// Requests a second over time: each step's rate holds until the next one.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrivals {
    steps: Vec<(Time, Rate)>,
    noise: f64,
}

impl Arrivals {
    /// Always the same.
    pub fn constant(rate: Rate) -> Self {
        Self { steps: vec![(Time::ZERO, rate)], noise: 0.0 }
    }

    /// Steps in order of time, the first one at the start. `noise` is the standard deviation of the logarithm of a factor
    /// that each step's rate is multiplied by, whose mean is 1; zero for none.
    ///
    /// # Panics
    /// When the steps are not in strict order of time from the start on, or the noise is not a number from 0 to 3.
    pub fn new(steps: Vec<(Time, Rate)>, noise: f64) -> Self {
        assert!(steps.first().is_some_and(|(at, _)| *at == Time::ZERO), "the first step is at the start");
        assert!(steps.windows(2).all(|pair| pair[0].0 < pair[1].0), "steps are in order of time");
        assert!((0.0..=3.0).contains(&noise), "the noise is from 0 to 3");
        Self { steps, noise }
    }

    /// The steps without noise.
    pub fn steps(&self) -> &[(Time, Rate)] {
        &self.steps
    }

    /// The rate of the `i`-th step in one run.
    ///
    /// # Panics
    /// When there is no such step.
    pub fn rate(&self, i: usize, draws: Draws, service: Entity) -> Rate {
        let rate = self.steps[i].1;
        if self.noise == 0.0 {
            return rate;
        }
        let mean_one = -self.noise * self.noise / 2.0;
        let factor = LogNormal::new(mean_one, self.noise).expect("the noise is checked");
        let factor: f64 = factor.sample(&mut draws.rng(Stream::Noise, service.child(i as u64)));
        Rate::per_s(rate.as_per_s() * factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The factors of noise have mean 1: of 100,000 draws within five standard errors of sqrt(exp(s^2) - 1).
    #[test]
    fn noise_changes_no_mean() {
        let noise: f64 = 0.2;
        let n = 100_000;
        let steps = (0..n).map(|i| (Time::from_millis(i), Rate::per_s(10.0))).collect();
        let arrivals = Arrivals::new(steps, noise);
        let rates = (0..n as usize).map(|i| arrivals.rate(i, Draws::new(1), Entity::named("web")).as_per_s());
        let mean = rates.sum::<f64>() / n as f64;
        let error = 10.0 * ((noise * noise).exp() - 1.0).sqrt() / (n as f64).sqrt();
        assert!((mean - 10.0).abs() < 5.0 * error, "{mean}");
    }
}
