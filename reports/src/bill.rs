//! Where the money goes: the bill of a month and its parts, variant by variant.

use crate::statistics::{Comparison, VariantStatistics};
use crate::wording;

/// Less than this a month is nothing: it would print as 0.00.
pub(crate) const LEAST_USD: f64 = 0.005;
/// From this bill of a month on, cents are left out: nine columns of them would be wider than a terminal.
const LARGE_USD: f64 = 100_000.0;

/// The second table of a comparison, as text for every format that shows one.
pub(crate) struct Bill {
    /// What the numbers are, with their unit.
    pub(crate) title: String,
    /// The column heads: the variant's, the bill's, and those of its parts.
    pub(crate) header: Vec<&'static str>,
    /// A row a variant, in their order.
    pub(crate) rows: Vec<Vec<String>>,
    /// What the numbers assume.
    pub(crate) note: String,
}

impl Bill {
    /// The table; none where nothing costs anything. Parts that are nothing in every variant are left out.
    pub(crate) fn new(comparison: &Comparison) -> Option<Self> {
        let parts = parts_that_cost(comparison);
        let most = comparison.variants.iter().map(|variant| variant.usd_per_month).fold(0.0, f64::max);
        if most < LEAST_USD {
            return None;
        }
        let number = |usd| amount(usd, most);
        let row = |variant: &VariantStatistics| {
            let of_part = variant.parts_usd_per_month();
            let shown = of_part.iter().filter(|(name, _)| parts.contains(name)).map(|(_, usd)| number(*usd));
            [wording::plain(&variant.name), number(variant.usd_per_month)].into_iter().chain(shown).collect()
        };
        Some(Self {
            title: "where the money goes, $/month (730 h):".into(),
            rows: comparison.variants.iter().map(row).collect(),
            note: assumption(comparison),
            header: ["variant", "bill"].into_iter().chain(parts).collect(),
        })
    }
}

/// Dollars beside others that are `most` at most: with cents, unless that is a lot.
pub(crate) fn amount(usd: f64, most: f64) -> String {
    if most < LARGE_USD { wording::cents(usd) } else { format!("{:.0}", usd + 0.0) }
}

/// The names of the parts that some variant pays for, in their order.
pub(crate) fn parts_that_cost(comparison: &Comparison) -> Vec<&'static str> {
    let costs = |variant: &VariantStatistics, part: usize| variant.parts_usd_per_month()[part].1 >= LEAST_USD;
    let Some(first) = comparison.variants.first() else { return vec![] };
    let names = first.parts_usd_per_month().into_iter().map(|(name, _)| name).enumerate();
    names.filter(|&(part, _)| comparison.variants.iter().any(|v| costs(v, part))).map(|(_, name)| name).collect()
}

/// `as if every 3h 00m were like this one, with 1 deploy in each`
pub(crate) fn assumption(comparison: &Comparison) -> String {
    // A variant may have a horizon of its own: its bill says which, where it has one.
    let own = |variant: &VariantStatistics| 730.0 * 3_600.0 * variant.bill_usd / variant.usd_per_month;
    let spans: Vec<f64> = comparison.variants.iter().filter(|v| v.usd_per_month > 0.0).map(own).collect();
    let least_s = spans.iter().copied().fold(comparison.horizon_s, f64::min);
    let span = if least_s < comparison.horizon_s - 1.0 {
        let ends = [least_s.round(), comparison.horizon_s].map(wording::duration);
        format!("{} to {}", ends[0], ends[1])
    } else {
        wording::duration(comparison.horizon_s)
    };
    let deploys = || comparison.variants.iter().map(|variant| variant.deploys);
    let (least, most) = (deploys().min().unwrap_or_default(), deploys().max().unwrap_or_default());
    let deploys = match (least, most) {
        (0, 0) => "without a deploy".into(),
        (1, 1) => "with 1 deploy in each".into(),
        _ if least == most => format!("with {most} deploys in each"),
        _ => format!("with {least} to {most} deploys in each"),
    };
    format!("as if every {span} were like this one, {deploys}")
}

#[cfg(test)]
mod tests {
    use seatrial_sim::measure::attribution::Parts;

    use super::*;
    use crate::examples::{results, variant};

    /// A variant with two runs of three hours, which cost what `examples::row` says.
    fn two_runs() -> Comparison {
        Comparison::new(&results(vec![variant("a", &[Some(1.0), Some(2.0)])]))
    }

