//! What a change does, in one sentence of Markdown: that of the variant that matters most.

use seatrial_scenarios::measures::Unit;

use super::change::{Change, Moved};
use super::findings::{About, all, changes, share};
use super::verdict::{Case, Verdict};
use super::wording::{difference, value, value_of};
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
    // Deploys that do not end any more come first, then how long they take, and then what moved most.
    let by_share = |moved: &&Moved| moved_share(moved);
    let worth_it = || change.moved.iter().filter(|moved| moved_share(moved) >= LITTLE);
    let most = |name: &str| {
        let named = worth_it().filter(|moved| moved.measure.name.starts_with(name));
        named.max_by(|a, b| by_share(a).total_cmp(&by_share(b)))
    };
    let telling = of("unfinished").or_else(|| most("deploy_")).or_else(|| most(""));
    let Some(main) = measure.and_then(of).or(telling) else {
        return format!("this change makes {variant} play otherwise; no number moved by 1 %");
    };
    let bill = of(BILL).filter(|bill| bill.measure != main.measure).and_then(Moved::difference);
    let bill = bill.map(|by| format!(", {} a month", escaped(&difference(Unit::Usd, by))));
    let [was, is] = [main.was, main.is].map(|side| escaped(&value_of(&main.measure, side)));
    let what = match main.measure.name.strip_prefix("deploy_") {
        Some(statistic) => format!("deploys of {variant} {was} -> {is} ({statistic})"),
        None => format!("{} of {variant} {was} -> {is}", escaped(main.measure.name)),
    };
    format!("this change makes {what}{}", bill.unwrap_or_default())
}

const BILL: &str = "cost_per_month";
/// A smaller share is not worth a headline.
const LITTLE: f64 = 0.01;

/// How much a variant moved: the largest share of any number.
fn size(about: &About) -> f64 {
    let About::Change(change, _) = about else { return 0.0 };
    change.moved.iter().map(moved_share).fold(0.0, f64::max)
}

/// How much a number moved, as a share of what it was.
fn moved_share(moved: &Moved) -> f64 {
    match (moved.was, moved.is) {
        (Some(was), Some(is)) => share((is - was).abs(), was.abs()),
        _ => f64::INFINITY,
    }
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
