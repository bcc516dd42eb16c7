//! A check as JSON, for programs: the keys are a promise, kept until `schema_version` changes.
//!
//! Its schema is `docs/schemas/check.schema.json`.

use seatrial_scenarios::measures::Unit;
use serde::Serialize;

use super::change::{Change, Moved, Parting};
use super::verdict::{Case, Verdict};
use super::wording::cause;
use super::{Against, Check, Checked, Tally};
use crate::rounding::to_micros;
use crate::statistics::Interval;

/// The check as pretty-printed JSON that ends with a newline. What is not known, and what there is not, is `null`; nothing is
/// left out.
#[expect(clippy::missing_panics_doc, reason = "strings and numbers can always be written as JSON")]
pub fn render(check: &Check) -> String {
    let mut text = serde_json::to_string_pretty(&Document::new(check)).expect("strings and numbers only");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    verdict: &'static str,
    strict: bool,
    exact: bool,
    criteria: Counts,
    command: &'a str,
    scenarios: Vec<Scenario<'a>>,
}

#[derive(Serialize)]
struct Counts {
    met: usize,
    not_met: usize,
    undecided: usize,
}

#[derive(Serialize)]
struct Scenario<'a> {
    file: &'a str,
    question: &'a str,
    verdict: &'static str,
    seeds: usize,
    variants: usize,
    criteria: Counts,
    cases: Vec<Demand<'a>>,
    baseline: Option<Baseline<'a>>,
}

#[derive(Serialize)]
struct Demand<'a> {
    variant: &'a str,
    criterion: String,
    measure: &'static str,
    unit: &'static str,
    line: usize,
    verdict: &'static str,
    seeds: usize,
    value: Option<f64>,
    baseline: Option<f64>,
    difference: Option<f64>,
    difference_percent: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    confidence: Option<f64>,
    remark: Option<&'a str>,
}

#[derive(Serialize)]
struct Baseline<'a> {
    name: &'a str,
    version: &'a str,
    same_file: bool,
    same_seeds: bool,
    changes: Option<Vec<VariantChange<'a>>>,
    gone: &'a [String],
}

#[derive(Serialize)]
struct VariantChange<'a> {
    variant: &'a str,
    model_changed: bool,
    cause: &'static str,
    moved: Vec<Number>,
    parting: Option<Part<'a>>,
    waits: Vec<Wait>,
}

#[derive(Serialize)]
struct Number {
    measure: &'static str,
    unit: &'static str,
    was: Option<f64>,
    is: Option<f64>,
    difference: Option<f64>,
    difference_percent: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
}

#[derive(Serialize)]
struct Part<'a> {
    seed: u64,
    at_s: Option<f64>,
    what: &'a str,
}

#[derive(Serialize)]
struct Wait {
    kind: &'static str,
    difference_s: f64,
}

impl<'a> Document<'a> {
    fn new(check: &'a Check) -> Self {
        Self {
            schema_version: 1,
            verdict: pass_or_fail(check.passes()),
            strict: check.strict,
            exact: check.exact,
            criteria: Counts::new(check.tally()),
            command: &check.command,
            scenarios: check.scenarios.iter().map(|checked| Scenario::new(check, checked)).collect(),
        }
    }
}

impl Counts {
    const fn new(Tally { passed, failed, undecided }: Tally) -> Self {
        Self { met: passed, not_met: failed, undecided }
    }
}

impl<'a> Scenario<'a> {
    fn new(check: &Check, checked: &'a Checked) -> Self {
        Self {
            file: &checked.file,
            question: &checked.question,
            verdict: pass_or_fail(check.passes_with(checked)),
            seeds: checked.seeds,
            variants: checked.variants,
            criteria: Counts::new(checked.tally()),
            cases: checked.cases.iter().map(Demand::new).collect(),
            baseline: checked.against.as_ref().map(Baseline::new),
        }
    }
}

impl<'a> Demand<'a> {
    fn new(case: &'a Case) -> Self {
        let measure = case.criterion.measure;
        let (low, high) = ends(case.bounds);
        Self {
            variant: &case.variant,
            criterion: case.criterion.written(),
            measure: measure.name,
            unit: unit(measure.unit),
            line: case.criterion.line,
            verdict: match case.verdict {
                Verdict::Pass => "pass",
                Verdict::Fail => "fail",
                Verdict::Undecided => "undecided",
            },
            seeds: case.seeds,
            value: number(case.value),
            baseline: number(case.baseline),
            difference: number(case.difference()),
            difference_percent: percent(case.baseline, case.difference()),
            low,
            high,
            confidence: case.bounds.map(|_| case.confidence),
            remark: case.remark.as_deref(),
        }
    }
}

impl<'a> Baseline<'a> {
    fn new(against: &'a Against) -> Self {
        let changes = || against.changes.iter().map(|change| VariantChange::new(change, against)).collect();
        Self {
            name: &against.name,
            version: &against.version,
            same_file: against.same_file,
            same_seeds: against.same_seeds,
            changes: against.same_seeds.then(changes),
            gone: &against.gone,
        }
    }
}

