//! The order in which an effective set runs.

use crate::input::hook_ref;
use stagehook_core::hook::Hook;
use stagehook_core::resolve::EffectiveSet;
use stagehook_core::scope::ScopeType;
use stagehook_core::stage_run::PlannedHook;
use std::sync::Arc;

/// One hook that is to run.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) hook: Arc<Hook>,
    pub(crate) source: ScopeType,
    /// Whether it extends the step right before it.
    pub(crate) extends_previous: bool,
}

/// The steps of an effective set, and the plan by which they are kept. A hook
/// that is extended runs right before the one that extends it. REQ-RES-6
pub(crate) fn of(set: &EffectiveSet) -> (Vec<Step>, Vec<PlannedHook>) {
    let mut steps = Vec::with_capacity(set.effective.len());
    for effective in &set.effective {
        let chain = effective
            .extended
            .iter()
            .map(|(hook, source)| (hook, *source))
            .chain([(&effective.hook, effective.source_level)]);
        for (i, (hook, source)) in chain.enumerate() {
            steps.push(Step {
                hook: Arc::clone(hook),
                source,
                extends_previous: i > 0,
            });
        }
    }
    let plan = steps
        .iter()
        .enumerate()
        .map(|(i, step)| PlannedHook {
            hook: hook_ref(&step.hook, step.source),
            hook_type: step.hook.spec.config.hook_type(),
            failure_mode: step.hook.spec.failure_mode,
            extended: steps.get(i + 1).is_some_and(|next| next.extends_previous),
        })
        .collect();
    (steps, plan)
}
