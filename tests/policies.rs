//! Policies of one's own: a program places as the built-in policy that it writes again, and one that fails says how.

#![expect(clippy::unwrap_used, reason = "a test may; clippy's own exception stops at helper functions")]

#[path = "support/command.rs"]
mod command;

use std::error::Error;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use command::{empty_folder, seatrial};
use seatrial_scenarios::explain::trace;
use seatrial_scenarios::{RunOptions, Scenario, Setting, Variant, run};
use seatrial_sim::Outcome;
use seatrial_sim::cluster::TaskState;
use seatrial_sim::engine::fact::{Fact, HostId};
use seatrial_sim::measure::trace::Trace;
use seatrial_sim::placement::{Alike, Chooser, Decision, Policy};

/// The example, which these tests hold to what it says.
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/policies/policy.py");

/// Whether Python is there; where it is not, a test says so and does nothing.
fn has_python() -> bool {
    let found = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("skipped: there is no python3");
    }
    found
}

fn library() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/library");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
}

/// A variant with every service placed by one policy.
fn placed_by(scenario: &Scenario, variant: &Variant, policy: &str) -> Variant {
    let services = variant.model.services.iter().map(|service| format!("service.{}.placement", service.name));
    let settings = services.map(|path| Setting { path, value: policy.into() });
    scenario.vary(&variant.name, &settings.collect::<Vec<_>>()).unwrap()
}

/// Plays the whole library, each variant with two seeds, once with a policy and once with the program: the same facts. Tasks
/// that get a machine of their own are placed by nobody, and are compared all the same.
fn assert_the_program_is(policy: &str) {
    let (mut runs, mut placed) = (0, 0);
    for file in library() {
        let scenario = Scenario::load(&file).unwrap();
        for variant in &scenario.variants {
            let built_in = placed_by(&scenario, variant, policy);
            let program = format!("{{ program = ['python3', '{EXAMPLE}', '{policy}'] }}");
            let program = placed_by(&scenario, variant, &program);
            for seed in [1, 2] {
                let [expected, found] = [&built_in, &program].map(|variant| trace(variant, seed).unwrap().records);
                let differ = expected.iter().zip(&found).position(|(a, b)| a != b);
                let at = differ.map(|at| (&expected[at], &found[at]));
                let name = format!("{}, {}, seed {seed}", scenario.name, variant.name);
                assert!(at.is_none() && expected.len() == found.len(), "{name}: {at:?}");
                let starts = |fact| matches!(fact, Fact::TaskMoved { to: TaskState::Provisioning, .. });
                (runs, placed) = (runs + 1, placed + found.iter().filter(|record| starts(record.fact)).count());
            }
        }
    }
    eprintln!("{policy}: {runs} runs, {placed} tasks started");
    assert!(runs > 200 && placed > 5_000, "{runs} runs, {placed} tasks");
}

#[test]
fn python_spreads_as_the_built_in_policy_over_the_library() {
    if has_python() {
        assert_the_program_is("spread");
    }
}

#[test]
fn python_packs_as_the_built_in_policy_over_the_library() {
    if has_python() {
        assert_the_program_is("binpack");
    }
}

/// Answers by a function, and keeps what it was asked.
struct Answering<F> {
    answer: F,
    asked: Mutex<Vec<String>>,
}

impl<F> fmt::Debug for Answering<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a function of a test")
    }
}

impl<F: Fn(&Decision) -> Result<u32, String> + Send + Sync> Chooser for Answering<F> {
    fn choose(&self, decision: &Decision) -> Result<HostId, Box<dyn Error + Send + Sync>> {
        let Decision { at, service, ordinal, desired, hosts, .. } = decision;
        let alike = hosts.iter().map(|alike| {
            let Alike { group, zone, ids, free, tasks, zone_tasks, all_tasks, .. } = alike;
            let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
            format!("{group}/{zone} {ids:?} free {} tasks {tasks}/{zone_tasks}/{all_tasks}", free.memory_mib)
        });
        let alike: Vec<_> = alike.collect();
        self.asked.lock().unwrap().push(format!("{at} {service} {ordinal} of {desired}: {}", alike.join(", ")));
        Ok((self.answer)(decision).map(HostId)?)
    }
}

