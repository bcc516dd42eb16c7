//! The command line: what can be asked, in the words of `--help`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::until::Until;

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
    /// Explain one deploy: what it waits for, what blocks it, and what each setting would save.
    Explain(Explain),
    /// Put what `run --out DIR` wrote on one page of HTML.
    Report(Report),
    /// List the systems, their strategies, the placements and the instance types, with every default and its source.
    List(List),
    /// Print what a shell needs to complete commands.
    Completions(Completions),
    /// Print the manual page of the command, or of one verb.
    Man(Man),
}

/// Runs every variant of a scenario with the same seeds, in parallel, and compares them with the first.
#[derive(Debug, Args)]
#[command(after_help = AFTER_RUN)]
pub struct Run {
    /// Scenario files in TOML; `-` reads one from the standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// How to print the result: table, json, csv or markdown. With `=FILE` it is written there instead; may be given
    /// several times.
    #[arg(long = "format", value_name = "FORMAT[=FILE]", default_value = "table")]
    pub formats: Vec<Output>,

    /// Write everything into this folder: results.csv, results.json, the charts as SVG and PNG, and report.json,
    /// from which `seatrial report` makes a page. With several scenario
    /// files each gets a folder of its own in it.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Write a report: one HTML file with the answer, tables, charts and settings, which needs nothing beside it.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    /// How many seeds to run each variant with [default: the scenario's, or 200].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub seeds: Option<u32>,

    /// Play more seeds, half as many again each time, until half of the 95 % confidence interval of an estimate is that small for
    /// every variant: `deploy_p95 +-2 %`, `deploy_mean +-5s`, `usd_per_month +-$3`.
    #[arg(long, value_name = "ESTIMATE")]
    pub until: Option<Until>,

    /// How many seeds `--until` may take [default: 10000].
    #[arg(long, value_name = "N", requires = "until", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub at_most: Option<u32>,

    /// The first seed; the others follow by one [default: the scenario's, or 1].
    #[arg(long, value_name = "SEED", value_parser = clap::value_parser!(u64).range(..=i64::MAX.cast_unsigned()))]
    pub seed: Option<u64>,

    /// How many threads to use; the results are the same whatever their number [default: one a core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_024))]
    pub threads: Option<u32>,

    /// Write every fact of one run, with its cause, as JSON lines: the first seed of the first variant, or of `--variant`.
    #[arg(long, value_name = "FILE")]
    pub facts: Option<PathBuf>,

    /// The variant that `--facts` writes.
    #[arg(long, value_name = "NAME", requires = "facts")]
    pub variant: Option<String>,

    /// No progress bar.
    #[arg(long, short)]
    pub quiet: bool,
}

/// Explains the deploys of one variant: the critical path of one run from the request to its end, where there was no room, and
/// what each setting that can be turned would save in time and money on the same seeds.
#[derive(Debug, Args)]
#[command(after_help = AFTER_EXPLAIN)]
pub struct Explain {
    /// A scenario file in TOML; `-` reads it from the standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// The variant [default: the first].
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,

    /// The seed of the run to explain [default: the run of median length].
    #[arg(long, value_name = "SEED", value_parser = clap::value_parser!(u64).range(..=i64::MAX.cast_unsigned()))]
    pub seed: Option<u64>,

    /// How many seeds means and savings are taken over, from the scenario's first on [default: the scenario's, or 200].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub seeds: Option<u32>,

    /// How many threads to use; the results are the same whatever their number [default: one a core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_024))]
    pub threads: Option<u32>,

    /// How to print it: text, json, or trace-event, which trace viewers of browsers open. With `=FILE` it is written there
    /// instead; may be given several times.
    #[arg(long = "format", value_name = "FORMAT[=FILE]", default_value = "text")]
    pub formats: Vec<ExplainOutput>,

    /// Write the charts into this folder as SVG and PNG: the run by host and task, the waits, and what each setting saves.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// No progress bar.
    #[arg(long, short)]
    pub quiet: bool,
}

/// Prints a script that lets a shell complete verbs, options and files.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true, after_help = AFTER_COMPLETIONS)]
pub struct Completions {
    /// The shell.
    pub shell: Shell,
}

