//! Instance refreshes: the hosts of a group are replaced, by hand and under random models.

mod support;

use proptest::prelude::*;
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::fact::{Fact, HostId, ServiceId};
use seatrial_sim::engine::time::Time;
use seatrial_sim::measure::trace::Trace;
use seatrial_sim::model::{HostDrain, Leaving, Model, Refresh, Resources, ScheduledSize, Spot, Termination};
use seatrial_sim::run;
use support::{Played, at_s, percent, plain, play, secs};

/// When refreshes begin here, how long hosts boot and how long they warm up.
const BEGIN: u64 = 600;
const BOOT: u64 = 50;
const WARM: u64 = 300;

/// So many hosts, one task on each and room for two, refreshed from `BEGIN` on: hosts are drained, tasks start at once and take
/// 20 s to stop.
fn refreshed(hosts: u32, min: u32, max: Option<u32>) -> Model {
    let mut model = plain(hosts, hosts, 2);
    model.deploys.clear();
    model.services[0].exit = Dist::Fixed(secs(20));
    let group = &mut model.host_groups[0];
    group.boot = Dist::Fixed(secs(BOOT));
    group.leaving = Leaving::Drained { at_most: None };
    group.termination = Termination::Oldest;
    group.refreshes = vec![Refresh {
        min_healthy: min * 10,
        max_healthy: max.map(|max| max * 10),
        warmup: secs(WARM),
        ..Refresh::usual(at_s(BEGIN))
    }];
    model
}

/// When hosts came, were ready and were gone after the start, in seconds after `BEGIN`.
#[derive(Debug, Default, PartialEq)]
struct Hosts {
    launched: Vec<u64>,
    ready: Vec<u64>,
    gone: Vec<u64>,
}

fn hosts(played: &Played) -> Hosts {
    let mut hosts = Hosts::default();
    for record in played.trace.records.iter().filter(|record| record.at > Time::ZERO) {
        let after = record.at.since(at_s(BEGIN)).as_millis() / 1_000;
        match record.fact {
            Fact::HostLaunched { .. } => hosts.launched.push(after),
            Fact::HostReady { .. } => hosts.ready.push(after),
            Fact::HostTerminated { .. } => hosts.gone.push(after),
            _ => {}
        }
    }
    hosts
}

/// How refreshes ended: the word, and seconds after `BEGIN`.
fn ends(played: &Played) -> Vec<(&'static str, u64)> {
    played.facts(|at, fact| {
        let word = match fact {
            Fact::RefreshDone { .. } => "done",
            Fact::RefreshFailed { .. } => "failed",
            Fact::RefreshRefused { .. } => "refused",
            _ => return None,
        };
        Some((word, at.since(at_s(BEGIN)).as_millis() / 1_000))
    })
}

/// Fewest tasks in service at any time.
fn fewest(played: &Played) -> i64 {
    let counts = played.trace.task_counts(ServiceId(0));
    let in_service = |at| counts.old_in_service.at(at) + counts.new_in_service.at(at);
    played.trace.records.iter().map(|record| in_service(record.at)).min().expect("something happens")
}

/// Of 4 hosts 3 stay available, and 4 is the most: one goes (its task has moved, and exits for 20 s), then one boots for 50 s and
/// warms up for 300 s, then the next one goes. 4 x (20 + 50 + 300) s.
#[test]
fn without_a_maximum_one_goes_before_another_comes() {
    let played = play(&refreshed(4, 75, None), 1);
    let turn = 20 + BOOT + WARM;
    let each = |after: u64| (0..4).map(|n| n * turn + after).collect::<Vec<_>>();
    assert_eq!(hosts(&played), Hosts { launched: each(20), ready: each(20 + BOOT), gone: each(20) });
    assert_eq!(ends(&played), [("done", 4 * turn)]);
    // Each is told to go, and its task moves within 100 and 200 %: at no time is there one too few.
    assert_eq!(fewest(&played), 4);
}

/// 100 % stay and there may be 200 %: all four come at once, and when they are warm the four old ones go.
#[test]
fn at_twice_the_size_all_are_replaced_at_once() {
    let played = play(&refreshed(4, 100, Some(200)), 1);
    let gone = BOOT + WARM + 20;
    assert_eq!(hosts(&played), Hosts { launched: vec![0; 4], ready: vec![BOOT; 4], gone: vec![gone; 4] });
    assert_eq!((ends(&played), fewest(&played)), (vec![("done", gone)], 4));
}

