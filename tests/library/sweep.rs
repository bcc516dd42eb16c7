//! The library's sweeps: what their comments claim follows from arithmetic by hand.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use seatrial_reports::csv::RunLine;
use seatrial_reports::sweep::{self as reports, Aggregate, CellStatistics, SweepTable};
use seatrial_scenarios::results::Row;
use seatrial_scenarios::sweep::{Design, Sweep, SweepOptions};
use seatrial_scenarios::{RunOptions, Scenario};

/// The scheduler looks every 10.1 s, 0.3 s off at most, and for the first time 1 to 10 s after the request.
const TICK: f64 = 10.1;
const OFF: f64 = 0.3;
const FIRST: (f64, f64) = (1.0, 10.0);

fn played(file: &str, seeds: u32) -> SweepTable {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/library").join(file);
    let scenario = Scenario::load(&path).unwrap_or_else(|report| panic!("{report}"));
    let run = RunOptions { seeds: Some(seeds), ..RunOptions::default() };
    let options = SweepOptions { axes: vec![], variant: None, design: Design::Grid, skip_invalid: false, run };
    let sweep = Sweep::new(scenario, &options).unwrap_or_else(|report| panic!("{report}"));
    let cells = Mutex::new(Aggregate::new(&sweep));
    let keep = |cell, rows: Vec<Row>| {
        cells.lock().expect("no thread panics").add(cell, &rows.iter().map(RunLine::new).collect::<Vec<_>>());
        Ok(())
    };
    sweep.play(&|_, _| false, &keep, &AtomicBool::new(false)).expect("nothing is written");
    cells.into_inner().expect("no thread panics").table()
}

/// One task after another on each spare host: started and seen to run (1 to 3 looks, the start takes 1.3 to 3.3 s and 3 to 25 s
/// of start-up), healthy (1), its predecessor deregistered (1), drained, which is noticed up to 10 s late and acted on at the
/// next look, told to stop and seen to have stopped (1 or 2). The same things in another order where half may go.
fn round_s(delay_s: f64) -> (f64, f64) {
    (4.0 * TICK + delay_s, 7.0 * TICK + delay_s + 10.0 + TICK)
}

#[test]
fn size_the_spare() {
    let table = played("size-the-spare.toml", 20);
    assert_eq!(table.cells.len(), 2 * 6 * 5);
    let value = |cell: &CellStatistics, axis: usize| table.axes[axis].1[cell.values[axis] as usize].clone();
    let mut within_eight_minutes = Vec::new();
    for cell in &table.cells {
        let hosts: u32 = value(cell, 0).parse().expect("a number of hosts");
        let delay_s: f64 = value(cell, 1).trim_end_matches('s').parse().expect("seconds");
        let what = format!("{}, {hosts} hosts, {delay_s} s", cell.variant);
        let all_stay = cell.variant == "all tasks stay";
        let lowest = if all_stay { 100.0 } else { 50.0 };
        assert!((cell.lowest_healthy_percent - lowest).abs() < 1e-9, "{what}: {}", cell.lowest_healthy_percent);
        // $0.096 x 730 h for each host.
        let bill = cell.mean("usd_per_month").expect("hosts cost");
        assert!((bill - f64::from(hosts) * 70.08).abs() < 0.01, "{what}: ${bill}");
        let rounds = match (all_stay, hosts) {
            (true, 10) => {
                assert_eq!(cell.finished, 0, "{what}: no host has the port free");
                assert!(cell.blocked[0].contains("a port already in use on 10 of 10 hosts"), "{:?}", cell.blocked);
                continue;
            }
            (true, hosts) => 10_u32.div_ceil(hosts - 10),
            // Ten tasks may exist and five must stay: spare hosts are not used.
            (false, _) => 2,
        };
        let (low, high) = round_s(delay_s);
        let (low, high) = (f64::from(rounds) * low + FIRST.0 - OFF, f64::from(rounds) * high + FIRST.1 + OFF);
        let (Some(min), Some(max)) = (cell.deploy_s.min, cell.deploy_s.max) else { panic!("{what}: some do not end") };
        assert!(low <= min && max <= high, "{what}: {min} to {max} s, by hand {low} to {high} s");
        if all_stay && cell.deploy_s.p95.is_some_and(|p95| p95 <= 480.0) {
            within_eight_minutes.push((hosts, delay_s));
        }
    }
    // With the default delay only a second host for each task is enough, $700.80 a month. With 30 s a round takes 8 or 9 looks
    // (2 to start, 1 healthy, 1 deregistered, 3 or 4 drained, 1 stopped), 81 to 91 s, and two spare hosts' five rounds take 8
    // minutes at most; with 60 s it takes three looks more, and four hosts' three rounds fit: 5 to 6 minutes.
    let fewest = |delay_s: f64| {
        let fits = within_eight_minutes.iter().filter(|(_, delay)| (delay - delay_s).abs() < 1e-9);
        fits.map(|(hosts, _)| hosts - 10).min()
    };
    assert_eq!([300.0, 60.0, 30.0, 5.0].map(fewest), [Some(10), Some(4), Some(2), Some(2)]);
}

/// What docs/sweep.md prints is what is printed.
#[test]
fn the_documented_output_is_real() {
    let mut table = played("size-the-spare.toml", 200);
    table.cells.retain(|cell| cell.variant == "all tasks stay");
    let docs = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sweep.md"))
        .expect("the page is there");
    assert!(docs.contains(reports::table(&table).trim_end()), "{}", reports::table(&table));
}
