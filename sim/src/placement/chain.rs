//! Strategies in order, as ECS takes them (`placementStrategy`; DG task-placement-strategies): each chooses among the hosts
//! that those before it find equally good. Without `random` the lowest host id wins among the rest.

use super::{Choice, HostView, Order, PARTS, Placement, Scene, Score};
use crate::model::Resource;

/// One strategy of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// Where there are fewest tasks of the service.
    Spread(Spread),
    /// Least free of a resource: best fit.
    Binpack(Resource),
    /// Most free of a resource.
    WorstFit(Resource),
    /// Any of those left, equally likely. What follows it does nothing.
    Random,
}

/// Over what tasks are spread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spread {
    /// Over hosts (`instanceId`).
    Host,
    /// Over zones.
    Zone,
    /// Over the values of an attribute: by class, the number of its value.
    Attribute(Vec<u16>),
}

impl Placement for Vec<Link> {
    fn score(&self, host: &HostView, scene: &Scene) -> Score {
        let mut score = [0; PARTS];
        let drawn = self.iter().take_while(|link| **link != Link::Random);
        for (part, link) in score.iter_mut().zip(drawn) {
            *part = link.part(host, scene);
        }
        score
    }

    fn choice(&self) -> Choice {
        if self.contains(&Link::Random) { Choice::AnyBest } else { Choice::Best }
    }

    fn counts_all_tasks(&self) -> bool {
        false
    }

    fn order(&self) -> Order {
        Order::WithinClassStays
    }
}

impl Link {
    fn part(&self, host: &HostView, scene: &Scene) -> u32 {
        match self {
            Self::Spread(Spread::Host) => host.tasks,
            Self::Spread(Spread::Zone) => host.zone_tasks,
            Self::Spread(Spread::Attribute(values)) => {
                let own = values[host.class.index()];
                let alike = values.iter().zip(scene.by_class).filter(|(value, _)| **value == own);
                alike.map(|(_, tasks)| tasks).sum()
            }
            Self::Binpack(resource) => host.free.get(*resource),
            Self::WorstFit(resource) => u32::MAX - host.free.get(*resource),
            Self::Random => 0,
        }
    }
}
