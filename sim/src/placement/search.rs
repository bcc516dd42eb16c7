//! The search: which of the hosts that fit, by a policy's score. Written once for all policies.

use super::host_set::HostSet;
use super::index::{HostIndex, Terms};
use super::shuffle::Shuffle;
use super::{Choice, HostView, Order, Scene, Score, Shortage};
use crate::engine::fact::HostId;
use crate::model::Class;

/// What is to be placed, and what the service's tasks look like already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub terms: &'a Terms,
    pub classes: &'a [Class],
    /// By zone, tasks of the service.
    pub by_zone: &'a [u32],
    /// By class, tasks of the service.
    pub by_class: &'a [u32],
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
pub(super) const PASSED_OVER: usize = 3;

/// How many hosts of so many are looked at: the logarithm to the base 2, but at least 2.
pub(super) fn a_few(hosts: u32) -> usize {
    hosts.next_power_of_two().trailing_zeros().max(2) as usize
}

/// The host for one task, by its service's policy.
///
/// # Errors
/// When the task fits nowhere, what is short on how many hosts. When a score cannot be worked out, on how many hosts.
pub(crate) fn place(request: &Request, index: &HostIndex) -> Result<HostId, Shortage> {
    let fitting = Fitting::new(request, index);
    let policy = &request.terms.policy;
    let found = match policy.choice() {
        Choice::NextOfFew { few, .. } => Ok(fitting.next_of_few(few.max(1))),
        choice => {
            let Terms { demand, desired, .. } = request.terms;
            let skew = policy.survey(&fitting);
            let scene = Scene { demand: demand.resources, desired: *desired, by_class: request.by_class, skew };
            let score = |host: &HostView| policy.score(host, &scene);
            match choice {
                Choice::Best => fitting.best(score),
                Choice::AnyBest => fitting.any_best(score),
                Choice::BestOfFew { poor } => fitting.best_of_few(score, poor),
                Choice::NextOfFew { .. } => unreachable!("it scores nothing"),
            }
        }
    };
    match found {
        Ok(Some(host)) => Ok(host),
        Ok(None) => Err(index.shortage()),
        Err(_) => {
            let shortage = index.shortage();
            Err(Shortage { undefined: shortage.undefined + index.fitting().len(), ..shortage })
        }
    }
}

impl<'a> Fitting<'a> {
    /// Those of an index.
    pub const fn new(request: &'a Request<'a>, index: &'a HostIndex) -> Self {
        Self { request, index }
    }

    /// The hosts, those together that are alike to the policy.
    pub fn hosts(self) -> impl Iterator<Item = (HostView, &'a HostSet)> + Clone {
        self.index.groups().map(move |(look, hosts)| (self.view(look), hosts))
    }

    /// The hosts among which the best ones are: where the order within a class stays, the first of each class.
    fn candidates(self) -> impl Iterator<Item = (HostView, &'a HostSet)> {
        let stays = self.request.terms.policy.order() == Order::WithinClassStays;
        let firsts = stays.then(|| self.index.classes().filter_map(|mut groups| groups.next()));
        let all = (!stays).then(|| self.index.groups());
        let candidates = firsts.into_iter().flatten().chain(all.into_iter().flatten());
        candidates.map(move |(look, hosts)| (self.view(look), hosts))
    }

    fn best<E>(self, score: impl Fn(&HostView) -> Result<Score, E>) -> Result<Option<HostId>, E> {
        let mut best = None;
        for (host, hosts) in self.candidates() {
            let candidate = (score(&host)?, hosts.first().expect("no set is empty"));
            if best.is_none_or(|best| candidate < best) {
                best = Some(candidate);
            }
        }
        Ok(best.map(|(_, host)| host))
    }

    fn any_best<E>(self, score: impl Fn(&HostView) -> Result<Score, E>) -> Result<Option<HostId>, E> {
        let mut best: (Score, Vec<&HostSet>) = ([u32::MAX; _], vec![]);
        for (host, hosts) in self.candidates() {
            let score = score(&host)?;
            if score < best.0 {
                best = (score, vec![]);
            }
            if score == best.0 {
                best.1.push(hosts);
            }
        }
        let number: u32 = best.1.iter().map(|hosts| hosts.len()).sum();
        let Some(mut place) = self.request.lot.checked_rem(number.into()).map(|place| place as u32) else {
            return Ok(None);
        };
        for hosts in best.1 {
            match hosts.nth(place) {
                None => place -= hosts.len(),
                found => return Ok(found),
            }
        }
        Ok(None)
    }

