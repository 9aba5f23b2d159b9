//! Revisions of a hook. REQ-API-3

use crate::auth::Actor;
use crate::extract::{ApiQuery, Segment, Segments};
use crate::listing::{Listing, PageQuery};
use crate::problem::Problem;
use crate::state::ApiState;
use axum::extract::State;
use axum::{Extension, Json};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use stagehook_core::document::HookDocument;
use stagehook_core::ids::HookId;
use stagehook_store::Revision;
use utoipa::ToSchema;

/// A hook as it was at one version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RevisionItem {
    /// Its number, the hook's version at that time.
    number: i64,
    /// Who made it.
    actor: String,
    /// When.
    created_at: DateTime<Utc>,
    /// The hook.
    #[schema(value_type = HookDocument)]
    hook: Value,
}

impl From<Revision> for RevisionItem {
    fn from(revision: Revision) -> Self {
        Self {
            number: revision.number,
            actor: revision.actor,
            created_at: revision.created_at,
            hook: revision.hook,
        }
    }
}

/// Lists the revisions of a hook, newest first; also those of a deleted one.
#[utoipa::path(get, operation_id = "list_hook_revisions", path = "/hooks/{id}/revisions", tag = "hooks",
    params(("id" = i64, Path), PageQuery), responses((status = 200, body = Listing<RevisionItem>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Segment(id): Segment<HookId>,
    ApiQuery(page): ApiQuery<PageQuery>,
) -> Result<Json<Listing<RevisionItem>>, Problem> {
    let page = state
        .engine
        .store()
        .list_revisions(id, page.request()?)
        .await?;
    Ok(Json(page.map(RevisionItem::from).into()))
}

/// Makes a hook what it was at a revision. That is a change like any other: it
/// is checked, and makes a revision of its own.
#[utoipa::path(post, operation_id = "restore_hook_revision", path = "/hooks/{id}/revisions/{n}/restore", tag = "hooks",
    params(("id" = i64, Path), ("n" = i64, Path)), responses((status = 200, body = HookDocument)))]
pub(crate) async fn restore(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    Segments(id, number): Segments,
) -> Result<Json<HookDocument>, Problem> {
    let no_such = || Problem::not_found("there is no such revision");
    let id: HookId = id.parse().map_err(|_| no_such())?;
    let number: i64 = number.parse().map_err(|_| no_such())?;
    let hook = state
        .engine
        .restore_hook(&actor, id, number)
        .await
        .map_err(Problem::of_hook)?;
    Ok(Json(HookDocument::from(&hook)))
}
