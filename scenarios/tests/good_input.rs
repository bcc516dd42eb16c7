//! What scenario files mean: defaults, every key, and variants.

use std::path::Path;

use seatrial_scenarios::Scenario;
use seatrial_sim::autoscaling::{
    Adjustment, Alarm, AlarmFunction, Autoscaling, Behavior, Change, Current, Hpa, Limit, Metric,
    Policy as ScalingPolicy, ScheduledBounds, Select, Step as ScalingStep, StepScaling, TargetTracking,
};
use seatrial_sim::deploy::{
    Act, Amount, Analysis, Bound, Completion, Detector, FailurePolicy, Gate, GateLevel, Hold, Mover, OnUnhealthy, Pool,
    Reap, RollBack, Rollout, Round, Size, SlotKey, SlotOp, SlotOrder, Slots, Step, VictimOrder, ZeroRule,
};
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::fact::ServiceId;
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::model::{
    Agent, BaseImage, Billing, Cached, CleanupWhen, Contact, ControlLoop, Demand, Deploy, Deregistration, Eligible,
    Fault, FirstCheck, HealthCheck, HostGroup, HourlyPrice, Image, ImageCleanup, LaunchRate, Load, LoadBalancer, Model,
    PreDeploy, Probe, PullOrder, Refresh, Resources, Scaling, Service, SlotRelease, StartRule, Version, WarmUp,
};
use seatrial_sim::orchestrators::{self, ecs, load_balancers};
use seatrial_sim::parameters::Value;
use seatrial_sim::placement::Policy;
use seatrial_sim::traffic::{Arrivals, Rate};

const SMALL: &str = r#"
question = "How long?"
[[host_group]]
name = "m5"
hosts = 6
cpu = 2048
memory = "7680MiB"
[[service]]
name = "web"
desired = 5
memory = "3GiB"
[[deploy]]
service = "web"
"#;

/// A scenario with every key.
const FULL: &str = r#"
question = "How long?"
orchestrator = { name = "ecs-2015", tick = "5s", tick_jitter = "1s", first_review = "uniform(1s, 10s)", healthy_after = "40s", deregistration = "next-review", target_poll = "7s", slot_release = "stopped", launch_rate = { per_minute = 250, burst = 42 } }
strategy = { rolling = { minimum_healthy_percent = 50, maximum_percent = 150 } }
placement = "random"
registry_throughput = "2GB/s"
[run]
seeds = 3
seed = 7
horizon = "1h"
[[host_group]]
name = "c4"
hosts = 2
zones = ["a", "b"]
cpu = 4096
memory = "8GiB"
price = "$0.096/h"
billing = "per-second"
reserved_ports = [22]
agent = { poll = "30s", starts_wait_for_stops = false, provisioning = "1s", pulls = "parallel", pull_throughput = "10MB/s", image_check = 0, report = "exponential(mean=1s)", stop_tail = "lognormal(median=1s, sigma=0.5)", host_throughput = "30MB/s", image_cleanup = { every = "10m", min_age = "2m", at_most = 3, keep_stopped_for = "1h", above = 85, down_to = "80%" } }
image_disk = "22GiB"
boot = "60s"
pre_deploy = { hosts = 5, lead = "3m", keep = "1m" }
refresh = [{ at = "40m" }, { at = "10m", min_healthy = 90, max_healthy = "110%", warmup = "200s", checkpoints = [20, 50], checkpoint_delay = "1m" }]
[[service]]
name = "web"
desired = 2
cpu = 1024
memory = "3GiB"
host_port = 80
host_group = "c4"
image = { size = "400MB", shared_layers = "300MB", cached = "nothing", base = { name = "debian", size = "50MB" } }
startup = "empirical(startup.csv)"
health_check = { passes_after = "uniform(1s, 2s)", fails_after = "never", interval = "7s", timeout = "2s", unhealthy = 4, healthy = 2 }
health_check_grace = "45s"
pre_stop = "5s"
exit = "2s"
stop_timeout = "20s"
load_balancer = { kind = "classic", deregistration_delay = "10s", drain = "timer", deregistration_lag = "1s", health_check = { interval = "6s", timeout = "4s", initial_checks = 2, unhealthy = 3, healthy = 4, registration = "1s", first_check = "at-once" } }
load = { trace = "traffic.csv", scale = 2, shift = "90m", repeat = true, gaps = "hold", noise = 0.1, cpu_per_request = "40ms", request_time = "exponential(mean=20s)", timeout = "10s", warm_up = { span = "60s", from = 20 }, graceful_shutdown = true }
strategy = "one-at-a-time"
placement = "binpack"
[[service]]
name = "api"
desired = 1
memory = "1GiB"
[[deploy]]
service = "web"
at = "20m"
[[deploy]]
service = "api"
at = "10m"
fault = { crashes_after = "30s" }
[[deploy]]
service = "api"
at = "30m"
rollback = true
[[scale]]
service = "web"
at = "25m"
desired = 1
[[scale]]
service = "api"
at = "5m"
desired = 2
"#;

