//! The closing sentence: what users feel where that differs, or a winner, how sure that is, and its price.

use std::cmp::Ordering;

use seatrial_sim::traffic::Quantile;

use crate::bill::LEAST_USD;
use crate::cells;
use crate::statistics::{Comparison, Difference, UserStatistics, VariantStatistics, Verdict};
use crate::wording;

/// From so many points on, fewer of the desired tasks in service than the first variant has are no fair price for speed.
const DOWN_POINTS: f64 = 10.0;

/// Up to such a share of the requests, in percent, or so many of them, more that fail are no difference.
const AS_MANY_FAIL: (f64, f64) = (0.01, 1.0);

/// Where variants fail more requests than others, the one that fails the fewest, its price and its deploy. Else the fastest
/// variant of those that finish on every seed and keep their tasks in service, compared with the first: a second sentence
/// says how far in service its tasks are, and what would be faster but is down. Where nothing is deployed, the cheapest.
pub(crate) fn answer(comparison: &Comparison) -> String {
    let Some(first) = comparison.variants.first() else { return "There is no variant to run.".into() };
    if let Some(sentences) = fewest_failures(comparison, first) {
        return sentences;
    }
    if !comparison.has_deploys() {
        return cheapest(comparison, first);
    }
    let sentences = [Some(fastest_and_price(comparison, first)), health(comparison), failures(comparison)];
    sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Who fails the fewest requests, and what that costs; none where somebody has no users, or all fail as many.
fn fewest_failures(comparison: &Comparison, first: &VariantStatistics) -> Option<String> {
    let mut all: Vec<(&VariantStatistics, UserStatistics)> =
        comparison.variants.iter().map(|variant| Some((variant, variant.users?))).collect::<Option<_>>()?;
    let share = |users: &UserStatistics| users.percent(users.failed_in_all());
    all.sort_by(|(_, a), (_, b)| share(a).total_cmp(&share(b)));
    let least = share(&all.first()?.1);
    let fails_as_few =
        |users: &UserStatistics| share(users) - least <= AS_MANY_FAIL.0.max(users.percent(AS_MANY_FAIL.1));
    let (fewest, more) = all.split_at(all.partition_point(|(_, users)| fails_as_few(users)));
    let &(other, others) = more.iter().find(|(variant, _)| std::ptr::eq(*variant, first)).or(more.first())?;
    let &(named, users) = fewest.iter().min_by(|(a, _), (b, _)| by_deploy_and_bill(a, b))?;

    let which = match fewest.len() {
        1 => "fails".into(),
        n if named.deploy_s.mean.is_some() => format!("is the fastest of the {n} that fail"),
        n => format!("is the cheapest of the {n} that fail"),
    };
    let (name, other_name) = (wording::quoted(named), wording::quoted(other));
    let fewest =
        format!("{name} {which} the fewest requests, {}; {other_name} fails {}.", failed_of(&users), failed(&others));
    let price = match whole_bill(named, other) {
        usd if usd.abs() < LEAST_USD => "the same".into(),
        usd => format!("${} a month {}", wording::cents(usd.abs()), if usd > 0.0 { "more" } else { "less" }),
    };
    let costs = format!("It costs {price}{}.", deploys(named, other));
    let faster = more.iter().filter(|(v, _)| !std::ptr::eq(*v, other) && is_faster(v, named));
    let fastest = faster.min_by(|(a, _), (b, _)| by_deploy_and_bill(a, b)).map(|(faster, users)| {
        let median = wording::quantile(faster.deploy_s.p50, comparison.horizon_s);
        format!("{} takes {median}, but fails {}.", wording::quoted(faster), failed(users))
    });
    Some([Some(fewest), Some(costs), fastest].into_iter().flatten().collect::<Vec<_>>().join(" "))
}

/// `, and its deploy takes 1m 40s (median), that of "a" takes 50.0s`; nothing where there is none.
fn deploys(named: &VariantStatistics, other: &VariantStatistics) -> String {
    if !named.has_deploys() {
        return String::new();
    }
    let how = |variant: &VariantStatistics, median: &str| match variant.deploy_s.p50 {
        Some(p50) if variant.always_finishes() => format!("takes {}{median}", wording::duration(p50)),
        _ if variant.finished == 0 => "never ends".into(),
        _ => format!("ends in {} of its runs", wording::finished(variant)),
    };
    match (named.finished, other.finished) {
        (0, 0) => ", and neither deploy ends".into(),
        _ if !other.has_deploys() => format!(", and its deploy {}", how(named, " (median)")),
        _ => {
            let name = wording::quoted(other);
            format!(", and its deploy {}, that of {name} {}", how(named, " (median)"), how(other, ""))
        }
    }
}

/// Whether its deploys always end, and sooner by as much as is seen.
fn is_faster(variant: &VariantStatistics, than: &VariantStatistics) -> bool {
    let median = |v: &VariantStatistics| v.deploy_s.p50.filter(|_| v.always_finishes()).unwrap_or(f64::INFINITY);
    let [shorter, longer] = [variant, than].map(median);
    shorter < longer && (longer.is_infinite() || wording::duration(shorter) != wording::duration(longer))
}

/// Shorter deploys first, those that do not always end last; then smaller bills.
fn by_deploy_and_bill(a: &VariantStatistics, b: &VariantStatistics) -> Ordering {
    let rank = |v: &VariantStatistics| [v.deploy_s.mean.unwrap_or(f64::INFINITY), cents(v.usd_per_month)];
    by_rank(rank(a), rank(b))
}

/// `5 of 100,000 in a run (0.005 %)`, `none of 100,000 in a run`
fn failed_of(users: &UserStatistics) -> String {
    let (failed, offered) = (users.failed_in_all(), wording::count(users.offered));
    if failed <= 0.0 {
        return format!("none of {offered} in a run");
    }
    format!("{} of {offered} in a run ({})", wording::count(failed), wording::small_percent(users.percent(failed)))
}

/// `1,234 (1.2 %)`
fn failed(users: &UserStatistics) -> String {
    let failed = users.failed_in_all();
    format!("{} ({})", wording::count(failed), wording::small_percent(users.percent(failed)))
}

/// Of runs without deploys that fail as many requests: the smallest bill, and what is felt there.
fn cheapest(comparison: &Comparison, first: &VariantStatistics) -> String {
    let rank = |v: &VariantStatistics| {
        let [latency, shortfall] =
            v.users.map(|users| [p95(&users), users.percent(users.shortfall)]).unwrap_or_default();
        [cents(v.usd_per_month), latency, shortfall, v.short_replica_s]
    };
    let kept = comparison.variants.iter().filter(|v| v.users.is_some() || !is_down(v, first));
    let named = kept.min_by(|a, b| by_rank(rank(a), rank(b))).unwrap_or(first);
    if comparison.variants.len() == 1 {
        return felt(&wording::quoted(named), named, first);
    }
    let felt = felt("It", named, first);
    let (name, other) = (wording::quoted(named), wording::quoted(first));
    let month = format!("${} a month", wording::cents(named.usd_per_month));
    let less = -whole_bill(named, first);
    let price = if std::ptr::eq(named, first) {
        format!("No variant is cheaper than {name}: {month}.")
    } else if less >= LEAST_USD {
        format!("{name} is the cheapest: {month}, ${} less than {other}.", wording::cents(less))
    } else {
        format!("{name} costs as much as {other}: {month}.")
    };
    format!("{price} {felt}")
}

/// What users of a variant feel, beside those of the first; how many tasks serve them where nobody counts requests.
fn felt(it: &str, named: &VariantStatistics, first: &VariantStatistics) -> String {
    let Some(users) = named.users else {
        let lowest = wording::percent(named.lowest_healthy_percent);
        return format!("{it} has {lowest} of its tasks in service at worst.");
    };
    let fails = match users.failed_in_all() {
        0.0 => "no request".into(),
        _ => format!("some requests, {}", failed_of(&users)),
    };
    let (latency, shortfall) =
        (wording::latency(users.latency.p95), wording::small_percent(users.percent(users.shortfall)));
    let of_first = first.users.map(|users| wording::latency(users.latency.p95)).filter(|other| *other != latency);
    let beside = of_first.map(|other| format!(" ({}: {other})", wording::quoted(first))).unwrap_or_default();
    format!("{it} fails {fails}; the p95 latency is {latency}{beside}, the shortfall {shortfall}.")
}

/// The 95th percentile as a number; a saturated one is longer than any.
fn p95(users: &UserStatistics) -> f64 {
    match users.latency.p95 {
        Quantile::None => 0.0,
        Quantile::Seconds(s) => s,
        Quantile::Saturated => f64::INFINITY,
    }
}

/// Whole cents: what prints the same costs the same.
fn cents(usd: f64) -> f64 {
    (usd * 100.0).round()
}

/// The first numbers that differ decide.
fn by_rank<const N: usize>(a: [f64; N], b: [f64; N]) -> Ordering {
    a.iter().zip(b).map(|(a, b)| a.total_cmp(&b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn fastest_and_price(comparison: &Comparison, first: &VariantStatistics) -> String {
    let Some(fastest) = fastest(comparison) else { return nothing_always_finishes(comparison) };
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
                if !first.has_deploys() {
                    "has no deploy".into()
                } else if first.finished == 0 {
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

/// How many requests the named variant fails, or the first where none is: no variant is known to fail fewer.
fn failures(comparison: &Comparison) -> Option<String> {
    let named = fastest(comparison).or(comparison.variants.first())?;
    let users = named.users.filter(|users| {
        let failed = users.failed_in_all();
        failed >= AS_MANY_FAIL.1 && users.percent(failed) > AS_MANY_FAIL.0
    })?;
    Some(format!("{} fails some requests, {}.", wording::quoted(named), failed_of(&users)))
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
    let ending = comparison.variants.iter().filter(|variant| variant.has_deploys() && variant.always_finishes());
    ending.filter(|variant| may_be(variant)).min_by(|a, b| by_rank(rank(a), rank(b)))
}

fn nothing_always_finishes(comparison: &Comparison) -> String {
    let horizon = wording::duration(comparison.horizon_s);
    let deploying: Vec<_> = comparison.variants.iter().filter(|variant| variant.has_deploys()).collect();
    match deploying.as_slice() {
        [alone] => format!("{} does not finish on every seed within {horizon}.", wording::quoted(alone)),
        _ => format!("No variant finishes on every seed within {horizon}."),
    }
}

fn compared(fastest: &VariantStatistics, first: &VariantStatistics, difference: &Difference, none: &str) -> String {
    let (this, other, price) = (wording::quoted(fastest), wording::quoted(first), price(fastest, first));
    match difference.verdict() {
        Verdict::Less | Verdict::OneSeed if difference.mean < 0.0 => {
            let saved = wording::duration(-difference.mean);
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
    let factor = difference.first / (difference.first + difference.mean);
    if factor.is_finite() && factor >= 1.5 {
        format!("{factor:.1} times")
    } else {
        wording::percent(-difference.percent(difference.mean).unwrap_or_default())
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
    use seatrial_scenarios::results::VariantResults;
    use seatrial_sim::traffic::Loss;

    use super::*;
    use crate::examples::{results, users, variant, without_deploy};

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

    /// A variant that takes so long, or has no deploy, that fails so many of 100,000 requests, and that costs so much more a
    /// month.
    fn felt(name: &str, deploy_s: Option<f64>, failed: u32, usd: f64) -> VariantResults {
        let mut variant = variant(name, &[deploy_s]);
        if deploy_s.is_none() {
            variant = without_deploy(variant);
        }
        let summary = &mut variant.rows[0].summary;
        summary.users = Some(users(&[(Loss::TimedOut, failed)]));
        summary.usd_per_month += usd;
        variant
    }

    fn of(variants: &[VariantResults]) -> String {
        answer(&Comparison::new(&results(variants.to_vec())))
    }

    /// Of 100,000 requests, 0.01 % are 10.
    #[test]
    fn who_fails_the_fewest_requests_comes_first() {
        let two = |of_first, of_second, second_s| {
            of(&[felt("a", Some(60.0), of_first, 0.0), felt("b", Some(second_s), of_second, 0.0)])
        };
        let half = "\"b\" is 2.0 times faster than \"a\": it saves 30.0s a deploy (one seed, so no interval) for the same money.";
        assert_eq!(two(0, 0, 30.0), half);
        assert_eq!(two(0, 10, 30.0), half);
        assert_eq!(
            two(0, 11, 30.0),
            "\"a\" fails the fewest requests, none of 100,000 in a run; \"b\" fails 11 (0.011 %). It costs the same, and its \
             deploy takes 1m 00s (median), that of \"b\" takes 30.0s."
        );
        assert_eq!(
            two(1_234, 5, 90.0),
            "\"b\" fails the fewest requests, 5 of 100,000 in a run (0.005 %); \"a\" fails 1,234 (1.2 %). It costs the same, \
             and its deploy takes 1m 30s (median), that of \"a\" takes 1m 00s."
        );
        assert_eq!(
            two(5_000, 5_000, 30.0),
            format!("{half} \"b\" fails some requests, 5,000 of 100,000 in a run (5 %).")
        );
    }

    #[test]
    fn of_several_that_fail_as_few_the_fastest_is_named_and_what_would_be_faster_but_fails_more() {
        let variants = [
            felt("a", Some(60.0), 2_000, 0.0),
            felt("b", Some(50.0), 3, 10.0),
            felt("c", Some(40.0), 8, 20.0),
            felt("d", Some(30.0), 900, 0.0),
        ];
        let named = "\"c\" is the fastest of the 2 that fail the fewest requests, 8 of 100,000 in a run (0.008 %); \"a\" fails \
                     2,000 (2 %). It costs $20.00 a month more, and its deploy takes 40.0s (median), that of \"a\" takes 1m 00s.";
        assert_eq!(of(&variants), format!("{named} \"d\" takes 30.0s, but fails 900 (0.9 %)."));
        assert_eq!(of(&variants[..3]), named);
    }

    /// A bad version that is rolled back ends no deploy, and yet some users feel less of it.
    #[test]
    fn what_users_feel_of_deploys_that_do_not_end_is_said_too() {
        let ends = |name: &str, durations: &[Option<f64>], failed| {
            let mut variant = variant(name, durations);
            variant.rows.iter_mut().for_each(|row| row.summary.users = Some(users(&[(Loss::Errors, failed)])));
            variant
        };
        let table = [
            (ends("b", &[None, None], 50), ", and neither deploy ends."),
            (
                ends("b", &[Some(60.0), None], 50),
                ", and its deploy ends in 50 % of its runs, that of \"a\" never ends.",
            ),
        ];
        for (canary, end) in table {
            assert_eq!(
                of(&[ends("a", &[None, None], 1_000), canary]),
                format!(
                    "\"b\" fails the fewest requests, 50 of 100,000 in a run (0.05 %); \"a\" fails 1,000 (1 %). It costs the \
                     same{end}"
                )
            );
        }
    }

    #[test]
    fn without_deploys_the_cheapest_is_named_with_what_its_users_feel() {
        let seconds = |mut variant: VariantResults, p95| {
            let users = variant.rows[0].summary.users.as_mut().unwrap();
            users.latency.p95 = p95;
            variant
        };
        let [a, b] = [("a", 0.0), ("b", -50.0)].map(|(name, usd)| felt(name, None, 0, usd));
        let slow = seconds(b.clone(), Quantile::Saturated);
        let table = [
            (vec![a.clone()], "\"a\" fails no request; the p95 latency is 80ms, the shortfall 0.5 %."),
            (
                vec![felt("a", None, 5_000, 0.0)],
                "\"a\" fails some requests, 5,000 of 100,000 in a run (5 %); the p95 latency is 80ms, the shortfall 0.5 %.",
            ),
            (
                vec![a.clone(), slow],
                "\"b\" is the cheapest: $534.00 a month, $50.00 less than \"a\". It fails no request; the p95 latency is \
                 saturated (\"a\": 80ms), the shortfall 0.5 %.",
            ),
            (
                vec![b.clone(), a.clone()],
                "No variant is cheaper than \"b\": $534.00 a month. It fails no request; the p95 latency is 80ms, the \
                 shortfall 0.5 %.",
            ),
            (
                vec![b, seconds(felt("c", None, 0, -50.0), Quantile::Seconds(0.02))],
                "\"c\" costs as much as \"b\": $534.00 a month. It fails no request; the p95 latency is 20ms (\"b\": 80ms), \
                 the shortfall 0.5 %.",
            ),
            (
                vec![a, felt("b", None, 40, -50.0), felt("c", None, 3, -20.0)],
                "\"c\" is the cheapest of the 2 that fail the fewest requests, 3 of 100,000 in a run (0.003 %); \"b\" fails 40 \
                 (0.04 %). It costs $30.00 a month more.",
            ),
        ];
        for (variants, expected) in table {
            assert_eq!(of(&variants), expected);
        }
    }

    #[test]
    fn without_deploys_and_without_users_no_task_may_be_missing_for_the_price() {
        let variant = |name: &str, lowest, usd| {
            let mut variant = without_deploy(variant(name, &[None]));
            let summary = &mut variant.rows[0].summary;
            (summary.lowest_healthy_percent, summary.usd_per_month) = (lowest, usd);
            variant
        };
        assert_eq!(
            of(&[variant("a", 100.0, 90.0), variant("b", 90.0, 80.0), variant("c", 80.0, 70.0)]),
            "\"b\" is the cheapest: $80.00 a month, $10.00 less than \"a\". It has 90 % of its tasks in service at worst."
        );
    }

    #[test]
    fn a_deploy_beside_none_is_compared_with_nothing() {
        let calm = without_deploy(variant("calm", &[None]));
        assert_eq!(
            of(&[calm.clone(), variant("b", &[Some(30.0)])]),
            "\"b\" is the fastest that always finishes: 30.0s (median) for the same money; \"calm\" has no deploy."
        );
        assert_eq!(of(&[calm.clone(), variant("b", &[None])]), "\"b\" does not finish on every seed within 3h 00m.");
        assert_eq!(of(&[variant("b", &[Some(30.0)]), calm]), "No variant is faster than \"b\": 30.0s (median).");
        assert_eq!(
            of(&[felt("calm", None, 0, 0.0), felt("b", Some(30.0), 100, 0.0)]),
            "\"calm\" fails the fewest requests, none of 100,000 in a run; \"b\" fails 100 (0.1 %). It costs the same."
        );
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
