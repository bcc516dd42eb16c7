//! Axes: from values to places, with marks at round numbers.

/// Steps of hours between marks, up to weeks.
const CLOCK_HOURS: [f64; 8] = [1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 72.0, 168.0];

/// One axis, linear or logarithmic.
pub(super) struct Axis {
    /// The value at its start.
    from: f64,
    /// The value at its end.
    to: f64,
    /// Whether equal distances are equal factors.
    logarithmic: bool,
    /// Where it starts and ends on the paper.
    pub(super) place: (f64, f64),
    /// The marked values.
    pub(super) ticks: Vec<f64>,
}

impl Axis {
    /// A linear axis over exactly `from..to`, with a mark at every round number in it.
    pub(super) fn linear(from: f64, to: f64, place: (f64, f64), marks: f64) -> Self {
        let step = round_step((to - from) / marks);
        Self { from, to, logarithmic: false, place, ticks: multiples(step, from, to) }
    }

    /// A linear axis from zero to the round number at or above `max`.
    pub(super) fn from_zero(max: f64, place: (f64, f64), marks: f64) -> Self {
        let step = round_step(max / marks);
        Self::linear(0.0, (max / step - 1e-9).ceil() * step, place, marks)
    }

    /// A linear axis of whole numbers from zero to above `max`.
    pub(super) fn counts(max: f64, place: (f64, f64), marks: f64) -> Self {
        let step = round_step(max / marks).max(1.0);
        let to = (max / step).floor() * step + step;
        Self { from: 0.0, to, logarithmic: false, place, ticks: multiples(step, 0.0, to) }
    }

    /// A linear axis of seconds from zero to exactly `end_s`, with marks where a clock has them.
    pub(super) fn clock(end_s: f64, place: (f64, f64)) -> Self {
        let (_, unit_s) = unit(end_s);
        let round: &[f64] = if unit_s < 3_600.0 { &[1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0] } else { &CLOCK_HOURS };
        let steps = round.iter().map(|step| step * unit_s);
        let step = steps.into_iter().find(|step| end_s / step <= 12.0).unwrap_or(round_step(end_s / 12.0));
        Self { from: 0.0, to: end_s, logarithmic: false, place, ticks: multiples(step, 0.0, end_s) }
    }

    /// A logarithmic axis between the round numbers around `min..max`, both above zero.
    pub(super) fn logarithmic(min: f64, max: f64, place: (f64, f64)) -> Self {
        let decades = (min.log10().floor() as i32)..=(max.log10().ceil() as i32);
        let round: Vec<f64> = decades.flat_map(|decade| [1.0, 2.0, 5.0].map(|n| n * 10_f64.powi(decade))).collect();
        let from = round.iter().copied().filter(|&n| n <= min * (1.0 + 1e-9)).fold(round[0], f64::max);
        let to = round.iter().copied().filter(|&n| n >= max * (1.0 - 1e-9)).fold(f64::INFINITY, f64::min);
        let mut ticks: Vec<f64> = round.into_iter().filter(|n| (from..=to).contains(n)).collect();
        if ticks.len() > 13 {
            ticks.retain(|n| n.log10().fract().abs() < 1e-9);
        }
        Self { from, to, logarithmic: true, place, ticks }
    }

    /// Where `value` is on the paper.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = if self.logarithmic {
            (value / self.from).ln() / (self.to / self.from).ln()
        } else {
            (value - self.from) / (self.to - self.from)
        };
        self.place.0 + share * (self.place.1 - self.place.0)
    }
}

/// The unit for times up to `max_s` seconds: its name and its seconds.
pub(super) fn unit(max_s: f64) -> (&'static str, f64) {
    if max_s <= 180.0 {
        ("seconds", 1.0)
    } else if max_s <= 10_800.0 {
        ("minutes", 60.0)
    } else {
        ("hours", 3600.0)
    }
}

/// A mark's number, without digits that only rounding put there.
pub(super) fn number(value: f64) -> String {
    ((value * 1e6).round() / 1e6 + 0.0).to_string()
}

/// The first of .. 1 2 5 10 20 50 .. at or above `least`.
fn round_step(least: f64) -> f64 {
    let decade = 10_f64.powf(least.max(f64::MIN_POSITIVE).log10().floor());
    [1.0, 2.0, 5.0].into_iter().map(|n| n * decade).find(|&n| n >= least * (1.0 - 1e-9)).unwrap_or(10.0 * decade)
}

/// Every multiple of `step` in `from..=to`.
fn multiples(step: f64, from: f64, to: f64) -> Vec<f64> {
    let first = (from / step - 1e-9).ceil() as i64;
    let last = (to / step + 1e-9).floor() as i64;
    (first..=last).map(|n| n as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(axis: &Axis) -> String {
        axis.ticks.iter().map(|&tick| number(tick)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn marks_are_round_numbers() {
        assert_eq!(marks(&Axis::from_zero(4.6, (0.0, 1.0), 6.0)), "0 1 2 3 4 5");
        assert_eq!(marks(&Axis::from_zero(0.3, (0.0, 1.0), 6.0)), "0 0.05 0.1 0.15 0.2 0.25 0.3");
        assert_eq!(marks(&Axis::linear(-0.4, 4.6, (0.0, 1.0), 6.0)), "0 1 2 3 4");
        assert_eq!(marks(&Axis::counts(1.0, (0.0, 1.0), 6.0)), "0 1 2");
        assert_eq!(marks(&Axis::counts(10.0, (0.0, 1.0), 6.0)), "0 2 4 6 8 10 12");
        assert_eq!(marks(&Axis::logarithmic(0.7, 30.0, (0.0, 1.0))), "0.5 1 2 5 10 20 50");
        assert_eq!(marks(&Axis::logarithmic(0.01, 1e4, (0.0, 1.0))), "0.01 0.1 1 10 100 1000 10000");
    }

    #[test]
    fn marks_of_time_are_those_of_a_clock() {
        let hours = |end_s: f64| Axis::clock(end_s, (0.0, 1.0)).ticks.iter().map(|s| s / 3_600.0).collect::<Vec<_>>();
        assert_eq!(hours(86_400.0), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 22.0, 24.0]);
        assert_eq!(hours(7.0 * 86_400.0).last(), Some(&168.0));
        assert_eq!(hours(10_800.0)[..3], [0.0, 0.25, 0.5]);
        assert_eq!(marks(&Axis::clock(60.0, (0.0, 1.0))), "0 5 10 15 20 25 30 35 40 45 50 55 60");
    }

    #[test]
    fn equal_factors_are_equal_distances_on_a_logarithmic_axis() {
        let axis = Axis::logarithmic(1.0, 100.0, (100.0, 300.0));
        assert_eq!([1.0, 10.0, 100.0].map(|value| axis.at(value).round() as i64), [100, 200, 300]);
    }

    #[test]
    fn the_unit_follows_the_range() {
        assert_eq!([90.0, 600.0, 40_000.0].map(|s| unit(s).0), ["seconds", "minutes", "hours"]);
    }
}