fn parse(text: &str) -> Scenario {
    Scenario::parse("web.toml", text, Path::new("tests")).unwrap_or_else(|report| panic!("{report}"))
}

fn models(text: &str) -> Vec<(String, Model)> {
    parse(text).variants.into_iter().map(|variant| (variant.name, variant.model)).collect()
}

/// Where nothing is said of interfaces and disks they do not limit.
fn unlimited(cpu: u32, memory_mib: u32) -> Resources {
    Resources { interfaces: 1_000_000, disk_mib: 1_000_000, ..Resources::new(cpu, memory_mib) }
}

#[test]
fn what_is_not_written_is_the_presets() {
    let scenario = parse(SMALL);
    assert_eq!((scenario.seeds, scenario.first_seed), (200, 1));
    assert_eq!(scenario.system, "ECS rolling, 5 x web on 6 hosts");
    let (preset, ecs) = (ecs::today(), ecs::today().settings());
    let model = Model {
        horizon: Duration::from_secs(10_800),
        control: ecs.control,
        host_groups: vec![HostGroup {
            reserved_ports: ecs::RESERVED_PORTS.to_vec(),
            billing: ecs.billing,
            boot: Dist::uniform_millis(45_000, 60_000),
            ..HostGroup::fixed("m5", 6, unlimited(2048, 7680), ecs.agent)
        }],
        services: vec![Service {
            name: "web".into(),
            desired: 5,
            demand: Demand { resources: Resources::new(0, 3072), ..Demand::default() },
            eligible: Eligible::ANY,
            constraint: None,
            image: Image { bytes: 0, shared_bytes: 0, cached: Cached::All, base: None },
            startup: ecs.startup,
            health_check: None,
            load_balancer: None,
            health_check_grace: Duration::ZERO,
            pre_stop: ecs.pre_stop,
            exit: ecs.exit,
            stop_timeout: ecs.stop_timeout,
            rollout: preset.default_strategy().rollout(),
            placement: ecs.placement,
            load: None,
            autoscaling: None,
        }],
        deploys: vec![Deploy { service: ServiceId(0), at: Time::ZERO, version: Version::New(None) }],
        scalings: vec![],
        task_faults: vec![],
        registry_bytes_per_s: None,
    };
    assert_eq!(scenario.variants.len(), 1);
    assert_eq!((scenario.variants[0].name.as_str(), &scenario.variants[0].model), ("base", &model));
}

