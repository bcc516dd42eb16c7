//! Instance types: what a host of each has, and what it costs. The keys of the sources are those of `docs/sources.md`.

mod fargate;
mod month;
mod read;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use seatrial_sim::model::HourlyPrice;

pub use fargate::{
    FARGATE_PRICES, FARGATE_SIZES, FargatePrice, FargateSize, SPOT_PERMILLE, check_size, fargate_price, spot,
};
pub use month::YearMonth;

use crate::decode::suggestion;
use crate::file::{self, Unreadable};
use crate::report::Report;

/// A type of host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// As its seller calls it: `m5.large`.
    pub name: String,
    /// Cores or hyper-threads; an orchestrator that counts cpu units has 1,024 of them in each.
    pub vcpu: u32,
    /// The nominal memory, in MiB.
    pub memory_mib: u32,
    /// The memory that ECS registers, in MiB: what the operating system sees.
    pub registered_memory_mib: u32,
    /// How the registered memory was estimated; none where it is what somebody has seen.
    pub registered_estimate: Option<Estimate>,
    /// How many tasks with a network interface of their own (`awsvpc`) have room, where it is known.
    pub interfaces: Option<u32>,
    /// The same with trunking; none where trunking brings no more, or where it is not known.
    pub trunk_interfaces: Option<u32>,
    /// Graphics processors.
    pub gpus: u32,
    /// What the processors understand, where it is known.
    pub arch: Option<Arch>,
    /// What Kubernetes can use of it, where it is known.
    pub kubernetes: Option<Allocatable>,
    /// At least one, the oldest first; a price without a month comes before all others.
    pub prices: Vec<DatedPrice>,
}

/// What pods can have of a host, after what the kubelet and the system hold back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocatable {
    /// Thousandths of a core.
    pub cpu_millis: u32,
    /// In MiB.
    pub memory_mib: u32,
    /// How many pods have an address.
    pub max_pods: u32,
}

/// How much less than the nominal memory ECS registers, where nobody has written down what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// The share that firmware and kernel hold back, in tenths of a percent.
    pub held_permille: u32,
    /// The least that it may be.
    pub least_permille: u32,
    /// The most that it may be.
    pub most_permille: u32,
}

/// E, of types under Xen: REG has 1.6 % (large hosts) to 3.5 % (t2.medium) of them. It varies by image.
const XEN: Estimate = Estimate { held_permille: 25, least_permille: 15, most_permille: 35 };

/// E, of types under Nitro: REG has 3.7 % (m5.24xlarge) to 6.3 % (m5.large) and 9.6 % (c5.large) of them, and 4.5 % at most of
/// an m6i.large in 2024. It varies by image, and is more on small hosts.
const NITRO: Estimate = Estimate { held_permille: 50, least_permille: 35, most_permille: 100 };

/// A price as it was in a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DatedPrice {
    /// None where it is said of no month; it then holds from the beginning.
    pub date: Option<YearMonth>,
    /// For an hour.
    pub price: HourlyPrice,
}

/// A family of processors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Arch {
    /// Intel and AMD.
    Amd64,
    /// Graviton and its like.
    Arm64,
}

/// Instance types by their names, in the order of their file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    instances: Vec<Instance>,
    /// The names of rows that were left out, each with the columns that are empty in it.
    incomplete: BTreeMap<String, String>,
}

