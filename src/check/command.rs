//! The command that gives a check again, as a shell reads it.

use std::path::Path;

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
    word(&path.display().to_string())
}

/// A word that the shell takes as it is, in quotes where it takes those.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./+,:@%=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.into()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_each_word_as_it_was() {
        let table =
            [("a/b-1.toml", "a/b-1.toml"), ("a b", "'a b'"), ("it's", r"'it'\''s'"), ("$(x)", "'$(x)'"), ("", "''")];
        for (text, written) in table {
            assert_eq!(word(text), written);
        }
    }
}
