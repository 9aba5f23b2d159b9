//! What every change of a hook leaves behind.

use crate::audit::Change;
use crate::database::{Connection, args};
use crate::document;
use crate::error::{Entity, Result};
use crate::events::{self, About};
use crate::{projects, scene_types};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use stagehook_core::document::HookDocument;
use stagehook_core::event::name;
use stagehook_core::hook::Hook;
use stagehook_core::scope::Scope;

/// How a hook was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Changed {
    Created,
    Updated,
    Reordered,
    Deleted,
}

/// Begins a change of hooks: the generation grows, and nobody else changes
/// hooks until this transaction ends.
pub(crate) async fn lock(connection: &mut Connection) -> Result<()> {
    connection
        .execute(
            "UPDATE hook_generation SET generation = generation + 1 WHERE id = $1",
            args![1_i64],
        )
        .await?;
    Ok(())
}

/// Checks that what a hook's scope refers to exists.
pub(super) async fn check_scope(connection: &mut Connection, scope: Scope) -> Result<()> {
    match scope {
        Scope::Studio => Ok(()),
        Scope::Project(id) => projects::living(connection, id).await.map(|_| ()),
        // Deleting a project deletes its scene types.
        Scope::SceneType(id) => scene_types::living(connection, id).await.map(|_| ()),
    }
}

impl Changed {
    const fn action(self) -> &'static str {
        match self {
            Self::Created => "hook.create",
            Self::Updated => "hook.update",
            Self::Reordered => "hook.reorder",
            Self::Deleted => "hook.delete",
        }
    }

    /// The word in the event's data.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Reordered => "reordered",
            Self::Deleted => "deleted",
        }
    }

    /// Leaves the revision, the entry of the audit trail and the event.
    /// `hook` is what it is now, or what it was when it was deleted.
    pub(super) async fn record(
        self,
        connection: &mut Connection,
        actor: &str,
        before: Option<&Hook>,
        hook: &Hook,
        at: DateTime<Utc>,
    ) -> Result<()> {
        let before = before
            .map(|hook| document::write(&HookDocument::from(hook)))
            .transpose()?;
        let after = match self {
            Self::Deleted => None,
            Self::Created | Self::Updated | Self::Reordered => {
                let after = document::write(&HookDocument::from(hook))?;
                connection
                    .execute(
                        "INSERT INTO hook_revisions (hook_id, number, actor, created_at, hook)
                         VALUES ($1, $2, $3, $4, $5)",
                        args![hook.id.get(), hook.version, actor, at, &after],
                    )
                    .await?;
                Some(after)
            }
        };
        let change = Change {
            actor,
            action: self.action(),
            subject: Entity::Hook,
            at,
        };
        change.record(connection, hook.id, before, after).await?;
        let mut data: Map<String, Value> = Map::new();
        data.insert("hook_id".to_owned(), json!(hook.id));
        data.insert("name".to_owned(), json!(hook.spec.name));
        data.insert("version".to_owned(), json!(hook.version));
        data.insert("change".to_owned(), json!(self.as_str()));
        data.insert("actor".to_owned(), json!(actor));
        events::emit(
            connection,
            name::HOOK_CHANGED,
            data,
            About::Scope(hook.spec.scope),
            at,
        )
        .await
    }
}
