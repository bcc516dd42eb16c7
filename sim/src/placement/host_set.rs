//! A set of hosts: small ones are sorted lists, large ones bitmaps with a count a block. The lowest id is at hand.

use crate::engine::fact::HostId;

/// Some hosts.
#[derive(Clone, Debug)]
pub(crate) enum HostSet {
    /// Ids in order.
    Few(Vec<HostId>),
    Many(Bitmap),
}

/// Lists become bitmaps above this length, and bitmaps lists again below a quarter of it.
const FEW: usize = 64;

impl HostSet {
    /// Adds a host that is not in it.
    pub fn insert(&mut self, host: HostId) {
        match self {
            Self::Few(ids) => {
                let place = ids.binary_search(&host).expect_err("a host is in a set once");
                ids.insert(place, host);
                if ids.len() > FEW {
                    let mut bitmap = Bitmap::default();
                    for id in &*ids {
                        bitmap.insert(*id);
                    }
                    *self = Self::Many(bitmap);
                }
            }
            Self::Many(bitmap) => bitmap.insert(host),
        }
    }

    /// Takes a host out that is in it.
    pub fn remove(&mut self, host: HostId) {
        match self {
            Self::Few(ids) => {
                let place = ids.binary_search(&host).expect("the host is in the set");
                ids.remove(place);
            }
            Self::Many(bitmap) => {
                bitmap.remove(host);
                if (bitmap.len as usize) < FEW / 4 {
                    *self = Self::Few((0..bitmap.len).filter_map(|n| bitmap.nth(n)).collect());
                }
            }
        }
    }

    /// How many hosts are in it.
    pub const fn len(&self) -> u32 {
        match self {
            Self::Few(ids) => ids.len() as u32,
            Self::Many(bitmap) => bitmap.len,
        }
    }

    /// Every host, by id.
    pub fn iter(&self) -> impl Iterator<Item = HostId> {
        (0..self.len()).filter_map(|n| self.nth(n))
    }

    /// The lowest id.
    pub fn first(&self) -> Option<HostId> {
        self.nth(0)
    }

    /// The `n`-th host by id, from 0.
    pub fn nth(&self, n: u32) -> Option<HostId> {
        match self {
            Self::Few(ids) => ids.get(n as usize).copied(),
            Self::Many(bitmap) => bitmap.nth(n),
        }
    }
}

impl Default for HostSet {
    fn default() -> Self {
        Self::Few(vec![])
    }
}

/// A bit a host.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bitmap {
    words: Vec<u64>,
    /// How many bits there are in each [`BLOCK`] of words.
    blocks: Vec<u32>,
    len: u32,
}

/// Words a block.
const BLOCK: usize = 16;

impl Bitmap {
    fn insert(&mut self, host: HostId) {
        let (word, bit) = (host.index() / 64, host.index() % 64);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
            self.blocks.resize(word / BLOCK + 1, 0);
        }
        debug_assert!(self.words[word] >> bit & 1 == 0, "{host:?} is in the set already");
        self.words[word] |= 1 << bit;
        self.blocks[word / BLOCK] += 1;
        self.len += 1;
    }

    fn remove(&mut self, host: HostId) {
        let (word, bit) = (host.index() / 64, host.index() % 64);
        debug_assert!(self.words[word] >> bit & 1 == 1, "{host:?} is in the set");
        self.words[word] &= !(1 << bit);
        self.blocks[word / BLOCK] -= 1;
        self.len -= 1;
    }

    fn nth(&self, mut n: u32) -> Option<HostId> {
        let mut block = 0;
        while n >= *self.blocks.get(block)? {
            n -= self.blocks[block];
            block += 1;
        }
        let from = block * BLOCK;
        for (i, &word) in self.words.iter().enumerate().skip(from) {
            if n < word.count_ones() {
                return Some(HostId(i as u32 * 64 + nth_bit(word, n)));
            }
            n -= word.count_ones();
        }
        None
    }
}

/// Where the `n`-th bit of a word is that has more than `n`: in the lower half of what is left, or in the upper one.
fn nth_bit(word: u64, mut n: u32) -> u32 {
    let mut at = 0;
    for half in [32, 16, 8, 4, 2, 1] {
        let lower = (word >> at & ((1 << half) - 1)).count_ones();
        if n >= lower {
            n -= lower;
            at += half;
        }
    }
    at
}

/// The same hosts, however the sets came about.
impl PartialEq for HostSet {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && (0..self.len()).all(|n| self.nth(n) == other.nth(n))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The plain form beside it: a sorted set. Both ways through the border between lists and bitmaps.
        #[test]
        fn is_a_sorted_set(toggles in proptest::collection::vec(0..5_000_u32, 0..200), (many, step) in (0..200_u32, 1..24_u32)) {
            let (mut set, mut plain) = (HostSet::default(), BTreeSet::new());
            let crowd = (0..many).map(|i| i * step);
            for id in crowd.clone().chain(toggles).chain(crowd) {
                if plain.remove(&id) {
                    set.remove(HostId(id));
                } else {
                    plain.insert(id);
                    set.insert(HostId(id));
                }
                prop_assert_eq!(set.len() as usize, plain.len());
                prop_assert_eq!(set.first(), plain.first().map(|id| HostId(*id)));
            }
            for (n, &id) in plain.iter().enumerate() {
                prop_assert_eq!(set.nth(n as u32), Some(HostId(id)));
            }
            prop_assert_eq!(set.nth(set.len()), None);
            let mut again = HostSet::default();
            plain.iter().rev().for_each(|id| again.insert(HostId(*id)));
            prop_assert_eq!(set, again);
        }
    }
}
