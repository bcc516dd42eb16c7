//! Groups of hosts: what a host offers and costs, how hosts come, and how they go.

use super::{Agent, LaunchRate, Resources};
use crate::deploy::{Pool, strategies};
use crate::engine::dist::Dist;
use crate::engine::fact::GroupId;
use crate::engine::time::{Duration, Time};
use crate::scaling::Scaler;

/// Hosts that are alike.
#[derive(Clone, Debug, PartialEq)]
pub struct HostGroup {
    /// Unique among groups; hosts are named after it: `m5-0`, `m5-1`, ...
    pub name: String,
    /// Hosts at the start, and from then on where nothing asks for more or fewer.
    pub hosts: u32,
    /// Fewest hosts that a scaler may leave.
    pub min: u32,
    /// Most hosts that a scaler may ask for.
    pub max: u32,
    /// Zones, given to the hosts in turn. At least one.
    pub zones: Vec<String>,
    /// What one host offers to tasks (as registered, below nominal memory).
    pub capacity: Resources,
    /// Host ports that no task can have.
    pub reserved_ports: Vec<u16>,
    /// Price of one host.
    pub price: HourlyPrice,
    /// Other prices from a time on, in order of time. A second or an hour that has begun keeps its price. Machines for one task
    /// keep theirs.
    pub price_changes: Vec<(Time, HourlyPrice)>,
    /// How a host's life becomes a bill.
    pub billing: Billing,
    /// The agent on each host.
    pub agent: Agent,
    /// From a host's launch to its registration.
    pub boot: Dist,
    /// What decides how many hosts there are.
    pub scaler: Scaler,
    /// How a host goes that is one too many.
    pub leaving: Leaving,
    /// Which host goes first.
    pub termination: Termination,
    /// Hosts that are prepared and stopped, to come faster.
    pub warm_pool: Option<WarmPool>,
    /// Sizes asked for at times, in order of time.
    pub schedule: Vec<ScheduledSize>,
    /// Replacements of all hosts, in order of time.
    pub refreshes: Vec<Refresh>,
    /// The provider may take hosts away.
    pub spot: Option<Spot>,
    /// Hosts added for each deploy and removed after it.
    pub pre_deploy: Option<PreDeploy>,
    /// There are no hosts of the group: each task gets a machine of its own (Fargate). `hosts`, `capacity` and `price` are
    /// not used then.
    pub per_task: Option<PerTask>,
    /// Launches of tasks on its hosts, in place of the control plane's rate.
    pub launch_rate: Option<LaunchRate>,
    /// Room for images on one host, in bytes as pulled; without end where absent. A pull that does not fit fails.
    pub image_disk_bytes: Option<u64>,
}

impl HostGroup {
    /// A fixed number of hosts in one zone that cost nothing and boot at once: what other groups begin from.
    pub fn fixed(name: &str, hosts: u32, capacity: Resources, agent: Agent) -> Self {
        Self {
            name: name.into(),
            hosts,
            min: 0,
            max: u32::MAX,
            zones: vec!["a".into()],
            capacity,
            reserved_ports: vec![],
            price: HourlyPrice(0),
            price_changes: vec![],
            billing: Billing::PerSecond { minimum: Duration::from_secs(60) },
            agent,
            boot: Dist::ZERO,
            scaler: Scaler::Fixed,
            leaving: Leaving::WhenEmpty,
            termination: Termination::Default,
            warm_pool: None,
            schedule: vec![],
            refreshes: vec![],
            spot: None,
            pre_deploy: None,
            per_task: None,
            launch_rate: None,
            image_disk_bytes: None,
        }
    }
}

/// The hosts of one group in one zone, by their position in [`Model::classes`](super::Model::classes).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClassId(pub u16);

impl ClassId {
    /// The position as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What hosts of one class have in common for placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// Their group.
    pub group: GroupId,
    /// Their zone, by its position among the names of all zones.
    pub zone: u16,
    /// What each offers when it is empty.
    pub capacity: Resources,
}

/// Whole micro-dollars an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct HourlyPrice(pub u64);

/// How a host's life becomes a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Billing {
    /// By the second, and a minimum a launch. EC2 Linux since 2017-10-02: 60 s.
    PerSecond {
        /// A shorter life costs as much as this one.
        minimum: Duration,
    },
    /// By the started hour of each launch. EC2 before 2017-10-02.
    PerStartedHour,
}

