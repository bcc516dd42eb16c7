//! Laws that hold in every run of every model: random small models, each from a random seed.

mod support;

use proptest::prelude::*;
use seatrial_sim::cluster::TaskState;
use seatrial_sim::deploy::{Amount, Bound, Mover, Round, Step, ZeroRule};
use seatrial_sim::engine::fact::{DeployId, Fact, ServiceId, TaskId};
use seatrial_sim::engine::run::run_explicitly;
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::measure::trace::{Record, Trace};
use seatrial_sim::model::{Contact, Resources};
use support::law::{desired_counts, latencies_and_surplus_s};
use support::{deploy, limits, play};

/// What can be compared of two runs whose fact ids differ: each fact with its time and the fact that caused it, the
/// facts of one instant in a fixed order.
fn comparable(trace: &Trace) -> Vec<(Time, String, String)> {
    let mut facts: Vec<_> = trace
        .records
        .iter()
        .map(|Record { at, fact, because }| {
            let cause = trace.records[because.index() as usize];
            (*at, format!("{fact:?}"), format!("{:?} {:?}", cause.at, cause.fact))
        })
        .collect();
    facts.sort();
    facts
}

/// 2,000 models, or as many as `PROPTEST_CASES` says if that is more.
fn many_cases() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.max(2_000), ..config }
}

