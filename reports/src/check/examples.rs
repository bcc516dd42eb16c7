//! Checks made up for tests.

use seatrial_scenarios::criteria::{Criterion, Demand};
use seatrial_scenarios::measures::Measure;

use super::change::{Change, Moved, Parting};
use super::verdict::{Case, Verdict};
use super::{Against, Check, Checked};
use crate::statistics::Interval;

/// Every one, by a name for its file.
pub(super) fn every() -> [(&'static str, Check); 8] {
    [
        ("all-met", all_met()),
        ("one-fails", one_fails()),
        ("undecided", undecided()),
        ("exact", exact()),
        ("gone", gone()),
        ("beyond", beyond()),
        ("nasty", nasty()),
        ("many", many(100)),
    ]
}

/// A demand in every run and one against the baseline, and nothing changed.
pub(super) fn all_met() -> Check {
    let against = case("web", "deploy_p95", Demand::MorePercent(10.0), "max +10%");
    let against = Case { value: Some(250.0), baseline: Some(250.0), bounds: interval(0.0, 0.0), ..against };
    let healthy = case("web", "lowest_healthy", Demand::AtLeast(50.0), ">= 50%");
    let healthy = Case { value: Some(100.0), ..healthy };
    check(vec![checked("web.toml", vec![against, healthy], Some(baseline(vec![])))])
}

/// Deploys take 4m 10s -> 9m 30s, 5m 20s or 128 % more, and the bill is $212 higher: drains are longer by more than that, and
/// checks shorter.
pub(super) fn one_fails() -> Check {
    let broken = case("web", "deploy_p95", Demand::MorePercent(10.0), "max +10%");
    let broken = Case {
        verdict: Verdict::Fail,
        value: Some(570.0),
        baseline: Some(250.0),
        bounds: interval(300.25, 327.5),
        ..broken
    };
    let met = case("web", "cost_per_month", Demand::More(300.0), "max +$300");
    let met = Case { value: Some(763.88), baseline: Some(551.88), bounds: interval(212.0, 212.0), ..met };
    check(vec![checked("./web.toml", vec![met, broken], Some(baseline(vec![longer("web")])))])
}

/// Ten seeds that do not tell of an absolute demand, without a baseline.
pub(super) fn undecided() -> Check {
    let open = case("web", "deploy_p95", Demand::AtMost(480.0), "<= 8m");
    let open = Case {
        verdict: Verdict::Undecided,
        value: Some(470.0),
        bounds: interval(440.0, f64::INFINITY),
        remark: Some("10 seeds are too few: it takes 60".into()),
        ..open
    };
    check(vec![Checked { seeds: 10, ..checked("web.toml", vec![open], None) }])
}

/// No demands, and any change fails: one variant plays otherwise and no number moved, of another one numbers moved.
pub(super) fn exact() -> Check {
    let parting = Some(Parting { seed: 2, at_s: None, what: "the runs of this seed part".into() });
    let quiet = Change { variant: "calm".into(), model: false, moved: vec![], parting, waits_s: vec![] };
    let changed = checked("web.toml", vec![], Some(baseline(vec![quiet, longer("web")])));
    let unchanged = checked("api.toml", vec![], Some(baseline(vec![])));
    Check { exact: true, ..check(vec![changed, unchanged]) }
}

/// A variant of the baseline that is not there any more.
pub(super) fn gone() -> Check {
    let against = Against { gone: vec!["old".into()], ..baseline(vec![]) };
    check(vec![checked("web.toml", vec![], Some(against))])
}

/// Deploys do not end any more: what they take, and by how much that is more, is not known. And what never was a number.
pub(super) fn beyond() -> Check {
    let broken = case("web", "deploy_p95", Demand::MorePercent(10.0), "max +10%");
    let bounds = interval(f64::NEG_INFINITY, f64::INFINITY);
    let broken = Case { verdict: Verdict::Fail, baseline: Some(250.0), bounds, ..broken };
    let change = Change { moved: vec![moved("deploy_p95", Some(250.0), None)], waits_s: vec![], ..longer("web") };
    check(vec![checked("web.toml", vec![broken], Some(baseline(vec![change])))])
}

/// What would be markup, the end of a cell, a command, a mention, or no character of XML.
pub(super) const NASTY: &str = "</td>|`\\|`<script>alert(1)</script> [x](javascript:y) ![i](z) **b** ]]> & ' \" $1$ @you #1 \
    100 %0A::error::x,y\r\n::warning::z\u{1b}[31m\u{0}\u{b}\u{ffff}\u{202e}";

/// Every name is [`NASTY`].
pub(super) fn nasty() -> Check {
    let broken = case(NASTY, "deploy_p95", Demand::AtMost(1.0), NASTY);
    let broken = Case { verdict: Verdict::Fail, value: Some(2.0), remark: Some(NASTY.into()), ..broken };
    let change = Change {
        parting: Some(Parting { seed: 1, at_s: Some(1.0), what: NASTY.into() }),
        moved: vec![moved("deploy_p95", Some(1.0), Some(2.0))],
        ..longer(NASTY)
    };
    let against =
        Against { name: NASTY.into(), version: NASTY.into(), gone: vec![NASTY.into()], ..baseline(vec![change]) };
    let checked = Checked { question: NASTY.into(), ..checked(NASTY, vec![broken], Some(against)) };
    Check { command: format!("seatrial check '{NASTY}' ```"), ..check(vec![checked]) }
}

/// So many variants that all fail and changed; the last ones are worse.
pub(super) fn many(n: usize) -> Check {
    let name = |i: usize| format!("variant {i}");
    let case = |i: usize| {
        let broken = case(&name(i), "deploy_p95", Demand::AtMost(1.0), "<= 1s");
        Case { verdict: Verdict::Fail, value: Some(10.0 + i as f64), ..broken }
    };
    let changes = (0..n).map(|i| longer(&name(i))).collect();
    check(vec![checked("web.toml", (0..n).map(case).collect(), Some(baseline(changes)))])
}

fn check(scenarios: Vec<Checked>) -> Check {
    let command = "seatrial check web.toml --baseline baseline.toml".into();
    Check { scenarios, strict: false, exact: false, command }
}

fn checked(file: &str, cases: Vec<Case>, against: Option<Against>) -> Checked {
    let question = "one spare host or five?".into();
    Checked { file: file.into(), question, seeds: 200, variants: 1, cases, against }
}

fn baseline(changes: Vec<Change>) -> Against {
    let name = "baseline.toml".into();
    Against { name, version: "0.1.0".into(), same_file: false, same_seeds: true, changes, gone: vec![] }
}

/// A demand on line 31 that is met, of which no number is known.
fn case(variant: &str, measure: &str, demand: Demand, text: &str) -> Case {
    let measure = Measure::named(measure).unwrap();
    let criterion = Criterion { measure, demand, text: text.into(), line: 31, variants: vec![variant.into()] };
    Case {
        variant: variant.into(),
        criterion,
        verdict: Verdict::Pass,
        seeds: 200,
        value: None,
        baseline: None,
        bounds: None,
        confidence: 0.999,
        remark: None,
    }
}

fn longer(variant: &str) -> Change {
    let bill = moved("cost_per_month", Some(551.88), Some(763.88));
    Change {
        variant: variant.into(),
        model: true,
        moved: vec![moved("deploy_p95", Some(250.0), Some(570.0)), Moved { bounds: interval(212.0, 212.0), ..bill }],
        parting: Some(Parting {
            seed: 1,
            at_s: Some(760.0),
            what: "host m5-3 was chosen for a task of web instead of m5-1".into(),
        }),
        waits_s: vec![("health check", -10.0), ("drain", 330.0)],
    }
}

fn moved(measure: &str, was: Option<f64>, is: Option<f64>) -> Moved {
    Moved { measure: Measure::named(measure).unwrap(), was, is, bounds: None }
}

#[expect(clippy::unnecessary_wraps, reason = "that is what a case has")]
fn interval(low: f64, high: f64) -> Option<Interval> {
    Some(Interval { low, high })
}
