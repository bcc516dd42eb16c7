//! Scalers of services in whole runs: what they ask for when, worked out by hand.

mod support;

use seatrial_sim::autoscaling::{Autoscaling, Current, Hpa, Metric, Policy, TargetTracking};
use seatrial_sim::deploy::{Amount, Bound, Pool, Reap, Round, VictimOrder, ZeroRule};
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::fact::{Fact, ServiceId};
use seatrial_sim::engine::time::Duration;
use seatrial_sim::model::{Load, Mishap, Model, TaskFault};
use support::{Played, at_s, deploy, plain, play, secs};

/// `tasks` tasks of one request a second each, which none waits for, and a scaler.
fn service(tasks: u32, steps: &[(u64, f64)], max: u32, policy: Policy) -> Model {
    let mut model = plain(tasks, 200, 4);
    model.deploys.clear();
    model.horizon = secs(7_200);
    let timeout = Duration::from_millis(1);
    model.services[0].load =
        Some(Load { arrivals: support::users::steps(steps), timeout, ..support::users::load(0.0, 1.0) });
    model.services[0].autoscaling = Some(Autoscaling { min: 1, max, schedule: vec![], policies: vec![policy] });
    model
}

/// What was asked for, and in which second.
fn asked(played: &Played) -> Vec<(u64, u32)> {
    played.facts(|at, fact| match fact {
        Fact::Autoscaled { desired, .. } => Some((at.as_millis() / 1_000, desired)),
        _ => None,
    })
}

/// A load of 8 tasks' worth on 5 tasks and a target of 60 %: all are busy, ceil(5 x 1 / 0.6) = 9; then ceil(9 x 1 / 0.6) = 15,
/// less what 8 of 9 busy make of it: 9 x 0.889 / 0.6 = 13.3, 14; 8 of 14 is 95 % of the target and stays. At 500 s a load
/// of 2: 14 x 0.143 / 0.6 = 3.3, 4 after the 300 s for which the highest recommendation holds.
#[test]
fn the_hpa_follows_a_load_up_and_down() {
    let model = service(5, &[(0, 8.0), (500, 2.0)], 100, Policy::Hpa(Hpa { target: 60, ..Hpa::default() }));
    for seed in 1..50 {
        let asked = asked(&play(&model, seed));
        let counts: Vec<_> = asked.iter().map(|(_, tasks)| *tasks).collect();
        // A look that sees a part of the old load may come between.
        assert_eq!((&counts[..2], counts.last()), (&[9, 14][..], Some(&4)), "seed {seed}: {counts:?}");
        assert!(counts.len() <= 4, "seed {seed}: {counts:?}");
        let times: Vec<_> = asked.iter().map(|(at, _)| *at).collect();
        // It looks every 15 s, and the sample of a young task counts when it began 30 s after the task was ready.
        assert!((30..60).contains(&times[0]) && times[1] == times[0] + 30, "{times:?}");
        // 300 s after the last recommendation of 14, which is of the 15 s before 500 s or of those around it.
        assert!((785..=830).contains(&times[2]), "{times:?}");
    }
}

/// Target tracking at 60 %: 10 tasks with 9 tasks' worth are 90 % busy, three datapoints in a row after a minute's delay:
/// ceil(10 x 0.9 / 0.6) = 15. With 3 tasks' worth they are 20 % busy, fifteen in a row: ceil(15 x 0.2 / 0.6) = 5.
#[test]
fn target_tracking_waits_for_its_alarms() {
    let tracking = TargetTracking::of(Metric::Utilization, 60.0);
    let model = service(10, &[(0, 9.0), (1_800, 3.0)], 100, Policy::TargetTracking(tracking));
    for seed in 1..50 {
        let asked = asked(&play(&model, seed));
        // The datapoints that are on their way when the new tasks come count once more, for what there was before.
        assert_eq!((asked[0].1, asked.last().map(|(_, tasks)| *tasks)), (15, Some(5)), "{asked:?}");
        assert!((240..=300).contains(&asked[0].0), "three minutes, one of delay, one of phase: {asked:?}");
        let down = asked.iter().find(|(at, _)| *at > 1_800).expect("it scales in").0;
        assert!((1_800 + 14 * 60..=1_800 + 17 * 60).contains(&down), "{asked:?}");
    }
    // A deploy that does not end holds the tasks.
    let mut stuck = service(10, &[(0, 9.0), (1_800, 3.0)], 100, Policy::TargetTracking(tracking));
    stuck.services[0].rollout = support::percent(100, 100);
    stuck.deploys = vec![deploy(0, 1_500)];
    let asked = asked(&play(&stuck, 1));
    assert!(asked.iter().all(|(at, _)| *at < 1_500), "no scale-in while a deploy is under way: {asked:?}");
}

