//! Money: what hosts cost, from their launches and terminations, in whole micro-dollars.

use crate::engine::fact::{Fact, GroupId, HostId};
use crate::engine::time::{Duration, Time};
use crate::model::{Billing, HourlyPrice, Model};
use crate::placement::packing::Packing;

/// Hours of a month, as cloud price lists count them (24 x 365 / 12).
pub const HOURS_A_MONTH: u64 = 730;

/// The life of every host, for the bill.
#[derive(Clone, Debug)]
pub struct Costs<'m> {
    model: &'m Model,
    hosts: Vec<HostLife>,
}

#[derive(Clone, Copy, Debug)]
struct HostLife {
    group: GroupId,
    for_deploy: bool,
    launched: Time,
    terminated: Option<Time>,
}

impl<'m> Costs<'m> {
    /// Nothing launched yet.
    pub const fn new(model: &'m Model) -> Self {
        Self { model, hosts: vec![] }
    }

    /// Takes note of launches and terminations.
    ///
    /// # Panics
    /// When the facts are not those of one run, in order.
    pub fn observe(&mut self, at: Time, fact: Fact) {
        match fact {
            Fact::HostLaunched { host, group, for_deploy } => {
                assert_eq!(host, HostId(self.hosts.len() as u32), "hosts are told of in order");
                self.hosts.push(HostLife { group, for_deploy, launched: at, terminated: None });
            }
            Fact::HostTerminated { host } => self.hosts[host.index()].terminated = Some(at),
            _ => {}
        }
    }

    /// The bill of every host from its launch to its end, or to the horizon, in micro-dollars.
    pub fn total(&self) -> u64 {
        let lives = self.hosts.iter().map(|host| (host.group, host.launched, host.terminated));
        lives.map(|(group, from, to)| self.life(group, from, to)).sum()
    }

    /// The bill of the hosts that were launched for deploys, in micro-dollars: of each group, the first launch lasts until
    /// the first termination, and so on, whichever host it was that left. One that nobody left for lasts to the horizon.
    pub fn for_deploys(&self) -> u64 {
        let groups = (0..self.model.host_groups.len()).map(|i| GroupId(i as u32));
        let bills = groups.map(|group| {
            let of_group = || self.hosts.iter().filter(move |host| host.group == group);
            let launches = of_group().filter(|host| host.for_deploy).map(|host| host.launched);
            let mut ends: Vec<_> = of_group().filter_map(|host| host.terminated).collect();
            ends.sort();
            let ends = ends.into_iter().map(Some).chain(std::iter::repeat(None));
            launches.zip(ends).map(|(from, to)| self.life(group, from, to)).sum::<u64>()
        });
        bills.sum()
    }

    fn life(&self, group: GroupId, from: Time, to: Option<Time>) -> u64 {
        let group = &self.model.host_groups[group.index()];
        let end = to.unwrap_or(Time::ZERO + self.model.horizon);
        bill(group.price, group.billing, end.since(from))
    }
}

/// The bill of one host's life in micro-dollars, rounded to the nearest.
pub fn bill(price: HourlyPrice, billing: Billing, life: Duration) -> u64 {
    let seconds = match billing {
        Billing::PerSecond { minimum } => life.max(minimum).as_millis().div_ceil(1_000),
        Billing::PerStartedHour => life.as_millis().div_ceil(3_600_000).max(1) * 3_600,
    };
    ((u128::from(price.0) * u128::from(seconds) + 1_800) / 3_600) as u64
}

/// The price of a month of the hosts that the desired tasks do not need, in micro-dollars: those of the start that stay
/// empty when the tasks are packed first fit, those with the least choice and the largest first. For identical tasks that is
/// the exact minimum, ceil(tasks / tasks a host).
pub fn spare_per_month(model: &Model) -> u64 {
    let hosts = |id: GroupId| {
        let group = &model.host_groups[id.index()];
        if group.per_task.is_some() { 0 } else { group.hosts }
    };
    let mut packing = Packing::new(model, hosts);
    for id in model.packing_order() {
        let service = &model.services[id.index()];
        packing.place(id, service, service.desired);
    }
    let groups = model.host_groups.iter().zip((0..).map(GroupId));
    groups.map(|(group, id)| u64::from(hosts(id) - packing.used(id)) * group.price.0 * HOURS_A_MONTH).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand, at $0.10 an hour: 10 min = 600 s = $0.016667; a started hour = $0.10; the minimum of 60 s = $0.001667.
    #[test]
    fn a_life_is_billed_by_the_second_or_by_the_started_hour() {
        let price = HourlyPrice(100_000);
        let per_second = Billing::PerSecond { minimum: Duration::from_secs(60) };
        let table = [
            (per_second, 600_000, 16_667),
            (per_second, 1_000, 1_667),
            (per_second, 60_001, 1_694),
            (Billing::PerStartedHour, 600_000, 100_000),
            (Billing::PerStartedHour, 3_600_000, 100_000),
            (Billing::PerStartedHour, 3_600_001, 200_000),
            (Billing::PerStartedHour, 0, 100_000),
        ];
        for (billing, ms, micro_dollars) in table {
            assert_eq!(bill(price, billing, Duration::from_millis(ms)), micro_dollars, "{billing:?}, {ms} ms");
        }
    }
}
