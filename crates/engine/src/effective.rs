//! Effective sets, kept until a hook changes.

use crate::error::EngineError;
use stagehook_core::resolve::{EffectiveSet, resolve};
use stagehook_core::scope::Lineage;
use stagehook_core::trigger::{HookPoint, Trigger};
use stagehook_store::Store;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most sets that are kept; past it the cache starts anew.
const SETS_MAX: usize = 16_384;

/// The effective sets of stages, by scope and hook point, all of one
/// generation of hooks. A change of any hook, on any server, makes a new
/// generation, and the sets of the one before are dropped.
#[derive(Debug, Default)]
pub(crate) struct EffectiveSets {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    generation: i64,
    sets: HashMap<(Lineage, HookPoint), Arc<EffectiveSet>>,
}

impl EffectiveSets {
    /// The set of a stage, no older than `generation`.
    pub(crate) async fn of_stage(
        &self,
        store: &Store,
        lineage: Lineage,
        point: HookPoint,
        generation: i64,
    ) -> Result<Arc<EffectiveSet>, EngineError> {
        let key = (lineage, point);
        {
            let kept = self.lock();
            if kept.generation == generation
                && let Some(set) = kept.sets.get(&key)
            {
                return Ok(Arc::clone(set));
            }
        }
        // Read after the generation was: the hooks are at least as new, and a
        // change in between is seen by the next caller's generation.
        let hooks = store
            .hooks_for(&lineage, Some(&Trigger::Stage(point)))
            .await?;
        let set = Arc::new(resolve(hooks.into_iter().map(Arc::new), &lineage));
        let mut kept = self.lock();
        if generation > kept.generation || kept.sets.len() >= SETS_MAX {
            kept.sets.clear();
            kept.generation = kept.generation.max(generation);
        }
        if generation == kept.generation {
            kept.sets.insert(key, Arc::clone(&set));
        }
        Ok(set)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
