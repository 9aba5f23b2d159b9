//! Checks a hook against this server before it is saved: what `core` cannot
//! know, because it is about scripts, plugins, secrets and maxima of this
//! server.

use crate::blocking::blocking;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::plugins::pin::yanked_meanwhile;
use crate::plugins::{NotReady, check_trigger};
use serde_json::{Map, Value};
use stagehook_core::config::{HookConfig, ScriptPath, WasmConfig, WebhookConfig};
use stagehook_core::hook::{Hook, HookRequest, HookSpec};
use stagehook_core::ids::HookId;
use stagehook_core::invalid::{FieldError, Findings, Invalid, from_value};
use stagehook_core::plugin::PluginVersion;
use stagehook_core::resolve::{EffectiveSet, resolve};
use stagehook_core::schema::JsonSchema;
use stagehook_core::scope::{Lineage, Scope};
use stagehook_core::token::Actor;
use stagehook_core::trigger::{HookPoint, Trigger};
use stagehook_runners::process::{BroughtScript, ConfinementLevel};
use stagehook_runners::wasm::{PreparedPlugin, SettingsError};
use stagehook_store::{Entity, StoreError};
use std::sync::Arc;

impl Engine {
    /// Checks a hook against this server and creates it.
    pub async fn create_hook(&self, actor: &Actor, spec: &HookSpec) -> Result<Hook, EngineError> {
        self.check_trust(actor, None, spec)?;
        let admitted = self.admit(spec, None).await?;
        let created = self.store.create_hook(actor.name(), &admitted).await;
        created.map_err(|error| yanked_meanwhile(error, &spec.config))
    }

    /// Checks a hook against this server and replaces it. A config that stays
    /// as it is is not checked again, unless the hook is switched on: a hook
    /// whose script is gone can still be switched off.
    pub async fn update_hook(
        &self,
        actor: &Actor,
        id: HookId,
        version: i64,
        spec: &HookSpec,
    ) -> Result<Hook, EngineError> {
        let hook = self.store.get_hook(id).await?;
        // The store has the last word; this one spares a long check.
        if hook.version != version {
            return Err(StoreError::StaleVersion {
                what: Entity::Hook,
                current: hook.version,
            }
            .into());
        }
        self.check_trust(actor, Some(&hook.spec), spec)?;
        let switched_on = spec.enabled && !hook.spec.enabled;
        let moved = spec.trigger != hook.spec.trigger;
        let updated = if switched_on || moved || spec.config != hook.spec.config {
            let admitted = self.admit(spec, Some(&hook.spec)).await?;
            let actor = actor.name();
            self.store.update_hook(actor, id, version, &admitted).await
        } else {
            let actor = actor.name();
            self.store.update_hook(actor, id, version, spec).await
        };
        updated.map_err(|error| yanked_meanwhile(error, &spec.config))
    }

    /// Makes a hook what it was at a revision: a change like any other, so that
    /// what was right then is checked against this server as it is now.
    pub async fn restore_hook(
        &self,
        actor: &Actor,
        id: HookId,
        number: i64,
    ) -> Result<Hook, EngineError> {
        let hook = self.store.get_hook(id).await?;
        let revision = self.store.get_revision(id, number).await?;
        let spec = request_of(revision.hook)?.check()?;
        self.update_hook(actor, id, hook.version, &spec).await
    }

    /// What applies to a scope.
    pub async fn effective_set(
        &self,
        scope: Scope,
        trigger: Option<&Trigger>,
    ) -> Result<EffectiveSet, EngineError> {
        let lineage =
            match scope {
                Scope::Studio => Lineage::Studio,
                Scope::Project(id) => {
                    self.store.lineage_of_project(id).await?.ok_or_else(|| {
                        StoreError::NotFound {
                            what: Entity::Project,
                            id: id.to_string(),
                        }
                    })?
                }
                Scope::SceneType(id) => {
                    self.store.lineage_of_scene_type(id).await?.ok_or_else(|| {
                        StoreError::NotFound {
                            what: Entity::SceneType,
                            id: id.to_string(),
                        }
                    })?
                }
            };
        let hooks = self.store.hooks_for(&lineage, trigger).await?;
        Ok(resolve(hooks.into_iter().map(Arc::new), &lineage))
    }

    /// The hook as it is saved: with its plugin pinned. `before` is what it was.
    async fn admit(
        &self,
        spec: &HookSpec,
        before: Option<&HookSpec>,
    ) -> Result<HookSpec, EngineError> {
        let mut spec = spec.clone();
        let mut findings = Findings::default();
        let named = spec.config.secrets();
        let known = self.secrets.now();
        if named.iter().any(|(_, name)| known.get(name).is_err()) {
            // Another server may have stored it a moment ago.
            self.load_secrets().await?;
        }
        let known = self.secrets.now();
        for (pointer, name) in named {
            if let Err(missing) = known.get(name) {
                findings.push(pointer, missing.to_string());
            }
        }
        match &mut spec.config {
            HookConfig::Shell(config) => {
                let process = &self.runners.process;
                self.admit_script(&mut findings, &config.script_path)
                    .await?;
                findings.take(process.check(&config.grants, &config.limits));
            }
            HookConfig::Python(config) => {
                let process = &self.runners.process;
                let script = self
                    .admit_script(&mut findings, &config.script_path)
                    .await?;
                findings.take(process.check(&config.grants, &config.limits));
                let environment = self
                    .prepare_environment(&spec.name, config, script.as_ref())
                    .await?;
                if let Err(error) = environment {
                    let pointer = if config.venv.is_some() {
                        "/config/venv"
                    } else if config.requirements.is_empty() {
                        "/config/script_path"
                    } else {
                        "/config/requirements"
                    };
                    findings.push(pointer, error.to_string());
                }
            }
            HookConfig::Webhook(config) => self.admit_webhook(&mut findings, config),
            HookConfig::Wasm(config) => {
                let before = match before.map(|before| &before.config) {
                    Some(HookConfig::Wasm(before)) => Some(before),
                    _ => None,
                };
                let trigger = spec.trigger.hook_point();
                self.admit_plugin(&mut findings, config, trigger, before)
                    .await?;
            }
        }
        findings.finish()?;
        Ok(spec)
    }

