//! What the pipeline is answered: a stage run with everything the caller needs,
//! so that it never has to read the logs.

use crate::config::HookType;
use crate::contract::{HookRef, HookResult};
use crate::execution::{ExecutionStatus, ScriptRun, Usage};
use crate::ids::{JobId, LogId, StageRunId};
use crate::log::ExecutionLog;
use crate::stage_run::{StageRun, StageRunStatus};
use crate::trigger::HookPoint;
use crate::verdict::{FailureMode, Verdict};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A stage run, as it is answered. REQ-RUN-1
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct StageAnswer {
    /// The stage run.
    pub id: StageRunId,
    /// The job.
    pub job_id: JobId,
    /// Where in the pipeline.
    pub hook_point: HookPoint,
    /// Where the run stands.
    pub status: StageRunStatus,
    /// What the pipeline is told; `null` while it runs, and when it was
    /// cancelled or interrupted before it came to a verdict.
    pub verdict: Option<Verdict>,
    /// The metadata with every patch applied.
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// What the pipeline should know though it may go on.
    pub warnings: Vec<String>,
    /// Every execution, in order.
    pub executions: Vec<ExecutionAnswer>,
    /// The hooks of the plan that did not run, because an earlier one halted
    /// the stage or the run was ended.
    pub not_run: Vec<HookRef>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// One execution within a stage run.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ExecutionAnswer {
    /// Its log.
    pub log_id: LogId,
    /// The hook, as it was.
    pub hook: HookRef,
    /// Its type.
    pub hook_type: HookType,
    /// How it ended.
    pub status: ExecutionStatus,
    /// Whether that is a success.
    pub success: bool,
    /// What its failure does.
    pub failure_mode: FailureMode,
    /// Its exit code.
    pub exit_code: Option<i32>,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// What it printed.
    pub stdout: String,
    /// What it printed to stderr.
    pub stderr: String,
    /// Its structured result.
    pub result: Option<HookResult>,
    /// Why it did not succeed.
    pub error: Option<String>,
    /// What it used.
    pub usage: Usage,
    /// The script that ran, and how it was kept from the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<ScriptRun>,
}

impl From<ExecutionLog> for ExecutionAnswer {
    fn from(log: ExecutionLog) -> Self {
        let record = log.record;
        Self {
            log_id: log.id,
            hook: HookRef {
                id: record.hook_id,
                name: record.hook_name,
                version: record.hook_version,
                source: record.source,
            },
            hook_type: record.hook_type,
            status: record.status,
            success: record.status.is_success(),
            failure_mode: record.failure_mode,
            exit_code: record.exit_code,
            duration_ms: record.duration_ms,
            stdout: record.stdout,
            stderr: record.stderr,
            result: record.result,
            error: record.error,
            usage: record.usage,
            script: record.script,
        }
    }
}

impl StageAnswer {
    /// Puts the answer together from what is kept: the run and its logs, in
    /// the order of the plan.
    pub fn from_kept(run: StageRun, logs: Vec<ExecutionLog>) -> Self {
        let mut metadata = run.metadata;
        if metadata.is_none() {
            let mut so_far = run.input.metadata;
            for log in &logs {
                if let Some(result) = applied(log.record.status, log.record.result.as_ref()) {
                    crate::patch::apply(&mut so_far, &result.metadata);
                }
            }
            metadata = Some(so_far);
        }
        let not_run = if run.status == StageRunStatus::Running {
            Vec::new()
        } else {
            run.plan
                .into_iter()
                .skip(logs.len())
                .map(|planned| planned.hook)
                .collect()
        };
        Self {
            id: run.id,
            job_id: run.job_id,
            hook_point: run.hook_point,
            status: run.status,
            verdict: run.verdict,
            metadata: metadata.unwrap_or_default(),
            warnings: run.warnings,
            executions: logs.into_iter().map(ExecutionAnswer::from).collect(),
            not_run,
            started_at: run.started_at,
            finished_at: run.finished_at,
        }
    }
}

/// The result whose patch counts: that of a hook that did not fail. What a
/// failed hook measured is in its log, and must not reach the next hook.
pub fn applied(status: ExecutionStatus, result: Option<&HookResult>) -> Option<&HookResult> {
    let counts = status.is_success() || status == ExecutionStatus::NeedsReview;
    result.filter(|_| counts)
}
