//! The folder of a sweep: `sweep.json` says which sweep it is, `sweep.csv` has the rows that are done. Both are whole at any
//! moment at which the program may be killed, but for the last row, which is recognized and played again.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use seatrial_reports::csv::RunLine;
use seatrial_reports::sweep::Rows;
use seatrial_scenarios::sweep::{Design, Stop, Sweep};
use serde_json::{Value, json};

use crate::run::{Failure, cannot_write};

/// The name of the file of rows.
pub const ROWS: &str = "sweep.csv";
/// The name of the file that says which sweep it is.
const IDENTITY: &str = "sweep.json";

/// Where rows are appended.
pub struct Folder {
    path: PathBuf,
    file: File,
    _lock: File,
}

/// Which runs are done: a bit for each.
pub struct Done {
    bits: Vec<u64>,
    seeds: usize,
    count: u64,
}

impl Done {
    /// None of them.
    pub fn new(sweep: &Sweep) -> Self {
        let seeds = sweep.seeds as usize;
        Self { bits: vec![0; (sweep.cells.len() * seeds).div_ceil(64)], seeds, count: 0 }
    }

    /// Whether this run is done.
    pub fn has(&self, cell: usize, position: u32) -> bool {
        let bit = cell * self.seeds + position as usize;
        self.bits[bit / 64] & (1 << (bit % 64)) != 0
    }

    /// Notes that it is done; false where it was before.
    pub fn note(&mut self, cell: usize, position: u32) -> bool {
        let is_new = !self.has(cell, position);
        let bit = cell * self.seeds + position as usize;
        self.bits[bit / 64] |= 1 << (bit % 64);
        self.count += u64::from(is_new);
        is_new
    }

    /// How many are done.
    pub const fn count(&self) -> u64 {
        self.count
    }
}

/// Keeps others out of a folder until the file is closed, however this process ends.
fn lock(folder: &Path) -> Result<File, Failure> {
    let path = folder.join("sweep.lock");
    let file = File::create(&path).map_err(|error| cannot_write(&path, &error))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            let remedy = "wait for it, or name another folder with --out";
            Err(format!("error: another sweep writes into {}\n  = help: {remedy}", folder.display()).into())
        }
        // A file system without locks is no reason to refuse.
        Err(TryLockError::Error(_)) | Ok(()) => Ok(file),
    }
}

/// Takes a row that is there already; answers whether it is there for the first time.
type Known<'a> = &'a mut dyn FnMut(usize, u32, RunLine) -> Result<bool, Stop>;

