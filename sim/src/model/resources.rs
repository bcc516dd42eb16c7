//! Resources: what hosts offer and tasks reserve, in whole units.

/// What can be reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// Cpu units; 1,024 are one vCPU.
    Cpu,
    /// Memory in MiB.
    Memory,
    /// Whole GPUs.
    Gpus,
    /// Network interfaces for tasks that have one of their own (awsvpc), or places for pods.
    Interfaces,
    /// Disk in MiB that is reserved (ephemeral storage).
    Disk,
}

impl Resource {
    /// Every one with its name, in the order of the fields of [`Resources`].
    pub const ALL: [(&'static str, Self); 5] = [
        ("cpu", Self::Cpu),
        ("memory", Self::Memory),
        ("gpus", Self::Gpus),
        ("interfaces", Self::Interfaces),
        ("disk", Self::Disk),
    ];
}

/// So much of each resource, of a host or of a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resources {
    /// Cpu units; 1,024 are one vCPU.
    pub cpu: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Whole GPUs.
    pub gpus: u32,
    /// Network interfaces for tasks, or places for pods.
    pub interfaces: u32,
    /// Disk in MiB.
    pub disk_mib: u32,
}

impl Resources {
    /// Nothing of anything.
    pub const NONE: Self = Self::new(0, 0);

    /// Cpu and memory, and nothing else.
    #[must_use]
    pub const fn new(cpu: u32, memory_mib: u32) -> Self {
        Self { cpu, memory_mib, gpus: 0, interfaces: 0, disk_mib: 0 }
    }

    /// How much there is of each, in the order of [`Resource::ALL`].
    pub const fn amounts(self) -> [u32; 5] {
        [self.cpu, self.memory_mib, self.gpus, self.interfaces, self.disk_mib]
    }

    /// From amounts in the order of [`Resource::ALL`].
    #[must_use]
    pub const fn of([cpu, memory_mib, gpus, interfaces, disk_mib]: [u32; 5]) -> Self {
        Self { cpu, memory_mib, gpus, interfaces, disk_mib }
    }

    /// How much there is of one.
    pub const fn get(self, resource: Resource) -> u32 {
        self.amounts()[resource as usize]
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let (a, b) = (self.amounts(), other.amounts());
        Self::of(std::array::from_fn(|i| a[i] + b[i]))
    }

    /// What is left; none where there is not enough of one.
    pub fn minus(self, other: Self) -> Option<Self> {
        other.fits_in(self).then(|| self.less(other))
    }

    /// What is left of each; nothing where there is not enough of it.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        let (a, b) = (self.amounts(), other.amounts());
        Self::of(std::array::from_fn(|i| a[i].saturating_sub(b[i])))
    }

    /// So many times as much.
    #[must_use]
    pub fn times(self, n: u32) -> Self {
        Self::of(self.amounts().map(|amount| amount * n))
    }

    /// Whether there is room for this in `room`.
    pub fn fits_in(self, room: Self) -> bool {
        self.amounts().iter().zip(room.amounts()).all(|(need, there)| *need <= there)
    }

    /// How many of `demand` there is room for; without end where it needs nothing.
    pub fn room_for(self, demand: Self) -> u32 {
        let shares =
            self.amounts().into_iter().zip(demand.amounts()).filter_map(|(there, need)| there.checked_div(need));
        shares.min().unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 10 / 3 cpu, 8 / 2 memory, 2 / 1 GPUs.
    #[test]
    fn the_scarcest_resource_decides_how_many_fit() {
        let host = Resources { gpus: 2, ..Resources::new(10, 8) };
        assert_eq!(host.room_for(Resources::new(3, 2)), 3);
        assert_eq!(host.room_for(Resources { gpus: 1, ..Resources::new(3, 2) }), 2);
        assert_eq!(host.room_for(Resources { interfaces: 1, ..Resources::NONE }), 0);
        assert_eq!(host.room_for(Resources::NONE), u32::MAX);
        assert_eq!(host.minus(Resources::new(11, 0)), None);
        assert_eq!(host.minus(Resources::new(10, 1)), Some(Resources { gpus: 2, ..Resources::new(0, 7) }));
    }
}
