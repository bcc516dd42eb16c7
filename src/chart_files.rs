//! The chart files of a run: every chart in each format and theme, and none that an earlier run left there.

use std::fs;
use std::io;
use std::path::Path;

use seatrial_reports::charts::{Chart, Format, Theme};

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
    let list = folder.join(format!("charts-{verb}.txt"));
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

/// Whether a line of the list names a file that can be a chart, in the folder itself.
fn is_chart(name: &str) -> bool {
    let path = Path::new(name);
    let is_plain = path.file_name().is_some_and(|file| file == name);
    is_plain && Format::ALL.iter().any(|format| path.extension().is_some_and(|end| end == format.extension()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_charts_in_the_folder_itself_are_removed() {
        let table = [("tasks-1-a.svg", true), ("money-dark.png", true), ("../money.svg", false), ("/tmp/a.svg", false)];
        for (name, expected) in table.into_iter().chain([("a/b.svg", false), ("results.csv", false), (".svg", false)]) {
            assert_eq!(is_chart(name), expected, "{name}");
        }
    }
}
