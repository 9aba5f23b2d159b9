//! What a hook is tried with, and how that is to end. REQ-API-2

use crate::execution::ExecutionStatus;
use crate::ids::{HookId, JobId, TestCaseId};
use crate::invalid::Invalid;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Most test cases of one hook.
pub const TEST_CASES_MAX: i64 = 100;
/// Largest sample input that is kept, in bytes of JSON as it is kept.
pub const INPUT_MAX_BYTES: usize = 256 << 10;

/// A sample input; every part is optional.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SampleInput {
    /// Path of the file at hand.
    pub segment_path: Option<String>,
    /// What is known so far.
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// The scene.
    #[schema(value_type = Object)]
    pub scene_context: Map<String, Value>,
    /// A job that the hook is told it runs for.
    pub job_id: Option<JobId>,
    /// For an event hook: the event's name; the hook's own pattern when it has
    /// no `*`, otherwise `test`.
    pub event: Option<String>,
    /// For an event hook: the event's data.
    #[schema(value_type = Object)]
    pub data: Map<String, Value>,
}

impl SampleInput {
    /// Refuses, at this JSON pointer, what is too large to be kept.
    pub fn check_kept(&self, pointer: &str) -> Result<(), Invalid> {
        let bytes = serde_json::to_string(self)
            .map_err(|error| Invalid::one(pointer, error.to_string()))?
            .len();
        if bytes > INPUT_MAX_BYTES {
            return Err(Invalid::one(
                pointer,
                format!("must be at most {INPUT_MAX_BYTES} bytes of JSON, has {bytes}"),
            ));
        }
        Ok(())
    }
}

/// A sample input that is kept with a hook.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TestCase {
    /// Its id.
    pub id: TestCaseId,
    /// The hook.
    pub hook_id: HookId,
    /// Unique for the hook.
    pub name: String,
    /// What the hook is told.
    pub input: SampleInput,
    /// How that is to end; null where nothing is expected.
    pub expected_status: Option<ExecutionStatus>,
    /// Who created it.
    pub created_by: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
    /// Counted up by every change.
    pub version: i64,
}

/// The part of a test case that people give and change.
#[derive(Debug, Clone, PartialEq)]
pub struct TestCaseSpec {
    /// Unique for the hook.
    pub name: String,
    /// What the hook is told.
    pub input: SampleInput,
    /// How that is to end.
    pub expected_status: Option<ExecutionStatus>,
}
