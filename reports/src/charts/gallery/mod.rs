//! Charts of made-up results at their extremes. `SEATRIAL_GALLERY=DIR cargo test -p seatrial-reports gallery` keeps the
//! files, to be looked at, and writes those of `docs/gallery/` anew.

use std::path::PathBuf;

use seatrial_scenarios::results::Results;
use seatrial_sim::measure::attribution::Parts;

use super::picture::Picture;
use super::{DemandSeries, Format, ReplicaSeries, TaskSeries, Theme};
use crate::examples::{results, spread, variant, without_deploy};
use crate::statistics::Comparison;
use crate::sweep::SweepTable;
use crate::sweep::examples::{cell, table};

mod docs;
mod in_depth;

/// Results worth looking at, by name.
fn results_to_draw() -> Vec<(&'static str, Results)> {
    let mut partly = spread(100.0, 0.1, 200);
    partly.iter_mut().step_by(14).for_each(|duration| *duration = None);
    let two = vec![variant("one spare host", &spread(252.0, 0.1, 200)), variant("short drain", &partly)];
    let five = vec![
        variant("one spare host", &spread(1260.0, 0.05, 200)),
        variant("double the hosts first", &spread(52.0, 0.1, 200)),
        variant("no variance at all", &[Some(480.0); 200]),
        variant("one seed", &[Some(300.0)]),
        variant("full hosts: minimum healthy 100 % and nothing to spare anywhere", &[None; 200]),
    ];
    let names =
        ["push", "polling every 5 s", "polling every 60 s", "a-service-name-that-has-no-spaces-and-never-seems-to-end"];
    let long = "every detail of the configuration spelled out in the name of the variant, \
                down to the deregistration delay of 300 s and both thresholds of the health check";
    let twelve = (0..12_u32)
        .map(|i| {
            let name = format!("{} {i}", names.get(i as usize % 5).unwrap_or(&long));
            variant(&name, &spread(400.0 + 50.0 * f64::from(i), 0.02 * f64::from(i), 60))
        })
        .collect();
    let mut wordy = results(vec![variant("<b>&\"quotes\"</b>", &spread(9000.0, 0.2, 2000))]);
    wordy.question =
        "How long does a deploy of web take with one spare host, what does that spare host cost a month, and \
                      would a shorter deregistration delay do as well?"
            .into();
    wordy.system =
        "ECS rolling (minimum 100 %, maximum 200 %), 60 tasks of web with 1 vCPU and 3 GiB on 66 x m5.large in \
                    zones a, b and c behind an application load balancer"
            .into();
    vec![
        ("two", results(two)),
        ("five", results(five)),
        ("twelve", results(twelve)),
        ("one-wordy", wordy),
        ("nothing-finished", results(vec![variant("full", &[None; 3]), variant("fuller", &[None; 3])])),
        ("no-time-at-all", results(vec![variant("recreate", &[Some(0.0); 3])])),
        ("no-variants", results(vec![])),
        (
            "some-without-deploys",
            results(vec![without_deploy(variant("calm", &[None; 3])), variant("b", &[Some(60.0); 3])]),
        ),
    ]
}

/// Ten tasks behind a balancer, by the defaults of each system: extra and short. A third hold both versions for long.
const EVERY: [(&str, f64, f64); 29] = [
    ("ECS rolling", 973.0, 0.0),
    ("ECS blue-green", 10_320.0, 0.0),
    ("ECS canary", 7440.0, 0.0),
    ("ECS linear", 34_860.0, 0.0),
    ("ECS 2018", 657.0, 158.0),
    ("ECS 2015", 872.0, 0.0),
    ("CodeDeploy ECS", 37_320.0, 0.0),
    ("Kubernetes", 210.0, 135.0),
    ("K8s Recreate", 0.0, 356.0),
    ("K8s StatefulSet", 0.0, 350.0),
    ("K8s DaemonSet", 0.0, 350.0),
    ("GKE 2015", 785.0, 21.0),
    ("Argo canary", 65.0, 285.0),
    ("Argo blue-green", 698.0, 0.0),
    ("Flagger", 8220.0, 0.0),
    ("Swarm", 0.0, 309.0),
    ("Nomad", 0.0, 329.0),
    ("Nomad blue-green", 3481.0, 0.0),
    ("Marathon", 313.0, 21.0),
    ("Fleet", 0.0, 416.0),
    ("Rancher 1.x", 0.0, 360.0),
    ("Compose", 0.0, 286.0),
    ("Docker by hand", 0.0, 310.0),
    ("Spinnaker", 38_820.0, 0.0),
    ("ASG refresh", 0.0, 1642.0),
    ("EB rolling", 0.0, 877.0),
    ("EB extra batch", 3243.0, 0.0),
    ("EB immutable", 2487.0, 0.0),
    ("CodeDeploy", 0.0, 702.0),
];

