//! Plugins that enabled hooks use are made ready before they are asked for, so
//! that no stage waits for a compiler, nor for a disk.
//!
//! In the background, few at a time, and only as long as there is room: this
//! never pushes out what is in use, and the server is ready without it.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::plugins::NotReady;
use futures_util::StreamExt as _;
use futures_util::stream;
use stagehook_core::config::{HookConfig, HookType, PluginRef, WasmConfig};
use stagehook_core::page::{LIMIT_MAX, PageRequest};
use stagehook_store::HookFilter;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often this server asks whether hooks were changed, here or elsewhere. A
/// hook that is saved here has its plugin ready already.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How many are made ready at the same time.
const AT_ONCE: usize = 2;
/// How long a plugin that could not be made ready is left alone: what it lacks
/// (memory, a signature) seldom comes by itself, and trying costs a compilation.
/// Its calls try anyway.
const LEFT_ALONE: Duration = Duration::from_hours(1);
/// Most pages of hooks that are looked at, the oldest first: the plugins of
/// those beyond are made ready by their first call.
const PAGES_MAX: usize = 50;

impl Engine {
    /// Makes plugins ready that enabled hooks use, now and whenever hooks have
    /// changed, until the server stops.
    pub(crate) async fn keep_plugins_hot(self: Arc<Self>) {
        let mut seen = None;
        let mut failures = Failures::default();
        let keeping = async {
            loop {
                match self.make_plugins_hot(seen, &mut failures).await {
                    Ok(generation) => seen = Some(generation),
                    Err(error) => {
                        tracing::debug!(%error, "the plugins in use cannot be found out");
                    }
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::select! {
            () = self.stopping.cancelled() => {}
            () = keeping => {}
        }
    }

    /// Does it once, unless hooks are still of the generation that was `seen`;
    /// which generation they are.
    async fn make_plugins_hot(
        &self,
        seen: Option<i64>,
        failures: &mut Failures,
    ) -> Result<i64, EngineError> {
        let generation = self.store.hook_generation().await?;
        if seen == Some(generation) {
            return Ok(generation);
        }
        let began = Instant::now();
        let mut cold = self.cold_plugins().await?;
        failures.forget_old(began);
        cold.retain(|plugin, _| !failures.has(plugin));
        if cold.is_empty() {
            return Ok(generation);
        }
        let mut ready = 0;
        let mut made = stream::iter(cold)
            .map(|(plugin, config)| async move {
                if !self.runners.wasm.has_room() {
                    return None;
                }
                Some((plugin, self.ready(&config).await))
            })
            .buffer_unordered(AT_ONCE);
        while let Some(made) = made.next().await {
            match made {
                Some((_, Ok(_))) => ready += 1,
                // Its first call will say so, and where.
                Some((plugin, Err(NotReady::Unknown | NotReady::Unfit(_) | NotReady::Host(_)))) => {
                    failures.note(plugin, Instant::now());
                }
                None => {}
            }
        }
        let took_ms = began.elapsed().as_millis();
        tracing::info!(plugins = ready, took_ms, "plugins in use are ready to run");
        Ok(generation)
    }

    /// The plugins that enabled hooks use and that are not ready yet.
    async fn cold_plugins(&self) -> Result<HashMap<PluginRef, WasmConfig>, EngineError> {
        let filter = HookFilter {
            hook_type: Some(HookType::Wasm),
            enabled: Some(true),
            ..HookFilter::default()
        };
        let mut found: HashMap<PluginRef, WasmConfig> = HashMap::new();
        let mut page = PageRequest {
            limit: LIMIT_MAX,
            cursor: None,
        };
        for _ in 0..PAGES_MAX {
            let hooks = self.store.list_hooks(&filter, page).await?;
            for hook in hooks.items {
                if let HookConfig::Wasm(config) = hook.spec.config
                    && let Some(plugin) = config.exact_plugin()
                    && !self.is_hot(&plugin)
                {
                    found.entry(plugin).or_insert(config);
                }
            }
            if hooks.next_cursor.is_none() {
                break;
            }
            page.cursor = hooks.next_cursor;
        }
        Ok(found)
    }
}

/// The plugins that could not be made ready, and when that was. A version never
/// changes, so that it is as good a name as its digest.
#[derive(Debug, Default)]
struct Failures(HashMap<PluginRef, Instant>);

impl Failures {
    fn note(&mut self, plugin: PluginRef, at: Instant) {
        self.0.insert(plugin, at);
    }

    fn has(&self, plugin: &PluginRef) -> bool {
        self.0.contains_key(plugin)
    }

    fn forget_old(&mut self, now: Instant) {
        self.0
            .retain(|_, at| now.saturating_duration_since(*at) < LEFT_ALONE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_that_failed_is_left_alone_for_a_while() {
        let (plugin, other): (PluginRef, PluginRef) = (
            "probe@1.0.0".parse().unwrap(),
            "probe@1.1.0".parse().unwrap(),
        );
        let began = Instant::now();
        let mut failures = Failures::default();
        failures.note(plugin.clone(), began);
        failures.forget_old(began + LEFT_ALONE / 2);
        assert!(failures.has(&plugin));
        assert!(!failures.has(&other));
        failures.forget_old(began + LEFT_ALONE);
        assert!(!failures.has(&plugin));
    }
}
