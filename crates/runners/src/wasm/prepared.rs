//! A plugin that is ready to run.

use super::compile::CompileError;
use super::contract::{PluginPre, Version};
use super::record::Tape;
use super::runner::WasmRunner;
use super::state::State;
use bytes::Bytes;
use stagehook_core::digest::Digest;
use std::fmt;
use std::sync::Arc;
use wasmtime::component::{Component, Linker};

/// A plugin that is compiled, linked, and ready to run. Clones are the same
/// plugin.
#[derive(Clone)]
pub struct PreparedPlugin(Arc<Prepared>);

struct Prepared {
    digest: Digest,
    pre: PluginPre,
    imports_secrets: bool,
    version: Version,
    code_bytes: u64,
    tape: Option<Tape>,
}

impl PreparedPlugin {
    /// SHA-256 of the component.
    pub fn digest(&self) -> Digest {
        self.0.digest
    }

    /// Whether this and the other came out of the same preparation.
    pub fn is_same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(super) fn pre(&self) -> &PluginPre {
        &self.0.pre
    }

    /// How much code it has, in bytes.
    pub(super) fn code_bytes(&self) -> u64 {
        self.0.code_bytes
    }

    /// The version of the contract that it follows, such as `0.2.0`.
    pub fn contract(&self) -> &'static str {
        self.0.version.number()
    }

    /// What its calls of the host are recorded on, or replayed from.
    pub(super) fn tape(&self) -> Option<&Tape> {
        self.0.tape.as_ref()
    }

    /// Whether it asks for secrets, which only a grant links.
    pub fn imports_secrets(&self) -> bool {
        self.0.imports_secrets
    }
}

impl fmt::Debug for PreparedPlugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PreparedPlugin")
            .field(&self.0.digest)
            .finish()
    }
}

/// Why a plugin cannot be made ready.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// It cannot be compiled.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// It imports what this server does not have, or exports no plugin.
    #[error("the component does not fit this server: {0}")]
    Link(String),
}

impl PrepareError {
    pub(super) fn linking(error: &wasmtime::Error) -> Self {
        let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
        Self::Link(chain.join(": "))
    }
}

impl WasmRunner {
    /// The plugin with this digest, if it is ready to run.
    pub fn prepared(&self, digest: &Digest) -> Option<PreparedPlugin> {
        self.cache.get(digest)
    }

    /// Makes a plugin ready to run: once per component, however many ask for it
    /// at the same time.
    ///
    /// # Errors
    ///
    /// [`PrepareError`]. Nothing is kept of a failure; the next call tries
    /// again.
    pub async fn prepare(&self, component: Bytes) -> Result<PreparedPlugin, PrepareError> {
        let digest = Digest::of(&component);
        let place = self.cache.place(digest);
        let prepared = place
            .get_or_try_init(|| async {
                let compiled = self.compile(digest, component).await?;
                self.link(digest, &compiled)
                    .map_err(|error| PrepareError::linking(&error))
            })
            .await?;
        self.cache.filled(&digest, prepared.code_bytes());
        Ok(prepared.clone())
    }

    pub(super) fn link(
        &self,
        digest: Digest,
        component: &Component,
    ) -> wasmtime::Result<PreparedPlugin> {
        self.link_with(&self.linker, digest, component)
    }

    pub(super) fn link_with(
        &self,
        linker: &Linker<State>,
        digest: Digest,
        component: &Component,
    ) -> wasmtime::Result<PreparedPlugin> {
        self.link_taped(linker, None, digest, component)
    }

    pub(super) fn link_taped(
        &self,
        linker: &Linker<State>,
        tape: Option<Tape>,
        digest: Digest,
        component: &Component,
    ) -> wasmtime::Result<PreparedPlugin> {
        let component_type = component.component_type();
        let exports = component_type.exports(&self.engine);
        let version = Version::exported(exports.map(|(name, _)| name))
            .ok_or_else(|| wasmtime::Error::msg("it exports no version of the contract"))?;
        let imports_secrets = component_type
            .imports(&self.engine)
            .any(|(name, _)| Version::ALL.iter().any(|known| known.secrets() == name));
        let code = component.image_range();
        let pre = PluginPre::new(version, linker.instantiate_pre(component)?)?;
        Ok(PreparedPlugin(Arc::new(Prepared {
            digest,
            pre,
            imports_secrets,
            version,
            code_bytes: (code.end.addr() - code.start.addr()) as u64,
            tape,
        })))
    }
}
