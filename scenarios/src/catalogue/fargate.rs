//! AWS Fargate: the sizes that a task may have, and what they cost. The keys of the sources are those of `docs/sources.md`.

use std::collections::BTreeSet;

use seatrial_sim::model::HourlyPrice;

use super::{Arch, YearMonth};

/// What a task may have of memory beside its cpu units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FargateSize {
    /// 1,024 a vCPU.
    pub cpu: u32,
    /// In MiB, the least first.
    pub memory_mib: &'static [u32],
}

/// All sizes, the smallest first (DG, `task_definition_parameters.md`).
pub static FARGATE_SIZES: [FargateSize; 7] = [
    FargateSize { cpu: 256, memory_mib: &[512, 1_024, 2_048] },
    FargateSize { cpu: 512, memory_mib: &gib::<4>(1, 1) },
    FargateSize { cpu: 1_024, memory_mib: &gib::<7>(2, 1) },
    FargateSize { cpu: 2_048, memory_mib: &gib::<13>(4, 1) },
    FargateSize { cpu: 4_096, memory_mib: &gib::<23>(8, 1) },
    FargateSize { cpu: 8_192, memory_mib: &gib::<12>(16, 4) },
    FargateSize { cpu: 16_384, memory_mib: &gib::<12>(32, 8) },
];

/// Sizes in MiB, from one in GiB up by steps.
const fn gib<const N: usize>(least: u32, step: u32) -> [u32; N] {
    let mut sizes = [least * 1_024; N];
    let mut i = 1;
    while i < N {
        sizes[i] = sizes[i - 1] + step * 1_024;
        i += 1;
    }
    sizes
}

/// What an hour costs; a task pays for the cpu and the memory that it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FargatePrice {
    /// For these processors.
    pub arch: Arch,
    /// The first month of the price; none where it is the first of all.
    pub since: Option<YearMonth>,
    /// Of a vCPU.
    pub vcpu: HourlyPrice,
    /// Of a GiB of memory, which AWS calls a GB.
    pub gib: HourlyPrice,
}

/// All prices in us-east-1 for Linux, by processor and then by date (FG).
pub const FARGATE_PRICES: [FargatePrice; 3] = [
    FargatePrice { arch: Arch::Amd64, since: None, vcpu: HourlyPrice(50_600), gib: HourlyPrice(12_700) },
    FargatePrice {
        arch: Arch::Amd64,
        since: YearMonth::new(2019, 1),
        vcpu: HourlyPrice(40_480),
        gib: HourlyPrice(4_445),
    },
    FargatePrice { arch: Arch::Arm64, since: None, vcpu: HourlyPrice(32_380), gib: HourlyPrice(3_560) },
];

/// The share of the price that Fargate Spot costs, in tenths of a percent. E: about 70 % less (FG); the discount follows the
/// demand, and AWS promises no more than "up to" that (range 50 to 70 % less).
pub const SPOT_PERMILLE: u64 = 300;

/// Whether there is a task of this size; the text says what is wrong and which sizes are nearest.
///
/// ```
/// use seatrial_scenarios::catalogue::check_size;
///
/// assert_eq!(check_size(256, 2_048), Ok(()));
/// assert!(check_size(256, 4_096).unwrap_err().contains("256 units with 2048 MiB"));
/// ```
pub fn check_size(cpu: u32, memory_mib: u32) -> Result<(), String> {
    if FARGATE_SIZES.iter().any(|size| size.cpu == cpu && size.memory_mib.contains(&memory_mib)) {
        return Ok(());
    }
    let nearest: Vec<_> =
        nearest(cpu, memory_mib).into_iter().map(|(cpu, mib)| format!("{cpu} units with {mib} MiB")).collect();
    Err(format!("Fargate has no size of {cpu} cpu units with {memory_mib} MiB; the nearest are {}", nearest.join(", ")))
}

/// The sizes next to one that does not exist, as cpu and memory: with the cpu below and above it the memory below and above
/// it, and the smallest size that holds it.
fn nearest(cpu: u32, memory_mib: u32) -> BTreeSet<(u32, u32)> {
    let below = FARGATE_SIZES.iter().rev().find(|size| size.cpu <= cpu);
    let above = FARGATE_SIZES.iter().find(|size| size.cpu >= cpu);
    let beside = [below, above].into_iter().flatten().flat_map(|size| {
        let less = size.memory_mib.iter().rev().find(|mib| **mib <= memory_mib);
        let more = size.memory_mib.iter().find(|mib| **mib >= memory_mib);
        [less, more].into_iter().flatten().map(|mib| (size.cpu, *mib))
    });
    let holding = FARGATE_SIZES.iter().filter(|size| size.cpu >= cpu).find_map(|size| {
        let mib = size.memory_mib.iter().find(|mib| **mib >= memory_mib)?;
        Some((size.cpu, *mib))
    });
    beside.chain(holding).collect()
}

/// The price in a month: the last one that began by then, or the first; where no month is given the newest.
pub fn fargate_price(arch: Arch, date: Option<YearMonth>) -> FargatePrice {
    let of_arch = || FARGATE_PRICES.into_iter().filter(|price| price.arch == arch);
    let begun = of_arch().rfind(|price| date.is_none() || price.since <= date);
    begun.or_else(|| of_arch().next()).unwrap_or(FARGATE_PRICES[0])
}

