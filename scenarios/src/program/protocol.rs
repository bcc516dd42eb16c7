//! What is said to a program and what it answers, line by line: JSON in one line each, without spaces.

use seatrial_sim::model::Resources;
use seatrial_sim::placement::{Alike, Decision};
use serde::{Deserialize, Serialize};

/// The version of the protocol.
const PROTOCOL: u32 = 1;
/// Several decisions in one line.
const BATCH: &str = "batch";

/// Which host a program picked, whether or not there is one with that number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub host: u64,
}

/// The first line to a program.
pub(super) fn hello() -> String {
    format!(r#"{{"seatrial":"{}","protocol":{PROTOCOL},"features":["{BATCH}"]}}"#, env!("CARGO_PKG_VERSION"))
}

/// Whether the program that answers the first line with this one takes several decisions at once; or what is wrong with it.
pub(super) fn takes_batches(line: &str) -> Result<bool, String> {
    #[derive(Deserialize)]
    struct Hello {
        protocol: u32,
        #[serde(default)]
        features: Vec<String>,
    }
    let hello: Hello = serde_json::from_str(line).map_err(|error| wrong(line, &error, EXAMPLE))?;
    if hello.protocol != PROTOCOL {
        return Err(format!("it speaks protocol {}, and this version of Seatrial speaks {PROTOCOL}", hello.protocol));
    }
    Ok(hello.features.iter().any(|feature| feature == BATCH))
}

const EXAMPLE: &str = r#"{"protocol":1,"name":"my policy","features":[]}"#;

/// The line that asks for some decisions; its id comes back with the answer.
pub(super) fn request(id: u64, decisions: &[&str]) -> String {
    match decisions {
        [one] => format!(r#"{{"decision":{one},"id":{id}}}"#),
        several => format!(r#"{{"decisions":[{}],"id":{id}}}"#, several.join(",")),
    }
}

/// The answers to the line of this id with so many decisions, or what is wrong with the line.
pub(super) fn answers(line: &str, id: u64, count: usize) -> Result<Vec<Answer>, String> {
    #[derive(Deserialize)]
    struct Line {
        id: u64,
        host: Option<u64>,
        hosts: Option<Vec<u64>>,
    }
    let (field, example) = if count == 1 {
        ("host", format!(r#"{{"id":{id},"host":3}}, with the id of the line and that of a host"#))
    } else {
        let each = "with the id of the line and that of a host for each decision";
        ("hosts", format!(r#"{{"id":{id},"hosts":[3,0]}}, {each}"#))
    };
    let Line { id: own, host, hosts } = serde_json::from_str(line).map_err(|error| wrong(line, &error, &example))?;
    // Whose answer it is comes before what it says: a line too many may answer another kind of question.
    if own != id {
        return Err(format!(
            "it is for the line with the id {own}, and that of {id} was asked: one answer for each line"
        ));
    }
    let hosts = if count == 1 { host.map(|host| vec![host]) } else { hosts };
    let hosts = hosts.ok_or_else(|| format!("missing field `{field}`; a line would do like {example}"))?;
    if hosts.len() != count {
        return Err(format!("it has {} hosts for {count} decisions", hosts.len()));
    }
    Ok(hosts.into_iter().map(|host| Answer { host }).collect())
}

/// Why a line is none that can be read.
fn wrong(line: &str, error: &serde_json::Error, expected: &str) -> String {
    let is_json = serde_json::from_str::<serde_json::Value>(line).is_ok();
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or_default();
    let kind = if is_json { said.to_string() } else { format!("it is not JSON ({said})") };
    format!("{kind}; a line would do like {expected}")
}

/// A decision in JSON.
pub(super) fn decision(decision: &Decision) -> String {
    let Decision { seed, at, service, ordinal, demand, desired, lot, hosts, .. } = decision;
    let written = DecisionLine {
        seed: *seed,
        at_ms: at.as_millis(),
        service,
        ordinal: *ordinal,
        desired: *desired,
        task: Amounts::of(*demand),
        lot: *lot,
        hosts: hosts.iter().map(AlikeLine::of).collect(),
    };
    serde_json::to_string(&written).expect("numbers and texts can be written")
}

#[derive(Serialize)]
struct DecisionLine<'a> {
    seed: u64,
    at_ms: u64,
    service: &'a str,
    ordinal: u32,
    desired: u32,
    task: Amounts,
    lot: u64,
    hosts: Vec<AlikeLine<'a>>,
}

#[derive(Serialize)]
struct AlikeLine<'a> {
    group: &'a str,
    zone: &'a str,
    ids: Vec<u32>,
    free: Amounts,
    total: Amounts,
    tasks: u32,
    zone_tasks: u32,
    all_tasks: u32,
}

impl<'a> AlikeLine<'a> {
    fn of(alike: &Alike<'a>) -> Self {
        let Alike { group, zone, ids, free, total, tasks, zone_tasks, all_tasks } = alike;
        Self {
            group,
            zone,
            ids: ids.iter().map(|id| id.0).collect(),
            free: Amounts::of(*free),
            total: Amounts::of(*total),
            tasks: *tasks,
            zone_tasks: *zone_tasks,
            all_tasks: *all_tasks,
        }
    }
}

#[derive(Serialize)]
struct Amounts {
    cpu: u32,
    memory_mib: u32,
    gpus: u32,
    interfaces: u32,
    disk_mib: u32,
}

impl Amounts {
    const fn of(resources: Resources) -> Self {
        let Resources { cpu, memory_mib, gpus, interfaces, disk_mib } = resources;
        Self { cpu, memory_mib, gpus, interfaces, disk_mib }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_hosts_in_the_order_of_the_decisions() {
        let hosts = |line, count| answers(line, 7, count).map(|hosts| hosts.iter().map(|answer| answer.host).collect());
        assert_eq!(hosts(r#"{"id":7,"host":3}"#, 1), Ok(vec![3]));
        assert_eq!(hosts(r#" { "hosts" : [3, 0], "id": 7, "why": "it is the emptiest" } "#, 2), Ok(vec![3, 0]));
        let table = [
            (r#"{"id":7,"host":3}"#, 2, "missing field `hosts`; a line would do like {\"id\":7,\"hosts\":[3,0]}"),
            (r#"{"id":7,"hosts":[3]}"#, 1, "missing field `host`; a line would do like {\"id\":7,\"host\":3}"),
            (r#"{"host":3}"#, 1, "missing field `id`; a line would do like {\"id\":7,\"host\":3}"),
            (r#"{"id":6,"host":3}"#, 1, "it is for the line with the id 6, and that of 7 was asked"),
            (r#"{"id":7,"hosts":[3]}"#, 2, "it has 1 hosts for 2 decisions"),
            (r#"{"id":7,"hosts":[3,1,2]}"#, 2, "it has 3 hosts for 2 decisions"),
            (r#"{"id":7,"host":3.5}"#, 1, "invalid type: floating point `3.5`, expected u64"),
            (r#"{"id":7,"host":null}"#, 1, "missing field `host`"),
            (r#"{"id":6,"hosts":[3,0]}"#, 1, "it is for the line with the id 6, and that of 7 was asked"),
            ("", 1, "it is not JSON (EOF while parsing a value)"),
            (r#"{"id":7,"host":3} {"id":7,"host":3}"#, 1, "it is not JSON (trailing characters)"),
        ];
        for (line, count, why) in table {
            let said: String = hosts(line, count).unwrap_err();
            assert!(said.starts_with(why), "{line}: {said}");
        }
    }

    #[test]
    fn who_greets_may_take_batches() {
        assert_eq!(takes_batches(r#"{"protocol":1,"features":["batch","more"]}"#), Ok(true));
        assert_eq!(takes_batches(r#"{"protocol":1,"name":"mine"}"#), Ok(false));
        let table = [
            (r#"{"protocol":2}"#, "it speaks protocol 2, and this version of Seatrial speaks 1"),
            (r#"{"name":"mine"}"#, "missing field `protocol`; a line would do like {\"protocol\":1,"),
            ("hello", "it is not JSON (expected value)"),
        ];
        for (line, why) in table {
            let said = takes_batches(line).unwrap_err();
            assert!(said.starts_with(why), "{line}: {said}");
        }
    }

    #[test]
    fn one_decision_is_asked_alone() {
        assert_eq!(request(1, &["{}"]), r#"{"decision":{},"id":1}"#);
        assert_eq!(request(2, &["{}", "{}"]), r#"{"decisions":[{},{}],"id":2}"#);
    }
}
