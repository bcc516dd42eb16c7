//! Text to distributions: `"30s"`, `"uniform(0s, 10s)"`, `"lognormal(median=8s, sigma=0.3)"`, `"empirical(file.csv)"`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::time::Duration;

use super::load::Trace;
use super::units::{self, LONGEST, Wrong, quoted};
use super::{Item, nearest};
use crate::catalogue::Catalogue;
use crate::file;
use crate::program::Programs;

const HELP: &str = "write \"30s\", \"uniform(0s, 10s)\", \"lognormal(median=8s, sigma=0.3)\", \"exponential(mean=5s)\" or \
                    \"empirical(file.csv)\"";

/// A distribution; `samples` finds what `empirical` names.
pub(crate) fn parse(text: &str, samples: &Samples) -> Result<Dist, Wrong> {
    let Some((name, rest)) = text.split_once('(') else {
        return units::duration(text).map(Dist::Fixed).map_err(|wrong| {
            let looks_like_a_name = text.trim().starts_with(|c: char| c.is_ascii_alphabetic());
            if looks_like_a_name { Wrong::new(format!("{} is not a distribution", quoted(text)), HELP) } else { wrong }
        });
    };
    let arguments = rest.trim_end().strip_suffix(')');
    let arguments = arguments.ok_or_else(|| Wrong::new(format!("{} has no ')' at its end", quoted(text)), HELP))?;
    match name.trim() {
        "uniform" => {
            let [low, high] = named(arguments, ["low", "high"])?;
            let (low, high) = (units::duration(low)?, units::duration(high)?);
            if low > high {
                return Err(Wrong::new(format!("the low end, {low}, is above the high end, {high}"), HELP));
            }
            Ok(Dist::Uniform { low, high })
        }
        "exponential" => {
            let [mean] = named(arguments, ["mean"])?;
            Ok(Dist::Exponential { mean: units::duration(mean)? })
        }
        "lognormal" => {
            let [median, sigma] = named(arguments, ["median", "sigma"])?;
            let median = units::duration(median)?;
            match sigma.parse() {
                Ok(sigma) if (0.0..=3.0).contains(&sigma) => Ok(Dist::LogNormal { median, sigma }),
                _ => Err(Wrong::new(format!("sigma is {}, not a number from 0 to 3", quoted(sigma)), HELP)),
            }
        }
        "empirical" => samples.read(arguments.trim()).map(Dist::Empirical),
        other => {
            let names = ["uniform", "exponential", "lognormal", "empirical"];
            let help = nearest(other, names).map_or(HELP.into(), |name| format!("did you mean '{name}'?"));
            Err(Wrong::new(format!("no distribution is named {}", quoted(other)), &help))
        }
    }
}

/// The arguments in the order of their names, whether they are written with them (`mean=5s`) or in order.
fn named<'a, const N: usize>(text: &'a str, names: [&str; N]) -> Result<[&'a str; N], Wrong> {
    let expected = || Wrong::new(format!("{} is not {}", quoted(text), names.join(", ")), HELP);
    let mut found = [None; N];
    for (position, argument) in text.split(',').enumerate() {
        let (slot, value) = match argument.split_once('=') {
            Some((name, value)) => (names.iter().position(|known| *known == name.trim()), value),
            None => (Some(position), argument),
        };
        let slot = slot.and_then(|slot| found.get_mut(slot)).ok_or_else(expected)?;
        if slot.replace(value.trim()).is_some() {
            return Err(expected());
        }
    }
    if found.contains(&None) { Err(expected()) } else { Ok(found.map(Option::unwrap_or_default)) }
}

/// What is beside the scenario: what was measured, in files of which each is read once, and programs.
pub(crate) struct Samples {
    base_dir: PathBuf,
    pub programs: Programs,
    files: RefCell<BTreeMap<String, Result<Vec<Duration>, Wrong>>>,
    traces: RefCell<BTreeMap<String, Rc<Trace>>>,
}

impl Samples {
    /// Files are relative to this directory, of a scenario with these programs.
    pub fn new(base_dir: &Path, programs: Programs) -> Self {
        Self { base_dir: base_dir.into(), programs, files: RefCell::default(), traces: RefCell::default() }
    }

    /// Files are relative to this directory.
    pub fn beside(base_dir: &Path) -> Self {
        Self::new(base_dir, Programs::of("", base_dir))
    }

    /// The catalogue in a file.
    pub fn catalogue(&self, item: &Item) -> Option<Catalogue> {
        let name = item.words()?;
        match Catalogue::load(&self.base_dir.join(&name)) {
            Ok(catalogue) => Some(catalogue),
            Err(report) => {
                for problem in report.problems() {
                    let place = place(&name, problem.line);
                    item.wrong::<()>(format!("{place}: {}", problem.message), problem.help.clone());
                }
                None
            }
        }
    }

    /// The trace in a file, with what is wrong with it.
    pub fn trace(&self, name: &str) -> Rc<Trace> {
        let mut traces = self.traces.borrow_mut();
        traces.entry(name.into()).or_insert_with(|| Rc::new(Trace::load(name, &self.base_dir.join(name)))).clone()
    }

