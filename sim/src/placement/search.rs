//! The search: which of the hosts that fit, by a policy's score. Written once for all policies.

use super::host_set::HostSet;
use super::index::{HostIndex, Look};
use super::shuffle::Shuffle;
use super::{Choice, HostView, Policy, Scene, Score, Shortage};
use crate::engine::fact::{GroupId, HostId};
use crate::model::{Demand, Resources};

/// What is to be placed, and what the service's tasks look like already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub demand: Demand,
    /// Tasks wanted of the service.
    pub desired: u32,
    /// The only group that will do.
    pub host_group: Option<GroupId>,
    /// By group, what a host offers to tasks when it is empty.
    pub capacities: &'a [Resources],
    /// By zone, tasks of the service.
    pub by_zone: &'a [u32],
    /// Tasks of the service that have been placed before.
    pub ordinal: u32,
    /// Even bits for a policy that draws.
    pub lot: u64,
}

/// The hosts that a task fits on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fitting<'a> {
    request: &'a Request<'a>,
    index: &'a HostIndex,
}

/// Hosts that are no better than a limit may be passed over this often for better ones (NOMAD `stack.go`, `maxSkip`).
const PASSED_OVER: usize = 3;

/// The host for one task, by a policy.
///
/// # Errors
/// When the task fits nowhere, what is short on how many hosts.
pub(crate) fn place(policy: Policy, request: &Request, index: &HostIndex) -> Result<HostId, Shortage> {
    let policy = policy.placement();
    let fitting = Fitting { request, index };
    let scene = Scene { demand: request.demand.resources, desired: request.desired, skew: policy.survey(&fitting) };
    let score = |host: &HostView| policy.score(host, &scene);
    let found = match policy.choice() {
        Choice::Best => fitting.best(score),
        Choice::AnyBest => fitting.any_best(score),
        Choice::BestOfFew { poor } => fitting.best_of_few(score, poor),
        Choice::NextOfFew { few, .. } => fitting.next_of_few(few),
    };
    found.ok_or_else(|| fitting.shortage())
}

/// Whether a task fits on one host of this look.
///
/// # Errors
/// When it does not, what is short.
pub(crate) fn fits_on_one(demand: &Demand, look: &Look) -> Result<(), Shortage> {
    match short(demand, look) {
        [false, false, false] => Ok(()),
        [cpu, memory, port] => Err(Shortage { hosts: 1, cpu: cpu.into(), memory: memory.into(), port: port.into() }),
    }
}

/// Whether hosts of a look are short of cpu, of memory, of the port.
fn short(demand: &Demand, look: &Look) -> [bool; 3] {
    let Resources { cpu, memory_mib } = demand.resources;
    [cpu > look.free.cpu, memory_mib > look.free.memory_mib, look.port_taken]
}

impl<'a> Fitting<'a> {
    /// The hosts, each group with what they all look like.
    pub fn hosts(self) -> impl Iterator<Item = (HostView, &'a HostSet)> + Clone {
        let fitting = self.usable().filter(move |(look, _)| short(&self.request.demand, look) == [false; 3]);
        fitting.map(move |(look, hosts)| (self.request.view(look), hosts))
    }

    fn best(self, score: impl Fn(&HostView) -> Score) -> Option<HostId> {
        let mut best = None;
        for (host, hosts) in self.hosts() {
            let candidate = (score(&host), hosts.nth(0).expect("no group is empty"));
            if best.is_none_or(|best| candidate < best) {
                best = Some(candidate);
            }
        }
        best.map(|(_, host)| host)
    }

    fn any_best(self, score: impl Fn(&HostView) -> Score) -> Option<HostId> {
        let scored = self.hosts().map(|(host, hosts)| (score(&host), hosts));
        let best = scored.clone().map(|(score, _)| score).min()?;
        let equals = scored.filter(|(score, _)| *score == best);
        let number: u32 = equals.clone().map(|(_, hosts)| hosts.len()).sum();
        nth(equals, (self.request.lot % u64::from(number)) as u32).map(|(_, host)| host)
    }

    /// What `LimitIterator` and `MaxScoreIterator` do (NOMAD `select.go`).
    fn best_of_few(self, score: impl Fn(&HostView) -> Score, poor: Score) -> Option<HostId> {
        let hosts: u32 = self.usable().map(|(_, hosts)| hosts.len()).sum();
        let few = hosts.next_power_of_two().trailing_zeros().max(2) as usize;
        let number = self.hosts().map(|(_, hosts)| hosts.len()).sum();
        let (mut taken, mut passed_over) = (vec![], vec![]);
        for place in Shuffle::new(self.request.lot, number) {
            let (host, id) = nth(self.hosts(), place)?;
            let candidate = (score(&host), id);
            if candidate.0 >= poor && passed_over.len() < PASSED_OVER {
                passed_over.push(candidate);
            } else {
                taken.push(candidate);
            }
            if taken.len() == few {
                break;
            }
        }
        let candidates = taken.into_iter().chain(passed_over).take(few);
        candidates.min_by_key(|(score, _)| *score).map(|(_, host)| host)
    }

