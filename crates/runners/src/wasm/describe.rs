//! Calls that ask a plugin about itself: under tight limits, with nothing
//! granted.

use super::answer::{self, Described};
use super::bounds::{self, cut};
use super::call::{Called, Ending, Until, call};
use super::contract::{Answer, Call};
use super::ending;
use super::prepared::PreparedPlugin;
use super::runner::WasmRunner;
use super::state::State;
use crate::secrets::Redactor;
use serde_json::{Map, Value};
use stagehook_core::config::LimitsInForce;
use stagehook_core::invalid::{FieldError, Invalid};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use wasmtime_wasi::WasiCtxBuilder;

const LIMITS: LimitsInForce = LimitsInForce {
    fuel: 1_000_000_000,
    timeout: Duration::from_secs(5),
    memory_bytes: 128 << 20,
    output_bytes: 4 << 10,
};

/// Why settings are not known to be good.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The plugin says what is wrong, with pointers into the settings.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The plugin could not say.
    #[error("the plugin could not check its settings: {0}")]
    Unchecked(String),
}

impl WasmRunner {
    /// Has a plugin check the settings of a hook.
    ///
    /// # Errors
    ///
    /// [`SettingsError`], which tells settings that are wrong from a plugin that
    /// is.
    pub async fn check_settings(
        &self,
        plugin: &PreparedPlugin,
        settings: &Map<String, Value>,
    ) -> Result<(), SettingsError> {
        match self.ask(plugin, Call::CheckSettings(settings)).await {
            Ok(Answer::CheckSettings(Ok(()))) => Ok(()),
            Ok(Answer::CheckSettings(Err(mut errors))) => {
                if errors.is_empty() {
                    errors.push(FieldError::new("", "are refused by the plugin"));
                }
                Err(Invalid(errors).into())
            }
            Ok(_) => Err(SettingsError::Unchecked(
                "it answered another question".to_owned(),
            )),
            Err(why) => Err(SettingsError::Unchecked(why)),
        }
    }

    /// What a plugin says about itself, or why it cannot.
    pub(super) async fn describe(&self, plugin: &PreparedPlugin) -> Result<Described, String> {
        match self.ask(plugin, Call::Describe).await? {
            // Compiling a schema may take longer than a worker should be held.
            Answer::Describe(manifest) => {
                tokio::task::spawn_blocking(move || answer::described(manifest))
                    .await
                    .map_err(|error| error.to_string())
            }
            _ => Err("it answered another question".to_owned()),
        }
    }

    async fn ask(&self, plugin: &PreparedPlugin, question: Call<'_>) -> Result<Answer, String> {
        let _slot = self
            .slots
            .acquire()
            .await
            .map_err(|error| error.to_string())?;
        let until = Until {
            deadline: Instant::now() + LIMITS.timeout,
            cancel: &CancellationToken::new(),
        };
        let state = State::new(
            WasiCtxBuilder::new(),
            LIMITS
                .memory_bytes
                .min(self.settings.limits.maximum.memory_bytes),
            LIMITS.output_bytes,
            Redactor::default(),
        );
        let called = call(
            plugin.pre(),
            (&self.ticker, &self.turns),
            state,
            LIMITS.fuel,
            until,
            question,
        )
        .await;
        answered(called)
    }
}

fn answered(called: Called) -> Result<Answer, String> {
    match &called.ending {
        Ending::Answered(_) => {}
        Ending::Broke(error) => {
            let error = ending::of_broken(error, &called, &LIMITS).error;
            return Err(cut(error, bounds::ERROR_BYTES));
        }
        Ending::TimedOut => return Err(ending::of_timeout(&called, &LIMITS).error),
        Ending::Cancelled => return Err(ending::of_cancellation().error),
    }
    match called.ending {
        Ending::Answered(answer) => Ok(answer),
        _ => Err("it did not answer".to_owned()),
    }
}