#[test]
#[expect(clippy::too_many_lines, reason = "one value with every key")]
fn every_key_is_read() {
    let scenario = parse(FULL);
    assert_eq!((scenario.seeds, scenario.first_seed), (3, 7));
    assert_eq!(scenario.system, "ECS 2015, 2 x web, 1 x api on 2 hosts");
    let ms = Duration::from_millis;
    let model = &scenario.variants[0].model;
    assert_eq!(model.horizon, ms(3_600_000));
    let preset = ecs::before_2015_12();
    let control = ControlLoop {
        tick: ms(5_000),
        tick_jitter: ms(1_000),
        first_review: Dist::uniform_millis(1_000, 10_000),
        healthy_after: Dist::fixed_millis(40_000),
        deregistration: Deregistration::NextReview,
        target_poll: ms(7_000),
        slot_release: SlotRelease::Stopped,
        launch_rate: Some(LaunchRate { per_minute: 250, burst: 42 }),
        ..preset.settings().control
    };
    assert_eq!(model.control, control);
    let agent = Agent {
        contact: Contact::Poll { interval: ms(30_000) },
        start_rule: StartRule::WhenResourcesFree,
        provisioning: Dist::fixed_millis(1_000),
        pulls: PullOrder::Parallel,
        pull_bytes_per_s: 10_000_000,
        image_check: Dist::ZERO,
        report: Dist::Exponential { mean: ms(1_000) },
        stop_tail: Dist::LogNormal { median: ms(1_000), sigma: 0.5 },
        host_bytes_per_s: Some(30_000_000),
        image_cleanup: Some(ImageCleanup {
            every: ms(600_000),
            min_age: ms(120_000),
            at_most: Some(3),
            keep_stopped_for: ms(3_600_000),
            when: CleanupWhen::AbovePermille { high: 850, low: 800 },
        }),
    };
    assert_eq!(model.registry_bytes_per_s, Some(2_000_000_000));
    let group = HostGroup {
        zones: vec!["a".into(), "b".into()],
        reserved_ports: vec![22],
        price: HourlyPrice(96_000),
        billing: Billing::PerSecond { minimum: ms(60_000) },
        boot: Dist::fixed_millis(60_000),
        pre_deploy: Some(PreDeploy { hosts: 5, lead: ms(180_000), keep: ms(60_000) }),
        refreshes: vec![
            Refresh {
                at: Time::from_millis(600_000),
                min_healthy: 900,
                max_healthy: Some(1_100),
                warmup: ms(200_000),
                checkpoints: vec![200, 500],
                checkpoint_delay: ms(60_000),
            },
            Refresh {
                at: Time::from_millis(2_400_000),
                min_healthy: 900,
                max_healthy: None,
                warmup: ms(300_000),
                checkpoints: vec![],
                checkpoint_delay: ms(3_600_000),
            },
        ],
        image_disk_bytes: Some(22 << 30),
        ..HostGroup::fixed("c4", 2, unlimited(4096, 8192), agent)
    };
    assert_eq!(model.host_groups, [group]);
    let web = Service {
        name: "web".into(),
        desired: 2,
        demand: Demand { resources: Resources::new(1024, 3072), host_port: Some(80), ..Demand::default() },
        eligible: Eligible(Some(vec![true, true])),
        constraint: None,
        image: Image {
            bytes: 400_000_000,
            shared_bytes: 300_000_000,
            cached: Cached::Nothing,
            base: Some(BaseImage { id: 0, bytes: 50_000_000 }),
        },
        startup: Dist::Empirical(vec![ms(7_500), ms(8_000), ms(12_250)]),
        health_check: Some(HealthCheck {
            passes_after: Dist::uniform_millis(1_000, 2_000),
            fails_after: None,
            probe: Some(Probe { interval: ms(7_000), timeout: ms(2_000), unhealthy: 4, healthy: 2 }),
        }),
        load_balancer: Some(LoadBalancer {
            registration: Dist::fixed_millis(1_000),
            first_check: FirstCheck::AtOnce,
            interval: ms(6_000),
            initial_checks: 2,
            timeout: ms(4_000),
            unhealthy_checks: 3,
            healthy_checks: 4,
            slow_start: ms(0),
            deregistration_lag: Dist::fixed_millis(1_000),
            deregistration_delay: ms(10_000),
            in_flight: None,
        }),
        health_check_grace: ms(45_000),
        pre_stop: ms(5_000),
        exit: Dist::fixed_millis(2_000),
        stop_timeout: ms(20_000),
        rollout: preset.default_strategy().rollout(),
        placement: Policy::Binpack,
        load: Some(Load {
            arrivals: Arrivals::new(
                vec![(Time::ZERO, Rate::per_s(4.0)), (Time::from_millis(1_800_000), Rate::per_s(20.0))],
                0.1,
            ),
            capacity_per_task: Rate::per_s(25.0),
            concurrency: 500,
            request_time: Dist::Exponential { mean: ms(20_000) },
            timeout: ms(10_000),
            warm_up: WarmUp { span: ms(60_000), from_permille: 200 },
            graceful_shutdown: true,
        }),
        autoscaling: None,
    };
    assert_eq!(model.services[0], web);
    assert_eq!((&model.services[1].rollout, &model.services[1].placement), (&percent(50, 150), &Policy::Random));
    let deploy =
        |service, s: u64, version| Deploy { service: ServiceId(service), at: Time::from_millis(s * 1000), version };
    let crashes = Fault::Crashes { after: ms(30_000) };
    let deploys = [
        deploy(1, 600, Version::New(Some(crashes))),
        deploy(0, 1_200, Version::New(None)),
        deploy(1, 1_800, Version::Previous),
    ];
    assert_eq!(model.deploys, deploys);
    let scaling =
        |service, s: u64, desired| Scaling { service: ServiceId(service), at: Time::from_millis(s * 1000), desired };
    assert_eq!(model.scalings, [scaling(1, 300, 2), scaling(0, 1_500, 1)]);
}

