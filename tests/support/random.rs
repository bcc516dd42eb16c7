//! Random small models that a scenario could state.

use proptest::prelude::*;
use seatrial_sim::deploy::Rollout;
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::time::Duration;
use seatrial_sim::model::{
    Billing, Cached, Contact, Demand, Deregistration, FirstCheck, HourlyPrice, Image, LaunchRate, LoadBalancer, Model,
    PreDeploy, PullOrder, Resources, SlotRelease, StartRule,
};
use seatrial_sim::orchestrators::load_balancers;
use seatrial_sim::placement::ALL as POLICIES;

use super::{deploy, group, one_at_a_time, percent, plain, service};

/// Any span from nothing to some minutes, fixed or random.
pub fn span() -> BoxedStrategy<Dist> {
    let ms = || prop_oneof![Just(0), 0..2_000_u64, 0..200_000_u64];
    prop_oneof![
        ms().prop_map(Dist::fixed_millis),
        (ms(), ms()).prop_map(|(a, b)| Dist::uniform_millis(a.min(b), a.max(b))),
        ms().prop_map(|mean| Dist::Exponential { mean: Duration::from_millis(mean) }),
        (ms(), 0.0..1.0_f64)
            .prop_map(|(median, sigma)| Dist::LogNormal { median: Duration::from_millis(median), sigma }),
    ]
    .boxed()
}

fn rolling() -> BoxedStrategy<Rollout> {
    prop_oneof![4 => (0..=100_u32, 100..=250_u32).prop_map(|(min, max)| percent(min, max)), 1 => Just(one_at_a_time())]
        .boxed()
}

fn load_balancer() -> BoxedStrategy<Option<LoadBalancer>> {
    let kind = (any::<bool>(), 1..=10_u32, 5..60_u64, 0..400_u64);
    let spans = (span(), proptest::option::of(span()));
    proptest::option::of((kind, spans).prop_map(
        |((within, initial_checks, interval, drain), (registration, in_flight))| LoadBalancer {
            registration,
            first_check: if within { FirstCheck::WithinInterval } else { FirstCheck::AtOnce },
            interval: Duration::from_secs(interval),
            initial_checks,
            deregistration_delay: Duration::from_secs(drain),
            in_flight,
            ..load_balancers::ALB
        },
    ))
    .boxed()
}

/// One or two services that share one or two groups of hosts, with one to three deploys.
pub fn model() -> BoxedStrategy<Model> {
    let control = (prop_oneof![Just(0), 1_000..20_000_u64], 0..499_u64, span(), span(), any::<[bool; 2]>());
    let rate = (proptest::option::of((1..300_u32, 1..20_u32)), prop_oneof![Just(0), 1..20_000_u64]);
    let agent = (any::<[bool; 3]>(), 1..60_000_u64, span(), span(), span(), span());
    let hosts = (1..8_u32, 1..6_u32, 1..4_usize, proptest::option::of((1..5_u32, 0..300_u64, span(), 0..300_u64)));
    let task = (1..7_u32, span(), span(), rolling(), load_balancer(), 0..POLICIES.len(), any::<bool>(), 0..3_usize);
    let services = proptest::collection::vec(task, 1..3);
    let deploys = proptest::collection::vec((any::<bool>(), 0..2_000_u64), 1..4);
    ((control, rate), agent, proptest::collection::vec(hosts, 1..3), services, deploys)
        .prop_map(|((control, (rate, target_poll)), agent, hosts, services, deploys)| {
            let mut model = plain(1, 1, 1);
            let (tick, jitter, first_review, healthy_after, [same_review, stopping]) = control;
            model.control.tick = Duration::from_millis(tick);
            model.control.tick_jitter = Duration::from_millis(tick * jitter / 1_000);
            model.control.first_review = first_review;
            model.control.healthy_after = healthy_after;
            model.control.deregistration =
                if same_review { Deregistration::SameReview } else { Deregistration::NextReview };
            model.control.slot_release = if stopping { SlotRelease::Stopping } else { SlotRelease::Stopped };
            model.control.target_poll = Duration::from_millis(target_poll);
            model.control.launch_rate = rate.map(|(per_minute, burst)| LaunchRate { per_minute, burst });
            let ([polls, waits, serial], interval, latency, check, report, stop_tail) = agent;
            model.host_groups = hosts
                .into_iter()
                .zip(["m5", "c5"])
                .map(|((hosts, slots, zones, pre_deploy), name)| {
                    let mut group = group(name, hosts, slots);
                    group.zones = ["a", "b", "c"][..zones].iter().map(ToString::to_string).collect();
                    group.price = HourlyPrice(100_000 + u64::from(slots));
                    if serial {
                        group.billing = Billing::PerStartedHour;
                    }
                    group.agent.contact = if polls {
                        Contact::Poll { interval: Duration::from_millis(interval) }
                    } else {
                        Contact::Push { latency: latency.clone() }
                    };
                    group.agent.start_rule =
                        if waits { StartRule::AfterEarlierStops } else { StartRule::WhenResourcesFree };
                    group.agent.pulls = if serial { PullOrder::Serial } else { PullOrder::Parallel };
                    group.agent.provisioning = if waits { latency.clone() } else { check.clone() };
                    group.agent.image_check = check.clone();
                    group.agent.report = report.clone();
                    group.agent.stop_tail = stop_tail.clone();
                    if let Some((hosts, lead, boot, keep)) = pre_deploy {
                        let [lead, keep] = [lead, keep].map(Duration::from_secs);
                        group.boot = boot;
                        group.pre_deploy = Some(PreDeploy { hosts, lead, keep });
                    }
                    group
                })
                .collect();
            model.services = services
                .into_iter()
                .zip(["web", "api"])
                .map(|((desired, startup, exit, rolling, load_balancer, policy, port, cached), name)| {
                    let mut service = service(name, desired);
                    (service.startup, service.exit) = (startup, exit);
                    (service.rollout, service.load_balancer) = (rolling, load_balancer);
                    service.placement = POLICIES[policy].1.clone();
                    let resources = Resources::new(1, 1);
                    service.demand = Demand { resources, host_port: port.then_some(80), ..Demand::default() };
                    let cached = [Cached::Nothing, Cached::Running, Cached::All][cached];
                    service.image = Image { bytes: 30_000_000, shared_bytes: 20_000_000, cached, base: None };
                    service
                })
                .collect();
            model.deploys = deploys
                .into_iter()
                .map(|(second, at)| deploy(u32::from(second && model.services.len() > 1), 400 + at))
                .collect();
            model.deploys.sort_by_key(|deploy| (deploy.at, deploy.service));
            model.deploys.dedup();
            model
        })
        .boxed()
}
