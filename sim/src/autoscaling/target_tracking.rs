//! Target tracking of Application Auto Scaling: as many tasks as keep a metric at its target.
//!
//! The sources' keys (AAS, DG, RM, E) are those of `docs/sources.md`.

use super::datapoints::{Datapoints, Metric, Streak};
use super::{Activity, Growth, ServiceView, Wish, is_above, rounded_up};
use crate::engine::time::Duration;

/// Measures once a period. Three datapoints above the target ask for more tasks, fifteen that are well below it for
/// fewer, as many as had the metric at its target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TargetTracking {
    /// What is measured.
    pub metric: Metric,
    /// What it shall be: percent, or requests a minute; above zero.
    pub target: f64,
    /// Below this share of the target, in percent, there are too many tasks.
    pub low: f64,
    /// From one datapoint to the next; above zero.
    pub period: Duration,
    /// From the end of a datapoint's period to what it does.
    pub delay: Duration,
    /// Datapoints in a row above the target before more tasks are asked for; at least 1.
    pub periods_above: u32,
    /// Datapoints in a row below the lower threshold before fewer tasks are asked for; at least 1.
    pub periods_below: u32,
    /// For so long after a scale-out only what goes beyond it is added, and nothing is taken away.
    pub scale_out_cooldown: Duration,
    /// For so long after a scale-in nothing is taken away.
    pub scale_in_cooldown: Duration,
    /// Whether it never asks for fewer.
    pub disable_scale_in: bool,
}

/// What it remembers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    datapoints: Datapoints,
    above: Streak,
    below: Streak,
    /// How many tasks it would do with, since its last datapoint.
    fewer: Option<u32>,
    grew: Growth,
}

impl TargetTracking {
    /// A target with what is usual besides.
    pub fn of(metric: Metric, target: f64) -> Self {
        Self {
            metric,
            target,
            // E: as seen on generated alarms; AAS target-tracking.md says "usually more than 10 % lower" (range 80 to
            // 90 %).
            low: 90.0,
            // AAS target-tracking.md, DG cloudwatch-metrics.md: metrics of ECS come every minute.
            period: Duration::from_secs(60),
            // E: publication and evaluation (range 0 to 2 min).
            delay: Duration::from_secs(60),
            // RM 1208: AlarmHigh is 3 of 3 minutes, AlarmLow 15 of 15.
            periods_above: 3,
            periods_below: 15,
            // AAS, TargetTrackingScalingPolicyConfiguration: 300 s for ECS services.
            scale_out_cooldown: Duration::from_secs(300),
            scale_in_cooldown: Duration::from_secs(300),
            disable_scale_in: false,
        }
    }

    /// What it asks for.
    pub(super) fn look(&self, view: &ServiceView, last: Option<&Activity>, memory: &mut Memory) -> Wish {
        let value = self.metric.of(&view.measured);
        let mut wish = None;
        for value in memory.datapoints.take(view.now, value, (self.period, self.delay)) {
            let too_few = memory.above.count(is_above(value, self.target)) >= self.periods_above;
            let too_many = memory.below.count(is_above(self.target * self.low / 100.0, value)) >= self.periods_below;
            let wanted = rounded_up(f64::from(view.running) * value / self.target);
            memory.fewer = (too_many && !self.disable_scale_in && !self.rests(view, last)).then_some(wanted);
            wish = too_few.then_some(wanted);
        }
        match (wish, memory.fewer) {
            (Some(wanted), _) => {
                // AAS target-tracking.md: in the cooldown, what the earlier scale-out added is part of this one.
                let beyond = |from: u32| wanted.min(from.saturating_add(wanted.saturating_sub(view.running)));
                memory.grew.wish(view, self.scale_out_cooldown, |from| from.map_or(wanted, beyond))
            }
            // DG service-auto-scaling.md: no scale-in during a deployment.
            (None, Some(wanted)) if !view.deploying => Wish::of(wanted.min(view.desired), view.desired),
            _ => Wish::Stay,
        }
    }

