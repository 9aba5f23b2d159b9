//! Plugins, kept whole so that every server has them. REQ-WASM-6

use crate::audit::Change;
use crate::database::{Connection, Order, Select, args};
use crate::document::{self, Row};
use crate::error::{Entity, Result, StoreError};
use crate::events;
use crate::store::Store;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use stagehook_core::config::PluginRef;
use stagehook_core::digest::Digest;
use stagehook_core::event::name;
use stagehook_core::ids::PluginVersionId;
use stagehook_core::page::{Page, PageRequest};
use stagehook_core::plugin::{PluginManifest, PluginName, PluginVersion};

/// A component that passed validation.
#[derive(Debug, Clone, PartialEq)]
pub struct NewPlugin {
    /// What it says about itself.
    pub manifest: PluginManifest,
    /// SHA-256 of `bytes`.
    pub digest: Digest,
    /// What it imports.
    pub imports: Vec<String>,
    /// The component.
    pub bytes: Vec<u8>,
}

/// The columns of [`PluginRow`], of `plugin_versions v`.
macro_rules! columns {
    () => {
        "v.id, v.plugin_id, v.digest, v.manifest, v.imports, v.size_bytes, v.uploaded_by, v.created_at"
    };
}

#[derive(sqlx::FromRow)]
struct PluginRow {
    id: i64,
    plugin_id: i64,
    digest: Vec<u8>,
    manifest: String,
    imports: String,
    size_bytes: i64,
    uploaded_by: String,
    created_at: DateTime<Utc>,
}

impl TryFrom<PluginRow> for PluginVersion {
    type Error = StoreError;

    fn try_from(row: PluginRow) -> Result<Self> {
        let id = PluginVersionId::new(row.id);
        let read = Row::new(Entity::PluginVersion, id);
        let digest = <[u8; 32]>::try_from(row.digest)
            .map_err(|_| read.inconsistent("digest: is not 32 bytes long"))?;
        Ok(Self {
            id,
            digest: Digest::from_bytes(digest),
            manifest: read.document("manifest", &row.manifest)?,
            imports: read.document("imports", &row.imports)?,
            size_bytes: row.size_bytes,
            uploaded_by: row.uploaded_by,
            created_at: row.created_at,
        })
    }
}

async fn find(connection: &mut Connection, plugin: &PluginRef) -> Result<Option<PluginVersion>> {
    let row: Option<PluginRow> = match plugin {
        PluginRef::Version(name, version) => {
            connection
                .optional(
                    concat!(
                        "SELECT ",
                        columns!(),
                        " FROM plugin_versions v JOIN plugins p ON p.id = v.plugin_id
                         WHERE p.name = $1 AND v.version = $2"
                    ),
                    args![name.as_str(), version.to_string()],
                )
                .await?
        }
        PluginRef::Digest(digest) => {
            connection
                .optional(
                    concat!(
                        "SELECT ",
                        columns!(),
                        " FROM plugin_versions v WHERE v.digest = $1 ORDER BY v.id LIMIT 1"
                    ),
                    args![digest],
                )
                .await?
        }
    };
    row.map(PluginVersion::try_from).transpose()
}

