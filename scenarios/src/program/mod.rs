//! Placement by a program beside the simulation: whom a scenario asks, what is asked, and what is said when it fails.

mod failure;
mod process;
mod protocol;

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::fmt;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use seatrial_sim::engine::fact::HostId;
use seatrial_sim::placement::{Chooser, Decision, Policy};
use sha2::{Digest, Sha256};

pub use failure::ProgramFailure;

use failure::{Asking, What};
use process::Process;

/// A program as a scenario names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spec {
    /// Its name or path, and its arguments; at least the first.
    pub command: Vec<String>,
    /// How long an answer may take.
    pub timeout: Duration,
    /// How many decisions it is asked at once, at most.
    pub batch: u32,
}

/// The programs of one scenario. What is named alike is one program, however often it is read.
#[derive(Clone, Debug)]
pub(crate) struct Programs(Arc<Known>);

#[derive(Debug)]
struct Known {
    /// The scenario's name, for messages.
    file: String,
    /// Where they run.
    folder: PathBuf,
    programs: Mutex<Vec<(Arc<Program>, Policy)>>,
}

impl Programs {
    /// Those of a scenario, which run in the folder of its file.
    pub fn of(file: &str, folder: &Path) -> Self {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        Self(Arc::new(Known { file: file.into(), folder: folder.into(), programs: Mutex::default() }))
    }

    /// The placement by a program.
    pub fn policy(&self, spec: Spec) -> Policy {
        let mut programs = lock(&self.0.programs);
        if let Some((_, policy)) = programs.iter().find(|(known, _)| known.spec == spec) {
            return policy.clone();
        }
        let program = Arc::new(Program::new(spec, &self.0.file, &self.0.folder));
        let policy = Policy::asked(program.clone());
        programs.push((program, policy.clone()));
        policy
    }

    /// Makes ready for runs on so many threads, each of which may have a process of every program. Answers how many runs shall
    /// be under way at once, so that there is enough to ask at once.
    pub fn make_ready(&self, threads: usize) -> usize {
        let programs = lock(&self.0.programs);
        for (program, _) in &*programs {
            program.make_ready(threads);
        }
        let batch = programs.iter().map(|(program, _)| program.spec.batch as usize).max();
        threads * batch.unwrap_or(1)
    }
}

/// Those of the same file.
impl PartialEq for Programs {
    fn eq(&self, other: &Self) -> bool {
        (&self.0.file, &self.0.folder) == (&other.0.file, &other.0.folder)
    }
}

/// A program, with a process for each thread that asks it, and what is asked and not yet answered. Runs that are played side by
/// side put their decisions in a row; whoever finds a process idle sends what is there by then, up to the size of a batch.
pub(crate) struct Program {
    spec: Spec,
    file: String,
    folder: PathBuf,
    /// What its files hold, in digits: a program that has changed is another one.
    fingerprint: String,
    most: AtomicUsize,
    line: Mutex<Line>,
    moved: Condvar,
}

/// What is asked and answered, and who answers.
#[derive(Default)]
struct Line {
    /// Decisions that nobody has sent yet.
    waiting: VecDeque<(u64, Arc<Asking>)>,
    /// Answers that nobody has fetched yet.
    answers: BTreeMap<u64, Result<protocol::Answer, ProgramFailure>>,
    next: u64,
    idle: Vec<Process>,
    /// Processes, also those that are being started or asked.
    processes: usize,
    has_failed: bool,
}

impl Line {
    /// A process has failed at a decision, and with it the program.
    fn fail(&mut self, ticket: u64, failure: ProgramFailure) {
        self.processes -= 1;
        self.has_failed = true;
        self.waiting.retain(|(waiting, _)| *waiting != ticket);
        self.answers.insert(ticket, Err(failure));
    }
}

impl Program {
    fn new(spec: Spec, file: &str, folder: &Path) -> Self {
        let fingerprint = fingerprint(&spec, folder);
        Self {
            spec,
            file: file.into(),
            folder: folder.into(),
            fingerprint,
            most: AtomicUsize::new(1),
            line: Mutex::default(),
            moved: Condvar::new(),
        }
    }

