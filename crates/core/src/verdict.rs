//! What an execution means for the stage that waits. REQ-RUN-4

use crate::contract::{HookResult, InvalidResult, ResultStatus};
use crate::execution::ExecutionStatus;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// What the failure of a hook does to the stage. REQ-MOD-4
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureMode {
    /// The stage halts and a person reviews the job.
    Block,
    /// The stage goes on; the failure is a warning in the answer.
    #[default]
    Warn,
    /// The stage goes on; the failure is in the log alone.
    Ignore,
}

impl FailureMode {
    /// The name used in JSON and in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Warn => "warn",
            Self::Ignore => "ignore",
        }
    }
}

impl fmt::Display for FailureMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no failure mode.
#[derive(Debug, thiserror::Error)]
#[error("must be one of block, warn, ignore")]
pub struct UnknownFailureMode;

impl FromStr for FailureMode {
    type Err = UnknownFailureMode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "block" => Ok(Self::Block),
            "warn" => Ok(Self::Warn),
            "ignore" => Ok(Self::Ignore),
            _ => Err(UnknownFailureMode),
        }
    }
}

/// What the pipeline is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Go on.
    Proceed,
    /// Stop; a person reviews the job.
    Halt,
}

impl Verdict {
    /// The name used in JSON and in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proceed => "proceed",
            Self::Halt => "halt",
        }
    }
}

/// The text names no verdict.
#[derive(Debug, thiserror::Error)]
#[error("must be one of proceed, halt")]
pub struct UnknownVerdict;

impl FromStr for Verdict {
    type Err = UnknownVerdict;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "proceed" => Ok(Self::Proceed),
            "halt" => Ok(Self::Halt),
            _ => Err(UnknownVerdict),
        }
    }
}

/// What one execution does to its stage run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// The next hook runs.
    Continue,
    /// The next hook runs, and the answer carries a warning.
    Warn,
    /// No further hook runs, the job waits for a person.
    Halt,
}

/// What an execution that ended so does to its stage run.
///
/// A request for review halts whatever the failure mode: the hook did not
/// fail, it asked for a person.
pub const fn consequence(status: ExecutionStatus, mode: FailureMode) -> Consequence {
    if status.is_success() {
        return Consequence::Continue;
    }
    if matches!(status, ExecutionStatus::NeedsReview) {
        return Consequence::Halt;
    }
    match mode {
        FailureMode::Block => Consequence::Halt,
        FailureMode::Warn => Consequence::Warn,
        FailureMode::Ignore => Consequence::Continue,
    }
}

/// How a hook that ran to its end came out.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The status.
    pub status: ExecutionStatus,
    /// The result, when it could be read.
    pub result: Option<HookResult>,
    /// Why it did not succeed.
    pub error: Option<String>,
}

/// Combines what the hook's end says (`failure`: why its exit or its answer
/// counts as a failure) with the result it left.
///
/// A failed end beats a result that says `pass`; a result that cannot be read
/// is a failure of its own, unless the hook failed anyway.
pub fn outcome(
    failure: Option<String>,
    result: Result<Option<HookResult>, InvalidResult>,
) -> Outcome {
    match (failure, result) {
        (Some(failure), result) => {
            let result = result.ok().flatten();
            let error = match result.as_ref().and_then(|r| r.message.as_deref()) {
                Some(message) => format!("{failure}: {message}"),
                None => failure,
            };
            Outcome {
                status: ExecutionStatus::Failed,
                result,
                error: Some(error),
            }
        }
        (None, Err(invalid)) => Outcome {
            status: ExecutionStatus::InvalidResult,
            result: None,
            error: Some(invalid.to_string()),
        },
        (None, Ok(None)) => Outcome {
            status: ExecutionStatus::Passed,
            result: None,
            error: None,
        },
        (None, Ok(Some(result))) => {
            let (status, default) = match result.status {
                ResultStatus::Pass => (ExecutionStatus::Passed, None),
                ResultStatus::Skip => (ExecutionStatus::Skipped, None),
                ResultStatus::Fail => (
                    ExecutionStatus::Failed,
                    Some("the hook reported a failure without a message"),
                ),
                ResultStatus::NeedsReview => (
                    ExecutionStatus::NeedsReview,
                    Some("the hook asks for a review without a message"),
                ),
            };
            let error =
                default.map(|default| result.message.clone().unwrap_or_else(|| default.to_owned()));
            Outcome {
                status,
                result: Some(result),
                error,
            }
        }
    }
}
