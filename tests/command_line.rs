//! The command as its users meet it: what it prints, what it writes, and how it ends.

#![expect(clippy::unwrap_used, reason = "a test may; clippy's own exception stops at helper functions")]

#[path = "support/command.rs"]
mod command;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use command::{empty_folder, seatrial};
use serde_json::Value;

const SCENARIO: &str = r#"
question = "One spare host, or five?"

[run]
seeds = 20
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

[[variant]]
name = "one spare host"

[[variant]]
name = "five spare hosts"
set = { "host_group.m5.hosts" = 10 }
"#;

/// A folder of its own for each test, with the scenario in it.
fn folder(name: &str) -> PathBuf {
    let folder = empty_folder("command-line", name);
    fs::write(folder.join("web.toml"), SCENARIO).unwrap();
    folder
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_table_names_the_winner_and_its_price() {
    let output = seatrial(&folder("table"), &["run", "web.toml"]);
    let out = text(&output.stdout);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""), "{out}");
    // Four spare m5.large more: 4 x 730 x 0.096.
    for part in
        ["web.toml: One spare host, or five?", "one spare host", "p95", "faster", "70.08", "$280.32 a month more"]
    {
        assert!(out.contains(part), "'{part}' is not in\n{out}");
    }
    assert!(out.lines().all(|line| line.chars().count() <= 120), "{out}");
}

