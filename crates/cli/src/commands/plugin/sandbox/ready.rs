//! A component that is about to run, after what a server asks before it saves a
//! hook.

use super::Prepared;
use crate::output;
use anyhow::{Context as _, anyhow};
use serde_json::Value;
use stagehook_core::invalid::Invalid;
use stagehook_core::schema::JsonSchema;
use stagehook_runners::wasm::{PreparedPlugin, SettingsError, WasmRunner};

/// Where a hook has its settings, as a server's answers name them.
const SETTINGS: &str = "/config/settings";

/// A plugin that is ready to run with its settings.
#[derive(Debug)]
pub(in crate::commands::plugin) struct Ready {
    pub(in crate::commands::plugin) plugin: PreparedPlugin,
    /// Whether it was compiled for this, and not found in the cache.
    pub(in crate::commands::plugin) was_compiled: bool,
}

impl Prepared {
    /// Makes a component ready to run. Settings that come from nowhere else but
    /// the command line are held against the plugin's schema and then the plugin
    /// itself, as a server does when a hook is saved.
    pub(in crate::commands::plugin) async fn ready(
        &self,
        runner: &WasmRunner,
        component: &[u8],
    ) -> anyhow::Result<Ready> {
        if self.are_settings_new {
            self.hold_against_schema(runner, component).await?;
        }
        let plugin = runner
            .prepare(component.to_vec().into())
            .await
            .context("the component cannot be run")?;
        if self.are_settings_new {
            match runner.check_settings(&plugin, &self.config.settings).await {
                Ok(()) => {}
                Err(SettingsError::Invalid(invalid)) => {
                    return Err(not_taken(&invalid.below(SETTINGS)));
                }
                Err(error @ SettingsError::Unchecked(_)) => return Err(error.into()),
            }
        }
        Ok(Ready {
            plugin,
            was_compiled: runner.counts().compiled > 0,
        })
    }

    /// A plugin that does not describe itself has no schema, and is run all the
    /// same: `inspect` is what tells.
    async fn hold_against_schema(
        &self,
        runner: &WasmRunner,
        component: &[u8],
    ) -> anyhow::Result<()> {
        let report = runner
            .report(component.to_vec().into())
            .await
            .context("the component cannot be run")?;
        let Some(manifest) = report.manifest else {
            return Ok(());
        };
        let settings = Value::Object(self.config.settings.clone());
        JsonSchema::compile(&manifest.settings_schema)
            .context("the schema of the plugin's settings cannot be used")?
            .check(&settings, SETTINGS)
            .map_err(|invalid| not_taken(&invalid))
    }
}

fn not_taken(invalid: &Invalid) -> anyhow::Error {
    let problems = invalid.0.iter().map(|problem| {
        let (pointer, detail) = (&problem.pointer, &problem.detail);
        format!(
            "\n  {}: {}",
            output::one_line(pointer),
            output::one_line(detail)
        )
    });
    let problems: Vec<_> = problems.collect();
    anyhow!(
        "the plugin does not take these settings{}",
        problems.concat()
    )
}
