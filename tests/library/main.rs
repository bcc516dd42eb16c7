//! The scenario library: every file loads, its variants end or say why not, and what its comments claim follows from
//! arithmetic by hand.
//!
//! The arithmetic counts ticks: the scheduler looks every 10.1 s, 0.3 s off at most (`TICK`, `OFF`), and a stage that ends
//! between two looks is noticed at the next. A deploy is requested 1 to 10 s before its first look (2.9 to 6 s in 2015).
//! A start takes 0.06 to 0.1 s to reach its agent, 0 to 2 s to check the image, 1 s to create the container and 0.2 s to
//! report: 1.26 to 3.3 s. A stop takes 0.06 to 0.1 s, the exit, and 1 s to report.

mod sweep;
mod users;

use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use seatrial_scenarios::results::Results;
use seatrial_scenarios::{RunOptions, Scenario, run};
use seatrial_sim::measure::summary::Summary;
use seatrial_sim::measure::users::Users;
use seatrial_sim::traffic::Loss;

const TICK: f64 = 10.1;
const OFF: f64 = 0.3;
/// A month of price lists.
const HOURS_A_MONTH: f64 = 730.0;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/library")
}

fn files() -> Vec<PathBuf> {
    let files = fs::read_dir(folder()).expect("the library is there").map(|entry| entry.expect("a file").path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|e| e == "toml")).collect();
    files.sort();
    files
}

fn load(path: &Path) -> Scenario {
    Scenario::load(path).unwrap_or_else(|report| panic!("{report}"))
}

fn played(scenario: &Scenario, seeds: u32, threads: Option<usize>) -> Results {
    let options = RunOptions { seeds: Some(seeds), threads, ..RunOptions::default() };
    run(scenario, &options, &|_, _| (), &AtomicBool::new(false)).expect("no program is asked")
}

/// The answers of one file.
struct Answers(Results);

fn answers(file: &str) -> Answers {
    Answers(played(&load(&folder().join(file)), 200, None))
}

impl Answers {
    fn rows(&self, variant: &str) -> Vec<&Summary> {
        let found = self.0.variants.iter().find(|found| found.name == variant);
        found.unwrap_or_else(|| panic!("no variant {variant}")).rows.iter().map(|row| &row.summary).collect()
    }

    fn deploys_s(&self, variant: &str) -> Vec<f64> {
        let ended = |summary: &&Summary| summary.deploy_s.unwrap_or_else(|| panic!("{variant}: {:?}", summary.blocked));
        self.rows(variant).iter().map(ended).collect()
    }

    fn mean_s(&self, variant: &str) -> f64 {
        let all = self.deploys_s(variant);
        all.iter().sum::<f64>() / all.len() as f64
    }

    /// Every seed's deploy takes these ticks, at least and at most, and what comes before the first look.
    fn assert_ticks(&self, variant: &str, ticks: RangeInclusive<f64>, before: (f64, f64)) {
        for took in self.deploys_s(variant) {
            let (low, high) = (ticks.start() * TICK - OFF + before.0, ticks.end() * TICK + OFF + before.1);
            assert!((low..=high).contains(&took), "{variant}: {took} s, by hand {low} to {high} s");
        }
    }

    /// The mean of a number over the seeds.
    fn mean(&self, variant: &str, number: impl Fn(&Summary) -> f64) -> f64 {
        let rows = self.rows(variant);
        rows.iter().map(|row| number(row)).sum::<f64>() / rows.len() as f64
    }

    /// Requests that failed, the mean over the seeds.
    fn failed(&self, variant: &str) -> f64 {
        self.mean(variant, failed)
    }

    /// One number of every seed.
    fn assert_each(&self, variant: &str, what: &str, number: impl Fn(&Summary) -> f64, low: f64, high: f64) {
        for summary in self.rows(variant) {
            let number = number(summary);
            assert!((low..=high).contains(&number), "{variant}: {what} {number}, by hand {low} to {high}");
        }
    }
}

fn users(summary: &Summary) -> &Users {
    summary.users.as_ref().expect("a service has a load")
}

fn failed(summary: &Summary) -> f64 {
    users(summary).failed_in_all().as_f64()
}

/// Before the first look: today and in 2018, and in 2015.
const SINCE_2018: (f64, f64) = (1.0, 10.0);
const IN_2015: (f64, f64) = (2.9, 6.0);

