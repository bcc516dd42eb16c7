//! Bad input: each kind gets a clear problem at its line, several at once, and never a panic.

mod autoscaling;
mod check;
mod systems;
mod values;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use seatrial_scenarios::{Report, Scenario};

use autoscaling::AUTOSCALING;
use check::CHECKS;
use systems::{ORCHESTRATORS, STRATEGIES};
use values::TABLE;

/// A good scenario; the line of each key is its place here.
const GOOD: &str = r#"question = "How long?"
orchestrator = "ecs"
strategy = { rolling = { minimum_healthy_percent = 100 } }
placement = "spread"
[run]
seeds = 20
horizon = "3h"
[[host_group]]
name = "m5"
hosts = 6
cpu = 2048
memory = "7680MiB"
price = "$0.096/h"
agent = { push = "uniform(60ms, 100ms)" }
pre_deploy = { hosts = 5, lead = "3m" }
[[service]]
name = "web"
desired = 5
cpu = 1024
memory = "3GiB"
host_port = 80
image = { size = "400MB", shared_layers = "300MB" }
startup = "lognormal(median=8s, sigma=0.3)"
load_balancer = { kind = "alb", health_check = { interval = "30s" } }
[[deploy]]
service = "web"
at = "10m"
[[variant]]
name = "more"
set = { "host_group.m5.hosts" = 10 }
"#;

fn parse(text: &str) -> Result<Scenario, Report> {
    Scenario::parse("web.toml", text, Path::new("tests"))
}

fn problems(text: &str) -> Vec<(usize, String)> {
    let report = parse(text).err().map(|report| {
        assert!(!report.to_string().is_empty());
        report.problems().iter().map(|problem| (problem.line, format!("{problem:?}"))).collect()
    });
    report.unwrap_or_default()
}

/// The problems of the good scenario with some of its text replaced.
fn problems_with(from: &str, to: &str) -> Vec<(usize, String)> {
    assert_eq!(GOOD.matches(from).count(), 1, "{from} is there once");
    problems(&GOOD.replace(from, to))
}

#[test]
fn the_good_scenario_is_good() {
    assert_eq!(problems(GOOD), []);
}

