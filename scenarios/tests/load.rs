//! What the key `load` means: each kind of demand, what tasks can do, and variants of both.

use std::path::Path;

use seatrial_scenarios::Scenario;
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::model::{Load, WarmUp};
use seatrial_sim::traffic::{Arrivals, Rate};

/// The load of a service with 256 units of cpu, and what follows it.
fn scenario(horizon: &str, load: &str, rest: &str) -> Scenario {
    let text = format!(
        "question = \"How long?\"\nrun = {{ horizon = \"{horizon}\" }}\n\
         [[host_group]]\nname = \"m5\"\nhosts = 6\ncpu = 2048\nmemory = \"7680MiB\"\n\
         [[service]]\nname = \"web\"\ndesired = 5\ncpu = 256\nmemory = \"1GiB\"\nload = {{ {load} }}\n\
         [[deploy]]\nservice = \"web\"\n{rest}"
    );
    Scenario::parse("web.toml", &text, Path::new("tests")).unwrap_or_else(|report| panic!("{report}"))
}

fn loads(horizon: &str, load: &str, rest: &str) -> Vec<Load> {
    let models = scenario(horizon, load, rest).variants.into_iter().map(|variant| variant.model);
    models.filter_map(|model| model.services[0].load.clone()).collect()
}

fn load(text: &str) -> Load {
    loads("3h", text, "").remove(0)
}

/// The arrivals of a load up to a horizon, in seconds and requests a second.
fn steps(horizon: &str, demand: &str) -> Vec<(f64, f64)> {
    let load = loads(horizon, &format!("{demand}, capacity_per_task = \"25/s\""), "").remove(0);
    load.arrivals.steps().iter().map(|(at, rate)| (at.as_secs_f64(), rate.as_per_s())).collect()
}

#[test]
fn what_is_not_written_has_a_default() {
    let expected = Load {
        arrivals: Arrivals::constant(Rate::per_s(50.0)),
        capacity_per_task: Rate::per_s(25.0),
        concurrency: 1,
        request_time: Dist::fixed_millis(20),
        timeout: Duration::from_secs(60),
        warm_up: WarmUp::default(),
        graceful_shutdown: false,
    };
    assert_eq!(load("rate = \"50/s\", capacity_per_task = \"25/s\", request_time = \"20ms\""), expected);
    let minute = "rate = \"3000/m\", capacity_per_task = \"1500/min\", request_time = \"20ms\"";
    assert_eq!(load(minute), expected);
    let warm =
        load("rate = \"50/s\", capacity_per_task = \"25/s\", request_time = \"20ms\", warm_up = \"60s\"").warm_up;
    assert_eq!(warm, WarmUp { span: Duration::from_secs(60), from_permille: 0 });
}

/// Capacity, concurrency and the mean request time: two of them give the third.
#[test]
fn what_a_task_can_do_is_said_in_three_ways() {
    let exponential = |ms| Dist::Exponential { mean: Duration::from_millis(ms) };
    let table = [
        ("capacity_per_task = \"25/s\"", 25.0, 1, exponential(40)),
        ("capacity_per_task = \"25/s\", concurrency = 8", 25.0, 8, exponential(320)),
        ("cpu_per_request = \"10ms\"", 25.0, 1, exponential(40)),
        ("cpu_per_request = \"0.5ms\"", 500.0, 1, exponential(2)),
        ("cpu_per_request = \"0.1ms\"", 2_500.0, 1, exponential(1)),
        ("cpu_per_request = \"10ms\", request_time = \"exponential(mean=20s)\"", 25.0, 500, exponential(20_000)),
        ("concurrency = 8, request_time = \"200ms\"", 40.0, 8, Dist::fixed_millis(200)),
        ("concurrency = 3, request_time = \"uniform(1s, 2s)\"", 2.0, 3, Dist::uniform_millis(1_000, 2_000)),
        ("capacity_per_task = \"0.7/s\", request_time = \"5s\"", 0.7, 4, Dist::fixed_millis(5_000)),
        ("capacity_per_task = \"0.1/s\", request_time = \"1s\"", 0.1, 1, Dist::fixed_millis(1_000)),
    ];
    for (text, capacity, concurrency, request_time) in table {
        let load = load(&format!("rate = \"50/s\", {text}"));
        let found = (load.capacity_per_task, load.concurrency, load.request_time);
        assert_eq!(found, (Rate::per_s(capacity), concurrency, request_time), "{text}");
    }
    // The median is 1 s and the mean exp(1/2) s; measured spans have the mean of the file.
    let of =
        |time: &str| load(&format!("rate = \"1/s\", concurrency = 8, request_time = \"{time}\"")).capacity_per_task;
    assert_eq!(of("lognormal(median=1s, sigma=1)"), Rate::per_s(8.0 / 0.5_f64.exp()));
    assert_eq!(of("empirical(startup.csv)"), Rate::per_s(8.0 / 9.25));
}