/// Plays the small scenario with every task placed by a function; how it ended, and what was asked.
fn answered(answer: impl Fn(&Decision) -> Result<u32, String> + Send + Sync + 'static) -> (Outcome, Vec<String>) {
    let text = SCENARIO.lines().filter(|line| !line.starts_with("placement")).collect::<Vec<_>>().join("\n");
    let mut model = Scenario::parse("web", &text, Path::new("")).unwrap().variants[0].model.clone();
    let answering = Arc::new(Answering { answer, asked: Mutex::default() });
    model.services[0].placement = Policy::asked(answering.clone());
    let outcome = seatrial_sim::run(&model, 1, &mut Trace::default());
    let asked = answering.asked.lock().unwrap().clone();
    (outcome, asked)
}

/// Five tasks before the deploy, and five new ones. Hosts come to the zones in turn; each has room for two tasks of 3,072 of its
/// 7,680 MiB. With two on host 0 that one is not asked about any more.
#[test]
fn whoever_is_asked_sees_the_hosts_that_fit() {
    let lowest = |decision: &Decision| Ok(decision.hosts.iter().flat_map(|alike| &alike.ids).min().unwrap().0);
    let (outcome, asked) = answered(lowest);
    assert_eq!((outcome.failure, outcome.blocked), (None, vec![]));
    let expected = [
        "0.000s web 0 of 5: m5/a [0, 2, 4] free 7680 tasks 0/0/0, m5/b [1, 3, 5] free 7680 tasks 0/0/0",
        "0.000s web 1 of 5: m5/a [0] free 4608 tasks 1/1/1, m5/a [2, 4] free 7680 tasks 0/1/0, m5/b [1, 3, 5] free 7680 tasks 0/0/0",
        "0.000s web 2 of 5: m5/a [2, 4] free 7680 tasks 0/2/0, m5/b [1, 3, 5] free 7680 tasks 0/0/0",
    ];
    assert_eq!((&asked[..3], asked.len()), (&expected.map(String::from)[..], 10), "{asked:#?}");
}

type Answer = fn(&Decision) -> Result<u32, String>;

/// Nothing is asked after an answer that does not do, and the run says why.
#[test]
fn an_answer_that_does_not_do_ends_the_run() {
    let second = |decision: &Decision| if decision.ordinal == 1 { Err("no idea".into()) } else { Ok(0) };
    let table: [(Answer, &str, usize); 3] = [
        (|_| Ok(6), "there is no host 6 that takes tasks of web", 1),
        (|_| Ok(0), "host 0 (m5, zone a) does not fit: memory", 3),
        (second, "no idea", 2),
    ];
    for (answer, why, questions) in table {
        let (outcome, asked) = answered(answer);
        assert_eq!(outcome.failure.map(|failure| failure.to_string()).as_deref(), Some(why));
        assert_eq!(asked.len(), questions, "{why}");
    }
}

/// Whoever is asked with whom, and by which process: the facts are those of the built-in policy.
#[test]
fn batches_and_threads_change_no_fact() {
    if !has_python() {
        return;
    }
    let text = fs::read_to_string(Path::new(EXAMPLE).with_file_name("spread.toml")).unwrap();
    let (base, _) = text.split_once("[[variant]]").unwrap();
    let facts = |placement: &str, threads: usize| {
        let text = format!("placement = {placement}\n{base}");
        let scenario = Scenario::parse("spread", &text, Path::new("")).unwrap();
        let options = RunOptions { seeds: Some(1), threads: Some(threads), ..RunOptions::default() };
        // It is ready for so many threads from now on.
        run(&scenario, &options, &|_, _| (), &AtomicBool::new(false)).unwrap();
        thread::scope(|scope| {
            let play = |seed| trace(&scenario.variants[0], seed).unwrap().records;
            let runs: Vec<_> = (1..=16).map(|seed| scope.spawn(move || play(seed))).collect();
            runs.into_iter().map(|run| run.join().unwrap()).collect::<Vec<_>>()
        })
    };
    let expected = facts("'spread'", 1);
    for (batch, threads) in [(1, 1), (8, 1), (1, 8), (8, 8)] {
        let program = format!("{{ program = ['python3', '{EXAMPLE}', 'spread'], batch = {batch} }}");
        assert!(facts(&program, threads) == expected, "batches of {batch}, {threads} threads");
    }
}

/// Six hosts in two zones, each with room for two of five tasks.
const SCENARIO: &str = r#"
question = "Where?"
placement = { program = ["python3", "policy.py"], timeout = "TIMEOUT", batch = BATCH }

[run]
seeds = 20
horizon = "1h"

[[host_group]]
name = "m5"
hosts = 6
zones = ["a", "b"]
cpu = 2048
memory = "7680MiB"

[[service]]
name = "web"
desired = 5
memory = "3GiB"

[[deploy]]
service = "web"
at = "1m"
"#;

