//! Argo Rollouts: a canary with or without a traffic router, and blue-green, on Kubernetes.
//!
//! Left out: analysis in the background and after the promotion, experiments, `setCanaryScale` and `dynamicStableScale`.

use super::{Orchestrator, Strategy, kubernetes};
use crate::deploy::{Act, Analysis, Detector, FailurePolicy, Hold, Mover, RollBack, Rollout, Size, Step, strategies};
use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::parameters::{Parameters, Value};

/// Argo Rollouts.
pub fn argo_rollouts() -> Orchestrator {
    Orchestrator {
        name: "argo-rollouts",
        title: "Argo Rollouts on Kubernetes",
        parameters: kubernetes::parameters(),
        strategies: vec![
            Strategy::new("canary", common(steps()), canary),
            Strategy::new(
                "blue-green",
                common(Parameters::none().with(
                    "promotion",
                    Dist::ZERO,
                    "ARGO defaults.go: autoPromotionEnabled, true",
                )),
                blue_green,
            ),
        ],
    }
}

fn steps() -> Parameters {
    let source = "ARGO defaults.go: 25 (specification.md says 1)";
    Parameters::none()
        .with(
            "weights",
            Value::Shares(vec![200, 400, 600, 800]),
            "E: no default; those of ARGO getting-started (range any)",
        )
        .with(
            "pause",
            Dist::fixed_millis(10_000),
            "E: no default; 10 s in ARGO getting-started, whose first pause waits for somebody (range 0 to days)",
        )
        .with("router", false, "ARGO specification.md: no trafficRouting unless it is given")
        .with(
            "shift",
            Dist::fixed_millis(1_000),
            "E: until the router has the weight (range 0 to 10 s, when it is looked for again); only with a router",
        )
        .with("max_surge", Value::percent_up(25), source)
        .with("max_unavailable", Value::percent_down(25), source)
}

fn common(parameters: Parameters) -> Parameters {
    kubernetes::deadline(kubernetes::min_ready(parameters))
        .with("rollback", false, "ARGO specification.md: progressDeadlineAbort, false")
        .with("analysis_count", 0, "ARGO: no analysis unless it is a step")
        .with("analysis_interval", Duration::from_secs(60), "E: no default; 1 min (range 10 s to 1 h)")
        .with("failure_limit", 0, "E: ARGO accepts no failed measurement unless failureLimit is given (range any)")
        .with(
            "scale_down_delay",
            Duration::from_secs(30),
            "ARGO defaults.go: scaleDownDelaySeconds, 30; none for a canary without a router",
        )
        .with(
            "abort_scale_down_delay",
            Duration::from_secs(30),
            "ARGO defaults.go: abortScaleDownDelaySeconds, 30; none for a canary without a router",
        )
}

fn canary(from: &Parameters) -> Rollout {
    let shares = from.shares("weights");
    let mut holds = analysis(from);
    holds.insert(0, Hold::Until(from.random("pause")));
    if from.flag("router") {
        let rollout = Rollout { shift: from.random("shift"), ..strategies::canary(&shares, &holds, false) };
        return kept(rollout, from);
    }
    let mover = Mover::Pool(kubernetes::pool(from));
    let partly = shares.into_iter().filter(|&permille| permille < 1_000);
    let mut program: Vec<_> = partly
        .map(|permille| Step { holds: holds.clone(), ..Step::new(Size::Nearest(permille), Size::Keep, mover) })
        .collect();
    program.push(Step::all(mover));
    Rollout { gate: kubernetes::ready(from), failure: failure(from, RollBack::Reverse), ..Rollout::new(program) }
}

fn blue_green(from: &Parameters) -> Rollout {
    let mut before = analysis(from);
    before.push(Hold::Until(from.random("promotion")));
    kept(strategies::blue_green(before, vec![]), from)
}

/// With the traffic the new version is the stable one, and the rollout is done; the old pods stay a while longer.
fn kept(mut rollout: Rollout, from: &Parameters) -> Rollout {
    let retain = from.span("scale_down_delay");
    if !retain.is_zero() {
        // The step that removes them.
        rollout.program.pop();
    }
    let back = RollBack::DropNew { after: from.span("abort_scale_down_delay") };
    Rollout { gate: kubernetes::ready(from), failure: failure(from, back), retain, ..rollout }
}

fn analysis(from: &Parameters) -> Vec<Hold> {
    let analysis = Analysis {
        interval: from.span("analysis_interval"),
        // ARGO analysis: the first measurement is made as soon as the run begins.
        at_once: true,
        count: from.count("analysis_count"),
        failure_limit: from.count("failure_limit"),
    };
    if analysis.count == 0 { vec![] } else { vec![Hold::Analysis(analysis)] }
}

/// A failed analysis aborts the rollout, and the progress deadline does so where that is asked for; else it is a mark.
fn failure(from: &Parameters, back: RollBack) -> FailurePolicy {
    let late = from.span_above_zero("progress_deadline").map(Detector::NoProgress);
    let late = late.map(|late| (late, if from.flag("rollback") { Act::RollBack(back) } else { Act::Report }));
    FailurePolicy([(Detector::Analysis, Act::RollBack(back))].into_iter().chain(late).collect())
}
