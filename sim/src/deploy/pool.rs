//! The pool mover: new and old tasks are two counts under a floor and a cap, not pairs.

use super::Bounds;

/// What the mover sees of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolView {
    /// Tasks wanted.
    pub desired: u32,
    /// The floor and the cap.
    pub bounds: Bounds,
    /// Tasks of the new version that are neither chosen to stop nor stopped.
    pub new: u32,
    /// Tasks of any version that are not stopped, stopping and draining ones included.
    pub alive: u32,
    /// Healthy tasks of any version that are not chosen to stop.
    pub healthy: u32,
    /// Healthy tasks of older versions that are not chosen to stop.
    pub old_healthy: u32,
    /// Tasks of older versions that are neither healthy nor chosen to stop.
    pub old_unhealthy: u32,
}

/// What the mover asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolPlan {
    /// Tasks of the new version to start.
    pub start: u32,
    /// Healthy old tasks to stop.
    pub stop_healthy: u32,
    /// Old tasks that serve nobody to stop; they do not count against the floor.
    pub stop_unhealthy: u32,
}

/// Starts as many new tasks as the cap allows and stops as many old ones as the floor does (DG deployment-type-ecs).
///
/// Called again without a change it asks for nothing new, because what it asked for is in the counts by then.
pub fn plan(view: &PoolView) -> PoolPlan {
    let missing = view.desired.saturating_sub(view.new);
    let headroom = view.bounds.max_total.saturating_sub(view.alive);
    let surplus = view.healthy.saturating_sub(view.bounds.min_healthy);
    PoolPlan {
        start: missing.min(headroom),
        stop_healthy: view.old_healthy.min(surplus),
        stop_unhealthy: view.old_unhealthy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::Rolling;

    /// Worked by hand, 4 tasks of 100/200 unless said.
    #[test]
    fn starts_fill_the_cap_and_stops_reach_the_floor() {
        let bounds = Rolling::Percent { minimum_healthy_percent: 100, maximum_percent: 200 }.bounds(4);
        let fresh = PoolView { desired: 4, bounds, new: 0, alive: 4, healthy: 4, old_healthy: 4, old_unhealthy: 0 };
        let half = Rolling::Percent { minimum_healthy_percent: 50, maximum_percent: 100 }.bounds(5);
        let table = [
            (fresh, (4, 0, 0), "all new ones at once, none stopped yet"),
            (PoolView { new: 4, alive: 8, ..fresh }, (0, 0, 0), "new ones are starting"),
            (PoolView { new: 4, alive: 8, healthy: 7, ..fresh }, (0, 3, 0), "three of them are healthy"),
            (PoolView { new: 4, alive: 8, healthy: 4, old_healthy: 0, ..fresh }, (0, 0, 0), "only new ones are left"),
            (
                PoolView { bounds: half, desired: 5, alive: 5, healthy: 5, old_healthy: 5, ..fresh },
                (0, 2, 0),
                "stop first: 5 - ceil(2.5)",
            ),
            (
                PoolView { old_unhealthy: 2, healthy: 2, old_healthy: 2, ..fresh },
                (4, 0, 2),
                "a superseded start serves nobody",
            ),
        ];
        for (view, (start, stop_healthy, stop_unhealthy), why) in table {
            assert_eq!(plan(&view), PoolPlan { start, stop_healthy, stop_unhealthy }, "{why}");
        }
    }
}
