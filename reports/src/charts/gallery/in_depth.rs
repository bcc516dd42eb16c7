//! Charts of deploys in depth, and of cost against duration, at their extremes.

use std::path::Path;

use seatrial_scenarios::Scenario;
use seatrial_sim::engine::fact::{DeployId, Fact, FactId, ServiceId};
use seatrial_sim::measure::critical_path::{CriticalPath, Kind, Leg};
use seatrial_sim::measure::trace::Trace;

use super::super::gantt::{Phase, Whose};
use super::super::picture::Picture;
use super::super::{Gantt, frontier, gantt, tornado, waterfall};
use super::EVERY;
use crate::examples::{results, spread, variant, without_deploy};
use crate::explain::tornado::{Bar, Tornado};
use crate::statistics::{Comparison, Difference, Interval};

/// A name of 80 characters.
const LONG: &str = "a-name-that-someone-made-from-team-product-environment-region-and-purpose-in-all";

/// A scenario as the runner reads it.
fn scenario(text: &str) -> Scenario {
    Scenario::parse("web.toml", text, Path::new("")).unwrap_or_else(|report| panic!("{report}"))
}

/// So many tasks on so many hosts, two a host, with one to spare on each, in an ECS rolling deploy.
fn rolling(group: &str, tasks: u32, hosts: u32, more: &str) -> Scenario {
    rolling_on(group, tasks, hosts, "", more)
}

/// The same, with more to say of the hosts.
fn rolling_on(group: &str, tasks: u32, hosts: u32, of_hosts: &str, more: &str) -> Scenario {
    scenario(&format!(
        "question = \"how long\"\norchestrator = \"ecs\"\n\
         [[host_group]]\nname = \"{group}\"\nhosts = {hosts}\ninstance = \"m5.large\"\n{of_hosts}\
         [[service]]\nname = \"web\"\ndesired = {tasks}\ncpu = 512\nmemory = \"1GiB\"\n\
         image = {{ size = \"400MB\" }}\nstartup = \"lognormal(median=12s, sigma=0.3)\"\n\
         load_balancer = {{ kind = \"alb\", deregistration_delay = \"60s\" }}\n\
         [[deploy]]\nservice = \"web\"\nat = \"10m\"\n{more}\n[[variant]]\nname = \"as it is\"\n"
    ))
}

/// One run of the first variant, with the path from the end of its first deploy back by causes.
fn gantt_of(scenario: &Scenario, title: &str) -> Gantt {
    let model = &scenario.variants[0].model;
    let mut trace = Trace::default();
    seatrial_sim::run(model, 1, &mut trace);
    let path = path(&trace);
    Gantt::of_run(model, &trace, None, title, path.as_ref()).unwrap()
}

/// The chain of causes, each kind by what ended the wait: enough for a picture.
fn path(trace: &Trace) -> Option<CriticalPath> {
    let end = trace.records.iter().position(|record| matches!(record.fact, Fact::DeployCompleted { .. }))?;
    let completed = trace.records[end].at;
    let mut legs = vec![];
    let mut at = end;
    while trace.records[at].because.index() as usize != at {
        let (record, cause) = (trace.records[at], trace.records[at].because.index() as usize);
        let (task, host, kind) = match record.fact {
            Fact::TaskMoved { task, host, to, .. } => {
                use seatrial_sim::cluster::TaskState::{InService, Pulling, Running, Starting, Stopping};
                let kind = match to {
                    Starting => Kind::Pull,
                    Running => Kind::Start,
                    InService => Kind::HealthCheck,
                    Stopping => Kind::Drain,
                    Pulling => Kind::Register,
                    _ => Kind::ControlLoop,
                };
                (Some(task), Some(host), kind)
            }
            _ => (None, None, Kind::ControlLoop),
        };
        let (from, to) = (trace.records[cause].at, record.at);
        if from < to {
            legs.push(Leg { kind, from, to, fact: FactId::from_index(at as u32), task, host });
        }
        at = cause;
    }
    legs.reverse();
    let requested = trace.records.iter().find(|record| matches!(record.fact, Fact::DeployRequested { .. }))?.at;
    legs.retain(|leg: &Leg| leg.from >= requested);
    Some(CriticalPath { deploy: DeployId(0), service: ServiceId(0), requested, completed, legs })
}

