//! `--against`: another build of Seatrial plays the same scenarios with the same seeds, and hands over its baseline.

use std::path::Path;
use std::process::{Command, Stdio};

use seatrial_reports::check::baseline::Baseline;

use super::store::Store;
use crate::Exit;
use crate::cli;
use crate::run::Failure;

/// What another build makes of the scenarios, or how it ended where it could not: interrupted, or by a program that it asked.
pub fn played_by(build: &Path, arguments: &cli::Check) -> Result<Result<Store, Exit>, Failure> {
    let name = build.display().to_string();
    if arguments.files.iter().any(|file| file == Path::new("-")) {
        return Err("error: --against reads the scenarios twice, and the standard input can be read once".into());
    }
    let mut command = Command::new(build);
    command.arg("check").args(&arguments.files).args(["--baseline", "-", "--update"]);
    let numbers = [
        ("--seeds", arguments.seeds.map(u64::from)),
        ("--seed", arguments.seed),
        ("--threads", arguments.threads.map(u64::from)),
    ];
    for (option, number) in numbers {
        if let Some(number) = number {
            command.args([option, &number.to_string()]);
        }
    }
    if arguments.quiet {
        command.arg("--quiet");
    }
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| {
        format!("error: {name} cannot be run: {error}\n  = help: --against takes the path of another build of seatrial")
    })?;
    for exit in [Exit::Interrupted, Exit::NothingFinished] {
        if output.status.code() == Some(exit as i32) {
            return Ok(Err(exit));
        }
    }
    let help = "--against takes the path of another build of seatrial, which reads these scenarios and knows `check`";
    if !output.status.success() {
        return Err(format!("error: {name} ended with {}\n  = help: {help}", output.status).into());
    }
    let baseline = Baseline::parse(&String::from_utf8_lossy(&output.stdout)).map_err(|unusable| {
        format!("error: {name} wrote no baseline that can be used: {}\n  = help: {help}", unusable.message)
    })?;
    Ok(Ok(Store::of(name, baseline)))
}
