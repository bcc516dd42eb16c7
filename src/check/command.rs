//! The command that gives a check again, as a shell reads it.

use std::path::Path;

use seatrial_scenarios::shell_word;

use crate::cli;

/// The command, without what says where to write.
pub fn of(arguments: &cli::Check) -> String {
    let mut words = vec!["seatrial check".to_string()];
    words.extend(arguments.files.iter().map(|file| path(file)));
    for (option, file) in [("--baseline", &arguments.baseline), ("--against", &arguments.against)] {
        words.extend(file.iter().map(|file| format!("{option} {}", path(file))));
    }
    let numbers = [("--seeds", arguments.seeds.map(u64::from)), ("--seed", arguments.seed)];
    words.extend(numbers.iter().filter_map(|(option, number)| Some(format!("{option} {}", (*number)?))));
    let flags = [("--exact", arguments.exact), ("--strict", arguments.strict)];
    words.extend(flags.iter().filter(|(_, is_set)| *is_set).map(|(option, _)| (*option).into()));
    words.join(" ")
}

fn path(path: &Path) -> String {
    shell_word(&path.display().to_string())
}
