//! A metric as alarms see it: one datapoint a period, which is acted on some time later.

use std::collections::VecDeque;

use super::Measured;
use crate::engine::time::{Duration, Time};

/// What an alarm watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// The busy share of the running tasks' capacity in percent (`ECSServiceAverageCPUUtilization`).
    Utilization,
    /// Requests a minute for each task in service (`ALBRequestCountPerTarget`).
    RequestsPerTarget,
}

/// The datapoint that is being measured, and those that are not acted on yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Datapoints {
    beat: Beat,
    looked: Time,
    /// Mean of what was measured in this period so far, and of how long that is.
    mean: f64,
    measured: Duration,
    waiting: VecDeque<(Time, f64)>,
}

/// Datapoints in a row for which something held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Streak(u32);

/// Which of its multiples a period has come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beat(u64);

impl Metric {
    pub(super) fn of(self, measured: &Measured) -> Option<f64> {
        match self {
            Self::Utilization => measured.utilization.map(|share| share * 100.0),
            Self::RequestsPerTarget => measured.requests_per_task.map(|a_second| a_second * 60.0),
        }
    }
}

impl Datapoints {
    /// Takes in what was measured since the look before, and gives the datapoints that are acted on now. A period in
    /// which nothing was measured has no datapoint.
    pub(super) fn take(&mut self, now: Time, value: Option<f64>, (period, delay): (Duration, Duration)) -> Vec<f64> {
        let span = now.since(self.looked);
        self.looked = now;
        if let Some(value) = value.filter(|_| !span.is_zero()) {
            self.measured += span;
            // A value that does not change stays what it is, to the last bit.
            self.mean += (value - self.mean) * (span.as_secs_f64() / self.measured.as_secs_f64());
        }
        if self.beat.is_due(now, period) && !self.measured.is_zero() {
            self.waiting.push_back((now, self.mean));
            (self.mean, self.measured) = (0.0, Duration::ZERO);
        }
        let count = self.waiting.iter().take_while(|(at, _)| *at + delay <= now).count();
        self.waiting.drain(..count).map(|(_, value)| value).collect()
    }
}

impl Streak {
    /// How often in a row it has held, this time included.
    pub(super) fn count(&mut self, holds: bool) -> u32 {
        self.0 = if holds { self.0.saturating_add(1) } else { 0 };
        self.0
    }
}

impl Beat {
    /// Whether the next multiple of the period has come.
    pub(super) fn is_due(&mut self, now: Time, period: Duration) -> bool {
        let multiple = now.as_millis() / period.as_millis().max(1);
        let is_due = multiple > self.0;
        self.0 = multiple;
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    /// 10 s of 30 and 50 s of 90 are (300 + 4500) / 60 = 80; then 60 s of 50, of which 30 s were not measured.
    #[test]
    fn a_datapoint_is_the_mean_over_its_period_and_is_seen_later() {
        let mut points = Datapoints::default();
        let looks = [(10, Some(30.0)), (60, Some(90.0)), (90, Some(50.0)), (120, None), (150, Some(1.0)), (180, None)];
        let seen = looks.map(|(at, value)| points.take(Time::ZERO + secs(at), value, (secs(60), secs(30))));
        let whole = seen.map(|seen| seen.into_iter().map(f64::round).collect::<Vec<_>>());
        assert_eq!(whole, [vec![], vec![], vec![80.0], vec![], vec![50.0], vec![]]);
    }

    #[test]
    fn without_a_measurement_there_is_no_datapoint() {
        let mut points = Datapoints::default();
        let seen = [60, 120].map(|at| points.take(Time::ZERO + secs(at), None, (secs(60), Duration::ZERO)));
        assert_eq!(seen, [vec![], vec![]]);
    }

    /// Looks that are 7 s off the minute.
    #[test]
    fn a_look_after_a_multiple_stands_for_it() {
        let mut beat = Beat::default();
        let due = [7, 67, 100, 127, 300, 301].map(|at| beat.is_due(Time::ZERO + secs(at), secs(60)));
        assert_eq!(due, [false, true, false, true, true, false]);
    }
}
