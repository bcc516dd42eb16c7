//! Text with units to values: durations, sizes, rates, requests and prices.

use seatrial_sim::engine::time::Duration;
use seatrial_sim::model::HourlyPrice;
use seatrial_sim::traffic::Rate;

/// No span may be longer: ten years.
pub(crate) const LONGEST: Duration = Duration::from_secs(10 * 365 * 86_400);

/// No service is asked for more.
pub(crate) const MOST_REQUESTS_PER_S: f64 = 1e9;

/// Why a text is not the value it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// What was found.
    pub message: String,
    /// What would do.
    pub help: Option<String>,
}

impl Wrong {
    pub fn new(message: impl Into<String>, help: &str) -> Self {
        Self { message: message.into(), help: Some(help.into()) }
    }
}

const DURATION_HELP: &str = "write a duration with its unit: \"250ms\", \"30s\", \"5m\", \"1h30m\", \"2d\"";
const SIZE_HELP: &str = "write a size with its unit: \"400MB\", \"512MiB\", \"3GiB\"";
const RATE_HELP: &str = "write bytes a second: \"24MB/s\"";
const REQUEST_RATE_HELP: &str = "write requests a second, a minute or an hour: \"50/s\", \"3000/m\", \"180000/h\"";
const PERCENT_HELP: &str = "write a share: \"25%\", \"2.5%\"";
const PRICE_HELP: &str = "write dollars an hour: \"$0.096/h\" or 0.096";

const TIME_UNITS: [(&str, f64); 5] =
    [("d", 86_400_000.0), ("h", 3_600_000.0), ("m", 60_000.0), ("s", 1_000.0), ("ms", 1.0)];

const REQUEST_RATE_UNITS: [(&str, f64); 4] = [("s", 1.0), ("m", 60.0), ("min", 60.0), ("h", 3_600.0)];

