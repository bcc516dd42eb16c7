//! Bad input: each kind gets a clear problem at its line, several at once, and never a panic.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use seatrial_scenarios::{Report, Scenario};

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

/// What is replaced, by what, the line of the only problem, and a part of it.
const TABLE: &[(&str, &str, usize, &str)] = &[
    // The file as a whole.
    ("question = \"How long?\"", "", 1, "question is missing"),
    ("\"How long?\"", "\" \"", 1, "empty"),
    ("\"How long?\"", "5", 1, "a whole number, where a string is needed"),
    ("[run]", "colour = 5\n[run]", 5, "unknown key 'colour'"),
    ("[run]", "plcement = 5\n[run]", 5, "did you mean 'placement'?"),
    // The system.
    ("\"spread\"", "\"bin-pack\"", 4, "did you mean 'binpack'?"),
    ("\"spread\"", "1979-05-27", 4, "a date or time, where a string is needed"),
    // The run.
    ("seeds = 20", "seeds = 0", 6, "zero seeds"),
    ("seeds = 20", "seeds = 1000001", 6, "from 1 to 1000000"),
    ("seeds = 20", "seed = -1", 6, "out of bounds"),
    ("seeds = 20", "seeds = 99999999999999999999999999999999999999999999", 6, "too large"),
    ("\"3h\"", "\"0s\"", 7, "zero, where time must pass"),
    ("\"3h\"", "\"11y\"", 7, "not a duration"),
    ("\"3h\"", "\"9999999d\"", 7, "longer than ten years"),
    // Hosts.
    ("name = \"m5\"", "name = \"m 5\"", 9, "is not a name"),
    ("hosts = 6\n", "hosts = 0\n", 10, "zero hosts"),
    ("hosts = 6\n", "hosts = -6\n", 10, "-6 is out of bounds"),
    ("hosts = 6\n", "hosts = 100001\n", 10, "from 1 to 100000"),
    ("hosts = 6\n", "hosts = \"six\"\n", 10, "a string, where a whole number is needed"),
    ("hosts = 6\n", "hosts = 6\nzones = []\n", 11, "no zones"),
    ("hosts = 6\n", "hosts = 6\nzones = [\"a\", \"a\"]\n", 11, "there twice"),
    ("hosts = 6\n", "hosts = 6\nreserved_ports = [0]\n", 11, "from 1 to 65535"),
    ("hosts = 6\n", "hosts = 6\nbilling = \"per-minute\"\n", 11, "there are: per-second, per-hour"),
    ("memory = \"7680MiB\"", "memory = 7680", 12, "a whole number, where a string is needed"),
    ("memory = \"7680MiB\"", "memory = \"7680\"", 12, "has no unit"),
    ("memory = \"7680MiB\"", "memory = \"1kB\"", 12, "less than 1 MiB"),
    ("memory = \"7680MiB\"", "memry = \"1GiB\"", 8, "memory is missing"),
    ("\"$0.096/h\"", "\"-1\"", 13, "negative price"),
    ("\"$0.096/h\"", "-0.5", 13, "$-0.5 an hour"),
    ("\"$0.096/h\"", "nan", 13, "NaN an hour"),
    ("\"uniform(60ms, 100ms)\"", "\"uniform(60ms, 10ms)\"", 14, "is above the high end"),
    ("push = \"uniform(60ms, 100ms)\"", "push = 0, poll = \"30s\"", 14, "both push and poll"),
    ("push = \"uniform(60ms, 100ms)\"", "poll = 0", 14, "zero, where time must pass"),
    ("push = \"uniform(60ms, 100ms)\"", "poll = \"-1s\"", 14, "negative time"),
    ("push = \"uniform(60ms, 100ms)\"", "starts_wait_for_stops = 1", 14, "where true or false is needed"),
    ("push = \"uniform(60ms, 100ms)\"", "pull_throughput = \"24MB\"", 14, "not a rate"),
    ("lead = \"3m\"", "lead = \"11m\"", 15, "before the start"),
    ("hosts = 5, lead", "hosts = 0, lead", 15, "zero hosts"),
    // What hosts offer, and how they come and go.
    ("cpu = 2048\n", "instance = \"m5.larg\"\n", 11, "did you mean 'm5.large'?"),
    ("cpu = 2048\n", "system_reserved = { cpu = 1 }\n", 8, "cpu is missing"),
    ("cpu = 2048\n", "cpu = 2048\nsystem_reserved = { memory = \"9GiB\" }\n", 8, "more than there is"),
    ("cpu = 2048\n", "cpu = 2048\nattributes = { zone = \"a\" }\n", 12, "of every host already"),
    ("cpu = 2048\n", "cpu = 2048\nmin = 3\nmax = 2\n", 8, "min is 3 and max is 2"),
    ("cpu = 2048\n", "cpu = 2048\nleaving = \"drain\"\n", 12, "did you mean 'drained'?"),
    ("cpu = 2048\n", "cpu = 2048\nleaving = { drained = 0 }\n", 12, "zero, where time must pass"),
    ("cpu = 2048\n", "cpu = 2048\ntermination = \"youngest\"\n", 12, "there are: default, oldest, newest"),
    ("cpu = 2048\n", "cpu = 2048\nwarm_pool = { start = \"20s\" }\n", 12, "hosts is missing"),
    ("cpu = 2048\n", "cpu = 2048\nschedule = [{ at = \"1h\" }]\n", 12, "hosts is missing"),
    ("cpu = 2048\n", "cpu = 2048\nspot = { drains = true }\n", 12, "interrupted_after is missing"),
    ("cpu = 2048\n", "cpu = 2048\nscaler = \"karpentr\"\n", 12, "did you mean 'karpenter'?"),
    ("cpu = 2048\n", "cpu = 2048\nscaler = { capacity-provider = { target = 101 } }\n", 12, "from 1 to 100"),
    ("cpu = 2048\n", "cpu = 2048\nscaler = { karpenter = {}, fixed = {} }\n", 12, "2 scalers, where one"),
    ("cpu = 2048\n", "cpu = 2048\nscaler = { headroom = { spares = 1 } }\n", 12, "did you mean 'spare'?"),
    ("question = \"How long?\"", "question = \"How long?\"\nprices = \"2015\"", 2, "not a month"),
    ("question = \"How long?\"", "question = \"How long?\"\ncatalogue = \"no.csv\"", 2, "no such file"),
    // Where tasks go.
    ("placement = \"spread\"", "placement = []", 4, "no strategy"),
    ("placement = \"spread\"", "placement = [\"spread(rack)\"]", 4, "no host has an attribute 'rack'"),
    ("placement = \"spread\"", "placement = [\"binpack(mem)\"]", 4, "there is no resource 'mem'"),
    ("placement = \"spread\"", "placement = [\"bin(memory)\"]", 4, "there is no strategy 'bin'"),
    ("placement = \"spread\"", "placement = { with = { w = 1 } }", 4, "score is missing"),
    ("placement = \"spread\"", "placement = { score = \"free_memry\" }", 4, "did you mean 'free_memory'?"),
    ("placement = \"spread\"", "placement = { score = \"zone + 1\" }", 4, "where a number is needed"),
    ("placement = \"spread\"", "placement = { score = \"tasks / 0\" }", 4, "zero"),
    ("placement = \"spread\"", "placement = { score = \"while true { }\" }", 4, "no loops"),
    ("placement = \"spread\"", "placement = { score = \"w\", with = { w = \"2\" } }", 4, "where a number is needed"),
    ("host_port = 80", "constraint = \"zone == 'b'\"", 21, "'b'"),
    ("host_port = 80", "constraint = \"zone_tasks < 2\"", 21, "cannot use zone_tasks"),
    ("host_port = 80", "constraint = \"free_cpu\"", 21, "free_cpu"),
    ("host_port = 80", "constraint = \"zone != 'a'\"", 16, "no host that its constraint allows"),
    // Refreshes.
    ("hosts = 6\n", "hosts = 6\nrefresh = { at = 0 }\n", 11, "a table, where a list is needed"),
    ("hosts = 6\n", "hosts = 6\nrefresh = [5]\n", 11, "where a table is needed"),
    ("hosts = 6\n", "hosts = 6\nrefresh = [{ warmup = 0 }]\n", 11, "at is missing"),
    ("hosts = 6\n", "hosts = 6\nrefresh = [{ at = 10 }]\n", 11, "10 has no unit"),
    ("hosts = 6\n", "hosts = 6\nrefresh = [{ at = \"3h\" }]\n", 11, "is not before the horizon"),
    ("hosts = 6\n", "hosts = 6\nrefresh = [{ at = 0, min_healthy = 101 }]\n", 11, "from 0 to 100"),
    ("hosts = 6\n", "hosts = 6\nrefresh = [{ at = 0, min_healthy = true }]\n", 11, "a number of percent is needed"),
    ("hosts = 6\n", "hosts = 6\nrefresh = [{ at = 0, max_healthy = 90 }]\n", 11, "from 100 to 200"),
    ("hosts = 6\n", "hosts = 6\nrefresh = [{ at = 0, max_healthy = 200 }]\n", 11, "too far apart"),
    ("hosts = 6\n", "hosts = 6\nrefresh = [{ at = 0, warmup = \"-1s\" }]\n", 11, "negative time"),
    ("hosts = 6\n", "hosts = 6\nrefresh = [{ at = 0, checkpoints = 20 }]\n", 11, "where a list is needed"),
    ("hosts = 6\n", "hosts = 6\nrefresh = [{ at = 0, checkpoints = [50, 20] }]\n", 11, "shares that do not rise"),
    ("hosts = 6\n", "hosts = 6\nrefresh = [{ at = 0, checkpoints = [0, 20] }]\n", 11, "a checkpoint at 0%"),
    ("hosts = 6\n", "hosts = 6\nrefresh = [{ at = 0, checkpoints = [120] }]\n", 11, "from 0 to 100"),
    ("hosts = 6\n", "hosts = 6\nrefresh = [{ at = 0, checkpoint_delay = 0 }]\n", 11, "a delay without checkpoints"),
    ("hosts = 6\n", "hosts = 6\nrefresh = [{ at = 0, min_helthy = 90 }]\n", 11, "did you mean 'min_healthy'?"),
    // Services.
    ("host_port = 80", "memory_reservation = \"4GiB\"", 21, "more than the memory"),
    ("host_port = 80", "gpus = 1", 16, "larger than any host"),
    ("host_port = 80", "network_mode = \"vpc\"", 21, "there are: bridge, host, awsvpc"),
    ("host_port = 80", "host_port = \"any\"", 21, "there are: dynamic"),
    ("desired = 5", "desired = 0", 18, "zero tasks"),
    ("desired = 5", "desired = 9", 16, "3 of 9 tasks do not fit"),
    ("memory = \"3GiB\"", "memory = \"30GiB\"", 16, "larger than any host"),
    ("host_port = 80", "host_port = 22", 21, "port 22 is reserved on the hosts of m5"),
    ("host_port = 80", "host_port = 65536", 21, "from 1 to 65535"),
    ("host_port = 80", "host_group = \"m4\"", 21, "did you mean 'm5'? there are: m5"),
    ("shared_layers = \"300MB\"", "shared_layers = \"401MB\"", 22, "more than the size of the image"),
    ("size = \"400MB\", ", "", 22, "size is missing"),
    ("sigma=0.3", "sigma=3.1", 23, "from 0 to 3"),
    ("\"lognormal(median=8s, sigma=0.3)\"", "\"-5s\"", 23, "negative time"),
    ("\"lognormal(median=8s, sigma=0.3)\"", "-5", 23, "negative time"),
    ("\"lognormal(median=8s, sigma=0.3)\"", "5.5", 23, "has no unit"),
    ("\"lognormal(median=8s, sigma=0.3)\"", "\"empirical(nowhere.csv)\"", 23, "'nowhere.csv': no such file"),
    ("\"lognormal(median=8s, sigma=0.3)\"", "\"empirical(.)\"", 23, "a directory"),
    ("\"lognormal(median=8s, sigma=0.3)\"", "\"empirical(bad_input.rs)\"", 23, "'bad_input.rs' line 1"),
    ("kind = \"alb\"", "kind = \"elb\"", 24, "did you mean 'alb'? there are: alb, classic, nlb"),
    ("kind = \"alb\", ", "", 24, "kind is missing"),
    ("interval = \"30s\"", "interval = \"301s\"", 24, "is more than"),
    ("interval = \"30s\"", "unhealthy = 0", 24, "zero checks"),
    ("host_port = 80", "health_check = \"yes\"", 21, "where a table is needed"),
    ("host_port = 80", "health_check = { passes_aftr = 0 }", 21, "did you mean 'passes_after'?"),
    ("host_port = 80", "health_check = { fails_after = \"nevr\" }", 21, "not a distribution"),
    ("host_port = 80", "pre_stop = 5", 21, "5 has no unit"),
    ("host_port = 80", "strategy = \"one-at-a-time\"", 21, "ecs offers no strategy"),
    ("interval = \"30s\"", "intervall = \"30s\"", 24, "did you mean 'interval'?"),
    ("interval = \"30s\"", "initial_checks = 11", 24, "from 1 to 10"),
    ("kind = \"alb\"", "kind = \"alb\", deregistration_delay = \"3601s\"", 24, "is more than"),
    // What users ask. The capacity and the rate that are not in question are good.
    ("host_port = 80", "load = 5", 21, "where a table is needed"),
    ("host_port = 80", "load = { rate = 50, concurrency = 1, request_time = \"1s\" }", 21, "write \\\"50/s\\\""),
    ("host_port = 80", "load = { rate = \"-5/s\", capacity_per_task = \"25/s\" }", 21, "is negative"),
    (
        "host_port = 80",
        "load = { rate = \"5/s\", steps = [{ at = 0, rate = \"5/s\" }], capacity_per_task = \"25/s\" }",
        21,
        "two kinds of demand",
    ),
    ("host_port = 80", "load = { capacity_per_task = \"25/s\" }", 21, "write one of rate"),
    (
        "host_port = 80",
        "load = { rat = \"5/s\", rate = \"5/s\", capacity_per_task = \"25/s\" }",
        21,
        "did you mean 'rate'?",
    ),
    ("host_port = 80", "load = { steps = [], capacity_per_task = \"25/s\" }", 21, "no steps"),
    (
        "host_port = 80",
        "load = { steps = [{ at = \"1s\", rate = \"5/s\" }], capacity_per_task = \"25/s\" }",
        21,
        "load.steps[0].at",
    ),
    (
        "host_port = 80",
        "load = { steps = [{ at = 0, rate = \"5/s\" }, { at = 0, rate = \"6/s\" }], capacity_per_task = \"25/s\" }",
        21,
        "not after the step before",
    ),
    (
        "host_port = 80",
        "load = { steps = [{ at = 0, rate = \"5/s\" }, { at = \"3h\", rate = \"6/s\" }], capacity_per_task = \"25/s\" }",
        21,
        "not before the horizon",
    ),
    ("host_port = 80", "load = { steps = [{ at = 0 }], capacity_per_task = \"25/s\" }", 21, "rate is missing"),
    (
        "host_port = 80",
        "load = { diurnal = { mean = \"5/s\", peak = \"4/s\" }, capacity_per_task = \"25/s\" }",
        21,
        "below the mean",
    ),
    (
        "host_port = 80",
        "load = { diurnal = { mean = \"5/s\", peak = \"11/s\" }, capacity_per_task = \"25/s\" }",
        21,
        "write at most \\\"10/s\\\"",
    ),
    (
        "host_port = 80",
        "load = { diurnal = { mean = \"5/s\", peak = \"9/s\", period = \"9m\" }, capacity_per_task = \"25/s\" }",
        21,
        "too short",
    ),
    ("host_port = 80", "load = { diurnal = { mean = \"5/s\" }, capacity_per_task = \"25/s\" }", 21, "peak is missing"),
    (
        "host_port = 80",
        "load = { rate = \"5/s\", capacity_per_task = \"25/s\", scale = 0 }",
        21,
        "write a number from 0.000001",
    ),
    (
        "host_port = 80",
        "load = { rate = \"5/s\", capacity_per_task = \"25/s\", scale = \"2\" }",
        21,
        "where a number is needed",
    ),
    (
        "host_port = 80",
        "load = { rate = \"900000000/s\", capacity_per_task = \"25/s\", scale = 2 }",
        21,
        "lower the demand or its scale",
    ),
    (
        "host_port = 80",
        "load = { rate = \"5/s\", capacity_per_task = \"25/s\", noise = 1.1 }",
        21,
        "write a number from 0 to 1",
    ),
    (
        "host_port = 80",
        "load = { rate = \"5/s\", capacity_per_task = \"25/s\", shift = \"1h\" }",
        21,
        "there is no trace",
    ),
    (
        "host_port = 80",
        "load = { rate = \"5/s\", capacity_per_task = \"25/s\", repeat = true }",
        21,
        "there is no trace",
    ),
    (
        "host_port = 80",
        "load = { rate = \"5/s\", capacity_per_task = \"25/s\", gaps = \"zero\" }",
        21,
        "there is no trace",
    ),
    (
        "host_port = 80",
        "load = { rate = \"5/s\", capacity_per_task = \"25/s\", cpu_per_request = \"10ms\" }",
        21,
        "leave one of them out",
    ),
    ("host_port = 80", "load = { rate = \"5/s\" }", 21, "what a task can do is missing"),
    ("host_port = 80", "load = { rate = \"5/s\", concurrency = 8 }", 21, "with request_time"),
    ("host_port = 80", "load = { rate = \"5/s\", capacity_per_task = \"0/s\" }", 21, "must serve something"),
    ("host_port = 80", "load = { rate = \"5/s\", cpu_per_request = 10 }", 21, "10 has no unit"),
    ("host_port = 80", "load = { rate = \"5/s\", cpu_per_request = \"0ms\" }", 21, "zero, where time must pass"),
    ("host_port = 80", "load = { rate = \"5/s\", concurrency = 0, request_time = \"1s\" }", 21, "zero requests"),
    (
        "host_port = 80",
        "load = { rate = \"5/s\", concurrency = 8, request_time = 0 }",
        21,
        "write a request_time above zero",
    ),
    ("host_port = 80", "load = { rate = \"5/s\", concurrency = 8, request_time = \"fast\" }", 21, "not a distribution"),
    (
        "host_port = 80",
        "load = { rate = \"5/s\", capacity_per_task = \"9/s\", concurrency = 8, request_time = \"1s\" }",
        21,
        "leave out concurrency",
    ),
    (
        "host_port = 80",
        "load = { rate = \"5/s\", capacity_per_task = \"9000/s\", request_time = \"1h\" }",
        21,
        "at most 1000000",
    ),
    (
        "host_port = 80",
        "load = { rate = \"5/s\", capacity_per_task = \"9/s\", timeout = 0 }",
        21,
        "zero, where time must pass",
    ),
    (
        "desired = 5",
        "desired = 5\nautoscaling = { min = 1, max = 9, target-tracking = { cpu = 60 } }",
        19,
        "nothing for it to measure",
    ),
    (
        "kind = \"alb\", health_check",
        "kind = \"nlb\", slow_start = \"30s\", health_check",
        24,
        "only an alb has a slow start",
    ),
    ("interval = \"30s\"", "interval = \"5s\", timeout = \"6s\"", 24, "longer than the interval"),
    ("host_port = 80", "load = { rate = \"5/s\", capacity_per_task = \"9/s\", warm_up = 60 }", 21, "60 has no unit"),
    (
        "host_port = 80",
        "load = { rate = \"5/s\", capacity_per_task = \"9/s\", warm_up = { from = 20 } }",
        21,
        "span is missing",
    ),
    (
        "host_port = 80",
        "load = { rate = \"5/s\", capacity_per_task = \"9/s\", warm_up = { span = \"1s\", from = 101 } }",
        21,
        "from 0 to 100",
    ),
    ("cpu = 1024\n", "load = { rate = \"5/s\", cpu_per_request = \"10ms\" }\n", 19, "write cpu = 256 in the service"),
    // Traces: what is wrong in a file is in `traces.rs`.
    (
        "host_port = 80",
        "load = { trace = \"nowhere.csv\", capacity_per_task = \"9/s\" }",
        21,
        "'nowhere.csv': no such file",
    ),
    ("host_port = 80", "load = { trace = \"\", capacity_per_task = \"9/s\" }", 21, "empty"),
    ("host_port = 80", "load = { trace = \"traffic.csv.gz\", capacity_per_task = \"9/s\" }", 21, "gunzip"),
    (
        "host_port = 80",
        "load = { trace = \"traffic.csv\", shift = \"4h\", capacity_per_task = \"9/s\" }",
        21,
        "write a shorter shift",
    ),
    (
        "host_port = 80",
        "load = { trace = \"traffic.csv\", shift = \"2h\", capacity_per_task = \"9/s\" }",
        21,
        "the trace has 2h 00m after its shift of 2h 00m, and the horizon is 3h 00m",
    ),
    (
        "host_port = 80",
        "load = { trace = \"traffic.csv\", gaps = \"none\", capacity_per_task = \"9/s\" }",
        21,
        "there are: zero, hold",
    ),
    // Deploys.
    ("service = \"web\"", "service = \"wbe\"", 26, "did you mean 'web'?"),
    ("\"10m\"", "\"3h\"", 27, "not before the horizon"),
    ("\"10m\"", "\"10m\"\n[[deploy]]\nservice = \"web\"\nat = \"600s\"", 30, "at the same time"),
    ("at = \"10m\"", "rollback = \"yes\"", 27, "true or false is needed"),
    ("at = \"10m\"", "at = \"10m\"\nfault = \"never\"", 28, "there are: none, never-healthy"),
    ("at = \"10m\"", "at = \"10m\"\nfault = {}", 28, "an empty table"),
    ("at = \"10m\"", "at = \"10m\"\nfault = { crashes = \"1s\" }", 28, "unknown key 'crashes'"),
    ("at = \"10m\"", "at = \"10m\"\nfault = { crashes_after = 0, alarm_after = 0 }", 28, "two of them"),
    ("at = \"10m\"", "at = \"10m\"\nrollback = true\nfault = \"never-healthy\"", 29, "a fault of a rollback"),
    // Changes of the desired count.
    ("[[variant]]", "[[scale]]\nservice = \"wbe\"\nat = 0\ndesired = 1\n[[variant]]", 29, "did you mean 'web'?"),
    ("[[variant]]", "[[scale]]\nservice = \"web\"\ndesired = 1\n[[variant]]", 28, "at is missing"),
    ("[[variant]]", "[[scale]]\nservice = \"web\"\nat = 0\ndesired = -1\n[[variant]]", 31, "out of bounds"),
    ("[[variant]]", "[[scale]]\nservice = \"web\"\nat = \"3h\"\ndesired = 1\n[[variant]]", 30, "before the horizon"),
    ("[[variant]]", "[scale]\nservice = \"web\"\n[[variant]]", 28, "write [[scale]]"),
    ("\"host_group.m5.hosts\" = 10", "\"scale.web.desired\" = 0", 30, "write [[scale]]"),
    // Variants.
    ("name = \"more\"\n", "", 28, "name is missing"),
    ("host_group.m5.hosts", "host_group.m6.hosts", 30, "did you mean 'm5'? there are: m5"),
    ("host_group.m5.hosts", "host_group.m5.hosst", 30, "did you mean 'hosts'?"),
    ("host_group.m5.hosts", "host_grup.m5.hosts", 30, "did you mean 'host_group'?"),
    ("host_group.m5.hosts", "host_group.m5.hosts.more", 30, "host_group.m5.hosts is a whole number"),
    ("host_group.m5.hosts", "host_group..hosts", 30, "no host_group has the name ''"),
    ("host_group.m5.hosts", "run.seeds", 30, "the same for all variants"),
    ("host_group.m5.hosts", "question", 30, "the same for all variants"),
    ("\"host_group.m5.hosts\" = 10", "\"host_group.m5.hosts\" = 0", 30, "zero hosts"),
    ("\"host_group.m5.hosts\" = 10", "\"host_group.m5.hosts\" = 3", 30, "2 of 5 tasks do not fit"),
    ("\"host_group.m5.hosts\" = 10", "\"service.web.host_port\" = 22", 30, "port 22 is reserved"),
    ("\"host_group.m5.hosts\" = 10", "\"deploy.web.at\" = \"1m\"", 30, "before the start"),
    ("\"host_group.m5.hosts\" = 10", "\"service.web.load_balancer\" = { }", 30, "kind is missing"),
    ("\"host_group.m5.hosts\" = 10", "\"deploy\" = []", 30, "nothing happens in it"),
    ("\"host_group.m5.hosts\" = 10", "\"placement\" = \"sprad\"", 30, "did you mean 'spread'?"),
    ("set = { \"host_group.m5.hosts\" = 10 }", "set = 5", 30, "where a table is needed"),
    ("set = { \"host_group.m5.hosts\" = 10 }", "strategy = \"roling\"", 30, "did you mean 'rolling'?"),
    ("set = { \"host_group.m5.hosts\" = 10 }", "orchestrator = { tik = 0 }", 30, "has no parameter 'tik'"),
    ("\"host_group.m5.hosts\" = 10", "\"strategy.canary.step_bake_time\" = 0", 30, "2 strategies"),
    ("set = { \"host_group.m5.hosts\" = 10 }", "placement = \"spread\"\nset.placement = \"spread\"", 31, "set twice"),
    ("set = { \"host_group.m5.hosts\" = 10 }", "sett = {}", 30, "did you mean 'set'?"),
    ("set = { \"host_group.m5.hosts\" = 10 }", "[[variant]]\nname = \"more\"", 31, "two variants are named 'more'"),
    // Syntax.
    ("seeds = 20", "seeds = ", 6, "not TOML"),
    ("seeds = 20", "seeds = 20\nseeds = 21", 7, "not TOML: duplicate key"),
    ("seeds = 20", "seeds = \"20", 6, "not TOML"),
];