/// The percentages of ECS as its own parameters make them.
fn percent(minimum: u32, maximum: u32) -> Rollout {
    let system = ecs::before_2015_12();
    let strategy = system.strategy("rolling").expect("it is offered since 2015");
    let parameters = strategy.parameters.clone();
    let parameters = parameters.with("minimum_healthy_percent", Value::Permille(10 * minimum), "here");
    (strategy.build)(&parameters.with("maximum_percent", Value::Permille(10 * maximum), "here"))
}

#[test]
fn a_variant_overrides_by_path_however_the_path_is_written() {
    let table = [
        "set = { \"host_group.m5.hosts\" = 10 }",
        "set = { host_group.m5.hosts = 10 }",
        "set = { host_group = { m5 = { hosts = 10 } } }",
        "set.host_group.m5.hosts = 10",
        "[variant.set]\n\"host_group.m5.hosts\" = 10",
        "[variant.set]\nhost_group.m5.hosts = 10",
        "[variant.set.host_group.m5]\nhosts = 10",
        "[variant.set.host_group]\n\"m5.hosts\" = 10",
    ];
    for set in table {
        let models =
            models(&format!("{SMALL}[[variant]]\nname = \"as it is\"\n[[variant]]\nname = \"more hosts\"\n{set}\n"));
        assert_eq!(models[0].1, models_of_small());
        let mut more = models_of_small();
        more.host_groups[0].hosts = 10;
        assert_eq!(models[1], ("more hosts".into(), more), "{set}");
    }
}

/// A weight of a score is a number like any other: the variant is the base with another constant in it.
#[test]
fn a_variant_sets_the_weight_of_a_score() {
    let with =
        |weight: &str| format!("placement = {{ score = \"free_memory - w * tasks\", with = {{ w = {weight} }} }}\n");
    let text = SMALL.replace("[[host_group]]", &format!("{}[[host_group]]", with("2")));
    let swept = format!("{text}[[variant]]\nname = \"heavier\"\nset = {{ \"placement.with.w\" = 7.5 }}\n");
    let written = models(&text.replace("w = 2", "w = 7.5"))[0].1.clone();
    let heavier = models(&swept)[0].1.clone();
    assert_eq!(heavier, written);
    assert_ne!(heavier.services[0].placement, models(&text)[0].1.services[0].placement);
}

fn models_of_small() -> Model {
    models(SMALL)[0].1.clone()
}

/// The model of the small scenario with one variant.
fn varied(change: &str) -> Model {
    models(&format!("{SMALL}[[variant]]\nname = \"v\"\n{change}\n"))[0].1.clone()
}

#[test]
fn a_variant_adds_what_the_base_leaves_out_and_replaces_whole_tables() {
    let base = models_of_small();
    assert_eq!(varied("orchestrator = \"ecs-2015\"").control, ecs::before_2015_12().settings().control);
    assert_eq!(varied("set = { \"orchestrator.tick\" = \"5s\" }").control.tick, Duration::from_secs(5));
    assert_eq!(varied("placement = \"binpack\"").services[0].placement, Policy::Binpack);
    assert_eq!(varied("set = { \"deploy.web.at\" = \"5m\" }").deploys[0].at, Time::from_millis(300_000));
    assert_eq!(varied("set = { \"run.horizon\" = \"1h\" }").horizon, Duration::from_secs(3_600));

    let half = ecs::today().default_strategy().clone();
    let half = (half.build)(&half.parameters.with("minimum_healthy_percent", Value::Permille(500), "here"));
    for change in [
        "strategy = { rolling = { minimum_healthy_percent = 50 } }",
        "set = { strategy = { rolling = { minimum_healthy_percent = 50 } } }",
        "set = { \"strategy.rolling.minimum_healthy_percent\" = 50 }",
        "set = { \"service.web.strategy.rolling.minimum_healthy_percent\" = 50 }",
    ] {
        assert_eq!(varied(change).services[0].rollout, half, "{change}");
    }

    let alb = LoadBalancer { deregistration_delay: Duration::from_secs(5), ..load_balancers::ALB };
    for change in [
        "set = { \"service.web.load_balancer\" = { kind = \"alb\", deregistration_delay = \"5s\" } }",
        "[variant.set]\nservice.web.load_balancer.kind = \"alb\"\nservice.web.load_balancer.deregistration_delay = \"5s\"",
        "[variant.set.service.web.load_balancer]\nkind = \"alb\"\nderegistration_delay = \"5s\"",
    ] {
        let model = varied(change);
        assert_eq!(model.services[0].load_balancer, Some(alb.clone()), "{change}");
        assert_eq!(model.host_groups, base.host_groups);
    }
}

