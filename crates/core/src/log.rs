//! The record of one execution; immutable. REQ-MOD-7

use crate::config::HookType;
use crate::contract::HookResult;
use crate::execution::{ExecutionStatus, ScriptRun, Usage};
use crate::ids::{DeliveryId, ExecutionId, HookId, JobId, LogId, StageRunId};
use crate::scope::ScopeType;
use crate::trigger::HookPoint;
use crate::verdict::FailureMode;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// What is recorded of an execution.
#[derive(Debug, Clone)]
pub struct ExecutionRecord {
    /// The execution, as the hook itself was told.
    pub execution_id: ExecutionId,
    /// The hook's id.
    pub hook_id: HookId,
    /// Its name at that time.
    pub hook_name: String,
    /// Its version at that time.
    pub hook_version: i64,
    /// Its type.
    pub hook_type: HookType,
    /// The level it came from.
    pub source: ScopeType,
    /// The stage, for a stage hook.
    pub hook_point: Option<HookPoint>,
    /// The event's name (or the pattern, for a test), for an event hook.
    pub event: Option<String>,
    /// What its failure did.
    pub failure_mode: FailureMode,
    /// The job.
    pub job_id: Option<JobId>,
    /// The stage run.
    pub stage_run_id: Option<StageRunId>,
    /// Its place in the stage run's plan, from 0.
    pub position: Option<i64>,
    /// The delivery.
    pub delivery_id: Option<DeliveryId>,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// Whether it was a test.
    pub is_test: bool,
    /// How it ended.
    pub status: ExecutionStatus,
    /// What the hook was told; JSON as it was sent. None for a hook that was
    /// cut off before its input was known.
    pub input: Option<Box<RawValue>>,
    /// What it printed.
    pub stdout: String,
    /// What it printed to stderr.
    pub stderr: String,
    /// Its structured result.
    pub result: Option<HookResult>,
    /// Its exit code.
    pub exit_code: Option<i32>,
    /// Why it did not succeed.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// What it used.
    pub usage: Usage,
    /// The script that ran.
    pub script: Option<ScriptRun>,
    /// When it began.
    pub executed_at: DateTime<Utc>,
}

/// A record with the number under which it is kept.
#[derive(Debug, Clone)]
pub struct ExecutionLog {
    /// Its id; greater for a later record.
    pub id: LogId,
    /// What is recorded.
    pub record: ExecutionRecord,
}

/// What was left out of a record, each with its size in bytes; what is not named
/// is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct LeftOut {
    /// All of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdout: Option<u64>,
    /// All of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stderr: Option<u64>,
    /// All of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<u64>,
    /// All of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<u64>,
    /// What comes after the first 300 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<u64>,
}

/// A record for a list: without what is large in it.
#[derive(Debug, Clone)]
pub struct BriefLog {
    /// What is there.
    pub log: ExecutionLog,
    /// What is not.
    pub left_out: LeftOut,
}
