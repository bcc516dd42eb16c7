//! The command line: what can be asked, in the words of `--help`; one file a verb.

mod check;
mod completions;
mod explain;
mod list;
mod output;
mod report;
mod run;
mod sweep;

use clap::{Parser, Subcommand};

pub use check::{Check, CheckFormat};
pub use completions::{Completions, Man};
pub use explain::{Explain, ExplainFormat, ExplainOutput};
pub use list::{List, ListFormat, Of};
pub use output::{Format, Output};
pub use report::Report;
pub use run::Run;
pub use sweep::Sweep;

/// Simulates deploys on container clusters: how long they take, what the spare capacity for them costs, what blocks them.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run every variant of a scenario with the same seeds and compare them.
    Run(Box<Run>),
    /// Run a scenario over a grid of values and find the fastest and the cheapest.
    Sweep(Sweep),
    /// Explain one deploy: what it waits for, what blocks it, and what each setting would save.
    Explain(Explain),
    /// Check scenarios against what they demand and against a baseline: the gate for continuous integration.
    Check(Box<Check>),
    /// Put what `run --out DIR` wrote on one page of HTML.
    Report(Report),
    /// List the systems, their strategies, the placements and the instance types, with every default and its source.
    List(List),
    /// Print what a shell needs to complete commands.
    Completions(Completions),
    /// Print the manual page of the command, or of one verb.
    Man(Man),
}

const AFTER_HELP: &str = "\
Examples:
  seatrial run scenarios/library/one-spare-host.toml
  seatrial run web.toml --out results --format markdown=comment.md
  seatrial explain web.toml --variant 'short drain'
  seatrial run web.toml --report report.html
  seatrial check web.toml --baseline baseline.toml
  seatrial sweep web.toml --axis host_group.m5.hosts=6..12
  seatrial list orchestrators

The scenarios in scenarios/library/ are a tutorial: copy the one that is nearest
to your question.

Exit codes:
  0    answered
  1    the answer is no: a criterion of a check fails
  2    the question was wrong: usage, scenario, a program that cannot be started
  3    no deploy ended, where there is one; or a program that was asked failed
  130  interrupted";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