/// Deploys worth looking at, by name.
fn gantts() -> Vec<(&'static str, Gantt)> {
    let coming = "pre_deploy = { hosts = 3, lead = \"1m\", keep = \"1m\" }\nboot = \"90s\"\n";
    let other = "[[service]]\nname = \"batch\"\ndesired = 4\ncpu = 256\nmemory = \"256MiB\"\n";
    let failing = scenario(
        "question = \"how long\"\norchestrator = \"ecs\"\nstrategy = { rolling = { circuit_breaker = true, rollback = true } }\n\
         [run]\nhorizon = \"2h\"\n\
         [[host_group]]\nname = \"m5\"\nhosts = 6\ninstance = \"m5.large\"\n\
         [[service]]\nname = \"web\"\ndesired = 5\ncpu = 512\nmemory = \"1GiB\"\n\
         [[deploy]]\nservice = \"web\"\nfault = { crashes_after = \"500ms\" }\n[[variant]]\nname = \"bad\"\n",
    );
    let blocked = scenario(
        "question = \"how long\"\norchestrator = \"ecs\"\n[run]\nhorizon = \"1h\"\n\
         [[host_group]]\nname = \"m5\"\nhosts = 3\ninstance = \"m5.large\"\n\
         [[service]]\nname = \"web\"\ndesired = 3\ncpu = 512\nmemory = \"1GiB\"\nhost_port = 80\n\
         [[deploy]]\nservice = \"web\"\nat = \"10m\"\n[[variant]]\nname = \"full\"\n",
    );
    let fargate = scenario(
        "question = \"how long\"\norchestrator = \"ecs\"\n\
         [[host_group]]\nname = \"fargate\"\nfargate = true\n\
         [[service]]\nname = \"web\"\ndesired = 12\ncpu = 1024\nmemory = \"2GiB\"\n\
         [[deploy]]\nservice = \"web\"\nat = \"10m\"\n[[variant]]\nname = \"fargate\"\n",
    );
    vec![
        ("five", gantt_of(&rolling("m5", 5, 6, ""), "web.toml, one spare host, seed 1")),
        ("two-services", gantt_of(&rolling("m5", 8, 4, other), "web.toml, beside a batch, seed 1")),
        ("long-names", gantt_of(&rolling(LONG, 40, 12, ""), &format!("{LONG}, the variant with {LONG}, seed 1"))),
        ("hosts-for-it", gantt_of(&rolling_on("m5", 12, 3, coming, ""), "web.toml, twice the hosts, seed 1")),
        ("500", gantt_of(&rolling("m5", 500, 170, ""), "large.toml, 500 tasks, seed 1")),
        ("600-hosts", gantt_of(&rolling("m5", 1_800, 600, ""), "huge.toml, 1,800 tasks, seed 1")),
        ("rolled-back", gantt_of(&failing, "bad.toml, a version that crashes, seed 1")),
        ("blocked", gantt_of(&blocked, "full.toml, no room at all, seed 1")),
        ("fargate", gantt_of(&fargate, "web.toml, a machine for each task, seed 1")),
        ("nothing", Gantt { window: (0.0, 60.0), ..Gantt::default() }),
    ]
}

fn waterfalls() -> Vec<(&'static str, Picture)> {
    // The seconds of a deploy of 4m 12s: 41 + 0 + 38 + 13 + 150 + 10.
    let median = [
        (Kind::ControlLoop, 41.0),
        (Kind::Headroom, 0.0),
        (Kind::Start, 38.0),
        (Kind::HealthCheck, 13.0),
        (Kind::Drain, 150.0),
        (Kind::Stop, 10.0),
    ];
    let all: Vec<(Kind, f64)> =
        Kind::ALL.into_iter().zip(0..).map(|(kind, i)| (kind, f64::from(i * 37 % 12 + 1) * 4_000.0)).collect();
    let slivers = [(Kind::ControlLoop, 0.001), (Kind::Hold, 604_800.0), (Kind::Stop, 0.5)];
    vec![
        ("median", waterfall::picture("web.toml: one spare host, seed 17, the median", &median)),
        ("all", waterfall::picture(LONG, &all)),
        ("slivers", waterfall::picture("a week of holding", &slivers)),
        ("one", waterfall::picture("one kind", &[(Kind::Drain, 0.04)])),
        ("nothing", waterfall::picture("nothing", &[(Kind::Drain, 0.0)])),
    ]
}