    /// Whether it is too early to take tasks away.
    fn rests(&self, view: &ServiceView, last: Option<&Activity>) -> bool {
        last.is_some_and(|last| {
            last.is_within(if last.grew() { self.scale_out_cooldown } else { self.scale_in_cooldown }, view.now)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Policy;
    use super::super::support::World;
    use super::*;

    fn world(tracking: TargetTracking, tasks: u32, load: f64) -> World {
        World { load, ..World::new(vec![Policy::TargetTracking(tracking)], tasks) }
    }

    fn usual() -> TargetTracking {
        TargetTracking::of(Metric::Utilization, 60.0)
    }

    fn without_delay() -> TargetTracking {
        TargetTracking { delay: Duration::ZERO, ..usual() }
    }

    /// 9 / 10 is 90 %: ceil(10 x 90 / 60) = 15, and 9 / 15 is at the target.
    #[test]
    fn three_minutes_above_the_target_ask_for_more() {
        assert_eq!(world(without_delay(), 10, 9.0).looks(40), [vec![10; 2], vec![15; 38]].concat());
    }

    /// The datapoints of minutes 1 to 3 act in minute 4. That of minute 4 is 90 %, too: with the 15 tasks that are
    /// there by then ceil(15 x 90 / 60) = 23 are 8 more, 3 beyond the 5 that came. 9 / 18 is 50 % from minute 6 on; the
    /// 15th below 54 % is that of minute 20, and ceil(18 x 50 / 60) = 15.
    #[test]
    fn a_late_datapoint_adds_too_much_which_goes_again() {
        let expected = [vec![10; 3], vec![15], vec![18; 16], vec![15; 20]].concat();
        assert_eq!(world(usual(), 10, 9.0).looks(40), expected);
    }

    /// 10 tasks at 60 %, 61 % and 60.5 %: ceil(10 x 61 / 60) = 11.
    #[test]
    fn at_the_target_nothing_happens_and_a_little_above_it_one_comes() {
        let asks = |load| world(without_delay(), 10, load).looks(3)[2];
        assert_eq!([asks(6.0), asks(6.1), asks(6.05)], [10, 11, 11]);
    }

    #[test]
    fn a_minute_at_the_target_begins_the_three_anew() {
        let mut world = world(without_delay(), 10, 9.0);
        assert_eq!(world.looks(2), [10, 10]);
        world.load = 6.0;
        assert_eq!(world.looks(1), [10]);
        world.load = 9.0;
        assert_eq!(world.looks(3), [10, 10, 15]);
    }

    /// 6 / 20 is 30 %: ceil(20 x 30 / 60) = 10 after the 15th minute; 54 % is not below 90 % of 60 %, and 53 % is.
    #[test]
    fn fifteen_minutes_well_below_the_target_ask_for_fewer() {
        assert_eq!(world(without_delay(), 20, 6.0).looks(30), [vec![20; 14], vec![10; 16]].concat());
        assert_eq!(world(without_delay(), 100, 54.0).looks(60), [100; 60]);
        assert_eq!(world(without_delay(), 100, 53.0).looks(15)[14], 89);
    }

    /// 10 x 35 / 60 = 5.8: 4.2 are too many, and 4 go.
    #[test]
    fn what_goes_is_rounded_down() {
        assert_eq!(world(without_delay(), 10, 3.5).looks(15)[14], 6);
    }

    /// 20 tasks at 10 % need 4, but the fewest are 8.
    #[test]
    fn it_keeps_the_fewest() {
        let mut world = world(without_delay(), 20, 2.0);
        world.autoscaling.min = 8;
        assert_eq!(world.looks(40)[39], 8);
    }

    /// 30 tasks at 20 % need 10. Then the load halves: 10 tasks at 30 % need 5, which waits until minute 15 + 5, and
    /// for no more, as 15 minutes in a row were below.
    #[test]
    fn a_scale_in_waits_for_the_cooldown_of_the_one_before() {
        let mut world = world(without_delay(), 30, 6.0);
        world.running = Some(30);
        assert_eq!(world.looks(15), [vec![30; 14], vec![10]].concat());
        world.running = Some(10);
        world.load = 3.0;
        assert_eq!(world.looks(6), [10, 10, 10, 10, 5, 5]);
    }

    /// A scale-out in minute 3, and then nothing to do: 15 minutes below are over in minute 18.
    #[test]
    fn a_scale_in_waits_for_the_cooldown_of_a_scale_out() {
        let cooldown = Duration::from_secs(1_200);
        let mut world = world(TargetTracking { scale_out_cooldown: cooldown, ..without_delay() }, 10, 9.0);
        assert_eq!(world.looks(3), [10, 10, 15]);
        world.load = 3.0;
        assert_eq!(world.looks(20), [vec![15; 19], vec![5]].concat());
    }

    /// A scale-in in minute 15 to ceil(20 x 30 / 60) = 10, and then 10 tasks at 90 % for three minutes.
    #[test]
    fn a_scale_out_does_not_wait_for_the_cooldown_of_a_scale_in() {
        let mut world = world(without_delay(), 20, 6.0);
        assert_eq!(world.looks(15)[14], 10);
        world.load = 9.0;
        assert_eq!(world.looks(3), [10, 10, 15]);
    }

    /// 10 tasks at 72 % want 12 in minute 3. Those do not come, and the load goes to 84 %: 14 are 4 more, 2 beyond the
    /// 2 that were asked for. At 84 % nothing more is asked for.
    #[test]
    fn in_the_cooldown_only_what_goes_beyond_the_earlier_scale_out_is_added() {
        let mut world = world(without_delay(), 10, 7.2);
        world.running = Some(10);
        assert_eq!(world.looks(4), [10, 10, 12, 12]);
        world.load = 8.4;
        assert_eq!(world.looks(3), [14, 14, 14]);
    }

    /// 20 tasks are desired and 10 of them run at 90 %: ceil(10 x 90 / 60) = 15, which is fewer than desired. At 10
    /// desired and 12 running: ceil(12 x 90 / 60) = 18.
    #[test]
    fn it_counts_the_tasks_that_run() {
        let asks = |desired, running, load| {
            let mut world = world(without_delay(), desired, load);
            world.running = Some(running);
            world.looks(3)[2]
        };
        assert_eq!([asks(20, 10, 9.0), asks(10, 12, 10.8)], [20, 18]);
    }

    #[test]
    fn during_a_deploy_tasks_come_and_none_go() {
        let in_deploy = |load| {
            let mut world = world(without_delay(), 10, load);
            world.deploying = true;
            world
        };
        assert_eq!(in_deploy(9.0).looks(3)[2], 15);
        let mut world = in_deploy(2.0);
        assert_eq!(world.looks(60), [10; 60]);
        world.deploying = false;
        assert_eq!(world.looks(1), [4]);
    }

    #[test]
    fn with_scale_in_disabled_none_go() {
        let tracking = TargetTracking { disable_scale_in: true, ..without_delay() };
        assert_eq!(world(tracking, 10, 1.0).looks(60), [10; 60]);
    }

    /// 250 requests a second for 10 tasks are 1500 a minute each: ceil(10 x 1500 / 1000) = 15.
    #[test]
    fn requests_are_counted_by_the_minute() {
        let metric = Metric::RequestsPerTarget;
        let tracking = TargetTracking { delay: Duration::ZERO, ..TargetTracking::of(metric, 1_000.0) };
        assert_eq!(world(tracking, 10, 250.0).looks(4), [10, 10, 15, 15]);
    }
}
