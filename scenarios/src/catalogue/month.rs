//! A month, which is how exactly prices are dated.

use std::fmt;
use std::str::FromStr;

use crate::decode::units::{Wrong, quoted};

/// A month of a year: `2015-08`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct YearMonth {
    year: u16,
    month: u8,
}

impl YearMonth {
    /// A month from 1 to 12 of a year up to 9999.
    pub const fn new(year: u16, month: u8) -> Option<Self> {
        if year <= 9_999 && 1 <= month && month <= 12 { Some(Self { year, month }) } else { None }
    }

    /// A month as `2015-08`.
    pub(crate) fn read(text: &str) -> Result<Self, Wrong> {
        let digits = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
        let parts = text.split_once('-').filter(|(year, month)| digits(year, 4) && digits(month, 2));
        parts.and_then(|(year, month)| Self::new(year.parse().ok()?, month.parse().ok()?)).ok_or_else(|| {
            Wrong::new(format!("{} is not a month", quoted(text)), "write the year and the month, as in 2015-08")
        })
    }
}

impl FromStr for YearMonth {
    /// What was found, and what would do.
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::read(text).map_err(|Wrong { message, help }| format!("{message}: {}", help.unwrap_or_default()))
    }
}

impl fmt::Display for YearMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_read_as_they_are_written_and_come_in_order() {
        let months = ["2015-08", "2015-12", "2016-01", "2026-07"].map(|text| text.parse::<YearMonth>().unwrap());
        assert!(months.is_sorted());
        assert_eq!(months[0].to_string(), "2015-08");
        for text in
            ["", "2015", "2015-8", "2015-13", "2015-00", "15-08", "2015/08", "2015-08-01", "+015-08", "201\u{e9}-08"]
        {
            assert!(text.parse::<YearMonth>().unwrap_err().contains("as in 2015-08"), "{text}");
        }
    }
}
