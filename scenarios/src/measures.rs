//! What can be asked of the runs of a variant, by name: each with its unit, the number of one run, and what is said of all seeds.

use crate::decode::seconds;
use crate::results::Row;

/// Something that is asked of the runs of one variant: `deploy_p95`.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// Its name: what `--until` and the `[check]` table of a scenario call it.
    pub name: &'static str,
    /// What it is a number of.
    pub unit: Unit,
    /// What is said of the numbers of all seeds.
    pub statistic: Statistic,
    /// The number of each run.
    pub column: Column,
}

/// What a number is a number of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds, or task-seconds.
    Seconds,
    /// Minutes.
    Minutes,
    /// US dollars.
    Usd,
    /// Requests.
    Requests,
    /// Percent.
    Percent,
}

/// What is said of the numbers of all seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// Their mean.
    Mean,
    /// A quantile of them, in percent.
    Quantile(u32),
    /// The share of the runs that did not finish, in percent.
    Unfinished,
    /// The least of them.
    Least,
}

/// A number that each run has: one that is kept for each seed.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    of: fn(&Row) -> Number,
}

/// The number of one run.
enum Number {
    Known(f64),
    /// It did not finish: longer than all others.
    Unfinished,
    /// It has no such number: no deploy, no users.
    Absent,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::deploy("deploy_mean", Unit::Seconds, Statistic::Mean),
        Self::deploy("deploy_p50", Unit::Seconds, Statistic::Quantile(50)),
        Self::deploy("deploy_p95", Unit::Seconds, Statistic::Quantile(95)),
        Self::deploy("unfinished", Unit::Percent, Statistic::Unfinished),
        Self::mean("cost_per_month", Unit::Usd, Column::COST_PER_MONTH),
        Self::mean("spare_cost_per_month", Unit::Usd, Column::SPARE_COST_PER_MONTH),
        Self::mean("cost_per_deploy", Unit::Usd, Column::COST_PER_DEPLOY),
        Self::mean("surge_cost_per_deploy", Unit::Usd, Column::SURGE_COST_PER_DEPLOY),
        Self::mean("extra_replica_s", Unit::Seconds, Column::EXTRA),
        Self::mean("short_replica_s", Unit::Seconds, Column::SHORT),
        Self::mean("minutes_below_floor", Unit::Minutes, Column::BELOW_FLOOR),
        Self::mean("failed_requests", Unit::Requests, Column::FAILED_REQUESTS),
        Self {
            name: "lowest_healthy",
            unit: Unit::Percent,
            statistic: Statistic::Least,
            column: Column::LOWEST_HEALTHY,
        },
    ];

    const fn deploy(name: &'static str, unit: Unit, statistic: Statistic) -> Self {
        Self { name, unit, statistic, column: Column::DEPLOY }
    }

    const fn mean(name: &'static str, unit: Unit, column: Column) -> Self {
        Self { name, unit, statistic: Statistic::Mean, column }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.name == name)
    }

    /// The names of all of them.
    pub fn names() -> [&'static str; Self::ALL.len()] {
        Self::ALL.map(|measure| measure.name)
    }
}

/// Each is another one by its name.
impl PartialEq for Measure {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Column {
    const DEPLOY: Self = Self {
        name: "deploy_s",
        of: |row| match row.summary.deploy_s {
            Some(deploy_s) => Number::Known(deploy_s),
            None if row.summary.is_without_deploy() => Number::Absent,
            None => Number::Unfinished,
        },
    };
    const COST_PER_MONTH: Self = Self::known("usd_per_month", |row| Number::Known(row.summary.usd_per_month));
    const SPARE_COST_PER_MONTH: Self =
        Self::known("spare_usd_per_month", |row| Number::Known(row.summary.spare_usd_per_month));
    const COST_PER_DEPLOY: Self =
        Self::known("usd_per_deploy", |row| Number::per_deploy(row, row.summary.usd_per_deploy));
    const SURGE_COST_PER_DEPLOY: Self =
        Self::known("surge_usd_per_deploy", |row| Number::per_deploy(row, row.summary.surge_usd_per_deploy()));
    const EXTRA: Self = Self::known("extra_replica_s", |row| Number::Known(row.summary.extra_replica_s));
    const SHORT: Self = Self::known("short_replica_s", |row| Number::Known(row.summary.short_replica_s));
    const BELOW_FLOOR: Self = Self::known("minutes_below_floor", |row| Number::Known(row.summary.below_floor_s / 60.0));
    const FAILED_REQUESTS: Self = Self::known("failed_requests", |row| {
        row.summary.users.map_or(Number::Absent, |users| Number::Known(users.failed_in_all().as_f64()))
    });
    const LOWEST_HEALTHY: Self =
        Self::known("lowest_healthy_percent", |row| Number::Known(row.summary.lowest_healthy_percent));

