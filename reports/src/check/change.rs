//! Whether anything changed: exact, on the same seeds. Which numbers moved, what deploys wait for now, and the first fact at
//! which two runs part.

use seatrial_scenarios::measures::{Measure, Statistic};
use seatrial_sim::measure::critical_path::Kind;
use serde_json::{Map, Value};

use super::kept::{Few, Kept};
use crate::statistics::bounds::{self, Pairing};
use crate::statistics::{Estimated, Interval};
use crate::wording;

/// What is different from the baseline in one variant.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The variant's name.
    pub variant: String,
    /// Whether its model is another one: settings, or what a build makes of them.
    pub model: bool,
    /// The numbers that moved, in the order of the measures.
    pub moved: Vec<Moved>,
    /// Where the runs of the first few seeds part; absent where they do not.
    pub parting: Option<Parting>,
    /// How much longer the deploys of the first few seeds wait, by kind, in the order of a deploy's life; only where it is not
    /// the same. Seconds.
    pub waits_s: Vec<(&'static str, f64)>,
}

/// A number that moved.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    /// Which.
    pub measure: Measure,
    /// What it was; absent where it was beyond the horizon, or there was none.
    pub was: Option<f64>,
    /// What it is; absent where it is beyond the horizon, or there is none.
    pub is: Option<f64>,
    /// By how much it moved, with 95 % confidence; absent where nothing is known, and of what is not estimated.
    pub bounds: Option<Interval>,
}

/// Where two runs part.
#[derive(Clone, Debug, PartialEq)]
pub struct Parting {
    /// The seed of both.
    pub seed: u64,
    /// When, in seconds; absent where that is not known.
    pub at_s: Option<f64>,
    /// What is different, in words.
    pub what: String,
}

impl Change {
    /// What is different; none where nothing is. Numbers are compared on the first seeds that both have.
    pub fn between(variant: &str, this: &Kept, baseline: &Kept, first_seed: u64) -> Option<Self> {
        let change = Self {
            variant: variant.into(),
            model: this.model != baseline.model,
            moved: Measure::ALL.iter().filter_map(|measure| Moved::between(measure, this, baseline)).collect(),
            parting: Parting::between(&this.few, &baseline.few, first_seed),
            waits_s: waits(&this.few, &baseline.few),
        };
        (!change.moved.is_empty() || change.parting.is_some()).then_some(change)
    }
}

impl Moved {
    fn between(measure: &Measure, this: &Kept, baseline: &Kept) -> Option<Self> {
        let (this, other) = (this.numbers(measure), baseline.numbers(measure));
        let both = this.zip(other).map_or(0, |(this, other)| this.len().min(other.len()));
        let [this, other] = [this, other].map(|numbers| numbers.map(|numbers| &numbers[..both.min(numbers.len())]));
        if this == other {
            return None;
        }
        let value = |numbers: Option<&[_]>| numbers.and_then(|numbers| Estimated::of(measure, numbers).value);
        let (is, was) = (value(this), value(other));
        let of_both = this.zip(other);
        if of_both.is_some() && is == was {
            return None;
        }
        let bounds = of_both.and_then(|(this, other)| interval(measure, this, other));
        Some(Self { measure: *measure, was, is, bounds })
    }

    /// By how much it moved.
    pub fn difference(&self) -> Option<f64> {
        Some(self.is? - self.was?)
    }
}

/// By how much a number moved, with 95 % confidence.
fn interval(measure: &Measure, this: &[Option<f64>], other: &[Option<f64>]) -> Option<Interval> {
    /// On each side.
    const BEYOND: f64 = 0.025;
    let interval = match measure.statistic {
        Statistic::Quantile(percent) => bounds::of_quantile_excess(this, other, percent, Pairing::SameSeeds, BEYOND),
        Statistic::Mean => {
            let [this, other] = [this, other].map(|numbers| numbers.iter().copied().collect::<Option<Vec<f64>>>());
            bounds::of_mean_excess(&this?, &other?, Pairing::SameSeeds, BEYOND)
        }
        Statistic::Unfinished | Statistic::Least => return None,
    };
    (interval != bounds::UNKNOWN).then_some(interval)
}

