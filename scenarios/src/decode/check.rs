//! `[check]`: what is demanded of every variant, and of some by their names.

use super::{Item, nearest, quoted, suggestion};
use crate::criteria::{Criterion, Demand};
use crate::measures::{Measure, Statistic, Unit};
use crate::report::Problem;
use crate::tree::{Entry, Table, Value};

/// The criteria in the order of the file, of a scenario with these variants; `line` tells the line of a place in the file.
pub(crate) fn criteria(item: &Item, variants: &[String], line: &dyn Fn(usize) -> usize) -> Vec<Criterion> {
    let Some(table) = table_of(item) else { return vec![] };
    let mut own: Vec<(String, Vec<Demanded>)> = vec![];
    if let Some(entry) = table.get(VARIANT) {
        let item = at(item, entry);
        for entry in table_of(&item).map(|table| &table.entries).into_iter().flatten() {
            if variants.contains(&entry.key) {
                own.push((entry.key.clone(), demands(&at(&item, entry), None)));
            } else {
                let names: Vec<&str> = variants.iter().map(String::as_str).collect();
                let message = format!("no variant is named {}", quoted(&entry.key));
                let help = Some(suggestion(&entry.key, &names));
                item.context.note(Problem::new(entry.key_span.clone(), &item.path, message, help));
            }
        }
    }
    let of_all = demands(item, Some(VARIANT));
    let says = |variant: &str, measure: Measure| {
        own.iter().any(|(name, demands)| name == variant && demands.iter().any(|other| other.measure == measure))
    };
    let for_all = of_all.iter().map(|demanded| {
        let variants = variants.iter().filter(|variant| !says(variant, demanded.measure));
        (demanded, variants.cloned().collect::<Vec<_>>())
    });
    let for_one = own.iter().flat_map(|(name, demands)| demands.iter().map(|demanded| (demanded, vec![name.clone()])));
    let mut criteria: Vec<Criterion> = for_all
        .chain(for_one)
        .filter_map(|(Demanded { measure, demand, text, at }, variants)| {
            let (measure, text, line) = (*measure, text.clone(), line(*at));
            Some(Criterion { measure, demand: (*demand)?, text, line, variants }).filter(|it| !it.variants.is_empty())
        })
        .collect();
    criteria.sort_by_key(|criterion| criterion.line);
    criteria
}

const VARIANT: &str = "variant";

/// A line of the table; without a demand where one variant is left out.
struct Demanded {
    measure: Measure,
    demand: Option<Demand>,
    text: String,
    /// Where its key is in the file, in bytes.
    at: usize,
}

fn at<'a>(item: &Item<'a>, entry: &'a Entry) -> Item<'a> {
    Item { node: &entry.node, path: format!("{}.{}", item.path, entry.key), context: item.context }
}

fn table_of<'a>(item: &Item<'a>) -> Option<&'a Table> {
    match &item.node.value {
        Value::Table(table) => Some(table),
        _ => item.wrong_kind("a table"),
    }
}

/// The demands of a table, but for one key that is no measure.
fn demands(item: &Item, besides: Option<&str>) -> Vec<Demanded> {
    let table = table_of(item);
    let entries = table.map(|table| &table.entries).into_iter().flatten();
    let entries = entries.filter(|entry| besides != Some(entry.key.as_str()));
    entries
        .filter_map(|entry| {
            let Some(measure) = Measure::named(&entry.key) else {
                let names = Measure::names();
                let help = match nearest(&entry.key, names) {
                    Some(name) => format!("did you mean '{name}'?"),
                    None => suggestion(&entry.key, &names),
                };
                let message = format!("there is no measure {}", quoted(&entry.key));
                item.context.note(Problem::new(entry.key_span.clone(), &item.path, message, Some(help)));
                return None;
            };
            let item = at(item, entry);
            let text = item.string()?.trim().to_string();
            let demand = match text.as_str() {
                "none" if besides.is_none() => None,
                text => Some(demand(text, &measure).or_else(|| item.wrong(wrong(text), help(&measure)))?),
            };
            Some(Demanded { measure, demand, text, at: entry.key_span.start })
        })
        .collect()
}

