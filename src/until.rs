//! `--until`: further seeds, a batch at a time, until an estimate is as sure as was asked for.

use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use seatrial_reports::statistics::Estimated;
use seatrial_scenarios::measures::{Measure, Statistic, Unit};
use seatrial_scenarios::results::{Results, VariantResults};
use seatrial_scenarios::suggestion_of_all;
use seatrial_sim::engine::time::Duration;

use crate::run::Failure;

/// An estimate, and how far off it may be: `deploy_p95 +-2 %`.
#[derive(Clone, Debug)]
pub struct Until {
    /// As the user wrote it.
    text: String,
    measure: Measure,
    bound: Bound,
}

/// How wide half of the 95 % confidence interval may be.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Bound {
    /// In percent of the estimate.
    Percent(f64),
    /// In the estimate's unit.
    Absolute(f64),
}

/// What further seeds are for, for one variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It is as sure as was asked for, or there is nothing to be sure of.
    Reached,
    /// More seeds would help.
    Unsure,
    /// Unfinished runs are in the way, and no number of seeds takes them away.
    Unfinished,
}

const HELP: &str = "write an estimate, +- and how far off it may be: 'deploy_p95 +-2 %'";

impl FromStr for Until {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, amount) = text.split_once("+-").or_else(|| text.split_once('\u{b1}')).ok_or(HELP)?;
        let name = name.trim();
        let measure = Measure::named(name).filter(has_interval).ok_or_else(|| {
            let names: Vec<_> = Measure::ALL.iter().filter(|measure| has_interval(measure)).map(|m| m.name).collect();
            format!("there is no estimate '{name}': {}", suggestion_of_all(name, &names))
        })?;
        let bound = Bound::read(amount.trim(), measure.unit)?;
        Ok(Self { text: text.trim().into(), measure, bound })
    }
}

/// Whether how sure an estimate is can be said as an interval.
pub fn has_interval(measure: &Measure) -> bool {
    matches!(measure.statistic, Statistic::Mean | Statistic::Quantile(_))
}

impl Bound {
    /// A share, or an amount with the unit that the estimate has.
    fn read(text: &str, unit: Unit) -> Result<Self, String> {
        let share = text.strip_suffix('%').map(|percent| percent.trim().parse().ok());
        let (number, bound): (Option<f64>, fn(f64) -> Self) = match share {
            Some(percent) => (percent.filter(|percent: &f64| percent.is_finite()), Self::Percent),
            None => (unit.read(text), Self::Absolute),
        };
        let example = unit.example();
        let positive = number.filter(|number| *number > 0.0);
        positive.map(bound).ok_or_else(|| format!("how far off? write '+-2 %' or '+-{example}', more than nothing"))
    }
}

impl Until {
    /// Plays batches of further seeds until every variant is sure enough, or has `at_most` seeds, or the user interrupts.
    /// `play` gets how many seeds there were before, and how many to play. The first batch has `first` seeds, each other one
    /// half as many as there are by then: few looks at the interval, so that looking hardly makes it less sure. Also says what
    /// came of it.
    pub fn play(
        &self,
        (first, at_most): (u32, u32),
        play: impl Fn(u32, u32) -> Result<Results, Failure>,
        interrupted: &AtomicBool,
    ) -> Result<(Results, String), Failure> {
        let mut seeds = first.min(at_most);
        let mut results = play(0, seeds)?;
        loop {
            if interrupted.load(Ordering::Relaxed) {
                return Ok((results, format!("--until {}: interrupted", self.text)));
            }
            let states: Vec<State> = results.variants.iter().filter_map(|variant| self.state(variant)).collect();
            if states.is_empty() {
                let (name, scenario) = (self.measure.name, &results.scenario);
                let why = format!("error: --until {}: no variant of {scenario} has {name} to estimate", self.text);
                return Err(why.into());
            }
            if seeds == at_most || !states.contains(&State::Unsure) {
                let outcome = self.outcome(&results, seeds);
                return Ok((results, outcome));
            }
            let more = seeds.div_ceil(2).min(at_most - seeds);
            results.append(play(seeds, more)?);
            seeds += more;
        }
    }

