//! How hosts of a group come and go: warm pools, schedules, Spot, how and which hosts leave.

use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::model::{HourlyPrice, Leaving, PreDeploy, ScheduledSize, Spot, Termination, WarmPool};

use super::Item;
use super::hosts::MOST_HOSTS;

/// The words for which host goes first.
pub(super) const TERMINATION: [(&str, Termination); 4] = [
    ("default", Termination::Default),
    ("oldest", Termination::Oldest),
    ("newest", Termination::Newest),
    ("closest-to-hour", Termination::ClosestToHour),
];

/// `leaving`: a word, or `{ drained = "15m" }`.
pub(super) fn leaving(item: &Item) -> Option<Leaving> {
    if item.node.as_str().is_some() {
        return item.choice([
            ("when-empty", Leaving::WhenEmpty),
            ("drained", Leaving::Drained { at_most: None }),
            ("at-once", Leaving::AtOnce),
        ]);
    }
    let mut fields = item.fields()?;
    let at_most = fields.need("drained", |item| item.duration_above_zero());
    fields.close();
    Some(Leaving::Drained { at_most: Some(at_most?) })
}

/// `warm_pool`.
pub(super) fn warm_pool(item: &Item) -> Option<WarmPool> {
    let mut fields = item.fields()?;
    let hosts = fields.need("hosts", |item| item.count("hosts", MOST_HOSTS));
    // E: from the start of a stopped instance to its registration (range 15 to 60 s).
    let start = fields.or("start", Dist::uniform_millis(20_000, 30_000), |item| item.dist());
    let holds_images = fields.or("holds_images", true, |item| item.boolean());
    let price = fields.or("price", HourlyPrice(0), |item| item.price());
    fields.close();
    Some(WarmPool { hosts: hosts?, start, holds_images, price })
}

/// `schedule`: sizes at times.
pub(super) fn schedule(item: &Item) -> Option<Vec<ScheduledSize>> {
    let sizes: Option<Vec<_>> = item.list()?.iter().map(scheduled_size).collect();
    let mut sizes = sizes?;
    sizes.sort_by_key(|size| size.at);
    Some(sizes)
}

fn scheduled_size(item: &Item) -> Option<ScheduledSize> {
    let mut fields = item.fields()?;
    let at = fields.need("at", |item| item.duration());
    let hosts = fields.need("hosts", |item| item.integer(0..=MOST_HOSTS));
    fields.close();
    Some(ScheduledSize { at: Time::ZERO + at?, hosts: hosts? })
}

/// `spot`.
pub(super) fn spot(item: &Item) -> Option<Spot> {
    let mut fields = item.fields()?;
    let interrupted_after = fields.need("interrupted_after", |item| match item.dist()? {
        Dist::ZERO => item.wrong("zero, where time must pass", "write \"exponential(mean=10h)\"".to_string()),
        dist => Some(dist),
    });
    // DG container-instance-spot: a notice of two minutes; draining is off unless ECS_ENABLE_SPOT_INSTANCE_DRAINING is set.
    let notice = fields.or("notice", Duration::from_secs(120), |item| item.duration());
    let drains = fields.or("drains", false, |item| item.boolean());
    fields.close();
    Some(Spot { interrupted_after: interrupted_after?, notice, drains })
}

/// `pre_deploy`.
pub(super) fn pre_deploy(item: &Item) -> Option<PreDeploy> {
    let mut fields = item.fields()?;
    let hosts = fields.need("hosts", |item| item.count("hosts", MOST_HOSTS));
    let lead = fields.need("lead", |item| item.duration());
    let keep = fields.or("keep", Duration::from_secs(300), |item| item.duration());
    fields.close();
    Some(PreDeploy { hosts: hosts?, lead: lead?, keep })
}