impl Folder {
    /// Opens the folder for this sweep. Rows that are there already are handed over; with `restart` they are removed.
    pub fn open(folder: &Path, sweep: &Sweep, rows: &Rows, restart: bool, known: Known) -> Result<Self, Failure> {
        fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
        let lock = lock(folder)?;
        let (path, identity_path) = (folder.join(ROWS), folder.join(IDENTITY));
        let identity = identity(sweep);
        if restart {
            remove(&path)?;
            remove(&identity_path)?;
        }
        match fs::read_to_string(&identity_path) {
            Ok(text) => check_identity(folder, &text, &identity)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if path.exists() {
                    return Err(refused(folder, &format!("it has a {ROWS} and no {IDENTITY} that says of what")));
                }
                // Renamed when it is whole.
                let new = folder.join("sweep.json.new");
                fs::write(&new, serde_json::to_string_pretty(&identity)? + "\n")
                    .map_err(|error| cannot_write(&new, &error))?;
                fs::rename(&new, &identity_path).map_err(|error| cannot_write(&identity_path, &error))?;
            }
            Err(error) => return Err(format!("error: cannot read {}: {error}", identity_path.display()).into()),
        }
        let failed = |error: io::Error| cannot_write(&path, &error);
        let file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(failed)?;
        let mut this = Self { path: path.clone(), file, _lock: lock };
        let whole = this.read(folder, rows, known)?;
        this.file.set_len(whole).map_err(failed)?;
        if whole == 0 {
            this.append(&rows.header()).map_err(|stop| -> Failure { stop })?;
        }
        Ok(this)
    }

    /// Writes whole rows at once.
    pub fn append(&mut self, rows: &[u8]) -> Result<(), Stop> {
        let written = self.file.write_all(rows);
        written.map_err(|error| format!("error: cannot write {}: {error}", self.path.display()).into())
    }

    /// Hands over the rows that are there, and answers how many bytes are whole rows.
    fn read(&mut self, folder: &Path, rows: &Rows, known: Known) -> Result<u64, Failure> {
        let cannot_read = |error: io::Error| format!("error: cannot read {ROWS}: {error}");
        let header = rows.header();
        self.file.seek(SeekFrom::Start(0)).map_err(cannot_read)?;
        let mut start = Vec::new();
        (&self.file).take(header.len() as u64).read_to_end(&mut start).map_err(cannot_read)?;
        if start != header {
            // Killed before the first row.
            let is_torn = header.starts_with(&start);
            return if is_torn { Ok(0) } else { Err(refused(folder, &format!("{ROWS} has other columns"))) };
        }
        let end = self.file.metadata().map_err(cannot_read)?.len();
        let ends_a_line = |at: u64| -> io::Result<bool> {
            let mut last = [0];
            let mut file = &self.file;
            let back = file.stream_position()?;
            file.seek(SeekFrom::Start(at - 1))?;
            file.read_exact(&mut last)?;
            file.seek(SeekFrom::Start(back))?;
            Ok(last == *b"\n")
        };
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(BufReader::new(&self.file));
        let mut record = csv::StringRecord::new();
        let mut whole = header.len() as u64;
        loop {
            let read = reader.read_record(&mut record);
            let at = header.len() as u64 + reader.position().byte();
            let is_last = at >= end;
            if matches!(read, Ok(false)) {
                return Ok(whole);
            }
            let row = read.ok().and_then(|_| rows.read(&record));
            if is_last && (row.is_none() || !ends_a_line(end).map_err(cannot_read)?) {
                return Ok(whole);
            }
            let is_new = row.map(|(cell, position, line)| known(cell, position, line)).transpose();
            let is_new = is_new.map_err(|stop| -> Failure { stop })?;
            if is_new != Some(true) {
                let line = reader.position().line() + 1;
                return Err(refused(folder, &format!("{ROWS} is damaged before line {line}")));
            }
            whole = at;
        }
    }
}

/// What makes two sweeps the same.
fn identity(sweep: &Sweep) -> Value {
    let design = match sweep.design {
        Design::Grid => json!("grid"),
        Design::LatinHypercube { cells, seed } => json!({ "latin_hypercube": cells, "seed": seed }),
    };
    let axes: Vec<Value> = sweep.axes.iter().map(|axis| json!({ "path": axis.path, "values": axis.values })).collect();
    json!({
        "schema_version": 1,
        "seatrial_version": env!("CARGO_PKG_VERSION"),
        "models_sha256": sweep.fingerprint,
        "axes": axes,
        "design": design,
        "cells": sweep.cells.len(),
        "seeds": sweep.seeds,
        "first_seed": sweep.first_seed,
    })
}

fn check_identity(folder: &Path, text: &str, expected: &Value) -> Result<(), Failure> {
    let Ok(Value::Object(found)) = serde_json::from_str(text) else {
        return Err(refused(folder, &format!("{IDENTITY} is damaged")));
    };
    let words = [
        ("schema_version", "the files' format"),
        ("seatrial_version", "the version of seatrial"),
        ("axes", "the axes"),
        ("design", "the design"),
        ("seeds", "the number of seeds"),
        ("first_seed", "the first seed"),
        ("cells", "the number of cells"),
        ("models_sha256", "the scenario"),
    ];
    let differ: Vec<&str> =
        words.into_iter().filter(|(key, _)| found.get(*key) != expected.get(key)).map(|(_, words)| words).collect();
    if differ.is_empty() {
        Ok(())
    } else {
        Err(refused(folder, &format!("another sweep is there: {} differ", differ.join(", "))))
    }
}

fn refused(folder: &Path, why: &str) -> Failure {
    format!("error: {}: {why}; take another folder, or --restart, which removes what is there", folder.display()).into()
}

fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot_write(path, &error)),
        _ => Ok(()),
    }
}
