//! Traces of requests: files that are wrong, a long one, and real ones.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use seatrial_scenarios::{Report, Scenario};
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::model::Load;

/// A scenario whose load is a trace; `more` is what else is said of it.
fn parse(file: &Path, horizon: Duration, more: &str) -> Result<Load, Report> {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let text = format!(
        "question = \"How long?\"\nrun = {{ horizon = \"{}ms\" }}\n\
         [[host_group]]\nname = \"m5\"\nhosts = 6\ncpu = 2048\nmemory = \"7680MiB\"\n\
         [[service]]\nname = \"web\"\ndesired = 5\nmemory = \"1GiB\"\n\
         load = {{ trace = \"{name}\", capacity_per_task = \"25/s\"{more} }}\n[[deploy]]\nservice = \"web\"\n",
        horizon.as_millis()
    );
    let scenario = Scenario::parse("web.toml", &text, file.parent().unwrap_or(Path::new("")))?;
    Ok(scenario.variants[0].model.services[0].load.clone().expect("it is written"))
}

/// A file of one test; the caller removes it.
fn temporary(name: &str, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("seatrial-{}-{name}", std::process::id()));
    fs::write(&path, text).expect("the folder can be written to");
    path
}

/// All that is wrong with a file is told at once, each at the key `trace`, with the file's line; the service is read on.
#[test]
fn the_problems_of_a_trace_are_told_at_once() {
    let rows = "time,requests\n2014-04-10 00:04:00,94\n2014-04-10 00:05:00,-1\n2014-04-10 00:06:00,1\n\
                2014-04-10 00:06:00,1\n2014-04-10 00:09:00,1\n2014-04-10 noon,1\n2014-04-10 00:10:00,1,2\n";
    let path = temporary("wrong.csv", rows);
    let report = parse(&path, Duration::from_secs(60), ", timeout = 5").unwrap_err();
    let name = path.file_name().and_then(|name| name.to_str()).unwrap();
    let expected = [
        format!("'{name}' line 3: '-1' is negative"),
        format!("'{name}' line 5: '2014-04-10 00:06:00' is there twice, as '2014-04-10 00:06:00' on line 4"),
        format!("'{name}' line 6: a gap from 1m 00s after '2014-04-10 00:06:00' on line 5 to '2014-04-10 00:09:00'"),
        format!("'{name}' line 7: '2014-04-10 noon' is not a time stamp"),
        format!("'{name}' line 8: 3 columns, where two are needed"),
    ];
    let at_the_trace = report.problems().iter().filter(|problem| problem.path == "service.web.load.trace");
    let messages: Vec<&str> = at_the_trace.map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages, expected);
    assert!(report.problems().iter().all(|problem| problem.line == 12 && problem.help.is_some()));
    assert!(report.problems().iter().any(|problem| problem.path == "service.web.load.timeout"));
    fs::remove_file(path).unwrap();
}

/// Three months in minutes are read in a moment, and to the last row.
#[test]
fn a_long_trace_is_read() {
    let n: u64 = 125_000;
    let mut text = String::from("time,requests\n");
    for i in 0..n {
        writeln!(text, "{},{i}", 1_397_088_240 + i * 60).unwrap();
    }
    let path = temporary("long.csv", &text);
    let load = parse(&path, Duration::from_secs(n * 60), "").unwrap();
    assert_eq!(load.arrivals.steps().len() as u64, n);
    fs::remove_file(path).unwrap();
}

/// The CSV files of a folder beside the repository; nothing where it is not there.
fn real(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/traces").join(folder);
    let Ok(files) = fs::read_dir(&folder) else {
        eprintln!("skipped: there is no {}", folder.display());
        return Vec::new();
    };
    let files = files.filter_map(|file| Some(file.ok()?.path()));
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "csv")).collect();
    files.sort();
    files
}

/// The second column, summed without the reader of traces.
fn sum_of_column(path: &Path) -> (f64, usize) {
    let text = fs::read_to_string(path).expect("a text");
    let values: Vec<f64> = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(','))
        .map(|(_, value)| value.parse().expect("a number"))
        .collect();
    (values.iter().sum(), values.len())
}

/// The requests of a load, with the last step as long as the others; each rate is rounded to a millionth.
fn check_sum(path: &Path, load: &Load, interval: Duration, horizon: Duration) {
    let (sum, rows) = sum_of_column(path);
    let steps = load.arrivals.steps();
    let ends = steps.iter().skip(1).map(|(at, _)| *at).chain([Time::ZERO + horizon]);
    let total: f64 = steps.iter().zip(ends).map(|((at, rate), end)| rate.over(end.since(*at)).as_f64()).sum();
    let rounding = rows as f64 * 0.5e-6 * interval.as_secs_f64() + sum * 1e-12;
    assert!((total - sum).abs() <= rounding, "{}: {total} of {sum}", path.display());
}

