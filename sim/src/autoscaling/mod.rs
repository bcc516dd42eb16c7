//! How many tasks a service wants: one file a policy, each a pure function of what it sees and of what it remembers.

mod alarm_function;
mod datapoints;
mod hpa;
mod step;
#[cfg(test)]
mod support;
mod target_tracking;

use std::ops::RangeInclusive;

use crate::engine::time::{Duration, Time};

pub use alarm_function::AlarmFunction;
pub use datapoints::Metric;
pub use hpa::{Behavior, Change, Current, Hpa, Limit, Select};
pub use step::{Adjustment, Alarm, Step, StepScaling};
pub use target_tracking::TargetTracking;

/// What changes a service's desired count.
#[derive(Clone, Debug, PartialEq)]
pub struct Autoscaling {
    /// Fewest tasks that it asks for.
    pub min: u32,
    /// Most tasks that it asks for.
    pub max: u32,
    /// Other bounds from certain times on, in order of time.
    pub schedule: Vec<ScheduledBounds>,
    /// What asks for more or fewer; several ask together.
    pub policies: Vec<Policy>,
}

/// Bounds that hold from a time on (a scheduled action).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScheduledBounds {
    /// From when.
    pub at: Time,
    /// Fewest tasks from then on.
    pub min: u32,
    /// Most tasks from then on.
    pub max: u32,
}

/// One policy.
#[derive(Clone, Debug, PartialEq)]
pub enum Policy {
    /// Target tracking of Application Auto Scaling.
    TargetTracking(TargetTracking),
    /// Step scaling of Application Auto Scaling.
    Step(StepScaling),
    /// An alarm that calls a function.
    AlarmFunction(AlarmFunction),
    /// The Horizontal Pod Autoscaler of Kubernetes.
    Hpa(Hpa),
}

/// What a policy sees of its service.
#[derive(Clone, Copy, Debug)]
pub struct ServiceView<'a> {
    /// When it looks.
    pub now: Time,
    /// Tasks wanted so far (`desiredCount`, `spec.replicas`).
    pub desired: u32,
    /// Tasks that run, of any version (`runningCount`).
    pub running: u32,
    /// Tasks that are not told to stop, of any version, those of a surge included (`status.replicas`).
    pub replicas: u32,
    /// Whether a deploy is under way.
    pub deploying: bool,
    /// What was measured of the time since the look before; none where nothing was there to be measured.
    pub measured: Measured,
    /// The tasks that are not told to stop, in order of their ids.
    pub tasks: &'a [TaskView],
}

/// Means over the time since the look before.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// The busy share of the running tasks' capacity: 1 where all are as busy as they can be.
    pub utilization: Option<f64>,
    /// Requests a second for each task in service.
    pub requests_per_task: Option<f64>,
}

/// A task as a policy sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TaskView {
    /// When it began to run, if it runs.
    pub runs_since: Option<Time>,
    /// Since when it is in service, if it is.
    pub ready_since: Option<Time>,
    /// Whether it was in service and is not any more.
    pub was_ready: bool,
    /// What it used of its capacity since the look before, 1 for all of it; none where there is no sample of it.
    pub usage: Option<f64>,
}

/// What the policies of a service remember from look to look.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    /// Of each policy, in their order.
    pub policies: Vec<PolicyMemory>,
    /// When they last changed the desired count. Changes by others and by the bounds do not count.
    pub last: Option<Activity>,
}

/// What one policy remembers.
#[derive(Clone, Debug, PartialEq)]
pub enum PolicyMemory {
    /// It has not looked yet.
    New,
    /// Of target tracking.
    TargetTracking(target_tracking::Memory),
    /// Of step scaling.
    Step(step::Memory),
    /// Of an alarm that calls a function.
    AlarmFunction(alarm_function::Memory),
    /// Of the Horizontal Pod Autoscaler.
    Hpa(hpa::Memory),
}

/// A change of the desired count that policies made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// When.
    pub at: Time,
    /// The desired count before.
    pub from: u32,
    /// The desired count after.
    pub to: u32,
}

