//! What a decision costs: whole runs of a deploy of 500 tasks on 100 hosts in three zones, placed by the built-in spread, by the same
//! as a policy of one's own in Rust, and by the Python program of `examples/policies/`, a decision and up to eight at once.
//! Eight seeds on the machine's threads; the figure is for one of their decisions, 1,000 a run. What the program costs is the
//! difference to the built-in policy.

use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use seatrial_scenarios::{RunOptions, Scenario, run};
use seatrial_sim::placement::{HostView, Order, Placement, Policy, Scene, Score};

const SCENARIO: &str = r#"
question = "What does a decision cost?"
placement = PLACEMENT

[run]
horizon = "6h"

[[host_group]]
name = "m5"
instance = "m5.2xlarge"
hosts = 100
zones = ["a", "b", "c"]

[[service]]
name = "web"
desired = 500
memory = "2GiB"

[[deploy]]
service = "web"
"#;

const SEEDS: u32 = 8;
const DECISIONS: u64 = 1_000 * SEEDS as u64;

/// The built-in spread, written again.
#[derive(Debug)]
struct Spread {
    order: Order,
    counts_all_tasks: bool,
}

impl Placement for Spread {
    fn score(&self, host: &HostView, _: &Scene) -> Score {
        [host.zone_tasks, host.tasks, 0, 0, 0]
    }

    fn counts_all_tasks(&self) -> bool {
        self.counts_all_tasks
    }

    fn order(&self) -> Order {
        self.order
    }
}

fn scenario(placement: &str) -> Scenario {
    let text = SCENARIO.replace("PLACEMENT", placement);
    Scenario::parse("bench", &text, Path::new("")).expect("the scenario is good")
}

fn own(order: Order, counts_all_tasks: bool) -> Scenario {
    let mut scenario = scenario("'spread'");
    scenario.variants[0].model.services[0].placement = Policy::own(Spread { order, counts_all_tasks });
    scenario
}

fn program(batch: u32) -> Scenario {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/policies/policy.py");
    scenario(&format!("{{ program = ['python3', '{file}', 'spread'], batch = {batch} }}"))
}

fn policies(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("policies");
    group.throughput(Throughput::Elements(DECISIONS));
    group.sample_size(10);
    group.measurement_time(Duration::from_secs(5));
    let policies = [
        ("built in", scenario("'spread'")),
        ("own, all it can say", own(Order::WithinClassStays, false)),
        ("own, nothing said", own(Order::Changing, true)),
        ("program, batch 1", program(1)),
        ("program, batch 8", program(8)),
    ];
    for (name, scenario) in &policies {
        for threads in [1, 2] {
            let options = RunOptions { seeds: Some(SEEDS), threads: Some(threads), ..RunOptions::default() };
            group.bench_function(format!("{name}, {threads} threads"), |bencher| {
                bencher.iter(|| {
                    black_box(run(scenario, &options, &|_, _| (), &AtomicBool::new(false))).expect("it runs");
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, policies);
criterion_main!(benches);
