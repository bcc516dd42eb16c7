//! `seatrial check` as its users meet it: regressions that are caught, noise that is not, and baselines that cannot be used.

#![expect(clippy::unwrap_used, reason = "a test may; clippy's own exception stops at helper functions")]

#[path = "support/command.rs"]
mod command;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use command::{command, empty_folder, seatrial};

const SCENARIO: &str = r#"
question = "One spare host, or five?"

[run]
seeds = 60
horizon = "2h"

[[host_group]]
name = "m5"
hosts = 6
cpu = 2048
memory = "7680MiB"
price = "$0.096/h"
agent = { poll = "20s" }

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

[check]
deploy_mean = "max +0%"
deploy_p50 = "max +0%"
deploy_p95 = "max +0%"
unfinished = "= 0"
extra_replica_s = "max +0%"
"#;

/// A folder of its own for each test, with the scenario in it.
fn folder(name: &str) -> PathBuf {
    let folder = empty_folder("check", name);
    fs::write(folder.join("web.toml"), SCENARIO).unwrap();
    folder
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// How it ended, and what it printed.
fn said(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

/// Writes the baseline of `web.toml`.
fn update(folder: &Path, more: &[&str]) {
    let arguments = ["check", "web.toml", "--baseline", "baseline.toml", "--update", "--quiet"];
    let (code, out) = said(&seatrial(folder, &[&arguments[..], more].concat()));
    assert_eq!(code, Some(0), "{out}");
}

/// Checks `web.toml` against it.
fn check(folder: &Path, more: &[&str]) -> (Option<i32>, String) {
    said(&seatrial(folder, &[&["check", "web.toml", "--baseline", "baseline.toml", "--quiet"][..], more].concat()))
}

/// Edits the scenario, of which the text to be replaced is a part.
fn edit(folder: &Path, from: &str, to: &str) {
    let file = folder.join("web.toml");
    let before = fs::read_to_string(&file).unwrap();
    assert!(before.contains(from), "{from} is not there");
    fs::write(file, before.replace(from, to)).unwrap();
}

#[test]
fn the_same_seeds_of_an_unchanged_scenario_pass_and_nothing_changed() {
    let folder = folder("unchanged");
    update(&folder, &[]);
    let (code, out) = check(&folder, &["--exact", "--strict"]);
    let expected = "\
web.toml: 2 variants, 10 criteria on 60 seeds: 10 met
  nothing changed since baseline.toml: the same numbers with 60 seeds, the same facts with 3

PASS: all of 10 criteria are met; nothing changed in 1 scenario
";
    assert_eq!((code, out.as_str()), (Some(0), expected));
    edit(&folder, "question", "# A comment changes nothing.\nquestion");
    assert_eq!(check(&folder, &["--exact"]).0, Some(0));
}

#[test]
fn a_baseline_and_a_verdict_are_the_same_on_any_number_of_threads() {
    let folder = folder("threads");
    let of = |threads: &str| {
        update(&folder, &["--threads", threads]);
        fs::read(folder.join("baseline.toml")).unwrap()
    };
    assert!(of("1") == of("8"));
    edit(&folder, "poll = \"20s\"", "poll = \"25s\"");
    assert_eq!(check(&folder, &["--threads", "1", "--verbose"]), check(&folder, &["--threads", "8", "--verbose"]));
}

/// A regression in a scenario of the library: what is edited, and what the check says of it.
struct Regression {
    scenario: &'static str,
    edit: (&'static str, &'static str),
    seeds: &'static str,
    said: &'static [&'static str],
}

const REGRESSIONS: [Regression; 4] = [
    // Twice 300 s in place of twice 30 s.
    Regression {
        scenario: "default-alb",
        edit: ("deregistration_delay\" = \"30s\"", "deregistration_delay\" = \"300s\""),
        seeds: "100",
        said: &[
            "FAIL  \"drain 30 s\": deploy_p95",
            "default-alb.toml:76: deploy_p95 = \"max +10%\"",
            "the difference is in: drain +9m 00s",
            "target gone (web, task 0) does not come until",
        ],
    },
    // Five tasks of which a host holds one, on five hosts.
    Regression {
        scenario: "one-spare-host",
        edit: ("hosts = 6\n", "hosts = 5\n"),
        seeds: "100",
        said: &["FAIL  \"one spare host\": unfinished 100 %", "new tasks fit nowhere: memory on 5 of 5 hosts"],
    },
    // Seven tasks at most in place of ten.
    Regression {
        scenario: "double-the-hosts",
        edit: ("maximum_percent = 200", "maximum_percent = 150"),
        seeds: "100",
        said: &["FAIL  \"five spare hosts\": deploy_p95", "the difference is in: stop +"],
    },
    // A zone's hosts are full before the scaler has others there.
    Regression {
        scenario: "match-day",
        edit: ("\nquestion", "\nplacement = { score = \"if(zone == 'a', 1000, 0) - tasks\" }\nquestion"),
        seeds: "20",
        said: &[
            "FAIL  \"at the peak\": minutes_below_floor",
            "seed 1, at the start: host c5-2 was chosen for a task of site instead of c5-1",
        ],
    },
];

#[test]
fn real_regressions_are_caught_in_the_library_and_the_phase_and_the_first_fact_are_named() {
    let folder = empty_folder("check", "regressions");
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/library");
    fs::copy(library.join("match-day.csv"), folder.join("match-day.csv")).unwrap();
    for Regression { scenario, edit: (from, to), seeds, said: parts } in REGRESSIONS {
        let name = format!("{scenario}.toml");
        let good = fs::read_to_string(library.join(&name)).unwrap();
        fs::write(folder.join(&name), &good).unwrap();
        let arguments = ["check", &name, "--baseline", "baseline.toml", "--quiet"];
        let updated = seatrial(&folder, &[&arguments[..], &["--update", "--seeds", seeds]].concat());
        assert_eq!(said(&updated).0, Some(0), "{scenario}");
        assert!(good.contains(from), "{from} is not in {scenario}");
        fs::write(folder.join(&name), good.replace(from, to)).unwrap();
        let (code, out) = said(&seatrial(&folder, &arguments));
        assert_eq!(code, Some(1), "{scenario}: {out}");
        for part in parts {
            assert!(out.contains(part), "{scenario}: '{part}' is not in\n{out}");
        }
    }
}

/// 200 checks of an unchanged scenario, each on seeds that its baseline does not have, at the level that the help states.
#[test]
fn noise_fails_at_most_one_check_in_twenty() {
    const CHECKS: u64 = 200;
    let alarms = |share: u64| {
        let folder = folder(&format!("noise-{share}"));
        (0..CHECKS / 2)
            .map(|n| 2 * n + share)
            .filter(|n| {
                let [seed, other] = [n * 1_000, n * 1_000 + 500].map(|seed| seed.to_string());
                update(&folder, &["--seed", &seed, "--threads", "1"]);
                let (code, out) = check(&folder, &["--seed", &other, "--threads", "1"]);
                assert!(matches!(code, Some(0 | 1)) && out.contains("other seeds than those"), "{out}");
                code == Some(1)
            })
            .count()
    };
    let both = thread::scope(|scope| {
        let other = scope.spawn(|| alarms(1));
        alarms(0) + other.join().unwrap()
    });
    assert!(both <= 10, "{both} of {CHECKS} checks failed");
}

#[test]
fn more_seeds_are_played_until_everything_is_decided() {
    let folder = folder("looks");
    update(&folder, &["--seeds", "400"]);
    let seeds = |more: &[&str]| {
        let (code, out) = check(&folder, more);
        (code, out.split(" criteria on ").nth(1).unwrap().split(' ').next().unwrap().to_string())
    };
    // Other noise, and far less than is allowed: half of the seeds tell.
    edit(&folder, "poll = \"20s\"", "poll = \"20.5s\"");
    edit(&folder, "max +0%", "max +50%");
    edit(&folder, "unfinished = \"= 0\"\n", "");
    assert_eq!(seeds(&[]), (Some(0), "200".into()));
    assert_eq!(seeds(&["--seeds", "80"]), (Some(0), "80".into()));
    assert_eq!(seeds(&["--seeds", "2000"]), (Some(0), "200".into()), "half of those that there are in both");
    // What is demanded of every run takes all of them.
    edit(&folder, "[check]\n", "[check]\nunfinished = \"= 0\"\n");
    assert_eq!(seeds(&[]), (Some(0), "400".into()));
}

#[test]
fn a_baseline_among_the_scenarios_and_a_scenario_twice_are_passed_over() {
    let folder = folder("glob");
    let glob = ["check", "web.toml", "baseline.toml", "./web.toml", "--baseline", "baseline.toml", "--quiet"];
    for _ in 0..2 {
        let (code, out) = said(&seatrial(&folder, &[&glob[..], &["--update", "--seeds", "2"]].concat()));
        assert_eq!((code, out.lines().count()), (Some(0), 1), "{out}");
        let (code, out) = said(&seatrial(&folder, &glob));
        assert_eq!((code, out.matches("2 variants").count()), (Some(0), 1), "{out}");
    }
    let alone = said(&seatrial(&folder, &["check", "baseline.toml", "--baseline", "baseline.toml"]));
    assert_eq!((alone.0, alone.1.contains("no scenario among the files")), (Some(2), true), "{}", alone.1);
}

#[test]
fn what_is_undecided_is_a_warning_and_fails_where_one_is_strict() {
    let folder = folder("undecided");
    update(&folder, &["--seeds", "20"]);
    // Other noise, and too few seeds for a p95.
    edit(&folder, "poll = \"20s\"", "poll = \"20.5s\"");
    edit(&folder, "deploy_mean = \"max +0%\"\ndeploy_p50 = \"max +0%\"\n", "");
    edit(&folder, "extra_replica_s = \"max +0%\"\n", "");
    let (code, out) = check(&folder, &[]);
    assert_eq!(code, Some(0), "{out}");
    for part in [
        "OPEN  \"one spare host\": deploy_p95",
        "20 seeds are too few: it takes 59 (--update --seeds N keeps more)",
        "undecided",
    ] {
        assert!(out.contains(part), "'{part}' is not in\n{out}");
    }
    let (code, out) = check(&folder, &["--strict"]);
    assert_eq!((code, out.contains("which --strict does not allow")), (Some(1), true), "{out}");
}

#[test]
fn absolute_demands_need_no_baseline() {
    let folder = folder("absolute");
    edit(&folder, SCENARIO.split_once("[check]").unwrap().1, "\ndeploy_p50 = \"<= 10m\"\nunfinished = \"= 0\"\n");
    let run = |more: &[&str]| said(&seatrial(&folder, &[&["check", "web.toml", "--quiet"][..], more].concat()));
    assert_eq!(run(&[]).0, Some(0), "{}", run(&[]).1);
    edit(&folder, "<= 10m", "<= 1m");
    let (code, out) = run(&[]);
    assert_eq!(code, Some(1));
    assert!(out.contains("web.toml:36: deploy_p50 = \"<= 1m\""), "{out}");
}

/// Another build is one that reads another scenario.
#[cfg(unix)]
#[test]
fn another_build_plays_the_same_seeds() {
    use std::os::unix::fs::PermissionsExt;

    let folder = folder("against");
    fs::create_dir(folder.join("other")).unwrap();
    let build = folder.join("build");
    let script = format!("#!/bin/sh\ncd other && exec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_seatrial"));
    fs::write(&build, script).unwrap();
    fs::set_permissions(&build, fs::Permissions::from_mode(0o755)).unwrap();
    let run = || said(&seatrial(&folder, &["check", "web.toml", "--against", "./build", "--quiet", "--seeds", "60"]));
    fs::write(folder.join("other/web.toml"), SCENARIO).unwrap();
    let (code, out) = run();
    assert_eq!((code, out.contains("nothing changed since ./build")), (Some(0), true), "{out}");
    // There deploys drain for 20 s, and here for 30 s.
    fs::write(folder.join("other/web.toml"), SCENARIO.replace("\"30s\"", "\"20s\"")).unwrap();
    let (code, out) = run();
    assert_eq!(code, Some(1), "{out}");
    for part in
        ["FAIL  \"one spare host\": deploy_mean", "changed since ./build: 2 of 2 variants", "target gone (web, task"]
    {
        assert!(out.contains(part), "'{part}' is not in\n{out}");
    }
    fs::write(folder.join("other/web.toml"), "question = 5").unwrap();
    let (code, out) = run();
    assert_eq!((code, out.contains("./build ended with exit status: 2")), (Some(2), true), "{out}");
    let (code, out) = said(&seatrial(&folder, &["check", "web.toml", "--against", "./nowhere"]));
    assert_eq!((code, out.contains("./nowhere cannot be run")), (Some(2), true), "{out}");
    let (code, out) = said(&seatrial(&folder, &["check", "web.toml", "--against", "/bin/true"]));
    assert_eq!((code, out.contains("/bin/true wrote no baseline that can be used")), (Some(2), true), "{out}");
    // How another build ends is how the check does.
    for ends in [3, 130] {
        fs::write(&build, format!("#!/bin/sh\nexit {ends}\n")).unwrap();
        assert_eq!(run().0, Some(ends));
    }
}

