//! Deploys of real services, replayed: each `scenarios/recorded/*.toml` against the times in the `.csv` beside it.
//!
//! A row of the `.csv` is one service event as it was logged: its text, the fact that stands for it, how many tasks it
//! speaks of, and the seconds since the event before. `tolerance_s` is how far the median over all seeds may be off; a row
//! without it is not compared, because the settings that it depends on are not known (the scenario says which). `at most`
//! is a bound that every seed keeps. The order of events and their numbers of tasks are the same for every seed; an event
//! that was logged in several rows in a row may come in any number of them. The row `total` is the time from the first event to the last, its tolerance a share.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use seatrial_scenarios::Scenario;
use seatrial_sim::cluster::TaskState;
use seatrial_sim::engine::fact::{Fact, TaskId};
use seatrial_sim::engine::time::Time;
use seatrial_sim::model::{Mishap, Model};

const SEEDS: u64 = 200;

#[derive(Debug)]
struct Recorded {
    events: Vec<Event>,
    /// Seconds, and the share by which they may be off.
    total: Option<(f64, f64)>,
}

#[derive(Debug)]
struct Event {
    text: String,
    fact: String,
    tasks: usize,
    after_s: f64,
    tolerance: Tolerance,
}

#[derive(Clone, Copy, Debug)]
enum Tolerance {
    NotCompared,
    Seconds(f64),
    AtMost,
    /// Between the shortest and the longest that are played.
    Within,
}

#[test]
fn recorded_deploys_replay_within_their_tolerances() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/recorded");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut scenarios: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|e| e == "toml")).collect();
    scenarios.sort();
    let cases: Vec<_> = scenarios
        .iter()
        .map(|path| path.file_stem().unwrap().to_str().unwrap().split('-').next().unwrap().to_owned())
        .collect();
    assert_eq!(cases, ["t1", "t12", "t4", "t5", "t6", "t8"]);
    let off: Vec<String> = scenarios.iter().flat_map(|path| replay(path)).collect();
    assert!(off.is_empty(), "{}", off.join("\n"));
}

/// What is off.
fn replay(path: &Path) -> Vec<String> {
    let scenario = Scenario::load(path).unwrap_or_else(|report| panic!("{report}"));
    let recorded = read(&fs::read_to_string(path.with_extension("csv")).expect("times are beside the scenario"));
    let model = &scenario.variants[0].model;
    let rows: Vec<_> = recorded.events.iter().map(|event| (event.fact.as_str(), event.tasks)).collect();
    let several: BTreeSet<_> = rows.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| pair[0].0).collect();
    let order = in_order(rows.iter().map(|&(fact, tasks)| (fact, None, tasks)));
    let mut phases = vec![vec![]; recorded.events.len()];
    let mut totals = vec![];
    for seed in 1..=SEEDS {
        let facts = facts(model, seed, &recorded.events);
        let at_once = |(at, fact)| (fact, Some(at).filter(|_| !several.contains(fact)), 1);
        let played = in_order(facts.iter().copied().map(at_once));
        assert_eq!(played, order, "{}, seed {seed}: the order of events", path.display());
        let times = times(&facts, &recorded.events);
        for (phase, pair) in phases.iter_mut().skip(1).zip(times.windows(2)) {
            phase.push(pair[1].since(pair[0]).as_secs_f64());
        }
        totals.push(times[times.len() - 1].since(times[0]).as_secs_f64());
    }
    let mut off = vec![];
    let name = scenario.name.rsplit('/').next().unwrap_or_default();
    for (event, mut phase) in recorded.events.iter().zip(phases).skip(1) {
        let (shortest, longest) =
            (phase.iter().copied().fold(f64::MAX, f64::min), phase.iter().copied().fold(0.0, f64::max));
        let median = median(&mut phase);
        let Event { text, after_s, tolerance, .. } = event;
        println!("{name}: {text}: recorded {after_s} s, played {median:.1} s, at most {longest:.1} s ({tolerance:?})");
        let good = match tolerance {
            Tolerance::NotCompared => true,
            Tolerance::Seconds(tolerance) => (median - after_s).abs() <= *tolerance,
            Tolerance::AtMost => longest <= *after_s,
            Tolerance::Within => shortest <= *after_s && *after_s <= longest,
        };
        if !good {
            off.push(format!("{name}: {text}: recorded {after_s} s, played {median:.1} s, at most {longest:.1} s"));
        }
    }
    let played = median(&mut totals);
    println!("{name}: total: recorded {:?}, played {played:.1} s", recorded.total);
    if let Some((total, share)) = recorded.total
        && (played / total - 1.0).abs() > share
    {
        off.push(format!("{name}: total: recorded {total} s, played {played:.1} s"));
    }
    off
}

