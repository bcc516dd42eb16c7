//! The event queue: a monotone radix ladder over integer times, with a small sorted front.
//!
//! Order: by time; within an instant first everything ordinary, then the control loops' looks, the lowest number first;
//! within those, in the order of scheduling. A look therefore sees the whole instant. Nothing can be scheduled before what
//! was popped last.
//!
//! Time is cut into granules of 8 ms. A bucket holds the entries whose granule differs from the pivot's first in the same
//! digit (to the base 64) and has the same value there, so a key has one bucket at a time and entries of one key never
//! change their order. The lowest bucket is spread over the ones below it when it is long, and sorted into the front when
//! it is short or one granule; most events see one or two buckets.

use std::cmp::Reverse;

use super::time::Time;

/// Events by time, in a stated order. `T` should be small and `Copy`: entries are moved a few times.
#[derive(Debug)]
pub struct EventQueue<T> {
    /// Every entry up to the pivot, the next one last.
    front: Vec<Entry<T>>,
    /// Everything above the pivot is in the rest or in a bucket.
    pivot: u64,
    /// The entries above the pivot in its granule.
    rest: Vec<Entry<T>>,
    /// By digit of the granule, the lowest first, and by its value.
    buckets: Vec<[Vec<Entry<T>>; VALUES]>,
    /// Bit `v` of entry `d` is set when the bucket of digit `d` and value `v` has entries.
    occupied: [u64; DIGITS],
    /// The key popped last.
    last: u64,
}

/// The place of an event within its instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn(u16);

impl Turn {
    /// Something that happens.
    pub const ORDINARY: Self = Self(0);

