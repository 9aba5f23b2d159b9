//! One type per kind of id, so that no function takes two that could be
//! swapped.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! integer_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// Wraps the number under which the store keeps the row.
            pub const fn new(id: i64) -> Self {
                Self(id)
            }

            /// The number under which the store keeps the row.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps an id that exists already.
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// A new id, ordered by time (UUID version 7, RFC 9562).
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            /// The UUID itself.
            pub const fn get(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

integer_id! {
    /// A project of the studio.
    ProjectId,
    /// A scene type, which belongs to one project.
    SceneTypeId,
    /// A job of the pipeline.
    JobId,
    /// A hook.
    HookId,
    /// A row of the execution log.
    LogId,
    /// A sample input that is kept with a hook.
    TestCaseId,
    /// A row of the audit trail.
    AuditId,
    /// An API token.
    TokenId,
    /// A version of a plugin.
    PluginVersionId,
}

uuid_id! {
    /// One call of a stage's hooks.
    StageRunId,
    /// One execution of one hook; what the hook itself is told.
    ExecutionId,
    /// A business event.
    EventId,
    /// The delivery of one event to one hook.
    DeliveryId,
    /// The right of one server to say how an attempt at a delivery ended.
    ClaimId,
    /// A running server; it survives the server's restart.
    NodeId,
}

impl ExecutionId {
    /// Whether whoever tests a hook may choose this id. Those of version 7 are
    /// made by servers: it could be that of another execution, or become so.
    pub fn may_be_chosen(self) -> bool {
        self.0.get_version_num() != 7
    }
}
