//! How values read in sentences and cells: the same words in the terminal, in Markdown and in charts.

use std::path::Path;

use seatrial_sim::engine::time::Duration;
use seatrial_sim::traffic::Loss;

use crate::statistics::{Comparison, VariantStatistics};

/// The scenario's file, wherever it is, and its question.
pub(crate) fn headline(comparison: &Comparison) -> String {
    let file = Path::new(&comparison.scenario).file_name().unwrap_or(comparison.scenario.as_ref());
    plain(&format!("{}: {}", file.display(), comparison.question))
}

/// The system and how often it was run.
pub(crate) fn setting(comparison: &Comparison) -> String {
    let seeds = comparison.variants.iter().map(|variant| variant.seeds).max().unwrap_or_default();
    plain(&format!("{}, {seeds} {}", comparison.system, if seeds == 1 { "seed" } else { "seeds" }))
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
fn share_of_some(count: usize, all: usize) -> f64 {
    let share = 100.0 * count as f64 / all.max(1) as f64;
    if count == 0 || count == all { share } else { share.clamp(0.1, 99.9) }
}

/// A number with a sign and one decimal; zero has no sign.
pub(crate) fn signed(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    if rounded == 0.0 { "0.0".into() } else { format!("{rounded:+.1}") }
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
