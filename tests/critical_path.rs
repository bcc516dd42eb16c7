//! The critical path of a deploy: what it waits for adds up to how long it takes, and no wait is longer than what is waited for.

mod support;

use proptest::prelude::*;
use seatrial_sim::cluster::TaskState;
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::fact::{DeployId, Fact};
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::measure::critical_path::{CriticalPath, Kind};
use seatrial_sim::model::{Contact, LaunchRate, Model};
use seatrial_sim::orchestrators::load_balancers::ALB;
use support::{Played, percent, plain, play, secs};

/// 1,000 models, or as many as `PROPTEST_CASES` says if that is more.
fn many_cases() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.max(1_000), ..config }
}

/// The path of every deploy that completed has no gap from its request to its end.
fn assert_whole(model: &Model, played: &Played) -> Vec<CriticalPath> {
    let mut paths = vec![];
    for deploy in (0..model.deploys.len()).map(|i| DeployId(i as u32)) {
        let told = |is_it: &dyn Fn(Fact) -> bool| played.facts(|at, fact| is_it(fact).then_some(at)).first().copied();
        let ended = told(&|fact| matches!(fact, Fact::DeployCompleted { deploy: of, .. } if of == deploy));
        let path = CriticalPath::of(&played.trace, deploy);
        assert_eq!(path.is_some(), ended.is_some());
        let (Some(path), Some(ended)) = (path, ended) else { continue };
        let requested = told(&|fact| matches!(fact, Fact::DeployRequested { deploy: of, .. } if of == deploy));
        assert_eq!((Some(path.requested), path.completed), (requested, ended));
        let mut at = path.requested;
        for leg in &path.legs {
            assert!(leg.from == at && leg.to > at, "{path:?}");
            at = leg.to;
        }
        assert_eq!(at, path.completed);
        assert_of_one_task(&path, played);
        let sum = path.by_kind().into_iter().fold(Duration::ZERO, |sum, span| sum + span);
        assert_eq!(sum, path.duration());
        paths.push(path);
    }
    paths
}

/// Checks, drains and stops are of one task: what they began with is about the same task as what they end with.
fn assert_of_one_task(path: &CriticalPath, played: &Played) {
    let of_one = [Kind::Register, Kind::HealthCheck, Kind::Drain];
    for leg in path.legs.iter().filter(|leg| of_one.contains(&leg.kind)) {
        let fact = &played.trace.records[leg.fact.index() as usize];
        let because = &played.trace.records[fact.because.index() as usize];
        let is_of_one = match fact.fact {
            // Checks begin to fail when the requests that others took come to it.
            Fact::TaskMoved { to, .. } => to == TaskState::InService,
            Fact::TargetUnhealthy { .. } | Fact::TaskUnhealthy { .. } => false,
            _ => true,
        };
        if !is_of_one {
            continue;
        }
        assert_eq!(fact.fact.task(), because.fact.task(), "{because:?} -> {fact:?}");
    }
}

/// The waits of a run's first deploy in milliseconds, those of nothing left out.
fn waits(model: &Model) -> Vec<(Kind, u64)> {
    let path = CriticalPath::of(&play(model, 1).trace, DeployId(0)).expect("it completes");
    let spans = path.by_kind().map(Duration::as_millis);
    Kind::ALL.into_iter().zip(spans).filter(|(_, ms)| *ms > 0).collect()
}

proptest! {
    #![proptest_config(many_cases())]

    #[test]
    fn what_is_waited_for_adds_up(model in support::any_rollout::model(true), seed in 0..1_000_u64) {
        assert_whole(&model, &play(&model, seed));
    }

    #[test]
    fn what_is_waited_for_adds_up_with_users(model in support::users::model(), seed in 0..1_000_u64) {
        assert_whole(&model, &play(&model, seed));
    }

    /// A loop that has something to do looks within its period: what takes longer is not its fault, and has another cause.
    #[test]
    fn no_wait_for_a_loop_is_longer_than_its_period(mut model in support::random::model(), seed in 0..1_000_u64) {
        assert_loops_look_in_time(&mut model, seed);
    }

    /// The same under any strategy.
    #[test]
    fn no_wait_under_any_strategy_is_longer(mut model in support::any_rollout::model(false), seed in 0..1_000_u64) {
        assert_loops_look_in_time(&mut model, seed);
    }
}

