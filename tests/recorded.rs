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
use seatrial_sim::engine::fact::Fact;
use seatrial_sim::engine::time::Time;
use seatrial_sim::model::Model;

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
}

#[test]
fn recorded_deploys_replay_within_their_tolerances() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/recorded");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut scenarios: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|e| e == "toml")).collect();
    scenarios.sort();
    let cases: Vec<_> =
        scenarios.iter().map(|path| path.file_name().unwrap().to_str().unwrap()[..2].to_owned()).collect();
    assert_eq!(cases, ["t1", "t4", "t5", "t6", "t8"]);
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
        let (median, longest) = (median(&mut phase), phase.iter().copied().fold(0.0, f64::max));
        let Event { text, after_s, tolerance, .. } = event;
        println!("{name}: {text}: recorded {after_s} s, played {median:.1} s, at most {longest:.1} s ({tolerance:?})");
        let good = match tolerance {
            Tolerance::NotCompared => true,
            Tolerance::Seconds(tolerance) => (median - after_s).abs() <= *tolerance,
            Tolerance::AtMost => longest <= *after_s,
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

/// The facts that stand for recorded events. Tasks of version 1 were there before the deploy.
fn facts(model: &Model, seed: u64, events: &[Event]) -> Vec<(Time, &'static str)> {
    support::play(model, seed).facts(|at, fact| {
        let name = match fact {
            Fact::DeployRequested { .. } => "requested",
            Fact::TaskMoved { to: TaskState::Provisioning, version: 2, .. } => "provisioning",
            Fact::TaskMoved { to: TaskState::Running, version: 2, .. } => "running",
            Fact::TaskMoved { to: TaskState::Registering, version: 2, .. } => "registering",
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
