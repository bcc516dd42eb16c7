//! The Horizontal Pod Autoscaler of Kubernetes: as many pods as bring the utilization of those that are ready to its
//! target, held back by what it asked for lately and by limits of the change.
//!
//! The sources' keys (K8S, E) are those of `docs/sources.md`; files are under `pkg/controller/podautoscaler/`. Left
//! out: a count of zero, which switches the real one off; several metrics; a pod that is older than
//! `cpu_initialization` and lost its readiness within the first 30 s of its life, which the real one does not count and
//! which counts here.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

use super::datapoints::Beat;
use super::{NOISE, ServiceView, TaskView, Wish, rounded_up};
use crate::engine::time::{Duration, Time};

/// Looks every few seconds. Pods without a sample and pods that are not ready make it careful: they count as what makes
/// the change smaller.
#[derive(Clone, Debug, PartialEq)]
pub struct Hpa {
    /// What the pods shall use of what they request, in percent; above zero.
    pub target: u32,
    /// As long as the utilization is off the target by no more than this share of it nothing changes; below 1.
    pub tolerance: f64,
    /// From one look to the next; above zero.
    pub period: Duration,
    /// For so long after its start a pod counts only while it is ready; after that also where it was ready once.
    pub cpu_initialization: Duration,
    /// From when a pod gets ready to the first sample of it that counts; only within `cpu_initialization`.
    pub sample_window: Duration,
    /// What it takes for the current count.
    pub current: Current,
    /// How it grows.
    pub scale_up: Behavior,
    /// How it shrinks.
    pub scale_down: Behavior,
}

/// What is the current count of pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Current {
    /// Those that are desired (`spec.replicas`).
    Spec,
    /// Those that are there, the surge of a rollout included (`status.replicas`), as before Kubernetes 1.16: the most
    /// that was there in the time of `scale_down.stabilization` is asked for as soon as fewer are there.
    Status,
}

/// How fast the count changes in one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behavior {
    /// The smallest change that was asked for in so long a time counts (`stabilizationWindowSeconds`).
    pub stabilization: Duration,
    /// Which of the limits counts (`selectPolicy`).
    pub select: Select,
    /// How much may change in a time (`policies`).
    pub limits: Vec<Limit>,
}

/// Which of several limits counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Select {
    /// The one that allows the largest change.
    Max,
    /// The one that allows the smallest change.
    Min,
    /// There is no change in this direction.
    Disabled,
}

/// How much may change in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How much.
    pub change: Change,
    /// In how long a time; above zero.
    pub period: Duration,
}

/// A change of the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Pods.
    Pods(u32),
    /// Percent of the pods that there were at the beginning of the limit's period.
    Percent(u32),
}

/// What it remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    beat: Beat,
    /// What it found before it was held back, in order of time.
    proposals: VecDeque<(Time, u32)>,
    /// How many pods came or went at its request, in order of time.
    changes: VecDeque<(Time, i64)>,
}

impl Default for Hpa {
    fn default() -> Self {
        let limit = |change| Limit { change, period: Duration::from_secs(15) };
        let scale_up = Behavior {
            stabilization: Duration::ZERO,
            select: Select::Max,
            limits: vec![limit(Change::Pods(4)), limit(Change::Percent(100))],
        };
        let scale_down = Behavior {
            stabilization: Duration::from_secs(300),
            select: Select::Max,
            limits: vec![limit(Change::Percent(100))],
        };
        Self {
            // K8S pkg/apis/autoscaling/v1/defaults.go: where no target is given.
            target: 80,
            // K8S config/v1alpha1/defaults.go.
            tolerance: 0.1,
            period: Duration::from_secs(15),
            cpu_initialization: Duration::from_secs(300),
            // E: the window of the metrics server, and how old its sample is (range 15 to 75 s).
            sample_window: Duration::from_secs(30),
            // K8S pull request 79035.
            current: Current::Spec,
            // K8S pkg/apis/autoscaling/v2/defaults.go; the 300 s are of config/v1alpha1/defaults.go.
            scale_up,
            scale_down,
        }
    }
}

/// How a pod counts.
enum Group {
    /// With what it uses.
    Ready(f64),
    /// Not ready yet.
    Unready,
    /// Without a sample.
    Missing,
}

