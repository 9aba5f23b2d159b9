//! Environments that enabled hooks have, and this server has not: built again,
//! as they were locked when their hook was saved, through another server or on
//! this one before its data was lost.
//!
//! In the background, one at a time; the server is ready without them, and a
//! run that comes too early says what it lacks. Only what is locked is built:
//! nothing is resolved that nobody saved.

use super::Managed;
use crate::engine::Engine;
use crate::error::EngineError;
use stagehook_core::config::PythonConfig;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How often this server asks whether there is anything to look for.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How long one that could not be built is left alone: what it lacks (packages,
/// a network) seldom comes by itself, and trying costs an installation.
const LEFT_ALONE: Duration = Duration::from_mins(5);

/// What it was like when it was looked the last time.
#[derive(Debug, Clone, Copy)]
struct Looked {
    generation: i64,
    /// When to try again what could not be built.
    again_at: Option<Instant>,
}

impl Looked {
    /// Whether to look now, a run having `missed` an environment or not.
    fn is_over(self, generation: i64, missed: bool, now: Instant) -> bool {
        generation != self.generation || self.again_at.map_or(missed, |at| now >= at)
    }
}

impl Engine {
    /// Builds what is missing, now, whenever hooks have changed and when a run
    /// missed something, until the server stops.
    pub(crate) async fn keep_environments_built(self: Arc<Self>) {
        let keeping = async {
            let mut looked = None;
            loop {
                match self.rebuild(looked).await {
                    Ok(now) => looked = Some(now),
                    Err(error) => {
                        tracing::debug!(%error, "missing Python environments cannot be found out");
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

    async fn rebuild(&self, looked: Option<Looked>) -> Result<Looked, EngineError> {
        let missed = self.environment_missed.swap(false, Ordering::Relaxed);
        let generation = self.store.hook_generation().await?;
        if let Some(looked) = looked
            && !looked.is_over(generation, missed, Instant::now())
        {
            return Ok(looked);
        }
        let mut tried = BTreeSet::new();
        let mut all_there = true;
        for (name, config) in self.python_hooks(Some(true)).await? {
            all_there &= self.rebuild_one(&name, &config, &mut tried).await?;
        }
        let again_at = (!all_there).then(|| Instant::now() + LEFT_ALONE);
        Ok(Looked {
            generation,
            again_at,
        })
    }

    /// False where it could not be built. What keeps a hook from having an
    /// environment at all, its runs say.
    async fn rebuild_one(
        &self,
        hook: &str,
        config: &PythonConfig,
        tried: &mut BTreeSet<String>,
    ) -> Result<bool, EngineError> {
        if config.venv.is_some() {
            return Ok(true);
        }
        let script = self.brought_script(&config.script_path).await?;
        let managed = self.managed(config, script.as_ref()).await?;
        let Ok(Some(Managed { key, known })) = managed else {
            return Ok(true);
        };
        if known.is_none() || !tried.insert(key) {
            return Ok(true);
        }
        let built = self.build(hook, config, script.as_ref(), known).await?;
        if let Err(error) = &built {
            tracing::warn!(hook, %error, "a Python environment could not be built again, trying later");
        }
        Ok(built.is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::{LEFT_ALONE, Looked};
    use std::time::Instant;

    #[test]
    fn what_could_not_be_built_is_left_alone_whoever_misses_it() {
        let began = Instant::now();
        let there = Looked {
            generation: 7,
            again_at: None,
        };
        assert!(!there.is_over(7, false, began));
        assert!(there.is_over(7, true, began), "a run missed one");
        assert!(there.is_over(8, false, began), "hooks changed");
        let failed = Looked {
            again_at: Some(began + LEFT_ALONE),
            ..there
        };
        assert!(!failed.is_over(7, true, began));
        assert!(failed.is_over(7, false, began + LEFT_ALONE));
        assert!(failed.is_over(8, false, began), "perhaps it was corrected");
    }
}
