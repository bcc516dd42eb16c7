//! Requests as somebody measured them: a CSV file of time stamps and requests in the interval that begins at each.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::tz::Offset;
use jiff::{Timestamp, civil};
use seatrial_sim::engine::time::Duration;

use super::super::dist::place;
use super::super::units::{Wrong, quoted};
use crate::file;

/// A month of seconds takes some 70 MB.
const MAX_BYTES: u64 = 256 * 1024 * 1024;
/// More of one file's problems are not read by anybody.
const HANDFUL: usize = 5;
/// No interval has more requests.
const MOST_REQUESTS: f64 = 1e12;
/// Larger numbers are milliseconds since 1970, not seconds.
const MOST_SECONDS: f64 = 1e11;

const ROW_HELP: &str = "a row is a time stamp and a number of requests, with a comma between them";
const STAMP_HELP: &str = "write \"2014-04-10 00:04:00\", \"2014-04-10T00:04:00Z\" or a number of seconds";
const VALUE_HELP: &str = "write how many requests came in the interval, from 0 up";
const GAP_HELP: &str =
    "write gaps = \"zero\" where no requests came then, or gaps = \"hold\" to go on with the rate before";

/// What a file says, and what is wrong with it.
pub(crate) struct Trace {
    name: String,
    /// Since the first one, in order.
    rows: Vec<(Duration, f64)>,
    interval: Duration,
    /// What nothing excuses.
    faults: Faults,
    /// What the key `gaps` accepts.
    gaps: Faults,
}

/// What came where the file says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gaps {
    /// Nothing.
    Zero,
    /// As much as before.
    Hold,
}

impl Trace {
    /// The trace in a file.
    pub fn load(name: &str, path: &Path) -> Self {
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz")) {
            return Self::unreadable(name, 0, Wrong::new("compressed", "unpack it: gunzip FILE.csv.gz"));
        }
        match file::read_up_to(path, MAX_BYTES) {
            Ok(text) => Self::read(name, &text),
            Err(file::Unreadable { line, message, help }) => Self::unreadable(name, line, Wrong { message, help }),
        }
    }

    fn unreadable(name: &str, line: usize, wrong: Wrong) -> Self {
        let mut faults = Faults::default();
        faults.note(line, wrong);
        Self { name: name.into(), rows: Vec::new(), interval: Duration::ZERO, faults, gaps: Faults::default() }
    }

    fn read(name: &str, text: &str) -> Self {
        let mut faults = Faults::default();
        let rows = rows(text, &mut faults);
        let interval = most_common_distance(&rows);
        let gaps = check_order(&rows, interval, &mut faults);
        let good: Vec<&Row> = rows.iter().flatten().collect();
        match good.as_slice() {
            // Nothing else was said of it.
            [] if faults.count == 0 => faults.note(0, Wrong::new("no rows", ROW_HELP)),
            [row] if faults.count == 0 => faults.note(
                row.line,
                Wrong::new("one row only", "the interval is the distance between rows: write two at least"),
            ),
            _ => {}
        }
        let first = good.first().map_or(0, |row| row.at);
        let since_first =
            |row: &&Row| (Duration::from_millis(row.at.saturating_sub(first).unsigned_abs()), row.requests);
        Self { name: name.into(), rows: good.iter().map(since_first).collect(), interval, faults, gaps }
    }

    /// What is wrong, in the order of lines, up to a handful.
    pub fn problems(&self, gaps_accepted: bool) -> Vec<Wrong> {
        let none = Faults::default();
        let gaps = if gaps_accepted { &none } else { &self.gaps };
        let mut all: Vec<&(usize, Wrong)> = self.faults.first.iter().chain(&gaps.first).collect();
        all.sort_by_key(|(line, _)| *line);
        all.truncate(HANDFUL);
        let more = self.faults.count + gaps.count - all.len();
        let mut problems: Vec<Wrong> = all
            .into_iter()
            .map(|(line, wrong)| Wrong {
                message: format!("{}: {}", place(&self.name, *line), wrong.message),
                help: wrong.help.clone(),
            })
            .collect();
        if more > 0 {
            problems.push(Wrong { message: format!("{}: and {more} more problems", quoted(&self.name)), help: None });
        }
        problems
    }

    /// From the first row to the end of the last one's interval.
    pub fn span(&self) -> Duration {
        self.rows.last().map_or(Duration::ZERO, |(at, _)| *at) + self.interval
    }

    /// Requests a second from each time on.
    pub fn pieces(&self, gaps: Gaps) -> Vec<(Duration, f64)> {
        let mut pieces = Vec::with_capacity(self.rows.len());
        let mut end = Duration::ZERO;
        for (at, requests) in &self.rows {
            // What holds needs no piece.
            if *at > end && gaps == Gaps::Zero {
                pieces.push((end, 0.0));
            }
            pieces.push((*at, requests / self.interval.as_secs_f64()));
            end = *at + self.interval;
        }
        pieces
    }
}