/// The facts that stand for recorded events. What is there at the start has no part in them.
fn facts(model: &Model, seed: u64, events: &[Event]) -> Vec<(Time, &'static str)> {
    let oldest = |task: TaskId| task.0 < model.services[0].desired;
    support::play(model, seed).facts(|at, fact| {
        let name = match fact {
            Fact::DeployRequested { .. } => "requested",
            Fact::TaskHung { .. } => "hung",
            Fact::TargetUnhealthy { .. } => "target-unhealthy",
            Fact::TargetGone { .. } => "target-gone",
            Fact::SteadyState { .. } => "steady",
            Fact::TaskMoved { task, to: TaskState::Registering, .. } if oldest(task) => return None,
            Fact::TaskMoved { to: TaskState::Provisioning, .. } => "provisioning",
            Fact::TaskMoved { to: TaskState::Running, .. } => "running",
            Fact::TaskMoved { to: TaskState::Registering, .. } => "registering",
            Fact::TaskMoved { to: TaskState::InService, .. } if at > Time::ZERO => "healthy",
            Fact::StopChosen { .. } => "stop-chosen",
            Fact::TaskMoved { to: TaskState::Draining, .. } => "draining",
            Fact::TaskMoved { to: TaskState::Stopping, .. } => "stopping",
            Fact::DeployCompleted { .. } => "completed",
            _ => return None,
        };
        events.iter().any(|event| event.fact == name).then_some((at, name))
    })
}

/// Events in order, with their tasks; the same at the same time is the same event.
fn in_order<'a>(facts: impl Iterator<Item = (&'a str, Option<Time>, usize)>) -> Vec<(&'a str, usize)> {
    let mut order: Vec<(&str, Option<Time>, usize)> = vec![];
    for (fact, at, tasks) in facts {
        match order.last_mut() {
            Some((last, then, sum)) if (*last, *then) == (fact, at) => *sum += tasks,
            _ => order.push((fact, at, tasks)),
        }
    }
    order.into_iter().map(|(fact, _, tasks)| (fact, tasks)).collect()
}

/// When each event has happened to as many tasks as it and the ones before it say.
fn times(facts: &[(Time, &str)], events: &[Event]) -> Vec<Time> {
    let mut sums = BTreeMap::new();
    let time_of = |event: &Event| {
        let sum = sums.entry(event.fact.clone()).or_insert(0);
        *sum += event.tasks;
        facts.iter().filter(|(_, fact)| *fact == event.fact).nth(*sum - 1).expect("the order has been compared").0
    };
    events.iter().map(time_of).collect()
}

fn read(text: &str) -> Recorded {
    let mut recorded = Recorded { events: vec![], total: None };
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("event,fact,tasks,after_s,tolerance_s"));
    for line in lines {
        let [text, fact, tasks, after_s, tolerance] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("not five columns: {line}")
        };
        let after_s = after_s.parse().expect("seconds");
        if text == "total" {
            let percent: f64 =
                tolerance.strip_suffix('%').and_then(|share| share.parse().ok()).expect("a share in percent");
            recorded.total = Some((after_s, percent / 100.0));
            continue;
        }
        let tolerance = match tolerance {
            "" => Tolerance::NotCompared,
            "at most" => Tolerance::AtMost,
            "within" => Tolerance::Within,
            seconds => Tolerance::Seconds(seconds.parse().expect("seconds")),
        };
        // Events of the whole service speak of no tasks and happen once.
        let tasks = if tasks.is_empty() { 1 } else { tasks.parse().expect("a number of tasks") };
        recorded.events.push(Event { text: text.into(), fact: fact.into(), tasks, after_s, tolerance });
    }
    recorded
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2])
}

