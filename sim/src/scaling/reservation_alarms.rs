//! Alarms on what is reserved, the way of 2016: an alarm of `CloudWatch` on a cluster's reservation asks an Auto
//! Scaling group for one host more.
//!
//! The sources' keys (DG, ASG, E) are those of `docs/sources.md`. Left out: hosts that drain, whose reservations the
//! metric counts until they are empty.

use super::{Decision, GroupView, Memory};
use crate::engine::time::Duration;
use crate::model::Resource;

/// Compares what tasks reserve with what ready hosts have registered. It does not see tasks that wait: one that fits on
/// no host reserves nothing, and while the rest is below the threshold nothing happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReservationAlarms {
    /// Of which resource: `CPUReservation` or `MemoryReservation`.
    pub resource: Resource,
    /// Above so many tenths of a percent more hosts are asked for.
    pub high_permille: u32,
    /// Below so many tenths of a percent fewer hosts are asked for; never where absent.
    pub low_permille: Option<u32>,
    /// Measurements in a row beyond a threshold before its alarm rings; at least 1.
    pub periods: u32,
    /// From one measurement to the next; above zero.
    pub period: Duration,
    /// Hosts more or fewer each time.
    pub step: u32,
    /// After it asked for more or for fewer it asks for nothing for so long.
    pub cooldown: Duration,
}

impl Default for ReservationAlarms {
    fn default() -> Self {
        Self {
            // DG cloudwatch_alarm_autoscaling.md: MemoryReservation above 75 % for one period adds one instance, below
            // 25 %, which is optional, removes one.
            resource: Resource::Memory,
            high_permille: 750,
            low_permille: Some(250),
            periods: 1,
            step: 1,
            // DG cloudwatch-metrics.md: the metric is sent every minute. E: the alarm's period (range 60 s to 5 min,
            // which is what the console offers first).
            period: Duration::from_secs(60),
            // ASG, on cooldowns: 300 s for simple scaling.
            cooldown: Duration::from_secs(300),
        }
    }
}

impl ReservationAlarms {
    /// How many hosts it wants.
    pub(super) fn look(&self, view: &GroupView, memory: &mut Memory) -> Decision {
        let (reserved, registered) = self.reservation(view);
        let counts = |holds: bool, so_far: u32| if holds { so_far.saturating_add(1) } else { 0 };
        // Where no host is ready there is no data.
        memory.above = counts(reserved * 1_000 > registered * u64::from(self.high_permille), memory.above);
        let low = u64::from(self.low_permille.unwrap_or(0));
        memory.below = counts(reserved * 1_000 < registered * low, memory.below);
        let last = memory.grew.max(memory.shrank);
        let rests = last.is_some_and(|last| view.now.since(last) < self.cooldown);
        let wanted = if rests {
            view.wanted
        } else if memory.above >= self.periods {
            view.grown_to(view.wanted.saturating_add(self.step))
        } else if memory.below >= self.periods {
            view.shrunk_to(view.wanted.saturating_sub(self.step))
        } else {
            view.wanted
        };
        memory.asked(view, wanted)
    }

