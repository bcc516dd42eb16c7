//! `seatrial explain`, in the words of `--help`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;

use super::output::format_and_file;

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

    /// Write explain.json and the charts into this folder, as SVG and PNG: the run by host and task, the waits, and what each
    /// setting saves.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// No progress bar.
    #[arg(long, short)]
    pub quiet: bool,
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

const AFTER_EXPLAIN: &str = "\
Examples:
  seatrial explain web.toml
  seatrial explain web.toml --variant 'short drain' --out why
  seatrial explain web.toml --seed 7 --format json | jq .waits
  seatrial explain web.toml --format trace-event=deploy.json

What is waited for, from the request to the end, without a gap:
  control loop   the scheduler's next look, the balancer being asked, an agent
  capacity       hosts with room: a scaler that finds out, an order of hosts
  headroom       what others do: another service's tasks, a change of the desired
                 count, users
  boot           a host's start
  pull           an image
  start          a network interface or a machine of one task, a container's
                 start, its report
  register       the load balancer's knowing of a target
  health check   checks that have to pass, times to stay well
  drain          requests under way at a target that goes
  stop           from SIGTERM until the control plane knows of the exit
  hold           bake times, pauses, delays between batches, back-off
  rate limit     launches that a limit does not allow yet

What if: each setting alone is set to the value that is said, on the same seeds.
JSON has them as paths and values, as a variant's `set` takes them. What is saved
of the bill and of failed requests may be negative: it costs.

Exit codes:
  0    explained
  2    the question was wrong: usage, scenario, no deploy in it, a program that
       cannot be started
  3    the deploy of the run did not end: what it waits for is printed; or a
       program that was asked failed
  130  interrupted";