/// Comparisons of extra and short worth looking at, by name.
fn splits_to_draw() -> Vec<(&'static str, Comparison)> {
    let split = |(name, extra, short): (&str, f64, f64)| {
        let mut variant = variant(name, &[Some(100.0); 3]);
        for row in &mut variant.rows {
            (row.summary.extra_replica_s, row.summary.short_replica_s) = (extra, short);
        }
        variant
    };
    let compared = |splits: &[(&str, f64, f64)]| Comparison::new(&results(splits.iter().copied().map(split).collect()));
    // Ten tasks that start in 30 s and stop in 30 s: 600 s whatever the strategy, and more where one holds.
    let systems = [
        ("ECS 100/200", 600.0, 0.0),
        ("ECS 50/100", 0.0, 600.0),
        ("ECS 50/200", 420.0, 180.0),
        ("ECS 2015, one at a time", 600.0, 0.0),
        ("Kubernetes 25 %/25 %", 480.0, 120.0),
        ("Kubernetes surge 1, unavailable 0", 600.0, 0.0),
        ("Kubernetes surge 0, unavailable 1", 300.0, 300.0),
        ("Kubernetes surge 100 %", 600.0, 0.0),
        ("Kubernetes Recreate", 0.0, 600.0),
        ("StatefulSet", 0.0, 600.0),
        ("DaemonSet", 0.0, 600.0),
        ("Marathon 1.0/1.0", 600.0, 0.0),
        ("Marathon 0.5/0.2", 180.0, 420.0),
        ("Marathon 0.8/0.1", 96.0, 509.0),
        ("Swarm", 0.0, 600.0),
        ("Swarm, two at a time, start first, delay 10 s", 600.0, 20.0),
        ("Nomad", 0.0, 600.0),
        ("Nomad, canary 2, promoted by hand after 5 min", 1200.0, 30.0),
        ("Rancher, one after another", 0.0, 618.0),
        ("Rancher, start first", 600.0, 0.0),
        ("Compose", 0.0, 600.0),
        ("CodeDeploy, half at a time", 10.0, 602.0),
        ("Blue/green, bake 2 min", 1800.0, 0.0),
        ("Blue/green, bake 2 min, by Spinnaker's red/black", 1800.0, 0.0),
        ("Flagger", 1740.0, 12.0),
    ];
    let names: Vec<String> = (1..=30).map(|i| format!("one of thirty, all along the line: number {i}")).collect();
    let crowd: Vec<_> = names
        .iter()
        .zip(0..)
        .map(|(name, i)| (name.as_str(), 20.0 * f64::from(i), 580.0 - 20.0 * f64::from(i)))
        .collect();
    let same: Vec<_> = names.iter().map(|name| (name.as_str(), 0.0, 7200.0)).collect();
    // Half of them beyond one axis, the other or both: more than have places of their own, some of them the same.
    let mut far = crowd.clone();
    far.extend(names.iter().zip(1..).take(20).map(|(name, i)| {
        let beyond = 7200.0 * f64::from(i);
        (name.as_str(), if i % 5 == 0 { 200.0 } else { beyond }, if i % 3 == 0 { beyond } else { 0.0 })
    }));
    far.extend(same[..8].iter().map(|&(name, extra, short)| (name, short, extra)));
    let baked =
        [("rolling", 480.0, 120.0), ("recreate", 0.0, 600.0), ("blue/green with a day of baking", 864_000.0, 0.0)];
    let mut partly = spread(100.0, 0.1, 200);
    partly.iter_mut().step_by(14).for_each(|duration| *duration = None);
    let mut blocked = results(vec![split(systems[0]), variant("full", &[None; 3]), variant("partly full", &partly)]);
    for (variant, (extra, short)) in blocked.variants.iter_mut().skip(1).zip([(0.0, 10_800.0), (120.0, 1200.0)]) {
        for row in &mut variant.rows {
            (row.summary.extra_replica_s, row.summary.short_replica_s) = (extra, short);
        }
    }
    vec![
        ("systems", compared(&systems)),
        ("every", compared(&EVERY)),
        ("far", compared(&far)),
        ("far-beside", compared(&EVERY[15..])),
        ("far-above", compared(&[&EVERY[8..21], &same[..8]].concat())),
        ("few", compared(&systems[..5])),
        ("crowd", compared(&crowd)),
        ("one-spot", compared(&same)),
        ("baked", compared(&baked)),
        ("blocked", Comparison::new(&blocked)),
        ("nothing-finished", Comparison::new(&results(vec![variant("full", &[None; 3])]))),
        ("no-latency", compared(&[("recreate", 0.0, 0.0)])),
        ("no-variants", compared(&[])),
        (
            "no-deploys",
            Comparison::new(&results(vec![without_deploy(split(systems[2])), without_deploy(split(systems[0]))])),
        ),
    ]
}