/// A program that greets and then does something with each request.
const POLICY: &str = r#"
import json, os, sys, time
sys.stdin.readline()
print('{"protocol":1,"name":"test","features":["batch"]}', flush=True)
def first(decision):
    return min(id for alike in decision["hosts"] for id in alike["ids"])
def answer(request):
    if "decision" in request:
        return {"id": request["id"], "host": first(request["decision"])}
    return {"id": request["id"], "hosts": [first(decision) for decision in request["decisions"]]}
for line in sys.stdin:
    request = json.loads(line)
    DOES
    print(json.dumps(answer(request)), flush=True)
"#;

/// What the command says of a program.
struct Said {
    folder: PathBuf,
    code: Option<i32>,
    out: String,
    err: String,
    took: Duration,
}

/// Runs the command on the scenario beside a program.
fn said(name: &str, policy: &str, (timeout, batch): (&str, u32), arguments: &[&str]) -> Said {
    let folder = empty_folder("policies", name);
    fs::write(folder.join("web.toml"), SCENARIO.replace("TIMEOUT", timeout).replace("BATCH", &batch.to_string()))
        .unwrap();
    fs::write(folder.join("policy.py"), policy).unwrap();
    let start = Instant::now();
    let output = seatrial(&folder, arguments);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    Said { folder, code: output.status.code(), out, err, took: start.elapsed() }
}

const RUN: [&str; 2] = ["run", "web.toml"];

impl Said {
    /// It is said what went wrong, and nothing else is printed.
    fn assert(&self, code: i32, parts: &[&str]) {
        assert_eq!((self.code, self.out.as_str()), (Some(code), ""), "{}", self.err);
        for part in parts {
            assert!(self.err.contains(part), "'{part}' is not in\n{}", self.err);
        }
    }

    /// What a shell prints that runs the command of the message.
    fn asked_again(&self) -> (Option<i32>, String) {
        let (_, again) = self.err.split_once("ask it again: ").unwrap();
        let again = again.lines().next().unwrap();
        let output = Command::new("sh").args(["-c", again]).current_dir(&self.folder).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    }
}

#[test]
fn a_program_that_dies_is_named_with_its_last_words() {
    if !has_python() {
        return;
    }
    let dies = POLICY.replace("DOES", "print('no idea', file=sys.stderr); sys.exit(3)");
    let said = said("dies", &dies, ("10s", 1), &RUN);
    said.assert(
        3,
        &[
            "error: the program that places the tasks of web died (exit status: 3)\n",
            "  program: python3 policy.py, in .\n",
            "  run: web.toml, variant 'base', seed ",
            ", at 0.000s, where task 0 of web goes\n",
            "  asked: {\"decision\":{\"seed\":",
            "\"hosts\":[{\"group\":\"m5\",\"zone\":\"a\",\"ids\":[0,2,4],",
            "  its standard error ends with:\n    no idea\n",
            "  = help: play the run again: seatrial run web.toml --seed ",
        ],
    );
    let (code, out) = said.asked_again();
    assert_eq!((code, out.lines().count()), (Some(3), 1), "the hello, and no answer: {out}");
}

/// Whatever starts it: what hangs has gone when the command ends, and that is soon.
#[test]
fn a_program_that_hangs_is_ended() {
    if !has_python() {
        return;
    }
    let hangs = POLICY.replace("DOES", "open(f'pid-{os.getpid()}', 'w').close(); time.sleep(1000)");
    let said = said("hangs", &hangs, ("300ms", 1), &["run", "web.toml", "--threads", "2"]);
    said.assert(3, &["did not answer within 0.3 s\n", "ask it again: (cd . && printf "]);
    assert!(said.took < Duration::from_secs(20), "{:?}", said.took);
    let pids = pids_in(&said.folder);
    assert!(!pids.is_empty() && pids.iter().all(|pid| is_gone(pid)), "{pids:?}");
}

/// The processes that have left a note there.
fn pids_in(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter_map(|name| name.strip_prefix("pid-").map(String::from)).collect()
}

/// Where the system tells; a process that is being ended may take a moment.
fn is_gone(pid: &str) -> bool {
    (0..100).any(|_| {
        let gone = !Path::new("/proc").join(pid).exists();
        if !gone {
            thread::sleep(Duration::from_millis(20));
        }
        gone
    })
}

