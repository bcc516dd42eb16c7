//! Keyed draws: what is drawn depends on the seed and on what it is for, never on when it is asked for.
//!
//! Two variants of a scenario on one seed therefore meet the same slow host and the same slow start (common random
//! numbers), and a service on hosts of its own changes no draw of another.

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use super::dist::Dist;
use super::time::Duration;

/// All the randomness of one run.
#[derive(Clone, Copy, Debug)]
pub struct Draws {
    seed: u64,
}

/// What a draw is for. One entity has one draw in each stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Stream {
    /// From the push of a start to the agent's receipt.
    Push = 1,
    /// From the push of a stop to the agent's receipt.
    PushStop,
    /// Where in its interval an agent polls.
    PollPhase,
    /// Network interface or machine set-up before the pull.
    Provisioning,
    /// The registry round trip of an image that is there already.
    ImageCheck,
    /// From the container's creation to RUNNING.
    Startup,
    /// From RUNNING on the host to RUNNING in the control plane.
    Report,
    /// From SIGTERM to the exit, unless the stop timeout comes first.
    Exit,
    /// From the exit to STOPPED in the control plane.
    StopTail,
    /// From a deploy request to the service scheduler's first look.
    FirstReview,
    /// How far a tick is off its beat.
    TickJitter,
    /// Where in its interval the control plane asks for draining targets.
    TargetPollPhase,
    /// From a target's registration to the balancer's knowing it.
    Registration,
    /// Where in the interval the balancer's first check falls.
    CheckPhase,
    /// How long the last requests of a draining target take.
    InFlight,
    /// From a host's launch to its registration.
    Boot,
    /// Which of the hosts that fit, for the policies that draw one for each task.
    Lot,
    /// The order of the hosts that fit, for the policies that draw one for several tasks.
    Order,
    /// From RUNNING to in service where there is no load balancer.
    Health,
    /// From RUNNING to a check's verdict that a task is unwell.
    Unwell,
    /// How long a change of traffic takes.
    Shift,
    /// How long a rollout waits for somebody.
    Hold,
    /// Where in its period a group's scaler looks.
    ScalerPhase,
    /// From a host's registration to the provider's notice that it takes it away.
    Interruption,
    /// From the loss of a host to the control plane's knowing of it.
    LossDetection,
    /// Where in its period an agent looks for images to remove.
    CleanupPhase,
    /// How far the requests of an interval are off their mean.
    Noise,
    /// Where in its period a service's scaler looks.
    AutoscalerPhase,
    /// From a call that stops a task by hand to its deregistration.
    StopCall,
    /// From a task's leaving service to its users' sending it nothing any more.
    RotationEnd,
    /// From a check's verdict to the control plane's hearing of it.
    HealthReport,
}

/// The stable name of what a draw is for: built from names and ordinals, never from the order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entity(u64);

impl Draws {
    /// The draws of one seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The seed.
    pub const fn seed(self) -> u64 {
        self.seed
    }

    /// The generator of one draw.
    pub fn rng(self, stream: Stream, entity: Entity) -> Xoshiro256PlusPlus {
        Xoshiro256PlusPlus::seed_from_u64(mix(mix(self.seed ^ mix(stream as u64)) ^ entity.0))
    }

    /// A span from `dist`; costs nothing where the distribution is a plain value.
    pub fn span(self, dist: &Dist, stream: Stream, entity: Entity) -> Duration {
        match dist {
            Dist::Fixed(span) => *span,
            random => random.sample(&mut self.rng(stream, entity)),
        }
    }

    /// 64 even bits, for a choice among a few.
    pub fn bits(self, stream: Stream, entity: Entity) -> u64 {
        use rand::Rng;
        self.rng(stream, entity).next_u64()
    }
}

impl Entity {
    /// The entity with this name, by the FNV-1a hash of it.
    pub fn named(name: &str) -> Self {
        Self(
            name.bytes()
                .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)),
        )
    }

    /// The `ordinal`-th part of this entity.
    #[must_use]
    pub fn child(self, ordinal: u64) -> Self {
        Self(mix(self.0 ^ mix(ordinal)))
    }
}

/// The finisher of `SplitMix64` (Steele, Lea and Flood 2014): every input bit reaches every output bit.
pub(crate) const fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_depends_on_its_key_alone() {
        let dist = Dist::uniform_millis(0, 1_000_000);
        let web = Entity::named("web");
        let first = Draws::new(1).span(&dist, Stream::Startup, web.child(3));
        Draws::new(1).span(&dist, Stream::Exit, web);
        assert_eq!(first, Draws::new(1).span(&dist, Stream::Startup, web.child(3)));
        assert_ne!(first, Draws::new(2).span(&dist, Stream::Startup, web.child(3)), "another seed");
        assert_ne!(first, Draws::new(1).span(&dist, Stream::Exit, web.child(3)), "another stream");
        assert_ne!(first, Draws::new(1).span(&dist, Stream::Startup, web.child(4)), "another entity");
    }

    /// Neighbouring keys must not be alike: the correlation of 50,000 neighbours stays within five standard errors of 0.
    #[test]
    fn neighbouring_keys_are_independent() {
        let web = Entity::named("web");
        let unit = |i: u64| Draws::new(1).bits(Stream::Lot, web.child(i)) as f64 / u64::MAX as f64 - 0.5;
        let n = 50_000_u64;
        let correlation = (0..n).map(|i| unit(i) * unit(i + 1)).sum::<f64>() / n as f64 * 12.0;
        assert!(correlation.abs() < 5.0 / (n as f64).sqrt(), "{correlation}");
    }
}
