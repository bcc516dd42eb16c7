//! Whether anything changed: exact, on the same seeds. Which numbers moved, what deploys wait for now, and the first fact at
//! which two runs part.

use seatrial_scenarios::measures::{Measure, Statistic};
use seatrial_sim::engine::time::Duration;
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
        let both = this.into_iter().chain(other).map(<[_]>::len).min()?;
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
        let at_s = [&now, &before].into_iter().flatten().map(Happening::at_s).reduce(f64::min);
        Some(Self { seed, at_s, what: parted(now.as_ref(), before.as_ref()) })
    }
}

/// A fact of a run: when, and the rest of its line.
struct Happening {
    at_ms: u64,
    fields: Map<String, Value>,
}

impl Happening {
    fn read(line: &str) -> Self {
        let mut fields = serde_json::from_str::<Map<String, Value>>(line).unwrap_or_default();
        let at_s = fields.remove("at_s").and_then(|at| at.as_f64()).unwrap_or_default();
        Self { at_ms: Duration::from_secs_f64(at_s).as_millis(), fields }
    }

    fn at_s(&self) -> f64 {
        self.at_ms as f64 / 1_000.0
    }

    fn text(&self, key: &str) -> Option<String> {
        match self.fields.get(key)? {
            Value::String(text) => Some(text.clone()),
            value => Some(value.to_string()),
        }
    }

    /// The service whose task got a host here: a new one, or one that is there from the start.
    fn placed(&self) -> Option<String> {
        let fact = self.text("fact")?;
        let is_new = fact == "task_provisioning" || (fact == "task_in_service" && self.at_ms == 0);
        self.text("service").filter(|_| is_new)
    }

    /// `task draining (web, task 3, on m5-1)`.
    fn in_words(&self) -> String {
        let fact = self.text("fact").unwrap_or_default().replace('_', " ");
        let first = ["service", "group", "task", "version", "host"];
        let others = self.fields.keys().map(String::as_str).filter(|key| *key != "fact" && !first.contains(key));
        let of = first.into_iter().chain(others).filter_map(|key| {
            let name = key.replace('_', " ");
            Some(match (key, self.fields.get(key)?) {
                (_, Value::Bool(false)) => return None,
                (_, Value::Bool(true)) => name,
                ("service" | "group", _) => self.text(key)?,
                ("host", _) => format!("on {}", self.text(key)?),
                _ => format!("{name} {}", self.text(key)?),
            })
        });
        let of: Vec<String> = of.collect();
        if of.is_empty() { fact } else { format!("{fact} ({})", of.join(", ")) }
    }
}

