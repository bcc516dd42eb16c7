//! Kubernetes: the sum of kube-scheduler's default plugins, any of the best (K8S `pkg/scheduler`).
//!
//! Left out: `ImageLocality` (weight 1; it knows which images a host holds, and gives 0 to images below 23 MB); the
//! sampling of hosts in clusters of more than 100. `TaintToleration`, `NodeAffinity` and `InterPodAffinity` give every host
//! the same where nothing has taints or affinities. The spread counts the service's tasks of all versions, and those that
//! are being stopped until they have stopped; Kubernetes counts those of one `ReplicaSet`, and none that is being stopped.

use std::collections::BTreeSet;

use super::{Choice, HostView, Order, Placement, Scene, Score};
use crate::model::Resources;

/// What each plugin gives at most (`MaxNodeScore`).
const MOST: u32 = 100;

/// Weights of the plugins (`default_plugins.go`): `NodeResourcesFit`, `NodeResourcesBalancedAllocation`, `PodTopologySpread`.
const WEIGHTS: [u32; 3] = [1, 1, 2];

/// What a task that reserves nothing counts as: 100 thousandths of a cpu (102.4 units) and 200 MiB
/// (`pkg/scheduler/util/pod_resources.go`).
const UNSTATED: Resources = Resources::new(102, 200);

/// `maxSkew` of the default constraints (`podtopologyspread/plugin.go`).
const HOST_SKEW: u64 = 3;
const ZONE_SKEW: u64 = 5;

/// Logarithms are compared as billionths, so that their last bit does not count.
const BILLION: u32 = 1_000_000_000;

#[derive(Debug)]
pub(super) struct Kubernetes;

impl Placement for Kubernetes {
    fn score(&self, host: &HostView, scene: &Scene) -> Score {
        let plugins = [least_allocated(host, scene.demand), balanced(host, scene.demand), scene.skew.score(host)];
        let most: u32 = WEIGHTS.iter().map(|weight| weight * MOST).sum();
        let points: u32 = plugins.iter().zip(WEIGHTS).map(|(score, weight)| score * weight).sum();
        [most - points, 0, 0, 0, 0]
    }

    fn choice(&self) -> Choice {
        Choice::AnyBest
    }

    fn order(&self) -> Order {
        Order::Changing
    }

    fn counts_all_tasks(&self) -> bool {
        false
    }
}

/// `LeastAllocated`: the mean over cpu and memory of the percentage that stays free, each rounded down.
fn least_allocated(host: &HostView, demand: Resources) -> u32 {
    let percent = |capacity: u32, free: u32, demand: u32, unstated: u32| {
        // The service's tasks on the host state as little as this one. Those of other services are taken as they are.
        let count = if demand == 0 { (host.tasks + 1) * unstated } else { demand };
        (capacity > 0).then(|| u64::from(free.saturating_sub(count)) * u64::from(MOST) / u64::from(capacity))
    };
    let cpu = percent(host.capacity.cpu, host.free.cpu, demand.cpu, UNSTATED.cpu);
    let memory = percent(host.capacity.memory_mib, host.free.memory_mib, demand.memory_mib, UNSTATED.memory_mib);
    mean([cpu, memory])
}

/// The mean of what is there, rounded down.
fn mean(parts: [Option<u64>; 2]) -> u32 {
    let there = parts.iter().flatten().count().max(1) as u64;
    (parts.iter().flatten().sum::<u64>() / there) as u32
}

/// `BalancedAllocation`: 100 less half the difference between the percentages that are used of cpu and of memory. In
/// floating point as in the source, with nothing but the four operations, which are the same everywhere.
#[expect(clippy::cast_sign_loss, reason = "both shares are at most 1, so the deviation is at most a half")]
fn balanced(host: &HostView, demand: Resources) -> u32 {
    let Resources { cpu, memory_mib, .. } = host.capacity;
    if cpu == 0 || memory_mib == 0 {
        return MOST;
    }
    let used = |capacity: u32, free: u32, demand: u32| f64::from(capacity - free + demand) / f64::from(capacity);
    let cpu = used(cpu, host.free.cpu, demand.cpu);
    let memory = used(memory_mib, host.free.memory_mib, demand.memory_mib);
    let deviation = ((cpu - memory) / 2.0).abs();
    ((1.0 - deviation) * f64::from(MOST)) as u32
}

