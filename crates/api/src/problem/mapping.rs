//! From what went wrong to what is answered.

use super::Problem;
use axum::http::StatusCode;
use stagehook_core::invalid::{FieldError, Invalid};
use stagehook_core::job::JobStatus;
use stagehook_engine::EngineError;
use stagehook_store::{Entity, StoreError};
use std::error::Error;

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        let detail = error.to_string();
        match error {
            EngineError::Store(error) => error.into(),
            EngineError::Invalid(invalid) => Self::invalid("invalid-request", invalid),
            EngineError::NoSuchJob(_) | EngineError::NoSuchTest(_) => Self::not_found(detail),
            EngineError::JobNotRunning { status, .. } => job_not_running(status, detail),
            EngineError::ProjectDeleted(_) => {
                Self::new(StatusCode::CONFLICT, "project-deleted", detail)
            }
            EngineError::KeyReused => {
                Self::new(StatusCode::CONFLICT, "idempotency-key-reused", detail)
            }
            EngineError::AlreadyEnded(_) => {
                Self::new(StatusCode::CONFLICT, "stage-run-ended", detail)
            }
            EngineError::Closed(_) => Self::new(StatusCode::CONFLICT, "stage-run-closed", detail),
            EngineError::TrustNeedsAdministrator => {
                let mut problem = Self::new(StatusCode::FORBIDDEN, "forbidden", detail.clone());
                problem.errors = vec![FieldError::new("/config/sandbox", detail)];
                problem
            }
            EngineError::ScriptHooksNeedAdministrator
            | EngineError::ScriptsNeedAdministrator
            | EngineError::SecretsNeedAdministrator => {
                Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
            }
            EngineError::SecretKeyMissing(_) => {
                Self::new(StatusCode::CONFLICT, "secret-key-missing", detail)
            }
            EngineError::SecretKey(error) => {
                tracing::error!(error = &error as &dyn Error, "no secret can be encrypted");
                Self::internal()
            }
            EngineError::Overloaded => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", detail)
            }
            EngineError::ShuttingDown => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "shutting-down", detail)
            }
            EngineError::PluginRejected(rejections) => {
                let mut problem = Self::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "invalid-plugin",
                    "the component was rejected; errors says why",
                );
                problem.errors = rejections
                    .into_iter()
                    .map(|rejection| FieldError::new("", rejection.detail))
                    .collect();
                if let [only] = problem.errors.as_slice() {
                    problem.detail = format!("the component was rejected: {}", only.detail);
                }
                problem
            }
            EngineError::Layout(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-archive", detail)
            }
            EngineError::PluginNotInspected | EngineError::Broken => Self::internal(),
            EngineError::Host(broken) => {
                tracing::error!(error = &broken as &dyn Error, "the host is broken");
                Self::internal()
            }
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let detail = error.to_string();
        match error {
            StoreError::NotFound { what, .. } => not_found(what, detail),
            StoreError::NameTaken { .. } => {
                let mut problem = Self::new(StatusCode::CONFLICT, "name-taken", detail.clone());
                problem.errors = vec![FieldError::new("/name", detail)];
                problem
            }
            StoreError::StaleVersion { .. } => {
                let mut problem = Self::new(StatusCode::CONFLICT, "stale-version", detail.clone());
                problem.errors = vec![FieldError::new("/version", detail)];
                problem
            }
            StoreError::ProjectDeleted { .. } => {
                Self::new(StatusCode::CONFLICT, "project-deleted", detail)
            }
            StoreError::SceneTypeDeleted { .. } => {
                Self::new(StatusCode::CONFLICT, "scene-type-deleted", detail)
            }
            StoreError::SceneTypeOfOtherProject { .. } => Self::invalid(
                "scene-type-of-other-project",
                Invalid::one(SCENE_TYPE, detail),
            ),
            StoreError::JobNotRunning { status, .. } => job_not_running(status, detail),
            StoreError::StageRunning { .. } => {
                Self::new(StatusCode::CONFLICT, "stage-running", detail)
            }
            StoreError::JobNotInReview { .. } => {
                Self::new(StatusCode::CONFLICT, "job-not-in-review", detail)
            }
            StoreError::Order(_) => {
                Self::invalid("invalid-order", Invalid::one("/hook_ids", detail))
            }
            StoreError::RunLost { .. } => {
                Self::new(StatusCode::CONFLICT, "stage-run-closed", detail)
            }
            StoreError::DeliveryRunning { .. } => {
                Self::new(StatusCode::CONFLICT, "delivery-running", detail)
            }
            StoreError::PublicationKeyReused => {
                Self::new(StatusCode::CONFLICT, "idempotency-key-reused", detail)
            }
            StoreError::PluginVersionTaken { .. } => {
                Self::new(StatusCode::CONFLICT, "plugin-version-taken", detail)
            }
            StoreError::PluginDigestTaken { .. } => {
                Self::new(StatusCode::CONFLICT, "plugin-digest-taken", detail)
            }
            StoreError::PluginYanked { .. } => {
                Self::invalid("invalid-request", Invalid::one("/config/plugin", detail))
            }
            StoreError::ScriptChanged { .. } => {
                Self::new(StatusCode::PRECONDITION_FAILED, "script-changed", detail)
            }
            StoreError::ScriptTrusted { .. } => {
                Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
            }
            StoreError::SecretInUse { .. } => {
                Self::new(StatusCode::CONFLICT, "secret-in-use", detail)
            }
            StoreError::LastAdministrator { .. } => {
                Self::new(StatusCode::CONFLICT, "last-administrator", detail)
            }
            StoreError::TooManyTestCases { .. } => {
                Self::new(StatusCode::CONFLICT, "too-many-test-cases", detail)
            }
            StoreError::ExecutionIdUsed { .. } => {
                let mut problem =
                    Self::new(StatusCode::CONFLICT, "execution-id-used", detail.clone());
                problem.errors = vec![FieldError::new("/execution_id", detail)];
                problem
            }
            StoreError::FolderFull { .. } => Self::new(StatusCode::CONFLICT, "folder-full", detail),
            StoreError::Unavailable(source) => {
                tracing::warn!(
                    error = &*source as &dyn Error,
                    "the database is not available"
                );
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "database-unavailable",
                    "the database does not answer at the moment: try again",
                )
            }
            StoreError::Closed => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "shutting-down",
                "the server is shutting down: try again on another, or later",
            ),
            // The first two are of no request, but of the server's start.
            error @ (StoreError::InvalidUrl(_)
            | StoreError::TokenTaken { .. }
            | StoreError::Database(_)
            | StoreError::Migration(_)
            | StoreError::Inconsistent { .. }) => {
                tracing::error!(error = &error as &dyn Error, "the store failed");
                Self::internal()
            }
        }
    }
}

