//! A check as workflow commands of GitHub Actions: annotations at the lines of the demands.

use super::Check;
use super::findings::{self, Finding, Level, place};
use super::wording::closing;

/// So many annotations of each level are shown of one step.
const SHOWN: usize = 10;

/// An annotation for each demand that is not met or undecided and for each change, the most important first, and what came of
/// it all as the last line. Where there are more than are shown, the last one says how many.
pub fn render(check: &Check) -> String {
    let findings = findings::all(check);
    let mut lines = vec![];
    for level in [Level::Error, Level::Warning, Level::Notice] {
        let of_level: Vec<_> = findings.iter().filter(|finding| finding.level == level).collect();
        let more = of_level.len().saturating_sub(SHOWN);
        for (position, finding) in of_level.into_iter().take(SHOWN).enumerate() {
            lines.push(annotation(finding, if position + 1 == SHOWN { more } else { 0 }));
        }
    }
    lines.push(data(&closing(check)));
    lines.join("\n") + "\n"
}

/// `::error file=web.toml,line=31,title=..::message`, which says how many more there are.
fn annotation(finding: &Finding, more: usize) -> String {
    let Finding { checked, level, about } = finding;
    let command = match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Notice => "notice",
    };
    let (file, title) = (property(&place(&checked.file)), property(&about.title()));
    let mut lines = about.lines(checked);
    if more > 0 {
        lines.push(format!("and {more} more, which the summary of the step has"));
    }
    format!("::{command} file={file},line={},title={title}::{}", about.line(), data(&lines.join("\n")))
}

/// A message, as the runner reads it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, as the runner reads it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::examples;

    #[test]
    fn what_is_not_met_is_an_error_and_a_change_is_a_notice() {
        let golden = "\
::error file=web.toml,line=31,title=deploy_p95 of \"web\" is not met::deploy_p95 9m 30s, baseline 4m 10s: +128.0 %25 [+120.1 \
%25, +131.0 %25] (99.9 %25 CI)%0A./web.toml:31: deploy_p95 = \"max +10%25\"%0Athe difference is in: drain +5m 30s, health check \
-10.0s (mean of the first 3 seeds)
::notice file=web.toml,line=1,title=\"web\" changed::its settings changed%0Aseed 1";
        let text = render(&examples::one_fails());
        assert!(text.starts_with(golden), "{text}");
        assert!(text.ends_with("\nFAIL: 1 of 2 criteria is not met\n"), "{text}");
    }

    #[test]
    fn the_worst_are_shown_and_the_last_one_says_how_many_there_are_more() {
        let text = render(&examples::many(100));
        let lines = |command: &str| text.lines().filter(|line| line.starts_with(command)).collect::<Vec<_>>();
        let errors = lines("::error ");
        assert_eq!((errors.len(), lines("::notice ").len(), text.lines().count()), (10, 10, 21));
        for (position, error) in errors.iter().enumerate() {
            assert!(error.contains(&format!("deploy_p95 of \"variant {}\"", 99 - position)), "{error}");
        }
        assert!(errors[9].ends_with("%0Aand 90 more, which the summary of the step has"), "{}", errors[9]);
        assert!(!render(&examples::many(10)).contains(" more, which"));
    }

    #[test]
    fn what_is_undecided_is_a_warning_and_an_error_where_that_fails_the_check() {
        let check = examples::undecided();
        assert!(
            render(&check).starts_with("::warning file=web.toml,line=31,title=deploy_p95 of \"web\" is undecided::")
        );
        assert!(render(&Check { strict: true, ..check }).starts_with("::error "));
    }

    #[test]
    fn names_start_no_command() {
        let text = render(&examples::nasty());
        assert_eq!(
            text.lines().filter(|line| line.starts_with("::")).count(),
            3,
            "a demand, a change and a variant: {text}"
        );
        for line in text.lines().filter(|line| line.starts_with("::")) {
            // The command with its properties, and the message.
            let properties = line[2..].split("::").next().unwrap();
            assert_eq!(properties.matches(',').count(), 2, "{line}");
        }
    }

    #[test]
    fn nothing_in_a_text_ends_a_property_or_a_command() {
        // By the toolkit's rules, %25 %0D %0A in both, %3A %2C in properties.
        let table = [
            ("plain", "plain", "plain"),
            ("100 %", "100 %25", "100 %25"),
            ("%0A", "%250A", "%250A"),
            ("a\r\nb", "a%0D%0Ab", "a%0D%0Ab"),
            ("a,line=1::x", "a,line=1::x", "a%2Cline=1%3A%3Ax"),
            ("::error::x", "::error::x", "%3A%3Aerror%3A%3Ax"),
        ];
        for (text, in_data, in_property) in table {
            assert_eq!((data(text).as_str(), property(text).as_str()), (in_data, in_property));
        }
    }
}
