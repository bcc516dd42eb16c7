//! What scenario files mean: defaults, every key, and variants.

use std::path::Path;

use seatrial_scenarios::Scenario;
use seatrial_sim::deploy::Rolling;
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::fact::{GroupId, ServiceId};
use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::model::{
    Agent, Billing, Cached, Contact, ControlLoop, Demand, Deploy, Deregistration, FirstCheck, HostGroup, HourlyPrice,
    Image, LaunchRate, LoadBalancer, Model, PreDeploy, PullOrder, Resources, Service, SlotRelease, StartRule,
};
use seatrial_sim::orchestrators::{ecs, load_balancers};
use seatrial_sim::placement::Policy;

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
agent = { poll = "30s", starts_wait_for_stops = false, provisioning = "1s", pulls = "parallel", pull_throughput = "10MB/s", image_check = 0, report = "exponential(mean=1s)", stop_tail = "lognormal(median=1s, sigma=0.5)" }
pre_deploy = { hosts = 5, lead = "3m", boot = "60s", keep = "1m" }
[[service]]
name = "web"
desired = 2
cpu = 1024
memory = "3GiB"
host_port = 80
host_group = "c4"
image = { size = "400MB", shared_layers = "300MB", cached = "nothing" }
startup = "empirical(startup.csv)"
exit = "2s"
stop_timeout = "20s"
load_balancer = { kind = "classic", deregistration_delay = "10s", drain = "timer", health_check = { interval = "6s", initial_checks = 2, registration = "1s", first_check = "at-once" } }
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
"#;

fn parse(text: &str) -> Scenario {
    Scenario::parse("web.toml", text, Path::new("tests")).unwrap_or_else(|report| panic!("{report}"))
}

fn models(text: &str) -> Vec<(String, Model)> {
    parse(text).variants.into_iter().map(|variant| (variant.name, variant.model)).collect()
}

#[test]
fn what_is_not_written_is_the_presets() {
    let scenario = parse(SMALL);
    assert_eq!((scenario.seeds, scenario.first_seed), (200, 1));
    assert_eq!(scenario.system, "ECS rolling, 5 x web on 6 hosts");
    let preset = ecs::today();
    let model = Model {
        horizon: Duration::from_secs(10_800),
        control: preset.control,
        host_groups: vec![HostGroup {
            name: "m5".into(),
            hosts: 6,
            zones: vec!["a".into()],
            capacity: Resources { cpu: 2048, memory_mib: 7680 },
            reserved_ports: ecs::RESERVED_PORTS.to_vec(),
            price: HourlyPrice(0),
            billing: preset.billing,
            agent: preset.agent,
            pre_deploy: None,
        }],
        services: vec![Service {
            name: "web".into(),
            desired: 5,
            demand: Demand { resources: Resources { cpu: 0, memory_mib: 3072 }, host_port: None },
            host_group: None,
            image: Image { bytes: 0, shared_bytes: 0, cached: Cached::All },
            startup: ecs::CONTAINER_START,
            load_balancer: None,
            exit: ecs::EXIT,
            stop_timeout: ecs::STOP_TIMEOUT,
            rolling: preset.rolling,
            placement: preset.placement,
        }],
        deploys: vec![Deploy { service: ServiceId(0), at: Time::ZERO }],
    };
    assert_eq!(scenario.variants.len(), 1);
    assert_eq!((scenario.variants[0].name.as_str(), &scenario.variants[0].model), ("base", &model));
}