/// Prints a manual page in the form that `man` reads.
#[derive(Debug, Args)]
#[command(after_help = AFTER_MAN)]
pub struct Man {
    /// The verb; none for the page of the whole command.
    pub verb: Option<String>,
}

/// Makes DIR/report.html, one file that needs nothing beside it, from the results and charts in a folder, and prints its name.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true, after_help = AFTER_REPORT)]
pub struct Report {
    /// A folder that `seatrial run FILE --out DIR` wrote.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// Lists what there is: the systems, their strategies, and the placements; of one of them every parameter with its default,
/// what it means, and where the default comes from. And instance types and sizes of Fargate with their prices.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true, after_help = AFTER_LIST)]
pub struct List {
    #[command(subcommand)]
    pub of: Of,

    /// How to print it.
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value_t = ListFormat::Table)]
    pub format: ListFormat,
}

#[derive(Debug, Subcommand)]
pub enum Of {
    /// The systems and the strategies that each offers; of one, its parameters.
    Orchestrators {
        /// One of them.
        name: Option<String>,
    },
    /// The strategies and the systems that offer each; of one, its parameters.
    Strategies {
        /// One of them.
        name: Option<String>,
    },
    /// How hosts are chosen, and whose default that is.
    Placements,
    /// The types of Amazon EC2 that a host group may name; of some, all prices and what each stands for.
    Instances {
        /// Some of them: m5.large.
        #[arg(value_name = "NAME")]
        names: Vec<String>,
    },
    /// The sizes that a task may have on AWS Fargate, and what they cost.
    Fargate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    Table,
    Json,
    Markdown,
}

/// A format, and the file to write it to instead of the standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub format: Format,
    pub file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Table,
    Json,
    Csv,
    Markdown,
}

/// A format of an explanation, and the file to write it to instead of the standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainOutput {
    pub format: ExplainFormat,
    pub file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExplainFormat {
    Text,
    Json,
    TraceEvent,
}

/// `FORMAT` or `FORMAT=FILE`.
fn format_and_file(text: &str) -> Result<(&str, Option<PathBuf>), String> {
    match text.split_once('=') {
        Some((_, "")) => Err("a file name is missing after '='".into()),
        Some((name, file)) => Ok((name, Some(file.into()))),
        None => Ok((text, None)),
    }
}

impl FromStr for ExplainOutput {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = format_and_file(text)?;
        let format = match name {
            "text" => ExplainFormat::Text,
            "json" => ExplainFormat::Json,
            "trace-event" => ExplainFormat::TraceEvent,
            _ => return Err("there are: text, json, trace-event".into()),
        };
        Ok(Self { format, file })
    }
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = format_and_file(text)?;
        let format = match name {
            "table" => Format::Table,
            "json" => Format::Json,
            "csv" => Format::Csv,
            "markdown" => Format::Markdown,
            _ => return Err("there are: table, json, csv, markdown".into()),
        };
        Ok(Self { format, file })
    }
}

const AFTER_HELP: &str = "\
Examples:
  seatrial run scenarios/library/one-spare-host.toml
  seatrial run web.toml --out results --format markdown=comment.md
  seatrial explain web.toml --variant 'short drain'
  seatrial run web.toml --report report.html
  seatrial list orchestrators

The scenarios in scenarios/library/ are a tutorial: copy the one that is nearest
to your question.

Exit codes:
  0    answered
  2    the question was wrong: usage, scenario
  3    no deploy ended, where there is one
  130  interrupted";

const AFTER_RUN: &str = "\
Examples:
  seatrial run web.toml
  seatrial run web.toml --seeds 1000 --out results --report report.html
  seatrial run web.toml --until 'deploy_p95 +-2 %' --at-most 5000
  seatrial run web.toml --format json | jq .variants[].deploy_s.p95
  seatrial run web.toml --facts facts.jsonl --variant 'short drain' --seed 7

The table's columns:
  p50, p95         duration from the request to the control plane's \"completed\";
                   a deploy that does not end counts as longer than all others
  mean against     mean difference on the same seeds, and its 95 %
   the first       confidence interval
  spare $/month    price of 730 hours of hosts that the desired tasks do not need
  $/deploy         bill of the hosts launched for one deploy
  lowest healthy   lowest share of the desired tasks in service, over all seeds
  extra, short     time of tasks held above, and in service below, the desired
   tasks x time    count: the mean over the seeds

