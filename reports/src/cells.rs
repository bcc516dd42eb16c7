//! The comparison as cells of text: one header and one row a variant, for every format that shows a table.

use crate::statistics::{Comparison, Difference, VariantStatistics, Verdict};
use crate::wording;

/// How many columns there are.
pub(crate) const COLUMNS: usize = 9;

/// The column heads, each in a few short lines.
pub(crate) const HEADER: [&str; COLUMNS] = [
    "variant",
    "p50",
    "p95",
    "mean against\nthe first (95 % CI)",
    "spare\n$/month",
    "$/deploy",
    "lowest\nhealthy",
    "extra\ntasks\nx time",
    "short\ntasks\nx time",
];

/// Which columns hold text; the others hold numbers and align to the right.
pub(crate) const IS_TEXT: [bool; COLUMNS] = [true, false, false, true, false, false, false, false, false];

/// One row a variant, in their order.
pub(crate) fn rows(comparison: &Comparison) -> Vec<[String; COLUMNS]> {
    let row = |(index, variant): (usize, &VariantStatistics)| {
        [
            wording::plain(&variant.name),
            wording::quantile(variant.deploy_s.p50, comparison.horizon_s),
            wording::quantile(variant.deploy_s.p95, comparison.horizon_s),
            if index == 0 { "-".into() } else { against_the_first(variant.difference.as_ref()) },
            wording::cents(variant.spare_usd_per_month),
            wording::cents(variant.usd_per_deploy),
            wording::percent(variant.lowest_healthy_percent),
            wording::task_time(variant.extra_replica_s),
            wording::task_time(variant.short_replica_s),
        ]
    };
    comparison.variants.iter().enumerate().map(row).collect()
}

/// `-79.4 % [-79.8, -79.0]  faster`
fn against_the_first(difference: Option<&Difference>) -> String {
    let Some(difference) = difference else { return "no seed finished in both".into() };
    let verdict = match difference.verdict() {
        Verdict::Faster => "faster",
        Verdict::Slower => "slower",
        Verdict::NoDifference => "no difference",
        Verdict::OneSeed => "(one seed)",
    };
    format!("{}  {verdict}", size(difference))
}

/// The difference and its interval in percent; in seconds where the first took no time.
pub(crate) fn size(difference: &Difference) -> String {
    let number = |seconds| wording::signed(difference.percent(seconds).unwrap_or(seconds));
    let unit = if difference.first_s > 0.0 { "%" } else { "s" };
    let interval = difference.interval.map(|ends| format!(" [{}, {}]", number(ends.low), number(ends.high)));
    format!("{} {unit}{}", number(difference.deploy_s), interval.unwrap_or_default())
}
