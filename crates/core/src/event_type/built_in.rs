//! The event types that Stagehook brings.

use super::{EventKind, EventType};
use std::sync::LazyLock;

const BUSINESS: [(&str, &str); 16] = [
    ("job_created", "A job was created."),
    ("variant_completed", "A variant of an image was made."),
    ("segment_started", "The rendering of a segment began."),
    ("segment_completed", "A segment was rendered."),
    (
        "concatenation_started",
        "The joining of the segments began.",
    ),
    ("delivery_completed", "A delivery was packed."),
    ("job_completed", "The pipeline finished a job."),
    ("job_failed", "A stage halted a job."),
    ("job_review_requested", "A job waits for a person."),
    ("job_review_resolved", "A person decided about a job."),
    ("stage_run_completed", "A stage run came to a verdict."),
    ("hook_executed", "A hook ran."),
    ("hook_blocked", "A hook halted a stage."),
    ("hook_changed", "A hook was created, changed or deleted."),
    (
        "hook_disabled",
        "A hook was disabled because its deliveries failed.",
    ),
    ("plugin_published", "A version of a plugin was uploaded."),
];

const PROGRESS: [(&str, &str); 3] = [
    ("job_progress", "A job went on."),
    ("hook_output", "A hook printed something."),
    (
        "environment_progress",
        "The installer of a Python environment printed something.",
    ),
];

static BUILT_IN: LazyLock<Vec<EventType>> = LazyLock::new(|| {
    let all = |kind, types: &[(&str, &str)]| -> Vec<EventType> {
        types
            .iter()
            .map(|&(name, description)| EventType {
                name: name.to_owned(),
                kind,
                description: description.to_owned(),
                schema: None,
                built_in: true,
            })
            .collect()
    };
    let mut types = all(EventKind::Business, &BUSINESS);
    types.extend(all(EventKind::Progress, &PROGRESS));
    types
});

/// The event types that Stagehook brings: business first, then progress.
pub fn built_in() -> &'static [EventType] {
    &BUILT_IN
}

/// Whether Stagehook brings an event type of this name.
pub fn is_built_in(name: &str) -> bool {
    built_in().iter().any(|event_type| event_type.name == name)
}