fn demand(text: &str, measure: &Measure) -> Option<Demand> {
    let unit = measure.unit;
    let in_every_run = matches!(measure.statistic, Statistic::Least);
    if let Some(amount) = text.strip_prefix("max") {
        let amount = amount.trim_start();
        let (sign, amount) = match (amount.strip_prefix('+'), amount.strip_prefix('-')) {
            (Some(amount), _) => (1.0, amount.trim()),
            (_, Some(amount)) => (-1.0, amount.trim()),
            _ => return None,
        };
        // Shares are compared in percentage points.
        let of_percent = amount.strip_suffix('%').filter(|_| unit != Unit::Percent);
        let demand = match of_percent {
            Some(percent) => Demand::MorePercent(sign * Unit::Percent.read(percent)?),
            None => Demand::More(sign * unit.read(amount)?),
        };
        let is_below_nothing = matches!(demand, Demand::MorePercent(percent) if percent <= -100.0);
        return (!in_every_run && !is_below_nothing).then_some(demand);
    }
    // No share is more than all.
    let is_there = |amount: &f64| unit != Unit::Percent || *amount <= 100.0;
    let amount = |sign: &str| text.strip_prefix(sign).and_then(|amount| unit.read(amount.trim())).filter(is_there);
    let is_quantile = matches!(measure.statistic, Statistic::Quantile(_));
    match (amount("<="), amount(">="), amount("=")) {
        (Some(amount), _, _) if !in_every_run => Some(Demand::AtMost(amount)),
        (_, Some(amount), _) => Some(Demand::AtLeast(amount)),
        (_, _, Some(amount)) if !is_quantile => Some(Demand::Exactly(amount)),
        _ => None,
    }
}

fn wrong(text: &str) -> String {
    format!("{} demands nothing that can be checked", quoted(text))
}

/// What would do for a measure.
fn help(measure: &Measure) -> String {
    let example = measure.unit.example();
    match (measure.statistic, measure.unit) {
        (Statistic::Least, _) => "write \">= 50%\": in no run less".into(),
        (Statistic::Unfinished, _) => "write \"= 0\", \"<= 1%\", or \"max +1%\" against the baseline".into(),
        (Statistic::Quantile(_), _) => {
            format!("write \"<= {example}\", or against the baseline \"max +10%\" or \"max +{example}\"")
        }
        _ => format!("write \"= 0\", \"<= {example}\", or against the baseline \"max +10%\" or \"max +{example}\""),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::Scenario;

    /// What is demanded in a scenario with these variants, as lines.
    fn demanded(variants: &str, check: &str) -> Vec<(usize, String, Demand, Vec<String>)> {
        let text = format!(
            "question = \"?\"\n[[host_group]]\nname = \"g\"\nhosts = 2\ncpu = 1\nmemory = \"1MiB\"\n[[service]]\nname = \"s\"\n\
             desired = 1\nmemory = \"1MiB\"\n[[deploy]]\nservice = \"s\"\n{variants}{check}"
        );
        let scenario = Scenario::parse("web.toml", &text, Path::new("")).unwrap();
        let one = |it: Criterion| (it.line, it.written(), it.demand, it.variants);
        scenario.criteria.into_iter().map(one).collect()
    }

    #[test]
    fn demands_are_absolute_or_against_the_baseline_in_the_unit_of_their_measure() {
        let table = [
            ("deploy_p95", "max +10%", Demand::MorePercent(10.0)),
            ("deploy_p95", "max -2.5 %", Demand::MorePercent(-2.5)),
            ("deploy_mean", "max +1m30s", Demand::More(90.0)),
            ("deploy_p50", "<=8m", Demand::AtMost(480.0)),
            ("deploy_p50", ">= 1s", Demand::AtLeast(1.0)),
            ("spare_cost_per_month", "max +$50", Demand::More(50.0)),
            ("failed_requests", "= 0", Demand::Exactly(0.0)),
            ("failed_requests", "max +5", Demand::More(5.0)),
            ("minutes_below_floor", "<= 1", Demand::AtMost(1.0)),
            ("unfinished", "= 0", Demand::Exactly(0.0)),
            // Of shares percent are points.
            ("unfinished", "max +1%", Demand::More(1.0)),
            ("lowest_healthy", ">= 50%", Demand::AtLeast(50.0)),
        ];
        for (measure, text, demand) in table {
            let found = demanded("", &format!("[check]\n{measure} = \"{text}\"\n"));
            let written = format!("{measure} = \"{text}\"");
            assert_eq!(found, [(14, written, demand, vec!["base".to_string()])]);
        }
    }

    #[test]
    fn what_a_variant_says_of_a_measure_stands_in_place_of_what_is_said_of_all() {
        let variants = "[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b b\"\n[[variant]]\nname = \"c\"\n";
        let check = "[check]\ndeploy_p95 = \"max +10%\"\nunfinished = \"= 0\"\n\
                     [check.variant.\"b b\"]\ndeploy_p95 = \"<= 2m\"\ncost_per_month = \"max +$1\"\n\
                     [check.variant.c]\ndeploy_p95 = \"none\"\n";
        let found: Vec<_> =
            demanded(variants, check).into_iter().map(|(line, text, _, of)| (line, text, of.join(" | "))).collect();
        let expected = [
            (20, "deploy_p95 = \"max +10%\"", "a"),
            (21, "unfinished = \"= 0\"", "a | b b | c"),
            (23, "deploy_p95 = \"<= 2m\"", "b b"),
            (24, "cost_per_month = \"max +$1\"", "b b"),
        ];
        assert_eq!(found, expected.map(|(line, text, of)| (line, text.to_string(), of.to_string())));
    }
}
