//! Sweeps as their users meet them: what they print and keep, and that nothing is lost when they are killed.

#![expect(clippy::unwrap_used, reason = "a test may; clippy's own exception stops at helper functions")]

#[path = "support/command.rs"]
mod command;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use command::{command, empty_folder, seatrial};
use serde_json::Value;

const SCENARIO: &str = r#"
question = "How many hosts, and how long a drain?"

[run]
seeds = 30
seed = 7
horizon = "2h"

[[host_group]]
name = "m5"
hosts = 6
cpu = 2048
memory = "7680MiB"
price = "$0.096/h"

[[service]]
name = "web"
desired = 5
memory = "3GiB"
host_port = 80
startup = "lognormal(median=8s, sigma=0.3)"
load_balancer = { kind = "alb", deregistration_delay = "30s" }

[[deploy]]
service = "web"
at = "1m"

[[axis]]
path = "host_group.m5.hosts"
from = 5
to = 8

[[variant]]
name = "all stay"

[[variant]]
name = "half, or \"more\""
strategy = { rolling = { minimum_healthy_percent = 40, maximum_percent = 200 } }
"#;
const DELAY: &str = "service.web.load_balancer.deregistration_delay=30s,60s,5m";
const PATHS: &str = "host_group.m5.hosts,service.web.load_balancer.deregistration_delay";

/// A folder of its own for each test, with the scenario in it.
fn folder(name: &str) -> PathBuf {
    let folder = empty_folder("sweep", name);
    fs::write(folder.join("web.toml"), SCENARIO).unwrap();
    folder
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs a sweep that answers, and gives what it prints.
fn answered(folder: &Path, arguments: &[&str]) -> String {
    let output = seatrial(folder, &[&["sweep", "web.toml"], arguments].concat());
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""), "{arguments:?}");
    text(&output.stdout)
}

fn rows(folder: &Path, out: &str) -> Vec<String> {
    let mut lines: Vec<String> =
        fs::read_to_string(folder.join(out).join("sweep.csv")).unwrap().lines().map(String::from).collect();
    lines[1..].sort();
    lines
}

/// Two variants, four numbers of hosts, three delays, thirty seeds.
const RUNS: usize = 2 * 4 * 3 * 30;

#[test]
fn the_table_names_the_best_cells() {
    let folder = folder("table");
    let out = answered(&folder, &["--axis", DELAY, "--format", "table", "--format", "markdown=cells.md"]);
    for part in
        ["24 cells of 30 seeds", "deregistration", "fastest", "cheapest", "frontier", "The fastest is \"", "> 2h 00m"]
    {
        assert!(out.contains(part), "'{part}' is not in\n{out}");
    }
    assert!(out.lines().all(|line| line.chars().count() <= 120), "{out}");
    assert_eq!(fs::read_to_string(folder.join("cells.md")).unwrap().matches("\n| ").count(), 2 + 24 - 1 + 1);
}

/// Six hosts of $0.096 an hour for 730 hours.
#[test]
fn json_and_csv_have_every_cell_and_jsonl_every_run() {
    let folder = folder("formats");
    let arguments = [
        "--axis",
        DELAY,
        "--variant",
        "all stay",
        "--format",
        "json=a.json",
        "--format",
        "csv",
        "--format",
        "jsonl=runs",
    ];
    let csv = answered(&folder, &arguments);
    assert!(
        csv.starts_with(&format!("variant,{PATHS},runs,finished,deploy_mean_s,deploy_p50_s,deploy_p95_s,")),
        "{csv}"
    );
    assert_eq!(csv.lines().count(), 1 + 12);
    let json: Value = serde_json::from_str(&fs::read_to_string(folder.join("a.json")).unwrap()).unwrap();
    let cells = json["cells"].as_array().unwrap();
    assert_eq!((&json["schema_version"], cells.len()), (&1.into(), 12));
    let six = cells.iter().find(|cell| cell["settings"]["host_group.m5.hosts"] == 6).unwrap();
    assert!((six["usd_per_month"].as_f64().unwrap() - 6.0 * 0.096 * 730.0).abs() < 1e-6);
    assert_eq!((&six["runs"], &six["finished"]), (&30.into(), &1.0.into()));
    assert_eq!(cells[0]["finished"], 0.0, "five hosts have no room on the fixed port");
    let runs = fs::read_to_string(folder.join("runs")).unwrap();
    let runs: Vec<Value> = runs.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(runs.len(), RUNS / 2);
    assert!(runs.iter().all(|run| run["settings"]["host_group.m5.hosts"].is_string() && run["seed"].is_number()));
}

