//! The explanation for a terminal: what was waited for, where there was no room, and what would change it.

use std::path::Path;

use seatrial_sim::engine::time::Time;

use super::tornado::{Bar, differs};
use super::{Chosen, Explanation, Wait};
use crate::statistics::Difference;
use crate::table::{columns, wrapped};
use crate::wording;

/// The widest bar, in characters.
const BAR: u32 = 30;
/// How many settings are shown one by one.
const SETTINGS: usize = 12;
/// The widest that the name of a change may be.
const CHANGE_WIDTH: u16 = 56;

/// The explanation as plain text of at most 120 columns, without colours.
pub fn render(explanation: &Explanation) -> String {
    let mut parts = vec![head(explanation)];
    parts.extend(waits(explanation));
    parts.extend(blockades(explanation));
    if let [reason, others @ ..] = explanation.blocked.as_slice() {
        let more = if others.is_empty() { String::new() } else { format!(" (and {} more)", others.len()) };
        let reason = wrapped(&format!("{}{more}", wording::plain(reason)), "    ");
        parts.push(format!("  what became of deploys that did not complete:\n\n{reason}"));
    }
    parts.extend(what_if(explanation));
    parts.push(wrapped(&answer(explanation), "  "));
    parts.join("\n\n") + "\n"
}

fn head(explanation: &Explanation) -> String {
    let Explanation { scenario, question, variant, run, seeds, finished, .. } = explanation;
    let file = Path::new(scenario).file_name().unwrap_or(scenario.as_ref());
    let first = wrapped(&wording::plain(&format!("{}: {question}", file.display())), "");
    let took = run.path.as_ref().map_or("not finished".to_string(), |path| path.duration().to_string());
    let which = match run.chosen {
        Chosen::Median if finished == seeds => format!("the median of {seeds} runs, seed {}", run.seed),
        Chosen::Median => format!("{finished} of {seeds} runs ended, a median one of seed {}", run.seed),
        Chosen::Asked => format!("seed {}", run.seed),
        Chosen::First => format!("none of {seeds} runs ended; seed {}", run.seed),
    };
    let of = format!("\"{variant}\", deploy of {}, {which}: {took}", run.service);
    format!("{first}\n{}", wrapped(&wording::plain(&of), ""))
}

/// The waterfall: one line a kind.
fn waits(explanation: &Explanation) -> Option<String> {
    let path = explanation.run.path.as_ref()?;
    let total = path.duration().as_secs_f64();
    let waits = explanation.waits();
    let longest = waits.iter().map(|wait| wait.seconds).fold(0.0, f64::max);
    let mean: f64 = explanation.mean_s.iter().sum();
    let all_ended = explanation.finished == explanation.seeds;
    let mean_of = if all_ended { "mean of all".into() } else { format!("mean of {}", explanation.finished) };
    let header = ["waits for", "this run", "", "share", "in so many parts", &mean_of];
    let mut rows: Vec<Vec<String>> = waits
        .iter()
        .map(|wait| {
            vec![
                wait.kind.name().into(),
                wording::task_time(wait.seconds),
                bar(wait.seconds, longest),
                wording::percent(100.0 * wait.seconds / total.max(f64::MIN_POSITIVE)),
                parts(wait),
                wording::task_time(wait.mean_s),
            ]
        })
        .collect();
    rows.push(
        ["in all", &path.duration().to_string(), "", "100 %", "", &wording::task_time(mean)].map(Into::into).into(),
    );
    Some(columns(&header, &rows, &[], &|column| [0, 2, 4].contains(&column)))
}

/// As many signs as it is long.
fn bar(seconds: f64, longest: f64) -> String {
    let signs = (1..=BAR).filter(|sign| f64::from(*sign) < f64::from(BAR) * seconds / longest + 1.0 && seconds > 0.0);
    signs.map(|_| '=').collect()
}

/// `5 x 30.0s`, `6 of 2.0s to 10.0s`.
fn parts(wait: &Wait) -> String {
    let Wait { parts, shortest_s, longest_s, .. } = *wait;
    match parts {
        0 => String::new(),
        1 => "1".into(),
        _ if longest_s - shortest_s < 0.000_5 => format!("{parts} x {}", wording::duration(longest_s)),
        _ => format!("{parts}, {} to {}", wording::duration(shortest_s), wording::duration(longest_s)),
    }
}

/// Where and how long there was no room.
fn blockades(explanation: &Explanation) -> Option<String> {
    const SHOWN: usize = 5;
    let all = &explanation.run.without_room;
    let since = explanation.run.path.as_ref().map_or(Time::ZERO, |path| path.requested);
    let clock = |at: Time| wording::task_time(at.as_secs_f64() - since.as_secs_f64());
    let mut lines: Vec<String> = all
        .iter()
        .take(SHOWN)
        .map(|blocked| {
            let until = blocked.until.map_or("the end".into(), clock);
            let service = wording::plain(&blocked.service);
            wrapped(
                &format!("{} to {until}: no room for a task of {service}: {}", clock(blocked.from), blocked.shortage),
                "    ",
            )
        })
        .collect();
    if all.len() > SHOWN {
        lines.push(format!("    and {} more", all.len() - SHOWN));
    }
    (!all.is_empty()).then(|| format!("  what blocked, from the request on:\n\n{}", lines.join("\n")))
}

