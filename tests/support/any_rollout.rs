//! Random rollouts: any mover with any knobs, any program, gate and failure policy, and versions with faults.

use proptest::prelude::*;
use seatrial_sim::deploy::{
    Act, Amount, Analysis, Bound, Completion, Detector, FailurePolicy, Gate, GateLevel, Hold, Mover, OnUnhealthy, Pool,
    Reap, RollBack, Rollout, Round, SlotKey, SlotOp, SlotOrder, Slots, VictimOrder, ZeroRule, strategies,
};
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::fact::ServiceId;
use seatrial_sim::engine::time::Duration;
use seatrial_sim::model::{Backoff, Deregistration, Fault, HealthCheck, InPlace, Model, Restart, Scaling, Version};

use super::{at_s, random, secs};

fn up_to_s(most: u64) -> impl Strategy<Value = Duration> {
    prop_oneof![Just(0), 0..most * 1_000].prop_map(Duration::from_millis)
}

fn bound(most: u32) -> impl Strategy<Value = Bound> {
    let amount = prop_oneof![(0..5_u32).prop_map(Amount::Tasks), (0..=most * 10).prop_map(Amount::Permille)];
    (amount, prop_oneof![Just(Round::Up), Just(Round::Down)]).prop_map(|(amount, round)| Bound { amount, round })
}

pub fn pool() -> impl Strategy<Value = Pool> {
    let zero = prop_oneof![Just(ZeroRule::Stall), Just(ZeroRule::OneUnavailable), Just(ZeroRule::OneExtra)];
    let reap = prop_oneof![Just(Reap::AtOnce), Just(Reap::WithinRoom), Just(Reap::Never)];
    let victims = prop_oneof![
        Just(VictimOrder::Balanced),
        Just(VictimOrder::MostOnHost),
        Just(VictimOrder::Newest),
        Just(VictimOrder::Oldest)
    ];
    (bound(150), bound(100), zero, any::<bool>(), reap, proptest::option::of(1..4_u32), victims).prop_map(
        |(surge, unavailable, zero, terminating_in_cap, reap, window, victims)| Pool {
            surge,
            unavailable,
            zero,
            terminating_in_cap,
            reap,
            window,
            victims,
        },
    )
}

pub fn slots() -> impl Strategy<Value = Slots> {
    let op = prop_oneof![Just(SlotOp::StopStart), Just(SlotOp::StartStop), Just(SlotOp::Overlap)];
    let on_unhealthy = prop_oneof![Just(OnUnhealthy::Ignore), Just(OnUnhealthy::Wait), Just(OnUnhealthy::BlockAll)];
    let knobs = (any::<[bool; 3]>(), up_to_s(60), proptest::option::of(up_to_s(90)), proptest::option::of(bound(100)));
    (bound(100), op, on_unhealthy, knobs).prop_map(
        |(window, op, on_unhealthy, ([barrier, descending, host], delay, stop_timeout, floor))| Slots {
            window,
            op,
            barrier,
            delay,
            stop_timeout,
            order: if descending { SlotOrder::Descending } else { SlotOrder::Ascending },
            key: if host { SlotKey::Host } else { SlotKey::Any },
            floor,
            on_unhealthy,
        },
    )
}

fn mover() -> impl Strategy<Value = Mover> {
    prop_oneof![pool().prop_map(Mover::Pool), slots().prop_map(Mover::Slots)]
}

fn hold() -> impl Strategy<Value = Hold> {
    let analysis = (up_to_s(60), any::<bool>(), 1..5_u32, 0..3_u32);
    let analysis = analysis.prop_map(|(interval, at_once, count, failure_limit)| {
        Hold::Analysis(Analysis { interval: interval + secs(1), at_once, count, failure_limit })
    });
    prop_oneof![up_to_s(300).prop_map(Hold::For), Just(Hold::Until(Dist::uniform_millis(0, 60_000))), analysis]
}

fn program() -> impl Strategy<Value = Rollout> {
    let holds = || proptest::collection::vec(hold(), 0..3);
    let shares = || {
        proptest::collection::vec(1..1_000_u32, 0..4).prop_map(|mut shares| {
            shares.sort_unstable();
            shares
        })
    };
    prop_oneof![
        4 => mover().prop_map(strategies::rolling),
        1 => Just(strategies::recreate()),
        1 => (holds(), holds()).prop_map(|(before, after)| strategies::blue_green(before, after)),
        1 => (shares(), holds(), any::<bool>()).prop_map(|(shares, holds, full)| strategies::canary(&shares, &holds, full)),
        1 => (50..600_u32, hold()).prop_map(|(step, hold)| strategies::linear(step, hold)),
        1 => (shares(), hold(), holds()).prop_map(|(shares, stage, last)| strategies::red_black(&shares, &stage, last)),
        1 => Just(strategies::immutable()),
        1 => Just(strategies::all_at_once()),
        1 => (1..4_u32).prop_map(|batch| strategies::additional_batch(Bound::tasks(batch))),
    ]
}

