//! One placement on 100, 1,000 and 10,000 hosts that are 70 % full, eight tasks to a host, for each policy: by the index of
//! hosts that look alike, and by a plain scan over an array of hosts. A custom score beside the built-in one that it writes
//! out. The index takes each task and gives it back, so that the load stays; the scan only looks.

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use seatrial_sim::engine::draws::{Draws, Entity, Stream};
use seatrial_sim::engine::fact::{HostId, ServiceId};
use seatrial_sim::model::{Model, Resource, Resources};
use seatrial_sim::placement::expression::{Binary, Number, NumberTree, Unary, Variable};
use seatrial_sim::placement::trial::Trial;
use seatrial_sim::placement::{ALL, Custom, Link, Policy, Spread};

const HOSTS: [u32; 3] = [100, 1_000, 10_000];

/// Hosts of three zones with room for eight tasks each, of which a number from 3 to 8, on average 5.6, is there: 70 %.
fn loaded(policy: &Policy, hosts: u32) -> Trial {
    let mut model: Model = support::plain(hosts * 8, hosts, 8);
    model.host_groups[0].zones = ["a", "b", "c"].map(String::from).to_vec();
    model.host_groups[0].capacity = Resources::new(8_192, 16_384);
    model.services[0].demand.resources = Resources::new(1_024, 2_048);
    model.services[0].placement = policy.clone();
    let mut trial = Trial::new(&model, ServiceId(0));
    for host in 0..hosts {
        let bits = Draws::new(1).bits(Stream::Lot, Entity::named("host").child(host.into()));
        let tasks = [3, 4, 5, 6, 7, 8, 5, 6, 6, 6][(bits % 10) as usize];
        for _ in 0..tasks {
            trial.put(HostId(host));
        }
    }
    trial
}

/// `-free_memory`: binpack by memory, written out.
fn written_out() -> Policy {
    let free = NumberTree::Variable(Variable::FreeMemory);
    let score = Number::new(NumberTree::Unary(Unary::Negate, Box::new(free), 0..12)).expect("it is defined");
    Policy::Custom(Box::new(Custom { score, text: "-free_memory".into() }))
}

/// `2 * free_memory / total_memory - 10 * tasks`.
fn weighted() -> Policy {
    let variable = NumberTree::Variable;
    let of = |binary, a, b| NumberTree::Binary(binary, Box::new([a, b]), 0..1);
    let twice = of(Binary::Multiply, NumberTree::Constant(2.0), variable(Variable::FreeMemory));
    let share = of(Binary::Divide, twice, variable(Variable::TotalMemory));
    let tasks = of(Binary::Multiply, NumberTree::Constant(10.0), variable(Variable::Tasks));
    let score = Number::new(of(Binary::Subtract, share, tasks)).expect("it is defined");
    Policy::Custom(Box::new(Custom { score, text: "2 * free_memory / total_memory - 10 * tasks".into() }))
}

fn policies() -> Vec<(&'static str, Policy)> {
    let chain = Policy::Chain(vec![Link::Spread(Spread::Zone), Link::Binpack(Resource::Memory)]);
    let memory = Policy::Chain(vec![Link::Binpack(Resource::Memory)]);
    let more = [
        ("spread(zone), binpack(memory)", chain),
        ("binpack(memory)", memory),
        ("custom -free_memory", written_out()),
        ("custom weighted", weighted()),
    ];
    ALL.into_iter().chain(more).collect()
}

fn placement(criterion: &mut Criterion) {
    for (name, policy) in policies() {
        let mut group = criterion.benchmark_group(format!("placement/{name}"));
        group.sample_size(20);
        group.warm_up_time(std::time::Duration::from_millis(300));
        group.measurement_time(std::time::Duration::from_millis(700));
        for hosts in HOSTS {
            let mut trial = loaded(&policy, hosts);
            let mut lot = 0_u64;
            group.bench_function(BenchmarkId::new("index", hosts), |bencher| {
                bencher.iter(|| {
                    lot = lot.wrapping_add(0x9e37_79b9_7f4a_7c15);
                    let host = trial.place(lot).expect("there is room");
                    trial.remove(host);
                    host
                });
            });
            let trial = loaded(&policy, hosts);
            group.bench_function(BenchmarkId::new("scan", hosts), |bencher| {
                bencher.iter(|| {
                    lot = lot.wrapping_add(0x9e37_79b9_7f4a_7c15);
                    black_box(trial.scan(lot))
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, placement);
criterion_main!(benches);