    fn make_ready(&self, threads: usize) {
        self.most.store(threads, Ordering::Relaxed);
        lock(&self.line).has_failed = false;
    }

    /// The answer to one decision.
    fn ask(&self, asking: &Arc<Asking>) -> Result<protocol::Answer, ProgramFailure> {
        let mut line = lock(&self.line);
        let ticket = line.next;
        line.next += 1;
        line.waiting.push_back((ticket, asking.clone()));
        loop {
            if let Some(answer) = line.answers.remove(&ticket) {
                return answer;
            }
            if line.has_failed {
                line.waiting.retain(|(waiting, _)| *waiting != ticket);
                return Err(self.failure(What::Abandoned, asking));
            }
            if line.waiting.is_empty() {
                line = self.moved.wait(line).unwrap_or_else(PoisonError::into_inner);
            } else if let Some(process) = line.idle.pop() {
                line = self.answer_some(process, line);
            } else if line.processes < self.most.load(Ordering::Relaxed) {
                line.processes += 1;
                drop(line);
                let started = Process::start(&self.spec, &self.folder);
                line = lock(&self.line);
                match started {
                    Ok(process) => line.idle.push(process),
                    Err(what) => line.fail(ticket, self.failure(what, asking)),
                }
                self.moved.notify_all();
            } else {
                line = self.moved.wait(line).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// Has a process answer what is there, up to a batch of it.
    fn answer_some<'a>(&'a self, mut process: Process, mut line: MutexGuard<'a, Line>) -> MutexGuard<'a, Line> {
        let count = line.waiting.len().min(process.batch());
        let some: Vec<_> = line.waiting.drain(..count).collect();
        drop(line);
        let decisions: Vec<&str> = some.iter().map(|(_, asking)| asking.decision.as_str()).collect();
        let request = process.request(&decisions);
        let answers = process.ask(&request, decisions.len());
        let mut line = lock(&self.line);
        match answers {
            Ok(answers) => {
                line.answers.extend(some.into_iter().map(|(ticket, _)| ticket).zip(answers.into_iter().map(Ok)));
                line.idle.push(process);
            }
            Err(what) => {
                // It is about all of them; the first one says so.
                let (ticket, asking) = &some[0];
                let failure = self.failure(what, asking).in_line(request, decisions.len());
                line.fail(*ticket, failure);
            }
        }
        self.moved.notify_all();
        line
    }

    fn failure(&self, what: What, asking: &Arc<Asking>) -> ProgramFailure {
        ProgramFailure::new(what, asking.clone(), &self.spec, &self.file, &self.folder)
    }
}

impl Chooser for Program {
    fn choose(&self, decision: &Decision) -> Result<HostId, Box<dyn Error + Send + Sync>> {
        let asking = Arc::new(Asking::about(decision));
        let answer = self.ask(&asking)?;
        let refused = |why| {
            lock(&self.line).has_failed = true;
            self.moved.notify_all();
            self.failure(What::Refused { why, host: answer.host }, &asking)
        };
        let host = u32::try_from(answer.host).map(HostId);
        let host = host.map_err(|_| refused(format!("there is no host {}", answer.host)))?;
        decision.check(host).map_err(refused)?;
        Ok(host)
    }
}

/// The same for the same program and the same answers, wherever it is: sweeps know by it whether they are the same.
impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "program {:?} {}", self.spec.command, self.fingerprint)
    }
}

/// What the files hold that a command names, as far as they are such that people make.
fn fingerprint(spec: &Spec, folder: &Path) -> String {
    const LARGEST: u64 = 64 * 1024 * 1024;
    let mut hasher = Sha256::new();
    for path in spec.command.iter().map(|name| folder.join(name)) {
        let is_read = fs::metadata(&path).is_ok_and(|file| file.is_file() && file.len() <= LARGEST);
        if let (true, Ok(bytes)) = (is_read, fs::read(&path)) {
            hasher.update(bytes);
        }
    }
    hasher.finalize().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("texts can be written into memory");
        text
    })
}

/// A panic of another thread ends the runs anyway.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
