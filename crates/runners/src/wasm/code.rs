//! The code of a component: from the disk where it is kept, compiled otherwise.

use super::artifact::{self, Artifact};
use super::compile::{self, CompileError, invalid};
use super::counts::PluginCounts;
use super::disk_cache::Found;
use super::prepared::{PrepareError, PreparedPlugin};
use super::runner::WasmRunner;
use bytes::Bytes;
use stagehook_core::digest::Digest;
use std::sync::Arc;
use wasmtime::component::Component;

impl WasmRunner {
    /// The plugin with this digest, ready to run, if that takes no compiling:
    /// it is in memory, or its code on this server's disk.
    ///
    /// # Errors
    ///
    /// [`PrepareError::Link`].
    pub async fn restore(&self, digest: Digest) -> Result<Option<PreparedPlugin>, PrepareError> {
        if let Some(plugin) = self.cache.get(&digest) {
            return Ok(Some(plugin));
        }
        // A place is taken once there is something for it: another plugin may
        // have to leave it.
        let Some(component) = self.on_disk(digest).await else {
            // Others may have restored it, or compiled it, meanwhile.
            return Ok(self.cache.get(&digest));
        };
        let plugin = self
            .link(digest, &component)
            .map_err(|error| PrepareError::linking(&error))?;
        let place = self.cache.place(digest);
        let plugin = place.get_or_init(|| async { plugin }).await.clone();
        self.cache.filled(&digest, plugin.code_bytes());
        Ok(Some(plugin))
    }

    /// The compiled code of a component with this digest. Kept on disk, so that
    /// it is compiled once.
    pub(super) async fn compile(
        &self,
        digest: Digest,
        component: Bytes,
    ) -> Result<Component, CompileError> {
        if let Some(component) = self.on_disk(digest).await {
            return Ok(component);
        }
        if self.disk.is_some() {
            self.counters.missed_in_cache.add();
        }
        // Two at a time: a compiler takes a processor and a lot of memory.
        let permit = self.compiling.acquire().await.map_err(broken)?;
        let compiled = compile::compile(&self.settings, component).await?;
        drop(permit);
        self.counters.compiled.add();
        let engine = self.engine.clone();
        let disk = self.disk.clone();
        let mut in_memory = self.cache.digests();
        in_memory.push(digest);
        tokio::task::spawn_blocking(move || {
            let component = artifact::load(&engine, &Artifact::Compiled(&compiled))
                .map_err(|error| invalid(&error))?;
            // Only what this engine takes is worth keeping.
            if let Some(disk) = disk {
                disk.keep(&digest, &compiled, &in_memory);
            }
            Ok(component)
        })
        .await
        .map_err(broken)?
    }

    /// What the disk has of a component, checked before it is loaded. Whatever
    /// goes wrong, there is nothing.
    async fn on_disk(&self, digest: Digest) -> Option<Component> {
        let disk = Arc::clone(self.disk.as_ref()?);
        let _permit = self.loading.acquire().await.ok()?;
        let engine = self.engine.clone();
        let found = tokio::task::spawn_blocking(move || match disk.find(&digest) {
            Found::Nothing => Ok(None),
            Found::Rejected => Err(()),
            Found::Code(code) => {
                let loaded = artifact::load(&engine, &Artifact::Authenticated(&code));
                loaded.map(Some).map_err(|error| {
                    tracing::warn!(component = %digest, error = format!("{error:#}"), "compiled code in the cache does not fit the engine: it is compiled again");
                })
            }
        });
        match found.await {
            Ok(Ok(Some(component))) => {
                self.counters.loaded_from_cache.add();
                Some(component)
            }
            Ok(Ok(None)) => None,
            Ok(Err(())) => {
                self.counters.rejected_from_cache.add();
                None
            }
            Err(error) => {
                tracing::warn!(component = %digest, %error, "compiled code in the cache cannot be read: it is compiled again");
                None
            }
        }
    }

    /// Whether another plugin can be made ready without pushing one out.
    pub fn has_room(&self) -> bool {
        self.cache.has_room()
    }

    /// What was done to make plugins ready, and what is ready now.
    pub fn counts(&self) -> PluginCounts {
        let (ready, ready_bytes) = self.cache.size();
        let slots = self.settings.max_concurrent.max(1) as usize;
        PluginCounts {
            compiled: self.counters.compiled.get(),
            loaded_from_cache: self.counters.loaded_from_cache.get(),
            missed_in_cache: self.counters.missed_in_cache.get(),
            rejected_from_cache: self.counters.rejected_from_cache.get(),
            ready,
            ready_bytes,
            running: slots.saturating_sub(self.slots.available_permits()) as u64,
        }
    }
}

fn broken(error: impl std::error::Error + Send + Sync + 'static) -> CompileError {
    CompileError::Broken(std::io::Error::other(error))
}
