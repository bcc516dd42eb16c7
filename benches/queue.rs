//! The event queue against the standard library's heap with the same payload, in the hold model: take the first event,
//! schedule one an exponential step ahead.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::draws::{Draws, Entity, Stream};
use seatrial_sim::engine::queue::{EventQueue, Turn};
use seatrial_sim::engine::time::{Duration, Time};

/// As large as the model's own: an event and the fact that caused it.
type Payload = [u32; 3];

const EVENTS: u64 = 20_000;
/// Few, so that the benchmark's own table stays out of the caches' way.
const STEPS: usize = 1_024;

/// Steps of a mean of one second for each pending event, drawn beforehand.
fn steps(pending: usize) -> Vec<Duration> {
    let dist = Dist::Exponential { mean: Duration::from_millis(1_000 * pending as u64 / 1_000) };
    (0..STEPS as u64).map(|i| Draws::new(1).span(&dist, Stream::Startup, Entity::named("step").child(i))).collect()
}

fn hold(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("queue");
    group.throughput(Throughput::Elements(EVENTS));
    for pending in [100, 1_000, 10_000, 100_000, 1_000_000] {
        let steps = steps(pending);
        let step = |i: usize| steps[i % STEPS];
        group.bench_function(BenchmarkId::new("radix_ladder", pending), |bencher| {
            let mut queue = EventQueue::<Payload>::default();
            for i in 0..pending {
                queue.schedule(Time::ZERO + step(i), Turn::ORDINARY, [i as u32; 3]);
            }
            let mut i = 0;
            bencher.iter_batched(
                || (),
                |()| {
                    for _ in 0..EVENTS {
                        let (now, payload) = queue.pop().expect("as many as before");
                        i += 1;
                        queue.schedule(now + step(i), Turn::ORDINARY, payload);
                    }
                },
                BatchSize::PerIteration,
            );
        });
        group.bench_function(BenchmarkId::new("binary_heap", pending), |bencher| {
            // The same order: a sequence number makes ties stable, as the ladder's are without one.
            let mut heap = BinaryHeap::new();
            for i in 0..pending {
                heap.push(Reverse((Time::ZERO + step(i), i as u32, [i as u32; 3])));
            }
            let mut i = 0;
            bencher.iter_batched(
                || (),
                |()| {
                    for _ in 0..EVENTS {
                        let Reverse((now, _, payload)) = heap.pop().expect("as many as before");
                        i += 1;
                        heap.push(Reverse((now + step(i), (pending + i) as u32, payload)));
                    }
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, hold);
criterion_main!(benches);
