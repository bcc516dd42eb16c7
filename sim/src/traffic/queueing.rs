//! Closed forms of queueing theory: who waits at servers in parallel, and for how long. Arrivals are Poisson.

/// Servers in parallel behind one queue, first come, first served.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Station {
    /// Requests that are served at once; at least 1.
    pub servers: u32,
    /// Mean time that one server takes for a request, in seconds.
    pub mean_s: f64,
    /// Squared coefficient of variation of that time: 0 where it is always the same, 1 where it is exponential.
    pub scv: f64,
}

/// How long requests wait at a station in its steady state: not at all, or for an exponential time.
///
/// The distribution is exact for exponential service times (M/M/c). For others its mean and the share that waits are
/// those that [`Station::mean_wait_s`] states, and the shape is an approximation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wait {
    /// The share of requests that wait at all, from 0 to 1.
    pub likely: f64,
    /// One over the mean time that those wait, per second; infinite where service takes no time.
    pub rate_per_s: f64,
}

impl Station {
    /// The share of its servers that are busy when so many requests a second arrive; from 1 on it is saturated.
    pub fn utilization(&self, rate_per_s: f64) -> f64 {
        rate_per_s * self.mean_s / f64::from(self.servers)
    }

    /// The mean time, in seconds, that requests wait before a server takes them: Erlang C times (1 + scv) / 2, over what
    /// the servers could do besides. `None` where the station is saturated: the wait then has no bound.
    ///
    /// Exact for one server (Pollaczek and Khinchine) and for exponential service times; otherwise the approximation of
    /// Lee and Longton, also known as Allen and Cunneen's.
    pub fn mean_wait_s(&self, rate_per_s: f64) -> Option<f64> {
        self.wait(rate_per_s).map(Wait::mean_s)
    }

    /// The time that requests wait before a server takes them. `None` where the station is saturated.
    pub fn wait(&self, rate_per_s: f64) -> Option<Wait> {
        let utilization = self.utilization(rate_per_s);
        (utilization < 1.0).then(|| self.wait_at_idle(1.0 - utilization))
    }

    /// The wait when this share of the servers is idle, above 0 up to 1. Near saturation the idle share is what matters, and
    /// one minus a utilization has lost its digits there.
    pub(super) fn wait_at_idle(&self, idle: f64) -> Wait {
        let servers = f64::from(self.servers);
        Wait {
            likely: if self.mean_s > 0.0 { erlang_c(self.servers, servers * (1.0 - idle)) } else { 0.0 },
            rate_per_s: servers * idle / self.mean_s * 2.0 / (1.0 + self.scv),
        }
    }
}

impl Wait {
    /// The mean over all requests, in seconds.
    pub fn mean_s(self) -> f64 {
        self.likely / self.rate_per_s
    }

    /// The share of requests that wait longer than `t_s` seconds.
    pub fn beyond(self, t_s: f64) -> f64 {
        // An infinite rate times zero would be undefined.
        if self.likely == 0.0 { 0.0 } else { self.likely * libm::exp(-self.rate_per_s * t_s) }
    }
}

/// The share of requests that find all servers busy where nobody waits (M/G/c/c), for `offered` mean service times of
/// arrivals in one mean service time, at least 0. Below 1e-15 it is 0.
pub fn erlang_b(servers: u32, offered: f64) -> f64 {
    // 1/B = 1 + c/a + c(c-1)/a^2 + ...: positive terms only, so that nothing cancels, and a million servers take
    // a few thousand terms at most.
    let mut inverse = 1.0;
    let mut term = 1.0;
    for left in (1..=servers).rev().map(f64::from) {
        term *= left / offered;
        inverse += term;
        if inverse > 1e15 {
            return 0.0;
        }
        // The ratio of terms only falls: from here on none is larger than this one.
        if left < offered && term * left < 1e-17 * inverse {
            break;
        }
    }
    1.0 / inverse
}

