//! Inputs to give to a plugin.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    Context, EventInfo, ExecutionStatus, HookInfo, Input, JobInfo, Outcome, PreviousResult,
    ScopeLevel, Trigger,
};

/// Begins an input with these settings: the stage `post_segment` of a job, first
/// attempt, 30 s, no segment, no metadata.
pub fn input<S>(settings: S) -> InputBuilder<S> {
    InputBuilder(Input {
        context: Context {
            execution_id: "0199a3c4-0000-7000-8000-000000000001".to_owned(),
            hook: hook("hook_under_test"),
            job: Some(JobInfo {
                id: 42,
                project_id: 1,
                scene_type_id: None,
                external_ref: Some("shot_010".to_owned()),
            }),
            trigger: Trigger::Stage("post_segment".to_owned()),
            segment_path: None,
            attempt: 1,
            deadline_ms: 30_000,
            dry_run: false,
            previous_results: Vec::new(),
            inherited: None,
            data: None,
        },
        metadata: json!({}),
        scene_context: json!({}),
        settings,
    })
}

/// What a hook of this name came to, with what it answered.
pub fn previous(
    name: impl Into<String>,
    status: ExecutionStatus,
    result: Outcome,
) -> PreviousResult {
    PreviousResult {
        hook: hook(name),
        status,
        result: Some(result),
    }
}

fn hook(name: impl Into<String>) -> HookInfo {
    HookInfo {
        id: 7,
        name: name.into(),
        version: 1,
        source: ScopeLevel::Project,
    }
}

/// Makes an [`Input`].
#[derive(Debug, Clone)]
pub struct InputBuilder<S>(pub(super) Input<S>);

impl<S> InputBuilder<S> {
    /// Sets the stage's metadata.
    #[must_use]
    pub fn metadata(mut self, metadata: Value) -> Self {
        self.0.metadata = metadata;
        self
    }

    /// Sets what the pipeline knows of the scene.
    #[must_use]
    pub fn scene_context(mut self, scene_context: Value) -> Self {
        self.0.scene_context = scene_context;
        self
    }

    /// Sets the path of the segment: any that the test can open.
    #[must_use]
    pub fn segment(mut self, path: impl Into<String>) -> Self {
        self.0.context.segment_path = Some(path.into());
        self
    }

    /// Runs at this hook point.
    #[must_use]
    pub fn stage(mut self, hook_point: impl Into<String>) -> Self {
        self.0.context.trigger = Trigger::Stage(hook_point.into());
        self
    }

    /// Runs for an event, with its data.
    #[must_use]
    pub fn event(mut self, name: impl Into<String>, data: &Value) -> Self {
        self.0.context.trigger = Trigger::Event(EventInfo {
            name: name.into(),
            id: "0199a3c4-0000-7000-8000-000000000002".to_owned(),
        });
        self.0.context.data = Some(data.to_string());
        self
    }

    /// Adds what a hook before this one came to.
    #[must_use]
    pub fn previous(mut self, previous: PreviousResult) -> Self {
        self.0.context.previous_results.push(previous);
        self
    }

    /// Sets what the hook that this one extends came to.
    #[must_use]
    pub fn inherited(mut self, inherited: PreviousResult) -> Self {
        self.0.context.inherited = Some(inherited);
        self
    }

    /// Sets how long the call may take in all.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.0.context.deadline_ms = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// Makes it a test run, in which nothing outside may change.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.0.context.dry_run = true;
        self
    }

    /// Sets anything else.
    #[must_use]
    pub fn context(mut self, change: impl FnOnce(&mut Context)) -> Self {
        change(&mut self.0.context);
        self
    }

    /// The input.
    pub fn build(self) -> Input<S> {
        self.0
    }
}