impl Problem {
    /// A problem with what the path names: there is no field to point at.
    pub(crate) fn of_path(error: impl Into<Self>) -> Self {
        let mut problem = error.into();
        if problem.status == StatusCode::NOT_FOUND.as_u16() {
            problem.errors.clear();
        }
        problem
    }

    /// A problem with a hook, which names its project or scene type by
    /// `scope_id`.
    pub(crate) fn of_hook(error: impl Into<Self>) -> Self {
        let mut problem = error.into();
        for error in &mut problem.errors {
            if matches!(error.pointer.as_str(), PROJECT | SCENE_TYPE) {
                "/scope_id".clone_into(&mut error.pointer);
            }
        }
        problem
    }
}

/// Where most bodies name a project.
const PROJECT: &str = "/project_id";
/// Where most bodies name a scene type.
const SCENE_TYPE: &str = "/scene_type_id";

/// What a request names by id is not found; in most bodies the id stands here.
fn not_found(what: Entity, detail: String) -> Problem {
    let mut problem = Problem::not_found(detail.clone());
    let pointer = match what {
        Entity::Project => PROJECT,
        Entity::SceneType => SCENE_TYPE,
        _ => return problem,
    };
    problem.errors = vec![FieldError::new(pointer, detail)];
    problem
}

fn job_not_running(status: JobStatus, detail: String) -> Problem {
    let kind = match status {
        JobStatus::Failed => "job-halted",
        JobStatus::Running | JobStatus::Completed | JobStatus::Rejected => "job-not-running",
    };
    Problem::new(StatusCode::CONFLICT, kind, detail)
}
