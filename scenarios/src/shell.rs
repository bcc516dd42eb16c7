//! Commands to paste into a shell.

/// A word as a shell reads it, whatever is in it.
pub fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
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
    fn names_of_files_are_single_words_of_a_shell() {
        let table =
            [("a/web-1.toml", "a/web-1.toml"), ("my web.toml", "'my web.toml'"), ("it's", r"'it'\''s'"), ("", "''")];
        for (name, word) in table {
            assert_eq!(shell_word(name), word);
        }
    }
}