impl<'a> VariantChange<'a> {
    fn new(change: &'a Change, against: &Against) -> Self {
        let wait = |&(kind, seconds)| Wait { kind, difference_s: to_micros(seconds) };
        Self {
            variant: &change.variant,
            model_changed: change.model,
            cause: cause(change, against),
            moved: change.moved.iter().map(Number::new).collect(),
            parting: change.parting.as_ref().map(|Parting { seed, at_s, what }| Part {
                seed: *seed,
                at_s: *at_s,
                what,
            }),
            waits: change.waits_s.iter().map(wait).collect(),
        }
    }
}

impl Number {
    fn new(moved: &Moved) -> Self {
        let (low, high) = ends(moved.bounds);
        Self {
            measure: moved.measure.name,
            unit: unit(moved.measure.unit),
            was: number(moved.was),
            is: number(moved.is),
            difference: number(moved.difference()),
            difference_percent: percent(moved.was, moved.difference()),
            low,
            high,
        }
    }
}

const fn pass_or_fail(passes: bool) -> &'static str {
    if passes { "pass" } else { "fail" }
}

const fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "s",
        Unit::Minutes => "min",
        Unit::Usd => "usd",
        Unit::Requests => "requests",
        Unit::Percent => "percent",
    }
}

/// A number that JSON has.
fn number(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite()).map(to_micros)
}

/// Both ends; one that is not known is absent.
fn ends(ends: Option<Interval>) -> (Option<f64>, Option<f64>) {
    (number(ends.map(|ends| ends.low)), number(ends.map(|ends| ends.high)))
}

/// A difference in percent of what it was; of nothing there is none.
fn percent(was: Option<f64>, difference: Option<f64>) -> Option<f64> {
    let was = was.filter(|was| *was > 0.0)?;
    number(difference.map(|difference| 100.0 * difference / was))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::check::examples;

    fn document(check: &Check) -> Value {
        serde_json::from_str(&render(check)).unwrap()
    }

    /// 570 s are 320 s or 128 % more than 250 s; $763.88 are $212 or 38.414148 % more than $551.88.
    #[test]
    fn the_document_has_exactly_the_promised_keys() {
        let golden = json!({
            "schema_version": 1,
            "verdict": "fail",
            "strict": false,
            "exact": false,
            "criteria": { "met": 1, "not_met": 1, "undecided": 0 },
            "command": "seatrial check web.toml --baseline baseline.toml",
            "scenarios": [{
                "file": "./web.toml",
                "question": "one spare host or five?",
                "verdict": "fail",
                "seeds": 200,
                "variants": 1,
                "criteria": { "met": 1, "not_met": 1, "undecided": 0 },
                "cases": [
                    {
                        "variant": "web", "criterion": "cost_per_month = \"max +$300\"", "measure": "cost_per_month",
                        "unit": "usd", "line": 31, "verdict": "pass", "seeds": 200, "value": 763.88, "baseline": 551.88,
                        "difference": 212.0, "difference_percent": 38.414_148, "low": 212.0, "high": 212.0,
                        "confidence": 0.999, "remark": null
                    },
                    {
                        "variant": "web", "criterion": "deploy_p95 = \"max +10%\"", "measure": "deploy_p95",
                        "unit": "s", "line": 31, "verdict": "fail", "seeds": 200, "value": 570.0, "baseline": 250.0,
                        "difference": 320.0, "difference_percent": 128.0, "low": 300.25, "high": 327.5,
                        "confidence": 0.999, "remark": null
                    }
                ],
                "baseline": {
                    "name": "baseline.toml",
                    "version": "0.1.0",
                    "same_file": false,
                    "same_seeds": true,
                    "changes": [{
                        "variant": "web",
                        "model_changed": true,
                        "cause": "its settings changed",
                        "moved": [
                            {
                                "measure": "deploy_p95", "unit": "s", "was": 250.0, "is": 570.0, "difference": 320.0,
                                "difference_percent": 128.0, "low": null, "high": null
                            },
                            {
                                "measure": "cost_per_month", "unit": "usd", "was": 551.88, "is": 763.88,
                                "difference": 212.0, "difference_percent": 38.414_148, "low": 212.0, "high": 212.0
                            }
                        ],
                        "parting": {
                            "seed": 1, "at_s": 760.0, "what": "host m5-3 was chosen for a task of web instead of m5-1"
                        },
                        "waits": [
                            { "kind": "health check", "difference_s": -10.0 },
                            { "kind": "drain", "difference_s": 330.0 }
                        ]
                    }],
                    "gone": []
                }
            }]
        });
        assert_eq!(document(&examples::one_fails()), golden);
    }

    #[test]
    fn what_is_not_known_is_null() {
        let case = &document(&examples::beyond())["scenarios"][0]["cases"][0];
        for key in ["value", "difference", "difference_percent", "low", "high"] {
            assert!(case[key].is_null(), "{key}: {case}");
        }
        assert_eq!(case["baseline"], 250.0);
        assert!(document(&examples::undecided())["scenarios"][0]["baseline"].is_null(), "there is none");
        let mut other_seeds = examples::all_met();
        other_seeds.scenarios[0].against.as_mut().unwrap().same_seeds = false;
        assert!(document(&other_seeds)["scenarios"][0]["baseline"]["changes"].is_null(), "what changed is not known");
    }
}