/// Bills worth looking at, by name.
fn bills_to_draw() -> Vec<(&'static str, Comparison)> {
    let named = |name: &str| variant(name, &[Some(100.0); 3]);
    let parts = |hosts: u32, seed: u32| Parts {
        needed: 1.92 + 0.4 * f64::from(hosts),
        spare: 0.288 * f64::from(seed % 5),
        surge: 0.04 * f64::from(seed * 7 % 6),
        stranded: 0.096 * f64::from(seed % 3),
        booting: 0.01 * f64::from(seed % 4),
        draining: 0.02 * f64::from(seed % 2),
        gone: 0.05 * f64::from(seed * 3 % 4),
        warm: 0.03 * f64::from(seed / 5 % 2),
    };
    let billed = |(variant, parts): (&str, Parts<f64>), times: f64| {
        let mut variant = named(variant);
        for row in &mut variant.rows {
            let Parts { needed, spare, surge, stranded, booting, draining, gone, warm } = &mut row.summary.parts_usd;
            let all = [needed, spare, surge, stranded, booting, draining, gone, warm];
            all.into_iter().zip(parts.named()).for_each(|(part, (_, usd))| *part = usd * times);
            let bill = parts.named().iter().map(|(_, usd)| usd * times).sum::<f64>();
            (row.summary.bill_usd, row.summary.usd_per_month) = (bill, bill / 3.0 * 730.0);
        }
        variant
    };
    let compared = |bills: &[(&str, Parts<f64>)], times: f64| {
        Comparison::new(&results(bills.iter().map(|bill| billed(*bill, times)).collect()))
    };
    let eight = [
        "one spare host",
        "five spare hosts",
        "five spare hosts, maximum 200 %",
        "every detail of the configuration spelled out in the name of the variant, down to the deregistration delay of 300 s \
         and both thresholds of the health check of the load balancer",
        "five for the deploy, by the hour",
        "a-service-name-that-has-no-spaces-and-never-seems-to-end",
        "one for the deploy, by the second",
        "nothing",
    ];
    let mut of_eight: Vec<_> = eight.into_iter().zip(1..).map(|(name, i)| (name, parts(i % 3, i))).collect();
    of_eight[7].1 = Parts::default();
    let of_every: Vec<_> = EVERY.iter().zip(0..).map(|(system, i)| (system.0, parts(2, i))).collect();
    let slivers = Parts { needed: 2.0, surge: 0.001, booting: 0.002, draining: 0.004, gone: 0.01, ..Parts::default() };
    vec![
        ("two", compared(&[("one spare host", parts(0, 1)), ("five spare hosts", parts(0, 4))], 1.0)),
        ("eight", compared(&of_eight, 1.0)),
        ("every", compared(&of_every, 1.0)),
        ("large", compared(&of_every[..5], 1000.0)),
        ("pennies", compared(&[("slivers", slivers), ("one part", Parts { needed: 2.0, ..Parts::default() })], 1e-3)),
        ("free", compared(&[("free", Parts::default())], 1.0)),
        ("no-variants", compared(&[], 1.0)),
    ]
}

