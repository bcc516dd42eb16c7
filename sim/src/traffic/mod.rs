//! Requests as a fluid: rates and amounts, how they arrive, wait and are served. Values and pure functions; who moves them
//! along is in `control`.

mod arrivals;
pub(crate) mod fluid;
mod in_flight;
mod latency;
mod queueing;

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub, SubAssign};

use crate::engine::time::Duration;

pub use arrivals::Arrivals;
pub use fluid::Loss;
pub use in_flight::{Piece, in_flight, last_ends, longest};
pub use latency::{Latency, Quantile, ResponseTime};
pub use queueing::{Station, Wait, erlang_b, erlang_c};

/// Requests a second, in whole millionths: amounts over whole milliseconds are then whole billionths of a request, and
/// nothing is lost to rounding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(u64);

/// An amount of requests, in whole billionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Requests(i128);

impl Rate {
    /// None at all.
    pub const ZERO: Self = Self(0);

    /// So many millionths of a request a second.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// So many requests a second, rounded to a millionth; negative and undefined values become zero.
    #[expect(clippy::cast_sign_loss, reason = "the value is clamped to zero and above")]
    pub fn per_s(requests: f64) -> Self {
        Self((requests * 1e6).round().clamp(0.0, 1e18) as u64)
    }

    /// Millionths of a request a second, which are billionths a millisecond.
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// Requests a second, for output and for formulas.
    pub fn as_per_s(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Whether nothing flows.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// What flows in a span.
    pub fn over(self, span: Duration) -> Requests {
        Requests(i128::from(self.0) * i128::from(span.as_millis()))
    }

    /// What is left of it without another one; zero where that is more.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// A share of it, rounded down.
    #[must_use]
    pub fn share(self, part: u64, of: u64) -> Self {
        if of == 0 {
            return Self::ZERO;
        }
        let share = u128::from(self.0) * u128::from(part) / u128::from(of);
        Self(u64::try_from(share).unwrap_or(u64::MAX))
    }

    /// So many times as much.
    #[must_use]
    pub const fn times(self, n: u32) -> Self {
        Self(self.0.saturating_mul(n as u64))
    }
}

impl Requests {
    /// None at all.
    pub const ZERO: Self = Self(0);

    /// So many billionths of a request.
    pub const fn from_nanos(nanos: i128) -> Self {
        Self(nanos)
    }

    /// So many requests, rounded to a billionth.
    pub fn from_f64(requests: f64) -> Self {
        Self((requests * 1e9).round() as i128)
    }

    /// Billionths of a request.
    pub const fn nanos(self) -> i128 {
        self.0
    }

    /// Requests, for output.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Billionths as a fact has them: never negative, and at most some 18 thousand million requests.
    pub(crate) fn in_fact(self) -> u64 {
        u64::try_from(self.0.max(0)).unwrap_or(u64::MAX)
    }
}

impl Add for Rate {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sum for Rate {
    fn sum<I: Iterator<Item = Self>>(rates: I) -> Self {
        rates.fold(Self::ZERO, Add::add)
    }
}

/// Requests a second: `25/s`, `0.5/s`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/s", self.as_per_s()))
    }
}

impl Add for Requests {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Requests {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Requests {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl SubAssign for Requests {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

impl Sum for Requests {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}
