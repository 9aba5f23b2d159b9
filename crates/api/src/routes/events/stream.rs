//! Live events over server-sent events.

use crate::auth::{Credential, refused};
use crate::extract::ApiQuery;
use crate::problem::Problem;
use crate::state::ApiState;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::StreamExt as _;
use futures_util::stream::unfold;
use serde_json::json;
use stagehook_core::ids::EventId;
use stagehook_core::interest::Interest;
use stagehook_engine::{Follower, LiveEvent, Told};
use std::convert::Infallible;
use uuid::Uuid;

/// Streams events as they happen, as server-sent events: those that are stored,
/// and the progress of what runs here, such as what scripts print
/// (`hook_output`).
///
/// A stored event has its id in the field `id`. A client that comes back with
/// that of the last one it saw in `Last-Event-ID`, as browsers do by themselves,
/// gets those that were stored since, and then goes on. Progress is told only as
/// it happens. A client that falls behind is told by an event `lagged` how many
/// events it missed, and then gets those among them that are stored. The stream
/// ends when the token is revoked, or the session ended.
///
/// Clients of Socket.IO hear the same at `/socket.io/`, outside of this
/// interface's base.
#[utoipa::path(get, operation_id = "stream_events", path = "/events/stream", tag = "events",
    params(Interest, ("Last-Event-ID" = Option<EventId>, Header, description = "The last event that was seen.")),
    responses((status = 200, content_type = "text/event-stream", body = String)))]
pub(crate) async fn stream(
    State(state): State<ApiState>,
    Extension(credential): Extension<Credential>,
    ApiQuery(interest): ApiQuery<Interest>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let last_seen = headers
        .get("last-event-id")
        .map(|id| {
            let id = id.to_str().ok().and_then(|id| Uuid::parse_str(id).ok());
            id.map(EventId::new).ok_or_else(|| {
                Problem::new(
                    StatusCode::BAD_REQUEST,
                    "invalid-request",
                    "the header Last-Event-ID is not the id of an event",
                )
            })
        })
        .transpose()?;
    let follower = follow(&state, interest, last_seen, "Last-Event-ID").await?;
    let events = unfold(follower, |mut follower| async move {
        let event = match follower.next().await? {
            Told::Event(event) => told(&event),
            Told::Lagged { missed } => Event::default()
                .event("lagged")
                .data(json!({"missed": missed}).to_string()),
        };
        Some((Ok::<_, Infallible>(event), follower))
    });
    let events = events.take_until(refused(state, credential));
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// Begins to follow; `said_in` is where the client said what it saw last.
pub(crate) async fn follow(
    state: &ApiState,
    interest: Interest,
    last_seen: Option<EventId>,
    said_in: &str,
) -> Result<Follower, Problem> {
    let follower = state.engine.follow(interest, last_seen).await?;
    follower.ok_or_else(|| {
        let id = last_seen.map(|id| id.to_string()).unwrap_or_default();
        Problem::not_found(format!(
            "there is no event {id} ({said_in}), or it is not kept any more: read what was stored \
             since from /api/v1/events?since=, and begin without it"
        ))
    })
}

/// An event as it goes over the wire; with an id only where one can come back
/// to it.
fn told(event: &LiveEvent) -> Event {
    let sent = Event::default()
        .event(&event.event_name)
        .data(serde_json::to_string(&event.data).unwrap_or_default());
    match event.kept_as() {
        Some(id) => sent.id(id.to_string()),
        None => sent,
    }
}
