//! Live events.

use crate::extract::ApiQuery;
use crate::problem::Problem;
use crate::state::ApiState;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{StreamExt as _, unfold};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use stagehook_core::event::Event as StoredEvent;
use stagehook_core::event_pattern::EventPattern;
use stagehook_core::ids::{EventId, ExecutionId, HookId, JobId};
use stagehook_engine::{Engine, ProgressEvent};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use utoipa::IntoParams;
use uuid::Uuid;

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamQuery {
    /// Those whose type matches this name or pattern, such as `hook_output` or
    /// `job_*`.
    event: Option<EventPattern>,
    /// Those of one execution.
    execution_id: Option<ExecutionId>,
    /// Those of one hook.
    hook_id: Option<HookId>,
    /// Those of one job.
    job_id: Option<JobId>,
}

impl StreamQuery {
    fn wants(&self, event_name: &str, data: &Map<String, Value>) -> bool {
        let is = |key: &str, wanted: Option<Value>| {
            wanted.is_none_or(|wanted| data.get(key) == Some(&wanted))
        };
        self.event
            .as_ref()
            .is_none_or(|wanted| wanted.matches(event_name))
            && is("execution_id", self.execution_id.map(|id| json!(id)))
            && is("hook_id", self.hook_id.map(|id| json!(id)))
            && is("job_id", self.job_id.map(|id| json!(id)))
    }
}

/// Streams events as they happen, as server-sent events: those that are stored,
/// and the progress of what runs here, such as what scripts print
/// (`hook_output`).
///
/// A stored event has its id in the field `id`. A client that comes back with
/// that of the last one it saw in `Last-Event-ID`, as browsers do by themselves,
/// gets those that were stored since, and then goes on. Progress is told only as
/// it happens. A client that falls behind is told by an event `lagged` how many
/// events it missed, and then gets those among them that are stored.
#[utoipa::path(get, operation_id = "stream_events", path = "/events/stream", tag = "events",
    params(StreamQuery, ("Last-Event-ID" = Option<EventId>, Header, description = "The last event that was seen.")),
    responses((status = 200, content_type = "text/event-stream", body = String)))]
pub(crate) async fn stream(
    State(state): State<ApiState>,
    ApiQuery(query): ApiQuery<StreamQuery>,
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
    let follower = Follower::begin(&state, query, last_seen).await?;
    let stopping = state.engine.stopping().clone().cancelled_owned();
    let events = unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    Ok(Sse::new(events.take_until(stopping)).keep_alive(KeepAlive::default()))
}

/// Stored events that are read at once for a client that is behind.
const PAGE: u32 = 100;

/// What one client was told so far, and is told next.
struct Follower {
    engine: Arc<Engine>,
    query: StreamQuery,
    listener: Receiver<Arc<ProgressEvent>>,
    /// The place of the last stored event that it was told.
    place: i64,
    /// Whether there may be stored events that it was not told while they
    /// happened.
    is_behind: bool,
    /// Up to this place it got them from the store.
    read_to: i64,
    /// Some of those.
    read: VecDeque<(i64, StoredEvent)>,
}

impl Follower {
    async fn begin(
        state: &ApiState,
        query: StreamQuery,
        last_seen: Option<EventId>,
    ) -> Result<Self, Problem> {
        let engine = Arc::clone(&state.engine);
        // First: what is stored from now on is heard.
        let listener = engine.progress().listen();
        let place = match last_seen {
            Some(id) => Some(engine.store().event_position(id).await?.ok_or_else(|| {
                Problem::not_found(format!(
                    "there is no event {id} (Last-Event-ID): begin without that header"
                ))
            })?),
            None => None,
        };
        Ok(Self {
            is_behind: place.is_some(),
            read_to: place.unwrap_or(0),
            place: match place {
                Some(place) => place,
                None => engine.store().last_event().await?,
            },
            engine,
            query,
            listener,
            read: VecDeque::new(),
        })
    }

    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((place, event)) = self.read.pop_front() {
                self.place = place;
                self.read_to = place;
                if self.query.wants(&event.event_name, &event.data) {
                    return Some(told(Some(event.id), &event.event_name, event.data));
                }
                continue;
            }
            if self.is_behind {
                match self.engine.store().events_after(self.place, PAGE).await {
                    Ok(page) => {
                        self.is_behind = !page.is_empty();
                        self.read = page.into();
                    }
                    Err(error) => {
                        // The client comes back with the last id that it saw.
                        tracing::warn!(%error, "a stream of events was broken off");
                        return None;
                    }
                }
                continue;
            }
            match self.listener.recv().await {
                // It was among those that were read.
                Ok(event) if event.place.is_some_and(|place| place <= self.read_to) => {}
                Ok(event) => {
                    self.place = self.place.max(event.place.unwrap_or(0));
                    if self.query.wants(&event.event_name, &event.data) {
                        let id = event.place.map(|_| event.id);
                        return Some(told(id, &event.event_name, event.data.clone()));
                    }
                }
                Err(RecvError::Lagged(missed)) => {
                    self.is_behind = true;
                    let missed = json!({"missed": missed});
                    return Some(Event::default().event("lagged").data(missed.to_string()));
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

/// An event as it goes over the wire; `id` only where one can come back to it.
fn told(id: Option<EventId>, event_name: &str, data: Map<String, Value>) -> Event {
    let event = Event::default()
        .event(event_name)
        .data(Value::from(data).to_string());
    match id {
        Some(id) => event.id(id.to_string()),
        None => event,
    }
}