/// What stands for the service's autoscaling, and a part of the only problem.
const AUTOSCALING: &[(&str, &str)] = &[
    ("5", "a whole number, where a table is needed"),
    ("{ max = 60 }", "min is missing"),
    ("{ min = 9, max = 8 }", "min is 9 and max is 8"),
    ("{ min = 10, max = 60 }", "5 tasks are desired, where min and max allow 10 to 60"),
    ("{ min = 10, max = 60 }", "write desired from 10 to 60"),
    ("{ min = 1, max = 100001 }", "from 0 to 100000"),
    ("{ min = 1, max = 9, target-traking = { cpu = 60 } }", "did you mean 'target-tracking'?"),
    ("{ min = 1, max = 9, schedule = [{ at = \"1h\", min = 1 }] }", "max is missing"),
    ("{ min = 1, max = 9, schedule = [{ at = \"1h\", min = 3, max = 2 }] }", "min is 3 and max is 2"),
    ("{ min = 1, max = 9, schedule = [{ at = 0, min = 6, max = 9 }] }", "allow 6 to 9"),
    ("{ min = 1, max = 9, target-tracking = {} }", "no target"),
    ("{ min = 1, max = 9, target-tracking = { cpu = 0 } }", "zero percent"),
    ("{ min = 1, max = 9, target-tracking = [{ cpu = 60 }, { cpu = -1 }] }", "from 0 to 1000"),
    ("{ min = 1, max = 9, target-tracking = { cpu = 60, requests_per_target = 9 } }", "two targets"),
    ("{ min = 1, max = 9, target-tracking = { cpu = 60, dely = 0 } }", "did you mean 'delay'?"),
    ("{ min = 1, max = 9, target-tracking = { cpu = 60, delay = \"1.5s\" } }", "whole seconds from 0 on"),
    ("{ min = 1, max = 9, target-tracking = { cpu = 60, period = 0 } }", "whole seconds from 1 on"),
    ("{ min = 1, max = 9, step = {} }", "no alarm"),
    ("{ min = 1, max = 9, step = { high = { threshold = 75 } } }", "steps is missing"),
    ("{ min = 1, max = 9, step = { high = { threshold = 75, steps = [] } } }", "no steps"),
    (
        "{ min = 1, max = 9, step = { high = { threshold = 75, steps = [{ from = 1, to = 1, change = 1 }] } } }",
        "not below",
    ),
    (
        "{ min = 1, max = 9, step = { high = { threshold = 75, steps = [{ from = 5, change = 1 }, { to = 6, change = 2 }] } } }",
        "two steps overlap",
    ),
    (
        "{ min = 1, max = 9, step = { high = { threshold = 7, steps = [{ change = 1 }] }, \
         low = { threshold = 8, steps = [{ change = -1 }] } } }",
        "low is above high",
    ),
    (
        "{ min = 1, max = 9, step = { min_magnitude = 2, high = { threshold = 75, steps = [{ change = 1 }] } } }",
        "only a change in percent",
    ),
    ("{ min = 1, max = 9, alarm = { low = 80 } }", "low is not below high"),
    ("{ min = 1, max = 9, alarm = { step = 0 } }", "zero tasks"),
    ("{ min = 1, max = 9, hpa = {}, alarm = {} }", "hpa is not alone"),
    ("{ min = 1, max = 9, hpa = [{}, { cpu = 60 }] }", "hpa is not alone"),
    ("{ min = 0, max = 9, hpa = {} }", "switches hpa off"),
    ("{ min = 1, max = 9, hpa = { tolerance = 1.5 } }", "not a share from 0 to 1"),
    ("{ min = 1, max = 9, hpa = { tolerance = \"10%\" } }", "where a share from 0 to 1 is needed"),
    ("{ min = 1, max = 9, hpa = { current = \"stats\" } }", "did you mean 'status'?"),
    ("{ min = 1, max = 9, hpa = { scale_up = { select = \"mx\" } } }", "did you mean 'max'?"),
    ("{ min = 1, max = 9, hpa = { scale_up = { policies = [] } } }", "no policies"),
    ("{ min = 1, max = 9, hpa = { scale_up = { policies = [{ pods = 4 }] } } }", "period is missing"),
    (
        "{ min = 1, max = 9, hpa = { scale_up = { policies = [{ pods = 4, percent = 9, period = \"1m\" }] } } }",
        "two of them",
    ),
    ("{ min = 1, max = 9, hpa = { scale_up = { stabilization = \"2h\" } } }", "is more than"),
];