/// The front door is true: the README and the page about checks show what the command prints. (Golden: a copy of
/// `double-the-hosts.toml`, checked after its maximum percent was lowered from 200 to 150.)
#[test]
fn the_readme_and_the_docs_show_what_a_check_prints() {
    let folder = empty_folder("check", "docs");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let good = fs::read_to_string(root.join("scenarios/library/double-the-hosts.toml")).unwrap();
    let file = folder.join("double-the-hosts.toml");
    let arguments = ["check", "double-the-hosts.toml", "--baseline", "baseline.toml"];
    fs::write(&file, &good).unwrap();
    assert_eq!(said(&seatrial(&folder, &[&arguments[..], &["--update"]].concat())).0, Some(0));
    fs::write(&file, good.replace("maximum_percent = 200", "maximum_percent = 150")).unwrap();
    let (code, printed) = said(&seatrial(&folder, &arguments));
    assert_eq!(code, Some(1), "{printed}");
    let docs = fs::read_to_string(root.join("docs/check.md")).unwrap();
    assert!(docs.contains(printed.trim_end()), "docs/check.md does not show\n{printed}");
    let short: Vec<&str> = printed.lines().take(4).collect();
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    assert!(readme.contains(&short.join("\n")), "the README does not show\n{}", short.join("\n"));
}

