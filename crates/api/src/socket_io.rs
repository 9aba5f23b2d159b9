//! Live events for clients of Socket.IO, at its usual path. REQ-EVT-10
//!
//! Each event comes under its own name with its data as the one argument, as
//! such clients expect. They say who they are and what they want in `auth`
//! ([`handshake`]), and hear what the stream of server-sent events tells. What
//! they send is ignored.
//!
//! Engine.IO (sessions, heartbeats, polling and WebSocket) is a library's; of
//! Socket.IO, which is a thin layer above it, a server that only tells needs
//! little ([`packet`]). Decision 17 says why.
//!
//! No cross-origin header is sent, so no page of another origin can poll; it
//! may open a WebSocket, but has no token to connect with.

mod handshake;
mod packet;
mod session;

use crate::extract::read;
use crate::problem::Problem;
use crate::state::ApiState;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use engineioxide::config::EngineIoConfig;
use engineioxide::service::EngineIoService;
use session::{Sessions, WAITING_MAX};
use std::sync::Arc;

const PATH: &str = "/socket.io";
/// Most that a client may send at once, in bytes. An answer to one that polls
/// has no more either, unless a single event is larger.
const PAYLOAD_MAX: usize = 64 << 10;

pub(crate) fn routes(state: &ApiState) -> Router<ApiState> {
    let config = EngineIoConfig {
        req_path: PATH.into(),
        max_buffer_size: WAITING_MAX,
        max_payload: PAYLOAD_MAX as u64,
        ws_max_message_size: PAYLOAD_MAX,
        ws_max_frame_size: PAYLOAD_MAX,
        ..EngineIoConfig::default()
    };
    let service = EngineIoService::with_config(Arc::new(Sessions(state.clone())), config);
    Router::new()
        .route_service(PATH, service.clone())
        .route_service(&format!("{PATH}/"), service)
        .layer(from_fn_with_state(state.clone(), admit))
}

/// Lets a request through whose body is small and comes soon, and one that
/// begins a session only while there is a place for it.
async fn admit(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    if !query.split('&').any(|pair| pair.starts_with("sid=")) {
        let Ok(place) = Arc::clone(&state.sessions_of_listeners).try_acquire_owned() else {
            return Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "overloaded",
                "too many clients listen to this server: try again later",
            )
            .into_response();
        };
        // The session keeps its first request, and with that its place.
        parts.extensions.insert(Arc::new(place));
    }
    match read(body, PAYLOAD_MAX, state.settings.read_timeout).await {
        Ok(body) => {
            let request = Request::from_parts(parts, Body::from(body));
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}