/// Before Kubernetes 1.16 the HPA took the pods of a surge for those that were wanted: within its tolerance it asked for as many
/// as there were, and the surge of those came on top (issue 72775: 383, 479, 589, 664). With no surge, and today, it does not.
#[test]
fn a_surge_ratchets_the_old_hpa_up() {
    let rolling = |surge: u32, unavailable: u32| {
        let share = |permille, round| Bound { amount: Amount::Permille(permille), round };
        support::rollouts::pool(Pool {
            surge: share(surge * 10, Round::Up),
            unavailable: share(unavailable * 10, Round::Down),
            zero: ZeroRule::OneUnavailable,
            terminating_in_cap: false,
            reap: Reap::WithinRoom,
            window: None,
            victims: VictimOrder::MostOnHost,
        })
    };
    let asked_for = |current, surge, unavailable| {
        // 60 tasks' worth for 100 tasks and a target of 60 %.
        let hpa = Hpa { target: 60, current, ..Hpa::default() };
        let mut model = service(100, &[(0, 60.0)], 1_000, Policy::Hpa(hpa));
        model.services[0].rollout = rolling(surge, unavailable);
        model.services[0].startup = Dist::uniform_millis(20_000, 60_000);
        model.services[0].exit = Dist::uniform_millis(5_000, 25_000);
        model.services[0].stop_timeout = secs(30);
        model.host_groups[0].hosts = 400;
        model.deploys = vec![deploy(0, 1_000)];
        let played = play(&model, 1);
        played.facts(|_, fact| match fact {
            Fact::Autoscaled { desired, .. } => Some(desired),
            _ => None,
        })
    };
    let ratchet = asked_for(Current::Status, 25, 0);
    assert!(ratchet[0] == 125 && ratchet[1] > 125, "the surge of 100, and then more: {ratchet:?}");
    assert!(*ratchet.last().expect("there are some") <= 100, "it is over after the rollout: {ratchet:?}");
    assert_eq!(asked_for(Current::Status, 0, 25), []);
    assert_eq!(asked_for(Current::Spec, 25, 0), []);
}

/// Bounds on a schedule hold at their time and at no look.
#[test]
fn a_schedule_moves_the_bounds_on_time() {
    let tracking = TargetTracking::of(Metric::Utilization, 60.0);
    let mut model = service(2, &[(0, 1.0)], 4, Policy::TargetTracking(tracking));
    let scaling = model.services[0].autoscaling.as_mut().expect("it has one");
    let bounds = |at, min, max| seatrial_sim::autoscaling::ScheduledBounds { at: at_s(at), min, max };
    scaling.schedule = vec![bounds(600, 6, 9), bounds(700, 1, 3)];
    let played = play(&model, 1);
    let at_once: Vec<_> = asked(&played).into_iter().take(2).collect();
    assert_eq!(at_once, [(600, 6), (700, 3)]);
}

/// Work whose result is lost was work all the same: five of ten busy tasks crash with all that is under way there, and what target
/// tracking sees is as high as before.
#[test]
fn a_scaler_sees_the_work_that_a_crash_undoes() {
    let tracking = TargetTracking::of(Metric::Utilization, 60.0);
    let mut model = service(10, &[(0, 9.0)], 100, Policy::TargetTracking(tracking));
    model.services[0].load.as_mut().expect("it has one").request_time = Dist::Fixed(secs(600));
    model.task_faults = vec![TaskFault { service: ServiceId(0), at: at_s(150), what: Mishap::Crashes, tasks: 5 }];
    for seed in 1..20 {
        let first = asked(&play(&model, seed))[0];
        assert!((240..=300).contains(&first.0) && first.1 >= 14, "three minutes and one of delay: {first:?}");
    }
}
