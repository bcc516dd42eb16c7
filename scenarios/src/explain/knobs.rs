//! What a user can turn to make a deploy faster, each with a stated better value.

use std::collections::BTreeSet;

use seatrial_sim::deploy::Mover;
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::time::Duration;
use seatrial_sim::model::{Contact, HostGroup, Model, Service};
use seatrial_sim::parameters::Value;
use seatrial_sim::scaling::Scaler;

use super::strategy::StrategyAt;
use crate::vary::Setting;
use crate::written::written;

/// A setting and a better value of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knob {
    /// What is changed, in words: `web: deregistration delay 300 s -> 30 s`.
    pub change: String,
    /// As a variant would set it.
    pub settings: Vec<Setting>,
}

/// Every knob of a model, of its services with a deploy and of its hosts. Some may be of no use to it, or not to be had under its
/// system: who tries them finds out.
pub(super) fn knobs(model: &Model, strategies: &[StrategyAt]) -> Vec<Knob> {
    let deployed: BTreeSet<_> = model.deploys.iter().map(|deploy| deploy.service.index()).collect();
    let services = deployed.iter().flat_map(|&i| of_service(&model.services[i], &strategies[i]));
    let groups = model.host_groups.iter().filter(|group| group.per_task.is_none()).flat_map(of_group);
    services.chain(groups).collect()
}

fn of_service(service: &Service, strategy: &StrategyAt) -> Vec<Knob> {
    let name = &service.name;
    let mut found = vec![];
    let mut add = |what: &str, key: &str, from: String, to: Option<String>| {
        found.extend(to.map(|to| Knob::one(name, what, &format!("service.{name}.{key}"), &from, &to)));
    };
    if let Some(balancer) = &service.load_balancer {
        let delay = balancer.deregistration_delay;
        // E: requests of most services end within 30 s (range 0 to 60 s).
        let to = if delay > secs(30) { Some("30s".into()) } else { (!delay.is_zero()).then(|| "0s".into()) };
        add("deregistration delay", "load_balancer.deregistration_delay", span(delay), to);
        // ELBv2 API CreateTargetGroup: HealthCheckIntervalSeconds 5 to 300, HealthyThresholdCount 2 to 10; Classic the same.
        let interval = balancer.interval;
        let to = (interval > secs(5)).then(|| "5s".into());
        add("interval of health checks", "load_balancer.health_check.interval", span(interval), to);
        let checks = balancer.initial_checks;
        let to = (checks > 2).then(|| "2".into());
        add("checks that a new target must pass", "load_balancer.health_check.initial_checks", checks.to_string(), to);
    }
    if let Some(check) = &service.health_check {
        add(
            "its own health check",
            "health_check.passes_after",
            random(&check.passes_after),
            halved(&check.passes_after),
        );
    }
    add("startup", "startup", random(&service.startup), halved(&service.startup));
    // E: a process that handles SIGTERM and has nothing under way (range 0 to 5 s).
    let exits_late = service.exit.mean_s() > 1.0;
    add("exit after SIGTERM", "exit", random(&service.exit), exits_late.then(|| "1s".into()));
    // E: a third of the default of ECS, and then a fifth of that (range 2 to 30 s).
    let timeout = service.stop_timeout;
    let to = if timeout > secs(10) { Some("10s".into()) } else { (timeout > secs(2)).then(|| "2s".into()) };
    add("stop timeout", "stop_timeout", span(timeout), to);
    let (bytes, own) = (service.image.bytes, service.image.bytes.saturating_sub(service.image.shared_bytes));
    let size = |bytes: u64| format!("{}MB", (bytes as f64 / 1e6).round());
    add("image", "image.size", size(bytes), (own >= 2_000_000).then(|| size(bytes - own / 2)));
    found.extend(more_at_once(service, &strategy.path));
    found.extend(fewer_stay(service, &strategy.path));
    let spans = strategy.spans.iter().filter_map(|(key, dist)| {
        let to = halved(dist)?;
        Some(Knob::one(name, key, &format!("{}.{key}", strategy.path), &random(dist), &to))
    });
    found.extend(spans);
    found
}

