//! Python environments of hooks: built when a hook is saved, from what was
//! resolved before where that is known, built again where they are missing, and
//! removed when nobody uses them any more. REQ-SCR-3

mod rebuild;

use crate::engine::Engine;
use crate::error::EngineError;
use stagehook_core::config::{HookConfig, HookType, PythonConfig};
use stagehook_core::page::{LIMIT_MAX, PageRequest};
use stagehook_runners::process::{BroughtScript, EnvironmentError, ManagedEnvironment};
use stagehook_store::HookFilter;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How long an environment may take to build.
const PATIENCE: Duration = Duration::from_mins(10);
/// How often it is looked for environments that nobody uses.
const LOOK_EVERY: Duration = Duration::from_hours(6);
/// How long an environment stays that no hook asks for any more: a hook that
/// was deleted may be restored.
const UNUSED_FOR: Duration = Duration::from_hours(7 * 24);

/// The managed environment of a hook.
struct Managed {
    key: String,
    /// What was locked of it, on whichever server built it first.
    known: Option<ManagedEnvironment>,
}

impl Engine {
    /// Makes sure that the environment of a Python hook is there. Who listens to
    /// progress hears the installer. The outer error is the server's, the inner
    /// one the hook's.
    pub(crate) async fn prepare_environment(
        &self,
        hook: &str,
        config: &PythonConfig,
        script: Option<&BroughtScript>,
    ) -> Result<Result<(), EnvironmentError>, EngineError> {
        let managed = match self.managed(config, script).await? {
            Ok(managed) => managed,
            Err(error) => return Ok(Err(error)),
        };
        // Building an environment takes a machine's time like a run does.
        let _turn = self.turn().await?;
        let known = managed.and_then(|managed| managed.known);
        self.build(hook, config, script, known).await
    }

    /// The managed environment of a hook; none for a hook that has none.
    async fn managed(
        &self,
        config: &PythonConfig,
        script: Option<&BroughtScript>,
    ) -> Result<Result<Option<Managed>, EnvironmentError>, EngineError> {
        let key = match self.runners.process.environment_key(config, script).await {
            Ok(Some(key)) => key,
            Ok(None) => return Ok(Ok(None)),
            Err(error) => return Ok(Err(error)),
        };
        let lock = self.store.locked_environment(&key).await?;
        let known = lock.map(|lock| ManagedEnvironment {
            key: key.clone(),
            lock,
        });
        Ok(Ok(Some(Managed { key, known })))
    }

    /// Builds an environment unless it is there, and keeps what it came to.
    async fn build(
        &self,
        hook: &str,
        config: &PythonConfig,
        script: Option<&BroughtScript>,
        known: Option<ManagedEnvironment>,
    ) -> Result<Result<(), EnvironmentError>, EngineError> {
        let progress = |line: &str| self.progress().environment(hook, line);
        let built = self
            .runners
            .process
            .prepare_environment(config, script, known.as_ref(), PATIENCE, &progress)
            .await;
        match built {
            Ok(Some(built)) => {
                if known.as_ref() != Some(&built) {
                    self.store.lock_environment(&built.key, &built.lock).await?;
                }
                Ok(Ok(()))
            }
            Ok(None) => Ok(Ok(())),
            Err(error) => Ok(Err(error)),
        }
    }

    /// Python hooks by their names: the enabled ones, or all.
    async fn python_hooks(
        &self,
        enabled: Option<bool>,
    ) -> Result<Vec<(String, PythonConfig)>, EngineError> {
        let filter = HookFilter {
            hook_type: Some(HookType::Python),
            enabled,
            ..HookFilter::default()
        };
        let mut page = PageRequest {
            limit: LIMIT_MAX,
            cursor: None,
        };
        let mut found = Vec::new();
        loop {
            let hooks = self.store.list_hooks(&filter, page).await?;
            found.extend(hooks.items.into_iter().filter_map(|hook| {
                let HookConfig::Python(config) = hook.spec.config else {
                    return None;
                };
                Some((hook.spec.name, config))
            }));
            if hooks.next_cursor.is_none() {
                return Ok(found);
            }
            page.cursor = hooks.next_cursor;
        }
    }

    /// Removes environments that no hook uses any more, now and then, until the
    /// server stops.
    pub(crate) async fn collect_environments(self: Arc<Self>) {
        let collecting = async {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                if let Err(error) = self.collect_once().await {
                    tracing::warn!(%error, "unused Python environments could not be removed");
                }
            }
        };
        tokio::select! {
            () = self.stopping.cancelled() => {}
            () = collecting => {}
        }
    }

    async fn collect_once(&self) -> Result<(), EngineError> {
        let mut keep = BTreeSet::new();
        for (_, config) in self.python_hooks(None).await? {
            let script = self.brought_script(&config.script_path).await?;
            let process = &self.runners.process;
            let key = process.environment_key(&config, script.as_ref()).await;
            // One whose script is gone keeps nothing by its metadata.
            if let Ok(Some(key)) = key {
                keep.insert(key);
            }
        }
        let removed = self
            .runners
            .process
            .collect_environments(&keep, UNUSED_FOR)
            .await?;
        if !removed.is_empty() {
            let environments = removed.len();
            tracing::info!(environments, "removed unused Python environments");
        }
        Ok(())
    }
}
