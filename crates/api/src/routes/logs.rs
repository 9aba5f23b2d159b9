//! Execution logs.

mod export;

use crate::extract::{ApiQuery, Segment};
use crate::listing::{Listing, page_request};
use crate::places::Places;
use crate::problem::Problem;
use crate::state::ApiState;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use export::ExportFormat;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use stagehook_core::config::HookType;
use stagehook_core::contract::HookResult;
use stagehook_core::execution::{ExecutionStatus, ScriptRun, Usage};
use stagehook_core::ids::{DeliveryId, ExecutionId, HookId, JobId, LogId, StageRunId};
use stagehook_core::invalid::Invalid;
use stagehook_core::log::{BriefLog, ExecutionLog, LeftOut};
use stagehook_core::moment::Moment;
use stagehook_core::page::{Page, PageRequest};
use stagehook_core::scope::ScopeType;
use stagehook_core::trigger::HookPoint;
use stagehook_core::verdict::FailureMode;
use stagehook_store::{LogFilter, Store};
use tokio::sync::OwnedSemaphorePermit;
use utoipa::{IntoParams, ToSchema};

/// Longest text that `contains` looks for, in characters.
const CONTAINS_MAX: usize = 256;

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
    /// What was left out because a list in brief was asked for: `stdout` and
    /// `stderr` are then empty, `input` and `result` null. Absent where nothing
    /// was.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<LeftOut>,
}

impl From<BriefLog> for LogItem {
    fn from(brief: BriefLog) -> Self {
        let left_out = Some(brief.left_out).filter(|left_out| *left_out != LeftOut::default());
        Self {
            left_out,
            ..brief.log.into()
        }
    }
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
            left_out: None,
        }
    }
}

/// A query of logs: the filters, which are the same everywhere, and fields of its
/// own. (A flattened struct would take unknown parameters.)
macro_rules! log_query {
    ($(#[$about:meta])* $name:ident { $($(#[$meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$about])*
        #[derive(Debug, Deserialize, IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub(crate) struct $name {
            /// Those of one hook.
            hook_id: Option<HookId>,
            /// Those of one job.
            job_id: Option<JobId>,
            /// Those of successes, or of failures.
            success: Option<bool>,
            /// Those with this status.
            status: Option<ExecutionStatus>,
            /// Those of hooks of one type.
            hook_type: Option<HookType>,
            /// Those of one stage.
            hook_point: Option<HookPoint>,
            /// Those of events of this type.
            event: Option<String>,
            /// Those of tests, or of real runs.
            is_test: Option<bool>,
            /// Those that began then or later (RFC 3339).
            #[param(value_type = Option<DateTime<Utc>>)]
            since: Option<Moment>,
            /// Those that began before then (RFC 3339).
            #[param(value_type = Option<DateTime<Utc>>)]
            until: Option<Moment>,
            /// Those of one stage run.
            stage_run_id: Option<StageRunId>,
            /// Those of one delivery.
            delivery_id: Option<DeliveryId>,
            /// Those with this text in what the hook printed, or in the error;
            /// upper and lower case differ.
            #[param(min_length = 1, max_length = 256)]
            contains: Option<String>,
            $($(#[$meta])* $field: $type,)*
        }

        impl $name {
            fn filter(&self) -> Result<LogFilter, Problem> {
                let length = self.contains.as_ref().map(|text| text.chars().count());
                if length.is_some_and(|length| !(1..=CONTAINS_MAX).contains(&length)) {
                    let detail = format!("must have 1 to {CONTAINS_MAX} characters");
                    return Err(wrong("/contains", detail));
                }
                Ok(LogFilter {
                    hook_id: self.hook_id,
                    job_id: self.job_id,
                    success: self.success,
                    status: self.status,
                    hook_type: self.hook_type,
                    hook_point: self.hook_point,
                    event: self.event.clone(),
                    is_test: self.is_test,
                    since: self.since.map(Moment::get),
                    until: self.until.map(Moment::get),
                    stage_run_id: self.stage_run_id,
                    delivery_id: self.delivery_id,
                    contains: self.contains.clone(),
                })
            }
        }
    };
}

log_query! {
    /// Which logs.
    LogQuery {
        /// Most items, from 1 to 200; 50 by default.
        #[param(minimum = 1, maximum = 200)]
        limit: Option<u32>,
        /// `next_cursor` of the page before.
        cursor: Option<String>,
        /// For a list: without `stdout` and `stderr`, without an `input` or a
        /// `result` of more than 8,192 bytes, and with the first 300 characters
        /// of `error`. `left_out` says of each item what that took away.
        brief: Option<bool>,
    }
}

log_query! {
    /// Which logs, and as what.
    ExportQuery {
        /// One JSON document a line (`ndjson`), or a table (`csv`); `ndjson` by
        /// default.
        #[param(inline)]
        format: Option<ExportFormat>,
    }
}

fn wrong(pointer: &str, detail: impl Into<String>) -> Problem {
    Problem::invalid("invalid-query", Invalid::one(pointer, detail))
}

/// Lists the logs of all hooks, newest first; with `since` or `until` in the order
/// in which the executions began, unless a hook, a job, a stage run or a delivery
/// is named, too.
///
/// A page costs the same however many logs there are, and however large they are:
/// at most 10,000 of them are looked at for it, at most 64 MiB are searched for
/// `contains`, and it ends when 16 MiB of outputs, inputs and results are on it. It
/// may therefore have fewer items than `limit`, also none, and still not be the
/// last: `next_cursor` says where to go on. Few texts are searched for at the same
/// time; 503 (`overloaded`) after ten seconds without a turn.
#[utoipa::path(get, operation_id = "list_logs", path = "/hook-logs", tag = "logs", params(LogQuery),
    responses((status = 200, body = Listing<LogItem>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    ApiQuery(query): ApiQuery<LogQuery>,
) -> Result<Json<Listing<LogItem>>, Problem> {
    answer(&state, query).await
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

/// Streams the logs that `/hook-logs` would list, all of them, as a file. The
/// connection breaks where they cannot be read to their end, and after an hour:
/// `since` and `until` take what is more than that in parts.
///
/// In a table, a text that a spreadsheet would take for a formula has a `'` before
/// it.
#[utoipa::path(get, operation_id = "export_logs", path = "/hook-logs/export", tag = "logs", params(ExportQuery),
    responses((status = 200, content((Vec<u8> = "application/x-ndjson"), (Vec<u8> = "text/csv")))))]
pub(crate) async fn export(
    State(state): State<ApiState>,
    ApiQuery(query): ApiQuery<ExportQuery>,
) -> Result<(HeaderMap, Body), Problem> {
    let filter = query.filter()?;
    let format = query.format.unwrap_or_default();
    let place = state.exports.take().await?;
    let logs = Logs {
        store: state.engine.store().clone(),
        searches: state.searches.clone(),
        filter,
    };
    Ok((format.headers(), export::stream(logs, format, place)))
}

/// Lists the logs of a hook, newest first. As with `/hook-logs`, a page may have
/// fewer items than `limit` and not be the last.
#[utoipa::path(get, operation_id = "list_logs_of_hook", path = "/hooks/{id}/logs", tag = "logs", params(("id" = i64, Path), LogQuery),
    responses((status = 200, body = Listing<LogItem>)))]
