//! How many requests arrive when: a rate, steps, a day's wave, or what was measured.

use std::f64::consts::PI;

use seatrial_sim::engine::time::{Duration, Time};
use seatrial_sim::traffic::{Arrivals, Rate};

use super::super::units::MOST_REQUESTS_PER_S;
use super::super::{Fields, Item};
use super::trace::Gaps;

/// More steps fill the memory: a minute each, they are almost two years.
const MOST_STEPS: usize = 1_000_000;
const MINUTE: Duration = Duration::from_secs(60);

/// Requests a second from each time on.
type Steps = Vec<(Time, f64)>;

/// What the keys of a load say of its arrivals.
pub(super) fn arrivals(item: &Item, fields: &mut Fields, horizon: Duration) -> Option<Arrivals> {
    let [rate, steps, diurnal, trace] = ["rate", "steps", "diurnal", "trace"].map(|key| fields.get(key));
    let scale = fields.or("scale", 1.0, |item| item.number(1e-6..=1e6));
    let noise = fields.or("noise", 0.0, |item| item.number(0.0..=1.0));
    let replay = Replay::read(fields, trace.is_some());
    // A factor acts on a whole step, so those that are longer than a minute are cut.
    let cut = |item: &Item, steps: Steps| {
        if noise > 0.0 { up_to_the_most(item, in_minutes(&steps, horizon)) } else { Some(steps) }
    };
    let read = [
        rate.map(|item| constant(&item).and_then(|steps| cut(&item, steps))),
        steps.map(|item| listed(&item, horizon).and_then(|steps| cut(&item, steps))),
        diurnal.map(|item| wave(&item).and_then(|wave| up_to_the_most(&item, wave.steps(horizon)))),
        trace.map(|item| measured(&item, replay, horizon)),
    ];
    let mut read = read.into_iter().flatten();
    let help = "write one of rate = \"50/s\", steps, diurnal and trace".to_string();
    let steps = match (read.next(), read.next()) {
        (Some(one), None) => one?,
        (Some(_), Some(_)) => return item.wrong("two kinds of demand, where one is needed", help),
        (None, _) => return item.wrong("how many requests arrive is missing", help),
    };
    let most = steps.iter().map(|(_, rate)| rate * scale).fold(0.0, f64::max);
    if most > MOST_REQUESTS_PER_S {
        let message = format!("{most} requests a second are more than {MOST_REQUESTS_PER_S}");
        return item.wrong(message, "lower the demand or its scale".to_string());
    }
    Some(Arrivals::new(steps.into_iter().map(|(at, rate)| (at, Rate::per_s(rate * scale))).collect(), noise))
}

fn up_to_the_most(item: &Item, steps: impl Iterator<Item = (Time, f64)>) -> Option<Steps> {
    let steps: Steps = steps.take(MOST_STEPS + 1).collect();
    if steps.len() <= MOST_STEPS {
        return Some(steps);
    }
    item.wrong(format!("more than {MOST_STEPS} steps up to the horizon"), "shorten run.horizon".to_string())
}

/// Each step, and again at every whole minute of the run.
fn in_minutes(steps: &Steps, horizon: Duration) -> impl Iterator<Item = (Time, f64)> {
    let ends = steps.iter().skip(1).map(|(at, _)| at.as_millis()).chain([horizon.as_millis()]);
    steps.iter().zip(ends).flat_map(|((at, rate), end)| {
        let minute = MINUTE.as_millis();
        let next = (at.as_millis() / minute + 1) * minute;
        let cuts = (next..end).step_by(minute as usize);
        [at.as_millis()].into_iter().chain(cuts).map(|ms| (Time::from_millis(ms), *rate))
    })
}

fn constant(item: &Item) -> Option<Steps> {
    Some(vec![(Time::ZERO, item.request_rate()?.as_per_s())])
}

/// `steps`: a list of `{ at, rate }`.
fn listed(item: &Item, horizon: Duration) -> Option<Steps> {
    let items = item.list()?;
    if items.is_empty() {
        return item.wrong("no steps", "write [{ at = \"0s\", rate = \"50/s\" }]".to_string());
    }
    // All of them are read before it is said whether all were good.
    let read: Vec<Option<(Item, Time, f64)>> = items.iter().map(step).collect();
    let read: Vec<(Item, Time, f64)> = read.into_iter().collect::<Option<_>>()?;
    let mut good = true;
    let mut before = None;
    for (item, at, _) in &read {
        let since_start = at.since(Time::ZERO);
        let problem = match before {
            None if *at > Time::ZERO => Some(("the first step is not at the start".into(), "write at = \"0s\"")),
            Some(before) if *at <= before => {
                Some((format!("{since_start} is not after the step before it"), "write the steps in the order of time"))
            }
            _ if since_start >= horizon => {
                Some((format!("{since_start} is not before the horizon, {horizon}"), "leave it out"))
            }
            _ => None,
        };
        if let Some((message, help)) = problem {
            item.wrong::<()>(message, help.to_string());
            good = false;
        }
        before = Some(*at);
    }
    good.then(|| read.into_iter().map(|(_, at, rate)| (at, rate)).collect())
}

/// One of the steps, and where its time is written.
fn step<'a>(item: &Item<'a>) -> Option<(Item<'a>, Time, f64)> {
    let mut fields = item.fields()?;
    let at = fields.need("at", |item| item.duration().map(|at| (item, at)));
    let rate = fields.need("rate", |item| item.request_rate());
    fields.close();
    let (written, at) = at?;
    Some((written, Time::ZERO + at, rate?.as_per_s()))
}