/// The first problems, and how many there are.
#[derive(Default)]
struct Faults {
    /// In the order of lines.
    first: Vec<(usize, Wrong)>,
    count: usize,
}

impl Faults {
    fn note(&mut self, line: usize, wrong: Wrong) {
        self.count += 1;
        let position = self.first.partition_point(|(known, _)| *known <= line);
        self.first.insert(position, (line, wrong));
        self.first.truncate(HANDFUL);
    }
}

struct Row<'a> {
    line: usize,
    /// As it is written.
    stamp: &'a str,
    /// Milliseconds.
    at: i64,
    requests: f64,
}

/// The rows below the header; none in place of one whose time is not known.
fn rows<'a>(text: &'a str, faults: &mut Faults) -> Vec<Option<Row<'a>>> {
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim).zip(1..);
    let mut lines = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
    if let Some((header, line)) = lines.next()
        && let Some([_, value]) = cells(header, line, faults)
        && value.parse::<f64>().is_ok()
    {
        let help = "write the names of the two columns above the first row: time,requests";
        faults.note(line, Wrong::new("a row, where the header is needed", help));
    }
    lines
        .map(|(text, line)| {
            let [stamp, value] = cells(text, line, faults)?;
            let requests = requests(value).map_err(|wrong| faults.note(line, wrong));
            let at = milliseconds(stamp).map_err(|wrong| faults.note(line, wrong)).ok()?;
            Some(Row { line, stamp, at, requests: requests.unwrap_or(0.0) })
        })
        .collect()
}

fn cells<'a>(text: &'a str, line: usize, faults: &mut Faults) -> Option<[&'a str; 2]> {
    let bare = |cell: &'a str| cell.trim().trim_matches('"').trim();
    let mut cells = text.split(',');
    match (cells.next(), cells.next(), cells.count()) {
        (Some(stamp), Some(value), 0) => Some([bare(stamp), bare(value)]),
        (_, None, _) => {
            faults.note(line, Wrong::new("one column, where two are needed", ROW_HELP));
            None
        }
        (_, _, more) => {
            faults.note(line, Wrong::new(format!("{} columns, where two are needed", more + 2), ROW_HELP));
            None
        }
    }
}

fn requests(cell: &str) -> Result<f64, Wrong> {
    let wrong = |what: &str| Err(Wrong::new(format!("{} is {what}", quoted(cell)), VALUE_HELP));
    match cell.parse::<f64>() {
        Ok(requests) if (0.0..=MOST_REQUESTS).contains(&requests) => Ok(requests),
        Ok(requests) if requests.is_finite() && requests < 0.0 => wrong("negative"),
        Ok(requests) if requests.is_finite() => wrong("too large for requests in an interval"),
        _ => wrong("not a number of requests"),
    }
}

