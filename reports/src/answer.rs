//! The closing sentence: a winner, how sure that is, and its price.

use crate::bill::LEAST_USD;
use crate::cells;
use crate::statistics::{Comparison, Difference, UserStatistics, VariantStatistics, Verdict};
use crate::wording;

/// From so many points on, fewer of the desired tasks in service than the first variant has are no fair price for speed.
const DOWN_POINTS: f64 = 10.0;

/// Beyond such a share of the requests, in percent, and so many of them, more that fail are worth a sentence.
const MORE_FAILED: (f64, f64) = (0.01, 1.0);

/// Names the fastest variant of those that finish on every seed and keep their tasks in service, and compares it with the
/// first. A second sentence says how far in service its tasks are, and what would be faster but is down; a third one how many
/// more requests it fails, where it does.
pub(crate) fn answer(comparison: &Comparison) -> String {
    let sentences = [Some(fastest_and_price(comparison)), health(comparison), failures(comparison)];
    sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn fastest_and_price(comparison: &Comparison) -> String {
    let Some(first) = comparison.variants.first() else { return "There is no variant to run.".into() };
    let Some(fastest) = fastest(comparison) else { return nothing_always_finishes(comparison, first) };
    let median = wording::quantile(fastest.deploy_s.p50, comparison.horizon_s);
    if comparison.variants.len() == 1 {
        let p95 = wording::quantile(fastest.deploy_s.p95, comparison.horizon_s);
        format!("A deploy takes {median} (median); 95 % of them take at most {p95}.")
    } else if std::ptr::eq(fastest, first) {
        let none = no_variant(comparison);
        format!("{none} is faster than {}: {median} (median).", wording::quoted(first))
    } else {
        match &fastest.difference {
            Some(difference) if first.always_finishes() => compared(fastest, first, difference, no_variant(comparison)),
            _ => format!(
                "{} is the fastest that always finishes: {median} (median) {}; {} {}.",
                wording::quoted(fastest),
                price(fastest, first),
                wording::quoted(first),
                if first.finished == 0 {
                    "never does".into()
                } else {
                    format!("does in {} of its runs", wording::finished(first))
                },
            ),
        }
    }
}

/// Those of which none is faster.
fn no_variant(comparison: &Comparison) -> &'static str {
    let all_finish = comparison.variants.iter().all(VariantStatistics::always_finishes);
    match (all_finish, faster_but_down(comparison).is_some()) {
        (true, false) => "No variant",
        (false, false) => "No variant that always finishes",
        (true, true) => "No variant that keeps its tasks in service",
        (false, true) => "No variant that always finishes and keeps its tasks in service",
    }
}

/// What the named variant keeps in service, where that is not all, and the fastest variant that is down.
fn health(comparison: &Comparison) -> Option<String> {
    let first = comparison.variants.first()?;
    let named = fastest(comparison)?;
    let lowest = wording::percent(named.lowest_healthy_percent);
    let own = if is_down(named, first) {
        let (of_first, first) = (wording::percent(first.lowest_healthy_percent), wording::quoted(first));
        Some(format!("at worst, {lowest} of its tasks are in service, and {of_first} of those of {first}"))
    } else if named.lowest_healthy_percent < 100.0 {
        Some(format!("at worst, {lowest} of its tasks are in service"))
    } else {
        None
    };
    let down = faster_but_down(comparison).map(|down| {
        let (name, lowest) = (wording::quoted(down), wording::percent(down.lowest_healthy_percent));
        let median = wording::quantile(down.deploy_s.p50, comparison.horizon_s);
        format!("{name} takes {median}, but at worst {lowest} of its tasks are in service")
    });
    let clauses: Vec<String> = own.into_iter().chain(down).collect();
    let mut sentence = clauses.join("; ");
    (!sentence.is_empty()).then(|| {
        sentence[..1].make_ascii_uppercase();
        sentence + "."
    })
}

/// How many requests the named variant fails, where that are more than the first one does.
fn failures(comparison: &Comparison) -> Option<String> {
    let (first, named) = (comparison.variants.first()?, fastest(comparison)?);
    let (users, of_first) = (named.users?, first.users?);
    let more = users.failed_in_all() - of_first.failed_in_all();
    let failed = |users: UserStatistics| {
        let failed = users.failed_in_all();
        (wording::count(failed), wording::small_percent(users.percent(failed)))
    };
    let ((count, share), (first_count, first_share)) = (failed(users), failed(of_first));
    (more >= MORE_FAILED.1 && users.percent(more) > MORE_FAILED.0).then(|| {
        let (named, first) = (wording::quoted(named), wording::quoted(first));
        format!("But {named} fails {count} requests in a run ({share}), {first} {first_count} ({first_share}).")
    })
}

