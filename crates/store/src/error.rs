//! What can go wrong, told apart by type.

use stagehook_core::config::{ScriptPath, SecretName};
use stagehook_core::digest::Digest;
use stagehook_core::ids::{
    DeliveryId, ExecutionId, HookId, JobId, ProjectId, SceneTypeId, StageRunId,
};
use stagehook_core::job::JobStatus;
use stagehook_core::plugin::{PluginName, PluginVersion};
use stagehook_core::script::{FOLDER_MAX_BYTES, FOLDER_MAX_SCRIPTS};
use stagehook_core::test_case::TEST_CASES_MAX;
use std::fmt;
use std::sync::Arc;

/// The kinds of things that the store keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Entity {
    /// A project.
    Project,
    /// A scene type.
    SceneType,
    /// A job.
    Job,
    /// A hook.
    Hook,
    /// A sample input that is kept with a hook.
    TestCase,
    /// A revision of a hook.
    Revision,
    /// A stage run.
    StageRun,
    /// A row of the execution log.
    Log,
    /// A plugin.
    Plugin,
    /// A version of a plugin.
    PluginVersion,
    /// A script.
    Script,
    /// A version of a script.
    ScriptVersion,
    /// A stored secret.
    Secret,
    /// A business event.
    Event,
    /// A delivery of an event.
    Delivery,
    /// A type of events.
    EventType,
    /// A row of the audit trail.
    AuditEntry,
    /// An API token.
    Token,
}

impl Entity {
    /// The name used in the audit trail: `scene_type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::SceneType => "scene_type",
            Self::Job => "job",
            Self::Hook => "hook",
            Self::TestCase => "test_case",
            Self::Revision => "revision",
            Self::StageRun => "stage_run",
            Self::Log => "log",
            Self::Plugin => "plugin",
            Self::PluginVersion => "plugin_version",
            Self::Script => "script",
            Self::ScriptVersion => "script_version",
            Self::Secret => "secret",
            Self::Event => "event",
            Self::Delivery => "delivery",
            Self::EventType => "event_type",
            Self::AuditEntry => "audit_entry",
            Self::Token => "token",
        }
    }
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SceneType => "scene type",
            Self::TestCase => "test case",
            Self::StageRun => "stage run",
            Self::Log => "execution log",
            Self::PluginVersion => "plugin version",
            Self::ScriptVersion => "script version",
            Self::AuditEntry => "audit entry",
            other => other.as_str(),
        })
    }
}

/// Why a list of hooks cannot become the order of their trigger and scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// No hook was named.
    #[error("no hook is named")]
    Empty,
    /// A hook was named twice.
    #[error("hook {0} is named twice")]
    Repeated(HookId),
    /// Two of the hooks differ in trigger or scope.
    #[error("hook {0} has another trigger or scope than the first one named")]
    Foreign(HookId),
    /// A hook of the same trigger and scope was not named.
    #[error("hook {0} has the same trigger and scope, and is not named")]
    Missing(HookId),
}