#[test]
fn every_file_has_a_question_and_variants_and_ends_or_says_why() {
    let files = files();
    assert!(files.len() >= 5, "{files:?}");
    for path in files {
        let scenario = load(&path);
        assert!(scenario.question.ends_with('?') && scenario.variants.len() >= 2, "{}", path.display());
        assert_eq!(scenario.seeds, 200, "{}", path.display());
        for variant in played(&scenario, 20, None).variants {
            for row in variant.rows {
                let Summary { deploy_s, blocked, deploys, .. } = &row.summary;
                let ends = deploy_s.is_some() || *deploys == 0;
                assert_eq!(ends, blocked.is_empty(), "{}: {}: {blocked:?}", path.display(), variant.name);
            }
        }
    }
}

#[test]
fn the_same_seeds_give_the_same_results_whatever_the_threads() {
    for path in files() {
        let scenario = load(&path);
        assert_eq!(played(&scenario, 20, Some(1)), played(&scenario, 20, Some(8)), "{}", path.display());
    }
}

#[test]
fn one_spare_host() {
    let answers = answers("one-spare-host.toml");
    // A task: 1 tick until it is seen to run, then 30 s to SIGKILL and 1 s to report, which 4 ticks cover. Five in turn.
    answers.assert_ticks("one spare host", 25.0..=25.0, IN_2015);
    // One at a time, whatever the room.
    answers.assert_ticks("five spare hosts", 25.0..=25.0, IN_2015);
    // All at once: 1 tick and 4.
    answers.assert_ticks("five spare hosts, maximum 200 %", 5.0..=5.0, IN_2015);
    // The next task is placed while the old one stops: 31.1 s to the stop and up to 3.3 s to start, 4 ticks from stop to
    // stop. 1 tick to the first stop, 4 x 4 to the fifth, 4 to its end.
    answers.assert_ticks("one spare host, maximum 200 %", 21.0..=21.0, IN_2015);

    let every_5_to_60 = [5, 15, 30, 60].map(|s| format!("agents poll every {s} s"));
    let means: Vec<f64> = every_5_to_60.iter().map(|variant| answers.mean_s(variant)).collect();
    // Every 5 s costs nothing: 5 + 3.2 s are less than the tick that a start takes, 5 + 31 s less than a stop's four.
    assert_eq!(answers.deploys_s("agents poll every 5 s"), answers.deploys_s("one spare host"));
    assert!(means.windows(2).all(|pair| pair[0] < pair[1]), "the slower the agents, the slower the deploy: {means:?}");
    // A command waits for one poll at most, and a stage that ends later is seen a tick later at most: 10 commands.
    for (interval, variant) in [5.0, 15.0, 30.0, 60.0].into_iter().zip(&every_5_to_60) {
        for (slow, fast) in answers.deploys_s(variant).into_iter().zip(answers.deploys_s("one spare host")) {
            let more = slow - fast;
            assert!((-2.0 * OFF..=10.0 * (interval + TICK) + 2.0 * OFF).contains(&more), "{variant}: {more} s more");
        }
    }
    // Every 60 s. First start: waits 30 s on the mean, 2.2 s to start, then half a tick. A stop is heard w later, w from
    // 0 to 60 s; the old task is gone and the next one placed on its host 31 to 42 s after that, before the agent's next
    // poll; at that poll it starts. So from stop to stop it is w + 60 + 2.2 s and half a tick, 4 times. The last stop: w,
    // 31 s, and half a tick. The standard deviation of six independent waits is 17.3 x sqrt(6) = 42 s, of their mean over
    // 200 seeds 3 s.
    let half = TICK / 2.0;
    let by_hand = 4.45 + (30.0 + 2.2 + half) + 4.0 * (30.0 + 60.0 + 2.2 + half) + (30.0 + 31.0 + half);
    assert!((means[3] - by_hand).abs() < 12.0, "{} s, by hand {by_hand} s", means[3]);

    // One of six hosts of $0.126 an hour is not needed, or five of ten.
    for (variant, spare) in [("one spare host", 1.0), ("five spare hosts", 5.0)] {
        let month = spare * 0.126 * HOURS_A_MONTH;
        answers.assert_each(variant, "$ a month", |row| row.spare_usd_per_month, month - 0.005, month + 0.005);
        answers.assert_each(variant, "$ a deploy", |row| row.usd_per_deploy, 0.0, 0.0);
        answers.assert_each(variant, "lowest healthy", |row| row.lowest_healthy_percent, 100.0, 100.0);
        answers.assert_each(variant, "tasks", |row| row.peak_tasks.into(), 6.0, 6.0);
    }
}

