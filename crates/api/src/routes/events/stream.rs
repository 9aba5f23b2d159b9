//! Live events.

use crate::extract::ApiQuery;
use crate::state::ApiState;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, StreamExt as _, unfold};
use serde::Deserialize;
use serde_json::{Value, json};
use stagehook_core::event_pattern::EventPattern;
use stagehook_core::ids::{ExecutionId, HookId, JobId};
use stagehook_engine::ProgressEvent;
use std::convert::Infallible;
use tokio::sync::broadcast::error::RecvError;
use utoipa::IntoParams;

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
    fn wants(&self, event: &ProgressEvent) -> bool {
        let is = |key: &str, wanted: Option<Value>| {
            wanted.is_none_or(|wanted| event.data.get(key) == Some(&wanted))
        };
        self.event
            .as_ref()
            .is_none_or(|wanted| wanted.matches(&event.event_name))
            && is("execution_id", self.execution_id.map(|id| json!(id)))
            && is("hook_id", self.hook_id.map(|id| json!(id)))
            && is("job_id", self.job_id.map(|id| json!(id)))
    }
}

/// Streams events as they happen, as server-sent events: those that somebody
/// publishes, and the progress of what runs here, such as what scripts print
/// (`hook_output`). A client that falls behind is told by an event `lagged` how
/// many it missed.
#[utoipa::path(get, operation_id = "stream_events", path = "/events/stream", tag = "events", params(StreamQuery),
    responses((status = 200, content_type = "text/event-stream", body = String)))]
pub(crate) async fn stream(
    State(state): State<ApiState>,
    ApiQuery(query): ApiQuery<StreamQuery>,
) -> impl IntoResponse {
    let stopping = state.engine.stopping().clone().cancelled_owned();
    let events = events(&state, query).take_until(stopping);
    Sse::new(events).keep_alive(KeepAlive::default())
}

fn events(
    state: &ApiState,
    query: StreamQuery,
) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let listener = state.engine.progress().listen();
    unfold((listener, query), |(mut listener, query)| async {
        loop {
            let event = match listener.recv().await {
                Ok(event) if query.wants(&event) => Event::default()
                    .id(event.id.to_string())
                    .event(event.event_name.as_ref())
                    .data(Value::from(event.data.clone()).to_string()),
                Ok(_) => continue,
                Err(RecvError::Lagged(missed)) => Event::default()
                    .event("lagged")
                    .data(json!({"missed": missed}).to_string()),
                Err(RecvError::Closed) => return None,
            };
            return Some((Ok(event), (listener, query)));
        }
    })
}
