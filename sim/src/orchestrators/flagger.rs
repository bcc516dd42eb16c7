//! Flagger: a canary, or blue-green, beside the primary `Deployment` of Kubernetes, which gets the new version by a rolling
//! update of its own after it has proved itself. It does one thing at each of its looks, an analysis interval apart.
//!
//! Left out: `stepWeightPromotion`, mirroring and sessions. A deploy's first look is up to 60 s after its request, whatever the
//! analysis interval is.

use super::{Orchestrator, Strategy, kubernetes};
use crate::deploy::{Act, Analysis, Bound, Detector, FailurePolicy, Hold, Mover, RollBack, Rollout, Round, Size, Step};
use crate::engine::dist::Dist;
use crate::engine::time::Duration;
use crate::parameters::{Parameters, Value};

/// Flagger.
pub fn flagger() -> Orchestrator {
    Orchestrator {
        name: "flagger",
        title: "Flagger on Kubernetes",
        parameters: kubernetes::parameters().with(
            "first_review",
            Dist::uniform_millis(0, 60_000),
            "FLAGGER scheduler.go: a look every analysis interval, 60 s",
        ),
        strategies: vec![
            Strategy::new(
                "canary",
                checked(
                    Parameters::none()
                        .with("step_percent", Value::Permille(100), "E: stepWeight has no default; 10 (range 1 to 50)")
                        .with("max_percent", Value::Permille(1_000), "FLAGGER canary.go: maxWeight, 100"),
                ),
                canary,
            ),
            Strategy::new(
                "blue-green",
                checked(Parameters::none().with("iterations", 10, "FLAGGER scheduler.go: 10 with plain Kubernetes")),
                blue_green,
            ),
        ],
    }
}

fn checked(parameters: Parameters) -> Parameters {
    let bounds = kubernetes::bounds().0;
    let parameters = Parameters(parameters.0.into_iter().chain(bounds).collect());
    kubernetes::deadline(kubernetes::min_ready(parameters))
        .with("analysis_interval", Duration::from_secs(60), "FLAGGER canary.go: 60 s, at least 10 s")
        .with("failure_limit", 0, "FLAGGER canary.go: threshold, 1: the first failed check is one too many")
}

/// A step of the traffic at each look, then the promotion at the next.
fn canary(from: &Parameters) -> Rollout {
    let shares = shares(from.permille("step_percent"), from.permille("max_percent"));
    // The look that finds the canary ready gives it its first traffic.
    let steps = shares.into_iter().enumerate().map(|(i, permille)| {
        let step = if i == 0 { Step::beside(Size::ALL).weighing(permille) } else { Step::shift(permille) };
        step.holding(checks(from, 1))
    });
    promoting(steps.collect(), from)
}

/// So many checks without traffic, the switch, and the promotion at the next look.
fn blue_green(from: &Parameters) -> Rollout {
    let tried = Step::beside(Size::ALL).holding(checks(from, from.count("iterations")));
    promoting(vec![tried, Step::shift(1_000).holding(until_next_look(from))], from)
}

/// The primary's own rolling update while the canary stays, the traffic back at the look that finds it ready, and the canary
/// goes at the next one.
fn promoting(mut program: Vec<Step>, from: &Parameters) -> Rollout {
    let primary = Size::AllAnd(Bound::percent(100, Round::Up));
    let update = Step::new(primary, Size::NONE, Mover::Pool(kubernetes::pool(from)));
    program.push(Step { aside: Size::ALL, ..update.weighing(1_000).holding(until_next_look(from)) });
    program.push(Step::all(Step::FREE));
    let late = from.span_above_zero("progress_deadline").map(Detector::NoProgress);
    Rollout {
        pace: from.span("analysis_interval"),
        gate: kubernetes::ready(from),
        failure: FailurePolicy::any(
            [Detector::Analysis].into_iter().chain(late),
            Act::RollBack(RollBack::DropNew { after: Duration::ZERO }),
        ),
        ..Rollout::new(program)
    }
}

/// Shares that rise by equal steps to the largest.
fn shares(step: u32, most: u32) -> Vec<u32> {
    (1..1_000).map(|k| k * step.max(1)).take_while(|&share| share < most).chain([most]).collect()
}

fn checks(from: &Parameters, count: u32) -> Hold {
    let interval = nearly_an_interval(from);
    Hold::Analysis(Analysis { interval, at_once: false, count, failure_limit: from.count("failure_limit") })
}

fn until_next_look(from: &Parameters) -> Hold {
    Hold::For(nearly_an_interval(from))
}

/// What begins at one look is over a second before the next, which acts on it.
fn nearly_an_interval(from: &Parameters) -> Duration {
    Duration::from_millis(from.span("analysis_interval").as_millis().saturating_sub(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::View;

    /// Flagger's documentation: interval x (maximum / step) is the least time to validate: 10 min for 1 min, 50 and 5.
    #[test]
    fn ten_steps_of_five_percent() {
        let from = flagger().strategies[0].parameters.clone();
        let from =
            from.with("step_percent", Value::Permille(50), "test").with("max_percent", Value::Permille(500), "test");
        let rollout = canary(&from);
        let weights: Vec<_> = rollout.program.iter().filter_map(|step| step.weight).collect();
        assert_eq!(weights, [50, 100, 150, 200, 250, 300, 350, 400, 450, 500, 1_000]);
        assert_eq!(shares(300, 1_000), [300, 600, 900, 1_000]);
    }

    /// The primary gets all its new tasks while the canary keeps its own: 20 of 10 in the last step but one.
    #[test]
    fn the_canary_stays_while_the_primary_is_updated() {
        for strategy in flagger().strategies {
            let program = strategy.rollout().program;
            let mut view = View { desired: 10, ..View::default() };
            program[program.len() - 2].aim(&mut view);
            assert_eq!((view.new.target, view.aside, view.old.target), (20, 10, 0), "{}", strategy.name);
        }
    }
}