/// Why the store did not do what it was asked.
///
/// The texts may be shown to clients, except those of
/// [`Unavailable`](Self::Unavailable), [`Database`](Self::Database) and
/// [`Inconsistent`](Self::Inconsistent), which are for the operator's log.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// There is no such thing.
    #[error("there is no {what} {id}")]
    NotFound {
        /// What kind of thing.
        what: Entity,
        /// The id (or the name) that was given.
        id: String,
    },
    /// The name is taken: of a project, of a scene type in its project, or of
    /// a hook at its trigger and scope.
    #[error("another {what} is named '{name}' already")]
    NameTaken {
        /// What kind of thing.
        what: Entity,
        /// The name.
        name: String,
    },
    /// Somebody changed it since it was read.
    #[error("the {what} has version {current} by now: read it again, then change that version")]
    StaleVersion {
        /// What kind of thing.
        what: Entity,
        /// The version that it has.
        current: i64,
    },
    /// The project was deleted.
    #[error("project {id} was deleted: nothing new can be made in it")]
    ProjectDeleted {
        /// The project.
        id: ProjectId,
    },
    /// The scene type was deleted.
    #[error("scene type {id} was deleted: nothing new can be made for it")]
    SceneTypeDeleted {
        /// The scene type.
        id: SceneTypeId,
    },
    /// The scene type belongs to another project than the job's.
    #[error("scene type {scene_type_id} belongs to project {project_id}")]
    SceneTypeOfOtherProject {
        /// The scene type.
        scene_type_id: SceneTypeId,
        /// The project it belongs to.
        project_id: ProjectId,
    },
    /// Only a running job can do this.
    #[error("job {id} is {}, not running", .status.as_str())]
    JobNotRunning {
        /// The job.
        id: JobId,
        /// Where it stands: `failed` when a stage halted it.
        status: JobStatus,
    },
    /// A stage of the job is at work, and may still halt it.
    #[error("a stage of job {id} is still running: wait for its verdict, or cancel it")]
    StageRunning {
        /// The job.
        id: JobId,
    },
    /// Only a job that waits for a review can be reviewed.
    #[error("job {id} is {} and does not wait for a review", .status.as_str())]
    JobNotInReview {
        /// The job.
        id: JobId,
        /// Where it stands.
        status: JobStatus,
    },
    /// The hooks cannot be put in this order.
    #[error("the hooks cannot be put in this order: {0}")]
    Order(#[from] OrderError),
    /// The stage run has ended, or another server took it over.
    #[error("stage run {id} is no longer run by this server")]
    RunLost {
        /// The stage run.
        id: StageRunId,
    },
    /// The delivery is being attempted right now.
    #[error("delivery {id} is being attempted right now: wait for that attempt to end")]
    DeliveryRunning {
        /// The delivery.
        id: DeliveryId,
    },
    /// The idempotency key was used for another publication.
    #[error("the Idempotency-Key was used before, for other events")]
    PublicationKeyReused,
    /// The version of the plugin exists with other bytes.
    #[error(
        "{name} {version} was published before as {existing}: publish changed bytes as a new version"
    )]
    PluginVersionTaken {
        /// The plugin.
        name: PluginName,
        /// Its version.
        version: String,
        /// The digest that this version has.
        existing: Digest,
    },
    /// The component is another version already, or another plugin.
    #[error(
        "the component {digest} was published before as {existing}: one component is one version \
         of one plugin, so let it describe itself the same each time"
    )]
    PluginDigestTaken {
        /// The component.
        digest: Digest,
        /// What it is, as `name@version`.
        existing: String,
    },
    /// The version was yanked, and the hook did not run it before.
    #[error("{plugin} was yanked by {by}{}: choose another version", in_parentheses(.reason))]
    PluginYanked {
        /// The version, as `name@version`.
        plugin: String,
        /// By whom.
        by: String,
        /// Why; may be empty.
        reason: String,
    },
    /// Somebody changed the script since it was read.
    #[error("the script {path} {}: read it again, then change that", now(.current.as_ref()))]
    ScriptChanged {
        /// The script.
        path: ScriptPath,
        /// What it says; nothing, where there is none.
        current: Option<Digest>,
    },
    /// A hook runs the script, or one beside it, without a sandbox.
    #[error(
        "only an administrator may change the script {path}: the trusted hook '{hook}' runs it, or \
         one beside it, without a sandbox"
    )]
    ScriptTrusted {
        /// The script.
        path: ScriptPath,
        /// The name of the hook.
        hook: String,
    },
    /// There is no room for another script beside these.
    #[error(
        "the folder '{folder}' would hold more than {FOLDER_MAX_SCRIPTS} scripts or {max} MiB: a \
         hook is brought the whole folder of its script, so put it into another",
        max = FOLDER_MAX_BYTES >> 20
    )]
    FolderFull {
        /// The folder; empty for scripts that are in none.
        folder: String,
    },
    /// The hook has as many test cases as it can have.
    #[error("hook {hook} has {TEST_CASES_MAX} test cases, which is the most: delete one first")]
    TooManyTestCases {
        /// The hook.
        hook: HookId,
    },
    /// Another test has this id.
    #[error("the execution id {id} was used before: choose another one, or none")]
    ExecutionIdUsed {
        /// The id.
        id: ExecutionId,
    },
    /// Hooks name the secret.
    #[error(
        "the secret {name} is used by {}: change them first, or delete it with ?force=true",
        named(hooks)
    )]
    SecretInUse {
        /// The secret.
        name: SecretName,
        /// The names of the hooks. Not empty.
        hooks: Vec<String>,
    },
    /// The text of the token is that of another one.
    #[error(
        "this token is '{name}' already, and no two can be the same: choose another text, or \
         revoke that one"
    )]
    TokenTaken {
        /// The name of the other one, which may have expired.
        name: String,
    },
    /// Without this token nobody could make others.
    #[error(
        "'{name}' is the last administrator's token that does not expire, without which nobody \
         could make others: make another such token first"
    )]
    LastAdministrator {
        /// The token's name.
        name: String,
    },
    /// The address of the database cannot be used.
    #[error("the database URL cannot be used: {0}")]
    InvalidUrl(String),
    /// The database does not answer, or takes no writes; it may later.
    #[error("the database is not available: {0}")]
    Unavailable(Arc<sqlx::Error>),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The database refused a statement.
    #[error("the database refused a statement: {0}")]
    Database(Arc<sqlx::Error>),
    /// The database cannot be brought to this program's schema.
    #[error("the schema cannot be migrated: {0}")]
    Migration(Arc<sqlx::migrate::MigrateError>),
    /// A row cannot be read as what it should be.
    #[error("{what} {id} cannot be read: {detail}")]
    Inconsistent {
        /// What kind of thing.
        what: Entity,
        /// Its id.
        id: String,
        /// What is wrong with it.
        detail: String,
    },
}

fn now(current: Option<&Digest>) -> String {
    match current {
        Some(digest) => format!("says {digest} by now"),
        None => "is not there any more".to_owned(),
    }
}

/// Hooks for people: all of a few, and how many there are of many.
fn named(hooks: &[String]) -> String {
    const SHOWN: usize = 20;
    let shown: Vec<_> = hooks.iter().take(SHOWN).map(|h| format!("'{h}'")).collect();
    let what = if hooks.len() == 1 {
        "the hook"
    } else {
        "the hooks"
    };
    let more = match hooks.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{what} {}{more}", shown.join(", "))
}

fn in_parentheses(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(" ({reason})")
    }
}

impl StoreError {
    /// That a version was yanked, if it was.
    pub fn of_yanked(version: &PluginVersion) -> Option<Self> {
        version.yanked.as_ref().map(|yanked| Self::PluginYanked {
            plugin: version.reference().to_string(),
            by: yanked.by.clone(),
            reason: yanked.reason.clone(),
        })
    }

    pub(crate) fn not_found(what: Entity, id: impl fmt::Display) -> Self {
        Self::NotFound {
            what,
            id: id.to_string(),
        }
    }

    /// Whether a unique index refused a row.
    pub(crate) fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Database(error)
            if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if matches!(error, sqlx::Error::PoolClosed) {
            Self::Closed
        } else if crate::database::is_unavailable(&error) {
            Self::Unavailable(Arc::new(error))
        } else {
            Self::Database(Arc::new(error))
        }
    }
}

/// The store's result.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