/// Row by row, in the text of the files.
#[test]
fn a_cell_is_a_variant_with_the_same_settings() {
    let folder = folder("cell");
    answered(&folder, &["--axis", DELAY, "--out", "out"]);
    let sets = "set = { \"host_group.m5.hosts\" = 7, \"service.web.load_balancer.deregistration_delay\" = \"5m\" }\n";
    let file = SCENARIO.replace("\n[[variant]]\nname = \"half", &format!("{sets}\n[[variant]]\nname = \"half")) + sets;
    fs::write(folder.join("one.toml"), file).unwrap();
    let run = text(&seatrial(&folder, &["run", "one.toml", "--format", "csv"]).stdout);
    let mut expected: Vec<String> = Vec::new();
    for line in run.lines().skip(1) {
        let name = if line.starts_with('"') { "\"half, or \"\"more\"\"\"" } else { "all stay" };
        expected.push(format!("{name},7,5m{}", &line[name.len()..]));
    }
    expected.sort();
    let found = rows(&folder, "out");
    let cell: Vec<String> = found.iter().filter(|line| line.contains(",7,5m,")).cloned().collect();
    assert_eq!(cell.len(), 60);
    assert_eq!(cell, expected);
    assert_eq!(found[0], format!("variant,{PATHS},{}", run.lines().next().unwrap().strip_prefix("variant,").unwrap()));
}

#[test]
fn the_results_are_the_same_on_any_number_of_threads() {
    let folder = folder("threads");
    let out = ["1", "8"].map(|threads| {
        answered(&folder, &["--axis", DELAY, "--threads", threads, "--out", threads, "--format", "csv"])
    });
    assert_eq!(out[0], out[1]);
    assert_eq!(rows(&folder, "1"), rows(&folder, "8"));
    assert_eq!(rows(&folder, "1").len(), 1 + RUNS);
    for name in ["cells.json", "sweep.json", "heat-map.svg", "heat-map.png"] {
        let bytes = |threads: &str| fs::read(folder.join(threads).join(name)).unwrap();
        assert!(bytes("1") == bytes("8"), "{name} differs");
    }
}

/// Shares from 0 to 1 that are even enough, always the same.
fn shares() -> impl Iterator<Item = f64> {
    (1..).map(|n: u32| f64::from(n * 7_919 % 1_000) / 1_000.0)
}

/// Killed at twenty moments, and each time it goes on; in the end every run is there once.
#[test]
fn a_sweep_that_is_killed_goes_on_and_loses_nothing() {
    const KILLS: u32 = 20;
    let folder = folder("killed");
    let arguments = ["sweep", "web.toml", "--axis", DELAY, "--seeds", "600", "--quiet", "--out"];
    let began = Instant::now();
    let whole = seatrial(&folder, &[&arguments[..], &["whole", "--format", "csv"]].concat());
    let takes = began.elapsed();
    let (mut kills, mut sizes) = (0, BTreeSet::new());
    for share in shares() {
        let mut child =
            command(&folder, &[&arguments[..], &["killed"]].concat()).stdout(Stdio::null()).spawn().unwrap();
        thread::sleep(takes.mul_f64(share / 8.0));
        child.kill().unwrap();
        if child.wait().unwrap().success() {
            // It was faster than that: once more from the start.
            fs::remove_dir_all(folder.join("killed")).unwrap();
            continue;
        }
        kills += 1;
        sizes.insert(fs::metadata(folder.join("killed/sweep.csv")).map_or(0, |file| file.len()));
        if kills == KILLS {
            break;
        }
    }
    assert!(sizes.len() >= 4, "it was killed at different moments: {sizes:?}");
    let resumed = seatrial(&folder, &[&arguments[..], &["killed", "--format", "csv"]].concat());
    assert_eq!((resumed.status.code(), text(&resumed.stderr).as_str()), (Some(0), ""));
    assert!(rows(&folder, "killed") == rows(&folder, "whole"), "the rows differ");
    assert_eq!(text(&resumed.stdout), text(&whole.stdout), "so do the cells");
    let cells = |out: &str| fs::read(folder.join(out).join("cells.json")).unwrap();
    assert!(cells("killed") == cells("whole"));
}