/// A launcher that is killed leaves nothing behind.
#[test]
fn what_a_program_has_started_ends_with_it() {
    if !has_python() {
        return;
    }
    let folder = empty_folder("policies", "launcher");
    let scenario = SCENARIO.replace("[\"python3\", \"policy.py\"]", "['sh', '-c', 'python3 policy.py; true']");
    fs::write(folder.join("web.toml"), scenario.replace("TIMEOUT", "300ms").replace("BATCH", "1")).unwrap();
    let hangs = "open('pid', 'w').write(str(os.getpid())); time.sleep(1000)";
    fs::write(folder.join("policy.py"), POLICY.replace("DOES", hangs)).unwrap();
    assert_eq!(seatrial(&folder, &["run", "web.toml", "--threads", "1"]).status.code(), Some(3));
    assert!(is_gone(&fs::read_to_string(folder.join("pid")).unwrap()));
}

#[test]
fn answers_that_are_none_are_quoted() {
    if !has_python() {
        return;
    }
    let table = [
        (
            "print('three')",
            "answered nonsense: it is not JSON (expected ident); a line would do like {\"id\":",
            "three",
        ),
        (
            "print('{\"host\":\"three\"}')",
            "answered nonsense: invalid type: string \"three\", expected u64;",
            "{\"host\":\"three\"}",
        ),
        ("print('{}')", "answered nonsense: missing field `id`;", "{}"),
        ("print('{\"host\":-1}')", "answered nonsense: invalid value: integer `-1`, expected u64;", "{\"host\":-1}"),
        (
            "print('x' * 300)",
            "answered nonsense: it is not JSON",
            &format!("{}.. and 100 characters more", "x".repeat(200)),
        ),
        (
            "print(json.dumps({'id': request['id'], 'host': 99}))",
            "picked a host that does not do: there is no host 99 that takes tasks of web",
            "host 99",
        ),
        (
            "print(json.dumps({'id': request['id'], 'host': 99999999999}))",
            "picked a host that does not do: there is no host 99999999999",
            "host 99999999999",
        ),
    ];
    for (position, (does, why, answered)) in table.into_iter().enumerate() {
        let does = POLICY.replace("DOES", &format!("{does}; sys.stdout.flush(); continue"));
        let said = said(&format!("nonsense-{position}"), &does, ("10s", 1), &RUN);
        said.assert(3, &[why, &format!("  answered: {answered}\n"), "  asked: {\"decision\":{"]);
    }
}

/// A line more than was asked for shifts no answer to another question.
#[test]
fn a_line_that_nobody_asked_for_is_noticed() {
    if !has_python() {
        return;
    }
    let twice = POLICY.replace("DOES", "print(json.dumps(answer(request)), flush=True)");
    for batch in [1, 8] {
        said(&format!("twice-{batch}"), &twice, ("10s", batch), &RUN)
            .assert(3, &["answered nonsense: it is for the line with the id ", "one answer for each line"]);
    }
}

/// Two tasks of 3 GiB fill the first host of 7,680 MiB; the third one does not fit on it.
#[test]
fn a_host_that_does_not_fit_is_refused_with_what_is_short() {
    if !has_python() {
        return;
    }
    let full = POLICY.replace("DOES", "print(json.dumps({'id': request['id'], 'host': 0}), flush=True); continue");
    let said = said("full", &full, ("10s", 1), &RUN);
    said.assert(
        3,
        &["picked a host that does not do: host 0 (m5, zone a) does not fit: memory\n", "where task 2 of web goes"],
    );
    let (code, out) = said.asked_again();
    let last = out.lines().last().unwrap_or_default();
    assert_eq!((code, last.contains("\"host\": 0}")), (Some(0), true), "the program says it again: {out}");
}

#[test]
fn a_batch_has_an_answer_for_each_decision() {
    if !has_python() {
        return;
    }
    let short = POLICY
        .replace("DOES", "time.sleep(0.05 if 'decision' in request else 0)")
        .replace("request[\"decisions\"]]", "request[\"decisions\"][1:]]");
    let said = said("short-batch", &short, ("10s", 8), &["run", "web.toml", "--threads", "1"]);
    said.assert(
        3,
        &[
            ", the first of ",
            " that were asked at once\n",
            "answered nonsense: it has ",
            " decisions\n",
            "  asked: {\"decisions\":[{",
            "  answered: {\"id\": ",
        ],
    );
}