/// Of 10, 90 % is 9: one at a time. So it is at 100 %, where without a maximum one goes all the same, and of 5, of which 90 % is
/// 4.5: 5 stay. At 50 % of 10 five go at once.
#[test]
fn the_minimum_says_how_many_go_at_once() {
    for (size, min, at_once) in [(10, 90, 1), (10, 100, 1), (5, 90, 1), (10, 50, 5), (10, 0, 10)] {
        let mut model = refreshed(size, min, None);
        // Without tasks hosts are gone at once.
        model.services[0].desired = 1;
        model.host_groups[0].leaving = Leaving::AtOnce;
        let turns = u64::from(size / at_once);
        let each: Vec<_> = (0..u64::from(size)).map(|n| n / u64::from(at_once) * (BOOT + WARM)).collect();
        let played = play(&model, 1);
        let found = hosts(&played);
        assert_eq!((found.gone, found.launched), (each.clone(), each), "{size} hosts, {min}%");
        assert_eq!(ends(&played), [("done", turns * (BOOT + WARM))]);
    }
}

/// Of 10 there may be 110 %, 11, and 100 % stay: the first comes at once, the next when an old one is gone, and that is told to go
/// when a new one is warm. Of 3, 110 % is 3.3: one comes first all the same, so that none is missing.
#[test]
fn with_a_maximum_one_comes_before_another_goes() {
    for size in [10, 3] {
        let played = play(&refreshed(size, 100, Some(110)), 1);
        let turn = BOOT + WARM + 20;
        let each = |after: u64| (0..u64::from(size)).map(|n| n * turn + after).collect::<Vec<_>>();
        assert_eq!(hosts(&played), Hosts { launched: each(0), ready: each(BOOT), gone: each(turn) });
        assert_eq!((ends(&played), fewest(&played)), (vec![("done", u64::from(size) * turn)], i64::from(size)));
    }
}

/// At 90 and 110 % of 10 one comes and one goes at the same time; when the new one is there, the old one's place is free for another.
#[test]
fn between_a_minimum_and_a_maximum_both_happen() {
    let played = play(&refreshed(10, 90, Some(110)), 1);
    let Hosts { launched, gone, .. } = hosts(&played);
    // One launch at once, another as soon as the first host is gone; both are warm 350 s later, and two go then.
    assert_eq!(launched[..4], [0, 20, 350 + 20, 370 + 20]);
    assert_eq!(gone[..3], [20, 350 + 20, 370 + 20]);
    assert_eq!(fewest(&played), 10);
}

/// Nobody moves the tasks: they die with their host, which is found a minute later, and start in 40 s. Of four tasks one is missing
/// for 100 s, four times over.
#[test]
fn at_once_the_tasks_are_missed_until_the_loss_is_found() {
    let mut model = refreshed(4, 75, None);
    model.host_groups[0].leaving = Leaving::AtOnce;
    model.control.loss_detection = Dist::Fixed(secs(60));
    model.services[0].startup = Dist::Fixed(secs(40));
    let played = play(&model, 1);
    let counts = played.trace.task_counts(ServiceId(0));
    let short: Vec<_> = (0..4).map(|n| at_s(BEGIN + n * (BOOT + WARM))).collect();
    for at in short {
        let there = |at| counts.old_in_service.at(at) + counts.new_in_service.at(at);
        assert_eq!([at - secs(1), at, at + secs(99), at + secs(100)].map(there), [4, 3, 3, 4], "at {at:?}");
    }
    assert_eq!(ends(&played), [("done", 4 * (BOOT + WARM))]);
}

/// Checkpoints at 20 and 50 % of 10: it holds for 1,000 s each time two and five are replaced, and goes on to the end. Two at a
/// time, and of the fifth only one.
#[test]
fn a_refresh_holds_at_its_checkpoints() {
    let mut model = refreshed(10, 80, None);
    model.services[0].desired = 1;
    model.host_groups[0].leaving = Leaving::AtOnce;
    let refresh = &mut model.host_groups[0].refreshes[0];
    (refresh.checkpoints, refresh.checkpoint_delay) = (vec![200, 500], secs(1_000));
    let turn = BOOT + WARM;
    let played = play(&model, 1);
    let second = turn + 1_000;
    let third = second + 2 * turn + 1_000;
    let launched = vec![0, 0, second, second, second + turn];
    let launched = [launched, vec![third, third, third + turn, third + turn, third + 2 * turn]].concat();
    assert_eq!(hosts(&played).launched, launched);
    assert_eq!(ends(&played), [("done", third + 3 * turn)]);
    // A checkpoint longer than the hour is no standstill.
    model.host_groups[0].refreshes[0].checkpoint_delay = secs(5_000);
    assert_eq!(ends(&play(&model, 1)), [("done", third + 3 * turn + 2 * 4_000)]);
}