#[test]
fn a_tick_too_short_for_the_presets_jitter_has_none() {
    let control = varied("orchestrator = { tick = 0 }").control;
    assert_eq!((control.tick, control.tick_jitter), (Duration::ZERO, Duration::ZERO));
    assert_eq!(varied("orchestrator = { tick = \"1s\" }").control.tick_jitter, Duration::from_millis(300));
}

#[test]
fn a_fault_and_a_change_of_the_desired_count_are_found_by_their_service() {
    let fault = |text: &str| varied(&format!("set = {{ \"deploy.web.fault\" = {text} }}")).deploys[0].version;
    let crashes = Fault::Crashes { after: Duration::ZERO };
    let errors = Fault::Errors { alarm_after: Duration::from_secs(300) };
    let table = [
        ("\"never-healthy\"", Some(Fault::NeverHealthy)),
        ("\"none\"", None),
        ("{ crashes_after = 0 }", Some(crashes)),
        ("{ alarm_after = \"5m\" }", Some(errors)),
    ];
    for (text, expected) in table {
        assert_eq!(fault(text), Version::New(expected), "{text}");
    }
    let scaled = format!("{SMALL}[[scale]]\nservice = \"web\"\nat = \"1m\"\ndesired = 4\n");
    for set in ["\"scale.web.desired\" = 0", "scale.web.desired = 0", "scale = { web = { desired = 0 } }"] {
        let models = models(&format!("{scaled}[[variant]]\nname = \"v\"\nset = {{ {set} }}\n"));
        assert_eq!(models[0].1.scalings[0].desired, 0, "{set}");
    }
}

#[test]
fn a_health_check_is_the_systems_where_it_says_nothing_else() {
    let check = |text: &str| {
        varied(&format!("set = {{ \"service.web.health_check\" = {text} }}")).services[0].health_check.clone()
    };
    let default = ecs::today().settings().health_check;
    assert_eq!((check("true"), check("false")), (Some(default.clone()), None));
    let never = HealthCheck { fails_after: None, ..default };
    assert_eq!(check("{ fails_after = \"never\" }"), Some(never));
}

#[test]
fn the_hosts_of_other_systems_keep_one_port() {
    for system in orchestrators::ALL.map(|system| system()) {
        let model = varied(&format!("orchestrator = \"{}\"", system.name));
        let expected = if system.name.starts_with("ecs") { ecs::RESERVED_PORTS.to_vec() } else { vec![22] };
        assert_eq!(model.host_groups[0].reserved_ports, expected, "{}", system.name);
    }
}

#[test]
fn variants_of_several_systems_are_counted() {
    let variant = |system: &str| format!("[[variant]]\nname = \"{system}\"\norchestrator = \"{system}\"\n");
    let system = |systems: &[&str]| {
        parse(&format!("{SMALL}{}", systems.iter().map(|system| variant(system)).collect::<String>())).system
    };
    assert_eq!(system(&["ecs", "ecs-2018"]), "2 systems, 5 x web on 6 hosts");
    assert_eq!(system(&["ecs"]), "ECS rolling, 5 x web on 6 hosts");
    let blue_green = parse(&SMALL.replace("[[host_group]]", "strategy = \"blue-green\"\n[[host_group]]")).system;
    assert_eq!(blue_green, "ECS blue green, 5 x web on 6 hosts");
}

/// The rollout of a free strategy.
fn free(text: &str) -> Rollout {
    varied(&format!("strategy = {{ free = {{ {text} }} }}")).services[0].rollout.clone()
}

