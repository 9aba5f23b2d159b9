//! Jobs and their review.

use crate::auth::Actor;
use crate::extract::{ApiJson, ApiQuery, Segment};
use crate::listing::{Listing, page_request};
use crate::problem::Problem;
use crate::state::ApiState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Map, Value};
use stagehook_core::ids::{JobId, ProjectId, SceneTypeId};
use stagehook_core::job::{Job, JobStatus, ReviewDecision};
use stagehook_core::text;
use stagehook_store::{JobFilter, NewJob};
use utoipa::{IntoParams, ToSchema};

/// A job to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobRequest {
    /// Its project.
    project_id: ProjectId,
    /// Its scene type, of that project.
    #[serde(default)]
    scene_type_id: Option<SceneTypeId>,
    /// What the pipeline calls it.
    #[serde(default)]
    #[schema(example = "shot_010")]
    external_ref: Option<String>,
    /// The workflow it is generated with: name, version, parameters.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    workflow: Option<Map<String, Value>>,
}

/// Which jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct JobQuery {
    /// Those that stand so.
    status: Option<JobStatus>,
    /// Those that wait for a person, or do not.
    needs_review: Option<bool>,
    /// Those of one project.
    project_id: Option<ProjectId>,
    /// Those that the pipeline calls so.
    external_ref: Option<String>,
    /// Most items, from 1 to 200; 50 by default.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A review.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReviewRequest {
    /// What is decided.
    decision: ReviewDecision,
    /// Why.
    #[serde(default)]
    note: String,
}

/// Creates a job.
#[utoipa::path(post, operation_id = "create_job", path = "/jobs", tag = "jobs", request_body = JobRequest,
    responses((status = 201, body = Job)))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    ApiJson(request): ApiJson<JobRequest>,
) -> Result<(StatusCode, Json<Job>), Problem> {
    let external_ref = request
        .external_ref
        .map(|text| text::name("/external_ref", &text))
        .transpose()?;
    let job = state
        .engine
        .store()
        .create_job(
            actor.name(),
            NewJob {
                project_id: request.project_id,
                scene_type_id: request.scene_type_id,
                external_ref,
                workflow: request.workflow.map(Value::Object),
            },
        )
        .await?;
    Ok((StatusCode::CREATED, Json(job)))
}

/// Lists the jobs, newest first.
#[utoipa::path(get, operation_id = "list_jobs", path = "/jobs", tag = "jobs", params(JobQuery),
    responses((status = 200, body = Listing<Job>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    ApiQuery(query): ApiQuery<JobQuery>,
) -> Result<Json<Listing<Job>>, Problem> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let filter = JobFilter {
        status: query.status,
        needs_review: query.needs_review,
        project_id: query.project_id,
        external_ref: query.external_ref,
    };
    let page = state.engine.store().list_jobs(&filter, page).await?;
    Ok(Json(page.into()))
}

/// Shows a job.
#[utoipa::path(get, operation_id = "get_job", path = "/jobs/{id}", tag = "jobs", params(("id" = i64, Path)),
    responses((status = 200, body = Job)))]
pub(crate) async fn get(
    State(state): State<ApiState>,
    Segment(id): Segment<JobId>,
) -> Result<Json<Job>, Problem> {
    Ok(Json(state.engine.store().get_job(id).await?))
}

/// Says that the pipeline finished a job.
#[utoipa::path(post, operation_id = "complete_job", path = "/jobs/{id}/complete", tag = "jobs", params(("id" = i64, Path)),
    responses((status = 200, body = Job)))]
pub(crate) async fn complete(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segment(id): Segment<JobId>,
) -> Result<Json<Job>, Problem> {
    let job = state.engine.store().complete_job(actor.name(), id).await?;
    Ok(Json(job))
}

/// Decides about a halted job: resume it, or reject it. REQ-RUN-5
#[utoipa::path(post, operation_id = "review_job", path = "/jobs/{id}/review", tag = "jobs", params(("id" = i64, Path)),
    request_body = ReviewRequest, responses((status = 200, body = Job)))]
pub(crate) async fn review(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segment(id): Segment<JobId>,
    ApiJson(review): ApiJson<ReviewRequest>,
) -> Result<Json<Job>, Problem> {
    let note = text::free("/note", &review.note)?;
    let job = state
        .engine
        .store()
        .review_job(actor.name(), id, review.decision, &note)
        .await?;
    Ok(Json(job))
}
