//! What a script said before.

use super::existing;
use crate::extract::{ApiQuery, Segment};
use crate::listing::{Listing, PageQuery};
use crate::problem::Problem;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use stagehook_core::script::ScriptVersion;
use utoipa::IntoParams;

/// Which versions are compared.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DiffQuery {
    /// The old one; the one before `to` by default.
    #[param(minimum = 1)]
    from: Option<i64>,
    /// The new one; the newest by default.
    #[param(minimum = 1)]
    to: Option<i64>,
}

/// Lists the versions of a script, the newest first; also those of a deleted one.
#[utoipa::path(get, operation_id = "list_script_versions", path = "/script-versions/{*path}", tag = "scripts",
    params(("path" = String, Path, description = "The path; its `/` may be sent as they are"), PageQuery),
    responses((status = 200, body = Listing<ScriptVersion>)))]
pub(crate) async fn versions(
    State(state): State<ApiState>,
    Segment(path): Segment<String>,
    ApiQuery(page): ApiQuery<PageQuery>,
) -> Result<Json<Listing<ScriptVersion>>, Problem> {
    let path = existing(&path)?;
    let page = page.request()?;
    let store = state.engine.store();
    Ok(Json(store.script_versions(&path, page).await?.into()))
}

/// What changed between two versions, as `diff -u` writes it: empty where nothing
/// did. Of what is no text only that is said.
#[utoipa::path(get, operation_id = "diff_script", path = "/script-diff/{*path}", tag = "scripts",
    params(("path" = String, Path, description = "The path; its `/` may be sent as they are"), DiffQuery),
    responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn diff(
    State(state): State<ApiState>,
    Segment(path): Segment<String>,
    ApiQuery(query): ApiQuery<DiffQuery>,
) -> Result<String, Problem> {
    let path = existing(&path)?;
    let diff = state.engine.script_diff(&path, query.from, query.to);
    Ok(diff.await?.text)
}
