//! The cells of a sweep for a terminal and for a pull request: a line each, and which are the best.

use super::best::{Best, name};
use super::{CellStatistics, SweepTable, labels};
use crate::markdown::{escaped, table_of};
use crate::table::{columns, wrapped};
use crate::wording;

/// More cells than this are not read line by line: then only the best are shown.
const MOST_LINES: usize = 200;
/// The widest that values may be; longer ones wrap.
const VALUE_WIDTH: u16 = 24;

/// The cells as plain text of at most 120 columns, without colours.
pub fn table(table: &SweepTable) -> String {
    let cells = Cells::new(table);
    let widest: Vec<(usize, u16)> = (0..cells.texts).map(|column| (column, VALUE_WIDTH)).collect();
    let is_text = |column| cells.is_text(column);
    let mut parts = vec![
        wrapped(&headline(table), "") + "\n" + &wrapped(&setting(table), ""),
        columns(&cells.header, &cells.rows, &widest, &is_text),
    ];
    parts.extend(notes(table, &cells).iter().map(|note| wrapped(note, "  ")));
    parts.push(wrapped(&cells.best.answer(table), "  "));
    parts.join("\n\n") + "\n"
}

/// The cells as GitHub-flavoured Markdown.
pub fn markdown(table: &SweepTable) -> String {
    let cells = Cells::new(table);
    let mut parts = vec![
        format!("**{}**", escaped(&headline(table))),
        escaped(&setting(table)),
        table_of(&cells.header, &cells.rows, &|column| cells.is_text(column)),
    ];
    parts.extend(notes(table, &cells).iter().map(|note| format!("- {}", escaped(note))));
    parts.push(escaped(&cells.best.answer(table)));
    parts.join("\n\n") + "\n"
}

pub(crate) fn headline(table: &SweepTable) -> String {
    wording::headline_of(&table.scenario, &table.question)
}

/// The system, and how much was run.
pub(crate) fn setting(table: &SweepTable) -> String {
    let plural = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    let (cells, seeds) = (plural(table.cells.len(), "cell"), plural(table.seeds as usize, "seed"));
    wording::plain(&format!("{}, {cells} of {seeds}", table.system))
}

/// What the table cannot say in a cell.
fn notes(table: &SweepTable, cells: &Cells) -> Vec<String> {
    let mut notes = Vec::new();
    if cells.rows.len() < table.cells.len() {
        notes.push(format!("these are the best of {} cells; csv and json have all of them", table.cells.len()));
    }
    if let (count @ 1.., Some(why)) = (table.skipped.0, &table.skipped.1) {
        let plural = if count == 1 { "cell is no scenario and was" } else { "cells are no scenarios and were" };
        notes.push(wording::plain(&format!("{count} {plural} left out, the first because: {why}")));
    }
    let never = table.cells.iter().find_map(|cell| Some((cell, cell.blocked.first()?)));
    if let Some((cell, why)) = never {
        let count = table.cells.iter().filter(|cell| cell.finished < cell.runs).count();
        let plural = if count == 1 { "cell has" } else { "cells have" };
        let name = name(table, cell);
        notes.push(wording::plain(&format!("{count} {plural} runs that do not end, the first is {name}: {why}")));
    }
    notes
}

/// The table as text.
struct Cells {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    /// How many columns at the start hold text; the last one does, too.
    texts: usize,
    best: Best,
}

/// The numbers of a cell: the head, whether it speaks of deploys or of users, and the text.
type Column = (&'static str, About, fn(&CellStatistics, &SweepTable) -> String);

#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    Deploys,
    Users,
    All,
}

const COLUMNS: [Column; 7] = [
    ("p50", About::Deploys, |cell, table| quantile(cell, cell.deploy_s.p50, table)),
    ("p95", About::Deploys, |cell, table| quantile(cell, cell.deploy_s.p95, table)),
    ("finished", About::Deploys, |cell, _| wording::percent(wording::share_of_some(cell.finished, cell.runs))),
    ("spare\n$/month", About::All, |cell, _| cents(cell, "spare_usd_per_month")),
    ("bill\n$/month", About::All, |cell, _| cents(cell, "usd_per_month")),
    ("lowest\nhealthy", About::All, |cell, _| wording::percent(cell.lowest_healthy_percent)),
    ("failed\nrequests", About::Users, |cell, _| cell.mean("failed_requests").map_or("-".into(), wording::count)),
];

fn quantile(cell: &CellStatistics, seconds: Option<f64>, table: &SweepTable) -> String {
    if cell.has_deploys { wording::quantile(seconds, table.horizon_s) } else { "-".into() }
}

fn cents(cell: &CellStatistics, mean: &str) -> String {
    cell.mean(mean).map_or("-".into(), wording::cents)
}

