//! `strategy = { free = { .. } }`: a rollout put together from its parts, under any orchestrator.

use seatrial_sim::deploy::{
    Act, Amount, Analysis, Bound, Completion, Detector, FailurePolicy, Gate, GateLevel, Hold, Mover, OnUnhealthy, Pool,
    Reap, RollBack, Rollout, Round, Size, SlotKey, SlotOp, SlotOrder, Slots, Step, VictimOrder, ZeroRule,
};
use seatrial_sim::engine::time::Duration;

use super::parameters::{MOST_PERCENT, MOST_TASKS};
use super::{Fields, Item};
use crate::tree::Value;

/// The pool of rolling on ECS.
const POOL: Pool = Pool {
    surge: Bound::percent(100, Round::Down),
    unavailable: Bound::percent(0, Round::Down),
    zero: ZeroRule::Stall,
    terminating_in_cap: true,
    reap: Reap::AtOnce,
    window: None,
    victims: VictimOrder::Balanced,
};

/// One slot after another, as most systems with slots do.
const SLOTS: Slots = Slots::at_once(Bound::tasks(1));

/// A part of a free strategy, for lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The key, with dots where it is in a table.
    pub name: &'static str,
    /// The default in TOML.
    pub default: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

const fn part(name: &'static str, default: &'static str, meaning: &'static str) -> Part {
    Part { name, default, meaning }
}

/// The parts of a free strategy with a pool, each with its default.
pub const FREE_POOL: &[Part] = &[
    part("pool.surge", "\"100%\"", "tasks that may exist above the desired count; a share rounds down, or \"25% up\""),
    part("pool.unavailable", "\"0%\"", "tasks that may be unavailable; a share rounds down, or \"25% up\""),
    part("pool.zero", "\"stall\"", "where both come to nothing: stall, one-unavailable, one-extra"),
    part("pool.terminating_in_cap", "true", "whether a stopping task holds its place until it is gone"),
    part("pool.reap", "\"at-once\"", "how old tasks that are not available go: at-once, within-room, never"),
    part("pool.window", "\"unlimited\"", "new tasks that may be on their way at once"),
    part("pool.victims", "\"balanced\"", "which old tasks go first: balanced, most-on-host, newest, oldest"),
    part("steps", "[{}]", "what is done in order: { new, old, weight, hold, waits_for_gone, aside }"),
    part("gate.level", "\"in-service\"", "what a new task must have reached: created, running, ready, in-service"),
    part("gate.min_for", "\"0s\"", "for how long without a break"),
    part("gate.deadline", "\"never\"", "how long after its creation a new task is late"),
    part(
        "failure.detect",
        "[]",
        "any of \"gate-deadline\", \"analysis\", \"alarm\", { tasks_die = { within, most } }, { in_a_row = { share, \
         least, most } }, { no_progress }, { total }",
    ),
    part(
        "failure.act",
        "\"stop\"",
        "what failure does: report, pause, stop, rollback, drop-new (new tasks go, after = ..)",
    ),
    part("retain", "\"0s\"", "how long the old tasks stay after the end, where the steps keep them until then"),
    part("shift", "\"0s\"", "how long a change of traffic takes to be in force; random"),
    part("pace", "\"0s\"", "how often it is looked whether a step is done; 0 at once"),
    part("completion", "\"old-stopped\"", "when it has ended: last-step, old-stopped"),
];

/// What stands for the pool where every task has a slot, each with its default.
pub const FREE_SLOTS: &[Part] = &[
    part("slots.window", "1", "slots at once, or a share of the desired count, rounded down; 0 is all"),
    part("slots.op", "\"stop-start\"", "what is done to a slot: stop-start, start-stop, overlap"),
    part("slots.barrier", "false", "whether a batch begins only when the one before has ended"),
    part("slots.delay", "\"0s\"", "from a slot's end to the next one's begin"),
    part("slots.stop_timeout", "\"never\"", "how long a new task waits for its old one to be gone"),
    part("slots.order", "\"ascending\"", "which slots come first: ascending, descending"),
    part("slots.key", "\"any\"", "what of a slot its new task keeps: any (its number), host"),
    part("slots.floor", "0", "available tasks below which no stop goes; a share rounds up"),
    part("slots.on_unhealthy", "\"wait\"", "what a new task that fails does to the rest: wait, ignore, block-all"),
];

