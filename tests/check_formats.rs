//! The formats of a check as CI servers meet them: written by the command, and read by programs of others.
//!
//! Those come with `source .ci/validators`. Where one is missing, the tests that need it say so and go on.

#![expect(clippy::unwrap_used, reason = "a test may; clippy's own exception stops at helper functions")]

#[path = "support/command.rs"]
mod command;
#[path = "support/validators.rs"]
mod validators;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use command::{command, empty_folder, seatrial};
use serde_json::Value;
use validators::Documents;

/// Two variants, the second with a name that is markup, and more than one kind of criterion.
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
name = "five | <b>spare</b> `hosts`, 100 % \"sure\" [x](y)"
set = { "host_group.m5.hosts" = 10 }

[check]
deploy_p50 = "max +10%"
cost_per_month = "max +$50"
lowest_healthy = ">= 90%"
"#;

const FORMATS: [&str; 5] = [
    "--format=json=check.json",
    "--format=junit=junit.xml",
    "--format=github=annotations.txt",
    "--format=gitlab=code-quality.json",
    "--format=markdown=comment.md",
];

/// A folder of its own with the scenario, and its baseline.
fn folder(name: &str) -> PathBuf {
    let folder = empty_folder("check-formats", name);
    fs::write(folder.join("web.toml"), SCENARIO).unwrap();
    let output = check(&folder, &["--update"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

/// Drains take ten times as long, and there is one host more.
fn make_it_worse(folder: &Path) {
    let worse = SCENARIO.replace("\"30s\"", "\"300s\"").replace("hosts = 6", "hosts = 7");
    fs::write(folder.join("web.toml"), worse).unwrap();
}

fn check(folder: &Path, arguments: &[&str]) -> Output {
    let before = ["check", "web.toml", "--baseline", "baseline.toml", "--quiet"];
    seatrial(folder, &[&before, arguments].concat())
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

/// That the files are what their formats say.
fn are_valid(folder: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schemas = [
        ("check.json", root.join("docs/schemas/check.schema.json")),
        ("code-quality.json", root.join("tests/schemas/gitlab-code-quality.schema.json")),
    ];
    for (name, schema) in schemas {
        Documents { folder, documents: &[(name.into(), read(folder, name))] }.are_json_of(&schema);
    }
    Documents { folder, documents: &[("junit.xml".into(), read(folder, "junit.xml"))] }.are_junit();
}

/// Longer drains make both variants slower than a tenth. The seventh host costs 730 h x $0.096 = $70.08 a month, $20.08 more than
/// the first variant may; the second has ten hosts as before.
#[test]
fn a_regression_is_told_alike_in_every_format() {
    let folder = folder("regression");
    make_it_worse(&folder);
    let output = check(&folder, &[&["--format=text"], &FORMATS[..]].concat());
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(1), &b""[..]));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.ends_with("\nFAIL: 3 of 6 criteria are not met\n"), "{text}");
    are_valid(&folder);

    let json: Value = serde_json::from_str(&read(&folder, "check.json")).unwrap();
    assert_eq!(json["verdict"], "fail");
    assert_eq!(json["criteria"], serde_json::json!({ "met": 3, "not_met": 3, "undecided": 0 }));
    let cases = json["scenarios"][0]["cases"].as_array().unwrap();
    let verdicts: Vec<_> = cases.iter().map(|case| case["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["fail", "fail", "fail", "pass", "pass", "pass"]);
    let [measure, line, difference] = ["measure", "line", "difference"].map(|key| &cases[2][key]);
    assert_eq!((measure, line, difference), (&"cost_per_month".into(), &36.into(), &70.08.into()));

    let junit = read(&folder, "junit.xml");
    assert!(junit.contains("<testsuites name=\"seatrial check\" tests=\"6\" failures=\"3\" errors=\"0\">"), "{junit}");
    assert_eq!((junit.matches("<testcase ").count(), junit.matches("<failure ").count()), (6, 3));

    let annotations = read(&folder, "annotations.txt");
    let with = |start: &str| annotations.lines().filter(|line| line.starts_with(start)).count();
    let errors = [35, 36].map(|line| with(&format!("::error file=web.toml,line={line},title=")));
    assert_eq!((errors, with("::notice file=web.toml,line=1,title=")), ([2, 1], 2));

    let issues: Vec<Value> = serde_json::from_str(&read(&folder, "code-quality.json")).unwrap();
    let severities: Vec<_> = issues.iter().map(|issue| issue["severity"].as_str().unwrap()).collect();
    assert_eq!(severities, ["major", "major", "major", "info", "info"]);

    let comment = read(&folder, "comment.md");
    assert!(comment.starts_with("**FAIL**: this change makes deploys of "), "{comment}");
    assert!(comment.contains("| \\$490.56 | \\$420.48 | +\\$70.08 "), "7 and 6 hosts of \\$70.08 each: {comment}");
}

#[test]
fn the_same_question_has_the_same_bytes_on_any_number_of_threads() {
    let folder = folder("bytes");
    make_it_worse(&folder);
    let names = ["check.json", "junit.xml", "annotations.txt", "code-quality.json", "comment.md"];
    let [one, two] = ["1", "2"].map(|threads| {
        check(&folder, &[&["--threads", threads], &FORMATS[..]].concat());
        names.map(|name| read(&folder, name))
    });
    for ((name, one), two) in names.iter().zip(one).zip(two) {
        assert_eq!(one, two, "{name}");
    }
}

#[test]
fn where_nothing_changed_there_is_nothing_to_look_at() {
    let folder = folder("unchanged");
    let output = check(&folder, &[&["--exact"], &FORMATS[..]].concat());
    assert_eq!(output.status.code(), Some(0));
    are_valid(&folder);
    assert_eq!(read(&folder, "annotations.txt"), "PASS: all of 6 criteria are met; nothing changed in 1 scenario\n");
    assert_eq!(read(&folder, "code-quality.json"), "[]\n");
    assert!(read(&folder, "comment.md").starts_with("**PASS**: nothing changed\n"));
    let junit = read(&folder, "junit.xml");
    assert_eq!((junit.matches("<testcase ").count(), junit.matches("<failure ").count()), (7, 0), "one for the change");
}

#[test]
fn the_summary_of_a_step_gets_the_comment_at_its_end_and_only_with_annotations() {
    let folder = folder("summary");
    let arguments = ["check", "web.toml", "--baseline", "baseline.toml", "--quiet", "--format", "markdown=comment.md"];
    let run = |more: &[&str]| {
        fs::write(folder.join("summary.md"), "what an earlier step said").unwrap();
        let mut command = command(&folder, &[&arguments, more].concat());
        let output = command.env("GITHUB_STEP_SUMMARY", folder.join("summary.md")).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        read(&folder, "summary.md")
    };
    assert_eq!(run(&[]), "what an earlier step said");
    let comment = read(&folder, "comment.md");
    assert_eq!(run(&["--format", "github"]), format!("what an earlier step said\n{comment}"));
}