#[test]
fn every_key_is_read() {
    let scenario = parse(FULL);
    assert_eq!((scenario.seeds, scenario.first_seed), (3, 7));
    assert_eq!(scenario.system, "ECS 2015, 2 x web, 1 x api on 2 hosts");
    let ms = Duration::from_millis;
    let model = &scenario.variants[0].model;
    assert_eq!(model.horizon, ms(3_600_000));
    let control = ControlLoop {
        tick: ms(5_000),
        tick_jitter: ms(1_000),
        first_review: Dist::uniform_millis(1_000, 10_000),
        healthy_after: ms(40_000),
        deregistration: Deregistration::NextReview,
        target_poll: ms(7_000),
        slot_release: SlotRelease::Stopped,
        launch_rate: Some(LaunchRate { per_minute: 250, burst: 42 }),
    };
    assert_eq!(model.control, control);
    let group = HostGroup {
        name: "c4".into(),
        hosts: 2,
        zones: vec!["a".into(), "b".into()],
        capacity: Resources { cpu: 4096, memory_mib: 8192 },
        reserved_ports: vec![22],
        price: HourlyPrice(96_000),
        billing: Billing::PerSecond { minimum: ms(60_000) },
        agent: Agent {
            contact: Contact::Poll { interval: ms(30_000) },
            start_rule: StartRule::WhenResourcesFree,
            provisioning: Dist::fixed_millis(1_000),
            pulls: PullOrder::Parallel,
            pull_bytes_per_s: 10_000_000,
            image_check: Dist::ZERO,
            report: Dist::Exponential { mean: ms(1_000) },
            stop_tail: Dist::LogNormal { median: ms(1_000), sigma: 0.5 },
        },
        pre_deploy: Some(PreDeploy { hosts: 5, lead: ms(180_000), boot: Dist::fixed_millis(60_000), keep: ms(60_000) }),
    };
    assert_eq!(model.host_groups, [group]);
    let web = Service {
        name: "web".into(),
        desired: 2,
        demand: Demand { resources: Resources { cpu: 1024, memory_mib: 3072 }, host_port: Some(80) },
        host_group: Some(GroupId(0)),
        image: Image { bytes: 400_000_000, shared_bytes: 300_000_000, cached: Cached::Nothing },
        startup: Dist::Empirical(vec![ms(7_500), ms(8_000), ms(12_250)]),
        load_balancer: Some(LoadBalancer {
            registration: Dist::fixed_millis(1_000),
            first_check: FirstCheck::AtOnce,
            interval: ms(6_000),
            initial_checks: 2,
            deregistration_delay: ms(10_000),
            in_flight: None,
        }),
        exit: Dist::fixed_millis(2_000),
        stop_timeout: ms(20_000),
        rolling: Rolling::OneAtATime,
        placement: Policy::Binpack,
    };
    assert_eq!(model.services[0], web);
    let rolling = Rolling::Percent { minimum_healthy_percent: 50, maximum_percent: 150 };
    assert_eq!((model.services[1].rolling, model.services[1].placement), (rolling, Policy::Random));
    let deploy = |service, s: u64| Deploy { service: ServiceId(service), at: Time::from_millis(s * 1000) };
    assert_eq!(model.deploys, [deploy(1, 600), deploy(0, 1_200)]);
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
    assert_eq!(varied("orchestrator = \"ecs-2015\"").control, ecs::before_2015_12().control);
    assert_eq!(varied("set = { \"orchestrator.tick\" = \"5s\" }").control.tick, Duration::from_secs(5));
    assert_eq!(varied("placement = \"binpack\"").services[0].placement, Policy::Binpack);
    assert_eq!(varied("set = { \"deploy.web.at\" = \"5m\" }").deploys[0].at, Time::from_millis(300_000));
    assert_eq!(varied("set = { \"run.horizon\" = \"1h\" }").horizon, Duration::from_secs(3_600));

    let half = Rolling::Percent { minimum_healthy_percent: 50, maximum_percent: 200 };
    for change in [
        "strategy = { rolling = { minimum_healthy_percent = 50 } }",
        "set = { strategy = { rolling = { minimum_healthy_percent = 50 } } }",
        "set = { \"strategy.rolling.minimum_healthy_percent\" = 50 }",
        "set = { \"service.web.strategy.rolling.minimum_healthy_percent\" = 50 }",
    ] {
        assert_eq!(varied(change).services[0].rolling, half, "{change}");
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
