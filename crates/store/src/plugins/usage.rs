//! Which hooks run a version.

use crate::database::args;
use crate::error::Result;
use crate::store::Store;
use stagehook_core::config::{HookConfig, HookType, PluginRef};
use stagehook_core::plugin::PluginVersion;

impl Store {
    /// How many hooks run this version, by name, by digest or pinned.
    pub async fn hooks_with_plugin(&self, version: &PluginVersion) -> Result<u64> {
        // The texts alone may also stand in settings: what they find is read.
        let by_name = format!("%\"{}@%", version.manifest.name);
        let by_digest = format!("%\"{}\"%", version.digest);
        let configs: Vec<(String,)> = self
            .reader()
            .await?
            .all(
                "SELECT config FROM hooks
                 WHERE archived_at IS NULL AND hook_type = 'wasm'
                   AND (config LIKE $1 OR config LIKE $2)",
                args![by_name, by_digest],
            )
            .await?;
        let runs = |config: &str| {
            let config = serde_json::from_str(config).ok();
            let config = config.and_then(|c| HookConfig::parse(HookType::Wasm, c).ok());
            let Some(HookConfig::Wasm(config)) = config else {
                return false;
            };
            match config.exact_plugin() {
                Some(PluginRef::Digest(digest)) => digest == version.digest,
                exact => exact == Some(version.reference()),
            }
        };
        let count = configs.iter().filter(|(config,)| runs(config)).count();
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }
}
