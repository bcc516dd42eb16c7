//! The command line: what can be asked, in the words of `--help`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use seatrial_scenarios::sweep::Axis;

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
    Run(Run),
    /// Run a scenario over a grid of values and find the fastest and the cheapest.
    Sweep(Sweep),
    /// List the systems, their strategies, the placements and the instance types, with every default and its source.
    List(List),
}

/// Runs every variant of a scenario with the same seeds, in parallel, and compares them with the first.
#[derive(Debug, Args)]
#[command(after_help = AFTER_RUN)]
pub struct Run {
    /// Scenario files in TOML; `-` reads one from the standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// How to print the result: table, json, csv or markdown, or jsonl with a line for each run. With `=FILE` it is written
    /// there instead; may be given several times.
    #[arg(long = "format", value_name = "FORMAT[=FILE]", default_value = "table")]
    pub formats: Vec<Output>,

    /// Write everything into this folder: results.csv, results.json, and the charts as SVG and PNG. With several scenario
    /// files each gets a folder of its own in it.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// How many seeds to run each variant with [default: the scenario's, or 200].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub seeds: Option<u32>,

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

/// Runs every variant of a scenario over all combinations of some values, each with the same seeds, and finds the fastest
/// cells, the cheapest, and those that no other beats in both.
#[derive(Debug, Args)]
#[command(after_help = AFTER_SWEEP)]
pub struct Sweep {
    /// A scenario file in TOML; `-` reads it from the standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Values to try, of any value of the scenario: `host_group.m5.hosts=6..12`, or `30s..300s:30s`, or `30s,60s`. May be given
    /// several times. Comes beside the file's `[[axis]]` tables, and in the place of one with the same path.
    #[arg(long = "axis", value_name = "PATH=VALUES")]
    pub axes: Vec<Axis>,

    /// Run N combinations that cover each axis evenly, instead of all of them.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub latin_hypercube: Option<u32>,

    /// What the combinations of `--latin-hypercube` are drawn by.
    #[arg(long, value_name = "SEED", default_value_t = 1, requires = "latin_hypercube")]
    pub design_seed: u64,

    /// Sweep this variant only.
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,

    /// Leave out combinations that are no scenario; otherwise they are an error, before anything runs.
    #[arg(long)]
    pub skip_invalid: bool,

    /// How to print the result: table, json, csv or markdown; jsonl has a line for each run, as they come. With `=FILE` it is
    /// written there instead; may be given several times.
    #[arg(long = "format", value_name = "FORMAT[=FILE]", default_value = "table")]
    pub formats: Vec<Output>,

    /// Write into this folder: sweep.csv with a row for each run, as they come, cells.json, and a heat map as SVG and PNG. A
    /// sweep that was interrupted goes on where it was.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Forget what is in the folder of `--out`, and begin anew.
    #[arg(long, requires = "out")]
    pub restart: bool,

    /// How many seeds to run each cell with [default: the scenario's, or 200].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub seeds: Option<u32>,

    /// The first seed; the others follow by one [default: the scenario's, or 1].
    #[arg(long, value_name = "SEED", value_parser = clap::value_parser!(u64).range(..=i64::MAX.cast_unsigned()))]
    pub seed: Option<u64>,

    /// How many threads to use; the results are the same whatever their number [default: one a core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_024))]
    pub threads: Option<u32>,

    /// No progress bar.
    #[arg(long, short)]
    pub quiet: bool,
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
    /// A line of JSON for each run.
    Jsonl,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = match text.split_once('=') {
            Some((_, "")) => return Err("a file name is missing after '='".into()),
            Some((name, file)) => (name, Some(file.into())),
            None => (text, None),
        };
        let format = match name {
            "table" => Format::Table,
            "json" => Format::Json,
            "csv" => Format::Csv,
            "markdown" => Format::Markdown,
            "jsonl" => Format::Jsonl,
            _ => return Err("there are: table, json, csv, markdown, jsonl".into()),
        };
        Ok(Self { format, file })
    }
}

const AFTER_HELP: &str = "\
Examples:
  seatrial run scenarios/library/one-spare-host.toml
  seatrial run web.toml --out results --format markdown=comment.md
  seatrial sweep web.toml --axis host_group.m5.hosts=6..12
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
  seatrial run web.toml --seeds 1000 --out results
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

Exit codes:
  0    answered
  2    the question was wrong: usage, scenario, a file that cannot be written
  3    no deploy of any variant ended, where there is one
  130  interrupted; what was done by then is printed and saved";

const AFTER_SWEEP: &str = "\
Examples:
  seatrial sweep web.toml --axis host_group.m5.hosts=6..12
  seatrial sweep web.toml --axis host_group.m5.hosts=6..12:2 \\
    --axis service.web.load_balancer.deregistration_delay=30s..300s:30s --out sizes
  seatrial sweep web.toml --axis 'service.web.startup=5s,lognormal(median=8s, sigma=0.3)'
  seatrial sweep scenarios/library/size-the-spare.toml --latin-hypercube 20

The table has a line for each cell, which is a combination of values in a variant.
The last column says which are the best:
  fastest          the shortest p95 of the deploys
  cheapest         the smallest bill of a month
  frontier         no other cell is as fast and as cheap, and better in one of them

Exit codes:
  0    answered
  2    the question was wrong: usage, scenario, a file that cannot be written
  3    no deploy of any cell ended, where there is one
  130  interrupted; with --out what was done is kept, and the same command goes on";

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

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