/// The keys are a promise to whoever reads them.
#[test]
fn the_json_keeps_its_keys() {
    let output = seatrial(&folder("json"), &["run", "web.toml", "--format", "json", "--seeds", "5"]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(keys(&json), "question schema_version variants");
    let variants = json["variants"].as_array().unwrap();
    let common = "bill_usd blocked deploy_s extra_replica_s finished lowest_healthy_percent name parts_usd peak_tasks seeds \
                  short_replica_s spare_usd_per_month surge_usd_per_deploy usd_per_deploy usd_per_month \
                  usd_per_month_per_minute_saved users";
    assert_eq!(keys(&variants[0]), common);
    assert_eq!(keys(&variants[1]), common.replace("deploy_s extra", "deploy_s difference extra"));
    assert_eq!(keys(&variants[1]["deploy_s"]), "max mean mean_interval min p50 p50_interval p95 p95_interval");
    assert_eq!(
        keys(&variants[1]["difference"]),
        "deploy_s high low p50 p50_interval p95 p95_interval pairing_factor unpaired_interval usd_per_month \
         usd_per_month_interval"
    );
    assert_eq!(keys(&variants[1]["difference"]["unpaired_interval"]), "high low");
    // Four hosts more on every seed, so there is no doubt.
    let usd = &variants[1]["difference"]["usd_per_month_interval"];
    assert_eq!((usd["low"].as_f64(), usd["high"].as_f64()), (Some(280.32), Some(280.32)));
    assert_eq!(keys(&variants[0]["parts_usd"]), "booting draining gone needed spare stranded surge warm");
    assert_eq!(variants[0]["seeds"], 5);
    assert!(variants[0]["usd_per_month_per_minute_saved"].is_null(), "the first saves nothing against itself");
    // Four hosts more, 4 x 730 x $0.096, for the minutes between the medians.
    let p50 = |variant: usize| variants[variant]["deploy_s"]["p50"].as_f64().unwrap();
    let price = variants[1]["usd_per_month_per_minute_saved"].as_f64().unwrap();
    assert!((price - 280.32 * 60.0 / (p50(0) - p50(1))).abs() < 1e-3, "{price}");
}

#[test]
fn the_results_are_the_same_bytes_on_any_number_of_threads() {
    let folder = folder("threads");
    for threads in ["1", "8"] {
        let output = seatrial(&folder, &["run", "web.toml", "--threads", threads, "--out", threads, "--quiet"]);
        assert_eq!(output.status.code(), Some(0));
    }
    let files = |threads: &str| {
        let mut names: Vec<_> =
            fs::read_dir(folder.join(threads)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(files("1"), files("8"));
    assert_eq!(
        files("1").len(),
        40,
        "rows, statistics, what a report says, nine charts in two formats and themes, a list: {:?}",
        files("1")
    );
    for name in files("1") {
        let bytes = |threads: &str| fs::read(folder.join(threads).join(&name)).unwrap();
        assert!(bytes("1") == bytes("8"), "{} differs", name.display());
        assert!(!bytes("1").is_empty());
    }
    let rows = fs::read_to_string(folder.join("1/results.csv")).unwrap();
    assert_eq!(rows.lines().count(), 1 + 2 * 20, "a header, and a row for each variant and seed");
}

/// The second run has one variant less, and none of its charts stay; what others put there does.
#[test]
fn charts_of_an_earlier_run_are_removed_and_other_files_are_not() {
    let folder = folder("stale");
    let run = |file: &str| {
        assert_eq!(seatrial(&folder, &["run", file, "--out", "out", "--seeds", "1", "--quiet"]).status.code(), Some(0));
    };
    run("web.toml");
    let exists = |name: &str| folder.join("out").join(name).exists();
    let of_second = ["tasks-2-five-spare-hosts.svg", "tasks-2-five-spare-hosts-dark.png", "frontier.svg"];
    assert!(of_second.into_iter().all(exists));
    fs::write(folder.join("out/own.svg"), "<svg/>").unwrap();
    fs::write(folder.join("outside.svg"), "<svg/>").unwrap();
    let list = fs::read_to_string(folder.join("out/charts-run.txt")).unwrap();
    fs::write(folder.join("out/charts-run.txt"), format!("{list}../outside.svg\n")).unwrap();
    let text = fs::read_to_string(folder.join("web.toml")).unwrap();
    let one = &text[..text.rfind("[[variant]]").unwrap()];
    fs::write(folder.join("one.toml"), one).unwrap();
    run("one.toml");
    assert!(!of_second.into_iter().any(exists), "they are of a variant that is not there");
    assert!(["own.svg", "durations.svg", "durations-dark.svg", "results.csv"].into_iter().all(exists));
    assert!(folder.join("outside.svg").exists(), "nothing outside the folder is touched");
}

/// Each fact but the first of its chain is there because of an earlier one.
#[test]
fn facts_are_json_lines_with_their_cause() {
    let folder = folder("facts");
    let arguments = ["run", "web.toml", "--facts", "facts.jsonl", "--variant", "five spare hosts", "--seed", "3"];
    assert_eq!(seatrial(&folder, &arguments).status.code(), Some(0));
    let lines = fs::read_to_string(folder.join("facts.jsonl")).unwrap();
    let facts: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (position, fact) in facts.iter().enumerate() {
        assert_eq!(fact["id"], position);
        assert!(fact["because"].is_null() || fact["because"].as_u64().unwrap() < position as u64, "{fact}");
        assert!(fact["at_s"].as_f64().unwrap() >= 0.0);
    }
    // From "completed" back to the request by causes.
    let mut fact = facts.last().unwrap();
    assert_eq!((&fact["fact"], &fact["service"]), (&"deploy_completed".into(), &"web".into()));
    let mut path = vec![];
    while let Some(because) = fact["because"].as_u64() {
        fact = &facts[because as usize];
        path.push(fact["fact"].as_str().unwrap());
    }
    assert_eq!(path.last(), Some(&"deploy_requested"), "{path:?}");
    assert!(path.contains(&"task_draining") && path.contains(&"task_registering"), "{path:?}");
}

/// A canary that goes well, and then one whose tasks end before they run, while the service is scaled.
#[test]
fn facts_tell_of_steps_traffic_and_failure() {
    let folder = folder("failure");
    let breaker = "strategy = { canary = { circuit_breaker = true, rollback = true, step_bake_time = \"1m\" } }";
    let more = "[[deploy]]\nservice = \"web\"\nat = \"1h\"\nfault = { crashes_after = \"500ms\" }\n\
                [[scale]]\nservice = \"web\"\nat = \"30m\"\ndesired = 4\n";
    let scenario = SCENARIO.replace("hosts = 6", "hosts = 12");
    fs::write(folder.join("fails.toml"), format!("{breaker}\n{scenario}{more}")).unwrap();
    let output = seatrial(&folder, &["run", "fails.toml", "--facts", "facts.jsonl", "--seeds", "1"]);
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    let lines = fs::read_to_string(folder.join("facts.jsonl")).unwrap();
    let facts: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |word: &str| facts.iter().filter(|fact| fact["fact"] == word).collect::<Vec<_>>();
    let weights: Vec<_> = of("traffic_shifted").iter().map(|fact| fact["weight_percent"].as_f64().unwrap()).collect();
    assert_eq!(weights[..2], [5.0, 100.0]);
    assert_eq!((&of("step_done")[0]["deploy"], &of("step_done")[0]["step"]), (&0.into(), &0.into()));
    assert_eq!(
        (&of("desired_changed")[0]["service"], &of("desired_changed")[0]["desired"]),
        (&"web".into(), &4.into())
    );
    assert!(of("task_failed").iter().all(|fact| fact["ran"].is_boolean() && fact["task"].is_number()));
    assert_eq!(of("deploy_failed")[0]["why"], "too many tasks failed in a row");
    assert_eq!((&of("deploy_rolled_back")[0]["deploy"], of("deploy_completed").len()), (&1.into(), 1));
}

#[test]
fn several_formats_and_files_at_once() {
    let folder = folder("formats");
    let arguments = ["run", "web.toml", "web.toml", "--format", "table", "--format", "markdown"];
    let output = seatrial(&folder, &arguments);
    assert_eq!(
        text(&output.stdout).matches("| one spare host").count(),
        4,
        "two tables of two runs: {}",
        text(&output.stdout)
    );
    let arguments = ["run", "web.toml", "--format", "markdown=comment.md", "--format", "csv=rows.csv"];
    let output = seatrial(&folder, &arguments);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), ""));
    assert!(fs::read_to_string(folder.join("comment.md")).unwrap().contains("| five spare hosts"));
    assert!(fs::read_to_string(folder.join("rows.csv")).unwrap().starts_with("variant,seed,"));
}