/// A stamp as milliseconds since some time that is the same for all. One without an offset is taken as UTC.
fn milliseconds(stamp: &str) -> Result<i64, Wrong> {
    if let Ok(seconds) = stamp.parse::<f64>()
        && seconds.is_finite()
    {
        return match seconds.abs() {
            small if small <= MOST_SECONDS => Ok((seconds * 1_000.0).round() as i64),
            _ => Err(Wrong::new(format!("{} is too large for seconds", quoted(stamp)), STAMP_HELP)),
        };
    }
    let instant = stamp.parse::<Timestamp>().or_else(|_| Offset::UTC.to_timestamp(stamp.parse::<civil::DateTime>()?));
    instant
        .map(Timestamp::as_millisecond)
        .map_err(|_| Wrong::new(format!("{} is not a time stamp", quoted(stamp)), STAMP_HELP))
}

/// The distance between rows that is there most often, of several the shortest.
fn most_common_distance(rows: &[Option<Row>]) -> Duration {
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    for pair in rows.windows(2) {
        if let [Some(before), Some(row)] = pair
            && row.at > before.at
        {
            *counts.entry(row.at - before.at).or_default() += 1;
        }
    }
    let most = counts.into_iter().rev().max_by_key(|(_, count)| *count);
    Duration::from_millis(most.map_or(0, |(distance, _)| distance.unsigned_abs()))
}

