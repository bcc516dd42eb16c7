//! `seatrial completions` and `seatrial man`: what shells and `man` know of the command, printed.

use std::process::ExitCode;

use clap::CommandFactory;

use crate::Exit;
use crate::cli::{Cli, Completions, Man};
use crate::run::{Failure, print};

const NAME: &str = "seatrial";

/// Prints what a shell needs to complete the command.
pub fn completions(arguments: &Completions) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), NAME, &mut script);
    print(&String::from_utf8(script)?)?;
    Ok(Exit::Answered.into())
}

/// Prints the manual page of the command, or of one of its verbs.
pub fn man(arguments: &Man) -> Result<ExitCode, Failure> {
    let mut command = Cli::command();
    // Built, the verbs know that they belong to the command.
    command.build();
    let page = match &arguments.verb {
        None => command,
        Some(verb) => command.find_subcommand(verb).cloned().ok_or_else(|| no_verb(&command, verb))?,
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    print(&String::from_utf8(text)?)?;
    Ok(Exit::Answered.into())
}

fn no_verb(command: &clap::Command, verb: &str) -> Failure {
    let verbs: Vec<_> = command.get_subcommands().map(clap::Command::get_name).collect();
    format!("error: there is no verb '{verb}': {}", seatrial_scenarios::suggestion_of_all(verb, &verbs)).into()
}