/// At every byte at which a write may have ended.
#[test]
fn a_torn_row_is_played_again() {
    let folder = folder("torn");
    let arguments = ["--seeds", "2", "--variant", "all stay", "--out", "out"];
    answered(&folder, &arguments);
    let file = folder.join("out/sweep.csv");
    let (whole, sorted) = (fs::read(&file).unwrap(), rows(&folder, "out"));
    let last = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for end in [0, 1, 40, last, last + 1, last + 9, last + 30, whole.len() - 2, whole.len() - 1] {
        fs::write(&file, &whole[..end]).unwrap();
        answered(&folder, &arguments);
        assert!(rows(&folder, "out") == sorted, "torn at {end} of {}", whole.len());
    }
    answered(&folder, &arguments);
    assert!(fs::read(&file).unwrap().len() == whole.len(), "nothing is added to what is complete");
}

#[test]
fn a_folder_of_another_sweep_is_refused() {
    let folder = folder("refused");
    let arguments = ["sweep", "web.toml", "--seeds", "2", "--out", "out"];
    let run = |more: &[&str]| {
        let output = seatrial(&folder, &[&arguments[..], more].concat());
        (output.status.code(), text(&output.stderr))
    };
    assert_eq!(run(&[]), (Some(0), String::new()));
    let before = rows(&folder, "out");
    let refused = |more: &[&str], said: &str| {
        let (code, message) = run(more);
        assert_eq!(code, Some(2), "{message}");
        assert!(message.contains(said) && message.contains("--restart"), "'{said}' is not in\n{message}");
        assert_eq!(rows(&folder, "out"), before, "nothing has changed");
    };
    refused(&["--axis", DELAY], "the axes");
    refused(&["--seed", "9"], "the first seed");
    refused(&["--latin-hypercube", "3"], "the design");
    refused(&["--variant", "all stay"], "the number of cells, the scenario");
    let edited = SCENARIO.replace("median=8s", "median=9s");
    fs::write(folder.join("web.toml"), &edited).unwrap();
    refused(&[], "another sweep is there: the scenario differ");
    fs::write(folder.join("web.toml"), format!("# A comment changes nothing.\n{SCENARIO}")).unwrap();
    assert_eq!(run(&[]), (Some(0), String::new()));
    assert_eq!(rows(&folder, "out"), before);

    let sweep_csv = folder.join("out/sweep.csv");
    let text_of = fs::read_to_string(&sweep_csv).unwrap();
    let mut lines: Vec<&str> = text_of.lines().collect();
    let twice = lines[3];
    lines.insert(2, twice);
    fs::write(&sweep_csv, lines.join("\n") + "\n").unwrap();
    let (code, message) = run(&[]);
    assert!(code == Some(2) && message.contains("is damaged before line"), "{message}");
    fs::write(&sweep_csv, "a,b\n1,2\n").unwrap();
    assert!(run(&[]).1.contains("other columns"));
    fs::remove_file(folder.join("out/sweep.json")).unwrap();
    assert!(run(&[]).1.contains("no sweep.json"));
    assert_eq!(run(&["--restart"]), (Some(0), String::new()));
    assert_eq!(rows(&folder, "out"), before);
}

#[test]
fn a_file_that_the_scenario_names_is_a_part_of_it() {
    let folder = folder("named");
    fs::write(folder.join("web.toml"), SCENARIO.replace("lognormal(median=8s, sigma=0.3)", "empirical(starts.csv)"))
        .unwrap();
    fs::write(folder.join("starts.csv"), "seconds\n5\n9\n").unwrap();
    let arguments = ["sweep", "web.toml", "--seeds", "2", "--out", "out"];
    assert_eq!(seatrial(&folder, &arguments).status.code(), Some(0));
    fs::write(folder.join("starts.csv"), "seconds\n5\n10\n").unwrap();
    let output = seatrial(&folder, &arguments);
    assert!(text(&output.stderr).contains("another sweep is there: the scenario differ"), "{}", text(&output.stderr));
}

#[cfg(unix)]
#[test]
fn an_interrupted_sweep_says_how_to_go_on() {
    let folder = folder("interrupted");
    let arguments = ["sweep", "web.toml", "--axis", DELAY, "--seeds", "100000", "--out", "out"];
    let child = command(&folder, &arguments).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = || fs::read_to_string(folder.join("out/sweep.csv")).unwrap_or_default().lines().count();
    while lines() < 100 {
        thread::sleep(Duration::from_millis(20));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(130), ""));
    let said = format!("interrupted: {} of 2400000 runs are in out/sweep.csv; the same command goes on", lines() - 1);
    assert!(text(&output.stderr).starts_with(&said), "{said}\n{}", text(&output.stderr));
}

