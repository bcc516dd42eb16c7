mod support;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
#[test]
fn zz() {
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let n: usize = std::env::var("ZN").ok().and_then(|s| s.parse().ok()).unwrap_or(300);
    let only: Option<usize> = std::env::var("ZI").ok().and_then(|s| s.parse().ok());
    let strategy = (support::any_rollout::model(true), 0..1000_u64);
    for i in 0..n {
        let (model, seed) = strategy.new_tree(&mut runner).unwrap().current();
        if only.is_some_and(|o| o != i) {
            continue;
        }
        if only.is_some() {
            eprintln!("{model:#?}");
        }
        let t = std::time::Instant::now();
        eprint!("{i} ");
        let r = std::panic::catch_unwind(|| {
            let mut n = 0u64;
            struct C<'a>(&'a mut u64);
            impl seatrial_sim::engine::fact::Observer for C<'_> {
                fn observe(
                    &mut self,
                    at: seatrial_sim::engine::time::Time,
                    _: seatrial_sim::engine::fact::FactId,
                    f: seatrial_sim::engine::fact::Fact,
                    _: seatrial_sim::engine::fact::FactId,
                ) {
                    *self.0 += 1;
                    if *self.0 > 200_000 {
                        panic!("many facts at {at} {f:?}");
                    }
                }
            }
            seatrial_sim::run(&model, seed, &mut C(&mut n));
            n
        });
        if r.is_err() || t.elapsed().as_millis() > 200 {
            eprintln!("\nCASE {i} {:?} {:?}", t.elapsed(), r.is_err());
        }
    }
}
