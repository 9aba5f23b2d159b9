//! The flat JSON form of a hook: in answers, revisions, the audit trail and
//! exports.

use crate::config::{HookConfig, HookType};
use crate::event_pattern::EventPattern;
use crate::hook::Hook;
use crate::ids::HookId;
use crate::scope::ScopeType;
use crate::trigger::HookPoint;
use crate::verdict::FailureMode;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// A hook, as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct HookDocument {
    /// Its id.
    pub id: HookId,
    /// Unique for its trigger and scope.
    pub name: String,
    /// For people.
    pub description: String,
    /// What kind of hook.
    pub hook_type: HookType,
    /// The stage that triggers it; `null` for an event hook.
    pub hook_point: Option<HookPoint>,
    /// The events that trigger it; `null` for a stage hook.
    pub event: Option<EventPattern>,
    /// Where it applies.
    pub scope_type: ScopeType,
    /// The project's or the scene type's id; `null` for the studio.
    pub scope_id: Option<i64>,
    /// What its failure does.
    pub failure_mode: FailureMode,
    /// What to run and how.
    pub config: HookConfig,
    /// Lower runs earlier.
    pub sort_order: i64,
    /// Whether it runs.
    pub enabled: bool,
    /// Whether the hook it overrides runs first.
    pub extends: bool,
    /// Who created it.
    pub created_by: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
    /// One more with every change; a PUT must name it.
    pub version: i64,
}

impl From<&Hook> for HookDocument {
    fn from(hook: &Hook) -> Self {
        let spec = &hook.spec;
        Self {
            id: hook.id,
            name: spec.name.clone(),
            description: spec.description.clone(),
            hook_type: spec.config.hook_type(),
            hook_point: spec.trigger.hook_point(),
            event: spec.trigger.event().cloned(),
            scope_type: spec.scope.scope_type(),
            scope_id: spec.scope.scope_id(),
            failure_mode: spec.failure_mode,
            config: spec.config.clone(),
            sort_order: spec.sort_order,
            enabled: spec.enabled,
            extends: spec.extends,
            created_by: hook.created_by.clone(),
            created_at: hook.created_at,
            updated_at: hook.updated_at,
            version: hook.version,
        }
    }
}
