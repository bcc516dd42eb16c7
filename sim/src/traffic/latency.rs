//! How long requests take over a run: what each of them waits and is served, from the load that it meets.

use std::cmp::Ordering;
use std::iter::successors;

use super::queueing::{Station, Wait};
use crate::engine::dist::Dist;

/// Buckets of 0.5 % of utilization below 99.5 %.
const EVEN: usize = 199;
/// The rest in buckets that halve what is idle, as the wait doubles with each; the last one ends at the largest number
/// below 1.
const HALVING: usize = 46;
/// What is idle where the even buckets end.
const LAST_EVEN_IDLE: f64 = 0.005;
/// A service time without a closed form is cut into segments, each of this share up to its upper quartile.
const SEGMENT: f64 = 1.0 / 64.0;
/// From the upper quartile on each segment leaves this share of what the one before it left, so that the tail has its
/// percentiles.
const TAIL: f64 = 0.8;
/// What the last of these segments may leave out.
const LEFT_OUT: f64 = 1e-6;
/// As many measured spans are segments of their own.
const MEASURED: usize = 64;

/// How long requests take over a run, as a mixture: each amount of requests meets a station at some utilization.
#[derive(Clone, Debug, PartialEq)]
pub struct Latency {
    buckets: Vec<Bucket>,
    saturated: f64,
}

/// A quantile of the time that requests take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quantile {
    /// There are no requests.
    None,
    /// So many seconds.
    Seconds(f64),
    /// It is among the requests that arrived at a backlog.
    Saturated,
}

/// The time from a request's arrival to its end: its wait at the station, and its service.
#[derive(Clone, Debug, PartialEq)]
pub struct ResponseTime {
    station: Station,
    service: Service,
    service_mean_s: f64,
}

/// Requests that met nearly the same utilization.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Bucket {
    /// How many.
    weight: f64,
    /// The sum of weight times what was idle: where little is idle, utilization itself has no digits left to say so.
    idle: f64,
}

/// The time that service takes, in a form whose sum with an exponential time is known.
#[derive(Clone, Debug, PartialEq)]
enum Service {
    /// Exponential with this rate per second.
    Exponential(f64),
    /// Uniform in each of some segments, which are in order and do not overlap.
    Segments(Vec<Segment>),
}

/// A share of service times that is uniform from `low` to `high` seconds, or one value where these are equal.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Segment {
    share: f64,
    low: f64,
    high: f64,
    /// The shares of the segments after it.
    after: f64,
}

/// The requests of one bucket, made ready for many looks at their tail.
struct Part {
    weight: f64,
    wait: Wait,
    /// Where service is in segments: for each, the mean of exp(-rate (high - S)) over the service times S up to its end,
    /// times their share.
    decayed: Vec<f64>,
}

impl Latency {
    /// No requests yet.
    pub fn new() -> Self {
        Self { buckets: vec![Bucket::default(); EVEN + HALVING], saturated: 0.0 }
    }

    /// Adds `weight` requests (0 or more) that arrive at a station at a utilization from 0 to below 1. At 1 and above they
    /// count as saturated.
    pub fn stable(&mut self, weight: f64, utilization: f64) {
        let idle = 1.0 - utilization;
        if idle > 0.0 {
            let bucket = &mut self.buckets[bucket_of(idle)];
            bucket.weight += weight;
            bucket.idle += weight * idle;
        } else {
            self.saturated(weight);
        }
    }

    /// Adds `weight` requests (0 or more) that arrive while a backlog stands. They count as longer than all others.
    pub fn saturated(&mut self, weight: f64) {
        self.saturated += weight;
    }

    /// The time that a share `q` of the requests does not exceed.
    ///
    /// # Panics
    /// When `q` is not from 0 to below 1.
    pub fn quantile(&self, q: f64, of: &ResponseTime) -> Quantile {
        assert!((0.0..1.0).contains(&q), "a quantile is from 0 to below 1");
        let all = self.saturated + self.filled().map(|bucket| bucket.weight).sum::<f64>();
        if all <= 0.0 {
            return Quantile::None;
        }
        let longer = (1.0 - q) * all - self.saturated;
        // A stable request may take any time, so the saturated ones must be truly fewer than what may be longer.
        if self.saturated > 0.0 && longer <= 1e-12 * all {
            return Quantile::Saturated;
        }
        let parts: Vec<Part> = self.filled().map(|bucket| of.part(*bucket)).collect();
        if of.beyond(&parts, 0.0) <= longer {
            return Quantile::Seconds(0.0);
        }
        let (mut low, mut high) = (0.0, of.station.mean_s + of.service_mean_s);
        while of.beyond(&parts, high) > longer {
            (low, high) = (high, 2.0 * high);
        }
        while high - low > 1e-9 * high {
            let middle = f64::midpoint(low, high);
            if of.beyond(&parts, middle) > longer {
                low = middle;
            } else {
                high = middle;
            }
        }
        Quantile::Seconds(high)
    }

