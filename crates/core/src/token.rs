//! API tokens and what they allow. REQ-API-5

use crate::ids::TokenId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// What the audit trail calls the server itself; no token is named so.
pub const SERVER: &str = "server";

/// What a token allows; each role also allows what the ones before it do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads, but neither secrets' names nor who did what.
    Viewer,
    /// Makes projects, scene types and jobs, runs stages, and publishes events.
    Pipeline,
    /// Changes hooks, scripts, plugins and event types, and reviews jobs.
    Editor,
    /// Everything, also tokens, secrets and the audit trail.
    Admin,
}

impl Role {
    /// The name used in JSON and in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Pipeline => "pipeline",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no role.
#[derive(Debug, thiserror::Error)]
#[error("must be one of viewer, pipeline, editor, admin")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "viewer" => Ok(Self::Viewer),
            "pipeline" => Ok(Self::Pipeline),
            "editor" => Ok(Self::Editor),
            "admin" => Ok(Self::Admin),
            _ => Err(UnknownRole),
        }
    }
}

/// Who asks, and what that allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    name: String,
    role: Role,
}

impl Actor {
    /// Whoever uses the token of this name and role.
    pub fn new(name: impl Into<String>, role: Role) -> Self {
        Self {
            name: name.into(),
            role,
        }
    }

    /// What the audit trail calls them.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What they may do.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Whether they are an administrator.
    pub fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }
}

/// A token, without the token itself: only its hash is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ApiToken {
    /// Its id.
    pub id: TokenId,
    /// Unique; what the audit trail calls whoever uses it.
    pub name: String,
    /// What it allows.
    pub role: Role,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Who made it: the name of another token, or `server`.
    pub created_by: String,
    /// When it was used last, give or take a minute; `null` where it never was.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it works no longer; `null` where it works until it is revoked.
    pub expires_at: Option<DateTime<Utc>>,
}

impl ApiToken {
    /// Whoever uses it.
    pub fn actor(&self) -> Actor {
        Actor::new(self.name.as_str(), self.role)
    }
}
