//! The comparison for a terminal: a headline, aligned columns, what blocks, and the answer in one sentence.

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};

use crate::answer::answer;
use crate::bill::Bill;
use crate::cells::Cells;
use crate::felt::{CAUSES, Felt};
use crate::notes::notes;
use crate::statistics::Comparison;
use crate::wording;

/// The widest line, in characters.
const WIDTH: u16 = 120;
/// The widest the variants' names may be; longer ones wrap.
const NAME_WIDTH: u16 = 26;
/// The widest that causes in words may be.
const CAUSES_WIDTH: u16 = 14;

/// The comparison as plain text of at most 120 columns, without colours.
pub fn render(comparison: &Comparison) -> String {
    let headline = wrapped(&wording::headline(comparison), "");
    let cells = Cells::new(comparison);
    let table = columns(&cells.header, &cells.rows, &[], &|column| cells.is_text(column));
    let mut parts = vec![headline + "\n" + &wrapped(&wording::setting(comparison), ""), table];
    let notes = notes(comparison);
    if !notes.is_empty() {
        parts.push(notes.iter().map(|note| wrapped(note, "  ")).collect::<Vec<_>>().join("\n"));
    }
    if let Some(bill) = Bill::new(comparison) {
        let table = columns(&bill.header, &bill.rows, &[], &|column| column == 0);
        parts.push(format!("  {}\n\n{table}\n\n{}", bill.title, wrapped(&bill.note, "  ")));
    }
    if let Some(felt) = Felt::new(comparison) {
        let table = columns(&felt.header, &felt.rows, &[(CAUSES, CAUSES_WIDTH)], &Felt::is_text);
        parts.push(format!("  {}\n\n{table}", felt.title));
    }
    parts.push(wrapped(&answer(comparison), "  "));
    parts.join("\n\n") + "\n"
}

/// Aligned columns, of which the first one may wrap, and others where they are wider than is said.
pub(crate) fn columns<T: ToString>(
    header: &[T],
    rows: &[Vec<String>],
    widest: &[(usize, u16)],
    is_text: &dyn Fn(usize) -> bool,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH - 1);
    table.set_header(aligned(header, is_text));
    table.add_rows(rows.iter().map(|row| aligned(row, is_text)));
    let mut constraints = vec![ColumnConstraint::ContentWidth; header.len()];
    for &(column, width) in [(0, NAME_WIDTH)].iter().chain(widest) {
        constraints[column] = ColumnConstraint::UpperBoundary(Width::Fixed(width));
    }
    table.set_constraints(constraints);
    let lines: Vec<String> = table.lines().map(|line| format!(" {}", line.trim_end())).collect();
    lines.join("\n")
}

/// Text to the left, numbers to the right.
fn aligned<T: ToString>(texts: &[T], is_text: &dyn Fn(usize) -> bool) -> Vec<Cell> {
    let alignment = |column| if is_text(column) { CellAlignment::Left } else { CellAlignment::Right };
    let cell = |(column, text): (usize, &T)| Cell::new(text.to_string()).set_alignment(alignment(column));
    texts.iter().enumerate().map(cell).collect()
}

