//! The plain form of the search: every host by itself. What the search over groups is tested against and measured by.

use super::index::{Look, Terms};
use super::kubernetes::Skew;
use super::search::{PASSED_OVER, Request, a_few};
use super::shuffle::Shuffle;
use super::{Choice, HostView, Order, Policy, Scene, Score};
use crate::engine::fact::HostId;
use crate::model::ClassId;

/// One of the best: in this order they are counted.
type Equal<'a> = (ClassId, Option<&'a Look>, HostId);

/// Where a task goes, of hosts with these looks; nowhere where it fits on none or a score cannot be worked out.
pub(crate) fn scan(request: &Request, looks: &[Look]) -> Option<HostId> {
    let Request { terms, classes, by_zone, by_class, lot, .. } = *request;
    let Terms { demand, eligible, policy, desired, .. } = terms;
    let usable = || looks.iter().zip((0..).map(HostId)).filter(|(look, _)| eligible.allows(look.class));
    let fitting = || usable().filter(|(look, _)| terms.shortage_on(look, classes).is_none());
    let view = |look: &Look| HostView::of(look, classes, by_zone);
    let skew = if *policy == Policy::Kubernetes {
        Skew::of(&fitting().map(|(look, _)| (view(look), 1)))
    } else {
        Skew::default()
    };
    let scene = Scene { demand: demand.resources, desired: *desired, by_class, skew };
    let score = |look: &Look| policy.score(&view(look), &scene).ok();
    match policy.choice() {
        Choice::Best => {
            let mut best: Option<(Score, HostId)> = None;
            for (look, id) in fitting() {
                let score = score(look)?;
                if best.is_none_or(|(best, _)| score < best) {
                    best = Some((score, id));
                }
            }
            best.map(|(_, id)| id)
        }
        Choice::AnyBest => {
            let changing = policy.order() == Order::Changing;
            let mut best: (Score, Vec<Equal>) = ([u32::MAX; _], vec![]);
            for (look, id) in fitting() {
                let score = score(look)?;
                if score < best.0 {
                    best = (score, vec![]);
                }
                if score == best.0 {
                    best.1.push((look.class, changing.then_some(look), id));
                }
            }
            best.1.sort_unstable();
            let place = lot.checked_rem(best.1.len() as u64)? as usize;
            Some(best.1[place].2)
        }
        Choice::BestOfFew { poor } => {
            let hosts: Vec<_> = fitting().collect();
            let few = a_few(usable().count() as u32);
            let (mut taken, mut passed_over) = (vec![], vec![]);
            for place in Shuffle::new(lot, hosts.len() as u32) {
                let (look, id) = hosts[place as usize];
                let candidate = (score(look)?, id);
                let passes = candidate.0 >= poor && passed_over.len() < PASSED_OVER;
                if passes { &mut passed_over } else { &mut taken }.push(candidate);
                if taken.len() == few {
                    break;
                }
            }
            let candidates = taken.into_iter().chain(passed_over).take(few);
            candidates.min_by_key(|(score, _)| *score).map(|(_, id)| id)
        }
        Choice::NextOfFew { few, .. } => {
            let hosts: Vec<_> = fitting().map(|(_, id)| id).collect();
            let order: Vec<_> = Shuffle::new(lot, hosts.len() as u32).take(few.max(1) as usize).collect();
            let turn = (request.ordinal as usize).checked_rem(order.len())?;
            Some(hosts[order[turn] as usize])
        }
    }
}
