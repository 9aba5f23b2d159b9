//! The execution log: rows are added and never changed. REQ-MOD-7

mod activity;
mod filter;
mod row;
mod search;
mod usage;
mod walk;

use crate::database::{Arg, args};
use crate::document;
use crate::error::{Entity, Result, StoreError};
use crate::store::Store;
pub use filter::LogFilter;
pub(crate) use row::LogRow;
use row::log_columns;
pub use search::{LOOKED_AT_BYTES_MAX, LOOKED_AT_MAX};
use serde_json::value::RawValue;
use stagehook_core::ids::{DeliveryId, JobId, LogId, StageRunId};
use stagehook_core::log::{ExecutionLog, ExecutionRecord};
use stagehook_core::trigger::HookPoint;
pub use usage::Used;

/// Adds a record: the columns of the arguments of [`args_of`].
macro_rules! insert_into {
    () => {
        "INSERT INTO hook_execution_logs (
             execution_id, hook_id, hook_name, hook_version, hook_type, source, hook_point,
             event, failure_mode, job_id, stage_run_id, position, delivery_id, attempt, is_test,
             status, success, input_json, stdout, stderr, result_json, exit_code, error_message,
             duration_ms, usage_json, script_json, executed_at) "
    };
}
pub(crate) use insert_into;

macro_rules! parameters {
    () => {
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
         $21, $22, $23, $24, $25, $26, $27"
    };
}
pub(crate) use parameters;

/// The arguments of a record: `$1` to `$27`.
pub(crate) fn args_of(record: &ExecutionRecord) -> Result<Vec<Arg<'_>>> {
    let result = record.result.as_ref().map(document::write).transpose()?;
    let usage = document::write(&record.usage)?;
    let script = record.script.as_ref().map(document::write).transpose()?;
    Ok(vec![
        record.execution_id.get().into(),
        record.hook_id.get().into(),
        (&record.hook_name).into(),
        record.hook_version.into(),
        record.hook_type.as_str().into(),
        record.source.as_str().into(),
        record.hook_point.map(HookPoint::as_str).into(),
        record.event.as_deref().into(),
        record.failure_mode.as_str().into(),
        record.job_id.map(JobId::get).into(),
        record.stage_run_id.map(StageRunId::get).into(),
        record.position.into(),
        record.delivery_id.map(DeliveryId::get).into(),
        i64::from(record.attempt).into(),
        record.is_test.into(),
        record.status.as_str().into(),
        record.status.is_success().into(),
        record.input.as_deref().map(RawValue::get).into(),
        (&record.stdout).into(),
        (&record.stderr).into(),
        result.into(),
        record.exit_code.map(i64::from).into(),
        record.error.as_deref().into(),
        record.duration_ms.into(),
        usage.into(),
        script.into(),
        record.executed_at.into(),
    ])
}

impl Store {
    /// Adds a record that belongs to no stage run: the test of a hook.
    pub async fn append_log(&self, record: &ExecutionRecord) -> Result<LogId> {
        let record = record.clone();
        self.write_one(move |connection| {
            Box::pin(async move {
                connection
                    .number(
                        concat!(insert_into!(), "VALUES (", parameters!(), ") RETURNING id"),
                        &args_of(&record)?,
                    )
                    .await
                    .map(LogId::new)
            })
        })
        .await
    }

    /// Reads a record.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn get_log(&self, id: LogId) -> Result<ExecutionLog> {
        let row: Option<LogRow> = self
            .reader()
            .await?
            .optional(
                concat!(
                    "SELECT ",
                    log_columns!(),
                    " FROM hook_execution_logs WHERE id = $1"
                ),
                args![id.get()],
            )
            .await?;
        row.ok_or_else(|| StoreError::not_found(Entity::Log, id))?
            .try_into()
    }

    /// The records of a stage run, in the order of its plan.
    pub async fn stage_run_logs(&self, id: StageRunId) -> Result<Vec<ExecutionLog>> {
        let rows: Vec<LogRow> = self
            .reader()
            .await?
            .all(
                concat!(
                    "SELECT ",
                    log_columns!(),
                    " FROM hook_execution_logs WHERE stage_run_id = $1 ORDER BY position"
                ),
                args![id.get()],
            )
            .await?;
        rows.into_iter().map(ExecutionLog::try_from).collect()
    }
}
