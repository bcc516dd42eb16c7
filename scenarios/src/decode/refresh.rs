//! `refresh` of a host group: when all its hosts are replaced, and how many at once.

use seatrial_sim::engine::time::Time;
use seatrial_sim::model::Refresh;

use super::{Item, parameters};

/// `refresh`: a list of them.
pub(super) fn refreshes(item: &Item) -> Option<Vec<Refresh>> {
    let refreshes: Option<Vec<_>> = item.list()?.iter().map(refresh).collect();
    let mut refreshes = refreshes?;
    refreshes.sort_by_key(|refresh| refresh.at);
    Some(refreshes)
}

fn refresh(item: &Item) -> Option<Refresh> {
    let mut fields = item.fields()?;
    let at = fields.need("at", |item| item.duration());
    let usual = Refresh::usual(Time::ZERO + at.unwrap_or_default());
    let min_healthy = fields.or("min_healthy", usual.min_healthy, |item| item.permille(0..=100));
    let max_healthy = fields.maybe("max_healthy", |item| item.permille(100..=200));
    let warmup = fields.or("warmup", usual.warmup, |item| item.duration());
    let checkpoints = fields.or("checkpoints", vec![], |item| checkpoints(&item));
    let delay = fields.get("checkpoint_delay");
    let checkpoint_delay = delay.as_ref().map_or(Some(usual.checkpoint_delay), Item::duration);
    let has_checkpoints = item.node.get("checkpoints").is_some();
    fields.close();
    if let Some(delay) = delay
        && !has_checkpoints
    {
        return delay.wrong("a delay without checkpoints", "write checkpoints = [20, 50], or leave it out".to_string());
    }
    if max_healthy.is_some_and(|max| max - min_healthy > 1_000) {
        let help = "ASG InstanceMaintenancePolicy: they differ by 100 at most".to_string();
        return item.wrong("min_healthy and max_healthy are too far apart", help);
    }
    at?;
    Some(Refresh { min_healthy, max_healthy, warmup, checkpoints, checkpoint_delay: checkpoint_delay?, ..usual })
}

/// Shares above zero that rise.
fn checkpoints(item: &Item) -> Option<Vec<u32>> {
    let shares = parameters::rising_shares(item, 100)?;
    if shares.first() == Some(&0) {
        return item.wrong("a checkpoint at 0%", "it is reached before anything is replaced: leave it out".to_string());
    }
    Some(shares)
}