    /// The mean time of all requests, in seconds. `None` where there are none, and where any arrived at a backlog: what they
    /// take is not known here.
    pub fn mean_s(&self, of: &ResponseTime) -> Option<f64> {
        let stable: f64 = self.filled().map(|bucket| bucket.weight).sum();
        let wait: f64 =
            self.filled().map(|bucket| bucket.weight * of.station.wait_at_idle(bucket.mean_idle()).mean_s()).sum();
        (stable > 0.0 && self.saturated <= 0.0).then(|| of.service_mean_s + wait / stable)
    }

    fn filled(&self) -> impl Iterator<Item = &Bucket> {
        self.buckets.iter().filter(|bucket| bucket.weight > 0.0)
    }
}

impl Quantile {
    /// Which is longer: a saturated one is longer than any time, and any time than none.
    pub fn compare(self, other: Self) -> Ordering {
        let rank = |quantile| match quantile {
            Self::None => (0, 0.0),
            Self::Seconds(s) => (1, s),
            Self::Saturated => (2, 0.0),
        };
        let ((kind, s), (other_kind, other_s)) = (rank(self), rank(other));
        kind.cmp(&other_kind).then(s.total_cmp(&other_s))
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self::new()
    }
}

impl Bucket {
    fn mean_idle(self) -> f64 {
        self.idle / self.weight
    }
}

#[expect(clippy::cast_sign_loss, reason = "a utilization is 0 or more")]
fn bucket_of(idle: f64) -> usize {
    if idle > LAST_EVEN_IDLE {
        return (((1.0 - idle) / LAST_EVEN_IDLE) as usize).min(EVEN - 1);
    }
    let (mut bucket, mut twice) = (EVEN, 2.0 * idle);
    while twice <= LAST_EVEN_IDLE && bucket < EVEN + HALVING - 1 {
        bucket += 1;
        twice *= 2.0;
    }
    bucket
}

impl ResponseTime {
    /// Requests wait at `station`, and are then served for a time of `service`. The station says how fast requests get
    /// through, which need not be how long each of them is there.
    ///
    /// Fixed, exponential and uniform times are taken as they are, and so are up to 64 measured ones. A log-normal time, and
    /// more measured ones, are cut into segments that are fine where they are likely and in the upper tail: its quantiles
    /// from the 5th to the 99.9th percentile are within half a percent up to a sigma of 1.5, within 2 % up to 3.
    pub fn new(station: Station, service: &Dist) -> Self {
        let service_mean_s = service.mean_s();
        let form = match service {
            Dist::Exponential { mean } if !mean.is_zero() => Service::Exponential(1.0 / mean.as_secs_f64()),
            _ => Service::Segments(segments(service)),
        };
        Self { station, service: form, service_mean_s }
    }

    fn part(&self, bucket: Bucket) -> Part {
        let wait = self.station.wait_at_idle(bucket.mean_idle());
        let decayed = match &self.service {
            Service::Segments(segments) if wait.likely > 0.0 => decayed(segments, wait.rate_per_s),
            _ => Vec::new(),
        };
        Part { weight: bucket.weight, wait, decayed }
    }

