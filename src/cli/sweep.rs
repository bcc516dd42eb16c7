//! `seatrial sweep`, in the words of `--help`.

use std::path::PathBuf;

use clap::Args;
use seatrial_scenarios::sweep::Axis;

use super::Output;

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
  2    the question was wrong: usage, scenario, a program that cannot be started,
       a file that cannot be written
  3    no deploy of any cell ended, where there is one; or a program that was
       asked failed, and with --out what was done is kept
  130  interrupted; with --out what was done is kept, and the same command goes on";