/// What stands for the orchestrator in line 2, and a part of the only problem.
const ORCHESTRATORS: &[(&str, &str)] = &[
    ("\"esc\"", "did you mean 'ecs'? there are: ecs, ecs-2018, ecs-2015"),
    ("5", "where a table is needed"),
    ("{ tick = \"1s\", tick_jitter = \"0.5s\" }", "not below half a tick"),
    ("{ tick = 10 }", "write \\\"10s\\\" for seconds"),
    ("{ tik = \"1s\" }", "ecs has no parameter 'tik'"),
    ("{ tik = \"1s\" }", "did you mean 'tick'? there are: name, tick, tick_jitter"),
    ("{ restart_first = \"1s\" }", "ecs has no parameter 'restart_first'"),
    ("{ alarms = true }", "ecs has no parameter 'alarms'"),
    ("{ pulls = \"serail\" }", "did you mean 'serial'? there are: parallel, serial"),
    ("{ replaces_unhealthy_targets = \"yes\" }", "true or false is needed"),
    ("{ replace_factor = 50 }", "write percent from 100 to 1000"),
    ("{ replace_factor = \"100.05%\" }", "not whole tenths of a percent"),
    ("{ replace_factor = \"100\" }", "'100' is not a share"),
    ("{ launch_rate = { burst = 0 } }", "zero launches"),
    ("{ launch_rate = \"unlimted\" }", "did you mean 'unlimited'?"),
];

