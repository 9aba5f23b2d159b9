//! Scene types.

use crate::auth::Actor;
use crate::extract::{ApiJson, ApiQuery, Segment};
use crate::listing::{Listing, page_request};
use crate::problem::Problem;
use crate::state::ApiState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use stagehook_core::ids::{ProjectId, SceneTypeId};
use stagehook_core::project::SceneType;
use stagehook_core::text;
use stagehook_store::SceneTypeFilter;
use utoipa::{IntoParams, ToSchema};

/// A scene type to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSceneType {
    /// Unique within the project.
    name: String,
    /// The project it belongs to.
    project_id: ProjectId,
}

/// Which scene types.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SceneTypeQuery {
    /// Those of one project.
    project_id: Option<ProjectId>,
    /// Most items, from 1 to 200; 50 by default.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Creates a scene type.
#[utoipa::path(post, operation_id = "create_scene_type", path = "/scene-types", tag = "projects", request_body = NewSceneType,
    responses((status = 201, body = SceneType)))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    ApiJson(new): ApiJson<NewSceneType>,
) -> Result<(StatusCode, Json<SceneType>), Problem> {
    let name = text::name("/name", &new.name)?;
    let scene_type = state
        .engine
        .store()
        .create_scene_type(actor.name(), new.project_id, &name)
        .await?;
    Ok((StatusCode::CREATED, Json(scene_type)))
}

/// Lists the scene types, oldest first.
#[utoipa::path(get, operation_id = "list_scene_types", path = "/scene-types", tag = "projects", params(SceneTypeQuery),
    responses((status = 200, body = Listing<SceneType>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    ApiQuery(query): ApiQuery<SceneTypeQuery>,
) -> Result<Json<Listing<SceneType>>, Problem> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let filter = SceneTypeFilter {
        project_id: query.project_id,
    };
    let page = state.engine.store().list_scene_types(&filter, page).await?;
    Ok(Json(page.into()))
}

/// Shows a scene type.
#[utoipa::path(get, operation_id = "get_scene_type", path = "/scene-types/{id}", tag = "projects", params(("id" = i64, Path)),
    responses((status = 200, body = SceneType)))]
pub(crate) async fn get(
    State(state): State<ApiState>,
    Segment(id): Segment<SceneTypeId>,
) -> Result<Json<SceneType>, Problem> {
    Ok(Json(state.engine.store().get_scene_type(id).await?))
}

/// Deletes a scene type: its hooks apply no more; its logs are kept.
#[utoipa::path(delete, operation_id = "delete_scene_type", path = "/scene-types/{id}", tag = "projects", params(("id" = i64, Path)),
    responses((status = 204)))]
pub(crate) async fn delete(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segment(id): Segment<SceneTypeId>,
) -> Result<StatusCode, Problem> {
    state
        .engine
        .store()
        .delete_scene_type(actor.name(), id)
        .await
        .map_err(Problem::of_path)?;
    Ok(StatusCode::NO_CONTENT)
}