/// Deploys worth looking at, by name.
fn series_to_draw() -> Vec<(&'static str, TaskSeries)> {
    // Five tasks on six hosts, one after another: start for 20 s, then one old task drains for 30 s and stops.
    let mut rolling = TaskSeries {
        title: "web.toml: one spare host, seed 1".into(),
        desired: vec![(0.0, 5.0)],
        end_s: 10_800.0,
        requested_s: Some(600.0),
        completed_s: Some(852.0),
        old_healthy: vec![(0.0, 5.0)],
        ..TaskSeries::default()
    };
    for round in 0..5_u32 {
        let (start, left) = (602.0 + 50.0 * f64::from(round), f64::from(4 - round));
        rolling.starting.extend([(start, 1.0), (start + 20.0, 0.0)]);
        rolling.new_healthy.push((start + 20.0, f64::from(round + 1)));
        rolling.old_healthy.push((start + 20.0, left));
        rolling.draining.extend([(start + 20.0, 1.0), (start + 50.0, 0.0)]);
    }
    let mut large = TaskSeries {
        title: "large.toml: recreate, seed 12".into(),
        desired: vec![(0.0, 4000.0)],
        end_s: 900.0,
        ..rolling.clone()
    };
    large.requested_s = Some(0.0);
    large.completed_s = Some(870.0);
    large.old_healthy = vec![(0.0, 4000.0), (1.0, 0.0)];
    large.draining = vec![(1.0, 4000.0), (301.0, 0.0)];
    large.starting = (0..200_u32).map(|i| (301.0 + f64::from(i), f64::from((i + 1).min(50)) * 20.0)).collect();
    large.starting.push((551.0, 0.0));
    large.new_healthy = (0..200_u32).map(|i| (351.0 + f64::from(i), f64::from(i + 1) * 20.0)).collect();
    let blocked = TaskSeries {
        title: "full.toml: a deploy that can never finish because no host has room for a single task more, seed 1"
            .into(),
        desired: vec![(0.0, 3.0)],
        end_s: 10_800.0,
        requested_s: Some(600.0),
        old_healthy: vec![(0.0, 3.0)],
        ..TaskSeries::default()
    };
    let instant = TaskSeries {
        title: "recreate without any latency".into(),
        desired: vec![(0.0, 1.0)],
        requested_s: Some(0.0),
        end_s: 60.0,
        completed_s: Some(0.0),
        new_healthy: vec![(0.0, 1.0)],
        ..TaskSeries::default()
    };
    let scaled = TaskSeries {
        title: "web.toml: no deploy, and twice the tasks for the evening, seed 1".into(),
        desired: vec![(0.0, 5.0), (3_600.0, 10.0), (9_000.0, 5.0)],
        end_s: 10_800.0,
        starting: vec![(3_602.0, 5.0), (3_700.0, 0.0)],
        old_healthy: vec![(0.0, 5.0), (3_700.0, 10.0), (9_004.0, 5.0)],
        draining: vec![(9_004.0, 5.0), (9_304.0, 0.0)],
        ..TaskSeries::default()
    };
    let nothing = TaskSeries { title: "nothing".into(), ..TaskSeries::default() };
    vec![
        ("rolling", rolling),
        ("large", large),
        ("blocked", blocked),
        ("instant", instant),
        ("scaled", scaled),
        ("nothing", nothing),
    ]
}

/// A day of 1,440 minutes: demand that rises and falls with some noise, and 100 requests a second for each of as many tasks as
/// are there for what was asked 10 minutes before.
fn day() -> [Vec<(f64, f64)>; 2] {
    let demand = |minute: u32| {
        let at = f64::from(minute) / 1_440.0;
        let noise = (f64::from(minute) * 0.618_034).fract() - 0.5;
        let peak = if (780..800).contains(&minute) { 900.0 } else { 0.0 };
        1_500.0 - 1_200.0 * (at * std::f64::consts::TAU).cos() + 160.0 * noise + peak
    };
    let tasks = |minute: u32| (demand(minute.saturating_sub(10)) / 80.0).ceil();
    let all = |value: &dyn Fn(u32) -> f64| (0..1_440).map(|minute| (f64::from(minute) * 60.0, value(minute))).collect();
    [all(&demand), all(&tasks)]
}

/// Demand against capacity worth looking at, by name.
fn demands_to_draw() -> Vec<(&'static str, DemandSeries)> {
    let [demand, tasks] = day();
    let capacity = tasks.iter().map(|(at, tasks)| (*at, tasks * 100.0)).collect();
    let whole = DemandSeries {
        title: "web.toml: a day with ten deploys, target tracking at 80 %, seed 1".into(),
        end_s: 86_400.0,
        demand,
        capacity,
        failing: vec![(46_860.0, 420.0), (48_300.0, 0.0)],
        failed_at_once: (0..10).map(|i| (7_200.0 * f64::from(i) + 600.0, 4_000.0)).collect(),
        deploys: (0..10).map(|i| (7_200.0 * f64::from(i) + 600.0, Some(7_200.0 * f64::from(i) + 1_300.0))).collect(),
    };
    let ten = DemandSeries {
        title: "small.toml: one task of two, seed 1".into(),
        end_s: 600.0,
        demand: vec![(0.0, 8.0), (300.0, 12.5), (420.0, 6.0)],
        capacity: vec![(0.0, 20.0), (60.0, 10.0), (95.0, 12.0), (130.0, 20.0), (250.0, 10.0), (380.0, 20.0)],
        deploys: vec![(60.0, Some(130.0)), (240.0, None)],
        ..DemandSeries::default()
    };
    let large = DemandSeries {
        title: "large.toml: a million requests a second".into(),
        end_s: 10_800.0,
        demand: vec![(0.0, 1_250_000.0)],
        capacity: vec![(0.0, 1_000_000.0)],
        failing: vec![(0.0, 250_000.0)],
        ..DemandSeries::default()
    };
    vec![("day", whole), ("ten", ten), ("large", large), ("nothing", DemandSeries::default())]
}

