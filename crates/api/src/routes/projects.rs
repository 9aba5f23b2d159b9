//! Projects.

use crate::auth::Actor;
use crate::extract::{ApiJson, ApiQuery, Segment};
use crate::listing::{Listing, PageQuery};
use crate::problem::Problem;
use crate::state::ApiState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use stagehook_core::ids::ProjectId;
use stagehook_core::project::Project;
use stagehook_core::text;
use utoipa::ToSchema;

/// A project to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewProject {
    /// Unique among the projects.
    name: String,
}

/// Creates a project.
#[utoipa::path(post, operation_id = "create_project", path = "/projects", tag = "projects", request_body = NewProject,
    responses((status = 201, body = Project)))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    ApiJson(new): ApiJson<NewProject>,
) -> Result<(StatusCode, Json<Project>), Problem> {
    let name = text::name("/name", &new.name)?;
    let project = state
        .engine
        .store()
        .create_project(actor.name(), &name)
        .await?;
    Ok((StatusCode::CREATED, Json(project)))
}

/// Lists the projects, oldest first.
#[utoipa::path(get, operation_id = "list_projects", path = "/projects", tag = "projects", params(PageQuery),
    responses((status = 200, body = Listing<Project>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    ApiQuery(page): ApiQuery<PageQuery>,
) -> Result<Json<Listing<Project>>, Problem> {
    let page = state.engine.store().list_projects(page.request()?).await?;
    Ok(Json(page.into()))
}

/// Shows a project.
#[utoipa::path(get, operation_id = "get_project", path = "/projects/{id}", tag = "projects", params(("id" = i64, Path)),
    responses((status = 200, body = Project)))]
pub(crate) async fn get(
    State(state): State<ApiState>,
    Segment(id): Segment<ProjectId>,
) -> Result<Json<Project>, Problem> {
    Ok(Json(state.engine.store().get_project(id).await?))
}

/// Deletes a project: its hooks apply no more and its jobs run no more stages;
/// its logs are kept.
#[utoipa::path(delete, operation_id = "delete_project", path = "/projects/{id}", tag = "projects", params(("id" = i64, Path)),
    responses((status = 204)))]
pub(crate) async fn delete(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segment(id): Segment<ProjectId>,
) -> Result<StatusCode, Problem> {
    state
        .engine
        .store()
        .delete_project(actor.name(), id)
        .await
        .map_err(Problem::of_path)?;
    Ok(StatusCode::NO_CONTENT)
}