/// What nothing else is said of.
pub(super) fn default() -> Rollout {
    Rollout { completion: Completion::OldStopped, ..Rollout::new(vec![Step::all(Mover::Pool(POOL))]) }
}

/// A rollout of any parts.
pub(super) fn free(item: &Item) -> Option<Rollout> {
    let mut fields = item.fields()?;
    let default = default();
    let mover = mover(&mut fields).unwrap_or(Mover::Pool(POOL));
    let gate = fields.or("gate", default.gate, |item| gate(&item));
    let rollout = Rollout {
        program: fields.or("steps", vec![Step::all(mover)], |item| steps(&item, mover)),
        pace: fields.or("pace", default.pace, |item| item.duration()),
        gate,
        shift: fields.or("shift", default.shift, |item| item.dist()),
        failure: fields.or("failure", default.failure, |item| failure(&item, gate)),
        retain: fields.or("retain", default.retain, |item| item.duration()),
        completion: fields.or("completion", default.completion, |item| {
            item.choice([("last-step", Completion::LastStep), ("old-stopped", Completion::OldStopped)])
        }),
    };
    fields.close();
    Some(rollout)
}

fn mover(fields: &mut Fields) -> Option<Mover> {
    match (fields.get("pool"), fields.get("slots")) {
        (Some(_), Some(slots)) => slots.wrong("both pool and slots", "a strategy has one of them".to_string()),
        (Some(item), None) => pool(&item).map(Mover::Pool),
        (None, Some(item)) => slots(&item).map(Mover::Slots),
        (None, None) => None,
    }
}

fn pool(item: &Item) -> Option<Pool> {
    let mut fields = item.fields()?;
    let pool = Pool {
        surge: fields.or("surge", POOL.surge, |item| bound(&item, Round::Down)),
        unavailable: fields.or("unavailable", POOL.unavailable, |item| bound(&item, Round::Down)),
        zero: fields.or("zero", POOL.zero, |item| {
            item.choice([
                ("stall", ZeroRule::Stall),
                ("one-unavailable", ZeroRule::OneUnavailable),
                ("one-extra", ZeroRule::OneExtra),
            ])
        }),
        terminating_in_cap: fields.or("terminating_in_cap", POOL.terminating_in_cap, |item| item.boolean()),
        reap: fields.or("reap", POOL.reap, |item| {
            item.choice([("at-once", Reap::AtOnce), ("within-room", Reap::WithinRoom), ("never", Reap::Never)])
        }),
        window: fields.or("window", POOL.window, |item| match item.node.as_str() {
            Some(_) => item.choice([("unlimited", None)]),
            None => item.count("tasks", MOST_TASKS).map(Some),
        }),
        victims: fields.or("victims", POOL.victims, |item| {
            item.choice([
                ("balanced", VictimOrder::Balanced),
                ("most-on-host", VictimOrder::MostOnHost),
                ("newest", VictimOrder::Newest),
                ("oldest", VictimOrder::Oldest),
            ])
        }),
    };
    fields.close();
    Some(pool)
}

fn slots(item: &Item) -> Option<Slots> {
    let mut fields = item.fields()?;
    let slots = Slots {
        window: fields.or("window", SLOTS.window, |item| bound(&item, Round::Down)),
        op: fields.or("op", SLOTS.op, |item| {
            item.choice([
                ("stop-start", SlotOp::StopStart),
                ("start-stop", SlotOp::StartStop),
                ("overlap", SlotOp::Overlap),
            ])
        }),
        barrier: fields.or("barrier", SLOTS.barrier, |item| item.boolean()),
        delay: fields.or("delay", SLOTS.delay, |item| item.duration()),
        stop_timeout: fields.or("stop_timeout", SLOTS.stop_timeout, |item| item.or_never(Item::duration)),
        order: fields.or("order", SLOTS.order, |item| {
            item.choice([("ascending", SlotOrder::Ascending), ("descending", SlotOrder::Descending)])
        }),
        key: fields.or("key", SLOTS.key, |item| item.choice([("any", SlotKey::Any), ("host", SlotKey::Host)])),
        floor: fields.or("floor", SLOTS.floor, |item| bound(&item, Round::Up).map(Some)),
        on_unhealthy: fields.or("on_unhealthy", SLOTS.on_unhealthy, |item| {
            item.choice([
                ("wait", OnUnhealthy::Wait),
                ("ignore", OnUnhealthy::Ignore),
                ("block-all", OnUnhealthy::BlockAll),
            ])
        }),
    };
    fields.close();
    Some(slots)
}