/// Replicas and hosts worth looking at, by name.
fn replicas_to_draw() -> Vec<(&'static str, ReplicaSeries)> {
    let [_, tasks] = day();
    let desired: Vec<_> = tasks.into_iter().step_by(15).collect();
    let in_service =
        desired.iter().map(|(at, tasks)| (at + 90.0, (tasks - if *at > 4e4 { 2.0 } else { 0.0 }).max(0.0)));
    let whole = ReplicaSeries {
        title: "web.toml: a day with ten deploys, target tracking at 80 %, seed 1".into(),
        end_s: 86_400.0,
        in_service: in_service.collect(),
        hosts: desired.iter().map(|(at, tasks)| (at + 300.0, (tasks / 4.0).ceil() + 1.0)).collect(),
        desired,
        deploys: (0..10).map(|i| (7_200.0 * f64::from(i) + 600.0, Some(7_200.0 * f64::from(i) + 1_300.0))).collect(),
    };
    let few = ReplicaSeries {
        title: "small.toml: one task of two, seed 1".into(),
        end_s: 600.0,
        desired: vec![(0.0, 2.0), (200.0, 3.0)],
        in_service: vec![(0.0, 2.0), (60.0, 1.0), (90.0, 2.0), (290.0, 3.0)],
        hosts: vec![(0.0, 2.0)],
        deploys: vec![(60.0, Some(95.0))],
    };
    let large = ReplicaSeries {
        title: "large.toml: a hundred thousand tasks".into(),
        end_s: 10_800.0,
        desired: vec![(0.0, 100_000.0)],
        in_service: vec![(0.0, 100_000.0), (5_400.0, 75_000.0)],
        hosts: vec![(0.0, 10_000.0)],
        deploys: vec![],
    };
    vec![("day", whole), ("few", few), ("large", large), ("nothing", ReplicaSeries::default())]
}

/// Sweeps worth looking at, by name.
fn sweeps_to_draw() -> Vec<(&'static str, SweepTable)> {
    const HOSTS: &str = "host_group.m5.hosts=6..16";
    const DELAY: &str = "service.web.load_balancer.deregistration_delay=30s..300s:30s";
    // One round where the spare hosts are enough for all, else as many as it takes; each has to wait for the drain.
    let rounds = |hosts: u32, delay: u32| f64::from(6_u32.div_ceil(hosts + 1)) * (40.0 + 30.0 * f64::from(delay));
    let grid = |wide: u32, high: u32, p95: &dyn Fn(u32, u32) -> Option<f64>| -> Vec<_> {
        let cells = (0..wide).flat_map(|x| (0..high).map(move |y| (x, y)));
        cells.map(|(x, y)| cell(&[x, y], p95(x, y), 400.0)).collect()
    };
    let some_never = |x: u32, y: u32| (x > 0 || y > 1).then(|| rounds(x, y));
    let mut both = grid(5, 3, &some_never);
    let mut fewer = grid(5, 3, &|x, y| Some(rounds(x, y) / 3.0));
    for cell in &mut fewer {
        cell.variant = "half of the tasks may go: minimum healthy 50 %, maximum 100 %".into();
    }
    both.extend(fewer);
    both.remove(9);
    let few = [&HOSTS.replace("6..16", "6..10"), "service.web.load_balancer.deregistration_delay=30s,60s,300s"];
    let long = "service.web.startup=lognormal(median=8s, sigma=0.3),uniform(1s, 2s),a-very-long-value-that-never-seems-to-end-anywhere";
    let third = grid(11, 10, &|x, y| Some(rounds(x, y))).into_iter().map(|mut cell| {
        cell.values.insert(1, 0);
        cell
    });
    let one = (0..5).map(|x| cell(&[x], Some(rounds(x, 2)), 400.0)).collect::<Vec<_>>();
    let mut lines = one.clone();
    lines.extend(one.iter().cloned().map(|mut cell| {
        cell.variant = "without a balancer, and with a name that is too long for its place".into();
        cell.deploy_s.p95 = cell.deploy_s.p95.filter(|_| cell.values[0] > 2);
        cell
    }));
    vec![
        ("grid", table(&[HOSTS, DELAY], grid(11, 10, &|x, y| Some(rounds(x, y))))),
        ("variants", table(&[few[0], few[1]], both)),
        ("third", table(&[HOSTS, long, DELAY], third.collect())),
        ("values", table(&[long, "a.hosts=1..2"], grid(3, 2, &|x, y| Some(60.0 * 30_f64.powi((x + y).cast_signed()))))),
        ("many", table(&["a.hosts=1..200", "b.hosts=1..150"], grid(200, 150, &|x, y| Some(f64::from(x * y))))),
        ("one", table(&["host_group.m5.hosts=6..10"], one)),
        ("one-variants", table(&["host_group.m5.hosts=6..10"], lines)),
        ("same", table(&["a=1..2", "b=1..2"], grid(2, 2, &|_, _| Some(77.0)))),
        ("never", table(&["a=1..2", "b=1..2"], grid(2, 2, &|_, _| None))),
        ("single", table(&["host_group.m5.hosts=6"], vec![cell(&[0], Some(77.0), 1.0)])),
        ("nothing", table(&["host_group.m5.hosts=6"], vec![])),
    ]
}

