//! A token bucket on launches, exact in whole milliseconds.

use crate::engine::time::{Duration, Time};
use crate::model::LaunchRate;

/// Starts full; a launch takes one token.
#[derive(Clone, Copy, Debug)]
pub struct Tokens {
    rate: LaunchRate,
    /// In parts of a token: 60,000 are one, and each millisecond brings `per_minute` of them.
    level: u64,
    at: Time,
}

const ONE: u64 = 60_000;

impl Tokens {
    /// A full bucket.
    pub const fn full(rate: LaunchRate) -> Self {
        Self { rate, level: rate.burst as u64 * ONE, at: Time::ZERO }
    }

    /// Whole tokens at `now`.
    pub fn available(&mut self, now: Time) -> u32 {
        let gained = now.since(self.at).as_millis() * u64::from(self.rate.per_minute);
        self.level = (self.level + gained).min(u64::from(self.rate.burst) * ONE);
        self.at = now;
        (self.level / ONE) as u32
    }

    /// Takes `n` of the tokens that [`available`](Self::available) just counted.
    pub fn take(&mut self, n: u32) {
        self.level -= u64::from(n) * ONE;
    }

    /// When the next whole token is there.
    pub fn next(&self) -> Time {
        self.at + Duration::from_millis((ONE - self.level % ONE).div_ceil(u64::from(self.rate.per_minute)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Time for N launches = (N - burst) / rate: 3,500 launches at 60 a minute after a burst of 10 take (3,500 - 10) s.
    #[test]
    fn launches_follow_burst_plus_rate() {
        let mut tokens = Tokens::full(LaunchRate { per_minute: 60, burst: 10 });
        let (mut now, mut launched) = (Time::ZERO, 0);
        loop {
            let n = tokens.available(now);
            tokens.take(n);
            launched += n;
            assert!(u64::from(launched) <= 10 + now.as_millis() / 1000, "by {now}");
            if launched == 3_500 {
                break;
            }
            now = tokens.next();
        }
        assert_eq!(now, Time::from_millis(3_490_000));
    }
}