#[test]
fn nothing_said_of_a_free_strategy_is_rolling_on_ecs() {
    let rolling = ecs::today().default_strategy().rollout();
    assert_eq!(free(""), rolling);
    assert_eq!(varied("strategy = \"free\"").services[0].rollout, rolling);
    assert_eq!(varied("orchestrator = \"ecs-2015\"\nstrategy = \"free\"").services[0].rollout, rolling);
}

#[test]
fn every_key_of_a_free_strategy_is_read() {
    let s = Duration::from_secs;
    let share = |permille, round| Bound { amount: Amount::Permille(permille), round };
    let pool = "pool = { surge = \"25% up\", unavailable = \"12.5%\", zero = \"one-unavailable\", \
                terminating_in_cap = false, reap = \"within-room\", window = 2, victims = \"newest\" }";
    let mover = Mover::Pool(Pool {
        surge: share(250, Round::Up),
        unavailable: share(125, Round::Down),
        zero: ZeroRule::OneUnavailable,
        terminating_in_cap: false,
        reap: Reap::WithinRoom,
        window: Some(2),
        victims: VictimOrder::Newest,
    });
    assert_eq!(free(pool).program, [Step::all(mover)]);

    let slots = "slots = { window = \"10%\", op = \"overlap\", barrier = true, delay = \"10s\", stop_timeout = \"1m\", \
                 order = \"descending\", key = \"host\", floor = 2, on_unhealthy = \"block-all\" }";
    let mover_of_slots = Mover::Slots(Slots {
        window: share(100, Round::Down),
        op: SlotOp::Overlap,
        barrier: true,
        delay: s(10),
        stop_timeout: Some(s(60)),
        order: SlotOrder::Descending,
        key: SlotKey::Host,
        floor: Some(Bound::tasks(2)),
        on_unhealthy: OnUnhealthy::BlockAll,
    });
    assert_eq!(free(slots).program, [Step::all(mover_of_slots)]);
    let slots = free("slots = {}");
    let first = Slots {
        window: Bound::tasks(1),
        op: SlotOp::StopStart,
        barrier: false,
        delay: s(0),
        stop_timeout: None,
        order: SlotOrder::Ascending,
        key: SlotKey::Any,
        floor: None,
        on_unhealthy: OnUnhealthy::Wait,
    };
    assert_eq!(slots, Rollout { program: vec![Step::all(Mover::Slots(first))], ..free("") });

    let steps = "steps = [ { new = \"10%\", weight = \"10%\", hold = [\"5m\", { manual = \"uniform(1m, 2m)\" }] }, \
                 { new = 2, old = \"50% down\", aside = 1, waits_for_gone = true, \
                   hold = { analysis = { interval = \"1m\", at_once = true, count = 5, failure_limit = 1 } } }, \
                 { new = \"keep\", old = \"all\", weight = 100 }, {} ]";
    let analysis = Analysis { interval: s(60), at_once: true, count: 5, failure_limit: 1 };
    let program = [
        Step::new(Size::share(100), Size::Keep, mover)
            .weighing(100)
            .holding(Hold::For(s(300)))
            .holding(Hold::Until(Dist::Uniform { low: s(60), high: s(120) })),
        Step {
            aside: Size::Of(Bound::tasks(1)),
            waits_for_gone: true,
            ..Step::new(Size::Of(Bound::tasks(2)), Size::Of(share(500, Round::Down)), mover)
        }
        .holding(Hold::Analysis(analysis)),
        Step::new(Size::Keep, Size::ALL, mover).weighing(1_000),
        Step::all(mover),
    ];
    assert_eq!(free(&format!("{pool}, {steps}")).program, program);

    let rest = "gate = { level = \"ready\", min_for = \"10s\", deadline = \"5m\" }, shift = \"exponential(mean=5s)\", \
                failure = { detect = [\"gate-deadline\", \"analysis\", \"alarm\", { tasks_die = { within = \"30s\", most = \"10%\" } }, \
                { in_a_row = { share = \"25% down\", least = 10, most = 100 } }, { no_progress = \"10m\" }, { total = \"1h\" }], \
                act = \"drop-new\", after = \"30s\" }, retain = \"1h\", pace = \"1s\", completion = \"last-step\"";
    let expected = Rollout {
        program: free("").program,
        pace: s(1),
        gate: Gate { level: GateLevel::Ready, min_for: s(10), deadline: Some(s(300)) },
        shift: Dist::Exponential { mean: s(5) },
        failure: FailurePolicy::any(
            [
                Detector::GateDeadline,
                Detector::Analysis,
                Detector::Alarm,
                Detector::TasksDie { within: s(30), most_permille: 100 },
                Detector::InARow { share: share(250, Round::Down), least: 10, most: 100 },
                Detector::NoProgress(s(600)),
                Detector::Total(s(3_600)),
            ],
            Act::RollBack(RollBack::DropNew { after: s(30) }),
        ),
        retain: s(3_600),
        completion: Completion::LastStep,
    };
    assert_eq!(free(rest), expected);
    let stepped = free("steps = [{ new = \"10%\" }, {}]").program;
    assert_eq!(
        stepped.iter().map(|step| step.old).collect::<Vec<_>>(),
        [Size::Keep, Size::NONE],
        "they stay till the end"
    );
    let breaker = free("failure = { detect = [{ in_a_row = {} }] }").failure;
    let half = Bound::percent(50, Round::Up);
    assert_eq!(breaker, FailurePolicy::any([Detector::InARow { share: half, least: 3, most: 200 }], Act::Stop));
    let failure = free(
        "failure = [{ detect = [\"alarm\"], act = \"rollback\" }, { detect = [{ total = \"1h\" }], act = \"report\" }]",
    );
    let rules = vec![(Detector::Alarm, Act::RollBack(RollBack::Reverse)), (Detector::Total(s(3_600)), Act::Report)];
    assert_eq!(failure.failure, FailurePolicy(rules));
}

