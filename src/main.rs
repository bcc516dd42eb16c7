//! The `seatrial` command.

mod chart_files;
mod check;
mod cli;
mod completions;
mod explain;
mod list;
mod report;
mod run;
mod sweep;
mod until;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Verb};
use seatrial_scenarios::ProgramFailure;

fn main() -> ExitCode {
    let Cli { verb } = Cli::parse();
    let ended = match verb {
        Verb::Run(arguments) => run::run(&arguments),
        Verb::Explain(arguments) => explain::explain(&arguments),
        Verb::Check(arguments) => check::check(&arguments),
        Verb::Report(arguments) => report::report(&arguments),
        Verb::Sweep(arguments) => sweep::sweep(&arguments),
        Verb::List(arguments) => list::list(&arguments),
        Verb::Completions(arguments) => completions::completions(&arguments),
        Verb::Man(arguments) => completions::man(&arguments),
    };
    ended.unwrap_or_else(|error| {
        eprintln!("{error}");
        let program = error.downcast_ref::<ProgramFailure>();
        let was_asked = program.is_some_and(|failure| !failure.is_at_the_start());
        if was_asked { Exit::NothingFinished } else { Exit::BadInput }.into()
    })
}

/// How the command ends. Each number means one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Exit {
    /// Here is the answer.
    Answered = 0,
    /// The answer is no: a demand is not met.
    No = 1,
    /// The question was wrong: usage, scenario, a program that cannot be asked, or a file that cannot be written.
    BadInput = 2,
    /// The simulation could not answer: no deploy of any variant ended, or a program that it asked failed.
    NothingFinished = 3,
    /// Interrupted; what was done by then was printed and saved.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