#[test]
fn what_cannot_be_checked_is_said_before_anything_is_played() {
    let folder = folder("questions");
    update(&folder, &["--seeds", "2"]);
    let fails = |arguments: &[&str], parts: &[&str]| {
        let (code, out) = said(&seatrial(&folder, arguments));
        assert_eq!(code, Some(2), "{arguments:?}: {out}");
        for part in parts {
            assert!(out.contains(part), "{arguments:?}: '{part}' is not in\n{out}");
        }
    };
    fails(&["check", "web.toml"], &["web.toml:36: deploy_mean = \"max +0%\" is against a baseline", "--update"]);
    fails(&["check", "web.toml", "--exact"], &["nothing to compare with", "--against"]);
    fails(
        &["check", "web.toml", "--baseline", "baseline.toml", "--exact", "--seed", "9"],
        &["--exact compares the same seeds, and those of baseline.toml begin with 1", "leave --seed out"],
    );
    fails(&["check", "web.toml", "--baseline", "none.toml"], &["none.toml: no such file", "--update"]);
    fails(&["check", "web.toml", "--update"], &["--baseline"]);
    fails(&["check", "web.toml", "--baseline", "baseline.toml", "--format", "yaml"], &["there are: text, json, junit"]);
    fs::write(folder.join("api.toml"), SCENARIO).unwrap();
    fails(
        &["check", "api.toml", "web.toml", "--baseline", "baseline.toml"],
        &["api.toml is not in baseline.toml", "add it with --update"],
    );
    fs::write(folder.join("bare.toml"), SCENARIO.split_once("[check]").unwrap().0).unwrap();
    fails(&["check", "bare.toml"], &["bare.toml: nothing is demanded: [check] is missing or empty", "--exact"]);
    let felt = format!("{SCENARIO}failed_requests = \"= 0\"\n");
    fs::write(folder.join("web.toml"), felt).unwrap();
    fails(
        &["check", "web.toml", "--baseline", "baseline.toml", "--quiet"],
        &["web.toml:41: no variant has failed_requests", "a service with a load"],
    );
}

