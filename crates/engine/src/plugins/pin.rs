//! Which version a hook runs, decided when it is saved.

use crate::engine::Engine;
use crate::error::EngineError;
use semver::{Version, VersionReq};
use stagehook_core::config::{HookConfig, PinnedPlugin, PluginRef, WasmConfig};
use stagehook_core::hook::Hook;
use stagehook_core::invalid::{Findings, Invalid};
use stagehook_core::page::PageRequest;
use stagehook_core::plugin::{PluginName, PluginVersion};
use stagehook_store::StoreError;
use std::collections::BTreeSet;

impl Engine {
    /// Finds the version that a hook is to run, and pins it where a requirement
    /// names it. `before` is what the hook ran until now: that may go on, even
    /// when it was yanked. `None` when something was found to be wrong.
    pub(crate) async fn pin_plugin(
        &self,
        findings: &mut Findings,
        config: &mut WasmConfig,
        before: Option<&WasmConfig>,
    ) -> Result<Option<PluginVersion>, EngineError> {
        let PluginRef::Requirement(name, requirement) = config.plugin.clone() else {
            return self.exact_version(findings, &config.plugin, before).await;
        };
        if let Some(pinned) = &config.pinned
            && requirement.matches(&pinned.version)
        {
            return self.pinned_version(findings, &name, pinned, before).await;
        }
        let newest = self.store.newest_plugin(&name, &requirement).await?;
        config.pinned = newest.as_ref().map(|version| PinnedPlugin {
            version: version.manifest.version.clone(),
            digest: version.digest,
        });
        if newest.is_none() {
            let why = self.nothing_fits(&name, &requirement).await?;
            findings.push("/config/plugin", why);
        }
        Ok(newest)
    }

    async fn exact_version(
        &self,
        findings: &mut Findings,
        plugin: &PluginRef,
        before: Option<&WasmConfig>,
    ) -> Result<Option<PluginVersion>, EngineError> {
        let Some(version) = self.store.find_plugin(plugin).await? else {
            findings.push(
                "/config/plugin",
                format!("there is no plugin {plugin} on this server: upload it first"),
            );
            return Ok(None);
        };
        self.refuse_yanked(findings, "/config/plugin", &version, before)
            .await?;
        Ok(Some(version))
    }

    async fn pinned_version(
        &self,
        findings: &mut Findings,
        name: &PluginName,
        pinned: &PinnedPlugin,
        before: Option<&WasmConfig>,
    ) -> Result<Option<PluginVersion>, EngineError> {
        let exact = PluginRef::Version(name.clone(), pinned.version.clone());
        let found = self.store.find_plugin(&exact).await?;
        let Some(version) = found.filter(|version| version.digest == pinned.digest) else {
            findings.push(
                "/config/pinned",
                format!(
                    "there is no plugin {exact} with the digest {} on this server: upload it \
                     first, or leave 'pinned' away to get the newest version that fits",
                    pinned.digest
                ),
            );
            return Ok(None);
        };
        self.refuse_yanked(findings, "/config/pinned", &version, before)
            .await?;
        Ok(Some(version))
    }

    /// Notes that a version was yanked, unless the hook ran that component
    /// `before`, by whatever name.
    async fn refuse_yanked(
        &self,
        findings: &mut Findings,
        pointer: &str,
        version: &PluginVersion,
        before: Option<&WasmConfig>,
    ) -> Result<(), EngineError> {
        let Some(yanked) = StoreError::of_yanked(version) else {
            return Ok(());
        };
        if let Some(ran) = before.and_then(WasmConfig::exact_plugin)
            && let Some(ran) = self.store.find_plugin(&ran).await?
            && ran.digest == version.digest
        {
            return Ok(());
        }
        findings.push(pointer, yanked.to_string());
        Ok(())
    }

    /// Why no version satisfies a requirement.
    async fn nothing_fits(
        &self,
        name: &PluginName,
        requirement: &VersionReq,
    ) -> Result<String, EngineError> {
        const SHOWN: u32 = 5;
        let page = PageRequest {
            limit: SHOWN,
            cursor: None,
        };
        let versions = self.store.plugin_versions(name, page).await?;
        if versions.items.is_empty() {
            return Ok(format!(
                "there is no plugin {name} on this server: upload it first"
            ));
        }
        let mut shown: Vec<String> = versions
            .items
            .iter()
            .map(|version| match version.yanked {
                Some(_) => format!("{} (yanked)", version.manifest.version),
                None => version.manifest.version.to_string(),
            })
            .collect();
        if versions.next_cursor.is_some() {
            shown.push("…".to_owned());
        }
        Ok(format!(
            "no version of {name} that was not yanked fits {requirement}; there are {}",
            shown.join(", ")
        ))
    }

    /// For each hook the newest version that fits its requirement, where that is
    /// newer than the one it runs. One query for all of them.
    pub async fn newer_plugin_versions(
        &self,
        hooks: &[&Hook],
    ) -> Result<Vec<Option<Version>>, EngineError> {
        let requirements: Vec<Option<(&PluginName, &VersionReq, &Version)>> = hooks
            .iter()
            .map(|hook| required(&hook.spec.config))
            .collect();
        let names: BTreeSet<PluginName> = requirements
            .iter()
            .flatten()
            .map(|(name, ..)| (*name).clone())
            .collect();
        let versions = self.store.usable_versions(&names).await?;
        let newer = requirements.into_iter().map(|required| {
            let (name, requirement, pinned) = required?;
            let newest = versions
                .get(name)?
                .iter()
                .filter(|version| requirement.matches(version))
                .max()?;
            (newest > pinned).then(|| newest.clone())
        });
        Ok(newer.collect())
    }
}

fn required(config: &HookConfig) -> Option<(&PluginName, &VersionReq, &Version)> {
    let HookConfig::Wasm(config) = config else {
        return None;
    };
    let PluginRef::Requirement(name, requirement) = &config.plugin else {
        return None;
    };
    Some((name, requirement, &config.pinned.as_ref()?.version))
}

/// What the store found when a hook was about to be saved: a version that was
/// yanked since it was looked at is told like one that was yanked before.
/// `config` is what the caller gave.
pub(crate) fn yanked_meanwhile(error: StoreError, config: &HookConfig) -> EngineError {
    match error {
        StoreError::PluginYanked { .. } => {
            let pinned = matches!(config, HookConfig::Wasm(config) if config.pinned.is_some());
            let pointer = if pinned {
                "/config/pinned"
            } else {
                "/config/plugin"
            };
            Invalid::one(pointer, error.to_string()).into()
        }
        error => error.into(),
    }
}