#[test]
fn a_scenario_may_come_from_the_standard_input() {
    let folder = folder("stdin");
    let output = Command::new(env!("CARGO_BIN_EXE_seatrial"))
        .args(["run", "-", "--seeds", "3"])
        .stdin(fs::File::open(folder.join("web.toml")).unwrap())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

/// Every kind of bad input: a message that says where and what, exit code 2, nothing on the standard output.
#[test]
fn bad_input_ends_with_two_and_says_what_would_do() {
    let folder = folder("bad");
    let write = |name: &str, from: &str, to: &str| {
        assert!(SCENARIO.contains(from));
        fs::write(folder.join(name), SCENARIO.replacen(from, to, 1)).unwrap();
    };
    write("typo.toml", "memory = \"3GiB\"", "memroy = \"3GiB\"");
    write("hosts.toml", "hosts = 6", "hosts = 0");
    write("time.toml", "at = \"1m\"", "at = \"-1m\"");
    write("percent.toml", "[run]", "strategy = { rolling = { maximum_percent = 50 } }\n[run]");
    write("reference.toml", "service = \"web\"", "service = \"wbe\"");
    write("variant.toml", "host_group.m5.hosts", "host_group.m6.hosts");
    fs::write(folder.join("bytes.toml"), [b'a', 0xff, 0xfe]).unwrap();
    let big = fs::File::create(folder.join("big.toml")).unwrap();
    big.set_len(1 << 30).unwrap();
    let table: [(&[&str], &[&str]); 32] = [
        (&["run", "typo.toml"], &["typo.toml:18", "memroy", "memory"]),
        (&["run", "hosts.toml"], &["hosts.toml:10", "host_group"]),
        (&["run", "time.toml"], &["time.toml:25", "negative"]),
        (&["run", "percent.toml"], &["percent.toml:4", "maximum_percent", "100"]),
        (&["run", "reference.toml"], &["reference.toml:24", "wbe", "web"]),
        (&["run", "variant.toml"], &["variant.toml:32", "m6", "m5"]),
        (&["run", "bytes.toml"], &["bytes.toml", "UTF-8"]),
        (&["run", "big.toml"], &["big.toml", "MiB"]),
        (&["run", "missing.toml"], &["missing.toml", "no such file"]),
        (&["run", "."], &["directory"]),
        (&["run", "web.toml", "typo.toml", "hosts.toml"], &["typo.toml:18", "hosts.toml:10"]),
        (&["run", "web.toml", "--seeds", "0"], &["--seeds", "1..=1000000"]),
        (&["run", "web.toml", "--format", "yaml"], &["yaml", "table, json, csv, markdown"]),
        (&["run", "web.toml", "--facts", "f", "--variant", "nine"], &["nine", "'one spare host', 'five spare hosts'"]),
        (&["run", "web.toml", "web.toml", "--facts", "f"], &["--facts takes one scenario file"]),
        (&["run", "web.toml", "--out", "web.toml"], &["cannot write web.toml"]),
        (&["run", "web.toml", "--format", "csv=no/such/folder.csv"], &["cannot write no/such/folder.csv"]),
        (&["run", "web.toml", "--facts", "no/such/facts"], &["cannot write no/such/facts"]),
        (&["run", "web.toml", "--format", "json=a", "--format", "csv=a"], &["a is to be written twice"]),
        (&["run", "web.toml", "./web.toml", "--out", "out"], &["two of the scenario files have one name"]),
        (&["run", "web.toml", "--until", "deploy_p95"], &["--until", "deploy_p95 +-2 %"]),
        (&["run", "web.toml", "--until", "p95 +-2 %"], &["no estimate 'p95'", "deploy_p95", "cost_per_month"]),
        (&["run", "web.toml", "--until", "deploy_p95 +-2"], &["'+-2 %' or '+-5s'"]),
        (
            &["run", "web.toml", "--until", "failed_requests +-2 %"],
            &["no variant of web.toml has failed_requests to estimate"],
        ),
        (
            &["run", "web.toml", "--until", "deploy_p95 +-2 %", "--seeds", "9", "--at-most", "8"],
            &["--seeds 9 is more than --at-most 8"],
        ),
        (&["man", "rum"], &["no verb 'rum'", "did you mean 'run'?"]),
        (&["runn", "web.toml"], &["runn", "run"]),
        (&["list", "orchestrators", "esc"], &["no orchestrator 'esc'", "did you mean 'ecs'?", "ecs-2015"]),
        (&["list", "strategies", "roling"], &["no strategy 'roling'", "did you mean 'rolling'?", "free"]),
        (&["list", "instances", "m5.lage"], &["no instance type 'm5.lage'", "did you mean 'm5.large'?", "p3.2xlarge"]),
        (&["list", "orchestrator"], &["orchestrator", "orchestrators"]),
        (&["list", "placements", "--format", "yaml"], &["yaml", "table, json, markdown"]),
    ];
    for (arguments, parts) in table {
        let output = seatrial(&folder, arguments);
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""), "{arguments:?}: {said}");
        for part in parts {
            assert!(said.contains(part), "{arguments:?}: '{part}' is not in\n{said}");
        }
        assert!(!said.contains("panicked"), "{said}");
    }
}

