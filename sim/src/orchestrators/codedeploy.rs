//! AWS `CodeDeploy` in place: an agent on each host stops the application, installs the next revision and starts it.
//!
//! Left out: that the failure of the very last host is forgiven, that a minimum of all hosts fails at once (here when nothing has got on for the timeout), the single lifecycle
//! events, and zones.

use super::settings::{BILLING, DEREGISTRATION, PLACEMENTS, SLOT_RELEASE};
use super::{Orchestrator, Strategy};
use crate::deploy::{
    Act, Amount, Bound, Detector, FailurePolicy, Mover, OnUnhealthy, RollBack, Rollout, Round, Slots, strategies,
};
use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::parameters::{Parameters, Value};

/// AWS `CodeDeploy` in place.
pub fn codedeploy() -> Orchestrator {
    Orchestrator {
        name: "codedeploy",
        title: "AWS CodeDeploy, in place",
        parameters: parameters(),
        strategies: vec![
            Strategy::new("one-at-a-time", failing(), |from| {
                // deployment-configurations.md: all but one stay healthy, so the first failure ends it.
                in_place(strategies::all_at_once::in_place(Bound::tasks(1)), 0, from)
            }),
            Strategy::new("half-at-a-time", failing(), |from| {
                let mover = Slots {
                    floor: Some(Bound::percent(50, Round::Up)),
                    ..strategies::all_at_once::in_place(Bound::percent(50, Round::Down))
                };
                in_place(mover, failures(Amount::Permille(500)), from)
            }),
            Strategy::new(
                "all-at-once",
                failing().with(
                    "minimum_healthy_hosts",
                    Value::tasks_up(0),
                    "CD deployment-configurations.md: AllAtOnce, 0; a number, or a share rounded up",
                ),
                |from| {
                    let floor = from.bound("minimum_healthy_hosts");
                    let all = strategies::all_at_once::in_place(Bound::tasks(0));
                    in_place(Slots { floor: Some(floor), ..all }, failures(floor.amount), from)
                },
            ),
        ],
    }
}

fn failing() -> Parameters {
    Parameters::none()
        .with("timeout", Duration::from_secs(3_600), "CD reference-appspec-file-structure-hooks.md: 3,600 s a script")
        .with("alarms", false, "CD: no alarm unless it is added")
        .with("rollback", false, "CD deployments-rollback-and-redeploy.md: automatic where it is turned on")
}

/// The share of the hosts whose failure is still accepted, in tenths of a percent: the deployment fails where no more are
/// healthy than shall be, so a hair less than all the others. A number of hosts is watched by the floor alone.
fn failures(minimum: Amount) -> u32 {
    match minimum {
        Amount::Permille(permille) => 999_u32.saturating_sub(permille),
        Amount::Tasks(_) => 999,
    }
}

/// Hosts are told one by one, and those that fail are left as they are (`instances-health.md`).
fn in_place(slots: Slots, most_permille: u32, from: &Parameters) -> Rollout {
    let timeout = from.span("timeout");
    let detect = [Detector::TasksDie { within: Duration::ZERO, most_permille }, Detector::NoProgress(timeout)];
    let alarm = from.flag("alarms").then_some(Detector::Alarm);
    Rollout {
        failure: FailurePolicy::any(
            detect.into_iter().chain(alarm),
            if from.flag("rollback") { Act::RollBack(RollBack::Reverse) } else { Act::Stop },
        ),
        ..strategies::rolling(Mover::Slots(Slots { on_unhealthy: OnUnhealthy::Ignore, ..slots }))
    }
}

fn parameters() -> Parameters {
    Parameters::none()
        .with("tick", Duration::from_secs(5), "E: how often a deployment is looked at (range 1 to 30 s)")
        .with("settles", true, "E: all hosts that the minimum allows at once (range no to yes)")
        .with("first_review", Dist::uniform_millis(0, 5_000), "E: as tick (range 0 to 30 s)")
        .with("healthy_after", Dist::ZERO, "CD instances-health.md: a host is healthy when its scripts have succeeded")
        .with(
            "deregistration",
            Value::Word("same-review", DEREGISTRATION),
            "CD reference-appspec-file-structure-hooks.md: BlockTraffic comes first and waits for the load balancer",
        )
        .with("slot_release", Value::Word("stopped", SLOT_RELEASE), "CD: a host runs one revision at a time")
        .with("replaces_unhealthy_targets", false, "CD: it looks at a load balancer during AllowTraffic only")
        .with("poll", Duration::from_secs(1), "CDA conf/codedeployagent.yml: wait_between_runs, 1 s")
        .with(
            "startup",
            Dist::fixed_millis(20_000),
            "E: the bundle, six more events at a poll each, and the scripts (range 5 s to 10 min)",
        )
        .with("report", Dist::uniform_millis(200, 1_000), "E: the last event's report (range 0.1 to 5 s)")
        .with("pre_stop", Duration::ZERO, "CD: none before ApplicationStop")
        .with("exit", Dist::fixed_millis(1_000), "E: a script that stops the application (range 0 to 30 s)")
        .with(
            "stop_timeout",
            Duration::from_secs(3_600),
            "CD reference-appspec-file-structure-hooks.md: 3,600 s for ApplicationStop",
        )
        .with("stop_tail", Dist::uniform_millis(200, 1_000), "E: the event's report (range 0.1 to 5 s)")
        .with("placement", Value::Word("spread", PLACEMENTS), "ASG: instances are spread over the zones")
        .with("billing", Value::Word("per-second", BILLING), "EC2 Linux since 2017-10-02: 60 s at least")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::{Side, View};

    /// Hosts at once, by the guide: all of them less the minimum, a share of which is rounded up.
    #[test]
    fn hosts_at_once() {
        let codedeploy = codedeploy();
        let at_once = |name: &str, minimum: Option<Bound>, hosts| {
            let strategy = codedeploy.strategy(name).expect("it is offered");
            let from = strategy.parameters.clone();
            let from = match minimum {
                Some(minimum) => from.with("minimum_healthy_hosts", Value::Bound(minimum), "test"),
                None => from,
            };
            let view = View {
                desired: hosts,
                new: Side { target: hosts, ..Side::default() },
                old: Side { target: 0, wanted: hosts, available: hosts },
                ..View::default()
            };
            (strategy.build)(&from).program[0].mover.plan(&view).stop_old()
        };
        let percent = |percent| Bound::percent(percent, Round::Up);
        for (hosts, minimum, expected) in [
            (10, percent(95), 0),
            (10, Bound::tasks(9), 1),
            (10, Bound::tasks(8), 2),
            (10, Bound::tasks(0), 10),
            (10, percent(85), 1),
            (9, Bound::tasks(6), 3),
            (9, percent(40), 5),
        ] {
            assert_eq!(at_once("all-at-once", Some(minimum), hosts), expected, "{hosts} and {minimum:?}");
        }
        assert_eq!(at_once("half-at-a-time", None, 9), 4);
        assert_eq!(at_once("one-at-a-time", None, 9), 1);
        assert_eq!(at_once("one-at-a-time", None, 1), 1);
    }
}