/// The model of the recorded hang, with another check, and what happens at two minutes.
fn hang(check: (u64, u64, u32), what: Mishap) -> Model {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/recorded/t12-hang-2026.toml");
    let scenario = Scenario::load(&path).unwrap_or_else(|report| panic!("{report}"));
    let mut model = scenario.variants[0].model.clone();
    let balancer = model.services[0].load_balancer.as_mut().expect("it has one");
    balancer.interval = support::secs(check.0);
    balancer.timeout = support::secs(check.1);
    balancer.unhealthy_checks = check.2;
    model.task_faults[0].what = what;
    model
}

/// The record beside T12 has three more runs. Each of the four is played, every gap within 5 s of it, by some seed of 1,000:
/// unhealthy, new task, registered, healthy, stopped, draining, steady, gone.
#[test]
fn some_seed_plays_each_run_of_the_record_of_a_hang() {
    for (check, gaps) in [
        ((30, 5, 3), [89.2, 12.1, 28.2, 2.4, 15.9, 10.2, 9.7, 20.9]),
        ((5, 3, 2), [11.7, 36.2, 19.1, 1.6, 7.6, 9.5, 9.7, 21.3]),
        ((10, 5, 2), [26.1, 35.5, 18.6, 2.0, 7.1, 9.6, 10.0, 21.8]),
        ((5, 3, 2), [11.3, 9.2, 29.4, 2.1, 7.0, 9.6, 10.2, 20.7]),
    ] {
        let names = [
            "hung",
            "target-unhealthy",
            "provisioning",
            "registering",
            "healthy",
            "stop-chosen",
            "draining",
            "steady",
            "target-gone",
        ];
        let event = |fact: &&str| Event {
            text: (*fact).into(),
            fact: (*fact).into(),
            tasks: 1,
            after_s: 0.0,
            tolerance: Tolerance::NotCompared,
        };
        let events: Vec<_> = names.iter().map(event).collect();
        let model = hang(check, Mishap::Hangs);
        let like_it = |seed: &u64| {
            let facts = facts(&model, *seed, &events);
            let order: Vec<_> = facts.iter().map(|(_, fact)| *fact).collect();
            assert_eq!(order, names, "seed {seed}");
            let played = facts.windows(2).map(|pair| pair[1].0.since(pair[0].0).as_secs_f64());
            played.zip(gaps).all(|(played, recorded): (f64, f64)| (played - recorded).abs() <= 5.0)
        };
        let alike = (1..=1_000).filter(like_it).count();
        println!("{gaps:?}: {alike} of 1,000 seeds");
        assert!(alike > 0, "{gaps:?}");
    }
}

/// HC: one of two tasks was stopped by hand behind a balancer with a drain of 30 s. It took 30.3 +- 1.3 s to drain, the new task
/// 2.2 +- 1 s from its registration to healthy and 34.5 +- 3 s (in the mean) from the call, and no request failed.
#[test]
fn a_planned_stop_fails_no_request() {
    let model = hang((5, 3, 2), Mishap::Stopped);
    let mut until_healthy = vec![];
    for seed in 1..=1_000 {
        let played = support::play(&model, seed);
        let at = |is: &dyn Fn(Fact) -> bool| played.facts(|at, fact| (is(fact) && at > Time::ZERO).then_some(at))[0];
        let moved = |to: TaskState| move |fact| matches!(fact, Fact::TaskMoved { to: into, .. } if into == to);
        let draining = at(&moved(TaskState::Draining));
        let gone = at(&|fact| matches!(fact, Fact::TargetGone { .. }));
        let (registered, healthy) = (at(&moved(TaskState::Registering)), at(&moved(TaskState::InService)));
        assert!((gone.since(draining).as_secs_f64() - 30.3).abs() <= 1.3);
        assert!((healthy.since(registered).as_secs_f64() - 2.2).abs() <= 1.0);
        until_healthy.push(healthy.since(support::at_s(120)).as_secs_f64());
        let lost = |fact| matches!(fact, Fact::RequestsLost { .. } | Fact::LosingChanged { .. });
        assert_eq!(played.facts(|_, fact| lost(fact).then_some(fact)), [], "seed {seed}");
    }
    let mean = until_healthy.iter().sum::<f64>() / until_healthy.len() as f64;
    println!("from the call to healthy: {mean:.1} s, median {:.1} s", median(&mut until_healthy));
    assert!((mean - 34.5).abs() <= 3.0, "{mean}");
}