/// 20 seeds, 10 more, 15 more, and so on: the same as that many at once, with a line that says how many.
#[test]
fn until_plays_as_many_seeds_as_it_takes() {
    let folder = folder("until");
    let said = |more: &[&str]| {
        let output = seatrial(&folder, &[&["run", "web.toml"], more].concat());
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""), "{more:?}");
        text(&output.stdout)
    };
    let table = said(&["--until", "deploy_p95 +-2 %", "--out", "until", "--threads", "2"]);
    let line = table.lines().find(|line| line.contains("--until")).unwrap();
    let seeds = line.split_once("every variant is that sure after ").unwrap().1.strip_suffix(" seeds").unwrap();
    assert!(["30", "45", "68", "102", "153", "230", "345", "518"].contains(&seeds), "{line}");
    said(&["--seeds", seeds, "--out", "plain"]);
    for file in ["results.csv", "results.json", "durations.svg"] {
        let bytes = |folder_of: &str| fs::read(folder.join(folder_of).join(file)).unwrap();
        assert!(bytes("until") == bytes("plain"), "{file} differs");
    }
    let json: Value = serde_json::from_slice(&fs::read(folder.join("until/results.json")).unwrap()).unwrap();
    for variant in json["variants"].as_array().unwrap() {
        let number = |value: &Value| value.as_f64().unwrap();
        let ends = &variant["deploy_s"]["p95_interval"];
        let half = (number(&ends["high"]) - number(&ends["low"])) / 2.0;
        assert!(half <= 0.02 * number(&variant["deploy_s"]["p95"]), "{half}: {variant}");
    }
    // Nothing of the bill varies: the first batch will do.
    let table = said(&["--until", "cost_per_month +-$1"]);
    assert!(table.contains("--until cost_per_month +-$1: every variant is that sure after 20 seeds"), "{table}");
    let table = said(&["--until", "deploy_mean +-1ms", "--at-most", "33"]);
    assert!(table.contains("33 seeds\n"), "{table}");
    let line = table.lines().find(|line| line.contains("--until")).unwrap();
    assert!(line.contains("not reached after 33 seeds by \"one spare host\" and 1 more (+-"), "{line}");
}

