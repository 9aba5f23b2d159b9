//! What a hook is told. REQ-RUN-2

use super::HookResult;
use crate::execution::ExecutionStatus;
use crate::ids::{EventId, ExecutionId, HookId, JobId, ProjectId, SceneTypeId};
use crate::scope::ScopeType;
use crate::trigger::HookPoint;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The version of the contract.
pub const SCHEMA: &str = "hook/1";

/// What the pipeline hands to a stage.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StageInput {
    /// Path of the file at hand, below a media root.
    pub segment_path: Option<String>,
    /// What is known so far; hooks patch it.
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// The scene; hooks read it.
    #[schema(value_type = Object)]
    pub scene_context: Map<String, Value>,
}

/// The hook that runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HookRef {
    /// Its id.
    pub id: HookId,
    /// Its name.
    pub name: String,
    /// Its version at that time.
    pub version: i64,
    /// The level it comes from.
    pub source: ScopeType,
}

/// The job it runs for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobRef {
    /// Its id.
    pub id: JobId,
    /// The job's project.
    pub project_id: ProjectId,
    /// The job's scene type.
    pub scene_type_id: Option<SceneTypeId>,
    /// What the pipeline calls it.
    pub external_ref: Option<String>,
}

/// What made the hook run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum TriggerRef {
    /// A stage.
    Stage {
        /// Where in the pipeline.
        hook_point: HookPoint,
    },
    /// An event.
    Event {
        /// The event's name.
        event: String,
        /// The event's id.
        event_id: EventId,
    },
}

/// What an earlier hook of the same stage run came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PreviousResult {
    /// The hook.
    pub hook: HookRef,
    /// How it ended.
    pub status: ExecutionStatus,
    /// What it answered.
    pub result: Option<HookResult>,
}

/// What the hook that this one extends came to. REQ-RES-6
pub type InheritedResult = PreviousResult;

/// Everything a hook is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HookInput {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// This execution.
    pub execution_id: ExecutionId,
    /// The hook itself.
    pub hook: HookRef,
    /// The job, where there is one.
    pub job: Option<JobRef>,
    /// What made it run.
    pub trigger: TriggerRef,
    /// Path of the file at hand.
    pub segment_path: Option<String>,
    /// What is known so far.
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// The scene; `workflow` is that of the job. REQ-RUN-11
    #[schema(value_type = Object)]
    pub scene_context: Map<String, Value>,
    /// The hook's own config, secrets by name only.
    #[schema(value_type = Object)]
    pub hook_config: Value,
    /// The event's data; absent for a stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub data: Option<Value>,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// How long it may take, in milliseconds.
    pub deadline_ms: u64,
    /// True for a test: nothing must be changed for good.
    pub dry_run: bool,
    /// The hooks that ran before it in this stage run.
    pub previous_results: Vec<PreviousResult>,
    /// What the hook it extends came to.
    pub inherited: Option<InheritedResult>,
}
