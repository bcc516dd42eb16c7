//! How values read in sentences and cells: the same words in the terminal, in Markdown and in charts.

use std::path::Path;

use seatrial_sim::engine::time::Duration;
use seatrial_sim::traffic::{Loss, Quantile};

use crate::statistics::{Comparison, VariantStatistics};

/// The scenario's file, wherever it is, and its question.
pub(crate) fn headline(comparison: &Comparison) -> String {
    headline_of(&comparison.scenario, &comparison.question)
}

/// A scenario's file, wherever it is, and its question.
pub(crate) fn headline_of(scenario: &str, question: &str) -> String {
    plain(&format!("{}: {question}", file_of(scenario)))
}

/// The scenario's file, wherever it is.
pub(crate) fn file(comparison: &Comparison) -> String {
    plain(&file_of(&comparison.scenario))
}

fn file_of(scenario: &str) -> String {
    let file = Path::new(scenario).file_name().unwrap_or(scenario.as_ref());
    file.display().to_string()
}

/// The system and how often it was run.
pub(crate) fn setting(comparison: &Comparison) -> String {
    let seeds = comparison.variants.iter().map(|variant| variant.seeds).max().unwrap_or_default();
    plain(&format!("{}, {seeds} {}", comparison.system, if seeds == 1 { "seed" } else { "seeds" }))
}

/// The first five of a list, and how many more there are.
pub(crate) fn first_of(items: impl Iterator<Item = String>) -> String {
    let mut items: Vec<String> = items.collect();
    let more = items.len().saturating_sub(5);
    items.truncate(5);
    if more > 0 {
        items.push(format!("and {more} more"));
    }
    items.join("; ")
}

/// A duration in seconds as people say it: `4m 12s`.
pub(crate) fn duration(seconds: f64) -> String {
    Duration::from_secs_f64(seconds).to_string()
}

/// The time of one task or more, added up: `16m 40s`, and `0s` for none.
pub(crate) fn task_time(seconds: f64) -> String {
    if seconds < 0.0005 { "0s".into() } else { duration(seconds) }
}

/// A quantile: `4m 12s`, or `> 3h 00m` when it falls on an unfinished run.
pub(crate) fn quantile(seconds: Option<f64>, horizon_s: f64) -> String {
    seconds.map_or_else(|| format!("> {}", duration(horizon_s)), duration)
}

/// A quantile of a variant's deploys; `-` where it has none.
pub(crate) fn deploy(variant: &VariantStatistics, seconds: Option<f64>, horizon_s: f64) -> String {
    if variant.has_deploys() { quantile(seconds, horizon_s) } else { "-".into() }
}

/// A share: `100 %`, `66.7 %`.
pub(crate) fn percent(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    if rounded.fract() == 0.0 { format!("{rounded:.0} %") } else { format!("{rounded:.1} %") }
}

/// The share of the runs that finished; `100 %` only if all did, `0 %` only if none did.
pub(crate) fn finished(variant: &VariantStatistics) -> String {
    percent(share_of_some(variant.finished, variant.seeds))
}

/// The share of the runs that did not finish, with the same care.
pub(crate) fn unfinished(variant: &VariantStatistics) -> String {
    percent(share_of_some(variant.seeds - variant.finished, variant.seeds))
}

/// `count` of `all` in percent, kept away from 0 and 100 unless it is none or all.
pub(crate) fn share_of_some(count: usize, all: usize) -> f64 {
    let share = 100.0 * count as f64 / all.max(1) as f64;
    if count == 0 || count == all { share } else { share.clamp(0.1, 99.9) }
}

/// A number with a sign and one decimal; zero has no sign.
pub(crate) fn signed(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    if rounded == 0.0 { "0.0".into() } else { format!("{rounded:+.1}") }
}

/// How many times: `3.1`, `12`, `more than 1,000`.
pub(crate) fn factor(value: f64) -> String {
    match value {
        v if v < 9.95 => format!("{v:.1}"),
        v if v < 999.5 => format!("{v:.0}"),
        _ => "more than 1,000".into(),
    }
}

/// A share of which little matters: `100 %`, `0.012 %`, and `0 %` only for none.
pub(crate) fn small_percent(value: f64) -> String {
    match value {
        v if v > 99.9 && v < 100.0 => "99.9 %".into(),
        v if v >= 0.1 || v <= 0.0 => percent(v),
        v if v >= 0.001 => {
            let text = format!("{v:.3}");
            format!("{} %", text.trim_end_matches('0'))
        }
        _ => "< 0.001 %".into(),
    }
}

/// So many requests, or so many of them on average: `0`, `0.3`, `12`, `1,234`, `1.2M`.
pub(crate) fn count(value: f64) -> String {
    let tenths = |value: f64| format!("{value:.1}").trim_end_matches(".0").to_string();
    match value {
        v if v <= 0.0 => "0".into(),
        v if v < 0.05 => "< 0.1".into(),
        v if v < 9.95 => tenths(v),
        v if v < 999_999.5 => grouped(&format!("{v:.0}")),
        v if v < 999.95e6 => format!("{}M", tenths(v / 1e6)),
        v => format!("{}G", grouped(&tenths(v / 1e9))),
    }
}

