//! Where a hook applies: the studio, one project, or one scene type.

use crate::ids::{ProjectId, SceneTypeId};
use crate::invalid::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// The levels of inheritance, from the widest to the narrowest.
///
/// The order of the variants is the order of inheritance: a hook of a greater
/// level replaces one of the same name of a lesser level.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ScopeType {
    /// Every project of the studio.
    Studio,
    /// One project.
    Project,
    /// One scene type of one project.
    SceneType,
}

impl ScopeType {
    /// The name used in JSON, in SQL and in URLs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Studio => "studio",
            Self::Project => "project",
            Self::SceneType => "scene_type",
        }
    }
}

impl fmt::Display for ScopeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names none of the scope types.
#[derive(Debug, thiserror::Error)]
#[error("must be one of studio, project, scene_type")]
pub struct UnknownScopeType;

impl FromStr for ScopeType {
    type Err = UnknownScopeType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "studio" => Ok(Self::Studio),
            "project" => Ok(Self::Project),
            "scene_type" => Ok(Self::SceneType),
            _ => Err(UnknownScopeType),
        }
    }
}

/// A scope type together with what it refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Every project of the studio.
    Studio,
    /// One project.
    Project(ProjectId),
    /// One scene type of one project.
    SceneType(SceneTypeId),
}

impl Scope {
    /// Puts a scope together from its outside form. REQ-MOD-3
    pub fn from_parts(scope_type: ScopeType, scope_id: Option<i64>) -> Result<Self, Invalid> {
        match (scope_type, scope_id) {
            (ScopeType::Studio, None) => Ok(Self::Studio),
            (ScopeType::Studio, Some(_)) => Err(Invalid::one(
                "/scope_id",
                "must be absent: the studio scope has no id",
            )),
            (ScopeType::Project, Some(id)) => Ok(Self::Project(ProjectId::new(id))),
            (ScopeType::SceneType, Some(id)) => Ok(Self::SceneType(SceneTypeId::new(id))),
            (ScopeType::Project, None) => Err(Invalid::one(
                "/scope_id",
                "is required: the id of a project",
            )),
            (ScopeType::SceneType, None) => Err(Invalid::one(
                "/scope_id",
                "is required: the id of a scene type",
            )),
        }
    }

    /// Its level of inheritance.
    pub const fn scope_type(&self) -> ScopeType {
        match self {
            Self::Studio => ScopeType::Studio,
            Self::Project(_) => ScopeType::Project,
            Self::SceneType(_) => ScopeType::SceneType,
        }
    }

    /// The id of the project or the scene type.
    pub const fn scope_id(&self) -> Option<i64> {
        match self {
            Self::Studio => None,
            Self::Project(id) => Some(id.get()),
            Self::SceneType(id) => Some(id.get()),
        }
    }
}

/// The scopes from which something inherits: the studio always, perhaps a
/// project, perhaps a scene type of that project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lineage {
    /// The studio alone.
    Studio,
    /// A project and the studio.
    Project(ProjectId),
    /// A scene type, the project it belongs to, and the studio.
    SceneType(ProjectId, SceneTypeId),
}

impl Lineage {
    /// The level at which a hook of this scope takes part here, if it does.
    pub fn level_of(&self, scope: &Scope) -> Option<ScopeType> {
        let included = match (scope, self) {
            (Scope::Studio, _) => true,
            (Scope::Project(hook), Self::Project(own) | Self::SceneType(own, _)) => hook == own,
            (Scope::SceneType(hook), Self::SceneType(_, own)) => hook == own,
            (Scope::Project(_), Self::Studio)
            | (Scope::SceneType(_), Self::Studio | Self::Project(_)) => false,
        };
        included.then(|| scope.scope_type())
    }

    /// The project, where there is one.
    pub const fn project_id(&self) -> Option<ProjectId> {
        match self {
            Self::Studio => None,
            Self::Project(id) | Self::SceneType(id, _) => Some(*id),
        }
    }

    /// The scene type, where there is one.
    pub const fn scene_type_id(&self) -> Option<SceneTypeId> {
        match self {
            Self::Studio | Self::Project(_) => None,
            Self::SceneType(_, id) => Some(*id),
        }
    }
}
