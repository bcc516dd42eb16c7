//! Whole runs: facts a second of rolling deploys with causes and metrics on.

#[path = "../tests/support/mod.rs"]
mod support;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::measure::summary::SummaryObserver;
use seatrial_sim::model::{Demand, Model, Resources};
use seatrial_sim::orchestrators::{ecs, load_balancers};
use seatrial_sim::placement::Policy;
use seatrial_sim::run;
use support::secs;

/// ECS of today with a balancer: 10 tasks a host, and room for 2 more on each.
fn rolling_deploy(tasks: u32, placement: Policy) -> Model {
    let mut model = support::plain(tasks, tasks / 10, 12);
    let ecs = ecs::today().settings();
    model.control = ecs.control;
    model.control.launch_rate = None;
    model.host_groups[0].agent = ecs.agent;
    model.host_groups[0].zones = ["a", "b", "c"].map(String::from).to_vec();
    model.host_groups[0].capacity = Resources::new(12_288, 12_288);
    let service = &mut model.services[0];
    service.demand = Demand { resources: Resources::new(1_024, 1_024), ..Demand::default() };
    service.startup = Dist::LogNormal { median: secs(8), sigma: 0.3 };
    service.load_balancer = Some(load_balancers::ALB);
    service.placement = placement;
    model
}

fn rolling(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rolling_deploy");
    group.sample_size(10);
    for (name, placement) in [("spread", Policy::Spread), ("binpack", Policy::Binpack)] {
        for tasks in [1_000, 10_000, 100_000] {
            let model = rolling_deploy(tasks, placement.clone());
            let outcome = run(&model, 1, &mut ());
            assert!(outcome.blocked.is_empty(), "{:?}", outcome.blocked);
            group.throughput(Throughput::Elements(outcome.facts.into()));
            group.bench_function(BenchmarkId::new(name, tasks), |bencher| {
                bencher.iter(|| {
                    let mut summary = SummaryObserver::new(&model);
                    let outcome = run(&model, 1, &mut summary);
                    summary.finish(&outcome)
                });
            });
        }
    }
    let model = rolling_deploy(10_000, Policy::Spread);
    group.bench_function("spread/10000 without metrics", |bencher| bencher.iter(|| run(&model, 1, &mut ())));
    group.finish();
}

criterion_group!(benches, rolling);
criterion_main!(benches);
