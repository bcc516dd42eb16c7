//! One run in one row: how long, how healthy, how much extra, how much money, and what blocked.

/// One run in one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// From the request to the completion of the run's longest deploy, in seconds; absent when one did not end.
    pub deploy_s: Option<f64>,
    /// What each unfinished deploy waits for, in words; empty when all ended.
    pub blocked: Vec<String>,
    /// The lowest share of the desired tasks that was in service, over services with a deploy, from its request on; percent.
    pub lowest_healthy_percent: f64,
    /// Task-seconds reserved above the desired count, from the first request on.
    pub extra_replica_s: f64,
    /// Task-seconds in service below the desired count, from the first request on.
    pub short_replica_s: f64,
    /// The most tasks that held resources at once, over services with a deploy.
    pub peak_tasks: u32,
    /// Price of 730 hours of the hosts that the desired tasks do not need; US dollars.
    pub spare_usd_per_month: f64,
    /// Bill of the hosts that were launched for deploys, for each deploy; US dollars.
    pub usd_per_deploy: f64,
}
