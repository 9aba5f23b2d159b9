//! The catalogue of event types. REQ-EVT-1

use crate::auth::Actor;
use crate::extract::{ApiJson, ApiQuery, Segment};
use crate::listing::Listing;
use crate::problem::Problem;
use crate::state::ApiState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use stagehook_core::event_type::{
    EventKind, EventType, EventTypeRequest, is_built_in, parse_catalogue,
};
use stagehook_core::invalid::Invalid;
use stagehook_engine::EngineError;
use utoipa::{IntoParams, ToSchema};

/// Which event types.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventTypeQuery {
    /// Those of one kind.
    kind: Option<EventKind>,
}

/// What came of an import.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Imported {
    /// The names of the event types that the catalogue has, as it has them.
    names: Vec<String>,
}

/// Lists the whole catalogue, by name, in one page.
#[utoipa::path(get, operation_id = "list_event_types", path = "/event-types", tag = "events", params(EventTypeQuery),
    responses((status = 200, body = Listing<EventType>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    ApiQuery(query): ApiQuery<EventTypeQuery>,
) -> Result<Json<Listing<EventType>>, Problem> {
    let mut items = state.engine.event_types().await?;
    items.retain(|event_type| query.kind.is_none_or(|kind| event_type.kind == kind));
    Ok(Json(Listing {
        items,
        next_cursor: None,
    }))
}

/// Adds an event type (201), or changes the one of the same name (200), unless
/// it is built in.
#[utoipa::path(post, operation_id = "create_event_type", path = "/event-types", tag = "events", request_body = EventTypeRequest,
    responses((status = 201, body = EventType), (status = 200, body = EventType)))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    ApiJson(request): ApiJson<EventTypeRequest>,
) -> Result<(StatusCode, Json<EventType>), Problem> {
    let event_type = checked(move || request.check()).await?;
    let types = vec![event_type.clone()];
    let added = state.engine.put_event_types(actor.name(), types).await?;
    let status = if added == 0 {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    Ok((status, Json(event_type)))
}

/// Adds the event types of a catalogue file, all or none: `{"application",
/// "note", "business": […], "progress": […]}`, where each is a name, or an
/// object with `name`, `description` and `schema`. Those of a name that is there
/// already are changed.
#[utoipa::path(post, operation_id = "import_event_types", path = "/event-types/import", tag = "events",
    request_body = Object, responses((status = 200, body = Imported)))]
pub(crate) async fn import(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    ApiJson(catalogue): ApiJson<Map<String, Value>>,
) -> Result<Json<Imported>, Problem> {
    let types = checked(move || parse_catalogue(Value::Object(catalogue))).await?;
    let names = types.iter().map(|event_type| event_type.name.clone());
    let names = names.collect();
    state.engine.put_event_types(actor.name(), types).await?;
    Ok(Json(Imported { names }))
}

/// Removes an event type; its events are kept. 409 for a built-in one.
#[utoipa::path(delete, operation_id = "delete_event_type", path = "/event-types/{name}", tag = "events", params(("name" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn delete(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segment(name): Segment<String>,
) -> Result<StatusCode, Problem> {
    if is_built_in(&name) {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "built-in-event-type",
            format!("'{name}' is built in: Stagehook itself relies on it, so it cannot be removed"),
        ));
    }
    let engine = &state.engine;
    engine.delete_event_type(actor.name(), &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Checks beside the threads that answer: a large schema takes a while.
async fn checked<T: Send + 'static>(
    check: impl FnOnce() -> Result<T, Invalid> + Send + 'static,
) -> Result<T, Problem> {
    let checked = tokio::task::spawn_blocking(check).await;
    let checked = checked.map_err(|error| {
        tracing::error!(%error, "the check of an event type broke");
        EngineError::Broken
    })?;
    Ok(checked?)
}
