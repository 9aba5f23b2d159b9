//! Test runs of one hook. REQ-API-2

use crate::extract::{ApiJson, Segment};
use crate::problem::Problem;
use crate::routes::logs::LogItem;
use crate::routes::stage_runs::check_segment_path;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use stagehook_core::ids::HookId;
use stagehook_engine::hook_test::SampleInput;
use utoipa::ToSchema;

/// A test run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestRequest {
    /// What the hook is told; every part is optional.
    #[serde(default)]
    input: SampleInput,
}

/// Runs a hook with a sample input. It is logged as a test and changes no job,
/// no metadata and no pipeline state.
#[utoipa::path(post, operation_id = "test_hook", path = "/hooks/{id}/test", tag = "hooks", params(("id" = i64, Path)),
    request_body = TestRequest, responses((status = 200, body = LogItem)))]
pub(crate) async fn test(
    State(state): State<ApiState>,
    Segment(id): Segment<HookId>,
    ApiJson(request): ApiJson<TestRequest>,
) -> Result<Json<LogItem>, Problem> {
    check_segment_path("/input/segment_path", request.input.segment_path.as_deref())?;
    let log = state.engine.test_hook(id, request.input).await?;
    Ok(Json(log.into()))
}
