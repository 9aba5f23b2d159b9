//! What a hook is told, put together from the run it is part of.

use serde_json::{Map, Value};
use stagehook_core::contract::{
    HookInput, HookRef, JobRef, PreviousResult, SCHEMA, StageInput, TriggerRef,
};
use stagehook_core::hook::Hook;
use stagehook_core::ids::ExecutionId;
use stagehook_core::job::Job;
use stagehook_core::scope::ScopeType;
use stagehook_core::trigger::HookPoint;
use std::time::Duration;

/// Most bytes of earlier results that a hook is told; past it, only how the
/// hooks ended.
const PREVIOUS_MAX_BYTES: usize = 512 << 10;

/// The results of the hooks that ran so far.
#[derive(Debug, Default)]
pub(crate) struct Previous {
    results: Vec<PreviousResult>,
    bytes: usize,
}

impl Previous {
    /// Adds what a hook came to.
    pub(crate) fn push(&mut self, mut previous: PreviousResult) {
        let size = previous
            .result
            .as_ref()
            .and_then(|result| serde_json::to_vec(result).ok())
            .map_or(0, |json| json.len());
        if self.bytes + size > PREVIOUS_MAX_BYTES {
            previous.result = None;
        } else {
            self.bytes += size;
        }
        self.results.push(previous);
    }

    /// The hook that ran last.
    pub(crate) fn last(&self) -> Option<&PreviousResult> {
        self.results.last()
    }
}

/// The reference to a hook as it is now.
pub(crate) fn hook_ref(hook: &Hook, source: ScopeType) -> HookRef {
    HookRef {
        id: hook.id,
        name: hook.spec.name.clone(),
        version: hook.version,
        source,
    }
}

/// The reference to a job.
pub(crate) fn job_ref(job: &Job) -> JobRef {
    JobRef {
        id: job.id,
        project_id: job.project_id,
        scene_type_id: job.scene_type_id,
        external_ref: job.external_ref.clone(),
    }
}

/// The scene as every hook of the job sees it: with the job's workflow.
/// REQ-RUN-11
pub(crate) fn scene_context(given: &Map<String, Value>, job: &Job) -> Map<String, Value> {
    let mut context = given.clone();
    if let Some(workflow) = &job.workflow {
        context.insert("workflow".to_owned(), workflow.clone());
    }
    context
}

/// What a hook of a stage is told.
pub(crate) struct StageStep<'a> {
    pub(crate) hook: &'a Hook,
    pub(crate) hook_ref: HookRef,
    pub(crate) job: &'a Job,
    pub(crate) point: HookPoint,
    pub(crate) stage: &'a StageInput,
    pub(crate) metadata: &'a Map<String, Value>,
    pub(crate) timeout: Duration,
    pub(crate) previous: &'a Previous,
    /// Whether the hook right before is one that this one extends.
    pub(crate) extends_previous: bool,
}

impl StageStep<'_> {
    pub(crate) fn input(self) -> HookInput {
        HookInput {
            schema: SCHEMA.to_owned(),
            execution_id: ExecutionId::generate(),
            hook: self.hook_ref,
            job: Some(job_ref(self.job)),
            trigger: TriggerRef::Stage {
                hook_point: self.point,
            },
            segment_path: self.stage.segment_path.clone(),
            metadata: self.metadata.clone(),
            scene_context: self.stage.scene_context.clone(),
            hook_config: hook_config(self.hook),
            data: None,
            attempt: 1,
            deadline_ms: millis(self.timeout),
            dry_run: false,
            previous_results: self.previous.results.clone(),
            inherited: self
                .previous
                .last()
                .filter(|_| self.extends_previous)
                .cloned(),
        }
    }
}

/// The hook's config as the hook sees it; secrets are names in it.
pub(crate) fn hook_config(hook: &Hook) -> Value {
    serde_json::to_value(&hook.spec.config).unwrap_or_default()
}

/// Whole milliseconds, at most `u64::MAX`.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