impl Catalogue {
    /// The types that everybody has: common ones of Amazon EC2, and their prices in us-east-1 since 2015.
    ///
    /// ```
    /// use seatrial_scenarios::catalogue::Catalogue;
    ///
    /// let m4 = Catalogue::built_in().get("m4.large").unwrap();
    /// assert_eq!((m4.memory_mib, m4.registered_memory_mib), (8_192, 7_985));
    /// ```
    #[expect(clippy::missing_panics_doc, reason = "both files are part of the program, and tests read them")]
    pub fn built_in() -> &'static Self {
        static BUILT_IN: OnceLock<Catalogue> = OnceLock::new();
        BUILT_IN.get_or_init(|| {
            let mut catalogue = Self::read("instances.csv", include_str!("../../catalogue/instances.csv"))
                .unwrap_or_else(|report| panic!("{report}"));
            let prices = read::prices("prices.csv", include_str!("../../catalogue/prices.csv"))
                .unwrap_or_else(|report| panic!("{report}"));
            for instance in &mut catalogue.instances {
                let earlier = prices.iter().filter(|(name, _)| *name == instance.name).map(|(_, price)| *price);
                instance.prices.extend(earlier);
                instance.prices.sort_unstable();
            }
            catalogue
        })
    }

    /// The types in a CSV file.
    pub fn load(path: &Path) -> Result<Self, Report> {
        let name = path.display().to_string();
        let unreadable = |Unreadable { line, message, help }| Report::unreadable(&name, line, message, help);
        Self::read(&name, &file::read(path).map_err(unreadable)?)
    }

    /// The types in a text in CSV, whose columns `docs/scenario.md` describes. Problems are reported under `name`, all at
    /// once.
    pub fn read(name: &str, text: &str) -> Result<Self, Report> {
        read::catalogue(name, text)
    }

    /// These types, and those of `others` that have other names.
    #[must_use]
    pub fn with(mut self, others: &Self) -> Self {
        let others: Vec<_> = others.instances.iter().filter(|other| self.get(&other.name).is_none()).cloned().collect();
        self.instances.extend(others);
        self
    }

    /// The type of this name.
    pub fn get(&self, name: &str) -> Option<&Instance> {
        self.instances.iter().find(|instance| instance.name == name)
    }

    /// The type of this name, or why there is none and which is meant.
    pub fn find(&self, name: &str) -> Result<&Instance, String> {
        self.get(name).ok_or_else(|| match self.incomplete.get(name) {
            Some(columns) => format!("the row of '{name}' in the catalogue has no {columns}"),
            None => format!("there is no instance type '{name}': {}", suggestion(name, &self.names())),
        })
    }

    /// Every type, in the order of the file.
    pub fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// The names of all types, in the order of the file.
    pub fn names(&self) -> Vec<&str> {
        self.instances.iter().map(|instance| instance.name.as_str()).collect()
    }
}

impl Instance {
    /// The price in a month: the last one that is not younger, or the oldest where all are. Where no month is given the
    /// newest.
    pub fn price_at(&self, date: Option<YearMonth>) -> HourlyPrice {
        self.dated_price_at(date).price
    }

    /// The price in a month, with the month that it is known of.
    pub fn dated_price_at(&self, date: Option<YearMonth>) -> DatedPrice {
        let known = |dated: &&DatedPrice| date.is_none() || dated.date <= date;
        let dated = self.prices.iter().rev().find(known).or(self.prices.first());
        dated.copied().unwrap_or(DatedPrice { date: None, price: HourlyPrice::default() })
    }

    /// The cpu units that ECS registers (DG: 1,024 a vCPU).
    pub const fn cpu_units(&self) -> u32 {
        self.vcpu * 1_024
    }
}

impl Arch {
    /// The name that Go, containers and Kubernetes use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }
}

/// A price as scenario files write it: `$0.0464/h`.
pub fn written_price(price: HourlyPrice) -> String {
    format!("${}/h", dollars(price))
}

/// Dollars with at least two decimals and not a digit that says nothing: `0.10`, `0.0464`.
pub fn dollars(HourlyPrice(micros): HourlyPrice) -> String {
    const DECIMALS: usize = 2;
    let decimals = format!("{:06}", micros % 1_000_000);
    let length = decimals.trim_end_matches('0').len().max(DECIMALS);
    format!("{}.{}", micros / 1_000_000, &decimals[..length])
}

impl Estimate {
    /// The one for a type of this name.
    fn of(name: &str) -> Self {
        if is_xen(name) { XEN } else { NITRO }
    }

    /// What ECS registers of so much nominal memory.
    fn registered(self, memory_mib: u32) -> u32 {
        (u64::from(memory_mib) * u64::from(1_000 - self.held_permille) / 1_000).max(1) as u32
    }
}

/// Whether a type of EC2 runs under Xen: all families of before November 2017 do (INST has the hypervisors). Their bare
/// metal does not, nor does anything that is no type of EC2.
fn is_xen(name: &str) -> bool {
    const FAMILIES: [&str; 26] = [
        "c1", "c3", "c4", "cc2", "cr1", "d2", "f1", "g2", "g3", "g3s", "h1", "hs1", "i2", "i3", "m1", "m2", "m3", "m4",
        "p2", "p3", "r3", "r4", "t1", "t2", "x1", "x1e",
    ];
    name.split_once('.').is_some_and(|(family, size)| FAMILIES.contains(&family) && size != "metal")
}

#[cfg(test)]
mod tests;