    /// Every one, once.
    pub const ALL: [Self; 10] = [
        Self::DEPLOY,
        Self::COST_PER_MONTH,
        Self::SPARE_COST_PER_MONTH,
        Self::COST_PER_DEPLOY,
        Self::SURGE_COST_PER_DEPLOY,
        Self::EXTRA,
        Self::SHORT,
        Self::BELOW_FLOOR,
        Self::FAILED_REQUESTS,
        Self::LOWEST_HEALTHY,
    ];

    const fn known(name: &'static str, of: fn(&Row) -> Number) -> Self {
        Self { name, of }
    }

    /// The number of each seed, absent where its run did not finish; none where the runs have no such number.
    pub fn numbers(&self, rows: &[Row]) -> Option<Vec<Option<f64>>> {
        let number = |row| match (self.of)(row) {
            Number::Known(number) => Some(Some(number)),
            Number::Unfinished => Some(None),
            Number::Absent => None,
        };
        rows.iter().map(number).collect()
    }
}

impl Number {
    /// What a deploy costs, where there is one.
    fn per_deploy(row: &Row, usd: f64) -> Self {
        if row.summary.is_without_deploy() { Self::Absent } else { Self::Known(usd) }
    }
}

impl Unit {
    /// The amount that a text says in this unit: `5s`, `$3`, `10`, `2.5%`; none of what is not one, and of less than nothing.
    pub fn read(self, text: &str) -> Option<f64> {
        let number = |text: &str| text.trim().parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
        match self {
            Self::Seconds => seconds(text),
            Self::Usd => text.strip_prefix('$').and_then(number),
            Self::Requests | Self::Minutes => number(text),
            Self::Percent => number(text.strip_suffix('%').unwrap_or(text)),
        }
    }

    /// An amount, as an example of how it is written.
    pub const fn example(self) -> &'static str {
        match self {
            Self::Seconds => "5s",
            Self::Minutes => "1",
            Self::Usd => "$3",
            Self::Requests => "10",
            Self::Percent => "1%",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_name_and_only_once() {
        for (position, measure) in Measure::ALL.iter().enumerate() {
            assert_eq!(Measure::ALL.iter().position(|other| other.name == measure.name), Some(position));
        }
        assert!(Measure::named("deploy").is_none());
    }

    #[test]
    fn every_measure_is_of_a_column_that_is_kept() {
        for measure in Measure::ALL {
            assert!(Column::ALL.iter().any(|column| column.name == measure.column.name), "{}", measure.name);
        }
    }

    #[test]
    fn amounts_have_the_unit_of_their_measure() {
        let table = [
            (Unit::Seconds, "1m30s", Some(90.0)),
            (Unit::Seconds, "5", None),
            (Unit::Usd, "$ 2.50", Some(2.5)),
            (Unit::Usd, "3", None),
            (Unit::Minutes, "1", Some(1.0)),
            (Unit::Requests, "-1", None),
            (Unit::Requests, "inf", None),
            (Unit::Percent, "1 %", Some(1.0)),
            (Unit::Percent, "1", Some(1.0)),
        ];
        for (unit, text, amount) in table {
            assert_eq!(unit.read(text), amount, "{text} in {unit:?}");
            assert!(unit.read(unit.example()).is_some());
        }
    }
}
