//! How an event hook fares, and holding its deliveries up. REQ-EVT-7

use crate::auth::Actor;
use crate::extract::Segment;
use crate::problem::Problem;
use crate::state::ApiState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use chrono::{DateTime, Utc};
use serde::Serialize;
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::ids::HookId;
use stagehook_core::trigger::Trigger;
use utoipa::ToSchema;

/// How an event hook fares.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HookDeliveriesShown {
    /// The hook.
    hook_id: HookId,
    /// Deliveries that wait.
    pending: u64,
    /// Deliveries that succeeded.
    succeeded: u64,
    /// Attempts that did not.
    failed_attempts: u64,
    /// Deliveries that no attempt was left for.
    exhausted: u64,
    /// Of these, since the last success or since the hook was enabled; at ten it
    /// is disabled.
    exhausted_in_a_row: u32,
    /// When the last attempt began.
    last_triggered_at: Option<DateTime<Utc>>,
    /// How it ended.
    last_status: Option<ExecutionStatus>,
    /// Deliveries wait since then.
    paused_at: Option<DateTime<Utc>>,
    /// Why Stagehook disabled the hook, until it is enabled again.
    disabled_reason: Option<String>,
    /// It was enabled again after that, and gets one delivery at a time until
    /// one succeeds.
    is_probing: bool,
}

async fn shown(state: &ApiState, id: HookId) -> Result<Json<HookDeliveriesShown>, Problem> {
    let deliveries = state.engine.store().hook_deliveries(id).await?;
    Ok(Json(HookDeliveriesShown {
        hook_id: id,
        pending: deliveries.pending,
        succeeded: deliveries.succeeded,
        failed_attempts: deliveries.failed_attempts,
        exhausted: deliveries.exhausted,
        exhausted_in_a_row: deliveries.exhausted_in_a_row,
        last_triggered_at: deliveries.last_triggered_at,
        last_status: deliveries.last_status,
        paused_at: deliveries.paused_at,
        disabled_reason: deliveries.disabled_reason,
        is_probing: deliveries.is_probing,
    }))
}

/// Shows how an event hook fares; of a stage's hook there is nothing to count.
/// A deleted hook still has its counts.
#[utoipa::path(get, operation_id = "get_hook_deliveries", path = "/hooks/{id}/deliveries", tag = "events", params(("id" = i64, Path)),
    responses((status = 200, body = HookDeliveriesShown)))]
pub(crate) async fn get(
    State(state): State<ApiState>,
    Segment(id): Segment<HookId>,
) -> Result<Json<HookDeliveriesShown>, Problem> {
    state.engine.store().require_hook_ever(id).await?;
    shown(&state, id).await
}

/// Holds an event hook's deliveries up: events go on to be kept for it, and none
/// is attempted until it is resumed. What is being attempted ends as it does.
#[utoipa::path(post, operation_id = "pause_hook", path = "/hooks/{id}/pause", tag = "events", params(("id" = i64, Path)),
    responses((status = 200, body = HookDeliveriesShown)))]
pub(crate) async fn pause(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segment(id): Segment<HookId>,
) -> Result<Json<HookDeliveriesShown>, Problem> {
    switch(&state, &actor, id, true).await
}

/// Lets a paused hook's deliveries go on.
#[utoipa::path(post, operation_id = "resume_hook", path = "/hooks/{id}/resume", tag = "events", params(("id" = i64, Path)),
    responses((status = 200, body = HookDeliveriesShown)))]
pub(crate) async fn resume(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segment(id): Segment<HookId>,
) -> Result<Json<HookDeliveriesShown>, Problem> {
    switch(&state, &actor, id, false).await
}

async fn switch(
    state: &ApiState,
    actor: &Actor,
    id: HookId,
    pause: bool,
) -> Result<Json<HookDeliveriesShown>, Problem> {
    let store = state.engine.store();
    let hook = store.get_hook(id).await?;
    if let Trigger::Stage(_) = hook.spec.trigger {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "not-an-event-hook",
            format!("hook {id} is triggered by a stage, which does not wait: disable it instead"),
        ));
    }
    store.pause_deliveries(actor.name(), id, pause).await?;
    shown(state, id).await
}