/// Hosts with tasks are protected and every host has one: nothing gets on, and after an hour it fails. Where new hosts come first,
/// they have come, are warm after 350 s, and the hour begins then; the surplus goes, because it is empty.
#[test]
fn a_refresh_that_cannot_go_on_fails_after_an_hour() {
    let mut model = refreshed(4, 75, None);
    model.host_groups[0].leaving = Leaving::WhenEmpty;
    let played = play(&model, 1);
    assert_eq!((ends(&played), hosts(&played)), (vec![("failed", 3_600)], Hosts::default()));
    let mut model = refreshed(4, 100, Some(200));
    model.host_groups[0].leaving = Leaving::WhenEmpty;
    let played = play(&model, 1);
    assert_eq!(ends(&played), [("failed", BOOT + WARM + 3_600)]);
    assert_eq!(hosts(&played).gone, [BOOT + WARM + 3_600; 4]);
    // Nor does a drained host get empty where no task may be missing and none may be too much.
    let mut model = refreshed(4, 75, None);
    model.services[0].rollout = percent(100, 100);
    let played = play(&model, 1);
    assert_eq!(ends(&played), [("failed", 3_600)]);
    assert_eq!(hosts(&played).launched, [3_600], "the group has one host too few from then on");
}

/// Two more hosts are wanted in the middle: they come as new ones, all at once. Two fewer: old ones go, and are not replaced.
#[test]
fn a_size_that_changes_meanwhile_is_what_comes_out() {
    let with = |size| {
        let mut model = refreshed(4, 75, None);
        model.services[0].desired = 2;
        model.host_groups[0].leaving = Leaving::AtOnce;
        model.host_groups[0].schedule = vec![ScheduledSize { at: at_s(BEGIN + 100), hosts: size }];
        play(&model, 1)
    };
    // One is on its way since 0 s. Of six 4.5, so 5 stay: the next goes when 6 - 1 + 1 are available, at 450 s: those of
    // 0 and 100 s are warm. Then one by one: three old ones.
    let more = with(6);
    assert_eq!(hosts(&more).launched, [0, 100, 100, 450, 800, 1_150]);
    assert_eq!(ends(&more), [("done", 1_500)]);
    // Of two 1.5, so 2 stay: at 100 s three old ones are available and one comes: two go, but one of two stays until the new one
    // is warm ...
    let fewer = with(2);
    assert_eq!(hosts(&fewer).gone[..2], [0, 100]);
    assert_eq!(hosts(&fewer).launched.len(), 2);
    assert_eq!(ends(&fewer).len(), 1);
}

/// One that is asked for while another is under way is refused; one after it replaces every host again.
#[test]
fn one_refresh_at_a_time() {
    let mut model = refreshed(4, 100, Some(200));
    let first = model.host_groups[0].refreshes[0].clone();
    let later = [100, 1_000].map(|s| Refresh { at: at_s(BEGIN + s), ..first.clone() });
    model.host_groups[0].refreshes.extend(later);
    let played = play(&model, 1);
    let end = BOOT + WARM + 20;
    assert_eq!(ends(&played), [("refused", 100), ("done", end), ("done", 1_000 + end)]);
    assert_eq!(hosts(&played).launched, [[0; 4], [1_000; 4]].concat());
}

/// Any refresh, and how hosts leave.
fn refresh() -> impl Strategy<Value = Refresh> {
    let shares = proptest::collection::btree_set(1..=1_000_u32, 0..3).prop_map(Vec::from_iter);
    let bounds = (0..=1_000_u32, proptest::option::of(1_000..=2_000_u32));
    (0..2_000_u64, bounds, 0..400_u64, shares, 0..500_u64).prop_map(|(at, (min, max), warmup, checkpoints, delay)| {
        Refresh {
            at: at_s(at),
            min_healthy: min,
            max_healthy: max.map(|max| max.min(min + 1_000)),
            warmup: secs(warmup),
            checkpoints,
            checkpoint_delay: secs(delay),
        }
    })
}

fn leaving() -> impl Strategy<Value = Leaving> {
    prop_oneof![
        Just(Leaving::WhenEmpty),
        (0..900_u64).prop_map(|s| Leaving::Drained { at_most: (s > 100).then_some(secs(s)) }),
        Just(Leaving::AtOnce),
    ]
}