#[test]
fn a_baseline_that_cannot_be_used_is_refused_and_left_as_it_is() {
    let folder = folder("refused");
    update(&folder, &["--seeds", "3"]);
    let file = folder.join("baseline.toml");
    let good = fs::read_to_string(&file).unwrap();
    let refused = |text: &str, parts: &[&str]| {
        fs::write(&file, text).unwrap();
        for more in [&[][..], &["--update"]] {
            let (code, out) = check(&folder, more);
            assert_eq!(code, Some(2), "{out}");
            for part in parts {
                assert!(out.contains(part), "'{part}' is not in\n{out}");
            }
            assert_eq!(fs::read_to_string(&file).unwrap(), text, "it is as it was");
        }
    };
    refused(&good.replace("schema_version = 1", "schema_version = 9"), &["its schema_version is 9", "--update"]);
    refused(&good.replace("deploy_s = \"", "deploy_s = \"1"), &["edited or cut short", "version control"]);
    for end in [0, good.len() / 3, good.len() - 2] {
        refused(&good[..end], &["--update"]);
    }
    refused("question = \"?\"\n", &["not a baseline"]);
    refused(&good.replacen("[[scenario]]", "<<<<<<< HEAD\n[[scenario]]", 1), &["merge conflict", "take either side"]);
    // A variant that came later.
    fs::write(&file, &good).unwrap();
    edit(&folder, "name = \"five spare hosts\"", "name = \"five\"");
    let (code, out) = check(&folder, &[]);
    assert_eq!(code, Some(2));
    assert!(out.contains("baseline.toml has no variant 'five'") && out.contains("--update"), "{out}");
    assert_eq!(fs::read_to_string(&file).unwrap(), good);
}