/// How a host goes that is one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// Only an empty host goes, as soon as there is one (scale-in protection of hosts with tasks).
    WhenEmpty,
    /// It takes no more tasks, those that it has are moved by the orchestrator's rules, and it goes when it is empty (managed
    /// draining).
    Drained {
        /// It goes after so long in any case, with the tasks that are left; never where absent.
        at_most: Option<Duration>,
    },
    /// It goes at once, and its tasks with it (an Auto Scaling group that knows nothing of tasks).
    AtOnce,
}

/// Which host goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Termination {
    /// Of the zone with most hosts, the one closest to the end of a started hour of its life: what Auto Scaling does by default
    /// where all hosts have one launch template.
    Default,
    /// The one that was launched first.
    Oldest,
    /// The one that was launched last.
    Newest,
    /// The one closest to the end of a started hour of its life.
    ClosestToHour,
}

/// Hosts that are prepared and stopped, to come faster. One that comes is replaced by another that boots.
#[derive(Clone, Debug, PartialEq)]
pub struct WarmPool {
    /// How many.
    pub hosts: u32,
    /// From the start of a stopped host to its registration.
    pub start: Dist,
    /// Whether they hold the images of the running versions.
    pub holds_images: bool,
    /// Price of a stopped one (its disk).
    pub price: HourlyPrice,
}

/// A size asked for at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScheduledSize {
    /// When.
    pub at: Time,
    /// Hosts wanted from then on.
    pub hosts: u32,
}

/// All hosts are replaced (an instance refresh). One that is asked for while another is under way is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// When.
    pub at: Time,
    /// Hosts that stay available at least, in tenths of a percent of those wanted.
    pub min_healthy: u32,
    /// Hosts that there may be at most, from 1,000 to 2,000 tenths of a percent of those wanted. Where absent, old ones go first.
    pub max_healthy: Option<u32>,
    /// From a new host's registration until it counts as available.
    pub warmup: Duration,
    /// Shares of new hosts at which it holds, in tenths of a percent, rising. It holds nowhere after the last host.
    pub checkpoints: Vec<u32>,
    /// How long it holds at each.
    pub checkpoint_delay: Duration,
}

impl Refresh {
    /// ASG asg-instance-refresh.md: stuck for an hour, it fails.
    pub const STUCK_AFTER: Duration = Duration::from_secs(3_600);

    /// One with the settings that hold where nothing else is said.
    pub fn usual(at: Time) -> Self {
        Self {
            at,
            // ASG RefreshPreferences: MinHealthyPercentage, 90; no MaxHealthyPercentage without a maintenance policy.
            min_healthy: 900,
            max_healthy: None,
            // ASG understand-instance-refresh-default-values.md: the health check's grace, 300 s in the console (API: 0).
            warmup: Duration::from_secs(300),
            // The same page: none, and 1 h where there are some.
            checkpoints: vec![],
            checkpoint_delay: Duration::from_secs(3_600),
        }
    }

    /// How many hosts come and go at once.
    pub fn pool(&self) -> Pool {
        strategies::instance_refresh(self.min_healthy, self.max_healthy.unwrap_or(1_000))
    }
}

/// The provider takes hosts away.
#[derive(Clone, Debug, PartialEq)]
pub struct Spot {
    /// From a host's registration to the notice.
    pub interrupted_after: Dist,
    /// From the notice to the end of the host. EC2: two minutes.
    pub notice: Duration,
    /// Whether the host is drained from the notice on (`ECS_ENABLE_SPOT_INSTANCE_DRAINING`).
    pub drains: bool,
}

/// Hosts added before each deploy and removed after it.
#[derive(Clone, Debug, PartialEq)]
pub struct PreDeploy {
    /// How many.
    pub hosts: u32,
    /// How long before the deploy's request they are launched.
    pub lead: Duration,
    /// How long after the deploy's end as many hosts of the group go.
    pub keep: Duration,
}

/// What a machine for one task costs by the task's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerTask {
    /// Of one vCPU.
    pub vcpu: HourlyPrice,
    /// Of one GiB.
    pub gib: HourlyPrice,
}

impl PerTask {
    /// Price of a machine of a size, rounded to the nearest micro-dollar an hour.
    pub fn price(&self, size: Resources) -> HourlyPrice {
        HourlyPrice((self.vcpu.0 * u64::from(size.cpu) + self.gib.0 * u64::from(size.memory_mib) + 512) / 1_024)
    }
}
