//! What is wrong with what a scenario demands.

/// The lines of a `[check]` table behind the good scenario, which of them is wrong, and a part of the only problem.
pub const CHECKS: &[(&str, usize, &str)] = &[
    ("check = 5", 0, "a whole number, where a table is needed"),
    ("[check]\ndeploy_pp95 = \"<= 5m\"", 1, "did you mean 'deploy_p95'?"),
    ("[check]\nrequests = \"= 0\"", 1, "there is no measure 'requests'"),
    ("[check]\ndeploy_p95 = 5", 1, "a whole number, where a string is needed"),
    ("[check]\ndeploy_p95 = \"5m\"", 1, "'5m' demands nothing that can be checked"),
    ("[check]\ndeploy_p95 = \"max 10%\"", 1, "write \\\"<= 5s\\\", or against the baseline \\\"max +10%\\\""),
    ("[check]\ndeploy_p95 = \"max +10\"", 1, "'max +10' demands nothing"),
    ("[check]\ndeploy_p95 = \"max +$10\"", 1, "'max +$10' demands nothing"),
    ("[check]\ndeploy_p95 = \"max -100%\"", 1, "'max -100%' demands nothing"),
    ("[check]\ndeploy_p95 = \"= 5m\"", 1, "'= 5m' demands nothing"),
    ("[check]\ndeploy_p95 = \"<= -5m\"", 1, "'<= -5m' demands nothing"),
    ("[check]\ndeploy_p95 = \"none\"", 1, "'none' demands nothing"),
    ("[check]\nspare_cost_per_month = \"<= 50\"", 1, "\\\"max +$3\\\""),
    ("[check]\nfailed_requests = \"<= inf\"", 1, "'<= inf' demands nothing"),
    ("[check]\nunfinished = \"max +1$\"", 1, "write \\\"= 0\\\", \\\"<= 1%\\\""),
    ("[check]\nlowest_healthy = \"<= 50%\"", 1, "in no run less"),
    ("[check]\nlowest_healthy = \">= 500%\"", 1, "'>= 500%' demands nothing"),
    ("[check]\nlowest_healthy = \"max +5%\"", 1, "in no run less"),
    ("[check.variant.less]\nunfinished = \"= 0\"", 0, "no variant is named 'less'"),
    ("[check]\nvariant = 5", 1, "a whole number, where a table is needed"),
    ("[check.variant]\nmore = 5", 1, "a whole number, where a table is needed"),
    ("[check.variant.more]\ndeploy_p95 = \"max\"", 1, "'max' demands nothing"),
];
