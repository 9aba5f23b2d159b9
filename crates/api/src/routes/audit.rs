//! The audit trail. REQ-API-3

use crate::extract::ApiQuery;
use crate::listing::{Listing, page_request};
use crate::problem::Problem;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use stagehook_core::audit::AuditEntry;
use stagehook_store::AuditFilter;
use utoipa::IntoParams;

/// Which changes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Those of one kind of thing: `hook`, `job`, `project`, …
    subject_type: Option<String>,
    /// Those of one thing; with `subject_type`.
    subject_id: Option<String>,
    /// Those by one actor.
    actor: Option<String>,
    /// Most items, from 1 to 200; 50 by default.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the changes, newest first.
#[utoipa::path(get, operation_id = "list_audit_entries", path = "/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, body = Listing<AuditEntry>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    ApiQuery(query): ApiQuery<AuditQuery>,
) -> Result<Json<Listing<AuditEntry>>, Problem> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let filter = AuditFilter {
        subject_type: query.subject_type,
        subject_id: query.subject_id,
        actor: query.actor,
    };
    let page = state.engine.store().list_audit(&filter, page).await?;
    Ok(Json(page.into()))
}
