//! Exact money: amounts that are never rounded, and what a host's life costs at a price that may change.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Sub};

use crate::engine::time::{Duration, Time};
use crate::model::{Billing, HostGroup, HourlyPrice, Service};

/// An exact amount: micro-dollars an hour times milliseconds. Nothing is rounded before the last conversion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(u128);

/// What a host costs from its launch on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tariff<'m> {
    price: HourlyPrice,
    changes: &'m [(Time, HourlyPrice)],
    billing: Billing,
}

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// What something costs at a price for a while.
    pub fn of(price: HourlyPrice, span: Duration) -> Self {
        Self(u128::from(price.0) * u128::from(span.as_millis()))
    }

    /// In US dollars.
    pub fn usd(self) -> f64 {
        // 1,000,000 micro-dollars and 3,600,000 milliseconds.
        self.0 as f64 / 3.6e12
    }
}

impl<'m> Tariff<'m> {
    /// Of a group's hosts.
    pub fn of_hosts(group: &'m HostGroup) -> Self {
        Self { price: group.price, changes: &group.price_changes, billing: group.billing }
    }

    /// Of a group's machines for a service's tasks; none where the group has hosts.
    pub fn of_machines(group: &HostGroup, service: &Service) -> Option<Self> {
        let price = group.per_task?.price(service.demand.resources);
        Some(Self { price, changes: &[], billing: group.billing })
    }

    /// The bill of a life: every second or hour that has begun, and the minimum.
    pub fn bill(&self, from: Time, to: Time) -> Money {
        let minimum = match self.billing {
            Billing::PerSecond { minimum } => minimum,
            Billing::PerStartedHour => self.unit(),
        };
        let unit = self.unit().as_millis();
        let units = to.since(from).max(minimum).as_millis().div_ceil(unit);
        self.paid(from, from + Duration::from_millis(units * unit))
    }

    /// What of the bill of a life from `from` on is for its time until `until`. A second or an hour that has begun keeps its
    /// price.
    pub fn paid(&self, from: Time, until: Time) -> Money {
        let unit = self.unit().as_millis();
        let (mut since, mut price, mut paid) = (from, self.price, Money::ZERO);
        for &(at, next) in self.changes {
            let units_before = at.since(from).as_millis().div_ceil(unit);
            let begins = until.min(from + Duration::from_millis(units_before * unit));
            paid += Money::of(price, begins.since(since));
            (since, price) = (begins, next);
        }
        paid + Money::of(price, until.since(since))
    }

    /// The price that every host pays all the time from `from` to `to`, whenever it was launched; none where that is not one.
    pub fn price_throughout(&self, from: Time, to: Time) -> Option<HourlyPrice> {
        let unit = self.unit();
        let mut price = self.price;
        for &(at, next) in self.changes.iter().take_while(|(at, _)| *at < to) {
            if at + unit > from {
                return None;
            }
            price = next;
        }
        Some(price)
    }

    /// What is paid for as a whole.
    const fn unit(&self) -> Duration {
        match self.billing {
            Billing::PerSecond { .. } => Duration::from_secs(1),
            Billing::PerStartedHour => Duration::from_secs(3_600),
        }
    }
}

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

/// What is left.
///
/// # Panics
/// When there is less than that.
impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.checked_sub(other.0).expect("a part is at most the whole"))
    }
}

impl Mul<u64> for Money {
    type Output = Self;
    fn mul(self, times: u64) -> Self {
        Self(self.0 * u128::from(times))
    }
}

/// A whole share, rounded down.
impl Div<u64> for Money {
    type Output = Self;
    fn div(self, shares: u64) -> Self {
        Self(self.0 / u128::from(shares))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICE: HourlyPrice = HourlyPrice(100_000);
    const PER_SECOND: Billing = Billing::PerSecond { minimum: Duration::from_secs(60) };

    fn ms(ms: u64) -> Time {
        Time::from_millis(ms)
    }

    /// 10 min are 600 s; the minimum is 60 s; a millisecond more than a minute is 61 s, and more than an hour two hours.
    #[test]
    fn a_life_is_billed_by_the_second_or_by_the_started_hour() {
        let table = [
            (PER_SECOND, 600_000, 600),
            (PER_SECOND, 1_000, 60),
            (PER_SECOND, 60_001, 61),
            (Billing::PerStartedHour, 600_000, 3_600),
            (Billing::PerStartedHour, 3_600_000, 3_600),
            (Billing::PerStartedHour, 3_600_001, 7_200),
            (Billing::PerStartedHour, 0, 3_600),
        ];
        for (billing, life, seconds) in table {
            let tariff = Tariff { price: PRICE, changes: &[], billing };
            let expected = Money::of(PRICE, Duration::from_secs(seconds));
            assert_eq!(tariff.bill(ms(500), ms(500 + life)), expected, "{billing:?}, {life} ms");
        }
        // 600 s at $0.10 an hour.
        assert!((Money::of(PRICE, Duration::from_secs(600)).usd() - 0.1 / 6.0).abs() < 1e-15);
    }

    /// The price doubles at 10 s. Launched at 0.5 s: the second from 9.5 s keeps the old price, so it is paid for 10 s; launched
    /// at 20 s: never. By the hour, launched at 0.5 s: for the whole first hour.
    #[test]
    fn what_has_begun_keeps_its_price() {
        let changes = [(ms(10_000), HourlyPrice(200_000))];
        let old = |billing, from, to| {
            let tariff = Tariff { price: PRICE, changes: &changes, billing };
            // So many ms at 1 and the rest at 2: total = 2 x life - old.
            2 * (to - from) - (tariff.paid(ms(from), ms(to)).0 / 100_000) as u64
        };
        assert_eq!(old(PER_SECOND, 500, 60_000), 10_000);
        assert_eq!(old(PER_SECOND, 500, 5_000), 4_500);
        assert_eq!(old(PER_SECOND, 0, 60_000), 10_000);
        assert_eq!(old(PER_SECOND, 20_000, 60_000), 0);
        assert_eq!(old(Billing::PerStartedHour, 500, 7_200_000), 3_600_000);
    }

    /// Between the change and a second later hosts may pay either price.
    #[test]
    fn one_price_holds_where_no_second_of_the_old_one_can_be_left() {
        let changes = [(ms(10_000), HourlyPrice(7))];
        let tariff = Tariff { price: PRICE, changes: &changes, billing: PER_SECOND };
        let table = [
            (0, 10_000, Some(PRICE)),
            (0, 10_001, None),
            (10_000, 10_500, None),
            (10_999, 20_000, None),
            (11_000, 20_000, Some(HourlyPrice(7))),
        ];
        for (from, to, price) in table {
            assert_eq!(tariff.price_throughout(ms(from), ms(to)), price, "{from} to {to}");
        }
    }
}
