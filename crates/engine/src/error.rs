//! What the engine refuses or cannot do.

use stagehook_core::ids::{ExecutionId, JobId, StageRunId};
use stagehook_core::invalid::Invalid;
use stagehook_core::job::JobStatus;
use stagehook_core::oci_layout::LayoutError;
use stagehook_core::secret::KeyId;
use stagehook_runners::wasm::Rejection;
use stagehook_runners::{HostBroken, KeyError};
use stagehook_store::StoreError;

/// What the engine refuses or cannot do.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The store said so.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The request is wrong.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is no such job.
    #[error("there is no job {0}")]
    NoSuchJob(JobId),
    /// The job does not run.
    #[error("job {job} is {}: {}", .status.as_str(), what_to_do(*.status))]
    JobNotRunning {
        /// The job.
        job: JobId,
        /// Where it stands.
        status: JobStatus,
    },
    /// The job's project was deleted.
    #[error("the project of job {0} was deleted")]
    ProjectDeleted(JobId),
    /// The idempotency key came with another request before.
    #[error("this Idempotency-Key was used for a different request: use a new one")]
    KeyReused,
    /// The stage run has ended.
    #[error("stage run {0} has ended already")]
    AlreadyEnded(StageRunId),
    /// There is no such test at work.
    #[error("no test with the execution id {0} is at work")]
    NoSuchTest(ExecutionId),
    /// Only an administrator may have a script run without a sandbox.
    #[error("only an administrator may have a script run without a sandbox")]
    TrustNeedsAdministrator,
    /// Scripts run without a sandbox here, so only an administrator may say
    /// which, and how.
    #[error(
        "only an administrator may save a script hook on this server: it runs scripts without a \
         sandbox (--sandbox off)"
    )]
    ScriptHooksNeedAdministrator,
    /// Scripts run without a sandbox here, so only an administrator may push them.
    #[error(
        "only an administrator may change scripts on this server: it runs them without a sandbox \
         (--sandbox off)"
    )]
    ScriptsNeedAdministrator,
    /// Only an administrator may change secrets.
    #[error("only an administrator may change secrets")]
    SecretsNeedAdministrator,
    /// There is no key to encrypt with, and secrets are encrypted with others.
    #[error(
        "this server has no key to encrypt secrets with, and there are secrets of the key {}: give \
         it that key (STAGEHOOK_SECRETS_KEY, or the key file of the other servers), or delete \
         those secrets first if the key is lost",
        listed(.0)
    )]
    SecretKeyMissing(Vec<KeyId>),
    /// The key of secrets cannot be used.
    #[error(transparent)]
    SecretKey(#[from] KeyError),
    /// Too many callers wait.
    #[error("too many stage runs wait for their turn: try again later")]
    Overloaded,
    /// The server stops.
    #[error("the server is shutting down: try again on another, or later")]
    ShuttingDown,
    /// The upload is no plugin that could be run here. Never empty.
    #[error("the component was rejected")]
    PluginRejected(Vec<Rejection>),
    /// The archive that came is no plugin's.
    #[error("the archive cannot be imported: {0}")]
    Layout(LayoutError),
    /// The upload could not be looked at; the server's log says why.
    #[error("the component could not be looked at on this server")]
    PluginNotInspected,
    /// The run was closed under us, by another server or by a person.
    #[error("stage run {0} was closed while it ran")]
    Closed(StageRunId),
    /// A task of this server broke; the server's log says where.
    #[error("the server could not do its work; its log says why")]
    Broken,
    /// The host cannot do its own work.
    #[error(transparent)]
    Host(#[from] HostBroken),
}

fn listed(keys: &[KeyId]) -> String {
    let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
    keys.join(", ")
}

const fn what_to_do(status: JobStatus) -> &'static str {
    match status {
        JobStatus::Failed => "a person must review it before its stages run again",
        JobStatus::Completed => "its stages have run",
        JobStatus::Rejected => "its stages do not run any more",
        JobStatus::Running => "it runs",
    }
}