proptest! {
    #![proptest_config(many_cases())]

    /// Every deploy ends, or is superseded, or the run says what it waits for.
    #[test]
    fn every_deploy_ends_or_is_explained(model in support::any_rollout::model(true), seed in 0..1_000_u64) {
        let played = play(&model, seed);
        if played.outcome.blocked.is_empty() {
            prop_assert!(played.summary.deploy_s.is_some());
            for id in (0..model.deploys.len()).map(|i| DeployId(i as u32)) {
                let ends = played.facts(|_, fact| match fact {
                    Fact::DeployCompleted { deploy, .. } | Fact::DeploySuperseded { deploy, .. } => Some(deploy),
                    _ => None,
                });
                prop_assert_eq!(ends.into_iter().filter(|deploy| *deploy == id).count(), 1);
            }
        } else {
            prop_assert_eq!(played.summary.deploy_s, None);
        }
    }

    /// At every instant the tasks that are not stopped are at most the cap, and those in service at least the floor;
    /// after the deploy exactly the desired number runs, all of the last version.
    #[test]
    fn bounds_hold_at_every_instant(model in support::random::model(), seed in 0..1_000_u64) {
        let played = play(&model, seed);
        for (service, id) in model.services.iter().zip((0..).map(ServiceId)) {
            let bounds = limits(&service.rollout, service.desired);
            let counts = played.trace.task_counts(id);
            let Some(&from) = counts.requested.first() else { continue };
            for Record { at, .. } in played.trace.records.iter().filter(|record| record.at >= from) {
                let in_service = counts.old_in_service.at(*at) + counts.new_in_service.at(*at);
                let alive = in_service + counts.starting.at(*at) + counts.draining.at(*at);
                prop_assert!(in_service >= i64::from(bounds.floor), "{in_service} in service at {at}");
                prop_assert!(alive <= i64::from(bounds.cap), "{alive} alive at {at}");
            }
            if played.outcome.blocked.is_empty() {
                let end = Time::ZERO + model.horizon;
                prop_assert_eq!(counts.new_in_service.at(end), i64::from(service.desired));
                prop_assert_eq!(counts.starting.at(end) + counts.draining.at(end) + counts.old_in_service.at(end), 0);
            }
        }
    }

    /// Any pool in any world: no start goes above the cap, stopping tasks counted where the pool counts them, and no stop of an
    /// available task below the floor. Floor and cap follow from the published rules, not from the pool's own arithmetic.
    #[test]
    fn pools_keep_their_bounds(
        mut model in support::any_rollout::model(false), pool in support::any_rollout::pool(), seed in 0..1_000_u64,
    ) {
        model.scalings.clear();
        let service = &mut model.services[0];
        service.rollout = support::rollouts::pool(pool);
        let desired = service.desired;
        let share = |bound: Bound| match bound.amount {
            Amount::Tasks(tasks) => tasks,
            Amount::Permille(permille) if bound.round == Round::Up => (desired * permille).div_ceil(1_000),
            Amount::Permille(permille) => desired * permille / 1_000,
        };
        let (mut extra, mut missing) = (share(pool.surge), share(pool.unavailable).min(desired));
        if extra + missing == 0 {
            extra = u32::from(pool.zero == ZeroRule::OneExtra);
            missing = u32::from(pool.zero == ZeroRule::OneUnavailable).min(desired);
        }
        // By task: whether it is in service, and whether it was chosen to stop; none where it is gone.
        let mut tasks: Vec<Option<(bool, bool)>> = vec![];
        for Record { fact, .. } in &play(&model, seed).trace.records {
            let begun = match *fact {
                Fact::TaskMoved { task, service: ServiceId(0), to, .. } => {
                    tasks.resize(tasks.len().max(task.index() + 1), None);
                    let chosen = tasks[task.index()].is_some_and(|(_, chosen)| chosen);
                    tasks[task.index()] = (to != TaskState::Stopped).then_some((to == TaskState::InService, chosen));
                    to == TaskState::Provisioning
                }
                Fact::StopChosen { task, service: ServiceId(0) } => {
                    let served = tasks[task.index()].replace((false, true)).is_some_and(|(serves, _)| serves);
                    let available = tasks.iter().flatten().filter(|(serves, chosen)| *serves && !chosen).count() as u32;
                    prop_assert!(!served || available >= desired - missing, "{available} of {desired} with {missing} missing");
                    false
                }
                _ => false,
            };
            let counted = tasks.iter().flatten().filter(|(_, chosen)| pool.terminating_in_cap || !chosen).count() as u32;
            prop_assert!(!begun || counted <= desired + extra, "{counted} of {desired} and {extra} extra");
        }
    }

    /// extra + short = the start and stop latencies of all tasks, plus what was in service beyond the desired count and
    /// what was not even reserved of it.
    #[test]
    fn extra_and_short_are_the_latencies(model in support::any_rollout::model(true), seed in 0..1_000_u64) {
        let played = play(&model, seed);
        let expected = latencies_and_surplus_s(&played, &model);
        let told = played.summary.extra_replica_s + played.summary.short_replica_s;
        prop_assert!((told - expected).abs() < 0.001, "{told} and {expected}");
    }

    /// Whatever is asked for in the middle of a rollout (another version, the one before, more tasks or fewer): in the end the
    /// tasks are as many as wanted, all of the version asked for last, unless the run says what is in the way.
    #[test]
    fn what_is_asked_last_is_what_runs_in_the_end(mut model in support::any_rollout::model(false), seed in 0..1_000_u64) {
        for group in &mut model.host_groups {
            group.capacity = Resources::new(1_000, 1_000);
        }
        for service in &mut model.services {
            service.demand.host_port = None;
        }
        let played = play(&model, seed);
        let steps = model.services.iter().flat_map(|service| &service.rollout.program);
        let may_stall = steps.map(|step| step.mover).any(|mover| match mover {
            Mover::Pool(pool) => pool.zero == ZeroRule::Stall && mover != Step::FREE,
            Mover::Slots(slots) => slots.floor.is_some(),
        });
        prop_assert!(may_stall || played.outcome.blocked.is_empty(), "{:?}", played.outcome.blocked);
        prop_assume!(played.outcome.blocked.is_empty());
        let end = Time::ZERO + model.horizon;
        for (service, id) in model.services.iter().zip((0..).map(ServiceId)) {
            let counts = played.trace.task_counts(id);
            if counts.requested.is_empty() {
                continue;
            }
            let desired = desired_counts(&played, id, service.desired).at(end);
            prop_assert_eq!(counts.new_in_service.at(end), desired);
            let others = counts.starting.at(end) + counts.draining.at(end) + counts.old_in_service.at(end);
            prop_assert_eq!(others, 0);
        }
    }

    /// Same model and seed, same facts.
    #[test]
    fn a_run_repeats_itself(model in support::any_rollout::model(true), seed in 0..1_000_u64) {
        prop_assert_eq!(play(&model, seed).trace, play(&model, seed).trace);
    }

    /// Ticks and polls that find nothing may be left out: with each of them simulated the facts are the same.
    #[test]
    fn computed_looks_are_the_simulated_ones(mut model in support::random::model(), seed in 0..1_000_u64) {
        model.horizon = Duration::from_secs(4_000);
        if model.control.tick.is_zero() {
            model.control.tick = Duration::from_millis(1);
            model.control.tick_jitter = Duration::ZERO;
        }
        for group in &mut model.host_groups {
            if let Contact::Poll { interval } = &mut group.agent.contact {
                *interval = Duration::from_millis(interval.as_millis().max(50));
            }
        }
        model.control.tick = Duration::from_millis(model.control.tick.as_millis().max(50));
        let mut explicit = Trace::default();
        run_explicitly(&model, seed, &mut explicit);
        let (computed, simulated) = (comparable(&play(&model, seed).trace), comparable(&explicit));
        for (computed, simulated) in computed.iter().zip(&simulated) {
            prop_assert_eq!(computed, simulated);
        }
        prop_assert_eq!(computed.len(), simulated.len());
    }

    /// With users, checks that fail, tasks that hang, crash or are stopped, and scalers: the run ends, no request comes from
    /// nowhere or goes there (asserted whenever what flows changes), what a run has lost is never negative, and the same
    /// seed gives the same facts.
    #[test]
    fn requests_are_conserved(model in support::users::model(), seed in 0..1_000_u64) {
        let played = play(&model, seed);
        for record in &played.trace.records {
            if let Fact::Autoscaled { service, desired } = record.fact {
                let scaling = model.services[service.index()].autoscaling.as_ref().expect("it scales");
                prop_assert!(scaling.bounds(record.at).contains(&desired), "{desired} at {}", record.at);
            }
        }
        prop_assert_eq!(played.trace, play(&model, seed).trace);
    }

    /// A second service on hosts of its own changes nothing of the first.
    #[test]
    fn a_service_on_its_own_hosts_changes_no_other(model in support::random::model(), seed in 0..1_000_u64) {
        let mut alone = model;
        alone.services.truncate(1);
        alone.deploys.retain(|deploy| deploy.service == ServiceId(0));
        alone.host_groups.truncate(1);
        if alone.deploys.is_empty() {
            alone.deploys.push(deploy(0, 400));
        }
        alone.services[0].eligible = support::only(&[true, true, true][..alone.classes().len()]);
        let mut both = alone.clone();
        let mut other = support::group("other", 3, 4);
        other.agent = alone.host_groups[0].agent.clone();
        both.host_groups.insert(0, other);
        let mut api = support::service("api", 4);
        let others = [false, true, true, true];
        api.eligible = support::only(&others.map(|other| !other)[..both.classes().len()]);
        both.services[0].eligible = support::only(&others[..both.classes().len()]);
        both.services.insert(0, api);
        for deploy in &mut both.deploys {
            deploy.service = ServiceId(1);
        }
        both.deploys.insert(0, deploy(0, 1));
        prop_assert_eq!(
            play(&alone, seed).trace.task_counts(ServiceId(0)),
            play(&both, seed).trace.task_counts(ServiceId(1))
        );
    }

    /// The bill two ways. Per second: the integral of the hosts over time, host by host and instant by instant, plus what
    /// the minimum adds. Per started hour: whole hours. And what is busy and what is idle add up to what is there.
    #[test]
    fn the_bill_is_the_integral_of_the_hosts(model in support::random::model(), seed in 0..1_000_u64) {
        let mut trace = Trace::default();
        let outcome = seatrial_sim::run(&model, seed, &mut trace);
        prop_assume!(outcome.facts > 0);
        support::money::check(&model, &trace)?;
    }
}

/// A task's first fact creates it, in the order of the ids: running before the start, or provisioning after it.
#[test]
fn a_task_begins_once() {
    let mut known = 0;
    for record in &play(&support::plain(3, 2, 6), 1).trace.records {
        if let Fact::TaskMoved { task: TaskId(task), to, .. } = record.fact {
            let born = task == known;
            known += u32::from(born);
            assert!(task < known, "{task} is told of in order");
            assert!(!born || to == if task < 3 { TaskState::InService } else { TaskState::Provisioning });
            assert!(born || to != TaskState::Provisioning);
        }
    }
    assert_eq!(known, 6, "three tasks, and three in their place");
}
