//! Managed scaling of an ECS capacity provider: target tracking on the hosts that tasks need against those that there
//! are.
//!
//! The sources' keys (DG, BC, RM, E) are those of `docs/sources.md`. Left out: sizes of several instance types, and
//! tasks that stop because they have waited for too long.

use super::{Decision, GroupView, Memory};
use crate::engine::time::{Duration, Time};

/// Measures `CapacityProviderReservation`, 100 M / N, once a period. N is the hosts of the group, those on their way
/// too. M is the hosts with tasks and those that the waiting tasks need. An alarm above the target asks for more, one
/// that has been below for long for fewer. Managed termination protection, by which only empty hosts go, is the group's
/// `Leaving::WhenEmpty`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapacityProvider {
    /// Target of the metric in percent, 1 to 100: below 100 some hosts stay empty.
    pub target: u32,
    /// Fewest hosts that waiting tasks need (`minimumScalingStepSize`), 1 to 10,000.
    pub min_step: u32,
    /// Most hosts that waiting tasks need (`maximumScalingStepSize`), 1 to 10,000.
    pub max_step: u32,
    /// As long as the newest host is younger, no more are asked for (`instanceWarmupPeriod`), 0 to 10,000 s.
    pub instance_warmup: Duration,
    /// From one measurement to the next; above zero.
    pub period: Duration,
    /// From a measurement to what its alarm does; whole periods, as it acts when it looks.
    pub alarm_delay: Duration,
    /// Measurements in a row below the target before fewer hosts are asked for; at least 1.
    pub periods_below: u32,
}

impl Default for CapacityProvider {
    fn default() -> Self {
        Self {
            // BC ecs ManagedScaling, DG cluster-auto-scaling.md.
            target: 100,
            min_step: 1,
            max_step: 10_000,
            instance_warmup: Duration::from_secs(300),
            // DG cluster-auto-scaling.md: the metric is published every minute.
            period: Duration::from_secs(60),
            // E: the alarm evaluates a minute (range 0 to 120 s).
            alarm_delay: Duration::from_secs(60),
            // RM 638, RM 1220: AlarmLow is 15 of 15 minutes, AlarmHigh 1 of 1.
            periods_below: 15,
        }
    }
}

/// What the metric is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// When it was measured.
    pub at: Time,
    /// N: hosts of the group, those on their way too.
    pub hosts: u32,
    /// M: hosts that the tasks need.
    pub needed: u32,
}

impl CapacityProvider {
    /// Hosts asked for where there are none and tasks wait: the metric is 200 then (DG cluster-auto-scaling.md; RM
    /// 1716).
    const FROM_NONE: u32 = 2;

    /// How many hosts it wants.
    pub(super) fn look(&self, view: &GroupView, memory: &mut Memory) -> Decision {
        let now = Measure { at: view.now, hosts: view.hosts.len() as u32, needed: self.needed(view) };
        memory.measures.push_back(now);
        let mut acts_on = None;
        while let Some(&measure) = memory.measures.front()
            && measure.at + self.alarm_delay <= view.now
        {
            memory.measures.pop_front();
            memory.below = if self.is_below(measure) { memory.below.saturating_add(1) } else { 0 };
            acts_on = Some(measure);
        }
        let Some(measure) = acts_on else { return Decision::want(view.wanted) };
        let wanted = if self.is_above(measure) && !self.warms_up(view) {
            view.grown_to(self.tracked(measure))
        } else if memory.below >= self.periods_below {
            view.shrunk_to(Self::fewer(now.hosts, self.tracked(measure)))
        } else {
            view.wanted
        };
        memory.asked(view, wanted)
    }

    /// M: hosts with tasks, and for the waiting tasks the most that those of one service need (DG
    /// cluster-auto-scaling.md).
    fn needed(&self, view: &GroupView) -> u32 {
        let busy = view.hosts.iter().filter(|host| !host.tasks.is_empty()).count() as u32;
        // Tasks that no host has room for are ignored.
        let waiting = view.waiting(|_| ()).into_iter();
        let hosts = waiting.map(|(id, tasks)| tasks.div_ceil(view.room_for(id)));
        busy + hosts.max().map_or(0, |hosts| hosts.max(self.min_step).min(self.max_step))
    }

