//! A hook out of a plugin, in one step.

use crate::auth::Actor;
use crate::extract::{ApiJson, Segment};
use crate::problem::Problem;
use crate::state::ApiState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stagehook_core::config::{Limits, PluginGrants};
use stagehook_core::document::HookDocument;
use stagehook_core::event_pattern::EventPattern;
use stagehook_core::plugin::PluginName;
use stagehook_core::scope::ScopeType;
use stagehook_core::trigger::HookPoint;
use stagehook_core::verdict::FailureMode;
use stagehook_engine::plugins::Installation;
use utoipa::ToSchema;

/// The hook that is to be made; what is left away is taken from the plugin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InstallRequest {
    /// `1.2.3` or a requirement such as `^1.2`; by default what is compatible
    /// with the newest version.
    #[serde(default)]
    #[schema(example = "^1.2")]
    version: Option<String>,
    /// The hook's name; by default the plugin's.
    #[serde(default)]
    name: Option<String>,
    /// For people; by default the plugin's description.
    #[serde(default)]
    description: Option<String>,
    /// Where it applies.
    #[schema(value_type = ScopeType)]
    scope_type: String,
    /// The project's or the scene type's id.
    #[serde(default)]
    scope_id: Option<i64>,
    /// The stage that triggers it; by default the plugin's only one.
    #[serde(default)]
    #[schema(value_type = Option<HookPoint>)]
    hook_point: Option<String>,
    /// The events that trigger it; excludes `hook_point`.
    #[serde(default)]
    #[schema(value_type = Option<EventPattern>)]
    event: Option<String>,
    /// What its failure does; `warn` by default.
    #[serde(default)]
    #[schema(value_type = Option<FailureMode>)]
    failure_mode: Option<String>,
    /// What the plugin is told; checked against its schema.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    settings: Option<Value>,
    /// What it may touch; nothing by default.
    #[serde(default)]
    #[schema(value_type = Option<PluginGrants>)]
    grants: Option<Value>,
    /// How much it may use.
    #[serde(default)]
    #[schema(value_type = Option<Limits>)]
    limits: Option<Value>,
    /// Lower runs earlier; 0 by default.
    #[serde(default)]
    sort_order: i64,
    /// True by default.
    #[serde(default)]
    enabled: Option<bool>,
}

/// The hook that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InstalledHook {
    /// The hook.
    #[serde(flatten)]
    hook: HookDocument,
    /// What may not be as it was meant: grants that the plugin does not ask
    /// for, and capabilities that it asks for and does not get.
    warnings: Vec<String>,
}

/// Makes a hook out of a plugin, in one step. All that is wrong with it is
/// answered at once.
#[utoipa::path(post, operation_id = "install_plugin", path = "/plugins/{name}/install", tag = "plugins",
    params(("name" = String, Path)), request_body = InstallRequest,
    responses((status = 201, body = InstalledHook)))]
pub(crate) async fn install(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segment(name): Segment<PluginName>,
    ApiJson(request): ApiJson<InstallRequest>,
) -> Result<(StatusCode, Json<InstalledHook>), Problem> {
    let installation = Installation {
        version: request.version,
        name: request.name,
        description: request.description,
        scope_type: request.scope_type,
        scope_id: request.scope_id,
        hook_point: request.hook_point,
        event: request.event,
        failure_mode: request.failure_mode,
        settings: request.settings,
        grants: request.grants,
        limits: request.limits,
        sort_order: request.sort_order,
        enabled: request.enabled.unwrap_or(true),
    };
    let installed = state
        .engine
        .install_plugin(&actor, &name, installation)
        .await
        .map_err(Problem::of_hook)?;
    let answer = InstalledHook {
        hook: HookDocument::from(&installed.hook),
        warnings: installed.warnings,
    };
    Ok((StatusCode::CREATED, Json(answer)))
}
