//! Deleting secrets.

use super::{lock, record, row, usage};
use crate::database::{args, for_share};
use crate::error::{Result, StoreError};
use crate::store::Store;
use stagehook_core::config::SecretName;

impl Store {
    /// Deletes a secret. `force` deletes it also where hooks name it: they fail
    /// from then on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and [`StoreError::SecretInUse`].
    pub async fn delete_secret(&self, actor: &str, name: &SecretName, force: bool) -> Result<()> {
        let (actor, name, at) = (actor.to_owned(), name.clone(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                lock(connection).await?;
                let before = row::read(connection, &name).await?.secret;
                if !force {
                    // Who changes hooks takes this row first, so none comes to
                    // name it until this transaction ends.
                    connection
                        .number(
                            for_share!("SELECT generation FROM hook_generation WHERE id = $1"),
                            args![1_i64],
                        )
                        .await?;
                    let mut used = usage::of_hooks(connection).await?;
                    let hooks = used.remove(&name).unwrap_or_default();
                    if !hooks.is_empty() {
                        let hooks = hooks.into_iter().map(|hook| hook.hook_name).collect();
                        return Err(StoreError::SecretInUse { name, hooks });
                    }
                }
                connection
                    .execute("DELETE FROM secrets WHERE name = $1", args![name.as_str()])
                    .await?;
                let before = Some(&before);
                record(connection, &actor, "secret.delete", before, None, at).await
            })
        })
        .await
    }
}
