//! A version of a script as a row.

use crate::database::{Connection, args};
use crate::document::Row;
use crate::error::{Entity, Result, StoreError};
use chrono::{DateTime, Utc};
use stagehook_core::config::ScriptPath;
use stagehook_core::script::ScriptVersion;

/// The SELECT of versions, as [`VersionRow`]s.
macro_rules! versions {
    () => {
        "SELECT s.id, s.path, v.version, v.digest, v.size_bytes, v.created_by, v.created_at
         FROM scripts s JOIN script_versions v ON v.script_id = s.id"
    };
}
pub(super) use versions;

#[derive(sqlx::FromRow)]
pub(super) struct VersionRow {
    /// Of the script.
    pub(super) id: i64,
    path: String,
    pub(super) version: i64,
    digest: Vec<u8>,
    size_bytes: i64,
    created_by: String,
    created_at: DateTime<Utc>,
}

impl TryFrom<VersionRow> for ScriptVersion {
    type Error = StoreError;

    fn try_from(row: VersionRow) -> Result<Self> {
        let read = Row::new(Entity::Script, row.id);
        Ok(Self {
            path: read.text("path", &row.path)?,
            version: row.version,
            digest: read.digest("digest", row.digest)?,
            size_bytes: row.size_bytes,
            created_by: row.created_by,
            created_at: row.created_at,
        })
    }
}

/// A version that is there, also of a deleted script.
pub(super) async fn version(
    connection: &mut Connection,
    path: &ScriptPath,
    version: i64,
) -> Result<ScriptVersion> {
    let row: Option<VersionRow> = connection
        .optional(
            concat!(versions!(), " WHERE s.path = $1 AND v.version = $2"),
            args![path.as_str(), version],
        )
        .await?;
    row.ok_or_else(|| {
        StoreError::not_found(
            Entity::ScriptVersion,
            format_args!("{version} of the script {path}"),
        )
    })?
    .try_into()
}
