//! One execution of one hook: what a runner reports.

use crate::contract::HookResult;
use crate::digest::Digest;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use utoipa::ToSchema;

macro_rules! statuses {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),* $(,)?) => {
        /// How an execution ended: never an exit code in disguise.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum ExecutionStatus {
            $($(#[$doc])* $variant,)*
        }

        impl ExecutionStatus {
            /// Every status.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name used in JSON and in SQL.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
}

statuses! {
    /// It ran and is content.
    Passed = "passed",
    /// It ran and is not content, or exited with another status than 0.
    Failed = "failed",
    /// It says that it did not apply.
    Skipped = "skipped",
    /// It asks for a person.
    NeedsReview = "needs_review",
    /// It passed its deadline and was ended.
    TimedOut = "timed_out",
    /// It died of a signal that we did not send.
    Killed = "killed",
    /// It passed its memory limit.
    OutOfMemory = "out_of_memory",
    /// It used up its fuel.
    OutOfFuel = "out_of_fuel",
    /// It passed another limit; the error names it.
    LimitExceeded = "limit_exceeded",
    /// Its result does not follow the contract.
    InvalidResult = "invalid_result",
    /// A grant or a rule forbade it before it ran.
    Refused = "refused",
    /// It could not be started.
    HostError = "host_error",
    /// Somebody ended it.
    Cancelled = "cancelled",
    /// The server stopped in the middle of it.
    Interrupted = "interrupted",
}

impl ExecutionStatus {
    /// Whether the pipeline may be content with it.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Passed | Self::Skipped)
    }
}

impl fmt::Display for ExecutionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no status.
#[derive(Debug, thiserror::Error)]
#[error("is no status of an execution")]
pub struct UnknownStatus;

impl FromStr for ExecutionStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|status| status.as_str() == text)
            .ok_or(UnknownStatus)
    }
}

/// What an execution used. What was not measured is absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Usage {
    /// Processor time of the whole process tree, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_ms: Option<u64>,
    /// Most memory in use at once, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
    /// Units of fuel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuel_used: Option<u64>,
    /// Time spent in calls to the host, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_call_ms: Option<f64>,
    /// Bytes read from granted files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_read: Option<u64>,
    /// Bytes written to granted files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_written: Option<u64>,
    /// HTTP requests that a plugin made, those that failed included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_requests: Option<u64>,
    /// Bytes of the bodies that it sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_bytes_sent: Option<u64>,
    /// Bytes of the bodies that it received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_bytes_received: Option<u64>,
    /// Bytes of stdout (or of the answer's body) that were not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdout_dropped_bytes: Option<u64>,
    /// Bytes of stderr that were not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stderr_dropped_bytes: Option<u64>,
    /// Status of the HTTP answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
}

/// With what a script was kept from the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScriptSandbox {
    /// With a bubblewrap sandbox.
    Bubblewrap,
    /// With none: the hook is trusted.
    Trusted,
    /// With none: the server confines no scripts.
    Off,
}

impl ScriptSandbox {
    /// The name used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bubblewrap => "bubblewrap",
            Self::Trusted => "trusted",
            Self::Off => "off",
        }
    }
}

/// The script that really ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScriptRun {
    /// What it said.
    pub digest: Digest,
    /// With what it was kept from the host.
    pub sandbox: ScriptSandbox,
    /// Whether it was forked from an interpreter that had its imports done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub warm: bool,
}

/// What a runner reports of one attempt at one hook.
///
/// A hook that failed is an `Execution`, never an error of the runner.
#[derive(Debug, Clone, PartialEq)]
pub struct Execution {
    /// How it ended.
    pub status: ExecutionStatus,
    /// What it printed (a webhook: the answer's body), as UTF-8, bounded.
    pub stdout: String,
    /// What it printed to stderr (a plugin: also what it logged), bounded.
    pub stderr: String,
    /// Its structured result.
    pub result: Option<HookResult>,
    /// The process's exit code.
    pub exit_code: Option<i32>,
    /// Why it did not succeed, for people.
    pub error: Option<String>,
    /// Whether another attempt may help (event hooks).
    pub retryable: bool,
    /// How long whoever was asked wants to be left alone before another attempt
    /// (`Retry-After`), as it was told: not bounded.
    pub retry_after: Option<Duration>,
    /// How long it took.
    pub duration: Duration,
    /// What it used.
    pub usage: Usage,
    /// The script that ran; none for other hooks, and where none did.
    pub script: Option<ScriptRun>,
}

impl Execution {
    /// An execution that ended before the hook ran.
    pub fn not_run(status: ExecutionStatus, error: impl Into<String>) -> Self {
        Self {
            status,
            stdout: String::new(),
            stderr: String::new(),
            result: None,
            exit_code: None,
            error: Some(error.into()),
            retryable: false,
            retry_after: None,
            duration: Duration::ZERO,
            usage: Usage::default(),
            script: None,
        }
    }
}
