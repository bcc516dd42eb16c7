//! What each parameter means, and what values make sense: one line a name, whichever systems have it.

/// What a parameter means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The name.
    pub name: &'static str,
    /// In one sentence.
    pub text: &'static str,
    /// What values make sense.
    pub range: Range,
}

/// What values make sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// All that can be written.
    Any,
    /// A span above zero.
    AboveZero,
    /// A number within bounds.
    Count(u32, u32),
    /// Percent within bounds.
    Percent(u32, u32),
}

/// What the parameter of this name means.
pub fn meaning(name: &str) -> Option<&'static Meaning> {
    ALL.iter().find(|meaning| meaning.name == name)
}

const fn any(name: &'static str, text: &'static str) -> Meaning {
    Meaning { name, text, range: Range::Any }
}

const fn percent(name: &'static str, low: u32, high: u32, text: &'static str) -> Meaning {
    Meaning { name, text, range: Range::Percent(low, high) }
}

const fn count(name: &'static str, low: u32, high: u32, text: &'static str) -> Meaning {
    Meaning { name, text, range: Range::Count(low, high) }
}

const fn above_zero(name: &'static str, text: &'static str) -> Meaning {
    Meaning { name, text, range: Range::AboveZero }
}

const ALL: &[Meaning] = &[
    // The control loop.
    any("tick", "from one look at a service to the next; 0 looks after every change"),
    any("tick_jitter", "how far each look may be off its beat, either way"),
    any("latency", "from a change to the look that acts on it: a watch's way, and how long changes are gathered"),
    any("settles", "whether a look goes on until nothing is left to do, rather than start and stop once"),
    any("first_review", "from a deploy's request to the first look"),
    any("healthy_after", "from RUNNING to in service where there is neither a load balancer nor a health check"),
    any("deregistration", "when a task chosen to stop leaves its load balancer, and whether its stop waits for that"),
    any("target_poll", "how often the load balancer is asked for draining targets; 0 hears at once"),
    any("slot_release", "when placement may use a stopping task's cpu and memory"),
    any("launch_rate", "launches a service may make: tokens a minute, and how many are saved up"),
    any("replaces_unhealthy_targets", "whether tasks that their load balancer finds unhealthy are replaced"),
    any("unhealthy_poll", "how often load balancers are asked for targets that have become unhealthy; 0 hears at once"),
    any(
        "replaces_before_stop",
        "whether a task that was healthy and is not any more stays until another one is, where more tasks may exist",
    ),
    any("health_report", "from the verdict of a task's own check to the control plane's knowing it"),
    any(
        "rotation_end",
        "from a task's leaving service until nothing new is sent to it, where no load balancer finds out before",
    ),
    any("stop_call", "from a call that stops one task to its deregistration"),
    any("stop_call_reaction", "from there to the look that replaces it"),
    any("pull_ahead", "whether a new task's image is pulled while the old task of its slot stops"),
    any(
        "host_drain",
        "how tasks leave a host that drains: replaced within the bounds of a rollout, or stopped and started elsewhere",
    ),
    any("loss_detection", "from the loss of a host to the control plane's knowing that its tasks are gone"),
    any("placement", "which host a task goes to"),
    any(
        "pods",
        "whether a host of a known type offers what is allocatable of it, and each task takes one of its places for pods",
    ),
    any("billing", "how hosts are billed, if a group says nothing else"),
    // The agent.
    any("push", "from a command to the agent's receipt"),
    any("poll", "from one look of the agent for commands to the next"),
    any("starts_wait_for_stops", "whether a start waits for every earlier stop on its host"),
    any("provisioning", "from the receipt of a start to the pull: sandbox, network interface, machine"),
    any("pulls", "whether image pulls on one host take turns"),
    any("pull_throughput", "bytes a second of one pull, unpacked"),
    any(
        "image_cleanup_every",
        "from one look of the agent for images that nothing uses to the next, where hosts have a disk for images; 0 never looks",
    ),
    any("image_min_age", "how long after its pull an image stays at least"),
    count("images_a_cleanup", 1, 100_000, "images that one look removes at most"),
    any("keep_stopped", "how long a stopped container is kept, and its image with it"),
    percent("image_cleanup_above", 0, 100, "share of the disk for images from which on looks remove some"),
    percent("image_cleanup_down_to", 0, 100, "share of the disk for images down to which they do"),
    any("image_check", "the registry round trip that even a cached image costs"),
    any("report", "from RUNNING on the host to RUNNING in the control plane"),
    any("stop_tail", "from a container's exit to its being gone for the control plane"),
    // Tasks.
    any("startup", "from a container's creation to RUNNING, if a service says nothing else"),
    any("pre_stop", "from the stop order to SIGTERM"),
    any("exit", "from SIGTERM to the exit, if a service says nothing else"),
    any("stop_timeout", "from SIGTERM to SIGKILL, if a service says nothing else"),
    any("check_passes_after", "from RUNNING to the verdict of a health check that a good task is well"),
    any("check_fails_after", "from RUNNING to the verdict of a health check that ends a bad task"),
    any(
        "check_interval",
        "from the answer to a health check to the next one; 0 never finds a task that was well before",
    ),
    any("check_timeout", "how long a health check waits for its answer"),
    count("check_unhealthy", 1, 100, "health checks in a row that a well task fails before it is unhealthy"),
    count("check_healthy", 1, 100, "health checks in a row that an unhealthy task passes before it is well again"),
    any("restart_first", "how long the first restart of a container on its host waits"),
    any("restart_second", "how long the second restart waits"),
    percent("restart_factor", 100, 1_000, "what each further wait is of the one before"),
    any("restart_most", "how long a restart waits at most"),
    any("restart_reset", "how long a container must run for its restarts to begin anew"),
    count("restart_attempts", 0, 1_000, "restarts on the host before the task counts as failed"),
    any("replace_first", "how long the first replacement of a failed task waits"),
    any("replace_second", "how long the second replacement in a row waits"),
    percent("replace_factor", 100, 1_000, "what each further wait is of the one before"),
    any("replace_most", "how long a replacement waits at most"),
    any("replace_reset", "how long a task must run for its replacements to begin anew"),
    any("replace_at_once_if_it_ran", "whether only tasks that never ran wait to be replaced"),
    // Pools.
    percent("minimum_healthy_percent", 0, 100, "share of the desired tasks that stays healthy, rounded up"),
    percent(
        "maximum_percent",
        100,
        1_000,
        "share of the desired tasks that may exist, stopping ones included, rounded down",
    ),
    any("max_surge", "tasks that may exist above the desired count"),
    any("max_unavailable", "tasks that may be unavailable"),
    percent("minimum_health_capacity", 0, 100, "share of the desired tasks that stays healthy, rounded up"),
    percent("maximum_over_capacity", 0, 900, "share of the desired tasks that may be extra, rounded down"),
    // Slots.
    any("parallelism", "slots replaced at once; 0 is all"),
    any("max_parallel", "slots replaced at once"),
    any("concurrent_relaunches", "instances replaced at once"),
    any("batch_size", "slots of a batch"),
    any("order", "whether a slot's new task starts before its old one stops"),
    any("delay", "from a slot's end to the next one's begin"),
    any("interval", "from a batch's end to the next one's begin"),
    any("handover_timeout", "how long a new task waits for the old one of its slot to be gone"),
    count("partition", 0, 100_000, "lowest slots that keep the old version"),
    any("minimum_healthy_hosts", "hosts that stay healthy"),
    // Gates.
    any("min_ready", "how long a new task must be ready to be available"),
    any("min_healthy_time", "how long a new task must be healthy without a break"),
    any("after_boot_wait", "how long a new instance is in service before the next one's turn"),
    any("warmup", "how long a new host is in service before it counts"),
    any("healthy_deadline", "how long after its creation a new task that is not healthy is late"),
    any("timeout", "how long a batch may take"),
    // Programs.
    count("canary", 1, 100_000, "canary tasks"),
    percent("canary_percent", 0, 100, "share of the canary"),
    percent("step_percent", 1, 100, "share of the traffic that each step adds"),
    percent("max_percent", 1, 100, "share of the traffic at which the canary is promoted"),
    any("weights", "share of the new version after each step"),
    any("checkpoints", "shares at which the rollout waits"),
    any("checkpoint_delay", "how long it waits there"),
    any("pause", "how long each step holds"),
    any("step_bake_time", "how long the traffic stays after each step"),
    any("alarm_bake_time", "how long alarms are watched after the last old task, where they are"),
    any("bake_time", "how long the old tasks stay behind the new ones"),
    any("promotion", "from the readiness of the new version to the decision for it"),
    any("shift", "how long a change of traffic takes to be in force"),
    any("scale_down_delay", "how long the old tasks stay after the end"),
    any("abort_scale_down_delay", "how long new tasks without traffic stay after an abort"),
    above_zero("analysis_interval", "from one measurement to the next"),
    count("analysis_count", 0, 10_000, "measurements; 0 makes none"),
    count("iterations", 1, 10_000, "checks that a new group must stand before the switch"),
    count("failure_limit", 0, 10_000, "failed measurements that are still accepted"),
    any("boot", "from the launch of new hosts to the start of tasks on them"),
    any("stage", "how long the system takes from one stage to the next"),
    any("router", "whether a traffic router splits the traffic, rather than the numbers of tasks"),
    // Failure.
    any("circuit_breaker", "whether failed tasks in a row end the deploy"),
    percent(
        "circuit_breaker_percent",
        1,
        100,
        "share of the desired tasks whose failure in a row trips the circuit breaker",
    ),
    count("circuit_breaker_least", 1, 1_000, "failures in a row that it takes at least"),
    count("circuit_breaker_most", 1, 100_000, "failures in a row that it takes at most"),
    any("alarms", "whether an alarm ends the deploy"),
    any("rollback", "whether a failed deploy brings the version before back"),
    any("progress_deadline", "how long nothing may get on"),
    any("failure_action", "what failure does"),
    any("monitor", "how long after it begins to run the death of a new task is a failure"),
    percent("max_failure_ratio", 0, 100, "share of the slots whose new task may fail"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_means_one_thing() {
        let names: std::collections::BTreeSet<_> = ALL.iter().map(|meaning| meaning.name).collect();
        assert_eq!(names.len(), ALL.len());
    }
}