    /// What tasks reserve on ready hosts, and what those have in all.
    fn reservation(&self, view: &GroupView) -> (u64, u64) {
        let ready = view.hosts.iter().filter(|host| host.ready);
        let there = view.capacity.get(self.resource);
        ready.fold((0, 0), |(reserved, registered), host| {
            let free = host.free.get(self.resource).min(there);
            (reserved + u64::from(there - free), registered + u64::from(there))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::support::{World, asks_once, groups, holds_for, more_never_asks_for_fewer};
    use super::*;
    use crate::scaling::Scaler;

    fn world(alarms: ReservationAlarms) -> World {
        World::new(Scaler::ReservationAlarms(alarms)).with_service(10, 10)
    }

    /// 4 hosts with 8 of 10 places taken are 80 %: above 75 %, and one comes. 32 of 50 are 64 %.
    #[test]
    fn one_host_more_above_the_threshold() {
        let mut world = world(ReservationAlarms::default()).with_hosts(4, &[8]);
        assert_eq!(world.periods(8), [5; 8]);
    }

    /// 30 of 40 places are 75 %, which is not above it.
    #[test]
    fn at_the_threshold_nothing_happens() {
        assert_eq!(world(ReservationAlarms::default()).with_hosts(2, &[8]).with_hosts(2, &[7]).look().wanted, 4);
        let at_25 = world(ReservationAlarms::default()).with_hosts(2, &[3]).with_hosts(2, &[2]).look();
        assert_eq!(at_25.wanted, 4);
    }

    /// 95 of 100 places, then of 110, 120 and 130: 95 %, 86 %, 79 %, 73 %, one host every 300 s.
    #[test]
    fn the_cooldown_lets_one_host_come_at_a_time() {
        let mut world = world(ReservationAlarms::default()).with_hosts(5, &[10]).with_hosts(5, &[9]);
        assert_eq!(world.periods(20), [vec![11; 5], vec![12; 5], vec![13; 10]].concat());
    }

    /// 1 place of 40 is below 25 %, 1 of 30, 1 of 20 too, and 1 of 10 as well, but that host is not empty.
    #[test]
    fn one_host_fewer_below_the_lower_threshold_if_there_is_one() {
        let alarms = ReservationAlarms::default();
        let few = world(alarms).with_hosts(1, &[1]).with_hosts(3, &[]);
        assert_eq!(few.clone().periods(16), [vec![3; 5], vec![2; 5], vec![1; 6]].concat());
        let never = Scaler::ReservationAlarms(ReservationAlarms { low_permille: None, ..alarms });
        assert_eq!(World { scaler: never, ..few }.periods(16), [4; 16]);
    }

    #[test]
    fn an_alarm_of_several_periods_wants_them_in_a_row() {
        let mut world = world(ReservationAlarms { periods: 3, ..ReservationAlarms::default() }).with_hosts(1, &[8]);
        assert_eq!(world.periods(2), [1, 1]);
        world.stop(0, 2);
        assert_eq!(world.periods(1), [1]);
        let mut world = world.with_pending(0, 2);
        world.pass(Duration::ZERO);
        assert_eq!(world.periods(3), [1, 1, 2]);
    }

    /// Three hosts with 70 of 100 each: 70 % of the memory is reserved, and a task of 40 fits on none of them. The
    /// alarm is silent for a day.
    #[test]
    fn a_task_that_fits_nowhere_waits_for_ever_below_the_threshold() {
        let mut world = world(ReservationAlarms::default()).with_service(40, 40).with_hosts(3, &[7]).with_pending(1, 1);
        assert_eq!(world.periods(1_440), [3; 1_440]);
        assert_eq!(world.pending[0].tasks, 1);
    }

    /// All cpu and half the memory are reserved.
    #[test]
    fn an_alarm_watches_one_resource() {
        let world = world(ReservationAlarms::default()).with_service(20, 10).with_hosts(2, &[0, 5]);
        assert_eq!(world.clone().look().wanted, 2);
        let alarms = ReservationAlarms { resource: Resource::Cpu, ..ReservationAlarms::default() };
        assert_eq!(World { scaler: Scaler::ReservationAlarms(alarms), ..world }.look().wanted, 3);
    }

    #[test]
    fn hosts_on_their_way_have_not_registered_and_without_any_host_there_is_no_data() {
        let mut world = world(ReservationAlarms::default()).with_hosts(1, &[8]);
        world.boot = Duration::from_secs(86_400);
        assert_eq!(world.periods(11), [vec![2; 5], vec![3; 5], vec![4]].concat());
        let mut world = World { max: 9, ..World::new(world.scaler) }.with_service(10, 10).with_pending(0, 5);
        assert_eq!(world.periods(30), [0; 30]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn laws(random in groups(), periods in 1..3_u32, step in 0..4_u32) {
            let alarms = ReservationAlarms { periods, step, ..ReservationAlarms::default() };
            holds_for(&Scaler::ReservationAlarms(alarms), &random, 12)?;
            more_never_asks_for_fewer(&Scaler::ReservationAlarms(alarms), &random)?;
            asks_once(&Scaler::ReservationAlarms(ReservationAlarms { periods: 1, ..alarms }), &random)?;
        }
    }
}
