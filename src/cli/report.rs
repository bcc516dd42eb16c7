//! `seatrial report`, in the words of `--help`.

use std::path::PathBuf;

use clap::Args;

/// Makes DIR/report.html, one file that needs nothing beside it, from the results and charts in a folder, and prints its name.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true, after_help = AFTER_REPORT)]
pub struct Report {
    /// A folder that `seatrial run FILE --out DIR` wrote.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

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