fn failure() -> impl Strategy<Value = FailurePolicy> {
    let detector = prop_oneof![
        (up_to_s(60), 0..500_u32).prop_map(|(within, most_permille)| Detector::TasksDie { within, most_permille }),
        Just(Detector::InARow { share: Bound::percent(50, Round::Up), least: 3, most: 200 }),
        Just(Detector::GateDeadline),
        up_to_s(1_200).prop_map(|span| Detector::NoProgress(span + secs(1))),
        up_to_s(1_200).prop_map(|span| Detector::Total(span + secs(1))),
        Just(Detector::Analysis),
        Just(Detector::Alarm),
    ];
    let act = prop_oneof![
        Just(Act::Report),
        Just(Act::Pause),
        Just(Act::Stop),
        Just(Act::RollBack(RollBack::Reverse)),
        up_to_s(60).prop_map(|after| Act::RollBack(RollBack::DropNew { after })),
    ];
    proptest::collection::vec((detector, act), 0..3).prop_map(FailurePolicy)
}

/// Any rollout; one that nothing ends before its time where `fails` is false.
pub fn rollout(fails: bool) -> BoxedStrategy<Rollout> {
    let level = prop_oneof![
        1 => Just(GateLevel::Created),
        1 => Just(GateLevel::Running),
        1 => Just(GateLevel::Ready),
        3 => Just(GateLevel::InService)
    ];
    let gate = (level, up_to_s(60), proptest::option::of(up_to_s(600)));
    let rest = (up_to_s(100), prop_oneof![Just(0), 5..90_u64], any::<bool>());
    (program(), gate, failure(), rest)
        .prop_map(move |(program, (level, min_for, deadline), failure, (retain, pace, stopped))| Rollout {
            gate: Gate { level, min_for, deadline: deadline.filter(|_| fails) },
            failure: if fails { failure } else { FailurePolicy::NONE },
            retain,
            pace: secs(pace),
            shift: Dist::uniform_millis(0, 20_000),
            completion: if stopped { Completion::OldStopped } else { Completion::LastStep },
            ..program
        })
        .boxed()
}

fn restart() -> impl Strategy<Value = Restart> {
    let backoff = || {
        (up_to_s(20), up_to_s(60), 1_000..2_000_u32, proptest::option::of(up_to_s(600))).prop_map(
            |(first, second, factor_permille, reset_after)| Backoff {
                first: first + secs(1),
                second: second + secs(1),
                factor_permille,
                most: secs(300),
                reset_after,
            },
        )
    };
    let in_place =
        (backoff(), proptest::option::of(0..4_u32)).prop_map(|(backoff, attempts)| InPlace { backoff, attempts });
    (proptest::option::of(in_place), proptest::option::of(backoff()), any::<bool>())
        .prop_map(|(in_place, replace, backs_off_unless_ran)| Restart { in_place, replace, backs_off_unless_ran })
}

fn fault() -> impl Strategy<Value = Option<Fault>> {
    proptest::option::of(prop_oneof![
        up_to_s(200).prop_map(|after| Fault::Crashes { after }),
        Just(Fault::NeverHealthy),
        up_to_s(200).prop_map(|alarm_after| Fault::Errors { alarm_after }),
    ])
}

/// A random model under a random rollout; with versions that fail and orchestrators that notice where `fails`.
pub fn model(fails: bool) -> BoxedStrategy<Model> {
    let control = (any::<[bool; 4]>(), prop_oneof![Just(0), 0..2_000_u64], restart());
    let service =
        (rollout(fails), proptest::option::of((up_to_s(60), proptest::option::of(up_to_s(120)))), up_to_s(20));
    let deploys = proptest::collection::vec((any::<bool>(), fault()), 4);
    let scalings = proptest::collection::vec((0..2_usize, 0..3_000_u64, 0..7_u32), 0..3);
    (random::model(), control, proptest::collection::vec(service, 2), deploys, scalings)
        .prop_map(move |(mut model, control, services, deploys, scalings)| {
            let ([settles, with_stop, replaces, ahead], latency, restart) = control;
            model.control.settles = settles;
            model.control.latency = Duration::from_millis(latency);
            model.control.pull_ahead = ahead;
            model.control.replaces_unhealthy_targets = replaces;
            model.control.restart = restart;
            if with_stop {
                model.control.deregistration = Deregistration::WithStop;
            }
            for (service, (rollout, check, pre_stop)) in model.services.iter_mut().zip(services) {
                service.rollout = rollout;
                service.pre_stop = pre_stop;
                service.health_check = check.map(|(passes_after, fails_after)| HealthCheck {
                    passes_after: Dist::Fixed(passes_after),
                    fails_after: fails_after.map(Dist::Fixed),
                    probe: None,
                });
            }
            for (deploy, (previous, fault)) in model.deploys.iter_mut().zip(deploys) {
                deploy.version = if previous { Version::Previous } else { Version::New(fault.filter(|_| fails)) };
            }
            model.scalings = scalings
                .into_iter()
                .filter(|(service, ..)| *service < model.services.len())
                .map(|(service, at, desired)| Scaling {
                    service: ServiceId(service as u32),
                    at: at_s(400 + at),
                    desired,
                })
                .collect();
            model.scalings.sort_by_key(|scaling| (scaling.at, scaling.service));
            model.scalings.dedup_by_key(|scaling| (scaling.at, scaling.service));
            model.horizon = secs(20_000);
            model
        })
        .boxed()
}
