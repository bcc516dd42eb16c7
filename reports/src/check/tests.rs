//! What all formats of a check have in common: programs of others read them, and nothing in a name gets in their way.

#[path = "../../../tests/support/validators.rs"]
mod validators;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

use seatrial_scenarios::measures::Measure;
use serde_json::{Value, json};
use validators::Documents;

use super::{Check, examples, github, gitlab, junit, markdown, text};

/// Every example in a format, and with any change and all that is undecided failing, too.
fn documents(extension: &str, render: fn(&Check) -> String) -> Vec<(String, String)> {
    let examples = examples::every().into_iter().flat_map(|(name, check)| {
        let strict = Check { strict: true, exact: true, ..check.clone() };
        [(format!("{name}.{extension}"), check), (format!("{name}-strict.{extension}"), strict)]
    });
    examples.map(|(name, check)| (name, render(&check))).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A folder for as long as a test takes.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self(env::temp_dir().join(format!("seatrial-{name}-{}", process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn json_is_what_its_schema_says() {
    let (folder, documents) = (Folder::new("json"), documents("json", super::json::render));
    let documents = Documents { folder: &folder.0, documents: &documents };
    documents.are_json_of(&root().join("docs/schemas/check.schema.json"));
}

/// The measures that a schema knows, and that it wants every key and no other one.
#[test]
fn the_schema_of_json_is_strict_and_knows_every_measure() {
    let text = fs::read_to_string(root().join("docs/schemas/check.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(schema["$defs"]["measure"]["enum"], json!(Measure::names()));
    let definitions = schema["$defs"].as_object().unwrap().values().chain([&schema]);
    let objects: Vec<_> =
        definitions.filter_map(|definition| Some((definition, definition["properties"].as_object()?))).collect();
    assert_eq!(objects.len(), 9, "the document, and eight in it");
    for (object, properties) in objects {
        let keys: BTreeSet<_> = properties.keys().map(String::as_str).collect();
        let required: BTreeSet<_> = object["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!((keys, &object["additionalProperties"]), (required, &json!(false)), "{object}");
    }
}

#[test]
fn code_quality_is_what_gitlab_documents() {
    let (folder, documents) = (Folder::new("gitlab"), documents("json", gitlab::render));
    let documents = Documents { folder: &folder.0, documents: &documents };
    documents.are_json_of(&root().join("tests/schemas/gitlab-code-quality.schema.json"));
}

#[test]
fn junit_is_what_ci_servers_read() {
    let (folder, documents) = (Folder::new("junit"), documents("xml", junit::render));
    Documents { folder: &folder.0, documents: &documents }.are_junit();
}

#[test]
fn no_format_has_a_control_character_but_the_ends_of_its_lines() {
    let verbose = |check: &Check| text::render(check, true);
    for render in [super::json::render, junit::render, github::render, gitlab::render, markdown::render, verbose] {
        let said = render(&examples::nasty());
        assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{said:?}");
        assert!(said.ends_with('\n'));
    }
}
