//! A random order of the first numbers, made as far as it is read.

use crate::engine::draws::mix;

/// Each of the numbers below `len` once, all orders equally likely (Fisher and Yates; only what has moved is kept).
#[derive(Clone, Debug)]
pub(crate) struct Shuffle {
    lot: u64,
    len: u32,
    /// Numbers given out so far.
    given: u32,
    /// The number that has moved to a place.
    moved: Vec<(u32, u32)>,
}

impl Shuffle {
    /// The order that these even bits decide.
    pub const fn new(lot: u64, len: u32) -> Self {
        Self { lot, len, given: 0, moved: vec![] }
    }

    fn at(&self, place: u32) -> u32 {
        self.moved.iter().rev().find(|(at, _)| *at == place).map_or(place, |(_, number)| *number)
    }
}

impl Iterator for Shuffle {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let left = self.len.checked_sub(self.given).filter(|left| *left > 0)?;
        let bits = mix(self.lot ^ mix(self.given.into()));
        let place = self.given + (bits % u64::from(left)) as u32;
        let number = self.at(place);
        self.moved.push((place, self.at(self.given)));
        self.given += 1;
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_comes_once_and_every_order_comes_as_often() {
        let mut seen = [0; 24];
        let lots = 24_000;
        for lot in 0..lots {
            let order: Vec<_> = Shuffle::new(mix(lot), 4).collect();
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3]);
            // The order's place among all orders: how many of the later numbers are lower, at each place.
            let lower = |i: usize| order[i + 1..].iter().filter(|&&later| later < order[i]).count();
            seen[lower(0) * 6 + lower(1) * 2 + lower(2)] += 1;
        }
        // Chi-squared with 23 degrees of freedom: above 58.6 once in 16,000 times.
        let expected = lots as f64 / 24.0;
        let chi: f64 = seen.iter().map(|&n| (f64::from(n) - expected).powi(2) / expected).sum();
        assert!(chi < 58.6, "{chi}: {seen:?}");
        assert_eq!(Shuffle::new(1, 0).next(), None);
    }
}