impl Hpa {
    /// What it asks for.
    pub(super) fn look(&self, view: &ServiceView, bounds: &RangeInclusive<u32>, memory: &mut Memory) -> Wish {
        if !memory.beat.is_due(view.now, self.period) {
            return Wish::Stay;
        }
        let current = match self.current {
            Current::Spec => view.desired,
            Current::Status => view.replicas,
        };
        if memory.proposals.is_empty() {
            memory.proposals.push_back((view.now, current));
        }
        let wanted = if bounds.contains(&current) {
            let Some(proposal) = self.proposal(view, current) else { return Wish::Stay };
            let stable = self.stabilized(view.now, current, proposal, memory);
            self.limited(view.now, current, stable, memory).min(*bounds.end()).max(*bounds.start())
        } else {
            current.min(*bounds.end()).max(*bounds.start())
        };
        if wanted == current {
            // Nothing is written, also where the count that is taken for the current one is not the desired one.
            return Wish::Stay;
        }
        memory.changes.push_back((view.now, i64::from(wanted) - i64::from(current)));
        Wish::of(wanted, view.desired)
    }

    /// The pods that bring the utilization to its target; none where no pod says anything about it (K8S
    /// `replica_calculator.go`, `GetResourceReplicas`).
    fn proposal(&self, view: &ServiceView, current: u32) -> Option<u32> {
        let (mut used, mut ready, mut unready, mut missing) = (0.0, 0, 0, 0);
        for task in view.tasks {
            match self.group(view.now, task) {
                Group::Ready(usage) => {
                    used += usage;
                    ready += 1;
                }
                Group::Unready => unready += 1,
                Group::Missing => missing += 1,
            }
        }
        if ready == 0 {
            return None;
        }
        let ratio = self.ratio(used, ready);
        let unready = if ratio > 1.0 { unready } else { 0 };
        if missing == 0 && unready == 0 {
            return Some(if self.is_tolerated(ratio) { current } else { rounded_up(ratio * f64::from(ready)) });
        }
        // Those that say nothing would be as busy as they can where it shrinks, and idle where it grows.
        if ratio < 1.0 {
            used += f64::from(missing) * f64::from(self.target.max(100)) / 100.0;
        }
        let counted = ready + unready + missing;
        let careful = self.ratio(used, counted);
        if self.is_tolerated(careful) || (ratio - 1.0) * (careful - 1.0) <= 0.0 {
            return Some(current);
        }
        let wanted = rounded_up(careful * f64::from(counted));
        let turns = if careful < 1.0 { wanted > current } else { wanted < current };
        Some(if turns { current } else { wanted })
    }

    /// K8S `replica_calculator.go`, `groupPods`.
    fn group(&self, now: Time, task: &TaskView) -> Group {
        let Some(runs) = task.runs_since else { return Group::Unready };
        let Some(usage) = task.usage else { return Group::Missing };
        let counts = if now.since(runs) < self.cpu_initialization {
            task.ready_since.is_some_and(|ready| now.since(ready) >= self.sample_window)
        } else {
            task.ready_since.is_some() || task.was_ready
        };
        if counts { Group::Ready(usage) } else { Group::Unready }
    }

    /// The utilization against its target. It is a whole number of percent, the rest of which is dropped (K8S
    /// metrics/utilization.go).
    fn ratio(&self, used: f64, pods: u32) -> f64 {
        (used * 100.0 / f64::from(pods) + NOISE).floor() / f64::from(self.target)
    }

    fn is_tolerated(&self, ratio: f64) -> bool {
        (ratio - 1.0).abs() <= self.tolerance + NOISE
    }

    /// The current count, moved no further than every proposal of a direction's window allows (K8S horizontal.go,
    /// `stabilizeRecommendationWithBehaviors`).
    fn stabilized(&self, now: Time, current: u32, proposal: u32, memory: &mut Memory) -> u32 {
        let (up, down) = (self.scale_up.stabilization, self.scale_down.stabilization);
        memory.proposals.retain(|(at, _)| now.since(*at) < up.max(down));
        let within = |window| {
            let lately = memory.proposals.iter().filter(move |(at, _)| now.since(*at) < window);
            lately.map(|(_, proposal)| *proposal).chain([proposal])
        };
        let least = within(up).min().unwrap_or(proposal);
        let most = within(down).max().unwrap_or(proposal);
        memory.proposals.push_back((now, proposal));
        match self.current {
            Current::Spec => current.max(least).min(most),
            // Before the windows had directions (`stabilizeRecommendation`).
            Current::Status => most,
        }
    }

