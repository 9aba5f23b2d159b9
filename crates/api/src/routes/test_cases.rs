//! Sample inputs that are kept with a hook. REQ-API-2

use crate::auth::Actor;
use crate::extract::{ApiJson, ApiQuery, Segment, Segments};
use crate::listing::{Listing, PageQuery};
use crate::problem::Problem;
use crate::routes::stage_runs::check_segment_path;
use crate::state::ApiState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::ids::{HookId, TestCaseId};
use stagehook_core::test_case::{SampleInput, TestCase, TestCaseSpec};
use stagehook_core::text;
use utoipa::ToSchema;

/// A test case to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestCaseRequest {
    /// Unique for the hook.
    #[schema(example = "a segment without sound")]
    name: String,
    /// What the hook is told; every part is optional. At most 256 KiB of JSON.
    #[serde(default)]
    input: SampleInput,
    /// How that is to end; nothing is expected by default.
    #[serde(default)]
    expected_status: Option<ExecutionStatus>,
}

/// A changed test case: the whole of it, and the version that was changed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestCaseUpdate {
    /// The version that this change is based on.
    version: i64,
    /// Unique for the hook.
    name: String,
    /// What the hook is told; every part is optional. At most 256 KiB of JSON.
    #[serde(default)]
    input: SampleInput,
    /// How that is to end; nothing is expected by default.
    #[serde(default)]
    expected_status: Option<ExecutionStatus>,
}

impl TestCaseUpdate {
    fn split(self) -> (i64, TestCaseRequest) {
        let request = TestCaseRequest {
            name: self.name,
            input: self.input,
            expected_status: self.expected_status,
        };
        (self.version, request)
    }
}

impl TestCaseRequest {
    fn check(self) -> Result<TestCaseSpec, Problem> {
        check_segment_path("/input/segment_path", self.input.segment_path.as_deref())?;
        self.input.check_kept("/input")?;
        Ok(TestCaseSpec {
            name: text::name("/name", &self.name)?,
            input: self.input,
            expected_status: self.expected_status,
        })
    }
}

/// Keeps a test case with a hook, which has at most 100 of them, of at most
/// 256 KiB of JSON each.
#[utoipa::path(post, operation_id = "create_test_case", path = "/hooks/{id}/test-cases", tag = "hooks", params(("id" = i64, Path)),
    request_body = TestCaseRequest, responses((status = 201, body = TestCase)))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segment(hook): Segment<HookId>,
    ApiJson(request): ApiJson<TestCaseRequest>,
) -> Result<(StatusCode, Json<TestCase>), Problem> {
    let spec = request.check()?;
    let store = state.engine.store();
    let case = store.create_test_case(actor.name(), hook, &spec).await?;
    Ok((StatusCode::CREATED, Json(case)))
}

/// Lists the test cases of a hook, oldest first.
#[utoipa::path(get, operation_id = "list_test_cases", path = "/hooks/{id}/test-cases", tag = "hooks",
    params(("id" = i64, Path), PageQuery), responses((status = 200, body = Listing<TestCase>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Segment(hook): Segment<HookId>,
    ApiQuery(page): ApiQuery<PageQuery>,
) -> Result<Json<Listing<TestCase>>, Problem> {
    let store = state.engine.store();
    let page = store.list_test_cases(hook, page.request()?).await?;
    Ok(Json(page.into()))
}

/// Replaces a test case. 409 when it was changed since the named version.
#[utoipa::path(put, operation_id = "update_test_case", path = "/hooks/{id}/test-cases/{case_id}", tag = "hooks",
    params(("id" = i64, Path), ("case_id" = i64, Path)),
    request_body = TestCaseUpdate, responses((status = 200, body = TestCase)))]
pub(crate) async fn update(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segments(hook, case): Segments,
    ApiJson(update): ApiJson<TestCaseUpdate>,
) -> Result<Json<TestCase>, Problem> {
    let (hook, case) = ids(&hook, &case)?;
    let (version, request) = update.split();
    let spec = request.check()?;
    let store = state.engine.store();
    let case = store.update_test_case(actor.name(), hook, case, version, &spec);
    Ok(Json(case.await?))
}

/// Deletes a test case.
#[utoipa::path(delete, operation_id = "delete_test_case", path = "/hooks/{id}/test-cases/{case_id}", tag = "hooks",
    params(("id" = i64, Path), ("case_id" = i64, Path)), responses((status = 204)))]
pub(crate) async fn delete(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segments(hook, case): Segments,
) -> Result<StatusCode, Problem> {
    let (hook, case) = ids(&hook, &case)?;
    let store = state.engine.store();
    store.delete_test_case(actor.name(), hook, case).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn ids(hook: &str, case: &str) -> Result<(HookId, TestCaseId), Problem> {
    let hook = hook.parse().ok();
    hook.zip(case.parse().ok())
        .ok_or_else(|| Problem::not_found("there is no such test case"))
}