pub(crate) async fn of_hook(
    State(state): State<ApiState>,
    Segment(id): Segment<HookId>,
    ApiQuery(mut query): ApiQuery<LogQuery>,
) -> Result<Json<Listing<LogItem>>, Problem> {
    // A deleted hook still has its logs.
    state.engine.store().require_hook_ever(id).await?;
    if query.hook_id.replace(id).is_some_and(|named| named != id) {
        return Err(wrong("/hook_id", "must be the hook that the path names"));
    }
    answer(&state, query).await
}

/// Lists the logs of a job, newest first. As with `/hook-logs`, a page may have
/// fewer items than `limit` and not be the last.
#[utoipa::path(get, operation_id = "list_logs_of_job", path = "/jobs/{id}/hook-logs", tag = "logs", params(("id" = i64, Path), LogQuery),
    responses((status = 200, body = Listing<LogItem>)))]
pub(crate) async fn of_job(
    State(state): State<ApiState>,
    Segment(id): Segment<JobId>,
    ApiQuery(mut query): ApiQuery<LogQuery>,
) -> Result<Json<Listing<LogItem>>, Problem> {
    state.engine.store().get_job(id).await?;
    if query.job_id.replace(id).is_some_and(|named| named != id) {
        return Err(wrong("/job_id", "must be the job that the path names"));
    }
    answer(&state, query).await
}

async fn answer(state: &ApiState, query: LogQuery) -> Result<Json<Listing<LogItem>>, Problem> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let logs = Logs {
        store: state.engine.store().clone(),
        searches: state.searches.clone(),
        filter: query.filter()?,
    };
    let page = if query.brief == Some(true) {
        logs.brief_page(page).await?
    } else {
        logs.page(page).await?
    };
    Ok(Json(page.into()))
}

/// The logs that are asked for. Whoever has their texts searched waits for a turn:
/// that is work for a whole processor.
struct Logs {
    store: Store,
    searches: Places,
    filter: LogFilter,
}

impl Logs {
    async fn page(&self, page: PageRequest) -> Result<Page<LogItem>, Problem> {
        let _turn = self.turn().await?;
        let page = self.store.list_logs(&self.filter, page).await?;
        Ok(page.map(LogItem::from))
    }

    async fn brief_page(&self, page: PageRequest) -> Result<Page<LogItem>, Problem> {
        let _turn = self.turn().await?;
        let page = self.store.list_logs_in_brief(&self.filter, page).await?;
        Ok(page.map(LogItem::from))
    }

    /// For who has begun to write an answer, and would have to break off.
    async fn patient_page(&self, page: PageRequest) -> Result<Page<LogItem>, Problem> {
        let _turn = match self.filter.contains {
            Some(_) => Some(self.searches.wait().await?),
            None => None,
        };
        let page = self.store.list_logs(&self.filter, page).await?;
        Ok(page.map(LogItem::from))
    }

    async fn turn(&self) -> Result<Option<OwnedSemaphorePermit>, Problem> {
        Ok(match self.filter.contains {
            Some(_) => Some(self.searches.take().await?),
            None => None,
        })
    }
}