#[test]
fn steps_and_scale() {
    let list = "steps = [{ at = \"0s\", rate = \"50/s\" }, { at = \"90s\", rate = \"103/s\" }]";
    assert_eq!(steps("3h", list), [(0.0, 50.0), (90.0, 103.0)]);
    assert_eq!(steps("3h", &format!("{list}, scale = 0.5")), [(0.0, 25.0), (90.0, 51.5)]);
    assert_eq!(steps("3h", "rate = \"0/s\""), [(0.0, 0.0)]);
}

/// Noise has a step of a minute at most to act on.
#[test]
fn noise_cuts_what_is_longer_than_a_minute() {
    let list = "steps = [{ at = \"0s\", rate = \"50/s\" }, { at = \"90s\", rate = \"103/s\" }], noise = 0.1";
    let expected = [(0.0, 50.0), (60.0, 50.0), (90.0, 103.0), (120.0, 103.0), (180.0, 103.0)];
    assert_eq!(steps("3m30s", list), expected);
    assert_eq!(steps("2m", "rate = \"5/s\", noise = 1"), [(0.0, 5.0), (60.0, 5.0)]);
    let noise = load("rate = \"5/s\", noise = 0.1, capacity_per_task = \"25/s\"").arrivals;
    assert_eq!(
        noise,
        Arrivals::new((0..180).map(|m| (Time::from_millis(m * 60_000), Rate::per_s(5.0))).collect(), 0.1)
    );
}

/// Each minute holds the mean of the formula over it, found here by Simpson's rule; a period's mean is the mean.
#[test]
fn a_day_is_a_wave_in_minutes() {
    let day = steps("24h", "diurnal = { mean = \"200/s\", peak = \"400/s\" }");
    assert_eq!(day.len(), 1_440);
    let formula = |t: f64| 200.0 + 200.0 * (std::f64::consts::TAU * (t - 14.0 * 3_600.0) / 86_400.0).cos();
    for (at, rate) in &day {
        let mean = (formula(*at) + 4.0 * formula(at + 30.0) + formula(at + 60.0)) / 6.0;
        assert!((rate - mean).abs() < 2e-6, "{at} {rate} {mean}");
    }
    let mean = day.iter().map(|(_, rate)| rate).sum::<f64>() / 1_440.0;
    assert!((mean - 200.0).abs() < 1e-6, "{mean}");
    assert!(day[840].1 > 399.99 && day[120].1 < 0.01);
    let short = steps("90s", "diurnal = { mean = \"60/m\", peak = \"2/s\", peak_at = \"30s\", period = \"1h\" }");
    assert_eq!(short.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0.0, 60.0]);
    assert!(short[0].1 > 1.999 && short[1].1 < short[0].1);
}

#[test]
fn a_trace_begins_at_its_shift_and_again_at_its_end() {
    let trace = "trace = \"traffic.csv\"";
    assert_eq!(steps("4h", trace), [(0.0, 1.0), (3_600.0, 2.0), (7_200.0, 10.0), (10_800.0, 5.0)]);
    assert_eq!(steps("1h", trace), [(0.0, 1.0)]);
    assert_eq!(steps("2h", &format!("{trace}, shift = \"2h\"")), [(0.0, 10.0), (3_600.0, 5.0)]);
    let again = [(0.0, 10.0), (1_800.0, 5.0), (5_400.0, 1.0), (9_000.0, 2.0), (12_600.0, 10.0), (16_200.0, 5.0)];
    assert_eq!(steps("5h", &format!("{trace}, shift = \"150m\", repeat = true")), again);
}

#[test]
fn a_variant_changes_the_load_by_path() {
    let variant =
        |set: &str| format!("[[variant]]\nname = \"as it is\"\n[[variant]]\nname = \"more\"\nset = {{ {set} }}\n");
    for set in ["\"service.web.load.scale\" = 2", "service.web.load.scale = 2.0"] {
        let loads = loads("3h", "trace = \"traffic.csv\", capacity_per_task = \"25/s\"", &variant(set));
        let rates = |load: &Load| load.arrivals.steps().iter().map(|(_, rate)| *rate).collect::<Vec<_>>();
        assert_eq!(rates(&loads[0]), [1.0, 2.0, 10.0].map(Rate::per_s), "{set}");
        assert_eq!(rates(&loads[1]), [2.0, 4.0, 20.0].map(Rate::per_s), "{set}");
    }
    let loads = loads("3h", "rate = \"5/s\", cpu_per_request = \"10ms\"", &variant("\"service.web.cpu\" = 512"));
    assert_eq!(loads.iter().map(|load| load.capacity_per_task).collect::<Vec<_>>(), [25.0, 50.0].map(Rate::per_s));
}
