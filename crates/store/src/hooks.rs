//! Hooks: how they are changed and found.
//!
//! Every change goes the same way: it takes the generation's row first, so
//! that changes come one after the other, and leaves a revision, an entry of
//! the audit trail and an event in its own transaction.

mod archive;
mod change;
mod held_up;
mod order;
mod query;
mod revisions;
mod row;
mod test_cases;
mod test_runs;

pub(crate) use archive::{archive_of_project, archive_of_scene_type};
pub(crate) use change::lock;
pub use held_up::HeldUp;
pub(crate) use query::event_hooks_of;
pub use query::{HOOKS_LIMIT_MAX, HookFilter};
pub use revisions::Revision;

use crate::database::{Connection, args};
use crate::deliveries::enabled_again;
use crate::error::{Entity, Result, StoreError};
use crate::plugins::require_usable;
use crate::store::Store;
use change::{Changed, check_scope};
use chrono::{DateTime, Utc};
pub(crate) use row::read;
use stagehook_core::hook::{Hook, HookSpec};
use stagehook_core::ids::HookId;

/// Disables a hook, in a transaction that holds the [`lock`].
pub(crate) async fn disable(
    connection: &mut Connection,
    actor: &str,
    before: Hook,
    at: DateTime<Utc>,
) -> Result<Hook> {
    let spec = HookSpec {
        enabled: false,
        ..before.spec.clone()
    };
    row::update(connection, before.id, &spec).await?;
    let hook = read(connection, before.id).await?;
    Changed::Updated
        .record(connection, actor, Some(&before), &hook, at)
        .await?;
    Ok(hook)
}

impl Store {
    /// Creates a hook.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`] at its trigger and scope; of its scope,
    /// [`StoreError::NotFound`], [`StoreError::ProjectDeleted`] and
    /// [`StoreError::SceneTypeDeleted`]; of its plugin,
    /// [`StoreError::PluginYanked`].
    pub async fn create_hook(&self, actor: &str, spec: &HookSpec) -> Result<Hook> {
        let (actor, spec, at) = (actor.to_owned(), spec.clone(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                lock(connection).await?;
                check_scope(connection, spec.scope).await?;
                require_usable(connection, &spec.config, None).await?;
                let id = row::insert(connection, &spec, &actor, at).await?;
                let hook = read(connection, id).await?;
                Changed::Created
                    .record(connection, &actor, None, &hook, at)
                    .await?;
                Ok(hook)
            })
        })
        .await
    }

    /// Changes a hook, if it still has the version that the caller read.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::StaleVersion`], and those of
    /// [`create_hook`](Self::create_hook); a plugin that it ran before may have
    /// been yanked.
    pub async fn update_hook(
        &self,
        actor: &str,
        id: HookId,
        expected_version: i64,
        spec: &HookSpec,
    ) -> Result<Hook> {
        let (actor, spec, at) = (actor.to_owned(), spec.clone(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                lock(connection).await?;
                let before = read(connection, id).await?;
                if before.version != expected_version {
                    return Err(StoreError::StaleVersion {
                        what: Entity::Hook,
                        current: before.version,
                    });
                }
                check_scope(connection, spec.scope).await?;
                require_usable(connection, &spec.config, Some(&before.spec.config)).await?;
                row::update(connection, id, &spec).await?;
                if spec.enabled && !before.spec.enabled {
                    enabled_again(connection, id).await?;
                }
                let hook = read(connection, id).await?;
                Changed::Updated
                    .record(connection, &actor, Some(&before), &hook, at)
                    .await?;
                Ok(hook)
            })
        })
        .await
    }

    /// Deletes a hook: it no longer applies and its name is free, while its
    /// logs and revisions are kept.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also when it was deleted before.
    pub async fn delete_hook(&self, actor: &str, id: HookId) -> Result<()> {
        let (actor, at) = (actor.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                lock(connection).await?;
                let hook = read(connection, id).await?;
                archive::archive(connection, &actor, &hook, at).await
            })
        })
        .await
    }

    /// Reads a hook that is not deleted.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn get_hook(&self, id: HookId) -> Result<Hook> {
        read(&mut self.reader().await?, id).await
    }

    /// A number that grows with every change of any hook, so that effective
    /// sets can be kept until it does. Read it before the hooks themselves.
    pub async fn hook_generation(&self) -> Result<i64> {
        self.reader()
            .await?
            .number(
                "SELECT generation FROM hook_generation WHERE id = $1",
                args![1_i64],
            )
            .await
    }

    /// Whether the hook exists or ever existed.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn require_hook_ever(&self, id: HookId) -> Result<()> {
        let row: Option<(i64,)> = self
            .reader()
            .await?
            .optional("SELECT id FROM hooks WHERE id = $1", args![id.get()])
            .await?;
        row.map(|_| ())
            .ok_or_else(|| StoreError::not_found(Entity::Hook, id))
    }
}