/// `diurnal`: mean + (peak - mean) cos(2 pi (t - `peak_at`) / period).
struct Wave {
    mean: f64,
    peak: f64,
    peak_at_s: f64,
    period_s: f64,
}

fn wave(item: &Item) -> Option<Wave> {
    let mut fields = item.fields()?;
    let mean = fields.need("mean", |item| item.request_rate());
    let peak = fields.need("peak", |item| {
        let peak = item.request_rate()?;
        match mean {
            Some(mean) if peak < mean => item.wrong(format!("{peak} is below the mean, {mean}"), None),
            Some(mean) if peak > mean.times(2) => item.wrong(
                format!("{peak} is more than twice the mean, {mean}: by night the rate would be negative"),
                format!("write at most \"{}\"", mean.times(2)),
            ),
            _ => Some(peak),
        }
    });
    let peak_at = fields.or("peak_at", Duration::from_secs(14 * 3_600), |item| item.duration());
    let period = fields.or("period", Duration::from_secs(24 * 3_600), |item| {
        let period = item.duration()?;
        // In fewer steps a wave is not one.
        if period < MINUTE * 10 {
            return item.wrong(
                format!("{period} is too short"),
                "the rate changes once a minute: write \"10m\" or more".to_string(),
            );
        }
        Some(period)
    });
    fields.close();
    let (peak_at_s, period_s) = (peak_at.as_secs_f64(), period.as_secs_f64());
    Some(Wave { mean: mean?.as_per_s(), peak: peak?.as_per_s(), peak_at_s, period_s })
}

impl Wave {
    /// Steps of a minute, each of which holds the mean of the formula over that minute.
    fn steps(self, horizon: Duration) -> impl Iterator<Item = (Time, f64)> {
        // The integral of a cosine over a minute is its value in the middle times this.
        let half = PI * MINUTE.as_secs_f64() / self.period_s;
        let flattened = half.sin() / half;
        (0..horizon.as_millis()).step_by(MINUTE.as_millis() as usize).map(move |ms| {
            let at = Time::from_millis(ms);
            let middle_s = at.as_secs_f64() + MINUTE.as_secs_f64() / 2.0;
            let phase = 2.0 * PI * (middle_s - self.peak_at_s) / self.period_s;
            (at, self.mean + (self.peak - self.mean) * phase.cos() * flattened)
        })
    }
}

/// How a trace is played.
#[derive(Clone, Copy)]
struct Replay {
    shift: Duration,
    repeat: bool,
    /// None where they are a mistake.
    gaps: Option<Gaps>,
}

impl Replay {
    /// Nothing where one of its keys is wrong, or there is no trace that they could be of.
    fn read(fields: &mut Fields, there: bool) -> Option<Self> {
        let [shift, repeat, gaps] = ["shift", "repeat", "gaps"].map(|key| fields.get(key));
        if !there {
            for item in [shift, repeat, gaps].into_iter().flatten() {
                item.wrong::<()>("there is no trace", "leave it out, or write trace = \"traffic.csv\"".to_string());
            }
            return None;
        }
        let shift = shift.map_or(Some(Duration::ZERO), |item| item.duration());
        let repeat = repeat.map_or(Some(false), |item| item.boolean());
        let gaps = gaps.map_or(Some(None), |item| item.choice([("zero", Gaps::Zero), ("hold", Gaps::Hold)]).map(Some));
        Some(Self { shift: shift?, repeat: repeat?, gaps: gaps? })
    }
}

fn measured(item: &Item, replay: Option<Replay>, horizon: Duration) -> Option<Steps> {
    let name = item.words()?;
    let trace = item.context.samples.trace(&name);
    let problems = trace.problems(replay.is_none_or(|replay| replay.gaps.is_some()));
    if !problems.is_empty() {
        for problem in problems {
            item.wrong::<()>(problem.message, problem.help);
        }
        return None;
    }
    let Replay { shift, repeat, gaps } = replay?;
    let span = trace.span();
    if shift >= span {
        return item.wrong(
            format!("the trace has {span}, and shift begins {shift} into it"),
            "write a shorter shift".to_string(),
        );
    }
    let end = (Time::ZERO + span).since(Time::ZERO + shift);
    if end < horizon && !repeat {
        let rest = if shift.is_zero() { String::new() } else { format!(" after its shift of {shift}") };
        let message = format!("the trace has {end}{rest}, and the horizon is {horizon}");
        return item.wrong(message, "write repeat = true to begin it again, or a shorter run.horizon".to_string());
    }
    let pieces = trace.pieces(gaps.unwrap_or(Gaps::Zero));
    up_to_the_most(item, played(&pieces, span, shift, horizon))
}

/// The pieces of a trace from `shift` into it on, over and over up to the horizon.
fn played(
    pieces: &[(Duration, f64)],
    span: Duration,
    shift: Duration,
    horizon: Duration,
) -> impl Iterator<Item = (Time, f64)> {
    // The piece that is under way then begins at the start.
    let first = pieces.partition_point(|(at, _)| *at <= shift).saturating_sub(1);
    let times = (first..).map(move |i| {
        let (at, rate) = pieces[i % pieces.len()];
        let at = at + span * (i / pieces.len()) as u64;
        (Time::ZERO + at - shift, rate)
    });
    times.take_while(move |(at, _)| at.since(Time::ZERO) < horizon)
}
