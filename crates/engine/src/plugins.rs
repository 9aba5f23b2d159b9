//! Plugins: taking them in (`catalogue`), moving them (`transfer`), finding
//! out which version a hook runs (`pin`), making that ready to run, and what it
//! comes to (`usage`).

mod catalogue;
mod install;
pub(crate) mod pin;
mod transfer;
mod usage;

pub use catalogue::{PluginReport, SignatureState};
pub(crate) use install::check_trigger;
pub use install::{Installation, Installed};
pub use stagehook_runners::wasm::ImportReport;
pub use transfer::Component;
pub use usage::{DAYS_MAX, DayOfPlugin, HookOfPlugin, PluginUsage};

use crate::blocking::blocking;
use crate::engine::Engine;
use crate::error::EngineError;
use bytes::Bytes;
use stagehook_core::config::{PluginRef, WasmConfig};
use stagehook_core::digest::Digest;
use stagehook_core::execution::{Execution, ExecutionStatus};
use stagehook_core::page::PageRequest;
use stagehook_core::plugin::PluginName;
use stagehook_runners::wasm::{CompileError, PrepareError, PreparedPlugin};
use stagehook_store::{Entity, StoreError};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Most references whose digest is remembered; past it the cache starts anew.
const PINNED_MAX: usize = 16_384;

/// The digests of published plugins whose signature was found acceptable. A
/// version is immutable, so that what is remembered never has to be asked
/// again; a digest is remembered too, because a component that was only looked
/// at is prepared as well, and must not run.
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
    /// It may not run, or does not fit this server.
    Unfit(String),
    /// The host could not make it ready.
    Host(String),
}

impl Engine {
    /// That there is a plugin of this name.
    async fn require_plugin(&self, name: &PluginName) -> Result<(), EngineError> {
        let one = PageRequest {
            limit: 1,
            cursor: None,
        };
        let versions = self.store.plugin_versions(name, one).await?.items;
        if versions.is_empty() {
            return Err(StoreError::NotFound {
                what: Entity::Plugin,
                id: name.to_string(),
            }
            .into());
        }
        Ok(())
    }

    /// The plugin of a hook, ready to run; otherwise the execution that it comes
    /// to.
    pub(crate) async fn prepared(
        &self,
        config: &WasmConfig,
    ) -> Result<PreparedPlugin, Box<Execution>> {
        self.ready(config).await.map_err(|why| {
            Box::new(match why {
                NotReady::Unknown => Execution::not_run(
                    ExecutionStatus::HostError,
                    format!("the plugin {} is not known to this server", config.plugin),
                ),
                NotReady::Unfit(why) => Execution::not_run(ExecutionStatus::Refused, why),
                NotReady::Host(why) => Execution::not_run(ExecutionStatus::HostError, why),
            })
        })
    }

    pub(crate) async fn ready(&self, config: &WasmConfig) -> Result<PreparedPlugin, NotReady> {
        let Some(plugin) = config.exact_plugin() else {
            return Err(NotReady::Unfit(format!(
                "no version is pinned for {}: save the hook again",
                config.plugin
            )));
        };
        let digest = self.digest_of(&plugin).await?;
        if let Some(pinned) = &config.pinned
            && pinned.digest != digest
        {
            return Err(NotReady::Unfit(format!(
                "{plugin} has the digest {digest}, and the hook was pinned to {}: save the hook \
                 again if that is right",
                pinned.digest
            )));
        }
        if let Some(prepared) = self.runners.wasm.prepared(&digest) {
            return Ok(prepared);
        }
        // What this server compiled before spares reading the component.
        if let Ok(Some(restored)) = self.runners.wasm.restore(digest).await {
            return Ok(restored);
        }
        let bytes = match self.component(digest).await {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                return Err(NotReady::Unfit(format!(
                    "the bytes of {plugin} are not those that were published as {digest}: \
                     publish it again as a new version"
                )));
            }
            Err(EngineError::Store(StoreError::NotFound { .. })) => return Err(NotReady::Unknown),
            Err(error) => return Err(unreadable(&plugin, &error)),
        };
        self.runners
            .wasm
            .prepare(bytes)
            .await
            .map_err(|error| match error {
                PrepareError::Compile(CompileError::Broken(_)) => {
                    tracing::error!(%plugin, error = &error as &dyn std::error::Error, "a plugin could not be compiled");
                    NotReady::Host("the plugin could not be compiled on this server".to_owned())
                }
                error => NotReady::Unfit(error.to_string()),
            })
    }

    /// The component with this digest; `None` when the database holds other
    /// bytes than those that were published.
    async fn component(&self, digest: Digest) -> Result<Option<Bytes>, EngineError> {
        let bytes = Bytes::from(self.store.plugin_bytes(&digest).await?);
        let hashed = bytes.clone();
        if blocking(move || Digest::of(&hashed)).await? == digest {
            return Ok(Some(bytes));
        }
        tracing::error!(%digest, "a plugin's bytes in the database are not those that were published");
        Ok(None)
    }

    /// Whether a version was asked for before and is ready to run.
    pub(crate) fn is_hot(&self, plugin: &PluginRef) -> bool {
        self.pinned
            .get(plugin)
            .is_some_and(|digest| self.runners.wasm.prepared(&digest).is_some())
    }

    /// The digest of a published version whose signature is acceptable here.
    async fn digest_of(&self, plugin: &PluginRef) -> Result<Digest, NotReady> {
        if let Some(digest) = self.pinned.get(plugin) {
            return Ok(digest);
        }
        let version = self
            .store
            .find_plugin(plugin)
            .await
            .map_err(|error| unreadable(plugin, &error.into()))?
            .ok_or(NotReady::Unknown)?;
        let policy = &self.settings.signatures;
        // Where none is required, a signature by a key that is trusted no more
        // is worth as much as none.
        if policy.required
            && let Err(why) = policy.signer(&version.digest, version.signature.as_ref())
        {
            return Err(NotReady::Unfit(format!(
                "the plugin {plugin} may not run: {why}"
            )));
        }
        self.pinned.put(plugin.clone(), version.digest);
        Ok(version.digest)
    }
}

fn unreadable(plugin: &PluginRef, error: &EngineError) -> NotReady {
    tracing::error!(%plugin, %error, "a plugin could not be read");
    NotReady::Host("the plugin could not be read from the database".to_owned())
}
