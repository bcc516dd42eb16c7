//! Canary: a share of the traffic, and of the tasks if need be, tries the new version before the rest.

use crate::deploy::{Hold, Rollout, Size, Step};

/// The new version gets each of the shares (tenths of a percent) in turn, and all at last, with something to wait for after
/// each but that. The old tasks stay until the end; `full` starts all new ones before the first share.
pub fn canary(shares: &[u32], holds: &[Hold], full: bool) -> Rollout {
    let mut program: Vec<_> = if full { vec![Step::beside(Size::ALL)] } else { vec![] };
    for &permille in shares.iter().filter(|&&permille| permille < 1_000) {
        let new = if full { Size::ALL } else { Size::share(permille) };
        program.push(Step { holds: holds.to_vec(), ..Step::beside(new).weighing(permille) });
    }
    program.push(Step::beside(Size::ALL).weighing(1_000));
    program.push(Step::remove_old());
    Rollout::new(program)
}