/// The scale-out with which a policy's cooldown began: when, and from how many tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Growth(Option<(Time, u32)>);

/// What a policy asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    /// As many as there are.
    Stay,
    /// So many, which is more.
    Out(u32),
    /// So many, which is fewer.
    In(u32),
}

impl Autoscaling {
    /// How often it looks; never where absent. The shortest of its policies' periods, or less where that does not
    /// divide the others.
    pub fn period(&self) -> Option<Duration> {
        self.policies.iter().map(Policy::period).reduce(common)
    }

    /// How many tasks it wants, within the bounds of the moment. Where nothing was measured the bounds alone apply.
    pub fn look(&self, view: &ServiceView, memory: &mut Memory) -> u32 {
        let bounds = self.bounds(view.now);
        let within = |tasks: u32| tasks.min(*bounds.end()).max(*bounds.start());
        let desired = within(view.desired);
        if view.measured == Measured::default() {
            return desired;
        }
        let view = ServiceView { desired, ..*view };
        memory.policies.resize(self.policies.len(), PolicyMemory::New);
        let last = memory.last;
        let policies = self.policies.iter().zip(&mut memory.policies);
        let wishes: Vec<Wish> =
            policies.map(|(policy, memory)| policy.look(&view, &bounds, last.as_ref(), memory)).collect();
        let wanted = within(self.together(&wishes).unwrap_or(desired));
        if wanted != desired {
            memory.last = Some(Activity { at: view.now, from: desired, to: wanted });
        }
        wanted
    }

    /// The fewest and the most tasks at a time.
    pub fn bounds(&self, now: Time) -> RangeInclusive<u32> {
        let scheduled = self.schedule.iter().take_while(|bounds| bounds.at <= now).last();
        scheduled.map_or(self.min..=self.max, |bounds| bounds.min..=bounds.max)
    }

    /// What the policies ask for together: the largest of all that ask for more, else the largest of those that ask for
    /// fewer. Target tracking asks for fewer only where all of it does (AAS target-tracking.md), which does not hold
    /// back the other policies.
    fn together(&self, wishes: &[Wish]) -> Option<u32> {
        let more = wishes.iter().filter_map(|wish| if let Wish::Out(tasks) = wish { Some(*tasks) } else { None });
        let each = || self.policies.iter().map(Policy::tracks_in).zip(wishes);
        let held = each().any(|(tracks, wish)| tracks && !matches!(wish, Wish::In(_)));
        let fewer = each().filter_map(|(tracks, wish)| match wish {
            Wish::In(tasks) if !(tracks && held) => Some(*tasks),
            _ => None,
        });
        more.max().or_else(|| fewer.max())
    }
}

impl Policy {
    fn period(&self) -> Duration {
        match self {
            Self::TargetTracking(policy) => common(policy.period, policy.delay),
            Self::Step(policy) => common(policy.period, policy.delay),
            Self::AlarmFunction(policy) => common(policy.period, policy.latency),
            Self::Hpa(policy) => policy.period,
        }
    }

    /// Whether it is target tracking that may ask for fewer.
    fn tracks_in(&self) -> bool {
        matches!(self, Self::TargetTracking(policy) if !policy.disable_scale_in)
    }

    fn look(
        &self,
        view: &ServiceView,
        bounds: &RangeInclusive<u32>,
        last: Option<&Activity>,
        memory: &mut PolicyMemory,
    ) -> Wish {
        match (self, &mut *memory) {
            (Self::TargetTracking(policy), PolicyMemory::TargetTracking(memory)) => policy.look(view, last, memory),
            (Self::Step(policy), PolicyMemory::Step(memory)) => policy.look(view, last, memory),
            (Self::AlarmFunction(policy), PolicyMemory::AlarmFunction(memory)) => policy.look(view, last, memory),
            (Self::Hpa(policy), PolicyMemory::Hpa(memory)) => policy.look(view, bounds, memory),
            // Its first look.
            _ => {
                *memory = self.no_memory();
                self.look(view, bounds, last, memory)
            }
        }
    }