/// A variant that never ends has no interval, and more seeds would not give it one.
#[test]
fn until_does_not_wait_for_what_never_ends() {
    let folder = folder("until-never");
    let full = SCENARIO.replace("\"host_group.m5.hosts\" = 10", "\"host_group.m5.hosts\" = 5");
    fs::write(folder.join("full.toml"), full).unwrap();
    for (until, seeds) in [("deploy_p50 +-50 %", "20 seeds"), ("deploy_mean +-50 %", "20 seeds")] {
        let out = text(&seatrial(&folder, &["run", "full.toml", "--until", until]).stdout);
        assert!(
            out.contains(&format!("not reached after {seeds} by \"five spare hosts\" (some of its runs do not")),
            "{out}"
        );
    }
}

/// Where no deploy of any variant ends the simulation has no answer, and says what it waits for.
#[test]
fn nothing_finished_ends_with_three() {
    let folder = folder("never");
    let full = SCENARIO
        .replace("hosts = 6", "hosts = 5")
        .replace("\"host_group.m5.hosts\" = 10", "\"host_group.m5.zones\" = [\"b\"]");
    fs::write(folder.join("full.toml"), full).unwrap();
    let output = seatrial(&folder, &["run", "full.toml"]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{out}");
    assert!(out.contains("a port already in use on 5 of 5 hosts"), "{out}");
    assert!(out.contains("> 2h 00m"), "{out}");
}

/// Two services and no deploy: users ask the second one, and one of its tasks hangs.
const NO_DEPLOY: &str = r#"
question = "How long do users feel one task that hangs?"

[run]
seeds = 5
horizon = "30m"

[[host_group]]
name = "m5"
hosts = 4
cpu = 2048
memory = "7680MiB"
price = "$0.096/h"

[[service]]
name = "batch"
desired = 2
memory = "1GiB"

[[service]]
name = "web"
desired = 4
cpu = 512
memory = "2GiB"
startup = "lognormal(median=8s, sigma=0.3)"
load_balancer = { kind = "alb", deregistration_delay = "30s" }

[service.load]
rate = "60/s"
capacity_per_task = "25/s"

[[fault]]
service = "web"
at = "5m"
what = "hang"

[[variant]]
name = "four tasks"

[[variant]]
name = "six tasks"
set = { "service.web.desired" = 6 }
"#;

/// It is answered, and nothing is said of deploys.
#[test]
fn a_scenario_without_a_deploy_is_answered() {
    let folder = folder("no-deploy");
    fs::write(folder.join("hang.toml"), NO_DEPLOY).unwrap();
    let arguments =
        ["run", "hang.toml", "--format", "table", "--format", "markdown", "--out", "out", "--facts", "facts"];
    let output = seatrial(&folder, &arguments);
    let out = text(&output.stdout);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""), "{out}");
    for part in
        ["ECS rolling, 2 x batch, 4 x web on 4 hosts", "75 %", "hung task", "without a deploy", "\"six tasks\" fails"]
    {
        assert!(out.contains(part), "'{part}' is not in\n{out}");
    }
    for part in ["mean against", "$/deploy", "> 30m", "finish", "ended", "unfinished", "| p50 |"] {
        assert!(!out.contains(part), "'{part}' is in\n{out}");
    }
    let json = fs::read_to_string(folder.join("out/results.json")).unwrap();
    let json: Value = serde_json::from_str(&json).unwrap();
    let first = &json["variants"][0];
    assert_eq!((&first["finished"], &first["lowest_healthy_percent"]), (&1.0.into(), &75.0.into()));
    assert!(first["deploy_s"]["p50"].is_null() && first["usd_per_deploy"].is_null());
    let rows = fs::read_to_string(folder.join("out/results.csv")).unwrap();
    assert!(rows.lines().skip(1).all(|row| row.contains(",true,,") && row.ends_with(',')), "{rows}");
    let mut charts: Vec<_> = fs::read_dir(folder.join("out")).unwrap().map(|file| file.unwrap().file_name()).collect();
    charts.retain(|name| name.to_string_lossy().ends_with(".svg") && !name.to_string_lossy().ends_with("-dark.svg"));
    charts.sort();
    let charts: Vec<_> = charts.iter().map(|name| name.to_string_lossy().replace(".svg", "")).collect();
    assert_eq!(
        charts.join(" "),
        "demand-1-four-tasks demand-2-six-tasks extra-short money replicas-1-four-tasks replicas-2-six-tasks \
         tasks-1-four-tasks tasks-2-six-tasks"
    );
    let tasks = fs::read_to_string(folder.join("out/tasks-1-four-tasks.svg")).unwrap();
    assert!(tasks.contains("Tasks of web") && tasks.contains("time since the start"), "of the service that has users");
    let facts = fs::read_to_string(folder.join("facts")).unwrap();
    assert!(facts.contains("\"task_hung\"") && facts.contains("\"under_way\""), "{facts}");
    assert!(!facts.contains("\"deploy_"), "{facts}");
}

