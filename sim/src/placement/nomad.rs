//! Nomad: the fullest of a few hosts in random order, with a penalty for tasks of the same service (NOMAD
//! `nomad/structs/funcs.go` `ScoreFitBinPack`; `scheduler/{rank,select,stack}.go`).
//!
//! Left out: affinities, `spread` blocks (with either, Nomad looks at more hosts) and the penalty of a host where the task
//! has failed. A task that is being stopped counts until it has stopped; Nomad does not count it from the plan on.

use super::{Choice, HostView, Order, Placement, Scene, Score};

/// A score of 1: scores are compared as hundred-millionths, so that the last bit of a power does not count.
const ONE: u32 = 100_000_000;

#[derive(Debug)]
pub(super) struct Nomad;

impl Placement for Nomad {
    #[expect(clippy::cast_sign_loss, reason = "no mean is above 1")]
    fn score(&self, host: &HostView, scene: &Scene) -> Score {
        let fit = fit(host, scene);
        let mean =
            if host.tasks == 0 { fit } else { (fit - (f64::from(host.tasks) + 1.0) / f64::from(scene.desired)) / 2.0 };
        [((1.0 - mean) * f64::from(ONE)).round() as u32, 0, 0, 0, 0]
    }

    fn choice(&self) -> Choice {
        Choice::BestOfFew { poor: [ONE, 0, 0, 0, 0] }
    }

    fn order(&self) -> Order {
        Order::Changing
    }

    fn counts_all_tasks(&self) -> bool {
        false
    }
}

/// From 0 for an empty host to 1 for one that the task fills: 20 less the powers of 10 to each share that stays free, in
/// eighteenths.
fn fit(host: &HostView, scene: &Scene) -> f64 {
    let free = |free: u32, demand: u32, capacity: u32| f64::from(free - demand) / f64::from(capacity.max(1));
    let cpu = free(host.free.cpu, scene.demand.cpu, host.capacity.cpu);
    let memory = free(host.free.memory_mib, scene.demand.memory_mib, host.capacity.memory_mib);
    (20.0 - 10_f64.powf(cpu) - 10_f64.powf(memory)).clamp(0.0, 18.0) / 18.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ClassId, Resources};
    use crate::placement::kubernetes::Skew;

    fn host(free: (u32, u32), tasks: u32) -> HostView {
        HostView {
            capacity: Resources::new(2048, 4096),
            free: Resources::new(free.0, free.1),
            class: ClassId(0),
            zone: 0,
            tasks,
            zone_tasks: 0,
            all_tasks: 0,
        }
    }

    fn scene(cpu: u32, memory_mib: u32) -> Scene<'static> {
        Scene { demand: Resources::new(cpu, memory_mib), desired: 4, by_class: &[], skew: Skew::default() }
    }

    /// The table of NOMAD `nomad/structs/funcs_test.go`, `TestScoreFitBinPack`: 2,048 cpu and 4,096 memory to give.
    #[test]
    fn fits_as_published() {
        let table = [((2048, 4096), 18.0), ((0, 0), 0.0), ((1024, 2048), 13.675)];
        for ((cpu, memory_mib), score) in table {
            let fit = fit(&host((2048, 4096), 0), &scene(cpu, memory_mib)) * 18.0;
            assert!((fit - score).abs() < 0.001, "{fit} instead of {score}");
        }
    }

    /// Half of both stays free: (20 - 2 * 10^0.5) / 18 = 13.675445 / 18 = 0.75974693.
    /// With one task of four there: (0.75974693 - 2/4) / 2 = 0.12987346; with two: (0.75974693 - 3/4) / 2 = 0.00487346;
    /// with three: (0.75974693 - 4/4) / 2 = -0.12012654, which is poor.
    #[test]
    fn tasks_of_the_service_push_it_away() {
        let table = [(0, 24_025_307), (1, 87_012_654), (2, 99_512_654), (3, 112_012_654)];
        for (tasks, score) in table {
            assert_eq!(Nomad.score(&host((1536, 3072), tasks), &scene(512, 1024))[0], score, "{tasks} tasks");
        }
    }

    /// Where a host has none of a resource, none of it stays free.
    #[test]
    fn nothing_of_nothing_is_full() {
        let none = HostView { capacity: Resources::default(), ..host((0, 0), 0) };
        assert_eq!(Nomad.score(&none, &scene(0, 0)), [0; 5]);
    }
}
