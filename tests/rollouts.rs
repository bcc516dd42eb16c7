//! Rollouts against what other people worked out: golden vectors of each system's own controller, closed forms, and the
//! conservation law.

mod support;

use proptest::prelude::*;
use seatrial_sim::cluster::TaskState;
use seatrial_sim::deploy::{Bound, Gate, Hold, Rollout, Round, SlotOp, Slots, strategies};
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::fact::Fact;
use seatrial_sim::model::{Deploy, Version};
use seatrial_sim::orchestrators::by_name;
use seatrial_sim::parameters::Value;
use support::rollouts::{Vector, by_slots, ecs, kubernetes, marathon, model, pool, slots, vector};
use support::{Played, at_s, deploy, play, secs};

/// Ten tasks, 30 s to start and 30 s to stop: from the request to the last new task in service, the most tasks at once, and
/// task-seconds extra and short, as each system's own controller gives them (its code transliterated and run).
#[test]
fn golden_vectors_of_each_controller() {
    let up = |percent| Bound::percent(percent, Round::Up);
    let down = |percent| Bound::percent(percent, Round::Down);
    let gated = |rollout, min_for| Rollout { gate: Gate { min_for: secs(min_for), ..Gate::IN_SERVICE }, ..rollout };
    let one = slots(SlotOp::StopStart, 1);
    let batch = |op, window, delay| Slots { barrier: true, delay: secs(delay), ..slots(op, window) };
    let table: [(&str, Rollout, f64, u32, f64, f64); 15] = [
        ("Kubernetes 25/25", pool(kubernetes(up(25), down(25))), 60.0, 18, 480.0, 120.0),
        ("Kubernetes 1/0", pool(kubernetes(Bound::tasks(1), Bound::tasks(0))), 300.0, 12, 600.0, 0.0),
        ("Kubernetes 0/1", pool(kubernetes(Bound::tasks(0), Bound::tasks(1))), 300.0, 11, 300.0, 300.0),
        ("Kubernetes 100 %", pool(kubernetes(up(100), down(0))), 30.0, 20, 600.0, 0.0),
        ("ECS 100/110", pool(ecs(down(10), down(0))), 570.0, 11, 600.0, 0.0),
        ("ECS 50/100", pool(ecs(down(0), down(50))), 120.0, 10, 0.0, 600.0),
        ("Marathon 1.0/1.0", pool(marathon(down(100), down(0))), 30.0, 20, 600.0, 0.0),
        ("Marathon 0.5/0.2", pool(marathon(down(20), down(50))), 120.0, 12, 180.0, 420.0),
        ("Swarm", by_slots(Slots { stop_timeout: Some(secs(60)), ..one }), 600.0, 10, 0.0, 600.0),
        (
            "Swarm, 2 at once, 10 s apart, start first",
            by_slots(Slots { delay: secs(10), ..slots(SlotOp::StartStop, 2) }),
            190.0,
            14,
            600.0,
            0.0,
        ),
        ("Nomad, healthy for 10 s", gated(by_slots(one), 10), 690.0, 10, 0.0, 600.0),
        ("StatefulSet", by_slots(one), 600.0, 10, 0.0, 600.0),
        ("Rancher, 1, stop first", by_slots(batch(SlotOp::StopStart, 1, 2)), 618.0, 10, 0.0, 600.0),
        ("Rancher, 2, start first", by_slots(batch(SlotOp::StartStop, 2, 2)), 158.0, 14, 600.0, 0.0),
        ("Compose", strategies::all_at_once(), 60.0, 10, 0.0, 600.0),
    ];
    for (name, rollout, seconds, peak, extra, short) in table {
        let played = play(&model(10, 30, 30, rollout), 1);
        assert_eq!(vector(&played), Vector { seconds, peak, extra, short }, "{name}");
        assert!((extra + short - 600.0).abs() < 1e-9, "{name}: the conservation law");
    }
}

/// Swarm waits 60 s at most for an old task to be gone. With 90 s to stop, each slot goes on after 60 s, twice while the one
/// before still stops: the peak is above the desired count, and T = 10 x (60 + 30).
#[test]
fn a_new_task_waits_only_so_long_for_the_old_one() {
    let rollout = by_slots(Slots { stop_timeout: Some(secs(60)), ..slots(SlotOp::StopStart, 1) });
    let played = play(&model(10, 30, 90, rollout), 1);
    // At 60 s the first new task starts (11); at 90 s its old one is gone and the next stops: 10 again, 11 from 150 s on.
    assert_eq!(vector(&played), Vector { seconds: 900.0, peak: 11, extra: 300.0, short: 900.0 });
}

