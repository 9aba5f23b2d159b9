//! How hooks fared lately, many at once.

use crate::extract::ApiQuery;
use crate::problem::Problem;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use stagehook_core::activity::HookActivity;
use stagehook_core::ids::HookId;
use stagehook_core::invalid::Invalid;
use utoipa::{IntoParams, ToSchema};

/// Most hooks of one question.
const HOOKS_MAX: usize = 200;

/// Which hooks.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActivityQuery {
    /// Their ids, 1 to 200, with commas between them.
    #[param(example = "1,2,3")]
    hook_ids: String,
}

/// How hooks fared lately.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HookActivities {
    /// One for each hook, in the order in which they were named.
    items: Vec<HookActivity>,
}

/// Shows how hooks fared lately. A deleted hook still has its executions, and one
/// that there is not has none. Of a hook with more than 20 tests among its last
/// 120 executions, fewer than 100 are counted.
#[utoipa::path(get, operation_id = "get_hook_activity", path = "/hook-activity", tag = "logs", params(ActivityQuery),
    responses((status = 200, body = HookActivities)))]
pub(crate) async fn get(
    State(state): State<ApiState>,
    ApiQuery(query): ApiQuery<ActivityQuery>,
) -> Result<Json<HookActivities>, Problem> {
    let ids =
        hook_ids(&query.hook_ids).map_err(|invalid| Problem::invalid("invalid-query", invalid))?;
    let items = state.engine.store().hook_activity(&ids).await?;
    Ok(Json(HookActivities { items }))
}

fn hook_ids(text: &str) -> Result<Vec<HookId>, Invalid> {
    let ids: Result<Vec<HookId>, _> = text.split(',').map(|id| id.trim().parse()).collect();
    ids.ok()
        .filter(|ids| ids.len() <= HOOKS_MAX)
        .ok_or_else(|| {
            let detail = format!("must be 1 to {HOOKS_MAX} ids of hooks with commas between them");
            Invalid::one("/hook_ids", detail)
        })
}