#[test]
fn each_problem_is_at_its_line() {
    let mut failures = Vec::new();
    let line_2 = ORCHESTRATORS.iter().map(|(to, part)| ("\"ecs\"", *to, 2, *part));
    let line_3 = STRATEGIES.iter().map(|(to, part)| ("{ rolling = { minimum_healthy_percent = 100 } }", *to, 3, *part));
    for (from, to, line, part) in TABLE.iter().copied().chain(line_2).chain(line_3) {
        let problems = problems_with(from, to);
        let expected = problems.iter().any(|(at, problem)| *at == line && problem.contains(part));
        // A key that is misspelt is missing, too, and a name is missed where it is referred to.
        let misspelt = ["memry", "m 5"].iter().any(|word| to.contains(word));
        if !expected || problems.len() > 1 && !misspelt {
            failures.push(format!("{from} -> {to}: line {line}: {part}\n{problems:#?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn each_demand_that_cannot_be_checked_has_its_problem() {
    for (table, line, part) in CHECKS {
        let (top, text) = match table.strip_prefix("check") {
            // Not a table of its own, it stands before the tables.
            Some(_) => (2, GOOD.replacen('\n', &format!("\n{table}\n"), 1)),
            None => (GOOD.lines().count() + 1, format!("{GOOD}{table}\n")),
        };
        let found = problems(&text);
        let is_there = matches!(&found[..], [(at, problem)] if *at == top + line && problem.contains(part));
        assert!(is_there, "{table}: {part}\n{found:#?}");
    }
    let found = problems_with("host_group.m5.hosts\" = 10", "check.deploy_p95\" = \"<= 5m\"");
    assert!(found[0].1.contains("check is the same for all variants"), "{found:#?}");
}

#[test]
fn each_bad_autoscaling_has_its_problem() {
    for (value, part) in AUTOSCALING {
        let load = "{ rate = \"5/s\", capacity_per_task = \"9/s\" }";
        let with = format!("desired = 5\nautoscaling = {value}\nload = {load}");
        let found = problems_with("desired = 5", &with);
        assert!(matches!(&found[..], [(19, problem)] if problem.contains(part)), "{value}: {part}\n{found:#?}");
    }
}

#[test]
fn the_parts_of_a_scenario_must_be_there() {
    for (key, from, message) in [
        ("host_group", 8, "host_group is missing"),
        ("service", 16, "service is missing"),
        ("deploy", 25, "nothing happens in it"),
    ] {
        let lines: Vec<&str> = GOOD.lines().collect();
        let header = format!("[[{key}]]");
        let end = from + lines[from..].iter().position(|line| line.starts_with("[[")).unwrap();
        let without = [&lines[..from - 1], &lines[end..27]].concat().join("\n");
        let found = problems(&without);
        assert!(found.iter().any(|(line, problem)| *line == 1 && problem.contains(message)), "{found:#?}");
        let found = problems(&GOOD.replace(&header, &format!("[{key}]")));
        assert!(found.iter().any(|(_, problem)| problem.contains(&format!("write [[{key}]]"))), "{found:#?}");
        let twice = format!("{}\n{}", GOOD, lines[from - 1..end].join("\n"));
        let found = problems(&twice);
        assert!(found.iter().all(|(line, _)| *line > 30) && !found.is_empty(), "{found:#?}");
    }
}

#[test]
fn several_problems_are_reported_at_once_and_once_only() {
    let text = GOOD
        .replace("hosts = 6\n", "hosts = 0\n")
        .replace("desired = 5", "desired = -5")
        .replace("sigma=0.3", "sigma=9")
        .replace(
            "= 10 }",
            "= 0, \"service.web.desired\" = 0 }\n[[variant]]\nname = \"less\"\nset = { \"service.web.cpu\" = 1 }",
        );
    let lines: Vec<usize> = problems(&text).iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [10, 18, 23, 30, 30]);
}

#[test]
fn a_problem_reads_well() {
    let report = parse(&GOOD.replace("\"spread\"", "\"bin-pack\"")).unwrap_err();
    let expected = "\
error: placement: there is no 'bin-pack'
 --> web.toml:4:13
  |
4 | placement = \"bin-pack\"
  |             ^^^^^^^^^^
  |
  = help: did you mean 'binpack'? there are: binpack, first-fit, kubernetes, least-tasks, nomad, random, random-offers, spread, swarm";
    assert_eq!(report.to_string(), expected);
}

/// A path for one test's file; the caller removes it.
fn temporary(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("seatrial-{}-{name}", std::process::id()))
}

#[test]
fn what_is_no_text_file_is_said_to_be_so() {
    let load = |path: &Path| Scenario::load(path).unwrap_err().to_string();
    assert!(load(Path::new("nowhere.toml")).contains("nowhere.toml: no such file"));
    assert!(load(Path::new("tests")).contains("tests: a directory"));

    let huge = temporary("huge.toml");
    File::create(&huge).and_then(|file| file.set_len(1 << 30)).unwrap();
    assert!(load(&huge).contains("too large: 1073741824 bytes"));
    fs::remove_file(huge).unwrap();

    let binary = temporary("binary.toml");
    fs::write(&binary, b"question = \"?\"\nname = \"\xff\"\n").unwrap();
    let report = Scenario::load(&binary).unwrap_err();
    assert_eq!(report.problems()[0].line, 2);
    assert!(report.to_string().contains("not UTF-8: the byte at offset 23"), "{report}");
    fs::remove_file(binary).unwrap();

    for text in ["", "\n\n", "# nothing\n"] {
        assert!(problems(text)[0].1.contains("an empty scenario"));
    }
}

#[test]
fn a_deep_or_wide_file_is_refused_in_time() {
    let deep = 100_000;
    for text in [
        format!("a = {}{}", "[".repeat(deep), "]".repeat(deep)),
        "[".repeat(deep),
        format!("a = {}1{}", "{ a = ".repeat(deep), " }".repeat(deep)),
        format!("a{} = 1", ".a".repeat(deep)),
        format!("[a{}]", ".a".repeat(deep)),
        format!("a = {}1{}", format!("{{ {}a = ", "a.".repeat(70)).repeat(70), " }".repeat(70)),
        (0..deep / 10).map(|key| format!("k{key} = 1")).collect::<Vec<_>>().join("\n"),
        "[[service]]\n".repeat(deep),
        GOOD.replace("m5.hosts", &"a.".repeat(deep)),
        GOOD.replace("\"m5\"", &format!("\"{}\"", "m".repeat(deep))),
        "=\n".repeat(deep),
        "\u{0}".repeat(deep),
    ] {
        assert!(!problems(&text).is_empty());
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        problems(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_characters_make_it_panic(text in "[-a-z0-9 =.,\"'{}\\[\\]#\n\t\r\u{feff}é]{0,200}") {
        problems(&text);
    }

    #[test]
    fn no_change_of_a_scenario_makes_it_panic(cuts in prop::collection::vec((any::<prop::sample::Index>(), 0..40_usize, "[-0-9a-z\"=.,{}\\[\\]()\n é]{0,6}"), 1..5)) {
        let mut text: Vec<char> = GOOD.chars().collect();
        for (at, length, new) in cuts {
            let at = at.index(text.len() + 1);
            text.splice(at..(at + length).min(text.len()), new.chars());
        }
        problems(&text.into_iter().collect::<String>());
    }

    #[test]
    fn no_value_makes_it_panic(line in 0..30_usize, value in "-?[0-9]{0,12}|\"[-0-9.]{0,9}[a-zA-Z]{0,3}\"|\"(uniform|lognormal|exponential|empirical)\\([-0-9a-z=., ]{0,16}\\)\"|\\[\\]|\\{\\}") {
        let lines: Vec<String> = GOOD.lines().enumerate().map(|(at, text)| match text.split_once(" = ") {
            Some((key, _)) if at == line => format!("{key} = {value}"),
            _ => text.into(),
        }).collect();
        problems(&lines.join("\n"));
    }
}

#[test]
fn what_is_asked_is_in_order() {
    let deploys = GOOD.replace("at = \"10m\"", "at = \"10m\"\nrollback = true");
    let found = problems(&deploys);
    assert!(found.len() == 1 && found[0].0 == 28 && found[0].1.contains("no deploy of this service comes before it"));
    let scale = "[[scale]]\nservice = \"web\"\nat = 0\ndesired = 2\n";
    let found = problems(&GOOD.replace("[[variant]]", &format!("{scale}{scale}[[variant]]")));
    assert!(found.len() == 1 && found[0].0 == 34 && found[0].1.contains("a second change of this service at the same"));
}

/// A variant that changes only the system is told that the strategy is the file's.
#[test]
fn a_strategy_that_the_system_of_a_variant_does_not_offer_is_shown_where_it_is_written() {
    let variant = |text: &str| format!("[[variant]]\nname = \"old\"\norchestrator = \"ecs-2015\"\n{text}");
    let canary = GOOD.replace("{ rolling = { minimum_healthy_percent = 100 } }", "\"canary\"");
    let report = parse(&format!("{canary}{}", variant(""))).unwrap_err();
    let expected = "\
error: strategy: ecs-2015 offers no strategy 'canary' (in the variant 'old')
 --> web.toml:3:12
  |
3 | strategy = \"canary\"
  |            ^^^^^^^^
  |
  = help: give the variant a strategy of its own; there are: one-at-a-time, rolling, free";
    assert_eq!(report.to_string(), expected);
    assert_eq!(problems(&format!("{canary}{}", variant("strategy = \"rolling\""))), []);

    let breaker = GOOD.replace("minimum_healthy_percent = 100", "circuit_breaker = true");
    let found = problems(&format!("{breaker}{}", variant("")));
    let part = "the strategy rolling of ecs-2015 has no parameter 'circuit_breaker'";
    assert!(found.len() == 1 && found[0].0 == 3 && found[0].1.contains(part), "{found:?}");
    let found = problems(&format!("{GOOD}{}", variant("strategy = \"canary\"")));
    assert_eq!((found.len(), found[0].0), (1, 34), "{found:?}");
}

/// Each number may be large; together they must fit in memory.
#[test]
fn a_model_that_no_machine_could_hold_is_refused() {
    let group = |i: usize| format!("[[host_group]]\nname = \"g{i}\"\nhosts = 100000\ncpu = 64\nmemory = \"64MiB\"\n");
    let groups: String = (0..11).map(group).collect();
    let found = problems(&GOOD.replace("[[service]]", &format!("{groups}[[service]]")));
    assert!(found.iter().any(|(line, problem)| *line == 66 && problem.contains("1100011 hosts in all")), "{found:#?}");
    let scaled = |i: usize| {
        let service = format!("[[service]]\nname = \"s{i}\"\ndesired = 1\nmemory = \"1MiB\"\n");
        format!("{service}[[scale]]\nservice = \"s{i}\"\nat = \"1m\"\ndesired = 100000\n")
    };
    let scaled = (0..11).map(scaled).collect::<Vec<_>>().concat();
    let found = problems(&GOOD.replace("[[deploy]]", &format!("{scaled}[[deploy]]")));
    assert!(found.iter().any(|(_, problem)| problem.contains("1100005 tasks in all")), "{found:#?}");
}
