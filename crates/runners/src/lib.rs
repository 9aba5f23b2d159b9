//! Runs **one** hook: an [`Invocation`] goes in, an
//! [`Execution`] comes out.
//!
//! There is one runner per hook type, and a closed set of them: [`process`]
//! (shell and Python), [`webhook`], [`wasm`]. Every limit is enforced here and
//! nowhere else. A hook that failed, timed out or was refused is an execution
//! with a status that says so; [`HostBroken`] is only for a host that cannot
//! do its own work.
//!
//! What is deliberately absent: the store. Whoever calls brings the plugin or the
//! script, and keeps the record.

mod egress;
mod invocation;
mod kept;
mod listener;
mod media_roots;
mod network;
mod secrets;

pub mod process;
pub mod wasm;
pub mod webhook;

pub use egress::Egress;
pub use invocation::{HostBroken, Invocation};
pub use listener::{OutputListener, OutputStream};
pub use network::{AddressClass, Forbidden, NetworkPolicy, ResolveError, classify};
pub use secrets::{Current, KeyError, KnownSecrets, NoSecret, SecretKeys, Secrets};

use stagehook_core::config::HookConfig;
use stagehook_core::execution::{Execution, ExecutionStatus};

/// What is brought to a run, out of wherever it is kept.
#[derive(Debug, Clone, Copy, Default)]
pub enum Brought<'a> {
    /// Nothing: a webhook needs nothing, and a script is found on the disk.
    #[default]
    Nothing,
    /// The plugin, prepared ([`wasm::WasmRunner::prepare`]).
    Plugin(&'a wasm::PreparedPlugin),
    /// The script of a shell or Python hook.
    Script(&'a process::BroughtScript),
}

/// The runners of a server.
#[derive(Debug)]
pub struct Runners {
    /// Runs shell and Python scripts.
    pub process: process::ProcessRunner,
    /// Sends HTTP requests.
    pub webhook: webhook::WebhookRunner,
    /// Runs plugins.
    pub wasm: wasm::WasmRunner,
}

impl Runners {
    /// Runs one hook once. What is brought is ignored by hooks of other types; a
    /// plugin must be.
    pub async fn run(
        &self,
        config: &HookConfig,
        brought: Brought<'_>,
        invocation: Invocation<'_>,
    ) -> Result<Execution, HostBroken> {
        let script = match brought {
            Brought::Script(script) => Some(script),
            Brought::Nothing | Brought::Plugin(_) => None,
        };
        match config {
            HookConfig::Shell(config) => self.process.run_shell(config, script, invocation).await,
            HookConfig::Python(config) => self.process.run_python(config, script, invocation).await,
            HookConfig::Webhook(config) => self.webhook.run(config, invocation).await,
            HookConfig::Wasm(config) => match brought {
                Brought::Plugin(plugin) => self.wasm.run(config, plugin, invocation).await,
                Brought::Nothing | Brought::Script(_) => Ok(Execution::not_run(
                    ExecutionStatus::HostError,
                    "the plugin was not prepared",
                )),
            },
        }
    }
}