/// Notes the rows that do not follow the one before them, and gives the gaps.
fn check_order(rows: &[Option<Row>], interval: Duration, faults: &mut Faults) -> Faults {
    let mut gaps = Faults::default();
    let mut last: Option<&Row> = None;
    for row in rows {
        // Around a row whose time is not known nothing can be said.
        let Some(row) = row else {
            last = None;
            continue;
        };
        let Some(before) = last.replace(row) else { continue };
        let distance = Duration::from_millis((row.at - before.at).unsigned_abs());
        if row.at > before.at && distance == interval {
            continue;
        }
        let (stamp, earlier) = (quoted(row.stamp), format!("{} on line {}", quoted(before.stamp), before.line));
        if row.at > before.at && distance > interval {
            gaps.note(row.line, Wrong::new(format!("a gap from {interval} after {earlier} to {stamp}"), GAP_HELP));
            continue;
        }
        let (message, help) = if row.at < before.at {
            // The rows that follow are compared with the latest.
            last = Some(before);
            (format!("{stamp} is before {earlier}"), "sort the rows by time")
        } else if distance.is_zero() {
            (format!("{stamp} is there twice, as {earlier}"), "leave one of them out")
        } else {
            let message = format!("{stamp} is only {distance} after {earlier}, and the interval is {interval}");
            (message, "leave one of them out, or give all rows the same interval")
        };
        faults.note(row.line, Wrong::new(message, help));
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let problems = Trace::read("x.csv", text).problems(false);
        problems.into_iter().map(|wrong| format!("{} [{}]", wrong.message, wrong.help.unwrap_or_default())).collect()
    }

    #[test]
    fn stamps_read_as_they_are_written() {
        let table = [
            "0,60\n60,30\n",
            "1397088240,60\n1397088300,30\n",
            "1397088240.5,60\n1397088300.5,30\n",
            "2014-04-10 00:04:00,60\n2014-04-10 00:05:00,30\n",
            "2014-04-10 00:04,60\n2014-04-10 00:05,30\n",
            "2014-04-10T00:04:00,60\n2014-04-10T00:05:00,30\n",
            "2014-04-10T00:04:00Z,60\n2014-04-10T00:05:00Z,30\n",
            "2014-04-10T00:04:00+02:00,60\n2014-04-09T22:05:00Z,30\n",
            "2014-04-10 00:04:00.250,60\n2014-04-10 00:05:00.250,30\n",
            "\"2014-04-10 00:04:00\" , \"60\"\r\n\r\n# more\r\n2014-04-10 00:05:00,3e1\r\n",
            "2014-02-28 23:59:00,60\n2014-03-01 00:00:00,30",
        ];
        for text in table {
            let trace = Trace::read("x.csv", &format!("\u{feff}utc_minute,requests\n{text}"));
            assert_eq!(trace.problems(false), [], "{text}");
            assert_eq!(trace.rows, [(Duration::ZERO, 60.0), (Duration::from_secs(60), 30.0)], "{text}");
            assert_eq!(trace.span(), Duration::from_secs(120), "{text}");
        }
    }

    /// The file below its header, and the only problem with what would do.
    #[test]
    fn each_problem_has_its_line_and_what_would_do() {
        let table = [
            ("", "'x.csv': no rows [a row is"),
            ("0,1\n", "'x.csv' line 2: one row only [the interval is"),
            ("0,1\n60,2,3\n120,1\n", "line 3: 3 columns, where two are needed [a row is"),
            ("0;1\n60,2\n120,2\n", "line 2: one column, where two are needed [a row is"),
            ("0,1\n60,-2\n", "line 3: '-2' is negative [write how many"),
            ("0,1\n60,inf\n", "line 3: 'inf' is not a number of requests [write how many"),
            ("0,NaN\n60,1\n", "line 2: 'NaN' is not a number of requests [write how many"),
            ("0,1\n60,\n", "line 3: '' is not a number of requests [write how many"),
            ("0,1\n60,1e13\n", "line 3: '1e13' is too large"),
            ("0,1\nnoon,1\n120,1\n180,1\n", "line 3: 'noon' is not a time stamp [write \"2014-04-10 00:04:00\""),
            ("2014-02-30 00:00:00,1\n0,1\n60,1\n", "line 2: '2014-02-30 00:00:00' is not a time stamp"),
            ("nan,1\n0,1\n60,1\n", "line 2: 'nan' is not a time stamp"),
            ("0,1\n1397088240000,1\n", "line 3: '1397088240000' is too large for seconds"),
            ("0,1\n60,1\n60,1\n120,1\n", "line 4: '60' is there twice, as '60' on line 3 [leave one"),
            ("0,1\n60,1\n30,1\n120,1\n", "line 4: '30' is before '60' on line 3 [sort the rows"),
            ("0,1\n60,1\n120,1\n130,1\n190,1\n", "line 5: '130' is only 10.0s after '120' on line 4, and the interval"),
            ("0,1\n60,1\n240,1\n", "line 4: a gap from 1m 00s after '60' on line 3 to '240' [write gaps = \"zero\""),
        ];
        for (rows, part) in table {
            let problems = problems(&format!("time,requests\n{rows}"));
            assert!(problems.len() == 1 && problems[0].contains(part), "{rows:?}: {problems:#?}");
        }
        assert!(problems("")[0].contains("no rows"));
        assert!(problems("0,1\n60,1\n120,1\n")[0].contains("line 1: a row, where the header is needed"));
    }

    #[test]
    fn a_handful_of_problems_is_told_in_the_order_of_lines() {
        let rows = (0..20).map(|i| format!("\n{},-1", 60 * i + 60 * (i / 2))).collect::<Vec<_>>().concat();
        let problems = problems(&format!("time,requests{rows}"));
        let lines = ["line 2: '-1'", "line 3: '-1'", "line 4: '-1'", "line 4: a gap", "line 5: '-1'", "and 24 more"];
        assert_eq!(problems.len(), lines.len());
        for (problem, line) in problems.iter().zip(lines) {
            assert!(problem.contains(line), "{problems:#?}");
        }
    }

    #[test]
    fn a_gap_is_filled_as_it_is_said() {
        let trace = Trace::read("x.csv", "time,requests\n0,60\n60,30\n240,60\n");
        assert_eq!(trace.problems(true), []);
        let s = Duration::from_secs;
        let zero = [(s(0), 1.0), (s(60), 0.5), (s(120), 0.0), (s(240), 1.0)];
        assert_eq!(trace.pieces(Gaps::Zero), zero);
        assert_eq!(trace.pieces(Gaps::Hold), [(s(0), 1.0), (s(60), 0.5), (s(240), 1.0)]);
        assert_eq!(trace.span(), s(300));
    }
}
