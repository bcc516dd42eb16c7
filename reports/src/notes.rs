//! What a table cannot say in a cell: what unfinished deploys wait for, and which seeds a difference rests on.

use crate::statistics::{Comparison, VariantStatistics};
use crate::wording;

/// One sentence for each thing worth knowing, in the order of the variants.
pub(crate) fn notes(comparison: &Comparison) -> Vec<String> {
    let unfinished = comparison.variants.iter().filter(|v| v.finished < v.seeds).map(|v| waits_for(v, comparison));
    let partial = comparison.variants.iter().filter_map(|v| rests_on(v, &comparison.variants[0]));
    unfinished.chain(partial).chain(counted_to_the_horizon(comparison)).collect()
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
