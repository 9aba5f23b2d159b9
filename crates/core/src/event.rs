//! Events, and the names of those that Stagehook itself emits.

use crate::ids::{EventId, JobId};
use crate::scope::Scope;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

/// An event, stored in the transaction of what caused it. REQ-EVT-3
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its id, the same in every delivery.
    pub id: EventId,
    /// Its type's name.
    pub event_name: String,
    /// What happened.
    pub data: Map<String, Value>,
    /// The job it is about; its hooks are those of the job's scope.
    pub job_id: Option<JobId>,
    /// What it is about, where it is no job.
    pub scope: Scope,
    /// When it happened.
    pub created_at: DateTime<Utc>,
}

/// Names of the built-in event types.
pub mod name {
    /// A job was created.
    pub const JOB_CREATED: &str = "job_created";
    /// The pipeline finished a job.
    pub const JOB_COMPLETED: &str = "job_completed";
    /// A stage halted a job.
    pub const JOB_FAILED: &str = "job_failed";
    /// A job waits for a person.
    pub const JOB_REVIEW_REQUESTED: &str = "job_review_requested";
    /// A person decided about a job.
    pub const JOB_REVIEW_RESOLVED: &str = "job_review_resolved";
    /// A stage run came to a verdict. Kept only where a hook answers it.
    pub const STAGE_RUN_COMPLETED: &str = "stage_run_completed";
    /// A hook halted a stage.
    pub const HOOK_BLOCKED: &str = "hook_blocked";
    /// A hook was created, changed or deleted.
    pub const HOOK_CHANGED: &str = "hook_changed";
    /// A hook ran. Kept only where a hook answers it.
    pub const HOOK_EXECUTED: &str = "hook_executed";
    /// An event hook was disabled because its deliveries failed.
    pub const HOOK_DISABLED: &str = "hook_disabled";
    /// A version of a plugin was uploaded.
    pub const PLUGIN_PUBLISHED: &str = "plugin_published";
    /// Progress: the installer of a hook's Python environment printed a line.
    pub const ENVIRONMENT_PROGRESS: &str = "environment_progress";
    /// Progress: a hook printed a line.
    pub const HOOK_OUTPUT: &str = "hook_output";
}