    fn read(&self, name: &str) -> Result<Vec<Duration>, Wrong> {
        if name.is_empty() {
            return Err(Wrong::new("empirical() names no file", HELP));
        }
        let mut files = self.files.borrow_mut();
        let spans = files.entry(name.into()).or_insert_with(|| {
            let text = file::read(&self.base_dir.join(name)).map_err(|unreadable| Wrong {
                message: format!("{}: {}", place(name, unreadable.line), unreadable.message),
                help: unreadable.help,
            })?;
            column(name, &text)
        });
        spans.clone()
    }
}

/// One column of seconds, with or without a header.
fn column(name: &str, text: &str) -> Result<Vec<Duration>, Wrong> {
    const COLUMN: &str = "the file is one column of seconds, with or without a header";
    let mut spans = Vec::new();
    let mut bad = Vec::new();
    for (position, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let cell = line.trim().trim_matches('"');
        let header = position == 0 && cell.parse::<f64>().is_err() && cell.starts_with(char::is_alphabetic);
        if cell.is_empty() || header {
            continue;
        }
        match cell.parse::<f64>() {
            Ok(s) if (0.0..=LONGEST.as_secs_f64()).contains(&s) => spans.push(Duration::from_secs_f64(s)),
            _ => bad.push((position + 1, cell)),
        }
    }
    match bad.as_slice() {
        [] if spans.is_empty() => Err(Wrong::new(format!("{} has no values", quoted(name)), COLUMN)),
        [] => Ok(spans),
        [(line, cell), more @ ..] => {
            let more = if more.is_empty() { String::new() } else { format!(", and {} lines more", more.len()) };
            let message = format!("{}: {} is not seconds from 0 up{more}", place(name, *line), quoted(cell));
            Err(Wrong::new(message, COLUMN))
        }
    }
}

/// A file, and a line where one is meant.
pub(super) fn place(name: &str, line: usize) -> String {
    if line == 0 { quoted(name) } else { format!("{} line {line}", quoted(name)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Dist, Wrong> {
        parse(text, &Samples::beside(Path::new(".")))
    }

    #[test]
    fn distributions_read_as_they_are_written() {
        let s = Duration::from_secs;
        let table = [
            ("30s", Dist::Fixed(s(30))),
            ("uniform(0s, 10s)", Dist::Uniform { low: s(0), high: s(10) }),
            ("uniform(high=10s, low=0)", Dist::Uniform { low: s(0), high: s(10) }),
            ("exponential(mean=5s)", Dist::Exponential { mean: s(5) }),
            ("exponential(5s)", Dist::Exponential { mean: s(5) }),
            ("lognormal(median=8s, sigma=0.3)", Dist::LogNormal { median: s(8), sigma: 0.3 }),
        ];
        for (text, dist) in table {
            assert_eq!(read(text), Ok(dist), "{text}");
        }
    }

    #[test]
    fn what_is_no_distribution_says_why() {
        let table = [
            ("uniform(10s, 0s)", "is above"),
            ("uniform(10s)", "is not low, high"),
            ("uniform(1s, 2s, 3s)", "is not low, high"),
            ("uniform(low=1s, low=2s)", "is not low, high"),
            ("uniform(1s, low=2s)", "is not low, high"),
            ("uniform(1s, 2s", "no ')'"),
            ("unifrom(1s, 2s)", "no distribution is named 'unifrom'"),
            ("lognormal(median=8s, sigma=4)", "0 to 3"),
            ("lognormal(median=8s, sigma=NaN)", "0 to 3"),
            ("lognormal(median=-8s, sigma=1)", "negative"),
            ("exponential(5)", "no unit"),
            ("often", "not a distribution"),
            ("empirical()", "names no file"),
            ("empirical(nowhere.csv)", "'nowhere.csv': no such file"),
        ];
        for (text, part) in table {
            let wrong = read(text).unwrap_err();
            assert!(wrong.message.contains(part), "{text}: {}", wrong.message);
        }
    }

    #[test]
    fn a_column_is_seconds_with_or_without_a_header() {
        let ms = Duration::from_millis;
        assert_eq!(column("x", "seconds\n1.5\n\n0\n"), Ok(vec![ms(1_500), ms(0)]));
        assert_eq!(column("x", "\u{feff}2\r\n1\r\n"), Ok(vec![ms(2_000), ms(1_000)]));
        let table = [
            ("", "no values"),
            ("seconds\n", "no values"),
            ("nan\n1\n", "line 1"),
            ("1\n-2\n", "line 2: '-2'"),
            ("1\n1,2\nx\n", "line 2: '1,2' is not seconds from 0 up, and 1 lines more"),
            ("1\ninf\n", "line 2"),
            ("1\n1e30\n", "line 2"),
        ];
        for (text, part) in table {
            let wrong = column("x", text).unwrap_err();
            assert!(wrong.message.contains(part), "{text:?}: {}", wrong.message);
        }
    }
}
