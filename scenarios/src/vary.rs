//! A variant with a few values set anew: what a sweep and a question "what if" are made of.

use std::path::PathBuf;

use crate::decode::{Context, Samples, scenario};
use crate::overrides::Override;
use crate::program::Programs;
use crate::report::{Problem, Report};
use crate::tree::{self, Node, Value};
use crate::{Scenario, Variant};

/// A value to set, by its path, as a variant's `set` does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// `host_group.m5.hosts`.
    pub path: String,
    /// As it is written in a scenario file. What is not TOML is text, so quotes may be left out: `30s`.
    pub value: String,
}

/// What the variants of a scenario were read from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Source {
    pub root: Node,
    /// By variant, what it changes.
    pub changes: Vec<Vec<Override>>,
    pub base_dir: PathBuf,
    /// The programs that it names.
    pub programs: Programs,
}

impl Scenario {
    /// The programs that it names.
    pub(crate) const fn programs(&self) -> &Programs {
        &self.source.programs
    }

    /// The tree of the file.
    pub(crate) const fn root(&self) -> &Node {
        &self.source.root
    }

    /// A variant with more settings over its own.
    ///
    /// # Errors
    /// What is wrong with the settings, or with what they make of the scenario.
    ///
    /// # Panics
    /// When the scenario has no variant of that name.
    pub fn vary(&self, variant: &str, settings: &[Setting]) -> Result<Variant, Report> {
        let samples = Samples::new(&self.source.base_dir, self.source.programs.clone());
        let context = Context::new(&samples);
        let mut root = self.tree_of(variant);
        for setting in settings {
            let applied = setting.to_override().and_then(|change| change.apply(&mut root));
            if let Err(problem) = applied {
                context.note(problem);
            }
        }
        let decoded = scenario(&root, &context);
        let problems = context.problems.into_inner();
        match decoded {
            Some(decoded) if problems.is_empty() => Ok(Variant::new(variant.into(), decoded)),
            _ => Err(Report::without_places(&self.name, problems)),
        }
    }

    /// The tree of the file with what a variant changes in it.
    pub(crate) fn tree_of(&self, variant: &str) -> Node {
        let position = self.variants.iter().position(|known| known.name == variant);
        let position = position.expect("the caller names a variant of the scenario");
        let mut root = self.source.root.clone();
        for change in &self.source.changes[position] {
            change.apply(&mut root).expect("the scenario was read with it");
        }
        root
    }
}

impl Setting {
    fn to_override(&self) -> Result<Override, Problem> {
        let path: Vec<String> = self.path.split('.').map(String::from).collect();
        if path.iter().any(String::is_empty) {
            let help = "a path is keys and names with dots between them: host_group.m5.hosts";
            return Err(Problem::new(0..0, &self.path, "not a path", Some(help.into())));
        }
        Ok(Override { path, path_span: 0..0, node: value(&self.value) })
    }
}

/// A value as it would stand in a file, or as text.
pub(crate) fn value(written: &str) -> Node {
    let tree = tree::parse(&format!("value = {written}"));
    let node = tree.ok().filter(|root| matches!(&root.value, Value::Table(table) if table.entries.len() == 1));
    let node = node.and_then(|root| root.get("value").cloned());
    node.unwrap_or_else(|| Node { span: 0..0, value: Value::String(written.into()) })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use seatrial_sim::engine::time::Duration;
    use seatrial_sim::model::Model;

    use super::*;

    const FILE: &str = "question = \"?\"\n[[host_group]]\nname = \"g\"\nhosts = 2\ncpu = 1\nmemory = \"1MiB\"\n[[service]]\n\
                        name = \"s\"\ndesired = 1\nmemory = \"1MiB\"\n[[deploy]]\nservice = \"s\"\n[[variant]]\nname = \"one\"\n\
                        [[variant]]\nname = \"more\"\nset = { \"host_group.g.hosts\" = 3 }\n";

    fn vary(variant: &str, settings: &[(&str, &str)]) -> Result<Model, String> {
        let scenario = Scenario::parse("web.toml", FILE, Path::new("")).unwrap();
        let setting = |&(path, value): &(&str, &str)| Setting { path: path.into(), value: value.into() };
        let settings: Vec<Setting> = settings.iter().map(setting).collect();
        scenario.vary(variant, &settings).map(|variant| variant.model).map_err(|report| report.to_string())
    }

    #[test]
    fn nothing_set_is_the_variant_itself() {
        let scenario = Scenario::parse("web.toml", FILE, Path::new("")).unwrap();
        for variant in &scenario.variants {
            assert_eq!(vary(&variant.name, &[]), Ok(variant.model.clone()));
        }
    }

    #[test]
    fn settings_come_over_what_the_variant_sets() {
        assert_eq!(vary("more", &[]).unwrap().host_groups[0].hosts, 3);
        assert_eq!(vary("more", &[("host_group.g.hosts", "5")]).unwrap().host_groups[0].hosts, 5);
        let model = vary("one", &[("service.s.stop_timeout", "7s"), ("service.s.desired", "2")]).unwrap();
        assert_eq!((model.services[0].stop_timeout, model.services[0].desired), (Duration::from_secs(7), 2));
        assert_eq!(
            vary("one", &[("service.s.stop_timeout", "\"7s\"")]).unwrap().services[0].stop_timeout.as_millis(),
            7_000
        );
    }

    #[test]
    fn what_is_wrong_names_the_path() {
        let wrong = |path, value| vary("one", &[(path, value)]).unwrap_err();
        for (path, value, said) in [
            ("host_group.x.hosts", "1", "no host_group has the name 'x'"),
            ("host_group.g.hostz", "1", "hostz"),
            ("host_group.g.hosts", "many", "host_group.g.hosts"),
            ("run.seeds", "1", "run.seeds: seeds is the same for all variants"),
            ("host_group..hosts", "1", "not a path"),
            ("service.s.stop_timeout", "7 parsecs", "service.s.stop_timeout"),
        ] {
            let message = wrong(path, value);
            assert!(message.contains(said) && message.contains("web.toml"), "{path} = {value}: {message}");
        }
    }
}
