//! The summary of a step of GitHub Actions: Markdown at the end of a file that the runner names.

use std::env;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use seatrial_reports::check::{Check, markdown};

use crate::cli::{self, CheckFormat};
use crate::run::{Failure, cannot_write};

/// The file of the summary, where the runner names one and its annotations are asked for.
pub fn file(arguments: &cli::Check) -> Option<PathBuf> {
    let is_asked_for = arguments.formats.iter().any(|output| output.format == CheckFormat::Github);
    let file = env::var_os("GITHUB_STEP_SUMMARY").filter(|file| is_asked_for && !file.is_empty());
    file.map(PathBuf::from)
}

/// Appends the check to it.
pub fn append(check: &Check, file: &Path) -> Result<(), Failure> {
    let opened = OpenOptions::new().append(true).create(true).open(file);
    // What stands before it may not end with a newline.
    let written = opened.and_then(|mut opened| write!(opened, "\n{}", markdown::render(check)));
    written.map_err(|error| cannot_write(file, &error))
}
