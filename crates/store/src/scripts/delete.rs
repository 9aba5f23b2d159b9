//! Taking a script away; its versions stay.

use super::{ScriptGuard, record, row, trust};
use crate::database::args;
use crate::error::{Entity, Result, StoreError};
use crate::store::Store;
use stagehook_core::config::ScriptPath;

impl Store {
    /// Deletes a script: hooks find what lies on the disk again, if anything
    /// does.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::ScriptChanged`] and
    /// [`StoreError::ScriptTrusted`].
    pub async fn delete_script(
        &self,
        actor: &str,
        path: &ScriptPath,
        guard: ScriptGuard,
    ) -> Result<()> {
        let (actor, path, at) = (actor.to_owned(), path.clone(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                trust::check(connection, &path, guard).await?;
                let deleted: Option<(i64,)> = connection
                    .optional(
                        "UPDATE scripts SET archived_at = $2
                         WHERE path = $1 AND archived_at IS NULL RETURNING newest",
                        args![path.as_str(), at],
                    )
                    .await?;
                let (newest,) =
                    deleted.ok_or_else(|| StoreError::not_found(Entity::Script, &path))?;
                let before = row::version(connection, &path, newest).await?;
                guard.check(&path, Some(&before))?;
                record(connection, &actor, "script.delete", Some(&before), None, at).await
            })
        })
        .await
    }
}
