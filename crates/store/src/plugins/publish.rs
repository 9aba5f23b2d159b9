//! Taking a version in.

use super::{note_newest, row};
use crate::audit::Change;
use crate::database::{Connection, args};
use crate::document;
use crate::error::{Entity, Result, StoreError};
use crate::events::{self, About};
use crate::store::Store;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use stagehook_core::config::PluginRef;
use stagehook_core::digest::Digest;
use stagehook_core::event::name;
use stagehook_core::ids::PluginVersionId;
use stagehook_core::plugin::{PluginManifest, PluginVersion};
use stagehook_core::scope::Scope;
use stagehook_core::signature::PluginSignature;

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
    pub bytes: Bytes,
    /// Its signature, and the name of the trusted key that made it.
    pub signature: Option<(PluginSignature, String)>,
}

impl Store {
    /// Keeps a version of a plugin. The same version with the same bytes once
    /// more is no error: what was kept before is answered, with the signature
    /// that came now, where one came.
    ///
    /// # Errors
    /// [`StoreError::PluginVersionTaken`] when the version has other bytes,
    /// [`StoreError::PluginDigestTaken`] when the bytes are another version.
    pub async fn publish_plugin(&self, actor: &str, new: NewPlugin) -> Result<PluginVersion> {
        let (actor, at) = (actor.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move { publish(connection, &actor, &new, at).await })
        })
        .await
    }
}

async fn publish(
    connection: &mut Connection,
    actor: &str,
    new: &NewPlugin,
    at: DateTime<Utc>,
) -> Result<PluginVersion> {
    let manifest = &new.manifest;
    let version = PluginVersion {
        id: PluginVersionId::new(0),
        digest: new.digest,
        manifest: manifest.clone(),
        imports: new.imports.clone(),
        size_bytes: i64::try_from(new.bytes.len()).unwrap_or(i64::MAX),
        uploaded_by: actor.to_owned(),
        created_at: at,
        signature: new.signature.as_ref().map(|(signature, _)| *signature),
        signed_by: new.signature.as_ref().map(|(_, name)| name.clone()),
        yanked: None,
    };
    // Updating nothing takes the row's lock, so that the same version sent
    // twice at once is published once.
    let plugin_id = connection
        .number(
            "INSERT INTO plugins (name, created_at) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id",
            args![manifest.name.as_str(), at],
        )
        .await?;
    if let Some(existing) = row::find(connection, &version.reference()).await? {
        if existing.digest == new.digest {
            return sign(connection, actor, existing, &version, at).await;
        }
        return Err(StoreError::PluginVersionTaken {
            name: manifest.name.clone(),
            version: manifest.version.to_string(),
            existing: existing.digest,
        });
    }
    let published = insert(connection, plugin_id, version, &new.bytes).await?;
    note_newest(connection, plugin_id).await?;
    record(connection, actor, "plugin.publish", None, &published, at).await?;
    let mut data: Map<String, Value> = Map::new();
    data.insert("name".to_owned(), json!(manifest.name));
    data.insert("version".to_owned(), json!(manifest.version));
    data.insert("digest".to_owned(), json!(new.digest));
    data.insert("actor".to_owned(), json!(actor));
    events::emit(
        connection,
        name::PLUGIN_PUBLISHED,
        data,
        About::Scope(Scope::Studio),
        at,
    )
    .await?;
    Ok(published)
}

async fn insert(
    connection: &mut Connection,
    plugin_id: i64,
    version: PluginVersion,
    bytes: &[u8],
) -> Result<PluginVersion> {
    let manifest = &version.manifest;
    // Whoever publishes the same bytes at the same time is waited for here.
    let row: Option<(i64,)> = connection
        .optional(
            "INSERT INTO plugin_versions (plugin_id, version, digest, description, manifest,
                                          imports, size_bytes, uploaded_by, created_at, bytes,
                                          signature, signed_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (digest) WHERE twin_of IS NULL DO NOTHING RETURNING id",
            args![
                plugin_id,
                manifest.version.to_string(),
                &version.digest,
                &manifest.description,
                document::write(manifest)?,
                document::write(&version.imports)?,
                version.size_bytes,
                &version.uploaded_by,
                version.created_at,
                bytes,
                version.signature.map(|signature| signature.to_string()),
                version.signed_by.as_deref()
            ],
        )
        .await?;
    if let Some((id,)) = row {
        return Ok(PluginVersion {
            id: PluginVersionId::new(id),
            ..version
        });
    }
    let existing = row::find(connection, &PluginRef::Digest(version.digest))
        .await?
        .ok_or_else(|| StoreError::not_found(Entity::PluginVersion, version.digest))?;
    Err(StoreError::PluginDigestTaken {
        digest: version.digest,
        existing: existing.reference().to_string(),
    })
}

/// Puts the signature of an upload on the version that is there already.
async fn sign(
    connection: &mut Connection,
    actor: &str,
    existing: PluginVersion,
    upload: &PluginVersion,
    at: DateTime<Utc>,
) -> Result<PluginVersion> {
    let Some(signature) = upload.signature else {
        return Ok(existing);
    };
    if existing.signature == upload.signature && existing.signed_by == upload.signed_by {
        return Ok(existing);
    }
    connection
        .execute(
            "UPDATE plugin_versions SET signature = $2, signed_by = $3 WHERE id = $1",
            args![
                existing.id.get(),
                signature.to_string(),
                upload.signed_by.as_deref()
            ],
        )
        .await?;
    let signed = PluginVersion {
        signature: upload.signature,
        signed_by: upload.signed_by.clone(),
        ..existing.clone()
    };
    record(
        connection,
        actor,
        "plugin.sign",
        Some(&existing),
        &signed,
        at,
    )
    .await?;
    Ok(signed)
}

/// Leaves the entry of the audit trail.
pub(super) async fn record(
    connection: &mut Connection,
    actor: &str,
    action: &'static str,
    before: Option<&PluginVersion>,
    after: &PluginVersion,
    at: DateTime<Utc>,
) -> Result<()> {
    let change = Change {
        actor,
        action,
        subject: Entity::Plugin,
        at,
    };
    let before = before.map(document::write).transpose()?;
    let document = document::write(after)?;
    change
        .record(connection, after.reference(), before, Some(document))
        .await
}
