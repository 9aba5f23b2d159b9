//! Plugins: upload and catalogue.

pub(crate) mod install;
mod shown;
pub(crate) mod transfer;
pub(crate) mod usage;
pub(crate) mod yank;

use crate::auth::Actor;
use crate::extract::{ApiQuery, Segment, Segments, read};
use crate::listing::{Listing, PageQuery, page_request};
use crate::problem::Problem;
use crate::state::ApiState;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use bytes::Bytes;
use serde::Deserialize;
use shown::{ValidationReport, VersionDetail};
use stagehook_core::config::PluginRef;
use stagehook_core::invalid::Invalid;
use stagehook_core::plugin::{CatalogueEntry, PluginName, PluginVersion};
use stagehook_core::signature::PluginSignature;
use stagehook_engine::EngineError;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use utoipa::IntoParams;

/// The header that holds the signature of an upload.
const SIGNATURE: &str = "x-stagehook-plugin-signature";

/// Longest text to search for; databases refuse longer patterns.
const SEARCH_MAX_BYTES: usize = 200;

/// Which plugins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PluginQuery {
    /// Those with this text in name, description, hook points or capabilities.
    search: Option<String>,
    /// Most items, from 1 to 200; 50 by default.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Publishes a version of a plugin. The body is the component.
///
/// Name and version are those that the component describes itself with. The
/// same component again is the same version, and is not looked at again; other
/// bytes for a version that exists are refused.
#[utoipa::path(post, operation_id = "upload_plugin", path = "/plugins", tag = "plugins",
    params(("X-Stagehook-Plugin-Signature" = Option<String>, Header,
        description = "Ed25519 signature, in base64, of the text `sha256:<64 hex digits>`: the component's digest")),
    request_body(content = Vec<u8>, content_type = "application/wasm"),
    responses((status = 201, body = PluginVersion)))]
pub(crate) async fn upload(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<PluginVersion>), Problem> {
    let (component, _place) = upload_body(&state, body).await?;
    // After the body: whoever is answered while they still send may never
    // read the answer.
    let signature = signature(&headers)?;
    let version = state
        .engine
        .publish_plugin(actor.name(), component, signature)
        .await?;
    Ok((StatusCode::CREATED, Json(version)))
}

/// Looks at a component without keeping it.
#[utoipa::path(post, operation_id = "validate_plugin", path = "/plugins/validate", tag = "plugins",
    params(("X-Stagehook-Plugin-Signature" = Option<String>, Header,
        description = "The signature that it would be uploaded with")),
    request_body(content = Vec<u8>, content_type = "application/wasm"),
    responses((status = 200, body = ValidationReport)))]
pub(crate) async fn validate(
    State(state): State<ApiState>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ValidationReport>, Problem> {
    let (component, _place) = upload_body(&state, body).await?;
    // After the body: whoever is answered while they still send may never
    // read the answer.
    let signature = signature(&headers)?;
    let report = state
        .engine
        .report_plugin(component, signature.as_ref())
        .await?;
    Ok(Json(report.into()))
}

/// The signature that came with a request. What is none is told in terms of
/// the header: there is no JSON to point into.
fn signature(headers: &HeaderMap) -> Result<Option<PluginSignature>, Problem> {
    let Some(value) = headers.get(SIGNATURE) else {
        return Ok(None);
    };
    let parsed = value.to_str().unwrap_or_default().trim().parse();
    parsed.map(Some).map_err(|error| {
        let detail = format!("the header X-Stagehook-Plugin-Signature {error}");
        Problem::invalid("invalid-signature", Invalid::one("", detail))
    })
}

/// Reads a component or an archive, and keeps a place among the uploads until
/// it is dropped.
async fn upload_body(
    state: &ApiState,
    body: Body,
) -> Result<(Bytes, OwnedSemaphorePermit), Problem> {
    let settings = &state.settings;
    let place = Arc::clone(&state.uploads)
        .acquire_owned()
        .await
        .map_err(|_| EngineError::ShuttingDown)?;
    let bytes = read(body, settings.plugin_max_bytes, settings.read_timeout).await?;
    Ok((bytes, place))
}

/// Lists the plugins, each with its newest version that was not yanked.
#[utoipa::path(get, operation_id = "list_plugins", path = "/plugins", tag = "plugins", params(PluginQuery),
    responses((status = 200, body = Listing<CatalogueEntry>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    ApiQuery(query): ApiQuery<PluginQuery>,
) -> Result<Json<Listing<CatalogueEntry>>, Problem> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let search = query.search.as_deref().unwrap_or_default();
    if search.len() > SEARCH_MAX_BYTES {
        let detail = format!("must have at most {SEARCH_MAX_BYTES} bytes");
        return Err(Invalid::one("/search", detail).into());
    }
    let page = state
        .engine
        .store()
        .list_plugins(query.search.as_deref(), page)
        .await?;
    Ok(Json(page.into()))
}

/// Lists the versions of a plugin, the highest first; yanked ones say so.
#[utoipa::path(get, operation_id = "list_plugin_versions", path = "/plugins/{name}", tag = "plugins",
    params(("name" = String, Path), PageQuery),
    responses((status = 200, body = Listing<PluginVersion>)))]
pub(crate) async fn versions(
    State(state): State<ApiState>,
    Segment(name): Segment<PluginName>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<Listing<PluginVersion>>, Problem> {
    let page = query.request()?;
    let versions = state.engine.store().plugin_versions(&name, page).await?;
    // Behind the last one there is nothing, either.
    if versions.items.is_empty() && page.cursor.is_none() {
        return Err(Problem::not_found(format!("there is no plugin {name}")));
    }
    Ok(Json(versions.into()))
}

/// Shows a version of a plugin: what it says about itself, what its imports
/// mean, and how many hooks run it.
#[utoipa::path(get, operation_id = "get_plugin_version", path = "/plugins/{name}/{version}", tag = "plugins",
    params(("name" = String, Path), ("version" = String, Path)),
    responses((status = 200, body = VersionDetail)))]
pub(crate) async fn version(
    State(state): State<ApiState>,
    Segments(name, version): Segments,
) -> Result<Json<VersionDetail>, Problem> {
    let plugin = exact(&name, &version)?;
    let store = state.engine.store();
    let version = store.find_plugin(&plugin).await?.ok_or_else(no_such)?;
    let used_by = store.hooks_with_plugin(&version).await?;
    Ok(Json(VersionDetail::new(version, used_by)))
}

/// The version that a path names.
fn exact(name: &str, version: &str) -> Result<PluginRef, Problem> {
    match format!("{name}@{version}").parse() {
        Ok(plugin @ PluginRef::Version(..)) => Ok(plugin),
        _ => Err(no_such()),
    }
}

fn no_such() -> Problem {
    Problem::not_found("there is no such version of a plugin")
}