    /// How many of the requests take longer than `t` seconds: served longer than that, or waiting what their service leaves
    /// of it. With an exponential wait of rate w, where there is any, the latter is its likelihood times the mean of
    /// exp(-w (t - S)) over the service times S up to t.
    fn beyond(&self, parts: &[Part], t: f64) -> f64 {
        match &self.service {
            Service::Exponential(rate) => {
                let served_longer = libm::exp(-rate * t);
                let waiting = |wait: Wait| {
                    // The integral is that of the sum of two exponential times, in a form in which equal rates are no
                    // exception and nothing cancels.
                    let (slow, apart) = (wait.rate_per_s.min(*rate), (wait.rate_per_s - rate).abs());
                    rate * t * libm::exp(-slow * t) * mean_decay(apart * t)
                };
                total(parts, served_longer, |part| waiting(part.wait))
            }
            Service::Segments(segments) => {
                let done = segments.partition_point(|segment| segment.high <= t);
                let last_end = done.checked_sub(1).map_or(0.0, |last| segments[last].high);
                let begun = segments.get(done).filter(|segment| segment.low < t);
                let served =
                    begun.map_or(0.0, |segment| segment.share * (t - segment.low) / (segment.high - segment.low));
                let served_longer = segments.get(done).map_or(0.0, |segment| segment.after + segment.share - served);
                let waiting = |part: &Part| {
                    let rate = part.wait.rate_per_s;
                    let of_whole =
                        done.checked_sub(1).map_or(0.0, |last| part.decayed[last] * libm::exp(-rate * (t - last_end)));
                    of_whole + begun.map_or(0.0, |segment| served * mean_decay(rate * (t - segment.low)))
                };
                total(parts, served_longer, waiting)
            }
        }
    }
}

/// The requests of all parts that are served longer, or wait where they do wait.
fn total(parts: &[Part], served_longer: f64, waiting: impl Fn(&Part) -> f64) -> f64 {
    let one = |part: &Part| {
        let waits = if part.wait.likely > 0.0 { part.wait.likely * waiting(part) } else { 0.0 };
        part.weight * (served_longer + waits)
    };
    parts.iter().map(one).sum()
}

/// The mean of exp(-y) over y from 0 to `x`.
fn mean_decay(x: f64) -> f64 {
    if x > 0.0 { -libm::expm1(-x) / x } else { 1.0 }
}

fn decayed(segments: &[Segment], rate: f64) -> Vec<f64> {
    let (mut sum, mut end) = (0.0, 0.0);
    let next = |segment: &Segment| {
        let whole = segment.share * mean_decay(rate * (segment.high - segment.low));
        sum = sum * libm::exp(-rate * (segment.high - end)) + whole;
        end = segment.high;
        sum
    };
    segments.iter().map(next).collect()
}