    /// How sure a variant is; none where it has no such number.
    fn state(&self, variant: &VariantResults) -> Option<State> {
        let numbers = self.measure.column.numbers(&variant.rows)?;
        let estimated = Estimated::of(&self.measure, &numbers);
        Some(if self.is_met_by(estimated) {
            State::Reached
        } else if estimated.is_beyond_reach(&self.measure, &numbers) {
            State::Unfinished
        } else {
            State::Unsure
        })
    }

    fn is_met_by(&self, estimated: Estimated) -> bool {
        let bound = match self.bound {
            Bound::Percent(percent) => estimated.value.map(|value| value.abs() * percent / 100.0),
            Bound::Absolute(amount) => Some(amount),
        };
        estimated.half_width().zip(bound).is_some_and(|(half, bound)| half <= bound)
    }

    /// `--until deploy_p95 +-2 %: every variant is that sure after 450 seeds`, or who is not.
    fn outcome(&self, results: &Results, seeds: u32) -> String {
        let missing: Vec<_> =
            results.variants.iter().filter(|v| !matches!(self.state(v), None | Some(State::Reached))).collect();
        let Self { text, .. } = self;
        let Some((first, others)) = missing.split_first() else {
            return format!("--until {text}: every variant is that sure after {seeds} seeds");
        };
        let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
        let how = self.how_sure(first);
        format!("--until {text}: not reached after {seeds} seeds by \"{}\"{more} ({how})", first.name)
    }

    /// How wide the interval is, or why there is none.
    fn how_sure(&self, variant: &VariantResults) -> String {
        let numbers = self.measure.column.numbers(&variant.rows);
        let estimated = numbers.map(|numbers| Estimated::of(&self.measure, &numbers));
        let half = estimated.and_then(|estimated| estimated.half_width());
        let value = estimated.and_then(|estimated| estimated.value).unwrap_or_default();
        match (half, self.bound, self.measure.unit) {
            (None, ..) if variant.rows.iter().any(|row| !row.summary.is_finished()) => {
                "some of its runs do not end".into()
            }
            (None, ..) => "too few seeds for an interval".into(),
            (Some(half), Bound::Percent(_), _) if value != 0.0 => format!("+-{:.1} %", 100.0 * half / value.abs()),
            (Some(half), _, Unit::Seconds) => format!("+-{}", Duration::from_secs_f64(half)),
            (Some(half), _, Unit::Usd) => format!("+-${half:.2}"),
            (Some(half), _, Unit::Minutes | Unit::Requests | Unit::Percent) => format!("+-{half:.1}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(text: &str) -> Result<Bound, String> {
        text.parse().map(|until: Until| until.bound)
    }

    #[test]
    fn bounds_are_shares_or_amounts_in_the_estimates_unit() {
        let table = [
            ("deploy_p95 +-2 %", Bound::Percent(2.0)),
            ("deploy_p50+-0.5%", Bound::Percent(0.5)),
            ("deploy_mean \u{b1} 1m30s", Bound::Absolute(90.0)),
            ("deploy_p95 +-500ms", Bound::Absolute(0.5)),
            ("cost_per_month +-$3", Bound::Absolute(3.0)),
            ("failed_requests +-10", Bound::Absolute(10.0)),
        ];
        for (text, expected) in table {
            assert_eq!(bound(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_says_what_would_do() {
        let table = [
            ("deploy_p95", HELP),
            ("deploy_p95 2 %", HELP),
            ("", HELP),
            ("cost_per_mont +-2 %", "did you mean 'cost_per_month'?"),
            ("+-2 %", "there are: deploy_mean, deploy_p50"),
            ("deploy_p95 +-5", "write '+-2 %' or '+-5s'"),
            ("deploy_p95 +-$5", "write '+-2 %' or '+-5s'"),
            ("deploy_p95 +-0 %", "more than nothing"),
            ("deploy_p95 +--2 %", "more than nothing"),
            ("deploy_p95 +-inf %", "more than nothing"),
            ("deploy_p95 +-nan %", "more than nothing"),
            ("cost_per_month +-3", "write '+-2 %' or '+-$3'"),
            ("failed_requests +-$3", "write '+-2 %' or '+-10'"),
        ];
        for (text, part) in table {
            let said = bound(text).unwrap_err();
            assert!(said.contains(part), "'{text}': {said}");
        }
    }
}
