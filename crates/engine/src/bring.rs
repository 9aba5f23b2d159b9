//! What a hook needs out of the store to run.

use crate::engine::Engine;
use stagehook_core::config::{HookConfig, ScriptPath};
use stagehook_core::execution::{Execution, ExecutionStatus};
use stagehook_runners::Brought;
use stagehook_runners::process::BroughtScript;
use stagehook_runners::wasm::PreparedPlugin;

/// It, for as long as the hook runs.
pub(crate) enum Held {
    Nothing,
    Plugin(PreparedPlugin),
    Script(BroughtScript),
}

impl Held {
    pub(crate) fn as_brought(&self) -> Brought<'_> {
        match self {
            Self::Nothing => Brought::Nothing,
            Self::Plugin(plugin) => Brought::Plugin(plugin),
            Self::Script(script) => Brought::Script(script),
        }
    }
}

impl Engine {
    /// Takes it out; otherwise the execution that it comes to.
    pub(crate) async fn bring(&self, config: &HookConfig) -> Result<Held, Box<Execution>> {
        match config {
            HookConfig::Wasm(config) => self.prepared(config).await.map(Held::Plugin),
            HookConfig::Shell(config) => self.bring_script(&config.script_path).await,
            HookConfig::Python(config) => self.bring_script(&config.script_path).await,
            HookConfig::Webhook(_) => Ok(Held::Nothing),
        }
    }

    async fn bring_script(&self, path: &ScriptPath) -> Result<Held, Box<Execution>> {
        match self.brought_script(path).await {
            Ok(Some(script)) => Ok(Held::Script(script)),
            Ok(None) => Ok(Held::Nothing),
            Err(error) => {
                tracing::error!(script = %path, %error, "a script could not be read");
                Err(Box::new(Execution::not_run(
                    ExecutionStatus::HostError,
                    "the script could not be read from the database",
                )))
            }
        }
    }
}
