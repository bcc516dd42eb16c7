//! What a report says in words: everything in it but the charts.

use serde::{Deserialize, Serialize};

use super::tables::Table;
use crate::answer::answer;
use crate::bill::Bill;
use crate::cells::Cells;
use crate::felt::Felt;
use crate::notes::notes;
use crate::statistics::Comparison;
use crate::wording;

/// The version of the form in which pages are kept.
const SCHEMA_VERSION: u32 = 1;

/// A report without its charts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    schema_version: u32,
    pub(super) file: String,
    pub(super) question: String,
    pub(super) setting: String,
    pub(super) answer: String,
    pub(super) comparison: Table,
    pub(super) notes: Vec<String>,
    pub(super) bill: Option<Table>,
    pub(super) felt: Option<Table>,
    pub(super) variants: Vec<VariantSettings>,
    pub(super) systems: Vec<System>,
    pub(super) scenario: String,
    pub(super) origin: Origin,
}

/// What a variant sets against the base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariantSettings {
    /// The variant's name.
    pub name: String,
    /// Paths and values, as a scenario file writes them.
    pub set: Vec<(String, String)>,
}

/// Parameters of an orchestrator, or of one of its strategies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct System {
    /// What they are parameters of.
    pub title: String,
    /// Each of them.
    pub parameters: Vec<Parameter>,
}

/// A value that a scenario has where it says nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its key.
    pub name: String,
    /// Its default, as a scenario file writes it.
    pub default: String,
    /// What it is.
    pub meaning: String,
    /// Where the default comes from.
    pub source: String,
}

/// What it takes to get the same results again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The program and its version.
    pub version: String,
    /// Which seeds were run.
    pub seeds: String,
    /// The command line.
    pub command: String,
}

impl Page {
    /// What a comparison says, what was compared (`variants` and `scenario`, the text of its file), under which `systems`, and
    /// how.
    pub fn new(
        comparison: &Comparison,
        variants: Vec<VariantSettings>,
        systems: Vec<System>,
        scenario: &str,
        origin: Origin,
    ) -> Self {
        let cells = Cells::new(comparison);
        let bill = |bill: Bill| {
            let title = bill.title.trim_end_matches(':');
            Table::new(title, &bill.header, bill.rows, &|column| column == 0).with_note(&bill.note)
        };
        let felt = |felt: Felt| Table::new(felt.title.trim_end_matches(':'), &felt.header, felt.rows, &Felt::is_text);
        Self {
            schema_version: SCHEMA_VERSION,
            file: wording::file(comparison),
            question: wording::plain(&comparison.question),
            setting: wording::setting(comparison),
            answer: answer(comparison),
            comparison: Table::new(
                "Deploys, what they cost and what they risk",
                &cells.header,
                cells.rows.clone(),
                &|c| cells.is_text(c),
            ),
            notes: notes(comparison),
            bill: Bill::new(comparison).map(bill),
            felt: Felt::new(comparison).map(felt),
            variants,
            systems,
            scenario: scenario.into(),
            origin,
        }
    }

    /// The page as JSON, which [`Page::from_json`] reads again.
    #[expect(clippy::missing_panics_doc, reason = "strings and numbers can always be written as JSON")]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("strings and numbers only") + "\n"
    }

    /// The page that was kept in a text.
    ///
    /// # Errors
    ///
    /// The text is no page, or one of another version; the message says what is wrong where.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let kept: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match kept.get("schema_version").and_then(serde_json::Value::as_u64) {
            Some(version) if version == u64::from(SCHEMA_VERSION) => {
                serde_json::from_value(kept).map_err(|error| error.to_string())
            }
            Some(version) => Err(format!("its schema_version is {version}, and this is made of {SCHEMA_VERSION}")),
            None => Err("it has no schema_version".into()),
        }
    }
}
