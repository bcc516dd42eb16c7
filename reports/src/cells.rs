//! The comparison as cells of text: one header and one row a variant, for every format that shows a table.

use crate::statistics::{Comparison, Difference, VariantStatistics, Verdict};
use crate::wording;

/// The first table of a comparison, as text for every format that shows one.
pub(crate) struct Cells {
    /// The column heads, each in a few short lines.
    pub(crate) header: Vec<&'static str>,
    /// A row a variant, in their order.
    pub(crate) rows: Vec<Vec<String>>,
}

/// The head of the differences from the first variant.
const AGAINST: &str = "mean against\nthe first (95 % CI)";
/// The heads of all columns, and whether each speaks of deploys.
const COLUMNS: [(&str, bool); 9] = [
    ("variant", false),
    ("p50", true),
    ("p95", true),
    (AGAINST, true),
    ("spare\n$/month", false),
    ("$/deploy", true),
    ("lowest\nhealthy", false),
    ("extra\ntasks\nx time", false),
    ("short\ntasks\nx time", false),
];

impl Cells {
    /// The table. Where no variant has a deploy, nothing is said of deploys.
    pub(crate) fn new(comparison: &Comparison) -> Self {
        let is_shown = |of_deploys: bool| comparison.has_deploys() || !of_deploys;
        let row = |(index, variant): (usize, &VariantStatistics)| {
            let cells = COLUMNS.into_iter().zip(cells(index, variant, comparison));
            cells.filter(|((_, of_deploys), _)| is_shown(*of_deploys)).map(|(_, cell)| cell).collect()
        };
        Self {
            header: COLUMNS.into_iter().filter(|(_, of_deploys)| is_shown(*of_deploys)).map(|(head, _)| head).collect(),
            rows: comparison.variants.iter().enumerate().map(row).collect(),
        }
    }

    /// Which columns hold text; the others hold numbers and align to the right.
    pub(crate) fn is_text(&self, column: usize) -> bool {
        column == 0 || self.header[column] == AGAINST
    }
}

/// One variant's cells, in the order of the columns.
fn cells(index: usize, variant: &VariantStatistics, comparison: &Comparison) -> [String; COLUMNS.len()] {
    let first = &comparison.variants[0];
    let of_deploys = |cell: String| if variant.has_deploys() { cell } else { "-".into() };
    let against = if index == 0 || !first.has_deploys() { "-".into() } else { against_the_first(variant, first) };
    [
        wording::plain(&variant.name),
        wording::deploy(variant, variant.deploy_s.p50, comparison.horizon_s),
        wording::deploy(variant, variant.deploy_s.p95, comparison.horizon_s),
        of_deploys(against),
        wording::cents(variant.spare_usd_per_month),
        of_deploys(wording::cents(variant.usd_per_deploy)),
        wording::percent(variant.lowest_healthy_percent),
        wording::task_time(variant.extra_replica_s),
        wording::task_time(variant.short_replica_s),
    ]
}

/// `-79.4 % [-79.8, -79.0]  faster`. Where one of them ends more often, its duration is not what counts.
fn against_the_first(variant: &VariantStatistics, first: &VariantStatistics) -> String {
    let Some(difference) = &variant.difference else { return "no seed finished in both".into() };
    let verdict = match difference.verdict() {
        _ if variant.finished > first.finished => "more end",
        _ if variant.finished < first.finished => "fewer end",
        Verdict::Less => "faster",
        Verdict::More => "slower",
        Verdict::NoDifference => "no difference",
        Verdict::OneSeed => "(one seed)",
    };
    format!("{}  {verdict}", size(difference))
}

/// The difference and its interval in percent; in seconds where the first took no time.
pub(crate) fn size(difference: &Difference) -> String {
    let number = |seconds| wording::signed(difference.percent(seconds).unwrap_or(seconds));
    let unit = if difference.first > 0.0 { "%" } else { "s" };
    let interval = difference.interval.map(|ends| format!(" [{}, {}]", number(ends.low), number(ends.high)));
    format!("{} {unit}{}", number(difference.mean), interval.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::{results, variant, without_deploy};

    #[test]
    fn a_variant_without_a_deploy_has_dashes_beside_one_with_some() {
        let [calm, deploys] = [without_deploy(variant("calm", &[None])), variant("deploys", &[Some(60.0)])];
        let cells =
            |variants: &[&_]| Cells::new(&Comparison::new(&results(variants.iter().copied().cloned().collect())));
        let both = cells(&[&calm, &deploys]);
        assert_eq!(both.header.len(), 9);
        assert_eq!(both.rows[0], ["calm", "-", "-", "-", "70.08", "-", "100 %", "12.5s", "0s"]);
        assert_eq!(both.rows[1][1..6], ["1m 00s", "1m 00s", "-", "70.08", "0.00"]);
        assert_eq!(cells(&[&deploys, &calm]).rows[1][1..6], ["-", "-", "-", "70.08", "-"]);
        let alone = cells(&[&calm]);
        assert_eq!(
            alone.header.join(" ").replace('\n', " "),
            "variant spare $/month lowest healthy extra tasks x time short tasks x time"
        );
        assert_eq!(alone.rows, [["calm", "70.08", "100 %", "12.5s", "0s"]]);
        assert_eq!([0, 1, 3].map(|column| both.is_text(column)), [true, false, true]);
    }
}