/// `text` broken between words where a line would be too wide, each line behind `indent`. Spaces inside a line stay.
pub(crate) fn wrapped(text: &str, indent: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always a line");
        let width = indent.len() + line.chars().count() + 1 + word.chars().count();
        if line.is_empty() {
            line.push_str(word);
        } else if width <= usize::from(WIDTH) {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_string());
        }
    }
    lines.iter().map(|line| format!("{indent}{}", line.trim_end())).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use seatrial_sim::measure::users::{Percentiles, Users};
    use seatrial_sim::traffic::{Loss, Quantile::Saturated};

    use super::*;
    use crate::examples::{comparison, results, spread, users, variant, with_users, without_deploy};

    /// Pairs, in standard deviations of the common noise: 252 x 0.025 and 52 x 0.025 make 6.3 and 1.3, apart 6.43, paired 5:
    /// 1.3 times. 6.3 and 100 x 0.05 = 5 make 8.04 and 1.3: 6.2 times, but for the noise's being no straight line.
    #[test]
    fn the_table_answers_the_question() {
        let golden = r#"
web.toml: one spare host or five?
ECS rolling, 5 tasks on 6 x m5.large, 200 seeds

  variant                p50       p95  mean against                         spare  $/deploy   lowest   extra   short
                                        the first (95 % CI)                $/month            healthy   tasks   tasks
                                                                                                       x time  x time
  one spare host      4m 12s    4m 29s  -                                    70.08      0.00    100 %   12.5s      0s
  double the hosts     52.0s     55.6s  -79.4 % [-79.8, -78.9]  faster      350.40      0.00    100 %   12.5s      0s
  short drain         1m 41s  > 3h 00m  -60.3 % [-60.4, -60.2]  fewer end    70.08      0.00    100 %   12.5s      0s
  full | hosts      > 3h 00m  > 3h 00m  no seed finished in both             70.08      0.00    100 %   12.5s      0s

  "short drain": 15 of 200 runs took > 3h 00m (7.5 % unfinished): 1 task does not fit: memory on 6 of 6 hosts
  "full | hosts" ended in none of 200 runs: 1 task does not fit: memory on 6 of 6 hosts
  "short drain" is compared with "one spare host" on the 185 of 200 seeds that finished in both
  extra and short of an unfinished run count until 3h 00m
  the same seeds for all variants make the intervals of the differences 1.3 to 6.1 times narrower

  where the money goes, $/month (730 h):

  variant             bill  needed   spare  surge  stranded  booting  draining  gone
  one spare host    584.00  467.20   73.00  19.47     14.60     4.87      2.43  2.43
  double the hosts  864.32  467.20  353.32  19.47     14.60     4.87      2.43  2.43
  short drain       584.00  467.20   73.00  19.47     14.60     4.87      2.43  2.43
  full | hosts      584.00  467.20   73.00  19.47     14.60     4.87      2.43  2.43

  as if every 3h 00m were like this one, with 1 deploy in each

  "double the hosts" is 4.8 times faster than "one spare host": it saves 3m 20s a deploy (95 % CI 3m 19s to 3m 21s) for
  $280.32 a month more, which is $84.18 a month for each minute saved.
"#;
        assert_eq!(render(&comparison()), golden.trim_start());
    }

    #[test]
    fn what_users_feel_is_the_third_table() {
        let mut reckless = with_users("half at once", &[(Loss::TimedOut, 1_180), (Loss::NoTarget, 300)]);
        let summary = &mut reckless.rows[0].summary;
        (summary.deploy_s, summary.below_floor_s, summary.scaling_actions) = (Some(50.0), 272.0, 2);
        summary.users.as_mut().unwrap().latency.p99 = Saturated;
        let text = render(&Comparison::new(&results(vec![with_users("one by one", &[(Loss::Cut, 3)]), reckless])));
        let golden = r#"
  what users feel, mean over the seeds of a run, latencies their median:

  variant         failed   of all  mostly        shortfall      p50      p95        p99      below   scaled,
                requests                                    latency  latency    latency  the floor  reversed
  one by one           3  0.003 %  cut off           0.5 %     20ms     80ms      230ms         0s      0, 0
  half at once     1,480    1.5 %  timed out,        0.5 %     20ms     80ms  saturated     4m 32s      2, 0
                                   no target

  "one by one" fails the fewest requests, 3 of 100,000 in a run (0.003 %); "half at once" fails 1,480 (1.5 %). It costs
  the same, and its deploy takes 1m 40s (median), that of "half at once" takes 50.0s.
"#;
        assert!(text.ends_with(golden), "{text}");
    }

    /// In a run of three hours one of eight tasks is gone for a minute.
    #[test]
    fn where_nothing_is_deployed_nothing_is_said_of_deploys() {
        let mut fewer = without_deploy(with_users("seven", &[]));
        let summary = &mut fewer.rows[0].summary;
        (summary.usd_per_month, summary.bill_usd, summary.short_replica_s) = (511.0, 2.1, 60.0);
        (summary.parts_usd.needed, summary.lowest_healthy_percent) = (1.62, 87.5);
        let both = vec![without_deploy(with_users("eight tasks", &[])), fewer];
        let golden = r#"
web.toml: one spare host or five?
ECS rolling, 5 tasks on 6 x m5.large, 1 seed

  variant        spare   lowest   extra   short
               $/month  healthy   tasks   tasks
                                 x time  x time
  eight tasks    70.08    100 %   12.5s      0s
  seven          70.08   87.5 %   12.5s  1m 00s

  where the money goes, $/month (730 h):

  variant        bill  needed  spare  surge  stranded  booting  draining  gone
  eight tasks  584.00  467.20  73.00  19.47     14.60     4.87      2.43  2.43
  seven        511.00  394.20  73.00  19.47     14.60     4.87      2.43  2.43

  as if every 3h 00m were like this one, without a deploy

  what users feel, mean over the seeds of a run, latencies their median:

  variant        failed  of all  mostly  shortfall      p50      p95      p99      below
               requests                             latency  latency  latency  the floor
  eight tasks         0     0 %  -           0.5 %     20ms     80ms    230ms         0s
  seven               0     0 %  -           0.5 %     20ms     80ms    230ms         0s

  "seven" is the cheapest: $511.00 a month, $73.00 less than "eight tasks". It fails no request; the p95 latency is
  80ms, the shortfall 0.5 %.
"#;
        assert_eq!(render(&Comparison::new(&results(both))), golden.trim_start());
    }

    #[test]
    fn no_line_is_wider_than_a_terminal_and_none_holds_a_control_character() {
        let long = "a variant name that goes on and on and on, supercalifragilisticexpialidocious\u{1b}[31m";
        let noisy: Vec<_> = (0..9).map(|i| Some(if i % 2 == 0 { 1.0 } else { 40.0 })).collect();
        let mut unfinished = variant(long, &[None; 9]);
        for row in &mut unfinished.rows {
            (row.summary.extra_replica_s, row.summary.short_replica_s) = (3.6e6, 3.6e7);
            row.summary.spare_usd_per_month = 123_456.7;
            (row.summary.bill_usd, row.summary.usd_per_month) = (400_000.0, 97_333_333.3);
            row.summary.parts_usd.warm = 390_000.0;
        }
        for row in &mut unfinished.rows {
            let failed = Loss::ALL.map(|loss| (loss, if loss == Loss::Errors { 49_000 } else { 10_000 }));
            row.summary.users = Some(Users {
                latency: Percentiles { p50: Saturated, p95: Saturated, p99: Saturated },
                ..users(&failed)
            });
            (row.summary.scaling_actions, row.summary.scaling_reversals) = (100_000, 100_000);
            row.summary.below_floor_s = 3.6e6;
        }
        let all = vec![variant("first", &spread(10.0, 0.1, 9)), variant(long, &noisy), unfinished];
        let calm: Vec<_> = all.iter().cloned().map(without_deploy).collect();
        let [text, calm] = [all, calm].map(|variants| render(&Comparison::new(&results(variants))));
        for line in text.lines().chain(calm.lines()) {
            assert!(line.chars().count() <= usize::from(WIDTH), "{line}");
        }
        assert!(text.contains("errors, cut") && text.contains("saturated"), "the widest cells are among them: {text}");
        assert!(text.contains("no difference"), "the widest verdict is among them: {text}");
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
    }
}
