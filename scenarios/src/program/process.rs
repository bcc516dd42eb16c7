//! A running program: started with its first line, asked line by line with a time limit, and ended whatever it does.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::failure::What;
use super::{Spec, lock, protocol};

/// No answer is longer.
const LONGEST_LINE: u64 = 16 * 1024 * 1024;
/// A program has so long at least for its first line, whatever its limit for the others: it has to start.
const TO_START: Duration = Duration::from_secs(10);
/// What is kept of the standard error.
const KEPT_LINES: usize = 12;
const KEPT_CHARS: usize = 300;
/// How long a program may take to end by itself once nothing is asked any more, and once its output has ended.
const GRACE: Duration = Duration::from_millis(300);

/// A running program.
pub(super) struct Process {
    child: Child,
    /// Lines to it; none once it is to end.
    to: Option<Sender<String>>,
    /// Its lines, and nothing where its output has ended.
    from: Receiver<io::Result<Option<String>>>,
    errors: Arc<Mutex<VecDeque<String>>>,
    /// Who reads its standard error.
    errors_reader: JoinHandle<()>,
    timeout: Duration,
    batch: usize,
    /// The id of the last line with decisions.
    asked: u64,
}

impl Process {
    /// Starts a program in a folder and greets it.
    pub fn start(spec: &Spec, folder: &Path) -> Result<Self, What> {
        let mut command = Command::new(executable(&spec.command[0], folder));
        command.args(&spec.command[1..]).current_dir(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // What it starts itself ends with it, and an interrupt from the keyboard does not reach it before the runs are over.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(|error| What::CannotStart(error.to_string()))?;
        let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            unreachable!("all three were asked for");
        };
        let (to, lines) = mpsc::channel();
        let (answers, from) = mpsc::channel();
        // A thread of its own, because a program that hangs may neither read nor write.
        thread::spawn(move || talk(&lines, stdin, stdout, &answers));
        let errors = Arc::new(Mutex::default());
        let kept = Arc::clone(&errors);
        let errors_reader = thread::spawn(move || keep_last(stderr, &kept));
        let mut process = Self {
            child,
            to: Some(to),
            from,
            errors,
            errors_reader,
            timeout: spec.timeout,
            batch: spec.batch as usize,
            asked: 0,
        };
        let answer = process
            .exchange(protocol::hello(), spec.timeout.max(TO_START))
            .map_err(|what| What::BeforeHello(Box::new(what)))?;
        match protocol::takes_batches(&answer) {
            Ok(takes_batches) => {
                process.batch = if takes_batches { process.batch } else { 1 };
                Ok(process)
            }
            Err(why) => {
                let what = What::Nonsense { why, answer, errors: process.end_now() };
                Err(What::BeforeHello(Box::new(what)))
            }
        }
    }

    /// How many decisions it takes at once.
    pub const fn batch(&self) -> usize {
        self.batch
    }

    /// The next line to ask, with some decisions.
    pub fn request(&mut self, decisions: &[&str]) -> String {
        self.asked += 1;
        protocol::request(self.asked, decisions)
    }

    /// The answers to that line, which has so many decisions.
    pub fn ask(&mut self, request: &str, decisions: usize) -> Result<Vec<protocol::Answer>, What> {
        let answer = self.exchange(request.into(), self.timeout)?;
        let answers = protocol::answers(&answer, self.asked, decisions);
        answers.map_err(|why| What::Nonsense { why, answer, errors: self.end_now() })
    }