fn tornados() -> Vec<(&'static str, Tornado)> {
    let saved = |mean: f64, half: f64| Difference {
        mean,
        interval: (half >= 0.0).then_some(Interval { low: mean - half, high: mean + half }),
        unpaired_interval: None,
        first: 0.0,
        pairs: 200,
    };
    let bar = |change: &str, saved_s: Option<(f64, f64)>, usd: f64| Bar {
        change: change.into(),
        settings: vec![],
        saved_failures: None,
        saved_s: saved_s.map(|(mean, half)| saved(mean, half)),
        saved_usd_per_month: saved(usd, 0.0),
        more_finished: 0,
    };
    let few = vec![
        bar("web: deregistration delay 300 s -> 30 s", Some((125.0, 4.0)), 0.0),
        bar("one more spare host (m5: 6 -> 7 hosts)", Some((118.0, 9.0)), -70.08),
        bar("web: healthy threshold 5 -> 2", Some((20.0, 28.0)), 0.0),
        bar("m5: image cache on", Some((0.0, 0.0)), 0.0),
        bar("one spare host less", None, 70.08),
        bar("web: minimum healthy 100 % -> 50 %", Some((-44.0, 12.0)), 35.04),
    ];
    let many = (0..40_u32).map(|i| {
        let saved = 3_000.0 - 100.0 * f64::from(i);
        bar(&format!("{LONG}: {LONG} {i}"), Some((saved, 40.0)), 10_000.0 * f64::from(i % 3) - 10_000.0)
    });
    let of = |variant: &str, bars: Vec<Bar>| Tornado { variant: variant.into(), bars };
    let slower = vec![bar("a", Some((-0.5, -1.0)), 0.0), bar("b", Some((-30.0, -1.0)), -1e6)];
    vec![
        ("few", of("one spare host", few)),
        ("many", of(LONG, many.collect())),
        ("slower", of("nothing helps", slower)),
        ("same", of("no setting matters", vec![bar("web: startup 1 s less", Some((0.0, 0.0)), 0.0)])),
        ("nothing", of("no settings", vec![])),
    ]
}

fn frontiers() -> Vec<(&'static str, Comparison)> {
    let priced = |name: &str, p95: Option<f64>, usd: f64| {
        let mut variant = variant(name, &[p95; 3]);
        variant.rows.iter_mut().for_each(|row| row.summary.usd_per_month = usd);
        variant
    };
    let of = |variants| Comparison::new(&results(variants));
    let spares = vec![
        priced("one spare host", Some(258.0), 551.88),
        priced("five spare hosts", Some(258.0), 919.8),
        priced("five spare hosts, maximum 200 %", Some(56.3), 919.8),
        priced("one spare host, maximum 200 %", Some(218.0), 551.88),
        priced("two spare hosts", Some(140.0), 643.86),
        priced("agents poll every 60 s", Some(561.0), 551.88),
        priced("no spare host", None, 459.9),
        without_deploy(priced("calm", None, 459.9)),
    ];
    let forty = (0..40_u32).map(|i| {
        let system = EVERY[i as usize % EVERY.len()].0;
        let name = if i % 7 == 0 { LONG } else { system };
        priced(
            &format!("{name} {i}"),
            Some(40.0 + f64::from(i * 53 % 40) * 60.0),
            300.0 + f64::from(i * 31 % 40) * 400.0,
        )
    });
    vec![
        ("spares", of(spares)),
        ("forty", of(forty.collect())),
        ("one", of(vec![variant("one", &spread(100.0, 0.1, 20))])),
        ("same", of(vec![priced("a", Some(100.0), 10.0), priced("b", Some(100.0), 10.0)])),
        ("wide", of(vec![priced("a", Some(1.0), 1e6), priced("b", Some(7_200.0), 10.0)])),
        ("free", of(vec![priced("a", Some(0.0), 0.0), priced("b", Some(5.0), 0.0)])),
        ("nothing-finished", of(vec![priced("full", None, 10.0), priced("fuller", None, 20.0)])),
        ("no-variants", of(vec![])),
    ]
}

/// All of them, each with its file's name.
pub(super) fn pictures() -> Vec<(String, Picture)> {
    let gantts = gantts().into_iter().map(|(name, of)| (format!("gantt-{name}"), gantt::picture(&of)));
    let waterfalls = waterfalls().into_iter().map(|(name, picture)| (format!("waterfall-{name}"), picture));
    let tornados = tornados().into_iter().map(|(name, of)| (format!("tornado-{name}"), tornado::picture(&of)));
    let frontiers = frontiers().into_iter().map(|(name, of)| (format!("frontier-{name}"), frontier::picture(&of)));
    gantts.chain(waterfalls).chain(tornados).chain(frontiers).collect()
}