/// Ten tasks, one at a time. In the middle a third version comes: the second's tasks are old ones, too, and the first version
/// goes before any of them that is available.
#[test]
fn the_oldest_version_goes_first() {
    for mover in [kubernetes(Bound::tasks(1), Bound::tasks(0)), ecs(Bound::tasks(1), Bound::tasks(0))] {
        let mut world = model(10, 30, 30, pool(mover));
        world.deploys.push(deploy(0, 60 + 160));
        let played = play(&world, 1);
        let served = played.facts(|at, fact| match fact {
            Fact::TaskMoved { task, version, to: TaskState::InService, .. } => Some((task, version, at)),
            _ => None,
        });
        let version =
            |task, at| served.iter().find(|(id, _, since)| *id == task && *since < at).map(|(_, version, _)| *version);
        let stopped = played.facts(|at, fact| match fact {
            Fact::StopChosen { task, .. } if at > at_s(60 + 160) => version(task, at),
            _ => None,
        });
        assert!(stopped.contains(&1) && stopped.contains(&2), "the third version came in the middle: {stopped:?}");
        assert!(stopped.is_sorted(), "{stopped:?}");
    }
}

/// Rolled back by hand while the old ten are still there, 40 s after the deploy: they stay, all of them, and nothing is held again.
/// What is on its way goes at once, in 30 s.
#[test]
fn a_rollback_by_hand_drops_what_is_new() {
    let hold = || vec![Hold::For(secs(600))];
    let programs = [
        ("blue-green", strategies::blue_green(hold(), hold())),
        ("canary", strategies::canary(&[200, 500], &hold(), false)),
        ("linear", strategies::linear(100, Hold::For(secs(600)))),
        ("immutable", strategies::immutable()),
        ("red-black", strategies::red_black(&[500], &Hold::For(secs(600)), hold())),
    ];
    for (name, rollout) in programs {
        let mut world = model(10, 30, 30, rollout);
        world.deploys.push(Deploy { version: Version::Previous, ..deploy(0, 60 + 40) });
        let played = play(&world, 1);
        let stopped_old = played.facts(|_, fact| match fact {
            Fact::TaskMoved { version: 1, to: TaskState::Stopping, .. } => Some(()),
            _ => None,
        });
        assert!(stopped_old.is_empty(), "{name}: {} of the version that comes back were stopped", stopped_old.len());
        assert!(same(played.summary.short_replica_s, 0.0), "{name}: nobody is missing");
        assert!(played.deploy_s() <= 30.0, "{name}: {} s", played.deploy_s());
    }
}

/// Times here are whole seconds.
fn same(actual: f64, expected: f64) -> bool {
    (actual - expected).abs() < 1e-6
}