/// A number of tasks, or a share of the desired ones; a part of a task counts as `round` says, or as is written after it.
fn bound(item: &Item, round: Round) -> Option<Bound> {
    let Some(text) = item.node.as_str() else {
        return match item.node.value {
            Value::Integer(_) => item.integer(0..=MOST_TASKS).map(Bound::tasks),
            _ => item.wrong_kind("a number of tasks or a share"),
        };
    };
    let (share, round) = match text.trim_end().rsplit_once(' ') {
        Some((share, "up")) => (share, Round::Up),
        Some((share, "down")) => (share, Round::Down),
        _ => (text, round),
    };
    item.share(share, 0..=MOST_PERCENT).map(|permille| Bound { amount: Amount::Permille(permille), round })
}

fn steps(item: &Item, mover: Mover) -> Option<Vec<Step>> {
    /// More take too long to check.
    const MOST: usize = 1_000;
    let list = item.list()?;
    if list.is_empty() || list.len() > MOST {
        return item.wrong(format!("{} steps", list.len()), format!("write 1 to {MOST} of them"));
    }
    // Each is read before it is said whether all were good.
    let steps: Vec<_> = list.iter().zip(1..).map(|(item, i)| step(item, mover, i == list.len())).collect();
    steps.into_iter().collect()
}

/// One step. Where nothing is said, all new tasks come, and the old ones stay until the last step.
fn step(item: &Item, mover: Mover, is_last: bool) -> Option<Step> {
    let mut fields = item.fields()?;
    let old = if is_last { Size::NONE } else { Size::Keep };
    let step = Step {
        new: fields.or("new", Size::ALL, |item| size(&item)),
        old: fields.or("old", old, |item| size(&item)),
        mover,
        aside: fields.or("aside", Size::NONE, |item| size(&item)),
        waits_for_gone: fields.or("waits_for_gone", false, |item| item.boolean()),
        weight: fields.maybe("weight", |item| item.permille(0..=100)),
        holds: fields.or("hold", vec![], |item| holds(&item)),
    };
    fields.close();
    Some(step)
}

fn size(item: &Item) -> Option<Size> {
    match item.node.as_str() {
        Some("keep") => Some(Size::Keep),
        Some("all") => Some(Size::ALL),
        _ => bound(item, Round::Up).map(Size::Of),
    }
}

/// One thing to wait for, or several in a row.
fn holds(item: &Item) -> Option<Vec<Hold>> {
    match item.node.value {
        Value::List(_) => item.list()?.iter().map(hold).collect(),
        _ => hold(item).map(|hold| vec![hold]),
    }
}

fn hold(item: &Item) -> Option<Hold> {
    if item.node.as_str().is_some() {
        return item.duration().map(Hold::For);
    }
    let mut fields = item.fields()?;
    let manual = fields.maybe("manual", |item| item.dist()).map(Hold::Until);
    let analysis = fields.maybe("analysis", |item| analysis(&item)).map(Hold::Analysis);
    fields.close();
    item.one_of([manual, analysis], "write \"5m\", { manual = \"1h\" } or { analysis = { .. } }")
}

fn analysis(item: &Item) -> Option<Analysis> {
    const MOST: u32 = 10_000;
    let mut fields = item.fields()?;
    let interval = fields.need("interval", |item| item.duration_above_zero());
    let at_once = fields.or("at_once", false, |item| item.boolean());
    let count = fields.need("count", |item| item.count("measurements", MOST));
    let failure_limit = fields.or("failure_limit", 0, |item| item.integer(0..=MOST));
    fields.close();
    Some(Analysis { interval: interval?, at_once, count: count?, failure_limit })
}

