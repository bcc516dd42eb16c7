//! What each variant sets against the base, as a scenario file writes it.

use crate::overrides::Override;
use crate::tree::{Node, Value};
use crate::{Scenario, Setting};

impl Scenario {
    /// What a variant sets, by its position, in the order of the file; nothing where there is no such variant. Set over the
    /// base, it makes the variant.
    pub fn changes(&self, variant: usize) -> Vec<Setting> {
        self.source.changes.get(variant).into_iter().flatten().map(setting).collect()
    }
}

fn setting(change: &Override) -> Setting {
    Setting { path: change.path.join("."), value: written(&change.node) }
}

/// A value in TOML on one line.
fn written(node: &Node) -> String {
    match &node.value {
        Value::String(text) => toml::Value::from(text.as_str()).to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => toml::Value::from(*number).to_string(),
        Value::Boolean(flag) => flag.to_string(),
        // No key of a scenario has one.
        Value::DateOrTime => "..".into(),
        Value::List(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(", ")),
        Value::Table(table) => {
            let entry = |(key, node): (&str, &Node)| format!("{} = {}", key_of(key), written(node));
            let entries = table.entries.iter().map(|known| entry((&known.key, &known.node)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A key, in quotes where it needs them.
fn key_of(key: &str) -> String {
    let is_bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    if is_bare { key.into() } else { toml::Value::from(key).to_string() }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The base as the first variant, and variants that set it every way.
    const FILE: &str = r#"
question = "?"
[[host_group]]
name = "my-hosts"
hosts = 2
cpu = 4096
memory = "8GiB"
[[service]]
name = "web"
desired = 1
memory = "1MiB"
[[deploy]]
service = "web"
[[variant]]
name = "as it is"
[[variant]]
name = "by paths"
set = { "host_group.my-hosts.hosts" = 3, "service.web.stop_timeout" = "7s", "host_group.my-hosts.agent" = { poll = "5s" } }
[[variant]]
name = "by name"
orchestrator = { name = "ecs-2018", tick = "5s" }
strategy = { rolling = { minimum_healthy_percent = 50, maximum_percent = 150 } }
[variant.set]
"host_group.my-hosts.zones" = ["a", "b"]
"#;

    fn scenario() -> Scenario {
        Scenario::parse("web.toml", FILE, Path::new("")).unwrap()
    }

    #[test]
    fn changes_read_as_they_are_written() {
        let text = |variant| -> Vec<String> {
            scenario().changes(variant).into_iter().map(|set| format!("{} = {}", set.path, set.value)).collect()
        };
        assert!(text(0).is_empty() && text(9).is_empty());
        assert_eq!(
            text(1),
            [
                "host_group.my-hosts.hosts = 3",
                "service.web.stop_timeout = \"7s\"",
                "host_group.my-hosts.agent = { poll = \"5s\" }",
            ]
        );
        assert_eq!(text(2)[0], r#"orchestrator = { name = "ecs-2018", tick = "5s" }"#);
        assert_eq!(text(2)[1], "strategy = { rolling = { minimum_healthy_percent = 50, maximum_percent = 150 } }");
        assert_eq!(text(2)[2], r#"host_group.my-hosts.zones = ["a", "b"]"#);
    }

    #[test]
    fn changes_over_the_base_make_the_variant() {
        let scenario = scenario();
        for (position, variant) in scenario.variants.iter().enumerate() {
            let varied = scenario.vary("as it is", &scenario.changes(position)).map_err(|report| report.to_string());
            assert_eq!(varied.unwrap().model, variant.model, "{}", variant.name);
        }
    }
}
