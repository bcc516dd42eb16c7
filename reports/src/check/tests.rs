//! What all formats of a check have in common: programs of others read them, and nothing in a name gets in their way.

#[path = "../../../tests/support/validators.rs"]
mod validators;

use std::path::{Path, PathBuf};
use std::{env, fs, process};

use validators::Documents;

use super::{Check, examples, github, gitlab, json, junit, markdown, text};

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
    let (folder, documents) = (Folder::new("json"), documents("json", json::render));
    let documents = Documents { folder: &folder.0, documents: &documents };
    documents.are_json_of(&root().join("docs/schemas/check.schema.json"));
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
    for render in [json::render, junit::render, github::render, gitlab::render, markdown::render, verbose] {
        let said = render(&examples::nasty());
        assert!(said.chars().all(|c| c == '\n' || !c.is_control()), "{said:?}");
        assert!(said.ends_with('\n'));
    }
}
