//! The file of a baseline: read, and written aside before it takes the place of the old one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};
use std::sync::atomic::Ordering;

use seatrial_reports::check::baseline::{Baseline, Entry};
use seatrial_scenarios::Scenario;

use super::STANDARD_INPUT;
use super::play::{Batch, entry_of, play};
use crate::Exit;
use crate::cli;
use crate::run::{Failure, cannot_write, interruption, print};

/// A baseline and where it is kept.
pub struct Store {
    /// As the user called it.
    pub name: String,
    path: PathBuf,
    /// What the file says; nothing where there is none yet.
    text: Option<String>,
    baseline: Baseline,
}

impl Store {
    /// The baseline in a file that may not be there yet; `-` is the standard output.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let is_no_file = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
        let text = match fs::read_to_string(path) {
            _ if path == Path::new("-") => None,
            _ if is_no_file => return Err(format!("error: {name}: not a file").into()),
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(format!("error: {name}: cannot be read: {error}").into()),
        };
        let baseline = text.as_deref().map_or_else(|| Ok(Baseline::default()), |text| parse(&name, text))?;
        Ok(Self { name, path: path.into(), text, baseline })
    }

    /// The baseline in a file.
    pub fn existing(path: &Path) -> Result<Self, Failure> {
        let store = Self::open(path)?;
        if store.text.is_none() {
            return Err(format!("error: {}: no such file\n  = help: write it with --update", store.name).into());
        }
        Ok(store)
    }

    /// A baseline that stands in no file.
    pub fn of(name: String, baseline: Baseline) -> Self {
        Self { name, path: "-".into(), text: None, baseline }
    }

    /// What it says of a scenario.
    pub fn entry(&self, scenario: &Scenario) -> Option<&Entry> {
        self.baseline.scenarios.get(&self.key(scenario))
    }

    /// The scenario's file, relative to the baseline's.
    fn key(&self, scenario: &Scenario) -> String {
        relative(Path::new(&scenario.name), self.folder())
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// Plays the scenarios and keeps what they give. The file is the old one or the new one at any moment.
    pub fn update(mut self, scenarios: &[Scenario], arguments: &cli::Check) -> Result<ExitCode, Failure> {
        let is_file = self.path != Path::new("-");
        if is_file && scenarios.iter().any(|scenario| scenario.name == STANDARD_INPUT) {
            return Err("error: a baseline keeps scenarios by their files, and the standard input is none".into());
        }
        if is_file && !self.folder().join(".").is_dir() {
            return Err(format!("error: {}: there is no such folder", self.name).into());
        }
        let interrupted = interruption()?;
        let mut said = vec![];
        for scenario in scenarios {
            let key = self.key(scenario);
            let old = self.baseline.scenarios.get(&key);
            let seeds = arguments.seeds.or(old.map(|entry| entry.seeds)).unwrap_or(scenario.seeds);
            let first_seed = arguments.seed.or(old.map(|entry| entry.first_seed)).unwrap_or(scenario.first_seed);
            let results = play(scenario, Batch { first_seed, before: 0, seeds }, arguments, &interrupted);
            if interrupted.load(Ordering::Relaxed) {
                let left = if is_file { format!("{} is as it was", self.name) } else { "nothing is written".into() };
                eprintln!("interrupted: {left}");
                return Ok(Exit::Interrupted.into());
            }
            let entry = entry_of(scenario, &results?, first_seed, arguments.threads)?;
            let what = match old {
                None => "new",
                Some(old) if *old == entry => "as it was",
                Some(old) if old.variants == entry.variants => "plays as it did",
                Some(_) => "changed",
            };
            said.push(format!("{key}: {what}, {seeds} seeds"));
            self.baseline.scenarios.insert(key, entry);
        }
        if is_file {
            let folder = self.folder().to_path_buf();
            let there = |key: &String| folder.join(key).exists();
            let gone: Vec<String> = self.baseline.scenarios.keys().filter(|key| !there(key)).cloned().collect();
            for key in gone {
                self.baseline.scenarios.remove(&key);
                said.push(format!("{key}: left out, for there is no such file"));
            }
        }
        let text = self.baseline.render();
        if is_file {
            self.replace(&text)?;
            print(&(said.join("\n") + "\n"))?;
        } else {
            print(&text)?;
        }
        Ok(Exit::Answered.into())
    }

    /// Writes the file aside and renames it.
    fn replace(&self, text: &str) -> Result<(), Failure> {
        if self.text.as_deref() == Some(text) {
            return Ok(());
        }
        // Where it is a link, the file that it leads to is replaced.
        let path = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        let mut aside = path.clone().into_os_string();
        aside.push(format!(".{}.new", process::id()));
        let aside = PathBuf::from(aside);
        let written = File::create(&aside).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            if let Ok(metadata) = fs::metadata(&path) {
                file.set_permissions(metadata.permissions())?;
            }
            file.sync_all()?;
            fs::rename(&aside, &path)
        });
        written.map_err(|error| {
            // What is there of it is of no use.
            let _ = fs::remove_file(&aside);
            cannot_write(&self.path, &error)
        })
    }
}

/// The baseline of a text, or what is wrong with it.
pub fn parse(name: &str, text: &str) -> Result<Baseline, Failure> {
    Baseline::parse(text)
        .map_err(|unusable| format!("error: {name}: {}\n  = help: {}", unusable.message, unusable.help).into())
}

/// A path from a folder to a file, with slashes, where both are there; otherwise the file's as it is.
fn relative(file: &Path, folder: &Path) -> String {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let (Ok(file), Ok(folder)) = (file.canonicalize(), folder.canonicalize()) else {
        return file.display().to_string();
    };
    let common = file.components().zip(folder.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(common).map(|_| "..".to_string());
    let down = file.components().skip(common).map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}