    /// One line there and one back, within a limit.
    fn exchange(&mut self, line: String, limit: Duration) -> Result<String, What> {
        let sent = self.to.as_ref().is_some_and(|to| to.send(line).is_ok());
        let answer = if sent { self.from.recv_timeout(limit) } else { Err(RecvTimeoutError::Disconnected) };
        match answer {
            Ok(Ok(Some(answer))) => Ok(answer),
            Err(RecvTimeoutError::Timeout) => Err(What::Late { limit, errors: self.end_now() }),
            Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
                Err(What::Nonsense { why: error.to_string(), answer: String::new(), errors: self.end_now() })
            }
            // It does not read or write any more.
            Ok(Ok(None) | Err(_)) | Err(RecvTimeoutError::Disconnected) => {
                let status = self.status_within(GRACE).map(|status| status.to_string());
                Err(What::Died { status, errors: self.end_now() })
            }
        }
    }

    /// How it ended, if it does so soon.
    fn status_within(&mut self, most: Duration) -> Option<ExitStatus> {
        let (start, mut pause) = (Instant::now(), Duration::from_micros(100));
        loop {
            match self.child.try_wait() {
                Ok(None) if start.elapsed() < most => thread::sleep(pause),
                Ok(status) => return status,
                Err(_) => return None,
            }
            pause = (pause * 2).min(Duration::from_millis(10));
        }
    }

    /// Ends it at once; what it wrote last on its standard error.
    fn end_now(&mut self) -> Vec<String> {
        self.to = None;
        self.kill();
        let start = Instant::now();
        while !self.errors_reader.is_finished() && start.elapsed() < GRACE {
            thread::sleep(Duration::from_millis(1));
        }
        lock(&self.errors).iter().cloned().collect()
    }

    /// Kills it with what it has started, and waits for its end so that nothing is left of it.
    fn kill(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        #[cfg(unix)]
        if let Some(group) = rustix::process::Pid::from_raw(self.child.id().cast_signed()) {
            // It may be gone by now.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    /// Its standard input ends, which ends a program that reads it; others are killed.
    fn drop(&mut self) {
        self.to = None;
        if self.status_within(GRACE).is_none() {
            self.kill();
        }
    }
}

/// Where a program is: what is a path is in the folder, and a name alone is looked for as a shell does it.
fn executable(name: &str, folder: &Path) -> PathBuf {
    let is_path = Path::new(name).components().count() > 1;
    let path = folder.join(name);
    // The system would look for a relative path in one folder or the other.
    if is_path { path.canonicalize().unwrap_or(path) } else { name.into() }
}

/// Hands lines to a program and what it answers back, until either end is gone.
fn talk(
    lines: &Receiver<String>,
    mut stdin: ChildStdin,
    stdout: ChildStdout,
    answers: &Sender<io::Result<Option<String>>>,
) {
    let mut stdout = BufReader::new(stdout);
    while let Ok(mut line) = lines.recv() {
        line.push('\n');
        let answer = stdin.write_all(line.as_bytes()).and_then(|()| stdin.flush()).and_then(|()| read(&mut stdout));
        if answers.send(answer).is_err() {
            return;
        }
    }
}

/// One line; nothing where there is no whole one any more.
fn read(stdout: &mut impl BufRead) -> io::Result<Option<String>> {
    let invalid = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    let mut bytes = Vec::new();
    stdout.take(LONGEST_LINE).read_until(b'\n', &mut bytes)?;
    if bytes.pop_if(|byte| *byte == b'\n').is_none() {
        let too_long = bytes.len() as u64 == LONGEST_LINE;
        return if too_long { Err(invalid("its line does not end".into())) } else { Ok(None) };
    }
    String::from_utf8(bytes).map(Some).map_err(|_| invalid("its line is not UTF-8".into()))
}

/// Keeps the last lines of what a program writes on its standard error.
fn keep_last(stderr: impl Read, kept: &Mutex<VecDeque<String>>) {
    /// A line that does not end is cut.
    const LONGEST: u64 = 64 * 1024;
    let mut stderr = BufReader::new(stderr);
    loop {
        let mut bytes = Vec::new();
        match stderr.by_ref().take(LONGEST).read_until(b'\n', &mut bytes) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let line: String = String::from_utf8_lossy(&bytes).trim_end().chars().take(KEPT_CHARS).collect();
        let mut kept = lock(kept);
        if kept.len() == KEPT_LINES {
            kept.pop_front();
        }
        kept.push_back(line);
    }
}
