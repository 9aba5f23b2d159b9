//! One attack, and what has to become of it.

use super::arena::Accomplice;
use anyhow::Result;
use serde_json::{Value, json};
use stagehook_core::execution::ExecutionStatus;
use stagehook_runners::process::Confinement;
use std::fmt;
use std::path::Path;
use std::time::Duration;

/// What reads the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// `/bin/sh`, or what the first line names.
    Shell,
    /// `python3`.
    Python,
}

/// How an attack ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// An execution has this status.
    Status(ExecutionStatus),
    /// The hook cannot even be saved.
    NotSaved,
    /// Either way: it depends on the moment.
    Any,
}

/// How a case has to end.
#[derive(Debug, Clone, Copy)]
pub struct Expected {
    /// So.
    pub ending: Ending,
    /// What the error has to say.
    pub told: &'static str,
    /// Whether it learns a secret.
    pub learns: bool,
}

/// One attack, and what has to become of it.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it does.
    pub name: &'static str,
    /// Who reads it.
    pub language: Language,
    /// The script. Its first argument is the mark of this attack: a number of
    /// seconds to sleep that occurs nowhere else, by which its processes are
    /// known.
    pub script: &'static str,
    /// The hook's config beside path and arguments.
    pub config: Value,
    /// What is done to the scripts directory before.
    pub(super) stage: Option<fn(&Path) -> Result<Accomplice>>,
    /// When it is ended.
    pub timeout: Duration,
    /// What it is fed beside the ordinary input, in bytes.
    pub input_bytes: usize,
    /// How often it is tried.
    pub rounds: u32,
    /// It has to be over by then, on a busy machine.
    pub within: Duration,
    unconfined: Option<Expected>,
    confined: Option<Expected>,
}

/// An execution that ends so.
pub(super) const fn ends(status: ExecutionStatus, told: &'static str) -> Expected {
    Expected {
        ending: Ending::Status(status),
        told,
        learns: false,
    }
}

/// An execution that passes.
pub(super) const fn passes() -> Expected {
    ends(ExecutionStatus::Passed, "")
}

/// Python's own `MemoryError`, `OSError`, …: what the script asked for was
/// refused, and it did not expect that.
pub(super) const fn fails() -> Expected {
    ends(ExecutionStatus::Failed, "exited with status")
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => status.fmt(f),
            Self::NotSaved => f.write_str("not saved"),
            Self::Any => f.write_str("any"),
        }
    }
}

impl Case {
    fn new(
        name: &'static str,
        language: Language,
        script: &'static str,
        expected: Expected,
    ) -> Self {
        Self {
            name,
            language,
            script,
            config: json!({}),
            stage: None,
            timeout: Duration::from_secs(20),
            input_bytes: 0,
            rounds: 1,
            within: Duration::from_secs(15),
            unconfined: Some(expected),
            confined: Some(expected),
        }
    }

    /// A shell script that has to end so, confined or not.
    pub(super) fn shell(name: &'static str, script: &'static str, expected: Expected) -> Self {
        Self::new(name, Language::Shell, script, expected)
    }

    /// A Python script that has to end so, confined or not.
    pub(super) fn python(name: &'static str, script: &'static str, expected: Expected) -> Self {
        Self::new(name, Language::Python, script, expected)
    }

    /// How it has to end; `None` where it is not tried in this mode.
    pub fn expected(&self, confinement: Confinement) -> Option<Expected> {
        match confinement {
            Confinement::Off => self.unconfined,
            Confinement::Bubblewrap => self.confined,
        }
    }

    #[must_use]
    pub(super) fn limits(mut self, limits: impl Into<Value>) -> Self {
        self.config["limits"] = limits.into();
        self
    }

    #[must_use]
    pub(super) fn path(mut self, path: &str) -> Self {
        self.config["script_path"] = path.into();
        self
    }

    #[must_use]
    pub(super) fn staged(self, stage: fn(&Path) -> Result<Accomplice>) -> Self {
        Self {
            stage: Some(stage),
            ..self
        }
    }

    #[must_use]
    pub(super) fn timeout_ms(self, ms: u64) -> Self {
        Self {
            timeout: Duration::from_millis(ms),
            ..self
        }
    }

    #[must_use]
    pub(super) fn fed(self, input_bytes: usize) -> Self {
        Self {
            input_bytes,
            ..self
        }
    }

    #[must_use]
    pub(super) fn rounds(self, rounds: u32) -> Self {
        Self { rounds, ..self }
    }

    /// Ends otherwise without confinement.
    #[must_use]
    pub(super) fn unconfined(self, expected: Expected) -> Self {
        Self {
            unconfined: Some(expected),
            ..self
        }
    }

    /// Would hurt the machine without confinement, and is not tried.
    #[must_use]
    pub(super) fn confined_only(self) -> Self {
        Self {
            unconfined: None,
            ..self
        }
    }
}
