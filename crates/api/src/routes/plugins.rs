//! Plugins: upload and catalogue.

use crate::auth::Actor;
use crate::extract::{ApiQuery, Segment, Segments, read};
use crate::listing::{Listing, page_request};
use crate::problem::Problem;
use crate::state::ApiState;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use stagehook_core::config::PluginRef;
use stagehook_core::digest::Digest;
use stagehook_core::plugin::{PluginManifest, PluginName, PluginVersion};
use stagehook_engine::EngineError;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use utoipa::{IntoParams, ToSchema};

/// Which plugins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PluginQuery {
    /// Those with this text in name or description.
    search: Option<String>,
    /// Most items, from 1 to 200; 50 by default.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// One reason to reject a component.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleBroken {
    /// Which rule: `size`, `format`, `world`, `import`, `cost`, `manifest`.
    rule: &'static str,
    /// What is wrong and what to do.
    detail: String,
}

/// What was found out about a component.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValidationReport {
    /// Whether it could be published.
    valid: bool,
    /// SHA-256 of the component; absent when it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<Digest>,
    /// What it says about itself; absent when it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<PluginManifest>,
    /// What it imports.
    imports: Vec<String>,
    /// What is wrong with it; empty when it is valid.
    problems: Vec<RuleBroken>,
}

/// Publishes a version of a plugin. The body is the component.
///
/// Name and version are those that the component describes itself with. The
/// same component again is the same version; other bytes for a version that
/// exists are refused.
#[utoipa::path(post, operation_id = "upload_plugin", path = "/plugins", tag = "plugins",
    request_body(content = Vec<u8>, content_type = "application/wasm"),
    responses((status = 201, body = PluginVersion)))]
pub(crate) async fn upload(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    body: Body,
) -> Result<(StatusCode, Json<PluginVersion>), Problem> {
    let (component, _place) = component(&state, body).await?;
    let version = state.engine.publish_plugin(actor.name(), component).await?;
    Ok((StatusCode::CREATED, Json(version)))
}

/// Looks at a component without keeping it.
#[utoipa::path(post, operation_id = "validate_plugin", path = "/plugins/validate", tag = "plugins",
    request_body(content = Vec<u8>, content_type = "application/wasm"),
    responses((status = 200, body = ValidationReport)))]
pub(crate) async fn validate(
    State(state): State<ApiState>,
    body: Body,
) -> Result<Json<ValidationReport>, Problem> {
    let (component, _place) = component(&state, body).await?;
    let report = match state.engine.inspect_plugin(component).await {
        Ok(inspection) => ValidationReport {
            valid: true,
            digest: Some(inspection.digest),
            manifest: Some(inspection.manifest),
            imports: inspection.imports,
            problems: Vec::new(),
        },
        Err(EngineError::PluginRejected(rejections)) => ValidationReport {
            valid: false,
            digest: None,
            manifest: None,
            imports: Vec::new(),
            problems: rejections
                .into_iter()
                .map(|rejection| RuleBroken {
                    rule: rejection.rule,
                    detail: rejection.detail,
                })
                .collect(),
        },
        Err(error) => return Err(error.into()),
    };
    Ok(Json(report))
}

/// Reads a component, and keeps a place among the uploads until it is dropped.
async fn component(state: &ApiState, body: Body) -> Result<(Bytes, OwnedSemaphorePermit), Problem> {
    let settings = &state.settings;
    let place = Arc::clone(&state.uploads)
        .acquire_owned()
        .await
        .map_err(|_| EngineError::ShuttingDown)?;
    let component = read(body, settings.plugin_max_bytes, settings.read_timeout).await?;
    Ok((component, place))
}

/// Lists the plugins, each with its newest version.
#[utoipa::path(get, operation_id = "list_plugins", path = "/plugins", tag = "plugins", params(PluginQuery),
    responses((status = 200, body = Listing<PluginVersion>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    ApiQuery(query): ApiQuery<PluginQuery>,
) -> Result<Json<Listing<PluginVersion>>, Problem> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let page = state
        .engine
        .store()
        .list_plugins(query.search.as_deref(), page)
        .await?;
    Ok(Json(page.into()))
}

/// Lists the versions of a plugin, newest first.
#[utoipa::path(get, operation_id = "list_plugin_versions", path = "/plugins/{name}", tag = "plugins", params(("name" = String, Path)),
    responses((status = 200, body = Listing<PluginVersion>)))]
pub(crate) async fn versions(
    State(state): State<ApiState>,
    Segment(name): Segment<PluginName>,
) -> Result<Json<Listing<PluginVersion>>, Problem> {
    let items = state.engine.store().plugin_versions(&name).await?;
    if items.is_empty() {
        return Err(Problem::not_found(format!("there is no plugin {name}")));
    }
    Ok(Json(Listing {
        items,
        next_cursor: None,
    }))
}

/// Shows a version of a plugin.
#[utoipa::path(get, operation_id = "get_plugin_version", path = "/plugins/{name}/{version}", tag = "plugins",
    params(("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, body = PluginVersion)))]
pub(crate) async fn version(
    State(state): State<ApiState>,
    Segments(name, version): Segments,
) -> Result<Json<PluginVersion>, Problem> {
    let no_such = || Problem::not_found("there is no such version of a plugin");
    let plugin = PluginRef::try_from(format!("{name}@{version}")).map_err(|_| no_such())?;
    let version = state.engine.store().find_plugin(&plugin).await?;
    version.map(Json).ok_or_else(no_such)
}
