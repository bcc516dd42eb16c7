//! The library's first scenario, all variants with 1,000 seeds each, as `seatrial run` plays it: on one thread and on two.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use seatrial_scenarios::{RunOptions, Scenario, run};

const SEEDS: u32 = 1_000;

fn library(criterion: &mut Criterion) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/library/one-spare-host.toml");
    let scenario = Scenario::load(&file).expect("the library's scenarios are well formed");
    let mut group = criterion.benchmark_group("library/one-spare-host");
    group.sample_size(10);
    group.throughput(Throughput::Elements(u64::from(SEEDS) * scenario.variants.len() as u64));
    for threads in [1, 2] {
        group.bench_function(BenchmarkId::new("threads", threads), |bencher| {
            let options = RunOptions { seeds: Some(SEEDS), threads: Some(threads), ..RunOptions::default() };
            bencher.iter(|| run(&scenario, &options, &|_, _| (), &AtomicBool::new(false)));
        });
    }
    group.finish();
}

criterion_group!(benches, library);
criterion_main!(benches);