#[test]
fn double_the_hosts() {
    let answers = answers("double-the-hosts.toml");
    // A host that has run the service pulls 100 MB in 4.2 s: 1 tick to start. 4 ticks to stop, as in one-spare-host.
    answers.assert_ticks("five spare hosts", 5.0..=5.0, IN_2015);
    // A new host pulls 400 MB in 16.7 s and has started the task 17.9 to 20.0 s after the look. The second look is 19.9 to
    // 20.5 s after it, so one of five may miss it by a hair and be seen a tick later.
    for variant in ["five for the deploy, by the hour", "five for the deploy, by the second"] {
        for took in answers.deploys_s(variant) {
            let (low, high) = (6.0 * TICK - OFF + IN_2015.0, 7.0 * TICK + OFF + IN_2015.1);
            assert!((low..=high).contains(&took), "{variant}: {took}");
        }
        assert!(answers.mean_s(variant) < 6.5 * TICK + 4.45, "most seeds take six ticks");
    }
    // The same hosts at the same times: only the bill differs.
    assert_eq!(
        answers.deploys_s("five for the deploy, by the hour"),
        answers.deploys_s("five for the deploy, by the second")
    );
    // More room is never slower on the mean.
    assert!(answers.mean_s("five spare hosts") < answers.mean_s("one spare host"));

    // Five hosts for 5 min, the deploy and 5 min: less than an hour each, so five started hours; or as many seconds.
    let hours = 5.0 * 0.126;
    let by_the_hour = "five for the deploy, by the hour";
    answers.assert_each(by_the_hour, "$ a deploy", |row| row.usd_per_deploy, hours - 1e-6, hours + 1e-6);
    for (variant, hosts) in [("five for the deploy, by the second", 5.0), ("one for the deploy, by the second", 1.0)] {
        for row in answers.rows(variant) {
            let seconds = 600.0 + row.deploy_s.unwrap();
            let (low, second) = (hosts * 0.126 * seconds / 3_600.0, hosts * 0.126 / 3_600.0);
            let paid = row.usd_per_deploy;
            assert!((low - 1e-5..=low + second + 1e-5).contains(&paid), "{variant}: ${paid}, by hand ${low}");
        }
        answers.assert_each(variant, "$ a month", |row| row.spare_usd_per_month, 0.0, 0.0);
    }
    for (variant, spare) in [("one spare host", 1.0), ("five spare hosts", 5.0)] {
        let month = spare * 0.126 * HOURS_A_MONTH;
        answers.assert_each(variant, "$ a month", |row| row.spare_usd_per_month, month - 0.005, month + 0.005);
        answers.assert_each(variant, "$ a deploy", |row| row.usd_per_deploy, 0.0, 0.0);
    }
}

#[test]
fn fixed_port() {
    let answers = answers("fixed-port.toml");
    // Down from the first look on. The end of the drain of 300 s is noticed at 300 to 310 s and seen at the 30th or 31st
    // tick; SIGTERM, exit and report take 2.1 s, seen one tick later, which starts the new task; the next one registers it,
    // and it is healthy 1.6 to 2.6 s later. The one after that ends it.
    let down = |ticks: f64| (ticks * TICK + 1.6 - OFF, (ticks + 1.0) * TICK + 2.6 + OFF);
    let (low, high) = down(32.0);
    answers.assert_each("fixed port", "s down", |row| row.short_replica_s, low, high);
    answers.assert_ticks("fixed port", 33.0..=34.0, SINCE_2018);
    assert!((5.0..5.5).contains(&(low / 60.0)), "about 5 minutes");
    // 30 s are seen at the 3rd or 4th tick: 27 ticks less.
    let (low, high) = down(5.0);
    answers.assert_each("fixed port, drain 30 s", "s down", |row| row.short_replica_s, low, high);
    answers.assert_ticks("fixed port, drain 30 s", 6.0..=7.0, SINCE_2018);
    for variant in ["fixed port", "fixed port, drain 30 s"] {
        answers.assert_each(variant, "lowest healthy", |row| row.lowest_healthy_percent, 0.0, 0.0);
        answers.assert_each(variant, "tasks", |row| row.peak_tasks.into(), 1.0, 1.0);
    }
    // Never down: 1 tick to register, 1 to choose and deregister the old one, 30 or 31 to drain it, 1 to see it stopped.
    for variant in ["fixed port, a second host", "dynamic port"] {
        answers.assert_ticks(variant, 33.0..=34.0, SINCE_2018);
        answers.assert_each(variant, "s down", |row| row.short_replica_s, 0.0, 0.0);
        answers.assert_each(variant, "lowest healthy", |row| row.lowest_healthy_percent, 100.0, 100.0);
    }
    let month = 0.1 * HOURS_A_MONTH;
    let second_host = "fixed port, a second host";
    answers.assert_each(second_host, "$ a month", |row| row.spare_usd_per_month, month - 0.005, month + 0.005);
    answers.assert_each("dynamic port", "$ a month", |row| row.spare_usd_per_month, 0.0, 0.0);
}

