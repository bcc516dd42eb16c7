//! Simulated time: whole milliseconds, so that ties are exact and results the same on every machine.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Sub};

/// An instant, in whole milliseconds since the start of the simulation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

/// A span of simulated time in whole milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(u64);

impl Time {
    /// The start of the simulation.
    pub const ZERO: Self = Self(0);

    /// Later than anything happens.
    pub const NEVER: Self = Self(u64::MAX);

    /// The instant `ms` milliseconds after the start.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the start.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Seconds since the start, for output.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// The span since `earlier`; zero when `earlier` is not earlier.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of `ms` milliseconds.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms)
    }

    /// A span of `s` seconds.
    pub const fn from_secs(s: u64) -> Self {
        Self(s * 1000)
    }

    /// A span of `s` seconds rounded to the millisecond; negative and undefined values become zero.
    #[expect(clippy::cast_sign_loss, reason = "the value is clamped to zero and above")]
    pub fn from_secs_f64(s: f64) -> Self {
        Self((s * 1000.0).round().clamp(0.0, 9.0e15) as u64)
    }

    /// Whole milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Seconds, for output and for arithmetic on rates.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// Whether nothing passes.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl Add<Duration> for Time {
    type Output = Self;
    fn add(self, span: Duration) -> Self {
        Self(self.0 + span.0)
    }
}

impl Sub<Duration> for Time {
    type Output = Self;
    /// An earlier instant; never before the start.
    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Add for Duration {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Duration {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Mul<u64> for Duration {
    type Output = Self;
    fn mul(self, factor: u64) -> Self {
        Self(self.0 * factor)
    }
}

impl Sum for Duration {
    fn sum<I: Iterator<Item = Self>>(spans: I) -> Self {
        spans.fold(Self::ZERO, Add::add)
    }
}

/// As people say it: `45.0s`, `4m 12s`, `2h 05m`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.0 {
            ms if ms < 1_000 => format!("{ms}ms"),
            ms if ms < 59_950 => format!("{:.1}s", ms as f64 / 1000.0),
            ms => {
                let s = (ms + 500) / 1000;
                if s < 3_600 {
                    format!("{}m {:02}s", s / 60, s % 60)
                } else {
                    format!("{}h {:02}m", (s + 30) / 3_600, (s + 30) % 3_600 / 60)
                }
            }
        };
        f.pad(&text)
    }
}

/// Seconds since the start with milliseconds: `12.345s`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{:03}s", self.0 / 1000, self.0 % 1000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        let table =
            [(0, "0ms"), (900, "900ms"), (45_000, "45.0s"), (59_949, "59.9s"), (59_950, "1m 00s"), (252_400, "4m 12s")];
        for (ms, text) in table {
            assert_eq!(Duration::from_millis(ms).to_string(), text);
        }
        assert_eq!(Duration::from_secs(2 * 3600 + 300).to_string(), "2h 05m");
        assert_eq!(Duration::from_secs(3599).to_string(), "59m 59s");
    }

    #[test]
    fn seconds_round_to_the_nearest_millisecond_and_never_below_zero() {
        assert_eq!(Duration::from_secs_f64(0.0124), Duration::from_millis(12));
        assert_eq!(Duration::from_secs_f64(-3.0), Duration::ZERO);
        assert_eq!(Duration::from_secs_f64(f64::NAN), Duration::ZERO);
    }
}
