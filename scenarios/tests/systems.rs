//! Every system as scenario files see it: its defaults written down are its defaults again, and its strategies have names.

use std::path::Path;

use seatrial_scenarios::{FREE, FREE_POOL, FREE_SLOTS, Part, Report, Scenario, written};
use seatrial_sim::deploy::{Amount, Bound, Rollout};
use seatrial_sim::engine::dist::Dist;
use seatrial_sim::engine::time::Duration;
use seatrial_sim::model::{LaunchRate, Model};
use seatrial_sim::orchestrators::{ALL, Orchestrator, Range, Strategy, meaning};
use seatrial_sim::parameters::{Parameter, Value};

/// A small scenario with these lines before its tables.
fn parse(lines: &str) -> Result<Model, Report> {
    let rest = "[[host_group]]\nname = \"g\"\nhosts = 4\ncpu = 1024\nmemory = \"4GiB\"\n[[service]]\nname = \"web\"\n\
                desired = 4\nmemory = \"1GiB\"\nhealth_check = true\n[[deploy]]\nservice = \"web\"\n";
    let text = format!("question = \"?\"\n{lines}\n{rest}");
    Scenario::parse("systems.toml", &text, Path::new("")).map(|mut scenario| scenario.variants.remove(0).model)
}

fn good(lines: &str) -> Model {
    parse(lines).unwrap_or_else(|report| panic!("{report}"))
}

fn rollout(system: &Orchestrator, strategy: &str) -> Rollout {
    let lines = format!("orchestrator = \"{}\"\nstrategy = {strategy}", system.name);
    good(&lines).services.remove(0).rollout
}

/// A value of the same kind that is not the default.
fn other_than(parameter: &Parameter) -> Value {
    let range = meaning(parameter.name).expect("every parameter has a meaning").range;
    let count = |count: u32| match range {
        Range::Count(low, _) if count == low => low + 1,
        Range::Count(low, _) => low,
        _ => count + 1,
    };
    let permille = |permille: u32| match range {
        Range::Percent(low, high) if permille == 10 * low => 10 * high,
        Range::Percent(low, _) => 10 * low,
        _ => permille + 5,
    };
    match &parameter.value {
        Value::Span(span) => Value::Span(*span + Duration::from_millis(61_001)),
        Value::Random(Dist::Fixed(_)) => Value::Random(Dist::uniform_millis(1, 61_001)),
        Value::Random(_) => Value::Random(Dist::fixed_millis(61_001)),
        Value::Count(number) => Value::Count(count(*number)),
        Value::Permille(share) => Value::Permille(permille(*share)),
        Value::Bound(Bound { amount, round }) => {
            let amount = match *amount {
                Amount::Tasks(tasks) => Amount::Tasks(count(tasks)),
                Amount::Permille(share) => Amount::Permille(permille(share)),
            };
            Value::Bound(Bound { amount, round: *round })
        }
        Value::Flag(flag) => Value::Flag(!flag),
        Value::Word(word, words) => Value::Word(words.iter().find(|other| *other != word).unwrap_or(word), words),
        Value::Shares(_) => Value::Shares(vec![5, 500, 1_000]),
        Value::Rate(_) => Value::Rate(Some(LaunchRate { per_minute: 7, burst: 3 })),
        Value::Throughput(bytes) => Value::Throughput(bytes + 1),
    }
}

#[test]
fn every_default_of_a_system_can_be_written_and_read() {
    for system in ALL.map(|system| system()) {
        let plain = good(&format!("orchestrator = \"{}\"", system.name));
        let all: Vec<_> = system.parameters.0.iter().map(|p| format!("{} = {}", p.name, written(&p.value))).collect();
        let pasted = good(&format!("[orchestrator]\nname = \"{}\"\n{}", system.name, all.join("\n")));
        assert_eq!(pasted, plain, "{}", system.name);
    }
}

/// One after another, each with another value than its default: the settings are those of the value.
#[test]
fn every_parameter_of_a_system_can_be_overridden() {
    for system in ALL.map(|system| system()) {
        for parameter in &system.parameters.0 {
            let value = other_than(parameter);
            let text =
                format!("orchestrator = {{ name = \"{}\", {} = {} }}", system.name, parameter.name, written(&value));
            // A jitter has to fit its tick.
            if parameter.name == "tick_jitter" {
                assert!(parse(&text).is_err_and(|report| report.to_string().contains("below half a tick")), "{text}");
                continue;
            }
            let settings = Orchestrator {
                parameters: system.parameters.clone().with(parameter.name, value, parameter.source),
                ..system.clone()
            }
            .settings();
            let model = good(&text);
            assert_eq!(model.control, settings.control, "{text}");
            assert_eq!(
                (&model.host_groups[0].agent, model.host_groups[0].billing),
                (&settings.agent, settings.billing)
            );
            let service = &model.services[0];
            assert_eq!((&service.startup, &service.exit), (&settings.startup, &settings.exit), "{text}");
            assert_eq!((service.pre_stop, service.stop_timeout), (settings.pre_stop, settings.stop_timeout), "{text}");
            assert_eq!(
                (&service.health_check, &service.placement),
                (&Some(settings.health_check), &settings.placement)
            );
        }
    }
}