/// A message that says where and what, exit code 2, nothing on the standard output.
#[test]
fn bad_input_ends_with_two_and_says_what_would_do() {
    let folder = folder("bad");
    fs::write(
        folder.join("no-axis.toml"),
        SCENARIO.replace("[[axis]]\npath = \"host_group.m5.hosts\"\nfrom = 5\nto = 8\n", ""),
    )
    .unwrap();
    fs::write(folder.join("bad-axis.toml"), SCENARIO.replace("to = 8", "to = 4")).unwrap();
    let table: [(&[&str], &[&str]); 17] = [
        (&["no-axis.toml"], &["no-axis.toml: nothing to sweep", "--axis"]),
        (&["bad-axis.toml"], &["bad-axis.toml:28", "5..4", "empty"]),
        (&["web.toml", "--axis", "host_group.m6.hosts=1..2"], &["host_group.m6.hosts", "'m6'", "m5"]),
        (&["web.toml", "--axis", "service.web.exitt=5s"], &["unknown key 'exitt'", "exit"]),
        (&["web.toml", "--axis", "host_group.m5.hosts"], &["--axis", "PATH=VALUES"]),
        (&["web.toml", "--axis", "host_group.m5.hosts="], &["a value is missing"]),
        (&["web.toml", "--axis", "host_group.m5.hosts=8..5"], &["8..5", "empty"]),
        (&["web.toml", "--axis", "host_group.m5.hosts=5..8:0"], &["a step of zero"]),
        (&["web.toml", "--axis", DELAY, "--axis", DELAY], &["there are two axes of service.web.load_balancer"]),
        (&["web.toml", "--axis", "service.web.load_balancer=1", "--axis", DELAY], &["sets what the axis of"]),
        (&["web.toml", "--axis", "service.web.load_balancer.slow_start=nan"], &["slow_start", "nan"]),
        (&["web.toml", "--axis", "run.seeds=1..5"], &["run.seeds", "the same for all variants"]),
        (
            &["web.toml", "--axis", "host_group.m5.hosts=4..5", "--axis", "service.web.desired=5"],
            &[
                "1 of 5 tasks do not fit",
                "in the cell host_group.m5.hosts = 4, service.web.desired = 5",
                "2 of 4 cells",
                "--skip-invalid",
            ],
        ),
        (
            &["web.toml", "--axis", "host_group.m5.hosts=5..1000", "--axis", "service.web.exit=1s..500s:1s"],
            &["996000 cells, where at most 100000 are possible", "--latin-hypercube"],
        ),
        (&["web.toml", "--variant", "nobody"], &["no variant 'nobody'", "all stay"]),
        (&["web.toml", "--restart"], &["--out"]),
        (&["web.toml", "--out", "web.toml"], &["cannot write web.toml"]),
    ];
    for (arguments, parts) in table {
        let output = seatrial(&folder, &[&["sweep"], arguments].concat());
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""), "{arguments:?}: {said}");
        for part in parts {
            assert!(said.contains(part), "{arguments:?}: '{part}' is not in\n{said}");
        }
        assert!(!said.contains("panicked"), "{said}");
    }
    let run = seatrial(&folder, &["run", "bad-axis.toml"]);
    assert!(run.status.code() == Some(2) && text(&run.stderr).contains("bad-axis.toml:28"), "run reads it, too");
}

#[test]
fn cells_that_are_no_scenario_can_be_left_out() {
    let folder = folder("skipped");
    let out = answered(&folder, &["--axis", "host_group.m5.hosts=4..6", "--skip-invalid", "--out", "out"]);
    assert!(out.contains("4 cells of 30 seeds") && out.contains("2 cells are no scenarios and were left out"), "{out}");
}

#[test]
fn where_no_deploy_of_any_cell_ends_it_ends_with_three() {
    let folder = folder("never");
    let output = seatrial(&folder, &["sweep", "web.toml", "--axis", "host_group.m5.hosts=5", "--variant", "all stay"]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("a port already in use"), "{}", text(&output.stdout));
}

#[test]
fn no_other_sweep_writes_into_the_folder() {
    let folder = folder("lock");
    fs::create_dir_all(folder.join("out")).unwrap();
    let held = fs::File::create(folder.join("out/sweep.lock")).unwrap();
    held.lock().unwrap();
    let output = seatrial(&folder, &["sweep", "web.toml", "--out", "out"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("another sweep writes into out"), "{}", text(&output.stderr));
    drop(held);
    answered(&folder, &["--out", "out", "--seeds", "2"]);
}