/// The share of requests that wait (M/M/c), for `offered` mean service times of arrivals in one mean service time, at least
/// 0. All of them where that is as much as the servers can do.
pub fn erlang_c(servers: u32, offered: f64) -> f64 {
    let all = f64::from(servers);
    if offered >= all {
        return 1.0;
    }
    let blocked = erlang_b(servers, offered);
    blocked / ((all - offered) / all + offered / all * blocked)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::Xoshiro256PlusPlus;
    use rand_distr::{Distribution, Exp1};

    use super::*;

    fn near(value: f64, expected: f64, relative: f64) -> bool {
        (value - expected).abs() <= relative * expected.abs()
    }

    #[test]
    fn erlang_b_has_the_values_of_the_tables() {
        for (servers, offered, blocked) in [(1, 1.0, 0.5), (5, 3.0, 0.110_054), (10, 8.0, 0.121_661)] {
            assert!(near(erlang_b(servers, offered), blocked, 1e-3), "{servers} {offered}");
        }
    }

    #[test]
    fn who_waits_and_how_long_has_the_values_of_the_tables() {
        let table = [
            (0.5, 1.0, 1, 0.5, 1.0),
            (0.9, 1.0, 1, 0.9, 9.0),
            (1.5, 1.0, 2, 0.642_857, 1.285_714),
            (4.0, 1.0, 5, 0.554_113, 0.554_113),
            (9.0, 1.0, 10, 0.668_732, 0.668_732),
            (80.0, 10.0, 10, 0.409_180, 0.020_459),
        ];
        for (rate, served_per_s, servers, waits, mean_wait) in table {
            let station = Station { servers, mean_s: 1.0 / served_per_s, scv: 1.0 };
            assert!(near(erlang_c(servers, rate / served_per_s), waits, 1e-3), "{rate} {servers}");
            assert!(near(station.mean_wait_s(rate).unwrap(), mean_wait, 1e-3), "{rate} {servers}");
            let wait = station.wait(rate).unwrap();
            assert!(near(wait.beyond(0.0), waits, 1e-3) && near(wait.mean_s(), mean_wait, 1e-3), "{rate} {servers}");
        }
    }

    #[test]
    fn service_that_always_takes_as_long_halves_the_wait() {
        for (utilization, service_times) in [(0.5, 0.5), (0.8, 2.0), (0.9, 4.5)] {
            let fixed = Station { servers: 1, mean_s: 0.2, scv: 0.0 };
            let exponential = Station { scv: 1.0, ..fixed };
            let rate = utilization / fixed.mean_s;
            let wait = fixed.mean_wait_s(rate).unwrap();
            assert!(near(wait, service_times * fixed.mean_s, 1e-9), "{utilization}: {wait}");
            assert!(near(wait * 2.0, exponential.mean_wait_s(rate).unwrap(), 1e-9), "{utilization}");
        }
    }

    #[test]
    fn at_the_ends_nobody_or_everybody_waits() {
        let station = Station { servers: 4, mean_s: 0.5, scv: 1.0 };
        assert_eq!(station.mean_wait_s(0.0), Some(0.0));
        assert_eq!(station.mean_wait_s(8.0), None);
        assert_eq!(station.mean_wait_s(9.0), None);
        let at_once = Station { mean_s: 0.0, ..station };
        assert_eq!(at_once.mean_wait_s(1e6), Some(0.0));
        assert_eq!(at_once.wait(1e6).map(|wait| wait.beyond(0.0)), Some(0.0));
        assert!(near(erlang_c(4, 4.0), 1.0, 0.0) && near(erlang_b(0, 3.0), 1.0, 0.0));
    }

    /// The textbook recursion: B(0) = 1, B(n) = a B(n-1) / (n + a B(n-1)).
    fn recursion(servers: u32, offered: f64) -> f64 {
        (1..=servers).map(f64::from).fold(1.0, |blocked, n| offered * blocked / (n + offered * blocked))
    }

    fn agrees(servers: u32, offered: f64) -> bool {
        let (series, textbook) = (erlang_b(servers, offered), recursion(servers, offered));
        near(series, textbook, 1e-9) || (series == 0.0 && textbook < 1.001e-15)
    }

    proptest! {
        #[test]
        fn erlang_b_is_the_textbook_recursion(servers in 0..3_000_u32, utilization in 0.0..3.0_f64) {
            let offered = utilization * f64::from(servers);
            prop_assert!(agrees(servers, offered), "{} {}", erlang_b(servers, offered), recursion(servers, offered));
        }
    }

    #[test]
    fn erlang_b_is_the_textbook_recursion_for_a_million_servers() {
        for utilization in [0.5, 0.95, 0.999, 0.999_99, 1.0, 1.000_01, 1.001, 1.5, 100.0] {
            assert!(agrees(1_000_000, utilization * 1e6), "{utilization}");
        }
    }

    /// The waits of `n` requests, by the recursion of Kiefer and Wolfowitz over the work that each server has left; with one
    /// server it is Lindley's.
    fn waits(servers: usize, rate: f64, n: usize, mut service: impl FnMut(&mut Xoshiro256PlusPlus) -> f64) -> Vec<f64> {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
        let mut work = vec![0.0_f64; servers];
        let next = |_| {
            let wait = work[0];
            work[0] += service(&mut rng);
            let gap: f64 = Exp1.sample(&mut rng);
            for left in &mut work {
                *left = (*left - gap / rate).max(0.0);
            }
            work.sort_by(f64::total_cmp);
            wait
        };
        (0..n).map(next).collect()
    }

    /// Asserts that the mean of the values is the expected one, within the 99.9 % confidence interval of 30 batch means,
    /// and that the interval is narrow enough to tell.
    fn assert_mean(values: impl Iterator<Item = f64>, expected: f64, what: &str) {
        let values: Vec<f64> = values.collect();
        let means = values.chunks(values.len() / 30).map(|batch| batch.iter().sum::<f64>() / batch.len() as f64);
        let means: Vec<f64> = means.collect();
        let mean = means.iter().sum::<f64>() / 30.0;
        let variance = means.iter().map(|batch| (batch - mean) * (batch - mean)).sum::<f64>() / 29.0;
        let half_width = 3.66 * (variance / 30.0).sqrt();
        assert!((mean - expected).abs() <= half_width, "{what}: {mean} +- {half_width}, expected {expected}");
        assert!(half_width < 0.1 * expected, "{what}: {mean} +- {half_width}");
    }

    #[test]
    fn requests_that_are_played_one_by_one_wait_as_the_formulas_say() {
        for (servers, rate, scv) in [(1, 0.8, 1.0), (4, 3.4, 1.0), (1, 0.8, 0.0)] {
            let service = |rng: &mut Xoshiro256PlusPlus| if scv == 0.0 { 1.0 } else { Exp1.sample(rng) };
            // The first tenth finds the station emptier than it is on average.
            let played = waits(servers as usize, rate, 660_000, service).split_off(60_000);
            let wait = Station { servers, mean_s: 1.0, scv }.wait(rate).unwrap();
            let what = format!("{servers} servers, scv {scv}");
            assert_mean(played.iter().copied(), wait.mean_s(), &what);
            assert_mean(played.iter().map(|w| f64::from(*w > 0.0)), wait.likely, &what);
            if scv > 0.0 {
                for t in [0.5, 2.0] {
                    assert_mean(played.iter().map(|w| f64::from(*w > t)), wait.beyond(t), &what);
                }
            }
        }
    }
}
