//! The file of a baseline: what the deploys of some scenarios were like, as text that is small, sorted, and good to compare.
//!
//! A digest at its top covers all that follows, so that a file that was edited or cut short is known to be one. Facts are
//! compressed, for they are long and nobody reads them there; numbers are text.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use seatrial_scenarios::hexadecimal;
use seatrial_scenarios::measures::Measure;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::kept::{Few, Kept};
use super::wording;
use crate::statistics::Estimated;

/// The format of the file.
const SCHEMA_VERSION: i64 = 1;

/// What the deploys of some scenarios were like.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Baseline {
    /// By the scenario's file, relative to the baseline's.
    pub scenarios: BTreeMap<String, Entry>,
}

/// What the deploys of one scenario were like.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The version of Seatrial that played it.
    pub version: String,
    /// The digest of the scenario file.
    pub scenario: String,
    /// The first seed; the others follow by one.
    pub first_seed: u64,
    /// How many there are.
    pub seeds: u32,
    /// By the variant's name.
    pub variants: BTreeMap<String, Kept>,
}

/// Why a text is not a baseline that can be used, and what would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// What was found.
    pub message: String,
    /// What would do.
    pub help: String,
}

/// What a text is.
pub fn digest(text: &str) -> String {
    // A version control system may have turned the ends of lines.
    let text = text.replace("\r\n", "\n");
    hexadecimal(&Sha256::digest(text)[..16])
}

impl Baseline {
    /// The baseline as text.
    pub fn render(&self) -> String {
        let mut body = String::new();
        for (file, entry) in &self.scenarios {
            entry.render(file, &mut body);
        }
        let digest = digest(&body);
        format!("{HEAD}schema_version = {SCHEMA_VERSION}\n{DIGEST}\"{digest}\"\n{body}")
    }

    /// The baseline that a text holds.
    ///
    /// # Errors
    /// Where it is none, or was edited or cut short since it was written.
    pub fn parse(text: &str) -> Result<Self, Unusable> {
        let damaged = |why: String| Unusable {
            message: format!("edited or cut short since it was written: {why}"),
            help: "bring it back from version control, or remove it and write it anew with --update".into(),
        };
        let text = text.replace("\r\n", "\n");
        if text.lines().any(|line| line.starts_with("<<<<<<< ")) {
            return Err(Unusable {
                message: "it has the marks of a merge conflict".into(),
                help: "take either side as it is, and run --update again".into(),
            });
        }
        let document: toml::Table =
            text.parse().map_err(|error: toml::de::Error| damaged(error.message().trim().to_string()))?;
        match document.get("schema_version").and_then(toml::Value::as_integer) {
            Some(SCHEMA_VERSION) => {}
            Some(other) => {
                return Err(Unusable {
                    message: format!(
                        "its schema_version is {other}, and this version of seatrial reads {SCHEMA_VERSION}"
                    ),
                    help: "remove it and write it anew with --update, or check with the version that wrote it".into(),
                });
            }
            None => {
                return Err(Unusable {
                    message: "not a baseline: it has no schema_version".into(),
                    help: "name a file that `seatrial check --update` wrote".into(),
                });
            }
        }
        let body = text.split_once(&format!("\n{DIGEST}")).and_then(|(_, rest)| rest.split_once('\n'));
        let (said, body) = body.ok_or_else(|| damaged("its digest is missing".into()))?;
        if said.trim_matches('"') != digest(body) {
            return Err(damaged("its digest is that of another text".into()));
        }
        let document: Document =
            document.try_into().map_err(|error: toml::de::Error| damaged(error.message().trim().to_string()))?;
        let scenarios = document.scenario.into_iter().map(|entry| Some((entry.file.clone(), entry.into_entry()?)));
        let scenarios: Option<_> = scenarios.collect();
        Ok(Self { scenarios: scenarios.ok_or_else(|| damaged("numbers or facts that are none".into()))? })
    }
}

const HEAD: &str = "\
# What the deploys of some scenarios were like, seed by seed. Written by `seatrial check FILE.. --baseline THIS --update`, and
# not to be edited: the digest below covers all that follows it.
";
const DIGEST: &str = "sha256 = ";

