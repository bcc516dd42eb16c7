//! The bill by a second path: from the number of hosts over time instead of the life of each host.

use proptest::prelude::*;
use seatrial_sim::engine::fact::{Fact, GroupId};
use seatrial_sim::engine::time::Time;
use seatrial_sim::measure::costs::Costs;
use seatrial_sim::measure::series::Series;
use seatrial_sim::measure::trace::Trace;
use seatrial_sim::model::{Billing, Model};

/// Compares the bill of every host's life with the integral of the hosts over time.
pub fn check(model: &Model, trace: &Trace) -> Result<(), TestCaseError> {
    let mut costs = Costs::new(model);
    let mut groups = vec![];
    let mut hosts = vec![(Series::default(), 0.0, 0.0); model.host_groups.len()];
    let mut launched = vec![];
    let end = Time::ZERO + model.horizon;
    let ended = |hosts: &mut Vec<(Series, f64, f64)>, group: GroupId, from: Time, to: Time| {
        let life_s = to.since(from).as_secs_f64();
        let (_, minimum_s, hours) = &mut hosts[group.index()];
        *hours += (life_s / 3_600.0).ceil().max(1.0);
        // A second that has begun is a second, and a short life is the minimum.
        let billed = if let Billing::PerSecond { minimum } = model.host_groups[group.index()].billing {
            life_s.max(minimum.as_secs_f64()).ceil()
        } else {
            0.0
        };
        *minimum_s += billed - life_s;
    };
    for record in &trace.records {
        costs.observe(record.at, record.fact);
        match record.fact {
            Fact::HostLaunched { group, .. } => {
                hosts[group.index()].0.change(record.at, 1);
                groups.push(group);
                launched.push(Some(record.at));
            }
            Fact::HostTerminated { host } => {
                hosts[groups[host.index()].index()].0.change(record.at, -1);
                let from = launched[host.index()].take().expect("a host ends once");
                ended(&mut hosts, groups[host.index()], from, record.at);
            }
            _ => {}
        }
    }
    for (from, group) in launched.into_iter().zip(groups) {
        if let Some(from) = from {
            ended(&mut hosts, group, from, end);
        }
    }
    let mut expected = 0.0;
    for ((series, minimum_s, hours), group) in hosts.iter().zip(&model.host_groups) {
        let seconds = series.integral(Time::ZERO, end, |hosts| hosts) as f64 / 1_000.0;
        let hours = match group.billing {
            Billing::PerSecond { .. } => (seconds + minimum_s) / 3_600.0,
            Billing::PerStartedHour => *hours,
        };
        expected += hours * group.price.0 as f64;
    }
    let hosts = costs.total() as f64;
    // Each host's bill is rounded to the micro-dollar.
    prop_assert!((hosts - expected).abs() <= 0.5 * trace.records.len() as f64 + 1.0, "{hosts} and {expected}");
    Ok(())
}