/// More tasks replaced at once: whichever of these parameters the strategy at a path has.
fn more_at_once(service: &Service, strategy: &str) -> Vec<Knob> {
    let Some(step) = service.rollout.program.last() else { return vec![] };
    let desired = service.desired;
    let (what, now, to, parameters) = match step.mover {
        Mover::Pool(pool) => (
            "tasks that may exist at once",
            pool.limits(desired).cap,
            2 * desired,
            [("maximum_percent", "200"), ("max_surge", "100%")],
        ),
        Mover::Slots(slots) => {
            ("slots replaced at once", slots.workers(desired), desired, [("parallelism", "0"), ("max_parallel", "0")])
        }
    };
    if now >= to {
        return vec![];
    }
    let knob = |(parameter, value): (&str, &str)| Knob {
        change: format!("{}: {what} {now} -> {to}", service.name),
        settings: vec![Setting { path: format!("{strategy}.{parameter}"), value: value.into() }],
    };
    parameters.map(knob).into()
}

/// Fewer tasks that have to stay in service: half of them. Users have less then, which `run` with a load shows.
fn fewer_stay(service: &Service, strategy: &str) -> Vec<Knob> {
    let desired = service.desired;
    let (now, to) = (service.rollout.floor(desired), desired.div_ceil(2));
    if now <= to {
        return vec![];
    }
    let knob = |(parameter, value): (&str, &str)| Knob {
        change: format!("{}: tasks that stay in service {now} -> {to}", service.name),
        settings: vec![Setting { path: format!("{strategy}.{parameter}"), value: value.into() }],
    };
    [("minimum_healthy_percent", "50"), ("max_unavailable", "50%")].map(knob).into()
}

fn of_group(group: &HostGroup) -> Vec<Knob> {
    let name = &group.name;
    let path = |key: &str| format!("host_group.{name}.{key}");
    let hosts = group.hosts;
    let what = if group.scaler == Scaler::Fixed { "hosts" } else { "hosts at the start" };
    let mut found = vec![Knob::one(name, what, &path("hosts"), &hosts.to_string(), &(hosts + 1).to_string())];
    // Hosts that nobody asks for do not boot.
    let boots = group.scaler != Scaler::Fixed
        || group.pre_deploy.is_some()
        || group.spot.is_some()
        || !(group.schedule.is_empty() && group.refreshes.is_empty());
    let boot = halved(&group.boot).filter(|_| boots);
    found.extend(boot.map(|to| Knob::one(name, "boot", &path("boot"), &random(&group.boot), &to)));
    if let Contact::Poll { interval } = group.agent.contact
        && interval > secs(1)
    {
        // E: as often as agents may ask without being a load (range 1 to 5 s).
        found.push(Knob::one(name, "agents' poll", &path("agent.poll"), &span(interval), "1s"));
    }
    found
}

impl Knob {
    fn one(of: &str, what: &str, path: &str, from: &str, to: &str) -> Self {
        let setting = Setting { path: path.into(), value: to.into() };
        Self { change: format!("{of}: {what} {from} -> {to}"), settings: vec![setting] }
    }
}

const fn secs(s: u64) -> Duration {
    Duration::from_secs(s)
}

fn span(span: Duration) -> String {
    unquoted(&Value::Span(span))
}

fn random(dist: &Dist) -> String {
    unquoted(&Value::Random(dist.clone()))
}

/// The same with every span half as long, which says how much a span matters where nobody knows what could be reached (E); absent
/// where there is nothing to halve.
fn halved(dist: &Dist) -> Option<String> {
    let half = |span: Duration| Duration::from_millis(span.as_millis() / 2);
    let halved = match dist {
        Dist::Fixed(span) => Dist::Fixed(half(*span)),
        Dist::Uniform { low, high } => Dist::Uniform { low: half(*low), high: half(*high) },
        Dist::Exponential { mean } => Dist::Exponential { mean: half(*mean) },
        Dist::LogNormal { median, sigma } => Dist::LogNormal { median: half(*median), sigma: *sigma },
        // What was measured is in a file.
        Dist::Empirical(_) => return None,
    };
    (halved != *dist).then(|| random(&halved))
}

fn unquoted(value: &Value) -> String {
    written(value).trim_matches('"').into()
}
