//! `seatrial explain`: what a deploy waited for is how long it took, and what a setting would save is what it saves.

#![expect(clippy::unwrap_used, reason = "a test may; clippy's own exception stops at helper functions")]

#[path = "support/command.rs"]
mod command;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use command::{empty_folder, seatrial};
use seatrial_reports::explain::tornado::Tornado;
use seatrial_reports::explain::{mean_by_kind, median_seed};
use seatrial_scenarios::explain::{longest, paths, trace};
use seatrial_scenarios::results::Results;
use seatrial_scenarios::{RunOptions, Scenario, run};
use seatrial_sim::engine::time::Duration;
use seatrial_sim::measure::critical_path::Kind;
use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A folder of its own for each test.
fn folder(name: &str) -> PathBuf {
    empty_folder("explain", name)
}

fn library() -> Vec<Scenario> {
    let files = fs::read_dir(Path::new(ROOT).join("scenarios/library")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    files.sort();
    files.iter().map(|file| Scenario::load(file).unwrap_or_else(|report| panic!("{report}"))).collect()
}

fn of_library(name: &str) -> Scenario {
    Scenario::load(&Path::new(ROOT).join("scenarios/library").join(name)).unwrap()
}

fn seeds(seeds: u32) -> RunOptions {
    RunOptions { seeds: Some(seeds), ..RunOptions::default() }
}

fn played(scenario: &Scenario, options: &RunOptions) -> Results {
    run(scenario, options, &|_, _| (), &AtomicBool::new(false)).unwrap()
}

fn sum(by_kind: &[Duration]) -> f64 {
    by_kind.iter().map(|span| span.as_millis()).sum::<u64>() as f64 / 1e3
}

/// Of every variant of the library: the kinds of each seed add up to the duration in its row, to the millisecond, and their means
/// to the mean duration.
#[test]
fn what_is_waited_for_is_the_duration() {
    for scenario in library() {
        let options = seeds(3);
        let results = played(&scenario, &options);
        for (variant, rows) in scenario.variants.iter().zip(&results.variants) {
            let took = paths(variant, &scenario, &options, &|_| (), &AtomicBool::new(false)).unwrap();
            let by_row: Vec<Option<f64>> = rows.rows.iter().map(|row| row.summary.deploy_s).collect();
            let by_path: Vec<Option<f64>> = took.iter().map(|(_, took)| Some(sum(&took.as_ref()?.by_kind))).collect();
            assert_eq!(by_row, by_path, "{}, {}", scenario.name, variant.name);
            let ended: Vec<f64> = by_row.into_iter().flatten().collect();
            if !ended.is_empty() {
                let mean = ended.iter().sum::<f64>() / ended.len() as f64;
                assert!((mean_by_kind(&took).iter().sum::<f64>() - mean).abs() < 1e-6);
                let median = median_seed(&took).unwrap();
                let path = longest(&variant.model, &trace(variant, median).unwrap()).unwrap();
                assert_eq!(path.duration(), path.by_kind().into_iter().fold(Duration::ZERO, |sum, span| sum + span));
            }
        }
    }
}

/// A default service behind a load balancer drains for 5 minutes and waits for five checks of 30 s: nothing takes as long.
#[test]
fn a_default_service_waits_for_its_drain_and_its_health_checks() {
    let scenario = of_library("default-alb.toml");
    let took = paths(&scenario.variants[0], &scenario, &seeds(50), &|_| (), &AtomicBool::new(false)).unwrap();
    let mut waits: Vec<(f64, Kind)> = mean_by_kind(&took).into_iter().zip(Kind::ALL).collect();
    waits.sort_by(|a, b| b.0.total_cmp(&a.0));
    assert_eq!([waits[0].1, waits[1].1], [Kind::Drain, Kind::HealthCheck]);
    // Two rounds, one after the other.
    assert!((waits[0].0 - 2.0 * 300.0).abs() < 1e-9 && (waits[1].0 - 2.0 * 4.0 * 30.0).abs() < 1e-9, "{waits:?}");
}

/// The file has a variant that sets what the knob sets: what the tornado says is saved is the difference of the two, seed by seed.
#[test]
fn what_the_tornado_says_is_what_running_the_variant_gives() {
    let scenario = of_library("default-alb.toml");
    let (what_if, knobs) = scenario.what_if(&scenario.variants[0]);
    let tornado = Tornado::new(&played(&what_if, &seeds(100)), &knobs);
    let bar = tornado.bars.iter().find(|bar| bar.change == "web: deregistration delay 5m -> 30s").unwrap();
    let measured = played(&scenario, &seeds(100));
    let deploys = |name: &str| -> Vec<f64> {
        let variant = measured.variants.iter().find(|variant| variant.name == name).unwrap();
        variant.rows.iter().map(|row| row.summary.deploy_s.unwrap()).collect()
    };
    let saved: Vec<f64> =
        deploys("five checks needed").iter().zip(deploys("drain 30 s")).map(|(was, is)| was - is).collect();
    let mean = saved.iter().sum::<f64>() / saved.len() as f64;
    let found = bar.saved_s.unwrap();
    assert!((found.mean - mean).abs() < 1e-9, "{} and {mean}", found.mean);
    // Two rounds of 270 s less.
    assert!((found.mean - 540.0).abs() < 5.0, "{}", found.mean);
    assert!(found.interval.unwrap().low <= mean && mean <= found.interval.unwrap().high);
    assert!(bar.saved_usd_per_month.mean.abs() < 1e-9, "it costs nothing");
    assert!(tornado.bars.is_sorted_by(|a, b| a.saved_s.unwrap().mean >= b.saved_s.unwrap().mean), "ranked");
}

/// Every knob of every variant of the library is a setting that its file would take, changes the model, and says another thing
/// than the others.
#[test]
fn every_knob_can_be_turned() {
    let mut names = std::collections::BTreeSet::new();
    for scenario in library() {
        for variant in scenario.variants.iter().filter(|variant| !variant.model.deploys.is_empty()) {
            let (what_if, knobs) = scenario.what_if(variant);
            assert_eq!(what_if.variants.len(), knobs.len() + 1);
            assert_eq!(what_if.variants[0].model, variant.model);
            for (knob, turned) in knobs.iter().zip(&what_if.variants[1..]) {
                assert_eq!(scenario.vary(&variant.name, &knob.settings).unwrap().model, turned.model);
                assert_ne!(turned.model, variant.model, "{}", knob.change);
                let change = knob.change.split_once(": ").unwrap().1;
                names.insert(change.split(|c: char| c.is_ascii_digit()).next().unwrap().trim().to_string());
            }
        }
    }
    for known in [
        "deregistration delay",
        "interval of health checks",
        "checks that a new target must pass",
        "hosts",
        "tasks that may exist at once",
        "slots replaced at once",
        "agents' poll",
        "stop timeout",
        "exit after SIGTERM",
        "image",
    ] {
        assert!(names.contains(known), "no scenario has a knob {known:?}: {names:?}");
    }
}

#[test]
fn it_prints_the_same_on_any_number_of_threads_and_writes_its_charts() {
    let folder = folder("threads");
    let file = format!("{ROOT}/scenarios/library/default-alb.toml");
    let asked = |threads: &str| {
        let out = format!("out-{threads}");
        let formats = ["--format", "text", "--format", "json", "--format", "trace-event=deploy.json"];
        let arguments = ["explain", &file, "--seeds", "5", "--threads", threads, "--quiet", "--out", &out];
        let output = seatrial(&folder, &[&arguments[..], &formats].concat());
        assert_eq!(output.status.code(), Some(0));
        (String::from_utf8(output.stdout).unwrap(), fs::read(folder.join("deploy.json")).unwrap())
    };
    let (text, events) = asked("1");
    assert_eq!((text.clone(), events.clone()), asked("8"));
    for chart in ["gantt", "waterfall", "tornado"] {
        for end in [".svg", "-dark.svg", ".png", "-dark.png"] {
            let file = |threads: u32| fs::read(folder.join(format!("out-{threads}/{chart}{end}"))).unwrap();
            assert!(file(1) == file(8) && file(1).len() > 1_000, "{chart}{end}");
        }
    }
    let json: Value = serde_json::from_str(&text[text.find("\n{").unwrap()..]).unwrap();
    let waits: f64 = json["waits"].as_array().unwrap().iter().map(|wait| wait["s"].as_f64().unwrap()).sum();
    assert!((waits - json["run"]["deploy_s"].as_f64().unwrap()).abs() < 1e-6);
    let legs = json["run"]["critical_path"].as_array().unwrap();
    assert!(
        legs.windows(2).all(|pair| pair[0]["to_s"] == pair[1]["from_s"])
            && legs[0]["from_s"] == json["run"]["requested_s"]
    );
    assert_eq!(json["run"]["without_room"][0]["shortage"], "memory on 3 of 3 hosts");
    let set = &json["what_if"][0]["set"];
    assert_eq!(set["service.web.load_balancer.deregistration_delay"], "30s");
    // The format's own rules: an array of events, complete ones with a begin and a length in microseconds.
    let events: Value = serde_json::from_slice(&events).unwrap();
    let events = events["traceEvents"].as_array().unwrap();
    assert!(events.iter().all(|event| ["M", "X"].contains(&event["ph"].as_str().unwrap())));
    let on_path = events.iter().filter(|event| event["ph"] == "X" && event["pid"] == 0);
    let micros: u64 = on_path.map(|event| event["dur"].as_u64().unwrap()).sum();
    assert!((micros as f64 / 1e6 - waits).abs() < 1e-6);
}

#[test]
fn what_cannot_be_explained_says_so() {
    let folder = folder("wrong");
    let file = |name: &str| format!("{ROOT}/scenarios/library/{name}.toml");
    let failed = |arguments: &[&str], code: i32, said: &str| {
        let output = seatrial(&folder, arguments);
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(code), "{printed}");
        assert!(printed.contains(said), "{printed}");
    };
    failed(&["explain", &file("scale-out-race")], 2, "there is no deploy to explain");
    failed(&["explain", &file("default-alb"), "--variant", "none"], 2, "has no variant 'none'");
    failed(&["explain", &file("default-alb"), "--format", "csv"], 2, "there are: text, json, trace-event");
    failed(&["explain", "absent.toml"], 2, "absent.toml");
    failed(&["explain", &file("default-alb"), "--format", "json=no/such/file"], 2, "cannot write");
    // A deploy that does not end says what it waits for, and which setting would let it end.
    let never = file("never-finishes");
    failed(&["explain", &never, "--seeds", "3"], 3, "memory on 2 of 2 hosts; no old task may stop");
    failed(
        &["explain", &never, "--seeds", "3"],
        3,
        "With \"web: tasks that stay in service 4 -> 2\" 3 more of 3 runs end, for the same",
    );
}

/// The front door is true: the README shows what its command prints. (Golden: `seatrial explain
/// scenarios/library/default-alb.toml`, and its pictures with `--out DIR`.)
#[test]
fn the_readme_shows_what_explain_prints() {
    let folder = folder("readme");
    let root = Path::new(ROOT);
    let out = folder.join("out");
    let arguments = ["explain", "scenarios/library/default-alb.toml", "--out", out.to_str().unwrap()];
    let printed = String::from_utf8(seatrial(root, &arguments).stdout).unwrap();
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    assert!(readme.contains(printed.trim_end()), "the README does not show\n{printed}");
    let shown = fs::read(root.join("docs/images/gantt.svg")).unwrap();
    assert!(shown == fs::read(out.join("gantt.svg")).unwrap(), "docs/images/gantt.svg is not what the command draws");
}