fn segments(service: &Dist) -> Vec<Segment> {
    let shares_and_bounds: Vec<(f64, f64, f64)> = match service {
        Dist::Uniform { low, high } => vec![(1.0, low.as_secs_f64(), high.as_secs_f64())],
        Dist::Empirical(spans) if spans.len() <= MEASURED => {
            let mut spans: Vec<f64> = spans.iter().map(|span| span.as_secs_f64()).collect();
            spans.sort_by(f64::total_cmp);
            spans.iter().map(|span| (1.0 / spans.len() as f64, *span, *span)).collect()
        }
        Dist::LogNormal { .. } | Dist::Empirical(_) => {
            let even = (0..48).map(|i| f64::from(i) * SEGMENT);
            let tail = successors(Some(0.25), |left| Some(left * TAIL)).take_while(|left| *left > LEFT_OUT);
            let ends: Vec<(f64, f64)> =
                even.chain(tail.map(|left| 1.0 - left)).map(|p| (p, service.quantile_s(p))).collect();
            let between = ends.windows(2).map(|ends| (ends[1].0 - ends[0].0, ends[0].1, ends[1].1));
            between.collect()
        }
        Dist::Fixed(_) | Dist::Exponential { .. } => vec![(1.0, service.mean_s(), service.mean_s())],
    };
    // What is beyond the last segment is left out of all of them alike.
    let all: f64 = shares_and_bounds.iter().map(|(share, ..)| share).sum();
    let mut after = 0.0;
    let mut segments: Vec<Segment> = Vec::with_capacity(shares_and_bounds.len());
    for (share, low, high) in shares_and_bounds.into_iter().rev() {
        segments.push(Segment { share: share / all, low, high, after });
        after += share / all;
    }
    segments.reverse();
    segments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Duration;

    fn near(value: f64, expected: f64, relative: f64) -> bool {
        (value - expected).abs() <= relative * expected.abs()
    }

    /// A station whose servers take the times of a distribution.
    fn serving(servers: u32, service: &Dist) -> ResponseTime {
        ResponseTime::new(Station { servers, mean_s: service.mean_s(), scv: service.scv() }, service)
    }

    fn one(utilization: f64) -> Latency {
        let mut latency = Latency::new();
        latency.stable(1.0, utilization);
        latency
    }

    fn seconds(latency: &Latency, q: f64, of: &ResponseTime) -> f64 {
        match latency.quantile(q, of) {
            Quantile::Seconds(s) => s,
            other => panic!("{other:?}"),
        }
    }

    fn kinds() -> Vec<Dist> {
        let ms = Duration::from_millis;
        vec![
            Dist::Fixed(ms(200)),
            Dist::Uniform { low: ms(100), high: ms(700) },
            Dist::Exponential { mean: ms(400) },
            Dist::LogNormal { median: ms(300), sigma: 0.8 },
            Dist::Empirical(vec![ms(900), ms(100), ms(100), ms(200)]),
            Dist::Empirical((1..=1_000).map(ms).collect()),
        ]
    }

    /// The response time of M/M/1 is exponential with rate mu - lambda.
    #[test]
    fn one_exponential_server_has_an_exponential_response_time() {
        let of = serving(1, &Dist::Exponential { mean: Duration::from_millis(250) });
        for utilization in [0.0, 0.1, 0.5, 0.9, 0.999, 0.999_999] {
            for q in [0.5, 0.9, 0.99, 0.999] {
                let law = -libm::log1p(-q) / (4.0 * (1.0 - utilization));
                let found = seconds(&one(utilization), q, &of);
                assert!(near(found, law, 1e-6), "{utilization} {q}: {found} {law}");
            }
        }
    }

    /// Two servers at one half: a third of the requests waits, and its wait has the rate of the service, so that
    /// P(R > t) = exp(-t) (1 + t/3).
    #[test]
    fn equal_rates_of_wait_and_service_are_no_exception() {
        let of = serving(2, &Dist::Exponential { mean: Duration::from_secs(1) });
        for q in [0.5, 0.9, 0.99] {
            let t = seconds(&one(0.5), q, &of);
            assert!(near((-t).exp() * (1.0 + t / 3.0), 1.0 - q, 1e-6), "{q}: {t}");
        }
    }

    /// 0.8 of the requests wait, with rate 5 (1 - 0.8) 2 = 2 a second, before 200 ms of service.
    #[test]
    fn fixed_service_moves_the_wait() {
        let of = serving(1, &Dist::Fixed(Duration::from_millis(200)));
        for (q, wait) in [(0.1, 0.0), (0.5, (0.8_f64 / 0.5).ln() / 2.0), (0.99, (0.8_f64 / 0.01).ln() / 2.0)] {
            let found = seconds(&one(0.8), q, &of);
            assert!(near(found, 0.2 + wait, 1e-6), "{q}: {found}");
        }
    }

    #[test]
    fn without_a_wait_the_quantiles_are_those_of_the_service() {
        let median = Duration::from_millis(300);
        let wide = [(1.5, 0.005), (3.0, 0.02)].map(|(sigma, error)| (Dist::LogNormal { median, sigma }, error));
        for (service, error) in kinds().into_iter().map(|dist| (dist, 0.005)).chain(wide) {
            let of = serving(50, &service);
            for q in [0.05, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999] {
                let (found, law) = (seconds(&one(0.01), q, &of), service.quantile_s(q));
                assert!(near(found, law, error), "{service:?} {q}: {found} {law}");
            }
        }
    }

    /// The tail of the wait averaged over 20,000 quantiles of the service time, at what is said to be its quantile.
    #[test]
    fn a_quantile_leaves_as_many_requests_above_it_as_it_should() {
        for service in kinds() {
            let times: Vec<f64> = (0..20_000).map(|i| service.quantile_s((f64::from(i) + 0.5) / 20_000.0)).collect();
            // Many measured spans are put together, so one of the thousand may be on the other side.
            let one_span =
                if matches!(&service, Dist::Empirical(spans) if spans.len() > MEASURED) { 0.001 } else { 0.0 };
            for (servers, utilization) in [(1, 0.7), (1, 0.99), (8, 0.9), (400, 0.99)] {
                let of = serving(servers, &service);
                let wait = of.station.wait_at_idle(1.0 - utilization);
                let above = |t: f64| {
                    let tail = |s: &f64| if t < *s { 1.0 } else { wait.beyond(t - s) };
                    times.iter().map(tail).sum::<f64>() / times.len() as f64
                };
                for q in [0.5, 0.9, 0.99] {
                    let t = seconds(&one(utilization), q, &of);
                    let error = 0.01 * (1.0 - q) + one_span;
                    // Where times are single values, the share steps over what is asked.
                    let (before, after) = (above(t * (1.0 - 1e-6)), above(t * (1.0 + 1e-6)));
                    let fits = before >= 1.0 - q - error && after <= 1.0 - q + error;
                    assert!(fits, "{service:?} {servers} {utilization} {q}: {before} {after}");
                }
            }
        }
    }

    /// The number of requests at an M/M/c station, from the balance of its states.
    fn there(servers: u32, offered: f64) -> f64 {
        let (mut all, mut sum, mut state) = (1.0, 0.0, 1.0);
        for n in 1..20_000 {
            state *= offered / f64::from(n.min(servers));
            all += state;
            sum += f64::from(n) * state;
        }
        sum / all
    }

    /// Little's law: of loads that hold for some time each, the requests there, over time, are the arrivals times the mean
    /// time that they take.
    #[test]
    fn arrivals_times_their_mean_time_are_the_requests_there() {
        let mean_s = 0.5;
        for servers in [1, 3, 20] {
            let of = serving(servers, &Dist::Exponential { mean: Duration::from_secs_f64(mean_s) });
            let mut latency = Latency::new();
            let (mut arrivals, mut request_seconds) = (0.0, 0.0);
            for (span_s, utilization) in [(600.0, 0.2), (300.0, 0.7), (60.0, 0.95), (10.0, 0.996), (20.0, 0.0)] {
                let offered = utilization * f64::from(servers);
                latency.stable(offered / mean_s * span_s, utilization);
                arrivals += offered / mean_s * span_s;
                request_seconds += there(servers, offered) * span_s;
            }
            let mean = latency.mean_s(&of).unwrap();
            assert!(near(arrivals * mean, request_seconds, 1e-6), "{servers}: {mean}");
        }
    }

    #[test]
    fn the_mean_is_the_integral_of_the_quantiles() {
        for service in kinds() {
            let of = serving(3, &service);
            let mut latency = one(0.6);
            latency.stable(2.0, 0.85);
            let n = 2_000;
            let integral = (0..n).map(|i| seconds(&latency, (f64::from(i) + 0.5) / f64::from(n), &of)).sum::<f64>();
            let mean = latency.mean_s(&of).unwrap();
            assert!(near(integral / f64::from(n), mean, 0.005), "{service:?}: {} {mean}", integral / f64::from(n));
        }
    }

    #[test]
    fn requests_at_a_backlog_are_longer_than_all_others() {
        let of = serving(1, &Dist::Exponential { mean: Duration::from_secs(1) });
        let mut latency = Latency::new();
        assert_eq!(latency.quantile(0.5, &of), Quantile::None);
        assert_eq!(latency.mean_s(&of), None);
        latency.stable(95.0, 0.5);
        latency.saturated(4.0);
        latency.stable(1.0, 1.0);
        // Of 100 requests 5 are saturated, so the 90th is the 90th of the 95 others.
        let law = (95.0_f64 / 5.0).ln() / 0.5;
        assert!(near(seconds(&latency, 0.9, &of), law, 1e-6));
        assert_eq!(latency.quantile(0.95, &of), Quantile::Saturated);
        assert_eq!(latency.quantile(0.99, &of), Quantile::Saturated);
        assert_eq!(latency.mean_s(&of), None);
    }

    #[test]
    fn utilizations_near_one_are_kept_apart() {
        let of = serving(1, &Dist::Exponential { mean: Duration::from_secs(1) });
        let mut latency = Latency::new();
        let mut sum = 0.0;
        for utilization in [0.995, 0.999, 0.999_9, 0.999_99, 1.0 - f64::EPSILON / 2.0] {
            latency.stable(1.0, utilization);
            sum += 1.0 / (1.0 - utilization);
            assert!(near(latency.mean_s(&of).unwrap() * latency.filled().count() as f64, sum, 1e-6), "{utilization}");
        }
    }

    #[test]
    fn what_takes_no_time_takes_no_time() {
        let of = serving(2, &Dist::Exponential { mean: Duration::ZERO });
        assert_eq!(one(0.9).quantile(0.99, &of), Quantile::Seconds(0.0));
        assert_eq!(one(0.9).mean_s(&of), Some(0.0));
    }
}
