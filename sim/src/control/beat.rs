//! A loop's beat: when it looks, without simulating the looks that find nothing.

use crate::engine::dist::Dist;
use crate::engine::draws::{Draws, Entity, Stream};
use crate::engine::time::{Duration, Time};

/// Instants `anchor + k * period`, each but the first off by up to `jitter` either way.
#[derive(Clone, Copy, Debug)]
pub struct Beat {
    anchor: Time,
    period: Duration,
    jitter: Duration,
    entity: Entity,
    /// The look found last, and the time from which it was the first: most questions come before it.
    found: (Time, Time),
}

impl Beat {
    /// A beat from `anchor` on; `jitter` is below half a period. A period of zero is a loop that always looks.
    pub const fn new(anchor: Time, period: Duration, jitter: Duration, entity: Entity) -> Self {
        Self { anchor, period, jitter, entity, found: (anchor, anchor) }
    }

    /// The first look at `time` or later.
    pub fn next(&mut self, time: Time, draws: Draws) -> Time {
        if time <= self.anchor {
            return self.anchor;
        }
        if self.period.is_zero() {
            return time;
        }
        if (self.found.0..=self.found.1).contains(&time) {
            return self.found.1;
        }
        let beats = time.since(self.anchor).as_millis() / self.period.as_millis();
        // The jitter is below half a period: of these looks the last is certain to come.
        let looks = (beats..=beats + 2).map(|k| self.look(k, draws));
        let next = looks.into_iter().find(|&at| at >= time).expect("two periods on there is a look");
        self.found = (time, next);
        next
    }

    fn look(&self, k: u64, draws: Draws) -> Time {
        let beat = self.anchor + self.period * k;
        if k == 0 || self.jitter.is_zero() {
            return beat;
        }
        let off = Dist::Uniform { low: Duration::ZERO, high: self.jitter * 2 };
        beat + draws.span(&off, Stream::TickJitter, self.entity.child(k)) - self.jitter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Time {
        Time::from_millis(ms)
    }

    #[test]
    fn a_plain_beat_looks_at_multiples_of_its_period() {
        let mut beat = Beat::new(ms(3), Duration::from_millis(10), Duration::ZERO, Entity::named("web"));
        for (time, next) in [(0, 3), (3, 3), (4, 13), (13, 13), (14, 23), (1_000, 1_003)] {
            assert_eq!(beat.next(ms(time), Draws::new(1)), ms(next), "from {time}");
        }
    }

    #[test]
    fn a_beat_without_a_period_always_looks() {
        let mut beat = Beat::new(ms(3), Duration::ZERO, Duration::ZERO, Entity::named("web"));
        assert_eq!([beat.next(ms(0), Draws::new(1)), beat.next(ms(7), Draws::new(1))], [ms(3), ms(7)]);
    }

    /// The looks found one after another are the looks found from any time between them.
    #[test]
    fn jittered_looks_are_found_from_everywhere() {
        let draws = Draws::new(5);
        let mut beat = Beat::new(ms(50), Duration::from_millis(101), Duration::from_millis(40), Entity::named("web"));
        let mut looks = vec![];
        let mut time = ms(0);
        while looks.len() < 300 {
            time = beat.next(time, draws);
            looks.push(time);
            time = time + Duration::from_millis(1);
        }
        for (k, pair) in looks.windows(2).enumerate() {
            let gap = pair[1].since(pair[0]).as_millis();
            assert!((101 - 80..=101 + 80).contains(&gap), "gap {k} of {gap} ms");
            for from in pair[0].as_millis() + 1..=pair[1].as_millis() {
                assert_eq!(beat.next(ms(from), draws), pair[1]);
            }
        }
        assert!(looks[299] >= ms(50 + 299 * 101 - 40) && looks[299] <= ms(50 + 299 * 101 + 40), "none is left out");
    }
}