    /// Finds the script, if it was pushed. What lies on the disk does not matter
    /// then, and may be missing otherwise.
    async fn admit_script(
        &self,
        findings: &mut Findings,
        path: &ScriptPath,
    ) -> Result<Option<BroughtScript>, EngineError> {
        let pushed = self.brought_script(path).await?;
        if pushed.is_none()
            && let Err(why) = self.runners.process.check_script(path)
        {
            findings.push("/config/script_path", why);
        }
        Ok(pushed)
    }

    fn admit_webhook(&self, findings: &mut Findings, config: &WebhookConfig) {
        if let Some(host) = config.url.host()
            && let Err(forbidden) = self.runners.webhook.network().check_host(&host)
        {
            findings.push("/config/url", forbidden.to_string());
        }
    }

    async fn admit_plugin(
        &self,
        findings: &mut Findings,
        config: &mut WasmConfig,
        hook_point: Option<HookPoint>,
        before: Option<&WasmConfig>,
    ) -> Result<(), EngineError> {
        findings.take(config.limits.within(&self.settings.limits));
        findings.take(self.runners.wasm.check_grants(&config.grants));
        let Some(version) = self.pin_plugin(findings, config, before).await? else {
            return Ok(());
        };
        check_trigger(findings, hook_point, &version.manifest);
        let plugin = match self.ready(config).await {
            Ok(plugin) => plugin,
            Err(NotReady::Unknown) => {
                let detail = format!("the plugin {} is gone from this server", config.plugin);
                findings.push("/config/plugin", detail);
                return Ok(());
            }
            Err(NotReady::Unfit(why)) => {
                findings.push("/config/plugin", why);
                return Ok(());
            }
            // The hook may be right; it is the server that cannot tell.
            Err(NotReady::Host(_)) => return Err(EngineError::Broken),
        };
        if plugin.imports_secrets() && config.grants.secrets.is_empty() {
            findings.push(
                "/config/grants/secrets",
                "this plugin imports secrets, and none is granted: grant those it needs",
            );
        }
        self.admit_settings(findings, config, &version, &plugin)
            .await
    }

    /// Settings have to satisfy the plugin's schema and then the plugin itself,
    /// which knows more. What both say of the same place is told once.
    async fn admit_settings(
        &self,
        findings: &mut Findings,
        config: &WasmConfig,
        version: &PluginVersion,
        plugin: &PreparedPlugin,
    ) -> Result<(), EngineError> {
        let settings = Value::Object(config.settings.clone());
        let schema = version.manifest.settings_schema.clone();
        // A schema that was taken in before schemas were looked at may be none;
        // then there is the plugin alone.
        let by_schema = blocking(move || {
            let schema = JsonSchema::compile(&schema).ok()?;
            schema.check(&settings, "/config/settings").err()
        })
        .await?;
        let by_plugin = self
            .runners
            .wasm
            .check_settings(plugin, &config.settings)
            .await;
        let told: Vec<FieldError> = by_schema.map(|invalid| invalid.0).unwrap_or_default();
        match by_plugin {
            Ok(()) => {}
            Err(SettingsError::Invalid(invalid)) => {
                let invalid = invalid.below("/config/settings");
                let news = invalid.0.into_iter().filter(|error| {
                    let same = |known: &FieldError| known.pointer == error.pointer;
                    !told.iter().any(same)
                });
                for error in news {
                    findings.push(error.pointer, error.detail);
                }
            }
            // It may have stumbled over what the schema forbids.
            Err(SettingsError::Unchecked(_)) if !told.is_empty() => {}
            Err(SettingsError::Unchecked(why)) => findings.push("/config/settings", why),
        }
        for error in told {
            findings.push(error.pointer, error.detail);
        }
        Ok(())
    }

    /// A script that runs without a sandbox can do whatever the server can, so
    /// who lets one run, or lets it run otherwise than before, is an
    /// administrator. REQ-SCR-6
    fn check_trust(
        &self,
        actor: &Actor,
        before: Option<&HookSpec>,
        spec: &HookSpec,
    ) -> Result<(), EngineError> {
        let is_as_before = before.is_some_and(|before| before.config == spec.config);
        if actor.is_admin() || is_as_before {
            return Ok(());
        }
        if spec.config.is_trusted() {
            return Err(EngineError::TrustNeedsAdministrator);
        }
        let is_script = spec.config.script_path().is_some();
        if is_script && self.confinement() == ConfinementLevel::Off {
            return Err(EngineError::ScriptHooksNeedAdministrator);
        }
        Ok(())
    }
}

/// The request that would make a hook what this document shows.
fn request_of(document: Value) -> Result<HookRequest, Invalid> {
    const GIVEN: [&str; 12] = [
        "name",
        "description",
        "hook_type",
        "hook_point",
        "event",
        "scope_type",
        "scope_id",
        "failure_mode",
        "config",
        "sort_order",
        "enabled",
        "extends",
    ];
    let document = match document {
        Value::Object(document) => document,
        _ => Map::new(),
    };
    let given = document
        .into_iter()
        .filter(|(key, _)| GIVEN.contains(&key.as_str()))
        .collect();
    from_value(Value::Object(given))
}
