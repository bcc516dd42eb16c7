//! A check as a Code Quality report, which GitLab shows beside the lines of a merge request.

use std::collections::BTreeSet;

use seatrial_scenarios::hexadecimal;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Check;
use super::findings::{self, Finding, Level, place};

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
    let mut nth = 0;
    loop {
        let text = about.iter().fold(nth.to_string(), |text, part| text + "\0" + part);
        let fingerprint = hexadecimal(&Sha256::digest(text)[..16]);
        if taken.insert(fingerprint.clone()) {
            return fingerprint;
        }
        nth += 1;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::check::examples;

    fn issues(check: &Check) -> Vec<Value> {
        serde_json::from_str(&render(check)).unwrap()
    }

    fn fingerprints(check: &Check) -> Vec<String> {
        issues(check).iter().map(|issue| issue["fingerprint"].as_str().unwrap().to_string()).collect()
    }

    #[test]
    fn a_demand_that_is_not_met_is_an_issue_at_its_line_and_a_change_one_at_the_first() {
        let found = issues(&examples::one_fails());
        let said: Vec<_> =
            found.iter().map(|issue| (&issue["severity"], &issue["check_name"], &issue["location"])).collect();
        let location = |line: u32| json!({ "path": "web.toml", "lines": { "begin": line } });
        let golden = [
            (&json!("major"), &json!("seatrial/deploy_p95"), &location(31)),
            (&json!("info"), &json!("seatrial/change"), &location(1)),
        ];
        assert_eq!(said, golden);
        let description = "deploy_p95 of \"web\" is not met: deploy_p95 9m 30s, baseline 4m 10s: +128.0 % [+120.1 %, \
            +131.0 %] (99.9 % CI); ./web.toml:31: deploy_p95 = \"max +10%\"; the difference is in: drain +5m 30s, health \
            check -10.0s (mean of the first 3 seeds)";
        assert_eq!(found[0]["description"], description);
        assert!(issues(&examples::all_met()).is_empty());
    }

    #[test]
    fn fingerprints_are_unique_and_stay_when_lines_and_numbers_change() {
        let check = examples::many(100);
        let before = fingerprints(&check);
        let unique: BTreeSet<_> = before.iter().collect();
        assert_eq!((before.len(), unique.len()), (200, 200), "100 demands and 100 changes");
        let mut later = check.clone();
        for case in &mut later.scenarios[0].cases {
            case.criterion.line += 7;
            case.value = case.value.map(|value| value + 1.0);
        }
        assert_eq!(fingerprints(&later), before);
        let twice = Check { scenarios: [check.scenarios.clone(), check.scenarios].concat(), ..later };
        let twice = fingerprints(&twice);
        assert_eq!((twice.len(), twice.iter().collect::<BTreeSet<_>>().len()), (400, 400));
    }
}
