//! Which hooks apply to a scope, in which order, and why the others do not.
//!
//! Hooks of one trigger and one name compete: the lowest level wins
//! (studio < project < scene type). A disabled winner does not run, and so
//! switches off whatever it overrides. A winner that `extends` has the hook it
//! overrides run right before it. REQ-RES-1..6

use crate::hook::Hook;
use crate::ids::HookId;
use crate::scope::{Lineage, ScopeType};
use crate::trigger::Trigger;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// What applies to a scope, and what does not.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EffectiveSet {
    /// What applies, in the order in which it runs.
    pub effective: Vec<EffectiveHook>,
    /// What does not, and why.
    pub shadowed: Vec<ShadowedHook>,
}

/// A hook that applies.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectiveHook {
    /// The hook.
    pub hook: Arc<Hook>,
    /// The level it comes from.
    pub source_level: ScopeType,
    /// The hooks it replaced, nearest level first.
    pub overrides: Vec<HookId>,
    /// The hooks that run right before it because it extends them, in the
    /// order in which they run; the last one's result is handed to it.
    pub extended: Vec<(Arc<Hook>, ScopeType)>,
}

/// Why a hook does not apply by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShadowReason {
    /// A hook of a lower level replaced it.
    Overridden,
    /// It is disabled itself.
    Disabled,
    /// A disabled hook of a lower level switched it off.
    SwitchedOff,
}

/// A hook that lost.
#[derive(Debug, Clone, PartialEq)]
pub struct ShadowedHook {
    /// The hook.
    pub hook: Arc<Hook>,
    /// The level it comes from.
    pub source_level: ScopeType,
    /// Why it lost.
    pub reason: ShadowReason,
    /// To which hook it lost; none when it is disabled itself.
    pub by: Option<HookId>,
    /// Whether it runs all the same, because the winner extends it.
    pub extended: bool,
}

/// A hook with the level at which it takes part.
type Rival = (ScopeType, Arc<Hook>);

/// Resolves the hooks of a lineage. The order of `hooks` does not matter;
/// those of other scopes are passed over.
pub fn resolve(hooks: impl IntoIterator<Item = Arc<Hook>>, lineage: &Lineage) -> EffectiveSet {
    let mut rivals: BTreeMap<(Trigger, String), Vec<Rival>> = BTreeMap::new();
    for hook in hooks {
        if let Some(level) = lineage.level_of(&hook.spec.scope) {
            rivals
                .entry((hook.spec.trigger.clone(), hook.spec.name.clone()))
                .or_default()
                .push((level, hook));
        }
    }
    let mut set = EffectiveSet::default();
    for (_, mut rivals) in rivals {
        // Lowest level first. The store admits one hook a level; the id makes
        // the order total even if it did not.
        rivals.sort_by_key(|(level, hook)| (std::cmp::Reverse(*level), hook.id));
        rivals.dedup_by_key(|(_, hook)| hook.id);
        settle(&mut set, &rivals);
    }
    set.effective.sort_by(|a, b| order(a).cmp(&order(b)));
    set.shadowed.sort_by(|a, b| {
        let key = |s: &ShadowedHook| (s.hook.spec.sort_order, s.source_level, s.hook.id);
        key(a).cmp(&key(b))
    });
    set
}

/// REQ-RES-3; trigger and id come last so that the order stays total when
/// several triggers are resolved at once.
fn order(effective: &EffectiveHook) -> (i64, ScopeType, &str, &Trigger, HookId) {
    let hook = &effective.hook;
    (
        hook.spec.sort_order,
        effective.source_level,
        &hook.spec.name,
        &hook.spec.trigger,
        hook.id,
    )
}

fn settle(set: &mut EffectiveSet, rivals: &[Rival]) {
    let Some(((level, winner), losers)) = rivals.split_first() else {
        return;
    };
    if !winner.spec.enabled {
        set.shadowed.push(ShadowedHook {
            hook: Arc::clone(winner),
            source_level: *level,
            reason: ShadowReason::Disabled,
            by: None,
            extended: false,
        });
        set.shadowed
            .extend(losers.iter().map(|(level, hook)| ShadowedHook {
                hook: Arc::clone(hook),
                source_level: *level,
                reason: ShadowReason::SwitchedOff,
                by: Some(winner.id),
                extended: false,
            }));
        return;
    }
    // A chain of extensions ends at the first hook that does not extend, and
    // before the first that is disabled: what that one overrides is off, too.
    let mut extended = Vec::new();
    let mut reaches = winner.spec.extends;
    for (level, hook) in losers {
        reaches = reaches && hook.spec.enabled;
        if reaches {
            extended.push((Arc::clone(hook), *level));
        }
        set.shadowed.push(ShadowedHook {
            hook: Arc::clone(hook),
            source_level: *level,
            reason: ShadowReason::Overridden,
            by: Some(winner.id),
            extended: reaches,
        });
        reaches = reaches && hook.spec.extends;
    }
    extended.reverse();
    set.effective.push(EffectiveHook {
        hook: Arc::clone(winner),
        source_level: *level,
        overrides: losers.iter().map(|(_, hook)| hook.id).collect(),
        extended,
    });
}
