//! Finding scripts.

use super::row::{self, VersionRow, versions};
use crate::database::{Order, Select, args};
use crate::error::{Entity, Result, StoreError};
use crate::store::Store;
use stagehook_core::config::ScriptPath;
use stagehook_core::digest::Digest;
use stagehook_core::page::{Page, PageRequest};
use stagehook_core::script::ScriptVersion;

impl Store {
    /// The scripts that are not deleted, each with its newest version, in the
    /// order in which they came; those whose path begins with `prefix`.
    pub async fn list_scripts(
        &self,
        prefix: Option<&str>,
        page: PageRequest,
    ) -> Result<Page<ScriptVersion>> {
        let mut select = Select::new(versions!());
        select
            .and("v.version = s.newest")
            .and("s.archived_at IS NULL")
            .and_if("substr(s.path, 1, length(?)) = ?", prefix);
        let mut connection = self.reader().await?;
        select
            .page(
                &mut connection,
                page,
                "s.id",
                Order::Ascending,
                |row: &VersionRow| row.id,
            )
            .await?
            .try_map(ScriptVersion::try_from)
    }

    /// The newest version of a script that is not deleted.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn get_script(&self, path: &ScriptPath) -> Result<ScriptVersion> {
        let row: Option<VersionRow> = self
            .reader()
            .await?
            .optional(
                concat!(
                    versions!(),
                    " AND v.version = s.newest WHERE s.path = $1 AND s.archived_at IS NULL"
                ),
                args![path.as_str()],
            )
            .await?;
        row.ok_or_else(|| StoreError::not_found(Entity::Script, path))?
            .try_into()
    }

    /// A version of a script, also of a deleted one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn get_script_version(
        &self,
        path: &ScriptPath,
        version: i64,
    ) -> Result<ScriptVersion> {
        row::version(&mut self.reader().await?, path, version).await
    }

    /// The versions of a script, the newest first, also of a deleted one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there never was such a script.
    pub async fn script_versions(
        &self,
        path: &ScriptPath,
        page: PageRequest,
    ) -> Result<Page<ScriptVersion>> {
        let mut select = Select::new(versions!());
        select.and_if("s.path = ?", Some(path.as_str()));
        let mut connection = self.reader().await?;
        let versions = select
            .page(
                &mut connection,
                page,
                "v.version",
                Order::Descending,
                |row: &VersionRow| row.version,
            )
            .await?
            .try_map(ScriptVersion::try_from)?;
        // Behind the first one there is nothing, either.
        if versions.items.is_empty() && page.cursor.is_none() {
            return Err(StoreError::not_found(Entity::Script, path));
        }
        Ok(versions)
    }

    /// The newest versions of all scripts of a folder, those that are not
    /// deleted, by their paths.
    pub async fn scripts_of_folder(&self, folder: &str) -> Result<Vec<ScriptVersion>> {
        let rows: Vec<VersionRow> = self
            .reader()
            .await?
            .all(
                concat!(
                    versions!(),
                    " AND v.version = s.newest
                      WHERE s.folder = $1 AND s.archived_at IS NULL ORDER BY s.path"
                ),
                args![folder],
            )
            .await?;
        rows.into_iter().map(ScriptVersion::try_from).collect()
    }

    /// What the scripts with this digest say.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn script_content(&self, digest: &Digest) -> Result<Vec<u8>> {
        let row: Option<(Vec<u8>,)> = self
            .reader()
            .await?
            .optional(
                "SELECT content FROM script_contents WHERE digest = $1",
                args![digest],
            )
            .await?;
        row.map(|(content,)| content)
            .ok_or_else(|| StoreError::not_found(Entity::ScriptVersion, digest))
    }
}
