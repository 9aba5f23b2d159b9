//! A recording as a file: JSON, one line a part.
//!
//! The first line is the header, then comes one line for each call, then what
//! the execution came to, and last how many calls there are and the digest of
//! everything before.

use super::entry::{Afterwards, Entry};
use super::recorder::{RECORDING_MAX_BYTES, ReadSecrets};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stagehook_core::config::{SecretName, WasmConfig};
use stagehook_core::contract::{HookInput, HookResult};
use stagehook_core::digest::Digest;
use stagehook_core::execution::{Execution, ExecutionStatus, Usage};

/// The format that is written and read.
const FORMAT: &str = "stagehook-recording/1";
/// The largest file that is read, in bytes: the calls, and as much again for
/// the input and the outcome.
pub const RECORDING_FILE_MAX_BYTES: u64 = 2 * RECORDING_MAX_BYTES as u64;

/// Why a file cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// Its first line is no header.
    #[error("it is no recording")]
    Foreign,
    /// It is of another version.
    #[error("its format is {0}, and this version reads {FORMAT}")]
    Version(String),
    /// Its end is missing.
    #[error("it is incomplete: its last line is missing")]
    Incomplete,
    /// It was changed after it was made.
    #[error("it was changed after it was recorded, or is damaged: its digest is wrong")]
    Changed,
    /// A line cannot be read.
    #[error("line {line} is not as it should be: {why}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// The execution asked the host for more than a recording holds.
    #[error(
        "what the plugin asked for and was answered is more than the {} MiB that a recording holds",
        RECORDING_MAX_BYTES >> 20
    )]
    TooLarge,
    /// A secret would stand in it.
    #[error("a secret would stand in it in a shape that cannot be removed")]
    Secret,
}

/// What was run, and under which circumstances.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecordingHeader {
    format: String,
    /// The version of Stagehook that recorded.
    pub stagehook: String,
    /// The engine that ran the component.
    pub engine: String,
    /// The version of the contract that the plugin follows.
    pub contract: String,
    /// The component.
    pub component: Digest,
    /// The hook's config.
    pub config: WasmConfig,
    /// What the plugin was told.
    pub input: HookInput,
    /// The segment's path as the plugin saw it.
    pub segment_path: Option<String>,
    /// Secrets that the plugin read, with their sizes in bytes.
    pub secrets: ReadSecrets,
}

/// What an execution came to, as far as it is the same each time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordedExecution {
    /// How it ended.
    pub status: ExecutionStatus,
    /// Why it did not succeed.
    pub error: Option<String>,
    /// What it answered.
    pub result: Option<HookResult>,
    /// What it printed.
    pub stdout: String,
    /// What it logged.
    pub stderr: String,
    /// The status that it exited with.
    pub exit_code: Option<i32>,
    /// Whether another attempt may help.
    pub retryable: bool,
    /// What it used.
    pub usage: Usage,
}

/// A recording of one execution.
#[derive(Debug, Clone)]
pub struct Recording {
    /// What was run.
    pub header: RecordingHeader,
    /// What it came to.
    pub execution: RecordedExecution,
    pub(super) entries: Vec<Entry>,
    pub(super) afterwards: Afterwards,
}

#[derive(Serialize, Deserialize)]
struct HeaderLine {
    recording: RecordingHeader,
}

#[derive(Serialize, Deserialize)]
struct ExecutionLine {
    execution: RecordedExecution,
    #[serde(default)]
    afterwards: Afterwards,
}

#[derive(Serialize, Deserialize)]
struct EndLine {
    end: End,
}

#[derive(Serialize, Deserialize)]
struct End {
    calls: usize,
    digest: Digest,
}

impl RecordingHeader {
    pub(super) fn new(
        contract: &str,
        component: Digest,
        config: WasmConfig,
        input: HookInput,
    ) -> Self {
        Self {
            format: FORMAT.to_owned(),
            stagehook: env!("CARGO_PKG_VERSION").to_owned(),
            engine: "wasmtime 48".to_owned(),
            contract: contract.to_owned(),
            component,
            config,
            input,
            segment_path: None,
            secrets: ReadSecrets::new(),
        }
    }