    /// Hosts count by id, not by look: a task that is placed changes its host's look, and not the order.
    fn next_of_few(self, few: u32) -> Option<HostId> {
        let mut all = HostSet::default();
        for (_, hosts) in self.hosts() {
            all.insert_all(hosts);
        }
        let few = few.min(all.len());
        let turn = self.request.ordinal.checked_rem(few)?;
        Shuffle::new(self.request.lot, all.len()).nth(turn as usize).and_then(|place| all.nth(place))
    }

    fn usable(self) -> impl Iterator<Item = (&'a Look, &'a HostSet)> + Clone {
        self.index.groups().filter(move |(look, _)| self.request.host_group.is_none_or(|group| group == look.group))
    }

    fn shortage(self) -> Shortage {
        let mut shortage = Shortage::default();
        for (look, hosts) in self.usable() {
            let [cpu, memory, port] =
                short(&self.request.demand, look).map(|short| if short { hosts.len() } else { 0 });
            shortage.hosts += hosts.len();
            shortage.cpu += cpu;
            shortage.memory += memory;
            shortage.port += port;
        }
        shortage
    }
}

impl Request<'_> {
    /// What a policy sees of hosts of one look.
    fn view(&self, look: &Look) -> HostView {
        HostView {
            capacity: self.capacities[look.group.index()],
            free: look.free,
            zone: look.zone,
            tasks: look.tasks,
            zone_tasks: self.by_zone[usize::from(look.zone)],
            all_tasks: look.all_tasks,
        }
    }
}

