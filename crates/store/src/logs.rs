//! The execution log: rows are added and never changed. REQ-MOD-7

mod row;

use crate::database::{Arg, Order, Select, args};
use crate::document;
use crate::error::{Entity, Result, StoreError};
use crate::store::Store;
pub(crate) use row::LogRow;
use row::log_columns;
use serde_json::value::RawValue;
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::ids::{DeliveryId, HookId, JobId, LogId, StageRunId};
use stagehook_core::log::{ExecutionLog, ExecutionRecord};
use stagehook_core::page::{Page, PageRequest};
use stagehook_core::trigger::HookPoint;

/// Which rows of the execution log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Of this hook.
    pub hook_id: Option<HookId>,
    /// Of this job.
    pub job_id: Option<JobId>,
    /// Of this stage run.
    pub stage_run_id: Option<StageRunId>,
    /// Of this delivery.
    pub delivery_id: Option<DeliveryId>,
    /// Successes, or failures.
    pub success: Option<bool>,
    /// That ended so.
    pub status: Option<ExecutionStatus>,
    /// Tests, or no tests.
    pub is_test: Option<bool>,
}

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

    /// The records, newest first.
    pub async fn list_logs(
        &self,
        filter: &LogFilter,
        page: PageRequest,
    ) -> Result<Page<ExecutionLog>> {
        let mut select = Select::new(concat!(
            "SELECT ",
            log_columns!(),
            " FROM hook_execution_logs"
        ));
        select
            .and_if("hook_id = ?", filter.hook_id.map(HookId::get))
            .and_if("job_id = ?", filter.job_id.map(JobId::get))
            .and_if("stage_run_id = ?", filter.stage_run_id.map(StageRunId::get))
            .and_if("delivery_id = ?", filter.delivery_id.map(DeliveryId::get))
            .and_if("status = ?", filter.status.map(ExecutionStatus::as_str))
            .and_if("is_test = ?", filter.is_test);
        match filter.success {
            // As in the indexes, which hold these alone.
            Some(false) => select.and("success IS FALSE"),
            Some(true) => select.and("success IS TRUE"),
            None => &mut select,
        };
        let mut connection = self.reader().await?;
        select
            .page(
                &mut connection,
                page,
                "id",
                Order::Descending,
                |row: &LogRow| row.id,
            )
            .await?
            .try_map(ExecutionLog::try_from)
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
