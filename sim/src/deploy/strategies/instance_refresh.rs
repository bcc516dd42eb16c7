//! How many machines of an Auto Scaling group are replaced at once, whether a machine stands for a task or tasks run on it.

use crate::deploy::{Amount, Bound, Pool, Reap, Round, VictimOrder, ZeroRule};

/// Of N, ceil(N x minimum) stay healthy; one goes even where that is all of them (`asg-instance-refresh.md`). Above 100 % one
/// comes first even where the share is no whole one: nothing goes below a minimum of all (E). Both in tenths of a percent.
pub fn instance_refresh(min_healthy: u32, max_healthy: u32) -> Pool {
    let share = |permille| Bound { amount: Amount::Permille(permille), round: Round::Down };
    Pool {
        surge: share(max_healthy - 1_000),
        unavailable: share(1_000 - min_healthy),
        zero: if max_healthy > 1_000 { ZeroRule::OneExtra } else { ZeroRule::OneUnavailable },
        // E: an instance that is on its way out is in the group.
        terminating_in_cap: true,
        reap: Reap::AtOnce,
        window: None,
        victims: VictimOrder::Balanced,
    }
}