#[test]
fn an_update_keeps_the_other_scenarios_and_the_number_of_seeds() {
    let folder = folder("update");
    fs::create_dir(folder.join("more")).unwrap();
    fs::write(folder.join("more/api.toml"), SCENARIO).unwrap();
    update(&folder, &["--seeds", "4", "--seed", "7"]);
    let arguments = ["check", "more/api.toml", "--baseline", "baseline.toml", "--update", "--seeds", "2"];
    let (_, out) = said(&seatrial(&folder, &arguments));
    assert_eq!(out, "more/api.toml: new, 2 seeds\n");
    // From another folder it is the same file.
    let elsewhere = ["check", "api.toml", "../web.toml", "--baseline", "../baseline.toml", "--update"];
    let before = fs::read(folder.join("baseline.toml")).unwrap();
    let (_, out) = said(&seatrial(&folder.join("more"), &elsewhere));
    assert_eq!(out, "more/api.toml: as it was, 2 seeds\nweb.toml: as it was, 4 seeds\n");
    assert!(fs::read(folder.join("baseline.toml")).unwrap() == before);
    edit(&folder, "\"30s\"", "\"31s\"");
    let (_, out) = said(&seatrial(&folder.join("more"), &elsewhere));
    assert_eq!(out, "more/api.toml: as it was, 2 seeds\nweb.toml: changed, 4 seeds\n");
    fs::remove_file(folder.join("more/api.toml")).unwrap();
    let (_, out) = said(&seatrial(&folder, &["check", "web.toml", "--baseline", "baseline.toml", "--update"]));
    assert_eq!(out, "web.toml: as it was, 4 seeds\nmore/api.toml: left out, for there is no such file\n");
}

#[test]
fn what_a_baseline_cannot_keep_is_refused_before_anything_is_played() {
    let folder = folder("unkept");
    let refused = |arguments: &[&str], part: &str| {
        let (code, out) = said(&seatrial(&folder, arguments));
        assert_eq!((code, out.contains(part)), (Some(2), true), "{out}");
    };
    refused(
        &["check", "web.toml", "--baseline", "nowhere/b.toml", "--update"],
        "nowhere/b.toml: there is no such folder",
    );
    refused(&["check", "web.toml", "--baseline", ".", "--update"], ".: not a file");
    let file = fs::File::open(folder.join("web.toml")).unwrap();
    let arguments = ["check", "-", "--baseline", "b.toml", "--update"];
    let output = command(&folder, &arguments).stdin(file).output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).contains("the standard input is none")), (Some(2), true));
    assert!(!folder.join("b.toml").exists());
}

/// Killed at a dozen moments, the file is the old one or the new one.
#[test]
fn an_update_that_is_killed_never_leaves_a_broken_baseline() {
    const KILLS: usize = 12;
    let folder = folder("killed");
    update(&folder, &["--seeds", "2"]);
    let file = folder.join("baseline.toml");
    let old = fs::read_to_string(&file).unwrap();
    let arguments = ["check", "web.toml", "--baseline", "baseline.toml", "--update", "--quiet", "--seeds", "400"];
    let began = Instant::now();
    assert_eq!(said(&seatrial(&folder, &arguments)).0, Some(0));
    let takes = began.elapsed();
    let new = fs::read_to_string(&file).unwrap();
    let mut seen = BTreeSet::new();
    for share in (1..).map(|n: u32| f64::from(n * 7_919 % 1_000) / 1_000.0).take(KILLS) {
        fs::write(&file, &old).unwrap();
        let mut child = command(&folder, &arguments).stdout(Stdio::null()).spawn().unwrap();
        thread::sleep(takes.mul_f64(1.1 * share));
        child.kill().unwrap();
        child.wait().unwrap();
        let left = fs::read_to_string(&file).unwrap();
        assert!(left == old || left == new, "killed after {share} of the time");
        seen.insert(left == new);
    }
    assert!(seen.contains(&false), "it was killed before the end");
}

#[cfg(unix)]
#[test]
fn an_update_that_is_interrupted_leaves_the_baseline_as_it_was() {
    let folder = folder("interrupted");
    update(&folder, &["--seeds", "2"]);
    let file = folder.join("baseline.toml");
    let old = fs::read_to_string(&file).unwrap();
    let arguments = ["check", "web.toml", "--baseline", "baseline.toml", "--update", "--seeds", "200000"];
    let child = command(&folder, &arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    thread::sleep(Duration::from_millis(500));
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).contains("baseline.toml is as it was")), (Some(130), true));
    assert_eq!(fs::read_to_string(&file).unwrap(), old);
}