/// Whether the text is on the paper, as a line of its own.
fn says(svg: &str, text: &str) -> bool {
    svg.contains(&format!(">\n{}\n<", super::escaped(text)))
}

/// 41 of 252 s are 16.27 %, 150 are 59.5 %.
#[test]
fn a_waterfall_has_seconds_percents_and_a_sum() {
    let svg = waterfalls()[0].1.to_svg();
    for text in ["control loop", "41.0s", "16.3 %", "2m 30s", "59.5 %", "in all", "4m 12s", "100 %"] {
        assert!(says(&svg, text), "{text}");
    }
    assert!(!svg.contains("headroom"), "it was not waited for");
}

#[test]
fn a_tornado_says_what_is_saved_what_it_costs_and_how_many_more_there_are() {
    let svg = |index: usize| tornado::picture(&tornados()[index].1).to_svg();
    for text in ["saves 2m 05s", "$0", "costs $70.08", "no difference", "never finished", "costs 44.0s", "saves $35.04"]
    {
        assert!(says(&svg(0), text), "{text}");
    }
    assert!(says(&svg(1), "and 20 more, which save less"));
    assert!(!says(&svg(0), "and 20 more, which save less"));
}

#[test]
fn every_variant_that_finishes_is_a_point_and_the_others_are_listed() {
    for (name, comparison) in frontiers() {
        let svg = frontier::picture(&comparison).to_svg();
        for (variant, number) in comparison.variants.iter().zip(1..) {
            let badge = format!(">\n{number}\n</text>");
            let bold = svg.split("<text").filter(|text| text.contains("bold") && text.contains(&badge)).count();
            assert_eq!(bold, if variant.deploy_s.p95.is_some() { 2 } else { 1 }, "{name}: {number}");
        }
    }
    let svg = frontier::picture(&frontiers()[0].1).to_svg();
    assert!(says(&svg, "not plotted: does not finish") && says(&svg, "not plotted: no deploy"));
}

/// Five new tasks in place of five old ones: each new one pulls, starts, passes its checks and serves, in this order.
#[test]
fn a_gantt_has_every_task_of_the_deploy_with_its_phases_in_order() {
    let five = &gantts()[0].1;
    let bars = |whose| five.lanes.iter().flat_map(|lane| &lane.bars).filter(move |bar| bar.whose == whose);
    assert_eq!((bars(Whose::New).count(), bars(Whose::Old).count()), (5, 5));
    for bar in bars(Whose::New) {
        let phases: Vec<Phase> = bar.phases.iter().map(|(.., phase)| *phase).collect();
        assert!(phases.is_sorted() && phases.last() == Some(&Phase::Serves), "{phases:?}");
        assert!(bar.phases.windows(2).all(|pair| (pair[0].1 - pair[1].0).abs() < 1e-9), "no gaps");
        assert!(bar.phases[0].0 >= 0.0, "none is there before the request");
    }
    for bar in bars(Whose::Old) {
        let (from, _, phase) = bar.phases[0];
        assert_eq!((from, phase), (five.window.0, Phase::Serves));
        assert_eq!(bar.phases.last().map(|(.., phase)| *phase), Some(Phase::Stops));
    }
    let svg = gantt::picture(five).to_svg();
    for text in ["m5-0", "m5-5", "v1", "v2", "in service, new", "in service, old", "critical path", "pulling"] {
        assert!(says(&svg, text), "{text}");
    }
    assert!(!svg.contains("another service") && !svg.contains("host boots"));
    let path = &five.path;
    assert!(path.windows(2).all(|pair| (pair[0].to - pair[1].from).abs() < 1e-9), "no gaps");
    assert!(path.first().is_some_and(|step| step.from == 0.0) && path.last().map(|s| s.to) == five.end.map(|e| e.0));
}

#[test]
fn a_gantt_says_how_it_ended_and_which_hosts_are_left_out() {
    let svg = |index: usize| gantt::picture(&gantts()[index].1).to_svg();
    assert!(svg(6).contains("rolled back after"));
    assert!(says(&svg(7), "not completed"));
    let (_, huge) = &gantts()[5];
    assert!(huge.lanes.len() <= 250 && huge.lanes.len() + huge.left_out == 600);
    assert!(svg(5).contains(&format!("and {} more hosts", huge.left_out)));
    let model = &rolling("m5", 5, 6, "").variants[0].model;
    let mut trace = Trace::default();
    seatrial_sim::run(model, 1, &mut trace);
    assert!(Gantt::of_run(model, &trace, Some(DeployId(1)), "", None).is_none(), "there is one deploy");
}
