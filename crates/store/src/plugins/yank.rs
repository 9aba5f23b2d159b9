//! Withdrawing a version, and bringing it back.

use super::publish::record;
use super::{note_newest, row};
use crate::database::{Connection, args};
use crate::error::{Entity, Result, StoreError};
use crate::store::Store;
use chrono::{DateTime, Utc};
use semver::Version;
use stagehook_core::config::PluginRef;
use stagehook_core::plugin::{PluginName, PluginVersion, Yanked};

impl Store {
    /// Withdraws a version for a reason. One that was withdrawn before stays as
    /// it was.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn yank_plugin(
        &self,
        actor: &str,
        name: &PluginName,
        version: &Version,
        reason: &str,
    ) -> Result<PluginVersion> {
        let at = self.now();
        let yanked = Yanked {
            at,
            by: actor.to_owned(),
            reason: reason.to_owned(),
        };
        self.set_yanked(actor, name, version, Some(yanked), at)
            .await
    }

    /// Brings a withdrawn version back; one that was not withdrawn stays as it
    /// is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn unyank_plugin(
        &self,
        actor: &str,
        name: &PluginName,
        version: &Version,
    ) -> Result<PluginVersion> {
        let at = self.now();
        self.set_yanked(actor, name, version, None, at).await
    }

    async fn set_yanked(
        &self,
        actor: &str,
        name: &PluginName,
        version: &Version,
        yanked: Option<Yanked>,
        at: DateTime<Utc>,
    ) -> Result<PluginVersion> {
        let (actor, name) = (actor.to_owned(), name.clone());
        let reference = PluginRef::Version(name.clone(), version.clone());
        self.write(move |connection| {
            Box::pin(async move {
                let plugin_id = lock(connection, &name, &reference).await?;
                let before = row::find(connection, &reference)
                    .await?
                    .ok_or_else(|| StoreError::not_found(Entity::PluginVersion, &reference))?;
                if before.yanked.is_some() == yanked.is_some() {
                    return Ok(before);
                }
                let action = if yanked.is_some() {
                    "plugin.yank"
                } else {
                    "plugin.unyank"
                };
                let after = PluginVersion {
                    yanked,
                    ..before.clone()
                };
                write(connection, &after).await?;
                note_newest(connection, plugin_id).await?;
                record(connection, &actor, action, Some(&before), &after, at).await?;
                Ok(after)
            })
        })
        .await
    }
}

/// Takes the plugin's row, so that its newest version is noted by one at a
/// time.
async fn lock(
    connection: &mut Connection,
    name: &PluginName,
    reference: &PluginRef,
) -> Result<i64> {
    let row: Option<(i64,)> = connection
        .optional(
            "UPDATE plugins SET name = name WHERE name = $1 RETURNING id",
            args![name.as_str()],
        )
        .await?;
    row.map(|(id,)| id)
        .ok_or_else(|| StoreError::not_found(Entity::PluginVersion, reference))
}

async fn write(connection: &mut Connection, version: &PluginVersion) -> Result<()> {
    let yanked = version.yanked.as_ref();
    connection
        .execute(
            "UPDATE plugin_versions SET yanked_at = $2, yanked_by = $3, yank_reason = $4
             WHERE id = $1",
            args![
                version.id.get(),
                yanked.map(|yanked| yanked.at),
                yanked.map(|yanked| yanked.by.as_str()),
                yanked.map(|yanked| yanked.reason.as_str())
            ],
        )
        .await?;
    Ok(())
}