/// What is different of what happens next in two runs.
fn parted(now: Option<&Happening>, before: Option<&Happening>) -> String {
    let rounded = |happening: &Happening| wording::duration(happening.at_s());
    let looks_alike = now.map(rounded) == before.map(rounded);
    // As exact as it takes.
    let at = |happening: &Happening| if looks_alike { format!("{} s", happening.at_s()) } else { rounded(happening) };
    let next = |happening: &Happening| {
        let at = if looks_alike { String::new() } else { format!(", at {}", rounded(happening)) };
        format!("{} comes next{at}", happening.in_words())
    };
    match (now, before) {
        (Some(now), Some(before)) if now.at_ms == before.at_ms => {
            let [host, instead] = [now, before].map(|happening| happening.text("host"));
            match (now.placed(), host.zip(instead)) {
                (Some(service), Some((host, instead))) if host != instead && before.placed() == now.placed() => {
                    format!("host {host} was chosen for a task of {service} instead of {instead}")
                }
                _ => format!("{} instead of {}", now.in_words(), before.in_words()),
            }
        }
        (Some(now), Some(before)) if now.fields == before.fields && now.at_ms < before.at_ms => {
            format!("{}, in the baseline not until {}", now.in_words(), at(before))
        }
        (Some(now), Some(before)) if now.fields == before.fields => {
            format!("{} does not come until {}", now.in_words(), at(now))
        }
        (Some(now), Some(before)) if now.at_ms < before.at_ms => {
            format!("{}; in the baseline {}", now.in_words(), next(before))
        }
        (Some(now), Some(before)) => {
            format!("no {}; {}", before.in_words(), next(now))
        }
        (Some(now), None) => format!("{}, where in the baseline nothing happens any more", now.in_words()),
        (None, Some(before)) => format!("no {}; nothing happens any more", before.in_words()),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at_s: f64, rest: &str) -> String {
        format!("{{\"at_s\":{at_s},{rest}}}")
    }

    fn few(lines: &[String]) -> Few {
        Few { digests: vec![lines.join("\n"), "second".into()], happenings: lines.to_vec(), ..Few::default() }
    }

    fn kept(column: &str, numbers: &[f64]) -> Kept {
        let numbers = numbers.iter().copied().map(Some).collect();
        Kept { columns: [(column.to_string(), numbers)].into(), ..Kept::default() }
    }

    #[test]
    fn runs_part_where_the_first_fact_is_another_one() {
        let placed =
            |host: &str| format!(r#""fact":"task_provisioning","service":"web","task":5,"version":2,"host":"{host}""#);
        let drained = r#""fact":"target_gone","service":"web","task":0"#;
        let reached = r#""fact":"steady_state","service":"api""#;
        let same = || line(1.0, reached);
        let table = [
            (
                Some(line(760.0, &placed("m5-3"))),
                Some(line(760.0, &placed("m5-1"))),
                (760.0, "host m5-3 was chosen for a task of web instead of m5-1"),
            ),
            (
                Some(line(458.0, drained)),
                Some(line(458.0, reached)),
                (458.0, "target gone (web, task 0) instead of steady state (api)"),
            ),
            (
                Some(line(558.0, drained)),
                Some(line(458.0, drained)),
                (458.0, "target gone (web, task 0) does not come until 9m 18s"),
            ),
            (
                Some(line(90.001, drained)),
                Some(line(90.0, drained)),
                (90.0, "target gone (web, task 0) does not come until 90.001 s"),
            ),
            (
                Some(line(458.0, drained)),
                Some(line(558.0, drained)),
                (458.0, "target gone (web, task 0), in the baseline not until 9m 18s"),
            ),
            (
                Some(line(60.0, drained)),
                Some(line(90.0, reached)),
                (60.0, "target gone (web, task 0); in the baseline steady state (api) comes next, at 1m 30s"),
            ),
            (
                Some(line(90.0, drained)),
                Some(line(60.0, reached)),
                (60.0, "no steady state (api); target gone (web, task 0) comes next, at 1m 30s"),
            ),
            (None, Some(line(60.0, reached)), (60.0, "no steady state (api); nothing happens any more")),
            (
                Some(line(60.0, reached)),
                None,
                (60.0, "steady state (api), where in the baseline nothing happens any more"),
            ),
        ];
        for (now, before, (at_s, what)) in table {
            let [now, before] = [now, before].map(|next| few(&std::iter::once(same()).chain(next).collect::<Vec<_>>()));
            let parting = Parting::between(&now, &before, 41).unwrap();
            assert_eq!((parting.seed, parting.at_s, parting.what.as_str()), (41, Some(at_s), what));
        }
    }

    #[test]
    fn a_task_that_is_there_from_the_start_was_placed_too() {
        let placed =
            |host: &str| few(&[line(0.0, &format!(r#""fact":"task_in_service","service":"web","host":"{host}""#))]);
        let parting = Parting::between(&placed("m5-3"), &placed("m5-1"), 1).unwrap();
        assert_eq!(parting.what, "host m5-3 was chosen for a task of web instead of m5-1");
    }

    #[test]
    fn where_runs_part_beyond_what_is_kept_is_said_to_be_unknown() {
        let one = few(&[line(1.0, "\"fact\":\"steady_state\"")]);
        let mut other = one.clone();
        assert_eq!(Parting::between(&one, &other, 1), None);
        other.digests[0] = "another".into();
        let parting = Parting::between(&other, &one, 1).unwrap();
        assert_eq!((parting.at_s, parting.what.contains("after the first 1 facts")), (None, true));
        other = one.clone();
        other.digests[1] = "another".into();
        assert_eq!(Parting::between(&other, &one, 1).unwrap().seed, 2);
    }

    #[test]
    fn numbers_move_on_the_seeds_that_both_have() {
        let baseline = kept("usd_per_month", &[10.0, 20.0, 30.0, 40.0]);
        assert_eq!(Change::between("v", &baseline, &baseline, 1), None);
        // Differences of 1, 2 and 3: a mean of 2; t(0.975, 2) x 1 / sqrt(3) = 2.484.
        let this = kept("usd_per_month", &[11.0, 22.0, 33.0]);
        let change = Change::between("v", &this, &baseline, 1).unwrap();
        let [moved] = &change.moved[..] else { panic!("{:?}", change.moved) };
        assert_eq!((moved.measure.name, moved.was, moved.is), ("cost_per_month", Some(20.0), Some(22.0)));
        assert!((moved.bounds.unwrap().low + 0.484).abs() < 1e-3, "{:?}", moved.bounds);
        let gone = Change::between("v", &Kept::default(), &baseline, 1).unwrap();
        assert_eq!((gone.moved[0].was, gone.moved[0].is), (Some(25.0), None));
    }

    #[test]
    fn what_deploys_wait_for_is_compared_by_kind() {
        let of = |waits: &[(&str, f64)]| Few {
            waits_s: waits.iter().map(|(kind, seconds)| ((*kind).to_string(), *seconds)).collect(),
            ..Few::default()
        };
        let found =
            waits(&of(&[("drain", 300.0), ("boot", 5.0)]), &of(&[("drain", 30.0), ("stop", 1.0), ("boot", 5.0)]));
        assert_eq!(found, [("drain", 270.0), ("stop", -1.0)]);
        assert_eq!(waits(&of(&[("drain", 300.0)]), &of(&[])), [], "a run did not end");
    }
}
