//! The border to the file system: texts of a bounded size.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// No file that people write by hand is longer.
pub(crate) const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Why a file is not a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// The line where it stops being one, from 1; 0 where the whole file is meant.
    pub line: usize,
    /// What was found.
    pub message: String,
    /// What would do.
    pub help: Option<String>,
}

impl Unreadable {
    fn new(message: impl Into<String>) -> Self {
        Self { line: 0, message: message.into(), help: None }
    }

    fn too_large(found: &str, most: u64) -> Self {
        let help = format!("a file may have {} MiB", most / 1024 / 1024);
        Self { line: 0, message: format!("too large: {found}"), help: Some(help) }
    }
}

/// The text of a file that somebody wrote.
pub(crate) fn read(path: &Path) -> Result<String, Unreadable> {
    read_up_to(path, MAX_BYTES)
}

/// The text of a file of a size up to `most` bytes, which is checked before a byte of it is read.
pub(crate) fn read_up_to(path: &Path, most: u64) -> Result<String, Unreadable> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Unreadable::new("no such file"),
        _ => Unreadable::new(format!("cannot be read: {error}")),
    };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(Unreadable::new("a directory, not a file"));
    }
    if metadata.len() > most {
        return Err(Unreadable::too_large(&format!("{} bytes", metadata.len()), most));
    }
    text_up_to(File::open(path).map_err(unreadable)?, most)
}

/// The text of a stream that need not tell its size.
pub(crate) fn text(stream: impl Read) -> Result<String, Unreadable> {
    text_up_to(stream, MAX_BYTES)
}

fn text_up_to(stream: impl Read, most: u64) -> Result<String, Unreadable> {
    let mut bytes = Vec::new();
    let read = stream.take(most + 1).read_to_end(&mut bytes);
    read.map_err(|error| Unreadable::new(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > most {
        return Err(Unreadable::too_large("longer than the limit", most));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].split(|byte| *byte == b'\n').count();
        let message = format!("not UTF-8: the byte at offset {at} belongs to no character");
        Unreadable { line, message, help: Some("save the file as UTF-8".into()) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_read_up_to_the_limit_only() {
        let full = vec![b' '; MAX_BYTES as usize];
        assert_eq!(text(&full[..]).map(|text| text.len() as u64), Ok(MAX_BYTES));
        assert_eq!(text(io::repeat(b' ')), Err(Unreadable::too_large("longer than the limit", MAX_BYTES)));
    }
}