impl Entry {
    fn render(&self, file: &str, text: &mut String) {
        let Self { version, scenario, first_seed, seeds, variants } = self;
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let mut line = |line: String| writeln!(text, "{line}").expect("a string takes what is written");
        line(format!("\n[[scenario]]\nfile = {}\nversion = {}", quoted(file), quoted(version)));
        line(format!("sha256 = \"{scenario}\"\nfirst_seed = {first_seed}\nseeds = {seeds}"));
        for (name, kept) in variants {
            line(format!("\n[[scenario.variant]]\nname = {}\n# {}", quoted(name), kept.in_words()));
            line(format!("model_sha256 = \"{}\"", kept.model));
            for (column, numbers) in &kept.columns {
                line(format!("{column} = \"{}\"", written(numbers)));
            }
            let waits: Vec<_> = kept
                .few
                .waits_s
                .iter()
                .map(|(kind, seconds)| format!("{} = {seconds}", kind.replace(' ', "-")))
                .collect();
            line(format!("waits_s = {{ {} }}", waits.join(", ")));
            line(format!("facts_sha256 = \"{}\"", kept.few.digests.join(" ")));
            line(format!("facts = \"{}\"", compressed(&kept.few.happenings)));
        }
    }
}

impl Kept {
    /// What a reader of the file may want to know: `deploy_p50 4m 17s, deploy_p95 4m 18s, cost_per_month $551.88`.
    fn in_words(&self) -> String {
        let said = Measure::ALL.iter().filter_map(|measure| {
            let estimated = Estimated::of(measure, self.numbers(measure)?);
            Some(format!("{} {}", measure.name, wording::value(measure.unit, estimated.value)))
        });
        said.collect::<Vec<_>>().join(", ")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "schema_version")]
    _schema_version: i64,
    #[serde(rename = "sha256")]
    _sha256: String,
    #[serde(default)]
    scenario: Vec<WrittenEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenEntry {
    file: String,
    version: String,
    sha256: String,
    first_seed: u64,
    seeds: u32,
    #[serde(default)]
    variant: Vec<WrittenVariant>,
}

#[derive(Deserialize)]
struct WrittenVariant {
    name: String,
    model_sha256: String,
    waits_s: BTreeMap<String, f64>,
    facts_sha256: String,
    facts: String,
    #[serde(flatten)]
    columns: BTreeMap<String, String>,
}

impl WrittenEntry {
    fn into_entry(self) -> Option<Entry> {
        let variants = self.variant.into_iter().map(|variant| {
            let columns = variant.columns.into_iter().map(|(name, text)| Some((name, read(&text, self.seeds)?)));
            let waits = variant.waits_s.into_iter().map(|(kind, seconds)| (kind.replace('-', " "), seconds));
            let few = Few {
                digests: variant.facts_sha256.split_whitespace().map(String::from).collect(),
                happenings: expanded(&variant.facts)?,
                waits_s: waits.collect(),
            };
            let columns = columns.collect::<Option<_>>()?;
            Some((variant.name, Kept { model: variant.model_sha256, columns, few }))
        });
        Some(Entry {
            version: self.version,
            scenario: self.sha256,
            first_seed: self.first_seed,
            seeds: self.seeds,
            variants: variants.collect::<Option<_>>()?,
        })
    }
}

/// Numbers with spaces between them, `-` for a run that did not finish, and equal neighbours once: `200*91.98`.
fn written(numbers: &[Option<f64>]) -> String {
    let groups = numbers.chunk_by(|a, b| a == b).map(|group| {
        let number = group[0].map_or_else(|| "-".into(), |number| number.to_string());
        if group.len() == 1 { number } else { format!("{}*{number}", group.len()) }
    });
    groups.collect::<Vec<_>>().join(" ")
}

/// As many numbers as there are seeds.
fn read(text: &str, seeds: u32) -> Option<Vec<Option<f64>>> {
    let mut numbers = vec![];
    for word in text.split_whitespace() {
        let (times, number) = word.split_once('*').unwrap_or(("1", word));
        let times: usize = times.parse().ok().filter(|times: &usize| *times <= seeds as usize - numbers.len())?;
        let number = match number {
            "-" => None,
            number => Some(number.parse().ok().filter(|number: &f64| number.is_finite())?),
        };
        numbers.extend(std::iter::repeat_n(number, times));
    }
    (numbers.len() == seeds as usize).then_some(numbers)
}

/// Lines as compressed text.
fn compressed(lines: &[String]) -> String {
    let mut encoder = DeflateEncoder::new(vec![], Compression::best());
    let written = encoder.write_all(lines.join("\n").as_bytes()).and_then(|()| encoder.finish());
    STANDARD_NO_PAD.encode(written.expect("memory takes what is written"))
}

