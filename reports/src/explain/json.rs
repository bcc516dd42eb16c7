//! The explanation as JSON, for programs: the keys are a promise, kept until `schema_version` changes.

use seatrial_sim::engine::time::Time;
use serde_json::{Map, Value, json};

use super::tornado::Bar;
use super::{Chosen, Explanation};
use crate::rounding::to_micros;
use crate::settings;
use crate::statistics::Difference;

/// The explanation as pretty-printed JSON that ends with a newline. What is not known is `null`; times are seconds, those of
/// legs and of what blocked from the run's start on.
pub fn render(explanation: &Explanation) -> String {
    let Explanation { scenario, question, variant, horizon_s, seeds, finished, run, blocked, tornado, .. } =
        explanation;
    let path = run.path.as_ref();
    let all_ended = *finished > 0 && finished == seeds;
    let waits = explanation.waits().into_iter().map(|wait| {
        json!({
            "kind": wait.kind.name(), "s": to_micros(wait.seconds), "parts": wait.parts,
            "mean_s": all_ended.then(|| to_micros(wait.mean_s)),
        })
    });
    let legs = path.iter().flat_map(|path| &path.legs).zip(&run.until).map(|(leg, until)| {
        json!({
            "kind": leg.kind.name(), "until": until, "fact": leg.fact.index(), "from_s": leg.from.as_secs_f64(), "to_s": leg.to.as_secs_f64(),
            "task": leg.task.map(|task| task.0),
            "host": leg.host.map(|host| &run.hosts[host.index()]),
        })
    });
    let without_room = run.without_room.iter().map(|blocked| {
        json!({
            "service": blocked.service, "from_s": blocked.from.as_secs_f64(),
            "to_s": blocked.until.map(Time::as_secs_f64), "shortage": blocked.shortage,
        })
    });
    let chosen = match run.chosen {
        Chosen::Median => "median",
        Chosen::Asked => "asked",
        Chosen::First => "first",
    };
    let document = json!({
        "schema_version": 1,
        "scenario": scenario, "question": question, "variant": variant, "horizon_s": horizon_s,
        "seeds": seeds, "finished": finished,
        "run": {
            "seed": run.seed, "chosen": chosen, "service": run.service,
            "deploy": path.map(|path| path.deploy.0),
            "deploy_s": path.map(|path| path.duration().as_secs_f64()),
            "requested_s": path.map(|path| path.requested.as_secs_f64()),
            "critical_path": legs.collect::<Vec<Value>>(),
            "without_room": without_room.collect::<Vec<Value>>(),
        },
        "waits": waits.collect::<Vec<Value>>(),
        "mean_deploy_s": all_ended.then(|| to_micros(explanation.mean_s.iter().sum())),
        "blocked": blocked,
        "what_if": tornado.bars.iter().map(bar).collect::<Vec<Value>>(),
    });
    format!("{document:#}\n")
}

fn bar(bar: &Bar) -> Value {
    let set: Map<String, Value> =
        bar.settings.iter().map(|setting| (setting.path.clone(), settings::json(&setting.value))).collect();
    json!({
        "change": bar.change, "set": set, "changes_nothing": bar.changes_nothing(),
        "saved_s": bar.saved_s.map(estimate), "saved_usd_per_month": estimate(bar.saved_usd_per_month),
        "saved_failed_requests": bar.saved_failures.map(estimate),
        "more_finished": bar.more_finished,
    })
}

fn estimate(of: Difference) -> Value {
    let interval = of.interval.map(|interval| [to_micros(interval.low), to_micros(interval.high)]);
    json!({ "mean": to_micros(of.mean), "interval": interval })
}
