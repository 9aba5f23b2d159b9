//! The audit trail. REQ-API-3

use crate::database::{Connection, Order, Select, args};
use crate::document::Row;
use crate::error::{Entity, Result, StoreError};
use crate::store::Store;
use chrono::{DateTime, Utc};
use stagehook_core::audit::AuditEntry;
use stagehook_core::ids::AuditId;
use stagehook_core::page::{Page, PageRequest};
use std::fmt::Display;

/// Which entries of the audit trail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of this kind of thing: `hook`, `job`, …
    pub subject_type: Option<String>,
    /// Of the thing with this id.
    pub subject_id: Option<String>,
    /// Made by this actor.
    pub actor: Option<String>,
}

/// A change, about to be recorded.
pub(crate) struct Change<'a> {
    pub(crate) actor: &'a str,
    pub(crate) action: &'static str,
    pub(crate) subject: Entity,
    pub(crate) at: DateTime<Utc>,
}

impl Change<'_> {
    /// Records the change of the thing with this id; `before` and `after` are
    /// JSON documents.
    pub(crate) async fn record(
        &self,
        connection: &mut Connection,
        id: impl Display,
        before: Option<String>,
        after: Option<String>,
    ) -> Result<()> {
        let id = id.to_string();
        connection
            .execute(
                "INSERT INTO audit_log (actor, action, subject_type, subject_id, before, after, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                args![
                    self.actor,
                    self.action,
                    self.subject.as_str(),
                    id,
                    before,
                    after,
                    self.at
                ],
            )
            .await?;
        Ok(())
    }
}

#[derive(sqlx::FromRow)]
struct AuditRow {
    id: i64,
    actor: String,
    action: String,
    subject_type: String,
    subject_id: String,
    before: Option<String>,
    after: Option<String>,
    created_at: DateTime<Utc>,
}

impl TryFrom<AuditRow> for AuditEntry {
    type Error = StoreError;

    fn try_from(row: AuditRow) -> Result<Self> {
        let id = AuditId::new(row.id);
        let read = Row::new(Entity::AuditEntry, id);
        Ok(Self {
            id,
            before: read.optional_document("before", row.before.as_deref())?,
            after: read.optional_document("after", row.after.as_deref())?,
            actor: row.actor,
            action: row.action,
            subject_type: row.subject_type,
            subject_id: row.subject_id,
            created_at: row.created_at,
        })
    }
}

impl Store {
    /// The audit trail, newest first.
    pub async fn list_audit(
        &self,
        filter: &AuditFilter,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>> {
        let mut select = Select::new(
            "SELECT id, actor, action, subject_type, subject_id, before, after, created_at
             FROM audit_log",
        );
        select
            .and_if("subject_type = ?", filter.subject_type.as_deref())
            .and_if("subject_id = ?", filter.subject_id.as_deref())
            .and_if("actor = ?", filter.actor.as_deref());
        let mut connection = self.reader().await?;
        select
            .page(
                &mut connection,
                page,
                "id",
                Order::Descending,
                |row: &AuditRow| row.id,
            )
            .await?
            .try_map(AuditEntry::try_from)
    }
}