impl FargatePrice {
    /// What an hour of a task costs, to the micro-dollar.
    pub fn of(self, cpu: u32, memory_mib: u32) -> HourlyPrice {
        /// Cpu units in a vCPU, and MiB in a GiB.
        const PARTS: u64 = 1_024;
        let micros = u64::from(cpu) * self.vcpu.0 + u64::from(memory_mib) * self.gib.0;
        HourlyPrice((micros + PARTS / 2) / PARTS)
    }
}

/// An estimate of what the same costs on Fargate Spot.
pub fn spot(HourlyPrice(micros): HourlyPrice) -> HourlyPrice {
    HourlyPrice((micros * SPOT_PERMILLE + 500) / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cpu units and MiB.
    type Size = (u32, u32);

    /// Row by row as DG has it.
    #[test]
    fn each_cpu_size_goes_with_its_memory() {
        let steps = |least: u32, most: u32, by: usize| (least..=most).step_by(by).map(|gib| gib * 1_024).collect();
        let table: [(u32, Vec<u32>); 7] = [
            (256, vec![512, 1_024, 2_048]),
            (512, steps(1, 4, 1)),
            (1_024, steps(2, 8, 1)),
            (2_048, steps(4, 16, 1)),
            (4_096, steps(8, 30, 1)),
            (8_192, steps(16, 60, 4)),
            (16_384, steps(32, 120, 8)),
        ];
        for (size, (cpu, memory)) in FARGATE_SIZES.iter().zip(&table) {
            assert_eq!((size.cpu, size.memory_mib), (*cpu, memory.as_slice()));
            assert!(memory.iter().all(|mib| check_size(*cpu, *mib) == Ok(())));
        }
        assert_eq!(FARGATE_SIZES.iter().map(|size| size.memory_mib.len()).sum::<usize>(), 74);
    }

    #[test]
    fn a_size_that_does_not_exist_has_neighbours_that_do() {
        let table: [(Size, &[Size]); 9] = [
            ((256, 1_536), &[(256, 1_024), (256, 2_048)]),
            ((256, 4_096), &[(256, 2_048), (512, 4_096)]),
            ((512, 512), &[(512, 1_024)]),
            ((512, 5_000), &[(512, 4_096), (1_024, 5_120)]),
            ((300, 1_000), &[(256, 512), (256, 1_024), (512, 1_024)]),
            ((2_048, 30_000), &[(2_048, 16_384), (4_096, 30_720)]),
            ((8_192, 17_408), &[(8_192, 16_384), (8_192, 20_480)]),
            ((0, 0), &[(256, 512)]),
            ((u32::MAX, u32::MAX), &[(16_384, 122_880)]),
        ];
        for ((cpu, mib), expected) in table {
            assert_eq!(nearest(cpu, mib).into_iter().collect::<Vec<_>>(), expected, "{cpu} with {mib}");
            let wrong = check_size(cpu, mib).unwrap_err();
            for (cpu, mib) in expected {
                assert_eq!(check_size(*cpu, *mib), Ok(()));
                assert!(wrong.contains(&format!("{cpu} units with {mib} MiB")), "{wrong}");
            }
        }
        for cpu in 0..70 {
            for mib in (0..140_000).step_by(250) {
                assert!(check_size(cpu * 256, mib).is_ok() || !nearest(cpu * 256, mib).is_empty(), "{cpu} with {mib}");
            }
        }
    }

    #[test]
    fn prices_are_those_of_their_month() {
        let of = |arch, year, month| {
            let price = fargate_price(arch, YearMonth::new(year, month));
            (price.vcpu.0, price.gib.0)
        };
        assert_eq!(of(Arch::Amd64, 2017, 11), (50_600, 12_700));
        assert_eq!(of(Arch::Amd64, 2018, 12), (50_600, 12_700));
        assert_eq!(of(Arch::Amd64, 2019, 1), (40_480, 4_445));
        assert_eq!(of(Arch::Arm64, 2015, 1), (32_380, 3_560));
        assert_eq!(fargate_price(Arch::Amd64, None).since, YearMonth::new(2019, 1));
    }

    /// 1 vCPU and 2 GiB: 0.04048 + 2 x 0.004445; a quarter and a half: 0.01012 + 0.0022225, rounded; 16 vCPU and 120 GiB.
    #[test]
    fn a_task_pays_for_what_it_asks_for() {
        let now = fargate_price(Arch::Amd64, None);
        assert_eq!(now.of(1_024, 2_048), HourlyPrice(49_370));
        assert_eq!(now.of(256, 512), HourlyPrice(12_343));
        assert_eq!(now.of(16_384, 122_880), HourlyPrice(647_680 + 533_400));
        assert_eq!(fargate_price(Arch::Arm64, None).of(1_024, 1_024), HourlyPrice(35_940));
        assert_eq!(spot(now.of(1_024, 2_048)), HourlyPrice(14_811));
    }
}