/// The `n`-th host of groups, and what is known of its group.
fn nth<'a, T>(groups: impl Iterator<Item = (T, &'a HostSet)>, mut n: u32) -> Option<(T, HostId)> {
    for (known, hosts) in groups {
        if n < hosts.len() {
            return hosts.nth(n).map(|host| (known, host));
        }
        n -= hosts.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::draws::mix;
    use crate::placement::ALL;
    use crate::placement::kubernetes::Skew;

    const CAPACITIES: [Resources; 2] =
        [Resources { cpu: 1_000, memory_mib: 1_000 }, Resources { cpu: 500, memory_mib: 2_000 }];

    fn look(zone: u16, cpu: u32, memory_mib: u32, port_taken: bool, tasks: u32) -> Look {
        Look { group: GroupId(0), zone, free: Resources { cpu, memory_mib }, port_taken, tasks, all_tasks: 0 }
    }

    fn index(looks: &[Look]) -> HostIndex {
        let mut index = HostIndex::default();
        for (i, look) in looks.iter().enumerate() {
            index.insert(look, HostId(i as u32));
        }
        index
    }

    fn request(by_zone: &[u32]) -> Request<'_> {
        let demand = Demand { resources: Resources { cpu: 100, memory_mib: 100 }, host_port: Some(80) };
        Request { demand, desired: 4, host_group: None, capacities: &CAPACITIES, by_zone, ordinal: 0, lot: 0 }
    }

    /// The hosts that fit are 1, 2, 3 and 5. To Kubernetes their crowds are 12, 11, 11 and 9 (ln 6 a task on the host, ln 4
    /// a task in the zone, and 6), which is 75, 83, 83 and 100 points, twice; 40, 80, 10 and 30 % stay free; all are
    /// balanced. Host 2 has 166 + 80 + 100 points, host 5 200 + 30 + 100.
    #[test]
    fn each_policy_has_its_own_favourite() {
        let hosts = index(&[
            look(0, 50, 900, false, 0),
            Look { all_tasks: 2, ..look(0, 500, 500, false, 2) },
            Look { all_tasks: 5, ..look(1, 900, 900, false, 1) },
            Look { all_tasks: 1, ..look(1, 200, 200, false, 1) },
            look(1, 300, 300, true, 0),
            Look { all_tasks: 6, ..look(1, 400, 400, false, 0) },
        ]);
        let by_zone = [2, 2];
        let table = [
            (Policy::FirstFit, 1),
            (Policy::Binpack, 3),
            (Policy::Spread, 5),
            (Policy::LeastTasks, 3),
            (Policy::Swarm, 5),
            (Policy::Kubernetes, 2),
        ];
        for (policy, host) in table {
            assert_eq!(place(policy, &request(&by_zone), &hosts), Ok(HostId(host)), "{policy:?}");
        }
        assert_eq!(place(Policy::Spread, &request(&[2, 3]), &hosts), Ok(HostId(1)), "zones come before hosts");
        let drawn: Vec<_> =
            (0..4).map(|lot| place(Policy::Random, &Request { lot, ..request(&by_zone) }, &hosts)).collect();
        let mut hosts: Vec<_> = drawn.into_iter().map(Result::unwrap).collect();
        hosts.sort();
        assert_eq!(hosts, [1, 2, 3, 5].map(HostId), "four lots reach the four hosts that fit");
    }

    #[test]
    fn a_task_that_fits_nowhere_says_what_is_short() {
        let hosts = index(&[look(0, 50, 50, false, 1), look(0, 900, 50, false, 0), look(0, 900, 900, true, 0)]);
        for (name, policy) in ALL {
            let shortage = place(policy, &request(&[0]), &hosts).unwrap_err();
            assert_eq!(shortage, Shortage { hosts: 3, cpu: 1, memory: 2, port: 1 }, "{name}");
            assert_eq!(
                shortage.to_string(),
                "a port already in use on 1 of 3 hosts, memory on 2 of 3 hosts, cpu on 1 of 3 hosts"
            );
            assert_eq!(
                place(policy, &request(&[0]), &index(&[])).unwrap_err().to_string(),
                "there is no host to run on"
            );
        }
    }

    /// How often each of 12 hosts is taken by tasks whose lots are even; every third has no room. Two looks, one zone each.
    fn taken(policy: Policy, ordinal: u32) -> Vec<u32> {
        let hosts: Vec<_> =
            (0..12).map(|i| look(u16::from(i % 2 == 0), if i % 3 == 0 { 0 } else { 500 }, 500, false, 0)).collect();
        let (hosts, mut taken) = (index(&hosts), vec![0; 12]);
        for lot in (0..16_000).map(mix) {
            let host = place(policy, &Request { ordinal, lot, ..request(&[0, 0]) }, &hosts).unwrap();
            taken[host.index()] += 1;
        }
        taken
    }

    /// Chi-squared with 7 degrees of freedom: above 32 once in 25,000 times.
    #[test]
    fn hosts_that_are_equal_are_equally_likely() {
        let random = [Policy::Random, Policy::Kubernetes, Policy::Nomad, Policy::Swarm, Policy::RandomOffers];
        for (policy, ordinal) in random.into_iter().zip([0, 0, 0, 0, 13]) {
            let taken = taken(policy, ordinal);
            assert!(taken.iter().step_by(3).all(|&n| n == 0), "{policy:?} takes hosts without room: {taken:?}");
            let fitting = taken.iter().enumerate().filter(|(i, _)| i % 3 != 0);
            let chi: f64 = fitting.map(|(_, &n)| (f64::from(n) - 2_000.0).powi(2) / 2_000.0).sum();
            assert!(chi < 32.0, "{policy:?}: {chi}: {taken:?}");
        }
    }

    /// How often each of some hosts is taken that differ in their free memory alone, the fullest first.
    fn taken_by_nomad(hosts: u32, lots: u64) -> Vec<i32> {
        let looks: Vec<_> = (0..hosts).map(|i| look(0, 500, 200 + 50 * i, false, 0)).collect();
        let (index, mut taken) = (index(&looks), vec![0; looks.len()]);
        for lot in (0..lots).map(mix) {
            let host = place(Policy::Nomad, &Request { lot, ..request(&[0]) }, &index).unwrap();
            taken[host.index()] += 1;
        }
        taken
    }

    /// Of 16 hosts Nomad looks at 4. The fullest is in a quarter of the samples; the thirteenth is the fullest of one sample
    /// in 1,820, and those after it of none, because the 4 are different hosts. Of 4 hosts it looks at 2: the fullest is
    /// taken in a half, the next in two sixths, the third in one. The tolerance is five standard deviations.
    #[test]
    fn nomad_takes_the_fullest_of_a_few() {
        let taken = taken_by_nomad(16, 18_200);
        assert!((taken[0] - 4_550).abs() < 5 * 59 && (taken[12] - 10).abs() < 5 * 4, "{taken:?}");
        assert_eq!(taken[13..], [0; 3], "{taken:?}");
        let taken = taken_by_nomad(4, 6_000);
        let expected = [3_000, 2_000, 1_000];
        assert!(taken.iter().zip(expected).all(|(n, expected)| (n - expected).abs() < 5 * 39), "{taken:?}");
        assert_eq!(taken[3], 0, "{taken:?}");
    }

    /// Hosts 0 and 1 hold four tasks of four: poor, but fuller than the others. Of four hosts Nomad looks at two, so it
    /// passes both over, if need be, and never takes them while the others have room.
    #[test]
    fn nomad_passes_poor_hosts_over() {
        let poor = look(0, 200, 200, false, 4);
        let hosts = index(&[poor, poor, look(0, 900, 900, false, 0), look(0, 900, 900, false, 0)]);
        for lot in (0..1_000).map(mix) {
            let host = place(Policy::Nomad, &Request { lot, ..request(&[8]) }, &hosts).unwrap();
            assert!(host.index() > 1);
        }
        assert!(place(Policy::Nomad, &request(&[8]), &index(&[poor, poor])).is_ok(), "poor hosts are better than none");
    }

    /// The first 40 tasks share an order of hosts: of twenty, eight take five tasks each, and the next 40 go elsewhere.
    /// What a task changes on its host does not change the order.
    #[test]
    fn eight_offers_take_five_tasks_each() {
        let mut looks = vec![look(0, 900, 900, false, 0); 20];
        for lot in (0..100).map(mix) {
            for ordinal in 0..40 {
                let hosts = index(&looks);
                let host = place(Policy::RandomOffers, &Request { ordinal, lot, ..request(&[0]) }, &hosts).unwrap();
                looks[host.index()].tasks += 1;
                looks[host.index()].free.cpu -= 1;
            }
            let mut tasks: Vec<_> = looks.iter().map(|look| look.tasks).filter(|tasks| *tasks > 0).collect();
            tasks.sort_unstable();
            assert_eq!(tasks, [5; 8]);
            looks.fill(look(0, 900, 900, false, 0));
        }
    }

    /// Every host that fits with its look, in the order of looks.
    fn scan(request: &Request, looks: &[Look]) -> Vec<(Look, HostId)> {
        let fits = |look: &Look| {
            look.free.minus(request.demand.resources).is_some()
                && !look.port_taken
                && request.host_group.is_none_or(|group| look.group == group)
        };
        let mut fitting: Vec<_> = looks.iter().copied().zip((0..).map(HostId)).filter(|(look, _)| fits(look)).collect();
        fitting.sort();
        fitting
    }

    /// The plain form of the search: every host by itself.
    fn plain(policy: Policy, request: &Request, looks: &[Look]) -> Option<HostId> {
        let mut fitting = scan(request, looks);
        let policy = policy.placement();
        let views: Vec<_> = fitting.iter().map(|(look, _)| request.view(look)).collect();
        let skew = Skew::of(&views.iter().map(|view| (*view, 1)));
        let scene = Scene { demand: request.demand.resources, desired: request.desired, skew };
        let scored: Vec<_> =
            views.iter().zip(&fitting).map(|(view, (_, id))| (policy.score(view, &scene), *id)).collect();
        let best = *scored.iter().min()?;
        let shuffled: Vec<_> = Shuffle::new(request.lot, scored.len() as u32).map(|i| scored[i as usize]).collect();
        match policy.choice() {
            Choice::Best => Some(best.1),
            Choice::AnyBest => {
                let equals: Vec<_> = scored.iter().filter(|(score, _)| *score == best.0).collect();
                Some(equals[(request.lot % equals.len() as u64) as usize].1)
            }
            Choice::BestOfFew { poor } => {
                let usable = looks.iter().filter(|look| request.host_group.is_none_or(|group| look.group == group));
                let usable = usable.count();
                let few = (2..32).find(|few| 1 << few >= usable).unwrap();
                let mut poor_left = 3;
                let (passed, taken): (Vec<_>, Vec<_>) = shuffled.into_iter().partition(|(score, _)| {
                    let passed = *score >= poor && poor_left > 0;
                    poor_left -= u32::from(passed);
                    passed
                });
                taken.into_iter().chain(passed).take(few).min_by_key(|(score, _)| *score).map(|(_, id)| id)
            }
            Choice::NextOfFew { few, .. } => {
                fitting.sort_by_key(|(_, id)| *id);
                let order: Vec<_> = Shuffle::new(request.lot, fitting.len() as u32).take(few as usize).collect();
                Some(fitting[order[request.ordinal as usize % order.len()] as usize].1)
            }
        }
    }

    proptest! {
        #[test]
        fn groups_find_what_a_scan_finds(
            looks in proptest::collection::vec(
                (0..2_u32, 0..3_u16, 0..5_u32, 0..4_u32, prop::bool::weighted(0.2), 0..5_u32, 0..3_u32),
                0..60,
            ),
            by_zone in proptest::array::uniform3(0..9_u32),
            only in proptest::option::of((0..2_u32).prop_map(GroupId)),
            (ordinal, lot) in (0..100_u32, any::<u64>()),
        ) {
            let looks: Vec<_> = looks
                .into_iter()
                .map(|(group, z, c, m, p, t, a)| Look {
                    group: GroupId(group),
                    all_tasks: t + a,
                    ..look(z, c * 100, m * 100, p, t)
                })
                .collect();
            let request = Request { host_group: only, ordinal, lot, ..request(&by_zone) };
            for (name, policy) in ALL {
                let found = place(policy, &request, &index(&looks)).ok();
                prop_assert_eq!(found, plain(policy, &request, &looks), "{}", name);
            }
        }
    }
}