    /// What stands for the secrets in a replay: a value of the same size for
    /// each.
    pub fn placeholders(&self) -> Vec<(SecretName, String)> {
        let named = self.secrets.iter();
        named
            .filter_map(|(name, bytes)| {
                let name = SecretName::try_from(name.clone()).ok()?;
                Some((name, super::secrets::placeholder(*bytes)))
            })
            .collect()
    }
}

impl From<&Execution> for RecordedExecution {
    fn from(execution: &Execution) -> Self {
        let Execution {
            status,
            stdout,
            stderr,
            result,
            exit_code,
            error,
            retryable,
            retry_after: _,
            duration: _,
            usage,
            script: _,
        } = execution.clone();
        Self {
            status,
            error,
            result,
            stdout,
            stderr,
            exit_code,
            retryable,
            usage,
        }
    }
}

impl RecordedExecution {
    /// What of another execution is not the same.
    pub fn differences(&self, other: &Execution) -> Vec<&'static str> {
        let other = Self::from(other);
        let mut differences = Vec::new();
        for (is_same, what) in [
            (self.status == other.status, "status"),
            (self.error == other.error, "error"),
            (self.result == other.result, "result"),
            (self.stdout == other.stdout, "stdout"),
            (self.stderr == other.stderr, "log"),
            (self.exit_code == other.exit_code, "exit code"),
            (self.retryable == other.retryable, "retryable"),
            (self.usage.fuel_used == other.usage.fuel_used, "fuel"),
            (
                self.usage.peak_memory_bytes == other.usage.peak_memory_bytes,
                "memory",
            ),
        ] {
            if !is_same {
                differences.push(what);
            }
        }
        differences
    }
}

impl Recording {
    /// How many calls were recorded.
    pub fn calls(&self) -> usize {
        self.entries.len()
    }

    /// The file.
    ///
    /// # Errors
    ///
    /// Only what JSON cannot hold, which nothing here is.
    pub fn to_text(&self) -> serde_json::Result<String> {
        let mut text = serde_json::to_string(&HeaderLine {
            recording: self.header.clone(),
        })?;
        text.push('\n');
        for entry in &self.entries {
            text.push_str(&serde_json::to_string(entry)?);
            text.push('\n');
        }
        text.push_str(&serde_json::to_string(&ExecutionLine {
            execution: self.execution.clone(),
            afterwards: self.afterwards.clone(),
        })?);
        text.push('\n');
        let end = End {
            calls: self.entries.len(),
            digest: Digest::of(text.as_bytes()),
        };
        text.push_str(&serde_json::to_string(&EndLine { end })?);
        text.push('\n');
        Ok(text)
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`RecordingError`], which says how it is no recording, or no longer the
    /// one that was made.
    pub fn from_text(text: &str) -> Result<Self, RecordingError> {
        let lines: Vec<&str> = text.lines().collect();
        check_format(lines.first().copied().unwrap_or_default())?;
        let [header, entries @ .., execution, end] = lines.as_slice() else {
            return Err(RecordingError::Incomplete);
        };
        let EndLine { end } = serde_json::from_str(end).map_err(|_| RecordingError::Incomplete)?;
        let before: usize = lines[..lines.len() - 1]
            .iter()
            .map(|line| line.len() + 1)
            .sum();
        if end.calls != entries.len()
            || text
                .get(..before)
                .is_none_or(|before| Digest::of(before.as_bytes()) != end.digest)
        {
            return Err(RecordingError::Changed);
        }
        let HeaderLine { recording: header } = line(1, header)?;
        let ExecutionLine {
            execution,
            afterwards,
        } = line(lines.len() - 1, execution)?;
        let entries = entries.iter().enumerate();
        Ok(Self {
            header,
            execution,
            afterwards,
            entries: entries
                .map(|(i, text)| line(i + 2, text))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn check_format(header: &str) -> Result<(), RecordingError> {
    let header: Value = serde_json::from_str(header).map_err(|_| RecordingError::Foreign)?;
    match header.pointer("/recording/format").and_then(Value::as_str) {
        Some(FORMAT) => Ok(()),
        Some(other) => Err(RecordingError::Version(other.chars().take(80).collect())),
        None => Err(RecordingError::Foreign),
    }
}

fn line<T: for<'de> Deserialize<'de>>(line: usize, text: &str) -> Result<T, RecordingError> {
    serde_json::from_str(text).map_err(|error| RecordingError::Line {
        line,
        why: error.to_string(),
    })
}
