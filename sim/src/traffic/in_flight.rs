//! Requests in flight at one target: how many there are, and when the last of them ends.

use super::{Rate, Requests};
use crate::engine::dist::Dist;
use crate::engine::time::{Duration, Time};

/// A span in which requests began to be served at one constant rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// When it begins.
    pub from: Time,
    /// When it ends; not before `from`.
    pub to: Time,
    /// Requests that begin, a second.
    pub rate: Rate,
}

/// The expected number of requests in flight at `at`, for pieces in order of time (the oldest first) and requests that each
/// take a time of `dist`. What begins after `at` does not count.
///
/// Each request is in flight for its own time whatever the others do (M/G/infinity), so a piece adds its rate times the
/// integral of P(S > t) over the ages that its requests have.
pub fn in_flight(pieces: &[Piece], dist: &Dist, at: Time) -> Requests {
    Requests::from_f64(expected(pieces, dist, at, at))
}

/// How long after `from` the last of the requests in flight at `from` ends, at most `most`: the quantile `u`, from 0 to 1,
/// of that time.
///
/// Their number is Poisson, and so is the number of those still in flight later: nobody is left after t with probability
/// exp(-m), m being the expected number at `from` + t of the requests that began before `from`.
pub fn last_ends(pieces: &[Piece], dist: &Dist, from: Time, most: Duration, u: f64) -> Duration {
    let few_enough = -libm::log(u);
    let gone = |ms: u64| expected(pieces, dist, from, from + Duration::from_millis(ms)) <= few_enough;
    let (mut low, mut high) = (0, most.as_millis());
    while low < high {
        let middle = low + (high - low) / 2;
        if gone(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Duration::from_millis(low)
}

/// The age at which next to nothing is left of requests that each take a time of `dist`.
pub fn longest(dist: &Dist) -> Duration {
    let mut ms = 1;
    while dist.beyond_s(Duration::from_millis(ms)) > negligible(dist) && ms < u64::MAX / 4 {
        ms *= 2;
    }
    Duration::from_millis(ms)
}

/// What is so little of a mean that it may be left out.
fn negligible(dist: &Dist) -> f64 {
    dist.mean_s() * 1e-9
}

/// The expected number of requests that began before `before` and are in flight at `at`, which is not earlier.
fn expected(pieces: &[Piece], dist: &Dist, before: Time, at: Time) -> f64 {
    let negligible = negligible(dist);
    let mut sum = 0.0;
    // From the newest backwards: a long history costs nothing where requests are short.
    for piece in pieces.iter().rev().filter(|piece| piece.from < before) {
        let newest = dist.beyond_s(at.since(piece.to.min(before)));
        if newest <= negligible {
            break;
        }
        if !piece.rate.is_zero() {
            sum += piece.rate.as_per_s() * (newest - dist.beyond_s(at.since(piece.from)));
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: u64) -> Time {
        Time::ZERO + Duration::from_secs(s)
    }

    fn steady(rate: f64, until: u64) -> Vec<Piece> {
        vec![Piece { from: Time::ZERO, to: at(until), rate: Rate::per_s(rate) }]
    }

    fn kinds() -> Vec<Dist> {
        let s = Duration::from_secs;
        vec![
            Dist::Fixed(s(20)),
            Dist::Uniform { low: s(2), high: s(8) },
            Dist::Exponential { mean: s(5) },
            Dist::LogNormal { median: s(3), sigma: 1.0 },
            Dist::Empirical(vec![s(1), s(3), s(30)]),
        ]
    }

    /// Little's law for a station that never makes anybody wait.
    #[test]
    fn at_a_steady_rate_the_rate_times_the_mean_is_in_flight() {
        for dist in kinds() {
            let there = in_flight(&steady(7.0, 100_000), &dist, at(100_000)).as_f64();
            assert!((there - 7.0 * dist.mean_s()).abs() < 1e-6, "{dist:?}: {there}");
        }
    }

    /// Fixed 20 s, 3 a second for 10 s: the number rises by 3 a second, stays, and falls 20 s later.
    #[test]
    fn a_short_piece_comes_and_goes_with_its_requests() {
        let pieces = steady(3.0, 10);
        for (s, there) in [(0, 0.0), (4, 12.0), (10, 30.0), (20, 30.0), (25, 15.0), (30, 0.0), (99, 0.0)] {
            let found = in_flight(&pieces, &Dist::Fixed(Duration::from_secs(20)), at(s)).as_f64();
            assert!((found - there).abs() < 1e-9, "{s}: {found}");
        }
    }

    #[test]
    fn a_piece_cut_into_many_is_the_same_piece() {
        let cut: Vec<Piece> =
            (0..2_000).map(|i| Piece { from: at(i), to: at(i + 1), rate: Rate::per_s(2.5) }).collect();
        for dist in kinds() {
            for s in [1, 500, 2_000, 2_010] {
                let whole = in_flight(&steady(2.5, 2_000), &dist, at(s)).as_f64();
                let parts = in_flight(&cut, &dist, at(s)).as_f64();
                assert!((whole - parts).abs() < 1e-6, "{dist:?} {s}: {whole} {parts}");
            }
        }
    }

    /// The share of the requests in flight when a drain begins that are so after it.
    fn cut_by_drain(dist: &Dist, drain: u64) -> f64 {
        let pieces = steady(10.0, 1_000);
        in_flight(&pieces, dist, at(1_000 + drain)).as_f64() / in_flight(&pieces, dist, at(1_000)).as_f64()
    }

    #[test]
    fn a_drain_cuts_the_requests_that_outlast_it() {
        let twenty = Dist::Fixed(Duration::from_secs(20));
        let exponential = Dist::Exponential { mean: Duration::from_secs(8) };
        let table = [
            (&twenty, 30, 0.0),
            (&twenty, 5, 15.0 / 20.0),
            (&exponential, 0, 1.0),
            (&exponential, 5, (-5.0_f64 / 8.0).exp()),
            (&exponential, 30, (-30.0_f64 / 8.0).exp()),
        ];
        for (dist, drain, cut) in table {
            assert!((cut_by_drain(dist, drain) - cut).abs() < 1e-9, "{dist:?} {drain}");
        }
    }

    /// 3 a second that take 10 s on average: of a Poisson number with mean 30 exp(-t/10), none are left.
    #[test]
    fn the_last_one_ends_as_late_as_the_last_of_a_poisson_number() {
        let n = 10_000;
        let dist = Dist::Exponential { mean: Duration::from_secs(10) };
        let end = |i: u32| {
            let u = (f64::from(i) + 0.5) / f64::from(n);
            last_ends(&steady(3.0, 1_000), &dist, at(1_000), Duration::from_secs(3_600), u)
        };
        let ends: Vec<Duration> = (0..n).map(end).collect();
        for t in [5, 20, 30, 40, 60, 90] {
            let by_then = ends.iter().filter(|end| **end <= Duration::from_secs(t)).count() as f64 / f64::from(n);
            let law = (-30.0 * (-(t as f64) / 10.0).exp()).exp();
            assert!((by_then - law).abs() <= 1.0 / f64::from(n), "{t}: {by_then} {law}");
        }
    }

    #[test]
    fn the_last_one_ends_within_the_longest_request_and_the_bound() {
        let pieces = steady(100.0, 1_000);
        let fixed = Dist::Fixed(Duration::from_secs(20));
        for u in [0.0, 0.01, 0.5, 0.99, 1.0] {
            let free = last_ends(&pieces, &fixed, at(1_000), Duration::from_secs(60), u);
            let bound = last_ends(&pieces, &fixed, at(1_000), Duration::from_secs(5), u);
            assert!(free <= Duration::from_secs(20), "{u}: {free}");
            assert_eq!(bound, free.min(Duration::from_secs(5)), "{u}");
        }
        assert_eq!(last_ends(&[], &fixed, at(1_000), Duration::from_secs(60), 0.5), Duration::ZERO);
    }

    #[test]
    fn what_begins_later_is_not_among_those_that_are_waited_for() {
        let mut pieces = steady(2.0, 100);
        let dist = Dist::Exponential { mean: Duration::from_secs(4) };
        let alone = last_ends(&pieces, &dist, at(100), Duration::from_secs(100), 0.7);
        pieces[0].to = at(150);
        pieces.push(Piece { from: at(150), to: at(200), rate: Rate::per_s(50.0) });
        assert_eq!(last_ends(&pieces, &dist, at(100), Duration::from_secs(100), 0.7), alone);
    }
}