    fn no_memory(&self) -> PolicyMemory {
        match self {
            Self::TargetTracking(_) => PolicyMemory::TargetTracking(target_tracking::Memory::default()),
            Self::Step(_) => PolicyMemory::Step(step::Memory::default()),
            Self::AlarmFunction(_) => PolicyMemory::AlarmFunction(alarm_function::Memory::default()),
            Self::Hpa(_) => PolicyMemory::Hpa(hpa::Memory::default()),
        }
    }
}

impl Activity {
    /// Whether there were more tasks after it.
    fn grew(&self) -> bool {
        self.to > self.from
    }

    /// Whether less than a cooldown has passed since.
    fn is_within(&self, cooldown: Duration, now: Time) -> bool {
        now.since(self.at) < cooldown
    }
}

impl Growth {
    /// As many tasks as are wanted, at least those that are desired; what is wanted may depend on how many there were
    /// before the scale-out whose cooldown is not over.
    fn wish(&mut self, view: &ServiceView, cooldown: Duration, wanted: impl Fn(Option<u32>) -> u32) -> Wish {
        self.0 = self.0.filter(|(at, _)| view.now.since(*at) < cooldown);
        let wish = Wish::of(wanted(self.0.map(|(_, from)| from)).max(view.desired), view.desired);
        if wish != Wish::Stay {
            self.0.get_or_insert((view.now, view.desired));
        }
        wish
    }
}

impl Wish {
    /// So many tasks, where so many are desired.
    fn of(wanted: u32, desired: u32) -> Self {
        match wanted.cmp(&desired) {
            std::cmp::Ordering::Greater => Self::Out(wanted),
            std::cmp::Ordering::Less => Self::In(wanted),
            std::cmp::Ordering::Equal => Self::Stay,
        }
    }
}

/// The longest span of which both are multiples; a zero is a multiple of any.
fn common(one: Duration, other: Duration) -> Duration {
    let (mut large, mut small) = (one.as_millis(), other.as_millis());
    while small > 0 {
        (large, small) = (small, large % small);
    }
    Duration::from_millis(large)
}

/// Differences as small as this are of the arithmetic and mean nothing.
const NOISE: f64 = 1e-9;

/// Whether a number is above another one by more than noise.
fn is_above(number: f64, threshold: f64) -> bool {
    number - threshold > NOISE * threshold.abs().max(1.0)
}

