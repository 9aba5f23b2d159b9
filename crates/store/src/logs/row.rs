//! A record of the execution log as a row.

use crate::document::Row;
use crate::error::{Entity, Result, StoreError};
use chrono::{DateTime, Utc};
use stagehook_core::ids::{DeliveryId, ExecutionId, HookId, JobId, LogId, StageRunId};
use stagehook_core::log::{BriefLog, ExecutionLog, ExecutionRecord, LeftOut};
use uuid::Uuid;

/// The columns of [`LogRow`].
macro_rules! log_columns {
    () => {
        "id, execution_id, hook_id, hook_name, hook_version, hook_type, source, hook_point, event,
         failure_mode, job_id, stage_run_id, position, delivery_id, attempt, is_test, status,
         input_json, stdout, stderr, result_json, exit_code, error_message, duration_ms, usage_json,
         script_json, executed_at"
    };
}
pub(super) use log_columns;

/// Bytes of what may be large in a record. Neither database reads these texts to
/// know how long they are.
macro_rules! log_bytes {
    () => {
        "CAST(octet_length(stdout) + octet_length(stderr) + COALESCE(octet_length(input_json), 0)
              + COALESCE(octet_length(result_json), 0) + COALESCE(octet_length(error_message), 0)
              AS BIGINT)"
    };
}
pub(super) use log_bytes;

/// The columns of [`BriefRow`]: of what may be large, what is small.
macro_rules! brief_columns {
    () => {
        "id, execution_id, hook_id, hook_name, hook_version, hook_type, source, hook_point, event,
         failure_mode, job_id, stage_run_id, position, delivery_id, attempt, is_test, status,
         CASE WHEN octet_length(input_json) <= 8192 THEN input_json END AS input_json,
         '' AS stdout, '' AS stderr,
         CASE WHEN octet_length(result_json) <= 8192 THEN result_json END AS result_json,
         exit_code, substr(error_message, 1, 300) AS error_message, duration_ms, usage_json,
         script_json, executed_at,
         CAST(octet_length(stdout) AS BIGINT) AS stdout_bytes,
         CAST(octet_length(stderr) AS BIGINT) AS stderr_bytes,
         CAST(octet_length(input_json) AS BIGINT) AS input_bytes,
         CAST(octet_length(result_json) AS BIGINT) AS result_bytes,
         CAST(octet_length(error_message) AS BIGINT) AS error_bytes"
    };
}
pub(super) use brief_columns;

#[derive(sqlx::FromRow)]
pub(crate) struct LogRow {
    pub(super) id: i64,
    execution_id: Uuid,
    hook_id: i64,
    hook_name: String,
    hook_version: i64,
    hook_type: String,
    source: String,
    hook_point: Option<String>,
    event: Option<String>,
    failure_mode: String,
    job_id: Option<i64>,
    stage_run_id: Option<Uuid>,
    position: Option<i64>,
    delivery_id: Option<Uuid>,
    attempt: i64,
    is_test: bool,
    status: String,
    input_json: Option<String>,
    stdout: String,
    stderr: String,
    result_json: Option<String>,
    exit_code: Option<i64>,
    error_message: Option<String>,
    duration_ms: i64,
    usage_json: String,
    script_json: Option<String>,
    executed_at: DateTime<Utc>,
}

impl TryFrom<LogRow> for ExecutionLog {
    type Error = StoreError;

    fn try_from(row: LogRow) -> Result<Self> {
        let id = LogId::new(row.id);
        let read = Row::new(Entity::Log, id);
        let record = ExecutionRecord {
            execution_id: ExecutionId::new(row.execution_id),
            hook_id: HookId::new(row.hook_id),
            hook_name: row.hook_name,
            hook_version: row.hook_version,
            hook_type: read.text("hook_type", &row.hook_type)?,
            source: read.text("source", &row.source)?,
            hook_point: read.optional_text("hook_point", row.hook_point.as_deref())?,
            event: row.event,
            failure_mode: read.text("failure_mode", &row.failure_mode)?,
            job_id: row.job_id.map(JobId::new),
            stage_run_id: row.stage_run_id.map(StageRunId::new),
            position: row.position,
            delivery_id: row.delivery_id.map(DeliveryId::new),
            attempt: read.number("attempt", row.attempt)?,
            is_test: row.is_test,
            status: read.text("status", &row.status)?,
            input: read.optional_document("input_json", row.input_json.as_deref())?,
            stdout: row.stdout,
            stderr: row.stderr,
            result: read.optional_document("result_json", row.result_json.as_deref())?,
            exit_code: row
                .exit_code
                .map(|code| read.number("exit_code", code))
                .transpose()?,
            error: row.error_message,
            duration_ms: row.duration_ms,
            usage: read.document("usage_json", &row.usage_json)?,
            script: read.optional_document("script_json", row.script_json.as_deref())?,
            executed_at: row.executed_at,
        };
        Ok(Self { id, record })
    }
}

/// A row whose large texts were left in the database.
#[derive(sqlx::FromRow)]
pub(super) struct BriefRow {
    #[sqlx(flatten)]
    pub(super) row: LogRow,
    stdout_bytes: i64,
    stderr_bytes: i64,
    input_bytes: Option<i64>,
    result_bytes: Option<i64>,
    error_bytes: Option<i64>,
}

impl TryFrom<BriefRow> for BriefLog {
    type Error = StoreError;

    fn try_from(brief: BriefRow) -> Result<Self> {
        let row = &brief.row;
        let kept = |text: Option<&str>| text.map_or(0, str::len);
        let left_out = |bytes: Option<i64>, kept: usize| {
            let bytes = u64::try_from(bytes?).unwrap_or(0);
            (bytes > kept as u64).then_some(bytes)
        };
        let left_out = LeftOut {
            stdout: left_out(Some(brief.stdout_bytes), kept(Some(&row.stdout))),
            stderr: left_out(Some(brief.stderr_bytes), kept(Some(&row.stderr))),
            input: left_out(brief.input_bytes, kept(row.input_json.as_deref())),
            result: left_out(brief.result_bytes, kept(row.result_json.as_deref())),
            error: left_out(brief.error_bytes, kept(row.error_message.as_deref())),
        };
        Ok(Self {
            log: brief.row.try_into()?,
            left_out,
        })
    }
}
