//! A set of hosts as a bitmap: in and out in constant time, the lowest id at hand.

use crate::engine::fact::HostId;

/// Some hosts.
#[derive(Clone, Debug, Default)]
pub(crate) struct HostSet {
    words: Vec<u64>,
    /// No word before this one has a bit.
    first_word: usize,
    len: u32,
}

impl HostSet {
    /// Adds a host that is not in it.
    pub fn insert(&mut self, host: HostId) {
        let (word, bit) = (host.index() / 64, host.index() % 64);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        debug_assert!(self.words[word] >> bit & 1 == 0, "{host:?} is in the set already");
        self.words[word] |= 1 << bit;
        self.first_word = if self.len == 0 { word } else { self.first_word.min(word) };
        self.len += 1;
    }

    /// Adds the hosts of another set, none of which is in it.
    pub fn insert_all(&mut self, other: &Self) {
        if other.words.len() > self.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (word, &more) in self.words.iter_mut().zip(&other.words) {
            debug_assert!(*word & more == 0, "the sets have no host in common");
            *word |= more;
        }
        self.first_word = if self.len == 0 { other.first_word } else { self.first_word.min(other.first_word) };
        self.len += other.len;
    }

    /// Takes a host out that is in it.
    pub fn remove(&mut self, host: HostId) {
        let (word, bit) = (host.index() / 64, host.index() % 64);
        debug_assert!(self.words[word] >> bit & 1 == 1, "{host:?} is in the set");
        self.words[word] &= !(1 << bit);
        self.len -= 1;
        while self.len > 0 && self.words[self.first_word] == 0 {
            self.first_word += 1;
        }
    }

    /// How many hosts are in it.
    pub const fn len(&self) -> u32 {
        self.len
    }

    /// The `n`-th host by id, from 0.
    pub fn nth(&self, mut n: u32) -> Option<HostId> {
        for (i, &word) in self.words.iter().enumerate().skip(self.first_word) {
            if n < word.count_ones() {
                let rest = (0..n).fold(word, |rest, _| rest & (rest - 1));
                return Some(HostId(i as u32 * 64 + rest.trailing_zeros()));
            }
            n -= word.count_ones();
        }
        None
    }
}

/// The same hosts, however the bitmaps came about.
impl PartialEq for HostSet {
    fn eq(&self, other: &Self) -> bool {
        let shorter = self.words.len().min(other.words.len());
        let rest_is_empty = |words: &[u64]| words[shorter..].iter().all(|&word| word == 0);
        self.words[..shorter] == other.words[..shorter] && rest_is_empty(&self.words) && rest_is_empty(&other.words)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The plain form beside it: a sorted set.
        #[test]
        fn is_a_sorted_set(toggles in proptest::collection::vec(0..300_u32, 0..200)) {
            let (mut set, mut plain) = (HostSet::default(), BTreeSet::new());
            for id in toggles {
                if plain.remove(&id) {
                    set.remove(HostId(id));
                } else {
                    plain.insert(id);
                    set.insert(HostId(id));
                }
                prop_assert_eq!(set.len() as usize, plain.len());
                for (n, &id) in plain.iter().enumerate() {
                    prop_assert_eq!(set.nth(n as u32), Some(HostId(id)));
                }
                prop_assert_eq!(set.nth(set.len()), None);
            }
        }

        #[test]
        fn sets_without_a_common_host_add_up(ids in proptest::collection::btree_map(0..300_u32, any::<bool>(), 0..60)) {
            let mut sets = [HostSet::default(), HostSet::default()];
            let mut all = HostSet::default();
            for (&id, &second) in &ids {
                sets[usize::from(second)].insert(HostId(id));
                all.insert(HostId(id));
            }
            let [mut sum, second] = sets;
            sum.insert_all(&second);
            prop_assert_eq!(&sum, &all);
            prop_assert_eq!(sum.nth(0), all.nth(0));
        }
    }
}