/// A whole number with a comma between each three digits; one with a point stays as it is.
pub(crate) fn grouped(number: &str) -> String {
    if number.contains('.') {
        return number.into();
    }
    let comma = |(index, digit): (usize, char)| {
        let is_due = index > 0 && (number.len() - index).is_multiple_of(3);
        is_due.then_some(',').into_iter().chain([digit])
    };
    number.chars().enumerate().flat_map(comma).collect()
}

/// How long requests take: `0.4ms`, `230ms`, `saturated`, and `-` where none are served.
pub(crate) fn latency(quantile: Quantile) -> String {
    match quantile {
        Quantile::None => "-".into(),
        Quantile::Seconds(s) if s < 0.00005 => "0ms".into(),
        Quantile::Seconds(s) if s < 0.00995 => format!("{:.1}ms", s * 1e3),
        Quantile::Seconds(s) => duration(s),
        Quantile::Saturated => "saturated".into(),
    }
}

/// Dollars and cents, without the sign of the currency.
pub(crate) fn cents(usd: f64) -> String {
    format!("{:.2}", (usd * 100.0).round() / 100.0 + 0.0)
}

/// A name in quotes.
pub(crate) fn quoted(variant: &VariantStatistics) -> String {
    format!("\"{}\"", plain(&variant.name))
}

/// `text` on one line: control characters, which could move a terminal's cursor, become spaces.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A way in which requests fail, in people's words.
pub(crate) fn cause(loss: Loss) -> &'static str {
    match loss {
        Loss::Cut => "cut off",
        Loss::Hung => "hung task",
        Loss::Refused => "refused",
        Loss::NoTarget => "no target",
        Loss::TimedOut => "timed out",
        Loss::Errors => "errors",
    }
}

/// A way in which requests fail, in one word.
pub fn loss(loss: Loss) -> &'static str {
    match loss {
        Loss::Cut => "cut",
        Loss::Hung => "hung",
        Loss::Refused => "refused",
        Loss::NoTarget => "no_target",
        Loss::TimedOut => "timed_out",
        Loss::Errors => "errors",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_the_same_everywhere() {
        assert_eq!([quantile(Some(252.0), 10_800.0), quantile(None, 10_800.0)], ["4m 12s", "> 3h 00m"]);
        assert_eq!([percent(100.0), percent(200.0 / 3.0), percent(0.0)], ["100 %", "66.7 %", "0 %"]);
        assert_eq!([task_time(1000.0), task_time(0.0), task_time(0.02)], ["16m 40s", "0s", "20ms"]);
        assert_eq!([signed(-79.44), signed(0.04), signed(-0.04), signed(12.0)], ["-79.4", "0.0", "0.0", "+12.0"]);
        assert_eq!([cents(70.083), cents(-0.001), cents(1234.0)], ["70.08", "0.00", "1234.00"]);
        assert_eq!(plain("a\u{1b}[31m\nb"), "a [31m b");
        assert_eq!([0.96, 3.12, 9.96, 3e9].map(factor), ["1.0", "3.1", "10", "more than 1,000"]);
    }

    #[test]
    fn requests_are_counted_with_as_many_digits_as_matter() {
        let counts = [0.0, 0.02, 0.3, 1.0, 9.94, 12.4, 999.6, 1_234.0, 999_999.0, 1_234_567.0, 2e6, 3.25e9];
        let texts = ["0", "< 0.1", "0.3", "1", "9.9", "12", "1,000", "1,234", "999,999", "1.2M", "2M", "3.2G"]
            .map(String::from);
        assert_eq!(counts.map(count), texts);
        let shares = [0.0, 0.000_4, 0.012, 0.02, 0.1, 12.34, 99.97, 100.0];
        let texts = ["0 %", "< 0.001 %", "0.012 %", "0.02 %", "0.1 %", "12.3 %", "99.9 %", "100 %"].map(String::from);
        assert_eq!(shares.map(small_percent), texts);
        let latencies = [0.0, 0.000_4, 0.23, 4.0].map(|s| latency(Quantile::Seconds(s)));
        assert_eq!(latencies, ["0ms", "0.4ms", "230ms", "4.0s"]);
        assert_eq!([Quantile::None, Quantile::Saturated].map(latency), ["-", "saturated"]);
    }

    #[test]
    fn one_unfinished_run_in_many_is_never_rounded_away() {
        let table = [
            (9999, 10_000, "99.9 %"),
            (1, 10_000, "0.1 %"),
            (0, 7, "0 %"),
            (7, 7, "100 %"),
            (186, 200, "93 %"),
            (0, 0, "0 %"),
        ];
        for (count, all, text) in table {
            assert_eq!(percent(share_of_some(count, all)), text, "{count} of {all}");
        }
    }
}