fn pictures() -> Vec<(String, Picture)> {
    let durations =
        results_to_draw().into_iter().map(|(name, r)| (format!("durations-{name}"), super::durations::picture(&r)));
    let tasks = series_to_draw().into_iter().map(|(name, s)| (format!("tasks-{name}"), super::tasks::picture(&s)));
    let splits =
        splits_to_draw().into_iter().map(|(name, c)| (format!("extra-short-{name}"), super::extra_short::picture(&c)));
    let bills = bills_to_draw().into_iter().map(|(name, c)| (format!("money-{name}"), super::money::picture(&c)));
    let demands = demands_to_draw().into_iter().map(|(name, s)| (format!("demand-{name}"), super::demand::picture(&s)));
    let replicas =
        replicas_to_draw().into_iter().map(|(name, s)| (format!("replicas-{name}"), super::replicas::picture(&s)));
    let sweeps =
        sweeps_to_draw().into_iter().map(|(name, s)| (format!("heat-map-{name}"), super::heat_map::picture(&s)));
    durations
        .chain(splits)
        .chain(bills)
        .chain(tasks)
        .chain(demands)
        .chain(replicas)
        .chain(sweeps)
        .chain(in_depth::pictures())
        .collect()
}

#[test]
fn the_gallery_draws_in_both_formats() {
    let kept = std::env::var_os("SEATRIAL_GALLERY").map(PathBuf::from);
    let temporary = std::env::temp_dir().join(format!("seatrial-gallery-{}", std::process::id()));
    let folder = kept.as_ref().unwrap_or(&temporary);
    std::fs::create_dir_all(folder).unwrap();
    for (name, picture) in pictures() {
        for (format, theme) in Format::ALL.into_iter().flat_map(|format| Theme::ALL.map(|theme| (format, theme))) {
            let path = folder.join(format!("{name}{}.{}", theme.suffix(), format.extension()));
            picture.save(&path, format, theme).unwrap();
            assert!(std::fs::metadata(&path).unwrap().len() > 500, "{name}");
        }
    }
    if kept.is_none() {
        std::fs::remove_dir_all(temporary).unwrap();
    }
}

/// The report keeps one drawing of each chart, and what its colours are on dark paper.
#[test]
fn dark_paper_changes_nothing_but_colours() {
    for (name, picture) in pictures() {
        let [light, dark] = Theme::ALL.map(|theme| picture.svg(theme).unwrap());
        assert!(crate::html::Figure::new(&name, &light, &dark).is_some(), "{name}");
        assert!(light.contains(" viewBox=\"0 0 "), "{name}: its size is left to the page");
    }
}

#[test]
fn no_text_is_cut_and_no_two_texts_touch() {
    for (name, picture) in pictures() {
        println!("{name}");
        picture.assert_readable();
    }
}

#[test]
fn the_same_results_give_the_same_svg() {
    for ((name, once), (_, again)) in pictures().into_iter().zip(pictures()) {
        assert_eq!(once.to_svg(), again.to_svg(), "{name}");
    }
}

