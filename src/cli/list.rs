//! `seatrial list`, in the words of `--help`.

use clap::{Args, Subcommand, ValueEnum};

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