fn gate(item: &Item) -> Option<Gate> {
    let mut fields = item.fields()?;
    let default = Gate::IN_SERVICE;
    let gate = Gate {
        level: fields.or("level", default.level, |item| {
            item.choice([
                ("created", GateLevel::Created),
                ("running", GateLevel::Running),
                ("ready", GateLevel::Ready),
                ("in-service", GateLevel::InService),
            ])
        }),
        min_for: fields.or("min_for", default.min_for, |item| item.duration()),
        deadline: fields.or("deadline", default.deadline, |item| item.or_never(Item::duration)),
    };
    fields.close();
    Some(gate)
}

/// One policy for all detectors, or a list of policies, each for its own.
fn failure(item: &Item, gate: Gate) -> Option<FailurePolicy> {
    let Value::List(_) = item.node.value else { return policy(item, gate) };
    let policies: Vec<_> = item.list()?.iter().map(|item| policy(item, gate)).collect();
    let rules = policies.into_iter().map(|policy| Some(policy?.0)).collect::<Option<Vec<_>>>()?;
    Some(FailurePolicy(rules.concat()))
}

fn policy(item: &Item, gate: Gate) -> Option<FailurePolicy> {
    let mut fields = item.fields()?;
    let detect = fields.or("detect", vec![], |item| {
        let detectors: Vec<_> = item.list()?.iter().map(|item| detector(item, gate)).collect();
        detectors.into_iter().collect()
    });
    let after_item = fields.get("after");
    let after = after_item.as_ref().and_then(Item::duration).unwrap_or(Duration::ZERO);
    let act = fields.or("act", Act::Stop, |item| {
        item.choice([
            ("report", Act::Report),
            ("pause", Act::Pause),
            ("stop", Act::Stop),
            ("rollback", Act::RollBack(RollBack::Reverse)),
            ("drop-new", Act::RollBack(RollBack::DropNew { after })),
        ])
    });
    fields.close();
    if let (Some(item), false) = (after_item, matches!(act, Act::RollBack(RollBack::DropNew { .. }))) {
        item.wrong::<()>("nothing waits for it", "it is how long dropped tasks stay: act = \"drop-new\"".to_string());
    }
    Some(FailurePolicy::any(detect, act))
}

fn detector(item: &Item, gate: Gate) -> Option<Detector> {
    if item.node.as_str().is_some() {
        let detector = item.choice([
            ("gate-deadline", Detector::GateDeadline),
            ("analysis", Detector::Analysis),
            ("alarm", Detector::Alarm),
        ])?;
        if detector == Detector::GateDeadline && gate.deadline.is_none() {
            return item.wrong("the gate has no deadline", "write gate = { deadline = \"5m\" }".to_string());
        }
        return Some(detector);
    }
    let mut fields = item.fields()?;
    let found = [
        fields.maybe("tasks_die", |item| tasks_die(&item)),
        fields.maybe("in_a_row", |item| in_a_row(&item)),
        fields.maybe("no_progress", |item| item.duration_above_zero()).map(Detector::NoProgress),
        fields.maybe("total", |item| item.duration_above_zero()).map(Detector::Total),
    ];
    fields.close();
    let help = "write \"gate-deadline\", \"analysis\", \"alarm\", { tasks_die = { .. } }, { in_a_row = { .. } }, \
                { no_progress = \"10m\" } or { total = \"1h\" }";
    item.one_of(found, help)
}

fn tasks_die(item: &Item) -> Option<Detector> {
    let mut fields = item.fields()?;
    let within = fields.need("within", |item| item.duration());
    let most_permille = fields.or("most", 0, |item| item.permille(0..=100));
    fields.close();
    Some(Detector::TasksDie { within: within?, most_permille })
}

/// The circuit breaker of ECS, unless something else is said.
fn in_a_row(item: &Item) -> Option<Detector> {
    let mut fields = item.fields()?;
    let share = fields.or("share", Bound::percent(50, Round::Up), |item| bound(&item, Round::Up));
    let least = fields.or("least", 3, |item| item.count("failures", MOST_TASKS));
    let most_item = fields.get("most");
    let most = most_item.as_ref().map_or(Some(200.max(least)), |item| item.count("failures", MOST_TASKS))?;
    fields.close();
    match most_item {
        Some(item) if most < least => item.wrong(format!("fewer than the least, {least}"), None),
        _ => Some(Detector::InARow { share, least, most }),
    }
}