    fn is_above(&self, measure: Measure) -> bool {
        u64::from(measure.needed) * 100 > u64::from(self.target) * u64::from(measure.hosts)
    }

    /// Whether there are too many hosts; the metric is 100 where there are none and none are needed.
    fn is_below(&self, measure: Measure) -> bool {
        u64::from(measure.needed) * 100 < u64::from(self.target) * u64::from(measure.hosts)
    }

    /// The hosts with which the metric is at the target: N x (100 M / N) / target, rounded up.
    fn tracked(&self, measure: Measure) -> u32 {
        if measure.hosts == 0 && measure.needed > 0 {
            return Self::FROM_NONE;
        }
        let hosts = (u64::from(measure.needed) * 100).div_ceil(u64::from(self.target.max(1)));
        u32::try_from(hosts).unwrap_or(u32::MAX)
    }

    /// Fewer of so many hosts, down to so many: one at least and less than half (DG cluster-auto-scaling.md).
    fn fewer(hosts: u32, down_to: u32) -> u32 {
        let most = (hosts.saturating_sub(1) / 2).max(1);
        hosts - hosts.saturating_sub(down_to).min(most)
    }

    /// Whether the newest host is still young. Hosts of the start are not.
    fn warms_up(&self, view: &GroupView) -> bool {
        let newest = view.hosts.iter().map(|host| host.launched).max().unwrap_or(Time::ZERO);
        newest > Time::ZERO && view.now.since(newest) < self.instance_warmup
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::support::{World, asks_once, groups, holds_for, more_never_asks_for_fewer};
    use super::*;
    use crate::scaling::Scaler;

    const MINUTE: Duration = Duration::from_secs(60);

    fn scaler(provider: CapacityProvider) -> Scaler {
        Scaler::CapacityProvider(provider)
    }

    /// Each task fills a host.
    fn world(provider: CapacityProvider) -> World {
        World::new(scaler(provider)).with_service(100, 100)
    }

    fn targeting(target: u32) -> World {
        world(CapacityProvider { target, ..CapacityProvider::default() })
    }

    /// The metric of 0 hosts with tasks waiting is 200 %, which is 2 hosts, a minute after it was measured. From then
    /// on 30 are needed for 30 tasks, but the newest host is 300 s old at minute 1 + 5 only.
    #[test]
    fn from_none_two_come_and_the_second_wave_waits_for_the_warm_up() {
        assert_eq!(targeting(100).with_pending(0, 30).periods(9), [0, 2, 2, 2, 2, 2, 30, 30, 30]);
        assert_eq!(targeting(100).with_pending(0, 1).periods(4), [0, 2, 2, 2]);
        assert_eq!(targeting(100).periods(20), [0; 20]);
    }

    /// 9 / 9 is 100 % of a target of 90 %: ceil(9 x 100 / 90) = 10, of which one stays empty; 9 / 10 is at the target.
    #[test]
    fn a_target_below_100_keeps_hosts_empty() {
        let mut world = targeting(90).with_hosts(9, &[1]);
        assert_eq!(world.periods(40), [vec![9], vec![10; 39]].concat());
        // 1 / 2 is below the target for as long as one likes, and 1 / 1 would be above it.
        assert_eq!(targeting(90).with_hosts(2, &[]).with_pending(0, 1).periods(40), [2; 40]);
    }

    /// 3 tasks wait: ceil((10 + 3) x 100 / 100) = 13.
    #[test]
    fn hosts_come_for_the_tasks_that_wait() {
        assert_eq!(targeting(100).with_hosts(10, &[1]).with_pending(0, 3).periods(3), [10, 13, 13]);
        // ceil(13 x 100 / 80) = 17.
        assert_eq!(targeting(80).with_hosts(10, &[1]).with_pending(0, 3).periods(3), [10, 17, 17]);
    }

    /// 4 of 10 hosts are busy. The 15th measurement below the target is that of minute 14, and acts in minute 15: fewer
    /// than half of 10 are 4, fewer than half of 6 are 2.
    #[test]
    fn empty_hosts_go_after_15_minutes_and_less_than_half_at_a_time() {
        let mut world = targeting(100).with_hosts(6, &[]).with_hosts(4, &[1]);
        assert_eq!(world.periods(18), [vec![10; 15], vec![6, 4, 4]].concat());
    }

    /// Three hosts that somebody launched before a deploy, with nothing on them yet.
    #[test]
    fn spare_hosts_that_were_launched_before_vanish_after_15_minutes() {
        let mut world = targeting(100).with_hosts(7, &[1]);
        assert_eq!(world.periods(30), [7; 30]);
        assert_eq!(world.with_hosts(3, &[]).periods(18), [vec![10; 15], vec![7; 3]].concat());
    }

    /// In minute 7 tasks wait that need the six empty hosts: M = 4 + 6 = 10 = N. So the 15 minutes begin in minute 8.
    #[test]
    fn a_single_minute_at_the_target_begins_the_15_minutes_anew() {
        let mut world = targeting(100).with_hosts(6, &[]).with_hosts(4, &[1]);
        assert_eq!(world.periods(7), [10; 7]);
        world.wait(0, 6);
        world.act();
        world.pending.clear();
        world.pass(MINUTE);
        assert_eq!(world.periods(17), [vec![10; 15], vec![6, 4]].concat());
    }

    /// One service needs ceil(7 / 2) = 4 hosts, the other 3: the larger number counts. Then the bounds of a step.
    #[test]
    fn of_several_services_the_one_that_needs_most_counts() {
        let asks = |min_step, max_step| {
            let provider = CapacityProvider { min_step, max_step, ..CapacityProvider::default() };
            let mut world = world(provider).with_service(50, 10).with_hosts(1, &[1]);
            world = world.with_pending(1, 7).with_pending(0, 3);
            world.act();
            world.now = world.now + MINUTE;
            world.look().wanted
        };
        assert_eq!((asks(1, 10_000), asks(1, 2), asks(9, 10_000)), (5, 3, 10));
    }

    #[test]
    fn tasks_that_no_host_has_room_for_are_ignored() {
        let mut world = targeting(100).with_service(101, 1).with_hosts(3, &[1]).with_pending(1, 5);
        assert_eq!(world.periods(20), [3; 20]);
    }

    #[test]
    fn at_least_one_and_less_than_half_go() {
        let table = [(10, 0, 6), (9, 0, 5), (4, 0, 3), (3, 0, 2), (2, 0, 1), (1, 0, 0), (10, 8, 8), (10, 10, 10)];
        for (hosts, down_to, left) in table {
            assert_eq!(CapacityProvider::fewer(hosts, down_to), left, "{hosts} down to {down_to}");
        }
    }

    #[test]
    fn an_alarm_without_delay_acts_on_what_it_has_just_measured() {
        let provider = CapacityProvider { alarm_delay: Duration::ZERO, ..CapacityProvider::default() };
        assert_eq!(world(provider).with_hosts(2, &[1]).with_pending(0, 1).periods(1), [3]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn laws(random in groups(), target in 1..=100_u32, delay in 0..3_u64, warmup in 0..3_u64) {
            let provider = CapacityProvider {
                target,
                instance_warmup: MINUTE * warmup,
                alarm_delay: MINUTE * delay,
                periods_below: 3,
                ..CapacityProvider::default()
            };
            holds_for(&scaler(provider), &random, 10)?;
            let provider = CapacityProvider { alarm_delay: Duration::ZERO, ..provider };
            more_never_asks_for_fewer(&scaler(provider), &random)?;
            // Where there is no host the first two come whatever the target.
            if !random.1.is_empty() {
                asks_once(&scaler(provider), &random)?;
            }
        }

        /// What is asked for is the fewest hosts with which the metric is not above the target.
        #[test]
        fn as_many_as_the_target_allows(target in 1..=100_u32, hosts in 1..500_u32, needed in 0..500_u32) {
            let provider = CapacityProvider { target, ..CapacityProvider::default() };
            let measure = Measure { at: Time::ZERO, hosts, needed };
            let wanted = provider.tracked(measure);
            let above = |hosts| provider.is_above(Measure { hosts, ..measure });
            prop_assert!(!above(wanted) && (wanted == 0 || above(wanted - 1)), "{wanted}");
        }
    }
}
