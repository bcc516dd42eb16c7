//! A bound on tasks: a number or a share of the desired count, with the rounding that the system uses.

use std::fmt;

/// So many tasks, or such a share of the desired count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// How many.
    pub amount: Amount,
    /// What becomes of a part of a task.
    pub round: Round,
}

/// A number of tasks or a share of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// So many tasks.
    Tasks(u32),
    /// Tenths of a percent of the desired count.
    Permille(u32),
}

/// What becomes of a part of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// It counts as a whole one.
    Up,
    /// It does not count.
    Down,
}

impl Bound {
    /// So many tasks.
    pub const fn tasks(tasks: u32) -> Self {
        Self { amount: Amount::Tasks(tasks), round: Round::Down }
    }

    /// So many percent of the desired count.
    pub const fn percent(percent: u32, round: Round) -> Self {
        Self { amount: Amount::Permille(percent * 10), round }
    }

    /// The bound for `desired` tasks.
    ///
    /// ```
    /// use seatrial_sim::deploy::{Bound, Round};
    ///
    /// // maxSurge and maxUnavailable of Kubernetes, 25 % of 10.
    /// assert_eq!(Bound::percent(25, Round::Up).of(10), 3);
    /// assert_eq!(Bound::percent(25, Round::Down).of(10), 2);
    /// ```
    pub fn of(self, desired: u32) -> u32 {
        match (self.amount, self.round) {
            (Amount::Tasks(tasks), _) => tasks,
            (Amount::Permille(permille), round) => {
                let exact = u64::from(desired) * u64::from(permille);
                let tasks = if round == Round::Up { exact.div_ceil(1_000) } else { exact / 1_000 };
                u32::try_from(tasks).unwrap_or(u32::MAX)
            }
        }
    }
}

/// `3` or `25 %`.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tasks(tasks) => write!(f, "{tasks}"),
            Self::Permille(permille) => write!(f, "{}%", f64::from(*permille) / 10.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the ECS developer guide and of its users: minimum p % means that N - ceil(N p / 100) = floor(N (100 - p)
    /// / 100) may be missing, maximum p % that floor(N p / 100) - N may be extra.
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
        for (desired, minimum, maximum, floor, cap) in table {
            let missing = Bound::percent(100 - minimum, Round::Down).of(desired);
            let extra = Bound::percent(maximum - 100, Round::Down).of(desired);
            assert_eq!((desired - missing, desired + extra), (floor, cap), "desired {desired}, {minimum}/{maximum}");
        }
    }

    /// K8S `deployment_util_test.go`, `TestResolveFenceposts` (39 % of 10 each way); ARGO `canary_test.go`,
    /// `TestTrafficWeightToReplicas`; CD `instances-health.md` (95 and 85 % of 10, 40 % and the halves of 9); ASG
    /// `asg-instance-refresh.md` (90 % of 5, 15 and 25, 50 % of 3); EB `command-options-general.md`: a batch is a third, rounded up.
    #[test]
    fn published_shares() {
        let table = [
            (390, 10, 3, 4),
            (0, 10, 0, 0),
            (200, 10, 2, 2),
            (250, 10, 2, 3),
            (330, 10, 3, 4),
            (990, 10, 9, 10),
            (1_000, 10, 10, 10),
            (1_000, 23, 23, 23),
            (950, 10, 9, 10),
            (850, 10, 8, 9),
            (400, 9, 3, 4),
            (500, 9, 4, 5),
            (900, 10, 9, 9),
            (900, 5, 4, 5),
            (900, 15, 13, 14),
            (900, 25, 22, 23),
            (500, 3, 1, 2),
        ];
        for (permille, desired, down, up) in table {
            let of = |round| Bound { amount: Amount::Permille(permille), round }.of(desired);
            assert_eq!((of(Round::Down), of(Round::Up)), (down, up), "{permille} thousandths of {desired}");
        }
        let third = Bound { amount: Amount::Permille(333), round: Round::Up };
        assert_eq!([1, 3, 4, 6, 7, 10].map(|desired| third.of(desired)), [1, 1, 2, 2, 3, 4]);
    }
}
