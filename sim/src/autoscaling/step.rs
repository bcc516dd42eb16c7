//! Step scaling of Application Auto Scaling: alarms whose change depends on how far the metric is beyond a threshold.
//!
//! The sources' keys (AAS, DG, E) are those of `docs/sources.md`. Left out: a metric's minimum or maximum in place of
//! its mean.

use super::datapoints::{Datapoints, Metric, Streak};
use super::{Activity, Growth, NOISE, ServiceView, Wish};
use crate::engine::time::Duration;

/// An alarm above and one below, each with steps.
#[derive(Clone, Debug, PartialEq)]
pub struct StepScaling {
    /// What is measured.
    pub metric: Metric,
    /// Rings at its threshold and above.
    pub high: Option<Alarm>,
    /// Rings at its threshold and below.
    pub low: Option<Alarm>,
    /// What the changes of the steps mean.
    pub adjustment: Adjustment,
    /// From one datapoint to the next; above zero.
    pub period: Duration,
    /// From the end of a datapoint's period to what it does.
    pub delay: Duration,
    /// For so long after a scale-out only what goes beyond it is added; after any change nothing is taken away.
    pub cooldown: Duration,
}

/// A threshold, and what is done beyond it.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    /// Percent, or requests a minute.
    pub threshold: f64,
    /// Datapoints in a row beyond it before it rings; at least 1.
    pub periods: u32,
    /// Of them the one counts that the last datapoint is in.
    pub steps: Vec<Step>,
}

/// What is done where the metric is in a range. Ranges are relative to the threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The lower end: part of a range above the threshold, and not of one below it; none is without end.
    pub from: Option<f64>,
    /// The upper end: part of a range below the threshold, and not of one above it; none is without end.
    pub to: Option<f64>,
    /// Tasks, or percent of the desired count, or the count itself.
    pub change: i32,
}

/// What a step's change means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adjustment {
    /// So many more (`ChangeInCapacity`).
    Change,
    /// So many percent more (`PercentChangeInCapacity`).
    Percent {
        /// So many tasks at least (`MinAdjustmentMagnitude`).
        min_magnitude: u32,
    },
    /// So many (`ExactCapacity`).
    Exact,
}

/// What it remembers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    datapoints: Datapoints,
    above: Streak,
    below: Streak,
    grew: Growth,
}

impl Default for StepScaling {
    fn default() -> Self {
        Self {
            metric: Metric::Utilization,
            high: None,
            low: None,
            adjustment: Adjustment::Change,
            // DG cloudwatch-metrics.md: metrics of ECS come every minute.
            period: Duration::from_secs(60),
            // E: publication and evaluation (range 0 to 2 min).
            delay: Duration::from_secs(60),
            // AAS, StepScalingPolicyConfiguration.
            cooldown: Duration::from_secs(300),
        }
    }
}

impl StepScaling {
    /// What it asks for.
    pub(super) fn look(&self, view: &ServiceView, last: Option<&Activity>, memory: &mut Memory) -> Wish {
        let value = self.metric.of(&view.measured);
        let mut change = None;
        for value in memory.datapoints.take(view.now, value, (self.period, self.delay)) {
            let high = self.high.as_ref().filter(|alarm| {
                let beyond = alarm.beyond(value) >= 0.0;
                memory.above.count(beyond) >= alarm.periods
            });
            let low = self.low.as_ref().filter(|alarm| {
                let beyond = alarm.beyond(value) <= 0.0;
                memory.below.count(beyond) >= alarm.periods
            });
            let above = high.and_then(|alarm| alarm.step(value, Step::holds_above));
            change = above.or_else(|| low.and_then(|alarm| alarm.step(value, Step::holds_below)));
        }
        change.map_or(Wish::Stay, |change| self.wish(view, last, change, &mut memory.grew))
    }

