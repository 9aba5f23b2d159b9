//! A version of a plugin as a row.

use crate::database::{Connection, Sql, args, for_share};
use crate::document::Row;
use crate::error::{Entity, Result, StoreError};
use chrono::{DateTime, Utc};
use stagehook_core::config::PluginRef;
use stagehook_core::ids::PluginVersionId;
use stagehook_core::plugin::{PluginVersion, Yanked};

/// The columns of [`PluginRow`], of `plugin_versions v`.
macro_rules! columns {
    () => {
        "v.id, v.plugin_id, v.digest, v.manifest, v.imports, v.size_bytes, v.uploaded_by,
         v.created_at, v.signature, v.signed_by, v.yanked_at, v.yanked_by, v.yank_reason"
    };
}
pub(super) use columns;

#[derive(sqlx::FromRow)]
pub(super) struct PluginRow {
    id: i64,
    pub(super) plugin_id: i64,
    digest: Vec<u8>,
    manifest: String,
    imports: String,
    size_bytes: i64,
    uploaded_by: String,
    created_at: DateTime<Utc>,
    signature: Option<String>,
    signed_by: Option<String>,
    yanked_at: Option<DateTime<Utc>>,
    yanked_by: Option<String>,
    yank_reason: Option<String>,
}

impl TryFrom<PluginRow> for PluginVersion {
    type Error = StoreError;

    fn try_from(row: PluginRow) -> Result<Self> {
        let id = PluginVersionId::new(row.id);
        let read = Row::new(Entity::PluginVersion, id);
        Ok(Self {
            id,
            digest: read.digest("digest", row.digest)?,
            manifest: read.document("manifest", &row.manifest)?,
            imports: read.document("imports", &row.imports)?,
            size_bytes: row.size_bytes,
            uploaded_by: row.uploaded_by,
            created_at: row.created_at,
            signature: read.optional_text("signature", row.signature.as_deref())?,
            signed_by: row.signed_by,
            yanked: row.yanked_at.map(|at| Yanked {
                at,
                by: row.yanked_by.unwrap_or_default(),
                reason: row.yank_reason.unwrap_or_default(),
            }),
        })
    }
}

pub(super) async fn by_id(connection: &mut Connection, id: i64) -> Result<PluginVersion> {
    let row: Option<PluginRow> = connection
        .optional(
            concat!(
                "SELECT ",
                columns!(),
                " FROM plugin_versions v WHERE v.id = $1"
            ),
            args![id],
        )
        .await?;
    row.ok_or_else(|| StoreError::not_found(Entity::PluginVersion, id))?
        .try_into()
}

/// The SELECT of a version by name and version. The plugin is found beside it,
/// so that holding the row holds nothing else.
macro_rules! by_version {
    () => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM plugin_versions v
             WHERE v.plugin_id = (SELECT id FROM plugins WHERE name = $1) AND v.version = $2"
        )
    };
}

/// The SELECT of a version by digest.
macro_rules! by_digest {
    () => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM plugin_versions v WHERE v.digest = $1 AND v.twin_of IS NULL"
        )
    };
}

/// Finds what an exact reference names; a requirement names no version by
/// itself.
pub(super) async fn find(
    connection: &mut Connection,
    plugin: &PluginRef,
) -> Result<Option<PluginVersion>> {
    select(
        connection,
        plugin,
        by_version!().into(),
        by_digest!().into(),
    )
    .await
}

/// The same, and keeps it from being yanked until the transaction ends.
pub(super) async fn hold(
    connection: &mut Connection,
    plugin: &PluginRef,
) -> Result<Option<PluginVersion>> {
    select(
        connection,
        plugin,
        for_share!(by_version!()),
        for_share!(by_digest!()),
    )
    .await
}

async fn select(
    connection: &mut Connection,
    plugin: &PluginRef,
    by_version: Sql,
    by_digest: Sql,
) -> Result<Option<PluginVersion>> {
    let row: Option<PluginRow> = match plugin {
        PluginRef::Version(name, version) => {
            connection
                .optional(by_version, args![name.as_str(), version.to_string()])
                .await?
        }
        PluginRef::Digest(digest) => connection.optional(by_digest, args![digest]).await?,
        PluginRef::Requirement(..) => None,
    };
    row.map(PluginVersion::try_from).transpose()
}
