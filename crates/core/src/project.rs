//! Projects and scene types: the scopes below the studio.

use crate::ids::{ProjectId, SceneTypeId};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// A project of the studio.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Unique among the projects.
    pub name: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was deleted; its jobs and logs are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<DateTime<Utc>>,
}

/// A scene type, which belongs to one project. REQ-MOD-3
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SceneType {
    /// Its id.
    pub id: SceneTypeId,
    /// The project it belongs to.
    pub project_id: ProjectId,
    /// Unique within the project.
    pub name: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was deleted; its jobs and logs are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<DateTime<Utc>>,
}