/// Extra + short = N (A + G) + N x what is held with both groups there.
fn obeys_the_law(played: &Played, n: u32, latencies: u64, held: u64) -> bool {
    let Vector { extra, short, .. } = vector(played);
    same(extra + short, f64::from(n) * (latencies + held) as f64)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Terminating tasks not counted: T = ceil(N / (S + U)) A.
    #[test]
    fn a_pool_that_does_not_count_terminating_tasks(
        n in 1..60_u32, surge in 0..20_u32, unavailable in 0..20_u32, a in 1..300_u64, g in 0..300_u64,
    ) {
        prop_assume!(surge + unavailable > 0);
        let played = play(&model(n, a, g, pool(kubernetes(Bound::tasks(surge), Bound::tasks(unavailable)))), 1);
        let at_once = surge + unavailable.min(n);
        prop_assert!(same(vector(&played).seconds, f64::from(n.div_ceil(at_once)) * a as f64));
        prop_assert!(obeys_the_law(&played, n, a + g, 0));
    }

    /// Terminating tasks counted: the first t with S (floor((t - A) / (A + G)) + 1) [t >= A] + U floor(t / (A + G)) >= N.
    #[test]
    fn a_pool_that_counts_terminating_tasks(
        n in 1..60_u32, surge in 0..20_u32, unavailable in 0..20_u32, a in 1..100_u64, g in 0..100_u64, reaps in any::<bool>(),
    ) {
        prop_assume!(surge + unavailable > 0);
        let bounds = (Bound::tasks(surge), Bound::tasks(unavailable));
        let mover = if reaps { ecs(bounds.0, bounds.1) } else { marathon(bounds.0, bounds.1) };
        let played = play(&model(n, a, g, pool(mover)), 1);
        let available = |t: u64| {
            let surged = if t >= a { u64::from(surge) * ((t - a) / (a + g) + 1) } else { 0 };
            surged + u64::from(unavailable.min(n)) * (t / (a + g))
        };
        let t = (0..100_000).find(|&t| available(t) >= u64::from(n)).expect("every second makes some available");
        prop_assert!(same(vector(&played).seconds, t as f64));
        prop_assert!(obeys_the_law(&played, n, a + g, 0));
    }

    /// W = ceil(N / window) rounds. Stop first: W (A + G) + (W - 1) d; start first: W A + (W - 1) d.
    #[test]
    fn slots_take_as_many_rounds_as_batches(
        n in 1..60_u32, window in 0..20_u32, (a, g, d) in (1..300_u64, 0..300_u64, 0..60_u64),
        start_first in any::<bool>(), barrier in any::<bool>(),
    ) {
        let op = if start_first { SlotOp::StartStop } else { SlotOp::StopStart };
        let rollout = by_slots(Slots { delay: secs(d), barrier, ..slots(op, window) });
        let played = play(&model(n, a, g, rollout), 1);
        let rounds = if window == 0 { 1 } else { u64::from(n.div_ceil(window)) };
        let round = if start_first { a } else { a + g };
        prop_assert!(same(vector(&played).seconds, (rounds * round + (rounds - 1) * d) as f64));
        prop_assert!(obeys_the_law(&played, n, a + g, 0));
    }

    /// Recreate: G + A. Stop and start together: A. Blue-green: A + holds + the shift, and every second that both groups are
    /// held adds N to extra. Immutable: A + A, the first task being held for the second A.
    #[test]
    fn programs_add_their_steps(
        n in 1..40_u32, (a, g) in (1..300_u64, 0..300_u64), (before, after, shift) in (0..900_u64, 0..900_u64, 0..60_u64),
    ) {
        let played = play(&model(n, a, g, strategies::recreate()), 1);
        prop_assert!(same(vector(&played).seconds, (g + a) as f64));
        prop_assert!(obeys_the_law(&played, n, a + g, 0));

        let played = play(&model(n, a, g, by_slots(slots(SlotOp::Overlap, 0))), 1);
        prop_assert!(same(vector(&played).seconds, a as f64));
        prop_assert!(obeys_the_law(&played, n, a + g, 0));

        let hold = |s| vec![Hold::For(secs(s))];
        let mut rollout = strategies::blue_green(hold(before), hold(after));
        rollout.shift = Dist::Fixed(secs(shift));
        let played = play(&model(n, a, g, rollout), 1);
        prop_assert!(same(vector(&played).seconds, a as f64));
        prop_assert!(same(played.deploy_s(), (a + before + shift + after) as f64));
        prop_assert!(obeys_the_law(&played, n, a + g, before + shift + after));

        let played = play(&model(n, a, g, strategies::immutable()), 1);
        let both = if n == 1 { a } else { 2 * a };
        prop_assert!(same(vector(&played).seconds, both as f64));
        let Vector { extra, short, .. } = vector(&played);
        let held = if n == 1 { 0 } else { a };
        prop_assert!(same(extra + short, (u64::from(n) * (a + g) + held) as f64));
    }

    /// Linear: the traffic moves in ceil(1 / step) shares, the first at once, with a wait between each two.
    #[test]
    fn linear_waits_between_its_shares(n in 1..20_u32, a in 1..100_u64, step in 10..=1_000_u32, bake in 0..600_u64) {
        let played = play(&model(n, a, 0, strategies::linear(step, Hold::For(secs(bake)))), 1);
        let waits = u64::from(1_000_u32.div_ceil(step)) - 1;
        prop_assert!(same(played.deploy_s(), (a + waits * bake) as f64));
        prop_assert!(obeys_the_law(&played, n, a, waits * bake));
    }

    /// Flagger does one thing at each look, 60 s apart: the look that finds the canary gives it its first traffic, each further one
    /// a step, the next one updates the primary (ceil(10 / (3 + 2)) = 2 rounds of A, begun a second before that look), the look
    /// that finds it ready gives the traffic back, and the one after that ends it.
    #[test]
    fn flagger_takes_its_ticks_and_a_rolling_update(a in 1..300_u64, g in 0..100_u64, step in 1..=100_u32) {
        let mut canary = by_name("flagger").and_then(|flagger| flagger.strategy("canary").cloned()).expect("it is offered");
        canary.parameters = canary.parameters.with("step_percent", Value::Permille(10 * step), "a test");
        let most = u64::from(canary.parameters.permille("max_percent")) / 10;
        let played = play(&model(10, a, g, canary.rollout()), 1);
        let look = |s: u64| s.div_ceil(60) * 60;
        let promoted = look(a) + 60 * most.div_ceil(u64::from(step)) - 1;
        prop_assert!(same(played.deploy_s(), (look(promoted + 2 * a) + 60) as f64), "{}", played.deploy_s());
    }

    /// One more batch first: nobody is missing, and the batch costs its own time twice. With B dividing N: A for the batch, then
    /// N / B rounds of G + A in place, then the surplus goes.
    #[test]
    fn an_additional_batch_keeps_everybody_in_service(batch in 1..6_u32, rounds in 1..6_u32, a in 1..100_u64, g in 0..100_u64) {
        let n = batch * rounds;
        let played = play(&model(n, a, g, strategies::additional_batch(Bound::tasks(batch))), 1);
        prop_assert!(same(vector(&played).short, 0.0));
        prop_assert_eq!(vector(&played).peak, n + batch);
        prop_assert!(same(vector(&played).seconds, (a + u64::from(rounds) * (a + g)) as f64));
    }
}