/// What the orchestrator's agents remove matters where a disk can fill up, or where the scenario says so.
#[test]
fn images_are_cleaned_up_where_they_have_a_disk_or_it_is_asked_for() {
    let ecs = ecs::today().settings().image_cleanup;
    let of = |lines: &str| {
        let text = SMALL.replace("[[service]]", &format!("{lines}\n[[service]]"));
        models(&text)[0].1.host_groups[0].agent.image_cleanup
    };
    assert_eq!(of(""), None);
    assert_eq!(of("agent = { push = \"1s\" }"), None);
    assert_eq!(of("image_disk = \"22GiB\""), ecs);
    assert_eq!(of("image_disk = \"22GiB\"\nagent = { push = \"1s\" }"), ecs);
    assert_eq!(of("image_disk = \"22GiB\"\nagent = { image_cleanup = \"none\" }"), None);
    let faster = ecs.map(|cleanup| ImageCleanup { every: Duration::from_secs(600), ..cleanup });
    assert_eq!(of("agent = { image_cleanup = { every = \"10m\" } }"), faster);
}

fn autoscaling(value: &str) -> Option<Autoscaling> {
    const LOAD: &str = "{ rate = \"1/s\", capacity_per_task = \"2/s\" }";
    let text = SMALL.replace("desired = 5", &format!("desired = 5\nload = {LOAD}\nautoscaling = {{ {value} }}"));
    models(&text)[0].1.services[0].autoscaling.clone()
}

fn policies(value: &str) -> Vec<ScalingPolicy> {
    autoscaling(&format!("min = 1, max = 60, {value}")).map(|scaling| scaling.policies).unwrap_or_default()
}

#[test]
fn a_service_has_bounds_and_a_schedule_of_them() {
    let s = Duration::from_secs;
    let schedule = vec![
        ScheduledBounds { at: Time::ZERO + s(3_600), min: 0, max: 8 },
        ScheduledBounds { at: Time::ZERO + s(8 * 3_600), min: 20, max: 60 },
    ];
    let value = "min = 2, max = 9, schedule = [{ at = \"8h\", min = 20, max = 60 }, { at = \"1h\", min = 0, max = 8 }]";
    assert_eq!(autoscaling(value), Some(Autoscaling { min: 2, max: 9, schedule, policies: vec![] }));
}