/// How the service's tasks lie on the hosts that fit, as `PodTopologySpread` sees it with its default constraints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Skew {
    /// What a task on the host counts, in billionths.
    host_weight: u64,
    /// What a task in its zone counts.
    zone_weight: u64,
    /// The least crowded host.
    least: u64,
    /// The most crowded one.
    most: u64,
}

impl Skew {
    /// That of hosts, each with the number of hosts that are like it.
    pub(super) fn of(hosts: &(impl Iterator<Item = (HostView, u32)> + Clone)) -> Self {
        let zones: BTreeSet<_> = hosts.clone().map(|(host, _)| host.zone).collect();
        let count = hosts.clone().map(|(_, count)| count).sum();
        let weights = Self { host_weight: weight(count), zone_weight: weight(zones.len() as u32), least: 0, most: 0 };
        let crowds = || hosts.clone().map(|(host, _)| weights.crowd(&host));
        Self { least: crowds().min().unwrap_or(0), most: crowds().max().unwrap_or(0), ..weights }
    }

    /// How crowded a host is, rounded.
    fn crowd(&self, host: &HostView) -> u64 {
        let tasks = u64::from(host.tasks) * self.host_weight;
        let zone_tasks = u64::from(host.zone_tasks) * self.zone_weight;
        let billion = u64::from(BILLION);
        (tasks + zone_tasks + billion / 2) / billion + (HOST_SKEW - 1) + (ZONE_SKEW - 1)
    }

    /// 100 for the least crowded host.
    fn score(&self, host: &HostView) -> u32 {
        (u64::from(MOST) * (self.most + self.least - self.crowd(host)) / self.most) as u32
    }
}