/// A file, and the lines of its first problems where it has some.
const NAB: [(&str, &[usize]); 16] = [
    ("Twitter_volume_AMZN", &[]),
    ("art_daily_small_noise", &[]),
    ("art_load_balancer_spikes", &[]),
    ("cpu_utilization_asg_misconfiguration", &[]),
    ("ec2_cpu_utilization_24ae8d", &[]),
    ("ec2_cpu_utilization_53ea38", &[]),
    ("ec2_cpu_utilization_5f5533", &[]),
    ("ec2_cpu_utilization_825cc2", &[40, 1117]),
    ("ec2_cpu_utilization_fe7f93", &[]),
    ("ec2_network_in_257a54", &[40, 1117]),
    ("ec2_request_latency_system_failure", &[558, 559, 560, 561, 562]),
    ("elb_request_count_8c0756", &[140, 909, 1152, 1787, 1858]),
    ("grok_asg_anomaly", &[]),
    ("iio_us-east-1_i-a2eb1cd9_NetworkIn", &[]),
    ("nyc_taxi", &[]),
    ("rds_cpu_utilization_cc0c53", &[3082]),
];

/// Those without gaps are read as they are; those with gaps say where, and are read with them. One has a minute many times.
#[test]
fn the_traces_of_nab_are_read_or_say_what_is_wrong() {
    for path in real("nab") {
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap();
        let (_, lines) = NAB.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{name} is not listed"));
        let (_, rows) = sum_of_column(&path);
        let interval = Duration::from_secs(if name == "nyc_taxi" { 1_800 } else { 300 });
        let whole = interval * rows as u64;
        match parse(&path, whole, "") {
            Ok(load) => {
                assert!(lines.is_empty(), "{name}");
                assert_eq!(load.arrivals.steps().len(), rows, "{name}");
                check_sum(&path, &load, interval, whole);
            }
            Err(report) => {
                for line in *lines {
                    let place = format!("'{name}.csv' line {line}: ");
                    assert!(report.problems().iter().any(|problem| problem.message.starts_with(&place)), "{report}");
                }
                assert!(!lines.is_empty(), "{report}");
            }
        }
        let accepted = parse(&path, whole, ", gaps = \"zero\"");
        if name == "ec2_request_latency_system_failure" {
            let report = accepted.unwrap_err().to_string();
            assert!(report.contains("line 559: '2014-03-09 03:00:00' is there twice"), "{report}");
        } else if !lines.is_empty() {
            let longer = Duration::from_secs(2 * 86_400) + whole;
            let report = parse(&path, longer, ", gaps = \"zero\"").unwrap_err();
            assert!(report.to_string().contains("the horizon is"), "{report}");
            assert!(accepted.is_ok(), "{name}");
        }
    }
}

/// With its gaps the requests of a load balancer are all there, and no more.
#[test]
fn a_gap_of_nothing_keeps_the_sum() {
    let path = real("nab").into_iter().find(|path| path.ends_with("elb_request_count_8c0756.csv"));
    let Some(path) = path else { return };
    // 4,032 rows and eight gaps of one row.
    let interval = Duration::from_secs(300);
    let whole = interval * (4_032 + 8);
    check_sum(&path, &parse(&path, whole, ", gaps = \"zero\"").unwrap(), interval, whole);
    let held = parse(&path, whole, ", gaps = \"hold\"").unwrap();
    assert_eq!(held.arrivals.steps().len(), 4_032);
}

#[test]
fn the_traces_of_the_world_cup_are_read() {
    let minute = Duration::from_secs(60);
    for path in real("worldcup98") {
        let (_, rows) = sum_of_column(&path);
        let load = parse(&path, minute * rows as u64, "").unwrap();
        assert_eq!(load.arrivals.steps().len(), rows);
        check_sum(&path, &load, minute, minute * rows as u64);
        if path.ends_with("worldcup98_1998-06-30_24h_per_minute.csv") {
            assert_eq!(rows, 1_440);
            let peak = load.arrivals.steps().iter().map(|(_, rate)| rate.as_per_s() * 60.0).fold(0.0, f64::max);
            assert!((peak - 215_241.0).abs() < 1e-3, "{peak}");
        }
    }
}