    fn wish(&self, view: &ServiceView, last: Option<&Activity>, change: i32, grew: &mut Growth) -> Wish {
        let wanted = self.adjusted(view.desired, change);
        if wanted > view.desired {
            // AAS step-scaling-policies.md: in the cooldown, what the earlier scale-out added is part of this one.
            return grew.wish(view, self.cooldown, |from| self.adjusted(from.unwrap_or(view.desired), change));
        }
        // DG service-auto-scaling.md: no scale-in during a deployment.
        let rests = view.deploying || last.is_some_and(|last| last.is_within(self.cooldown, view.now));
        if rests { Wish::Stay } else { Wish::of(wanted, view.desired) }
    }

    /// So many tasks after a change.
    fn adjusted(&self, tasks: u32, change: i32) -> u32 {
        match self.adjustment {
            Adjustment::Exact => u32::try_from(change).unwrap_or(0),
            Adjustment::Change => tasks.saturating_add_signed(change),
            Adjustment::Percent { min_magnitude } => {
                tasks.saturating_add_signed(percent_of(tasks, change, min_magnitude))
            }
        }
    }
}

/// A share of the tasks in percent. AAS step-scaling-policies.md: it is rounded towards none, but to one at least.
fn percent_of(tasks: u32, percent: i32, min_magnitude: u32) -> i32 {
    let hundredths = i64::from(tasks) * i64::from(percent);
    if hundredths == 0 {
        return 0;
    }
    let magnitude = (hundredths / 100).abs().max(i64::from(min_magnitude.max(1)));
    i32::try_from(hundredths.signum() * magnitude).unwrap_or(i32::MAX)
}

impl Alarm {
    /// How far a value is above the threshold.
    fn beyond(&self, value: f64) -> f64 {
        let difference = value - self.threshold;
        if difference.abs() <= NOISE * self.threshold.abs().max(1.0) { 0.0 } else { difference }
    }

    fn step(&self, value: f64, holds: impl Fn(&Step, f64) -> bool) -> Option<i32> {
        let beyond = self.beyond(value);
        self.steps.iter().find(|step| holds(step, beyond)).map(|step| step.change)
    }
}

impl Step {
    fn holds_above(&self, beyond: f64) -> bool {
        self.from.is_none_or(|from| from <= beyond) && self.to.is_none_or(|to| beyond < to)
    }

