//! A check as JUnit XML, which CI servers read: a suite for each scenario, a case for each demand of a variant.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::findings::{About, changes, reasons};
use super::verdict::{Case, Verdict};
use super::wording::measured;
use super::{Check, Checked};
use crate::wording::plain;

/// The check as XML without times, so that the same question has the same bytes. What is undecided is skipped, or fails where
/// that fails the check. Where any change fails, one more case of each scenario says whether anything changed.
#[expect(clippy::missing_panics_doc, reason = "memory takes what is written, and what is written is UTF-8")]
pub fn render(check: &Check) -> String {
    let suites: Vec<_> = check.scenarios.iter().map(|checked| Suite::new(check, checked)).collect();
    let mut writer = Writer::new_with_indent(vec![], b' ', 2);
    let mut write = |event: Event| writer.write_event(event).expect("memory takes what is written");
    write(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    let counted = |of: fn(&Suite) -> usize| suites.iter().map(of).sum::<usize>().to_string();
    write(Event::Start(BytesStart::new("testsuites").with_attributes([
        ("name", "seatrial check"),
        ("tests", counted(|suite| suite.tests.len()).as_str()),
        ("failures", counted(Suite::failures).as_str()),
        ("errors", "0"),
    ])));
    for suite in &suites {
        suite.write(&mut write);
    }
    write(Event::End(BytesEnd::new("testsuites")));
    String::from_utf8(writer.into_inner()).expect("texts are UTF-8") + "\n"
}

/// The cases of a scenario.
struct Suite {
    file: String,
    tests: Vec<Test>,
}

/// One case.
struct Test {
    name: String,
    outcome: Outcome,
}

/// What came of a case, and what there is to say of it: a line, and more lines.
enum Outcome {
    Passed(String),
    Skipped(String, Vec<String>),
    Failed(&'static str, String, Vec<String>),
}

impl Suite {
    fn new(check: &Check, checked: &Checked) -> Self {
        let mut tests: Vec<_> = checked.cases.iter().map(|case| Test::of_demand(check, checked, case)).collect();
        tests.extend(check.exact.then(|| Test::of_changes(checked)));
        Self { file: allowed(&checked.file), tests }
    }

    fn failures(&self) -> usize {
        self.tests.iter().filter(|test| matches!(test.outcome, Outcome::Failed(..))).count()
    }

    fn skipped(&self) -> usize {
        self.tests.iter().filter(|test| matches!(test.outcome, Outcome::Skipped(..))).count()
    }

    fn write(&self, write: &mut dyn FnMut(Event)) {
        write(Event::Start(BytesStart::new("testsuite").with_attributes([
            ("name", self.file.as_str()),
            ("tests", self.tests.len().to_string().as_str()),
            ("failures", self.failures().to_string().as_str()),
            ("errors", "0"),
            ("skipped", self.skipped().to_string().as_str()),
            ("file", self.file.as_str()),
        ])));
        for test in &self.tests {
            test.write(&self.file, write);
        }
        write(Event::End(BytesEnd::new("testsuite")));
    }
}

impl Test {
    fn of_demand(check: &Check, checked: &Checked, case: &Case) -> Self {
        let (said, more) = (allowed(&measured(case)), || reasons(checked, case));
        let outcome = match case.verdict {
            Verdict::Pass => Outcome::Passed(said),
            Verdict::Fail => Outcome::Failed("not met", said, more()),
            Verdict::Undecided if check.strict => Outcome::Failed("undecided", said, more()),
            Verdict::Undecided => Outcome::Skipped(said, more()),
        };
        Self { name: allowed(&format!("\"{}\": {}", case.variant, case.criterion.written())), outcome }
    }

    fn of_changes(checked: &Checked) -> Self {
        let is_known = checked.against.as_ref().is_some_and(|against| against.same_seeds);
        let changes: Vec<About> = changes(checked).collect();
        let outcome = if !changes.is_empty() {
            let said = changes.iter().map(About::title).collect::<Vec<_>>().join("; ");
            let of = |about: &About| format!("{}: {}", about.title(), about.lines(checked).join("; "));
            Outcome::Failed("changed", allowed(&said), changes.iter().map(of).collect())
        } else if is_known {
            Outcome::Passed("the same numbers, and the same facts".into())
        } else {
            Outcome::Skipped("other seeds than the baseline's: what changed is not known".into(), vec![])
        };
        Self { name: "nothing changed".into(), outcome }
    }

    fn write(&self, file: &str, write: &mut dyn FnMut(Event)) {
        let attributes = [("name", self.name.as_str()), ("classname", file)];
        write(Event::Start(BytesStart::new("testcase").with_attributes(attributes)));
        let (element, text) = match &self.outcome {
            Outcome::Passed(said) => (BytesStart::new("system-out"), said.clone()),
            Outcome::Skipped(said, more) => {
                let element = BytesStart::new("skipped").with_attributes([("message", said.as_str())]);
                (element, lines(more))
            }
            Outcome::Failed(kind, said, more) => {
                let attributes = [("message", said.as_str()), ("type", *kind)];
                (BytesStart::new("failure").with_attributes(attributes), lines(more))
            }
        };
        let end = element.to_end().into_owned();
        write(Event::Start(element.clone()));
        write(Event::Text(BytesText::new(&text)));
        write(Event::End(end));
        write(Event::End(BytesEnd::new("testcase")));
    }
}

/// Texts, a line each.
fn lines(texts: &[String]) -> String {
    texts.iter().map(|text| allowed(text)).collect::<Vec<_>>().join("\n")
}

/// Text on one line, of characters that XML has.
fn allowed(text: &str) -> String {
    plain(text).chars().map(|c| if matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::examples;

    #[test]
    fn a_demand_that_is_not_met_is_a_failure_with_what_was_measured_and_where() {
        let golden = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="seatrial check" tests="2" failures="1" errors="0">
  <testsuite name="./web.toml" tests="2" failures="1" errors="0" skipped="0" file="./web.toml">
    <testcase name="&quot;web&quot;: cost_per_month = &quot;max +$300&quot;" classname="./web.toml">
      <system-out>cost_per_month $763.88, baseline $551.88: +$212.00 [+$212.00, +$212.00] (99.9 % CI)</system-out>
    </testcase>
    <testcase name="&quot;web&quot;: deploy_p95 = &quot;max +10%&quot;" classname="./web.toml">
      <failure message="deploy_p95 9m 30s, baseline 4m 10s: +128.0 % [+120.1 %, +131.0 %] (99.9 % CI)" type="not met">./web.toml:31: deploy_p95 = &quot;max +10%&quot;
the difference is in: drain +5m 30s, health check -10.0s (mean of the first 3 seeds)</failure>
    </testcase>
  </testsuite>
</testsuites>
"#;
        assert_eq!(render(&examples::one_fails()), golden);
    }

    #[test]
    fn what_is_undecided_is_skipped_and_fails_where_that_fails_the_check() {
        let check = examples::undecided();
        let message = "message=\"deploy_p95 7m 50s [7m 20s, ..] (99.9 % CI)\"";
        let skipped = render(&check);
        assert!(skipped.contains(&format!("<skipped {message}>")), "{skipped}");
        assert!(skipped.contains("failures=\"0\" errors=\"0\" skipped=\"1\""), "{skipped}");
        let failed = render(&Check { strict: true, ..check });
        assert!(failed.contains(&format!("<failure {message} type=\"undecided\">")), "{failed}");
        assert!(failed.contains("failures=\"1\" errors=\"0\" skipped=\"0\""), "{failed}");
    }

    #[test]
    fn where_any_change_fails_each_scenario_has_one_more_case() {
        let text = render(&examples::exact());
        assert_eq!(text.matches("<testcase name=\"nothing changed\"").count(), 2);
        assert_eq!(text.matches("<failure message=\"&quot;calm&quot; changed; &quot;web&quot; changed\"").count(), 1);
        assert!(!render(&examples::all_met()).contains("nothing changed"));
        let mut other_seeds = Check { exact: true, ..examples::all_met() };
        other_seeds.scenarios[0].against.as_mut().unwrap().same_seeds = false;
        assert!(render(&other_seeds).contains("<skipped message=\"other seeds than the baseline"));
    }
}
