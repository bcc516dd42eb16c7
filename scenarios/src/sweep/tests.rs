//! Whole sweeps of a small scenario.

use std::path::Path;
use std::sync::Mutex;

use super::*;

const FILE: &str = "question = \"?\"\n[run]\nseeds = 60\nseed = 5\n[[host_group]]\nname = \"g\"\nhosts = 3\ncpu = 2\n\
                    memory = \"2MiB\"\n[[service]]\nname = \"s\"\ndesired = 2\nmemory = \"1MiB\"\n\
                    startup = \"uniform(1s, 9s)\"\n[[deploy]]\nservice = \"s\"\n";
const VARIANTS: &str =
    "[[variant]]\nname = \"one\"\n[[variant]]\nname = \"two\"\nset = { \"service.s.desired\" = 1 }\n";

fn parse(more: &str) -> Result<Scenario, String> {
    Scenario::parse("web.toml", &format!("{FILE}{VARIANTS}{more}"), Path::new("")).map_err(|report| report.to_string())
}

fn options(axes: &[&str]) -> SweepOptions {
    let axes = axes.iter().map(|text| text.parse().unwrap()).collect();
    let run = RunOptions::default();
    SweepOptions { axes, variant: None, design: Design::Grid, skip_invalid: false, run }
}

fn sweep(more: &str, options: &SweepOptions) -> Result<Sweep, String> {
    Sweep::new(parse(more)?, options).map_err(|report| report.to_string())
}

fn described(sweep: &Sweep) -> Vec<String> {
    let text = |cell| {
        let (variant, values) = sweep.describe(cell);
        format!("{variant}: {}", values.join(" "))
    };
    sweep.cells.iter().map(text).collect()
}

/// All rows, in order.
fn rows(sweep: &Sweep, done: &(dyn Fn(usize, u32) -> bool + Sync)) -> Vec<(usize, Row)> {
    let kept = Mutex::new(Vec::new());
    let keep = |cell, rows: Vec<Row>| {
        kept.lock().unwrap().extend(rows.into_iter().map(|row| (cell, row)));
        Ok(())
    };
    sweep.play(done, &keep, &AtomicBool::new(false)).unwrap();
    let mut rows = kept.into_inner().unwrap();
    rows.sort_by_key(|(cell, row)| (*cell, row.seed));
    rows
}

#[test]
fn cells_go_variant_by_variant_with_the_last_axis_fastest() {
    let both = sweep("", &options(&["host_group.g.hosts=2..3", "service.s.stop_timeout=1s,2s"])).unwrap();
    let expected =
        ["one: 2 1s", "one: 2 2s", "one: 3 1s", "one: 3 2s", "two: 2 1s", "two: 2 2s", "two: 3 1s", "two: 3 2s"];
    assert_eq!(described(&both), expected);
    let only = SweepOptions { variant: Some("two".into()), ..options(&["host_group.g.hosts=2..3"]) };
    assert_eq!(described(&sweep("", &only).unwrap()), ["two: 2", "two: 3"]);
}

#[test]
fn axes_stand_in_the_file_too() {
    let file = "[[axis]]\npath = \"host_group.g.hosts\"\nfrom = 2\nto = 6\nstep = 2\n[[axis]]\n\
                path = \"service.s.startup\"\nvalues = [\"uniform(1s, 2s)\", \"3s\", 0]\n";
    let all = sweep(file, &SweepOptions { variant: Some("one".into()), ..options(&["service.s.startup=5s"]) }).unwrap();
    assert_eq!(described(&all), ["one: 2 5s", "one: 4 5s", "one: 6 5s"]);
    let values = |index: usize| parse(file).unwrap().axes[index].values.join(" | ");
    assert_eq!([values(0), values(1)], ["2 | 4 | 6", "uniform(1s, 2s) | 3s | 0"]);
    let tables = "[[axis]]\npath = \"host_group.g.agent\"\nvalues = [{ poll = \"5s\" }, { poll = \"10s\" }]\n[[axis]]\n\
                  path = \"host_group.g.zones\"\nvalues = [[\"a\"], [\"a\", \"b\"]]\n";
    assert_eq!(sweep(tables, &options(&[])).unwrap().cells.len(), 8);
}