#[test]
fn default_alb() {
    let answers = answers("default-alb.toml");
    // A round, in ticks: 1 until the new tasks are registered; then healthy, rounded up (2 s: 1 tick; 12 s: 2; 122 s: 13);
    // 1 from the choice of the old ones to their deregistration; the drain. At the look that sees it they are told to stop
    // and the next round starts in their places. The last stop is seen 1 tick later.
    let rounds = |n: f64, healthy: f64, drain: f64| n * (1.0 + healthy + 1.0 + drain) + 1.0;
    // A drain's end is noticed 0 to 10 s late. Of 300 s that is before the tick at 303.0 s for 30 % and takes one tick more
    // for 70 %; of 30 s it is before the tick at 30.3 s for 3 %.
    let (long, short) = ((30.0, 0.7), (3.0, 0.97));
    let table = [
        ("five checks needed", 2.0, 13.0, long),
        ("one check is enough", 2.0, 1.0, long),
        ("drain 30 s", 2.0, 13.0, short),
        ("health check 10 s x 2", 2.0, 2.0, long),
        ("both", 2.0, 2.0, short),
        ("a fourth host", 1.0, 13.0, long),
        ("both, and a fourth host", 1.0, 2.0, short),
    ];
    for (variant, n, healthy, (drain, late)) in table {
        let ticks = rounds(n, healthy, drain);
        answers.assert_ticks(variant, ticks..=ticks + n, SINCE_2018);
        // The mean of 200 seeds: the first look after 5.5 s on the mean. Its standard deviation is 2.6 s, that of late
        // rounds, if they were all late together, n ticks of sqrt(p (1 - p)); the offsets of looks move p by up to 0.06.
        let by_hand = (ticks + n * late) * TICK + 5.5;
        let sd = (2.6_f64.powi(2) + (n * TICK).powi(2) * late * (1.0 - late)).sqrt();
        let tolerance = 5.0 * sd / 200_f64.sqrt() + 0.06 * n * TICK;
        let mean = answers.mean_s(variant);
        assert!((mean - by_hand).abs() < tolerance, "{variant}: {mean} s, by hand {by_hand} +- {tolerance} s");
        answers.assert_each(variant, "lowest healthy", |row| row.lowest_healthy_percent, 100.0, 100.0);
    }
    assert!((15.0..16.0).contains(&(answers.mean_s("five checks needed") / 60.0)), "why 15 minutes");
}

#[test]
fn never_finishes() {
    let answers = answers("never-finishes.toml");
    let bounds = "its bounds let nothing start or stop";
    let nowhere = "new tasks fit nowhere";
    let table = [
        ("full hosts", vec![nowhere, "memory on 2 of 2 hosts", "at least 4 of 4 stay healthy"]),
        ("one task, 50 to 100 %", vec![bounds, "at least 1 of 1 stay healthy", "at most 1 may exist"]),
        ("three tasks, 100 to 125 %", vec![bounds, "at least 3 of 3 stay healthy", "at most 3 may exist"]),
        ("a fixed port on every host", vec![nowhere, "a port already in use on 3 of 3 hosts"]),
    ];
    for (variant, parts) in table {
        for row in answers.rows(variant) {
            assert_eq!(row.deploy_s, None, "{variant}");
            let text = row.blocked.join(" ");
            assert!(parts.iter().all(|part| text.contains(part)), "{variant}: {text}");
            // Nothing is started and nothing is stopped.
            assert!(row.short_replica_s.abs() + row.extra_replica_s.abs() < 1e-9, "{variant}");
        }
    }
    // Half of them: 2 stopped at the first look; 1 tick until they are gone and 2 new ones start; 41.3 to 43.3 s to
    // healthy, which is 40 s after it runs: 5 ticks. The other half: 1 and 5 again.
    answers.assert_ticks("full hosts, 50 %", 12.0..=12.0, SINCE_2018);
    answers.assert_each("full hosts, 50 %", "lowest healthy", |row| row.lowest_healthy_percent, 50.0, 50.0);
    // One after another on the free host: 5 ticks to healthy, 1 until the old one is gone and its port free. Three times.
    answers.assert_ticks("a fixed port, and a fourth host", 18.0..=18.0, SINCE_2018);
}

