//! The chart files of a run: every chart in each format and theme, and none that an earlier run left there.
//! They are read again for a report.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use seatrial_reports::charts::{Chart, Format, Theme};
use seatrial_reports::html::Figure;

use crate::run::{Failure, cannot_write};

/// Writes the charts, each by its name without an end, into a folder, and removes those that the same verb has listed there and
/// that are not among them. The list is `charts-VERB.txt`.
///
/// # Errors
///
/// A file cannot be written or removed.
pub fn write(folder: &Path, verb: &str, charts: &[(String, Chart)]) -> Result<(), Failure> {
    let kinds = || Format::ALL.into_iter().flat_map(|format| Theme::ALL.map(|theme| (format, theme)));
    let file =
        |name: &str, (format, theme): (Format, Theme)| format!("{name}{}.{}", theme.suffix(), format.extension());
    let names: Vec<String> = charts.iter().flat_map(|(name, _)| kinds().map(|kind| file(name, kind))).collect();
    let list = list(folder, verb);
    let before = fs::read_to_string(&list).unwrap_or_default();
    for stale in before.lines().filter(|name| is_chart(name) && !names.iter().any(|new| new == name)) {
        let path = folder.join(stale);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(cannot_write(&path, &error)),
            _ => {}
        }
    }
    // Before the charts: what an interrupt leaves is listed.
    fs::write(&list, names.join("\n") + "\n").map_err(|error| cannot_write(&list, &error))?;
    for (name, chart) in charts {
        for (format, theme) in kinds() {
            chart.save(&folder.join(file(name, (format, theme))), format, theme)?;
        }
    }
    Ok(())
}

/// The charts of a folder as SVG: those that `seatrial run` listed there, and those that `seatrial explain` put beside them.
///
/// # Errors
///
/// The list, or a chart of it, cannot be read.
pub fn read(folder: &Path) -> Result<Vec<Figure>, Failure> {
    let listed = |verb: &str| fs::read_to_string(list(folder, verb));
    let of_run = listed("run").map_err(|error| cannot_read(&list(folder, "run"), &error))?;
    let of_explain = listed("explain").unwrap_or_default();
    let files: Vec<String> =
        of_run.lines().chain(of_explain.lines()).filter(|name| is_chart(name)).map(String::from).collect();
    let mut names = in_both_themes(&files);
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    let read = |name: &str, theme: Theme| {
        let path = folder.join(format!("{name}{}.{}", theme.suffix(), Format::Svg.extension()));
        fs::read_to_string(&path).map_err(|error| cannot_read(&path, &error))
    };
    let figure = |name: String| {
        let figure = Figure::new(&name, &read(&name, Theme::Light)?, &read(&name, Theme::Dark)?);
        let other = || io::Error::other("the chart on dark paper is another one than that on light paper");
        figure.ok_or_else(|| cannot_read(&folder.join(format!("{name}.svg")), &other()))
    };
    names.into_iter().map(figure).collect()
}

/// Where the charts are listed that a verb wrote.
fn list(folder: &Path, verb: &str) -> PathBuf {
    folder.join(format!("charts-{verb}.txt"))
}

/// The charts, without their ends, of which there is an SVG on light paper and one on dark, in the order of their files.
fn in_both_themes(files: &[String]) -> Vec<String> {
    let end = format!(".{}", Format::Svg.extension());
    let names: BTreeSet<&str> = files.iter().filter_map(|file| file.strip_suffix(&end)).collect();
    let is_light = |name: &&str| names.contains(format!("{name}{}", Theme::Dark.suffix()).as_str());
    files.iter().filter_map(|file| file.strip_suffix(&end)).filter(is_light).map(String::from).collect()
}

fn cannot_read(path: &Path, error: &io::Error) -> Failure {
    let remedy = "`seatrial run FILE --out DIR` writes the charts of `seatrial report DIR`";
    format!("error: cannot read {}: {error}\n  = help: {remedy}", path.display()).into()
}

/// Whether a line of the list names a file that can be a chart, in the folder itself.
fn is_chart(name: &str) -> bool {
    let path = Path::new(name);
    let is_plain = path.file_name().is_some_and(|file| file == name);
    is_plain && Format::ALL.iter().any(|format| path.extension().is_some_and(|end| end == format.extension()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A variant that is called "dark" has a chart whose name ends as those on dark paper do.
    #[test]
    fn a_name_that_ends_as_dark_ones_do_is_a_chart() {
        let files =
            ["tasks-1-dark.svg", "tasks-1-dark-dark.svg", "tasks-1-dark.png", "money.svg", "a.svg", "a-dark.svg"];
        assert_eq!(in_both_themes(&files.map(String::from)), ["tasks-1-dark", "a"]);
    }

    #[test]
    fn only_charts_in_the_folder_itself_are_removed() {
        let table = [("tasks-1-a.svg", true), ("money-dark.png", true), ("../money.svg", false), ("/tmp/a.svg", false)];
        for (name, expected) in table.into_iter().chain([("a/b.svg", false), ("results.csv", false), (".svg", false)]) {
            assert_eq!(is_chart(name), expected, "{name}");
        }
    }
}