    /// A control loop that looks at what has happened; loops of one instant look in the order of their numbers (those
    /// above 65,534 in the order of scheduling).
    pub const fn look(number: u32) -> Self {
        Self(if number < 65_534 { number as u16 + 1 } else { 65_535 })
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry<T> {
    key: u64,
    item: T,
}

/// A key is the time and then the turn.
const TURN_BITS: u32 = 16;
/// 8,900 years, in milliseconds: what is due later shares that instant.
const LATEST: u64 = (1 << (64 - TURN_BITS)) - 1;
/// 8 ms: a common density of events has a few to sort in each.
const GRANULE_BITS: u32 = TURN_BITS + 3;
/// Digits of a granule's number, and their values.
const DIGIT_BITS: u32 = 6;
const DIGITS: usize = (u64::BITS - GRANULE_BITS).div_ceil(DIGIT_BITS) as usize;
const VALUES: usize = 1 << DIGIT_BITS;
/// A bucket up to this long is sorted rather than spread.
const SORTED_AT_ONCE: usize = 24;
/// A longer front goes back to the buckets but for its next entries.
const FRONT_LIMIT: usize = 128;
/// How many entries stay when a long front goes back.
const FRONT_KEPT: usize = 16;

impl<T: Copy> EventQueue<T> {
    /// Adds an event.
    ///
    /// # Panics
    /// When `at` is before the time popped last: time never runs backwards.
    pub fn schedule(&mut self, at: Time, turn: Turn, item: T) {
        assert!(at >= self.now(), "an event at {at} was scheduled at {}", self.now());
        // What a look causes in its own instant comes after that look.
        let key = (at.as_millis().min(LATEST) << TURN_BITS | u64::from(turn.0)).max(self.last);
        if key > self.pivot {
            self.push_above_pivot(key, item);
        } else {
            let place = self.front.partition_point(|entry| entry.key > key);
            self.front.insert(place, Entry { key, item });
            if self.front.len() > FRONT_LIMIT {
                self.shorten_front();
            }
        }
    }

    /// Takes the next event.
    pub fn pop(&mut self) -> Option<(Time, T)> {
        if self.front.is_empty() {
            self.refill_front()?;
        }
        let Entry { key, item } = self.front.pop()?;
        self.last = key;
        Some((self.now(), item))
    }

    /// The time popped last.
    pub const fn now(&self) -> Time {
        Time::from_millis(self.last >> TURN_BITS)
    }

    /// How far the instant popped last has come.
    pub const fn turn(&self) -> Turn {
        Turn(self.last as u16)
    }

    /// In line, so that an entry goes from registers to its bucket and not by way of the stack.
    #[inline]
    fn push_above_pivot(&mut self, key: u64, item: T) {
        let entry = Entry { key, item };
        let Some(digit) = first_different_digit(key, self.pivot) else { return self.rest.push(entry) };
        let value = value_of_digit(key, digit);
        self.occupied[digit] |= 1 << value;
        self.buckets[digit][value].push(entry);
    }

    /// Moves the lowest bucket to the front, or what is due first of it. None where everything is empty.
    fn refill_front(&mut self) -> Option<()> {
        if !self.rest.is_empty() {
            std::mem::swap(&mut self.front, &mut self.rest);
            self.sort_front();
            return Some(());
        }
        let digit = self.occupied.iter().position(|&values| values != 0)?;
        let value = self.occupied[digit].trailing_zeros() as usize;
        self.occupied[digit] &= self.occupied[digit] - 1;
        if digit == 0 || self.buckets[digit][value].len() <= SORTED_AT_ONCE {
            std::mem::swap(&mut self.front, &mut self.buckets[digit][value]);
            self.sort_front();
        } else {
            let mut bucket = std::mem::take(&mut self.buckets[digit][value]);
            self.pivot = bucket.iter().map(|entry| entry.key).min()?;
            for &Entry { key, item } in &bucket {
                if key == self.pivot { self.front.push(Entry { key, item }) } else { self.push_above_pivot(key, item) }
            }
            self.front.reverse();
            bucket.clear();
            // Its room is used again.
            self.buckets[digit][value] = bucket;
        }
        Some(())
    }

    /// Orders entries that were the lowest bucket as the front.
    fn sort_front(&mut self) {
        // Backwards, because the front is; entries of one key stay in the order of scheduling.
        self.front.reverse();
        self.front.sort_by_key(|entry| Reverse(entry.key));
        self.pivot = self.front[0].key;
    }

    /// Lowers the pivot so that only the next few entries stay in the front. What is above the old pivot in its granule and
    /// in digits below the first in which the two pivots differ has the old pivot's value in that digit: it becomes one
    /// bucket.
    fn shorten_front(&mut self) {
        let old = self.pivot;
        let kept = self.front[self.front.len() - FRONT_KEPT].key;
        if kept == old {
            return;
        }
        self.pivot = kept;
        if let Some(joined) = first_different_digit(old, kept) {
            let value = value_of_digit(old, joined);
            let mut entries = std::mem::take(&mut self.rest);
            for digit in 0..joined {
                for bucket in &mut self.buckets[digit] {
                    entries.append(bucket);
                }
                self.occupied[digit] = 0;
            }
            if !entries.is_empty() {
                self.occupied[joined] |= 1 << value;
                self.buckets[joined][value].append(&mut entries);
            }
        }
        let moved = self.front.partition_point(|entry| entry.key > kept);
        // The front runs backwards: equal keys go back in their order of scheduling.
        let entries: Vec<_> = self.front.drain(..moved).rev().collect();
        for Entry { key, item } in entries {
            self.push_above_pivot(key, item);
        }
    }
}

/// The highest digit in which two keys' granules differ; none where they are of one granule.
const fn first_different_digit(key: u64, pivot: u64) -> Option<usize> {
    match ((key ^ pivot) >> GRANULE_BITS).checked_ilog2() {
        Some(bit) => Some((bit / DIGIT_BITS) as usize),
        None => None,
    }
}

const fn value_of_digit(key: u64, digit: usize) -> usize {
    (key >> (GRANULE_BITS + digit as u32 * DIGIT_BITS)) as usize % VALUES
}

impl<T> Default for EventQueue<T> {
    fn default() -> Self {
        let buckets = (0..DIGITS).map(|_| [const { Vec::new() }; VALUES]).collect();
        Self { front: vec![], pivot: 0, rest: vec![], buckets, occupied: [0; DIGITS], last: 0 }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BinaryHeap;

    use proptest::prelude::*;

    use super::*;

    /// One step of a random life: schedule events at these distances, then pop so many.
    fn steps() -> impl Strategy<Value = Vec<(Vec<(u64, u16)>, usize)>> {
        let distance = prop_oneof![3 => 0..5_u64, 3 => 0..2_000_u64, 2 => 0..3_000_000_u64, 1 => 0..1_u64 << 40];
        let batch = prop_oneof![5 => 0..8_usize, 1 => 100..400_usize];
        let events = batch.prop_flat_map(move |n| proptest::collection::vec((distance.clone(), 0..4_u16), n));
        proptest::collection::vec((events, 0..200_usize), 0..40)
    }

    proptest! {
        /// The plain form beside it: a binary heap with the order written out as (time, turn, sequence).
        #[test]
        fn pops_in_the_stated_order(steps in steps()) {
            let mut queue = EventQueue::default();
            let mut heap = BinaryHeap::new();
            let (mut sequence, mut last) = (0_u32, (Time::ZERO, Turn::ORDINARY));
            for (events, pops) in steps {
                for (distance, turn) in events {
                    let at = Time::from_millis(queue.now().as_millis() + distance);
                    let turn = Turn(turn);
                    queue.schedule(at, turn, sequence);
                    heap.push(Reverse(((at, turn).max(last), sequence)));
                    sequence += 1;
                }
                for _ in 0..pops {
                    let expected = heap.pop().map(|Reverse(((at, turn), sequence))| {
                        last = (at, turn);
                        (at, sequence)
                    });
                    prop_assert_eq!(queue.pop(), expected);
                }
            }
            while let Some(Reverse(((at, _), sequence))) = heap.pop() {
                prop_assert_eq!(queue.pop(), Some((at, sequence)));
            }
            prop_assert_eq!(queue.pop(), None);
        }
    }

    #[test]
    #[should_panic(expected = "was scheduled at")]
    fn time_never_runs_backwards() {
        let mut queue = EventQueue::default();
        queue.schedule(Time::from_millis(10), Turn::ORDINARY, ());
        queue.pop();
        queue.schedule(Time::from_millis(9), Turn::ORDINARY, ());
    }

    #[test]
    fn a_look_comes_last_in_its_instant() {
        let mut queue = EventQueue::default();
        let at = Time::from_millis(5);
        queue.schedule(at, Turn::look(1), "second look");
        queue.schedule(at, Turn::look(0), "look");
        queue.schedule(at, Turn::ORDINARY, "happens");
        assert_eq!([queue.pop(), queue.pop()], [Some((at, "happens")), Some((at, "look"))]);
        assert_eq!(queue.pop(), Some((at, "second look")));
        queue.schedule(at, Turn::ORDINARY, "caused by the look");
        assert_eq!(queue.pop(), Some((at, "caused by the look")));
    }
}
