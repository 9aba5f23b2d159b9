//! One call of a stage's hooks, as it is kept.

use crate::config::HookType;
use crate::contract::{HookRef, StageInput};
use crate::ids::{JobId, NodeId, StageRunId};
use crate::trigger::HookPoint;
use crate::verdict::{FailureMode, Verdict};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::str::FromStr;
use utoipa::ToSchema;

/// Where a stage run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StageRunStatus {
    /// Its hooks run.
    Running,
    /// It came to a verdict.
    Completed,
    /// Somebody ended it before.
    Cancelled,
    /// Its server stopped before.
    Interrupted,
}

impl StageRunStatus {
    /// The name used in JSON and in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }
}

/// The text names no status of a stage run.
#[derive(Debug, thiserror::Error)]
#[error("must be one of running, completed, cancelled, interrupted")]
pub struct UnknownStageRunStatus;

impl FromStr for StageRunStatus {
    type Err = UnknownStageRunStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "running" => Ok(Self::Running),
            "completed" => Ok(Self::Completed),
            "cancelled" => Ok(Self::Cancelled),
            "interrupted" => Ok(Self::Interrupted),
            _ => Err(UnknownStageRunStatus),
        }
    }
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlannedHook {
    /// The hook, as it was when the plan was made.
    pub hook: HookRef,
    /// Its type.
    pub hook_type: HookType,
    /// What its failure does.
    pub failure_mode: FailureMode,
    /// Whether the step after this one extends it and is handed its result.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub extended: bool,
}

/// A stage run, as it is kept: committed with its whole plan before the first
/// hook runs. REQ-RUN-6
#[derive(Debug, Clone, PartialEq)]
pub struct StageRun {
    /// Its id.
    pub id: StageRunId,
    /// The job.
    pub job_id: JobId,
    /// Where in the pipeline.
    pub hook_point: HookPoint,
    /// The hooks that are to run, in order.
    pub plan: Vec<PlannedHook>,
    /// What the pipeline handed in.
    pub input: StageInput,
    /// Where it stands.
    pub status: StageRunStatus,
    /// What it came to; none while it runs and when it was cancelled.
    pub verdict: Option<Verdict>,
    /// The metadata with every patch so far; none before the end.
    pub metadata: Option<Map<String, Value>>,
    /// What the pipeline should know.
    pub warnings: Vec<String>,
    /// The caller's key, so that a repeated call runs nothing twice.
    pub idempotency_key: Option<String>,
    /// Who asked.
    pub actor: String,
    /// The server that runs it.
    pub owner: NodeId,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}