    /// What `LimitIterator` and `MaxScoreIterator` do (NOMAD `select.go`).
    fn best_of_few<E>(self, score: impl Fn(&HostView) -> Result<Score, E>, poor: Score) -> Result<Option<HostId>, E> {
        let few = a_few(self.index.shortage().hosts);
        let fitting = self.index.fitting();
        let (mut taken, mut passed_over) = (vec![], vec![]);
        for place in Shuffle::new(self.request.lot, fitting.len()) {
            let id = fitting.nth(place).expect("the shuffle is of as many");
            let look = self.index.look(id).expect("a host that fits has a look");
            let candidate = (score(&self.view(look))?, id);
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
        Ok(candidates.min_by_key(|(score, _)| *score).map(|(_, host)| host))
    }

    /// Hosts count by id, not by look: a task that is placed changes its host's look, and not the order.
    fn next_of_few(self, few: u32) -> Option<HostId> {
        let all = self.index.fitting();
        let turn = self.request.ordinal.checked_rem(few.min(all.len()))?;
        Shuffle::new(self.request.lot, all.len()).nth(turn as usize).and_then(|place| all.nth(place))
    }

    fn view(self, look: &super::index::Look) -> HostView {
        HostView::of(look, self.request.classes, self.request.by_zone)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::draws::mix;
    use crate::engine::fact::GroupId;
    use crate::model::{ClassId, Demand, Eligible, Resource, Resources};
    use crate::placement::index::Look;
    use crate::placement::scan::scan;
    use crate::placement::{ALL, Link, Placement, Policy, Spread};

    /// Zones 0 to 2 of one group, and of another with other hosts.
    const CLASSES: [Class; 6] = {
        const fn class(group: u32, zone: u16, capacity: Resources) -> Class {
            Class { group: GroupId(group), zone, capacity }
        }
        let (small, large) = (Resources::new(1_000, 1_000), Resources::new(500, 2_000));
        [
            class(0, 0, small),
            class(0, 1, small),
            class(0, 2, small),
            class(1, 0, large),
            class(1, 1, large),
            class(1, 2, large),
        ]
    };

    /// A host of the first group.
    fn look(zone: u16, cpu: u32, memory_mib: u32, port_taken: bool, tasks: u32) -> Look {
        Look { class: ClassId(zone), free: Resources::new(cpu, memory_mib), port_taken, tasks, all_tasks: 0 }
    }

    fn terms(policy: &Policy) -> Terms {
        let demand = Demand { resources: Resources::new(100, 100), host_port: Some(80), distinct_host: false };
        Terms { demand, eligible: Eligible::ANY, policy: policy.clone(), constraint: None, desired: 4 }
    }

    fn index(looks: &[Look], terms: &Terms) -> HostIndex {
        let mut index = HostIndex::default();
        for (i, look) in looks.iter().enumerate() {
            index.update(HostId(i as u32), Some(*look), terms, &CLASSES);
        }
        index
    }

    /// Where the `ordinal`-th task goes.
    fn placed(
        policy: &Policy,
        looks: &[Look],
        by_zone: &[u32],
        (ordinal, lot): (u32, u64),
    ) -> Result<HostId, Shortage> {
        let terms = terms(policy);
        let request = Request { terms: &terms, classes: &CLASSES, by_zone, by_class: by_zone, ordinal, lot };
        place(&request, &index(looks, &terms))
    }

    /// The hosts that fit are 1, 2, 3 and 5. To Kubernetes their crowds are 12, 11, 11 and 9 (ln 6 a task on the host, ln 4
    /// a task in the zone, and 6), which is 75, 83, 83 and 100 points, twice; 40, 80, 10 and 30 % stay free; all are
    /// balanced. Host 2 has 166 + 80 + 100 points, host 5 200 + 30 + 100.
    #[test]
    fn each_policy_has_its_own_favourite() {
        let hosts = [
            look(0, 50, 900, false, 0),
            Look { all_tasks: 2, ..look(0, 500, 500, false, 2) },
            Look { all_tasks: 5, ..look(1, 900, 900, false, 1) },
            Look { all_tasks: 1, ..look(1, 200, 200, false, 1) },
            look(1, 300, 300, true, 0),
            Look { all_tasks: 6, ..look(1, 400, 400, false, 0) },
        ];
        let by_zone = [2, 2];
        let table = [
            (Policy::FirstFit, 1),
            (Policy::Binpack, 3),
            (Policy::Spread, 5),
            (Policy::LeastTasks, 3),
            (Policy::Swarm, 5),
            (Policy::Kubernetes, 2),
            (Policy::Chain(vec![Link::Binpack(Resource::Cpu)]), 3),
            (Policy::Chain(vec![Link::WorstFit(Resource::Memory)]), 2),
            // Zones have as many tasks; of the hosts with fewest, 5, all have none.
            (Policy::Chain(vec![Link::Spread(Spread::Zone), Link::Spread(Spread::Host)]), 5),
            // The two zones are one rack: the least memory of all.
            (Policy::Chain(vec![Link::Spread(Spread::Attribute(vec![0; 6])), Link::Binpack(Resource::Memory)]), 3),
        ];
        for (policy, host) in table {
            assert_eq!(placed(&policy, &hosts, &by_zone, (0, 0)), Ok(HostId(host)), "{policy:?}");
        }
        assert_eq!(placed(&Policy::Spread, &hosts, &[2, 3], (0, 0)), Ok(HostId(1)), "zones come before hosts");
        let drawn: Vec<_> = (0..4).map(|lot| placed(&Policy::Random, &hosts, &by_zone, (0, lot))).collect();
        let mut hosts: Vec<_> = drawn.into_iter().map(Result::unwrap).collect();
        hosts.sort();
        assert_eq!(hosts, [1, 2, 3, 5].map(HostId), "four lots reach the four hosts that fit");
    }

    #[test]
    fn a_task_that_fits_nowhere_says_what_is_short() {
        let hosts = [look(0, 50, 50, false, 1), look(0, 900, 50, false, 0), look(0, 900, 900, true, 0)];
        for (name, policy) in ALL {
            let shortage = placed(&policy, &hosts, &[0], (0, 0)).unwrap_err();
            let expected = Shortage { hosts: 3, resources: [1, 2, 0, 0, 0], port: 1, ..Shortage::default() };
            assert_eq!(shortage, expected, "{name}");
            assert_eq!(
                shortage.to_string(),
                "a port already in use on 1 of 3 hosts, memory on 2 of 3 hosts, cpu on 1 of 3 hosts"
            );
            assert_eq!(placed(&policy, &[], &[0], (0, 0)).unwrap_err().to_string(), "there is no host to run on");
        }
    }

    /// How often each of 12 hosts is taken by tasks whose lots are even; every third has no room. Two looks, one zone each.
    fn taken(policy: &Policy, ordinal: u32) -> Vec<u32> {
        let hosts: Vec<_> =
            (0..12).map(|i| look(u16::from(i % 2 == 0), if i % 3 == 0 { 0 } else { 500 }, 500, false, 0)).collect();
        let mut taken = vec![0; 12];
        for lot in (0..16_000).map(mix) {
            let host = placed(policy, &hosts, &[0, 0], (ordinal, lot)).unwrap();
            taken[host.index()] += 1;
        }
        taken
    }

    /// Chi-squared with 7 degrees of freedom: above 32 once in 25,000 times.
    #[test]
    fn hosts_that_are_equal_are_equally_likely() {
        let random = [Policy::Random, Policy::Kubernetes, Policy::Nomad, Policy::Swarm, Policy::RandomOffers];
        for (policy, ordinal) in random.into_iter().zip([0, 0, 0, 0, 13]) {
            let taken = taken(&policy, ordinal);
            assert!(taken.iter().step_by(3).all(|&n| n == 0), "{policy:?} takes hosts without room: {taken:?}");
            let fitting = taken.iter().enumerate().filter(|(i, _)| i % 3 != 0);
            let chi: f64 = fitting.map(|(_, &n)| (f64::from(n) - 2_000.0).powi(2) / 2_000.0).sum();
            assert!(chi < 32.0, "{policy:?}: {chi}: {taken:?}");
        }
    }

    /// How often each of some hosts is taken that differ in their free memory alone, the fullest first.
    fn taken_by_nomad(hosts: u32, lots: u64) -> Vec<i32> {
        let looks: Vec<_> = (0..hosts).map(|i| look(0, 500, 200 + 50 * i, false, 0)).collect();
        let mut taken = vec![0; looks.len()];
        for lot in (0..lots).map(mix) {
            let host = placed(&Policy::Nomad, &looks, &[0], (0, lot)).unwrap();
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
        let hosts = [poor, poor, look(0, 900, 900, false, 0), look(0, 900, 900, false, 0)];
        for lot in (0..1_000).map(mix) {
            let host = placed(&Policy::Nomad, &hosts, &[8], (0, lot)).unwrap();
            assert!(host.index() > 1);
        }
        assert!(placed(&Policy::Nomad, &[poor, poor], &[8], (0, 0)).is_ok(), "poor hosts are better than none");
    }

    /// The first 40 tasks share an order of hosts: of twenty, eight take five tasks each, and the next 40 go elsewhere.
    /// What a task changes on its host does not change the order.
    #[test]
    fn eight_offers_take_five_tasks_each() {
        let mut looks = vec![look(0, 900, 900, false, 0); 20];
        for lot in (0..100).map(mix) {
            for ordinal in 0..40 {
                let host = placed(&Policy::RandomOffers, &looks, &[0], (ordinal, lot)).unwrap();
                looks[host.index()].tasks += 1;
                looks[host.index()].free.cpu -= 1;
            }
            let mut tasks: Vec<_> = looks.iter().map(|look| look.tasks).filter(|tasks| *tasks > 0).collect();
            tasks.sort_unstable();
            assert_eq!(tasks, [5; 8]);
            looks.fill(look(0, 900, 900, false, 0));
        }
    }

    /// Every part of what is seen, mixed, and a choice: nothing of it follows from an order within a class.
    #[derive(Debug)]
    struct Mixed(Choice);

    impl Placement for Mixed {
        fn score(&self, host: &HostView, scene: &Scene) -> Score {
            let HostView { free, zone, tasks, zone_tasks, all_tasks, .. } = *host;
            let alike = scene.by_class[host.class.index()] + u32::from(zone);
            [(zone_tasks ^ tasks) % 3, all_tasks % 2, (free.cpu / 100 * zone_tasks + alike) % 4, scene.desired, 0]
        }

        fn choice(&self) -> Choice {
            self.0
        }
    }

    /// Spread by zone, then worst fit: an order that stays within a class, and is said to.
    #[derive(Debug)]
    struct Stays;

    impl Placement for Stays {
        fn score(&self, host: &HostView, _: &Scene) -> Score {
            [host.zone_tasks, u32::MAX - host.free.memory_mib, host.tasks, 0, 0]
        }

        fn counts_all_tasks(&self) -> bool {
            false
        }

        fn order(&self) -> Order {
            Order::WithinClassStays
        }
    }

    proptest! {
        #[test]
        fn groups_find_what_a_scan_finds(
            looks in proptest::collection::vec(
                (0..6_u16, 0..5_u32, 0..4_u32, prop::bool::weighted(0.2), 0..5_u32, 0..3_u32),
                0..100,
            ),
            by_class in proptest::array::uniform6(0..9_u32),
            eligible in proptest::option::of(proptest::collection::vec(any::<bool>(), 6)),
            distinct_host in prop::bool::weighted(0.2),
            (ordinal, lot) in (0..100_u32, any::<u64>()),
        ) {
            let looks: Vec<_> = looks
                .into_iter()
                .map(|(c, cpu, m, p, t, a)| Look {
                    class: ClassId(c),
                    all_tasks: t + a,
                    ..look(0, cpu * 100, m * 100, p, t)
                })
                .collect();
            let by_zone: Vec<u32> = (0..3).map(|zone| by_class[zone] + by_class[zone + 3]).collect();
            let racks = Spread::Attribute(vec![0, 1, 0, 1, 2, 2]);
            let chains = [
                vec![Link::Spread(Spread::Zone), Link::Binpack(Resource::Memory)],
                vec![Link::WorstFit(Resource::Cpu), Link::Spread(racks), Link::Spread(Spread::Host)],
                vec![Link::Spread(Spread::Host), Link::Random],
            ];
            let choices = [
                Choice::Best,
                Choice::AnyBest,
                Choice::BestOfFew { poor: [1, 0, 0, 0, 0] },
                Choice::NextOfFew { few: 3, tasks: 7 },
                Choice::NextOfFew { few: 0, tasks: 0 },
            ];
            let own = choices.map(|choice| Policy::own(Mixed(choice))).into_iter().chain([Policy::own(Stays)]);
            let policies = ALL.into_iter().map(|(_, policy)| policy).chain(chains.map(Policy::Chain)).chain(own);
            for policy in policies {
                let mut terms = terms(&policy);
                (terms.eligible, terms.demand.distinct_host) = (Eligible(eligible.clone()), distinct_host);
                let request =
                    Request { terms: &terms, classes: &CLASSES, by_zone: &by_zone, by_class: &by_class, ordinal, lot };
                let found = place(&request, &index(&looks, &terms)).ok();
                prop_assert_eq!(found, scan(&request, &looks), "{:?}", policy);
            }
        }
    }
}
