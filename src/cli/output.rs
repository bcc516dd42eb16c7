//! How results are printed, and where.

use std::path::PathBuf;
use std::str::FromStr;

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
        let (name, file) = format_and_file(text)?;
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

/// `FORMAT` or `FORMAT=FILE`.
pub fn format_and_file(text: &str) -> Result<(&str, Option<PathBuf>), String> {
    match text.split_once('=') {
        Some((_, "")) => Err("a file name is missing after '='".into()),
        Some((name, file)) => Ok((name, Some(file.into()))),
        None => Ok((text, None)),
    }
}
