//! The summary of a step of GitHub Actions: Markdown at the end of a file that the runner names.

use std::env;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

use seatrial_reports::check::{Check, markdown};

use crate::run::{Failure, cannot_write};

/// The file that the runner names.
const VARIABLE: &str = "GITHUB_STEP_SUMMARY";

/// Appends the check to the summary, where there is one.
pub fn append(check: &Check) -> Result<(), Failure> {
    let Some(file) = env::var_os(VARIABLE).filter(|file| !file.is_empty()).map(PathBuf::from) else {
        return Ok(());
    };
    let opened = OpenOptions::new().append(true).create(true).open(&file);
    // What stands before it may not end with a newline.
    let written = opened.and_then(|mut opened| write!(opened, "\n{}", markdown::render(check)));
    written.map_err(|error| cannot_write(&file, &error))
}