    fn holds_below(&self, beyond: f64) -> bool {
        self.from.is_none_or(|from| from < beyond) && self.to.is_none_or(|to| beyond <= to)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Policy;
    use super::super::support::World;
    use super::*;

    fn step(from: Option<f64>, to: Option<f64>, change: i32) -> Step {
        Step { from, to, change }
    }

    /// The guide's example, with a threshold of 50 % on both sides.
    fn of_the_guide() -> StepScaling {
        let high = vec![step(Some(0.0), Some(10.0), 0), step(Some(10.0), Some(20.0), 10), step(Some(20.0), None, 30)];
        let low =
            vec![step(Some(-10.0), Some(0.0), 0), step(Some(-20.0), Some(-10.0), -10), step(None, Some(-20.0), -30)];
        let alarm = |steps| Some(Alarm { threshold: 50.0, periods: 1, steps });
        StepScaling {
            high: alarm(high),
            low: alarm(low),
            adjustment: Adjustment::Percent { min_magnitude: 1 },
            delay: Duration::ZERO,
            cooldown: Duration::ZERO,
            ..StepScaling::default()
        }
    }

    fn world(scaling: StepScaling, tasks: u32, load: f64) -> World {
        World { load, ..World::new(vec![Policy::Step(scaling)], tasks) }
    }

    fn one_look(scaling: &StepScaling, tasks: u32, percent: f64) -> u32 {
        world(scaling.clone(), tasks, f64::from(tasks) * percent / 100.0).look()
    }

    /// AAS step-scaling-policies.md: 10 % of 10 are 1; 30 % of 11 are 3.3, so 3 come; 10 % of 14 are 1.4, so 1 goes; 30
    /// % of 13 are 3.9, so 3 go. Between 40 and 60 % nothing happens.
    #[test]
    fn steps_of_the_guide() {
        let table = [
            (10, 60.0, 11),
            (11, 70.0, 14),
            (14, 40.0, 13),
            (13, 30.0, 10),
            (10, 59.0, 10),
            (10, 41.0, 10),
            (10, 50.0, 10),
            (10, 100.0, 13),
            (10, 0.0, 7),
        ];
        for (tasks, percent, expected) in table {
            assert_eq!(one_look(&of_the_guide(), tasks, percent), expected, "{tasks} at {percent} %");
        }
    }

    /// AAS step-scaling-policies.md: 12.7 is 12, 0.67 is 1, -0.58 is -1, -6.67 is -6; 25 % of 4 are 1, and 2 at least.
    #[test]
    fn a_percentage_is_rounded_towards_none_but_to_one_at_least() {
        let table = [
            (127, 10, 0, 12),
            (67, 1, 0, 1),
            (58, -1, 0, -1),
            (667, -1, 0, -6),
            (4, 25, 2, 2),
            (4, -25, 2, -2),
            (100, 25, 2, 25),
            (100, 0, 2, 0),
            (0, 50, 2, 0),
            (u32::MAX, i32::MAX, 0, i32::MAX),
        ];
        for (tasks, percent, min_magnitude, change) in table {
            assert_eq!(percent_of(tasks, percent, min_magnitude), change, "{percent} % of {tasks}");
        }
    }

    #[test]
    fn a_change_may_be_a_number_or_the_count_itself() {
        let change = |adjustment, change, tasks| StepScaling { adjustment, ..of_the_guide() }.adjusted(tasks, change);
        assert_eq!([change(Adjustment::Change, 5, 3), change(Adjustment::Exact, 5, 3)], [8, 5]);
        assert_eq!([change(Adjustment::Change, -5, 3), change(Adjustment::Exact, 5, 30)], [0, 5]);
    }

    fn adding(steps: Vec<Step>, periods: u32) -> StepScaling {
        let high = Some(Alarm { threshold: 50.0, periods, steps });
        StepScaling { high, low: None, adjustment: Adjustment::Change, ..of_the_guide() }
    }

    #[test]
    fn an_alarm_of_several_periods_wants_them_in_a_row() {
        let mut world = world(adding(vec![step(None, None, 2)], 3), 10, 8.0);
        assert_eq!(world.looks(2), [10, 10]);
        world.load = 1.0;
        assert_eq!(world.looks(1), [10]);
        world.load = 8.0;
        assert_eq!(world.looks(3), [10, 10, 12]);
    }

    /// AAS step-scaling-policies.md: 2 tasks more, and in their cooldown 3 more, of which 2 have come: one. 300 s after
    /// the first two 3 more.
    #[test]
    fn in_the_cooldown_only_what_goes_beyond_the_earlier_scale_out_is_added() {
        let steps = vec![step(Some(0.0), Some(30.0), 2), step(Some(30.0), None, 3)];
        let scaling = StepScaling { cooldown: Duration::from_secs(300), ..adding(steps, 1) };
        let mut world = world(scaling, 10, 6.0);
        assert_eq!(world.looks(3), [12, 12, 12]);
        world.load = 90.0;
        assert_eq!(world.looks(1), [13]);
        assert_eq!(world.looks(7), [13, 16, 16, 16, 16, 16, 19]);
    }

    /// -30 % of 14 are -4.2, and 300 s later -30 % of 10 are -3; none go in a deploy.
    #[test]
    fn a_scale_in_waits_for_the_cooldown_and_for_the_end_of_a_deploy() {
        let scaling = StepScaling { cooldown: Duration::from_secs(300), ..of_the_guide() };
        let mut world = world(scaling, 14, 1.0);
        world.running = Some(14);
        world.deploying = true;
        assert_eq!(world.looks(3), [14, 14, 14]);
        world.deploying = false;
        assert_eq!(world.looks(6), [10, 10, 10, 10, 10, 7]);
    }
}