/// What cannot even be asked is a wrong question.
#[test]
fn a_program_that_cannot_be_asked_is_a_wrong_question() {
    let folder = empty_folder("policies", "cannot-start");
    let scenario = SCENARIO.replace("\"python3\", \"policy.py\"", "\"./nobody's-policy\"");
    fs::write(folder.join("web.toml"), scenario.replace("TIMEOUT", "10s").replace("BATCH", "1")).unwrap();
    let output = seatrial(&folder, &RUN);
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{err}");
    assert!(
        err.contains("cannot be started: No such file or directory")
            && err.contains(r"program: './nobody'\''s-policy', in ."),
        "{err}"
    );

    if !has_python() {
        return;
    }
    let other = said("other-protocol", "print('{\"protocol\":2,\"name\":\"new\"}', flush=True)", ("10s", 1), &RUN);
    other.assert(
        2,
        &["did not greet as it should: it answered nonsense: it speaks protocol 2, and this version of Seatrial speaks 1"],
    );
    let typo = said("typo", "improt json", ("10s", 1), &RUN);
    typo.assert(2, &["did not greet as it should: it died (exit status: 1)", "    SyntaxError: invalid syntax"]);
    let silent = said("silent", "import time; time.sleep(1000)", ("300ms", 1), &RUN);
    silent.assert(
        2,
        &[
            "did not greet as it should: it did not answer within 10 s",
            "ask it again: (cd . && printf '%s\\n' '{\"seatrial\":",
        ],
    );
}

/// From seed 5 on it dies; the runs before are whole, and a sweep has their rows.
#[test]
fn every_verb_stops_at_a_failure_and_a_sweep_keeps_its_rows() {
    if !has_python() {
        return;
    }
    let dies =
        POLICY.replace("DOES", "decision = request['decision']\n    if decision['seed'] > 4: sys.exit('no more')");
    let verb = |name: &str, arguments: &[&str]| said(name, &dies, ("10s", 1), arguments);
    let parts = ["seed 5, at 0.000s", "    no more\n"];
    verb("verb-run", &["run", "web.toml", "--threads", "1", "--out", "out"]).assert(3, &parts);
    verb("verb-explain", &["explain", "web.toml", "--threads", "1"]).assert(3, &parts);
    verb("verb-until", &["run", "web.toml", "--threads", "1", "--seeds", "4", "--until", "deploy_p50 +-1ms"])
        .assert(3, &parts);
    verb("verb-facts", &["run", "web.toml", "--seed", "5", "--seeds", "1", "--facts", "facts.jsonl"]).assert(3, &parts);
    let sweep = ["sweep", "web.toml", "--axis", "host_group.m5.hosts=5..6", "--threads", "1", "--out", "out"];
    let sweep = verb("verb-sweep", &sweep);
    sweep.assert(3, &["seed 5, at 0.000s", "stopped: 4 of 40 runs are in out/sweep.csv"]);
    let rows = fs::read_to_string(sweep.folder.join("out/sweep.csv")).unwrap();
    assert_eq!(rows.lines().count(), 1 + 4, "{rows}");
}

/// An interrupt from the keyboard reaches everybody of the command's group. The program is not among them, so that what is under
/// way is whole.
#[cfg(unix)]
#[test]
fn an_interrupt_saves_what_is_done_and_ends_the_program() {
    use std::os::unix::process::CommandExt;

    if !has_python() {
        return;
    }
    let folder = empty_folder("policies", "interrupt");
    fs::write(folder.join("web.toml"), SCENARIO.replace("TIMEOUT", "10s").replace("BATCH", "4")).unwrap();
    let notes = "open(f'pid-{os.getpid()}', 'w').close()";
    fs::write(folder.join("policy.py"), POLICY.replace("DOES", notes)).unwrap();
    let mut child = command::command(&folder, &["run", "web.toml", "--seeds", "1000000", "--out", "out"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    thread::sleep(Duration::from_millis(1_500));
    let kill = Command::new("kill").args(["-INT", "--", &format!("-{}", child.id())]).status().unwrap();
    assert!(kill.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let rows = fs::read_to_string(folder.join("out/results.csv")).unwrap();
    assert!((2..1_000_000).contains(&rows.lines().count()));
    let pids = pids_in(&folder);
    assert!(!pids.is_empty() && pids.iter().all(|pid| is_gone(pid)), "{pids:?}");
}

/// The page shows what the command prints. (Golden: `seatrial run examples/policies/spread.toml`.)
#[test]
fn the_page_shows_what_the_example_prints() {
    if !has_python() {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = seatrial(root, &["run", "examples/policies/spread.toml"]);
    let table = String::from_utf8(output.stdout).unwrap();
    let page = fs::read_to_string(root.join("docs/policies.md")).unwrap();
    assert!(page.contains(table.trim_end()), "docs/policies.md does not show\n{table}");
}
