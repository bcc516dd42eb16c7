//! `seatrial check`, in the words of `--help`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::output::format_and_file;

/// Checks scenarios against their `[check]` tables and a baseline: did anything change, and did it really get worse? Both are
/// played with the same seeds, so noise fails no build.
#[derive(Debug, Args)]
#[command(after_help = AFTER_CHECK)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that somebody writes")]
pub struct Check {
    /// Scenario files in TOML; `-` reads one from the standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// What to compare with: a file that `--update` wrote. One file holds several scenarios, by their paths relative to it.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

    /// Write the scenarios into the baseline in place of checking them; the others in it stay. `-` writes to the standard output.
    #[arg(long, requires = "baseline", conflicts_with_all = ["against", "exact", "strict", "formats", "verbose"])]
    pub update: bool,

    /// Compare with another build of Seatrial in place of a baseline: it plays the same scenarios with the same seeds.
    #[arg(long, value_name = "SEATRIAL", conflicts_with = "baseline")]
    pub against: Option<PathBuf>,

    /// Any change fails, also to the better: of a number, or of a fact of the first seeds. Scenarios need no criteria then.
    #[arg(long)]
    pub exact: bool,

    /// What is undecided fails; otherwise it is a warning.
    #[arg(long)]
    pub strict: bool,

    /// How many seeds to play at most; fewer are played where they decide everything [default: the baseline's, or the
    /// scenario's]. With `--update`: how many to keep.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub seeds: Option<u32>,

    /// The first seed; the others follow by one [default: the baseline's, or the scenario's]. Where no seed is the baseline's,
    /// samples are compared and not pairs.
    #[arg(long, value_name = "SEED", value_parser = clap::value_parser!(u64).range(..=i64::MAX.cast_unsigned()))]
    pub seed: Option<u64>,

    /// How many threads to use; the results are the same whatever their number [default: one a core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_024))]
    pub threads: Option<u32>,

    /// How to say it: text, json, junit, github (annotations, and the step's summary), gitlab (code quality) or markdown (a
    /// comment). With `=FILE` it is written there instead; may be given several times.
    #[arg(long = "format", value_name = "FORMAT[=FILE]", default_value = "text")]
    pub formats: Vec<CheckOutput>,

    /// List the criteria that hold, too.
    #[arg(long, short)]
    pub verbose: bool,

    /// No progress bar.
    #[arg(long, short)]
    pub quiet: bool,
}

/// A format of a check, and the file to write it to instead of the standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckOutput {
    pub format: CheckFormat,
    pub file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckFormat {
    Text,
    Json,
    Junit,
    Github,
    Gitlab,
    Markdown,
}

impl FromStr for CheckOutput {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = format_and_file(text)?;
        let format = match name {
            "text" => CheckFormat::Text,
            "json" => CheckFormat::Json,
            "junit" => CheckFormat::Junit,
            "github" => CheckFormat::Github,
            "gitlab" => CheckFormat::Gitlab,
            "markdown" => CheckFormat::Markdown,
            _ => return Err("there are: text, json, junit, github, gitlab, markdown".into()),
        };
        Ok(Self { format, file })
    }
}

const AFTER_CHECK: &str = "\
Examples:
  seatrial check scenarios/*.toml --baseline baseline.toml --update
  seatrial check scenarios/*.toml --baseline baseline.toml
  seatrial check web.toml --baseline baseline.toml --format github --strict
  seatrial check web.toml --baseline baseline.toml --format junit=junit.xml \\
    --format markdown=comment.md
  seatrial check scenarios/*.toml --against ../main/target/release/seatrial

What a scenario demands, of all variants or of one:
  [check]
  deploy_p95 = \"max +10%\"              against the baseline
  spare_cost_per_month = \"max +$50\"
  deploy_p50 = \"<= 8m\"                 absolute
  failed_requests = \"= 0\"              in every run
  [check.variant.\"short drain\"]
  deploy_p95 = \"<= 2m\"                 in place of that of all; \"none\": of it not

What can be demanded: deploy_mean, deploy_p50, deploy_p95, unfinished (percent),
cost_per_month, spare_cost_per_month, cost_per_deploy, surge_cost_per_deploy,
extra_replica_s, short_replica_s, minutes_below_floor, failed_requests,
lowest_healthy (percent, \">=\" in every run).

A criterion fails only when it is surely broken, holds when it surely holds, and
is undecided otherwise. Sure means: noise fails an unchanged scenario in at most
5 % of its checks, all of its criteria together; on the baseline's seeds in none.

Exit codes:
  0    every criterion holds, or is undecided without --strict
  1    a criterion fails, or with --exact something changed
  2    the question was wrong: usage, scenario, a baseline that cannot be used
  3    a program that was asked where tasks go failed
  130  interrupted; a baseline that was to be written is as it was";

#[cfg(test)]
mod tests {
    use seatrial_scenarios::measures::Measure;

    use super::*;

    #[test]
    fn help_names_every_measure() {
        for name in Measure::names() {
            assert!(AFTER_CHECK.contains(name), "{name}");
        }
    }
}
