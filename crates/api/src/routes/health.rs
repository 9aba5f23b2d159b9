//! Whether the server lives, and whether it can work. Open to everybody.

use crate::state::ApiState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use stagehook_engine::ConfinementLevel;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
}

async fn alive(State(state): State<ApiState>) -> impl IntoResponse {
    let confinement = state.engine.confinement();
    let mut health = json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "confinement": confinement.as_str(),
        "memory_limit": state.engine.memory_limit().as_str(),
    });
    if let ConfinementLevel::Unavailable(why) = confinement {
        health["confinement_error"] = why.into();
    }
    Json(health)
}

async fn ready(State(state): State<ApiState>) -> impl IntoResponse {
    if state.engine.is_stopping() {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({"status": "stopping"})),
        );
    }
    match state.engine.store().ping().await {
        Ok(()) => (StatusCode::OK, Json(json!({"status": "ready"}))),
        Err(error) => {
            tracing::warn!(%error, "not ready: the database does not answer");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                Json(json!({"status": "database unavailable"})),
            )
        }
    }
}