#[test]
fn target_tracking_has_a_target_of_one_of_two_metrics() {
    let s = Duration::from_secs;
    let of = |metric, target| ScalingPolicy::TargetTracking(TargetTracking::of(metric, target));
    assert_eq!(policies("target-tracking = { cpu = 60.5 }"), [of(Metric::Utilization, 60.5)]);
    assert_eq!(
        policies("target-tracking = [{ cpu = \"60%\" }, { requests_per_target = 1000 }]"),
        [of(Metric::Utilization, 60.0), of(Metric::RequestsPerTarget, 1_000.0)]
    );
    let turned = "target-tracking = { cpu = 60, low = 80, period = \"30s\", delay = 0, periods_above = 2, \
                  periods_below = 5, scale_out_cooldown = \"1m\", scale_in_cooldown = \"2m\", disable_scale_in = true }";
    let expected = TargetTracking {
        metric: Metric::Utilization,
        target: 60.0,
        low: 80.0,
        period: s(30),
        delay: s(0),
        periods_above: 2,
        periods_below: 5,
        scale_out_cooldown: s(60),
        scale_in_cooldown: s(120),
        disable_scale_in: true,
    };
    assert_eq!(policies(turned), [ScalingPolicy::TargetTracking(expected)]);
}

#[test]
fn step_scaling_has_alarms_with_steps() {
    let s = Duration::from_secs;
    let value = "step = { metric = \"requests_per_target\", adjustment = \"percent\", min_magnitude = 2, period = \"2m\", \
                 delay = 0, cooldown = \"1m\", high = { threshold = 1000, periods = 3, steps = [{ from = 200, change = 30 }, \
                 { from = 0, to = 200, change = 10 }] }, low = { threshold = 300, steps = [{ change = -10 }] } }";
    let step = |from, to, change| ScalingStep { from, to, change };
    let high = vec![step(Some(200.0), None, 30), step(Some(0.0), Some(200.0), 10)];
    let expected = StepScaling {
        metric: Metric::RequestsPerTarget,
        high: Some(Alarm { threshold: 1_000.0, periods: 3, steps: high }),
        low: Some(Alarm { threshold: 300.0, periods: 1, steps: vec![step(None, None, -10)] }),
        adjustment: Adjustment::Percent { min_magnitude: 2 },
        period: s(120),
        delay: s(0),
        cooldown: s(60),
    };
    assert_eq!(policies(value), [ScalingPolicy::Step(expected)]);
}

#[test]
fn an_alarm_calls_a_function() {
    let s = Duration::from_secs;
    assert_eq!(policies("alarm = {}"), [ScalingPolicy::AlarmFunction(AlarmFunction::default())]);
    let turned = "alarm = { high = 80, low = \"never\", periods = 2, period = \"1m\", step = 5, latency = \"5s\", \
                  cooldown = 0, repeats = false }";
    let expected = AlarmFunction {
        high: 80.0,
        low: None,
        periods: 2,
        period: s(60),
        step: 5,
        latency: s(5),
        cooldown: s(0),
        repeats: false,
    };
    assert_eq!(policies(turned), [ScalingPolicy::AlarmFunction(expected)]);
}

#[test]
fn the_autoscaler_of_kubernetes_has_behaviors() {
    let s = Duration::from_secs;
    assert_eq!(policies("hpa = {}"), [ScalingPolicy::Hpa(Hpa::default())]);
    let as_printed = "hpa = { cpu = 60, tolerance = 0.1, scale_up = { stabilization = \"0s\", select = \"max\", \
                      policies = [{ pods = 4, period = \"15s\" }, { percent = 100, period = \"15s\" }] } }";
    assert_eq!(policies(as_printed), [ScalingPolicy::Hpa(Hpa { target: 60, ..Hpa::default() })]);
    let turned = "hpa = { cpu = 120, tolerance = 0, sync = \"30s\", cpu_initialization = \"1m\", sample_window = \"5s\", \
                  current = \"status\", scale_up = { select = \"disabled\" }, \
                  scale_down = { stabilization = \"1m\", select = \"min\", policies = [{ pods = 1, period = \"1m\" }] } }";
    let scale_down = Behavior {
        stabilization: s(60),
        select: Select::Min,
        limits: vec![Limit { change: Change::Pods(1), period: s(60) }],
    };
    let expected = Hpa {
        target: 120,
        tolerance: 0.0,
        period: s(30),
        cpu_initialization: s(60),
        sample_window: s(5),
        current: Current::Status,
        scale_up: Behavior { select: Select::Disabled, ..Hpa::default().scale_up },
        scale_down,
    };
    assert_eq!(policies(turned), [ScalingPolicy::Hpa(expected)]);
}
