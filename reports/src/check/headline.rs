//! What a change does, in one sentence of Markdown: that of the variant that matters most.

use seatrial_scenarios::measures::Unit;

use super::change::{Change, Moved};
use super::findings::{About, all, changes, share};
use super::verdict::{Case, Verdict};
use super::wording::{difference, value};
use super::{Check, Checked};
use crate::markdown::{code, escaped};

/// `this change makes deploys of "web" 4m 10s -> 9m 30s (p95), +$212.00 a month`, of the demand that is broken worst, or else of
/// the variant that moved most. Nothing where there is no baseline and nothing is broken.
pub(super) fn headline(check: &Check) -> Option<String> {
    let worst = all(check).into_iter().find_map(|finding| match finding.about {
        About::Demand(case) if case.verdict == Verdict::Fail => Some((finding.checked, case)),
        _ => None,
    });
    if let Some((checked, case)) = worst {
        return Some(of_demand(checked, case));
    }
    let changed = check.scenarios.iter().flat_map(changes);
    let most = changed.reduce(|most, other| if size(&other) > size(&most) { other } else { most });
    match most {
        Some(About::Change(change, _)) => Some(of_change(change, None)),
        Some(about) => Some(format!("this change takes {} away", code(&about.variant()))),
        None => unchanged(check),
    }
}

/// What is broken: what the change does to it, or where nothing is known of a change, what it is.
fn of_demand(checked: &Checked, case: &Case) -> String {
    let measure = case.criterion.measure;
    let moved =
        checked.change(&case.variant).filter(|change| change.moved.iter().any(|moved| moved.measure == measure));
    if let Some(change) = moved {
        return of_change(change, Some(measure.name));
    }
    let said = |number| escaped(&value(measure.unit, number));
    let was = case.baseline.map(|was| format!(", the baseline's {}", said(Some(was))));
    let (of, is, text) = (code(&case.variant), said(case.value), code(&case.criterion.text));
    format!("{} of {of} is {is}{}, and {text} is demanded", escaped(measure.name), was.unwrap_or_default())
}

/// What a change does to a measure, or else to the one that tells most, and to the bill.
fn of_change(change: &Change, measure: Option<&str>) -> String {
    let variant = code(&change.variant);
    let of = |name: &str| change.moved.iter().find(|moved| moved.measure.name == name);
    let telling = ["deploy_p50", "deploy_p95", "deploy_mean", BILL].into_iter().find_map(of);
    let Some(main) = measure.and_then(of).or(telling).or(change.moved.first()) else {
        return format!("this change makes {variant} play otherwise; no number moved");
    };
    let bill = of(BILL).filter(|bill| bill.measure != main.measure).and_then(Moved::difference);
    let bill = bill.map(|by| format!(", {} a month", escaped(&difference(Unit::Usd, by))));
    let [was, is] = [main.was, main.is].map(|side| escaped(&value(main.measure.unit, side)));
    let what = match main.measure.name.strip_prefix("deploy_") {
        Some(statistic) => format!("deploys of {variant} {was} -> {is} ({statistic})"),
        None => format!("{} of {variant} {was} -> {is}", escaped(main.measure.name)),
    };
    format!("this change makes {what}{}", bill.unwrap_or_default())
}

const BILL: &str = "cost_per_month";

/// How much a variant moved: the largest share of any number.
fn size(about: &About) -> f64 {
    let About::Change(change, _) = about else { return 0.0 };
    let of = |moved: &Moved| match (moved.was, moved.is) {
        (Some(was), Some(is)) => share((is - was).abs(), was.abs()),
        _ => f64::INFINITY,
    };
    change.moved.iter().map(of).fold(0.0, f64::max)
}

fn unchanged(check: &Check) -> Option<String> {
    let mut against = check.scenarios.iter().filter_map(|checked| checked.against.as_ref()).peekable();
    against.peek()?;
    Some(if against.all(|against| against.same_seeds) {
        "nothing changed".into()
    } else {
        "other seeds than the baseline's, so what changed is not known".into()
    })
}