/// The next whole number of tasks; none below zero.
#[expect(clippy::cast_sign_loss, reason = "the value is zero or above")]
fn rounded_up(tasks: f64) -> u32 {
    (tasks - NOISE).ceil().max(0.0) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::support::World;
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn tracking(target: f64) -> TargetTracking {
        TargetTracking { delay: Duration::ZERO, ..TargetTracking::of(Metric::Utilization, target) }
    }

    /// So many tasks each minute, above the threshold if they are more and below it if they are fewer.
    fn steps(threshold: f64, change: i32) -> StepScaling {
        let alarm = Some(Alarm { threshold, periods: 1, steps: vec![Step { from: None, to: None, change }] });
        let (high, low) = if change > 0 { (alarm, None) } else { (None, alarm) };
        let (delay, cooldown) = (Duration::ZERO, Duration::ZERO);
        StepScaling { high, low, delay, cooldown, ..StepScaling::default() }
    }

    #[test]
    fn it_looks_as_often_as_its_policies_and_their_delays_need() {
        let delayed = |period, delay| {
            let (period, delay) = (Duration::from_secs(period), Duration::from_secs(delay));
            Policy::TargetTracking(TargetTracking { period, delay, ..tracking(60.0) })
        };
        let period = |policies| Autoscaling { min: 1, max: 9, schedule: vec![], policies }.period();
        let found = [
            period(vec![]),
            period(vec![delayed(60, 60)]),
            period(vec![delayed(60, 0), Policy::Hpa(Hpa::default())]),
            period(vec![delayed(300, 0), delayed(60, 0)]),
            period(vec![delayed(60, 90)]),
        ];
        assert_eq!(found, [None, Some(60), Some(15), Some(60), Some(30)].map(|s| s.map(Duration::from_secs)));
    }

    /// 10 tasks. From 2 h on there are at least 20, from 3 h on at most 8.
    #[test]
    fn bounds_of_the_moment_apply_at_once_and_without_a_measurement() {
        let hours = |hours| Time::ZERO + Duration::from_secs(3_600) * hours;
        let at = |at, min, max| ScheduledBounds { at: hours(at), min, max };
        let schedule = vec![at(2, 20, 60), at(3, 2, 8)];
        let policies = vec![Policy::TargetTracking(tracking(60.0))];
        let autoscaling = Autoscaling { min: 1, max: 60, schedule, policies };
        let found = [0, 1, 2, 3, 9].map(|hour| {
            let mut world = World::new(vec![], 10);
            world.autoscaling = autoscaling.clone();
            world.now = hours(hour);
            world.look_at_bounds()
        });
        assert_eq!(found, [10, 10, 20, 8, 8]);
    }

    /// Minute 3: 9 / 10 is 90 % of a target of 60 %, so 15 are wanted. Then the schedule asks for 30, in the cooldown.
    #[test]
    fn a_scheduled_action_waits_for_no_cooldown_and_begins_none() {
        let mut world = World::new(vec![Policy::TargetTracking(tracking(60.0))], 10);
        world.autoscaling.schedule = vec![ScheduledBounds { at: Time::from_millis(190_000), min: 30, max: 1_000 }];
        world.load = 9.0;
        assert_eq!(world.looks(3), [10, 10, 15]);
        world.now = Time::from_millis(190_000);
        assert_eq!(world.look_at_bounds(), 30);
        assert_eq!(world.memory.last, Some(Activity { at: Time::from_millis(180_000), from: 10, to: 15 }));
    }

    /// 60 % is at a target of 60 %, and for one of 40 % ceil(10 x 60 / 40) = 15 are wanted, for one of 50 % 12.
    #[test]
    fn it_grows_where_any_policy_asks_for_it_and_to_the_largest() {
        let policies = |targets: &[f64]| targets.iter().map(|it| Policy::TargetTracking(tracking(*it))).collect();
        let grows = |targets: &[f64]| {
            let mut world = World::new(policies(targets), 10);
            world.load = 6.0;
            world.looks(3)[2]
        };
        assert_eq!([grows(&[60.0]), grows(&[60.0, 40.0]), grows(&[40.0, 50.0, 60.0])], [10, 15, 15]);
    }

    /// 2 / 10 is 20 %: ceil(10 x 20 / 60) = 4, ceil(10 x 20 / 40) = 5, and 20 % is above 90 % of 22 %.
    #[test]
    fn target_tracking_shrinks_where_all_of_it_asks_for_it_and_to_the_largest() {
        let shrinks = |others: Vec<Policy>| {
            let mut world = World::new([vec![Policy::TargetTracking(tracking(60.0))], others].concat(), 10);
            world.load = 2.0;
            world.looks(15)[14]
        };
        let with = |target| Policy::TargetTracking(tracking(target));
        let out_only = |target| Policy::TargetTracking(TargetTracking { disable_scale_in: true, ..tracking(target) });
        assert_eq!(shrinks(vec![]), 4);
        assert_eq!(shrinks(vec![with(40.0)]), 5);
        assert_eq!(shrinks(vec![with(22.0)]), 10);
        assert_eq!(shrinks(vec![out_only(22.0)]), 4);
        assert_eq!(shrinks(vec![Policy::Step(steps(90.0, 1))]), 4);
    }

    /// 5 / 10 is 50 %, which target tracking lets be, and which is below 55 %: one fewer each minute, until 5 / 9 = 56
    /// %.
    #[test]
    fn a_step_takes_away_what_target_tracking_would_keep() {
        let mut world = World::new(vec![Policy::TargetTracking(tracking(55.0)), Policy::Step(steps(55.0, -1))], 10);
        world.load = 5.0;
        assert_eq!(world.looks(2), [9, 9]);
    }

    /// A policy of a minute, which never asks for anything, beside one of five, which asks for one more each time.
    #[test]
    fn each_policy_looks_at_its_own_multiples() {
        let every_minute = steps(101.0, 1);
        let every_five = StepScaling { period: MINUTE * 5, ..steps(50.0, 1) };
        let mut world = World::new(vec![Policy::Step(every_minute), Policy::Step(every_five)], 10);
        world.load = 1_000.0;
        assert_eq!(world.looks(11), [10, 10, 10, 10, 11, 11, 11, 11, 11, 12, 12]);
    }

    fn policies() -> impl Strategy<Value = Policy> {
        let tracking = (1..100_u32, 0..3_u64, any::<bool>()).prop_map(|(target, delay, disable_scale_in)| {
            let usual = TargetTracking::of(Metric::Utilization, f64::from(target));
            Policy::TargetTracking(TargetTracking { delay: MINUTE * delay, disable_scale_in, ..usual })
        });
        let step = (1..100_u32, -50..50_i32, 0..3_u32, 0..3_u64).prop_map(|(threshold, change, kind, cooldown)| {
            let threshold = f64::from(threshold);
            let high = Some(Alarm { threshold, periods: 1, steps: vec![Step { from: None, to: None, change }] });
            let kinds = [Adjustment::Change, Adjustment::Percent { min_magnitude: 2 }, Adjustment::Exact];
            let adjustment = kinds[kind as usize];
            Policy::Step(StepScaling { high, adjustment, cooldown: MINUTE * cooldown, ..StepScaling::default() })
        });
        let function = (0..40_u32).prop_map(|step| Policy::AlarmFunction(AlarmFunction { step, ..Default::default() }));
        let hpa = (1..150_u32, any::<bool>()).prop_map(|(target, spec)| {
            let current = if spec { Current::Spec } else { Current::Status };
            Policy::Hpa(Hpa { target, current, ..Hpa::default() })
        });
        prop_oneof![tracking, step, function, hpa]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn what_it_wants_is_within_the_bounds(
            policies in prop::collection::vec(policies(), 1..3),
            (min, more) in (0..50_u32, 0..50_u32),
            (later_min, later_more) in (0..50_u32, 0..50_u32),
            looks in prop::collection::vec((0..200_u32, 0..100_u32, any::<bool>()), 1..60),
        ) {
            let mut world = World::new(policies, 20);
            let later = Time::ZERO + MINUTE * 10;
            let scheduled = ScheduledBounds { at: later, min: later_min, max: later_min + later_more };
            world.autoscaling =
                Autoscaling { min, max: min + more, schedule: vec![scheduled], ..world.autoscaling };
            for (load, surge, deploying) in looks {
                world.load = f64::from(load);
                world.surge = surge;
                world.deploying = deploying;
                let wanted = world.look();
                let bounds = if world.now < later { min..=min + more } else { later_min..=later_min + later_more };
                prop_assert!(bounds.contains(&wanted), "{wanted}");
            }
        }

        /// A day without a change of load: the last six hours are all the same.
        #[test]
        fn target_tracking_comes_to_rest(
            target in 1..100_u32,
            start in 1..300_u32,
            load in 0..300_u32,
            delay in 0..3_u64,
        ) {
            let usual = TargetTracking::of(Metric::Utilization, f64::from(target));
            let tracking = TargetTracking { delay: MINUTE * delay, ..usual };
            let mut world = World::new(vec![Policy::TargetTracking(tracking)], start);
            world.load = f64::from(load);
            let day = world.looks(24 * 60);
            let last = &day[18 * 60..];
            prop_assert!(last.iter().all(|tasks| *tasks == last[0]), "{last:?}");
        }

        #[test]
        fn a_hpa_comes_to_rest(target in 1..=100_u32, start in 1..300_u32, load in 0..300_u32) {
            let mut world = World::new(vec![Policy::Hpa(Hpa { target, ..Hpa::default() })], start);
            world.now = Time::ZERO + MINUTE * 60;
            world.load = f64::from(load);
            let hours = world.looks(2 * 240);
            let last = &hours[240..];
            prop_assert!(last.iter().all(|tasks| *tasks == last[0]), "{last:?}");
        }
    }
}
