//! The report as its readers meet it: the same from memory and from a folder, and what a browser makes of it.
//!
//! A page is opened in a headless Chromium: that of `SEATRIAL_BROWSER`, or one on the `PATH`. Where there is none, the tests
//! that need it say so and pass.

#![expect(clippy::unwrap_used, reason = "a test may; clippy's own exception stops at helper functions")]

#[path = "support/browser.rs"]
mod browser;
#[path = "support/command.rs"]
mod command;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use browser::{Browser, Scheme};
use command::{empty_folder, seatrial};
use serde_json::Value;

/// A folder of its own for each test.
fn folder(name: &str) -> PathBuf {
    empty_folder("report", name)
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A scenario of the library in `folder`, run with few seeds; the page is `report.html`, the rest is in `out`.
fn run(folder: &Path, scenario: &str, seeds: &str) {
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/library");
    let file = library.join(format!("{scenario}.toml"));
    let arguments =
        ["run", file.to_str().unwrap(), "--seeds", seeds, "--quiet", "--out", "out", "--report", "report.html"];
    let output = seatrial(folder, &arguments);
    assert_eq!((output.status.code(), errors(&output).as_str()), (Some(0), ""), "{scenario}");
}

/// A scenario whose texts are markup, wherever they may be.
const NASTY: &str = r#"
question = "Is <script>alert(1)</script> or </style><b onmouseover=alert(2)> faster & \"safe\"?"
[run]
seeds = 3
[[host_group]]
name = "m5"
hosts = 6
cpu = 2048
memory = "7680MiB"
price = "$0.096/h"
[[service]]
name = "web"
desired = 5
memory = "3GiB"
startup = "uniform(5s, 9s)"
[[deploy]]
service = "web"
[[variant]]
name = "<script>alert(3)</script>"
[[variant]]
name = "</svg></style><img src=x onerror=alert(4)>"
set = { "host_group.m5.hosts" = 9 }
"#;

#[test]
fn a_report_of_a_folder_is_that_of_the_run() {
    let folder = folder("same");
    run(&folder, "one-spare-host", "20");
    let output = seatrial(&folder, &["report", "out"]);
    assert_eq!((output.status.code(), errors(&output).as_str()), (Some(0), ""));
    let name = Path::new("out").join("report.html");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{}\n", name.display()));
    let [at_once, later] = [PathBuf::from("report.html"), name].map(|file| fs::read(folder.join(file)).unwrap());
    assert!(at_once == later, "the two pages differ");
    assert!(at_once.len() < 3_000_000, "{} bytes", at_once.len());
    let text = String::from_utf8(at_once).unwrap();
    for part in [
        "Is one spare host enough, and is it the agents that make the deploy slow?</h1>",
        "times faster than",
        "<code>host_group.m4.agent = { poll = &quot;15s&quot; }</code>",
        "Amazon ECS on EC2 before minimum and maximum percent",
        "# What runs on them: five tasks",
        "<dd>20: 1 to 20</dd>",
        concat!("<dd>seatrial ", env!("CARGO_PKG_VERSION"), "</dd>"),
        "--seeds 20 --seed 1 --report report.html</code>",
    ] {
        assert!(text.contains(part), "{part}");
    }
}

#[test]
fn another_variant_in_depth_takes_the_place_of_the_first() {
    let folder = folder("one-deploy");
    run(&folder, "default-alb", "3");
    let page = || {
        assert_eq!(seatrial(&folder, &["report", "out"]).status.code(), Some(0));
        fs::read_to_string(folder.join("out/report.html")).unwrap()
    };
    let text = page();
    let place = |id: &str| text.find(&format!("<section id=\"{id}\"")).expect("there is such a part");
    let order = ["durations", "frontier", "over-time", "gantt", "waterfall", "tornado", "money"].map(place);
    assert!(order.is_sorted(), "{order:?}");
    assert!(text.contains("What each setting would change: five checks needed"));
    let other = ["--variant", "drain 30 s", "--seeds", "3", "--quiet", "--out", "out"];
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/library/default-alb.toml");
    assert_eq!(seatrial(&folder, &[&["explain", scenario], &other[..]].concat()).status.code(), Some(0));
    assert!(page().contains("What each setting would change: drain 30 s"));
}

#[test]
fn what_is_missing_is_named_with_the_command_that_makes_it() {
    let folder = folder("missing");
    run(&folder, "fixed-port", "3");
    let fails = |arguments: &[&str], said: &[&str]| {
        let output = seatrial(&folder, arguments);
        let message = errors(&output);
        assert_eq!(output.status.code(), Some(2), "{message}");
        for part in said {
            assert!(message.contains(part), "'{part}' is not in: {message}");
        }
    };
    let remedy = "`seatrial run FILE --out DIR`";
    fails(&["report", "nowhere"], &["cannot read", "report.json", remedy]);
    fs::remove_file(folder.join("out/money-dark.svg")).unwrap();
    fails(&["report", "out"], &["money-dark.svg", remedy]);
    fs::copy(folder.join("out/durations-dark.svg"), folder.join("out/money-dark.svg")).unwrap();
    fails(&["report", "out"], &["money.svg", "another", remedy]);
    fs::write(folder.join("out/report.json"), "{}").unwrap();
    fails(&["report", "out"], &["report.json", "schema_version", remedy]);
    fs::remove_file(folder.join("out/charts-run.txt")).unwrap();
    fs::write(folder.join("a.toml"), NASTY).unwrap();
    fs::write(folder.join("b.toml"), NASTY).unwrap();
    fails(&["run", "a.toml", "b.toml", "--report", "x.html"], &["--report takes one scenario file"]);
    fails(&["run", "a.toml", "--report", "x.html", "--facts", "x.html"], &["x.html is to be written twice"]);
    fails(&["run", "a.toml", "--report", "no/such/folder/x.html"], &["cannot write", "x.html"]);
}

/// Wide and narrow, light and dark: nothing is cut or empty, and the console stays silent.
#[test]
fn a_browser_shows_all_of_it() {
    let Some(browser) = Browser::find() else { return };
    for (scenario, seeds, views) in [
        (
            "one-spare-host",
            "20",
            &[(1440, Scheme::Light), (1440, Scheme::Dark), (390, Scheme::Light), (390, Scheme::Dark)][..],
        ),
        ("match-day", "2", &[(390, Scheme::Dark)]),
        ("never-finishes", "3", &[(390, Scheme::Light)]),
        ("every-orchestrator", "2", &[(390, Scheme::Light), (1440, Scheme::Dark)]),
    ] {
        let folder = folder(&format!("view-{scenario}"));
        run(&folder, scenario, seeds);
        let list = fs::read_to_string(folder.join("out/charts-run.txt")).unwrap();
        for &(width, scheme) in views {
            let found = browser.look(&folder.join("report.html"), width, scheme);
            let view = format!("{scenario}, {width} px, {scheme:?}");
            assert_eq!(found["width"], width, "{view}");
            assert_eq!(found["overflow"], serde_json::json!([]), "{view}: wider than the window");
            let charts = found["charts"].as_array().unwrap();
            // Each chart is four files: two formats, two papers.
            assert_eq!(charts.len(), list.lines().count() / 4, "{view}");
            for chart in charts {
                let number = |key: &str| chart[key].as_f64().unwrap();
                assert!(number("width") > 200.0 && number("height") > 100.0, "{view}: {chart}");
                // The least is the paper, an axis and its marks, where no setting changes anything.
                assert!(number("shapes") >= 5.0 && number("texts") > 3.0, "{view}: {chart}");
                assert!(!chart["label"].as_str().unwrap().is_empty(), "{view}: {chart}");
                let (paper, ink) = (lightness(&chart["paper"]), lightness(&chart["ink"]));
                let is_dark = scheme == Scheme::Dark;
                assert!(if is_dark { paper < 0.2 && ink > 0.7 } else { paper > 0.9 && ink < 0.4 }, "{view}: {chart}");
            }
            assert_eq!(found["ids_twice"], serde_json::json!([]), "{view}");
            assert_eq!(found["heading_jumps"], 0, "{view}");
        }
    }
}

/// The mean of red, green and blue of `rgb(26, 26, 26)`; 0 to 1.
fn lightness(colour: &Value) -> f64 {
    let numbers = colour.as_str().unwrap().trim_start_matches("rgb(").trim_end_matches(')');
    numbers.split(", ").map(|part| part.parse::<f64>().unwrap()).sum::<f64>() / (3.0 * 255.0)
}

/// Held against results.json: names in the order of their numbers, those without a number last.
#[test]
fn a_click_sorts_by_number() {
    let Some(browser) = Browser::find() else { return };
    let folder = folder("sort");
    run(&folder, "never-finishes", "5");
    let found = browser.look(&folder.join("report.html"), 1440, Scheme::Light);
    let results: Value = serde_json::from_str(&fs::read_to_string(folder.join("out/results.json")).unwrap()).unwrap();
    let names = |key: &dyn Fn(&Value) -> f64| -> Value {
        let mut variants: Vec<&Value> = results["variants"].as_array().unwrap().iter().collect();
        variants.sort_by(|a, b| key(a).total_cmp(&key(b)));
        variants.iter().map(|variant| variant["name"].clone()).collect()
    };
    let sorted = |head: &str| found["sorted"].as_array().unwrap().iter().find(|by| by["head"] == head).unwrap();
    let ascending = |head: &str| sorted(head)["ascending"].clone();
    assert_eq!(ascending("p50"), names(&|v| v["deploy_s"]["p50"].as_f64().unwrap_or(f64::INFINITY)));
    assert_eq!(ascending("lowest healthy"), names(&|v| v["lowest_healthy_percent"].as_f64().unwrap()));
    let descending = names(&|v| -v["short_replica_s"].as_f64().unwrap());
    assert_eq!(sorted("short tasks x time")["descending"], descending);
    for by in found["sorted"].as_array().unwrap() {
        assert_eq!(by["states"], serde_json::json!(["ascending", "descending"]), "{by}");
        assert_eq!(by["others"], 0, "one column at a time is sorted: {by}");
        assert_eq!(by["focusable"], true, "{by}");
    }
}

#[test]
fn a_value_shows_on_hover_on_focus_and_on_touch() {
    let Some(browser) = Browser::find() else { return };
    let folder = folder("tips");
    run(&folder, "one-spare-host", "5");
    let found = browser.look(&folder.join("report.html"), 390, Scheme::Light);
    let tips = &found["tips"];
    for way in ["pointer", "keys", "touch"] {
        let tip = &tips[way];
        assert_eq!((&tip["shown"], &tip["inside"]), (&true.into(), &true.into()), "{way}: {tips}");
        assert!(!tip["text"].as_str().unwrap().is_empty(), "{way}: {tips}");
    }
    // The first mark of the first chart, then the next one.
    assert_eq!(tips["pointer"]["text"], tips["first"]);
    assert_eq!(tips["keys"]["text"], tips["second"]);
    assert_eq!(tips["left"], false, "gone when the pointer leaves");
    assert_eq!(tips["escaped"], false, "gone with Escape");
}

#[test]
fn markup_in_names_is_text_in_a_browser_too() {
    let Some(browser) = Browser::find() else { return };
    let folder = folder("nasty");
    fs::write(folder.join("web.toml"), NASTY).unwrap();
    let output = seatrial(&folder, &["run", "web.toml", "--report", "report.html"]);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let found = browser.look(&folder.join("report.html"), 390, Scheme::Light);
    let question = "Is <script>alert(1)</script> or </style><b onmouseover=alert(2)> faster & \"safe\"?";
    assert_eq!((&found["title"], &found["h1"]), (&question.into(), &question.into()));
    assert_eq!(found["foreign"], serde_json::json!([]), "elements that no report has");
    assert_eq!(found["overflow"], serde_json::json!([]));
}

#[test]
fn it_prints() {
    let Some(browser) = Browser::find() else { return };
    let folder = folder("print");
    run(&folder, "one-spare-host", "5");
    let pages = browser.print(&folder.join("report.html"));
    // Answer and table, eight kinds of charts, each variant over time, the settings with their sources: nothing stays folded.
    assert!((8..=24).contains(&pages), "{pages} pages");
}
