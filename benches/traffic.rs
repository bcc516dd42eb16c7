//! A day of requests, a point a minute: the library's match day with its scaler and two deploys, one seed after another on one
//! core, summed up as `seatrial run` does it. Where the trace of the World Cup is beside the checkout, that day too.

use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use seatrial_scenarios::Scenario;
use seatrial_sim::engine::fact::ServiceId;
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::measure::summary::SummaryObserver;
use seatrial_sim::model::{Deploy, Version};
use seatrial_sim::run;

fn day(criterion: &mut Criterion) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("scenarios/library/match-day.toml");
    let mut days = vec![("match-day", std::fs::read_to_string(&file).expect("it is in the library"), file.clone())];
    let trace = root.join("../shared/data/traces/worldcup98/worldcup98_1998-06-30_24h_per_minute.csv");
    if trace.exists() {
        let text = days[0].1.replace("match-day.csv", &trace.display().to_string());
        days.push(("world-cup", text, file));
    } else {
        eprintln!("the trace of the World Cup is not there: {}", trace.display());
    }
    let mut group = criterion.benchmark_group("traffic/day");
    group.sample_size(20);
    for (name, text, file) in days {
        let scenario = Scenario::parse(name, &text, file.parent().expect("it is in a folder"));
        let mut model = scenario.unwrap_or_else(|report| panic!("{report}")).variants[0].model.clone();
        let at_peak = Time::ZERO + Duration::from_secs(13 * 3_600 + 2_400);
        model.deploys.insert(0, Deploy { service: ServiceId(0), at: at_peak, version: Version::New(None) });
        let mut seed = 0;
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                seed += 1;
                let mut observer = SummaryObserver::new(&model);
                let outcome = run(&model, seed, &mut observer);
                observer.finish(&outcome)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, day);
criterion_main!(benches);
