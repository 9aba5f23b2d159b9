//! What a plugin is used for, and what it used.

use crate::extract::{ApiQuery, Segment};
use crate::problem::Problem;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use stagehook_core::invalid::Invalid;
use stagehook_core::plugin::PluginName;
use stagehook_engine::plugins::{DAYS_MAX, PluginUsage};
use utoipa::IntoParams;

const DAYS_DEFAULT: u32 = 30;

/// Which days.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsageQuery {
    /// So many days up to today, from 1 to 90; 30 by default.
    #[param(minimum = 1, maximum = 90)]
    days: Option<u32>,
}

/// Shows which hooks run a plugin, and what they used.
///
/// Of all hooks together the newest 20,000 executions are counted, of each at
/// least 100: where there are more, `counted_since` says since when the days are
/// whole.
#[utoipa::path(get, operation_id = "get_plugin_usage", path = "/plugins/{name}/usage", tag = "plugins",
    params(("name" = String, Path), UsageQuery),
    responses((status = 200, body = PluginUsage)))]
pub(crate) async fn get(
    State(state): State<ApiState>,
    Segment(name): Segment<PluginName>,
    ApiQuery(query): ApiQuery<UsageQuery>,
) -> Result<Json<PluginUsage>, Problem> {
    let days = query.days.unwrap_or(DAYS_DEFAULT);
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Problem::invalid(
            "invalid-query",
            Invalid::one("/days", format!("must be between 1 and {DAYS_MAX}")),
        ));
    }
    Ok(Json(state.engine.plugin_usage(&name, days).await?))
}