/// The lines again; none of what was not compressed.
fn expanded(text: &str) -> Option<Vec<String>> {
    /// Facts are shorter; a text that expands to more is not one of ours.
    const LONGEST: u64 = 16 * 1024 * 1024;
    let mut lines = String::new();
    let bytes = STANDARD_NO_PAD.decode(text).ok()?;
    DeflateDecoder::new(&bytes[..]).take(LONGEST).read_to_string(&mut lines).ok()?;
    Some(lines.lines().map(String::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline() -> Baseline {
        let kept = |deploys: Vec<Option<f64>>, facts: &[&str]| Kept {
            model: "00ff".into(),
            columns: [("deploy_s".to_string(), deploys), ("usd_per_month".into(), vec![Some(91.98); 4])].into(),
            few: Few {
                digests: vec!["a1".into(), "b2".into()],
                happenings: facts.iter().map(|line| (*line).to_string()).collect(),
                waits_s: [("control loop".to_string(), 10.1), ("drain".into(), 300.0)].into(),
            },
        };
        let entry = Entry {
            version: "0.1.0".into(),
            scenario: "abcd".into(),
            first_seed: 7,
            seeds: 4,
            variants: [
                (
                    "one \"spare\"\nhost \u{1f6a2}".to_string(),
                    kept(vec![Some(0.25), None, None, Some(3.0)], &["x", "y"]),
                ),
                ("none".into(), kept(vec![None; 4], &[])),
            ]
            .into(),
        };
        Baseline { scenarios: [("../web.toml".to_string(), entry.clone()), ("a b.toml".into(), entry)].into() }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for baseline in [baseline(), Baseline::default()] {
            assert_eq!(Baseline::parse(&baseline.render()), Ok(baseline.clone()));
            let windows = baseline.render().replace('\n', "\r\n");
            assert_eq!(Baseline::parse(&windows), Ok(baseline));
        }
    }

    #[test]
    fn numbers_are_short_and_as_many_as_there_are_seeds() {
        let numbers = [Some(1.5), None, None, Some(0.0), Some(0.0), Some(0.0)];
        assert_eq!(written(&numbers), "1.5 2*- 3*0");
        assert_eq!(read("1.5 2*- 3*0", 6), Some(numbers.to_vec()));
        for text in [
            "",
            "1.5 2*- 2*0",
            "1.5 2*- 4*0",
            "a 5*0",
            "inf 5*0",
            "0*1 6*x",
            "-1*5 6*0",
            "99999999999999999999*0",
            "1 18446744073709551615*0",
        ] {
            assert_eq!(read(text, 6), None, "{text}");
        }
    }

    #[test]
    fn a_baseline_that_was_edited_or_cut_short_anywhere_is_refused() {
        let text = baseline().render();
        let start = text.find("schema_version").unwrap();
        for at in (start..text.len()).filter(|at| text.is_char_boundary(*at)) {
            assert!(Baseline::parse(&text[..at]).is_err(), "cut at {at} of {}", text.len());
            let next = text[at..].chars().next().unwrap().len_utf8();
            let other = if text[at..].starts_with('0') { "1" } else { "0" };
            let edited = format!("{}{other}{}", &text[..at], &text[at + next..]);
            // A digit of the version of the format is an answer of its own.
            let said = Baseline::parse(&edited).expect_err(&edited);
            assert!(said.help.contains("--update"), "{said:?}");
        }
        let conflict = text.replacen("[[scenario]]", "<<<<<<< HEAD\n=======\n>>>>>>> other\n[[scenario]]", 1);
        assert!(Baseline::parse(&conflict).unwrap_err().message.contains("merge conflict"));
        let longer = format!("{text}\n");
        assert!(Baseline::parse(&longer).unwrap_err().message.contains("edited or cut short"));
    }

    #[test]
    fn another_format_and_another_file_are_told_apart() {
        let other = baseline().render().replace("schema_version = 1", "schema_version = 2");
        let said = Baseline::parse(&other).unwrap_err();
        assert_eq!(said.message, "its schema_version is 2, and this version of seatrial reads 1");
        for text in ["", "question = \"?\"\n"] {
            assert!(Baseline::parse(text).unwrap_err().message.starts_with("not a baseline"), "{text}");
        }
    }

    /// Whoever makes a digest of his own may still not write what is no number.
    #[test]
    fn what_is_no_baseline_under_a_good_digest_is_refused_too() {
        let text = baseline().render();
        for (from, to) in [
            ("2*-", "3*-"),
            ("seeds = 4", "seeds = 5"),
            ("seeds = 4", "seeds = \"4\""),
            ("seeds = 4", "seeds = 4\nmore = 1"),
            ("facts = \"", "facts = \"!"),
        ] {
            let body = text.split_once(DIGEST).unwrap().1.split_once('\n').unwrap().1.replace(from, to);
            let forged = format!("schema_version = 1\n{DIGEST}\"{}\"\n{body}", digest(&body));
            assert!(Baseline::parse(&forged).is_err(), "{from} -> {to}");
        }
    }
}