Lowest healthy, extra and short count from the first deploy's request on; in runs
without a deploy from the start. Where no variant has a deploy, the table leaves
out what is said of deploys.

Where a service has a load, a table says what users feel: requests that fail,
the capacity that is short, latencies, and time below the rollout's floor. The
closing sentence then begins with who fails the fewest requests.

What --until may be about: deploy_mean, deploy_p50, deploy_p95, usd_per_month,
spare_usd_per_month, usd_per_deploy, surge_usd_per_deploy, extra_replica_s,
short_replica_s, below_floor_s, failed_requests.

Exit codes:
  0    answered
  2    the question was wrong: usage, scenario, a file that cannot be written
  3    no deploy of any variant ended, where there is one
  130  interrupted; what was done by then is printed and saved";

const AFTER_EXPLAIN: &str = "\
Examples:
  seatrial explain web.toml
  seatrial explain web.toml --variant 'short drain' --out why
  seatrial explain web.toml --seed 7 --format json | jq .waits
  seatrial explain web.toml --format trace-event=deploy.json

What is waited for, from the request to the end, without a gap:
  control loop   the scheduler's next look, the balancer being asked, an agent
  capacity       hosts with room: a scaler that finds out, an order of hosts
  headroom       what others do: a change of the desired count, another deploy
  boot           a host's start
  pull           an image
  start          a network interface, a container's start, its report
  register       the load balancer's knowing of a target
  health check   checks that have to pass, times to stay well
  drain          requests under way at a target that goes
  stop           from SIGTERM until the control plane knows of the exit
  hold           bake times, pauses, delays between batches, back-off
  rate limit     launches that a limit does not allow yet

What if: each setting alone is set to the value that is said, on the same seeds.
JSON has them as paths and values, as a variant's `set` takes them.

Exit codes:
  0    explained
  2    the question was wrong: usage, scenario, no deploy in it
  3    the deploy of the run did not end: what it waits for is printed
  130  interrupted";

const AFTER_COMPLETIONS: &str = "\
Where to put it:
  bash        seatrial completions bash > ~/.local/share/bash-completion/completions/seatrial
  zsh         seatrial completions zsh > ~/.zfunc/_seatrial
              and in ~/.zshrc: fpath+=~/.zfunc; autoload -U compinit; compinit
  fish        seatrial completions fish > ~/.config/fish/completions/seatrial.fish
  powershell  seatrial completions powershell >> $PROFILE
  elvish      seatrial completions elvish >> ~/.config/elvish/rc.elv";

const AFTER_MAN: &str = "\
Where to put it:
  seatrial man > ~/.local/share/man/man1/seatrial.1
  seatrial man run > ~/.local/share/man/man1/seatrial-run.1

To read it at once:
  seatrial man | man -l -";

const AFTER_REPORT: &str = "\
Examples:
  seatrial run web.toml --out results
  seatrial report results

`seatrial run web.toml --report report.html` writes the same page at once.
Charts of the names gantt*, waterfall* and tornado* in the folder are shown, too,
where there is one of each for light and for dark paper.

Exit codes:
  0    written
  2    the question was wrong: a folder without results, a file that cannot be
       read or written";

const AFTER_LIST: &str = "\
Examples:
  seatrial list orchestrators
  seatrial list orchestrators ecs
  seatrial list strategies rolling
  seatrial list instances m4.large m5.large
  seatrial list orchestrators ecs --format json | jq -r '.parameters[].name'

What is printed of one system, strategy or instance type is TOML, so each line
can be pasted into a scenario. These two mean the same:

  [orchestrator]                orchestrator = { name = \"ecs\", tick = \"5s\" }
  name = \"ecs\"
  tick = \"5s\"

Exit codes:
  0    printed
  2    the question was wrong: usage, an unknown name";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use seatrial_reports::statistics::Measure;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_names_every_estimate() {
        for measure in Measure::ALL {
            assert!(AFTER_RUN.contains(measure.name), "{}", measure.name);
        }
    }
}
