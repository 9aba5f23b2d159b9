//! The audit trail: every change, with actor, before and after. REQ-API-3

use crate::ids::AuditId;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// One change.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AuditEntry {
    /// Its id; greater for a later change.
    pub id: AuditId,
    /// Who changed it.
    pub actor: String,
    /// What was done: `hook.create`, `job.review`, …
    pub action: String,
    /// What kind of thing was changed: `hook`, `job`, `project`, …
    pub subject_type: String,
    /// Its id, as text.
    pub subject_id: String,
    /// How it was before; `null` when it was created.
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    /// How it is now; `null` when it was deleted.
    #[schema(value_type = Option<Object>)]
    pub after: Option<Value>,
    /// When.
    pub created_at: DateTime<Utc>,
}