#[test]
fn names_and_units_are_in_the_svg() {
    let svg = |index: usize| super::durations::picture(&results_to_draw()[index].1).to_svg();
    for text in ["one spare host", "short drain", "deploy duration, minutes", "7.5 % unfinished", "4m 12s", "> 3h 00m"]
    {
        assert!(svg(0).contains(&escaped(text)), "{text}");
    }
    assert!(svg(1).contains("deploy duration, minutes (logarithmic)"), "21 minutes are more than 20 times 52 seconds");
    assert!(svg(1).contains("no run finished within 3h 00m"));
    assert!(svg(7).contains("no deploy") && !svg(7).contains("finished"));
    for text in ["time since the request, minutes", "tasks", "completed after 4m 12s", "old, healthy", "desired: 5"] {
        assert!(super::tasks::picture(&series_to_draw()[0].1).to_svg().contains(text), "{text}");
    }
    let scaled = super::tasks::picture(&series_to_draw()[4].1).to_svg();
    for text in [">\nhealthy\n<", "time since the start", "desired: 5 to 10"] {
        assert!(scaled.contains(text), "{text}");
    }
    assert!(!scaled.contains("requested") && !scaled.contains("completed"), "there is no deploy");
}

#[test]
fn charts_over_a_run_have_units_and_say_what_fails_only_where_something_does() {
    let demand = |index: usize| super::demand::picture(&demands_to_draw()[index].1).to_svg();
    for text in ["time since the start, hours", "requests/s", "failed requests/s, mean of each 10m 00s", "3,000"] {
        assert!(demand(0).contains(&format!(">\n{text}\n<")), "{text}");
    }
    assert!(demand(1).contains("time since the start, minutes") && !demand(1).contains("failed"));
    let replicas = super::replicas::picture(&replicas_to_draw()[0].1).to_svg();
    for text in ["tasks desired", "tasks in service", "hosts", "deploy", "time since the start, hours"] {
        assert!(replicas.contains(&format!(">\n{text}\n<")), "{text}");
    }
}

#[test]
fn heat_maps_have_their_values_their_axes_and_a_scale() {
    let svg = |index: usize| super::heat_map::picture(&sweeps_to_draw()[index].1).to_svg();
    let grid = svg(0);
    // Six tasks, no host to spare and a drain of 30 s: 6 x 40 s; ten hosts more: 40 s.
    for text in [
        "m5.hosts",
        "load_balancer.deregistration_delay",
        "deploy duration, p95, minutes",
        "4m 00s",
        "40.0s",
        "16",
        "300s",
    ] {
        assert!(grid.contains(&format!(">\n{text}")), "{text}");
    }
    assert!(!grid.contains("3h 00m"), "all of them end");
    let variants = svg(1);
    assert_eq!(variants.matches(&format!(">\n{}", escaped("> 3h 00m"))).count(), 3, "two cells and the key");
    assert!(variants.contains("half of the tasks may go"));
    assert!(svg(2).contains("at web.startup = lognormal(median=8s, sigma=0.3)"), "the third axis has its first value");
    assert!(svg(3).contains("(logarithmic)"));
}

#[test]
fn every_variant_has_its_badge_at_its_point_and_in_the_list() {
    for (name, comparison) in splits_to_draw() {
        let svg = super::extra_short::picture(&comparison).to_svg();
        for number in 1..=comparison.variants.len() {
            let badge = format!(">\n{number}\n</text>");
            let bold = svg.split("<text").filter(|text| text.contains("bold") && text.contains(&badge)).count();
            assert_eq!(bold, 2, "{name}: {number}");
        }
    }
}

/// Two bars: 1.92 + 0.288 + 0.04 + 0.096 + 0.01 + 0.02 + 0.15 = 2.524 dollars in three hours, 614.17 a month; and 1.92 + 4 x
/// 0.288 + 4 x 0.04 + 0.096 = 3.328, 809.81 a month.
#[test]
fn the_bill_has_totals_units_and_a_key_of_the_parts_that_cost() {
    let svg = |index: usize| super::money::picture(&bills_to_draw()[index].1).to_svg();
    let two = svg(0);
    for text in ["$614.17", "$809.81", "bill, $/month (730 h)", "needed", "stranded", "gone", "as if every 3h 00m were"]
    {
        assert!(two.contains(&format!(">\n{text}")), "{text}");
    }
    assert!(!two.contains("warm"), "neither has a warm pool");
    let eight = svg(1);
    for word in ["thresholds", "balancer", "never-seems-to-end", "warm", "$0.00"] {
        assert!(eight.contains(word), "{word}: no name is cut");
    }
    // Needed alone, in the first: 2.72 x 1,000 / 3 x 730 = 661,866.67.
    assert!(svg(3).contains("bill, thousand $/month (730 h)") && svg(3).contains("$661,867"));
    assert!(svg(5).contains("no host of these runs costs anything"));
}

