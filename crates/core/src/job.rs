//! Jobs of the pipeline, and their review.

use crate::ids::{JobId, ProjectId, SceneTypeId};
use crate::scope::Lineage;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::str::FromStr;
use utoipa::ToSchema;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// The pipeline works on it.
    Running,
    /// A stage halted it; it waits for a review.
    Failed,
    /// The pipeline finished it.
    Completed,
    /// A review rejected it.
    Rejected,
}

impl JobStatus {
    /// The name used in JSON and in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Completed => "completed",
            Self::Rejected => "rejected",
        }
    }
}

/// The text names no status of a job.
#[derive(Debug, thiserror::Error)]
#[error("must be one of running, failed, completed, rejected")]
pub struct UnknownJobStatus;

impl FromStr for JobStatus {
    type Err = UnknownJobStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "running" => Ok(Self::Running),
            "failed" => Ok(Self::Failed),
            "completed" => Ok(Self::Completed),
            "rejected" => Ok(Self::Rejected),
            _ => Err(UnknownJobStatus),
        }
    }
}

/// What a person decides about a halted job. REQ-RUN-5
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewDecision {
    /// The pipeline may go on.
    Resume,
    /// The job is given up.
    Reject,
}

impl ReviewDecision {
    /// The name used in JSON and in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resume => "resume",
            Self::Reject => "reject",
        }
    }

    /// The job's status after this decision.
    pub const fn status(self) -> JobStatus {
        match self {
            Self::Resume => JobStatus::Running,
            Self::Reject => JobStatus::Rejected,
        }
    }
}

/// The text names no decision.
#[derive(Debug, thiserror::Error)]
#[error("must be one of resume, reject")]
pub struct UnknownDecision;

impl FromStr for ReviewDecision {
    type Err = UnknownDecision;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "resume" => Ok(Self::Resume),
            "reject" => Ok(Self::Reject),
            _ => Err(UnknownDecision),
        }
    }
}

/// The last review of a job.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Review {
    /// What was decided.
    pub decision: ReviewDecision,
    /// Why.
    pub note: String,
    /// Who decided.
    pub reviewer: String,
    /// When.
    pub reviewed_at: DateTime<Utc>,
}

/// A job of the pipeline.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Its project.
    pub project_id: ProjectId,
    /// Its scene type.
    pub scene_type_id: Option<SceneTypeId>,
    /// What the pipeline calls it.
    pub external_ref: Option<String>,
    /// The workflow it was generated with. REQ-RUN-11
    #[schema(value_type = Option<Object>)]
    pub workflow: Option<Value>,
    /// Where it stands.
    pub status: JobStatus,
    /// Whether it waits for a person.
    pub needs_review: bool,
    /// Why it was halted.
    pub review_reason: Option<String>,
    /// The last review.
    pub review: Option<Review>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

impl Job {
    /// The scopes whose hooks apply to it.
    pub fn lineage(&self) -> Lineage {
        match self.scene_type_id {
            Some(scene_type) => Lineage::SceneType(self.project_id, scene_type),
            None => Lineage::Project(self.project_id),
        }
    }
}
