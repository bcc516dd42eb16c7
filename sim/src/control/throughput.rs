//! Throughput that pulls share: each has a limit of its own, those on one host may have one together, and those on all
//! hosts another. Whoever could use more never has less than another (max-min fair).

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::engine::fact::HostId;
use crate::engine::time::{Duration, Time};

/// Pulls that compete for something: those of one host, or those of all hosts where the registry has a limit.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    /// Bytes a second for all of them.
    registry: Option<u64>,
    hosts: BTreeMap<HostId, Flows>,
}

/// What the pulls on one host may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Bytes a second of each.
    pub each: u64,
    /// Bytes a second of all of them.
    pub together: Option<u64>,
}

/// The pulls on one host. They are alike, so each brings in as much as any other while both last.
#[derive(Debug)]
struct Flows {
    limits: Limits,
    /// Until when `brought` is counted.
    at: Time,
    /// What one that was always there would have brought in until then, in parts of a byte.
    brought: u128,
    rate: Rate,
    /// Each by what `brought` is when it ends, and its number on the host.
    ends: BTreeSet<(u128, u32)>,
}

/// Bytes a second as a fraction, so that no share is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rate {
    bytes: u64,
    of: u64,
}

/// Parts of a byte in which progress is counted: what rounding costs at a change is never as much as a millisecond's
/// bytes.
const PARTS: u128 = 1 << 20;

impl Pool {
    pub const fn new(registry: Option<u64>) -> Self {
        Self { registry, hosts: BTreeMap::new() }
    }

    /// A pull begins; it gets its share at the next [`share`](Self::share).
    pub fn begin(&mut self, host: HostId, limits: Limits, pull: u32, bytes: u64, now: Time) {
        let none = Flows { limits, at: now, brought: 0, rate: Rate { bytes: 0, of: 1 }, ends: BTreeSet::new() };
        let flows = self.hosts.entry(host).or_insert(none);
        flows.go_on(now);
        flows.ends.insert((flows.brought + u128::from(bytes) * PARTS, pull));
    }

    /// A host is gone, and its pulls with it.
    pub fn forget(&mut self, host: HostId) {
        self.hosts.remove(&host);
    }

    /// Time goes on to `now`: the pulls that have ended, by host and number.
    pub fn go_on(&mut self, now: Time) -> Vec<(HostId, u32)> {
        let mut ended = vec![];
        for (host, flows) in &mut self.hosts {
            flows.go_on(now);
            while let Some(&(end, pull)) = flows.ends.first()
                && flows.left_for(end).is_zero()
            {
                flows.ends.pop_first();
                ended.push((*host, pull));
            }
        }
        self.hosts.retain(|_, flows| !flows.ends.is_empty());
        ended
    }

    /// Gives each pull its share from now on. Returns when the first of them ends.
    pub fn share(&mut self, now: Time) -> Option<Time> {
        let mut flows: Vec<_> = self.hosts.values_mut().collect();
        for flows in &mut flows {
            flows.rate = flows.bound();
        }
        if let Some(registry) = self.registry {
            flows.sort_by(|a, b| a.rate.compare(b.rate));
            let (mut bytes, mut of) = (registry, flows.iter().map(|flows| flows.count()).sum());
            for flows in flows {
                let share = Rate { bytes, of };
                if flows.rate.compare(share).is_gt() {
                    // So is every one that follows, and they all have the same share.
                    flows.rate = share;
                } else {
                    // Whole bytes: a bound is a number of bytes, or that of all the flows here together.
                    bytes -= flows.rate.bytes * (flows.count() / flows.rate.of);
                    of -= flows.count();
                }
            }
        }
        let ends = self.hosts.values().filter_map(|flows| flows.ends.first().map(|(end, _)| flows.left_for(*end)));
        ends.min().map(|left| now + left)
    }
}

impl Flows {
    fn count(&self) -> u64 {
        self.ends.len() as u64
    }