const SIZE_UNITS: [(&str, f64); 10] = [
    ("B", 1.0),
    ("kB", 1e3),
    ("KB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("TB", 1e12),
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("TiB", 1_099_511_627_776.0),
];

/// A span in whole milliseconds.
pub(crate) fn duration(text: &str) -> Result<Duration, Wrong> {
    let ms = milliseconds(text)?;
    if ms > 0.0 && ms < 0.5 {
        return Err(Wrong::new(
            format!("{} is shorter than a millisecond", quoted(text)),
            "time has whole milliseconds",
        ));
    }
    Ok(Duration::from_millis(whole(ms.round())))
}

/// The milliseconds of a span, parts of them included: numbers with units, the longest unit first (`1h30m`), or a plain 0.
pub(crate) fn milliseconds(text: &str) -> Result<f64, Wrong> {
    let mut rest = text.trim();
    if rest == "0" {
        return Ok(0.0);
    }
    if rest.starts_with('-') {
        return Err(Wrong::new(format!("{} is a negative time", quoted(text)), DURATION_HELP));
    }
    let mut ms = 0.0;
    let mut units = TIME_UNITS.as_slice();
    loop {
        let (number, after) = number(rest).ok_or_else(|| not("a duration", text, DURATION_HELP))?;
        let after = after.trim_start();
        let length = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(length);
        if unit.is_empty() {
            return Err(Wrong::new(format!("{} has no unit", quoted(text)), DURATION_HELP));
        }
        let position = units.iter().position(|(name, _)| *name == unit);
        let position = position.ok_or_else(|| not("a duration", text, DURATION_HELP))?;
        ms += number * units[position].1;
        units = &units[position + 1..];
        rest = after.trim_start();
        if rest.is_empty() {
            break;
        }
    }
    if ms > LONGEST.as_millis() as f64 {
        return Err(Wrong::new(format!("{} is longer than ten years", quoted(text)), DURATION_HELP));
    }
    Ok(ms)
}

/// A size in bytes.
pub(crate) fn size(text: &str) -> Result<u64, Wrong> {
    sized(text, "a size", SIZE_HELP)
}

/// Bytes a second, above zero.
pub(crate) fn rate(text: &str) -> Result<u64, Wrong> {
    let size = text.trim().strip_suffix("/s").ok_or_else(|| not("a rate", text, RATE_HELP))?;
    match sized(size, "a rate", RATE_HELP)? {
        0 => Err(Wrong::new(format!("{} is less than a byte a second", quoted(text)), RATE_HELP)),
        rate => Ok(rate),
    }
}

/// Requests a second, a minute or an hour; none are fine.
pub(crate) fn request_rate(text: &str) -> Result<Rate, Wrong> {
    let trimmed = text.trim();
    if trimmed.starts_with('-') {
        return Err(Wrong::new(format!("{} is negative", quoted(text)), REQUEST_RATE_HELP));
    }
    let not_a_rate = || not("a rate of requests", text, REQUEST_RATE_HELP);
    let (requests, rest) = number(trimmed).ok_or_else(not_a_rate)?;
    if rest.is_empty() {
        return Err(Wrong::new(
            format!("{} has no unit", quoted(text)),
            &format!("write \"{}/s\"", shortened(trimmed)),
        ));
    }
    let unit = rest.trim_start().strip_prefix('/').ok_or_else(not_a_rate)?.trim_start();
    let (_, span_s) = REQUEST_RATE_UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(not_a_rate)?;
    let per_s = requests / span_s;
    let rate = Rate::per_s(per_s);
    if per_s > MOST_REQUESTS_PER_S {
        return Err(Wrong::new(
            format!("{} is more than a billion requests a second", quoted(text)),
            REQUEST_RATE_HELP,
        ));
    }
    if rate.is_zero() && per_s > 0.0 {
        return Err(Wrong::new(
            format!("{} is less than a millionth of a request a second", quoted(text)),
            REQUEST_RATE_HELP,
        ));
    }
    Ok(rate)
}

/// A number of percent.
pub(crate) fn percent(text: &str) -> Result<f64, Wrong> {
    match text.trim().strip_suffix('%').map(|number_text| number(number_text.trim_end())) {
        Some(Some((percent, ""))) => Ok(percent),
        _ if text.trim().starts_with('-') => Err(Wrong::new(format!("{} is negative", quoted(text)), PERCENT_HELP)),
        _ => Err(not("a share", text, PERCENT_HELP)),
    }
}

/// Tenths of a percent, where it is a whole number of them.
pub(crate) fn permille(percent: f64) -> Option<u32> {
    let permille = (percent * 10.0).round();
    ((0.0..1e6).contains(&permille) && (percent * 10.0 - permille).abs() < 1e-6).then(|| whole(permille) as u32)
}

/// Whole MiB, above zero.
pub(crate) fn memory_mib(text: &str) -> Result<u32, Wrong> {
    let mib = sized(text, "a size", SIZE_HELP)? / 1_048_576;
    match u32::try_from(mib) {
        Ok(0) => Err(Wrong::new(format!("{} is less than 1 MiB", quoted(text)), SIZE_HELP)),
        Ok(mib) if mib <= 64 * 1_048_576 => Ok(mib),
        _ => Err(Wrong::new(format!("{} is more than 64 TiB", quoted(text)), SIZE_HELP)),
    }
}

/// Dollars an hour as text.
pub(crate) fn price(text: &str) -> Result<HourlyPrice, Wrong> {
    let trimmed = text.trim();
    let number_text = trimmed.strip_suffix("/h").unwrap_or(trimmed).trim_end();
    let number_text = number_text.strip_prefix('$').unwrap_or(number_text);
    match number(number_text) {
        Some((dollars, "")) => dollars_an_hour(dollars),
        _ if number_text.starts_with('-') => {
            Err(Wrong::new(format!("{} is a negative price", quoted(text)), PRICE_HELP))
        }
        _ => Err(not("a price", text, PRICE_HELP)),
    }
}

/// Dollars an hour as a number, to the micro-dollar.
pub(crate) fn dollars_an_hour(dollars: f64) -> Result<HourlyPrice, Wrong> {
    if (0.0..=1e6).contains(&dollars) {
        Ok(HourlyPrice(whole((dollars * 1e6).round())))
    } else {
        Err(Wrong::new(format!("${dollars} an hour is not from $0 to $1000000"), PRICE_HELP))
    }
}

/// A text as messages show it: short, in quotes, on one line.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", shortened(text))
}

/// The start of a text, on one line.
pub(crate) fn shortened(text: &str) -> String {
    const SHOWN: usize = 60;
    let start: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    let more = if text.chars().nth(SHOWN).is_some() { ".." } else { "" };
    format!("{start}{more}")
}

fn sized(text: &str, what: &str, help: &str) -> Result<u64, Wrong> {
    const LARGEST: f64 = 1e15;
    let trimmed = text.trim();
    if trimmed.starts_with('-') {
        return Err(Wrong::new(format!("{} is negative", quoted(text)), help));
    }
    let (number, unit) = number(trimmed).ok_or_else(|| not(what, text, help))?;
    let unit = unit.trim_start();
    if unit.is_empty() && number > 0.0 {
        return Err(Wrong::new(format!("{} has no unit", quoted(text)), help));
    }
    let factor = match unit {
        "" => 1.0,
        unit => SIZE_UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(|| not(what, text, help))?.1,
    };
    let bytes = (number * factor).round();
    if bytes > LARGEST {
        return Err(Wrong::new(format!("{} is more than 1000 TB", quoted(text)), help));
    }
    Ok(whole(bytes))
}

