//! What the server counts, for Prometheus. REQ-API-6

use crate::auth::admit;
use crate::state::ApiState;
use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::get;

/// `OpenMetrics`, which Prometheus reads since its version 2.5.
const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Its one route. It tells which plugins a studio has, so that it needs a token
/// like everything but health.
pub(crate) fn routes(state: &ApiState) -> Router<ApiState> {
    Router::new()
        .route("/metrics", get(show))
        .route_layer(from_fn_with_state(state.clone(), admit))
}

async fn show(State(state): State<ApiState>) -> impl IntoResponse {
    ([(CONTENT_TYPE, TEXT)], state.engine.metrics())
}
