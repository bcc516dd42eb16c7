//! Values as scenario files write them.

use seatrial_sim::deploy::Amount;
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::time::Duration;
use seatrial_sim::model::LaunchRate;
use seatrial_sim::parameters::Value;

/// A parameter's value in TOML: what a scenario file reads as this value again.
///
/// ```
/// use seatrial_scenarios::written;
/// use seatrial_sim::engine::time::Duration;
/// use seatrial_sim::parameters::Value;
///
/// assert_eq!(written(&Value::Span(Duration::from_millis(10_100))), r#""10.1s""#);
/// assert_eq!(written(&Value::percent_up(25)), r#""25%""#);
/// ```
pub fn written(value: &Value) -> String {
    match value {
        Value::Span(span) => quoted(&duration(*span)),
        Value::Random(dist) => quoted(&distribution(dist)),
        Value::Count(count) => count.to_string(),
        Value::Permille(permille) => percent(*permille),
        Value::Bound(bound) => match bound.amount {
            Amount::Tasks(tasks) => tasks.to_string(),
            Amount::Permille(permille) => quoted(&format!("{}%", percent(permille))),
        },
        Value::Flag(flag) => flag.to_string(),
        Value::Word(word, _) => quoted(word),
        Value::Shares(shares) => format!("[{}]", joined(shares.iter().copied().map(percent))),
        Value::Rate(None) => quoted("unlimited"),
        Value::Rate(Some(LaunchRate { per_minute, burst })) => {
            format!("{{ per_minute = {per_minute}, burst = {burst} }}")
        }
        Value::Throughput(bytes) => quoted(&format!("{}/s", size(*bytes))),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

/// The largest unit that is there twice or exactly, and the rest: `90s`, `2m30s`.
fn duration(span: Duration) -> String {
    const UNITS: [(u64, &str); 3] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m")];
    let mut ms = span.as_millis();
    if ms > 0 && ms < 1_000 {
        return format!("{ms}ms");
    }
    let mut parts = vec![];
    for (unit, name) in UNITS {
        let reads_well = ms >= 2 * unit || (ms > 0 && ms.is_multiple_of(unit));
        if reads_well || (!parts.is_empty() && ms >= unit) {
            parts.push(format!("{}{name}", ms / unit));
            ms %= unit;
        }
    }
    if ms > 0 || parts.is_empty() {
        parts.push(format!("{}s", ms as f64 / 1_000.0));
    }
    parts.concat()
}

fn distribution(dist: &Dist) -> String {
    match dist {
        Dist::Fixed(span) => duration(*span),
        Dist::Uniform { low, high } => format!("uniform({}, {})", duration(*low), duration(*high)),
        Dist::Exponential { mean } => format!("exponential(mean={})", duration(*mean)),
        Dist::LogNormal { median, sigma } => format!("lognormal(median={}, sigma={sigma})", duration(*median)),
        // Measured spans are in a file, whose name is not known here; no system has them as a default.
        Dist::Empirical(_) => "empirical(..)".into(),
    }
}

fn percent(permille: u32) -> String {
    (f64::from(permille) / 10.0).to_string()
}

fn size(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"), (1, "B")];
    let whole = units.into_iter().find(|(unit, _)| bytes.is_multiple_of(*unit));
    whole.map_or_else(String::new, |(unit, name)| format!("{}{name}", bytes / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_one_unit_where_they_can() {
        let table = [
            (0, "0s"),
            (300, "300ms"),
            (10_100, "10.1s"),
            (60_000, "1m"),
            (90_000, "90s"),
            (150_000, "2m30s"),
            (1_620_000, "27m"),
            (3_600_000, "1h"),
            (5_400_000, "90m"),
            (9_000_000, "2h30m"),
            (172_800_000, "2d"),
            (176_461_500, "2d1h1m1.5s"),
        ];
        for (ms, text) in table {
            assert_eq!(duration(Duration::from_millis(ms)), text);
        }
    }

    #[test]
    fn sizes_are_whole() {
        assert_eq!([24_000_000, 1_500, 1_000_000_001].map(size), ["24MB", "1500B", "1000000001B"]);
    }
}