    /// A month has 730 / 3 = 243.33 runs of three hours: 2.40 is 584.00, 1.92 is 467.20, 0.30 is 73.00, 0.08 is 19.47, 0.06
    /// is 14.60, 0.02 is 4.87, 0.01 is 2.43.
    #[test]
    fn the_parts_of_a_run_are_scaled_to_a_month_and_nothing_is_left_out() {
        let bill = Bill::new(&two_runs()).unwrap();
        assert_eq!(bill.header.join(" "), "variant bill needed spare surge stranded booting draining gone");
        assert_eq!(bill.rows, [["a", "584.00", "467.20", "73.00", "19.47", "14.60", "4.87", "2.43", "2.43"]]);
        assert_eq!(bill.note, "as if every 3h 00m were like this one, with 1 deploy in each");
    }

    /// Surge of $0.08 in one of two runs and of $0.04 in the other: 0.06 x 243.33 = 14.60.
    #[test]
    fn rows_are_means_over_seeds() {
        let mut both = results(vec![variant("a", &[Some(1.0), Some(2.0)])]);
        let row = &mut both.variants[0].rows[1].summary;
        (row.parts_usd.surge, row.parts_usd.needed) = (0.04, 1.96);
        let bill = Bill::new(&Comparison::new(&both)).unwrap();
        // Needed: (1.92 + 1.96) / 2 x 243.33 = 472.07.
        assert_eq!(bill.rows[0][1..5], ["584.00", "472.07", "73.00", "14.60"]);
    }

    /// Half a cent a month is $0.005 / 243.33 = $0.00002055 a run.
    #[test]
    fn a_part_that_is_nothing_in_every_variant_has_no_column() {
        let mut two = results(vec![variant("a", &[Some(1.0)]), variant("b", &[Some(1.0)])]);
        for variant in &mut two.variants {
            let parts = &mut variant.rows[0].summary.parts_usd;
            (parts.gone, parts.booting, parts.draining, parts.stranded) = (0.000_020_5, 0.0, 0.0, 0.0);
        }
        two.variants[1].rows[0].summary.parts_usd.warm = 0.000_020_6;
        let bill = Bill::new(&Comparison::new(&two)).unwrap();
        assert_eq!(bill.header, ["variant", "bill", "needed", "spare", "surge", "warm"]);
        assert_eq!((bill.rows[0][5].as_str(), bill.rows[1][5].as_str()), ("0.00", "0.01"));
    }

    #[test]
    fn what_costs_nothing_has_no_bill() {
        let mut free = results(vec![variant("a", &[Some(1.0)])]);
        let summary = &mut free.variants[0].rows[0].summary;
        (summary.bill_usd, summary.usd_per_month, summary.parts_usd) = (0.0, 0.0, Parts::default());
        assert!(Bill::new(&Comparison::new(&free)).is_none());
        assert!(Bill::new(&Comparison::new(&results(vec![]))).is_none());
        for text in [crate::table::render, crate::markdown::render].map(|render| render(&Comparison::new(&free))) {
            assert!(!text.contains("money"), "{text}");
        }
    }

    #[test]
    fn cents_of_a_large_bill_are_left_out() {
        let mut large = results(vec![variant("a", &[Some(1.0)])]);
        let summary = &mut large.variants[0].rows[0].summary;
        // 5,000 times as much.
        (summary.bill_usd, summary.usd_per_month, summary.parts_usd.needed) = (12_000.0, 2_920_000.0, 9_600.0);
        assert_eq!(Bill::new(&Comparison::new(&large)).unwrap().rows[0][..4], ["a", "2920000", "2336000", "73"]);
    }

    #[test]
    fn the_note_has_the_horizons_and_the_deploys() {
        let mut two = results(vec![variant("a", &[Some(1.0)]), variant("b", &[Some(1.0)])]);
        // An hour: 0.80 a run is 584.00 a month.
        two.variants[1].rows[0].summary.bill_usd = 0.8;
        two.variants[1].rows[0].summary.deploys = 3;
        let note = |results: &_| Bill::new(&Comparison::new(results)).unwrap().note;
        assert_eq!(note(&two), "as if every 1h 00m to 3h 00m were like this one, with 1 to 3 deploys in each");
        for variant in &mut two.variants {
            (variant.rows[0].summary.deploys, variant.rows[0].summary.bill_usd) = (0, 2.4);
        }
        assert_eq!(note(&two), "as if every 3h 00m were like this one, without a deploy");
    }
}