#[test]
fn every_strategy_of_a_system_is_found_by_its_name_and_its_defaults_can_be_written_and_read() {
    for system in ALL.map(|system| system()) {
        assert!(system.strategy(FREE).is_none(), "{}: the name is taken", system.name);
        for strategy in &system.strategies {
            let expected = strategy.rollout();
            assert_eq!(rollout(&system, &format!("\"{}\"", strategy.name)), expected, "{}", system.name);
            let all: Vec<_> =
                strategy.parameters.0.iter().map(|p| format!("{} = {}", p.name, written(&p.value))).collect();
            let pasted = rollout(&system, &format!("{{ {} = {{ {} }} }}", strategy.name, all.join(", ")));
            assert_eq!(pasted, expected, "{}: {}", system.name, strategy.name);
        }
    }
}

#[test]
fn every_parameter_of_a_strategy_can_be_overridden() {
    for system in ALL.map(|system| system()) {
        for strategy in &system.strategies {
            for parameter in &strategy.parameters.0 {
                let value = other_than(parameter);
                let text = format!("{{ {} = {{ {} = {} }} }}", strategy.name, parameter.name, written(&value));
                let parameters = strategy.parameters.clone().with(parameter.name, value, parameter.source);
                let expected = Strategy { parameters, ..strategy.clone() }.rollout();
                assert_eq!(rollout(&system, &text), expected, "{}: {text}", system.name);
            }
        }
    }
}

/// The ends of a parameter's range, as scenario files write them.
fn ends(parameter: &Parameter) -> Vec<String> {
    let range = meaning(parameter.name).expect("every parameter has a meaning").range;
    let counts = if let Range::Count(low, high) = range { [low, high] } else { [0, 100_000] };
    let percents = if let Range::Percent(low, high) = range { [low, high] } else { [0, 1_000] };
    let (counts, shares) = (counts.map(|count| count.to_string()), percents.map(|percent| format!("\"{percent}%\"")));
    match &parameter.value {
        Value::Span(_) | Value::Random(_) => vec!["\"1ms\"".into(), "\"3650d\"".into()],
        Value::Count(_) => counts.to_vec(),
        Value::Permille(_) => shares.to_vec(),
        Value::Bound(_) => [counts, shares].concat(),
        Value::Word(_, words) => words.iter().map(|word| format!("\"{word}\"")).collect(),
        Value::Shares(_) => ["[]", "[0.1]", "[0, 100]"].map(String::from).to_vec(),
        Value::Flag(_) | Value::Rate(_) | Value::Throughput(_) => vec![],
    }
}

/// What a range allows can be built.
#[test]
fn every_strategy_bears_the_ends_of_its_parameters() {
    for system in ALL.map(|system| system()) {
        for strategy in &system.strategies {
            for parameter in &strategy.parameters.0 {
                for end in ends(parameter) {
                    let text = format!("{{ {} = {{ {} = {end} }} }}", strategy.name, parameter.name);
                    assert!(!rollout(&system, &text).program.is_empty(), "{}: {text}", system.name);
                }
            }
        }
        let free = rollout(&system, "{ free = { pool = { unavailable = 1 } } }");
        assert_eq!(free.program.len(), 1, "{}", system.name);
    }
}

#[test]
fn every_default_of_a_free_strategy_can_be_written_and_read() {
    let pasted = |parts: &[Part]| {
        let all: Vec<_> = parts.iter().map(|part| format!("{} = {}", part.name, part.default)).collect();
        good(&format!("[strategy.free]\n{}", all.join("\n"))).services.remove(0).rollout
    };
    let plain = |text: &str| good(&format!("strategy = {text}")).services.remove(0).rollout;
    assert_eq!(pasted(FREE_POOL), plain("\"free\""));
    assert_eq!(pasted(FREE_SLOTS), plain("{ free = { slots = { floor = 0 } } }"));
    assert_eq!(pasted(FREE_SLOTS[..7].as_ref()), plain("{ free = { slots = {} } }"), "without a floor");
}