impl Cells {
    fn new(table: &SweepTable) -> Self {
        let best = Best::of(table);
        let has_variants = table.cells.windows(2).any(|pair| pair[0].variant != pair[1].variant);
        let shown = |(_, about, _): &&Column| match about {
            About::Deploys => table.has_deploys(),
            About::Users => table.has_users(),
            About::All => true,
        };
        let columns: Vec<&Column> = COLUMNS.iter().filter(shown).collect();
        let mut header: Vec<String> = if has_variants { vec!["variant".into()] } else { Vec::new() };
        header.extend(labels(table, 1).iter().map(|label| label.replace(['_', '.'], "\n")));
        let texts = header.len();
        header.extend(columns.iter().map(|(head, ..)| String::from(*head)));
        header.push("best".into());
        let is_short = table.cells.len() <= MOST_LINES;
        let row = |(index, cell): (usize, &CellStatistics)| {
            let words = best.words(index);
            if !is_short && words.is_empty() {
                return None;
            }
            let mut row = if has_variants { vec![wording::plain(&cell.variant)] } else { Vec::new() };
            let values = table.axes.iter().zip(&cell.values).map(|((_, values), value)| &values[*value as usize]);
            row.extend(values.map(|value| wording::plain(value)));
            row.extend(columns.iter().map(|(.., text)| text(cell, table)));
            row.push(words.join(", "));
            Some(row)
        };
        Self { rows: table.cells.iter().enumerate().filter_map(row).collect(), header, texts, best }
    }

    fn is_text(&self, column: usize) -> bool {
        column < self.texts || column + 1 == self.header.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::examples::{cell, table as made_up, with_failed};

    const AXES: [&str; 2] = ["host_group.m5.hosts=6..8", "service.web.load_balancer.deregistration_delay=30s,300s"];

    #[test]
    fn a_line_a_cell_and_the_best_of_them() {
        let mut never = cell(&[0, 1], None, 420.48);
        (never.finished, never.blocked) = (3, vec!["1 task does not fit: memory on 6 of 6 hosts".into()]);
        let cells = vec![cell(&[0, 0], Some(252.0), 420.48), never, cell(&[1, 0], Some(60.0), 490.56)];
        let mut of_three = made_up(&AXES, cells);
        of_three.skipped = (1, Some("zero hosts (in the cell host_group.m5.hosts = 0 of the variant 'a')".into()));
        let text = table(&of_three);
        for part in [
            "web.toml: how many spare hosts?\nECS rolling, 5 x web on 6 hosts, 3 cells of 200 seeds",
            "cheapest, frontier",
            "fastest, frontier",
            "> 3h 00m",
            "1.5 %",
            "1 cell is no scenario and was left out, the first because: zero hosts",
            "1 cell has runs that do not end, the first is hosts = 6, deregistration_delay = 300s: 1 task does not fit",
            "The fastest is hosts = 7, deregistration_delay = 30s: p95 1m 00s, $490.56 a month.",
        ] {
            assert!(text.contains(part) || text.replace("\n  ", " ").contains(part), "'{part}' is not in\n{text}");
        }
        assert!(!text.contains("variant  ") && !text.contains("failed"), "{text}");
        let markdown = markdown(&of_three);
        assert!(markdown.contains("| hosts | deregistration delay | p50 | p95 | finished |"), "{markdown}");
        assert!(
            markdown.contains("| 7 | 30s | 30.0s | 1m 00s | 100 % | 70.08 | 490.56 | 100 % | fastest, frontier |"),
            "{markdown}"
        );
    }

    #[test]
    fn variants_users_and_runs_without_deploys_have_their_columns() {
        let mut other = with_failed(cell(&[1, 0], Some(60.0), 490.56), 12.0);
        other.variant = "another".into();
        let text = table(&made_up(&AXES, vec![with_failed(cell(&[0, 0], Some(252.0), 420.48), 0.0), other.clone()]));
        for part in ["variant", "another", "requests", "\"another\", hosts = 7", "12 failed requests"] {
            assert!(text.replace("\n  ", " ").contains(part), "'{part}' is not in\n{text}");
        }
        (other.has_deploys, other.deploy_s.p95) = (false, None);
        let calm = table(&made_up(&AXES, vec![other]));
        assert!(calm.contains("The cheapest is") && !calm.contains("p95") && !calm.contains("finished"), "{calm}");
    }

    #[test]
    fn lines_fit_whatever_the_values() {
        let long =
            "host_group.m5.agent={ poll = \"5s\", report = \"lognormal(median=8s, sigma=0.3)\" },{ poll = \"9s\" }";
        let axes =
            ["service.web.load_balancer.health_check.initial_checks=1", long, "host_group.m5.hosts=6..300", AXES[1]];
        let mut wide = with_failed(cell(&[0, 0, 0, 0], None, 12_345_678.9), 123_456.0);
        wide.variant = "a variant with a name that goes on and on, supercalifragilisticexpialidocious\u{1b}[31m".into();
        let cells = vec![wide, with_failed(cell(&[0, 1, 9, 1], Some(1.0), 0.0), 3e9)];
        let text = table(&made_up(&axes, cells));
        assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
    }

    #[test]
    fn of_very_many_cells_the_best_are_shown() {
        let cells = (0..295).map(|value| cell(&[value, 0], Some(1_000.0 - f64::from(value)), 300.0)).collect();
        let text = table(&made_up(&["host_group.m5.hosts=6..300", AXES[1]], cells));
        assert!(text.lines().count() < 15 && text.contains("these are the best of 295 cells"), "{text}");
        assert!(text.contains("fastest, cheapest, frontier"), "{text}");
    }
}
