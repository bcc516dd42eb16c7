//! What is wrong with a scenario: every problem at once, each with its place and what would do.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, normalize_untrusted_str};

/// Everything that is wrong with one scenario, in the order of its lines. Its display is meant for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    name: String,
    source: String,
    problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1; 0 where the whole file is meant.
    pub line: usize,
    /// The value's path with dots (`host_group.m5.hosts`); empty where no single value is meant.
    pub path: String,
    /// What was found.
    pub message: String,
    /// What would do.
    pub help: Option<String>,
    /// The place in the file, in bytes.
    pub(crate) span: Option<Range<usize>>,
}

impl Problem {
    pub(crate) fn new(span: Range<usize>, path: &str, message: impl Into<String>, help: Option<String>) -> Self {
        /// Longer paths come from names that nobody reads.
        const PATH_CHARS: usize = 400;
        let path = path.chars().take(PATH_CHARS).collect();
        Self { line: 0, path, message: message.into(), help, span: Some(span) }
    }
}

impl Report {
    /// More than this is not read by anybody.
    const SHOWN: usize = 50;
    /// Lines longer than this are not quoted.
    const QUOTED_BYTES: usize = 10_000;

    /// All problems of one text; repeated ones count once.
    pub(crate) fn new(name: &str, source: &str, problems: Vec<Problem>) -> Self {
        let starts: Vec<usize> = std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut seen = BTreeSet::new();
        let mut problems: Vec<Problem> = problems
            .into_iter()
            .map(|problem| {
                let line = problem.span.as_ref().map_or(0, |span| starts.partition_point(|start| *start <= span.start));
                Problem { line, ..problem }
            })
            .filter(|problem| seen.insert((problem.line, problem.path.clone(), problem.message.clone())))
            .collect();
        problems.sort_by_key(|problem| problem.span.as_ref().map_or(0, |span| span.start));
        Self { name: name.into(), source: source.into(), problems }
    }

    /// Problems of values that stand in no file.
    pub(crate) fn without_places(name: &str, problems: Vec<Problem>) -> Self {
        let problems = problems.into_iter().map(|problem| Problem { span: None, ..problem });
        Self::new(name, "", problems.collect())
    }

    /// A file that could not be read as text at all.
    pub(crate) fn unreadable(name: &str, line: usize, message: String, help: Option<String>) -> Self {
        let problem = Problem { line, path: String::new(), message, help, span: None };
        Self { name: name.into(), source: String::new(), problems: vec![problem] }
    }

    /// Every problem, in the order of lines.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// One problem with the line it is on.
    fn render(&self, problem: &Problem) -> String {
        let title = match problem.path.as_str() {
            "" => problem.message.clone(),
            path => format!("{path}: {}", problem.message),
        };
        let quote = problem.span.as_ref().map(|span| Quote::of(&self.source, span, Self::QUOTED_BYTES));
        let title = match &quote {
            Some(_) => title,
            None if problem.line > 0 => format!("{}:{}: {title}", self.name, problem.line),
            None => format!("{}: {title}", self.name),
        };
        let mut group = Level::ERROR.primary_title(normalize_untrusted_str(&title)).elements(quote.map(|quote| {
            Snippet::source(quote.line)
                .line_start(problem.line)
                .path(normalize_untrusted_str(&self.name))
                .annotation(AnnotationKind::Primary.span(quote.span))
        }));
        if let Some(help) = &problem.help {
            group = group.element(Level::HELP.message(normalize_untrusted_str(help)));
        }
        Renderer::plain().render(&[group])
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, problem) in self.problems.iter().take(Self::SHOWN).enumerate() {
            let gap = if position == 0 { "" } else { "\n\n" };
            write!(f, "{gap}{}", self.render(problem))?;
        }
        match self.problems.len().saturating_sub(Self::SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n\nand {more} more in {}", self.name),
        }
    }
}

impl std::error::Error for Report {}

/// The line that a problem starts on.
struct Quote<'a> {
    line: &'a str,
    /// The offending text in that line.
    span: Range<usize>,
}

impl<'a> Quote<'a> {
    fn of(source: &'a str, span: &Range<usize>, longest: usize) -> Self {
        let floor = |mut at: usize| {
            while !source.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let at = floor(span.start.min(source.len()));
        let start = source[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let end = source[at..].find('\n').map_or(source.len(), |newline| at + newline);
        if end - start > longest {
            return Self { line: "(a very long line)", span: 0..0 };
        }
        let stop = floor(span.end.clamp(at, end));
        Self { line: &source[start..end], span: at - start..stop - start }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_shows_its_line_its_place_and_what_would_do() {
        let source = "question = \"?\"\nhosts = 0\n";
        let problem = Problem::new(23..24, "host_group.m5.hosts", "zero hosts", Some("write 1 to 100000".into()));
        let report = Report::new("web.toml", source, vec![problem.clone(), problem]);
        let expected = "\
error: host_group.m5.hosts: zero hosts
 --> web.toml:2:9
  |
2 | hosts = 0
  |         ^
  |
  = help: write 1 to 100000";
        assert_eq!(report.to_string(), expected);
    }

    #[test]
    fn places_inside_a_character_and_behind_the_end_are_shown_too() {
        for span in [1..2, 0..400, 300..400] {
            let report = Report::new("x", "é = 1", vec![Problem::new(span, "", "odd", None)]);
            assert!(report.to_string().contains("x:1:"), "{report}");
        }
    }
}
