//! `seatrial run`, in the words of `--help`.

use std::path::PathBuf;

use clap::Args;

use super::Output;
use crate::until::Until;

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
    /// every variant: `deploy_p95 +-2 %`, `deploy_mean +-5s`, `cost_per_month +-$3`.
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
   the first       confidence interval, over the seeds that ended in both; where
                   not as many ended as of the first, it says so instead
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

What --until may be about: deploy_mean, deploy_p50, deploy_p95, cost_per_month,
spare_cost_per_month, cost_per_deploy, surge_cost_per_deploy, extra_replica_s,
short_replica_s, minutes_below_floor, failed_requests.

Exit codes:
  0    answered
  2    the question was wrong: usage, scenario, a program that cannot be started,
       a file that cannot be written
  3    no deploy of any variant ended, where there is one; or a program that was
       asked failed
  130  interrupted; what was done by then is printed and saved";

#[cfg(test)]
mod tests {
    use seatrial_scenarios::measures::Measure;

    use super::*;
    use crate::until::has_interval;

    #[test]
    fn help_names_every_estimate() {
        for measure in Measure::ALL.iter().filter(|measure| has_interval(measure)) {
            assert!(AFTER_RUN.contains(measure.name), "{}", measure.name);
        }
    }
}