/// The tornado as lines.
fn what_if(explanation: &Explanation) -> Option<String> {
    let bars = &explanation.tornado.bars;
    let (idle, useful): (Vec<&Bar>, Vec<&Bar>) = bars.iter().partition(|bar| bar.changes_nothing());
    let horizon =
        |bar: &Bar| if bar.more_finished > 0 { format!("{} more runs end", bar.more_finished) } else { String::new() };
    let has_users = bars.iter().any(|bar| bar.saved_failures.is_some());
    let rows = useful.iter().take(SETTINGS).map(|bar| {
        let mut row =
            vec![wording::plain(&bar.change), saved(bar), interval(bar.saved_s), dollars(bar.saved_usd_per_month)];
        row.extend(has_users.then(|| failures(bar)));
        row.push(horizon(bar));
        row
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let mut parts = vec![];
    if !rows.is_empty() {
        let mut header = vec!["what if", "saves", "95 % CI", "$/month"];
        header.extend(has_users.then_some("failed\nrequests"));
        header.push("");
        let last = header.len() - 1;
        parts.push(columns(&header, &rows, &[(0, CHANGE_WIDTH)], &|column| [0, last].contains(&column)));
    }
    if useful.len() > SETTINGS {
        parts.push(format!("  and {} that save less", useful.len() - SETTINGS));
    }
    if !idle.is_empty() {
        let names: Vec<String> = idle.iter().map(|bar| wording::plain(&bar.change)).collect();
        parts.push(wrapped(&format!("no difference: {}", names.join("; ")), "  "));
    }
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}

fn saved(bar: &Bar) -> String {
    match bar.saved_s {
        None => "-".into(),
        Some(saved) if !differs(&saved) => "0s".into(),
        Some(saved) if saved.mean < 0.0 => format!("-{}", wording::task_time(-saved.mean)),
        Some(saved) => wording::task_time(saved.mean),
    }
}

fn interval(saved: Option<Difference>) -> String {
    let signed = |s: f64| if s < 0.0 { format!("-{}", wording::task_time(-s)) } else { wording::task_time(s) };
    let interval = saved.and_then(|saved| saved.interval);
    interval.map_or_else(String::new, |interval| format!("{} to {}", signed(interval.low), signed(interval.high)))
}

/// What is saved lowers the bill.
fn dollars(saved: Difference) -> String {
    match wording::cents(-saved.mean) {
        zero if zero == "0.00" || !differs(&saved) => "0".into(),
        more if saved.mean < 0.0 => format!("+{more}"),
        less => less,
    }
}

/// How many more requests fail in a run, or fewer.
fn failures(bar: &Bar) -> String {
    match bar.saved_failures.filter(differs) {
        None => "0".into(),
        Some(saved) if saved.mean < 0.0 => format!("+{}", wording::count(-saved.mean)),
        Some(saved) => format!("-{}", wording::count(saved.mean)),
    }
}

/// What takes longest, and what helps most.
fn answer(explanation: &Explanation) -> String {
    let waits = explanation.waits();
    let most = waits.iter().max_by(|a, b| a.seconds.total_cmp(&b.seconds));
    let path = explanation.run.path.as_ref();
    let begin = match (path, most) {
        (Some(path), Some(most)) => {
            format!(
                "Most of the time is {}: {} of {}",
                most.kind.name(),
                wording::task_time(most.seconds),
                path.duration()
            )
        }
        (Some(path), None) => format!("It takes {}", path.duration()),
        (None, _) => format!("It does not complete within {}", wording::duration(explanation.horizon_s)),
    };
    let best = explanation.tornado.bars.first().filter(|bar| !bar.changes_nothing());
    let Some(best) = best
        .filter(|bar| bar.more_finished > 0 || bar.saved_s.is_some_and(|saved| differs(&saved) && saved.mean > 0.0))
    else {
        return format!("{begin}. No setting that was tried helps.");
    };
    let money = match wording::cents(best.saved_usd_per_month.mean.abs()) {
        zero if zero == "0.00" => "for the same money".to_string(),
        more if best.saved_usd_per_month.mean < 0.0 => format!("for ${more} a month more"),
        less => format!("and ${less} a month"),
    };
    let lost = best.saved_failures.filter(|saved| differs(saved) && saved.mean < 0.0);
    let lost =
        lost.map(|saved| format!(", but {} more requests fail", wording::count(-saved.mean))).unwrap_or_default();
    let change = wording::plain(&best.change);
    if best.more_finished > 0 {
        format!(
            "{begin}. With \"{change}\" {} more of {} runs end, {money}{lost}.",
            best.more_finished, explanation.seeds
        )
    } else {
        format!("{begin}. \"{change}\" saves most: {} a deploy in the mean, {money}{lost}.", saved(best))
    }
}
