//! What is said when a program fails: what happened, in which run, what was asked, and how to ask it again.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use seatrial_sim::engine::time::Time;
use seatrial_sim::placement::Decision;

use super::{Spec, protocol};
use crate::shell_word;

/// A program that decides where tasks go has failed, and with it the run that asked it.
#[derive(Clone, Debug)]
pub struct ProgramFailure(Box<Case>);

#[derive(Clone, Debug)]
struct Case {
    what: What,
    asking: Arc<Asking>,
    /// The line that was sent, and how many decisions are in it.
    request: String,
    together: usize,
    command: Vec<String>,
    /// The scenario.
    file: String,
    folder: PathBuf,
    variant: Option<String>,
}

/// What a program did wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The system does not run it.
    CannotStart(String),
    /// It failed before it had answered the first line.
    BeforeHello(Box<Self>),
    /// It ended, or closed its input or output.
    Died { status: Option<String>, errors: Vec<String> },
    /// It did not answer in time.
    Late { limit: Duration, errors: Vec<String> },
    /// Its answer is none.
    Nonsense { why: String, answer: String, errors: Vec<String> },
    /// It picked a host that does not do.
    Refused { why: String, host: u64 },
    /// It failed another run, so this one was given up.
    Abandoned,
}

/// A decision, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asking {
    /// In JSON.
    pub decision: String,
    pub seed: u64,
    pub at: Time,
    pub service: String,
    pub ordinal: u32,
}

impl Asking {
    /// About one decision.
    pub fn about(decision: &Decision) -> Self {
        let Decision { seed, at, service, ordinal, .. } = *decision;
        Self { decision: protocol::decision(decision), seed, at, service: service.into(), ordinal }
    }
}

impl ProgramFailure {
    pub(super) fn new(what: What, asking: Arc<Asking>, spec: &Spec, file: &str, folder: &Path) -> Self {
        let request = protocol::request(1, &[&asking.decision]);
        let (command, file, folder) = (spec.command.clone(), file.into(), folder.into());
        Self(Box::new(Case { what, asking, request, together: 1, command, file, folder, variant: None }))
    }

    /// It was asked in a line with so many decisions.
    pub(super) fn in_line(mut self, request: String, together: usize) -> Self {
        (self.0.request, self.0.together) = (request, together);
        self
    }

    /// It was a run of this variant.
    pub(crate) fn of_variant(mut self, name: &str) -> Self {
        self.0.variant = Some(name.into());
        self
    }

    /// Whether the program failed before it was asked anything: the scenario names none that can be asked.
    pub fn is_at_the_start(&self) -> bool {
        self.0.what.is_at_the_start()
    }

    /// Whether another run's failure is the reason.
    pub(crate) fn is_of_another_run(&self) -> bool {
        self.0.what == What::Abandoned
    }
}

impl Case {
    /// The command as a shell reads it.
    fn command(&self) -> String {
        self.command.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
    }

    /// What asks the same again without the simulation.
    fn again(&self) -> String {
        let lines = if self.what.is_at_the_start() {
            shell_word(&protocol::hello())
        } else {
            format!("{} {}", shell_word(&protocol::hello()), shell_word(&self.request))
        };
        format!(
            "(cd {} && printf '%s\\n' {lines} | {})",
            shell_word(&self.folder.display().to_string()),
            self.command()
        )
    }
}

impl What {
    const fn is_at_the_start(&self) -> bool {
        matches!(self, Self::CannotStart(_) | Self::BeforeHello(_))
    }

    /// In one clause, after "the program".
    fn in_words(&self) -> String {
        match self {
            Self::CannotStart(why) => format!("cannot be started: {why}"),
            Self::BeforeHello(what) => format!("did not greet as it should: it {}", what.in_words()),
            Self::Died { status: Some(status), .. } => format!("died ({status})"),
            Self::Died { status: None, .. } => "closed its standard input or output and did not end".into(),
            Self::Late { limit, .. } => format!("did not answer within {} s", limit.as_secs_f64()),
            Self::Nonsense { why, .. } => format!("answered nonsense: {why}"),
            Self::Refused { why, .. } => format!("picked a host that does not do: {why}"),
            Self::Abandoned => "failed another run".into(),
        }
    }

    /// What came back.
    fn answer(&self) -> Option<String> {
        match self {
            Self::BeforeHello(what) => what.answer(),
            Self::Nonsense { answer, .. } => Some(answer.clone()),
            Self::Refused { host, .. } => Some(format!("host {host}")),
            _ => None,
        }
    }

    /// The last lines of its standard error.
    fn errors(&self) -> &[String] {
        match self {
            Self::BeforeHello(what) => what.errors(),
            Self::Died { errors, .. } | Self::Late { errors, .. } | Self::Nonsense { errors, .. } => errors,
            _ => &[],
        }
    }
}

/// Several lines, meant for people.
impl fmt::Display for ProgramFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// An answer may be anything.
        const SHOWN: usize = 200;
        let case = &*self.0;
        let Asking { seed, at, service, ordinal, .. } = &*case.asking;
        writeln!(f, "error: the program that places the tasks of {service} {}", case.what.in_words())?;
        writeln!(f, "  program: {}, in {}", case.command(), case.folder.display())?;
        let variant = case.variant.as_ref().map(|name| format!(", variant '{name}'")).unwrap_or_default();
        let first = match case.together {
            1 => String::new(),
            together => format!(", the first of {together} that were asked at once"),
        };
        writeln!(
            f,
            "  run: {}{variant}, seed {seed}, at {at}, where task {ordinal} of {service} goes{first}",
            case.file
        )?;
        if !case.what.is_at_the_start() {
            writeln!(f, "  asked: {}", case.request)?;
        }
        if let Some(answer) = case.what.answer() {
            let shown: String = answer.chars().take(SHOWN).collect();
            let more = answer.chars().count().saturating_sub(SHOWN);
            let more = if more > 0 { format!(".. and {more} characters more") } else { String::new() };
            writeln!(f, "  answered: {shown}{more}")?;
        }
        let errors = case.what.errors();
        if !errors.is_empty() {
            writeln!(f, "  its standard error ends with:")?;
            errors.iter().try_for_each(|line| writeln!(f, "    {line}"))?;
        }
        writeln!(f, "  = help: ask it again: {}", case.again())?;
        let file = if case.file == "standard input" { "-".into() } else { shell_word(&case.file) };
        write!(f, "  = help: play the run again: seatrial run {file} --seed {seed} --seeds 1")
    }
}

impl Error for ProgramFailure {}
