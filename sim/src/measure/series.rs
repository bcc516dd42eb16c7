//! Exact time series: a quantity that is constant between its changes, with arithmetic.

use crate::engine::time::Time;

/// A piecewise-constant function of time; 0 before its first change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    /// Instants of change and the value from then on; instants rise strictly.
    points: Vec<(Time, i64)>,
}

impl Series {
    /// Changes the value by `delta` from `at` on. Changes come in order of time.
    pub fn change(&mut self, at: Time, delta: i64) {
        match self.points.last_mut() {
            Some((last, value)) if *last == at => *value += delta,
            last => {
                let value = last.map_or(0, |(_, value)| *value);
                self.points.push((at, value + delta));
            }
        }
    }

    /// The changes: instants and the value from then on.
    pub fn points(&self) -> &[(Time, i64)] {
        &self.points
    }

    /// The value at an instant, changes of that instant included.
    pub fn at(&self, time: Time) -> i64 {
        let after = self.points.partition_point(|&(at, _)| at <= time);
        after.checked_sub(1).map_or(0, |i| self.points[i].1)
    }

    /// The value from `from` to `to` and how long it lasts, piece by piece, in milliseconds.
    pub fn pieces(&self, from: Time, to: Time) -> impl Iterator<Item = (i64, u64)> + '_ {
        let later = self.points.partition_point(|&(at, _)| at <= from);
        let starts = std::iter::once((from, self.at(from))).chain(self.points[later..].iter().copied());
        let ends = self.points[later..].iter().map(|&(at, _)| at).chain(std::iter::once(to));
        starts
            .zip(ends)
            .take_while(move |((start, _), _)| *start < to)
            .map(move |((start, value), end)| (value, end.min(to).since(start).as_millis()))
    }

    /// The integral of `f(value)` from `from` to `to`, in value-milliseconds.
    pub fn integral(&self, from: Time, to: Time, f: impl Fn(i64) -> i64) -> i128 {
        self.pieces(from, to).map(|(value, ms)| i128::from(f(value)) * i128::from(ms)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2 from 10 s, 5 from 20 s, 1 from 40 s.
    fn steps() -> Series {
        let mut series = Series::default();
        for (at, delta) in [(10_000, 1), (10_000, 1), (20_000, 3), (40_000, -4)] {
            series.change(Time::from_millis(at), delta);
        }
        series
    }

    #[test]
    fn values_hold_from_their_change_on() {
        let table = [(0, 0), (9_999, 0), (10_000, 2), (20_000, 5), (39_999, 5), (40_000, 1), (99_000, 1)];
        for (ms, value) in table {
            assert_eq!(steps().at(Time::from_millis(ms)), value, "at {ms} ms");
        }
    }

    #[test]
    fn integrals_are_sums_of_rectangles() {
        let between = |from, to| steps().integral(Time::from_millis(from), Time::from_millis(to), |v| v);
        assert_eq!(between(0, 50_000), 2 * 10_000 + 5 * 20_000 + 10_000);
        assert_eq!(between(15_000, 25_000), 2 * 5_000 + 5 * 5_000);
        assert_eq!(between(15_000, 15_000), 0);
        let above_three = steps().integral(Time::ZERO, Time::from_millis(50_000), |v| (v - 3).max(0));
        assert_eq!(above_three, 2 * 20_000);
    }
}
