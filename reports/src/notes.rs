//! What a table cannot say in a cell: what unfinished deploys wait for, which seeds a difference rests on, and how sure it is.

use crate::statistics::{Comparison, Difference, VariantStatistics};
use crate::wording;

/// One sentence for each thing worth knowing, in the order of the variants.
pub(crate) fn notes(comparison: &Comparison) -> Vec<String> {
    let unfinished = comparison.variants.iter().filter(|v| v.finished < v.seeds).map(|v| waits_for(v, comparison));
    let partial = comparison.variants.iter().filter_map(|v| rests_on(v, &comparison.variants[0]));
    let of_all = [counted_to_the_horizon(comparison), too_few_seeds(comparison), pairing(comparison)];
    let remarks = comparison.remarks.iter().map(|remark| wording::plain(remark));
    unfinished.chain(partial).chain(of_all.into_iter().flatten()).chain(remarks).collect()
}

/// Says so where some seeds are too few for an interval of the 95th percentile.
fn too_few_seeds(comparison: &Comparison) -> Option<String> {
    const FEWEST: usize = 59;
    let deploying = comparison.variants.iter().filter(|variant| variant.has_deploys());
    let seeds = deploying.map(|variant| variant.seeds).min()?;
    (1 < seeds && seeds < FEWEST)
        .then(|| format!("{seeds} seeds are too few for a 95 % confidence interval of the p95: it takes {FEWEST}"))
}

/// What common random numbers bought, where that is much: `the same seeds for all variants make the intervals of the differences
/// 3.1 to 8 times narrower`.
fn pairing(comparison: &Comparison) -> Option<String> {
    const MUCH: f64 = 1.5;
    let factors: Vec<f64> =
        comparison.variants.iter().filter_map(|v| v.difference.as_ref().and_then(Difference::pairing_factor)).collect();
    let least = factors.iter().copied().reduce(f64::min)?;
    let most = factors.iter().copied().reduce(f64::max)?;
    let [from, to] = [least, most].map(wording::factor);
    let range = if from == to { to } else { format!("{from} to {to}") };
    let differences =
        if comparison.variants.len() == 2 { "interval of the difference" } else { "intervals of the differences" };
    (most >= MUCH).then(|| format!("the same seeds for all variants make the {differences} {range} times narrower"))
}

/// Says what extra and short hold of runs that did not end.
fn counted_to_the_horizon(comparison: &Comparison) -> Option<String> {
    let horizon = wording::duration(comparison.horizon_s);
    let unfinished = comparison.variants.iter().any(|variant| !variant.always_finishes());
    unfinished.then(|| format!("extra and short of an unfinished run count until {horizon}"))
}

/// `"full hosts" ended in none of 200 runs: 1 task does not fit: memory on 6 of 6 hosts`
fn waits_for(variant: &VariantStatistics, comparison: &Comparison) -> String {
    let name = wording::quoted(variant);
    let outcome = if variant.finished == 0 {
        format!("{name} ended in none of {} runs", variant.seeds)
    } else {
        let horizon = wording::duration(comparison.horizon_s);
        let count = variant.seeds - variant.finished;
        format!(
            "{name}: {count} of {} runs took > {horizon} ({} unfinished)",
            variant.seeds,
            wording::unfinished(variant)
        )
    };
    match variant.blocked.as_slice() {
        [] => outcome,
        [reason] => format!("{outcome}: {}", wording::plain(reason)),
        [reason, others @ ..] => format!("{outcome}: {} (and {} more)", wording::plain(reason), others.len()),
    }
}

/// Says so where a difference does not rest on every seed.
fn rests_on(variant: &VariantStatistics, first: &VariantStatistics) -> Option<String> {
    let pairs = variant.difference.filter(|difference| difference.pairs < variant.seeds)?.pairs;
    let (this, first) = (wording::quoted(variant), wording::quoted(first));
    Some(format!("{this} is compared with {first} on the {pairs} of {} seeds that finished in both", variant.seeds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::{results, variant, without_deploy};

    fn notes_of(variants: &[&[f64]]) -> Vec<String> {
        let named = variants
            .iter()
            .zip(["a", "b", "c"])
            .map(|(durations, name)| variant(name, &durations.iter().copied().map(Some).collect::<Vec<_>>()));
        notes(&Comparison::new(&results(named.collect())))
    }

    #[test]
    fn too_few_seeds_for_an_interval_are_a_note() {
        let note = |n| notes_of(&[&vec![5.0; n]]);
        assert_eq!(note(58), ["58 seeds are too few for a 95 % confidence interval of the p95: it takes 59"]);
        assert!(note(59).is_empty() && note(1).is_empty());
        let calm = Comparison::new(&results(vec![without_deploy(variant("calm", &[None; 9]))]));
        assert!(notes(&calm).is_empty());
    }

    /// Every second seed takes 10 s more in both, and every third 1 s more in the second. Variances, in s^2 and but for the
    /// common n - 1: 25 and about 25.2 unpaired, 0.222 paired. The root of 50.2 / 0.222 is 15.
    #[test]
    fn what_pairing_bought_is_said_where_it_is_much() {
        let first: Vec<f64> = (0..60).map(|i| if i % 2 == 0 { 100.0 } else { 110.0 }).collect();
        let second: Vec<f64> = (0..60).map(|i| first[i] + if i % 3 == 0 { 1.0 } else { 0.0 }).collect();
        assert_eq!(
            notes_of(&[&first, &second]),
            ["the same seeds for all variants make the interval of the difference 15 times narrower"]
        );
        // A third that has nothing in common with the first: it takes 10 s more in the second half.
        let alone: Vec<f64> = (0..60).map(|i| if i < 30 { 100.0 } else { 110.0 }).collect();
        assert_eq!(
            notes_of(&[&first, &second, &alone]),
            ["the same seeds for all variants make the intervals of the differences 1.0 to 15 times narrower"]
        );
        assert!(notes_of(&[&first, &alone]).is_empty(), "it bought nothing");
        assert!(notes_of(&[&first, &first]).is_empty(), "equal runs say nothing");
    }

    #[test]
    fn remarks_come_last() {
        let mut comparison = Comparison::new(&results(vec![variant("a", &[Some(1.0), None])]));
        comparison.remarks.push("it took\u{1b} long".into());
        assert_eq!(notes(&comparison).last().unwrap(), "it took  long");
    }
}