#[test]
fn bad_axes_of_a_file_are_found_whoever_reads_it() {
    let table = [
        ("path = \"host_group.g.hosts\"\nvalues = []", "has no values"),
        ("path = \"host_group.g.hosts\"", "either values, or from and to"),
        ("path = \"host_group.g.hosts\"\nvalues = [1]\nfrom = 2", "either values, or from and to"),
        ("path = \"host_group.g.hosts\"\nfrom = 2", "either values, or from and to"),
        ("path = \"host_group.g.hosts\"\nfrom = 2\nto = 6\nstep = 0", "a step of zero"),
        ("path = \"host_group.g.hosts\"\nfrom = 6\nto = 2", "empty"),
        ("path = \"host_group.g.hosts\"\nvalues = [2, 2]", "'2' twice"),
        ("path = \"host_group.g.hosts\"\nvalues = [2026-01-01]", "a date or time"),
        ("values = [2]", "path is missing"),
        ("path = \"host_group.g.hosts\"\nvalue = [2]", "unknown key 'value'"),
        ("path = \"host_group.h.hosts\"\nvalues = [2]", "no host_group has the name 'h'"),
        ("path = \"host_group.g.hostz\"\nvalues = [2]", "unknown key 'hostz'"),
        ("path = \"run.seeds\"\nvalues = [2]", "seeds is the same for all variants"),
        ("path = \"axis\"\nvalues = [2]", "axis is the same for all variants"),
        ("path = \"service.s.memory\"\nvalues = [\"1TiB\"]", "larger than any host"),
        ("path = \"service.s.memory\"\nvalues = [nan]", "a number, where a string is needed"),
    ];
    for (axis, said) in table {
        let message = parse(&format!("[[axis]]\n{axis}\n")).unwrap_err();
        assert!(message.contains(said) && message.contains("web.toml:"), "{axis}: {message}");
    }
    let twice = "[[axis]]\npath = \"host_group.g.hosts\"\nvalues = [2]\n";
    assert!(parse(&twice.repeat(2)).unwrap_err().contains("two axes of this path"));
}

#[test]
fn cells_that_are_no_scenario_are_named_or_left_out() {
    let axes = ["host_group.g.hosts=1..2", "service.s.memory=1MiB,2MiB,4MiB"];
    let message = sweep("", &options(&axes)).unwrap_err();
    for part in [
        "1 of 2 tasks do not fit on the hosts of the start (in the cell host_group.g.hosts = 1, service.s.memory = 2MiB of \
         the variant 'one')",
        "larger than any host",
        "5 of 12 cells cannot be run",
        "--skip-invalid",
    ] {
        assert!(message.contains(part), "'{part}' is not in\n{message}");
    }
    let skipping = SweepOptions { skip_invalid: true, ..options(&axes) };
    let sweep_of_rest = sweep("", &skipping).unwrap();
    let expected =
        ["one: 1 1MiB", "one: 2 1MiB", "one: 2 2MiB", "two: 1 1MiB", "two: 1 2MiB", "two: 2 1MiB", "two: 2 2MiB"];
    assert_eq!(described(&sweep_of_rest), expected);
    assert_eq!(sweep_of_rest.skipped.0, 5);
    let nothing = SweepOptions { skip_invalid: true, ..options(&["service.s.memory=4MiB"]) };
    assert!(sweep("", &nothing).unwrap_err().contains("2 of 2 cells cannot be run"));
}

