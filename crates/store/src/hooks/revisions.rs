//! What a hook was at each version.

use crate::database::{Order, Select, args};
use crate::document::Row;
use crate::error::{Entity, Result, StoreError};
use crate::store::Store;
use chrono::{DateTime, Utc};
use serde_json::Value;
use stagehook_core::ids::HookId;
use stagehook_core::page::{Page, PageRequest};

/// A hook as it was after one change.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    /// Which one, from 1; the version that the hook had then.
    pub number: i64,
    /// Who made the change.
    pub actor: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// The hook, as a
    /// [`HookDocument`](stagehook_core::document::HookDocument).
    pub hook: Value,
}

#[derive(sqlx::FromRow)]
struct RevisionRow {
    number: i64,
    actor: String,
    created_at: DateTime<Utc>,
    hook: String,
}

impl RevisionRow {
    fn into_revision(self, of: HookId) -> Result<Revision> {
        let hook = Row::new(
            Entity::Revision,
            &format_args!("{} of hook {of}", self.number),
        )
        .document("hook", &self.hook)?;
        Ok(Revision {
            number: self.number,
            actor: self.actor,
            created_at: self.created_at,
            hook,
        })
    }
}

impl Store {
    /// The revisions of a hook, newest first, also of a deleted one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there never was such a hook.
    pub async fn list_revisions(&self, id: HookId, page: PageRequest) -> Result<Page<Revision>> {
        self.require_hook_ever(id).await?;
        let mut select = Select::new("SELECT number, actor, created_at, hook FROM hook_revisions");
        select.and_if("hook_id = ?", Some(id.get()));
        let mut connection = self.reader().await?;
        select
            .page(
                &mut connection,
                page,
                "number",
                Order::Descending,
                |row: &RevisionRow| row.number,
            )
            .await?
            .try_map(|row| row.into_revision(id))
    }

    /// Reads a revision of a hook, also of a deleted one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn get_revision(&self, id: HookId, number: i64) -> Result<Revision> {
        let row: Option<RevisionRow> = self
            .reader()
            .await?
            .optional(
                "SELECT number, actor, created_at, hook FROM hook_revisions
                 WHERE hook_id = $1 AND number = $2",
                args![id.get(), number],
            )
            .await?;
        row.ok_or_else(|| {
            StoreError::not_found(Entity::Revision, format_args!("{number} of hook {id}"))
        })?
        .into_revision(id)
    }
}