/// What stands for the strategy in line 3, and a part of the only problem.
const STRATEGIES: &[(&str, &str)] = &[
    ("\"roling\"", "did you mean 'rolling'?"),
    ("\"one-at-a-time\"", "ecs offers no strategy 'one-at-a-time'"),
    ("\"x\"", "there are: rolling, blue-green, linear, canary, free"),
    ("{ recreate = {} }", "ecs offers no strategy 'recreate'"),
    ("{}", "0 strategies, where one is needed"),
    ("{ rolling = {}, canary = {} }", "2 strategies"),
    ("5", "where a strategy's name, or a table of it, is needed"),
    ("{ rolling = true }", "where a table is needed"),
    ("{ rolling = { minimum_healthy_percent = 101 } }", "from 0 to 100"),
    ("{ rolling = { minimum_healthy_percent = -1 } }", "-1% is out of bounds"),
    ("{ rolling = { maximum_percent = 99 } }", "from 100 to 1000"),
    ("{ rolling = { minimum_healthy_percent = nan } }", "out of bounds"),
    ("{ rolling = { minimum_healthy_percent = 50.55 } }", "not whole tenths of a percent"),
    ("{ rolling = { minimum_percent = 50 } }", "the strategy rolling of ecs has no parameter 'minimum_percent'"),
    ("{ rolling = { circuit_breaker_least = 0 } }", "from 1 to 1000"),
    ("{ rolling = { alarms = 1 } }", "true or false is needed"),
    ("{ free = { pol = {} } }", "did you mean 'pool'?"),
    ("{ free = { pool = {}, slots = {} } }", "both pool and slots"),
    ("{ free = { pool = { surge = \"25\" } } }", "'25' is not a share"),
    ("{ free = { pool = { surge = \"9% over\" } } }", "is not a share"),
    ("{ free = { pool = { surge = 1.5 } } }", "a number of tasks or a share"),
    ("{ free = { pool = { surge = \"1001%\" } } }", "from 0 to 1000"),
    ("{ free = { pool = { zero = \"stal\" } } }", "did you mean 'stall'?"),
    ("{ free = { pool = { window = 0 } } }", "zero tasks"),
    ("{ free = { slots = { op = \"start\" } } }", "there are: stop-start"),
    ("{ free = { slots = { window = -1 } } }", "-1 is out of bounds"),
    ("{ free = { steps = [] } }", "0 steps"),
    ("{ free = { steps = [{ nwe = 1 }] } }", "did you mean 'new'?"),
    ("{ free = { steps = [{ new = \"most\" }] } }", "strategy.free.steps[0].new"),
    ("{ free = { steps = [{ weight = 101 }] } }", "from 0 to 100"),
    ("{ free = { steps = [{ hold = {} }] } }", "an empty table"),
    ("{ free = { steps = [{ hold = 5 }] } }", "where a table is needed"),
    ("{ free = { steps = [{ hold = { analysis = { count = 1 } } }] } }", "interval is missing"),
    ("{ free = { gate = { level = \"up\" } } }", "there are: created, running"),
    ("{ free = { failure = [{ dtect = [] }] } }", "did you mean 'detect'?"),
    ("{ free = { failure = { act = \"halt\" } } }", "there are: report, pause, stop, rollback, drop-new"),
    ("{ free = { failure = { detect = [\"gate-deadline\"] } } }", "the gate has no deadline"),
    ("{ free = { failure = { detect = [\"total\"] } } }", "there is no 'total'"),
    ("{ free = { failure = { detect = [{ total = \"1h\", no_progress = \"1h\" }] } } }", "two of them"),
    ("{ free = { failure = { detect = [\"alarm\"], after = \"1s\" } } }", "nothing waits for it"),
    ("{ free = { failure = { detect = [{ in_a_row = { least = 9, most = 3 } }] } } }", "fewer than the least, 9"),
    ("{ free = { completion = \"now\" } }", "there are: last-step, old-stopped"),
];

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
