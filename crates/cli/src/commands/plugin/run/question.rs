//! `--call describe` and `--call check-settings`: what the server asks when a
//! plugin is published, and when a hook is saved.

use super::super::sandbox::Prepared;
use crate::ending::Ending;
use crate::output;
use anyhow::Context as _;
use serde_json::json;
use stagehook_runners::wasm::SettingsError;

/// What the plugin says about itself, as JSON.
pub(super) async fn describe(prepared: &Prepared, component: Vec<u8>) -> anyhow::Result<Ending> {
    let runner = prepared.runner(2)?;
    let inspection = runner
        .inspect(component.into())
        .await
        .context("the component cannot be described")?;
    output::json(&serde_json::to_value(&inspection.manifest)?)?;
    Ok(Ending::Ok)
}

/// Whether the plugin takes the settings.
pub(super) async fn check_settings(
    prepared: &Prepared,
    component: Vec<u8>,
    as_json: bool,
) -> anyhow::Result<Ending> {
    let runner = prepared.runner(2)?;
    let plugin = runner
        .prepare(component.into())
        .await
        .context("the component cannot be run")?;
    let problems = match runner
        .check_settings(&plugin, &prepared.config.settings)
        .await
    {
        Ok(()) => Vec::new(),
        Err(SettingsError::Invalid(invalid)) => invalid.0,
        Err(error @ SettingsError::Unchecked(_)) => return Err(error.into()),
    };
    let is_good = problems.is_empty();
    if as_json {
        output::json(&json!({"valid": is_good, "errors": problems}))?;
    } else if is_good {
        output::line("the settings are good")?;
    } else {
        for problem in &problems {
            let text = format!("{}: {}", problem.pointer, problem.detail);
            output::line(&output::one_line(&text))?;
        }
    }
    Ok(if is_good { Ending::Ok } else { Ending::Halt })
}
