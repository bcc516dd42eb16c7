//! How a check says things: its numbers in the unit of their measure, its sentences alike in every format.

use seatrial_scenarios::criteria::Demand;
use seatrial_scenarios::measures::{Measure, Statistic, Unit};

use super::change::{Change, Moved, Parting};
use super::kept::FEW;
use super::verdict::{Case, Verdict};
use super::{Against, Check, Checked};
use crate::statistics::Interval;
use crate::wording::{count, duration, grouped, plain, small_percent};

/// What came of the whole check: `FAIL: 1 of 9 criteria is not met, 1 is undecided`.
pub(super) fn closing(check: &Check) -> String {
    format!("{}: {}", whole(check), tallied(check))
}

/// What came of the whole check, as a word.
pub(super) fn whole(check: &Check) -> &'static str {
    word(if check.passes() { Verdict::Pass } else { Verdict::Fail })
}

/// What came of the demands: `1 of 9 criteria is not met, 1 is undecided`.
pub(super) fn tallied(check: &Check) -> String {
    let tally = check.tally();
    let all = tally.passed + tally.failed + tally.undecided;
    let mut said = vec![];
    if tally.failed > 0 {
        let (are, of) = (if tally.failed == 1 { "is" } else { "are" }, counted(all, "criterion", "criteria"));
        said.push(format!("{} of {of} {are} not met", tally.failed));
    } else if all > 0 && tally.undecided == 0 {
        let criteria = counted(all, "criterion", "criteria");
        said.push(if all == 1 { format!("{criteria} is met") } else { format!("all of {criteria} are met") });
    }
    if tally.undecided > 0 {
        let of =
            if tally.failed > 0 { String::new() } else { format!(" of {}", counted(all, "criterion", "criteria")) };
        let strictly = if check.strict { ", which --strict does not allow" } else { "" };
        said.push(format!("{}{of} undecided{strictly}", tally.undecided));
    }
    if check.exact {
        let changed = check.scenarios.iter().filter(|checked| checked.is_changed()).count();
        let of = counted(check.scenarios.len(), "scenario", "scenarios");
        said.push(match changed {
            0 => format!("nothing changed in {of}"),
            _ => format!("{changed} of {of} changed, which --exact does not allow"),
        });
    }
    said.join("; ")
}

/// One scenario in short: `3 variants, 9 criteria on 200 seeds: 7 met, 1 not met, 1 undecided`.
pub(super) fn summary(checked: &Checked) -> String {
    let tally = checked.tally();
    let criteria = counted(checked.cases.len(), "criterion", "criteria");
    let met = [(tally.passed, "met"), (tally.failed, "not met"), (tally.undecided, "undecided")];
    let met: Vec<_> = met.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    let (variants, seeds) = (counted(checked.variants, "variant", "variants"), counted(checked.seeds, "seed", "seeds"));
    let colon = if met.is_empty() { "" } else { ": " };
    format!("{variants}, {criteria} on {seeds}{colon}{}", met.join(", "))
}

/// A verdict as a word of one width.
pub(super) const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "PASS",
        Verdict::Fail => "FAIL",
        Verdict::Undecided => "OPEN",
    }
}

/// What was measured of a demand: `deploy_p95 9m 30s, baseline 4m 10s: +128.0 % [+120.1 %, +131.0 %] (99.9 % CI)`.
pub(super) fn measured(case: &Case) -> String {
    let name = case.criterion.measure.name;
    match sides(case) {
        (is, None) => format!("{name} {is}"),
        (is, Some((was, Some(by)))) => format!("{name} {is}, baseline {was}: {by}"),
        (is, Some((was, None))) => format!("{name} {is}, baseline {was}"),
    }
}

/// What a number is, what the baseline's was, and by how much it is more, where that is known; how sure that is stands beside the
/// last of them.
pub(super) fn sides(case: &Case) -> (String, Option<(String, Option<String>)>) {
    let unit = case.criterion.measure.unit;
    let is = value(unit, case.value);
    let known = case.bounds.filter(|ends| ends.low.is_finite() || ends.high.is_finite());
    let sure = |say: &dyn Fn(f64) -> String| {
        let ends = known.map(|ends| format!(" {} ({} CI)", interval(ends, say), confidence(case.confidence)));
        ends.unwrap_or_default()
    };
    let Some(was) = case.baseline else {
        let is_relative = case.criterion.demand.is_relative();
        return (is + &if is_relative { String::new() } else { sure(&|end| value(unit, Some(end))) }, None);
    };
    let in_percent = matches!(case.criterion.demand, Demand::MorePercent(_)) && was > 0.0;
    let of = |by: f64| if in_percent { percent(100.0 * by / was) } else { difference(unit, by) };
    let by = case.difference().map(|by| of(by) + &sure(&of));
    (is, Some((value(unit, Some(was)), by)))
}