async fn publish(
    connection: &mut Connection,
    actor: &str,
    new: &NewPlugin,
    at: DateTime<Utc>,
) -> Result<PluginVersion> {
    let manifest = &new.manifest;
    // Updating nothing takes the row's lock, so that the same version sent
    // twice at once is published once.
    let plugin_id = connection
        .number(
            "INSERT INTO plugins (name, created_at) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id",
            args![manifest.name.as_str(), at],
        )
        .await?;
    let reference = PluginRef::Version(manifest.name.clone(), manifest.version.clone());
    if let Some(existing) = find(connection, &reference).await? {
        if existing.digest == new.digest {
            return Ok(existing);
        }
        return Err(StoreError::PluginVersionTaken {
            name: manifest.name.clone(),
            version: manifest.version.to_string(),
            existing: existing.digest,
        });
    }
    let document = document::write(manifest)?;
    let imports = document::write(&new.imports)?;
    let size_bytes = i64::try_from(new.bytes.len()).unwrap_or(i64::MAX);
    let id = connection
        .number(
            "INSERT INTO plugin_versions (plugin_id, version, digest, description, manifest,
                                          imports, size_bytes, uploaded_by, created_at, bytes)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
            args![
                plugin_id,
                manifest.version.to_string(),
                &new.digest,
                &manifest.description,
                document,
                imports,
                size_bytes,
                actor,
                at,
                new.bytes.as_slice()
            ],
        )
        .await?;
    let published = PluginVersion {
        id: PluginVersionId::new(id),
        digest: new.digest,
        manifest: manifest.clone(),
        imports: new.imports.clone(),
        size_bytes,
        uploaded_by: actor.to_owned(),
        created_at: at,
    };
    let change = Change {
        actor,
        action: "plugin.publish",
        subject: Entity::Plugin,
        at,
    };
    let after = document::write(&published)?;
    change
        .record(connection, &reference, None, Some(after))
        .await?;
    let mut data: Map<String, Value> = Map::new();
    data.insert("name".to_owned(), json!(manifest.name));
    data.insert("version".to_owned(), json!(manifest.version));
    data.insert("digest".to_owned(), json!(new.digest));
    data.insert("actor".to_owned(), json!(actor));
    events::emit(connection, name::PLUGIN_PUBLISHED, data, None, at).await?;
    Ok(published)
}

impl Store {
    /// Keeps a version of a plugin. The same version with the same bytes once
    /// more is no error: what was kept before is answered.
    ///
    /// # Errors
    /// [`StoreError::PluginVersionTaken`] when the version has other bytes.
    pub async fn publish_plugin(&self, actor: &str, new: NewPlugin) -> Result<PluginVersion> {
        let (actor, at) = (actor.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move { publish(connection, &actor, &new, at).await })
        })
        .await
    }

    /// Finds a version of a plugin.
    pub async fn find_plugin(&self, plugin: &PluginRef) -> Result<Option<PluginVersion>> {
        find(&mut self.reader().await?, plugin).await
    }

    /// Each plugin with the version that was published last, in the order in
    /// which the plugins came. `search` finds part of a name or of a
    /// description, whatever the case.
    pub async fn list_plugins(
        &self,
        search: Option<&str>,
        page: PageRequest,
    ) -> Result<Page<PluginVersion>> {
        let mut select = Select::new(concat!(
            "SELECT ",
            columns!(),
            " FROM plugin_versions v JOIN plugins p ON p.id = v.plugin_id"
        ));
        select.and(
            "v.id = (SELECT max(l.id) FROM plugin_versions l WHERE l.plugin_id = v.plugin_id)",
        );
        select.and_if(
            "lower(p.name || ' ' || v.description) LIKE lower(?) ESCAPE '\\'",
            search.map(contains),
        );
        let mut connection = self.reader().await?;
        select
            .page(
                &mut connection,
                page,
                "v.plugin_id",
                Order::Ascending,
                |row: &PluginRow| row.plugin_id,
            )
            .await?
            .try_map(PluginVersion::try_from)
    }

    /// The versions of a plugin, the one that was published last first; none
    /// when there is no such plugin.
    pub async fn plugin_versions(&self, name: &PluginName) -> Result<Vec<PluginVersion>> {
        let rows: Vec<PluginRow> = self
            .reader()
            .await?
            .all(
                concat!(
                    "SELECT ",
                    columns!(),
                    " FROM plugin_versions v JOIN plugins p ON p.id = v.plugin_id
                     WHERE p.name = $1 ORDER BY v.id DESC"
                ),
                args![name.as_str()],
            )
            .await?;
        rows.into_iter().map(PluginVersion::try_from).collect()
    }

    /// The component with this digest.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn plugin_bytes(&self, digest: &Digest) -> Result<Vec<u8>> {
        let row: Option<(Vec<u8>,)> = self
            .reader()
            .await?
            .optional(
                "SELECT bytes FROM plugin_versions WHERE digest = $1 ORDER BY id LIMIT 1",
                args![digest],
            )
            .await?;
        row.map(|(bytes,)| bytes)
            .ok_or_else(|| StoreError::not_found(Entity::Plugin, digest))
    }
}

/// The pattern for LIKE that finds this text anywhere.
fn contains(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}
