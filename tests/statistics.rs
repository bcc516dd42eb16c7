//! Confidence intervals of whole runs: how often they cover what is known, and what common random numbers buy.

mod support;

use std::path::Path;
use std::sync::atomic::AtomicBool;

use seatrial_reports::statistics::{Comparison, Interval, QuantileInterval, VariantStatistics};
use seatrial_scenarios::results::{Results, Row, VariantResults};
use seatrial_scenarios::{RunOptions, Scenario, run};
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::measure::summary::SummaryObserver;
use seatrial_sim::model::Model;
use support::{plain, secs};

/// One task and room for another: the deploy takes as long as the start, and that is exponential. Its mean m is that of the
/// deploys, its p-quantile -m ln(1 - p).
fn one_start(mean_s: u64) -> Model {
    let mut model = plain(1, 1, 2);
    model.services[0].startup = Dist::Exponential { mean: secs(mean_s) };
    model
}

fn rows(model: &Model, seeds: std::ops::Range<u64>) -> Vec<Row> {
    let play = |seed| {
        let mut observer = SummaryObserver::new(model);
        let outcome = seatrial_sim::run(model, seed, &mut observer);
        Row { seed, summary: observer.finish(&outcome) }
    };
    seeds.map(play).collect()
}

/// 1,000 times 200 seeds that were not used before, of starts of 100 s and of 200 s on the mean. On one seed both draw the same
/// share of theirs, so that each difference is exponential too, with a mean of 100 s. The share that covers has a standard
/// deviation of 0.7 %; the exact coverage of the quantiles' own intervals is in `reports/src/statistics/quantiles.rs`.
#[test]
fn intervals_of_a_deploy_that_is_known_cover_in_95_of_100_runs() {
    const RUNS: u64 = 1_000;
    const SEEDS: u64 = 200;
    let models = [one_start(100), one_start(200)];
    let (median, p95) = (2_f64.ln(), 20_f64.ln());
    let mut covered = [("mean", 0), ("median", 0), ("p95", 0), ("difference", 0), ("of medians", 0), ("of p95", 0)];
    for repetition in 0..RUNS {
        let seeds = repetition * SEEDS..(repetition + 1) * SEEDS;
        let variant = |model| VariantResults { name: String::new(), rows: rows(model, seeds.clone()) };
        let results = Results {
            scenario: String::new(),
            question: String::new(),
            system: String::new(),
            horizon_s: 86_400.0,
            variants: models.iter().map(variant).collect(),
        };
        let Comparison { variants, .. } = Comparison::new(&results);
        let [VariantStatistics { deploy_s, .. }, second] = variants.as_slice() else { panic!("two variants") };
        let [of_medians, of_p95] = second.quantile_differences.expect("both have deploys");
        let of_mean = |ends: Option<Interval>| ends.map(|Interval { low, high }| (low, high));
        let of_quantile = |ends: Option<QuantileInterval>| ends.and_then(|ends| ends.low.zip(ends.high));
        let intervals = [
            (of_mean(deploy_s.mean_interval), 100.0),
            (of_quantile(deploy_s.p50_interval), 100.0 * median),
            (of_quantile(deploy_s.p95_interval), 100.0 * p95),
            (of_mean(second.difference.and_then(|difference| difference.interval)), 100.0),
            (of_quantile(of_medians.interval), 100.0 * median),
            (of_quantile(of_p95.interval), 100.0 * p95),
        ];
        for ((_, covered), (ends, truth)) in covered.iter_mut().zip(intervals) {
            let (low, high) = ends.expect("200 seeds have every interval");
            *covered += u64::from(low <= truth && truth <= high);
        }
    }
    for (what, count) in covered {
        let share = count as f64 / RUNS as f64;
        assert!((0.93..=0.97).contains(&share), "{what}: {share} of {covered:?}");
    }
}

fn compared(file: &str) -> Comparison {
    let scenario = Scenario::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/library").join(file));
    let scenario = scenario.unwrap_or_else(|report| panic!("{report}"));
    let results = run(&scenario, &RunOptions::default(), &|_, _| (), &AtomicBool::new(false));
    Comparison::new(&results.expect("no program is asked"))
}

fn factor(comparison: &Comparison, name: &str) -> Option<f64> {
    let variant = comparison.variants.iter().find(|variant| variant.name == name).expect("there is that variant");
    variant.difference.as_ref().expect("some seeds finish in both").pairing_factor()
}

/// One new task at a time against all five at once: both wait for the scheduler's same first look and its same beat. So do
/// those with more or fewer hosts, of which two are alike to the millisecond. Agents that poll have a noise of their own that
/// is many times as large, and no pairing takes that away.
#[test]
fn common_random_numbers_make_the_interval_between_two_surges_much_narrower() {
    let comparison = compared("one-spare-host.toml");
    for name in ["five spare hosts, maximum 200 %", "one spare host, maximum 200 %"] {
        let factor = factor(&comparison, name).expect("the variants differ");
        assert!(factor > 1.5, "{name}: {factor}");
    }
    assert_eq!(factor(&comparison, "five spare hosts"), None, "nothing differs, so nothing is narrower");
    let of_polls = factor(&comparison, "agents poll every 60 s").expect("polls differ");
    assert!((0.9..1.1).contains(&of_polls), "{of_polls}");
    // Two rounds of two new tasks, or one of four.
    let rounds = factor(&compared("default-alb.toml"), "a fourth host").expect("the variants differ");
    assert!(rounds > 1.5, "{rounds}");
}