/// Whether the axes break is said in the key.
#[test]
fn axes_break_where_few_are_many_times_farther() {
    let broken: Vec<&str> = splits_to_draw()
        .into_iter()
        .filter(|(_, comparison)| {
            super::extra_short::picture(comparison).to_svg().contains("beyond the axis, in order")
        })
        .map(|(name, _)| name)
        .collect();
    assert_eq!(broken, ["every", "far", "far-beside", "far-above", "baked", "blocked"]);
}

/// An unfinished deploy has not yet paid for all of its tasks: its sum is no bound for the others.
#[test]
fn the_least_sum_is_that_of_a_variant_that_always_finishes() {
    let mut all = results(vec![variant("rolling", &[Some(100.0)]), variant("full", &[None])]);
    all.variants[0].rows[0].summary.short_replica_s = 587.5;
    let svg = super::extra_short::picture(&Comparison::new(&all)).to_svg();
    for text in ["extra + short = 10m 00s, the least here", "counted to 3h 00m", "100 % unfinished", "9m 48s", "12.5s"]
    {
        assert!(svg.contains(text), "{text}");
    }
    for text in
        ["extra: task-minutes reserved above the desired count", "short: task-minutes in service below the desired"]
    {
        assert!(svg.contains(text), "{text}");
    }
    let finished = all.variants.remove(0);
    let svg = super::extra_short::picture(&Comparison::new(&all)).to_svg();
    assert!(!svg.contains("the least here"), "nothing finished: there is no line");
    let svg = super::extra_short::picture(&Comparison::new(&results(vec![without_deploy(finished)]))).to_svg();
    assert!(!svg.contains("the least here"), "nothing was deployed: there is no line");
}

/// What is in no table of colours would be as dark on dark paper as on light.
#[test]
fn nothing_is_drawn_in_a_colour_without_a_name() {
    for (name, picture) in pictures() {
        let svg = picture.svg(Theme::Dark).unwrap();
        for dark in ["#FFFFFF", "#595959", "#DDDDDD", "#F5F5F5", "#0071B1", "#B84500"] {
            assert!(!svg.contains(&format!("fill=\"{dark}")), "{name}: {dark}");
        }
        picture.assert_named();
    }
}

#[test]
fn charts_have_a_role_a_title_a_description_and_texts_to_point_at() {
    for (name, picture) in pictures() {
        let svg = picture.to_svg();
        assert!(svg.starts_with("<svg role=\"img\" width=\"1000\""), "{name}");
        for part in ["<title>", "<desc>"] {
            // Series of nothing have no title either.
            assert!(
                name.ends_with("-nothing") || svg.contains(part) && !svg.contains(&format!("{part}<")),
                "{name}: {part}"
            );
        }
        assert!(svg.ends_with("</svg>\n") && svg.matches("</svg>").count() == 1, "{name}");
        assert!(!svg.contains("\"><title></title>"), "{name}: every text says something");
    }
    let svg = super::money::picture(&bills_to_draw()[0].1).to_svg();
    // Needed: 1.92 of 2.524 dollars in three hours are 467.20 of 614.17 a month, 76.07 %.
    assert!(svg.contains("<title>one spare host: needed $467.20 a month, 76.1 %</title></rect>"), "{svg}");
    let svg = super::tasks::picture(&series_to_draw()[0].1).to_svg();
    assert!(
        svg.contains("<title>2.0s to 22.0s, tasks: new, healthy 0, old, healthy 5, draining 0, starting 1</title>")
    );
    let svg = super::durations::picture(&results_to_draw()[0].1).to_svg();
    assert!(svg.contains("<title>one spare host: median 4m 12s</title>"));
}

#[test]
fn markup_in_a_name_is_text() {
    let (_, results) = &results_to_draw()[3];
    let svg = super::durations::picture(results).to_svg();
    assert!(svg.contains(&escaped("<b>&\"quotes\"</b>")) && !svg.contains("<b>"), "escaped, once");
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let (_, results) = &results_to_draw()[0];
    for format in Format::ALL {
        let path = PathBuf::from(format!("/no/such/folder/chart.{}", format.extension()));
        let error = super::durations(results).save(&path, format, Theme::Light).unwrap_err();
        assert_eq!(error.path.as_ref(), Some(&path));
        assert!(error.to_string().starts_with("/no/such/folder/chart."), "{error}");
    }
}

/// `text` as XML writes it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
