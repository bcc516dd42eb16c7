//! An alarm that calls a function, the way of 2016: a service has no scaling of its own yet, and a few lines of code
//! set its desired count.
//!
//! The sources' keys (ASG, DG, E) are those of `docs/sources.md`.

use super::datapoints::{Datapoints, Metric, Streak};
use super::{Activity, ServiceView, Wish, is_above};
use crate::engine::time::Duration;

/// Compares the utilization with two thresholds, and asks for some tasks more or fewer than are desired.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlarmFunction {
    /// Above so many percent more tasks are asked for.
    pub high: f64,
    /// Below so many percent fewer are asked for; never where absent.
    pub low: Option<f64>,
    /// Datapoints in a row beyond a threshold before its alarm rings; at least 1.
    pub periods: u32,
    /// From one datapoint to the next; above zero.
    pub period: Duration,
    /// Tasks more or fewer each time.
    pub step: u32,
    /// From the end of a datapoint's period to the new desired count.
    pub latency: Duration,
    /// After a change it asks for nothing for so long.
    pub cooldown: Duration,
    /// Whether it is called again after each period in which the alarm rings on; once where not.
    pub repeats: bool,
}

/// What it remembers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    datapoints: Datapoints,
    above: Streak,
    below: Streak,
}

impl Default for AlarmFunction {
    fn default() -> Self {
        Self {
            // DG cloudwatch_alarm_autoscaling.md has 75 % and 25 % for hosts. E: the same for tasks (range 60 to 80 %,
            // and 20 to 40 % or never).
            high: 75.0,
            low: Some(25.0),
            periods: 1,
            // E: what the console offers first (range 60 s to 5 min).
            period: Duration::from_secs(300),
            step: 1,
            // E: publication, evaluation, notification and the call (range 5 s to 2 min).
            latency: Duration::from_secs(60),
            // E: ASG's for simple scaling; the function has none unless somebody wrote one (range 0 to 300 s).
            cooldown: Duration::from_secs(300),
            // E: a notification alone comes once when the alarm begins to ring. Functions that were of use were called
            // again, by a timer or as they set the alarm back.
            repeats: true,
        }
    }
}

impl AlarmFunction {
    /// What it asks for.
    pub(super) fn look(&self, view: &ServiceView, last: Option<&Activity>, memory: &mut Memory) -> Wish {
        let value = Metric::Utilization.of(&view.measured);
        let calls = |streak: u32| streak == self.periods || self.repeats && streak > self.periods;
        let mut wish = Wish::Stay;
        for value in memory.datapoints.take(view.now, value, (self.period, self.latency)) {
            let more = calls(memory.above.count(is_above(value, self.high)));
            let fewer = calls(memory.below.count(self.low.is_some_and(|low| is_above(low, value))));
            wish = match (more, fewer) {
                (true, _) => Wish::of(view.desired.saturating_add(self.step), view.desired),
                (false, true) => Wish::of(view.desired.saturating_sub(self.step), view.desired),
                (false, false) => Wish::Stay,
            };
        }
        let rests = last.is_some_and(|last| last.is_within(self.cooldown, view.now));
        if rests { Wish::Stay } else { wish }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Policy;
    use super::super::support::World;
    use super::*;

    fn world(function: AlarmFunction, tasks: u32, load: f64) -> World {
        World { load, ..World::new(vec![Policy::AlarmFunction(function)], tasks) }
    }

    fn every_period() -> AlarmFunction {
        AlarmFunction { latency: Duration::ZERO, ..AlarmFunction::default() }
    }

    /// Looks are a minute apart. 8 / 10 is 80 % at minute 5, and there is one more at minute 6; 8 / 11 is 73 %.
    #[test]
    fn one_task_more_a_minute_after_the_alarm() {
        let expected = [vec![10; 5], vec![11; 15]].concat();
        assert_eq!(world(AlarmFunction::default(), 10, 8.0).looks(20), expected);
    }

    /// 9.6 / 10, / 11, / 12 are 96, 87 and 80 %; / 13 is 74 %.
    #[test]
    fn one_after_the_other_until_the_alarm_is_silent() {
        assert_eq!(world(every_period(), 10, 9.6).looks(6), [11, 12, 13, 13, 13, 13]);
        assert_eq!(world(AlarmFunction { step: 5, ..every_period() }, 10, 9.6).looks(3), [15, 15, 15]);
    }

    /// 7.5 / 10 is at the threshold; 2.4 / 10 is below the other one, 2.4 / 9 is 27 %.
    #[test]
    fn one_task_fewer_below_the_lower_threshold_if_there_is_one() {
        assert_eq!(world(every_period(), 10, 7.5).looks(2), [10, 10]);
        assert_eq!(world(every_period(), 10, 2.4).looks(3), [9, 9, 9]);
        assert_eq!(world(AlarmFunction { low: None, ..every_period() }, 10, 2.4).looks(3), [10, 10, 10]);
    }

    /// 30 / 10 is all of it for long; the periods are of a minute.
    #[test]
    fn its_cooldown_lets_one_task_come_at_a_time() {
        let function = AlarmFunction { period: Duration::from_secs(60), ..every_period() };
        assert_eq!(world(function, 10, 30.0).looks(11), [11, 11, 11, 11, 11, 12, 12, 12, 12, 12, 13]);
        let none = AlarmFunction { cooldown: Duration::ZERO, ..function };
        assert_eq!(world(none, 10, 30.0).looks(3), [11, 12, 13]);
    }

    #[test]
    fn a_notification_alone_calls_once() {
        let mut world = world(AlarmFunction { repeats: false, ..every_period() }, 10, 30.0);
        assert_eq!(world.looks(4), [11; 4]);
        world.load = 5.0;
        assert_eq!(world.looks(1), [11]);
        world.load = 30.0;
        assert_eq!(world.looks(2), [12, 12]);
    }

    #[test]
    fn a_deploy_does_not_hold_it_back() {
        let mut world = world(every_period(), 10, 1.0);
        world.deploying = true;
        assert_eq!(world.looks(2), [9, 8]);
    }
}
