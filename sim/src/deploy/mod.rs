//! Deploy strategies: what to start and what to stop, decided from a view of the service.

pub mod pool;
pub mod victims;

/// A rolling deploy's bounds, as the strategy states them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rolling {
    /// Shares of the desired count (ECS since 2015-12-21).
    Percent {
        /// Percent of the desired count that stays healthy; 0 to 100. Rounded up to tasks.
        minimum_healthy_percent: u32,
        /// Percent of the desired count that may exist, stopping ones included; at least 100. Rounded down to tasks.
        maximum_percent: u32,
    },
    /// One new task, then one old task less: ECS before 2015-12-21 (BC 2015 `UpdateService`). Needs room for one task more.
    OneAtATime,
}

/// A rolling deploy's bounds in tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// No stop takes the healthy tasks below it.
    pub min_healthy: u32,
    /// No start takes the tasks that are not stopped above it.
    pub max_total: u32,
}

impl Rolling {
    /// The bounds for `desired` tasks: the minimum rounds up and the maximum down, as ECS does (BC
    /// `DeploymentConfiguration`).
    ///
    /// ```
    /// use seatrial_sim::deploy::{Bounds, Rolling};
    ///
    /// let rolling = Rolling::Percent { minimum_healthy_percent: 50, maximum_percent: 125 };
    /// assert_eq!(rolling.bounds(5), Bounds { min_healthy: 3, max_total: 6 });
    /// ```
    pub fn bounds(self, desired: u32) -> Bounds {
        let share = |percent: u32| u64::from(desired) * u64::from(percent);
        match self {
            Self::Percent { minimum_healthy_percent, maximum_percent } => Bounds {
                min_healthy: share(minimum_healthy_percent).div_ceil(100) as u32,
                max_total: u32::try_from(share(maximum_percent) / 100).unwrap_or(u32::MAX),
            },
            Self::OneAtATime => Bounds { min_healthy: desired, max_total: desired + 1 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the ECS developer guide and of its users.
    #[test]
    fn the_minimum_rounds_up_and_the_maximum_down() {
        let table = [
            (3, 100, 125, 3, 3),
            (2, 75, 200, 2, 4),
            (1, 50, 100, 1, 1),
            (5, 50, 100, 3, 5),
            (5, 0, 100, 0, 5),
            (4, 100, 200, 4, 8),
            (0, 100, 200, 0, 0),
        ];
        for (desired, minimum_healthy_percent, maximum_percent, min_healthy, max_total) in table {
            let bounds = Rolling::Percent { minimum_healthy_percent, maximum_percent }.bounds(desired);
            assert_eq!(
                bounds,
                Bounds { min_healthy, max_total },
                "desired {desired}, {minimum_healthy_percent}/{maximum_percent}"
            );
        }
        assert_eq!(Rolling::OneAtATime.bounds(5), Bounds { min_healthy: 5, max_total: 6 });
    }
}
