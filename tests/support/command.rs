//! The command, run as its users run it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// An empty folder of its own for a test of some file.
pub fn empty_folder(of: &str, name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(of).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// The command in a folder, with nothing to read, and with no summary of the step that the tests may be.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seatrial"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).env_remove("GITHUB_STEP_SUMMARY");
    command
}

/// Runs it to its end.
pub fn seatrial(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}
