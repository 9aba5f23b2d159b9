//! Test runs of one hook. REQ-API-2

use crate::extract::{ApiJson, Segment};
use crate::problem::Problem;
use crate::routes::logs::LogItem;
use crate::routes::stage_runs::check_segment_path;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use stagehook_core::ids::{ExecutionId, HookId};
use stagehook_core::test_case::SampleInput;
use stagehook_engine::hook_test::HookTest;
use stagehook_engine::stage::OnDisconnect;
use utoipa::ToSchema;

/// A test run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestRequest {
    /// What the hook is told; every part is optional.
    #[serde(default)]
    input: SampleInput,
    /// The execution's id, so that `/events/stream?execution_id=` can be listened
    /// to before it begins, and so that it can be cancelled. Each id is used once;
    /// those of version 7 are the server's own, so take a random one (version 4).
    #[serde(default)]
    execution_id: Option<ExecutionId>,
    /// What becomes of the test when the connection closes before the answer is
    /// there.
    #[serde(default)]
    on_disconnect: OnDisconnect,
}

/// Runs a hook with a sample input. It is logged as a test and changes no job,
/// no metadata and no pipeline state.
///
/// 409 where `execution_id` was used before. The hook runs to its end even when
/// the caller goes away, unless `on_disconnect` says `cancel`.
#[utoipa::path(post, operation_id = "test_hook", path = "/hooks/{id}/test", tag = "hooks", params(("id" = i64, Path)),
    request_body = TestRequest, responses((status = 200, body = LogItem)))]
pub(crate) async fn test(
    State(state): State<ApiState>,
    Segment(id): Segment<HookId>,
    ApiJson(request): ApiJson<TestRequest>,
) -> Result<Json<LogItem>, Problem> {
    check_segment_path("/input/segment_path", request.input.segment_path.as_deref())?;
    let test = HookTest {
        hook: id,
        input: request.input,
        execution_id: request.execution_id,
        on_disconnect: request.on_disconnect,
    };
    Ok(Json(state.engine.test_hook(test).await?.into()))
}

/// Ends a test that is at work, on whichever server: the hook is ended, and its
/// log says `cancelled`. 404 once it has ended.
#[utoipa::path(post, operation_id = "cancel_test", path = "/executions/{execution_id}/cancel", tag = "hooks",
    params(("execution_id" = uuid::Uuid, Path)), responses((status = 202)))]
pub(crate) async fn cancel(
    State(state): State<ApiState>,
    Segment(id): Segment<ExecutionId>,
) -> Result<StatusCode, Problem> {
    state.engine.cancel_test(id).await?;
    Ok(StatusCode::ACCEPTED)
}