/// A decimal number at the start of a text, and what follows it.
fn number(text: &str) -> Option<(f64, &str)> {
    let length = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, rest) = text.split_at(length);
    digits.parse().ok().map(|number| (number, rest))
}

fn not(what: &str, text: &str, help: &str) -> Wrong {
    Wrong::new(format!("{} is not {what}", quoted(text)), help)
}

#[expect(clippy::cast_sign_loss, reason = "every caller has checked that it is not negative")]
fn whole(number: f64) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        let good = [
            ("30s", 30_000),
            ("5m", 300_000),
            ("1.5h", 5_400_000),
            ("250ms", 250),
            ("1h30m", 5_400_000),
            ("1h 30m", 5_400_000),
            ("2d", 172_800_000),
            ("0", 0),
            ("0s", 0),
            (" 1 s ", 1_000),
            ("0.3s", 300),
        ];
        for (text, ms) in good {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        let bad = [
            ("", "not a duration"),
            ("s", "not a duration"),
            ("5", "no unit"),
            ("-5s", "negative"),
            ("5m5m", "not a duration"),
            ("30m1h", "not a duration"),
            ("5 parsecs", "not a duration"),
            ("1..5s", "not a duration"),
            ("0.1ms", "shorter than a millisecond"),
            ("11000d", "longer than ten years"),
            ("1e3s", "not a duration"),
            ("NaNs", "not a duration"),
        ];
        for (text, part) in bad {
            let wrong = duration(text).unwrap_err();
            assert!(wrong.message.contains(part), "{text}: {}", wrong.message);
        }
    }

    #[test]
    fn requests_have_a_span() {
        let good = [
            ("50/s", 50_000_000),
            (" 0.5 / s ", 500_000),
            ("0/s", 0),
            ("90/m", 1_500_000),
            ("90/min", 1_500_000),
            ("1/h", 278),
        ];
        for (text, micros) in good {
            assert_eq!(request_rate(text), Ok(Rate::from_micros(micros)), "{text}");
        }
        let bad = [
            ("50", "no unit", "write \"50/s\""),
            ("0", "no unit", "write \"0/s\""),
            ("-5/s", "negative", "\"50/s\""),
            ("50s", "not a rate of requests", "\"50/s\""),
            ("50/d", "not a rate of requests", "an hour"),
            ("/s", "not a rate of requests", "\"50/s\""),
            ("many/s", "not a rate of requests", "\"50/s\""),
            ("0.001/h", "less than a millionth", "\"50/s\""),
            ("1000000001/s", "more than a billion", "\"50/s\""),
        ];
        for (text, part, help) in bad {
            let wrong = request_rate(text).unwrap_err();
            assert!(wrong.message.contains(part), "{text}: {}", wrong.message);
            assert!(wrong.help.is_some_and(|written| written.contains(help)), "{text}");
        }
    }

    #[test]
    fn sizes_rates_and_prices_have_units() {
        assert_eq!(size("400MB"), Ok(400_000_000));
        assert_eq!(size("1.5KiB"), Ok(1_536));
        assert_eq!(size("0"), Ok(0));
        assert_eq!(memory_mib("3GiB"), Ok(3_072));
        assert_eq!(memory_mib("1GB"), Ok(953));
        assert_eq!(rate("24MB/s"), Ok(24_000_000));
        assert_eq!(price("$0.096/h"), Ok(HourlyPrice(96_000)));
        assert_eq!(price("0.0000014"), Ok(HourlyPrice(1)));
        for text in ["", "400", "4XB", "-1MB", "9999999TB", "MB"] {
            assert!(size(text).is_err(), "{text}");
        }
        for text in ["1000KB", "900TB", "0MB"] {
            assert!(memory_mib(text).is_err(), "{text}");
        }
        for text in ["24MB", "0MB/s", "24/s", "/s"] {
            assert!(rate(text).is_err(), "{text}");
        }
        assert_eq!(percent("2.5 %"), Ok(2.5));
        assert_eq!([2.5, 33.3, 100.0].map(permille), [Some(25), Some(333), Some(1_000)]);
        assert_eq!([0.25, -1.0, f64::NAN, 1e9].map(permille), [None; 4]);
        for text in ["25", "%", "-1%", "1%%", "a%", "1.5x%"] {
            assert!(percent(text).is_err(), "{text}");
        }
        for text in ["-0.1", "$/h", "$1/d", "$1e9/h", "10000000"] {
            assert!(price(text).is_err(), "{text}");
        }
    }
}