fn assert_loops_look_in_time(model: &mut Model, seed: u64) {
    model.control.first_review = Dist::ZERO;
    let mut longest = model.control.tick + model.control.tick_jitter * 2 + model.control.latency;
    longest = longest.max(model.control.target_poll).max(secs(1));
    for group in &mut model.host_groups {
        match &mut group.agent.contact {
            Contact::Push { latency } => *latency = Dist::Fixed(secs(1)),
            Contact::Poll { interval } => longest = longest.max(*interval),
        }
    }
    // A step is reached at a look and done at one of its program's.
    longest += model.services.iter().map(|service| service.rollout.pace * 2).max().unwrap_or_default();
    let played = play(model, seed);
    for path in assert_whole(model, &played) {
        for leg in path.legs.iter().filter(|leg| leg.kind == Kind::ControlLoop) {
            let fact = &played.trace.records[leg.fact.index() as usize];
            let because = &played.trace.records[fact.because.index() as usize];
            let in_time = leg.span() <= longest + Duration::from_millis(2);
            assert!(in_time, "{} > {longest}: {because:?} -> {fact:?}", leg.span());
        }
    }
}

/// Minimum 0 %, maximum 100 %, an ALB, looks every 10 s from the request on, agents that are told after 1 s. The old task is
/// chosen at 0 s and deregistered in the same look, drains for 25 s, is asked for at its balancer's next poll, at 30 s if that
/// poll begins with the request; stops at the look of 30 s: told at 31 s, out at 33 s, known 1 s later, at 34 s. The next look
/// is that of 40 s: told at 41 s, pulled for 3 s, started in 4 s, known at 48 s; registered at the look of 50 s, known to the
/// balancer 2 s later, healthy two checks of 5 s after the first: 62 s. The look of 70 s completes it.
#[test]
fn each_wait_of_one_task_has_its_name() {
    let mut model = plain(1, 1, 1);
    model.control.tick = secs(10);
    model.control.target_poll = Duration::ZERO;
    model.services[0].rollout = percent(0, 100);
    let mut balancer = ALB;
    (balancer.deregistration_delay, balancer.registration) = (secs(25), Dist::Fixed(secs(2)));
    (balancer.interval, balancer.initial_checks) = (secs(5), 3);
    model.services[0].load_balancer = Some(balancer);
    model.services[0].startup = Dist::Fixed(secs(4));
    model.services[0].exit = Dist::Fixed(secs(2));
    let agent = &mut model.host_groups[0].agent;
    agent.contact = Contact::Push { latency: Dist::Fixed(secs(1)) };
    (agent.image_check, agent.stop_tail) = (Dist::Fixed(secs(3)), Dist::Fixed(secs(1)));
    let by_hand = [
        // From the drain's end to the look, the agent twice, to the look of 40 s, of 50 s, of 70 s.
        (Kind::ControlLoop, 5 + 1 + 6 + 1 + 2 + 8),
        (Kind::Pull, 3),
        (Kind::Start, 4),
        (Kind::Register, 2),
        (Kind::HealthCheck, 10),
        (Kind::Drain, 25),
        (Kind::Stop, 2 + 1),
    ];
    assert_eq!(waits(&model), by_hand.map(|(kind, s)| (kind, s * 1_000)));
}

/// Six tasks on six hosts with room for two each, and one launch every 10 s after the first: the last of six starts 50 s after
/// the first, and takes 4 s; the old ones stop then in no time.
#[test]
fn launches_wait_for_their_rate() {
    let mut model = plain(6, 6, 2);
    model.control.launch_rate = Some(LaunchRate { per_minute: 6, burst: 1 });
    model.services[0].startup = Dist::Fixed(secs(4));
    assert_eq!(waits(&model), [(Kind::Start, 4_000), (Kind::RateLimit, 50_000)]);
}

/// A deploy that begins at 60 s and waits for a host that a schedule brings at 100 s, which takes 30 s to boot; its task takes
/// 4 s. The 40 s until somebody asks for the host are a wait for capacity.
#[test]
fn a_host_that_comes_is_waited_for() {
    use seatrial_sim::model::ScheduledSize;
    let mut model = plain(1, 1, 1);
    model.host_groups[0].boot = Dist::Fixed(secs(30));
    model.host_groups[0].schedule = vec![ScheduledSize { at: Time::ZERO + secs(100), hosts: 2 }];
    model.services[0].startup = Dist::Fixed(secs(4));
    assert_eq!(model.deploys[0].at, Time::ZERO + secs(60));
    assert_eq!(waits(&model), [(Kind::Capacity, 40_000), (Kind::Boot, 30_000), (Kind::Start, 4_000)]);
}
