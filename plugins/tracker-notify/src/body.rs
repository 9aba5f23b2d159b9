//! What the tracker is told.

use stagehook_plugin_sdk::{ExecutionStatus, Input, PreviousResult, Trigger, Value, json};

use crate::settings::Settings;

/// The body of the request.
pub(crate) fn of(input: &Input<Settings>) -> Value {
    let context = &input.context;
    let hooks = input.previous_results();
    let fields: Value = input
        .settings
        .fields
        .iter()
        .filter_map(|(name, pointer)| {
            let value = input.metadata.pointer(pointer)?;
            Some((name.clone(), value.clone()))
        })
        .collect();
    let trigger = match &context.trigger {
        Trigger::Stage(hook_point) => json!({"hook_point": hook_point}),
        Trigger::Event(event) => json!({"event": event.name, "event_id": event.id}),
    };
    let mut body = json!({
        "execution_id": context.execution_id,
        "trigger": trigger,
        "job": context.job.as_ref().map(|job| json!({
            "id": job.id,
            "project_id": job.project_id,
            "external_ref": job.external_ref,
        })),
        "segment": segment(input),
        "status": worst(hooks),
        "hooks": hooks.iter().map(hook).collect::<Vec<_>>(),
        "fields": fields,
    });
    if let Some(data) = input.event_data() {
        body["data"] = data;
    }
    body
}

/// The name of the segment's file, where the hook grants it.
pub(crate) fn segment(input: &Input<Settings>) -> Option<&str> {
    let path = input.context.segment_path.as_deref()?;
    path.rsplit('/').next()
}

fn hook(previous: &PreviousResult) -> Value {
    json!({
        "name": previous.hook.name,
        "status": name(previous.status),
        "message": previous.result.as_ref().and_then(|result| result.message.as_deref()),
    })
}

/// What the hooks before this one came to, taken together.
fn worst(hooks: &[PreviousResult]) -> &'static str {
    let severity = |status: ExecutionStatus| match status {
        ExecutionStatus::Passed | ExecutionStatus::Skipped => 0,
        ExecutionStatus::NeedsReview => 1,
        _ => 2,
    };
    match hooks.iter().map(|hook| severity(hook.status)).max() {
        None | Some(0) => "passed",
        Some(1) => "needs_review",
        Some(_) => "failed",
    }
}

/// The names of the HTTP interface.
fn name(status: ExecutionStatus) -> &'static str {
    match status {
        ExecutionStatus::Passed => "passed",
        ExecutionStatus::Failed => "failed",
        ExecutionStatus::Skipped => "skipped",
        ExecutionStatus::NeedsReview => "needs_review",
        ExecutionStatus::TimedOut => "timed_out",
        ExecutionStatus::Killed => "killed",
        ExecutionStatus::OutOfMemory => "out_of_memory",
        ExecutionStatus::OutOfFuel => "out_of_fuel",
        ExecutionStatus::LimitExceeded => "limit_exceeded",
        ExecutionStatus::InvalidResult => "invalid_result",
        ExecutionStatus::Refused => "refused",
        ExecutionStatus::HostError => "host_error",
        ExecutionStatus::Cancelled => "cancelled",
        ExecutionStatus::Interrupted => "interrupted",
    }
}
