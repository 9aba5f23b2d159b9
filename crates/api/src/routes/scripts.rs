//! Scripts: pushed, shown, and taken away.

pub(crate) mod history;

use crate::auth::Actor;
use crate::extract::{ApiQuery, Segment, read};
use crate::listing::{Listing, page_request};
use crate::problem::Problem;
use crate::state::ApiState;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MATCH};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::{Extension, Json};
use bytes::Bytes;
use serde::Deserialize;
use stagehook_core::config::ScriptPath;
use stagehook_core::digest::Digest;
use stagehook_core::invalid::Invalid;
use stagehook_core::script::{SCRIPT_MAX_BYTES, ScriptVersion};
use utoipa::IntoParams;

/// The header that says which version was sent.
const VERSION: HeaderName = HeaderName::from_static("x-stagehook-script-version");

/// Which scripts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ScriptQuery {
    /// Those whose path begins so.
    prefix: Option<String>,
    /// Most items, from 1 to 200; 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Which version.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct VersionQuery {
    /// Counted from 1; the newest one by default. Those of a deleted script are
    /// still there.
    #[param(minimum = 1)]
    version: Option<i64>,
}

/// Lists the scripts that were pushed, each with its newest version, in the
/// order in which they came.
#[utoipa::path(get, operation_id = "list_scripts", path = "/scripts", tag = "scripts", params(ScriptQuery),
    responses((status = 200, body = Listing<ScriptVersion>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    ApiQuery(query): ApiQuery<ScriptQuery>,
) -> Result<Json<Listing<ScriptVersion>>, Problem> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let prefix = query.prefix.as_deref();
    let store = state.engine.store();
    Ok(Json(store.list_scripts(prefix, page).await?.into()))
}

/// What a script says: the bytes as they were pushed.
///
/// `ETag` is its digest, `X-Stagehook-Script-Version` its version.
#[utoipa::path(get, operation_id = "get_script", path = "/scripts/{*path}", tag = "scripts",
    params(("path" = String, Path, description = "The path; its `/` may be sent as they are"), VersionQuery),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream",
        headers(("ETag" = String, description = "The digest, in quotes"),
            ("X-Stagehook-Script-Version" = i64, description = "The version")))))]
pub(crate) async fn get(
    State(state): State<ApiState>,
    Segment(path): Segment<String>,
    ApiQuery(query): ApiQuery<VersionQuery>,
) -> Result<(HeaderMap, Bytes), Problem> {
    let path = existing(&path)?;
    let script = state.engine.script(&path, query.version).await?;
    let mut headers = headers(&script.version);
    // A browser must not take it for anything that it would run or show.
    let media_type = HeaderValue::from_static("application/octet-stream");
    headers.insert(CONTENT_TYPE, media_type);
    Ok((headers, script.content))
}

/// Pushes a script: the body, of whatever media type, is its newest version, and
/// what hooks with this `script_path` run from now on. It comes before what lies
/// on the disk.
///
/// What the newest version says already makes no new one, and is answered with
/// 200.
#[utoipa::path(put, operation_id = "put_script", path = "/scripts/{*path}", tag = "scripts",
    params(("path" = String, Path, description = "The path; its `/` may be sent as they are"),
        ("If-Match" = Option<String>, Header,
            description = "The digest that the newest version must have, in quotes (ETag)")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = ScriptVersion), (status = 201, body = ScriptVersion)))]
pub(crate) async fn put(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segment(path): Segment<String>,
    request_headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, HeaderMap, Json<ScriptVersion>), Problem> {
    let content = read(body, SCRIPT_MAX_BYTES, state.settings.read_timeout).await?;
    // After the body: whoever is answered while they still send may never read
    // the answer.
    let path: ScriptPath = path.parse().map_err(|error| {
        let detail = format!("the path of a script {error}");
        Problem::invalid("invalid-request", Invalid::one("", detail))
    })?;
    let only_if = only_if(&request_headers)?;
    let pushed = state
        .engine
        .push_script(&actor, path, content, only_if)
        .await?;
    let status = if pushed.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, headers(&pushed.version), Json(pushed.version)))
}

/// Deletes a script: hooks with its path run what lies on the disk again. Its
/// versions stay, and go on when it is pushed again.
#[utoipa::path(delete, operation_id = "delete_script", path = "/scripts/{*path}", tag = "scripts",
    params(("path" = String, Path, description = "The path; its `/` may be sent as they are"),
        ("If-Match" = Option<String>, Header,
            description = "The digest that the newest version must have, in quotes (ETag)")),
    responses((status = 204)))]
pub(crate) async fn delete(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segment(path): Segment<String>,
    request_headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let path = existing(&path)?;
    let only_if = only_if(&request_headers)?;
    state.engine.delete_script(&actor, &path, only_if).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What no script can be called does not exist.
fn existing(path: &str) -> Result<ScriptPath, Problem> {
    let no_such = || Problem::not_found("there is no such script");
    path.parse().map_err(|_| no_such())
}

/// The digest that a change was made from. What is none is told in terms of the
/// header: there is no JSON to point into.
fn only_if(headers: &HeaderMap) -> Result<Option<Digest>, Problem> {
    let Some(value) = headers.get(IF_MATCH) else {
        return Ok(None);
    };
    let quoted = value.to_str().unwrap_or_default().trim();
    let digest = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .and_then(|digest| digest.parse().ok());
    let wrong = "the header If-Match must be one digest in quotes, as ETag has it";
    digest
        .map(Some)
        .ok_or_else(|| Problem::invalid("invalid-request", Invalid::one("", wrong)))
}

fn headers(version: &ScriptVersion) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(VERSION, HeaderValue::from(version.version));
    if let Ok(digest) = HeaderValue::from_str(&format!("\"{}\"", version.digest)) {
        headers.insert(ETAG, digest);
    }
    headers
}
