//! The closing sentence: a winner, how sure that is, and its price.

use crate::cells;
use crate::statistics::{Comparison, Difference, VariantStatistics, Verdict};
use crate::wording;

/// Names the fastest variant of those that finish on every seed, and compares it with the first. A winner that takes tasks
/// out of service to be fast says so.
pub(crate) fn answer(comparison: &Comparison) -> String {
    let sentence = fastest_and_price(comparison);
    match fastest(comparison).map(|winner| winner.lowest_healthy_percent) {
        Some(lowest) if lowest < 100.0 => {
            format!("{sentence} At worst, {} of its tasks are in service.", wording::percent(lowest))
        }
        _ => sentence,
    }
}

fn fastest_and_price(comparison: &Comparison) -> String {
    let Some(first) = comparison.variants.first() else { return "There is no variant to run.".into() };
    let Some(fastest) = fastest(comparison) else { return nothing_always_finishes(comparison, first) };
    let median = wording::quantile(fastest.deploy_s.p50, comparison.horizon_s);
    let all_finish = comparison.variants.iter().all(VariantStatistics::always_finishes);
    if comparison.variants.len() == 1 {
        let p95 = wording::quantile(fastest.deploy_s.p95, comparison.horizon_s);
        format!("A deploy takes {median} (median); 95 % of them take at most {p95}.")
    } else if std::ptr::eq(fastest, first) {
        let which = if all_finish { "No variant" } else { "No variant that always finishes" };
        format!("{which} is faster than {}: {median} (median).", wording::quoted(first))
    } else {
        match &fastest.difference {
            Some(difference) if first.always_finishes() => compared(fastest, first, difference),
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

/// The shortest mean of the variants that finish on every seed; of equals the cheapest, then the first.
fn fastest(comparison: &Comparison) -> Option<&VariantStatistics> {
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
    comparison.variants.iter().filter(|variant| variant.always_finishes()).min_by(by_rank)
}

fn nothing_always_finishes(comparison: &Comparison, first: &VariantStatistics) -> String {
    let horizon = wording::duration(comparison.horizon_s);
    match comparison.variants.len() {
        1 => format!("{} does not finish on every seed within {horizon}.", wording::quoted(first)),
        _ => format!("No variant finishes on every seed within {horizon}."),
    }
}

fn compared(fastest: &VariantStatistics, first: &VariantStatistics, difference: &Difference) -> String {
    let (this, other, price) = (wording::quoted(fastest), wording::quoted(first), price(fastest, first));
    match difference.verdict() {
        Verdict::Faster | Verdict::OneSeed if difference.deploy_s < 0.0 => {
            let saved = wording::duration(-difference.deploy_s);
            let certainty = difference.interval.map_or_else(
                || "one seed, so no interval".into(),
                |ends| format!("95 % CI {} to {}", wording::duration(-ends.high), wording::duration(-ends.low)),
            );
            let times = times_faster(difference);
            format!("{this} is {times} faster than {other}: it saves {saved} a deploy ({certainty}) {price}.")
        }
        _ => format!(
            "No variant is faster than {other} beyond the noise; the best, {this}, differs by {} {price}.",
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
        .filter(|(usd, _)| usd.abs() >= 0.005)
        .map(|(usd, per)| format!("${} {per} {}", wording::cents(usd.abs()), if usd > 0.0 { "more" } else { "less" }))
        .collect();
    if parts.is_empty() { "for the same money".into() } else { format!("for {}", parts.join(" and ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::{results, variant};

    /// The answer where two variants take these seconds and the second costs this much more a month and a deploy.
    fn answered(first: &[Option<f64>], second: &[Option<f64>], month: f64, deploy: f64) -> String {
        let mut other = variant("b", second);
        for row in &mut other.rows {
            row.summary.spare_usd_per_month += month;
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
                 more and $0.50 a deploy less.",
            ),
            (
                answered(&[Some(10.0)], &[Some(5.0)], 0.0, 0.0),
                "\"b\" is 2.0 times faster than \"a\": it saves 5.0s a deploy (one seed, so no interval) for the same money.",
            ),
            (answered(&half, &slow, 10.0, 0.0), "No variant is faster than \"a\": 1m 40s (median)."),
        ];
        for (answer, expected) in table {
            assert_eq!(answer, expected);
        }
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
