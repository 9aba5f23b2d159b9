//! Keeps versions that were yanked out of hooks that did not run them before.

use super::row;
use crate::database::Connection;
use crate::error::{Result, StoreError};
use stagehook_core::config::{HookConfig, PluginRef};

/// Refuses a config that names a version that was yanked, unless the config
/// `before` ran the same component; until the transaction ends, nobody yanks
/// it. A version that is not there is the caller's to find out.
///
/// # Errors
/// [`StoreError::PluginYanked`].
pub(crate) async fn require_usable(
    connection: &mut Connection,
    config: &HookConfig,
    before: Option<&HookConfig>,
) -> Result<()> {
    let Some(plugin) = exact(config) else {
        return Ok(());
    };
    let before = before.and_then(exact);
    if before.as_ref() == Some(&plugin) {
        return Ok(());
    }
    let Some(version) = row::hold(connection, &plugin).await? else {
        return Ok(());
    };
    let Some(yanked) = StoreError::of_yanked(&version) else {
        return Ok(());
    };
    let before = match before {
        Some(before) => row::find(connection, &before).await?,
        None => None,
    };
    match before {
        Some(before) if before.digest == version.digest => Ok(()),
        _ => Err(yanked),
    }
}

fn exact(config: &HookConfig) -> Option<PluginRef> {
    match config {
        HookConfig::Wasm(config) => config.exact_plugin(),
        HookConfig::Shell(_) | HookConfig::Python(_) | HookConfig::Webhook(_) => None,
    }
}