#[test]
fn what_cannot_be_swept_says_what_would_do() {
    let table: [(&[&str], &str); 5] = [
        (&[], "nothing to sweep"),
        (&["host_group.x.hosts=1"], "no host_group has the name 'x'"),
        (&["run.seeds=1,2"], "seeds is the same for all variants"),
        (
            &["host_group.g.hosts=1..1000", "service.s.desired=1..1000"],
            "2000000 cells, where at most 100000 are possible",
        ),
        (&["host_group.g.hosts=nan"], "host_group.g.hosts: a number, where a whole number is needed"),
    ];
    for (axes, said) in table {
        let message = sweep("", &options(axes)).unwrap_err();
        assert!(message.contains(said) && message.contains("web.toml"), "{axes:?}: {message}");
    }
}

#[test]
fn a_sample_has_each_cell_once() {
    let design = Design::LatinHypercube { cells: 40, seed: 1 };
    let sample = SweepOptions { design, ..options(&["host_group.g.hosts=2..4", "service.s.stop_timeout=1s,2s"]) };
    let cells = described(&sweep("", &sample).unwrap());
    let different: BTreeSet<_> = cells.iter().collect();
    assert_eq!((cells.len(), different.len()), (12, 12), "{cells:?}");
}

#[test]
fn a_cell_is_the_variant_with_its_settings_whatever_the_threads() {
    let axes = ["host_group.g.hosts=2..3"];
    let with = |threads| {
        let run = RunOptions { threads: Some(threads), ..RunOptions::default() };
        rows(&sweep("", &SweepOptions { run, ..options(&axes) }).unwrap(), &|_, _| false)
    };
    let all = with(1);
    assert_eq!(all, with(8));
    assert_eq!(all.len(), 4 * 60);
    let scenario = parse("").unwrap();
    for (cell, row) in all {
        let setting = Setting { path: "host_group.g.hosts".into(), value: ["2", "3"][cell % 2].into() };
        let variant = scenario.vary(["one", "two"][cell / 2], &[setting]).unwrap();
        assert_eq!(row.summary, play(&variant, row.seed).unwrap());
    }
}

#[test]
fn what_is_done_is_not_played_again() {
    let sweep = sweep("", &options(&["host_group.g.hosts=2..3"])).unwrap();
    let all = rows(&sweep, &|_, _| false);
    let rest = rows(&sweep, &|cell, position| cell == 1 || position % 7 == 3);
    let expected = all.into_iter().filter(|(cell, row)| !(*cell == 1 || (row.seed - 5) % 7 == 3));
    assert_eq!(rest, expected.collect::<Vec<_>>());
}

#[test]
fn an_error_of_the_keeper_and_an_interruption_end_it() {
    let sweep = sweep("", &options(&["host_group.g.hosts=2..3"])).unwrap();
    let kept = AtomicUsize::new(0);
    let keep = |_, _| if kept.fetch_add(1, Ordering::Relaxed) < 1 { Ok(()) } else { Err("the disk is full".into()) };
    assert_eq!(sweep.play(&|_, _| false, &keep, &AtomicBool::new(false)).unwrap_err().to_string(), "the disk is full");
    let cancelled = AtomicBool::new(false);
    let keep = |_, rows: Vec<Row>| {
        cancelled.store(true, Ordering::Relaxed);
        kept.store(rows.len(), Ordering::Relaxed);
        Ok(())
    };
    sweep.play(&|_, _| false, &keep, &cancelled).unwrap();
    assert!(kept.into_inner() <= 50);
}

#[test]
fn the_fingerprint_is_that_of_the_models() {
    let fingerprint = |more: &str, axes: &[&str]| sweep(more, &options(axes)).unwrap().fingerprint;
    let one = fingerprint("", &["host_group.g.hosts=2..3"]);
    assert_eq!(one.len(), 64);
    assert_eq!(one, fingerprint("# a comment\n", &["host_group.g.hosts=2,3"]), "the same models");
    assert_ne!(
        one,
        fingerprint("[[scale]]\nservice = \"s\"\ndesired = 1\nat = \"1h\"\n", &["host_group.g.hosts=2..3"])
    );
    assert_ne!(one, fingerprint("", &["host_group.g.hosts=3,2"]), "in another order");
}