/// How much longer deploys wait, by kind.
fn waits(this: &Few, baseline: &Few) -> Vec<(&'static str, f64)> {
    if this.waits_s.is_empty() || baseline.waits_s.is_empty() {
        return vec![];
    }
    let of = |few: &Few, kind: Kind| few.waits_s.get(kind.name()).copied().unwrap_or_default();
    let more = Kind::ALL.into_iter().map(|kind| (kind.name(), of(this, kind) - of(baseline, kind)));
    more.filter(|(_, seconds)| seconds.abs() >= 0.0005).collect()
}

impl Parting {
    fn between(this: &Few, baseline: &Few, first_seed: u64) -> Option<Self> {
        let (position, _) =
            this.digests.iter().zip(&baseline.digests).enumerate().find(|(_, (this, other))| this != other)?;
        let seed = first_seed + position as u64;
        let unknown = |what: &str| Self { seed, at_s: None, what: what.into() };
        if position > 0 {
            return Some(unknown("the runs of this seed part; of the first seed alone it is known where"));
        }
        let both = this.happenings.iter().zip(&baseline.happenings);
        let same = both.take_while(|(this, other)| this == other).count();
        let [now, before] = [this, baseline].map(|few| few.happenings.get(same).map(|line| Happening::read(line)));
        if now.is_none() && before.is_none() {
            let what = format!("the runs part after the first {same} facts, which are all that a baseline keeps");
            return Some(unknown(&what));
        }
        let at_s = [&now, &before].into_iter().flatten().map(|happening| happening.at_s).reduce(f64::min);
        Some(Self { seed, at_s, what: parted(now.as_ref(), before.as_ref()) })
    }
}

/// A fact of a run: when, and the rest of its line.
struct Happening {
    at_s: f64,
    fields: Map<String, Value>,
}

impl Happening {
    fn read(line: &str) -> Self {
        let mut fields = serde_json::from_str::<Map<String, Value>>(line).unwrap_or_default();
        let at_s = fields.remove("at_s").and_then(|at| at.as_f64()).unwrap_or_default();
        Self { at_s, fields }
    }

    fn text(&self, key: &str) -> Option<String> {
        match self.fields.get(key)? {
            Value::String(text) => Some(text.clone()),
            value => Some(value.to_string()),
        }
    }

    fn is_placement(&self) -> bool {
        self.text("fact").as_deref() == Some("task_provisioning")
    }

    /// `task draining: web, task 3, on m5-1`.
    fn in_words(&self) -> String {
        let fact = self.text("fact").unwrap_or_default().replace('_', " ");
        let first = ["service", "group", "task", "version", "host"];
        let others = self.fields.keys().map(String::as_str).filter(|key| *key != "fact" && !first.contains(key));
        let of = first.into_iter().chain(others).filter_map(|key| {
            let value = self.text(key)?;
            Some(match key {
                "service" | "group" => value,
                "host" => format!("on {value}"),
                _ => format!("{} {value}", key.replace('_', " ")),
            })
        });
        let of: Vec<String> = of.collect();
        if of.is_empty() { fact } else { format!("{fact}: {}", of.join(", ")) }
    }
}

/// What is different of what happens next in two runs.
fn parted(now: Option<&Happening>, before: Option<&Happening>) -> String {
    match (now, before) {
        (Some(now), Some(before)) if now.is_placement() && before.is_placement() && now.at_s == before.at_s => {
            let [host, instead] = [now, before].map(|happening| happening.text("host").unwrap_or_default());
            let service = now.text("service").unwrap_or_default();
            if host != instead && now.text("service") == before.text("service") {
                return format!("host {host} was chosen for a task of {service} instead of {instead}");
            }
            format!("{}, where the baseline has {}", now.in_words(), before.in_words())
        }
        (Some(now), Some(before)) if now.at_s == before.at_s => {
            format!("{}, where the baseline has {}", now.in_words(), before.in_words())
        }
        (Some(now), Some(before)) if now.at_s < before.at_s => {
            let later = wording::duration(before.at_s);
            format!("{}, where in the baseline nothing happens until {later}: {}", now.in_words(), before.in_words())
        }
        (Some(now), Some(before)) => {
            let later = wording::duration(now.at_s);
            format!("nothing happens until {later} ({}), where the baseline has {}", now.in_words(), before.in_words())
        }
        (Some(now), None) => format!("{}, where in the baseline nothing happens any more", now.in_words()),
        (None, Some(before)) => format!("nothing happens any more, where the baseline has {}", before.in_words()),
        (None, None) => String::new(),
    }
}