/// Another variant deploys: the others have dashes there, and how the command ends depends on that deploy.
#[test]
fn some_variants_may_deploy_and_others_not() {
    let folder = folder("some-deploy");
    let deploys = "\n[[variant]]\nname = \"a deploy\"\nset = { deploy = [{ service = \"web\", at = \"10m\" }] }\n";
    fs::write(folder.join("both.toml"), format!("{NO_DEPLOY}{deploys}")).unwrap();
    let output = seatrial(&folder, &["run", "both.toml", "--out", "out"]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}");
    let row = out.lines().find(|line| line.contains("four tasks")).unwrap();
    assert_eq!(row.split_whitespace().collect::<Vec<_>>()[2..5], ["-", "-", "-"], "{out}");
    assert!(out.contains("with 0 to 1 deploys in each"), "{out}");
    assert!(folder.join("out/durations.svg").exists());
    let full = deploys.replace("set = {", "set = { \"service.web.host_port\" = 80, ");
    fs::write(folder.join("full.toml"), format!("{NO_DEPLOY}{full}")).unwrap();
    let output = seatrial(&folder, &["run", "full.toml"]);
    assert_eq!(output.status.code(), Some(3), "the one deploy that there is does not end: {}", text(&output.stdout));
}

/// What `list` prints of a system is a part of a scenario that means the same as its name.
#[test]
fn what_list_prints_can_be_pasted() {
    let folder = folder("list");
    let listed = |arguments: &[&str]| {
        let output = seatrial(&folder, &[&["list"], arguments].concat());
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""), "{arguments:?}");
        text(&output.stdout)
    };
    let rows = |scenario: &str| {
        fs::write(folder.join("pasted.toml"), scenario).unwrap();
        let output = seatrial(&folder, &["run", "pasted.toml", "--seeds", "3", "--format", "csv", "--quiet"]);
        assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let json: Value = serde_json::from_str(&listed(&["orchestrators", "--format", "json"])).unwrap();
    for system in json["orchestrators"].as_array().unwrap() {
        let name = system["name"].as_str().unwrap();
        let printed = listed(&["orchestrators", name]);
        assert!(printed.lines().all(|line| line.chars().count() <= 120), "{printed}");
        let mut tables = printed.split("\n# ");
        let short = rows(&format!("orchestrator = \"{name}\"\n{SCENARIO}"));
        assert_eq!(rows(&SCENARIO.replace("[run]", &format!("{}\n[run]", tables.next().unwrap()))), short, "{name}");
        let strategies = system["strategies"].as_array().unwrap();
        for (strategy, table) in strategies.iter().zip(tables) {
            let short = format!("strategy = {strategy}\norchestrator = \"{name}\"\n{SCENARIO}");
            let long = SCENARIO.replace("[run]", &format!("# {table}\n[run]"));
            let long = format!("orchestrator = \"{name}\"\n{long}");
            assert_eq!(rows(&long), rows(&short), "{name}: {strategy}");
        }
    }
}

