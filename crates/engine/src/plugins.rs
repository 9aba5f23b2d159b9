//! Takes plugins in, and makes them ready to run.

use crate::engine::Engine;
use crate::error::EngineError;
use bytes::Bytes;
use stagehook_core::config::PluginRef;
use stagehook_core::digest::Digest;
use stagehook_core::execution::{Execution, ExecutionStatus};
use stagehook_core::plugin::PluginVersion;
use stagehook_runners::wasm::{
    CompileError, Inspection, PrepareError, PreparedPlugin, UploadError,
};
use stagehook_store::{NewPlugin, StoreError};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Most references whose digest is remembered; past it the cache starts anew.
const PINNED_MAX: usize = 16_384;

/// The digests of published plugins. A version is immutable, so that what is
/// remembered never has to be asked again; a digest is remembered too, because
/// a component that was only looked at is prepared as well, and must not run.
#[derive(Debug, Default)]
pub(crate) struct PinnedPlugins {
    digests: Mutex<HashMap<PluginRef, Digest>>,
}

impl PinnedPlugins {
    fn get(&self, plugin: &PluginRef) -> Option<Digest> {
        self.digests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(plugin)
            .copied()
    }

    fn put(&self, plugin: PluginRef, digest: Digest) {
        let mut digests = self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        if digests.len() >= PINNED_MAX {
            digests.clear();
        }
        digests.insert(plugin, digest);
    }
}

/// Why a plugin is not ready to run.
pub(crate) enum NotReady {
    /// It is not in the store.
    Unknown,
    /// It does not fit this server.
    Unfit(String),
    /// The host could not make it ready.
    Host(String),
}

impl Engine {
    /// Looks at a component without keeping it. REQ-WASM-5
    pub async fn inspect_plugin(&self, component: Bytes) -> Result<Inspection, EngineError> {
        let _turn = self.turn().await?;
        self.runners
            .wasm
            .inspect(component)
            .await
            .map_err(|error| match error {
                UploadError::Rejected(rejections) => EngineError::PluginRejected(rejections),
                UploadError::Broken(error) => {
                    tracing::error!(%error, "a component could not be looked at");
                    EngineError::PluginNotInspected
                }
            })
    }

    /// Looks at a component and keeps it as a version of its plugin. REQ-WASM-6
    pub async fn publish_plugin(
        &self,
        actor: &str,
        component: Bytes,
    ) -> Result<PluginVersion, EngineError> {
        let inspection = self.inspect_plugin(component.clone()).await?;
        let version = self
            .store
            .publish_plugin(
                actor,
                NewPlugin {
                    manifest: inspection.manifest,
                    digest: inspection.digest,
                    imports: inspection.imports,
                    bytes: component.into(),
                },
            )
            .await?;
        Ok(version)
    }

    /// The plugin, ready to run; otherwise the execution that it comes to.
    pub(crate) async fn prepared(
        &self,
        plugin: &PluginRef,
    ) -> Result<PreparedPlugin, Box<Execution>> {
        self.ready(plugin).await.map_err(|why| {
            Box::new(match why {
                NotReady::Unknown => Execution::not_run(
                    ExecutionStatus::HostError,
                    format!("the plugin {plugin} is not known to this server"),
                ),
                NotReady::Unfit(why) => Execution::not_run(ExecutionStatus::Refused, why),
                NotReady::Host(why) => Execution::not_run(ExecutionStatus::HostError, why),
            })
        })
    }

    pub(crate) async fn ready(&self, plugin: &PluginRef) -> Result<PreparedPlugin, NotReady> {
        let store_failed = |error: StoreError| {
            tracing::error!(%plugin, %error, "a plugin could not be read");
            NotReady::Host("the plugin could not be read from the database".to_owned())
        };
        let digest = if let Some(digest) = self.pinned.get(plugin) {
            digest
        } else {
            let version = self
                .store
                .find_plugin(plugin)
                .await
                .map_err(store_failed)?
                .ok_or(NotReady::Unknown)?;
            self.pinned.put(plugin.clone(), version.digest);
            version.digest
        };
        if let Some(prepared) = self.runners.wasm.prepared(&digest) {
            return Ok(prepared);
        }
        let bytes = self
            .store
            .plugin_bytes(&digest)
            .await
            .map_err(|error| match error {
                StoreError::NotFound { .. } => NotReady::Unknown,
                error => store_failed(error),
            })?;
        self.runners
            .wasm
            .prepare(bytes.into())
            .await
            .map_err(|error| match error {
                PrepareError::Compile(CompileError::Broken(_)) => {
                    tracing::error!(%plugin, error = &error as &dyn std::error::Error, "a plugin could not be compiled");
                    NotReady::Host("the plugin could not be compiled on this server".to_owned())
                }
                error => NotReady::Unfit(error.to_string()),
            })
    }
}