#[test]
fn polling_agents() {
    let answers = answers("polling-agents.toml");
    // 1.26 to 3.3 s to start and 40 s to healthy: 5 ticks; 2.1 s to stop: 1.
    answers.assert_ticks("push", 6.0..=6.0, SINCE_2018);
    // Without ticks: 0.16 s of messages, 1.2 s to start, 0 to 2 s to check the image, 40 s, 2 s to stop.
    answers.assert_each("push, looks at once", "s", |row| row.deploy_s.unwrap(), 44.32, 55.4);
    // Polls instead of messages: two waits, each from 0 to the interval, of two hosts and so independent. The mean of
    // their sum is the interval, its variance interval^2 / 6, and 0.16 s are saved. Tolerances: five standard errors of
    // the mean of 200 seeds, and of a standard deviation that is a third of them apart.
    let push = answers.deploys_s("push, looks at once");
    for interval in [10.0_f64, 30.0] {
        let variant = format!("poll {interval} s, looks at once");
        let more: Vec<f64> = answers.deploys_s(&variant).iter().zip(&push).map(|(poll, push)| poll - push).collect();
        assert!(more.iter().all(|more| (-0.2..=2.0 * interval).contains(more)), "{variant}");
        let n = more.len() as f64;
        let mean = more.iter().sum::<f64>() / n;
        let deviation = (more.iter().map(|more| (more - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
        let by_hand = interval / 6.0_f64.sqrt();
        assert!((mean - (interval - 0.16)).abs() < 5.0 * by_hand / n.sqrt(), "{variant}: {mean} s more");
        assert!((deviation / by_hand - 1.0).abs() < 0.2, "{variant}: {deviation} s, by hand {by_hand} s");
        // With ticks, polls cost between nothing and their waits and two ticks.
        let ticked = answers.deploys_s(&format!("poll {interval} s"));
        for (poll, push) in ticked.iter().zip(answers.deploys_s("push")) {
            assert!((-2.0 * OFF..=2.0 * (interval + TICK) + 2.0 * OFF).contains(&(poll - push)), "poll {interval} s");
        }
    }
}

#[test]
fn zones_and_placement() {
    let answers = answers("zones-and-placement.toml");
    // The old large task has a host, with 1,536 MiB to spare. Spread puts a small one on each of the others and leaves
    // 5,632 MiB there, for 6,144.
    for row in answers.rows("spread") {
        assert_eq!(row.blocked.len(), 1, "spread");
        let text = &row.blocked[0];
        assert!(text.starts_with("batch: 1 of 1 new tasks fit nowhere: memory on 4 of 4 hosts"), "{text}");
    }
    // Binpack puts three small ones on a host and one on the next, and the last is free. 5 ticks to start and to be
    // healthy, 1 to stop, as in polling-agents.
    answers.assert_ticks("binpack", 6.0..=6.0, SINCE_2018);
    // Random: four small tasks on three hosts. Of 3^4 = 81 ways C(4, 2) x 3! = 36 leave none free, so 5 of 9 deploys end.
    // Of 200 seeds: 111, and four standard deviations of sqrt(200 x 20 / 81) = 7.
    let ended = answers.rows("random").iter().filter(|row| row.deploy_s.is_some()).count();
    assert!((83..=139).contains(&ended), "{ended} of 200");
    // A fifth host gets one of the four small ones, and the sixth none.
    assert!(answers.rows("spread, a fifth host").iter().all(|row| row.deploy_s.is_none()));
    answers.assert_ticks("spread, a sixth host", 6.0..=6.0, SINCE_2018);
}

#[test]
fn every_orchestrator() {
    let answers = answers("every-orchestrator.toml");
    // No task is replaced for less than its own start and stop, 20 s in the median (lognormal) and 5 s: 10 x 25 s, of which a few
    // seconds are a task's own luck. Deploys that hold, wait or boot machines pay more.
    let sum = |row: &Summary| row.extra_replica_s + row.short_replica_s;
    for variant in &answers.0.variants {
        let mean = variant.rows.iter().map(|row| sum(&row.summary)).sum::<f64>() / variant.rows.len() as f64;
        assert!(mean > 250.0, "{}: {mean} task-seconds", variant.name);
        assert!(variant.rows.iter().all(|row| row.summary.deploy_s.is_some()), "{}", variant.name);
    }
    let lowest = |row: &Summary| row.lowest_healthy_percent;
    // They wait for the load balancer, with room for all.
    for variant in ["ECS rolling", "ECS blue-green", "ECS linear", "CodeDeploy ECS", "Argo blue-green", "EB immutable"]
    {
        answers.assert_each(variant, "lowest", lowest, 100.0, 100.0);
        answers.assert_each(variant, "short", |row| row.short_replica_s, 0.0, 0.0);
    }
    // All at once or nobody left before the new ones come.
    for variant in ["K8s Recreate", "Compose"] {
        answers.assert_each(variant, "lowest", lowest, 0.0, 0.0);
        answers.assert_each(variant, "extra", |row| row.extra_replica_s, 0.0, 0.0);
    }
    // In the tasks' own places: nothing extra, and one of ten is missing, or two where the next goes before the balancer knows.
    for variant in
        ["Swarm", "Nomad", "K8s StatefulSet", "Fleet", "Docker by hand", "Rancher 1.x", "ASG refresh", "CodeDeploy"]
    {
        answers.assert_each(variant, "lowest", lowest, 80.0, 90.0);
        answers.assert_each(variant, "extra", |row| row.extra_replica_s, 0.0, 0.0);
    }
    // Linear: 9 waits of 6 min and 15 min at last with both groups there; canary: 10 min and 15; CodeDeploy: 60 min until the old group goes.
    for (variant, holds) in [("ECS linear", 4_140.0), ("ECS canary", 1_500.0), ("CodeDeploy ECS", 3_600.0)] {
        answers.assert_each(variant, "duration", |row| row.deploy_s.unwrap_or(0.0), holds, holds + 300.0);
    }
}

#[test]
fn spare_capacity() {
    let answers = answers("spare-capacity.toml");
    let doubled = answers.mean_s("doubled hosts");
    // Five rounds in place of one: a round is all of a deploy but for the first look and the last stop, some two ticks.
    let five = answers.mean_s("one spare host");
    assert!((5.0 * (doubled - 3.0 * TICK)..5.0 * doubled).contains(&five), "{five} s, one round {doubled} s");
    // More than all at once: 60 to 120 s to the alarm, 45 to 60 s to boot, 6.25 s to pull 150 MB more, and up to two ticks.
    // From a warm pool 20 to 30 s to start, and nothing more to pull.
    for (variant, low, high) in [("capacity provider, 100 %", 111.0, 186.3), ("warm pool of five", 80.0, 150.0)] {
        for (took, all) in answers.deploys_s(variant).iter().zip(answers.deploys_s("doubled hosts")) {
            assert!((low - 2.0 * TICK..=high + 2.0 * TICK).contains(&(took - all)), "{variant}: {took} s and {all} s");
        }
    }
    // Spare hosts for some of the tasks: the others wait as long. A host of the next size saves less than a tick or two.
    for target in [90, 80] {
        let less =
            answers.mean_s("capacity provider, 100 %") - answers.mean_s(&format!("capacity provider, {target} %"));
        assert!((0.0..2.0 * TICK).contains(&less), "{target} %: {less} s less");
    }
    // Their hosts have only to pull 6.25 s more.
    let added = answers.mean_s("five hosts for the deploy") - doubled;
    assert!((6.25 - TICK / 2.0..6.25 + TICK / 2.0).contains(&added), "{added} s more");
    // A machine takes 10 to 14 s, the pull 6.25 s more, and the end of a task 11.5 to 13.2 s more.
    let more = answers.mean_s("Fargate") - doubled;
    assert!((27.7 - TICK / 2.0..33.5 + TICK / 2.0).contains(&more), "{more} s more");

    let host = 0.096 * HOURS_A_MONTH;
    for (variant, hosts) in [("one spare host", 6.0), ("doubled hosts", 10.0)] {
        answers.assert_each(variant, "$ a month", |row| row.usd_per_month, hosts * host - 0.01, hosts * host + 0.01);
    }
    // Five hosts more, from 1 min before the tasks until 15 measurements and two steps after them: 15 to 25 min.
    let five_for = |minutes: f64| 5.0 * 0.096 * (24.0 + minutes / 60.0);
    let bought = "capacity provider, 100 %";
    answers.assert_each(bought, "$", |row| row.bill_usd, five_for(15.0), five_for(25.0));
    // Two and one host more, at least, as soon as the provider has looked; holes keep some old hosts, so up to two more.
    for (variant, hosts) in [("capacity provider, 90 %", 6.0), ("capacity provider, 80 %", 7.0)] {
        let low = (hosts - 0.1) * host;
        answers.assert_each(variant, "$ a month", |row| row.usd_per_month, low, (hosts + 2.5) * host);
    }
    // 1 vCPU at $0.04048 and 3 GiB at $0.004445; those of the deploy for 2 to 3 min.
    let tasks = 10.0 * (0.04048 + 3.0 * 0.004_445);
    answers.assert_each("Fargate", "$", |row| row.bill_usd, tasks * 24.0, tasks * (24.0 + 3.0 / 60.0));
}

#[test]
fn ten_deploys_a_day() {
    let answers = answers("ten-deploys-a-day.toml");
    let mean = |variant: &str| {
        let rows = answers.rows(variant);
        rows.iter().map(|row| row.bill_usd).sum::<f64>() / rows.len() as f64
    };
    let (host_hour, day) = (0.096, 24.0);
    for (variant, hosts) in [("one spare host", 6.0), ("five spare hosts", 10.0)] {
        let bill = hosts * host_hour * day;
        answers.assert_each(variant, "$", |row| row.bill_usd, bill - 0.001, bill + 0.001);
    }
    // Ten times five hosts: from 2 min before to 1 min after a deploy of 2 to 2.6 min; or until a quarter of an hour without
    // waiting tasks and two steps after it, 15 to 25 min.
    for (variant, low, high) in [("five for each deploy", 4.8, 5.8), ("capacity provider", 15.0, 25.0)] {
        let more = mean(variant) - 5.0 * host_hour * day;
        let minutes = more / (10.0 * 5.0 * host_hour / 60.0);
        assert!((low..high).contains(&minutes), "{variant}: {minutes} min a host");
    }
    // Faster for less: so the cheapest is not the slowest.
    assert!(answers.mean_s("five for each deploy") < answers.mean_s("capacity provider"));
    assert!(mean("five for each deploy") < mean("capacity provider"));
    assert!(mean("capacity provider") < mean("one spare host"), "$70 a month are more than ten times 20 minutes");
}

#[test]
fn scale_in_after_a_spike() {
    let answers = answers("scale-in-after-a-spike.toml");
    let idle = |variant: &str| {
        let rows = answers.rows(variant);
        rows.iter().map(|row| row.parts_usd.spare).sum::<f64>() / rows.len() as f64 / (0.096 / 60.0)
    };
    // Host-minutes. Ten hosts for five of six hours, less what the deploy uses of them for a minute.
    assert!((2_980.0..=3_000.0).contains(&idle("fixed, twenty hosts")));
    // 15 measurements, an alarm and two steps: 15 to 18 min for each of the ten, after the spike and after the deploy.
    assert!((300.0..=360.0).contains(&idle("capacity provider")), "{}", idle("capacity provider"));
    // 10 min and a look after the spike for ten hosts; the deploy has three new pods at most (25 %), whose hosts come late and
    // are idle as long, one launch a host.
    let autoscaler = idle("Cluster Autoscaler");
    assert!((100.0..=110.0 + 3.0 * 16.0).contains(&autoscaler), "{autoscaler}");
    // 15 s to validate each time, 10 % of the hosts at a time and at most ten times: less than 3 min a host.
    assert!(idle("Karpenter") < 13.0 * 3.0, "{}", idle("Karpenter"));
    // Ten hosts with a task each: five of them idle for four hours after the spike, less the deploy.
    let two = idle("capacity provider, two a host");
    assert!((5.0 * 235.0..=5.0 * 241.0).contains(&two), "{two}");
}

#[test]
fn too_early() {
    let answers = answers("too-early.toml");
    let (none, early) = (answers.mean_s("nothing added"), answers.mean_s("added 30 min before"));
    assert!((early - none).abs() < TICK, "{early} s, with nothing added {none} s");
    // There is room for all at once, whoever keeps it.
    let in_time = answers.deploys_s("added 5 min before");
    assert_eq!(answers.deploys_s("30 min, no capacity provider"), in_time);
    // 60 to 120 s to the alarm, 45 to 60 s to boot, and up to two ticks.
    for (slow, fast) in answers.deploys_s("nothing added").iter().zip(&in_time) {
        assert!((105.0 - 2.0 * TICK..=180.0 + 2.0 * TICK).contains(&(slow - fast)), "{slow} s and {fast} s");
    }
    // For nothing: five hosts until 15 measurements, an alarm and two steps: 15 to 19 min.
    let paid = |minutes: f64| 5.0 * 0.096 * minutes / 60.0;
    answers.assert_each("added 30 min before", "$ a deploy", |row| row.usd_per_deploy, paid(15.0), paid(19.0));
    // 5 min before, 2 to 2.5 min, and 5 min after.
    answers.assert_each("added 5 min before", "$ a deploy", |row| row.usd_per_deploy, paid(11.8), paid(12.5));
}

#[test]
fn fragmentation() {
    let answers = answers("fragmentation.toml");
    // 8 holes of 7,680 - 2 x 2,400 MiB and 4 of 280 MiB: 24,160 MiB, and none of 5,000.
    for row in answers.rows("spread") {
        let text = &row.blocked[0];
        assert!(text.starts_with("search: 4 of 4 new tasks fit nowhere: memory on 12 of 12 hosts"), "{text}");
        // Packed they need 4 hosts and 16 / 3 more: two of twelve are paid for holes, for the hour.
        assert!((row.parts_usd.stranded - 2.0 * 0.096).abs() < 1e-5, "{}", row.parts_usd.stranded);
    }
    // Two free hosts: two rounds of six ticks, as in zones-and-placement. One after the other: four of one that is gone and
    // one that comes.
    answers.assert_ticks("binpack(memory)", 12.0..=12.0, SINCE_2018);
    answers.assert_each("binpack(memory)", "stranded", |row| row.parts_usd.stranded, 0.0, 0.001);
    answers.assert_ticks("spread, 60 % stay healthy", 24.0..=24.0, SINCE_2018);
    answers.assert_each("spread, 60 % stay healthy", "lowest", |row| row.lowest_healthy_percent, 75.0, 75.0);
    // 60 to 120 s to the alarm and 45 to 60 s to boot, less a tick at most; one round, and another tick.
    let bought = answers.deploys_s("spread, a capacity provider");
    assert!(bought.iter().all(|took| (105.0 + 6.0 * TICK - TICK..=190.0 + 8.0 * TICK).contains(took)), "{bought:?}");
    // 16 hosts for the rest of the hour.
    let host = 0.096;
    answers.assert_each("spread, a capacity provider", "$", |row| row.bill_usd, 15.8 * host, 16.0 * host);
}

#[test]
fn own_policy() {
    let answers = answers("own-policy.toml");
    // On the five hosts without batch, free memory is 7,680 - 2,048 n: the score is n - w n n and a constant. w < 1/2: 2 n
    // wins at n = 2, so 3, 3 and 2 tasks; w < 1: n = 1 wins and n = 2 does not, 2 each on four hosts; above it each has one.
    for variant in ["spread", "w = 1.1"] {
        assert!(answers.rows(variant).iter().all(|row| row.deploy_s.is_none()), "{variant}");
    }
    // 6 ticks a round, as in zones-and-placement: both at once on two free hosts, or one after the other on one.
    for (variant, rounds) in [("binpack", 1.0), ("w = 0", 1.0), ("w = 0.4", 1.0), ("w = 0.6", 2.0), ("w = 0.9", 2.0)] {
        answers.assert_ticks(variant, 6.0 * rounds..=6.0 * rounds, SINCE_2018);
    }
    assert_eq!(answers.deploys_s("w = 0"), answers.deploys_s("binpack"));
}

#[test]
fn spot() {
    let answers = answers("spot.toml");
    let mean = |variant: &str, number: fn(&Summary) -> f64| answers.mean(variant, number);
    // 70 % less, and the hosts are always twelve.
    let (demand, spot) = (mean("on demand", |row| row.bill_usd), mean("Spot, not drained", |row| row.bill_usd));
    assert!((spot / demand - 0.3).abs() < 0.003, "${demand} and ${spot}");
    answers.assert_each("on demand", "short", |row| row.short_replica_s, 0.0, 0.0);
    // Twelve hosts for 2.5 h, each gone once in 2 h: 15 tasks a host of 10 / 12. Each is missed for half a tick to a minute
    // and a half: noticed, started in 8 s, healthy.
    let each = mean("Spot, not drained", |row| row.short_replica_s) / (12.0 * 2.5 / 2.0 * 10.0 / 12.0);
    assert!((15.0..120.0).contains(&each), "{each} s a task");
    // Others start in half a minute, within two.
    assert!(mean("Spot, drained", |row| row.short_replica_s) < 1.0);
    // 270 s more to drain, 27 ticks.
    let more = answers.mean_s("Spot, drained, delay 300 s") - answers.mean_s("Spot, drained");
    assert!((260.0..420.0).contains(&more), "{more} s");
}
