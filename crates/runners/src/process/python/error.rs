//! Why the environment of a Python hook is not there.

use super::super::script::ScriptError;
use crate::HostBroken;
use stagehook_core::config::{InvalidRequirement, Requirements};

/// Why the environment of a Python hook is not there. For people; without paths
/// of the host and without credentials.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// A named environment is missing.
    #[error(
        "the Python environment {0:?} does not exist on this server: make it with `python3 -m venv` in the server's directory of environments"
    )]
    Unknown(String),
    /// A named environment is elsewhere.
    #[error(
        "the Python environment {0:?} leads out of the server's directory of environments by a symbolic link: make it there"
    )]
    LeadsOut(String),
    /// A named environment has no interpreter that runs.
    #[error(
        "the Python environment {name:?} is broken: its interpreter bin/python {fault}; make it anew with `python3 -m venv`"
    )]
    Broken {
        /// What the hook calls it.
        name: String,
        /// What is wrong with its interpreter.
        fault: InterpreterFault,
    },
    /// A managed environment has not been built, or is gone.
    #[error(
        "the Python environment of these requirements is not on this server: one that was built before, here or on another server, is being built again, so try again in a minute; otherwise save the hook again to build it"
    )]
    NotBuilt,
    /// The server's default interpreter cannot be run.
    #[error(
        "Python is not installed on this server, or its default interpreter is set wrong: it {0}"
    )]
    NoPython(InterpreterFault),
    /// The requirements file cannot be read.
    #[error("{0}")]
    RequirementsFile(String),
    /// A line of the requirements file, or a dependency of the script's inline
    /// metadata, is none.
    #[error("{place} {source}")]
    Requirement {
        /// Which one, and where.
        place: String,
        /// What it must be.
        source: InvalidRequirement,
    },
    /// There are more requirements than an environment can have.
    #[error("{0} has more than {max} requirements", max = Requirements::MAX)]
    TooManyRequirements(String),
    /// The block of inline metadata (PEP 723) cannot be read.
    #[error("the inline metadata of the script {script} is invalid: {reason}")]
    InlineMetadata {
        /// The script, as it was configured.
        script: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The script requires another Python.
    #[error(
        "the script requires Python {required}, and the default interpreter of this server is Python {actual}"
    )]
    PythonVersion {
        /// What the script's inline metadata says.
        required: String,
        /// What there is.
        actual: String,
    },
    /// What was said to be the lock of the environment is none.
    #[error("the lock of this environment is damaged")]
    InvalidLock,
    /// The environment could not be built; the installer says why.
    #[error("{step} failed:\n{output}")]
    Failed {
        /// What failed: `uv pip install`, for instance.
        step: &'static str,
        /// The last lines that it printed, without credentials.
        output: String,
    },
    /// Building took longer than it may.
    #[error("{step} took longer than {seconds} s:\n{output}")]
    TimedOut {
        /// What was ended.
        step: &'static str,
        /// How long everything may take together.
        seconds: u64,
        /// The last lines that it printed, without credentials.
        output: String,
    },
    /// The server cannot do its own work.
    #[error("the environment could not be built: {0}")]
    Host(#[from] HostBroken),
}

/// What is wrong with an interpreter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InterpreterFault {
    /// There is nothing.
    #[error("does not exist")]
    Missing,
    /// There is a symbolic link to nothing: Python was removed or upgraded.
    #[error("is a link to a program that does not exist on this server")]
    Dangling,
    /// There is a directory.
    #[error("is a directory")]
    Directory,
    /// There is something else that is no program.
    #[error("cannot be executed")]
    NotExecutable,
    /// There is another program.
    #[error("does not answer as Python does")]
    NotPython,
}

impl From<ScriptError> for EnvironmentError {
    fn from(ScriptError { path, fault }: ScriptError) -> Self {
        Self::RequirementsFile(format!("the requirements file {path} {fault}"))
    }
}
