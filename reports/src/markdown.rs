//! The comparison as GitHub-flavoured Markdown, for a comment on a pull request.

use crate::answer::answer;
use crate::bill::Bill;
use crate::cells::Cells;
use crate::felt::Felt;
use crate::notes::notes;
use crate::statistics::Comparison;
use crate::wording;

/// The headline, a table with the terminal's columns, what blocks, and the answer.
pub fn render(comparison: &Comparison) -> String {
    let cells = Cells::new(comparison);
    let table = table_of(&cells.header, &cells.rows, &|column| cells.is_text(column));
    let notes: Vec<String> = notes(comparison).iter().map(|note| format!("- {}", escaped(note))).collect();
    let mut parts =
        vec![format!("**{}**", escaped(&wording::headline(comparison))), escaped(&wording::setting(comparison)), table];
    if !notes.is_empty() {
        parts.push(notes.join("\n"));
    }
    if let Some(bill) = Bill::new(comparison) {
        parts.push(format!("**{}**", escaped(&bill.title)));
        parts.push(table_of(&bill.header, &bill.rows, &|column| column == 0));
        parts.push(format!("- {}", escaped(&bill.note)));
    }
    if let Some(felt) = Felt::new(comparison) {
        parts.push(format!("**{}**", escaped(felt.title)));
        parts.push(table_of(&felt.header, &felt.rows, &Felt::is_text));
    }
    parts.push(escaped(&answer(comparison)));
    parts.join("\n\n") + "\n"
}

/// A table: its head, the alignment of its columns, and its rows.
pub(crate) fn table_of<T: AsRef<str>>(header: &[T], rows: &[Vec<String>], is_text: &dyn Fn(usize) -> bool) -> String {
    let head: Vec<String> = header.iter().map(|head| escaped(&head.as_ref().replace('\n', " "))).collect();
    let rule: Vec<&str> = (0..header.len()).map(|column| if is_text(column) { "---" } else { "---:" }).collect();
    let mut lines = vec![line(&head), line(&rule)];
    lines.extend(rows.iter().map(|row| line(&row.iter().map(|cell| escaped(cell)).collect::<Vec<_>>())));
    lines.join("\n")
}

/// One line of a table.
fn line<T: AsRef<str>>(cells: &[T]) -> String {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    format!("| {} |", cells.join(" | "))
}

/// Text that Markdown shows as it is: no markup, no table cell, no HTML, no formula between dollars.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if r"\|`*_<>&$~#".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use seatrial_sim::traffic::Loss;

    use super::*;
    use crate::examples::{comparison, results, with_users, without_deploy};

    #[test]
    fn the_table_holds_what_the_terminals_holds_and_nothing_breaks_it() {
        let golden = r#"**web.toml: one spare host or five?**

ECS rolling, 5 tasks on 6 x m5.large, 200 seeds

| variant | p50 | p95 | mean against the first (95 % CI) | spare \$/month | \$/deploy | lowest healthy | extra tasks x time | short tasks x time |
| --- | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: |
| one spare host | 4m 12s | 4m 29s | - | 70.08 | 0.00 | 100 % | 12.5s | 0s |
| double the hosts | 52.0s | 55.6s | -79.4 % [-79.8, -78.9]  faster | 350.40 | 0.00 | 100 % | 12.5s | 0s |
| short drain | 1m 41s | \> 3h 00m | -60.3 % [-60.4, -60.2]  faster | 70.08 | 0.00 | 100 % | 12.5s | 0s |
| full \| hosts | \> 3h 00m | \> 3h 00m | no seed finished in both | 70.08 | 0.00 | 100 % | 12.5s | 0s |

- "short drain": 15 of 200 runs took \> 3h 00m (7.5 % unfinished): 1 task does not fit: memory on 6 of 6 hosts
- "full \| hosts" ended in none of 200 runs: 1 task does not fit: memory on 6 of 6 hosts
- "short drain" is compared with "one spare host" on the 185 of 200 seeds that finished in both
- extra and short of an unfinished run count until 3h 00m

**where the money goes, \$/month (730 h):**

| variant | bill | needed | spare | surge | stranded | booting | draining | gone |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| one spare host | 584.00 | 467.20 | 73.00 | 19.47 | 14.60 | 4.87 | 2.43 | 2.43 |
| double the hosts | 864.32 | 467.20 | 353.32 | 19.47 | 14.60 | 4.87 | 2.43 | 2.43 |
| short drain | 584.00 | 467.20 | 73.00 | 19.47 | 14.60 | 4.87 | 2.43 | 2.43 |
| full \| hosts | 584.00 | 467.20 | 73.00 | 19.47 | 14.60 | 4.87 | 2.43 | 2.43 |

- as if every 3h 00m were like this one, with 1 deploy in each

"double the hosts" is 4.8 times faster than "one spare host": it saves 3m 20s a deploy (95 % CI 3m 19s to 3m 21s) for \$280.32 a month more, which is \$84.18 a month for each minute saved.
"#;
        assert_eq!(render(&comparison()), golden);
    }

    #[test]
    fn what_users_feel_is_a_table_of_its_own() {
        let text = render(&Comparison::new(&results(vec![with_users("a", &[(Loss::NoTarget, 1_234)])])));
        let golden = "\
**what users feel, mean over the seeds of a run, latencies their median:**

| variant | failed requests | of all | mostly | shortfall | p50 latency | p95 latency | p99 latency | below the floor |
| --- | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: |
| a | 1,234 | 1.2 % | no target | 0.5 % | 20ms | 80ms | 230ms | 0s |
";
        assert!(text.contains(golden), "{text}");
    }

    #[test]
    fn where_nothing_is_deployed_nothing_is_said_of_deploys() {
        let text = render(&Comparison::new(&results(vec![without_deploy(with_users("a", &[]))])));
        let golden = "\
| variant | spare \\$/month | lowest healthy | extra tasks x time | short tasks x time |
| --- | ---: | ---: | ---: | ---: |
| a | 70.08 | 100 % | 12.5s | 0s |

**where the money goes";
        assert!(text.contains(golden), "{text}");
        assert!(
            text.ends_with("\n\n\"a\" fails no request; the p95 latency is 80ms, the shortfall 0.5 %.\n"),
            "{text}"
        );
    }

    #[test]
    fn markup_in_names_is_shown_as_it_is() {
        assert_eq!(escaped("a|b <i> `c` $1"), r"a\|b \<i\> \`c\` \$1");
    }
}