#[test]
fn list_says_what_there_is() {
    let folder = folder("lists");
    let listed = |arguments: &[&str]| text(&seatrial(&folder, &[&["list"], arguments].concat()).stdout);
    let table: [(&[&str], &[&str]); 15] = [
        (&["orchestrators"], &["ecs-2015", "Amazon ECS on EC2, 2026", "one-at-a-time, rolling, free"]),
        (&["orchestrators", "ecs"], &["tick = \"10.1s\"", "from one look at a service", "[strategy.canary]", "DG"]),
        (&["strategies"], &["rolling", "ecs, ecs-2018, ecs-2015", "any combination"]),
        (&["strategies", "one-at-a-time"], &["# ecs-2015", "[strategy.one-at-a-time]"]),
        (&["strategies", "free"], &["pool.surge = \"100%\"", "slots.op = \"stop-start\""]),
        (&["placements"], &["first-fit", "spread", "ecs"]),
        (&["placements", "--format", "markdown"], &["| placement | default of |", "| --- | --- |", "| spread | ecs"]),
        (&["--format", "markdown", "orchestrators", "ecs"], &["### ecs: Amazon", "| `tick` | `\"10.1s\"` | from one"]),
        (&["strategies", "rolling", "--format", "json"], &["\"default\": \"100\"", "\"schema_version\": 1"]),
        (&["instances"], &["ECS registers", "m4.large", "7985", "7782 (E)", "2, trunking 10", "0.0464", "2026-07"]),
        (
            &["instances", "m4.large", "c5.large"],
            &[
                "instance = \"m4.large\"",
                "cpu = 2048",
                "memory = \"7985MiB\"",
                "$0.108/h in 2016-12",
                "# c5.large: 2 vCPU",
            ],
        ),
        (&["instances", "--format", "markdown"], &["| instance | vCPU | MiB |", "| m5.large | 2 | 8192 | 7680 |"]),
        (
            &["instances", "m4.large", "--format", "markdown"],
            &["### m4.large", "| `price` | `\"$0.10/h\"` | us-east-1"],
        ),
        (
            &["fargate"],
            &["8192 to 30720 by 1024", "512, 1024, 2048", "0.04048", "0.004445", "Spot, about (E)", "2019-01"],
        ),
        (&["fargate", "--format", "json"], &["\"memory_mib\"", "\"gib_usd_hour\": 0.004445", "\"spot_share\": 0.3"]),
    ];
    for (arguments, parts) in table {
        let out = listed(arguments);
        for part in parts {
            assert!(out.contains(part), "{arguments:?}: '{part}' is not in\n{out}");
        }
        let is_table = !arguments.contains(&"--format");
        assert!(!is_table || out.lines().all(|line| line.chars().count() <= 120), "{out}");
    }
    let json: Value = serde_json::from_str(&listed(&["orchestrators", "ecs", "--format", "json"])).unwrap();
    let parameter = &json["parameters"][0];
    assert_eq!((&parameter["name"], &parameter["default"]), (&"tick".into(), &"\"10.1s\"".into()));
    assert_eq!(json["strategies"][0]["name"], "rolling");
    let json: Value = serde_json::from_str(&listed(&["instances", "t2.medium", "--format", "json"])).unwrap();
    let prices = json["instances"][0]["prices"].as_array().unwrap();
    let prices: Vec<_> = prices.iter().map(|price| format!("{} {}", price["date"], price["usd_hour"])).collect();
    assert_eq!(prices, ["\"2015-08\" 0.052", "\"2016-12\" 0.047", "\"2017-11\" 0.0464", "\"2026-07\" 0.0464"]);
}

#[test]
fn help_teaches() {
    let folder = folder("help");
    let help = |arguments: &[&str]| text(&seatrial(&folder, arguments).stdout);
    assert!(help(&["--help"]).contains("Exit codes"));
    let run = help(&["run", "--help"]);
    for part in ["--seeds", "--facts", "lowest healthy", "Exit codes"] {
        assert!(run.contains(part), "'{part}' is not in\n{run}");
    }
    let list = help(&["list", "--help"]);
    for part in ["seatrial list orchestrators ecs", "placements", "[orchestrator]", "Exit codes"] {
        assert!(list.contains(part), "'{part}' is not in\n{list}");
    }
    let bare = seatrial(&folder, &[]);
    assert_eq!(bare.status.code(), Some(2), "no verb is a usage error, with the help");
    assert!(text(&bare.stderr).contains("Usage"));
}

