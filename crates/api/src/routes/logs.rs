//! Execution logs.

use crate::extract::{ApiQuery, Segment};
use crate::listing::{Listing, page_request};
use crate::problem::Problem;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use stagehook_core::config::HookType;
use stagehook_core::contract::HookResult;
use stagehook_core::execution::{ExecutionStatus, ScriptRun, Usage};
use stagehook_core::ids::{DeliveryId, ExecutionId, HookId, JobId, LogId, StageRunId};
use stagehook_core::log::ExecutionLog;
use stagehook_core::scope::ScopeType;
use stagehook_core::trigger::HookPoint;
use stagehook_core::verdict::FailureMode;
use stagehook_store::LogFilter;
use utoipa::{IntoParams, ToSchema};

/// The hook, as it was when it ran.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LoggedHook {
    id: HookId,
    name: String,
    version: i64,
    source: ScopeType,
}

/// The record of one execution.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LogItem {
    id: LogId,
    /// The execution, as the hook itself was told.
    execution_id: ExecutionId,
    hook: LoggedHook,
    hook_type: HookType,
    hook_point: Option<HookPoint>,
    event: Option<String>,
    failure_mode: FailureMode,
    job_id: Option<JobId>,
    stage_run_id: Option<StageRunId>,
    delivery_id: Option<DeliveryId>,
    attempt: u32,
    is_test: bool,
    status: ExecutionStatus,
    success: bool,
    /// What the hook was told, as it was sent.
    #[schema(value_type = Option<Object>)]
    input: Option<Box<RawValue>>,
    stdout: String,
    stderr: String,
    result: Option<HookResult>,
    exit_code: Option<i32>,
    error: Option<String>,
    duration_ms: i64,
    usage: Usage,
    /// The script that ran, and how it was kept from the host.
    script: Option<ScriptRun>,
    executed_at: DateTime<Utc>,
}

impl From<ExecutionLog> for LogItem {
    fn from(log: ExecutionLog) -> Self {
        let record = log.record;
        Self {
            id: log.id,
            execution_id: record.execution_id,
            hook: LoggedHook {
                id: record.hook_id,
                name: record.hook_name,
                version: record.hook_version,
                source: record.source,
            },
            hook_type: record.hook_type,
            hook_point: record.hook_point,
            event: record.event,
            failure_mode: record.failure_mode,
            job_id: record.job_id,
            stage_run_id: record.stage_run_id,
            delivery_id: record.delivery_id,
            attempt: record.attempt,
            is_test: record.is_test,
            status: record.status,
            success: record.status.is_success(),
            input: record.input,
            stdout: record.stdout,
            stderr: record.stderr,
            result: record.result,
            exit_code: record.exit_code,
            error: record.error,
            duration_ms: record.duration_ms,
            usage: record.usage,
            script: record.script,
            executed_at: record.executed_at,
        }
    }
}

/// Which logs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogQuery {
    /// Those of successes, or of failures.
    success: Option<bool>,
    /// Those with this status.
    status: Option<ExecutionStatus>,
    /// Those of tests, or of real runs.
    is_test: Option<bool>,
    /// Those of one stage run.
    stage_run_id: Option<StageRunId>,
    /// Those of one delivery.
    delivery_id: Option<DeliveryId>,
    /// Most items, from 1 to 200; 50 by default.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Shows one log.
#[utoipa::path(get, operation_id = "get_log", path = "/hook-logs/{id}", tag = "logs", params(("id" = i64, Path)),
    responses((status = 200, body = LogItem)))]
pub(crate) async fn get(
    State(state): State<ApiState>,
    Segment(id): Segment<LogId>,
) -> Result<Json<LogItem>, Problem> {
    Ok(Json(state.engine.store().get_log(id).await?.into()))
}

/// Lists the logs of a hook, newest first.
#[utoipa::path(get, operation_id = "list_logs_of_hook", path = "/hooks/{id}/logs", tag = "logs", params(("id" = i64, Path), LogQuery),
    responses((status = 200, body = Listing<LogItem>)))]
pub(crate) async fn of_hook(
    State(state): State<ApiState>,
    Segment(id): Segment<HookId>,
    ApiQuery(query): ApiQuery<LogQuery>,
) -> Result<Json<Listing<LogItem>>, Problem> {
    // A deleted hook still has its logs.
    state.engine.store().require_hook_ever(id).await?;
    let filter = LogFilter {
        hook_id: Some(id),
        ..LogFilter::default()
    };
    list(&state, filter, query).await
}

/// Lists the logs of a job, newest first.
#[utoipa::path(get, operation_id = "list_logs_of_job", path = "/jobs/{id}/hook-logs", tag = "logs", params(("id" = i64, Path), LogQuery),
    responses((status = 200, body = Listing<LogItem>)))]
pub(crate) async fn of_job(
    State(state): State<ApiState>,
    Segment(id): Segment<JobId>,
    ApiQuery(query): ApiQuery<LogQuery>,
) -> Result<Json<Listing<LogItem>>, Problem> {
    state.engine.store().get_job(id).await?;
    let filter = LogFilter {
        job_id: Some(id),
        ..LogFilter::default()
    };
    list(&state, filter, query).await
}

async fn list(
    state: &ApiState,
    mut filter: LogFilter,
    query: LogQuery,
) -> Result<Json<Listing<LogItem>>, Problem> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    filter.success = query.success;
    filter.status = query.status;
    filter.is_test = query.is_test;
    filter.stage_run_id = query.stage_run_id;
    filter.delivery_id = query.delivery_id;
    let page = state.engine.store().list_logs(&filter, page).await?;
    Ok(Json(page.map(LogItem::from).into()))
}
