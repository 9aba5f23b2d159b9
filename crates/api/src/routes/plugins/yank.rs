//! Withdrawing a version, and bringing it back.

use super::{exact, no_such};
use crate::auth::Actor;
use crate::extract::{ApiJson, Segments};
use crate::problem::Problem;
use crate::state::ApiState;
use axum::extract::State;
use axum::{Extension, Json};
use serde::Deserialize;
use stagehook_core::config::PluginRef;
use stagehook_core::plugin::PluginVersion;
use stagehook_core::text;
use utoipa::ToSchema;

/// Whether a version is withdrawn.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Yank {
    /// False brings the version back; true by default.
    #[serde(default = "withdrawn_by_default")]
    yanked: bool,
    /// Why, for people.
    #[serde(default)]
    reason: String,
}

const fn withdrawn_by_default() -> bool {
    true
}

/// Withdraws a version, or brings it back.
///
/// Hooks that run a withdrawn version go on; no requirement is resolved to it,
/// and no hook is made with it.
#[utoipa::path(post, operation_id = "yank_plugin_version", path = "/plugins/{name}/{version}/yank", tag = "plugins",
    params(("name" = String, Path), ("version" = String, Path)), request_body = Yank,
    responses((status = 200, body = PluginVersion)))]
pub(crate) async fn yank(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segments(name, version): Segments,
    ApiJson(yank): ApiJson<Yank>,
) -> Result<Json<PluginVersion>, Problem> {
    let PluginRef::Version(name, version) = exact(&name, &version)? else {
        return Err(no_such());
    };
    let reason = text::free("/reason", &yank.reason)?;
    let store = state.engine.store();
    let version = if yank.yanked {
        store
            .yank_plugin(actor.name(), &name, &version, &reason)
            .await?
    } else {
        store.unyank_plugin(actor.name(), &name, &version).await?
    };
    Ok(Json(version))
}