    /// So many pods as far as the limits allow (K8S horizontal.go, `convertDesiredReplicasWithBehaviorRate`).
    fn limited(&self, now: Time, current: u32, wanted: u32, memory: &mut Memory) -> u32 {
        let limits = self.scale_up.limits.iter().chain(&self.scale_down.limits);
        let longest = limits.map(|limit| limit.period).max().unwrap_or(Duration::ZERO);
        memory.changes.retain(|(at, _)| now.since(*at) < longest);
        // The count at the beginning of a limit's period.
        let before = |limit: &Limit| {
            let changes = memory.changes.iter().filter(|(at, _)| now.since(*at) < limit.period);
            i64::from(current) - changes.map(|(_, change)| change).sum::<i64>()
        };
        let most = self.scale_up.limit(true, |limit| {
            let before = before(limit);
            match limit.change {
                Change::Pods(pods) => before + i64::from(pods),
                // Rounded up: of few pods a small share would be none.
                Change::Percent(percent) => (before * (100 + i64::from(percent)) + 99).div_euclid(100),
            }
        });
        let least = self.scale_down.limit(false, |limit| {
            let before = before(limit);
            match limit.change {
                Change::Pods(pods) => before - i64::from(pods),
                Change::Percent(percent) => (before * (100 - i64::from(percent))).div_euclid(100),
            }
        });
        let count = |limit: Option<i64>| limit.map_or(current, |count| u32::try_from(count.max(0)).unwrap_or(u32::MAX));
        wanted.min(count(most).max(current)).max(count(least).min(current))
    }
}

