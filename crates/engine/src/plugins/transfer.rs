//! Moves plugins between servers and to people's own tools.

use crate::blocking::blocking;
use crate::engine::Engine;
use crate::error::EngineError;
use bytes::Bytes;
use stagehook_core::config::PluginRef;
use stagehook_core::oci_layout::{self, Exported};
use stagehook_core::plugin::PluginVersion;
use stagehook_store::{Entity, StoreError};

/// A version and its bytes.
#[derive(Debug, Clone)]
pub struct Component {
    /// The version.
    pub version: PluginVersion,
    /// The component.
    pub bytes: Bytes,
}

impl Engine {
    /// The component of a version, as it was published.
    ///
    /// # Errors
    /// When there is no such version, or its bytes are not those that were
    /// published.
    pub async fn plugin_component(&self, plugin: &PluginRef) -> Result<Component, EngineError> {
        let version =
            self.store
                .find_plugin(plugin)
                .await?
                .ok_or_else(|| StoreError::NotFound {
                    what: Entity::PluginVersion,
                    id: plugin.to_string(),
                })?;
        let bytes = self.component(version.digest).await?;
        let bytes = bytes.ok_or(EngineError::Broken)?;
        Ok(Component { version, bytes })
    }

    /// A version as the archive of an OCI image layout.
    ///
    /// # Errors
    /// See [`Engine::plugin_component`].
    pub async fn export_plugin(&self, plugin: &PluginRef) -> Result<Component, EngineError> {
        let Component { version, bytes } = self.plugin_component(plugin).await?;
        blocking(move || {
            let archive = oci_layout::to_tar(&Exported {
                name: version.manifest.name.as_str(),
                version: &version.manifest.version.to_string(),
                description: &version.manifest.description,
                created_at: version.created_at,
                signature: version.signature.as_ref(),
                imports: &version.imports,
                component: &bytes,
            });
            archive.map(|archive| Component {
                version,
                bytes: archive.into(),
            })
        })
        .await?
        .map_err(|error| {
            tracing::error!(%error, "an archive could not be written");
            EngineError::Broken
        })
    }

    /// Publishes the plugin of an archive: an upload like any other, so that
    /// everything is checked again. `most_bytes` is the largest component.
    ///
    /// # Errors
    /// [`EngineError::Layout`], and those of [`Engine::publish_plugin`].
    pub async fn import_plugin(
        &self,
        actor: &str,
        archive: Bytes,
        most_bytes: usize,
    ) -> Result<PluginVersion, EngineError> {
        let imported = blocking(move || oci_layout::from_tar(&archive, most_bytes))
            .await?
            .map_err(EngineError::Layout)?;
        self.publish_plugin(actor, imported.component.into(), imported.signature)
            .await
    }
}
