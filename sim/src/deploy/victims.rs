//! Which tasks to stop first, of those that are alike to a mover.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Which tasks go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VictimOrder {
    /// From the zone with most tasks of the service, then from the host with most (BC `UpdateService`); each choice counts
    /// for the next. Ties go to the lowest zone, then to the oldest task.
    Balanced,
    /// From the host with most tasks of the service, then the newest (K8S `ActivePodsWithRanks`).
    MostOnHost,
    /// The newest (Marathon's `YOUNGEST_FIRST`).
    Newest,
    /// The oldest.
    Oldest,
}

/// A task that may be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// Its number, in the order of creation.
    pub task: u32,
    /// Its host, an index into the counts by host.
    pub host: usize,
    /// Its zone, an index into the counts by zone.
    pub zone: usize,
}

/// Chooses `n` of the candidates, or all where they are fewer. The counts are the service's tasks by zone and by host.
pub fn choose(order: VictimOrder, n: u32, candidates: &[Candidate], by_zone: &[u32], by_host: &[u32]) -> Vec<u32> {
    match order {
        VictimOrder::Balanced => choose_balanced(n, candidates, by_zone, by_host),
        VictimOrder::MostOnHost => first(n, candidates, |c| Reverse((by_host[c.host], c.task))),
        VictimOrder::Newest => first(n, candidates, |c| Reverse(c.task)),
        VictimOrder::Oldest => first(n, candidates, |c| c.task),
    }
}

/// The first `n` by a key, in its order. The others are not sorted.
fn first<K: Ord>(n: u32, candidates: &[Candidate], key: impl Fn(&Candidate) -> K) -> Vec<u32> {
    let mut sorted = candidates.to_vec();
    let n = (n as usize).min(sorted.len());
    if n < sorted.len() {
        sorted.select_nth_unstable_by_key(n, &key);
        sorted.truncate(n);
    }
    sorted.sort_unstable_by_key(&key);
    sorted.into_iter().map(|candidate| candidate.task).collect()
}

fn choose_balanced(n: u32, candidates: &[Candidate], by_zone: &[u32], by_host: &[u32]) -> Vec<u32> {
    let mut zone_tasks = by_zone.to_vec();
    let mut host_tasks: Vec<u32> = by_host.to_vec();
    let mut zones: Vec<BinaryHeap<(u32, Reverse<Candidate>)>> = vec![BinaryHeap::new(); by_zone.len()];
    for &candidate in candidates {
        zones[candidate.zone].push((by_host[candidate.host], Reverse(candidate)));
    }
    let mut chosen = vec![];
    while chosen.len() < n as usize {
        let fullest =
            (0..zones.len()).filter(|&zone| !zones[zone].is_empty()).max_by_key(|&z| (zone_tasks[z], Reverse(z)));
        let Some(zone) = fullest else { break };
        let Some((counted, Reverse(candidate))) = zones[zone].pop() else { break };
        // Counts only fall, so an entry with an old count is put back lower and the top is found in the end.
        if counted > host_tasks[candidate.host] {
            zones[zone].push((host_tasks[candidate.host], Reverse(candidate)));
            continue;
        }
        zone_tasks[zone] -= 1;
        host_tasks[candidate.host] -= 1;
        chosen.push(candidate.task);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_fullest_zone_and_then_the_fullest_host_give_first() {
        // Zone 0: host 0 with tasks 1 and 2, host 1 with task 3. Zone 1: host 2 with tasks 4 and 5.
        let at = |task, host, zone| Candidate { task, host, zone };
        let candidates = [at(1, 0, 0), at(2, 0, 0), at(3, 1, 0), at(4, 2, 1), at(5, 2, 1)];
        // 3 against 2: host 0 gives 1. Then 2 against 2: zone 0, hosts 1 and 1: task 2. Then zone 1, twice host 2, ...
        assert_eq!(choose(VictimOrder::Balanced, 9, &candidates, &[3, 2], &[2, 1, 2]), [1, 2, 4, 3, 5]);
        assert_eq!(choose(VictimOrder::Balanced, 2, &candidates, &[3, 2], &[2, 1, 2]), [1, 2]);
        assert_eq!(choose(VictimOrder::MostOnHost, 9, &candidates, &[3, 2], &[2, 1, 2]), [5, 4, 2, 1, 3]);
        assert_eq!(choose(VictimOrder::Newest, 2, &candidates, &[3, 2], &[2, 1, 2]), [5, 4]);
        assert_eq!(choose(VictimOrder::Oldest, 2, &candidates, &[3, 2], &[2, 1, 2]), [1, 2]);
    }

    proptest! {
        /// The plain form beside it: look at every candidate for every choice.
        #[test]
        fn heaps_choose_what_a_scan_chooses(places in proptest::collection::vec((0..6_usize, 0..9_u32), 0..40), n in 0..50_u32) {
            let zone_of = |host: usize| host % 3;
            let mut candidates: Vec<_> = vec![];
            let (mut by_zone, mut by_host) = (vec![0; 3], vec![0; 6]);
            for (i, (host, others)) in places.iter().enumerate() {
                candidates.push(Candidate { task: i as u32, host: *host, zone: zone_of(*host) });
                // Tasks of the service that may not be stopped count as well.
                by_zone[zone_of(*host)] += 1 + others / 8;
                by_host[*host] += 1 + others / 8;
            }
            let chosen = choose(VictimOrder::Balanced, n, &candidates, &by_zone, &by_host);
            for task in chosen {
                let best = candidates.iter().max_by_key(|c| (by_zone[c.zone], Reverse(c.zone), by_host[c.host], Reverse(c.task)));
                let best = *best.unwrap();
                prop_assert_eq!(best.task, task);
                candidates.retain(|c| c.task != task);
                by_zone[best.zone] -= 1;
                by_host[best.host] -= 1;
            }
            prop_assert_eq!(candidates.len(), places.len().saturating_sub(n as usize));
        }
    }
}