/// Whether it takes many more tasks out of service than the first variant does.
fn is_down(variant: &VariantStatistics, first: &VariantStatistics) -> bool {
    variant.lowest_healthy_percent < first.lowest_healthy_percent - DOWN_POINTS
}

/// The fastest that finishes on every seed of those that are not down; of all, where each of them is.
fn fastest(comparison: &Comparison) -> Option<&VariantStatistics> {
    let first = comparison.variants.first()?;
    fastest_where(comparison, |variant| !is_down(variant, first)).or_else(|| fastest_where(comparison, |_| true))
}

/// The fastest that finishes on every seed, where it is another than the one named: it is down.
fn faster_but_down(comparison: &Comparison) -> Option<&VariantStatistics> {
    let named = fastest(comparison)?;
    fastest_where(comparison, |_| true).filter(|fastest| !std::ptr::eq(*fastest, named))
}

/// The shortest mean of the variants that finish on every seed; of equals the cheapest, then the first.
fn fastest_where(comparison: &Comparison, may_be: impl Fn(&VariantStatistics) -> bool) -> Option<&VariantStatistics> {
    let rank =
        |v: &VariantStatistics| [v.deploy_s.mean.unwrap_or(f64::INFINITY), v.spare_usd_per_month, v.usd_per_deploy];
    let by_rank = |a: &&VariantStatistics, b: &&VariantStatistics| {
        rank(a)
            .iter()
            .zip(rank(b))
            .map(|(a, b)| a.total_cmp(&b))
            .find(|order| order.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    };
    comparison.variants.iter().filter(|variant| variant.always_finishes() && may_be(variant)).min_by(by_rank)
}

fn nothing_always_finishes(comparison: &Comparison, first: &VariantStatistics) -> String {
    let horizon = wording::duration(comparison.horizon_s);
    match comparison.variants.len() {
        1 => format!("{} does not finish on every seed within {horizon}.", wording::quoted(first)),
        _ => format!("No variant finishes on every seed within {horizon}."),
    }
}

fn compared(fastest: &VariantStatistics, first: &VariantStatistics, difference: &Difference, none: &str) -> String {
    let (this, other, price) = (wording::quoted(fastest), wording::quoted(first), price(fastest, first));
    match difference.verdict() {
        Verdict::Faster | Verdict::OneSeed if difference.deploy_s < 0.0 => {
            let saved = wording::duration(-difference.deploy_s);
            let certainty = difference.interval.map_or_else(
                || "one seed, so no interval".into(),
                |ends| format!("95 % CI {} to {}", wording::duration(-ends.high), wording::duration(-ends.low)),
            );
            let times = times_faster(difference);
            let minute = price_of_a_minute(fastest, first);
            format!("{this} is {times} faster than {other}: it saves {saved} a deploy ({certainty}) {price}{minute}.")
        }
        _ => format!(
            "{none} is faster than {other} beyond the noise; the best, {this}, differs by {} {price}.",
            cells::size(difference)
        ),
    }
}

/// `2.5 times`, or `12 %` where a factor would read badly.
fn times_faster(difference: &Difference) -> String {
    let factor = difference.first_s / (difference.first_s + difference.deploy_s);
    if factor.is_finite() && factor >= 1.5 {
        format!("{factor:.1} times")
    } else {
        wording::percent(-difference.percent(difference.deploy_s).unwrap_or_default())
    }
}

/// `for $280.32 a month more and $0.10 a deploy less`
fn price(variant: &VariantStatistics, first: &VariantStatistics) -> String {
    let month = variant.spare_usd_per_month - first.spare_usd_per_month;
    let deploy = variant.usd_per_deploy - first.usd_per_deploy;
    let parts: Vec<String> = [(month, "a month"), (deploy, "a deploy")]
        .into_iter()
        .filter(|(usd, _)| usd.abs() >= LEAST_USD)
        .map(|(usd, per)| format!("${} {per} {}", wording::cents(usd.abs()), if usd > 0.0 { "more" } else { "less" }))
        .collect();
    match parts.is_empty() {
        true if whole_bill(variant, first).abs() < LEAST_USD => "for the same money".into(),
        true => "for the same spare hosts".into(),
        false => format!("for {}", parts.join(" and ")),
    }
}

/// What a minute saved costs in the whole bill, or that the bill is less; nothing where neither is known or new.
fn price_of_a_minute(variant: &VariantStatistics, first: &VariantStatistics) -> String {
    let bill = whole_bill(variant, first);
    let spare = variant.spare_usd_per_month - first.spare_usd_per_month;
    let of_deploys = variant.usd_per_deploy - first.usd_per_deploy;
    let is_all_said = (bill - spare).abs() < LEAST_USD && of_deploys.abs() < LEAST_USD;
    match variant.usd_per_month_per_minute_saved.map(wording::cents) {
        Some(usd) if bill >= LEAST_USD && is_all_said => format!(", which is ${usd} a month for each minute saved"),
        Some(usd) if bill >= LEAST_USD => format!("; in the whole bill, ${usd} a month for each minute saved"),
        _ if bill <= -LEAST_USD && !is_all_said => {
            format!("; the whole bill is ${} a month less", wording::cents(-bill))
        }
        _ => String::new(),
    }
}

/// How much more the bill of a month is.
fn whole_bill(variant: &VariantStatistics, first: &VariantStatistics) -> f64 {
    variant.usd_per_month - first.usd_per_month
}

#[cfg(test)]
mod tests {
    use seatrial_sim::traffic::Loss;

    use super::*;
    use crate::examples::{results, users, variant};

    /// The answer where two variants take these seconds and the second costs this much more a month, in spare hosts and so in
    /// the bill, and a deploy.
    fn answered(first: &[Option<f64>], second: &[Option<f64>], month: f64, deploy: f64) -> String {
        let mut other = variant("b", second);
        for row in &mut other.rows {
            row.summary.spare_usd_per_month += month;
            row.summary.usd_per_month += month;
            row.summary.usd_per_deploy += deploy;
        }
        answer(&Comparison::new(&results(vec![variant("a", first), other])))
    }

    #[test]
    fn the_answer_names_a_winner_an_uncertainty_and_a_price() {
        let slow = [100.0, 200.0, 300.0].map(Some);
        let half = [50.0, 100.0, 150.0].map(Some);
        let table = [
            // Differences -50 -100 -150: mean -100, s / sqrt(3) = 28.87, t(0.975, 2) = 4.303: -100 +- 124.2 of 200.
            (
                answered(&slow, &half, 0.0, 0.0),
                "No variant is faster than \"a\" beyond the noise; the best, \"b\", differs by -50.0 % [-112.1, +12.1] \
                 for the same money.",
            ),
            (
                answered(&slow, &[40.0, 140.0, 240.0].map(Some), 10.0, -0.5),
                "\"b\" is 30 % faster than \"a\": it saves 1m 00s a deploy (95 % CI 1m 00s to 1m 00s) for $10.00 a month \
                 more and $0.50 a deploy less; in the whole bill, $10.00 a month for each minute saved.",
            ),
            (
                answered(&[Some(10.0)], &[Some(5.0)], 0.0, 0.0),
                "\"b\" is 2.0 times faster than \"a\": it saves 5.0s a deploy (one seed, so no interval) for the same money.",
            ),
            (
                answered(&[Some(100.0)], &[Some(70.0)], -1.0, 0.0),
                "\"b\" is 30 % faster than \"a\": it saves 30.0s a deploy (one seed, so no interval) for $1.00 a month \
                 less.",
            ),
            (answered(&half, &slow, 10.0, 0.0), "No variant is faster than \"a\": 1m 40s (median)."),
        ];
        for (answer, expected) in table {
            assert_eq!(answer, expected);
        }
    }

    /// Machines for single tasks: no spare host, and yet a bill. $4 a month more for half a minute is $8 a minute.
    #[test]
    fn what_only_the_whole_bill_shows_is_said() {
        let mut dearer = variant("b", &[Some(30.0)]);
        dearer.rows[0].summary.usd_per_month += 4.0;
        let both = results(vec![variant("a", &[Some(60.0)]), dearer]);
        assert_eq!(
            answer(&Comparison::new(&both)),
            "\"b\" is 2.0 times faster than \"a\": it saves 30.0s a deploy (one seed, so no interval) for the same spare \
             hosts; in the whole bill, $8.00 a month for each minute saved."
        );
    }

    /// Variants a, b, .. that take so many seconds with such a lowest share in service; none is never done.
    fn with_health(variants: &[(Option<f64>, f64)]) -> String {
        let named = variants.iter().zip(["a", "b", "c"]).map(|(&(deploy_s, lowest), name)| {
            let mut variant = variant(name, &[deploy_s]);
            variant.rows[0].summary.lowest_healthy_percent = lowest;
            variant
        });
        answer(&Comparison::new(&results(named.collect())))
    }

    #[test]
    fn a_variant_that_is_down_is_not_recommended_and_that_is_said() {
        let half = "\"b\" is 2.0 times faster than \"a\": it saves 30.0s a deploy (one seed, so no interval) for the same money.";
        let table = [
            // Ten points below are not down, more are.
            (
                vec![(Some(60.0), 100.0), (Some(30.0), 90.0)],
                format!("{half} At worst, 90 % of its tasks are in service."),
            ),
            (
                vec![(Some(60.0), 100.0), (Some(30.0), 89.0)],
                "No variant that keeps its tasks in service is faster than \"a\": 1m 00s (median). \"b\" takes 30.0s, but at \
                 worst 89 % of its tasks are in service."
                    .into(),
            ),
            (
                vec![(Some(60.0), 100.0), (Some(30.0), 95.0), (Some(20.0), 0.0)],
                format!(
                    "{half} At worst, 95 % of its tasks are in service; \"c\" takes 20.0s, but at worst 0 % of its tasks are \
                     in service."
                ),
            ),
            // Where the first is down as well, it is no difference.
            (vec![(Some(60.0), 0.0), (Some(30.0), 0.0)], format!("{half} At worst, 0 % of its tasks are in service.")),
            // Nothing else ever ends.
            (
                vec![(None, 100.0), (Some(30.0), 0.0)],
                "\"b\" is the fastest that always finishes: 30.0s (median) for the same money; \"a\" never does. At worst, \
                 0 % of its tasks are in service, and 100 % of those of \"a\"."
                    .into(),
            ),
        ];
        for (variants, expected) in table {
            assert_eq!(with_health(&variants), expected);
        }
    }

    /// Of 100,000 requests, 0.01 % are 10.
    #[test]
    fn a_faster_variant_that_fails_more_requests_is_not_named_without_that() {
        let answer = |of_first: u32, of_second: u32, second_s: f64| {
            let variants = [("a", 60.0, of_first), ("b", second_s, of_second)].map(|(name, deploy_s, timed_out)| {
                let mut variant = variant(name, &[Some(deploy_s)]);
                variant.rows[0].summary.users = Some(users(&[(Loss::TimedOut, timed_out)]));
                variant
            });
            answer(&Comparison::new(&results(variants.into())))
        };
        let half = "\"b\" is 2.0 times faster than \"a\": it saves 30.0s a deploy (one seed, so no interval) for the same money.";
        assert_eq!(answer(5, 15, 30.0), half);
        assert_eq!(
            answer(5, 1_234, 30.0),
            format!("{half} But \"b\" fails 1,234 requests in a run (1.2 %), \"a\" 5 (0.005 %).")
        );
        assert_eq!(answer(1_234, 5, 30.0), half);
        assert_eq!(answer(5, 1_234, 90.0), "No variant is faster than \"a\": 1m 00s (median).");
    }

    #[test]
    fn a_variant_that_does_not_always_finish_never_wins() {
        let table = [
            (
                answered(&[None, None], &[Some(5.0), Some(6.0)], 1.0, 0.0),
                "\"b\" is the fastest that always finishes: 5.0s (median) for $1.00 a month more; \"a\" never does.",
            ),
            (
                answered(&[Some(9.0), None], &[Some(5.0), Some(6.0)], 0.0, 0.0),
                "\"b\" is the fastest that always finishes: 5.0s (median) for the same money; \"a\" does in 50 % of its runs.",
            ),
            (
                answered(&[Some(9.0), Some(8.0)], &[Some(5.0), None], 1.0, 0.0),
                "No variant that always finishes is faster than \"a\": 8.0s (median).",
            ),
            (
                answered(&[Some(9.0), None], &[Some(5.0), None], 1.0, 0.0),
                "No variant finishes on every seed within 3h 00m.",
            ),
        ];
        for (answer, expected) in table {
            assert_eq!(answer, expected);
        }
    }

    #[test]
    fn a_variant_alone_just_says_how_long_it_takes() {
        let alone = |durations: &[_]| answer(&Comparison::new(&results(vec![variant("a", durations)])));
        let takes = "A deploy takes 3m 20s (median); 95 % of them take at most 5m 00s.";
        assert_eq!(alone(&[100.0, 200.0, 300.0].map(Some)), takes);
        assert_eq!(alone(&[None]), "\"a\" does not finish on every seed within 3h 00m.");
    }
}
