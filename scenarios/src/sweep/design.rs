//! Designs: which combinations of the axes' values a sweep tries.

use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

/// How cells are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Design {
    /// Every combination; the values of the last axis change from cell to cell.
    Grid,
    /// So many combinations that cover each axis evenly: every axis is cut into as many strata as there are cells, and each
    /// stratum has one cell. Which strata meet is drawn by the seed.
    LatinHypercube {
        /// How many.
        cells: u32,
        /// What they are drawn by.
        seed: u64,
    },
}

impl Design {
    /// How many cells axes of so many values have; none where that is more than can be counted.
    pub(crate) fn count(self, lengths: &[usize]) -> Option<usize> {
        match self {
            Self::Grid => lengths.iter().try_fold(1_usize, |cells, length| cells.checked_mul(*length)),
            Self::LatinHypercube { cells, .. } => Some(cells as usize),
        }
    }

    /// For each cell the positions of its values in axes of so many values, none of them empty. A sample of more cells than
    /// there are values may have a cell twice.
    pub(crate) fn cells(self, lengths: &[usize]) -> Vec<Vec<u32>> {
        match self {
            Self::Grid => grid(lengths),
            Self::LatinHypercube { cells, seed } => latin_hypercube(lengths, cells as usize, seed),
        }
    }
}

fn grid(lengths: &[usize]) -> Vec<Vec<u32>> {
    lengths.iter().fold(vec![Vec::new()], |cells, &length| {
        let longer = |cell: &Vec<u32>| {
            let cell = cell.clone();
            (0..length as u32).map(move |value| cell.iter().copied().chain([value]).collect())
        };
        cells.iter().flat_map(longer).collect()
    })
}

fn latin_hypercube(lengths: &[usize], cells: usize, seed: u64) -> Vec<Vec<u32>> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut all = vec![Vec::with_capacity(lengths.len()); cells];
    for &length in lengths {
        let mut strata: Vec<usize> = (0..cells).collect();
        strata.shuffle(&mut rng);
        for (cell, stratum) in all.iter_mut().zip(strata) {
            cell.push(within(stratum, cells, length, &mut rng) as u32);
        }
    }
    all
}

/// The position of a value in one of so many strata. Where a stratum has several values it is any of them; where a value has
/// several strata each value has as many as the next, or one more.
fn within(stratum: usize, strata: usize, length: usize, rng: &mut Xoshiro256PlusPlus) -> usize {
    if strata >= length {
        return (2 * stratum + 1) * length / (2 * strata);
    }
    let [from, to] = [stratum, stratum + 1].map(|edge| edge * length / strata);
    rng.random_range(from..to)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_grid_counts_like_a_clock() {
        let cells = Design::Grid.cells(&[2, 1, 3]);
        let expected = [[0, 0, 0], [0, 0, 1], [0, 0, 2], [1, 0, 0], [1, 0, 1], [1, 0, 2]];
        assert_eq!(cells, expected);
        assert_eq!(Design::Grid.count(&[2, 1, 3]), Some(6));
        assert_eq!(Design::Grid.count(&[usize::MAX, 2]), None);
    }

    #[test]
    fn a_sample_is_drawn_by_its_seed() {
        let sample = |seed| Design::LatinHypercube { cells: 10, seed }.cells(&[100, 50]);
        assert_eq!(sample(1), sample(1));
        assert_ne!(sample(1), sample(2));
    }

    proptest! {
        /// Of n cells over m >= n values each n-th part of the values has one; over fewer values each has n / m, rounded up or
        /// down.
        #[test]
        fn each_stratum_has_one_cell(cells in 1_u32..60, lengths in prop::collection::vec(1_usize..200, 1..4), seed: u64) {
            let sample = Design::LatinHypercube { cells, seed }.cells(&lengths);
            prop_assert_eq!(sample.len(), cells as usize);
            for (axis, &length) in lengths.iter().enumerate() {
                let mut strata = BTreeMap::<usize, usize>::new();
                let cells = cells as usize;
                for cell in &sample {
                    let position = cell[axis] as usize;
                    prop_assert!(position < length);
                    // Stratum s has the values from floor(s m / n) on, so value p is in the last s with floor(s m / n) <= p.
                    let stratum = if cells <= length {
                        (0..cells).rfind(|s| s * length / cells <= position).unwrap()
                    } else {
                        position
                    };
                    *strata.entry(stratum).or_default() += 1;
                }
                if cells <= length {
                    prop_assert_eq!(strata.len(), cells);
                    prop_assert!(strata.values().all(|count| *count == 1));
                } else {
                    prop_assert_eq!(strata.len(), length);
                    let even = cells / length..=cells.div_ceil(length);
                    prop_assert!(strata.values().all(|count| even.contains(count)), "{:?}", strata);
                }
            }
        }
    }
}
