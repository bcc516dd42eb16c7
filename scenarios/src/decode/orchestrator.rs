//! `orchestrator`, `strategy` and `placement`: the system's ways, from a preset and what overrides it.

use seatrial_sim::deploy::Rolling;
use seatrial_sim::engine::time::Duration;
use seatrial_sim::model::{ControlLoop, Deregistration, LaunchRate, SlotRelease};
use seatrial_sim::orchestrators::{self, Orchestrator, ecs};
use seatrial_sim::placement::{self, Policy};

use super::Item;

/// `orchestrator = "ecs"`, or a table with a name and overrides.
pub(super) fn orchestrator(item: &Item) -> Option<Orchestrator> {
    if item.node.as_str().is_some() {
        return preset(item);
    }
    let mut fields = item.fields()?;
    let system = fields.or("name", ecs::today(), |item| preset(&item));
    let defaults = system.control;
    let tick = fields.maybe("tick", |item| item.duration());
    let jitter_item = fields.get("tick_jitter");
    let tick_jitter = jitter_item.as_ref().and_then(Item::duration);
    let control = ControlLoop {
        tick: tick.unwrap_or(defaults.tick),
        tick_jitter: tick_jitter.unwrap_or_else(|| jitter_of(tick.unwrap_or(defaults.tick), defaults.tick_jitter)),
        first_review: fields.or("first_review", defaults.first_review, |item| item.dist()),
        healthy_after: fields.or("healthy_after", defaults.healthy_after, |item| item.duration()),
        deregistration: fields.or("deregistration", defaults.deregistration, |item| {
            item.choice([("next-review", Deregistration::NextReview), ("same-review", Deregistration::SameReview)])
        }),
        target_poll: fields.or("target_poll", defaults.target_poll, |item| item.duration()),
        slot_release: fields.or("slot_release", defaults.slot_release, |item| {
            item.choice([("stopping", SlotRelease::Stopping), ("stopped", SlotRelease::Stopped)])
        }),
        launch_rate: fields.or("launch_rate", defaults.launch_rate, |item| launch_rate(&item, defaults.launch_rate)),
    };
    if let Some(item) = jitter_item
        && tick_jitter.is_some_and(|jitter| !jitter_fits(control.tick, jitter))
    {
        item.wrong::<()>("not below half a tick", format!("the tick is {}", control.tick));
    }
    fields.close();
    Some(Orchestrator { control, ..system })
}

fn preset(item: &Item) -> Option<Orchestrator> {
    item.choice(
        orchestrators::ALL.map(|orchestrator| orchestrator()).map(|orchestrator| (orchestrator.name, orchestrator)),
    )
}

/// The default jitter, and none where the tick is too short for it.
fn jitter_of(tick: Duration, default: Duration) -> Duration {
    if jitter_fits(tick, default) { default } else { Duration::ZERO }
}

fn jitter_fits(tick: Duration, jitter: Duration) -> bool {
    jitter.is_zero() || jitter * 2 < tick
}

#[expect(clippy::option_option, reason = "the outer one is whether it was read, the inner one the value")]
fn launch_rate(item: &Item, default: Option<LaunchRate>) -> Option<Option<LaunchRate>> {
    const MOST: u32 = 1_000_000;
    if item.node.as_str().is_some() {
        return item.choice([("unlimited", None)]);
    }
    let mut fields = item.fields()?;
    let per_minute = fields.maybe("per_minute", |item| item.count("launches", MOST));
    let burst = fields.maybe("burst", |item| item.count("launches", MOST));
    fields.close();
    let or_default = |given: Option<u32>, default: Option<u32>, key: &str| {
        given.or(default).or_else(|| item.wrong(format!("{key} is missing"), None))
    };
    Some(Some(LaunchRate {
        per_minute: or_default(per_minute, default.map(|rate| rate.per_minute), "per_minute")?,
        burst: or_default(burst, default.map(|rate| rate.burst), "burst")?,
    }))
}

/// `strategy = "one-at-a-time"`, `"rolling"`, or `{ rolling = { .. } }`; percentages left out are the preset's.
pub(super) fn strategy(item: &Item, preset: Rolling) -> Option<Rolling> {
    let (minimum, maximum) = match preset {
        Rolling::Percent { minimum_healthy_percent, maximum_percent } => (minimum_healthy_percent, maximum_percent),
        Rolling::OneAtATime => (100, 200),
    };
    let percent =
        |minimum_healthy_percent, maximum_percent| Rolling::Percent { minimum_healthy_percent, maximum_percent };
    if item.node.as_str().is_some() {
        return item.choice([("one-at-a-time", Rolling::OneAtATime), ("rolling", percent(minimum, maximum))]);
    }
    let mut fields = item.fields()?;
    let rolling = fields.need("rolling", |item| {
        let mut fields = item.fields()?;
        let minimum = fields.or("minimum_healthy_percent", minimum, |item| item.integer(0..=100));
        let maximum = fields.or("maximum_percent", maximum, |item| item.integer(100..=1_000));
        fields.close();
        Some(percent(minimum, maximum))
    });
    fields.close();
    rolling
}

/// The name of a placement policy.
pub(super) fn policy(item: &Item) -> Option<Policy> {
    item.choice(placement::ALL)
}