fn size() -> impl Strategy<Value = ScheduledSize> {
    (1..3_000_u64, 0..12_u32).prop_map(|(s, hosts)| ScheduledSize { at: at_s(s), hosts })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Under any rollout, with sizes that change and hosts that the provider takes away: the counts stay true, a run repeats itself,
    /// the bill adds up, every refresh that has begun ends before the horizon or is the last, and as many hosts stay as are wanted.
    #[test]
    fn laws_hold_whatever_is_refreshed(
        mut model in support::any_rollout::model(false),
        going in proptest::collection::vec(
            (leaving(), proptest::collection::vec(refresh(), 0..3), proptest::collection::vec(size(), 0..3), any::<[bool; 2]>()),
            2,
        ),
        seed in 0..1_000_u64,
    ) {
        model.control.host_drain = if going[0].3[0] { HostDrain::StopFirst } else { HostDrain::AsRollout };
        model.control.loss_detection = Dist::Fixed(secs(60));
        model.horizon = secs(20_000);
        for service in &mut model.services {
            service.demand.host_port = None;
        }
        for (group, (leaving, mut refreshes, mut sizes, [_, spot])) in model.host_groups.iter_mut().zip(going) {
            refreshes.sort_by_key(|refresh| refresh.at);
            sizes.sort_by_key(|size| size.at);
            (group.leaving, group.refreshes, group.schedule) = (leaving, refreshes, sizes);
            let interrupted_after = Dist::Exponential { mean: secs(6_000) };
            group.spot = spot.then_some(Spot { interrupted_after, notice: secs(120), drains: true });
            group.boot = Dist::uniform_millis(0, 90_000);
            group.capacity = Resources::new(1_000, 1_000);
        }
        let played = play(&model, seed);
        let mut again = Trace::default();
        run(&model, seed, &mut again);
        prop_assert_eq!(&played.trace, &again);
        support::money::check(&model, &played.trace)?;
        let asked: usize = model.host_groups.iter().map(|group| group.refreshes.len()).sum();
        let spot = model.host_groups.iter().any(|group| group.spot.is_some());
        // Without interruptions, which are new beginnings, at most 12 hosts boot and warm up one after another.
        prop_assert!(spot || ends(&played).len() == asked, "{:?} of {asked}", ends(&played));
    }

    /// With a size that stays, no more hosts than the cap says are there, and no fewer are available than the floor says.
    #[test]
    fn hosts_stay_between_floor_and_cap(
        refresh in refresh(),
        size in 1..12_u32,
        drained in any::<bool>(),
        boot in 0..100_u64,
    ) {
        let mut model = refreshed(size, 0, None);
        model.host_groups[0].boot = Dist::Fixed(secs(boot));
        // With an end: where all hosts drain, their tasks have nowhere to go.
        let at_most = Some(secs(200));
        model.host_groups[0].leaving = if drained { Leaving::Drained { at_most } } else { Leaving::AtOnce };
        let limits = refresh.pool().limits(size);
        let (warmup, began) = (refresh.warmup, refresh.at);
        model.host_groups[0].refreshes = vec![refresh];
        let played = play(&model, 1);
        prop_assert_eq!(ends(&played).len(), 1);
        // By host: since when it has been ready, and whether it goes or is gone.
        let mut there: Vec<(Option<Time>, bool, bool)> = vec![];
        let mut records = played.trace.records.iter().peekable();
        while let Some(record) = records.next() {
            match record.fact {
                Fact::HostLaunched { .. } => there.push((None, false, false)),
                Fact::HostReady { host } => there[host.index()].0 = Some(record.at),
                Fact::HostDraining { host: HostId(host) } => there[host as usize].1 = true,
                Fact::HostTerminated { host: HostId(host) } => there[host as usize] = (None, true, true),
                _ => {}
            }
            if records.peek().is_some_and(|next| next.at == record.at) {
                continue;
            }
            let all = there.iter().filter(|(.., gone)| !gone).count() as u32;
            let warm = |host: usize, since: Time| host < size as usize || record.at.since(since) >= warmup;
            let available = there.iter().enumerate().filter(|(host, (since, goes, _))| {
                !goes && since.is_some_and(|since| warm(*host, since))
            });
            let available = available.count() as u32;
            prop_assert!(all <= limits.cap, "{all} above {} at {}", limits.cap, record.at);
            prop_assert!(available >= limits.floor, "{available} below {} at {}", limits.floor, record.at);
        }
        let new = there[size as usize..].iter().filter(|(.., gone)| !gone).count();
        prop_assert_eq!(new, size as usize, "every host was replaced from {} on", began);
    }
}
