//! What is wrong with the scalers of services.

/// What stands for the service's autoscaling, and a part of the only problem.
pub const AUTOSCALING: &[(&str, &str)] = &[
    ("5", "a whole number, where a table is needed"),
    ("{ max = 60 }", "min is missing"),
    ("{ min = 9, max = 8 }", "min is 9 and max is 8"),
    ("{ min = 10, max = 60 }", "5 tasks are desired, where min and max allow 10 to 60"),
    ("{ min = 10, max = 60 }", "write desired from 10 to 60"),
    ("{ min = 1, max = 100001 }", "from 0 to 100000"),
    ("{ min = 1, max = 9, target-traking = { cpu = 60 } }", "did you mean 'target-tracking'?"),
    ("{ min = 1, max = 9, schedule = [{ at = \"1h\", min = 1 }] }", "max is missing"),
    ("{ min = 1, max = 9, schedule = [{ at = \"1h\", min = 3, max = 2 }] }", "min is 3 and max is 2"),
    ("{ min = 1, max = 9, schedule = [{ at = 0, min = 6, max = 9 }] }", "allow 6 to 9"),
    ("{ min = 1, max = 9, target-tracking = {} }", "no target"),
    ("{ min = 1, max = 9, target-tracking = { cpu = 0 } }", "zero percent"),
    ("{ min = 1, max = 9, target-tracking = [{ cpu = 60 }, { cpu = -1 }] }", "from 0 to 1000"),
    ("{ min = 1, max = 9, target-tracking = { cpu = 60, requests_per_target = 9 } }", "two targets"),
    ("{ min = 1, max = 9, target-tracking = { cpu = 60, dely = 0 } }", "did you mean 'delay'?"),
    ("{ min = 1, max = 9, target-tracking = { cpu = 60, delay = \"1.5s\" } }", "whole seconds from 0 on"),
    ("{ min = 1, max = 9, target-tracking = { cpu = 60, period = 0 } }", "whole seconds from 1 on"),
    ("{ min = 1, max = 9, step = {} }", "no alarm"),
    ("{ min = 1, max = 9, step = { high = { threshold = 75 } } }", "steps is missing"),
    ("{ min = 1, max = 9, step = { high = { threshold = 75, steps = [] } } }", "no steps"),
    (
        "{ min = 1, max = 9, step = { high = { threshold = 75, steps = [{ from = 1, to = 1, change = 1 }] } } }",
        "not below",
    ),
    (
        "{ min = 1, max = 9, step = { high = { threshold = 75, steps = [{ from = 5, change = 1 }, { to = 6, change = 2 }] } } }",
        "two steps overlap",
    ),
    (
        "{ min = 1, max = 9, step = { high = { threshold = 7, steps = [{ change = 1 }] }, \
         low = { threshold = 8, steps = [{ change = -1 }] } } }",
        "low is above high",
    ),
    (
        "{ min = 1, max = 9, step = { min_magnitude = 2, high = { threshold = 75, steps = [{ change = 1 }] } } }",
        "only a change in percent",
    ),
    ("{ min = 1, max = 9, alarm = { low = 80 } }", "low is not below high"),
    ("{ min = 1, max = 9, alarm = { step = 0 } }", "zero tasks"),
    ("{ min = 1, max = 9, hpa = {}, alarm = {} }", "hpa is not alone"),
    ("{ min = 1, max = 9, hpa = [{}, { cpu = 60 }] }", "hpa is not alone"),
    ("{ min = 0, max = 9, hpa = {} }", "switches hpa off"),
    ("{ min = 1, max = 9, hpa = { tolerance = 1.5 } }", "not a share from 0 to 1"),
    ("{ min = 1, max = 9, hpa = { tolerance = \"10%\" } }", "where a share from 0 to 1 is needed"),
    ("{ min = 1, max = 9, hpa = { current = \"stats\" } }", "did you mean 'status'?"),
    ("{ min = 1, max = 9, hpa = { scale_up = { select = \"mx\" } } }", "did you mean 'max'?"),
    ("{ min = 1, max = 9, hpa = { scale_up = { policies = [] } } }", "no policies"),
    ("{ min = 1, max = 9, hpa = { scale_up = { policies = [{ pods = 4 }] } } }", "period is missing"),
    (
        "{ min = 1, max = 9, hpa = { scale_up = { policies = [{ pods = 4, percent = 9, period = \"1m\" }] } } }",
        "two of them",
    ),
    ("{ min = 1, max = 9, hpa = { scale_up = { stabilization = \"2h\" } } }", "is more than"),
];
