//! Stage runs: what the pipeline asks.

use crate::auth::Actor;
use crate::extract::{ApiJson, ApiQuery, Segment, Segments};
use crate::listing::{Listing, PageQuery};
use crate::problem::Problem;
use crate::state::ApiState;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Map, Value};
use stagehook_core::answer::StageAnswer;
use stagehook_core::contract::StageInput;
use stagehook_core::ids::{JobId, StageRunId};
use stagehook_core::invalid::Invalid;
use stagehook_core::trigger::HookPoint;
use stagehook_engine::stage::{OnDisconnect, StageRequest};
use utoipa::ToSchema;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// What the pipeline asks of a stage.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RunRequest {
    /// Path of the file at hand, below a media root.
    segment_path: Option<String>,
    /// What is known so far; hooks patch it.
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
    /// The scene; hooks read it.
    #[schema(value_type = Object)]
    scene_context: Map<String, Value>,
    /// What becomes of the run when the connection closes before the answer is
    /// there. Of a call that is repeated with the same `Idempotency-Key`, the
    /// one that began the run decides.
    on_disconnect: OnDisconnect,
}

/// Runs the hooks of a stage and answers with the verdict.
///
/// The hooks run to their end even when the caller goes away, unless
/// `on_disconnect` says `cancel`: then the run is cancelled once the connection
/// is closed, as by the cancel route. With `Prefer: respond-async` the answer is
/// 202 and the run's address; it comes before the hooks end, so that
/// `on_disconnect` has no say.
#[utoipa::path(post, operation_id = "run_stage", path = "/jobs/{id}/stages/{hook_point}/runs", tag = "stage runs",
    params(
        ("id" = i64, Path),
        ("hook_point" = HookPoint, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "A repeated call with the same key returns the first answer"),
        ("Prefer" = Option<String>, Header, description = "`respond-async` (RFC 7240)"),
    ),
    request_body = RunRequest,
    responses((status = 200, body = StageAnswer), (status = 202, body = StageAnswer)))]
pub(crate) async fn run(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segments(job, point): Segments,
    headers: HeaderMap,
    ApiJson(request): ApiJson<RunRequest>,
) -> Result<Response, Problem> {
    let job_id: JobId = job
        .parse()
        .map_err(|_| Problem::not_found("there is no such job"))?;
    let hook_point: HookPoint =
        point
            .parse()
            .map_err(|error: stagehook_core::trigger::UnknownHookPoint| {
                Problem::new(
                    StatusCode::NOT_FOUND,
                    "unknown-hook-point",
                    format!("the hook point {error}"),
                )
            })?;
    check_segment_path("/segment_path", request.segment_path.as_deref())?;
    let is_async = prefers_async(&headers);
    let engine = &state.engine;
    let ticket = engine
        .start_stage(StageRequest {
            job_id,
            hook_point,
            input: StageInput {
                segment_path: request.segment_path,
                metadata: request.metadata,
                scene_context: request.scene_context,
            },
            idempotency_key: idempotency_key(&headers)?,
            actor: actor.name().to_owned(),
            on_disconnect: if is_async {
                OnDisconnect::Continue
            } else {
                request.on_disconnect
            },
        })
        .await?;
    if is_async {
        let answer = engine.stage_answer(ticket.id).await?;
        let location = format!("{}/stage-runs/{}", crate::router::BASE, ticket.id);
        let mut response = (StatusCode::ACCEPTED, Json(answer)).into_response();
        let headers = response.headers_mut();
        if let Ok(location) = HeaderValue::try_from(location) {
            headers.insert(LOCATION, location);
        }
        headers.insert(
            PREFERENCE_APPLIED,
            HeaderValue::from_static("respond-async"),
        );
        return Ok(response);
    }
    Ok(Json(ticket.answer(engine).await?).into_response())
}

/// Lists the stage runs of a job, newest first. A page ends when 16 MiB are on it:
/// it may have fewer items than `limit` and not be the last.
#[utoipa::path(get, operation_id = "list_stage_runs_of_job", path = "/jobs/{id}/stage-runs", tag = "stage runs",
    params(("id" = i64, Path), PageQuery),
    responses((status = 200, body = Listing<StageAnswer>)))]
pub(crate) async fn list_of_job(
    State(state): State<ApiState>,
    Segment(id): Segment<JobId>,
    ApiQuery(page): ApiQuery<PageQuery>,
) -> Result<Json<Listing<StageAnswer>>, Problem> {
    let page = state.engine.stage_answers_of(id, page.request()?).await?;
    Ok(Json(page.into()))
}

/// Shows a stage run, as it stands.
#[utoipa::path(get, operation_id = "get_stage_run", path = "/stage-runs/{id}", tag = "stage runs", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = StageAnswer)))]
pub(crate) async fn get(
    State(state): State<ApiState>,
    Segment(id): Segment<StageRunId>,
) -> Result<Json<StageAnswer>, Problem> {
    Ok(Json(state.engine.stage_answer(id).await?))
}

/// Ends a stage run: the hook at work is ended, no further one begins. The run
/// shows `cancelled` as soon as that has happened.
#[utoipa::path(post, operation_id = "cancel_stage_run", path = "/stage-runs/{id}/cancel", tag = "stage runs",
    params(("id" = uuid::Uuid, Path)), responses((status = 202, body = StageAnswer)))]
pub(crate) async fn cancel(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segment(id): Segment<StageRunId>,
) -> Result<(StatusCode, Json<StageAnswer>), Problem> {
    state.engine.cancel_stage(id, actor.name()).await?;
    let answer = state.engine.stage_answer(id).await?;
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

/// A path that a script can be told.
pub(crate) fn check_segment_path(pointer: &str, path: Option<&str>) -> Result<(), Invalid> {
    match path {
        Some("") => Err(Invalid::one(pointer, "must not be empty")),
        Some(path) if path.contains('\0') => {
            Err(Invalid::one(pointer, "must not contain NUL characters"))
        }
        Some(path) if path.len() > 4096 => Err(Invalid::one(pointer, "must be at most 4096 bytes")),
        _ => Ok(()),
    }
}

/// The key that makes a repeated call one.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    value
        .to_str()
        .ok()
        .filter(|key| (1..=255).contains(&key.len()))
        .map(|key| Some(key.to_owned()))
        .ok_or_else(|| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "invalid-idempotency-key",
                "Idempotency-Key must be 1 to 255 visible ASCII characters",
            )
        })
}

/// RFC 7240, section 4.1.
fn prefers_async(headers: &HeaderMap) -> bool {
    headers
        .get_all(PREFER)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|preference| preference.trim().eq_ignore_ascii_case("respond-async"))
}
