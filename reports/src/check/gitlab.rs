//! A check as a Code Quality report, which GitLab shows beside the lines of a merge request.

use std::collections::BTreeSet;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Check;
use super::findings::{self, Finding, Level, place};
use super::kept::hexadecimal;

/// The check as a JSON array with an object for each demand that is not met or undecided, and for each change.
#[expect(clippy::missing_panics_doc, reason = "strings and numbers can always be written as JSON")]
pub fn render(check: &Check) -> String {
    let mut taken = BTreeSet::new();
    let issues: Vec<_> = findings::all(check).iter().map(|finding| Issue::new(finding, &mut taken)).collect();
    let mut text = serde_json::to_string_pretty(&issues).expect("strings and numbers only");
    text.push('\n');
    text
}

/// One finding, in the words of Code Climate's specification that GitLab reads.
#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
}

impl Issue {
    fn new(finding: &Finding, taken: &mut BTreeSet<String>) -> Self {
        let Finding { checked, level, about } = finding;
        let path = place(&checked.file);
        let what = about.measure().unwrap_or("change");
        Self {
            description: format!("{}: {}", about.title(), about.lines(checked).join("; ")),
            check_name: format!("seatrial/{what}"),
            fingerprint: fingerprint(&[&path, &about.variant(), what], taken),
            severity: match level {
                Level::Error => "major",
                Level::Warning => "minor",
                Level::Notice => "info",
            },
            location: Location { path, lines: Lines { begin: about.line() } },
        }
    }
}

/// What a finding is known by from one report to the next: by what it is about, not by its line or its numbers. The second of
/// those that are about the same is another one.
fn fingerprint(about: &[&str], taken: &mut BTreeSet<String>) -> String {
    let nth = |n: u32| {
        let text = about.iter().fold(n.to_string(), |text, part| text + "\0" + part);
        hexadecimal(&Sha256::digest(text)[..16])
    };
    let new = (0..).map(nth).find(|fingerprint| !taken.contains(fingerprint));
    let new = new.expect("there are more numbers than findings");
    taken.insert(new.clone());
    new
}