/// What deploys wait for now: `the difference is in: drain +4m 10s, health check -10.0s`.
pub(super) fn waits(change: &Change) -> Option<String> {
    let mut waits = change.waits_s.clone();
    waits.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let said = waits.iter().take(3).map(|&(kind, seconds)| format!("{kind} {}", difference(Unit::Seconds, seconds)));
    let said = said.collect::<Vec<_>>().join(", ");
    (!said.is_empty()).then(|| format!("the difference is in: {said} (mean of the first {FEW} seeds)"))
}

/// Why a variant plays otherwise, as far as that is known.
pub(super) fn cause(change: &Change, against: &Against) -> &'static str {
    match (change.model, against.same_file) {
        (true, false) => "its settings changed",
        (true, true) => "the file is the same, but not what is made of it: a file that it names, or the build",
        (false, _) => "its settings are the same, but not how they play: the build, or a program that places",
    }
}

/// The numbers that moved: `deploy_p50 4m 10s -> 9m 30s (+5m 20s)`.
pub(super) fn moved(moved: &Moved) -> String {
    let unit = moved.measure.unit;
    let by = moved.difference().map(|by| {
        let ends = moved.bounds.map(|ends| format!(" {}", interval(ends, &|end| difference(unit, end))));
        format!(" ({}{})", difference(unit, by), ends.unwrap_or_default())
    });
    let [was, is] = [moved.was, moved.is].map(|side| value_of(&moved.measure, side));
    format!("{} {was} -> {is}{}", moved.measure.name, by.unwrap_or_default())
}

/// Where the runs part: `seed 1, at 12m 40s: host m5-3 was chosen for a task of web instead of m5-1`.
pub(super) fn parting(parting: &Parting) -> String {
    let at = match parting.at_s {
        None => String::new(),
        Some(0.0) => ", at the start".into(),
        Some(at_s) => format!(", at {}", duration(at_s)),
    };
    plain(&format!("seed {}{at}: {}", parting.seed, parting.what))
}

/// `1 variant`, `3 variants`.
pub(super) fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// A share of sure things, never rounded up to all: `99.95 %`.
pub(super) fn confidence(share: f64) -> String {
    let percent = 100.0 * share;
    let text = (0..6).map(|digits| format!("{percent:.digits$}")).find(|text| !text.starts_with("100"));
    format!("{} %", text.unwrap_or_else(|| "99.999999".into()))
}

/// Both ends; an infinite one is `..`.
fn interval(ends: Interval, say: &dyn Fn(f64) -> String) -> String {
    let end = |end: f64| if end.is_finite() { say(end) } else { "..".into() };
    format!("[{}, {}]", end(ends.low), end(ends.high))
}

/// A number in its unit; one that is absent is beyond the horizon.
pub(super) fn value(unit: Unit, value: Option<f64>) -> String {
    let Some(value) = value.filter(|value| value.is_finite()) else { return "beyond the horizon".into() };
    match unit {
        Unit::Seconds if value < 0.0005 => "0s".into(),
        Unit::Seconds => duration(value),
        Unit::Minutes => format!("{} min", decimal(value)),
        Unit::Usd => format!("${}", dollars(value)),
        Unit::Requests => count(value),
        Unit::Percent => small_percent(value),
    }
}

/// The value of a measure; a mean of runs of which some do not end is none.
pub(super) fn value_of(measure: &Measure, number: Option<f64>) -> String {
    match (measure.statistic, number) {
        (Statistic::Mean, None) => "none".into(),
        _ => value(measure.unit, number),
    }
}

/// A difference in the unit, with its sign; what reads as nothing has none.
pub(super) fn difference(unit: Unit, by: f64) -> String {
    let size_of = |by| match (unit, value(unit, Some(by))) {
        // Of shares it is points, not a share of a share.
        (Unit::Percent, share) => share.replace(" %", " points"),
        (_, size) => size,
    };
    let (size, nothing) = (size_of(by.abs()), size_of(0.0));
    match by {
        _ if size == nothing => nothing,
        by if by < 0.0 => format!("-{size}"),
        _ => format!("+{size}"),
    }
}

/// A difference in percent, with its sign.
pub(super) fn percent(by: f64) -> String {
    match by {
        0.0 => "0 %".into(),
        by if by.abs() < 0.05 => "0.0 %".into(),
        by if by.abs() >= 1000.0 => {
            format!("{}{} %", if by < 0.0 { '-' } else { '+' }, grouped(&format!("{:.0}", by.abs())))
        }
        by => format!("{by:+.1} %"),
    }
}

/// Two decimals at most.
fn decimal(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// Dollars and cents, with commas; less than a dollar with as many digits as it takes.
fn dollars(usd: f64) -> String {
    let digits = match usd {
        usd if (0.000_000_5..0.001).contains(&usd) => 6,
        usd if (0.001..1.0).contains(&usd) => 4,
        _ => 2,
    };
    let text = format!("{usd:.digits$}");
    let (whole, part) = text.split_once('.').unwrap_or((&text, "00"));
    // At least cents.
    let kept = part.trim_end_matches('0').len().max(2);
    format!("{}.{}", grouped(whole), &part[..kept])
}