#[test]
fn completions_and_manual_pages_name_every_verb() {
    let folder = folder("completions");
    let printed = |arguments: &[&str]| {
        let output = seatrial(&folder, arguments);
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""), "{arguments:?}");
        text(&output.stdout)
    };
    let verbs = ["run", "list", "completions", "man"];
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = printed(&["completions", shell]);
        for word in verbs.iter().chain(&["--until", "--seeds"]) {
            // Fish writes options without their dashes.
            assert!(script.contains(word.trim_start_matches('-')), "{shell}: '{word}' is not in\n{script}");
        }
    }
    let page = printed(&["man"]);
    for verb in verbs {
        assert!(page.contains(&format!("seatrial\\-{verb}(1)")), "'{verb}' is not in\n{page}");
    }
    let page = printed(&["man", "run"]);
    assert!(page.contains(".TH seatrial-run 1") && page.contains("\\-\\-until"), "{page}");
    for (verb, part) in [("completions", "~/.zfunc/_seatrial"), ("man", "man -l -"), ("run", "deploy_p95 +-2 %")] {
        assert!(printed(&[verb, "--help"]).contains(part), "{verb} --help does not teach '{part}'");
    }
}

/// An interrupt ends the run early, with what every variant had completed by then.
#[cfg(unix)]
#[test]
fn an_interrupt_saves_what_is_done() {
    let at_once = ["--seeds", "1000000"].as_slice();
    let in_batches = ["--until", "deploy_p95 +-1ms", "--at-most", "1000000"].as_slice();
    for more in [at_once, in_batches] {
        let folder = folder("interrupt");
        let mut child = Command::new(env!("CARGO_BIN_EXE_seatrial"))
            .args(["run", "web.toml", "--out", "out", "--threads", "1"])
            .args(more)
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(1_500));
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(130));
        let rows = fs::read_to_string(folder.join("out/results.csv")).unwrap();
        let lines = rows.lines().count();
        assert!(lines > 2 && lines % 2 == 1 && lines < 2_000_000, "{more:?}: {lines} lines");
    }
}

/// The front door is true: the README shows what its command prints and draws. (Golden: `seatrial run
/// scenarios/library/one-spare-host.toml --out DIR` makes the table and the pictures.)
#[test]
fn the_readme_shows_what_its_command_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = folder("readme").join("out");
    let arguments = ["run", "scenarios/library/one-spare-host.toml", "--out", out.to_str().unwrap()];
    let output = seatrial(root, &arguments);
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let table = text(&output.stdout);
    assert!(readme.contains(table.trim_end()), "the README does not show\n{table}");
    for (picture, drawn) in [
        ("durations.svg", "durations.svg"),
        ("extra-short.svg", "extra-short.svg"),
        ("money.svg", "money.svg"),
        ("tasks.svg", "tasks-1-one-spare-host.svg"),
    ] {
        let shown = fs::read(root.join("docs/images").join(picture)).unwrap();
        assert!(shown == fs::read(out.join(drawn)).unwrap(), "docs/images/{picture} is not what the command draws");
    }
}

/// So is what it shows of users. (Golden: `seatrial run scenarios/library/drain-or-cut.toml`, and of `match-day.toml` the pictures that
/// `--seeds 1 --out` draws of the third variant.)
#[test]
fn the_readme_shows_what_users_feel() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let printed = text(&seatrial(root, &["run", "scenarios/library/drain-or-cut.toml"]).stdout);
    let felt = &printed[printed.find("  what users feel").expect("it has users")..];
    assert!(readme.contains(felt.trim_end()), "the README does not show\n{felt}");
    let out = folder("readme-users").join("out");
    seatrial(root, &["run", "scenarios/library/match-day.toml", "--seeds", "1", "--out", out.to_str().unwrap()]);
    for picture in ["demand", "replicas"] {
        let shown = fs::read(root.join(format!("docs/images/{picture}.svg"))).unwrap();
        let drawn = fs::read(out.join(format!("{picture}-3-at-the-peak-minimum-50.svg"))).unwrap();
        assert!(shown == drawn, "docs/images/{picture}.svg is not what the command draws");
    }
}

#[test]
fn what_is_printed_first_begins_at_once() {
    let folder = folder("first");
    let arguments = ["run", "web.toml", "--seeds", "2", "--format", "markdown=comment.md", "--format", "csv"];
    let printed = text(&seatrial(&folder, &arguments).stdout);
    assert!(printed.starts_with("variant,seed,"), "{printed}");
}
