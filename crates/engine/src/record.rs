//! From an execution to its record.

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use stagehook_core::contract::HookInput;
use stagehook_core::execution::Execution;
use stagehook_core::execution::{ExecutionStatus, Usage};
use stagehook_core::hook::Hook;
use stagehook_core::ids::{DeliveryId, ExecutionId, JobId, StageRunId};
use stagehook_core::log::ExecutionRecord;
use stagehook_core::scope::ScopeType;
use stagehook_core::stage_run::{PlannedHook, StageRun};

/// Where an execution belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Belongs {
    /// To a stage run, at this place of its plan.
    Stage(StageRunId, JobId, i64),
    /// To a delivery, perhaps of an event about a job.
    Delivery(DeliveryId, Option<JobId>),
    /// To nobody: it was a test, perhaps with the data of a job.
    Test(Option<JobId>),
}

/// The record of an execution that ran to its end.
pub(crate) fn record(
    hook: &Hook,
    source: ScopeType,
    belongs: Belongs,
    input: &HookInput,
    input_json: String,
    execution: Execution,
    executed_at: DateTime<Utc>,
) -> ExecutionRecord {
    let (stage_run_id, job_id, position) = match belongs {
        Belongs::Stage(run, job, position) => (Some(run), Some(job), Some(position)),
        Belongs::Delivery(_, job) | Belongs::Test(job) => (None, job, None),
    };
    let delivery_id = match belongs {
        Belongs::Delivery(id, _) => Some(id),
        Belongs::Stage(..) | Belongs::Test(_) => None,
    };
    ExecutionRecord {
        execution_id: input.execution_id,
        hook_id: hook.id,
        hook_name: hook.spec.name.clone(),
        hook_version: hook.version,
        hook_type: hook.spec.config.hook_type(),
        source,
        hook_point: hook.spec.trigger.hook_point(),
        event: hook.spec.trigger.event().map(ToString::to_string),
        failure_mode: hook.spec.failure_mode,
        job_id,
        stage_run_id,
        position,
        delivery_id,
        attempt: input.attempt,
        is_test: matches!(belongs, Belongs::Test(_)),
        status: execution.status,
        // The text was made by serde_json, so it is JSON.
        input: RawValue::from_string(input_json).ok(),
        stdout: execution.stdout,
        stderr: execution.stderr,
        result: execution.result,
        exit_code: execution.exit_code,
        error: execution.error,
        duration_ms: i64::try_from(execution.duration.as_millis()).unwrap_or(i64::MAX),
        usage: execution.usage,
        script: execution.script,
        executed_at,
    }
}

/// The record of a planned hook that never told how it ended.
pub(crate) fn cut_off(
    run: &StageRun,
    position: usize,
    planned: &PlannedHook,
    why: &str,
    now: DateTime<Utc>,
) -> ExecutionRecord {
    ExecutionRecord {
        execution_id: ExecutionId::generate(),
        hook_id: planned.hook.id,
        hook_name: planned.hook.name.clone(),
        hook_version: planned.hook.version,
        hook_type: planned.hook_type,
        source: planned.hook.source,
        hook_point: Some(run.hook_point),
        event: None,
        failure_mode: planned.failure_mode,
        job_id: Some(run.job_id),
        stage_run_id: Some(run.id),
        position: i64::try_from(position).ok(),
        delivery_id: None,
        attempt: 1,
        is_test: false,
        status: ExecutionStatus::Interrupted,
        input: None,
        stdout: String::new(),
        stderr: String::new(),
        result: None,
        exit_code: None,
        error: Some(why.to_owned()),
        duration_ms: 0,
        usage: Usage::default(),
        script: None,
        executed_at: now,
    }
}

/// Longest reason, in characters: it is repeated in events and listings, while
/// the log has the whole error.
const REASON_MAX: usize = 2000;

/// Why a hook did not succeed, for the answer's warnings and the review.
pub(crate) fn reason(record: &ExecutionRecord) -> String {
    let error = record
        .error
        .as_deref()
        .unwrap_or_else(|| record.status.as_str());
    let mut reason = format!("{}: {error}", record.hook_name);
    if let Some((end, _)) = reason.char_indices().nth(REASON_MAX) {
        reason.truncate(end);
        reason.push('…');
    }
    reason
}