/// What one task counts where there are so many hosts or zones: the natural logarithm of two more.
#[expect(clippy::cast_sign_loss, reason = "the logarithm of 2 and more is above zero")]
fn weight(size: u32) -> u64 {
    ((f64::from(size) + 2.0).ln() * f64::from(BILLION)).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ClassId;

    fn host(capacity: (u32, u32), used: (u32, u32)) -> HostView {
        let resources = |(cpu, memory_mib)| Resources::new(cpu, memory_mib);
        let capacity = resources(capacity);
        HostView {
            class: ClassId(0),
            capacity,
            free: capacity.minus(resources(used)).unwrap(),
            zone: 0,
            tasks: 0,
            zone_tasks: 0,
            all_tasks: 0,
        }
    }

    /// The tables of K8S `noderesources/least_allocated_test.go`, with 1,000 cpu units a cpu.
    #[test]
    fn least_allocated_as_published() {
        let demand = Resources::new(3_000, 5_000);
        let table = [
            // (25 + 50) / 2 and (50 + 50) / 2
            (host((4_000, 10_000), (0, 0)), 37),
            (host((6_000, 10_000), (0, 0)), 50),
            // (40 + 75) / 2, (40 + 50) / 2 and (40 + 80) / 2
            (host((10_000, 20_000), (3_000, 0)), 57),
            (host((10_000, 20_000), (3_000, 5_000)), 45),
            (host((10_000, 50_000), (3_000, 5_000)), 60),
            // A resource that the host has none of does not count, and on a host that has none at all nothing does.
            (host((0, 10_000), (0, 0)), 50),
            (host((0, 0), (0, 0)), 0),
        ];
        for (host, score) in table {
            assert_eq!(least_allocated(&host, demand), score, "{host:?}");
        }
    }

    /// Half full, the task takes another quarter: (25 + 25) / 2.
    /// A task that states nothing on an empty host of 1,024 units and 2,000 MiB: 100 * 922 / 1024 = 90 and 90; with one like
    /// it there already: 100 * 820 / 1024 = 80 and 80.
    #[test]
    fn a_task_that_states_nothing_still_counts() {
        let quarter = Resources::new(256, 500);
        assert_eq!(least_allocated(&host((1_024, 2_000), (512, 1_000)), quarter), 25);
        let empty = host((1_024, 2_000), (0, 0));
        assert_eq!(least_allocated(&empty, Resources::default()), 90);
        assert_eq!(least_allocated(&HostView { tasks: 1, ..empty }, Resources::default()), 80);
        assert_eq!(balanced(&empty, Resources::default()), 100);
    }

    /// The tables of K8S `noderesources/balanced_allocation_test.go`.
    #[test]
    fn balanced_as_published() {
        let both = Resources::new(3_000, 5_000);
        let cpu_only = Resources::new(3_000, 0);
        let table = [
            // 75 % and 50 %: 100 - 12.5; 50 % and 50 %
            (host((4_000, 10_000), (0, 0)), both, 87),
            (host((6_000, 10_000), (0, 0)), both, 100),
            // 60 % and 25 %: 100 - 17.5; 60 % and 50 %: 100 - 5; 60 % and 20 %: 100 - 20
            (host((10_000, 20_000), (3_000, 0)), both, 82),
            (host((10_000, 20_000), (3_000, 5_000)), both, 95),
            (host((10_000, 50_000), (3_000, 5_000)), both, 80),
            // 100 % and 0 %; 100 % and 50 %
            (host((6_000, 10_000), (3_000, 0)), cpu_only, 50),
            (host((6_000, 10_000), (3_000, 5_000)), cpu_only, 75),
            // 85.71 % and 12.5 %: 100 - 36.6
            (host((3_500, 40_000), (0, 0)), both, 63),
            (host((0, 40_000), (0, 0)), Resources::new(0, 5_000), 100),
        ];
        for (host, demand, score) in table {
            assert_eq!(balanced(&host, demand), score, "{host:?}");
        }
    }

    fn scores(hosts: &[(u16, u32, u32)]) -> Vec<u32> {
        let hosts =
            hosts.iter().map(|&(zone, tasks, zone_tasks)| HostView { zone, tasks, zone_tasks, ..host((1, 1), (0, 0)) });
        let skew = Skew::of(&hosts.clone().map(|host| (host, 1)));
        hosts.map(|host| skew.score(&host)).collect()
    }

    /// Two zones of two hosts, with 1 and 2 tasks in the first and 1 and 0 in the second. A task on a host counts ln 6 =
    /// 1.7918, one in a zone ln 4 = 1.3863, and the skews 2 + 4: 6 + 1.7918 + 4.1589 = 11.95, so 12; 13.74, so 14; 9.18, so
    /// 9; 7.39, so 7. Of 14 + 7: 9 * 100 / 14 = 64, 7 * 100 / 14 = 50, 12 * 100 / 14 = 85, 100.
    #[test]
    fn crowded_hosts_and_zones_score_less() {
        assert_eq!(scores(&[(0, 1, 3), (0, 2, 3), (1, 1, 1), (1, 0, 1)]), [64, 50, 85, 100]);
    }

    /// K8S `podtopologyspread/scoring_test.go`, `system defaulting`: four hosts without zones with 4, 3, 2 and 1 tasks are
    /// as crowded as 9, 7, 6 and 4. Zones without tasks add their skew of 4.
    #[test]
    fn crowds_as_published() {
        let hosts = [4, 3, 2, 1].map(|tasks| HostView { tasks, ..host((1, 1), (0, 0)) });
        let skew = Skew::of(&hosts.iter().map(|host| (*host, 1)));
        assert_eq!(hosts.map(|host| skew.crowd(&host)), [9, 7, 6, 4].map(|crowd| crowd + 4));
    }

    /// Nothing runs yet, or everywhere as much; and one host alone is as good as can be.
    #[test]
    fn equals_are_as_good_as_can_be() {
        assert_eq!(scores(&[(0, 0, 0), (1, 0, 0), (2, 0, 0)]), [100; 3]);
        assert_eq!(scores(&[(0, 2, 4), (0, 2, 4)]), [100; 2]);
        assert_eq!(scores(&[(0, 7, 9)]), [100]);
    }

    /// The weights: ln 3 and ln 102, as far as a billionth tells.
    #[test]
    fn weights_are_logarithms() {
        assert_eq!(weight(1), 1_098_612_289);
        assert_eq!(weight(100), 4_624_972_813);
    }

    /// Two half-full hosts of four cpus and 8 GiB for a task of an eighth: 37 % stays free, and they are balanced. One has
    /// a task of the service: it is as crowded as ln 4 + ln 3 + 6 = 8, the other as ln 3 + 6 = 7, so they spread 87 and 100.
    /// 37 + 100 + 2 * 87 and 37 + 100 + 2 * 100 of 400.
    #[test]
    fn the_plugins_add_up() {
        let empty = HostView { zone_tasks: 1, ..host((4_096, 8_192), (2_048, 4_096)) };
        let hosts = [HostView { tasks: 1, ..empty }, empty];
        let skew = Skew::of(&hosts.iter().map(|host| (*host, 1)));
        let scene = Scene { demand: Resources::new(512, 1_024), desired: 3, by_class: &[], skew };
        assert_eq!(hosts.map(|host| Kubernetes.score(&host, &scene)[0]), [400 - 311, 400 - 337]);
    }
}
