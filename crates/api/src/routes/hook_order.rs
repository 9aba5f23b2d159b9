//! The order of the hooks of one trigger and scope.

use crate::auth::Actor;
use crate::extract::ApiJson;
use crate::listing::Listing;
use crate::problem::Problem;
use crate::state::ApiState;
use axum::extract::State;
use axum::{Extension, Json};
use serde::Deserialize;
use stagehook_core::document::HookDocument;
use stagehook_core::ids::HookId;
use stagehook_core::invalid::Invalid;
use utoipa::ToSchema;

/// Most hooks that are ordered at once.
const ORDERED_MAX: usize = 1000;

/// An order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderRequest {
    /// All hooks of one trigger and one scope, in the order in which they are
    /// to run.
    hook_ids: Vec<HookId>,
}

/// Puts the hooks of one trigger and scope in order.
#[utoipa::path(put, operation_id = "order_hooks", path = "/hooks/order", tag = "hooks", request_body = OrderRequest,
    responses((status = 200, body = Listing<HookDocument>)))]
pub(crate) async fn order(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    ApiJson(request): ApiJson<OrderRequest>,
) -> Result<Json<Listing<HookDocument>>, Problem> {
    let count = request.hook_ids.len();
    if !(1..=ORDERED_MAX).contains(&count) {
        return Err(Invalid::one(
            "/hook_ids",
            format!("must name 1 to {ORDERED_MAX} hooks, names {count}"),
        )
        .into());
    }
    let hooks = state
        .engine
        .store()
        .order_hooks(actor.name(), &request.hook_ids)
        .await?;
    Ok(Json(Listing {
        items: hooks.iter().map(HookDocument::from).collect(),
        next_cursor: None,
    }))
}