impl Behavior {
    /// The count up or down to which it may change, if it may.
    fn limit(&self, up: bool, count: impl Fn(&Limit) -> i64) -> Option<i64> {
        let counts = self.limits.iter().map(count);
        match (self.select, up) {
            (Select::Disabled, _) => None,
            (Select::Max, true) | (Select::Min, false) => counts.max(),
            (Select::Max, false) | (Select::Min, true) => counts.min(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::support::World;
    use super::super::{Measured, Policy};
    use super::*;

    /// Pods that have been ready for an hour.
    fn world(hpa: Hpa, tasks: u32, load: f64) -> World {
        let now = Time::ZERO + Duration::from_secs(3_600);
        World { now, load, ..World::new(vec![Policy::Hpa(hpa)], tasks) }
    }

    fn targeting(target: u32) -> Hpa {
        Hpa { target, ..Hpa::default() }
    }

    /// All of 5 pods: 100 / 60 x 5 = 8.3, so 9. 8 / 9 is 88 %: 88 / 60 x 9 = 13.2, so 14. 8 / 14 is 57 %, 0.95 of the
    /// target. Then a load of 2: 2 / 14 is 14 %, 14 / 60 x 14 = 3.3, so 4, once 14 was last proposed 300 s ago, which
    /// are 20 looks. 2 / 4 is 50 %: 50 / 60 x 4 = 3.3.
    #[test]
    fn a_load_that_grows_and_goes() {
        let mut world = world(targeting(60), 5, 8.0);
        assert_eq!(world.looks(12), [vec![9], vec![14; 11]].concat());
        world.load = 2.0;
        assert_eq!(world.looks(40), [vec![14; 19], vec![4; 21]].concat());
    }

    /// 66 % and 54 % are 1.1 and 0.9 of 60 %; 67 % of 100 pods ask for 112, 53 % for 89.
    #[test]
    fn within_the_tolerance_nothing_changes() {
        let after = |load, looks| world(targeting(60), 100, load).looks(looks).pop();
        assert_eq!([66.0, 54.0].map(|load| after(load, 60)), [Some(100); 2]);
        assert_eq!([after(67.0, 1), after(53.0, 21)], [Some(112), Some(89)]);
        let narrow = Hpa { tolerance: 0.05, ..targeting(60) };
        assert_eq!(world(narrow, 100, 66.0).look(), 110);
    }

    /// 53.9 % is 53 % to it.
    #[test]
    fn it_drops_what_is_less_than_a_percent() {
        assert_eq!(world(targeting(60), 100, 53.9).looks(21)[20], 89);
    }

    enum Pod {
        /// Ready for an hour.
        Ready(f64),
        /// Runs for an hour, and was never ready.
        Never(f64),
        /// Ready for an hour, and not any more.
        Lost(f64),
        /// Started a minute ago and ready for so many seconds.
        Young(f64, u64),
        /// Started a minute ago, not ready.
        Starting(f64),
        /// Runs without a sample.
        Missing,
        /// Does not run yet.
        Pending,
    }

    fn proposal(target: u32, current: u32, pods: &[Pod]) -> Option<u32> {
        let now = Time::ZERO + Duration::from_secs(7_200);
        let ago = |secs| Some(now - Duration::from_secs(secs));
        let task = |runs_since, ready_since, was_ready, usage| TaskView { runs_since, ready_since, was_ready, usage };
        let view = |pod: &Pod| match *pod {
            Pod::Ready(usage) => task(ago(3_600), ago(3_600), false, Some(usage)),
            Pod::Never(usage) => task(ago(3_600), None, false, Some(usage)),
            Pod::Lost(usage) => task(ago(3_600), None, true, Some(usage)),
            Pod::Young(usage, ready) => task(ago(60), ago(ready), false, Some(usage)),
            Pod::Starting(usage) => task(ago(60), None, false, Some(usage)),
            Pod::Missing => task(ago(3_600), ago(3_600), false, None),
            Pod::Pending => task(None, None, false, None),
        };
        let tasks: Vec<TaskView> = pods.iter().map(view).collect();
        let (running, replicas) = (pods.len() as u32, pods.len() as u32);
        let measured = Measured::default();
        let view = ServiceView { now, desired: current, running, replicas, deploying: false, measured, tasks: &tasks };
        targeting(target).proposal(&view, current)
    }

    /// The cases of K8S `replica_calculator_test.go`, with the sum by hand.
    #[test]
    fn pods_that_are_not_ready_or_have_no_sample_make_it_careful() {
        use Pod::{Lost, Missing, Never, Pending, Ready, Starting, Young};
        let table: [(u32, u32, &[Pod], u32); 20] = [
            // 50 / 30 x 3.
            (30, 3, &[Ready(0.3), Ready(0.5), Ready(0.7)], 5),
            // 60 / 30 = 2 grows; with one that is idle 40 / 30 x 3.
            (30, 3, &[Never(0.3), Ready(0.5), Ready(0.7)], 4),
            (30, 3, &[Starting(0.3), Ready(0.5), Ready(0.7)], 4),
            // Ready for less than the window of its sample, and for as long as that.
            (30, 3, &[Young(0.3, 29), Ready(0.5), Ready(0.7)], 4),
            (30, 3, &[Young(0.3, 30), Ready(0.5), Ready(0.7)], 5),
            // One that was ready once counts.
            (30, 3, &[Lost(0.3), Ready(0.5), Ready(0.7)], 5),
            // 40 / 30 grows; with two that are idle 13 / 30 shrinks.
            (30, 3, &[Ready(0.4), Never(0.5), Never(0.7)], 3),
            // 28 / 50 x 5 = 2.8.
            (50, 5, &[Ready(0.1), Ready(0.3), Ready(0.5), Ready(0.25), Ready(0.25)], 3),
            // 30 / 50 x 3 = 1.8: those that are not ready do not count where it shrinks.
            (50, 5, &[Ready(0.1), Ready(0.3), Ready(0.5), Never(0.25), Starting(0.25)], 2),
            // 10 / 50 x 1 = 0.2.
            (50, 5, &[Ready(0.1), Pending, Pending, Pending, Pending], 1),
            // 24 / 100 shrinks; with two that are all busy 62 / 100 x 4 = 2.5.
            (100, 4, &[Ready(0.4), Ready(0.095), Missing, Missing], 3),
            // At the target; 190 / 100, with an idle one 95 / 100; 60 / 100, with a busy one 80 / 100 x 2 = 1.6.
            (100, 2, &[Ready(1.0), Missing], 2),
            (100, 2, &[Ready(1.9), Missing], 2),
            (100, 2, &[Ready(0.6), Missing], 2),
            // 45 / 50 shrinks; with a busy one 72 / 50 grows.
            (50, 3, &[Never(0.1), Ready(0.45), Missing], 3),
            // 200 / 50 grows; with two that are idle 66 / 50 x 3 = 3.96.
            (50, 3, &[Never(0.1), Ready(2.0), Missing], 4),
            // 10 / 50 shrinks; with a busy one 40 / 50 x 3 = 2.4.
            (50, 4, &[Never(0.1), Ready(0.1), Ready(0.1), Missing], 3),
            // 10 / 300 shrinks; with one at the target, which is above 100 %, 106 / 300 x 3 = 1.06.
            (300, 4, &[Never(0.2), Ready(0.1), Ready(0.1), Missing], 2),
            // A surge: 10 / 50 shrinks; with a busy one 40 / 50 x 3 = 2.4, so 3, which is more than 2.
            (50, 2, &[Ready(0.1), Ready(0.1), Missing], 2),
            // 90 / 60 x 2.
            (60, 2, &[Ready(0.9), Ready(0.9)], 3),
        ];
        for (row, (target, current, pods, expected)) in table.iter().enumerate() {
            assert_eq!(proposal(*target, *current, pods), Some(*expected), "row {row}");
        }
        assert_eq!([proposal(50, 2, &[Missing, Pending]), proposal(50, 2, &[])], [None, None]);
    }

    fn limit(change: Change, secs: u64) -> Limit {
        Limit { change, period: Duration::from_secs(secs) }
    }

    fn growing(select: Select, limits: Vec<Limit>) -> Vec<u32> {
        let scale_up = Behavior { stabilization: Duration::ZERO, select, limits };
        world(Hpa { scale_up, ..targeting(10) }, 1, 1_000.0).looks(5)
    }

    /// All of the pods, ten times the target. By default 4 more or twice as many in 15 s: 1, 5, 10, 20. 4 in 30 s come
    /// in every other look; 150 % of 1 is 1.5.
    #[test]
    fn it_grows_no_faster_than_its_limits() {
        let usual = Hpa::default().scale_up;
        assert_eq!(growing(Select::Max, usual.limits.clone()), [5, 10, 20, 40, 80]);
        assert_eq!(growing(Select::Min, usual.limits), [2, 4, 8, 12, 16]);
        assert_eq!(growing(Select::Max, vec![limit(Change::Pods(4), 30)]), [5, 5, 9, 9, 13]);
        assert_eq!(growing(Select::Max, vec![limit(Change::Percent(50), 15)]), [2, 3, 5, 8, 12]);
        assert_eq!(growing(Select::Disabled, vec![limit(Change::Pods(4), 15)]), [1; 5]);
    }

    /// An idle service of 20. 10 % of 20 are 2, of 18 1.8 (so 16.2 stay, which are 16), of 16 1.6; 3 in 30 s.
    #[test]
    fn it_shrinks_no_faster_than_its_limits() {
        let shrinking = |select, limits| {
            let scale_down = Behavior { stabilization: Duration::ZERO, select, limits };
            world(Hpa { scale_down, ..targeting(50) }, 20, 0.0).looks(4)
        };
        let (percent, pods) = (limit(Change::Percent(10), 15), limit(Change::Pods(3), 30));
        assert_eq!(shrinking(Select::Max, vec![limit(Change::Percent(100), 15)]), [1; 4]);
        assert_eq!(shrinking(Select::Max, vec![percent]), [18, 16, 14, 12]);
        assert_eq!(shrinking(Select::Max, vec![pods]), [17, 17, 14, 14]);
        assert_eq!(shrinking(Select::Min, vec![percent, pods]), [18, 17, 15, 14]);
        assert_eq!(shrinking(Select::Disabled, vec![pods]), [20; 4]);
    }

    /// The least of what was proposed in a minute: 100 % of 10 pods ask for 20, and until the 10 of the start are a
    /// minute old they count.
    #[test]
    fn a_window_of_growth_waits_for_a_load_that_lasts() {
        let scale_up = Behavior { stabilization: Duration::from_secs(60), ..Hpa::default().scale_up };
        let mut world = world(Hpa { scale_up, ..targeting(50) }, 10, 100.0);
        assert_eq!(world.looks(5), [10, 10, 10, 10, 20]);
    }

    #[test]
    fn without_a_sample_nothing_changes() {
        let mut world = world(targeting(50), 10, 0.0);
        world.running = Some(0);
        assert_eq!(world.looks(60), [10; 60]);
    }

    /// K8S issue 72775. A rollout with a surge of a quarter, rounded up, under a load that is at the target. A moment
    /// later one of the old pods has gone: what is there is not what was proposed, which is still the most of the last
    /// 300 s, so that it is written.
    fn rollout(current: Current) -> Vec<u32> {
        let mut world = world(Hpa { current, ..targeting(60) }, 383, 0.0);
        let mut counts = Vec::new();
        for _ in 0..2 {
            let surge = world.desired.div_ceil(4);
            for there in [surge, surge - 1] {
                world.load = f64::from(world.desired) * 0.6;
                world.surge = there;
                counts.push(world.look());
            }
        }
        counts
    }

    /// 383 x 1.25 = 478.8, 479 x 1.25 = 598.8.
    #[test]
    fn where_the_pods_that_are_there_are_the_current_count_a_surge_becomes_the_desired_one() {
        assert_eq!(rollout(Current::Status), [383, 479, 479, 599]);
        assert_eq!(rollout(Current::Spec), [383; 4]);
    }
}