    /// The most that each can have, whatever happens on other hosts.
    fn bound(&self) -> Rate {
        let each = Rate { bytes: self.limits.each, of: 1 };
        match self.limits.together.map(|together| Rate { bytes: together, of: self.count() }) {
            Some(share) if share.compare(each).is_lt() => share,
            _ => each,
        }
    }

    fn go_on(&mut self, now: Time) {
        let Rate { bytes, of } = self.rate;
        let ms = u128::from(now.since(self.at).as_millis());
        self.brought += u128::from(bytes) * ms * PARTS / (u128::from(of) * 1_000);
        self.at = now;
    }

    /// How long a pull takes that ends when so much is brought in, in whole milliseconds: the last one is not begun.
    fn left_for(&self, end: u128) -> Duration {
        let parts = end.saturating_sub(self.brought);
        if parts == 0 {
            return Duration::ZERO;
        }
        let Rate { bytes, of } = self.rate;
        // Nothing flows before the first share.
        let ms = (parts * u128::from(of) * 1_000).checked_div(u128::from(bytes) * PARTS).unwrap_or(u128::MAX);
        Duration::from_millis(u64::try_from(ms).unwrap_or(u64::MAX).min(u64::MAX / 4))
    }
}

impl Rate {
    fn compare(self, other: Self) -> Ordering {
        let cross = |a: Self, b: Self| u128::from(a.bytes) * u128::from(b.of);
        cross(self, other).cmp(&cross(other, self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::draws::mix;

    const ALONE: Limits = Limits { each: 1_000_000, together: None };

    /// Pulls that begin at times, each (ms, host, limits, bytes): when each ends, in ms.
    fn played(registry: Option<u64>, mut pulls: Vec<(u64, u32, Limits, u64)>) -> Vec<u64> {
        let mut pool = Pool::new(registry);
        let mut ends = vec![0; pulls.len()];
        pulls.sort_by_key(|pull| pull.0);
        let mut coming = pulls.into_iter().zip(0..).peekable();
        let mut next = None;
        loop {
            let begins = coming.peek().map(|((at, ..), _)| Time::from_millis(*at));
            let Some(now) = begins.into_iter().chain(next).min() else { return ends };
            while let Some(((_, host, limits, bytes), i)) =
                coming.next_if(|((at, ..), _)| Time::from_millis(*at) == now)
            {
                pool.begin(HostId(host), limits, i, bytes, now);
            }
            for (_, pull) in pool.go_on(now) {
                ends[pull as usize] = now.as_millis();
            }
            next = pool.share(now);
        }
    }

    #[test]
    fn one_alone_takes_what_its_size_takes() {
        for bytes in [1, 999, 1_000, 1_001, 24_000_001, 123_456_789_123] {
            let plain = bytes * 1_000 / ALONE.each;
            assert_eq!(played(None, vec![(7, 0, ALONE, bytes)]), [7 + plain]);
            assert_eq!(played(Some(u64::MAX), vec![(7, 0, ALONE, bytes)]), [7 + plain]);
        }
    }

    /// n pulls of S bytes that share B bytes a second end at n S / B: 3 x 7 MB at 1 MB/s take 21 s.
    #[test]
    fn equal_pulls_end_together() {
        for n in [1, 2, 3, 7, 11, 64] {
            let together = Limits { each: u64::MAX, together: Some(1_000_000) };
            let pulls = |limits| (0..n).map(|_| (0, 0, limits, 7_000_000)).collect();
            assert_eq!(played(None, pulls(together)), vec![u64::from(n) * 7_000; n as usize]);
            let alone = Limits { each: u64::MAX, together: None };
            let hosts = (0..n).map(|host| (0, host, alone, 7_000_000)).collect();
            assert_eq!(played(Some(1_000_000), hosts), vec![u64::from(n) * 7_000; n as usize]);
        }
    }

    /// 10 MB at 1 MB/s; another 10 MB come after 4 s. Both have half until the first one's last 6 MB are there, at 16
    /// s; the other has 4 MB left then.
    #[test]
    fn a_late_pull_has_half() {
        let together = Limits { each: u64::MAX, together: Some(1_000_000) };
        assert_eq!(
            played(None, vec![(0, 0, together, 10_000_000), (4_000, 0, together, 10_000_000)]),
            [16_000, 20_000]
        );
    }

    /// A registry with 9 MB/s. Host 0 has two pulls with 1 MB/s together, host 1 one of at most 2 MB/s, hosts 2 and 3
    /// one each of at most 10 MB/s: they have 0.5, 0.5, 2, 3 and 3 MB/s. When the last two have their 30 MB, at 10 s,
    /// nobody gains.
    #[test]
    fn what_some_cannot_use_the_others_share() {
        let limits = |each: u64, together: Option<u64>| Limits {
            each: each * 1_000_000,
            together: together.map(|bytes: u64| bytes * 1_000_000),
        };
        let ends = played(
            Some(9_000_000),
            vec![
                (0, 0, limits(5, Some(1)), 10_000_000),
                (0, 0, limits(5, Some(1)), 10_000_000),
                (0, 1, limits(2, Some(4)), 30_000_000),
                (0, 2, limits(10, None), 30_000_000),
                (0, 3, limits(10, None), 30_000_000),
            ],
        );
        assert_eq!(ends, [20_000, 20_000, 15_000, 10_000, 10_000]);
    }

    /// With arrivals at random, a limit that is never idle brings in what it can: the last pull ends when all the bytes
    /// have had time, but for a millisecond's bytes of each; and none ends before it could alone.
    #[test]
    fn no_byte_is_lost_and_none_made() {
        for seed in 0..2_000_u64 {
            let draw = |i: u64, most: u64| mix(mix(seed) ^ i) % most;
            let n = 1 + draw(0, 30);
            let together = Limits { each: 3_000_000, together: Some(1_000_000 + draw(1, 1_000_000)) };
            let hosts = if seed % 2 == 0 { 1 } else { 5 };
            let registry = (seed % 2 == 1).then_some(1_000_000);
            let rate = registry.or(together.together).unwrap_or(1);
            // The first keeps the limit busy while the others come.
            let pull =
                |i: u64| (draw(3 * i + 2, 10_000), draw(3 * i + 3, hosts) as u32, together, draw(3 * i + 4, 9_000_000));
            let pulls: Vec<_> = [(0, 0, together, 20_000_000)].into_iter().chain((0..n).map(pull)).collect();
            let bytes: u64 = pulls.iter().map(|pull| pull.3).sum();
            let mut in_order = pulls.clone();
            in_order.sort_by_key(|pull| pull.0);
            let ends = played(registry, pulls);
            let (last, exact) = (*ends.iter().max().unwrap(), bytes * 1_000 / rate);
            assert!(
                (exact.saturating_sub(n + 1)..=exact + 1).contains(&last),
                "seed {seed}: {last}, by formula {exact}"
            );
            for ((at, _, limits, bytes), end) in in_order.into_iter().zip(ends) {
                assert!(end >= at + bytes * 1_000 / limits.each, "seed {seed}");
            }
        }
    }

    /// A host that goes leaves its share to the others.
    #[test]
    fn what_goes_leaves_its_share() {
        let mut pool = Pool::new(Some(1_000_000));
        let alone = Limits { each: u64::MAX, together: None };
        for host in [0, 1] {
            pool.begin(HostId(host), alone, 0, 10_000_000, Time::ZERO);
        }
        assert_eq!(pool.share(Time::ZERO), Some(Time::from_millis(20_000)));
        let now = Time::from_millis(4_000);
        pool.forget(HostId(0));
        assert_eq!(pool.go_on(now), []);
        assert_eq!(pool.share(now), Some(Time::from_millis(12_000)));
    }
}
